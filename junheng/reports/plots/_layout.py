"""Tables of rows by indicators, arranged in as many columns of rows as a picture needs (private)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng.reports.plots._canvas import em, text_size, words, wrap
from junheng.reports.plots._picture import WIDEST_NAME, Entry, no_mark
from junheng.words import Language

#: Heights in units of the letters: of a row with a name, at least and at most; of a row without.
TALL, SMALL, THIN = 1.25, 0.85, 0.38
#: The longest line of a head, and the narrowest cell, in units of the letters; the most lines of a head.
HEAD, NARROW, HEAD_LINES = 24.0, 0.8, 3
#: Width of a cell below which the columns are put in bands one below the other, in units of the letters.
BANDED = 0.68
#: Height from which a picture takes a further column of rows, and the most it has, in units of the letters.
COMFORTABLE, TALLEST = 80.0, 136.0
#: Size of the letters of names, of heads and figures.
NAMES, FIGURES = 0.84, 0.8
#: Size below which figures are rather turned, and how high turned ones are.
LEAST, TURNED = 0.72, 3.6
#: Height of a line of a head, in units of its letters.
LEADING = 1.2


@frozen(kw_only=True, eq=False)
class Sum:
    """A row at the end of a table: a figure of each column, and above it a bar."""

    label: str
    texts: Sequence[str]
    bars: Bars | None = None


@frozen(eq=False)
class Bars:
    """Rows of bars: kinds and parts of the width that are filled (rows, columns), and which columns have a limit."""

    kinds: NDArray[np.object_]
    reach: Floats
    limits: NDArray[np.bool_]

    def part(self, a: int, b: int) -> Bars:
        """Return some of the columns."""
        return Bars(self.kinds[:, a:b], self.reach[:, a:b], self.limits[a:b])


@frozen(kw_only=True, eq=False)
class Table:
    """The rows of one stage, the worst first."""

    title: str
    heads: tuple[str, ...]
    margin_head: str
    groups: Sequence[tuple[str, int]]
    """Words above each group of rows (none if empty), and how many rows it has."""
    names: Sequence[str]
    margin: Sequence[str]
    cells: Bars
    """The cells; filled whole where there are no limits."""
    sums: Sequence[Sum]
    note: str = ""
    """What the legend adds."""

    def bands(self, n: int) -> list[Table]:
        """Return the table as some tables with a part of the columns each."""
        if n == 1:
            return [self]
        edges = [round(len(self.heads) * i / n) for i in range(n + 1)]
        return [
            evolve(
                self,
                title=f"{self.title} ({i}/{n})",
                heads=self.heads[a:b],
                cells=self.cells.part(a, b),
                sums=[evolve(s, texts=s.texts[a:b], bars=s.bars and s.bars.part(a, b)) for s in self.sums],
            )
            for i, (a, b) in enumerate(pairwise(edges), 1)
        ]


@frozen
class Sizes:
    """Widths and heights of a layout, in points."""

    names: float
    cell: float
    margin: float
    head: float
    head_size: float
    head_lines: int
    head_room: float
    """Length of a line of a head, in units of its letters."""
    turned: bool
    """Whether figures below the cells are turned, for lack of width."""
    figures: float
    """Size of those figures, in units of the letters."""
    step: float
    thin: float
    named: int
    """How many rows of each table have a name."""


@frozen(eq=False)
class Panel:
    """Some rows of a table, and where they are drawn."""

    table: Table
    first: int
    last: int
    x: float
    y: float
    heads: bool

    @property
    def group(self) -> Ints:
        """Number of the group of each row."""
        return np.repeat(np.arange(len(self.table.groups)), [n for _, n in self.table.groups])[self.first : self.last]

    @property
    def ends(self) -> bool:
        """Whether the table ends here."""
        return self.last == len(self.table.names)


@frozen(eq=False)
class Layout:
    """The panels of a picture."""

    tables: Sequence[Table]
    panels: list[Panel]
    sizes: Sizes
    size: float
    height: float
    columns: int
    apart: float
    """Width of a column with the gap beside it."""

    @property
    def titled(self) -> bool:
        """Whether each table is named."""
        return len(self.tables) > 1

    def legend(self, language: Language) -> list[Entry]:
        """Return a line on rows without a name."""
        n = sum(max(0, len(t.names) - self.sizes.named) for t in self.tables)
        return [(no_mark(), words("without_name", language, n=n))] if n else []


# --------------------------------------------------------------------------------------------- layout


def lay_out(tables: Sequence[Table], wide: float, high: float | None, tallest: float | None = None) -> Layout:
    """Arrange tables in a width and, on axes that are given, in a height; in points."""
    size = text_size()
    # of very many indicators, bands of columns one below the other
    tables = [band for t in tables for band in t.bands(ceil(len(t.heads) / _most_columns(t, wide, size)))]
    most = high if high is not None else TALLEST * size if tallest is None else tallest
    found: list[Layout] = []
    for n in range(1, 5):
        layout = _fitting(tables, n, wide, size)
        if layout is not None:
            found.append(layout)
            if layout.height <= (COMFORTABLE * size if high is None else high):
                break
    # a further column must be worth it
    lowest = min(x.height for x in found)
    chosen = next(x for x in found if x.height <= max(lowest * 1.05, COMFORTABLE * size if high is None else high))
    return chosen if chosen.height <= most else _squeezed(tables, chosen, most)


def _most_columns(table: Table, wide: float, size: float) -> int:
    """Return how many columns have room for their heads."""
    room = wide - _names_width([table], wide, size) - _margin_width([table], size)
    return max(1, int(room / (BANDED * size)))


def _fitting(tables: Sequence[Table], n: int, wide: float, size: float) -> Layout | None:
    """Arrange tables in some columns; None where they are too narrow for the heads."""
    gap = size * 1.6
    width = (wide - (n - 1) * gap) / n
    sizes = None if 1 < n < len(tables) else _sizes(tables, width, size, strict=n > 1)
    if sizes is None:
        return None
    sizes = evolve(sizes, step=TALL * size, thin=THIN * size, named=max(len(t.names) for t in tables))
    return _arranged(tables, n, width + gap, size, sizes)


def _arranged(tables: Sequence[Table], n: int, apart: float, size: float, sizes: Sizes) -> Layout:
    """Arrange tables in columns: one above the other in one, side by side in several."""
    panels: list[Panel] = []
    height, titled = 0.0, len(tables) > 1
    if n == 1:
        heads: tuple[str, ...] = ()
        for table in tables:
            panel = Panel(table, 0, len(table.names), 0.0, height + (size if height else 0.0), table.heads != heads)
            panels.append(panel)
            height, heads = panel.y + _height(panel, sizes, size, titled=titled), table.heads
        return Layout(tables, panels, sizes, size, height, n, apart)
    for table, parts in zip(tables, _shares(tables, n), strict=True):
        for first, last in _cut(table, parts, sizes):
            if first < last:
                panels.append(Panel(table, first, last, len(panels) * apart, 0.0, True))
    return Layout(tables, panels, sizes, size, max(_height(p, sizes, size, titled=titled) for p in panels), n, apart)


def _squeezed(tables: Sequence[Table], layout: Layout, most: float) -> Layout:
    """Arrange tables in less height: lower rows, then fewer names, of the worst only."""
    size, sizes = layout.size, layout.sizes

    def arranged(step: float, named: int) -> Layout:
        changed = evolve(sizes, step=step * size, named=named)
        return _arranged(tables, layout.columns, layout.apart, size, changed)

    for step in np.arange(TALL, SMALL - 0.01, -0.05).tolist():
        closer = arranged(step, sizes.named)
        if closer.height <= most:
            return closer
    low, high = 0, sizes.named
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if arranged(SMALL, middle).height <= most else (low, middle - 1)
    return arranged(SMALL, low)


def _shares(tables: Sequence[Table], n: int) -> list[int]:
    """Return how many columns each table gets."""
    shares = [1] * len(tables)
    for _ in range(n - len(tables)):
        most = max(range(len(tables)), key=lambda i: (len(tables[i].names) / shares[i], -i))
        shares[most] += 1
    return shares


def _cut(table: Table, parts: int, sizes: Sizes) -> list[tuple[int, int]]:
    """Cut the rows of a table into parts of about the same height."""
    high = np.cumsum(row_heights(table, sizes))
    whole = float(high[-1]) if high.size else 0.0
    edges = [0, *(int(np.searchsorted(high, whole * i / parts)) + 1 for i in range(1, parts)), len(table.names)]
    edges = sorted(min(e, len(table.names)) for e in edges)
    return list(pairwise(edges))


def row_heights(table: Table, sizes: Sizes) -> Floats:
    """Return how high each row of a table is."""
    return np.where(np.arange(len(table.names)) < sizes.named, sizes.step, sizes.thin).astype(np.float64)


def _height(panel: Panel, sizes: Sizes, size: float, *, titled: bool) -> float:
    """Return how high a panel is."""
    table = panel.table
    spoken = sum(bool(table.groups[g][0]) for g in np.unique(panel.group).tolist())
    rows = float(row_heights(table, sizes)[panel.first : panel.last].sum())
    top = size * 1.6 * titled + (sizes.head if panel.heads else 0.0)
    return top + rows + spoken * size * TALL + (_sum_height(table, sizes, size) if panel.ends else 0.0)


def _sum_height(table: Table, sizes: Sizes, size: float) -> float:
    figure = size * (TURNED if sizes.turned else TALL)
    return size * 0.4 + sum(figure + (size * TALL if s.bars else 0.0) for s in table.sums)


def _sizes(tables: Sequence[Table], width: float, size: float, *, strict: bool) -> Sizes | None:
    """Return the widths of a column; None if its heads would have to be cut."""
    names, margin = _names_width(tables, width, size), _margin_width(tables, size)
    cell = (width - names - margin) / max(len(t.heads) for t in tables)
    if strict and cell < NARROW * size:
        return None
    scale = min(FIGURES, cell / size / 1.1)
    lines = min(HEAD_LINES, max(1, int(cell / (size * scale * LEADING))))
    room = _head_room([x for t in tables for x in (*t.heads, t.margin_head)], lines)
    if strict and room is None:
        return None
    widest = max((em(x) for t in tables for s in t.sums for x in s.texts), default=1.0)
    fits = 0.86 * cell / (widest * size)
    turned = fits < LEAST
    return Sizes(
        names=names,
        cell=cell,
        margin=margin,
        head=(room or HEAD) * size * scale + size * 1.2,
        head_size=scale,
        head_lines=lines,
        head_room=room or HEAD,
        turned=turned,
        figures=min(FIGURES, cell / size if turned else fits),
        step=0.0,
        thin=0.0,
        named=0,
    )


def _names_width(tables: Sequence[Table], width: float, size: float) -> float:
    names = [em(x) * NAMES for t in tables for x in t.names]
    # a label beside bars may take two lines
    labels = [em(s.label) * FIGURES * (0.6 if s.bars else 1.0) for t in tables for s in t.sums]
    return size * min(max([4.0, *labels, *names]) + 0.6, WIDEST_NAME, 0.42 * width / size)


def _margin_width(tables: Sequence[Table], size: float) -> float:
    widest = max((em(x) * NAMES for t in tables for x in t.margin), default=0.0)
    return size * (widest + 0.8) if widest else 0.0


def _head_room(texts: Sequence[str], lines: int) -> float | None:
    """Return the shortest line in which every head fits into some lines, None beyond :data:`HEAD`."""
    for room in range(5, int(HEAD) + 1):
        broken = [wrap(x, room) for x in texts]
        if all(len(x) <= lines and all(em(line) <= room + 0.6 for line in x) for x in broken):
            return float(room)
    return None
