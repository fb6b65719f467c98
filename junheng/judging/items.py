"""The items a county is judged by: each rule over all counties at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng._inclusion import LEFT_OUT
from junheng.errors import ProblemCode
from junheng.indicators import exact
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, compare, judged
from junheng.schools import base_column, category_words, is_grade
from junheng.stages import KINDS
from junheng.standards.model import Condition, Doubt, Item, Norm, Relaxation, Test, Threshold, Where

if TYPE_CHECKING:
    from junheng.facts import Facts
    from junheng.results.evaluation import Data
    from junheng.stages import Sections
    from junheng.standards.model import Standard

__all__ = ["ItemResult", "Units", "give_hints", "in_dates", "judge_items", "special_sections"]

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
        special = np.array([*(k in ("special", "vocational") for k in KINDS), False], dtype=bool)[s.kinds]
        out = s.said_out | (s.out == LEFT_OUT.index("no_students")) | special
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
            # a school in one row may give it by stage; the largest of all is the whole school's
            out = np.full(self.n, np.nan)
            base = s.reading.number(name)
            by_stage = [s.number(name)[self.section]] if name == "largest_class" else []
            by_row = [base[s.rows[self.section]]] if base is not None else []
            for values in (*by_stage, *by_row):
                np.fmax.at(out, self.unit, values) if self.whole else np.copyto(out, values, where=np.isnan(out))
            return out
        found = base_column(name)
        if is_grade(name):
            # the words stand in the data from the best to the worst, which is 0
            return np.array([*reversed(range(len(category_words(name)))), np.nan])[self._codes(name)]
        if name == "students":
            values = s.students[self.section]
        elif found is not None and found[0].type == "flag":
            return np.array([0.0, 1.0, np.nan])[s.reading.flag_codes(name)[self.row]]
        else:
            values = s.number(name)[self.section]
            if self.whole and found is not None and found[0].shared:
                values = self._of_school(name, found[0].unit == "CNY", values)
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

    def _of_school(self, name: str, money: bool, values: Floats) -> Floats:
        """Return parts of a shared figure that add up to the school's: what is repeated on its rows is taken once."""
        s = self.sections
        base = s.reading.number(name)
        if base is None:
            return values
        own = base[s.rows[self.section]]
        low, high = np.full(self.n, np.inf), np.full(self.n, -np.inf)
        np.fmin.at(low, self.unit, own)
        np.fmax.at(high, self.unit, own)
        same, divided = (low == high)[self.unit], s.is_divided(name)[self.section]
        # figures that the standard does not split may differ where the rooms are the school's; money is kept by school
        whole = divided if name in s.resources else same & (divided | money)
        parts = np.bincount(self.unit, minlength=self.n)[self.unit]
        return np.where(whole, own / parts, np.where(divided, own, values))

    def is_bound(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Return where a figure of a stage is known for the whole school only: the stage's is no larger."""
        out = np.zeros(self.n, dtype=bool)
        for name in names if not self.whole else ():
            if name in _OF_SCHOOL:
                out |= self.sections.wide[self.section] & np.isnan(self.sections.number(name)[self.section])
        return out

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


def give_hints(standard: Standard, facts: Facts) -> None:
    """Report which of the standard's hints fail; no verdict looks at them."""
    for item in standard.items:
        for hint in item.hints:
            top, bottom = _terms(facts.number, hint.test, facts.n)
            required = np.full(facts.n, _float(hint.test.value))
            value = _divide(top, bottom)
            failing = _compare(top, bottom, required, hint.test, facts.number, _as_typed(facts.number)) == UNMET
            for at in np.flatnonzero(failing).tolist():
                figures = " / ".join(" + ".join(names) for names in (hint.test.top, hint.test.bottom) if names)
                facts.hint(
                    at,
                    ProblemCode.SURVEY_SAMPLE,
                    f"{figures} is {value[at]:g}, not {hint.test.op} {hint.test.value} ({hint.clause}, "
                    f"{hint.standing}); a hint for item {item.id!r}, no verdict rests on it",
                    hint.test.top[0],
                )


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
        by_verdict = data.schools_by_verdict[:, stage]
        there = np.flatnonzero(by_verdict.any(axis=1))
        by_verdict = by_verdict[there]
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
    doubts = [d for d in data.standard.doubts if item.id in d.items]
    results = [_condition(data, c, i, relaxed, doubts, units) for i, c in enumerate(item.conditions)]
    verdicts = np.stack([r[0] for r in results])
    skipped = np.zeros(verdicts.shape, dtype=bool)
    for i, condition in enumerate(item.conditions):
        if condition.unless_no:
            skipped[i] = np.any([data.facts.number(f) == 0 for f in condition.unless_no], axis=0)
        if condition.breach:
            skipped[i] = verdicts[i] != UNMET
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


def _condition(
    data: Data,
    condition: Condition,
    position: int,
    relaxed: Sequence[Relaxation],
    doubts: Sequence[Doubt],
    units: Any,
) -> _Found:
    """Judge one condition, by every reading of it: where they differ it is undetermined."""
    if condition.scope in ("school", "section"):
        return _by_school(data, condition, position, relaxed, doubts, units(condition.scope == "school"))
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
            return _by_step(top, bottom, test, data.years, number, _as_typed(number))
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
    exactly = partial(_summed, u, np.flatnonzero(chosen))
    if test.dated:
        verdict, _, required = _by_step(top, bottom, test, data.years, total, exactly)
    else:
        required = np.full(n, _float(test.value))
        verdict = _compare(top, bottom, required, test, total, exactly)
    verdict = np.where(known, verdict, np.int8(UNDETERMINED))
    # a county with schools of the stage and kind, none of which is meant, holds the rule
    sort = None if test.where is None else Where(kinds=test.where.kinds, stages=test.where.stages)
    there = np.bincount(u.county[u.where(sort) == MET], minlength=n) > 0
    verdict[there & (np.bincount(u.county[applies != UNMET], minlength=n) == 0)] = MET
    return verdict.astype(np.int8), value, required


def _by_school(
    data: Data,
    condition: Condition,
    position: int,
    relaxed: Sequence[Relaxation],
    doubts: Sequence[Doubt],
    u: Units,
) -> _Found:
    """Judge a condition school by school (or stage by stage), and the county by all of them."""
    n = data.n_counties
    first, *others = (_of_reading(data, u, test, condition) for test in (condition, *condition.readings))
    verdict, disagree, concerned = first.verdict, first.disagree, first.concerned
    for other in others:
        # where one of them lacks a figure the readings are not known to disagree
        disagree = disagree | (np.abs(other.verdict - first.verdict) == MET - UNMET)
        verdict = np.where(other.verdict == first.verdict, verdict, np.int8(UNDETERMINED))
        concerned = concerned | other.concerned
    verdict = np.where(disagree, np.int8(UNDETERMINED), verdict)
    verdict, value, required = _relax(data, u, position, relaxed, (verdict, first.value, first.required))
    disagree &= verdict == UNDETERMINED
    for doubt in doubts:
        inside = u.where(doubt.where)
        if doubt.decision == "left_out":
            concerned = concerned & (inside != MET)
            verdict = np.where(inside == MET, np.int8(MET), verdict)
        # with "counted" nothing changes; where it is not known, only a verdict that stands either way is one
        open_ = (inside != UNMET) & (verdict == UNMET) & (doubt.decision != "counted")
        verdict = np.where(open_, np.int8(UNDETERMINED), verdict)
        disagree = disagree | (open_ & (inside == MET))
    if condition.breach:
        concerned = concerned & (verdict == UNMET)
    verdict = np.where(concerned, verdict, np.int8(MET)).astype(np.int8)
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
    meant, has = u.where(condition.where), _measured(data, u, condition)

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
            found = _compare(top, bottom, wanted, condition, u.number, u.exactly, number)
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


def _measured(data: Data, u: Units, condition: Condition) -> Codes:
    """Return of each school whether it has what is asked: by the first yardstick about it, or as its column says."""
    out = u.flag(condition.top[0])
    for yardstick in reversed(condition.yardsticks):
        about = u.where(yardstick.where)
        own = np.min([_of_units(data, u, test).verdict for test in yardstick.tests], axis=0)
        # where it is not known which yardstick holds, only what both find is found
        either = np.where(own == out, own, np.int8(UNDETERMINED))
        out = np.where(about == MET, own, np.where(about == UNMET, out, either)).astype(np.int8)
    return out


@frozen(eq=False)
class _OfUnits:
    """What one reading of a condition finds for every unit."""

    verdict: Codes
    value: Floats
    required: Floats
    disagree: NDArray[np.bool_]
    concerned: NDArray[np.bool_]


def _of_reading(data: Data, u: Units, test: Test, condition: Condition) -> _OfUnits:
    """Judge every unit by one reading; a unit that the reading is not about holds it."""
    found = _of_units(data, u, test)
    if test is condition:
        for other in condition.same_as:
            found = _or_the_same(found, _of_units(data, u, other), u.is_bound(other.top))
    applies = u.where(test.where or condition.where)
    verdict = np.where(applies == UNMET, np.int8(MET), found.verdict)
    # where it is not known whether it is about a unit, only one that would hold it anyway does
    verdict = np.where((applies == UNDETERMINED) & (verdict == UNMET), np.int8(UNDETERMINED), verdict)
    concerned = applies != UNMET
    return evolve(found, verdict=verdict.astype(np.int8), disagree=found.disagree & concerned, concerned=concerned)


def _or_the_same(found: _OfUnits, other: _OfUnits, bound: NDArray[np.bool_]) -> _OfUnits:
    """Judge by a figure, or by another that says the same; a ``bound`` shows that a rule holds, and no breach."""
    theirs = np.where(bound & (other.verdict == UNMET), np.int8(UNDETERMINED), other.verdict)
    better = (theirs == UNMET) & (found.verdict != UNMET) | (theirs == MET) & (found.verdict == UNDETERMINED)
    return evolve(
        found,
        verdict=np.where(better, theirs, found.verdict).astype(np.int8),
        value=np.where(better, other.value, found.value),
        required=np.where(better, other.required, found.required),
    )


def _relax(
    data: Data,
    u: Units,
    position: int,
    relaxed: Sequence[Relaxation],
    strict: tuple[Codes, Floats, Floats],
) -> tuple[Codes, Floats, Floats]:
    """Let units of which a relaxation is about be judged by the easier rule."""
    verdict, value, required = strict
    for relaxation in relaxed:
        if position >= len(relaxation.conditions):
            continue
        own = relaxation.conditions[position]
        easier = _of_units(data, u, own)
        who = np.minimum(u.where(relaxation.where), u.where(own.where))
        at = np.where(in_dates(data.years[u.county], relaxation), who, np.int8(UNMET))
        better = (at == MET) & (easier.verdict > verdict)
        # where it is not known whether a school may use it, what it would turn is open
        perhaps = (at == UNDETERMINED) & (easier.verdict > verdict)
        verdict = np.where(better, easier.verdict, np.where(perhaps, np.int8(UNDETERMINED), verdict)).astype(np.int8)
        value = np.where(at == MET, easier.value, value)
        required = np.where(at == MET, easier.required, required)
    return verdict, value, required


def _of_units(data: Data, u: Units, test: Test) -> _OfUnits:
    """Compare the figures of every unit with what is required of it."""
    top, bottom = _terms(u.number, test, u.n)
    value = _divide(top, bottom)
    disagree, every = np.zeros(u.n, dtype=bool), np.ones(u.n, dtype=bool)
    if test.dated:
        verdict, _, required = _by_step(top, bottom, test, data.years[u.county], u.number, u.exactly)
        return _OfUnits(verdict, value, required, disagree, every)
    if test.norm is not None:
        norms = _norms(data, u, test.norm)
        own = [_compare(top, bottom, norm, test, u.number, u.exactly) for norm in norms]
        disagree = (np.min(own, axis=0) == UNMET) & (np.max(own, axis=0) == MET)
        verdict = np.where(own[0] == own[1], own[0], np.int8(UNDETERMINED)).astype(np.int8)
        return _OfUnits(verdict, value, np.maximum(*norms), disagree, every)
    if test.per_classes is not None:
        required = (np.ceil if test.begun else np.floor)(u.number("classes") / test.per_classes)
    elif test.than:
        required = _sum(u.number, test.than, u.n)
    elif test.value is not None:
        required = np.full(u.n, float(test.value))
    else:
        by_stage = np.array([_float(test.primary), _float(test.junior), np.nan])
        required = by_stage[u.stage]
    verdict = _compare(top, bottom, required, test, u.number, u.exactly)
    if test.op in ("<=", "<") and not (test.bottom or test.top_minus):
        # nothing is below zero: what is known may be too much already
        known = _sum(lambda name: np.nan_to_num(u.number(name)), test.top, u.n)
        proved = (verdict == UNDETERMINED) & (compare(known, required, test.op) == UNMET)
        verdict, value = np.where(proved, np.int8(UNMET), verdict), np.where(proved, known, value)
    if test.value is None and not test.than and test.per_classes is None:
        verdict[np.isnan(required) & (u.stage >= 0)] = MET  # a stage the rule gives no number for
    return _OfUnits(verdict, value, required, disagree, every)


def _norms(data: Data, u: Units, norm: Norm) -> tuple[Floats, Floats]:
    """Return the norms of the first and the last stage of every unit, one and the same for a school of one stage."""
    primary, junior = (
        np.array([float(exact.typed(x) * norm.times) if np.isfinite(x) else np.nan for x in data.facts.number(f)])
        for f in (norm.primary, norm.junior)
    )
    primary, junior = primary[u.county], junior[u.county]
    return (
        np.where(u.stage == STAGES.index("junior"), junior, primary),
        np.where(u.stage == STAGES.index("primary"), primary, junior),
    )


def _by_step(
    top: Floats,
    bottom: Floats | None,
    test: Test,
    years: Floats,
    number: Callable[[str], Floats],
    exactly: Exactly,
) -> tuple[Codes, Floats, Floats]:
    """Judge by the step in force in the year of the data; without a year, only where all steps agree."""
    required = np.full(years.size, np.nan)
    verdict = np.full(years.size, UNDETERMINED, dtype=np.int8)
    lowest, highest = np.full(years.size, MET, dtype=np.int8), np.full(years.size, UNMET, dtype=np.int8)
    for step in test.dated:
        found = _compare(top, bottom, np.full(years.size, float(step.value)), test, number, exactly, step.value)
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
    step: Decimal | None = None,
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
    written = {float(d): Fraction(d) for d in (test.value, test.primary, test.junior, step) if d is not None}
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
