"""What comes in: Chinese headers, units exactly, words of categories, codes, sums of parts."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_tables import BASIC, QUALITY, frame, junior, school

import junheng as jh
from junheng.schools import base_column, columns


def one(header: str, value: Any, mapping: dict[str, str] | None = None) -> tuple[str, Any]:
    """What becomes of one column with one cell."""
    out = jh.standardize_columns(pd.DataFrame({header: [value]}), mapping)
    (name,) = out.columns
    return name, out[name].iloc[0]


# --------------------------------------------------------------------------------------------- headers


@pytest.mark.slow
def test_every_label_and_alias_is_read_as_its_column() -> None:
    for column in columns().values():
        for header in (column.id, column.zh, *column.aliases):
            described = jh.describe_columns(pd.DataFrame({header: [1]}))
            assert described["column"].tolist() == [column.id], header
            assert described["factor"].tolist() == [1.0], header


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("在校生数", "students"),
        (" 学校 名称 ", "school"),
        ("学校名称", "school"),
        ("教学仪器设备值（元）", "equipment_value_cny"),
        ("教学仪器设备值【单位：元】", "equipment_value_cny"),
        ("体育、艺术(美术、音乐)专任教师数", "pe_art_teachers"),
        ("教学及辅助用房面积（不含室内体育用房）", "teaching_area_m2"),
        ("教学及辅助用房面积(不含室内体育用房)(㎡)", "teaching_area_m2"),
        ("县（市、区）", "county"),
        ("小学在校生数", "students_primary"),
        ("初中部专任教师数", "teachers_junior"),
        ("高中学生人数", "students_senior"),
        ("小学学生人数（人）", "students_primary"),
        ("Students", "students"),
        ("students_junior", "students_junior"),
        ("图书册数(册)", "books"),
    ],
)
def test_headers_as_they_are_typed(header: str, column: str) -> None:
    assert jh.describe_columns(pd.DataFrame({header: [1]}))["column"].tolist() == [column]


@pytest.mark.parametrize("header", ["备注", "校长", "小学", "小学图书册数", "books_junior", "序号"])
def test_headers_that_mean_nothing_here_stay(header: str) -> None:
    """A shared resource is never by stage: 小学图书册数 is no column of ours."""
    assert one(header, "x") == (header, "x")
    assert jh.describe_columns(pd.DataFrame({header: [1]}))["column"].isna().all()
    assert base_column(header) is None


def test_describe_columns_tells_what_would_happen() -> None:
    raw = pd.DataFrame({h: [1] for h in ("教学仪器设备值(万元)", "校园占地面积(亩)", "备注", "计算机(箱)", "册数")})
    told = jh.results.records(jh.describe_columns(raw, {"册数": "books"}))
    assert [(t["header"], t["column"], t["unit"]) for t in told] == [
        ("教学仪器设备值(万元)", "equipment_value_cny", "万元"),
        ("校园占地面积(亩)", "land_area_m2", "亩"),
        ("备注", None, None),
        ("计算机(箱)", "computers", "箱"),
        ("册数", "books", None),
    ]
    assert [t["factor"] for t in told[:3]] == [10_000.0, 2000 / 3, 1.0]


# ----------------------------------------------------------------------------------------------- units


@pytest.mark.parametrize(
    ("header", "value", "column", "expected"),
    [
        ("教学仪器设备值(万元)", 12.3456, "equipment_value_cny", 123456.0),
        ("教学仪器设备值（万元）", "12.3456", "equipment_value_cny", 123456.0),
        ("教学仪器设备值(万元)", 0.07, "equipment_value_cny", 700.0),
        ("教学仪器设备值(万元)", 1.1, "equipment_value_cny", 11000.0),
        ("教学仪器设备值(亿元)", 0.0003, "equipment_value_cny", 30000.0),
        ("教学仪器设备值(千元)", 1.005, "equipment_value_cny", 1005.0),
        ("教学仪器设备资产值(元)", 12.34, "equipment_value_cny", 12.34),
        ("占地面积(亩)", 30, "land_area_m2", 20000.0),
        ("占地面积(亩)", 1.5, "land_area_m2", 1000.0),
        ("占地面积(公顷)", 1.2, "land_area_m2", 12000.0),
        ("运动场地面积(万平方米)", 0.5, "outdoor_sports_area_m2", 5000.0),
        ("图书(千册)", 15.123, "books", 15123.0),
        ("图书(万册)", "1.5123", "books", 15123.0),
        ("图书(册)", 15123, "books", 15123),
        ("环形跑道(米)", 200, "ring_track_m", 200),
    ],
)
def test_units_are_converted_as_on_paper(header: str, value: Any, column: str, expected: float) -> None:
    assert one(header, value) == (column, expected)


@pytest.mark.slow
def test_every_unit_of_the_vocabulary_is_converted() -> None:
    units = jh._data.read_toml("columns.toml")["units"]
    for column in columns().values():
        if column.type == "number":
            assert units[column.unit][column.unit] == 1
            for unit in units[column.unit]:
                assert one(f"{column.zh}({unit})", 0)[0] == column.id, (column.id, unit)


def test_a_missing_cell_stays_missing_in_another_unit() -> None:
    out = jh.standardize_columns(pd.DataFrame({"图书(千册)": [1.0, None], "占地面积(亩)": ["3", ""]}))
    assert out["books"].tolist()[0] == 1000.0 and out["books"].isna().tolist() == [False, True]
    assert out["land_area_m2"].tolist()[0] == 2000.0 and out["land_area_m2"].isna().tolist() == [False, True]


def test_a_cell_that_is_no_number_does_not_rob_the_others_of_their_unit() -> None:
    """Else, once the bad cell is emptied in memory, 12.5 万元 would be judged as 12.5 yuan."""
    out = jh.standardize_columns(pd.DataFrame({"教学仪器设备值(万元)": ["12.5", "无"]}))
    assert float(out["equipment_value_cny"].iloc[0]) == 125_000.0
    assert out["equipment_value_cny"].iloc[1] == "无"


def test_a_unit_in_a_mapped_header_is_not_passed_over() -> None:
    """A header only the user knows may still name a unit: convert it, or say that it is not done."""
    try:
        name, value = one("仪器总值(万元)", 12.5, {"仪器总值(万元)": "equipment_value_cny"})
    except jh.InputDataError as exc:
        assert [p.code for p in exc.problems] == ["unknown_unit"]
    else:
        assert (name, value) == ("equipment_value_cny", 125_000.0)


# ----------------------------------------------------------------------------------- words, codes, cells


@pytest.mark.parametrize("column", ["kind", "stage", "ownership", "area_type"])
def test_every_word_of_a_category_is_understood(column: str) -> None:
    words = jh._data.read_toml("columns.toml")["categories"][column]
    typed = [(w, word) for word, others in words.items() for w in (word, *others)]
    out = jh.standardize_columns(pd.DataFrame({column: [t for t, _ in typed]}))
    assert out[column].tolist() == [word for _, word in typed]


@pytest.mark.parametrize(
    ("column", "typed", "word"),
    [
        ("kind", "９年一贯制", "nine_year"),
        ("kind", " 九年一贯制学校 ", "nine_year"),
        ("kind", "Nine-Year", "nine_year"),
        ("stage", "初中部", "junior"),
        ("ownership", 10, "private"),
        ("ownership", 10.0, "private"),
    ],
)
def test_words_as_they_are_typed(column: str, typed: Any, word: str) -> None:
    assert one(column, typed)[1] == word


def test_an_unknown_word_stays_for_the_check_to_point_at() -> None:
    assert one("学校类型", "幼儿园") == ("kind", "幼儿园")


def test_yes_and_no_in_both_languages() -> None:
    flags = jh._data.read_toml("columns.toml")["flags"]
    for word, counted in [*((w, True) for w in flags["yes"]), *((w, False) for w in flags["no"])]:
        ev = jh.evaluate(frame(school(included=word), junior(included=word)), QUALITY)
        assert ev.school_verdicts["counted"].tolist() == [counted] * 2, word
    ev = jh.evaluate(frame(school(included=True), junior(included=False)), QUALITY)
    assert ev.school_verdicts["counted"].tolist() == [True, False]


def test_codes_keep_their_zeros_and_numbers_become_text() -> None:
    raw = pd.DataFrame({"学校代码": pd.Series(["0012", 13, 14.0, None], dtype=object), "区县代码": [370101] * 4})
    out = jh.results.records(jh.standardize_columns(raw))
    assert [r["school_code"] for r in out] == ["0012", "13", "14", None]
    assert {r["county_code"] for r in out} == {"370101"}


def test_text_columns_of_plain_numbers_become_numbers_and_others_stay() -> None:
    raw = pd.DataFrame({"在校生数": [" 500 ", "1e3", ""], "图书": ["1", "2册", None], "备注": ["1", "2", "3"]})
    out = jh.results.records(jh.standardize_columns(raw))
    assert [r["students"] for r in out] == [500.0, 1000.0, None]
    assert [r["books"] for r in out][1:] == ["2册", None]
    assert [r["备注"] for r in out] == ["1", "2", "3"]


# ------------------------------------------------------------------------------------- sums of parts


def test_areas_are_added_up_where_they_are_missing() -> None:
    raw = {"教学及辅助用房总面积": [1000.0], "室内体育用房面积": [100.0], "运动场地面积": [500.0]}
    out = jh.standardize_columns(pd.DataFrame(raw))
    # the gymnasium is moved from the rooms to the sports area, not counted twice
    assert (out["teaching_area_m2"].item(), out["sports_area_m2"].item()) == (900.0, 600.0)
    kept = jh.standardize_columns(pd.DataFrame(raw | {"教学及辅助用房面积": [950.0], "体育运动场馆面积": [555.0]}))
    assert (kept["teaching_area_m2"].item(), kept["sports_area_m2"].item()) == (950.0, 555.0)
    # as on paper: 2105.1 - 57.7 is 2047.4, not the nearest binary difference
    paper = {"教学及辅助用房总面积": [2105.1], "室内体育用房面积": [57.7], "运动场地面积": [0.1]}
    out = jh.standardize_columns(pd.DataFrame(paper))
    assert (out["teaching_area_m2"].item(), out["sports_area_m2"].item()) == (2047.4, 57.8)
    alone = jh.standardize_columns(pd.DataFrame({"教学及辅助用房总面积": [1000.0]}))
    assert "teaching_area_m2" not in alone


DEGREES = {"专科": 5, "本科": 10, "硕士": 2, "博士": 1}


def test_teachers_above_the_required_degree_by_stage() -> None:
    """小学: 专科 and above; 初中: 本科 and above."""
    raw = pd.DataFrame({"学段": ["小学", "初中", "高中"], **{k: [v] * 3 for k, v in DEGREES.items()}})
    out = jh.results.records(jh.standardize_columns(raw))
    assert [r["teachers_above_required_degree"] for r in out] == [18.0, 13.0, None]
    wide = {f"{stage}{k}": [v] for stage in ("小学", "初中") for k, v in DEGREES.items()}
    out = jh.standardize_columns(pd.DataFrame(wide))
    assert out["teachers_above_required_degree_primary"].item() == 18
    assert out["teachers_above_required_degree_junior"].item() == 13


def test_a_gap_in_a_part_is_a_gap_in_the_sum() -> None:
    raw = pd.DataFrame({"学段": ["小学"], **{k: [float(v)] for k, v in DEGREES.items()}} | {"硕士": [np.nan]})
    assert jh.standardize_columns(raw)["teachers_above_required_degree"].isna().all()


@pytest.mark.parametrize(
    ("parts", "total"),
    [
        ({"体育": 2, "音乐": 1, "美术": 3}, 6),
        ({"体育": 2, "艺术": 4}, 6),
        ({"体育": 2, "音乐": 1, "美术": 3, "艺术": 1}, 7),
        ({"体育": 2}, None),
        ({"音乐": 1, "美术": 3}, None),
        ({"体育": 2, "音乐": 1, "体育艺术教师数": 9}, 9),
    ],
)
def test_pe_and_arts_teachers_are_added_up(parts: dict[str, int], total: int | None) -> None:
    out = jh.standardize_columns(pd.DataFrame({k: [v] for k, v in parts.items()}))
    assert (out["pe_art_teachers"].item() if total is not None else out.get("pe_art_teachers")) == total
    by_stage = jh.standardize_columns(pd.DataFrame({f"初中{k}": [v] for k, v in parts.items()}))
    assert ("pe_art_teachers_junior" in by_stage) == (total is not None)


# ---------------------------------------------------------------------------------------------- files


RETURN = pd.DataFrame(
    {
        "区县名称": ["甲县", "甲县"],
        "学校代码": ["0012", "0013"],
        "学校名称": ["一小", "一中"],
        "学段": ["小学", "初中"],
        "在校生数": [500, 500],
        "高于规定学历教师数": [27, 27],
        "县级以上骨干教师数": [6, 6],
        "体育": [3, 3],
        "艺术": [3, 3],
        "教学及辅助用房总面积": [3100, 3100],
        "室内体育用房面积": [100, 100],
        "运动场地面积": [5400.5, 5400.5],
        "教学仪器设备值(万元)": [130.05, 130],
        "网络多媒体教室数": [14, 14],
        "备注": ["", "新校"],
    }
)


def write(path: Path, encoding: str | None) -> Path:
    if encoding is None:
        RETURN.to_excel(path, index=False, engine="xlsxwriter")
    else:
        RETURN.to_csv(path, index=False, encoding=encoding, sep="\t" if path.suffix == ".tsv" else ",")
    return path


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("a.csv", "utf-8"),
        ("a.csv", "utf-8-sig"),
        ("a.csv", "gb18030"),
        ("a.tsv", "utf-8"),
        ("A.CSV", "utf-8"),
        ("a.xlsx", None),
    ],
)
def test_a_return_in_every_kind_of_file_gives_the_same(tmp_path: Path, name: str, encoding: str | None) -> None:
    schools = jh.read_schools(write(tmp_path / name, encoding))
    assert schools["school_code"].tolist() == ["0012", "0013"]
    assert schools["equipment_value_cny"].tolist() == [1_300_500.0, 1_300_000.0]
    assert schools["pe_art_teachers"].tolist() == [6.0, 6.0]
    ev = jh.evaluate(schools, QUALITY)
    assert ev.school_verdicts["verdict"].tolist() == ["met", "met"]
    assert pytest.approx(2601.0) == jh.results.records(ev.schools)[5]["value"]
    assert jh.results.records(ev.left_out) == []


def test_a_sheet_by_name_and_headers_by_mapping(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with pd.ExcelWriter(path, engine="xlsxwriter") as book:
        pd.DataFrame({"x": [1]}).to_excel(book, sheet_name="说明", index=False)
        pd.DataFrame({"人数": [7]}).to_excel(book, sheet_name="学校", index=False)
    for sheet in ("学校", 1):
        assert jh.read_schools(path, sheet=sheet, mapping={"人数": "students"})["students"].tolist() == [7.0]
    with pytest.raises(jh.InputError, match="没有"):
        jh.read_schools(path, sheet="没有")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("gone.csv", None, ("no file", "gone.csv")),
        ("a.docx", b"x", (".docx", ".csv", ".xlsx")),
        ("a.csv", b"", ("empty", "headers")),
        ("a.csv", b"PK\x03\x04" + bytes(range(256)), ("a.csv", "damaged")),
        ("a.csv", "甲,乙\n".encode("utf-16")[:-1], ("a.csv", "character 4 of line 1")),
        ("a.csv", "学校名称,学段\n1,2\n1,2,3\n".encode(), ("a.csv", "line 3")),
        ("a.xlsx", b"not a workbook", ("a.xlsx", "workbook")),
        ("a.xlsx", b"", ("a.xlsx",)),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: bytes | None, said: tuple[str, ...]) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(jh.InputError) as caught:
        jh.read_schools(path)
    for words in said:
        assert words in str(caught.value)


def lines(path: Path, *cells: tuple[Any, ...]) -> Path:
    """Write lines of cells as they are."""
    table = pd.DataFrame(list(cells))
    if path.suffix == ".xlsx":
        table.to_excel(path, index=False, header=False, engine="xlsxwriter")
    else:
        text = ("" if not any(c) else ",".join(map(str, c)) for c in cells)
        path.write_text("\n".join(text) + "\n", encoding="utf-8")
    return path


KEYS = ("区县名称", "学校名称", "学段", "在校生数")


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_one_header_twice_in_a_file_is_not_passed_over(tmp_path: Path, name: str) -> None:
    path = lines(tmp_path / name, (*KEYS, "图书", "图书"), ("甲县", "一小", "小学", 500, 1, 2))
    with pytest.raises(jh.InputDataError, match="图书") as caught:
        jh.read_schools(path)
    assert [p.code for p in caught.value.problems] == ["duplicate_column"]


def test_what_one_standard_needs_is_asked_for_by_its_label() -> None:
    listed = jh.results.records(jh.check_schools(frame(school())[["county", "school", "stage", "students"]], BASIC))
    assert [p["column"] for p in listed] == [
        "teaching_area_m2", "sports_area_m2", "equipment_value_cny", "computers", "books", "teachers",
        "teachers_above_required_degree", "teachers_mid_or_senior_title", "owner_type",
    ]  # fmt: skip
    for p in listed:
        assert columns()[p["column"]].zh in p["message"]
