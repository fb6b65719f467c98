"""Which schools matter, how far it is to a limit, what would turn, and where a budget a year leads."""

import math
import re
import sys
from collections.abc import Callable
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from small_tables import BASIC, GOOD, QUALITY, SHANDONG, conditions, frame, junior, only, pick, school

import junheng as jh

few = hypothesis_settings(max_examples=max(8, hypothesis_settings.default.max_examples // 4))


def counties(most: int = 12) -> st.SearchStrategy[pd.DataFrame]:
    return st.builds(
        jh.synthetic.county,
        seed=st.integers(0, 10**6),
        n_schools=st.integers(3, most),
        conditions=st.just(False),
        resourcing=st.sampled_from([0.9, 1.3]),
    )


# ------------------------------------------------------------------------------------------- contributions


@few
@given(table=counties())
def test_shares_are_those_of_exact_fractions_and_add_up(table: pd.DataFrame) -> None:
    ev = jh.evaluate(table, QUALITY)
    got = jh.contributions(ev)
    assert len(got) == 7 * int(ev.school_verdicts["counted"].sum())
    for _, own in got.groupby(["stage", "indicator"], observed=True):
        weights = [Fraction(int(p)) for p in own["students"]]
        values = [Fraction(x) for x in own["value"]]
        mean = sum(w * x for w, x in zip(weights, values, strict=True)) / sum(weights)
        parts = [w * (x - mean) ** 2 for w, x in zip(weights, values, strict=True)]
        if not sum(parts) or own["coefficient"].iloc[0] < 1e-9:
            assert sum(parts) != 0 or own["share"].isna().all()
            continue
        for part, share in zip(parts, own["share"], strict=True):
            assert share == pytest.approx(float(part / sum(parts)), rel=1e-9, abs=1e-12)
        assert own["share"].sum() == pytest.approx(1, rel=1e-9)
        np.testing.assert_allclose(own["mean"], float(mean), rtol=1e-12)


@few
@given(table=counties(), data=st.data())
def test_influence_is_what_leaving_the_school_out_does(table: pd.DataFrame, data: Any) -> None:
    table = table[table["kind"].isin(["primary", "junior", "teaching_point"])].reset_index(drop=True)
    assume(len(table) > 1 and (table["students"] > 0).any())
    gone = data.draw(st.integers(0, len(table) - 1))
    ev = jh.evaluate(table, QUALITY)
    own = pick(jh.contributions(ev), row=gone)
    rest = table.drop(index=gone)
    after = jh.evaluate(rest, QUALITY).indicators.set_index(["stage", "indicator"])["coefficient"]
    for _, row in own.iterrows():
        without = after.get((row["stage"], row["indicator"]), math.nan)
        if math.isnan(without):
            assert math.isnan(row["influence"])
        else:
            assert row["influence"] == pytest.approx(without - row["coefficient"], rel=1e-9, abs=1e-12)


@few
@given(table=counties())
def test_the_composite_is_the_mean_of_its_parts(table: pd.DataFrame) -> None:
    ev = jh.evaluate(table, BASIC)
    got = jh.contributions(ev)
    for (_, _), own in got.groupby(["stage", "row"], observed=True):
        joint, parts = only(own, indicator="composite"), own[own["indicator"] != "composite"]
        if joint["share"] is None:
            assert parts["coefficient"].isna().any() or (parts["coefficient"] == 0).all()
            continue
        weighted = (parts["coefficient"] * parts["share"].fillna(0)).sum() / parts["coefficient"].sum()
        assert joint["share"] == pytest.approx(weighted, rel=1e-9)
        if joint["influence"] is not None:
            assert joint["influence"] == pytest.approx(parts["influence"].mean(), rel=1e-9, abs=1e-12)
    for _, own in got[got["indicator"] == "composite"].groupby("stage", observed=True):
        assert own["share"].isna().all() or own["share"].sum() == pytest.approx(1, rel=1e-9)


def test_a_worked_example_of_shares() -> None:
    """600 pupils with 1 m2 and 200 with 5 m2: the mean is 2, the parts are 600 and 1800."""
    rows = [school(students=600, sports_area_m2=600.0), school("二小", students=200, sports_area_m2=1000.0)]
    got = pick(jh.contributions(jh.evaluate(frame(*rows), QUALITY)), indicator="sports_area_per_student")
    assert got["share"].tolist() == pytest.approx([0.25, 0.75]) and got["mean"].tolist() == [2.0, 2.0]
    assert got["coefficient"].iloc[0] == pytest.approx(math.sqrt(3) / 2)
    assert got["influence"].tolist() == pytest.approx([-math.sqrt(3) / 2] * 2)


def test_alike_schools_share_nothing_and_gaps_are_gaps() -> None:
    got = jh.contributions(jh.evaluate(frame(school(), school("二小")), QUALITY))
    assert got["share"].isna().all() and (got["influence"] == 0).all()
    table = frame(school(books=1000), school("二小", books=3000), school("三小", books=None))
    for missing, known in (("propagate", 0), ("omit", 2)):
        got = pick(jh.contributions(jh.evaluate(table, BASIC, missing=missing)), indicator="books_per_student")
        assert got["share"].notna().sum() == got["influence"].notna().sum() == known, missing
        assert got["share"].sum() == pytest.approx(known / 2)


def test_a_standard_without_indicators_has_no_contributions() -> None:
    with pytest.raises(jh.InputError, match="no indicators per student, so there are no coefficients"):
        jh.contributions(jh.evaluate(jh.synthetic.county(n_schools=3), "cn-sn-memorandum-2012"))


# -------------------------------------------------------------------------------------------------- margins


@few
@given(table=counties(30), standard=st.sampled_from([QUALITY, BASIC]))
def test_margins_are_the_limit_less_the_coefficient(table: pd.DataFrame, standard: str) -> None:
    ev = jh.evaluate(table, standard)
    got = jh.margins(ev)
    wanted = ev.indicators[ev.indicators["limit"].notna()]
    assert len(got) == len(wanted) > 0
    both = got.astype({"indicator": str, "stage": str}).merge(
        wanted.astype({"indicator": str, "stage": str}), on=["stage", "indicator"], suffixes=("", "_of"), validate="1:1"
    )
    assert (both["margin"].dropna() == (both["limit_of"] - both["coefficient_of"]).dropna()).all()
    assert (both["verdict"].astype(str) == both["verdict_of"].astype(str)).all()
    known = both.dropna(subset="margin")
    assert ((known["margin"] >= 0) == (known["verdict"] == "met")).all()
    assert (known["relative"] == known["margin"] / known["limit"]).all()
    for _, own in known.groupby(["stage", "verdict"], observed=True):
        nearest = own[own["nearest"]]
        assert len(nearest) and (nearest["relative"].abs() == own["relative"].abs().min()).all()
        assert (own[~own["nearest"]]["relative"].abs() > nearest["relative"].abs().min()).all()


@few
@given(table=counties(), number=st.integers(0, 6))
def test_schools_that_would_turn_are_those_that_do(table: pd.DataFrame, number: int) -> None:
    """Against tables in which the indicator is really met everywhere, or really falls just short."""
    table = table[table["kind"].isin(["primary", "junior"]) & (table["students"] > 0)].reset_index(drop=True)
    assume(len(table))
    ev = jh.evaluate(table, QUALITY)
    indicator = ev.standard.indicators[number]
    got = jh.margins(ev)
    lacks = jh.shortfalls(ev)
    lacks = lacks[lacks["indicator"] == indicator]
    column = jh.indicators.catalogue()[indicator].numerator
    schools = pick(ev.schools, indicator=indicator)

    def complying(after: jh.Evaluation) -> pd.Series:
        return (after.school_verdicts["verdict"] == "met").set_axis(after.school_verdicts["row"])

    now = complying(ev)
    # counts cannot fall just short: the figure itself is set, as a decimal
    falls = table[column].astype(float).copy()
    for _, row in schools[schools["verdict"] == "met"].iterrows():
        students = table["students"].iloc[row["row"]]
        scale = jh.indicators.catalogue()[indicator].scale
        falls.iloc[row["row"]] = row["required"] * 0.999 * students / scale
    better = complying(ev.apply(lacks.assign(change=lacks["short_school"])))
    others = [c for c in GOOD if c != column]
    below = table.assign(**{column: falls}).assign(teachers=table["teachers"] + 9999, staff=table["staff"] + 9999)
    assert all(below[c].equals(table[c]) for c in others)
    worse = complying(jh.evaluate(below, QUALITY))
    for stage in ("primary", "junior"):
        rows = table.index[table["stage"] == stage]
        if not len(rows):
            continue
        told = only(got, stage=stage, indicator=indicator)
        assert told["n_schools"] == len(rows)
        assert told["n_unmet"] == (pick(schools, stage=stage)["verdict"] == "unmet").sum()
        assert told["n_would_pass"] == (~now[rows] & better[rows]).sum()
        assert told["n_would_fail"] == (now[rows] & ~worse[rows]).sum()


def test_a_worked_example_of_what_would_turn() -> None:
    rows = [
        school("全"),
        school("缺一", pe_art_teachers=4),
        school("缺二", pe_art_teachers=4, multimedia_classrooms=10),
        school("不明", pe_art_teachers=0, multimedia_classrooms=None),
    ]
    got = pick(jh.margins(jh.evaluate(frame(*rows), QUALITY)), stage="primary").set_index("indicator")
    counts = ["n_schools", "n_unmet", "n_would_pass", "n_would_fail"]
    # 4 of 500 are 0.8, above the floor of 0.765: six of seven are enough. What is not known passes nothing
    assert got.loc["pe_art_teachers_per_hundred_students", counts].tolist() == [4, 3, 1, 0]
    assert got.loc["multimedia_classrooms_per_hundred_students", counts].tolist() == [4, 1, 1, 1]
    assert got.loc["sports_area_per_student", counts].tolist() == [4, 0, 0, 1]


def test_thresholds_without_limits_are_listed_without_margins() -> None:
    got = jh.margins(jh.evaluate(frame(conditions(books=0), conditions(school="二校")), SHANDONG))
    row = only(got, indicator="books_per_student") if "books_per_student" in set(got["indicator"]) else None
    assert got["margin"].isna().all() and not got["nearest"].any() and (got["n_schools"] == 2).all()
    assert row is None or (row["n_unmet"], row["n_would_pass"]) == (1, 1)
    with pytest.raises(jh.InputError, match="has neither limits on coefficients nor thresholds for schools"):
        jh.margins(jh.evaluate(jh.synthetic.county(n_schools=3), "cn-sn-memorandum-2012"))


def test_an_undefined_coefficient_has_no_margin() -> None:
    got = jh.margins(jh.evaluate(frame(school(backbone_teachers=0), junior(pe_art_teachers=None)), QUALITY))
    row = only(got, stage="primary", indicator="backbone_teachers_per_hundred_students")
    assert (row["margin"], row["verdict"], row["nearest"]) == (None, "undetermined", False)


@pytest.mark.parametrize("make", [jh.contributions, jh.margins])
def test_frames_and_words(make: Any) -> None:
    table = jh.synthetic.county(seed=1, n_schools=8)
    wanted = make(jh.evaluate(table, BASIC))
    got = make(jh.evaluate(pytest.importorskip("polars").from_pandas(table), BASIC))
    assert type(got).__module__.startswith("polars") and jh.results.records(got) == jh.results.records(wanted)
    chinese = make(jh.evaluate(table, BASIC).relabel("zh"))
    assert not [c for c in chinese.columns if c.isascii()] and "综合差异系数" in set(chinese["指标"])


# --------------------------------------------------------------------------------------------- roll forward


def stand_in(calls: list[float]) -> Callable[..., Any]:
    """A plan that buys what is short, row after row, as long as the money lasts."""

    def plan(ev: jh.Evaluation, *, unit_costs: dict[str, Any], budget: float, progress: Any = None) -> SimpleNamespace:
        calls.append(budget)
        rows = jh.shortfalls(ev, unit_costs=unit_costs)
        rows = rows[~rows["shared"] & (rows["cost"].cumsum() <= budget)]
        cost = float(rows["cost"].sum())
        changes = rows.assign(change=rows["short"])[["row", "column", "change", "stage", "cost"]]
        return SimpleNamespace(changes=changes, cost=cost, after=ev.apply(changes), promise=None)

    return plan


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    out: list[float] = []
    monkeypatch.setattr(sys.modules["junheng.planning.roll_forward"], "plan", stand_in(out))
    return out


COSTS = {
    "teachers_above_required_degree": 1000, "backbone_teachers": 1000, "pe_art_teachers": 80_000, "sports_area_m2": 300,
    "teaching_area_m2": 2500, "equipment_value_cny": 1, "multimedia_classrooms": 30_000,
}  # fmt: skip


@pytest.mark.slow
def test_year_by_year_the_money_is_spent_and_what_is_left_is_carried_over(calls: list[float]) -> None:
    ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=20), QUALITY)
    got = jh.roll_forward(ev, unit_costs=COSTS, yearly_budget=500_000, until=2029, enrolment=0.98)
    assert got["year"].tolist() == [2025, 2026, 2027, 2028, 2029] and got["county"].tolist() == ["示例县"] * 5
    assert got["cost"].iloc[0] == got["budget"].iloc[0] == 0
    assert calls == got["budget"].tolist()[1:]
    assert (got["left"] == got["budget"] - got["cost"]).all() and (got["cost"] > 0).any()
    assert got["budget"].iloc[2] == 500_000 + got["left"].iloc[1]
    by_hand = ev
    for year in range(2026, 2030):
        by_hand = by_hand.apply(jh.changes.Enrolment(factor=0.98))
        made = stand_in([])(by_hand, unit_costs=COSTS, budget=got.set_index("year")["budget"][year])
        by_hand = by_hand.apply(made.changes)
        row = only(got, year=year)
        counted = by_hand.school_verdicts[by_hand.school_verdicts["counted"]]
        assert row["students"] == counted["students"].sum() and row["n_schools"] == len(counted)
        assert row["n_met"] == (counted["verdict"] == "met").sum()
        assert row["n_over"] == (by_hand.indicators["verdict"] == "unmet").sum()
        assert row["n_coefficients"] == 14 and row["verdict"] == only(by_hand.verdicts, part="resources")["verdict"]
    assert got["n_met"].iloc[-1] > got["n_met"].iloc[0]


def test_money_need_not_carry_over_and_may_differ_from_year_to_year(calls: list[float]) -> None:
    ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=8), QUALITY)
    plain = {"unit_costs": COSTS, "until": 2028, "carry_over": False}
    jh.roll_forward(ev, yearly_budget={2026: 1000, 2028: 0.5}, **plain)
    assert calls == [1000.0, 0.0, 0.5]


def test_enrolment_by_stage_by_changes_or_not_at_all(calls: list[float]) -> None:
    table = jh.synthetic.county(seed=0, n_schools=8).drop(columns="year")
    table = table[table["kind"].isin(["primary", "junior"])].reset_index(drop=True)
    ev = jh.evaluate(table, QUALITY)
    total = int(table["students"].sum())
    first, last = total, int(table["students"][table["stage"] == "junior"].sum())

    def students(enrolment: Any) -> list[float]:
        got = jh.roll_forward(
            ev, unit_costs=COSTS, yearly_budget=0, until=2027, start=2025, enrolment=enrolment, progress=False
        )
        return got["students"].tolist()

    assert students(None) == [first] * 3
    assert students({"primary": 0}) == [first, last, last]
    assert students(jh.changes.Cohorts(entering=0, leaving=2, stage="primary")) == [first, first - 2, first - 4]
    assert students([jh.changes.Enrolment(factor=1, stage="junior")]) == [first] * 3


def test_progress_is_told_and_labels_are_chinese(calls: list[float]) -> None:
    ev = jh.evaluate(frame(school(year=2025), junior(year=2025)), QUALITY).relabel("zh")
    seen: list[tuple[int, int]] = []
    got = jh.roll_forward(
        ev, unit_costs=COSTS, yearly_budget=1, until=2027, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(1, 2), (2, 2)] and not [c for c in got.columns if c.isascii()]
    assert got["结论"].tolist() == ["达标"] * 3 and got["年度"].tolist() == [2025, 2026, 2027]


def test_what_cannot_be_rolled_forward_is_refused(calls: list[float]) -> None:
    def roll(ev: jh.Evaluation, **options: Any) -> Any:
        return jh.roll_forward(ev, **({"unit_costs": COSTS, "yearly_budget": 1, "until": 2030} | options))

    none, one = jh.evaluate(frame(school()), QUALITY), jh.evaluate(frame(school(year=2025)), QUALITY)
    two = jh.evaluate(frame(school(year=2025), school(year=2024)), QUALITY)
    for ev, options, text in (
        (two, {}, "the table has 2 years; select one of them first"),
        (none, {}, "the table has no column 'year'; pass its year as start="),
        (one, {"start": 2024}, "the year of the table is 2025, not 2024; omit start"),
        (one, {"until": 2025}, "until must be later than 2025, the year of the table, not 2025"),
        (one, {"yearly_budget": -1}, "the budget of 2026 must be a number of at least 0, not -1"),
        (one, {"yearly_budget": {2027: "much"}}, "the budget of 2027 must be a number of at least 0, not 'much'"),
        (one, {"enrolment": {"senior": 1}}, "stage must be primary or junior, not 'senior'"),
        (one, {"enrolment": -1}, "the factor of Enrolment must not be negative"),
    ):
        with pytest.raises(jh.InputError, match=text) as caught:
            roll(ev, **options)
        chinese = caught.value.text("zh")
        if options != {"enrolment": -1}:  # words of changes
            assert re.search("[\u4e00-\u9fff]", chinese)
            assert not set(re.findall("[a-z]{2,}", chinese)) - {"start", "until", "year", "enrolment", "senior", "much"}
