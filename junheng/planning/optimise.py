"""The least change that passes: every indicator, the school rule and the coefficients together."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

import attrs
import numpy as np
from attrs import field, frozen

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng._frames import Labels
from junheng._labels import word
from junheng._progress import Progress, reporting
from junheng.errors import InputError
from junheng.indicators._conic import Cone as ConicCone
from junheng.indicators._conic import Program
from junheng.indicators.allocation import additions_where_possible, exactly_within, least_additions
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.planning._problem import County, Limits, Prices, Thing, as_number, counties
from junheng.results import Evaluation, records
from junheng.schools import base_column, columns

__all__ = ["Plan", "plan"]

#: Steps of every unit of every thing of a county.
Steps = list[Ints]

WHY = ("threshold", "floor", "coefficient", "threshold_and_coefficient", "moved_in", "moved_out")


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
        costs. A school gives only what it has above its own threshold.
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
        On costs that are not numbers, a thing that is needed and has no cost, a negative budget, or a county that
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
    prices = Prices.read(unit_costs)
    moves = Prices.read(move_costs or {}, "move_costs")
    _check_people(prices, moves)
    if budget is not None and not as_number(budget) >= 0:
        raise InputError(f"budget must be a number, 0 or more, not {budget!r}")
    if not 0 <= as_number(most_moved) <= 1:
        raise InputError(f"most_moved must be a share between 0 and 1, not {most_moved!r}")
    if isinstance(nodes, bool) or not isinstance(nodes, int) or nodes < 0:
        raise InputError(f"nodes must be a whole number, 0 or more, not {nodes!r}")
    if isinstance(decimals, bool) or not isinstance(decimals, int) or not 0 <= decimals <= 6:
        raise InputError(f"decimals must be a whole number from 0 to 6, not {decimals!r}")
    purse = None if budget is None else float(budget)
    problems = counties(ev.data, prices, decimals, moves.given)
    found = _solved(ev, problems, moves, Fraction(str(most_moved)), nodes, progress)
    whole = Plan(ev, tuple(found), (), prices, moves, purse, math.fsum(a.cost for a in found))
    for _ in range(4):
        # a person added to a part may raise the whole it belongs to, and so another coefficient: look at what came out
        broken = [i for i, a in enumerate(found) if whole._promise(a) != UNMET and _fails(whole.after, a.problem)]
        if not broken:
            break
        again = counties(whole.after.data, prices, decimals)
        more = _solved(whole.after, [again[i] for i in broken], Prices({}), Fraction(0), nodes, False)
        for i, extra in zip(broken, more, strict=True):
            found[i] = found[i].with_more(extra)
        whole = Plan(ev, tuple(found), (), prices, moves, purse, math.fsum(a.cost for a in found))
    if purse is None or whole.full_cost <= purse:
        return whole
    return _within_budget(ev, problems, found, prices, moves, purse, whole.full_cost)


def _solved(
    ev: Evaluation, problems: Sequence[County], moves: Prices, most_moved: Fraction, nodes: int, progress: Progress
) -> list[_Answer]:
    """Solve county after county; whatever cannot be bought or brought to pass is named."""
    d = ev.data
    _refuse_unpriced(ev, problems)
    found: list[_Answer] = []
    with reporting(len(problems), "planning", progress) as report:
        for i, problem in enumerate(problems):
            found.append(_Solver(problem, d, moves, most_moved, nodes).solve())
            report(i + 1)
    stuck = [f"{d.county_name(a.problem.county)}: {text}" for a in found for text in a.stuck]
    if stuck:
        raise InputError("no additions bring these to pass:\n" + "\n".join(f"  {s}" for s in stuck))
    return found


def _fails(after: Evaluation, problem: County) -> bool:
    """Tell whether a school or coefficient of a county is still unmet."""
    d = after.data
    groups = d.group_county == problem.county
    schools = d.school[d.usable[d.county[d.usable] == problem.county]] if d.standard.school_rule is not None else []
    return bool(
        (np.asarray(schools) == UNMET).any()
        or (d.coefficient_verdicts[groups] == UNMET).any()
        or (d.composite_verdicts[groups] == UNMET).any()
    )


def _check_people(prices: Prices, moves: Prices) -> None:
    wrong = [c for c in moves.given if not _works_there(c)]
    if wrong:
        raise InputError(f"move_costs: only people who work at a school are moved, not {', '.join(wrong)}")
    by_kind = [
        c for c in moves.given if isinstance(moves.given[c], Mapping) or isinstance(prices.given.get(c), Mapping)
    ]
    if by_kind:
        raise InputError(f"people who may be moved need one cost for all kinds of school: {', '.join(by_kind)}")


def _works_there(column: str | None) -> bool:
    """Tell whether a column counts staff, or a part of them."""
    return column is not None and (column == "staff" or _works_there(columns()[column].part_of))


def _refuse_unpriced(ev: Evaluation, problems: Sequence[County]) -> None:
    """Name everything that is needed and has no cost."""
    wanted: dict[str, str] = {}
    for problem in problems:
        if all(np.isfinite(t.cost).all() for t in problem.things):
            continue
        place = ev.data.county_name(problem.county)
        for schools in problem.schools:
            choices = problem.school_choices(schools)
            if choices and math.isinf(choices[0][1]):
                for k, u in choices[0][0]:
                    if math.isinf(problem.things[k].cost[u]):
                        wanted.setdefault(problem.things[k].column, f"a school of {place} lacks it")
        for thing in problem.things:
            for cone in thing.cones:
                unpriced = bool(np.isinf(thing.cost[thing.unit[cone.sections]]).all())
                if unpriced and cone.limit is not None and not _passes(cone.base, cone.students, cone.limit):
                    wanted.setdefault(thing.column, f"its coefficient in {place} is over the limit")
    if wanted:
        raise InputError("unit_costs has no cost for " + "; ".join(f"{c!r} ({why})" for c, why in wanted.items()))


# ------------------------------------------------------------------------------------------- one county


@frozen(eq=False)
class _Answer:
    """What was found for one county."""

    problem: County
    steps: Steps
    #: what moves away (negative) and arrives, by thing and section
    moved: dict[int, Ints]
    lows: Steps
    cost: float
    bound: float
    method: str
    stuck: tuple[str, ...] = ()

    def with_more(self, extra: _Answer) -> _Answer:
        """Return the answer with what turned out to be needed once it was carried out; its bound is lost."""
        things, steps, lows = list(self.problem.things), list(self.steps), list(self.lows)
        names = [t.column for t in things]
        place = {}
        for k, thing in enumerate(extra.problem.things):
            if thing.column in names:
                place[k] = names.index(thing.column)
                steps[place[k]] = steps[place[k]] + extra.steps[k]
            else:
                place[k] = len(things)
                things.append(thing)
                steps.append(extra.steps[k])
                lows.append(extra.lows[k])
        needs = [attrs.evolve(n, thing=place[n.thing]) for n in extra.problem.needs]
        problem = attrs.evolve(self.problem, things=tuple(things), needs=(*self.problem.needs, *needs))
        return attrs.evolve(
            self, problem=problem, steps=steps, lows=lows, cost=self.cost + extra.cost, bound=0.0, method="search"
        )


def _coefficient(y: Floats, p: Floats) -> float:
    n = p.sum()
    mean = y.sum() / n
    there = p > 0
    deviation = y[there] / p[there] - mean
    left = (deviation * p[there]).sum() / n
    square = (deviation * deviation * p[there]).sum() / n - left * left
    return float(math.sqrt(max(square, 0.0)) / mean) if mean > 0 else math.nan


def _passes(y: Floats, p: Floats, limit: Decimal) -> bool:
    cv, t = _coefficient(y, p), float(limit)
    if not abs(cv - t) <= 1e-12 * max(t, 1.0):
        return cv <= t
    return exactly_within(y, p, Fraction(limit))


class _Solver:
    """Finds the cheapest steps of one county."""

    def __init__(self, problem: County, d: Any, moves: Prices, most_moved: Fraction, nodes: int) -> None:
        self.problem, self.d, self.moves, self.most_moved, self.nodes = problem, d, moves, most_moved, nodes
        self.divided = [thing.divided for thing in problem.things]
        self.known: dict[tuple[int, bytes], tuple[Ints, dict[int, Ints], float, str | None]] = {}
        self.least: dict[tuple[int, bytes], float] = {}

    # -- the whole

    def solve(self) -> _Answer:
        problem = self.problem
        choices = [problem.school_choices(s) for s in problem.schools]
        picked = [0] * len(choices)
        cost, lows = self._cost(choices, picked)
        bound = self._bound(choices)
        method = "exact"
        if cost - bound > 1e-9 * max(1.0, cost):
            cost, lows, picked = self._improve(choices, picked, cost, bound)
            method = "search"
            for k, low in enumerate(lows):
                self._close(k, low)
            cost = math.fsum(self._thing(k, low)[2] for k, low in enumerate(lows))
        if self.nodes and cost - bound > 1e-6 * cost and math.isfinite(cost) and not self.moves.given:
            cost, lows, better = self._program(choices, lows, cost, bound)
            bound = max(bound, better)
            method = "mixed integer"
        solved = [self._thing(k, low) for k, low in enumerate(lows)]
        stuck = tuple(text for *_, text in solved if text is not None)
        steps = [z for z, *_ in solved]
        moved = {k: m[k] for k, (_, m, _, _) in enumerate(solved) if k in m}
        means: list[float] = []
        if not stuck and problem.composites:
            before = steps
            steps, means, stuck = self._means(steps, moved)
            if any((a != b).any() for a, b in zip(before, steps, strict=True)):
                cost += _paid(problem, before, steps)
                method = "frontier"
        # what schools must have and what a mean asks for may be the same; stages do not share what each is given alone
        bound = max(bound, math.fsum(means))
        if cost - bound <= 1e-9 * max(1.0, cost):
            method, bound = "exact", cost
        return _Answer(problem, steps, moved, lows, cost, min(bound, cost), method, stuck)

    def _means(self, steps: Steps, moved: Mapping[int, Ints]) -> tuple[Steps, list[float], tuple[str, ...]]:
        """Bring the means of all stages under their limits: what one stage gets may serve another, so both orders."""
        best: tuple[float, Steps, list[float]] | None = None
        texts: tuple[str, ...] = ()
        for order in dict.fromkeys((self.problem.composites, self.problem.composites[::-1])):
            state, bounds, wrong = steps, [], []
            for limits in order:
                more, least, text = _composite(self.problem, self.divided, limits, state, moved)
                bounds.append(least)
                if text is not None:
                    wrong.append(text)
                if more is not None:
                    state = more
            cost = _paid(self.problem, steps, state)
            texts = tuple(wrong)
            if not wrong and (best is None or cost < best[0]):
                best = (cost, state, bounds)
        if best is None:
            return steps, [], texts
        # the bound of a stage is the same from wherever it is looked at; where nothing was left to do it is 0
        return best[1], best[2], ()

    def _lows(self, choices: list[list[tuple[dict[tuple[int, int], int], float]]], picked: Sequence[int]) -> Steps:
        out = [np.zeros(len(t.members), dtype=np.int64) for t in self.problem.things]
        for options, i in zip(choices, picked, strict=True):
            for (k, u), steps in options[i][0].items():
                out[k][u] = steps
        return out

    def _cost(
        self, choices: list[list[tuple[dict[tuple[int, int], int], float]]], picked: Sequence[int]
    ) -> tuple[float, Steps]:
        lows = self._lows(choices, picked)
        return math.fsum(self._thing(k, low)[2] for k, low in enumerate(lows)), lows

    def _bound(self, choices: list[list[tuple[dict[tuple[int, int], int], float]]]) -> float:
        """Return a cost that no plan is below: schools without coefficients, or coefficients with all at the floor."""
        all_tried = [self.problem.tries_all(s) for s in self.problem.schools]
        schools = math.fsum(o[0][1] for o, tried in zip(choices, all_tried, strict=True) if tried)
        floors = [np.zeros(len(t.members), dtype=np.int64) for t in self.problem.things]
        for n in self.problem.needs:
            least = n.threshold if not self.problem.exceptions[n.section] else n.floor or 0
            floors[n.thing][n.unit] = max(floors[n.thing][n.unit], least)
        each = [self._least(k, low) for k, low in enumerate(floors)]
        binding = {k for k, low in enumerate(floors) if each[k] > self._plain(k, low) * (1 + 1e-12)}
        free = math.fsum(
            min(self.problem.cost_of({key: v for key, v in steps.items() if key[0] not in binding}) for steps, _ in o)
            for o, tried in zip(choices, all_tried, strict=True)
            if tried
        )
        return max(schools, math.fsum(each), math.fsum(each[k] for k in binding) + free)

    def _plain(self, k: int, low: Ints) -> float:
        return _money(self.problem.things[k], low)

    # -- one thing

    def _thing(self, k: int, low: Ints) -> tuple[Ints, dict[int, Ints], float, str | None]:
        """Return the cheapest steps of one thing, at least ``low``, that bring its coefficients to pass."""
        key = (k, low.tobytes())
        if key not in self.known:
            self.known[key] = self._solve_thing(k, low)
        return self.known[key]

    def _solve_thing(self, k: int, low: Ints) -> tuple[Ints, dict[int, Ints], float, str | None]:
        thing = self.problem.things[k]
        if thing.column in self.moves.given:
            return self._with_moves(k, low)
        z, text = _raise_thing(thing, self.divided[k], low)
        return z, {}, math.inf if text is not None else self._plain(k, z), text

    def _close(self, k: int, low: Ints) -> float:
        """Look closer at a thing that schools share between stages: a better answer where there is one, and a bound."""
        z, _, cost, _ = self._thing(k, low)
        if not self.nodes or not self.divided[k].any() or cost <= self._plain(k, low) or not math.isfinite(cost):
            return cost
        key = (k, low.tobytes())
        if key not in self.least:
            self.least[key], trial = self._coupled(k, low, z, cost)
            given = np.where(self.divided[k], np.maximum(np.ceil(trial - 1e-6), low), low).astype(np.int64)
            other, why = _fill(self.problem.things[k], self.divided[k], given)
            if why is None and self._plain(k, other) < cost:
                self.known[key] = (other, {}, self._plain(k, other), None)
        return self.least[key]

    def _coupled(self, k: int, low: Ints, known: Ints, cost: float) -> tuple[float, Floats]:
        """Solve one thing whose schools share it between stages: a bound, and the steps that belong to it."""
        thing = self.problem.things[k]
        size = max(float(known.max()), 1.0)
        whole = thing.step == 1
        scale = 1.0 if whole else size
        price = np.where(np.isfinite(thing.cost), thing.cost, 0.0)
        bounds = np.where(np.isfinite(thing.cost), cost / np.maximum(price, 1e-300), 0.0)
        upper = np.maximum(np.minimum(np.floor(bounds * (1 + 1e-12)), 1e12), known)
        cones = [
            ConicCone(
                base=cone.base / float(thing.step) / scale,
                students=cone.students,
                school=np.arange(cone.sections.size),
                variable=thing.unit[cone.sections],
                step=thing.share[cone.sections],
                t=float(cone.limit),
            )
            for cone in thing.cones
            if cone.limit is not None
        ]
        program = Program(
            cost=price * scale / cost,
            lower=low / scale,
            upper=upper / scale,
            whole=np.full(low.size, whole),
            cones=cones,
        )
        found = program.solve(rounds=40, nodes=self.nodes, gap=1e-7)
        trial = known.astype(np.float64) if found.trial is None else found.trial * scale
        return max(found.bound, 0.0) * cost, trial

    def _least(self, k: int, low: Ints) -> float:
        """Return a bound on the cost of one thing."""
        thing = self.problem.things[k]
        if self.moves.given.get(thing.column) is not None:
            return self._thing(k, low)[2]
        if not self.divided[k].any():
            even = np.unique(thing.cost[np.isfinite(thing.cost)]).size <= 1
            if even:
                return self._thing(k, low)[2]
        if self.nodes:
            return self._close(k, low)
        # what the schools need anyway may be counted once for all stages
        apart = math.fsum(
            float(np.nansum(c)) for _, _, c in _apart(thing, self.divided[k], np.where(self.divided[k], 0, low))
        )
        return max(self._plain(k, low), apart + self._plain(k, np.where(self.divided[k], 0, low)))

    def _with_moves(self, k: int, low: Ints) -> tuple[Ints, dict[int, Ints], float, str | None]:
        thing = self.problem.things[k]
        z = low.copy()
        moved = np.zeros(thing.unit.size, dtype=np.int64)
        cost, text = 0.0, None
        stages = self.d.sections.stage[self.problem.sections]
        for s in range(len(STAGES)):
            at = np.flatnonzero(stages == s)
            if not at.size:
                continue
            cone = next((c for c in thing.cones if c.stage == s and c.limit is not None), None)
            kind = self.d.sections.kind[self.problem.sections[at[0]]]
            price = self.moves.of(thing.column, kind)
            more, out, part, why = _hire_and_move(
                thing, at, low, cone, self.problem.spare(thing.column, at), price, self._movable(thing.column, at)
            )
            z[thing.unit[at]] = more
            moved[at] = out
            cost += part
            text = text or why
        return z, ({k: moved} if moved.any() else {}), cost if text is None else math.inf, text

    def _movable(self, column: str, at: Ints) -> int:
        """Return how many people of a stage may be moved at most."""
        there = np.nan_to_num(self.d.sections.number(column)[self.problem.sections[at]])
        return int(self.most_moved * Fraction(repr(float(there.sum()))))

    # -- which indicators to leave at the floor

    def _improve(
        self,
        choices: list[list[tuple[dict[tuple[int, int], int], float]]],
        picked: list[int],
        cost: float,
        bound: float,
    ) -> tuple[float, Steps, list[int]]:
        """Try other choices, school by school, while that saves money."""
        things = [{k for o, _ in options for k, _ in o} for options in choices]
        lows = self._lows(choices, picked)
        for _ in range(4):
            before = cost
            for c, options in enumerate(choices):
                for i in range(min(len(options), 12)):
                    if i == picked[c]:
                        continue
                    new = [low.copy() if k in things[c] else low for k, low in enumerate(lows)]
                    for k, u in options[picked[c]][0]:
                        new[k][u] = 0
                    for (k, u), steps in options[i][0].items():
                        new[k][u] = steps
                    change = math.fsum(self._thing(k, new[k])[2] - self._thing(k, lows[k])[2] for k in things[c])
                    if change < -1e-9 * max(1.0, cost) or (math.isinf(cost) and change < 0):
                        picked[c], lows, cost = i, new, cost + change
            if not math.isfinite(cost):
                cost = math.fsum(self._thing(k, low)[2] for k, low in enumerate(lows))
            if cost >= before - 1e-9 * max(1.0, before) or cost - bound <= 1e-9 * max(1.0, cost):
                break
        return cost, lows, picked

    def _program(
        self,
        choices: list[list[tuple[dict[tuple[int, int], int], float]]],
        lows: Steps,
        cost: float,
        bound: float,
    ) -> tuple[float, Steps, float]:
        """Solve all at once as a mixed-integer program: a bound, and perhaps a better choice."""
        problem = self.problem
        offsets = np.cumsum([0, *(len(t.members) for t in problem.things)])
        n_units = int(offsets[-1])
        optional = [n for n in problem.needs if problem.exceptions[n.section] and n.threshold > (n.floor or 0)]
        n = n_units + len(optional)
        price = np.concatenate([np.where(np.isfinite(t.cost), t.cost, 0.0) for t in problem.things])
        buyable = np.concatenate([np.isfinite(t.cost) for t in problem.things])
        # in units of what the best plan gives at most, so that figures of all sizes come near 1
        steps = np.concatenate([np.full(len(t.members), float(1 / t.step)) for t in problem.things])
        whole = np.concatenate([np.full(len(t.members), t.step == 1) for t in problem.things])
        most = np.where(buyable, np.minimum(cost / np.maximum(price, 1e-300), 1e12), 0.0) / steps
        most = np.where(whole, np.floor(most * (1 + 1e-12)), most)
        need = np.concatenate([self._thing(k, low)[0] for k, low in enumerate(lows)]) / steps
        most = np.maximum(most, need)
        program = Program(
            cost=np.concatenate([price * steps / cost, np.zeros(len(optional))]),
            lower=np.zeros(n),
            upper=np.concatenate([most, np.ones(len(optional))]),
            whole=np.concatenate([whole, np.ones(len(optional), dtype=bool)]),
            cones=[
                ConicCone(
                    base=cone.base,
                    students=cone.students,
                    school=np.arange(cone.sections.size),
                    variable=offsets[k] + thing.unit[cone.sections],
                    step=thing.share[cone.sections],
                    t=float(cone.limit),
                )
                for k, thing in enumerate(problem.things)
                for cone in thing.cones
                if cone.limit is not None
            ],
        )
        place = {id(n_): n_units + i for i, n_ in enumerate(optional)}
        for one in problem.needs:
            v = int(offsets[one.thing]) + one.unit
            size = float(problem.things[one.thing].step)
            if id(one) in place:
                spared = one.threshold - (one.floor or 0)
                program.rows.append(([v, place[id(one)]], [1.0, spared * size], one.threshold * size, np.inf))
            elif one.threshold:
                program.rows.append(([v], [1.0], one.threshold * size, np.inf))
        for s in {o.section for o in optional}:
            mine = [place[id(o)] for o in optional if o.section == s]
            program.rows.append((mine, [1.0] * len(mine), -np.inf, float(problem.exceptions[s])))
        solution = program.solve(rounds=12, nodes=self.nodes, gap=1e-7)
        least = max(bound, solution.bound * cost)
        if solution.trial is None:
            return cost, lows, least
        spare = {id(o) for o in optional if solution.trial[place[id(o)]] > 0.5}
        new = [np.zeros(len(t.members), dtype=np.int64) for t in problem.things]
        for one in problem.needs:
            lack = (one.floor or 0) if id(one) in spare else one.threshold
            new[one.thing][one.unit] = max(new[one.thing][one.unit], lack)
        for k, thing in enumerate(problem.things):
            if self.divided[k].any():
                trial = solution.trial[offsets[k] : offsets[k + 1]] / float(thing.step)
                given = np.where(self.divided[k], np.ceil(trial - 1e-6), 0).astype(np.int64)
                other = np.maximum(new[k], given)
                if self._thing(k, other)[2] < self._thing(k, new[k])[2]:
                    new[k] = other
        for k, low in enumerate(new):
            self._close(k, low)
        total = math.fsum(self._thing(k, low)[2] for k, low in enumerate(new))
        return (total, new, least) if total < cost else (cost, lows, least)


def _raise_thing(thing: Thing, divided: Any, low: Ints) -> tuple[Ints, str | None]:
    """Return the cheapest steps found, at least ``low``, that bring the limited coefficients of a thing to pass."""
    z, text = _fill(thing, divided, low)
    if divided.any() and (text is not None or (z != low).any()):
        cost = math.inf if text is not None else _money(thing, z)
        for candidate in _shared(thing, divided, low):
            other, why = _fill(thing, divided, candidate)
            if why is None and _money(thing, other) < cost:
                z, text, cost = other, None, _money(thing, other)
    return z, text


def _money(thing: Thing, z: Ints) -> float:
    """Return what steps of one thing cost."""
    some = z != 0
    return float(thing.cost[some] @ z[some])


def _apart(thing: Thing, divided: Any, low: Ints) -> Iterator[tuple[Any, Floats, Floats]]:
    """Treat the stages of a school as if each could be given to alone, which costs no more.

    Yields each cone, what its sections get and what that costs; infinite where nothing helps.
    """
    for cone in thing.cones:
        if cone.limit is None:
            continue
        unit, share = thing.unit[cone.sections], thing.share[cone.sections]
        y = cone.base / float(thing.step) + share * low[unit]
        cost = thing.cost[unit]
        fixed = np.isinf(cost)
        top = np.where(fixed, y, np.inf) if fixed.any() else None
        some = cost[~fixed]
        even = some.size == 0 or some.min() == some.max()
        try:
            got = least_additions(
                y,
                students=cone.students,
                limit=[cone.limit],
                whole=even and not divided.any(),
                highest=top,
                unit_costs=None if even else np.where(fixed, 1.0, np.maximum(cost, 1e-12)),
                progress=False,
            )
        except InputError:
            got = np.full(y.shape, np.inf)
        yield cone, got, np.where(got > 0, np.where(fixed, 0.0, cost) * np.where(got > 0, got, 0.0), 0.0)


def _shared(thing: Thing, divided: Any, low: Ints) -> list[Ints]:
    """Propose what schools of several stages could get."""
    total, most = np.zeros(low.size), np.zeros(low.size)
    for cone, got, _ in _apart(thing, divided, low):
        if not np.isfinite(got).all():
            continue
        unit = thing.unit[cone.sections]
        np.add.at(total, unit, got)
        np.maximum.at(most, unit, got / thing.share[cone.sections])
    out = []
    for some in (total, most, 0.5 * most):
        out.append(low + np.where(divided, np.ceil(some - 1e-9), 0).astype(np.int64))
    return out


def _fill(thing: Thing, divided: Any, low: Ints) -> tuple[Ints, str | None]:
    """Add to schools of one stage until the coefficients that are limited pass; shared schools stay as they are."""
    z = low.astype(np.int64)
    for _ in range(3):
        again = False
        for cone in thing.cones:
            if cone.limit is None:
                continue
            unit, share = thing.unit[cone.sections], thing.share[cone.sections]
            size = float(thing.step)
            if _passes(cone.base + size * share * z[unit], cone.students, cone.limit):
                continue
            y = cone.base / size + share * z[unit]
            fixed = divided[unit] | np.isinf(thing.cost[unit])
            cost = thing.cost[unit][~fixed]
            even = cost.size == 0 or cost.min() == cost.max()
            limit = cone.limit
            if thing.step != 1:
                # figures that are whole numbers of steps can lie exactly on the limit, others only within rounding
                steps = np.rint(y)
                if (share == 1).all() and (np.abs(y - steps) <= 1e-9 * np.maximum(1.0, steps)).all():
                    y = steps
                else:
                    limit = cone.limit * (1 - Decimal("1e-12"))
            try:
                got = least_additions(
                    y,
                    students=cone.students,
                    limit=[limit],
                    whole=True,
                    highest=np.where(fixed, y, np.inf) if fixed.any() else None,
                    unit_costs=None if even else np.where(fixed, 1.0, np.maximum(thing.cost[unit], 1e-12)),
                    progress=False,
                )
            except InputError:
                return z, f"the coefficient of {thing.column} ({STAGES[cone.stage]}) stays over {cone.limit}"
            np.add.at(z, unit, got.astype(np.int64))
            again = True
        if not again:
            break
    return z, None


def _hire_and_move(
    thing: Thing, at: Ints, low: Ints, cone: Any, spare: Ints, price: float | None, cap: int
) -> tuple[Ints, Ints, float, str | None]:
    """Return whom to hire and whom to move within one stage, what it costs, and what is in the way.

    Every number of moves is tried, from the top down; for each, :func:`least_additions` says how many must arrive.
    """
    unit = thing.unit[at]
    must = low[unit]
    hire = float(thing.cost[unit][0])
    base = None if cone is None else cone.base
    if price is None:
        z, text = _fill(thing, np.zeros(low.size, dtype=bool), low)
        part = float(hire * z[unit].sum()) if z[unit].any() else 0.0
        return z[unit], np.zeros(at.size, dtype=np.int64), part, text
    out = np.zeros(at.size, dtype=np.int64)
    best: tuple[float, Ints, Ints] | None = None
    students = np.ones(at.size) if cone is None else cone.students
    have = np.nan_to_num(thing.have[at]) if base is None else base
    for moves in range(cap + 1):
        if moves:
            left = np.where((must == 0) & (spare > out), (2 * (have - out) - 1) / students, -np.inf)
            giver = int(np.argmax(left))
            if not np.isfinite(left[giver]):
                break
            out[giver] += 1
        arrive = must.copy()
        if base is not None:
            try:
                got = least_additions(
                    have - out,
                    students=students,
                    limit=[cone.limit],
                    whole=True,
                    lowest=have - out + must,
                    progress=False,
                )
            except InputError:
                continue
            arrive = got.astype(np.int64)
        if base is not None and arrive.sum() < moves:
            # whoever leaves arrives: the rest go where they lift most
            for _ in range(moves - int(arrive.sum())):
                arrive[np.argmin((2 * (have - out + arrive) + 1) / students)] += 1
            if not _passes(have - out + arrive, students, cone.limit):
                continue
        if arrive.sum() < moves:
            break
        cost = hire * (int(arrive.sum()) - moves) + price * moves
        if best is None or cost < best[0]:
            best = (cost, arrive, out.copy())
        if arrive.sum() == moves:
            break
    if best is None:
        limit = "" if cone is None else f" stays over {cone.limit}"
        return must, np.zeros(at.size, dtype=np.int64), math.inf, f"the coefficient of {thing.column}{limit}"
    cost, arrive, out = best
    return arrive, -out, float(cost), None


# ----------------------------------------------------------------------------- the mean of several coefficients

#: Limits tried for each coefficient at first, and how often the grid is refined where it matters.
_GRID, _REFINED = 32, 8
#: Cells of it that are opened in a round.
_OPENED = 8


class _Frontier:
    """What one coefficient costs to bring down, limit by limit; worked out where it is asked for."""

    def __init__(self, member: _Member, fixed: Any, whole: bool) -> None:
        self.y, self.students, self.fixed, self.whole = member.y, member.students, fixed, whole
        free = member.cost[~fixed]
        # schools that cost differently: the cheapest of them bounds what a step costs
        self.cost = float(free.min()) if free.size else math.inf
        self.now = _coefficient(self.y, self.students)
        self.low = 0.0
        self.most = math.inf
        self.t = np.array([self.now])
        self.total = np.zeros(1)

    def within(self, low: float, money: float) -> None:
        """Look at limits from ``low`` on only, and at what costs no more than some money."""
        self.low = min(max(low, 0.0), self.now)
        if math.isfinite(money) and self.cost > 0:
            self.most = float(np.ceil(money / self.cost * (1 + 1e-9))) if math.isfinite(self.cost) else 0.0
        if self.now > 0:
            points = np.linspace(self.low, self.now, _GRID, endpoint=False)
            self.ask(points[points > 0])

    def solve(self, limits: Floats) -> Floats:
        """Return the steps for each limit, a column each; NaN where there are none."""
        top = np.where(self.fixed, self.y, self.y + self.most)
        bounded = self.fixed.any() or math.isfinite(self.most)
        return additions_where_possible(self.y, self.students, limits, top if bounded else None, whole=self.whole)

    def ask(self, limits: Floats) -> None:
        """Work out some more limits."""
        steps = self.solve(limits).sum(axis=0)
        cost = np.where(np.isnan(steps), np.inf, 0.0)
        some = steps > 0
        cost[some] = steps[some] * self.cost
        cost[limits >= self.now] = 0.0
        t, total = np.concatenate([self.t, limits]), np.concatenate([self.total, cost])
        self.t, first = np.unique(t, return_index=True)
        self.total = total[first]

    def refine(self, price: float) -> bool:
        """Look closer at the cells that may hold something better than what is known; say if there were any."""
        best = float(self.total[self.best(price)] + price * self.t[self.best(price)])
        cells = self.cells(price)
        open_ = np.flatnonzero(cells < best * (1 - 1e-6))
        # the most promising ones: where costs go in steps, cells stay open however small they are
        open_ = np.sort(open_[np.argsort(cells[open_], kind="stable")[:_OPENED]])
        if open_.size:
            lower = np.concatenate([[self.low], self.t[:-1]])[open_]
            points = lower[:, np.newaxis] + (self.t[open_] - lower)[:, np.newaxis] * np.array([0.25, 0.5, 0.75])
            self.ask(np.unique(points[points > 0]))
        return bool(open_.size)

    def best(self, price: float) -> int:
        """Return which limit costs least when a unit of coefficient has a price."""
        return int(np.argmin(self.total + price * self.t))

    def cells(self, price: float) -> Floats:
        """Return a bound between each limit and the one before: the cost of the upper, the price of the lower."""
        lower = np.concatenate([[self.low], self.t[:-1]])
        return np.asarray(self.total + price * lower)


def _composite(
    problem: County, divided: Sequence[Any], limits: Limits, steps: Steps, moved: Mapping[int, Ints]
) -> tuple[Steps | None, float, str | None]:
    """Bring the mean of several coefficients of a stage under its limit, over all ways to share the effort.

    A price on the coefficient parts the problem: each coefficient comes down as far as pays. The price at which the
    mean is within the limit gives the answer, and a bound that no answer is below. Schools that share a thing between
    stages are tried with what they would get if each stage could be given to alone, and with nothing.

    Returns
    -------
    tuple
        The steps, None where nothing is needed; the bound on what they add to the cost; what is in the way.
    """
    wanted = float(limits.limit) * len(limits.cones) * (1 - 1e-12)

    def members(state: Steps) -> list[_Member]:
        return [_member(problem, divided, k, i, state, moved) for k, i in limits.cones]

    here = members(steps)
    now = math.fsum(_coefficient(m.y, m.students) for m in here)
    if not now > wanted:
        return None, 0.0, None if now <= wanted else f"no mean coefficient exists ({STAGES[limits.stage]})"
    # what schools must have anyway may be had otherwise: the bound starts from what there is
    start = [np.zeros_like(z) for z in steps]
    curves = _frontiers(members(start), wanted, alone=True)
    chosen, bound = _share_out(curves, wanted)
    candidates = [steps]
    if chosen is not None and any((m.divided & ~m.unpriced).any() for m in here):
        for part in (1.0, 0.5, 0.0):
            given = [z.copy() for z in steps]
            for m, curve, t in zip(members(start), curves, chosen, strict=True):
                if t < curve.now:
                    alone = np.where(m.divided, np.nan_to_num(curve.solve(np.array([t]))[:, 0]), 0.0)
                    # between what the stage would get by itself, and what brings the stage as much
                    school = alone * (part + (1.0 - part) / problem.things[m.thing].share[m.sections])
                    np.maximum.at(given[m.thing], m.unit, np.ceil(school - 1e-9).astype(np.int64))
            candidates.append(given)
    best: tuple[float, Steps] | None = None
    for state in candidates:
        there = members(state)
        curves = _frontiers(there, wanted, alone=False)
        chosen, _ = _share_out(curves, wanted)
        if chosen is None:
            continue
        out = [z.copy() for z in state]
        for m, got in zip(there, _take_back(curves, chosen, wanted), strict=True):
            np.add.at(out[m.thing], m.unit, got.astype(np.int64))
        cost = _paid(problem, steps, out)
        if best is None or cost < best[0]:
            best = (cost, out)
    if best is None:
        return None, 0.0, f"the mean coefficient ({STAGES[limits.stage]}) stays over {limits.limit}"
    return best[1], max(bound, 0.0) if math.isfinite(bound) else 0.0, None


def _frontiers(members: Sequence[_Member], wanted: float, *, alone: bool) -> list[_Frontier]:
    """Return what each coefficient costs to bring down.

    With ``alone`` each stage of a school can be given to by itself and in parts, which costs no more than what can
    really be done; else schools that share a thing between stages stay as they are.
    """
    curves = [_Frontier(m, m.unpriced if alone else m.divided | m.unpriced, not alone) for m in members]
    now = math.fsum(c.now for c in curves)
    # all brought down alike is one way; nothing dearer is of interest, nor more than what is over the limit
    for c in curves:
        if c.now > 0:
            c.ask(np.array([c.now * min(1.0, wanted / now)]))
    money = math.fsum(float(c.total[0]) for c in curves)
    for c in curves:
        c.within(c.now - max(0.0, now - wanted), money)
    return curves


def _paid(problem: County, before: Steps, after: Steps) -> float:
    """Return what the steps from one state to another cost."""
    return math.fsum(
        float(t.cost[b != a] @ (a - b)[b != a]) for t, b, a in zip(problem.things, before, after, strict=True)
    )


@frozen(eq=False)
class _Member:
    """One of the coefficients of a mean, in steps."""

    thing: int
    unit: Ints
    sections: Ints
    y: Floats
    students: Floats
    divided: Any
    unpriced: Any
    cost: Floats


def _member(
    problem: County, divided: Sequence[Any], k: int, i: int, steps: Steps, moved: Mapping[int, Ints]
) -> _Member:
    thing, cone = problem.things[k], problem.things[k].cones[i]
    unit = thing.unit[cone.sections]
    y = cone.base / float(thing.step) + thing.share[cone.sections] * steps[k][unit]
    if k in moved:
        y = y + moved[k][cone.sections]
    cost = thing.cost[unit]
    return _Member(k, unit, cone.sections, y, cone.students, divided[k][unit], np.isinf(cost), cost)


def _share_out(curves: Sequence[_Frontier], wanted: float) -> tuple[list[float] | None, float]:
    """Return a limit for each coefficient so that their sum is as wanted at least cost, and a bound on that cost."""
    if math.fsum(float(c.t[np.isfinite(c.total)].min()) for c in curves) > wanted:
        return None, 0.0
    for round_ in range(_REFINED + 1):
        low, high = 0.0, 1.0
        while math.fsum(c.t[c.best(high)] for c in curves) > wanted:
            low, high = high, high * 8.0
        for _ in range(60):
            middle = 0.5 * (low + high)
            if math.fsum(c.t[c.best(middle)] for c in curves) > wanted:
                low = middle
            else:
                high = middle
        if round_ == _REFINED or not any(c.refine(high) for c in curves):
            break
    bound = math.fsum(float(c.cells(high).min()) for c in curves) - high * wanted
    lows = [float(c.t[c.best(high)]) for c in curves]
    highs = [float(c.t[c.best(low)]) for c in curves]
    # what is left to the limit goes to those whose choice the price leaves open
    slack, span = wanted - math.fsum(lows), math.fsum(highs) - math.fsum(lows)
    part = min(1.0, max(0.0, slack / span)) if span > 0 else 0.0
    return [a + part * (b - a) for a, b in zip(lows, highs, strict=True)], bound


def _take_back(curves: Sequence[_Frontier], chosen: Sequence[float], wanted: float) -> list[Floats]:
    """Solve each coefficient in whole steps, then give what is left to the limit to where it saves most."""
    added = [
        c.solve(np.array([t]))[:, 0] if t < c.now else np.zeros(c.y.size) for c, t in zip(curves, chosen, strict=True)
    ]
    reached = [_coefficient(c.y + a, c.students) for c, a in zip(curves, added, strict=True)]
    for _ in range(50):
        slack = wanted - math.fsum(reached)
        best, gain = -1, 0.0
        trials = []
        for i, c in enumerate(curves):
            t = reached[i] + slack
            new = np.zeros(c.y.size) if t >= c.now else c.solve(np.array([t]))[:, 0]
            trials.append(new)
            fewer = added[i].sum() - new.sum()
            saved = fewer * c.cost if fewer else 0.0
            if saved > gain:
                best, gain = i, float(saved)
        if best < 0:
            break
        added[best] = trials[best]
        reached[best] = _coefficient(curves[best].y + added[best], curves[best].students)
    return added


# ------------------------------------------------------------------------------------------- with a budget


@frozen(eq=False)
class _Step:
    """One thing done with the money: what turns, what it costs, and the state afterwards."""

    county: int
    what: str
    school: str
    #: indicator (-1: their mean) and stage, where it is a coefficient that turns
    at: tuple[int, int] | None
    cost: float
    steps: Steps


def _chain(problem: County, d: Any) -> Iterator[_Step]:
    """Yield steps that each turn at least one verdict, the cheapest first; none turns one back.

    The order does not depend on any budget, so more money only goes further along it.
    """
    divided = [t.divided for t in problem.things]
    steps: Steps = [np.zeros(len(t.members), dtype=np.int64) for t in problem.things]
    schools = [(s, problem.school_choices(s)) for s in problem.schools if any(n.section in s for n in problem.needs)]
    schools = [(s, o) for s, o in schools if o[0][1] > 0]
    cones: list[tuple[int, Any]] = [
        (k, c) for k, t in enumerate(problem.things) for c in t.cones if c.limit is not None
    ]

    def holds(k: int, cone: Any, z: Ints) -> bool:
        thing = problem.things[k]
        unit = thing.unit[cone.sections]
        y = cone.base + float(thing.step) * thing.share[cone.sections] * z[unit]
        return _passes(y, cone.students, cone.limit)

    def held(k: int, z: Ints) -> list[Any]:
        """Return the coefficients of a thing that pass."""
        return [c for c in problem.things[k].cones if c.limit is not None and holds(k, c, z)]

    def mended(before: Steps, after: Steps) -> Steps | None:
        """See to it that a coefficient that passed still passes."""
        out = list(after)
        for k, cone in cones:
            if not np.array_equal(before[k], out[k]) and holds(k, cone, before[k]) and not holds(k, cone, out[k]):
                out[k], text = _raise_thing(_only(problem.things[k], held(k, before[k])), divided[k], out[k])
                if text is not None:
                    return None
        return out

    open_cones = [(k, c) for k, c in cones if not holds(k, c, steps[k])]
    composites = list(problem.composites)
    while schools or open_cones or composites:
        offers: list[tuple[float, int, str, int, Steps]] = []
        for i, (_, options) in enumerate(schools):
            trials = []
            for need, _ in options[:12]:
                new = [z.copy() for z in steps]
                for (k, u), n in need.items():
                    new[k][u] = max(new[k][u], n)
                trials.append((_paid(problem, steps, new), new))
            cost, new = min(trials, key=lambda x: x[0])
            offers.append((cost, 0, "school", i, new))
        for i, (k, cone) in enumerate(open_cones):
            kept = _only(problem.things[k], [cone, *held(k, steps[k])])
            filled, text = _raise_thing(kept, divided[k], steps[k])
            if text is None:
                new = list(steps)
                new[k] = filled
                offers.append((_paid(problem, steps, new), 1, "coefficient", i, new))
        for i, limits in enumerate(composites):
            more, _, text = _composite(problem, divided, limits, steps, {})
            if text is None:
                new = steps if more is None else more
                offers.append((_paid(problem, steps, new), 2, "composite", i, new))
        best: tuple[float, int, str, int, Steps] | None = None
        for cost, order, what, i, new in sorted(offers, key=lambda o: (o[0], o[1], o[3])):
            if best is not None and cost >= best[0]:
                break
            final = mended(steps, new)
            if final is not None and (best is None or _paid(problem, steps, final) < best[0]):
                best = (_paid(problem, steps, final), order, what, i, final)
        if best is None:
            return
        cost, _, what, i, steps = best
        if what == "school":
            place, at = _school_name(d, int(problem.sections[int(schools.pop(i)[0][0])])), None
        elif what == "coefficient":
            k, cone = open_cones.pop(i)
            at = (cone.indicator, cone.stage)
        else:
            at = (-1, composites.pop(i).stage)
        open_cones = [(k, c) for k, c in open_cones if not holds(k, c, steps[k])]
        yield _Step(problem.county, what, place if what == "school" else "", at, cost, steps)


def _only(thing: Thing, cones: Sequence[Any]) -> Thing:
    """Return a thing with some of its coefficients."""
    return attrs.evolve(thing, cones=tuple(cones))


def _school_name(d: Any, section: int) -> str:
    return str(d.school_names[d.sections.rows[section]])


def _within_budget(
    ev: Evaluation,
    problems: Sequence[County],
    found: Sequence[_Answer],
    prices: Prices,
    moves: Prices,
    budget: float,
    cost: float,
) -> Plan:
    """Take the cheapest steps of all counties as far as the money reaches."""
    chains = [_chain(p, ev.data) for p in problems]
    heap: list[tuple[float, int, _Step]] = []
    for i, chain in enumerate(chains):
        head = next(chain, None)
        if head is not None:
            heapq.heappush(heap, (head.cost, i, head))
    taken: list[_Step] = []
    states = {p.county: [np.zeros(len(t.members), dtype=np.int64) for t in p.things] for p in problems}
    spent = 0.0
    reached = True
    done = []
    while heap:
        _, i, step = heapq.heappop(heap)
        reached = reached and spent + step.cost <= budget
        taken.append(step)
        done.append(reached)
        if reached:
            spent += step.cost
            states[step.county] = step.steps
        head = next(chains[i], None)
        if head is not None:
            heapq.heappush(heap, (head.cost, i, head))
    answers = tuple(
        _Answer(p, states[p.county], {}, a.lows, 0.0, 0.0, "budget") for p, a in zip(problems, found, strict=True)
    )
    return Plan(ev, answers, tuple(zip(taken, done, strict=True)), prices, moves, budget, cost)


# ---------------------------------------------------------------------------------------------- the plan


@frozen(eq=False, slots=False, repr=False)
class Plan:
    """What to add, what it costs and what it brings; made by :func:`plan`.

    Attributes
    ----------
    evaluation : Evaluation
        What was planned for.
    budget : float or None
        What might be spent.
    full_cost : float
        What the whole plan costs, also where the budget did not reach.
    """

    evaluation: Evaluation = field(repr=False)
    answers: tuple[_Answer, ...] = field(repr=False)
    taken: tuple[tuple[_Step, bool], ...] = field(repr=False)
    prices: Prices = field(repr=False)
    moves: Prices = field(repr=False)
    budget: float | None
    full_cost: float

    @property
    def whole(self) -> bool:
        """Whether everything was planned that passes; False where the budget did not reach."""
        return self.budget is None or self.full_cost <= self.budget

    @cached_property
    def cost(self) -> float:
        """What the changes cost."""
        return math.fsum(r["cost"] for r in self._rows)

    @property
    def bound(self) -> float:
        """A cost that no plan that passes is below."""
        return min(math.fsum(a.bound for a in self.answers), self.full_cost) if self.whole else math.nan

    @property
    def gap(self) -> float:
        """How far, at most, the plan is from the cheapest, as a share of its cost."""
        if not self.whole:
            return math.nan
        return 0.0 if self.full_cost == 0 else max(0.0, (self.full_cost - self.bound) / self.full_cost)

    @property
    def left_over(self) -> float | None:
        """What is left of the budget."""
        return None if self.budget is None else self.budget - self.cost

    @cached_property
    def _rows(self) -> list[dict[str, Any]]:
        out: list[dict[str, Any]] = []
        for answer in self.answers:
            out += _change_rows(self.evaluation, answer, self.moves)
        return out

    @cached_property
    def changes(self) -> Any:
        """One row a change: county, school, row, stage, indicator, column, change, unit, unit cost, cost, why."""
        ev, rows = self.evaluation, self._rows
        d, lang = ev.data, ev.language
        section = np.array([r["section"] for r in rows], dtype=np.int64)
        out: dict[str, Any] = ev._by_columns(d.county[section])
        out |= ev._school_columns(section)
        out["row"] = d.sections.rows[section]
        stages = np.array([r["stage"] for r in rows], dtype=np.int64)
        out["stage"] = ev._labels("stage", stages, STAGES)
        indicators = np.array([r["indicator"] for r in rows], dtype=np.int64)
        out["indicator"] = ev._labels("indicator", indicators, [i.id for i in d.indicators])
        out["column"] = [r["column"] if lang is None else _column_label(r["column"], lang) for r in rows]
        out["change"] = np.array([r["change"] for r in rows], dtype=np.float64)
        out["unit"] = [None if u is None else str(word("unit", u, lang)) for u in (r["unit"] for r in rows)]
        out["unit_cost"] = np.array([r["unit_cost"] for r in rows], dtype=np.float64)
        out["cost"] = np.array([r["cost"] for r in rows], dtype=np.float64)
        out["why"] = Labels(np.array([r["why"] for r in rows], dtype=np.int64), [word("why", w, lang) for w in WHY])
        return ev._frame(out)

    @cached_property
    def after(self) -> Evaluation:
        """The evaluation of the table with the changes made."""
        plain = Plan(
            Evaluation(data=self.evaluation.data, provenance=self.evaluation.provenance, again=self.evaluation.again),
            self.answers,
            self.taken,
            self.prices,
            self.moves,
            self.budget,
            self.full_cost,
        )
        done = plain.evaluation.apply(plain.changes)
        return done if self.evaluation.language is None else done.relabel(self.evaluation.language)

    @cached_property
    def counties(self) -> Any:
        """One row a county: what its plan costs, the bound, the gap, how it was found, and what it promises."""
        ev = self.evaluation
        lang = ev.language
        spent = dict.fromkeys((a.problem.county for a in self.answers), 0.0)
        for r in self._rows:
            spent[int(ev.data.county[r["section"]])] += r["cost"]
        out: dict[str, Any] = ev._by_columns(np.array([a.problem.county for a in self.answers], dtype=np.int64))
        out["cost"] = np.array([spent[a.problem.county] for a in self.answers])
        out["bound"] = np.array([a.bound if self.whole else math.nan for a in self.answers])
        out["method"] = [str(word("method", a.method, lang)) for a in self.answers]
        out["n_unplanned"] = np.array([len(a.problem.unknown) for a in self.answers], dtype=np.int64)
        out["promise"] = ev._labels("verdict", np.array([self._promise(a) for a in self.answers]), VERDICTS)
        return ev._frame(out)

    def _promise(self, answer: _Answer) -> int:
        problem, d = answer.problem, self.evaluation.data
        if not self.whole and _fails(self.after, problem):
            return int(UNMET)
        std = d.standard
        named = {t.stage for t in std.thresholds} | {x.stage for x in std.limits}
        ruled = [s for s, name in enumerate(STAGES) if name in named]
        # a stage that is not there is not known to be well, and without a rule nothing is
        known = bool(ruled) and all(d.group_at[problem.county, s] >= 0 for s in ruled)
        judged = std.limits or std.school_rule is not None
        return int(MET if known and judged and not problem.unknown else UNDETERMINED)

    @cached_property
    def steps(self) -> Any:
        """The order in which a budget is spent: what each step turns, its cost, the sum so far, and if it was reached.

        Empty where the money is enough for everything, or no budget was given.
        """
        ev = self.evaluation
        out: dict[str, Any] = ev._by_columns(np.array([s.county for s, _ in self.taken], dtype=np.int64))
        out["turns"] = [str(word("turns", s.what, ev.language)) for s, _ in self.taken]
        out["where"] = [self._where(s) for s, _ in self.taken]
        cost = np.array([s.cost for s, _ in self.taken], dtype=np.float64)
        out["cost"] = cost
        out["cumulated_cost"] = np.cumsum(cost)
        out["reached"] = np.array([done for _, done in self.taken], dtype=bool)
        return ev._frame(out)

    def _where(self, step: _Step) -> str:
        if step.at is None:
            return step.school
        (j, stage), lang = step.at, self.evaluation.language
        name = "composite" if j < 0 else self.evaluation.data.indicators[j].id
        if lang is not None and j >= 0:
            name = str(getattr(self.evaluation.data.indicators[j], lang))
        elif lang is not None:
            name = str(word("indicator", name, lang))
        where = str(word("stage", STAGES[stage], lang))
        return f"{name}（{where}）" if lang == "zh" else f"{name} ({where})"

    @cached_property
    def unplanned(self) -> Any:
        """What could not be planned, and why: a figure is missing, or no rule says what is required."""
        ev = self.evaluation
        d, lang = ev.data, ev.language
        rows = [(a, *u) for a in self.answers for u in a.problem.unknown]
        county = np.array([a.problem.county for a, *_ in rows], dtype=np.int64)
        section = [None if s < 0 else int(a.problem.sections[s]) for a, s, _, _, _ in rows]
        out: dict[str, Any] = ev._by_columns(county)
        out["school"] = [None if s is None else d.school_names[d.sections.rows[s]] for s in section]
        out["stage"] = ev._labels("stage", np.array([s for _, _, s, _, _ in rows], dtype=np.int64), STAGES)
        named = np.array([j for _, _, _, j, _ in rows], dtype=np.int64)
        out["indicator"] = ev._labels("indicator", named, [i.id for i in d.indicators])
        out["reason"] = [str(word("reason", r, lang)) for *_, r in rows]
        return ev._frame(out)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as dicts, lists, strings, numbers, booleans and None: strict JSON, no NaN.

        Returns
        -------
        dict
            ``provenance``, ``standard``, ``unit_costs``, ``move_costs``, ``budget``, ``full_cost``, ``cost``,
            ``bound``, ``gap`` (None where the budget did not reach), ``left_over``, ``whole``; ``counties``,
            ``changes``, ``steps`` and ``unplanned``, each a list of rows; ``verdicts_after``.

        Examples
        --------
        >>> import json, junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
        >>> plan = jh.plan(ev, unit_costs=dict.fromkeys(jh.shortfall_totals(ev)["column"], 1))
        >>> json.loads(json.dumps(plan.to_dict(), allow_nan=False))["counties"][0]["promise"]
        'met'
        """

        def finite(x: float | None) -> float | None:
            return None if x is None or not math.isfinite(x) else float(x)

        def prices(given: Prices) -> dict[str, Any]:
            return {
                str(c): {str(k): float(v) for k, v in x.items()} if isinstance(x, Mapping) else float(x)
                for c, x in given.given.items()
            }

        return {
            "provenance": dict(self.evaluation.provenance),
            "standard": self.evaluation.standard.id,
            "unit_costs": prices(self.prices),
            "move_costs": prices(self.moves),
            "budget": self.budget,
            "full_cost": float(self.full_cost),
            "cost": float(self.cost),
            "bound": finite(self.bound),
            "gap": finite(self.gap),
            "left_over": finite(self.left_over),
            "whole": self.whole,
            **{name: records(getattr(self, name)) for name in ("counties", "changes", "steps", "unplanned")},
            "verdicts_after": records(self.after.verdicts),
        }

    def _repr_html_(self) -> str:
        from junheng._card import plan_card

        return plan_card(self, self.evaluation.language or "en")

    def __repr__(self) -> str:
        share = "" if self.whole else f" of {self.full_cost:,.0f}"
        return f"<Plan of {len(self._rows)} changes in {len(self.answers)} counties, cost {self.cost:,.0f}{share}>"


def _change_rows(ev: Evaluation, answer: _Answer, moves: Prices) -> list[dict[str, Any]]:
    problem, d = answer.problem, ev.data
    out = []
    named: dict[tuple[int, int], int] = {}
    for n in problem.needs:
        if n.threshold:
            named.setdefault((n.thing, n.unit), n.indicator)
    for k, (thing, z) in enumerate(zip(problem.things, answer.steps, strict=True)):
        moved = answer.moved.get(k)
        of = d.sections.stage[problem.sections]
        arrivals = [0 if moved is None else int(-moved[of == s].sum()) for s in range(len(STAGES))]
        size = Decimal(thing.step.numerator) / Decimal(thing.step.denominator)
        for u in range(len(thing.members)):
            section = int(problem.sections[thing.members[u][0]])
            stage = int(d.sections.stage[section])
            shared = bool(thing.members[u].size > 1 or thing.share[thing.members[u][0]] != 1)
            unit_cost = float(thing.cost[u]) / float(thing.step)
            base = {
                "section": section,
                "stage": -1 if shared else stage,
                "indicator": named.get((k, u), thing.cones[0].indicator if thing.cones else -1),
                "column": _column_of(d, thing.column, section),
                "unit": columns()[thing.column].unit,
            }
            bought = int(z[u])
            taken = min(bought, arrivals[stage])
            arrivals[stage] -= taken
            price = moves.of(thing.column, d.sections.kind[section]) if taken else None
            for count, why, cost in (
                (taken, "moved_in", price),
                (bought - taken, _why(problem, answer, k, u), unit_cost),
                (0 if moved is None else int(moved[thing.members[u][0]]), "moved_out", 0.0),
            ):
                if count:
                    paid = 0.0 if cost is None else cost
                    out.append(
                        base
                        | {
                            "change": float(count * size),
                            "unit_cost": paid,
                            "cost": paid * float(count * size) if count > 0 else 0.0,
                            "why": WHY.index(why),
                        }
                    )
    return out


def _why(problem: County, answer: _Answer, k: int, u: int) -> str:
    low, z = int(answer.lows[k][u]), int(answer.steps[k][u])
    if low == 0 or (answer.method == "budget" and not any(n.thing == k and n.unit == u for n in problem.needs)):
        return "coefficient"
    if z > low:
        return "threshold_and_coefficient"
    reached = [n for n in problem.needs if n.thing == k and n.unit == u]
    return "threshold" if any(n.threshold <= z for n in reached) else "floor"


def _column_label(name: str, language: str) -> str:
    """Return the label of a column, with the stage where its name has one."""
    found = base_column(name)
    if found is None:
        return name
    stage = "" if found[1] is None else str(word("stage", found[1], language)) + ("" if language == "zh" else ": ")
    return stage + str(getattr(found[0], language))


def _column_of(d: Any, column: str, section: int) -> str:
    """Name the column of the table that holds a section's figure."""
    sections = d.sections
    stage = STAGES[int(sections.stage[section])]
    if columns()[column].shared:
        return column
    base = sections.reading.number(column)
    if sections.wide[section] or base is None or np.isnan(base[sections.rows[section]]):
        return f"{column}_{stage}"
    return column
