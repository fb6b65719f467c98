"""The skeleton of every picture: what stands around it, its legend, rows with names (private)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats
from junheng.reports.plots._canvas import GREY, Pen, em, handle, ink, prepare, rule, text_size, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: A mark and its words.
Entry = tuple[Any, str]
#: Kinds of dots in the order of legends.
KINDS_IN_ORDER = ("met", "floor", "below", "unmet", "open", "plain")
#: The widest name beside a row, in units of its size.
WIDEST_NAME = 16.0


@frozen(kw_only=True)
class Picture:
    """What stands around a picture and how much room it takes: lengths in points, as in ``prepare``."""

    language: str
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
        """Return what to draw with."""
        return prepare(
            ax,
            self.language,
            self.names,
            height=self.height,
            left=self.left,
            right=self.right,
            below=self.below,
            legend=[text for _, text in self.legend],
            titles=self.titles,
            width=self.width,
        )

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


# -------------------------------------------------------------------------------------------- legends


def no_mark() -> Any:
    """Return the mark of words that stand in a legend for themselves."""
    from matplotlib.lines import Line2D

    return Line2D([], [], linestyle="none")


def tick_mark() -> Any:
    """Return the mark of a requirement or limit that each row has for itself."""
    from matplotlib.lines import Line2D

    return Line2D([], [], linestyle="none", marker="|", markersize=text_size(), markeredgewidth=1.6, color=ink())


def round_mark(*, filled: bool) -> Any:
    """Return a round dot of no kind."""
    from matplotlib.lines import Line2D

    return Line2D(
        [],
        [],
        linestyle="none",
        marker="o",
        markersize=text_size() * 0.62,
        markerfacecolor=GREY if filled else "none",
        markeredgecolor=GREY,
    )


def counted(kinds: Iterable[str], say: Callable[[str], str], language: str, key: str = "counted") -> list[Entry]:
    """Return a line of the legend for each kind of dot there is, with how many there are."""
    there = Counter(kinds)
    return [(handle(k, text_size()), words(key, language, what=say(k), n=there[k])) for k in KINDS_IN_ORDER if there[k]]


# ------------------------------------------------------------------------------------- rows with names


def room_for(names: Iterable[str]) -> float:
    """Return how much room names left of a picture take."""
    return text_size() * (min(WIDEST_NAME, max([4.0, *(em(x) for x in names)])) + 1.2)


def room_left(pen: Pen, gap: float) -> float:
    """Return how wide names left of the axes may be, in units of their size."""
    return max(5.0, min(WIDEST_NAME, pen.left / pen.size - gap if pen.own else WIDEST_NAME))


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
