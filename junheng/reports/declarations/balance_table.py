"""Table III: means and difference coefficients (private)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from junheng._data import STAGES
from junheng.indicators.compliance import UNDETERMINED
from junheng.reports.declarations.cells import (
    DASH,
    Text,
    chinese,
    figure_cell,
    form_column,
    form_columns,
    form_data,
    form_table,
    item_note,
    judged_cell,
    open_cell,
    text_cell,
)
from junheng.reports.declarations.county import FormCounty
from junheng.reports.declarations.model import Cell, FormTable
from junheng.results.missing import of_group
from junheng.words import SIGNS as OPS
from junheng.words import Message, Name, message, word


def balance_table(county: FormCounty, spec: Mapping[str, Any]) -> FormTable:
    """Return the mean and difference coefficient of each indicator and stage, with the limits."""
    d = county.judgement
    printing = county.standard.printing
    rows: list[tuple[Cell, ...]] = []
    notes: list[Text] = [*county.unit_notes(county.sections.in_coefficient)]
    digits_of = spec.get("digits", {})
    for s, stage in enumerate(STAGES):
        g = int(d.group_at[county.index, s])
        means, coefficients = [], []
        for j, ind in enumerate(d.indicators):
            if g < 0:
                means.append(open_cell(word("reason", "no_schools", "zh")))
                coefficients.append(means[-1])
                continue
            gaps = int(d.n_missing[g, j])
            named = of_group(d, g, j, "zh") or message("forms.gaps", n=gaps)
            why = named if gaps else word("reason", "zero_mean", "zh")
            mean, cv = float(d.mean[g, j]), float(d.coefficient[g, j])
            omitted = message("forms.gaps_omitted", n=gaps) if gaps else None
            digits = None if printing is None else int(digits_of.get(ind.id, printing.county_mean))
            means.append(open_cell(why) if np.isnan(mean) else figure_cell(mean, digits, note=omitted))
            digits = None if printing is None else printing.coefficient
            coefficients.append(_coefficient(county, cv, g, j, digits, why, omitted, stage))
        composite = open_cell(word("reason", "no_schools", "zh"))
        if g >= 0:
            composite = _composite(county, float(d.composite[g]), g, stage, spec)
        label = word("stage", stage, "zh")
        rows.append((text_cell(label), text_cell(form_data()["rows"]["mean"]["zh"]), *means, DASH))
        rows.append((text_cell(label), text_cell(form_data()["rows"]["coefficient"]["zh"]), *coefficients, composite))
        notes += _limits(county, stage)
    column = form_column("composite", f"L{len(d.indicators) + 1}" if spec.get("codes") else "")
    rules = ("each_coefficient", "composite_coefficient")
    notes += [item_note(d, r, county.index) for r in d.items if r.item.rule in rules]
    columns = (*form_columns("stage", "row"), *county.indicator_columns(spec), column)
    return form_table(spec, columns, rows, notes, merged=("stage",))


def _coefficient(
    county: FormCounty, cv: float, g: int, j: int, digits: int | None, why: Text, omitted: Text | None, stage: str
) -> Cell:
    if np.isnan(cv):
        return open_cell(why)
    limit = county.standard.limit("each", stage=stage)
    if limit is None:
        return figure_cell(cv, digits, note=omitted)
    code = int(county.judgement.coefficient_verdicts[g, j])
    cell = judged_cell(cv, float(limit.value), limit.op, code, digits, note=omitted)
    return cell if code != UNDETERMINED else attrs.evolve(cell, mark="open")


def _composite(county: FormCounty, value: float, g: int, stage: str, spec: Mapping[str, Any]) -> Cell:
    if np.isnan(value):
        return open_cell(message("forms.composite_open"))
    digits = None if county.standard.printing is None else county.standard.printing.coefficient
    limit = county.standard.limit("composite", stage=stage)
    if limit is None:
        return figure_cell(value, digits, note=spec.get("composite_note"))
    code = int(county.judgement.composite_verdicts[g])
    cell = judged_cell(value, float(limit.value), limit.op, code, digits)
    if code != UNDETERMINED:
        return cell
    return attrs.evolve(cell, mark="open", note=chinese(message("forms.composite_gaps")))


def _limits(county: FormCounty, stage: str) -> list[Message]:
    notes = []
    for kind, key in (("each", "forms.limit_each"), ("composite", "forms.limit_composite")):
        limit = county.standard.limit(kind, stage=stage)
        if limit is not None:
            op, name = OPS[limit.op], Name("stage", stage)
            notes.append(message(key, clause=limit.clause, stage=name, op=op, value=str(limit.value)))
    return notes
