"""The parts of an .xlsx, measured before a library makes room for what they declare (private).

A part is looked at twice as fast as it is unpacked if it is written plainly: every attribute in double quotes, nothing
but cells with their reference first. Any other part is read by an XML parser, tag by tag.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from junheng.errors import InputError
from junheng.reading.archives import Archive, Member
from junheng.reading.careful_parts import COLUMNS, LONGEST_TEXT, ROWS, CarefulPart, Part, column_number, sheet_titles
from junheng.reading.grid import FREE_CELLS, Extent, Lost, check_extents, check_text
from junheng.reading.input_file import InputFile
from junheng.words import Quoted, message

#: No number format of Excel is longer than 255 characters.
_LONG_FORMAT = re.compile(rb"""formatCode\s*+=\s*+(?:"[^"]{4000}|'[^']{4000})""")
_UNIQUE = re.compile(rb"""uniqueCount\s*+=\s*+["']\s*+\+?([0-9]++)""")
#: The length of ``></si>``, what is left of a string without text.
_NO_STRING = 6
#: Beside one merged range per cell, as many as this may be of empty cells.
_FREE_MERGES = 20_000


def measure_parts(archive: Archive) -> tuple[dict[str, list[Lost]], int]:
    """Refuse what would fill the memory; return cells that will be read as empty, and the size of all sheets."""
    titles = sheet_titles(archive)
    strings: list[int] = []
    parts = []
    for member in archive.members:
        part = Part(titles.get(member.name.lower(), member.name))
        shared = strings if member.name.lower().endswith("sharedstrings.xml") else None
        _measure(archive, member, part, shared)
        parts.append((member, part))
    sheets = [(p.title, p.extent) for _, p in parts if p.extent.cells]
    area = check_extents(archive.file.name, len(archive.file.data), sheets)
    for _, part in parts:
        if part.extent.cells > part.extent.area:
            raise InputError(message("reading.twice", path=archive.file.name, sheet=Quoted(part.title)))
        if part.merges > _FREE_MERGES + part.extent.cells:
            raise InputError(message("reading.many_merges", path=archive.file.name, sheet=Quoted(part.title)))
    _check_strings(archive, parts, strings)
    return {p.title: p.lost for _, p in parts if p.lost}, area


def _check_strings(archive: Archive, parts: list[tuple[Member, Part]], strings: list[int]) -> None:
    """Refuse cells that repeat long shared strings until the memory is full."""
    name, packed, longest = archive.file.name, len(archive.file.data), max(strings, default=0)
    try:
        check_text(name, packed, longest * sum(p.extent.cells for _, p in parts))
    except InputError:
        used: Counter[int] = Counter()
        for member, part in parts:
            if part.extent.cells:
                careful = CarefulPart(archive.file, Part(part.title))
                careful.read(archive.unpacked(member))
                used.update(careful.part.uses)
        # the library does not count a string without text, so the others move up
        sure = min(strings) > _NO_STRING
        check_text(
            name, packed, sum(n * (strings[i] if sure and i < len(strings) else longest) for i, n in used.items())
        )


def _measure(archive: Archive, member: Member, part: Part, shared: list[int] | None) -> None:
    try:
        declares = member.name.lower().endswith(("sharedstrings.xml", "styles.xml"))
        for piece in _whole_tags(archive, member):
            if declares:
                _check_declared(archive.file, member, piece)
            _look(piece, part)
            if shared is not None:
                rest, *more = map(len, piece.split(b"<si"))
                shared[-1:] = [shared[-1] + rest] if shared else []
                shared += more
    except _NotPlainError:
        careful = CarefulPart(archive.file, Part(part.title))
        careful.read(archive.unpacked(member))
        part.extent, part.lost, part.merges = careful.part.extent, careful.part.lost, careful.part.merges
        if shared is not None:
            shared[:] = careful.strings


def _check_declared(file: InputFile, member: Member, piece: bytes) -> None:
    for count in _UNIQUE.findall(piece) if b"uniqueCount" in piece else ():
        if len(count) > 12 or int(count) > FREE_CELLS + member.size:
            raise InputError(message("reading.declared", path=file.name))
    if b"formatCode" in piece and _LONG_FORMAT.search(piece):
        raise InputError(message("reading.long_format", path=file.name))


def _whole_tags(archive: Archive, member: Member) -> Iterator[bytes]:
    """Unpack a part in pieces that end with a cell or a string, or at least with a tag."""
    tail = b""
    for unpacked in archive.unpacked(member):
        text = tail + unpacked
        recent = max(len(text) - 100_000, 0)
        cut = max(text.rfind(b"</c>", recent) + 4, text.rfind(b"</si>", recent) + 5)
        if cut <= 5:
            cut = text.rfind(b">") + 1
        piece, tail = text[:cut], text[cut:]
        if len(tail) > 20_000_000:
            raise InputError(message("reading.huge_cell", path=archive.file.name))
        if piece:
            yield piece
    if tail.strip():
        yield tail


# ------------------------------------------------------------------------------------- parts written plainly


class _NotPlainError(Exception):
    """The part has to be read tag by tag."""


#: What follows the bracket of a comment, a declaration or an instruction.
_DECLARATIONS = frozenset(b"!?")
_ALL_BUT_MARKS = bytes(set(range(256)) - set(b"<>\"'"))
_TEXT = re.compile(rb">[^<]++<")
#: A cell with a formula or an error, whole; blanks are looked at once.
_LOST = re.compile(
    rb"<c\b([^<>]*+)>\s*+(?:<f\b[^<>]*+(?:(?<=/)>|>[^<]*+</f>))?+\s*+"
    rb"(?:<v\s*+/>|<v>([^<]*+)</v>)?+\s*+(?:<is\s*+/>)?+\s*+</c>"
)
_PLACE = re.compile(rb' r="([A-Z]{1,3})([0-9]{1,7})"')


def _look(piece: bytes, part: Part) -> None:
    """Measure the cells of a piece, or raise an error if it is not written plainly."""
    if piece.startswith((b"<?xml", b"\xef\xbb\xbf<?xml")) and b"?>" in piece[:200]:
        piece = piece[piece.index(b"?>") + 2 :]
    if b":" in piece and b":c" in piece:
        raise _NotPlainError
    plain = piece
    if not _alternating(piece):
        # marks in a text mean nothing; what is left of a tag shows whether an attribute holds one
        plain = _TEXT.sub(b"><", piece)
        if not _alternating(plain) or _longest(np.frombuffer(piece, dtype=np.uint8)) > LONGEST_TEXT:
            raise _NotPlainError
    signs = np.frombuffer(plain + bytes(24), dtype=np.uint8)
    opens = np.flatnonzero(signs == ord("<"))
    first = signs[opens + 1]
    kinds = frozenset(np.flatnonzero(np.bincount(first, minlength=256)).tolist())
    if kinds & _DECLARATIONS or (opens.size and int(np.diff(opens, append=len(plain)).max()) > LONGEST_TEXT):
        raise _NotPlainError
    _count_cells(signs, opens, first, part.extent)
    if ord("m") in kinds:
        part.merges += piece.count(b"mergeCell ")
    if ord("f") in kinds or b't="e"' in piece:
        part.lost += _lost_cells(piece)


def _longest(signs: NDArray[np.uint8]) -> int:
    """Return the length of the longest tag with the text after it."""
    return int(np.diff(np.flatnonzero(signs == ord("<")), append=signs.size).max(initial=0))


def _alternating(piece: bytes) -> bool:
    """Tell whether every ``<`` has its ``>`` and every attribute in between two double quotes without such marks."""
    marks = piece.translate(None, delete=_ALL_BUT_MARKS).replace(b'""', b"")
    return marks == b"<>" * (len(marks) // 2)


def _count_cells(signs: NDArray[np.uint8], opens: NDArray[np.intp], first: NDArray[np.uint8], extent: Extent) -> None:
    chosen = np.flatnonzero(first == ord("c"))
    after = signs[opens[chosen] + 2]
    # c, and then no further letter of a name
    chosen = chosen[(after <= ord("/")) | (after == ord(">"))]
    if not chosen.size:
        return
    at = opens[chosen]
    for offset, sign in enumerate(b' r="', start=2):
        if (signs[at + offset] != sign).any():
            raise _NotPlainError
    # the library takes the last of two references, which may be a cell of a column and a row without end
    if _references(signs, opens, chosen) != chosen.size:
        raise _NotPlainError
    # a cell that closes at once is formatted, not filled
    following = np.append(first, ord("v")).astype(np.uint8)[chosen + 1]
    at = at[(following != ord("/")) & (following != ord("c"))] + 6
    if not at.size:
        return
    rows, columns = _positions(signs, at)
    low, right = int(rows.argmax()), int(columns.argmax())
    extent.add(int(rows[low]), int(columns[low]), at.size)
    extent.add(int(rows[right]), int(columns[right]), 0)


def _references(signs: NDArray[np.uint8], opens: NDArray[np.intp], cells: NDArray[np.intp]) -> int:
    """Count the attributes ``r`` in the tags of cells."""
    named = np.flatnonzero(signs[1:-1] == ord("r")) + 1
    before, after = signs[named - 1], signs[named + 1]
    named = named[((before <= ord(" ")) | (before == ord('"'))) & ((after <= ord(" ")) | (after == ord("=")))]
    is_cell = np.zeros(opens.size, dtype=bool)
    is_cell[cells] = True
    return int(is_cell[np.searchsorted(opens, named, side="right") - 1].sum())


def _positions(signs: NDArray[np.uint8], at: NDArray[np.intp]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return row and column, from 0, of the references that start at these places."""
    at = at.copy()
    column, row = np.zeros(at.size, dtype=np.int32), np.zeros(at.size, dtype=np.int32)
    for _ in range(3):
        sign = signs[at]
        letter = (sign >= ord("A")) & (sign <= ord("Z"))
        np.copyto(column, column * 26 + (sign.astype(np.int32) - 64), where=letter)
        at += letter
        if not letter.any():
            break
    for _ in range(7):
        sign = signs[at]
        digit = (sign >= ord("0")) & (sign <= ord("9"))
        np.copyto(row, row * 10 + (sign.astype(np.int32) - 48), where=digit)
        at += digit
        if not digit.any():
            break
    if (signs[at] != ord('"')).any() or row.min() < 1 or row.max() > ROWS or column.min() < 1:
        raise _NotPlainError
    if column.max() > COLUMNS:
        raise _NotPlainError
    return row - 1, column - 1


def _lost_cells(text: bytes) -> list[Lost]:
    lost = []
    for match in _LOST.finditer(text):
        head, value = match.group(1), match.group(2)
        error = b't="e"' in head
        if not error and (b"<f" not in match.group(0) or value):
            continue
        place = _PLACE.search(head)
        # an empty text such as ="" is a value
        if place is None or (not error and b't="str"' in head and b"<v>" in match.group(0)):
            continue
        what = (value or b"#ERROR").decode("utf-8", "replace") if error else ""
        lost.append((int(place.group(2)) - 1, column_number(place.group(1).decode()), what))
    return lost
