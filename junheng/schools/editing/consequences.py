"""Consequences of changes: dependent areas change, and wholes are raised with their parts."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from junheng.errors import ProblemCode
from junheng.schools import areas as _areas
from junheng.schools import base_column
from junheng.schools.editing.inputs import decimal_text
from junheng.schools.editing.table_editor import TableEditor
from junheng.words import Name, message

__all__ = ["follow_up"]


def follow_up(editor: TableEditor) -> None:
    """Bring the other figures of the changed rows in line with the changed ones."""
    _move_areas(editor)
    cells = list(editor.cells)
    for column, row in cells:  # which grows while wholes are raised: a whole may be part of another
        value = editor.value(column, row)
        if value is None or row in editor.removed:
            continue
        if value < 0:
            _report_negative(editor, column, row, value)
        whole = _raise_whole(editor, column, row, value)
        if whole is not None:
            cells.append((whole, row))
    changed = {column for column, _ in editor.cells}
    for column in editor.table.frame.columns:
        whole = _whole_of(column)
        if whole in changed:
            _check_part(editor, column, whole)


def _move_areas(editor: TableEditor) -> None:
    """Change areas that include a changed one by as much, unless a change is about them too."""
    changed = dict(editor.cells)
    for (column, row), value in changed.items():
        before = editor.original(column, row)
        if value is None or before is None:
            continue
        follow = dict.fromkeys(_areas.FOLLOWS.get(column, ()), value - before)
        if column == _areas.INDOOR and (_areas.TOTAL, row) in changed:
            # of what the sub-total gains this part is no teaching area
            follow[_areas.TEACHING] = before - value
        for other, amount in follow.items():
            if (other, row) not in changed:
                editor.add_to(other, row, amount, "followed")


def _report_negative(editor: TableEditor, column: str, row: int, value: Decimal) -> None:
    has = editor.original(column, row) or Decimal(0)
    editor.problems.add(
        ProblemCode.BELOW_ZERO,
        message(
            "changes.below_zero",
            has=decimal_text(has),
            column=Name("column", column),
            taken=decimal_text(has - value),
        ),
        row,
        column=column,
        value=decimal_text(value),
    )


@cache
def _whole_of(column: str) -> str | None:
    """Return the column of which a column counts a part, of the same stage."""
    found = base_column(column)
    if found is None or found[0].part_of is None:
        return None
    return found[0].part_of + (f"_{found[1]}" if found[1] else "")


def _raise_whole(editor: TableEditor, column: str, row: int, part: Decimal) -> str | None:
    """Raise the whole of a part that grew beyond it, just enough; return its column if it was raised."""
    whole = _whole_of(column)
    if whole is None:
        return None
    there = editor.value(whole, row)
    if there is None or part <= there:
        return None
    part_grew = part > (editor.original(column, row) or Decimal(0))
    whole_shrank = there < (editor.original(whole, row) or Decimal(0))  # reported by _check_part
    if whole_shrank or not part_grew:
        return None
    editor.set_value(whole, row, part, "followed")
    of_all_stages = base_column(whole)
    if of_all_stages is not None and of_all_stages[1] is not None:
        editor.add_to(of_all_stages[0].id, row, part - there, "followed")
    return whole


def _check_part(editor: TableEditor, column: str, whole: str) -> None:
    """Report parts that a smaller whole no longer holds; where pupils left, the part shrinks with them."""
    for row in [r for name, r in editor.cells if name == whole and r not in editor.removed]:
        before, now, part = editor.original(whole, row), editor.value(whole, row), editor.value(column, row)
        if now is None or part is None or before is None or not 0 <= now < min(before, part):
            continue
        if editor.causes[whole, row] in ("enrolment", "moved"):
            editor.set_value(column, row, now, "followed")
            continue
        editor.problems.add(
            ProblemCode.PART_EXCEEDS_WHOLE,
            message(
                "changes.part_over_whole",
                taken=decimal_text(before - now),
                whole=Name("column", whole),
                left=decimal_text(now),
                part=decimal_text(part),
                column=Name("column", column),
            ),
            row,
            column=column,
            value=decimal_text(part),
        )
