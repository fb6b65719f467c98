"""Array input, groups of rows, and the kernel of all dispersion measures (private).

No data-frame library is imported here: input from pandas, polars or pyarrow is recognised by its methods.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, Protocol, TypeAlias

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from junheng._extras import usable
from junheng._text import as_text, plain_cell
from junheng.errors import AlignmentError, InputError
from junheng.words import Quoted, message

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Vector = np.ndarray[tuple[int], np.dtype[np.float64]]
Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]


# Argument types, structural, so that no data-frame library need be imported or have type stubs.


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
    """An array of unknown shape: it matches every shape, so its overload must come first."""

    @property
    def shape(self) -> tuple[int, int, int]: ...


class PandasFrame(_TwoDimensional, Protocol):
    """A pandas DataFrame."""

    def iterrows(self) -> Any: ...


#: One figure per row, or several; weights; a frame; group labels in one column or several.
Column: TypeAlias = Sequence[float | None] | _Series | _OneDimensional
Columns: TypeAlias = Sequence[Sequence[float | None]] | _TwoDimensional
Weights: TypeAlias = Column | None
Frame: TypeAlias = _TwoDimensional
Labels: TypeAlias = (
    Sequence[Hashable] | Sequence[Column] | Mapping[str, Any] | _Series | _OneDimensional | _TwoDimensional
)

#: Rows processed at a time: small enough for the cache, large enough to make the overhead negligible.
CHUNK_ROWS = 65_536
#: The same for the kernel, which uses three arrays at once.
KERNEL_ROWS = 32_768


def as_floats(data: Any, name: str) -> Floats:
    """Return ``data`` as float64, missing cells (None, NA, null) as NaN; raise an error for text.

    The result may share memory with ``data``; do not modify it.
    """
    array = _as_array(data, name)
    kind = array.dtype.kind
    if kind in "fiub":
        with np.errstate(over="ignore"):  # a long double beyond all floats is infinite
            return array.astype(np.float64, copy=False)
    if kind == "O":
        return _objects_as_floats(array, name)
    sample = Quoted(plain_cell(next(iter(array.reshape(-1)[:1].tolist()), None)))
    raise InputError(message("arithmetic.not_numbers", name=name, type=str(array.dtype), sample=sample))


def _as_array(data: Any, name: str) -> NDArray[Any]:
    """Return what a library or a list gives as an array; refuse what it cannot give, such as rows of unlike length."""
    try:
        return _given_array(data)
    except foreign_errors() as exc:
        reason = as_text(exc).partition("\n")[0][:200]
        kind = type(data).__name__
        raise InputError(message("arithmetic.no_array", name=name, type=kind, reason=reason)) from None


def foreign_errors() -> tuple[type[Exception], ...]:
    """Return what the libraries of frames raise for cells that do not fit; they share no class of exceptions."""
    found: list[type[Exception]] = [ArithmeticError, LookupError, NotImplementedError, TypeError, ValueError]
    if "polars" in sys.modules:
        found.append(sys.modules["polars"].exceptions.PolarsError)
    if "pyarrow" in sys.modules:
        found.append(sys.modules["pyarrow"].ArrowException)
    return tuple(found)


def _given_array(data: Any) -> NDArray[Any]:
    if isinstance(data, np.ma.MaskedArray):
        return np.ma.filled(data.astype(np.float64), np.nan)
    if hasattr(data, "to_numpy"):
        data = _dense(data)
        dtype = getattr(data, "dtype", None)
        if hasattr(data, "index") and hasattr(dtype, "na_value"):
            # pandas' nullable and Arrow columns return NA as an object unless na_value is given; text stays text
            if getattr(dtype, "kind", "O") in "fiub":
                return np.asarray(data.to_numpy(dtype=np.float64, na_value=np.nan))
            return np.asarray(data.to_numpy(dtype=object))
        try:
            return np.asarray(data.to_numpy())
        except (TypeError, ValueError):  # pyarrow copies an Array with nulls only on request
            return np.asarray(data.to_numpy(zero_copy_only=False))
    if isinstance(data, (list, tuple)) and any(cell is np.ma.masked for cell in data):
        data = [None if cell is np.ma.masked else cell for cell in data]
    return np.asarray(data)


def _dense(data: Any) -> Any:
    """Return a pandas frame without sparse columns, whose fill values may differ; anything else as it is."""
    if not (hasattr(data, "index") and hasattr(data, "columns")) or not any(map(_is_sparse, data.dtypes)):
        return data
    if not len(data):  # nothing is applied to no rows
        return data.astype(object)
    return data.apply(lambda column: column.sparse.to_dense() if _is_sparse(column.dtype) else column)


def _is_sparse(dtype: Any) -> bool:
    return hasattr(dtype, "fill_value")


def _objects_as_floats(array: NDArray[Any], name: str) -> Floats:
    out = np.empty(array.shape, dtype=np.float64)
    flat_out = out.reshape(-1)
    for i, given in enumerate(array.reshape(-1)):
        text = isinstance(given, (str, bytes))
        item = given if isinstance(given, Fraction) else plain_cell(given)
        if item is None:
            flat_out[i] = np.nan
        elif text:
            raise InputError(message("arithmetic.text_at", name=name, position=i, text=Quoted(item)))
        elif isinstance(item, str) and not isinstance(given, (int, Decimal)):
            raise InputError(message("arithmetic.value_at", name=name, position=i, value=item))
        else:
            try:
                flat_out[i] = float(item)
            except OverflowError:  # a fraction beyond all floats
                flat_out[i] = np.inf if item > 0 else -np.inf
            except (TypeError, ValueError):
                raise InputError(message("arithmetic.value_at", name=name, position=i, value=as_text(item))) from None
    return out


def require_aligned(**named: Any) -> None:
    """Raise an error if the indexes of labelled inputs differ: arithmetic might align them silently."""
    indexed = [(n, v.index) for n, v in named.items() if hasattr(getattr(v, "index", None), "equals")]
    for other_name, other in indexed[1:]:
        first_name, first = indexed[0]
        if not first.equals(other):
            raise AlignmentError(message("arithmetic.indexes_differ", first=first_name, other=other_name))


def require_rows(n: int, **named: NDArray[Any] | None) -> None:
    """Raise an error if an array does not have ``n`` rows."""
    for name, array in named.items():
        if array is not None and (array.ndim == 0 or array.shape[0] != n):
            if array.ndim == 0:
                raise AlignmentError(message("arithmetic.single_number", name=name, needed=n))
            raise AlignmentError(message("arithmetic.other_rows", name=name, rows=array.shape[0], needed=n))


#: Marks an order that is computed when first used.
_LATER = np.empty(0, dtype=np.int64)


@frozen(eq=False, slots=False)
class Groups:
    """The group of each row, computed once and shared by all columns.

    Attributes
    ----------
    codes : (rows,) int array
        Group of each row, 0 … n - 1; every group has at least one row.
    n : int
        Number of groups.
    order : (rows,) int array or None
        Rows in group order; None if they already are.
    starts : (n + 1,) int array
        Start of each group in group order, and the end.
    """

    codes: Ints
    n: int
    _order: Ints | None = field(repr=False)

    @cached_property
    def order(self) -> Ints | None:
        """Rows in group order; None if they already are."""
        return group_order(self.codes, self.n) if self._order is _LATER else self._order

    @cached_property
    def starts(self) -> Ints:
        """Start of each group in group order, and the end."""
        out = np.zeros(self.n + 1, dtype=np.int64)
        np.cumsum(np.bincount(self.codes, minlength=self.n), out=out[1:])
        return out

    @property
    def in_order(self) -> bool:
        """Whether rows are in group order; does not compute the order."""
        return self._order is None

    def codes_of(self, rows: int) -> Ints:
        """Return the group of each row, n for rows without a group: ``order`` may cover only some rows."""
        if self.codes.size == rows:
            return self.codes
        out = np.full(rows, self.n, dtype=np.int64)
        out[self.order] = np.repeat(np.arange(self.n), np.diff(self.starts))
        return out

    @classmethod
    def from_codes(cls, codes: Ints, n: int) -> Groups:
        """Make groups from codes 0 … n - 1, each of which must occur."""
        some = codes[: KERNEL_ROWS + 1]  # rows out of order mostly show early
        in_order = bool((some[1:] >= some[:-1]).all()) and bool((codes[1:] >= codes[:-1]).all())
        return cls(codes=codes, n=n, order=None if in_order else _LATER)

    @classmethod
    def single(cls, rows: int) -> Groups:
        """Put all rows in one group (no group if there are no rows)."""
        return cls(codes=np.zeros(rows, dtype=np.int64), n=1 if rows else 0, order=None)


def group_order(codes: Ints, n: int) -> Ints:
    """Return a stable order by group, by the radix sort that numpy uses for 16-bit integers."""
    low = codes.astype(np.uint16)  # the lowest 16 bits
    order = np.argsort(low, kind="stable")
    if n > 0x10000:
        if n > 0x1_0000_0000:
            return np.argsort(codes, kind="stable")
        high = (codes >> 16).astype(np.uint16)
        order = order[np.argsort(high[order], kind="stable")]
    return order


def compress_codes(codes: Ints, n: int) -> tuple[Ints, Ints]:
    """Renumber codes densely; return them and the old number of each new one."""
    present = np.flatnonzero(np.bincount(codes, minlength=n))
    if present.size == n:
        return codes, present
    lookup = np.empty(n, dtype=np.int64)
    lookup[present] = np.arange(present.size)
    return lookup[codes], present


@frozen(eq=False)
class Moments:
    """Weighted moments of each group (rows) and column (columns); NaN if undefined."""

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

    Two passes, centred: :math:`c = \sum w x / \sum w`, then the sums of :math:`w d` and :math:`w d^2` with :math:`d = x
    - c`. The rounding error of the mean is removed from both, so that equal values deviate by exactly 0. Rows of weight
    0 are ignored; NaN makes its group and column NaN, or is ignored (``omit_missing``).

    ``compiled`` selects the path, for tests; by default numba is used if installed and worthwhile. The paths agree to
    1e-13. In plain numpy, results depend on the row order only within groups.
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
        variance[variance <= 8 * _EPS * rows * left] = 0.0  # within rounding: all values are equal
        std = np.sqrt(variance)
        size = np.abs(centre)
        extreme = ~((size > _SMALL) & (size < _LARGE) & (weight > _SMALL) & (weight < _LARGE) & np.isfinite(square))
    _mend_extremes(extreme & (weight > 0), mean, std, columns, w, groups, omit_missing)
    undefined = ~(np.isfinite(mean) & (weight > 0))
    mean[undefined] = std[undefined] = np.nan
    return Moments(weight.T, mean.T, std.T)


def _mend_extremes(
    extreme: NDArray[np.bool_],
    mean: Floats,
    std: Floats,
    columns: Sequence[NDArray[Any]],
    w: NDArray[Any],
    groups: Any,
    omit_missing: bool,
) -> None:
    """Compute again, in units of their largest figure, the groups whose squares may leave the range of floats."""
    for j in np.flatnonzero(extreme.any(axis=1)).tolist():
        x = np.asarray(columns[j], dtype=np.float64)
        codes, n = groups.codes_of(w.size), groups.n + 1
        counted = (w != 0) & ~(np.isnan(x) if omit_missing else np.zeros(1, dtype=bool))
        some = np.bincount(codes[counted & (x != 0)], minlength=n)[:-1] > 0
        broken = np.bincount(codes[counted & ~(np.isfinite(x) & np.isfinite(w))], minlength=n)[:-1] > 0
        for g in np.flatnonzero(extreme[j] & some & ~broken).tolist():
            rows: Any = slice(groups.starts[g], groups.starts[g + 1])
            rows = np.arange(rows.start, rows.stop) if groups.order is None else groups.order[rows]
            rows = rows[counted[rows]]
            mean[j, g], std[j, g] = _moments_in_units(x[rows], w[rows])


def _moments_in_units(x: Floats, w: Floats) -> tuple[Floats, Floats]:
    """Return mean and deviation of one group, scaled by powers of 2, which lose no digit."""
    unit = int(np.frexp(np.abs(x).max())[1])
    x, w = np.ldexp(x, -unit), np.ldexp(w, -int(np.frexp(w.max())[1]))
    total = w.sum()
    centre = (w * x).sum() / total
    d = x - centre
    left = (w * d).sum() / total
    variance = (w * d * d).sum() / total - left * left
    if variance <= 8 * _EPS * x.size * left * left:
        variance = np.float64(0.0)
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(centre + left, unit), np.ldexp(np.sqrt(variance), unit)


#: Figures and weights between these have squares and sums well within the range of floats.
_SMALL, _LARGE = 1e-100, 1e100
_EPS = float(np.finfo(np.float64).eps)
#: Largest group summed by a plain running sum; larger ones need numpy's pairwise sum to keep the digits.
_RUNNING_SUM = 1_024
#: Cells (rows times columns) from which numba pays off: if already loaded, and if it must be loaded (about a second).
_PAYS_LOADED, _PAYS_LOADING = 100_000, 500_000_000


def _compiling_pays(cells: int) -> bool:
    if "numba" in sys.modules:
        return cells >= _PAYS_LOADED
    return cells >= _PAYS_LOADING and usable("numba")


@np.errstate(all="ignore")  # what is beyond floats is infinite or NaN
def _sums_of_groups(columns: Sequence[NDArray[Any]], w: NDArray[Any], groups: Any, omit_missing: bool) -> NDArray[Any]:
    """Return weight, mean of the first pass, and the sums of ``w d`` and ``w d^2``: (4, columns, groups).

    One column at a time, in group order, in chunks of whole groups that fit the cache.
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
            x_all = np.take(x_all, order, out=in_order, mode="clip")  # nothing is clipped; avoids buffering
        for some, rows, begins, counts, own, total in chunks:
            x = x_all[rows]
            if some_absent:
                absent = (own == 0) | (omit_missing & np.isnan(x))
                x, own = np.where(absent, 0.0, x), np.where(absent, 0.0, own)
                total = np.add.reduceat(own, begins)
            d, t = buffers[:, : x.size]
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
    """Return ``std / |mean|``, NaN if the mean is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(mean == 0, np.nan, std / np.abs(mean))


def _chunk_bounds(starts: Ints, rows: int = CHUNK_ROWS) -> list[tuple[int, int]]:
    """Cut the groups into runs of about ``rows`` rows; a larger group is a run of its own."""
    n = starts.size - 1
    bounds, first = [], 0
    while first < n:
        last = int(np.searchsorted(starts, starts[first] + rows, side="right")) - 1
        last = min(max(last, first + 1), n)
        bounds.append((first, last))
        first = last
    return bounds
