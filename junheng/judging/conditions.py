"""One condition of an item: on facts of the county, sums over schools, every school, or a share of the schools."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property, partial
from typing import Any

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng.indicators import exact
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, compare
from junheng.judging.comparisons import Figures, as_float, by_step, compare_figures, divide, terms, total_of
from junheng.judging.findings import Codes, Findings, Places
from junheng.judging.sizes import required_by_size
from junheng.judging.subjects import Subjects, who_may_use
from junheng.standards.model import Comparison, Condition, Doubt, Filter, Norm, Relaxation

__all__ = ["ConditionResult", "Easier", "Judge", "ReadingResult", "UnitResult"]


@frozen(eq=False)
class ReadingResult:
    """Results of one interpretation of a condition that sources read in several ways, by county or by unit."""

    test: Comparison
    verdict: Codes
    value: Floats
    required: Floats


@frozen(eq=False, kw_only=True, slots=False)
class UnitResult:
    """Results of a condition for each school or section."""

    units: Subjects
    verdict: Codes
    value: Floats
    required: Floats
    concerned: NDArray[np.bool_]
    """Whether the condition applies to the unit, or may apply."""
    readings: tuple[ReadingResult, ...] = ()
    """Results of every interpretation; empty if there is one."""

    @cached_property
    def failing(self) -> Places:
        """Units with an unmet or undetermined verdict, by county."""
        at = np.flatnonzero(self.concerned & (self.verdict != MET))
        return Places.group(at, self.units.county[at])

    @cached_property
    def told(self) -> frozenset[int]:
        """Counties with a known verdict on at least one unit."""
        known = self.concerned & (self.verdict != UNDETERMINED)
        return frozenset(self.units.county[known].tolist())


@frozen(eq=False, kw_only=True)
class ConditionResult:
    """Results of one condition for each county; ``skipped`` if the condition does not apply."""

    verdict: Codes
    value: Floats
    required: Floats
    counts: Ints
    disagree: NDArray[np.bool_]
    skipped: NDArray[np.bool_]
    units: UnitResult | None = None
    readings: tuple[ReadingResult, ...] = ()
    """Results of every interpretation of a condition on the county as a whole; empty if there is one."""


@frozen(eq=False)
class _Compared:
    """Figures of each subject compared with their requirements, whether or not the rule applies to it."""

    verdict: Codes
    value: Floats
    required: Floats
    disagree: NDArray[np.bool_]


@frozen(eq=False)
class _Results(_Compared):
    """Results of one interpretation of a condition for each subject."""

    concerned: NDArray[np.bool_]
    readings: tuple[ReadingResult, ...] = ()


#: An applied relaxation, and its replacement for a condition.
Easier = tuple[Relaxation, Condition]


@frozen(eq=False, slots=False)
class Judge:
    """Judges conditions for all counties at once; subjects are cached."""

    findings: Findings

    @cached_property
    def schools(self) -> Subjects:
        """Whole schools."""
        return Subjects.make(self.findings.sections, self.findings.county, whole=True)

    @cached_property
    def stages(self) -> Subjects:
        """The stages of schools."""
        return Subjects.make(self.findings.sections, self.findings.county, whole=False)

    @cached_property
    def _none_counted(self) -> Ints:
        return np.zeros((self.findings.n_counties, 3), dtype=np.int64)

    def judge(self, condition: Condition, easier: Sequence[Easier], doubts: Sequence[Doubt]) -> ConditionResult:
        """Judge a condition; if its interpretations disagree it is undetermined."""
        if condition.scope in ("school", "section"):
            subjects = self.schools if condition.scope == "school" else self.stages
            return self._by_school(condition, easier, doubts, subjects)
        if condition.scope == "share":
            return self._by_share(condition, self.schools)
        n = self.findings.n_counties
        judge = self._compare_facts if condition.scope == "county" else self._compare_sums
        readings = tuple(ReadingResult(test, *judge(test)) for test in (condition, *condition.readings))
        first, value, required = readings[0].verdict, readings[0].value, readings[0].required
        disagree = np.zeros(n, dtype=bool)
        for other in readings[1:]:
            disagree |= other.verdict != first
        return ConditionResult(
            verdict=np.where(disagree, np.int8(UNDETERMINED), first).astype(np.int8),
            value=value,
            required=required,
            counts=self._none_counted,
            disagree=disagree,
            skipped=np.broadcast_to(False, n),
            readings=readings if condition.readings else (),
        )

    # -------------------------------------------------------------------------------- of the county as a whole

    def _compare_facts(self, test: Comparison) -> tuple[Codes, Floats, Floats]:
        """Compare facts of the county."""
        n, number = self.findings.n_counties, self.findings.facts.number
        top, bottom = terms(number, test, n)
        if test.dated:
            return by_step(top, bottom, test, self.findings.years, Figures.as_typed(number))
        required = total_of(number, test.than, n) if test.than else np.broadcast_to(as_float(test.value), n)
        verdict = compare_figures(top, bottom, required, test, Figures.as_typed(number))
        return verdict, divide(top, bottom), required

    def _compare_sums(self, test: Comparison) -> tuple[Codes, Floats, Floats]:
        """Compare sums over the schools of a county."""
        n = self.findings.n_counties
        subjects = self.stages if test.where is not None and test.where.stages else self.schools
        applies = subjects.where(test.where)
        chosen = np.flatnonzero(applies == MET)
        county = subjects.county[chosen]

        def total(name: str) -> Floats:
            return np.bincount(county, weights=subjects.number(name)[chosen], minlength=n).astype(np.float64)

        top, bottom = terms(total, test, n)
        counts = self._tally(subjects, applies)
        value = np.where(counts[:, MET] > 0, divide(top, bottom), np.nan)
        source = Figures(total, partial(_exact_sum, subjects, chosen))
        if test.dated:
            verdict, _, required = by_step(top, bottom, test, self.findings.years, source)
        else:
            required = np.broadcast_to(as_float(test.value), n)
            verdict = compare_figures(top, bottom, required, test, source)
        # undetermined without schools, or if it is unknown whether a school counts
        verdict[(counts[:, MET] == 0) | (counts[:, UNDETERMINED] > 0)] = UNDETERMINED
        none = counts[:, MET] + counts[:, UNDETERMINED] == 0
        if none.any():
            # met if the county has schools of the stage and kind, but none to which the rule applies
            same_kind = None if test.where is None else Filter(kinds=test.where.kinds, stages=test.where.stages)
            verdict[none & (self._tally(subjects, subjects.where(same_kind))[:, MET] > 0)] = MET
        return verdict, value, required

    # ------------------------------------------------------------------------------------------- of every school

    def _by_school(
        self, condition: Condition, easier: Sequence[Easier], doubts: Sequence[Doubt], subjects: Subjects
    ) -> ConditionResult:
        """Judge each school (or stage), and the county by all of them."""
        found = self._by_every_reading(condition, subjects)
        for relaxation, rule in easier:
            found = self._relax(found, subjects, relaxation, rule)
        found = evolve(found, disagree=found.disagree & (found.verdict == UNDETERMINED))
        for doubt in doubts:
            found = _apply_doubt(found, subjects.where(doubt.where), doubt)
        concerned = found.concerned & (found.verdict == UNMET) if condition.breach else found.concerned
        verdict = np.where(concerned, found.verdict, np.int8(MET)).astype(np.int8)
        by_verdict = self._tally(subjects, np.where(concerned, verdict, np.int8(MET + 1)))
        counts = by_verdict[:, [MET, UNMET, UNDETERMINED]]
        outcome = np.where(counts[:, 1] > 0, UNMET, np.where(counts[:, 2] > 0, UNDETERMINED, MET)).astype(np.int8)
        outcome[self._has_none(condition, subjects) & (outcome == MET)] = UNDETERMINED
        total = counts.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(total > 0, counts[:, 0] / total, 1.0)
        share[(outcome == UNDETERMINED) & (counts[:, 2] == total)] = np.nan
        at_odds = np.zeros(total.size, dtype=bool)
        at_odds[subjects.county[found.disagree & concerned]] = True
        return ConditionResult(
            verdict=outcome,
            value=share,
            required=np.broadcast_to(1.0, self.findings.n_counties),
            counts=counts,
            disagree=at_odds & (outcome == UNDETERMINED),
            skipped=np.broadcast_to(False, self.findings.n_counties),
            units=UnitResult(
                units=subjects,
                verdict=verdict,
                value=_compact(found.value),
                required=found.required,
                concerned=concerned,
                readings=found.readings,
            ),
        )

    def _tally(self, subjects: Subjects, codes: NDArray[Any]) -> Ints:
        """Count the subjects of each county by a code from 0 to 8."""
        n = self.findings.n_counties
        return np.bincount(subjects.places + codes, minlength=n * 9).reshape(n, 9).astype(np.int64, copy=False)

    @cached_property
    def _by_stage(self) -> dict[bool, Ints]:
        """The whole schools and the stages of each county by stage, 0 for several; kept, because most rules ask."""
        return {s.whole: self._tally(s, s.stage + 1) for s in (self.schools, self.stages)}

    def _has_none(self, condition: Condition, subjects: Subjects) -> NDArray[np.bool_]:
        """Return which counties have no school, or none of a stage that the rule names."""
        named = [s for s, stage in enumerate(STAGES) if getattr(condition, stage) is not None]
        if condition.where is not None and condition.where.stages:
            named = [STAGES.index(s) for s in condition.where.stages]
        by_stage = self._by_stage[subjects.whole]
        if not named:
            return np.asarray(by_stage.sum(axis=1) == 0)
        return np.asarray((by_stage[:, [s + 1 for s in named]] == 0).any(axis=1))

    def _by_every_reading(self, condition: Condition, subjects: Subjects) -> _Results:
        """Judge each subject by all interpretations of a condition; if they disagree it is undetermined."""
        tests = (condition, *condition.readings)
        first, *others = each = [self._by_reading(subjects, test, condition) for test in tests]
        if others:
            readings = zip(tests, each, strict=True)
            first = evolve(first, readings=tuple(ReadingResult(t, r.verdict, r.value, r.required) for t, r in readings))
        verdict, disagree, concerned = first.verdict, first.disagree, first.concerned
        for other in others:
            # met against unmet; with a missing figure no disagreement is known
            disagree = disagree | (np.abs(other.verdict - first.verdict) == MET - UNMET)
            verdict = np.where(other.verdict == first.verdict, verdict, np.int8(UNDETERMINED))
            concerned = concerned | other.concerned
        verdict = np.where(disagree, np.int8(UNDETERMINED), verdict)
        return evolve(first, verdict=verdict, disagree=disagree, concerned=concerned)

    def _by_reading(self, subjects: Subjects, test: Comparison, condition: Condition) -> _Results:
        """Judge each subject by one interpretation; met if it does not apply to the subject."""
        found = self._compare_subjects(subjects, test)
        if test is condition:
            for other in condition.same_as:
                found = _with_equivalent(found, self._compare_subjects(subjects, other), subjects.is_bound(other.top))
        applies = subjects.where(test.where or condition.where)
        verdict = np.where(applies == UNMET, np.int8(MET), found.verdict)
        # if it is unknown whether it applies, unmet becomes undetermined
        verdict = np.where((applies == UNDETERMINED) & (verdict == UNMET), np.int8(UNDETERMINED), verdict)
        concerned = applies != UNMET
        disagree = found.disagree & concerned
        return _Results(verdict.astype(np.int8), found.value, found.required, disagree, concerned)

    def _relax(self, strict: _Results, subjects: Subjects, relaxation: Relaxation, rule: Condition) -> _Results:
        """Judge the subjects of a relaxation by the easier rule."""
        easier = self._compare_subjects(subjects, rule)
        at = who_may_use(relaxation, subjects, self.findings.years[subjects.county], also=rule.where)
        better = (at == MET) & (easier.verdict > strict.verdict)
        # if it is unknown whether a school may use it, a verdict that it would improve is undetermined
        perhaps = (at == UNDETERMINED) & (easier.verdict > strict.verdict)
        verdict = np.where(perhaps, np.int8(UNDETERMINED), strict.verdict)
        return evolve(
            strict,
            verdict=np.where(better, easier.verdict, verdict).astype(np.int8),
            value=np.where(at == MET, easier.value, strict.value),
            required=np.where(at == MET, easier.required, strict.required),
        )

    # ---------------------------------------------------------------------------------------- of a share of schools

    def _by_share(self, condition: Condition, subjects: Subjects) -> ConditionResult:
        """Judge a share of schools by its smallest and largest possible value, under every possible requirement."""
        meant, has = subjects.where(condition.where), self._has_what_is_asked(subjects, condition)
        maybe = meant != UNMET
        # axes: county, whether the rule applies to the school, whether the school has what is required
        counts = self._tally(subjects, meant * 3 + has).reshape(-1, 3, 3).astype(np.float64)
        sure, possible = counts[:, MET], counts[:, UNDETERMINED] + counts[:, MET]
        # a school to which the rule may apply is counted if that lowers, or raises, the share
        least, without = sure[:, MET], possible[:, UNMET] + possible[:, UNDETERMINED]
        most, lacking = possible[:, UNDETERMINED] + possible[:, MET], sure[:, UNMET]
        # if the rule may apply to no school at all, there may be no share
        bounds = [
            (top, np.where(sure.sum(axis=1) > 0, top + rest, np.nan))
            for top, rest in ((least, without), (most, lacking))
        ]
        verdict, required = self._under_every_number(condition, bounds, subjects)
        (top, bottom), (top_most, bottom_most) = bounds
        own = np.where(maybe, has, np.int8(MET))
        own = np.where((meant == UNDETERMINED) & (own == UNMET), np.int8(UNDETERMINED), own).astype(np.int8)
        nothing, n = np.broadcast_to(np.nan, subjects.n), self.findings.n_counties
        return ConditionResult(
            verdict=verdict,
            value=np.where(top * bottom_most == top_most * bottom, top / bottom, np.nan),
            required=required,
            counts=np.column_stack([least, lacking, possible.sum(axis=1) - least - lacking]).astype(np.int64),
            disagree=np.broadcast_to(False, n),
            skipped=np.broadcast_to(False, n),
            units=UnitResult(units=subjects, verdict=own, value=nothing, required=nothing, concerned=maybe),
        )

    def _under_every_number(
        self, condition: Condition, bounds: Sequence[tuple[Floats, Floats]], subjects: Subjects
    ) -> tuple[Codes, Floats]:
        """Judge the smallest and largest share by every possible requirement; return the deciding one too."""
        n, facts = self.findings.n_counties, self.findings.facts
        chosen = np.full(n, np.nan) if condition.chosen_by is None else facts.number(condition.chosen_by)
        lowest, highest = np.full(n, MET, dtype=np.int8), np.full(n, UNMET, dtype=np.int8)
        hardest, easiest = np.full(n, -np.inf), np.full(n, np.inf)
        counted = Figures(subjects.number, subjects.exactly)  # counts are whole numbers, so exact
        for number in condition.one_of or (condition.value,):
            wanted = np.full(n, as_float(number))
            possible = np.isnan(chosen) | (chosen == wanted)
            for top, bottom in bounds:
                found = compare_figures(top, bottom, wanted, condition, counted, [number])
                lowest = np.where(possible, np.minimum(lowest, found), lowest)
                highest = np.where(possible, np.maximum(highest, found), highest)
            hardest = np.where(possible, np.maximum(hardest, wanted), hardest)
            easiest = np.where(possible, np.minimum(easiest, wanted), easiest)
        verdict = np.where(lowest == highest, lowest, np.int8(UNDETERMINED)).astype(np.int8)
        if condition.op in ("<=", "<"):
            hardest, easiest = easiest, hardest
        required = np.where(verdict == MET, hardest, np.where(verdict == UNMET, easiest, np.nan))
        return verdict, np.where(hardest == easiest, hardest, required)

    def _has_what_is_asked(self, subjects: Subjects, condition: Condition) -> Codes:
        """Return whether each school has what is required: by the first yardstick that applies, or by its column."""
        out = subjects.flag(condition.top[0])
        for yardstick in reversed(condition.yardsticks):
            about = subjects.where(yardstick.where)
            own = np.min([self._compare_subjects(subjects, test).verdict for test in yardstick.tests], axis=0)
            # if it is unknown whether the yardstick applies, both results must agree
            either = np.where(own == out, own, np.int8(UNDETERMINED))
            out = np.where(about == MET, own, np.where(about == UNMET, out, either)).astype(np.int8)
        return out

    # ----------------------------------------------------------------------------------------------- of one subject

    def _compare_subjects(self, subjects: Subjects, test: Comparison) -> _Compared:
        """Compare the figures of each subject with its requirement."""
        top, bottom = terms(subjects.number, test, subjects.n)
        value = divide(top, bottom)
        disagree = np.zeros(subjects.n, dtype=bool)
        if test.dated:
            years = self.findings.years[subjects.county]
            verdict, _, required = by_step(top, bottom, test, years, subjects.figures)
            return _Compared(verdict, value, required, disagree)
        if test.norm is not None:
            norms = self._norms(subjects, test.norm)
            own = [compare_figures(top, bottom, norm, test, subjects.figures) for norm in norms]
            disagree = (np.min(own, axis=0) == UNMET) & (np.max(own, axis=0) == MET)
            verdict = np.where(own[0] == own[1], own[0], np.int8(UNDETERMINED)).astype(np.int8)
            return _Compared(verdict, value, np.maximum(*norms), disagree)
        if test.by_size:
            return _by_size(subjects, test, top, bottom)
        by_stage = test.value is None and not test.than and test.per_classes is None
        required = _required_of(subjects, test)
        verdict = compare_figures(top, bottom, required, test, subjects.figures)
        if test.op in ("<=", "<") and not (test.bottom or test.top_minus):
            # figures are never negative: a partial sum may exceed the maximum already
            known = total_of(subjects.known, test.top, subjects.n)
            proved = (verdict == UNDETERMINED) & (compare(known, required, test.op) == UNMET)
            verdict, value = np.where(proved, np.int8(UNMET), verdict), np.where(proved, known, value)
        if by_stage:
            verdict[np.isnan(required) & (subjects.stage >= 0)] = MET  # no requirement for this stage
        return _Compared(verdict, value, required, disagree)

    def _norms(self, subjects: Subjects, norm: Norm) -> tuple[Floats, Floats]:
        """Return the norms of the first and last stage of each subject, equal for a single stage."""
        primary, junior = (
            np.array([float(exact.typed_decimal(x) * norm.times) if np.isfinite(x) else np.nan for x in facts])[
                subjects.county
            ]
            for facts in (self.findings.facts.number(f) for f in (norm.primary, norm.junior))
        )
        return (
            np.where(subjects.stage == STAGES.index("junior"), junior, primary),
            np.where(subjects.stage == STAGES.index("primary"), primary, junior),
        )


def _compact(values: Floats) -> Floats:
    """Return the values; if all are missing, a broadcast NaN that takes no memory."""
    return values if np.isfinite(values).any() else np.broadcast_to(np.nan, values.size)


def _by_size(subjects: Subjects, test: Comparison, top: Floats, bottom: Floats | None) -> _Compared:
    """Compare the figures of each subject with a requirement by its number of classes; all possible ones must agree."""
    easiest, strictest, written = required_by_size(subjects, test)
    one, other = (compare_figures(top, bottom, r, test, subjects.figures, written) for r in (easiest, strictest))
    verdict = np.where(one == other, one, np.int8(UNDETERMINED)).astype(np.int8)
    required = np.where(
        verdict == MET, strictest, np.where((verdict == UNMET) | (easiest == strictest), easiest, np.nan)
    )
    return _Compared(verdict, divide(top, bottom), required, np.zeros(subjects.n, dtype=bool))


def _required_of(subjects: Subjects, test: Comparison) -> Floats:
    """Return the requirement for each subject: by classes, another figure, one number, or one per stage."""
    if test.per_classes is not None:
        rounded = np.ceil if test.begun else np.floor
        return np.asarray(rounded(subjects.number("classes") / test.per_classes))
    if test.than:
        return total_of(subjects.number, test.than, subjects.n)
    if test.value is not None:
        return np.broadcast_to(np.float64(test.value), subjects.n)
    return np.array([as_float(test.primary), as_float(test.junior), np.nan])[subjects.stage]


def _with_equivalent(found: _Compared, other: _Compared, bound: NDArray[np.bool_]) -> _Compared:
    """Judge by a figure or an equivalent one; an upper ``bound`` can show that a rule is met, not that it is unmet."""
    theirs = np.where(bound & (other.verdict == UNMET), np.int8(UNDETERMINED), other.verdict)
    better = (theirs == UNMET) & (found.verdict != UNMET) | (theirs == MET) & (found.verdict == UNDETERMINED)
    return evolve(
        found,
        verdict=np.where(better, theirs, found.verdict).astype(np.int8),
        value=np.where(better, other.value, found.value),
        required=np.where(better, other.required, found.required),
    )


def _apply_doubt(found: _Results, inside: Codes, doubt: Doubt) -> _Results:
    """Adjust verdicts if the sources do not say whether a rule applies to the subjects ``inside``."""
    verdict, concerned = found.verdict, found.concerned
    if doubt.decision == "left_out":
        concerned = concerned & (inside != MET)
        verdict = np.where(inside == MET, np.int8(MET), verdict)
    # "counted" changes nothing; "open" leaves undetermined what would be met if the rule did not apply
    open_ = (inside != UNMET) & (verdict == UNMET) & (doubt.decision != "counted")
    return evolve(
        found,
        verdict=np.where(open_, np.int8(UNDETERMINED), verdict),
        disagree=found.disagree | (open_ & (inside == MET)),
        concerned=concerned,
    )


def _exact_sum(subjects: Subjects, chosen: Ints, name: str, counties: Ints) -> list[Fraction]:
    """Return the exact sum of a column over the chosen units of some counties."""
    mine = chosen[np.isin(subjects.county[chosen], counties)]
    out = dict.fromkeys(counties.tolist(), Fraction(0))
    for county, x in zip(subjects.county[mine].tolist(), subjects.exactly(name, mine), strict=True):
        out[county] += x
    return list(out.values())
