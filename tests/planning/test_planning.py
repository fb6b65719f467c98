"""The plan: worked examples, the standards, what cannot be planned, and what is said of bad input."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest
from properties.tiny_counties import Rule, standard
from small_tables import (
    BASIC,
    GOOD,
    QUALITY,
    SHANDONG,
    conditions,
    frame,
    junior,
    one_row,
    only,
    pick,
    school,
    with_staff_quota,
)

import junheng as jh
from junheng.indicators import catalogue
from junheng.results import records

MAJIANG = "cn-gz-majiang-2023"
COSTS = dict.fromkeys(GOOD, 1)
F = Fraction
TEACHERS, PE, BOOKS = "teachers_per_student", "pe_art_teachers_per_hundred_students", "books_per_student"


def planned(table: Any, standard: Any = QUALITY, **how: Any) -> jh.planning.Plan:
    ev = table if isinstance(table, jh.Evaluation) else jh.evaluate(table, standard)
    return jh.plan(ev, **({"unit_costs": COSTS, "progress": False} | how))


def own(kind: str, name: str, students: int | None, **figures: Any) -> dict[str, Any]:
    return {"county": "甲县", "school": name, "kind": kind, "stage": kind, "students": students, **figures}


def change(plan: jh.planning.Plan, **where: Any) -> float:
    return float(only(plan.changes, **where)["change"])


# ------------------------------------------------------------------------------------------ worked examples


def test_a_good_county_needs_nothing() -> None:
    plan = planned(frame(school(), junior()), unit_costs={})
    assert plan.changes.empty and plan.cost == plan.bound == plan.gap == 0 and plan.whole
    assert plan.counties["promise"].tolist() == ["met"] and plan.counties["method"].tolist() == ["exact"]


def test_two_lacks_of_which_one_may_stay_at_the_floor() -> None:
    """20 of 21 teachers and 4 of 5: the one that is cheaper to raise is raised, the other stays above 85 %."""
    table = frame(school(teachers_above_required_degree=20, pe_art_teachers=4))
    for cost, column in ((2, "teachers_above_required_degree"), (1, "pe_art_teachers")):
        plan = planned(table, unit_costs={"teachers_above_required_degree": 3 - cost, "pe_art_teachers": cost})
        assert plan.changes["column"].tolist() == [column] and plan.changes["change"].tolist() == [1]
        assert plan.changes["why"].tolist() == ["threshold"] and plan.changes["stage"].tolist() == ["primary"]
        assert plan.cost == plan.bound == 1
        assert pick(plan.after.school_verdicts)["verdict"].tolist() == ["met"]


def test_an_exception_is_still_lifted_to_its_floor() -> None:
    table = frame(school(sports_area_m2=3000.0, teaching_area_m2=2249.99))
    plan = planned(table, unit_costs={"sports_area_m2": 1, "teaching_area_m2": 1000})
    # 500 pupils: the floors are 3187.5 and 1912.5, the thresholds 3750 and 2250
    assert change(plan, column="sports_area_m2") == 187.5
    assert only(plan.changes, column="sports_area_m2")["why"] == "floor"
    assert change(plan, column="teaching_area_m2") == 0.01
    assert plan.cost == pytest.approx(187.5 + 10)
    cheap = planned(table, unit_costs={"sports_area_m2": 1, "teaching_area_m2": 100_000})
    assert cheap.changes["column"].tolist() == ["sports_area_m2"] and cheap.cost == 750


def test_the_boundary_is_met_exactly_and_not_a_hundredth_more() -> None:
    table = frame(school(sports_area_m2=3749.99, pe_art_teachers=3))
    plan = planned(table)
    assert change(plan, column="sports_area_m2") == 0.01
    assert change(plan, column="pe_art_teachers") == 1  # 85 % of 0.9 per hundred is 3.825
    ev = plan.after
    assert only(ev.schools, indicator="sports_area_per_student")["value"] == 7.5
    assert only(ev.schools, indicator="sports_area_per_student")["verdict"] == "met"


def test_each_stage_has_as_many_exceptions_as_its_own_thresholds_leave() -> None:
    """One of two must be met by a junior school; by a primary school, which has one threshold, that one."""
    limits = ((TEACHERS, "primary", F(2)), (TEACHERS, "junior", F(2)), (BOOKS, "junior", F(1)))
    std = standard(Rule((TEACHERS, BOOKS), limits, k=1))
    table = frame(own("primary", "一小", 2, teachers=1, books=0), own("junior", "一中", 2, teachers=1, books=9))
    plan = planned(table, std, unit_costs={"teachers": 1, "books": 1})
    assert records(plan.changes[["school", "column", "change"]]) == [
        {"school": "一小", "column": "teachers", "change": 3}
    ]
    assert set(plan.after.school_verdicts["verdict"]) == {"met"}


def test_a_limit_that_must_not_be_reached_is_not_reached() -> None:
    table = frame(own("primary", "一小", 1, books=10), own("primary", "二小", 1, books=30))
    for op, added in (("<=", 0), ("<", 1)):
        std = standard(Rule((BOOKS,), each=(("primary", F(1, 2)),), op=op))
        plan = planned(table, std, unit_costs={"books": 1})
        assert plan.cost == added
        assert plan.after.indicators["verdict"].tolist() == ["met"]


def test_a_coefficient_at_its_limit_needs_no_price_where_floats_see_it_above() -> None:
    """12 books for each of 4 pupils and 8 for each of 9: the coefficient is 1/5, in floats 0.20000000000000004."""
    table = frame(own("primary", "一小", 4, books=48), own("primary", "二小", 9, books=72))
    plan = planned(table, standard(Rule((BOOKS,), each=(("primary", F(1, 5)),))), unit_costs={})
    assert plan.changes.empty and plan.counties["promise"].tolist() == ["met"]


def test_the_least_additions_are_what_a_plan_for_one_coefficient_adds() -> None:
    books, students = [279, 137, 935, 160, 402], [45, 37, 89, 76, 55]
    rows = [own("primary", f"{i}小", p, books=b) for i, (b, p) in enumerate(zip(books, students, strict=True))]
    plan = planned(frame(*rows), standard(Rule((BOOKS,), each=(("primary", F(9, 20)),))), unit_costs={"books": 25})
    assert records(plan.changes[["school", "change", "cost", "why"]]) == [
        {"school": "3小", "change": 74, "cost": 1850, "why": "coefficient"}
    ]


def test_a_mean_over_integrated_schools_alone() -> None:
    """The primary stage is that of two nine-year schools: nobody can be given to for one stage alone."""
    by_stage = {"students": ((5, 3), (1, 5)), "pe_art_teachers": ((3, 4), (3, 8))}
    rows = []
    for i, books in enumerate((2, 6)):
        people = {f"{c}_{s}": v[i][n] for c, v in by_stage.items() for n, s in enumerate(("primary", "junior"))}
        rows.append({"county": "甲县", "school": f"{i}校", "kind": "nine_year", "books": books} | people)
    rows.append(own("junior", "一中", 3, books=0, pe_art_teachers=3))
    limits = (("primary", F(1, 2)), ("junior", F(1, 2)))
    plan = planned(
        frame(*rows), standard(Rule((PE, BOOKS), mean=limits)), unit_costs={"pe_art_teachers": 4, "books": 3}
    )
    assert pick(plan.after.indicators, indicator="composite")["verdict"].tolist() == ["met", "met"]
    assert 0 <= plan.bound <= plan.cost + 1e-6


def test_nothing_at_all_gets_the_least_there_is() -> None:
    rows = [own("primary", "一小", 1, books=0), own("primary", "二小", 1, books=0)]
    plan = planned(frame(*rows), standard(Rule((BOOKS,), each=(("primary", F(1, 2)),))), unit_costs={"books": 1})
    assert plan.changes["change"].tolist() == [1, 1] and plan.after.indicators["verdict"].tolist() == ["met"]


def test_costs_may_differ_by_kind_of_school() -> None:
    rule = Rule((BOOKS,), ((BOOKS, "primary", F(2)),))
    table = frame(own("primary", "一小", 5, books=0), own("teaching_point", "一点", 5, books=0) | {"stage": "primary"})
    plan = planned(table, standard(rule), unit_costs={"books": {"primary": 2, "teaching_point": 3.5}})
    assert plan.changes["unit_cost"].tolist() == [2, 3.5] and plan.cost == 55


def test_an_indicator_may_stand_for_its_column() -> None:
    table = frame(school(sports_area_m2=3000.0, teaching_area_m2=2000.0))
    by_column = planned(table, unit_costs={"sports_area_m2": 3, "teaching_area_m2": 1})
    by_indicator = planned(table, unit_costs={"sports_area_per_student": 3, "teaching_area_per_student": 1})
    assert records(by_column.changes) == records(by_indicator.changes)


def test_a_shared_thing_is_added_once_for_both_stages() -> None:
    """Rooms of an integrated school in one row are the whole school's; people stand in the columns of their stage."""
    people = {f"{c}_{s}": v for s in ("primary", "junior") for c, v in GOOD.items() if "teachers" in c}
    people |= {
        "students_primary": 200,
        "students_junior": 300,
        "pe_art_teachers_junior": 1,
        "backbone_teachers_junior": 2,
    }
    plan = planned(frame(one_row("nine_year", people=people, teaching_area_m2=1000.0)))
    assert change(plan, column="pe_art_teachers_junior") == 2
    assert change(plan, column="backbone_teachers_junior") == 1
    area = only(plan.changes, column="teaching_area_m2")
    # 330 parts of 530 must hold 85 % of 5.8 for 300 juniors, so the whole must have 2375.3636…; for the 200 primary
    # pupils, whose 200 parts must hold 85 % of 4.5 each, 2027.25 would do: it is the exception in both stages
    assert area["stage"] is None and area["change"] == 1375.37
    assert plan.counties["promise"].tolist() == ["met"] and set(plan.after.school_verdicts["verdict"]) == {"met"}
    assert plan.bound <= plan.cost + 1e-6


def test_a_school_that_shares_with_a_stage_that_is_not_judged_gets_more_than_its_stage_needs() -> None:
    """Half of what a complete secondary school gets is for its seniors, of whom the standard does not speak."""
    people = {f"{c}_{s}": v for s in ("junior", "senior") for c, v in GOOD.items() if "teachers" in c}
    people |= {"students_junior": 300, "students_senior": 300}
    poor = one_row("complete_secondary", people=people, equipment_value_cny=1_000_000.0)
    ev = jh.evaluate(frame(poor, junior(equipment_value_cny=9e6)), QUALITY)
    plan = planned(ev)
    assert plan.changes["stage"].isna().all() and plan.cost == plan.bound
    unequal = pick(ev.indicators, indicator="equipment_value_per_student", stage="junior")
    assert unequal["verdict"].tolist() == ["unmet"]
    less = plan.changes.assign(change=plan.changes["change"] - 0.01 * (plan.changes["column"] == "equipment_value_cny"))
    for changes, verdict in ((plan.changes, "met"), (less, "unmet")):
        then = pick(ev.apply(changes).indicators, indicator="equipment_value_per_student", stage="junior")
        assert then["verdict"].tolist() == [verdict]


def test_counties_are_planned_one_by_one() -> None:
    """Alone in its county, a school is as equal as can be."""
    rows = [own("primary", "一小", 1, books=10), own("primary", "一小", 1, books=90) | {"county": "乙县"}]
    plan = planned(frame(*rows), standard(Rule((BOOKS,), each=(("primary", F(1, 4)),))), unit_costs={"books": 1})
    assert plan.changes.empty and plan.counties["promise"].tolist() == ["met", "met"]


def test_what_follows_from_a_plan_is_planned_too() -> None:
    """A PE teacher more is a teacher more, and with that the teachers are too unequal."""
    rule = Rule((TEACHERS, PE), ((PE, "primary", F(11, 10)),), each=(("primary", F(1, 10)),))
    table = frame(
        own("primary", "一小", 1, teachers=1, pe_art_teachers=1),
        own("primary", "二小", 10, teachers=11, pe_art_teachers=11),
    )
    plan = planned(table, standard(rule), unit_costs={"teachers": 5, "pe_art_teachers": 1})
    assert "unmet" not in set(plan.after.indicators["verdict"])
    assert plan.counties["promise"].tolist() == ["met"] and plan.bound <= plan.cost


def test_what_follows_is_added_to_what_was_planned() -> None:
    """With 2 teachers in the small school, as 2 are PE teachers, the large one needs 15: a coefficient of 0.093."""
    std = standard(Rule((TEACHERS, PE), ((PE, "primary", F(11, 10)),), each=(("primary", F(1, 10)),)))
    table = frame(
        own("primary", "一小", 1, teachers=1, pe_art_teachers=1),
        own("primary", "二小", 10, teachers=11, pe_art_teachers=11),
    )
    std = attrs.evolve(std, limits=tuple(attrs.evolve(x, indicators=(TEACHERS,)) for x in std.limits))
    plan = planned(table, std, unit_costs={"teachers": 5, "pe_art_teachers": 1})
    assert sorted((r["school"], r["column"], r["change"]) for r in records(plan.changes)) == [
        ("一小", "pe_art_teachers", 1),
        ("二小", "teachers", 4),
    ]
    assert plan.cost == plan.full_cost == 21 and plan.bound == 0
    assert plan.counties["promise"].tolist() == ["met"] and "unmet" not in set(plan.after.indicators["verdict"])


# ------------------------------------------------------------------------------------------------ moves

STAFF = Rule((TEACHERS,), ((TEACHERS, "primary", F(1)), (TEACHERS, "junior", F(1))))


def staff(*teachers: int, kind: str = "primary", students: int = 2) -> list[dict[str, Any]]:
    return [own(kind, f"{kind}{i}", students, teachers=n) for i, n in enumerate(teachers)]


def moved(plan: jh.planning.Plan) -> list[tuple[str, int, str]]:
    return [(r["school"], int(r["change"]), r["why"]) for r in records(plan.changes)]


def test_people_move_within_their_stage() -> None:
    """The primary schools have nobody to spare; what the junior school gives stays with the juniors."""
    table = frame(*staff(1, 2), *staff(1, 9, kind="junior"))
    plan = planned(table, standard(STAFF), unit_costs={"teachers": 10}, move_costs={"teachers": 1}, most_moved=1)
    assert moved(plan) == [("primary0", 1, "threshold"), ("junior0", 1, "moved_in"), ("junior1", -1, "moved_out")]
    assert plan.changes["unit_cost"].tolist() == [10, 1, 0]
    assert plan.cost == plan.full_cost == 11


@pytest.mark.parametrize(("share", "moves"), [(0, 0), (0.08, 0), (0.1, 1), ("0.25", 3), (1, 3)])
def test_no_more_of_a_stage_is_moved_than_may_be(share: Any, moves: int) -> None:
    """Three are needed, of 12."""
    table = frame(*staff(1, 0, 11))
    plan = planned(table, standard(STAFF), unit_costs={"teachers": 10}, move_costs={"teachers": 1}, most_moved=share)
    assert sum(n for _, n, why in moved(plan) if why == "moved_in") == moves
    assert plan.cost == 10 * (3 - moves) + moves


def test_who_is_counted_in_a_part_stays() -> None:
    table = frame(
        own("primary", "一小", 5, teachers=1, pe_art_teachers=1),
        own("primary", "二小", 5, teachers=15, pe_art_teachers=14),
    )
    how = {"unit_costs": {"teachers": 10}, "move_costs": {"teachers": 1}, "most_moved": 1}
    plan = planned(table, standard(STAFF), **how)
    assert moved(plan) == [("一小", 1, "moved_in"), ("一小", 3, "threshold"), ("二小", -1, "moved_out")]
    assert plan.after.school_verdicts["verdict"].tolist() == ["met", "met"]


def test_a_column_that_is_not_known_is_nobody_who_stays() -> None:
    table = frame(*staff(1, 9)).assign(note=["一", "二"])
    plan = planned(table, standard(STAFF), unit_costs={"teachers": 5}, move_costs={"teachers": 1}, most_moved=1)
    assert moved(plan) == [("primary0", 1, "moved_in"), ("primary1", -1, "moved_out")]


def test_nobody_leaves_a_school_of_which_it_is_not_known_what_it_needs() -> None:
    """The second school has nine teachers, for a number of pupils that is missing."""
    table = frame(*staff(1), own("primary", "二小", None, teachers=9))
    plan = planned(table, standard(STAFF), unit_costs={"teachers": 10}, move_costs={"teachers": 1}, most_moved=1)
    assert moved(plan) == [("primary0", 1, "threshold")]
    assert plan.unplanned["school"].tolist() == ["二小"]


def test_nobody_moves_where_hiring_is_as_cheap() -> None:
    table = frame(*staff(1, 9))
    plan = planned(table, standard(STAFF), unit_costs={"teachers": 1}, move_costs={"teachers": 1}, most_moved=1)
    assert moved(plan) == [("primary0", 1, "threshold")]


def test_who_may_be_moved_and_not_hired_costs_nothing_where_nobody_is_needed() -> None:
    rule = Rule((TEACHERS,), each=(("primary", F(1, 2)),))
    plan = planned(frame(*staff(5, 5)), standard(rule), unit_costs={}, move_costs={"teachers": 1})
    assert (plan.full_cost, plan.bound, plan.gap) == (0, 0, 0) and plan.changes.empty
    assert planned(plan.evaluation, unit_costs={}, move_costs={"teachers": 1}, budget=0).whole


def test_who_is_moved_goes_where_it_lifts_most() -> None:
    """Two of six go from the school of 4 pupils to that of 6: a coefficient of 0.07, and of 0.11 if one went."""
    table = frame(own("primary", "一小", 6, teachers=5), own("primary", "二小", 4, teachers=6))
    rule = Rule((TEACHERS,), each=(("primary", F(1, 10)),))
    plan = planned(table, standard(rule), unit_costs={"teachers": 10}, move_costs={"teachers": 1}, most_moved=1)
    assert moved(plan) == [("一小", 2, "moved_in"), ("二小", -2, "moved_out")] and plan.cost == 2


def test_who_is_missed_least_moves_first() -> None:
    """Seven moves make 1, 5, 5 and 2 teachers; none of 13 teachers with a coefficient of 0.2 takes fewer."""
    schools = zip("一二三四", (1, 8, 8, 4), (3, 0, 3, 7), strict=True)
    table = frame(*(own("primary", f"{n}小", students, teachers=t) for n, students, t in schools))
    rule = Rule((TEACHERS,), each=(("primary", F(1, 5)),))
    plan = planned(table, standard(rule), unit_costs={"teachers": 10}, move_costs={"teachers": 1}, most_moved=1)
    assert plan.cost == 7 and sorted(plan.changes["change"]) == [-5, -2, 2, 5]


def test_a_bound_says_nothing_where_moving_might_lift_a_mean() -> None:
    """Means are brought down by hiring only; one teacher moved at a cost of 1 would do."""
    plan = planned(
        frame(*staff(12, 8)),
        standard(Rule((TEACHERS,), mean=(("primary", F(11, 100)),))),
        unit_costs={"teachers": 100},
        move_costs={"teachers": 1},
        most_moved=1,
    )
    assert plan.after.indicators["verdict"].tolist()[-1] == "met"
    assert plan.bound <= 1 and plan.gap > 0
    assert plan.counties["method"].tolist() == ["frontier"]


def test_people_who_may_be_moved_have_one_cost_for_all_kinds() -> None:
    rows = [own("primary", "一小", 2, teachers=1), own("teaching_point", "一点", 2, teachers=0) | {"stage": "primary"}]
    costs = {"teachers": {"primary": 1, "teaching_point": 10}}
    with pytest.raises(jh.InputError, match="the same cost for every kind of school: teachers"):
        planned(frame(*rows), standard(STAFF), unit_costs=costs, move_costs={"teachers": 2}, most_moved=1)


# ---------------------------------------------------------------------------------------------- budgets


def test_the_cheapest_verdict_is_turned_first() -> None:
    rows = [own("primary", f"{n}小", 10, books=b) for n, b in (("一", 10), ("二", 19), ("三", 15))]
    ev = jh.evaluate(frame(*rows), standard(Rule((BOOKS,), ((BOOKS, "primary", F(2)),))))
    for budget, schools in ((0, []), (1, ["二小"]), (5.99, ["二小"]), (6, ["二小", "三小"]), (15.9, ["二小", "三小"])):
        plan = planned(ev, unit_costs={"books": 1}, budget=budget)
        assert sorted(plan.changes["school"]) == sorted(schools)
        assert plan.steps["where"].tolist() == ["二小", "三小", "一小"]
        assert plan.steps["cumulated_cost"].tolist() == [1, 6, 16]
        assert plan.steps["reached"].sum() == len(schools)
        assert (plan.full_cost, plan.left_over, plan.whole) == (16, budget - plan.cost, False)
        assert np.isnan(plan.bound) and np.isnan(plan.gap)
        assert plan.counties["promise"].tolist() == ["unmet"]
    enough = planned(ev, unit_costs={"books": 1}, budget=16)
    assert enough.whole and enough.left_over == 0 and enough.counties["promise"].tolist() == ["met"]


def test_the_twelfth_way_to_comply_is_offered_when_others_have_lost_their_use() -> None:
    """Two of six needs are waived: eleven pairs are dearer than 9 and 8, all with one that a coefficient asks for."""
    prices = {
        "multimedia_classrooms": 12, "computers": 12, "books": 10,
        "backbone_teachers": 9, "pe_art_teachers": 8, "teachers_above_required_degree": 6,
    }  # fmt: skip
    assert sorted((a + b for a, b in combinations(prices.values(), 2)), reverse=True)[10:13] == [18, 17, 16]
    names = {i.numerator: i.id for i in catalogue().values() if i.id.endswith("hundred_students")} | {"books": BOOKS}
    two = [{c: (0, 1)[n] if price >= 10 else (3, 4)[n] for c, price in prices.items()} for n in range(2)]
    thresholds = tuple((names[c], "primary", F(n)) for c, n in two[1].items())
    rule = Rule(tuple(names[c] for c in prices), thresholds, k=4, each=(("primary", F(1, 2)),))
    table = frame(*(own("primary", f"{n}小", 1, **figures) for n, figures in enumerate(two)))
    plan = planned(table, standard(rule), unit_costs=prices, budget=30)
    assert plan.steps["cost"].tolist() == [10, 12, 12, 6] and plan.full_cost == 40


def test_what_cannot_be_paid_is_not_leapt_over() -> None:
    """With 11 books the poor school complies; one more, and the coefficient is 0.25. One alone buys nothing."""
    rows = [own("primary", "一小", 1, books=0), own("primary", "二小", 1, books=20)]
    ev = jh.evaluate(frame(*rows), standard(Rule((BOOKS,), ((BOOKS, "primary", F(11)),), each=(("primary", F(1, 4)),))))
    for budget, reached in ((5, [False, False]), (11, [True, False])):
        plan = planned(ev, unit_costs={"books": 1}, budget=budget)
        assert plan.steps["cost"].tolist() == [11, 1] and plan.steps["turns"].tolist() == ["school", "coefficient"]
        assert plan.steps["reached"].tolist() == reached and plan.cost == 11 * sum(reached)
        assert plan.steps["where"].tolist() == ["一小", "books_per_student (primary)"]
        assert plan.relabel("en").steps.iloc[:, 2].tolist() == ["一小", "Books per student (primary)"]


def test_no_step_turns_back_what_was_well() -> None:
    """A book for the small school makes the two unequal, unless the large one gets some too."""
    rows = [own("primary", "一小", 1, books=1), own("primary", "二小", 10, books=11)]
    rule = Rule((BOOKS,), ((BOOKS, "primary", F(11, 10)),), each=(("primary", F(1, 10)),))
    ev = jh.evaluate(frame(*rows), standard(rule))
    assert ev.indicators["verdict"].tolist() == ["met"]
    plan = planned(ev, unit_costs={"books": 1}, budget=2)
    assert plan.full_cost > 2 and plan.steps["cost"].tolist() == [plan.full_cost]
    assert plan.changes.empty and plan.after.indicators["verdict"].tolist() == ["met"]


@pytest.mark.slow
def test_nor_does_one_turn_back_a_mean() -> None:
    """A school alone that has what it must makes the others lag, and the mean with it."""
    rows = [own("primary", f"{n}小", p, books=b) for n, p, b in (("一", 10, 50), ("二", 11, 50), ("三", 40, 170))]
    rule = Rule((BOOKS,), ((BOOKS, "primary", F(10)),), mean=(("primary", F(15, 100)),))
    ev = jh.evaluate(frame(*rows), standard(rule))
    full = planned(ev, unit_costs={"books": 1}).full_cost
    for share in (0.2, 0.4, 0.9, 0.999):
        plan = planned(ev, unit_costs={"books": 1}, budget=full * share)
        assert plan.after.indicators["verdict"].tolist()[-1] == ev.indicators["verdict"].tolist()[-1] == "met"
        assert plan.steps["turns"].tolist()[0] == "school" and (plan.steps["cost"] > 0).all()
        assert plan.steps["cost"].sum() == full


def test_a_mean_that_holds_already_is_no_step() -> None:
    rows = [own("primary", f"{n}小", 10, books=b) for n, b in (("一", 10), ("二", 19), ("三", 15))]
    rule = Rule((BOOKS,), ((BOOKS, "primary", F(2)),), mean=(("primary", F(1, 2)),))
    plan = planned(jh.evaluate(frame(*rows), standard(rule)), unit_costs={"books": 1}, budget=6)
    assert plan.steps["turns"].tolist() == ["school"] * 3 and plan.steps["cost"].tolist() == [1, 5, 10]


def test_a_budget_that_is_too_small_promises_nothing() -> None:
    people = [{"students_primary": 1, "students_junior": n} for n in (1, 2)]
    rows = [one_row("nine_year", people=p, school=f"{b}校", books=b) for p, b in zip(people, (1, 9), strict=True)]
    ev = jh.evaluate(frame(*rows), standard(Rule((BOOKS,), each=(("primary", F(1, 4)),))))
    plan = planned(ev, unit_costs={"books": 1}, budget=1)
    assert plan.full_cost == 3 and plan.cost <= 1
    assert not plan.whole and plan.counties["promise"].tolist() == ["unmet"]


def test_nor_does_one_that_leaves_out_what_follows() -> None:
    rule = Rule((TEACHERS, PE), ((PE, "primary", F(11, 10)),), each=(("primary", F(1, 10)),))
    table = frame(
        own("primary", "一小", 1, teachers=1, pe_art_teachers=1),
        own("primary", "二小", 10, teachers=11, pe_art_teachers=11),
    )
    plan = planned(table, standard(rule), unit_costs={"teachers": 5, "pe_art_teachers": 1}, budget=2)
    unmet = "unmet" in {*plan.after.school_verdicts["verdict"], *plan.after.indicators["verdict"].dropna()}
    assert plan.counties["promise"].tolist() == ["unmet" if unmet else "met"]


# ---------------------------------------------------------------------------------------------- standards

ALL_COSTS = {
    **COSTS, "teachers": 9, "teachers_mid_or_senior_title": 3, "computers": 4, "books": 1, "land_area_m2": 1,
}  # fmt: skip


def test_majiang_judges_as_the_nation_does() -> None:
    county = jh.synthetic.county(seed=4, n_schools=8)
    here, nation = planned(county, MAJIANG), planned(county, QUALITY)
    assert len(here.changes) and records(here.changes) == records(nation.changes)


def test_basic_balance_counts_units_that_are_said_to_count() -> None:
    rows = [
        school("一小", books=30_000),
        school("二小"),
        school("点", kind="teaching_point", students=30, in_coefficient=False),
        junior(),
    ]
    rows[2] |= dict.fromkeys((*GOOD, "teachers", "teachers_mid_or_senior_title", "computers", "books"), 0)
    table = frame(*rows)
    out = planned(table, BASIC, unit_costs=ALL_COSTS)
    assert out.changes.empty  # the eight are alike enough; the point, with nothing, is said not to take part
    table["in_coefficient"] = [None, None, True, None]
    within = planned(table, BASIC, unit_costs=ALL_COSTS)
    assert within.counties["promise"].tolist() == ["met"]
    composite = pick(within.after.indicators, indicator="composite")
    assert composite["verdict"].tolist() == ["met", "met"] and composite["coefficient"].tolist()[0] <= 0.65


def test_schools_that_the_standard_leaves_out_get_nothing() -> None:
    """A teaching point of fewer than 50 does not count under the rules of 2017; one of 50 does."""
    tenth = {c: -(-n // 10) for c, n in GOOD.items()} | {"teaching_area_m2": 1.0, "sports_area_m2": 1.0}
    point = school("点", kind="teaching_point", **tenth)
    for students, named in ((49, []), (50, ["点"])):
        plan = planned(frame(school(), point | {"students": students}, junior()))
        assert sorted(set(plan.changes["school"])) == named
        assert plan.counties["promise"].tolist() == ["met"]


def test_a_school_without_pupils_gets_nothing() -> None:
    plan = planned(frame(school(), junior(), school("空", students=0, teaching_area_m2=0.0)))
    assert plan.changes.empty and plan.unplanned.empty


@pytest.mark.parametrize(("classes", "reason"), [(None, "missing_classes"), (3, "size_outside")])
def test_of_tables_over_sizes_what_is_not_known_is_not_planned(classes: int | None, reason: str) -> None:
    """Of a size that Shandong's tables do not have nothing is said, so nothing can be promised."""
    ev = jh.evaluate(frame(conditions(classes=classes, land_area_m2=500.0)), SHANDONG)
    assert cell(ev)["reason"] == reason
    plan = planned(ev, unit_costs={"land_area_m2": 1, "classes": 1})
    assert plan.counties["promise"].tolist() == ["undetermined"]
    assert plan.counties["n_unplanned"].tolist() == [len(plan.unplanned)]
    assert set(plan.unplanned["school"]) == {"一校"} and set(plan.unplanned["stage"]) == {"primary"}
    open_ = ev.schools[ev.schools["verdict"] == "undetermined"]
    assert sorted(plan.unplanned["indicator"]) == sorted(open_["indicator"])
    said = {r["indicator"]: r["reason"] for r in records(plan.unplanned)}
    assert said == {r["indicator"]: r["reason"] for r in records(open_)}


def cell(ev: jh.Evaluation) -> dict[str, Any]:
    return only(ev.schools, indicator="land_area_per_student")


def test_between_two_sizes_the_stricter_is_planned_for() -> None:
    ev = jh.evaluate(frame(conditions(classes=15, land_area_m2=500.0)), SHANDONG)
    table = ev.standard.find("land_area_per_student", "primary")
    near = [float(v) for c, v in zip(table.classes, table.values, strict=True) if c in (12, 18)]
    between = jh.evaluate(frame(conditions(classes=15, land_area_m2=sum(near) / 2 * 500)), SHANDONG)
    assert cell(between)["verdict"] == "undetermined"
    for some in (ev, between):
        plan = planned(some, unit_costs={"land_area_m2": 1})
        assert plan.unplanned.empty and cell(plan.after)["verdict"] == "met"
        assert cell(plan.after)["value"] == pytest.approx(max(near))


def test_of_what_may_be_at_most_more_of_the_other_is_planned() -> None:
    """Pupils to a teacher are at most so many: teachers are added, pupils never sent away."""
    ev = jh.evaluate(frame(conditions(staff=10)), with_staff_quota())
    assert "unmet" in set(pick(ev.schools, indicator="students_per_staff")["verdict"])
    plan = planned(ev, unit_costs={"staff": 1})
    assert set(plan.changes["column"]) == {"staff"} and (plan.changes["change"] % 1 == 0).all()
    assert set(pick(plan.after.schools, indicator="students_per_staff")["verdict"]) == {"met"}
    less = plan.changes.assign(change=plan.changes["change"] - 1)
    assert set(pick(ev.apply(less).schools, indicator="students_per_staff")["verdict"]) == {"unmet"}


def test_pupils_are_not_bought() -> None:
    rule = Rule(("students_per_staff",), (("students_per_staff", "primary", F(10)),))
    plan = planned(frame(own("primary", "一小", 20, staff=5)), standard(rule), unit_costs={"students": 1, "staff": 1})
    assert plan.changes.empty and plan.counties["promise"].tolist() == ["undetermined"]
    assert plan.unplanned["indicator"].tolist() == ["students_per_staff"]


def test_relaxations_that_are_switched_on_are_counted_on() -> None:
    rural = school("一小", students=60, area_type="rural", pe_art_teachers=0, visiting_pe_art_teachers=1, year=2021)
    table = frame(rural, junior(year=2021))
    strict = jh.load_standard(QUALITY)
    relaxed = strict.with_options(relaxations=["shared-pe-and-art-teachers"])
    plans = [planned(table, s) for s in (strict, relaxed)]
    assert [sorted(p.changes["column"]) for p in plans] == [["pe_art_teachers"], []]
    assert all(p.counties["promise"].tolist() == ["met"] for p in plans)


@pytest.mark.parametrize("missing", ["propagate", "omit"])
def test_what_is_missing_is_listed_and_promised_nothing(missing: Any) -> None:
    table = frame(school(), school("二小", teaching_area_m2=None, sports_area_m2=3000.0, pe_art_teachers=3), junior())
    ev = jh.evaluate(table, QUALITY, missing=missing)
    plan = planned(ev)
    rows = records(plan.unplanned[["school", "stage", "indicator", "reason"]])
    assert rows == [
        {
            "school": "二小",
            "stage": "primary",
            "indicator": "teaching_area_per_student",
            "reason": "missing_value",
        },
        {"school": None, "stage": "primary", "indicator": "teaching_area_per_student", "reason": "missing_value"},
    ]
    assert plan.counties["promise"].tolist() == ["undetermined"] and plan.counties["n_unplanned"].tolist() == [2]
    assert "teaching_area_m2" not in set(plan.changes["column"]) and len(plan.changes)
    assert set(plan.after.school_verdicts["verdict"]) == {"met", "undetermined"}


def test_where_nothing_is_judged_nothing_is_promised() -> None:
    nobody = frame(school(students=0), school("二小", students=0))
    assert planned(nobody).counties["promise"].tolist() in ([], ["undetermined"])
    plan = planned(frame(own("primary", "一小", 1, books=1)), standard(Rule((BOOKS,))), unit_costs={})
    assert plan.counties["promise"].tolist() == ["undetermined"] and plan.changes.empty


# ---------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"unit_costs": {}}, ("unit_costs has no cost for:", "'sports_area_m2' (needed by a school in 甲县)")),
        ({"unit_costs": 5}, ("unit_costs must map columns (or indicators) to costs", "int")),
        (
            {"unit_costs": {"sports": 1, "area": 2}},
            ("unknown column or indicator 'sports'", "unknown column or indicator 'area'"),
        ),
        ({"unit_costs": {"county": 1}}, ("'county' is not a column of numbers",)),
        ({"unit_costs": {"sports_area_m2": -1}}, ("sports_area_m2", "-1", "at least 0")),
        ({"unit_costs": {"sports_area_m2": float("nan")}}, ("sports_area_m2", "nan", "at least 0")),
        ({"unit_costs": {"sports_area_m2": float("inf")}}, ("sports_area_m2", "inf", "at least 0")),
        ({"unit_costs": {"sports_area_m2": "dear"}}, ("sports_area_m2", "'dear'", "at least 0")),
        ({"unit_costs": {"sports_area_m2": True}}, ("sports_area_m2", "True", "at least 0")),
        ({"unit_costs": {"sports_area_m2": {"primary": -2}}}, ("sports_area_m2", "for kind 'primary'", "-2")),
        ({"unit_costs": {"sports_area_m2": {"primry": 2}}}, ("'primry'", "unknown kind of school", "primary")),
        ({"unit_costs": {"books": 1, "books_per_student": 2}}, ("duplicate cost of 'books'",)),
        ({"move_costs": {"books": 2}}, ("move_costs", "only staff", "books")),
        ({"move_costs": {"students": 2}}, ("move_costs", "only staff can be moved", "students")),
        ({"move_costs": 5}, ("move_costs must map columns",)),
        ({"budget": -1}, ("budget must be a number of at least 0", "-1")),
        ({"budget": float("nan")}, ("budget must be a number", "nan")),
        ({"budget": "much"}, ("budget must be a number", "'much'")),
        ({"budget": True}, ("budget must be a number", "True")),
        ({"most_moved": 1.5}, ("most_moved must be between 0 and 1", "1.5")),
        ({"most_moved": "half"}, ("most_moved must be between 0 and 1", "'half'")),
        ({"decimals": 1.5}, ("decimals must be a whole number from 0 to 6", "1.5")),
        ({"decimals": 7}, ("decimals must be a whole number from 0 to 6", "7")),
        ({"nodes": -1}, ("nodes must be a whole number of at least 0", "-1")),
        ({"nodes": True}, ("nodes must be a whole number", "True")),
    ],
)
def test_errors_say_what_is_wrong_and_where(how: dict[str, Any], said: tuple[str, ...]) -> None:
    ev = jh.evaluate(frame(school(sports_area_m2=100.0)), QUALITY)
    with pytest.raises(jh.InputError) as caught:
        planned(ev, **how)
    for words in said:
        assert words in str(caught.value)


def test_every_cost_that_is_lacking_is_named_at_once() -> None:
    table = frame(
        school(sports_area_m2=100.0, teaching_area_m2=100.0),
        school("三小", county="乙县", equipment_value_cny=1e9),
        school("四小", county="乙县"),
    )
    with pytest.raises(jh.InputError) as caught:
        planned(table, unit_costs={"books": 1})
    for words in (
        "'sports_area_m2' (needed by a school in 甲县",
        "'equipment_value_cny' (its coefficient",
    ):
        assert words in str(caught.value)


def test_a_limit_that_no_addition_reaches_is_named() -> None:
    """What must not be had by the poor school, which has no price, cannot be made equal."""
    rows = [own("primary", "一小", 1, books=100), own("teaching_point", "一点", 9, books=0) | {"stage": "primary"}]
    std = standard(Rule((BOOKS,), each=(("primary", F(1, 5)),)))
    with pytest.raises(jh.InputError) as caught:
        planned(frame(*rows), std, unit_costs={"books": {"primary": 1}})
    for words in ("additions alone cannot meet these limits", "甲县", "books", "0.2"):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"budget": "许多"}, "budget 须为不小于0的数，而非“许多”"),
        ({"most_moved": 2}, "most_moved 须为0与1之间的比例，而非“2”"),
        ({"nodes": -1}, "nodes 须为不小于0的整数，而非“-1”"),
        ({"decimals": 7}, "decimals 须为0至6的整数，而非“7”"),
        ({"move_costs": {"books": 1}}, "move_costs（命令行为 --moves）：只能调剂在校工作的人员，不能调剂图书册数"),
        (
            {"unit_costs": {"books": 1}},
            "以下各项缺少单价（unit_costs，命令行为 --costs）：\n  “体育运动场馆面积”",
        ),
        ({"unit_costs": {"books": 1, "books_per_student": 2}}, "unit_costs 有误：\n  “图书册数”的单价重复"),
    ],
)
def test_what_cannot_be_planned_is_said_in_chinese(how: dict[str, Any], words: str) -> None:
    ev = jh.evaluate(frame(school(sports_area_m2=100.0)), QUALITY)
    with pytest.raises(jh.InputError) as caught:
        planned(ev, **how)
    text = caught.value.text("zh")
    assert text.startswith(words)
    arguments = r"--\w+|\b(unit_costs|move_costs|budget|most_moved|nodes|decimals)\b"
    assert not re.search("[A-Za-z]{2,}", re.sub(arguments, "", text))


def test_what_stays_over_its_limit_is_named_in_chinese() -> None:
    rows = [own("primary", "一小", 1, books=100), own("teaching_point", "一点", 9, books=0) | {"stage": "primary"}]
    std = standard(Rule((BOOKS,), each=(("primary", F(1, 5)),)))
    with pytest.raises(jh.InputError) as caught:
        planned(frame(*rows), std, unit_costs={"books": {"primary": 1}})
    assert caught.value.text("zh") == "仅靠增补不能达标：\n  甲县：图书册数的差异系数（小学）仍超过0.2"


def test_a_plan_wants_an_evaluation() -> None:
    for wrong in (None, frame(school()), QUALITY):
        with pytest.raises((jh.InputError, AttributeError, TypeError)):
            jh.plan(wrong, unit_costs=COSTS)


# ---------------------------------------------------------------------------------------------- how it looks


def test_the_frames_have_the_columns_that_are_promised() -> None:
    ev = jh.evaluate(frame(school(sports_area_m2=100.0), school("二小")), QUALITY)
    plan = planned(ev)
    assert list(plan.changes) == [
        "county", "school", "row", "stage", "indicator", "column", "change", "unit", "unit_cost", "cost", "why",
    ]  # fmt: skip
    assert list(plan.counties) == ["county", "cost", "bound", "method", "n_unplanned", "promise"]
    assert list(plan.steps) == ["county", "turns", "where", "cost", "cumulated_cost", "reached"]
    assert list(plan.unplanned) == ["county", "school", "stage", "indicator", "reason"]
    assert (plan.changes["change"] * plan.changes["unit_cost"]).tolist() == plan.changes["cost"].tolist()
    assert plan.cost == plan.changes["cost"].sum() == plan.counties["cost"].sum()
    assert "<Plan: " in repr(plan) and "of" not in repr(plan).split("cost")[1]
    part = planned(ev, budget=1)
    assert f"of {plan.full_cost:,.0f}" in repr(part)
    assert isinstance(plan.changes, pd.DataFrame)


def test_progress_is_told_county_by_county() -> None:
    told: list[tuple[int, int]] = []
    rows = [school(county=c) for c in ("甲县", "乙县", "丙县")]
    planned(frame(*rows), progress=lambda done, whole: told.append((done, whole)))
    assert told[-1] == (3, 3) and [d for d, _ in told] == sorted(d for d, _ in told)


def test_a_plan_gives_each_school_what_the_table_it_stands_in_asks(tmp_path: Path) -> None:
    """2012: a private school may be in the coefficient alone, a school of the county in the basic standard alone."""
    cited = 'clause = "c"\nsource = "S1"\nstanding = "secondary"\n'
    path = tmp_path / "own.toml"
    path.write_text(
        f'id = "own"\nextends = "{BASIC}"\nlast_checked_on = "2026-11-22"\nlabel = {{ zh = "某省", en = "Own" }}\n'
        + "".join(
            f'[[thresholds]]\nindicator = "books_per_student"\nstage = "{s}"\nvalue = 10\n{cited}'
            for s in ("primary", "junior")
        )
        + f'[school_rule]\nkind = "all"\n{cited}',
        encoding="utf-8",
    )
    table = frame(
        school(),
        school("民小", ownership="民办", in_coefficient="是", books=4_000),
        school("省小", owner_type="3", in_coefficient="否", books=0),
        school("二小", in_coefficient="否", books=4_000),
        junior(),
    )
    out = planned(table, path, unit_costs=ALL_COSTS)
    # the private school is not asked for ten books a pupil, nor the provincial one; the coefficients hold without
    assert records(out.changes[["school", "column", "change"]]) == [
        {"school": "二小", "column": "books", "change": 1_000.0}
    ]
    lacks = jh.shortfalls(jh.evaluate(table, path))
    assert set(lacks["school"]) == {"二小"}
    after = {r["item"]: r["verdict"] for r in records(out.after.items) if r["stage"] == "primary"}
    assert after == {"schools-comply": "met", "composite-coefficient": "met"}


def test_what_is_added_to_one_area_moves_those_that_rest_on_it() -> None:
    table = frame(school(), junior()).drop(columns=["teaching_area_m2", "sports_area_m2"])
    table = table.assign(teaching_area_total_m2=3200.0, indoor_sports_m2=200.0, outdoor_sports_area_m2=5400.0)
    ev = jh.evaluate(table, QUALITY)
    made = ev.apply([jh.changes.Add("teaching_area_m2", 100, school="一小")])
    made = made.apply([jh.changes.Add("indoor_sports_m2", 50, school="一小")])
    row = made.data.sections.schools
    got = {c: row.number(c)[0] for c in ("teaching_area_m2", "teaching_area_total_m2", "sports_area_m2")}
    assert got == {"teaching_area_m2": 3100.0, "teaching_area_total_m2": 3350.0, "sports_area_m2": 5650.0}


def test_why_a_change_is_made_is_said_in_the_language_of_the_evaluation() -> None:
    poor = jh.evaluate(frame(school(sports_area_m2=100.0), school("二小"), junior()), QUALITY)
    said = [
        jh.plan(poor.relabel(language), unit_costs=COSTS, progress=False).changes.iloc[0, -1]
        for language in ("en", "zh")
    ]
    assert said == ["to reach the floor", "达到下限"]
