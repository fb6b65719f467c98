"""A fault of a kind planted at random in a clean return: all comes out as of the clean one, or the cell is named."""

import csv
import io
import tempfile
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import junheng as jh

STANDARD = "cn-quality-balance-2017"
HEAD = (
    "区县名称", "学校代码", "学校名称", "学校类型", "学段", "年度", "在校生数", "高于规定学历教师数",
    "县级以上骨干教师数", "体育艺术专任教师数", "教学及辅助用房面积（不含室内体育用房）", "体育运动场馆面积",
    "教学仪器设备值", "网络多媒体教室数", "是否参评",
)  # fmt: skip
ROWS = (
    ("丙县", "0007", "东关小学", "小学", "小学", "2024", 500, 25, 6, 5, 2400, 4000, 1_100_000, 12, "是"),
    ("丙县", "0008", "A路小学", "小学", "小学", "2024", 600, 30, 3, 6, 2900, 4700, 1_300_000, 15, "是"),
    ("丙县", "0009", "育英学校", "九年一贯制学校", "小学", "2024", 300, 15, 4, 3, 3600, 6000, 1_500_000, 15, "否"),
    ("丙县", "0009", "育英学校", "九年一贯制学校", "初中", "2024", 300, 18, 4, 3, 3600, 6000, 1_500_000, 15, "是"),
    ("丙县", "0010", "第一中学", "初中", "初中", "2024", 900, 52, 12, 9, 5600, 9600, 2_600_000, 23, "是"),
)
KEYS, FIGURES, FLAG = range(6), range(6, 14), 14
Table = list[list[Any]]

#: Characters that do not show, from the tables of Unicode and not from the package.
UNSEEN = (
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2061\u2066\u2069\ufeff"
    "\u00ad\u034f\u061c\u180e\ufe00\ufe0f\U000e0100\U000e0020"
)
BLANKS = "\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u205f\u3000"
MARKS = (
    "①", "⑳", "㉑", "❶", "➀", "⓵", "⑴", "⒈", "⒜", "Ⓐ", "ⓐ", "㊀", "㊟", "㈠", "¹", "²", "³", "⁴", "₁", "ª", "*", "＊",
    "**", "※", "†", "‡", "§", "★", "#", "[1]", "［注］", "（注1）", "(注)", "〔2〕",
)  # fmt: skip
BEHIND = (*MARKS, "注1", "注", "备注2", "注①")
BEFORE = (*MARKS, "注1：", "注 ")


def clean() -> Table:
    return [list(HEAD), *map(list, ROWS)]


def text_of(table: Table) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(table)
    return out.getvalue()


def described(table: Table) -> jh.FileReport:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", jh.ReadingWarning)
        path = Path(folder) / "return.csv"
        path.write_text(text_of(table), encoding="utf-8", newline="")
        return jh.describe_file(path)


def cell(row: int, column: int) -> str:
    """The name of a cell; row 0 holds the headers."""
    return f"{chr(65 + column)}{row + 1}"


def result(schools: pd.DataFrame) -> list[Any]:
    ev = jh.evaluate(schools, STANDARD)
    return [jh.results.records(frame) for frame in (ev.schools, ev.indicators, ev.items, ev.verdicts)]


RIGHT = result(described(clean()).schools)


@cache
def with_word(row: int, word: str) -> list[Any]:
    """The result of a table whose question of yes and no is answered with a word."""
    table = clean()
    table[row][FLAG] = word
    return result(described(table).schools)


def in_memory(table: Table) -> pd.DataFrame:
    return jh.standardize_columns(pd.DataFrame(table[1:], columns=table[0]))


RIGHT_IN_MEMORY = result(in_memory(clean()))


def named_cells(report: jh.FileReport) -> set[str]:
    """The cells a report names; the word on indoor sports rooms comes with every ordinary header."""
    faults = report.problems[report.problems["code"] != "indoor_sports_unclear"]
    return set(faults["cell"].dropna())


@st.composite
def hidden(draw: st.DrawFn, columns: Sequence[int]) -> tuple[Table, int, int]:
    """A clean table with characters that do not show somewhere in one cell."""
    row, column = draw(st.integers(1, len(ROWS))), draw(st.sampled_from(columns))
    table = clean()
    text = str(table[row][column])
    sign = draw(st.text(UNSEEN, min_size=1, max_size=3) | st.sampled_from(BLANKS))
    wide = column in (0, 2, 3, 4) and not text.startswith("A")
    # a blank within digits is no matter of what is seen: it goes to an end there
    at = draw(st.integers(0, len(text)) if sign.strip() or wide else st.sampled_from([0, len(text)]))
    table[row][column] = text[:at] + sign + text[at:]
    return table, row, column


@pytest.mark.slow
@given(hidden(KEYS))
def test_what_does_not_show_in_a_file_changes_nothing(planted: tuple[Table, int, int]) -> None:
    table, row, column = planted
    report = described(table)
    assert result(report.schools) == RIGHT
    # a blank at an end was never a part of a cell of a file
    if table[row][column].strip() != str(ROWS[row - 1][column]):
        assert named_cells(report) == {cell(row, column)}


@pytest.mark.slow
@given(hidden(KEYS), st.sampled_from(["pandas", "polars", "pyarrow"]))
def test_what_does_not_show_in_a_frame_changes_nothing(planted: tuple[Table, int, int], library: str) -> None:
    table, row, _ = planted
    schools: Any = in_memory(table)
    if library != "pandas":
        frame = pytest.importorskip(library)
        schools = frame.from_pandas(schools) if library == "polars" else frame.Table.from_pandas(schools)
    ev = jh.evaluate(schools, STANDARD)
    found = [jh.results.records(pd.DataFrame(_plain(f))) for f in (ev.schools, ev.indicators, ev.items, ev.verdicts)]
    assert [[list(r.values()) for r in rows] for rows in found] == [
        [list(r.values()) for r in rows] for rows in RIGHT_IN_MEMORY
    ]
    told = jh.results.records(_plain(ev.problems))
    assert {(p["code"], p["row"]) for p in told if p["code"] == "invisible_characters"} == {
        ("invisible_characters", row - 1)
    }


def _plain(frame: Any) -> Any:
    return frame.to_pandas() if hasattr(frame, "to_pandas") else frame


@pytest.mark.slow
@given(
    st.integers(1, len(ROWS)),
    st.sampled_from(FIGURES),
    st.sampled_from(BEHIND),
    st.booleans(),
    st.sampled_from(["", " "]),
)
def test_a_mark_behind_a_figure_is_no_digit(row: int, column: int, mark: str, twice: bool, blank: str) -> None:
    table = clean()
    table[row][column] = f"{table[row][column]}{blank}{mark}{'※' if twice else ''}"
    report = described(table)
    assert named_cells(report) == {cell(row, column)}
    assert result(report.schools) == RIGHT


@given(st.integers(1, len(ROWS)), st.sampled_from(FIGURES), st.sampled_from(BEFORE))
def test_a_mark_before_a_figure_is_no_digit(row: int, column: int, mark: str) -> None:
    table = clean()
    table[row][column] = f"{mark}{table[row][column]}"
    report = described(table)
    assert named_cells(report) == {cell(row, column)}
    assert result(report.schools) == RIGHT


@given(st.integers(1, len(ROWS)), st.sampled_from(FIGURES), st.sampled_from(MARKS), st.integers(1, 2))
def test_a_sign_among_digits_is_named(row: int, column: int, mark: str, at: int) -> None:
    table = clean()
    text = str(table[row][column])
    if at >= len(text):
        at = 0
    table[row][column] = f"{text[:at]}{mark}{text[at:]}"
    report = described(table)
    assert named_cells(report) == {cell(row, column)}


YES = ("√", "✓", "✔", "☑", "是", "有", "Y", "y", "Yes", "1", "✔\ufe0f", "Ｙ")
NO = ("×", "✗", "✘", "X", "x", "否", "无", "N", "n", "No", "0", "✕", "❌", "Ｘ", "没有")
NEITHER = ("—", "-", "/", "——", "…", "暂无", "?", "不详", "待定", "○", "是/否", "N/A", "\\", "*")


@pytest.mark.slow
@given(st.integers(1, len(ROWS)), st.sampled_from(YES), st.sampled_from(NO))
def test_marks_of_yes_and_no_are_as_the_words(row: int, yes: str, no: str) -> None:
    for mark, word in ((yes, "是"), (no, "否")):
        assert with_word(row, mark) == with_word(row, word)


@given(st.integers(1, len(ROWS)), st.sampled_from(NEITHER))
def test_a_mark_that_is_neither_yes_nor_no_is_never_silently_missing(row: int, mark: str) -> None:
    table = clean()
    table[row][FLAG] = mark
    report = described(table)
    assert named_cells(report) == {cell(row, FLAG)}
    with pytest.raises(jh.InputDataError) as caught:
        jh.evaluate(report.schools, STANDARD)
    assert [(p.row, p.column) for p in caught.value.problems if p.severity == "error"] == [(row + 1, "included")]


@given(
    st.integers(1, len(ROWS)),
    st.sampled_from(["{}（待核）", "约{}", "{}人左右", "{}?", "待核", "正在统计", "见附表", "{}多", "{}-{}"]),
    st.sets(st.sampled_from(FIGURES), min_size=1),
    st.booleans(),
)
def test_a_school_is_never_an_explanation(row: int, said: str, columns: set[int], alone: bool) -> None:
    table = clean()
    for c in FIGURES:
        if c in columns:
            table[row][c] = said.replace("{}", str(table[row][c]))
        elif alone:
            table[row][c] = ""
    report = described(table)
    assert len(report.schools) == len(ROWS)
    assert named_cells(report) == {cell(row, c) for c in columns}


LABELS = ("计量单位", "单位", "单位：", "(单位)", "计量单位：", "—", "-", "/", "")


@given(
    st.sampled_from(LABELS),
    st.lists(st.sampled_from(["", "—", "-", "/", "——"]), min_size=6, max_size=6),
    st.sampled_from([("元", 1), ("千元", 1_000), ("万元", 10_000), ("（万元）", 10_000), ("单位：万元", 10_000)]),
    st.sampled_from([("平方米", 1), ("㎡", 1), ("m²", 1), ("公顷", 10_000)]),
    st.sampled_from(["", "人", "名", "—"]),
)
def test_a_row_of_units_is_applied(
    label: str, dashes: list[str], money: tuple[str, int], area: tuple[str, int], people: str
) -> None:
    table = clean()
    for line in table[1:]:
        line[12] = line[12] / money[1]
        line[11] = line[11] / area[1]
    units = [label, *dashes[1:], *[people] * 4, "平方米", area[0], money[0], "间", dashes[0]]
    assert result(described([table[0], units, *table[1:]]).schools) == RIGHT


@given(
    st.sampled_from(["保留两位小数", "含软件", "不含软件", "账面原值", "截至12月底", "以财务报表为准", "精确到0.01"]),
    st.sampled_from(["，", "、", "；", ",", ";", " ", "　"]),
    st.sampled_from(["万元", "单位：万元", "以万元计", "金额单位:万元", "以万元为单位"]),
    st.booleans(),
    st.sampled_from(["（{}）", "({})", "【{}】"]),
)
def test_a_unit_beside_a_remark_is_applied_or_refused(
    remark: str, between: str, unit: str, first: bool, brackets: str
) -> None:
    table = clean()
    inside = f"{unit}{between}{remark}" if first else f"{remark}{between}{unit}"
    table[0][12] += brackets.format(inside)
    for line in table[1:]:
        line[12] = line[12] / 10_000
    try:
        report = described(table)
    except jh.InputDataError as error:
        assert all(str(p.column).startswith("教学仪器设备值") for p in error.problems)
        return
    assert result(report.schools) == RIGHT
    assert named_cells(report) == {"M1"}


@given(st.sets(st.integers(1, len(ROWS))))
def test_codes_that_are_not_there_are_absent_or_named(rows: set[int]) -> None:
    table = clean()
    for row in rows:
        table[row][1] = ""
    report = described(table)
    if len(rows) in (0, len(ROWS)):
        frames = zip(result(report.schools), RIGHT, strict=True)
        for found, right in frames:
            assert [{k: v for k, v in r.items() if k != "school_code"} for r in found] == [
                {k: v for k, v in r.items() if k != "school_code"} for r in right
            ]
        return
    assert named_cells(report) == {cell(row, 1) for row in rows}
    found = jh.results.records(jh.check_schools(report.schools))
    assert {p["row"] for p in found if p["code"] == "missing_key"} == {row + 1 for row in rows}


TWINS = (("A路小学", "ａ路小学"), ("A路小学", "Ａ路小学"), ("东关小学", "东关 小学"), ("丙县", "丙 县"))


@given(st.sampled_from(TWINS), st.integers(1, len(ROWS)))
def test_near_twins_are_named(twins: tuple[str, str], row: int) -> None:
    one, other = twins
    table = clean()
    column = 0 if one.endswith("县") else 2
    table.append([*table[row][:column], one, *table[row][column + 1 :]])
    table[-1][1] = "0099"
    table[row][column] = other
    for found in (described(table).problems, jh.check_schools(in_memory(table))):
        assert other in set(found.loc[found["code"] == "near_twin", "value"])


@given(st.text(UNSEEN + BLANKS, min_size=1, max_size=3), st.integers(0, 2), st.booleans())
def test_facts_find_a_county_whose_name_holds_what_does_not_show(sign: str, at: int, of_schools: bool) -> None:
    name = "丙县"[:at] + sign + "丙县"[at:]
    rows = [{"county": "丙县", "exchanged_teachers": 30, "exchange_eligible_teachers": 100}]
    table = clean()
    if of_schools:
        for line in table[1:]:
            line[0] = name
    else:
        rows[0]["county"] = name
    facts = pd.DataFrame(rows)
    right = jh.evaluate(in_memory(clean()), STANDARD, county_facts=pd.DataFrame([rows[0] | {"county": "丙县"}]))
    ev = jh.evaluate(in_memory(table), STANDARD, county_facts=facts)
    assert jh.results.records(ev.items) == jh.results.records(right.items)
    assert "invisible_characters" in set(ev.problems["code"])


@pytest.mark.parametrize("mark", [m for m in NEITHER if m != "不详"])  # the template offers that answer
def test_a_fact_that_is_neither_yes_nor_no_is_named(mark: str, tmp_path: Path) -> None:
    path = tmp_path / "facts.csv"
    path.write_text(f"项目,数值\n区县名称,丙县\n交流轮岗教师数,30①\n教师编制标准统一,{mark}\n", encoding="utf-8")
    with pytest.warns(jh.ReadingWarning, match="footnote marks removed from '30①'"):
        facts = jh.read_facts(path)
    assert facts["exchanged_teachers"].tolist() == [30.0]
    with pytest.raises(jh.InputDataError) as caught:
        jh.evaluate(in_memory(clean()), STANDARD, county_facts=facts)
    assert [p.column for p in caught.value.problems if p.severity == "error"] == ["unified_staffing_standard"]
