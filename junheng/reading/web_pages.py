"""The tables of a web page as grids, in a time that grows with the page and no faster (private)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from attrs import define, field, frozen

from junheng.errors import InputError
from junheng.reading.grid import (
    MAX_COLUMNS,
    MAX_ROWS,
    Extent,
    Grid,
    Merge,
    cell_array,
    check_extents,
    check_size,
    clean_rows,
)
from junheng.reading.input_file import InputFile
from junheng.words import message

#: No return consists of more tables than this.
_MAX_TABLES = 1_000
_NAME = re.compile(r"/?[A-Za-z][^\s/>]*+")
_ATTRIBUTE = re.compile(r"""[\s/]*+([^\s/>=]++)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s>]*+))?+""")
_BLANKS = re.compile(r"[\s/]*+")
_RAW = {"script", "style"}
#: A character by a number that no character has, or that is written without end.
_NO_CHARACTER = re.compile(r"&#(?:[0-9]{8}|[xX][0-9A-Fa-f]{8})[0-9A-Fa-f]*+;?")


def _tags(page: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield each tag of a page in lower case, its attributes, and the text after it."""
    at = 0
    while at < len(page):
        start = page.find("<", at)
        if start < 0:
            return
        name = _NAME.match(page, start + 1)
        if name is None:
            at = _after_other(page, start)
            yield "", {}, page[at : _next(page, at)]
            continue
        tag = name.group().lower()
        attributes, at = _attributes(page, name.end())
        if tag in _RAW:
            end = re.compile(f"</{tag}", re.IGNORECASE).search(page, at)
            at = end.start() if end else len(page)
        yield tag, attributes, page[at : _next(page, at)]


def _next(page: str, at: int) -> int:
    found = page.find("<", at)
    return found if found >= 0 else len(page)


def _after_other(page: str, start: int) -> int:
    """Return the place after what begins like a tag and is none: a comment, a declaration, a sign."""
    if page.startswith("<!--", start):
        end = page.find("-->", start + 4)
        return end + 3 if end >= 0 else len(page)
    if page[start + 1 : start + 2] in ("!", "?", "/"):
        end = page.find(">", start)
        return end + 1 if end >= 0 else len(page)
    return start + 1


def _attributes(page: str, at: int) -> tuple[dict[str, str], int]:
    """Return the attributes of a tag and the place after it."""
    found: dict[str, str] = {}
    while True:
        match = _ATTRIBUTE.match(page, at)
        if match is None:
            break
        value = match.group(2) or ""
        if value[:1] in ("'", '"') and len(value) > 1:
            value = value[1:-1]
        found.setdefault(match.group(1).lower(), value[:20])
        at = match.end()
    at = _BLANKS.match(page, at).end()  # type: ignore[union-attr]
    if page.startswith("=", at):
        return _attributes_after_sign(page, at, found)
    return found, at + 1 if page.startswith(">", at) else at


def _attributes_after_sign(page: str, at: int, found: dict[str, str]) -> tuple[dict[str, str], int]:
    # a sign without a name: what is left of the tag tells nothing
    end = page.find(">", at)
    return found, end + 1 if end >= 0 else len(page)


@frozen
class _Cell:
    text: str
    down: int
    across: int


@define
class _Table:
    rows: list[list[_Cell]] = field(factory=list)


def _tables(file: InputFile, page: str) -> list[_Table]:
    """Return the tables of a page, each as rows of cells."""
    tables: list[_Table] = []
    open_tables: list[_Table] = []
    text: list[str] | None = None
    spans = (1, 1)

    def close_cell() -> None:
        nonlocal text
        if text is not None and open_tables and open_tables[-1].rows:
            said = _NO_CHARACTER.sub("\ufffd", "".join(text))
            open_tables[-1].rows[-1].append(_Cell(" ".join(html.unescape(said).split()), *spans))
        text = None

    for tag, attributes, after in _tags(page):
        if tag in ("table", "tr", "td", "th", "/td", "/th", "/tr", "/table"):
            close_cell()
        if tag == "table":
            open_tables.append(_Table())
            tables.append(open_tables[-1])
            if len(tables) > _MAX_TABLES:
                raise InputError(message("reading.many_sheets", path=file.name, sheets=len(tables), limit=_MAX_TABLES))
        elif tag == "tr" and open_tables:
            open_tables[-1].rows.append([])
        elif tag in ("td", "th") and open_tables:
            if not open_tables[-1].rows:
                open_tables[-1].rows.append([])
            spans = (_span(attributes.get("rowspan"), MAX_ROWS), _span(attributes.get("colspan"), MAX_COLUMNS + 1))
            text = []
        elif tag == "/table" and open_tables:
            open_tables.pop()
        if text is not None:
            text.append("\n" + after if tag == "br" else after)
    close_cell()
    return tables


def _span(text: str | None, most: int) -> int:
    return min(max(int(text), 1), most) if text and text.isascii() and text.isdigit() else 1


def grids_of_page(file: InputFile, text: str) -> tuple[Grid, ...]:
    """Return each table of a page as a sheet."""
    tables = _tables(file, text)
    placed = [_placed(file, f"table {n}", t) for n, t in enumerate(tables, start=1)]
    check_extents(file.name, len(file.data), [(p.name, p.extent) for p in placed])
    return tuple(_grid(p) for p in placed)


@define
class _Placed:
    """The cells of a table where they stand."""

    name: str
    cells: dict[tuple[int, int], str] = field(factory=dict)
    merges: list[Merge] = field(factory=list)
    extent: Extent = field(factory=Extent)


def _placed(file: InputFile, name: str, table: _Table) -> _Placed:
    """Find the column of each cell: beside the cells before it and those that reach down from above."""
    rows = table.rows
    while rows and not any(c.text for c in rows[-1]):
        rows.pop()
    out = _Placed(name)
    #: How far the cells reach, empty ones too: the work grows with the area.
    reach = Extent()
    #: First column, column after the last, and row after the last of the cells that reach into the next row.
    above: list[tuple[int, int, int]] = []
    for r, row in enumerate(rows):
        above = [a for a in above if a[2] > r]
        waiting, new, column = iter([*above, None]), [], 0
        beside = next(waiting)
        for cell in row:
            while beside is not None and beside[0] <= column:
                column, beside = max(column, beside[1]), next(waiting)
            if column >= MAX_COLUMNS:
                check_size(file.name, name, len(rows), column + 1)
            down, across = min(cell.down, len(rows) - r), cell.across
            # a cell is no wider than the room beside one that reaches down
            across = min(across, beside[0] - column) if beside is not None else across
            _place(out, r, column, down, across, cell.text)
            if down > 1:
                new.append((column, column + across, r + down))
            column += across
            reach.add(r, column - 1, bool(cell.text))
        above = sorted([*above, *new])
        reach.add(r, max((a[1] for a in above), default=1) - 1, 0)
        check_extents(file.name, len(file.data), [(name, reach)])
    return out


def _place(out: _Placed, row: int, column: int, down: int, across: int, text: str) -> None:
    if down > 1 or across > 1:
        out.merges.append((row, column, row + down - 1, column + across - 1))
    if text:
        out.cells[row, column] = text
        out.extent.add(row, column)


def _grid(placed: _Placed) -> Grid:
    height, width = placed.extent.bottom[0] + 1, placed.extent.right[1] + 1
    rows: list[list[Any]] = [[None] * width for _ in range(height)]
    for (r, c), value in placed.cells.items():
        rows[r][c] = value
    inside = [m for m in placed.merges if m[0] < height and m[1] < width]
    merges = tuple((a, b, min(c, height - 1), min(d, width - 1)) for a, b, c, d in inside)
    cleaned = clean_rows(rows)
    return Grid(name=placed.name, cells=cell_array(rows, width), merges=merges, cleaned=cleaned)
