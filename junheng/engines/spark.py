"""The evaluation of a Spark frame."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import pandas as pd

from junheng._arrays import Frame
from junheng._deprecated import renamed
from junheng._text import clean
from junheng.engines._job import READ_ROWS, ROW, SHARD, Job, as_names, load_engine, no_facts, prepare, with_facts
from junheng.engines._schemas import Output, plain_schema, problem_table, to_pandas
from junheng.errors import InputDataError, InputError
from junheng.evaluation import Missing
from junheng.standards import Standard
from junheng.words import message

if TYPE_CHECKING:
    import pyarrow as pa
    import pyspark.sql as sql

__all__ = ["evaluate_spark"]


@overload
def evaluate_spark(
    schools: sql.DataFrame,
    standard: Standard | str | os.PathLike[str],
    *,
    by: Sequence[str] | str | None = ...,
    county_facts: Frame | Mapping[str, Any] | None = ...,
    missing: Missing = ...,
    outputs: Output = ...,
) -> sql.DataFrame: ...


@overload
def evaluate_spark(
    schools: sql.DataFrame,
    standard: Standard | str | os.PathLike[str],
    *,
    by: Sequence[str] | str | None = ...,
    county_facts: Frame | Mapping[str, Any] | None = ...,
    missing: Missing = ...,
    outputs: Sequence[Output],
) -> dict[str, sql.DataFrame]: ...


@renamed(frame="schools", output="outputs")
def evaluate_spark(
    schools: sql.DataFrame,
    standard: Standard | str | os.PathLike[str],
    *,
    by: Sequence[str] | str | None = None,
    county_facts: Frame | Mapping[str, Any] | None = None,
    missing: Missing = "propagate",
    outputs: Output | Sequence[Output] = "verdicts",
) -> sql.DataFrame | dict[str, sql.DataFrame]:
    """Judge the schools of a Spark frame, county by county, and return lazy Spark frames.

    Parameters
    ----------
    schools : pyspark.sql.DataFrame
        As in :func:`junheng.evaluate`: canonical columns and units, one row per school, or per school and stage.
        Decimals are converted to the nearest double.
    standard : Standard, str or path
        Standard to judge by. It is loaded by the caller and sent to the workers.
    by : str or sequence of str, optional
        Columns that identify a county, as in :func:`junheng.evaluate`. A column ``year`` is always added.
    county_facts : frame or mapping, optional
        Facts about the counties, as in :func:`junheng.evaluate`, in memory. The columns of ``by`` are then read once,
        at the call, to check the facts against the counties.
    missing : {"propagate", "omit", "raise"}
        How a missing figure affects a coefficient, as in :func:`junheng.evaluate`.
    outputs : str or sequence of str
        As in :func:`evaluate_dask`. For a sequence, Spark caches the evaluation (memory and disk) so that the frames
        share it; ``spark.catalog.clearCache()`` releases it.

    Returns
    -------
    pyspark.sql.DataFrame or dict
        One frame, or a dict of frames for a sequence. ``partition`` and ``row``, the position within that partition of
        ``schools`` as Spark reads it, identify a row of the source. They are stable only if Spark reads the frame in
        the same order each time.

    Raises
    ------
    InputDataError
        If columns are missing or facts cannot be used. Errors in the table appear in Spark's own exception, at the
        action; its text contains the text of this error. ``outputs="problems"`` lists errors as rows and raises
        nothing.
    InputError
        If an argument is invalid, or Spark is not installed.

    Notes
    -----
    Rows are repartitioned by the columns of ``by``; one task judges all counties of a partition, so
    ``spark.sql.shuffle.partitions`` determines the rows per task: 50 000 to 500 000 work well. Workers need junheng and
    its dependencies. Spark requires Java 17 or newer.

    Spark does not guarantee the order of rows: it may read the files of a folder in any order. If the rows of a county
    are in several files, its sums may be taken in another order than in one table, and the last digit of a coefficient
    may differ. Comparisons with limits allow for that.

    Examples
    --------
    >>> import junheng as jh
    >>> schools = spark.read.parquet("schools/")  # doctest: +SKIP
    >>> verdicts = jh.engines.evaluate_spark(schools, "cn-quality-balance-2017")  # doctest: +SKIP
    >>> verdicts.where("part = 'overall'").groupBy("verdict").count().show()  # doctest: +SKIP
    """
    load_engine("Spark", "spark", "pyarrow", "pyspark.sql")
    from pyspark.sql import DataFrame, functions

    if not isinstance(schools, DataFrame):
        has_java = shutil.which("java") or os.environ.get("JAVA_HOME")
        java = "" if has_java else message("engines.no_java")
        raise InputError(message("engines.no_spark_frame", type=type(schools).__name__, java=java))
    asked = as_names(outputs)
    names = list(schools.columns)
    types = {f.name: _arrow_type(f.dataType.simpleString()) for f in schools.schema.fields}
    job = prepare(standard, by, missing, asked, names, types, partitions=True)
    # Spark reads a dot in a header as a field of a struct: use short names, and restore the headers in the worker
    schools = schools.toDF(*(f"c{i}" for i in range(len(names))))
    keys = [f"c{names.index(k)}" for k in job.by]
    if not no_facts(county_facts):
        rows = schools.select(*keys).distinct().collect()
        job = with_facts(job, county_facts, [(k, [r[i] for r in rows]) for i, k in enumerate(job.by)])
    # Spark numbers rows by partition: 33 bits for the row
    place = functions.monotonically_increasing_id()
    numbered = _brought_together(schools.withColumn(ROW, place), keys)
    lenient = asked == ("problems",)
    if len(job.outputs) == 1:
        name = job.outputs[0]
        task = partial(_one_output, names=names, job=job, lenient=lenient)
        frames = {name: numbered.mapInArrow(task, _sql_schema(job.schemas[name]))}
    else:
        tasks = partial(_all_outputs, names=names, job=job)
        kept = numbered.mapInArrow(tasks, "output string, content binary").persist()
        frames = {
            name: kept.where(functions.col("output") == name).mapInArrow(_unpacked, _sql_schema(job.schemas[name]))
            for name in job.outputs
        }
    if "problems" in frames:
        # every task reports problems of the table as a whole
        frames["problems"] = frames["problems"].dropDuplicates()
    return frames[asked[0]] if isinstance(outputs, str) else frames


def _brought_together(frame: Any, keys: Sequence[str]) -> Any:
    """Return the frame with all rows of a county in one partition, whatever the spelling of its name."""
    from pyspark.sql import functions

    as_read = functions.pandas_udf(_as_read, "string")
    texts = {f.name for f in frame.schema.fields if f.dataType.simpleString() == "string"}
    shards = {f"{SHARD}_{k}": as_read(frame[k]) if k in texts else frame[k] for k in keys}
    return frame.withColumns(shards).repartition(*shards).drop(*shards)


def _as_read(words: pd.Series) -> pd.Series:
    """Return names as :func:`junheng.evaluate` reads them: without invisible characters."""
    codes, distinct = pd.factorize(words.to_numpy(dtype=object))
    cells = np.array([*map(clean, distinct), None], dtype=object)
    return pd.Series(cells[codes], dtype=object)


def _arrow_type(name: str) -> pa.DataType:
    import pyarrow as pa

    if name.startswith("decimal"):
        return pa.decimal128(*(int(n) for n in re.findall(r"\d+", name)))
    known = {"tinyint": "int64", "smallint": "int64", "int": "int64", "bigint": "int64", "float": "float64"}
    known |= {"double": "float64", "boolean": "bool_", "date": "date32"}
    return getattr(pa, known.get(name, "string"))()


def _sql_schema(schema: pa.Schema) -> str:
    import pyarrow as pa

    words = {pa.string(): "string", pa.int64(): "bigint", pa.float64(): "double", pa.bool_(): "boolean"}
    words[pa.date32()] = "date"
    return ", ".join(f"`{f.name}` {words[f.type]}" for f in plain_schema(schema))


def _judge(batches: Iterable[Any], names: Sequence[str], job: Job, lenient: bool) -> dict[str, pa.Table]:
    """Judge the whole counties of a task, their rows in the order of the source."""
    import pyarrow as pa

    given = list(batches)
    table = pa.Table.from_batches(given) if given else None
    if table is None or table.num_rows == 0:
        return {}
    table = table.sort_by(ROW)
    place = table[ROW].to_numpy()
    own = table.drop_columns([ROW]).rename_columns(list(names))
    done = job.run(to_pandas(own), place & ((1 << 33) - 1), place >> 33)
    if done.tables is None:
        if not lenient:
            raise InputDataError(done.problems)
        return {"problems": problem_table(done.problems, job.schemas["problems"])}
    return {name: t.cast(plain_schema(t.schema)) for name, t in done.tables.items()}


def _one_output(batches: Iterable[Any], names: Sequence[str], job: Job, lenient: bool) -> Iterator[Any]:
    for table in _judge(batches, names, job, lenient).values():
        yield from table.to_batches(max_chunksize=READ_ROWS)


def _all_outputs(batches: Iterable[Any], names: Sequence[str], job: Job) -> Iterator[Any]:
    """Judge once for several outputs: pieces of an output are sent as bytes with its name."""
    import pyarrow as pa

    for name, table in _judge(batches, names, job, False).items():
        for piece in table.to_batches(max_chunksize=READ_ROWS):
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
