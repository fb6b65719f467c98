"""Returns as counties send them come back as the clean table, and nothing in the file is lost without a word."""

import io
import json
import re
import shutil
import subprocess
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xlsxwriter
from hostile_books import number, xls
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from messy_books import (
    MESSES,
    Book,
    Sheet,
    clean,
    column,
    filled,
    write_csv,
    write_ods,
    write_xlsx,
)

import junheng as jh
from junheng.reading import read_table
from junheng.reading.cells import read_code, read_figures, read_year
from junheng.reading.compound_files import write_compound
from junheng.reading.files import open_source
from junheng.reading.grid import MAX_COLUMNS, Grid
from junheng.reading.input_file import open_input
from junheng.reading.layout import find_header
from junheng.reading.meaning import meaning
from junheng.reading.rows import is_note, is_total
from junheng.reading.titles import county_in, stage_in
from junheng.schools import columns, recognise

KEYS = ("区县名称", "学校名称", "学段", "学生人数")
#: What a mess takes away for good, or gives back in another way.
GONE = {
    "headings for stages": {"kind"},
    "a sheet for each stage": {"kind"},
    "county in the title": {"county_code"},
}


def quiet(read: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Read with the warning that something was converted kept down."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", jh.ReadingWarning)
        return read(*args, **options)


def same(read: pd.DataFrame, expected: pd.DataFrame, gone: set[str] | frozenset[str] = frozenset()) -> None:
    order = ["school_code", "students"]
    left, right = (f.sort_values(order, kind="stable").reset_index(drop=True) for f in (read, expected))
    assert len(left) == len(right)
    for name in set(right) - gone:
        a, b = left[name].tolist(), right[name].tolist()
        wrong = [
            (x, y)
            for x, y in zip(a, b, strict=True)
            if not (missing(x) and missing(y) if missing(x) or missing(y) else x == y)
        ]
        assert not wrong, (name, wrong[:3])


def missing(value: Any) -> bool:
    return value is None or value is pd.NA or value != value


def nothing_lost(path: Path, report: jh.FileReport) -> None:
    """Every cell with something in it is in the result, in a row left out, or named in a problem."""
    source = open_source(open_input(path), lambda done: None, lambda name, i, hidden: True)
    sheets = {s["sheet"]: s for s in jh.results.records(report.sheets)}
    out = {(r["sheet"], r["row"]): r["text"] for r in jh.results.records(report.left_out)}
    places = {(p["sheet"], p["row"]): i for i, p in enumerate(jh.results.records(report.places))}
    read = {(c["sheet"], c["letter"]): c for c in jh.results.records(report.columns)}
    named = {(p["sheet"], p["cell"]) for p in jh.results.records(report.problems)}
    for grid in source.grids:
        assert grid.name in sheets
        if not sheets[grid.name]["used"]:
            continue
        first, *rest = map(int, sheets[grid.name]["headers"].split("-"))
        headers = range(first, (rest or [first])[0] + 1)
        lost: dict[str, int] = {}
        for r, c in zip(*np.nonzero(grid.cells != None), strict=True):  # noqa: E711
            value, row = grid.cells[r, c], int(r) + 1
            letter = jh.reading.grid.column_letter(int(c))
            if row in headers or (grid.name, f"{letter}{row}") in named:
                continue
            if (grid.name, row) in out:
                assert str(value).removesuffix(".0") in out[grid.name, row]
                continue
            at, told = places[grid.name, row], read[grid.name, letter]
            name = told["column"] or told["header"] or f"column {letter}"
            if missing(report.schools[name].iloc[at]):
                lost[letter] = lost.get(letter, 0) + 1
        for letter, n in lost.items():
            assert n <= read[grid.name, letter]["missing"], letter


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("books")


# ------------------------------------------------------------------------------------------ the messes


@pytest.mark.parametrize("name", MESSES)
def test_one_mess_comes_back_as_the_clean_table(name: str, tmp_path: Path) -> None:
    table = clean()
    book = filled(table, tmp_path)
    MESSES[name](book)
    path = write_xlsx(book, tmp_path / "a.xlsx")
    report = jh.describe_file(path)
    same(report.schools, table, GONE.get(name, set()))
    assert not set(report.problems["severity"]) & {"error"}
    nothing_lost(path, report)
    if len(book.main) == 1 and name != "a county merged downwards":
        text = write_csv(book, tmp_path / "a.csv", "gb18030")
        same(jh.describe_file(text).schools, table, GONE.get(name, set()))
        nothing_lost(text, jh.describe_file(text))


#: What cannot come together: two ways of saying the same thing.
CLASHES = (
    {"headings for stages", "a sheet for each stage"},
    {"headings for stages", "a sheet for each township"},
    {"a sheet for each stage", "a sheet for each township"},
    {"county in the title", "a county merged downwards"},
    {"county in the title", "other names"},
    {"headings for stages", "other names"},
    {"a sheet for each stage", "other names"},
    {"units in a row", "groups of headers"},
    {"totals that fit", "subtotals that fit"},
    {"a header in 千册", "other names"},
    {"a header in 千册", "units in cells"},
    {"a county merged downwards", "totals that fit"},
    {"a county merged downwards", "subtotals that fit"},
    {"a county merged downwards", "notes and signatures"},
    {"a county merged downwards", "printed pages"},
    {"a county merged downwards", "printed pages with the first row"},
    {"printed pages", "printed pages with the first row"},
    {"a county merged downwards", "headings for stages"},
    {"a county merged downwards", "a sheet for each stage"},
    {"a county merged downwards", "a sheet for each township"},
    {"columns in another order", "totals that fit"},
    {"columns in another order", "subtotals that fit"},
    {"columns in another order", "headings for stages"},
    {"columns in another order", "groups of headers"},
    {"columns in another order", "a title and a unit line"},
    {"columns in another order", "a row that numbers the columns"},
)


@st.composite
def messes(draw: st.DrawFn) -> list[str]:
    chosen = draw(st.lists(st.sampled_from(list(MESSES)), min_size=2, max_size=8, unique=True))
    out: list[str] = []
    for name in chosen:
        if not any({name, other} in CLASHES for other in out):
            out.append(name)
    return sorted(out, key=list(MESSES).index)


@pytest.mark.slow
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=messes(), seed=st.integers(0, 50))
def test_several_messes_together_come_back_too(names: list[str], seed: int, folder: Path) -> None:
    table = clean(seed=seed)
    book = filled(table, folder)
    for name in names:
        MESSES[name](book)
    path = write_xlsx(book, folder / "several.xlsx")
    report = jh.describe_file(path)
    same(report.schools, table, set().union(*(GONE.get(n, set()) for n in names)))
    nothing_lost(path, report)
    assert json.loads(json.dumps(report.to_dict(), allow_nan=False)) == report.to_dict()


def test_a_mess_in_an_ods(tmp_path: Path) -> None:
    table = clean()
    book = filled(table, tmp_path)
    for name in ("totals that fit", "thousands separators", "a title and a unit line", "other sheets"):
        MESSES[name](book)
    book.sheets = [s for s in book.sheets if not s.hidden]
    path = write_ods(book, tmp_path / "a.ods")
    report = jh.describe_file(path)
    assert report.kind == "ods"
    same(report.schools, table)
    nothing_lost(path, report)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice, which makes an .xls, is not here")
def test_a_mess_in_an_old_workbook(tmp_path: Path) -> None:
    table = clean()
    book = filled(table, tmp_path)
    for name in ("totals that fit", "groups of headers", "a title and a unit line", "codes as numbers"):
        MESSES[name](book)
    path = write_xlsx(book, tmp_path / "a.xlsx")
    home = f"-env:UserInstallation=file://{tmp_path}/office"
    subprocess.run(
        ["soffice", home, "--headless", "--convert-to", "xls", "--outdir", str(tmp_path), str(path)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    report = jh.describe_file(tmp_path / "a.xls")
    assert report.kind == "xls"
    same(report.schools, table)
    nothing_lost(tmp_path / "a.xls", report)


# -------------------------------------------------------------------------------- what is said of a file


def small(*rows: Any, header: tuple[Any, ...] = KEYS, name: str = "学校") -> Sheet:
    return Sheet(name, [list(header), *map(list, rows)])


ONE = ("甲县", "一小", "小学", 500)


def test_the_warning_says_what_was_done_in_a_sentence(tmp_path: Path) -> None:
    rows = [ONE, ("甲县", "二小", "小学", "无"), ("甲县", "三小", "小学", "1,206"), ("合计", None, None, 1706)]
    path = write_xlsx(Book([small(*rows)]), tmp_path / "a.xlsx")
    with pytest.warns(jh.ReadingWarning) as caught:
        schools = jh.read_schools(path)
    assert len(caught) == 1
    said = str(caught[0].message)
    for words in ("a.xlsx", "1 total row", "1 cell such as '无'", "1 cell converted", "describe_file"):
        assert words in said
    assert schools["students"].tolist()[::2] == [500.0, 1206.0] and missing(schools["students"].iloc[1])
    assert len(said) < 300


@pytest.mark.parametrize("title", [None, "甲县学校一览表"])
def test_titles_and_blank_rows_need_no_warning(tmp_path: Path, title: str | None) -> None:
    sheet = small(ONE, (None,) * 4, (*ONE[:1], "二小", *ONE[2:]))
    if title:
        sheet.rows.insert(0, [title])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(jh.read_schools(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))) == 2


def test_rows_are_named_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    sheet = small(ONE, (None,) * 4, ("甲县", "二小", "小学", "五百"), ("合计", None, None, 500))
    sheet.rows.insert(0, ["甲县学校一览表"])
    report = jh.describe_file(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))
    assert report.places.values.tolist() == [["学校", 3], ["学校", 5]]
    assert report.left_out[["row", "reason"]].values.tolist() == [[1, "title"], [4, "blank"], [6, "total"]]
    (problem,) = jh.results.records(report.problems)
    assert (problem["code"], problem["cell"], problem["severity"]) == ("text_in_number", "D5", "error")
    found = jh.results.records(jh.check_schools(report.schools))
    assert [(p["code"], p["sheet"], p["row"], p["cell"]) for p in found] == [("text_in_number", "学校", 5, "D5")]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_says_everything_in_both_languages(tmp_path: Path, language: str) -> None:
    sheet = small(
        (*ONE, 12.5, "x"),
        ("甲县", "二小", "小学", "—", "12万元", None),
        ("合计", None, None, 501, None, None),
        header=(*KEYS, "教学仪器设备值(万元)", "备注"),
    )
    path = write_xlsx(
        Book([sheet, Sheet("说明", [["填表说明"]]), Sheet("旧", [["a"]], hidden=True)]), tmp_path / "a.xlsx"
    )
    report = jh.describe_file(path)
    text = report.to_text(language)
    for words in (
        "a.xlsx",
        "学校",
        "说明",
        "旧",
        "万元",
        "10000",
        "total_mismatch" if language == "en" else "其所合计的2行（",
        "501",
        "equipment_value_cny",
        "备注",
    ):
        assert words in text
    assert ("合计" in text) and (("rows left out" in text.lower()) == (language == "en"))
    assert str(report) == report.to_text("en")
    assert not re.search(r"\{[a-z]", text)
    if language == "zh":
        assert "未读入的行" in text and "，" in text
    page = report._repr_html_()
    assert "<table>" in page and "total_mismatch" in page and "<script" not in page


def test_a_page_in_html_shows_what_stands_in_a_cell_as_text(tmp_path: Path) -> None:
    sheet = small(ONE, ("合计<script>", None, None, 500))
    sheet.rows.append(["注：<script>alert(1)</script>", None, None, None])
    page = jh.describe_file(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))._repr_html_()
    assert "<script" not in page and "&lt;script&gt;" in page


def test_frames_are_of_one_type_whatever_they_hold(tmp_path: Path) -> None:
    good = jh.describe_file(write_xlsx(Book([small(ONE)]), tmp_path / "a.xlsx"))
    bad = jh.describe_file(write_xlsx(Book([small(ONE, ("合计", None, None, "x"))]), tmp_path / "b.xlsx"))
    for name in ("places", "sheets", "columns", "left_out", "problems"):
        assert list(getattr(good, name).columns) == list(getattr(bad, name).columns)
    assert good.left_out.empty and good.problems.empty


def test_progress_is_told_to_whoever_asks(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    path = write_xlsx(Book([small(ONE)]), tmp_path / "a.xlsx")
    jh.read_schools(path, progress=lambda done, whole: heard.append((done, whole)))
    done = [d for d, _ in heard]
    assert done == sorted(done) and heard[-1] == (100, 100)


# --------------------------------------------------------------------------------------------- totals


@pytest.mark.parametrize(
    ("label", "figure", "fits"),
    [
        ("合计", 1000, True),
        ("合 计", 1000, True),
        ("总计：", 1001, False),
        ("全县", 1000, True),
        ("小学合计", 500, True),
        ("小学合计", 700, False),
        ("小计", 1000, True),
        ("平均", 500, True),
        ("全县平均", 7, True),
        ("合计", "1,000人", True),
        ("合计", "－", True),
    ],
)
def test_totals_are_left_out_and_compared(tmp_path: Path, label: str, figure: Any, fits: bool) -> None:
    sheet = small(ONE, ("甲县", "一中", "初中", 500), (label, None, None, figure))
    report = jh.describe_file(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))
    assert len(report.schools) == 2 and report.left_out["reason"].isin(["total", "average"]).all()
    codes = report.problems["code"].tolist()
    assert codes == ([] if fits else ["total_mismatch"])
    if not fits:
        said = report.problems["message"].iloc[0]
        assert "1000" in said and str(figure) in said and report.problems["cell"].iloc[0] == "D4"


def test_a_total_above_the_schools_and_subtotals_between(tmp_path: Path) -> None:
    rows = [
        ("全县", None, None, 1500),
        ("甲镇小计", None, None, 500),
        ONE,
        ("乙镇小计", None, None, 1000),
        ("甲县", "二小", "小学", 400),
        ("甲县", "三小", "小学", 600),
    ]
    report = jh.describe_file(write_xlsx(Book([small(*rows)]), tmp_path / "a.xlsx"))
    assert len(report.schools) == 3 and len(report.left_out) == 3
    # a subtotal above its rows is a layout of its own; that it does not fit is said, nothing is changed
    assert set(report.problems["code"]) <= {"total_mismatch"}
    assert "全县" not in " ".join(report.problems["message"])


def test_a_total_counts_the_rooms_of_a_school_of_two_stages_once(tmp_path: Path) -> None:
    header = (*KEYS, "图书册数")
    rows = [
        (*ONE, 900),
        ("甲县", "联校", "小学", 300, 700),
        ("甲县", "联校", "初中", 200, 700),
        ("合计", None, None, 1000, 1600),
    ]
    report = jh.describe_file(write_xlsx(Book([small(*rows, header=header)]), tmp_path / "a.xlsx"))
    assert report.problems.empty and report.left_out["reason"].tolist() == ["total"]


def test_a_gap_is_named_beside_a_total_that_does_not_fit(tmp_path: Path) -> None:
    rows = [ONE, ("甲县", "二小", "小学", "无"), ("合计", None, None, 900)]
    report = jh.describe_file(write_xlsx(Book([small(*rows)]), tmp_path / "a.xlsx"))
    assert "1 of them without a figure" in report.problems["message"].iloc[0]


@pytest.mark.parametrize("word", ["合计", "总计", "小计", "全县合计", "河西镇小计", "TOTAL", "小学合计"])
def test_words_of_totals(word: str) -> None:
    assert is_total(word) is not None


@pytest.mark.parametrize("word", ["合计小学校", "计家小学", "总校", "全县第一小学", "平均路小学", "小计村小学"])
def test_schools_whose_names_look_like_totals_stay(word: str, tmp_path: Path) -> None:
    assert is_total(word) is None
    schools = jh.read_schools(write_xlsx(Book([small(ONE, ("甲县", word, "小学", 90))]), tmp_path / "a.xlsx"))
    assert word in schools["school"].tolist()


def test_a_remark_about_a_total_does_not_cost_a_school_its_row(tmp_path: Path) -> None:
    sheet = small((*ONE, "与教学点合计"), header=(*KEYS, "备注"))
    assert len(jh.read_schools(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))) == 1


def test_a_word_of_totals_in_another_column_does_not_cost_a_school_its_row(tmp_path: Path) -> None:
    sheet = small(("甲县", "合计", "一小", 500), header=("区县名称", "统计方式", "学校名称", "学生人数"))
    assert len(jh.read_schools(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))) == 1


def test_a_total_after_subtotals_is_compared_with_all_rows(tmp_path: Path) -> None:
    part = (None, "小计", None, 500)
    rows = [ONE, part, ("甲县", "二小", "小学", 500), part, ("合计", None, None, 1700)]
    report = jh.describe_file(write_xlsx(Book([small(*rows)]), tmp_path / "a.xlsx"))
    assert report.problems["cell"].tolist() == ["D6"]
    assert "says 1700, but its 2 rows (from row 2 to row 4) add up to 1000" in report.problems["message"].iloc[0]


@pytest.mark.parametrize("first", [True, False])
def test_the_rows_that_a_total_adds_up_are_named_wherever_it_stands(tmp_path: Path, first: bool) -> None:
    total = ("合计", None, None, 1700)
    rows = [ONE, ("甲县", "二小", "小学", 600)]
    report = jh.describe_file(
        write_xlsx(Book([small(*([total, *rows] if first else [*rows, total]))]), tmp_path / "a.xlsx")
    )
    assert f"其所合计的2行（第{2 + first}至{3 + first}行）相加为1100" in report.to_text("zh")
    assert f"its 2 rows (from row {2 + first} to row {3 + first}) add up to 1100" in report.to_text("en")


def test_a_school_with_nothing_but_its_name_stays(tmp_path: Path) -> None:
    path = write_xlsx(Book([small(ONE, (None, "新校", None, None))]), tmp_path / "a.xlsx")
    with pytest.warns(jh.ReadingWarning, match="1 point to check"):
        schools = jh.read_schools(path)
    assert schools["school"].tolist() == ["一小", "新校"]
    problems = jh.describe_file(path).problems
    assert problems[["code", "cell"]].values.tolist() == [["empty_row", "B3"], ["missing_key", "A3"]]


@pytest.mark.parametrize("word", ["注：", "注1", "填表人：张", "单位负责人", "填报日期: 2025年", "说明（略）", "备注"])
def test_words_of_notes(word: str) -> None:
    assert is_note(word)


@pytest.mark.parametrize("word", ["注家小学", "说明书院小学", "单位小学", "日期路学校"])
def test_names_that_begin_like_notes_are_none(word: str) -> None:
    assert not is_note(word)


# ------------------------------------------------------------------------------------------ the headers


@pytest.mark.parametrize(
    ("path", "column", "unit"),
    [
        (("专任教师", "其中：骨干教师"), "backbone_teachers", None),
        (("专任教师", "合计"), "teachers", None),
        (("专任教师", "本科"), "teachers_bachelor_degree", None),
        (("小学", "学生数"), "students_primary", None),
        (("在校生数", "初中"), "students_junior", None),
        (("初中", "专任教师", "骨干教师"), "backbone_teachers_junior", None),
        (("教学及辅助用房", "面积(㎡)"), "teaching_area_m2", "m2"),
        (("教学仪器设备值", "万元"), "equipment_value_cny", "万元"),
        (("教学仪器设备值", "（万元）"), "equipment_value_cny", "万元"),
        (("办学条件", "图书", "册数"), "books", None),
        (("网络多媒体教室", "间数"), "multimedia_classrooms", None),
        (("幼儿园", "学生数"), None, None),
        (("上年", "在校生数"), None, None),
        (("在校生数", "女"), None, None),
        (("小学", "图书册数"), None, None),
        (("小学", "初中", "学生数"), None, None),
        (("备注", "其他"), None, None),
    ],
)
def test_headers_above_each_other(path: tuple[str, ...], column: str | None, unit: str | None) -> None:
    found = meaning(path)
    assert (found.column if found else None) == column
    assert (found.unit if found else None) == unit


@pytest.mark.parametrize(
    ("header", "column", "unit"),
    [
        ("学生人数*", "students", None),
        ("①学生人数", "students", None),
        ("学生人数①", "students", None),
        ("1.学生人数", "students", None),
        ("（三）图书册数（册）", "books", "册"),
        ("其中：骨干教师", "backbone_teachers", None),
        ("其　中：骨干教师", "backbone_teachers", None),
        ("占地面积/亩", "land_area_m2", "亩"),
        ("学生数（小学）", "students_primary", None),
        ("图书册数：", "books", None),
        ("教学及辅助用房面积（含室内体育用房）", "teaching_area_total_m2", None),
        ("Students (persons)", "students", "persons"),
        ("在校生数（百人）", "students", "百人"),
        ("46-50人班级数", "classes_46_50", None),
    ],
)
def test_headers_with_marks_and_units(header: str, column: str, unit: str | None) -> None:
    found = recognise(header)
    assert found is not None and (found.column, found.unit) == (column, unit)


@pytest.mark.parametrize("name", sorted(columns()))
def test_every_label_of_a_column_is_understood_with_and_without_a_mark(name: str) -> None:
    c = columns()[name]
    for label in (name, c.zh, c.en, *c.aliases, f"{c.zh}*", f" {c.zh} "):
        found = recognise(label)
        assert found is not None and found.column == name, label


def test_what_a_header_says_besides_is_pointed_out(tmp_path: Path) -> None:
    sheet = small((*ONE, 900), header=(*KEYS, "图书册数（含电子图书）"))
    report = jh.describe_file(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))
    (problem,) = jh.results.records(report.problems)
    assert (
        problem["code"] == "unclear_header" and "含电子图书" in problem["message"] and "mapping=" in problem["message"]
    )
    assert report.schools["books"].tolist() == [900.0]


def test_the_unit_of_a_line_above_goes_to_headers_without_one(tmp_path: Path) -> None:
    sheet = small((*ONE, 12.3456, 30), header=(*KEYS, "教学仪器设备值", "图书（册）"))
    sheet.rows.insert(0, ["单位：人、万元、千册"])
    report = jh.describe_file(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))
    assert report.schools["equipment_value_cny"].tolist() == [123456.0] and report.schools["books"].tolist() == [30.0]
    assert report.problems["code"].tolist() == ["from_title"]
    sheet.rows[0] = ["单位：元、万元"]  # which of the two is not said
    report = jh.describe_file(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))
    assert report.schools["equipment_value_cny"].tolist() == [12.3456]


def test_a_unit_in_a_cell_goes_before_that_of_the_header(tmp_path: Path) -> None:
    sheet = small(
        (*ONE, 12.5),
        ("甲县", "二小", "小学", 9, "125000元"),
        ("甲县", "三小", "小学", 9, "12.5万元"),
        header=(*KEYS, "教学仪器设备值(万元)"),
    )
    report = jh.describe_file(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))
    assert report.schools["equipment_value_cny"].tolist() == [125_000.0] * 3
    assert report.columns["converted"].tolist()[-1] == 2


def test_two_rows_that_could_both_be_the_headers_are_both_named(tmp_path: Path) -> None:
    other = ("县名", "校名", "教育阶段", "在校生数", "图书册数")
    sheet = Sheet(
        "学校", [[*KEYS, None], ["甲县", "一小", "小学", 500, None], list(other), ["甲县", "二小", "小学", 400, 900]]
    )
    path = write_xlsx(Book([sheet]), tmp_path / "a.xlsx")
    with pytest.raises(jh.InputDataError, match=r"header=1.*header=3|header=3.*header=1"):
        jh.read_schools(path)
    assert jh.read_schools(path, header=3)["books"].tolist() == [900.0]


def two_rows_of_headers(repeated: tuple[int, ...]) -> Sheet:
    """小学 and 初中 over columns; some of the rows of headers again on a second page."""
    head = [
        ["学校名称", "学校类型", "学生数\n(人)", None, "图书册数"],
        [None, None, "小学", "初中", None],
        ["甲", "乙", 1, 2, 3],
    ]
    first, second = ["一小", "小学", 900, None, 27000], ["一贯校", "九年一贯制学校", 800, 420, 41000]
    rows = [*head, first, *(head[i] for i in repeated), second]
    return Sheet("示例县", [list(r) for r in rows], [(0, 2, 0, 3), (0, 0, 1, 0), (0, 1, 1, 1), (0, 4, 1, 4)])


@pytest.mark.parametrize("repeated", [(0, 1, 2), (0, 1), (0,), (2,)])
@pytest.mark.parametrize("text", [False, True])
def test_headers_of_several_rows_over_again_are_no_schools_and_no_second_table(
    tmp_path: Path, repeated: tuple[int, ...], text: bool
) -> None:
    book = Book([two_rows_of_headers(repeated)])
    path = write_csv(book, tmp_path / "a.csv", "gb18030") if text else write_xlsx(book, tmp_path / "a.xlsx")
    report = jh.describe_file(path)
    assert report.schools["school"].tolist() == ["一小", "一贯校"]
    assert report.schools["students_junior"].tolist()[1] == 420
    below = report.left_out.query("row > 4")["reason"].tolist()
    assert below == ["repeated headers" if i < 2 else "column numbers" for i in repeated]


def test_a_lower_row_of_headers_over_again_alone_is_left_out(tmp_path: Path) -> None:
    sheet = two_rows_of_headers((1,))
    report = jh.describe_file(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))
    assert report.left_out.query("row > 4")["reason"].tolist() == ["repeated headers"]


def test_what_stands_under_the_headers_may_stand_there_again_on_the_next_page(tmp_path: Path) -> None:
    header, one, two = [*KEYS, "图书册数"], [*ONE, 9000], ["甲县", "二小", "小学", 300, 6000]
    for under, reason in (
        (["填全称", "填全称", None, "按学籍填", "按台账填"], "explanation"),
        ([1, 2, 3, 4, 5], "column numbers"),
    ):
        sheet = Sheet("学校", [list(header), list(under), one, list(header), list(under), two])
        report = jh.describe_file(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))
        assert report.schools["school"].tolist() == ["一小", "二小"]
        assert report.left_out["reason"].tolist() == [reason, "repeated headers", reason]


def test_a_second_table_with_fewer_rows_of_headers_does_not_swallow_the_first(tmp_path: Path) -> None:
    first = [["学校名称", "小学部", None, "初中部", None], [None, "学生数", "班级数", "学生数", "班级数"]]
    second = ["学校名称", "小学学生数", "小学班级数", "初中学生数", "初中班级数"]
    rows = [*first, ["一小", 900, 20, None, None], second, ["二小", 300, 8, None, None]]
    sheet = Sheet("示例县", rows, [(0, 1, 0, 2), (0, 3, 0, 4), (0, 0, 1, 0)])
    with pytest.raises(jh.InputDataError, match="could be the headers"):
        jh.describe_file(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))


def test_a_system_that_writes_codes_as_formulas_of_text(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    text = '"区县名称","学校代码","学校名称","学段","在校生数"\r\n"甲县","=""0012""","一小","小学","1,206"\r\n'
    path.write_bytes((text + '"甲县","0013\t","=1+1","小学","900"\r\n').encode("gb18030"))
    schools = quiet(jh.read_schools, path)
    assert schools["school_code"].tolist() == ["0012", "0013"]
    assert schools["school"].tolist() == ["一小", "=1+1"]
    assert schools["students"].tolist() == [1206, 900]


def test_figures_left_out_are_shown_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    sheet = small(ONE, ("合计", None, None, 501), header=KEYS)
    report = jh.describe_file(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))
    assert report.left_out["text"].tolist() == ["合计 | 501"]
    (problem,) = jh.results.records(report.problems)
    assert problem["value"] == "501" and "its one row (row 2) adds up to 500;" in problem["message"]
    page = report.to_text("zh")
    assert "警告：学校!D3（学生人数 students）：“合计”行为501，其所合计的1行（第2行）相加为500；请更正" in page
    assert "：读入1行" in page and "1 row read," in report.to_text("en")


def test_a_second_table_far_below_is_not_read_as_schools(tmp_path: Path) -> None:
    rows = [("甲县", f"{i}小", "小学", 100 + i) for i in range(100)]
    sheet = small(*rows, ("乡镇", "校名", "在校生数", "教育阶段"))
    with pytest.raises(jh.InputDataError, match="header="):
        jh.read_schools(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))


def test_two_columns_that_mean_the_same_are_decided_by_the_mapping(tmp_path: Path) -> None:
    sheet = small((*ONE, 480), header=(*KEYS, "在校生数"))
    path = write_xlsx(Book([sheet]), tmp_path / "a.xlsx")
    with pytest.raises(jh.InputDataError, match=r"mapping=") as caught:
        jh.read_schools(path)
    assert [p.code for p in caught.value.problems] == ["duplicate_column"]
    schools = jh.read_schools(path, mapping={"在校生数": "students"})
    assert schools["students"].tolist() == [480.0] and schools["学生人数"].tolist() == [500]
    twice = write_xlsx(Book([small((*ONE, 480), header=(*KEYS, "学生人数"))]), tmp_path / "b.xlsx")
    with pytest.raises(jh.InputDataError, match=r"column D.*column E|column E.*column D"):
        jh.read_schools(twice)
    assert jh.read_schools(twice, mapping={"学生人数 (column E)": "students"})["students"].tolist() == [480.0]


def test_unknown_headers_that_stand_twice_are_told_apart_by_their_column(tmp_path: Path) -> None:
    sheet = small((*ONE, "a", "b"), header=(*KEYS, "备注", "备注"))
    schools = jh.read_schools(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))
    assert schools["备注 (column E)"].tolist() == ["a"] and schools["备注 (column F)"].tolist() == ["b"]


def test_a_column_without_a_header_is_kept(tmp_path: Path) -> None:
    sheet = small((*ONE, "新校"), header=(*KEYS, None))
    assert jh.read_schools(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))["column E"].tolist() == ["新校"]


def test_a_mapping_may_name_the_lower_of_two_headers(tmp_path: Path) -> None:
    sheet = Sheet(
        "学校",
        [
            ["区县名称", "学校名称", "学段", "师生", None],
            [None, None, None, "人", "头"],
            ["甲县", "一小", "小学", 500, 30],
        ],
    )
    path = write_csv(Book([sheet]), tmp_path / "a.csv")
    schools = jh.read_schools(path, mapping={"头": "teachers"}, header=[1, 2])
    assert schools["teachers"].tolist() == [30.0]
    with pytest.raises(jh.InputDataError, match="脚"):
        jh.read_schools(path, mapping={"脚": "teachers"})


@pytest.mark.parametrize("header", [0, -1, "1", True, [], [1, "2"], 1.5])
def test_a_header_row_is_a_row(tmp_path: Path, header: Any) -> None:
    path = write_xlsx(Book([small(ONE)]), tmp_path / "a.xlsx")
    with pytest.raises(jh.InputError, match="header"):
        jh.read_schools(path, header=header)


def test_no_header_at_all_is_said(tmp_path: Path) -> None:
    path = write_xlsx(Book([Sheet("a", [[1, 2], [3, 4]])]), tmp_path / "a.xlsx")
    with pytest.raises(jh.InputError, match="header="):
        jh.read_schools(path)


# ------------------------------------------------------------------------------------------- the sheets


def test_sheets_that_could_both_be_the_return_are_both_named(tmp_path: Path) -> None:
    second = small(("甲县", "一中", "初中", 700, 9), header=(*KEYS, "物理实验室"), name="初中")
    path = write_xlsx(Book([small(ONE, name="小学"), second]), tmp_path / "a.xlsx")
    with pytest.raises(jh.InputDataError, match=r"'小学'.*'初中'.*sheet="):
        jh.read_schools(path)
    assert len(jh.read_schools(path, sheet="初中")) == 1
    both = jh.read_schools(path, sheet=["小学", "初中"])
    assert both["school"].tolist() == ["一小", "一中"]
    assert missing(both["physics_laboratories"].iloc[0]) and both["physics_laboratories"].iloc[1] == 9


def test_a_sheet_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    path = write_xlsx(Book([small(ONE), Sheet("旧", [["x"]], hidden=True)]), tmp_path / "a.xlsx")
    for sheet in ("没有", 5, -1):
        with pytest.raises(jh.InputError, match=r"'学校', '旧' \(hidden\)"):
            jh.read_schools(path, sheet=sheet)


@pytest.mark.parametrize("sheet", [[], (), range(0)])
def test_no_sheet_at_all_is_refused(sheet: Any) -> None:
    for read in (jh.read_schools, jh.describe_file):
        for isolate in (False, True):
            with pytest.raises(jh.InputError, match=r"^sheet must be ") as caught:
                read("学校,学段,学生\n一小,小学,500\n".encode(), sheet=sheet, isolate=isolate)
            assert caught.value.text("zh").startswith("sheet 须为")


def test_a_hidden_return_is_pointed_out_and_read_when_named(tmp_path: Path) -> None:
    hidden = small(("甲县", "二小", "小学", 9), name="藏")
    hidden.hidden = True
    path = write_xlsx(Book([small(ONE), hidden]), tmp_path / "a.xlsx")
    report = jh.describe_file(path)
    assert report.problems["code"].tolist() == ["sheet_not_read"] and len(report.schools) == 1
    assert jh.read_schools(path, sheet="藏")["school"].tolist() == ["二小"]


def test_no_sheet_of_schools_is_said(tmp_path: Path) -> None:
    path = write_xlsx(
        Book([Sheet("甲", [["x", "y"], ["a", "b"]]), Sheet("乙", [["p", "q"], ["c", "d"]])]), tmp_path / "a.xlsx"
    )
    with pytest.raises(jh.InputError, match=r"sheet=.*'甲', '乙'"):
        jh.read_schools(path)


def test_counties_by_sheet(tmp_path: Path) -> None:
    sheets = [small(("一小", "小学", 5), header=KEYS[1:], name=n) for n in ("甲县", "乙区")]
    report = jh.describe_file(write_xlsx(Book(sheets), tmp_path / "a.xlsx"))
    assert report.schools["county"].tolist() == ["甲县", "乙区"]
    assert report.problems["code"].tolist() == ["from_title"] * 2


@pytest.mark.parametrize(
    ("title", "county"),
    [
        ("甲县义务教育学校一览表", "甲县"),
        ("山东省济南市历下区学校情况", "历下区"),
        ("2025年岷县学校", "岷县"),
        ("填报单位：三江侗族自治县教育局", "三江侗族自治县"),
        ("城区学校一览表", None),
        ("全县学校", None),
        ("学校一览表", None),
        ("各县区汇总", None),
        ("校区情况", None),
    ],
)
def test_counties_in_titles(title: str, county: str | None) -> None:
    assert county_in(title) == county


@pytest.mark.parametrize(
    ("title", "stage"),
    [
        ("小学部分", "primary"),
        ("初中", "junior"),
        ("中小学一览", None),
        ("小学、初中", None),
        ("初级中学", "junior"),
        ("九年一贯制小学部", None),
        ("学校", None),
    ],
)
def test_stages_in_titles(title: str, stage: str | None) -> None:
    assert stage_in(title) == stage


def test_columns_by_stage_stay_columns_by_stage(tmp_path: Path) -> None:
    sheet = Sheet(
        "学校",
        [
            ["区县名称", "学校名称", "学校类型", "小学", None, "初中", None],
            [None, None, None, "学生数", "专任教师", "学生数", "专任教师"],
            ["甲县", "联校", "九年一贯制", 300, 20, 200, 18],
        ],
        [(0, 3, 0, 4), (0, 5, 0, 6), (0, 0, 1, 0), (0, 1, 1, 1), (0, 2, 1, 2)],
    )
    schools = jh.read_schools(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))
    assert list(schools) == [
        "county",
        "school",
        "kind",
        "students_primary",
        "teachers_primary",
        "students_junior",
        "teachers_junior",
    ]
    same_again = jh.read_schools(write_csv(Book([sheet]), tmp_path / "a.csv"))
    pd.testing.assert_frame_equal(same_again, schools)


# -------------------------------------------------------------------------------------------- the cells


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("500", 500.0),
        ("５００", 500.0),
        ("1,206", 1206.0),
        ("１，２０６", 1206.0),
        ("1 206", 1206.0),
        ("500人", 500.0),
        ("1,200 人", 1200.0),
        ("5百人", None),
        ("0", 0.0),
        (0, 0.0),
        ("无", "gap"),
        ("—", "gap"),
        ("－", "gap"),
        ("/", "gap"),
        ("暂无", "gap"),
        ("N/A", "gap"),
        ("1,20", 1.2),
        ("1,20,3", None),
        ("约500", None),
        ("95%", None),
        ("17:1", None),
        ("12 34", None),
        ("500台", None),
        ("五百", None),
        ("-3", -3.0),
        (True, None),
        ("3人半", None),
        ("nan", "gap"),
        ("inf", None),
        ("1_000", None),
        ("5百人", None),
        ("3百人", None),
    ],
)
def test_cells_as_they_are_typed(cell: Any, value: Any) -> None:
    values = np.empty(2, dtype=object)
    values[:] = [cell, 7]
    read = read_figures(values, columns()["students"], (1, 1))
    if value is None:
        # 5百人 is five hundred in the vocabulary of units
        if isinstance(cell, str) and cell.endswith("百人"):
            assert read.values[0] == 100.0 * int(cell[0])
            return
        assert read.bad == {0: str(cell)} and read.values[0] == str(cell) and read.values[1] == 7.0
    elif value == "gap":
        assert read.missing == [0] and np.isnan(read.values[0]) and not read.bad
    else:
        assert read.values.tolist() == [value, 7.0] and not read.bad and not read.missing


@given(
    number=st.decimals(0, 10**9, places=2), unit=st.sampled_from(["", "元", "万元", "千元", " 元"]), wide=st.booleans()
)
def test_a_figure_in_any_dress_is_what_it_is_on_paper(number: Any, unit: str, wide: bool) -> None:
    factor = {"": 1, "元": 1, "万元": 10_000, "千元": 1_000}[unit.strip()]
    text = f"{number:,}{unit}"
    if wide:
        text = text.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789.,"})
    values = np.empty(1, dtype=object)
    values[0] = text
    assert read_figures(values, columns()["equipment_value_cny"], (1, 1)).values.tolist() == [float(number * factor)]


@pytest.mark.parametrize(
    ("cell", "code", "bad"),
    [
        ("0012", "0012", False),
        (3701020001.0, "3701020001", False),
        ("3701020001.0", "3701020001", False),
        ("３７０１", "3701", False),
        ("3.70102E+09", "3.70102E+09", True),
        (2.0**60, str(2**60), True),
        ("—", None, False),
        ("'0012", "0012", False),
    ],
)
def test_codes_are_text(cell: Any, code: str | None, bad: bool) -> None:
    values = np.empty(1, dtype=object)
    values[0] = cell
    read = read_code(values)
    assert read.values[0] == code and bool(read.bad) == bad


@pytest.mark.parametrize(
    ("cell", "year"),
    [(2025, 2025), (2025.0, 2025), ("2025年", 2025), ("２０２５", 2025), ("2024-2025学年", None), ("去年", None)],
)
def test_a_year_is_a_year_or_named(cell: Any, year: int | None) -> None:
    values = np.empty(1, dtype=object)
    values[0] = cell
    read = read_year(values)
    assert (read.values[0] == year) if year else (read.bad == {0: cell} and read.values[0] == cell)


def test_a_year_built_may_be_a_date(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet()
        for c, label in enumerate((*KEYS, "建校时间")):
            page.write(0, c, label)
        for c, v in enumerate(ONE):
            page.write(1, c, v)
            page.write(2, c, v if c != 1 else "二小")
        page.write_datetime(
            1, 4, pd.Timestamp("1998-09-01").to_pydatetime(), book.add_format({"num_format": "yyyy-mm-dd"})
        )
        page.write(2, 4, "2003年9月")
    assert jh.describe_file(path).schools["built_year"].tolist() == [1998.0, 2003.0]


def test_figures_merged_over_the_rows_of_one_school_are_the_whole_schools(tmp_path: Path) -> None:
    header = (*KEYS[:3], "学生人数", "图书册数", "专任教师数")
    rows = [("甲县", "联校", "小学", 300, 900, 40), (None, None, "初中", 200, None, None)]
    sheet = small(*rows, header=header)
    sheet.merges = [(1, 0, 2, 0), (1, 1, 2, 1), (1, 4, 2, 4), (1, 5, 2, 5)]
    report = jh.describe_file(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))
    assert report.schools["school"].tolist() == ["联校"] * 2 and report.schools["books"].tolist() == [900.0] * 2
    # teachers are never divided: whose the 40 are cannot be told
    assert report.schools["teachers"].isna().all()
    (problem,) = jh.results.records(report.problems)
    assert (problem["code"], problem["cell"]) == ("merged_cell", "F2")


def test_merged_cells_past_the_last_cell_do_no_harm(tmp_path: Path) -> None:
    sheet = small(ONE)
    sheet.merges = [(0, 9, 0, 12), (30, 0, 33, 1), (1, 3, 5, 3)]
    assert len(jh.read_schools(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))) == 1


def formula_book(path: Path) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet()
        for c, label in enumerate((*KEYS, "图书册数", "专任教师数")):
            page.write(0, c, label)
        for c, v in enumerate((*ONE, 900)):
            page.write(1, c, v)
        page.write_formula(1, 3, "=400+100", None, 500)
        page.write_formula(1, 4, "=1+1", None, "")
        page.write_formula(1, 5, "=1/0", None, "#DIV/0!")
    return path


def test_formulas_are_not_computed_and_those_without_a_value_are_named(tmp_path: Path) -> None:
    report = jh.describe_file(formula_book(tmp_path / "a.xlsx"))
    assert report.schools["students"].tolist() == [500.0]
    assert report.schools[["books", "teachers"]].isna().all(axis=None)
    told = [(p["code"], p["cell"], p["value"]) for p in jh.results.records(report.problems)]
    assert told == [("formula_without_value", "E2", None), ("error_cell", "F2", "#DIV/0!")]


# ------------------------------------------------------------------------------------------------ scale


def scaled(column_: str, factor: float) -> pd.DataFrame:
    table = jh.synthetic.county(seed=3, n_schools=20)
    return table.assign(**{column_: table[column_] * factor})


@pytest.mark.parametrize(
    ("name", "factor", "unit"),
    [
        ("equipment_value_cny", 1e-4, "万元"),
        ("equipment_value_cny", 1e4, "万元"),
        ("sports_area_m2", 3 / 2000, "亩"),
        ("teaching_area_m2", 3 / 2000, "亩"),
        ("books", 1e-3, "千册"),
        ("land_area_m2", 3 / 2000, "亩"),
    ],
)
def test_figures_that_look_like_another_unit_are_pointed_out(name: str, factor: float, unit: str) -> None:
    table = scaled(name, factor)
    (problem,) = [p for p in jh.results.records(jh.check_schools(table)) if p["code"] == "suspicious_scale"]
    assert (problem["column"], problem["severity"]) == (name, "warning") and unit in problem["message"]
    ev = jh.evaluate(table, "cn-quality-balance-2017")
    assert ev.provenance["warnings"].get("suspicious_scale", 0) == (
        name in ("equipment_value_cny", "sports_area_m2", "teaching_area_m2")
    )


@pytest.mark.parametrize("resourcing", [0.2, 1.0, 5.0])
def test_figures_of_a_real_size_are_not(resourcing: float) -> None:
    table = jh.synthetic.county(seed=1, resourcing=resourcing, missing=0.3, inequality=2.0, items=True)
    assert "suspicious_scale" not in set(jh.check_schools(table)["code"])


def test_the_scale_of_a_file_is_looked_at_too(tmp_path: Path) -> None:
    rows = [("甲县", f"{i}小", "小学", 500, 150 + i) for i in range(5)]
    path = write_xlsx(Book([small(*rows, header=(*KEYS, "教学仪器设备值"))]), tmp_path / "a.xlsx")
    report = jh.describe_file(path)
    assert report.problems["code"].tolist() == ["suspicious_scale"]
    assert "教学仪器设备资产值(万元)" in report.problems["message"].iloc[0]
    # two schools are too few for a median
    few = write_xlsx(Book([small(*rows[:2], header=(*KEYS, "教学仪器设备值"))]), tmp_path / "b.xlsx")
    assert jh.describe_file(few).problems.empty


# ------------------------------------------------------------------------------------- files of all kinds


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt"])
def test_text_in_every_encoding(tmp_path: Path, encoding: str, suffix: str) -> None:
    path = write_csv(Book([small(ONE, ("甲县", "二小，分校", "小学", 9))]), tmp_path / f"a{suffix}", encoding)
    report = jh.describe_file(path)
    assert report.schools["school"].tolist() == ["一小", "二小，分校"]
    assert report.encoding == {"utf-8-sig": "UTF-8"}.get(encoding, encoding.upper())


def test_an_xls_that_is_a_web_page_is_read_and_named(tmp_path: Path) -> None:
    page = (
        "<html><meta charset='gb2312'><body><table><tr><td colspan=4>甲县学校一览表</td></tr>"
        "<tr><th rowspan=1>区县名称<th>学校名称<th>学段<th>学生人数</tr>"
        "<tr><td>甲县</td><td>一&amp;小</td><td>小学</td><td>1,206</td></tr>"
        "</table></body></html>"
    )
    path = tmp_path / "a.xls"
    path.write_bytes(page.encode("gb18030"))
    report = jh.describe_file(path)
    assert report.kind == "html" and report.problems["code"].tolist() == ["file_format"]
    assert report.schools[["school", "students"]].values.tolist() == [["一&小", 1206.0]]


def test_an_xls_that_is_text_is_read_and_named(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes("\t".join(KEYS).encode("gb18030") + b"\r\n" + "\t".join(map(str, ONE)).encode("gb18030"))
    report = jh.describe_file(path)
    assert report.kind == "text" and report.problems["code"].tolist() == ["file_format"]
    assert report.schools["students"].tolist() == [500.0]


def xlsx_bytes(**changed: str) -> bytes:
    """A workbook with parts of it changed: name of the part to what is put for the cell of 500."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, KEYS)
        page.write_row(1, 0, ONE)
    if not changed:
        return out.getvalue()
    again = io.BytesIO()
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name).decode()
            if name == "xl/worksheets/sheet1.xml":
                for a, b in changed.items():
                    data = data.replace(
                        {"cell": "<v>500</v></c>", "head": "<worksheet ", "end": "<v>500</v></c></row>"}[a], b
                    )
            new.writestr(name, data)
    return again.getvalue()


def zip_of(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members.items():
            z.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return out.getvalue()


def lying_zip() -> bytes:
    """A member that says it holds 10 bytes and holds many."""
    data = bytearray(zip_of(xl__workbook_xml=b"<a/>", junk_xml=b"\0" * 30_000_000))
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = data.rfind(signature)
        data[at + offset : at + offset + 4] = (10).to_bytes(4, "little")
    return bytes(data)


def encrypted_flag() -> bytes:
    data = bytearray(zip_of(xl__workbook_xml=b"<a/>"))
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.find(signature) + offset] |= 1
    return bytes(data)


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)
MANY = "<v>500</v></c>" + '<c r="XFD1048576"><v>1</v></c>'
FAR = '<v>500</v></c></row><row r="1048576"><c r="BXX1048576"><v>1</v></c>'
END = '<v>500</v></c ></row ><row r="2000"><c r="XFD2000"><v>1</v></c ></row >'
ODS_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
ODS_BOMB = (
    b'<office:document-content xmlns:office="o" xmlns:table="t"><table:table table:name="x">'
    b'<table:table-row table:number-rows-repeated="1000000">'
    b'<table:table-cell table:number-columns-repeated="1000" '
    b'office:value-type="float" office:value="1"/></table:table-row></table:table>'
)
#: Ending, content (made when the test runs if it takes long) and words of the error.
BAD: dict[str, tuple[str, bytes | Callable[[], bytes], tuple[str, ...]]] = {
    "empty": ("a.xlsx", b"", ("empty",)),
    "empty text": ("a.csv", b"", ("empty", "headers")),
    "blank text": ("a.csv", b"\n\n,,\n", ("empty",)),
    "words": ("a.xlsx", b"not a workbook", ("not a workbook", ".xlsx")),
    "cut off": ("a.xlsx", xlsx_bytes()[:2000], ("damaged or truncated",)),
    "cut off in the middle": ("a.xlsx", xlsx_bytes()[:800] + xlsx_bytes()[1500:], ("damaged or truncated",)),
    "zeros": (
        "a.xlsx",
        lambda: zip_of(xl__workbook_xml=b"<a/>", xl__worksheets__sheet1_xml=b"\0" * 100_000_000),
        ("100 MB", "not opened"),
    ),
    "zeros and a lie": ("a.xlsx", lying_zip, ("more than its declared size",)),
    "too many files": ("a.xlsx", lambda: zip_of(**{f"f{i}": b"" for i in range(5001)}), ("5,001 files",)),
    "locked zip": ("a.xlsx", encrypted_flag(), ("password",)),
    "locked workbook": ("a.xlsx", write_compound("EncryptedPackage", bytes(5000)), ("password",)),
    "old document": ("a.xls", write_compound("WordDocument", bytes(5000)), ("not a workbook",)),
    "old workbook cut off": ("a.xls", OLE + "Workbook".encode("utf-16-le"), ("damaged or truncated",)),
    "old workbook with a cell far away": ("a.xls", xls(number(65535, 65535)), ("CRXP65536", "save it again")),
    "another zip": ("a.xlsx", zip_of(readme=b"x"), ("not a workbook",)),
    "a cell far away": ("a.xlsx", xlsx_bytes(cell=MANY), ("XFD1048576", "delete")),
    "a cell far away in other quotes": (
        "a.xlsx",
        xlsx_bytes(cell=MANY.replace('r="XFD1048576"', "r='XFD1048576'")),
        ("XFD1048576",),
    ),
    "a cell far below and right": (
        "a.xlsx",
        xlsx_bytes(cell=FAR),
        ("BXX1048576",),
    ),
    "a cell far away at the end": ("a.xlsx", xlsx_bytes(end=END), ("XFD2000",)),
    "entities": ("a.xlsx", xlsx_bytes(head='<!DOCTYPE x [<!ENTITY a "b">]><worksheet '), ("entities",)),
    "ods bomb": ("a.ods", zip_of(mimetype=ODS_TYPE, content_xml=ODS_BOMB), ("ALL1000000",)),
    "binary workbook": ("a.xlsx", zip_of(**{"xl/workbook.bin": b"x"}), (".xlsb", "save it as .xlsx")),
    "web archive": ("a.xls", b"MIME-Version: 1.0\r\nContent-Type: multipart/related", ("web archive",)),
    "page without a table": ("a.xls", b"<html><body>404</body></html>", ("web page", "no table")),
    "spreadsheet of 2003": (
        "a.xls",
        b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
        ("XML Spreadsheet 2003",),
    ),
    "picture": ("a.xls", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), ("picture", ".xlsx")),
    "bytes as text": ("a.csv", bytes(range(256)) * 4, ("CSV UTF-8",)),
    "a comma too many": (
        "a.csv",
        "学校名称,学段,学生人数\n一小,小学,500\n二小,小学,1,206\n".encode(),
        ("line 3", "comma"),
    ),
    "too many columns": ("a.csv", b",".join([b"a"] * (MAX_COLUMNS + 1)) + b"\n", ("2,001 columns",)),
    "an ending that is none": ("a.pdf", b"%PDF", (".pdf", ".xlsx")),
}


def bad(name: str) -> bytes:
    content = BAD[name][1]
    return content() if callable(content) else content


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_used_ends_in_one_sentence(tmp_path: Path, name: str) -> None:
    ending, _, said = BAD[name]
    path = tmp_path / ending
    path.write_bytes(bad(name))
    for read in (jh.read_schools, jh.describe_file, jh.read_facts):
        with pytest.raises(jh.InputError) as caught:
            read(path)
        text = str(caught.value)
        assert "a." in text and "\n" not in text and len(text) < 400, text
        for words in said if read is not jh.read_facts or "comma" not in said else ():
            assert words in text, text
        assert str(tmp_path) not in text


#: Letters in a Chinese sentence: names of files, formats, units and arguments, nothing else.
LATIN = {
    *("a", "x", "Sheet", "xlsx", "xlsm", "xls", "xlsb", "ods", "csv", "tsv", "txt", "pdf", "CSV", "UTF", "GB", "MB"),
    *("PDF", "XML", "HTML", "Office", "Workbook", "sheet", "header", "mapping", "Big"),
}


def is_chinese(text: str, *names: str) -> bool:
    # the names of cells are the same in every language
    letters = set(re.findall(r"[A-Za-z_]+", re.sub(r"(?<![A-Za-z])[A-Z]{1,4}[0-9]+", "", text)))
    return re.search("[\u4e00-\u9fff]", text) is not None and letters <= {*LATIN, *names}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_used_is_named_in_chinese_too(tmp_path: Path, name: str) -> None:
    ending, content = BAD[name][0], bad(name)
    path = tmp_path / ending
    path.write_bytes(content)
    for read in (jh.read_schools, jh.read_facts):
        with pytest.raises(jh.InputError) as caught:
            read(path)
        assert is_chinese(caught.value.text("zh")), caught.value.text("zh")


def test_what_is_found_in_a_file_is_said_in_chinese_too(tmp_path: Path) -> None:
    rows = [
        ("学校代码", "学校名称", "在校生数", "教学仪器设备值(万元)"),
        ("1.2E+17", "一小", "500注1", 12.5),
        (None, "二\u200b小", "无", 3),
        ("12", "三小", 7, 1),
        ("合计", None, 500, 16.5),
    ]
    book = Book([Sheet("甲县小学", [list(r) for r in rows]), Sheet("旧", [list(r) for r in rows], hidden=True)])
    path = write_xlsx(book, tmp_path / "a.xlsx")
    with pytest.warns(jh.ReadingWarning) as caught:
        report = jh.describe_file(path)
        jh.read_schools(path, sheet="甲县小学")
    ids = {*report.problems["code"], *report.columns["column"], "stage", "junheng", "describe_file", "check", "path"}
    assert is_chinese(caught[0].message.text("zh"), *ids)
    page = report.to_text("zh")
    codes = {"digits_lost", "missing_key", "invisible_characters", "footnote_mark", "total_mismatch", "from_title"}
    assert codes <= ids and is_chinese(page, *ids, *"ABCDEU"), page
    assert "“500注1”带脚注符号，按500读入" in page and "没有学段列；工作表名称写明“小学”" in page
    assert "× 10000（万元）" in page and "[合计] 合计 | 500" in page
    for wrong, told in (
        ({"sheet": "乙"}, "a.xlsx 没有工作表“乙”；现有工作表：“甲县小学”、“旧”（已隐藏）"),
        ({"header": 0}, "header 须为电子表格中显示的行号（从1数起），可有多行，而非“0”"),
    ):
        with pytest.raises(jh.InputError) as error:
            jh.read_schools(path, **wrong)
        assert error.value.text("zh") == told


def test_a_workbook_of_python_of_any_shape_does_no_harm(tmp_path: Path) -> None:
    """Whatever stands in a small file: an answer or an InputError, never another exception."""
    cells = st.one_of(
        st.none(),
        st.text(max_size=6),
        st.sampled_from([*KEYS, "合计", "小学", "注："]),
        st.integers(0, 99),
        st.floats(0, 9),
    )
    path = tmp_path / "a.csv"

    @settings(max_examples=30)
    @given(rows=st.lists(st.lists(cells, min_size=1, max_size=5), min_size=1, max_size=6))
    def run(rows: list[list[Any]]) -> None:
        write_csv(Book([Sheet("a", rows)]), path)
        try:
            report = jh.describe_file(path)
        except jh.InputError:
            return
        nothing_lost(path, report)

    run()


# ------------------------------------------------------------------------------------------ county facts


FACTS = {
    "区县名称": "甲县",
    "符合交流条件的教师数": 1000,
    "交流轮岗教师数": "120人",
    "教师编制标准统一": "是",
    "义务教育教师年平均工资收入": "9.8万元",
}
EXPECTED = {
    "county": "甲县",
    "exchange_eligible_teachers": 1000.0,
    "exchanged_teachers": 120.0,
    "unified_staffing_standard": "是",
    "teacher_pay_cny": 98000.0,
}


@pytest.mark.parametrize("form", ["form", "form without headers", "table", "form by county", "table with a title"])
@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_facts_in_every_form(tmp_path: Path, form: str, ending: str) -> None:
    items = [[k, v] for k, v in FACTS.items()]
    rows: list[list[Any]] = {
        "form": [["县情数据表", None], ["项目", "数值"], *items, ["注：以上为年末数", None]],
        "form without headers": items,
        "table": [list(FACTS), list(FACTS.values())],
        "form by county": [["项目", "甲县"], *items[1:]],
        "table with a title": [["县情", *[None] * 4], list(FACTS), list(FACTS.values()), ["合计", 1000, *[None] * 3]],
    }[form]
    book = Book([Sheet("县情", rows)])
    path = (write_csv if ending == ".csv" else write_xlsx)(book, tmp_path / f"a{ending}")
    with pytest.warns(jh.ReadingWarning, match="2 cells converted"):
        facts = jh.read_facts(path)
    assert facts.to_dict("records") == [EXPECTED]
    assert read_table(path).to_dict("records") == [EXPECTED]


def test_facts_of_several_counties_and_units_in_headers(tmp_path: Path) -> None:
    sheet = Sheet(
        "县情",
        [
            ["区县名称", "义务教育教师年平均工资收入（万元）", "年度", "没有的事"],
            ["甲县", 9.8, 2025, "x"],
            ["乙县", "无", 2025, None],
        ],
    )
    facts = quiet(jh.read_facts, write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))
    assert facts["teacher_pay_cny"].tolist()[0] == 98000.0 and missing(facts["teacher_pay_cny"].iloc[1])
    assert facts["year"].tolist() == [2025, 2025] and facts["没有的事"].tolist()[0] == "x"


def test_units_of_items_in_brackets_or_in_a_column_of_their_own(tmp_path: Path) -> None:
    for rows in (
        [["项目", "数值"], ["义务教育教师年平均工资收入（万元）", 9.8], ["当地公务员年平均工资收入（元）", 97000]],
        [
            ["项目", "单位", "数值", "佐证材料"],
            ["义务教育教师年平均工资收入", "万元", 9.8, "甲财〔2025〕1号"],
            ["当地公务员年平均工资收入", "元", 97000],
        ],
    ):
        facts = jh.read_facts(write_xlsx(Book([Sheet("x", rows)]), tmp_path / "a.xlsx"))
        assert facts[["teacher_pay_cny", "civil_servant_pay_cny"]].values.tolist() == [[98000.0, 97000.0]]
    assert facts["teacher_pay_cny_reference"].tolist() == ["甲财〔2025〕1号"]


def test_a_form_that_asks_one_thing_twice_is_refused(tmp_path: Path) -> None:
    sheet = Sheet(
        "县情", [["项目", "数值"], ["交流轮岗教师数", 1], ["exchanged_teachers", 2], ["教师编制标准统一", "是"]]
    )
    with pytest.raises(jh.InputDataError, match="the same fact"):
        jh.read_facts(write_xlsx(Book([sheet]), tmp_path / "a.xlsx"))


def test_a_file_without_facts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(jh.InputError, match="'项目' and '数值'"):
        jh.read_facts(write_xlsx(Book([small(ONE)]), tmp_path / "a.xlsx"))


def test_a_fact_by_mapping_and_a_fact_that_is_none(tmp_path: Path) -> None:
    path = write_csv(
        Book([Sheet("x", [["项目", "数值"], ["交流人数", 7], ["教师编制标准统一", "否"]])]), tmp_path / "a.csv"
    )
    assert jh.read_facts(path, mapping={"交流人数": "exchanged_teachers"})["exchanged_teachers"].tolist() == [7.0]
    for mapping in ({"没有": "exchanged_teachers"}, {"交流人数": "no_such_fact"}):
        with pytest.raises(jh.InputDataError):
            jh.read_facts(path, mapping=mapping)


# ------------------------------------------------------------------------------------------- real data


@pytest.mark.slow
def test_the_real_table_through_a_small_mapping(shared_data: Path) -> None:
    mapping = {
        "學年度": "year",
        "縣市名稱": "county",
        "學校代碼": "school_code",
        "學校名稱": "school",
        "classes_total": "classes",
        "students_total": "students",
        "teachers_total": "teachers",
    }
    path = shared_data / "taiwan_primary_schools_113.csv"
    report = jh.describe_file(path, mapping=mapping)
    assert len(report.schools) == 2668 and report.left_out.empty and report.encoding == "UTF-8"
    assert report.schools["school_code"].str.startswith("0").sum() > 200
    assert report.schools["students"].sum() == pd.read_csv(path)["students_total"].sum()
    nothing_lost(path, report)


def test_the_header_finder_says_nothing_of_an_empty_sheet() -> None:
    assert find_header(Grid(name="x", cells=np.empty((0, 0), dtype=object))) is None


def test_a_column_of_the_template_is_where_it_says(tmp_path: Path) -> None:
    book = filled(clean(), tmp_path)
    assert column(book.sheets[0], "学生人数") > 0
