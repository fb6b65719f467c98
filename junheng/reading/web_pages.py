"""The tables of a web page as grids (private)."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from junheng.reading.grid import MAX_CELLS, MAX_COLUMNS, Grid, Merge, cell_array, check_size, clean_rows
from junheng.reading.input_file import InputFile


class _Tables(HTMLParser):
    """Collect the tables of a page as rows of (text, row span, column span)."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[tuple[str, int, int]]]] = []
        self._open: list[list[list[tuple[str, int, int]]]] = []
        self._cell: list[str] | None = None
        self._span = (1, 1)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._close_cell()
            self._open.append([])
            self.tables.append(self._open[-1])
        elif tag == "tr" and self._open:
            self._close_cell()
            self._open[-1].append([])
        elif tag in ("td", "th") and self._open:
            self._close_cell()
            if not self._open[-1]:
                self._open[-1].append([])
            spans = dict(attrs)
            self._span = (_span(spans.get("rowspan")), _span(spans.get("colspan")))
            self._cell = []
        elif tag == "br" and self._cell is not None:
            self._cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._close_cell()
        if tag == "table" and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _close_cell(self) -> None:
        if self._cell is not None and self._open and self._open[-1]:
            self._open[-1][-1].append((" ".join("".join(self._cell).split()), *self._span))
        self._cell = None


def _span(text: str | None) -> int:
    return min(max(int(text), 1), MAX_COLUMNS) if text and text.isascii() and text.isdigit() else 1


def grids_of_page(file: InputFile, text: str) -> tuple[Grid, ...]:
    """Return each table of a page as a sheet."""
    parser = _Tables()
    parser.feed(text)
    grids = []
    for n, table in enumerate(parser.tables):
        cells: dict[tuple[int, int], str | None] = {}
        merges: list[Merge] = []
        for r, row in enumerate(table):
            c = 0
            for content, down, across in row:
                while (r, c) in cells:
                    c += 1
                down = min(down, len(table) - r)
                if c + across > MAX_COLUMNS or len(cells) + down * across > MAX_CELLS // 10:
                    check_size(file.name, f"table {n + 1}", len(table), MAX_COLUMNS + 1)
                for i in range(down):
                    for j in range(across):
                        cells[r + i, c + j] = None
                cells[r, c] = content or None
                if down > 1 or across > 1:
                    merges.append((r, c, r + down - 1, c + across - 1))
                c += across
        width = 1 + max((c for _, c in cells), default=-1)
        filled: list[list[Any]] = [[None] * width for _ in table]
        for (r, c), value in cells.items():
            filled[r][c] = value
        cleaned = clean_rows(filled)
        grids.append(
            Grid(name=f"table {n + 1}", cells=cell_array(filled, width), merges=tuple(merges), cleaned=cleaned)
        )
    return tuple(grids)
