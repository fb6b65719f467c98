"""Read one column of a sheet and report its cells (private)."""

from __future__ import annotations

from types import NoneType
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._text import clean, odd_signs, unmarked
from junheng.errors import ProblemCode, Severity
from junheng.reading.cells import Cells, read_code, read_figures, read_words, read_year
from junheng.reading.changes import column_changes, lost_changes
from junheng.reading.grid import cell_name, column_letter
from junheng.reading.sheet_reading import ReadColumn, SheetReading
from junheng.reading.titles import title_units
from junheng.schools import Column, base_column, flag_advice, flag_words, fold_word, is_blank, text_advice
from junheng.words import Message, Name, Quoted, listed, message


def read_column(s: SheetReading, c: int) -> None:
    """Read a column and report each cell that was changed or cannot be used."""
    values = s.grid.cells[s.rows.schools, c]
    filled = int(np.count_nonzero(s.filled[s.rows.schools, c]))
    name = s.header.names[c] or f"column {column_letter(c)}"
    if not s.header.names[c] and not filled:
        return
    meaning = s.understood.get(c)
    column = None if meaning is None else meaning.column
    unit, factor = (None, (1, 1)) if meaning is None else (meaning.unit, meaning.factor)
    found = None if column is None else base_column(column)
    if found is None or column is None:
        cells = Cells(values=values)
        s.columns[_free_name(name, s)] = _as_typed(_as_it_stood(s, c, values))
    else:
        if found[0].type == "number" and unit is None:
            unit, factor = _unit_of_title(s, c, found[0], filled) or (unit, factor)
        cells = _read_cells(values, column, found[0], factor, s.decimal)
        _report(_Known(s, c, column, found[0].type, cells))
        s.columns[column] = cells.values
    s.read[c] = ReadColumn(
        letter=column_letter(c),
        header=s.header.names[c] or None,
        column=column,
        unit=unit,
        factor=factor,
        cells=filled,
        converted=len(cells.converted),
        missing=len(cells.missing),
        unread=len(cells.bad),
    )
    if found is not None:
        s.changes += column_changes(s, c, found[0], values, cells)


def _unit_of_title(s: SheetReading, c: int, base: Column, filled: int) -> tuple[str, tuple[int, int]] | None:
    """Return the unit that the title gives if the header gives none, and report it; of two units none can be chosen."""
    found, column = title_units(s, base), s.understood[c].column
    place = {"cell": cell_name(s.header.rows[-1], c), "column": column, "value": "、".join(found)}
    about = {"column": Name("column", str(column))}
    if len(set(found.values())) > 1 and filled:
        sentence = message("reading.units_of_title", units=listed(list(found)), **about)
        s.add(ProblemCode.UNKNOWN_UNIT, sentence, severity=Severity.ERROR, **place)
    if len(found) != 1 or (1, 1) in found.values():
        return None
    unit, factor = next(iter(found.items()))
    s.add(ProblemCode.FROM_TITLE, message("reading.unit_of_title", unit=unit, **about), **place)
    return unit, factor


def _read_cells(
    values: NDArray[np.object_], column: str, base: Column, factor: tuple[int, int], decimal: str | None
) -> Cells:
    if base.type == "number":
        return read_figures(values, base, factor, decimal)
    if column.endswith("code"):
        return read_code(values)
    if column == "year":
        return read_year(values)
    return read_words(values, flag=base.type == "flag")


# ------------------------------------------------------------------------------------------ unknown columns


def _free_name(name: str, s: SheetReading) -> str:
    """Return a name for an unknown column that does not clash with a canonical column."""
    return f"{name} (as given)" if name in {u.column for u in s.understood.values()} else name


def _as_typed(values: NDArray[np.object_]) -> list[Any]:
    """Return cells as typed: workbooks store whole numbers as floats, and dates as dates."""
    cells: list[Any] = values.tolist()
    if {str, NoneType}.issuperset(map(type, cells)):
        return cells
    return [
        int(v)
        if isinstance(v, float) and v.is_integer() and abs(v) < 1e15
        else v.isoformat()
        if hasattr(v, "isoformat")
        else v
        for v in cells
    ]


def _as_it_stood(s: SheetReading, c: int, values: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return a column with the invisible characters that were removed from its cells."""
    before = {r: text for (r, at), text in s.grid.cleaned.items() if at == c}
    if not before:
        return values
    out = values.copy()
    out[:] = [before.get(r, v) for r, v in zip(s.rows.schools.tolist(), values.tolist(), strict=True)]
    return out


# ----------------------------------------------------------------------------------------- problems of cells


@frozen(eq=False)
class _Known:
    """A recognised column that was read."""

    s: SheetReading
    c: int
    column: str
    type: str
    cells: Cells

    def add(self, i: int, code: ProblemCode, sentence: Message | str, **fields: Any) -> None:
        """Report the cell of one school."""
        cell = cell_name(int(self.s.rows.schools[i]), self.c)
        self.s.add(code, sentence, cell=cell, column=self.column, **fields)


def _report(known: _Known) -> None:
    for i, text in known.cells.bad.items():
        _report_bad(known, i, text)
    _report_cleaned(known)
    if known.type == "flag":
        _report_odd_flags(known)
    elif known.column in ("county", "county_code", "school_code") or (
        known.column == "school" and not _has_codes(known.s)
    ):
        _report_missing_keys(known)


def _has_codes(s: SheetReading) -> bool:
    """Tell whether the schools of a sheet have codes; an empty column of codes names none."""
    return any(s.filled[s.rows.schools, c].any() for c in s.header.positions("school_code"))


def _report_bad(known: _Known, i: int, text: str) -> None:
    """Report a figure, year or code that cannot be used."""
    if known.type == "number":
        if i in known.cells.unclear:
            sentence = message("reading.unclear_comma", text=Quoted(text))
        else:
            sentence = message("reading.not_a_number", text=Quoted(text), advice=text_advice(text))
        known.add(i, ProblemCode.TEXT_IN_NUMBER, sentence, value=text, severity=Severity.ERROR)
    elif known.column == "year":
        known.add(i, ProblemCode.UNCLEAR_YEAR, message("reading.unclear_year", text=Quoted(text)), value=text)
    else:
        known.add(i, ProblemCode.DIGITS_LOST, message("reading.digits_lost", text=Quoted(text)), value=text)


def _report_cleaned(known: _Known) -> None:
    """Report each cell from which characters were removed."""
    s, before = known.s, dict(known.cells.cleaned)
    if s.grid.cleaned:
        at = [(i, s.grid.cleaned.get((int(r), known.c))) for i, r in enumerate(s.rows.schools)]
        before |= {i: text for i, text in at if text is not None}
    for i, text in sorted(before.items()):
        sentence = message("reading.invisible", text=Quoted(clean(text)), signs=odd_signs(text))
        known.add(i, ProblemCode.INVISIBLE_CHARACTERS, sentence, value=text)
    for i, text in known.cells.marked.items():
        sentence = message("reading.footnote", text=Quoted(text), read=unmarked(text))
        known.add(i, ProblemCode.FOOTNOTE_MARK, sentence, value=text)


def _report_odd_flags(known: _Known) -> None:
    """Report cells that are neither yes nor no."""
    values = list(known.cells.values)
    odd = {v for v in set(values) if not is_blank(v) and not isinstance(v, bool) and fold_word(v) not in flag_words()}
    for i, value in enumerate(values):
        if odd and value in odd:
            known.add(i, ProblemCode.UNKNOWN_CATEGORY, flag_advice(value), severity=Severity.ERROR)


def _report_missing_keys(known: _Known) -> None:
    """Report rows without a name or code if other rows have one; a school without a name in any case."""
    values = list(known.cells.values)
    blank = {v for v in set(values) if is_blank(v)}
    everywhere = len(blank) == len(set(values))
    if not blank or (everywhere and known.column != "school"):
        return
    key = "reading.no_names" if everywhere else "reading.key_missing"
    sentence = message(key, column=Name("column", known.column))
    for i, value in enumerate(values):
        if value in blank:
            known.add(i, ProblemCode.MISSING_KEY, sentence, severity=Severity.ERROR)


def check_lost(s: SheetReading) -> None:
    """Report cells that are read as empty: errors, and formulas without a computed value."""
    for row, c, error in s.grid.lost:
        meaning = s.understood.get(c)
        column = None if meaning is None else meaning.column or meaning.header
        if error:
            code, value = ProblemCode.ERROR_CELL, error
            sentence = message("reading.error_cell", error=error)
        else:
            code, value = ProblemCode.FORMULA_WITHOUT_VALUE, None
            sentence = message("reading.formula")
        s.add(code, sentence, cell=cell_name(row, c), column=column, value=value)
    s.changes += lost_changes(s)
