"""The weighted quantile that all measures share, the position of a school, and measures by quantiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np

from junheng._arrays import AnyShape, Column, Columns, Floats, Labels, Vector, Weights
from junheng.errors import InputError
from junheng.indicators._grouped import Kernel, Ranked, Sample, check_number, measured, ranked_kernel
from junheng.words import message

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["quantile_ratio", "weighted_quantile"]

#: A cumulated share this close below a quantile has reached it: 0.7 of 10 is 7, whatever binary fractions say.
_REACHED = 1 - 1e-12


@overload
def weighted_quantile(values: AnyShape, *, weights: Weights, share: float = ..., by: Labels | None = ...) -> Any: ...
@overload
def weighted_quantile(values: Column, *, weights: Weights, share: float = ..., by: None = ...) -> float: ...
@overload
def weighted_quantile(values: Columns, *, weights: Weights, share: float = ..., by: None = ...) -> Vector: ...
@overload
def weighted_quantile(values: Column, *, weights: Weights, share: float = ..., by: Labels) -> pd.Series[float]: ...
@overload
def weighted_quantile(values: Columns, *, weights: Weights, share: float = ..., by: Labels) -> pd.DataFrame: ...
def weighted_quantile(values: Any, *, weights: Any, share: float = 0.5, by: Any = None) -> Any:
    r"""Weighted quantile, such as the median; the one that all measures of this library use.

    .. math:: Q(q) = \min\{X_i : \sum_{X_j \le X_i} P_j \ge q\,P_N\}

    A quantile is an observed value: the smallest at which the cumulated weight reaches the share (``inverted_cdf`` in
    numpy, type 1 in R). Other types interpolate between schools. It is the inverse of the cumulated share; the position
    of a school in it is :func:`percentile_rank`.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    share : float
        Share of the weight, above 0 and at most 1. Default: 0.5, the median.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        In units of ``values``; shapes as in :func:`difference_coefficient`. NaN if a value with nonzero weight is
        missing or infinite, or if the weights of a group sum to 0. Schools of weight 0 are ignored. A single school
        gives its own value.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights or a missing group label, or if ``share`` is out of
        range.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Hyndman and Fan (1996), Sample quantiles in statistical packages, The American Statistician 50: definition 1.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.weighted_quantile([2.0, 3.0, 6.0], weights=[10, 80, 10])
    3.0
    >>> jh.weighted_quantile([2.0, 3.0, 6.0], weights=[10, 80, 10], share=0.95)
    6.0
    """
    return measured(weighted_quantile_kernel, values, weights, by, share=share)


def weighted_quantile_kernel(sample: Sample, share: float = 0.5) -> Kernel:
    """Return the kernel of :func:`weighted_quantile`."""
    part = check_number(share, "share", 0.0, 1.0, open_low=True)
    return ranked_kernel(lambda s: quantile_of(s, part), signed=True)


@overload
def quantile_ratio(
    values: AnyShape, *, weights: Weights, upper: float = ..., lower: float = ..., by: Labels | None = ...
) -> Any: ...
@overload
def quantile_ratio(
    values: Column, *, weights: Weights, upper: float = ..., lower: float = ..., by: None = ...
) -> float: ...
@overload
def quantile_ratio(
    values: Columns, *, weights: Weights, upper: float = ..., lower: float = ..., by: None = ...
) -> Vector: ...
@overload
def quantile_ratio(
    values: Column, *, weights: Weights, upper: float = ..., lower: float = ..., by: Labels
) -> pd.Series[float]: ...
@overload
def quantile_ratio(
    values: Columns, *, weights: Weights, upper: float = ..., lower: float = ..., by: Labels
) -> pd.DataFrame: ...
def quantile_ratio(values: Any, *, weights: Any, upper: float = 0.9, lower: float = 0.1, by: Any = None) -> Any:
    r"""Ratio of an upper to a lower quantile, such as P90/P10.

    .. math:: R = Q(u) / Q(l), \qquad Q(q) = \min\{X_i : \sum_{X_j \le X_i} P_j \ge q\,P_N\}

    Quantiles are those of :func:`weighted_quantile`: observed values, not interpolated.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student. Not negative.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    upper, lower : float
        Shares of the weight, above 0 and at most 1.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        Dimensionless, 1 for equality; shapes as in :func:`difference_coefficient`. NaN if a value with nonzero weight
        is missing, infinite or negative, where the lower quantile is 0, or if the weights or all values of a group sum
        to 0. Schools of weight 0 are ignored. A single school gives 1.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights or a missing group label, or if a share is out of
        range.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Hyndman and Fan (1996), Sample quantiles in statistical packages, The American Statistician 50: definition 1.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.quantile_ratio([2.0, 3.0, 6.0], weights=[10, 80, 10], upper=0.95, lower=0.05)
    3.0
    """
    return measured(quantile_ratio_kernel, values, weights, by, upper=upper, lower=lower)


def quantile_ratio_kernel(sample: Sample, upper: float = 0.9, lower: float = 0.1) -> Kernel:
    """Return the kernel of :func:`quantile_ratio`."""
    high, low = check_quantiles(upper, lower)
    return ranked_kernel(lambda s: over(quantile_of(s, high), quantile_of(s, low)))


def check_quantiles(upper: Any, lower: Any) -> tuple[float, float]:
    """Return two shares of the weight, the upper not below the lower."""
    high = check_number(upper, "upper", 0.0, 1.0, open_low=True)
    low = check_number(lower, "lower", 0.0, 1.0, open_low=True)
    if high < low:
        raise InputError(message("arithmetic.upper_below_lower", upper=repr(upper), lower=repr(lower)))
    return high, low


def over(top: Floats, bottom: Floats) -> Floats:
    """Return a ratio, NaN over 0."""
    return np.where(bottom == 0, np.nan, top / bottom)


# ------------------------------------------------------------------------- of sorted groups of like size


def quantile_of(s: Ranked, share: float) -> Floats:
    """Return the least value whose cumulated weight reaches the share; for 0 the least value with weight."""
    missed = s.cumulated <= 0 if share == 0 else s.cumulated < share * _REACHED * s.cumulated[:, -1:]
    place = np.minimum(missed.sum(axis=1), s.figures.shape[1] - 1)
    return np.take_along_axis(s.figures, place[:, np.newaxis], axis=1)[:, 0]


def tie_bounds(rank: Floats, weights: Floats, cumulated: Floats) -> tuple[Floats, Floats]:
    """Return, for each sorted school, the weight before those of its rank, and the weight up to the last of them."""
    new = np.ones(rank.shape, dtype=bool)
    new[:, 1:] = rank[:, 1:] != rank[:, :-1]
    last = np.ones_like(new)
    last[:, :-1] = new[:, 1:]
    before = np.maximum.accumulate(np.where(new, cumulated - weights, 0.0), axis=1)
    after = np.minimum.accumulate(np.where(last, cumulated, np.inf)[:, ::-1], axis=1)[:, ::-1]
    return before, after


def positions(s: Ranked) -> Floats:
    """Return 2 R - 1 of each school: R (the ridit) is the share of weight below it plus half that of its own rank."""
    before, after = tie_bounds(s.rank, s.weights, s.cumulated)
    total = s.cumulated[:, -1:]
    out: Floats = (before + after - total) / total
    return out
