"""Which rows are schools: totals without a label, rows without a name, places above schools, merged cells."""

import csv
import random
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messy_books import Book, Sheet, write_xlsx

import junheng as jh
from junheng.reading.row_names import is_kind_of_school, is_like_a_school, is_place

FIGURES = ("在校生数", "专任教师数", "图书册数", "教学用计算机台数")
HEADERS = ("序号", "区县名称", "学校名称", "学段", *FIGURES)
NAME = HEADERS.index("学校名称")


@attrs.frozen
class Truth:
    """A row, and what it is.

    It is a school, a total with a label, the sum of several rows (unlabelled), of one or of rows that nothing parts
    from others (one), a school without a name (nameless), a heading or blank.
    """

    kind: str
    cells: list[Any]


def described(rows: list[list[Any]], headers: tuple[str, ...] = HEADERS) -> jh.FileReport:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        with path.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([headers, *(["" if v is None else v for v in row] for row in rows)])
        return jh.describe_file(path)


def named(report: jh.FileReport, row: int) -> bool:
    """Whether a problem names the cell with the name of a row."""
    return f"{'ABCDEFGH'[NAME]}{row}" in set(report.problems["cell"].dropna())


# -------------------------------------------------------------------------------- tables with a known truth


@st.composite
def tables(draw: st.DrawFn) -> list[Truth]:
    rng = random.Random(draw(st.integers(0, 10**9)))
    odd = draw(st.booleans())
    label = draw(st.sampled_from(["none", "小计", "河东镇小计"]))
    at = draw(st.sampled_from([0, 1, NAME])) if label != "none" else None
    rows: list[Truth] = []
    everything: list[list[Any]] = []
    for b in range(draw(st.integers(1, 4))):
        # where nothing parts a block from the one above, no rule says which rows its total adds up
        apart = not rows or rows[-1].kind in ("total", "unlabelled", "one")
        stage = rng.choice(["小学", "初中"])
        if draw(st.booleans()):
            apart = True
            rows.append(Truth("heading", [None, None, rng.choice(["城关镇", "一、河东乡", "东城街道："]), *[None] * 5]))
        block = [list(_school(rng, f"{b}{i}", stage)) for i in range(draw(st.integers(1, 5)))]
        for school in block:
            nameless = odd and rng.random() < 0.15
            kind = "nameless" if nameless else "school"
            rows.append(
                Truth(
                    kind,
                    [
                        *school[:NAME],
                        "—" if nameless and b % 2 else None if nameless else school[NAME],
                        *school[NAME + 1 :],
                    ],
                )
            )
            if rng.random() < 0.1:
                rows.append(Truth("blank", [None] * len(HEADERS)))
        everything += block
        if draw(st.booleans()):
            total = _total(rng, block, label, at, stage)
            rows.append(total if apart or total.kind == "total" else attrs.evolve(total, kind="one"))
    grand = draw(st.sampled_from(["none", "above", "below", "twice"]))
    total = _total(rng, everything, draw(st.sampled_from(["none", "合计"])), NAME, None)
    if grand == "above":
        rows.insert(0, total)
    elif grand != "none":
        rows += [total] * (2 if grand == "twice" else 1)
    if odd and rng.random() < 0.5:
        wrong = _total(rng, everything, "none", None, None)
        rows.append(Truth("nameless", [*wrong.cells[:-4], (wrong.cells[-4] or 0) + 1, *wrong.cells[-3:]]))
    return rows


def _school(rng: random.Random, name: str, stage: str) -> Iterator[Any]:
    yield rng.randint(1, 99)
    yield "甲县"
    yield f"{name}{rng.choice(['小学', '总校', '中学', '合计小学', '完小'])}"
    yield stage
    for _ in FIGURES:
        yield rng.choice([None, "无"]) if rng.random() < 0.1 else rng.randint(100, 99_999)


def _total(rng: random.Random, block: list[list[Any]], label: str, at: int | None, stage: str | None) -> Truth:
    cells: list[Any] = [None, rng.choice([None, "甲县"]), None, rng.choice([None, stage])]
    if at is not None and label != "none":
        cells[at] = label
        return Truth("total", cells + _sums(block))
    filled = sum(any(isinstance(v, int) for v in row[-4:]) for row in block)
    sums = _sums(block)
    enough = sum(bool(v) for v in sums) >= 2
    return Truth("unlabelled" if filled > 1 and enough else "one", cells + sums)


def _sums(block: list[list[Any]]) -> list[int]:
    return [sum(v for v in column if isinstance(v, int)) for column in list(zip(*block, strict=True))[-4:]]


@settings(max_examples=3 * settings.default.max_examples)
@given(tables())
def test_schools_are_exactly_the_schools_or_the_row_is_named(rows: list[Truth]) -> None:
    report = described([r.cells for r in rows])
    schools = set(report.places["row"])
    left_out = dict(zip(report.left_out["row"], report.left_out["reason"], strict=True))
    doubts = {r.kind for r in rows} & {"nameless"}
    for row, true in enumerate(rows, start=2):
        assert (row in schools) != (row in left_out) or (true.kind == "blank" and row not in schools)
        if true.kind == "school":
            assert row in schools
        elif true.kind == "total":
            assert left_out[row] == "total"
        elif true.kind == "heading":
            assert left_out[row] == "heading"
        elif true.kind == "nameless":
            assert row in schools and named(report, row)
        elif true.kind == "unlabelled":
            assert named(report, row)
            assert left_out.get(row) == "total" or doubts
        elif true.kind == "one":
            assert named(report, row)


# ------------------------------------------------------------------------------------ one rule after another


def school(name: str | None, *figures: Any, stage: str | None = "小学") -> list[Any]:
    return [None, "甲县", name, stage, *figures]


A, B = school("一小", 100, 10, 1000, 20), school("二小", 300, 25, 2500, 40)
SUM = [400, 35, 3500, 60]


@pytest.mark.parametrize(
    ("row", "left_out"),
    [
        (school(None, *SUM), True),
        (school("—", *SUM), True),
        (school(None, *SUM, stage=None), True),
        # a column may be left blank, but several must agree
        (school(None, 400, None, None, 60), True),
        (school(None, 400, None, None, None), False),
        (school(None, 400, 0, 0, 0), False),
        (school(None, 400, 35, 3500, 61), False),
        (school(None, 400, 35, 3500, "60左右"), False),
        (school("三小", *SUM), False),
        (school("总校", *SUM), False),
        (school("城关镇", *SUM), True),
        (school("城关镇", 400, 35, 3500, 61), False),
    ],
)
def test_a_row_is_a_total_only_if_it_names_no_school_and_is_the_sum(row: list[Any], left_out: bool) -> None:
    for rows in ([A, B, row], [row, A, B], [A, B, row, school("四小", 7, 7, 7, 7)]):
        report = described(rows)
        at = rows.index(row) + 2
        assert (at not in set(report.places["row"])) == left_out
        assert named(report, at) or row[NAME] in ("三小", "总校")


def test_a_row_that_equals_one_other_is_named_unless_the_sheet_proves_to_have_such_totals() -> None:
    one = school(None, *A[4:])
    report = described([A, one, B])
    assert report.schools.shape[0] == 3 and named(report, 3)
    assert any("equal those of row 2" in m for m in report.problems["message"])
    report = described([A, one, B, school("三小", 5, 5, 5, 5), school(None, 305, 30, 2505, 45)])
    assert report.left_out["row"].tolist() == [3, 6] and named(report, 3) and named(report, 6)


def test_totals_by_county_or_stage_at_the_end() -> None:
    other = ["", "乙县", "三小", "初中", 50, 60, 70, 80]
    fourth = ["", "乙县", "四小", "小学", 1, 2, 3, 4]
    rows = [A, other, B, fourth]
    rows += [["", "甲县", None, None, *SUM], ["", "乙县", None, None, 51, 62, 73, 84]]
    rows += [["", None, None, "小学", 401, 37, 3503, 64], ["", None, None, None, 451, 97, 3573, 144]]
    report = described(rows)
    assert report.places["row"].tolist() == [2, 3, 4, 5]
    assert report.left_out["reason"].tolist() == ["total"] * 4


def test_a_total_counts_the_rooms_of_a_school_of_two_stages_once() -> None:
    rows = [A, school("联校", 30, 3, 500, 9), school("联校", 20, 2, 500, 9, stage="初中")]
    report = described([*rows, school(None, 150, 15, 1500, 29, stage=None)])
    assert report.left_out["reason"].tolist() == ["total"]


def test_a_row_without_name_and_code_is_named_where_the_codes_are_empty() -> None:
    headers = ("学校代码", "区县名称", "学校名称", "学段", *FIGURES)
    report = described([A, school(None, 1, 2, 3, 4), B], headers)
    assert report.problems["code"].tolist().count("missing_key") == 1 and named(report, 3)


@pytest.mark.parametrize(
    "place", ["城关镇", "河东乡", "一、城关镇", "（二）河东学区", "示例县", "东城街道（3所）", "城北片区："]
)
def test_places(place: str) -> None:
    assert is_place(place)
    report = described([school(place, stage=None), A, B])
    assert report.left_out[["row", "reason"]].values.tolist() == [[2, "heading"]]


@pytest.mark.parametrize(
    "name", ["城关镇小学", "实验学校东校区", "第一中学城北区", "乡村小学", "市一中", "河东乡完小", "育才"]
)
def test_names_that_are_no_places(name: str) -> None:
    assert not is_place(name)


def test_names_like_schools_and_kinds() -> None:
    assert all(map(is_like_a_school, ["一小", "新校", "河东村小", "县一中", "北街教学点"]))
    assert not any(map(is_like_a_school, ["城区", "农村", "公办"]))
    assert all(map(is_kind_of_school, ["一、小学", "初中：", "小学部", "教学点"]))


def test_a_name_alone_is_a_school_or_a_heading_and_named_either_way() -> None:
    rows = [[None, None, "新校", None, *[None] * 4], [None, None, "农村", None, *[None] * 4], A, B]
    report = described(rows)
    assert report.places["row"].tolist() == [2, 4, 5]
    assert report.left_out[["row", "reason"]].values.tolist() == [[3, "heading"]]
    codes = report.problems[report.problems["cell"].isin(["C2", "C3"])]["code"].tolist()
    assert codes == ["empty_row", "empty_row"]


def test_a_name_with_a_stage_or_a_figure_or_a_dash_is_a_school() -> None:
    rows = [school("城关镇", *[None] * 4), school("东乡", None, None, None, 5, stage=None), A]
    rows.append(school("育才", "—", None, None, None, stage=None))
    assert described(rows).places["row"].tolist() == [2, 3, 4, 5]


def test_a_stage_above_its_schools_is_a_heading() -> None:
    headers = ("学校名称", *FIGURES)
    rows = [["一、小学", *[None] * 4], A[2:3] + A[4:], ["二、初中", *[None] * 4], ["三中", 5, 5, 5, 5]]
    report = described(rows, headers)
    assert report.schools["stage"].tolist() == ["primary", "junior"]


def test_a_mapped_name_names_the_rows_too() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        text = "单位简称,学段,在校生数,专任教师数\n一小,小学,1,2\n二小,小学,3,4\n,,4,6\n"
        path.write_text(text, encoding="utf-8")
        report = jh.describe_file(path, mapping={"单位简称": "school"})
    assert report.left_out["reason"].tolist() == ["total"]


@pytest.mark.slow
def test_many_rows_without_a_name_take_no_time_and_are_named() -> None:
    rng = random.Random(1)
    rows = [school(None if i % 2 else f"{i}小", *[rng.randint(1, 999) for _ in FIGURES]) for i in range(4000)]
    report = described(rows)
    assert len(report.schools) == 4000
    assert report.problems["code"].tolist().count("missing_key") == 2000


# ------------------------------------------------------------------------------------------- merged cells


@pytest.mark.slow
@settings(max_examples=40)
@given(st.data())
def test_merged_words_are_filled_down_and_figures_are_not(data: st.DataObject) -> None:
    n = data.draw(st.integers(3, 9))
    rows: list[list[Any]] = [["甲县", f"{i}小", "小学", 100 + i, 10 + i] for i in range(n)]
    merges, emptied = [], set()
    for c in data.draw(st.sets(st.sampled_from([0, 2, 3, 4]), min_size=1)):
        first = data.draw(st.integers(0, n - 2))
        last = data.draw(st.integers(first + 1, n - 1))
        # a range may reach beyond the table
        beyond = data.draw(st.integers(0, 3)) if last == n - 1 else 0
        merges.append((first + 1, c, last + 1 + beyond, c))
        for r in range(first + 1, last + 1):
            rows[r][c] = None
        if c > 2:
            emptied |= {(r, c) for r in range(first, last + 1)}
    across = data.draw(st.booleans())
    if across and not {c for _, c in emptied}:
        merges.append((1, 3, 1, 4))
        rows[0][4] = None
        emptied |= {(0, 3), (0, 4)}
    headers = ["区县名称", "学校名称", "学段", "在校生数", "专任教师数"]
    with tempfile.TemporaryDirectory() as folder:
        path = write_xlsx(Book([Sheet("学校", [headers, *rows], merges)]), Path(folder) / "a.xlsx")
        report = jh.describe_file(path)
    schools = report.schools
    assert schools["county"].tolist() == ["甲县"] * n and schools["stage"].tolist() == ["primary"] * n
    for c, name in ((3, "students"), (4, "teachers")):
        for r, value in enumerate(schools[name].tolist()):
            assert (value != value) if (r, c) in emptied else value == (100 if c == 3 else 10) + r
    tops = {f"{'ABCDE'[c]}{r + 1}" for r, c, _, _ in merges if c > 2}
    assert tops == set(report.problems[report.problems["code"] == "merged_cell"]["cell"])
    whys = report.changes[report.changes["why"].str.startswith("merged")]
    assert len(whys) == len(merges)


def test_a_heading_merged_over_the_columns_is_a_heading() -> None:
    rows: list[list[Any]] = [["甲县", "育才", None, None], ["甲县", "一小", "小学", 5], ["甲县", "二小", "小学", 6]]
    rows.insert(0, ["公办", None, None, None])
    with tempfile.TemporaryDirectory() as folder:
        sheet = Sheet("学校", [["区县名称", "学校名称", "学段", "在校生数"], *rows], [(1, 0, 1, 3)])
        report = jh.describe_file(write_xlsx(Book([sheet]), Path(folder) / "a.xlsx"))
    assert report.left_out[["row", "reason"]].values.tolist() == [[2, "heading"]]
    assert report.schools["school"].tolist() == ["育才", "一小", "二小"]


# ------------------------------------------------------------------------------------- years of sheets


def by_year(*sheets: tuple[str, list[list[Any]]]) -> jh.FileReport:
    headers = ["区县名称", "学校名称", "学段", "在校生数"]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", jh.ReadingWarning)
        pages = [Sheet(name, [headers, *rows]) for name, rows in sheets]
        return jh.describe_file(write_xlsx(Book(pages), Path(folder) / "a.xlsx"))


ONE = [["甲县", "一小", "小学", 5], ["甲县", "二小", "小学", 6]]


@pytest.mark.parametrize(
    ("first", "second", "years"),
    [
        ("2024", "2025", [2024, 2025]),
        ("2024年", "2025年度", [2024, 2025]),
        ("甲县2024年", "甲县 2025", [2024, 2025]),
        ("2023-2024学年", "2024-2025学年", ["2023-2024学年", "2024-2025学年"]),
        ("2024学年", "2025", ["2024学年", 2025]),
    ],
)
def test_sheets_named_by_year_give_the_year(first: str, second: str, years: list[Any]) -> None:
    report = by_year((first, ONE), (second, ONE))
    assert report.schools["year"].tolist() == [y for y in years for _ in ONE]
    texts = any(isinstance(y, str) for y in years)
    assert ("unclear_year" in report.problems["code"].tolist()) == texts
    assert texts or report.schools["year"].dtype == "int64"


@pytest.mark.parametrize("name", ["表1", "20240901", "2024级", "2024届", "2023、2024", "学校", "2024.9"])
def test_other_sheets_give_no_year(name: str) -> None:
    assert "year" not in by_year((name, ONE)).schools


def test_the_same_schools_on_two_sheets_are_named_with_advice() -> None:
    report = by_year(("甲表", ONE), ("乙表", ONE))
    assert "year" not in report.schools
    (message,) = report.problems[report.problems["code"] == "duplicate_row"]["message"]
    assert "name each sheet by its year" in message and "sheet=" in message
    assert not by_year(("甲表", ONE[:1]), ("乙表", ONE[1:])).problems["code"].tolist()
