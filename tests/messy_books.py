"""Workbooks as counties send them: a clean return, and named ways of making a mess of it."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import attrs
import pandas as pd
import xlsxwriter

import junheng as jh
from junheng.reading.files import open_source
from junheng.reading.input_file import open_input
from junheng.reports.template import write_template

Rows = list[list[Any]]


class Row(list[Any]):
    """A row of cells that knows which school it is, whatever is done to the table."""

    def __init__(self, cells: Iterable[Any], record: int | None = None) -> None:
        super().__init__(cells)
        self.record = record

    def with_cells(self, cells: Iterable[Any]) -> Row:
        return Row(cells, self.record)


def as_row(row: list[Any]) -> Row:
    return row if isinstance(row, Row) else Row(row)


@attrs.define
class Sheet:
    """Rows of cells, the merged ranges among them, and what is over or under them."""

    name: str
    rows: Rows
    merges: list[tuple[int, int, int, int]] = attrs.field(factory=list)
    hidden: bool = False
    #: First row of the headers, and of the schools.
    top: int = 0
    data: int = 1
    #: The canonical column of each position, None where there is none.
    columns: list[str | None] = attrs.field(factory=list)

    def arrange(self, order: list[int | None]) -> None:
        """Put columns in another order; None makes an empty one."""
        self.rows = [as_row(row).with_cells(None if i is None else row[i] for i in order) for row in self.rows]
        if self.columns:
            self.columns = [None if i is None else self.columns[i] for i in order]
        at = {i: new for new, i in enumerate(order) if i is not None}
        merges = []
        for a, b, c, d in self.merges:
            inside = [at[i] for i in range(b, d + 1) if i in at]
            if inside and (a < c or len(inside) > 1):
                assert max(inside) - min(inside) < len(inside) + order.count(None), "a merged range is torn"
                merges.append((a, min(inside), c, max(inside)))
        self.merges = merges

    def part(self, name: str, rows: Rows) -> Sheet:
        """Another sheet with the same headers and some of the rows; what is merged among the rows is lost."""
        merges = [m for m in self.merges if m[2] < self.data]
        copied = [as_row(r).with_cells(r) for r in [*self.rows[: self.data], *rows]]
        return Sheet(name, copied, merges, top=self.top, data=self.data, columns=list(self.columns))


@attrs.define
class Book:
    sheets: list[Sheet]

    @property
    def main(self) -> list[Sheet]:
        """The sheets of schools."""
        return [s for s in self.sheets if s.data >= 0]


def clean(n_schools: int = 12, seed: int = 0) -> pd.DataFrame:
    """A make-believe county as the template of 2012 asks for it; nobody has gaps in keys."""
    table = jh.synthetic.county(seed=seed, n_schools=n_schools, missing=0.05)
    # what a template has no column for is not handed in
    table = table.drop(columns=["students_senior"])
    return table[[c for c in table if c in TEMPLATE_COLUMNS]]


def _template(tmp: Path) -> tuple[list[str], list[str]]:
    path = write_template(tmp / "template.xlsx", "cn-basic-balance-2012")
    grid = open_source(open_input(path), lambda done: None, lambda name, i, hidden: i == 0).grids[0]
    columns = jh.describe_file(path).columns["column"].tolist()
    return [str(v) for v in grid.cells[0].tolist()], columns


TEMPLATE_COLUMNS = (
    "county",
    "school_code",
    "school",
    "kind",
    "stage",
    "students",
    "teaching_area_m2",
    "sports_area_m2",
    "equipment_value_cny",
    "computers",
    "books",
    "teachers",
    "teachers_above_required_degree",
    "teachers_mid_or_senior_title",
    "ownership",
    "included",
    "county_code",
    "year",
    "area_type",
    "resources_cover",
)
WORDS = {
    "kind": {
        "primary": "小学",
        "junior": "初中",
        "nine_year": "九年一贯制学校",
        "twelve_year": "十二年一贯制学校",
        "complete_secondary": "完全中学",
        "teaching_point": "教学点",
    },
    "stage": {"primary": "小学", "junior": "初中"},
    "ownership": {"public": "公办", "private": "民办"},
    "area_type": {"city": "城区", "town": "镇区", "rural": "乡村"},
}


def filled(table: pd.DataFrame, tmp: Path) -> Book:
    """The template, filled in by hand."""
    headers, columns = _template(tmp)
    rows: Rows = [Row(headers)]
    for i, record in enumerate(jh.results.records(table)):
        row = Row([], i)
        for c in columns:
            value = record.get(c)
            row.append(WORDS.get(c, {}).get(value, value) if value is not None and value == value else None)
        rows.append(row)
    return Book([Sheet("学校表", rows, columns=list(columns))])


#: What some headers are called after "other names".
OTHER = {
    "学校名称": "单位名称",
    "学生人数": "在校学生数",
    "图书册数": "图书藏量",
    "区县名称": "县（市、区）",
    "学段": "stage",
}


#: What the messes call a column.
IDS = {
    "区县名称": "county",
    "区县代码": "county_code",
    "学校名称": "school",
    "学校代码": "school_code",
    "学校类型": "kind",
    "学段": "stage",
    "年度": "year",
    "学生人数": "students",
    "专任教师数": "teachers",
    "高于规定学历": "teachers_above_required_degree",
    "教学及辅助用房": "teaching_area_m2",
    "体育运动场馆": "sports_area_m2",
    "教学仪器设备资产值": "equipment_value_cny",
    "教学用计算机": "computers",
    "图书册数": "books",
}


def column(sheet: Sheet, name: str) -> int:
    """The position of a column: of its id, or of a header that begins so."""
    if (known := IDS.get(name, name)) in sheet.columns:
        return sheet.columns.index(known)
    for wanted in filter(None, (name, OTHER.get(name))):
        for r in range(sheet.top, sheet.data):
            for i, label in enumerate(sheet.rows[r]):
                if isinstance(label, str) and label.strip("*①1. ").removeprefix("一、").startswith(wanted):
                    return i
    raise KeyError(name)


FIGURES = ("学生人数", "教学及辅助用房", "体育运动场馆", "教学用计算机", "图书册数", "专任教师数", "高于规定学历")


# ------------------------------------------------------------------------------------------- the messes


def each(change: Callable[[Sheet], None]) -> Callable[[Book], None]:
    def run(book: Book) -> None:
        for sheet in book.main:
            change(sheet)

    return run


def insert(sheet: Sheet, at: int, rows: Rows) -> None:
    width = max(len(r) for r in sheet.rows)
    sheet.rows[at:at] = [as_row(r).with_cells([*r, *[None] * (width - len(r))]) for r in rows]
    sheet.merges = [(a + len(rows) * (a >= at), b, c + len(rows) * (c >= at), d) for a, b, c, d in sheet.merges]
    if at <= sheet.top:
        sheet.top += len(rows)
    if at < sheet.data:
        sheet.data += len(rows)


def title(sheet: Sheet) -> None:
    insert(
        sheet,
        0,
        [["示例县义务教育学校基本情况一览表"], ["填报单位：示例县教育局（盖章）"], ["单位：人、平方米、元、册"]],
    )
    sheet.merges.append((0, 0, 0, len(sheet.rows[0]) - 1))


def total(sheet: Sheet) -> None:
    sheet.rows.append(_sum(sheet, sheet.data, len(sheet.rows), "合计"))


def _sum(sheet: Sheet, a: int, b: int, label: str) -> list[Any]:
    row: list[Any] = [None] * len(sheet.rows[a])
    row[0] = label
    for name in FIGURES:
        c = column(sheet, name)
        cells = [r[c] for r in sheet.rows[a:b] if isinstance(r[c], (int, float))]
        row[c] = round(sum(cells), 1) if cells else None
    return row


def subtotals(sheet: Sheet) -> None:
    middle = (sheet.data + len(sheet.rows)) // 2
    second = _sum(sheet, middle, len(sheet.rows), "河东镇小计")
    sheet.rows.insert(middle, _sum(sheet, sheet.data, middle, "河西镇小计"))
    sheet.rows.append(second)


def foot(sheet: Sheet) -> None:
    width = len(sheet.rows[-1])
    for row in (
        [],
        ["注：1.骨干教师指县级及以上。"],
        ["2.面积以房产证为准；没有的空着。"],
        ["单位负责人：张某", None, "填表人：李某", None, "联系电话：000-0000", None, "填报日期：2025年10月8日"],
    ):
        sheet.rows.append([*row, *[None] * (width - len(row))])


def numbering(sheet: Sheet) -> None:
    width = len(sheet.rows[sheet.data])
    insert(sheet, sheet.data, [])
    sheet.rows.insert(sheet.data, [*"甲乙丙丁戊", *range(1, width - 4)])
    sheet.data += 1


def printed_pages(sheet: Sheet) -> None:
    """All rows of the headers again on every page, their merged cells too."""
    head = range(sheet.top, sheet.data)
    inside = [m for m in sheet.merges if m[0] in head and m[2] in head]
    for at in range(len(sheet.rows) - 3, sheet.data + 2, -5):
        sheet.merges = [(a + len(head) * (a >= at), b, c + len(head) * (a >= at), d) for a, b, c, d in sheet.merges]
        sheet.merges += [(a - sheet.top + at, b, c - sheet.top + at, d) for a, b, c, d in inside]
        sheet.rows[at:at] = [list(sheet.rows[r]) for r in head]


def printed_first_rows(sheet: Sheet) -> None:
    """Only the first row of the headers again on every page."""
    for at in range(len(sheet.rows) - 3, sheet.data + 2, -5):
        sheet.merges = [(a + (a >= at), b, c + (c >= at), d) for a, b, c, d in sheet.merges]
        sheet.rows[at:at] = [list(sheet.rows[sheet.top])]


def blank_rows_and_columns(sheet: Sheet) -> None:
    sheet.arrange([None, 0, 1, None, *range(2, len(sheet.rows[sheet.top]))])
    for at in (sheet.data + 3, sheet.data + 1, sheet.data):
        sheet.rows.insert(at, [None] * len(sheet.rows[0]))
        sheet.merges = [(a + (a >= at), b, c + (c >= at), d) for a, b, c, d in sheet.merges]


def _cells(sheet: Sheet, change: Callable[[Any, int], Any], names: tuple[str, ...] = FIGURES) -> None:
    for name in names:
        c = column(sheet, name)
        for i, row in enumerate(sheet.rows[sheet.data :]):
            if row[c] is not None:
                row[c] = change(row[c], i)


def full_width(sheet: Sheet) -> None:
    wide = str.maketrans("0123456789.", "０１２３４５６７８９．")
    _cells(sheet, lambda v, i: repr(v).translate(wide) if i % 3 == 0 and isinstance(v, (int, float)) else v)


def thousands(sheet: Sheet) -> None:
    _cells(sheet, lambda v, i: f"{v:,}" if i % 2 == 0 and isinstance(v, (int, float)) else v)


def units_in_cells(sheet: Sheet) -> None:
    for name, unit in (("学生人数", "人"), ("教学及辅助用房", "㎡"), ("体育运动场馆", "平方米"), ("图书册数", " 册")):
        _cells(sheet, lambda v, i, unit=unit: f"{v}{unit}" if isinstance(v, (int, float)) else v, (name,))


def words_for_nothing(sheet: Sheet) -> None:
    marks = ("无", "—", "-", "/", "暂无", "——")
    for name in FIGURES:
        c = column(sheet, name)
        for i, row in enumerate(sheet.rows[sheet.data :]):
            if row[c] is None and any(v is not None for v in row[3:9]):
                row[c] = marks[i % len(marks)]


def ten_thousands(sheet: Sheet) -> None:
    c = column(sheet, "教学仪器设备资产值")
    sheet.rows[sheet.top][c] = "教学仪器设备资产值（万元）"
    for row in sheet.rows[sheet.data :]:
        if isinstance(row[c], (int, float)):
            row[c] = float(f"{row[c] / 10000:.8g}")


def thousand_books(sheet: Sheet) -> None:
    c = column(sheet, "图书册数")
    sheet.rows[sheet.top][c] = "图书册数\n(千册)"
    for row in sheet.rows[sheet.data :]:
        if isinstance(row[c], (int, float)):
            row[c] = row[c] / 1000


def footnotes(sheet: Sheet) -> None:
    for name, new in (
        ("学校名称", "1.学校名称*"),
        ("学生人数", "学生人数①(人)"),
        ("教学用计算机", "教学用计算机 台数※(台)"),
        ("专任教师数", "一、专任教师数"),
    ):
        sheet.rows[sheet.top][column(sheet, name)] = new


def other_names(sheet: Sheet) -> None:
    for name, new in (
        ("学校名称", "单位名称"),
        ("学生人数", "在校学生数"),
        ("图书册数", "图书藏量/册"),
        ("区县名称", "县（市、区）"),
        ("学段", "stage"),
    ):
        sheet.rows[sheet.top][column(sheet, name)] = new


def group_headers(sheet: Sheet) -> None:
    """Two rows of headers: groups above, merged, what stands alone merged downwards."""
    top = sheet.top
    head = sheet.rows[top]
    upper: list[Any] = list(head)
    lower: list[Any] = [None] * len(head)
    c = column(sheet, "专任教师数")
    upper[c] = "专任教师"
    lower[c], lower[c + 1], lower[c + 2] = "合计", "其中：高于规定学历教师数", "其中：中级及以上职称"
    upper[c + 1] = upper[c + 2] = None
    sheet.rows[top : top + 1] = [upper, lower]
    sheet.merges = [(a + (a > top), b, x + (a > top), d) for a, b, x, d in sheet.merges]
    sheet.merges.append((top, c, top, c + 2))
    sheet.merges += [(top, i, top + 1, i) for i in range(len(head)) if not c <= i <= c + 2 and upper[i] is not None]
    sheet.data += 1


def unit_row(sheet: Sheet) -> None:
    """The units in a row of their own."""
    units: list[Any] = []
    for i, label in enumerate(sheet.rows[sheet.top]):
        text = str(label or "")
        unit = text[text.rindex("(") + 1 : -1] if text.endswith(")") else None
        units.append(unit)
        if unit:
            sheet.rows[sheet.top][i] = text[: text.rindex("(")]
    sheet.rows.insert(sheet.data, units)
    sheet.data += 1


def explanation(sheet: Sheet) -> None:
    row: list[Any] = [None] * len(sheet.rows[sheet.top])
    row[column(sheet, "学校名称")] = "填全称"
    for name in FIGURES[:4]:
        row[column(sheet, name)] = "按统计报表填"
    sheet.rows.insert(sheet.data, row)
    sheet.data += 1


def codes_as_numbers(sheet: Sheet) -> None:
    for name in ("学校代码", "区县代码"):
        if not any(name in map(str, row) for row in sheet.rows[: sheet.data]):
            continue
        c = column(sheet, name)
        for row in sheet.rows[sheet.data :]:
            if isinstance(row[c], str) and row[c].isdigit():
                row[c] = float(row[c])


def years(sheet: Sheet) -> None:
    c = column(sheet, "年度")
    for row in sheet.rows[sheet.data :]:
        if row[c] is not None:
            row[c] = f"{row[c]}年"


def merged_county(sheet: Sheet) -> None:
    c = column(sheet, "区县名称")
    first = next(i for i, row in enumerate(sheet.rows) if i >= sheet.data and any(v is not None for v in row))
    last = len(sheet.rows) - 1
    for row in sheet.rows[first + 1 :]:
        row[c] = None
    sheet.merges.append((first, c, last, c))


def shuffled(sheet: Sheet) -> None:
    sheet.arrange(list(range(len(sheet.rows[0])))[::-1])


def serial_numbers(sheet: Sheet) -> None:
    head = [list(row) for row in sheet.rows[sheet.top : sheet.data]]
    school = [
        i >= sheet.data and sum(v is not None for v in row) > 4 and row not in head for i, row in enumerate(sheet.rows)
    ]
    sheet.arrange([None, *range(len(sheet.rows[sheet.top]))])
    for i, row in enumerate(sheet.rows):
        row[0] = "序号" if i == sheet.top else i - sheet.data + 1 if school[i] else None


def _without(sheet: Sheet, name: str) -> None:
    c = column(sheet, name)
    sheet.arrange([i for i in range(len(sheet.rows[sheet.top])) if i != c])


def county_in_the_title(sheet: Sheet) -> None:
    _without(sheet, "区县名称")
    _without(sheet, "区县代码")
    insert(sheet, 0, [["2025年山东省济南市示例县义务教育学校情况表"]])


def headings(sheet: Sheet) -> None:
    """小学 and 初中 as headings between the rows, no column of stages or kinds."""
    c = column(sheet, "学段")
    stages = [row[c] for row in sheet.rows[sheet.data :]]
    rows = sheet.rows[sheet.data :]
    _without(sheet, "学段")
    _without(sheet, "学校类型")
    k = len(sheet.rows[0])
    bodies = {s: [r for r, x in zip(sheet.rows[sheet.data :], stages, strict=True) if x == s] for s in ("小学", "初中")}
    assert len(rows) == sum(map(len, bodies.values()))
    sheet.rows[sheet.data :] = [
        ["一、小学", *[None] * (k - 1)],
        *bodies["小学"],
        ["二、初中", *[None] * (k - 1)],
        *bodies["初中"],
    ]


def by_stage(book: Book) -> None:
    """A sheet for each stage, which no column says."""
    (sheet,) = book.main
    c = column(sheet, "学段")
    out = []
    for stage in ("小学", "初中"):
        part = sheet.part(f"{stage}部分", [r for r in sheet.rows[sheet.data :] if r[c] == stage])
        _without(part, "学段")
        _without(part, "学校类型")
        out.append(part)
    book.sheets = [*out, *(s for s in book.sheets if s.data < 0)]


def by_township(book: Book) -> None:
    (sheet,) = book.main
    middle = (sheet.data + len(sheet.rows)) // 2
    parts = (sheet.rows[sheet.data : middle], sheet.rows[middle:])
    book.sheets = [
        *(sheet.part(name, rows) for name, rows in zip(("河西镇", "河东镇"), parts, strict=True)),
        *(s for s in book.sheets if s.data < 0),
    ]


def other_sheets(book: Book) -> None:
    notes = Sheet("填表说明", [["本表由学校填报"], ["学生人数", "以学籍为准"], ["图书册数", "不含电子图书"]], data=-1)
    hidden = Sheet("旧", [["x"]], hidden=True, data=-1)
    book.sheets = [notes, *book.sheets, hidden]


#: Applied in this order when several come together: what changes cells first, then rows, then headers, then sheets.
MESSES: dict[str, Callable[[Book], None]] = {
    "county in the title": each(county_in_the_title),
    "headings for stages": each(headings),
    "totals that fit": each(total),
    "subtotals that fit": each(subtotals),
    "codes as numbers": each(codes_as_numbers),
    "years as words": each(years),
    "words for nothing": each(words_for_nothing),
    "a header in 万元": each(ten_thousands),
    "a header in 千册": each(thousand_books),
    "full-width digits": each(full_width),
    "thousands separators": each(thousands),
    "units in cells": each(units_in_cells),
    "footnote marks": each(footnotes),
    "other names": each(other_names),
    "units in a row": each(unit_row),
    "groups of headers": each(group_headers),
    "an explanation row": each(explanation),
    "a row that numbers the columns": each(numbering),
    "printed pages": each(printed_pages),
    "printed pages with the first row": each(printed_first_rows),
    "notes and signatures": each(foot),
    "a column of serial numbers": each(serial_numbers),
    "blank rows and columns": each(blank_rows_and_columns),
    "a title and a unit line": each(title),
    "columns in another order": each(shuffled),
    "a county merged downwards": each(merged_county),
    "a sheet for each stage": by_stage,
    "a sheet for each township": by_township,
    "other sheets": other_sheets,
}


# ----------------------------------------------------------------------------------------------- files


def write_xlsx(book: Book, path: Path) -> Path:
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as out:
        for sheet in book.sheets:
            page = out.add_worksheet(sheet.name)
            if sheet.hidden:
                page.hide()
            for a, b, c, d in sheet.merges:
                page.merge_range(a, b, c, d, "")
            for r, row in enumerate(sheet.rows):
                for c, value in enumerate(row):
                    if value is not None:
                        page.write(r, c, value)
    return path


def write_csv(book: Book, path: Path, encoding: str = "utf-8") -> Path:
    (sheet,) = book.main
    with path.open("w", encoding=encoding, newline="") as out:
        csv.writer(out, delimiter="\t" if encoding == "utf-16" or path.suffix == ".tsv" else ",").writerows(
            [["" if v is None else v for v in row] for row in sheet.rows]
        )
    return path


def write_ods_package(path: Path, content: str) -> None:
    """Put the content of an .ods into its package."""
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest '
        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        out.writestr("content.xml", content)
        out.writestr("META-INF/manifest.xml", manifest)


def write_ods(book: Book, path: Path) -> Path:
    """The least an .ods needs: an archive of XML, cells with their types."""
    tables = []
    for sheet in book.sheets:
        rows = []
        for row in sheet.rows:
            cells = []
            for v in row:
                if v is None:
                    cells.append("<table:table-cell/>")
                elif isinstance(v, str):
                    text = f"<text:p>{escape(v)}</text:p>"
                    cells.append(f'<table:table-cell office:value-type="string">{text}</table:table-cell>')
                else:
                    cells.append(f'<table:table-cell office:value-type="float" office:value="{v!r}"/>')
            rows.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
        tables.append(f'<table:table table:name="{escape(sheet.name)}">{"".join(rows)}</table:table>')
    spaces = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text"))
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}><office:body><office:spreadsheet>'
        f"{''.join(tables)}</office:spreadsheet></office:body></office:document-content>"
    )
    write_ods_package(path, content)
    return path
