"""The figures of a table as the kinds read them: opened once, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._codes import first_codes, row_codes
from junheng._data import STAGES
from junheng.errors import InputDataError, ProblemCode
from junheng.plausibility.findings import Finding
from junheng.schools.cells import parse_numbers
from junheng.schools.opening import open_table
from junheng.schools.problems import ProblemList
from junheng.schools.sections import Sections, make_sections
from junheng.schools.table import SchoolTable
from junheng.schools.vocabulary import ALL_STAGES, base_column, columns
from junheng.standards import Standard
from junheng.words import Message

__all__ = ["Figures"]


@frozen(eq=False, slots=False, kw_only=True)
class Figures:
    """A table of schools, row by row. Arrays are not to be written to.

    Attributes
    ----------
    table : SchoolTable
        The table.
    sections : Sections
        Its sections, divided as the standard requires (undivided without one).
    standard : Standard or None
        The standard, if one was given.
    group : (rows,) int array
        Group of each row by the columns ``by`` without the year, in order of appearance; -1 for rows that are not
        schools (totals, empty rows).
    places : list of tuple
        The words of each group.
    period : (rows,) int array
        Group and year of each row as one number, in order of appearance; -1 as in ``group``.
    year : (rows,) float array
        Year of each row, NaN if there is none, or it is not a number.
    school : (rows,) int array
        School of each row, the same in all years and stages, in order of appearance; rows without a name are schools
        of their own.
    stage : (rows,) int8 array
        Stage as a position in ``ALL_STAGES``; -1 for a row with several stages or none.
    kind : (rows,) int8 array
        Kind of school as a position in ``KINDS``; -1 if unknown.
    area : (rows,) int8 array
        Type of area as a position in ``category_words("area_type")``; -1 if unknown.
    students : (rows,) float array
        Students over all stages of the row, NaN if unknown.
    counted : (rows,) bool array
        Rows of schools of compulsory education with students.
    """

    table: SchoolTable
    sections: Sections
    standard: Standard | None
    group: Ints
    places: Sequence[tuple[Any, ...]]
    period: Ints
    year: Floats
    school: Ints
    stage: NDArray[np.int8]
    kind: NDArray[np.int8]
    area: NDArray[np.int8]
    students: Floats
    counted: NDArray[np.bool_]

    @classmethod
    def open(cls, schools: Any, by: Sequence[str] | None, standard: Standard | None) -> Figures:
        """Open a frame. Cells that cannot be read are missing; only missing columns are errors."""
        found = ProblemList(open_table(schools, by=by))
        lacking = [p for p in found.errors if p.code in (ProblemCode.MISSING_COLUMN, ProblemCode.EMPTY_TABLE)]
        if lacking:
            raise InputDataError(lacking)
        return cls.of_sections(make_sections(found.table, standard, found), standard)

    @classmethod
    def of_sections(cls, sections: Sections, standard: Standard | None) -> Figures:
        """Take the sections of a table, such as those of an evaluation."""
        table = sections.schools
        is_school = ~table.is_total
        group, first = _codes(table, place_columns(table), is_school)
        words = [table.codes(name) for name in place_columns(table)]
        stage, kind, students = _of_rows(sections)
        return cls(
            table=table,
            sections=sections,
            standard=standard,
            group=group,
            places=[tuple(known[codes[row]] if codes[row] >= 0 else None for codes, known in words) for row in first],
            period=_codes(table, table.by, is_school)[0],
            year=_years(table),
            school=_school_codes(table),
            stage=stage,
            kind=kind,
            area=table.category_codes("area_type"),
            students=students,
            counted=is_school & (stage < len(STAGES)) & (students > 0),
        )

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The number columns of the table, in the order of the vocabulary."""
        place = {name: i for i, name in enumerate(columns())}
        known = [(name, base_column(name)) for name in self.table.has]
        numbers = [(place[c[0].id], name) for name, c in known if c is not None and c[0].type == "number"]
        return tuple(name for _, name in sorted(numbers))

    def group_of(self, periods: Ints) -> Ints:
        """Return the group of some periods."""
        out = np.zeros(int(self.period.max(initial=-1)) + 1, dtype=np.int64)
        there = self.period >= 0
        out[self.period[there]] = self.group[there]
        return out[periods]

    def rows_of(self, row: int) -> list[int]:
        """Return the rows of a school in one year, by one of them."""
        same = (self.school == self.school[row]) & (self.period == self.period[row]) & self.counted
        return np.flatnonzero(same).tolist()

    def number(self, name: str) -> Floats:
        """Return a number column by row, NaN if missing. Not to be written to."""
        values = self.table.number(name)
        return np.full(self.table.rows, np.nan) if values is None else values

    def finding(
        self,
        kind: str,
        rows: Iterable[int],
        columns: Iterable[str],
        evidence: Message,
        *,
        value: float,
        expected: float = np.nan,
        p_value: float = np.nan,
        whole_county: bool = False,
    ) -> Finding:
        """Return a finding about the school (and year) of the first of some rows, or about its whole county."""
        at = np.array(list(rows), dtype=np.int64)
        head = int(at[0])
        same = (
            at if whole_county else at[(self.school[at] == self.school[head]) & (self.period[at] == self.period[head])]
        )
        stages, years = np.unique(self.stage[same]), np.unique(self.year[same])
        return Finding(
            kind=kind,
            place=self.places[int(self.group[head])],
            school=None if whole_county else self.table.school_of(head) or "",
            stage=ALL_STAGES[int(stages[0])] if stages.size == 1 and stages[0] >= 0 else None,
            year=int(years[0]) if years.size == 1 and np.isfinite(years[0]) else None,
            rows=tuple(at.tolist()),
            columns=tuple(columns),
            value=float(value),
            expected=float(expected),
            p_value=float(p_value),
            evidence=evidence,
        )


def place_columns(table: SchoolTable) -> list[str]:
    """Return the columns that identify a county, without the year."""
    return [name for name in table.by if name != "year"]


def _codes(table: SchoolTable, names: Iterable[str], is_school: NDArray[np.bool_]) -> tuple[Ints, list[int]]:
    """Return a code for each row in order of appearance, -1 for rows that are not schools, and the first rows."""
    rows = np.flatnonzero(is_school)
    parts = [(codes[rows], len(words)) for codes, words in (table.codes(name) for name in names)]
    out = np.full(table.rows, -1, dtype=np.int64)
    if not rows.size:
        return out, []
    out[rows], first = first_codes(parts) if parts else (np.zeros(rows.size, np.int64), np.zeros(1, np.int64))
    return out, rows[first].tolist()


def _school_codes(table: SchoolTable) -> Ints:
    names = dict.fromkeys([*place_columns(table), "county", "county_code", table.school_column])
    known = [table.codes(name) for name in names if name in table.has]
    own = table.codes(table.school_column)[0]
    nameless = np.where(own < 0, np.arange(table.rows), -1)
    return row_codes([(nameless, table.rows), *((codes, len(words)) for codes, words in known)])


def _years(table: SchoolTable) -> Floats:
    if "year" not in table.has:
        return np.full(table.rows, np.nan)
    codes, words = table.codes("year")
    years: Floats = parse_numbers(np.array([*words, None], dtype=object))[0][codes]
    return years


def _of_rows(sections: Sections) -> tuple[NDArray[np.int8], NDArray[np.int8], Floats]:
    """Return stage, kind and students of each row of the table."""
    rows, n = sections.rows, sections.schools.rows
    stage, kind = np.full(n, -1, dtype=np.int8), np.full(n, -1, dtype=np.int8)
    stage[rows[~sections.wide]] = sections.stage[~sections.wide]
    kind[rows] = sections.kinds
    students = np.full(n, np.nan)
    students[rows] = np.bincount(rows, weights=sections.students, minlength=n)[rows]
    whole = sections.schools.number("students")
    if whole is not None:
        students = np.where(np.isnan(students), whole, students)
    return stage, kind, students
