"""Table I: the county in figures (private)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from junheng._data import STAGES
from junheng.reports.declarations.cells import (
    Text,
    chinese,
    fact_cell,
    figure_cell,
    form_columns,
    form_data,
    of_facts,
    of_schools,
    open_cell,
    text_cell,
)
from junheng.reports.declarations.county import FormCounty
from junheng.reports.declarations.model import Cell, FormTable
from junheng.results.reasons import number
from junheng.words import Message, Name, Quoted, listed, message


def county_table(county: FormCounty, spec: Mapping[str, Any]) -> FormTable:
    """Return the figures of the county, from the county facts or the table of schools."""
    rows, blank = [], []
    for k, entry in enumerate(form_data()[spec["rows"]], start=1):
        cell, source = _basic(county, entry)
        label = entry["label"]["zh"]
        if cell.mark == "not_given":
            blank.append(label.removeprefix("其中："))
        code = (text_cell(f"L{k}"),) if spec.get("codes") else ()
        rows.append((*code, text_cell(label), text_cell(entry["unit"]), cell, text_cell(source)))
    notes: list[Text] = [*spec.get("notes", ())]
    if blank:
        notes.insert(0, message("forms.blank", n=len(blank), names=listed(blank)))
    apart = county.not_ordinary
    if apart.any():
        notes.append(message("forms.special_excluded", n=int(apart.sum())))
    gone = ~county.sections.counted & ~apart & (county.sections.stage < len(STAGES))
    if gone.any():
        notes.append(message("forms.uncounted_included", n=int(gone.sum())))
    columns = form_columns(*(("code",) if spec.get("codes") else ()), "entry", "unit", "value", "source")
    return FormTable(
        id=spec["id"], title=spec["title"]["zh"], columns=columns, rows=tuple(rows), notes=tuple(map(chinese, notes))
    )


def _basic(county: FormCounty, entry: Mapping[str, Any]) -> tuple[Cell, Message | None]:
    decimals = int(entry.get("decimals", 0))
    if "fact" in entry:
        value = float(county.judgement.facts.number(entry["fact"])[county.index])
        if not np.isnan(value):
            return figure_cell(value / entry.get("divide", 1), decimals), message("forms.from_facts")
        if "schools" not in entry:
            return fact_cell(entry["fact"]), None
    cell = _count(county, entry) if "schools" in entry else _sum(county, entry)
    return cell, None if cell.mark == "not_given" else message("forms.from_schools")


def _count(county: FormCounty, entry: Mapping[str, Any]) -> Cell:
    """Count the schools of a kind; a school of unknown kind leaves the count open."""
    kind = county.sections.kind
    unknown = np.unique(county.sections.school[[k is None for k in kind]]).size
    if unknown:
        return open_cell(message("forms.kinds_missing", n=unknown), lacks=of_schools("kind"))
    mine = kind == entry["schools"]
    if "students_from" in entry:
        students = county.sections.students
        gaps = int((mine & np.isnan(students)).sum())
        if gaps:
            return open_cell(message("forms.points_unknown", n=gaps), lacks=of_schools("students"))
        mine = mine & (students >= entry["students_from"])
    n = int(np.unique(county.sections.school[mine]).size)
    if "fact" in entry and n == 0:
        # the table of schools need not list schools that are not judged
        fact = Quoted(Name("column", entry["fact"]))
        lacks = of_facts([entry["fact"]])
        return open_cell(message("forms.fact_and_schools_missing", fact=fact), "not_given", lacks)
    return figure_cell(n, 0)


def _sum(county: FormCounty, entry: Mapping[str, Any]) -> Cell:
    name, stage = entry["sum"], STAGES.index(entry["stage"])
    mine = (county.sections.stage == stage) & ~county.not_ordinary
    values = (county.sections.students if name == "students" else county.sections.number(name))[mine]
    label = Name("column", name)
    has = county.sections.schools.has
    if name != "students" and not has & {name, f"{name}_{STAGES[stage]}"}:
        return open_cell(message("forms.column_missing", column=Quoted(label)), "not_given", of_schools(name))
    gaps = int(np.isnan(values).sum())
    if gaps:
        known, rest = number(float(np.nansum(values))), int(values.size) - gaps
        note = message("forms.sum_gaps", n=gaps, column=label, rest=rest, known=known)
        return open_cell(note, lacks=of_schools(name))
    return figure_cell(float(values.sum()), 0)
