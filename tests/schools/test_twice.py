"""A school that is in a table twice, under two codes, is counted twice: a warning says so."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_tables import QUALITY, frame, junior, problems, school

import junheng as jh
from junheng.schools.opening import open_table
from junheng.schools.twice import entered_twice

FIRST = school(school_code="1")
#: Figures of which none is given, but for two.
FEW = {name: None for name, value in FIRST.items() if isinstance(value, float | int)} | {"students": 500, "books": 9}


def told(table: pd.DataFrame, standard: str | None = QUALITY) -> list[tuple[int, str]]:
    found = [p for p in problems(table, standard) if p["code"] == "duplicate_row" and p["severity"] == "warning"]
    assert all(p["column"] == "school_code" for p in found)
    return [(p["row"], p["message"]) for p in found]


def test_a_school_under_two_codes_is_reported_wherever_problems_are() -> None:
    table = frame(FIRST, junior(school_code="2"), FIRST | {"school_code": "3"}, FIRST | {"school_code": "4"})
    text = "county, name, stage and all figures equal those of row 0, only the code differs"
    for standard in (QUALITY, None):
        assert [(row, said.startswith(text)) for row, said in told(table, standard)] == [(2, True), (3, True)]
    ev = jh.evaluate(table, QUALITY)
    assert ev.provenance["warnings"] == {"duplicate_row": 2} and "2 warnings" in repr(ev)
    assert "与第0行（从0数起）相同，仅学校代码不同，两行均已计入" in ev.relabel("zh").problems.iloc[0, -1]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"books": 15_001}),
        ({}, {"books": None}),
        ({}, {"school": "二小"}),
        ({}, {"county": "乙县"}),
        ({}, {"stage": "junior"}),
        ({"kind": "primary"}, {"kind": "teaching_point"}),
        ({"year": 2024}, {"year": 2025}),
        (FEW, FEW),
        ({"school": None}, {"school": None}),
    ],
    ids=["a figure", "a missing figure", "name", "county", "stage", "kind", "year", "two figures", "no name"],
)
def test_two_schools_are_not(first: dict[str, Any], second: dict[str, Any]) -> None:
    """中心小学 of two towns: the figures differ, or there are too few of them to tell."""
    assert told(frame(FIRST | first, FIRST | second | {"school_code": "9"}, junior(school_code="2"))) == []


def test_without_codes_or_with_one_code_it_is_an_error_as_before() -> None:
    for table in (frame(school(), school()), frame(FIRST, FIRST)):
        assert told(table) == []
        assert [p["code"] for p in problems(table) if p["severity"] == "error"] == ["duplicate_row"]


def test_the_rows_of_a_file_are_named(tmp_path: Path) -> None:
    path = tmp_path / "学校.csv"
    row = "甲县,中心小学,小学,500,30,3000"
    lines = ["区县名称,学校名称,学段,在校生数,专任教师数,图书,学校代码", f"{row},01", f"{row},02"]
    path.write_text("\n".join(lines), encoding="utf-8")
    ((at, said),) = told(jh.read_schools(path), None)
    assert at == 3 and "row 2" in said


cells = st.sampled_from([0.0, 1.0, 2.0, np.nan])
draws = st.lists(st.tuples(st.sampled_from("甲乙"), st.sampled_from("一二"), cells, cells, cells, cells), max_size=12)


@given(draws, st.booleans())
def test_each_row_is_compared_with_all_others(drawn: list[tuple[Any, ...]], last: bool) -> None:
    names = ["county", "school", "students", "teachers", "classes", "books"]
    table = pd.DataFrame(drawn, columns=names).astype(dict.fromkeys(names[2:], float))
    table["school_code"], table["stage"] = [str(i) for i in range(len(table))], "primary"
    known = [[*row[:2], *(-1.0 if np.isnan(x) else x for x in row[2:])] for row in drawn]
    expected = []
    for i, row in enumerate(known):
        if sum(x > 0 for x in row[2:]) >= 3 and known.index(row) < i:
            expected.append((i, known.index(row)))
    columns = ["books", "students"] if last else table.columns
    assert entered_twice(open_table(table), columns) == expected
