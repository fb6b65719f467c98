"""The least change that passes: every indicator, the school rule and the coefficients together.

Here is the entrance; the way through it: ``_problem.py`` (what a county lacks, as numbers), ``_solve.py`` (the cheapest
steps of one county), which rests on ``_resource.py`` (one resource and its coefficients) and ``_means.py`` (limits on
means), ``_budget.py`` (if the money is not enough), ``_result.py`` (the plan as a result).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import numpy as np

from junheng._progress import Progress, reporting
from junheng.errors import InputError
from junheng.indicators.compliance import UNMET
from junheng.planning._budget import spend
from junheng.planning._building import counties
from junheng.planning._costs import Prices, as_number, with_lines
from junheng.planning._problem import County
from junheng.planning._resource import reaches
from junheng.planning._result import WHY, Plan, fails
from junheng.planning._solve import Answer, solve
from junheng.results import Evaluation
from junheng.schools import columns
from junheng.words import Listed, Message, Name, Quoted, listed, message, sentences

__all__ = ["WHY", "Plan", "plan"]


def plan(
    ev: Evaluation,
    *,
    unit_costs: Mapping[str, Any],
    budget: float | Decimal | None = None,
    move_costs: Mapping[str, Any] | None = None,
    most_moved: float | Decimal = Decimal("0.1"),
    decimals: int = 2,
    nodes: int = 200,
    progress: Progress = None,
) -> Plan:
    r"""Return the cheapest additions that make every school and every coefficient of a table pass.

    For each county and year: what each school is to get so that it complies (with the indicators the school rule lets
    it leave at the floor chosen where that saves most), and so that every difference coefficient, or the mean of them
    that the standard limits, is within its limit.

    Without exceptions to choose and without schools whose figures are divided between stages, indicators do not
    depend on each other and :func:`least_additions` solves each exactly. Otherwise the choice is improved step by
    step, and scipy's mixed-integer solver (HiGHS) gives a bound that no plan is below; ``gap`` says how far the two
    are apart. Things are counted in whole numbers, measured ones in steps of ``decimals`` places.

    Every column is planned by itself: one new teacher may count for several, so where qualifications overlap the
    plan is on the dear side.

    Parameters
    ----------
    ev : Evaluation
        What :func:`junheng.evaluate` returned. Gaps cannot be planned for: they are listed in ``unplanned``, and the
        promise is then undetermined.
    unit_costs : mapping
        Column (``teaching_area_m2``) or indicator to the cost of one unit: a number, or a mapping from kind of school
        to a number.
    budget : float, optional
        What may be spent on all counties together. If the plan costs more, steps are taken in order, cheapest
        verdict first, as far as the money reaches: see ``Plan.steps``. More money only adds steps.
    move_costs : mapping, optional
        Columns of people that may also be moved between schools of the same county and stage, and what one move
        costs. A school gives only what it has above its own threshold. A mean of coefficients (2012) is brought down by
        additions only.
    most_moved : float
        Largest share of a stage's people of a column that may be moved.
    decimals : int
        Decimal places of what is measured, such as square metres.
    nodes : int
        Work of the mixed-integer solver in each county that needs it: branch-and-bound nodes a round. 0 leaves it out.
    progress : bool or callable, optional
        By default a bar where there is a terminal and tqdm (the extra ``progress``); False for none; or a function
        that is called with what is done and the whole.

    Returns
    -------
    Plan
        ``changes`` (a tidy frame that :meth:`Evaluation.apply` takes), ``counties``, ``steps``, ``unplanned``,
        ``cost``, ``bound``, ``gap``, ``left_over`` and ``after``, the evaluation of the changed table.

    Raises
    ------
    InputError
        On costs that are not numbers, a resource that is needed and has no cost, a negative budget, or a county that
        additions cannot bring to pass; every one is named.

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
    prices = Prices.read(unit_costs, by_column=True)
    moves = Prices.read(move_costs or {}, "move_costs", by_column=True)
    _check_people(prices, moves)
    _check_numbers(budget, most_moved, nodes, decimals)
    purse = None if budget is None else float(budget)
    problems = counties(ev.data, prices, decimals, moves.given)
    found = _solved(ev, problems, moves, Fraction(str(most_moved)), nodes, progress)
    whole = Plan(ev, tuple(found), (), prices, moves, purse, math.fsum(a.cost for a in found))
    for _ in range(4):
        # a person added to a part may raise the whole it belongs to, and so another coefficient: look at what came out
        more = _still_lacking(whole, decimals, nodes)
        if not more:
            break
        found = [a.with_more(more[i]) if i in more else a for i, a in enumerate(found)]
        whole = attrs.evolve(whole, answers=tuple(found), full_cost=math.fsum(a.cost for a in found))
    if purse is None or whole.full_cost <= purse:
        return whole
    states, taken = spend(problems, ev.data, purse)
    reached = [Answer(p, z, {}, a.lows, 0.0, 0.0, "budget") for p, z, a in zip(problems, states, found, strict=True)]
    return attrs.evolve(whole, answers=tuple(reached), taken=tuple(taken))


def _check_numbers(budget: Any, most_moved: Any, nodes: Any, decimals: Any) -> None:
    if budget is not None and not as_number(budget) >= 0:
        raise InputError(message("planning.budget", value=Quoted(budget)))
    if not 0 <= as_number(most_moved) <= 1:
        raise InputError(message("planning.most_moved", value=Quoted(most_moved)))
    if isinstance(nodes, bool) or not isinstance(nodes, int) or nodes < 0:
        raise InputError(message("planning.nodes", value=Quoted(nodes)))
    if isinstance(decimals, bool) or not isinstance(decimals, int) or not 0 <= decimals <= 6:
        raise InputError(message("planning.decimals", value=Quoted(decimals)))


def _still_lacking(whole: Plan, decimals: int, nodes: int) -> dict[int, Answer]:
    """Return what counties need on top once the plan is carried out: answers by position."""
    broken = [i for i, a in enumerate(whole.answers) if whole._promise(a) != UNMET and fails(whole.after, a.problem)]
    if not broken:
        return {}
    again = counties(whole.after.data, whole.prices, decimals)
    more = _solved(whole.after, [again[i] for i in broken], Prices({}), Fraction(0), nodes, False)
    return dict(zip(broken, more, strict=True))


def _solved(
    ev: Evaluation, problems: Sequence[County], moves: Prices, most_moved: Fraction, nodes: int, progress: Progress
) -> list[Answer]:
    """Solve county after county; whatever cannot be bought or brought to pass is named."""
    d = ev.data
    _refuse_unpriced(ev, problems)
    found: list[Answer] = []
    with reporting(len(problems), sentences("planning", ev.language or "en")["planning"], progress) as report:
        for i, problem in enumerate(problems):
            found.append(solve(problem, d, moves, most_moved, nodes))
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
    """Name everything that is needed and has no cost."""
    wanted: dict[str, Message] = {}
    for problem in problems:
        if all(np.isfinite(t.cost).all() for t in problem.resources):
            continue
        place = ev.data.county_name(problem.county)

        def want(key: str, column: str, place: str = place) -> None:
            wanted.setdefault(column, message(key, column=Quoted(Name("column", column)), place=place))

        for schools in problem.schools:
            choices = problem.school_choices(schools)
            if choices and math.isinf(choices[0][1]):
                for k, u in choices[0][0]:
                    if math.isinf(problem.resources[k].cost[u]):
                        want("planning.school_lacks", problem.resources[k].column)
        for resource in problem.resources:
            for target in resource.limited:
                unpriced = bool(np.isinf(resource.cost[resource.unit[target.sections]]).all())
                if unpriced and not reaches(resource, target, np.zeros(len(resource.members), dtype=np.int64)):
                    want("planning.coefficient_over", resource.column)
    if wanted:
        raise InputError(with_lines(message("planning.no_cost"), wanted.values()))
