"""The sums of ``_arrays`` compiled by numba (private; extra ``fast``); imported only where they are used."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

#: Cells (rows times columns) from which two threads share out the columns.
_THREAD_CELLS = 1_000_000


def sums_of_groups(
    columns: Sequence[NDArray[Any]], weights: NDArray[Any] | None, codes: NDArray[Any], n: int, omit_missing: bool
) -> NDArray[np.float64]:
    """Return what ``_arrays._sums_of_groups`` does, from rows in any order; those with the code n are in no group."""
    w = np.ones(codes.size) if weights is None else np.ascontiguousarray(weights, dtype=np.float64)
    sums, codes = np.zeros((len(columns), n + 1, 4)), codes.astype(np.uint32)

    def work(j: int) -> None:
        x = np.ascontiguousarray(columns[j], dtype=np.float64)
        _add_up(x, np.where(np.isnan(x), 0.0, w) if omit_missing else w, codes, sums[j])

    with ThreadPoolExecutor(2) as pool:
        list((pool.map if codes.size * len(columns) >= _THREAD_CELLS else map)(work, range(len(columns))))
    return np.ascontiguousarray(np.moveaxis(sums[:, :-1], 2, 0))


def _compiled(function: Callable[..., None]) -> Callable[..., None]:
    """Compile, and keep it on disk where a folder for it can be written."""
    column, codes = (types.Array(t, 1, "C", readonly=True) for t in (types.float64, types.uint32))
    signature = types.void(column, column, codes, types.float64[:, ::1])
    try:
        return njit(signature, nogil=True, error_model="numpy", cache=True)(function)  # type: ignore[no-any-return]
    except (OSError, RuntimeError):  # no such folder, or a full disk
        return njit(signature, nogil=True, error_model="numpy")(function)  # type: ignore[no-any-return]


@_compiled
def _add_up(x: Any, w: Any, codes: Any, sums: Any) -> None:
    """Fill ``sums``, zeros of (groups, 4): weight, mean, and the sums of ``w d`` and ``w d^2`` about that mean."""
    for again in range(2):
        i, rows, one = np.uint64(0), np.uint64(x.size), np.uint64(1)
        while i < rows:
            g = codes[i]
            weight, mean, left, square = sums[g, 0], sums[g, 1], sums[g, 2], sums[g, 3]
            while i < rows and codes[i] == g:  # rows of a group that stand together: added up in registers
                if w[i] != 0.0:
                    d = x[i] - mean
                    weight += w[i]
                    left += w[i] * d
                    square += w[i] * d * d
                i += one
            sums[g, 0], sums[g, 2], sums[g, 3] = weight, left, square
        for g in range(0 if again else sums.shape[0]):
            sums[g, 1] = sums[g, 2] / sums[g, 0]
            sums[g, 0] = sums[g, 2] = sums[g, 3] = 0.0
