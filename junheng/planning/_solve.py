r"""The cheapest steps of one county (private).

The problem: find whole numbers of steps :math:`z` of least cost :math:`\sum c_u z_u` so that every school meets its
thresholds, except for the indicators that the rule allows at the floor, and every coefficient is within its limit. The
choice of those indicators couples resources; for a given choice each resource is solved separately (``_resource.py``).
Start with the cheapest choice of each school. If its cost exceeds the bound, try other choices school by school. If a
gap remains, solve all resources together as a mixed-integer program. Limits on means come last (``_means.py``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
from attrs import frozen

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng.indicators.allocation.cones import Cone, Program, Row, Solution, clock
from junheng.indicators.exact import typed
from junheng.planning._costs import Prices
from junheng.planning._means import bring_down, least_cost
from junheng.planning._problem import Choice, Choices, County, Resource, Steps, Target
from junheng.planning._resource import Given, apart, fill, hire_and_move, raise_resource
from junheng.words import Message

__all__ = ["Answer", "Effort", "solve"]


@frozen
class Effort:
    """How much is spent on finding cheaper steps: work, and time if the caller limits it."""

    #: branch-and-bound nodes per round of the mixed-integer solver; 0 disables it
    nodes: int
    #: end of the search by the clock
    until: float = math.inf

    @property
    def over(self) -> bool:
        """Whether the time is over."""
        return self.until < math.inf and clock() >= self.until


@frozen(eq=False)
class Answer:
    """The solution for one county."""

    problem: County
    steps: Steps
    #: departures (negative) and arrivals by resource and section
    moved: dict[int, Ints]
    lows: Steps
    cost: float
    bound: float
    method: str
    stuck: tuple[Message, ...] = ()
    #: whether the search ended because the time was over
    stopped: bool = False

    def with_more(self, extra: Answer) -> Answer:
        """Return the answer with further steps found to be needed after it was applied; its bound becomes 0."""
        resources, steps, lows = list(self.problem.resources), list(self.steps), list(self.lows)
        names = [t.column for t in resources]
        place = {}
        for k, resource in enumerate(extra.problem.resources):
            if resource.column in names:
                place[k] = names.index(resource.column)
                steps[place[k]] = steps[place[k]] + extra.steps[k]
            else:
                place[k] = len(resources)
                resources.append(resource)
                steps.append(extra.steps[k])
                lows.append(extra.lows[k])
        needs = [attrs.evolve(n, resource=place[n.resource]) for n in extra.problem.needs]
        problem = attrs.evolve(self.problem, resources=tuple(resources), needs=(*self.problem.needs, *needs))
        return attrs.evolve(
            self,
            problem=problem,
            steps=steps,
            lows=lows,
            cost=self.cost + extra.cost,
            bound=0.0,
            method="search",
            stopped=self.stopped or extra.stopped,
        )


@frozen(eq=False)
class _Found:
    """State of the search: minimum steps of schools, their cost, a lower bound, and the method."""

    lows: Steps
    cost: float
    bound: float
    method: str


def solve(problem: County, d: Any, moves: Prices, most_moved: Fraction, effort: Effort) -> Answer:
    """Return the cheapest steps found for one county, with a lower bound on the cost."""
    return _Solver(problem, d, moves, most_moved, effort).solve()


class _Solver:
    """Finds the cheapest steps of one county."""

    def __init__(self, problem: County, d: Any, moves: Prices, most_moved: Fraction, effort: Effort) -> None:
        self.problem, self.d, self.moves, self.most_moved, self.effort = problem, d, moves, most_moved, effort
        self.stopped = False
        self.known: dict[tuple[int, bytes], Given] = {}
        self.least: dict[tuple[int, bytes], float] = {}

    # -- the whole

    def solve(self) -> Answer:
        """Return the best answer found, with its bound."""
        problem = self.problem
        found = self._without_means()
        solved = [self._resource(k, low) for k, low in enumerate(found.lows)]
        stuck = tuple(g.stuck for g in solved if g.stuck is not None)
        steps = [g.steps for g in solved]
        moved = {k: g.moved for k, g in enumerate(solved) if g.moved is not None}
        cost, bound, method = found.cost, found.bound, found.method
        if not stuck and problem.composites:
            before = steps
            steps, stuck = bring_down(problem, problem.composites, steps, moved)
            if any((a != b).any() for a, b in zip(before, steps, strict=True)):
                cost += problem.paid(before, steps)
                method = "frontier"
            if not stuck and self._hires_only() and not _proven(cost, bound):
                bound = max(bound, least_cost(problem, problem.floors(), cost))
        if _proven(cost, bound):
            method, bound = "exact", cost
        return Answer(
            problem, steps, moved, found.lows, cost, min(bound, cost), method, stuck, self.stopped and method != "exact"
        )

    def _without_means(self) -> _Found:
        """Solve for the schools and the coefficients with individual limits."""
        choices = [self.problem.school_choices(s) for s in self.problem.schools]
        picked = [0] * len(choices)
        lows = self._lows(choices, picked)
        found = _Found(lows, self._total(lows), self._bound(choices), "exact")
        if not _proven(found.cost, found.bound):
            lows = self._improve(choices, picked, found.cost, found.bound)
            for k, low in enumerate(lows):
                self._close(k, low)
            found = attrs.evolve(found, lows=lows, cost=self._total(lows), method="search")
        gap = found.cost - found.bound > 1e-6 * found.cost and math.isfinite(found.cost)
        return self._all_at_once(found) if gap and not self.moves.given and self._may_solve() else found

    def _may_solve(self) -> bool:
        """Return whether the mixed-integer solver may be used, and there is time."""
        return bool(self.effort.nodes) and not self._time_is_over()

    def _time_is_over(self) -> bool:
        self.stopped = self.stopped or self.effort.over
        return self.stopped

    def _solved(self, program: Program, **limits: Any) -> Solution:
        found = program.solve(nodes=self.effort.nodes, until=self.effort.until, **limits)
        self._time_is_over()
        return found

    def _hires_only(self) -> bool:
        """Return whether staff of the limited means can only be hired; only then is their bound valid."""
        members = {self.problem.resources[k].column for limits in self.problem.composites for k, _ in limits.targets}
        return members.isdisjoint(self.moves.given)

    def _lows(self, choices: list[Choices], picked: Sequence[int]) -> Steps:
        """Return the minimum steps of schools under their choices."""
        out = self.problem.nothing()
        for options, i in zip(choices, picked, strict=True):
            for (k, u), steps in options[i][0].items():
                out[k][u] = steps
        return out

    def _total(self, lows: Steps) -> float:
        """Return the cost of all resources, solved separately."""
        return math.fsum(self._resource(k, low).cost for k, low in enumerate(lows))

    def _bound(self, choices: list[Choices]) -> float:
        """Return a lower bound: the cost of schools alone, or of coefficients with schools at the floor."""
        all_tried = [self.problem.tries_all(s) for s in self.problem.schools]
        schools = math.fsum(o[0][1] for o, tried in zip(choices, all_tried, strict=True) if tried)
        floors = self.problem.floors()
        each = [self._least(k, low) for k, low in enumerate(floors)]
        binding = {k for k, low in enumerate(floors) if each[k] > self.problem.resources[k].money(low) * (1 + 1e-12)}
        free = math.fsum(
            min(self.problem.cost_of({key: v for key, v in steps.items() if key[0] not in binding}) for steps, _ in o)
            for o, tried in zip(choices, all_tried, strict=True)
            if tried
        )
        return max(schools, math.fsum(each), math.fsum(each[k] for k in binding) + free)

    # -- one resource

    def _resource(self, k: int, low: Ints) -> Given:
        """Return the cheapest steps of one resource, at least ``low``, that make its coefficients pass."""
        key = (k, low.tobytes())
        if key not in self.known:
            resource = self.problem.resources[k]
            self.known[key] = (
                self._with_moves(resource, low)
                if resource.column in self.moves.given
                else raise_resource(resource, low)
            )
        return self.known[key]

    def _close(self, k: int, low: Ints) -> float:
        """Refine a resource shared by stages: improve its solution if possible, and return a bound."""
        resource, found = self.problem.resources[k], self._resource(k, low)
        settled = not resource.divided.any() or found.cost <= resource.money(low) or not math.isfinite(found.cost)
        if settled or not self._may_solve():
            return found.cost
        key = (k, low.tobytes())
        if key not in self.least:
            self.least[key], trial = self._coupled(k, low, found.steps, found.cost)
            given = np.where(resource.divided, np.maximum(np.ceil(trial - 1e-6), low), low).astype(np.int64)
            other = fill(resource, given)
            if other.cost < found.cost:
                self.known[key] = other
        return self.least[key]

    def _coupled(self, k: int, low: Ints, known: Ints, cost: float) -> tuple[float, Floats]:
        """Solve one resource shared by stages: return a bound and its steps."""
        resource = self.problem.resources[k]
        size = max(float(known.max()), 1.0)
        whole = resource.step == 1
        scale = 1.0 if whole else size
        price = np.where(np.isfinite(resource.cost), resource.cost, 0.0)
        bounds = np.where(np.isfinite(resource.cost), cost / np.maximum(price, 1e-300), 0.0)
        upper = np.maximum(np.minimum(np.floor(bounds * (1 + 1e-12)), 1e12), known)
        program = Program(
            cost=price * scale / cost,
            lower=low / scale,
            upper=upper / scale,
            whole=np.full(low.size, whole),
            cones=[_as_cone(resource, c, c.base / float(resource.step) / scale) for c in resource.limited],
        )
        found = self._solved(program, rounds=40, gap=1e-7, known_cost=float(price @ known) / cost)
        trial = known.astype(np.float64) if found.trial is None else found.trial * scale
        return max(found.bound, 0.0) * cost, trial

    def _least(self, k: int, low: Ints) -> float:
        """Return a bound on the cost of one resource."""
        resource = self.problem.resources[k]
        even = np.unique(resource.cost[np.isfinite(resource.cost)]).size <= 1
        if resource.column in self.moves.given or (even and not resource.divided.any()):
            return self._resource(k, low).cost
        if (k, low.tobytes()) in self.least or self._may_solve():
            return self._close(k, low)
        # the minimum of a shared resource counts once for all stages
        own = np.where(resource.divided, 0, low)
        stages = math.fsum(float(np.nansum(c)) for _, _, c in apart(resource, own))
        return max(resource.money(low), stages + resource.money(own))

    def _with_moves(self, resource: Resource, low: Ints) -> Given:
        """Hire and move staff, stage by stage."""
        z = low.copy()
        moved = np.zeros(resource.unit.size, dtype=np.int64)
        cost, text = 0.0, None
        stages = self.d.sections.stage[self.problem.sections]
        price = self.moves.unit_cost(resource.column, None)
        assert price is not None  # checked: one cost for all kinds of school
        for s in range(len(STAGES)):
            at = np.flatnonzero(stages == s)
            if not at.size:
                continue
            target = next((c for c in resource.limited if c.stage == s), None)
            spare = self.problem.spare(resource.column, at)
            part = hire_and_move(resource, at, low, target, spare, float(price), self._movable(resource.column, at))
            z[resource.unit[at]] = part.steps
            if part.moved is not None:
                moved[at] = part.moved
            cost += part.cost
            text = text or part.stuck
        return Given(z, math.inf if text is not None else cost, text, moved if moved.any() else None)

    def _movable(self, column: str, at: Ints) -> int:
        """Return the largest number of staff of a stage that can be moved."""
        there = np.nan_to_num(self.d.sections.number(column)[self.problem.sections[at]])
        return int(self.most_moved * typed(there.sum()))

    # -- which indicators to leave at the floor

    def _improve(self, choices: list[Choices], picked: list[int], cost: float, bound: float) -> Steps:
        """Try other choices school by school while the cost decreases."""
        touched = [{k for option, _ in options for k, _ in option} for options in choices]
        lows = self._lows(choices, picked)
        for _ in range(4):
            before = cost
            for c, options in enumerate(choices):
                if self._time_is_over():
                    return lows
                for i in range(min(len(options), 12)):
                    if i == picked[c]:
                        continue
                    new, change = self._exchanged(lows, touched[c], options[picked[c]][0], options[i][0])
                    if change < -1e-9 * max(1.0, cost) or (math.isinf(cost) and change < 0):
                        picked[c], lows, cost = i, new, cost + change
            if not math.isfinite(cost):
                cost = self._total(lows)
            if cost >= before - 1e-9 * max(1.0, before) or _proven(cost, bound):
                break
        return lows

    def _exchanged(self, lows: Steps, touched: set[int], old: Choice, new: Choice) -> tuple[Steps, float]:
        """Replace one choice of a school by another; return the steps and the change in cost."""
        out = [low.copy() if k in touched else low for k, low in enumerate(lows)]
        for k, u in old:
            out[k][u] = 0
        for (k, u), steps in new.items():
            out[k][u] = steps
        return out, math.fsum(self._resource(k, out[k]).cost - self._resource(k, lows[k]).cost for k in touched)

    # -- all at once

    def _all_at_once(self, found: _Found) -> _Found:
        """Solve the whole county as one mixed-integer program: a bound, and possibly a better choice."""
        problem = self.problem
        trial = _Whole(problem, found.cost, [self._resource(k, low).steps for k, low in enumerate(found.lows)])
        solution = self._solved(trial.program(), rounds=12, gap=1e-6, known_cost=1.0)
        found = attrs.evolve(found, bound=max(found.bound, solution.bound * found.cost), method="mixed integer")
        if solution.trial is None:
            return found
        new = trial.lows(solution.trial)
        for k, given in trial.shared(solution.trial):
            other = np.maximum(new[k], given)
            if self._resource(k, other).cost < self._resource(k, new[k]).cost:
                new[k] = other
        for k, low in enumerate(new):
            self._close(k, low)
        cost = self._total(new)
        return attrs.evolve(found, lows=new, cost=cost) if cost < found.cost else found


class _Whole:
    """A county as one program: a variable per unit of each resource, then one per need that can be waived.

    Costs are divided by the best known cost, and measured amounts by what a school can need: the tolerances of the
    solver are absolute, so that a yuan of a hundred million would count for nothing.
    """

    def __init__(self, problem: County, cost: float, known: Steps) -> None:
        self.problem, self.cost, self.known = problem, cost, known
        self.first = np.cumsum([0, *(len(r.members) for r in problem.resources)])
        self.optional = [n for n in problem.needs if problem.exceptions[n.section] and n.threshold > n.waived]
        #: the variable of each need that can be waived
        self.spare = {id(n): int(self.first[-1]) + i for i, n in enumerate(self.optional)}
        #: steps per unit of the variables of each resource: whole things are counted
        self.size = [1.0 if r.step == 1 else self._most(k) for k, r in enumerate(problem.resources)]

    def _most(self, k: int) -> float:
        """Return the most steps that a school needs of a resource, or that the known solution gives it."""
        needed = [n.threshold for n in self.problem.needs if n.resource == k]
        return float(max([1, *needed, *self.known[k].tolist()]))

    def program(self) -> Program:
        """Return the mixed-integer program."""
        resources, switches = self.problem.resources, np.ones(len(self.optional))
        price = np.concatenate([np.where(np.isfinite(r.cost), r.cost, 0.0) for r in resources])
        buyable = np.concatenate([np.isfinite(r.cost) for r in resources])
        size = np.concatenate([np.full(len(r.members), z) for r, z in zip(resources, self.size, strict=True)])
        whole = np.concatenate([np.full(len(r.members), r.step == 1) for r in resources])
        # no more of any resource than the best known cost buys
        most = np.where(buyable, np.minimum(self.cost / np.maximum(price, 1e-300), 1e12), 0.0) / size
        most = np.where(whole, np.floor(most * (1 + 1e-12)), most)
        most = np.maximum(most, np.concatenate(self.known) / size)
        return Program(
            cost=np.concatenate([price * size / self.cost, 0.0 * switches]),
            lower=np.zeros(most.size + switches.size),
            upper=np.concatenate([most, switches]),
            whole=np.concatenate([whole, switches > 0]),
            cones=[
                _as_cone(r, target, target.base, int(first), float(r.step) * z)
                for r, first, z in zip(resources, self.first[:-1], self.size, strict=True)
                for target in r.limited
            ],
            rows=[*self._need_rows(), *self._exception_rows()],
        )

    def _need_rows(self) -> Iterator[Row]:
        """Yield the rows of needs: each is met, or its floor if it is waived."""
        for n in self.problem.needs:
            v, size = int(self.first[n.resource]) + n.unit, self.size[n.resource]
            if id(n) in self.spare:
                # divided by what a waiver saves: a waiver is whole only within the tolerance of the solver
                spared = n.threshold - n.waived
                yield [v, self.spare[id(n)]], [size / spared, 1.0], n.threshold / spared, np.inf
            elif n.threshold:
                yield [v], [1.0], n.threshold / size, np.inf

    def _exception_rows(self) -> Iterator[Row]:
        """Yield the rows that limit the waived needs of each section."""
        for s in {n.section for n in self.optional}:
            mine = [self.spare[id(n)] for n in self.optional if n.section == s]
            yield mine, [1.0] * len(mine), -np.inf, float(self.problem.exceptions[s])

    def lows(self, z: Floats) -> Steps:
        """Return the minimum steps of schools under the waivers of a solution."""
        out = self.problem.nothing()
        for n in self.problem.needs:
            spared = id(n) in self.spare and z[self.spare[id(n)]] > 0.5
            lack = n.waived if spared else n.threshold
            out[n.resource][n.unit] = max(out[n.resource][n.unit], lack)
        return out

    def shared(self, z: Floats) -> Iterator[tuple[int, Ints]]:
        """Yield the resources shared by stages, with the steps of a solution for schools that share them."""
        for k, resource in enumerate(self.problem.resources):
            if resource.divided.any():
                trial = z[self.first[k] : self.first[k + 1]] * self.size[k]
                yield k, np.where(resource.divided, np.ceil(trial - 1e-6), 0).astype(np.int64)


def _proven(cost: float, bound: float) -> bool:
    """Return whether the cost equals its bound."""
    return cost - bound <= 1e-9 * max(1.0, cost)


def _as_cone(resource: Resource, target: Target, base: Floats, first: int = 0, size: float = 1.0) -> Cone:
    """Return a coefficient as a cone; the units of its resource are the variables from ``first`` on, in ``size``."""
    return Cone(
        base=base,
        students=target.students,
        school=np.arange(target.sections.size),
        variable=first + resource.unit[target.sections],
        step=resource.share[target.sections] * size,
        t=float(target.most),
    )
