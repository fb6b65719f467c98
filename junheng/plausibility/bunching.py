"""Whether more schools are just at a threshold, a floor or a limit than a smooth density allows.

Every figure is placed in windows of equal width beside what was required of it, counted in its own whole units: window
0 begins with the least figure that is enough. Where the density of the figures has no step at the requirement, window
0 holds no more than its neighbours: than those above if the density falls, than those below if it rises.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._codes import dense_codes
from junheng._data import STAGES
from junheng.indicators.catalog import catalogue
from junheng.indicators.compliance import MET
from junheng.judging.school_verdicts import what_is_asked
from junheng.judging.subjects import Subjects
from junheng.judging.values import IndicatorValues
from junheng.plausibility.chances import first_slot_has, stands_out
from junheng.plausibility.figures import Figures
from junheng.plausibility.findings import Finding, Tests
from junheng.schools.vocabulary import base_column
from junheng.standards.model import Standard, Threshold
from junheng.words import Name, message

__all__ = ["Bunch", "Requirement", "bunch", "is_tested", "of_thresholds", "tests"]

#: Width of a window as a share of the requirement; both are tried, and the p-value is doubled.
WIDTHS = (0.02, 0.05)
#: Windows on either side with which that at the requirement is compared.
BESIDE = 2
#: Whole units make windows wider; figures of so few units that a window is wider than this are left out.
WIDEST = 0.08
#: The sentences about one requirement of a kind, and about several together.
_EVIDENCE = {
    "threshold": ("plausibility.at_threshold", "plausibility.at_thresholds"),
    "floor": ("plausibility.at_floor", "plausibility.at_floors"),
    "limit": (None, "plausibility.at_limits"),
}
#: A test needs so many schools in the windows, on either side; with fewer hardly anything can be found, and tests that
#: cannot find anything cost the others power.
_LEAST = 5


@frozen(eq=False)
class Requirement:
    """Figures and what is required of them, one for each section or school that a rule applies to.

    ``row`` is a row of the table, ``figure`` what the school reports, ``needed`` the figure that is just enough;
    ``sign`` is 1 where more is better, -1 where less is.
    """

    kind: str
    name: str
    columns: tuple[str, ...]
    row: Ints
    figure: Floats
    needed: Floats
    sign: int

    def windows(self, width: float) -> NDArray[np.int64]:
        """Return the window of each figure, a large number where it is in none of those that are compared."""
        place, fits = self.places(width)
        return np.where(fits & (np.abs(place) <= BESIDE), place, 2 * BESIDE).astype(np.int64)

    def places(self, width: float) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the window of each figure, however far from the requirement, and whether its units are fine enough."""
        column = base_column(self.columns[0])
        needed = self.needed * (1 - self.sign * 1e-9)  # what equals the requirement is enough
        if column is not None and column[0].whole:
            needed = self.sign * np.ceil(self.sign * needed)
        step = np.floor(width * self.needed) + 1
        with np.errstate(invalid="ignore", divide="ignore"):
            place = np.floor(self.sign * (self.figure - needed) / step)
        return place, step <= WIDEST * self.needed


# ---------------------------------------------------------------------------------------- what is required


def of_thresholds(figures: Figures, std: Standard, stages: Sequence[str] = STAGES) -> Iterator[Requirement]:
    """Yield what thresholds and floors require of the sections that count."""
    sections = figures.sections
    for id_ in std.indicators:
        values = IndicatorValues.compute(catalogue()[id_], sections, std, np.empty(sections.rows.size))
        for kind in ("threshold", "floor"):
            parts = []
            for s, stage in enumerate(STAGES):
                t = std.find(id_, stage)
                at = np.flatnonzero((sections.stage == s) & sections.counted & (values.value > 0))
                if stage in stages and t is not None and at.size and (kind == "threshold" or t.floor is not None):
                    parts.append((at, _required(values, t, at, kind), 1 if t.op[0] == ">" else -1))
            if parts:
                yield _requirement(kind, values, parts)


def _required(values: IndicatorValues, t: Threshold, at: Ints, kind: str) -> Floats:
    if kind == "floor":
        assert t.floor is not None
        return np.full(at.size, float(t.floor))
    return np.broadcast_to(what_is_asked(t, values, at).value, at.shape)


def _requirement(kind: str, values: IndicatorValues, parts: Sequence[tuple[Ints, Floats, int]]) -> Requirement:
    """Return a requirement in the units of the column that schools report.

    A resource per student must be at least so much; of students per resource, the resource is the denominator.
    """
    at = np.concatenate([p[0] for p in parts])
    sign, name, value = parts[0][2], values.indicator.id, values.value[at]
    column, figure = values.indicator.numerator, values.top[at]
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # what leaves the floats is in no window
        ratio = np.concatenate([p[1] for p in parts]) / value
        if column == "students" and values.indicator.denominator is not None and values.denominator is not None:
            column, figure, ratio, sign = values.indicator.denominator, values.denominator[at], 1 / ratio, -sign
        needed = figure * ratio
    return Requirement(kind, name, (column,), values.sections.rows[at], figure, needed, sign)


def _of_sizes(figures: Figures, std: Standard) -> Iterator[Requirement]:
    """Yield the limits of school size that items set; classes are openly formed to the limit of theirs."""
    sections = figures.sections
    subjects: dict[str, Subjects] = {}
    for item in std.items:
        for test in item.conditions:
            if test.top != ("students",) or test.bottom or test.op not in ("<=", "<") or test.value is None:
                continue
            if test.scope not in ("school", "section"):
                continue
            if test.scope not in subjects:
                whole = test.scope == "school"
                subjects[test.scope] = Subjects.make(sections, sections.counties.codes, whole=whole)
            units = subjects[test.scope]
            at = np.flatnonzero(units.where(test.where) == MET)
            students, needed = units.number("students")[at], np.full(at.size, float(test.value))
            yield Requirement("limit", item.id, test.top, units.row[at], students, needed, -1)


# ------------------------------------------------------------------------------------------------- tests


@frozen(eq=False)
class _Cells:
    """Figures in the windows of one width: the requirement, row, and window of each, in order of the periods."""

    requirement: Ints
    row: Ints
    window: Ints
    period: Ints

    def of_period(self, period: int) -> _Cells:
        """Return the figures of one period."""
        here = slice(*np.searchsorted(self.period, (period, period + 1)).tolist())
        return _Cells(self.requirement[here], self.row[here], self.window[here], self.period[here])


@frozen(eq=False)
class _Result:
    """P-value of each period, and whether it has enough schools for a test."""

    p: Floats
    testable: NDArray[np.bool_]


def _cells(figures: Figures, requirements: Sequence[Requirement], width: float) -> _Cells:
    parts = []
    for i, r in enumerate(requirements):
        window = r.windows(width)
        at = np.flatnonzero((np.abs(window) <= BESIDE) & figures.counted[r.row])
        parts.append((np.full(at.size, i), r.row[at], window[at]))
    requirement, row, window = (np.concatenate([np.empty(0, np.int64), *(p[k] for p in parts)]) for k in range(3))
    period = figures.period[row]
    order = np.argsort(period, kind="stable")
    return _Cells(requirement[order], row[order], window[order], period[order])


def _test(figures: Figures, cells: _Cells, chosen: NDArray[np.bool_], n_periods: int) -> _Result:
    """Compare window 0 with the windows above and those below; the less certain of the two counts."""
    row, window = cells.row[chosen], cells.window[chosen]
    period = cells.period[chosen]
    # the figures of a school depend on one another: it is one member, however many it has
    member = dense_codes(period * (int(figures.school.max(initial=0)) + 1) + figures.school[row])
    of = np.zeros(int(member.max(initial=-1)) + 1, dtype=np.int64)
    of[member] = period
    sides = []
    testable = high = np.ones(n_periods, dtype=bool)
    for side in (1, -1):
        beside = np.flatnonzero(window * side >= 0)
        slots = np.zeros((of.size, BESIDE + 1), dtype=np.int64)
        np.add.at(slots, (member[beside], np.abs(window[beside])), 1)
        there = slots.any(axis=1)
        testable = testable & (np.bincount(of[there], minlength=n_periods) >= _LEAST)
        high = high & stands_out(of, n_periods, slots)
        sides.append(slots)
    p, number = np.ones(n_periods), np.cumsum(high) - 1
    at = np.flatnonzero(high[of])
    if at.size:
        some = [first_slot_has(number[of[at]], int(high.sum()), slots[at]) for slots in sides]
        p[high] = np.maximum(*some)
    return _Result(p, testable)


@frozen(eq=False)
class _Bunching:
    """All tests of a table: for each, its period, which requirements it pools, and the width that decides."""

    figures: Figures
    requirements: Sequence[Requirement]
    cells: Sequence[_Cells]
    pools: Sequence[tuple[str, tuple[int, ...]]]
    period: Ints
    pool: Ints
    width: Ints
    p: Floats

    def describe(self, i: int) -> list[Finding]:
        """Return the finding of a test; a pool of indicators is told only where it is clearer than any of them."""
        kind, pooled = self.pools[int(self.pool[i])]
        if len(pooled) > 1 and kind == "threshold":
            rivals = self.p[(self.period == self.period[i]) & (self.pool != self.pool[i])]
            if rivals.size and rivals.min() <= self.p[i]:
                return []
        cells = self.cells[int(self.width[i])].of_period(int(self.period[i]))
        at = np.isin(cells.requirement, pooled)
        inside = at & (cells.window == 0)
        found, above, below = _counted(cells.window[at])
        expected = max(above, below)
        chosen = [self.requirements[k] for k in sorted(set(cells.requirement[inside].tolist()))]
        columns = tuple(dict.fromkeys(c for r in chosen for c in r.columns))
        terms: dict[str, Any] = {"n": found, "expected": expected, "width": 100 * WIDTHS[int(self.width[i])]}
        one, several = _EVIDENCE[kind]
        if one is not None and len(pooled) == 1:
            evidence = message(one, indicator=Name("indicator", chosen[0].name), **terms)
        else:
            evidence = message(several, **terms)
        return [
            self.figures.finding(
                "bunched_at_threshold",
                np.unique(cells.row[inside]).tolist(),
                columns,
                evidence,
                value=found,
                expected=expected,
                p_value=float(self.p[i]),
                whole_county=True,
            )
        ]


def _counted(window: Ints) -> tuple[int, float, float]:
    """Return how many figures are in window 0, and how many on average in those above and in those below."""
    sides = [int(np.count_nonzero(np.sign(window) == side)) for side in (0, 1, -1)]
    return sides[0], sides[1] / BESIDE, sides[2] / BESIDE


@frozen(eq=False)
class Bunch:
    """Some figures beside what is required of them, as :func:`tests` compares them.

    ``width`` is that of the windows, as a share of the requirement; ``share`` what each figure is of its requirement,
    ``place`` its window, window 0 the one just enough; ``fits`` tells which have units fine enough to be compared.
    ``found`` are in window 0, ``above`` and ``below`` in each window beside it on average; the larger of the two is
    expected. The p-value is NaN where there are too few figures for a test; it is not adjusted for other tests.
    """

    width: float
    share: Floats
    place: Floats
    fits: NDArray[np.bool_]
    found: int
    above: float
    below: float
    p_value: float

    @property
    def expected(self) -> float:
        """How many are expected in window 0."""
        return max(self.above, self.below)


def bunch(figures: Figures, requirements: Sequence[Requirement], rows: NDArray[np.bool_]) -> Bunch:
    """Return the figures of the rows of one county and year beside some requirements, and the result of their test."""
    figures = evolve(figures, period=np.where(rows, 0, -1))
    results = []
    for width in WIDTHS:
        cells = _cells(figures, requirements, width)
        result = _test(figures, cells, rows[cells.row], 1)
        results.append(float(result.p[0]) if result.testable[0] else 2.0)
    best = int(np.argmin(results))
    places = [r.places(WIDTHS[best]) for r in requirements]
    mine = np.concatenate([rows[r.row] for r in requirements])
    place, fits = (np.concatenate([p[k] for p in places])[mine] for k in (0, 1))
    fits &= figures.counted[np.concatenate([r.row for r in requirements])[mine]]
    found, above, below = _counted(place[fits & (np.abs(place) <= BESIDE)].astype(np.int64))
    p = np.nan if results[best] > 1 else min(results[best] * len(WIDTHS), 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.concatenate([r.figure / r.needed for r in requirements])[mine]
    return Bunch(WIDTHS[best], share, place, fits, found, above, below, p)


def tests(figures: Figures) -> Tests:
    """Return a test per county, year and indicator, one of all indicators together, of floors, and of sizes."""
    std = figures.standard
    nothing = Tests(np.empty(0, np.int64), np.empty(0), lambda i: [])
    if std is None:
        return nothing
    requirements = [*(r for r in of_thresholds(figures, std) if is_tested(r.name)), *_of_sizes(figures, std)]
    pools = _pools(requirements)
    cells = [_cells(figures, requirements, width) for width in WIDTHS]
    n_periods = int(figures.period.max(initial=-1)) + 1
    parts = []
    for k, (_, pooled) in enumerate(pools):
        results = [_test(figures, c, np.isin(c.requirement, pooled), n_periods) for c in cells]
        every = np.stack([np.where(r.testable, r.p, 1.0) for r in results])
        at = np.flatnonzero(np.any([r.testable for r in results], axis=0))
        p = np.minimum(every.min(axis=0) * len(WIDTHS), 1.0)
        parts.append((at, np.full(at.size, k), every.argmin(axis=0)[at], p[at]))
    if not parts:
        return nothing
    period, pool, width, p = (np.concatenate([part[k] for part in parts]) for k in range(4))
    found = _Bunching(figures, requirements, cells, pools, period, pool, width, p)
    return Tests(figures.group_of(period), p, found.describe)


def is_tested(indicator: str) -> bool:
    """Return whether only chance puts a figure just at the requirement.

    Schools are openly built to a norm that is one number for all, and classes are openly formed to their limit.
    """
    known = catalogue()[indicator]
    return known.denominator is not None and (known.numerator, known.denominator) != ("students", "classes")


def _pools(requirements: Sequence[Requirement]) -> list[tuple[str, tuple[int, ...]]]:
    """Return which requirements are tested together: each threshold, all thresholds, all floors, all sizes."""
    of = {
        kind: tuple(i for i, r in enumerate(requirements) if r.kind == kind) for kind in ("threshold", "floor", "limit")
    }
    alone = [("threshold", (i,)) for i in of["threshold"]] if len(of["threshold"]) > 1 else []
    return alone + [(kind, pooled) for kind, pooled in of.items() if pooled]
