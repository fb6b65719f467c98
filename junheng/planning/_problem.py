"""What one county lacks, as numbers: things that can be added, schools that must have them, coefficients (private).

A *thing* is a column that can be added to: teachers of a sort, square metres, yuan. It is counted in steps: whole
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
from junheng.errors import InputError
from junheng.evaluation import _relaxed, _require
from junheng.indicators.catalog import Indicator, catalogue
from junheng.indicators.compliance import MET
from junheng.items import special_sections
from junheng.results import REASONS, Data
from junheng.schools import base_column, category_words, columns
from junheng.standards.model import Limit, Threshold

__all__ = ["Choices", "Cone", "County", "Limits", "Need", "Prices", "Steps", "Thing", "as_number", "counties"]

#: Steps of every unit of every thing of a county.
Steps = list[Ints]
#: The ways in which a school can comply: steps by (thing, unit), and what they cost.
Choices = list[tuple[dict[tuple[int, int], int], float]]

#: Choices of exceptions of one school that are tried one by one; beyond that the dearest are spared first.
_CHOICES = 4_000
#: How far below a limit that must not be reached a plan stays.
_HAIR = Decimal("1e-11")


@frozen(eq=False)
class Need:
    """What one section lacks of one thing for one indicator, in steps; ``floor`` is what it lacks of the floor."""

    section: int
    indicator: int
    thing: int
    unit: int
    threshold: int
    #: None where the rule sets no floor: as an exception it may stay as it is
    floor: int | None


@frozen(eq=False)
class Cone:
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
class Thing:
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
    cones: tuple[Cone, ...]
    #: what each section has of it
    have: Floats

    @cached_property
    def divided(self) -> Any:
        """Tell which units are shared by several stages."""
        share = np.ones(len(self.members))
        share[self.unit[self.unit >= 0]] = self.share[self.unit >= 0]
        return (share != 1) | (np.array([m.size for m in self.members]) > 1)

    @property
    def limited(self) -> list[Cone]:
        """The coefficients that have a limit of their own."""
        return [c for c in self.cones if c.limit is not None]

    def amounts(self, cone: Cone, z: Ints) -> Floats:
        """Return what the sections of a coefficient have after some steps."""
        return np.asarray(cone.base + float(self.step) * self.share[cone.sections] * z[self.unit[cone.sections]])

    def in_steps(self, cone: Cone, z: Ints) -> Floats:
        """Return the same, counted in steps."""
        return np.asarray(cone.base / float(self.step) + self.share[cone.sections] * z[self.unit[cone.sections]])

    def money(self, z: Ints) -> float:
        """Return what steps cost; those that are taken back save it."""
        some = z != 0
        return float(self.cost[some] @ z[some])


@frozen(eq=False)
class Limits:
    """A mean of several coefficients that has a limit: the cones, as (thing, position among its cones)."""

    stage: int
    cones: tuple[tuple[int, int], ...]
    limit: Decimal


@frozen(eq=False)
class County:
    """One county's problem."""

    county: int
    sections: Ints
    things: tuple[Thing, ...]
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
        return [np.zeros(len(t.members), dtype=np.int64) for t in self.things]

    def paid(self, before: Steps, after: Steps) -> float:
        """Return what the steps from one state to another cost."""
        return math.fsum(t.money(a - b) for t, b, a in zip(self.things, before, after, strict=True))

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
                        key = (n.thing, n.unit)
                        steps[key] = max(steps.get(key, 0), lack)
            out.append((steps, self.cost_of(steps)))
        out.sort(key=lambda o: o[1])
        return out

    def _dearest(self, own: Sequence[Need]) -> tuple[int, ...]:
        saved = [
            ((n.threshold - (n.floor or 0)) * float(self.things[n.thing].cost[n.unit]), i) for i, n in enumerate(own)
        ]
        spared = int(self.exceptions[own[0].section])
        return tuple(i for gain, i in sorted(saved, reverse=True)[:spared] if gain > 0)

    def cost_of(self, steps: Mapping[tuple[int, int], int]) -> float:
        """Return what steps cost."""
        return float(sum(k * float(self.things[t].cost[u]) for (t, u), k in steps.items()))


@frozen(eq=False)
class Prices:
    """What a unit of each column costs: a number, or one for each kind of school."""

    given: Mapping[str, Any]

    @classmethod
    def read(cls, unit_costs: Any, name: str = "unit_costs") -> Prices:
        if not isinstance(unit_costs, Mapping):
            raise InputError(f"{name} must map columns (or indicators) to costs, not {type(unit_costs).__name__}")
        known = catalogue()
        kinds = dict.fromkeys(category_words("kind"))
        out: dict[str, Any] = {}
        problems = []
        for key, cost in unit_costs.items():
            column = known[key].numerator if key in known else key
            if column not in columns() or columns()[column].type != "number":
                problems.append(f"{key!r} is no column and no indicator")
                continue
            for kind, value in cost.items() if isinstance(cost, Mapping) else [(None, cost)]:
                number = as_number(value)
                if not (number >= 0 and np.isfinite(number)):
                    where = f" for kind {kind!r}" if kind is not None else ""
                    problems.append(f"the cost of {key!r}{where} is {value!r}; it must be a number, 0 or more")
                if kind is not None and kind not in kinds:
                    problems.append(f"{kind!r}, of the costs of {key!r}, is no kind of school: {', '.join(kinds)}")
            if column in out:
                problems.append(f"the cost of {column!r} is given twice: by its own name, and by that of an indicator")
            out[column] = cost
        if problems:
            raise InputError(f"{name}: " + "; ".join(problems))
        return cls(out)

    def of(self, column: str, kind: Any) -> float | None:
        """Return the cost at a kind of school, None where none is given."""
        cost = self.given.get(column)
        if isinstance(cost, Mapping):
            cost = cost.get(kind)
        return None if cost is None else float(cost)


def as_number(value: Any) -> float:
    """Return a number that was given; NaN for what is none, and for yes and no."""
    if isinstance(value, (bool, np.bool_)):
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def counties(d: Data, prices: Prices, decimals: int, movable: Collection[str] = ()) -> list[County]:
    """Return the problem of every county."""
    made = _Maker(d, prices, decimals, movable)
    return [made.county(c) for c in range(d.n_counties)]


class _Maker:
    """Builds the problems of counties; what all share is worked out once."""

    def __init__(self, d: Data, prices: Prices, decimals: int, movable: Collection[str]) -> None:
        self.d, self.prices, self.decimals, self.movable = d, prices, decimals, movable
        sections, std = d.sections, d.standard
        self.counted = sections.counted & (sections.stage < len(STAGES))
        order = np.argsort(d.county[self.counted], kind="stable")
        self.where = np.flatnonzero(self.counted)[order]
        self.bounds = np.searchsorted(d.county[self.where], np.arange(d.n_counties + 1))
        self.top = [self._numerator(ind) for ind in d.indicators]
        self.bottom = [
            None
            if ind.denominator is None
            else sections.students
            if ind.denominator == "students"
            else sections.number(ind.denominator)
            for ind in d.indicators
        ]
        sized = any(t.classes for t in std.thresholds)
        self.classes = sections.number("classes") if sized else None
        rule = std.school_rule
        self.exceptions_from = rule.k if rule is not None and rule.kind == "at_least" else None

    def _numerator(self, ind: Indicator) -> Floats:
        sections, std = self.d.sections, self.d.standard
        top = sections.students if ind.numerator == "students" else sections.number(ind.numerator)
        for relaxation in std.relaxations:
            if relaxation.id in std.applied and relaxation.indicator == ind.id:
                top = top + _relaxed(sections, relaxation)
        return top

    def county(self, c: int) -> County:
        d, std = self.d, self.d.standard
        own = self.where[self.bounds[c] : self.bounds[c + 1]]
        own = np.sort(own)
        stage, students = d.sections.stage[own], d.sections.students[own]
        needs: list[tuple[int, int, str, Fraction, Fraction | None]] = []
        unknown: list[tuple[int, int, int, str]] = []
        things: dict[str, list[Cone]] = {}
        joint: dict[int, list[tuple[str, int]]] = {}
        for j, ind in enumerate(d.indicators):
            for s, name in enumerate(STAGES):
                at = np.flatnonzero(stage == s)
                if not at.size:
                    continue
                t = std.find(ind.id, name)
                if t is not None and std.school_rule is not None:
                    self._lacks(c, t, ind, j, own, at, needs, unknown)
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
                    cones = things.setdefault(ind.numerator, [])
                    if use_joint:
                        joint.setdefault(s, []).append((ind.numerator, len(cones)))
                    cones.append(Cone(j, s, at, base, students[at], limit))
        for _, _, column, _, _ in needs:
            things.setdefault(column, [])
        names = list(things)
        built = [self._thing(column, own, things[column]) for column in names]
        listed = []
        for section, j, column, lack, floor in needs:
            k = names.index(column)
            thing = built[k]
            unit = int(thing.unit[section])
            # what a section of a divided school lacks, the school must get several times over
            share = Fraction(1) if thing.share[section] == 1 else _share(d, int(own[section]))
            steps = [None if x is None else _steps(x / share, thing.step) for x in (lack, floor)]
            listed.append(Need(section, j, k, unit, steps[0] or 0, steps[1]))
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
            things=tuple(built),
            needs=tuple(listed),
            exceptions=exceptions,
            composites=tuple(composites),
            unknown=tuple(unknown),
            schools=self._schools(own),
            spares={column: self._spare(column, own) for column in names if column in self.movable},
        )

    def _spare(self, column: str, own: Ints) -> Ints:
        d, std = self.d, self.d.standard
        have = np.nan_to_num(d.sections.number(column)[own])
        out = np.floor(have)
        # who leaves must not leave behind the posts counted in a part, such as the PE teachers among the teachers
        present = {base for base, _ in filter(None, map(_base, d.sections.reading.has))}
        for name in [c for c in columns() if columns()[c].part_of == column and c in present]:
            out = np.minimum(out, np.floor(have - np.nan_to_num(d.sections.number(name)[own])))
        out = np.maximum(out, 0)
        for j, ind in enumerate(d.indicators):
            for s, name in enumerate(STAGES):
                t = std.find(ind.id, name)
                at = np.flatnonzero(d.sections.stage[own] == s)
                if t is None or not at.size or column not in ind.columns:
                    continue
                for i in at.tolist():
                    bottom = self.bottom[j]
                    b = 1.0 if bottom is None else float(bottom[own[i]])
                    if ind.numerator != column or t.value is None or t.instead or t.op != ">=" or np.isnan(b):
                        out[i] = 0  # nothing is known of how much it could spare
                        continue
                    keep = Fraction(t.value) * Fraction(repr(b)) / ind.scale
                    out[i] = min(out[i], max(0, int((Fraction(repr(float(have[i]))) - keep) // 1)))
        return out.astype(np.int64)

    def _lacks(
        self,
        c: int,
        t: Threshold,
        ind: Indicator,
        j: int,
        own: Ints,
        at: Ints,
        needs: list[tuple[int, int, str, Fraction, Fraction | None]],
        unknown: list[tuple[int, int, int, str]],
    ) -> None:
        """Add what the sections lack of one threshold."""
        rows = own[at]
        top, bottom = self.top[j][rows], None if self.bottom[j] is None else self.bottom[j][rows]  # type: ignore[index]
        special = [codes[rows] for codes in special_sections(self.d.sections, t)]
        classes = None if self.classes is None else self.classes[rows]
        requirement = _require(t, classes, self.d.values[j, rows], special)
        grows = t.op in (">=", ">")
        column = ind.numerator if grows else ind.denominator
        plannable = column is not None and column != "students" and t.op != "=="
        decimals = {float(v): v for v in requirement.exact}
        for i, (position, wanted) in enumerate(zip(at.tolist(), requirement.stricter.tolist(), strict=True)):
            x = float(top[i])
            b = 1.0 if bottom is None else float(bottom[i])
            if self.d.verdicts[j, rows[i]] == MET:
                continue
            if np.isnan(x) or np.isnan(b) or np.isnan(wanted) or not plannable:
                reason = REASONS[self.d.reasons[j, rows[i]]] or "size_between"
                unknown.append((position, int(self.d.sections.stage[rows[i]]), j, reason))
                continue
            exact = decimals.get(wanted)
            value = Fraction(exact) if exact is not None else Fraction(repr(wanted))
            have, rest = (x, b) if grows else (b, x)
            # what is needed of the thing that is added to
            factor = Fraction(repr(rest)) * (Fraction(1, ind.scale) if grows else Fraction(ind.scale))
            need = value * factor if grows else factor / value
            has = Fraction(repr(have))
            if grows and self._divided(ind.numerator)[rows[i]]:
                # the share is taken in fractions, lest rounding ask for a step too many
                has += self._exact_share(ind.numerator, int(rows[i]))
            lack = need - has
            if t.op in (">", "<") and lack <= 0:
                lack = Fraction(1, 10**9)
            floor = None
            if t.floor_ratio is not None:
                ratio = Fraction(t.floor_ratio)
                at_floor = need * ratio if grows else need / ratio
                floor = max(at_floor - has, Fraction(0))
            assert column is not None
            needs.append((position, j, column, max(lack, Fraction(0)), floor))

    def _divided(self, column: str) -> Any:
        """Tell where a figure is a share of the whole school's."""
        sections = self.d.sections
        return sections.is_divided(column) & sections.has_rule & columns()[column].shared  # people never are

    def _exact_share(self, column: str, section: int) -> Fraction:
        """Return by how much a section's share of the school's figure is more in fractions than in floats."""
        sections = self.d.sections
        whole = sections.reading.number(column)
        assert whole is not None
        exact = Fraction(repr(float(whole[sections.rows[section]]))) * _share(self.d, section)
        return exact - Fraction(repr(float(sections.number(column)[section])))

    def _thing(self, column: str, own: Ints, cones: Sequence[Cone]) -> Thing:
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
            cost[u] = np.inf if price is None else price * float(step)
        return Thing(
            column=column,
            step=step,
            unit=unit,
            share=share,
            members=tuple(np.array(m) for m in members),
            cost=cost,
            cones=tuple(cones),
            have=sections.number(column)[own],
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


def _share(d: Data, section: int) -> Fraction:
    top, bottom = d.sections.share_top[section], d.sections.share_bottom[section]
    return Fraction(repr(float(top))) / Fraction(repr(float(bottom)))


def _steps(lack: Fraction, step: Fraction) -> int:
    """Return the least whole number of steps that is enough."""
    return max(0, int(-((-lack) // step)))
