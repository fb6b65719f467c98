"""Whether figures stay the same to the last digit from one year to the next while the pupils change.

Buildings and grounds honestly stay the same for years; staff, equipment and books hardly do. A school is compared with
the other schools and years of its county, and a county as a whole with its other years.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._codes import combine_codes, dense_codes
from junheng.plausibility.chances import at_least
from junheng.plausibility.copies import LEAST, many_digits, pieces_of_evidence
from junheng.plausibility.figures import Figures
from junheng.plausibility.findings import Finding, Tests
from junheng.schools.vocabulary import base_column
from junheng.words import Name, listed, message

__all__ = ["tests"]

#: Units of what lasts for years: land, buildings, rooms and courts.
LASTING = ("m2", "m", "rooms", "courts", "tables")
#: Share of schools in a step that may honestly report the same staff, equipment and books again. Ours, and generous.
AT_MOST = 0.5

Bools = NDArray[np.bool_]


@frozen(eq=False)
class _Steps:
    """Schools from one year of the table to their next, with students in both, and not the same number.

    ``before`` and ``now`` are a row in each of the years, ``step`` is the pair of years in a county. By piece of
    evidence: ``same``, all its known figures are the same; ``shown``, figures are known in both years; ``exact``, one
    of many digits is among them.
    """

    figures: Figures
    pieces: Sequence[Sequence[str]]
    before: Ints
    now: Ints
    step: Ints
    same: Bools
    shown: Bools
    exact: Bools

    @property
    def n(self) -> int:
        """Number of steps."""
        return int(self.step.max(initial=-1)) + 1

    @property
    def compared(self) -> Bools:
        """Schools with a figure of many digits."""
        return np.asarray(self.exact.any(axis=1))

    @property
    def period(self) -> Ints:
        """Period (the later year) of each step."""
        out = np.zeros(self.n, dtype=np.int64)
        out[self.step] = self.figures.period[self.now]
        return out

    def count(self, schools: Bools) -> Floats:
        """Count schools by step."""
        return np.bincount(self.step[schools], minlength=self.n).astype(np.float64)


def _steps(figures: Figures) -> _Steps:
    pieces = pieces_of_evidence(figures)
    before, now = _next_rows(figures)
    pair = combine_codes(
        [
            (figures.school[now], int(figures.school.max(initial=0)) + 1),
            (figures.period[before], int(figures.period.max(initial=0)) + 1),
            (figures.period[now], int(figures.period.max(initial=0)) + 1),
        ]
    )
    unit = dense_codes(pair)
    n = int(unit.max(initial=-1)) + 1
    same, shown, exact = (
        np.ones((n, len(pieces)), bool),
        np.zeros((n, len(pieces)), bool),
        np.zeros((n, len(pieces)), bool),
    )
    for k, columns in enumerate(pieces):
        for name in columns:
            values = figures.number(name)
            a, b = values[before], values[now]
            same[unit[np.flatnonzero(a != b)], k] = False
            shown[unit[np.isfinite(a) & np.isfinite(b)], k] = True
            exact[unit[many_digits(a) & np.isfinite(b)], k] = True
    students = [np.bincount(unit, weights=figures.students[rows], minlength=n) for rows in (before, now)]
    first = np.zeros(n, dtype=np.int64)
    first[unit[::-1]] = np.arange(unit.size - 1, -1, -1)
    moved = np.flatnonzero(students[0] != students[1])
    first = first[moved]
    years = [(figures.period[rows[first]], int(figures.period.max(initial=0)) + 1) for rows in (before, now)]
    same, shown, exact = same[moved], shown[moved], exact[moved]
    step = dense_codes(combine_codes(years))
    return _Steps(figures, pieces, before[first], now[first], step, same & shown, shown, exact & shown)


def _next_rows(figures: Figures) -> tuple[Ints, Ints]:
    """Return each row that has one of the same school and stage in an earlier year, behind the latest such row."""
    at = np.flatnonzero(figures.counted & np.isfinite(figures.year))
    at = at[np.lexsort((at, figures.year[at], figures.stage[at], figures.school[at]))]
    key = figures.school[at] * 8 + figures.stage[at]
    follows = (key[1:] == key[:-1]) & (figures.year[at[1:]] > figures.year[at[:-1]])
    return at[:-1][follows], at[1:][follows]


# ------------------------------------------------------------------------------------------- the whole county


@frozen(eq=False)
class _Counties:
    """Tests of whole counties: in each step, the schools whose staff, equipment and books all stayed."""

    steps: _Steps
    still: Bools
    #: Schools judged and those that stayed, in each step and in the other steps of its county.
    n: Floats
    k: Floats
    others_n: Floats
    others_k: Floats
    p: Floats

    @classmethod
    def test(cls, steps: _Steps) -> _Counties:
        """Test every step of every county."""
        moves = np.array([_moves(columns[0]) for columns in steps.pieces], dtype=bool)
        judged = np.count_nonzero(steps.shown[:, moves], axis=1) >= LEAST
        still = np.count_nonzero(steps.same[:, moves], axis=1) >= LEAST
        still &= judged
        n, k = steps.count(judged), steps.count(still)
        others_n, others_k = (_of_other_steps(steps, x) for x in (n, k))
        p = np.ones(steps.n)
        at = np.flatnonzero((k > AT_MOST * n) | (k * others_n > n * others_k))  # the others are not unusual
        if at.size:
            from scipy.stats import binom, hypergeom

            alone = binom.sf(k[at] - 1, n[at], AT_MOST)
            beside = hypergeom.sf(k[at] - 1, n[at] + others_n[at], k[at] + others_k[at], n[at])
            p[at] = np.where(others_n[at] > 0, np.minimum(2 * np.minimum(alone, beside), 1.0), alone)
        return cls(steps, still, n, k, others_n, others_k, p)

    def describe(self, step: int) -> list[Finding]:
        """Return the finding of a step."""
        steps, figures = self.steps, self.steps.figures
        others_n, others_k = float(self.others_n[step]), float(self.others_k[step])
        at = np.flatnonzero(self.still & (steps.step == step))
        before, now = steps.before[at], steps.now[at]
        columns = [
            c
            for piece in steps.pieces
            for c in piece
            if _moves(c) and np.mean(figures.number(c)[before] == figures.number(c)[now]) > AT_MOST
        ]
        expected = self.n[step] * (others_k / others_n if others_n else AT_MOST)
        terms = {"n": int(self.k[step]), "all": int(self.n[step]), "before": int(figures.year[before[0]])}
        if others_n:
            evidence = message("plausibility.frozen_county", share=100 * others_k / others_n, **terms)
        else:
            evidence = message("plausibility.frozen_county_alone", **terms)
        return [
            figures.finding(
                "frozen_over_years",
                np.sort(now).tolist(),
                columns,
                evidence,
                value=self.k[step],
                expected=expected,
                p_value=self.p[step],
                whole_county=True,
            )
        ]


def _moves(name: str) -> bool:
    """Return whether a column holds what hardly stays the same from year to year."""
    found = base_column(name)
    return found is not None and found[0].unit not in LASTING


def _of_other_steps(steps: _Steps, values: Floats) -> Floats:
    """Return the sum of a figure over the other steps of the county."""
    group = steps.figures.group_of(steps.period)
    return np.asarray(np.bincount(group, weights=values)[group] - values if group.size else values)


# ---------------------------------------------------------------------------------------------- single schools


@frozen(eq=False)
class _Schools:
    """Tests of single schools whose figures of many digits stayed in several pieces of evidence."""

    steps: _Steps
    #: Chance of each candidate that a piece stays, 0 where it has no figure of many digits.
    chances: Floats
    at: Ints
    p: Floats

    @classmethod
    def test(cls, steps: _Steps) -> _Schools:
        """Test each school that stayed the same in several pieces of evidence."""
        stayed = steps.same & steps.exact
        group = steps.figures.group_of(steps.period)[steps.step]
        n_groups = int(group.max(initial=-1)) + 1
        rates = np.zeros((n_groups, stayed.shape[1]))
        for k in range(stayed.shape[1]):
            shown = np.bincount(group, weights=steps.exact[:, k], minlength=n_groups)
            rates[:, k] = (np.bincount(group, weights=stayed[:, k], minlength=n_groups) + 1) / (shown + 1)
        at = np.flatnonzero(np.count_nonzero(stayed, axis=1) >= LEAST)
        chances = rates[group[at]] * steps.exact[at]
        tested = steps.count(steps.compared)[steps.step[at]]
        p = at_least(chances, np.count_nonzero(stayed[at], axis=1)) * tested
        return cls(steps, chances, at, np.minimum(p, 1.0))

    def describe(self, i: int) -> list[Finding]:
        """Return the finding of a school."""
        steps, figures, at = self.steps, self.steps.figures, int(self.at[i])
        now, before = int(steps.now[at]), int(steps.before[at])
        stayed = np.flatnonzero(steps.same[at] & steps.exact[at])
        columns = [
            c for k in stayed.tolist() for c in steps.pieces[k] if figures.number(c)[now] == figures.number(c)[before]
        ]
        evidence = message(
            "plausibility.frozen_school",
            n=len(columns),
            before=int(figures.year[before]),
            columns=listed(Name("column", c) for c in columns),
            share=100 * float(np.prod(self.chances[i, stayed])),
        )
        found, expected = stayed.size, float(self.chances[i].sum())
        return [
            figures.finding(
                "frozen_over_years", [*figures.rows_of(now), *figures.rows_of(before)], columns, evidence,
                value=found, expected=expected, p_value=self.p[i],
            )
        ]  # fmt: skip


def tests(figures: Figures) -> Tests:
    """Return a test per county and step from year to year, and one per step of a school, or one that finds nothing."""
    if np.unique(figures.year[np.isfinite(figures.year)]).size < 2:
        return Tests(np.empty(0, np.int64), np.empty(0), lambda i: [])
    steps = _steps(figures)
    counties, schools = _Counties.test(steps), _Schools.test(steps)
    tested = np.flatnonzero(counties.n > 0)
    others = np.setdiff1d(np.flatnonzero(steps.count(steps.compared) > 0), steps.step[schools.at])
    step = np.concatenate([tested, steps.step[schools.at], others])
    p = np.concatenate([counties.p[tested], schools.p, np.ones(others.size)])

    def describe(i: int) -> list[Finding]:
        return counties.describe(int(tested[i])) if i < tested.size else schools.describe(i - tested.size)

    return Tests(figures.group_of(steps.period[step]), p, describe)
