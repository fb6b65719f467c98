"""Measures of a group without each of its schools in turn (private)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from junheng._arrays import Floats, Groups, Ints, coefficient, grouped_moments
from junheng.indicators._grouped import Kernel, Sample, blocks, in_range
from junheng.indicators.dispersion import coefficients

__all__ = ["with_and_without"]

#: Rows of copies of groups held at once: 8 MB a column.
_CELLS = 1_000_000
#: Remaining part of a sum without one school below which the sum is recomputed.
_LOST = 1e-3
_COEFFICIENT = Kernel(coefficients)


def with_and_without(sample: Sample, measure: str, kernel: Kernel) -> tuple[Floats, Floats]:
    """Return a measure of each group, and of the group of each school without it: (schools, columns)."""
    shape = sample.rows, len(sample.columns)
    if not all(shape):
        return np.empty((sample.groups.n, shape[1])), np.empty(shape)
    if measure == "difference_coefficient":
        moments = grouped_moments(sample.columns, sample.weights, sample.groups)
        without = np.stack(leave_one_out(sample, moments.mean, moments.std), axis=1)
        return coefficient(moments.mean, moments.std), without
    whole = kernel(sample.columns, sample.weights, sample.groups)
    if measure == "gini":
        return whole, gini_without(sample, kernel)
    without = np.full(shape, np.nan)
    there = np.flatnonzero(sample.present())
    without[there] = computed_without(kernel, sample.columns, sample.weight_array(), sample.groups, there)
    return whole, without


def leave_one_out(sample: Sample, mean: Floats, std: Floats) -> list[Floats]:
    """Return, column by column, the coefficient of the group without each school."""
    codes = sample.groups.codes
    w = sample.weight_array()
    out = []
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # whatever an absent school has
        total = np.bincount(codes, weights=w, minlength=sample.groups.n)[codes]
        rest = total - w
        up = w / rest
        for j, column in enumerate(sample.columns):
            m, s = mean[codes, j], std[codes, j]
            units = _units(m, s)  # 0 but for extreme figures, whose squares are no floats
            m, s = np.ldexp(m, -units), np.ldexp(s, -units)
            d = np.ldexp(column, -units) - m
            square = s * s
            left = square - up * d * d  # the sum of squares over the weight of all
            np.maximum(left, 0.0, out=left)
            new_mean = m - up * d
            cv = np.sqrt(left * (total / rest)) / np.abs(new_mean)
            # a difference of nearly equal numbers has few digits left: recompute those sums, except where all values
            # are equal up to rounding
            lost = (left < _LOST * square) & (s > 1e-6 * np.abs(m)) | (np.abs(new_mean) < _LOST * np.abs(m))
            alone = ~(rest > 0)
            lost &= ~alone
            again = np.flatnonzero(lost)
            if again.size:
                cv[again] = computed_without(_COEFFICIENT, [column], w, sample.groups, again)[:, 0]
            cv[alone] = np.nan
            out.append(cv)
    return out


def gini_without(sample: Sample, kernel: Kernel) -> Floats:
    r"""Return the Gini coefficient of the group without each school, from one sort of the figures.

    With :math:`A_i = \sum_j P_j |X_i - X_j|` and D half the sum of :math:`P_i A_i` it is
    :math:`(D - P_i A_i) / ((P_N - P_i)(x_N - x_i))`. Sums over the gaps between neighbours make equal figures give 0.
    """
    out = np.full((sample.rows, len(sample.columns)), np.nan)
    with np.errstate(all="ignore"):
        for block in blocks(sample.groups, in_range(sample.weights)):
            for j, column in enumerate(sample.columns):
                figures = np.where(block.weights == 0, 0.0, np.asarray(column)[block.rows])
                order = np.argsort(figures, axis=1)
                rows, x, w = (np.take_along_axis(a, order, axis=1) for a in (block.rows, figures, block.weights))
                below, gaps = np.cumsum(w, axis=1), np.diff(x, axis=1)
                total, held = below[:, -1:], (w * x).sum(axis=1, keepdims=True)
                lower, higher = gaps * below[:, :-1], gaps * (total - below[:, :-1])
                away = np.zeros(x.shape)
                away[:, 1:] += np.cumsum(lower, axis=1)
                away[:, :-1] += np.cumsum(higher[:, ::-1], axis=1)[:, ::-1]
                apart = (lower * (total - below[:, :-1])).sum(axis=1, keepdims=True)
                rest = apart - w * away, total - w, held - w * x
                gini = rest[0] / (rest[1] * rest[2])
                # what is left of a sum by one school has few digits: marked, and computed again below
                lost = np.any([a < _LOST * b for a, b in zip(rest, (apart, total, held), strict=True)], axis=0)
                out[rows[w > 0], j] = np.where(lost, np.inf, gini)[w > 0]
        for j, column in enumerate(sample.columns):
            again = np.flatnonzero(np.isposinf(out[:, j]))
            out[again, j] = computed_without(kernel, [column], sample.weight_array(), sample.groups, again)[:, 0]
    return out


def _units(mean: Floats, std: Floats) -> NDArray[np.int32]:
    """Return the power of 2 in which the figures of each row are squared without leaving the range of floats."""
    size = np.fmax(np.abs(mean), std)
    extreme = (size > 0) & np.isfinite(size) & ((size < 1e-100) | (size > 1e100))
    return np.where(extreme, np.frexp(size)[1], 0).astype(np.int32)


def computed_without(kernel: Kernel, columns: list[Any], w: Floats, groups: Groups, which: Ints) -> Floats:
    """Return a measure without each of some schools, computed directly: (schools, columns)."""
    out = np.empty((which.size, len(columns)))
    sizes = np.diff(groups.starts)[groups.codes[which]]
    ends = np.cumsum(sizes)
    first = 0
    while first < which.size:  # a limited number of copies of groups at a time
        done = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, done + _CELLS, side="right")))
        n = sizes[first:last]
        starts = np.zeros(n.size + 1, dtype=np.int64)
        np.cumsum(n, out=starts[1:])
        place = np.arange(starts[-1]) - np.repeat(starts[:-1] - groups.starts[groups.codes[which[first:last]]], n)
        rows = place if groups.order is None else groups.order[place]
        weights = np.where(rows == np.repeat(which[first:last], n), 0.0, w[rows])
        copies = Groups.from_codes(np.repeat(np.arange(n.size), n), n.size)
        out[first:last] = kernel([np.asarray(c)[rows] for c in columns], weights, copies, rows)
        first = last
    return out
