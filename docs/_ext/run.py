"""``{run}``: run a piece of Python while the pages are built, and show what it really prints.

A page is one session: a block sees the names of the blocks above it, and ``LANGUAGE``, the language of the site. What
takes ``language=`` takes that of the site unless the block says another, and frames are shown with its headers and
words; the code is the same in both. Options:

``:raises: Name``   the block must raise this; the message is shown
``:hide-code:``     show only the output
``:hide-output:``   show only the code
``:alt: words``     what a picture shows, for who cannot see it

``{file} name``: show a file, and lay it where the blocks of the page find it.
"""

import ast
import base64
import contextlib
import html
import io
import tempfile
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import spoken
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)
#: The names and the folder of every page that runs something.
SESSIONS: dict[str, tuple[dict[str, Any], tempfile.TemporaryDirectory[str]]] = {}
#: Rows of a frame that are shown.
MAX_ROWS = 40
#: Names of columns with more letters than these break after an underscore.
LONG = 30
#: How a file that is shown is coloured.
LANGUAGES = {".toml": "toml"}


class Run(SphinxDirective):
    """Run the content and show it with its output."""

    has_content = True
    option_spec = {  # noqa: RUF012
        "raises": directives.unchanged_required,
        "hide-code": directives.flag,
        "hide-output": directives.flag,
        "alt": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Return the code block and the output block."""
        source = "\n".join(self.content)
        out: list[nodes.Node] = []
        if "hide-code" not in self.options:
            block = nodes.literal_block(source, source, language="python")
            self.set_source_info(block)
            out.append(block)
        if spoken.only_messages():
            return out
        try:
            printed, last = self._execute(source)
        except Exception as exc:
            logger.warning("the block raised %s: %s", type(exc).__name__, exc, location=self.get_location())
            return out
        if "hide-output" not in self.options:
            out += _shown(printed, last, self.options.get("alt", ""))
        return out

    def _execute(self, source: str) -> tuple[str, Any]:
        names, folder = _session(self.env.docname)
        expected = self.options.get("raises")
        tree = ast.parse(source)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        out, value = io.StringIO(), None
        with (
            contextlib.redirect_stdout(out),
            contextlib.chdir(folder.name),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("error")
            try:
                exec(compile(tree, "<docs>", "exec"), names)
                if last is not None:
                    value = eval(compile(ast.Expression(last.value), "<docs>", "eval"), names)
            except Exception as exc:
                if expected is None or type(exc).__name__ != expected:
                    raise
                return f"{out.getvalue()}{expected}: {spoken.told(exc)}", None
        if expected is not None:
            raise AssertionError(f"nothing raised {expected}")
        return out.getvalue(), value


class File(SphinxDirective):
    """Show a file, and lay it where the blocks of the page can read it."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the block, with the name of the file above it."""
        name, content = self.arguments[0], "\n".join(self.content) + "\n"
        _, folder = _session(self.env.docname)
        (Path(folder.name) / name).write_text(content, encoding="utf-8")
        block = nodes.literal_block(content, content, language=LANGUAGES.get(Path(name).suffix, "text"))
        wrapper = nodes.container("", literal_block=True, classes=["literal-block-wrapper"])
        wrapper += nodes.caption("", name)
        wrapper += block
        return [wrapper]


def _session(page: str) -> tuple[dict[str, Any], tempfile.TemporaryDirectory[str]]:
    if page not in SESSIONS:
        # an empty folder: what a page reads comes with the package, or was written by a block above
        SESSIONS[page] = ({"__name__": "__docs__", "LANGUAGE": spoken.LANGUAGE}, tempfile.TemporaryDirectory())
    return SESSIONS[page]


def start(app: Any, page: str, source: list[str]) -> None:
    """Begin a page with no names."""
    spoken.speak(app.config.language[:2], app.builder.name)
    old = SESSIONS.pop(page, None)
    if old is not None:
        old[1].cleanup()


def finish(app: Any, exception: Exception | None) -> None:
    """Leave no folder behind."""
    for page in list(SESSIONS):
        start(app, page, [])


def _shown(printed: str, value: Any, alt: str) -> list[nodes.Node]:
    out: list[nodes.Node] = []
    if printed.strip():
        out.append(_text(printed.rstrip()))
    if value is None:
        return out
    figure = getattr(value, "figure", None)
    if hasattr(figure, "savefig"):
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=144)
        data = base64.b64encode(picture.getvalue()).decode()
        wide = int(figure.get_size_inches()[0] * 96)
        image = f'<img class="drawn" width="{wide}" alt="{html.escape(alt)}" src="data:image/png;base64,{data}">'
        out.append(nodes.raw("", f'<div class="drawing">{image}</div>', format="html", classes=["no-search"]))
    elif hasattr(value, "to_html") and hasattr(value, "columns"):
        out.append(nodes.raw("", table(spoken.shown(value)), format="html", classes=["no-search"]))
    elif hasattr(value, "_repr_html_"):
        card = value.relabel(spoken.LANGUAGE)._repr_html_()
        out.append(nodes.raw("", f'<div class="output-card">{card}</div>', format="html", classes=["no-search"]))
    else:
        out.append(_text(repr(value)))
    return out


def _text(text: str) -> nodes.literal_block:
    return nodes.literal_block(text, text, language="text", classes=["output"])


def table(frame: Any) -> str:
    """Return a frame as an HTML table; numbers with four decimals at most, empty where there is nothing."""
    head = "".join(_th(*head) for head in spoken.heads(frame))
    rows = []
    for row in frame.head(MAX_ROWS).itertuples(index=False):
        rows.append("<tr>" + "".join(_td(_cell(v)) for v in row) + "</tr>")
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f'<div class="table-wrapper output-table"><table class="docutils">{body}</table></div>'


def _th(name: str, label: str) -> str:
    # an id much longer than its label would make the column as wide as it is
    shown = html.escape(name) if len(name) <= LONG else html.escape(name).replace("_", "_<wbr>")
    return f"<th>{html.escape(label)}<br><code>{shown}</code></th>" if label else f"<th>{shown}</th>"


def _td(text: str) -> str:
    # short words stay in one piece; Chinese would else break after any character
    short = len(text) <= 28 or (" " not in text and text.isascii())
    return f"<td{' class=short' if short else ''}>{html.escape(text)}</td>"


def _cell(value: Any) -> str:
    if value is None or value is pd.NA or value != value:
        return ""
    if isinstance(value, float):
        # a small probability is not nothing
        return f"{value:.1e}" if 1e-10 < abs(value) < 5e-5 else f"{value:.4f}".rstrip("0").rstrip(".")
    return str(value)


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx about the directives."""
    app.add_directive("run", Run)
    app.add_directive("file", File)
    app.connect("source-read", start)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
