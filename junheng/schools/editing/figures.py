"""Changes of single figures: :class:`Add`, and frames with one change a row."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from attrs import frozen

from junheng._data import read_toml
from junheng._frames import Table
from junheng._text import as_text
from junheng.errors import InputError, ProblemCode
from junheng.schools import ALL_STAGES, Column, base_column, columns, is_blank, recognise
from junheng.schools.editing.inputs import key_text, read_number, read_stage
from junheng.schools.editing.kinds import Add
from junheng.schools.editing.table_editor import TableEditor
from junheng.schools.headers import nearest
from junheng.words import Name, Quoted, message, quoted

__all__ = ["add", "add_rows_of_frame"]


def add(editor: TableEditor, change: Add) -> None:
    """Change one figure."""
    what = message("changes.amount", column=Name("column", as_text(change.column)), school=key_text(change.school))
    amount = read_number(change.amount, what, editor.problems)
    stage = read_stage(change.stage, editor.problems)
    sections = editor.schools.find(change.school, change.county, change.year)
    if sections is None:
        _find_column(editor, as_text(change.column), None)  # report an unknown column at the same time
    elif amount is not None and (stage is not None or change.stage is None):
        _add_to_figure(editor, sections, as_text(change.column), stage, amount)


# ---------------------------------------------------------------------------------------------- frames


@frozen(kw_only=True)
class _FrameRow:
    """One row of a frame of changes, as given."""

    number: int
    column: Any
    amount: Any
    stage: Any
    row: Any
    key: Mapping[str, Any]


def add_rows_of_frame(editor: TableEditor, frame: Any) -> None:
    """Change one figure for each row of a frame."""
    problems = editor.problems
    for change in _frame_rows(editor, frame):
        sections = _named_sections(editor, change)
        if sections is None:
            continue
        row = editor.row(sections[0])
        amount = read_number(change.amount, message("changes.change_number", number=change.number), problems, row)
        stage = read_stage(change.stage, problems)
        if change.column is None:
            problems.add(ProblemCode.MISSING_VALUE, message("changes.names_no_column", number=change.number), row)
        elif amount is not None and (stage is not None or is_blank(change.stage)):
            _add_to_figure(editor, sections, as_text(change.column), stage, amount)


def _named_sections(editor: TableEditor, change: _FrameRow) -> list[int] | None:
    """Return the sections of the row that a change names, or else of the school."""
    if change.row is None:
        return editor.schools.find_key(change.key, change.number)
    sections = editor.schools.find_row(change.row, change.number)
    if sections is None or not editor.schools.has_key(editor.row(sections[0]), change.key, change.number):
        return None
    return sections


def _frame_rows(editor: TableEditor, frame: Any) -> Iterator[_FrameRow]:
    """Read a frame of changes; headers may be labels, as those of a relabelled plan are."""
    table = Table(frame)
    table = table.renamed({n: _labelled()[n] for n in table.columns if n in _labelled()})
    have = set(table.columns)
    possible = dict.fromkeys([*editor.schools.places, "year", "school_code", "school"])
    keys = [n for n in possible if n in have & editor.table.has]
    _check_frame(have, keys)

    def cells(name: str) -> list[Any]:
        return table.objects(name).tolist() if name in have else [None] * table.rows

    key_cells = {name: cells(name) for name in keys}
    of_rows = zip(cells("column"), cells("change"), cells("stage"), cells("row"), strict=True)
    for number, (column, amount, stage, row) in enumerate(of_rows):
        key = {name: values[number] for name, values in key_cells.items()}
        yield _FrameRow(number=number, column=column, amount=amount, stage=stage, row=row, key=key)


def _check_frame(have: set[str], keys: Collection[str]) -> None:
    """Raise an error if a frame lacks a column that is needed to make changes."""
    lacking = [n for n in ("column", "change") if n not in have]
    if not lacking and "row" not in have and not {"school_code", "school"} & set(keys):
        lacking = ["row"]
    if lacking:
        raise InputError(message("changes.frame_lacks", columns=quoted(lacking, "and")))


@cache
def _labelled() -> dict[str, str]:
    """Return the ids of columns by the labels that a frame of changes may have as headers."""
    out: dict[str, str] = {}
    words = read_toml("words/labels.toml")["column"]
    for name in ("column", "change", "row", "stage", "year", "county", "county_code", "school", "school_code"):
        column = columns().get(name)
        for label in (*words.get(name, {}).values(), *(() if column is None else (column.zh, column.en))):
            out.setdefault(label, name)
    return out


# -------------------------------------------------------------------------------------------- one figure


def _add_to_figure(editor: TableEditor, sections: list[int], name: str, stage: str | None, amount: Decimal) -> None:
    """Add to a figure of a school: of one stage, or of all that share it."""
    found = _find_column(editor, name, editor.row(sections[0]))
    if found is None:
        return
    column, stage = found[0], found[1] or stage
    if column.shared:
        rows = _shared_rows(editor, sections, column.id, stage)
        changed = [editor.add_to(column.id, row, amount, "asked") for row in rows]
        if rows and not any(changed):
            editor.report_unknown(column.id, editor.row(sections[0]))
        return
    i = editor.schools.one_stage(sections, stage, column.id)
    if i is not None and not editor.add_to_stage(i, column.id, amount, "asked"):
        editor.report_unknown(column.id, editor.row(i))


def _shared_rows(editor: TableEditor, sections: list[int], column: str, stage: str | None) -> list[int]:
    """Return the rows in which to change a shared resource; none, with a problem, if the stage is ambiguous."""
    whole = editor.is_whole_schools(column)
    if any(whole[i] for i in sections):
        return editor.shared_rows(column, editor.whole_school(sections[0]))
    rows = editor.rows(sections)
    if len(rows) == 1:
        return rows
    i = editor.schools.one_stage(sections, stage, column)
    return [] if i is None else [editor.row(i)]


def _find_column(editor: TableEditor, name: str, row: int | None) -> tuple[Column, str | None] | None:
    """Return the column of a name and its stage; None, with a problem, if the table has no such figure."""
    found = base_column(name)
    if found is None and (meant := recognise(name)) is not None:
        found = base_column(meant.column)
    if found is None or found[0].type != "number":
        advice = message("changes.not_a_figure", column=Name("column", name))
        if found is None:
            advice = message("changes.unknown_column", column=Quoted(name), hint=nearest(name, columns()))
        editor.problems.add(ProblemCode.UNKNOWN_COLUMN, advice, row, column=name)
        return None
    column = found[0]
    of_stages = () if column.shared else tuple(f"{column.id}_{s}" for s in ALL_STAGES)
    if not editor.table.has & {column.id, *of_stages}:
        editor.problems.add(
            ProblemCode.MISSING_COLUMN,
            message("changes.table_lacks_column", column=Quoted(Name("column", column.id))),
            row,
            column=name,
        )
        return None
    return found
