"""How text is broken into lines: numbers stay whole, columns of text are not wrapped, sentences in tables get room.

All come after translation, and on HTML pages only: messages, code and what code prints are left as they are.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

#: The blank within ``327 200`` and ``85 %``.
WITHIN = re.compile(r"(?<=\d) (?=\d{3}\b|%)")
#: A line with a gap, as between the names and the meanings of options, or with the branch of a tree.
COLUMNS = re.compile(r"^.*(\S {2,}\S|[├└]─).*$", re.MULTILINE)
#: A cell with more than this is a sentence; a Chinese character is as wide as two letters.
SENTENCE = 30
#: What is code, or as good as code.
_CODE = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw, nodes.comment)


def unbroken(text: str) -> str:
    """Return a text whose numbers do not break."""
    return WITHIN.sub("\u00a0", text)


def aligned(text: str) -> bool:
    """Tell whether lines of a text stand in columns, or form a tree."""
    return len(COLUMNS.findall(text)) > 1


def width(text: str) -> int:
    """Return how wide a text is, in letters."""
    return sum(2 if letter >= "\u2e80" else 1 for letter in text)


class WholeNumbers(SphinxPostTransform):
    """Keep the digits of a number, and a number and its per cent, on one line."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Change the text of the page."""
        for text in list(self.document.findall(nodes.Text)):
            if WITHIN.search(text) and not any(isinstance(above, _CODE) for above in _above(text)):
                text.parent.replace(text, nodes.Text(unbroken(text)))


class Columns(SphinxPostTransform):
    """Mark the blocks of text that may not be wrapped."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Mark them with a class."""
        for block in self.document.findall(nodes.literal_block):
            if block.get("language") == "text" and aligned(block.astext()):
                block["classes"].append("aligned")


class Sentences(SphinxPostTransform):
    """Mark the cells of tables that hold a sentence."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Mark them with a class."""
        for cell in self.document.findall(nodes.entry):
            if width(cell.astext()) > SENTENCE:
                cell["classes"].append("roomy")


def _above(node: nodes.Node) -> Any:
    while node.parent is not None:
        node = node.parent
        yield node


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx about the three."""
    for transform in (WholeNumbers, Columns, Sentences):
        app.add_post_transform(transform)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
