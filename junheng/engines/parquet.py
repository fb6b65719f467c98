"""The evaluation of Parquet files larger than memory."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import attrs
import numpy as np
from attrs import frozen

from junheng._arrays import Ints
from junheng._files import is_same_file
from junheng._progress import Progress, reporting
from junheng.engines._counties import Counties, in_order, sorted_out
from junheng.engines._files import ParquetFiles
from junheng.engines._job import Job, no_facts, not_installed, prepare, with_facts
from junheng.engines._schemas import problem_table, to_pandas
from junheng.errors import InputDataError, InputError, Problem, ProblemCode, Severity
from junheng.evaluation import Missing
from junheng.standards import Standard

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ParquetSummary", "evaluate_parquet"]

#: After so many errors no more of the files is read.
_MOST_ERRORS = 10_000


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
        raise not_installed("pyarrow", "parquet") from None
    if isinstance(outputs, str):
        raise InputError("outputs must be a sequence of names, such as ['verdicts']")
    if not isinstance(batch_rows, (int, np.integer)) or batch_rows < 1:
        raise InputError(f"batch_rows must be a whole number from 1 on, not {batch_rows!r}")
    goal = Path(target)
    if goal.exists():
        raise InputError(f"{goal} exists; remove it, or name another folder")
    files = ParquetFiles.find(source)
    if any(is_same_file(folder, root) for folder in goal.resolve().parents for root in files.roots):
        raise InputError(f"{goal} lies in the source, and would be read as schools the next time; name another folder")
    asked = tuple(dict.fromkeys([*outputs, "problems"]))
    job = prepare(standard, by, missing, asked, files.schema.names, files.types, partitions=False)
    if files.rows == 0:
        raise InputDataError(
            [Problem(code=ProblemCode.EMPTY_TABLE, message="the files have no rows; give at least one school")]
        )
    counties = Counties.find(files, job.by)
    if not no_facts(county_facts):
        job = with_facts(job, county_facts, counties.words(job.by))
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
    job: Job, files: ParquetFiles, counties: Counties, work: Path, batch_rows: int, progress: Progress
) -> ParquetSummary:
    import pyarrow.parquet as pq

    together = counties.most_open() <= max(batch_rows, 2 * counties.largest)
    pieces: Iterator[tuple[pa.Table, Ints]]
    if together:
        pieces = in_order(job, files, counties, batch_rows)
    else:
        pieces = sorted_out(job, files, counties, batch_rows, work / ".sorted")
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
                part = job.run(to_pandas(table), row, frames=not errors)
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
                part.tables["problems"] = problem_table(own, job.schemas["problems"])
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
