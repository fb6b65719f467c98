"""Workbooks as grids, read by a library that runs no macros (private)."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from attrs import evolve

from junheng._text import INVISIBLE, characters
from junheng.errors import InputError
from junheng.reading.archives import inspect_zip
from junheng.reading.grid import Grid, Lost, Source, Wanted, cell_array, check_size, clean_rows
from junheng.reading.input_file import InputFile
from junheng.words import message


def _calamine(file: InputFile) -> Any:
    try:
        import python_calamine
    except ImportError:
        raise InputError(message("reading.no_excel", path=file.name)) from None
    return python_calamine


def open_zip(file: InputFile, progress: Callable[[int], None], wanted: Wanted) -> Source:
    """Open a zip-based workbook after checking that it is safe."""
    lost, kind = inspect_zip(file)
    progress(25)
    return open_workbook(file, kind, lost, progress, wanted)


def open_workbook(
    file: InputFile,
    kind: str,
    lost: dict[str, list[Lost]],
    progress: Callable[[int], None],
    wanted: Wanted,
) -> Source:
    """Read the requested sheets; ``lost`` are the cells read as empty, by sheet."""
    library = _calamine(file)
    try:
        with library.CalamineWorkbook.from_filelike(io.BytesIO(file.data)) as book:
            # charts and macro sheets contain no table
            sheets = [m for m in book.sheets_metadata if m.typ == library.SheetTypeEnum.WorkSheet]
            grids = []
            for i, meta in enumerate(sheets):
                grid = Grid(
                    name=meta.name,
                    cells=cell_array([], 0),
                    hidden=meta.visible != library.SheetVisibleEnum.Visible,
                    lost=tuple(lost.get(meta.name, ())),
                )
                if wanted(grid.name, i, grid.hidden):
                    sheet = book.get_sheet_by_name(grid.name)
                    check_size(file.name, grid.name, sheet.total_height, sheet.total_width)
                    merges = sheet.merged_cell_ranges if kind in ("xlsx", "xls") else None
                    grid = _filled(grid, sheet.to_python(skip_empty_area=False), merges)
                grids.append(grid)
                progress(25 + 45 * (i + 1) // max(len(sheets), 1))
    except library.PasswordError:
        raise InputError(message("reading.password", path=file.name)) from None
    except InputError:
        raise
    except Exception as exc:
        if "password" in str(exc).lower() or "encrypt" in str(exc).lower():
            raise InputError(message("reading.password", path=file.name)) from None
        raise InputError(message("reading.not_read", path=file.name, error=str(exc).strip()[:120])) from None
    if not grids:
        raise InputError(message("reading.no_cells", path=file.name))
    return Source(name=file.name, kind=kind, encoding=None, grids=tuple(grids))


def _filled(grid: Grid, rows: list[list[Any]], merges: Any) -> Grid:
    """Return a sheet with its cells; text is stripped of outer blanks and invisible characters."""
    width = len(rows[0]) if rows else 0
    for row in rows:
        row[:] = [(v.strip() or None) if type(v) is str else v for v in row]
    odd = INVISIBLE.search("".join(characters(v for row in rows for v in row)))
    cleaned = clean_rows(rows) if odd else {}
    # merged cells may extend beyond the filled area
    ranges = None
    if merges is not None:
        inside = [(a, b) for a, b in merges if a[0] < len(rows) and a[1] < width]
        ranges = tuple((a[0], a[1], min(b[0], len(rows) - 1), min(b[1], width - 1)) for a, b in inside)
    return evolve(grid, cells=cell_array(rows, width), merges=ranges, cleaned=cleaned)
