"""Measures of school finance: halves about the median, ranges between quantiles, neutrality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from junheng._arrays import (
    AnyShape,
    Column,
    Columns,
    Floats,
    Labels,
    Vector,
    Weights,
    grouped_moments,
)
from junheng.indicators._grouped import Kernel, Ranked, Sample, measured, ranked_kernel, read_sample
from junheng.indicators.quantiles import check_quantiles, over, quantile_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "federal_range_ratio",
    "mcloone_index",
    "neutrality",
    "restricted_range",
    "verstegen_index",
]


@overload
def mcloone_index(values: AnyShape, *, weights: Weights, by: Labels | None = ...) -> Any: ...
@overload
def mcloone_index(values: Column, *, weights: Weights, by: None = ...) -> float: ...
@overload
def mcloone_index(values: Columns, *, weights: Weights, by: None = ...) -> Vector: ...
@overload
def mcloone_index(values: Column, *, weights: Weights, by: Labels) -> pd.Series[float]: ...
@overload
def mcloone_index(values: Columns, *, weights: Weights, by: Labels) -> pd.DataFrame: ...
def mcloone_index(values: Any, *, weights: Any, by: Any = None) -> Any:
    r"""McLoone index: what the lower half has, over what it would have at the median.

    .. math:: M = \frac{\sum_{X_i \le m} P_i X_i}{m \sum_{X_i \le m} P_i}, \qquad m = Q(0.5)

    Ranges from 0 (the lower half has nothing) to 1 (it is at the median). The upper half does not matter. The median is
    :func:`weighted_quantile`; every school at or below it counts whole, also where that is more than half the students.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student. Not negative.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        A share between 0 and 1; shapes as in :func:`difference_coefficient`. NaN if a value with nonzero weight is
        missing, infinite or negative, if the median is 0, or if the weights of a group sum to 0. Schools of weight 0
        are ignored. A single school gives 1.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Berne and Stiefel (1984), The Measurement of Equity in School Finance.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.mcloone_index([2.0, 4.0, 5.0, 9.0], weights=[10, 10, 10, 10])
    0.75
    """
    return measured(mcloone_index_kernel, values, weights, by)


def mcloone_index_kernel(sample: Sample) -> Kernel:
    """Return the kernel of :func:`mcloone_index`."""

    def measure(s: Ranked) -> Floats:
        median = quantile_of(s, 0.5)[:, np.newaxis]
        return np.minimum(_over_median(s, median, s.figures <= median), 1.0)

    return ranked_kernel(measure)


@overload
def verstegen_index(values: AnyShape, *, weights: Weights, by: Labels | None = ...) -> Any: ...
@overload
def verstegen_index(values: Column, *, weights: Weights, by: None = ...) -> float: ...
@overload
def verstegen_index(values: Columns, *, weights: Weights, by: None = ...) -> Vector: ...
@overload
def verstegen_index(values: Column, *, weights: Weights, by: Labels) -> pd.Series[float]: ...
@overload
def verstegen_index(values: Columns, *, weights: Weights, by: Labels) -> pd.DataFrame: ...
def verstegen_index(values: Any, *, weights: Any, by: Any = None) -> Any:
    r"""Verstegen index: what the upper half has, over what it would have at the median.

    .. math:: V = \frac{\sum_{X_i \ge m} P_i X_i}{m \sum_{X_i \ge m} P_i}, \qquad m = Q(0.5)

    1 if the upper half is at the median, more otherwise, without bound. The counterpart of :func:`mcloone_index`; a
    school at the median belongs to both halves.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student. Not negative.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        Dimensionless, at least 1; shapes as in :func:`difference_coefficient`. NaN if a value with nonzero weight is
        missing, infinite or negative, if the median is 0, or if the weights of a group sum to 0. Schools of weight 0
        are ignored. A single school gives 1.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Verstegen (1996), Concepts and measures of fiscal inequality, Journal of Education Finance 22.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.verstegen_index([2.0, 4.0, 5.0, 9.0], weights=[10, 10, 10, 10])
    1.5
    """
    return measured(verstegen_index_kernel, values, weights, by)


def verstegen_index_kernel(sample: Sample) -> Kernel:
    """Return the kernel of :func:`verstegen_index`."""

    def measure(s: Ranked) -> Floats:
        median = quantile_of(s, 0.5)[:, np.newaxis]
        return np.maximum(_over_median(s, median, s.figures >= median), 1.0)

    return ranked_kernel(measure)


def _over_median(s: Ranked, median: Floats, half: NDArray[np.bool_]) -> Floats:
    """Return what a half has over what it would have at the median."""
    weights = np.where(half, s.weights, 0.0)
    return over((weights * s.figures).sum(axis=1), median[:, 0] * weights.sum(axis=1))


@overload
def restricted_range(
    values: AnyShape, *, weights: Weights, upper: float = ..., lower: float = ..., by: Labels | None = ...
) -> Any: ...
@overload
def restricted_range(
    values: Column, *, weights: Weights, upper: float = ..., lower: float = ..., by: None = ...
) -> float: ...
@overload
def restricted_range(
    values: Columns, *, weights: Weights, upper: float = ..., lower: float = ..., by: None = ...
) -> Vector: ...
@overload
def restricted_range(
    values: Column, *, weights: Weights, upper: float = ..., lower: float = ..., by: Labels
) -> pd.Series[float]: ...
@overload
def restricted_range(
    values: Columns, *, weights: Weights, upper: float = ..., lower: float = ..., by: Labels
) -> pd.DataFrame: ...
def restricted_range(values: Any, *, weights: Any, upper: float = 0.95, lower: float = 0.05, by: Any = None) -> Any:
    r"""Restricted range: an upper quantile minus a lower one, P95 - P5.

    .. math:: R = Q(u) - Q(l)

    In units of the values, so not comparable between indicators; :func:`federal_range_ratio` divides by the lower one.
    Quantiles are those of :func:`weighted_quantile`, not interpolated.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    upper, lower : float
        Shares of the weight, above 0 and at most 1. Default: 0.95 and 0.05.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        In units of ``values``, 0 for equality; shapes as in :func:`difference_coefficient`. NaN if a value with nonzero
        weight is missing or infinite, or if the weights of a group sum to 0. Schools of weight 0 are ignored. A single
        school gives 0.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights or a missing group label, or if a share is out of
        range.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Berne and Stiefel (1984), The Measurement of Equity in School Finance.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.restricted_range([2.0, 3.0, 6.0], weights=[10, 80, 10])
    4.0
    >>> jh.restricted_range([2.0, 3.0, 6.0], weights=[10, 80, 10], upper=0.9, lower=0.1)
    1.0
    """
    return measured(restricted_range_kernel, values, weights, by, upper=upper, lower=lower)


def restricted_range_kernel(sample: Sample, upper: float = 0.95, lower: float = 0.05) -> Kernel:
    """Return the kernel of :func:`restricted_range`."""
    high, low = check_quantiles(upper, lower)
    return ranked_kernel(lambda s: quantile_of(s, high) - quantile_of(s, low), signed=True)


@overload
def federal_range_ratio(values: AnyShape, *, weights: Weights, by: Labels | None = ...) -> Any: ...
@overload
def federal_range_ratio(values: Column, *, weights: Weights, by: None = ...) -> float: ...
@overload
def federal_range_ratio(values: Columns, *, weights: Weights, by: None = ...) -> Vector: ...
@overload
def federal_range_ratio(values: Column, *, weights: Weights, by: Labels) -> pd.Series[float]: ...
@overload
def federal_range_ratio(values: Columns, *, weights: Weights, by: Labels) -> pd.DataFrame: ...
def federal_range_ratio(values: Any, *, weights: Any, by: Any = None) -> Any:
    r"""Federal range ratio: (P95 - P5) / P5.

    .. math:: F = \frac{Q(0.95) - Q(0.05)}{Q(0.05)}

    Named after the disparity test of federal impact aid in the United States, which allows 0.25. Quantiles are those of
    :func:`weighted_quantile`: with students as weights, the 5 % of the students in the least equipped schools, and the
    5 % in the best, are cut off.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student. Not negative.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        Dimensionless, 0 for equality; shapes as in :func:`difference_coefficient`. NaN if a value with nonzero weight
        is missing, infinite or negative, if the lower quantile is 0, or if the weights of a group sum to 0. Schools of
        weight 0 are ignored. A single school gives 0.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    34 CFR 222.162 (United States). Berne and Stiefel (1984), The Measurement of Equity in School Finance.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.federal_range_ratio([2.0, 3.0, 6.0], weights=[10, 80, 10])
    2.0
    """
    return measured(federal_range_ratio_kernel, values, weights, by)


def federal_range_ratio_kernel(sample: Sample) -> Kernel:
    """Return the kernel of :func:`federal_range_ratio`."""

    def measure(s: Ranked) -> Floats:
        low = quantile_of(s, 0.05)
        return over(quantile_of(s, 0.95) - low, low)

    return ranked_kernel(measure)


def neutrality(values: Column | Columns, *, weights: Weights, wealth: Column, by: Labels | None = None) -> pd.DataFrame:
    r"""Wealth neutrality: how closely what schools have goes with the wealth of their area.

    .. math:: r = \frac{\sum_i p_i (X_i - \bar X)(W_i - \bar W)}{S_X S_W}, \qquad b = r\,\frac{S_X}{S_W}, \qquad
        e = b\,\frac{\bar W}{\bar X}, \qquad p_i = P_i / P_N

    with S the weighted standard deviations. A system is neutral if wealth makes no difference: all three are 0. The
    correlation tells how closely the two go together, the elasticity how much: 1 % more wealth comes with e % more.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as expenditure per student.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    wealth : (schools,) array-like
        Wealth of the area of each school, such as income or revenue per head.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    pandas.DataFrame, or a frame of polars or pyarrow if these came in
        One row per group (and ``indicator``, for 2-D values): the group labels (column ``group`` if ``by`` has no
        name), ``correlation`` (-1 to 1), ``slope`` (units of ``values`` per unit of wealth) and ``elasticity`` (at the
        means). NaN if a value or wealth with nonzero weight is missing or infinite, the weights of a group sum to 0, or
        all schools are equally wealthy. The correlation is also NaN if all values are equal, the elasticity if the mean
        of the values is 0. Schools of weight 0 are ignored. A single school gives NaN.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights, or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Berne and Stiefel (1984), The Measurement of Equity in School Finance.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.neutrality([1.0, 3.0], weights=[50, 50], wealth=[10.0, 30.0])
       correlation  slope  elasticity
    0          1.0    0.1         1.0
    """
    sample = read_sample(values, weights, by)
    other = sample.beside("wealth", wealth)
    moments = grouped_moments([*sample.columns, other], sample.weights, sample.groups)
    codes = sample.groups.codes
    with np.errstate(all="ignore"):
        # deviations in units of their standard deviation: their products stay in the range of floats
        units = [(np.asarray(c) - moments.mean[codes, j]) / moments.std[codes, j] for j, c in enumerate(sample.columns)]
        wealthy = (other - moments.mean[codes, -1]) / moments.std[codes, -1]
        r = grouped_moments([u * wealthy for u in units], sample.weights, sample.groups).mean
        r = np.clip(r, -1.0, 1.0)
        mean, std = moments.mean[:, :-1], moments.std[:, :-1]
        alike = (std == 0) & (moments.std[:, -1:] > 0)
        slope = np.where(alike, 0.0, r * (std / moments.std[:, -1:]))
        relative = (std / mean) * (moments.mean[:, -1:] / moments.std[:, -1:])
        elasticity = np.where(mean == 0, np.nan, np.where(alike, 0.0, r * relative))
    return sample.long({"correlation": r, "slope": slope, "elasticity": elasticity})
