"""Old workbooks (.xls): measure what is in them before a library opens them (private)."""

from __future__ import annotations

import io
import struct
from collections import Counter
from collections.abc import Callable, Iterator

from attrs import define, field

from junheng.errors import InputError
from junheng.reading.archives import damaged
from junheng.reading.compound_files import read_compound, write_compound
from junheng.reading.grid import Extent, Source, Wanted, cell_name, check_extents, check_text
from junheng.reading.input_file import InputFile
from junheng.reading.workbooks import Measured, open_workbook
from junheng.words import Quoted, message

#: BIFF records that hold one cell, those that hold several, and some others.
_CELLS = frozenset((0x0006, 0x00D6, 0x00FD, 0x0203, 0x0204, 0x0205, 0x027E))
_SEVERAL, _SHARED, _FORMULA = 0x00BD, 0x00FD, 0x0006
_PASSWORD, _SHEET, _STRINGS, _MORE, _DIMENSIONS, _STOP = 0x002F, 0x0085, 0x00FC, 0x003C, 0x0200, 0x000A
#: The size of a sheet of the format before Excel 2007.
_ROWS, _COLUMNS = 65_536, 256


def open_ole(file: InputFile, progress: Callable[[int], None], wanted: Wanted) -> Source:
    """Open a workbook in the format before Excel 2007 after checking that it is safe."""
    try:
        whole = read_compound(file.data)
        if "EncryptedPackage" in whole.streams:
            raise InputError(message("reading.password", path=file.name))
        name = next((n for n in ("Workbook", "Book", "WORKBOOK", "BOOK") if n in whole.streams), None)
        if name is None:
            raise InputError(message("reading.ole_without_workbook", path=file.name))
        stream = whole.read(name)
        area = _measure(file, stream)
        content = io.BytesIO(write_compound("Workbook", stream))
    except InputError:
        raise
    except (struct.error, IndexError, ValueError):
        raise damaged(file) from None
    return open_workbook(file, "xls", content, Measured(area=area), progress, wanted)


@define
class _Globals:
    """What is said of the whole workbook before its sheets."""

    starts: list[int] = field(factory=list)
    names: list[str] = field(factory=list)
    #: The texts that cells share: the bytes of their records.
    strings: list[bytes] = field(factory=list)


def _measure(file: InputFile, stream: bytes) -> int:
    """Refuse what would fill the memory; return the number of cells, filled or not."""
    known = _read_globals(file, stream)
    if len(set(known.starts)) < len(known.starts) or len(known.strings) > 1_000 + len(stream) // 1_000:
        raise damaged(file)
    sheets: list[tuple[str, Extent]] = []
    uses: Counter[int] = Counter()
    looked = 0
    for start, name in zip(known.starts, known.names, strict=True):
        values, formulas = Extent(), Extent()
        for kind, at, length in _records(stream, start):
            looked += 4 + length
            if kind in _CELLS or kind == _SEVERAL:
                _add_cell(file, stream, kind, at, length, values, formulas, uses)
            elif kind == _DIMENSIONS:
                _check_dimensions(file, stream, at, length)
        if looked > len(stream):
            # sheets that overlap would be read again and again
            raise damaged(file)
        sheets.append((name, values))
        # the library makes room for the formulas as well
        sheets.append((name, formulas))
        if values.cells > values.area:
            raise InputError(message("reading.twice", path=file.name, sheet=Quoted(name)))
    area = check_extents(file.name, len(file.data), sheets)
    if sum(map(len, known.strings)) * sum(uses.values()) > 10_000_000:
        lengths = _lengths(known.strings)
        text = sum(n * (lengths[i] if i < len(lengths) else 0) for i, n in uses.items())
        check_text(file.name, len(file.data), 3 * text)
    return area


def _records(stream: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Yield kind, position and length of the records up to the end of a part of the workbook."""
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, at + 4, length
        if kind == _STOP:
            return
        at += 4 + length


def _read_globals(file: InputFile, stream: bytes) -> _Globals:
    known = _Globals()
    last = 0
    for kind, at, length in _records(stream, 0):
        if kind == _PASSWORD:
            raise InputError(message("reading.password", path=file.name))
        if kind == _SHEET:
            known.starts.append(struct.unpack_from("<I", stream, at)[0])
            known.names.append(_sheet_name(stream[at + 6 : at + length]))
        if kind == _STRINGS:
            known.strings = [stream[at + 8 : at + length]]
        elif kind == _MORE and last == _STRINGS and known.strings:
            known.strings.append(stream[at : at + length])
        last = last if kind == _MORE else kind
    return known


def _sheet_name(raw: bytes) -> str:
    length, wide, text = raw[0], raw[1] & 1, raw[2:]
    if raw[1] > 1:
        # before Excel 97 the text follows its length at once
        return raw[1 : 1 + length].decode("gb18030", "replace")
    return text[: length << wide].decode("utf-16-le" if wide else "latin-1", "replace")


def _add_cell(
    file: InputFile,
    stream: bytes,
    kind: int,
    at: int,
    length: int,
    values: Extent,
    formulas: Extent,
    uses: Counter[int],
) -> None:
    if length < 6:
        raise damaged(file)
    row, column = struct.unpack_from("<HH", stream, at)
    cells = (length - 6) // 6 if kind == _SEVERAL else 1
    if column + cells > _COLUMNS:
        cell = Quoted(cell_name(row, column + cells - 1))
        raise InputError(message("reading.no_such_cell", path=file.name, sheet=Quoted("Workbook"), cell=cell))
    values.add(row, column + cells - 1, cells)
    if kind == _FORMULA:
        formulas.add(row, column)
    elif kind == _SHARED and length >= 10:
        uses[struct.unpack_from("<I", stream, at + 6)[0]] += 1


def _check_dimensions(file: InputFile, stream: bytes, at: int, length: int) -> None:
    """Refuse a declared extent that no sheet has; the library makes room for it."""
    if length not in (10, 14):
        return
    first, last, left, right = struct.unpack_from("<HHHH" if length == 10 else "<IIHH", stream, at)
    left = 0 if left > 0xFF or right < left else left
    if last > _ROWS or right > _COLUMNS or (last and right and (first >= last or left >= right)):
        raise damaged(file)


# ------------------------------------------------------------------------------------- texts that cells share


def _lengths(records: list[bytes]) -> list[int]:
    """Return the number of characters of each shared text; one may run on into the next record."""
    out: list[int] = []
    n, at = 0, 0
    while True:
        while n < len(records) and at >= len(records[n]):
            n, at = n + 1, 0
        if n >= len(records) or at + 3 > len(records[n]):
            return out
        data = records[n]
        characters, flags = struct.unpack_from("<HB", data, at)
        at += 3
        runs = rest = 0
        if flags & 8:
            runs = struct.unpack_from("<H", data, at)[0]
            at += 2
        if flags & 4:
            rest = struct.unpack_from("<I", data, at)[0]
            at += 4
        out.append(characters)
        n, at = _after_text(records, n, at, characters, flags & 1)
        skip = 4 * runs + rest
        while n < len(records) and skip > len(records[n]) - at:
            skip -= len(records[n]) - at
            n, at = n + 1, 0
        at += skip


def _after_text(records: list[bytes], n: int, at: int, left: int, wide: int) -> tuple[int, int]:
    """Return record and position after so many characters; each further record says anew how wide they are."""
    while n < len(records):
        room = (len(records[n]) - at) >> wide
        if left <= room:
            return n, at + (left << wide)
        left -= room
        n, at = n + 1, 1
        wide = records[n][0] & 1 if n < len(records) and records[n] else 0
    return n, at
