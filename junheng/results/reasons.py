"""The reasons of verdicts of parts, items and schools, in sentences (private)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from junheng._arrays import Ints
from junheng._data import STAGES
from junheng.errors import ProblemCode
from junheng.facts import fact_columns
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.judging.conditions import ReadingResult, UnitResult
from junheng.judging.items import ItemResult
from junheng.judging.judgement import Judgement
from junheng.results.missing import NAMED, figures_lacking, figures_of, in_brackets, of_county, some_names
from junheng.schools import columns
from junheng.standards.model import Comparison, Condition
from junheng.words import SIGNS, Name, message, sentences, word

# ---------------------------------------------------------------------------------------------- figures


def number(value: float, beside: float | None = None) -> str:
    """Write a number with as many digits as distinguish it from ``beside``."""
    for digits in (4, 6, 9, 12, 15):
        text = f"{value:.{digits}f}"
        if beside is None or value == beside or float(text) != beside:
            break
    return text.rstrip("0").rstrip(".") if "." in text else text


def number_or_unknown(value: float, language: str, beside: float | None = None) -> str:
    """Write a number, or that it is unknown."""
    return sentences("results", language)["unknown"] if np.isnan(value) else number(value, beside)


def figure_label(name: str, scope: str, language: str) -> str:
    """Name a figure: a fact of the county, or a column of schools."""
    return str(getattr((fact_columns() if scope == "county" else columns())[name], language))


# ------------------------------------------------------------------------------------------------ parts


def part_reasons(d: Judgement, language: str, counties: Sequence[int] | None = None) -> list[str]:
    """Return the reason of every part of every county (or the counties given), county by county."""
    chosen = range(d.n_counties) if counties is None else counties
    by_part = [_part_reasons(d, part, chosen, language) for part in d.part_verdicts]
    return [reason for row in zip(*by_part, strict=True) for reason in row]


def _part_reasons(d: Judgement, part: str, counties: Sequence[int], language: str) -> list[str]:
    """Return the reason of a part for some counties; counties with the same verdicts share a sentence."""
    items = [r for r in d.items if r.item.part == part and r.item.rule != "scored"]
    with_figures = any(r.item.rule != "conditions" for r in items)
    parts = d.part_verdicts.values() if part == "overall" else ()
    rows = np.stack([d.part_verdicts[part], *(r.verdict for r in items), *parts], axis=1).tolist()
    known: dict[Any, str] = {}
    reasons = []
    for county in counties:
        key = county if with_figures else tuple(rows[county])
        if key not in known:
            known[key] = _part_reason(d, part, items, rows[county], county, language)
        reasons.append(known[key])
    return reasons


#: How items of a verdict are counted.
_ITEMS = {MET: "all_met", UNMET: "items_unmet", UNDETERMINED: "items_open"}
_MANY_ITEMS = {UNMET: "items_unmet_many", UNDETERMINED: "items_open_many"}


def _part_reason(
    d: Judgement, part: str, items: Sequence[ItemResult], verdicts: Sequence[int], county: int, language: str
) -> str:
    """Return the reason of a part; ``verdicts`` begins with those of the part and of its items."""
    text = sentences("results", language)
    if part == "overall":
        same = [r for r, v in zip(items, verdicts[1:], strict=False) if v == verdicts[0]]
        reasons = [overall_reason(d, county, language)]
        # the overall verdict is met by the parts
        if verdicts[0] != MET or any(r.item.rule != "conditions" for r in same):
            reasons += _reasons_of_items(d, verdicts[0], same, county, language)
    elif not items:
        return text["only_scored" if any(r.item.part == part for r in d.items) else "no_items"]
    else:
        # a part is met by all of its items
        wanted = [r for r, v in zip(items, verdicts[1:], strict=False) if verdicts[0] in (MET, v)]
        reasons = _reasons_of_items(d, verdicts[0], wanted, county, language)
    return text["join"].join(dict.fromkeys(r for r in reasons if r))


def _reasons_of_items(d: Judgement, verdict: int, items: Sequence[ItemResult], county: int, language: str) -> list[str]:
    """Return the reasons that items give for a verdict: in full for those judged by figures, the others counted."""
    counted = [r for r in items if r.item.rule == "conditions"]
    reasons = [_stage_reason(d, r, county, language) for r in items if r.item.rule != "conditions"]
    if verdict == UNDETERMINED and any(_uses_figures(d, r) for r in items):
        reasons.append(_columns_lacking(d, language))
    if counted:
        reasons.append(_items_counted(verdict, counted, language))
    return reasons


def _items_counted(verdict: int, items: Sequence[ItemResult], language: str) -> str:
    """Count the items of a verdict; a few are named, many are listed further down."""
    text = sentences("results", language)
    if verdict in _MANY_ITEMS and len(items) > NAMED:
        return text[_MANY_ITEMS[verdict]].format(n=len(items))
    names = text["list"].join(str(getattr(r.item.label, language)) for r in items)
    return text[_ITEMS[verdict]].format(n=len(items), names=names)


def _uses_figures(d: Judgement, result: ItemResult) -> bool:
    """Tell whether an item is judged by indicators."""
    return result.item.rule not in ("conditions", "every_school_complies") or (
        result.item.rule == "every_school_complies" and bool(d.standard.thresholds)
    )


def _columns_lacking(d: Judgement, language: str) -> str:
    """Say which columns of figures the table does not have; empty if it has all."""
    lacking = [p.column for p in d.problems if p.code is ProblemCode.MISSING_COLUMN and p.column is not None]
    names = sentences("results", language)["list"].join(str(getattr(columns()[c], language)) for c in lacking)
    return sentences("results", language)["columns_lacking"].format(names=names) if names else ""


def overall_reason(d: Judgement, county: int, language: str) -> str:
    """Return the reason of the overall verdict of a county."""
    text = sentences("results", language)
    if d.part_verdicts["overall"][county] == MET:
        return text["overall_met"]
    reasons = []
    for code, key in ((UNMET, "because_unmet"), (UNDETERMINED, "because_open")):
        parts = [p for p, verdicts in d.part_verdicts.items() if p != "overall" and verdicts[county] == code]
        if parts:
            names = text["list"].join(str(word("part", p, language)) for p in parts)
            reasons.append(text[key].format(parts=names))
    return text["join"].join(reasons)


def _stage_reason(d: Judgement, result: ItemResult, county: int, language: str) -> str:
    """Return why the schools or the coefficients of a stage have their verdict."""
    text = sentences("results", language)
    stage = word("stage", STAGES[result.stage], language)
    if result.reason[county] == "no_schools":
        return text["no_schools"].format(stage=stage)
    if result.reason[county] == "no_requirement":
        return str(word("reason", "no_requirement", language))
    if result.item.rule == "composite_coefficient":
        value, required = float(result.value[county]), float(result.required[county])
        return text["composite"].format(
            stage=stage,
            value=number_or_unknown(value, language, required),
            op=SIGNS[result.op[0] or "<="],
            required=number(required),
            why=in_brackets(_coefficients_open(d, county, result.stage, language), language),
        )
    met, unmet, open_ = (int(x) for x in result.counts[county])
    keys = ("schools", "schools_met")
    if result.item.rule != "every_school_complies":
        keys = ("coefficients", "coefficients_met")
    key = keys[bool(result.verdict[county] == MET)]
    return text[key].format(stage=stage, total=met + unmet + open_, met=met, unmet=unmet, open=open_)


def _coefficients_open(d: Judgement, county: int, stage: int, language: str) -> str:
    """Say which coefficients of a mean cannot be computed; empty if none."""
    g = int(d.group_at[county, stage])
    limit = d.standard.limit("composite", stage=STAGES[stage])
    own = None if limit is None or not limit.indicators else set(limit.indicators)
    names = [
        str(getattr(indicator, language))
        for j, indicator in enumerate(d.indicators)
        if g >= 0 and (own is None or indicator.id in own) and np.isnan(d.coefficient[g, j])
    ]
    return sentences("results", language)["mean_lacks"].format(names=some_names(names, language)) if names else ""


# ------------------------------------------------------------------------------------------------ items


def findings_of(d: Judgement, result: ItemResult, language: str) -> tuple[list[str], Ints]:
    """Return the findings of an item, and which is that of each county: counties with the same figures share one."""
    alike = np.zeros(d.n_counties, dtype=np.int64)
    for figures in _figures(d, result):
        if (figures == figures[:1]).all():
            continue
        _, codes = np.unique(figures, return_inverse=True)
        _, alike = np.unique(alike * d.n_counties + codes, return_inverse=True)
    _, first, which = np.unique(alike, return_index=True, return_inverse=True)
    return [finding(d, result, county, language) for county in first.tolist()], which.astype(np.int64, copy=False)


def _figures(d: Judgement, result: ItemResult) -> Iterator[NDArray[Any]]:
    """Yield what distinguishes the sentences of two counties: an array over the counties for each figure."""
    yield from (result.condition, result.verdict, *result.counts.T)
    unknown = np.isnan(result.value)
    for values in (result.value, result.required):
        yield np.where(np.isnan(values), np.nan, values).view(np.int64)
    yield result.reason.codes
    for reading in (r for each in result.each for r in each.readings):
        yield reading.verdict
        for values in (reading.value, reading.required):
            yield np.where(np.isnan(values), np.nan, values).view(np.int64)
    if any(c.dated for c in result.item.conditions):
        yield np.isnan(d.years)
    for units in result.units:
        if units is not None and not units.units.whole:
            at = units.units.county[units.concerned] * len(STAGES) + units.units.stage[units.concerned]
            yield from np.bincount(at, minlength=d.n_counties * len(STAGES)).reshape(-1, len(STAGES)).T
    if result.item.rule not in ("conditions", "scored"):
        yield np.where(unknown, np.arange(d.n_counties), -1)
        return
    conditions = [c for c in result.item.conditions if c.scope == "county"]
    for name in sorted({f for c in conditions for f in (*figures_of(c), *c.than, *c.unless_no)}):
        yield unknown & np.isnan(d.facts.number(name))


def finding(d: Judgement, result: ItemResult, county: int, language: str) -> str:
    """Return the finding of an item in a sentence: its figures, or the counts of schools."""
    text = sentences("results", language)
    if result.item.rule not in ("conditions", "scored"):
        return _stage_reason(d, result, county, language)
    position = int(result.condition[county])
    condition = result.item.conditions[position]
    if result.reason[county] == "nothing_applies":
        return text["nothing_applies"]
    what = _formula(condition, language)
    met, unmet, open_ = (int(x) for x in result.counts[county])
    counts = {"total": met + unmet + open_, "met": met, "unmet": unmet, "open": open_}
    units = result.units[position]
    by_school = units is not None
    if units is not None and condition.scope != "share":
        why = in_brackets(_why_units_open(d, result, units, county, language), language)
        return text["subjects"].format(what=what, units=units_counted(units, county, language), **counts) + why
    value, required = float(result.value[county]), float(result.required[county])
    if result.item.rule == "scored":
        return text["scored"].format(what=what, value=number_or_unknown(value, language))
    if condition.op == "==" and not condition.bottom and required in (0.0, 1.0):
        answer = text["unknown"] if np.isnan(value) else text["yes" if value else "no"]
        return text["attested"].format(what=what, value=answer, required=text["yes" if required else "no"])
    of_years = required_in_years(d, condition, county, int(result.verdict[county]), language)
    return text["figure_of_years" if of_years else "figure"].format(
        what=text["share"].format(what=what, **counts) if by_school else what,
        value=number_or_unknown(value, language, required),
        op=SIGNS[condition.op],
        required=of_years or number_or_unknown(required, language),
        why=in_brackets(_why_figure_open(d, result, county, language), language),
    )


def _why_figure_open(d: Judgement, result: ItemResult, county: int, language: str) -> str:
    """Return what leaves a figure of the county open: interpretations, figures that are lacking, questions."""
    position = int(result.condition[county])
    condition, why = result.item.conditions[position], ""
    if result.reason[county] == "readings_disagree":
        why = readings_differ(result.each[position].readings, county, language)
    if not why and condition.scope == "county" and len(figures_of(condition)) > 1:  # one figure is named anyway
        why = figures_lacking(of_county(d, condition, county), language)
    if np.isnan(result.value[county]):
        said = (why, may_be_answered_no(d, condition, county, language))
        why = sentences("results", language)["join"].join(x for x in said if x)
    return why


def may_be_answered_no(d: Judgement, condition: Condition, county: int, language: str) -> str:
    """Say which questions settle a condition that does not apply to a county; empty if all have an answer."""
    text = sentences("results", language)
    asked = [f for f in condition.unless_no if np.isnan(d.facts.number(f)[county])]
    names = text["list"].join(figure_label(f, "county", language) for f in asked)
    return text["answer_no"].format(facts=names) if asked else ""


def _why_units_open(d: Judgement, result: ItemResult, units: UnitResult, county: int, language: str) -> str:
    """Return why schools with all their figures are undetermined; empty if there is no such reason."""
    reason = result.reason[county]
    if reason not in ("size_undecided", "readings_disagree"):
        return ""
    doubts = [x for x in d.standard.doubts if result.item.id in x.items and x.decision == "open"]
    by_norm = result.item.conditions[int(result.condition[county])].norm is not None
    if (
        reason == "readings_disagree"
        and doubts
        and not by_norm
        and not contradicted(units)[units.failing.at(county)].any()
    ):
        text = sentences("results", language)
        return text["list"].join(text["doubt"].format(doubt=getattr(x.label, language)) for x in doubts)
    return str(word("reason", reason, language))


def contradicted(units: UnitResult) -> NDArray[np.bool_]:
    """Tell which schools are undetermined because the interpretations of a condition contradict each other."""
    verdicts = [r.verdict for r in units.readings] or [units.verdict]
    return np.asarray(
        (units.verdict == UNDETERMINED) & (np.min(verdicts, axis=0) == UNMET) & (np.max(verdicts, axis=0) == MET)
    )


def readings_differ(
    readings: Sequence[ReadingResult],
    at: int,
    language: str,
    written: Callable[[Comparison, float, float], str] | None = None,
) -> str:
    """Say what each interpretation gives, for the county or the school at a place; empty if none contradicts."""
    verdicts = [int(r.verdict[at]) for r in readings]
    if len(set(verdicts)) < 2:
        return ""
    text = sentences("results", language)
    said = []
    for r, verdict in zip(readings, verdicts, strict=True):
        value, required = float(r.value[at]), float(r.required[at])
        figures = [
            number_or_unknown(x, language, required) if written is None else written(r.test, x, required)
            for x in (value, required)
        ]
        what, op, verdict_ = _formula(r.test, language), SIGNS[r.test.op], word("verdict", VERDICTS[verdict], language)
        said.append(text["reading"].format(what=what, value=figures[0], op=op, required=figures[1], verdict=verdict_))
    return text["readings_differ"].format(readings=text["join"].join(said))


def required_in_years(
    d: Judgement,
    condition: Comparison,
    county: int,
    verdict: int,
    language: str,
    written: Callable[[float], str] = number,
) -> str:
    """Say what the years require where a county gives no year; empty if it does, or the year does not matter."""
    if not condition.dated or not np.isnan(d.years[county]):
        return ""
    text = sentences("results", language)
    limits = [
        text["limit"].format(op=SIGNS[condition.op], value=written(v))
        for v in sorted({float(step.value) for step in condition.dated})
    ]
    if verdict == UNDETERMINED:
        return text["years_differ"].format(limits=text["list"].join(limits))
    at_least = condition.op in (">=", ">")
    key = {MET: ("years_kept", "years_reached"), UNMET: ("years_exceeded", "years_missed")}[verdict][at_least]
    return text[key].format(limit=limits[-1 if at_least == (verdict == MET) else 0])


def units_counted(units: UnitResult, county: int, language: str) -> str:
    """Count the schools that a condition is about, or the stages of schools, stage by stage."""
    here = units.units.stage[units.concerned & (units.units.county == county)]
    by_stage = [] if units.units.whole else [(stage, int((here == s).sum())) for s, stage in enumerate(STAGES)]
    named = [
        message("results.units_of_stage", n=n, stage=Name("stage", stage)).text(language) for stage, n in by_stage if n
    ]
    return sentences("results", language)["list"].join(named) or message("results.units_schools", n=here.size).text(
        language
    )


def _formula(condition: Comparison, language: str) -> str:
    """Write what is compared: a sum of figures, or a quotient of two sums."""
    names = _sum(condition.top, condition.top_minus, condition, language)
    if not condition.bottom:
        return names
    below = _sum(condition.bottom, condition.bottom_minus, condition, language)
    return names + sentences("results", language)["over"] + below


def _sum(plus: Sequence[str], minus: Sequence[str], condition: Comparison, language: str) -> str:
    """Write a sum of figures, in brackets where it is part of a quotient."""
    text = sentences("results", language)
    names = text["plus"].join(figure_label(f, condition.scope, language) for f in plus)
    for f in minus:
        names += text["minus"] + figure_label(f, condition.scope, language)
    return text["bracket"].format(sum=names) if condition.bottom and len(plus) + len(minus) > 1 else names


# ---------------------------------------------------------------------------------------------- schools


def school_reason(d: Judgement, pattern: list[int], language: str) -> str:
    """Return why a school complies or not; ``pattern`` has verdict + 3 * floor verdict an indicator, -1 for none."""
    text = sentences("results", language)
    rule = d.standard.school_rule

    def those(verdict: int, floors: Sequence[int] = (UNMET, UNDETERMINED, MET)) -> list[int]:
        return [j for j, code in enumerate(pattern) if code % 3 == verdict and code // 3 in floors]

    met, unknown = those(MET), those(UNDETERMINED)
    total = len(met) + len(unknown) + len(those(UNMET))
    if rule is None or not total:
        return text["school_no_rule"]
    reason = text["school_counts"].format(met=len(met), total=total)
    if rule.kind == "at_least" and len(met) < (rule.k or 0):
        reason += text["school_needs"].format(k=rule.k)
    if rule.floor_ratio is None:
        lists = [("school_unmet", those(UNMET))]
    else:
        lists = [("school_floor", those(UNMET, [MET])), ("school_below", those(UNMET, [UNMET, UNDETERMINED]))]
    for key, chosen in (*lists, ("school_open", unknown)):
        if chosen:
            names = text["list"].join(str(getattr(d.indicators[j], language)) for j in chosen)
            reason += text[key].format(names=names)
    return reason
