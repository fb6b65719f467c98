"""Two schools that agree in several figures of many digits."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import junheng as jh
from junheng.plausibility.chances import at_least
from junheng.plausibility.copies import many_digits
from junheng.plausibility.search import find

DIGITS = ["teaching_area_m2", "sports_area_m2", "equipment_value_cny", "books"]


def copies(table: pd.DataFrame, **options: Any) -> list[Any]:
    return [f for f in find(table, **options)[1] if f.kind == "copied_figures"]


@pytest.fixture
def table() -> pd.DataFrame:
    """Thirty honest schools of one stage, all figures of six digits."""
    rng = np.random.default_rng(0)
    figures = {name: rng.integers(100_001, 999_999, 30) for name in (*DIGITS, "computers")}
    schools = {"county": "甲县", "school": [f"第{i}小学" for i in range(30)], "stage": "primary"}
    return pd.DataFrame(schools | {"students": rng.integers(100, 900, 30)} | figures)


def test_a_school_with_the_figures_of_another_is_found_and_so_is_the_other(table: pd.DataFrame) -> None:
    assert copies(table) == []
    table.loc[7, DIGITS] = table.loc[3, DIGITS]
    one, other = copies(table)
    assert (one.school, other.school) == ("第3小学", "第7小学")
    assert (one.rows, other.rows) == ((3, 7), (7, 3))
    assert one.columns == tuple(DIGITS) and one.value == 4 and one.expected < 0.1 and one.p_value < 0.01
    assert "'第7小学'" in one.evidence.text("en") and "“第3小学”" in other.evidence.text("zh")


def test_the_p_value_counts_agreements_pieces_and_pairs(table: pd.DataFrame) -> None:
    table.loc[7, DIGITS] = table.loc[3, DIGITS]
    # each column agrees once in 435 pairs; areas are one piece; no two schools agree in computers
    once_more = np.array([[3, 2, 2, 1]]) / 436
    assert copies(table)[0].p_value == pytest.approx(435 * at_least(once_more, np.array([3]))[0])


def test_schools_without_names_are_schools_of_their_own(table: pd.DataFrame) -> None:
    table.loc[7, DIGITS] = table.loc[3, DIGITS]
    table.loc[[3, 7], "school"] = None
    one, _ = copies(table)
    assert one.school == "" and one.rows == (3, 7)
    assert "row 7" in one.evidence.text("en") and "第7行" in one.evidence.text("zh")


def test_figures_of_one_unit_are_one_piece_of_evidence(table: pd.DataFrame) -> None:
    areas = {name: table["books"] + i for i, name in enumerate(("land_area_m2", "library_m2", "total_built_m2"))}
    table = table.assign(**areas)
    same = [*areas, "teaching_area_m2", "sports_area_m2"]
    table.loc[7, same] = table.loc[3, same]  # five areas, as of two schools built by one plan
    table.loc[7, "equipment_value_cny"] = table.loc[3, "equipment_value_cny"]
    assert copies(table) == []


def test_round_figures_are_no_evidence(table: pd.DataFrame) -> None:
    table[DIGITS] = table[DIGITS] // 10_000 * 10_000
    table.loc[7, DIGITS] = table.loc[3, DIGITS]
    assert copies(table) == []


def test_figures_that_many_schools_share_are_a_habit_of_the_county(table: pd.DataFrame) -> None:
    table.loc[:20, DIGITS] = table.loc[0, DIGITS].to_list()
    assert copies(table) == []


def test_schools_of_other_counties_and_years_are_not_compared(table: pd.DataFrame) -> None:
    table.loc[7, DIGITS] = table.loc[3, DIGITS]
    assert copies(table.assign(county=["甲县"] * 5 + ["乙县"] * 25)) == []
    assert copies(table.assign(year=[2024] * 5 + [2025] * 25)) == []


def test_the_rows_of_one_school_are_not_compared_with_each_other(table: pd.DataFrame) -> None:
    junior = table.assign(stage="junior")
    assert copies(pd.concat([table, junior], ignore_index=True)) == []


def test_an_integrated_school_is_one_school_with_all_its_rows() -> None:
    table = jh.synthetic.county(seed=5, n_schools=40, conditions=False)
    rows = np.flatnonzero(table["kind"] == "nine_year")[:2]
    assert table["school"].iloc[rows].nunique() == 1
    source = int(np.flatnonzero(table["school"] == "示例县第1小学")[0])
    table.loc[rows, DIGITS] = table.loc[source, DIGITS].to_list()
    of_one, of_both = sorted(copies(table), key=lambda f: f.rows)
    assert (of_one.rows, of_one.stage) == ((source, *rows.tolist()), "primary")
    assert (of_both.rows, of_both.stage) == ((*rows.tolist(), source), None)


@pytest.mark.parametrize(
    ("value", "many"), [(421, True), (420, False), (54.5, True), (54.0, False), (1230, True), (1200, False), (0, False)]
)
def test_digits_are_counted_without_zeros_at_the_end(value: float, many: bool) -> None:
    assert many_digits(np.array([value])).tolist() == [many]
    assert not many_digits(np.array([np.nan]))[0]
