"""Schools beside their peers: what is usual at their size, and how far a figure lies from it (private).

Figures are compared as logarithms: ten times too much is as far away as ten times too little.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints, compress_codes
from junheng.plausibility.figures import Figures
from junheng.schools.places import is_shared
from junheng.schools.vocabulary import ALL_STAGES, KINDS, base_column, category_words

__all__ = ["AT_ONCE", "FEWEST", "Column", "Peers", "Units", "dense", "medians", "spread_of"]

#: Fewer peers than this tell nothing.
FEWEST = 8
#: Classes of size have so many schools, and a stage has so many classes at most.
_PER_CLASS, _CLASSES = 10, 5
#: Figures compared at once: many columns of a county, one of a nation.
AT_ONCE = 100_000
#: Logarithms are kept to 2^-30, so that a cell and a logarithm are one whole number, which numpy sorts fastest.
_STEP, _BITS = 2.0**30, 38
_MIDDLE = 1 << (_BITS - 1)
#: No figure is so large; what is typed may be.
_FARTHEST = 120.0
#: The median and the 85 % quantile of the absolute deviations of normal figures, in standard deviations.
_QUANTILES = ((0.5, 0.6745), (0.85, 1.4395))
#: Per logarithm of size a figure grows by so much at most; none falls. Beyond the outer classes that is a guess, and
#: its standard deviation so much.
_STEEPEST, _GUESS = 1.25, 0.2


# ----------------------------------------------------------------------------------------------- by cell


def _keys(logs: Floats, cells: Ints) -> Ints:
    scaled = np.rint(np.clip(logs, -_FARTHEST, _FARTHEST) * _STEP)
    keys: Ints = (cells << _BITS) + (scaled.astype(np.int64) + _MIDDLE)
    return keys


def _sorted(logs: Floats, cells: Ints) -> Ints:
    keys = _keys(logs, cells)
    keys.sort(axis=-1)
    return keys


def _at(keys: Ints, cells: Ints, positions: Ints) -> Floats:
    out: Floats = (keys[..., positions] - (cells << _BITS) - _MIDDLE) / _STEP
    return out


def medians(logs: Floats, cells: Ints, counts: Ints) -> Floats:
    """Return the median of logarithms in each cell, NaN in empty ones; ``counts`` are the sizes of the cells.

    Several columns may come as the rows of ``logs``.
    """
    keys, some = _sorted(logs, cells), np.flatnonzero(counts)
    first, many = (np.cumsum(counts) - counts)[some], counts[some]
    out = np.full((*logs.shape[:-1], counts.size), np.nan)
    out[..., some] = (_at(keys, some, first + (many - 1) // 2) + _at(keys, some, first + many // 2)) / 2
    return out


def spread_of(deviations: Floats, cells: Ints, counts: Ints, least: float) -> Floats:
    """Return the standard deviation in each cell by median or 85 % quantile, the larger, and at least ``least``.

    The median alone, of few figures, is often far too small; the quantile alone would follow a few wrong figures. No
    cell is empty.
    """
    keys, cell = _sorted(np.abs(deviations), cells), np.arange(counts.size)
    first = np.cumsum(counts) - counts
    out = np.full((*deviations.shape[:-1], counts.size), least)
    for share, standard in _QUANTILES:
        position = first + np.minimum((share * counts).astype(np.int64), counts - 1)
        out = np.maximum(out, _at(keys, cell, position) / standard)
    return out


# ------------------------------------------------------------------------------------------------- units


@frozen(eq=False, slots=False)
class Units:
    """Who has figures of its own: a stage of a school, or a school whose stages share them. Sorted by cell and size.

    Attributes
    ----------
    rows : (units,) int array
        A row of the table of each unit.
    sections : (units,) int array
        A section of each unit.
    cell : (units,) int array
        Group, year and stage; not dense.
    finer : tuple of (units,) int arrays
        Cells divided by area, and by area and kind of school.
    students : (units,) float array
        Students of the unit.
    """

    rows: Ints
    sections: Ints
    cell: Ints
    finer: tuple[Ints, ...]
    students: Floats
    #: Whether the sections have the figures of their whole school.
    joint: NDArray[np.bool_]

    @cached_property
    def size(self) -> Floats:
        """Logarithm of the students."""
        return np.asarray(np.clip(np.log(self.students), -_FARTHEST, _FARTHEST))


@frozen(eq=False)
class Column:
    """The figures of a column.

    Attributes
    ----------
    name : str
        Id of the column.
    units : Units
        Who has them.
    values : (units,) float array
        The figures.
    whole : bool
        Whether they are counts.
    """

    name: str
    units: Units
    values: Floats
    whole: bool

    @property
    def comparable(self) -> NDArray[np.bool_]:
        """Which figures are compared: no pieces count as half a piece; no area and no money are left out."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.values >= 0 if self.whole else self.values > 0)

    def cell(self, at: int, figures: Figures) -> str:
        """Return the column of the table that the figure of a unit stands in."""
        section = self.units.sections[at]
        own = f"{self.name}_{ALL_STAGES[figures.sections.stage[section]]}"
        return own if figures.sections.wide[section] and own in figures.table.has else self.name

    def rows(self, at: int, figures: Figures) -> list[int]:
        """Return the rows of the table that the figure of a unit stands in: several if stages share it."""
        sections, section = figures.sections, self.units.sections[at]
        if not self.units.joint[section]:
            return [int(sections.rows[section])]
        rows: list[int] = np.unique(sections.rows[sections.school == sections.school[section]]).tolist()
        return rows


@frozen(eq=False)
class Deviations:
    """How far the figures of a column lie from what is usual.

    Attributes
    ----------
    at : (figures,) int array
        Units whose figures were compared.
    usual : (figures,) float array
        Logarithm of the usual figure.
    by : (figures,) float array
        Logarithm of the figure, less that of the usual one.
    spread : (figures,) float array
        Standard deviation of ``by`` among the peers.
    peers : (figures,) int array
        Figures compared, in the same group, year and stage.
    """

    at: Ints
    usual: Floats
    by: Floats
    spread: Floats
    peers: Ints


class Peers:
    """Gives the figures of each column to those who have them, and compares them."""

    def __init__(self, figures: Figures) -> None:
        self.figures = figures
        self._units: dict[bytes, Units] = {}

    def column(self, name: str) -> Column:
        """Return a column by its id, without a stage in it."""
        sections, found = self.figures.sections, base_column(name)
        assert found is not None
        if not is_shared(name):
            units = self._of(np.zeros(sections.rows.size, dtype=bool))
            values = sections.students if name == "students" else sections.number(name)
            values = values[units.sections]
        else:
            units = self._of(sections.is_divided(name))
            values = self.figures.number(name)[units.rows]
        return Column(name, units, values, found[0].whole)

    def deviations(self, columns: Iterable[Column], least: float) -> Iterator[tuple[Column, Deviations]]:
        """Compare the figures of columns with those of the peers, at their size."""
        alike: dict[tuple[int, bytes], list[Column]] = {}
        for column in columns:
            alike.setdefault((id(column.units), column.comparable.tobytes()), []).append(column)
        for (_, known), own in alike.items():
            layout = _Layout.of(own[0].units, np.frombuffer(known, dtype=bool))
            at_once = max(1, AT_ONCE // max(layout.at.size, 1))
            for i in range(0, len(own), at_once):
                yield from _compare(layout, own[i : i + at_once], least)

    def _of(self, joint: NDArray[np.bool_]) -> Units:
        """Return the units if some sections have the figures of their whole school."""
        key = joint.tobytes()
        if key not in self._units:
            self._units[key] = _units(self.figures, joint)
        return self._units[key]


def _compare(layout: _Layout, columns: list[Column], least: float) -> Iterator[tuple[Column, Deviations]]:
    """Compare columns whose figures are those of the same units."""
    figures = np.array([column.values[layout.at] for column in columns])
    logs = np.log(np.where(figures > 0, figures, 0.5))
    usual = layout.usual(logs)
    by = logs - usual
    spread = spread_of(by, layout.cell, layout.counts, least)[:, layout.cell]
    peers = layout.counts[layout.cell]
    for i, column in enumerate(columns):
        # a count of three is three give or take two, whatever the others say
        chance = 1.0 / np.maximum(np.exp(usual[i]), 0.5) if column.whole else 0.0
        around = np.sqrt(spread[i] ** 2 + chance + layout.guess)
        yield column, Deviations(layout.at, usual[i], by[i], around, peers)


def _units(figures: Figures, joint: NDArray[np.bool_]) -> Units:
    sections = figures.sections
    students, school = sections.students, sections.school
    rows, n = sections.rows, int(sections.school.max(initial=-1)) + 1
    own = ~joint
    if joint.any():
        first = np.full(n, -1, dtype=np.int64)
        for stage in range(len(ALL_STAGES))[::-1]:  # the lowest stage stands for the school
            at = np.flatnonzero(joint & (sections.stage == stage))
            first[school[at]] = at
        own[first[first >= 0]] = True
        students = np.where(joint, _of_whole_schools(figures, n)[school], students)
    with np.errstate(invalid="ignore"):
        own &= (students > 0) & (sections.stage < 2) & (figures.period[rows] >= 0)
    at = np.flatnonzero(own)
    cell = figures.period[rows[at]] * len(ALL_STAGES) + sections.stage[at]
    area = cell * (len(category_words("area_type")) + 1) + figures.area[rows[at]] + 1
    kind = area * (len(KINDS) + 1) + sections.kinds[at] + 1
    # ties stay in the order of rows, and nothing depends on it
    order = np.argsort(_keys(np.log(students[at]), cell), kind="stable")
    at = at[order]
    return Units(rows[at], at, cell[order], (area[order], kind[order]), students[at], joint)


def _of_whole_schools(figures: Figures, n: int) -> Floats:
    """Return the students of each school, all stages together; the senior stage may be a column only."""
    sections = figures.sections
    out = np.bincount(sections.school, weights=sections.students, minlength=n)
    senior = figures.number("students_senior")[sections.rows]
    has_row = np.zeros(n, dtype=bool)
    has_row[sections.school[sections.stage == ALL_STAGES.index("senior")]] = True
    extra = np.zeros(n)
    extra[sections.school] = np.nan_to_num(senior)
    return np.where(has_row, out, out + extra)


@frozen(eq=False)
class _Layout:
    """Which figures are compared with which; the same for all columns that have the same figures."""

    at: Ints
    cell: Ints
    counts: Ints
    #: Class of size of each figure, the line that it is on, and how far along.
    size_class: Ints
    class_counts: Ints
    line: Ints
    along: Floats
    width: Floats
    #: Variance of what is usual beyond the outer classes of size.
    guess: Floats
    #: Stages, areas, and kinds of school in areas: some figures, the code of each, how many have it.
    finer: tuple[tuple[Ints, Ints, Ints], ...]

    @classmethod
    def of(cls, units: Units, some: NDArray[np.bool_]) -> _Layout:
        at, codes, joined = _with_peers(units, np.flatnonzero(some))
        cell, counts = dense(codes)
        size, n = units.size[at], counts.size
        classes = np.clip(counts // _PER_CLASS, 2, _CLASSES)
        # schools of one size are in one class, in whatever order they come
        new = np.append(True, (np.diff(cell) != 0) | (np.diff(size) != 0)) if at.size else np.empty(0, dtype=bool)
        place = np.arange(at.size)
        rank = np.maximum.accumulate(np.where(new, place, 0)) - np.repeat(np.cumsum(counts) - counts, counts)
        size_class = cell * _CLASSES + rank * np.repeat(classes, counts) // np.repeat(counts, counts)
        class_counts = np.bincount(size_class, minlength=n * _CLASSES)
        middle = _filled(medians(size, size_class, class_counts))
        left = np.zeros(at.size, dtype=np.int64)
        for k in range(1, _CLASSES - 1):
            left += size > np.repeat(np.where(k < classes - 1, middle[k::_CLASSES], np.inf), counts)
        line = cell * _CLASSES + left
        outer = middle[np.repeat(np.arange(n) * _CLASSES + classes - 1, counts)]
        beyond = np.maximum(np.maximum(size - outer, np.repeat(middle[::_CLASSES], counts) - size), 0.0)
        width = np.maximum(np.diff(middle, append=np.nan), 0.2)
        finer = ((joined, *dense(units.cell[at[joined]])), *((place, *dense(codes[at])) for codes in units.finer))
        along, guess = size - middle[line], (_GUESS * beyond) ** 2
        return cls(at, cell, counts, size_class, class_counts, line, along, width, guess, finer)

    def usual(self, logs: Floats) -> Floats:
        """Return the usual logarithm: on a line between the medians of classes of size, for the area and the kind."""
        level = _filled(medians(logs, self.size_class, self.class_counts))
        slope = np.clip(np.diff(level, append=np.nan) / self.width, 0.0, _STEEPEST)
        usual: Floats = level[..., self.line] + slope[..., self.line] * self.along
        rest = logs - usual
        centre = medians(rest, self.cell, self.counts)[..., self.cell]
        for at, codes, counts in self.finer:
            own = medians(rest[..., at], codes, counts)
            enough = (counts >= FEWEST)[codes]
            centre[..., at[enough]] = own[..., codes[enough]]
        return usual + centre


def _with_peers(units: Units, at: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the units that have peers, sorted by cell and size, the cell of each, and those whose stages were joined.

    Where a stage has too few schools, all stages of the county and year are compared.
    """
    stages = len(ALL_STAGES)
    cell, stage = units.cell[at], units.cell[at] % stages
    many = np.bincount(cell, minlength=int(cell.max(initial=-1)) + 1)
    few = np.zeros(many.size // stages + 1, dtype=bool)
    few[np.flatnonzero((many > 0) & (many < FEWEST)) // stages] = True
    join = few[cell // stages]
    if not join.any():
        return at, cell, np.empty(0, dtype=np.int64)
    cell = np.where(join, cell - stage, cell)
    enough = (np.bincount(cell) >= FEWEST)[cell]
    at, cell, join = at[enough], cell[enough], join[enough]
    order = np.argsort(_keys(units.size[at], cell), kind="stable")
    return at[order], cell[order], np.flatnonzero(join[order])


def _filled(by_class: Floats) -> Floats:
    """Give classes of size without schools what the class before has; the first one has schools."""
    table = by_class.reshape(*by_class.shape[:-1], -1, _CLASSES)
    for k in range(1, _CLASSES):
        table[..., k] = np.where(np.isnan(table[..., k]), table[..., k - 1], table[..., k])
    return by_class


def dense(codes: Ints) -> tuple[Ints, Ints]:
    """Return codes without gaps, and how often each occurs."""
    dense, present = compress_codes(codes, int(codes.max(initial=-1)) + 1)
    return dense, np.bincount(dense, minlength=present.size)
