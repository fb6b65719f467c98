"""Table I: the county in figures (private)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from junheng._data import STAGES
from junheng.facts import fact_columns
from junheng.reports.declarations.cells import NOT_GIVEN, figure_cell, form_columns, form_data, open_cell, text_cell
from junheng.reports.declarations.county import FormCounty
from junheng.reports.declarations.model import Cell, FormTable
from junheng.results.reasons import number
from junheng.schools import columns


def county_table(county: FormCounty, spec: Mapping[str, Any]) -> FormTable:
    """Return the figures of the county, from its facts or its table of schools."""
    rows, blank = [], []
    for k, entry in enumerate(form_data()[spec["rows"]], start=1):
        cell, source = _basic(county, entry)
        label = entry["label"]["zh"]
        if cell.mark == "not_given":
            blank.append(label.removeprefix("其中："))
        code = (text_cell(f"L{k}"),) if spec.get("codes") else ()
        rows.append((*code, text_cell(label), text_cell(entry["unit"]), cell, text_cell(source)))
    notes = [*spec.get("notes", ())]
    if blank:
        notes.insert(0, f"{NOT_GIVEN}（{len(blank)}项，留空）：{'、'.join(blank)}。")
    apart = county.not_ordinary
    if apart.any():
        notes.append(f"班级、学生、教职工不含特殊教育学校和职业学校（{int(apart.sum())}个单位）。")
    gone = ~county.sub.counted & ~apart & (county.sub.stage < len(STAGES))
    if gone.any():
        notes.append(f"学校表中不计入评估的{int(gone.sum())}个单位也计入本表。")
    columns = form_columns(*(("code",) if spec.get("codes") else ()), "entry", "unit", "value", "source")
    return FormTable(id=spec["id"], title=spec["title"]["zh"], columns=columns, rows=tuple(rows), notes=tuple(notes))


def _basic(county: FormCounty, entry: Mapping[str, Any]) -> tuple[Cell, str]:
    decimals = int(entry.get("decimals", 0))
    if "fact" in entry:
        value = float(county.d.facts.number(entry["fact"])[county.index])
        if not np.isnan(value):
            return figure_cell(value / entry.get("divide", 1), decimals), "县情数据"
        if "schools" not in entry:
            return open_cell(f"县情数据未提供“{fact_columns()[entry['fact']].zh}”", "not_given"), ""
    cell = _count(county, entry) if "schools" in entry else _sum(county, entry)
    return cell, "" if cell.mark == "not_given" else "学校表"


def _count(county: FormCounty, entry: Mapping[str, Any]) -> Cell:
    """Count schools of a kind; a school whose kind is not known may be of it."""
    kind = county.sub.kind
    unknown = np.unique(county.sub.school[[k is None for k in kind]]).size
    if unknown:
        return open_cell(f"{unknown}所学校未注明学校类型")
    mine = kind == entry["schools"]
    if "students_from" in entry:
        students = county.sub.students
        if (mine & np.isnan(students)).any():
            return open_cell(f"{int((mine & np.isnan(students)).sum())}个教学点缺学生数")
        mine = mine & (students >= entry["students_from"])
    n = int(np.unique(county.sub.school[mine]).size)
    if "fact" in entry and n == 0:
        # a table of schools that are judged need not list these
        return open_cell(f"县情数据未提供“{fact_columns()[entry['fact']].zh}”，学校表中也没有", "not_given")
    return figure_cell(n, 0)


def _sum(county: FormCounty, entry: Mapping[str, Any]) -> Cell:
    name, stage = entry["sum"], STAGES.index(entry["stage"])
    mine = (county.sub.stage == stage) & ~county.not_ordinary
    values = (county.sub.students if name == "students" else county.sub.number(name))[mine]
    label = columns()[name].zh
    has = county.sub.reading.has
    if name != "students" and not has & {name, f"{name}_{STAGES[stage]}"}:
        return open_cell(f"学校表没有“{label}”列", "not_given")
    gaps = int(np.isnan(values).sum())
    if gaps:
        known = number(float(np.nansum(values)))
        return open_cell(f"{gaps}个单位缺{label}（或未分学段），其余{values.size - gaps}个合计{known}")
    return figure_cell(float(values.sum()), 0)
