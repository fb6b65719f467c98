"""The content of an .ods, measured before a library makes room for what it repeats (private)."""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from attrs import define, field

from junheng.errors import InputError
from junheng.reading.archives import Archive, damaged
from junheng.reading.grid import CELLS_PER_BYTE, FREE_CELLS, Extent, Merge, check_extents, check_text, far_away
from junheng.reading.input_file import InputFile
from junheng.words import Quoted, message

#: What a library makes of more rows or columns is cut off there.
_ROWS, _COLUMNS = 1_048_576, 16_384
#: A library holds a sheet of an .ods several times while it opens it.
_TIMES = 2
_FREE_MERGES = 20_000
_VALUES = ("office:value-type", "office:value", "office:string-value", "office:date-value", "table:formula")
_TEXTS = ("office:string-value", "office:date-value", "office:time-value", "table:formula")


@define
class _Sheet:
    name: str
    extent: Extent = field(factory=Extent)
    merges: list[Merge] = field(factory=list)
    #: The position of the next row and cell, and how often the row that is open is repeated.
    row: int = 0
    rows: int = 1
    column: int = 0


def measure_ods(archive: Archive) -> tuple[dict[str, tuple[Merge, ...]], int]:
    """Refuse what would fill the memory; return the merged cells of each sheet, and the size of all sheets."""
    if b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise InputError(message("reading.password", path=archive.file.name))
    content = _Content(archive.file)
    content.read(archive)
    name, packed = archive.file.name, len(archive.file.data)
    area = check_extents(name, packed // _TIMES, [(s.name, s.extent) for s in content.sheets])
    return {s.name: tuple(s.merges) for s in content.sheets}, area


@define(slots=False)
class _Content:
    """The tables of content.xml, tag by tag."""

    file: InputFile
    sheets: list[_Sheet] = field(factory=list)
    _open: list[_Sheet] = field(factory=list)
    #: The cell that is open: how often it is repeated, and its text so far.
    _times: int = 0
    _length: int = 0
    _text_in_all: int = 0
    #: The cells of all rows, each row counted once: the library keeps them before it looks at repeats.
    _kept: int = 0

    def read(self, archive: Archive) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        members = [m for m in archive.members if m.name == "content.xml"]
        try:
            for member in members:
                for piece in archive.unpacked(member):
                    parser.Parse(piece, False)
                parser.Parse(b"", True)
        except (expat.ExpatError, LookupError):
            raise damaged(self.file) from None

    def _doctype(self, *_: Any) -> None:
        raise InputError(message("reading.entities", path=self.file.name))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "table:table":
            self.sheets.append(_Sheet(attributes.get("table:name", "")))
            self._open.append(self.sheets[-1])
        elif not self._open:
            return
        elif name == "table:table-row":
            sheet = self._open[-1]
            sheet.rows, sheet.column = self._count(attributes, "table:number-rows-repeated"), 0
        elif name in ("table:table-cell", "table:covered-table-cell"):
            self._cell(self._open[-1], attributes)
        elif name == "text:s" and self._times:
            self._length += self._count(attributes, "text:c")

    def _cell(self, sheet: _Sheet, attributes: dict[str, str]) -> None:
        times = self._count(attributes, "table:number-columns-repeated")
        first, sheet.column = sheet.column, sheet.column + times
        self._times = 0
        if not times or not any(v in attributes for v in _VALUES):
            return
        if not sheet.rows:
            # such a row is none, and yet the library keeps its cells
            raise damaged(self.file)
        last = min(sheet.column, _COLUMNS) - 1
        self._kept += last + 1
        rows = min(sheet.rows, _ROWS - min(sheet.row, _ROWS))
        if rows and first <= last:
            sheet.extent.add(sheet.row + rows - 1, last, rows * (last - first + 1))
        self._times = max(rows, 1) * times
        self._length = sum(len(attributes.get(t, "")) for t in _TEXTS)
        self._merge(sheet, first, rows, attributes)
        self._limit(sheet)

    def _merge(self, sheet: _Sheet, first: int, rows: int, attributes: dict[str, str]) -> None:
        down = self._count(attributes, "table:number-rows-spanned")
        across = self._count(attributes, "table:number-columns-spanned")
        if down > 1 or across > 1:
            again = rows if down == 1 else 1
            room = _FREE_MERGES + sheet.extent.cells - len(sheet.merges)
            if again > room:
                raise InputError(message("reading.many_merges", path=self.file.name, sheet=Quoted(sheet.name)))
            sheet.merges += [(r, first, r + down - 1, first + across - 1) for r in range(sheet.row, sheet.row + again)]

    def _limit(self, sheet: _Sheet) -> None:
        # a sheet that is too large is refused while it is read, before its repeats add up
        if self._kept > FREE_CELLS + CELLS_PER_BYTE * len(self.file.data):
            raise far_away(self.file.name, sheet.name, sheet.extent)
        check_extents(self.file.name, len(self.file.data) // _TIMES, [(sheet.name, sheet.extent)])

    def _text(self, text: str) -> None:
        if self._times:
            self._length += len(text)

    def _end(self, name: str) -> None:
        if not self._open:
            return
        sheet = self._open[-1]
        if name in ("table:table-cell", "table:covered-table-cell"):
            self._text_in_all += self._times * self._length * 3
            self._times = 0
            check_text(self.file.name, len(self.file.data), self._text_in_all)
        elif name == "table:table-row":
            sheet.row += sheet.rows
        elif name == "table:table":
            self._open.pop()

    def _count(self, attributes: dict[str, str], name: str) -> int:
        text = attributes.get(name, "1").strip()
        if not text.isascii() or not text.isdigit() or len(text) > 10:
            raise damaged(self.file)
        return int(text)
