"""Figures that stay the same while the pupils change."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import junheng as jh
from junheng.plausibility.search import find

MOVING = ["teachers", "equipment_value_cny", "computers", "books"]
LASTING = ["teaching_area_m2", "sports_area_m2", "multimedia_classrooms"]


def frozen(table: pd.DataFrame, **options: Any) -> list[Any]:
    return [f for f in find(table, **options)[1] if f.kind == "frozen_over_years"]


@pytest.fixture
def years() -> list[pd.DataFrame]:
    """Three years of thirty schools: buildings stay, everything else changes."""
    rng = np.random.default_rng(0)
    schools = {"county": "甲县", "school": [f"第{i}小学" for i in range(30)], "stage": "primary"}
    lasting = {name: rng.integers(1001, 9999, 30) for name in LASTING}
    return [
        pd.DataFrame(
            schools
            | {"year": year, "students": rng.integers(100, 900, 30)}
            | lasting
            | {name: rng.integers(10_001, 99_999, 30) for name in MOVING}
        )
        for year in (2023, 2024, 2025)
    ]


def joined(years: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(years, ignore_index=True)


def test_buildings_that_stay_are_no_finding(years: list[pd.DataFrame]) -> None:
    assert frozen(joined(years)) == []


def test_a_whole_county_that_reports_last_year_again(years: list[pd.DataFrame]) -> None:
    years[2][MOVING] = years[1][MOVING]
    (finding,) = frozen(joined(years))
    assert (finding.school, finding.stage, finding.year) == (None, "primary", 2025)
    assert finding.value == 30 and finding.expected == 0 and finding.p_value < 1e-8
    assert finding.columns == tuple(MOVING)
    assert finding.rows == tuple(range(60, 90))
    assert "2024" in finding.evidence.text("en") and "其他年度" in finding.evidence.text("zh")


def test_without_other_years_half_of_the_schools_are_taken_as_honest(years: list[pd.DataFrame]) -> None:
    some = range(17)
    years[2].loc[some, MOVING] = years[1].loc[some, MOVING]
    assert not [f for f in frozen(joined(years[1:])) if f.school is None]
    years[2][MOVING] = years[1][MOVING]
    (finding,) = frozen(joined(years[1:]))
    assert finding.school is None and finding.expected == 15 and finding.p_value == pytest.approx(0.5**30)


def test_some_schools_of_many_years_stand_out_from_the_other_years(years: list[pd.DataFrame]) -> None:
    some = range(12)
    years[2].loc[some, MOVING] = years[1].loc[some, MOVING]
    county = [f for f in frozen(joined(years)) if f.school is None]
    assert [f.value for f in county] == [12]


def test_a_single_school_is_compared_with_its_peers(years: list[pd.DataFrame]) -> None:
    years[2].loc[4, MOVING] = years[1].loc[4, MOVING]
    (finding,) = frozen(joined(years))
    assert (finding.school, finding.year, finding.rows) == ("第4小学", 2025, (64, 34))
    assert set(finding.columns) == {*MOVING, *LASTING}
    assert finding.value == 6 and finding.expected < finding.value


def test_pupils_that_stay_too_are_no_finding(years: list[pd.DataFrame]) -> None:
    years[2][[*MOVING, "students"]] = years[1][[*MOVING, "students"]]
    assert frozen(joined(years)) == []


def test_years_that_are_no_numbers_have_no_order(years: list[pd.DataFrame]) -> None:
    years[2][MOVING] = years[1][MOVING]
    table = joined(years)
    assert frozen(table.assign(year=[f"第{y}期" for y in table["year"]])) == []
    assert frozen(table.assign(year=[str(y) for y in table["year"]]))


def test_planted_years_are_found_with_and_without_honest_heaping() -> None:
    for heaping in (False, True):
        honest = jh.synthetic.nation(seed=6, years=2, n_counties=6, heaping=heaping)
        assert frozen(honest) == []
        table, _ = jh.synthetic.tampered(honest, "frozen")
        places = {f.place for f in frozen(table) if f.school is None}
        assert len(places) == 6
