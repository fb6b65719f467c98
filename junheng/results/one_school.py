"""The explanation of one school: every indicator with its verdict, and the items that the school fails (private)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from junheng._data import STAGES, CountyKey, SchoolKey, Stage
from junheng._stages import find_stage
from junheng._text import as_text
from junheng.errors import InputError, did_you_mean
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.judging.conditions import UnitResult
from junheng.judging.findings import REASONS
from junheng.judging.items import ItemResult
from junheng.judging.judgement import Judgement
from junheng.results.explain import _figure_or_grade, _required_by_size, find_county, units_differ
from junheng.results.missing import in_brackets, why_open, why_unit_open
from junheng.results.reasons import _formula, number, number_or_unknown, school_reason
from junheng.standards.model import Condition
from junheng.words import SIGNS, Language, Name, Quoted, key_text, listed, message, sentences, word

__all__ = ["explain_school"]


def explain_school(
    d: Judgement, school: SchoolKey, county: CountyKey | None, stage: Stage | None, language: Language
) -> str:
    """Return the findings of the one school of a name or code, in every year of the table."""
    found = _find(d, school, county)
    if stage is not None:
        found = _of_stage(d, found, STAGES.index(find_stage(stage)))
    by_county: dict[int, list[int]] = {}
    for section in found:
        by_county.setdefault(int(d.county[section]), []).append(section)
    return "\n\n".join("\n".join(_lines(d, c, sections, language)) for c, sections in sorted(by_county.items()))


# ---------------------------------------------------------------------------------------------- which school


def _find(d: Judgement, school: SchoolKey, county: CountyKey | None) -> list[int]:
    """Return the sections of compulsory education of the one school of a name or code."""
    inside = np.isin(d.county, find_county(d, county)) & (d.sections.stage < len(STAGES))
    table, rows = d.sections.schools, d.sections.rows
    text = key_text(school) if isinstance(school, float) else as_text(school)
    hit, known = np.zeros(inside.size, dtype=bool), dict[str, None]()
    for name in (n for n in ("school", "school_code") if n in table.has):
        codes, words = table.codes(name)
        hit |= np.isin(codes[rows], [c for c, w in enumerate(words) if key_text(w) == text])
        known |= dict.fromkeys(key_text(words[c]) for c in np.unique(codes[rows[inside]]).tolist() if c >= 0)
    found = np.flatnonzero(hit & inside)
    if not found.size:
        hint = did_you_mean(text, known, show=Quoted)
        raise InputError(message("results.no_such_school", school=Quoted(text), hint=hint))
    _refuse_several(d, text, found.tolist())
    return found.tolist()


def _refuse_several(d: Judgement, text: str, found: Sequence[int]) -> None:
    """Refuse a name that several schools have; one school in several years is one."""
    rows = {int(d.sections.school[i]): int(d.sections.rows[i]) for i in reversed(found)}
    counties = [int(d.county[i]) for i in {int(d.sections.school[i]): i for i in found}.values()]
    places = {tuple(str(w[c]) for name, w in d.county_words if name != "year") for c in counties}
    if len(places) > 1 or len(set(counties)) < len(counties):
        examples = listed(d.sections.schools.key(row) for row in sorted(rows.values())[:4])
        raise InputError(message("changes.several_schools", n=len(rows), school=Quoted(text), examples=examples))


def _of_stage(d: Judgement, found: Sequence[int], stage: int) -> list[int]:
    """Return the sections of a stage; refuse a stage that the school does not have."""
    wanted = [i for i in found if d.sections.stage[i] == stage]
    if not wanted:
        there = listed((Name("stage", STAGES[s]) for s in np.unique(d.sections.stage[found]).tolist()), "and")
        raise InputError(message("changes.stage_not_in_table", stage=Name("stage", STAGES[stage]), stages=there))
    return wanted


# ------------------------------------------------------------------------------------------------- its lines


def _lines(d: Judgement, county: int, sections: Sequence[int], language: Language) -> list[str]:
    """Return the lines of a school in one county and year."""
    text, std = sentences("results", language), d.standard
    lines = [
        text["school_head"].format(
            school=d.school_names[d.sections.rows[sections[0]]],
            county=d.county_name(county),
            label=getattr(std.label, language),
            number=word("number", std.number, language),
        )
    ]
    for i in sections:
        lines += _stage(d, i, language)
    items = [line for result in d.items for line in _item(d, result, county, sections, language)]
    return [*lines, text["school_items"], *items] if items else lines


def _stage(d: Judgement, i: int, language: Language) -> list[str]:
    """Return the verdict of a stage of a school, whether it counts, and a line for every indicator."""
    text, stage = sentences("results", language), int(d.sections.stage[i])
    head = {"stage": word("stage", STAGES[stage], language)}
    left_out = [d.left_out_reason(p, language) for p in np.flatnonzero(d.leaving[0] == i).tolist()]
    lines = [text["school_out"].format(reason=reason, **head) for reason in left_out]
    if d.sections.counted[i]:
        pattern = np.where(d.applies[:, i], d.verdicts[:, i] + np.int8(3) * d.floors[:, i], np.int8(-1))
        why, verdict = school_reason(d, pattern.tolist(), language), _verdict(int(d.school[i]), language)
        lines.append(text["part"].format(part=head["stage"], verdict=verdict, reason=why))
    asked = any(d.threshold(j, stage) is not None for j in range(len(d.indicators)))
    shown = (j for j in range(len(d.indicators)) if not asked or d.applies[j, i])
    return lines + [_indicator(d, j, i, language) for j in shown]


def _indicator(d: Judgement, j: int, i: int, language: Language) -> str:
    """Return the value of an indicator, what is required, the verdict, and why it is undetermined."""
    text, indicator = sentences("results", language), d.indicators[j]
    value, required = float(d.values[j, i]), float(d.required[j, i])
    threshold, code = d.threshold(j, int(d.sections.stage[i])), REASONS[int(d.reasons[j, i])]
    figure = {
        "indicator": getattr(indicator, language),
        "value": number_or_unknown(value, language, required),
        "unit": "" if np.isnan(value) else f" {word('unit', indicator.unit, language)}",
        "why": text["why"].format(reason=why_open(d, j, i, language)) if code else "",
    }
    if threshold is None:
        none = word("reason", "no_requirement", language)
        return text["school_figure"].format(**figure | {"why": figure["why"] or text["why"].format(reason=none)})
    floor = ""
    if threshold.floor is not None and d.verdicts[j, i] == UNMET:
        key = "floor_kept" if d.floors[j, i] == MET else "floor_missed"
        floor = text[key].format(floor=number(float(threshold.floor)))
    return text["school_cell"].format(
        op=SIGNS[threshold.op],
        required=text["list"].join(_required_by_size(threshold)) if np.isnan(required) else number(required),
        floor=floor,
        verdict=_verdict(int(d.verdicts[j, i]), language),
        clause=threshold.clause,
        **figure,
    )


# ------------------------------------------------------------------------------------------------- its items


def _item(d: Judgement, result: ItemResult, county: int, sections: Sequence[int], language: Language) -> Iterator[str]:
    """Yield a line for an item that a school fails, or for which it is undetermined."""
    text, item = sentences("results", language), result.item
    worst, figures = MET, []
    for condition, found in zip(item.conditions, result.units, strict=False):
        if found is None or county not in found.told:
            continue  # nothing is known of any school
        for at in _places(d, found, county, sections):
            worst = min(worst, int(found.verdict[at]))
            figures.append(_figure(d, condition, found, at, language))
    if figures:
        standing = word("standing", str(item.standing), language)
        head = text["item"].format(item=getattr(item.label, language), clause=item.clause, standing=standing)
        yield f"{head} {_verdict(worst, language)}{text['colon']}{text['join'].join(dict.fromkeys(figures))}"


def _places(d: Judgement, found: UnitResult, county: int, sections: Sequence[int]) -> list[int]:
    """Return the failing units of a condition that are the school, or one of these stages of it."""
    schools, school = d.sections.school, int(d.sections.school[sections[0]])
    own = [at for at in found.failing.at(county).tolist() if schools[found.units.first[at]] == school]
    return [at for at in own if found.units.whole or int(found.units.first[at]) in sections]


def _figure(d: Judgement, condition: Condition, found: UnitResult, at: int, language: Language) -> str:
    """Write what a condition compares, the figure of the school, and what is required."""
    text, what, code = sentences("results", language), _formula(condition, language), int(found.units.stage[at])
    stage = "" if code < 0 else text["of_stage"].format(stage=word("stage", STAGES[code], language))
    value, required = float(found.value[at]), float(found.required[at])
    is_flag = condition.op == "==" and not condition.bottom and required in (0.0, 1.0)
    if condition.scope == "share" or is_flag:
        known = found.verdict[at] != UNDETERMINED
        wanted = "no" if is_flag and not required else "yes"
        answer = {"yes": "no", "no": "yes"}[wanted] if known else "unknown"
        return text["attested"].format(what=what + stage, value=text[answer], required=text[wanted])
    why = ""
    if found.verdict[at] == UNDETERMINED:
        why = why_unit_open(d, condition, found, at, language)
        why = why or in_brackets(units_differ(found, at, language), language)
    return text["figure"].format(
        what=what + stage,
        value=_figure_or_grade(condition, value, required, language),
        op=SIGNS[condition.op],
        required=_figure_or_grade(condition, required, required, language),
        why=why,
    )


def _verdict(code: int, language: str) -> str:
    return str(word("verdict", VERDICTS[code], language))
