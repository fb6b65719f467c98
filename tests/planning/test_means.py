"""Limits on the mean of coefficients: bounds that are sound and close, cheap steps, and the order of a budget."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from properties.tiny_counties import Rule, standard
from small_tables import frame

import junheng as jh
from junheng.planning._building import counties
from junheng.planning._costs import Prices
from junheng.planning._means import _Member, _Part, _use_up, least_cost
from junheng.planning._prices import Balance, Priced, Spread, balance
from junheng.results import records

F = Fraction
BOOKS, PE, AREA = "books_per_student", "pe_art_teachers_per_hundred_students", "teaching_area_per_student"
BASIC = "cn-basic-balance-2012"
COSTS = {
    "teachers": 100_000,
    "teachers_above_required_degree": 90_000,
    "teachers_mid_or_senior_title": 30_000,
    "teaching_area_m2": 3_000,
    "sports_area_m2": 500,
    "equipment_value_cny": 1,
    "computers": 4_000,
    "books": 25,
}


def own(kind: str, name: str, students: int, **figures: Any) -> dict[str, Any]:
    return {"county": "甲县", "school": name, "kind": kind, "stage": kind, "students": students, **figures}


def planned(rows: list[dict[str, Any]], rule: Rule, costs: dict[str, Any], **how: Any) -> jh.planning.Plan:
    ev = jh.evaluate(frame(*rows), standard(rule))
    return jh.plan(ev, unit_costs=costs, decimals=0, progress=False, **how)


# ------------------------------------------------------------------------------------------ the bound, in counties


def test_the_bound_of_a_mean_is_the_cost_where_that_is_the_least() -> None:
    """1001 and 3000 books have a coefficient of 1/2; 1801 and 3000 one just below 1/4, 1800 and 3000 one of 1/4."""
    rows = [own("primary", "一小", 1, books=1001), own("primary", "二小", 1, books=3000)]
    plan = planned(rows, Rule((BOOKS,), mean=(("primary", F(1, 4)),)), {"books": 3})
    assert records(plan.changes[["school", "change"]]) == [{"school": "一小", "change": 800}]
    assert plan.cost == 2400
    assert 2397 * (1 - 1e-3) < plan.bound < 2400


def test_the_bound_of_a_mean_adds_what_every_school_must_have() -> None:
    """The small school must have 2 teachers whatever the books cost, and then there are as many as in the other."""
    rows = [
        own("primary", "一小", 1, books=1001, pe_art_teachers=1),
        own("primary", "二小", 1, books=3000, pe_art_teachers=2),
    ]
    rule = Rule((BOOKS, PE), ((PE, "primary", F(2)),), mean=(("primary", F(1, 8)),))
    plan = planned(rows, rule, {"books": 3, "pe_art_teachers": 100_000})
    assert plan.cost == 102_400
    assert 102_397 * (1 - 1e-3) < plan.bound < 102_400


def test_what_is_free_lowers_a_mean_first() -> None:
    rows = [
        own("primary", "一小", 1, books=10, pe_art_teachers=1),
        own("primary", "二小", 1, books=30, pe_art_teachers=9),
    ]
    plan = planned(rows, Rule((BOOKS, PE), mean=(("primary", F(1, 2)),)), {"books": 3, "pe_art_teachers": 0})
    assert plan.cost == plan.bound == 0
    assert plan.changes["column"].tolist() == ["pe_art_teachers"]
    assert plan.after.indicators["verdict"].tolist()[-1] == "met"


@pytest.mark.parametrize(("seed", "inequality", "n_schools"), [(2, 2.2, 40), (9, 1.6, 40), (8, 2.2, 20)])
def test_a_county_with_integrated_schools_has_a_small_gap(seed: int, inequality: float, n_schools: int) -> None:
    ev = jh.evaluate(jh.synthetic.county(seed=seed, inequality=inequality, n_schools=n_schools), BASIC)
    plan = jh.plan(ev, unit_costs=COSTS, progress=False)
    assert plan.cost > 0
    assert 0 <= plan.gap < 0.005
    assert plan.counties["promise"].tolist() == ["met"]


# --------------------------------------------------------------------------------------- the bound, of one resource


@st.composite
def resources(draw: Any) -> tuple[Priced, np.ndarray]:
    """Draw a resource of up to three units, one of which both stages may share, and prices of its coefficients."""
    shared = draw(st.booleans())

    def spread(units: list[int], shares: list[float]) -> Spread:
        amounts = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
        students = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
        return spread_of(amounts, students, units, shares)

    spreads = [spread([0, 1], [1.0, 0.4]), spread([1, 2], [0.6, 1.0])] if shared else [spread([0, 1], [1.0, 1.0])]
    cost = np.array(draw(st.tuples(*[st.integers(1, 4)] * (2 + shared))), dtype=float)
    prices = np.array(draw(st.tuples(*[st.sampled_from([0.0, 2.0, 10.0, 60.0])] * len(spreads))))
    return Priced(cost, tuple(spreads)), prices


def values(resource: Priced, prices: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Return the value of all combinations of additions, from the definition of the coefficient."""
    grid = np.stack([g.ravel() for g in np.meshgrid(*[steps] * resource.cost.size, indexing="ij")])
    out = resource.cost @ grid
    for price, s in zip(prices, resource.spreads, strict=True):
        x = s.have[:, np.newaxis] + s.rise[:, np.newaxis] * grid[s.unit]
        mean = s.weight @ x
        out = out + price * np.sqrt(s.weight @ (x - mean) ** 2) / mean
    return out


def spread_of(amounts: tuple[int, int], students: tuple[int, int], units: list[int], shares: list[float]) -> Spread:
    return Spread.of(np.array(amounts, float), np.array(students, float), np.array(units), np.array(shares))


#: The least value lies where both coefficients are 0: Newton steps along the kinks are short, and need many.
AT_TWO_KINKS = (
    Priced(np.array([1.0, 1.0, 4.0]), (spread_of((8, 4), (1, 1), [0, 1], [1.0, 0.4]),
                                       spread_of((8, 4), (4, 3), [1, 2], [0.6, 1.0]))),
    np.array([60.0, 60.0]),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(resources())
@example(AT_TWO_KINKS)
def test_no_addition_is_worth_more_than_the_bound_says(case: tuple[Priced, np.ndarray]) -> None:
    resource, prices = case
    start = np.zeros(resource.cost.size)
    best = values(resource, prices, np.arange(0, 12, 0.4)).min()
    near = resource.cheapest(prices, start)
    tolerance = 1e-3 * max(best, 1.0)
    bound = resource.bound(prices, near, tolerance)
    assert bound <= best + 1e-9
    assert bound <= resource.value(prices, near) + 1e-9
    # it is loosest where the best additions make all schools equal, and a coefficient has a kink
    assert bound >= 0.75 * min(best, resource.value(prices, near)) - 0.4


@settings(max_examples=60, deadline=None)
@given(resources())
def test_whole_additions_are_not_bettered_by_one_more_or_less(case: tuple[Priced, np.ndarray]) -> None:
    resource, prices = case
    z = resource.whole(prices, resource.cheapest(prices, np.zeros(resource.cost.size)))
    assert (z == np.rint(z)).all() and (z >= 0).all()
    for unit in range(z.size):
        for by in (1.0, -1.0):
            other = z.copy()
            other[unit] += by
            assert other[unit] < 0 or resource.value(prices, other) >= resource.value(prices, z) * (1 - 1e-8)


def test_a_bound_holds_at_any_start() -> None:
    """From a start that is far from the best one the bound is looser at first, and never too high."""
    spread = Spread.of(np.array([2.0, 9.0, 4.0]), np.array([1.0, 2.0, 1.0]), np.arange(3), np.ones(3))
    resource, prices = Priced(np.array([1.0, 2.0, 3.0]), (spread,)), np.array([25.0])
    best = values(resource, prices, np.arange(0, 8, 0.1)).min()
    for start in ([0.0, 0.0, 0.0], [9.0, 0.0, 0.0], [0.0, 50.0, 1.0]):
        assert 0.99 * best <= resource.bound(prices, np.array(start), 1e-3) <= best + 1e-9


def test_a_sum_that_no_price_lowers_is_said() -> None:
    spread = Spread.of(np.array([1.0, 9.0]), np.ones(2), np.arange(2), np.ones(2))
    nothing_to_buy = Priced(np.array([np.inf, np.inf]), (spread,))
    assert balance([nothing_to_buy], [np.array([0])], np.array([0.5]), 1e-6) is None
    rich_only = Priced(np.array([np.inf, 1.0]), (spread,))
    assert balance([rich_only], [np.array([0])], np.array([0.5]), 1e-6) is None
    found = balance([Priced(np.ones(2), (spread,))], [np.array([0])], np.array([0.5]), 1e-6)
    assert found is not None
    assert found.additions[0] == pytest.approx([2.0, 0.0], rel=1e-4)  # 3 and 9: a mean of 6, 3 from it


# --------------------------------------------------------------------------------------------------- within a budget

TWO_STAGES = [
    own("primary", "一小", 1, books=11),
    own("primary", "二小", 1, books=30),
    own("junior", "一中", 1, books=16),
    own("junior", "二中", 1, books=30),
]
BOTH = Rule((BOOKS,), mean=(("primary", F(1, 4)), ("junior", F(1, 4))))


@pytest.mark.parametrize(("budget", "schools"), [(8.9, []), (9, ["一中"]), (32.9, ["一中"]), (33, ["一小", "一中"])])
def test_the_cheaper_mean_is_brought_down_first(budget: float, schools: list[str]) -> None:
    """The juniors need 3 books, the primary schools 8, at 3 yuan each."""
    plan = planned(TWO_STAGES, BOTH, {"books": 3}, budget=budget)
    assert sorted(plan.changes["school"]) == sorted(schools)
    assert plan.full_cost == 33
    if not plan.whole:
        assert plan.steps["turns"].tolist() == ["composite", "composite"]
        assert plan.steps["where"].tolist() == list(dict.fromkeys(plan.steps["where"]))
        assert plan.steps["cost"].tolist() == [9, 24]
        assert plan.steps["where"].str.startswith("composite").all()
        assert plan.relabel("zh").steps.iloc[:, 2].tolist() == ["综合差异系数（初中）", "综合差异系数（小学）"]
    verdicts = {r["stage"]: r["verdict"] for r in records(plan.after.indicators) if r["indicator"] == "composite"}
    assert verdicts == {
        "primary": "met" if "一小" in schools else "unmet",
        "junior": "met" if "一中" in schools else "unmet",
    }


def test_a_mean_takes_its_turn_between_schools() -> None:
    """A school that lacks 5 books (15 yuan) comes after the mean of the juniors (9) and before the other (24)."""
    rule = Rule((BOOKS,), ((BOOKS, "primary", F(35)),), mean=BOTH.mean)
    plan = planned(TWO_STAGES, rule, {"books": 3}, budget=25)
    assert plan.steps["turns"].tolist() == ["composite", "school", "composite", "school"]
    assert plan.steps["cost"].tolist()[:2] == [9, 15]
    assert plan.steps["reached"].tolist() == [True, True, False, False]


# ----------------------------------------------------------------------------------------------- what cannot be held


def test_only_the_mean_that_stays_over_is_named() -> None:
    with pytest.raises(jh.InputError) as caught:
        planned(TWO_STAGES, BOTH, {"books": {"junior": 3}})
    assert str(caught.value).splitlines()[1:] == ["  甲县: the mean coefficient (primary) stays above 0.25"]


def test_means_that_cannot_hold_together_are_both_named() -> None:
    """The books of the nine-year school are too few for its primary pupils, and just right for the others."""
    rows = [
        {"county": "甲县", "school": "联校", "kind": "nine_year", "books": 21, "students_primary": 1}
        | {"students_junior": 1},
        own("primary", "一小", 1, books=40),
        own("junior", "一中", 1, books=11),
    ]
    with pytest.raises(jh.InputError) as caught:
        planned(rows, BOTH, {"books": {"nine_year": 3}})
    assert [line.strip() for line in str(caught.value).splitlines()[1:]] == [
        "甲县: the mean coefficient (primary) stays above 0.25",
        "甲县: the mean coefficient (junior) stays above 0.25",
    ]


def test_a_mean_counts_who_moved() -> None:
    """One of nine teachers moves to the school with one, so that it complies; with 2 and 8 there, three are hired."""
    teachers = "teachers_per_student"
    rule = Rule((teachers,), ((teachers, "primary", F(1)),), mean=(("primary", F(1, 4)),))
    rows = [own("primary", "一小", 2, teachers=1), own("primary", "二小", 2, teachers=9)]
    plan = planned(rows, rule, {"teachers": 10}, move_costs={"teachers": 1}, most_moved=1)
    assert plan.cost == 31
    assert plan.after.indicators["verdict"].tolist()[-1] == "met"


# ------------------------------------------------------------------------------------ a bound that leaves nothing out


@pytest.mark.parametrize(
    ("other", "column", "had", "price", "most"),
    [(PE, "pe_art_teachers", (1, 9), 0, 2400), (AREA, "teaching_area_m2", (0, 0), 1, 2402)],
)
def test_what_is_free_or_not_there_counts_as_nothing_in_a_bound(
    other: str, column: str, had: tuple[int, int], price: int, most: int
) -> None:
    """Teachers cost nothing, or no school has a room: with none of them unequal, books may be twice as unequal."""
    rows = [
        own("primary", f"{n}小", 1, books=books, **{column: have})
        for n, books, have in zip("一二", (1001, 3000), had, strict=True)
    ]
    plan = planned(rows, Rule((BOOKS, other), mean=(("primary", F(1, 8)),)), {"books": 3, column: price})
    # a coefficient of 1/4 takes 800 books, and a room for each school
    assert plan.cost == most
    assert 2397 * (1 - 1e-3) < plan.bound < 2400


def test_a_mean_that_is_not_brought_down_is_no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps of a budget are sought one mean at a time, and may not be found where a plan for all was."""
    monkeypatch.setattr("junheng.planning._budget.bring_down", lambda _problem, _means, steps, _moved: (steps, ("no",)))
    plan = planned(TWO_STAGES, BOTH, {"books": 3}, budget=20)
    assert plan.full_cost == 33 and plan.cost == 0
    assert plan.steps.empty and plan.counties["promise"].tolist() == ["unmet"]


def test_a_school_without_any_counts_in_a_bound() -> None:
    rows = [own("primary", "一小", 1, books=0), own("primary", "二小", 1, books=3000)]
    plan = planned(rows, Rule((BOOKS,), mean=(("primary", F(1, 4)),)), {"books": 3})
    assert plan.cost == 5403
    assert 5400 * (1 - 1e-3) < plan.bound <= 5403


def test_a_bound_leaves_out_what_some_get_for_nothing() -> None:
    """Books are free for the teaching point alone, which has fewest; the others still cost something."""
    rows = [own("primary", "一小", 5, books=1001), own("primary", "二小", 5, books=9000)]
    point = own("teaching_point", "一点", 1, books=10) | {"stage": "primary"}
    prices = {"books": {"primary": 3, "teaching_point": 0}}
    plan = planned([*rows, point], Rule((BOOKS,), mean=(("primary", F(1, 5)),)), prices)
    assert plan.cost > plan.bound == 0


def test_without_prices_the_bound_is_what_every_school_must_have(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        own("primary", "一小", 1, books=1, pe_art_teachers=1),
        own("primary", "二小", 1, books=9, pe_art_teachers=2),
    ]
    rule = Rule((BOOKS, PE), ((PE, "primary", F(2)),), mean=(("primary", F(1, 8)),))
    prices = Prices.read({"books": 3, "pe_art_teachers": 100_000}, by_column=True)
    (problem,) = counties(jh.evaluate(frame(*rows), standard(rule)).data, prices, 0)
    monkeypatch.setattr("junheng.planning._means.balance", lambda *_: None)
    assert least_cost(problem, problem.floors(), 1e6) == 100_000


# ------------------------------------------------------------------------------------------------- whole steps


def part(y: list[float], cost: list[float], given: list[float]) -> _Part:
    """Return what is added to one coefficient of schools of one pupil each."""
    n = len(y)
    member = _Member(0, 0, 1, np.arange(n), np.ones(n), np.array(y), np.ones(n))
    return _Part(member, np.array(cost), np.ones(n, dtype=bool), Balance(np.ones(1), [np.array(given)]))


def test_steps_that_are_whole_stay_and_others_are_rounded_up() -> None:
    """The first school has least, but a step there costs five times as much: the fewest steps are not the cheapest."""
    for of_second in (20.0, 19.5):
        assert part([10.0, 12.0, 40.0], [5.0, 1.0, 1.0], [0.0, of_second, 0.0]).added.tolist() == [0, 20, 0]


def test_the_fewest_steps_are_taken_where_they_cost_no_more() -> None:
    """Half a step each for two schools, rounded up, are two steps; one for the first lowers the coefficient as far."""
    assert part([10.0, 12.0, 40.0], [1.0, 1.0, 1.0], [0.5, 0.5, 0.0]).added.tolist() == [1, 0, 0]


def test_what_is_left_to_a_limit_saves_steps_however_cheap() -> None:
    """10 and 30 are 0.5 apart, 11 and 30 are 0.463: of four steps of a quarter yuan three are given back."""
    mine = part([10.0, 30.0], [0.25, 0.25], [4.0, 0.0])
    assert mine.added.tolist() == [4, 0]
    _use_up([mine], 0.47)
    assert mine.added.tolist() == [1, 0]
