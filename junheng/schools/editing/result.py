"""The changed table, and the list of every changed cell."""

from __future__ import annotations

import hashlib
import json
import math
from decimal import Decimal
from typing import Any

import numpy as np
from attrs import frozen

from junheng._frames import Table, Wholes
from junheng.schools import base_column, is_blank
from junheng.schools.editing.inputs import decimal_text, to_decimal
from junheng.schools.editing.table_editor import CellChange, TableEditor, is_figure
from junheng.schools.opening import open_table
from junheng.schools.sections import make_sections
from junheng.schools.table import SchoolTable
from junheng.standards import Standard
from junheng.words import Message

__all__ = ["Changed", "changed_table"]


@frozen(kw_only=True, eq=False, slots=False)
class Changed:
    """A changed table, and every cell in which it differs."""

    frame: Any
    lines: list[CellChange]
    table: SchoolTable
    removed: int
    added: int

    def provenance(self) -> dict[str, Any]:
        """Return the number of changes; equal changes have equal digests."""
        content: list[Any] = [
            [x.row, x.column, decimal_text(x.before), decimal_text(x.after), x.cause, str(x.note)] for x in self.lines
        ]
        content += [[k, str(v)] for x in self.lines if x.new for k, v in sorted(x.new.items())]
        text = json.dumps(content, ensure_ascii=False)
        return {
            "cells": sum(x.cause != "kept" for x in self.lines),
            "rows_removed": self.removed,
            "rows_added": self.added,
            "digest": "sha256:" + hashlib.sha256(text.encode()).hexdigest(),
        }

    def columns(self, language: str = "en") -> dict[str, Any]:
        """Return the list of changed cells, column by column; notes are sentences in a language."""
        out: dict[str, Any] = {}
        for name in dict.fromkeys([*self.table.by, "school_code", "school"]):
            if name in self.table.has:
                cells = self.table.frame.objects(name)
                out[name] = [_key_cell(x, name, cells) for x in self.lines]
        out["row"] = Wholes([x.row for x in self.lines])
        out["column"] = [x.column for x in self.lines]
        out["before"] = np.array([_float(x.before) for x in self.lines], dtype=np.float64)
        out["after"] = np.array([_float(x.after) for x in self.lines], dtype=np.float64)
        out["cause"] = [x.cause for x in self.lines]
        out["note"] = [x.note.text(language) if isinstance(x.note, Message) else x.note for x in self.lines]
        return out


def _key_cell(line: CellChange, name: str, cells: Any) -> Any:
    if line.new:
        return line.new.get(name)
    return None if line.row is None else cells[line.row]


def _float(value: Decimal | None) -> float:
    return math.nan if value is None else float(value)


def changed_table(editor: TableEditor, standard: Standard) -> Changed:
    """Build the changed table, in the library of the input."""
    table, columns = _with_changed_cells(editor)
    lines = _cell_changes(editor)
    table, stated = _with_covers(editor, table, columns, standard)
    if editor.removed:
        keep = [r for r in range(editor.table.rows) if r not in editor.removed]
        table = table.take(np.array(keep, dtype=np.int64))
    if editor.added:
        table = table.with_rows(editor.added)
    return Changed(
        frame=table.to_native(),
        lines=lines + stated,
        table=editor.table,
        removed=len(editor.removed),
        added=len(editor.added),
    )


def _with_changed_cells(editor: TableEditor) -> tuple[Table, set[str]]:
    """Return the table with all changed cells, and the names of their columns."""
    by_column: dict[str, dict[int, float]] = {}
    for (name, row), value in editor.cells.items():
        by_column.setdefault(name, {})[row] = _float(value)
    new: dict[str, Any] = {}
    for name, cells in by_column.items():
        old = editor.table.number(name)
        assert old is not None
        new[name] = old.copy()
        new[name][list(cells)] = list(cells.values())
    return editor.table.frame.with_numbers(new), set(new)


def _cell_changes(editor: TableEditor) -> list[CellChange]:
    """List changed cells, kept cells, and the figures of removed and added rows."""
    out = []
    for (name, row), value in editor.cells.items():
        before = editor.original(name, row)
        if value != before and row not in editor.removed:
            out.append(CellChange(row, name, before, value, editor.causes[name, row]))
    out += editor.kept
    figures = [name for name in editor.table.frame.columns if is_figure(name)]
    for row, how in editor.removed.items():
        held = {name: editor.original(name, row) for name in figures}
        out += [CellChange(row, name, v, None, "removed", how) for name, v in held.items() if v is not None]
    for new in editor.added:
        given = [name for name in figures if not is_blank(new.get(name))]
        out += [CellChange(None, name, None, to_decimal(new[name]), "opened", new=new) for name in given]
    return out


def _with_covers(
    editor: TableEditor, table: Table, changed: set[str], standard: Standard
) -> tuple[Table, list[CellChange]]:
    """State what the figures of a school in several rows cover, if a change would alter how they are read.

    Equal figures on all rows of a school are read as the whole school's. Figures that a change makes equal by chance
    remain each stage's own.
    """
    shared = any((f := base_column(name)) is not None and f[0].shared for name in changed)
    covers = _covers_to_state(editor, table, standard) if shared else {}
    if not covers:
        return table, []
    has_column = "resources_cover" in editor.table.has
    cells = table.objects("resources_cover").tolist() if has_column else [None] * table.rows
    for row, cover in covers.items():
        cells[row] = cover
    lines = [
        CellChange(row, "resources_cover", None, None, "stated", cover)
        for row, cover in covers.items()
        if row not in editor.removed
    ]
    return table.with_columns({"resources_cover": cells}), lines


def _covers_to_state(editor: TableEditor, table: Table, standard: Standard) -> dict[int, str]:
    """Return what the figures cover, by row, for schools whose changed figures would be read differently."""
    before = editor.sections
    not_stated = before.cover < 0
    several = np.bincount(before.school)[before.school] > 1 if before.school.size else np.zeros(0, dtype=bool)
    if not (several & ~before.wide & not_stated).any():
        return {}
    after = make_sections(open_table(table.to_native(), by=editor.table.by), standard)
    read_otherwise = set(before.school[(after.divided != before.divided) & not_stated].tolist())
    sections = [i for i in np.flatnonzero(several).tolist() if int(before.school[i]) in read_otherwise]
    return {editor.row(i): "school" if before.divided[i] else "stage" for i in sections}
