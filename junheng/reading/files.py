"""Detect the kind of a file and whether it is safe to open (private).

No macro or formula is run. The unpacked size of a file is measured before a library opens it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from junheng.errors import InputError, Problem, ProblemCode, Severity
from junheng.reading.grid import Source, Wanted
from junheng.reading.input_file import InputFile
from junheng.reading.old_workbooks import open_ole
from junheng.reading.separators import find_separator
from junheng.reading.text_files import decode, open_text, read_text
from junheng.reading.web_pages import grids_of_page
from junheng.reading.workbooks import open_zip
from junheng.words import Quoted, message

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
TEXTS = (".csv", ".tsv", ".txt")


def open_source(file: InputFile, progress: Callable[[int], None], wanted: Wanted) -> Source:
    """Open a file of any supported kind; ``wanted`` selects sheets, ``progress`` is called with percentages."""
    suffix = file.suffix
    if suffix not in (*WORKBOOKS, *TEXTS):
        hint = message("reading.save_as_xlsx") if suffix == ".xlsb" else ""
        endings = (*TEXTS, *WORKBOOKS)
        raise InputError(message("reading.ending", path=file.name, endings=endings, ending=Quoted(suffix), hint=hint))
    head = file.data[:4096]
    if suffix in TEXTS:
        return open_text(file, head, suffix)
    if head.startswith(b"PK"):
        return open_zip(file, progress, wanted)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return open_ole(file, progress, wanted)
    return _open_pretended(file, head)


def _open_pretended(file: InputFile, head: bytes) -> Source:
    if file.suffix != ".xls":
        raise InputError(message("reading.not_a_workbook", path=file.name))
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"mime-version") or b"multipart/related" in start[:400]:
        raise InputError(message("reading.web_archive", path=file.name))
    text, encoding = _decode_page(file)
    odd: tuple[Problem, ...] = ()
    if b"urn:schemas-microsoft-com:office:spreadsheet" in head and start.startswith((b"<?xml", b"<workbook")):
        raise InputError(message("reading.xml_2003", path=file.name))
    if start.startswith(b"<") and (b"<table" in text[:200_000].lower().encode("utf-8", "replace")):
        sentence = message("reading.page_read", path=file.name)
        grids, kind = grids_of_page(file, text), "html"
    elif start.startswith(b"<"):
        raise InputError(message("reading.page_without_table", path=file.name))
    elif re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head) and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(message("reading.not_a_workbook", path=file.name))
    else:
        sentence = message("reading.text_read", path=file.name)
        grid, odd = read_text(file, text, find_separator(text, tabs=True))
        grids, kind = (grid,), "text"
    problem = Problem(code=ProblemCode.FILE_FORMAT, severity=Severity.WARNING, value=kind, message=sentence)
    return Source(name=file.name, kind=kind, encoding=encoding, grids=grids, problems=(problem, *odd))


def _decode_page(file: InputFile) -> tuple[str, str]:
    try:
        return decode(file, file.data)
    except InputError:
        raise InputError(message("reading.not_a_workbook", path=file.name)) from None
