"""Files as grids of cells: what kind of file it is, whether it is safe to open, and what stands in it (private).

Nothing is run: no macro, no formula. What a file would unpack to is counted before a library opens it.
"""

from __future__ import annotations

import csv
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.sax.saxutils import unescape

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from junheng._text import INVISIBLE, characters, drop_invisible
from junheng.errors import InputError, Problem, ProblemCode, Severity

__all__ = ["MAX_COLUMNS", "MAX_ROWS", "Grid", "Source", "cell_name", "column_letter", "open_source"]

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
TEXTS = (".csv", ".tsv", ".txt")
#: Bounds of what is read; a nation's schools are 220 000 rows.
MAX_ROWS = 2_000_000
MAX_COLUMNS = 2_000
MAX_CELLS = 60_000_000
MAX_UNPACKED = 2_000_000_000
MAX_MEMBERS = 5_000
#: Sheets of real figures shrink to a tenth; what shrinks to a three-hundredth is there to fill the memory.
MAX_RATIO = 300
_RATIO_FROM = 20_000_000
_CHUNK = 1 << 20

Merge = tuple[int, int, int, int]
#: Whether a sheet is of use, by its name, its position and whether it is hidden.
Wanted = Callable[[str, int, bool], bool]


@frozen(eq=False)
class Grid:
    """One sheet: cells by row and column as Excel counts them from 0, None where there is nothing."""

    name: str
    cells: NDArray[np.object_]
    hidden: bool = False
    #: First and last row and column of merged cells; None where the kind of file does not tell.
    merges: tuple[Merge, ...] | None = None
    #: Cells that hold a formula without a value, or an error such as #N/A, which come as nothing.
    lost: tuple[tuple[int, int, str], ...] = ()
    #: What stood in cells before characters that do not show were taken out.
    cleaned: Mapping[tuple[int, int], str] = field(factory=dict)


@frozen(eq=False)
class Source:
    """A file that was opened."""

    name: str
    kind: str
    encoding: str | None
    grids: tuple[Grid, ...]
    problems: tuple[Problem, ...] = ()


def column_letter(column: int) -> str:
    """Return the letters Excel shows above a column counted from 0."""
    out = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        out = chr(65 + rest) + out
    return out


def cell_name(row: int, column: int) -> str:
    """Return the name of a cell as Excel shows it."""
    return f"{column_letter(column)}{row + 1}"


def open_source(path: Path, said: Callable[[int], None], wanted: Wanted) -> Source:
    """Open a file of any kind that is known; ``wanted`` says which sheets are of use, ``said`` hears of progress."""
    if not path.is_file():
        raise InputError(f"there is no file {str(path)!r}")
    suffix = path.suffix.lower()
    if suffix not in (*WORKBOOKS, *TEXTS):
        hint = "; save it as .xlsx" if suffix == ".xlsb" else ""
        raise InputError(
            f"{path.name}: files ending in {', '.join((*TEXTS, *WORKBOOKS))} can be read, not {suffix!r}{hint}"
        )
    size = path.stat().st_size
    if size == 0:
        raise InputError(f"{path.name} is empty; the headers and the schools are missing")
    if size > MAX_UNPACKED:
        raise InputError(f"{path.name} is larger than {MAX_UNPACKED // 10**9} GB, which is more than is read")
    with path.open("rb") as handle:
        head = handle.read(4096)
    if suffix in TEXTS:
        return _open_text(path, head, suffix)
    if head.startswith(b"PK"):
        return _open_zip(path, said, wanted)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _open_ole(path, said, wanted)
    return _open_pretended(path, head)


# ---------------------------------------------------------------------------------------------- text


_ENCODINGS = ("utf-8-sig", "gb18030")


def _decode(path: Path, data: bytes) -> tuple[str, str]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), "UTF-16"
        except UnicodeDecodeError:
            raise InputError(f"{path.name} begins as UTF-16 text and then is none; save it as CSV UTF-8") from None
    for encoding in _ENCODINGS:
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise InputError(f"{path.name} is neither UTF-8 nor GB18030 text; save it as CSV UTF-8")
    if "\x00" in text:
        raise InputError(f"{path.name} is not a text file; was a workbook renamed? Save it as CSV UTF-8")
    return text, {"utf-8-sig": "UTF-8", "gb18030": "GB18030"}[encoding]


def _open_text(path: Path, head: bytes, suffix: str) -> Source:
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise InputError(
            f"{path.name} is not a text file but looks like a workbook; give it the ending .xlsx or .xls, "
            "or save it as CSV UTF-8"
        )
    text, encoding = _decode(path, path.read_bytes())
    separator = "\t" if suffix == ".tsv" or encoding == "UTF-16" else ","
    first = text[:20_000]
    if suffix != ".tsv" and first.count("\t") > first.count(","):
        separator = "\t"
    elif suffix != ".tsv" and "," not in first and first.count(";") > 2:
        separator = ";"
    return Source(
        name=path.name,
        kind="tsv" if separator == "\t" else "csv",
        encoding=encoding,
        grids=(_grid_of_text(path, text, separator),),
    )


_ODD_QUOTE = re.compile(f'(?m)(^|[,;\\t])({INVISIBLE.pattern}+)"')
#: ="0012" is how systems write a code into text so that a spreadsheet keeps its zeros.
_AS_TEXT = re.compile(r'^="([^"]*)"$')


def _grid_of_text(path: Path, text: str, separator: str) -> Grid:
    rows: list[list[str | None]] = []
    width = 0
    odd = INVISIBLE.search("".join(characters([text])))
    if odd:
        # a BOM before a quotation mark, as where files were joined, would make the mark a part of the cell
        text = _ODD_QUOTE.sub(r'\1"\2', text)
    wrapped = '="' in text
    try:
        csv.field_size_limit(1_000_000)
        for row in csv.reader(io.StringIO(text), delimiter=separator):
            cells = [c.strip() or None for c in row]
            if wrapped:
                cells = [_AS_TEXT.sub(r"\1", c).strip() or None if c else None for c in cells]
            rows.append(cells)
            width = max(width, len(cells))
            if len(rows) > MAX_ROWS:
                raise InputError(f"{path.name} has more than {MAX_ROWS:,} lines, which is more than is read")
    except csv.Error as exc:
        raise InputError(f"{path.name} is not a regular table: line {len(rows) + 1}: {exc}") from None
    _check_size(path, path.stem, len(rows), width)
    for cells in rows:
        if len(cells) < width:
            cells.extend([None] * (width - len(cells)))
    cleaned = _clean_rows(rows) if odd else {}
    return Grid(name=path.stem, cells=_array(rows, width), cleaned=cleaned)


def _clean_rows(rows: Sequence[list[Any]]) -> dict[tuple[int, int], str]:
    """Take what does not show out of the cells; return what stood in those that changed."""
    out: dict[tuple[int, int], str] = {}
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if type(value) is str and INVISIBLE.search(value):
                row[c] = drop_invisible(value).strip() or None
                out[r, c] = value
    return out


def _array(rows: Sequence[Sequence[Any]], width: int) -> NDArray[np.object_]:
    out = np.empty((len(rows), width), dtype=object)
    if rows and width:
        out[:] = rows
    return out


def _check_size(path: Path, sheet: str, rows: int, columns: int) -> None:
    if columns > MAX_COLUMNS:
        raise InputError(
            f"{path.name}, sheet {sheet!r}: {columns:,} columns, more than the {MAX_COLUMNS:,} that are read; "
            "delete what stands far to the right"
        )
    if rows > MAX_ROWS or rows * columns > MAX_CELLS:
        raise InputError(
            f"{path.name}, sheet {sheet!r}: {rows:,} rows and {columns:,} columns, more than is read; "
            "delete what stands far below or to the right, or split the file"
        )


# ------------------------------------------------------------------------------------------ workbooks


def _calamine(path: Path) -> Any:
    try:
        import python_calamine
    except ImportError:
        raise InputError(
            f'{path.name}: reading a workbook needs the extra "excel": python -m pip install "junheng[excel]"'
        ) from None
    return python_calamine


def _open_zip(path: Path, said: Callable[[int], None], wanted: Wanted) -> Source:
    lost, kind = _inspect_zip(path)
    said(25)
    return _open_workbook(path, kind, lost, said, wanted)


def _open_workbook(
    path: Path,
    kind: str,
    lost: dict[str, list[tuple[int, int, str]]],
    said: Callable[[int], None],
    wanted: Wanted,
) -> Source:
    library = _calamine(path)
    try:
        with library.CalamineWorkbook.from_path(str(path)) as book:
            # charts and macro sheets hold no table
            sheets = [
                (m.name, m.visible != library.SheetVisibleEnum.Visible)
                for m in book.sheets_metadata
                if m.typ == library.SheetTypeEnum.WorkSheet
            ]
            grids = []
            for i, (name, hidden) in enumerate(sheets):
                if wanted(name, i, hidden):
                    sheet = book.get_sheet_by_name(name)
                    _check_size(path, name, sheet.total_height, sheet.total_width)
                    merges = sheet.merged_cell_ranges if kind in ("xlsx", "xls") else None
                    rows = sheet.to_python(skip_empty_area=False)
                    grids.append(_grid_of_sheet(name, hidden, rows, merges, lost.get(name, ())))
                else:
                    grids.append(Grid(name=name, cells=_array([], 0), hidden=hidden))
                said(25 + 45 * (i + 1) // max(len(sheets), 1))
    except library.PasswordError:
        raise InputError(f"{path.name} is protected by a password; save a copy without one") from None
    except InputError:
        raise
    except Exception as exc:
        if "password" in str(exc).lower() or "encrypt" in str(exc).lower():
            raise InputError(f"{path.name} is protected by a password; save a copy without one") from None
        raise InputError(
            f"{path.name} cannot be read as a workbook; it may be damaged or cut off ({str(exc).strip()[:120]})"
        ) from None
    if not grids:
        raise InputError(f"{path.name} has no sheet with cells")
    return Source(name=path.name, kind=kind, encoding=None, grids=tuple(grids))


def _grid_of_sheet(
    name: str, hidden: bool, rows: list[list[Any]], merges: Any, lost: Sequence[tuple[int, int, str]]
) -> Grid:
    width = len(rows[0]) if rows else 0
    for row in rows:
        row[:] = [(v.strip() or None) if type(v) is str else v for v in row]
    odd = INVISIBLE.search("".join(characters(v for row in rows for v in row)))
    cleaned = _clean_rows(rows) if odd else {}
    # merged cells may reach past what stands in the sheet
    ranges = None
    if merges is not None:
        inside = [(a, b) for a, b in merges if a[0] < len(rows) and a[1] < width]
        ranges = tuple((a[0], a[1], min(b[0], len(rows) - 1), min(b[1], width - 1)) for a, b in inside)
    return Grid(name=name, hidden=hidden, cells=_array(rows, width), merges=ranges, lost=tuple(lost), cleaned=cleaned)


def _inspect_zip(path: Path) -> tuple[dict[str, list[tuple[int, int, str]]], str]:
    """Refuse what would fill the memory; find cells that will come as nothing although something stands there."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError):
        raise InputError(f"{path.name} cannot be read as a workbook: the file is damaged or cut off") from None
    with archive:
        members = archive.infolist()
        if len(members) > MAX_MEMBERS:
            raise InputError(
                f"{path.name} holds {len(members):,} files, far more than a workbook does; it is not opened"
            )
        if any(m.flag_bits & 0x1 for m in members):
            raise InputError(f"{path.name} is protected by a password; save a copy without one")
        total = sum(m.file_size for m in members)
        if total > MAX_UNPACKED or any(_too_dense(m.file_size, m.compress_size) for m in members):
            raise InputError(
                f"{path.name} would unpack to {total / 1e6:,.0f} MB from {path.stat().st_size / 1e6:,.1f} MB; "
                "no table of schools does, so it is not opened"
            )
        names = {m.filename for m in members}
        if "content.xml" in names and "mimetype" in names:
            _inspect_ods(path, archive)
            kind, lost = "ods", dict[str, list[tuple[int, int, str]]]()
        elif any(n.lower().endswith("workbook.xml") for n in names):
            kind, lost = "xlsx", _inspect_xlsx(path, archive)
        elif any(n.lower().endswith("workbook.bin") for n in names):
            raise InputError(f"{path.name} is a binary workbook (.xlsb); save it as .xlsx")
        else:
            raise InputError(f"{path.name} is a zip file, but no workbook")
        checked = {n for n in names if n == "content.xml" or n.startswith("xl/worksheets/")}
        for member in members:
            if member.filename not in checked:
                for _ in _unpacked(path, archive, member):
                    pass
    return lost, kind


def _too_dense(unpacked: int, packed: int) -> bool:
    return unpacked > _RATIO_FROM and unpacked > MAX_RATIO * max(packed, 1)


def _unpacked(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Unpack a file of an archive piece by piece, believing nothing the directory says of its size."""
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
            raise InputError(f"{path.name} is packed in a way that is not read; save it again as .xlsx")
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
                    raise InputError(f"{path.name} unpacks to more than it says; it is not opened")
                yield piece
        if done != member.file_size:
            raise zlib.error
    except (zlib.error, OSError):
        raise InputError(f"{path.name} cannot be read as a workbook: the file is damaged or cut off") from None


#: Columns of one letter are the rule; those of two or three are looked for, whatever the quotation marks.
_REFERENCE = re.compile(rb' r="([A-Za-z]{2,})[0-9]')
_ODD_REFERENCE = re.compile(rb'\sr\s*=\s*["\']\s*([A-Za-z]+)[0-9]+')
_ROW = re.compile(rb'<row [^>]*?r="([0-9]+)"')
_ODD_ROW = re.compile(rb'row\b[^>]*?\sr\s*=\s*["\']\s*([0-9]+)')
_LOST = re.compile(
    rb"<c\b([^>]*)>\s*(?:<f\b[^>]*?(?:/>|>[^<]*</f>))?\s*(?:<v\s*/>|<v>([^<]*)</v>)?\s*(?:<is\s*/>)?\s*</c>"
)


def _inspect_xlsx(path: Path, archive: zipfile.ZipFile) -> dict[str, list[tuple[int, int, str]]]:
    titles = _sheet_titles(path, archive)
    out: dict[str, list[tuple[int, int, str]]] = {}
    for member in archive.infolist():
        if not member.filename.startswith("xl/worksheets/") or not member.filename.endswith(".xml"):
            continue
        title = titles.get(member.filename, member.filename)
        seen = _Seen()
        tail = b""
        for piece in _unpacked(path, archive, member):
            text = tail + piece
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                raise InputError(f"{path.name} declares entities, which no workbook does; it is not opened")
            # a row of cells may be cut in two: what follows the last end of a cell waits for the next piece
            cut = max(text.rfind(b"</c>") + 4, text.rfind(b"</row>") + 6)
            text, tail = (text[:cut], text[cut:]) if cut > 6 else (b"", text)
            if len(tail) > 50_000_000:
                raise InputError(f"{path.name} holds a single cell of more than 50 MB; it is not opened")
            seen.look(text)
        seen.look(tail)
        columns = max((_column_number(x.decode().upper()) for x in seen.letters), default=26)
        _check_size(path, title, seen.rows, columns)
        if seen.lost:
            out[title] = seen.lost
    return out


class _Seen:
    """How far the cells of a sheet reach, and which of them come as nothing."""

    def __init__(self) -> None:
        self.letters: set[bytes] = set()
        self.rows = 0
        self.lost: list[tuple[int, int, str]] = []

    def look(self, text: bytes) -> None:
        """Look at some whole cells."""
        self.letters.update(_REFERENCE.findall(text))
        self.rows = max([self.rows, *map(int, _ROW.findall(text))])
        if b"r =" in text or b":row" in text or text.count(b"r=") != text.count(b' r="'):
            self.letters.update(_ODD_REFERENCE.findall(text))
            self.rows = max([self.rows, *map(int, _ODD_ROW.findall(text))])
        if b"<f" in text or b't="e"' in text:
            self.lost += _lost_cells(text)


def _lost_cells(text: bytes) -> list[tuple[int, int, str]]:
    out = []
    for match in _LOST.finditer(text):
        head, value = match.group(1), match.group(2)
        error = b't="e"' in head
        if not error and (b"<f" not in match.group(0) or value):
            continue
        place = re.search(rb'\sr="([A-Z]+)([0-9]+)"', head)
        # an empty text is a value: ="" shows nothing, and means to
        if place is None or (not error and b't="str"' in head and b"<v>" in match.group(0)):
            continue
        what = (value or b"#ERROR").decode("utf-8", "replace") if error else ""
        out.append((int(place.group(2)) - 1, _column_number(place.group(1).decode()) - 1, what))
    return out


def _column_number(letters: str) -> int:
    out = 0
    for letter in letters[:6]:
        out = out * 26 + ord(letter) - 64
    return out


def _sheet_titles(path: Path, archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the name of each sheet by the file it lies in."""
    names = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return {}
    book = b"".join(_unpacked(path, archive, archive.getinfo("xl/workbook.xml"))).decode("utf-8", "replace")
    links = b"".join(_unpacked(path, archive, archive.getinfo("xl/_rels/workbook.xml.rels"))).decode("utf-8", "replace")
    targets: dict[str, str] = {}
    for tag in re.findall(r"<Relationship\b[^>]*>", links):
        found = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if "Id" in found and "Target" in found:
            target = found["Target"].lstrip("/")
            targets[found["Id"]] = target if target.startswith("xl/") else f"xl/{target}"
    out = {}
    for tag in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", book):
        found = dict(re.findall(r'([\w:]+)="([^"]*)"', tag))
        target_of = targets.get(found.get("r:id", ""))
        if target_of is not None:
            out[target_of] = unescape(found.get("name", ""), {"&quot;": '"', "&apos;": "'"})
    return out


def _inspect_ods(path: Path, archive: zipfile.ZipFile) -> None:
    """Count the cells that repeats make: a row may say that it stands a million times."""
    text = b"".join(_unpacked(path, archive, archive.getinfo("content.xml")))
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise InputError(f"{path.name} declares entities, which no workbook does; it is not opened")
    if b"META-INF/manifest.xml" and "META-INF/manifest.xml" in archive.namelist():
        manifest = b"".join(_unpacked(path, archive, archive.getinfo("META-INF/manifest.xml")))
        if b"encryption-data" in manifest:
            raise InputError(f"{path.name} is protected by a password; save a copy without one")
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
        _check_size(path, name, last, width)


def _open_ole(path: Path, said: Callable[[int], None], wanted: Wanted) -> Source:
    data = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise InputError(f"{path.name} is protected by a password; save a copy without one")
    if "Workbook".encode("utf-16-le") not in data and "Book".encode("utf-16-le") not in data:
        raise InputError(f"{path.name} is an old Office file, but no workbook")
    try:
        reach = _reach_of_xls(data)
    except (struct.error, IndexError, ValueError):
        raise InputError(f"{path.name} cannot be read as a workbook: the file is damaged or cut off") from None
    if reach > _XLS_COLUMNS:
        _check_size(path, path.stem, 1, MAX_COLUMNS + reach)
    return _open_workbook(path, "xls", {}, said, wanted)


#: An .xls has no more columns; a cell that says it lies beyond is there to fill the memory.
_XLS_COLUMNS = 256
#: Records of BIFF that hold a cell, or several beside each other.
_XLS_CELLS = frozenset((0x0006, 0x00BD, 0x00BE, 0x00D6, 0x00FD, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E))
_XLS_SEVERAL = frozenset((0x00BD, 0x00BE))


def _reach_of_xls(data: bytes) -> int:
    """Return how many columns the cells of an old workbook reach over."""
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
    """Return a stream of a compound file: its sectors one after the other."""
    shift, mini_shift = struct.unpack_from("<HH", data, 30)
    if not 7 <= shift <= 16 or not 2 <= mini_shift <= shift:
        raise ValueError(shift)
    directory, _, cutoff, mini_fat, _, more, n_more = struct.unpack_from("<IIIIIII", data, 48)
    size = 1 << shift

    def sector(i: int) -> bytes:
        piece = data[(i + 1) << shift : (i + 2) << shift]
        if not piece:
            raise ValueError(i)
        return piece

    def chain(start: int, table: Sequence[int], piece: Callable[[int], bytes]) -> bytes:
        out, seen = [], 0
        while start < 0xFFFFFFF0:
            out.append(piece(start))
            start, seen = table[start], seen + 1
            if seen > len(table):
                raise ValueError(start)
        return b"".join(out)

    def numbers(raw: bytes) -> list[int]:
        return list(struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4]))

    tables = numbers(data[76:512])
    for _ in range(min(n_more, len(data) // size)):
        block = numbers(sector(more))
        tables, more = [*tables, *block[:-1]], block[-1]
    fat = [n for t in tables if t < 0xFFFFFFF0 for n in numbers(sector(t))]
    entries = chain(directory, fat, sector)
    root: tuple[int, int] | None = None
    found: tuple[int, int] | None = None
    for at in range(0, len(entries) - 127, 128):
        length = struct.unpack_from("<H", entries, at + 64)[0]
        name = entries[at : at + max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace")
        place = struct.unpack_from("<II", entries, at + 116)
        if entries[at + 66] == 5:
            root = place
        elif name in names and found is None:
            found = place
    if found is None or root is None:
        raise ValueError(names)
    if found[1] >= cutoff:
        return chain(found[0], fat, sector)[: found[1]]
    small = chain(root[0], fat, sector)
    table = numbers(chain(mini_fat, fat, sector))
    return chain(found[0], table, lambda i: small[i << mini_shift : (i + 1) << mini_shift])[: found[1]]


# ------------------------------------------------------------------ workbooks that are none (.xls as a web page)


def _open_pretended(path: Path, head: bytes) -> Source:
    if path.suffix.lower() != ".xls":
        raise InputError(f"{path.name} is not a workbook, whatever its ending; save it again as .xlsx")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"mime-version") or b"multipart/related" in start[:400]:
        raise InputError(f"{path.name} is a web archive with the ending of a workbook; open it and save it as .xlsx")
    text, encoding = _decode_page(path)
    if b"urn:schemas-microsoft-com:office:spreadsheet" in head and start.startswith((b"<?xml", b"<workbook")):
        raise InputError(
            f"{path.name} is an XML spreadsheet of 2003 with the ending of a workbook; open it and save it as .xlsx"
        )
    if start.startswith(b"<") and (b"<table" in text[:200_000].lower().encode("utf-8", "replace")):
        said = "a web page (HTML) with the ending of a workbook; its tables were read"
        grids = _grids_of_page(path, text)
        kind = "html"
    elif start.startswith(b"<"):
        raise InputError(f"{path.name} is a web page with the ending of a workbook, and holds no table")
    elif re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head) and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{path.name} is not a workbook, whatever its ending; save it again as .xlsx")
    else:
        said = "text with the ending of a workbook; it was read as text"
        separator = "\t" if text[:20_000].count("\t") > text[:20_000].count(",") else ","
        grids, kind = (_grid_of_text(path, text, separator),), "text"
    problem = Problem(
        code=ProblemCode.FILE_FORMAT, severity=Severity.WARNING, value=kind, message=f"{path.name} is {said}"
    )
    return Source(name=path.name, kind=kind, encoding=encoding, grids=grids, problems=(problem,))


def _decode_page(path: Path) -> tuple[str, str]:
    try:
        return _decode(path, path.read_bytes())
    except InputError:
        raise InputError(f"{path.name} is not a workbook, whatever its ending; save it again as .xlsx") from None


class _Tables(HTMLParser):
    """The tables of a page as rows of (text, rows it spans, columns it spans)."""

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
            said = dict(attrs)
            self._span = (_span(said.get("rowspan")), _span(said.get("colspan")))
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


def _grids_of_page(path: Path, text: str) -> tuple[Grid, ...]:
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
                    _check_size(path, f"table {n + 1}", len(table), MAX_COLUMNS + 1)
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
        cleaned = _clean_rows(filled)
        grids.append(Grid(name=f"table {n + 1}", cells=_array(filled, width), merges=tuple(merges), cleaned=cleaned))
    return tuple(grids)
