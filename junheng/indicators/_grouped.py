"""Shared by the measures: reading arguments, chunks of whole groups, groups of similar size as a matrix (private)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from junheng._arrays import CHUNK_ROWS, Floats, Groups, Ints, _chunk_bounds, as_floats, require_aligned, require_rows
from junheng._data import column_ids
from junheng._frames import (
    Backend,
    build_frame,
    column_names,
    duplicate_headers,
    factorize_labels,
    labelled,
    library_of,
)
from junheng._text import as_text
from junheng.errors import AlignmentError, InputError
from junheng.words import Quoted, listed, message

if TYPE_CHECKING:
    import pandas as pd

_TINY = float(np.finfo(np.float64).tiny)


@frozen(eq=False)
class Sample:
    """Values, weights and groups, in the form that the kernels expect.

    ``given`` are the values as they came in, ``library`` is that of frames that go out.
    """

    columns: list[Any] = field(repr=False)
    weights: Floats | None = field(repr=False)
    groups: Groups
    labels: Any
    names: list[str] | None
    flat: bool
    given: Any = field(repr=False)
    library: Backend

    @property
    def rows(self) -> int:
        """Number of schools."""
        return int(self.groups.codes.size)

    def give(self, out: Floats) -> Any:
        """Return one number per group and column, in the form of the public result."""
        if self.labels is not None:
            return self._give_groups(out)
        row: Floats = out[0] if self.groups.n else np.full(len(self.columns), np.nan)
        return float(row[0]) if self.flat else row

    def _give_groups(self, out: Floats) -> Any:
        """Return one row per group: indexed by the labels in pandas; elsewhere the labels are the first columns."""
        if self.library == "pandas":
            return labelled(out[:, 0] if self.flat else out, self.labels, self.names)
        head = label_columns(self.labels, np.arange(self.groups.n))
        if self.flat:
            name = getattr(self.given, "name", None)
            names = [name if isinstance(name, str) and name and name not in head else "value"]
        else:
            names = [str(i) for i in range(len(self.columns))] if self.names is None else self.names
        if len({*head, *names}) < len(head) + len(names):
            raise duplicate_headers([*head, *names])
        return self.frame(head | {name: out[:, j] for j, name in enumerate(names)})

    def frame(self, columns: Mapping[str, Any]) -> pd.DataFrame:
        """Return columns as a frame of the library of the input, whatever the type says."""
        built: pd.DataFrame = build_frame(columns, self.library)
        return built

    def beside(self, name: str, figures: Any) -> Floats:
        """Return another figure of each school; raise an error if its rows are not those of the values."""
        require_aligned(values=self.given, **{name: figures})
        out = as_floats(figures, name)
        require_rows(self.rows, **{name: out})
        if out.ndim != 1:
            raise InputError(message("arithmetic.shape_of_schools", name=name, shape=str(out.shape)))
        return out

    def give_rows(self, columns: list[Floats]) -> Floats:
        """Return one number per school and column in the shape of the values."""
        return columns[0] if self.flat else np.stack(columns, axis=1) if columns else np.empty((self.rows, 0))

    def weight_array(self) -> Floats:
        """Return the weights, or ones."""
        return np.ones(self.rows) if self.weights is None else self.weights

    def weights_in_range(self) -> Floats:
        """Return the weights, or ones, scaled so that sums of their products are floats."""
        scaled = in_range(self.weights)
        return np.ones(self.rows) if scaled is None else scaled

    def present(self) -> NDArray[np.bool_]:
        """Return which schools have nonzero weight (an unknown weight counts as nonzero)."""
        return np.ones(self.rows, dtype=bool) if self.weights is None else self.weights != 0

    def long(self, data: Mapping[str, Floats]) -> pd.DataFrame:
        """Return a tidy frame from arrays (groups, columns): group labels, then ``indicator`` if 2-D, then the data."""
        k = len(self.columns)
        head = label_columns(self.labels, np.repeat(np.arange(self.groups.n), k))
        if not self.flat:
            head["indicator"] = self.indicator_column(np.tile(np.arange(k), self.groups.n))
        return self.frame(head | {name: a.reshape(-1) for name, a in data.items()})

    def indicator_column(self, which: Ints) -> Any:
        """Return the header of each column position, or the position itself without headers."""
        return which if self.names is None else [self.names[i] for i in which.tolist()]


def read_sample(values: Any, weights: Any, by: Any, names: tuple[str, str] = ("values", "weights")) -> Sample:
    """Check the arguments common to all measures and lay out the groups; ``names`` are the caller's argument names."""
    require_aligned(**{names[0]: values, names[1]: weights}, **label_parts(by))
    x = as_floats(values, names[0])
    if x.ndim not in (1, 2):
        raise InputError(message("arithmetic.shape_of_values", name=names[0], shape=str(x.shape)))
    w = check_weights(weights, x.shape[0], names[1])
    columns = [x] if x.ndim == 1 else [x[:, j] for j in range(x.shape[1])]
    labels = None
    if by is None:
        groups = Groups.single(x.shape[0])
    else:
        codes, labels = factorize_labels(by)
        require_labels(x.shape[0], codes, by)
        groups = Groups.from_codes(codes, len(labels))
    headers = column_names(values) if x.ndim == 2 else None
    return Sample(
        columns=columns,
        weights=w,
        groups=groups,
        labels=labels,
        names=headers,
        flat=x.ndim == 1,
        given=values,
        library=library_of(values, weights, by),
    )


# ------------------------------------------------------------------------------------------- measures


@frozen(eq=False)
class Kernel:
    """What computes a measure, from arrays, of every group (rows) and column.

    ``beside`` are other figures of the schools, one row each, that the measure needs; ``compute`` takes them last.
    """

    compute: Callable[..., Floats]
    beside: NDArray[Any] | None = None

    def __call__(self, columns: list[Any], weights: Floats | None, groups: Groups, rows: Ints | None = None) -> Floats:
        """Compute; ``rows`` are the rows of the table that the columns have, if not all."""
        if self.beside is None:
            return self.compute(columns, weights, groups)
        return self.compute(columns, weights, groups, self.beside if rows is None else self.beside[rows])


def ranked_kernel(measure: Callable[[Ranked], Floats], rank: Floats | None = None, *, signed: bool = False) -> Kernel:
    """Return the kernel of a measure of sorted values, or of values sorted by another figure."""

    def compute(columns: list[Any], weights: Floats | None, groups: Groups, key: Floats | None = None) -> Floats:
        return over_ranked(columns, weights, groups, measure, key, signed=signed)

    return Kernel(compute, rank)


def measured(kernel: Callable[..., Kernel], values: Any, weights: Any, by: Any, **options: Any) -> Any:
    """Return a measure in the form of the public result; ``kernel`` takes the sample and the options."""
    sample = read_sample(values, weights, by)
    return sample.give(kernel(sample, **options)(sample.columns, sample.weights, sample.groups))


def label_parts(by: Any) -> dict[str, Any]:
    """Return the columns of labels by the names that messages give them."""
    if not isinstance(by, (list, tuple)):
        return {"by": by}
    return {f"by[{i}]": part for i, part in enumerate(by) if hasattr(part, "index") and not callable(part.index)}


def require_labels(rows: int, codes: Ints, by: Any) -> None:
    """Raise an error if there is not a label for each row; ``by=["county", "year"]`` names columns, and has no rows."""
    names = isinstance(by, (list, tuple)) and all(isinstance(name, str) and name in column_ids() for name in by)
    if names and codes.size != rows:
        raise AlignmentError(message("arithmetic.names_as_labels"))
    require_rows(rows, by=codes)


def check_weights(weights: Any, rows: int, name: str = "weights") -> Floats | None:
    """Return the weights as an array of ``rows``, or None; raise an error if one is negative or infinite."""
    if weights is None:
        return None
    w = as_floats(weights, name)
    require_rows(rows, **{name: w})
    if w.ndim != 1:
        raise InputError(message("arithmetic.shape_of_schools", name=name, shape=str(w.shape)))
    bad = (w < 0) | np.isinf(w)
    if np.count_nonzero(bad):
        i = int(np.argmax(bad))
        raise InputError(message("arithmetic.weight", name=name, position=i, value=float(w[i])))
    return w


def check_number(value: Any, name: str, low: float, high: float, *, open_low: bool = False) -> float:
    """Return an argument as a float between two bounds; raise an error for anything else."""
    array = as_floats(value, name)
    number = float(array) if array.ndim == 0 else float("nan")
    if not (low <= number <= high) or (open_low and number == low) or np.isinf(number):
        key = "arithmetic.number_above" if open_low else "arithmetic.number_from"
        raise InputError(message(key, name=name, low=low, high=high, value=as_text(value)))
    return number


def check_choice(value: str, name: str, choices: Sequence[str]) -> None:
    """Raise an error if an argument is not one of its choices."""
    if value not in choices:
        raise InputError(message("arithmetic.choice", name=name, choices=listed(choices, "or"), value=Quoted(value)))


def check_flag(value: Any, name: str) -> bool:
    """Return an argument that is true or false, 1 or 0; a word such as "adverse" would count as true."""
    if isinstance(value, (bool, np.bool_, int, np.integer)) and value in (0, 1):
        return bool(value)
    raise InputError(message("arithmetic.flag", name=name, value=as_text(value)))


def label_columns(labels: Any, which: Ints) -> dict[str, Any]:
    """Return the labels of the given groups as columns of a frame."""
    if labels is None:
        return {}
    if getattr(labels, "nlevels", 1) > 1 or type(labels).__name__ == "MultiIndex":
        names = [f"group_{i + 1}" if n is None else str(n) for i, n in enumerate(labels.names)]
        return {n: labels.get_level_values(i).take(which) for i, n in enumerate(names)}
    return {"group" if labels.name is None else str(labels.name): labels.take(which)}


# ------------------------------------------------------------------------------------- sums over groups


def relative_sums(
    columns: list[Any], weights: Floats | None, groups: Groups, term: Callable[[Floats], Floats]
) -> Floats:
    r"""Sum over each group of :math:`p\,f(x / \bar x)`, with p the share of the weight; one row per group.

    ``term`` is f; it may modify its argument. NaN if a value is negative, infinite or missing, or the mean is not
    positive. Works on one column at a time, in chunks of whole groups that fit the cache.
    """
    out = np.full((groups.n, len(columns)), np.nan)
    if not groups.n:
        return out
    starts = groups.starts
    with np.errstate(all="ignore"):
        for first, last in _chunk_bounds(starts):
            lo, hi = int(starts[first]), int(starts[last])
            rows: Any = slice(lo, hi) if groups.order is None else groups.order[lo:hi]
            begins, counts = starts[first:last] - lo, np.diff(starts[first : last + 1])
            w = np.ones(hi - lo) if weights is None else weights[rows]
            absent = w == 0
            any_absent = bool(absent.any())
            p = w / np.repeat(np.add.reduceat(w, begins), counts)
            for j, column in enumerate(columns):
                r = np.array(column[rows])
                if any_absent:
                    r[absent] = 0.0
                mean = np.add.reduceat(r * p, begins)
                mean[~((mean > 0) & np.isfinite(mean))] = np.nan
                r /= np.repeat(mean, counts)
                if not r.min() >= 0:  # also where a gap hides a negative
                    r[r < 0] = np.nan
                if any_absent:
                    r[absent] = 1.0
                t = term(r)
                t *= p
                out[first:last, j] = np.add.reduceat(t, begins)
    return out


def entropy_sums(columns: list[Any], weights: Floats | None, groups: Groups, alpha: float) -> Floats:
    """Generalised entropy of every group and column; inf if alpha <= 0 and a value is 0.

    Every term is 0 at equality and none is negative, because the first-order part r - 1, whose weighted sum is 0, is
    subtracted from each. Nearly equal values lose no digits, and the rounding error of the mean cancels.
    """
    return relative_sums(columns, weights, groups, _entropy_term(alpha))


def _entropy_term(alpha: float) -> Callable[[Floats], Floats]:
    def theil_t(r: Floats) -> Floats:
        t = np.maximum(r, _TINY)  # 0 log 0 is 0
        np.log(t, out=t)
        t *= r
        r -= 1.0
        t -= r
        return t

    def theil_l(r: Floats) -> Floats:
        t = np.log(r)
        r -= 1.0
        return np.subtract(r, t, out=t)

    def half_square(r: Floats) -> Floats:
        r -= 1.0
        r *= r
        r *= 0.5
        return r

    def near_one(r: Floats) -> Floats:
        t = np.expm1((alpha - 1.0) * np.log(np.maximum(r, _TINY))) * r
        t /= alpha - 1.0
        t -= r - 1.0
        t /= alpha
        return t

    def near_zero(r: Floats) -> Floats:
        t = np.expm1(alpha * np.log(r))
        t /= alpha
        t -= r - 1.0
        t /= alpha - 1.0
        return t

    known = {0.0: theil_l, 1.0: theil_t, 2.0: half_square}
    return known.get(alpha) or (near_one if alpha > 0.5 else near_zero)


def in_range(weights: Floats | None) -> Floats | None:
    """Return weights whose products are floats: very large or small ones are scaled by a power of 2."""
    most = 0.0 if weights is None else float(np.fmax.reduce(weights, initial=0.0))
    if weights is None or not most or 1e-100 < most < 1e100:
        return weights
    return np.ldexp(weights, -int(np.frexp(most)[1]))


# ------------------------------------------------------------------------------- groups of like size


@frozen(eq=False)
class Block:
    """Groups of similar size as a matrix; shorter ones are padded with schools of weight 0.

    Attributes
    ----------
    groups : (g,) int array
        Group numbers.
    rows : (g, length) int array
        Rows of the table; padding repeats the first row of the group.
    weights : (g, length) array
        Weights; 0 for padding.
    """

    groups: Ints
    rows: Ints
    weights: Floats


def blocks(groups: Groups, weights: Floats | None, cells: int = CHUNK_ROWS) -> Iterator[Block]:
    """Cut the groups into blocks of similar size of about ``cells`` cells; at most an eighth is padding."""
    if not groups.n:
        return
    if groups.n == 1:
        rows = (np.arange(groups.codes.size) if groups.order is None else groups.order)[np.newaxis]
        w = np.ones(rows.shape) if weights is None else weights[rows]
        yield Block(groups=np.zeros(1, dtype=np.int64), rows=rows, weights=w)
        return
    sizes = np.diff(groups.starts)
    by_size = np.argsort(sizes, kind="stable")
    ordered = sizes[by_size]
    first = 0
    while first < groups.n:
        least = int(ordered[first])
        longest = max(least + 1, least + least // 8)
        last = min(int(np.searchsorted(ordered, longest, side="right")), first + max(1, cells // longest))
        which = by_size[first:last]
        length = int(ordered[last - 1])
        place = np.arange(length)
        filler = place >= sizes[which][:, np.newaxis]
        rows = groups.starts[which][:, np.newaxis] + np.where(filler, 0, place)
        if groups.order is not None:
            rows = groups.order[rows]
        w = np.ones(rows.shape) if weights is None else weights[rows]
        w[filler] = 0.0
        yield Block(groups=which, rows=rows, weights=w)
        first = last


@frozen(eq=False)
class Ranked:
    """A column of a block, sorted within each group, with cumulated weights."""

    figures: Floats
    weights: Floats
    cumulated: Floats
    #: The sort key; by default the figures themselves.
    rank: Floats

    @property
    def weight(self) -> Floats:
        """Weight of each group."""
        return np.asarray(self.cumulated[:, -1])


def over_ranked(
    sample_columns: list[Any],
    weights: Floats | None,
    groups: Groups,
    measure: Callable[[Ranked], Floats],
    rank: Floats | None = None,
    *,
    signed: bool = False,
) -> Floats:
    """Apply a measure of sorted values to every group and column; one row per group.

    NaN if a value is infinite or missing, or the weights sum to 0; also, unless ``signed``, if a value is negative or
    all values are 0.
    """
    out = np.full((groups.n, len(sample_columns)), np.nan)
    weights = in_range(weights)
    with np.errstate(all="ignore"):
        for block in blocks(groups, weights):
            absent = block.weights == 0
            any_absent = bool(absent.any())
            for j, column in enumerate(sample_columns):
                x = np.asarray(column[block.rows])
                key = x if rank is None else np.asarray(rank[block.rows])
                if any_absent:
                    # any finite value will do for an absent school, but as a sort key it must not split schools of one
                    # rank
                    x[absent] = 0.0
                    if key is not x:
                        key[absent] = -np.inf
                order = np.argsort(key, axis=1)
                xs = np.take_along_axis(x, order, axis=1)
                ws = np.take_along_axis(block.weights, order, axis=1)
                ks = xs if rank is None else np.take_along_axis(key, order, axis=1)
                cumulated = np.cumsum(ws, axis=1)
                got = measure(Ranked(xs, ws, cumulated, ks))
                total = (xs * ws).sum(axis=1)
                undefined = ~(np.isfinite(total) & (cumulated[:, -1] > 0))
                if not signed:
                    lowest = xs[:, 0] if rank is None else xs.min(axis=1)
                    undefined |= ~(total > 0) | (lowest < 0)
                if rank is not None:
                    undefined |= np.isnan(ks[:, -1])
                out[block.groups, j] = np.where(undefined, np.nan, got)
    return out


def mean_of(s: Ranked) -> Floats:
    """Weighted mean of each group, as a column; of equal values exactly their value."""
    total = s.weights.sum(axis=1, keepdims=True)
    mean = (s.figures * s.weights).sum(axis=1, keepdims=True) / total
    left = ((s.figures - mean) * s.weights).sum(axis=1, keepdims=True) / total
    return np.asarray(mean + left)
