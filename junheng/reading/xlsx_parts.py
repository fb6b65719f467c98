"""The parts of an .xlsx, measured before a library makes room for what they declare (private).

A part is looked at twice as fast as it is unpacked if it is written plainly: every attribute in double quotes, nothing
but cells with their reference first. Any other part is read by an XML parser, tag by tag.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from junheng.errors import InputError
from junheng.reading.archives import Archive, Member, damaged
from junheng.reading.grid import FREE_CELLS, Extent, Lost, check_extents, check_text
from junheng.reading.input_file import InputFile
from junheng.words import Quoted, message

#: The size of a sheet of Excel; references beyond are not rounded off but refused.
_ROWS, _COLUMNS = 1_048_576, 16_384
#: No cell of Excel has more than 32 767 characters, in UTF-8 or as entities.
_LONGEST_TEXT = 300_000
#: No number format of Excel is longer than 255 characters.
_LONG_FORMAT = re.compile(rb"""formatCode\s*+=\s*+(?:"[^"]{4000}|'[^']{4000})""")
_UNIQUE = re.compile(rb"""uniqueCount\s*+=\s*+["']\s*+\+?([0-9]++)""")
#: The length of ``></si>``, what is left of a string without text.
_NO_STRING = 6
#: Beside one merged range per cell, as many as this may be of empty cells.
_FREE_MERGES = 20_000


@define
class Part:
    """What was found in one part."""

    title: str
    extent: Extent = field(factory=Extent)
    lost: list[Lost] = field(factory=list)
    merges: int = 0
    #: How often the cells of this part use a shared string; counted only by the careful reading.
    uses: Counter[int] = field(factory=Counter)


def measure_parts(archive: Archive) -> tuple[dict[str, list[Lost]], int]:
    """Refuse what would fill the memory; return cells that will be read as empty, by sheet, and the size of all sheets."""
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
                careful = _Careful(archive.file, Part(part.title))
                careful.read(archive.unpacked(member))
                used.update(careful.part.uses)
        # the library does not count a string without text, so the others move up
        sure = min(strings) > _NO_STRING
        check_text(name, packed, sum(n * (strings[i] if sure and i < len(strings) else longest) for i, n in used.items()))


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
        careful = _Careful(archive.file, Part(part.title))
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
        if not _alternating(plain) or _longest(np.frombuffer(piece, dtype=np.uint8)) > _LONGEST_TEXT:
            raise _NotPlainError
    signs = np.frombuffer(plain + bytes(24), dtype=np.uint8)
    opens = np.flatnonzero(signs == ord("<"))
    first = signs[opens + 1]
    kinds = frozenset(np.flatnonzero(np.bincount(first, minlength=256)).tolist())
    if kinds & _DECLARATIONS or (opens.size and int(np.diff(opens, append=len(plain)).max()) > _LONGEST_TEXT):
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


def _count_cells(
    signs: NDArray[np.uint8], opens: NDArray[np.intp], first: NDArray[np.uint8], extent: Extent
) -> None:
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
    # a cell that closes at once is formatted, not filled
    following = np.append(first, ord("v")).astype(np.uint8)[chosen + 1]
    at = at[(following != ord("/")) & (following != ord("c"))] + 6
    if not at.size:
        return
    rows, columns = _positions(signs, at)
    low, right = int(rows.argmax()), int(columns.argmax())
    extent.add(int(rows[low]), int(columns[low]), at.size)
    extent.add(int(rows[right]), int(columns[right]), 0)


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
    if (signs[at] != ord('"')).any() or row.min() < 1 or row.max() > _ROWS or column.min() < 1:
        raise _NotPlainError
    if column.max() > _COLUMNS:
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
        lost.append((int(place.group(2)) - 1, _column(place.group(1).decode()), what))
    return lost


# ------------------------------------------------------------------------------------- parts of any other kind


_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_ROW = re.compile(r"[A-Za-z]{0,3}([0-9]{1,7})")


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


@define(slots=False)
class _Careful:
    """A part read tag by tag: attributes in any order and quoting, any prefix, comments, cells without a reference."""

    file: InputFile
    part: Part
    strings: list[int] = field(factory=list)
    _row: int = 0
    _next: int = 0
    #: The cell that is open: its place, its type, whether it has a formula, a value, a value's text.
    _place: tuple[int, int] | None = None
    _type: str = ""
    _formula: bool = False
    _filled: bool = False
    _value: list[str] | None = None
    _taking: bool = False

    def read(self, pieces: Iterator[bytes]) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        try:
            for piece in pieces:
                parser.Parse(piece, False)
            parser.Parse(b"", True)
        except (expat.ExpatError, LookupError, ValueError) as exc:
            if isinstance(exc, InputError):
                raise
            raise damaged(self.file) from None

    def _doctype(self, *_: Any) -> None:
        raise InputError(message("reading.entities", path=self.file.name))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "c":
            self._open_cell(attributes)
        elif self._place is not None:
            self._inside(name)
        elif name == "row":
            for reference in _given(attributes, "r"):
                self._row = self._number(_ROW.fullmatch(reference), reference)
        elif name == "si":
            self.strings.append(0)
        elif name == "mergeCell":
            self.part.merges += 1

    def _inside(self, name: str) -> None:
        if name == "f":
            self._formula = self._filled = True
        elif name in ("v", "is"):
            self._filled = True
            self._taking = name == "v"
            if self._taking:
                self._value = []

    def _open_cell(self, attributes: dict[str, str]) -> None:
        place = (self._row, self._next)
        for reference in _given(attributes, "r"):
            found = _REFERENCE.fullmatch(reference)
            row = self._number(found, reference, 2)
            place = (row, _column(found.group(1)) if found else 0)
        if place[0] >= _ROWS or place[1] >= _COLUMNS:
            self._refuse(f"R{place[0] + 1}C{place[1] + 1}")
        self._place, self._next = place, place[1] + 1
        self._type = "".join(_given(attributes, "t")[:1])
        self._formula = self._filled = self._taking = False
        self._value = None

    def _number(self, found: re.Match[str] | None, reference: str, group: int = 1) -> int:
        if found is None or not 1 <= int(found.group(group)) <= _ROWS:
            self._refuse(reference)
            return 0
        return int(found.group(group)) - 1

    def _refuse(self, reference: str) -> None:
        what = {"sheet": Quoted(self.part.title), "cell": Quoted(reference[:30])}
        raise InputError(message("reading.no_such_cell", path=self.file.name, **what))

    def _text(self, text: str) -> None:
        if self._taking and self._value is not None:
            self._value.append(text)
        elif self.strings:
            self.strings[-1] += len(text.encode("utf-8", "replace"))
        if len(text) > _LONGEST_TEXT:
            raise InputError(message("reading.huge_cell", path=self.file.name))

    def _end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        if name == "v":
            self._taking = False
        elif name == "row":
            self._row, self._next = self._row + 1, 0
        elif name == "c" and self._place is not None:
            self._close_cell(self._place)
            self._place = None

    def _close_cell(self, place: tuple[int, int]) -> None:
        if self._filled:
            self.part.extent.add(*place)
        value = "" if self._value is None else "".join(self._value)
        if self._type == "e":
            self.part.lost.append((*place, value or "#ERROR"))
        elif self._formula and not value and not (self._type == "str" and self._value is not None):
            self.part.lost.append((*place, ""))
        elif self._type == "s" and value.strip().isdigit() and len(value) < 10:
            self.part.uses[int(value)] += 1


def _given(attributes: dict[str, str], name: str) -> list[str]:
    """Return the values of an attribute, with whatever prefix."""
    return [v for k, v in attributes.items() if k == name or k.endswith(":" + name)]


def sheet_titles(archive: Archive) -> dict[str, str]:
    """Return the sheet names by archive member, in lower case."""
    targets: dict[str, str] = {}
    for tag in _tags(archive, "xl/_rels/workbook.xml.rels", "Relationship"):
        if "Id" in tag and "Target" in tag:
            target = tag["Target"].lstrip("/")
            targets[tag["Id"]] = (target if target.startswith("xl/") else f"xl/{target}").lower()
    titles: dict[str, str] = {}
    for tag in _tags(archive, "xl/workbook.xml", "sheet"):
        link = next((v for k, v in tag.items() if k.endswith(":id")), "")
        if link in targets:
            titles[targets[link]] = tag.get("name", "")
    return titles


def _tags(archive: Archive, member: str, name: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == name:
            found.append(attributes)

    def doctype(*_: Any) -> None:
        raise InputError(message("reading.entities", path=archive.file.name))

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(archive.read(member), True)
    except (expat.ExpatError, LookupError):
        return found
    return found
