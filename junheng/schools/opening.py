"""Opening a table of schools: columns, cleaned names, totals and empty rows, areas."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from junheng._data import STAGES
from junheng._frames import Table
from junheng._text import LOST, as_text, clean, may_be_odd, may_have_twins
from junheng.errors import InputError, Problem, ProblemCode, Severity
from junheng.schools import areas
from junheng.schools.cells import TOTAL, near_twins, of_one_type, twin_message
from junheng.schools.coded import CodedColumns
from junheng.schools.headers import meaning, nearest_columns
from junheng.schools.origin import file_rows
from junheng.schools.table import SchoolTable
from junheng.schools.vocabulary import base_column, columns, fold
from junheng.words import Listed, Message, Name, Quoted, message, quoted

__all__ = ["UNREADABLE", "missing_column", "open_table"]

#: The column that names cells which could not be used and were made missing, each with its text.
UNREADABLE = "unreadable_cells"


def open_table(frame: Any, *, by: Sequence[str] | None = None) -> SchoolTable:
    """Open a frame with canonical columns as a table of schools; ``by`` names the columns that make a county."""
    table = _lay_out(CodedColumns(Table(frame)), _columns_of_counties(by))
    table = evolve(table, origin=file_rows(frame))
    problems = _check_columns(table)
    for name in table.has.intersection((*table.by, "county", "county_code")):
        table.codes(name)  # coded first: later checks look at words instead of cells
    table, cleaned = _clean_keys(table)
    table, totals = _find_totals(table)
    problems += cleaned + totals
    opened = ["kind", "stage", "ownership", "included"]
    problems += [p for name in opened for p in table.problems_of(name)]
    problems += _check_keys(table)
    problems += _recorded(table)
    parts, found = areas.parts_of(table), list[Problem]()
    if parts:
        opened += parts
        table, found = areas.work_out_areas(table, parts)
    problems += found
    for name in _key_columns(table):
        problems += _check_twins(table, name) + _check_lost(table, name)
    return evolve(table, opening=tuple(problems), opened=frozenset(opened))


# ------------------------------------------------------------------------------------------- columns


def _columns_of_counties(by: Any) -> Sequence[str] | None:
    """Return ``by`` as names of columns; refuse anything else."""
    if by is None or (isinstance(by, (list, tuple)) and by and all(isinstance(name, str) for name in by)):
        return by
    raise InputError(message("schools.by_names", given=Quoted(as_text(by))))


def _lay_out(coded: CodedColumns, by: Sequence[str] | None) -> SchoolTable:
    """Return the table with its columns: which have content, which form a county, which identifies schools."""
    has = set(coded.table.columns) - _empty_keys(coded, () if by is None else by)
    default = ["county" if "county" in has or "county_code" not in has else "county_code"]
    counties = default if by is None else list(by)
    # without the year, two years of a county would be one county with duplicate schools
    if "year" in has and "year" not in counties:
        counties.append("year")
    return SchoolTable(
        coded=coded,
        by=tuple(counties),
        has=frozenset(has),
        school_column=next((c for c in ("school_code", "school") if c in has), "school"),
        is_total=np.zeros(coded.rows, dtype=bool),
    )


def _empty_keys(coded: CodedColumns, asked: Sequence[str]) -> set[str]:
    """Return the blank columns of names and codes, except those asked for.

    If both columns that name schools (or counties) are blank, both are kept, so that each row is reported.
    """
    keys = [n for n in coded.table.columns if (c := columns().get(n)) is not None and c.type == "key"]
    empty = {n for n in keys if n not in asked and coded.is_empty(n)}
    for pair in ({"school", "school_code"}, {"county", "county_code"}):
        if pair & set(keys) <= empty:
            empty -= pair
    return empty


def _check_columns(table: SchoolTable) -> list[Problem]:
    """Report missing and unknown columns."""
    out: list[Problem] = []
    if table.rows == 0:
        out.append(table.problem(ProblemCode.EMPTY_TABLE, message("schools.no_rows")))
    needed: dict[str, set[str]] = {name: {name} for name in table.by}
    needed.setdefault("school", {"school", "school_code"})
    needed.setdefault("students", {"students", *(f"students_{s}" for s in STAGES)})
    needed.setdefault("stage", {"stage", "kind"})
    out += [missing_column(table, name) for name, alternatives in needed.items() if not table.has & alternatives]
    for name in table.frame.columns:
        if base_column(name) is not None or name in table.by:
            continue
        found = meaning(name)
        if found is not None:
            advice = message("schools.unread_column", column=Quoted(name), meaning=Name("column", found[0]))
        else:
            advice = message("schools.unknown_column", column=Quoted(name), hint=nearest_columns(name))
        out.append(table.problem(ProblemCode.UNKNOWN_COLUMN, advice, severity=Severity.WARNING, column=name))
    return out


def missing_column(table: SchoolTable, name: str, severity: Severity = Severity.ERROR) -> Problem:
    """Return the problem of a missing column, with advice."""
    how = _how_to_add(table, name)
    unknown = _unknown_headers(table)
    if unknown and how.key != "schools.add_from_headers":
        # the column may be there under a name of its own
        headers: Listed | Message = quoted(unknown[:_NAMED])
        if len(unknown) > _NAMED:
            headers = message("schools.headers_and_more", names=headers, n=len(unknown))
        how = message("schools.rename_or_add", headers=headers, advice=how)
    advice = message("schools.missing_column", column=Quoted(Name("column", name)), advice=how)
    return table.problem(ProblemCode.MISSING_COLUMN, advice, column=name, severity=severity)


#: Unknown headers that are named before the rest is only counted.
_NAMED = 5


def _unknown_headers(table: SchoolTable) -> list[str]:
    """Return the headers that mean nothing known."""
    unknown = (n for n in table.frame.columns if base_column(n) is None and n not in table.by)
    return [name for name in unknown if name != UNREADABLE and meaning(name) is None]


def _how_to_add(table: SchoolTable, name: str) -> Message:
    label = columns()[name].zh if name in columns() else name
    meanings = [(header, meaning(header)) for header in table.frame.columns]
    bases = [(header, base_column(found[0])) for header, found in meanings if found is not None]
    # a figure of the senior stage does not stand for it
    sources = [h for h, base in bases if base is not None and base[0].id == name and base[1] in (None, *STAGES)]
    if sources:
        return message("schools.add_from_headers", headers=quoted(sources))
    whole = next((plus[0] for area, plus, _ in areas.AREAS if area == name and plus[0] in table.has), None)
    if whole is not None:
        parts = {"whole": Name("column", whole), "indoor": Name("column", areas.INDOOR)}
        return message("schools.add_indoor_sports", column=Name("column", name), label=label, **parts)
    if name in columns() and columns()[name].type == "number":
        return message("schools.add_figures", label=label)
    if name == "stage":
        return message("schools.add_stage", label=label)
    if name in ("school", "school_code"):
        return message("schools.add_column", label=label)
    return message("schools.add_groups", label=label)


# ----------------------------------------------------------------------------------- names and codes


def _key_columns(table: SchoolTable) -> list[str]:
    names = dict.fromkeys([*table.by, "county", "county_code", "school", "school_code", "parent_school_code"])
    return [n for n in names if n in table.has and not table.frame.is_number(n)]


def _clean_keys(table: SchoolTable) -> tuple[SchoolTable, list[Problem]]:
    """Return the table with cleaned names and codes, and a problem for each changed cell."""
    new: dict[str, Any] = {}
    before: list[tuple[str, int, str, str]] = []
    for name in _key_columns(table):
        if not may_be_odd(table.coded.characters(name)):
            continue
        codes, words = table.codes(name)
        cleaned = [clean(w) if isinstance(w, str) and not TOTAL.fullmatch(fold(w)) else w for w in words]
        changed = [i for i, (a, b) in enumerate(zip(words, cleaned, strict=True)) if a is not b and a != b]
        if not changed:
            continue
        cells = np.array([*(w if w != "" else None for w in of_one_type(cleaned)), None], dtype=object)
        new[name] = cells[codes]
        rows = np.flatnonzero(np.isin(codes, changed)).tolist()
        before += [(name, row, words[codes[row]], cleaned[codes[row]]) for row in rows]
    if new:
        table = evolve(table, coded=table.coded.with_columns(new))
    return table, [table.cleaned(*cell) for cell in before]


def _recorded(table: SchoolTable) -> list[Problem]:
    """Report the cells that could not be used and were made missing when the table was read."""
    if UNREADABLE not in table.frame.columns:
        return []
    problems: list[Problem] = []
    for row, text in enumerate(table.frame.objects(UNREADABLE).tolist()):
        try:
            cells = {} if text is None else dict(json.loads(text))
        except (TypeError, ValueError, RecursionError):
            odd = message("schools.record_unreadable", value=Quoted(str(text)[:80]))
            problems.append(table.problem(ProblemCode.UNREADABLE_CELL, odd, row=row, column=UNREADABLE))
            continue
        for name, value in cells.items():
            told = message("schools.unreadable_cell", value=Quoted(str(value)))
            fields = {"column": str(name), "value": str(value), "severity": Severity.WARNING}
            problems.append(table.problem(ProblemCode.UNREADABLE_CELL, told, row=row, **fields))
    return problems


def _check_keys(table: SchoolTable) -> list[Problem]:
    """Report blank names and codes."""
    names = dict.fromkeys([*table.by, "county", "county_code", table.school_column])
    out = []
    for name in (n for n in names if n in table.has):
        what = columns()[name].en.lower() if name in columns() else name
        empty = message("schools.empty_key", column=Name("column", name), what=what)
        gaps = table.coded.gaps(name)
        for row in gaps[~table.is_total[gaps]].tolist():
            out.append(table.problem(ProblemCode.MISSING_KEY, empty, row=row, column=name))
    return out


def _check_twins(table: SchoolTable, name: str) -> list[Problem]:
    """Report names that differ only in width or case of letters, kind of brackets, or spaces."""
    if not may_have_twins(table.coded.characters(name)):
        return []
    codes, words = table.codes(name)
    out = []
    for i, group in near_twins(words, codes):
        advice = twin_message(words[i], [words[j] for j in group if j != i])
        fields = {"column": name, "value": str(words[i]), "severity": Severity.WARNING}
        for row in table.schools_in(codes == i):
            if not name.startswith("school") or _stands_beside(table, row, codes, group):
                out.append(table.problem(ProblemCode.NEAR_TWIN, advice, row=row, **fields))
    return out


def _check_lost(table: SchoolTable, name: str) -> list[Problem]:
    """Report names in which a character was lost, so that two of them may look alike."""
    if LOST not in table.coded.characters(name):
        return []
    codes, words = table.codes(name)
    lost = [i for i, word in enumerate(words) if isinstance(word, str) and LOST in word]
    fields = {"column": name, "severity": Severity.WARNING}
    return [
        table.problem(
            ProblemCode.INVISIBLE_CHARACTERS,
            message("schools.lost_character", name=Quoted(words[i])),
            row=row, value=words[i], **fields,
        )
        for i in lost
        for row in table.schools_in(codes == i)
    ]  # fmt: skip


def _stands_beside(table: SchoolTable, row: int, codes: NDArray[Any], group: Sequence[int]) -> bool:
    """Whether a near twin of a school's name is in its county too; schools of two counties are different schools."""
    near_by = np.isin(codes, group) & (codes != codes[row])
    for place in table.by:
        if place in table.has:
            own = table.codes(place)[0]
            near_by &= own == own[row]
    return bool(near_by.any())


# -------------------------------------------------------------------------------- rows that are not schools


def _find_totals(table: SchoolTable) -> tuple[SchoolTable, list[Problem]]:
    """Find rows that are not schools: totals (errors) and empty rows (warnings)."""
    out = np.ones(table.rows, dtype=bool)
    for name in table.frame.columns:
        out &= table.codes(name)[0] < 0
        if not out.any():  # every row has content
            break
    problems = [
        table.problem(ProblemCode.EMPTY_ROW, message("schools.empty_row"), row=row, severity=Severity.WARNING)
        for row in np.flatnonzero(out).tolist()
    ]
    total = message("schools.total_row")
    for name in dict.fromkeys([*table.by, "school", table.school_column]):
        if name not in table.has or table.frame.is_number(name):
            continue
        for row in table.coded.totals(name):
            if not out[row]:
                out[row] = True
                value = str(table.coded.cell(name, row))
                problems.append(table.problem(ProblemCode.TOTAL_ROW, total, row=row, column=name, value=value))
    return evolve(table, is_total=out), problems
