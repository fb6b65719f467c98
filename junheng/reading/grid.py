"""Sheets as grids of cells, and the size limits (private)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from attrs import define, field, frozen
from numpy.typing import NDArray

from junheng._text import INVISIBLE, drop_invisible
from junheng.errors import InputError, Problem
from junheng.words import Quoted, listed, message

#: Size limits; the schools of a nation are 220 000 rows.
MAX_ROWS = 2_000_000
MAX_COLUMNS = 2_000
MAX_CELLS = 60_000_000
MAX_UNPACKED = 2_000_000_000
#: A sheet of this many cells is read however few of them are filled.
FREE_CELLS = 1_000_000
#: A larger one is read if one cell in so many is filled, and so many stand in a byte of the file.
CELLS_PER_FILLED = 20
CELLS_PER_BYTE = 10
#: As much text as this is read however small the file; beyond, a byte of the file may become so many.
FREE_TEXT = 50_000_000
TEXT_PER_BYTE = 100


Merge = tuple[int, int, int, int]
#: A cell that is read as empty although it is not: row, column, and the error it shows, if any.
Lost = tuple[int, int, str]
#: Whether to read a sheet, by its name, its position and whether it is hidden.
Wanted = Callable[[str, int, bool], bool]


@frozen(eq=False)
class Grid:
    """One sheet: cells by row and column, counted from 0; None if empty."""

    name: str
    cells: NDArray[np.object_]
    hidden: bool = False
    #: First and last row and column of merged cells; None if the file format does not record them.
    merges: tuple[Merge, ...] | None = None
    #: Cells with a formula without a value or an error such as #N/A, which are read as empty.
    lost: tuple[Lost, ...] = ()
    #: Original text of cells from which invisible characters were removed.
    cleaned: Mapping[tuple[int, int], str] = field(factory=dict)

    @cached_property
    def merges_by_row(self) -> Mapping[int, Sequence[Merge]]:
        """The merged cells by their first row; a large sheet may have one in every row."""
        found: dict[int, list[Merge]] = {}
        for merge in self.merges or ():
            found.setdefault(merge[0], []).append(merge)
        return found

    def filled(self) -> NDArray[np.bool_]:
        """Return which cells are not empty, as a new array."""
        return np.asarray(self.cells != None, dtype=bool)  # noqa: E711 - cell by cell


@frozen(eq=False)
class Source:
    """A file that was opened."""

    name: str
    kind: str
    encoding: str | None
    grids: tuple[Grid, ...]
    problems: tuple[Problem, ...] = ()


def column_letter(column: int) -> str:
    """Return the spreadsheet letters of a column counted from 0."""
    out = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        out = chr(65 + rest) + out
    return out


def cell_name(row: int, column: int) -> str:
    """Return the spreadsheet name of a cell."""
    return f"{column_letter(column)}{row + 1}"


def clean_rows(rows: Sequence[list[Any]]) -> dict[tuple[int, int], str]:
    """Remove invisible characters from the cells; return the original text of those that changed."""
    out: dict[tuple[int, int], str] = {}
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if type(value) is str and INVISIBLE.search(value):
                row[c] = drop_invisible(value).strip() or None
                out[r, c] = value
    return out


def cell_array(rows: Sequence[Sequence[Any]], width: int) -> NDArray[np.object_]:
    """Return rows of cells as an array."""
    out = np.empty((len(rows), width), dtype=object)
    if rows and width:
        out[:] = rows
    return out


@define
class Extent:
    """How far the filled cells of a sheet reach; measured before a library makes room for them."""

    cells: int = 0
    #: The cell in the last row and the cell in the last column.
    bottom: tuple[int, int] = (-1, -1)
    right: tuple[int, int] = (-1, -1)

    def add(self, row: int, column: int, cells: int = 1) -> None:
        """Count a cell."""
        self.cells += cells
        if row > self.bottom[0]:
            self.bottom = (row, column)
        if column > self.right[1]:
            self.right = (row, column)

    @property
    def area(self) -> int:
        """The cells up to the last row and column, filled or not."""
        return (self.bottom[0] + 1) * (self.right[1] + 1)

    def far_cells(self) -> list[str]:
        """Return the names of the cells that make the sheet large."""
        tall, wide = self.bottom[0] > 5_000, self.right[1] > 200
        chosen = [self.bottom] * (tall or not wide) + [self.right] * (wide or not tall)
        return list(dict.fromkeys(cell_name(*c) for c in chosen))


def check_extents(name: str, packed: int, sheets: Sequence[tuple[str, Extent]]) -> int:
    """Raise an error if cells lie far from the others; return how many cells the sheets take."""
    area = sum(e.area for _, e in sheets)
    cells = sum(e.cells for _, e in sheets)
    if area > FREE_CELLS + min(CELLS_PER_FILLED * cells, CELLS_PER_BYTE * packed):
        raise far_away(name, *max(sheets, key=lambda s: s[1].area))
    for sheet, extent in sheets:
        columns = extent.right[1] + 1
        if columns > MAX_COLUMNS:
            more = {"columns": columns, "limit": MAX_COLUMNS, "cell": cell_name(*extent.right)}
            raise InputError(message("reading.wide_sheet", path=name, sheet=Quoted(sheet), **more))
        check_size(name, sheet, extent.bottom[0] + 1, columns)
    return area


def far_away(name: str, sheet: str, extent: Extent) -> InputError:
    """Return the error for cells that lie far from the others."""
    far = {"cells": listed(extent.far_cells(), "and"), "n": extent.cells}
    return InputError(message("reading.far_cells", path=name, sheet=Quoted(sheet), **far))


def check_text(name: str, packed: int, text: int) -> None:
    """Raise an error if the cells repeat far more text than the file can mean."""
    if text > FREE_TEXT + TEXT_PER_BYTE * packed:
        raise InputError(message("reading.much_text", path=name, size=text / 1e6))


def check_size(name: str, sheet: str, rows: int, columns: int) -> None:
    """Raise an error if a sheet is too large."""
    if columns > MAX_COLUMNS:
        raise InputError(
            message("reading.many_columns", path=name, sheet=Quoted(sheet), columns=columns, limit=MAX_COLUMNS)
        )
    if rows > MAX_ROWS or rows * columns > MAX_CELLS:
        raise InputError(message("reading.many_cells", path=name, sheet=Quoted(sheet), rows=rows, columns=columns))
