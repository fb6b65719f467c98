"""Change over time and between places: causes of change, convergence, gaps, ranks and percentiles."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np

from junheng._arrays import (
    AnyShape,
    Column,
    Columns,
    Floats,
    Groups,
    Ints,
    Labels,
    Vector,
    Weights,
    as_floats,
    coefficient,
    grouped_moments,
    require_aligned,
    require_rows,
)
from junheng._codes import combine_codes
from junheng._deprecated import renamed
from junheng._frames import factorize_labels, labelled
from junheng.errors import InputError
from junheng.indicators._grouped import (
    Kernel,
    Sample,
    blocks,
    check_choice,
    check_number,
    check_weights,
    in_range,
    measured,
    read_sample,
)
from junheng.indicators.entropy import log_deviation
from junheng.indicators.quantiles import tie_bounds
from junheng.indicators.shapley import shapley
from junheng.words import Quoted, message, quoted

if TYPE_CHECKING:
    import pandas as pd

#: One kind of place, or several.
Kinds: TypeAlias = Hashable | Sequence[Hashable]

__all__ = [
    "beta_convergence",
    "coefficient_change",
    "gap_ratio",
    "percentile_rank",
    "ranking",
    "sigma_convergence",
]


def coefficient_change(
    values: Column | Columns, *, weights: Weights, years: Labels, schools: Labels, by: Labels | None = None
) -> pd.DataFrame:
    r"""Split the change of a difference coefficient by cause: values, enrolment, schools that entered or left.

    .. math:: CV_1 - CV_0 = \Delta_{values} + \Delta_{weights} + \Delta_{entry} + \Delta_{exit}

    Each part is a Shapley value: the effect of a step, averaged over all orders of the four steps (new values for the
    schools that stay, their new enrolments, adding those that entered, dropping those that left). No order is
    preferred, and the parts sum to the change.

    Parameters
    ----------
    values : (rows,) or (rows, indicators) array-like
        Figures to compare, such as area per student; both years in one column, one row per school and year.
    weights : (rows,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    years : (rows,) array-like
        Year of each row. Exactly two years must occur.
    schools : (rows,) array-like
        School of each row, such as its code. A school may occur once per year and group.
    by : (rows,) array-like, mapping or frame of such, optional
        Group of each school, such as its county. A school that changes its group leaves one and enters the other.

    Returns
    -------
    pandas.DataFrame, or a frame of polars or pyarrow if these came in
        One row per group (and ``indicator``, for 2-D values): the group labels (column ``group`` if ``by`` has no
        name), ``before``, ``after``, ``change``; its parts ``from_values``, ``from_weights``, ``from_entry``,
        ``from_exit``; and the numbers of schools that ``stayed``, ``entered`` and ``left``. A school of weight 0 is
        ignored in that year. NaN if a coefficient is undefined; the parts are also NaN if no school stayed, because one
        of the steps then has no schools.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights, a missing label, not exactly two years, or a school
        twice in one year.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Shorrocks (2013), Decomposition procedures for distributional analysis: a unified framework based on the Shapley
    value, Journal of Economic Inequality 11.

    Examples
    --------
    >>> import junheng as jh
    >>> change = jh.coefficient_change(
    ...     [1.0, 3.0, 2.0, 3.0, 4.0],
    ...     weights=[50, 50, 50, 50, 20],
    ...     years=[2024, 2024, 2025, 2025, 2025],
    ...     schools=["a", "b", "a", "b", "c"],
    ... )
    >>> change[["before", "after", "change", "from_values", "from_weights", "from_entry", "from_exit"]].round(4)
       before   after  change  from_values  from_weights  from_entry  from_exit
    0     0.5  0.2624 -0.2376      -0.2713           0.0      0.0338        0.0
    """
    sample = read_sample(values, weights, by)
    require_aligned(values=values, years=years)
    require_aligned(values=values, schools=schools)
    year, known = factorize_labels(years, "years")
    school, names = factorize_labels(schools, "schools")
    require_rows(sample.rows, years=year, schools=school)
    if len(known) != 2:
        raise InputError(message("arithmetic.two_years", years=len(known)))
    # one unit per school and group: its row in the table in either year, -1 for none
    unit = combine_codes([(sample.groups.codes, sample.groups.n), (school, len(names))])
    units, place = np.unique(unit, return_inverse=True)
    place = place.astype(np.int64, copy=False)
    both = np.bincount(place * 2 + year)
    if (both > 1).any():
        row = int(np.flatnonzero(both[place * 2 + year] > 1)[0])
        raise InputError(message("arithmetic.school_twice", position=row))
    rows = np.full((2, units.size), -1, dtype=np.int64)
    rows[year, place] = np.arange(sample.rows)
    w = sample.weight_array()
    there = [(rows[y] >= 0) & (w[rows[y]] != 0) for y in (0, 1)]
    stay, come, go = there[0] & there[1], there[1] & ~there[0], there[0] & ~there[1]
    codes = np.empty(units.size, dtype=np.int64)
    codes[place] = sample.groups.codes
    groups = Groups.from_codes(codes, sample.groups.n)

    def state(steps: tuple[int, ...]) -> Floats:
        """Return the coefficients after some steps: 0 values, 1 weights, 2 entry, 3 exit."""
        value_from = np.where(stay, rows[1 if 0 in steps else 0], np.where(come, rows[1], rows[0]))
        weight = np.where(stay, w[rows[1 if 1 in steps else 0]], 0.0)
        if 2 in steps:
            weight = np.where(come, w[rows[1]], weight)
        if 3 not in steps:
            weight = np.where(go, w[rows[0]], weight)
        moments = grouped_moments([np.asarray(c)[value_from] for c in sample.columns], weight, groups)
        return coefficient(moments.mean, moments.std)

    before, after = state(()), state((0, 1, 2, 3))
    parts = shapley(lambda s: state(s) - before, 4)
    k = len(sample.columns)
    figures = {"before": before, "after": after, "change": after - before}
    figures |= dict(zip(("from_values", "from_weights", "from_entry", "from_exit"), parts, strict=True))
    for name, which in (("stayed", stay), ("entered", come), ("left", go)):
        figures[name] = np.repeat(np.bincount(codes[which], minlength=groups.n), k)
    return sample.long(figures)


def sigma_convergence(values: Column | Columns, *, weights: Weights, years: Labels) -> pd.DataFrame:
    r"""Sigma convergence: whether differences between counties shrink from year to year.

    .. math:: CV_t = S_t / \bar X_t, \qquad \sigma_t = \sqrt{\sum_i p_{it} (\ln X_{it} - \overline{\ln X_t})^2}

    Parameters
    ----------
    values : (rows,) or (rows, indicators) array-like
        Figures of counties, such as area per student; all years in one column.
    weights : (rows,) array-like or None
        Enrolment of each county. Required; pass ``None`` to weight all counties equally.
    years : (rows,) array-like
        Year of each row.

    Returns
    -------
    pandas.DataFrame, or a frame of polars or pyarrow if these came in
        One row per year (and ``indicator``, for 2-D values): the year (column ``group`` if ``years`` has no name),
        ``coefficient`` (the difference coefficient) and ``sigma`` (the standard deviation of the logarithms). Falling
        figures mean convergence. NaN as in :func:`difference_coefficient`; ``sigma`` is also NaN if a value is not
        positive.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights, or a missing year.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Barro and Sala-i-Martin (1992), Convergence, Journal of Political Economy 100.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.sigma_convergence([1.0, 3.0, 2.0, 3.0], weights=None, years=[2024, 2024, 2025, 2025]).round(4)
       group  coefficient   sigma
    0   2024          0.5  0.5493
    1   2025          0.2  0.2027
    """
    if years is None:
        raise InputError(message("arithmetic.no_years"))
    sample = read_sample(values, weights, years)
    moments = grouped_moments(sample.columns, sample.weights, sample.groups)
    return sample.long(
        {
            "coefficient": coefficient(moments.mean, moments.std),
            "sigma": log_deviation(sample.columns, sample.weights, sample.groups),
        }
    )


def beta_convergence(before: Column, after: Column, *, weights: Weights, periods: float = 1.0) -> pd.Series[float]:
    r"""Beta convergence: whether counties that started lower grew faster.

    .. math:: \frac{1}{T} \ln \frac{X_{iT}}{X_{i0}} = a + b \ln X_{i0} + u_i, \qquad \lambda = -\ln(1 + b T) / T

    estimated by weighted least squares.

    Parameters
    ----------
    before, after : (counties,) array-like
        Figure of each county at the start and at the end. Positive.
    weights : (counties,) array-like or None
        Weight of each county. Required; pass ``None`` to weight all counties equally.
    periods : float
        Number of years between, T.

    Returns
    -------
    pandas.Series
        ``slope`` (b; negative: convergence), ``intercept`` (a), ``standard_error`` of the slope (with n - 2 degrees of
        freedom; equal variances in the sense of the weights), ``r_squared``, ``speed`` (lambda per year), ``half_life``
        (ln 2 / lambda, in years; NaN without convergence) and ``counties`` (with weight). A negative slope does not
        prove that dispersion falls: see :func:`sigma_convergence`. NaN if a figure with nonzero weight is missing or
        not positive, or if all counties start equal; the standard error is NaN with fewer than three counties.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights, or if ``periods`` is not positive.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Barro and Sala-i-Martin (1992), Convergence, Journal of Political Economy 100.

    Examples
    --------
    >>> import junheng as jh
    >>> print(jh.beta_convergence([1.0, 2.0, 4.0], [2.0, 3.0, 4.0], weights=None).round(4)["slope"])
    -0.5
    """
    t = check_number(periods, "periods", 0.0, 1e6, open_low=True)
    require_aligned(before=before, after=after)
    require_aligned(before=before, weights=weights)
    first, last = as_floats(before, "before"), as_floats(after, "after")
    if first.ndim != 1:
        raise InputError(message("arithmetic.shape_of_counties", name="before", shape=str(first.shape)))
    require_rows(first.size, after=last)
    if last.ndim != 1:
        raise InputError(message("arithmetic.shape_of_counties", name="after", shape=str(last.shape)))
    w = check_weights(weights, first.size)
    w = np.ones(first.size) if w is None else w
    present = w != 0
    first, last, w = first[present], last[present], w[present]
    names = ["slope", "intercept", "standard_error", "r_squared", "speed", "half_life", "counties"]
    out = np.full(len(names), np.nan)
    out[-1] = first.size
    if first.size and (first > 0).all() and (last > 0).all() and np.isfinite(first + last + w).all():
        with np.errstate(divide="ignore", invalid="ignore"):
            out[:-1] = _line(np.log(first), np.log(last / first) / t, w / w.sum(), t)
    result: pd.Series[float] = labelled(out, names, None)
    return result


def _line(x: Floats, y: Floats, p: Floats, periods: float) -> list[float]:
    mx, my = float(p @ x), float(p @ y)
    dx, dy = x - mx, y - my
    sxx, sxy, syy = (float(p @ (a * b)) for a, b in ((dx, dx), (dx, dy), (dy, dy)))
    if sxx <= (1e-13 * max(1.0, abs(mx))) ** 2:  # equal starts, up to rounding
        return [float("nan")] * 6
    slope = sxy / sxx
    rest = dy - slope * dx
    left = float(p @ (rest * rest))
    error = (left / (x.size - 2) / sxx) ** 0.5 if x.size > 2 else float("nan")
    r_squared = 1 - left / syy if syy > 0 else float("nan")
    base = 1 + slope * periods
    speed = -float(np.log(base)) / periods if base > 0 else float("nan")
    return [slope, my - slope * mx, error, r_squared, speed, float(np.log(2)) / speed if speed > 0 else float("nan")]


@overload
def gap_ratio(
    values: AnyShape, *, weights: Weights, where: Labels, group: Kinds, reference: Kinds, by: Labels | None = ...
) -> Any: ...
@overload
def gap_ratio(
    values: Column, *, weights: Weights, where: Labels, group: Kinds, reference: Kinds, by: None = ...
) -> float: ...
@overload
def gap_ratio(
    values: Columns, *, weights: Weights, where: Labels, group: Kinds, reference: Kinds, by: None = ...
) -> Vector: ...
@overload
def gap_ratio(
    values: Column, *, weights: Weights, where: Labels, group: Kinds, reference: Kinds, by: Labels
) -> pd.Series[float]: ...
@overload
def gap_ratio(
    values: Columns, *, weights: Weights, where: Labels, group: Kinds, reference: Kinds, by: Labels
) -> pd.DataFrame: ...
@renamed(upper="group", lower="reference")
def gap_ratio(values: Any, *, weights: Any, where: Any, group: Any, reference: Any, by: Any = None) -> Any:
    r"""Ratio of two weighted means, such as urban over rural.

    .. math:: R = \bar X_{group} / \bar X_{reference}

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    where : (schools,) array-like
        Kind of place of each school, such as the column ``area_type``.
    group, reference : label or list of labels
        Kinds in the numerator and in the denominator, such as ``["city", "town"]`` and ``"rural"``. Other schools are
        ignored.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        Dimensionless, 1 if both sides are equal; shapes as in :func:`difference_coefficient`. NaN if a side has no
        students, a value with nonzero weight is missing, or the mean of the reference is not positive.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights or a missing label, or if a kind does not occur or is
        on both sides.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    陕教基一〔2013〕3号 names gaps at three levels: between counties, between town and country, between schools.

    Examples
    --------
    >>> import junheng as jh
    >>> place = ["city", "town", "rural"]
    >>> jh.gap_ratio([6.0, 5.0, 4.0], weights=[50, 50, 10], where=place, group=["city", "town"], reference="rural")
    1.375
    """
    return measured(gap_ratio_kernel, values, weights, by, where=where, group=group, reference=reference)


def gap_ratio_kernel(sample: Sample, where: Any, group: Any, reference: Any) -> Kernel:
    """Return the kernel of :func:`gap_ratio`."""

    def compute(columns: list[Any], weights: Floats | None, groups: Groups, sides: Ints) -> Floats:
        mine, other = means_of_sides(columns, weights, groups, sides)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return np.where(other > 0, mine / other, np.nan)

    return Kernel(compute, read_sides(sample, where, group, reference))


def read_sides(sample: Sample, where: Any, group: Any, reference: Any) -> Ints:
    """Return 1 for schools of the group, -1 for those of the reference, 0 for others."""
    require_aligned(values=sample.given, where=where)
    kinds, words = factorize_labels(where, "where")
    require_rows(sample.rows, where=kinds)
    sides = [[s] if isinstance(s, str) or not hasattr(s, "__iter__") else list(s) for s in (group, reference)]
    position = {word: i for i, word in enumerate(words.tolist())}
    unknown = [s for side in sides for s in side if s not in position]
    if unknown:
        raise InputError(message("arithmetic.no_such_place", place=Quoted(unknown[0]), places=quoted(position)))
    if set(sides[0]) & set(sides[1]) or not sides[0] or not sides[1]:
        raise InputError(message("arithmetic.two_sides"))
    mine, other = (np.isin(kinds, [position[s] for s in side]) for side in sides)
    return mine.astype(np.int64) - other


def means_of_sides(columns: list[Any], weights: Floats | None, groups: Groups, sides: Ints) -> tuple[Floats, Floats]:
    """Return the weighted means of the group and of the reference."""
    w = np.ones(sides.size) if weights is None else weights
    mine, other = (grouped_moments(columns, np.where(sides == s, w, 0.0), groups).mean for s in (1, -1))
    return mine, other


def ranking(
    values: Column | Columns,
    *,
    by: Labels | None = None,
    ties: Literal["min", "average", "dense"] = "min",
    largest_first: bool = True,
) -> Floats:
    r"""Rank of each school or county, 1 for the first; equal values share a rank.

    .. math:: R_i = 1 + |\{j : X_j > X_i\}|

    for ``ties="min"`` and the largest first.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to rank.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group within which to rank, such as the province.
    ties : {"min", "average", "dense"}
        How two schools that tie for second place rank: 1 2 2 4, or 1 2.5 2.5 4, or 1 2 2 3.
    largest_first : bool
        Whether the largest value has rank 1.

    Returns
    -------
    ndarray
        In the shape of ``values``, in the order of the rows. A missing value gets NaN and is ignored in ranking the
        others. Values are compared without rounding.

    Raises
    ------
    InputError
        If the input contains text or a missing group label, or if ``ties`` is unknown.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    ``scipy.stats.rankdata`` uses the same names for ties.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.ranking([4.5, 6.0, 6.0, float("nan")])
    array([ 3.,  1.,  1., nan])
    """
    check_choice(ties, "ties", ("min", "average", "dense"))
    sample = read_sample(values, None, by)
    sign = -1.0 if largest_first else 1.0
    return sample.give_rows([_ranks(sign * np.asarray(c), sample.groups, ties) for c in sample.columns])


def _ranks(x: Floats, groups: Groups, ties: str) -> Floats:
    order = np.lexsort((x, groups.codes))  # NaN last
    out = np.full(x.size, np.nan)
    if not x.size:
        return out
    xs, codes = x[order], groups.codes[order]
    start = groups.starts[codes]
    place = np.arange(x.size)
    new = np.ones(x.size, dtype=bool)
    new[1:] = (xs[1:] != xs[:-1]) | (codes[1:] != codes[:-1])
    run = np.cumsum(new) - 1
    first = np.flatnonzero(new)
    last = np.append(first[1:], x.size) - 1
    if ties == "dense":
        rank = run - run[start] + 1.0
    elif ties == "average":
        rank = (first[run] + last[run]) / 2 - start + 1
    else:
        rank = place[first][run] - start + 1.0
    out[order] = np.where(np.isnan(xs), np.nan, rank)
    return out


def percentile_rank(values: Column | Columns, *, weights: Weights, by: Labels | None = None) -> Floats:
    r"""Percentile of each school: the share of students whose schools have less, plus half of those with as much.

    .. math:: 100 \left(\sum_{X_j < X_i} P_j + \frac{1}{2} \sum_{X_j = X_i} P_j\right) / P_N

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student; of the whole nation for national percentiles.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group within which to compare, such as the stage.

    Returns
    -------
    ndarray
        0 to 100, in the shape of ``values``, in the order of the rows; 50 for a single school. A school of weight 0
        gets a percentile but does not affect the others. A missing value gets NaN and is ignored in comparing the
        others. All NaN in a group with a missing weight or whose weights sum to 0.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights, or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    The "mean" kind of ``scipy.stats.percentileofscore``.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.percentile_rank([4.0, 5.0, 6.0], weights=[10, 20, 10])
    array([12.5, 50. , 87.5])
    """
    sample = read_sample(values, weights, by)
    return sample.give_rows([_percentiles(np.asarray(c), sample) for c in sample.columns])


def _percentiles(x: Floats, sample: Sample) -> Floats:
    out = np.full(x.size, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        for block in blocks(sample.groups, in_range(sample.weights)):
            values = x[block.rows]
            gaps = np.isnan(values)
            order = np.argsort(values, axis=1, kind="stable")  # missing last, without weight
            rank = np.take_along_axis(values, order, axis=1)
            weights = np.take_along_axis(np.where(gaps, 0.0, block.weights), order, axis=1)
            before, after = tie_bounds(rank, weights, np.cumsum(weights, axis=1))
            percentile = (before + (after - before) / 2) / weights.sum(axis=1, keepdims=True) * 100
            percentile[np.isnan(rank)] = np.nan
            out[np.take_along_axis(block.rows, order, axis=1)] = percentile  # padding repeats a school, and its rank
    return out
