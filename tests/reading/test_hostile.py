"""No file can hurt: every hostile one ends in little memory and time, in one sentence or in a table."""

from __future__ import annotations

import random
import struct
import sys
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xlsxwriter
from hostile_books import (
    ALL,
    HEAD,
    ODS,
    label,
    number,
    ods,
    ods_cell,
    ods_row,
    ods_table,
    outcomes,
    page,
    record,
    rows,
    sheet,
    strings_record,
    text_cell,
    with_far_cell,
    xls,
    xlsx,
    zipped,
)
from limited_children import Outcome, read_in_children

import junheng as jh
from junheng.reading.archives import open_archive
from junheng.reading.careful_parts import CarefulPart, Part
from junheng.reading.compound_files import read_compound, write_compound
from junheng.reading.input_file import InputFile
from junheng.reading.xlsx_parts import _look, _NotPlainError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="children with limits need POSIX")

#: What one file may cost: megabytes at the peak, of which the imports take most, and seconds of processor time.
MEGABYTES, SECONDS = 300, 6.0  # three times what the slowest takes on a quiet machine


def harmless(found: Outcome) -> None:
    assert found.how in ("read", "refused"), found
    assert found.megabytes <= MEGABYTES, found
    assert found.seconds <= SECONDS, found
    if found.how == "refused":
        assert found.name in found.said and "\n" not in found.said and len(found.said) < 400, found


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    return outcomes(tmp_path_factory.mktemp("large"), 20_000)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ALL)
def test_no_kind_of_file_hurts(large: dict[str, Outcome], kind: str) -> None:
    harmless(large[kind])


@pytest.mark.slow
def test_what_a_file_costs_grows_as_the_file_does(tmp_path: Path, large: dict[str, Outcome]) -> None:
    """Eight times as much takes about eight times as long: no kind is quadratic."""
    # the rest takes too little to grow
    some = [kind for kind, one in large.items() if one.seconds > 0.2]
    for kind, one in outcomes(tmp_path, 2_500, some).items():
        assert large[kind].seconds <= 20 * one.seconds + 0.2, (kind, one, large[kind])


@pytest.mark.slow
def test_a_cell_far_away_is_named_however_it_is_written(tmp_path: Path) -> None:
    rng = random.Random(0)
    places = ["A1048576", "XFD9", "XFD1048576", "C900000", "B40000000", "AAAA7", "ZZZZZZ1", "A99999999999"]
    paths, named = [], []
    for i in range(80):
        place = rng.choice(places)
        path = tmp_path / f"{i}.xlsx"
        path.write_bytes(with_far_cell(rng, place))
        paths.append(path)
        named.append(place)
    for one, place in zip(read_in_children(paths), named, strict=True):
        harmless(one)
        assert one.how == "refused" and place in one.said, (one, place)


@pytest.mark.slow
def test_a_cell_with_two_places_is_refused_however_it_is_written(tmp_path: Path) -> None:
    """The library that reads workbooks would take the last one, and all cells up to there."""
    rng = random.Random(0)
    for i in range(60):
        (tmp_path / f"{i}.xlsx").write_bytes(with_far_cell(rng, "XFD1048576", twice=True))
    for one in read_in_children(sorted(tmp_path.iterdir())):
        harmless(one)
        assert one.how == "refused" and "damaged" in one.said, one


# ------------------------------------------------------------------------- what is large, and what is only formatted


def written(tmp_path: Path, name: str, data: bytes) -> Path:
    (tmp_path / name).write_bytes(data)
    return tmp_path / name


def schools(path: Path) -> list[str]:
    table: pd.DataFrame = jh.describe_file(path).schools
    return [str(v) for v in table["school"]]


def test_rows_that_are_only_formatted_are_read_over(tmp_path: Path) -> None:
    """Down to the last row a table may be formatted: nothing stands there."""
    empty = "".join(f'<row r="{r}" s="1" customFormat="1"/>' for r in range(6, 60_000))
    empty += '<row r="1048576"><c r="A1048576" s="1"/><c r="XFD1048576" s="1"></c></row>'
    formatted = "".join(f'<row r="{r}"><c r="A{r}" s="1"/><c r="B{r}" s="1"/></row>' for r in range(60_000, 90_000))
    data = sheet(rows(3) + empty.replace('<row r="1048576"', formatted + '<row r="1048576"'))
    assert schools(written(tmp_path, "a.xlsx", xlsx(data))) == ["校2", "校3", "校4"]
    lines = [ods_row(*map(ods_cell, ("甲县", "一小", "01", "小学", "5")))]
    lines += [
        ods_row(
            '<table:table-cell table:number-columns-repeated="16384"/>',
            attributes='table:number-rows-repeated="1048570"',
        )
    ]
    assert schools(written(tmp_path, "a.ods", ods(ods_table(*lines)))) == ["一小"]
    blank = b"".join(b"\x01\x02\x06\x00" + bytes(6) for _ in range(9))
    body = b"".join(label(1, c, v) for c, v in enumerate(("甲县", "一小", "01", "小学"))) + number(1, 4) + blank
    assert schools(written(tmp_path, "a.xls", xls(body))) == ["一小"]


@pytest.mark.slow
def test_a_table_that_is_only_large_is_read(tmp_path: Path) -> None:
    n = 100_000
    one = written(tmp_path, "a.xlsx", xlsx(sheet(rows(n))))
    assert len(schools(one)) == n


def test_a_long_text_that_stands_once_does_no_harm(tmp_path: Path) -> None:
    """Instructions in one cell, and many short texts: what counts is how often each is used."""
    note, n = "填" * 30_000, 1_500
    strings = "".join(f"<si><t>{v}</t></si>" for v in ("甲县", "小学", note, *(f"校{i}" for i in range(n))))
    heads = "".join(text_cell(f"{'ABCDE'[i]}2", h) for i, h in enumerate(HEAD))
    lines = [f'<row r="1"><c r="A1" t="s"><v>2</v></c></row><row r="2">{heads}</row>']
    for i in range(n):
        values = (0, 3 + i, None, 1)
        cells = "".join(
            f'<c r="{"ABCD"[c]}{i + 3}" t="s"><v>{v}</v></c>' for c, v in enumerate(values) if v is not None
        )
        lines.append(f'<row r="{i + 3}">{cells}<c r="E{i + 3}"><v>2</v></c></row>')
    shared = f'<sst uniqueCount="{n + 3}">{strings}</sst>'
    data = xlsx(sheet("".join(lines)), strings=shared)
    assert len(schools(written(tmp_path, "a.xlsx", data))) == n
    # as often as there are rows it is too much
    often = data_with(lines, shared)
    with pytest.raises(jh.InputError, match="repeats long texts"):
        jh.describe_file(written(tmp_path, "b.xlsx", often))
    body = b"".join(record(0x00FD, struct.pack("<HHHI", r, 0, 0, 1)) for r in range(1, n))
    once = record(0x00FD, struct.pack("<HHHI", n, 1, 0, 0))
    with pytest.raises(jh.InputError, match="no sheet '乙'"):
        # opened, and then found to have no such sheet
        jh.describe_file(written(tmp_path, "c.xls", xls(body + once, extra=strings_record(note, "甲县"))), sheet="乙")
    many = b"".join(record(0x00FD, struct.pack("<HHHI", r, 0, 0, 0)) for r in range(1, n))
    with pytest.raises(jh.InputError, match="repeats long texts"):
        jh.describe_file(written(tmp_path, "d.xls", xls(many, extra=strings_record(note, "甲县"))))


def data_with(lines: list[str], shared: str) -> bytes:
    return xlsx(sheet("".join(lines).replace("<v>0</v>", "<v>2</v>")), strings=shared)


def test_a_cell_not_so_far_away_is_read(tmp_path: Path) -> None:
    data = sheet(rows(3) + f'<row r="9000">{text_cell("A9000", "甲县")}{text_cell("B9000", "末小")}</row>')
    assert schools(written(tmp_path, "a.xlsx", xlsx(data)))[-1] == "末小"


# ------------------------------------------------------------------------------- two ways to look, one answer


def cells_by(data: str) -> tuple[int, tuple[int, int], tuple[int, int], list[tuple[int, int, str]]]:
    careful = CarefulPart(InputFile("a.xlsx", b""), Part("a"))
    careful.read(iter([data.encode()]))
    found = careful.part
    return found.extent.cells, found.extent.bottom, found.extent.right, found.lost


def test_the_fast_way_and_the_careful_way_agree() -> None:
    """Cells as spreadsheet programs write them: their extent, and those that will be read as empty."""
    rng = random.Random(1)
    kinds = [
        '<c r="{}" s="1"/>',
        '<c r="{}" s="1"><v>{}</v></c>',
        '<c r="{}" t="s"><v>{}</v></c>',
        '<c r="{}" t="inlineStr"><is><t>it\'s "{}" > 5</t></is></c>',
        '<c r="{}"><f>A1*2</f><v>{}</v></c>',
        "<c r=\"{}\"><f>'x y'!A1</f></c>",
        '<c r="{}"><f/><v></v></c>',
        '<c r="{}" t="str"><f>A1</f><v></v></c>',
        '<c r="{}" t="e"><f>1/0</f><v>#DIV/0!</v></c>',
        '<c r="{}" t="e"></c>',
    ]
    for _ in range(300):
        letters = rng.choice(["A", "Z", "AA", "XFD"])
        lines = []
        for r in sorted(rng.sample(range(1, 2_000), 5)):
            cells = "".join(rng.choice(kinds).format(f"{letters}{r}", r) for _ in range(2))
            lines.append(f'<row r="{r}" spans="1:5">{cells}</row>')
        data = sheet("".join(lines), '<mergeCells><mergeCell ref="A1:B2"/></mergeCells>')
        part = Part("a")
        _look(data.encode(), part)
        assert (part.extent.cells, part.extent.bottom[0], part.extent.right[1]) == (
            cells_by(data)[0],
            cells_by(data)[1][0],
            cells_by(data)[2][1],
        )
        assert part.lost == cells_by(data)[3]


@pytest.mark.parametrize(
    "odd",
    [
        "<c r='XFD9'><v>1</v></c>",
        '<c x=">" r="XFD9"><v>1</v></c>',
        '<c x="><" r="XFD9"><v>1</v></c>',
        # a cell that seems to close at once, and does not
        '<c r="XFD9" x="</c>"><v>1</v></c>',
        "<c r=\"XFD9\" x='</c>'><v>1</v></c>",
        "<c x='><' r=\"XFD9\"><v>1</v></c>",
        '<c x="> \' <" r="XFD9"><v>1</v></c>',
        '<c s="1" r="XFD9"><v>1</v></c>',
        '<c\tr="XFD9"><v>1</v></c>',
        '<x:c r="XFD9"><v>1</v></x:c>',
        '<!-- " --><c r="XFD9"><v>1</v></c>',
        '<?x "?><c r="XFD9"><v>1</v></c>',
        "<c><v>1</v></c>",
        '<c r="xfd9"><v>1</v></c>',
        '<c r="XFDD9"><v>1</v></c>',
        '<c r="A12345678"><v>1</v></c>',
        '<c r="A0"><v>1</v></c>',
    ],
)
def test_what_is_not_written_plainly_is_looked_at_with_care(odd: str) -> None:
    with pytest.raises(_NotPlainError):
        _look(sheet(rows(1) + f'<row r="9">{odd}</row>').encode(), Part("a"))


# -------------------------------------------------------------------------------- what a library gets to see


def test_a_library_sees_the_parts_that_were_measured_and_no_others(tmp_path: Path) -> None:
    """A zip file may be read in two ways: another directory behind the first, names twice, parts of no use."""
    data = xlsx(sheet(rows(2)))
    evil = xlsx(sheet(rows(2) + '<row r="9"><c r="XFD1048576"><v>1</v></c></row>'))
    both = evil + data
    file = InputFile("a.xlsx", both)
    again = zipfile.ZipFile(open_archive(file).repacked())
    assert again.testzip() is None and b"1048576" not in again.read("xl/worksheets/sheet1.xml")
    assert schools(written(tmp_path, "a.xlsx", both)) == ["校2", "校3"]
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as z, zipfile.ZipFile(tmp_path / "a.xlsx") as old:
        for name in old.namelist():
            z.writestr(name, old.read(name))
        with pytest.warns(UserWarning, match="Duplicate name"):
            z.writestr("xl/workbook.xml", old.read("xl/workbook.xml"))
    with pytest.raises(jh.InputError, match="damaged"):
        jh.describe_file(tmp_path / "b.xlsx")


def test_a_compound_file_is_written_anew() -> None:
    for size in (0, 1, 4095, 4096, 4097, 100_000, 5_000_000):
        stream = random.Random(size).randbytes(size)
        again = read_compound(write_compound("Workbook", stream))
        assert list(again.streams) == ["Workbook"]
        assert again.read("Workbook")[:size] == stream


def test_a_panic_of_the_library_is_an_error_like_others(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    merges = b"\xe5\x00\x02\x00\xff\xff"
    with pytest.raises(jh.InputError, match=r"a\.xls cannot be read as a workbook") as caught:
        jh.read_schools(written(tmp_path, "a.xls", xls(merges)))
    assert "\n" not in str(caught.value)
    capfd.readouterr()


# ------------------------------------------------------------------------------------------- merged cells


def test_merged_cells_are_found_where_rows_and_cells_are_repeated(tmp_path: Path) -> None:
    """A sheet with rows and columns of blanks, and spans at random: the same cells as were written."""
    rng = random.Random(2)
    for i in range(40):
        blank, before = rng.randrange(1, 4), rng.randrange(1, 3)
        gap = f'<table:table-cell table:number-columns-repeated="{before}"/>'
        counties = rng.randrange(1, 4)
        lines = [ods_row("<table:table-cell/>", attributes=f'table:number-rows-repeated="{blank}"')]
        lines.append(ods_row(gap, *map(ods_cell, HEAD)))
        names = []
        for c in range(counties):
            of_county = rng.randrange(1, 4)
            for k in range(of_county):
                span = f'table:number-rows-spanned="{of_county}"'
                first = ods_cell(f"县{c}", span) if not k else "<table:covered-table-cell/>"
                lines.append(ods_row(gap, first, *map(ods_cell, (f"校{c}{k}", f"{c}{k}", "小学", "5"))))
                names.append(f"县{c}")
        table = f'<table:table table:name="甲">{"".join(lines)}</table:table>'
        assert jh.describe_file(written(tmp_path, f"{i}.ods", ods(table))).schools["county"].tolist() == names


def test_a_span_in_every_repeated_row(tmp_path: Path) -> None:
    wide = ods_cell("甲县", 'table:number-columns-spanned="1" table:number-rows-spanned="1"')
    row = ods_row(wide, *map(ods_cell, ("一小", "01", "小学", "5")), attributes='table:number-rows-repeated="2"')
    assert schools(written(tmp_path, "a.ods", ods(ods_table(row)))) == ["一小", "一小"]


@pytest.mark.parametrize("make", [lambda: ODS["spans over one another"](9)])
def test_merged_ranges_over_one_another_are_named(tmp_path: Path, make: object) -> None:
    merges = '<mergeCells><mergeCell ref="A2:A4"/><mergeCell ref="A3:B3"/></mergeCells>'
    with pytest.raises(jh.InputError, match="the merged range A3:B3 overlaps another"):
        jh.describe_file(written(tmp_path, "a.xlsx", xlsx(sheet(rows(5), merges))))
    with pytest.raises(jh.InputError, match="the merged range A3:A10 overlaps another"):
        jh.describe_file(written(tmp_path, "a.ods", make()))  # type: ignore[operator]


# -------------------------------------------------------------------------------------------- web pages


def test_a_page_is_read_as_a_browser_shows_it(tmp_path: Path) -> None:
    body = page(
        "<TR><TD rowspan=2>甲&amp;县<td>一<br>小</TD><td>01<td>小学<td title='a>b'>5",
        '<tr><!-- <td>x --><td a="<td>">二小</td><td>02</td><td>小学</td><td>&#54;</td></tr>',
        "<tr><td colspan=5><script>'<td>'</script></td></tr><tr><td>乙县<td>三小<td>03<td>小学<td>7",
    )
    read = jh.describe_file(written(tmp_path, "a.xls", body)).schools
    assert read[["county", "school", "students"]].values.tolist() == [
        ["甲&县", "一 小", 5.0],
        ["甲&县", "二小", 6.0],
        ["乙县", "三小", 7.0],
    ]


def test_a_page_that_breaks_off_loses_no_row(tmp_path: Path) -> None:
    """A quotation mark that is never closed once hid everything behind it."""
    for broken in ('<tr><td title="x>甲县', "<tr><td title='>甲县", "<tr><td =>甲县"):
        body = page(f"{broken}<td>一小<td>01<td>小学<td>5")
        assert schools(written(tmp_path, "a.xls", body)) == ["一小"], broken


def test_zip_files_with_other_parts_are_read(tmp_path: Path) -> None:
    """Pictures and what other programs add are not unpacked at all."""
    with zipfile.ZipFile(written(tmp_path, "a.xlsx", xlsx(sheet(rows(1)))), "a") as z:
        z.writestr("xl/media/image1.png", bytes(50_000_000), zipfile.ZIP_DEFLATED)
        z.writestr("xl/cellimages.xml", "<etc:cellImages xmlns:etc='x'/>")
    assert schools(tmp_path / "a.xlsx") == ["校2"]
    with pytest.raises(jh.InputError, match="not a workbook"):
        jh.describe_file(written(tmp_path, "b.xlsx", zipped({"a.txt": "x"})))


def long_cells(path: Path, text: str, *, sheet: str = "学校", header: bool = False) -> None:
    """Write a table of schools, and 150 cells of a long text beside, below or above it."""
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("学校")
        page.write_row(0, 0, ["区县名称", "学校名称", "学段", "学生数", "图书册数"])
        for r in range(1, 31):
            page.write_row(r, 0, ["甲县", f"第{r}小学", "小学", 500, 3000])
        other = page if sheet == "学校" else book.add_worksheet(sheet)
        for k in range(150):
            place = (0, 5 + k) if header else (31 + k // 5, k % 5)
            other.write_string(*place, (text * 30_000)[:30_000])


@pytest.mark.slow
def test_long_cells_are_not_asked_what_they_mean(tmp_path: Path) -> None:
    texts: dict[str, dict[str, Any]] = {
        "学校 ": {"header": True}, "县,1": {"header": True}, "校": {"header": True}, "1 ": {}, "（（": {},
        "a": {"sheet": "别的"},
    }  # fmt: skip
    paths = [tmp_path / f"{k}.xlsx" for k in range(len(texts))]
    for path, (text, where) in zip(paths, texts.items(), strict=True):
        long_cells(path, text, **where)
    for one in read_in_children(paths):
        assert one.how in ("read", "refused") and one.megabytes <= MEGABYTES and one.seconds <= SECONDS, one
