"""Detect the kind of a file and whether it is safe to open (private).

No macro or formula is run. The unpacked size of a file is measured before a library opens it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from junheng.errors import InputError, Problem, ProblemCode, Severity
from junheng.reading.grid import MAX_UNPACKED, Source, Wanted
from junheng.reading.old_workbooks import open_ole
from junheng.reading.text_files import decode, grid_of_text, open_text
from junheng.reading.web_pages import grids_of_page
from junheng.reading.workbooks import open_zip
from junheng.words import Quoted, message

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
TEXTS = (".csv", ".tsv", ".txt")


def open_source(path: Path, progress: Callable[[int], None], wanted: Wanted) -> Source:
    """Open a file of any supported kind; ``wanted`` selects sheets, ``progress`` is called with percentages."""
    if path.is_dir():
        raise InputError(message("reading.folder", path=Quoted(str(path))))
    if not path.is_file():
        raise InputError(message("reading.no_file", path=Quoted(str(path))))
    suffix = path.suffix.lower()
    if suffix not in (*WORKBOOKS, *TEXTS):
        hint = message("reading.save_as_xlsx") if suffix == ".xlsb" else ""
        endings = (*TEXTS, *WORKBOOKS)
        raise InputError(message("reading.ending", path=path.name, endings=endings, ending=Quoted(suffix), hint=hint))
    size = path.stat().st_size
    if size == 0:
        raise InputError(message("reading.empty", path=path.name))
    if size > MAX_UNPACKED:
        raise InputError(message("reading.too_large", path=path.name, limit=MAX_UNPACKED // 10**9))
    with path.open("rb") as handle:
        head = handle.read(4096)
    if suffix in TEXTS:
        return open_text(path, head, suffix)
    if head.startswith(b"PK"):
        return open_zip(path, progress, wanted)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return open_ole(path, progress, wanted)
    return _open_pretended(path, head)


def _open_pretended(path: Path, head: bytes) -> Source:
    if path.suffix.lower() != ".xls":
        raise InputError(message("reading.not_a_workbook", path=path.name))
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"mime-version") or b"multipart/related" in start[:400]:
        raise InputError(message("reading.web_archive", path=path.name))
    text, encoding = _decode_page(path)
    if b"urn:schemas-microsoft-com:office:spreadsheet" in head and start.startswith((b"<?xml", b"<workbook")):
        raise InputError(message("reading.xml_2003", path=path.name))
    if start.startswith(b"<") and (b"<table" in text[:200_000].lower().encode("utf-8", "replace")):
        sentence = message("reading.page_read", path=path.name)
        grids, kind = grids_of_page(path, text), "html"
    elif start.startswith(b"<"):
        raise InputError(message("reading.page_without_table", path=path.name))
    elif re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head) and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(message("reading.not_a_workbook", path=path.name))
    else:
        sentence = message("reading.text_read", path=path.name)
        separator = "\t" if text[:20_000].count("\t") > text[:20_000].count(",") else ","
        grids, kind = (grid_of_text(path, text, separator),), "text"
    problem = Problem(code=ProblemCode.FILE_FORMAT, severity=Severity.WARNING, value=kind, message=sentence)
    return Source(name=path.name, kind=kind, encoding=encoding, grids=grids, problems=(problem,))


def _decode_page(path: Path) -> tuple[str, str]:
    try:
        return decode(path, path.read_bytes())
    except InputError:
        raise InputError(message("reading.not_a_workbook", path=path.name)) from None
