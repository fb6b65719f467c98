"""The same evaluation where the data lies elsewhere: Dask, Spark, and Parquet files larger than memory.

A county (and year) is judged by its own schools alone, so that whole counties can go to different workers. Each worker
calls :func:`junheng.evaluate` on the counties it was given, with their rows in the order of the source: figures and
verdicts are those of one evaluation of the whole table, bit for bit. Nothing heavy is imported with this module.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload
from uuid import uuid4

import attrs
import numpy as np
import pandas as pd
from attrs import frozen

from junheng._arrays import Ints
from junheng._files import is_same_file
from junheng._frames import duplicate_headers
from junheng._progress import Progress, reporting
from junheng._text import clean
from junheng.errors import InputDataError, InputError, Problem, ProblemCode, Severity
from junheng.evaluation import Missing, evaluate
from junheng.facts import Facts, as_table, key_headers
from junheng.schools import Reading, base_column, is_blank
from junheng.stages import needed_columns
from junheng.standards import Standard, load_standard

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ParquetSummary", "evaluate_dask", "evaluate_parquet", "evaluate_spark"]

#: What can be asked for: the frames of an evaluation, and its problems.
OUTPUTS = (
    "schools",
    "school_verdicts",
    "indicators",
    "items",
    "item_schools",
    "verdicts",
    "left_out",
    "county_indicators",
    "grades",
    "problems",
)
#: Columns that tell where a row came from; they never reach an evaluation.
_PARTITION, _ROW, _SHARD = "__junheng_partition", "__junheng_row", "__junheng_shard"
#: After so many errors no more of the files is read.
_MOST_ERRORS = 10_000
#: Rows read from a file at a time.
_READ_ROWS = 65_536


# ------------------------------------------------------------------------------------------ the parts


@frozen(eq=False)
class _CountyFacts:
    """County facts as one frame, checked as a whole; every worker takes the rows of its own counties."""

    frame: pd.DataFrame
    keys: tuple[str, ...]
    words: Any

    @classmethod
    def make(cls, source: Any, counties: Sequence[tuple[str, Sequence[Any]]]) -> tuple[_CountyFacts, list[Problem]]:
        """Return the facts and what is wrong with them, given all the counties there are."""
        problems = Facts(source, counties).problems
        table = as_table(source, [name for name, _ in counties])
        headers = key_headers(table, [name for name, _ in counties])
        words = _texts([table.objects(h) for h in headers.values()], table.rows)
        frame = pd.DataFrame({name: table.objects(name) for name in table.columns}, dtype=object)
        return cls(frame, tuple(headers), words), problems

    def of(self, schools: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of the counties of a table."""
        distinct = schools[list(self.keys)].drop_duplicates()
        own = _texts([_objects(distinct[k]) for k in self.keys], len(distinct))
        return self.frame[np.isin(self.words, own)].reset_index(drop=True)


@frozen(eq=False)
class _Part:
    """What came of some whole counties; no frames where the table has errors."""

    problems: list[Problem]
    tables: dict[str, pa.Table] | None
    counts: dict[str, Any]


@frozen(eq=False, kw_only=True)
class _Job:
    """What every worker does with the counties it is given; must pickle."""

    standard: Standard
    by: tuple[str, ...]
    missing: Missing
    outputs: tuple[str, ...]
    facts: _CountyFacts | None
    #: Schema of every output, repeated words as dictionaries.
    schemas: dict[str, pa.Schema]

    def run(self, schools: pd.DataFrame, row: Ints, part: Ints | None = None, *, frames: bool = True) -> _Part:
        """Judge some whole counties; ``row`` (and ``part``) say where each row of theirs came from."""
        facts = None if self.facts is None else self.facts.of(schools)
        try:
            ev = evaluate(schools, self.standard, by=list(self.by), county_facts=facts, missing=self.missing)
        except InputDataError as exc:
            return _Part([_placed(p, row, part) for p in _own(exc.problems)], None, {})
        # the frames are built as Arrow tables whatever the counties came in
        data = attrs.evolve(ev.data, backend="pyarrow")
        ev = attrs.evolve(ev, data=data)
        problems = [_placed(p, row, part) for p in _own(data.sections.reading.problems)]
        tables = {}
        for name in self.outputs if frames else ():
            if name == "problems":
                tables[name] = _problem_table(problems, self.schemas[name])
                continue
            tables[name] = _conform(getattr(ev, name), self.schemas[name], row, part)
        p = ev.provenance
        counts = {
            k: p[k] for k in ("rows", "sections", "sections_counted", "sections_in_coefficient", "sections_left_out")
        }
        return _Part(problems, tables, {"counties": data.n_counties, **counts})

    def empty(self, name: str) -> pa.Table:
        """Return an output of no counties."""
        return self.schemas[name].empty_table()


def _own(problems: Iterable[Problem]) -> Iterator[Problem]:
    # the facts are checked once, as a whole, by whoever has all of them
    return (p for p in problems if not p.message.startswith("county_facts: "))


def _placed(problem: Problem, row: Ints, part: Ints | None) -> Problem:
    """Let a problem name the row of the source, not that of the piece it was found in."""
    if problem.row is None:
        return problem
    message, key = problem.message, problem.key
    if problem.code is ProblemCode.DUPLICATE_ROW:
        message = re.sub(r"\brow (\d+)", lambda m: _where(int(m[1]), row, part), message)
    if part is not None:
        key = f"partition {part[problem.row]}: {key or ''}"
    return attrs.evolve(problem, row=int(row[problem.row]), message=message, key=key)


def _where(at: int, row: Ints, part: Ints | None) -> str:
    return f"row {row[at]}" if part is None else f"row {row[at]} of partition {part[at]}"


def _texts(columns: Sequence[Any], rows: int) -> Any:
    """Return one text a row for its keys; 2025 and 2025.0 are one year, and a blank is a blank."""
    out = np.empty(rows, dtype=object)
    if not columns:
        out[:] = ""
        return out
    texts = []
    for values in columns:
        codes, words = pd.factorize(np.asarray(values, dtype=object), use_na_sentinel=False)
        texts.append(np.array([_text(w) for w in words], dtype=object)[codes] if len(words) else values)
    out[:] = texts[0]
    for more in texts[1:]:
        out = out + "\x1f" + more
    return out


def _text(word: Any) -> str:
    if is_blank(word) or word is pd.NA:
        return ""
    if isinstance(word, (float, np.floating)) and float(word).is_integer():
        return str(int(word))
    return clean(str(word))


def _objects(series: pd.Series) -> Any:
    out = np.empty(len(series), dtype=object)
    out[:] = series.tolist()
    return out


# -------------------------------------------------------------------------------------------- schemas


def _prepare(
    standard: Standard | str | os.PathLike[str],
    by: Sequence[str] | str | None,
    missing: Missing,
    outputs: Sequence[str],
    names: Sequence[str],
    types: Mapping[str, pa.DataType],
    *,
    partitions: bool,
) -> _Job:
    """Check what can be checked without a row, and lay down what comes out."""
    std = standard if isinstance(standard, Standard) else load_standard(standard)
    if missing not in ("propagate", "omit", "raise"):
        raise InputError(f"missing must be 'propagate', 'omit' or 'raise', not {missing!r}")
    unknown = [o for o in outputs if o not in OUTPUTS]
    if unknown or not outputs:
        said = ", ".join(map(repr, unknown)) or "nothing"
        raise InputError(f"{said} is no output; choose from {', '.join(OUTPUTS)}")
    if len(set(names)) < len(names):
        raise duplicate_headers(names)
    reading = Reading(_one_row(names), by=[by] if isinstance(by, str) else by)
    for name in needed_columns(std):
        reading.require(name)
    if any(p.code is ProblemCode.MISSING_COLUMN for p in reading.problems):
        raise InputDataError(p for p in reading.problems if p.row is None)
    schemas = _schemas(std, reading.by, types, partitions=partitions)
    return _Job(
        standard=std,
        by=tuple(reading.by),
        missing=missing,
        outputs=tuple(dict.fromkeys(outputs)),
        facts=None,
        schemas=schemas,
    )


def _one_row(names: Sequence[str]) -> pd.DataFrame:
    """Return a table of one row with these headers, to learn what evaluate says of the headers alone."""
    cells: dict[str, Any] = {}
    for name in names:
        found = base_column(name)
        kind = None if found is None else found[0].type
        # a column of names in which nothing stands would be absent
        cells[name] = [float("nan") if kind == "number" else "x" if kind == "key" else None]
    return pd.DataFrame(cells)


def _schemas(
    std: Standard, by: Sequence[str], types: Mapping[str, pa.DataType], *, partitions: bool
) -> dict[str, pa.Schema]:
    """Return the schema of every output: that of a table of one school, with the caller's types for the keys."""
    import pyarrow as pa

    keys = {name: _key_type(types[name]) for name in (*by, "school_code", "school") if name in types}
    cells: dict[str, Any] = {name: [float("nan")] for name in needed_columns(std)}
    cells |= {name: ["x"] for name in keys if name not in cells} | {"stage": ["primary"], "included": ["是"]}
    cells["students"] = [500.0]
    ev = evaluate(pd.DataFrame(cells), std, by=list(by))
    ev = attrs.evolve(ev, data=attrs.evolve(ev.data, backend="pyarrow"))
    out = {}
    for name in OUTPUTS:
        if name == "problems":
            continue
        fields = []
        for field in getattr(ev, name).schema:
            if field.name == "row" and partitions:
                fields.append(pa.field("partition", pa.int64()))
            fields.append(pa.field(field.name, keys.get(field.name, field.type)))
        out[name] = pa.schema(fields)
    text = pa.string()
    place = [("partition", pa.int64())] if partitions else []
    problem = [("code", text), ("severity", text), ("column", text), *place, ("row", pa.int64())]
    out["problems"] = pa.schema([*problem, ("key", text), ("value", text), ("message", text)])
    return out


def _key_type(type_: pa.DataType) -> pa.DataType:
    """Return the type a key comes out in: whole numbers as int64, all that is neither number nor date as text."""
    import pyarrow as pa

    t = pa.types
    if t.is_dictionary(type_):
        return _key_type(type_.value_type)
    if t.is_integer(type_) or (t.is_decimal(type_) and type_.scale <= 0):
        return pa.int64()
    if t.is_floating(type_) or t.is_decimal(type_):
        return pa.float64()
    if t.is_boolean(type_) or t.is_date(type_) or t.is_timestamp(type_):
        return type_
    return pa.dictionary(pa.int32(), pa.string())


def _plain(schema: pa.Schema) -> pa.Schema:
    """Return the schema with plain text where it has dictionaries."""
    import pyarrow as pa

    return pa.schema([(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in schema])


def _conform(table: pa.Table, schema: pa.Schema, row: Ints, part: Ints | None) -> pa.Table:
    """Bring a frame to the schema of its output, its rows counted as in the source."""
    import pyarrow as pa

    columns: dict[str, Any] = dict(zip(table.column_names, table.columns, strict=True))
    if "row" in columns:
        at = columns["row"].to_numpy()
        columns["row"] = pa.chunked_array([pa.array(row[at])])
        if part is not None:
            columns["partition"] = pa.chunked_array([pa.array(part[at])])
    return pa.table([_cast(columns[f.name], f.type) for f in schema], schema=schema)


def _cast(column: pa.ChunkedArray, type_: pa.DataType) -> Any:
    import pyarrow as pa

    if column.type == type_:
        return column
    given, wanted = pa.types.is_dictionary(column.type), pa.types.is_dictionary(type_)
    if given and wanted:
        chunks = [
            pa.DictionaryArray.from_arrays(c.indices.cast(type_.index_type), c.dictionary.cast(type_.value_type))
            for c in column.chunks
        ]
        return pa.chunked_array(chunks, type=type_)
    if given:
        column = column.cast(column.type.value_type)
    if wanted:
        return column.cast(type_.value_type).dictionary_encode().cast(type_)
    return column.cast(type_)


def _problem_table(problems: Sequence[Problem], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    rows = [p.to_dict() for p in sorted(problems, key=lambda p: -1 if p.row is None else p.row)]
    if "partition" in schema.names:
        for r in rows:
            found = re.match(r"partition (\d+): ", r["key"] or "")
            r["partition"] = None if found is None else int(found[1])
            r["key"] = r["key"] if found is None else r["key"][found.end() :]
    return pa.Table.from_pylist(rows, schema=schema)


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as pandas, as a table that was in memory all along would be."""
    import pyarrow as pa

    t = pa.types
    columns: dict[str, Any] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if t.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if t.is_decimal(column.type):
            column = _from_decimals(column)
        elif t.is_large_string(column.type) or t.is_string_view(column.type):
            column = column.cast(pa.string())
        columns[name] = column
    frame: pd.DataFrame = pa.table(columns).to_pandas(split_blocks=True)
    return frame


def _from_decimals(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Turn decimals into the nearest doubles (whole ones into integers): Arrow's own cast may miss by a digit."""
    import pyarrow as pa

    whole = column.type.scale <= 0
    encoded = column.combine_chunks().dictionary_encode()
    words = [int(w) if whole else float(w) for w in encoded.dictionary.to_pylist()]
    taken = pa.array(words, type=pa.int64() if whole else pa.float64()).take(encoded.indices)
    return pa.chunked_array([taken])


def _needs(library: str, extra: str) -> InputError:
    return InputError(f'{library} is not installed; it comes with the extra "{extra}": pip install "junheng[{extra}]"')


def _asked(output: str | Sequence[str]) -> tuple[str, ...]:
    return (output,) if isinstance(output, str) else tuple(output)


def _raised(part: _Part) -> InputDataError:
    return InputDataError(part.problems)


def _with_facts(job: _Job, county_facts: Any, counties: Sequence[tuple[str, Sequence[Any]]]) -> _Job:
    """Take the facts in, refusing those of counties that are not there."""
    facts, problems = _CountyFacts.make(county_facts, counties)
    if any(p.severity is Severity.ERROR for p in problems):
        raise InputDataError(problems)
    return attrs.evolve(job, facts=facts)


def _no_facts(county_facts: Any) -> bool:
    return county_facts is None or (isinstance(county_facts, Mapping) and not county_facts)


# ----------------------------------------------------------------------------------------------- Dask


@overload
def evaluate_dask(
    frame: Any,
    standard: Standard | str | os.PathLike[str],
    *,
    by: Sequence[str] | str | None = ...,
    county_facts: Any = ...,
    missing: Missing = ...,
    output: str = ...,
    partitioned: bool = ...,
) -> Any: ...


@overload
def evaluate_dask(
    frame: Any,
    standard: Standard | str | os.PathLike[str],
    *,
    by: Sequence[str] | str | None = ...,
    county_facts: Any = ...,
    missing: Missing = ...,
    output: Sequence[str],
    partitioned: bool = ...,
) -> dict[str, Any]: ...


def evaluate_dask(
    frame: Any,
    standard: Standard | str | os.PathLike[str],
    *,
    by: Sequence[str] | str | None = None,
    county_facts: Any = None,
    missing: Missing = "propagate",
    output: str | Sequence[str] = "verdicts",
    partitioned: bool = False,
) -> Any:
    """Judge the schools of a Dask frame, county by county, and return Dask frames; nothing runs until they are asked.

    Parameters
    ----------
    frame : dask.dataframe.DataFrame
        As in :func:`junheng.evaluate`: canonical columns and units, one row a school, or a school and stage.
    standard : Standard, str or path
        What to judge by. It is read here and sent to the workers.
    by : str or sequence of str, optional
        Columns that make a county, as in :func:`junheng.evaluate`; ``year``, where there is one, always belongs to it.
    county_facts : frame or mapping, optional
        Facts about the counties, as in :func:`junheng.evaluate`, in memory. The columns of ``by`` are then read once,
        at the call, so that a fact about a county that is not there is refused.
    missing : {"propagate", "omit", "raise"}
        What a missing figure does to a coefficient, as in :func:`junheng.evaluate`.
    output : str or sequence of str
        ``schools``, ``school_verdicts``, ``indicators``, ``items``, ``item_schools``, ``verdicts``, ``left_out``,
        ``county_indicators``, ``grades``: the frames of :class:`junheng.Evaluation`. ``problems``: all errors and
        warnings as rows; asked for alone, errors raise nothing.
    partitioned : bool
        Every county lies whole in one partition already, so that no row has to move. It is checked: the columns of
        ``by`` are read once, at the call.

    Returns
    -------
    dask.dataframe.DataFrame or dict
        One frame, or name to frame for a sequence; compute them in one ``dask.compute`` and they share the work. Text
        is plain text, never categories. A row of the source is told by ``partition`` and by ``row``, its position
        within that partition of ``frame``. Counties come in any order, the rows of each in the order of the source.

    Raises
    ------
    InputDataError
        Columns are missing, facts cannot be used, or a county lies in two partitions that were said to hold whole
        counties. A table with other errors raises it when the frame is computed: the first task that fails lists all
        that is wrong with its counties.
    InputError
        An argument is of the wrong kind, or Dask is not installed.

    Notes
    -----
    Rows move by Dask's shuffle, on the columns of ``by``. One task judges all counties of a partition: partitions of
    50 000 to 500 000 rows work well.

    Examples
    --------
    >>> import junheng as jh
    >>> import dask.dataframe as dd  # doctest: +SKIP
    >>> schools = dd.read_parquet("schools/")  # doctest: +SKIP
    >>> verdicts = jh.engines.evaluate_dask(schools, "cn-quality-balance-2017")  # doctest: +SKIP
    >>> verdicts[verdicts["part"] == "overall"]["verdict"].value_counts().compute()  # doctest: +SKIP
    """
    try:
        import dask
        import dask.dataframe as dd
        import pyarrow  # noqa: F401
    except ImportError:
        raise _needs("Dask", "dask") from None
    if not isinstance(frame, dd.DataFrame):
        raise InputError(
            f"evaluate_dask takes a dask.dataframe, not {type(frame).__name__}; "
            "dask.dataframe.from_pandas makes one, and evaluate takes what is in memory"
        )
    asked = _asked(output)
    names = [str(c) for c in frame.columns]
    types = dict(zip(names, (_pandas_type(t) for t in frame.dtypes), strict=True))
    job = _prepare(standard, by, missing, asked, names, types, partitions=True)
    keys = list(job.by)
    if partitioned:
        found = frame.map_partitions(_keys_of_partition, keys, meta=_meta_of_keys(keys)).compute()
        _check_whole(found, keys)
    elif not _no_facts(county_facts):
        found = frame[keys].map_partitions(_keys_of_partition, keys, meta=_meta_of_keys(keys)).compute()
    if not _no_facts(county_facts):
        distinct = found[keys].drop_duplicates()
        job = _with_facts(job, county_facts, [(k, distinct[k].tolist()) for k in keys])
    move = not partitioned and frame.npartitions > 1
    meta = _numbered(frame._meta, keys, move, {"number": 0})
    numbered = frame.map_partitions(_numbered, keys, move, meta=meta)
    if move:
        numbered = numbered.shuffle(on=_SHARD, ignore_index=True)
    sent = dask.delayed(job, pure=False)
    lenient = asked == ("problems",)
    parts = [dask.delayed(_run_partition)(part, sent, lenient) for part in numbered.to_delayed()]
    frames = {}
    for name in job.outputs:
        pieces = [dask.delayed(_pick)(part, name) for part in parts]
        frames[name] = dd.from_delayed(pieces, meta=_pandas_frame(job.empty(name)), prefix=f"junheng-{name}")
        if name == "problems":
            # what holds for the table as a whole is met by every task
            frames[name] = frames[name].drop_duplicates()
    return frames[asked[0]] if isinstance(output, str) else frames


def _pandas_type(dtype: Any) -> pa.DataType:
    """Return the Arrow type of a pandas column, text for what is not known before it is read."""
    import pyarrow as pa

    if isinstance(dtype, pd.CategoricalDtype):
        # the categories of a lazy column need not be known: numbers would show
        dtype = dtype.categories.dtype
    if isinstance(dtype, pd.ArrowDtype):
        return dtype.pyarrow_dtype
    if pd.api.types.is_bool_dtype(dtype):
        return pa.bool_()
    if pd.api.types.is_integer_dtype(dtype):
        return pa.int64()
    if pd.api.types.is_float_dtype(dtype):
        return pa.float64()
    return pa.string()


def _meta_of_keys(keys: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({k: pd.Series(dtype=object) for k in keys} | {_PARTITION: pd.Series(dtype=np.int64)})


def _keys_of_partition(
    frame: pd.DataFrame, keys: list[str], partition_info: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Return the counties of a partition."""
    number = 0 if partition_info is None else int(partition_info["number"])
    return frame[keys].drop_duplicates().astype(object).assign(**{_PARTITION: np.int64(number)})


def _check_whole(found: pd.DataFrame, keys: Sequence[str]) -> None:
    """Refuse counties that lie in several partitions."""
    text = _texts([_objects(found[k]) for k in keys], len(found))
    where: dict[str, list[int]] = {}
    for word, number in zip(text.tolist(), found[_PARTITION].tolist(), strict=True):
        where.setdefault(word, []).append(number)
    split = {w: sorted(set(n)) for w, n in where.items() if len(set(n)) > 1}
    if split:
        raise InputDataError(
            Problem(
                code=ProblemCode.DUPLICATE_ROW,
                key=word.replace("\x1f", " / "),
                column=", ".join(keys),
                message=f"{word.replace(chr(31), ' / ')!r} lies in partitions {', '.join(map(str, numbers))}; "
                "leave partitioned=True out, so that its rows are brought together",
            )
            for word, numbers in split.items()
        )


def _numbered(
    frame: pd.DataFrame, keys: list[str], move: bool, partition_info: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Note where every row came from, and to which task it goes."""
    number = 0 if partition_info is None else int(partition_info["number"])
    new: dict[str, Any] = {
        _PARTITION: np.full(len(frame), number, dtype=np.int64),
        _ROW: np.arange(len(frame), dtype=np.int64),
    }
    if move:
        # from the text of the keys: a column may be whole numbers in one partition and, with a gap, floats in another
        text = _texts([_objects(frame[k]) for k in keys], len(frame))
        codes, words = pd.factorize(text)
        hashed = pd.util.hash_array(np.asarray(words, dtype=object), categorize=False).astype(np.int64)
        new[_SHARD] = hashed[codes] if len(words) else np.empty(0, dtype=np.int64)
    return frame.assign(**new)


def _run_partition(frame: pd.DataFrame, job: _Job, lenient: bool) -> dict[str, pd.DataFrame]:
    """Judge what a task was given: whole counties."""
    if len(frame) == 0:
        return {name: _pandas_frame(job.empty(name)) for name in job.outputs}
    frame = frame.sort_values([_PARTITION, _ROW], kind="stable", ignore_index=True)
    row, part = frame[_ROW].to_numpy(np.int64), frame[_PARTITION].to_numpy(np.int64)
    own = frame.drop(columns=[c for c in (_PARTITION, _ROW, _SHARD) if c in frame])
    done = job.run(own, row, part)
    if done.tables is None:
        if not lenient:
            raise _raised(done)
        return {"problems": _pandas_frame(_problem_table(done.problems, job.schemas["problems"]))}
    return {name: _pandas_frame(table) for name, table in done.tables.items()}


def _pick(part: Mapping[str, pd.DataFrame], name: str) -> pd.DataFrame:
    return part[name]


def _pandas_frame(table: pa.Table) -> pd.DataFrame:
    """Return an output as pandas: plain text, whole numbers that may be missing as Int64."""
    frame: pd.DataFrame = table.cast(_plain(table.schema)).to_pandas()
    for name in ("number", "row", "partition"):
        if name in frame and (name == "number" or "message" in frame):
            frame[name] = frame[name].astype("Int64")
    return frame


# ---------------------------------------------------------------------------------------------- Spark


@overload
def evaluate_spark(
    frame: Any,
    standard: Standard | str | os.PathLike[str],
    *,
    by: Sequence[str] | str | None = ...,
    county_facts: Any = ...,
    missing: Missing = ...,
    output: str = ...,
) -> Any: ...


@overload
def evaluate_spark(
    frame: Any,
    standard: Standard | str | os.PathLike[str],
    *,
    by: Sequence[str] | str | None = ...,
    county_facts: Any = ...,
    missing: Missing = ...,
    output: Sequence[str],
) -> dict[str, Any]: ...


def evaluate_spark(
    frame: Any,
    standard: Standard | str | os.PathLike[str],
    *,
    by: Sequence[str] | str | None = None,
    county_facts: Any = None,
    missing: Missing = "propagate",
    output: str | Sequence[str] = "verdicts",
) -> Any:
    """Judge the schools of a Spark frame, county by county, and return Spark frames; nothing runs until an action.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
        As in :func:`junheng.evaluate`: canonical columns and units, one row a school, or a school and stage. Decimals
        are taken at their nearest double.
    standard : Standard, str or path
        What to judge by. It is read here and sent to the workers.
    by : str or sequence of str, optional
        Columns that make a county, as in :func:`junheng.evaluate`; ``year``, where there is one, always belongs to it.
    county_facts : frame or mapping, optional
        Facts about the counties, as in :func:`junheng.evaluate`, in memory. The columns of ``by`` are then read once,
        at the call, so that a fact about a county that is not there is refused.
    missing : {"propagate", "omit", "raise"}
        What a missing figure does to a coefficient, as in :func:`junheng.evaluate`.
    output : str or sequence of str
        As in :func:`evaluate_dask`. For a sequence the evaluation is kept by Spark (memory and disk) so that the frames
        share it; ``spark.catalog.clearCache()`` lets it go.

    Returns
    -------
    pyspark.sql.DataFrame or dict
        One frame, or name to frame for a sequence. A row of the source is told by ``partition`` and by ``row``, its
        position within that partition of ``frame`` as Spark reads it; a frame that Spark may read in another order
        the next time has no positions that last.

    Raises
    ------
    InputDataError
        Columns are missing or facts cannot be used. Errors of the table come with Spark's own exception, at the
        action: its text holds that of this error, the county of every problem named. ``output="problems"`` lists
        errors as rows and raises nothing.
    InputError
        An argument is of the wrong kind, or Spark is not installed.

    Notes
    -----
    Rows are repartitioned by the columns of ``by``; one task judges all counties of a partition at once, so that
    ``spark.sql.shuffle.partitions`` says how many rows a task holds: 50 000 to 500 000 work well. Workers need
    junheng and its dependencies. Spark needs Java 17 or newer.

    Rows of a Spark frame have an order only as far as Spark reads them in one: it may take the files of a folder in
    any order. Where the rows of a county lie in several files, its sums may then be taken in another order than in one
    table, and the last digit of a coefficient may differ. Comparisons with limits allow for that.

    Examples
    --------
    >>> import junheng as jh
    >>> schools = spark.read.parquet("schools/")  # doctest: +SKIP
    >>> verdicts = jh.engines.evaluate_spark(schools, "cn-quality-balance-2017")  # doctest: +SKIP
    >>> verdicts.where("part = 'overall'").groupBy("verdict").count().show()  # doctest: +SKIP
    """
    try:
        import pyarrow  # noqa: F401
        from pyspark.sql import DataFrame, functions
    except ImportError:
        raise _needs("Spark", "spark") from None
    if not isinstance(frame, DataFrame):
        java = "" if shutil.which("java") or os.environ.get("JAVA_HOME") else "; Spark needs Java, which was not found"
        raise InputError(
            f"evaluate_spark takes a pyspark DataFrame, not {type(frame).__name__}; "
            f"spark.createDataFrame makes one, and evaluate takes what is in memory{java}"
        )
    asked = _asked(output)
    names = list(frame.columns)
    types = {f.name: _spark_type(f.dataType.simpleString()) for f in frame.schema.fields}
    job = _prepare(standard, by, missing, asked, names, types, partitions=True)
    # Spark takes a dot in a header for a field of a structure: headers stay behind, and meet their columns again there
    frame = frame.toDF(*(f"c{i}" for i in range(len(names))))
    keys = [f"c{names.index(k)}" for k in job.by]
    if not _no_facts(county_facts):
        rows = frame.select(*keys).distinct().collect()
        job = _with_facts(job, county_facts, [(k, [r[i] for r in rows]) for i, k in enumerate(job.by)])
    # Spark numbers rows by partition: 33 bits for the row
    place = functions.monotonically_increasing_id()
    numbered = frame.withColumn(_ROW, place).repartition(*keys)
    lenient = asked == ("problems",)
    if len(job.outputs) == 1:
        name = job.outputs[0]
        task = partial(_spark_task, names=names, job=job, lenient=lenient)
        frames = {name: numbered.mapInArrow(task, _spark_schema(job.schemas[name]))}
    else:
        tasks = partial(_spark_tasks, names=names, job=job)
        kept = numbered.mapInArrow(tasks, "output string, content binary").persist()
        frames = {
            name: kept.where(functions.col("output") == name).mapInArrow(_unpacked, _spark_schema(job.schemas[name]))
            for name in job.outputs
        }
    if "problems" in frames:
        # what holds for the table as a whole is met by every task
        frames["problems"] = frames["problems"].dropDuplicates()
    return frames[asked[0]] if isinstance(output, str) else frames


def _spark_type(name: str) -> pa.DataType:
    import pyarrow as pa

    if name.startswith("decimal"):
        return pa.decimal128(*(int(n) for n in re.findall(r"\d+", name)))
    known = {"tinyint": "int64", "smallint": "int64", "int": "int64", "bigint": "int64", "float": "float64"}
    known |= {"double": "float64", "boolean": "bool_", "date": "date32"}
    return getattr(pa, known.get(name, "string"))()


def _spark_schema(schema: pa.Schema) -> str:
    import pyarrow as pa

    words = {pa.string(): "string", pa.int64(): "bigint", pa.float64(): "double", pa.bool_(): "boolean"}
    words[pa.date32()] = "date"
    return ", ".join(f"`{f.name}` {words[f.type]}" for f in _plain(schema))


def _spark_run(batches: Iterable[Any], names: Sequence[str], job: _Job, lenient: bool) -> dict[str, pa.Table]:
    """Judge what a task was given: whole counties, their rows in the order of the source."""
    import pyarrow as pa

    given = list(batches)
    table = pa.Table.from_batches(given) if given else None
    if table is None or table.num_rows == 0:
        return {}
    table = table.sort_by(_ROW)
    place = table[_ROW].to_numpy()
    own = table.drop_columns([_ROW]).rename_columns(list(names))
    done = job.run(_to_pandas(own), place & ((1 << 33) - 1), place >> 33)
    if done.tables is None:
        if not lenient:
            raise _raised(done)
        return {"problems": _problem_table(done.problems, job.schemas["problems"])}
    return {name: t.cast(_plain(t.schema)) for name, t in done.tables.items()}


def _spark_task(batches: Iterable[Any], names: Sequence[str], job: _Job, lenient: bool) -> Iterator[Any]:
    for table in _spark_run(batches, names, job, lenient).values():
        yield from table.to_batches(max_chunksize=_READ_ROWS)


def _spark_tasks(batches: Iterable[Any], names: Sequence[str], job: _Job) -> Iterator[Any]:
    """Judge once for several outputs: each piece of an output travels as bytes under its name."""
    import pyarrow as pa

    for name, table in _spark_run(batches, names, job, False).items():
        for piece in table.to_batches(max_chunksize=_READ_ROWS):
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, piece.schema) as writer:
                writer.write_batch(piece)
            content = pa.array([sink.getvalue().to_pybytes()], type=pa.binary())
            yield pa.RecordBatch.from_arrays([pa.array([name]), content], names=["output", "content"])


def _unpacked(batches: Iterable[Any]) -> Iterator[Any]:
    import pyarrow as pa

    for batch in batches:
        for content in batch.column("content"):
            with pa.ipc.open_stream(content.as_buffer()) as reader:
                yield from reader


# -------------------------------------------------------------------------------------------- Parquet


@frozen(kw_only=True)
class ParquetSummary:
    """What :func:`evaluate_parquet` did.

    Attributes
    ----------
    counties, rows, sections, sections_counted, sections_in_coefficient : int
        Counties (and years) judged, rows read, schools and stages in them, those that are judged as schools, and those
        that are part of coefficients.
    left_out : dict of str to int
        Schools and stages that are not judged as schools, by reason.
    problems : dict of str to int
        Warnings by code; each of them is a row of the output ``problems``.
    files : dict of str to str
        The file of each output, by name.
    output_rows : dict of str to int
        Rows of each output.
    batches : int
        In how many pieces the counties were judged.
    passes : int
        How often the figures were read: once where counties lie together, twice where rows had to be sorted out.
    provenance : dict
        Version, standard and digest, options. No clock: same input, same bytes.
    """

    counties: int
    rows: int
    sections: int
    sections_counted: int
    sections_in_coefficient: int
    left_out: Mapping[str, int]
    problems: Mapping[str, int]
    files: Mapping[str, str]
    output_rows: Mapping[str, int]
    batches: int
    passes: int
    provenance: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as a dict that is safe for JSON."""
        return {k: dict(v) if isinstance(v, Mapping) else v for k, v in attrs.asdict(self, recurse=False).items()}


def evaluate_parquet(
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    standard: Standard | str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    by: Sequence[str] | str | None = None,
    county_facts: Any = None,
    missing: Missing = "propagate",
    outputs: Sequence[str] = ("schools", "school_verdicts", "indicators", "items", "verdicts", "left_out"),
    batch_rows: int = 100_000,
    progress: Progress = None,
) -> ParquetSummary:
    """Judge schools in Parquet files larger than memory, and write the results as Parquet.

    The columns that make a county are read first, to learn where each county lies. Then the figures are read in pieces
    of whole counties. Where the rows of counties are spread too far for that, they are first sorted out into temporary
    files beside the target, which takes as much room as the source and one more pass.

    Parameters
    ----------
    source : path or sequence of paths
        A file, a folder (hive-partitioned folders such as ``year=2025/`` too), or several files. Columns as in
        :func:`junheng.evaluate`; files may hold them in different order, and some may lack some.
    standard : Standard, str or path
        What to judge by.
    target : path
        Folder to make; it must not exist. It appears under its name only when all is written.
    by : str or sequence of str, optional
        Columns that make a county, as in :func:`junheng.evaluate`; ``year``, where there is one, always belongs to it.
    county_facts : frame or mapping, optional
        Facts about the counties, as in :func:`junheng.evaluate`, in memory.
    missing : {"propagate", "omit", "raise"}
        What a missing figure does to a coefficient, as in :func:`junheng.evaluate`.
    outputs : sequence of str
        Which frames to write, as in :func:`evaluate_dask`; ``problems``, the warnings, is always written.
    batch_rows : int
        About how many rows are judged at a time; a county is never divided. Memory grows with it, with the largest
        county, and with the row groups of the files.
    progress : bool or callable, optional
        None: a bar where there is a terminal and tqdm. False: none. A function: called with the rows done and all.

    Returns
    -------
    ParquetSummary
        Counts, files and provenance; also written as ``_summary.json``.

    Raises
    ------
    InputDataError
        The table cannot be used. All batches are looked at before it is raised (up to ten thousand errors), and
        nothing is written.
    UnknownStandardError, StandardDataError
        The standard cannot be used.
    InputError
        An argument is of the wrong kind, the target exists, or pyarrow is not installed.

    Notes
    -----
    ``row`` in the outputs and in problems is the position in the whole source, counting from 0: files in the order of
    their paths, rows as they stand. With files that hold counties together, outputs are in the order of the table;
    else county by county.

    Examples
    --------
    >>> import tempfile, pathlib, junheng as jh
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> source = folder / "schools.parquet"
    >>> jh.synthetic.nation(seed=0, n_counties=4).to_parquet(source)
    >>> done = jh.engines.evaluate_parquet(source, "cn-quality-balance-2017", folder / "judged", batch_rows=100)
    >>> done.counties, done.files["verdicts"], done.output_rows["verdicts"]
    (4, 'verdicts/part-0.parquet', 20)
    """
    try:
        import pyarrow.dataset  # noqa: F401
    except ImportError:
        raise _needs("pyarrow", "parquet") from None
    if isinstance(outputs, str):
        raise InputError("outputs must be a sequence of names, such as ['verdicts']")
    if not isinstance(batch_rows, (int, np.integer)) or batch_rows < 1:
        raise InputError(f"batch_rows must be a whole number from 1 on, not {batch_rows!r}")
    goal = Path(target)
    if goal.exists():
        raise InputError(f"{goal} exists; remove it, or name another folder")
    files = _Files.find(source)
    if any(is_same_file(folder, root) for folder in goal.resolve().parents for root in files.roots):
        raise InputError(f"{goal} lies in the source, and would be read as schools the next time; name another folder")
    asked = tuple(dict.fromkeys([*outputs, "problems"]))
    job = _prepare(standard, by, missing, asked, files.schema.names, files.types, partitions=False)
    if files.rows == 0:
        raise InputDataError(
            [Problem(code=ProblemCode.EMPTY_TABLE, message="the files have no rows; give at least one school")]
        )
    counties = _Counties.find(files, job.by)
    if not _no_facts(county_facts):
        job = _with_facts(job, county_facts, counties.words(job.by))
    goal.parent.mkdir(parents=True, exist_ok=True)
    # a dot before the name: whoever reads the parent folder passes over what is half done
    work = goal.with_name(f".{goal.name}-{uuid4().hex[:8]}")
    work.mkdir()
    try:
        summary = _judge_files(job, files, counties, work, int(batch_rows), progress)
        with (work / "_summary.json").open("w", encoding="utf-8") as file:
            json.dump(summary.to_dict(), file, ensure_ascii=False, indent=1)
        work.rename(goal)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return summary


def _judge_files(
    job: _Job, files: _Files, counties: _Counties, work: Path, batch_rows: int, progress: Progress
) -> ParquetSummary:
    import pyarrow.parquet as pq

    together = counties.most_open() <= max(batch_rows, 2 * counties.largest)
    pieces: Iterator[tuple[pa.Table, Ints]]
    if together:
        pieces = _in_order(job, files, counties, batch_rows)
    else:
        pieces = _sorted_out(job, files, counties, batch_rows, work / ".sorted")
    total: dict[str, Any] = dict.fromkeys(
        ("counties", "rows", "sections", "sections_counted", "sections_in_coefficient"), 0
    )
    left: dict[str, int] = {}
    warned: dict[str, int] = {}
    errors: list[Problem] = []
    said: set[Problem] = set()
    rows = dict.fromkeys(job.outputs, 0)
    batches = done = 0
    stopped = False
    paths = {name: f"{name}/part-0.parquet" for name in job.outputs}
    writers = {}
    for name, path in paths.items():
        (work / name).mkdir()
        # no Arrow schema in the file: what is a dictionary here is plain text to whoever reads it
        writers[name] = pq.ParquetWriter(work / path, job.schemas[name], store_schema=False)
    try:
        with reporting(files.rows, "evaluate_parquet", progress) as report:
            for table, row in pieces:
                part = job.run(_to_pandas(table), row, frames=not errors)
                # what holds for the table as a whole is met in every batch, and said once
                own = [p for p in part.problems if p.row is not None or p not in said]
                said |= {p for p in own if p.row is None}
                batches += 1
                done += row.size
                report(done)
                if part.tables is None or errors:
                    errors += [p for p in own if p.severity is Severity.ERROR]
                    if len(errors) >= _MOST_ERRORS:
                        stopped = done < files.rows
                        break
                    continue
                part.tables["problems"] = _problem_table(own, job.schemas["problems"])
                for name, writer in writers.items():
                    writer.write_table(part.tables[name])
                    rows[name] += part.tables[name].num_rows
                for key in total:
                    total[key] += part.counts[key]
                for code, n in part.counts["sections_left_out"].items():
                    left[code] = left.get(code, 0) + n
                for p in own:
                    warned[str(p.code)] = warned.get(str(p.code), 0) + 1
    finally:
        for writer in writers.values():
            writer.close()
    if errors:
        exc = InputDataError(errors)
        if stopped:
            exc.add_note(f"after {len(errors)} errors the rest of the files was not looked at ({done} rows were)")
        raise exc
    shutil.rmtree(work / ".sorted", ignore_errors=True)
    std = job.standard
    ev_provenance = {
        "junheng": _release(),
        "standard": std.id,
        "standard_digest": std.digest,
        "extends": std.extends,
        "by": list(job.by),
        "relaxations": list(std.applied),
        "readings_chosen": std.chosen,
        "missing": job.missing,
    }
    return ParquetSummary(
        **total,
        left_out=dict(sorted(left.items())),
        problems=dict(sorted(warned.items())),
        files=paths,
        output_rows=rows,
        batches=batches,
        passes=1 if together else 2,
        provenance=ev_provenance,
    )


def _release() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("junheng")
    except PackageNotFoundError:  # pragma: no cover - run from a source tree that was never installed
        return "unknown"


@frozen(eq=False)
class _Files:
    """Parquet files read as one table, row after row in the order of their paths."""

    roots: tuple[str, ...]
    fragments: tuple[Any, ...]
    schema: pa.Schema
    rows: int

    @classmethod
    def find(cls, source: Any) -> _Files:
        """Find the files, and one schema that holds the columns of all of them."""
        import pyarrow as pa
        import pyarrow.dataset as ds
        import pyarrow.parquet as pq

        paths = [str(source)] if isinstance(source, (str, os.PathLike)) else [str(p) for p in source]
        if not paths:
            raise InputError("source names no file")
        for path in paths:
            if not Path(path).exists():
                raise InputError(f"{path} does not exist")
        given: Any = paths[0] if len(paths) == 1 else paths
        try:
            found = [str(f.path) for f in ds.dataset(given, format="parquet", schema=pa.schema([])).get_fragments()]
        except (pa.ArrowInvalid, OSError) as exc:
            raise InputError(f"{paths[0]}: no Parquet files that can be read: {exc}") from None
        if not found:
            raise InputError(f"{paths[0]} holds no Parquet files")
        # a folder is read in the order of its paths, a list of files as it is given
        ordered = sorted(found) if len(paths) == 1 else found
        schema = None
        for path in ordered:
            try:
                own = _decoded(pq.read_schema(path))
            except (pa.ArrowInvalid, OSError) as exc:
                raise InputError(f"{path} cannot be read as Parquet: {exc}") from None
            try:
                schema = own if schema is None else pa.unify_schemas([schema, own], promote_options="permissive")
            except (pa.ArrowTypeError, pa.ArrowInvalid) as exc:
                raise InputError(
                    f"{path} has columns of other types than the files before it: {exc}; "
                    "write them alike, such as codes as text everywhere"
                ) from None
        assert schema is not None
        folders = _folder_fields(paths[0], ordered) if len(paths) == 1 else pa.schema([])
        for field in folders:
            if field.name in schema.names:
                schema = schema.set(schema.get_field_index(field.name), field)
            else:
                schema = schema.append(field)
        dataset = ds.dataset(
            given, format="parquet", schema=schema, partitioning=ds.partitioning(folders, flavor="hive")
        )
        fragments = {str(f.path): f for f in dataset.get_fragments()}
        rows = sum(f.count_rows() for f in fragments.values())
        return cls(tuple(paths), tuple(fragments[p] for p in ordered), schema, rows)

    @property
    def types(self) -> dict[str, pa.DataType]:
        """Type of every column."""
        return {f.name: f.type for f in self.schema}

    def read(self, columns: Sequence[str] | None, at_most: int) -> Iterator[tuple[pa.Table, int]]:
        """Yield pieces of the table in order, with the position of their first row."""
        import pyarrow as pa

        at = 0
        for fragment in self.fragments:
            scanner = fragment.scanner(
                schema=self.schema,
                columns=None if columns is None else list(columns),
                batch_size=min(at_most, _READ_ROWS),
                batch_readahead=1,
                fragment_readahead=1,
            )
            for batch in scanner.to_batches():
                if batch.num_rows:
                    yield pa.Table.from_batches([batch]), at
                    at += batch.num_rows


def _folder_fields(root: str, files: Sequence[str]) -> pa.Schema:
    """Return the columns that stand in the names of folders; codes keep their zeros, only a year is a number."""
    import pyarrow as pa

    values: dict[str, set[str]] = {}
    for path in files:
        inside = Path(os.path.relpath(path, root)).parts[:-1]
        for name, mark, value in (part.partition("=") for part in inside):
            if mark:
                values.setdefault(name, set()).add(value)
    plain = {name: all(v.isdecimal() for v in found) for name, found in values.items()}
    return pa.schema([(n, pa.int64() if n == "year" and plain[n] else pa.string()) for n in values])


def _decoded(schema: pa.Schema) -> pa.Schema:
    """Return the schema of a file with plain text for dictionaries and long text, so that files agree."""
    import pyarrow as pa

    t = pa.types
    fields = []
    for f in schema:
        type_ = f.type.value_type if t.is_dictionary(f.type) else f.type
        if t.is_large_string(type_) or t.is_string_view(type_):
            type_ = pa.string()
        fields.append(pa.field(f.name, type_))
    return pa.schema(fields)


@frozen(eq=False)
class _Counties:
    """Where the rows of each county lie in the files; counties in order of appearance."""

    keys: list[tuple[Any, ...]]
    number: dict[tuple[Any, ...], int]
    rows: Ints
    first: Ints
    last: Ints

    @classmethod
    def find(cls, files: _Files, by: Sequence[str]) -> _Counties:
        """Read the columns that make a county, and nothing else."""
        number: dict[tuple[Any, ...], int] = {}
        rows: list[int] = []
        first: list[int] = []
        last: list[int] = []
        for table, at in files.read(by, _READ_ROWS):
            codes, keys = _codes(table, by)
            begin = np.full(len(keys), table.num_rows, dtype=np.int64)
            np.minimum.at(begin, codes, np.arange(codes.size))
            end = np.zeros(len(keys), dtype=np.int64)
            np.maximum.at(end, codes, np.arange(codes.size))
            counts = np.bincount(codes, minlength=len(keys))
            # in order of appearance, also within a piece
            for i in np.argsort(begin, kind="stable").tolist():
                c = number.setdefault(keys[i], len(number))
                if c == len(rows):
                    rows.append(0)
                    first.append(at + int(begin[i]))
                    last.append(0)
                rows[c] += int(counts[i])
                last[c] = max(last[c], at + int(end[i]))
        return cls(list(number), number, *(np.array(x, dtype=np.int64) for x in (rows, first, last)))

    @property
    def largest(self) -> int:
        """Rows of the largest county."""
        return int(self.rows.max())

    def words(self, by: Sequence[str]) -> list[tuple[str, list[Any]]]:
        """Return the words of every county by column."""
        return [(name, [k[i] for k in self.keys]) for i, name in enumerate(by)]

    def most_open(self) -> int:
        """Return a bound on how many rows of counties that are not yet whole are held at once, reading in order."""
        at = np.concatenate([self.first, self.last])
        change = np.concatenate([self.rows, -self.rows])
        # a county that ends where it began is never open; of two, the one that ends makes room for the next
        order = np.lexsort((change, at))
        return int(np.cumsum(change[order]).max(initial=0))

    def codes(self, table: pa.Table, by: Sequence[str]) -> Ints:
        """Return the county of each row."""
        codes, keys = _codes(table, by)
        return np.array([self.number[k] for k in keys], dtype=np.int64)[codes]


def _codes(table: pa.Table, by: Sequence[str]) -> tuple[Ints, list[tuple[Any, ...]]]:
    """Return a code a row and the keys behind the codes."""
    combined = np.zeros(table.num_rows, dtype=np.int64)
    parts = []
    for name in by:
        column = table[name].combine_chunks().dictionary_encode(null_encoding="encode")
        codes = column.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        words = [clean(w) if isinstance(w, str) else w for w in column.dictionary.to_pylist()]
        parts.append((codes, words))
        combined = combined * len(words) + codes
        combined = np.unique(combined, return_inverse=True)[1].reshape(-1) if len(by) > 1 else combined
    _, at, dense = np.unique(combined, return_index=True, return_inverse=True)
    keys = [tuple(words[codes[i]] for codes, words in parts) for i in at.tolist()]
    return dense.reshape(-1).astype(np.int64, copy=False), keys


def _in_order(job: _Job, files: _Files, counties: _Counties, batch_rows: int) -> Iterator[tuple[pa.Table, Ints]]:
    """Yield whole counties while reading on: those whose last row has gone by, about ``batch_rows`` at a time."""
    import pyarrow as pa

    ends = np.argsort(counties.last, kind="stable")
    whole_rows = np.concatenate([[0], np.cumsum(counties.rows[ends])])
    last = counties.last[ends]
    held: list[tuple[pa.Table, Ints, Ints]] = []
    given = 0
    for table, at in files.read(None, batch_rows):
        row = np.arange(at, at + table.num_rows, dtype=np.int64)
        held.append((table, row, counties.codes(table, job.by)))
        seen = at + table.num_rows
        whole = int(whole_rows[np.searchsorted(last, seen, side="left")])
        if whole - given < batch_rows and seen < files.rows:
            continue
        table = pa.concat_tables([t for t, _, _ in held])
        row, code = (np.concatenate(x) for x in list(zip(*held, strict=True))[1:])
        complete = counties.last[code] < seen
        if complete.all():
            held = []
            yield table, row
        elif complete.any():
            mask = pa.array(complete)
            rest = ~complete
            held = [(table.filter(pa.array(rest)), row[rest], code[rest])]
            yield table.filter(mask), row[complete]
        given = whole


def _sorted_out(
    job: _Job, files: _Files, counties: _Counties, batch_rows: int, folder: Path
) -> Iterator[tuple[pa.Table, Ints]]:
    """Sort rows out into temporary files of whole counties, of about ``batch_rows`` each, and yield these."""
    import pyarrow as pa

    bucket_of = np.empty(counties.rows.size, dtype=np.int64)
    bucket = filled = 0
    for c, n in enumerate(counties.rows.tolist()):
        if filled and filled + n > batch_rows:
            bucket, filled = bucket + 1, 0
        bucket_of[c] = bucket
        filled += n
    folder.mkdir()
    held: dict[int, list[pa.Table]] = {}
    waiting = 0
    for table, at in files.read(None, _READ_ROWS):
        table = table.append_column(_ROW, pa.array(np.arange(at, at + table.num_rows, dtype=np.int64)))
        to = bucket_of[counties.codes(table, job.by)]
        order = np.argsort(to, kind="stable")
        buckets, begins = np.unique(to[order], return_index=True)
        table = table.take(pa.array(order))
        for b, begin, end in zip(buckets.tolist(), begins, [*begins[1:], to.size], strict=True):
            held.setdefault(b, []).append(table.slice(begin, end - begin))
        waiting += table.num_rows
        if waiting >= batch_rows:
            _put_away(held, folder)
            waiting = 0
    _put_away(held, folder)
    for b in range(bucket + 1):
        path = folder / f"{b}.arrow"
        table = _fetched(path)
        path.unlink()
        yield table.drop_columns([_ROW]), table[_ROW].to_numpy()


def _put_away(held: dict[int, list[pa.Table]], folder: Path) -> None:
    """Append what waits for each file, as a stream of its own."""
    import pyarrow as pa

    for b, tables in held.items():
        table = pa.concat_tables(tables).combine_chunks()
        with (folder / f"{b}.arrow").open("ab") as file, pa.ipc.new_stream(file, table.schema) as writer:
            writer.write_table(table)
    held.clear()


def _fetched(path: Path) -> pa.Table:
    """Read all streams of a file."""
    import pyarrow as pa

    tables = []
    size = path.stat().st_size
    with path.open("rb") as file:
        while file.tell() < size:
            with pa.ipc.open_stream(file) as reader:
                tables.append(reader.read_all())
    return pa.concat_tables(tables)
