"""What one county lacks, as numbers: resources that can be added, schools that must have them, coefficients (private).

A *resource* is a column that can be added to: teachers of a sort, square metres, yuan. It is counted in steps: whole
units, or hundredths of what is measured. It goes to a *unit*: a school's stage, or the whole school where the standard
divides the school's figure between its stages.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import combinations, product
from typing import Any

import numpy as np
from attrs import field, frozen

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng.indicators.compliance import MET
from junheng.indicators.exact import typed, typed_all
from junheng.planning._costs import Prices
from junheng.planning._needs import Shortage, Shortages
from junheng.results import REASONS, Data
from junheng.schools import base_column, columns
from junheng.stages import Sections
from junheng.standards.model import Limit

__all__ = ["Choices", "County", "Limits", "Need", "Resource", "Steps", "Target", "counties"]

#: Steps of every unit of every resource of a county.
Steps = list[Ints]
#: The ways in which a school can comply: steps by (resource, unit), and what they cost.
Choices = list[tuple[dict[tuple[int, int], int], float]]

#: Choices of exceptions of one school that are tried one by one; beyond that the dearest are spared first.
_CHOICES = 4_000
#: How far below a limit that must not be reached a plan stays.
_HAIR = Decimal("1e-11")


@frozen(eq=False)
class Need:
    """What one section lacks of one resource for one indicator, in steps; ``floor`` is what it lacks of the floor."""

    section: int
    indicator: int
    resource: int
    unit: int
    threshold: int
    #: None where the rule sets no floor: as an exception it may stay as it is
    floor: int | None


@frozen(eq=False)
class Target:
    """The coefficient of one indicator in one stage."""

    indicator: int
    stage: int
    #: positions among the county's sections
    sections: Ints
    base: Floats
    students: Floats
    #: None where only the mean of several is limited
    limit: Decimal | None

    @property
    def most(self) -> Decimal:
        """The limit of a coefficient that has one."""
        assert self.limit is not None
        return self.limit


@frozen(eq=False, slots=False)
class Resource:
    """Something that can be added, and the units that can have more of it."""

    column: str
    step: Fraction
    #: unit and share of each section; the unit is -1 where nothing can be added
    unit: Ints
    share: Floats
    #: sections of each unit
    members: tuple[Ints, ...]
    #: cost of a step at each unit
    cost: Floats
    targets: tuple[Target, ...]
    #: what each section has of it
    have: Floats
    #: the sections as the table has them
    sources: Sections
    own: Ints

    @cached_property
    def divided(self) -> Any:
        """Tell which units are shared by several stages."""
        share = np.ones(len(self.members))
        share[self.unit[self.unit >= 0]] = self.share[self.unit >= 0]
        return (share != 1) | (np.array([m.size for m in self.members]) > 1)

    @property
    def limited(self) -> list[Target]:
        """The coefficients that have a limit of their own."""
        return [c for c in self.targets if c.limit is not None]

    def amounts(self, target: Target, z: Ints) -> Floats:
        """Return what the sections of a coefficient have after some steps."""
        return np.asarray(target.base + float(self.step) * self.share[target.sections] * z[self.unit[target.sections]])

    def exactly(self, target: Target, z: Ints) -> list[Fraction]:
        """Return the same as fractions of the figures as typed, exactly divided."""
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
        """Return the same, counted in steps."""
        return np.asarray(target.base / float(self.step) + self.share[target.sections] * z[self.unit[target.sections]])

    def money(self, z: Ints) -> float:
        """Return what steps cost; those that are taken back save it."""
        some = z != 0
        return float(self.cost[some] @ z[some])


@frozen(eq=False)
class Limits:
    """A mean of several coefficients that has a limit: the targets, as (resource, position among its targets)."""

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
    #: how many indicators each section may leave at the floor
    exceptions: Ints
    composites: tuple[Limits, ...]
    #: what cannot be planned, and why: (section or -1, stage, indicator, reason)
    unknown: tuple[tuple[int, int, int, str], ...]
    schools: tuple[Ints, ...] = field(factory=tuple)
    #: what each section could give of a column and still meet every threshold that rests on it
    spares: Mapping[str, Ints] = field(factory=dict)

    def nothing(self) -> Steps:
        """Return no steps at all."""
        return [np.zeros(len(t.members), dtype=np.int64) for t in self.resources]

    def paid(self, before: Steps, after: Steps) -> float:
        """Return what the steps from one state to another cost."""
        return math.fsum(t.money(a - b) for t, b, a in zip(self.resources, before, after, strict=True))

    def spare(self, column: str, sections: Ints) -> Ints:
        """Return how many people each section can give away."""
        return np.asarray(self.spares[column][sections])

    def tries_all(self, sections: Ints) -> bool:
        """Tell whether the choices of a school are all there are, so that the cheapest is a bound."""
        return self._options(sections)[1]

    def _options(self, sections: Ints) -> tuple[list[tuple[list[Need], list[tuple[int, ...]]]], bool]:
        """Return the needs of each section with what may be spared of them, and whether that can all be tried."""
        out = []
        for s in sections.tolist():
            own = [n for n in self.needs if n.section == s]
            worth = [i for i, n in enumerate(own) if n.threshold > (n.floor or 0)]
            spared = min(int(self.exceptions[s]), len(worth))
            options: list[tuple[int, ...]] = list(combinations(worth, spared)) if spared else [()]
            out.append((own, options))
        return out, math.prod(len(o) for _, o in out) <= _CHOICES

    def school_choices(self, sections: Ints) -> Choices:
        """Return the ways in which a school's sections can comply, the cheapest first."""
        per_section, complete = self._options(sections)
        if not complete:
            per_section = [(own, [self._dearest(own)] if own else [()]) for own, _ in per_section]
        out = []
        for chosen in product(*(options for _, options in per_section)):
            steps: dict[tuple[int, int], int] = {}
            for (own, _), spare in zip(per_section, chosen, strict=True):
                for i, n in enumerate(own):
                    lack = (n.floor or 0) if i in spare else n.threshold
                    if lack:
                        key = (n.resource, n.unit)
                        steps[key] = max(steps.get(key, 0), lack)
            out.append((steps, self.cost_of(steps)))
        out.sort(key=lambda o: o[1])
        return out

    def _dearest(self, own: Sequence[Need]) -> tuple[int, ...]:
        saved = [
            ((n.threshold - (n.floor or 0)) * float(self.resources[n.resource].cost[n.unit]), i)
            for i, n in enumerate(own)
        ]
        spared = int(self.exceptions[own[0].section])
        return tuple(i for gain, i in sorted(saved, reverse=True)[:spared] if gain > 0)

    def cost_of(self, steps: Mapping[tuple[int, int], int]) -> float:
        """Return what steps cost."""
        return float(sum(k * float(self.resources[t].cost[u]) for (t, u), k in steps.items()))


def counties(d: Data, prices: Prices, decimals: int, movable: Collection[str] = ()) -> list[County]:
    """Return the problem of every county."""
    made = _Maker(d, prices, decimals, movable)
    return [made.county(c) for c in range(d.n_counties)]


class _Maker:
    """Builds the problems of counties; what all share is worked out once."""

    def __init__(self, d: Data, prices: Prices, decimals: int, movable: Collection[str]) -> None:
        self.d, self.prices, self.decimals, self.movable = d, prices, decimals, movable
        sections, std = d.sections, d.standard
        self.counted = sections.counted_at_all & (sections.stage < len(STAGES))
        order = np.argsort(d.county[self.counted], kind="stable")
        self.where = np.flatnonzero(self.counted)[order]
        self.bounds = np.searchsorted(d.county[self.where], np.arange(d.n_counties + 1))
        self.shortages = Shortages(d)
        self.top = [self._numerator(j) for j in range(len(d.indicators))]
        rule = std.school_rule
        self.exceptions_from = rule.k if rule is not None and rule.kind == "at_least" else None

    def _numerator(self, j: int) -> Floats:
        sections, name = self.d.sections, self.d.indicators[j].numerator
        top = sections.students if name == "students" else sections.number(name)
        return sum(self.shortages.added(j), top)

    def county(self, c: int) -> County:
        d, std = self.d, self.d.standard
        own = self.where[self.bounds[c] : self.bounds[c + 1]]
        own = np.sort(own)
        stage, students = d.sections.stage[own], d.sections.students[own]
        needs: list[tuple[int, int, Shortage]] = []
        unknown: list[tuple[int, int, int, str]] = []
        resources: dict[str, list[Target]] = {}
        joint: dict[int, list[tuple[str, int]]] = {}
        for j, ind in enumerate(d.indicators):
            for s, name in enumerate(STAGES):
                at = np.flatnonzero((stage == s) & d.sections.counted[own])
                t = std.find(ind.id, name)
                if at.size and t is not None and std.school_rule is not None:
                    self._lacks(j, own, at, needs, unknown)
                at = np.flatnonzero((stage == s) & d.sections.in_coefficient[own])
                if not at.size:
                    continue
                each, composite = std.limit("each", stage=name), std.limit("composite", stage=name)
                use_each = each is not None and (not each.indicators or ind.id in each.indicators)
                use_joint = composite is not None and (not composite.indicators or ind.id in composite.indicators)
                if ind.denominator == "students" and (use_each or use_joint):
                    base = self.top[j][own[at]]
                    if np.isnan(base).any() or np.isnan(students[at]).any():
                        unknown.append((-1, s, j, "missing_value"))
                        if use_joint:
                            joint.setdefault(s, []).append(("", -1))
                        continue
                    limit = _largest(each) if use_each and each is not None else None
                    targets = resources.setdefault(ind.numerator, [])
                    if use_joint:
                        joint.setdefault(s, []).append((ind.numerator, len(targets)))
                    targets.append(Target(j, s, at, base, students[at], limit))
        for _, _, lack in needs:
            resources.setdefault(lack.ask.column, [])
        names = list(resources)
        built = [self._resource(column, own, resources[column]) for column in names]
        listed = []
        for section, j, lack in needs:
            k = names.index(lack.ask.column)
            unit, step, t = int(built[k].unit[section]), built[k].step, lack.ask.threshold
            # what has a floor that is not known is no exception; what has none may stay as it is
            floor = lack.needs if lack.floor is None and t.floor_ratio is not None else lack.floor
            least = None if floor is None else lack.steps(floor, step)
            listed.append(Need(section, j, k, unit, lack.steps(lack.needs, step), least))
        composites = []
        for s, members in joint.items():
            if all(i >= 0 for _, i in members):
                joined = std.limit("composite", stage=STAGES[s])
                assert joined is not None
                composites.append(Limits(s, tuple((names.index(n), i) for n, i in members), _largest(joined)))
        # a stage may have fewer thresholds than the other, and so fewer exceptions
        exceptions = np.zeros(own.size, dtype=np.int64)
        if self.exceptions_from is not None:
            exceptions = np.maximum(self.d.applies[:, own].sum(axis=0) - self.exceptions_from, 0)
        return County(
            county=c,
            sections=own,
            resources=tuple(built),
            needs=tuple(listed),
            exceptions=exceptions,
            composites=tuple(composites),
            unknown=tuple(unknown),
            schools=self._schools(own),
            spares={column: self._spare(column, own) for column in names if column in self.movable},
        )

    def _spare(self, column: str, own: Ints) -> Ints:
        d = self.d
        have = np.nan_to_num(d.sections.number(column)[own])
        out = np.floor(have)
        # who leaves must not leave behind the posts counted in a part, such as the PE teachers among the teachers
        present = {base for base, _ in filter(None, map(_base, d.sections.reading.has))}
        for name in [c for c in columns() if columns()[c].part_of == column and c in present]:
            out = np.minimum(out, np.floor(have - np.nan_to_num(d.sections.number(name)[own])))
        out = np.maximum(out, 0)
        for j, ind in enumerate(d.indicators):
            for i in np.flatnonzero(d.applies[j, own]).tolist() if column in ind.columns else ():
                lack = self.shortages.find(j, int(own[i]))
                if lack is None or ind.numerator != column or lack.ask.op != ">=":
                    out[i] = 0  # nothing is known of how much it could spare
                else:
                    out[i] = min(out[i], max(0, math.floor(lack.has - lack.needs)))
        return out.astype(np.int64)

    def _lacks(
        self,
        j: int,
        own: Ints,
        at: Ints,
        needs: list[tuple[int, int, Shortage]],
        unknown: list[tuple[int, int, int, str]],
    ) -> None:
        """Add what the sections lack of one threshold; of what is undetermined, what would surely do."""
        d = self.d
        for position in at[d.verdicts[j, own[at]] != MET].tolist():
            section = int(own[position])
            lack = self.shortages.find(j, section)
            if lack is not None and lack.ask.can_be_bought:
                needs.append((position, j, lack))
            else:
                reason = REASONS[d.reasons[j, section]] or "size_between"
                unknown.append((position, int(d.sections.stage[section]), j, reason))

    def _divided(self, column: str) -> Any:
        """Tell where a figure is a share of the whole school's."""
        return self.shortages.figures(column).divided & self.d.sections.has_rule

    def _resource(self, column: str, own: Ints, targets: Sequence[Target]) -> Resource:
        d = self.d
        sections = d.sections
        whole = columns()[column].whole
        step = Fraction(1) if whole else Fraction(1, 10**self.decimals)
        divided = self._divided(column)[own]
        unit = np.full(own.size, -1, dtype=np.int64)
        share = np.ones(own.size)
        members: list[list[int]] = []
        of_school: dict[int, int] = {}
        for i in range(own.size):
            if divided[i]:
                school = int(sections.school[own[i]])
                if school not in of_school:
                    of_school[school] = len(members)
                    members.append([])
                unit[i] = of_school[school]
                share[i] = sections.share_top[own[i]] / sections.share_bottom[own[i]]
            else:
                unit[i] = len(members)
                members.append([])
            members[unit[i]].append(i)
        cost = np.empty(len(members))
        for u, sec in enumerate(members):
            price = self.prices.of(column, sections.kind[own[sec[0]]])
            # what has no price cannot be bought; whether that matters shows later
            cost[u] = np.inf if price is None else float(price) * float(step)
        return Resource(
            column=column,
            step=step,
            unit=unit,
            share=share,
            members=tuple(np.array(m) for m in members),
            cost=cost,
            targets=tuple(targets),
            have=sections.number(column)[own],
            sources=sections,
            own=own,
        )

    def _schools(self, own: Ints) -> tuple[Ints, ...]:
        codes = self.d.sections.school[own]
        order = np.argsort(codes, kind="stable")
        cuts = np.flatnonzero(np.diff(codes[order])) + 1
        return tuple(np.split(order, cuts)) if own.size else ()


def _base(name: str) -> tuple[str, str | None] | None:
    found = base_column(name)
    return None if found is None else (found[0].id, found[1])


def _largest(limit: Limit) -> Decimal:
    """Return the largest coefficient allowed; of a limit that must not be reached, what is below it by a hair."""
    return limit.value if limit.op == "<=" else limit.value * (1 - _HAIR)
