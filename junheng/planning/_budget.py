"""The order in which a budget is spent (private).

Each county has a chain of steps. A step makes a verdict pass at the least cost, starting from the previous step, and
makes no other verdict fail. The chains are merged, cheapest first, and steps are taken until one cannot be paid. No
step depends on the budget, so a larger budget only adds steps.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from attrs import frozen

from junheng._arrays import Ints
from junheng.planning._means import bring_down, mean_holds
from junheng.planning._problem import County, Steps, Target
from junheng.planning._resource import Given, raise_resource, reaches

__all__ = ["Step", "spend"]


@frozen(eq=False)
class Step:
    """One step of spending: the verdict that passes, the cost, and the state afterwards."""

    county: int
    what: str
    school: str
    #: indicator (-1: the mean) and stage, if the verdict is about a coefficient
    at: tuple[int, int] | None
    cost: float
    steps: Steps


@frozen(eq=False)
class _Offer:
    """A candidate for the next step: the open verdict it makes pass, and the state afterwards."""

    cost: float
    #: which list of open verdicts, and the place in it
    kind: int
    place: int
    steps: Steps


#: Kinds of open verdicts; among steps of equal cost the earlier kind comes first.
_KINDS = ("school", "coefficient", "composite")


class _Chain:
    """Steps of one county, cheapest first: each makes at least one verdict pass and none fail."""

    def __init__(self, problem: County, d: Any) -> None:
        self.problem, self.d = problem, d
        self.steps = problem.nothing()
        lacking = [s for s in problem.schools if any(n.section in s for n in problem.needs)]
        choices = [(s, problem.school_choices(s)) for s in lacking]
        self.schools = [(s, options) for s, options in choices if options[0][1] > 0]
        self.targets = [(k, t) for k, resource in enumerate(problem.resources) for t in resource.limited]
        self.open_targets, self.open_means = self.targets, list(problem.composites)
        self._drop_what_passes()

    def __iter__(self) -> Iterator[Step]:
        while self.schools or self.open_targets or self.open_means:
            best = self._cheapest()
            if best is None:
                return
            self.steps = best.steps
            step = self._taken(best)
            # a step may make further verdicts pass
            self._drop_what_passes()
            yield step

    def _drop_what_passes(self) -> None:
        self.open_targets = [(k, t) for k, t in self.open_targets if not self._holds(k, t, self.steps[k])]
        self.open_means = [x for x in self.open_means if not mean_holds(self.problem, x, self.steps)]

    def _holds(self, k: int, target: Target, z: Ints) -> bool:
        return reaches(self.problem.resources[k], target, z)

    def _cheapest(self) -> _Offer | None:
        """Return the step that costs least, including what keeps all passed verdicts."""
        best: _Offer | None = None
        for offer in sorted(self._offers(), key=lambda o: (o.cost, o.kind, o.place)):
            if best is not None and offer.cost >= best.cost:
                break
            final = self._mended(offer.steps)
            if final is not None:
                cost = self.problem.paid(self.steps, final)
                if best is None or cost < best.cost:
                    best = attrs.evolve(offer, cost=cost, steps=final)
        return best

    def _offers(self) -> Iterator[_Offer]:
        for i, (_, options) in enumerate(self.schools):
            ways = (self._with_needs(need) for need, _ in options[:12])
            yield min((self._offer(0, i, way) for way in ways), key=lambda o: o.cost)
        for i, (k, target) in enumerate(self.open_targets):
            given = self._raised(k, [target], self.steps[k], self.steps[k])
            if given.stuck is None:
                yield self._offer(1, i, [given.steps if j == k else z for j, z in enumerate(self.steps)])
        for i, limits in enumerate(self.open_means):
            new, stuck = bring_down(self.problem, [limits], self.steps, {})
            if not stuck:
                yield self._offer(2, i, new)

    def _offer(self, kind: int, place: int, steps: Steps) -> _Offer:
        return _Offer(self.problem.paid(self.steps, steps), kind, place, steps)

    def _with_needs(self, need: Mapping[tuple[int, int], int]) -> Steps:
        out = [z.copy() for z in self.steps]
        for (k, u), n in need.items():
            out[k][u] = max(out[k][u], n)
        return out

    def _raised(self, k: int, more: list[Target], before: Ints, low: Ints) -> Given:
        """Add to a resource so that some coefficients pass and those that passed still do."""
        resource = self.problem.resources[k]
        kept = [t for t in resource.limited if self._holds(k, t, before)]
        return raise_resource(attrs.evolve(resource, targets=(*more, *kept)), low)

    def _mended(self, after: Steps) -> Steps | None:
        """Add what keeps passed coefficients and means within their limits; None if that is impossible."""
        means = [x for x in self.problem.composites if mean_holds(self.problem, x, self.steps)]
        out: Steps | None = list(after)
        for _ in range(3):  # additions for a mean may affect the coefficients again
            out = None if out is None else self._coefficients_kept(out)
            if out is None:
                return None
            broken = [x for x in means if not mean_holds(self.problem, x, out)]
            if not broken:
                return out
            out, stuck = bring_down(self.problem, broken, out, {})
            if stuck:
                return None
        return None

    def _coefficients_kept(self, after: Steps) -> Steps | None:
        out = list(after)
        for k, target in self.targets:
            before = self.steps[k]
            if np.array_equal(before, out[k]) or not self._holds(k, target, before) or self._holds(k, target, out[k]):
                continue
            given = self._raised(k, [], before, out[k])
            if given.stuck is not None:
                return None
            out[k] = given.steps
        return out

    def _taken(self, offer: _Offer) -> Step:
        """Remove the verdict of an offer from its list, and return its step."""
        school, at = "", None
        if offer.kind == 0:
            sections, _ = self.schools.pop(offer.place)
            school = str(self.d.school_names[self.d.sections.rows[self.problem.sections[sections[0]]]])
        elif offer.kind == 1:
            _, target = self.open_targets.pop(offer.place)
            at = (target.indicator, target.stage)
        else:
            at = (-1, self.open_means.pop(offer.place).stage)
        return Step(self.problem.county, _KINDS[offer.kind], school, at, offer.cost, offer.steps)


def spend(problems: Sequence[County], d: Any, budget: float) -> tuple[list[Steps], list[tuple[Step, bool]]]:
    """Take the cheapest steps of all counties until the budget is spent.

    Returns
    -------
    tuple
        The state of each county, and all steps in order, each with whether it was taken.
    """
    chains = [iter(_Chain(p, d)) for p in problems]
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
        # a step that cannot be paid is not skipped
        reached = reached and spent + step.cost <= budget
        taken.append((step, reached))
        if reached:
            spent += step.cost
            states[i] = step.steps
        take_next(i)
    return states, taken
