"""How much a plan works: limits of work are deterministic, a limit of time is said."""

from __future__ import annotations

import json

import numpy as np
import pytest
from command_line import run

import junheng as jh
from junheng.indicators.allocation.cones import Cone, Program
from junheng.reports import html_report

QUALITY = "cn-quality-balance-2017"
COSTS = {
    "teachers_above_required_degree": 90_000,
    "backbone_teachers": 20_000,
    "pe_art_teachers": 80_000,
    "teaching_area_m2": 3_000,
    "sports_area_m2": 500,
    "equipment_value_cny": 1,
    "multimedia_classrooms": 60_000,
}


def hard(n_schools: int = 16) -> jh.Evaluation:
    """A county whose plan leaves a choice of floors to the solver."""
    return jh.evaluate(jh.synthetic.county(seed=2, n_schools=n_schools, inequality=1.6), QUALITY)


@pytest.fixture(scope="module")
def ev() -> jh.Evaluation:
    return hard()


@pytest.fixture(scope="module")
def whole(ev: jh.Evaluation) -> jh.Plan:
    return jh.plan(ev, unit_costs=COSTS, progress=False)


@pytest.fixture(scope="module")
def hurried(ev: jh.Evaluation) -> jh.Plan:
    return jh.plan(ev, unit_costs=COSTS, time_limit=0, progress=False)


def test_the_default_limit_is_work_and_the_same_every_time(ev: jh.Evaluation, whole: jh.Plan) -> None:
    again = jh.plan(ev, unit_costs=COSTS, progress=False)
    assert json.dumps(again.to_dict()) == json.dumps(whole.to_dict())
    assert whole.stopped is None
    assert whole.to_dict()["stopped"] is None


def test_a_plan_that_ran_out_of_time_says_so_and_still_passes(whole: jh.Plan, hurried: jh.Plan) -> None:
    assert hurried.stopped == "time"
    assert hurried.to_dict()["stopped"] == "time"
    assert hurried.full_cost >= whole.full_cost * (1 - 1e-9)
    assert hurried.bound <= whole.full_cost * (1 + 1e-9)
    assert hurried.gap >= whole.gap
    assert "met" in hurried.after.verdicts.query("part == 'resources'")["verdict"].tolist()


@pytest.mark.parametrize(("language", "words"), [("en", "The time limit ended the search"), ("zh", "因达到所设时限")])
def test_the_card_and_the_report_say_so(language: str, words: str, whole: jh.Plan, hurried: jh.Plan) -> None:
    assert words in hurried.relabel(language)._repr_html_()
    assert words not in whole.relabel(language)._repr_html_()
    assert words in html_report(hurried.evaluation, plan=hurried, language=language, plausibility=False)


def test_a_generous_limit_changes_nothing(ev: jh.Evaluation, whole: jh.Plan) -> None:
    generous = jh.plan(ev, unit_costs=COSTS, time_limit=3_600, progress=False)
    assert generous.stopped is None
    assert generous.to_dict() == whole.to_dict()


def test_a_plan_found_at_once_is_not_stopped() -> None:
    ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=5, inequality=0.2), QUALITY)
    plan = jh.plan(ev, unit_costs=COSTS, time_limit=0, progress=False)
    assert plan.gap == 0
    assert plan.stopped is None


@pytest.mark.parametrize("limit", [-1, float("nan"), "soon"])
def test_a_wrong_limit_is_refused(ev: jh.Evaluation, limit: object) -> None:
    with pytest.raises(jh.InputError, match=r"time_limit|number"):
        jh.plan(ev, unit_costs=COSTS, time_limit=limit, progress=False)  # type: ignore[arg-type]


def test_the_budget_keeps_that_the_time_was_over(ev: jh.Evaluation) -> None:
    assert jh.plan(ev, unit_costs=COSTS, budget=1e6, time_limit=0, progress=False).stopped == "time"


def test_the_command_line_says_so(capsys: pytest.CaptureFixture[str], tmp_path, ev: jh.Evaluation) -> None:
    jh.synthetic.county(seed=2, n_schools=16, inequality=1.6).to_csv(tmp_path / "s.csv", index=False)
    pairs = [f"{k}={v}" for k, v in COSTS.items()]
    code, out, _ = run(capsys, "plan", tmp_path / "s.csv", "--standard", QUALITY, "--costs", *pairs,
                       "--time-limit", 0, "--language", "en")  # fmt: skip
    assert code in (0, 1)
    assert "The time limit ended the search for a cheaper plan" in out


# ------------------------------------------------------------------------------------------------ the program of cones


def cone(t: float, base: list[float], students: list[float]) -> Cone:
    n = len(base)
    return Cone(np.array(base), np.array(students), np.arange(n), np.arange(n), np.ones(n), t)


def program(costs: list[float]) -> Program:
    return Program(
        np.array(costs), np.zeros(4), np.full(4, 50.0), np.ones(4, dtype=bool),
        [cone(0.3, [10, 2, 5, 1], [100, 90, 110, 60])],
    )  # fmt: skip


def test_a_bound_above_the_cost_of_a_known_solution_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    import scipy.optimize

    real = scipy.optimize.milp

    def wrong(*args: object, **kwargs: object) -> object:
        found = real(*args, **kwargs)
        found.mip_dual_bound = found.fun = 1e6
        return found

    monkeypatch.setattr(scipy.optimize, "milp", wrong)
    assert program([1.0, 1.0, 1.0, 1.0]).solve(known_cost=40.0).bound <= 40.0


def test_whole_things_of_one_price_cost_a_multiple_of_it() -> None:
    found = program([3.0, 3.0, 3.0, 3.0]).solve()
    assert found.z is not None
    assert found.bound == pytest.approx(3.0 * found.z.sum())
    assert found.bound / 3.0 == pytest.approx(round(found.bound / 3.0))
