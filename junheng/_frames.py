"""The only module that knows data-frame libraries: frames are opened here and built here (private)."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints, as_floats, compress_codes
from junheng._files import replacing, write_bytes
from junheng.errors import InputDataError, InputError, Problem, ProblemCode
from junheng.words import Quoted, message

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoDataFrame
    from typing_extensions import TypeVar

    #: The library of the input is the library of the output; what is not told is any.
    FrameT = TypeVar("FrameT", bound=IntoDataFrame, default=Any)
else:
    from typing import TypeVar

    FrameT = TypeVar("FrameT")

Backend = Literal["pandas", "polars", "pyarrow"]


# --------------------------------------------------------------------------------------------- labels


def factorize_labels(by: Any) -> tuple[Ints, pd.Index]:
    """Return a code for each row and the sorted labels; a mapping or frame of columns gives a MultiIndex."""
    if isinstance(by, Mapping) or hasattr(by, "columns"):
        if not isinstance(by, Mapping):
            frame = nw.from_native(by, eager_only=True)
            by = {name: frame[name].to_native() for name in frame.columns}
        parts = {name: factorize_labels(column) for name, column in by.items()}
        if not parts:
            raise InputError(message("arithmetic.no_columns"))
        coded, names = [(c, len(u)) for c, u in parts.values()], list(parts)
        sizes = [n for _, n in coded]
        if math.prod(sizes) <= max(4 * coded[0][0].size, 1 << 10):  # a table of all combinations, in order as it is
            codes, present = compress_codes(combine_codes(coded), math.prod(sizes))
            which = np.unravel_index(present, sizes)
            words = [u[i] for (_, u), i in zip(parts.values(), which, strict=True)]
            return codes, pd.MultiIndex.from_arrays(words, names=names)
        codes, first = first_codes(coded)
        heads = [(c[first], len(u)) for c, u in parts.values()]
        if math.prod(n for _, n in heads) < 1 << 62:
            order = np.argsort(combine_codes(heads))
        else:  # slower, but one number has no room for all
            order = np.lexsort([c for c, _ in reversed(heads)])
        if not bool((order[1:] > order[:-1]).all()):
            rank = np.empty_like(order)
            rank[order] = np.arange(order.size)
            codes, first = rank[codes], first[order]
        return codes, pd.MultiIndex.from_arrays([u[c[first]] for c, u in parts.values()], names=names)
    array = _label_array(by)
    codes, labels = pd.factorize(array, sort=True)
    if codes.size and codes.min() < 0:
        row = int(np.argmin(codes))
        raise InputError(message("arithmetic.no_label", position=row))
    return codes.astype(np.int64, copy=False), pd.Index(labels, name=getattr(by, "name", None))


def _label_array(by: Any) -> Any:
    if isinstance(by, (pd.Series, pd.Index)):
        # pandas sorts its own arrays of strings and dates fast, but not what merely wraps numpy
        return np.asarray(by) if isinstance(by.dtype, (np.dtype, pd.CategoricalDtype)) else by.array
    if isinstance(by, np.ndarray):
        return by.astype(object) if by.dtype.kind in "US" else by
    if hasattr(by, "to_list"):
        return np.asarray(by.to_list(), dtype=object)
    if hasattr(by, "to_pylist"):
        return np.asarray(by.to_pylist(), dtype=object)
    out = np.empty(len(by), dtype=object)
    out[:] = list(by)
    return out


def combine_codes(parts: Sequence[tuple[Ints, int]]) -> Ints:
    """Return one code for each combination of several; not dense."""
    codes, n = parts[0][0].astype(np.int64, copy=False), parts[0][1]
    for more, m in parts[1:]:
        if n > 0 and m > (1 << 62) // n:
            codes = dense_codes(codes)
            n = int(codes.max()) + 1 if codes.size else 0
        codes = codes * m + more
        n *= m
    return codes


def dense_codes(codes: Ints, n: int | None = None) -> Ints:
    """Renumber codes 0, 1, 2, … in order of appearance; all lie in 0 … n - 1 where ``n`` is given."""
    if codes.size > 1:
        new = codes[1:] != codes[:-1]
        heads, lengths = _runs_from(new)
        if 4 * heads.size < codes.size or bool((codes[1:] >= codes[:-1]).all()):  # equal codes stand in runs
            numbers = np.arange(heads.size) if all_distinct(codes[heads]) else pd.factorize(codes[heads])[0]
            return np.repeat(numbers.astype(np.int64, copy=False), lengths)
    if n is None or n > max(4 * codes.size, 1 << 10):  # a table of all codes would cost more than a search
        return pd.factorize(codes)[0].astype(np.int64, copy=False)
    rows = np.arange(codes.size)
    first = np.empty(n, dtype=np.int64)
    first[codes[::-1]] = rows[::-1]  # what is written last stays
    at = first[codes]
    numbers = np.cumsum(at == rows)
    numbers -= 1
    return numbers[at]


def all_distinct(codes: Ints) -> bool:
    """Tell whether no code stands twice."""
    return bool((codes[1:] > codes[:-1]).all()) or pd.unique(codes).size == codes.size


def row_codes(parts: Sequence[tuple[Ints, int]]) -> Ints:
    """Return a code for each combination in order of appearance; in the parts -1 is a missing label."""
    parts = [(codes.astype(np.int64) + 1, n + 1) for codes, n in parts]
    return dense_codes(combine_codes(parts), math.prod(n for _, n in parts))


def first_codes(parts: Sequence[tuple[Ints, int]]) -> tuple[Ints, Ints]:
    """Return what ``row_codes`` returns, and the first row of each code."""
    codes = row_codes(parts)
    n = int(codes.max()) + 1 if codes.size else 0
    heads = _runs_from(codes[1:] != codes[:-1])[0] if n else codes
    if heads.size == n:  # each stands in one run
        return codes, heads
    first = np.empty(n, dtype=np.int64)
    first[codes[heads[::-1]]] = heads[::-1]  # what is written last stays
    return codes, first


def column_names(data: Any) -> list[str] | None:
    """Return the headers of a frame of any library, None for anything else."""
    names = getattr(data, "column_names", None) or getattr(data, "columns", None)
    return None if names is None or callable(names) else [str(n) for n in names]


def labelled(values: Floats, index: Any, columns: Any) -> Any:
    """Return a Series (1-D) or DataFrame (2-D) with the group labels as index."""
    if values.ndim == 1:
        return pd.Series(values, index=index)
    return pd.DataFrame(values, index=index, columns=columns if columns is None else list(columns))


# --------------------------------------------------------------------------------------------- building


@frozen(eq=False)
class Wholes:
    """A column of whole numbers, some of which may be missing; of one type whether or not any is."""

    values: Sequence[int | None]


@frozen(eq=False)
class Labels:
    """A column of repeated words: a code a row into a list of words, -1 for none."""

    codes: NDArray[Any]
    words: Sequence[Any]


def build_frame(columns: Mapping[str, Any], backend: Backend) -> Any:
    """Build a frame of a library from columns: arrays, lists, or :class:`Labels`. Missing is null."""
    if backend == "polars":
        return _build_polars(columns)
    if backend == "pyarrow":
        return _build_pyarrow(columns)
    return pandas_frame(columns)


def pandas_frame(columns: Mapping[str, Any]) -> pd.DataFrame:
    """Build a pandas frame from what :func:`build_frame` takes."""
    return pd.DataFrame({name: _pandas_column(c) for name, c in columns.items()})


def _pandas_column(column: Any) -> Any:
    if isinstance(column, Labels):
        return pd.Categorical.from_codes(column.codes, categories=pd.Index(list(column.words)))
    if isinstance(column, Wholes):
        return pd.array(list(column.values), dtype="Int64")
    if isinstance(column, np.ndarray) and column.dtype.kind == "O":
        return pd.Series(column.tolist(), dtype=_inferred(column))
    if isinstance(column, list):
        return pd.Series(column, dtype=_inferred(column))
    return column


def _inferred(column: Any) -> Any:
    """Return the dtype of a list of objects: the same for every table, whatever it happens to hold."""
    return "str" if all(isinstance(v, str) or v is None for v in column) else None


def _build_polars(columns: Mapping[str, Any]) -> Any:
    import polars as pl

    series = []
    for name, column in columns.items():
        if isinstance(column, Labels):
            words = pl.Series(name, list(column.words))
            codes = pl.Series("codes", np.asarray(column.codes, dtype=np.int64))
            taken = words.gather(codes.set(codes < 0, None))
            series.append(taken.cast(pl.Categorical) if taken.dtype == pl.String else taken)
        elif isinstance(column, Wholes):
            series.append(pl.Series(name, list(column.values), dtype=pl.Int64))
        elif isinstance(column, np.ndarray) and column.dtype.kind == "f":
            series.append(pl.Series(name, column).fill_nan(None))
        else:
            values = column.tolist() if isinstance(column, np.ndarray) and column.dtype.kind == "O" else column
            text = isinstance(values, list) and all(isinstance(v, str) or v is None for v in values)
            series.append(pl.Series(name, values, dtype=pl.String if text else None, strict=False))
    return pl.DataFrame([s.alias(n) for s, n in zip(series, columns, strict=True)])


def _build_pyarrow(columns: Mapping[str, Any]) -> Any:
    import pyarrow as pa

    arrays = []
    for column in columns.values():
        if isinstance(column, Labels):
            codes = np.asarray(column.codes, dtype=np.int32)
            indices = pa.array(codes, mask=codes < 0)
            arrays.append(pa.DictionaryArray.from_arrays(indices, pa.array(list(column.words))))
        elif isinstance(column, Wholes):
            arrays.append(pa.array(list(column.values), type=pa.int64()))
        elif isinstance(column, np.ndarray) and column.dtype.kind == "f":
            arrays.append(pa.array(column, from_pandas=True))
        else:
            if isinstance(column, (pa.ChunkedArray, pa.Array)):
                arrays.append(column)
                continue
            values = column.tolist() if isinstance(column, np.ndarray) and column.dtype.kind == "O" else column
            text = isinstance(values, list) and all(isinstance(v, str) or v is None for v in values)
            arrays.append(pa.array(values, type=pa.string() if text else None, from_pandas=True))
    return pa.table(dict(zip(columns, arrays, strict=True)))


# --------------------------------------------------------------------------------------------- opening


def duplicate_headers(names: Sequence[str]) -> InputDataError:
    """Return the error for headers that stand more than once."""
    twice = [n for n in dict.fromkeys(names) if names.count(n) > 1]
    return InputDataError(
        Problem(
            code=ProblemCode.DUPLICATE_COLUMN,
            column=name,
            message=message("arithmetic.duplicate_header", header=Quoted(name), times=names.count(name)),
        )
        for name in twice
    )


class Table:
    """A frame of pandas, polars or pyarrow, read column by column."""

    def __init__(self, frame: Any) -> None:
        try:
            self._frame = nw.from_native(frame, eager_only=True)
        except TypeError:
            raise InputError(message("arithmetic.not_a_frame", type=type(frame).__name__)) from None
        except nw.exceptions.DuplicateError:
            raise duplicate_headers(column_names(frame) or []) from None
        names = [str(c) for c in self._frame.columns]
        self.columns: tuple[str, ...] = tuple(names)
        self._series: dict[str, Any] = {}
        self._texts: dict[str, Any] = {}
        self.rows: int = len(self._frame)

    @property
    def backend(self) -> Backend:
        """The library that results go back to."""
        implementation = self._frame.implementation
        if implementation.is_polars():
            return "polars"
        return "pyarrow" if implementation.is_pyarrow() else "pandas"

    def _column(self, name: str) -> Any:
        """Return a column; taken out of the frame once, which for a small table is most of the work."""
        if name not in self._series:
            self._series[name] = self._frame.get_column(name)
        return self._series[name]

    def is_number(self, name: str) -> bool:
        """Tell whether a column is numeric by its type."""
        return bool(self._column(name).dtype.is_numeric())

    def is_whole(self, name: str) -> bool:
        """Tell whether a column holds whole numbers by its type."""
        return bool(self._column(name).dtype.is_integer())

    def floats(self, name: str) -> Floats:
        """Return a numeric column as float64, missing as NaN."""
        return as_floats(self._column(name).to_native(), name)

    def objects(self, name: str) -> NDArray[np.object_]:
        """Return a column as Python objects, missing as None."""
        out = np.empty(self.rows, dtype=object)
        out[:] = self._column(name).to_list()
        out[pd.isna(out)] = None
        return out

    def codes(self, name: str) -> tuple[NDArray[Any], Sequence[Any]]:
        """Return a code a row in order of appearance (-1: missing) and the words; the codes may be short integers."""
        text = self._text(name)
        if text is not None:
            return _text_codes(text)
        series = self._column(name)
        native = series.to_native()
        values: Any
        if isinstance(native, pd.Series) and isinstance(native.dtype, pd.CategoricalDtype):
            return _category_codes(native)
        if isinstance(native, pd.Series):
            values = native.array
        elif series.dtype.is_numeric():
            values = series.to_numpy()
        else:
            values = self.objects(name)
        try:
            codes, words = pd.factorize(values)
        except TypeError:  # a list in a cell, say: what it looks like stands for it
            values = self.objects(name)
            for i, value in enumerate(values.tolist()):
                values[i] = value if isinstance(value, Hashable) else str(value)
            codes, words = pd.factorize(values)
        return codes.astype(np.int64, copy=False), np.asarray(words, dtype=object).tolist()

    def _text(self, name: str) -> Any:
        """Return a column of text as one Arrow array, None where it is not kept so."""
        if name not in self._texts:
            self._texts[name] = _arrow_text(self._column(name).to_native())
        return self._texts[name]

    def is_text(self, name: str) -> bool:
        """Tell whether a column is text that cells can be taken out of one by one."""
        return self._text(name) is not None

    def first(self, name: str) -> Any:
        """Return the first cell of a column, missing as None."""
        value = self._column(name).head(1).to_list()
        return None if not value or pd.isna(value[0]) is True else value[0]

    def text(self, name: str) -> str | None:
        """Return a column of text as one string, None where it is not kept as text.

        Of ASCII and Chinese characters alone, the latter and digits are left out: see ``_ORDINARY``.
        """
        text = self._text(name)
        if text is None:
            return None
        _, begins, data = text.buffers()
        if data is None or not len(text):
            return ""
        width = np.int32 if str(text.type) == "string" else np.int64
        at = np.frombuffer(begins, dtype=width)[text.offset : text.offset + len(text) + 1]
        own = memoryview(data)[int(at[0]) : int(at[-1])].tobytes()
        odd = own.translate(None, _ORDINARY)
        return odd.decode() if odd.isascii() else own.decode()

    def matching(self, name: str, pattern: str) -> Ints | None:
        """Return the rows whose text matches a pattern, or is missing; None for a column that is not kept as text."""
        text = self._text(name)
        if text is None:
            return None
        import pyarrow.compute as pc

        found = pc.fill_null(pc.match_substring_regex(text, pattern=pattern), True)
        return np.flatnonzero(np.asarray(found))

    def cell(self, name: str, row: int) -> Any:
        """Return one cell of a column of text, missing as None."""
        return self._text(name)[row].as_py()

    def cells(self, name: str, rows: Ints) -> list[Any]:
        """Return some cells of a column as Python objects, missing as None."""
        text = self._text(name)
        if text is not None:
            return list(text.take(_indices(rows)).to_pylist())
        return list(self.objects(name)[rows].tolist())

    def take(self, rows: Ints) -> Table:
        """Return the rows named, in that order, with a default index."""
        return Table(_reset(self._frame[rows.tolist()]).to_native())

    def renamed(self, names: Mapping[str, str]) -> Table:
        """Return the table with columns renamed."""
        return Table(self._frame.rename(dict(names)).to_native())

    def with_columns(self, columns: Mapping[str, Any]) -> Table:
        """Return the table with columns put in place of those of the same name, or added at the end."""
        if not columns:
            return self
        new = nw.from_native(build_frame(columns, self.backend), eager_only=True)
        return Table(_reset(self._frame).with_columns(*(new[c] for c in new.columns)).to_native())

    def with_numbers(self, columns: Mapping[str, Floats]) -> Table:
        """Return the table with other figures in some columns, each of the type it had where that holds them."""
        return self.with_columns({name: self._typed(name, _whole_or_not(values)) for name, values in columns.items()})

    def with_rows(self, rows: Sequence[Mapping[str, Any]]) -> Table:
        """Return the table with rows at the end; what a row does not name is missing."""
        longer = {n: [*self.objects(n).tolist(), *(row.get(n) for row in rows)] for n in self.columns}
        return Table(build_frame({n: self._typed(n, values) for n, values in longer.items()}, self.backend))

    def _typed(self, name: str, values: Any) -> Any:
        """Return values as a native column of the type that a column has, if no value changes by it."""
        built = nw.from_native(build_frame({name: values}, self.backend), eager_only=True)[name].to_native()
        old = self._column(name).to_native()
        try:
            if self.backend == "polars":
                new = built.cast(old.dtype)
                return new if new.cast(built.dtype).eq_missing(built).all() else built
            if self.backend == "pyarrow":
                new = built.cast(old.type)
                return new if new.cast(built.type).equals(built) else built
            new = built.astype(old.dtype)
            return new if bool(((new == built) | (new.isna() & built.isna())).all()) else built
        except Exception:  # the libraries have no one class for a value that a type cannot hold
            return built

    def without(self, columns: Sequence[str]) -> Table:
        """Return the table without some columns."""
        return Table(self._frame.drop(list(columns)).to_native()) if columns else self

    def to_native(self) -> Any:
        """Return the frame in its own library; pandas gets a default index."""
        return _reset(self._frame).to_native()


#: Digits and the bytes of Chinese characters: none is a blank, and none has a twin of another width or case.
_ORDINARY = bytes([*b"0123456789-_.", *range(0x80, 0xC0), *range(0xE4, 0xEA)])


def _whole_or_not(values: Floats) -> Any:
    """Return whole numbers as such, so that they fit a column of whole numbers."""
    known = np.isfinite(values)
    if not (values[known] == np.floor(values[known])).all() or (np.abs(values[known]) >= 2.0**53).any():
        return values
    return Wholes([int(v) if k else None for v, k in zip(values.tolist(), known.tolist(), strict=True)])


def _arrow_text(native: Any) -> Any:
    """Return text that lies in memory as Arrow keeps it; None for anything else, or where pyarrow is not there."""
    if isinstance(native, pd.Series):
        dtype = native.dtype
        if not (isinstance(dtype, pd.ArrowDtype) or getattr(dtype, "storage", None) == "pyarrow"):
            return None
        array: Any = native.array
        native = array.__arrow_array__()
    elif type(native).__module__.startswith("polars"):
        if str(native.dtype) != "String" or find_spec("pyarrow") is None:
            return None
        native = native.to_arrow()
    if not hasattr(native, "type"):
        return None
    if str(native.type) == "string_view":
        import pyarrow as pa

        native = native.cast(pa.large_string())
    if str(native.type) not in ("string", "large_string"):
        return None
    if hasattr(native, "chunks"):
        native = native.chunk(0) if native.num_chunks == 1 else native.combine_chunks()
    if hasattr(native, "chunks"):  # some releases keep one chunk as it was
        native = native.chunk(0) if native.num_chunks else None
    return native


@frozen(eq=False)
class _TextWords(Sequence[Any]):
    """The words of a column of text as Arrow keeps them; they become strings only where they are asked for."""

    array: Any

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, i: Any) -> Any:
        return self.array[i].as_py()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.array.to_pylist())


def _text_codes(text: Any) -> tuple[NDArray[Any], _TextWords]:
    """Return codes in order of appearance (-1: missing) and the words."""
    import pyarrow as pa
    import pyarrow.compute as pc

    # Arrow's own allocator maps fresh memory for a large dictionary every other time: 30 ms for a province
    encoded = pc.dictionary_encode(text, memory_pool=pa.system_memory_pool())
    indices = encoded.indices
    codes = np.asarray(indices.fill_null(-1) if indices.null_count else indices)
    return codes, _TextWords(encoded.dictionary)


def _runs_from(changes: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Return where runs of equal cells begin, and their lengths, from what differs from the cell before."""
    heads = np.concatenate([[0], np.flatnonzero(changes) + 1])
    return heads, np.diff(heads, append=changes.size + 1)


def _indices(rows: Ints) -> Any:
    import pyarrow as pa

    return pa.array(rows)


def _category_codes(series: Any) -> tuple[Ints, Sequence[Any]]:
    """Return the codes of a pandas categorical in order of appearance."""
    codes, found = pd.factorize(np.append(-1, series.cat.codes.to_numpy()))
    categories = series.cat.categories
    return codes[1:].astype(np.int64) - 1, [categories[c] for c in found[1:].tolist()]


def _reset(frame: Any) -> Any:
    native = frame.to_native()
    return nw.from_native(native.reset_index(drop=True)) if isinstance(native, pd.DataFrame) else frame


# ----------------------------------------------------------------------------------------------- files


def write_tables(path: Path, tables: Mapping[str, Any], inputs: Iterable[Any] = ()) -> None:
    """Write frames to one workbook, a sheet each, or to CSV files beside each other; none may be one of the inputs."""
    if path.suffix.lower() == ".csv":
        sources = list(inputs)
        targets = [path, *(path.with_name(f"{path.stem}-{name}{path.suffix}") for name in list(tables)[1:])]
        # all are written before the first takes its place
        with ExitStack() as files:
            opened = [files.enter_context(replacing(target, sources)) for target in targets]
            for file, frame in zip(opened, tables.values(), strict=True):
                frame.to_csv(file, index=False, encoding="utf-8-sig")
        return
    try:
        import xlsxwriter  # noqa: F401
    except ImportError:
        raise InputError(message("arithmetic.no_excel", file=path.name)) from None
    options = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": False, "in_memory": True}
    book = BytesIO()
    with pd.ExcelWriter(book, engine="xlsxwriter", engine_kwargs={"options": options}) as writer:
        for name, frame in tables.items():
            frame.to_excel(writer, sheet_name=name[:31], index=False, freeze_panes=(1, 0))
            for i, column in enumerate(frame.columns):
                wide = 2 * len(str(column)) + 2
                writer.sheets[name[:31]].set_column(i, i, min(40, max(10, wide)))
    write_bytes(path, book.getvalue(), inputs)
