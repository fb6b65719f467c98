"""Put the schools of several files one below the other: counties, or years (private)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve

from junheng._frames import Table, pandas_frame
from junheng.errors import InputDataError, Problem, ProblemCode
from junheng.reading.report import FileReport
from junheng.reading.tables import stacked
from junheng.reading.titles import year_in
from junheng.schools import base_column
from junheng.schools.origin import remember
from junheng.words import Message, Quoted, message

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["put_below"]

#: Kinds of files with one table that has no name of its own.
_TEXTS = ("csv", "tsv", "text")
_KEYS = ("county", "county_code", "school", "school_code", "stage", "year")


def put_below(reports: Sequence[FileReport], paths: Sequence[str]) -> tuple[pd.DataFrame, list[Message]]:
    """Return the schools of several files as one table, and what was taken from the names of the files.

    Each row still knows its cell, with the file as spreadsheets write it: ``[2024.xlsx]学校表!F12``.
    """
    if len(reports) == 1:
        return reports[0].schools, []
    labels = [r.name for r in reports]
    if len(set(labels)) < len(labels):
        labels = list(paths)
    reports, notices = _with_years(reports, labels)
    _refuse_same_schools(reports, labels)
    tables = [Table(r.schools) for r in reports]
    names = dict.fromkeys(name for t in tables for name in t.columns)
    together: pd.DataFrame = pandas_frame({name: _column(tables, name) for name in names})
    sheets = [found for r, label in zip(reports, labels, strict=True) for found in _sheets(r, label)]
    letters = {name: found for r, label in zip(reports, labels, strict=True) for name, found in _letters(r, label)}
    remember(together, sheets, letters)
    return together, notices


def _column(tables: Sequence[Table], name: str) -> Any:
    having = [t for t in tables if name in t.columns]
    floats = all(t.is_number(name) for t in having) and not all(t.is_whole(name) for t in having)
    cells = [(t.floats(name) if floats else t.objects(name).tolist()) if t in having else None for t in tables]
    return stacked(cells, [t.rows for t in tables], base_column(name) is not None)


def _with_years(reports: Sequence[FileReport], labels: Sequence[str]) -> tuple[list[FileReport], list[Message]]:
    """Take the year from the names of the files if no file has a column for it and each name gives one."""
    # 2024学 would be a school year
    years = [year_in(Path(label).stem.replace("学校", "校")) for label in labels]
    if any("year" in r.schools for r in reports) or not all(isinstance(y, int) for y in years):
        return list(reports), []
    out = []
    for report, year in zip(reports, years, strict=True):
        schools = report.schools.copy()
        schools.insert(0, "year", year)
        out.append(evolve(report, schools=schools))
    taken = [
        message("reading.file_says", file=Quoted(label), year=str(year))
        for label, year in zip(labels, years, strict=True)
    ]
    return out, taken


def _refuse_same_schools(reports: Sequence[FileReport], labels: Sequence[str]) -> None:
    """Raise an error for files that contain the same schools if nothing tells their years apart."""
    seen: dict[tuple[Any, ...], int] = {}
    problems: dict[tuple[int, int], Problem] = {}
    for at, report in enumerate(reports):
        cells = [_cells(report.schools, name) for name in _KEYS]
        for key in dict.fromkeys(zip(*cells, strict=True)):
            other, name = seen.setdefault(key, at), key[2] or key[3]
            if other != at and name and (other, at) not in problems:
                files = {"file": Quoted(labels[other]), "other": Quoted(labels[at]), "name": Quoted(name)}
                problems[other, at] = Problem(
                    code=ProblemCode.DUPLICATE_ROW, message=message("reading.same_schools_in_files", **files)
                )
    if problems:
        raise InputDataError(list(problems.values()))


def _cells(schools: pd.DataFrame, name: str) -> list[str | None]:
    if name not in schools:
        return [None] * len(schools)
    return [None if v is None or v != v else str(v) for v in schools[name].tolist()]


def _sheets(report: FileReport, label: str) -> list[tuple[str, Any]]:
    """Return the sheets with the rows of their schools, in the order of the table."""
    names, rows = report.places["sheet"].to_numpy(), report.places["row"].to_numpy()
    cuts = np.flatnonzero(names[1:] != names[:-1]) + 1
    runs = zip(np.split(names, cuts), np.split(rows, cuts), strict=True)
    return [(_named(report, label, str(name[0])), row) for name, row in runs if name.size]


def _letters(report: FileReport, label: str) -> list[tuple[str, Mapping[str, str]]]:
    known = report.columns.dropna(subset="column")
    of_sheet: dict[str, dict[str, str]] = {}
    for sheet, letter, column in zip(known["sheet"], known["letter"], known["column"], strict=True):
        of_sheet.setdefault(str(sheet), {})[str(column)] = str(letter)
    return [(_named(report, label, sheet), letters) for sheet, letters in of_sheet.items()]


def _named(report: FileReport, label: str, sheet: str) -> str:
    return label if report.kind in _TEXTS else f"[{label}]{sheet}"
