"""Builds the problem of every county from an evaluation (private)."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng.indicators.compliance import MET
from junheng.planning._costs import Prices
from junheng.planning._needs import Shortage, Shortages
from junheng.planning._problem import County, Limits, Need, Resource, Target
from junheng.results import REASONS, Data
from junheng.schools import base_column, columns
from junheng.standards.model import Limit

__all__ = ["counties"]

#: How far below a limit that must not be reached a plan stays.
_HAIR = Decimal("1e-11")


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
