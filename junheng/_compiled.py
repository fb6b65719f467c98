"""The kernel of ``_arrays`` compiled by numba (private; extra ``fast``); imported only where it is used.

Every sum is taken in the order in which ``np.add.reduceat`` takes it: the first number, then the rest in pairwise
blocks of eight running sums. So both paths give the same bits, and what is installed does not change a result; only
``any_order`` of ``grouped_moments`` gives up the last bits of large shuffled tables.
Columns do not depend on each other; threads share them out, and their number changes nothing either.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

try:
    from numba import njit
except ImportError:  # the module can be imported all the same, and read by tools
    njit = None

Floats = NDArray[np.float64]


def fill_moments(
    columns: Sequence[NDArray[Any]],
    weights: NDArray[Any] | None,
    groups: Any,
    out: tuple[Floats, Floats, Floats],
    omit_missing: bool,
    threads: int | None = None,
) -> None:
    """Fill total weight, mean and deviation, (groups, columns) each; what they mean see ``grouped_moments``."""
    order, starts = groups.order, groups.starts
    rows, longest = int(starts[-1]), int(np.diff(starts).max(initial=0))
    w = np.ones(rows) if weights is None else _plain(weights if order is None else np.take(weights, order))
    sums = np.add.reduceat(w, starts[:-1])
    careful = omit_missing or bool((w == 0).any())
    at = np.empty(0, dtype=np.uint64) if order is None else order.view(np.uint64)
    ones = np.ones(longest if omit_missing else 0)
    ends = starts.astype(np.uint64)

    def column(j: int) -> None:
        fetched = np.empty(0 if order is None else max(longest, int(FETCH)))
        x_buffer = np.empty(longest if careful else 0)
        w_buffer = np.empty(longest if careful else 0)
        _one_column(
            _plain(columns[j]), w, sums, at, ends, careful, omit_missing, fetched, x_buffer, w_buffer, ones, *out, j
        )

    _over_columns(column, len(columns), threads)


def scatter_moments(
    columns: Sequence[NDArray[Any]],
    weights: NDArray[Any] | None,
    groups: Any,
    out: tuple[Floats, Floats, Floats],
    noise: float,
    threads: int | None = None,
) -> None:
    """Fill as ``fill_moments`` does, in the order of the rows: each goes to the sums of its group."""
    codes = groups.codes.astype(np.uint32)
    w = np.ones(codes.size) if weights is None else _plain(weights)
    careful = bool((w == 0).any())

    def column(j: int) -> None:
        _scatter_column(_plain(columns[j]), w, codes, careful, noise, np.zeros((groups.n, 4)), *out, j)

    _over_columns(column, len(columns), threads)


def _over_columns(work: Callable[[int], None], many: int, threads: int | None) -> None:
    threads = min(threads or _cores(), many)
    if threads < 2:
        for j in range(many):
            work(j)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(many)))


def _plain(array: NDArray[Any]) -> Floats:
    plain = np.ascontiguousarray(array, dtype=np.float64)
    return plain if plain.flags.writeable else np.asarray(_Unlocked(plain))


class _Unlocked:
    """The same memory without the mark "read only", which the compiled signatures do not take; nobody writes to it."""

    def __init__(self, array: Floats) -> None:
        self._array = array
        place, _ = array.__array_interface__["data"]
        self.__array_interface__ = {**array.__array_interface__, "data": (place, False)}


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not known on every system
        return os.cpu_count() or 1


def _compiled(signature: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile for good: kept on disk where a folder for it can be written, or else for this process."""

    def compile_(function: Callable[..., Any]) -> Callable[..., Any]:
        if njit is None:
            return function
        # no fastmath and no fused multiply-add: both would change the last bits
        options = {"nogil": True, "error_model": "numpy"}
        try:
            return njit(signature, cache=True, **options)(function)  # type: ignore[no-any-return]
        except (OSError, RuntimeError):  # no folder that numba may write to, or a full disk
            return njit(signature, **options)(function)  # type: ignore[no-any-return]

    return compile_


# Unsigned positions: numba then need not look for negative ones.
I0, I1, I2, I3, I4, I5, I6, I7, I8 = (np.uint64(i) for i in range(9))
BLOCK, HALF = np.uint64(128), np.uint64(2)
#: Rows fetched at a time where they are not in group order.
FETCH = np.uint64(16_384)

# All sums below run over ``n`` rows, from ``a`` in the values and from ``b`` in the weights.


@_compiled("f8(f8[::1], f8[::1], u8, u8, u8)")
def _block_products(x: Any, w: Any, a: Any, b: Any, n: Any) -> Any:
    """Sum ``x * w`` over at most 128 rows in numpy's order."""
    if n < I8:
        total = -0.0
        for i in range(n):
            total += x[a + i] * w[b + i]
        return total
    r0 = x[a + I0] * w[b + I0]
    r1 = x[a + I1] * w[b + I1]
    r2 = x[a + I2] * w[b + I2]
    r3 = x[a + I3] * w[b + I3]
    r4 = x[a + I4] * w[b + I4]
    r5 = x[a + I5] * w[b + I5]
    r6 = x[a + I6] * w[b + I6]
    r7 = x[a + I7] * w[b + I7]
    whole = n - n % I8
    for i in range(I8, whole, I8):
        p, q = a + i, b + i
        r0 += x[p + I0] * w[q + I0]
        r1 += x[p + I1] * w[q + I1]
        r2 += x[p + I2] * w[q + I2]
        r3 += x[p + I3] * w[q + I3]
        r4 += x[p + I4] * w[q + I4]
        r5 += x[p + I5] * w[q + I5]
        r6 += x[p + I6] * w[q + I6]
        r7 += x[p + I7] * w[q + I7]
    total = ((r0 + r1) + (r2 + r3)) + ((r4 + r5) + (r6 + r7))
    for i in range(whole, n):
        total += x[a + i] * w[b + i]
    return total


@_compiled("f8(f8[::1], f8[::1], u8, u8, u8)")
def _sum_products(x: Any, w: Any, a: Any, b: Any, n: Any) -> Any:
    """Sum ``x * w`` in numpy's order."""
    if n <= BLOCK:
        return _block_products(x, w, a, b, n)
    half = n // HALF
    half -= half % I8
    return _sum_products(x, w, a, b, half) + _sum_products(x, w, a + half, b + half, n - half)


@_compiled("UniTuple(f8, 2)(f8[::1], f8[::1], f8, u8, u8, u8)")
def _block_deviations(x: Any, w: Any, mean: Any, a: Any, b: Any, n: Any) -> Any:
    """Sum ``w * (x - mean)`` and ``w * (x - mean) ** 2`` over at most 128 rows in numpy's order."""
    if n < I8:
        s, v = -0.0, -0.0
        for i in range(n):
            d = x[a + i] - mean
            t = d * w[b + i]
            s += t
            v += d * t
        return s, v
    d0 = x[a + I0] - mean
    d1 = x[a + I1] - mean
    d2 = x[a + I2] - mean
    d3 = x[a + I3] - mean
    d4 = x[a + I4] - mean
    d5 = x[a + I5] - mean
    d6 = x[a + I6] - mean
    d7 = x[a + I7] - mean
    s0 = d0 * w[b + I0]
    s1 = d1 * w[b + I1]
    s2 = d2 * w[b + I2]
    s3 = d3 * w[b + I3]
    s4 = d4 * w[b + I4]
    s5 = d5 * w[b + I5]
    s6 = d6 * w[b + I6]
    s7 = d7 * w[b + I7]
    v0 = d0 * s0
    v1 = d1 * s1
    v2 = d2 * s2
    v3 = d3 * s3
    v4 = d4 * s4
    v5 = d5 * s5
    v6 = d6 * s6
    v7 = d7 * s7
    whole = n - n % I8
    for i in range(I8, whole, I8):
        p, q = a + i, b + i
        d0 = x[p + I0] - mean
        d1 = x[p + I1] - mean
        d2 = x[p + I2] - mean
        d3 = x[p + I3] - mean
        d4 = x[p + I4] - mean
        d5 = x[p + I5] - mean
        d6 = x[p + I6] - mean
        d7 = x[p + I7] - mean
        t0 = d0 * w[q + I0]
        t1 = d1 * w[q + I1]
        t2 = d2 * w[q + I2]
        t3 = d3 * w[q + I3]
        t4 = d4 * w[q + I4]
        t5 = d5 * w[q + I5]
        t6 = d6 * w[q + I6]
        t7 = d7 * w[q + I7]
        s0 += t0
        s1 += t1
        s2 += t2
        s3 += t3
        s4 += t4
        s5 += t5
        s6 += t6
        s7 += t7
        v0 += d0 * t0
        v1 += d1 * t1
        v2 += d2 * t2
        v3 += d3 * t3
        v4 += d4 * t4
        v5 += d5 * t5
        v6 += d6 * t6
        v7 += d7 * t7
    s = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
    v = ((v0 + v1) + (v2 + v3)) + ((v4 + v5) + (v6 + v7))
    for i in range(whole, n):
        d = x[a + i] - mean
        t = d * w[b + i]
        s += t
        v += d * t
    return s, v


@_compiled("UniTuple(f8, 2)(f8[::1], f8[::1], f8, u8, u8, u8)")
def _sum_deviations(x: Any, w: Any, mean: Any, a: Any, b: Any, n: Any) -> Any:
    """Sum the deviations from a mean, and their squares, in numpy's order."""
    if n <= BLOCK:
        return _block_deviations(x, w, mean, a, b, n)
    half = n // HALF
    half -= half % I8
    s, v = _sum_deviations(x, w, mean, a, b, half)
    more_s, more_v = _sum_deviations(x, w, mean, a + half, b + half, n - half)
    return s + more_s, v + more_v


@_compiled("UniTuple(f8, 2)(f8[::1], f8[::1], f8, u8, u8, u8)")
def _of_group(x: Any, w: Any, weight: Any, a: Any, b: Any, n: Any) -> Any:
    """Return mean and deviation of one group: the first row, and then the rest, as ``reduceat`` adds them."""
    more, a1, b1 = n - I1, a + I1, b + I1
    centre = x[a] * w[b]
    if n > I1:
        centre += _block_products(x, w, a1, b1, more) if more <= BLOCK else _sum_products(x, w, a1, b1, more)
    centre /= weight
    d = x[a] - centre
    left = d * w[b]
    square = d * left
    if n > I1:
        if more <= BLOCK:
            s, v = _block_deviations(x, w, centre, a1, b1, more)
        else:
            s, v = _sum_deviations(x, w, centre, a1, b1, more)
        left += s
        square += v
    left /= weight
    variance = square / weight - left * left
    if variance < 0.0:
        variance = 0.0
    return centre + left, np.sqrt(variance)


@_compiled(
    "void(f8[::1], f8[::1], f8[::1], u8[::1], u8[::1], b1, b1, f8[::1], f8[::1], f8[::1], f8[::1], "
    "f8[:, ::1], f8[:, ::1], f8[:, ::1], u8)"
)
def _one_column(
    x: Any,
    w: Any,
    weights: Any,
    order: Any,
    starts: Any,
    careful: Any,
    omit: Any,
    fetched: Any,
    x_buffer: Any,
    w_buffer: Any,
    ones: Any,
    total: Any,
    mean: Any,
    std: Any,
    j: Any,
) -> None:
    """Fill a column of the result. ``x`` is in the order of the table, ``w`` in that of the groups, ``weights`` sums.

    ``careful``: some weights are 0, or gaps are left out with ``omit``; such rows are there with neither.
    """
    shuffled = order.size > 0
    base = end = I0
    for g in range(np.uint64(starts.size - 1)):
        lo, hi, weight = starts[g], starts[g + I1], weights[g]
        n = hi - lo
        if shuffled and hi > end:
            # fetched for many groups in one go: the fetches then wait together, not one group after the other
            base, end = lo, max(hi, min(lo + FETCH, starts[-1]))
            for i in range(end - base):
                fetched[i] = x[order[base + i]]
        if careful:
            for i in range(n):
                xi, wi = fetched[lo - base + i] if shuffled else x[lo + i], w[lo + i]
                if omit and np.isnan(xi):
                    wi = 0.0
                x_buffer[i] = 0.0 if wi == 0.0 else xi
                w_buffer[i] = wi
            if omit:
                weight = w_buffer[I0]
                if n > I1:
                    weight += _sum_products(ones, w_buffer, I0, I1, n - I1)
            mean[g, j], std[g, j] = _of_group(x_buffer, w_buffer, weight, I0, I0, n)
        elif shuffled:
            mean[g, j], std[g, j] = _of_group(fetched, w, weight, lo - base, lo, n)
        else:
            mean[g, j], std[g, j] = _of_group(x, w, weight, lo, lo, n)
        total[g, j] = weight


@_compiled("void(f8[::1], f8[::1], u4[::1], b1, f8, f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], u8)")
def _scatter_column(
    x: Any, w: Any, codes: Any, careful: Any, noise: Any, sums: Any, total: Any, mean: Any, std: Any, j: Any
) -> None:
    """Fill a column of the result from rows in any order; ``careful``: some weights are 0.

    ``sums`` (groups, 4) starts as zeros and holds the weight of a group, its mean, its deviations and their squares
    side by side: one look brings them all into the cache.
    """
    rows = np.uint64(x.size)
    for i in range(rows):
        xi, wi, g = x[i], w[i], codes[i]
        if careful and wi == 0.0:
            continue
        sums[g, I0] += wi
        sums[g, I1] += xi * wi
    for g in range(np.uint64(sums.shape[0])):
        sums[g, I1] /= sums[g, I0]
    for i in range(rows):
        xi, wi, g = x[i], w[i], codes[i]
        if careful and wi == 0.0:
            continue
        d = xi - sums[g, I1]
        t = d * wi
        sums[g, I2] += t
        sums[g, I3] += d * t
    for g in range(np.uint64(sums.shape[0])):
        weight = sums[g, I0]
        left = sums[g, I2] / weight
        variance = sums[g, I3] / weight - left * left
        if variance <= noise * (left * left):
            variance = 0.0
        total[g, j], mean[g, j], std[g, j] = weight, sums[g, I1] + left, np.sqrt(variance)
