"""Figures far from those of the county's schools, and impossible ones."""

import numpy as np
import pandas as pd
import pytest
from like_schools import changed, found, like_schools

import junheng as jh
from junheng._data import read_toml
from junheng.plausibility.figures import Figures
from junheng.plausibility.peers import FEWEST, Peers, medians, spread_of
from junheng.plausibility.ranges import unit_factor, unit_factors
from junheng.schools.vocabulary import columns

KIND = "out_of_range"


def test_schools_that_are_alike_have_no_findings() -> None:
    assert jh.plausibility(like_schools()).empty


@pytest.mark.parametrize("factor", [10, 100, 1000, 10000, 1 / 10, 1 / 100, 1 / 10000])
@pytest.mark.parametrize("name", ["teaching_area_m2", "equipment_value_cny", "books"])
def test_a_slipped_unit_is_found_and_named(name: str, factor: float) -> None:
    table = like_schools()
    right = table.loc[7, name]
    got = found(changed(table, 7, **{name: right * factor}), KIND)
    assert got[["school", "stage", "columns"]].values.tolist() == [["8小", "primary", name]]
    assert got.loc[0, "expected"] == pytest.approx(right / table.loc[7, "students"], rel=0.3)
    named = f"divided by {factor:g}" if factor > 1 else f"multiplied by {1 / factor:g}"
    assert named in got.loc[0, "evidence"]


def test_an_area_in_mu_is_told_from_a_slipped_decimal_point() -> None:
    table = like_schools()
    got = found(changed(table, 3, teaching_area_m2=table.loc[3, "teaching_area_m2"] * 3 / 2000), KIND)
    assert "multiplied by 666.667 would be in line" in got.loc[0, "evidence"].replace(", would", " would")
    assert unit_factors("teaching_area_m2") == [10, 100, 2000 / 3, 1000, 10000]
    assert unit_factors("books") == [10, 100, 1000, 10000]


def test_no_factor_is_named_where_none_fits() -> None:
    table = like_schools()
    got = found(changed(table, 7, books=table.loc[7, "books"] * 31), KIND)
    assert len(got) == 1 and "in line" not in got.loc[0, "evidence"]
    assert unit_factor("books", float(np.log(10)), 0.1) == 10 and unit_factor("books", float(np.log(31)), 0.1) is None


def test_nothing_within_twice_the_usual_is_a_finding() -> None:
    table = like_schools().assign(books=lambda t: 30 * t["students"])  # every school alike to the last book
    assert found(changed(table, 7, books=table.loc[7, "books"] * 2), KIND).empty
    assert len(found(changed(table, 7, books=table.loc[7, "books"] * 3), KIND)) == 1


@pytest.mark.parametrize(("schools", "findings"), [(FEWEST - 1, 0), (FEWEST, 1)])
def test_too_few_peers_tell_nothing(schools: int, findings: int) -> None:
    table = like_schools(schools)
    assert len(found(changed(table, 3, books=table.loc[3, "books"] * 1000), KIND)) == findings


def test_peers_are_those_of_the_county_and_the_year() -> None:
    few = like_schools(FEWEST - 1)
    wrong = changed(few, 3, books=few.loc[3, "books"] * 1000)
    others = like_schools(20)
    for apart in ({"county": "乙县"}, {"year": 2024}):
        table = pd.concat([wrong, others.assign(school=others["school"] + "二", **apart)], ignore_index=True)
        assert found(table, KIND).empty


@pytest.mark.parametrize(("n", "named"), [(FEWEST - 1, []), (FEWEST, ["4小"])])
def test_a_stage_of_few_schools_is_compared_with_the_others(n: int, named: list[str]) -> None:
    few = like_schools(n)
    wrong = changed(few, 3, books=few.loc[3, "books"] * 1000)
    others = like_schools(20).assign(stage="junior", kind="junior")
    others["school"] += "二"
    assert found(pd.concat([wrong, others]), KIND)["school"].tolist() == ["4小"]
    # eight times as many books are usual in the other stage: only a stage with peers of its own can tell
    rich = others.assign(books=others["books"] * 8)
    eight = changed(few, 3, books=few.loc[3, "books"] * 8)
    assert found(pd.concat([eight, rich]), KIND)["school"].tolist() == named


def test_what_a_county_is_told_does_not_depend_on_the_others() -> None:
    table = like_schools()
    wrong = changed(table, 3, books=table.loc[3, "books"] * 100)
    rich = like_schools(30, county="乙县").assign(books=lambda t: t["books"] * 100)
    together = found(pd.concat([rich, wrong]), KIND)
    pd.testing.assert_frame_equal(together, found(wrong, KIND), check_categorical=False)


def test_small_schools_are_compared_at_their_size() -> None:
    # six classes and nine teachers at least: a school of 12 has many for each student, and that is usual
    table = like_schools(40)
    table["students"] = np.rint(np.geomspace(12, 900, 40))
    table["classes"] = np.maximum(6, np.ceil(table["students"] / 40))
    table["teachers"] = np.maximum(9, np.rint(table["students"] / 17))
    table[["teaching_area_m2", "equipment_value_cny", "books"]] = np.nan
    table["teaching_area_m2"] = np.maximum(700, 6 * table["students"])
    assert jh.plausibility(table).empty


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_what_is_usual_follows_the_size_also_beyond_the_outer_classes(power: float) -> None:
    table = like_schools(40)
    table["students"] = np.rint(np.geomspace(12, 2000, 40))
    table["teaching_area_m2"] = 700 * table["students"] ** power
    peers = Peers(Figures.open(table, None, None))
    ((column, found),) = peers.deviations([peers.column("teaching_area_m2")], 0.2)
    np.testing.assert_allclose(found.usual, np.log(column.values[found.at]), atol=1e-6)
    # there it is less certain
    assert found.spread.argmax() in (0, 39) and found.spread.min() == 0.2


def test_kinds_and_areas_differ() -> None:
    town = like_schools(16)
    rural = like_schools(16).assign(
        area_type="rural", books=lambda t: t["books"] * 4, school=lambda t: "村" + t["school"]
    )
    table = pd.concat([town, rural], ignore_index=True)
    assert found(table, KIND).empty
    as_town = changed(table, 20, area_type="town", books=table.loc[20, "books"] * 8)
    assert found(as_town, KIND)["school"].tolist() == [table.loc[20, "school"]]


def test_a_wrong_enrolment_is_one_finding() -> None:
    table = like_schools()
    table["computers"] = np.rint(table["students"] * 0.2)
    table["sports_area_m2"] = table["students"] * 10.0
    got = found(changed(table, 7, students=table.loc[7, "students"] * 10), KIND)
    ratios = got[got["columns"].str.startswith("students ")]
    assert len(ratios) == 1 and ratios["value"].tolist() == [table.loc[7, "students"] * 10]
    assert ratios["expected"].tolist() == pytest.approx([table.loc[7, "students"]], rel=0.2)


def test_a_wrong_enrolment_is_one_finding_also_where_not_every_ratio_is_far_enough_off() -> None:
    table = jh.synthetic.county(seed=6, n_schools=40, heaping=True)
    row = table.index[(table["kind"] == "primary") & (table["students"] > 300)][0]
    assert not (found(table, KIND)["school"] == table.loc[row, "school"]).any()
    got = found(changed(table, row, students=table.loc[row, "students"] * 10), KIND)
    got = got[got["school"] == table.loc[row, "school"]]
    assert got["columns"].str.startswith("students ").sum() == 1 and len(got) == 1


def test_shared_figures_are_those_of_the_whole_school() -> None:
    table = like_schools()
    own = table.loc[:1].assign(school="九年", kind="nine_year", resources_cover="school")
    own["stage"], own["students"], own["classes"], own["teachers"] = ["primary", "junior"], [60, 900], [2, 23], [5, 50]
    own[["teaching_area_m2", "equipment_value_cny", "books"]] = [6000.0, 2_800_000.0, 28_000.0]
    table = pd.concat([table.assign(resources_cover="stage"), own], ignore_index=True)
    # 28 000 books are many for 60 students, not for 960
    assert found(table, KIND).empty
    table.loc[table["school"] == "九年", "books"] *= 100
    got = found(table, KIND)
    assert got[["school", "columns"]].values.tolist() == [["九年", "books"]] and pd.isna(got.loc[0, "stage"])


def test_stages_in_one_row_name_their_column() -> None:
    table = like_schools().assign(kind="nine_year", stage=None).rename(columns={"teachers": "teachers_primary"})
    table["students_primary"], table["students_junior"] = table["students"], 300
    table["classes_primary"], table["classes_junior"], table["teachers_junior"] = table["classes"], 7, 22
    table = table.drop(columns=["students", "classes"])
    assert found(changed(table, 2, teachers_primary=900), KIND)["columns"].tolist() == ["teachers_primary"]


@pytest.mark.parametrize(
    ("cells", "column", "sentence"),
    [
        ({"teachers": 0}, "teachers students", "480 students have 0 full-time teachers"),
        ({"teachers": 1}, "teachers students", "480 students have 1 full-time teachers"),
        ({"classes": 2}, "classes students", "480 students are in 2 classes"),
        ({"students": 7, "classes": 8}, "classes students", "8 classes have 7 students"),
        ({"teaching_area_m2": 90}, "teaching_area_m2 students", "480 students have 90 m2 of teaching rooms"),
    ],
)
def test_impossible_figures_need_no_peers(cells: dict[str, float], column: str, sentence: str) -> None:
    table = changed(like_schools(1), 0, **({"students": 480, "classes": 12, "teachers": 25} | cells))
    got = found(table, KIND)
    assert column in got["columns"].tolist()
    assert any(text.startswith(sentence) for text in got["evidence"])


def test_what_is_just_possible_is_no_finding() -> None:
    bounds = {name: float(rule["most"]) for name, rule in read_toml("plausibility/rules.toml")["impossible"].items()}
    assert bounds == {
        "students_per_teacher": 300,
        "students_per_class": 200,
        "classes_per_student": 1,
        "students_per_m2": 5,
    }
    table = changed(like_schools(1), 0, students=600, classes=3, teachers=2, teaching_area_m2=120.0)
    assert found(table, KIND).empty
    assert found(changed(table, 0, students=2, classes=2, teachers=2), KIND).empty


def test_no_pieces_are_worth_a_look_only_where_many_are_usual() -> None:
    table = like_schools().assign(computers=lambda t: t["students"] // 20)
    assert found(changed(table, 7, computers=0), KIND).empty
    got = found(changed(table, 7, books=0), KIND)
    assert got[["columns", "value"]].values.tolist() == [["books", 0.0]]


@pytest.mark.parametrize("value", [None, np.nan])
def test_missing_cells_are_no_findings(value: float | None) -> None:
    table = like_schools()
    assert found(changed(table, 7, books=value, students=value), KIND).empty
    assert found(table.assign(books=value, teaching_area_m2=value), KIND).empty


def test_the_order_of_rows_does_not_matter() -> None:
    table = like_schools(40)
    table["students"] = table["students"] // 300 * 300 + 50  # many of one size
    table = changed(changed(table, 3, books=3), 11, teaching_area_m2=9e5)
    one, other = found(table, KIND), found(table.sample(frac=1, random_state=2), KIND)
    assert sorted(one["evidence"]) == sorted(other["evidence"]) and len(one) == 2


def test_the_columns_that_are_compared_exist() -> None:
    rules = read_toml("plausibility/rules.toml")["out_of_range"]
    assert {*rules["columns"], *rules["without"]} <= set(columns())


def test_medians_and_spreads_are_those_of_numpy() -> None:
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 9, 200)
    cells[cells == 4] = 5
    values, counts = rng.normal(0, 3, (2, 200)), np.bincount(cells, minlength=9)
    got = medians(values, cells, counts)
    for cell in (0, 1, 5, 8):
        np.testing.assert_allclose(got[:, cell], np.median(values[:, cells == cell], axis=1), atol=1e-8)
    assert np.isnan(got[:, 4]).all()
    # normal figures: about their standard deviation; figures that are all the same: the least that is believed
    many = rng.normal(0, 0.5, 100_000)
    np.testing.assert_allclose(spread_of(many, np.zeros(many.size, int), np.array([many.size]), 0.1), 0.5, rtol=0.02)
    assert spread_of(np.zeros(5), np.zeros(5, int), np.array([5]), 0.1).tolist() == [0.1]


@pytest.mark.parametrize("value", [1e300, 1.7e308, 5e-324])
@pytest.mark.parametrize("name", ["students", "books", "teaching_area_m2", "teachers", "classes"])
def test_figures_beyond_reason_do_not_touch_others(name: str, value: float) -> None:
    wrong = changed(like_schools(20, (2024, 2025)), 3, books=90_000_000)
    other = changed(like_schools(20, (2024, 2025), county="乙县"), 25, **{name: value})
    together = jh.plausibility(pd.concat([other, wrong], ignore_index=True))
    own = jh.plausibility(wrong)
    assert together[together["county"] == "甲县"]["evidence"].tolist() == own["evidence"].tolist() != []
