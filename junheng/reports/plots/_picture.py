"""The skeleton of every picture: titles, legend, room around the axes, rows with names (private)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats
from junheng.reports.plots._canvas import (
    GREY,
    SETTING,
    Mark,
    Pen,
    cut,
    em,
    fonts_for,
    handle,
    ink,
    legend_shape,
    matplotlib_or_advice,
    rule,
    text_size,
    words,
    wrap,
)
from junheng.reports.plots._sheet import Sheet
from junheng.reports.plots._sheet_pen import SheetPen
from junheng.words import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: A mark and its words.
Entry = tuple[Any, str]
#: Kinds of dots in the order of legends.
KINDS_IN_ORDER = ("met", "floor", "below", "unmet", "open", "plain")
#: Schools that a picture of changes names on each side, where there are many.
NAMED = 40
#: The widest name beside a row, in units of its size.
WIDEST_NAME = 16.0


@frozen(kw_only=True)
class Picture:
    """Titles and legend of a picture, and the room they take.

    Lengths are in points: the height of the axes, and the room left, right and below them (above the legend).
    """

    language: Language
    titles: tuple[str, str]
    legend: Sequence[Entry]
    names: Sequence[str] = ()
    """Other words of the picture, for which a font must be found."""
    height: float
    left: float
    right: float = 14.0
    below: float
    width: float | None = None

    def begin(self, ax: Axes | None) -> Pen:
        """Return a pen for the axes given, or for a new figure."""
        size, texts = text_size(), [text for _, text in self.legend]
        own = ax is None
        family, holes = fonts_for("".join([*self.names, *texts, *self.titles]), self.language)
        if ax is None:
            ax, high, wide = self._figure(size, texts)
            left, title_width = self.left, wide + self.left + self.right - 18
        else:
            wide, high = extent(ax)
            left, title_width = 0.0, wide
        pen = SheetPen if own and SETTING.get().browser else Pen
        return pen(
            ax=ax,
            language=self.language,
            own=own,
            family=family,
            holes=holes,
            size=size,
            ink=ink(),
            width=wide,
            height=high,
            left=left,
            title_width=title_width,
        )

    def _figure(self, size: float, texts: Sequence[str]) -> tuple[Axes, float, float]:
        """Make a figure with room for titles and legend; return its axes, and how high and wide they are."""
        now = SETTING.get()
        whole = now.width if self.width is None else self.width
        wide, head, foot = whole - self.left - self.right, 0.0, self.below
        if now.title:
            room = (whole - 18) / (size * 1.05)
            head = sum(len(wrap(t, room)) for t in self.titles) * size * 1.05 * 1.4 + 10
        if texts:
            foot += legend_shape(texts, size, wide + self.left)[1] * size * 0.88 * 1.5 + 8
        total = self.height + head + foot + 8
        if now.browser:
            return (
                cast("Axes", Sheet(whole, total, self.left, total - foot - self.height, wide, self.height)),
                self.height,
                wide,
            )
        matplotlib_or_advice()
        from matplotlib.figure import Figure

        figure = Figure(figsize=(whole / 72, total / 72))
        ax = figure.add_axes((self.left / whole, foot / total, wide / whole, self.height / total))
        ax._repr_png_ = partial(_png, figure)  # type: ignore[attr-defined]
        return ax, self.height, wide

    def finish(self, pen: Pen, x_label: str) -> Axes:
        """Set axis, legend and titles of a picture with numbers from left to right."""
        pen.tidy()
        pen.numbers("x")
        pen.axis_label("x", x_label)
        return self.caption(pen)

    def caption(self, pen: Pen) -> Axes:
        """Set legend and titles."""
        pen.legend(self.legend, below=self.below)
        pen.title(*self.titles)
        return pen.ax


def extent(ax: Axes) -> tuple[float, float]:
    """Return how wide and how high axes are, in points."""
    window = ax.get_window_extent()
    points = 72 / ax.figure.dpi
    return window.width * points, window.height * points


@frozen
class Line:
    """An upright line through a picture, and its words in the legend."""

    at: float
    colour: str
    style: str
    text: str

    @property
    def entry(self) -> Entry:
        """Its line of the legend."""
        return rule(self.colour, self.style), self.text

    def draw(self, axes: Axes, **more: Any) -> None:
        """Draw it from top to bottom."""
        axes.axvline(self.at, color=self.colour, linestyle=self.style, linewidth=1.4, zorder=2, **more)


def _png(figure: Any) -> tuple[bytes, dict[str, int]]:
    """Return a picture for a notebook, at twice the resolution of the screen."""
    out = BytesIO()
    figure.savefig(out, format="png", dpi=192)
    wide, high = figure.get_size_inches() * 96
    return out.getvalue(), {"width": int(wide), "height": int(high)}


# -------------------------------------------------------------------------------------------- legends


def no_mark() -> Mark:
    """Return the mark of a line of the legend that has only words."""
    return _mark()


def tick_mark() -> Mark:
    """Return the mark of a requirement or limit that each row has for itself."""
    return _mark(marker="|", markersize=text_size(), markeredgewidth=1.6, color=ink())


def round_mark(*, filled: bool) -> Mark:
    """Return a round dot of no kind."""
    face = GREY if filled else "none"
    return _mark(marker="o", markersize=text_size() * 0.62, markerfacecolor=face, markeredgecolor=GREY)


def _mark(**style: Any) -> Mark:
    return {"linestyle": "none", **style}


def counted(kinds: Iterable[str], language: Language, key: str = "counted", *, plain: str = "plain") -> list[Entry]:
    """Return a line of the legend for each kind of dot there is, with how many; ``plain`` names dots of no kind."""
    there, entries = Counter(kinds), []
    for kind in KINDS_IN_ORDER:
        if there[kind]:
            what = words(plain if kind == "plain" else kind, language)
            entries.append((handle(kind, text_size()), words(key, language, what=what, n=there[kind])))
    return entries


# ------------------------------------------------------------------------------------- rows with names


def room_for(names: Iterable[str]) -> float:
    """Return how much room names left of a picture take."""
    return text_size() * (min(WIDEST_NAME, max([4.0, *(em(x) for x in names)])) + 1.2)


def name_rows(pen: Pen, y: Floats, names: Sequence[str], each: float, *, pad: float | None = None) -> None:
    """Name rows left of the axes, in letters that fit a row ``each`` points high; ``pad``: how far from the axes."""
    room = max(5.0, min(WIDEST_NAME, pen.left / pen.size - 1.15 if pen.own else WIDEST_NAME))
    scale = min(0.9, 0.9 * each / (pen.size * 1.15))
    pen.ticks("y", y.tolist(), [cut(name, room) for name in names], scale, pad=pad)


def lanes(pen: Pen, named: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Return where rows stand from the top down, in points, and how high one with a name is.

    Rows without a name stand closer together. All shrink where there is no room.
    """
    high = _lane_heights(named, pen.size)
    high = high * min(1.0, pen.height / float(high.sum()))
    # a few rows need not fill the whole height
    slack = (pen.height - high.sum()) / high.size
    high = high + max(0.0, slack)
    return np.asarray(np.cumsum(high) - high / 2, dtype=np.float64), float(high[named].max()) if named.any() else 0.0


def lanes_height(named: NDArray[np.bool_], size: float) -> float:
    """Return how high a picture of such rows is."""
    return max(size * 5, float(_lane_heights(named, size).sum()))


def _lane_heights(named: NDArray[np.bool_], size: float) -> Floats:
    return np.asarray(np.where(named, size * 1.3, max(2.6, size * 0.42)), dtype=np.float64)
