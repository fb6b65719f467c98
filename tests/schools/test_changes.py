"""What if: cells change as they were asked to, exactly, all of them are listed, and what cannot be is told at once."""

import math
import pickle
import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from small_tables import QUALITY, frame, junior, one_row, only, pick, school

import junheng as jh
from junheng.changes import Add, Close, Cohorts, Enrolment, Merge, Open, applied
from junheng.schools import base_column

few = hypothesis_settings(max_examples=max(8, hypothesis_settings.default.max_examples // 4))


def judged(*rows: dict[str, Any], **options: Any) -> jh.Evaluation:
    return jh.evaluate(frame(*rows), QUALITY, **options)


def table_of(ev: jh.Evaluation) -> Any:
    """The table an evaluation was made from."""
    return ev.data.sections.schools.frame.to_native()


def numbers(table: pd.DataFrame) -> list[str]:
    return [c for c in table.columns if (f := base_column(c)) is not None and f[0].type == "number"]


def errors(ev: jh.Evaluation, changes: Any) -> list[tuple[str, str]]:
    """The problems of some changes: code and message."""
    with pytest.raises(jh.InputDataError) as caught:
        ev.apply(changes)
    return [(str(p.code), str(p)) for p in caught.value.problems]


def synthetic() -> st.SearchStrategy[pd.DataFrame]:
    return st.builds(
        jh.synthetic.county, seed=st.integers(0, 10**6), n_schools=st.integers(4, 12), conditions=st.just(False)
    )


@st.composite
def some_changes(draw: Any, table: pd.DataFrame) -> pd.DataFrame:
    """Draw amounts for some cells: in counts whole, in areas with two decimals."""
    columns = [c for c in numbers(table) if c not in ("students_senior", "built_year")]
    cells = draw(st.lists(st.tuples(st.integers(0, len(table) - 1), st.sampled_from(columns)), max_size=12))
    rows = []
    for row, column in cells:
        if math.isnan(table[column].iloc[row]):
            continue
        whole = base_column(column)[0].whole
        amount = draw(st.integers(1, 400)) if whole else draw(st.integers(1, 10**7)) / 100
        rows.append({"row": row, "column": column, "change": amount})
    return pd.DataFrame(rows, columns=["row", "column", "change"])


# ------------------------------------------------------------------------------------------- properties


@few
@given(data=st.data())
def test_a_change_and_its_opposite_give_the_same_table(data: Any) -> None:
    table = data.draw(synthetic())
    ev = jh.evaluate(table, QUALITY)
    changes = data.draw(some_changes(table))
    after = ev.apply(changes)
    back = applied(ev, changes)
    # what followed is taken back as well
    shared = [base_column(c)[0].shared for c in back["column"]]
    once = back[~(pd.Series(shared, dtype=bool) & back.duplicated(["school_code", "column"]))]
    again = after.apply(once.assign(change=once["before"] - once["after"])[["row", "column", "change"]][::-1])
    pd.testing.assert_frame_equal(table_of(again), table, check_exact=False, rtol=1e-15)
    pd.testing.assert_frame_equal(table_of(ev), table)


@few
@given(data=st.data())
def test_every_cell_that_differs_is_listed_and_no_other(data: Any) -> None:
    table = data.draw(synthetic())
    ev = jh.evaluate(table, QUALITY)
    changes = [data.draw(some_changes(table)), Enrolment(factor=data.draw(st.sampled_from([0.93, 1.05])))]
    listed = applied(ev, changes)
    after = table_of(ev.apply(changes))
    told = {(r["row"], r["column"]): (r["before"], r["after"]) for _, r in listed.iterrows()}
    for column in numbers(table):
        for row, (a, b) in enumerate(zip(table[column].tolist(), after[column].tolist(), strict=True)):
            if a == b or (a != a and b != b):
                assert (row, column) not in told
            else:
                assert told.pop((row, column)) == (a, b)
    assert not told
    assert list(after.columns) == list(table.columns)


@few
@given(data=st.data())
def test_additions_are_made_in_decimals(data: Any) -> None:
    table = data.draw(synthetic())
    changes = data.draw(some_changes(table))
    exact: dict[tuple[int, str], Decimal] = {}
    whole_school = dict(zip(range(len(table)), table["resources_cover"] == "school", strict=True))
    for _, c in changes.iterrows():
        rows = [c["row"]]
        if base_column(c["column"])[0].shared and whole_school[c["row"]]:
            rows = table.index[table["school_code"] == table["school_code"].iloc[c["row"]]].tolist()
        for row in rows:
            before = exact.get((row, c["column"]), Decimal(repr(float(table[c["column"]].iloc[row]))))
            exact[row, c["column"]] = before + Decimal(repr(float(c["change"])))
    after = table_of(jh.evaluate(table, QUALITY).apply(changes))
    for (row, column), wanted in exact.items():
        # a whole may have been raised further by its parts
        got = after[column].iloc[row]
        assert got == float(wanted) or (column in ("teachers", "staff", "classes") and got > float(wanted))


@few
@given(table=synthetic(), factor=st.integers(0, 3000).map(lambda x: x / 1000), stage=st.sampled_from([None, "primary"]))
def test_enrolment_is_rounded_half_up_school_by_school(table: pd.DataFrame, factor: float, stage: str | None) -> None:
    table = table[table["students"] > 0].reset_index(drop=True)
    after = table_of(jh.evaluate(table, QUALITY).apply(Enrolment(factor=factor, stage=stage)))
    for before, now, own in zip(table["students"], after["students"], table["stage"], strict=True):
        new = (Decimal(int(before)) * Decimal(repr(factor))).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        assert now == (int(new) if stage in (None, own) else before)


@few
@given(table=synthetic(), net=st.integers(-60, 400))
def test_cohorts_are_shared_out_whole_and_in_all(table: pd.DataFrame, net: int) -> None:
    primary = table["stage"] == "primary"
    total = int(table["students"][primary].sum())
    if total + net < 0 or not total:
        return
    ev = jh.evaluate(table, QUALITY)
    after = table_of(ev.apply(Cohorts(entering=500 + net, leaving=500, stage="primary")))
    assert int(after["students"][primary].sum()) == total + net
    assert after["students"][~primary].equals(table["students"][~primary])
    for before, now in zip(table["students"][primary], after["students"][primary], strict=True):
        assert abs(Fraction(int(before)) * (total + net) / total - now) < 1
    years = table_of(ev.apply(Cohorts(entering=3 * net if net > 0 else 0, leaving=0, years=2, stage="primary")))
    assert int(years["students"][primary].sum()) == total + max(0, 6 * net)


@few
@given(data=st.data())
def test_a_merger_keeps_every_sum(data: Any) -> None:
    table = data.draw(synthetic()).drop(columns=["students_senior"])
    # their senior pupils stood in the column that was dropped
    table = table[~table["kind"].isin(["twelve_year", "complete_secondary"])].reset_index(drop=True)
    kinds = table["kind"].where(table["kind"] != "teaching_point", "primary")
    kind = kinds.iloc[data.draw(st.integers(0, len(table) - 1))]
    codes = table["school_code"][kinds == kind].unique().tolist()
    into, others = codes[0], codes[1:]
    if not others:
        return
    ev = jh.evaluate(table, QUALITY)
    change = Merge(schools=others, into=into)
    after = table_of(ev.apply(change))
    assert sorted(after["school_code"].unique()) == sorted(set(table["school_code"]) - set(others))
    not_summed = {"ring_track_m", "straight_track_m", "periodical_titles", "reference_titles"}
    for column in set(numbers(table)) - not_summed:
        shared = base_column(column)[0].shared
        for some in (table, after):
            if shared:  # a school's one figure stands in each of its rows
                some = some[(some["resources_cover"] == "stage") | ~some.duplicated("school_code")]
            if some is not after:
                wanted = sum((Decimal(repr(float(x))) for x in some[column]), Decimal(0))
            elif shared:
                assert sum((Decimal(repr(float(x))) for x in some[column]), Decimal(0)) == wanted, column
        if not shared:
            assert after[column].sum() == table[column].sum(), column
    assert (pick(after, school_code=into)["kind"] == pick(table, school_code=into)["kind"]).all()
    gone = pick(applied(ev, change), cause="removed")
    assert set(gone["school_code"]) == set(others)


@few
@given(table=synthetic(), data=st.data())
def test_pupils_of_a_closed_school_go_on_elsewhere(table: pd.DataFrame, data: Any) -> None:
    table = table.drop(columns=["students_senior"])
    table = table[~table["kind"].isin(["twelve_year", "complete_secondary"])].reset_index(drop=True)
    single = table[table["kind"].isin(["primary", "teaching_point"])]["school_code"].tolist()
    if len(single) < 2:
        return
    gone, to = single[0], data.draw(st.sampled_from(single[1:]))
    ev = jh.evaluate(table, QUALITY)
    after = table_of(ev.apply(Close(school=gone, students_to=to)))
    assert after["students"].sum() == table["students"].sum() and len(after) == len(table) - 1
    assert after["teachers"].sum() == table["teachers"].sum() - pick(table, school_code=gone)["teachers"].sum()
    n = int(pick(table, school_code=gone)["students"].iloc[0])
    other = pick(table, school_code=to)
    row = {"school_code": "NEW", "school": "新校", "kind": "primary", "stage": "primary", "books": 12}
    half = int(other["students"].iloc[0]) // 2
    opened = table_of(ev.apply([Close(school=gone, students_to={to: n}), Open(row=row, moved_students={to: half})]))
    assert opened["students"].sum() == table["students"].sum()
    assert opened["students"].iloc[-1] == half and math.isnan(opened["teachers"].iloc[-1])
    assert opened["county"].iloc[-1] == table["county"].iloc[0]


def test_what_is_judged_is_the_changed_table() -> None:
    """Applying is evaluating the table that was changed by hand, with the same standard, options and facts."""
    table = jh.synthetic.county(seed=3, n_schools=12, missing=0.03)
    facts = {"370100": {"layout_plan": True}}
    std = jh.load_standard(QUALITY)
    ev = jh.evaluate(table, std, county_facts=facts, missing="omit", by="county_code")
    after = ev.apply(
        [
            Add("books", 7, school=table.dropna(subset="books")["school_code"].iloc[0]),
            Enrolment(factor=0.9, stage="junior"),
        ]
    )
    by_hand = jh.evaluate(table_of(after), std, county_facts=facts, missing="omit", by="county_code")
    assert after.provenance.items() >= by_hand.provenance.items()
    for name in ("schools", "school_verdicts", "indicators", "items", "verdicts"):
        pd.testing.assert_frame_equal(getattr(after, name), getattr(by_hand, name))
    assert after.relabel("zh").apply([]).language == "zh"


# ------------------------------------------------------------------------------------------ single figures


def test_a_part_raised_above_its_whole_raises_the_whole_just_enough() -> None:
    ev = judged(school(staff=36, teachers=35, teachers_above_required_degree=33))
    change = Add("teachers_above_required_degree", 5, school="一小")
    got = applied(ev, change)[["column", "before", "after", "cause"]].values.tolist()
    assert got == [
        ["teachers_above_required_degree", 33.0, 38.0, "asked"],
        ["teachers", 35.0, 38.0, "followed"],
        ["staff", 36.0, 38.0, "followed"],
    ]
    assert applied(ev, Add("pe_art_teachers", 29, school="一小"))["column"].tolist() == ["pe_art_teachers"]
    # with the teachers themselves hired too, nothing is left to follow
    both = [change, Add("teachers", 5, school="一小"), Add("staff", 5, school="一小")]
    assert set(applied(ev, both)["cause"]) == {"asked"}


def test_what_is_given_and_taken_again_is_no_change() -> None:
    ev = judged(school())
    both = [Add("books", 5, school="一小"), Add("books", -5, school="一小")]
    assert len(applied(ev, both)) == 0 and ev.apply(both).provenance["changes"][0]["cells"] == 0


def test_a_whole_cannot_be_taken_from_under_its_parts() -> None:
    ev = judged(school(teachers=35, teachers_above_required_degree=33))
    (code, text), *more = errors(ev, Add("teachers", -4, school="一小"))
    assert code == "part_exceeds_whole" and not more
    assert "taking 4 from teachers leaves 31, but 33 of them are counted in teachers_above_required" in text
    fine = [Add("teachers", -4, school="一小"), Add("teachers_above_required_degree", -4, school="一小")]
    assert table_of(ev.apply(fine))["teachers"].tolist() == [31]


def test_a_school_brought_exactly_to_a_threshold_meets_it() -> None:
    # 4.5 m2 for 500 pupils are 2250; in binary 2249.9 + 0.1 is fine, 2244.7 + 5.3 is not
    for has in (2249.9, 2244.7, 2250 - 0.07):
        ev = judged(school(teaching_area_m2=has))
        missing = float(Decimal(2250) - Decimal(repr(has)))
        after = ev.apply(Add("teaching_area_m2", missing, school="一小"))
        assert table_of(after)["teaching_area_m2"].tolist() == [2250.0]
        assert only(after.schools, indicator="teaching_area_per_student")["verdict"] == "met"


def test_the_shared_figure_of_a_school_changes_in_all_its_rows() -> None:
    rows = [school("九年", s, kind="nine_year") for s in ("primary", "junior")]
    ev = judged(*rows)
    for change in (
        Add("computers", 5, school="九年"),
        Add("computers", 5, school="九年", stage="primary"),
        pd.DataFrame({"row": [1], "column": ["computers"], "change": [5]}),
    ):
        assert table_of(ev.apply(change))["computers"].tolist() == [85, 85]
    # each stage's own: only that stage's
    own = judged(*[school("九年", s, kind="nine_year", computers=c) for s, c in (("primary", 80), ("junior", 60))])
    own = jh.evaluate(table_of(own).assign(resources_cover="stage"), QUALITY)
    assert table_of(own.apply(Add("computers", 5, school="九年", stage="junior")))["computers"].tolist() == [80, 65]
    (code, text), *_ = errors(own, Add("computers", 5, school="九年"))
    assert code == "ambiguous_school" and "specify the stage" in text


def test_people_of_a_school_in_one_row_change_by_stage_and_in_all() -> None:
    people = {
        "students_primary": 300,
        "students_junior": 200,
        "students": 500,
        "teachers_primary": 20,
        "teachers_junior": 15,
    }
    people |= {
        "teachers": 35,
        "teachers_above_required_degree_primary": 20,
        "teachers_above_required_degree_junior": 10,
    }
    people |= {f"{c}_{s}": 5 for c in ("backbone_teachers", "pe_art_teachers") for s in ("primary", "junior")}
    ev = judged(one_row("nine_year", people=people))
    hired = table_of(ev.apply(Add("teachers_above_required_degree", 2, school="联校", stage="primary"))).iloc[0]
    assert hired[["teachers_above_required_degree_primary", "teachers_primary", "teachers"]].tolist() == [22, 22, 37]
    fewer = table_of(ev.apply(Enrolment(factor=0.5, stage="junior"))).iloc[0]
    assert fewer[["students_primary", "students_junior", "students"]].tolist() == [300, 100, 400]
    same = table_of(ev.apply(Add("students_junior", -100, school="联校"))).iloc[0]
    assert same.equals(fewer)
    (code, text), *_ = errors(ev, Add("teachers", 2, school="联校"))
    assert code == "ambiguous_school"
    assert "primary and junior in the table, each with its own teachers; specify the stage" in text


def test_the_enrolment_of_a_stage_changes_wherever_the_table_says_it() -> None:
    rows = [
        school("完中", "junior", kind="complete_secondary", students=300, students_junior=300, students_senior=400),
        school("完中", "senior", kind="complete_secondary", students=400, students_junior=300, students_senior=400),
    ]
    after = table_of(judged(*rows).apply(Enrolment(factor=0.9)))
    assert after[["students", "students_junior", "students_senior"]].values.tolist() == [
        [270, 270, 400],
        [400, 270, 400],
    ]


def test_figures_that_a_change_makes_equal_are_still_each_stages_own() -> None:
    """Equal figures on all rows would be read as the whole school's, and halved."""
    own = dict.fromkeys(("sports_area_m2", "equipment_value_cny", "computers", "books"))
    rows = [
        school("九年", s, kind="nine_year", multimedia_classrooms=14, teaching_area_m2=a, **own)
        for s, a in (("primary", 3000.0), ("junior", 2900.0))
    ]
    ev = judged(*rows)
    assert not ev.data.sections.divided.any()
    change = Add("teaching_area_m2", 100, school="九年", stage="junior")
    after = ev.apply(change)
    assert table_of(after)["resources_cover"].tolist() == ["stage", "stage"]
    assert pick(after.schools, indicator="teaching_area_per_student")["value"].tolist() == [6.0, 6.0]
    assert pick(applied(ev, change), cause="stated")["note"].tolist() == ["stage", "stage"]


def test_migrant_pupils_are_never_more_than_pupils() -> None:
    ev = judged(school(students=100, migrant_students=90))
    got = applied(ev, Enrolment(factor=0.8))[["column", "after", "cause"]].values.tolist()
    assert got == [["students", 80.0, "enrolment"], ["migrant_students", 80.0, "followed"]]


def test_half_a_pupil_is_one() -> None:
    after = judged(school(students=25), school("二小", students=35)).apply(Enrolment(factor=0.9))
    assert table_of(after)["students"].tolist() == [23, 32]  # 22.5 and 31.5


# ----------------------------------------------------------------------------------- mergers and the like


def test_what_cannot_be_added_up_stays_and_is_said() -> None:
    ev = judged(
        school("一小", kind="primary", area_type="town", ring_track_m=200.0),
        school("教学点", kind="teaching_point", area_type="rural", ring_track_m=60.0, students=20),
    )
    got = applied(ev, Merge(schools=["教学点"], into="一小"))
    kept = pick(got, cause="kept")[["school", "column", "note"]].values.tolist()
    assert [k[:2] for k in kept] == [["一小", "kind"], ["一小", "area_type"], ["一小", "ring_track_m"]]
    assert kept[0][2] == "remains primary; 甲县 / 教学点 / primary had teaching_point"
    after = table_of(ev.apply(Merge(schools=["教学点"], into="一小")))
    assert after[["students", "kind", "ring_track_m", "books"]].values.tolist() == [[520, "primary", 200.0, 30000]]


def test_an_unknown_figure_makes_the_sum_unknown() -> None:
    ev = judged(school(), school("二小", teachers=None, books=None), school("三小"))
    after = table_of(ev.apply(Merge(schools=["二小", "三小"], into="一小")))
    assert after[["teachers", "books"]].isna().all(axis=None) and after["students"].tolist() == [1500]
    after = table_of(ev.apply(Merge(schools=["三小"], into="二小")))
    assert after[["teachers", "books"]].isna().values.tolist() == [[False, False], [True, True]]


def test_a_primary_school_merges_into_a_nine_year_school() -> None:
    two = [school("九年", s, kind="nine_year", students=300) for s in ("primary", "junior")]
    after = table_of(judged(*two, school()).apply(Merge(schools=["一小"], into="九年")))
    assert after["students"].tolist() == [800, 300] and after["multimedia_classrooms"].tolist() == [28, 28]
    people = {"students": 500, "students_primary": 300, "students_junior": 200}
    after = table_of(judged(one_row("nine_year", people=people), school()).apply(Merge(schools=["一小"], into="联校")))
    assert after[["students", "students_primary", "students_junior", "books"]].values.tolist() == [
        [1000, 800, 200, 30000]
    ]


def test_schools_that_cannot_be_merged() -> None:
    stages = [school("九年", s, kind="nine_year", books=b) for s, b in (("primary", 1), ("junior", 2))]
    whole = [school("又九年", s, kind="nine_year") for s in ("primary", "junior")]
    ev = judged(school(), junior(), *stages, *whole)
    (code, text), *more = errors(ev, Merge(schools=["一中"], into="一小"))
    assert code == "cannot_merge" and not more and "has a junior stage but 一小 does not; close both and open" in text
    ev = jh.evaluate(table_of(ev).assign(resources_cover=["stage"] * 4 + ["school"] * 2), QUALITY)
    (code, text), *more = errors(ev, Merge(schools=["又九年"], into="九年"))
    assert code == "cannot_merge" and "covers all its stages, that of 九年 one stage each; bring both" in text
    (code, text), *_ = errors(ev, Merge(schools="一中", into="一小"))
    assert "schools must be a list, such as ['一中']" in text
    assert [c for c, _ in errors(ev, [Merge(schools=["九年"], into="又九年"), Add("books", 1, school="九年")])] == [
        "unknown_school"
    ]


def test_closing_and_opening_account_for_every_pupil() -> None:
    ev = judged(school(), school("二小"), junior())
    found = [
        errors(ev, change)[0]
        for change in (
            Close(school="一小"),
            Close(school="一小", students_to={"二小": 499}),
            Close(school="一小", students_to="一中"),
            Close(school="一小", students_to="一小"),
            Open(row={"school": "新校", "stage": "primary", "students": 10}, moved_students={"二小": 20}),
            Open(row={"school": "新校", "stage": "primary"}, moved_students={"二小": 501}),
            Open(row={"school": "新校"}, moved_students={"二小": 5}),
            Open(row={"stage": "primary", "bookz": 3, "books": -1}),
        )
    ]
    wanted = [
        ("missing_value", "specify with students_to where its 500 pupils go"),
        ("out_of_range", "students_to moves 499 pupils, but there are 500; every pupil must go somewhere"),
        ("cannot_merge", "this school has no primary stage, so it cannot take the pupils of 一小"),
        ("cannot_merge", "a closed school cannot take its own pupils"),
        ("out_of_range", "20 pupils move to the new school '新校', but its enrolment is 10; enter at least 20"),
        ("below_zero", "501 cannot be taken from the 500 in students; take at most 500"),
        ("missing_key", "but its stage is missing; for several stages, open one row each"),
        ("unknown_column", "the table has no column 'bookz', which the new school has; did you mean 'books'?"),
    ]
    for (code, text), (wanted_code, words) in zip(found, wanted, strict=True):
        assert code == wanted_code and words in text, text
    assert [c for c, _ in errors(ev, Open(row={"stage": "primary", "bookz": 3, "books": -1}))] == [
        "unknown_column", "missing_key", "negative_value",
    ]  # fmt: skip
    gone = ev.apply(Close(school="一小", students_to={"二小": 500}))
    assert table_of(gone)["students"].tolist() == [1000, 500]
    assert gone.provenance["changes"][0]["rows_removed"] == 1


# ------------------------------------------------------------------------------------------- what is wrong


def test_all_problems_are_told_at_once_and_read_well() -> None:
    ev = judged(school(), school("二小", books=None), county_facts=None)
    changes = [
        Add("bookz", 3, school="一 小"),
        Add("book", 3, school="一小"),
        Add("school", 3, school="一小"),
        Add("computers", float("inf"), school="一小"),
        Add("computers", "many", school="一小"),
        Add("computers", None, school="一小"),
        Add("computers", -81, school="一小"),
        Add("books", 3, school="二小"),
        Add("land_area_m2", 3, school="二小"),
        Add("teachers", 3, school="一小", stage="junior"),
        Add("teachers", 3, school="一小", stage="kindergarten"),
        Enrolment(factor=-1),
        Enrolment(factor=0.9, county="乙县"),
        Enrolment(factor=0.9, stage="senior"),
        Cohorts(entering=1.5, leaving=2, stage="primary"),
        Cohorts(entering=0, leaving=2000, stage="primary"),
        Add("books", 1, school="一小", year=2020),
    ]
    found = errors(ev, changes)
    wanted = [
        ("unknown_school", "no school '一 小' in the table; did you mean '一小'"),
        ("unknown_column", "unknown column 'bookz'; did you mean 'books'?"),
        ("unknown_column", "unknown column 'book'; did you mean 'books'?"),
        ("unknown_column", "school does not hold figures, so nothing can be added to it"),
        ("infinite_value", "the amount of computers for 一小 must be a finite number, not inf"),
        ("text_in_number", "the amount of computers for 一小 must be a finite number, not 'many'"),
        ("missing_value", "the amount of computers for 一小 must be a finite number, not None"),
        ("missing_value", "the current figure is missing, so nothing can be added; fill in books first"),
        ("missing_column", "the table has no column 'land_area_m2'; add it, with the figure of each school"),
        ("out_of_range", "this school has no junior stage in the table, only primary"),
        ("unknown_category", "unknown stage 'kindergarten'; use one of primary, junior, senior"),
        ("negative_value", "the factor of Enrolment must not be negative, but is -1"),
        ("unknown_county", "no county '乙县' in the table"),
        ("out_of_range", "enrolment can be changed for primary or junior schools only, not senior"),
        ("not_whole", "Cohorts requires whole numbers of pupils and years, 0 or more, not 1.5"),
        ("missing_column", "the table has no column 'year'; omit the year"),
        ("below_zero", "81 cannot be taken from the 80 in computers; take at most 80"),
        ("below_zero", "2000 cannot be taken from the 500 in students; take at most 500"),
    ]  # fmt: skip
    assert [c for c, _ in found] == [c for c, _ in wanted]
    for (_, text), (_, words) in zip(found, wanted, strict=True):
        assert words in text, text


def test_a_frame_names_schools_by_row_or_by_key() -> None:
    ev = jh.evaluate(frame(school(county="甲县"), school(county="乙县"), junior(county="乙县")), QUALITY)
    by_row = pd.DataFrame({"row": [1], "column": ["books"], "change": [Decimal("2.5")], "cost": ["dear"]})
    by_key = pd.DataFrame({"county": ["乙县"], "school": ["一小"], "column": ["books"], "change": [2.5]})
    for change in (by_row, by_key, by_row.assign(school="一小", county="乙县"), [by_key], by_key.assign(stage="小学")):
        assert table_of(ev.apply(change))["books"].tolist() == [15000, 15002.5, 15000]
    bad = pd.DataFrame(
        {
            "county": ["甲县", None, "乙县", "乙县"],
            "school": ["一中", "一小", None, "一中"],
            "column": ["books", "books", "books", None],
            "change": [1, 1, 1, 1],
        }
    )
    found = errors(ev, bad)
    assert [c for c, _ in found] == ["unknown_school", "ambiguous_school", "missing_key", "missing_value"]
    assert "change 0: no school '甲县 / 一中' in the table" in found[0][1]
    assert (
        "2 schools are called '一小' (甲县 / 一小 / primary; 乙县 / 一小 / primary); specify the county" in found[1][1]
    )
    rows = pd.DataFrame({"row": [3, -1, 0, 0.5, 0], "column": "books", "change": [1, 1, float("nan"), 1, 1]})
    found = errors(ev, rows.assign(school=["一小", "一小", "一小", "一小", "二小"]))
    assert [c for c, _ in found] == ["unknown_school"] * 2 + ["missing_value"] + ["unknown_school"] * 2
    assert "names row 3, which is not a school; the table has rows 0 to 2" in found[0][1]
    assert "names row 0 and '二小', but that row is '一小'; are the row numbers from another table?" in found[-1][1]


@pytest.mark.parametrize("row", [float("inf"), "x", 0.5, -1, 2, "0"])
def test_a_row_that_the_table_does_not_have_is_named(row: Any) -> None:
    ev = judged(school("一小"), school("二小"))
    ((code, text),) = errors(ev, pd.DataFrame({"row": [row], "column": ["books"], "change": [1]}))
    assert code == "unknown_school"
    assert f"change 0 names row {row}, which is not a school; the table has rows 0 to 1" in text


def test_ambiguous_schools_are_told_apart_by_county_year_or_code() -> None:
    rows = [school(county=c, year=y, school_code=f"{c}1") for c in ("甲县", "乙县") for y in (2024, 2025)]
    ev = judged(*rows)
    (code, text), *_ = errors(ev, Add("books", 1, school="一小"))
    assert (
        code == "ambiguous_school"
        and "4 schools are called '一小'" in text
        and "specify the county, year or code" in text
    )
    changed = table_of(ev.apply(Add("books", 1, school="一小", county="乙县", year=2025)))
    assert changed["books"].tolist() == [15000, 15000, 15000, 15001]
    changed = table_of(ev.apply(Add("books", 1, school="甲县1", year="2024")))
    assert changed["books"].tolist() == [15001, 15000, 15000, 15000]
    assert table_of(ev.apply(Enrolment(factor=0.5, year=2025)))["students"].tolist() == [500, 250, 500, 250]
    (code, text), *_ = errors(ev, Cohorts(entering=1, leaving=0, stage="primary"))
    assert "applies to the pupils of one county, but there are 4; specify the county (and year)" in text
    (code, text), *_ = errors(ev, Open(row={"school_code": "x", "stage": "primary"}))
    assert code == "missing_key" and "county of the new school 'x' is missing, and the table has several" in text


@pytest.mark.parametrize("changes", [3, "books", {"books": 1}, [3], None])
def test_what_is_no_change_is_refused(changes: Any) -> None:
    with pytest.raises(jh.InputError, match=r"frame .*Add|frame with the columns"):
        judged(school()).apply(changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (Add("computers", -81, school="一小"), "教学用计算机台数现为80，减少81后为负数；最多可减少80"),
        (Add("computers", 1, school="九小"), "表中没有学校“九小”"),
        (Add("teachers", "x", school="一小"), "一小专任教师数的改动量须为数字，而非“x”"),
        (Add("teachers", -20, school="一小"), "减少20后为15，但其中高于规定学历教师数为27；请一并减少"),
        (Merge(schools=["一中"], into="一小"), "该校有初中学段，一小没有"),
        (Close(school="一小"), "请用 students_to 写明其500名学生的去向"),
        ([Close(school="一小", students_to="二小"), Add("books", 1, school="一小")], "该校已被前面的改动撤销"),
        (Open(row={"school": "新校"}, moved_students={"一小": 5}), "学生转入新设学校“新校”；请写明其学段"),
    ],
)
def test_what_cannot_be_changed_is_told_in_chinese_too(changes: Any, words: str) -> None:
    with pytest.raises(jh.InputDataError) as caught:
        judged(school(), school("二小"), junior()).apply(changes)
    (problem,) = caught.value.problems
    assert words in problem.text("zh")
    assert set(re.findall("[A-Za-z_]{2,}", problem.sentence("zh"))) <= {"students_to"}


def test_a_frame_of_changes_says_what_it_lacks() -> None:
    with pytest.raises(jh.InputError, match="missing: 'change'"):
        judged(school()).apply(pd.DataFrame({"column": ["books"], "row": [0]}))
    with pytest.raises(jh.InputError, match="'column', 'change', and 'row' or the school; missing: 'row'"):
        judged(school()).apply(pd.DataFrame({"column": ["books"], "change": [0], "county": ["甲县"]}))


# ------------------------------------------------------------------------------------------------- doors


def test_provenance_tells_what_was_changed_and_a_result_stays_one() -> None:
    ev = judged(school(), school("二小"))
    one = Add("books", 10, school="一小")
    assert "changes" not in ev.provenance
    first, same = ev.apply(one), ev.apply([one])
    assert first.provenance == same.provenance and first.provenance["changes"][0]["cells"] == 1
    other = ev.apply(Add("books", 11, school="一小"))
    assert other.provenance["changes"][0]["digest"] != first.provenance["changes"][0]["digest"]
    new = [ev.apply(Open(row={"school": n, "stage": "primary", "students": 9})).provenance for n in ("三小", "四小")]
    assert new[0]["changes"][0]["digest"] != new[1]["changes"][0]["digest"]
    twice = first.apply(Enrolment(factor=0.9))
    assert [c["cells"] for c in twice.provenance["changes"]] == [1, 2]
    assert ev.apply([]).provenance["changes"][0]["cells"] == 0
    twice.to_dict()
    assert repr(first) == repr(ev)
    again = pickle.loads(pickle.dumps(first))
    assert again.apply(one).provenance == first.apply(one).provenance


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_every_library_gives_the_same_table(library: str) -> None:
    table = jh.synthetic.county(seed=2, n_schools=10)
    schools = table["school"][table["kind"] == "primary"].tolist()
    changes = [
        Add("books", 20, school=schools[0]),
        Add("teaching_area_m2", 0.25, school=schools[0]),
        Enrolment(factor=0.97),
        Merge(schools=[schools[1]], into=schools[0]),
        Open(
            row={"school": "新校", "school_code": "n", "stage": "primary", "kind": "primary", "students": 9, "books": 3}
        ),
    ]
    wanted = table_of(jh.evaluate(table, QUALITY).apply(changes))
    if library == "polars":
        native = pytest.importorskip("polars").from_pandas(table)
        before = native.schema
    else:
        native = pytest.importorskip("pyarrow").Table.from_pandas(table)
        before = {f.name: f.type for f in native.schema}
    ev = jh.evaluate(native, QUALITY)
    after = table_of(ev.apply(changes))
    assert jh.results.records(after) == jh.results.records(wanted)
    now = after.schema if library == "polars" else {f.name: f.type for f in after.schema}
    assert {k: str(v) for k, v in now.items()} == {k: str(v) for k, v in before.items()}
    assert type(applied(ev, changes)).__module__.startswith(library)


def test_columns_keep_their_type_where_it_holds_the_figures() -> None:
    table = frame(school(), school("二小")).astype({"books": "Int32", "teachers": "int16", "computers": "str"})
    ev = jh.evaluate(table, QUALITY)
    after = table_of(ev.apply([Add(c, 1, school="一小") for c in ("books", "teachers", "students", "computers")]))
    assert {c: str(after[c].dtype) for c in ("books", "teachers", "students")} == {
        "books": "Int32", "teachers": "int16", "students": "int64",
    }  # fmt: skip
    assert [float(x) for x in after["computers"]] == [81.0, 80.0]
    large = table_of(ev.apply(Add("teachers", 10**6, school="一小")))
    assert large["teachers"].tolist() == [10**6 + 35, 35]  # more than sixteen bits hold


def test_in_chinese_the_list_has_chinese_words() -> None:
    ev = judged(school(teachers=27), school("二小", kind="teaching_point")).relabel("zh")
    got = applied(ev, [Add("backbone_teachers", 25, school="一小"), Merge(schools=["二小"], into="一小")])
    assert got["项目（列）"].iloc[0] == "县级以上骨干教师数"
    assert {"合并", "撤销", "保持不变"} <= set(got["原因"])
    assert {"并入他校", "保持空；甲县 / 二小 / primary为教学点"} <= set(got["备注"])


def test_the_input_is_never_touched() -> None:
    table = frame(school(), school("二小"))
    copy = table.copy()
    ev = jh.evaluate(table, QUALITY)
    verdicts = ev.verdicts.copy()
    ev.apply([Add("books", 5, school="一小"), Enrolment(factor=0.5), Merge(schools=["二小"], into="一小")])
    pd.testing.assert_frame_equal(table, copy)
    pd.testing.assert_frame_equal(ev.verdicts, verdicts)
    assert np.array_equal(ev.data.sections.students, [500, 500])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_plan_of_a_relabelled_evaluation_can_be_applied(language: str) -> None:
    """Headers, columns and stages of the frame are labels then; they are taken as what they stand for."""
    ev = jh.evaluate(jh.synthetic.county(seed=1), "cn-quality-balance-2017")
    costs = {i.numerator: 1 for i in ev.data.indicators}
    plain, labelled = (jh.plan(e, unit_costs=costs, nodes=0) for e in (ev, ev.relabel(language)))
    assert labelled.changes["column" if language == "en" else "项目（列）"][0] != plain.changes["column"][0]
    assert jh.changes.applied(ev, labelled.changes).equals(jh.changes.applied(ev, plain.changes))
