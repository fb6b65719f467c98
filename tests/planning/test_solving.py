"""The parts of the search for a plan, in small cases worked by hand: amounts, proposals, the program, the bound."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from properties.tiny_counties import Rule, standard
from small_tables import frame

import junheng as jh
from junheng.indicators.allocation.cones import Program
from junheng.planning import _resource, _solve
from junheng.planning._building import counties
from junheng.planning._costs import Prices
from junheng.planning._problem import County
from junheng.results import records

F = Fraction
AREA, PE, BOOKS = "teaching_area_per_student", "pe_art_teachers_per_hundred_students", "books_per_student"


def own(kind: str, name: str, students: int, **figures: Any) -> dict[str, Any]:
    return {"county": "甲县", "school": name, "kind": kind, "stage": kind, "students": students, **figures}


def nine_year(primary: int, juniors: int, **figures: Any) -> dict[str, Any]:
    by_stage = {"students_primary": primary, "students_junior": juniors}
    return {"county": "甲县", "school": "联校", "kind": "nine_year", **by_stage, **figures}


def problem(rows: list[dict[str, Any]], rule: Rule, costs: dict[str, Any], decimals: int = 0) -> County:
    prices = Prices.read(costs, by_column=True)
    (out,) = counties(jh.evaluate(frame(*rows), standard(rule)).data, prices, decimals)
    return out


def planned(rows: list[dict[str, Any]], rule: Rule, costs: dict[str, Any], **how: Any) -> jh.planning.Plan:
    return jh.plan(jh.evaluate(frame(*rows), standard(rule)), unit_costs=costs, decimals=0, progress=False, **how)


# ------------------------------------------------------------------------------------- what stages share

#: Nobody has a book. Of the nine-year school 1 part in 5.4 is its primary stage's, and 4.4 its juniors'.
NOBODY = [nine_year(1, 4, books=0), own("primary", "一小", 1, books=0)]
HALF = Rule((BOOKS,), each=(("primary", F(1, 2)), ("junior", F(1, 2))))


def test_a_step_raises_each_stage_by_its_share() -> None:
    (books,) = problem([nine_year(11, 10, books=8), own("primary", "一小", 11, books=5)], HALF, {"books": 1}).resources
    assert [books.amounts(t, np.array([6, 2])).tolist() for t in books.limited] == [[7, 7], [7]]
    assert [books.in_steps(t, np.array([6, 2])).tolist() for t in books.limited] == [[7, 7], [7]]


def test_of_what_nobody_has_multiples_of_the_lowest_level_are_proposed() -> None:
    """A book for each primary school takes 5.4 of the nine-year school; 1 and the juniors' 0.81 together make 1.81."""
    (books,) = problem(NOBODY, HALF, {"books": 1}).resources
    assert [z.tolist() for z in _resource._shared(books, np.zeros(2, dtype=np.int64))] == [
        [2, 0], [6, 0], [3, 0], [11, 0], [22, 0], [44, 0],
    ]  # fmt: skip


def test_what_one_stage_needs_and_half_of_it_are_proposed() -> None:
    """Of 8 books 4 are the primary stage's: with 7.2 and 12 the coefficient is 1/4, by 6.4 books for both stages."""
    rows = [nine_year(11, 10, books=8), own("primary", "一小", 11, books=12)]
    (books,) = problem(rows, Rule((BOOKS,), each=(("primary", F(1, 4)),)), {"books": 1}).resources
    assert [z.tolist() for z in _resource._shared(books, np.zeros(2, dtype=np.int64))] == [[4, 0], [7, 0], [4, 0]]


def test_parts_of_a_plan_show_no_progress_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    real = _resource.least_additions
    monkeypatch.setattr(_resource, "least_additions", lambda *a, **k: shown.append(k["progress"]) or real(*a, **k))
    rows = [own("primary", "一小", 1, pe_art_teachers=1), own("primary", "二小", 1, pe_art_teachers=9)]
    for moves in (None, {"pe_art_teachers": 1}):
        planned(rows, Rule((PE,), each=(("primary", F(1, 2)),)), {"pe_art_teachers": 5}, move_costs=moves)
    assert len(shown) > 1 and set(shown) == {False}


def test_what_both_stages_need_together_may_be_the_least() -> None:
    """With 2 books at the nine-year school one will do for the other: 0.37 and 1, a coefficient of 0.46."""
    plan = planned(NOBODY, HALF, {"books": {"nine_year": 1, "primary": 2}}, nodes=0)
    assert plan.cost == 4 and plan.changes["change"].tolist() == [2, 1]


def test_whole_steps_at_first_go_up_to_the_limit() -> None:
    """Half of the 20 books are the primary stage's: 10 and 6 have a coefficient of 1/4, no less."""
    rows = [nine_year(11, 10, books=20), own("primary", "一小", 11, books=5)]
    plan = planned(rows, Rule((BOOKS,), each=(("primary", F(1, 4)),)), {"books": 1}, nodes=0)
    assert records(plan.changes[["school", "change"]]) == [{"school": "一小", "change": 1}]


def test_figures_with_decimals_are_whole_steps_however_large() -> None:
    """1000.06 and 3000.21 m2: a hundredth more, and the coefficient is 1/2, although 1000.06 / 0.01 has a tail."""
    rows = [own("primary", "一小", 1, teaching_area_m2=1000.06), own("primary", "二小", 1, teaching_area_m2=3000.21)]
    assert 1000.06 / 0.01 != 100006
    ev = jh.evaluate(frame(*rows), standard(Rule((AREA,), each=(("primary", F(1, 2)),))))
    plan = jh.plan(ev, unit_costs={"teaching_area_m2": 100}, progress=False)
    assert plan.changes["change"].tolist() == [0.01] and plan.cost == plan.bound == pytest.approx(1)


def test_the_bound_of_what_is_counted_is_that_of_whole_steps() -> None:
    of = problem(NOBODY, HALF, {"books": {"nine_year": 1, "primary": 2}})
    search = _solve._Solver(of, None, Prices({}), F(0), _solve.Effort(200))
    bound, trial = search._coupled(0, np.zeros(2, dtype=np.int64), np.array([2, 1]), 4.0)
    assert bound == pytest.approx(4) and trial == pytest.approx([2, 1])


# ------------------------------------------------------------------------------------- all at once

#: One of two thresholds must be met, nine tenths of the other: a school lacks 3 m2 (or 2) and 2 books (or 1).
#: It has 10 PE teachers, and the other 40: with 14 and 40 the coefficient is 0.48, with 13 it is 0.509.
ROWS = [
    own("primary", "一小", 10, teaching_area_m2=7, books=8, pe_art_teachers=10),
    own("primary", "二小", 10, teaching_area_m2=10, books=10, pe_art_teachers=40),
]
CHOICE = Rule(
    (AREA, BOOKS, PE),
    ((AREA, "primary", F(1)), (BOOKS, "primary", F(1))),
    k=1,
    floor=F(9, 10),
    each=(("primary", F(1, 2)),),
)
PRICES = {"teaching_area_m2": 1, "books": 2, "pe_art_teachers": 1}


def test_where_the_cost_is_proven_nothing_else_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """3 m2, a book and 4 PE teachers. The bound adds up what coefficients and what schools cost."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("there is nothing left to find")

    monkeypatch.setattr(Program, "solve", refuse)
    monkeypatch.setattr(_solve._Solver, "_improve", refuse)
    plan = planned(ROWS, CHOICE, PRICES)
    assert plan.cost == plan.bound == 9
    assert records(plan.changes[["column", "change"]]) == [
        {"column": "teaching_area_m2", "change": 3},
        {"column": "books", "change": 1},
        {"column": "pe_art_teachers", "change": 4},
    ]


def whole(of: County, cost: float, *known: list[int]) -> _solve._Whole:
    return _solve._Whole(of, cost, [np.array(z) for z in known])


def test_the_program_of_a_county_has_its_least_cost() -> None:
    trial = whole(problem(ROWS, CHOICE, PRICES), 10.0, [2, 0], [2, 0], [4, 0])
    assert sorted(trial.spare.values()) == [6, 7]  # after two units of each of three columns
    found = trial.program().solve(nodes=200)
    assert found.bound * 10 == pytest.approx(9)
    assert found.trial is not None
    assert [z.tolist() for z in trial.lows(found.trial)] == [[3, 0], [1, 0], [0, 0]]


def test_what_is_waived_is_lifted_to_its_floor() -> None:
    trial = whole(problem(ROWS, CHOICE, PRICES), 10.0, [2, 0], [2, 0], [4, 0])
    for waived, lows in ((0, [[2, 0], [2, 0], [0, 0]]), (1, [[3, 0], [1, 0], [0, 0]])):
        assert [z.tolist() for z in trial.lows(np.eye(8)[6 + waived])] == lows


def test_without_a_floor_a_waiver_saves_all_that_is_lacking() -> None:
    """One of 3 books and 2 teachers may stay away: z / 3 + waived >= 1, and z / 2 + waived >= 1."""
    rule = Rule((BOOKS, PE), ((BOOKS, "primary", F(3)), (PE, "primary", F(2))), k=1)
    of = problem([own("primary", "一小", 1, books=0, pe_art_teachers=0)], rule, {"books": 1, "pe_art_teachers": 1})
    assert [(n.threshold, n.waived) for n in of.needs] == [(3, 0), (2, 0)]
    rows = list(whole(of, 2.0, [0], [2])._need_rows())
    assert [(weights, least) for _, weights, least, _ in rows] == [([1 / 3, 1.0], 1.0), ([1 / 2, 1.0], 1.0)]


def test_what_has_no_price_is_not_bought_in_the_program() -> None:
    """14 books for 二小: with 10, 24 and 40 the coefficient is below 1/2. With one for the point 12 would do."""
    rows = [
        own("teaching_point", "一点", 10, books=10) | {"stage": "primary"},
        own("primary", "二小", 10, books=10),
        own("primary", "三小", 10, books=40),
    ]
    half = Rule((BOOKS,), each=(("primary", F(1, 2)),))
    trial = whole(problem(rows, half, {"books": {"primary": 1}}), 14.0, [0, 14, 0])
    assert trial.program().upper.tolist() == [0, 14, 14]
    assert trial.program().solve(nodes=200).bound == pytest.approx(1)


def test_a_solution_gives_steps_to_what_stages_share() -> None:
    """What is measured counts in the program in parts of the 40 m2 that the known solution gives."""
    rows = [nine_year(11, 10, teaching_area_m2=20), own("primary", "一小", 11, teaching_area_m2=5)]
    trial = whole(problem(rows, Rule((AREA,), each=HALF.each), {"teaching_area_m2": 1}, 2), 43.0, [4000, 300])
    assert [(k, z.tolist()) for k, z in trial.shared(np.array([0.3, 0.5]))] == [(0, [1200, 0])]


# ------------------------------------------------------------------------------------- time


def test_the_time_is_over_when_the_clock_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a limit of 0 ends the search on a clock that ticks slowly, too."""
    monkeypatch.setattr(_solve, "clock", lambda: 5.0)
    assert [_solve.Effort(1, until).over for until in (4.0, 5.0, 6.0, np.inf)] == [True, True, False, False]
