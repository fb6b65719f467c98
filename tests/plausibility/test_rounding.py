"""Schools whose figures are rounder than those of their county."""

import numpy as np
import pandas as pd
import pytest
from like_schools import changed, found, like_schools

import junheng as jh
from junheng._data import read_toml
from junheng.plausibility.peers import FEWEST
from junheng.schools.vocabulary import columns

KIND = "round_figures"
ROUND = {"teaching_area_m2": 3000, "equipment_value_cny": 2_000_000, "books": 20_000, "sports_area_m2": 5000}


def county(n: int = 30) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    table = like_schools(n)
    # no figure is round by itself
    table["books"] = table["books"] // 10 * 10 + rng.integers(1, 9, n)
    table["equipment_value_cny"] = table["equipment_value_cny"] // 1000 * 1000 + rng.integers(1, 9, n) * 100
    table["sports_area_m2"] = np.rint(10 * table["students"]) + rng.integers(1, 9, n)
    return table


def test_a_school_of_round_figures_is_found() -> None:
    got = found(changed(county(), 7, **ROUND), KIND)
    assert got["school"].tolist() == ["8小"] and set(got.loc[0, "columns"].split()) == set(ROUND)
    assert got.loc[0, "value"] == 3 + 6 + 4 + 3 and got.loc[0, "expected"] == pytest.approx(2.4, abs=0.5)
    assert "books 20000" in got.loc[0, "evidence"]
    assert "图书册数20000" in found(changed(county(), 7, **ROUND), KIND, "zh").loc[0, "evidence"]


def test_honest_figures_are_not() -> None:
    assert found(county(), KIND).empty


@pytest.mark.parametrize("n", [1, 2])
def test_one_or_two_round_figures_are_chance(n: int) -> None:
    assert found(changed(county(), 7, **dict(list(ROUND.items())[-n:])), KIND).empty


def test_a_county_that_rounds_has_the_habit() -> None:
    table = county()
    for name, unit in {
        "teaching_area_m2": 1000,
        "equipment_value_cny": 1e6,
        "books": 1e4,
        "sports_area_m2": 1000,
    }.items():
        table[name] = np.maximum(np.rint(table[name] / unit), 1) * unit
    assert found(table, KIND).empty


def test_wan_yuan_and_tens_are_a_habit_of_the_county() -> None:
    table = county()
    table["equipment_value_cny"] = table["equipment_value_cny"] // 10_000 * 10_000
    table["teaching_area_m2"] = table["teaching_area_m2"] // 10 * 10
    table["sports_area_m2"] = table["sports_area_m2"] // 10 * 10
    assert found(table, KIND).empty


def wan_yuan() -> pd.DataFrame:
    """Ten schools in eleven rows: areas in whole tens, money in 万元 times 10 000."""
    rng = np.random.default_rng(4)
    table = like_schools(11).assign(resources_cover="stage")
    table.loc[10, ["school", "stage"]] = "10小", "junior"
    table.loc[9:, "kind"] = "nine_year"
    table["equipment_value_cny"] = rng.integers(20, 290, 11) * 10_000.0
    table["teaching_area_m2"] = rng.integers(11, 99, 11) * 10.0
    table["sports_area_m2"] = rng.integers(101, 999, 11) * 10.0
    return table


def test_the_least_round_figure_of_a_column_is_not_named() -> None:
    # 130.5 万元 among whole numbers of 万元: three zeros, the others have four or more
    table = changed(wan_yuan(), 3, teaching_area_m2=3000, sports_area_m2=5300, equipment_value_cny=1_305_000)
    assert found(table, KIND).empty
    # with another round figure the school is named, for these three
    got = found(changed(table, 3, books=23_000), KIND)
    assert got["columns"].tolist() == ["teaching_area_m2 sports_area_m2 books"]
    assert got.loc[0, "value"] == 3 + 2 + 3 and got.loc[0, "expected"] < 5


def test_a_finding_names_figures_that_are_rounder_than_those_of_the_others() -> None:
    table = pd.concat([jh.synthetic.county(i, n_schools=10, name=f"{i}县", heaping=True) for i in range(60)])
    got = found(table, KIND)
    assert len(got) > 2
    for finding in got.itertuples():
        assert finding.value > finding.expected + 1
        own = table[table["county"] == finding.county]
        mine = own["school"] == finding.school
        for name in str(finding.columns).split():
            others = own.loc[~mine, name].dropna()
            least = max(zeros(x) for x in own.loc[mine, name].dropna())
            assert least > 0
            assert sum(zeros(x) >= least for x in others) < len(others) / 2


def zeros(figure: float) -> int:
    """Return the zeros at the end of a whole number."""
    text = f"{figure:.2f}".removesuffix(".00")
    return 0 if "." in text else len(text) - len(text.rstrip("0"))


def test_figures_that_end_in_no_zero_are_not_named() -> None:
    # whole numbers among figures with decimals are rounder, but no zero could be shown
    table = county()
    for name in ROUND:
        table[name] = np.round(table[name]) + 0.37
    whole = {"teaching_area_m2": 3003, "equipment_value_cny": 2_000_003, "books": 20_003, "sports_area_m2": 5003}
    assert found(changed(table, 7, **whole), KIND).empty


def test_the_habit_is_that_of_the_column_and_of_the_county() -> None:
    wrong = changed(county(), 7, **ROUND)
    rounding = county().assign(county="乙县", **ROUND)
    pd.testing.assert_frame_equal(
        found(pd.concat([rounding, wrong]), KIND), found(wrong, KIND), check_categorical=False
    )


@pytest.mark.parametrize("n", [1, FEWEST])
def test_too_few_peers_tell_nothing(n: int) -> None:
    assert found(changed(county(n), 0, **ROUND), KIND).empty


def test_small_figures_cannot_be_round() -> None:
    small = {"teaching_area_m2": 9, "equipment_value_cny": 8, "books": 7, "sports_area_m2": 6}
    assert found(changed(county(), 7, **small), KIND).empty
    assert found(changed(county(), 7, **dict.fromkeys(ROUND, 0)), KIND).empty
    assert found(changed(county(), 7, **dict.fromkeys(ROUND, np.nan)), KIND).empty
    assert found(changed(county(), 7, **dict.fromkeys(ROUND, 1e300)), KIND).empty


def test_figures_too_short_to_be_rounder_are_no_peers() -> None:
    # three schools have two digits, and all end in a zero: usual among those that can
    short = dict.fromkeys(ROUND, 7.0)
    table = like_schools(100).assign(**short)
    for row in (3, 30, 60):
        table.loc[row, list(ROUND)] = 20.0
    assert found(table, KIND).empty


def test_a_shared_figure_in_two_rows_counts_once() -> None:
    table = county().assign(resources_cover="stage")
    own = table.loc[:1].assign(school="九年", kind="nine_year", resources_cover="school", **ROUND)
    own["stage"] = ["primary", "junior"]
    got = found(pd.concat([table, own], ignore_index=True), KIND)
    assert got["school"].tolist() == ["九年"] and got.loc[0, "value"] == 16 and pd.isna(got.loc[0, "stage"])
    two = dict(list(ROUND.items())[-2:])
    own = own.assign(**table.loc[:0, ["teaching_area_m2", "equipment_value_cny"]].iloc[0].to_dict(), **two)
    assert found(pd.concat([table, own], ignore_index=True), KIND).empty


def test_planted_schools_are_found_and_honest_ones_hardly_ever() -> None:
    honest = jh.synthetic.nation(seed=3, n_counties=20, heaping=True)
    assert len(found(honest, KIND)) <= 1
    table, planted = jh.synthetic.tampered(honest, "rounded", seed=1)
    named = {*zip(planted["county"], planted["school"], strict=True)}
    got = found(table, KIND)
    assert len(named & {*zip(got["county"], got["school"], strict=True)}) >= 15


def test_the_columns_that_are_looked_at_exist() -> None:
    assert set(read_toml("plausibility/rules.toml")["round_figures"]["columns"]) <= set(columns())
