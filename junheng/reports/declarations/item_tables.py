"""Tables IV and V: the items of the county (private)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from junheng.facts import fact_columns
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET
from junheng.judging.conditions import ConditionResult
from junheng.judging.items import ItemResult
from junheng.judging.subjects import Subjects
from junheng.reports.declarations.cells import (
    DASH,
    NO,
    NONE,
    YES,
    Text,
    chinese,
    clauses,
    fact_cell,
    facts_missing,
    figure_cell,
    form_columns,
    form_table,
    judged_cell,
    of_facts,
    open_cell,
    requirement_text,
    standing_of,
    text_cell,
    yes_no,
)
from junheng.reports.declarations.county import FormCounty, school_names
from junheng.reports.declarations.model import Cell, FormTable
from junheng.results.missing import of_county
from junheng.results.reasons import figure_label, finding, may_be_answered_no, number, required_in_years, units_counted
from junheng.schools import base_column, category_words, is_grade
from junheng.standards.model import Comparison
from junheng.words import SIGNS as OPS
from junheng.words import Listed, Message, Name, listed, message, word

#: Most schools that a remark names; it counts the rest.
_NAMED = 5
#: Finding, value, requirement and remark of a condition.
_Condition = tuple[Cell, Cell, Cell, str]


def item_table(county: FormCounty, spec: Mapping[str, Any]) -> FormTable:
    """Return the items of a part of the standard."""
    return items_beside(county, spec, [r for r in county.judgement.items if r.item.part == spec["part"]])


def items_beside(county: FormCounty, spec: Mapping[str, Any], results: Iterable[ItemResult]) -> FormTable:
    """Return items as a table, with a row for each condition."""
    chosen = sorted(results, key=lambda r: (r.item.number is None, r.item.number or 0))
    rows = [row for r in chosen for row in _item_rows(county, r, spec)]
    open_ = sum(int(r.verdict[county.index]) == UNDETERMINED and r.item.rule != "scored" for r in chosen)
    notes = [message("forms.items_open", n=len(chosen), open=open_)] if open_ else []
    columns = form_columns("number", "item", "finding", "value", "required", "verdict", "reference", "remark")
    return form_table(spec, columns, rows, notes, merged=("number", "item", "verdict", "reference"))


def _item_rows(county: FormCounty, r: ItemResult, spec: Mapping[str, Any]) -> Iterator[tuple[Cell, ...]]:
    why = str(word("reason", r.reason[county.index], "zh") or "") or None
    verdict = Cell(text=NONE, note=why) if r.item.rule == "scored" else yes_no(int(r.verdict[county.index]), why)
    number_ = Cell() if r.item.number is None else figure_cell(r.item.number, 0)
    reference = text_cell(county.judgement.facts.documents(r.item).get(county.index))
    for position in range(max(1, len(r.item.conditions))):
        if r.each and r.item.conditions[position].breach and r.each[position].skipped[county.index]:
            continue  # it proves a breach or says nothing
        formula, value, required, remark = _condition(county, r, position, spec)
        known = standing_of(r) if position == 0 else None
        remarks = text_cell(clauses((remark, known)))
        yield (number_, text_cell(r.item.label.zh), formula, value, required, verdict, reference, remarks)


def _condition(county: FormCounty, r: ItemResult, position: int, spec: Mapping[str, Any]) -> _Condition:
    """Return the cells and the remark of one condition of an item."""
    if not r.item.conditions:
        # an item on resources that a standard counts with this part
        return text_cell(finding(county.judgement, r, county.index, "zh")), Cell(), Cell(), ""
    test, found = r.item.conditions[position], r.each[position]
    if bool(found.skipped[county.index]):
        formula = text_cell(message("forms.not_applicable", names=_names(test)))
        answered_no = message("forms.answered_no", facts=listed(fact_columns()[f].zh for f in test.unless_no))
        return formula, DASH, DASH, chinese(answered_no)
    remark = _remark(county, r, found, position)
    decimals, percent = _printing(test, spec)
    if r.units[position] is not None:
        return _unit_condition(test, found, county.index, decimals, remark)
    totals = _totals(county, test)
    if totals is None:
        return text_cell(message("forms.no_school", names=_names(test))), DASH, DASH, remark
    formula = text_cell(_figures(test, totals))
    value, required = float(found.value[county.index]), float(found.required[county.index])
    lacking = of_county(county.judgement, test, county.index) if test.scope == "county" else ()
    if test.op == "==" and not test.bottom and not test.than and required in (0.0, 1.0):
        return (
            formula,
            _not_given(value, lacking) or text_cell(YES if value else NO),
            text_cell(YES if required else NO),
            remark,
        )
    if r.item.rule == "scored":
        return formula, _not_given(value, lacking) or figure_cell(value, decimals), DASH, ""
    verdict = int(found.verdict[county.index])
    of_years = required_in_years(
        county.judgement, test, county.index, verdict, "zh", lambda x: requirement_text(x, percent)
    )
    limit = of_years or (NONE if np.isnan(required) else f"{OPS[test.op]}{requirement_text(required, percent)}")
    if np.isnan(value):
        why = facts_missing(lacking) if lacking else remark or message("forms.figures_missing")
        return formula, open_cell(why, lacks=of_facts(lacking)), text_cell(limit), remark
    shown = judged_cell(value, required, test.op, verdict, decimals, percent=percent)
    return formula, shown, text_cell(limit), remark


def _not_given(value: float, lacking: Sequence[str]) -> Cell | None:
    if not np.isnan(value):
        return None
    return fact_cell(*lacking) if lacking else open_cell(message("forms.facts_missing"), "not_given")


def _unit_condition(test: Comparison, found: ConditionResult, c: int, decimals: int | None, remark: str) -> _Condition:
    """Return the cells of a condition on each school or section, or on a share of them."""
    met, unmet, open_ = (int(x) for x in found.counts[c])
    assert found.units is not None
    units = units_counted(found.units, c, "zh")
    formula = text_cell(message("forms.units_found", names=_names(test), units=units, met=met, unmet=unmet, open=open_))
    value, required, verdict = float(found.value[c]), float(found.required[c]), int(found.verdict[c])
    op, limit = ">=", _unit_requirement(test)
    if test.scope == "share":
        op, limit = test.op, NONE if np.isnan(required) else f"{OPS[test.op]}{requirement_text(required, True)}"
    shown = judged_cell(value, required, op, verdict, decimals, percent=True)
    return formula, open_cell(message("forms.units_open")) if np.isnan(value) else shown, text_cell(limit), remark


def _printing(test: Comparison, spec: Mapping[str, Any]) -> tuple[int | None, bool]:
    """Return the decimals of a figure, and whether it is a percentage (a ratio of figures with one unit)."""
    if test.scope in ("school", "section", "share"):
        return spec["ratio_decimals"], True
    if is_share(test):
        return spec["ratio_decimals"], True
    if any(f.startswith(tuple(spec.get("as_given", ()))) for f in test.top if spec.get("as_given")):
        return None, False
    return spec.get("decimals"), False


def _names(test: Comparison) -> str:
    return _formula(test, lambda name: figure_label(name, test.scope, "zh"))


def _figures(test: Comparison, totals: Callable[[str], float]) -> str:
    """Return a test with its figures."""

    def term(name: str) -> str:
        value = totals(name)
        label = figure_label(name, test.scope, "zh")
        if test.scope == "county" and fact_columns()[name].type == "flag":
            return f"{label}：{chinese(message('forms.not_given') if np.isnan(value) else YES if value else NO)}"
        return f"{label} {chinese(message('forms.not_given')) if np.isnan(value) else number(value)}"

    return clauses((_formula(test, term), "、".join(term(f) for f in test.than)))


def _formula(test: Comparison, term: Callable[[str], str]) -> str:
    def terms(plus: Iterable[str], minus: Iterable[str]) -> str:
        text = "＋".join(term(f) for f in plus) + "".join(f"－{term(f)}" for f in minus)
        several = len([*plus, *minus]) > 1
        return f"（{text}）" if several and test.bottom else text

    top = terms(test.top, test.top_minus)
    return top + f" ÷ {terms(test.bottom, test.bottom_minus)}" if test.bottom else top


def _totals(county: FormCounty, test: Comparison) -> Callable[[str], float] | None:
    """Return a function from the names of figures to their values; None if the test applies to no school."""
    if test.scope == "county":
        return lambda name: float(county.judgement.facts.number(name)[county.index])
    nowhere = np.zeros(county.sections.rows.size, dtype=np.int64)
    units = Subjects.make(county.sections, nowhere, whole=not (test.where is not None and test.where.stages))
    applies = units.where(test.where)
    chosen = applies == MET
    if (applies == UNMET).all():
        return None
    if not chosen.any():
        return lambda name: float("nan")
    return lambda name: float(units.number(name)[chosen].sum())


def _unit_requirement(test: Comparison) -> Text:
    op = OPS[test.op]
    if test.per_classes is not None:
        return message("forms.per_classes", classes=test.per_classes)
    if test.by_size:
        return message("forms.by_size", op=op)
    if test.norm is not None:
        return message("forms.norm", op=op, times=str(test.norm.times))
    if test.than:
        return op + "＋".join(figure_label(f, test.scope, "zh") for f in test.than)
    percent = is_share(test)
    if test.value is not None and is_grade(test.top[0]):
        grade = category_words(test.top[0])[-1 - int(test.value)]
        return message("forms.each_unit", op=op, value=Name("grade", grade))
    if test.value is not None:
        return message("forms.each_unit", op=op, value=requirement_text(float(test.value), percent))
    limits = (("primary", test.primary), ("junior", test.junior))
    return clauses(
        (
            message(
                "forms.stage_requirement",
                stage=Name("stage", stage),
                op=op,
                value=requirement_text(float(limit), percent),
            )
            for stage, limit in limits
            if limit is not None
        ),
        "，",
    )


def _remark(county: FormCounty, r: ItemResult, found: ConditionResult, position: int) -> str:
    """Return why a condition does not hold: the schools, or that figures are missing."""
    verdict = int(found.verdict[county.index])
    if r.item.rule == "scored" or verdict == MET:
        return ""
    if bool(found.disagree[county.index]):
        return str(word("reason", "readings_disagree", "zh"))
    units = r.units[position]
    not_given = message("forms.open_because", reason=Name("reason", "not_given"))
    if units is None:
        no = may_be_answered_no(county.judgement, r.item.conditions[position], county.index, "zh")
        return chinese(message("forms.unmet")) if verdict == UNMET else clauses((not_given, no))
    remarks = []
    here = (units.units.county == county.index) & units.concerned
    for code in (UNMET, UNDETERMINED):
        first = units.units.first[here & (units.verdict == code)]
        if first.size:
            names: Listed | Message = listed(school_names(county.judgement, first[:_NAMED]))
            if first.size > _NAMED:
                names = message("forms.names_and_more", names=names, n=int(first.size))
            remarks.append(
                message("forms.failing", names=names) if code == UNMET else message("forms.open_because", reason=names)
            )
    return clauses(remarks) or chinese(not_given)


def is_share(test: Comparison) -> bool:
    """Return whether a test divides figures with the same unit."""
    top, bottom = ({_unit(f, test.scope) for f in names} for names in (test.top, test.bottom))
    return bool(test.bottom) and top == bottom


def _unit(name: str, scope: str) -> str | None:
    if scope == "county":
        return fact_columns()[name].unit
    found = base_column(name)
    return None if found is None else found[0].unit
