"""Whether two schools of a county agree in several figures of many digits.

Figures that depend on one another are one piece of evidence: all figures of one unit together (schools of equal size
have equal rooms, and so equal areas). How often two schools of the county agree in a piece of evidence by chance is
counted, not assumed: rounding and rooms of standard sizes make figures equal honestly.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._codes import combine_codes, dense_codes
from junheng.plausibility.chances import at_least
from junheng.plausibility.figures import Figures
from junheng.plausibility.findings import Finding, Tests
from junheng.schools.vocabulary import base_column
from junheng.words import Name, Quoted, Row, listed, message

__all__ = ["DIGITS", "many_digits", "pieces_of_evidence", "tests"]

#: A figure has many digits if it has so many, zeros at the end not counted.
DIGITS = 3
#: Two schools are compared if they agree in so many pieces of evidence.
LEAST = 3
#: A value of more schools of a county than these is a habit of the county, not a copy: it is counted, but no evidence.
_HABIT = 8


def many_digits(values: Floats) -> NDArray[np.bool_]:
    """Return where figures are known and have :data:`DIGITS` digits or more, zeros at the end not counted."""
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = 10.0 ** (np.floor(np.log10(values)) + 2 - DIGITS)  # the unit of the last digit but one
        return np.asarray(np.abs(values - np.rint(values / unit) * unit) > 1e-9 * values)


def pieces_of_evidence(figures: Figures) -> list[list[str]]:
    """Return the columns of resources and staff by unit, each unit one piece of evidence; a library is one, too.

    Numbers of students and of classes are left out, and years.
    """
    by_unit: dict[str, list[str]] = {}
    for name in figures.columns:
        found = base_column(name)
        if found is None or found[0].unit in (None, "year") or not (found[0].shared or _is_staff(found[0].id)):
            continue
        unit = "volumes" if found[0].unit == "titles" else str(found[0].unit)
        by_unit.setdefault(unit, []).append(name)
    return list(by_unit.values())


def _is_staff(id_: str) -> bool:
    found = base_column(id_)
    if found is None or found[0].part_of is None:
        return id_ == "staff"
    return _is_staff(found[0].part_of)


@frozen(eq=False)
class _Equal:
    """Pairs of rows of two schools of one county and year with the same figure in one column."""

    column: str
    piece: int
    one: Ints
    other: Ints
    #: Pairs in each period, those of values too common to be listed included.
    count: Ints
    #: Whether a period has two figures of many digits.
    possible: NDArray[np.bool_]


def _equal_pairs(figures: Figures, column: str, piece: int, n_periods: int) -> _Equal:
    values = figures.number(column)
    at = np.flatnonzero(many_digits(values) & figures.counted)
    possible = np.bincount(figures.period[at], minlength=n_periods) > 1
    at = at[np.lexsort((values[at], figures.period[at]))]
    again = np.zeros(at.size + 1, dtype=bool)
    again[1:-1] = (values[at[1:]] == values[at[:-1]]) & (figures.period[at[1:]] == figures.period[at[:-1]])
    run = np.cumsum(~again[:-1])
    some = again[:-1] | again[1:]  # the figures that are there twice
    at, run = at[some], run[some]
    # a school that has a figure in several rows has it once
    order = np.lexsort((at, figures.school[at], run))
    at, run = at[order], run[order]
    first = (np.diff(run, prepend=-1) != 0) | (np.diff(figures.school[at], prepend=-1) != 0)
    at, run = at[first], dense_codes(run[first])
    size = np.bincount(run)
    heads = np.flatnonzero(np.diff(run, prepend=-1))
    count = np.bincount(figures.period[at[heads]], weights=size * (size - 1) / 2, minlength=n_periods)
    one, other = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    at, run = (x[(size <= _HABIT)[run]] for x in (at, run))
    for step in range(1, min(_HABIT, at.size)):
        left = np.flatnonzero(run[step:] == run[:-step])
        one.append(at[left])
        other.append(at[left + step])
    pairs = np.concatenate(one), np.concatenate(other)
    return _Equal(column, piece, *pairs, count.astype(np.int64), possible)


@frozen(eq=False, slots=False)
class _Copies:
    """Pairs of schools with equal figures in several pieces of evidence."""

    figures: Figures
    equal: Sequence[_Equal]
    n_pieces: int
    n_periods: int

    @cached_property
    def n_pairs(self) -> Floats:
        """Pairs of schools in each period."""
        n_schools = int(self.figures.school.max(initial=0)) + 1
        at = np.flatnonzero(self.figures.counted)
        there = np.unique(self.figures.period[at] * n_schools + self.figures.school[at])
        n = np.bincount(there // n_schools, minlength=self.n_periods).astype(np.float64)
        return n * (n - 1) / 2

    @cached_property
    def counts(self) -> Ints:
        """Pairs of schools that agree, by period and column."""
        return np.stack([e.count for e in self.equal], axis=1)

    @cached_property
    def _pair(self) -> Ints:
        """A number for the pair of schools of each pair of rows."""
        n = int(self.figures.school.max(initial=0)) + 1
        a, b = np.sort(np.stack([self.figures.school[self._one], self.figures.school[self._other]]), axis=0)
        return dense_codes(combine_codes([(self.figures.period[self._one], self.n_periods), (a, n), (b, n)]))

    @cached_property
    def _one(self) -> Ints:
        return np.concatenate([np.empty(0, np.int64), *(e.one for e in self.equal)])

    @cached_property
    def _other(self) -> Ints:
        return np.concatenate([np.empty(0, np.int64), *(e.other for e in self.equal)])

    @cached_property
    def _column(self) -> Ints:
        return np.repeat(np.arange(len(self.equal)), [e.one.size for e in self.equal])

    @cached_property
    def candidates(self) -> tuple[Ints, Ints, Floats]:
        """Pairs that agree in enough pieces of evidence: number, period, p-value."""
        piece = np.array([e.piece for e in self.equal], dtype=np.int64)
        pair, n = self._pair, int(self._pair.max(initial=-1)) + 1
        known = np.unique(pair * max(self.n_pieces, 1) + piece[self._column]) // max(self.n_pieces, 1)
        enough = np.bincount(known, minlength=n) >= LEAST
        number = np.flatnonzero(enough)
        period = np.zeros(n, dtype=np.int64)
        period[pair] = self.figures.period[self._one]
        of = period[number]
        if not number.size:
            return number, of, np.empty(0)
        rarity = self._rarity(of, piece)
        # of each piece, the rarest agreement counts
        best = np.ones((number.size, self.n_pieces))
        at = np.flatnonzero(enough[pair])
        own = (np.cumsum(enough) - 1)[pair[at]]
        np.minimum.at(best, (own, piece[self._column[at]]), rarity[own, self._column[at]])
        least = np.sort(best, axis=1)[:, LEAST - 1 : LEAST]
        chances = np.zeros_like(best)
        as_rare = np.where(rarity <= least, rarity, 0.0)
        for column, k in enumerate(piece.tolist()):
            chances[:, k] = np.maximum(chances[:, k], as_rare[:, column])
        p = at_least(chances, np.full(number.size, LEAST)) * self.n_pairs[of]
        return number, of, np.minimum(p, 1.0)

    def _rarity(self, period: Ints, piece: Ints) -> Floats:
        """Return the chance that two schools agree in a column, or a rarer one of its piece of evidence.

        As often as it happened in the county, and once more.
        """
        counts, out = self.counts[period], np.zeros((period.size, piece.size))
        possible = np.stack([e.possible[period] for e in self.equal], axis=1)
        for column in range(piece.size):
            own = piece == piece[column]
            rarer = np.where(counts[:, own] <= counts[:, column, None], counts[:, own], 0).sum(axis=1)
            out[:, column] = (rarer + 1) / (self.n_pairs[period] + 1) * possible[:, column]
        return np.minimum(out, 1.0)

    def describe(self, number: int, p: float) -> list[Finding]:
        """Return the findings of a pair, one about each school."""
        at = np.flatnonzero(self._pair == number)
        pairs = np.stack([self._one[at], self._other[at]])
        columns = [self.equal[i].column for i in dict.fromkeys(self._column[at].tolist())]
        names = [self.figures.table.school_of(int(row)) for row in pairs[:, 0]]
        called = [Quoted(name) if name else Row(int(row)) for name, row in zip(names, pairs[:, 0], strict=True)]
        period = int(self.figures.period[pairs[0, 0]])
        expected = float(self.counts[period].sum() / self.n_pairs[period])
        out = []
        for own, other in ((0, 1), (1, 0)):
            evidence = message(
                "plausibility.copied",
                n=len(columns),
                digits=DIGITS,
                other=called[other],
                columns=listed(Name("column", c) for c in columns),
            )
            rows = [row for which in (own, other) for row in self.figures.rows_of(int(pairs[which, 0]))]
            out.append(
                self.figures.finding(
                    "copied_figures", rows, columns, evidence, value=len(columns), expected=expected, p_value=p
                )
            )
        return out


def tests(figures: Figures) -> Tests:
    """Return a test per county and year, or one for each pair that agrees in several pieces of evidence."""
    pieces = pieces_of_evidence(figures)
    n_periods = int(figures.period.max(initial=-1)) + 1
    equal = [_equal_pairs(figures, c, i, n_periods) for i, columns in enumerate(pieces) for c in columns]
    found = _Copies(figures, equal, len(pieces), n_periods)
    number, of, p = found.candidates
    # nothing to compare is no test; a county without a pair has one that finds nothing
    others = np.setdiff1d(np.flatnonzero(found.n_pairs > 0), of)
    if len(pieces) < LEAST:
        others = others[:0]
    period = np.concatenate([of, others])
    every = np.concatenate([p, np.ones(others.size)])
    return Tests(figures.group_of(period), every, lambda i: found.describe(int(number[i]), float(p[i])))
