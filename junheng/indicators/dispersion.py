"""Dispersion between schools: enrolment-weighted mean, standard deviation and difference coefficient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np

from junheng._arrays import (
    AnyShape,
    Column,
    Columns,
    Floats,
    Groups,
    Labels,
    PandasFrame,
    Vector,
    Weights,
    as_floats,
    coefficient,
    grouped_moments,
)
from junheng._frames import labelled
from junheng.errors import InputError
from junheng.indicators._grouped import Kernel, Sample, measured
from junheng.words import message

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["composite_difference_coefficient", "difference_coefficient", "weighted_mean", "weighted_std"]


@overload
def weighted_mean(values: AnyShape, *, weights: Weights, by: Labels | None = ...) -> Any: ...
@overload
def weighted_mean(values: Column, *, weights: Weights, by: None = ...) -> float: ...
@overload
def weighted_mean(values: Columns, *, weights: Weights, by: None = ...) -> Vector: ...
@overload
def weighted_mean(values: Column, *, weights: Weights, by: Labels) -> pd.Series[float]: ...
@overload
def weighted_mean(values: Columns, *, weights: Weights, by: Labels) -> pd.DataFrame: ...
def weighted_mean(values: Any, *, weights: Any, by: Any = None) -> Any:
    r"""Weighted mean; with enrolment as weights the mean of per-student values is the ratio of the totals.

    .. math:: \bar X = \frac{\sum_i P_i X_i}{\sum_i P_i} = \frac{\sum_i x_i}{\sum_i P_i}

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to average, such as area per student.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        In units of ``values``; shapes as in :func:`difference_coefficient`. NaN if a value with nonzero
        weight is missing, or the weights of a group sum to 0. Schools of weight 0 are ignored.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights, or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    义务教育均衡发展差异系数计算方法及数据来源 (with 教督〔2012〕3号).

    Examples
    --------
    >>> import junheng as jh
    >>> round(jh.weighted_mean([6.2, 2.0], weights=[45, 15]), 4)
    5.15
    """
    return measured(weighted_mean_kernel, values, weights, by)


@overload
def weighted_std(values: AnyShape, *, weights: Weights, by: Labels | None = ...) -> Any: ...
@overload
def weighted_std(values: Column, *, weights: Weights, by: None = ...) -> float: ...
@overload
def weighted_std(values: Columns, *, weights: Weights, by: None = ...) -> Vector: ...
@overload
def weighted_std(values: Column, *, weights: Weights, by: Labels) -> pd.Series[float]: ...
@overload
def weighted_std(values: Columns, *, weights: Weights, by: Labels) -> pd.DataFrame: ...
def weighted_std(values: Any, *, weights: Any, by: Any = None) -> Any:
    r"""Weighted population standard deviation, in two centred passes.

    .. math:: S = \sqrt{\sum_i \frac{P_i}{P_N}\,(X_i - \bar X)^2}

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        In units of ``values``; shapes and missing data as in :func:`weighted_mean`. The divisor is the total weight,
        not ``n - 1``: the table is a full count, not a sample.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights, or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    义务教育均衡发展差异系数计算方法及数据来源 (with 教督〔2012〕3号).

    Examples
    --------
    >>> import junheng as jh
    >>> jh.weighted_std([1.0, 3.0], weights=[50, 50])
    1.0
    """
    return measured(weighted_std_kernel, values, weights, by)


@overload
def difference_coefficient(values: AnyShape, *, weights: Weights, by: Labels | None = ...) -> Any: ...
@overload
def difference_coefficient(values: Column, *, weights: Weights, by: None = ...) -> float: ...
@overload
def difference_coefficient(values: Columns, *, weights: Weights, by: None = ...) -> Vector: ...
@overload
def difference_coefficient(values: Column, *, weights: Weights, by: Labels) -> pd.Series[float]: ...
@overload
def difference_coefficient(values: Columns, *, weights: Weights, by: Labels) -> pd.DataFrame: ...
def difference_coefficient(values: Any, *, weights: Any, by: Any = None) -> Any:
    r"""Difference coefficient (差异系数) between schools: the enrolment-weighted coefficient of variation.

    .. math:: CV = S / \bar X, \qquad S = \sqrt{\sum_i \frac{P_i}{P_N}\,(X_i - \bar X)^2}

    This is the 差异系数 of the balance rules. The "差异系数" of the entropy-weight method (1 - entropy) is a different
    quantity of the same name.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student (not the amounts themselves).
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        Dimensionless, 0 for equality. 1-D values give a float, 2-D values an array with one number per indicator; with
        ``by``, a pandas Series or DataFrame indexed by the group labels, or, where polars or pyarrow came in, a frame
        of that library, label columns first (the figures of 1-D values are a column named like them, or ``value``). Of
        ``values``, ``weights`` and ``by``, the first from a data-frame library decides. NaN if a value with nonzero
        weight is missing, the weights of a group sum to 0, or the mean is 0 (no resources at all are not balance).
        Schools of weight 0 are ignored.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights, or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    义务教育均衡发展差异系数计算方法及数据来源 (with 教督〔2012〕3号); 教督〔2017〕6号, 第六条.

    Examples
    --------
    The example published with the rules, books of five schools (printed as 0.52):

    >>> import junheng as jh
    >>> students = [45, 37, 89, 76, 55]
    >>> books = jh.per_student([279, 137, 935, 160, 402], students)
    >>> round(jh.difference_coefficient(books, weights=students), 6)
    0.515257
    >>> jh.difference_coefficient([1.0, 3.0, 2.0], weights=[5, 5, 9], by=["A", "A", "B"])
    A    0.5
    B    0.0
    dtype: float64
    """
    return measured(difference_coefficient_kernel, values, weights, by)


@overload
def composite_difference_coefficient(coefficients: AnyShape) -> Any: ...
@overload
def composite_difference_coefficient(coefficients: Column) -> float: ...
@overload
def composite_difference_coefficient(  # type: ignore[overload-overlap]
    coefficients: PandasFrame,
) -> pd.Series[float]: ...
@overload
def composite_difference_coefficient(coefficients: Columns) -> Vector: ...
def composite_difference_coefficient(coefficients: Any) -> Any:
    r"""Composite difference coefficient (综合差异系数): the plain mean of the single coefficients.

    .. math:: \overline{CV} = \frac{1}{k} \sum_{j=1}^{k} CV_j

    Parameters
    ----------
    coefficients : (indicators,) or (groups, indicators) array-like
        The unrounded coefficients of one stage. A DataFrame has one row per group, as :func:`difference_coefficient`
        returns it; of a frame of polars or pyarrow, drop the label columns first.

    Returns
    -------
    float, ndarray or Series
        A float for one group, an array with one number per group for 2-D input, a Series for a DataFrame. NaN if any
        coefficient is missing: the mean of the others would be a different measure.

    Raises
    ------
    InputError
        If the input contains text or has no coefficient.

    References
    ----------
    县域义务教育校际均衡指标计算方法 (with 教督〔2012〕3号): 八项单项差异系数的平均值.

    Examples
    --------
    >>> import junheng as jh
    >>> cv = [0.297929, 0.501787, 0.401952, 0.288419, 0.37545, 0.312782, 0.394205]
    >>> round(jh.composite_difference_coefficient(cv), 6)
    0.367503
    """
    array = as_floats(coefficients, "coefficients")
    if array.ndim not in (1, 2) or array.shape[-1] == 0:
        raise InputError(message("arithmetic.shape_of_coefficients", shape=str(array.shape)))
    with np.errstate(over="ignore", invalid="ignore"):  # infinite coefficients have an infinite mean or none
        mean = array.mean(axis=-1)
    if array.ndim == 1:
        return float(mean)
    index = getattr(coefficients, "index", None)
    return mean if index is None or callable(index) else labelled(mean, index, None)


def weighted_mean_kernel(sample: Sample) -> Kernel:
    """Return the kernel of :func:`weighted_mean`."""
    return Kernel(lambda columns, weights, groups: grouped_moments(columns, weights, groups).mean)


def weighted_std_kernel(sample: Sample) -> Kernel:
    """Return the kernel of :func:`weighted_std`."""
    return Kernel(lambda columns, weights, groups: grouped_moments(columns, weights, groups).std)


def difference_coefficient_kernel(sample: Sample) -> Kernel:
    """Return the kernel of :func:`difference_coefficient`."""
    return Kernel(coefficients)


def coefficients(columns: list[Any], weights: Floats | None, groups: Groups) -> Floats:
    """Difference coefficient of every group (rows) and column, from arrays."""
    moments = grouped_moments(columns, weights, groups)
    return coefficient(moments.mean, moments.std)
