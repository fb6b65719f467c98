"""The files counties send, written from a book: kinds, encodings, separators, line ends, endings that lie."""

from __future__ import annotations

import csv
import datetime
import html
import io
import random
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import attrs
import xlsxwriter
from messy_books import Book, Sheet, write_ods_package


@attrs.frozen
class Special:
    """A cell that is not typed: an error, a formula without a value, a date."""

    kind: str
    text: str


@attrs.frozen
class Written:
    """A file, the names its sheets have when read, and words of which an error must say one if it is refused."""

    path: Path
    sheets: tuple[str, ...]
    refusable: tuple[str, ...] = ()


Writer = Callable[[Book, Path, random.Random], Written]


def shown(value: Any) -> str:
    if value is None:
        return ""
    return value.text if isinstance(value, Special) else str(value)


# ------------------------------------------------------------------------------------------------- workbooks


def _write_cell(page: Any, formats: dict[str, Any], r: int, c: int, value: Any) -> None:
    if isinstance(value, Special):
        if value.kind == "date":
            page.write_datetime(r, c, datetime.datetime(2025, 3, 4), formats["date"])
        elif value.kind == "formula":
            page.write_formula(r, c, "=SUM(A1:A2)", None, "")
        else:
            page.write_formula(r, c, "=1/0", None, value.text)
    elif value is not None:
        page.write(r, c, value)


def write_workbook(book: Book, path: Path) -> None:
    """An .xlsx whatever its ending."""
    memory = io.BytesIO()
    with xlsxwriter.Workbook(memory, {"strings_to_formulas": False, "strings_to_urls": False}) as out:
        formats = {"date": out.add_format({"num_format": "yyyy-mm-dd"})}
        for sheet in book.sheets:
            page = out.add_worksheet(sheet.name)
            if sheet.hidden:
                page.hide()
            for a, b, c, d in sheet.merges:
                page.merge_range(a, b, c, d, "")
            for r, row in enumerate(sheet.rows):
                for c, value in enumerate(row):
                    _write_cell(page, formats, r, c, value)
    path.write_bytes(memory.getvalue())


def _ods_cell(value: Any, spans: str) -> str:
    if value is None:
        return f"<table:table-cell{spans}/>"
    if isinstance(value, Special):
        if value.kind == "date":
            return (
                f'<table:table-cell{spans} office:value-type="date" office:date-value="2025-03-04">'
                "<text:p>2025-03-04</text:p></table:table-cell>"
            )
        if value.kind == "formula":
            return f'<table:table-cell{spans} table:formula="of:=SUM([.A1:.A2])"/>'
        value = value.text
    if isinstance(value, str):
        text = "".join(f"<text:p>{escape(line)}</text:p>" for line in value.split("\n"))
        return f'<table:table-cell{spans} office:value-type="string">{text}</table:table-cell>'
    said = f'office:value-type="float" office:value="{value!r}"'
    return f"<table:table-cell{spans} {said}><text:p>{value}</text:p></table:table-cell>"


def _ods_table(sheet: Sheet) -> str:
    spans = {(a, b): (c - a + 1, d - b + 1) for a, b, c, d in sheet.merges}
    covered = {(r, k) for a, b, c, d in sheet.merges for r in range(a, c + 1) for k in range(b, d + 1)} - set(spans)
    rows = []
    for r, row in enumerate(sheet.rows):
        cells = []
        for c, value in enumerate(row):
            if (r, c) in covered:
                cells.append("<table:covered-table-cell/>")
                continue
            down, across = spans.get((r, c), (1, 1))
            said = f' table:number-rows-spanned="{down}" table:number-columns-spanned="{across}"'
            cells.append(_ods_cell(value, said if (r, c) in spans else ""))
        rows.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
    hidden = ' table:style-name="hidden"' if sheet.hidden else ""
    return f'<table:table table:name="{escape(sheet.name)}"{hidden}>{"".join(rows)}</table:table>'


def write_open_document(book: Book, path: Path) -> None:
    """An .ods with its merged cells, as the office programs write it."""
    names = ("office", "table", "text", "style")
    spaces = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in names)
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}><office:automatic-styles>'
        '<style:style style:name="hidden" style:family="table"><style:table-properties table:display="false"/>'
        "</style:style></office:automatic-styles><office:body><office:spreadsheet>"
        f"{''.join(map(_ods_table, book.sheets))}</office:spreadsheet></office:body></office:document-content>"
    )
    write_ods_package(path, content)


def _page_table(sheet: Sheet, rng: random.Random) -> str:
    spans = {(a, b): (c - a + 1, d - b + 1) for a, b, c, d in sheet.merges}
    covered = {(r, k) for a, b, c, d in sheet.merges for r in range(a, c + 1) for k in range(b, d + 1)} - set(spans)
    bold = rng.random() < 0.3
    rows = []
    for r, row in enumerate(sheet.rows):
        cells = []
        for c, value in enumerate(row):
            if (r, c) in covered:
                continue
            down, across = spans.get((r, c), (1, 1))
            said = (f" rowspan={down}" if down > 1 else "") + (f' colspan="{across}"' if across > 1 else "")
            text = html.escape(shown(value)).replace("\n", "<br>") or rng.choice(["", "&nbsp;"])
            tag = "th" if bold and r < sheet.data else "td"
            cells.append(f"<{tag}{said}>{f'<font><b>{text}</b></font>' if bold else text}</{tag}>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table border=1>{''.join(rows)}</table>"


def web_page(book: Book, rng: random.Random, encoding: str = "utf-8") -> bytes:
    tables = "".join(_page_table(s, rng) for s in book.sheets if not s.hidden)
    head = f'<meta http-equiv="Content-Type" content="text/html; charset={encoding}">'
    return f"<html><head>{head}<title>x</title></head><body>{tables}</body></html>".encode(encoding)


# ------------------------------------------------------------------------------------------------------ text


def text_of(sheet: Sheet, separator: str = ",", end: str = "\r\n", quoting: int = csv.QUOTE_MINIMAL) -> str:
    """The rows as text; a separator that csv does not take, such as a full-width comma, stands in no cell."""
    if separator in ",;\t|":
        out = io.StringIO()
        rows = [[shown(v) for v in row] for row in sheet.rows]
        if end == "\r" and any("\n" in v for row in rows for v in row):
            quoting = csv.QUOTE_ALL  # the library would leave a line break within a cell bare
        csv.writer(out, delimiter=separator, lineterminator=end, quoting=quoting).writerows(rows)
        return out.getvalue()
    # without quotation marks no cell has two lines
    return "".join(separator.join(shown(v).replace("\n", "") for v in row) + end for row in sheet.rows)


def _alone(book: Book) -> Sheet:
    """The one sheet of schools; a text holds no more."""
    (sheet,) = book.main
    return sheet


#: Signs of Taiwan and Hong Kong for those of a return that differ.
_TRADITIONAL = str.maketrans(
    "济络网设备艺运参骨干机于况点说学县区码称类级专师规历学教辅馆仪资产计图书册数职业务质发举办类别举办乡类内线积总联单贯办评标准场体动电话备注张李负责人报盖东阳试级办镇农"
    "处说长关门岁岗达义实际记载观边对应业医园财产组织团时间环节术范围确认样写条",
    "濟絡網設備藝運參骨幹機於況點說學縣區碼稱類級專師規歷學教輔館儀資產計圖書冊數職業務質發舉辦類別舉辦鄉類內線積總聯單貫辦評標準場體動電話備註張李負責人報蓋東陽試級辦鎮農"
    "處說長關門歲崗達義實際記載觀邊對應業醫園財產組織團時間環節術範圍確認樣寫條",
)


def traditional(text: str) -> str:
    return text.translate(_TRADITIONAL)


ENCODINGS = (
    "utf-8",
    "utf-8-sig",
    "gb18030",
    "gbk",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-16-be-bom",
    "big5",
    "big5hkscs",
)


def encoded(text: str, encoding: str) -> bytes:
    if encoding == "utf-16-be-bom":
        return b"\xfe\xff" + text.encode("utf-16-be")
    if encoding.startswith(("big5", "gbk")):
        # signs nobody sees would become question marks
        text = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Mn", "Lo") or "\u3000" < c < "\ufe00")
        text = text.replace("\u00a0", " ")
    if encoding.startswith("big5"):
        text = traditional(text)
    return text.encode(encoding)


_ENCODED_WORDS = ("UTF-8", "UTF-16", "GB18030", "Big5", "encoding", "text file")


def write_text(book: Book, folder: Path, rng: random.Random) -> Written:
    encoding = rng.choice(ENCODINGS)
    separator = rng.choice([",", ",", ",", "\t", ";", "|", "，"])
    end = rng.choice(["\r\n", "\n", "\r"])
    quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    ending = rng.choice([".csv", ".txt", ".tsv"] if separator == "\t" else [".csv", ".csv", ".txt"])
    text = text_of(_alone(book), separator, end, quoting)
    words: list[str] = [*_ENCODED_WORDS] if encoding.startswith(("big5", "utf-16")) else []
    if separator in "|，":
        words += ["separator", "comma", "line ", "separated"]
    path = folder / f"表{ending}"
    try:
        content = encoded(text, encoding)
    except UnicodeEncodeError:  # what became "?" would say nothing any more
        content = encoded(text, "utf-8-sig")
    path.write_bytes(content)
    return Written(path, (path.stem,), tuple(words))


def write_plain_csv(book: Book, folder: Path, rng: random.Random) -> Written:
    path = folder / "表.csv"
    path.write_bytes(text_of(_alone(book)).encode(rng.choice(["utf-8-sig", "gb18030"])))
    return Written(path, ("表",))


def write_broken_text(book: Book, folder: Path, rng: random.Random) -> Written:
    """One quotation mark that is never closed, one byte that is no text, or one cell too many in a line."""
    lines = text_of(_alone(book), end="\n").split("\n")
    at = rng.randrange(len(lines) - 1)
    fault = rng.choice(["quote", "quote inside", "byte", "cell", "nul"])
    data = lines[at]
    if fault == "quote":
        cells = data.split(",")
        k = rng.randrange(len(cells))
        cells[k] = '"' + cells[k]
        data = ",".join(cells)
    elif fault == "quote inside":
        k = rng.randrange(len(data) + 1)
        data = data[:k] + '"' + data[k:]
    elif fault == "cell":
        k = data.find(",")
        data = data[:k] + "," + data[k:]
    raw = [line.encode() for line in lines]
    raw[at] = data.encode()
    if fault in ("byte", "nul"):
        k = rng.randrange(len(raw[at]) + 1)
        raw[at] = raw[at][:k] + (b"\xff" if fault == "byte" else b"\x00") + raw[at][k:]
    path = folder / "表.csv"
    path.write_bytes(b"\n".join(raw))
    # in a header, the header is named
    marked = [cell for cell in data.split(",") if '"' in cell]
    named = ("line ", "row ", "UTF-8", "text file", *(f"{at + k}" for k in (0, 1, 2)), *marked)
    return Written(path, ("表",), named)


# ------------------------------------------------------------------------------------------ files by their kind


def _names(book: Book) -> tuple[str, ...]:
    return tuple(s.name for s in book.sheets)


def write_xlsx_file(book: Book, folder: Path, rng: random.Random) -> Written:
    path = folder / "表.xlsx"
    write_workbook(book, path)
    return Written(path, _names(book))


def write_ods_file(book: Book, folder: Path, rng: random.Random) -> Written:
    path = folder / "表.ods"
    write_open_document(book, path)
    return Written(path, _names(book))


def write_page_file(book: Book, folder: Path, rng: random.Random) -> Written:
    path = folder / "表.xls"
    path.write_bytes(web_page(book, rng, rng.choice(["utf-8", "gb18030"])))
    return Written(path, _page_names(book))


def _page_names(book: Book) -> tuple[str, ...]:
    seen = [s for s in book.sheets if not s.hidden]
    return tuple(f"table {seen.index(s) + 1}" if s in seen else "" for s in book.sheets)


def write_with_a_lie(book: Book, folder: Path, rng: random.Random) -> Written:
    """The ending says another kind than the content."""
    plain = len(book.sheets) == 1 and all(m[0] == m[2] for m in book.main[0].merges)
    content = rng.choice(["xlsx", "xlsx", "ods", "page", *(["text"] if plain else [])])
    wrong = {
        "xlsx": [".xls", ".xlsm", ".ods", ".csv", ".et", ".txt"],
        "ods": [".xlsx", ".xls", ".csv"],
        "page": [".xlsx", ".csv", ".html", ".htm", ".et"],
        "text": [".xls", ".xlsx", ".et", ".ods"],
    }
    path = folder / f"表{rng.choice(wrong[content])}"
    names = _names(book)
    if content == "xlsx":
        write_workbook(book, path)
    elif content == "ods":
        write_open_document(book, path)
    elif content == "page":
        path.write_bytes(web_page(book, rng))
        names = _page_names(book)
    else:
        path.write_bytes(text_of(_alone(book), rng.choice([",", "\t"])).encode(rng.choice(["utf-8-sig", "gb18030"])))
        names = (path.stem,)
    return Written(path, names, (path.suffix, "workbook", "web page", "text file"))


FORMATS: dict[str, Writer] = {
    "xlsx": write_xlsx_file,
    "ods": write_ods_file,
    "page": write_page_file,
    "csv": write_plain_csv,
    "text": write_text,
    "broken text": write_broken_text,
    "lie": write_with_a_lie,
}
#: Those that hold one sheet only, and no merged cells.
TEXTS = ("csv", "text", "broken text")
