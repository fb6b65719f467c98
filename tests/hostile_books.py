"""Files that would fill the memory or never end, made by kind and size; and a runner that reads them in children."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from limited_children import read_in_children

from junheng.reading.compound_files import write_compound

# ------------------------------------------------------------------------------------------------ .xlsx

HEAD = ("区县名称", "学校名称", "学校代码", "学段", "在校生数")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def text_cell(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


def rows(n: int) -> str:
    """Headers and n schools."""
    out = "".join(text_cell(f"{'ABCDE'[i]}1", h) for i, h in enumerate(HEAD))
    lines = [f'<row r="1">{out}</row>']
    for r in range(2, n + 2):
        cells = [text_cell(f"{'ABCD'[i]}{r}", v) for i, v in enumerate(("甲县", f"校{r}", f"{r:04}", "小学"))]
        lines.append(f'<row r="{r}">{"".join(cells)}<c r="E{r}"><v>500</v></c></row>')
    return "".join(lines)


def sheet(data: str, after: str = "") -> str:
    return f'<?xml version="1.0"?><worksheet xmlns="{_MAIN}"><sheetData>{data}</sheetData>{after}</worksheet>'


def xlsx(
    *sheets: str,
    strings: str | None = None,
    styles: str | None = None,
    names: Sequence[tuple[str, int]] | None = None,
    more: str = "",
    method: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """A workbook of these parts; ``names`` are the sheets as the workbook lists them, with the part of each."""
    listed = names or [(f"Sheet{i + 1}", i) for i in range(len(sheets))]
    entries = "".join(f'<sheet name="{n}" sheetId="{i}" r:id="rId{i}"/>' for i, (n, _) in enumerate(listed, start=1))
    links = "".join(
        f'<Relationship Id="rId{i}" Type="{_LINKS}/worksheet" Target="worksheets/sheet{part + 1}.xml"/>'
        for i, (_, part) in enumerate(listed, start=1)
    )
    root = f'<Relationship Id="rId1" Type="{_LINKS}/officeDocument" Target="xl/workbook.xml"/>'
    package = f'xmlns="{_PACKAGE}/relationships"'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": f"<Relationships {package}>{root}</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>{entries}</sheets>{more}</workbook>',
        "xl/_rels/workbook.xml.rels": f"<Relationships {package}>{links}</Relationships>",
        **{f"xl/worksheets/sheet{i + 1}.xml": s for i, s in enumerate(sheets)},
    }
    if strings is not None:
        parts["xl/sharedStrings.xml"] = strings
    if styles is not None:
        parts["xl/styles.xml"] = styles
    return zipped(parts, method)


def zipped(parts: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, data in parts.items():
            z.writestr(zipfile.ZipInfo(name) if name == "mimetype" else name, data)
    return out.getvalue()


def far_cell(rng: random.Random, reference: str, twice: bool) -> str:
    """A cell as a stranger may write it: prefix, blanks, quotes and order of attributes as they come.

    ``twice`` gives it a plain reference too: some readers take the first, some the last.
    """
    prefix = rng.choice(["", "", "x:", "main:"])
    quote = rng.choice("\"'")
    gap = rng.choice([" ", "  ", "\n", "\t"])
    around = rng.choice(["", " "])
    own = f"r{around}={around}{quote}{reference}{quote}"
    # a bracket inside an attribute ends no tag
    others = [f"s={quote}0{quote}", f"z={quote}{rng.choice(['>', 'a>b', '/>', '>'])}{quote}"]
    chosen = [own, *others[: rng.randrange(3)]]
    rng.shuffle(chosen)
    if twice:
        chosen.insert(0, 'r="B4"')
    attributes = gap.join(chosen)
    name = f"{prefix}c"
    return f"<{name}{gap}{attributes}{around}><{prefix}v>1</{prefix}v></{name}>"


def with_far_cell(rng: random.Random, reference: str, twice: bool = False) -> bytes:
    data = rows(3) + f"<row>{far_cell(rng, reference, twice)}</row>"
    page = sheet(data).replace("<worksheet ", '<worksheet xmlns:x="x" xmlns:main="m" ')
    return xlsx(page)


def _strings(items: str, count: object) -> str:
    return f'<?xml version="1.0"?><sst xmlns="{_MAIN}" count="{count}" uniqueCount="{count}">{items}</sst>'


def _shared(n: int) -> str:
    return "".join(f'<row r="{r}"><c r="A{r}" t="s"><v>0</v></c></row>' for r in range(9, n + 9))


def _styles(formats: str, n: int) -> str:
    cells = '<xf numFmtId="164"/>' * n
    return f'<styleSheet xmlns="{_MAIN}"><numFmts>{formats}</numFmts><cellXfs>{cells}</cellXfs></styleSheet>'


#: Workbooks by kind; n is how much of it there is. A size of about 20 000 makes files below 100 kB.
XLSX: dict[str, Callable[[int], bytes]] = {
    "a reference beyond every number": lambda n: xlsx(
        sheet(rows(3) + f'<row r="9"><c r="E{"9" * n}"><v>1</v></c></row>')
    ),
    "a column beyond every number": lambda n: xlsx(sheet(rows(3) + f'<row r="9"><c r="{"A" * n}9"><v>1</v></c></row>')),
    "a row beyond every number": lambda n: xlsx(sheet(rows(3) + f'<row r="{"9" * n}"><c><v>1</v></c></row>')),
    "two references in a cell": lambda n: xlsx(
        sheet(rows(3) + '<row r="9"><c r="A9" s="0" r="XFD1048576"><v>1</v></c></row>' + rows(1) * (n // 100))
    ),
    "two references in a row": lambda n: xlsx(
        sheet(rows(3) + '<row r="9" r="1048576"><c><v>1</v></c></row>' + rows(1) * (n // 100))
    ),
    "a row far away and a cell without a reference": lambda n: xlsx(
        sheet(rows(3) + f'<row r="1048576">{"<c><v>1</v></c>" * 5}</row>')
    ),
    "cells without references in one row": lambda n: xlsx(sheet(rows(3) + f"<row>{'<c><v>1</v></c>' * n}</row>")),
    "rows without references": lambda n: xlsx(sheet(rows(3) + "<row><c><v>1</v></c></row>" * n)),
    "strings that are not there": lambda n: xlsx(sheet(rows(3)), strings=_strings("<si><t>5</t></si>", "9" * 10)),
    "strings that are not there, as a long number": lambda n: xlsx(
        sheet(rows(3)), strings=_strings("<si><t>5</t></si>", "9" * n)
    ),
    "very many strings": lambda n: xlsx(sheet(rows(3)), strings=_strings("<si><t>a</t></si>" * (20 * n), 20 * n)),
    "strings in very many runs": lambda n: xlsx(
        sheet(rows(3)), strings=_strings("<si>" + "<r><t>a</t></r>" * (20 * n) + "</si>", 1)
    ),
    "strings one in another": lambda n: xlsx(sheet(rows(3)), strings=_strings("<si><r>" * n + "</r></si>" * n, 1)),
    "a long string in very many cells": lambda n: xlsx(
        sheet(rows(3) + _shared(n)), strings=_strings(f"<si><t>{'字' * 30_000}</t></si>", 1)
    ),
    "a string beyond every cell": lambda n: xlsx(
        sheet(rows(3) + _shared(1)), strings=_strings(f"<si><t>{'字' * (50 * n)}</t></si>", 1)
    ),
    "blanks in a cell": lambda n: xlsx(sheet(rows(3) + f'<row r="9"><c r="A9"><f>1</f>{" " * (30 * n)}</c></row>')),
    "blanks in every cell": lambda n: xlsx(
        sheet(rows(3) + "".join(f'<row r="{r}"><c r="A{r}">   <f/>   </c></row>' for r in range(9, n)))
    ),
    "blanks in a tag": lambda n: xlsx(sheet(rows(3) + f'<row r="9"><c{" " * (30 * n)}r="A9"><v>1</v></c></row>')),
    "rows that do not end": lambda n: xlsx(sheet("<row " * (10 * n))),
    "cells that do not end": lambda n: xlsx(sheet(rows(3) + '<c r="A1"' * (10 * n))),
    "quotes that do not end": lambda n: xlsx(sheet(rows(3) + "<c r=\"'" * (10 * n))),
    "comments that do not end": lambda n: xlsx(sheet(rows(3) + "<!--" * (10 * n))),
    "comments": lambda n: xlsx(sheet("<!-- x -->" * (10 * n) + rows(3))),
    "instructions": lambda n: xlsx(sheet("<?x y?>" * (10 * n) + rows(3))),
    "attributes": lambda n: xlsx(sheet(rows(3) + f"<row {' '.join(f'a{i}=' + chr(34) * 2 for i in range(n))}/>")),
    "tags one in another": lambda n: xlsx(sheet(rows(3) + "<a>" * n + "</a>" * n)),
    "empty tags": lambda n: xlsx(sheet(rows(3) + "<a/>" * (50 * n))),
    "formulas without values": lambda n: xlsx(
        sheet(rows(3) + '<row r="9">' + '<c r="A9"><f/></c>' * (10 * n) + "</row>")
    ),
    "formulas without values, each in a place of its own": lambda n: xlsx(
        sheet(rows(3) + "".join(f'<row r="{r}"><c r="A{r}"><f/></c><c r="B{r}"><f/></c></row>' for r in range(9, n)))
    ),
    "errors": lambda n: xlsx(
        sheet(rows(3) + "".join(f'<row r="{r}"><c r="A{r}" t="e"><v>#N/A</v></c></row>' for r in range(9, n)))
    ),
    "a merge over everything": lambda n: xlsx(
        sheet(rows(3), '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>')
    ),
    "very many merges": lambda n: xlsx(
        sheet(
            rows(3),
            "<mergeCells>"
            + "".join(f'<mergeCell ref="F{i}:F{i + 1}"/>' for i in range(1, 10 * n, 2))
            + "</mergeCells>",
        )
    ),
    "merges over one another": lambda n: xlsx(
        sheet(rows(3), "<mergeCells>" + '<mergeCell ref="A2:A4"/>' * n + "</mergeCells>")
    ),
    "a dimension that is not so": lambda n: xlsx(
        sheet(rows(3)).replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>')
    ),
    "a dimension backwards": lambda n: xlsx(
        sheet(rows(3)).replace("<sheetData>", '<dimension ref="XFD1048576:A1"/><sheetData>')
    ),
    "very many sheets": lambda n: xlsx(*[sheet(rows(1))] * min(n, 300)),
    "very many names of one sheet": lambda n: xlsx(sheet(rows(n // 10)), names=[(f"s{i}", 0) for i in range(n // 20)]),
    "very many defined names": lambda n: xlsx(
        sheet(rows(3)), more="<definedNames>" + '<definedName name="a">A1</definedName>' * n + "</definedNames>"
    ),
    "very many formats": lambda n: xlsx(
        sheet(rows(3)), styles=_styles('<numFmt numFmtId="164" formatCode="0.00"/>', 10 * n)
    ),
    "a long format for very many cells": lambda n: xlsx(
        sheet(rows(3)), styles=_styles(f'<numFmt numFmtId="164" formatCode="{"0" * n}"/>', n)
    ),
    "drawings": lambda n: xlsx(sheet(rows(3), "<drawing/>" * n)),
}


# ------------------------------------------------------------------------------------------------- .ods

_ODS_NAMES = 'xmlns:office="o" xmlns:table="t" xmlns:text="x"'


def ods(*tables: str, manifest: str = "<manifest/>") -> bytes:
    start = f'<?xml version="1.0"?><office:document-content {_ODS_NAMES}><office:body>'
    content = f"{start}{''.join(tables)}</office:body></office:document-content>"
    mimetype = "application/vnd.oasis.opendocument.spreadsheet"
    return zipped({"mimetype": mimetype, "content.xml": content, "META-INF/manifest.xml": manifest})


def ods_cell(text: str = "a", attributes: str = "") -> str:
    return f'<table:table-cell office:value-type="string" {attributes}><text:p>{text}</text:p></table:table-cell>'


def ods_row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def ods_table(*lines: str, name: str = "甲") -> str:
    head = ods_row(*map(ods_cell, HEAD))
    return f'<table:table table:name="{name}">{head}{"".join(lines)}</table:table>'


_FAR = 'table:number-rows-repeated="1048500"'
_WIDE = 'table:number-columns-repeated="16000"'
ODS: dict[str, Callable[[int], bytes]] = {
    "a cell after a million empty rows": lambda n: ods(ods_table(ods_row(attributes=_FAR), ods_row(ods_cell()))),
    "a million equal rows": lambda n: ods(ods_table(ods_row(ods_cell(), attributes=_FAR))),
    "wide rows": lambda n: ods(ods_table(*[ods_row(ods_cell(attributes=_WIDE))] * (n // 20))),
    "a long text in wide rows": lambda n: ods(ods_table(ods_row(ods_cell("字" * 30_000, _WIDE)))),
    "rows that are not repeated": lambda n: ods(
        ods_table(*[ods_row(ods_cell(attributes=_WIDE), attributes='table:number-rows-repeated="0"')] * n)
    ),
    "repeats beyond every number": lambda n: ods(
        ods_table(ods_row(ods_cell(), attributes=f'table:number-rows-repeated="{"9" * n}"'))
    ),
    "a cell far to the right": lambda n: ods(
        ods_table(*[ods_row("<table:table-cell " + _WIDE + "/>", ods_cell())] * (n // 20))
    ),
    "blanks by number": lambda n: ods(ods_table(ods_row(ods_cell('<text:s text:c="4000000000"/>')))),
    "blanks by number, again and again": lambda n: ods(ods_table(*[ods_row(ods_cell('<text:s text:c="9000"/>'))] * n)),
    "spans over everything": lambda n: ods(
        ods_table(ods_row(ods_cell("a", 'table:number-rows-spanned="1048576" table:number-columns-spanned="16384"')))
    ),
    "very many spans": lambda n: ods(
        ods_table(*[ods_row(ods_cell("a", 'table:number-columns-spanned="2"'), ods_cell())] * n)
    ),
    "spans in repeated rows": lambda n: ods(
        ods_table(ods_row(ods_cell("a", 'table:number-columns-spanned="2"'), attributes=_FAR))
    ),
    "spans over one another": lambda n: ods(
        ods_table(*[ods_row(ods_cell("a", 'table:number-rows-spanned="9"'), ods_cell())] * 9)
    ),
    "tables one in another": lambda n: ods(
        "<table:table table:name='a'><table:table-row><table:table-cell>" * n
        + "</table:table-cell></table:table-row></table:table>" * n
    ),
    "very many tables": lambda n: ods(*[ods_table(name=f"s{i}") for i in range(n // 4)]),
    "very many cells": lambda n: ods(ods_table(*[ods_row(*[ods_cell()] * 10)] * n)),
}


# ------------------------------------------------------------------------------------------------- .xls


def record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


_BOF = record(0x0809, struct.pack("<HHHHII", 0x0600, 5, 0, 0, 0, 6))
_EOF = record(0x000A)


def number(row: int, column: int) -> bytes:
    return record(0x0203, struct.pack("<HHHd", row, column, 0, 1.0))


def label(row: int, column: int, text: str) -> bytes:
    raw = text.encode("utf-16-le")
    return record(0x0204, struct.pack("<HHHHB", row, column, 0, len(text), 1) + raw)


def xls(*sheets: bytes, extra: bytes = b"", starts: Sequence[int] | None = None) -> bytes:
    """An old workbook of these records; ``starts`` are other places for its sheets than where they are."""
    head = b"".join(label(0, c, h) for c, h in enumerate(HEAD))
    bodies = [_BOF + head + s + _EOF for s in sheets]
    n = len(starts) if starts else len(bodies)
    size = len(_BOF) + n * (4 + 6 + 2 + 6) + len(extra) + len(_EOF)
    places = [size]
    for body in bodies:
        places.append(places[-1] + len(body))
    at = [size + s for s in starts] if starts else places
    listed = b"".join(record(0x0085, struct.pack("<IBBBB", at[i], 0, 0, 6, 0) + f"s{i:05}".encode()) for i in range(n))
    return write_compound("Workbook", _BOF + listed + extra + _EOF + b"".join(bodies))


def strings_record(*texts: str, count: int | None = None) -> bytes:
    body = struct.pack("<II", count or len(texts), count or len(texts))
    for text in texts:
        body += struct.pack("<HB", len(text), 1) + text.encode("utf-16-le")
    # no character is cut in two: the first record has 8 + 3 bytes before its first text
    pieces = [body[:8223], *(body[i : i + 8222] for i in range(8223, len(body), 8222))]
    out = record(0x00FC, pieces[0])
    for piece in pieces[1:]:
        # a text that runs on says anew that it is wide
        out += record(0x003C, b"\1" + piece)
    return out


def _shared_cells(n: int) -> bytes:
    return b"".join(record(0x00FD, struct.pack("<HHHI", 1 + i, 0, 0, 0)) for i in range(n))


def _circle(at: int, value: int) -> Callable[[int], bytes]:
    def make(n: int) -> bytes:
        data = bytearray(xls(number(1, 1) * (n // 10)))
        data[at : at + 4] = struct.pack("<I", value)
        return bytes(data)

    return make


def _endless(n: int) -> bytes:
    """The sectors of the workbook follow one another in a circle."""
    data = bytearray(xls(number(1, 1) * (n // 5)))
    shift = 4096
    table = bytearray(data[shift : 2 * shift])
    table[8:12] = struct.pack("<I", 2)
    data[shift : 2 * shift] = table
    # a length that never comes to an end
    data[2 * shift + 128 + 120 : 2 * shift + 128 + 124] = struct.pack("<I", 0x7FFFFFFF)
    return bytes(data)


XLS: dict[str, Callable[[int], bytes]] = {
    "a cell in the last row": lambda n: xls(number(65535, 255)),
    "a formula in the last row": lambda n: xls(record(0x0006, struct.pack("<HHH", 65535, 255, 0) + bytes(16))),
    "a cell beyond the last column": lambda n: xls(number(1, 65535)),
    "several cells beyond the last column": lambda n: xls(
        record(0x00BD, struct.pack("<HH", 1, 250) + bytes(6 * 20) + struct.pack("<H", 269))
    ),
    "a dimension beyond every number": lambda n: xls(
        record(0x0200, struct.pack("<IIHHH", 0, 0xFFFFFFFF, 0, 0xFFFF, 0))
    ),
    "a dimension backwards": lambda n: xls(record(0x0200, struct.pack("<IIHHH", 9, 2, 9, 2, 0))),
    "sheets in one place": lambda n: xls(number(1, 1) * n, starts=[0] * (n // 10)),
    "sheets that overlap": lambda n: xls(number(1, 1) * n, starts=[18 * i for i in range(n // 10)]),
    "a long text in very many cells": lambda n: xls(_shared_cells(n // 4), extra=strings_record("字" * 20_000)),
    "texts that are not there": lambda n: xls(number(1, 1), extra=strings_record("a", count=0x7FFFFFFF)),
    "texts in very many records": lambda n: xls(number(1, 1), extra=strings_record("a") + record(0x003C) * n),
    "very many cells": lambda n: xls(b"".join(number(1 + i // 20, i % 20) for i in range(n // 3))),
    "merges beyond what is there": lambda n: xls(record(0x00E5, struct.pack("<H", 0xFFFF))),
    "very many merges": lambda n: xls(
        *[b"".join(record(0x00E5, struct.pack("<H", 1) + struct.pack("<4H", 1, 60000, 0, 200)) for _ in range(n // 4))]
    ),
    "records cut off": lambda n: xls(record(0x00BD, b"\0"), number(1, 1)),
    "sectors in a circle": _endless,
    "a directory in a circle": _circle(48, 0),
    "a table of sectors in a circle": _circle(68, 0),
    "very many tables of sectors": _circle(44, 0x7FFFFFFF),
    "very many small sectors": _circle(64, 0x7FFFFFFF),
    "a table in a table": _circle(62, 0x7FFFFFFF),
    "a password": lambda n: xls(number(1, 1), extra=record(0x002F, b"\1\0" + bytes(52))),
    "a password of the oldest kind": lambda n: xls(number(1, 1), extra=record(0x002F, bytes(6))),
}


# --------------------------------------------------------------------------------------------- web pages


def page(*lines: str) -> bytes:
    head = "<tr>" + "".join(f"<td>{h}" for h in HEAD) + "</tr>"
    return f"<html><table>{head}{''.join(lines)}</table></html>".encode()


HTML: dict[str, Callable[[int], bytes]] = {
    "cells that reach down and down": lambda n: page(*["<tr><td rowspan=2000>校</td></tr>"] * (n // 10)),
    "cells that reach down and across": lambda n: page(*["<tr><td rowspan=999 colspan=999>校</td></tr>"] * (n // 10)),
    "a wide head over empty rows": lambda n: page(
        "<tr>" + "<td rowspan=65534>a" * 1900 + "</tr>", "<tr>" * n, "<tr><td>x</tr>"
    ),
    "empty rows": lambda n: page("<tr></tr>" * n),
    "empty rows before one": lambda n: page("<tr></tr>" * n, "<tr><td>x</td></tr>"),
    "cells that do not end": lambda n: page("<tr>" + "<td>a" * n),
    "tables one in another": lambda n: page("<tr><td><table>" * n),
    "tables beside one another": lambda n: page("</table><table>" * n),
    "a span beyond every number": lambda n: page(f"<tr><td rowspan={'9' * n} colspan={'9' * n}>a"),
    "quotes that do not end": lambda n: page("<tr><td title=\"'" * n),
    "tags that do not end": lambda n: page("<td " * n),
    "tags that only begin": lambda n: page("<" * n, "<a" * n, "</" * n),
    "blanks in a tag": lambda n: page(f"<td{' ' * n}", f"<td a{' ' * n}", f"<td a{' ' * n}={' ' * n}"),
    "signs in a tag": lambda n: page(f"<td{'=' * n}>a", f"<td {'/' * n}a", f"<td {'a=' * n}>b"),
    "comments that do not end": lambda n: page("<!--" * n),
    "declarations that do not end": lambda n: page("<![" * n, "<?" * n),
    "scripts that do not end": lambda n: page("<script>" * n, "<style>" * n),
    "characters by numbers without end": lambda n: page(f"<tr><td>&#{'9' * n};", f"<td>&#x{'f' * n}"),
    "signs of characters": lambda n: page("<tr><td>" + "&" * n, "<td>" + "&a" * n, "<td>" + "&#" * n),
    "a long attribute": lambda n: page(f"<tr><td title='{'a' * (4 * n)}'>a"),
    "attributes": lambda n: page("<tr><td " + " ".join(f"a{i}=1" for i in range(n)) + ">a"),
    "a long cell": lambda n: page("<tr><td>" + "a b " * n),
}


def files_of(name: str) -> dict[str, Callable[[int], bytes]]:
    return {".xlsx": XLSX, ".ods": ODS, ".xls": XLS, ".html.xls": HTML}[name]


ALL: dict[str, tuple[str, Callable[[int], bytes]]] = {
    f"{ending[1:]}: {kind}": (ending, make)
    for ending in (".xlsx", ".ods", ".xls", ".html.xls")
    for kind, make in files_of(ending).items()
}


def write_all(folder: Path, size: int, chosen: Iterable[str] | None = None) -> dict[str, Path]:
    """Write a file of each kind; return their paths by kind."""
    out: dict[str, Path] = {}
    for i, kind in enumerate(ALL if chosen is None else chosen):
        ending, make = ALL[kind]
        out[kind] = folder / f"{i:03}-{size}{ending}"
        out[kind].write_bytes(make(size))
    return out


def outcomes(folder: Path, size: int, chosen: Iterable[str] | None = None) -> dict[str, Any]:
    """Read a file of each kind; return what came of each."""
    paths = write_all(folder, size, chosen)
    return dict(zip(paths, read_in_children(paths.values()), strict=True))
