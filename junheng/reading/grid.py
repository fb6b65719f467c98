"""Sheets as grids of cells, and the size limits (private)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from junheng._text import INVISIBLE, drop_invisible
from junheng.errors import InputError, Problem
from junheng.words import Quoted, message

#: Size limits; the schools of a nation are 220 000 rows.
MAX_ROWS = 2_000_000
MAX_COLUMNS = 2_000
MAX_CELLS = 60_000_000
MAX_UNPACKED = 2_000_000_000


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


def check_size(name: str, sheet: str, rows: int, columns: int) -> None:
    """Raise an error if a sheet is too large."""
    if columns > MAX_COLUMNS:
        raise InputError(
            message("reading.many_columns", path=name, sheet=Quoted(sheet), columns=columns, limit=MAX_COLUMNS)
        )
    if rows > MAX_ROWS or rows * columns > MAX_CELLS:
        raise InputError(message("reading.many_cells", path=name, sheet=Quoted(sheet), rows=rows, columns=columns))
