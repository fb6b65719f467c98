"""Findings in sentences, Chinese or English (private)."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import numpy as np

from junheng._data import STAGES
from junheng._labels import word
from junheng.errors import InputError
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS

if TYPE_CHECKING:
    from junheng.results import Data, _ItemRow

_TEXT = {
    "zh": {
        "all_met": "{n} 项均达标",
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
        "all_met": "all {n} items are met",
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

_OPS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "==": "="}


def number(value: float, beside: float | None = None) -> str:
    """Write a number with as many digits as it takes to tell it from the one beside it."""
    for digits in (4, 6, 9, 12, 15):
        text = f"{value:.{digits}f}"
        if beside is None or value == beside or float(text) != beside:
            break
    return text.rstrip("0").rstrip(".") if "." in text else text


def part_reason(d: Data, language: str) -> list[str]:
    """Return the reason of every row of ``d.parts`` in a sentence."""
    text = _TEXT[language]
    out = []
    seen: dict[int, list[tuple[str, int]]] = {}
    for county, part, verdict in d.parts:
        if part == "overall":
            out.append(_overall_reason(seen.get(county, []), verdict, language))
            continue
        seen.setdefault(county, []).append((part, verdict))
        rows = d.items_of.get((county, part), [])
        said = [_item_reason(d, row, language) for row in rows if row.verdict == verdict or verdict == MET]
        out.append(text["join"].join(dict.fromkeys(said)) if said else text["no_items"])
    return out


def _overall_reason(parts: list[tuple[str, int]], verdict: int, language: str) -> str:
    text = _TEXT[language]
    if verdict == MET:
        return text["overall_met"]
    said = []
    for code, key in ((UNMET, "because_unmet"), (UNDETERMINED, "because_open")):
        names = [str(word("part", p, language)) for p, v in parts if v == code]
        if names:
            said.append(text[key].format(parts=text["list"].join(names)))
    return text["join"].join(said)


def school_reason(d: Data, pattern: list[int], language: str) -> str:
    """Return why a school complies or not; ``pattern`` has verdict + 3 * floor verdict an indicator, -1 for none."""
    text = _TEXT[language]
    rule = d.standard.school_rule
    own = [(j, code % 3, code // 3) for j, code in enumerate(pattern) if code >= 0]
    if rule is None or not own:
        return text["school_no_rule"]

    def names(chosen: list[int]) -> str:
        return text["list"].join(str(getattr(d.indicators[j], language)) for j in chosen)

    met = sum(v == MET for _, v, _ in own)
    said = text["school_counts"].format(met=met, total=len(own))
    unmet = [j for j, v, _ in own if v == UNMET]
    unknown = [j for j, v, _ in own if v == UNDETERMINED]
    if rule.kind == "at_least" and met < (rule.k or 0):
        said += text["school_needs"].format(k=rule.k)
    if rule.floor_ratio is not None:
        above = [j for j, v, f in own if v == UNMET and f == MET]
        unmet = [j for j in unmet if j not in above]
        if above:
            said += text["school_floor"].format(names=names(above))
    if unmet:
        said += text["school_below" if rule.floor_ratio is not None else "school_unmet"].format(names=names(unmet))
    return said + (text["school_open"].format(names=names(unknown)) if unknown else "")


def _item_reason(d: Data, row: _ItemRow, language: str) -> str:
    text = _TEXT[language]
    stage = word("stage", STAGES[row.stage], language)
    if row.group < 0:
        return text["no_schools"].format(stage=stage)
    met, unmet, open_ = row.counts
    total = met + unmet + open_
    if row.item.rule == "composite_coefficient":
        value = text["unknown"] if np.isnan(row.value) else number(row.value, row.required)
        return text["composite"].format(
            stage=stage, value=value, op=_OPS[row.op or "<="], required=number(row.required or 0.0)
        )
    key = "schools" if row.item.rule == "every_school_complies" else "each"
    if row.verdict == MET:
        key += "_met"
    return text[key].format(stage=stage, total=total, met=met, unmet=unmet, open=open_)


def find_county(d: Data, county: Any) -> list[int]:
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
        near = difflib.get_close_matches(wanted[0], names_, n=3)
        hint = (
            f"did you mean {' or '.join(near)}?"
            if near
            else f"there are {', '.join(names_[:5])}" + (" …" if len(names_) > 5 else "")
        )
        raise InputError(f"no county {' / '.join(wanted)!r} was evaluated; {hint}")
    return found


def explain(d: Data, county: Any, stage: str | None, language: str) -> str:
    """Return the findings of one county or all, a line each."""
    if stage is not None and stage not in STAGES:
        raise InputError(f"stage must be one of {', '.join(STAGES)}, not {stage!r}")
    wanted = find_county(d, county)
    reasons = part_reason(d, language)
    return "\n\n".join("\n".join(_county(d, c, stage, language, reasons)) for c in wanted)


def _county(d: Data, county: int, stage: str | None, language: str, reasons: list[str]) -> list[str]:
    text = _TEXT[language]
    std = d.standard
    lines = [text["head"].format(county=d.county_name(county), label=getattr(std.label, language), number=std.number)]
    step = len(std.parts) + 1
    mine = list(zip(d.parts, reasons, strict=True))[county * step : (county + 1) * step]
    (_, _, verdict), reason = mine[-1]
    lines.append(text["overall"].format(verdict=_verdict(verdict, language), reason=_sentence(reason)))
    for (_, part, verdict), reason in mine[:-1]:
        lines.append(
            text["part"].format(
                part=word("part", part, language), verdict=_verdict(verdict, language), reason=_sentence(reason)
            )
        )
        for item in std.items:
            if item.part != part:
                continue
            rows = [r for r in d.items_of.get((county, part), []) if r.item is item]
            rows = [r for r in rows if r.group >= 0 and (stage is None or STAGES[r.stage] == stage)]
            if not rows:
                continue
            standing = word("standing", str(item.standing), language)
            lines.append(text["item"].format(item=getattr(item.label, language), clause=item.clause, standing=standing))
            for row in rows:
                if item.rule == "every_school_complies":
                    lines += _schools(d, row, language)
                else:
                    lines += _coefficients(d, row, language)
    lines += _left_out(d, county, stage, language)
    return lines


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:]


def _verdict(code: int, language: str) -> str:
    return str(word("verdict", VERDICTS[code], language))


def _coefficients(d: Data, row: _ItemRow, language: str) -> list[str]:
    text = _TEXT[language]
    g = row.group
    stage = word("stage", STAGES[row.stage], language)
    out = []

    def line(name: str, value: float, limit: float, op: str, verdict: int, why: str) -> str:
        shown = text["unknown"] if np.isnan(value) else number(value, limit)
        return text["coefficient"].format(
            stage=stage,
            indicator=name,
            value=shown,
            op=_OPS[op],
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
            out.append(
                line(name, d.coefficient[g, j], d.limits[g, j], row.op or "<=", int(d.coefficient_verdicts[g, j]), why)
            )
        elif row.item.rule == "composite_coefficient":
            shown = text["unknown"] if np.isnan(d.coefficient[g, j]) else number(d.coefficient[g, j])
            out.append(f"      {name}: {shown}{why}")
    if row.item.rule == "composite_coefficient":
        name = str(word("indicator", "composite", language))
        out.insert(0, line(name, row.value, row.required or 0.0, row.op or "<=", row.verdict, ""))
    return out


def _schools(d: Data, row: _ItemRow, language: str) -> list[str]:
    text = _TEXT[language]
    stage = word("stage", STAGES[row.stage], language)
    sections = d.usable[d.group_codes == row.group]
    failing = sections[d.school[sections] != MET]
    if not failing.size:
        return [text["all_schools_met"].format(stage=stage)]
    out = []
    for i in failing.tolist():
        applies = d.applies[:, i]
        out.append(
            text["school"].format(
                stage=stage,
                school=d.school_names[d.sections.rows[i]],
                met=int(((d.verdicts[:, i] == MET) & applies).sum()),
                total=int(applies.sum()),
                verdict=_verdict(int(d.school[i]), language),
            )
        )
        out += [
            _cell(d, j, i, row.stage, language) for j in np.flatnonzero(applies & (d.verdicts[:, i] != MET)).tolist()
        ]
    return out


def _cell(d: Data, j: int, i: int, stage: int, language: str) -> str:
    from junheng.results import REASONS

    text = _TEXT[language]
    ind = d.indicators[j]
    t = d.threshold(j, stage)
    assert t is not None
    value, required = float(d.values[j, i]), float(d.required[j, i])
    floor = ""
    if t.floor is not None and d.verdicts[j, i] == UNMET:
        key = "floor_kept" if d.floors[j, i] == MET else "floor_missed"
        floor = text[key].format(floor=number(float(t.floor)))
    code = REASONS[int(d.reasons[j, i])]
    why = text["why"].format(reason=word("reason", code, language)) if code else ""
    if np.isnan(required):
        low = [f"{c}: {number(float(v))}" for c, v in zip(t.classes, t.values, strict=True)]
        shown = text["list"].join(low)
    else:
        shown = number(required)
    return text["cell"].format(
        indicator=getattr(ind, language),
        value=text["unknown"] if np.isnan(value) else number(value, required),
        unit="" if np.isnan(value) else " " + str(word("unit", ind.unit, language)),
        op=_OPS[t.op],
        required=shown,
        floor=floor,
        why=why,
    )


def _left_out(d: Data, county: int, stage: str | None, language: str) -> list[str]:
    text = _TEXT[language]
    mine = np.flatnonzero((d.county == county) & ~d.sections.counted & (d.sections.stage < len(STAGES)))
    if stage is not None:
        mine = mine[d.sections.stage[mine] == STAGES.index(stage)]
    if not mine.size:
        return []
    out = [text["left_out"].format(n=mine.size)]
    for i in mine.tolist():
        out.append(
            text["left"].format(
                stage=word("stage", STAGES[int(d.sections.stage[i])], language),
                school=d.school_names[d.sections.rows[i]],
                reason=word("reason", d.sections.left_out[i], language),
            )
        )
    return out
