"""Means and difference coefficients of counties, compared with their limits."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Groups, Ints, coefficient, grouped_moments
from junheng._data import STAGES
from junheng.indicators import exact
from junheng.indicators.compliance import UNDETERMINED, compare, judged
from junheng.judging.findings import Codes, CountyCoefficients
from junheng.judging.values import IndicatorValues
from junheng.schools.inclusion import LEFT_OUT
from junheng.schools.sections import Sections
from junheng.standards.model import Limit, Standard

__all__ = ["CountyCoefficients", "judge_counties"]


def judge_counties(
    std: Standard, sections: Sections, indicators: Sequence[IndicatorValues], *, omit: bool
) -> CountyCoefficients:
    """Compute and judge the coefficients of each county and stage; with ``omit``, over the schools with data."""
    indicators = [values.settled() for values in indicators]
    by = sections.counties
    groups, stage = by.groups, by.present % len(STAGES)
    mean, deviation = _moments(indicators, sections.students, groups, omit)
    total = np.bincount(by.group_codes, weights=sections.students[by.usable], minlength=groups.n).astype(np.float64)
    n_missing, lost = _missing(indicators, sections)
    with np.errstate(invalid="ignore"):
        share_missing = np.where(np.isnan(total)[:, None], np.nan, lost / total[:, None])
    found = _Coefficients(indicators, coefficient(mean, deviation), by.usable, groups)
    limits, verdicts = found.judge_each(std, stage)
    composite, composite_limits, composite_verdicts, parts = found.judge_composite(std, stage)
    if omit:  # a coefficient over some of the schools only is reported, but not judged
        verdicts[n_missing > 0] = UNDETERMINED
        composite_verdicts[((n_missing > 0) & parts).any(axis=1)] = UNDETERMINED
    n_empty, n_left_out = _left_out(sections)
    return CountyCoefficients(
        group_county=by.present // len(STAGES),
        group_stage=stage,
        group_codes=by.group_codes,
        usable=by.usable,
        mean=mean,
        std=deviation,
        coefficient=found.coefficient,
        limits=limits,
        coefficient_verdicts=verdicts,
        composite=composite,
        composite_limits=composite_limits,
        composite_verdicts=composite_verdicts,
        group_schools=np.diff(groups.starts),
        group_students=total,
        n_missing=n_missing,
        share_missing=share_missing,
        n_empty=n_empty,
        n_left_out=n_left_out,
        omitted=omit,
        unsettled={j: values.unsettled for j, values in enumerate(indicators) if values.unsettled.size},
    )


def _is_weighted(values: IndicatorValues) -> bool:
    """Tell whether an indicator is an amount per student, so that its coefficient is weighted by students."""
    return values.indicator.denominator == "students"


def _moments(
    indicators: Sequence[IndicatorValues], students: Floats, groups: Groups, omit: bool
) -> tuple[Floats, Floats]:
    """Return means and deviations of each indicator.

    An indicator that is not per student has only a mean, the ratio of the totals; an amount per school is unweighted.
    A school with students but no classes has no value, and no weight either: it must not vanish from the mean.
    """
    mean, std = (np.full((groups.n, len(indicators)), np.nan) for _ in range(2))
    weighted = [j for j, values in enumerate(indicators) if _is_weighted(values)]
    found = grouped_moments([indicators[j].value for j in weighted], students, groups, omit_missing=omit)
    mean[:, weighted], std[:, weighted] = found.mean, found.std
    for j, values in enumerate(indicators):
        if j not in weighted:
            bottom = values.denominator
            weights = None if bottom is None else np.where(np.isnan(values.value), 1.0, bottom)
            mean[:, j] = grouped_moments([values.value], weights, groups, omit_missing=omit).mean[:, 0]
    return mean, std


def _missing(indicators: Sequence[IndicatorValues], sections: Sections) -> tuple[Ints, Floats]:
    """Return the number of sections in each group that lack an indicator, and their students."""
    by, n = sections.counties, sections.counties.groups.n
    count, students = np.zeros((n, len(indicators)), dtype=np.int64), np.zeros((n, len(indicators)))
    for j, values in enumerate(indicators):
        gaps = values.gaps[sections.in_coefficient[values.gaps]]
        if gaps.size:
            group = by.group_codes[np.searchsorted(by.usable, gaps)]
            count[:, j] = np.bincount(group, minlength=n)
            students[:, j] = np.bincount(group, weights=np.nan_to_num(sections.students[gaps]), minlength=n)
    return count, students


def _left_out(sections: Sections) -> tuple[Ints, Ints]:
    """Return the number of sections of each group without students, and of those left out for any reason."""
    by = sections.counties
    out = np.flatnonzero(sections.out_of_coefficient)
    place = by.codes[out] * len(STAGES) + np.minimum(sections.stage[out], len(STAGES) - 1)
    n_places = (int(by.codes.max(initial=-1)) + 1) * len(STAGES)
    empty, *others = (
        np.bincount(place[sections.out_of_coefficient[out] == LEFT_OUT.index(code)], minlength=n_places)[by.present]
        for code in ("no_students", "not_included", "left_out_by_standard")
    )
    return empty, np.sum([empty, *others], axis=0)


@frozen(eq=False)
class _Coefficients:
    """Coefficients of each group (rows) and indicator, with the figures for exact comparisons near a limit."""

    indicators: Sequence[IndicatorValues]
    coefficient: Floats
    usable: Ints
    groups: Groups

    def judge_each(self, std: Standard, stage: Ints) -> tuple[Floats, Codes]:
        """Return the limit of each coefficient (NaN for none) and its verdict."""
        limits = np.full(self.coefficient.shape, np.nan)
        verdicts = np.full(self.coefficient.shape, UNDETERMINED, dtype=np.int8)
        for s, name in enumerate(STAGES):
            limit, at = std.limit("each", stage=name), np.flatnonzero(stage == s)
            for j in [] if limit is None else self._limited(limit):
                if limit is not None and _is_weighted(self.indicators[j]):
                    limits[at, j] = float(limit.value)
                    verdicts[at, j] = self._compare(limit, self.coefficient[:, j], at, [j])
        return limits, verdicts

    def judge_composite(self, std: Standard, stage: Ints) -> tuple[Floats, Floats, Codes, NDArray[np.bool_]]:
        """Return the mean coefficient of each group, its limit, its verdict, and which coefficients it includes."""
        n, k = self.coefficient.shape
        composite = self.coefficient.mean(axis=1) if k else np.full(n, np.nan)
        limits, verdicts = np.full(n, np.nan), np.full(n, UNDETERMINED, dtype=np.int8)
        parts = np.zeros((n, k), dtype=bool)
        for s, name in enumerate(STAGES):
            limit, at = std.limit("composite", stage=name), np.flatnonzero(stage == s)
            if limit is None:
                continue
            chosen = self._limited(limit)
            inside = np.ix_(at, np.array(chosen, dtype=np.int64))
            parts[inside] = True
            limits[at], composite[at] = float(limit.value), self.coefficient[inside].mean(axis=1)
            verdicts[at] = self._compare(limit, composite, at, chosen)
        return composite, limits, verdicts, parts

    def _limited(self, limit: Limit) -> list[int]:
        """Return the indicators that a limit applies to, all if it names none."""
        return [j for j, v in enumerate(self.indicators) if not limit.indicators or v.indicator.id in limit.indicators]

    def _compare(self, limit: Limit, found: Floats, at: Ints, indicators: Sequence[int]) -> Codes:
        """Compare mean coefficients with a limit; those within rounding of it are compared again in fractions."""
        out = compare(found[at], float(limit.value), limit.op)
        for i in exact.near(found[at], float(limit.value)).tolist():
            rows = self.usable[self.groups.codes == at[i]]
            values = [(v, rows[np.isfinite(v.value[rows])]) for v in (self.indicators[j] for j in indicators)]
            rounded = any(v.rounded(present).any() for v, present in values)
            figures = [v.exactly(present) for v, present in values]
            out[i] = judged(exact.mean_coefficient_sign(figures, Fraction(limit.value), rounded=rounded), limit.op)
        return out
