r"""Limits on the mean of several coefficients, as in the scheme of 2012 (private).

The mean of coefficients :math:`c_1 \dots c_m` is at most t if :math:`\sum c_j \le m t`. Lowering the j-th to
:math:`c_j` costs :math:`f_j(c_j)`, its frontier, which decreases in :math:`c_j` and is computed only where needed.
A price :math:`\lambda` on the coefficients separates the problem:

.. math:: \min_{\sum c_j \le m t} \sum_j f_j(c_j) \;\ge\; \sum_j \min_c \big(f_j(c) + \lambda c\big) - \lambda m t

for every :math:`\lambda \ge 0`. The price at which the sum meets the limit divides the effort between coefficients, and
the right side is a lower bound on the cost of any plan. Finally steps are made whole, and the slack to the limit is
used to remove steps where that saves most.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng.indicators.allocation import additions_where_possible
from junheng.planning._problem import County, Limits, Steps
from junheng.planning._resource import coefficient, least
from junheng.words import Message, Name, message

__all__ = ["bring_all_down", "bring_down", "mean_holds"]

#: Initial number of limits tried for each coefficient, and the number of refinements of the grid.
_GRID, _REFINED = 32, 8
#: Parts of the limit from which a resource that nobody has is tried.
_STARTS = (1.0, 0.5, 0.25, 0.1)
#: Cells refined per round.
_OPENED = 8


def bring_all_down(
    problem: County, steps: Steps, moved: Mapping[int, Ints]
) -> tuple[Steps, list[float], tuple[Message, ...]]:
    """Bring the means of all stages within their limits, in both orders, as additions can serve several stages.

    Returns
    -------
    tuple
        The steps, a bound for each mean, and the limits that cannot be met.
    """
    best: tuple[float, Steps, list[float]] | None = None
    texts: tuple[Message, ...] = ()
    for order in dict.fromkeys((problem.composites, problem.composites[::-1])):
        state, bounds, wrong = steps, [], []
        for limits in order:
            state, least, text = bring_down(problem, limits, state, moved)
            bounds.append(least)
            if text is not None:
                wrong.append(text)
        cost = problem.paid(steps, state)
        texts = tuple(wrong)
        if not wrong and (best is None or cost < best[0]):
            best = (cost, state, bounds)
    if best is None:
        return steps, [], texts
    # the bound of a stage does not depend on the order; it is 0 if nothing was left to do
    return best[1], best[2], ()


def bring_down(
    problem: County, limits: Limits, steps: Steps, moved: Mapping[int, Ints]
) -> tuple[Steps, float, Message | None]:
    """Bring the mean of several coefficients of a stage within its limit at the least cost.

    The price of the coefficients at which the mean meets its limit gives the solution and a lower bound. Schools that
    share a resource between stages are tried with what each stage would get alone, and with nothing.

    Returns
    -------
    tuple
        The steps (unchanged if nothing is needed or the limit cannot be met), a lower bound on the added cost, and the
        limit that cannot be met.
    """
    wanted, stage = _wanted(limits), Name("stage", STAGES[limits.stage])

    def members(state: Steps) -> list[_Member]:
        return _members(problem, limits, state, moved)

    here = members(steps)
    now = _sum(here)
    if np.isnan(now):
        return _from_nothing(problem, limits, steps, moved)
    if now <= wanted:
        return steps, 0.0, None
    # the minimum of schools can be met in other ways: the bound starts from the table
    start = members(problem.nothing())
    curves = _frontiers(start, wanted, alone=True)
    chosen, bound = _share_out(curves, wanted)
    candidates = [steps]
    if chosen is not None and any((m.divided & ~m.unpriced).any() for m in here):
        for part in (1.0, 0.5, 0.0):
            given = [z.copy() for z in steps]
            for m, curve, t in zip(start, curves, chosen, strict=True):
                if t < curve.now:
                    alone = np.where(m.divided, np.nan_to_num(curve.solve(np.array([t]))[:, 0]), 0.0)
                    # between the additions of the stage alone and those that give it as much
                    school = alone * (part + (1.0 - part) / problem.resources[m.resource].share[m.sections])
                    np.maximum.at(given[m.resource], m.unit, np.ceil(school - 1e-9).astype(np.int64))
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
            np.add.at(out[m.resource], m.unit, got.astype(np.int64))
        cost = problem.paid(steps, out)
        if best is None or cost < best[0]:
            best = (cost, out)
    if best is None:
        return steps, 0.0, message("planning.mean_stays_over", stage=stage, limit=limits.limit)
    return best[1], max(bound, 0.0) if math.isfinite(bound) else 0.0, None


def _from_nothing(
    problem: County, limits: Limits, steps: Steps, moved: Mapping[int, Ints]
) -> tuple[Steps, float, Message | None]:
    """Bring a mean down that has no value yet, as nobody has anything of a resource: start from several levels of it.

    There is no bound: the least that gives the mean a value is not known.
    """
    best: tuple[float, Steps] | None = None
    undefined = message("planning.no_mean", stage=Name("stage", STAGES[limits.stage]))
    for part in _STARTS:
        state = [z.copy() for z in steps]
        for m in _members(problem, limits, steps, moved):
            if not m.y.any():
                got = least(m.y, m.students, _wanted(limits) * part, m.cost, m.unpriced, whole=True)
                if got is None:
                    return steps, 0.0, undefined
                share = problem.resources[m.resource].share[m.sections]
                np.maximum.at(state[m.resource], m.unit, np.ceil(got / share - 1e-9).astype(np.int64))
        if np.isnan(_sum(_members(problem, limits, state, moved))):
            return steps, 0.0, undefined
        out, _, wrong = bring_down(problem, limits, state, moved)
        cost = problem.paid(steps, out)
        if wrong is None and (best is None or cost < best[0]):
            best = (cost, out)
    if best is None:
        stays = message("planning.mean_stays_over", stage=Name("stage", STAGES[limits.stage]), limit=limits.limit)
        return steps, 0.0, stays
    return best[1], 0.0, None


@frozen(eq=False)
class _Member:
    """One of the coefficients of a mean, in steps."""

    resource: int
    unit: Ints
    sections: Ints
    y: Floats
    students: Floats
    divided: Any
    unpriced: Any
    cost: Floats


def mean_holds(problem: County, limits: Limits, steps: Steps) -> bool:
    """Return whether a mean is within its limit after some steps."""
    return _sum(_members(problem, limits, steps, {})) <= _wanted(limits)


def _wanted(limits: Limits) -> float:
    """Return the largest sum of the coefficients, slightly reduced for rounding."""
    return float(limits.limit) * len(limits.targets) * (1 - 1e-12)


def _sum(members: Sequence[_Member]) -> float:
    return math.fsum(coefficient(m.y, m.students) for m in members)


def _members(problem: County, limits: Limits, steps: Steps, moved: Mapping[int, Ints]) -> list[_Member]:
    return [_member(problem, k, i, steps, moved) for k, i in limits.targets]


def _member(problem: County, k: int, i: int, steps: Steps, moved: Mapping[int, Ints]) -> _Member:
    resource, target = problem.resources[k], problem.resources[k].targets[i]
    unit = resource.unit[target.sections]
    y = resource.in_steps(target, steps[k])
    if k in moved:
        y = y + moved[k][target.sections]
    cost = resource.cost[unit]
    return _Member(k, unit, target.sections, y, target.students, resource.divided[unit], np.isinf(cost), cost)


class _Frontier:
    """The cost of lowering one coefficient, by limit; computed only where needed."""

    def __init__(self, member: _Member, fixed: Any, whole: bool) -> None:
        self.y, self.students, self.fixed, self.whole = member.y, member.students, fixed, whole
        free = member.cost[~fixed]
        # if costs differ between schools, the cheapest bounds the cost of a step
        self.cost = float(free.min()) if free.size else math.inf
        self.now = coefficient(self.y, self.students)
        self.low = 0.0
        self.most = math.inf
        self.t = np.array([self.now])
        self.total = np.zeros(1)

    def within(self, low: float, money: float) -> None:
        """Restrict the frontier to limits of at least ``low`` and costs of at most ``money``."""
        self.low = min(max(low, 0.0), self.now)
        if math.isfinite(money) and self.cost > 0:
            self.most = float(np.ceil(money / self.cost * (1 + 1e-9))) if math.isfinite(self.cost) else 0.0
        if self.now > 0:
            points = np.linspace(self.low, self.now, _GRID, endpoint=False)
            self.ask(points[points > 0])

    def solve(self, limits: Floats) -> Floats:
        """Return the steps for each limit, one column each; NaN if the limit cannot be met."""
        top = np.where(self.fixed, self.y, self.y + self.most)
        bounded = self.fixed.any() or math.isfinite(self.most)
        return additions_where_possible(self.y, self.students, limits, top if bounded else None, whole=self.whole)

    def ask(self, limits: Floats) -> None:
        """Compute the cost of further limits."""
        steps = self.solve(limits).sum(axis=0)
        cost = np.where(np.isnan(steps), np.inf, 0.0)
        some = steps > 0
        cost[some] = steps[some] * self.cost
        cost[limits >= self.now] = 0.0
        t, total = np.concatenate([self.t, limits]), np.concatenate([self.total, cost])
        self.t, first = np.unique(t, return_index=True)
        self.total = total[first]

    def refine(self, price: float) -> bool:
        """Refine the cells that may contain a better point; return whether there were any."""
        best = float(self.total[self.best(price)] + price * self.t[self.best(price)])
        cells = self.cells(price)
        open_ = np.flatnonzero(cells < best * (1 - 1e-6))
        # the most promising only: with stepwise costs cells stay open at any size
        open_ = np.sort(open_[np.argsort(cells[open_], kind="stable")[:_OPENED]])
        if open_.size:
            lower = np.concatenate([[self.low], self.t[:-1]])[open_]
            points = lower[:, np.newaxis] + (self.t[open_] - lower)[:, np.newaxis] * np.array([0.25, 0.5, 0.75])
            self.ask(np.unique(points[points > 0]))
        return bool(open_.size)

    def best(self, price: float) -> int:
        """Return the index of the cheapest limit at a price of the coefficient."""
        return int(np.argmin(self.total + price * self.t))

    def cells(self, price: float) -> Floats:
        """Return a lower bound between each limit and the one before it."""
        lower = np.concatenate([[self.low], self.t[:-1]])
        return np.asarray(self.total + price * lower)


def _frontiers(members: Sequence[_Member], wanted: float, *, alone: bool) -> list[_Frontier]:
    """Return the frontier of each coefficient.

    With ``alone`` each stage of a school gets its own, fractional additions, which costs no more than any plan;
    otherwise schools that share a resource between stages keep their amounts.
    """
    curves = [_Frontier(m, m.unpriced if alone else m.divided | m.unpriced, not alone) for m in members]
    now = math.fsum(c.now for c in curves)
    # lowering all in proportion bounds the cost and the range of interest
    for c in curves:
        if c.now > 0:
            c.ask(np.array([c.now * min(1.0, wanted / now)]))
    money = math.fsum(float(c.total[0]) for c in curves)
    for c in curves:
        c.within(c.now - max(0.0, now - wanted), money)
    return curves


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
    reached = [coefficient(c.y + a, c.students) for c, a in zip(curves, added, strict=True)]
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
        reached[best] = coefficient(curves[best].y + added[best], curves[best].students)
    return added
