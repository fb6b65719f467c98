"""Zip-based workbooks (.xlsx, .ods): measure their contents before a library opens them (private)."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import unescape

from junheng.errors import InputError
from junheng.reading.grid import MAX_UNPACKED, Lost, check_size
from junheng.reading.input_file import InputFile
from junheng.words import message

MAX_MEMBERS = 5_000
#: Real sheets compress to about a tenth; a ratio of 300 indicates a decompression bomb.
MAX_RATIO = 300
_RATIO_FROM = 20_000_000
_CHUNK = 1 << 20


def inspect_zip(file: InputFile) -> tuple[dict[str, list[Lost]], str]:
    """Refuse what would fill the memory; return cells that will be read as empty although they are not."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(file.data))
    except (zipfile.BadZipFile, OSError, ValueError):
        raise InputError(message("reading.damaged", path=file.name)) from None
    with archive:
        members = archive.infolist()
        _refuse_hostile(file, members)
        names = {m.filename for m in members}
        kind = _kind_of_workbook(file, names)
        lost: dict[str, list[Lost]] = {}
        if kind == "ods":
            _inspect_ods(file, archive)
        else:
            lost = _inspect_xlsx(file, archive)
        # the other members are not needed, but their unpacked size counts
        checked = {n for n in names if n == "content.xml" or n.startswith("xl/worksheets/")}
        for member in members:
            if member.filename not in checked:
                for _ in _unpacked(file, archive, member):
                    pass
    return lost, kind


def _refuse_hostile(file: InputFile, members: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse too many files or too much data, as the directory declares it."""
    if len(members) > MAX_MEMBERS:
        raise InputError(message("reading.many_members", path=file.name, files=len(members)))
    if any(m.flag_bits & 0x1 for m in members):
        raise InputError(message("reading.password", path=file.name))
    total = sum(m.file_size for m in members)
    if total > MAX_UNPACKED or any(_too_dense(m.file_size, m.compress_size) for m in members):
        packed = len(file.data) / 1e6
        raise InputError(message("reading.too_dense", path=file.name, unpacked=total / 1e6, packed=packed))


def _kind_of_workbook(file: InputFile, names: set[str]) -> str:
    if "content.xml" in names and "mimetype" in names:
        return "ods"
    if any(n.lower().endswith("workbook.xml") for n in names):
        return "xlsx"
    if any(n.lower().endswith("workbook.bin") for n in names):
        raise InputError(message("reading.xlsb", path=file.name))
    raise InputError(message("reading.zip_without_workbook", path=file.name))


def _too_dense(unpacked: int, packed: int) -> bool:
    return unpacked > _RATIO_FROM and unpacked > MAX_RATIO * max(packed, 1)


def _unpacked(file: InputFile, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Unpack a member piece by piece without trusting the declared size."""
    done = 0
    try:
        raw = archive.fp
        assert raw is not None
        raw.seek(member.header_offset)
        local = raw.read(30)
        if len(local) < 30 or not local.startswith(b"PK\x03\x04"):
            raise zlib.error
        raw.seek(int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little"), 1)
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InputError(message("reading.packing", path=file.name))
        unpack = zlib.decompressobj(-15) if member.compress_type == zipfile.ZIP_DEFLATED else None
        left = member.compress_size
        while left > 0:
            packed = raw.read(min(_CHUNK // 8, left))
            if not packed:
                raise zlib.error
            left -= len(packed)
            while packed:
                piece = packed if unpack is None else unpack.decompress(packed, _CHUNK)
                packed = b"" if unpack is None else unpack.unconsumed_tail
                done += len(piece)
                if done > member.file_size or done > MAX_UNPACKED:
                    raise InputError(message("reading.larger_than_declared", path=file.name))
                yield piece
        if done != member.file_size:
            raise zlib.error
    except (zlib.error, OSError):
        raise InputError(message("reading.damaged", path=file.name)) from None


#: Only columns of two or more letters need a search; attributes may be quoted in any way.
_REFERENCE = re.compile(rb' r="([A-Za-z]{2,})[0-9]')
_ODD_REFERENCE = re.compile(rb'\sr\s*=\s*["\']\s*([A-Za-z]+)[0-9]+')
_ROW = re.compile(rb'<row [^>]*?r="([0-9]+)"')
_ODD_ROW = re.compile(rb'row\b[^>]*?\sr\s*=\s*["\']\s*([0-9]+)')
_LOST = re.compile(
    rb"<c\b([^>]*)>\s*(?:<f\b[^>]*?(?:/>|>[^<]*</f>))?\s*(?:<v\s*/>|<v>([^<]*)</v>)?\s*(?:<is\s*/>)?\s*</c>"
)


def _inspect_xlsx(file: InputFile, archive: zipfile.ZipFile) -> dict[str, list[Lost]]:
    titles = _sheet_titles(file, archive)
    lost: dict[str, list[Lost]] = {}
    for member in archive.infolist():
        if not member.filename.startswith("xl/worksheets/") or not member.filename.endswith(".xml"):
            continue
        title = titles.get(member.filename, member.filename)
        seen = _Seen()
        tail = b""
        for piece in _unpacked(file, archive, member):
            text = tail + piece
            _refuse_entities(file, text)
            # a piece may end inside a cell: keep the rest for the next piece
            cut = max(text.rfind(b"</c>") + 4, text.rfind(b"</row>") + 6)
            text, tail = (text[:cut], text[cut:]) if cut > 6 else (b"", text)
            if len(tail) > 50_000_000:
                raise InputError(message("reading.huge_cell", path=file.name))
            seen.look(text)
        seen.look(tail)
        columns = max((_column_number(x.decode().upper()) for x in seen.letters), default=26)
        check_size(file.name, title, seen.rows, columns)
        if seen.lost:
            lost[title] = seen.lost
    return lost


def _refuse_entities(file: InputFile, text: bytes) -> None:
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise InputError(message("reading.entities", path=file.name))


class _Seen:
    """The extent of the cells of a sheet, and the cells that will be read as empty."""

    def __init__(self) -> None:
        self.letters: set[bytes] = set()
        self.rows = 0
        self.lost: list[Lost] = []

    def look(self, text: bytes) -> None:
        """Scan complete cells."""
        self.letters.update(_REFERENCE.findall(text))
        self.rows = max([self.rows, *map(int, _ROW.findall(text))])
        if b"r =" in text or b":row" in text or text.count(b"r=") != text.count(b' r="'):
            self.letters.update(_ODD_REFERENCE.findall(text))
            self.rows = max([self.rows, *map(int, _ODD_ROW.findall(text))])
        if b"<f" in text or b't="e"' in text:
            self.lost += _lost_cells(text)


def _lost_cells(text: bytes) -> list[Lost]:
    lost = []
    for match in _LOST.finditer(text):
        head, value = match.group(1), match.group(2)
        error = b't="e"' in head
        if not error and (b"<f" not in match.group(0) or value):
            continue
        place = re.search(rb'\sr="([A-Z]+)([0-9]+)"', head)
        # an empty text such as ="" is a value
        if place is None or (not error and b't="str"' in head and b"<v>" in match.group(0)):
            continue
        what = (value or b"#ERROR").decode("utf-8", "replace") if error else ""
        lost.append((int(place.group(2)) - 1, _column_number(place.group(1).decode()) - 1, what))
    return lost


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters[:6]:
        number = number * 26 + ord(letter) - 64
    return number


def _sheet_titles(file: InputFile, archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the sheet names by archive member."""
    names = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return {}
    book = b"".join(_unpacked(file, archive, archive.getinfo("xl/workbook.xml"))).decode("utf-8", "replace")
    links = b"".join(_unpacked(file, archive, archive.getinfo("xl/_rels/workbook.xml.rels"))).decode("utf-8", "replace")
    targets: dict[str, str] = {}
    for tag in re.findall(r"<Relationship\b[^>]*>", links):
        found = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if "Id" in found and "Target" in found:
            target = found["Target"].lstrip("/")
            targets[found["Id"]] = target if target.startswith("xl/") else f"xl/{target}"
    titles = {}
    for tag in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", book):
        found = dict(re.findall(r'([\w:]+)="([^"]*)"', tag))
        target_of = targets.get(found.get("r:id", ""))
        if target_of is not None:
            titles[target_of] = unescape(found.get("name", ""), {"&quot;": '"', "&apos;": "'"})
    return titles


def _inspect_ods(file: InputFile, archive: zipfile.ZipFile) -> None:
    """Count cells with their repeats: a row may be declared to repeat a million times."""
    text = b"".join(_unpacked(file, archive, archive.getinfo("content.xml")))
    _refuse_entities(file, text)
    if "META-INF/manifest.xml" in archive.namelist():
        manifest = b"".join(_unpacked(file, archive, archive.getinfo("META-INF/manifest.xml")))
        if b"encryption-data" in manifest:
            raise InputError(message("reading.password", path=file.name))
    for table in text.split(b"<table:table ")[1:]:
        title = re.search(rb'table:name="([^"]*)"', table)
        name = title.group(1).decode("utf-8", "replace") if title else ""
        rows = last = width = 0
        for piece in table.split(b"<table:table-row")[1:]:
            repeat = re.match(rb'[^>]*number-rows-repeated="([0-9]{1,9})"', piece)
            rows += int(repeat.group(1)) if repeat else 1
            if b"value-type=" not in piece and b"<text:p" not in piece:
                continue
            last, columns = rows, 0
            for cell in piece.split(b"-cell")[1:]:
                again = re.match(rb'[^>]*number-columns-repeated="([0-9]{1,9})"', cell)
                columns += int(again.group(1)) if again else 1
                if b"value-type=" in cell or b"<text:p" in cell:
                    width = max(width, columns)
        check_size(file.name, name, last, width)
