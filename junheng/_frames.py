"""The only module that knows data-frame libraries: opens and builds frames (private)."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints, as_floats, compress_codes, foreign_errors
from junheng._codes import arrow_text, category_codes, combine_codes, first_codes, text_codes
from junheng._extras import check
from junheng._files import replacing
from junheng._text import as_text, plain_cell
from junheng.errors import AlignmentError, InputDataError, InputError, Problem, ProblemCode
from junheng.words import Quoted, listed, message

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


def factorize_labels(by: Any, name: str = "by") -> tuple[Ints, pd.Index]:
    """Return a code for each row and the sorted labels; several columns of labels give a MultiIndex.

    Errors call it by the ``name`` of the argument.
    Several columns are a mapping, a frame, or a list of arrays, lists or Series; a Series keeps its name.
    """
    parts = _label_columns(by)
    if parts is None:
        codes, labels = _coded(by, name)
        return codes, labels.rename(_name_of(by))
    names, columns = parts
    if not columns:
        raise InputError(message("arithmetic.no_columns"))
    coded = [_coded(column, name) for column in columns]
    if len({codes.size for codes, _ in coded}) > 1:
        lengths = listed(str(codes.size) for codes, _ in coded)
        raise AlignmentError(message("arithmetic.columns_of_labels", lengths=lengths))
    return _combined(coded, names)


def _label_columns(by: Any) -> tuple[list[Any], list[Any]] | None:
    """Return the names and columns of labels in several columns, None for one column."""
    if isinstance(by, Mapping):
        return [as_text(n) if isinstance(n, str) else n for n in by], list(by.values())
    if isinstance(by, (list, tuple)) and by and all(map(_is_column, by)):
        return _names_of(by), list(by)
    if column_names(by) is None or isinstance(by, (type, pd.Series, pd.Index)):
        return None
    frame = open_frame(by)
    return list(frame.columns), [frame.get_column(name).to_native() for name in frame.columns]


def _names_of(columns: Sequence[Any]) -> list[str | None]:
    """Return the names of columns of labels, None for those without; no name may occur twice."""
    names = [None if name is None else as_text(name) for name in map(_name_of, columns)]
    given = [n for n in names if n is not None]
    if len(set(given)) < len(given):
        raise duplicate_headers(given)
    return names


def _name_of(column: Any) -> Any:
    """Return the name of a column of labels, None without one; an empty one, as polars has it, is none."""
    if isinstance(column, (type, list, tuple, np.ndarray)):
        return None
    name = getattr(column, "name", None)
    return name if isinstance(name, Hashable) and not callable(name) and name != "" else None


def _is_column(part: Any) -> bool:
    """Whether an element of a list of labels is a column of labels; a tuple is one label, as always."""
    if isinstance(part, (list, pd.Categorical)):
        return True
    return (
        getattr(part, "ndim", 1) == 1
        and not isinstance(part, type)
        and hasattr(part, "__array__")
        and hasattr(part, "__len__")
    )


def _combined(coded: list[tuple[Ints, pd.Index]], names: list[Any]) -> tuple[Ints, pd.Index]:
    """Return a code for each combination of labels, and the combinations in order."""
    sizes = [len(words) for _, words in coded]
    pairs = [(codes, len(words)) for codes, words in coded]
    if math.prod(sizes) <= max(4 * coded[0][0].size, 1 << 10):  # a table of all combinations, already in order
        codes, present = compress_codes(combine_codes(pairs), math.prod(sizes))
        which = np.unravel_index(present, sizes)
        words = [u[i] for (_, u), i in zip(coded, which, strict=True)]
        return codes, pd.MultiIndex.from_arrays(words, names=names)
    codes, first = first_codes(pairs)
    heads = [(c[first], len(u)) for c, u in coded]
    if math.prod(n for _, n in heads) < 1 << 62:
        order = np.argsort(combine_codes(heads))
    else:  # slower, for combinations that do not fit one integer
        order = np.lexsort([c for c, _ in reversed(heads)])
    if not bool((order[1:] > order[:-1]).all()):
        rank = np.empty_like(order)
        rank[order] = np.arange(order.size)
        codes, first = rank[codes], first[order]
    return codes, pd.MultiIndex.from_arrays([u[c[first]] for c, u in coded], names=names)


def _coded(by: Any, name: str) -> tuple[Ints, pd.Index]:
    """Return a code for each label and the sorted labels; text that occurs again and again is looked at once."""
    distinct = _distinct(by)
    if distinct is None:
        return _factorized(_label_array(by, name), name)
    codes, words = distinct
    rank, labels = _factorized(_one_kind(_plain_labels(words), name), name)
    if codes.size and codes.min() < 0:
        raise InputError(message("arithmetic.no_label", name=name, position=int(np.argmin(codes))))
    return rank[codes], labels


def _distinct(by: Any) -> tuple[Ints, Sequence[Any]] | None:
    """Return codes (-1: missing) and distinct words of a categorical or of Arrow text; None for anything else."""
    if isinstance(by, (pd.Series, pd.Index, pd.Categorical)):
        if not isinstance(by.dtype, pd.CategoricalDtype):
            return None  # pandas sorts its own arrays fast
        return category_codes(pd.Series(by))
    if not hasattr(by, "to_arrow") and not hasattr(by, "dictionary_encode"):
        return None
    try:
        series = nw.from_native(by, series_only=True)
        text = arrow_text((series.cast(nw.String) if series.dtype in (nw.Categorical, nw.Enum) else series).to_native())
        if text is None:
            return None
        codes, words = text_codes(text)
        return codes.astype(np.int64), list(words)
    except foreign_errors():  # told by who reads every label
        return None


def _factorized(array: Any, name: str) -> tuple[Ints, pd.Index]:
    """Return a code for each label and the sorted labels."""
    if array.ndim != 1:
        raise InputError(message("arithmetic.shape_of_labels", name=name, shape=str(array.shape)))
    if len(array) and isinstance(array[0], (list, dict, set)):
        raise InputError(message("arithmetic.labels_of_kinds", name=name, kinds=type(array[0]).__name__))
    try:
        codes, labels = pd.factorize(array, sort=True)
    except TypeError:
        raise _labels_of_kinds(array, name) from None
    if codes.size and codes.min() < 0:
        raise InputError(message("arithmetic.no_label", name=name, position=int(np.argmin(codes))))
    return codes.astype(np.int64, copy=False), pd.Index(labels)


def _labels_of_kinds(labels: Iterable[Any], name: str) -> InputError:
    kinds = listed(sorted({type(label).__name__ for label in labels}))
    return InputError(message("arithmetic.labels_of_kinds", name=name, kinds=kinds))


def _label_array(by: Any, name: str) -> Any:
    """Return labels in a form that pandas sorts: its own arrays where it is fast, plain Python objects elsewhere."""
    kind = getattr(by, "dtype", None)
    if isinstance(by, (pd.Series, pd.Index, np.ndarray)) and getattr(by, "ndim", 1) == 1:
        if isinstance(kind, np.dtype) and kind.kind == "f":
            return as_floats(by, name)  # also of kinds that pandas cannot sort
        if isinstance(kind, np.dtype) and kind.kind not in "OUSVc":
            return np.asarray(by)
        if not isinstance(by, np.ndarray) and not isinstance(kind, (np.dtype, pd.ArrowDtype)):
            return by.array
    if isinstance(by, np.ndarray) and by.ndim != 1:
        return by
    try:
        method = next((n for n in ("to_list", "to_pylist", "tolist") if hasattr(by, n)), None)
        labels = list(by) if method is None or isinstance(by, type) else getattr(by, method)()
        plain = _plain_labels(labels)
    except foreign_errors() as exc:
        reason = as_text(exc).partition("\n")[0][:200]
        raise InputError(message("arithmetic.no_array", name=name, type=type(by).__name__, reason=reason)) from None
    return _one_kind(plain, name)


def _one_kind(plain: NDArray[np.object_], name: str) -> NDArray[np.object_]:
    """Refuse tuples beside others: pandas sorts these as rows of a table, with a warning."""
    if len({isinstance(label, tuple) for label in plain}) > 1:
        raise _labels_of_kinds(plain, name)
    return plain


def _plain_labels(labels: Sequence[Any]) -> NDArray[np.object_]:
    """Return labels that can be told apart and printed; a tuple is one label."""
    out = np.empty(len(labels), dtype=object)
    for i, label in enumerate(labels):
        out[i] = tuple(map(plain_cell, label)) if isinstance(label, tuple) else plain_cell(label)
    return out


def column_names(data: Any) -> list[str] | None:
    """Return the headers of a frame of any library, None for anything else."""
    if type(data).__name__ == "LazyFrame":  # no rows yet
        return None
    names = getattr(data, "column_names", None) or getattr(data, "columns", None)
    if names is None or callable(names) or not isinstance(names, Iterable):
        return None
    return [as_text(n) for n in names]


def library_of(*given: Any) -> Backend:
    """Return the library of results: that of the first argument that has one; pandas for arrays and lists."""
    for thing in given:
        if isinstance(thing, Mapping):
            parts = list(thing.values())
        elif isinstance(thing, (list, tuple)) and len(thing) and _is_column(thing[0]):
            parts = list(thing)
        else:
            parts = [thing]
        for part in parts:
            name = type(part).__module__.partition(".")[0]
            if name == "polars":
                return "polars"
            if name in ("pandas", "pyarrow"):
                return "pandas" if name == "pandas" else "pyarrow"
    return "pandas"


def labelled(values: Floats, index: Any, columns: Any) -> Any:
    """Return a Series (1-D) or DataFrame (2-D) with the group labels as index."""
    if values.ndim == 1:
        return pd.Series(values, index=index)
    return pd.DataFrame(values, index=index, columns=columns if columns is None else list(columns))


# --------------------------------------------------------------------------------------------- building


@frozen(eq=False)
class Wholes:
    """A column of whole numbers, some possibly missing; its type does not depend on that.

    With ``codes``, the numbers are repeated: one code per row into them.
    """

    values: Sequence[int | None]
    codes: NDArray[Any] | None = None


@frozen(eq=False)
class Labels:
    """A column of repeated words: one code per row into a list of words, -1 for missing."""

    codes: NDArray[Any]
    words: Sequence[Any]


def build_frame(columns: Mapping[str, Any], backend: Backend) -> Any:
    """Build a frame of a library from columns: arrays, lists, :class:`Labels` or :class:`Wholes`. Missing is null."""
    if backend == "polars":
        return _build_polars(columns)
    if backend == "pyarrow":
        return _build_pyarrow(columns)
    return pandas_frame(columns)


def pandas_frame(columns: Mapping[str, Any]) -> pd.DataFrame:
    """Build a pandas frame from what :func:`build_frame` takes."""
    return pd.DataFrame({name: _pandas_column(c) for name, c in columns.items()})


def _pandas_column(column: Any) -> Any:
    column = _within_64_bits(column)
    if isinstance(column, Labels):
        numbers = _numbers(column)
        if numbers is not None:
            return numbers
        return pd.Categorical.from_codes(column.codes, categories=pd.Index(list(column.words)))
    if isinstance(column, Wholes):
        wholes = pd.array(list(column.values), dtype="Int64")
        return wholes if column.codes is None else wholes.take(column.codes)
    values = column.tolist() if isinstance(column, np.ndarray) and column.dtype.kind == "O" else column
    if not isinstance(values, list):
        return column
    try:
        return pd.Series(values, dtype=_inferred(values))
    except UnicodeEncodeError:  # labels with half a character
        return pd.Series([as_text(v) if isinstance(v, str) else v for v in values], dtype=_inferred(values))


def _numbers(labels: Labels) -> NDArray[Any] | None:
    """Return labels that are numbers, such as years, as an array; None for words, and where a label is missing."""
    words = list(labels.words)
    if not words or not all(isinstance(w, (int, float)) and not isinstance(w, bool) for w in words):
        return None
    codes, values = np.asarray(labels.codes), np.array(words)
    if values.dtype.kind not in "if" or (codes.size and codes.min() < 0):
        return None
    numbers: NDArray[Any] = values[codes]
    return numbers


def _within_64_bits(column: Any) -> Any:
    """Return a column as it is; whole numbers too large for a column of numbers, such as a year of 1e308, as labels."""
    if not isinstance(column, Wholes) or not any(map(_is_large, column.values)):
        return column
    own = np.array([-1 if v is None else i for i, v in enumerate(column.values)], dtype=np.int64)
    return Labels(own if column.codes is None else own[column.codes], [v or 0 for v in list(column.values)])


def _is_large(value: Any) -> bool:
    return type(value) is int and value.bit_length() > 63


def _inferred(column: Any) -> Any:
    """Return the dtype of a list of objects, independent of missing values."""
    return "str" if all(kind is NoneType or issubclass(kind, str) for kind in set(map(type, column))) else None


def _build_polars(columns: Mapping[str, Any]) -> Any:
    import polars as pl

    series = []
    for name, given in columns.items():
        column = _within_64_bits(given)
        if isinstance(column, Labels):
            words = pl.Series(name, _of_one_library_type(list(column.words), (str,)))
            codes = pl.Series("codes", np.asarray(column.codes, dtype=np.int64))
            taken = words.gather(codes.set(codes < 0, None))
            series.append(taken.cast(pl.Categorical) if taken.dtype == pl.String else taken)
        elif isinstance(column, Wholes):
            wholes = pl.Series(name, list(column.values), dtype=pl.Int64)
            series.append(wholes if column.codes is None else wholes.gather(column.codes))
        elif isinstance(column, np.ndarray) and column.dtype.kind == "f":
            series.append(pl.Series(name, column).fill_nan(None))
        else:
            values = _as_list(column)
            values = _of_one_library_type(values, (str, float, int)) if isinstance(values, list) else values
            text = isinstance(values, list) and all(isinstance(v, str) or v is None for v in values)
            series.append(pl.Series(name, values, dtype=pl.String if text else None, strict=False))
    return pl.DataFrame([s.alias(n) for s, n in zip(series, columns, strict=True)])


def _as_list(column: Any) -> Any:
    """Return objects and labels as a list, anything else as it is."""
    objects = isinstance(column, pd.Index) or (isinstance(column, np.ndarray) and column.dtype.kind == "O")
    return column.tolist() if objects else column


#: Dates with or without a time, and spans of time. (``datetime`` is imported nowhere: no result may depend on a clock.)
_DATES = type(np.datetime64(0, "D").item()), type(np.timedelta64(0, "s").item())
#: What a column of polars or Arrow can hold; tuples, intervals and other objects are written as text.
_HELD = (NoneType, str, bytes, bool, int, float, Decimal, np.generic, type(pd.NA), type(pd.NaT), *_DATES)


def _of_one_library_type(values: list[Any], beside_text: tuple[type, ...]) -> list[Any]:
    """Return cells that polars or Arrow can hold in one column: beside texts, others are written as text."""
    kinds = {type(v) for v in values if v is not None}
    held = all(issubclass(kind, _HELD) for kind in kinds) and not any(map(_is_large, values))
    if held and (len(kinds) < 2 or kinds <= {int, float, bool, Decimal}):
        return values
    fits = [v is None or (isinstance(v, beside_text) and not _is_large(v)) for v in values]
    return [v if fit else as_text(v) for v, fit in zip(values, fits, strict=True)]


def _build_pyarrow(columns: Mapping[str, Any]) -> Any:
    import pyarrow as pa

    arrays = []
    for column in map(_within_64_bits, columns.values()):
        if isinstance(column, Labels):
            numbers = _numbers(column)
            if numbers is not None:
                arrays.append(pa.array(numbers))
                continue
            codes = np.asarray(column.codes, dtype=np.int32)
            indices = pa.array(codes, mask=codes < 0)
            arrays.append(
                pa.DictionaryArray.from_arrays(indices, pa.array(_of_one_library_type(list(column.words), (str,))))
            )
        elif isinstance(column, Wholes):
            wholes = pa.array(list(column.values), type=pa.int64())
            arrays.append(wholes if column.codes is None else wholes.take(pa.array(column.codes)))
        elif isinstance(column, np.ndarray) and column.dtype.kind == "f":
            arrays.append(pa.array(column, from_pandas=True))
        else:
            if isinstance(column, (pa.ChunkedArray, pa.Array)):
                arrays.append(column)
                continue
            values = _as_list(column)
            values = _of_one_library_type(values, (str,)) if isinstance(values, list) else values
            text = isinstance(values, list) and all(isinstance(v, str) or v is None for v in values)
            arrays.append(pa.array(values, type=pa.string() if text else None, from_pandas=True))
    return pa.table(dict(zip(columns, arrays, strict=True)))


# --------------------------------------------------------------------------------------------- opening


def duplicate_headers(names: Sequence[str]) -> InputDataError:
    """Return the error for duplicate headers."""
    twice = [n for n in dict.fromkeys(names) if names.count(n) > 1]
    return InputDataError(
        Problem(
            code=ProblemCode.DUPLICATE_COLUMN,
            column=name,
            message=message("arithmetic.duplicate_header", header=Quoted(name), times=names.count(name)),
        )
        for name in twice
    )


def unreadable_column(name: str, kind: str, why: Exception) -> InputDataError:
    """Return the error for a column whose cells its own library cannot give."""
    reason = as_text(why).partition("\n")[0][:200]
    advice = message("arithmetic.unreadable_column", column=Quoted(name), type=kind, reason=reason)
    return InputDataError([Problem(code=ProblemCode.TEXT_IN_NUMBER, column=name, message=advice)])


def open_frame(frame: Any) -> Any:
    """Return a frame of any library behind narwhals, its headers as texts; refuse what is no frame."""
    if isinstance(frame, pd.DataFrame):
        frame = _with_text_headers(frame)
    elif type(frame).__module__.startswith("pyarrow") and hasattr(frame, "schema"):
        frame = _without_views(frame)
    top = type(frame).__module__.partition(".")[0]
    if top in ("polars", "pyarrow"):
        check(top)
    try:
        return nw.from_native(frame, eager_only=True)
    except TypeError:
        raise InputError(message("arithmetic.not_a_frame", type=type(frame).__name__)) from None
    except nw.exceptions.DuplicateError:
        raise duplicate_headers(column_names(frame) or []) from None


def _with_text_headers(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a pandas frame with headers of text; those in several levels are refused, not guessed together."""
    headers = frame.columns
    if isinstance(headers, pd.MultiIndex):
        raise InputError(message("arithmetic.header_levels", levels=headers.nlevels))
    names = [as_text(name) for name in headers]
    if len(set(names)) < len(names):
        raise duplicate_headers(names)
    if isinstance(headers.dtype, pd.StringDtype) or all(a is b for a, b in zip(names, headers, strict=True)):
        return frame
    return frame.set_axis(pd.Index(names, dtype=object), axis=1)


def _without_views(table: Any) -> Any:
    """Return an Arrow table whose columns can be taken row by row: views as plain texts, runs written out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for i, field in enumerate(table.schema):
        kind = {"string_view": pa.large_string(), "binary_view": pa.large_binary()}.get(str(field.type))
        if kind is not None:
            table = table.set_column(i, field.name, table.column(i).cast(kind))
        elif str(field.type).startswith("run_end_encoded"):
            table = table.set_column(i, field.name, pc.run_end_decode(table.column(i)))
    return table


class Table:
    """A frame of pandas, polars or pyarrow, read column by column."""

    def __init__(self, frame: Any) -> None:
        self._frame = open_frame(frame)
        names = list(self._frame.columns)
        self.columns: tuple[str, ...] = tuple(names)
        self._series: dict[str, Any] = {}
        self._texts: dict[str, Any] = {}
        self.rows: int = len(self._frame)

    @property
    def backend(self) -> Backend:
        """The library of results."""
        implementation = self._frame.implementation
        if implementation.is_polars():
            return "polars"
        return "pyarrow" if implementation.is_pyarrow() else "pandas"

    def _column(self, name: str) -> Any:
        """Return a column; cached, because extraction dominates the work on small tables."""
        if name not in self._series:
            self._series[name] = self._frame.get_column(name)
        return self._series[name]

    def is_number(self, name: str) -> bool:
        """Return whether the type of a column is numeric."""
        return bool(self._column(name).dtype.is_numeric())

    def is_whole(self, name: str) -> bool:
        """Return whether the type of a column is integer."""
        return bool(self._column(name).dtype.is_integer())

    def floats(self, name: str) -> Floats:
        """Return a numeric column as float64, missing as NaN."""
        column = self._column(name)
        if str(column.dtype) in ("Int128", "UInt128"):  # numpy has no such type
            column = column.cast(nw.Float64)
        return as_floats(column.to_native(), name)

    def objects(self, name: str) -> NDArray[np.object_]:
        """Return a column as Python objects, missing as None; see :func:`junheng._text.plain_cell`."""
        out = np.empty(self.rows, dtype=object)
        out[:] = self._python_cells(name, self._column(name))
        return out

    def _python_cells(self, name: str, series: Any) -> list[Any]:
        try:
            return [plain_cell(cell) for cell in series.to_list()]
        except foreign_errors() as exc:
            raise unreadable_column(name, str(series.dtype), exc) from None

    def codes(self, name: str) -> tuple[NDArray[Any], Sequence[Any]]:
        """Return one code per row in order of appearance (-1: missing) and the words; codes may be short integers."""
        text = self._text(name)
        if text is not None:
            return text_codes(text)
        series = self._column(name)
        native = series.to_native()
        if isinstance(native, pd.Series) and isinstance(native.dtype, pd.CategoricalDtype):
            codes, words = category_codes(native)
            return codes, [plain_cell(word) for word in words]
        if series.dtype.is_float():
            values: Any = self.floats(name)
        elif series.dtype.is_integer() and str(series.dtype) not in ("Int128", "UInt128"):
            values = native if isinstance(native, pd.Series) else series.to_numpy()
        else:
            values = self.objects(name)
        codes, words = pd.factorize(values)
        return codes.astype(np.int64, copy=False), np.asarray(words, dtype=object).tolist()

    def _text(self, name: str) -> Any:
        """Return a column of text as one Arrow array, None if it is not stored as Arrow text."""
        if name not in self._texts:
            text = arrow_text(self._column(name).to_native())
            if text is not None:
                try:
                    text.validate(full=True)
                except ValueError as exc:  # bytes that are not UTF-8
                    raise unreadable_column(name, str(text.type), exc) from None
            self._texts[name] = text
        return self._texts[name]

    def is_text(self, name: str) -> bool:
        """Return whether a column is stored as Arrow text."""
        return self._text(name) is not None

    def first(self, name: str) -> Any:
        """Return the first cell of a column, missing as None."""
        head = self._python_cells(name, self._column(name).head(1))
        return head[0] if head else None

    def text(self, name: str) -> str | None:
        """Return a column of text as one string, None if it is not stored as Arrow text.

        In a column of only ASCII and Chinese characters, ordinary characters are dropped: see ``_ORDINARY``.
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
        """Return the rows whose text matches a pattern or is missing; None for a column not stored as Arrow text."""
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
        """Return the given rows, in that order, with a default index."""
        return Table(_reset(self._frame[rows.tolist()]).to_native())

    def renamed(self, names: Mapping[str, str]) -> Table:
        """Return the table with columns renamed."""
        return Table(self._frame.rename(dict(names)).to_native())

    def with_columns(self, columns: Mapping[str, Any]) -> Table:
        """Return the table with columns replaced or added at the end."""
        if not columns:
            return self
        new = nw.from_native(build_frame(columns, self.backend), eager_only=True)
        return Table(_reset(self._frame).with_columns(*(new[c] for c in new.columns)).to_native())

    def with_numbers(self, columns: Mapping[str, Floats]) -> Table:
        """Return the table with new figures in some columns, keeping column types that can hold them."""
        return self.with_columns({name: self._typed(name, _whole_or_not(values)) for name, values in columns.items()})

    def with_rows(self, rows: Sequence[Mapping[str, Any]]) -> Table:
        """Return the table with rows appended; columns that a row lacks are missing."""
        longer = {n: [*self.objects(n).tolist(), *(row.get(n) for row in rows)] for n in self.columns}
        return Table(build_frame({n: self._typed(n, values) for n, values in longer.items()}, self.backend))

    def _typed(self, name: str, values: Any) -> Any:
        """Return values as a native column of the type of an existing column, if that changes no value."""
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
        except Exception:  # the libraries share no exception class for values that do not fit a type
            return built

    def without(self, columns: Sequence[str]) -> Table:
        """Return the table without some columns."""
        return Table(self._frame.drop(list(columns)).to_native()) if columns else self

    def to_native(self) -> Any:
        """Return the frame in its own library; pandas gets a default index."""
        return _reset(self._frame).to_native()


#: Digits and the bytes of Chinese characters: no blanks, and none has a variant of another width or case.
_ORDINARY = bytes([*b"0123456789-_.", *range(0x80, 0xC0), *range(0xE4, 0xEA)])


def _whole_or_not(values: Floats) -> Any:
    """Return whole numbers as integers, so that they fit an integer column."""
    known = np.isfinite(values)
    if not (values[known] == np.floor(values[known])).all() or (np.abs(values[known]) >= 2.0**53).any():
        return values
    return Wholes([int(v) if k else None for v, k in zip(values.tolist(), known.tolist(), strict=True)])


def _indices(rows: Ints) -> Any:
    import pyarrow as pa

    return pa.array(rows)


def _reset(frame: Any) -> Any:
    native = frame.to_native()
    return nw.from_native(native.reset_index(drop=True)) if isinstance(native, pd.DataFrame) else frame


# ----------------------------------------------------------------------------------------------- files


def write_csv(path: Path, tables: Mapping[str, Any], inputs: Iterable[Any] = ()) -> None:
    """Write frames to CSV files, the first to ``path``, the others beside it; none may be one of the inputs."""
    sources = list(inputs)
    targets = [path, *(path.with_name(f"{path.stem}-{name}{path.suffix}") for name in list(tables)[1:])]
    # all are written before the first replaces its target
    with ExitStack() as files:
        opened = [files.enter_context(replacing(target, sources)) for target in targets]
        for file, frame in zip(opened, tables.values(), strict=True):
            frame.to_csv(file, index=False, encoding="utf-8-sig")
