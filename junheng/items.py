"""The items a county is judged by: each rule over all counties at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng.indicators import exact
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, compare, judged
from junheng.schools import base_column, category_words
from junheng.stages import KINDS, LEFT_OUT
from junheng.standards.model import Condition, Item, Relaxation, Test, Where

if TYPE_CHECKING:
    from junheng.results import Data
    from junheng.stages import Sections

__all__ = ["ItemResult", "Units", "in_dates", "judge_items"]

Codes = NDArray[np.int8]
#: Known figures of a name at some positions, as fractions of the figures as typed.
Exactly = Callable[[str, Ints], list[Fraction]]

#: What a school has as a whole and no stage adds to.
_OF_SCHOOL = ("built_year", "largest_class")


@frozen(eq=False, kw_only=True)
class ItemResult:
    """One item (in one stage, where it is judged by stage) for every county.

    ``units`` tells, for items decided school by school, what was found for each; ``condition`` is the position of the
    condition that decided.
    """

    item: Item
    stage: int = -1
    verdict: Codes
    value: Floats
    required: Floats
    op: tuple[str | None, ...]
    condition: Ints
    counts: Ints
    reason: tuple[str, ...]
    units: tuple[UnitResult | None, ...] = ()
    each: tuple[ConditionResult, ...] = ()
    """What was found of every condition, the one that decided among them; empty for items of resources."""


@frozen(eq=False, kw_only=True)
class ConditionResult:
    """What was found of one condition in every county; ``skipped`` where it falls away."""

    verdict: Codes
    value: Floats
    required: Floats
    counts: Ints
    disagree: NDArray[np.bool_]
    skipped: NDArray[np.bool_]


@frozen(eq=False)
class Places:
    """Positions by the county (or group) they belong to, each in the order they came."""

    order: Ints
    of: Ints

    @classmethod
    def make(cls, positions: Ints, of: Ints) -> Places:
        """Sort positions by what they belong to."""
        order = np.argsort(of, kind="stable")
        return cls(positions[order], of[order])

    def at(self, which: int) -> Ints:
        """Return the positions that belong to one."""
        first, last = np.searchsorted(self.of, (which, which + 1))
        return self.order[first:last]


@frozen(eq=False, kw_only=True, slots=False)
class UnitResult:
    """What a condition found for every school or section it is about."""

    units: Units
    verdict: Codes
    value: Floats
    required: Floats
    concerned: NDArray[np.bool_]
    """Where the condition is about the unit, or may be."""

    @cached_property
    def failing(self) -> Places:
        """The units that fail the condition, or of which it is not known, by county."""
        at = np.flatnonzero(self.concerned & (self.verdict != MET))
        return Places.make(at, self.units.county[at])

    @cached_property
    def told(self) -> frozenset[int]:
        """The counties in which something is known of a unit the condition is about."""
        known = self.concerned & (self.verdict != UNDETERMINED)
        return frozenset(self.units.county[known].tolist())


# ------------------------------------------------------------------------------------------------ units


@frozen(eq=False, slots=False)
class Units:
    """Schools as wholes, or their stages: what conditions decided school by school are about."""

    sections: Sections
    counties: Ints
    """County of every section of the table."""
    section: Ints
    """The sections, in the order of units."""
    unit: Ints
    """The unit each of these sections belongs to."""
    first: Ints
    """A section of each unit."""
    whole: bool

    @classmethod
    def make(cls, s: Sections, counties: Ints, *, whole: bool, every: bool = False) -> Units:
        """Take every school or section of compulsory education that has students and takes part, or ``every`` one."""
        said = s.of_rows(s.reading.flag_codes("included") == 0)
        special = np.array([*(k in ("special", "vocational") for k in KINDS), False], dtype=bool)[s.kinds]
        out = said | (s.out == LEFT_OUT.index("no_students")) | special
        inside = (s.stage < len(STAGES)) & ~out
        section = np.arange(s.rows.size) if every else np.flatnonzero(inside)
        if not whole:
            return cls(s, counties, section, np.arange(section.size), section, False)
        _, first, unit = np.unique(s.school[section], return_index=True, return_inverse=True)
        return cls(s, counties, section, unit.reshape(-1).astype(np.int64), section[first], True)

    @property
    def n(self) -> int:
        """Number of units."""
        return int(self.first.size)

    @cached_property
    def county(self) -> Ints:
        """County of each unit."""
        return self.counties[self.first]

    @cached_property
    def row(self) -> Ints:
        """A row of the table for each unit."""
        return self.sections.rows[self.first]

    @cached_property
    def stage(self) -> NDArray[np.int8]:
        """Stage of each unit, -1 for a school of several."""
        stage = self.sections.stage[self.first].copy()
        if self.whole:
            stage[np.bincount(self.unit, minlength=self.n) > 1] = -1
        return stage

    def number(self, name: str) -> Floats:
        """Return a column by unit: people added over stages, a whole school's resource taken once."""
        s = self.sections
        if name == "schools":
            return np.ones(self.n)
        if name in _OF_SCHOOL:
            own = s.reading.number(name)
            if own is None:
                return np.full(self.n, np.nan)
            out = np.full(self.n, np.nan)
            np.fmax.at(out, self.unit, own[s.rows[self.section]])
            return out
        found = base_column(name)
        if name == "students":
            values = s.students[self.section]
        elif found is not None and found[0].type == "flag":
            return np.array([0.0, 1.0, np.nan])[s.reading.flag_codes(name)[self.row]]
        else:
            values = s.number(name)[self.section]
            if self.whole and found is not None and found[0].shared:
                base = s.reading.number(name)
                whole = s.is_divided(name)[self.section]
                if base is not None and whole.any():
                    share = np.bincount(self.unit, minlength=self.n)[self.unit]
                    values = np.where(whole, base[s.rows[self.section]] / share, values)
        if not self.whole:
            return values
        if name != "students" and found is not None and not found[0].shared:
            # a school in one row may give in all what is asked of it as a whole
            base = s.reading.number(name)
            none = np.bincount(self.unit, weights=np.isfinite(values), minlength=self.n)[self.unit] == 0
            lost = none & s.wide[self.section]
            if base is not None and lost.any():
                parts = np.bincount(self.unit, minlength=self.n)[self.unit]
                values = np.where(lost, base[s.rows[self.section]] / parts, values)
        return np.bincount(self.unit, weights=values, minlength=self.n).astype(np.float64)

    def exactly(self, name: str, at: Ints) -> list[Fraction]:
        """Return a column of some units, where it is known, as fractions of the figures as typed."""
        s, figures = self.sections, self.number(name)[at]
        found = base_column(name)
        if found is None or found[0].type != "number" or name in _OF_SCHOOL:
            return exact.typed_all(figures)
        section = self.section[np.isin(self.unit, at)]
        unit = self.unit[np.isin(self.unit, at)]
        parts = s.number(name)[section]
        sums = np.bincount(unit, weights=parts, minlength=self.n)[at]
        by_unit: dict[int, Fraction] = {}
        known = np.isfinite(parts)
        for i, part in zip(unit[known].tolist(), s.exactly(name, section[known]), strict=True):
            by_unit[i] = by_unit.get(i, Fraction(0)) + part
        # what its stages do not add up to is a figure of the school as it stands
        with np.errstate(invalid="ignore"):
            adds_up = np.abs(sums - figures) <= exact.NEAR * np.abs(figures)
        return [
            by_unit[i] if own else exact.typed(x)
            for i, own, x in zip(at.tolist(), adds_up.tolist(), figures.tolist(), strict=True)
        ]

    def word(self, name: str) -> NDArray[np.object_]:
        """Return a category of each unit."""
        return np.array([*self._words(name), None], dtype=object)[self._codes(name)]

    def flag(self, name: str) -> Codes:
        """Return a yes or no of each unit as a verdict: met, unmet, undetermined where it is not given."""
        return _OF_FLAG[self.sections.reading.flag_codes(name)[self.row]]

    def _words(self, name: str) -> tuple[str, ...]:
        return KINDS if name == "kind" else category_words(name)

    def _codes(self, name: str) -> Codes:
        s = self.sections
        return s.kinds[self.first] if name == "kind" else s.reading.category_codes(name)[self.row]

    def _among(self, name: str, wanted: Sequence[str], none: int = UNDETERMINED) -> Codes:
        """Return whether a category of each unit is one of some; ``none`` where it is not given."""
        table = np.array([*(MET if w in wanted else UNMET for w in self._words(name)), none], dtype=np.int8)
        return table[self._codes(name)]

    def where(self, where: Where | None) -> Codes:
        """Return whether a rule is about each unit: met yes, unmet no, undetermined where the table does not say."""
        out = np.full(self.n, MET, dtype=np.int8)
        if where is None:
            return out

        def narrow(test: Codes) -> None:
            np.minimum(out, test, out=out)

        # a stage that stands alone, with no kind given, is no integrated school
        if where.kinds:
            narrow(self._among("kind", where.kinds, UNMET))
        if where.not_kinds:
            narrow((MET - self._among("kind", where.not_kinds, UNMET)).astype(np.int8))
        if where.stages:
            wanted = [STAGES.index(s) for s in where.stages]
            narrow(np.where(np.isin(self.stage, wanted), MET, UNMET).astype(np.int8))
        if where.ownership is not None:
            narrow(self._among("ownership", (where.ownership,)))
        if where.area_types:
            narrow(self._among("area_type", where.area_types))
        for limit, name, op in (
            (where.students_below, "students", "<"),
            (where.students_from, "students", ">="),
            (where.largest_class_below, "largest_class", "<"),
            (where.built_by, "built_year", "<="),
        ):
            if limit is not None:
                narrow(compare(self.number(name), np.float64(limit), op))
        if where.migrant_share_over is not None:
            with np.errstate(divide="ignore", invalid="ignore"):
                share = self.number("migrant_students") / self.number("students")
            narrow(compare(share, np.float64(where.migrant_share_over), ">"))
        for name in where.flags:
            narrow(self.flag(name))
        for name in where.not_flags:
            narrow((MET - self.flag(name)).astype(np.int8))
        return out


#: Verdict of a flag: 0, 1, and -1 at the end.
_OF_FLAG = np.array([UNMET, MET, UNDETERMINED], dtype=np.int8)


# ----------------------------------------------------------------------------------------------- judging


def judge_items(data: Data) -> list[ItemResult]:
    """Judge every item of the standard for every county."""
    out: list[ItemResult] = []
    units: dict[bool, Units] = {}

    def of(whole: bool) -> Units:
        if whole not in units:
            units[whole] = Units.make(data.sections, data.county, whole=whole)
        return units[whole]

    for item in data.standard.items:
        if item.rule in ("conditions", "scored"):
            out.append(_conditions(data, item, of))
        else:
            out += [_resource(data, item, s) for s in _stages_of(data, item)]
    return out


def _stages_of(data: Data, item: Item) -> list[int]:
    std = data.standard
    if item.rule == "every_school_complies":
        named: set[str] = {str(t.stage) for t in std.thresholds} or set(STAGES)
    else:
        kind = "each" if item.rule == "each_coefficient" else "composite"
        named = {x.stage for x in std.limits if x.kind == kind}
    return [s for s, stage in enumerate(STAGES) if stage in named]


def _resource(data: Data, item: Item, stage: int) -> ItemResult:
    """Judge an item that rests on school verdicts or coefficients in one stage."""
    n = data.n_counties
    group = data.group_at[:, stage]
    there = np.flatnonzero(group >= 0)
    g = group[there]
    verdict = np.full(n, UNDETERMINED, dtype=np.int8)
    value, required = np.full(n, np.nan), np.full(n, np.nan)
    counts = np.zeros((n, 3), dtype=np.int64)
    reason = np.full(n, "no_schools", dtype=object)
    limit = None
    if item.rule == "every_school_complies":
        by_verdict = data.schools_by_verdict[g]
        counts[there] = by_verdict[:, [2, 0, 1]]
        verdict[there] = np.where(by_verdict[:, 0] > 0, UNMET, np.where(by_verdict[:, 1] > 0, UNDETERMINED, MET))
        value[there] = by_verdict[:, 2] / by_verdict.sum(axis=1)
        required[there] = 1.0
        reason[there] = "schools_open" if data.standard.thresholds else "no_requirement"
        op = ">="
    elif item.rule == "each_coefficient":
        limit = data.standard.limit("each", stage=STAGES[stage])
        judged = np.isfinite(data.limits[g]).any(axis=0) if g.size else np.zeros(data.limits.shape[1], dtype=bool)
        verdicts, values = data.coefficient_verdicts[g][:, judged], data.coefficient[g][:, judged]
        counts[there] = np.stack([(verdicts == v).sum(axis=1) for v in (MET, UNMET, UNDETERMINED)], axis=1)
        verdict[there] = verdicts.min(axis=1, initial=MET)
        value[there] = values.max(axis=1, initial=-np.inf) if judged.any() else np.nan
        value[np.isinf(value)] = np.nan
        reason[there] = "coefficients_open"
    else:
        limit = data.standard.limit("composite", stage=STAGES[stage])
        verdict[there] = data.composite_verdicts[g]
        value[there] = data.composite[g]
        reason[there] = "coefficients_open"
    if limit is not None:
        required[there] = float(limit.value)
        op = limit.op
    reason[verdict != UNDETERMINED] = ""
    return ItemResult(
        item=item,
        stage=stage,
        verdict=verdict,
        value=value,
        required=required,
        op=(op,),
        condition=np.zeros(n, dtype=np.int64),
        counts=counts,
        reason=tuple(reason.tolist()),
    )


def _conditions(data: Data, item: Item, units: Any) -> ItemResult:
    """Judge an item by its conditions, all of which must hold."""
    n = data.n_counties
    relaxed = [r for r in data.standard.relaxations if r.id in data.standard.applied and r.item == item.id]
    results = [_condition(data, c, i, relaxed, units) for i, c in enumerate(item.conditions)]
    verdicts = np.stack([r[0] for r in results])
    skipped = np.zeros(verdicts.shape, dtype=bool)
    for i, condition in enumerate(item.conditions):
        if condition.unless_no:
            skipped[i] = np.any([data.facts.number(f) == 0 for f in condition.unless_no], axis=0)
    verdicts[skipped] = MET
    verdicts[:, skipped.all(axis=0)] = UNDETERMINED  # nothing of it is left: nothing is met
    decided = np.where(skipped, MET + 1, verdicts).argmin(axis=0)
    every = np.arange(n)
    verdict = verdicts[decided, every].astype(np.int8)
    value = np.stack([r[1] for r in results])[decided, every]
    required = np.stack([r[2] for r in results])[decided, every]
    counts = np.stack([r[3] for r in results])[decided, every]
    reason = np.where(verdict == UNDETERMINED, "not_given", "").astype(object)
    if item.rule == "scored":
        verdict[:] = UNDETERMINED
        reason[:] = "scored"
    else:
        disagree = np.stack([r[5] for r in results])[decided, every]
        reason[(verdict == UNDETERMINED) & disagree] = "readings_disagree"
    return ItemResult(
        item=item,
        verdict=verdict,
        value=value,
        required=required,
        # of schools the share that holds it is shown, and all are asked
        op=tuple(">=" if c.scope in ("school", "section") else c.op for c in item.conditions),
        condition=decided.astype(np.int64),
        counts=counts,
        reason=tuple(reason.tolist()),
        units=tuple(r[4] for r in results),
        each=tuple(
            ConditionResult(verdict=r[0], value=r[1], required=r[2], counts=r[3], disagree=r[5], skipped=skipped[i])
            for i, r in enumerate(results)
        ),
    )


_Found = tuple[Codes, Floats, Floats, Ints, "UnitResult | None", NDArray[np.bool_]]


def _condition(data: Data, condition: Condition, position: int, relaxed: Sequence[Relaxation], units: Any) -> _Found:
    """Judge one condition, by every reading of it: where they differ it is undetermined."""
    if condition.scope in ("school", "section"):
        return _by_school(data, condition, position, relaxed, units(condition.scope == "school"))
    first, *others = (_by_county(data, test, units) for test in (condition, *condition.readings))
    disagree = np.zeros(data.n_counties, dtype=bool)
    for other in others:
        disagree |= other[0] != first[0]
    verdict = np.where(disagree, np.int8(UNDETERMINED), first[0]).astype(np.int8)
    return verdict, first[1], first[2], np.zeros((data.n_counties, 3), dtype=np.int64), None, disagree


def _by_county(data: Data, test: Test, units: Any) -> tuple[Codes, Floats, Floats]:
    """Judge a test of the county's own facts, or of sums over its schools."""
    n = data.n_counties
    if test.scope == "county":
        number = data.facts.number
        top, bottom = _terms(number, test, n)
        required = _sum(number, test.than, n) if test.than else np.full(n, _float(test.value))
        return (_compare(top, bottom, required, test, number, _as_typed(number)), _divide(top, bottom), required)
    u: Units = units(not (test.where is not None and test.where.stages))
    applies = u.where(test.where)
    chosen = applies == MET
    county = u.county[chosen]

    def total(name: str) -> Floats:
        return np.bincount(county, weights=u.number(name)[chosen], minlength=n).astype(np.float64)

    top, bottom = _terms(total, test, n)
    # with no school that counts, or one of which it is not known, the sum says nothing
    known = (np.bincount(county, minlength=n) > 0) & (np.bincount(u.county[applies == UNDETERMINED], minlength=n) == 0)
    value = np.where(np.bincount(county, minlength=n) > 0, _divide(top, bottom), np.nan)
    required = np.full(n, _float(test.value))
    found = _compare(top, bottom, required, test, total, partial(_summed, u, np.flatnonzero(chosen)))
    verdict = np.where(known, found, np.int8(UNDETERMINED))
    # a county with schools of the stage and kind, none of which is meant, holds the rule
    sort = None if test.where is None else Where(kinds=test.where.kinds, stages=test.where.stages)
    there = np.bincount(u.county[u.where(sort) == MET], minlength=n) > 0
    verdict[there & (np.bincount(u.county[applies != UNMET], minlength=n) == 0)] = MET
    return verdict.astype(np.int8), value, required


def _by_school(data: Data, condition: Condition, position: int, relaxed: Sequence[Relaxation], u: Units) -> _Found:
    """Judge a condition school by school (or stage by stage), and the county by all of them."""
    n = data.n_counties
    verdict, value, required = _of_units(u, condition)
    disagree = np.zeros(u.n, dtype=bool)
    for reading in condition.readings:
        disagree |= _of_units(u, reading)[0] != verdict
    verdict = np.where(disagree, np.int8(UNDETERMINED), verdict)
    for relaxation in relaxed:
        if position >= len(relaxation.conditions):
            continue
        easier, easier_value, easier_required = _of_units(u, relaxation.conditions[position])
        at = np.where(in_dates(data.years[u.county], relaxation), u.where(relaxation.where), np.int8(UNMET))
        better = (at == MET) & (easier > verdict)
        # where it is not known whether a school may use it, what it would turn is open
        perhaps = (at == UNDETERMINED) & (easier > verdict)
        verdict = np.where(better, easier, np.where(perhaps, np.int8(UNDETERMINED), verdict))
        value = np.where(at == MET, easier_value, value)
        required = np.where(at == MET, easier_required, required)
        disagree &= ~better
    applies = u.where(condition.where)
    concerned = applies != UNMET
    # a unit the rule is not about holds it; where that is not known, only one that would hold it anyway does
    verdict = np.where(concerned, verdict, np.int8(MET))
    verdict = np.where((applies == UNDETERMINED) & (verdict == UNMET), np.int8(UNDETERMINED), verdict).astype(np.int8)
    counts = np.stack(
        [np.bincount(u.county[(verdict == v) & concerned], minlength=n) for v in (MET, UNMET, UNDETERMINED)], axis=1
    ).astype(np.int64)
    outcome = np.where(counts[:, 1] > 0, UNMET, np.where(counts[:, 2] > 0, UNDETERMINED, MET)).astype(np.int8)
    # a county with no school at all, or none of a stage that the rule names, has not shown anything of it
    named = [s for s, stage in enumerate(STAGES) if getattr(condition, stage) is not None]
    if condition.where is not None and condition.where.stages:
        named = [STAGES.index(s) for s in condition.where.stages]
    for there in [u.county[u.stage == s] for s in named] or [u.county]:
        absent = np.bincount(there, minlength=n) == 0
        outcome[absent & (outcome == MET)] = UNDETERMINED
    total = counts.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total > 0, counts[:, 0] / total, 1.0)
    share[(outcome == UNDETERMINED) & (counts[:, 2] == total)] = np.nan
    at_odds = (np.bincount(u.county[disagree & concerned], minlength=n) > 0) & (outcome == UNDETERMINED)
    found = UnitResult(units=u, verdict=verdict, value=value, required=required, concerned=concerned)
    return outcome, share, np.ones(n), counts, found, at_odds


def _of_units(u: Units, test: Test) -> tuple[Codes, Floats, Floats]:
    top, bottom = _terms(u.number, test, u.n)
    if test.per_classes is not None:
        required = np.ceil(u.number("classes") / test.per_classes)
    elif test.than:
        required = _sum(u.number, test.than, u.n)
    elif test.value is not None:
        required = np.full(u.n, float(test.value))
    else:
        by_stage = np.array([_float(test.primary), _float(test.junior), np.nan])
        required = by_stage[u.stage]
    verdict = _compare(top, bottom, required, test, u.number, u.exactly)
    if test.value is None and not test.than and test.per_classes is None:
        verdict[np.isnan(required) & (u.stage >= 0)] = MET  # a stage the rule gives no number for
    return verdict, _divide(top, bottom), required


def in_dates(years: Floats, relaxation: Relaxation) -> NDArray[np.bool_]:
    """Return where a year lies within the dates of a relaxation; a year that is not given does."""
    out = np.ones(years.size, dtype=bool)
    known = np.isfinite(years)
    if relaxation.effective_from is not None:
        out &= ~known | (years >= int(relaxation.effective_from[:4]))
    if relaxation.effective_to is not None:
        out &= ~known | (years <= int(relaxation.effective_to[:4]))
    return out


def _sum(number: Any, names: Sequence[str], n: int) -> Floats:
    out = np.zeros(n)
    for name in names:
        out = out + number(name)
    return out


def _terms(number: Any, test: Test, n: int) -> tuple[Floats, Floats | None]:
    """Return numerator and denominator; None where a figure is taken as it is."""
    top = _sum(number, test.top, n) - _sum(number, test.top_minus, n)
    if not test.bottom:
        return top, None
    bottom = _sum(number, test.bottom, n) - _sum(number, test.bottom_minus, n)
    return top, np.where(bottom > 0, bottom, np.nan)


def _divide(top: Floats, bottom: Floats | None) -> Floats:
    return top if bottom is None else top / bottom


def _as_typed(number: Callable[[str], Floats]) -> Exactly:
    return lambda name, at: exact.typed_all(number(name)[at])


def _summed(u: Units, chosen: Ints, name: str, counties: Ints) -> list[Fraction]:
    """Return the sum of a column over the chosen units of some counties."""
    mine = chosen[np.isin(u.county[chosen], counties)]
    out = dict.fromkeys(counties.tolist(), Fraction(0))
    for county, x in zip(u.county[mine].tolist(), u.exactly(name, mine), strict=True):
        out[county] += x
    return list(out.values())


def _compare(
    top: Floats,
    bottom: Floats | None,
    required: Floats,
    test: Test,
    number: Callable[[str], Floats],
    exactly: Exactly,
) -> Codes:
    """Compare a figure with its requirement; what lies within rounding of it is compared again in fractions."""
    out = compare(_divide(top, bottom), required, test.op)
    below = np.ones(top.size) if bottom is None else bottom
    size = np.abs(top)
    for name in (*test.top_minus, *test.bottom_minus):
        size = size + np.abs(number(name))  # a small difference of large figures is no nearer than they are
    with np.errstate(invalid="ignore"):
        near = np.flatnonzero(np.abs(top - required * below) <= exact.NEAR * np.maximum(size, np.abs(required * below)))
    if not near.size:
        return out

    def total(names: Sequence[str], minus: Sequence[str], at: Ints) -> list[Fraction]:
        sums = [Fraction(0)] * at.size
        for sort, some in ((1, names), (-1, minus)):
            for name in some:
                sums = [a + sort * b for a, b in zip(sums, exactly(name, at), strict=True)]
        return sums

    def figures(which: Ints) -> tuple[list[Fraction], list[Fraction]]:
        at = near[which]
        tops = total(test.top, test.top_minus, at)
        bottoms = total(test.bottom, test.bottom_minus, at) if test.bottom else [Fraction(1)] * at.size
        if test.than:
            tops = [a - b * c for a, b, c in zip(tops, bottoms, total(test.than, (), at), strict=True)]
        return tops, bottoms

    own, keys = top[near], required[near]
    if test.than:  # another figure, not a number of the standard: the difference is held against 0
        own, keys = own - keys * below[near], np.zeros(near.size)
    written = {float(d): Fraction(d) for d in (test.value, test.primary, test.junior) if d is not None}
    names = (*test.top, *test.top_minus, *test.bottom, *test.bottom_minus, *test.than)
    plain = not any((found := base_column(name)) is not None and found[0].shared for name in names)
    out[near] = judged(
        exact.quotient_signs(
            own,
            below[near],
            keys,
            lambda key: written.get(key, exact.typed(key)),
            np.full(near.size, plain),
            figures,
        ),
        test.op,
    )
    return out


def _float(value: Any) -> float:
    return float("nan") if value is None else float(value)
