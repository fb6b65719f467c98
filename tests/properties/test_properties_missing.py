"""Property 15 of the list: what is missing is never a pass, whatever is missing."""

import pandas as pd
import pytest
from counties import STANDARDS, few, figures, keyed, load, numerators, synthetic, table, with_gaps
from hypothesis import given
from hypothesis import strategies as st

import junheng as jh

VERDICTS_IN = ("schools", "school_verdicts", "indicators", "items", "verdicts")


def turned_into_met(before, after):
    """Return what is met in the second of two results and was not in the first, with its verdict there."""
    found = []
    for name in VERDICTS_IN:
        old, new = (keyed(getattr(ev, name)) for ev in (before, after))
        for column in {"verdict", "floor_verdict"} & set(new.columns):
            met = new.index[new[column].astype(object) == "met"]
            was = old[column].astype(object).reindex(met)
            found += [(name, column, key, verdict) for key, verdict in was.items() if verdict != "met"]
    return found


def evaluated(county, standard, missing="propagate"):
    """Return the result, None for a table that is refused: no pass either."""
    try:
        return jh.evaluate(county, standard, missing=missing)
    except jh.InputDataError:
        return None


@pytest.mark.parametrize("missing", ["propagate", "omit"])
@pytest.mark.parametrize("standard", STANDARDS)
@few
@given(county=synthetic(), data=st.data())
def test_a_gap_never_turns_anything_into_met(standard, missing, county, data):
    """15: figures blanked at random."""
    before = jh.evaluate(county, standard, missing=missing)
    columns = [c for c in figures(county) if c in set(numerators(load(standard)).values()) | {"students", "classes"}]
    cells = st.tuples(st.integers(0, len(county) - 1), st.sampled_from(columns))
    for row, column in data.draw(st.lists(cells, min_size=1, max_size=6)):
        county[column] = county[column].astype(float)
        county.loc[row, column] = None
    after = evaluated(county, standard, missing)
    assert after is None or not turned_into_met(before, after)


@pytest.mark.parametrize("missing", ["propagate", "omit"])
@pytest.mark.parametrize("standard", STANDARDS)
@few
@given(county=synthetic())
def test_with_a_column_blank_its_indicator_is_open_everywhere(standard, missing, county):
    """15: neither the indicator nor what rests on it can be met."""
    column = "books" if standard == STANDARDS[0] else "teaching_area_m2" if standard == STANDARDS[1] else "classes"
    ev = jh.evaluate(county.assign(**{column: float("nan")}), standard, missing=missing)
    blank = [i for i, c in numerators(ev.standard).items() if c == column]
    for frame in (ev.schools, ev.indicators):
        cells = frame[frame["indicator"].isin(blank)]
        assert not cells["verdict"].isin(["met", "unmet"]).any()
    assert not ev.items.loc[ev.items["part"] == "resources", "verdict"].isin(["met"]).any()


@pytest.mark.parametrize("standard", STANDARDS[:2])
@few
@given(county=with_gaps(share=0.03))
def test_a_coefficient_with_gaps_is_shown_or_not_and_never_judged(standard, county):
    """15: with "propagate" it is unknown, with "omit" that of the schools with data; what has no gap is alike."""
    propagate, omit = (keyed(jh.evaluate(county, standard, missing=m).indicators) for m in ("propagate", "omit"))
    gap = propagate["n_missing"] > 0
    assert (omit["n_missing"] == propagate["n_missing"]).all()
    for shown in (propagate, omit):
        assert shown.loc[gap, "verdict"].dropna().isin(["undetermined"]).all()
    assert propagate.loc[gap, "coefficient"].isna().all()
    some = gap & (omit["mean"].astype(float) > 0)  # of a mean of 0 there is no coefficient
    assert omit.loc[some, "coefficient"].notna().all()
    pd.testing.assert_frame_equal(propagate[~gap], omit[~gap])


@few
@given(county=with_gaps())
def test_how_much_is_missing_is_told(county):
    """15: schools and the share of their students, for each coefficient."""
    ev = jh.evaluate(county, STANDARDS[1])
    cells = ev.schools.merge(ev.school_verdicts[["row", "stage", "students"]], on=["row", "stage"])
    cells = cells[cells["counted"]]
    cells["gap"] = cells["value"].isna()
    cells["lost"] = cells["students"] * cells["gap"]
    wanted = cells.groupby(["stage", "indicator"], observed=True)[["gap", "lost", "students"]].sum()
    told = ev.indicators.set_index(["stage", "indicator"]).loc[wanted.index]
    assert told["n_missing"].tolist() == wanted["gap"].tolist()
    assert told["share_of_students_missing"].tolist() == pytest.approx((wanted["lost"] / wanted["students"]).tolist())


def integrated(kind, primary, junior, **columns):
    """Return one integrated school in two rows that repeat the figures of the whole school."""
    school = table(
        "primary",
        students=[primary, junior],
        **dict.fromkeys(numerators(load(STANDARDS[1])).values(), (primary + junior) * 10_000),
    )
    school["stage"] = ["primary", "junior"]
    return school.assign(school="一贯制学校", kind=kind, **columns)


@few
@given(
    primary=st.integers(50, 2000),
    junior=st.integers(50, 2000),
    blank=st.sampled_from(["sports_area_m2", "equipment_value_cny", "multimedia_classrooms"]),
    row=st.integers(0, 1),
)
def test_a_gap_does_not_make_a_school_keep_what_it_shares(primary, junior, blank, row):
    """15: equal figures on both rows are the whole school's; that one is missing on one row is no sign of the contrary.

    Else the school, no longer divided, has twice the rooms.
    """
    short = 4.5 * primary  # enough for the primary pupils alone
    school = integrated("nine_year", primary, junior, teaching_area_m2=short)
    before = jh.evaluate(school, STANDARDS[1])
    assert "met" not in before.schools.query("indicator == 'teaching_area_per_student'")["verdict"].tolist()
    school[blank] = school[blank].astype(float)
    school.loc[row, blank] = None
    after = evaluated(school, STANDARDS[1])
    assert after is None or not turned_into_met(before, after)


@pytest.mark.parametrize("blank", ["kind", "resources_cover"])
@pytest.mark.parametrize("kind", ["nine_year", "twelve_year", "complete_secondary"])
@few
@given(primary=st.integers(50, 2000), junior=st.integers(50, 2000), rows=st.sampled_from([[0], [1], [0, 1]]))
def test_a_word_left_out_does_not_make_a_school_keep_what_it_shares(blank, kind, primary, junior, rows):
    """15: the whole school's rooms are not the stage's own because a word is missing."""
    school = integrated(kind, primary, junior, teaching_area_m2=5.8 * junior, resources_cover="school")
    if kind != "nine_year":
        school["students_senior"] = primary
    if kind == "complete_secondary":
        school = school[1:].reset_index(drop=True)
        rows = [0]
    before = jh.evaluate(school, STANDARDS[1])
    school[blank] = school[blank].astype(object)
    school.loc[rows, blank] = None
    after = evaluated(school, STANDARDS[1])
    assert after is None or not turned_into_met(before, after)


@few
@given(county=synthetic(), data=st.data())
def test_raise_refuses_every_gap(county, data):
    """With missing="raise" each gap is named by its row and column, and without a gap nothing is refused."""
    columns = list(numerators(load(STANDARDS[1])).values())
    counted = jh.evaluate(county, STANDARDS[1], missing="raise").school_verdicts.query("counted")["row"].tolist()
    cells = st.tuples(st.sampled_from(counted), st.sampled_from(columns))
    gaps = set(data.draw(st.lists(cells, min_size=1, max_size=10)))
    county[columns] = county[columns].astype(float)
    for row, column in gaps:
        county.loc[row, column] = None
    with pytest.raises(jh.InputDataError) as refused:
        jh.evaluate(county, STANDARDS[1], missing="raise")
    assert {(p.row, p.column) for p in refused.value.problems if p.code == "missing_value"} == gaps


@few
@given(seed=st.integers(0, 1000), share=st.floats(0.01, 1))
def test_synthetic_counties_can_have_gaps(seed, share):
    """The public way to make gaps for a trial; keys and enrolment are never among them."""
    whole, holed = (jh.synthetic.county(seed=seed, missing=m) for m in (0.0, share))
    assert holed[["county", "school", "stage", "students"]].equals(whole[["county", "school", "stage", "students"]])
    assert holed["books"].isna().any() or share < 0.2
    assert isinstance(evaluated(holed, STANDARDS[1]), jh.Evaluation | None) and isinstance(holed, pd.DataFrame)


@pytest.mark.parametrize("n", range(1, 5))
def test_synthetic_counties_can_be_small(n):
    """Counts from 1 on are taken, and what comes out can be judged."""
    county = jh.synthetic.county(seed=0, n_schools=n)
    assert county["school_code"].nunique() == n
    assert jh.evaluate(county, STANDARDS[1]).provenance["rows"] == len(county)
