"""Pictures as parts of a page (private)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from html import escape
from io import StringIO
from threading import Lock
from typing import TYPE_CHECKING, Any

from junheng.reports.page.words import ReportWords
from junheng.reports.plots import _canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LOCK = Lock()


class Drawing:
    """Draws pictures for a page: as wide as a phone, with a title and a description for screen readers."""

    def __init__(self, text: ReportWords) -> None:
        self.text = text
        self.count = 0

    def __call__(self, title: str, shows: str, draw: Callable[..., Axes], *args: Any, **more: Any) -> dict[str, Any]:
        """Return a picture and its title, as the templates take them; ``draw`` is called with the rest.

        ``shows`` says in words what the picture shows; its legend is added.
        """
        _canvas.matplotlib_or_advice()
        import matplotlib
        from markupsafe import Markup

        self.count += 1
        salt = f"p{self.count}"
        # what the user has set for pictures of their own must not change the page
        with _LOCK, matplotlib.rc_context(), warnings.catch_warnings():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": salt})
            # letters are the browser's: that the machine lacks a font only makes their width a guess
            warnings.filterwarnings("ignore", message="Glyph .* missing from")
            with _canvas.setting(width=344.0, size=11.5, title=False, browser=True):
                axes = draw(*args, **more)
                file = StringIO()
                figure: Any = axes.figure
                figure.savefig(file, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
                legend = axes.get_legend()
                entries = [] if legend is None else [" ".join(t.get_text().split()) for t in legend.get_texts()]
        described = shows + self.text("alt_legend", entries=self.text("join").join(entries)) if entries else shows
        return {"svg": Markup(_inline(file.getvalue(), salt, title, described)), "caption": title}


def _inline(svg: str, salt: str, title: str, description: str) -> str:
    """Make a file of matplotlib part of a page: only the drawing, ids that occur once, the letters of the page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    # inside tags only: words of the table stand between them, and are escaped
    svg = re.sub(r"<[^>]*>", _tag, svg)
    view = re.search(r'viewBox="[^"]*"', svg)
    assert view is not None
    head = f'<svg {view[0]} role="img" aria-labelledby="{salt}t" aria-describedby="{salt}d">'
    named = f'<title id="{salt}t">{escape(title)}</title><desc id="{salt}d">{escape(description)}</desc>'
    svg = head + named + svg[svg.index(">") + 1 :]
    svg = re.sub(r"<g>\s*</g>|<g/>", "", svg)
    # rectangles in few words
    svg = re.sub(r"M (\S+) (\S+)\s+L (\S+) \2\s+L \3 (\S+)\s+L \1 \4\s+z", r"M\1 \2H\3V\4H\1z", svg)
    # dots that look alike say so once
    svg = re.sub(r'<g>(\s*<use [^>]* style="([^"]*)"/>(?:\s*<use [^>]* style="\2"/>)*\s*)</g>', _alike, svg)
    return re.sub(r"\s*\n\s*", "\n", svg).strip()


def _tag(found: re.Match[str]) -> str:
    """Remove what a page has no use for from a tag: names, fonts of this machine, digits nobody sees."""
    tag = re.sub(r' xmlns(:\w+)?="[^"]*"', "", found[0]).replace("xlink:href", "href")
    tag = re.sub(r'^<g id="[^"]*"', "<g", tag)
    tag = tag.replace("; text-anchor: start", "")
    tag = re.sub(r' transform="rotate\(-?0 [^"]*"', "", tag)
    tag = re.sub(r"font-family: [^;\"]*(; )?", "", re.sub(r"font: ([\d.]+px)[^;\"]*", r"font-size: \1", tag))
    return re.sub(r"-?\d+\.\d{3,}", _rounded, tag)


def _alike(found: re.Match[str]) -> str:
    style = f' style="{found[2]}"'
    return f"<g{style}>{found[1].replace(style, '')}</g>"


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
