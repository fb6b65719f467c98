"""Arrays in, groups made once, and the kernel that every dispersion measure rests on (private).

No data-frame library is imported here: what comes from pandas, polars or pyarrow is turned into numpy by
what it can do, not by what it is called.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from importlib.util import find_spec
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from junheng.errors import AlignmentError, InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Rows worked on at a time: small enough to stay in the cache, large enough to drown the overhead.
CHUNK_ROWS = 65_536
#: The same for the kernel, which keeps three arrays at work.
KERNEL_ROWS = 32_768


def as_floats(data: Any, name: str) -> Floats:
    """Return ``data`` as float64, missing cells (None, NA, null) as NaN; text is refused.

    The result may share memory with ``data`` and must not be written to.
    """
    array = _as_array(data)
    kind = array.dtype.kind
    if kind in "fiub":
        return array.astype(np.float64, copy=False)
    if kind == "O":
        return _objects_as_floats(array, name)
    sample = array.reshape(-1)[:1].tolist()
    raise InputError(f"{name} must be numbers, not {array.dtype} such as {sample[0] if sample else None!r}")


def _as_array(data: Any) -> NDArray[Any]:
    if isinstance(data, np.ma.MaskedArray):
        return np.ma.filled(data.astype(np.float64), np.nan)
    if hasattr(data, "to_numpy"):
        dtype = getattr(data, "dtype", None)
        if hasattr(data, "index") and hasattr(dtype, "na_value"):
            # pandas' nullable and Arrow columns keep NA as an object unless a stand-in is named; text stays text
            if getattr(dtype, "kind", "O") in "fiub":
                return np.asarray(data.to_numpy(dtype=np.float64, na_value=np.nan))
            return np.asarray(data.to_numpy(dtype=object))
        try:
            return np.asarray(data.to_numpy())
        except (TypeError, ValueError):  # pyarrow refuses to copy an Array with nulls unless told to
            return np.asarray(data.to_numpy(zero_copy_only=False))
    return np.asarray(data)


def _objects_as_floats(array: NDArray[Any], name: str) -> Floats:
    out = np.empty(array.shape, dtype=np.float64)
    flat_out = out.reshape(-1)
    for i, item in enumerate(array.reshape(-1)):
        if item is None or type(item).__name__ in {"NAType", "NaTType"}:
            flat_out[i] = np.nan
        elif isinstance(item, (str, bytes)):
            raise InputError(f"{name} must be numbers, but position {i} holds the text {item!r}")
        else:
            try:
                flat_out[i] = float(item)
            except (TypeError, ValueError):
                raise InputError(f"{name} must be numbers, but position {i} holds {item!r}") from None
    return out


def require_aligned(**named: Any) -> None:
    """Refuse labelled inputs whose indexes differ: arithmetic would align them or not, silently."""
    indexed = [(n, v.index) for n, v in named.items() if hasattr(getattr(v, "index", None), "equals")]
    for other_name, other in indexed[1:]:
        first_name, first = indexed[0]
        if not first.equals(other):
            raise AlignmentError(
                f"{first_name} and {other_name} are labelled but their indexes differ; "
                "take both from one table, or pass .to_numpy() if their order is known to agree"
            )


def require_rows(n: int, **named: NDArray[Any] | None) -> None:
    """Refuse arrays that do not have ``n`` rows."""
    for name, array in named.items():
        if array is not None and (array.ndim == 0 or array.shape[0] != n):
            rows = "a single number" if array.ndim == 0 else f"{array.shape[0]} rows"
            raise AlignmentError(f"{name} has {rows} where {n} are needed")


#: Stands for an order that is only worked out when it is asked for.
_LATER = np.empty(0, dtype=np.int64)


@frozen(eq=False, slots=False)
class Groups:
    """Which row belongs to which group, worked out once and shared by every column.

    Attributes
    ----------
    codes : (rows,) int array
        Group of each row, 0 … n - 1; every group has at least one row.
    n : int
        Number of groups.
    order : (rows,) int array or None
        Rows in group order; None when they already are.
    starts : (n + 1,) int array
        Where each group begins in group order, and the end.
    """

    codes: Ints
    n: int
    _order: Ints | None = field(repr=False)

    @cached_property
    def order(self) -> Ints | None:
        """Rows in group order; None when they already are."""
        return group_order(self.codes, self.n) if self._order is _LATER else self._order

    @cached_property
    def starts(self) -> Ints:
        """Where each group begins in group order, and the end."""
        out = np.zeros(self.n + 1, dtype=np.int64)
        np.cumsum(np.bincount(self.codes, minlength=self.n), out=out[1:])
        return out

    @property
    def in_order(self) -> bool:
        """Whether rows stand in group order, told without working the order out."""
        return self._order is None

    @classmethod
    def from_codes(cls, codes: Ints, n: int) -> Groups:
        """Make groups from codes 0 … n - 1, each of which must occur."""
        some = codes[: KERNEL_ROWS + 1]  # what is out of order mostly shows at once
        in_order = bool((some[1:] >= some[:-1]).all()) and bool((codes[1:] >= codes[:-1]).all())
        return cls(codes=codes, n=n, order=None if in_order else _LATER)

    @classmethod
    def single(cls, rows: int) -> Groups:
        """All rows in one group (no group at all where there is no row)."""
        return cls(codes=np.zeros(rows, dtype=np.int64), n=1 if rows else 0, order=None)


def group_order(codes: Ints, n: int) -> Ints:
    """Return a stable order by group. numpy sorts 16-bit integers by radix, which beats any comparison."""
    low = codes.astype(np.uint16)  # the lowest 16 bits
    order = np.argsort(low, kind="stable")
    if n > 0x10000:
        if n > 0x1_0000_0000:
            return np.argsort(codes, kind="stable")
        high = (codes >> 16).astype(np.uint16)
        order = order[np.argsort(high[order], kind="stable")]
    return order


def compress_codes(codes: Ints, n: int) -> tuple[Ints, Ints]:
    """Renumber codes so that every number occurs; return them and the old number of each new one."""
    present = np.flatnonzero(np.bincount(codes, minlength=n))
    if present.size == n:
        return codes, present
    lookup = np.empty(n, dtype=np.int64)
    lookup[present] = np.arange(present.size)
    return lookup[codes], present


#: Rows from which independent columns are worked on by two threads at once.
THREAD_ROWS = 400_000


def over_columns(work: Callable[[Any], Any], columns: Iterable[Any], rows: int) -> list[Any]:
    """Do a piece of work for every column; columns of many rows by two threads, which changes nothing else."""
    if rows < THREAD_ROWS:
        return [work(c) for c in columns]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(work, columns))


@frozen(eq=False)
class Moments:
    """Weighted moments of each group (rows) and column (columns); NaN where they are undefined."""

    weight: Floats
    mean: Floats
    std: Floats


def grouped_moments(
    columns: Sequence[NDArray[Any]],
    weights: NDArray[Any] | None,
    groups: Groups,
    *,
    omit_missing: bool = False,
    compiled: bool | None = None,
    any_order: bool = False,
) -> Moments:
    r"""Weighted mean and population standard deviation of every column in every group.

    Two passes over cache-sized chunks of whole groups: :math:`\bar X = \sum w x / \sum w`, then
    :math:`S = \sqrt{\sum w (x - \bar X)^2 / \sum w}`. A row of weight 0 is absent, whatever it holds. NaN
    spoils its own group and column only, or is left out with ``omit_missing``.

    ``compiled`` picks the path, for tests; otherwise the work is compiled by numba where that is installed and worth
    it. Both paths give the same bits, and the order of the rows changes none as long as each group keeps its own:
    each group is added up by itself. With ``any_order`` that is given up for speed where the table is large, rows of
    many groups are mixed, none of them is large and no gaps are left out: then the last bits may differ (relative about
    1e-15 in groups of a hundred rows, below 1e-13 in groups of thousands).
    """
    k = len(columns)
    total = np.full((groups.n, k), np.nan)
    mean = np.full((groups.n, k), np.nan)
    std = np.full((groups.n, k), np.nan)
    if groups.n == 0 or k == 0:
        return Moments(total, mean, std)
    if compiled is None:
        compiled = _compiling_pays(groups.codes.size * k)
    scatter = any_order and not omit_missing and _scattering_pays(groups, columns[0].shape[0])
    out = total, mean, std
    if compiled:
        from junheng import _compiled

        if scatter:
            _compiled.scatter_moments(columns, weights, groups, out, _SCATTER_NOISE)
        else:
            _compiled.fill_moments(columns, weights, groups, out, omit_missing)
    elif scatter:
        _scatter_moments(columns, weights, groups, out)
    else:
        _fill_moments(columns, weights, groups, out, omit_missing)
    undefined = ~(np.isfinite(mean) & (total > 0))
    mean[undefined] = np.nan
    std[undefined] = np.nan
    return Moments(total, mean, std)


#: Cells (rows times columns) from which numba pays: where it is loaded already, and where it has to be loaded, which
#: with the stored kernel takes about a second.
_PAYS_LOADED, _PAYS_LOADING = 1_500_000, 500_000_000


def _compiling_pays(cells: int) -> bool:
    if "numba" in sys.modules:
        return cells >= _PAYS_LOADED
    return cells >= _PAYS_LOADING and find_spec("numba") is not None


@frozen(eq=False)
class _Chunk:
    """Some whole groups that stay in the cache: rows ``lo`` to ``hi`` in group order."""

    first: int
    last: int
    lo: int
    hi: int
    begins: Ints
    counts: Ints
    w: Floats
    weight: Floats
    absent: NDArray[np.bool_] | None


def _fill_moments(
    columns: Sequence[NDArray[Any]],
    weights: NDArray[Any] | None,
    groups: Groups,
    out: tuple[Floats, Floats, Floats],
    omit_missing: bool,
) -> None:
    """Fill total weight, mean and deviation, (groups, columns) each, in plain numpy."""
    total, mean, std = out
    starts, order = groups.starts, groups.order
    bounds = _chunk_bounds(starts, KERNEL_ROWS)
    longest = max(int(starts[b] - starts[a]) for a, b in bounds)
    buffers = (np.empty(longest), np.empty(longest), np.empty(longest if omit_missing else 0))
    ones = np.ones(longest if weights is None else 0)
    w_all = None if weights is None else np.asarray(weights if order is None else weights[order], dtype=np.float64)

    def cut(bound: tuple[int, int]) -> _Chunk:
        first, last = bound
        lo, hi = int(starts[first]), int(starts[last])
        w = ones[: hi - lo] if w_all is None else w_all[lo:hi]
        begins, absent = starts[first:last] - lo, w == 0
        return _Chunk(
            first,
            last,
            lo,
            hi,
            begins,
            np.diff(starts[first : last + 1]),
            w,
            np.add.reduceat(w, begins),
            absent if absent.any() else None,
        )

    def fill(c: _Chunk, j: int, buffers: tuple[Floats, ...]) -> None:
        column, (x_buffer, t_buffer, w_buffer) = columns[j], buffers
        x, t = x_buffer[: c.hi - c.lo], t_buffer[: c.hi - c.lo]
        v: NDArray[Any] = x
        if order is not None and column.dtype == np.float64:
            np.take(column, order[c.lo : c.hi], out=x, mode="clip")  # nothing is clipped, and buffered neither
        elif order is not None:
            x[...] = column[order[c.lo : c.hi]]
        elif c.absent is None and not omit_missing and column.flags.c_contiguous:
            v = column[c.lo : c.hi]
        else:
            x[...] = column[c.lo : c.hi]
        if c.absent is not None:
            x[c.absent] = 0.0
        w, weight = c.w, c.weight
        if omit_missing:
            gap = np.isnan(x)
            if gap.any():
                w = w_buffer[: c.hi - c.lo]
                w[...] = c.w
                w[gap] = 0.0
                x[gap] = 0.0
                weight = np.add.reduceat(w, c.begins)
        np.multiply(v, w, out=t)
        centre = np.add.reduceat(t, c.begins)
        centre /= weight
        np.subtract(v, np.repeat(centre, c.counts), out=x)
        if w is not c.w or c.absent is not None:
            x[w == 0] = 0.0  # a group mean of NaN or inf must not leak through 0 * NaN
        np.multiply(x, w, out=t)
        # what rounding left in the mean is taken out of both: equal values have a deviation of 0
        left = np.add.reduceat(t, c.begins)
        left /= weight
        np.multiply(x, t, out=x)
        variance = np.add.reduceat(x, c.begins)
        variance /= weight
        variance -= left * left
        total[c.first : c.last, j] = weight
        mean[c.first : c.last, j] = centre + left
        std[c.first : c.last, j] = np.sqrt(np.maximum(variance, 0.0))

    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if order is None:
            for bound in bounds:
                chunk = cut(bound)
                for j in range(len(columns)):
                    fill(chunk, j, buffers)
            return
        # fetched from all over a column: a column at a time stays in the cache
        chunks = [cut(bound) for bound in bounds]

    def fill_column(j: int) -> None:
        own = tuple(np.empty(b.size) for b in buffers)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for chunk in chunks:
                fill(chunk, j, own)

    over_columns(fill_column, range(len(columns)), groups.codes.size)


#: Rows from which it pays to send each row to the sums of its group; rows of the largest group up to which a plain
#: running sum is as good as a pairwise one; rows added up at a time.
_SCATTER_ROWS, _SCATTER_GROUP, _SCATTER_PIECE = 100_000, 4_096, 131_072
#: What is no more than this part of the squared rounding of a mean is rounding itself: equal values deviate by 0.
_SCATTER_NOISE = 4 * _SCATTER_GROUP * float(np.finfo(np.float64).eps)


def _scattering_pays(groups: Groups, rows: int) -> bool:
    mixed = not groups.in_order and groups.codes.size == rows
    return mixed and rows >= _SCATTER_ROWS and int(np.diff(groups.starts).max()) <= _SCATTER_GROUP


def _scatter_moments(
    columns: Sequence[NDArray[Any]],
    weights: NDArray[Any] | None,
    groups: Groups,
    out: tuple[Floats, Floats, Floats],
) -> None:
    """Fill as ``_fill_moments`` does, in the order of the rows: each goes to the sums of its group.

    A column is read from one end to the other; only the sums, which mostly stay in the cache, are reached at random.
    A sparse matrix holds the weight of each row at its group, so that a product with it weighs and adds up in one
    go; scipy lets other threads work meanwhile, which ``np.add.at`` and ``np.bincount`` do not.
    """
    from scipy import sparse  # only here, and only for large tables: it takes longer to import than most calls

    total, mean, std = out
    codes, n = groups.codes, groups.n
    w = np.ones(codes.size) if weights is None else np.ascontiguousarray(weights, dtype=np.float64)
    size = min(max(_SCATTER_PIECE, n), codes.size)  # each product makes sums for all groups
    places, ends = codes.astype(np.int32), np.arange(size + 1, dtype=np.int32)
    pieces = []
    for lo in range(0, codes.size, size):
        p = slice(lo, min(lo + size, codes.size))
        rows = p.stop - p.start
        sums = sparse.csc_array((w[p], places[p], ends[: rows + 1]), shape=(n, rows))
        pieces.append((p, sums, gone if (gone := w[p] == 0).any() else None))
    weight = np.bincount(codes, weights=w, minlength=n)

    def fill_column(j: int) -> None:
        t_buffer = np.empty(size)
        centre, left, square = np.zeros(n), np.zeros(n), np.zeros(n)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for p, sums, gone in pieces:
                x = np.ascontiguousarray(columns[j][p], dtype=np.float64)
                centre += sums @ (x if gone is None else np.where(gone, 0.0, x))
            centre /= weight
            for p, sums, gone in pieces:
                t = t_buffer[: p.stop - p.start]
                np.take(centre, codes[p], out=t, mode="clip")  # nothing is clipped, and buffered neither
                np.subtract(columns[j][p], t, out=t)
                if gone is not None:
                    t[gone] = 0.0  # a group mean of NaN or inf must not leak through 0 * NaN
                left += sums @ t
                np.multiply(t, t, out=t)
                square += sums @ t
            left /= weight
            square /= weight
            total[:, j] = weight
            mean[:, j] = centre + left
            left *= left
            square -= left
            square[square <= _SCATTER_NOISE * left] = 0.0
            std[:, j] = np.sqrt(square)

    over_columns(fill_column, range(len(columns)), codes.size)


def coefficient(mean: Floats, std: Floats) -> Floats:
    """Return ``std / |mean|``, NaN where the mean is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(mean == 0, np.nan, std / np.abs(mean))


def _chunk_bounds(starts: Ints, rows: int = CHUNK_ROWS) -> list[tuple[int, int]]:
    """Cut the groups into runs of about so many rows; a larger group is a run of its own."""
    n = starts.size - 1
    bounds, first = [], 0
    while first < n:
        last = int(np.searchsorted(starts, starts[first] + rows, side="right")) - 1
        last = min(max(last, first + 1), n)
        bounds.append((first, last))
        first = last
    return bounds
