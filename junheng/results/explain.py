"""The explanation of a county: which rule, which schools, which numbers, which clause (private)."""

from __future__ import annotations

from typing import Any

import numpy as np

from junheng._arrays import Ints
from junheng._data import STAGES, CountyKey, Stage
from junheng._stages import find_stage
from junheng._text import as_text
from junheng.errors import InputError, did_you_mean
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.judging.conditions import UnitResult
from junheng.judging.items import ItemResult
from junheng.judging.judgement import Judgement
from junheng.results.missing import (
    figures_of,
    in_brackets,
    of_group,
    of_section,
    why_open,
    why_unit_open,
)
from junheng.results.reasons import (
    figure_label,
    finding,
    findings_of,
    number,
    number_or_unknown,
    part_reasons,
    readings_differ,
)
from junheng.schools import category_words, is_grade
from junheng.standards.model import Comparison, Condition, Threshold
from junheng.words import SIGNS, Language, Message, Name, Quoted, listed, message, sentences, word

#: The findings of an item, and which is that of each county.
_Findings = tuple[list[str], Ints]


def find_county(d: Judgement, county: CountyKey | None) -> list[int]:
    """Return the counties that match a name; all if None. A name without a year matches every year."""
    if county is None:
        return list(range(d.n_counties))
    wanted = tuple(as_text(c) for c in (county if isinstance(county, (tuple, list)) else (county,)))
    found = []
    for i in range(d.n_counties):
        names = tuple(str(words[i]) for _, words in d.county_words)
        if names[: len(wanted)] == wanted or " / ".join(names) == " / ".join(wanted):
            found.append(i)
    if not found:
        raise InputError(_no_such_county(d, wanted))
    return found


def _no_such_county(d: Judgement, wanted: tuple[str, ...]) -> Message:
    names = sorted({str(w) for w in d.county_words[0][1]})
    hint = did_you_mean(wanted[0], names)
    if not hint and len(names) > 5:
        hint = message("results.counties_there_more", names=listed(names[:5]))
    elif not hint:
        hint = message("results.counties_there", names=listed(names))
    return message("results.no_such_county", county=Quoted(" / ".join(wanted)), hint=hint)


def find_part(d: Judgement, part: str) -> str:
    """Return the id of a part of the standard, given by its id or its label."""
    known = {
        word("part", id_, language): id_ for id_ in (*d.standard.parts, "overall") for language in (None, "zh", "en")
    }
    if part not in known:
        raise InputError(
            message(
                "results.no_such_part", part=Quoted(part), parts=listed([Name("part", id_) for id_ in d.standard.parts])
            )
        )
    return str(known[part])


def explain(d: Judgement, county: CountyKey | None, stage: Stage | None, part: str | None, language: Language) -> str:
    """Return the findings of one county or all, a line each; of one part alone if it is given."""
    only = None if stage is None else find_stage(stage)
    parts = (*d.standard.parts, "overall") if part is None else (find_part(d, part),)
    wanted = find_county(d, county)
    n = len(d.part_verdicts)
    reasons = part_reasons(d, language, wanted)
    # for many counties, findings they share are written once
    found = [findings_of(d, r, language) for r in d.items] if len(wanted) > 8 else None
    return "\n\n".join(
        "\n".join(_county(d, c, only, parts, language, reasons[i * n : (i + 1) * n], found))
        for i, c in enumerate(wanted)
    )


def _county(
    d: Judgement,
    county: int,
    stage: str | None,
    parts: tuple[str, ...],
    language: str,
    reasons: list[str],
    findings: list[_Findings] | None,
) -> list[str]:
    """Return the lines of a county: overall verdict, parts, schools left out; without these for one part alone."""
    text, std = sentences("results", language), d.standard
    shown = {
        part: {"verdict": _verdict(int(verdicts[county]), language), "reason": _capital(reason)}
        for (part, verdicts), reason in zip(d.part_verdicts.items(), reasons, strict=True)
    }
    label, number = getattr(std.label, language), word("number", std.number, language)
    lines = [text["county_head"].format(county=d.county_name(county), label=label, number=number)]
    whole = "overall" in parts
    lines += [text["overall"].format(**shown["overall"])] if whole else []
    for part in parts:
        if part != "overall":
            lines.append(text["part"].format(part=word("part", part, language), **shown[part]))
        elif any(i.part == "overall" for i in std.items):
            lines.append(text["beside"])
        lines += _items(d, county, part, stage, language, findings)
    return lines + (_left_out(d, county, stage, language) if whole else [])


def _items(
    d: Judgement, county: int, part: str, stage: str | None, language: str, findings: list[_Findings] | None
) -> list[str]:
    """Return the lines of the items of a part; items without any data are named in one line at the end."""
    text = sentences("results", language)
    lines: list[str] = []
    blank: list[str] = []
    headed: set[str] = set()
    for position, result in enumerate(d.items):
        item = result.item
        if item.part != part:
            continue
        standing = word("standing", str(item.standing), language)
        head = text["item"].format(item=getattr(item.label, language), clause=item.clause, standing=standing)
        if result.stage >= 0:
            if not result.is_about(county) or (stage is not None and STAGES[result.stage] != stage):
                continue
            # an item of both stages has one head
            lines += [head] if item.id not in headed else []
            headed.add(item.id)
            by_stage = _schools if item.rule == "every_school_complies" else _coefficients
            lines += by_stage(d, county, result, language)
        elif nothing_known(d, result, county):
            blank.append(str(getattr(item.label, language)))
        else:
            if findings is None:
                found = finding(d, result, county, language)
            else:
                shared, which = findings[position]
                found = shared[which[county]]
            lines.append(f"{head} {_verdict(int(result.verdict[county]), language)}{text['colon']}{found}")
            lines += failing(d, result, county, stage, language)
    if blank:
        lines.append(text["blank"].format(n=len(blank), names=text["join"].join(blank)))
    return lines


# ------------------------------------------------------------------------------------ items of the county


def nothing_known(d: Judgement, result: ItemResult, county: int) -> bool:
    """Tell whether an item is undetermined because no figure at all is known."""
    if result.verdict[county] != UNDETERMINED or result.reason[county] != "not_given":
        return False
    for condition, found in zip(result.item.conditions, result.units, strict=True):
        if found is not None:
            if county in found.told:
                return False
        elif condition.scope == "sum":
            if not np.isnan(result.value[county]):
                return False
        elif any(_is_given(d, f, county) for f in (*condition.top, *condition.bottom)):
            return False
    return True


def _is_given(d: Judgement, fact: str, county: int) -> bool:
    return fact in d.facts.given and not np.isnan(d.facts.number(fact)[county])


def failing(d: Judgement, result: ItemResult, county: int, stage: str | None, language: str) -> list[str]:
    """Return a line for each school that fails conditions, or for which they are undetermined."""
    text = sentences("results", language)
    conditions = [
        (condition, found)
        for condition, found in zip(result.item.conditions, result.units, strict=True)
        # if nothing is known of any school, the finding gives the counts
        if found is not None and county in found.told
    ]
    several = len({figures_of(condition) for condition, _ in conditions}) > 1
    schools: dict[int, list[tuple[int, str]]] = {}
    names: dict[int, str] = {}
    for condition, found in conditions:
        for i in found.failing.at(county).tolist():
            code = int(found.units.stage[i])
            if stage is not None and code >= 0 and STAGES[code] != stage:
                continue
            school = int(d.sections.school[found.units.first[i]])
            names.setdefault(school, str(d.school_names[found.units.row[i]]))
            figure = _subject(d, condition, found, i, language)
            if several:
                label = figure_label(condition.top[0], condition.scope, language)
                figure = text["subject_named"].format(what=label, found=figure)
            schools.setdefault(school, []).append((code, figure))
    return [_school_line(names[school], figures, language) for school, figures in schools.items()]


def _school_line(school: str, figures: list[tuple[int, str]], language: str) -> str:
    """Write a school once, with everything that it fails."""
    text, stages = sentences("results", language), {code for code, _ in figures}
    one = stages.pop() if len(stages) == 1 else -1
    where = "" if one < 0 else text["of_stage"].format(stage=word("stage", STAGES[one], language))
    if one < 0:
        figures = [
            (code, figure if code < 0 else f"{word('stage', STAGES[code], language)}{text['colon']}{figure}")
            for code, figure in figures
        ]
    return text["subject"].format(school=school, stage=where, figures=text["join"].join(f for _, f in figures))


def _subject(d: Judgement, condition: Condition, found: UnitResult, i: int, language: str) -> str:
    """Write the answer or the figure of a school, what is required of it, and what is missing."""
    text = sentences("results", language)
    if condition.scope == "share":
        return text["unknown" if found.verdict[i] == UNDETERMINED else "no"]
    value, required = float(found.value[i]), float(found.required[i])
    return text["subject_open" if np.isnan(required) else "subject_figure"].format(
        value=_figure_or_grade(condition, value, required, language),
        op=SIGNS[condition.op],
        required=_figure_or_grade(condition, required, required, language),
        why=why_unit_open(d, condition, found, i, language) or in_brackets(units_differ(found, i, language), language),
    )


def units_differ(found: UnitResult, i: int, language: str) -> str:
    """Say what each interpretation gives for a school that is undetermined because they contradict each other."""
    if found.verdict[i] != UNDETERMINED or not {MET, UNMET} <= {int(r.verdict[i]) for r in found.readings}:
        return ""
    return readings_differ(
        found.readings,
        i,
        language,
        lambda test, value, required: _figure_or_grade(test, value, required, language),
    )


def _figure_or_grade(condition: Comparison, value: float, beside: float, language: str) -> str:
    """Write a figure of a school, or the name of a grade."""
    if not np.isnan(value) and is_grade(condition.top[0]) and not condition.bottom:
        return str(word("grade", category_words(condition.top[0])[-1 - int(value)], language))
    return number_or_unknown(value, language, beside)


def _capital(reason: str) -> str:
    return reason[:1].upper() + reason[1:]


def _verdict(code: int, language: str) -> str:
    return str(word("verdict", VERDICTS[code], language))


# ------------------------------------------------------------------------------------------ coefficients


def _coefficients(d: Judgement, county: int, result: ItemResult, language: str) -> list[str]:
    """Return the lines of the coefficients of a stage; of a composite also what it is the mean of."""
    text = sentences("results", language)
    g = int(d.group_at[county, result.stage])
    stage = word("stage", STAGES[result.stage], language)
    op = SIGNS[result.op[0] or "<="]

    def line(name: str, value: float, limit: float, verdict: int, why: str) -> str:
        return text["coefficient"].format(
            stage=stage,
            indicator=name,
            value=number_or_unknown(value, language, limit),
            op=op,
            limit=number(limit),
            verdict=_verdict(verdict, language),
            why=why,
        )

    composite = result.item.rule == "composite_coefficient"
    lines = []
    if composite:
        name = str(word("indicator", "composite", language))
        value, limit = float(result.value[county]), float(result.required[county])
        lines.append(line(name, value, limit, int(result.verdict[county]), ""))
    for j, indicator in enumerate(d.indicators):
        name, value = getattr(indicator, language), float(d.coefficient[g, j])
        why = _why_no_coefficient(d, g, j, language)
        if composite:
            shown = number_or_unknown(value, language)
            lines.append(text["coefficient_of_mean"].format(indicator=name, value=shown, why=why))
        elif np.isfinite(d.limits[g, j]):
            lines.append(line(name, value, float(d.limits[g, j]), int(d.coefficient_verdicts[g, j]), why))
    return lines


def _why_no_coefficient(d: Judgement, g: int, j: int, language: str) -> str:
    """Return in brackets why a coefficient is unknown, or covers only some of the schools."""
    text = sentences("results", language)
    if missing := int(d.n_missing[g, j]):
        named = of_group(d, g, j, language)
        reason = word("reason", "missing_omitted" if d.omitted else "missing_value", language)
        if named and not d.omitted:
            return in_brackets(named, language)
        return in_brackets(f"{reason}{text['colon']}{named or missing}", language)
    if np.isnan(d.coefficient[g, j]):
        return in_brackets(str(word("reason", "zero_mean", language)), language)
    return ""


# ----------------------------------------------------------------------------------------------- schools


def _schools(d: Judgement, county: int, result: ItemResult, language: str) -> list[str]:
    """Return the lines of the schools of a stage that do not comply, each with what it misses."""
    text = sentences("results", language)
    stage = word("stage", STAGES[result.stage], language)
    sections = d.failing.at(d.place(county, result.stage))
    if not sections.size:
        return [text["all_schools_met"].format(stage=stage)]
    if not d.applies[:, sections].any():
        return [text["stage_without_rule"].format(stage=stage, reason=word("reason", "no_requirement", language))]
    applies, verdicts = d.applies[:, sections], d.verdicts[:, sections]
    n_met, n_all = (applies & (verdicts == MET)).sum(axis=0).tolist(), applies.sum(axis=0).tolist()
    cells = _cell_lines(d, sections, applies & (verdicts != MET), result.stage, language)
    lines = []
    for i, met, total, missed in zip(sections.tolist(), n_met, n_all, cells, strict=True):
        school, verdict = d.school_names[d.sections.rows[i]], _verdict(int(d.school[i]), language)
        lines.append(text["school"].format(stage=stage, school=school, met=met, total=total, verdict=verdict))
        lines += missed
    return lines


def _cell_lines(d: Judgement, sections: Any, wrong: Any, stage: int, language: str) -> list[list[str]]:
    """Return for each section a line for every indicator that is not met."""
    lines: list[list[str]] = [[] for _ in range(sections.size)]
    known: dict[Any, list[str]] = {}  # cells that differ only in their value share the words around it
    which, indicator = np.nonzero(wrong.T)
    at = (indicator, sections[which])
    for i, j, value, required, below, reason in zip(
        which.tolist(),
        indicator.tolist(),
        d.values[at].tolist(),
        d.required[at].tolist(),
        np.where(d.verdicts[at] == UNMET, d.floors[at], -1).tolist(),
        d.reasons[at].tolist(),
        strict=True,
    ):
        unknown, unsized = value != value, required != required
        lacking = of_section(d, j, int(sections[i])) if unknown else ()
        key = (j, None if unsized else required, lacking, unknown, below, reason)
        around = known.get(key)
        if around is None:
            why = why_open(d, j, int(sections[i]), language) if reason else ""
            around = known[key] = _around(d, j, stage, required, unknown, below, why, language)
        shown = "" if unknown else number(value, required)
        lines[i].append(around[0] + shown + around[1])
    return lines


def _around(
    d: Judgement, j: int, stage: int, required: float, unknown: bool, below: int, why: str, language: str
) -> list[str]:
    """Return the text before and after the value of a cell; ``below`` is its floor verdict, -1 for none."""
    text = sentences("results", language)
    indicator, threshold = d.indicators[j], d.threshold(j, stage)
    assert threshold is not None
    floor = ""
    if threshold.floor is not None and below >= 0:
        key = "floor_kept" if below == MET else "floor_missed"
        floor = text[key].format(floor=number(float(threshold.floor)))
    mark = "\0"
    line = text["cell"].format(
        indicator=getattr(indicator, language),
        value=text["unknown"] if unknown else mark,
        unit="" if unknown else " " + str(word("unit", indicator.unit, language)),
        op=SIGNS[threshold.op],
        required=text["list"].join(_required_by_size(threshold)) if np.isnan(required) else number(required),
        floor=floor,
        why=in_brackets(why, language),
    )
    return [line, ""] if unknown else line.split(mark, 1)


def _required_by_size(t: Threshold) -> list[str]:
    """Return all values a threshold may require: size by size, or its alternatives."""
    sizes = zip(t.classes, *(t.values, *t.readings), strict=True)
    by_size = [f"{c}: {'/'.join(dict.fromkeys(number(float(v)) for v in values))}" for c, *values in sizes]
    return by_size or [number(float(v)) for v in (t.value, *(o.value for o in t.instead)) if v is not None]


# ---------------------------------------------------------------------------------------------- left out


def _left_out(d: Judgement, county: int, stage: str | None, language: str) -> list[str]:
    """Return the lines of the schools and stages that are not counted."""
    text = sentences("results", language)
    positions, section = d.left_out.at(county), d.leaving[0]
    if stage is not None:
        positions = positions[d.sections.stage[section[positions]] == STAGES.index(stage)]
    if not positions.size:
        return []
    lines = [text["left_out"].format(n=np.unique(section[positions]).size)]
    for position in positions.tolist():
        i = int(section[position])
        lines.append(
            text["left_out_line"].format(
                stage=word("stage", STAGES[int(d.sections.stage[i])], language),
                school=d.school_names[d.sections.rows[i]],
                reason=d.left_out_reason(position, language),
            )
        )
    return lines
