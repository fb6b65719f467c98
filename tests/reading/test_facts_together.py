"""County facts in the workbook of the schools, and facts from several places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import junheng as jh
from junheng.__main__ import main
from junheng.reading.facts_together import put_together
from junheng.words import Quoted

Rows = list[list[Any]]
SCHOOLS: Rows = [
    ["区县名称", "学校名称", "学段", "在校生数"],
    ["甲县", "一小", "小学", 500],
    ["甲县", "一中", "初中", 600],
]
FORM: Rows = [["项目", "数值"], ["区县名称", "甲县"], ["教师编制标准统一", "是"], ["交流轮岗教师数", 120]]
TABLE: Rows = [["区县名称", "总人口数", "乡镇数"], ["甲县", 456700, 12]]


def book(path: Path, hidden: str = "", **sheets: Rows) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = "hidden" if name == hidden else "visible"
    made.save(path)
    return path


def test_what_is_wrong_with_facts_is_told_apart_from_the_table(tmp_path: Path) -> None:
    """An app must know whether it may judge with the facts of a workbook, and say what was changed in them."""
    report = jh.describe_file(book(tmp_path / "a.xlsx", 学校=SCHOOLS, 县情=FORM))
    assert report.facts_problems == report.facts_notices == ()
    other = [*FORM[:-1], ["交流轮岗教师数", "130人"]]
    report = jh.describe_file(book(tmp_path / "b.xlsx", 学校=SCHOOLS, 县情=FORM, 县情二=other))
    (problem,) = report.facts_problems
    assert (problem.code, problem.severity) == ("facts_disagree", "error")
    assert problem.message in set(report.problems["message"])
    (notice,) = report.facts_notices
    (said,) = report.relabel("zh").facts_notices
    assert "b.xlsx" in notice and said != notice and not said.isascii()
    assert report.relabel("zh").facts_problems == report.facts_problems


@pytest.mark.slow
def test_facts_beside_the_schools_are_read_with_them(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", 学校=SCHOOLS, 县情=FORM, 概况=TABLE)
    report = jh.describe_file(path)
    assert len(report.schools) == 2 and report.problems.empty
    assert report.facts is not None and report.facts.to_dict("records") == [
        {"county": "甲县", "unified_staffing_standard": "是", "exchanged_teachers": 120.0}
        | {"population": 456700.0, "townships": 12.0}
    ]
    assert [r["facts"] for r in jh.results.records(report.sheets)] == [None, 2, 2]
    assert (
        "工作表“县情”：县情数据，读入2项" in report.to_text("zh")
        and "sheet '概况': county facts, 2" in report.to_text()
    )
    assert report.to_dict()["facts"][0]["population"] == 456700.0
    alone = jh.describe_file(path, isolate=True)
    assert alone.facts is not None and alone.facts.equals(report.facts)
    # a sheet asked for by name is read alone
    assert jh.describe_file(path, sheet="学校").facts is None


@pytest.mark.parametrize(
    "other",
    [
        # by town: these are figures of schools
        [["乡镇", "骨干教师数"], ["河东镇", 5]],
        [["乡镇", "总人口数"], ["河东镇", 50000]],
        [["区县名称", "骨干教师数"], ["甲县", 5]],
        [["说明"], ["交流轮岗教师数和教师编制标准统一由人事股填"]],
    ],
)
def test_other_sheets_are_no_facts(tmp_path: Path, other: Rows) -> None:
    report = jh.describe_file(book(tmp_path / "a.xlsx", 学校=SCHOOLS, 其他=other))
    assert report.facts is None and report.sheets["facts"].isna().all()


def test_a_form_that_nobody_has_filled_in_is_named(tmp_path: Path) -> None:
    empty: Rows = [["项目", "数值"], ["教师编制标准统一", None], ["交流轮岗教师数", None]]
    report = jh.describe_file(book(tmp_path / "a.xlsx", 学校=SCHOOLS, 县情=empty))
    assert report.facts is None and "工作表“县情”：县情数据，读入0项" in report.to_text("zh")


def test_a_hidden_sheet_is_not_read(tmp_path: Path) -> None:
    report = jh.describe_file(book(tmp_path / "a.xlsx", "县情", 学校=SCHOOLS, 县情=FORM))
    assert report.facts is None


def test_two_sheets_that_disagree_decide_nothing(tmp_path: Path) -> None:
    other = [["项目", "数值"], ["教师编制标准统一", "√"], ["交流轮岗教师数", 130], ["符合交流条件的教师数", 900]]
    path = book(tmp_path / "a.xlsx", 学校=SCHOOLS, 县情=FORM, 人事=other)
    report = jh.describe_file(path)
    assert report.facts is not None and pd.isna(report.facts["exchanged_teachers"].iloc[0])
    # what both say alike, and what one alone says, stays
    assert report.facts["unified_staffing_standard"].tolist() == ["是"]
    assert report.facts["exchange_eligible_teachers"].tolist() == [900.0]
    (problem,) = jh.results.records(report.problems)
    assert (problem["code"], problem["severity"], problem["sheet"]) == ("facts_disagree", "error", "人事")
    assert problem["message"] == (
        "county fact 'exchanged_teachers' is given twice: "
        "120 in sheet '县情', 130 in sheet '人事'; correct or remove one"
    )
    # a third word on it does not decide either
    path = book(tmp_path / "b.xlsx", 学校=SCHOOLS, 县情=FORM, 人事=other, 再=FORM)
    again = jh.describe_file(path).facts
    assert again is not None and pd.isna(again["exchanged_teachers"].iloc[0])


def test_a_form_that_asks_one_thing_twice_is_told(tmp_path: Path) -> None:
    report = jh.describe_file(book(tmp_path / "a.xlsx", 学校=SCHOOLS, 县情=[*FORM, ["交流轮岗教师数", 7]]))
    assert report.facts is None and report.problems[["code", "sheet"]].values.tolist() == [["duplicate_column", "县情"]]


def test_rows_of_several_counties_and_years_go_together() -> None:
    many = pd.DataFrame({"county": ["甲县", "乙县", "乙县"], "year": [2024, 2024, 2025], "population": [1.0, 2.0, 3.0]})
    more = pd.DataFrame({"county": ["乙县", "丙县"], "year": [2025.0, 2025.0], "townships": [5.0, 6.0]})
    facts, wrong = put_together([(Quoted("a"), many), (Quoted("b"), more)])
    assert not wrong and facts is not None
    found = {(r["county"], r["year"]): (r["population"], r["townships"]) for r in jh.results.records(facts)}
    assert found == {
        ("甲县", 2024): (1.0, None),
        ("乙县", 2024): (2.0, None),
        ("乙县", 2025): (3.0, 5.0),
        ("丙县", 2025): (None, 6.0),
    }
    # a form without a county is about the only one; it cannot be about one of several
    form = pd.DataFrame({"townships": [9.0]})
    one, _ = put_together([(Quoted("a"), many.iloc[:1]), (Quoted("b"), form)])
    assert one is not None and one.to_dict("records") == [
        {"county": "甲县", "year": 2024, "population": 1.0, "townships": 9.0}
    ]
    several, _ = put_together([(Quoted("a"), many), (Quoted("b"), form)])
    assert several is not None and len(several) == 4
    # a name and a code do not show that two counties are one
    codes, _ = put_together(
        [(Quoted("a"), many.iloc[:1]), (Quoted("b"), pd.DataFrame({"county_code": ["1"], "year": [2024]}))]
    )
    assert codes is not None and len(codes) == 2


def run(capsys: pytest.CaptureFixture[str], *words: Any) -> tuple[int, str, str]:
    code = main([*map(str, words), "--language", "zh"])
    out, err = capsys.readouterr()
    return code, out, err


def test_commands_judge_by_both_and_refuse_what_disagrees(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    standard = "cn-js-wuxi-2014"
    facts = [["项目", "数值"], ["交流轮岗教师数", 20], ["义务教育专任教师数", 100]]
    path = book(tmp_path / "学校.xlsx", 学校=SCHOOLS, 县情=facts)
    added = tmp_path / "骨干.csv"
    added.write_text("项目,数值\n交流轮岗骨干教师数,8\n骨干教师数,40\n交流轮岗教师数,20\n", encoding="utf-8")
    _, alone, _ = run(capsys, "evaluate", path, "--standard", standard)
    code, both, _ = run(capsys, "evaluate", path, "--standard", standard, "--facts", added)
    assert code == 0 and "待定" in alone and "待定" not in both
    # a sheet named for the schools does not keep the facts out
    again = run(capsys, "evaluate", path, "--standard", standard, "--facts", added, "--sheet", "学校")
    assert again[1] == both
    # the workbook itself may be named: nothing is given twice
    assert run(capsys, "evaluate", path, "--standard", standard, "--facts", path)[1] == alone
    added.write_text("项目,数值\n交流轮岗教师数,21\n骨干教师数,40\n", encoding="utf-8")
    for command in ("evaluate", "check"):
        code, out, err = run(capsys, command, path, "--standard", standard, "--facts", added)
        assert code == 2
        assert "县情数据“交流轮岗教师数”有两个不同的值：“学校.xlsx”为20，“骨干.csv”为21" in out + err


def test_check_looks_at_the_facts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [["项目", "数值"], ["区县名称", "甲县"], ["交流轮岗教师数", 120], ["教师编制标准统一", "大概"]]
    table = [["区县名称", "总人口数", "乡村人口数"], ["甲县", 100, 200]]
    code, out, _ = run(capsys, "check", book(tmp_path / "a.xlsx", 学校=SCHOOLS, 县情=wrong, 概况=table))
    # each with its cell, also where facts of several sheets were put together
    assert code == 2 and "错误：县情!B4（甲县）" in out and "错误：概况!C2（甲县）" in out and "“大概”" in out
    code, out, _ = run(
        capsys, "check", book(tmp_path / "c.xlsx", 学校=SCHOOLS, 县情=[*wrong[:1], ["区县名称", "乙县"], *wrong[2:]])
    )
    assert code == 2 and "错误：县情!B2（乙县）" in out
    path = book(tmp_path / "b.xlsx", 学校=SCHOOLS, 县情=FORM)
    code, out, _ = run(capsys, "check", path)
    assert code == 0 and "县情数据，读入2项" in out
