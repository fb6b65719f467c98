"""The sums of ``_arrays`` compiled by numba (private; extra ``fast``); imported on first use."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

_THREAD_CELLS = 1_000_000  # rows times columns from which two threads are used


def sums_of_groups(columns: Sequence[NDArray[Any]], w: NDArray[Any], groups: Any, omit_missing: bool) -> NDArray[Any]:
    """Return what ``_arrays._sums_of_groups`` does, from rows in any order; rows of no group have the code n."""
    codes, n, k = groups.codes_of(w.size), groups.n, len(columns)
    short, weight, out = codes.astype(np.uint32), np.bincount(codes, w, n + 1), np.empty((4, k, n))

    def work(i: int, j: int) -> None:
        own = np.where(np.isnan(columns[i]), 0.0, w) if omit_missing else w
        total = np.bincount(codes, own, n + 1) if omit_missing else weight
        sums = np.zeros((n + 1, 6))
        _add_up(*(np.ascontiguousarray(columns[c], dtype=np.float64) for c in (i, j)), own, short, total, sums)
        out[0, [i, j]], out[1:, [i, j]] = total[:n], sums[:n].reshape(n, 2, 3).T

    # two columns at a time share weights and codes, unless each has its own gaps
    ones = range(0, k, 1 if omit_missing else 2)
    with ThreadPoolExecutor(2) as pool:
        run = pool.map if codes.size * k >= _THREAD_CELLS else map
        list(run(work, ones, [i if omit_missing else min(i + 1, k - 1) for i in ones]))
    return out


def _compiled(function: Callable[..., None]) -> Callable[..., None]:
    """Compile, and cache on disk if the folder is writable."""
    column, codes = (types.Array(t, 1, "C", readonly=True) for t in (types.float64, types.uint32))
    signature = types.void(column, column, column, codes, column, types.float64[:, ::1])
    try:
        return njit(signature, nogil=True, error_model="numpy", cache=True)(function)  # type: ignore[no-any-return]
    except (OSError, RuntimeError):  # no such folder, or a full disk
        return njit(signature, nogil=True, error_model="numpy")(function)  # type: ignore[no-any-return]


@_compiled
def _add_up(x: Any, y: Any, w: Any, codes: Any, weight: Any, sums: Any) -> None:
    """Fill ``sums``, zeros of (groups, 6): mean, sum of ``w d`` and of ``w d^2`` about it, of ``x`` and of ``y``."""
    for again in range(2):
        i, rows, one = np.uint64(0), np.uint64(x.size), np.uint64(1)
        while i < rows:
            g = codes[i]
            mx, sx, qx, my, sy, qy = sums[g, 0], sums[g, 1], sums[g, 2], sums[g, 3], sums[g, 4], sums[g, 5]
            while i < rows and codes[i] == g:  # adjacent rows of a group: summed in registers
                if w[i] != 0.0:
                    d, e = x[i] - mx, y[i] - my
                    sx, qx, sy, qy = sx + w[i] * d, qx + w[i] * d * d, sy + w[i] * e, qy + w[i] * e * e
                i += one
            sums[g, 1], sums[g, 2], sums[g, 4], sums[g, 5] = sx, qx, sy, qy
        for g in range(0 if again else sums.shape[0]):
            sums[g, 0], sums[g, 3] = sums[g, 1] / weight[g], sums[g, 4] / weight[g]
            sums[g, 1] = sums[g, 2] = sums[g, 4] = sums[g, 5] = 0.0
