"""Planted manipulations: the table differs from the honest one in exactly the cells of the list."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import junheng as jh

HONEST = jh.synthetic.nation(2, 2, n_counties=12, heaping=True)
KINDS = ("lifted", "copied", "frozen", "rounded", "unit")
QUALITY = jh.load_standard("cn-quality-balance-2017")


def cells_of(table: pd.DataFrame) -> dict[tuple[Any, ...], Any]:
    """Every cell by county, school, stage, year and column."""
    keys = table[["county", "school", "stage", "year"]].itertuples(index=False, name=None)
    return {
        (*key, name): cell
        for key, row in zip(keys, table.itertuples(index=False), strict=True)
        for name, cell in zip(table.columns, row, strict=True)
        if cell == cell
    }


@pytest.mark.parametrize("kind", [*KINDS, KINDS])
def test_the_list_is_what_was_planted(kind: Any) -> None:
    schools, planted = jh.synthetic.tampered(HONEST, kind, seed=1)
    assert set(planted["kind"]) == ({kind} if isinstance(kind, str) else set(KINDS))
    assert planted["county"].nunique() == 12 and set(planted["year"]) == {2025}
    cells = cells_of(HONEST)
    for row in planted.itertuples():
        cell = (row.county, row.school, row.stage, row.year, row.columns)
        assert cells[cell] == row.before != row.after
        cells[cell] = row.after
    assert cells == cells_of(schools)
    assert schools.dtypes.equals(HONEST.dtypes)
    assert "error" not in set(jh.check_schools(schools)["severity"])


def test_the_same_seed_plants_the_same() -> None:
    one, two, other = (jh.synthetic.tampered(HONEST, KINDS, seed=seed)[1] for seed in (1, 1, 2))
    assert one.equals(two) and not one.equals(other)
    # what a kind plants does not depend on what others do, as long as they touch other cells
    alone = jh.synthetic.tampered(HONEST, "unit", seed=1)[1]
    together = jh.synthetic.tampered(HONEST, ["copied", "unit"], seed=1)[1].query("kind == 'unit'")
    assert alone[["school", "columns"]].equals(together[["school", "columns"]].reset_index(drop=True))


def test_tables_are_made_with_manipulations_too() -> None:
    options: dict[str, Any] = {"lifted": {"excess": (0, 0)}, "rounded": {}}
    made = jh.synthetic.county(4, n_schools=30, years=2, heaping=True, tamper=options)
    honest = jh.synthetic.county(4, n_schools=30, years=2, heaping=True)
    assert made.equals(jh.synthetic.tampered(honest, options, seed=4)[0]) and not made.equals(honest)
    nothing, planted = jh.synthetic.tampered(honest, None)
    assert nothing.equals(honest) and planted.empty
    assert planted.dtypes.astype(str).to_dict()["after"] == "float64" and len(planted.columns) == 8


@pytest.mark.parametrize("excess", [(0.0, 0.0), (0.0, 0.02), (0.0, 0.05)])
def test_lifted_schools_stand_just_above_the_threshold(excess: tuple[float, float]) -> None:
    schools, planted = jh.synthetic.tampered(HONEST, {"lifted": {"excess": excess}}, seed=1)
    sections = jh.split_stages(schools, QUALITY)
    sections = sections[sections["year"] == 2025].set_index(["school", "stage"])
    met = 0
    for name in dict.fromkeys(t.indicator for t in QUALITY.thresholds):
        indicator = jh.indicators.catalogue()[name]
        cells = planted[planted["columns"] == indicator.numerator]
        at = sections.loc[list(zip(cells["school"], cells["stage"], strict=True))]
        required = np.array([float(QUALITY.threshold(name, stage=s).value or 0) for s in cells["stage"]])
        needed = required * at["students"].to_numpy() / indicator.scale
        given = at[indicator.numerator].to_numpy()
        assert (given >= needed - 1e-9).all()  # the other stage of an integrated school may stand higher
        single = (at["resources_cover"] == "stage").to_numpy()
        assert (given[single] <= np.ceil(needed[single] * (1 + excess[1]))).all()
        met += len(cells)
    assert met == len(planted)


def test_people_are_lifted_only_as_far_as_there_are_teachers() -> None:
    few = HONEST.assign(teachers=HONEST["teachers_above_required_degree"])
    few = few.assign(**{n: np.minimum(few[n], few["teachers"]) for n in few if n.endswith("_teachers") or "title" in n})
    lifted = {"lifted": {"indicators": ["teachers_above_required_degree_per_hundred_students"]}}
    schools, planted = jh.synthetic.tampered(few, lifted)
    assert planted.empty and "error" not in set(jh.check_schools(schools)["severity"])


def test_copied_figures_are_those_of_a_school_of_the_county() -> None:
    schools, planted = jh.synthetic.tampered(HONEST, {"copied": {"schools": 2}}, seed=1)
    now = schools[schools["year"] == 2025]
    columns = ["teaching_area_m2", "sports_area_m2", "equipment_value_cny", "books"]
    for school in planted["school"].unique():
        own = now[now["school"] == school].iloc[0]
        same = (now[columns] == own[columns]).all(axis=1) & (now["county"] == own["county"])
        assert now.loc[same, "school"].nunique() >= 2
    assert planted.groupby("county")["school"].nunique().max() == 2


def test_frozen_figures_are_those_of_the_year_before() -> None:
    planted = jh.synthetic.tampered(HONEST, {"frozen": {"schools": 3}}, seed=1)[1]
    cells = cells_of(HONEST)
    for row in planted.itertuples():
        assert cells[row.county, row.school, row.stage, 2024, row.columns] == row.after
    students = HONEST[HONEST["school"].isin(planted["school"])].groupby(["school", "year", "stage"])["students"].sum()
    assert (students.unstack("year").diff(axis=1)[2025] != 0).groupby("school").any().all()
    assert planted.groupby("county")["school"].nunique().max() == 3


def test_units_slip_by_what_they_say() -> None:
    planted = jh.synthetic.tampered(HONEST, {"unit": {"factors": [100], "columns": ["books"]}})[1]
    assert set(planted["columns"]) == {"books"} and (planted["after"] == 100 * planted["before"]).all()
    planted = jh.synthetic.tampered(HONEST, {"unit": {"schools": 20}})[1]
    factors = np.round(np.log10(planted["after"] / planted["before"]), 1)
    assert {-2.8, 1.0, 2.0, 3.0, 4.0, -1.0, -2.0, -3.0} <= set(factors)


def test_a_table_without_years_is_of_one_year() -> None:
    schools, planted = jh.synthetic.tampered(jh.synthetic.county(1).drop(columns="year"), ["copied", "lifted"])
    assert set(planted["kind"]) == {"lifted", "copied"} and planted["year"].isna().all() and "year" not in schools


def test_tables_with_gaps_stay_without_errors() -> None:
    gaps = jh.synthetic.nation(0, 2, n_counties=4, missing=0.2, heaping=True)
    schools, planted = jh.synthetic.tampered(gaps, KINDS)
    assert set(planted["kind"]) == set(KINDS) and "error" not in set(jh.check_schools(schools)["severity"])
    assert schools.isna().equals(gaps.isna())


def test_a_school_in_one_row_is_one_cell() -> None:
    n = 12
    area = np.arange(n) * 300.0 + 1513
    wide = pd.DataFrame({"county_code": "370100", "school": [f"第{i}校" for i in range(n)], "kind": "nine_year"})
    wide = wide.assign(students_primary=300, students_junior=200, teaching_area_m2=area, books=area * 7)
    schools, planted = jh.synthetic.tampered(wide, {"lifted": {}, "unit": {"columns": ["books"], "schools": 3}})
    # the junior stage needs more: 5.8 m2 for each of 200 students, 220 / 520 of the area
    assert set(planted.query("kind == 'lifted'")["after"]) <= set(range(2742, 2798))
    assert planted["school"][planted["kind"] == "lifted"].is_unique and planted["stage"].isna().all()
    assert set(planted["county"]) == {"370100"} and (planted["kind"] == "unit").sum() == 3
    assert (schools["teaching_area_m2"] >= 2742).all()


def test_other_libraries_are_served() -> None:
    schools, planted = jh.synthetic.tampered(pl.from_pandas(HONEST), KINDS, seed=1)
    wanted, told = jh.synthetic.tampered(HONEST, KINDS, seed=1)
    assert isinstance(schools, pl.DataFrame) and isinstance(planted, pl.DataFrame)
    assert schools.equals(pl.from_pandas(wanted)) and planted["after"].to_list() == told["after"].tolist()


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        ("lift", "did you mean lifted"),
        ({"unit": {"factor": [2]}}, "did you mean factors"),
        ({"lifted": {"indicators": ["books"]}}, "must be a sequence of"),
        ({"copied": {"columns": "books"}}, "must be a sequence of"),
        ({"copied": {"columns": ["teachers"]}}, "must be a sequence of"),
        ({"lifted": {"excess": (0.1, 0.0)}}, "two numbers in order"),
        ({"unit": {"factors": [1]}}, "other than 1"),
        ({"unit": {"schools": 0}}, "whole number, 1 or more"),
        ({"rounded": {"digits": None}}, "whole number, 1 or more"),
        ("frozen", "requires data of two years"),
        (3, "must be a manipulation, several"),
        ({"unit": None}, "must be a mapping of names"),
    ],
)
def test_what_cannot_be_planted_is_said(tamper: Any, says: str) -> None:
    with pytest.raises(jh.InputError, match=says) as error:
        jh.synthetic.county(0, n_schools=8, tamper=tamper)
    assert error.value.text("zh") != str(error.value)
