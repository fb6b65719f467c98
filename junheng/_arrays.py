"""Arrays in, groups made once, and the kernel that every dispersion measure rests on (private).

No data-frame library is imported here: what comes from pandas, polars or pyarrow is turned into numpy by
what it can do, not by what it is called.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from importlib.util import find_spec
from typing import Any, Protocol, TypeAlias

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from junheng.errors import AlignmentError, InputError
from junheng.words import Quoted, message

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Vector = np.ndarray[tuple[int], np.dtype[np.float64]]
Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]


# Types of arguments, told by what a type checker can see without importing any library of frames.


class _Series(Protocol):
    """A pandas or polars Series."""

    def to_frame(self) -> Any: ...


class _OneDimensional(Protocol):
    @property
    def shape(self) -> tuple[int]: ...


class _TwoDimensional(Protocol):
    """A two-dimensional array or a frame."""

    @property
    def shape(self) -> tuple[int, int]: ...


class AnyShape(Protocol):
    """An array of unknown shape: a checker lets it pass for any shape, so this overload comes first."""

    @property
    def shape(self) -> tuple[int, int, int]: ...


class PandasFrame(_TwoDimensional, Protocol):
    """A pandas DataFrame."""

    def iterrows(self) -> Any: ...


#: One figure a row, and several; weights; a frame; labels of groups in one column or several.
Column: TypeAlias = Sequence[float | None] | _Series | _OneDimensional
Columns: TypeAlias = Sequence[Sequence[float | None]] | _TwoDimensional
Weights: TypeAlias = Column | None
Frame: TypeAlias = _TwoDimensional
Labels: TypeAlias = Sequence[Hashable] | Mapping[str, Any] | _Series | _OneDimensional | _TwoDimensional

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
    sample = Quoted(next(iter(array.reshape(-1)[:1].tolist()), None))
    raise InputError(message("arithmetic.not_numbers", name=name, type=str(array.dtype), sample=sample))


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
            raise InputError(message("arithmetic.text_at", name=name, position=i, text=Quoted(item)))
        else:
            try:
                flat_out[i] = float(item)
            except (TypeError, ValueError):
                raise InputError(message("arithmetic.value_at", name=name, position=i, value=repr(item))) from None
    return out


def require_aligned(**named: Any) -> None:
    """Refuse labelled inputs whose indexes differ: arithmetic would align them or not, silently."""
    indexed = [(n, v.index) for n, v in named.items() if hasattr(getattr(v, "index", None), "equals")]
    for other_name, other in indexed[1:]:
        first_name, first = indexed[0]
        if not first.equals(other):
            raise AlignmentError(message("arithmetic.indexes_differ", first=first_name, other=other_name))


def require_rows(n: int, **named: NDArray[Any] | None) -> None:
    """Refuse arrays that do not have ``n`` rows."""
    for name, array in named.items():
        if array is not None and (array.ndim == 0 or array.shape[0] != n):
            if array.ndim == 0:
                raise AlignmentError(message("arithmetic.single_number", name=name, needed=n))
            raise AlignmentError(message("arithmetic.other_rows", name=name, rows=array.shape[0], needed=n))


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

    def codes_of(self, rows: int) -> Ints:
        """Return the group of each of so many rows, n for those of no group: ``order`` may name some rows only."""
        if self.codes.size == rows:
            return self.codes
        out = np.full(rows, self.n, dtype=np.int64)
        out[self.order] = np.repeat(np.arange(self.n), np.diff(self.starts))
        return out

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
) -> Moments:
    r"""Weighted mean and population standard deviation of every column in every group.

    Two passes, centred: :math:`c = \sum w x / \sum w`, then the sums of :math:`w d` and :math:`w d^2` with
    :math:`d = x - c`. What rounding left in the mean is taken out of both, so that equal values deviate by exactly 0.
    A row of weight 0 is absent, whatever it holds; NaN spoils its group and column, or is left out (``omit_missing``).

    ``compiled`` picks the path, for tests; otherwise numba adds up where it is installed and worth it. The two agree
    to 1e-13. In plain numpy the order of the rows changes no bit as long as each group keeps its own.
    """
    shape = groups.n, len(columns)
    if not all(shape):
        return Moments(*(np.full(shape, np.nan) for _ in range(3)))
    w = np.ones(columns[0].shape[0]) if weights is None else np.ascontiguousarray(weights, dtype=np.float64)
    rows, sums_of_groups = np.diff(groups.starts), _sums_of_groups
    if compiled is None:
        compiled = _compiling_pays(groups.codes.size * len(columns))
    if compiled and int(rows.max()) <= _RUNNING_SUM:
        from junheng._compiled import sums_of_groups
    weight, centre, left, square = sums_of_groups(columns, w, groups, omit_missing)
    with np.errstate(all="ignore"):
        left = left / weight
        mean = centre + left
        left *= left
        variance = square / weight - left
        variance[variance <= 8 * _EPS * rows * left] = 0.0  # no more than rounding: all values are equal
        std = np.sqrt(variance)
    undefined = ~(np.isfinite(mean) & (weight > 0))
    mean[undefined] = std[undefined] = np.nan
    return Moments(weight.T, mean.T, std.T)


_EPS = float(np.finfo(np.float64).eps)
#: Rows of a group up to which a plain running sum keeps the digits; larger groups are added up pairwise, by numpy.
_RUNNING_SUM = 4_096
#: Cells (rows times columns) from which numba pays: where it is loaded, and where it has to be (about a second).
_PAYS_LOADED, _PAYS_LOADING = 100_000, 500_000_000


def _compiling_pays(cells: int) -> bool:
    if "numba" in sys.modules:
        return cells >= _PAYS_LOADED
    return cells >= _PAYS_LOADING and find_spec("numba") is not None


def _sums_of_groups(columns: Sequence[NDArray[Any]], w: NDArray[Any], groups: Any, omit_missing: bool) -> NDArray[Any]:
    """Return weight, mean of the first pass, and the sums of ``w d`` and ``w d^2``: (4, columns, groups).

    A column at a time, brought into group order, in chunks of whole groups that stay in the cache.
    """
    starts, order = groups.starts, groups.order
    w = w if order is None else w[order]
    chunks = []
    for a, b in _chunk_bounds(starts, KERNEL_ROWS):
        rows, begins, counts = slice(starts[a], starts[b]), starts[a:b] - starts[a], np.diff(starts[a : b + 1])
        chunks.append((slice(a, b), rows, begins, counts, w[rows], np.add.reduceat(w[rows], begins)))
    some_absent = omit_missing or bool((w == 0).any())
    in_order = np.empty(0 if order is None else order.size)
    buffers = np.empty((2, max(rows.stop - rows.start for _, rows, *_ in chunks)))
    weight, centre, left, square = out = np.empty((4, len(columns), groups.n))
    for j, column in enumerate(columns):
        x_all = np.asarray(column, dtype=np.float64)
        if order is not None:
            x_all = np.take(x_all, order, out=in_order, mode="clip")  # nothing is clipped, and buffered neither
        for some, rows, begins, counts, own, total in chunks:
            x = x_all[rows]
            if some_absent:
                absent = (own == 0) | (omit_missing & np.isnan(x))
                x, own = np.where(absent, 0.0, x), np.where(absent, 0.0, own)
                total = np.add.reduceat(own, begins)
            d, t = buffers[:, : x.size]
            with np.errstate(all="ignore"):
                mean = np.add.reduceat(np.multiply(x, own, out=t), begins) / total
                np.subtract(x, np.repeat(mean, counts), out=d)
                if some_absent:
                    d[absent] = 0.0  # a group mean of NaN or inf must not leak through 0 * NaN
                np.multiply(d, own, out=t)
                left[j, some] = np.add.reduceat(t, begins)
                square[j, some] = np.add.reduceat(np.multiply(d, t, out=t), begins)
            weight[j, some], centre[j, some] = total, mean
    return out


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
