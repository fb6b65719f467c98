"""Text files as grids: encoding, separator and cells (private)."""

from __future__ import annotations

import csv
import io
import re

from junheng._text import INVISIBLE, characters
from junheng.errors import InputError
from junheng.reading.grid import MAX_ROWS, Grid, Source, cell_array, check_size, clean_rows
from junheng.reading.input_file import InputFile
from junheng.words import message

_ENCODINGS = ("utf-8-sig", "gb18030")


def decode(file: InputFile, data: bytes) -> tuple[str, str]:
    """Return a text and the name of its detected encoding."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), "UTF-16"
        except UnicodeDecodeError:
            raise InputError(message("reading.broken_utf16", path=file.name)) from None
    for encoding in _ENCODINGS:
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise InputError(message("reading.encoding", path=file.name))
    if "\x00" in text:
        raise InputError(message("reading.not_text", path=file.name))
    return text, {"utf-8-sig": "UTF-8", "gb18030": "GB18030"}[encoding]


def open_text(file: InputFile, head: bytes, suffix: str) -> Source:
    """Open a text file; ``head`` is its beginning, ``suffix`` its extension."""
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise InputError(message("reading.workbook_as_text", path=file.name))
    text, encoding = decode(file, file.data)
    separator = "\t" if suffix == ".tsv" or encoding == "UTF-16" else ","
    first = text[:20_000]
    if suffix != ".tsv" and first.count("\t") > first.count(","):
        separator = "\t"
    elif suffix != ".tsv" and "," not in first and first.count(";") > 2:
        separator = ";"
    return Source(
        name=file.name,
        kind="tsv" if separator == "\t" else "csv",
        encoding=encoding,
        grids=(grid_of_text(file, text, separator),),
    )


_ODD_QUOTE = re.compile(f'(?m)(^|[,;\\t])({INVISIBLE.pattern}+)"')
#: Systems write ="0012" into text so that a spreadsheet keeps the zeros of a code.
_AS_TEXT = re.compile(r'^="([^"]*)"$')


def grid_of_text(file: InputFile, text: str, separator: str) -> Grid:
    """Return the cells of a text."""
    rows: list[list[str | None]] = []
    width = 0
    odd = INVISIBLE.search("".join(characters([text])))
    if odd:
        # a BOM before a quotation mark (in concatenated files) would make the mark part of the cell
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
                raise InputError(message("reading.many_lines", path=file.name, limit=MAX_ROWS))
    except csv.Error as exc:
        raise InputError(message("reading.irregular", path=file.name, line=len(rows) + 1, error=str(exc))) from None
    check_size(file.name, file.stem, len(rows), width)
    for cells in rows:
        if len(cells) < width:
            cells.extend([None] * (width - len(cells)))
    cleaned = clean_rows(rows) if odd else {}
    return Grid(name=file.stem, cells=cell_array(rows, width), cleaned=cleaned)
