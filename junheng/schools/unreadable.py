"""Cells that cannot be used become missing, and stay on record in a column of the table.

A column goes with its rows through every filter and every library of frames, so that each evaluation of the table, or
of a part of it, reports the cells.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from junheng._frames import FrameT, Table
from junheng.errors import InputError, ProblemCode
from junheng.schools.cells import parse_numbers
from junheng.schools.opening import UNREADABLE, open_table
from junheng.schools.vocabulary import base_column
from junheng.words import Quoted, message

__all__ = ["ON_ERROR", "check_on_error", "is_unusable", "without_unreadable"]

ON_ERROR = ("raise", "missing")
#: Who is judged, and as what, must be known: a cell here stays as it is, and stops an evaluation.
_DECIDES = frozenset(
    ("stage", "kind", "ownership", "owner_type", "included", "in_basic_standard", "in_coefficient", "resources_cover")
)


def check_on_error(on_error: Any) -> bool:
    """Return whether cells that cannot be used become missing.

    Raises
    ------
    InputError
        If ``on_error`` is neither ``raise`` nor ``missing``.
    """
    if not isinstance(on_error, str) or on_error not in ON_ERROR:
        raise InputError(message("schools.on_error", choices=ON_ERROR, given=Quoted(on_error)))
    return on_error == "missing"


def without_unreadable(frame: FrameT) -> FrameT:
    """Return a table without the cells that cannot be used, and with the column that names them."""
    opened = open_table(frame)
    table = Table(frame)
    record: list[dict[str, str]] = [{} for _ in range(table.rows)]
    changed: dict[str, Any] = {}
    for name in table.columns:
        found = base_column(name)
        bad = [] if found is None else [p for p in opened.problems_of(name) if is_unusable(p.code, name)]
        if not bad:
            continue
        values = table.objects(name)
        for p in bad:
            values[p.position] = None
            record[p.position or 0][name] = p.value or ""
        number = found is not None and found[0].type == "number"
        changed[name] = parse_numbers(values)[0] if number else values
    texts = [json.dumps(cells, ensure_ascii=False) if cells else None for cells in record]
    changed[UNREADABLE] = np.array(texts, dtype=object)
    cleared: FrameT = table.with_columns(changed).to_native()
    return cleared


def is_unusable(code: ProblemCode, column: str | None) -> bool:
    """Return whether a problem is that of a cell that may become missing."""
    return code in _CODES and column not in _DECIDES


_CODES = frozenset(
    (
        ProblemCode.TEXT_IN_NUMBER,
        ProblemCode.NEGATIVE_VALUE,
        ProblemCode.INFINITE_VALUE,
        ProblemCode.UNKNOWN_CATEGORY,
    )
)
