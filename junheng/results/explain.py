"""Findings in sentences, Chinese or English (private)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from junheng._data import STAGES
from junheng.errors import InputError, did_you_mean
from junheng.facts import fact_columns
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.judging.findings import REASONS
from junheng.judging.items import ItemResult
from junheng.judging.judgement import Judgement
from junheng.schools import category_words, columns, is_grade
from junheng.standards.model import Comparison
from junheng.words import SIGNS, word

_TEXT = {
    "zh": {
        "all_met": "{n}项均达标",
        "items_unmet": "{n}项不达标：{names}",
        "items_open": "{n}项待定：{names}",
        "colon": "：",
        "beside": "【前提条件与一票否决】",
        "blank": "  未提供材料或数据（{n}项，待定）：{names}",
        "plus": "＋",
        "minus": "－",
        "over": "÷",
        "bracket": "（{sum}）",
        "units": "{what}：应查{total}个，达标{met}个、不达标{unmet}个、待定{open}个",
        "share": "{what}（{total}所：{met}所是、{unmet}所否、{open}所待定）",
        "scored": "{what}：{value}，只计入总分",
        "attested": "{what}：{value}，要求{required}",
        "figure": "{what}：{value}，要求{op}{required}{why}",
        "yes": "是",
        "no": "否",
        "unit": "    {school}{stage}：{value}，要求{op}{required}",
        "unit_says": "    {school}{stage}：{value}",
        "of_stage": "（{stage}）",
        "no_items": "未提供判定所需材料",
        "schools": "{stage}{total}所（部）中{met}所达标、{unmet}所不达标、{open}所待定",
        "schools_met": "{stage}{total}所（部）全部达标",
        "each": "{stage}{total}项差异系数中{unmet}项超限、{open}项待定",
        "each_met": "{stage}{total}项差异系数均不超限",
        "composite": "{stage}综合差异系数{value}，要求{op}{required}",
        "no_schools": "表中没有应计入的{stage}学段",
        "because_unmet": "不达标的部分：{parts}",
        "because_open": "待定的部分：{parts}",
        "overall_met": "各部分均达标",
        "join": "；",
        "list": "、",
        "head": "{county} · {label}（{number}）",
        "overall": "总体结论：{verdict}。{reason}。",
        "part": "【{part}】{verdict}：{reason}。",
        "item": "  {item}（{clause}；{standing}）",
        "coefficient": "    {stage} · {indicator}：{value}，要求{op}{limit} — {verdict}{why}",
        "school": "    {stage} · {school}：{met}/{total}项达标 — {verdict}",
        "cell": "      {indicator}：{value}{unit}，标准{op}{required}{floor}{why}",
        "floor_kept": "（不低于下限{floor}）",
        "floor_missed": "（低于下限{floor}）",
        "why": "（{reason}）",
        "unknown": "无法计算",
        "sensitive": "（按报表位数四舍五入会改变结论）",
        "left_out": "不计入的单位（{n}）：",
        "left": "    {stage} · {school}：{reason}",
        "school_counts": "{met}/{total}项达标",
        "school_needs": "，至少须{k}项",
        "school_floor": "；不达标但不低于下限：{names}",
        "school_below": "；低于下限：{names}",
        "school_unmet": "；不达标：{names}",
        "school_open": "；待定：{names}",
        "school_no_rule": "标准未规定单校判定",
        "all_schools_met": "    {stage}：全部达标",
    },
    "en": {
        "all_met": "every item is met ({n})",
        "items_unmet": "{n} unmet: {names}",
        "items_open": "{n} undetermined: {names}",
        "colon": ": ",
        "beside": "[prerequisites and vetoes]",
        "blank": "  Nothing given ({n}, undetermined): {names}",
        "plus": " + ",
        "minus": " - ",
        "over": " / ",
        "bracket": "({sum})",
        "units": "{what}: {total} looked at, met {met}, unmet {unmet}, undetermined {open}",
        "share": "{what} ({total} schools: yes {met}, no {unmet}, undetermined {open})",
        "scored": "{what}: {value}, judged only in the total",
        "attested": "{what}: {value}, required {required}",
        "figure": "{what}: {value}, required {op} {required}{why}",
        "yes": "yes",
        "no": "no",
        "unit": "    {school}{stage}: {value}, required {op} {required}",
        "unit_says": "    {school}{stage}: {value}",
        "of_stage": " ({stage})",
        "no_items": "nothing to judge it by was given",
        "schools": "{stage} schools: {total}, complying {met}, not complying {unmet}, undetermined {open}",
        "schools_met": "all {total} {stage} schools comply",
        "each": "{stage} coefficients: {total}, over the limit {unmet}, undetermined {open}",
        "each_met": "all {total} {stage} coefficients are within the limit",
        "composite": "the {stage} composite coefficient is {value}, required {op} {required}",
        "no_schools": "the table has no {stage} school that counts",
        "because_unmet": "unmet: {parts}",
        "because_open": "undetermined: {parts}",
        "overall_met": "every part is met",
        "join": "; ",
        "list": ", ",
        "head": "{county} · {label} ({number})",
        "overall": "Overall: {verdict}. {reason}.",
        "part": "[{part}] {verdict}: {reason}.",
        "item": "  {item} ({clause}; {standing})",
        "coefficient": "    {stage} · {indicator}: {value}, required {op} {limit} — {verdict}{why}",
        "school": "    {stage} · {school}: {met} of {total} met — {verdict}",
        "cell": "      {indicator}: {value}{unit}, required {op} {required}{floor}{why}",
        "floor_kept": " (above its floor of {floor})",
        "floor_missed": " (below its floor of {floor})",
        "why": " ({reason})",
        "unknown": "unknown",
        "sensitive": " (rounding as the form prints would turn this)",
        "left_out": "Units that do not count ({n}):",
        "left": "    {stage} · {school}: {reason}",
        "school_counts": "{met} of {total} met",
        "school_needs": ", at least {k} needed",
        "school_floor": "; unmet but above the floor: {names}",
        "school_below": "; below the floor: {names}",
        "school_unmet": "; unmet: {names}",
        "school_open": "; not known: {names}",
        "school_no_rule": "the standard has no rule for single schools",
        "all_schools_met": "    {stage}: all comply",
    },
}


def number(value: float, beside: float | None = None) -> str:
    """Write a number with as many digits as it takes to tell it from the one beside it."""
    for digits in (4, 6, 9, 12, 15):
        text = f"{value:.{digits}f}"
        if beside is None or value == beside or float(text) != beside:
            break
    return text.rstrip("0").rstrip(".") if "." in text else text


def part_reasons(d: Judgement, language: str, counties: Sequence[int] | None = None) -> list[str]:
    """Return the reason of every county (or those named) and part in a sentence, county by county."""
    chosen = range(d.n_counties) if counties is None else counties
    columns_ = [_part_reasons(d, part, chosen, language) for part in d.part_verdicts]
    return [reason for row in zip(*columns_, strict=True) for reason in row]


def _part_reasons(d: Judgement, part: str, counties: Sequence[int], language: str) -> list[str]:
    """Return the reason of a part for some counties; those with the same verdicts share a sentence without figures."""
    items = [r for r in d.items if r.item.part == part and r.item.rule != "scored"]
    with_figures = any(r.item.rule != "conditions" for r in items)
    parts = d.part_verdicts.values() if part == "overall" else ()
    rows = np.stack([d.part_verdicts[part], *(r.verdict for r in items), *parts], axis=1).tolist()
    known: dict[Any, str] = {}
    out = []
    for county in counties:
        key = county if with_figures else tuple(rows[county])
        if key not in known:
            known[key] = _part_reason(d, part, items, rows[county], county, language)
        out.append(known[key])
    return out


def _part_reason(
    d: Judgement, part: str, items: Sequence[ItemResult], verdicts: Sequence[int], county: int, language: str
) -> str:
    """Return the reason of a part in a sentence; ``verdicts`` begins with those of the part and of its items."""
    text = _TEXT[language]
    verdict, own = verdicts[0], verdicts[1 : 1 + len(items)]
    if part != "overall" and not items:
        return text["no_items"]
    said = [overall_reason(d, county, language)] if part == "overall" else []
    # what is met is met by all of its items; the whole is met by its parts
    all_of_them = verdict == MET and part != "overall"
    wanted = [r for r, v in zip(items, own, strict=True) if v == verdict or all_of_them]
    ruled = [r for r in wanted if r.item.rule == "conditions"]
    if verdict == MET and len(ruled) == len(wanted):
        said += [text["all_met"].format(n=len(wanted))] if wanted and all_of_them else []
    else:
        said += [_resource_reason(d, r, county, language) for r in wanted if r.item.rule != "conditions"]
        if ruled:
            names = text["list"].join(str(getattr(r.item.label, language)) for r in ruled)
            said.append(text[_ITEMS[verdict]].format(n=len(ruled), names=names))
    return text["join"].join(dict.fromkeys(s for s in said if s))


#: How items of a verdict are counted.
_ITEMS = {MET: "all_met", UNMET: "items_unmet", UNDETERMINED: "items_open"}


def item_findings(d: Judgement, language: str) -> list[str]:
    """Return the finding of every county and item, county by county."""
    columns_ = [_findings(d, result, language) for result in d.items]
    return [said for row in zip(*columns_, strict=True) for said in row]


def _findings(d: Judgement, result: ItemResult, language: str) -> list[str]:
    """Return the finding of an item for every county; counties of which the same was found share a sentence."""
    value, required = result.value.tolist(), result.required.tolist()
    keys = zip(
        result.condition.tolist(),
        result.verdict.tolist(),
        map(tuple, result.counts.tolist()),
        [None if v != v else v for v in value],
        [None if v != v else v for v in required],
        result.reason,
        strict=True,
    )
    known: dict[Any, str] = {}
    out = []
    for county, key in enumerate(keys):
        said = known.get(key)
        if said is None:
            said = known[key] = finding(d, result, county, language)
        out.append(said)
    return out


def finding(d: Judgement, result: ItemResult, county: int, language: str) -> str:
    """Return what was found of an item in a sentence: the figures, or the counts of schools."""
    text = _TEXT[language]
    if result.item.rule not in ("conditions", "scored"):
        return _resource_reason(d, result, county, language)
    position = int(result.condition[county])
    condition = result.item.conditions[position]
    names = _terms(condition.top, condition.top_minus, condition, language)
    if condition.bottom:
        names += text["over"] + _terms(condition.bottom, condition.bottom_minus, condition, language)
    found = result.units[position]
    met, unmet, open_ = (int(x) for x in result.counts[county])
    if found is not None and condition.scope != "share":
        return text["units"].format(what=names, total=met + unmet + open_, met=met, unmet=unmet, open=open_)
    value, required = float(result.value[county]), float(result.required[county])
    if result.item.rule == "scored":
        return text["scored"].format(what=names, value=text["unknown"] if np.isnan(value) else number(value))
    if condition.op == "==" and not condition.bottom and required in (0.0, 1.0):
        said = text["unknown"] if np.isnan(value) else text["yes" if value else "no"]
        return text["attested"].format(what=names, value=said, required=text["yes" if required else "no"])
    if found is not None:
        names = text["share"].format(what=names, total=met + unmet + open_, met=met, unmet=unmet, open=open_)
    return text["figure"].format(
        what=names,
        value=text["unknown"] if np.isnan(value) else number(value, required),
        op=SIGNS[condition.op],
        required=text["unknown"] if np.isnan(required) else number(required),
        why=""
        if result.reason[county] != "readings_disagree"
        else text["why"].format(reason=word("reason", "readings_disagree", language)),
    )


def _terms(plus: Sequence[str], minus: Sequence[str], condition: Comparison, language: str) -> str:
    """Write a sum of figures, in brackets where it is part of a quotient."""
    text = _TEXT[language]
    said = text["plus"].join(figure_label(f, condition.scope, language) for f in plus)
    for f in minus:
        said += text["minus"] + figure_label(f, condition.scope, language)
    return text["bracket"].format(sum=said) if condition.bottom and len(plus) + len(minus) > 1 else said


def figure_label(name: str, scope: str, language: str) -> str:
    """Name a figure: a fact of the county, or a column of schools."""
    if scope == "county":
        return str(getattr(fact_columns()[name], language))
    return str(getattr(columns()[name], language))


def overall_reason(d: Judgement, county: int, language: str) -> str:
    """Say in a sentence why a county is met, unmet or open as a whole."""
    text = _TEXT[language]
    if d.part_verdicts["overall"][county] == MET:
        return text["overall_met"]
    said = []
    for code, key in ((UNMET, "because_unmet"), (UNDETERMINED, "because_open")):
        names = [
            str(word("part", p, language)) for p, v in d.part_verdicts.items() if p != "overall" and v[county] == code
        ]
        if names:
            said.append(text[key].format(parts=text["list"].join(names)))
    return text["join"].join(said)


def school_reason(d: Judgement, pattern: list[int], language: str) -> str:
    """Return why a school complies or not; ``pattern`` has verdict + 3 * floor verdict an indicator, -1 for none."""
    text = _TEXT[language]
    rule = d.standard.school_rule

    def those(verdict: int, floors: Sequence[int] = (UNMET, UNDETERMINED, MET)) -> list[int]:
        return [j for j, code in enumerate(pattern) if code % 3 == verdict and code // 3 in floors]

    met, unknown = those(MET), those(UNDETERMINED)
    total = len(met) + len(unknown) + len(those(UNMET))
    if rule is None or not total:
        return text["school_no_rule"]
    said = text["school_counts"].format(met=len(met), total=total)
    if rule.kind == "at_least" and len(met) < (rule.k or 0):
        said += text["school_needs"].format(k=rule.k)
    if rule.floor_ratio is None:
        lists = [("school_unmet", those(UNMET))]
    else:
        lists = [("school_floor", those(UNMET, [MET])), ("school_below", those(UNMET, [UNMET, UNDETERMINED]))]
    for key, chosen in (*lists, ("school_open", unknown)):
        if chosen:
            names = text["list"].join(str(getattr(d.indicators[j], language)) for j in chosen)
            said += text[key].format(names=names)
    return said


def _resource_reason(d: Judgement, result: ItemResult, county: int, language: str) -> str:
    text = _TEXT[language]
    stage = word("stage", STAGES[result.stage], language)
    if result.reason[county] == "no_schools":
        return text["no_schools"].format(stage=stage)
    if result.reason[county] == "no_requirement":
        return str(word("reason", "no_requirement", language))
    met, unmet, open_ = (int(x) for x in result.counts[county])
    total = met + unmet + open_
    if result.item.rule == "composite_coefficient":
        value, required = float(result.value[county]), float(result.required[county])
        shown = text["unknown"] if np.isnan(value) else number(value, required)
        return text["composite"].format(
            stage=stage, value=shown, op=SIGNS[result.op[0] or "<="], required=number(required)
        )
    key = "schools" if result.item.rule == "every_school_complies" else "each"
    if result.verdict[county] == MET:
        key += "_met"
    return text[key].format(stage=stage, total=total, met=met, unmet=unmet, open=open_)


def find_county(d: Judgement, county: Any) -> list[int]:
    """Return the counties meant; all without a name. A county of several years is meant in all of them."""
    if county is None:
        return list(range(d.n_counties))
    wanted = tuple(str(c) for c in county) if isinstance(county, (tuple, list)) else (str(county),)
    found = []
    for i in range(d.n_counties):
        names = tuple(str(words[i]) for _, words in d.county_words)
        if names[: len(wanted)] == wanted or " / ".join(names) == " / ".join(wanted):
            found.append(i)
    if not found:
        names_ = sorted({str(w) for w in d.county_words[0][1]})
        there = f"; there are {', '.join(names_[:5])}" + (" …" if len(names_) > 5 else "")
        hint = did_you_mean(wanted[0], names_) or there
        raise InputError(f"no county {' / '.join(wanted)!r} was evaluated{hint}")
    return found


def explain(d: Judgement, county: Any, stage: str | None, language: str) -> str:
    """Return the findings of one county or all, a line each."""
    if stage is not None and stage not in STAGES:
        raise InputError(f"stage must be one of {', '.join(STAGES)}, not {stage!r}")
    wanted = find_county(d, county)
    n = len(d.part_verdicts)
    reasons = part_reasons(d, language, wanted)
    # for many counties what they share is worked out for all at once
    found = [_findings(d, r, language) for r in d.items] if len(wanted) > 8 else None
    return "\n\n".join(
        "\n".join(_county(d, c, stage, language, reasons[i * n : (i + 1) * n], found)) for i, c in enumerate(wanted)
    )


def _county(
    d: Judgement, county: int, stage: str | None, language: str, reasons: list[str], findings: list[list[str]] | None
) -> list[str]:
    text = _TEXT[language]
    std = d.standard
    lines = [text["head"].format(county=d.county_name(county), label=getattr(std.label, language), number=std.number)]
    parts = list(d.part_verdicts)
    mine = dict(zip(parts, reasons, strict=True))
    shown = _verdict(int(d.part_verdicts["overall"][county]), language)
    lines.append(text["overall"].format(verdict=shown, reason=_sentence(mine["overall"])))
    for part in (*std.parts, "overall"):
        if part != "overall":
            shown = _verdict(int(d.part_verdicts[part][county]), language)
            name = word("part", part, language)
            lines.append(text["part"].format(part=name, verdict=shown, reason=_sentence(mine[part])))
        elif any(i.part == "overall" for i in std.items):
            lines.append(text["beside"])
        told: set[str] = set()
        blank: list[str] = []
        for position, result in enumerate(d.items):
            item = result.item
            by_stage = result.stage >= 0
            if item.part != part or (by_stage and (not d.is_about(result, county) or _not(stage, result.stage))):
                continue
            if not by_stage and nothing_known(d, result, county):
                blank.append(str(getattr(item.label, language)))
                continue
            standing = word("standing", str(item.standing), language)
            head = text["item"].format(item=getattr(item.label, language), clause=item.clause, standing=standing)
            if not by_stage:
                found = finding(d, result, county, language) if findings is None else findings[position][county]
                lines.append(f"{head} {_verdict(int(result.verdict[county]), language)}{text['colon']}{found}")
                lines += failing(d, result, county, stage, language)
                continue
            if item.id not in told:
                told.add(item.id)
                lines.append(head)
            if item.rule == "every_school_complies":
                lines += _schools(d, county, result, language)
            else:
                lines += _coefficients(d, county, result, language)
        if blank:
            lines.append(text["blank"].format(n=len(blank), names=text["join"].join(blank)))
    lines += _left_out(d, county, stage, language)
    return lines


def nothing_known(d: Judgement, result: ItemResult, county: int) -> bool:
    """Tell whether an item is open for want of every figure: its name is enough then."""
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


def _not(stage: str | None, code: int) -> bool:
    return stage is not None and STAGES[code] != stage


def failing(d: Judgement, result: ItemResult, county: int, stage: str | None, language: str) -> list[str]:
    """Name the schools that fail a condition, or of which it is not known."""
    text = _TEXT[language]
    out = []
    for condition, found in zip(result.item.conditions, result.units, strict=True):
        if found is None:
            continue
        u = found.units
        if county not in found.told:
            continue  # nothing is known of any: the count has said so
        for i in found.failing.at(county).tolist():
            code = int(u.stage[i])
            if stage is not None and code >= 0 and STAGES[code] != stage:
                continue
            name = d.school_names[u.row[i]]
            where = "" if code < 0 else text["of_stage"].format(stage=word("stage", STAGES[code], language))
            if condition.scope == "share":
                said = text["unknown"] if found.verdict[i] == UNDETERMINED else text["no"]
                out.append(text["unit_says"].format(school=name, stage=where, value=said))
                continue
            value, required = float(found.value[i]), float(found.required[i])
            out.append(
                text["unit"].format(
                    school=name,
                    stage=where,
                    value=text["unknown"] if np.isnan(value) else _of_unit(condition, value, required, language),
                    op=SIGNS[condition.op],
                    required=text["unknown"]
                    if np.isnan(required)
                    else _of_unit(condition, required, required, language),
                )
            )
    return out


def _of_unit(condition: Comparison, value: float, beside: float, language: str) -> str:
    """Write a figure of a school; a grade in its word."""
    if is_grade(condition.top[0]) and not condition.bottom:
        return str(word("grade", category_words(condition.top[0])[-1 - int(value)], language))
    return number(value, beside)


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:]


def _verdict(code: int, language: str) -> str:
    return str(word("verdict", VERDICTS[code], language))


def _coefficients(d: Judgement, county: int, row: ItemResult, language: str) -> list[str]:
    text = _TEXT[language]
    g = int(d.group_at[county, row.stage])
    stage = word("stage", STAGES[row.stage], language)
    op = row.op[0] or "<="
    out = []

    def line(name: str, value: float, limit: float, op: str, verdict: int, why: str) -> str:
        shown = text["unknown"] if np.isnan(value) else number(value, limit)
        return text["coefficient"].format(
            stage=stage,
            indicator=name,
            value=shown,
            op=SIGNS[op],
            limit=number(limit),
            verdict=_verdict(verdict, language),
            why=why,
        )

    for j, ind in enumerate(d.indicators):
        why = ""
        if d.n_missing[g, j]:
            key = "missing_omitted" if d.omitted else "missing_value"
            why = text["why"].format(reason=f"{word('reason', key, language)}: {int(d.n_missing[g, j])}")
        elif np.isnan(d.coefficient[g, j]):
            why = text["why"].format(reason=word("reason", "zero_mean", language))
        name = getattr(ind, language)
        if row.item.rule == "each_coefficient" and np.isfinite(d.limits[g, j]):
            out.append(line(name, d.coefficient[g, j], d.limits[g, j], op, int(d.coefficient_verdicts[g, j]), why))
        elif row.item.rule == "composite_coefficient":
            shown = text["unknown"] if np.isnan(d.coefficient[g, j]) else number(d.coefficient[g, j])
            out.append(f"      {name}: {shown}{why}")
    if row.item.rule == "composite_coefficient":
        name = str(word("indicator", "composite", language))
        out.insert(
            0, line(name, float(row.value[county]), float(row.required[county]), op, int(row.verdict[county]), "")
        )
    return out


def _schools(d: Judgement, county: int, row: ItemResult, language: str) -> list[str]:
    text = _TEXT[language]
    stage = word("stage", STAGES[row.stage], language)
    failing = d.failing.at(d.place(county, row.stage))
    if not failing.size:
        return [text["all_schools_met"].format(stage=stage)]
    applies, verdicts = d.applies[:, failing], d.verdicts[:, failing]
    wrong = applies & (verdicts != MET)
    lines = _cell_lines(d, failing, wrong, row.stage, language)
    out = []
    for i, met, total, school in zip(
        failing.tolist(),
        (applies & (verdicts == MET)).sum(axis=0).tolist(),
        applies.sum(axis=0).tolist(),
        lines,
        strict=True,
    ):
        out.append(
            text["school"].format(
                stage=stage,
                school=d.school_names[d.sections.rows[i]],
                met=met,
                total=total,
                verdict=_verdict(int(d.school[i]), language),
            )
        )
        out += school
    return out


def _cell_lines(d: Judgement, sections: Any, wrong: Any, stage: int, language: str) -> list[list[str]]:
    """Return for each of some sections a line for every indicator that is not met."""
    out: list[list[str]] = [[] for _ in range(sections.size)]
    known: dict[Any, list[str]] = {}  # cells that differ in their value only share the words around it
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
        key = (j, None if unsized else required, unknown, below, reason)
        around = known.get(key)
        if around is None:
            around = known[key] = _around(d, j, stage, required, unknown, below, reason, language)
        shown = "" if unknown else number(value, required)
        out[i].append(around[0] + shown + around[1])
    return out


def _around(
    d: Judgement, j: int, stage: int, required: float, unknown: bool, below: int, reason: int, language: str
) -> list[str]:
    """Return what stands before and after the value of a cell; ``below`` is its verdict on the floor, -1 for none."""
    text = _TEXT[language]
    ind = d.indicators[j]
    t = d.threshold(j, stage)
    assert t is not None
    floor = ""
    if t.floor is not None and below >= 0:
        floor = text["floor_kept" if below == MET else "floor_missed"].format(floor=number(float(t.floor)))
    code = REASONS[reason]
    why = text["why"].format(reason=word("reason", code, language)) if code else ""
    if np.isnan(required):
        rows = zip(t.classes, *(t.values, *t.readings), strict=True)
        low = [f"{c}: {'/'.join(dict.fromkeys(number(float(v)) for v in vs))}" for c, *vs in rows]
        low = low or [number(float(v)) for v in (t.value, *(o.value for o in t.instead)) if v is not None]
        shown = text["list"].join(low)
    else:
        shown = number(required)
    mark = "\0"
    line = text["cell"].format(
        indicator=getattr(ind, language),
        value=text["unknown"] if unknown else mark,
        unit="" if unknown else " " + str(word("unit", ind.unit, language)),
        op=SIGNS[t.op],
        required=shown,
        floor=floor,
        why=why,
    )
    return [line, ""] if unknown else line.split(mark, 1)


def _left_out(d: Judgement, county: int, stage: str | None, language: str) -> list[str]:
    text = _TEXT[language]
    mine = d.left_out.at(county)
    section = d.leaving[0]
    if stage is not None:
        mine = mine[d.sections.stage[section[mine]] == STAGES.index(stage)]
    if not mine.size:
        return []
    out = [text["left_out"].format(n=np.unique(section[mine]).size)]
    for at in mine.tolist():
        i = int(section[at])
        out.append(
            text["left"].format(
                stage=word("stage", STAGES[int(d.sections.stage[i])], language),
                school=d.school_names[d.sections.rows[i]],
                reason=d.left_out_reason(at, language),
            )
        )
    return out
