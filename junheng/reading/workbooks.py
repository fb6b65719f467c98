"""Workbooks as grids, read by a library that runs no macros (private)."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import evolve, field, frozen

from junheng._extras import load
from junheng._text import INVISIBLE, characters
from junheng.errors import InputError
from junheng.reading.archives import Archive, open_archive
from junheng.reading.grid import (
    Grid,
    Lost,
    Merge,
    Source,
    Wanted,
    cell_array,
    cell_name,
    check_size,
    clean_rows,
)
from junheng.reading.input_file import InputFile
from junheng.reading.ods_content import measure_ods
from junheng.reading.xlsx_parts import measure_parts
from junheng.words import Quoted, message


def _calamine(file: InputFile) -> Any:
    return load("python_calamine", message("reading.no_excel", path=file.name))


def open_zip(file: InputFile, progress: Callable[[int], None], wanted: Wanted) -> Source:
    """Open a zip-based workbook after checking that it is safe."""
    archive = open_archive(file)
    kind = _kind(archive)
    if kind == "ods":
        merges, area = measure_ods(archive)
        found = Measured(area=area, merges=merges)
    else:
        lost, area = measure_parts(archive)
        found = Measured(area=area, lost=lost)
    progress(25)
    return open_workbook(file, kind, archive.repacked(), found, progress, wanted)


def _kind(archive: Archive) -> str:
    """Return the kind of a workbook; refuse a zip file that is none."""
    names = {n.lower() for n in archive.names}
    if "content.xml" in names and "mimetype" in names:
        if b"spreadsheet" in archive.read("mimetype"):
            return "ods"
        raise InputError(message("reading.other_document", path=archive.file.name))
    if any(n.endswith("workbook.xml") for n in names):
        return "xlsx"
    if any(n.endswith("workbook.bin") for n in names):
        raise InputError(message("reading.xlsb", path=archive.file.name))
    if any(n.startswith(("word/", "ppt/")) for n in names):
        raise InputError(message("reading.other_document", path=archive.file.name))
    inside = [n for n in archive.names if n.lower().endswith((".xlsx", ".xlsm", ".xls", ".ods", ".et", ".csv"))]
    if inside:
        raise InputError(message("reading.zip_with_workbook", path=archive.file.name, file=Quoted(inside[0][-80:])))
    raise InputError(message("reading.zip_without_workbook", path=archive.file.name))


@frozen(eq=False)
class Measured:
    """What is known of a workbook before a library opens it."""

    #: The cells of all sheets, filled or not.
    area: int
    #: Cells that will be read as empty although they are not, by sheet.
    lost: Mapping[str, Sequence[Lost]] = field(factory=dict)
    #: Merged cells by sheet; None if the library tells them.
    merges: Mapping[str, Sequence[Merge]] | None = None


#: No return has more sheets than this.
MAX_SHEETS = 1_000


def open_workbook(
    file: InputFile,
    kind: str,
    content: io.BytesIO,
    found: Measured,
    progress: Callable[[int], None],
    wanted: Wanted,
) -> Source:
    """Read the requested sheets of a workbook that was measured; ``content`` is what the library reads."""
    library = _calamine(file)
    try:
        with library.CalamineWorkbook.from_filelike(content) as book:
            # the library has its own copy
            content.close()
            grids = _grids(file, book, library, found, progress, wanted)
    except InputError:
        raise
    except library.PasswordError:
        raise InputError(message("reading.password", path=file.name)) from None
    except BaseException as exc:
        # the library panics where it was not careful; that is not an Exception
        if not isinstance(exc, Exception) and type(exc).__name__ != "PanicException":
            raise
        if "password" in str(exc).lower() or "encrypt" in str(exc).lower():
            raise InputError(message("reading.password", path=file.name)) from None
        error = " ".join(str(exc).split())[:120]
        raise InputError(message("reading.not_read", path=file.name, error=error)) from None
    if not grids:
        raise InputError(message("reading.no_cells", path=file.name))
    return Source(name=file.name, kind=kind, encoding=None, grids=tuple(grids))


def _grids(
    file: InputFile, book: Any, library: Any, found: Measured, progress: Callable[[int], None], wanted: Wanted
) -> list[Grid]:
    # charts and macro sheets contain no table
    sheets = [m for m in book.sheets_metadata if m.typ == library.SheetTypeEnum.WorkSheet]
    if len(sheets) > MAX_SHEETS:
        raise InputError(message("reading.many_sheets", path=file.name, sheets=len(sheets), limit=MAX_SHEETS))
    grids, area = [], 0
    for i, meta in enumerate(sheets):
        hidden = meta.visible != library.SheetVisibleEnum.Visible
        grid = Grid(name=meta.name, cells=cell_array([], 0), hidden=hidden, lost=tuple(found.lost.get(meta.name, ())))
        if wanted(grid.name, i, grid.hidden):
            sheet = book.get_sheet_by_name(grid.name)
            area += sheet.height * sheet.width
            if area > found.area:
                # several sheets were one part of the file, which was measured once
                raise InputError(message("reading.repeated_sheets", path=file.name))
            check_size(file.name, grid.name, sheet.total_height, sheet.total_width)
            ranges = sheet.merged_cell_ranges if found.merges is None else _pairs(found.merges.get(meta.name, ()))
            rows = sheet.to_python(skip_empty_area=False)
            # the library's own cells are as large as ours
            del sheet
            grid = _filled(file, grid, rows, ranges)
            del rows
        grids.append(grid)
        progress(25 + 45 * (i + 1) // max(len(sheets), 1))
    return grids


def _pairs(merges: Sequence[Merge]) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    return [((a, b), (c, d)) for a, b, c, d in merges]


def _filled(file: InputFile, grid: Grid, rows: list[list[Any]], merges: Any) -> Grid:
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
        _refuse_overlapping(file, grid.name, ranges, (len(rows), width))
    return evolve(grid, cells=cell_array(rows, width), merges=ranges, cleaned=cleaned)


def _refuse_overlapping(file: InputFile, sheet: str, merges: Sequence[Merge], shape: tuple[int, int]) -> None:
    """Refuse merged ranges that share a cell: it is unclear whose value it has."""
    if len(merges) < 2:
        return
    taken = np.zeros(shape, dtype=bool)
    for top, left, bottom, right in merges:
        place = taken[top : bottom + 1, left : right + 1]
        if place.any():
            ranges = f"{cell_name(top, left)}:{cell_name(bottom, right)}"
            raise InputError(message("reading.merges_overlap", path=file.name, sheet=Quoted(sheet), range=ranges))
        place[:] = True
