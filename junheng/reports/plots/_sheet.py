"""A sheet drawn by a browser, in place of axes of matplotlib: lines, marks and words as SVG (private).

A page has up to twenty pictures. matplotlib measures every letter of theirs with fonts of its own, though the letters
are those of the browser in the end; this takes fifteen times as long, and half a second more to load it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import pairwise
from math import isfinite
from typing import Any

#: Colour of the paper.
PAPER = "#fff"
#: Height of the baseline under the middle and the top of a line, and above its lowest letters; in units of the letters.
MIDDLE, TOP, LOW = 0.35, 0.82, 0.2
#: Dashes of the styles of lines that have a name, in widths of the line.
_DASHES: Mapping[Any, Sequence[float]] = {"--": (3.7, 1.6), "-.": (6.4, 1.6, 1, 1.6), ":": (1, 1.65)}
#: Corners of marks, in units of half their size; a circle has none.
_CORNERS: Mapping[str, Sequence[tuple[float, float]]] = {
    "v": ((-1, -1), (1, -1), (0, 1)),
    "s": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
    "D": ((0, -1.414), (1.414, 0), (0, 1.414), (-1.414, 0)),
    "h": ((0, -1), (0.866, -0.5), (0.866, 0.5), (0, 1), (-0.866, 0.5), (-0.866, -0.5)),
    "|": ((0, -1), (0, 1)),
    "_": ((-1, 0), (1, 0)),
}

Point = tuple[float, float]


class Sheet:
    """What a picture of a page is drawn on; lengths in points, from the upper left corner.

    It takes those calls of matplotlib's axes that such pictures make. Limits are set before anything is drawn.
    """

    def __init__(self, width: float, height: float, left: float, top: float, wide: float, high: float) -> None:
        self.width, self.height = width, height
        self.left, self.right, self.top, self.bottom = left, left + wide, top, top + high
        self._x: tuple[float, float] | None = None
        self._y: tuple[float, float] | None = None
        self.grid: tuple[str, ...] = ()
        """The axes whose numbers have lines across the picture."""
        self.beside: dict[str, float] = {}
        """How much room the words beside each axis take."""
        self.entries: list[str] = []
        """The words of the legend."""
        self._parts: list[tuple[float, str]] = []

    def add(self, zorder: float, part: str) -> None:
        """Add a part of the picture, over those of a lower order."""
        self._parts.append((zorder, part))

    def across(self, x: float) -> float:
        """Return how far from the left a figure of the axis stands."""
        low, high = self.get_xlim()
        return self.left + (float(x) - low) * (self.right - self.left) / (high - low)

    def down(self, y: float) -> float:
        """Return how far from the top a figure of the axis stands."""
        low, high = self.get_ylim()
        return self.bottom - (float(y) - low) * (self.bottom - self.top) / (high - low)

    def place(self, x: Any, y: Any) -> list[Point]:
        """Return where points of the axes are on the sheet."""
        return [(self.across(a), self.down(b)) for a, b in zip(list(x), list(y), strict=True)]

    # ------------------------------------------------------------------------------ as axes of matplotlib

    def get_facecolor(self) -> str:
        """Return the colour behind the picture."""
        return PAPER

    def set_xlim(self, low: float, high: float) -> None:
        """Set what the left and the right end are."""
        self._x = (low, high)

    def get_xlim(self) -> tuple[float, float]:
        """Return what the left and the right end are."""
        assert self._x is not None
        return self._x

    def set_ylim(self, low: float, high: float) -> None:
        """Set what the lower and the upper end are."""
        self._y = (low, high)

    def get_ylim(self) -> tuple[float, float]:
        """Return what the lower and the upper end are."""
        assert self._y is not None
        return self._y

    def plot(self, x: Any, y: Any, *, zorder: float = 2.0, clip_on: bool = True, **style: Any) -> None:
        """Draw a line through points, or a mark at each."""
        points = self.place(x, y)
        self.add(zorder, line([points], style) + marks(points, style))

    def hlines(self, y: Any, xmin: Any, xmax: Any, *, zorder: float = 1.0, **style: Any) -> None:
        """Draw level lines."""
        self._strokes(zip(*_alike(xmin, y), *_alike(xmax, y), strict=True), zorder, style)

    def vlines(self, x: Any, ymin: Any, ymax: Any, *, zorder: float = 1.0, **style: Any) -> None:
        """Draw upright lines."""
        self._strokes(zip(*_alike(x, ymin), *_alike(x, ymax), strict=True), zorder, style)

    def _strokes(self, ends: Iterable[Sequence[float]], zorder: float, style: Mapping[str, Any]) -> None:
        strokes = [self.place((x0, x1), (y0, y1)) for x0, y0, x1, y1 in ends]
        self.add(zorder, line(strokes, style))

    def axvline(self, x: float, *, zorder: float = 2.0, clip_on: bool = True, **style: Any) -> None:
        """Draw a line from top to bottom."""
        at = self.across(x)
        self.add(zorder, line([[(at, self.bottom), (at, self.top)]], style))

    def axhline(self, y: float, *, zorder: float = 2.0, **style: Any) -> None:
        """Draw a line from left to right."""
        at = self.down(y)
        self.add(zorder, line([[(self.left, at), (self.right, at)]], style))

    def text(self, x: float, y: float, text: str, *, zorder: float = 3.0, **style: Any) -> None:
        """Write words."""
        self.add(zorder, written(self.place([x], [y])[0], text, **style))

    # ------------------------------------------------------------------------------------------ the file

    def svg(self, name: str, title: str, description: str) -> str:
        """Return the picture as a part of a page, told in words, too; ``name`` occurs once in the page."""
        size = f"{number(self.width)} {number(self.height)}"
        head = f'<svg viewBox="0 0 {size}" role="img" aria-labelledby="{name}t" aria-describedby="{name}d">'
        told = f'<title id="{name}t">{escape(title)}</title><desc id="{name}d">{escape(description)}</desc>'
        paper = f'<path fill="{PAPER}" d="M0 0H{number(self.width)}V{number(self.height)}H0z"/>'
        parts = [part for _, part in sorted(self._parts, key=lambda p: p[0]) if part]
        return "\n".join([head + told, paper, *parts, "</svg>"])


def _alike(x: Any, y: Any) -> tuple[list[float], list[float]]:
    """Return two lists of one length, of which one may be given as a number."""
    a, b = ([float(v)] if isinstance(v, (int, float)) else [float(z) for z in v] for v in (x, y))
    return (a * len(b) if len(a) == 1 else a), (b * len(a) if len(b) == 1 else b)


# ------------------------------------------------------------------------------------------------ strokes


def line(strokes: Iterable[Sequence[Point]], style: Mapping[str, Any]) -> str:
    """Draw strokes of one style (named as by matplotlib); a point that is unknown interrupts one."""
    kind, width = style.get("linestyle", "-"), float(style.get("linewidth", 1.5))
    if kind == "none":
        return ""
    path = ""
    for points in strokes:
        new = True
        for x, y in points:
            known = isfinite(x) and isfinite(y)
            if known:
                path += f"{'M' if new else 'L'}{number(x)} {number(y)}"
            new = not known
    dashes = kind[1] if isinstance(kind, tuple) else _DASHES.get(kind, ())
    look = {
        "stroke": style["color"],
        "stroke-width": number(width),
        "stroke-dasharray": " ".join(number(d * width) for d in dashes) or None,
        "stroke-opacity": style.get("alpha"),
    }
    return f'<path fill="none"{_attributes(look)} d="{path}"/>' if path else ""


def marks(points: Iterable[Point], style: Mapping[str, Any]) -> str:
    """Draw a mark of one style (named as by matplotlib) at each point that is known."""
    marker, r = style.get("marker"), float(style.get("markersize", 6)) / 2
    spots = [(x, y) for x, y in points if isfinite(x) and isfinite(y)]
    if not marker or not spots:
        return ""
    colour, edge = style.get("color"), float(style.get("markeredgewidth", 1.0))
    look = {
        "fill": style.get("markerfacecolor", colour),
        "stroke": style.get("markeredgecolor", colour) if edge else None,
        "stroke-width": number(edge) if edge else None,
    }
    if marker == "o":
        shapes = "".join(f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(r)}"/>' for x, y in spots)
        return f"<g{_attributes(look)}>{shapes}</g>"
    corners = [(a * r, b * r) for a, b in _CORNERS[marker]]
    way = [f"{number(b[0] - a[0])} {number(b[1] - a[1])}" for a, b in pairwise(corners)]
    shape = f"m{number(corners[0][0])} {number(corners[0][1])}l{' '.join(way)}{'z' if len(way) > 1 else ''}"
    shapes = "".join(f'<path d="M{number(x)} {number(y)}{shape}"/>' for x, y in spots)
    return f"<g{_attributes(look)}>{shapes}</g>"


def boxes(corners: Iterable[tuple[Point, Point]], colour: str, edge: str) -> str:
    """Draw rectangles of one colour, between two corners each."""
    path = "".join(
        f"M{number(x0)} {number(y0)}H{number(x1)}V{number(y1)}H{number(x0)}z" for (x0, y0), (x1, y1) in corners
    )
    around = {} if edge == "none" else {"stroke": edge, "stroke-width": 0.8}
    return f'<path{_attributes({"fill": colour, **around})} d="{path}"/>'


def written(
    at: Point,
    text: str,
    *,
    fontsize: float,
    color: str,
    ha: str = "left",
    va: str = "baseline",
    rotation: float = 0.0,
    linespacing: float = 1.2,
    fontweight: str | None = None,
    bbox: object = None,
    **_: Any,
) -> str:
    """Write one line or several below each other; with a background of their own (``bbox``), lines keep clear of them.

    A turned text turns about its point.
    """
    x, y = (number(v) for v in at)
    lines = text.split("\n")
    block = (len(lines) - 1) * linespacing
    first = {"top": TOP, "bottom": -LOW - block, "baseline": 0.0}.get(va, MIDDLE - block / 2) * fontsize
    look = {
        "font-size": number(fontsize),
        "fill": color,
        "font-weight": fontweight,
        "text-anchor": {"center": "middle", "right": "end"}.get(ha),
        "transform": f"rotate({number(-rotation)} {x} {y})" if rotation else None,
    }
    if bbox is not None:
        look |= {"stroke": PAPER, "stroke-width": "3", "stroke-linejoin": "round", "paint-order": "stroke"}
    if len(lines) == 1:
        return f'<text x="{x}" y="{number(at[1] + first)}"{_attributes(look)}>{escape(text, quote=False)}</text>'
    spans = "".join(
        f'<tspan x="{x}" y="{number(at[1] + first + i * linespacing * fontsize)}">{escape(part, quote=False)}</tspan>'
        for i, part in enumerate(lines)
    )
    return f"<text{_attributes(look)}>{spans}</text>"


def number(x: float) -> str:
    """Write a length without digits nobody sees."""
    text = f"{x:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _attributes(values: Mapping[str, Any]) -> str:
    return "".join(f' {name}="{value}"' for name, value in values.items() if value is not None)
