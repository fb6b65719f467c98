"""In which order a budget is spent, and how far it reaches (private).

Every county has a chain of steps; each turns a verdict at the least cost from where the one before left off, and turns
none back. The chains are merged, the cheapest head first, and the steps taken until one cannot be paid. No step depends
on the budget, so more money only goes further.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import numpy as np
from attrs import frozen

from junheng._arrays import Ints
from junheng.planning._means import bring_down, mean_holds
from junheng.planning._problem import Cone, County, Steps
from junheng.planning._resource import Given, raise_thing, reaches

__all__ = ["Step", "spend"]


@frozen(eq=False)
class Step:
    """One thing done with the money: what turns, what it costs, and the state afterwards."""

    county: int
    what: str
    school: str
    #: indicator (-1: their mean) and stage, where it is a coefficient that turns
    at: tuple[int, int] | None
    cost: float
    steps: Steps


def _chain(problem: County, d: Any) -> Iterator[Step]:
    """Yield steps that each turn at least one verdict, the cheapest first; none turns one back.

    The order does not depend on any budget, so more money only goes further along it.
    """
    steps = problem.nothing()
    schools = [(s, problem.school_choices(s)) for s in problem.schools if any(n.section in s for n in problem.needs)]
    schools = [(s, o) for s, o in schools if o[0][1] > 0]
    cones = [(k, c) for k, t in enumerate(problem.things) for c in t.limited]

    def holds(k: int, cone: Cone, z: Ints) -> bool:
        return reaches(problem.things[k], cone, z)

    def raised(k: int, more: list[Cone], before: Ints, low: Ints) -> Given:
        """Raise a thing so that some coefficients pass, and those that passed before still do."""
        kept = [c for c in problem.things[k].limited if holds(k, c, before)]
        return raise_thing(attrs.evolve(problem.things[k], cones=(*more, *kept)), low)

    def mended(before: Steps, after: Steps) -> Steps | None:
        """See to it that a coefficient that passed still passes, and a mean of them."""
        out = list(after)
        means = [limits for limits in problem.composites if mean_holds(problem, limits, before)]
        for _ in range(3):  # what lifts a mean may part the other stage of a school
            for k, cone in cones:
                if not np.array_equal(before[k], out[k]) and holds(k, cone, before[k]) and not holds(k, cone, out[k]):
                    given = raised(k, [], before[k], out[k])
                    if given.stuck is not None:
                        return None
                    out[k] = given.steps
            broken = [limits for limits in means if not mean_holds(problem, limits, out)]
            if not broken:
                return out
            for limits in broken:
                out, _, text = bring_down(problem, limits, out, {})
                if text is not None:
                    return None
        return None

    open_cones = [(k, c) for k, c in cones if not holds(k, c, steps[k])]
    composites = [limits for limits in problem.composites if not mean_holds(problem, limits, steps)]
    while schools or open_cones or composites:
        offers: list[tuple[float, int, str, int, Steps]] = []
        for i, (_, options) in enumerate(schools):
            trials = []
            for need, _ in options[:12]:
                new = [z.copy() for z in steps]
                for (k, u), n in need.items():
                    new[k][u] = max(new[k][u], n)
                trials.append((problem.paid(steps, new), new))
            cost, new = min(trials, key=lambda x: x[0])
            offers.append((cost, 0, "school", i, new))
        for i, (k, cone) in enumerate(open_cones):
            given = raised(k, [cone], steps[k], steps[k])
            if given.stuck is None:
                new = list(steps)
                new[k] = given.steps
                offers.append((problem.paid(steps, new), 1, "coefficient", i, new))
        for i, limits in enumerate(composites):
            new, _, text = bring_down(problem, limits, steps, {})
            if text is None:
                offers.append((problem.paid(steps, new), 2, "composite", i, new))
        best: tuple[float, int, str, int, Steps] | None = None
        for cost, order, what, i, new in sorted(offers, key=lambda o: (o[0], o[1], o[3])):
            if best is not None and cost >= best[0]:
                break
            final = mended(steps, new)
            if final is not None and (best is None or problem.paid(steps, final) < best[0]):
                best = (problem.paid(steps, final), order, what, i, final)
        if best is None:
            return
        cost, _, what, i, steps = best
        school, at = "", None
        if what == "school":
            section = problem.sections[schools.pop(i)[0][0]]
            school = str(d.school_names[d.sections.rows[section]])
        elif what == "coefficient":
            k, cone = open_cones.pop(i)
            at = (cone.indicator, cone.stage)
        else:
            at = (-1, composites.pop(i).stage)
        # a step may turn more than it is named after
        open_cones = [(k, c) for k, c in open_cones if not holds(k, c, steps[k])]
        composites = [limits for limits in composites if not mean_holds(problem, limits, steps)]
        yield Step(problem.county, what, school, at, cost, steps)


def spend(problems: Sequence[County], d: Any, budget: float) -> tuple[list[Steps], list[tuple[Step, bool]]]:
    """Take the cheapest steps of all counties as far as the money reaches.

    Returns
    -------
    tuple
        The state of each county, and every step in its order with whether it was reached.
    """
    chains = [_chain(p, d) for p in problems]
    heads: list[tuple[float, int, Step]] = []

    def take_next(i: int) -> None:
        head = next(chains[i], None)
        if head is not None:
            heapq.heappush(heads, (head.cost, i, head))

    for i in range(len(chains)):
        take_next(i)
    states = [p.nothing() for p in problems]
    taken: list[tuple[Step, bool]] = []
    spent, reached = 0.0, True
    while heads:
        _, i, step = heapq.heappop(heads)
        # what cannot be paid is not leapt over
        reached = reached and spent + step.cost <= budget
        taken.append((step, reached))
        if reached:
            spent += step.cost
            states[i] = step.steps
        take_next(i)
    return states, taken
