"""Combine sheets into one table of schools with a report (private)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import NoneType
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from junheng._frames import Table, Wholes, pandas_frame
from junheng._text import characters, may_have_twins
from junheng.errors import Problem, ProblemCode, Severity
from junheng.reading.choices import Choices
from junheng.reading.columns import check_lost, read_column
from junheng.reading.facts_together import FactsFound, facts_beside
from junheng.reading.files import open_source
from junheng.reading.grid import Grid, Source
from junheng.reading.input_file import InputFile
from junheng.reading.report import FileReport
from junheng.reading.sheet_reading import SheetReading, begin_reading
from junheng.reading.sheets import choose_sheets, given_rows, hidden_returns, wanted_sheets
from junheng.reading.titles import refuse_other_units, report_same_schools, take_from_titles, take_years
from junheng.reading.totals import check_totals
from junheng.reading.unnamed import leave_out_sums, report_bare_names
from junheng.schools import base_column, finish_columns, near_twins, scale_problems, twin_message
from junheng.schools.origin import remember
from junheng.schools.unreadable import check_on_error, is_unusable

if TYPE_CHECKING:
    import pandas as pd


def read_file(file: InputFile, choices: Choices, progress: Callable[[int], None]) -> FileReport:
    """Read a school table and report on it; ``progress`` is called with percentages."""
    missing = check_on_error(choices.on_error)
    source = open_source(file, progress, wanted_sheets(choices.sheet))
    found = choose_sheets(source, choices.sheet, given_rows(choices.header), choices.mapping or {})
    sheets = begin_reading(source, found, choices.mapping)
    total = sum(len(s.header.names) for s in sheets)
    done = 0
    for s in sheets:
        s.decimal = choices.decimal
        leave_out_sums(s)
        report_bare_names(s)
        for c in range(len(s.header.names)):
            read_column(s, c)
            done += 1
            progress(70 + 28 * done // max(total, 1))
        check_totals(s)
        check_lost(s)
        take_from_titles(source, s)
    take_years(source, sheets)
    report_same_schools(sheets)
    report = _report(source, sheets, facts_beside(source, [s.grid.name for s in sheets]), missing=missing)
    progress(100)
    return report


def _report(source: Source, sheets: Sequence[SheetReading], facts: FactsFound, *, missing: bool) -> FileReport:
    schools = _schools(sheets, missing=missing)
    letters = {s.grid.name: {r.column: r.letter for r in s.read.values() if r.column} for s in sheets}
    remember(schools, [(s.grid.name, s.rows.schools + 1) for s in sheets], letters)
    problems = list(source.problems)
    problems += [_as_missing(p) if missing else p for s in sheets for p in s.problems]
    problems += hidden_returns(source, [s.grid for s in sheets])
    problems += _near_twins(schools, sheets)
    scale = scale_problems(schools)
    refuse_other_units(sheets, scale)
    problems += scale
    problems += facts.problems
    return FileReport(
        name=source.name,
        kind=source.kind,
        encoding=source.encoding,
        schools=schools,
        places=_places_frame(sheets),
        facts=facts.table,
        sheets=_sheets_frame(source.grids, sheets, facts),
        columns=_columns_frame(sheets),
        left_out=_left_out_frame(sheets),
        changes=_changes_frame(sheets, facts),
        problems=_problems_frame(problems),
        found=tuple(problems),
        facts_notices=facts.notices,
        facts_problems=facts.problems,
    )


def _as_missing(problem: Problem) -> Problem:
    """Return the problem of a cell that was read as missing: it no longer stops an evaluation."""
    unusable = is_unusable(problem.code, problem.column)
    return evolve(problem, severity=Severity.WARNING) if unusable else problem


# ------------------------------------------------------------------------------------------ the schools


def _schools(sheets: Sequence[SheetReading], *, missing: bool) -> pd.DataFrame:
    """Stack the sheets and bring them to canonical form."""
    known = {u.column for s in sheets for u in s.understood.values() if u.column} | {"stage", "county"}
    names = list(dict.fromkeys(n for s in sheets for n in s.columns))
    canonical = [n for n in names if n in known and base_column(n) is not None]
    lengths = [s.n for s in sheets]
    columns = {n: stacked([s.columns.get(n) for s in sheets], lengths, n in canonical) for n in names}
    schools: pd.DataFrame = finish_columns(pandas_frame(columns), canonical, missing=missing)
    return schools


def stacked(parts: Sequence[Any], lengths: Sequence[int], canonical: bool) -> Any:
    """Stack the columns of several sheets or files; one without the column is missing there."""
    if all(isinstance(p, np.ndarray) and p.dtype.kind == "f" for p in parts if p is not None):
        return np.concatenate([np.full(n, np.nan) if p is None else p for p, n in zip(parts, lengths, strict=True)])
    stacked: list[Any] = []
    for p, n in zip(parts, lengths, strict=True):
        stacked += [None] * n if p is None else p.tolist() if isinstance(p, np.ndarray) else p
    types = set(map(type, stacked))
    if float in types:
        stacked = [None if isinstance(v, float) and v != v else v for v in stacked]
        types = set(map(type, stacked))
    if stacked and canonical and types <= {int, NoneType}:
        return Wholes(stacked) if NoneType in types else np.array(stacked, dtype=np.int64)
    return stacked


def _near_twins(schools: pd.DataFrame, sheets: Sequence[SheetReading]) -> Iterator[Problem]:
    """Report nearly identical names; of schools only within a county."""
    table = Table(schools)
    county = table.codes("county")[0] if "county" in table.columns else np.zeros(table.rows)
    for name in ("county", "county_code", "school", "school_code"):
        if name not in table.columns or table.is_number(name):
            continue
        codes, words = table.codes(name)
        if not may_have_twins(characters(words)):
            continue
        for i, group in near_twins(words, codes):
            others = np.isin(codes, [j for j in group if j != i])
            for row in np.flatnonzero(codes == i).tolist():
                beside = others & (county == county[row]) if name.startswith("school") else others
                near = [words[j] for j in dict.fromkeys(codes[beside].tolist())]
                if near:
                    yield _twin(name, words[i], near, *_place(sheets, row))


def _twin(column: str, word: Any, near: Sequence[Any], s: SheetReading, row: int) -> Problem:
    letter = next((read.letter for read in s.read.values() if read.column == column), None)
    return Problem(
        code=ProblemCode.NEAR_TWIN,
        severity=Severity.WARNING,
        column=column,
        sheet=s.grid.name,
        cell=f"{letter}{row + 1}" if letter else None,
        value=str(word),
        message=twin_message(word, near),
    )


def _place(sheets: Sequence[SheetReading], school: int) -> tuple[SheetReading, int]:
    """Return the sheet and the sheet row of a school of the whole table."""
    for s in sheets:
        if school < s.n:
            return s, int(s.rows.schools[school])
        school -= s.n
    raise IndexError(school)


# ------------------------------------------------------------------------------- the frames of a report


def _places_frame(sheets: Sequence[SheetReading]) -> pd.DataFrame:
    return _frame(
        {
            "sheet": np.repeat(np.array([s.grid.name for s in sheets], dtype=object), [s.n for s in sheets]),
            "row": np.concatenate([s.rows.schools + 1 for s in sheets]),
        }
    )


def _sheets_frame(grids: Sequence[Grid], sheets: Sequence[SheetReading], facts: FactsFound) -> pd.DataFrame:
    by_name = {s.grid.name: s for s in sheets}
    read = [by_name.get(g.name) for g in grids]
    return _frame(
        {
            "sheet": [g.name for g in grids],
            "hidden": np.array([g.hidden for g in grids], dtype=bool),
            "used": np.array([s is not None for s in read], dtype=bool),
            "headers": [None if s is None else _rows_of_headers(s) for s in read],
            "schools": _ints(0 if s is None else s.n for s in read),
            "left_out": _ints(0 if s is None else sum(o.reason != "blank" for o in s.left_out) for s in read),
            # missing: no sheet of facts
            "facts": Wholes([facts.answered.get(g.name) for g in grids]),
        }
    )


def _rows_of_headers(s: SheetReading) -> str:
    first, last = s.header.rows[0] + 1, s.header.rows[-1] + 1
    return str(first) if first == last else f"{first}-{last}"


def _columns_frame(sheets: Sequence[SheetReading]) -> pd.DataFrame:
    read = [(s.grid.name, column) for s in sheets for column in s.read.values()]
    return _frame(
        {
            "sheet": [name for name, _ in read],
            "letter": [c.letter for _, c in read],
            "header": [c.header for _, c in read],
            "column": [c.column for _, c in read],
            "unit": [c.unit for _, c in read],
            "factor": np.array([c.factor[0] / c.factor[1] for _, c in read], dtype=np.float64),
            "cells": _ints(c.cells for _, c in read),
            "converted": _ints(c.converted for _, c in read),
            "missing": _ints(c.missing for _, c in read),
            "unread": _ints(c.unread for _, c in read),
        }
    )


def _left_out_frame(sheets: Sequence[SheetReading]) -> pd.DataFrame:
    left_out = [(s.grid.name, o) for s in sheets for o in s.left_out]
    return _frame(
        {
            "sheet": [name for name, _ in left_out],
            "row": _ints(o.row + 1 for _, o in left_out),
            "reason": [o.reason for _, o in left_out],
            "text": [o.text for _, o in left_out],
        }
    )


def _changes_frame(sheets: Sequence[SheetReading], facts: FactsFound) -> pd.DataFrame:
    changes = [*((s.grid.name, c) for s in sheets for c in s.changes), *facts.changes]
    fields = ("cell", "column", "before", "after", "why")
    named = {"sheet": [name for name, _ in changes]}
    return _frame(named | {f: [getattr(c, f) for _, c in changes] for f in fields})


def _problems_frame(problems: Sequence[Problem]) -> pd.DataFrame:
    return _frame(
        {
            "code": [str(p.code) for p in problems],
            "severity": [str(p.severity) for p in problems],
            **{name: [getattr(p, name) for p in problems] for name in ("sheet", "cell", "column", "value", "message")},
        }
    )


def _ints(values: Any) -> NDArray[np.int64]:
    return np.array(list(values), dtype=np.int64)


def _frame(columns: Mapping[str, Any]) -> pd.DataFrame:
    frame: pd.DataFrame = pandas_frame(columns)
    return frame
