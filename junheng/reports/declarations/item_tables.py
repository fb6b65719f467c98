"""Tables IV and V: items of the county, one by one (private)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from junheng.facts import fact_columns
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET
from junheng.judging.conditions import ConditionResult
from junheng.judging.items import ItemResult
from junheng.judging.subjects import Subjects
from junheng.reports.declarations.cells import (
    NONE,
    NOT_GIVEN,
    OPEN,
    figure_cell,
    form_columns,
    form_table,
    given,
    judged_cell,
    open_cell,
    standing_of,
    text_cell,
    yes_no,
)
from junheng.reports.declarations.county import FormCounty, school_names
from junheng.reports.declarations.model import Cell, FormTable
from junheng.results.explain import figure_label, finding, number
from junheng.schools import base_column, category_words, is_grade
from junheng.standards.model import Comparison
from junheng.words import SIGNS as OPS
from junheng.words import word

#: How many schools a remark names before it counts the rest.
_NAMED = 5
#: Finding, value, requirement and remark of a condition.
_Condition = tuple[Cell, Cell, Cell, str]


def item_table(county: FormCounty, spec: Mapping[str, Any]) -> FormTable:
    """Return the items of a part of the standard."""
    return items_beside(county, spec, [r for r in county.d.items if r.item.part == spec["part"]])


def items_beside(county: FormCounty, spec: Mapping[str, Any], results: Iterable[ItemResult]) -> FormTable:
    """Return some items as a table, with a row for each condition."""
    chosen = sorted(results, key=lambda r: (r.item.number is None, r.item.number or 0))
    rows = [row for r in chosen for row in _item_rows(county, r, spec)]
    open_ = sum(int(r.verdict[county.index]) == UNDETERMINED and r.item.rule != "scored" for r in chosen)
    notes = [f"{len(chosen)}项中{open_}项无法判定。"] if open_ else []
    columns = form_columns("number", "item", "finding", "value", "required", "verdict", "reference", "remark")
    return form_table(spec, columns, rows, notes, merged=("number", "item", "verdict", "reference"))


def _item_rows(county: FormCounty, r: ItemResult, spec: Mapping[str, Any]) -> Iterator[tuple[Cell, ...]]:
    why = str(word("reason", r.reason[county.index], "zh") or "") or None
    verdict = Cell(text=NONE, note=why) if r.item.rule == "scored" else yes_no(int(r.verdict[county.index]), why)
    number_ = Cell() if r.item.number is None else figure_cell(r.item.number, 0)
    reference = text_cell(county.d.facts.reference(r.item, county.index))
    for position in range(max(1, len(r.item.conditions))):
        if r.each and r.item.conditions[position].breach and r.each[position].skipped[county.index]:
            continue  # it proves a breach or says nothing
        said, value, required, remark = _condition(county, r, position, spec)
        known = standing_of(r) if position == 0 else ""
        remarks = text_cell("；".join(x for x in (remark, known) if x))
        yield (number_, text_cell(r.item.label.zh), said, value, required, verdict, reference, remarks)


def _condition(county: FormCounty, r: ItemResult, position: int, spec: Mapping[str, Any]) -> _Condition:
    """Return what is shown of one condition of an item."""
    if not r.item.conditions:
        # an item on resources that a standard counts with this part
        return text_cell(finding(county.d, r, county.index, "zh")), Cell(), Cell(), ""
    test, found = r.item.conditions[position], r.each[position]
    if bool(found.skipped[county.index]):
        named = "、".join(fact_columns()[f].zh for f in test.unless_no)
        return text_cell(f"{_names(test)}：不适用"), Cell(text=NONE), Cell(text=NONE), f"{named}：否"
    remark = _remark(county, r, found, position)
    decimals, percent = _printing(test, spec)
    if r.units[position] is not None:
        return _unit_condition(test, found, county.index, decimals, remark)
    totals = _totals(county, test)
    if totals is None:
        return text_cell(f"{_names(test)}：没有适用的学校"), Cell(text=NONE), Cell(text=NONE), remark
    said = text_cell(_figures(test, totals))
    value, required = float(found.value[county.index]), float(found.required[county.index])
    if test.op == "==" and not test.bottom and not test.than and required in (0.0, 1.0):
        return (
            said,
            _not_given(value) or text_cell("是" if value else "否"),
            text_cell("是" if required else "否"),
            remark,
        )
    if r.item.rule == "scored":
        return said, _not_given(value) or figure_cell(value, decimals), Cell(text=NONE), ""
    limit = NONE if np.isnan(required) else f"{OPS[test.op]}{given(required, percent)}"
    if np.isnan(value):
        return said, open_cell(remark or "县情数据或学校数据未提供"), text_cell(limit), remark
    verdict = int(found.verdict[county.index])
    shown = judged_cell(value, required, test.op, verdict, decimals, percent=percent)
    return said, shown, text_cell(limit), remark


def _not_given(value: float) -> Cell | None:
    return open_cell("县情数据未提供", "not_given") if np.isnan(value) else None


def _unit_condition(test: Comparison, found: ConditionResult, c: int, decimals: int | None, remark: str) -> _Condition:
    """Return what is shown of a condition that each school or section must meet, or a share of them."""
    met, unmet, open_ = (int(x) for x in found.counts[c])
    said = f"{_names(test)}：应查{met + unmet + open_}个，达标{met}个、不达标{unmet}个、待定{open_}个"
    value, required, verdict = float(found.value[c]), float(found.required[c]), int(found.verdict[c])
    op, limit = ">=", _unit_requirement(test)
    if test.scope == "share":
        op, limit = test.op, NONE if np.isnan(required) else f"{OPS[test.op]}{given(required, True)}"
    shown = judged_cell(value, required, op, verdict, decimals, percent=True)
    return text_cell(said), open_cell("有单位无法判定") if np.isnan(value) else shown, text_cell(limit), remark


def _printing(test: Comparison, spec: Mapping[str, Any]) -> tuple[int | None, bool]:
    """Return the decimals of a figure, and whether it is a percentage: counts of one thing over another."""
    if test.scope in ("school", "section", "share"):
        return spec["ratio_decimals"], True
    if _is_share(test):
        return spec["ratio_decimals"], True
    if any(f.startswith(tuple(spec.get("as_given", ()))) for f in test.top if spec.get("as_given")):
        return None, False
    return spec.get("decimals"), False


def _names(test: Comparison) -> str:
    return _sentence(test, lambda name: figure_label(name, test.scope, "zh"))


def _figures(test: Comparison, totals: Callable[[str], float]) -> str:
    """Write a test with the figures behind it."""

    def said(name: str) -> str:
        value = totals(name)
        label = figure_label(name, test.scope, "zh")
        if test.scope == "county" and fact_columns()[name].type == "flag":
            return f"{label}：{NOT_GIVEN if np.isnan(value) else '是' if value else '否'}"
        shown = NOT_GIVEN if np.isnan(value) else number(value)
        return f"{label} {shown}"

    out = _sentence(test, said)
    if test.than:
        out += "；" + "、".join(said(f) for f in test.than)
    return out


def _sentence(test: Comparison, said: Callable[[str], str]) -> str:
    def terms(plus: Iterable[str], minus: Iterable[str]) -> str:
        text = "＋".join(said(f) for f in plus) + "".join(f"－{said(f)}" for f in minus)
        several = len([*plus, *minus]) > 1
        return f"（{text}）" if several and test.bottom else text

    out = terms(test.top, test.top_minus)
    return out + f" ÷ {terms(test.bottom, test.bottom_minus)}" if test.bottom else out


def _totals(county: FormCounty, test: Comparison) -> Callable[[str], float] | None:
    """Return what gives the figures of a test; None where it is about none of the schools."""
    if test.scope == "county":
        return lambda name: float(county.d.facts.number(name)[county.index])
    nowhere = np.zeros(county.sub.rows.size, dtype=np.int64)
    units = Subjects.make(county.sub, nowhere, whole=not (test.where is not None and test.where.stages))
    applies = units.where(test.where)
    chosen = applies == MET
    if (applies == UNMET).all():
        return None
    if not chosen.any():
        return lambda name: float("nan")
    return lambda name: float(units.number(name)[chosen].sum())


def _unit_requirement(test: Comparison) -> str:
    if test.per_classes is not None:
        return f"每{test.per_classes}个班级1间"
    if test.norm is not None:
        return f"{OPS[test.op]}{test.norm.times}×本学段生均公用经费基准定额"
    if test.than:
        return f"{OPS[test.op]}{'＋'.join(figure_label(f, test.scope, 'zh') for f in test.than)}"
    same = _is_share(test)
    if test.value is not None and is_grade(test.top[0]):
        return f"每个单位{OPS[test.op]}{word('grade', category_words(test.top[0])[-1 - int(test.value)], 'zh')}"
    if test.value is not None:
        return f"每个单位{OPS[test.op]}{given(float(test.value), same)}"
    said = []
    for stage, limit in (("primary", test.primary), ("junior", test.junior)):
        if limit is not None:
            said.append(f"{word('stage', stage, 'zh')}{OPS[test.op]}{given(float(limit), same)}")
    return "，".join(said)


def _remark(county: FormCounty, r: ItemResult, found: ConditionResult, position: int) -> str:
    """Say why a condition does not hold: which schools, or what is missing."""
    verdict = int(found.verdict[county.index])
    if r.item.rule == "scored" or verdict == MET:
        return ""
    if bool(found.disagree[county.index]):
        return str(word("reason", "readings_disagree", "zh"))
    units = r.units[position]
    if units is None:
        return "不达标" if verdict == UNMET else f"{OPEN}：{word('reason', 'not_given', 'zh')}"
    out = []
    here = (units.units.county == county.index) & units.concerned
    for code, key in ((UNMET, "不达标"), (UNDETERMINED, OPEN)):
        first = units.units.first[here & (units.verdict == code)]
        if first.size:
            names = "、".join(school_names(county.d, first[:_NAMED]))
            out.append(f"{key}：{names}" + (f"等{first.size}个" if first.size > _NAMED else ""))
    return "；".join(out) or f"{OPEN}：{word('reason', 'not_given', 'zh')}"


def _is_share(test: Comparison) -> bool:
    """Tell whether a test divides counts of the same thing."""
    top, bottom = ({_unit(f, test.scope) for f in names} for names in (test.top, test.bottom))
    return bool(test.bottom) and top == bottom


def _unit(name: str, scope: str) -> str | None:
    if scope == "county":
        return fact_columns()[name].unit
    found = base_column(name)
    return None if found is None else found[0].unit
