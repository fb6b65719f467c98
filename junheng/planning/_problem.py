"""The problem of one county in numbers: resources, needs of schools, and coefficients (private).

A *resource* is a column that can be added to: a kind of teachers, square metres, yuan. It is counted in steps: whole
units, or hundredths of measured things. It is added to a *unit*: a school's stage, or the whole school if the standard
divides the school's figure between its stages.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import combinations, product
from typing import Any

import numpy as np
from attrs import field, frozen

from junheng._arrays import Floats, Ints
from junheng.indicators.exact import typed, typed_all
from junheng.schools.sections import Sections

__all__ = ["Choice", "Choices", "County", "Limits", "Need", "Resource", "Steps", "Target"]

#: Steps of every unit of every resource of a county.
Steps = list[Ints]
#: One way in which a school can comply: steps by (resource, unit).
Choice = dict[tuple[int, int], int]
#: All of them, with their costs.
Choices = list[tuple[Choice, float]]

#: Choices of exceptions of one school that are tried one by one; if there are more, the costliest needs are waived.
_CHOICES = 4_000


@frozen(eq=False)
class Need:
    """What one section lacks of one resource for one indicator, in steps, to the threshold and to the floor."""

    section: int
    indicator: int
    resource: int
    unit: int
    threshold: int
    #: None if the rule has no floor: an exception then keeps its amount
    floor: int | None

    @property
    def waived(self) -> int:
        """The steps of an exception."""
        return self.floor or 0


@frozen(eq=False)
class Target:
    """The coefficient of one indicator in one stage."""

    indicator: int
    stage: int
    #: positions among the county's sections
    sections: Ints
    base: Floats
    students: Floats
    #: None if only the mean of several is limited
    limit: Decimal | None

    @property
    def most(self) -> Decimal:
        """The limit of a coefficient with a limit."""
        assert self.limit is not None
        return self.limit


@frozen(eq=False, slots=False)
class Resource:
    """A column that can be added to, and the units that can get more of it."""

    column: str
    step: Fraction
    #: unit and share of each section; the unit is -1 if nothing can be added
    unit: Ints
    share: Floats
    #: sections of each unit
    members: tuple[Ints, ...]
    #: cost of a step for each unit
    cost: Floats
    targets: tuple[Target, ...]
    #: amount of each section
    have: Floats
    #: the sections of the table
    sources: Sections
    own: Ints

    @cached_property
    def divided(self) -> Any:
        """Units that are shared by several stages."""
        share = np.ones(len(self.members))
        share[self.unit[self.unit >= 0]] = self.share[self.unit >= 0]
        return (share != 1) | (np.array([m.size for m in self.members]) > 1)

    @property
    def limited(self) -> list[Target]:
        """The coefficients with individual limits."""
        return [c for c in self.targets if c.limit is not None]

    def amounts(self, target: Target, z: Ints) -> Floats:
        """Return the amounts of the sections of a coefficient after some steps."""
        return np.asarray(target.base + float(self.step) * self.share[target.sections] * z[self.unit[target.sections]])

    def exactly(self, target: Target, z: Ints) -> list[Fraction]:
        """Return the same amounts as exact fractions of the figures as typed."""
        out = typed_all(target.base)
        given = z[self.unit[target.sections]].tolist()
        for i, section in enumerate(target.sections.tolist()):
            share = Fraction(1)
            if self.share[section] != 1:
                at = self.own[section : section + 1]
                share = self.sources.share(int(at[0]))
                out[i] += self.sources.exactly(self.column, at)[0] - typed(self.have[section])
            out[i] += self.step * share * given[i]
        return out

    def in_steps(self, target: Target, z: Ints) -> Floats:
        """Return the same amounts in steps."""
        return np.asarray(target.base / float(self.step) + self.share[target.sections] * z[self.unit[target.sections]])

    def money(self, z: Ints) -> float:
        """Return the cost of steps; negative steps reduce it."""
        some = z != 0
        return float(self.cost[some] @ z[some])


@frozen(eq=False)
class Limits:
    """A limited mean of coefficients; targets as (resource, position among its targets)."""

    stage: int
    targets: tuple[tuple[int, int], ...]
    limit: Decimal


@frozen(eq=False)
class County:
    """One county's problem."""

    county: int
    sections: Ints
    resources: tuple[Resource, ...]
    needs: tuple[Need, ...]
    #: how many indicators each section can leave at the floor
    exceptions: Ints
    composites: tuple[Limits, ...]
    #: what cannot be planned: (section or -1, stage, indicator, reason)
    unknown: tuple[tuple[int, int, int, str], ...]
    schools: tuple[Ints, ...] = field(factory=tuple)
    #: what each section could give away of a column and still meet all thresholds
    spares: Mapping[str, Ints] = field(factory=dict)

    def nothing(self) -> Steps:
        """Return zero steps of every resource."""
        return [np.zeros(len(t.members), dtype=np.int64) for t in self.resources]

    def floors(self) -> Steps:
        """Return the steps that every plan must have: those to the floors, or to thresholds without exceptions."""
        out = self.nothing()
        for n in self.needs:
            least = n.waived if self.exceptions[n.section] else n.threshold
            out[n.resource][n.unit] = max(out[n.resource][n.unit], least)
        return out

    def paid(self, before: Steps, after: Steps) -> float:
        """Return the cost of the steps from one state to another."""
        return math.fsum(t.money(a - b) for t, b, a in zip(self.resources, before, after, strict=True))

    def spare(self, column: str, sections: Ints) -> Ints:
        """Return how many staff each section can give away."""
        return np.asarray(self.spares[column][sections])

    def tries_all(self, sections: Ints) -> bool:
        """Return whether all choices of a school are tried, so that the cheapest is a bound."""
        return self._options(sections)[1]

    def _options(self, sections: Ints) -> tuple[list[tuple[list[Need], list[tuple[int, ...]]]], bool]:
        """Return the needs of each section with the options to waive them, and whether all options can be tried."""
        out = []
        for s in sections.tolist():
            own = [n for n in self.needs if n.section == s]
            worth = [i for i, n in enumerate(own) if n.threshold > n.waived]
            spared = min(int(self.exceptions[s]), len(worth))
            options: list[tuple[int, ...]] = list(combinations(worth, spared)) if spared else [()]
            out.append((own, options))
        return out, math.prod(len(o) for _, o in out) <= _CHOICES

    def school_choices(self, sections: Ints) -> Choices:
        """Return the ways in which a school's sections can comply, cheapest first."""
        per_section, complete = self._options(sections)
        if not complete:
            per_section = [(own, [self._dearest(own)] if own else [()]) for own, _ in per_section]
        out = []
        for chosen in product(*(options for _, options in per_section)):
            steps: dict[tuple[int, int], int] = {}
            for (own, _), spare in zip(per_section, chosen, strict=True):
                for i, n in enumerate(own):
                    lack = n.waived if i in spare else n.threshold
                    if lack:
                        key = (n.resource, n.unit)
                        steps[key] = max(steps.get(key, 0), lack)
            out.append((steps, self.cost_of(steps)))
        out.sort(key=lambda o: o[1])
        return out

    def _dearest(self, own: Sequence[Need]) -> tuple[int, ...]:
        saved = [
            ((n.threshold - n.waived) * float(self.resources[n.resource].cost[n.unit]), i) for i, n in enumerate(own)
        ]
        spared = int(self.exceptions[own[0].section])
        return tuple(i for gain, i in sorted(saved, reverse=True)[:spared] if gain > 0)

    def cost_of(self, steps: Mapping[tuple[int, int], int]) -> float:
        """Return the cost of a choice."""
        return float(sum(k * float(self.resources[t].cost[u]) for (t, u), k in steps.items()))
