"""The parts of an .xlsx read tag by tag by an XML parser, however they are written (private)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from attrs import define, field

from junheng.errors import InputError
from junheng.reading.archives import Archive, damaged
from junheng.reading.grid import Extent, Lost
from junheng.reading.input_file import InputFile
from junheng.words import Quoted, message

#: The size of a sheet of Excel; references beyond are not rounded off but refused.
ROWS, COLUMNS = 1_048_576, 16_384
#: No cell of Excel has more than 32 767 characters, in UTF-8 or as entities.
LONGEST_TEXT = 300_000


@define
class Part:
    """What was found in one part."""

    title: str
    extent: Extent = field(factory=Extent)
    lost: list[Lost] = field(factory=list)
    merges: int = 0
    #: How often the cells of this part use a shared string; counted only by the careful reading.
    uses: Counter[int] = field(factory=Counter)


_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_ROW = re.compile(r"[A-Za-z]{0,3}([0-9]{1,7})")


def column_number(letters: str) -> int:
    """Return the position of a column, from 0, by its letters."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


@define(slots=False)
class CarefulPart:
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
        """Read the pieces of the part."""
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
            place = (row, column_number(found.group(1)) if found else 0)
        if place[0] >= ROWS or place[1] >= COLUMNS:
            self._refuse(f"R{place[0] + 1}C{place[1] + 1}")
        self._place, self._next = place, place[1] + 1
        self._type = "".join(_given(attributes, "t")[:1])
        self._formula = self._filled = self._taking = False
        self._value = None

    def _number(self, found: re.Match[str] | None, reference: str, group: int = 1) -> int:
        if found is None or not 1 <= int(found.group(group)) <= ROWS:
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
        if len(text) > LONGEST_TEXT:
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
