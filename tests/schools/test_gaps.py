"""Empty cells in the columns that a standard requires."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import in_chinese, run
from small_tables import BASIC, QUALITY, frame, junior, one_row, school

import junheng as jh


def gaps(schools: pd.DataFrame, standard: str = QUALITY) -> list[tuple[int, str]]:
    problems = jh.check_schools(schools, standard)
    empty = problems[problems["code"] == "missing_value"]
    assert set(empty["severity"]) <= {"warning"}
    return sorted(zip(empty["row"], empty["column"], strict=True))


def test_every_empty_cell_that_an_indicator_reads_is_listed_for_schools_that_count() -> None:
    schools = frame(
        school("一小", pe_art_teachers=None),
        school("二小", teaching_area_m2=None, pe_art_teachers=None, computers=None),
        school("三小", pe_art_teachers=None, included=False),
        school("四小", pe_art_teachers=None, students=0),
    )
    assert gaps(schools) == [
        (0, "pe_art_teachers"),
        (1, "pe_art_teachers"),
        (1, "teaching_area_m2"),
    ]
    # computers are asked for in 2012 only, teachers of sport and arts in 2017 only
    assert gaps(schools, BASIC) == [(1, "computers"), (1, "teaching_area_m2")]
    assert "missing_value" not in set(jh.check_schools(schools)["code"])


def test_a_cell_of_a_school_in_one_row_is_listed_once_and_by_stage_where_the_table_has_stages() -> None:
    people = {f"{n}_{s}": 9 for s in ("primary", "junior") for n in ("students", "backbone_teachers")}
    people |= {f"{n}_{s}": 30 for s in ("primary", "junior") for n in ("teachers_above_required_degree",)}
    people |= {"pe_art_teachers_primary": 5, "pe_art_teachers_junior": None}
    nine = frame(one_row("nine_year", people=people, multimedia_classrooms=None))
    assert gaps(nine) == [(0, "multimedia_classrooms"), (0, "pe_art_teachers_junior")]


def test_what_is_told_of_a_cell_already_is_not_told_again() -> None:
    text = frame(school(pe_art_teachers="约9"), school("二小", pe_art_teachers=4))
    assert gaps(text) == []
    whole = {"teaching_area_total_m2": 4000.0}
    first = school(teaching_area_m2=None, indoor_sports_m2=None, **whole)
    assert gaps(frame(first, school("二小", indoor_sports_m2=0.0, **whole))) == []
    # a column that is not there is an error of its own
    assert gaps(frame(school(), junior()).drop(columns="pe_art_teachers")) == []


def test_an_evaluation_has_the_same_problems_as_before() -> None:
    ev = jh.evaluate(frame(school(pe_art_teachers=None), junior()), QUALITY)
    assert "missing_value" not in set(ev.problems["code"])


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ["“体育、艺术专任教师数”列等8处", "将为待定"]),
        ("en", ["column 'pe_art_teachers' and others, 8 in all", "undetermined"]),
    ],
)
def test_the_command_line_has_a_line_for_a_column(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, language: str, words: list[str]
) -> None:
    rows = [school(f"{i}小", pe_art_teachers=np.nan) for i in range(7)] + [junior(pe_art_teachers=np.nan)]
    in_chinese(frame(*rows)).to_excel(tmp_path / "学校.xlsx", sheet_name="学校表", index=False)
    code, out, _ = run(capsys, "check", tmp_path / "学校.xlsx", "--standard", QUALITY, "--language", language)
    lines = [line for line in out.splitlines() if all(w in line for w in words)]
    assert code == 0 and len(lines) == 1 and "学校表!" in lines[0]
    every = run(capsys, "check", tmp_path / "学校.xlsx", "--standard", QUALITY, "--language", language, "--all")[1]
    assert sum(words[-1] in line for line in every.splitlines()) == 8
