"""Tables II-1 and II-2: numbers of schools that comply, and each school (private)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from junheng._arrays import Ints
from junheng._data import STAGES
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET
from junheng.judging.findings import Codes
from junheng.reports.declarations.cells import (
    NONE,
    OPEN,
    Text,
    clauses,
    count_cell,
    figure_cell,
    form_column,
    form_columns,
    form_data,
    form_table,
    judged_cell,
    of_schools,
    open_cell,
    text_cell,
    yes_no,
)
from junheng.reports.declarations.county import FormCounty
from junheng.reports.declarations.model import Cell, FormTable
from junheng.results import REASONS
from junheng.results.missing import of_section, why_open
from junheng.results.reasons import number
from junheng.words import Message, Name, Quoted, listed, message, word

#: What Table II-2 prints of a school beside its indicators.
SCHOOL_COLUMNS = ("owner_type", "students", "grades", "classes")
#: Words for an unmet indicator, by the verdict on its floor.
_FLOOR = {MET: "forms.floor_met", UNMET: "forms.floor_unmet", UNDETERMINED: "forms.floor_open"}


def share_table(county: FormCounty, spec: Mapping[str, Any]) -> FormTable:
    """Return the number and share of schools of each stage that meet each indicator, and the rule for schools."""
    rows: list[tuple[Cell, ...]] = []
    k = len(county.judgement.indicators)
    for s, stage in enumerate(STAGES):
        full = county.at[county.counted(s)]
        pairs = [_shares_of_indicator(county, full, j, spec) for j in range(k)]
        pairs.append(_shares_in_all(county, full, spec))
        label = text_cell(word("stage", stage, "zh"))
        for row, cells in zip(("n_met", "share"), zip(*pairs, strict=True), strict=True):
            rows.append((label, text_cell(form_data()["rows"][row]["zh"]), *cells))
    overall = form_column("overall", f"L{k + 1}" if spec.get("codes") else "")
    columns = (*form_columns("stage", "row"), *county.indicator_columns(spec), overall)
    # a form that leaves out schools counts others than the evaluation
    of_form = spec.get("scope") == "form"
    notes = [*county.kept_out(), *county.footer(spec)] if of_form else county.unit_notes(county.sections.counted)
    return form_table(spec, columns, rows, notes, merged=("stage",))


def _shares_of_indicator(county: FormCounty, full: Ints, j: int, spec: Mapping[str, Any]) -> tuple[Cell, Cell]:
    """Return the number and share of schools that meet an indicator."""
    if full.size and not county.judgement.applies[j, full].any():
        nothing = Cell(text=NONE, note=word("reason", "no_requirement", "zh"))
        return nothing, nothing
    verdicts = county.judgement.verdicts[j, full]
    why = _why_open(verdicts)
    if why:
        return open_cell(why), open_cell(why)
    met = int((verdicts == MET).sum())
    return figure_cell(met, 0), figure_cell(met / full.size, spec["decimals"], percent=True)


def _shares_in_all(county: FormCounty, full: Ints, spec: Mapping[str, Any]) -> tuple[Cell, Cell]:
    """Return the number and share of schools that meet the rule for schools; the share should be 1."""
    verdicts = county.judgement.school[full]
    why = _why_open(verdicts)
    if full.size and county.standard.school_rule is None:
        why = word("reason", "no_requirement", "zh")
    if why:
        return open_cell(why), open_cell(why)
    met = int((verdicts == MET).sum())
    verdict = MET if met == full.size else UNMET
    return figure_cell(met, 0), judged_cell(met / full.size, 1.0, ">=", verdict, spec["decimals"], percent=True)


def _why_open(verdicts: Codes) -> Text | None:
    """Return why a share is unknown, None if it is known."""
    if not verdicts.size:
        return str(word("reason", "no_schools", "zh"))
    met, unmet, open_ = (int((verdicts == v).sum()) for v in (MET, UNMET, UNDETERMINED))
    return message("forms.verdict_counts", met=met, unmet=unmet, open=open_) if open_ else None


def school_table(county: FormCounty, spec: Mapping[str, Any]) -> FormTable:
    """Return each school with its figures and verdict."""
    first = spec.get("first_code", 1)
    rows: list[tuple[Cell, ...]] = []
    extra = {name: county.sections.number(name) for name in ("grades", "classes")}
    missing = {name: message("forms.column_not_given", column=Quoted(Name("column", name))) for name in extra}
    no_owner = message("forms.column_not_given", column=Name("column", "owner_type"))
    for s, stage in enumerate(STAGES):
        for position, i in enumerate(county.counted(s).tolist(), start=1):
            students = float(county.sections.students[i])
            rows.append(
                (
                    text_cell(word("stage", stage, "zh")),
                    figure_cell(position, 0),
                    text_cell(county.names[i]),
                    count_cell(county.owners[i], no_owner, "not_given", of_schools("owner_type")),
                    count_cell(students, message("forms.students_missing"), "open", of_schools("students")),
                    *(count_cell(float(x[i]), missing[n], "not_given", of_schools(n)) for n, x in extra.items()),
                    *_values(county, i, s, spec),
                    *_verdict(county, i),
                )
            )
    coded = "first_code" in spec
    k = len(county.judgement.indicators)
    heads = (
        *form_columns("stage", "number", "school", "owner", "students", "grades", "classes"),
        *county.indicator_columns(spec, first),
        form_column("complies", f"L{first + k}" if coded else ""),
        form_column("remark"),
    )
    notes = [*county.footer(spec), *(county.kept_out() if spec.get("scope") == "form" else ())]
    blank = [(column.label, sum(row[j].mark == "not_given" for row in rows)) for j, column in enumerate(heads)]
    gaps = [message("forms.column_gaps", column=label, n=n) for label, n in blank if n]
    if gaps:
        notes.append(message("forms.blank_columns", columns=listed(gaps)))
    notes.append(message("forms.owner_codes"))
    return form_table(spec, heads, rows, notes)


def _values(county: FormCounty, i: int, stage: int, spec: Mapping[str, Any]) -> list[Cell]:
    """Return the indicator cells of a section."""
    d, full = county.judgement, int(county.at[i])
    decimals = county.decimals
    cells = []
    for j in range(len(d.indicators)):
        value, threshold = float(d.values[j, full]), d.threshold(j, stage)
        why = word("reason", REASONS[int(d.reasons[j, full])], "zh")
        if np.isnan(value):
            cells.append(open_cell(why_open(d, j, full, "zh"), lacks=of_schools(*of_section(d, j, full))))
        elif threshold is None:
            digits = spec.get("digits", {}).get(d.indicators[j].id, decimals)
            cells.append(figure_cell(value, digits, note=word("reason", "no_requirement", "zh")))
        else:
            verdict = int(d.verdicts[j, full])
            floor = None if threshold.floor is None else (float(threshold.floor), int(d.floors[j, full]))
            required, op = float(d.required[j, full]), threshold.op
            cells.append(judged_cell(value, required, op, verdict, decimals, floor=floor, note=why or None))
    return cells


def _verdict(county: FormCounty, i: int) -> tuple[Cell, Cell]:
    """Return the verdict of a section, and a remark that groups its indicators by verdict."""
    d, full = county.judgement, int(county.at[i])
    verdict = int(d.school[full])
    groups: dict[Message, list[Name]] = {}
    rule = county.standard.school_rule
    floor = None if rule is None or rule.floor_ratio is None else f"{number(100 * float(rule.floor_ratio))}%"
    for j in np.flatnonzero(d.applies[:, full]).tolist():
        code = int(d.verdicts[j, full])
        if code == MET:
            key = message("forms.met")
        elif code == UNDETERMINED:
            key = OPEN
        elif floor is None:
            key = message("forms.unmet")
        else:
            key = message(_FLOOR[int(d.floors[j, full])], floor=floor)
        groups.setdefault(key, []).append(Name("short", d.indicators[j].id))
    order = sorted(groups, key=lambda k: (k.key != "forms.met", k.key != "forms.floor_met", k == OPEN))
    remark = clauses(
        message("forms.indicators_of", verdict=k, n=len(groups[k]), names=listed(groups[k])) for k in order
    )
    if rule is None or not groups:
        return open_cell(word("reason", "no_requirement", "zh")), Cell()
    note = remark if verdict == UNDETERMINED else None
    return yes_no(verdict, note), text_cell(remark)
