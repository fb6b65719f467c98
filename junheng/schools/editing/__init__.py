"""The machinery of what-if changes: a table of schools in, the changed table and every changed cell out.

``kinds`` has the changes a user can ask for; ``figures``, ``enrolment``, ``merging``, ``opening`` and ``closing`` make
them, each through the one ``TableEditor``; ``consequences`` brings other figures in line; ``result`` builds the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from junheng._frames import column_names
from junheng.errors import InputDataError, InputError
from junheng.schools.editing.closing import close_school
from junheng.schools.editing.consequences import follow_up
from junheng.schools.editing.enrolment import add_cohorts, multiply
from junheng.schools.editing.figures import add, add_rows_of_frame
from junheng.schools.editing.kinds import Add, Change, Changes, Close, Cohorts, Enrolment, Merge, Open
from junheng.schools.editing.merging import merge
from junheng.schools.editing.opening import open_school
from junheng.schools.editing.result import Changed, changed_table
from junheng.schools.editing.table_editor import TableEditor
from junheng.schools.sections import Sections
from junheng.standards import Standard
from junheng.words import message

__all__ = ["Add", "Change", "Changed", "Changes", "Close", "Cohorts", "Enrolment", "Merge", "Open", "change_table"]

#: What makes each kind of change.
_MAKERS: Mapping[type, Callable[[TableEditor, Any], None]] = {
    Add: add,
    Enrolment: multiply,
    Cohorts: add_cohorts,
    Merge: merge,
    Open: open_school,
    Close: close_school,
}


def change_table(sections: Sections, standard: Standard, changes: Changes) -> Changed:
    """Make changes to a table, one after the other.

    Parameters
    ----------
    sections : Sections
        The table by school and stage.
    standard : Standard
        The standard by which the table is read.
    changes : frame, change or iterable of them
        A frame has one change a row.

    Raises
    ------
    InputDataError
        If a change cannot be made; all problems are listed.
    InputError
        If ``changes`` is of the wrong type.
    """
    editor = TableEditor(sections)
    for change in _listed(changes):
        make = next((make for kind, make in _MAKERS.items() if isinstance(change, kind)), add_rows_of_frame)
        make(editor, change)
    follow_up(editor)
    if editor.problems.found:
        raise InputDataError(editor.problems.found)
    return changed_table(editor, standard)


def _listed(changes: Any) -> Iterator[Any]:
    if _is_change(changes):
        yield changes
        return
    single = isinstance(changes, (str, bytes, Mapping)) or getattr(changes, "ndim", 1) == 0
    if single or not isinstance(changes, Iterable):
        raise InputError(message("changes.not_changes", type=type(changes).__name__))
    for change in changes:
        if not _is_change(change):
            kinds = tuple(kind.__name__ for kind in _MAKERS)
            raise InputError(message("changes.not_a_change", kinds=kinds, type=type(change).__name__))
        yield change


def _is_change(thing: Any) -> bool:
    return isinstance(thing, tuple(_MAKERS)) or column_names(thing) is not None
