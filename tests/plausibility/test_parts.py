"""Sums that contradict each other."""

from typing import Any

import pandas as pd
import pytest
from like_schools import changed, found, like_schools

import junheng as jh
from junheng._data import read_toml
from junheng.schools.vocabulary import columns

KIND = "parts_do_not_add_up"
BANDS = ("classes_46_50", "classes_51_55", "classes_56_60", "classes_61_65", "classes_66_up")
TEACHERS = {"pe_teachers": 2, "music_teachers": 1, "fine_art_teachers": 1, "art_teachers": 0}
DEGREES = dict(zip(("associate", "bachelor", "master", "doctor"), (4, 20, 2, 0), strict=True))


def one(**cells: Any) -> pd.DataFrame:
    """Return a school whose sums are right: 500 students in 12 classes, two of them of 46 to 50."""
    table = like_schools(1)
    base = {"students": 500, "classes": 12, "teachers": 30, **dict.fromkeys(BANDS, 0), "classes_46_50": 2}
    base |= {"largest_class": 50, "pe_art_teachers": 4, **TEACHERS, "teachers_above_required_degree": 26}
    base |= {f"teachers_{d}_degree": n for d, n in DEGREES.items()}
    base |= {"teaching_built_m2": 3000, "office_built_m2": 500, "living_built_m2": 800, "total_built_m2": 4300}
    base |= {"teaching_usable_m2": 1800}
    return changed(table, 0, **(base | cells))


def test_what_adds_up_is_no_finding() -> None:
    assert found(one(), KIND).empty


@pytest.mark.parametrize(
    ("cells", "value", "expected"),
    [
        # 12 classes
        ({"classes_46_50": 6, "classes_51_55": 7, "students": 700}, 13, 12),
        # 5 classes of 46, 6 of 51: 536 students at least
        ({"classes_46_50": 5, "classes_51_55": 6}, 536, 500),
        # 10 classes of 45, 2 of 50: 550 students at most
        ({"students": 551}, 551, 550),
        ({"largest_class": 501}, 501, 500),
        ({"pe_art_teachers": 3}, 4, 3),
        ({"pe_teachers": 20, "music_teachers": 11, "pe_art_teachers": 40}, 32, 30),
        ({"teachers_above_required_degree": 27}, 26, 27),
        ({"teachers_above_required_degree": 25}, 26, 25),
        ({"total_built_m2": 4200}, 4300, 4200),
        ({"teaching_usable_m2": 3100}, 3100, 3000),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_does_not_add_up_is_found(cells: dict[str, float], value: float, expected: float) -> None:
    got = found(one(**cells), KIND)
    assert [value, expected] in got[["value", "expected"]].values.tolist()
    assert got["evidence"].str.contains("worth a look").all()


@pytest.mark.parametrize(
    "cells",
    [
        {"classes_46_50": 6, "classes_51_55": 6, "students": 600, "largest_class": 55},
        {"classes_46_50": 5, "classes_51_55": 5, "students": 485 + 2 * 20},
        {"students": 550},
        {"students": 900, "classes_66_up": 1},  # no upper end
        {"largest_class": 500},
        {"pe_art_teachers": 5},  # others may teach arts too
        {"pe_teachers": None, "music_teachers": None},
        {"teachers_doctor_degree": None, "teachers_above_required_degree": 27},
        {"total_built_m2": 4260},  # rounding
        {"total_built_m2": 6000},  # a dormitory
        {"classes_46_50": None, "students": 551},
    ],
)
def test_edges_are_no_findings(cells: dict[str, float]) -> None:
    assert found(one(**cells), KIND).empty


def test_junior_schools_require_a_bachelor_degree() -> None:
    table = one(teachers_above_required_degree=22).assign(stage="junior", kind="junior")
    assert found(table, KIND).empty
    assert found(table.assign(teachers_above_required_degree=26), KIND)["value"].tolist() == [22]


def test_graduates_are_no_more_than_entered() -> None:
    table = one().assign(stage="junior", kind="junior", teachers_above_required_degree=22)
    table = table.assign(graduates=160, transfers_out=5, deaths=0, entrants=160, transfers_in=5)
    assert found(table, KIND).empty
    assert found(table.assign(graduates=161), KIND)[["value", "expected"]].values.tolist() == [[166, 165]]
    assert found(table.assign(graduates=161, transfers_in=None), KIND).empty


def test_what_check_schools_refuses_is_not_repeated() -> None:
    table = one(classes_46_50=13, students=620)
    assert "part_exceeds_whole" in jh.check_schools(table)["code"].tolist()
    got = found(table, KIND)
    assert (
        not got["columns"]
        .str.startswith("classes_46_50 classes_51_55 classes_56_60 classes_61_65 classes_66_up classes")
        .any()
    )


def test_a_shared_figure_in_two_rows_is_one_finding() -> None:
    rows = pd.concat([one(total_built_m2=4000), one(total_built_m2=4000).assign(stage="junior")], ignore_index=True)
    rows = rows.assign(
        school="九年", kind="nine_year", teachers_above_required_degree=[26, 22], resources_cover="school"
    )
    got = found(rows, KIND)
    assert got[["school", "value"]].values.tolist() == [["九年", 4300.0]] and pd.isna(got.loc[0, "stage"])


def test_columns_of_a_stage_are_added_up() -> None:
    table = one().rename(columns={name: f"{name}_primary" for name in ("students", "classes", *BANDS)})
    table = table.assign(kind="nine_year", stage=None, students_junior=100, classes_junior=3, classes_46_50_primary=13)
    table = table.assign(classes_46_50_primary=8, classes_51_55_primary=5)
    assert 13 in found(table, KIND)["value"].tolist()


def test_every_rule_names_columns_and_has_words() -> None:
    words = read_toml("words/plausibility.toml")["parts"]
    for key, rule in read_toml("plausibility/rules.toml")["sums"].items():
        assert {*rule["less"], *rule["more"], rule.get("zero", "students")} <= set(columns()) and key in words
