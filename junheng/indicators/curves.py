"""Lorenz and concentration curves, the area under them, and the concentration index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np

from junheng._arrays import (
    AnyShape,
    Column,
    Columns,
    Floats,
    Ints,
    Labels,
    Vector,
    Weights,
)
from junheng.indicators._grouped import (
    Kernel,
    Ranked,
    Sample,
    blocks,
    label_columns,
    measured,
    ranked_kernel,
    read_sample,
)
from junheng.indicators.quantiles import positions

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["concentration_curve", "concentration_index", "lorenz_curve"]


def lorenz_curve(values: Column | Columns, *, weights: Weights, by: Labels | None = None) -> pd.DataFrame:
    r"""Lorenz curve: the share of the total held by the students of the least equipped schools.

    .. math:: L\left(\sum_{X_j \le x} p_j\right) = \sum_{X_j \le x} p_j X_j / \bar X, \qquad p_i = P_i / P_N

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
    pandas.DataFrame, or a frame of polars or pyarrow if these came in
        One row per point, to be joined by straight lines: the group labels (column ``group`` if ``by`` has no name),
        ``indicator`` for 2-D values, ``population`` (cumulated share of the weight), ``amount`` (cumulated share of the
        total) and ``area`` (under the curve so far; the last is (1 - Gini) / 2). The first point of a curve is (0, 0);
        schools of equal value form one step. If the curve is undefined (a value with nonzero weight is missing,
        infinite or negative, or weights or values sum to 0), it is one row of NaN.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights, or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Lorenz (1905), Methods of measuring the concentration of wealth. Cowell (2011), Measuring Inequality.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.lorenz_curve([3.0, 1.0], weights=[50, 50])
       population  amount    area
    0         0.0    0.00  0.0000
    1         0.5    0.25  0.0625
    2         1.0    1.00  0.3750
    """
    return _curve(read_sample(values, weights, by), None)


def concentration_curve(
    values: Column | Columns, *, weights: Weights, rank: Column, by: Labels | None = None
) -> pd.DataFrame:
    r"""Concentration curve: a Lorenz curve with schools ordered by another variable, such as income of the area.

    .. math:: C\left(\sum_{r_j \le r} p_j\right) = \sum_{r_j \le r} p_j X_j / \bar X, \qquad p_i = P_i / P_N

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student. Not negative.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    rank : (schools,) array-like
        Variable to order schools by, ascending.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    pandas.DataFrame, or a frame of polars or pyarrow if these came in
        As from :func:`lorenz_curve`. The last ``area`` is (1 - concentration index) / 2. Schools of equal rank form one
        step. Also one row of NaN if the rank of a school with nonzero weight is missing.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights, or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Kakwani, Wagstaff and van Doorslaer (1997), Socioeconomic inequalities in health, Journal of Econometrics 77.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.concentration_curve([3.0, 1.0], weights=[50, 50], rank=[1, 2])
       population  amount    area
    0         0.0    0.00  0.0000
    1         0.5    0.75  0.1875
    2         1.0    1.00  0.6250
    """
    sample = read_sample(values, weights, by)
    return _curve(sample, sample.beside("rank", rank))


@overload
def concentration_index(values: AnyShape, *, weights: Weights, rank: Column, by: Labels | None = ...) -> Any: ...
@overload
def concentration_index(values: Column, *, weights: Weights, rank: Column, by: None = ...) -> float: ...
@overload
def concentration_index(values: Columns, *, weights: Weights, rank: Column, by: None = ...) -> Vector: ...
@overload
def concentration_index(values: Column, *, weights: Weights, rank: Column, by: Labels) -> pd.Series[float]: ...
@overload
def concentration_index(values: Columns, *, weights: Weights, rank: Column, by: Labels) -> pd.DataFrame: ...
def concentration_index(values: Any, *, weights: Any, rank: Any, by: Any = None) -> Any:
    r"""Concentration index: the Gini coefficient with schools ordered by another variable.

    .. math:: C = \frac{1}{\bar X} \sum_i p_i\,(X_i - \bar X)\,(2 R_i - 1), \qquad p_i = P_i / P_N

    with R the share of the weight below a school plus half that of its own rank. Ordered by the values themselves it
    equals the Gini coefficient; negative if schools of low rank hold more than their share.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student. Not negative.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    rank : (schools,) array-like
        Variable to order schools by, ascending. Schools of equal rank share their mean position.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        Between -1 and 1; shapes as in :func:`difference_coefficient`. NaN if a value or rank with nonzero weight is
        missing, a value is infinite or negative, or the weights or all values of a group sum to 0. Schools of weight 0
        are ignored. A single school gives 0.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights, or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Kakwani, Wagstaff and van Doorslaer (1997), Socioeconomic inequalities in health, Journal of Econometrics 77.
    Lerman and Yitzhaki (1989), Journal of Econometrics 42, on weights.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.concentration_index([3.0, 1.0], weights=[50, 50], rank=[1, 2])
    -0.25
    """
    return measured(concentration_index_kernel, values, weights, by, rank=rank)


def concentration_index_kernel(sample: Sample, rank: Any) -> Kernel:
    """Return the kernel of :func:`concentration_index`."""
    return ranked_kernel(_index, sample.beside("rank", rank))


def _index(s: Ranked) -> Floats:
    total = s.cumulated[:, -1:]
    mean = (s.figures * s.weights).sum(axis=1, keepdims=True) / total
    out: Floats = (s.weights * (s.figures - mean) * positions(s)).sum(axis=1) / (mean * total)[:, 0]
    return out


def _curve(sample: Sample, rank: Floats | None) -> pd.DataFrame:
    """Return the points of all curves in one frame, by group, then column."""
    k = len(sample.columns)
    owners, points = [np.empty(0, dtype=np.int64)], [np.empty((0, 3))]
    with np.errstate(all="ignore"):
        for block in blocks(sample.groups, sample.weights):
            for j, column in enumerate(sample.columns):
                x = np.asarray(column[block.rows])
                counts, found = _points(x, block.weights, x if rank is None else rank[block.rows])
                owners.append(np.repeat(block.groups * k + j, counts))
                points.append(found)
    owner, out = np.concatenate(owners), np.concatenate(points)
    order = np.argsort(owner, kind="stable")
    owner, out = owner[order], out[order]
    head = label_columns(sample.labels, owner // max(k, 1))
    if not sample.flat:
        head["indicator"] = sample.indicator_column(owner % max(k, 1))
    return sample.frame(head | {n: out[:, i] for i, n in enumerate(("population", "amount", "area"))})


def _points(x: Floats, w: Floats, rank: Floats) -> tuple[Ints, Floats]:
    """Return the number of points of each group of a block, and all points as rows."""
    absent = w == 0
    order = np.lexsort((rank, absent), axis=1)  # absent schools last
    ws, rs = np.take_along_axis(w, order, axis=1), np.take_along_axis(rank, order, axis=1)
    xs = np.take_along_axis(np.where(absent, 0.0, x), order, axis=1)
    here = np.arange(x.shape[1]) < (~absent).sum(axis=1, keepdims=True)
    weights, amounts = np.cumsum(ws, axis=1), np.cumsum(xs * ws, axis=1)
    whole = amounts[:, -1]
    defined = (whole > 0) & np.isfinite(whole) & (xs.min(axis=1) >= 0) & ~(here & np.isnan(rs)).any(axis=1)
    shape = (x.shape[0], x.shape[1] + 1)
    kept = np.ones(shape, dtype=bool)  # the origin, and the last school of every rank
    kept[:, 1:] = here & defined[:, np.newaxis]
    kept[:, 1:-1] &= (rs[:, 1:] != rs[:, :-1]) | ~here[:, 1:]
    curve = np.zeros((2, *shape))
    curve[0, :, 1:] = weights / weights[:, -1:]
    curve[1, :, 1:] = amounts / whole[:, np.newaxis]
    curve[:, ~defined, 0] = np.nan
    out = np.empty((int(kept.sum()), 3))
    out[:, :2] = curve[:, kept].T
    piece = np.zeros(len(out))
    piece[1:] = np.diff(out[:, 0]) * (out[1:, 1] + out[:-1, 1]) / 2
    area = np.zeros(shape)
    area[kept] = piece
    area[:, 0] = np.where(defined, 0.0, np.nan)  # no segment from the end of the previous curve
    out[:, 2] = np.cumsum(area, axis=1)[kept]
    return kept.sum(axis=1), out
