"""Formulas as MathML: browsers draw them by themselves, so no script is fetched from anywhere."""

from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

_SPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'
#: How docutils writes a bar: as one of these signs.
BARS = ("\u02c9", "\u00af", "_")


def formula(tex: str, *, as_block: bool) -> str:
    """Return a formula as MathML; bars are drawn by the style of the page, also where no mathematical font is."""
    # names of signs, such as &ApplyFunction;, are left to the browser
    said = str(tex2mathml(tex, as_block=as_block)).replace(_SPACE, "").replace("&", "&amp;")
    tree = ElementTree.fromstring(said)
    for element in list(tree.iter()):
        if element.tag in ("mover", "munderover") and element[-1].text in BARS:
            _draw_bar(element)
        elif element.tag == "mover":
            # other signs do not melt into the letter below
            element.attrib.pop("accent", None)
    drawn = ElementTree.tostring(tree, encoding="unicode").replace("&amp;", "&")
    return drawn.replace("<math", f"<math{_SPACE}", 1)


def _draw_bar(element: ElementTree.Element) -> None:
    """Let the style draw a bar; what docutils puts below a letter with a bar is its index."""
    letter, *index, _ = list(element)
    bar = ElementTree.Element("mrow", {"class": "bar"})
    bar.append(letter)
    element.tag = "msub" if index else "mrow"
    element.attrib.clear()
    element[:] = [bar, *index]


def inline(writer: Any, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    writer.body.append(formula(node.astext(), as_block=False))
    raise nodes.SkipNode


def block(writer: Any, node: nodes.math_block) -> None:
    """Write a formula on a line of its own."""
    writer.body.append(f'<div class="formula">{formula(node.astext(), as_block=True)}</div>\n')
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx about the renderer."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
