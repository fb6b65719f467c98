"""One column of a sheet: its values, and what is said of its cells (private)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from junheng._text import clean, odd_signs, unmarked
from junheng.errors import ProblemCode, Severity
from junheng.reading.cells import Cells, read_code, read_figures, read_words, read_year
from junheng.reading.grid import cell_name, column_letter
from junheng.reading.sheets import SheetReading
from junheng.reading.titles import title_unit
from junheng.schools import base_column, flag_advice, flag_words, fold_word, is_blank, text_advice


def read_column(s: SheetReading, c: int) -> None:
    assert s.rows is not None
    values = s.grid.cells[s.rows.schools, c]
    u = s.columns["understood"].get(c)
    name = s.header.names[c]
    letter = column_letter(c)
    filled = int(np.count_nonzero(s.filled[s.rows.schools, c]))
    if not name:
        if filled == 0:
            return
        name = f"column {letter}"
    cells = Cells(values=values)
    column = None if u is None else u.column
    base = base_column(column) if column is not None else None
    factor = (1, 1) if u is None else u.factor
    unit = None if u is None else u.unit
    if base is not None and column is not None:
        kind = base[0].type
        if kind == "number":
            title = title_unit(s, base[0]) if unit is None else None
            if title is not None:
                unit, factor = title
                s.add(
                    ProblemCode.FROM_TITLE,
                    f"the title says {unit}, the header no unit: {column} was read in {unit}",
                    cell=f"{letter}{s.header.rows[-1] + 1}",
                    column=column,
                    value=unit,
                )
            cells = read_figures(values, base[0], factor)
        elif column.endswith("code"):
            cells = read_code(values)
        elif column == "year":
            cells = read_year(values)
        else:
            cells = read_words(values, flag=kind == "flag")
        _name_bad(s, c, column, kind, cells)
        _name_cleaned(s, c, column, cells)
        _name_unanswered(s, c, column, kind, cells)
        s.columns[column] = cells.values
    else:
        s.columns[_free(name, s)] = _as_typed(_as_it_stood(s, c, values))
    s.told.append(
        {
            "sheet": s.grid.name,
            "letter": letter,
            "header": s.header.names[c] or None,
            "column": column,
            "unit": unit,
            "factor": factor[0] / factor[1],
            "cells": filled,
            "converted": len(cells.converted),
            "missing": len(cells.missing),
            "unread": len(cells.bad),
            "columns": column or name,
        }
    )


def _free(name: str, s: SheetReading) -> str:
    """Return a name for a column that is not known, which no canonical column has."""
    taken = {u.column for u in s.columns["understood"].values()}
    return f"{name} (as given)" if name in taken or name == "understood" else name


def _as_typed(values: NDArray[np.object_]) -> list[Any]:
    out: list[Any] = []
    for value in values.tolist():
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
            out.append(int(value))
        else:
            out.append(value.isoformat() if hasattr(value, "isoformat") else value)
    return out


def _name_bad(s: SheetReading, c: int, column: str, kind: str, cells: Cells) -> None:
    assert s.rows is not None
    for row, text in cells.bad.items():
        cell = cell_name(int(s.rows.schools[row]), c)
        if kind == "number":
            message = f"{text!r} is not a plain number: {text_advice(text)}"
            s.add(ProblemCode.TEXT_IN_NUMBER, message, cell=cell, column=column, value=text, severity=Severity.ERROR)
        elif column == "year":
            s.add(
                ProblemCode.UNCLEAR_YEAR,
                f"{text!r} is not one year, and no document says which of the two is meant: write 2025",
                cell=cell,
                column=column,
                value=text,
            )
        else:
            s.add(
                ProblemCode.DIGITS_LOST,
                f"{text!r} has been rounded by a spreadsheet, its last digits are lost: format the column as text and "
                "type the code again",
                cell=cell,
                column=column,
                value=text,
            )


def _name_cleaned(s: SheetReading, c: int, column: str, cells: Cells) -> None:
    """Report each cell that was read without something that stood in it."""
    assert s.rows is not None
    before = dict(cells.cleaned)
    if s.grid.cleaned:
        at = [(i, s.grid.cleaned.get((int(r), c))) for i, r in enumerate(s.rows.schools)]
        before |= {i: text for i, text in at if text is not None}
    for i, text in sorted(before.items()):
        s.add(
            ProblemCode.INVISIBLE_CHARACTERS,
            f"{clean(text)!r} holds characters that do not show ({odd_signs(text)}); it was read without them",
            cell=cell_name(int(s.rows.schools[i]), c),
            column=column,
            value=text,
        )
    for i, text in cells.marked.items():
        s.add(
            ProblemCode.FOOTNOTE_MARK,
            f"{text!r} carries the mark of a footnote; it was read as {unmarked(text)}",
            cell=cell_name(int(s.rows.schools[i]), c),
            column=column,
            value=text,
        )


def _name_unanswered(s: SheetReading, c: int, column: str, kind: str, cells: Cells) -> None:
    """Report what is neither yes nor no, and the rows without a name or code where others have one."""
    assert s.rows is not None
    key = column in ("county", "county_code", "school_code") or (column == "school" and not s.header.at("school_code"))
    if kind != "flag" and not key:
        return
    values = list(cells.values)
    blank = {v for v in set(values) if is_blank(v)}
    if kind == "flag":
        odd = {v for v in set(values) - blank if not isinstance(v, bool) and fold_word(v) not in flag_words()}
    else:
        odd = blank if len(blank) < len(set(values)) else set()
    for i in [i for i, v in enumerate(values) if v in odd] if odd else ():
        cell = cell_name(int(s.rows.schools[i]), c)
        if kind == "flag":
            message, code = flag_advice(values[i]), ProblemCode.UNKNOWN_CATEGORY
        else:
            message, code = f"{column} is empty here, and given in other rows; fill it in", ProblemCode.MISSING_KEY
        s.add(code, message, cell=cell, column=column, severity=Severity.ERROR)


def _as_it_stood(s: SheetReading, c: int, values: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return a column that is not known with the characters that were taken out of its cells."""
    assert s.rows is not None
    before = {r: text for (r, at), text in s.grid.cleaned.items() if at == c}
    if not before:
        return values
    out = values.copy()
    out[:] = [before.get(r, v) for r, v in zip(s.rows.schools.tolist(), values.tolist(), strict=True)]
    return out


def check_lost(s: SheetReading) -> None:
    for row, c, what in s.grid.lost:
        u = s.columns["understood"].get(c)
        column = None if u is None else u.column or u.header
        if what:
            s.add(
                ProblemCode.ERROR_CELL,
                f"the cell shows the error {what}; it is missing: give the figure",
                cell=cell_name(row, c), column=column, value=what,
            )  # fmt: skip
        else:
            s.add(
                ProblemCode.FORMULA_WITHOUT_VALUE,
                "the cell holds a formula whose value was never computed; it is missing: open the file, save it and "
                "read it again",
                cell=cell_name(row, c), column=column,
            )  # fmt: skip
