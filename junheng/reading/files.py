"""Detect the kind of a file by its content, and whether it is safe to open (private).

No macro or formula is run. The unpacked size of a file is measured before a library opens it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from attrs import evolve

from junheng.errors import InputError, Problem, ProblemCode, Severity
from junheng.reading.compound_files import SIGNATURE
from junheng.reading.grid import Source, Wanted
from junheng.reading.input_file import InputFile
from junheng.reading.old_workbooks import open_ole
from junheng.reading.text_files import decode, open_text
from junheng.reading.web_pages import grids_of_page
from junheng.reading.workbooks import open_zip
from junheng.words import Message, Quoted, message

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods", ".et")
TEXTS = (".csv", ".tsv", ".txt")
#: The endings of each kind of workbook; WPS saves both kinds as .et, templates have endings of their own.
_ENDINGS = {
    "xlsx": (".xlsx", ".xlsm", ".xltx", ".xltm", ".et", ".ett"),
    "xls": (".xls", ".xlt", ".et", ".ett"),
    "ods": (".ods", ".ots"),
}
#: How a page begins, and no table of text: a tag of a page, a comment or a declaration.
_PAGE = re.compile(rb"<(?:[!?]|(?:html|head|body|meta|title|script|style|div|span|p|br|form|center|a|h[1-6])[\s/>])")
_READ = frozenset((*WORKBOOKS, *TEXTS, ".xltx", ".xltm", ".ett", ".xlt", ".ots", ".htm", ".html", ""))
#: How the files of other programs begin.
_OTHERS = {
    b"%PDF": "pdf",
    b"\x89PNG": "picture",
    b"\xff\xd8\xff": "picture",
    b"GIF8": "picture",
    b"II*\0": "picture",
    b"MM\0*": "picture",
    b"RIFF": "picture",
    b"Rar!": "packed",
    b"7z\xbc\xaf\x27\x1c": "packed",
    b"\x1f\x8b": "packed",
    b"BZh": "packed",
    b"\xfd7zXZ": "packed",
    b"\0\1\0\0Standard ": "database",
    b"SQLite format": "database",
    b"{\\rtf": "other_document",
}


def open_source(file: InputFile, progress: Callable[[int], None], wanted: Wanted) -> Source:
    """Open a file of any supported kind; ``wanted`` selects sheets, ``progress`` is called with percentages."""
    head = file.data[:4096]
    for beginning, name in _OTHERS.items():
        if head.startswith(beginning):
            raise InputError(message(f"reading.{name}", path=file.name))
    if head.startswith(b"PK"):
        return _told(file, open_zip(file, progress, wanted))
    if head.startswith(SIGNATURE):
        return _told(file, open_ole(file, progress, wanted))
    if file.suffix not in _READ:
        hint = message("reading.save_as_xlsx") if file.suffix == ".xlsb" else ""
        endings = (*TEXTS, *WORKBOOKS)
        raise InputError(
            message("reading.ending", path=file.name, endings=endings, ending=Quoted(file.suffix), hint=hint)
        )
    return _open_written(file, head)


def _told(file: InputFile, source: Source) -> Source:
    """Warn of an ending that says another kind than the content."""
    if not file.suffix or file.suffix in _ENDINGS[source.kind]:
        return source
    sentence = message("reading.other_kind", path=file.name, kind=f".{source.kind}")
    return _warned(source, sentence)


def _warned(source: Source, sentence: Message) -> Source:
    problem = Problem(code=ProblemCode.FILE_FORMAT, severity=Severity.WARNING, value=source.kind, message=sentence)
    return evolve(source, problems=(problem, *source.problems))


def _open_written(file: InputFile, head: bytes) -> Source:
    """Open a page or a text, whatever its ending says."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"mime-version") or b"multipart/related" in start[:400]:
        raise InputError(message("reading.web_archive", path=file.name))
    if b"urn:schemas-microsoft-com:office:spreadsheet" in head and start.startswith((b"<?xml", b"<workbook")):
        raise InputError(message("reading.xml_2003", path=file.name))
    if start.startswith(b"<") or _is_wide_page(head):
        return _open_page(file, start)
    return _open_text(file)


def _is_wide_page(head: bytes) -> bool:
    """Tell whether a page is written in UTF-16."""
    return head.startswith((b"\xff\xfe", b"\xfe\xff")) and head.replace(b"\0", b"")[2:].lstrip().startswith(b"<")


def _open_page(file: InputFile, start: bytes) -> Source:
    text, encoding = _decoded(file)
    grids = grids_of_page(file, text)
    if not grids:
        if file.suffix in TEXTS and _PAGE.match(start) is None:
            return _open_text(file)
        raise InputError(message("reading.page_without_table", path=file.name))
    source = Source(name=file.name, kind="html", encoding=encoding, grids=grids)
    if file.suffix in ("", ".htm", ".html"):
        return source
    return _warned(source, message("reading.page_read", path=file.name))


def _open_text(file: InputFile) -> Source:
    if file.suffix in TEXTS:
        return open_text(file, file.suffix)
    text, _ = _decoded(file)
    # a text without a separator is no table that was exported under another ending
    bare = file.suffix and not re.search(r"[\t,;|，；、｜]", text[:20_000])
    if bare or re.search(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]", text[:4096]):
        raise InputError(message("reading.not_a_workbook", path=file.name))
    source = open_text(file, ".txt")
    if not file.suffix:
        return source
    return _warned(evolve(source, kind="text"), message("reading.text_read", path=file.name))


def _decoded(file: InputFile) -> tuple[str, str]:
    try:
        return decode(file, file.data)
    except InputError:
        if not file.suffix or file.suffix in TEXTS:
            raise
        raise InputError(message("reading.not_a_workbook", path=file.name)) from None
