"""Judging the items of a standard, each rule over all counties at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng.errors import ProblemCode
from junheng.facts import Facts
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET
from junheng.judging.comparisons import Figures, as_float, compare_figures, divide, terms
from junheng.judging.conditions import ConditionResult, Judge, UnitResult
from junheng.judging.findings import Codes, Findings
from junheng.standards.model import Comparison, Condition, Item, Limit, Standard
from junheng.words import SIGNS, Message, Name, Quoted, message

__all__ = ["WHY_OPEN", "ItemResult", "give_hints", "judge_items"]

#: Why an item is undetermined; arrays hold positions in this tuple.
WHY_OPEN = (
    "",
    "no_schools",
    "no_requirement",
    "schools_open",
    "coefficients_open",
    "scored",
    "not_given",
    "readings_disagree",
    "size_undecided",
    "nothing_applies",
)
_CODES = {name: np.int8(i) for i, name in enumerate(WHY_OPEN)}


@frozen(eq=False)
class Reasons:
    """Why an item is undetermined in each county, as codes; ``reasons[county]`` is the id, empty if it is not."""

    codes: Codes

    def __getitem__(self, county: int) -> str:
        return WHY_OPEN[self.codes[county]]


@frozen(eq=False, kw_only=True)
class ItemResult:
    """Results of one item (in one stage, if it is judged by stage) for each county.

    ``units`` holds the results of schools for conditions on schools; ``condition`` is the position of the condition
    that decided.
    """

    item: Item
    stage: int = -1
    verdict: Codes
    value: Floats
    required: Floats
    op: tuple[str | None, ...]
    condition: NDArray[np.int16]
    counts: Ints
    reason: Reasons
    units: tuple[UnitResult | None, ...] = ()
    each: tuple[ConditionResult, ...] = ()
    """Results of every condition; empty for items of resources."""

    def is_about(self, county: int) -> bool:
        """Tell whether a county has a school of the stage of an item; an item of no stage is about every county."""
        return self.reason[county] != "no_schools"


def judge_items(findings: Findings) -> list[ItemResult]:
    """Judge every item of the standard."""
    out: list[ItemResult] = []
    judge = Judge(findings)
    for item in findings.standard.items:
        if item.rule in ("conditions", "scored"):
            out.append(_by_conditions(judge, item))
        else:
            out += [_by_resources(findings, item, s) for s in _stages_of(findings, item)]
    return out


def give_hints(standard: Standard, facts: Facts) -> None:
    """Report hints of the standard that fail; they do not affect verdicts."""
    for item in standard.items:
        for hint in item.hints:
            top, bottom = terms(facts.number, hint.test, facts.n)
            required = np.full(facts.n, as_float(hint.test.value))
            value = divide(top, bottom)
            failing = compare_figures(top, bottom, required, hint.test, Figures.as_typed(facts.number)) == UNMET
            for at in np.flatnonzero(failing).tolist():
                failed = message(
                    "facts.hint",
                    figure=_quotient(hint.test),
                    value=float(value[at]),
                    op=SIGNS.get(hint.test.op, hint.test.op),
                    required=hint.test.value,
                    clause=hint.clause,
                    standing=Name("standing", str(hint.standing)),
                    item=Quoted(item.id),
                )
                facts.hint(at, ProblemCode.SURVEY_SAMPLE, failed, hint.test.top[0])


def _quotient(test: Comparison) -> Message | Name:
    """Return the figure that is compared: a sum, or a quotient of sums."""
    top, *bottom = [_sum(names) for names in (test.top, test.bottom) if names]
    return message("facts.over", top=top, bottom=bottom[0]) if bottom else top


def _sum(names: Sequence[str]) -> Message | Name:
    first, *others = (Name("column", n) for n in names)
    return message("facts.plus", one=_sum(names[:-1]), other=others[-1]) if others else first


def _stages_of(findings: Findings, item: Item) -> list[int]:
    std = findings.standard
    if item.rule == "every_school_complies":
        named: set[str] = {str(t.stage) for t in std.thresholds} or set(STAGES)
    else:
        kind = "each" if item.rule == "each_coefficient" else "composite"
        named = {x.stage for x in std.limits if x.kind == kind}
    return [s for s, stage in enumerate(STAGES) if stage in named]


def _by_resources(findings: Findings, item: Item, stage: int) -> ItemResult:
    """Judge an item on school verdicts or coefficients in one stage."""
    n, rule = findings.n_counties, _RESOURCES[item.rule]
    there, found = rule(findings, stage)
    verdict = np.full(n, UNDETERMINED, dtype=np.int8)
    value, required = np.full(n, np.nan), np.full(n, np.nan)
    counts = np.zeros((n, 3), dtype=np.int64)
    reason = np.full(n, _CODES["no_schools"])
    verdict[there], value[there], counts[there] = found.verdict, found.value, found.counts
    reason[there] = _CODES[found.why_open]
    if found.limit is None:
        required[there] = 1.0
    else:
        required[:] = float(found.limit.value)
    reason[verdict != UNDETERMINED] = 0
    return ItemResult(
        item=item,
        stage=stage,
        verdict=verdict,
        value=value,
        required=required,
        op=(">=" if found.limit is None else found.limit.op,),
        condition=np.zeros(n, dtype=np.int16),
        counts=counts,
        reason=Reasons(reason),
    )


@frozen(eq=False)
class _StageResult:
    """Results of a stage in the counties that have it."""

    verdict: Codes
    value: Floats
    counts: Ints
    why_open: str
    limit: Limit | None = None


def _every_school(findings: Findings, stage: int) -> tuple[Ints, _StageResult]:
    """Judge counties by the verdicts of their schools."""
    there = np.flatnonzero(findings.schools_by_verdict[:, stage].any(axis=1))
    by_verdict = findings.schools_by_verdict[there, stage]
    verdict = np.where(by_verdict[:, UNMET] > 0, UNMET, np.where(by_verdict[:, UNDETERMINED] > 0, UNDETERMINED, MET))
    share = by_verdict[:, MET] / by_verdict.sum(axis=1)
    why = "schools_open" if findings.standard.thresholds else "no_requirement"
    return there, _StageResult(verdict, share, by_verdict[:, [MET, UNMET, UNDETERMINED]], why)


def _each_coefficient(findings: Findings, stage: int) -> tuple[Ints, _StageResult]:
    """Judge counties by each coefficient that has a limit; the largest is reported."""
    there, groups = _groups_of(findings, stage)
    limited = np.isfinite(findings.limits[groups]).any(axis=0)
    verdicts, values = findings.coefficient_verdicts[groups][:, limited], findings.coefficient[groups][:, limited]
    largest = values.max(axis=1, initial=-np.inf)
    largest[np.isinf(largest)] = np.nan
    counts = np.stack([(verdicts == v).sum(axis=1) for v in (MET, UNMET, UNDETERMINED)], axis=1)
    limit = findings.standard.limit("each", stage=STAGES[stage])
    return there, _StageResult(verdicts.min(axis=1, initial=MET), largest, counts, "coefficients_open", limit)


def _composite_coefficient(findings: Findings, stage: int) -> tuple[Ints, _StageResult]:
    """Judge counties by their mean coefficient."""
    there, groups = _groups_of(findings, stage)
    limit = findings.standard.limit("composite", stage=STAGES[stage])
    none = np.zeros((there.size, 3), dtype=np.int64)
    found = findings.composite_verdicts[groups], findings.composite[groups]
    return there, _StageResult(*found, none, "coefficients_open", limit)


_RESOURCES = {
    "every_school_complies": _every_school,
    "each_coefficient": _each_coefficient,
    "composite_coefficient": _composite_coefficient,
}


def _groups_of(findings: Findings, stage: int) -> tuple[Ints, Ints]:
    """Return the counties with a counted school of a stage, and their groups."""
    groups = findings.group_at[:, stage]
    there = np.flatnonzero(groups >= 0)
    return there, groups[there]


def _by_conditions(judge: Judge, item: Item) -> ItemResult:
    """Judge an item by its conditions, all of which must be met."""
    std = judge.findings.standard
    relaxed = [r for r in std.relaxations if r.id in std.applied and r.item == item.id]
    doubts = [d for d in std.doubts if item.id in d.items]
    each = []
    for i, condition in enumerate(item.conditions):
        easier = [(r, r.conditions[i]) for r in relaxed if i < len(r.conditions)]
        found = judge.judge(condition, easier, doubts)
        skipped = _is_skipped(judge.findings, condition, found)
        each.append(found if skipped is found.skipped else evolve(found, skipped=skipped))
    skipped = np.stack([c.skipped for c in each])
    verdicts = np.where(skipped, MET, np.stack([c.verdict for c in each]))
    verdicts[:, skipped.all(axis=0)] = UNDETERMINED  # no condition applies
    decided = np.where(skipped, MET + 1, verdicts).argmin(axis=0)
    verdict = verdicts[decided, np.arange(decided.size)].astype(np.int8)
    if item.rule == "scored":
        verdict[:] = UNDETERMINED
    nothing = _nothing_applies(item, each)
    return ItemResult(
        item=item,
        verdict=verdict,
        value=np.where(nothing, np.nan, _of_deciding([c.value for c in each], decided)),
        required=np.where(nothing, np.nan, _of_deciding([c.required for c in each], decided)),
        # the reported value is the share of schools that meet it, and all must
        op=tuple(">=" if c.scope in ("school", "section") else c.op for c in item.conditions),
        condition=decided.astype(np.int16),
        counts=_of_deciding([c.counts for c in each], decided),
        reason=Reasons(_why_open(item, each, decided, verdict)),
        units=tuple(c.units for c in each),
        each=tuple(each),
    )


def _of_deciding(each: Sequence[NDArray[Any]], decided: Ints) -> NDArray[Any]:
    """Return for each county what belongs to the condition that decided; conditions that share an array keep it."""
    if all(own is each[0] for own in each):
        return each[0]
    return np.stack(each)[decided, np.arange(decided.size)]


def _why_open(item: Item, each: Sequence[ConditionResult], decided: Ints, verdict: Codes) -> Codes:
    """Return for each county why an item is undetermined, by the condition that decided."""
    if item.rule == "scored":
        return np.full(verdict.size, _CODES["scored"])
    reason = np.zeros(verdict.size, dtype=np.int8)
    for k, found in enumerate(each):
        open_ = (verdict == UNDETERMINED) & (decided == k)
        reason[open_] = _CODES["not_given"]
        reason[open_ & found.disagree] = _CODES["readings_disagree"]
        for county in np.flatnonzero(open_ & ~found.disagree).tolist() if item.conditions[k].by_size else ():
            if _lacks_a_number(found, county):
                reason[county] = _CODES["size_undecided"]
    reason[_nothing_applies(item, each)] = _CODES["nothing_applies"]
    return reason


def _nothing_applies(item: Item, each: Sequence[ConditionResult]) -> NDArray[np.bool_]:
    """Return where the county has nothing that the item asks about; a breach that did not happen is no such thing."""
    about = [c.skipped & (not condition.breach) for condition, c in zip(item.conditions, each, strict=True)]
    return np.asarray(np.all(about, axis=0))


def _lacks_a_number(found: ConditionResult, county: int) -> bool:
    """Tell whether schools are undetermined with all their figures: their size has no single number."""
    if found.units is None:
        return False
    at = found.units.failing.at(county)
    at = at[found.units.verdict[at] == UNDETERMINED]
    known = np.isfinite(found.units.value[at]) & np.isfinite(found.units.units.number("classes")[at])
    return bool(known.all() and np.isnan(found.units.required[at]).all())


def _is_skipped(findings: Findings, condition: Condition, found: ConditionResult) -> NDArray[np.bool_]:
    """Return where a condition is skipped: a breach that did not happen, or something the county does not have."""
    if condition.breach:
        return np.asarray(found.verdict != UNMET)
    absent = [findings.facts.number(f) == 0 for f in condition.unless_no]
    return np.any(absent, axis=0) if absent else found.skipped
