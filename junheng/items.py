"""The items a county is judged by: each rule over all counties at once."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng.indicators.compliance import MET, NEAR, UNDETERMINED, UNMET, compare, holds
from junheng.schools import base_column, category_words
from junheng.stages import KINDS, LEFT_OUT
from junheng.standards.model import Condition, Item, Relaxation, Test, Threshold, Where

if TYPE_CHECKING:
    from junheng.results import Data
    from junheng.stages import Sections

__all__ = ["ItemResult", "Units", "in_dates", "judge_items", "special_sections"]

Codes = NDArray[np.int8]

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
        if name == "conditions_grade" or name.startswith("grade_b"):
            # the words stand in the data from the best to the worst, which is 0
            return np.array([*reversed(range(len(category_words(name)))), np.nan])[self._codes(name)]
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
            (where.classes_below, "classes", "<"),
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
    if condition.scope == "share":
        return _by_share(data, condition, units(True))
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
        if test.dated:
            return _by_step(top, bottom, test, data.years)
        required = _sum(number, test.than, n) if test.than else np.full(n, _float(test.value))
        return (_compare(top, bottom, required, test), _divide(top, bottom), required)
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
    if test.dated:
        verdict, _, required = _by_step(top, bottom, test, data.years)
    else:
        required = np.full(n, _float(test.value))
        verdict = _compare(top, bottom, required, test)
    verdict = np.where(known, verdict, np.int8(UNDETERMINED))
    # a county with schools of the stage and kind, none of which is meant, holds the rule
    sort = None if test.where is None else Where(kinds=test.where.kinds, stages=test.where.stages)
    there = np.bincount(u.county[u.where(sort) == MET], minlength=n) > 0
    verdict[there & (np.bincount(u.county[applies != UNMET], minlength=n) == 0)] = MET
    return verdict.astype(np.int8), value, required


def _by_school(data: Data, condition: Condition, position: int, relaxed: Sequence[Relaxation], u: Units) -> _Found:
    """Judge a condition school by school (or stage by stage), and the county by all of them."""
    n = data.n_counties
    years = data.years[u.county]
    verdict, value, required = _of_units(u, condition, years)
    disagree = np.zeros(u.n, dtype=bool)
    for reading in condition.readings:
        disagree |= _of_units(u, reading, years)[0] != verdict
    verdict = np.where(disagree, np.int8(UNDETERMINED), verdict)
    for relaxation in relaxed:
        if position >= len(relaxation.conditions):
            continue
        easier, easier_value, easier_required = _of_units(u, relaxation.conditions[position], years)
        at = np.where(in_dates(years, relaxation), u.where(relaxation.where), np.int8(UNMET))
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


def _by_share(data: Data, condition: Condition, u: Units) -> _Found:
    """Judge a share of schools by its least and its largest value, under every number that may hold."""
    n = data.n_counties
    meant, has = u.where(condition.where), _measured(u, condition, data.years[u.county])

    def count(chosen: NDArray[np.bool_]) -> Floats:
        return np.bincount(u.county[chosen], minlength=n).astype(np.float64)

    sure, maybe = meant == MET, meant != UNMET
    # a school that may be meant is counted where that makes the share less, or more
    least, without = count(sure & (has == MET)), count(maybe & (has != MET))
    most, lacking = count(maybe & (has != UNMET)), count(sure & (has == UNMET))
    # where no school is known to be meant, there may be none
    some = count(sure) > 0
    bounds = [(top, np.where(some, top + rest, np.nan)) for top, rest in ((least, without), (most, lacking))]
    numbers = condition.one_of or (condition.value,)
    chosen = np.full(n, np.nan) if condition.chosen_by is None else data.facts.number(condition.chosen_by)
    lowest, highest = np.full(n, MET, dtype=np.int8), np.full(n, UNMET, dtype=np.int8)
    hardest, easiest = np.full(n, -np.inf), np.full(n, np.inf)
    for number in numbers:
        wanted = np.full(n, _float(number))
        possible = np.isnan(chosen) | (chosen == wanted)
        for top, bottom in bounds:
            found = _compare(top, bottom, wanted, condition, number)
            lowest = np.where(possible, np.minimum(lowest, found), lowest)
            highest = np.where(possible, np.maximum(highest, found), highest)
        hardest = np.where(possible, np.maximum(hardest, wanted), hardest)
        easiest = np.where(possible, np.minimum(easiest, wanted), easiest)
    verdict = np.where(lowest == highest, lowest, np.int8(UNDETERMINED)).astype(np.int8)
    if condition.op in ("<=", "<"):
        hardest, easiest = easiest, hardest
    required = np.where(verdict == MET, hardest, np.where(verdict == UNMET, easiest, np.nan))
    required = np.where(hardest == easiest, hardest, required)
    (top, bottom), (top_most, bottom_most) = bounds
    value = np.where(top * bottom_most == top_most * bottom, top / bottom, np.nan)
    own = np.where(maybe, has, np.int8(MET))
    own = np.where((meant == UNDETERMINED) & (own == UNMET), np.int8(UNDETERMINED), own).astype(np.int8)
    known = np.stack([least, lacking], axis=1)
    counts = np.column_stack([known, count(maybe) - known.sum(axis=1)]).astype(np.int64)
    nothing = np.full(u.n, np.nan)
    shown = UnitResult(units=u, verdict=own, value=nothing, required=nothing, concerned=maybe)
    return verdict, value, required, counts, shown, np.zeros(n, dtype=bool)


def _measured(u: Units, condition: Condition, years: Floats) -> Codes:
    """Return of each school whether it has what is asked: by the first yardstick about it, or as its column says."""
    out = u.flag(condition.top[0])
    for yardstick in reversed(condition.yardsticks):
        about = u.where(yardstick.where)
        own = np.min([_of_units(u, test, years)[0] for test in yardstick.tests], axis=0)
        # where it is not known which yardstick holds, only what both find is found
        either = np.where(own == out, own, np.int8(UNDETERMINED))
        out = np.where(about == MET, own, np.where(about == UNMET, out, either)).astype(np.int8)
    return out


def _of_units(u: Units, test: Test, years: Floats) -> tuple[Codes, Floats, Floats]:
    top, bottom = _terms(u.number, test, u.n)
    if test.dated:
        return _by_step(top, bottom, test, years)
    if test.per_classes is not None:
        required = (np.ceil if test.begun else np.floor)(u.number("classes") / test.per_classes)
    elif test.than:
        required = _sum(u.number, test.than, u.n)
    elif test.value is not None:
        required = np.full(u.n, float(test.value))
    else:
        by_stage = np.array([_float(test.primary), _float(test.junior), np.nan])
        required = by_stage[u.stage]
    verdict = _compare(top, bottom, required, test)
    if test.value is None and not test.than and test.per_classes is None:
        verdict[np.isnan(required) & (u.stage >= 0)] = MET  # a stage the rule gives no number for
    return verdict, _divide(top, bottom), required


def _by_step(top: Floats, bottom: Floats | None, test: Test, years: Floats) -> tuple[Codes, Floats, Floats]:
    """Judge by the step in force in the year of the data; without a year, only where all steps agree."""
    required = np.full(years.size, np.nan)
    verdict = np.full(years.size, UNDETERMINED, dtype=np.int8)
    lowest, highest = np.full(years.size, MET, dtype=np.int8), np.full(years.size, UNMET, dtype=np.int8)
    for step in test.dated:
        found = _compare(top, bottom, np.full(years.size, float(step.value)), test, step.value)
        lowest, highest = np.minimum(lowest, found), np.maximum(highest, found)
        begun = years >= step.year
        verdict[begun], required[begun] = found[begun], float(step.value)
    agreed = np.isnan(years) & (lowest == highest)
    verdict[agreed] = lowest[agreed]
    return verdict, _divide(top, bottom), required


def special_sections(sections: Sections, t: Threshold) -> list[Codes]:
    """Return for each other number of a threshold (``instead``) which sections it is for: met yes, unmet no."""
    if not t.instead:
        return []
    units = Units.make(sections, np.zeros(sections.rows.size, dtype=np.int64), whole=False, every=True)
    return [units.where(other.where) for other in t.instead]


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


def _compare(top: Floats, bottom: Floats | None, required: Floats, test: Test, step: Decimal | None = None) -> Codes:
    """Compare a figure with its requirement; what lies within rounding of it is compared again in fractions."""
    value = _divide(top, bottom)
    out = compare(value, required, test.op)
    with np.errstate(invalid="ignore"):
        near = np.abs(value - required) <= NEAR * np.abs(required)
    # a quotient of whole numbers is rounded once, and rounding keeps order: nothing to repair
    near &= (top != np.floor(top)) | (False if bottom is None else bottom != np.floor(bottom))
    exact = {float(d): d for d in (test.value, test.primary, test.junior, step) if d is not None}
    for i in np.flatnonzero(near).tolist():
        wanted = exact.get(float(required[i]))
        limit = Fraction(repr(float(required[i]))) if wanted is None else Fraction(wanted)
        numerator = Fraction(repr(float(top[i])))
        difference = numerator - limit * (1 if bottom is None else Fraction(repr(float(bottom[i]))))
        out[i] = MET if holds((difference > 0) - (difference < 0), test.op) else UNMET
    return out


def _float(value: Any) -> float:
    return float("nan") if value is None else float(value)
