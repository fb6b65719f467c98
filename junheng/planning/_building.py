"""Builds the problem of every county from an evaluation (private)."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

import numpy as np
from attrs import field, frozen

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng.errors import InputDataError, ProblemCode
from junheng.indicators.compliance import MET
from junheng.planning._costs import Prices
from junheng.planning._needs import Shortage, Shortages
from junheng.planning._problem import County, Limits, Need, Resource, Target
from junheng.results import REASONS, Judgement
from junheng.schools import base_column, columns
from junheng.standards.model import Limit
from junheng.words import Name, message

__all__ = ["counties"]

#: Relative distance that a plan keeps below an exclusive limit.
_HAIR = Decimal("1e-11")

#: Figures of a school, other than 0, that can be planned with: steps are counted in 64-bit integers, and figures are
#: squared and divided.
_SMALLEST, _LARGEST = 1e-12, 1e12


@frozen
class _Gathered:
    """What a county needs, by indicator and stage."""

    #: section, indicator, shortage
    needs: list[tuple[int, int, Shortage]] = field(factory=list)
    #: as in ``County``
    unknown: list[tuple[int, int, int, str]] = field(factory=list)
    #: by column
    targets: dict[str, list[Target]] = field(factory=dict)
    #: by stage, the coefficients whose mean is limited: column and position among its targets, None if one is missing
    joint: dict[int, list[tuple[str, int] | None]] = field(factory=dict)


def counties(d: Judgement, prices: Prices, decimals: int, movable: Collection[str] = ()) -> list[County]:
    """Return the problem of every county."""
    builder = _Builder(d, prices, decimals, movable)
    builder.check_sizes()
    return [builder.county(c) for c in range(d.n_counties)]


class _Builder:
    """Builds the problems of counties; shared values are computed once."""

    def __init__(self, d: Judgement, prices: Prices, decimals: int, movable: Collection[str]) -> None:
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

    def check_sizes(self) -> None:
        """Raise an error that lists the figures too large or too small to be planned with."""
        sections = self.d.sections
        figures = {"students": sections.students}
        figures |= {i.numerator: top for i, top in zip(self.d.indicators, self.top, strict=True)}
        found = []
        for column, values in figures.items():
            size = np.abs(values[self.where])
            for i in self.where[(size > _LARGEST) | ((size > 0) & (size < _SMALLEST))].tolist():
                advice = message(
                    "planning.out_of_range",
                    column=Name("column", column),
                    smallest=f"{_SMALLEST:.0e}",
                    largest=f"{_LARGEST:.0e}",
                )
                row, value = int(sections.rows[i]), str(values[i])
                found.append(
                    sections.schools.problem(ProblemCode.INFINITE_VALUE, advice, row=row, column=column, value=value)
                )
        if found:
            raise InputDataError(found)

    def county(self, c: int) -> County:
        """Return the problem of one county."""
        own = np.sort(self.where[self.bounds[c] : self.bounds[c + 1]])
        found = _Gathered()
        for j in range(len(self.d.indicators)):
            for s in range(len(STAGES)):
                self._add_needs(found, j, s, own)
                self._add_target(found, j, s, own)
        for _, _, lack in found.needs:
            found.targets.setdefault(lack.ask.column, [])
        names = list(found.targets)
        resources = [self._resource(column, own, found.targets[column]) for column in names]
        return County(
            county=c,
            sections=own,
            resources=tuple(resources),
            needs=tuple(self._need(need, names, resources) for need in found.needs),
            exceptions=self._exceptions(own),
            composites=tuple(self._composites(found, names)),
            unknown=tuple(found.unknown),
            schools=self._schools(own),
            spares={column: self._spare(column, own) for column in names if column in self.movable},
        )

    def _add_needs(self, found: _Gathered, j: int, s: int, own: Ints) -> None:
        """Add what the sections lack for one threshold; if undetermined, an amount that certainly suffices."""
        d = self.d
        if d.standard.school_rule is None or d.standard.find(d.indicators[j].id, STAGES[s]) is None:
            return
        at = (d.sections.stage[own] == s) & d.sections.counted[own] & (d.verdicts[j, own] != MET)
        for position in np.flatnonzero(at).tolist():
            section = int(own[position])
            lack = self.shortages.find(j, section)
            if lack is not None and lack.ask.can_be_bought:
                found.needs.append((position, j, lack))
            else:
                found.unknown.append((position, s, j, REASONS[d.reasons[j, section]] or "size_between"))

    def _add_target(self, found: _Gathered, j: int, s: int, own: Ints) -> None:
        """Add the coefficient of one indicator and stage, if it or its mean is limited."""
        sections, indicator = self.d.sections, self.d.indicators[j]
        at = np.flatnonzero((sections.stage[own] == s) & sections.in_coefficient[own])
        each, composite = self._limit("each", j, s), self._limit("composite", j, s)
        if not at.size or indicator.denominator != "students" or (each is None and composite is None):
            return
        joint = found.joint.setdefault(s, []) if composite is not None else []
        base, students = self.top[j][own[at]], sections.students[own[at]]
        if np.isnan(self.d.in_coefficient(j)[own[at]]).any():
            found.unknown.append((-1, s, j, "missing_value"))
            joint.append(None)
            return
        targets = found.targets.setdefault(indicator.numerator, [])
        joint.append((indicator.numerator, len(targets)))
        targets.append(Target(j, s, at, base, students, None if each is None else _largest(each)))

    def _limit(self, kind: str, j: int, s: int) -> Limit | None:
        """Return the limit of a kind that applies to an indicator and stage."""
        limit = self.d.standard.limit(kind, stage=STAGES[s])
        means_it = limit is not None and (not limit.indicators or self.d.indicators[j].id in limit.indicators)
        return limit if means_it else None

    def _need(self, need: tuple[int, int, Shortage], names: list[str], resources: Sequence[Resource]) -> Need:
        section, j, lack = need
        k = names.index(lack.ask.column)
        unit, step = int(resources[k].unit[section]), resources[k].step
        # an unknown floor allows no exception; without a floor an exception keeps its amount
        has_floor = lack.ask.threshold.floor_ratio is not None
        floor = lack.needs if lack.floor is None and has_floor else lack.floor
        least = None if floor is None else lack.steps(floor, step)
        return Need(section, j, k, unit, lack.steps(lack.needs, step), least)

    def _composites(self, found: _Gathered, names: list[str]) -> Iterator[Limits]:
        """Yield the limited means whose coefficients are all known."""
        for s, members in found.joint.items():
            known = [(names.index(m[0]), m[1]) for m in members if m is not None]
            limit = self.d.standard.limit("composite", stage=STAGES[s])
            if limit is not None and len(known) == len(members):
                yield Limits(s, tuple(known), _largest(limit))

    def _exceptions(self, own: Ints) -> Ints:
        """Return how many indicators each section can leave at the floor."""
        if self.exceptions_from is None:
            return np.zeros(own.size, dtype=np.int64)
        # stages can have different numbers of thresholds, and so of exceptions
        return np.asarray(np.maximum(self.d.applies[:, own].sum(axis=0) - self.exceptions_from, 0))

    def _spare(self, column: str, own: Ints) -> Ints:
        d = self.d
        have = np.nan_to_num(d.sections.number(column)[own])
        out = np.floor(have)
        # only staff not counted in a part can leave: teachers who are not PE teachers, for example
        present = {base for base, _ in filter(None, map(_base, d.sections.schools.has))}
        for name in [c for c in columns() if columns()[c].part_of == column and c in present]:
            out = np.minimum(out, np.floor(have - np.nan_to_num(d.sections.number(name)[own])))
        out = np.maximum(out, 0)
        for j, ind in enumerate(d.indicators):
            for i in np.flatnonzero(d.applies[j, own]).tolist() if column in ind.columns else ():
                lack = self.shortages.find(j, int(own[i]))
                if lack is None or ind.numerator != column or lack.ask.op != ">=":
                    out[i] = 0  # the surplus is unknown
                else:
                    out[i] = min(out[i], max(0, math.floor(lack.has - lack.needs)))
        return out.astype(np.int64)

    def _resource(self, column: str, own: Ints, targets: Sequence[Target]) -> Resource:
        sections = self.d.sections
        step = Fraction(1) if columns()[column].whole else Fraction(1, 10**self.decimals)
        # if the figure is a share of the whole school's, the school is the unit
        divided = (self.shortages.figures(column).divided & sections.has_rule)[own]
        units: dict[tuple[bool, int], list[int]] = {}
        for i, (shared, school) in enumerate(zip(divided.tolist(), sections.school[own].tolist(), strict=True)):
            units.setdefault((shared, school if shared else i), []).append(i)
        members = [np.array(m) for m in units.values()]
        unit, cost = np.full(own.size, -1, dtype=np.int64), np.empty(len(members))
        for u, at in enumerate(members):
            unit[at] = u
            price = self.prices.unit_cost(column, sections.kind[own[at[0]]])
            # without a price it cannot be bought; an error is raised later if it is needed
            cost[u] = np.inf if price is None else float(price) * float(step)
        share, where = np.ones(own.size), own[divided]
        share[divided] = sections.share_top[where] / sections.share_bottom[where]
        return Resource(
            column=column,
            step=step,
            unit=unit,
            share=share,
            members=tuple(members),
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
    """Return the largest coefficient allowed, slightly below an exclusive limit."""
    return limit.value if limit.op == "<=" else limit.value * (1 - _HAIR)
