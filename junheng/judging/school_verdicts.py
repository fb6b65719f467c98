"""Whether a school complies: thresholds, floors, size tables, and how many indicators must be met."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng.indicators import exact
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, all_of, at_least
from junheng.judging.findings import Codes, SchoolVerdicts, reason_code
from junheng.judging.subjects import special_sections
from junheng.judging.values import IndicatorValues, as_written, compare_exactly, perhaps_relaxed, relaxations_of
from junheng.schools.inclusion import LEFT_OUT
from junheng.schools.sections import Sections
from junheng.standards.model import Standard, Threshold

__all__ = ["MEANT", "SchoolVerdicts", "judge_schools", "what_is_asked"]


def judge_schools(std: Standard, sections: Sections, indicators: Sequence[IndicatorValues]) -> SchoolVerdicts:
    """Judge each section by each indicator, and by all of them."""
    shape = len(indicators), sections.rows.size
    verdicts = np.full(shape, UNDETERMINED, dtype=np.int8)
    floors, reasons = verdicts.copy(), np.zeros(shape, dtype=np.int8)
    by_classes: dict[int, Floats] = {}
    of_stage = [np.flatnonzero(here) for here in sections.of_stage]
    for j, values in enumerate(indicators):
        thresholds = [std.find(values.indicator.id, stage) for stage in STAGES]
        if any(t is not None and not t.fixed for t in thresholds):
            by_classes[j] = np.full(sections.rows.size, np.nan)
        for t, at in zip(thresholds, of_stage, strict=True):
            if t is None or not at.size:
                continue
            asked = what_is_asked(t, values, at)
            verdicts[j, at], reasons[j, at] = _judge_sections(values, at, t, asked)
            if t.floor is not None:
                floors[j, at] = compare_exactly(values, at, float(t.floor), t.op, as_written([t.floor]))
            if j in by_classes:
                by_classes[j][at] = asked.value
        relaxations = relaxations_of(std, values.indicator)
        if relaxations:
            unknown, amount = (
                np.any(x, axis=0) for x in zip(*(perhaps_relaxed(sections, r) for r in relaxations), strict=True)
            )
            best = IndicatorValues.compute(values.indicator, sections, std, np.empty(shape[1]), perhaps=True)
            for t, at in zip(thresholds, of_stage, strict=True):
                own = at[(unknown | amount)[at]]
                if t is not None and own.size:
                    may, floor = _may_be_met(best, own, t, amount[own])
                    reasons[j, own[may & (verdicts[j, own] == UNMET)]] = reason_code("missing_value")
                    verdicts[j, own[may & (verdicts[j, own] == UNMET)]] = UNDETERMINED
                    floors[j, own[floor & (floors[j, own] == UNMET)]] = UNDETERMINED
    out = np.flatnonzero(sections.out)
    verdicts[:, out] = floors[:, out] = UNDETERMINED
    reasons[:, out] = np.array([reason_code(code) for code in LEFT_OUT])[sections.out[out]]
    return SchoolVerdicts(verdicts, floors, reasons, by_classes, _by_rule(std, sections, verdicts, floors))


def _may_be_met(
    best: IndicatorValues, at: Ints, t: Threshold, amount: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return where a threshold and its floor may be met if a relaxation applies; by an unknown ``amount`` they may."""
    verdict, _ = _judge_sections(best, at, t, what_is_asked(t, best, at))
    floor = verdict if t.floor is None else compare_exactly(best, at, float(t.floor), t.op, as_written([t.floor]))
    return amount | (verdict != UNMET), amount | (floor != UNMET)


# ------------------------------------------------------------------------------------- requirements


#: Verdict on whether a rule applies to a school, as False, None (unknown) or True.
MEANT = {UNMET: False, UNDETERMINED: None, MET: True}


@frozen(eq=False)
class _Requirement:
    """Requirement of a threshold for some sections: one number, or the stricter and laxer of several possible ones.

    ``value`` is the number that decides; ``reason`` says why there is none, or more than one. ``verdict`` compares the
    values with it, undetermined if the stricter and the laxer number do not give the same.
    """

    value: Floats
    stricter: Floats
    reason: Codes
    verdict: Codes

    @property
    def lost(self) -> NDArray[np.bool_]:
        """Whether the number was lost and only the requirement itself is known."""
        return np.asarray(self.reason == reason_code("number_lost"))


def what_is_asked(t: Threshold, values: IndicatorValues, at: Ints) -> _Requirement:
    """Return the requirement for some sections, by number of classes or by special numbers (``instead``)."""
    sections = values.sections
    if t.fixed:
        assert t.value is not None
        number = np.array(float(t.value))
        verdict = compare_exactly(values, at, number, t.op, as_written([t.value]))
        return _Requirement(number, number, np.zeros((), dtype=np.int8), verdict)
    if t.classes:
        sizes, which = np.unique(sections.number("classes")[at], return_inverse=True)
        found = [t.asked(exact.typed(k) if np.isfinite(k) else None) for k in sizes.tolist()]
    else:
        # schools with equal answers share a number; answers are encoded in base three
        special = [codes[at] for codes in special_sections(sections, t)]
        answers, which = np.unique(sum(c * 3**n for n, c in enumerate(special)), return_inverse=True)
        found = [t.asked(meant=[MEANT[a // 3**n % 3] for n in range(len(special))]) for a in answers.tolist()]
    stricter, laxer = (np.array([float(n[i]) if n else np.nan for n, _ in found])[which] for i in (-1, 0))
    reason = np.array([reason_code(why) for _, why in found], dtype=np.int8)[which]
    written = as_written([x for n, _ in found for x in n])
    strict, lax = (compare_exactly(values, at, number, t.op, written) for number in (stricter, laxer))
    decides = np.where((stricter == laxer) | (strict == MET), stricter, np.where(lax == UNMET, laxer, np.nan))
    return _Requirement(decides, stricter, reason, np.where(strict == lax, strict, np.int8(UNDETERMINED)))


def _judge_sections(values: IndicatorValues, at: Ints, t: Threshold, asked: _Requirement) -> tuple[Codes, Codes]:
    """Return the verdict of each section on a threshold, and why it is undetermined."""
    verdict = asked.verdict
    value, reason = values.value[at], np.zeros(at.size, dtype=np.int8)
    if not t.fixed:
        # the number was lost: only zero is unmet
        verdict[asked.lost & (value == 0)] = UNMET
        reason = np.where((verdict == UNDETERMINED) | asked.lost, asked.reason, reason)
    gap = np.isnan(value)
    if t.op == ">=" and (asked.stricter == 0).any():
        # a requirement of 0 is always met
        nothing = np.broadcast_to(asked.stricter == 0, value.shape)
        verdict[nothing], reason[nothing] = MET, 0
        gap &= ~nothing
    if values.indicator.denominator != "students" and values.denominator is not None:
        # students without teachers: no ratio exists, but "at most 19 students per teacher" is unmet
        nobody = gap & (values.denominator[at] == 0) & (values.numerator(at) > 0) & ~np.isnan(asked.stricter)
        if t.op in ("<=", "<"):
            verdict[nobody] = UNMET
        reason[nobody] = reason_code("zero_denominator")
        gap &= ~nobody
    gaps = np.flatnonzero(gap)
    reason[gaps] = np.where(values.no_rule[at[gaps]], reason_code("no_split_rule"), reason_code("missing_value"))
    return verdict, reason


# ------------------------------------------------------------------------------------- how many must be met


def _by_rule(std: Standard, sections: Sections, verdicts: Codes, floors: Codes) -> Codes:
    """Return the verdict of each section over all indicators, undetermined if it is left out."""
    out = np.full(sections.rows.size, UNDETERMINED, dtype=np.int8)
    rule = std.school_rule
    if rule is None:
        return out
    for chosen, stages in _stages_alike(std):
        at = np.flatnonzero(np.any([sections.of_stage[s] for s in stages], axis=0) & (sections.out == 0))
        cells = np.ix_(np.array(chosen), at)
        if rule.kind == "all":
            out[at] = all_of(verdicts[cells], axis=0)
        else:
            assert rule.k is not None
            rest = None if rule.floor_ratio is None else floors[cells]
            out[at] = at_least(verdicts[cells], rule.k, rest, axis=0)
    return out


def _stages_alike(std: Standard) -> list[tuple[list[int], list[int]]]:
    """Return sets of indicators with a threshold, and the stages of each set."""
    stages_of: dict[tuple[int, ...], list[int]] = {}
    for s, stage in enumerate(STAGES):
        chosen = tuple(j for j, id_ in enumerate(std.indicators) if std.find(id_, stage) is not None)
        if chosen:
            stages_of.setdefault(chosen, []).append(s)
    return [(list(chosen), stages) for chosen, stages in stages_of.items()]
