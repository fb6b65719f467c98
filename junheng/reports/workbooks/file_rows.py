"""The row of the file in place of the position in the table: only the row can be found in a spreadsheet (private)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from junheng._frames import Table
from junheng.results import Evaluation, Judgement
from junheng.schools.origin import Origin

__all__ = ["origin_of", "with_file_rows"]


def origin_of(d: Judgement) -> Origin | None:
    """Return where the rows of the schools stand in the file that they were read from; None if there is none."""
    rows = d.sections.schools.origin
    return None if rows is None else rows.look_up()


def with_file_rows(tables: Mapping[str, Any], shown: Evaluation, problems: str) -> dict[str, Any]:
    """Return the frames of a relabelled evaluation with the rows of the file, and its sheet if there are several.

    Without a file the position says nothing to a reader of the workbook and is left out. The sheet ``problems`` has its
    places already.
    """
    row, sheet, position = (shown.header(name) for name in ("row", "sheet", "position"))
    origin = origin_of(shown.data)
    out = dict(tables)
    for name, frame in tables.items():
        table = Table(frame)
        if name == problems:
            out[name] = table.without([position]).to_native()
        elif row in table.columns:
            out[name] = _placed(table, origin, row, sheet)
    return out


def _placed(table: Table, origin: Origin | None, row: str, sheet: str) -> Any:
    positions = table.floats(row)
    known = np.isfinite(positions)
    at = positions[known].astype(np.int64)
    if origin is None or (at.size and at.max() >= origin.row.size):
        return table.without([row]).to_native()
    rows = np.full(positions.size, np.nan)
    rows[known] = origin.row[at]
    new = table.with_columns({row: rows})
    if len(origin.sheets) > 1:
        names = np.full(positions.size, None, dtype=object)
        names[known] = np.array(origin.sheets, dtype=object)[origin.sheet[at]]
        order = list(table.columns)
        order.insert(order.index(row), sheet)
        # only a frame of pandas knows its file
        return new.with_columns({sheet: names}).to_native()[order]
    return new.to_native()
