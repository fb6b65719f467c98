"""Table VI: the satisfaction survey (private)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from junheng.facts import fact_columns
from junheng.judging.items import ItemResult
from junheng.reports.declarations.cells import (
    fact_cell,
    figure_cell,
    form_columns,
    form_data,
    form_table,
    item_note,
    judged_cell,
    of_facts,
    open_cell,
    standing_of,
    text_cell,
)
from junheng.reports.declarations.county import FormCounty
from junheng.reports.declarations.model import Cell, FormTable
from junheng.words import listed, message, word


def survey_table(county: FormCounty, spec: Mapping[str, Any]) -> FormTable:
    """Return the numbers asked and satisfied, for everyone and for parents."""
    entries = form_data()["survey"]
    results = [r for r in county.judgement.items if r.item.part == spec["part"]]
    rows, blank = [], []
    for who in ("all", "parents"):
        figures = {e["column"]: _asked(county, e[who]) for e in entries if who in e}
        cells = []
        for entry in entries:
            name = entry["column"]
            if "over" in entry:
                top, bottom = (figures[c] for c in entry["over"])
                facts = [e[who] for c in entry["over"] for e in entries if e["column"] == c]
                cells.append(_satisfaction(county, top, bottom, facts, results, spec))
            elif np.isnan(figures[name]):
                blank.append(fact_columns()[entry[who]].zh)
                cells.append(fact_cell(entry[who]))
            else:
                cells.append(figure_cell(figures[name], 0))
        rows.append((text_cell(form_data()["rows"][who]["zh"]), *cells))
    notes = []
    for r in results:
        notes.append(item_note(county.judgement, r, county.index, word("reason", r.reason[county.index], "zh")))
        standing = standing_of(r)
        if standing:
            notes.append(message("forms.sentence", text=standing))
    if blank:
        notes.append(message("forms.blank", n=len(blank), names=listed(blank)))
    columns = form_columns("who", *(e["column"] for e in entries))
    return form_table(spec, columns, rows, notes)


def _asked(county: FormCounty, fact: str) -> float:
    return float(county.judgement.facts.number(fact)[county.index])


def _satisfaction(
    county: FormCounty,
    top: float,
    bottom: float,
    facts: Sequence[str],
    results: Sequence[ItemResult],
    spec: Mapping[str, Any],
) -> Cell:
    decimals = spec["ratio_decimals"]
    if np.isnan(top) or np.isnan(bottom):
        lacks = [f for f in facts if np.isnan(_asked(county, f))]
        return open_cell(message("forms.survey_missing"), "not_given", of_facts(lacks))
    if not bottom > 0:
        return open_cell(word("reason", "zero_denominator", "zh"))
    value = top / bottom
    for r in results:
        for test, found in zip(r.item.conditions, r.each, strict=True):
            if (*test.top, *test.bottom) == tuple(facts):
                required, verdict = float(found.required[county.index]), int(found.verdict[county.index])
                return judged_cell(value, required, test.op, verdict, decimals, percent=True)
    return figure_cell(value, decimals, percent=True)
