"""The cheapest plan under which all indicators, the school rule and the coefficients pass together.

This module is the entry point. ``_building.py`` and ``_problem.py`` state the problem of a county, ``_solve.py`` finds
its cheapest steps with ``_resource.py`` (one resource and its coefficients), ``_means.py`` (limits on means) and
``_prices.py`` (prices of coefficients), ``_budget.py`` orders the steps if the budget is too small, and ``_result.py``
presents the plan.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import numpy as np

from junheng._data import Number
from junheng._frames import FrameT
from junheng._progress import Progress, reporting
from junheng.errors import InputError
from junheng.indicators.allocation.cones import clock
from junheng.indicators.compliance import UNMET
from junheng.planning._budget import spend
from junheng.planning._building import counties
from junheng.planning._costs import Prices, UnitCosts, as_number
from junheng.planning._problem import County
from junheng.planning._resource import reaches
from junheng.planning._result import WHY, Plan, fails
from junheng.planning._solve import Answer, Effort, solve
from junheng.results import Evaluation, check_evaluation
from junheng.schools import columns
from junheng.words import Listed, Message, Name, Quoted, listed, message, sentences, with_lines

__all__ = ["WHY", "Plan", "plan"]


def plan(
    ev: Evaluation[FrameT],
    *,
    unit_costs: UnitCosts,
    budget: Number | None = None,
    move_costs: Mapping[str, Number] | None = None,
    most_moved: Number = Decimal("0.1"),
    decimals: int = 2,
    nodes: int = 200,
    time_limit: float | None = None,
    progress: Progress = None,
) -> Plan[FrameT]:
    r"""Return the cheapest additions that make every school and every coefficient of a table pass.

    For each county and year, the plan says what each school must get so that it complies and so that every difference
    coefficient, or the limited mean of coefficients, is within its limit. Where the school rule lets a school leave
    indicators at the floor, the plan selects those that save most.

    If there are no such exceptions and no figures divided between stages, indicators are independent and
    :func:`least_additions` solves each exactly. Otherwise the plan is improved step by step, and scipy's mixed-integer
    solver (HiGHS) gives a lower bound on the cost of any plan; ``gap`` is the distance between the two. Counted things
    are added in whole numbers, measured things in steps of ``decimals`` places.

    Each column is planned separately. One new teacher may count for several columns, so the plan may overstate the
    cost where qualifications overlap.

    Parameters
    ----------
    ev : Evaluation
        The result of :func:`junheng.evaluate`. Missing figures cannot be planned for: they are listed in
        ``unplanned``, and the promise of their county is undetermined.
    unit_costs : mapping
        Column (``teaching_area_m2``) or indicator to the cost of one unit: a number, or a mapping from kind of school
        to a number.
    budget : float, optional
        Total budget for all counties, in yuan. If the plan costs more, steps are taken in order, cheapest verdict
        first, until one cannot be paid: see ``Plan.steps``. A larger budget only adds steps.
    move_costs : mapping, optional
        Columns of staff who can also be moved between schools of the same county and stage, and the cost of one move.
        A school gives away only staff above its own threshold. A mean of coefficients (2012) is lowered by additions
        only.
    most_moved : float
        Largest share of the staff of a column and stage that can be moved.
    decimals : int
        Decimal places of measured things such as square metres.
    nodes : int
        Branch-and-bound nodes per round of the mixed-integer solver, for each county that needs it. 0 disables it.
        This limit is work, not time: the same input has the same plan on every machine.
    time_limit : float, optional
        Seconds after which nothing cheaper is searched for: what remains is planned quickly, and ``stopped`` is
        ``"time"``. Such a plan depends on the machine. Default: no limit.
    progress : bool or callable, optional
        None: a progress bar on a terminal if tqdm (the extra ``progress``) is installed; False: none; or a function
        called with the number of counties done and the total.

    Returns
    -------
    Plan
        ``changes`` (a tidy frame accepted by :meth:`Evaluation.apply`), ``counties``, ``steps``, ``unplanned``,
        ``cost``, ``bound``, ``gap``, ``stopped``, ``left_over`` and ``after``, the evaluation of the
        changed table.

    Raises
    ------
    InputError
        If a cost is not a number, a needed resource has no cost, the budget or a limit is negative, or
        additions cannot make a county pass. The message lists all cases.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> costs = {"teachers_above_required_degree": 90_000, "backbone_teachers": 20_000, "pe_art_teachers": 80_000,
    ...          "teaching_area_m2": 3_000, "sports_area_m2": 500, "equipment_value_cny": 1,
    ...          "multimedia_classrooms": 60_000}
    >>> plan = jh.plan(ev, unit_costs=costs)
    >>> plan.after.verdicts[["part", "verdict"]].values.tolist()[0]
    ['resources', 'met']
    """
    check_evaluation(ev)
    prices = Prices.read(unit_costs, by_column=True)
    moves = Prices.read(move_costs or {}, "move_costs", by_column=True)
    _check_people(prices, moves)
    _check_numbers(budget, most_moved, nodes, decimals, time_limit)
    effort = Effort(nodes, math.inf if time_limit is None else clock() + float(time_limit))
    purse = None if budget is None else float(budget)
    problems = counties(ev.data, prices, decimals, moves.given)
    found = _solved(ev, problems, moves, Fraction(str(most_moved)), effort, progress)
    whole = Plan(ev, tuple(found), (), prices, moves, purse, math.fsum(a.cost for a in found))
    for _ in range(4):
        # staff added to a part of a column also raise the whole, and so another coefficient: evaluate the result
        more = _still_lacking(whole, decimals, effort)
        if not more:
            break
        found = [a.with_more(more[i]) if i in more else a for i, a in enumerate(found)]
        whole = attrs.evolve(whole, answers=tuple(found), full_cost=math.fsum(a.cost for a in found))
    if purse is None or whole.full_cost <= purse:
        return whole
    states, taken = spend(problems, ev.data, purse)
    reached = [
        Answer(p, z, {}, a.lows, 0.0, 0.0, "budget", (), a.stopped)
        for p, z, a in zip(problems, states, found, strict=True)
    ]
    return attrs.evolve(whole, answers=tuple(reached), taken=tuple(taken))


def _check_numbers(budget: Any, most_moved: Any, nodes: Any, decimals: Any, time_limit: Any) -> None:
    if budget is not None and not as_number(budget) >= 0:
        raise InputError(message("planning.budget", value=Quoted(budget)))
    if not 0 <= as_number(most_moved) <= 1:
        raise InputError(message("planning.most_moved", value=Quoted(most_moved)))
    if isinstance(nodes, bool) or not isinstance(nodes, int) or nodes < 0:
        raise InputError(message("planning.nodes", value=Quoted(nodes)))
    if time_limit is not None and not as_number(time_limit) >= 0:
        raise InputError(message("planning.time_limit", value=Quoted(time_limit)))
    if isinstance(decimals, bool) or not isinstance(decimals, int) or not 0 <= decimals <= 6:
        raise InputError(message("planning.decimals", value=Quoted(decimals)))


def _still_lacking(whole: Plan, decimals: int, effort: Effort) -> dict[int, Answer]:
    """Return what counties still need once the plan is carried out, by position."""
    broken = [i for i, a in enumerate(whole.answers) if whole._promise(a) != UNMET and fails(whole.after, a.problem)]
    if not broken:
        return {}
    again = counties(whole.after.data, whole.prices, decimals)
    more = _solved(whole.after, [again[i] for i in broken], Prices({}), Fraction(0), effort, False)
    return dict(zip(broken, more, strict=True))


def _solved(
    ev: Evaluation, problems: Sequence[County], moves: Prices, most_moved: Fraction, effort: Effort, progress: Progress
) -> list[Answer]:
    """Solve all counties; raise an error that lists what has no cost or cannot be met."""
    d = ev.data
    _refuse_unpriced(ev, problems)
    found: list[Answer] = []
    with reporting(len(problems), sentences("planning", ev.language or "en")["planning"], progress) as report:
        for i, problem in enumerate(problems):
            found.append(solve(problem, d, moves, most_moved, effort))
            report(i + 1)
    stuck = [
        message("planning.in_county", place=d.county_name(a.problem.county), what=what)
        for a in found
        for what in a.stuck
    ]
    if stuck:
        raise InputError(with_lines(message("planning.stuck"), stuck))
    return found


def _check_people(prices: Prices, moves: Prices) -> None:
    wrong = [c for c in moves.given if not _works_there(c)]
    if wrong:
        raise InputError(message("planning.only_people", columns=_columns(wrong)))
    by_kind = [
        c for c in moves.given if isinstance(moves.given[c], Mapping) or isinstance(prices.given.get(c), Mapping)
    ]
    if by_kind:
        raise InputError(message("planning.one_cost_for_people", columns=_columns(by_kind)))


def _columns(names: Iterable[str]) -> Listed:
    return listed(Name("column", n) for n in names)


def _works_there(column: str | None) -> bool:
    """Tell whether a column counts staff, or a part of them."""
    return column is not None and (column == "staff" or _works_there(columns()[column].part_of))


def _refuse_unpriced(ev: Evaluation, problems: Sequence[County]) -> None:
    """Raise an error that lists everything that is needed and has no cost."""
    wanted: dict[str, Message] = {}
    for problem in problems:
        if all(np.isfinite(t.cost).all() for t in problem.resources):
            continue
        place = ev.data.county_name(problem.county)

        def want(key: str, column: str, place: str = place) -> None:
            wanted.setdefault(column, message(key, column=Quoted(Name("column", column)), place=place))

        for schools in problem.schools:
            cheapest, _ = problem.school_choices(schools)[0]
            for k, u in cheapest:
                if math.isinf(problem.resources[k].cost[u]):
                    want("planning.school_lacks", problem.resources[k].column)
        for resource in problem.resources:
            for target in resource.limited:
                unpriced = bool(np.isinf(resource.cost[resource.unit[target.sections]]).all())
                if unpriced and not reaches(resource, target, np.zeros(len(resource.members), dtype=np.int64)):
                    want("planning.coefficient_over", resource.column)
    if wanted:
        raise InputError(with_lines(message("planning.no_cost"), wanted.values()))
