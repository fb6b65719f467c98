"""Integrated schools taken apart: nothing is lost, nobody is divided, and once is enough."""

from fractions import Fraction

import oracle
import pandas as pd
import pytest
from counties import STANDARDS, differences, few, figures, load, one_row_a_school, synthetic
from hypothesis import given, settings
from hypothesis import strategies as st

import junheng as jh
from junheng.schools import columns

STAGES = ("primary", "junior", "senior")
counties = synthetic(n_schools=(8, 30))
every_form = pytest.mark.parametrize("form", [lambda x: x, one_row_a_school], ids=["a row a stage", "a row a school"])
that_divides = pytest.mark.parametrize("standard", STANDARDS[:2])


@every_form
@that_divides
@few
@given(county=counties)
def test_each_stage_gets_its_share_and_nothing_is_lost(form, standard, county):
    """The shares of a school, that of its senior stage among them, add up to what it has; people stay as they are."""
    split = load(standard).split
    got = jh.split_stages(form(county), standard).set_index(["school_code", "stage"])
    assert sorted(got.index) == sorted(zip(county["school_code"], county["stage"], strict=True))
    for code, school in county.groupby("school_code"):
        weights = split.of_kind(school["kind"].iloc[0])
        enrolment = dict(zip(school["stage"], school["students"], strict=True))
        enrolment["senior"] = school["students_senior"].iloc[0]
        by_stage = {s: weights.weight(s) for s in STAGES if weights and weights.weight(s)}
        weighted = {s: Fraction(w) * int(enrolment[s]) for s, w in by_stage.items()}
        for _, row in school.iterrows():
            part = got.loc[(code, row["stage"])]
            for column in figures(county):
                if column not in split.resources or not weights:
                    assert column == "students_senior" or part[column] == row[column], column
                    continue
                share = weighted[row["stage"]] / sum(weighted.values()) if any(weighted.values()) else None
                assert oracle.error(part[column], (share and share * Fraction(row[column])) or share) <= 1
        kept = got.loc[code]
        for column in split.resources:
            if weights and not weights.senior and any(weighted.values()):
                assert oracle.error(kept[column].sum(), Fraction(school[column].iloc[0])) <= 1


@every_form
@pytest.mark.parametrize("standard", STANDARDS)
@few
@given(county=counties)
def test_splitting_twice_is_splitting_once(form, standard, county):
    once = jh.split_stages(form(county), standard)
    pd.testing.assert_frame_equal(jh.split_stages(once, standard), once, check_exact=True)


@every_form
@that_divides
@few
@given(county=counties, data=st.data())
def test_splitting_twice_is_splitting_once_whatever_columns_there_are(form, standard, county, data):
    resources = load(standard).split.resources
    lacking = data.draw(st.lists(st.sampled_from(resources), max_size=len(resources) - 1, unique=True))
    once = jh.split_stages(form(county.drop(columns=lacking)), standard)
    pd.testing.assert_frame_equal(jh.split_stages(once, standard), once, check_exact=True)


@every_form
@pytest.mark.parametrize("standard", STANDARDS)
@few
@given(county=counties)
def test_what_was_split_is_judged_as_what_was_not(form, standard, county):
    """evaluate(split_stages(x)) is evaluate(x)."""
    whole = form(county)
    split = jh.evaluate(jh.split_stages(whole, standard), standard)
    assert not differences(split, jh.evaluate(whole, standard))


@every_form
@pytest.mark.parametrize("standard", STANDARDS)
@few
@given(county=counties)
def test_what_a_standard_does_not_divide_is_left_as_it_is(form, standard, county):
    """A resource that the standard does not name stays the whole school's figure on each row."""
    split = load(standard).split
    named = set(split.resources) if split else set()
    got = jh.split_stages(form(county), standard).set_index(["school_code", "stage"]).sort_index()
    others = [c for c in figures(county) if columns()[c].shared and c not in named]
    wanted = county.set_index(["school_code", "stage"]).sort_index()[others]
    pd.testing.assert_frame_equal(got[others], wanted, check_dtype=False)


@pytest.mark.parametrize("standard", STANDARDS)
@few
@given(county=counties)
def test_one_row_a_school_is_judged_as_one_row_a_stage(standard, county):
    assert not differences(jh.evaluate(one_row_a_school(county), standard), jh.evaluate(county, standard))


@settings(few, max_examples=5)
@given(county=counties)
def test_the_schools_that_are_split_are_there(county):
    """The tests above are about something: such counties have integrated schools of several kinds."""
    kinds = set(jh.synthetic.county(seed=0, n_schools=60)["kind"])
    assert {"nine_year", "complete_secondary"} <= kinds and "nine_year" in set(county["kind"])
