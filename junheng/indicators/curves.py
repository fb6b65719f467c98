"""Lorenz and concentration curves, the area under them, and the concentration index."""

from __future__ import annotations

from typing import Any

import numpy as np

from junheng._arrays import Floats, Groups, Ints, as_floats, require_aligned, require_rows
from junheng._frames import build_frame
from junheng.errors import InputError
from junheng.indicators._grouped import Ranked, Sample, label_columns, over_ranked, read_sample

__all__ = ["concentration_curve", "concentration_index", "lorenz_curve"]


def lorenz_curve(values: Any, *, weights: Any, by: Any = None) -> Any:
    r"""Lorenz curve: what share of the whole the students of the least equipped schools hold.

    .. math:: L\left(\sum_{X_j \le x} p_j\right) = \sum_{X_j \le x} p_j X_j / \bar X, \qquad p_i = P_i / P_N

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        What is compared, such as area per student. Not negative.
    weights : (schools,) array-like or None
        Enrolment of each school. Required, so that nobody forgets it; None means unweighted, on purpose.
    by : (schools,) array-like, mapping or frame of such, optional
        Group of each school, such as its county. Groups come back in sorted order.

    Returns
    -------
    pandas.DataFrame
        A row a point, straight lines between: the group labels (column ``group`` if ``by`` has no name),
        ``indicator`` for 2-D values, ``population`` (cumulated share of the weight), ``amount`` (cumulated share of
        the whole) and ``area`` (under the curve so far; the last is (1 - Gini) / 2). The first point of a curve is
        (0, 0); schools of equal value make one step. Where the curve is undefined (a value with weight is missing,
        infinite or negative, or weights or values sum to 0) it is one row of NaN.

    Raises
    ------
    InputError
        On text, negative or infinite weights, or a missing group label.
    AlignmentError
        When lengths or labelled indexes differ.

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


def concentration_curve(values: Any, *, weights: Any, rank: Any, by: Any = None) -> Any:
    r"""Concentration curve: the Lorenz curve with schools ordered by something else, such as income of the area.

    .. math:: C\left(\sum_{r_j \le r} p_j\right) = \sum_{r_j \le r} p_j X_j / \bar X, \qquad p_i = P_i / P_N

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        What is compared, such as area per student. Not negative.
    weights : (schools,) array-like or None
        Enrolment of each school. Required, so that nobody forgets it; None means unweighted, on purpose.
    rank : (schools,) array-like
        What schools are ordered by, the least first.
    by : (schools,) array-like, mapping or frame of such, optional
        Group of each school, such as its county. Groups come back in sorted order.

    Returns
    -------
    pandas.DataFrame
        As of :func:`lorenz_curve`. The last ``area`` is (1 - concentration index) / 2. Schools of equal rank make one
        step. One row of NaN also where the rank of a school with weight is missing.

    Raises
    ------
    InputError
        On text, negative or infinite weights, or a missing group label.
    AlignmentError
        When lengths or labelled indexes differ.

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
    return _curve(sample, _rank(values, rank, sample.rows))


def concentration_index(values: Any, *, weights: Any, rank: Any, by: Any = None) -> Any:
    r"""Concentration index: the Gini coefficient with schools ordered by something else.

    .. math:: C = \frac{1}{\bar X} \sum_i p_i\,(X_i - \bar X)\,(2 R_i - 1), \qquad p_i = P_i / P_N

    with R the share of the weight below a school plus half that of its own rank. Ordered by the values it is the
    Gini coefficient; negative where those of low rank hold more than their share.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        What is compared, such as area per student. Not negative.
    weights : (schools,) array-like or None
        Enrolment of each school. Required, so that nobody forgets it; None means unweighted, on purpose.
    rank : (schools,) array-like
        What schools are ordered by, the least first. Those of equal rank stand together in the middle.
    by : (schools,) array-like, mapping or frame of such, optional
        Group of each school, such as its county. Groups come back in sorted order.

    Returns
    -------
    float, ndarray, Series or DataFrame
        Between -1 and 1; shapes as in :func:`difference_coefficient`. NaN where a value or rank with weight is
        missing, a value is infinite or negative, or the weights or all values of a group sum to 0. A school of
        weight 0 is absent, whatever its value. One school alone has 0.

    Raises
    ------
    InputError
        On text, negative or infinite weights, or a missing group label.
    AlignmentError
        When lengths or labelled indexes differ.

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
    sample = read_sample(values, weights, by)
    order = _rank(values, rank, sample.rows)
    return sample.give(over_ranked(sample.columns, sample.weights, sample.groups, _index, order))


def _rank(values: Any, rank: Any, rows: int) -> Floats:
    require_aligned(values=values, rank=rank)
    out = as_floats(rank, "rank")
    require_rows(rows, rank=out)
    if out.ndim != 1:
        raise InputError(f"rank must be (schools,), not {out.shape}")
    return out


def _index(s: Ranked) -> Floats:
    new = np.ones(s.values.shape, dtype=bool)
    new[:, 1:] = s.rank[:, 1:] != s.rank[:, :-1]
    last = np.ones_like(new)
    last[:, :-1] = new[:, 1:]
    before = np.maximum.accumulate(np.where(new, s.cumulated - s.weights, 0.0), axis=1)
    after = np.minimum.accumulate(np.where(last, s.cumulated, np.inf)[:, ::-1], axis=1)[:, ::-1]
    total = s.cumulated[:, -1:]
    mean = (s.values * s.weights).sum(axis=1, keepdims=True) / total
    middle = (before + after - total) / total
    out: Floats = (s.weights * (s.values - mean) * middle).sum(axis=1) / (mean * total)[:, 0]
    return out


def _curve(sample: Sample, rank: Floats | None) -> Any:
    """Points of every curve, in one frame. Curves are long, so this goes group by group."""
    present = sample.present()
    w = sample.weight_array()
    parts: list[tuple[int, int, Floats]] = []
    groups: Groups = sample.groups
    for g in range(groups.n):
        place = slice(int(groups.starts[g]), int(groups.starts[g + 1]))
        rows: Ints = np.arange(place.start, place.stop) if groups.order is None else groups.order[place]
        rows = rows[present[rows]]
        for j, column in enumerate(sample.columns):
            x = column[rows]
            parts.append((g, j, _points(x, w[rows], x if rank is None else rank[rows])))
    counts = [p.shape[0] for _, _, p in parts]
    group, column_of = (np.repeat(np.array([p[i] for p in parts], dtype=np.int64), counts) for i in (0, 1))
    head = label_columns(sample.labels, group)
    if not sample.flat:
        head["indicator"] = sample.indicator_column(column_of)
    points = np.concatenate([p for _, _, p in parts]) if parts else np.empty((0, 3))
    return build_frame(head | {n: points[:, i] for i, n in enumerate(("population", "amount", "area"))}, "pandas")


def _points(x: Floats, w: Floats, rank: Floats) -> Floats:
    with np.errstate(all="ignore"):
        amounts = x * w
        whole, weight = amounts.sum(), w.sum()
        if not (np.isfinite(whole) and whole > 0 and weight > 0 and x.min() >= 0) or np.isnan(rank).any():
            return np.full((1, 3), np.nan)
        order = np.argsort(rank, kind="stable")
        ends = np.flatnonzero(np.append(np.diff(rank[order]) != 0, True))
        out = np.zeros((ends.size + 1, 3))
        out[1:, 0] = np.cumsum(w[order])[ends] / weight
        out[1:, 1] = np.cumsum(amounts[order])[ends] / whole
        out[-1, :2] = 1.0
        out[1:, 2] = np.cumsum(np.diff(out[:, 0]) * (out[1:, 1] + out[:-1, 1]) / 2)
    return out
