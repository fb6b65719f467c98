r"""Limits on the mean of several coefficients, as in the scheme of 2012 (private).

The mean of coefficients :math:`c_1 \dots c_m` is at most t if :math:`\sum c_j \le m t`. A price on the coefficients of
each stage divides the effort between resources (``_prices.py``) and gives a lower bound on the cost of any plan. The
additions at that price are fractions of steps. They are made whole in turn: first people, rooms and what schools share
between stages, then what is measured takes up what this changed, and finally what is left to the limit is used to
remove steps where that saves most.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng.indicators.allocation import additions_where_possible
from junheng.planning._prices import Balance, Priced, Spread, balance
from junheng.planning._problem import County, Limits, Steps
from junheng.planning._resource import coefficient, least
from junheng.words import Message, Name, message

__all__ = ["bring_down", "least_cost", "mean_holds"]

#: Parts of the limit from which a resource that nobody has is tried.
_STARTS = (1.0, 0.5, 0.25, 0.1)
#: Parts of the limits aimed at, in turn, until whole steps are within them.
_AIMS = (1.0, 0.9999, 0.999, 0.99, 0.9, 0.7, 0.4)
#: How far below its limit a sum of coefficients ends: when prices are all that is wanted, and when steps are.
_ROUGHLY, _NEARLY = 1e-4, 1e-6
#: Cost of a step that is free, relative to the cheapest that is not.
_NEARLY_FREE = 1e-4
#: How often what is left to a limit is given to a coefficient.
_TRADES = 50
#: How far a bound may be from the best value of each resource at the prices, relative to the cost of the plan.
_TOLERANCE = 1e-4


def bring_down(
    problem: County, means: Sequence[Limits], steps: Steps, moved: Mapping[int, Ints]
) -> tuple[Steps, tuple[Message, ...]]:
    """Bring the means of coefficients of stages within their limits, all together.

    Returns
    -------
    tuple
        The steps (unchanged if nothing is needed, or a limit cannot be met), and the limits that cannot be met.
    """
    state = _State(problem, means, steps, moved)
    over = state.over()
    if np.isnan(over).any():
        return _from_nothing(state)
    if (over <= 0).all():
        return steps, ()
    best = state.cheapest()
    if best is not None:
        return best, ()
    alone = [_State(problem, [m], steps, moved) for m in means]
    stuck = [m for m, one in zip(means, alone, strict=True) if one.cheapest() is None]
    return steps, tuple(
        message("planning.mean_stays_over", stage=Name("stage", STAGES[m.stage]), limit=m.limit) for m in stuck or means
    )


def least_cost(problem: County, start: Steps, known: float) -> float:
    """Return a lower bound on the cost of all steps, at least those of a start, with the means within their limits.

    Nothing is moved. A coefficient that can be lowered for nothing, or that has no value yet, counts as 0. ``known`` is
    the cost of a plan.
    """
    state = _State(problem, problem.composites, start, {})
    costs = [resource.cost for resource in problem.resources]
    resources, stages = state.priced(costs, lambda m: bool(m.y.any()) and not (costs[m.resource][m.unit] == 0).any())
    limits = state.limits()
    paid, found = problem.paid(problem.nothing(), start), balance(resources, stages, limits, _ROUGHLY)
    if found is None:
        return paid
    values = [
        resource.bound(found.prices[s], z, _TOLERANCE * known)
        for resource, s, z in zip(resources, stages, found.additions, strict=True)
    ]
    return paid + max(0.0, math.fsum(values) - float(found.prices @ limits) * (1 + 1e-11))


def mean_holds(problem: County, limits: Limits, steps: Steps) -> bool:
    """Return whether a mean is within its limit after some steps."""
    return bool(_State(problem, [limits], steps, {}).over()[0] <= 0)


def _from_nothing(state: _State) -> tuple[Steps, tuple[Message, ...]]:
    """Bring down means that have no value yet, as nobody has anything of a resource: start from some levels of it."""
    problem, means = state.problem, state.means
    first = means[int(np.argmax(np.isnan(state.over())))]
    undefined = message("planning.no_mean", stage=Name("stage", STAGES[first.stage]))
    best: Steps | None = None
    wrong: tuple[Message, ...] = ()
    for part in _STARTS:
        begun = [z.copy() for z in state.steps]
        for m in state.members:
            if not m.y.any():
                cost = problem.resources[m.resource].cost[m.unit]
                got = least(m.y, m.students, state.limits()[m.stage] * part, cost, np.isinf(cost), whole=True)
                if got is None:
                    return state.steps, (undefined,)
                np.maximum.at(begun[m.resource], m.unit, np.ceil(got / m.share - 1e-9).astype(np.int64))
        if np.isnan(_State(problem, means, begun, state.moved).over()).any():
            return state.steps, (undefined,)
        out, wrong = bring_down(problem, means, begun, state.moved)
        if not wrong and (best is None or problem.paid(best, out) < 0):
            best = out
    return (state.steps, wrong) if best is None else (best, ())


@frozen(eq=False)
class _Member:
    """Coefficients of a mean: those of one resource and stage, all equal."""

    resource: int
    #: which of the means
    stage: int
    count: int
    unit: Ints
    share: Floats
    #: amounts in steps
    y: Floats
    students: Floats

    @property
    def now(self) -> float:
        """The coefficient."""
        return coefficient(self.y, self.students)

    def after(self, added: Floats) -> float:
        """Return the coefficient after additions to sections."""
        return coefficient(self.y + added, self.students)


class _State:
    """The coefficients of some means after some steps."""

    def __init__(self, problem: County, means: Sequence[Limits], steps: Steps, moved: Mapping[int, Ints]) -> None:
        self.problem, self.means, self.steps, self.moved = problem, means, steps, moved
        self.members = [m for stage in range(len(means)) for m in self._members(stage)]

    def _members(self, stage: int) -> Iterator[_Member]:
        # indicators with the same column have the same coefficient
        targets = self.means[stage].targets
        for k in dict.fromkeys(k for k, _ in targets):
            resource, mine = self.problem.resources[k], [i for j, i in targets if j == k]
            target = resource.targets[mine[0]]
            y = resource.in_steps(target, self.steps[k])
            if k in self.moved:
                y = y + self.moved[k][target.sections]
            unit, share = resource.unit[target.sections], resource.share[target.sections]
            yield _Member(k, stage, len(mine), unit, share, y, target.students)

    def limits(self) -> Floats:
        """Return the largest sum of the coefficients of each mean, slightly reduced for rounding."""
        return np.array([float(m.limit) * len(m.targets) * (1 - 1e-12) for m in self.means])

    def over(self) -> Floats:
        """Return how far each sum is over its limit; NaN if a coefficient has no value."""
        return self._sums([m.now for m in self.members]) - self.limits()

    def _sums(self, coefficients: Sequence[float]) -> Floats:
        out: list[list[float]] = [[] for _ in self.means]
        for m, c in zip(self.members, coefficients, strict=True):
            out[m.stage].append(m.count * c)
        return np.array([math.fsum(some) for some in out])

    def priced(
        self, costs: Sequence[Floats], keep: Callable[[_Member], bool] = lambda m: True
    ) -> tuple[list[Priced], list[Ints]]:
        """Return each resource with its coefficients, and their stages."""
        resources, stages = [], []
        for k, cost in enumerate(costs):
            mine = [m for m in self.members if m.resource == k and keep(m) for _ in range(m.count)]
            resources.append(Priced(cost, tuple(Spread.of(m.y, m.students, m.unit, m.share) for m in mine)))
            stages.append(np.array([m.stage for m in mine], dtype=np.int64))
        return resources, stages

    # -- steps

    def cheapest(self) -> Steps | None:
        """Return the cheapest steps found that bring all means within their limits; None if none do."""
        resources = self.problem.resources
        priced = [np.isfinite(r.cost) for r in resources]
        undivided = [free & ~r.divided for free, r in zip(priced, resources, strict=True)]
        measured = [free & (r.step != 1) for free, r in zip(undivided, resources, strict=True)]
        for aim in _AIMS:
            found = self._balanced(priced, aim, _ROUGHLY)
            if found is None:
                return None
            ways = [self._completed(self._rounded(found, free), free, aim) for free in (measured, undivided)]
            if ways == [None, None]:
                ways = [self._completed(self.problem.nothing(), undivided, aim)]
            passing = [w for w in ways if w is not None]
            if passing:
                return min(passing, key=lambda w: self.problem.paid(self.steps, w))
        return None

    def _balanced(self, free: Sequence[Any], aim: float, near: float) -> Balance | None:
        """Return the additions to free units that bring the means to a part of their limits."""
        costs = [r.cost for r in self.problem.resources]
        paid = np.concatenate(costs)
        little = _NEARLY_FREE * float(paid[paid > 0].min(initial=1.0))
        resources, stages = self.priced(
            [np.where(f, np.maximum(c, little), np.inf) for c, f in zip(costs, free, strict=True)]
        )
        return balance(resources, stages, self.limits() * aim, near)

    def _rounded(self, found: Balance, free: Sequence[Any]) -> Steps:
        """Return the additions to units that are not free in whole steps."""
        out = []
        resources, stages = self.priced([r.cost for r in self.problem.resources])
        for k, resource in enumerate(self.problem.resources):
            z = found.additions[k]
            whole = resources[k].whole(found.prices[stages[k]], z) if resource.step == 1 else np.ceil(z - 1e-9)
            out.append(np.where(free[k], 0, whole).astype(np.int64))
        return out

    def _completed(self, given: Steps, free: Sequence[Any], aim: float) -> Steps | None:
        """Add to free units until all means are within their limits; return the steps, None if that is impossible."""
        begun = _State(self.problem, self.means, [z + g for z, g in zip(self.steps, given, strict=True)], self.moved)
        found = begun._balanced(free, aim, _NEARLY)
        if found is None:
            return None
        parts = [_Part(m, self.problem.resources[m.resource].cost, free[m.resource], found) for m in begun.members]
        out = [z.copy() for z in begun.steps]
        for stage, limit in enumerate(self.limits().tolist()):
            mine = [p for p in parts if p.member.stage == stage]
            _use_up(mine, limit)
            for p in mine:
                np.add.at(out[p.member.resource], p.member.unit, p.added.astype(np.int64))
        done = _State(self.problem, self.means, out, self.moved)
        return out if (done.over() <= 0).all() else None


class _Part:
    """What is added in whole steps to the sections of one coefficient."""

    def __init__(self, member: _Member, cost: Floats, free: Any, found: Balance) -> None:
        self.member, self.free = member, free[member.unit]
        self.cost = np.where(self.free, cost[member.unit], 0.0)
        given = np.where(self.free, found.additions[member.resource][member.unit], 0.0)
        limit = member.after(given)
        self.added = np.ceil(given - 1e-9)
        # if costs are equal, the least steps are cheaper than all that are rounded up
        least_ = self.lowered(limit)
        if least_ is not None and (self.paid(least_) <= self.paid(self.added) or member.after(self.added) > limit):
            self.added = least_

    def paid(self, added: Floats) -> float:
        """Return the cost of additions."""
        return float(self.cost @ added)

    def lowered(self, limit: float) -> Floats | None:
        """Return the least additions in whole steps that reach a limit; None if none were found."""
        member = self.member
        if limit >= member.now:
            return np.zeros(member.y.size)
        if limit <= 0 or not self.free.any():
            return None
        top = None if self.free.all() else np.where(self.free, np.inf, member.y)
        out = additions_where_possible(member.y, member.students, np.array([limit]), top)[:, 0]
        return None if np.isnan(out).any() else np.asarray(out)


def _use_up(parts: Sequence[_Part], limit: float) -> None:
    """Give what is left to a limit to the coefficient where that saves most, again and again.

    If the sum is over its limit, one coefficient is lowered, where that costs least.
    """
    for _ in range(_TRADES):
        reached = [p.member.after(p.added) for p in parts]
        left = limit - math.fsum(p.member.count * c for p, c in zip(parts, reached, strict=True))
        trials = [(p, p.lowered(c + left / p.member.count)) for p, c in zip(parts, reached, strict=True)]
        changes = [(p.paid(new) - p.paid(p.added), i) for i, (p, new) in enumerate(trials) if new is not None]
        if not changes or (left >= 0 and min(changes)[0] >= 0):
            break
        part, new = trials[min(changes)[1]]
        assert new is not None
        part.added = new
