"""Merging schools: people and things are added up, the rows of the others are removed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from attrs import frozen

from junheng._text import as_text
from junheng.errors import ProblemCode
from junheng.schools import ALL_STAGES, base_column
from junheng.schools.editing.inputs import key_text
from junheng.schools.editing.kinds import Merge
from junheng.schools.editing.table_editor import CellChange, TableEditor
from junheng.words import Name, Quoted, listed, message

__all__ = ["merge"]

#: Numbers that cannot be added up: two tracks of 200 m are not a track of 400 m.
_NOT_SUMMED = (
    "built_year",
    "largest_class",
    "parallel_classes",
    "periodical_titles",
    "reference_titles",
    "ring_track_m",
    "straight_track_m",
)


def _is_several(names: object) -> bool:
    return hasattr(names, "__iter__") and getattr(names, "ndim", 1) > 0


def merge(editor: TableEditor, change: Merge) -> None:
    """Merge schools into one of them."""
    if isinstance(change.schools, str) or not _is_several(change.schools):
        advice = message("changes.schools_not_a_list", school=Quoted(as_text(change.schools)))
        editor.problems.add(ProblemCode.UNKNOWN_SCHOOL, advice)
        return
    title = key_text(change.into)
    into = editor.schools.find(change.into, change.county, change.year)
    named = [school for school in change.schools if key_text(school) != title]
    others = [editor.schools.find(school, change.county, change.year) for school in named]
    for other in others:
        if into is not None and other is not None and other != into and _can_merge(editor, into, other, title):
            _merge_one(editor, into, other, title)


def _merge_one(editor: TableEditor, into: list[int], other: list[int], title: str) -> None:
    sums = _shared_sums(editor, into, other, title)
    if sums is None:
        return
    for each in sums:
        _add_up(editor, each)
    _add_people(editor, into, other)
    _note_differences(editor, editor.row(into[0]), editor.row(other[0]))
    editor.remove(other, message("changes.merged_away"))


def _can_merge(editor: TableEditor, into: list[int], other: list[int], title: str) -> bool:
    """Whether a school is not yet removed and ``into`` has all its stages; a problem if not."""
    row = editor.row(other[0])
    if row in editor.removed:
        editor.problems.add(ProblemCode.UNKNOWN_SCHOOL, message("changes.merged_twice"), row)
        return False
    lacking = {editor.stage(i) for i in other} - {editor.stage(i) for i in into}
    if lacking:
        stages = listed((Name("stage", s) for s in ALL_STAGES if s in lacking), "and")
        editor.problems.add(
            ProblemCode.CANNOT_MERGE,
            message("changes.merge_lacks_stages", stages=stages, into=title),
            row,
        )
    return not lacking


def _summed_columns(editor: TableEditor, *, shared: bool) -> list[str]:
    """Return the columns that are added up, without their stages: those of the whole school, or of each stage."""
    found = [f[0] for name in editor.table.frame.columns if (f := base_column(name)) is not None]
    summed = [c.id for c in found if c.type == "number" and c.shared == shared and c.id not in _NOT_SUMMED]
    return list(dict.fromkeys(summed))


# ---------------------------------------------------------------------------- rooms, grounds, equipment


@frozen
class _Sum:
    """Amounts to be added to a figure in some rows."""

    column: str
    rows: list[int]
    amounts: list[Decimal | None]


def _shared_sums(editor: TableEditor, into: list[int], other: list[int], title: str) -> list[_Sum] | None:
    """Return all sums of shared resources; None, with a problem, if one cannot be made."""
    out: list[_Sum] = []
    for column in _summed_columns(editor, shared=True):
        whole = editor.shared_rows(column, other)
        by_stage = {} if whole else {editor.stage(i): editor.value(column, editor.row(i)) for i in other}
        amounts = [editor.first_value(column, whole)] if whole else list(by_stage.values())
        rows = editor.shared_rows(column, into) or editor.rows(into)
        if editor.shared_rows(column, into) or len(rows) == 1:
            out.append(_Sum(column, rows, amounts))
        elif not whole:
            of_stages = [(i, editor.stage(i)) for i in into if editor.stage(i) in by_stage]
            out += [_Sum(column, [editor.row(i)], [by_stage[stage]]) for i, stage in of_stages]
        elif amounts != [None]:
            editor.problems.add(
                ProblemCode.CANNOT_MERGE,
                message("changes.merge_forms_differ", column=Name("column", column), into=title),
                editor.row(other[0]),
                column=column,
            )
            return None
    return out


def _add_up(editor: TableEditor, each: _Sum) -> None:
    """Add up one figure. If a part is missing, so is the sum."""
    has = editor.first_value(each.column, each.rows)
    known = [a for a in each.amounts if a is not None]
    if has is None and not known:
        return
    for row in each.rows:
        if has is None or len(known) < len(each.amounts):
            editor.set_value(each.column, row, None, "merged")
        else:
            editor.add_to(each.column, row, sum(known, Decimal(0)), "merged")


# ------------------------------------------------------------------------------------------------ people


def _add_people(editor: TableEditor, into: list[int], other: list[int]) -> None:
    """Add up the figures of each stage."""
    row = editor.row(into[0])
    place = {editor.stage(i): i for i in into}
    for column in _summed_columns(editor, shared=False):
        total = editor.value(column, row) if editor.sections.wide[into[0]] else None  # of all stages of the row
        for i in other:
            _add_stage(editor, column, place[editor.stage(i)], i)
        if total is not None:
            parts = [editor.value(column, r) for r in editor.rows(other)]
            known = [p for p in parts if p is not None]
            editor.set_value(column, row, total + sum(known) if len(known) == len(parts) else None, "merged")


def _add_stage(editor: TableEditor, column: str, into: int, other: int) -> None:
    mine, theirs = editor.stage_value(into, column), editor.stage_value(other, column)
    if mine is not None and theirs is not None:
        editor.add_to_stage(into, column, theirs, "merged")
    elif mine is not None or theirs is not None:
        editor.clear_stage(into, column, "merged")


# ------------------------------------------------------------------------------------------------- notes


def _note_differences(editor: TableEditor, row: int, other: int) -> None:
    """Note the columns that are kept although the schools differ."""
    for column in _kept_columns(editor):
        codes, words = editor.table.codes(column)
        mine, theirs = (key_text(words[codes[r]]) if codes[r] >= 0 else "" for r in (row, other))
        if mine != theirs:
            note = message(
                "changes.kept",
                mine=Name(column, mine) if mine else message("changes.empty"),
                other=editor.table.key(other),
                theirs=Name(column, theirs) if theirs else message("changes.nothing"),
            )
            editor.kept.append(CellChange(row, column, None, None, "kept", note))


def _kept_columns(editor: TableEditor) -> Iterator[str]:
    """Return the columns that are neither keys nor added up."""
    keys = {*editor.table.by, "school", "school_code", "stage"}
    for name in editor.table.frame.columns:
        found = base_column(name)
        is_summed = found is not None and found[0].type == "number" and found[0].id not in _NOT_SUMMED
        if name not in keys and not is_summed:
            yield name
