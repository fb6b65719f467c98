"""The content of a file decides what it is, whatever its name says; passwords are noticed before anything else."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile_books import (
    HEAD,
    label,
    number,
    ods,
    ods_cell,
    ods_row,
    ods_table,
    page,
    record,
    rows,
    sheet,
    xls,
    xlsx,
    zipped,
)

import junheng as jh
from junheng.reading.compound_files import write_compound

ROW = ("甲县", "校2", "0002", "小学")


def _xls() -> bytes:
    return xls(b"".join(label(1, c, v) for c, v in enumerate(ROW)) + number(1, 4))


def _ods() -> bytes:
    return ods(ods_table(ods_row(*map(ods_cell, (*ROW, "500")))))


def _text(separator: str = ",", encoding: str = "utf-8") -> bytes:
    return f"{separator.join(HEAD)}\n{separator.join((*ROW, '500'))}\n".encode(encoding)


def _wps() -> bytes:
    """As some programs write: a prefix before every tag, and a picture in a cell of WPS."""
    plain = sheet(
        rows(1) + '<row r="3"><c r="F3" t="str"><f>_xlfn.DISPIMG("ID_1",1)</f><v>=DISPIMG("ID_1",1)</v></c></row>'
    )
    data = plain.replace("<worksheet xmlns=", "<worksheet xmlns:x=")
    for tag in ("worksheet", "sheetData", "row", "c", "v", "f", "is", "t"):
        for end in (" ", ">"):
            data = data.replace(f"<{tag}{end}", f"<x:{tag}{end}").replace(f"</{tag}>", f"</x:{tag}>")
    return xlsx(data)


#: Kinds of content, the endings that tell the truth of it, and what is reported as its kind.
KINDS: dict[str, tuple[Callable[[], bytes], tuple[str, ...], str]] = {
    "xlsx": (lambda: xlsx(sheet(rows(1))), (".xlsx", ".xlsm", ".et", ".ett"), "xlsx"),
    "xlsx with prefixes": (_wps, (".xlsx", ".xlsm", ".et", ".ett"), "xlsx"),
    "xls": (_xls, (".xls", ".et", ".ett"), "xls"),
    "ods": (_ods, (".ods",), "ods"),
    "page": (lambda: page(f"<tr>{''.join(f'<td>{v}' for v in (*ROW, 500))}"), (".htm", ".html"), "html"),
}
ENDINGS = (".xlsx", ".xlsm", ".xls", ".ods", ".et", ".ett", ".csv", ".txt", ".tsv", ".XLS", ".Xlsx")


@pytest.mark.parametrize("kind", KINDS)
def test_the_content_decides(tmp_path: Path, kind: str) -> None:
    make, true, said = KINDS[kind]
    data = make()
    for ending in (*ENDINGS, *true):
        path = tmp_path / f"表{ending}"
        path.write_bytes(data)
        report = jh.describe_file(path)
        assert report.schools["school"].tolist() == ["校2"], ending
        assert report.kind == said
        warned = "file_format" in report.problems["code"].tolist()
        assert warned == (ending.lower() not in true), ending
        path.unlink()


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_without_a_name_need_no_ending(kind: str) -> None:
    data = KINDS[kind][0]()
    for given in (data, io.BytesIO(data), memoryview(data)):
        report = jh.describe_file(given)
        assert report.schools["school"].tolist() == ["校2"]
        assert "file_format" not in report.problems["code"].tolist()


def test_text_under_the_ending_of_a_workbook(tmp_path: Path) -> None:
    for ending in (".xls", ".xlsx", ".ods", ".et"):
        for separator in (",", "\t"):
            for encoding in ("utf-8", "gb18030"):
                path = tmp_path / f"a{ending}"
                path.write_bytes(_text(separator, encoding))
                report = jh.describe_file(path)
                assert report.schools["school"].tolist() == ["校2"]
                assert report.kind == "text" and "file_format" in report.problems["code"].tolist()


# ------------------------------------------------------------------------------------------------ passwords


def _zip_under_a_password() -> bytes:
    data = bytearray(xlsx(sheet(rows(1))))
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.find(signature) + offset] |= 1
    return bytes(data)


def _garbled_xls() -> bytes:
    """Behind the record of a password the content of every other record is garbled, its length is not."""
    rng = random.Random(3)
    body = b"".join(record(0x0203, rng.randbytes(14)) for _ in range(50))
    return xls(body, extra=record(0x002F, struct.pack("<H", 1) + rng.randbytes(52)))


PASSWORDS: dict[str, Callable[[], bytes]] = {
    "xlsx": lambda: write_compound("EncryptedPackage", bytes(9000)),
    "xls": _garbled_xls,
    "xls of the oldest kind": lambda: xls(number(1, 1), extra=record(0x002F, bytes(6))),
    "ods": lambda: ods(ods_table(), manifest="<manifest><x:encryption-data xmlns:x='y'/></manifest>"),
    "zip": _zip_under_a_password,
}


@pytest.mark.parametrize("kind", PASSWORDS)
@pytest.mark.parametrize("ending", [".xlsx", ".xls", ".ods", ".csv", ""])
def test_a_password_is_noticed_before_anything_else(tmp_path: Path, kind: str, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    path.write_bytes(PASSWORDS[kind]())
    with pytest.raises(jh.InputError, match="is password-protected; save a copy without a password") as caught:
        jh.describe_file(path)
    assert "设有密码" in caught.value.text("zh")


# ---------------------------------------------------------------------------------------- files of other kinds


OTHERS: dict[str, tuple[bytes, str]] = {
    "pdf": (b"%PDF-1.7\n%\xe2\xe3", "PDF document"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(50), "is a picture"),
    "jpeg": (b"\xff\xd8\xff\xe0\0\x10JFIF", "is a picture"),
    "rar": (b"Rar!\x1a\x07\x01\0", "is a packed file"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\4", "is a packed file"),
    "gzip": (b"\x1f\x8b\x08\0", "is a packed file"),
    "access": (b"\0\1\0\0Standard ACE DB\0", "is a database"),
    "docx": (zipped({"word/document.xml": "<w/>", "[Content_Types].xml": "<t/>"}), "text document or presentation"),
    "pptx": (zipped({"ppt/presentation.xml": "<w/>"}), "text document or presentation"),
    "odt": (zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<a/>"}), "text document"),
    "doc": (write_compound("WordDocument", bytes(5000)), "old Office file but not a workbook"),
    "zip with a workbook": (zipped({"2025/学校.xlsx": xlsx(sheet(rows(1)))}), "contains '2025/学校.xlsx'; unpack"),
    "zip": (zipped({"a.txt": "x"}), "a zip file but not a workbook"),
    "xlsb": (zipped({"xl/workbook.bin": b"x"}), "binary workbook"),
    "mht": (b"MIME-Version: 1.0\r\nContent-Type: multipart/related", "web archive"),
    "xml 2003": (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">', "2003"),
    "page": (b"<html><body>404</body></html>", "contains no table"),
}


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("ending", [".xlsx", ".xls", ".csv", ".et", ".dat"])
def test_a_file_of_another_kind_is_named(tmp_path: Path, kind: str, ending: str) -> None:
    data, said = OTHERS[kind]
    path = tmp_path / f"a{ending}"
    path.write_bytes(data)
    with pytest.raises(jh.InputError) as caught:
        jh.describe_file(path)
    text = str(caught.value)
    if kind in ("mht", "xml 2003", "page") and ending == ".dat":
        said = "cannot read '.dat' files"
    assert said in text and "\n" not in text and len(text) < 300
    assert any("\u4e00" <= c <= "\u9fff" for c in caught.value.text("zh"))
