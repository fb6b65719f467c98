"""Problems alike are told once, and none is lost."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command_line import run
from hypothesis import given
from hypothesis import strategies as st
from small_tables import QUALITY, frame, school

import junheng as jh
from junheng._grouping import ProblemGroup, grouped
from junheng.errors import Problem, ProblemCode, Severity
from junheng.schools.checks import find_problems
from junheng.words import message


def places(groups: Iterable[ProblemGroup], language: str = "zh") -> list[str]:
    return [g.place(language) for g in groups]


def test_one_column_of_many_schools_is_one_group() -> None:
    rows = [school(f"{i}小", computers="约3" if i < 7 else 3) for i in range(9)]
    (group,) = [g for g in grouped(find_problems(frame(*rows))) if g.first.code == ProblemCode.TEXT_IN_NUMBER]
    assert len(group.problems) == 7 and not group.by_school
    assert group.place("zh") == "第0行（从0数起），“教学用计算机台数”列等7处（0小、1小、2小、3小、4小等7所学校）"
    assert (
        group.place("en")
        == "row 0, column 'computers' and others, 7 in all (0小, 1小, 2小, 3小, 4小 and others, 7 schools)"
    )
    assert group.sentence("zh").startswith("“约3”不是数字")


def test_many_columns_of_one_school_are_one_group() -> None:
    rows = [school(), school("二小", computers="约3", books="多", teachers="若干")]
    (group,) = [g for g in grouped(find_problems(frame(*rows))) if g.first.code == ProblemCode.TEXT_IN_NUMBER]
    assert group.by_school and len(group.problems) == 3
    names = "教学用计算机台数、图书册数、专任教师数"
    assert group.place("zh") == f"第1行（从0数起）（甲县 / 二小 / 小学）等3处（{names}）"


def test_a_suggestion_is_never_hidden_behind_another() -> None:
    table = frame(school()).assign(foo=1, bar=2, bookz=3, computerz=4)
    groups = [g for g in grouped(find_problems(table)) if g.first.code == ProblemCode.UNKNOWN_COLUMN]
    assert places(groups) == ["2列（foo、bar）", "", ""]
    told = " ".join(g.sentence("en") for g in groups)
    assert "'books'" in told and "'computers'" in told


def test_errors_come_first_and_a_single_problem_is_told_as_it_is() -> None:
    table = frame(school(students=-1), school("二小", students=0))
    groups = grouped(find_problems(table))
    severities = [g.first.severity for g in groups]
    assert severities == sorted(severities, key=lambda s: s != Severity.ERROR) and Severity.WARNING in severities
    for g in groups:
        assert g.place("en") == g.first.place("en") and g.sentence("zh") == g.first.sentence("zh")


def test_what_is_about_the_table_comes_before_its_rows() -> None:
    rows = [_problem("text_in_number", "books", row, 0) for row in (1, 0)]
    table = _problem("missing_column", "computers", None, 0)
    assert [g.first for g in grouped([*rows, table])] == [table, rows[1]]
    assert [g.first for g in grouped([rows[1], table])] == [table, rows[1]]


def _problem(code: str, column: str | None, row: int | None, text: int) -> Problem:
    told = message("schools.percentage") if text else message("schools.ratio")
    name = None if row is None else f"{row}小"
    return Problem(code=ProblemCode(code), column=column, row=row, school=name, key=name, message=told)


@given(
    st.lists(
        st.builds(
            _problem,
            st.sampled_from(["text_in_number", "missing_value"]),
            st.sampled_from([None, "books", "computers"]),
            st.none() | st.integers(0, 3),
            st.integers(0, 1),
        ),
        max_size=20,
    )
)
def test_every_problem_is_in_one_group_with_its_like(found: list[Problem]) -> None:
    groups = grouped(found)
    assert sorted(map(id, found)) == sorted(id(p) for g in groups for p in g.problems)
    for g in groups:
        assert len({(p.code, p.severity, p.message, p.row is None) for p in g.problems}) == 1
        assert len({p.school for p in g.problems}) == 1 or len({p.column for p in g.problems}) == 1
        for language in ("zh", "en"):
            assert g.sentence(language) and "{" not in g.place(language)


@pytest.fixture
def messy(tmp_path: Path) -> Path:
    path = tmp_path / "学校.csv"
    rows = [school(f"{i}小", computers="约3" if i < 30 else 3) for i in range(40)]
    frame(*rows).to_csv(path, index=False)
    return path


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if "约3" in line]


def test_the_command_line_groups_and_lists_all_on_demand(capsys: Any, messy: Path) -> None:
    for command in (("check", messy), ("evaluate", messy, "--standard", "cn-basic-balance-2012")):
        short = "".join(run(capsys, *command, "--language", "zh")[1:])
        whole = "".join(run(capsys, *command, "--language", "zh", "--all")[1:])
        (line,) = lines(short)
        assert "等30处" in line and "等30所学校" in line and "--all" in short and "30个错误" in short
        assert len(lines(whole)) == 30 and "30个错误" in whole and "--all" not in whole


def test_the_report_groups_the_problems_it_lists() -> None:
    pytest.importorskip("jinja2")
    from junheng.reports import html_report

    rows = [school(f"{i}小", funded_students=2) for i in range(3)]
    ev = jh.evaluate(frame(*rows).assign(甲=1, 乙=2, 丙=3), QUALITY)
    page = html_report(ev, language="zh", progress=False)
    assert page.count("不是规定的列名") == 1 and "3列（甲、乙、丙）" in page
    assert isinstance(ev.problems, pd.DataFrame) and (ev.problems["code"] == "unknown_column").sum() == 3
