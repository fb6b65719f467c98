"""Messes that were once read as something else without a word: each kind is drawn many times."""

from __future__ import annotations

import random
import warnings
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

import junheng as jh
from junheng.reading.layout import is_numbering
from junheng.reading.titles import year_in

HEAD = ("区县名称", "学校名称", "学段", "在校生数", "专任教师数", "班级数")


def quiet(read: Any, *args: Any, **more: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", jh.ReadingWarning)
        return read(*args, **more)


def book(path: Path, sheets: dict[str, list[tuple[Any, ...]]]) -> Path:
    with xlsxwriter.Workbook(path) as out:
        for name, rows in sheets.items():
            sheet = out.add_worksheet(name)
            for r, row in enumerate(rows):
                sheet.write_row(r, 0, row)
    return path


def school(i: int) -> tuple[Any, ...]:
    return ("甲县", f"第{i}小学", "小学", 100 + i, 10, 6)


# ------------------------------------------------------------------------------------ years in Chinese numerals


@pytest.mark.parametrize("zero", "〇○◯零")
@pytest.mark.parametrize("form", ["{}年", "{}", "{}年度", "{}年统计表", "示例县{}年小学"])
def test_a_year_in_chinese_numerals_is_a_year(zero: str, form: str) -> None:
    for year in range(1949, 2060):
        said = form.format("".join(f"{zero}一二三四五六七八九"[int(d)] for d in str(year)))
        assert year_in(said) == year, said


@pytest.mark.parametrize(
    "name", ["二〇二四届", "一二〇二四年", "二〇二", "三〇二四年", "二〇二四、二〇二五年", "2024年2025年"]
)
def test_other_numerals_are_no_year(name: str) -> None:
    assert year_in(name) is None


@pytest.mark.parametrize(
    ("first", "second"), [("二〇二四年", "二○二五年"), ("二零二四", "2025"), ("二〇二四年统计表", "二〇二五年统计表")]
)
def test_sheets_of_two_years_are_two_years(first: str, second: str, tmp_path: Path) -> None:
    rows = [HEAD, *(school(i) for i in range(3))]
    report = quiet(jh.describe_file, book(tmp_path / "a.xlsx", {first: rows, second: rows}))
    assert report.schools["year"].tolist() == [2024] * 3 + [2025] * 3


# ------------------------------------------------------------------------------------------- numbered columns


def test_columns_numbered_before_some_were_deleted_are_no_school(tmp_path: Path) -> None:
    rng = random.Random(5)
    for i in range(40):
        marks, n = rng.randint(1, 5), rng.randint(8, 30)
        deleted = set(rng.sample(range(2, n), max(1, n // 6)))
        row = [*"甲乙丙丁戊"[:marks], *(k for k in range(1, n + 1) if k not in deleted)]
        if rng.random() < 0.5:
            row = [str(v) for v in row]
        assert is_numbering(row, gaps=True) and not is_numbering(row), row
        heads = [*HEAD, *(f"其他{k}" for k in range(len(row) - len(HEAD)))]
        path = book(tmp_path / f"{i}.xlsx", {"表": [tuple(heads), tuple(row), school(1), school(2)]})
        report = quiet(jh.describe_file, path)
        assert report.schools["school"].tolist() == ["第1小学", "第2小学"]
        assert report.left_out[["row", "reason"]].values.tolist() == [[2, "column numbers"]]


@pytest.mark.parametrize(
    "row",
    [("甲", "乙", 1, 5, 9), ("甲", "乙", 3, 2, 1), ("甲", 1, 2, 2), ("甲", "乙", 120, 121, 123), ("甲", 1, 2, 40)],
)
def test_figures_that_jump_are_no_numbers_of_columns(row: tuple[Any, ...]) -> None:
    assert not is_numbering(row, gaps=True)


# -------------------------------------------------------------------------------------- web pages, lines of a text


@pytest.mark.parametrize(
    "page", ["<div>登录</div>", "<!-- x --><p>a,b</p>", "<a href='x'>1,2</a>\n3,4", "<script>1</script>"]
)
def test_a_page_without_a_table_is_named_a_page(page: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(page, encoding="utf-8")
    with pytest.raises(jh.InputError, match="is a web page and contains no table"):
        jh.describe_file(path)


def lines_of(*rows: tuple[Any, ...]) -> list[str]:
    return [",".join(map(str, row)) for row in rows]


def test_a_separator_too_many_is_refused_wherever_it_moves_a_figure(tmp_path: Path) -> None:
    """The last cell of the line is empty, so that the line is as long as the others."""
    for cell in range(6):
        for row in range(8):
            lines = lines_of(HEAD, *((*school(i)[:5], "" if i + 1 == row else 6) for i in range(7)))
            cells = lines[row].split(",")
            cells.insert(cell, "")
            if row == 0:
                lines[1:] = [line.rstrip(",") for line in lines[1:]]
            lines[row] = ",".join(cells)
            path = tmp_path / "a.csv"
            path.write_text("\n".join(lines), encoding="utf-8")
            said = "line 1" if row == 0 else f"line {row + 1} has more cells"
            with pytest.raises(jh.InputError, match=said):
                quiet(jh.read_schools, path)


def test_a_separator_too_many_at_the_end_does_no_harm(tmp_path: Path) -> None:
    lines = lines_of(HEAD, *(school(i) for i in range(7)))
    lines[3] += ","
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert len(quiet(jh.read_schools, path)) == 7


# ------------------------------------------------------------------------------------------- mapping and sheets


@pytest.mark.parametrize("to", ["school", "学校名称", "校名"])
def test_a_mapping_to_a_usual_header_finds_the_sheet_among_several(to: str, tmp_path: Path) -> None:
    head = ("区县名称", "甲", "学段", "在校生数", "专任教师数", "班级数")
    rows = [head, *(school(i) for i in range(3))]
    path = book(tmp_path / "a.xlsx", {"汇总": [("学段", "在校生数"), ("小学", 303)], "表": rows})
    assert quiet(jh.read_schools, path, mapping={"甲": to})["school"].tolist() == ["第0小学", "第1小学", "第2小学"]
