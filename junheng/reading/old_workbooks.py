"""Old workbooks (.xls): measure their extent before a library opens them (private)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

from junheng.errors import InputError
from junheng.reading.grid import MAX_COLUMNS, Source, Wanted, check_size
from junheng.reading.input_file import InputFile
from junheng.reading.workbooks import open_workbook
from junheng.words import message


def open_ole(file: InputFile, progress: Callable[[int], None], wanted: Wanted) -> Source:
    """Open a workbook in the format before Excel 2007 after checking that it is safe."""
    data = file.data
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise InputError(message("reading.password", path=file.name))
    if "Workbook".encode("utf-16-le") not in data and "Book".encode("utf-16-le") not in data:
        raise InputError(message("reading.ole_without_workbook", path=file.name))
    try:
        reach = _reach_of_xls(data)
    except (struct.error, IndexError, ValueError):
        raise InputError(message("reading.damaged", path=file.name)) from None
    if reach > _XLS_COLUMNS:
        check_size(file.name, file.stem, 1, MAX_COLUMNS + reach)
    return open_workbook(file, "xls", {}, progress, wanted)


#: An .xls has at most this many columns; a cell beyond indicates a hostile file.
_XLS_COLUMNS = 256
#: BIFF records that hold one cell or several adjacent cells.
_XLS_CELLS = frozenset((0x0006, 0x00BD, 0x00BE, 0x00D6, 0x00FD, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E))
_XLS_SEVERAL = frozenset((0x00BD, 0x00BE))


def _reach_of_xls(data: bytes) -> int:
    """Return the number of columns of an old workbook."""
    stream = _ole_stream(data, ("Workbook", "Book"))
    at = reach = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        if kind in _XLS_CELLS and length >= 4:
            last = at + 2 + length if kind in _XLS_SEVERAL else at + 6
            reach = max(reach, 1 + struct.unpack_from("<H", stream, last)[0])
        at += 4 + length
    return reach


def _ole_stream(data: bytes, names: Sequence[str]) -> bytes:
    """Return a stream of a compound file."""
    shift, mini_shift = struct.unpack_from("<HH", data, 30)
    if not 7 <= shift <= 16 or not 2 <= mini_shift <= shift:
        raise ValueError(shift)
    directory, _, cutoff, mini_fat, _, more, n_more = struct.unpack_from("<IIIIIII", data, 48)

    def sector(i: int) -> bytes:
        piece = data[(i + 1) << shift : (i + 2) << shift]
        if not piece:
            raise ValueError(i)
        return piece

    tables = _numbers(data[76:512])
    for _ in range(min(n_more, len(data) >> shift)):
        block = _numbers(sector(more))
        tables, more = [*tables, *block[:-1]], block[-1]
    fat = [n for t in tables if t < _END for n in _numbers(sector(t))]
    root, (start, length) = _find_stream(_chain(directory, fat, sector), names)
    if length >= cutoff:
        return _chain(start, fat, sector)[:length]
    small = _chain(root, fat, sector)
    table = _numbers(_chain(mini_fat, fat, sector))
    return _chain(start, table, lambda i: small[i << mini_shift : (i + 1) << mini_shift])[:length]


#: Sector numbers from here on end a chain.
_END = 0xFFFFFFF0


def _chain(start: int, table: Sequence[int], sector: Callable[[int], bytes]) -> bytes:
    """Return the sectors of a stream; a circular chain is an error."""
    out = []
    while start < _END:
        out.append(sector(start))
        start = table[start]
        if len(out) > len(table):
            raise ValueError(start)
    return b"".join(out)


def _numbers(raw: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4]))


def _find_stream(entries: bytes, names: Sequence[str]) -> tuple[int, tuple[int, int]]:
    """Return the start of the small sectors, and start and length of the first stream with one of these names."""
    root: int | None = None
    found: tuple[int, int] | None = None
    for at in range(0, len(entries) - 127, 128):
        length = struct.unpack_from("<H", entries, at + 64)[0]
        name = entries[at : at + max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace")
        start, size = struct.unpack_from("<II", entries, at + 116)
        if entries[at + 66] == 5:
            root = start
        elif name in names and found is None:
            found = start, size
    if found is None or root is None:
        raise ValueError(names)
    return root, found
