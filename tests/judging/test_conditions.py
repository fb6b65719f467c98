"""One condition at a time: what a small fault in the judging of conditions would change."""

from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest
from custom_standards import custom
from item_tables import table
from small_tables import BASIC, QUALITY, frame, junior, school

import junheng as jh
from junheng.indicators.compliance import VERDICTS, judged

CITED = {"clause": "第一条", "source": "E", "standing": "confirmed"}
LABEL = {"zh": "项", "en": "item"}


def asked(folder: Path, condition: dict[str, Any], *rows: dict[str, Any]) -> Any:
    """A county judged by an item of one condition."""
    item = {"id": "one", "part": "basic_standard", "rule": "conditions", "label": LABEL, "conditions": [condition]}
    return jh.evaluate(pd.DataFrame(list(rows)), custom(folder, [], items=[item | CITED]))


def verdict(ev: Any) -> str:
    return str(ev.items["verdict"].item())


def test_a_second_reading_asks_the_schools_that_the_condition_asks(tmp_path: Path) -> None:
    most = {"scope": "section", "top": ["computers"], "op": "<="}
    condition = most | {"value": 100, "where": {"stages": ["primary"]}, "readings": [most | {"value": 90}]}
    assert verdict(asked(tmp_path, condition, school(computers=90), junior(computers=95))) == "met"
    assert verdict(asked(tmp_path, condition, school(computers=95), junior(computers=90))) == "undetermined"


def test_a_second_reading_may_ask_schools_of_its_own(tmp_path: Path) -> None:
    most = {"scope": "section", "top": ["computers"], "op": "<=", "value": 90}
    condition = most | {"readings": [most | {"where": {"stages": ["primary"]}}]}
    assert verdict(asked(tmp_path, condition, school(computers=90), junior(computers=95))) == "undetermined"


@pytest.mark.parametrize(
    ("owners", "expected"),
    [
        (["public", "public"], "met"),
        (["public", "private"], "met"),
        # whether the second school counts is not known
        (["public", None], "undetermined"),
        # there are schools, but the rule is about none of them
        (["private", "private"], "met"),
    ],
)
def test_a_sum_over_schools_of_which_one_may_not_count(tmp_path: Path, owners: list[str | None], expected: str) -> None:
    condition = {"scope": "sum", "top": ["computers"], "op": "<=", "value": 200, "where": {"ownership": "public"}}
    rows = [school(name, ownership=owner) for name, owner in zip(("一小", "二小"), owners, strict=True)]
    assert verdict(asked(tmp_path, condition, *rows)) == expected


def test_a_sum_over_schools_of_a_kind_that_the_county_does_not_have(tmp_path: Path) -> None:
    condition = {"scope": "sum", "top": ["computers"], "op": "<=", "value": 200, "where": {"stages": ["junior"]}}
    assert verdict(asked(tmp_path, condition, school())) == "undetermined"


def test_a_school_that_a_relaxation_does_not_save_is_told_by_the_easier_rule() -> None:
    rooms = {"classes": 36, "music_rooms_96": 1, "music_rooms_73_96": 1, "music_rooms_61_73": 0, "music_rooms_54_61": 0}
    std = jh.load_standard(QUALITY).with_options(relaxations=["older-school-rooms"])
    for built, value in ((2016, 2), (2017, 1)):
        schools = frame(*table(甲小=rooms | {"built_year": built})).assign(year=2020)
        told = jh.evaluate(schools, std).item_schools
        told = told[(told["item"] == "music-and-art-rooms") & (told["school"] == "甲小")]
        assert (value, 3.0) in set(zip(told["value"], told["required"], strict=True)), built


def test_why_schools_are_open(tmp_path: Path) -> None:
    most = {"scope": "section", "top": ["computers"], "op": "<=", "value": 100}
    condition = most | {"readings": [most | {"value": 90}]}
    for computers, other, reason in ((None, 80, "not_given"), (95, 80, "readings_disagree"), (None, 101, "")):
        ev = asked(tmp_path, condition, school("一小", computers=computers), school("二小", computers=other))
        assert (ev.items["reason"].item() or "") == reason
        # a school that is open because readings disagree does not make the others so
        assert verdict(ev) == ("undetermined" if reason else "unmet")


#: Verdicts of "0.1 + x op 0.3" by operator: where x is 0.2, a hair more, a hair less. In floats 0.1 + 0.2 is above 0.3.
HAIRS = {
    ">=": ("met", "met", "unmet"),
    "<=": ("met", "unmet", "met"),
    ">": ("unmet", "met", "unmet"),
    "<": ("unmet", "unmet", "met"),
    "==": ("met", "unmet", "unmet"),
}


@pytest.mark.parametrize("scope", ["section", "sum"])
@pytest.mark.parametrize("op", HAIRS)
def test_every_operator_at_a_hairs_breadth(tmp_path: Path, op: str, scope: str) -> None:
    condition = {"scope": scope, "top": ["teaching_area_m2", "sports_area_m2"], "op": op, "value": 0.3}
    for figure, expected in zip((0.2, 0.2000000000000001, 0.1999999999999999), HAIRS[op], strict=True):
        row = school(teaching_area_m2=0.1, sports_area_m2=figure, students=2)
        assert verdict(asked(tmp_path, condition, row)) == expected, figure
        quotient = condition | {"bottom": ["students"], "value": 0.15}
        assert verdict(asked(tmp_path, quotient, row)) == expected, figure
        if scope == "section":  # and the same of a threshold of a school, a quotient by its students
            one = row | {"students": 1, "teaching_area_m2": figure, "sports_area_m2": 1.0}
            limit = {"indicator": "teaching_area_per_student", "stage": "primary", "op": op, "value": 0.2}
            found = jh.evaluate(pd.DataFrame([one]), custom(tmp_path, [limit])).schools["verdict"].item()
            assert found == expected, figure


def test_codes_of_signs() -> None:
    signs = {op: [VERDICTS[code] for code in judged(np.array([0, 1, -1]), op)] for op in HAIRS}
    assert signs == {op: list(expected) for op, expected in HAIRS.items()}


@pytest.mark.parametrize("rule", ["composite", "each"])
@pytest.mark.parametrize("stage", ["primary", "junior"])
def test_a_limit_may_be_that_of_one_stage(stage: str, rule: str) -> None:
    std = jh.load_standard(BASIC if rule == "composite" else QUALITY)
    one = attrs.evolve(std, limits=tuple(limit for limit in std.limits if limit.stage == stage))
    schools = frame(school(), school("二小", books=14_000), junior(), junior("二中", books=14_000))
    table = jh.evaluate(schools, one).indicators
    limited = {
        s: {
            v
            for v, i in zip(rows["verdict"], rows["indicator"], strict=True)
            if (i == "composite") == (rule == "composite")
        }
        for s, rows in table.groupby("stage", observed=True)
    }
    other = {"primary": "junior", "junior": "primary"}[stage]
    assert "met" in limited[stage] and "met" not in limited[other]


@pytest.mark.parametrize(("students", "value"), [(1, 0.5), (2, 1.0), (0, None)])
def test_a_school_without_students_has_no_figure_of_any_kind(
    tmp_path: Path, students: int, value: float | None
) -> None:
    std = custom(tmp_path, [{"indicator": "students_per_staff", "stage": "primary", "op": "<=", "value": 19}])
    found = jh.evaluate(frame(school(students=students, staff=2), school("二小", staff=50)), std).schools
    found = found[found["school"] == "一小"]
    assert found["value"].dropna().tolist() == ([] if value is None else [value])
