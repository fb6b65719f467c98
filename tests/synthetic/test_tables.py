"""Synthetic tables: the same bytes from the same seed, today and tomorrow; honest heaping."""

import hashlib
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import junheng as jh

s = jh.synthetic


def digest(table: pd.DataFrame) -> str:
    types = [str(t).replace("object", "str") for t in table.dtypes]  # text is object in pandas 2
    return hashlib.sha256(f"{types}{table.to_csv(index=False)}".encode()).hexdigest()[:16]


#: Examples, benchmarks and the corpus rest on these tables. They are older than heaping and manipulations,
#: but that since then class sizes do not contradict the students (``items=True``).
PINNED: dict[str, Callable[[], pd.DataFrame]] = {
    "140db5cba66d2c52": s.county,
    "5e0dbc415e380fc6": lambda: s.county(
        3, n_schools=12, name="甲县", missing=0.1, resourcing=1.4, inequality=0.3, conditions=False, items=True
    ),
    "7dc7228e51ee4ca1": lambda: s.county(5, items=True),
    "396d79817ede28d8": lambda: s.province(2, n_counties=4, items=True, missing=0.02),
    "a7034998b5d17872": lambda: s.nation(1, 3, n_counties=5),
    "820893b83300cf17": lambda: s.nation(1, 2, n_counties=3, conditions=True, items=True, missing=0.03),
    "27ab2e1ff0607b2c": lambda: s.county(1, n_schools=1),
    "9111d961030ec7b0": lambda: s.county_facts(s.nation(1, 3, n_counties=5), 7),
}


@pytest.mark.parametrize("pinned", PINNED)
def test_the_default_tables_never_change(pinned: str) -> None:
    assert digest(PINNED[pinned]()) == pinned


@pytest.fixture(scope="module")
def heaped() -> pd.DataFrame:
    return s.nation(3, 3, n_counties=20, items=True, heaping=True)


def test_the_same_seed_gives_the_same_heaps(heaped: pd.DataFrame) -> None:
    assert digest(heaped) == digest(s.nation(3, 3, n_counties=20, items=True, heaping=True))
    assert digest(heaped) != digest(s.nation(4, 3, n_counties=20, items=True, heaping=True))


def test_heaped_tables_have_no_errors(heaped: pd.DataFrame) -> None:
    assert "error" not in set(jh.check_schools(heaped)["severity"])
    for table in (s.county(0, n_schools=1, heaping=True), s.province(1, n_counties=3, heaping=True, missing=0.1)):
        assert "error" not in set(jh.check_schools(table)["severity"])


def test_heaping_changes_only_what_it_says(heaped: pd.DataFrame) -> None:
    smooth = s.nation(3, 3, n_counties=20, items=True)
    changed = [name for name in smooth if not smooth[name].equals(heaped[name])]
    amounts = ["teaching_area_m2", "sports_area_m2", "equipment_value_cny", "multimedia_classrooms", "computers"]
    staff = [n for n in changed if "teachers" in n or n == "staff"]
    assert set(changed) == {*amounts, "books", *staff}
    first = smooth["year"] == 2023
    assert smooth.loc[first, staff].equals(heaped.loc[first, staff])  # people are kept from year to year, not rounded
    assert (smooth.dtypes == heaped.dtypes).all()


def test_schools_round_and_keep_their_rooms(heaped: pd.DataFrame) -> None:
    now = heaped[(heaped["year"] == 2025) & (heaped["students"] > 100)].reset_index()
    round_share = {n: (now[n] % unit == 0).mean() for n, unit in (("sports_area_m2", 10), ("books", 100))}
    assert 0.3 < round_share["sports_area_m2"] < 0.8 and 0.15 < round_share["books"] < 0.5
    before = heaped[(heaped["year"] == 2024)].set_index(["school", "stage"])["teaching_area_m2"]
    same = before.loc[list(zip(now["school"], now["stage"], strict=True))].to_numpy() == now["teaching_area_m2"]
    assert 0.85 < same.mean() < 1


def test_some_schools_were_built_to_the_norm_for_other_pupils(heaped: pd.DataFrame) -> None:
    def built(table: pd.DataFrame) -> pd.DataFrame:
        primary = table[(table["kind"] == "primary") & (table["year"] == 2023)]
        # teaching area and grounds were planned for the same number of pupils
        planned, grounds = primary["teaching_area_m2"] / 4.5, primary["sports_area_m2"] / 7.5
        return primary.assign(planned=planned)[np.abs(planned / grounds - 1) < 0.005]

    smooth = s.nation(3, 3, n_counties=20)
    n = ((heaped["kind"] == "primary") & (heaped["year"] == 2023)).sum()
    assert len(built(smooth)) < 0.03 * n < 0.08 * n < len(built(heaped)) < 0.2 * n
    filled = built(heaped)["students"] / built(heaped)["planned"]
    assert 0.08 < filled.std() < 0.25 and (np.abs(filled - 1) < 1e-3).mean() < 0.1
    assert (built(heaped)["planned"].round() % 45 == 0).mean() > 0.3


def test_staff_of_small_schools_stays_and_closed_schools_have_nothing(heaped: pd.DataFrame) -> None:
    teachers = heaped.set_index(["school", "stage", "year"])["teachers"].unstack("year")
    same = teachers[2024] == teachers[2025]
    assert same[teachers[2024] < 8].mean() > 0.6 and same[teachers[2024] > 60].mean() < 0.15
    closed = heaped[heaped.groupby(["school", "year"])["students"].transform("sum") == 0]
    assert len(closed) and not closed[["teaching_area_m2", "books", "computers"]].to_numpy().any()


def test_integrated_schools_have_one_figure(heaped: pd.DataFrame) -> None:
    whole = heaped[heaped["resources_cover"] == "school"].groupby(["year", "school"])
    for name in ("teaching_area_m2", "equipment_value_cny", "multimedia_classrooms", "books"):
        assert whole[name].nunique().max() == 1


@pytest.mark.parametrize("seed", [0, 2])  # too few large classes for their students; a large class of nobody
def test_class_sizes_add_up(seed: int) -> None:
    found = jh.plausibility(jh.synthetic.county(seed=seed, n_schools=100, items=True))
    assert not (found["kind"] == "parts_do_not_add_up").any()
