"""What was changed in the cells of a column, and why (private)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from junheng._text import has_mark
from junheng.reading.cells import Cells, is_missing
from junheng.reading.grid import Grid, cell_name, column_letter
from junheng.reading.rows import shown
from junheng.reading.sheet_reading import Change, ReadColumn, SheetReading
from junheng.schools import Column, category_word

_GROUPS = re.compile(r"[0-9][,， \u00a0][0-9]")
_NUMBER_AND_UNIT = re.compile(r"[+-]?[0-9][0-9,. \u00a0]*[^0-9., \u00a0].*")


def column_changes(s: SheetReading, c: int, base: Column, values: NDArray[np.object_], cells: Cells) -> list[Change]:
    """Return the changes in the cells of a column; nothing is compared where nothing changed."""
    read = s.read[c]
    rows = s.rows.schools
    out = [*_in_units(read, rows), *_in_words(read, rows, base, cells.values if base.type == "category" else ())]
    return out + cell_changes(s.grid, lambda i: (int(rows[i]), c), read.column, base, values, cells)


def cell_changes(
    grid: Grid,
    place: Callable[[int], tuple[int, int]],
    column: str | None,
    base: Column,
    values: NDArray[np.object_],
    cells: Cells,
) -> list[Change]:
    """Return the changes in single cells; ``place`` tells row and column of the grid of each."""
    out = []
    for i in _changed(grid, place, base, values, cells):
        at = place(i)
        before = cells.marked.get(i) or grid.cleaned.get(at) or values[i]
        after = _text(cells.values[i])
        for why in _reasons(grid, i, at, base, cells, before):
            out.append(Change(cell_name(*at), column, _text(before), after, why))
    return out


def _changed(
    grid: Grid, place: Callable[[int], tuple[int, int]], base: Column, values: NDArray[np.object_], cells: Cells
) -> list[int]:
    """Return the positions of the cells that were changed."""
    found = {*cells.missing, *cells.converted, *cells.marked, *cells.cleaned}
    if grid.cleaned:
        found |= {i for i in range(values.size) if place(i) in grid.cleaned}
    # a year typed as digits in text is no change: those that are, are in the lists already
    if base.type != "number" and base.id != "year" and cells.values is not values:
        pairs = enumerate(zip(values.tolist(), list(cells.values), strict=True))
        found |= {i for i, (a, b) in pairs if a is not b and _text(a) != _text(b)}
    return sorted(found)


def _text(value: Any) -> str | None:
    if value is None or value != value:
        return None
    return shown(float(value) if isinstance(value, float) else value)


def _in_units(read: ReadColumn, rows: NDArray[np.int64]) -> Iterator[Change]:
    """Yield one line for a column whose figures were converted from the unit of the header."""
    if read.factor[0] != read.factor[1] and rows.size:
        factor = f"{read.factor[0] / read.factor[1]:.12g}"
        yield Change(_range(read.letter, rows), read.column, read.unit, f"× {factor}", "unit")


def _in_words(read: ReadColumn, rows: NDArray[np.int64], base: Column, values: Sequence[Any]) -> Iterator[Change]:
    """Yield one line for each word of a stage or kind that was brought to its code."""
    for word in sorted({v for v in values if isinstance(v, str)}):
        code = category_word(base.id, word)
        if code is not None and code != word:
            yield Change(_range(read.letter, rows), read.column, word, code, "word")


def _range(letter: str, rows: NDArray[np.int64]) -> str:
    first, last = int(rows.min()) + 1, int(rows.max()) + 1
    return f"{letter}{first}" if first == last else f"{letter}{first}:{letter}{last}"


def _reasons(grid: Grid, i: int, at: tuple[int, int], base: Column, cells: Cells, before: Any) -> list[str]:
    """Return why a cell was changed: at least one reason."""
    found = []
    if i in cells.cleaned or at in grid.cleaned:
        found.append("invisible_characters")
    if i in cells.marked:
        found.append("footnote_mark")
    if _text(cells.values[i]) is None and is_missing(grid.cells[at]):
        return [*found, "word_for_missing"]
    if isinstance(before, str):
        found += _reasons_in_text(before, base, marked=i in cells.marked)
    return found or ["year" if _is_year(base) else "code" if base.id.endswith("code") else "notation"]


def _is_year(base: Column) -> bool:
    return base.id == "year" or base.unit == "year"


def _reasons_in_text(text: str, base: Column, *, marked: bool) -> list[str]:
    """Return what in a text was changed when it was read."""
    found = []
    if "\n" in text or "\r" in text:
        found.append("line_break")
    half = text if has_mark(text) else unicodedata.normalize("NFKC", text)
    if base.type == "number" or _is_year(base) or base.id.endswith("code"):
        if any("！" <= ch <= "～" or ch == "\u3000" for ch in text):
            found.append("full_width")
        if base.type == "number" and not _is_year(base):
            if _GROUPS.search(half):
                found.append("thousands")
            if not marked and _NUMBER_AND_UNIT.fullmatch(half.strip()) and not re.fullmatch(r"[0-9.]+[eE].*", half):
                found.append("unit_in_cell")
        elif _is_year(base) and not half.strip().isdigit():
            found.append("year")
    return found


def lost_changes(s: SheetReading) -> list[Change]:
    """Return the cells of schools that were read as empty: errors, and formulas without a computed value."""
    schools = set(s.rows.schools.tolist()) if s.grid.lost else set()
    out = []
    for r, c, error in s.grid.lost:
        meaning = s.understood.get(c)
        if r in schools:
            column = None if meaning is None else meaning.column
            why = "error_cell" if error else "formula_without_value"
            out.append(Change(f"{column_letter(c)}{r + 1}", column, error or None, None, why))
    return out
