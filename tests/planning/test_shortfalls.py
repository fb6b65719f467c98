"""What each school lacks: exactly so much that it is enough, and a step less is not."""

import math
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from custom_standards import both_stages, custom
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from properties.tiny_counties import Rule
from properties.tiny_counties import standard as in_few_figures
from small_tables import BASIC, GOOD, QUALITY, SEVEN, SHANDONG, conditions, frame, junior, one_row, only, pick, school

import junheng as jh
from junheng.schools import columns

few = hypothesis_settings(max_examples=max(8, hypothesis_settings.default.max_examples // 4))
SHARED = ("teaching_area_m2", "sports_area_m2", "equipment_value_cny", "multimedia_classrooms")
COSTS = {column: 10 * n for n, (column, _, _) in enumerate(SEVEN.values(), start=1)}


def lacks(table: pd.DataFrame, standard: Any = QUALITY, **options: Any) -> pd.DataFrame:
    return jh.shortfalls(jh.evaluate(table, standard), **options)


def verdicts_after(ev: jh.Evaluation, rows: pd.DataFrame, change: Any) -> list[str]:
    """The verdict of each row's cell, were the change of that row alone made."""
    out = []
    for (_, row), amount in zip(rows.iterrows(), change, strict=True):
        one = pd.DataFrame([{"row": row["row"], "stage": row["stage"], "column": row["column"], "change": amount}])
        after = ev.apply(one).schools
        out.append(only(after, row=row["row"], stage=row["stage"], indicator=row["indicator"])["verdict"])
    return out


def step(row: Any) -> float:
    """A step less: a whole thing; for measured ones so little that only exact figures can tell."""
    if columns()[row["column"]].whole:
        return 1.0
    # a share of a school's figure is a quotient: evaluate takes it as equal within its last digits
    return max(1e-6, 1e-9 * row["needs"] * 10) if row["shared"] else 1e-6


# --------------------------------------------------------------------------- enough, and a step less is not


def figures() -> st.SearchStrategy[dict[str, Any]]:
    """Draw what a school has, from nothing to twice what is asked; areas and money as decimals."""
    counts = {c: st.integers(0, 60) for c, _, _ in SEVEN.values() if columns()[c].whole}
    measured = {"teaching_area_m2": 7000, "sports_area_m2": 11000, "equipment_value_cny": 2_500_000}
    amounts = {
        c: st.integers(0, most * 1000).map(lambda x: x / 1000)
        | st.sampled_from([0.1, 2250.0, 1999.999, 4000 / 7, 1 / 3])
        for c, most in measured.items()
    }
    return st.fixed_dictionaries(counts | amounts | {"students": st.integers(1, 900), "teachers": st.just(70)})


@st.composite
def counties(draw: Any) -> pd.DataFrame:
    """Draw a few schools of one stage, a nine-year school in two rows and one in one row."""
    rows = [school("一小") | draw(figures()), junior("一中") | draw(figures())]
    two, one = draw(figures()), draw(figures())
    shared = {c: two[c] for c in SHARED}
    for stage in ("primary", "junior"):
        rows.append(school("九年", stage, kind="nine_year") | draw(figures()) | shared)
    people = {f"{c}_{s}": v for s in ("primary", "junior") for c, v in draw(figures()).items() if c not in SHARED}
    rows.append(one_row("nine_year", people=people) | {c: one[c] for c in SHARED} | {"school": "联校"})
    return frame(*rows)


@pytest.mark.slow
@few
@given(county=counties())
def test_what_is_short_is_enough_and_a_step_less_is_not(county: pd.DataFrame) -> None:
    ev = jh.evaluate(county, QUALITY)
    rows = jh.shortfalls(ev)
    less = [row["short_school"] - step(row) for _, row in rows.iterrows()]
    second = rows["shared"] & (rows["stage"] == "junior")  # a school's one figure is changed for one stage at a time
    keys = ["row", "stage", "indicator"]
    for some in (rows[second], rows[~second]):
        for change, verdict in ((some["short_school"], "met"), (pd.Series(less, rows.index)[some.index], "unmet")):
            after = ev.apply(some.assign(change=change)).schools
            judged = some[keys].astype(object).merge(after.astype(dict.fromkeys(keys, object)), on=keys)
            assert len(judged) == len(some) and set(judged["verdict"]) <= {verdict}


def exact(x: float) -> Fraction:
    return Fraction(repr(float(x)))


@pytest.mark.slow
@given(county=counties())
def test_amounts_agree_with_exact_fractions(county: pd.DataFrame) -> None:
    ev = jh.evaluate(county, QUALITY)
    rows = jh.shortfalls(ev)
    found = {(r["row"], r["stage"], r["column"]): r for _, r in rows.iterrows()}
    weight = {"primary": 10, "junior": 11}
    for n, row in county.iterrows():
        in_one_row = row["school"] == "联校"
        for stage in ("primary", "junior") if in_one_row else (row["stage"],):
            suffix = f"_{stage}" if in_one_row else ""
            by_stage = {
                s: row[f"students_{s}"]
                if in_one_row
                else county[(county.school == "九年") & (county.stage == s)].students.sum()
                for s in weight
            }
            for column, scale, limits in SEVEN.values():
                shared = column in SHARED
                share = Fraction(1)
                if shared and row["school"] in ("九年", "联校"):
                    share = Fraction(
                        weight[stage] * int(by_stage[stage]), sum(weight[s] * int(by_stage[s]) for s in weight)
                    )
                typed = exact(row[column if shared else column + suffix])
                students = Fraction(int(row["students" + suffix]))
                got = found.pop((n, stage, column), None)
                gaps = [Fraction(t) * students / scale - typed * share for t in limits[stage]]
                if gaps[0] <= 0:
                    assert got is None, (n, stage, column)
                    continue
                assert got is not None and got["shared"] == (
                    share != 1 or (shared and row["school"] in ("九年", "联校"))
                )
                for gap, section, whole_school in zip(
                    gaps, ("short", "short_of_floor"), ("short_school", "short_of_floor_school"), strict=True
                ):
                    for exactly, amount in ((max(gap, 0), got[section]), (max(gap, 0) / share, got[whole_school])):
                        if columns()[column].whole:
                            assert amount == math.ceil(exactly)
                        else:
                            assert 0 <= exact(amount) - exactly <= Fraction(1, 10**9) * max(1, exactly / 10**5)
                            long = len(repr(float(row[column]))) > 12 if shared else False
                            assert exact(amount) == exactly or share != 1 or long
                assert math.isclose(got["has"], typed * share) and math.isclose(got["needs"], gaps[0] + typed * share)
    assert not found


@pytest.mark.slow
@few
@given(county=counties())
def test_filling_every_gap_leaves_none(county: pd.DataFrame) -> None:
    """All rows at once: a school that meets everything has no rows."""
    ev = jh.evaluate(county, QUALITY)
    rows = jh.shortfalls(ev)
    rows = rows.assign(change=rows["short_school"]).sort_values("change", kind="stable")
    # a school's one figure is filled once, by the most that a stage asks for
    shared = rows[rows["shared"]].drop_duplicates(["school", "column"], keep="last")
    after = ev.apply(pd.concat([shared, rows[~rows["shared"]]]))
    assert len(jh.shortfalls(after)) == 0
    assert set(after.school_verdicts["verdict"]) == {"met"}


@pytest.mark.slow
@few
@given(county=counties())
def test_filling_to_the_floor_reaches_the_floor(county: pd.DataFrame) -> None:
    ev = jh.evaluate(county, QUALITY)
    rows = jh.shortfalls(ev)
    rows = rows.assign(change=rows["short_of_floor_school"]).sort_values("change", kind="stable")
    shared = rows[rows["shared"]].drop_duplicates(["school", "column"], keep="last")
    after = ev.apply(pd.concat([shared, rows[~rows["shared"]]]))
    assert set(after.schools["floor_verdict"]) == {"met"}
    left = jh.shortfalls(after)
    assert (left["short_of_floor"] == 0).all() and (left["short"] > 0).all()


@pytest.mark.slow
@few
@given(county=counties(), factor=st.integers(2, 7))
def test_scaling_students_and_amounts_scales_what_is_short(county: pd.DataFrame, factor: int) -> None:
    larger = county.copy()
    for name in larger.columns:
        if larger[name].dtype.kind in "if":
            larger[name] = [math.nan if v != v else float(Decimal(repr(float(v))) * factor) for v in larger[name]]
    one, many = lacks(county), lacks(larger)
    assert one[["row", "stage", "indicator"]].equals(many[["row", "stage", "indicator"]])
    np.testing.assert_allclose(many["needs"] - many["has"], factor * (one["needs"] - one["has"]), rtol=1e-9, atol=1e-9)
    measured = ~one["column"].isin([c for c in columns() if columns()[c].whole])
    np.testing.assert_allclose(many["short"][measured], factor * one["short"][measured], rtol=1e-9, atol=1e-8)
    assert (many["short"] <= factor * one["short"] + 1e-6).all()


# ---------------------------------------------------------------------------------------- worked examples


def test_a_school_that_meets_everything_has_no_rows() -> None:
    assert len(lacks(frame(school(), junior()))) == 0


def test_exactly_at_the_threshold_is_not_short_and_a_millimetre_below_is() -> None:
    # 4.5 m2 for 500 students
    assert len(lacks(frame(school(teaching_area_m2=2250.0)))) == 0
    row = only(lacks(frame(school(teaching_area_m2=2249.999))))
    assert (row["short"], row["needs"], row["short_of_floor"], row["unit"]) == (0.001, 2250.0, 0.0, "m2")


def test_decimals_stay_decimals() -> None:
    """0.1 + 0.2 is 0.3: what 3 students at 0.9 a hundred need, and what 4.5 a student leaves."""
    row = only(lacks(frame(school(students=37, teaching_area_m2=0.1))), column="teaching_area_m2")
    assert row["short"] == 166.4
    row = only(lacks(frame(school(students=333, pe_art_teachers=2))), column="pe_art_teachers")
    assert (row["needs"], row["short"], row["short_of_floor"]) == (2.997, 1.0, 1.0)


def test_a_nine_year_school_adds_more_than_the_section_lacks() -> None:
    """100 and 100 students: the junior section has 1.1 / 2.1 of the rooms, the primary one 1 / 2.1."""
    rows = [
        school("九年", s, students=100, kind="nine_year", multimedia_classrooms=3, **ROOMY)
        for s in ("primary", "junior")
    ]
    got = lacks(frame(*rows))
    first, second = (only(got, stage=s) for s in ("primary", "junior"))
    # 2.3 - 3 / 2.1 = 0.871…: one room; times 2.1 it is 1.83: two
    assert (first["short"], first["short_school"], first["shared"]) == (1.0, 2.0, True)
    # 2.4 - 3.3 / 2.1 = 0.828…: one room; times 2.1 / 1.1 it is 1.58: two
    assert (second["short"], second["short_school"]) == (1.0, 2.0)
    total = only(jh.shortfall_totals(got))
    assert (total["total"], total["n_schools"]) == (2.0, 1)  # one purchase serves both
    assert jh.shortfall_totals(got, by=["county", "stage"])["total"].tolist() == [2.0, 2.0]


ROOMY = {"teaching_area_m2": 9000.0, "sports_area_m2": 9000.0, "equipment_value_cny": 9e6}


def test_people_of_an_integrated_school_are_never_divided() -> None:
    rows = [
        school("九年", s, students=400, kind="nine_year", **ROOMY, multimedia_classrooms=99)
        for s in ("primary", "junior")
    ]
    got = lacks(frame(*rows).assign(pe_art_teachers=[3, 2]))
    assert got[["has", "short", "short_school"]].values.tolist() == [[3.0, 1.0, 1.0], [2.0, 2.0, 2.0]]
    assert not got["shared"].any()


def test_what_is_missing_is_listed_with_its_reason_and_never_as_no_shortage() -> None:
    got = lacks(frame(school(multimedia_classrooms=None), school("二小", students=None)))
    row = only(got, school="一小")
    assert row["reason"] == "missing_value" and row["short"] is None and row["needs"] is None
    assert len(pick(got, school="二小")) == 7
    total = only(jh.shortfall_totals(got), column="multimedia_classrooms")
    assert (total["n_schools"], total["n_undetermined"], total["total"]) == (0, 2, 0.0)


def test_schools_that_do_not_count_are_not_listed() -> None:
    poor = dict.fromkeys(GOOD, 0)
    got = lacks(frame(school(included="否", **poor), school("二小", students=0, **poor), school("三小", **poor)))
    assert got["school"].unique().tolist() == ["三小"] and len(got) == 7


def test_the_one_exception_of_2017_may_be_any_row_alone() -> None:
    got = lacks(frame(school(multimedia_classrooms=10, pe_art_teachers=4), school("二小", students=None)))
    assert got["may_stay_at_floor"].tolist() == [True, True] + [False] * 7
    assert not lacks(frame(conditions(books=0)), SHANDONG)["may_stay_at_floor"].any()


def test_amounts_of_the_shandong_tables() -> None:
    # 12 classes: 26.01 m2 of land a student; 24 m2 the 500 of them have too little
    got = lacks(frame(conditions(land_area_m2=12981.0, straight_track_m=60.0, basketball_courts=0)), SHANDONG)
    land = only(got, column="land_area_m2")
    assert (land["needs"], land["short"], land["short_of_floor"]) == (13005.0, 24.0, None)
    assert only(got, column="straight_track_m")["short"] == 40.0
    assert only(got, column="basketball_courts")["short"] == 1.0


def test_between_two_sizes_the_stricter_number_is_what_is_needed() -> None:
    table = frame(conditions(classes=15, land_area_m2=100.0, basketball_courts=1))
    ev = jh.evaluate(table, SHANDONG)
    got = jh.shortfalls(ev)
    land = only(got, column="land_area_m2")  # 26.01 for 12 classes, 23.48 for 18
    assert land["needs"] == 13005.0
    assert verdicts_after(ev, pick(got, column="land_area_m2"), [land["short"]]) == ["met"]
    assert verdicts_after(ev, pick(got, column="land_area_m2"), [land["short"] - 0.01]) == ["undetermined"]
    courts = only(got, column="basketball_courts")  # 1 or 2: one is not known to be too few
    assert courts["reason"] == "size_between" and courts["short"] is None and courts["has"] == 1.0


@pytest.mark.parametrize("between", ["linear", "smaller", "larger"])
def test_between_two_sizes_by_a_chosen_rule(between: str) -> None:
    std = jh.load_standard(SHANDONG).with_options(between_sizes=between)
    ev = jh.evaluate(frame(conditions(classes=14, land_area_m2=100.0)), std)
    rows = jh.shortfalls(ev)
    # 14 of 12 … 18 classes: a third of the way from 26.01 to 23.48
    value = {
        "linear": Fraction("26.01") - Fraction("2.53") / 3,
        "smaller": Fraction("26.01"),
        "larger": Fraction("23.48"),
    }
    assert abs(exact(rows["needs"].iloc[0]) - value[between] * 500) < 1e-9
    assert verdicts_after(ev, rows, rows["short_school"]) == ["met"]
    assert verdicts_after(ev, rows, rows["short_school"] - 1e-6) == ["unmet"]


def test_at_most_so_many_students_a_teacher_asks_for_teachers(tmp_path: Path) -> None:
    std = custom(tmp_path, both_stages(indicator="students_per_teacher", op="<=", value=19))
    table = frame(
        school(students=500, teachers=20), school("二小", students=380, teachers=20), school("三小", teachers=0)
    )
    table = table.drop(columns=["teachers_above_required_degree", "teachers_mid_or_senior_title", "pe_art_teachers"])
    table = table.drop(columns="backbone_teachers")
    ev = jh.evaluate(table, std)
    got = jh.shortfalls(ev)
    assert got[["school", "column", "has", "short"]].values.tolist() == [
        ["一小", "teachers", 20.0, 7.0],
        ["三小", "teachers", 0.0, 27.0],
    ]
    assert verdicts_after(ev, got, got["short"]) == ["met", "met"]
    assert verdicts_after(ev, got, got["short"] - 1) == ["unmet", "unmet"]


@pytest.mark.parametrize(
    ("op", "has", "short"),
    [(">=", 99.5, 0.5), (">", 100.0, 1e-9), (">", 99.5, 0.500000001), ("<=", 100.25, -0.25), ("<", 100.0, -1e-9)],
)
def test_every_comparison_of_a_measured_amount(tmp_path: Path, op: str, has: float, short: float) -> None:
    std = custom(tmp_path, both_stages(indicator="straight_track_length", op=op, value=100))
    ev = jh.evaluate(frame(school(straight_track_m=has)), std)
    rows = jh.shortfalls(ev)
    assert rows["short"].tolist() == [short]
    assert verdicts_after(ev, rows, rows["short"]) == ["met"]


@pytest.mark.parametrize(
    ("op", "value", "has", "short"),
    [
        (">", 3, 3, 1),
        (">", 3.5, 3, 1),
        ("<=", 3.5, 5, -2),
        ("<", 3, 3, -1),
        ("<=", 3, 5, -2),
        ("==", 3, 1, 2),
        ("==", 3, 5, -2),
    ],
)
def test_every_comparison_of_things_in_wholes(tmp_path: Path, op: str, value: float, has: int, short: int) -> None:
    std = custom(tmp_path, both_stages(indicator="volleyball_courts", op=op, value=value))
    ev = jh.evaluate(frame(school(volleyball_courts=has)), std)
    rows = jh.shortfalls(ev, unit_costs={"volleyball_courts": 5})
    assert rows["short"].tolist() == [short]
    assert rows["cost"].tolist() == [max(0, 5 * short)]  # too much of a thing costs nothing
    assert verdicts_after(ev, rows, rows["short"]) == ["met"]
    assert verdicts_after(ev, rows, rows["short"] - np.sign(short)) in (["unmet"], [])


def test_a_relaxation_counts_with_what_a_school_has() -> None:
    """Sports ground that a school in a dense city centre converted counts, once the relaxation is asked for."""
    std = jh.load_standard(QUALITY).with_options(relaxations=["dense-city-centre-sports"])
    row = school(sports_area_m2=3000.0, converted_sports_area_m2=500.25, dense_city_centre="是")
    for standard, short in ((QUALITY, 750.0), (std, 249.75)):
        ev = jh.evaluate(frame(row), standard)
        rows = jh.shortfalls(ev)
        assert rows["short"].tolist() == [short] and rows["has"].tolist() == [3750.0 - short]
        assert verdicts_after(ev, rows, rows["short"]) == ["met"]
        assert verdicts_after(ev, rows, rows["short"] - 0.001) == ["unmet"]


def test_a_relaxation_counts_with_what_a_school_has_where_its_pupils_are_missing() -> None:
    std = jh.load_standard(QUALITY).with_options(relaxations=["dense-city-centre-sports"])
    row = school(students=None, sports_area_m2=3000.0, converted_sports_area_m2=500.25, dense_city_centre="是")
    sports = only(lacks(frame(row), std), column="sports_area_m2")
    assert (sports["has"], sports["reason"]) == (3500.25, "missing_value") and sports["short"] is None


def test_a_figure_with_a_long_tail_gets_an_amount_that_is_enough(tmp_path: Path) -> None:
    """What a spreadsheet divided has sixteen digits; the sum is rounded to a float, and must not fall short."""
    for has in (1234.5678901234567, 4000 / 7, 1e-9, 2249.9999999999995):
        ev = jh.evaluate(frame(school(teaching_area_m2=has)), QUALITY)
        rows = jh.shortfalls(ev)
        assert verdicts_after(ev, rows, rows["short"]) == ["met"]
        assert 0 <= exact(rows["short"].iloc[0]) - (2250 - exact(has)) <= Fraction(1, 10**8)


def test_an_amount_is_enough_even_where_no_float_holds_what_is_needed(tmp_path: Path) -> None:
    std = custom(tmp_path, both_stages(indicator="teaching_area_per_student", value=4.123456789012345))
    # 977 pupils need 4028.617282865061065 m2; what is missing has fewer digits, and the sum is rounded down
    ev = jh.evaluate(frame(school(students=977, teaching_area_m2=6.1065e-11)), std)
    rows = jh.shortfalls(ev)
    assert verdicts_after(ev, rows, rows["short"]) == ["met"] and rows["short"].iloc[0] < 4028.6173


def test_nor_does_a_school_fall_short_whose_figure_is_divided_and_all_of_one_stage() -> None:
    area = "teaching_area_per_student"
    std = in_few_figures(Rule((area,), ((area, "primary", Fraction("4.123456789012345")),)))
    row = {"county": "甲县", "school": "联校", "kind": "nine_year", "teaching_area_m2": 6.1065e-11}
    ev = jh.evaluate(frame(row | {"students_primary": 977, "students_junior": 0}), std)
    rows = jh.shortfalls(ev)
    assert rows["shared"].tolist() == [True]
    assert verdicts_after(ev, rows, rows["short_school"]) == ["met"]


# ------------------------------------------------------------------------------------------ costs and totals


def test_costs_are_of_the_column_or_of_the_indicator() -> None:
    table = frame(school(multimedia_classrooms=10, pe_art_teachers=4))
    got = lacks(table, unit_costs={"multimedia_classrooms": Decimal("0.1"), "pe_art_teachers": 7})
    assert got.set_index("column")["cost"].to_dict() == {"multimedia_classrooms": 0.2, "pe_art_teachers": 7.0}
    named = {"multimedia_classrooms": 3, "multimedia_classrooms_per_hundred_students": 4, "pe_art_teachers": 0}
    got = lacks(table, unit_costs=named)
    assert got.set_index("column")["cost"].to_dict() == {"multimedia_classrooms": 8.0, "pe_art_teachers": 0.0}
    assert got.set_index("column")["cost_of_floor"].to_dict() == {"multimedia_classrooms": 0.0, "pe_art_teachers": 0.0}


def test_the_cost_of_a_floor_is_of_what_the_school_must_add() -> None:
    """Of a nine-year school with 500 and 500 pupils 10 parts in 21 are the primary stage's, 11 the juniors'."""
    of_both = {"kind": "nine_year", "resources_cover": "school", "teaching_area_m2": 1000.0}
    rows = lacks(frame(school("九年", **of_both), junior("九年", **of_both)), unit_costs=dict.fromkeys(SHARED, 2))
    area = pick(rows, column="teaching_area_m2")
    assert (area["short_of_floor"] < area["short_of_floor_school"]).all()
    assert area["cost_of_floor"].tolist() == pytest.approx([2 * x for x in area["short_of_floor_school"]])


def test_a_missing_or_wrong_cost_is_told_with_all_others() -> None:
    table = frame(school(multimedia_classrooms=10, pe_art_teachers=4, teaching_area_m2=None))
    with pytest.raises(jh.InputError, match="no cost for pe_art_teachers, multimedia_classrooms, which schools lack"):
        lacks(table, unit_costs={})
    with pytest.raises(jh.InputError) as caught:
        lacks(table, unit_costs={"computer": 1, "books": -1, "pe_art_teachers": "dear", "computers": float("nan")})
    text = str(caught.value)
    assert "unknown column or indicator 'computer'; did you mean 'computers'" in text
    assert "the cost of books must be a number of at least 0, not -1" in text
    assert "pe_art_teachers must be a number of at least 0, not 'dear'" in text and "computers must be" in text
    with pytest.raises(jh.InputError, match=r"must map columns \(or indicators\) to costs, not int"):
        lacks(table, unit_costs=3)


def test_a_standard_without_thresholds_has_no_shortfalls() -> None:
    with pytest.raises(jh.InputError, match="has no thresholds for schools"):
        lacks(frame(school()), BASIC)


@few
@given(county=counties(), seed=st.integers(0, 9))
def test_totals_are_sums(county: pd.DataFrame, seed: int) -> None:
    county = county.assign(county=["甲县", "乙县", "乙县", "乙县", "甲县"])
    ev = jh.evaluate(county, QUALITY)
    rows = jh.shortfalls(ev, unit_costs=COSTS)
    shuffled = rows.sample(frac=1, random_state=seed)
    for got in (jh.shortfall_totals(ev, unit_costs=COSTS), jh.shortfall_totals(shuffled)):
        assert got.groupby("column").size().max() <= 2
        for _, total in got.iterrows():
            own = pick(rows, county=total["county"], column=total["column"])
            # of a school's one figure the larger amount serves both stages
            once = own.groupby(["school", np.where(own["shared"], "", own["stage"])])
            assert total["n_schools"] == own["school"].nunique()
            for name, of in (("total", "short_school"), ("total_of_floor", "short_of_floor_school"), ("cost", "cost")):
                assert total[name] == pytest.approx(once[of].max().sum(), rel=1e-12)
            assert total["cost"] == pytest.approx(total["total"] * COSTS[total["column"]], rel=1e-12)
    by_stage = jh.shortfall_totals(rows, by="stage")
    for _, total in by_stage.iterrows():
        own = pick(rows, stage=total["stage"], column=total["column"])
        assert total["total"] == pytest.approx(own["short_school"].sum(), rel=1e-12)


@pytest.mark.parametrize("named", [[], ["school"], ["school_code"], ["school", "school_code"]])
def test_totals_tell_schools_apart_by_their_rows_if_nothing_names_them(named: list[str]) -> None:
    """Two schools that lack the same are two; a list without name and code has the rows that say which is which."""
    alone = [school(f"{i}小", school_code=f"0{i}", multimedia_classrooms=10) for i in range(2)]
    of_both = {"kind": "nine_year", "school_code": "09", "resources_cover": "school", "multimedia_classrooms": 10}
    rows = lacks(frame(*alone, school("九年", **of_both), junior("九年", **of_both)), unit_costs=COSTS)
    rows = rows[rows["column"] == "multimedia_classrooms"]
    assert rows["row"].tolist() == [0, 1, 2, 3] and rows["short"].tolist()[:2] == [2.0, 2.0]  # 2.3 a hundred
    total = only(jh.shortfall_totals(rows.drop(columns=[c for c in ("school", "school_code") if c not in named])))
    # the stages of one school share its rooms: the larger amount serves both, if they are known to be one school
    short = rows["short_school"].tolist()[2:]
    assert (total["n_schools"], total["total"]) == ((3, 4.0 + max(short)) if named else (4, 4.0 + sum(short)))


def test_two_indicators_that_ask_for_the_same_thing_are_bought_for_once(tmp_path: Path) -> None:
    both = both_stages(indicator="teachers_per_student", value=0.06) + both_stages(
        indicator="students_per_teacher", op="<=", value=20
    )
    std = custom(tmp_path, both)
    got = lacks(frame(school(students=500, teachers=20)).drop(columns=["backbone_teachers", "pe_art_teachers"]), std)
    assert got["short"].tolist() == [10.0, 5.0]
    assert only(jh.shortfall_totals(got))["total"] == 10.0


def test_the_shortage_list_of_a_town(tmp_path: Path) -> None:
    """A town's list of 2015: 240 computers for 1.2 million, 26 boards for 780 thousand, 10 000 books for 100 thousand.

    Its own list gives no requirements; those here are the town's to say, and make the shortages it names.
    """
    teachers, pupils = [40, 23, 17, 11, 9, 3, 3, 4], [50, 45, 10, 25, 0, 0, 0, 0]
    computers = [a + b for a, b in zip(teachers, pupils, strict=True)]
    boards = [12, 2, 5, 6, 1, 0, 0, 0]  # the parts printed make 25, the sum 26: one more is needed somewhere
    books = [4000, 2500, 1500, 1000, 500, 250, 150, 100]
    rooms = [0.0, 0.0, 300.0, 300.0, 300.0, 120.5, 300.0, 300.0]
    std = custom(
        tmp_path,
        [
            {"indicator": "computers_per_hundred_students", "stage": "primary", "value": 30},
            {"indicator": "multimedia_classrooms_per_hundred_students", "stage": "primary", "value": 10},
            {"indicator": "books_per_student", "stage": "primary", "value": 25},
            {"indicator": "indoor_sports_room_area", "stage": "primary", "value": 300},
        ],
        school_rule={"kind": "all", "clause": "第一条", "source": "E", "standing": "confirmed"},
    )
    table = frame(
        *(
            {
                "county": "新铺镇", "school": f"第{i + 1}小学", "stage": "primary", "students": 400,
                "computers": 120 - computers[i], "multimedia_classrooms": 40 - boards[i],
                "books": 10_000 - books[i], "indoor_sports_room_m2": 300.0 - rooms[i],
            }
            for i in range(8)
        )
    )  # fmt: skip
    costs = {"computers": 5000, "multimedia_classrooms": 30_000, "books": 10, "indoor_sports_room_m2": 1500}
    ev = jh.evaluate(table, std)
    by_school = jh.shortfalls(ev)
    for name, wanted in (("computers", computers), ("multimedia_classrooms", boards), ("books", books)):
        assert pick(by_school, column=name)["short"].tolist() == [w for w in wanted if w]
    assert pick(by_school, column="indoor_sports_room_m2")["short"].tolist() == [
        300.0,
        300.0,
        300.0,
        120.5,
        300.0,
        300.0,
    ]
    totals = jh.shortfall_totals(ev, unit_costs=costs).set_index("column")
    assert totals[["n_schools", "total", "cost"]].T.to_dict("list") == {
        "computers": [8, 240, 1_200_000],
        "multimedia_classrooms": [5, 26, 780_000],
        "books": [8, 10_000, 100_000],
        "indoor_sports_room_m2": [6, 1620.5, 2_430_750],
    }


# ------------------------------------------------------------------------------------------------- doors


def test_totals_ask_for_what_they_can_use() -> None:
    ev = jh.evaluate(frame(school(books=1)), QUALITY)
    with pytest.raises(jh.InputError, match="an evaluation or a frame of shortfalls, not int"):
        jh.shortfall_totals(3)
    with pytest.raises(jh.InputError, match=r"missing columns: row, column, short_school, shared"):
        jh.shortfall_totals(frame(school()))
    with pytest.raises(jh.InputError, match="cannot group by 'town'"):
        jh.shortfall_totals(ev, by="town")
    with pytest.raises(jh.InputError, match="pass unit_costs to shortfalls"):
        jh.shortfall_totals(jh.shortfalls(ev), unit_costs={})


def test_what_is_wrong_is_said_in_chinese() -> None:
    ev = jh.evaluate(frame(school(multimedia_classrooms=10, pe_art_teachers=4)), QUALITY)
    wrong = {"computer": 1, "books": -1, "school": 3, "pe_art_teachers": {"palace": 1, "primary": -2}}
    asked: list[tuple[Any, str]] = [
        (lambda: jh.shortfalls(ev, unit_costs=3), "unit_costs 须为列（或指标）到单价的映射，而非 int"),
        (lambda: jh.shortfalls(ev, unit_costs=wrong), "“computer”既不是列名，也不是指标；是否指“computers”"),
        (lambda: jh.shortfalls(ev, unit_costs=wrong), "图书册数的单价须为不小于0的数，而非“-1”\n  “学校名称”列不是数"),
        (lambda: jh.shortfalls(ev, unit_costs=wrong), "“体育、艺术专任教师数”的单价中，“palace”不是规定的学校类型"),
        (lambda: jh.shortfalls(ev, unit_costs={"sports_area_per_student": -1}), "生均体育运动场馆面积的单价须为"),
        (lambda: jh.shortfalls(ev, unit_costs={}), "请逐项填写单价，不需费用的填0"),
        (lambda: jh.shortfalls(jh.evaluate(frame(school()), BASIC)), f"{BASIC} 未规定学校标准"),
        (lambda: jh.shortfall_totals(ev, by="town"), "缺额表没有“town”列"),
        (lambda: jh.shortfall_totals(3), "须用评估结果或缺额表"),
        (lambda: jh.shortfall_totals(frame(school())), "缺少列：row、column"),
    ]  # fmt: skip
    for ask, words in asked:
        with pytest.raises(jh.InputError) as caught:
            ask()
        text = caught.value.text("zh")
        assert words in text
        assert not re.search(r"\b(the|is|are|not|must|of|and|or)\b", text)


def test_totals_of_an_evaluation_with_labels_have_labels() -> None:
    ev = jh.evaluate(frame(school(pe_art_teachers=1), school("二小", county="乙县")), QUALITY)
    plain = jh.shortfall_totals(ev, by="stage")
    labelled = jh.shortfall_totals(ev.relabel("zh"), by="stage")
    assert plain["stage"].tolist() == ["primary"] and plain["unit"].tolist() == ["persons"]
    assert labelled.iloc[:, 0].tolist() == ["小学"] and labelled.iloc[:, 2].tolist() == ["人"]
    assert labelled.iloc[:, 3:].to_numpy().tolist() == plain.iloc[:, 3:].to_numpy().tolist()
    assert jh.shortfall_totals(ev.relabel("zh"))[jh.shortfall_totals(ev.relabel("zh")).columns[0]].tolist() == ["甲县"]


def test_without_floors_totals_of_floors_are_not_known(tmp_path: Path) -> None:
    std = custom(tmp_path, both_stages(indicator="books_per_student", value=40))
    totals = jh.shortfall_totals(jh.evaluate(frame(school()), std))
    assert totals["total"].tolist() == [5000] and totals["total_of_floor"].isna().all()


def test_an_empty_list_keeps_its_columns() -> None:
    full = lacks(frame(school(books=1, pe_art_teachers=0)), unit_costs=COSTS)
    empty = lacks(frame(school()), unit_costs={})
    assert list(empty.columns) == list(full.columns) and len(empty) == 0
    assert {c: str(t) for c, t in empty.dtypes.items()} == {c: str(t) for c, t in full.dtypes.items()}
    assert list(jh.shortfall_totals(empty).columns) == list(jh.shortfall_totals(full).columns)


@pytest.mark.parametrize(
    ("kept", "n"), [([], 3), (["school"], 2), (["school_code"], 3), (["school", "school_code"], 3)]
)
def test_schools_are_told_apart_by_whatever_a_list_of_shortfalls_has(kept: list[str], n: int) -> None:
    few = {"sports_area_m2": 1000.0}
    rows = [school(name, school_code=code, **few) for name, code in (("一小", "1"), ("一小", "2"), ("三小", "3"))]
    listed = lacks(frame(*rows)).drop(columns=[c for c in ("school", "school_code") if c not in kept])
    total = only(jh.shortfall_totals(listed), column="sports_area_m2")
    assert (total["n_schools"], total["total"]) == (n, 3 * 2750.0)
