"""The plan: against all plans of tiny counties, in fractions; then what holds of every plan."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from math import ceil
from typing import Any

import attrs
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from counties import differences, few, synthetic
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from tiny_counties import (
    Rule,
    School,
    Tiny,
    added,
    how_many,
    least_cost,
    passes,
    rules,
    squared,
    standard,
    table,
    tinies,
)

import junheng as jh
from junheng.results import records

QUALITY = "cn-quality-balance-2017"
BASIC = "cn-basic-balance-2012"
COSTS: dict[str, Any] = {
    "teachers": 90_000,
    "teachers_above_required_degree": 90_000,
    "teachers_mid_or_senior_title": 30_000,
    "backbone_teachers": 20_000,
    "pe_art_teachers": 80_000,
    "teaching_area_m2": {"primary": 3_000, "teaching_point": 3_500, "junior": 3_000, "nine_year": 3_000}
    | {"complete_secondary": 3_000, "twelve_year": 3_000},
    "sports_area_m2": 500,
    "equipment_value_cny": 1,
    "multimedia_classrooms": 60_000,
    "computers": 4_000,
    "books": 25,
}
#: As many examples as elsewhere; what a case is made from is small already.
many = settings(few, max_examples=settings.default.max_examples)
#: The same ones every time: a county that is hard to bring to a mean can take half a minute.
some = settings(few, max_examples=25, derandomize=True)
#: The cost a plan may differ by where sums are made in floats.
CENT = 1e-6


def planned(ev: jh.Evaluation, **how: Any) -> jh.planning.Plan:
    return jh.plan(ev, **({"unit_costs": COSTS, "progress": False} | how))


def tried(tiny: Tiny, **how: Any) -> jh.planning.Plan:
    """The plan of a tiny county in whole steps; a county that additions cannot help is no example."""
    try:
        return jh.plan(tiny.evaluate(), **({"unit_costs": tiny.costs, "decimals": 0, "progress": False} | how))
    except jh.InputError as error:
        assume("no additions bring these to pass" not in str(error))
        raise


def steps(tiny: Tiny, changes: pd.DataFrame) -> list[list[int]]:
    """What a frame of changes gives to each unit of each column."""
    out = []
    for indicator in tiny.rule.indicators:
        column = tiny.column(indicator)
        given_to = [0] * len(column.cost)
        for row in records(changes):
            if row["column"].removesuffix("_primary").removesuffix("_junior") != column.name:
                continue
            school = int(row["school"][1:-1]) - 1
            at = [n for n, s in enumerate(tiny.sections) if s[0] == school and row["stage"] in (None, s[2])]
            assert len({column.unit[n] for n in at}) == 1, row
            given_to[column.unit[at[0]]] += int(row["change"])
        out.append(given_to)
    return out


def paid(tiny: Tiny, z: Sequence[Sequence[int]]) -> Fraction:
    prices = [tiny.column(i).cost for i in tiny.rule.indicators]
    return sum(
        (k * p for own, price in zip(z, prices, strict=True) for k, p in zip(own, price, strict=True)), Fraction()
    )


def compare_with_every_plan(tiny: Tiny) -> None:
    plan = tried(tiny)
    z = steps(tiny, plan.changes)
    cost = paid(tiny, z)
    assert passes(tiny, added(tiny, z))
    assert abs(float(cost) - plan.cost) < CENT and abs(plan.full_cost - plan.cost) < CENT
    assert plan.counties["promise"].tolist() == [tiny.promise]
    assert 0 <= plan.bound <= plan.cost + CENT
    assume(max(how_many(tiny.column(i).cost, cost) for i in tiny.rule.indicators) < 3_000)
    least = least_cost(tiny, cost)
    assert least is not None
    assert plan.bound <= float(least) + CENT
    if plan.counties["method"].tolist() == ["exact"]:
        assert cost == least
        assert plan.gap == 0


# ------------------------------------------------------------------------------------ against every plan

#: Nobody has any rooms, and no school needs any: only a room at every school, the shared one too, has a coefficient.
NOTHING_THERE = Tiny(
    schools=(
        School(
            kind="primary",
            students=(4,),
            people=(("pe_art_teachers", (6,)),),
            rooms=(("teaching_area_m2", 0),),
            one_row=False,
        ),
        School(
            kind="nine_year",
            students=(1, 1),
            people=(("pe_art_teachers", (9, 1)),),
            rooms=(("teaching_area_m2", 0),),
            one_row=True,
        ),
    ),
    rule=Rule(
        indicators=("pe_art_teachers_per_hundred_students", "teaching_area_per_student"),
        thresholds=(("pe_art_teachers_per_hundred_students", "primary", Fraction(5, 4)),),
        k=1,
        floor=None,
        each=(("primary", Fraction(3, 10)), ("junior", Fraction(1, 2))),
        mean=(),
        op="<=",
    ),
    prices=(("pe_art_teachers", 2), ("teaching_area_m2", 1)),
    county="甲县",
)


@pytest.mark.slow
@many
@example(NOTHING_THERE)
@given(tinies())
def test_no_plan_is_cheaper_than_the_bound_and_an_exact_one_is_the_cheapest(tiny: Tiny) -> None:
    compare_with_every_plan(tiny)


#: Nobody has a teacher, and the mean of coefficients, undefined then, is limited.
NOBODY_THERE = Tiny(
    schools=tuple(
        School(kind="primary", students=(n,), people=(("backbone_teachers", (0,)),), rooms=()) for n in (3, 2)
    ),
    rule=Rule(
        indicators=("backbone_teachers_per_hundred_students",),
        mean=(("primary", Fraction(1, 2)), ("junior", Fraction(3, 10))),
    ),
    prices=(("backbone_teachers", 3),),
)


# the library looks for a price on coefficients here, which takes its time
@pytest.mark.slow
@some
@example(NOBODY_THERE)
@given(tinies(rules(mean=True, most=2), most=3, by_kind=False))
def test_nor_where_the_mean_of_the_coefficients_is_limited(tiny: Tiny) -> None:
    compare_with_every_plan(tiny)


BACKBONE = "backbone_teachers_per_hundred_students"


@st.composite
def staffed(draw) -> tuple[Tiny, int, Fraction]:
    """Draw a county where people may be hired and moved: the price of a move, and the most that may be."""
    value = draw(st.sampled_from([None, Fraction(1), Fraction(3, 2)]))
    limit = draw(st.sampled_from([None, Fraction(1, 5), Fraction(1, 2)]))
    assume(value is not None or limit is not None)
    stages = ("primary", "junior")
    rule = Rule(
        (BACKBONE,),
        () if value is None else tuple((BACKBONE, s, value) for s in stages),
        each=() if limit is None else tuple((s, limit) for s in stages),
    )
    tiny = draw(tinies(st.just(rule), kinds=draw(st.sampled_from([("primary",), stages])), most=4, by_kind=False))
    return tiny, draw(st.integers(0, 3)), draw(st.sampled_from([Fraction(1, 10), Fraction(1, 4), Fraction(1)]))


def least_with_moves(tiny: Tiny, move: int, share: Fraction, known: Fraction) -> Fraction:
    """The least cost of hiring and moving, every final staffing looked at, stage after stage, the cheapest first."""
    column = tiny.column(BACKBONE)
    hire = Fraction(column.cost[0])
    value = tiny.rule.thresholds[0][2] if tiny.rule.thresholds else None
    out = Fraction(0)
    for stage in {s[2] for s in tiny.sections}:
        at = [i for i, s in enumerate(tiny.sections) if s[2] == stage]
        have, pupils = [int(column.base[i]) for i in at], [tiny.sections[i][3] for i in at]
        cap = int(share * sum(have))
        needed = [0 if value is None else ceil(value * p) for p in pupils]
        most = int(known / hire) + cap
        ends = [np.arange(n, h + most + 1) for h, n in zip(have, needed, strict=True)]
        gains = [end - h for end, h in zip(ends, have, strict=True)]
        came = reduce(np.add.outer, [np.maximum(gain, 0) for gain in gains])
        left = reduce(np.add.outer, [np.maximum(-gain, 0) for gain in gains])
        # in units of which the price of a person is a whole number
        price = hire.numerator * (came - left) + move * hire.denominator * left
        allowed = np.flatnonzero((left <= cap) & (came >= left))
        cheapest = allowed[np.argsort(price.ravel()[allowed], kind="stable")]
        final = (np.unravel_index(j, price.shape) for j in cheapest)
        best = next(at for at in final if even(tiny, [int(e[k]) for e, k in zip(ends, at, strict=True)], pupils))
        out += Fraction(int(price[best]), hire.denominator)
    return out


def even(tiny: Tiny, end: list[int], pupils: list[int]) -> bool:
    """Whether a final staffing is within the limit of the coefficient, if there is one."""
    if not tiny.rule.each:
        return True
    square = squared([Fraction(e) for e in end], pupils)
    return square is not None and square <= tiny.rule.each[0][1] ** 2


@some
@given(staffed())
def test_people_are_hired_and_moved_at_the_least_cost(case: tuple[Tiny, int, Fraction]) -> None:
    tiny, move, share = case
    plan = tried(tiny, move_costs={"backbone_teachers": move}, most_moved=share)
    rows = records(plan.changes)
    hired = sum(r["change"] for r in rows if not r["why"].startswith("moved"))
    arrived = sum(r["change"] for r in rows if r["why"] == "moved_in")
    cost = Fraction(int(hired)) * tiny.column(BACKBONE).cost[0] + move * int(arrived)
    assert abs(plan.cost - float(cost)) < CENT and abs(plan.full_cost - plan.cost) < CENT
    assert all((r["change"] < 0) == (r["why"] == "moved_out") for r in rows)
    for stage in {s[2] for s in tiny.sections}:
        there = sum(int(b) for b, s in zip(tiny.column(BACKBONE).base, tiny.sections, strict=True) if s[2] == stage)
        own = [r for r in rows if r["stage"] == stage]
        assert sum(r["change"] for r in own if r["why"] in ("moved_in", "moved_out")) == 0
        assert sum(r["change"] for r in own if r["why"] == "moved_in") <= share * there
    assert passes(tiny, added(tiny, steps(tiny, plan.changes)))
    assume(how_many([tiny.column(BACKBONE).cost[0]] * len(tiny.schools), cost) < 10_000)
    least = least_with_moves(tiny, move, share, cost)
    assert plan.bound <= float(least) + CENT
    assert cost == least or plan.counties["method"].tolist() != ["exact"]


# ------------------------------------------------------------------------------------- carried out, it passes


def unmet(ev: jh.Evaluation) -> list[dict[str, Any]]:
    """The schools and coefficients that are not as the standard wants them."""
    plain = ev.relabel("en") if ev.language else ev
    return [r for f in (plain.school_verdicts, plain.indicators) for r in records(f) if r["verdict"] == "unmet"]


def met(ev: jh.Evaluation) -> int:
    """How many schools comply, and coefficients are within their limit."""
    return sum((f["verdict"] == "met").sum() for f in (ev.school_verdicts, ev.indicators))


def cells(ev: jh.Evaluation) -> dict[tuple[Any, ...], str]:
    keys = ["row", "stage", "indicator"]
    return {tuple(r[k] for k in keys): r["verdict"] for r in records(ev.schools)}


def carried_out(ev: jh.Evaluation, plan: jh.planning.Plan) -> None:
    """What a plan promises is so, nothing that was well is worse, and nothing is left to plan."""
    assert plan.unplanned.empty and set(plan.counties["promise"]) == {"met"}
    assert unmet(plan.after) == []
    assert differences(ev.apply(plan.changes), plan.after) == []
    assert (plan.changes["change"] > 0).all() and (plan.changes["cost"] >= 0).all()
    after = cells(plan.after)
    assert all(after[k] == "met" for k, v in cells(ev).items() if v == "met")
    again = planned(plan.after, unit_costs={})
    assert again.changes.empty and again.cost == 0 and again.bound == 0 and set(again.counties["promise"]) == {"met"}


@few
@given(synthetic())
def test_what_a_plan_promises_comes_true(county: pd.DataFrame) -> None:
    ev = jh.evaluate(county, QUALITY)
    plan = planned(ev)
    carried_out(ev, plan)
    assert set(plan.after.verdicts.query("part == 'resources'")["verdict"]) == {"met"}


@few
@given(synthetic((3, 6)))
def test_where_the_mean_is_limited_as_well(county: pd.DataFrame) -> None:
    ev = jh.evaluate(county, BASIC)
    plan = planned(ev)
    assert unmet(plan.after) == [] and set(plan.counties["promise"]) == {"met"}
    assert plan.bound <= plan.cost + CENT
    assert planned(plan.after, unit_costs={}).changes.empty


@few
@given(tinies())
def test_in_hundredths_of_what_is_measured(tiny: Tiny) -> None:
    plan = tried(tiny, decimals=2)
    assert unmet(plan.after) == [] and (plan.changes["change"] > 0).all()
    assert plan.cost <= tried(tiny, decimals=0).cost + 0.05 * len(tiny.sections) * 4
    measured = plan.changes["column"] == "teaching_area_m2"
    assert (plan.changes["change"][~measured] % 1 == 0).all()


@pytest.mark.slow
@example(5)
@example(0)
@given(st.integers(0, 30))
@few
def test_a_step_less_at_any_school_no_longer_passes(seed: int) -> None:
    """Without coefficients to bring down, every change of a plan is as small as can be."""
    county = jh.synthetic.county(seed=seed, n_schools=6, resourcing=0.9)
    ev = jh.evaluate(county, QUALITY)
    plan = planned(ev)
    last = plan.changes[plan.changes["why"].isin(["threshold", "floor"]) & plan.changes["stage"].notna()]
    for i in last.index[:4]:
        less = plan.changes.copy()
        whole = not less.loc[i, "column"].endswith(("_m2", "_cny"))
        less.loc[i, "change"] -= 1 if whole else 0.01
        assert unmet(ev.apply(less)) != []


# ----------------------------------------------------------------------------------------------- with a budget


@few
@given(tinies(kinds=("primary", "junior")), st.integers(0, 10), st.integers(0, 10))
def test_more_money_only_goes_further(tiny: Tiny, a: int, b: int) -> None:
    check_budgets(tiny.evaluate(), tiny.costs, a, b)


@few
@given(synthetic((3, 8)), st.integers(0, 10), st.integers(0, 10))
def test_more_money_only_goes_further_in_counties_with_all_sorts_of_schools(
    county: pd.DataFrame, a: int, b: int
) -> None:
    check_budgets(jh.evaluate(county, QUALITY), COSTS, a, b)


def check_budgets(ev: jh.Evaluation, costs: dict[str, Any], a: int, b: int) -> None:
    try:
        full = planned(ev, unit_costs=costs, decimals=0)
    except jh.InputError as error:
        assume("no additions bring these to pass" not in str(error))
        raise
    small, large = (full.full_cost * x / 10 for x in sorted((a, b)))
    before = met(ev)
    reached: list[list[Any]] = []
    for budget in (small, large):
        plan = planned(ev, unit_costs=costs, decimals=0, budget=budget)
        assert plan.cost <= budget + CENT and abs(plan.left_over - (budget - plan.cost)) < CENT
        assert plan.full_cost == full.full_cost
        assert met(plan.after) >= before
        before = met(plan.after)
        if plan.whole:
            assert budget >= full.full_cost and plan.steps.empty
            assert records(plan.changes) == records(full.changes)
            continue
        done = plan.steps["reached"].tolist()
        assert done == sorted(done, reverse=True)
        assert (plan.steps["cost"] >= 0).all()
        assert abs(plan.steps["cost"][plan.steps["reached"]].sum() - plan.cost) < CENT
        if not all(done):
            assert plan.steps["cumulated_cost"].iloc[sum(done)] > budget
            # a coefficient of zeros alone is undefined, and nothing is unmet
            wanted = "unmet" if unmet(plan.after) != [] else "undetermined"
            assert plan.counties["promise"].tolist() == [wanted]
        else:
            assert unmet(plan.after) == []
        reached.append(records(plan.steps.drop(columns="reached")))
    assert all(r == reached[0] for r in reached)


# ------------------------------------------------------------------------------------------ the same, otherwise said


@few
@given(
    tinies(
        rules(("teaching_area_per_student", "sports_area_per_student"), most=2),
        kinds=("primary", "junior"),
        by_kind=False,
    )
)
def test_ten_times_the_pupils_with_ten_times_the_room_need_ten_times_as_much(tiny: Tiny) -> None:
    def tenfold(s: School) -> School:
        rooms = tuple((c, n * 10) for c, n in s.rooms)
        return attrs.evolve(s, students=tuple(n * 10 for n in s.students), rooms=rooms)

    large = attrs.evolve(tiny, schools=tuple(tenfold(s) for s in tiny.schools))
    one, ten = tried(tiny, decimals=1).changes, tried(large, decimals=0).changes
    assert ten["change"].tolist() == pytest.approx((one["change"] * 10).tolist(), abs=1e-9)
    assert records(ten[["school", "column", "why"]]) == records(one[["school", "column", "why"]])


@few
@given(tinies(), st.sampled_from([0.25, 2, 1024]))
def test_what_costs_twice_as_much_is_planned_alike(tiny: Tiny, factor: float) -> None:
    dear = {
        c: {k: v * factor for k, v in p.items()} if isinstance(p, dict) else p * factor for c, p in tiny.costs.items()
    }
    one, other = tried(tiny), tried(tiny, unit_costs=dear)
    assert records(one.changes.drop(columns=["unit_cost", "cost"])) == records(
        other.changes.drop(columns=["unit_cost", "cost"])
    )
    assert other.cost == pytest.approx(one.cost * factor) and other.bound == pytest.approx(one.bound * factor)


@few
@given(synthetic((3, 8)))
def test_every_library_gets_the_same_plan_in_its_own_frames(county: pd.DataFrame) -> None:
    plan = planned(jh.evaluate(county, QUALITY))
    for convert, kind in ((pl.from_pandas, pl.DataFrame), (pa.Table.from_pandas, pa.Table)):
        other = planned(jh.evaluate(convert(county), QUALITY))
        for name in ("changes", "counties", "steps", "unplanned"):
            mine = getattr(other, name)
            assert isinstance(mine, kind), name
            assert records(mine) == records(getattr(plan, name)), name
        assert records(other.after.schools) == records(plan.after.schools)


@few
@given(synthetic((3, 8)), st.sampled_from([None, 0.5]))
def test_in_chinese_the_plan_is_the_same(county: pd.DataFrame, share: float | None) -> None:
    ev = jh.evaluate(county, QUALITY)
    plan = planned(ev)
    budget = None if share is None else share * plan.full_cost
    plan, zh = planned(ev, budget=budget), planned(ev.relabel("zh"), budget=budget)
    assert zh.cost == plan.cost and zh.full_cost == plan.full_cost
    for name in ("changes", "counties", "steps", "unplanned"):
        ours, theirs = getattr(zh, name), getattr(plan, name)
        assert len(ours) == len(theirs)
        assert not set(ours.columns) & set(theirs.columns), list(ours.columns)
    assert zh.after.language == "zh"
    assert differences(zh.after.relabel("en"), plan.after.relabel("en")) == []


@few
@given(st.lists(synthetic((2, 5)), min_size=2, max_size=2), st.booleans())
def test_counties_and_years_are_planned_one_by_one(two: list[pd.DataFrame], years: bool) -> None:
    if years:
        two = [two[0].assign(year=2024), two[0].assign(year=2025)]
    else:
        two = [c.assign(county=name) for c, name in zip(two, ("甲县", "乙县"), strict=True)]
    both = planned(jh.evaluate(pd.concat(two, ignore_index=True), QUALITY))
    apart = [planned(jh.evaluate(c, QUALITY)) for c in two]
    assert both.full_cost == pytest.approx(sum(p.full_cost for p in apart))
    joined = [r for p in apart for r in records(p.changes.drop(columns="row"))]
    assert records(both.changes.drop(columns="row")) == joined
    assert records(both.counties) == [r for p in apart for r in records(p.counties)]


@few
@given(synthetic((3, 6)))
def test_the_same_table_gives_the_same_bytes(county: pd.DataFrame) -> None:
    def written() -> list[str]:
        ev = jh.evaluate(county, QUALITY)
        full = planned(ev)
        part = planned(ev, budget=full.full_cost / 2)
        names = ("changes", "counties", "steps", "unplanned")
        return [getattr(p, n).to_csv() for p in (full, part) for n in names]

    assert written() == written()


@few
@given(tinies(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_change_the_cost(tiny: Tiny, random: Any) -> None:
    plan = tried(tiny)
    rows = table(tiny.schools).sample(frac=1, random_state=random.randrange(10**6)).reset_index(drop=True)
    other = jh.plan(jh.evaluate(rows, standard(tiny.rule)), unit_costs=tiny.costs, decimals=0, progress=False)
    assert other.bound <= plan.cost + CENT and plan.bound <= other.cost + CENT
    if plan.gap == other.gap == 0:
        assert other.cost == pytest.approx(plan.cost)
