"""Adequacy: how near students are to a threshold."""

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
    Vector,
    Weights,
    as_floats,
    grouped_moments,
    require_aligned,
)
from junheng.errors import InputError
from junheng.indicators._grouped import Kernel, Sample, measured
from junheng.words import message

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["adequacy_index"]


@overload
def adequacy_index(
    values: AnyShape, *, weights: Weights, threshold: float | Column | Columns, by: Labels | None = ...
) -> Any: ...
@overload
def adequacy_index(
    values: Column, *, weights: Weights, threshold: float | Column | Columns, by: None = ...
) -> float: ...
@overload
def adequacy_index(
    values: Columns, *, weights: Weights, threshold: float | Column | Columns, by: None = ...
) -> Vector: ...
@overload
def adequacy_index(
    values: Column, *, weights: Weights, threshold: float | Column | Columns, by: Labels
) -> pd.Series[float]: ...
@overload
def adequacy_index(
    values: Columns, *, weights: Weights, threshold: float | Column | Columns, by: Labels
) -> pd.DataFrame: ...
def adequacy_index(values: Any, *, weights: Any, threshold: Any, by: Any = None) -> Any:
    r"""Adequacy index (Odden and Picus): how near students are to a threshold, on average.

    .. math:: A = \frac{1}{P_N} \sum_i P_i \min\left(\frac{X_i}{t},\,1\right)

    Equals the share of students in schools at or above the threshold t, plus the share below times their mean over the
    threshold. What a school has beyond the threshold does not make up for another. :meth:`junheng.Evaluation.adequacy`
    gives it for every threshold of a standard.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student. Not negative.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    threshold : number or array-like
        What is adequate, positive, in units of ``values``: one number; with 2-D values also one per indicator; or in
        the shape of ``values``, one for each school (NaN where it is not known).
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        A share between 0 and 1, 1 if every school reaches the threshold; shapes as in :func:`difference_coefficient`.
        NaN if a value or threshold with nonzero weight is missing, a value is infinite or negative, or the weights of
        a group sum to 0. Schools of weight 0 are ignored. A single school gives its own share, 0 if it has nothing.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights or a missing group label, or if the threshold is not
        positive or of another shape.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Odden and Picus (2000), School Finance: A Policy Perspective.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.adequacy_index([2.0, 4.0, 6.0], weights=[50, 25, 25], threshold=4.0)
    0.75
    """
    return measured(adequacy_index_kernel, values, weights, by, threshold=threshold)


def adequacy_index_kernel(sample: Sample, threshold: Any) -> Kernel:
    """Return the kernel of :func:`adequacy_index`."""
    limits = _thresholds(sample, threshold)
    rows, k = sample.rows, len(sample.columns)
    if limits.shape == (rows,) and sample.flat:
        return Kernel(_adequacy, limits[:, np.newaxis])
    if limits.shape == (rows, k) and not sample.flat:
        return Kernel(_adequacy, limits)
    same = np.broadcast_to(limits, (1, k))
    return Kernel(lambda columns, weights, groups: _adequacy(columns, weights, groups, same))


def _thresholds(sample: Sample, threshold: Any) -> Floats:
    """Return the thresholds as given; those of schools may be unknown."""
    require_aligned(values=sample.given, threshold=threshold)
    limits = as_floats(threshold, "threshold")
    rows, k = sample.rows, len(sample.columns)
    shapes = [(), (rows,) if sample.flat else (rows, k)] + ([] if sample.flat else [(k,)])
    if limits.shape not in shapes:
        raise InputError(message("arithmetic.threshold_shape", shape=str(limits.shape)))
    of_schools = limits.shape == shapes[1]
    good = ((limits > 0) & np.isfinite(limits)) | (np.isnan(limits) & of_schools)
    if not good.all():
        value = float(limits.reshape(-1)[np.argmin(good.reshape(-1))])
        raise InputError(message("arithmetic.threshold", value=value))
    return limits


def _adequacy(columns: list[Any], weights: Floats | None, groups: Groups, limits: Floats) -> Floats:
    reached = []
    with np.errstate(all="ignore"):
        for j, column in enumerate(columns):
            x = np.asarray(column)
            part = np.minimum(x / limits[:, j], 1.0)
            part[(x < 0) | np.isinf(x)] = np.nan
            reached.append(part)
    return grouped_moments(reached, weights, groups).mean
