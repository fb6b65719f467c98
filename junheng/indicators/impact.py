"""How far schools are from the mean or the best, and what would be gained if all were like the best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np
from attrs import evolve

from junheng._arrays import AnyShape, Column, Columns, Floats, Labels, Vector, Weights
from junheng.indicators._grouped import Kernel, Ranked, Sample, mean_of, measured, ranked_kernel

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "mean_difference_from_best",
    "mean_difference_from_mean",
    "population_attributable_fraction",
    "population_attributable_risk",
]


@overload
def mean_difference_from_mean(
    values: AnyShape, *, weights: Weights, weighted: bool = ..., by: Labels | None = ...
) -> Any: ...
@overload
def mean_difference_from_mean(values: Column, *, weights: Weights, weighted: bool = ..., by: None = ...) -> float: ...
@overload
def mean_difference_from_mean(values: Columns, *, weights: Weights, weighted: bool = ..., by: None = ...) -> Vector: ...
@overload
def mean_difference_from_mean(
    values: Column, *, weights: Weights, weighted: bool = ..., by: Labels
) -> pd.Series[float]: ...
@overload
def mean_difference_from_mean(
    values: Columns, *, weights: Weights, weighted: bool = ..., by: Labels
) -> pd.DataFrame: ...
def mean_difference_from_mean(values: Any, *, weights: Any, weighted: bool = True, by: Any = None) -> Any:
    r"""Mean difference from the mean: how far schools are from the mean, on average.

    .. math:: MDM = \sum_i p_i\,|X_i - \bar X|, \qquad p_i = P_i / P_N \text{ or } 1 / n

    In units of the values. Weighted, it is twice the mean times :func:`hoover`.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    weighted : bool
        Whether a distance counts by the weight of its school, or each school once. The mean is weighted by
        ``weights`` in both.
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
        If the input contains text, negative or infinite weights or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    WHO (2013), Handbook on Health Inequality Monitoring. Schlotheuber and Hosseinpoor (2022), Summary measures of
    health inequality, International Journal of Environmental Research and Public Health 19.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.mean_difference_from_mean([1.0, 5.0], weights=[75, 25])
    1.5
    >>> jh.mean_difference_from_mean([1.0, 5.0], weights=[75, 25], weighted=False)
    2.0
    """
    return measured(mean_difference_from_mean_kernel, values, weights, by, weighted=weighted)


def mean_difference_from_mean_kernel(sample: Sample, weighted: bool = True) -> Kernel:
    """Return the kernel of :func:`mean_difference_from_mean`."""
    return ranked_kernel(lambda s: _mean_distance(s, mean_of(s), weighted=weighted), signed=True)


@overload
def mean_difference_from_best(
    values: AnyShape, *, weights: Weights, weighted: bool = ..., favourable: bool = ..., by: Labels | None = ...
) -> Any: ...
@overload
def mean_difference_from_best(
    values: Column, *, weights: Weights, weighted: bool = ..., favourable: bool = ..., by: None = ...
) -> float: ...
@overload
def mean_difference_from_best(
    values: Columns, *, weights: Weights, weighted: bool = ..., favourable: bool = ..., by: None = ...
) -> Vector: ...
@overload
def mean_difference_from_best(
    values: Column, *, weights: Weights, weighted: bool = ..., favourable: bool = ..., by: Labels
) -> pd.Series[float]: ...
@overload
def mean_difference_from_best(
    values: Columns, *, weights: Weights, weighted: bool = ..., favourable: bool = ..., by: Labels
) -> pd.DataFrame: ...
def mean_difference_from_best(
    values: Any, *, weights: Any, weighted: bool = True, favourable: bool = True, by: Any = None
) -> Any:
    r"""Mean difference from the best: how far schools are from the best one, on average.

    .. math:: MDB = \sum_i p_i\,|X_i - X_{best}|, \qquad p_i = P_i / P_N \text{ or } 1 / n

    In units of the values. Weighted, it is the size of :func:`population_attributable_risk`.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    weighted : bool
        Whether a distance counts by the weight of its school, or each school once.
    favourable : bool
        Whether more is better: the best school is the one with the most, or with the least.
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
        If the input contains text, negative or infinite weights or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    WHO (2013), Handbook on Health Inequality Monitoring. Schlotheuber and Hosseinpoor (2022), Summary measures of
    health inequality, International Journal of Environmental Research and Public Health 19.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.mean_difference_from_best([1.0, 5.0], weights=[75, 25])
    3.0
    >>> jh.mean_difference_from_best([1.0, 5.0], weights=[75, 25], weighted=False)
    2.0
    """
    return measured(mean_difference_from_best_kernel, values, weights, by, weighted=weighted, favourable=favourable)


def mean_difference_from_best_kernel(sample: Sample, weighted: bool = True, favourable: bool = True) -> Kernel:
    """Return the kernel of :func:`mean_difference_from_best`."""

    def measure(s: Ranked) -> Floats:
        return _mean_distance(s, _best(s, favourable=favourable)[:, np.newaxis], weighted=weighted)

    return ranked_kernel(measure, signed=True)


@overload
def population_attributable_risk(
    values: AnyShape, *, weights: Weights, favourable: bool = ..., order: Column | None = ..., by: Labels | None = ...
) -> Any: ...
@overload
def population_attributable_risk(
    values: Column, *, weights: Weights, favourable: bool = ..., order: Column | None = ..., by: None = ...
) -> float: ...
@overload
def population_attributable_risk(
    values: Columns, *, weights: Weights, favourable: bool = ..., order: Column | None = ..., by: None = ...
) -> Vector: ...
@overload
def population_attributable_risk(
    values: Column, *, weights: Weights, favourable: bool = ..., order: Column | None = ..., by: Labels
) -> pd.Series[float]: ...
@overload
def population_attributable_risk(
    values: Columns, *, weights: Weights, favourable: bool = ..., order: Column | None = ..., by: Labels
) -> pd.DataFrame: ...
def population_attributable_risk(
    values: Any, *, weights: Any, favourable: bool = True, order: Any = None, by: Any = None
) -> Any:
    r"""Gain of the mean if all schools were like the best: the population attributable risk.

    .. math:: PAR = X_{reference} - \bar X

    The reference is the best school, or the schools of the highest order. 0 where nothing can be gained: the mean is at
    the reference, or better.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    favourable : bool
        Whether more is better: the best school is the one with the most, or with the least.
    order : (schools,) array-like, optional
        What schools are ordered by, from the most disadvantaged up. If given, the mean of the schools of the highest
        order is the reference, instead of the best school.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        In units of ``values``: 0 or more if more is better, 0 or less if less is better; shapes as in
        :func:`difference_coefficient`. NaN if a value (or order) with nonzero weight is missing, a value is infinite,
        or the weights of a group sum to 0. Schools of weight 0 are ignored. A single school gives 0.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    WHO (2013), Handbook on Health Inequality Monitoring. Schlotheuber and Hosseinpoor (2022), Summary measures of
    health inequality, International Journal of Environmental Research and Public Health 19.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.population_attributable_risk([1.0, 5.0], weights=[75, 25])
    3.0
    >>> jh.population_attributable_risk([1.0, 5.0], weights=[75, 25], favourable=False)
    -1.0
    """
    return measured(population_attributable_risk_kernel, values, weights, by, favourable=favourable, order=order)


def population_attributable_risk_kernel(sample: Sample, favourable: bool = True, order: Any = None) -> Kernel:
    """Return the kernel of :func:`population_attributable_risk`."""
    rank = None if order is None else sample.beside("order", order)
    return ranked_kernel(lambda s: _gain(s, favourable=favourable, ordered=rank is not None), rank, signed=True)


@overload
def population_attributable_fraction(
    values: AnyShape, *, weights: Weights, favourable: bool = ..., order: Column | None = ..., by: Labels | None = ...
) -> Any: ...
@overload
def population_attributable_fraction(
    values: Column, *, weights: Weights, favourable: bool = ..., order: Column | None = ..., by: None = ...
) -> float: ...
@overload
def population_attributable_fraction(
    values: Columns, *, weights: Weights, favourable: bool = ..., order: Column | None = ..., by: None = ...
) -> Vector: ...
@overload
def population_attributable_fraction(
    values: Column, *, weights: Weights, favourable: bool = ..., order: Column | None = ..., by: Labels
) -> pd.Series[float]: ...
@overload
def population_attributable_fraction(
    values: Columns, *, weights: Weights, favourable: bool = ..., order: Column | None = ..., by: Labels
) -> pd.DataFrame: ...
def population_attributable_fraction(
    values: Any, *, weights: Any, favourable: bool = True, order: Any = None, by: Any = None
) -> Any:
    r"""Gain of the mean if all schools were like the best, over the mean: the population attributable fraction.

    .. math:: PAF = \frac{X_{reference} - \bar X}{\bar X}

    By what part the mean would change if all were like the reference of :func:`population_attributable_risk`. WHO
    prints it in per cent.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student. Not negative.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    favourable : bool
        Whether more is better: the best school is the one with the most, or with the least.
    order : (schools,) array-like, optional
        What schools are ordered by, from the most disadvantaged up. If given, the mean of the schools of the highest
        order is the reference, instead of the best school.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        Dimensionless: 0 or more if more is better, between -1 and 0 if less is better; shapes as in
        :func:`difference_coefficient`. NaN if a value (or order) with nonzero weight is missing, a value is infinite or
        negative, or the weights or all values of a group sum to 0. Schools of weight 0 are ignored. A single school
        gives 0.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    WHO (2013), Handbook on Health Inequality Monitoring. Schlotheuber and Hosseinpoor (2022), Summary measures of
    health inequality, International Journal of Environmental Research and Public Health 19.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.population_attributable_fraction([1.0, 5.0], weights=[75, 25])
    1.5
    """
    return measured(population_attributable_fraction_kernel, values, weights, by, favourable=favourable, order=order)


def population_attributable_fraction_kernel(sample: Sample, favourable: bool = True, order: Any = None) -> Kernel:
    """Return the kernel of :func:`population_attributable_fraction`."""
    rank = None if order is None else sample.beside("order", order)

    def measure(s: Ranked) -> Floats:
        return _gain(s, favourable=favourable, ordered=rank is not None) / mean_of(s)[:, 0]

    return ranked_kernel(measure, rank)


# ------------------------------------------------------------------------- of sorted groups of like size


def _best(s: Ranked, *, favourable: bool) -> Floats:
    """Return the highest (or lowest) value of the schools with weight."""
    worst = -np.inf if favourable else np.inf
    there = np.where(s.weights == 0, worst, s.figures)
    out: Floats = there.max(axis=1) if favourable else there.min(axis=1)
    return out


def _mean_distance(s: Ranked, point: Floats, *, weighted: bool) -> Floats:
    weights = s.weights if weighted else (s.weights != 0).astype(np.float64)
    out: Floats = (weights * np.abs(s.figures - point)).sum(axis=1) / weights.sum(axis=1)
    return out


def _gain(s: Ranked, *, favourable: bool, ordered: bool) -> Floats:
    """Return the reference minus the mean, 0 where that would be a loss."""
    mean = mean_of(s)[:, 0]
    if ordered:
        top = np.where(s.rank == s.rank[:, -1:], s.weights, 0.0)
        reference = mean_of(evolve(s, weights=top, cumulated=np.cumsum(top, axis=1)))[:, 0]
    else:
        reference = _best(s, favourable=favourable)
    gain = reference - mean
    return np.maximum(gain, 0.0) if favourable else np.minimum(gain, 0.0)
