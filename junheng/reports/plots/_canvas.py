"""Axes, fonts, marks and legends that all pictures use (private)."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from itertools import pairwise
from math import log10, sqrt
from typing import TYPE_CHECKING, Any, Literal
from unicodedata import east_asian_width

import numpy as np
from attrs import evolve, frozen

from junheng._arrays import Floats, Ints
from junheng._extras import load
from junheng.errors import InputError
from junheng.words import Language, Message, Quoted, message, sentences

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Colours that people who do not see all colours can tell apart: Okabe and Ito (2008), Color Universal Design. Orange,
#: vermillion and sky blue are darker than theirs: every colour has a contrast of 3:1 on white (WCAG 2.1, 1.4.11).
BLUE, ORANGE, VERMILLION, GREEN, SKY, PURPLE = "#0072B2", "#BF8400", "#B04500", "#009E73", "#2A8CC9", "#CC79A7"
GREY = "#767676"

#: Colour, marker and fill of each kind of dot. A marker differs from every other even without its colour.
KINDS: dict[str, tuple[str, str, bool]] = {
    "met": (BLUE, "o", True),
    "floor": (ORANGE, "D", True),
    "below": (VERMILLION, "v", True),
    "unmet": (VERMILLION, "v", True),
    "open": (GREY, "s", False),
    "plain": ("#4D4D4D", "h", True),
}

#: Families with Chinese characters, the better for simplified Chinese on a screen the earlier.
CHINESE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "Microsoft YaHei", "PingFang SC",
    "Hiragino Sans GB", "Heiti SC", "STHeiti", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "DengXian", "SimHei",
    "Noto Sans CJK JP", "Noto Sans CJK TC", "Source Han Sans TW", "Microsoft JhengHei", "PingFang TC",
    "Noto Serif CJK SC", "Source Han Serif SC", "SimSun", "Songti SC", "AR PL UMing CN", "Droid Sans Fallback",
    "Arial Unicode MS",
)  # fmt: skip
#: What printers set where they have no type for a character.
GETA = "〓"


def words(key: str, language: Language, **values: Any) -> str:
    """Return a word of pictures."""
    return sentences("reports.picture", language)[key].format(**values)


#: Colour and style of the lines of a few counties.
LINES: tuple[tuple[str, Any], ...] = (
    (BLUE, "-"),
    (VERMILLION, "--"),
    (GREEN, "-."),
    (PURPLE, ":"),
    (ORANGE, (0, (5, 1, 1, 1, 1, 1))),
    (SKY, (0, (1, 2))),
)


@frozen
class Setting:
    """How large a new figure is, and whether a browser draws its letters."""

    width: float = 518.0
    size: float | None = None
    title: bool = True
    #: The letters are drawn by a browser, which finds fonts itself.
    browser: bool = False


SETTING: ContextVar[Setting] = ContextVar("setting", default=Setting())  # noqa: B039 - frozen


@contextmanager
def setting(**changes: Any) -> Iterator[None]:
    """Draw pictures in another size for a while."""
    token = SETTING.set(evolve(SETTING.get(), **changes))
    try:
        yield
    finally:
        SETTING.reset(token)


# ------------------------------------------------------------------------------------------- letters


def em(text: str) -> float:
    """Return the approximate width of a text in units of its font size."""
    return sum(1.0 if east_asian_width(c) in "WF" else 0.58 for c in text)


def cut(text: str, width: float) -> str:
    """Shorten a text to a width in units of its font size."""
    if em(text) <= width:
        return text
    out = ""
    for c in text:
        if em(out + c) > width - 1:
            break
        out += c
    return out.rstrip() + "…"


def wrap(text: str, width: float) -> list[str]:
    """Break a text into lines of a width: between English words, after any Chinese character."""
    lines: list[str] = []
    pieces: list[str] = []
    line = ""
    for c in text:
        wide = east_asian_width(c) in "WF"
        # what closes may not begin a line
        if pieces and ((not wide and pieces[-1][-1] != " " and em(pieces[-1][-1]) < 1) or c in "，。、；：）》”"):
            pieces[-1] += c
        else:
            pieces.append(c)
    for piece in pieces:
        if line and em(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def short(value: float, beside: float | None = None) -> str:
    """Write a number with three digits, or as many as distinguish it from ``beside``."""
    if not np.isfinite(value):
        return "–"
    whole = 0 if value == 0 else int(np.floor(log10(abs(value)))) + 1
    text = ""
    for digits in range(max(0, 3 - whole), 16):
        text = f"{value:.{digits}f}"
        if beside is None or not np.isfinite(beside) or value == beside or float(text) != beside:
            break
    return text.rstrip("0").rstrip(".") if "." in text else text


@cache
def _characters(path: str, index: int) -> frozenset[int]:
    from matplotlib.font_manager import get_font

    return frozenset(get_font(path).get_charmap())


@cache
def _known_fonts() -> dict[str, str]:
    from matplotlib.font_manager import fontManager

    return {f.name: f.fname for f in fontManager.ttflist}


def families(text: str) -> tuple[list[str] | None, frozenset[str]]:
    """Return the font families for a text (None: the default font), and the characters that none of them has."""
    from matplotlib.font_manager import FontProperties, findfont

    wanted = {ord(c) for c in text if not c.isspace()}
    usual = FontProperties()
    lacking = wanted - _characters(findfont(usual), 0)
    if not lacking:
        return None, frozenset()
    known = _known_fonts()
    chosen = []
    for name in CHINESE_FONTS:
        if name in known and lacking & (there := _characters(known[name], 0)):
            chosen.append(name)
            lacking -= there
            if not lacking:
                break
    return ([*chosen, *usual.get_family()] if chosen else None), frozenset(map(chr, lacking))


def font_for(text: str) -> bool:
    """Tell whether the installed fonts have all characters of a text."""
    return not families(text)[1]


def font_advice(characters: Iterable[str]) -> Message:
    """Return which fonts to install."""
    return message("reports.error.no_font", characters=Quoted("".join(sorted(characters)[:8])))


def fonts_for(text: str, language: Language) -> tuple[list[str] | None, frozenset[str]]:
    """Return the font families for a text, and the characters to be replaced; warn if there are any."""
    if SETTING.get().browser:
        return None, frozenset()
    family, holes = families(text)
    if not holes:
        return family, frozenset()
    if family is None and any(east_asian_width(c) in "WF" for c in holes):
        raise InputError(font_advice(holes))
    advice = message("reports.error.characters_replaced", advice=font_advice(holes), mark=GETA)
    warnings.warn(advice.text(language), UserWarning, stacklevel=5)
    return family, holes


# -------------------------------------------------------------------------------------------- figure


def matplotlib_or_advice() -> None:
    """Raise an error with the command to install if matplotlib is missing or too old."""
    load("matplotlib.figure", message("reports.error.matplotlib"))


def text_size() -> float:
    """Return the size of letters in a picture."""
    size = SETTING.get().size
    if size is not None:
        return size
    matplotlib_or_advice()
    import matplotlib

    return float(matplotlib.rcParams["font.size"])


def ink() -> str:
    """Return the colour of letters and lines: on a page, that of its text."""
    if SETTING.get().browser:
        return "currentcolor"
    matplotlib_or_advice()
    import matplotlib

    return str(matplotlib.rcParams["text.color"])


@frozen
class Pen:
    """Axes with the fonts, the sizes and the language of one picture."""

    ax: Axes
    language: Language
    own: bool
    family: list[str] | None
    holes: frozenset[str]
    size: float
    ink: str
    width: float
    height: float
    left: float = 0.0
    """Room left of the axes that a legend may use."""
    title_width: float = 0.0

    @property
    def margin(self) -> float:
        """Where the title and the legend begin, in parts of the axes."""
        return -max(0.0, self.left - 8) / self.width

    def clean(self, text: str) -> str:
        """Return a text of which every character can be drawn."""
        return "".join(GETA if c in self.holes else c for c in text)

    def style(self, scale: float = 1.0, **more: Any) -> dict[str, Any]:
        """Return how a text is set."""
        out: dict[str, Any] = {"fontsize": self.size * scale, "color": self.ink, "parse_math": False, **more}
        return out if self.family is None else {"fontfamily": self.family, **out}

    def write(self, x: float, y: float, text: str, scale: float = 1.0, **more: Any) -> Any:
        """Write into the picture."""
        return self.ax.text(x, y, self.clean(text), **self.style(scale, **more))

    @property
    def plate(self) -> dict[str, Any]:
        """The background of words that lines would cross."""
        return {"facecolor": self.ax.get_facecolor(), "edgecolor": "none", "pad": 0.8, "alpha": 0.9}

    def rectangles(self, corners: Floats, colour: str, *, edge: str = "none") -> None:
        """Draw rectangles of a colour as one shape; each is left, right, top, bottom."""
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        points = corners[:, [0, 2, 1, 2, 1, 3, 0, 3, 0, 2]].reshape(-1, 2)
        codes = np.tile([Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY], len(corners))
        width = 0.8 if edge != "none" else 0
        self.ax.add_patch(PathPatch(Path(points, codes), facecolor=colour, edgecolor=edge, linewidth=width, zorder=2))

    @property
    def arrow_head(self) -> float:
        """Size of the head of an arrow: 0.4 of it long and wide."""
        return max(4.0, min(9.0, self.size * 0.8))

    def arrow(self, start: float, end: float, y: float, radius: float) -> None:
        """Draw a level arrow between two dots."""
        look = {"arrowstyle": "-|>", "color": self.ink, "linewidth": 0.9, "mutation_scale": self.arrow_head}
        ends = {"shrinkA": radius, "shrinkB": radius}
        arrow = {**look, **ends}
        self.ax.annotate("", (end, y), xytext=(start, y), arrowprops=arrow, annotation_clip=False, zorder=2.9)

    def ticks(
        self, axis: str, at: Sequence[float], labels: Sequence[str], scale: float = 0.9, *, pad: float | None = None
    ) -> None:
        """Set the ticks of an axis and their words, ``pad`` points away from it."""
        set_ticks = self.ax.set_yticks if axis == "y" else self.ax.set_xticks
        set_ticks(list(at), [self.clean(t) for t in labels], **self.style(scale))
        if pad is not None:
            self.ax.tick_params(axis="y" if axis == "y" else "x", pad=pad)

    def bars(self, x: Any, y: Any, size: float, width: float = 1.4, **more: Any) -> None:
        """Draw an upright stroke in each row, such as at what it must reach."""
        self.ax.plot(x, y, linestyle="none", marker="|", markersize=size, markeredgewidth=width, color=self.ink, **more)

    def numbers(self, axis: Literal["x", "y"], scale: float = 0.85, *, whole: bool = False) -> None:
        """Set the size of the numbers along an axis, only whole ones if asked; no offsets, no powers of ten."""
        from matplotlib.ticker import MaxNLocator, ScalarFormatter

        formatter = ScalarFormatter(useOffset=False, useMathText=False)
        formatter.set_scientific(False)
        which = self.ax.xaxis if axis == "x" else self.ax.yaxis
        which.set_major_formatter(formatter)
        which.set_major_locator(MaxNLocator(nbins=self.most_numbers(axis), integer=whole))
        more = {} if self.family is None else {"labelfontfamily": self.family[0]}
        self.ax.tick_params(axis=axis, labelsize=self.size * scale, labelcolor=self.ink, **more)

    def most_numbers(self, axis: str) -> int:
        """Return how many steps between numbers an axis has at most."""
        room = self.width / (self.size * 4.5) if axis == "x" else self.height / (self.size * 2.2)
        return int(max(2, min(7, room)))

    def axis_label(self, axis: str, text: str) -> None:
        """Name an axis."""
        set_label = self.ax.set_xlabel if axis == "x" else self.ax.set_ylabel
        set_label(self.axis_words(axis, text), **self.style(0.92))

    def axis_words(self, axis: str, text: str) -> str:
        """Return the name of an axis in lines that it has room for."""
        room = (self.width if axis == "x" else self.height) / (self.size * 0.92)
        return "\n".join(wrap(self.clean(text), room))

    def title(self, first: str, second: str) -> None:
        """Head the picture: what it shows, and of whom."""
        if SETTING.get().title:
            room = self.title_width / (self.size * 1.05)
            lines = [*wrap(self.clean(first), room), *wrap(self.clean(second), room)]
            self.ax.set_title("\n".join(lines), loc="left", x=self.margin, **self.style(1.05), pad=8, linespacing=1.4)

    def tidy(self, *, grid: Literal["x", "y", "both"] | None = "x", left: bool = False) -> None:
        """Remove what carries no information."""
        self.ax.spines[["top", "right", "bottom", "left"]].set_visible(False)
        self.ax.spines["bottom"].set_visible(grid in ("y", "both"))
        self.ax.spines["left"].set_visible(left)
        self.ax.tick_params(length=0)
        self.ax.set_axisbelow(True)
        if grid is not None:
            self.ax.grid(True, axis=grid, color=GREY, alpha=0.25, linewidth=0.6)

    def legend(self, entries: Sequence[tuple[Any, str]], below: float = 0.0) -> None:
        """Set a legend under the picture, ``below`` points under the axes."""
        if not entries:
            return
        columns, _ = legend_shape([t for _, t in entries], self.size, self.width + self.left)
        more = {} if self.family is None else {"family": self.family}
        legend = self.ax.legend(
            [_artist(mark) for mark, _ in entries],
            [self.clean(t) for _, t in entries],
            loc="upper left",
            bbox_to_anchor=(self.margin, -below / self.height),
            ncols=columns,
            frameon=False,
            prop={"size": self.size * 0.88, **more},
            labelcolor=self.ink,
            borderaxespad=0.0,
            borderpad=0.2,
            handlelength=1.6,
            handletextpad=0.5,
            columnspacing=1.4,
            labelspacing=0.35,
        )
        for text in legend.get_texts():
            text.set_parse_math(False)


def legend_shape(texts: Sequence[str], size: float, width: float) -> tuple[int, int]:
    """Return in how many columns and lines a legend fits a width."""
    size *= 0.88
    for columns in range(len(texts), 1, -1):
        parts = [max(em(t) for t in texts[a:b]) for a, b in legend_columns(len(texts), columns)]
        if sum(p * size + size * 3.6 for p in parts) <= width:
            return columns, -(-len(texts) // columns)
    return 1, len(texts)


def legend_columns(n: int, columns: int) -> list[tuple[int, int]]:
    """Return which entries stand in each column: they run down the columns, the first of which may hold one more."""
    lines, more = divmod(n, columns)
    return list(pairwise(i * lines + min(i, more) for i in range(columns + 1)))


# --------------------------------------------------------------------------------------------- dots


#: How a mark of a legend looks, as matplotlib names it; of several, one upon the other.
Mark = dict[str, Any] | tuple[dict[str, Any], ...]


def handle(kind: str, size: float) -> Mark:
    """Return the mark of a kind of dot for a legend."""
    colour, marker, filled = KINDS[kind]
    return {
        "linestyle": "none",
        "marker": marker,
        "markersize": size * 0.62,
        "markerfacecolor": colour if filled else "none",
        "markeredgecolor": colour,
    }


def rule(colour: str, style: Any, width: float = 1.4) -> Mark:
    """Return the mark of a line for a legend."""
    return {"color": colour, "linestyle": style, "linewidth": width}


def _artist(mark: Any) -> Any:
    """Return the mark of a legend as matplotlib draws it."""
    from matplotlib.lines import Line2D

    if isinstance(mark, tuple):
        return tuple(Line2D([], [], **one) for one in mark)
    return Line2D([], [], **mark) if isinstance(mark, dict) else mark


def dots(ax: Axes, x: Floats, y: Floats, radius: Floats, kinds: Sequence[str], *, hollow: bool = False) -> None:
    """Draw dots of several kinds, all of them ``hollow`` or as the kind is; the worst kinds last, on top."""
    marks = np.array(kinds, dtype=object)
    empty = ax.get_facecolor() if hollow else "none"
    # a few sizes only: dots of a kind and a size are drawn as one, which keeps files small
    levels = np.round(radius * 2) / 2
    for kind in ("plain", "met", "open", "floor", "unmet", "below"):
        colour, marker, filled = KINDS[kind]
        filled = filled and not hollow
        for level in np.unique(levels[marks == kind]).tolist():
            at = (marks == kind) & (levels == level)
            ax.plot(
                x[at],
                y[at],
                linestyle="none",
                marker=marker,
                markersize=2 * level * (0.86 if marker in "Ds" else 1.0),
                markerfacecolor=colour if filled else empty,
                markeredgecolor="white" if filled else colour,
                markeredgewidth=0.5 if filled else 1.1,
                clip_on=False,
                zorder=2.8 if hollow else 3,
            )


def radii(students: Floats, width: float, height: float, size: float, largest: float = 8.0) -> Floats:
    """Return the radius of each school's dot: its area follows the students, and all together leave room."""
    whole = np.nan_to_num(students)
    share = whole / whole.max() if whole.max(initial=0.0) > 0 else np.ones_like(whole)
    fits = sqrt(0.30 * width * height / (3.2 * max(float(share.sum()), 1e-9)))
    out: Floats = np.maximum(np.sqrt(share) * min(largest, fits, size * 0.8), min(1.7, size * 0.2))
    return out


def swarm(x: Floats, radius: Floats, half: float) -> tuple[Floats, Floats]:
    """Move dots up and down until none hides another; dots shrink where there is no room. All in points."""
    if x.size > 1200:
        # too many to see each: spread evenly, and alike every time
        golden = np.asarray((np.arange(x.size) * 0.6180339887) % 1.0, dtype=np.float64)
        return (golden * 2 - 1) * half, np.asarray(np.minimum(radius, 1.7), dtype=np.float64)
    for _ in range(7):
        y = _placed(x, radius)
        over = float((np.abs(y) + radius).max(initial=0.0))
        if over <= half:
            return y, radius
        radius = np.asarray(np.maximum(radius * 0.85, 1.2), dtype=np.float64)
    squeezed: Floats = y * (half - 2) / over
    return squeezed, radius


def _placed(x: Floats, radius: Floats) -> Floats:
    order: Ints = np.lexsort((x, -radius))
    y = np.zeros(x.size)
    done = np.zeros(0, dtype=np.int64)
    for i in order.tolist():
        reach = radius[i] + radius[done] + 0.3
        dx = np.abs(x[done] - x[i])
        near = dx < reach
        if near.any():
            rise = np.sqrt(reach[near] ** 2 - dx[near] ** 2)
            base = y[done][near]
            tries = np.concatenate([[0.0], base + rise, base - rise])
            clash = np.abs(tries[:, None] - base[None, :]) < rise[None, :] - 1e-9
            free = tries[~clash.any(axis=1)]
            # of two places equally far from the line, the upper one: always the same
            y[i] = free[np.lexsort((-free, np.round(np.abs(free), 6)))[0]]
        done = np.append(done, i)
    return y
