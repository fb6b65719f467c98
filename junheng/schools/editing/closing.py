"""Closing a school: its rows are removed, its pupils go to other schools."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from junheng._data import STAGES
from junheng.errors import ProblemCode
from junheng.schools.editing.inputs import decimal_text, key_text, read_whole
from junheng.schools.editing.kinds import Close, PupilsOf
from junheng.schools.editing.table_editor import TableEditor
from junheng.words import Name, message

__all__ = ["close_school"]


def close_school(editor: TableEditor, change: Close) -> None:
    """Remove a school; pupils of compulsory education go where the change sends them."""
    sections = editor.schools.find(change.school, change.county, change.year)
    if sections is None:
        return
    row = editor.row(sections[0])
    compulsory = [i for i in sections if editor.stage(i) in STAGES]
    students = {i: editor.stage_value(i, "students") for i in compulsory}
    known = {i: s for i, s in students.items() if s is not None}
    total = sum(known.values(), Decimal(0))
    if change.students_to is None:
        if total > 0:
            advice = message("changes.say_where_pupils_go", pupils=decimal_text(total))
            editor.problems.add(ProblemCode.MISSING_VALUE, advice, row, column="students")
    elif len(known) < len(students):
        editor.problems.add(
            ProblemCode.MISSING_VALUE,
            message("changes.enrolment_unknown"),
            row,
            column="students",
        )
        return
    elif isinstance(change.students_to, Mapping):
        _send_to_several(editor, change, change.students_to, compulsory, total, row)
    else:
        target = editor.schools.find(change.students_to, change.county, change.year)
        if target is not None:
            for i, amount in known.items():
                _take_in(editor, target, i, amount, change.school)
    editor.remove(sections, message("changes.closed"))


def _send_to_several(
    editor: TableEditor, change: Close, shares: PupilsOf, sections: list[int], total: Decimal, row: int
) -> None:
    """Send the pupils of a school of one stage to several schools."""
    if len(sections) > 1:
        editor.problems.add(
            ProblemCode.AMBIGUOUS_SCHOOL,
            message("changes.closing_several_stages"),
            row,
            column="students",
        )
        return
    sent = Decimal(0)
    for school, given in shares.items():
        amount = read_whole(given, message("changes.pupils_to", school=key_text(school)), editor.problems)
        target = editor.schools.find(school, change.county, change.year)
        if amount is None:
            continue
        sent += amount
        for i in sections if target is not None else ():
            _take_in(editor, target or [], i, amount, change.school)
    if sent != total:
        editor.problems.add(
            ProblemCode.OUT_OF_RANGE,
            message("changes.pupils_do_not_add_up", sent=decimal_text(sent), pupils=decimal_text(total)),
            row,
            column="students",
        )


def _take_in(editor: TableEditor, target: list[int], i: int, amount: Decimal, closed: Any) -> None:
    """Move pupils of a section of the closed school to another school."""
    if not amount:
        return
    here = [t for t in target if editor.stage(t) == editor.stage(i)]
    if editor.sections.school[target[0]] == editor.sections.school[i]:
        editor.problems.add(ProblemCode.CANNOT_MERGE, message("changes.pupils_to_itself"), editor.row(i))
    elif not here:
        editor.problems.add(
            ProblemCode.CANNOT_MERGE,
            message("changes.no_such_stage", stage=Name("stage", editor.stage(i)), closed=key_text(closed)),
            editor.row(target[0]),
        )
    elif not editor.add_to_stage(here[0], "students", amount, "moved"):
        editor.report_unknown("students", editor.row(here[0]))
