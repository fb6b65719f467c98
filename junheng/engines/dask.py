"""The evaluation of a Dask frame."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import pandas as pd

from junheng._arrays import Frame
from junheng._deprecated import renamed
from junheng.engines._job import (
    PARTITION,
    ROW,
    SHARD,
    Job,
    as_names,
    as_objects,
    key_texts,
    load_engine,
    no_facts,
    prepare,
    with_facts,
)
from junheng.engines._schemas import Output, plain_schema, problem_table
from junheng.errors import InputDataError, InputError, Problem, ProblemCode
from junheng.evaluation import Missing
from junheng.standards import Standard
from junheng.words import Quoted, message

if TYPE_CHECKING:
    import dask.dataframe as dd
    import pyarrow as pa

__all__ = ["evaluate_dask"]


@overload
def evaluate_dask(
    schools: dd.DataFrame,
    standard: Standard | str | os.PathLike[str],
    *,
    by: Sequence[str] | str | None = ...,
    county_facts: Frame | Mapping[str, Any] | None = ...,
    missing: Missing = ...,
    outputs: Output = ...,
    partitioned: bool = ...,
) -> dd.DataFrame: ...


@overload
def evaluate_dask(
    schools: dd.DataFrame,
    standard: Standard | str | os.PathLike[str],
    *,
    by: Sequence[str] | str | None = ...,
    county_facts: Frame | Mapping[str, Any] | None = ...,
    missing: Missing = ...,
    outputs: Sequence[Output],
    partitioned: bool = ...,
) -> dict[str, dd.DataFrame]: ...


@renamed(frame="schools", output="outputs")
def evaluate_dask(
    schools: dd.DataFrame,
    standard: Standard | str | os.PathLike[str],
    *,
    by: Sequence[str] | str | None = None,
    county_facts: Frame | Mapping[str, Any] | None = None,
    missing: Missing = "propagate",
    outputs: Output | Sequence[Output] = "verdicts",
    partitioned: bool = False,
) -> dd.DataFrame | dict[str, dd.DataFrame]:
    """Judge the schools of a Dask frame, county by county, and return lazy Dask frames.

    Parameters
    ----------
    schools : dask.dataframe.DataFrame
        As in :func:`junheng.evaluate`: canonical columns and units, one row per school, or per school and stage.
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
        ``schools``, ``school_verdicts``, ``indicators``, ``items``, ``item_schools``, ``verdicts``, ``left_out``,
        ``county_indicators``, ``grades``: the frames of :class:`junheng.Evaluation`. ``problems``: all errors and
        warnings as rows; if it is the only output, errors are not raised.
    partitioned : bool
        Whether each county is already in a single partition, so that no rows need to move. This is checked: the columns
        of ``by`` are read once, at the call.

    Returns
    -------
    dask.dataframe.DataFrame or dict
        One frame, or a dict of frames for a sequence; frames computed in one ``dask.compute`` share the work. Text is
        plain text, never categories. ``partition`` and ``row``, the position within that partition of ``schools``,
        identify a row of the source. Counties are in any order, the rows of each in the order of the source.

    Raises
    ------
    InputDataError
        If columns are missing, facts cannot be used, or, with ``partitioned``, a county is in several partitions. Other
        errors in the table are raised when the frame is computed: the first task that fails lists all problems of its
        counties.
    InputError
        If an argument is invalid, or Dask is not installed.

    Notes
    -----
    Dask shuffles the rows on the columns of ``by``. One task judges all counties of a partition; partitions of 50 000
    to 500 000 rows work well.

    Examples
    --------
    >>> import junheng as jh
    >>> import dask.dataframe as dd  # doctest: +SKIP
    >>> schools = dd.read_parquet("schools/")  # doctest: +SKIP
    >>> verdicts = jh.engines.evaluate_dask(schools, "cn-quality-balance-2017")  # doctest: +SKIP
    >>> verdicts[verdicts["part"] == "overall"]["verdict"].value_counts().compute()  # doctest: +SKIP
    """
    load_engine("Dask", "dask", "pyarrow", "dask.dataframe")
    import dask
    import dask.dataframe as dd

    if not isinstance(schools, dd.DataFrame):
        raise InputError(message("engines.no_dask_frame", type=type(schools).__name__))
    asked = as_names(outputs)
    names = [str(c) for c in schools.columns]
    types = dict(zip(names, (_arrow_type(t) for t in schools.dtypes), strict=True))
    job = prepare(standard, by, missing, asked, names, types, partitions=True)
    keys = list(job.by)
    if partitioned:
        found = schools.map_partitions(_keys_of_partition, keys, meta=_meta_of_keys(keys)).compute()
        _check_whole(found, keys)
    elif not no_facts(county_facts):
        found = schools[keys].map_partitions(_keys_of_partition, keys, meta=_meta_of_keys(keys)).compute()
    if not no_facts(county_facts):
        distinct = found[keys].drop_duplicates()
        job = with_facts(job, county_facts, [(k, distinct[k].tolist()) for k in keys])
    move = not partitioned and schools.npartitions > 1
    meta = _numbered(schools._meta, keys, move, {"number": 0})
    numbered = schools.map_partitions(_numbered, keys, move, meta=meta)
    if move:
        numbered = numbered.shuffle(on=SHARD, ignore_index=True)
    sent = dask.delayed(job, pure=False)
    lenient = asked == ("problems",)
    parts = [dask.delayed(_judge)(part, sent, lenient) for part in numbered.to_delayed()]
    frames = {}
    for name in job.outputs:
        pieces = [dask.delayed(_pick)(part, name) for part in parts]
        frames[name] = dd.from_delayed(pieces, meta=_pandas_frame(job.no_rows(name)), prefix=f"junheng-{name}")
        if name == "problems":
            # every task reports problems of the table as a whole
            frames[name] = frames[name].drop_duplicates()
    return frames[asked[0]] if isinstance(outputs, str) else frames


def _arrow_type(dtype: Any) -> pa.DataType:
    """Return the Arrow type of a pandas column, text if unknown before reading."""
    import pyarrow as pa

    if isinstance(dtype, pd.CategoricalDtype):
        # the categories of a lazy column may be unknown, but their dtype is known
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
    return pd.DataFrame({k: pd.Series(dtype=object) for k in keys} | {PARTITION: pd.Series(dtype=np.int64)})


def _keys_of_partition(
    frame: pd.DataFrame, keys: list[str], partition_info: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Return the counties of a partition."""
    number = 0 if partition_info is None else int(partition_info["number"])
    return frame[keys].drop_duplicates().astype(object).assign(**{PARTITION: np.int64(number)})


def _check_whole(found: pd.DataFrame, keys: Sequence[str]) -> None:
    """Raise an error if a county is in several partitions."""
    text = key_texts([as_objects(found[k]) for k in keys], len(found))
    where: dict[str, list[int]] = {}
    for word, number in zip(text.tolist(), found[PARTITION].tolist(), strict=True):
        where.setdefault(word, []).append(number)
    split = {w: sorted(set(n)) for w, n in where.items() if len(set(n)) > 1}
    if split:
        raise InputDataError(
            Problem(
                code=ProblemCode.DUPLICATE_ROW,
                key=word.replace("\x1f", " / "),
                column=", ".join(keys),
                message=message("engines.split_county", county=Quoted(word.replace("\x1f", " / ")), partitions=numbers),
            )
            for word, numbers in split.items()
        )


def _numbered(
    frame: pd.DataFrame, keys: list[str], move: bool, partition_info: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Add the origin of every row, and the task it goes to."""
    number = 0 if partition_info is None else int(partition_info["number"])
    new: dict[str, Any] = {
        PARTITION: np.full(len(frame), number, dtype=np.int64),
        ROW: np.arange(len(frame), dtype=np.int64),
    }
    if move:
        # hash the text of the keys: a column may be integer in one partition and, with a missing cell, float in another
        text = key_texts([as_objects(frame[k]) for k in keys], len(frame))
        codes, words = pd.factorize(text)
        hashed = pd.util.hash_array(np.asarray(words, dtype=object), categorize=False).astype(np.int64)
        new[SHARD] = hashed[codes] if len(words) else np.empty(0, dtype=np.int64)
    return frame.assign(**new)


def _judge(frame: pd.DataFrame, job: Job, lenient: bool) -> dict[str, pd.DataFrame]:
    """Judge the whole counties of a task."""
    if len(frame) == 0:
        return {name: _pandas_frame(job.no_rows(name)) for name in job.outputs}
    frame = frame.sort_values([PARTITION, ROW], kind="stable", ignore_index=True)
    row, part = frame[ROW].to_numpy(np.int64), frame[PARTITION].to_numpy(np.int64)
    own = frame.drop(columns=[c for c in (PARTITION, ROW, SHARD) if c in frame])
    done = job.run(own, row, part)
    if done.tables is None:
        if not lenient:
            raise InputDataError(done.problems)
        return {"problems": _pandas_frame(problem_table(done.problems, job.schemas["problems"]))}
    return {name: _pandas_frame(table) for name, table in done.tables.items()}


def _pick(part: Mapping[str, pd.DataFrame], name: str) -> pd.DataFrame:
    return part[name]


def _pandas_frame(table: pa.Table) -> pd.DataFrame:
    """Return an output as pandas: plain text, and Int64 for whole numbers that may be missing."""
    frame: pd.DataFrame = table.cast(plain_schema(table.schema)).to_pandas()
    for name in ("number", "row", "position", "partition"):
        if name in frame and (name == "number" or "message" in frame):
            frame[name] = frame[name].astype("Int64")
    return frame
