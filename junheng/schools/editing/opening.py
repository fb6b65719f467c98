"""Opening a school: a new row, with pupils who come from other schools."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from junheng._text import as_text
from junheng.errors import InputError, ProblemCode
from junheng.schools import fold_word, is_blank
from junheng.schools.editing.inputs import decimal_text, key_text, read_number, read_stage, read_whole
from junheng.schools.editing.kinds import Open
from junheng.schools.editing.table_editor import TableEditor, is_figure
from junheng.schools.headers import nearest
from junheng.schools.vocabulary import STAGES_OF_KIND
from junheng.schools.vocabulary import category_aliases as category_words
from junheng.words import Name, Quoted, message

__all__ = ["open_school"]


def open_school(editor: TableEditor, change: Open) -> None:
    """Add the row of a new school."""
    for name in ("row", "moved_students"):
        given = getattr(change, name)
        if not isinstance(given, Mapping):
            raise InputError(message("changes.not_a_mapping", name=name, type=type(given).__name__))
    row = {as_text(name): value for name, value in change.row.items()}
    title = key_text(row.get("school", row.get("school_code", "")))
    _check_columns(editor, row)
    _fill_in_place(editor, row, title)
    _check_figures(editor, row, title)
    if change.moved_students:
        _move_students(editor, change, row, title)
    editor.added.append(row)


def _check_columns(editor: TableEditor, row: dict[str, Any]) -> None:
    """Report columns that the table does not have."""
    for name in row:
        if name not in editor.table.has:
            hint = nearest(name, editor.table.frame.columns)
            advice = message("changes.new_column", column=Quoted(name), hint=hint)
            editor.problems.add(ProblemCode.UNKNOWN_COLUMN, advice, column=name)


def _fill_in_place(editor: TableEditor, row: dict[str, Any], title: str) -> None:
    """Fill in county and year if the table has only one; report what is needed and not given."""
    table = editor.table
    for name in dict.fromkeys([*table.by, "county", "county_code", "year"]):
        if name not in table.has or not is_blank(row.get(name)):
            continue
        words = table.codes(name)[1]
        if len(words) == 1:
            row[name] = words[0]
        else:
            advice = message("changes.say_place", column=Name("column", name), school=Quoted(title))
            editor.problems.add(ProblemCode.MISSING_KEY, advice, column=name)
    name = table.school_column
    if is_blank(row.get(name)):
        advice = message("changes.new_school_needs", column=Name("column", name))
        editor.problems.add(ProblemCode.MISSING_KEY, advice, column=name)


def _check_figures(editor: TableEditor, row: dict[str, Any], title: str) -> None:
    """Report figures that are not numbers, or negative."""
    for name, value in row.items():
        if is_blank(value) or not is_figure(name):
            continue
        column = Name("column", name)
        what = message("changes.figure_of_new_school", column=column, school=Quoted(title))
        number = read_number(value, what, editor.problems)
        if number is not None and number < 0:
            advice = message("changes.negative_of_new_school", column=column, value=str(value))
            editor.problems.add(ProblemCode.NEGATIVE_VALUE, advice, column=name)


def _move_students(editor: TableEditor, change: Open, row: dict[str, Any], title: str) -> None:
    """Move pupils from other schools; without an enrolment in the row they are the enrolment."""
    stage = _stage_of(editor, row)
    if stage is None:
        editor.problems.add(
            ProblemCode.MISSING_KEY,
            message("changes.say_stage", school=Quoted(title)),
            column="stage",
        )
        return
    moved = _take_students(editor, change, row, stage)
    name = "students" if "students" in editor.table.has else f"students_{stage}"
    if is_blank(row.get(name)):
        row[name] = int(moved)
        return
    enrolment = read_number(row[name], Name("column", "students"), editor.problems)
    if enrolment is not None and enrolment < moved:
        editor.problems.add(
            ProblemCode.OUT_OF_RANGE,
            message(
                "changes.fewer_than_moved",
                moved=str(moved),
                school=Quoted(title),
                pupils=decimal_text(enrolment),
            ),
            column=name,
        )


def _stage_of(editor: TableEditor, row: dict[str, Any]) -> str | None:
    """Return the stage of a new row: as given, or the only one its kind of school has."""
    stage = read_stage(row.get("stage"), editor.problems)
    if stage is not None:
        return stage
    kind = category_words("kind").get(fold_word(row.get("kind", "")), "")
    stages = STAGES_OF_KIND.get(kind, ())
    return stages[0] if len(stages) == 1 else None


def _take_students(editor: TableEditor, change: Open, row: dict[str, Any], stage: str) -> Decimal:
    """Take pupils of a stage from other schools of the same county and year; return how many."""
    table = editor.table
    county = tuple(row[n] for n in editor.schools.places if n in table.by and not is_blank(row.get(n)))
    year = row.get("year") if "year" in table.has else None
    moved = Decimal(0)
    for school, given in change.moved_students.items():
        amount = read_whole(given, message("changes.pupils_from", school=key_text(school)), editor.problems)
        sections = editor.schools.find(school, county, year)
        if amount is None or sections is None:
            continue
        moved += amount
        i = editor.schools.one_stage(sections, stage, "students")
        if i is not None and not editor.add_to_stage(i, "students", -amount, "moved"):
            editor.report_unknown("students", editor.row(i))
    return moved
