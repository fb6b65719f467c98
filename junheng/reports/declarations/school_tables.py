"""Tables II-1 and II-2: how many schools comply, and each school (private)."""

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
    NOT_GIVEN,
    OPEN,
    figure_cell,
    form_column,
    form_columns,
    form_data,
    form_table,
    judged_cell,
    open_cell,
    text_cell,
    yes_no,
)
from junheng.reports.declarations.county import FormCounty
from junheng.reports.declarations.model import Cell, FormTable
from junheng.results import REASONS
from junheng.results.reasons import number
from junheng.schools import columns
from junheng.words import word


def share_table(county: FormCounty, spec: Mapping[str, Any]) -> FormTable:
    """Return how many schools of each stage comply with each indicator and in all, and their share."""
    rows: list[tuple[Cell, ...]] = []
    k = len(county.d.indicators)
    for s, stage in enumerate(STAGES):
        full = county.at[county.counted(s)]
        pairs = [_shares_of_indicator(county, full, j, spec) for j in range(k)]
        pairs.append(_shares_in_all(county, full, spec))
        label = text_cell(word("stage", stage, "zh"))
        for row, cells in zip(("n_met", "share"), zip(*pairs, strict=True), strict=True):
            rows.append((label, text_cell(form_data()["rows"][row]["zh"]), *cells))
    overall = form_column("overall", f"L{k + 1}" if spec.get("codes") else "")
    columns = (*form_columns("stage", "row"), *county.indicator_columns(spec), overall)
    # where the form leaves schools out, those it counts are not those that count
    of_form = spec.get("scope") == "form"
    notes = [*county.kept_out(), *county.footer(spec)] if of_form else county.unit_notes(county.sub.counted)
    return form_table(spec, columns, rows, notes, merged=("stage",))


def _shares_of_indicator(county: FormCounty, full: Ints, j: int, spec: Mapping[str, Any]) -> tuple[Cell, Cell]:
    """Return how many schools meet an indicator, and their share."""
    if full.size and not county.d.applies[j, full].any():
        nothing = Cell(text=NONE, note="标准未作规定")
        return nothing, nothing
    verdicts = county.d.verdicts[j, full]
    why = _why_open(verdicts)
    if why:
        return open_cell(why), open_cell(why)
    met = int((verdicts == MET).sum())
    return figure_cell(met, 0), figure_cell(met / full.size, spec["decimals"], percent=True)


def _shares_in_all(county: FormCounty, full: Ints, spec: Mapping[str, Any]) -> tuple[Cell, Cell]:
    """Return how many schools comply with the rule for schools, and their share: all should."""
    verdicts = county.d.school[full]
    why = _why_open(verdicts)
    if full.size and county.std.school_rule is None:
        why = str(word("reason", "no_requirement", "zh"))
    if why:
        return open_cell(why), open_cell(why)
    met = int((verdicts == MET).sum())
    verdict = MET if met == full.size else UNMET
    return figure_cell(met, 0), judged_cell(met / full.size, 1.0, ">=", verdict, spec["decimals"], percent=True)


def _why_open(verdicts: Codes) -> str:
    """Say why a share is not known; nothing where it is."""
    if not verdicts.size:
        return str(word("reason", "no_schools", "zh"))
    met, unmet, open_ = (int((verdicts == v).sum()) for v in (MET, UNMET, UNDETERMINED))
    return f"达标{met}所（部）、不达标{unmet}所（部）、待定{open_}所（部）" if open_ else ""


def school_table(county: FormCounty, spec: Mapping[str, Any]) -> FormTable:
    """Return each school with its figures, and whether it complies."""
    first = spec.get("first_code", 1)
    rows: list[tuple[Cell, ...]] = []
    extra = {name: county.sub.number(name) for name in ("grades", "classes")}
    blank = {"owner": 0, "grades": 0, "classes": 0}
    for s, stage in enumerate(STAGES):
        for position, i in enumerate(county.counted(s).tolist(), start=1):
            students = float(county.sub.students[i])
            owner = county.owners[i]
            blank["owner"] += owner is None
            more = []
            for name, values in extra.items():
                value = float(values[i])
                blank[name] += bool(np.isnan(value))
                given = f"“{columns()[name].zh}”未提供"
                more.append(open_cell(given, "not_given") if np.isnan(value) else figure_cell(value, 0))
            rows.append(
                (
                    text_cell(word("stage", stage, "zh")),
                    figure_cell(position, 0),
                    text_cell(county.names[i]),
                    open_cell("举办者类型未提供", "not_given") if owner is None else figure_cell(owner, 0),
                    open_cell("缺学生数") if np.isnan(students) else figure_cell(students, 0),
                    *more,
                    *_values(county, i, s, spec),
                    *_verdict(county, i),
                )
            )
    notes = [*county.footer(spec), *(county.kept_out() if spec.get("scope") == "form" else ())]
    labels = {"owner": "举办者类型", "grades": "年级数", "classes": "班级数"}
    gaps = [f"{labels[k]}{n}所（部）" for k, n in blank.items() if n]
    if gaps:
        notes.append(f"{NOT_GIVEN}，留空：{'、'.join(gaps)}。")
    notes.append(
        "举办者类型：1中央教育部门，2中央其他部门，3省级教育部门，4省级其他部门，5地级教育部门，6地级其他部门，"
        "7县级教育部门，8县级其他部门，9企业，10民办。"
    )
    coded = "first_code" in spec
    k = len(county.d.indicators)
    heads = (
        *form_columns("stage", "number", "school", "owner", "students", "grades", "classes"),
        *county.indicator_columns(spec, first),
        form_column("complies", f"L{first + k}" if coded else ""),
        form_column("remark"),
    )
    return form_table(spec, heads, rows, notes)


def _values(county: FormCounty, i: int, stage: int, spec: Mapping[str, Any]) -> list[Cell]:
    """Return the indicators of a section."""
    d, full = county.d, int(county.at[i])
    decimals = county.decimals
    out = []
    for j in range(len(d.indicators)):
        value, threshold = float(d.values[j, full]), d.threshold(j, stage)
        why = word("reason", REASONS[int(d.reasons[j, full])], "zh")
        if np.isnan(value):
            out.append(open_cell(why or word("reason", "missing_value", "zh")))
        elif threshold is None:
            own = spec.get("digits", {}).get(d.indicators[j].id, decimals)
            out.append(figure_cell(value, own, note=word("reason", "no_requirement", "zh")))
        else:
            verdict = int(d.verdicts[j, full])
            floor = None if threshold.floor is None else (float(threshold.floor), int(d.floors[j, full]))
            required, op = float(d.required[j, full]), threshold.op
            out.append(judged_cell(value, required, op, verdict, decimals, floor=floor, note=why or None))
    return out


def _verdict(county: FormCounty, i: int) -> tuple[Cell, Cell]:
    """Return whether a section complies, and the remark: what is met, what is above its floor, what is not."""
    d, full = county.d, int(county.at[i])
    verdict = int(d.school[full])
    groups: dict[str, list[str]] = {}
    rule = county.std.school_rule
    floor = None if rule is None or rule.floor_ratio is None else f"{number(100 * float(rule.floor_ratio))}%"
    for j in np.flatnonzero(d.applies[:, full]).tolist():
        code = int(d.verdicts[j, full])
        if code == MET:
            key = "达标"
        elif code == UNDETERMINED:
            key = OPEN
        elif floor is None:
            key = "不达标"
        else:
            above = int(d.floors[j, full])
            key = {MET: f"达到{floor}", UNMET: f"低于{floor}", UNDETERMINED: f"不达标（{floor}待定）"}[above]
        groups.setdefault(key, []).append(word("short", d.indicators[j].id, "zh"))
    order = sorted(groups, key=lambda k: (k != "达标", not k.startswith("达到"), k == OPEN))
    said = "；".join(f"{k}{len(groups[k])}项：{'、'.join(groups[k])}" for k in order)
    if rule is None or not groups:
        return open_cell(word("reason", "no_requirement", "zh")), text_cell("")
    note = said if verdict == UNDETERMINED else None
    return yes_no(verdict, note), text_cell(said)
