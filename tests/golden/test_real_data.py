"""The real table: 2,668 primary schools in 22 counties (left where it is, for its licence is not confirmed)."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from real_tables import MAPPING, STANDARD
from small_tables import pick

import junheng as jh


@pytest.fixture(scope="module")
def schools(shared_data: Path) -> pd.DataFrame:
    table = jh.read_schools(shared_data / "taiwan_primary_schools_113.csv", mapping=MAPPING)
    return table.assign(stage="primary")


@pytest.fixture(scope="module")
def ev(schools: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> jh.Evaluation:
    path = tmp_path_factory.mktemp("standard") / "teachers.toml"
    path.write_text(STANDARD, encoding="utf-8")
    return jh.evaluate(schools, path)


def test_the_table_is_read_as_it_is(schools: pd.DataFrame) -> None:
    assert len(schools) == 2668 and schools["county"].nunique() == 22
    assert schools["school_code"].str.len().eq(6).all()
    assert schools["school_code"].iloc[0] == "011301"
    assert schools["school_code"].str.startswith("0").sum() > 200
    assert schools["students"].dtype == "float64" and (schools["students"] == 0).sum() == 13
    assert "地區屬性" in schools  # what is not known stays


def test_its_problems_are_warnings(schools: pd.DataFrame) -> None:
    table = jh.check_schools(schools)
    assert set(table["severity"]) == {"warning"}
    assert set(table["code"]) == {"unknown_column", "no_students"}
    assert (table["code"] == "no_students").sum() == 13


def test_weights_decide_the_verdict(schools: pd.DataFrame) -> None:
    """11 of the 22 counties lie within 0.50; without the weights only 5 would."""
    full = schools[schools["students"] > 0]
    values = jh.per_hundred_students(full["teachers"], full["students"])
    by = full["county"]
    weighted = jh.difference_coefficient(values, weights=full["students"], by=by)
    unweighted = jh.difference_coefficient(values, weights=None, by=by)
    assert len(weighted) == len(unweighted) == 22
    assert ((weighted <= 0.50).sum(), (unweighted <= 0.50).sum()) == (11, 5)
    # schools without pupils are absent, weighted or not there at all
    everyone = jh.difference_coefficient(
        jh.per_hundred_students(schools["teachers"], schools["students"]),
        weights=schools["students"],
        by=schools["county"],
    )
    pd.testing.assert_series_equal(everyone, weighted, rtol=1e-12)


def test_eleven_counties_are_met(ev: jh.Evaluation, schools: pd.DataFrame) -> None:
    table = ev.indicators
    assert len(table) == 22 and table["verdict"].tolist().count("met") == 11
    assert set(table["verdict"]) == {"met", "unmet"}
    assert pick(ev.verdicts, part="overall")["verdict"].tolist().count("met") == 11
    assert table["n_schools"].sum() == 2668 - 13
    assert table["students"].sum() == schools["students"].sum()
    totals = schools[schools["students"] > 0].groupby("county", observed=True)[["teachers", "students"]].sum()
    means = table.set_index(table["county"].astype(str))["mean"]
    expected = (100 * totals["teachers"] / totals["students"]).reindex(means.index)
    pd.testing.assert_series_equal(means, expected, check_names=False, rtol=1e-12)


def test_the_empty_schools_are_counted_and_named(ev: jh.Evaluation, schools: pd.DataFrame) -> None:
    left: list[dict[str, Any]] = jh.results.records(ev.left_out)
    assert {r["reason"] for r in left} == {"no_students"}
    assert [r["school"] for r in left] == schools.loc[schools["students"] == 0, "school"].tolist() and len(left) == 13
    assert ev.indicators["n_empty"].sum() == ev.indicators["n_left_out"].sum() == 13
    assert ev.provenance["sections_left_out"] == {"no_students": 13}
    county = left[0]["county"]
    assert left[0]["school"] in ev.explain(county, language="zh")


def test_a_school_with_pupils_and_no_teacher_has_the_value_zero(ev: jh.Evaluation, schools: pd.DataFrame) -> None:
    (row,) = schools.index[(schools["students"] > 0) & (schools["teachers"] == 0)].tolist()
    (cell,) = jh.results.records(pick(ev.schools, row=row))
    assert (cell["value"], cell["counted"]) == (0.0, True)


def test_codes_of_counties_are_older_than_their_names(schools: pd.DataFrame) -> None:
    """The trap of this file: by code there are other counties than by name."""
    assert schools["縣市代碼"].nunique() != 22
