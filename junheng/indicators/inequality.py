"""Measures based on order and distance: Gini, Hoover, ratio of the extremes, shares of the bottom and the top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np

from junheng._arrays import AnyShape, Column, Columns, Floats, Groups, Labels, Vector, Weights
from junheng.indicators._grouped import (
    Kernel,
    Ranked,
    Sample,
    check_number,
    measured,
    over_ranked,
    ranked_kernel,
    relative_sums,
)
from junheng.indicators.quantiles import over, quantile_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["gini", "hoover", "range_ratio", "share_of_bottom", "share_of_top"]


@overload
def gini(values: AnyShape, *, weights: Weights, by: Labels | None = ...) -> Any: ...
@overload
def gini(values: Column, *, weights: Weights, by: None = ...) -> float: ...
@overload
def gini(values: Columns, *, weights: Weights, by: None = ...) -> Vector: ...
@overload
def gini(values: Column, *, weights: Weights, by: Labels) -> pd.Series[float]: ...
@overload
def gini(values: Columns, *, weights: Weights, by: Labels) -> pd.DataFrame: ...
def gini(values: Any, *, weights: Any, by: Any = None) -> Any:
    r"""Gini coefficient: half the mean difference between two students' schools, over the mean.

    .. math:: G = \frac{1}{2 \bar X} \sum_i \sum_j p_i p_j\,|X_i - X_j|

    .. math:: p_i = P_i / P_N

    Ranges from 0 for equality to :math:`1 - P_i / P_N` if one school has everything. This is the population
    form: unweighted, its maximum is :math:`1 - 1/n`. Multiply by :math:`n / (n - 1)` for the form corrected for small
    samples. Computed from the gaps between sorted neighbours, which are never negative, so that no digits cancel.

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
        is missing, infinite or negative, or if the weights or all values of a group sum to 0. Schools of weight 0 are
        ignored. A single school gives 0.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights, or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Cowell (2011), Measuring Inequality. Lerman and Yitzhaki (1989), Improving the accuracy of estimates of
    Gini coefficients, Journal of Econometrics 42.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.gini([1.0, 3.0], weights=[50, 50])
    0.25
    >>> jh.gini([1.0, 3.0, 2.0], weights=[5, 5, 9], by=["A", "A", "B"])
    A    0.25
    B    0.00
    dtype: float64
    """
    return measured(gini_kernel, values, weights, by)


def gini_kernel(sample: Sample) -> Kernel:
    """Return the kernel of :func:`gini`."""
    return Kernel(gini_sums)


@overload
def hoover(values: AnyShape, *, weights: Weights, by: Labels | None = ...) -> Any: ...
@overload
def hoover(values: Column, *, weights: Weights, by: None = ...) -> float: ...
@overload
def hoover(values: Columns, *, weights: Weights, by: None = ...) -> Vector: ...
@overload
def hoover(values: Column, *, weights: Weights, by: Labels) -> pd.Series[float]: ...
@overload
def hoover(values: Columns, *, weights: Weights, by: Labels) -> pd.DataFrame: ...
def hoover(values: Any, *, weights: Any, by: Any = None) -> Any:
    r"""Hoover index (Robin Hood, Pietra): the share of the total that would have to move for equality.

    .. math:: H = \frac{1}{2} \sum_i p_i \left|\frac{X_i}{\bar X} - 1\right|, \qquad p_i = P_i / P_N

    Ranges from 0 for equality to :math:`1 - P_i / P_N` if one school has everything. Equals half the relative mean
    deviation and the greatest distance of the Lorenz curve from the diagonal. Transfers on one side of the mean do not
    change it.

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
        missing, infinite or negative, or if the weights or all values of a group sum to 0. Schools of weight 0 are
        ignored. A single school gives 0.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights, or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Hoover (1936), The measurement of industrial localization, Review of Economics and Statistics 18.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.hoover([1.0, 3.0], weights=[50, 50])
    0.25
    """
    return measured(hoover_kernel, values, weights, by)


def hoover_kernel(sample: Sample) -> Kernel:
    """Return the kernel of :func:`hoover`."""
    return Kernel(lambda columns, weights, groups: relative_sums(columns, weights, groups, _half_distance))


@overload
def range_ratio(values: AnyShape, *, weights: Weights, by: Labels | None = ...) -> Any: ...
@overload
def range_ratio(values: Column, *, weights: Weights, by: None = ...) -> float: ...
@overload
def range_ratio(values: Columns, *, weights: Weights, by: None = ...) -> Vector: ...
@overload
def range_ratio(values: Column, *, weights: Weights, by: Labels) -> pd.Series[float]: ...
@overload
def range_ratio(values: Columns, *, weights: Weights, by: Labels) -> pd.DataFrame: ...
def range_ratio(values: Any, *, weights: Any, by: Any = None) -> Any:
    r"""Ratio of the greatest to the least value (极差率).

    .. math:: R = \max_i X_i / \min_i X_i

    Computed over schools with nonzero weight; the size of the weight does not matter.

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
        Dimensionless, 1 for equality; shapes as in :func:`difference_coefficient`. NaN if a value with nonzero weight
        is missing, infinite or negative, where the least is 0, or if the weights or all values of a group sum to 0.
        Schools of weight 0 are ignored. A single school gives 1.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights, or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Cowell (2011), Measuring Inequality.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.range_ratio([2.0, 3.0, 6.0], weights=[10, 80, 10])
    3.0
    """
    return measured(range_ratio_kernel, values, weights, by)


def range_ratio_kernel(sample: Sample) -> Kernel:
    """Return the kernel of :func:`range_ratio`."""
    return ranked_kernel(lambda s: over(s.figures[:, -1], quantile_of(s, 0.0)))


@overload
def share_of_bottom(values: AnyShape, *, weights: Weights, share: float = ..., by: Labels | None = ...) -> Any: ...
@overload
def share_of_bottom(values: Column, *, weights: Weights, share: float = ..., by: None = ...) -> float: ...
@overload
def share_of_bottom(values: Columns, *, weights: Weights, share: float = ..., by: None = ...) -> Vector: ...
@overload
def share_of_bottom(values: Column, *, weights: Weights, share: float = ..., by: Labels) -> pd.Series[float]: ...
@overload
def share_of_bottom(values: Columns, *, weights: Weights, share: float = ..., by: Labels) -> pd.DataFrame: ...
def share_of_bottom(values: Any, *, weights: Any, share: float = 0.2, by: Any = None) -> Any:
    r"""Share of the total held by the students of the least equipped schools.

    .. math:: S = \frac{\sum_i c_i X_i}{\sum_i P_i X_i}, \qquad c_i \text{ students of school } i
        \text{ among the } s\,P_N \text{ students with the least}

    The school at the boundary counts with part of its students, so that this is the height of the Lorenz curve at
    ``share``.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student. Not negative.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    share : float
        Share of the students, from 0 to 1.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        A share; ``share`` itself for equality, less otherwise; shapes as in :func:`difference_coefficient`. NaN if a
        value with nonzero weight is missing, infinite or negative, or if the weights or all values of a group sum to 0.
        Schools of weight 0 are ignored. A single school counts as equal.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights or a missing group label, or if ``share`` is out of
        range.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Cowell (2011), Measuring Inequality.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.share_of_bottom([1.0, 3.0], weights=[50, 50], share=0.5)
    0.25
    >>> jh.share_of_bottom([1.0, 3.0], weights=[50, 50], share=0.25)
    0.125
    """
    return measured(share_of_bottom_kernel, values, weights, by, share=share)


@overload
def share_of_top(values: AnyShape, *, weights: Weights, share: float = ..., by: Labels | None = ...) -> Any: ...
@overload
def share_of_top(values: Column, *, weights: Weights, share: float = ..., by: None = ...) -> float: ...
@overload
def share_of_top(values: Columns, *, weights: Weights, share: float = ..., by: None = ...) -> Vector: ...
@overload
def share_of_top(values: Column, *, weights: Weights, share: float = ..., by: Labels) -> pd.Series[float]: ...
@overload
def share_of_top(values: Columns, *, weights: Weights, share: float = ..., by: Labels) -> pd.DataFrame: ...
def share_of_top(values: Any, *, weights: Any, share: float = 0.2, by: Any = None) -> Any:
    r"""Share of the total held by the students of the best equipped schools.

    .. math:: S = \frac{\sum_i c_i X_i}{\sum_i P_i X_i}, \qquad c_i \text{ students of school } i
        \text{ among the } s\,P_N \text{ students with the most}

    The school at the boundary counts with part of its students; this and :func:`share_of_bottom` of the remaining share
    sum to 1.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student. Not negative.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    share : float
        Share of the students, from 0 to 1.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        A share; ``share`` itself for equality, more otherwise; shapes as in :func:`difference_coefficient`. NaN if a
        value with nonzero weight is missing, infinite or negative, or if the weights or all values of a group sum to 0.
        Schools of weight 0 are ignored. A single school counts as equal.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights or a missing group label, or if ``share`` is out of
        range.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Cowell (2011), Measuring Inequality.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.share_of_top([1.0, 3.0], weights=[50, 50], share=0.5)
    0.75
    """
    return measured(share_of_top_kernel, values, weights, by, share=share)


def gini_sums(columns: list[Any], weights: Floats | None, groups: Groups) -> Floats:
    """Gini coefficient of every group (rows) and column, from arrays."""
    return over_ranked(columns, weights, groups, _gini)


def _gini(s: Ranked) -> Floats:
    below, total = s.cumulated[:, :-1], s.cumulated[:, -1:]
    gaps = np.diff(s.figures, axis=1)
    gaps *= below
    gaps *= total - below
    out: Floats = gaps.sum(axis=1) / (s.weight * (s.figures * s.weights).sum(axis=1))
    return out


def _half_distance(r: Floats) -> Floats:
    r -= 1.0
    np.abs(r, out=r)
    r *= 0.5
    return r


def share_of_bottom_kernel(sample: Sample, share: float = 0.2) -> Kernel:
    """Return the kernel of :func:`share_of_bottom`."""
    part = check_number(share, "share", 0.0, 1.0)
    return ranked_kernel(lambda s: held_at_end(s, part, top=False))


def share_of_top_kernel(sample: Sample, share: float = 0.2) -> Kernel:
    """Return the kernel of :func:`share_of_top`."""
    part = check_number(share, "share", 0.0, 1.0)
    return ranked_kernel(lambda s: held_at_end(s, part, top=True))


def held_at_end(s: Ranked, part: float, of: int = 1, *, top: bool) -> Floats:
    """Return what a share of the students, ``part / of``, holds from one end; the school at the boundary is split.

    A fraction cuts whole numbers of students exactly.
    """
    passed = s.cumulated[:, -1:] - s.cumulated if top else s.cumulated - s.weights
    taken = np.clip((part * s.cumulated[:, -1:] - of * passed) / of, 0.0, s.weights)
    out: Floats = (taken * s.figures).sum(axis=1) / (s.weights * s.figures).sum(axis=1)
    return out
