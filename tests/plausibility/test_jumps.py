"""Figures that jump from one year to the next."""

import numpy as np
import pandas as pd
import pytest
from like_schools import changed, found, like_schools

import junheng as jh
from junheng._data import read_toml
from junheng.plausibility.peers import FEWEST
from junheng.schools.vocabulary import columns

KIND = "jump_over_years"
YEARS = (2023, 2024, 2025)
N = 20


def row(school: int, year: int) -> int:
    """Return the row of a school (from 0) in a year."""
    return N * YEARS.index(year) + school


def times(table: pd.DataFrame, at: int, **factors: float) -> pd.DataFrame:
    return changed(table, at, **{name: np.rint(table.loc[at, name] * f) for name, f in factors.items()})


def test_schools_that_go_on_have_no_findings() -> None:
    assert found(like_schools(N, YEARS), KIND).empty


@pytest.mark.parametrize("factor", [10, 1 / 10, 666.67, 1 / 1000])
@pytest.mark.parametrize("name", ["teaching_area_m2", "equipment_value_cny", "books", "teachers"])
def test_a_jump_is_found_in_both_directions(name: str, factor: float) -> None:
    table = like_schools(N, YEARS).assign(teachers=lambda t: t["teachers"] * 40, students=lambda t: t["students"] * 40)
    got = found(times(table, row(4, 2025), **{name: factor}), KIND)
    assert got[["school", "year", "columns"]].values.tolist() == [["5小", 2025, name]]
    assert got.loc[0, "expected"] == pytest.approx(table.loc[row(4, 2025), name], rel=0.01)


def test_the_factor_of_a_slipped_unit_is_named() -> None:
    table = like_schools(N, YEARS)
    assert "Divided by 10 it would be in line" in found(times(table, row(4, 2025), books=10), KIND).loc[0, "evidence"]
    assert "Multiplied by 100 it" in found(times(table, row(4, 2025), books=0.01), KIND).loc[0, "evidence"]
    assert "in line" not in found(times(table, row(4, 2025), books=30), KIND).loc[0, "evidence"]


def test_a_figure_that_comes_back_is_one_finding() -> None:
    got = found(times(like_schools(N, YEARS), row(4, 2024), books=10), KIND)
    assert got[["school", "year"]].values.tolist() == [["5小", 2024]]
    assert "in 2023" in got.loc[0, "evidence"] and "in 2025" in got.loc[0, "evidence"]


def test_a_figure_that_stays_is_one_finding() -> None:
    table = times(times(like_schools(N, YEARS), row(4, 2024), books=10), row(4, 2025), books=10)
    got = found(table, KIND)
    assert got["year"].tolist() == [2024] and "in 2025" not in got.loc[0, "evidence"]


@pytest.mark.parametrize(
    ("name", "honest", "jump"),
    [("teaching_area_m2", 4.9, 5.2), ("equipment_value_cny", 4.9, 5.2), ("books", 3.9, 4.2), ("students", 2.9, 3.2)],
)
def test_a_building_and_a_merger_are_honest(name: str, honest: float, jump: float) -> None:
    table = like_schools(N, YEARS)
    assert found(times(table, row(4, 2025), **{name: honest}), KIND).empty
    assert found(times(table, row(4, 2025), **{name: jump}), KIND)["columns"].tolist() == [name]


def test_what_grows_with_the_students_did_not_jump() -> None:
    all_of_it = dict.fromkeys(("students", "classes", "teachers", "teaching_area_m2", "books"), 6.0)
    got = found(times(like_schools(N, YEARS), row(4, 2025), **all_of_it), KIND)
    assert got["columns"].tolist() == ["students"]
    # students leave, what they had stays
    got = found(times(like_schools(N, YEARS), row(4, 2025), students=1 / 6), KIND)
    assert got["columns"].tolist() == ["students"]


def test_where_everybody_jumps_nobody_does() -> None:
    table = like_schools(N, YEARS)
    table.loc[table["year"] == 2025, "books"] *= 10
    assert found(table, KIND).empty
    assert found(times(table, row(4, 2025), books=0.1), KIND)["school"].tolist() == ["5小"]


def test_a_year_that_is_missing_is_passed_over() -> None:
    table = times(like_schools(N, YEARS), row(4, 2025), books=10)
    table.loc[row(4, 2024), "books"] = np.nan
    # alone with a gap it has no peers
    assert found(table, KIND).empty
    table.loc[table["year"] == 2024, "books"] = np.nan
    got = found(table, KIND)
    assert got["year"].tolist() == [2025] and "in 2023" in got.loc[0, "evidence"]


@pytest.mark.parametrize(("schools", "findings"), [(FEWEST - 1, 0), (FEWEST, 1)])
def test_too_few_peers_tell_nothing(schools: int, findings: int) -> None:
    table = like_schools(schools, YEARS)
    assert len(found(times(table, schools * 2 + 3, books=100), KIND)) == findings


def test_one_year_and_no_year_have_no_jumps() -> None:
    table = times(like_schools(N), 4, books=100)
    assert found(table, KIND).empty and found(table.drop(columns="year"), KIND).empty


def test_few_people_come_and_go() -> None:
    table = like_schools(N, YEARS).assign(teachers=5)
    assert found(changed(table, row(4, 2025), teachers=1), KIND).empty


def test_the_order_of_rows_does_not_matter() -> None:
    table = times(times(like_schools(N, YEARS), row(4, 2025), books=10), row(9, 2024), teaching_area_m2=0.01)
    one, other = found(table, KIND), found(table.sample(frac=1, random_state=2), KIND)
    assert sorted(one["evidence"]) == sorted(other["evidence"]) and len(one) == 2


def test_what_a_county_is_told_does_not_depend_on_the_others() -> None:
    table = times(like_schools(N, YEARS), row(4, 2025), books=10)
    other = like_schools(N, YEARS, county="乙县")
    other.loc[other["year"] == 2025, "books"] *= 10
    pd.testing.assert_frame_equal(found(pd.concat([other, table]), KIND), found(table, KIND), check_categorical=False)


def test_an_honest_nation_has_hardly_any() -> None:
    table = jh.synthetic.nation(seed=2, years=2, n_counties=20, heaping=True)
    assert found(table, KIND).empty


def test_the_columns_that_are_left_out_exist() -> None:
    assert set(read_toml("plausibility/rules.toml")["jump_over_years"]["without"]) <= set(columns())
