"""A problem of a table that was read from a file names the place as a spreadsheet shows it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import junheng as jh
from junheng.schools.origin import origin_of

HEADER = "区县名称,学校名称,学段,在校生数,图书"


def read(path: Path, lines: list[str]) -> pd.DataFrame:
    path.write_text("\n".join(["甲县学校一览表", HEADER, *lines]), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", jh.ReadingWarning)
        return jh.read_schools(path)


#: Lines of schools and of totals, which are left out; one school cannot be read.
LINES = ["甲县,一小,小学,500,3", "甲县,小计,,500,3", "甲县,二小,小学,约30,4", "乙县,三小,小学,20,2"]


@pytest.fixture
def schools(tmp_path: Path) -> pd.DataFrame:
    return read(tmp_path / "学校.csv", LINES)


def places(frame: Any) -> list[tuple[Any, ...]]:
    found = jh.check_schools(frame)
    bad = found[found["code"] == "text_in_number"]
    return list(bad[["sheet", "row", "cell"]].itertuples(index=False, name=None))


KEEP: dict[str, Callable[[pd.DataFrame], Any]] = {
    "as read": lambda t: t,
    "filtered": lambda t: t[t["school"] != "一小"],
    "sorted": lambda t: t.sort_values("school", ascending=False),
    "columns more and fewer": lambda t: t.drop(columns="books").assign(classes=3),
    "copied": lambda t: t.copy(),
}
LOSE: dict[str, Callable[[pd.DataFrame], Any]] = {
    "renumbered": lambda t: t[t["school"] != "一小"].reset_index(drop=True),
    "sorted and renumbered": lambda t: t.sort_values("school", ascending=False, ignore_index=True),
    "other names": lambda t: t.assign(school=["东小", "西小", "南小"]),
    "other index": lambda t: t.set_axis(["x", "y", "z"], axis=0),
    "index of no row": lambda t: t.set_axis([7, 8, 9], axis=0),
    "from memory": lambda t: pd.DataFrame(t.to_dict("list")),
}


@pytest.mark.parametrize("how", KEEP)
def test_the_place_is_known_while_the_rows_are_those_of_the_file(how: str, schools: pd.DataFrame) -> None:
    assert places(KEEP[how](schools)) == [("学校", 5, "D5")]


@pytest.mark.parametrize("how", LOSE)
def test_otherwise_the_position_is_named(how: str, schools: pd.DataFrame) -> None:
    table = LOSE[how](schools)
    at = next(i for i, v in enumerate(table["students"]) if v == "约30")
    ((sheet, row, cell),) = places(table)
    assert (pd.isna(sheet), row, pd.isna(cell)) == (True, at, True)


def test_without_names_the_codes_tell_whether_rows_are_those_of_the_file(tmp_path: Path) -> None:
    header = HEADER.replace("学校名称", "学校代码")
    (tmp_path / "学校.csv").write_text(
        "\n".join([header, "甲县,01,小学,约30,3", "甲县,02,小学,500,3"]), encoding="utf-8"
    )
    table = jh.read_schools(tmp_path / "学校.csv")
    assert places(table) == places(table.assign(classes=3)) == [("学校", 2, "D2")]
    ((sheet, row, _),) = places(table.assign(school_code=["02", "01"]))
    assert (pd.isna(sheet), row) == (True, 0)


def test_an_error_names_cell_and_row_in_both_languages(tmp_path: Path) -> None:
    table = read(tmp_path / "学校.csv", [*LINES, "甲县,一小,小学,500,3"])
    with pytest.raises(jh.InputDataError) as caught:
        jh.evaluate(table, "cn-quality-balance-2017")
    texts = {p.code: (p, p.text("en"), p.text("zh")) for p in caught.value.problems}
    problem, english, chinese = texts[jh.ProblemCode.TEXT_IN_NUMBER]
    assert (problem.sheet, problem.row, problem.cell, problem.position) == ("学校", 5, "D5", 1)
    assert "学校!D5" in english
    assert "学校!D5" in chinese
    _, english, chinese = texts[jh.ProblemCode.DUPLICATE_ROW]
    assert "学校!B7" in english
    assert "duplicate of row 3" in english
    assert "与第3行相同" in chinese


def test_a_frame_with_places_is_written_and_loaded(tmp_path: Path) -> None:
    table = read(tmp_path / "学校.csv", [LINES[0], LINES[1], LINES[3]])
    table.to_parquet(tmp_path / "学校.parquet")
    loaded = origin_of(pd.read_parquet(tmp_path / "学校.parquet"))
    assert loaded is not None
    assert loaded.row.tolist() == [3, 5]


@given(total=st.lists(st.booleans(), min_size=1, max_size=30), keep=st.data())
def test_rows_left_out_do_not_shift_the_others(
    total: list[bool], keep: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = [f"甲县,校{i},小学,约{i},1" for i in range(len(total))]
    planted = [part for i, line in enumerate(lines) for part in ([line, "甲县,小计,,,"] if total[i] else [line])]
    table = read(tmp_path_factory.mktemp("rows") / "学校.csv", planted)
    chosen = keep.draw(st.lists(st.sampled_from(range(len(total))), unique=True))
    expected = [("学校", 3 + planted.index(lines[i]), f"D{3 + planted.index(lines[i])}") for i in chosen]
    assert places(table.loc[chosen]) == expected
