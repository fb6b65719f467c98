"""Schools lifted to a threshold are found; honest ones are not, however they were built."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import junheng as jh
from junheng.plausibility.bunching import Requirement
from junheng.plausibility.search import find

QUALITY = "cn-quality-balance-2017"
SHANDONG = "cn-sd-school-conditions-2008"
AREA = "teaching_area_per_student"


def bunches(table: pd.DataFrame, standard: str = QUALITY, **options: Any) -> list[Any]:
    return [f for f in find(table, standard=standard, **options)[1] if f.kind == "bunched_at_threshold"]


def lifted(n: int = 60, seed: int = 3, **options: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    honest = jh.synthetic.county(seed=seed, n_schools=n, conditions=False, heaping=True)
    return jh.synthetic.tampered(honest, {"lifted": options})


def test_schools_lifted_to_one_threshold_are_found_with_their_rows() -> None:
    table, planted = lifted(indicators=[AREA])
    (finding,) = bunches(table)
    assert finding.columns == ("teaching_area_m2",) and finding.school is None and finding.year == 2025
    raised = set(planted["school"])
    assert len(set(table["school"].iloc[list(finding.rows)]) & raised) >= 0.7 * len(raised)
    assert finding.value > 2 * finding.expected and finding.p_value < 1e-4
    assert "teaching_area_per_student" in finding.evidence.text("en") and "生均" in finding.evidence.text("zh")


@pytest.mark.parametrize("excess", [(0.0, 0.0), (0.0, 0.02), (0.0, 0.05)])
def test_lifted_by_nothing_or_by_some_percent(excess: tuple[float, float]) -> None:
    table, _ = lifted(excess=excess)
    found = {c for f in bunches(table) for c in f.columns}
    assert found & {"teaching_area_m2", "sports_area_m2", "equipment_value_cny"}


def test_the_same_county_before_is_left_alone() -> None:
    assert bunches(jh.synthetic.county(seed=3, conditions=False, heaping=True)) == []


def built_to_norm(share: float, seed: int) -> pd.DataFrame:
    """Sixty schools, some of them built to the norm for the pupils planned, of whom a tenth more or fewer came."""
    rng = np.random.default_rng(seed)
    table = jh.synthetic.county(seed=seed, conditions=False, heaping=True)
    come = np.exp(rng.normal(-0.02, 0.1, len(table)))
    for name, norms in {"teaching_area_m2": (4.5, 5.8), "sports_area_m2": (7.5, 10.2)}.items():
        norm = np.where(table["stage"] == "junior", norms[1], norms[0])
        planned = np.ceil(table["students"] / come / 45) * 45 * norm
        table[name] = np.where(rng.random(len(table)) < share, planned, table[name])
    return table.assign(resources_cover="stage")


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_schools_built_to_the_norm_are_no_finding(share: float) -> None:
    counties = [built_to_norm(share, seed).assign(county=f"县{seed}") for seed in range(12)]
    assert len(bunches(pd.concat(counties, ignore_index=True))) <= 1


def test_schools_built_to_one_number_for_all_are_no_finding() -> None:
    table = jh.synthetic.county(seed=2)
    assert table["straight_track_m"].isin([60, 100]).all()  # exactly the norm
    assert bunches(table, SHANDONG) == []


def test_classes_formed_to_the_limit_are_no_finding() -> None:
    table = jh.synthetic.county(seed=2, conditions=False)
    full = table.assign(classes=np.ceil(table["students"] / np.where(table["stage"] == "primary", 45, 50)))
    assert bunches(full) == [] == bunches(full, SHANDONG)


def test_schools_just_under_the_limit_of_size() -> None:
    rng = np.random.default_rng(0)
    students = np.concatenate([rng.uniform(1500, 2000, 20), 2000 - rng.integers(0, 30, 14), rng.uniform(2000, 2600, 4)])
    table = pd.DataFrame({"county": "甲县", "stage": "primary", "students": students.round()})
    table["school"] = [f"第{i}小学" for i in range(len(table))]
    (finding,) = bunches(table)
    # 14 or more in the window, the neighbours above (over the limit) and below it; either width, so twice
    sides = []
    for width in (0.02, 0.05):
        window = requirement("students", table["students"].tolist(), 2000, sign=-1).windows(width)
        n, above, below = ((window == 0).sum(), np.isin(window, [-1, -2]).sum(), np.isin(window, [1, 2]).sum())
        sides.append(max(binom.sf(n - 1, n + side, 1 / 3) for side in (above, below)))
    assert finding.p_value == pytest.approx(2 * min(sides))
    assert finding.columns == ("students",) and finding.value >= 14
    assert "学校规模" in finding.evidence.text("zh")
    assert bunches(table.assign(students=rng.uniform(1500, 2600, 38).round())) == []


def requirement(column: str, figure: list[float], needed: float, sign: int = 1) -> Requirement:
    n = len(figure)
    return Requirement("threshold", "", (column,), np.arange(n), np.array(figure), np.full(n, needed), sign)


def test_windows_are_counted_in_whole_units_from_the_least_that_is_enough() -> None:
    # 41 teachers are needed; five percent are two more, so that three numbers make a window
    window = requirement("teachers", [34, 35, 37, 38, 40, 41, 43, 44, 46, 47, 49, 50], 40.2).windows(0.05)
    assert window.tolist() == [4, -2, -2, -1, -1, 0, 0, 1, 1, 2, 2, 4]


def test_what_equals_the_requirement_is_enough_although_floats_are_not_exact() -> None:
    needed = 0.1 + 0.2  # more than 0.3
    assert requirement("teachers", [300.0], 1000 * needed).windows(0.02).tolist() == [0]
    assert requirement("teaching_area_m2", [300.0, 299.9], 1000 * needed).windows(0.02).tolist() == [0, -1]


def test_under_a_limit_less_is_better() -> None:
    window = requirement("students", [2000, 1960, 1959, 2001, 2041, 2042], 2000, sign=-1).windows(0.02)
    assert window.tolist() == [0, 0, 1, -1, -1, -2]


def test_figures_of_few_units_are_left_out() -> None:
    assert requirement("teachers", [5.0, 6.0], 5.0).windows(0.02).tolist() == [4, 4]


def test_few_schools_give_no_test() -> None:
    table, _ = lifted(n=2)
    assert bunches(table, alpha=0.99) == []
