"""What every engine does with whole counties, whatever their source (private).

A county (and year) is judged by its own schools alone, so whole counties can go to different workers. Each worker calls
:func:`junheng.evaluate` on its counties, with rows in the order of the source: figures and verdicts equal those of one
evaluation of the whole table, bit for bit.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

import attrs
import numpy as np
import pandas as pd
from attrs import frozen

from junheng._arrays import Ints
from junheng._extras import load
from junheng._frames import duplicate_headers
from junheng._text import clean
from junheng.engines._schemas import OUTPUTS, conform, output_schemas, problem_table, with_arrow_frames
from junheng.errors import InputDataError, InputError, Problem, ProblemCode, Severity
from junheng.evaluation import Missing, evaluate
from junheng.facts import Facts, as_table, key_headers
from junheng.schools import base_column, is_blank
from junheng.schools.needs import needed_columns
from junheng.schools.opening import open_table
from junheng.schools.problems import ProblemList
from junheng.standards import Standard, load_standard
from junheng.standards.model import Item
from junheng.words import Message, Quoted, Row, key_text, message, quoted, with_rows

if TYPE_CHECKING:
    import pyarrow as pa

#: Columns for the origin of a row; removed before an evaluation.
PARTITION, ROW, SHARD = "__junheng_partition", "__junheng_row", "__junheng_shard"
#: Rows read from a file or passed on at a time.
READ_ROWS = 65_536
#: Columns of codes and names that, if present, must be filled in for every school.
_CODES = ("county", "county_code", "school_code")


@frozen(eq=False)
class CountyFacts:
    """County facts as one frame, checked as a whole; each worker takes the rows of its counties."""

    frame: pd.DataFrame
    keys: tuple[str, ...]
    words: Any

    @classmethod
    def make(
        cls, source: Any, counties: Sequence[tuple[str, Sequence[Any]]], items: Sequence[Item]
    ) -> tuple[CountyFacts, list[Problem]]:
        """Return the facts and their problems, given all counties and the items of the standard."""
        problems = Facts(source, counties, items).problems
        table = as_table(source, [name for name, _ in counties])
        headers = key_headers(table, [name for name, _ in counties])
        words = key_texts([table.objects(h) for h in headers.values()], table.rows)
        frame = pd.DataFrame({name: table.objects(name) for name in table.columns}, dtype=object)
        return cls(frame, tuple(headers), words), problems

    def of(self, schools: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of the counties of a table."""
        distinct = schools[list(self.keys)].drop_duplicates()
        own = key_texts([as_objects(distinct[k]) for k in self.keys], len(distinct))
        return self.frame[np.isin(self.words, own)].reset_index(drop=True)


@frozen(eq=False)
class Judged:
    """The result for some whole counties; no frames, counties or provenance if the table has errors."""

    problems: list[Problem]
    tables: dict[str, pa.Table] | None = None
    counties: int = 0
    provenance: Mapping[str, Any] = attrs.field(factory=dict)


@frozen(eq=False, kw_only=True)
class Job:
    """What every worker does with its counties. Must be picklable."""

    standard: Standard
    by: tuple[str, ...]
    missing: Missing
    outputs: tuple[str, ...]
    facts: CountyFacts | None
    #: Columns of names and codes that are empty in the whole table; treated as absent.
    empty: frozenset[str]
    #: Schema of every output, with dictionaries for repeated words.
    schemas: dict[str, pa.Schema]

    def run(self, schools: pd.DataFrame, row: Ints, part: Ints | None = None, *, frames: bool = True) -> Judged:
        """Judge some whole counties; ``row`` (and ``part``) give the origin of each row."""
        facts = None if self.facts is None else self.facts.of(schools)
        lacking = self._lacking_keys(schools, whole_is_known=part is None)
        try:
            ev = evaluate(schools, self.standard, by=list(self.by), county_facts=facts, missing=self.missing)
        except InputDataError as exc:
            return Judged([_placed(p, row, part) for p in (*_own(exc.problems), *lacking)])
        problems = [_placed(p, row, part) for p in (*_own(ev.data.problems), *lacking)]
        if lacking:
            return Judged(problems)
        ev = with_arrow_frames(ev)
        tables = {}
        for name in self.outputs if frames else ():
            if name == "problems":
                tables[name] = problem_table(problems, self.schemas[name])
            else:
                tables[name] = conform(getattr(ev, name), self.schemas[name], row, part)
        return Judged(problems, tables, ev.data.n_counties, ev.provenance)

    def _lacking_keys(self, schools: pd.DataFrame, *, whole_is_known: bool) -> list[Problem]:
        """Return a problem for every row of a column of codes that is empty here but not in the whole table.

        Evaluated alone, these counties would seem to lack the column.
        """
        there = [n for n in _CODES if n in schools and n not in self.by and n not in self.empty]
        silent = {n for n in there if not says_something(schools[n].unique().tolist())}
        if not silent:
            return []
        silent -= open_table(schools, by=list(self.by)).has
        asked = open_table(schools, by=[*self.by, *sorted(silent)]).opening
        lacking = [p for p in asked if p.code is ProblemCode.MISSING_KEY and p.column in silent]
        if whole_is_known:
            return lacking
        return [attrs.evolve(p, message=message("engines.half_empty", problem=p._message)) for p in lacking]

    def no_rows(self, name: str) -> pa.Table:
        """Return an output of no counties."""
        return self.schemas[name].empty_table()


def _own(problems: Iterable[Problem]) -> Iterator[Problem]:
    # the facts are checked once, as a whole, by the caller
    return (p for p in problems if not p.message.startswith("county_facts: "))


def _placed(problem: Problem, row: Ints, part: Ints | None) -> Problem:
    """Return a problem with rows of the source instead of rows of the piece."""
    if problem.row is None:
        return problem
    partition = None if part is None else int(part[problem.row])
    told: Any = problem._message
    if problem.code is ProblemCode.DUPLICATE_ROW and isinstance(told, str):
        told = re.sub(r"\brow (\d+)", lambda m: _in_source(Row(int(m[1])), row, part).text("en"), told)
    at = int(row[problem.row])
    return attrs.evolve(problem, row=at, position=at, message=_in_source(told, row, part), partition=partition)


def _in_source(value: Any, row: Ints, part: Ints | None) -> Any:
    """Return a message with rows of the source."""

    def in_source(piece: Row) -> Row | Message:
        at = int(row[piece.at])
        return Row(at) if part is None else message("engines.row_of_partition", row=at, partition=int(part[piece.at]))

    return with_rows(value, in_source)


def key_texts(columns: Sequence[Any], rows: int) -> Any:
    """Return the keys of each row as one text; 2025 and 2025.0 are the same year."""
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
    return "" if is_blank(word) or word is pd.NA else clean(key_text(word))


def says_something(words: Iterable[Any]) -> bool:
    """Return whether any cell is not blank."""
    return any(_text(word) for word in words)


def as_objects(series: pd.Series) -> Any:
    out = np.empty(len(series), dtype=object)
    out[:] = series.tolist()
    return out


def prepare(
    standard: Standard | str | os.PathLike[str],
    by: Sequence[str] | str | None,
    missing: Missing,
    outputs: Sequence[str],
    names: Sequence[str],
    types: Mapping[str, pa.DataType],
    *,
    partitions: bool,
    empty: Collection[str] = (),
) -> Job:
    """Check everything that needs no rows, and fix the output schemas.

    ``empty`` lists the columns of names and codes that are known to be empty.
    """
    std = standard if isinstance(standard, Standard) else load_standard(standard)
    if missing not in get_args(Missing):
        raise InputError(message("engines.missing", choices=quoted(get_args(Missing), "or"), value=Quoted(missing)))
    unknown = [o for o in outputs if o not in OUTPUTS]
    if unknown:
        raise InputError(message("engines.no_output", names=quoted(unknown), outputs=OUTPUTS))
    if not outputs:
        raise InputError(message("engines.no_output_named", outputs=OUTPUTS))
    if len(set(names)) < len(names):
        raise duplicate_headers(names)
    found = ProblemList(open_table(_one_row(names, empty), by=[by] if isinstance(by, str) else by))
    for name in needed_columns(std):
        found.require(name)
    if any(p.code is ProblemCode.MISSING_COLUMN for p in found.listed):
        raise InputDataError(p for p in found.listed if p.row is None)
    return Job(
        standard=std,
        by=tuple(found.table.by),
        missing=missing,
        outputs=tuple(dict.fromkeys(outputs)),
        facts=None,
        empty=frozenset(names) - found.table.has,
        schemas=output_schemas(std, found.table.by, types, partitions=partitions),
    )


def _one_row(names: Sequence[str], empty: Collection[str]) -> pd.DataFrame:
    """Return a table of one row with these headers, to find problems of the headers alone."""
    cells: dict[str, Any] = {}
    for name in names:
        found = base_column(name)
        kind = None if found is None else found[0].type
        # an empty column of names would be treated as absent
        cells[name] = [float("nan") if kind == "number" else "x" if kind == "key" and name not in empty else None]
    return pd.DataFrame(cells)


def load_engine(library: str, extra: str, *modules: str) -> None:
    """Import what an engine needs; say which extra brings it where something is missing or too old."""
    for module in modules:
        load(module, message("engines.not_installed", library=library, extra=extra))


def as_names(output: str | Sequence[str]) -> tuple[str, ...]:
    return (output,) if isinstance(output, str) else tuple(output)


def with_facts(job: Job, county_facts: Any, counties: Sequence[tuple[str, Sequence[Any]]]) -> Job:
    """Add the facts to a job; raise an error for facts about unknown counties."""
    facts, problems = CountyFacts.make(county_facts, counties, job.standard.items)
    if any(p.severity is Severity.ERROR for p in problems):
        raise InputDataError(problems)
    return attrs.evolve(job, facts=facts)


def no_facts(county_facts: Any) -> bool:
    return county_facts is None or (isinstance(county_facts, Mapping) and not county_facts)
