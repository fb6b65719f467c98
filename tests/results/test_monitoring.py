"""Several years of a county, and several standards over one table."""

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import tomli_w
from item_tables import FACTS, RICH, Facts, Table, table
from small_tables import BASIC, QUALITY, SHANDONG, frame, junior, only, pick, school

import junheng as jh

rows = jh.results.records
YEARS = (2021, 2022, 2024, 2025)  # of 2023 there is no return

#: A document attested year by year, what each year's verdict is called, and the year of the first change.
SERIES: dict[str, tuple[tuple[int | None, ...], tuple[str | None, ...], int | None]] = {
    "layout_plan": ((1, 0, None, 1), (None, "slipped", "less", "better"), 2022),
    "post_allocation": ((None, 0, 0, None), (None, "worse", "same", "less"), 2022),
    "moral_education": ((1, 1, None, None), (None, "same", "slipped", "same"), 2024),
    "no_excessive_workload": ((0, 0, 0, 1), (None, "same", "same", "better"), 2025),
    "monitoring_kept_high": ((None, 1, 1, 0), (None, "better", "same", "slipped"), 2022),
    "left_behind_care": ((1, 1, 1, 1), (None, "same", "same", "same"), None),
}
ITEM = {"layout_plan": "layout", "post_allocation": "post-allocation", "moral_education": "moral-education",
        "no_excessive_workload": "workload", "monitoring_kept_high": "monitoring-kept-high",
        "left_behind_care": "left-behind-and-migrant-children"}  # fmt: skip


def facts() -> dict[Any, Facts]:
    return {("甲县", y): FACTS | {f: s[0][i] for f, s in SERIES.items()} for i, y in enumerate(YEARS)}


def schools() -> Table:
    """Four years of 甲县, the latest first; in 2024 one school is far richer than the rest, in 2025 no more."""
    return [r | {"year": y} for y in reversed(YEARS) for r in table(**({"甲小": RICH} if y == 2024 else {}))]


@pytest.fixture(scope="module")
def run() -> pd.DataFrame:
    return jh.monitor(jh.evaluate(frame(*schools()), QUALITY, county_facts=facts()))


@pytest.mark.slow
def test_every_verdict_of_every_year_has_a_row(run: pd.DataFrame) -> None:
    ev = jh.evaluate(frame(*schools()), QUALITY, county_facts=facts())
    n_parts, n_items = len(ev.standard.parts) + 1, len(ev.items) // len(YEARS)
    assert len(run) == (n_parts + n_items + 14) * len(YEARS)
    assert list(run.columns) == [
        "county", "subject", "name", "stage", "year", "value", "verdict", "previous", "change", "first_changed",
    ]  # fmt: skip
    assert run.groupby(["county", "subject", "name", "stage"], dropna=False, observed=True)["year"].apply(list).map(
        tuple
    ).unique().tolist() == [YEARS]
    for part in ev.standard.parts:
        assert pick(run, subject="part", name=part)["verdict"].tolist() == [
            only(ev.verdicts, part=part, year=y)["verdict"] for y in YEARS
        ]
    for row in rows(pick(run, subject="item")):
        mine = pick(ev.items, item=row["name"], year=row["year"])
        (same,) = [r for r in rows(mine) if r["stage"] == row["stage"]]
        assert (row["verdict"], row["value"]) == (same["verdict"], same["value"])


@pytest.mark.parametrize("fact", SERIES)
def test_what_got_better_and_what_slipped(run: pd.DataFrame, fact: str) -> None:
    given, changes, first = SERIES[fact]
    mine = rows(pick(run, subject="item", name=ITEM[fact]))
    words = {1: "met", 0: "unmet", None: "undetermined"}
    verdicts = [words[g] for g in given]
    assert [r["year"] for r in mine] == list(YEARS)
    assert [r["verdict"] for r in mine] == verdicts
    assert [r["previous"] for r in mine] == [None, *verdicts[:-1]]
    assert [r["change"] or None for r in mine] == list(changes)
    assert [r["first_changed"] for r in mine] == [first] * len(YEARS)


def test_a_coefficient_over_its_limit_for_a_year(run: pd.DataFrame) -> None:
    mine = rows(pick(run, subject="coefficient", name="equipment_value_per_student", stage="primary"))
    assert [r["verdict"] for r in mine] == ["met", "met", "unmet", "met"]
    assert [r["change"] or None for r in mine] == [None, "same", "slipped", "better"]
    assert {r["first_changed"] for r in mine} == {2024}
    assert mine[0]["value"] < 0.5 < mine[2]["value"]
    others = [r for r in rows(pick(run, subject="coefficient")) if r["name"] != "equipment_value_per_student"]
    assert {r["change"] or "same" for r in others} == {"same"}
    assert [r["change"] or None for r in rows(pick(run, subject="part", name="resources"))] == [
        None, "same", "slipped", "better",
    ]  # fmt: skip


def test_counties_are_followed_each_by_itself() -> None:
    """乙县 has returns of two years, 丙县 of one."""
    made = [
        *schools(),
        *(r | {"county": "乙县"} for r in schools() if r["year"] in (2021, 2025)),
        *(r | {"county": "丙县"} for r in schools() if r["year"] == 2024),
    ]
    told = facts() | {("乙县", 2021): FACTS, ("乙县", 2025): FACTS | {"layout_plan": 0}, ("丙县", 2024): FACTS}
    run = jh.monitor(jh.evaluate(frame(*made), QUALITY, county_facts=told))
    mine = rows(pick(run, county="乙县", name="layout"))
    assert [(r["year"], r["verdict"], r["change"] or None) for r in mine] == [
        (2021, "met", None), (2025, "unmet", "slipped"),
    ]  # fmt: skip
    assert [r["previous"] for r in mine] == [None, "met"] and {r["first_changed"] for r in mine} == {2025}
    alone = rows(pick(run, county="丙县"))
    assert {r["year"] for r in alone} == {2024}
    assert all(r["previous"] is None and not r["change"] and r["first_changed"] is None for r in alone)
    assert [r["verdict"] for r in rows(pick(run, county="甲县", name="layout"))] == [
        "met",
        "unmet",
        "undetermined",
        "met",
    ]


def test_a_stage_a_county_lost_is_undetermined_and_not_an_error() -> None:
    made = [r for r in schools() if r["year"] != 2025 or r["school"] in ("甲小", "村小")]
    run = jh.monitor(jh.evaluate(frame(*made), QUALITY, county_facts=facts()))
    mine = rows(pick(run, subject="coefficient", name="sports_area_per_student", stage="junior"))
    assert [r["verdict"] for r in mine] == ["met", "met", "met", "undetermined"]
    assert mine[-1]["value"] is None and mine[-1]["change"] == "slipped"


def test_the_composite_of_2012_is_followed_as_an_item() -> None:
    made = frame(*(r | {"included": "是"} for r in schools()))
    run = jh.monitor(jh.evaluate(made, BASIC, county_facts=facts()))
    mine = pick(run, name="composite-coefficient", stage="primary")
    assert mine["verdict"].tolist() == ["met"] * 4
    assert mine["value"].tolist()[:2] == [mine["value"].iloc[3]] * 2 and mine["value"].iloc[2] > mine["value"].iloc[3]
    scored = {i.id for i in jh.load_standard(BASIC).items if i.rule == "scored"}
    assert not scored & set(run["name"]) and not len(pick(run, subject="coefficient"))


@pytest.mark.parametrize("make", [pl.from_pandas, pa.Table.from_pandas])
def test_the_run_comes_in_the_library_of_the_table(make: Callable[[Any], Any], run: pd.DataFrame) -> None:
    made = make(frame(*schools()))
    got = jh.monitor(jh.evaluate(made, QUALITY, county_facts=facts()))
    assert type(got).__module__.split(".")[0] == type(made).__module__.split(".")[0]
    assert rows(got) == rows(run)
    json.dumps(rows(got), allow_nan=False)


@pytest.mark.parametrize("years", [("2021", "2022"), (2021.0, 2022.0)])
def test_years_may_be_text_or_floats(years: tuple[Any, Any]) -> None:
    made = frame(*(r | {"year": y} for y in years for r in table()))
    run = jh.monitor(jh.evaluate(made, QUALITY))
    assert sorted(set(run["year"])) == [2021, 2022]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: frame(school(), junior()), "missing column 'year'"),
        (lambda: frame(*(r | {"year": 2024} for r in table())), "2024"),
        (lambda: frame(*(r | {"year": y} for y in ("2023-2024", "2024-2025") for r in table())), "must be a number"),
    ],
)
def test_one_year_is_no_run(made: Callable[[], pd.DataFrame], said: str) -> None:
    with pytest.raises(jh.InputError, match=said):
        jh.monitor(jh.evaluate(made(), QUALITY))


def test_made_up_years_give_a_run() -> None:
    run = jh.monitor(jh.evaluate(jh.synthetic.nation(seed=1, years=3, n_counties=3), QUALITY))
    changed = run[run["change"].notna() & (run["change"] != "same") & (run["change"] != "")]
    assert (changed["verdict"] != changed["previous"]).all()
    assert changed["first_changed"].notna().all() and (changed["first_changed"] <= changed["year"]).all()
    better = changed[changed["change"] == "better"]
    assert (better["verdict"] == "met").all()
    assert (changed[changed["change"] == "slipped"]["previous"] == "met").all()


def test_a_run_in_chinese_is_chinese_throughout() -> None:
    run = jh.monitor(jh.evaluate(frame(*schools()), QUALITY, county_facts=facts()).relabel("zh"))
    text = "".join(map(str, run.columns)) + "".join(str(v) for c in run.columns for v in run[c].dropna().unique())
    assert not [w for w in ("county", "verdict", "slipped", "layout", "resources", "part") if w in text]


# -------------------------------------------------------------------------------- several standards


def test_several_standards_over_one_table_give_each_what_it_would_alone() -> None:
    made = frame(*(r | {"included": "是"} for r in table()))
    names = [QUALITY, "cn-gz-majiang-2023", BASIC]
    both = jh.evaluate_all(made, names, county_facts=FACTS)
    assert list(both) == names
    for name, ev in both.items():
        alone = jh.evaluate(made, name, county_facts=FACTS)
        assert ev.to_dict() == alone.to_dict()
    failing = {n: set(pick(ev.items, verdict="unmet")["item"]) for n, ev in both.items()}
    assert failing == {QUALITY: set(), "cn-gz-majiang-2023": {"disabled-children"}, BASIC: set()}


def test_standards_may_be_objects_and_files(tmp_path: Any) -> None:
    std = jh.load_standard(QUALITY)
    own = tmp_path / "own.toml"
    label = {"zh": "某县", "en": "own"}
    own.write_text(
        tomli_w.dumps({"id": "own", "extends": QUALITY, "label": label, "last_checked_on": "2026"}), encoding="utf-8"
    )
    both = jh.evaluate_all(frame(*table()), [std, own], county_facts=FACTS)
    assert list(both) == [QUALITY, "own"]
    assert jh.evaluate_all(frame(*table()), []) == {}


@pytest.mark.parametrize("one", [QUALITY, jh.load_standard(QUALITY)])
def test_one_standard_is_no_list(one: Any) -> None:
    with pytest.raises(jh.InputError, match="sequence"):
        jh.evaluate_all(frame(*table()), one)


def test_a_standard_twice_is_refused() -> None:
    std = jh.load_standard(QUALITY)
    relaxed = std.with_options(relaxations=["older-school-size"])
    for two in ([QUALITY, QUALITY], [std, relaxed]):
        with pytest.raises(jh.InputError, match=QUALITY):
            jh.evaluate_all(frame(*table()), two)


def test_what_a_standard_asks_of_a_missing_column_is_undetermined_and_the_column_is_named() -> None:
    whole = frame(*(r | {"included": "是"} for r in table()))
    made = whole.drop(columns="computers")
    both = jh.evaluate_all(made, [QUALITY, BASIC], county_facts=FACTS)
    # the standard that does not need it says what it would alone
    assert both[QUALITY].to_dict() == jh.evaluate(made, QUALITY, county_facts=FACTS).to_dict()
    basic, blank = both[BASIC], jh.evaluate(made.assign(computers=None), BASIC, county_facts=FACTS)
    for name in ("schools", "school_verdicts", "indicators", "items"):
        pd.testing.assert_frame_equal(getattr(basic, name), getattr(blank, name))
    assert only(basic.verdicts, part="resources")["verdict"] == "undetermined"
    assert only(jh.evaluate(whole, BASIC).verdicts, part="resources")["verdict"] == "met"
    for ev, text in ((basic, "does not have: Computers"), (basic.relabel("zh"), "表中没有以下各列：教学用计算机台数")):
        assert [r for r in ev.verdicts.iloc[:, -1] if text in r] and text in ev.explain()
    # no rule for single schools is missing because of it
    assert "Computers" not in only(basic.verdicts, part="basic_standard")["reason"]
    (problem,) = [p for p in rows(basic.problems) if p["code"] == "missing_column"]
    assert (problem["severity"], problem["column"]) == ("warning", "computers")
    assert basic.provenance["warnings"]["missing_column"] == 1
    # a changed table is judged in the same way
    assert only(basic.apply(jh.changes.Enrolment(factor=1)).verdicts, part="resources")["verdict"] == "undetermined"


def test_a_missing_size_leaves_open_what_depends_on_it() -> None:
    made = frame(school(classes=12), junior(classes=12))
    for drop, standard in (("classes", SHANDONG), ("backbone_teachers", QUALITY)):
        found = jh.evaluate_all(made.drop(columns=drop), [standard], missing="omit")[standard]
        assert found.explain("甲县") and found.to_dict()
        assert set(found.schools.query("value.isna() or required.isna()")["verdict"]) == {"undetermined"}


@pytest.mark.parametrize("column", ["county", "school", "stage", "students"])
def test_without_what_makes_a_table_of_schools_there_is_no_result(column: str) -> None:
    with pytest.raises(jh.InputDataError, match=column):
        jh.evaluate_all(frame(school(), junior()).drop(columns=column), [QUALITY])


def test_what_is_wrong_under_one_standard_stops_all() -> None:
    made = frame(*table()).assign(included="是")
    with pytest.raises(jh.InputDataError, match="computers"):
        jh.evaluate_all(made.assign(computers=-1), [QUALITY, BASIC])
    with pytest.raises(jh.InputDataError, match="missing column 'computers'"):
        jh.evaluate_all(made.drop(columns="computers"), [BASIC], missing="raise")
    with pytest.raises(jh.UnknownStandardError):
        jh.evaluate_all(made, [QUALITY, "cn-quality-balance-2016"])
