"""Errors in a return that would reverse a verdict."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from junheng._arrays import (
    Column,
    Columns,
    Floats,
    Labels,
    Weights,
    as_floats,
    coefficient,
    grouped_moments,
)
from junheng.errors import InputError
from junheng.indicators._grouped import check_choice, read_sample
from junheng.words import message

__all__ = ["tipping_error"]


def tipping_error(
    values: Column | Columns,
    *,
    weights: Weights,
    limit: float | Column,
    by: Labels | None = None,
    cell: Literal["value", "students"] = "value",
) -> Floats:
    r"""Relative error in one cell that would reverse the verdict "coefficient ≤ limit".

    With the figure of school i multiplied by 1 + e and all others unchanged, e is the smallest (in absolute value) at
    which the coefficient equals the limit t: a root of :math:`a e^2 + b e + c = 0`, where, with :math:`p = P_i / P_N`,
    :math:`X = X_i / \bar X`, :math:`A = 1 + CV^2 - p X^2`,

    .. math:: c = CV^2 - t^2, \qquad
        \text{value: } a = (p - (1 + t^2) p^2) X^2,\; b = 2 p X (X - 1 - t^2); \qquad
        \text{students: } a = p A,\; b = (1 + p) A + p^2 X^2 - 1 - t^2

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures per student. Not negative.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    limit : number or (indicators,) array-like
        Largest coefficient that passes, such as 0.5.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county.
    cell : {"value", "students"}
        Which cell is in error: the amount (and with it the figure per student), or the enrolment with the amount
        unchanged.

    Returns
    -------
    ndarray
        In the shape of ``values``, in the order of the rows: -0.02 means that the county is exactly on the limit if the
        true figure is 2 % lower than reported. An unmet verdict changes there; a met one changes beyond it. ``inf`` if
        no error in this cell alone changes the verdict (an amount of 0 stays 0; amounts and enrolments do not turn
        negative). NaN if the coefficient is undefined or a figure of the group is negative, and for a school of weight
        0. Check the cell with the smallest absolute value first.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights, a missing group label or a limit that is not positive,
        or if ``cell`` is unknown.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    教督〔2017〕6号, 第六条, for the limits. The quadratics follow from the definition of the coefficient.

    Examples
    --------
    >>> import junheng as jh
    >>> error = jh.tipping_error([1.0, 3.0], weights=[50, 50], limit=0.45)
    >>> error.round(4)
    array([ 0.1379, -0.1212])
    >>> round(jh.difference_coefficient([1.0, 3.0 * (1 + error[1])], weights=[50, 50]), 12)
    0.45
    """
    check_choice(cell, "cell", ("value", "students"))
    sample = read_sample(values, weights, by)
    limits = as_floats(limit, "limit")
    if limits.shape not in ((), (len(sample.columns),)) or not ((limits > 0) & np.isfinite(limits)).all():
        raise InputError(message("arithmetic.positive_limit", value=repr(limit)))
    limits = np.broadcast_to(limits, len(sample.columns))
    codes, n = sample.groups.codes, sample.groups.n
    moments = grouped_moments(sample.columns, sample.weights, sample.groups)
    cv = coefficient(moments.mean, moments.std)
    present = sample.present()
    w = sample.weight_array()
    out = []
    with np.errstate(divide="ignore", invalid="ignore"):
        p = w / np.bincount(codes, weights=w, minlength=n)[codes]
        for j, column in enumerate(sample.columns):
            x = np.where(present, column, 0.0) / moments.mean[codes, j]
            t = limits[j]
            c = ((cv[:, j] - t) * (cv[:, j] + t))[codes]
            k = 1 + t * t
            square = 1 + cv[codes, j] ** 2
            rest = square - p * x * x  # of the others; only rounding error if they have nothing
            rest[rest < 1e-12 * square] = 0.0
            if cell == "value":
                a, b = (p - k * p * p) * x * x, 2 * p * x * (x - k)
                a[rest == 0] = b[rest == 0] = np.nan  # the only school that has anything may have any amount
            else:
                a, b = p * rest, (1 + p) * rest + p * p * x * x - k
            e = _least_root(a, b, c)
            e[np.isnan(e)] = np.inf
            negative = np.bincount(codes, weights=present & (np.asarray(column) < 0), minlength=n) > 0
            e[(np.isnan(cv[:, j]) | negative)[codes] | ~present] = np.nan
            out.append(e)
    return sample.give_rows(out)


def _least_root(a: Floats, b: Floats, c: Floats) -> Floats:
    """Return the root above -1 (beyond rounding) nearest to 0, NaN if there is none."""
    q = -(b + np.copysign(np.sqrt(b * b - 4 * a * c), b)) / 2
    roots = np.stack([c / q, q / a])
    roots[:, c == 0] = 0.0
    roots[~((roots > -1 + 1e-9) & np.isfinite(roots))] = np.nan
    first, second = roots
    nearer: Any = np.isnan(first) | (np.abs(second) < np.abs(first))
    out: Floats = np.where(nearer, second, first)
    return out
