"""The evaluation of Parquet files larger than memory."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import attrs
import numpy as np
from attrs import frozen

from junheng._arrays import Frame, Ints
from junheng._deprecated import renamed
from junheng._files import is_same_file
from junheng._progress import Progress, reporting
from junheng.engines._counties import Counties, in_order, sorted_out
from junheng.engines._files import ParquetFiles
from junheng.engines._job import Job, Judged, load_engine, no_facts, prepare, with_facts
from junheng.engines._schemas import Output, problem_table, to_pandas
from junheng.errors import InputDataError, InputError, Problem, ProblemCode, Severity
from junheng.evaluation import Missing
from junheng.standards import Standard
from junheng.words import message

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ParquetSummary", "evaluate_parquet"]

#: Errors after which no more of the files is read.
_MOST_ERRORS = 10_000
#: What is counted, and the options of an evaluation common to all batches.
_COUNTS = ("counties", "rows", "sections", "sections_counted", "sections_in_coefficient")
_OPTIONS = ("junheng", "standard", "standard_digest", "extends", "by", "relaxations", "readings_chosen", "missing")


@frozen(kw_only=True)
class ParquetSummary:
    """Summary of :func:`evaluate_parquet`.

    Attributes
    ----------
    counties, rows, sections, sections_counted, sections_in_coefficient : int
        Counties (and years) judged, rows read, their sections (school and stage), sections judged as schools, and
        sections that count in coefficients.
    left_out : dict of str to int
        Sections not judged as schools, by reason.
    problems : dict of str to int
        Warnings by code; each is a row of the output ``problems``.
    files : dict of str to str
        The file of each output, by name.
    output_rows : dict of str to int
        Rows of each output.
    batches : int
        Number of pieces in which the counties were judged.
    passes : int
        How often the figures were read: once if counties are contiguous, twice if rows had to be sorted.
    provenance : dict
        Version, standard and digest, options. No time stamp: the same input gives the same bytes.
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


@renamed(source="schools")
def evaluate_parquet(
    schools: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    standard: Standard | str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    by: Sequence[str] | str | None = None,
    county_facts: Frame | Mapping[str, Any] | None = None,
    missing: Missing = "propagate",
    outputs: Sequence[Output] = ("schools", "school_verdicts", "indicators", "items", "verdicts", "left_out"),
    batch_rows: int = 100_000,
    progress: Progress = None,
) -> ParquetSummary:
    """Judge schools in Parquet files larger than memory, and write the results as Parquet.

    The columns that identify a county are read first, to locate each county. Then the figures are read in pieces of
    whole counties. If the rows of counties are too scattered for that, they are first sorted into temporary files
    beside the target, which takes as much space as the source and one more pass.

    Parameters
    ----------
    schools : path or sequence of paths
        A file, a folder (also hive-partitioned, such as ``year=2025/``), or several files. Columns as in
        :func:`junheng.evaluate`; their order may differ between files, and files may lack some.
    standard : Standard, str or path
        Standard to judge by.
    target : path
        Folder to create; it must not exist. It appears under its name only when everything is written.
    by : str or sequence of str, optional
        Columns that identify a county, as in :func:`junheng.evaluate`. A column ``year`` is always added.
    county_facts : frame or mapping, optional
        Facts about the counties, as in :func:`junheng.evaluate`, in memory.
    missing : {"propagate", "omit", "raise"}
        How a missing figure affects a coefficient, as in :func:`junheng.evaluate`.
    outputs : sequence of str
        Which frames to write, as in :func:`evaluate_dask`; ``problems``, the warnings, is always written.
    batch_rows : int
        Approximate number of rows judged at a time; a county is never split. Memory grows with it, with the largest
        county, and with the row groups of the files.
    progress : bool or callable, optional
        Default: a progress bar on a terminal if tqdm is installed (the extra ``progress``). ``False``: none. A function
        is called with the rows done and the total.

    Returns
    -------
    ParquetSummary
        Counts, files and provenance; also written as ``_summary.json``.

    Raises
    ------
    InputDataError
        If the table has errors. All batches are checked before it is raised (up to ten thousand errors), and nothing is
        written.
    UnknownStandardError, StandardDataError
        If the standard cannot be used.
    InputError
        If an argument is invalid, the target exists, or pyarrow is not installed.

    Notes
    -----
    ``row`` in the outputs and in problems is the position in the whole source, counting from 0, with files in the order
    of their paths. If counties are contiguous, outputs are in the order of the table; otherwise county by county.

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
    load_engine("pyarrow", "parquet", "pyarrow.dataset")
    if isinstance(outputs, str):
        raise InputError(message("engines.outputs"))
    if not isinstance(batch_rows, (int, np.integer)) or batch_rows < 1:
        raise InputError(message("engines.batch_rows", value=repr(batch_rows)))
    goal = Path(target)
    if goal.exists():
        raise InputError(message("engines.target_exists", path=str(goal)))
    files = ParquetFiles.find(schools)
    if any(is_same_file(folder, root) for folder in goal.resolve().parents for root in files.roots):
        raise InputError(message("engines.target_in_source", path=str(goal)))
    asked = tuple(dict.fromkeys([*outputs, "problems"]))
    empty = files.empty_keys() if files.rows else ()
    job = prepare(standard, by, missing, asked, files.schema.names, files.types, partitions=False, empty=empty)
    if files.rows == 0:
        raise InputDataError([Problem(code=ProblemCode.EMPTY_TABLE, message=message("engines.no_rows"))])
    counties = Counties.find(files, job.by)
    if not no_facts(county_facts):
        job = with_facts(job, county_facts, counties.words(job.by))
    goal.parent.mkdir(parents=True, exist_ok=True)
    # readers of the parent folder skip names that begin with a dot
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
    """Judge piece after piece of whole counties, and write the results into a folder."""
    together = counties.most_open() <= max(batch_rows, 2 * counties.largest)
    pieces: Iterator[tuple[pa.Table, Ints]]
    if together:
        pieces = in_order(job, files, counties, batch_rows)
    else:
        pieces = sorted_out(job, files, counties, batch_rows, work / ".sorted")
    tally = _Tally(job.outputs)
    with ExitStack() as opened, reporting(files.rows, "evaluate_parquet", progress) as report:
        writers = {name: opened.enter_context(_writer(job, work, name)) for name in job.outputs}
        for table, row in pieces:
            part = job.run(to_pandas(table), row, frames=not tally.errors)
            problems = tally.new_problems(part)
            tally.batches += 1
            tally.rows_seen += row.size
            report(tally.rows_seen)
            if part.tables is not None and not tally.errors:
                part.tables["problems"] = problem_table(problems, job.schemas["problems"])
                for name, writer in writers.items():
                    writer.write_table(part.tables[name])
                tally.add(part, part.tables, problems)
                continue
            tally.errors += [p for p in problems if p.severity is Severity.ERROR]
            if len(tally.errors) >= _MOST_ERRORS:
                break
    if tally.errors:
        raise tally.refusal(files.rows)
    shutil.rmtree(work / ".sorted", ignore_errors=True)
    return tally.summary(passes=1 if together else 2)


def _path(output: str) -> str:
    return f"{output}/part-0.parquet"


def _writer(job: Job, work: Path, output: str) -> Any:
    """Open the file of an output."""
    import pyarrow.parquet as pq

    (work / output).mkdir()
    # no Arrow schema in the file: readers get plain text instead of dictionaries
    return pq.ParquetWriter(work / _path(output), job.schemas[output], store_schema=False)


class _Tally:
    """Totals of the batches so far."""

    def __init__(self, outputs: Sequence[str]) -> None:
        self.batches = self.rows_seen = 0
        self.errors: list[Problem] = []
        self._told: set[Problem] = set()
        self._counts = dict.fromkeys(_COUNTS, 0)
        self._left_out: Counter[str] = Counter()
        self._warnings: Counter[str] = Counter()
        self._output_rows = dict.fromkeys(outputs, 0)
        self._options: dict[str, Any] = {}

    def new_problems(self, part: Judged) -> list[Problem]:
        """Return the new problems of a batch; problems of the table as a whole recur in every batch."""
        new = [p for p in part.problems if p.row is not None or p not in self._told]
        self._told |= {p for p in new if p.row is None}
        return new

    def add(self, part: Judged, tables: Mapping[str, pa.Table], problems: Sequence[Problem]) -> None:
        """Count what was judged and written."""
        self._counts["counties"] += part.counties
        for name in _COUNTS[1:]:
            self._counts[name] += part.provenance[name]
        self._left_out.update(part.provenance["sections_left_out"])
        self._warnings.update(str(p.code) for p in problems)
        for name in self._output_rows:
            self._output_rows[name] += tables[name].num_rows
        self._options = {name: part.provenance[name] for name in _OPTIONS}

    def refusal(self, rows: int) -> InputDataError:
        """Return all errors, with a remark if some rows were not checked."""
        early = message("engines.stopped_early", errors=len(self.errors), rows=self.rows_seen)
        return InputDataError(self.errors, early if self.rows_seen < rows else None)

    def summary(self, passes: int) -> ParquetSummary:
        """Return the summary."""
        return ParquetSummary(
            **self._counts,
            left_out=dict(sorted(self._left_out.items())),
            problems=dict(sorted(self._warnings.items())),
            files={name: _path(name) for name in self._output_rows},
            output_rows=self._output_rows,
            batches=self.batches,
            passes=passes,
            provenance=self._options,
        )
