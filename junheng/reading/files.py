"""Which kind of file it is, and whether it is safe to open (private).

Nothing is run: no macro, no formula. What a file would unpack to is counted before a library opens it.
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

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
TEXTS = (".csv", ".tsv", ".txt")


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
        return open_text(path, head, suffix)
    if head.startswith(b"PK"):
        return open_zip(path, said, wanted)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return open_ole(path, said, wanted)
    return _open_pretended(path, head)


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
        grids = grids_of_page(path, text)
        kind = "html"
    elif start.startswith(b"<"):
        raise InputError(f"{path.name} is a web page with the ending of a workbook, and holds no table")
    elif re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head) and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{path.name} is not a workbook, whatever its ending; save it again as .xlsx")
    else:
        said = "text with the ending of a workbook; it was read as text"
        separator = "\t" if text[:20_000].count("\t") > text[:20_000].count(",") else ","
        grids, kind = (grid_of_text(path, text, separator),), "text"
    problem = Problem(
        code=ProblemCode.FILE_FORMAT, severity=Severity.WARNING, value=kind, message=f"{path.name} is {said}"
    )
    return Source(name=path.name, kind=kind, encoding=encoding, grids=grids, problems=(problem,))


def _decode_page(path: Path) -> tuple[str, str]:
    try:
        return decode(path, path.read_bytes())
    except InputError:
        raise InputError(f"{path.name} is not a workbook, whatever its ending; save it again as .xlsx") from None
