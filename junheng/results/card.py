"""An evaluation in short, as a notebook or a terminal shows them (private)."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from junheng._data import STAGES
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.judging.judgement import Judgement
from junheng.results.reasons import number
from junheng.words import sentences, word

#: Counties and findings that are shown.
COUNTIES, FINDINGS = 30, 5
_MARKS = {"met": "✓", "unmet": "✗", "undetermined": "?"}


def card(d: Judgement, language: str) -> str:
    """Return a sentence, the verdicts of the first counties, and what is worst."""

    def text(key: str, **values: Any) -> str:
        return sentences("reports.report", language)[key].format(**values)

    label = text("standard", label=getattr(d.standard.label, language), number=d.standard.number)
    lines = [f"<p><b>{escape(_sentence(d, language, text))}</b><br>{escape(label)}</p>"]
    if d.n_counties:
        lines.append(_table(d, language, text))
    if d.n_counties > COUNTIES:
        lines.append(f"<p>{escape(text('card_more', n=d.n_counties - COUNTIES))}</p>")
    worst = _worst(d, language, text)
    if worst:
        lines.append(f"<p>{escape(text('card_worst'))}</p>")
        lines.append("<ul>" + "".join(f"<li>{escape(line)}</li>" for line in worst) + "</ul>")
    return f'<div lang="{"zh-CN" if language == "zh" else "en"}">' + "\n".join(lines) + "</div>"


def _sentence(d: Judgement, language: str, text: Any) -> str:
    overall = d.part_verdicts["overall"]
    if d.n_counties == 0:
        return str(text("nothing"))
    if d.n_counties == 1:
        verdict = word("verdict", VERDICTS[int(overall[0])], language)
        return f"{d.county_name(0)}{text('colon')}{verdict}"
    counts = [int((overall == v).sum()) for v in (MET, UNMET, UNDETERMINED)]
    return str(text("province_sentence", n=d.n_counties, met=counts[0], unmet=counts[1], open=counts[2]))


def _table(d: Judgement, language: str, text: Any) -> str:
    parts = list(d.part_verdicts)
    heads = [text("column_county"), *(word("part", p, language) for p in parts)]
    rows = []
    for c in range(min(d.n_counties, COUNTIES)):
        cells = [escape(d.county_name(c))]
        for p in parts:
            verdict = VERDICTS[int(d.part_verdicts[p][c])]
            cells.append(f"{_MARKS[verdict]} {escape(str(word('verdict', verdict, language)))}")
        rows.append("<tr>" + "".join(f"<td>{x}</td>" for x in cells) + "</tr>")
    head = "".join(f"<th>{escape(str(h))}</th>" for h in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _worst(d: Judgement, language: str, text: Any) -> list[str]:
    """Return the coefficients furthest over their limit, then the schools that miss most indicators."""
    out = []
    values = np.concatenate([d.composite[:, None], d.coefficient], axis=1)
    limits = np.concatenate([d.composite_limits[:, None], d.limits], axis=1)
    verdicts = np.concatenate([d.composite_verdicts[:, None], d.coefficient_verdicts], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        over = np.where((verdicts == UNMET) & np.isfinite(values) & np.isfinite(limits), values / limits, -1.0)
    for flat in np.argsort(-over, axis=None, kind="stable")[:FINDINGS].tolist():
        g, j = divmod(flat, values.shape[1])
        if over[g, j] < 0:
            break
        name = word("indicator", "composite", language) if j == 0 else getattr(d.indicators[j - 1], language)
        place = d.county_name(int(d.group_county[g]))
        stage = word("stage", STAGES[int(d.group_stage[g])], language)
        shown, limit = number(float(values[g, j]), float(limits[g, j])), number(float(limits[g, j]))
        said = text("card_coefficient", value=shown, limit=limit)
        out.append(f"{place} · {stage} · {name}{text('colon')}{said}")
    unmet = np.where(d.sections.counted, ((d.verdicts == UNMET) & d.applies).sum(axis=0), 0)
    unmet = np.where(d.school == UNMET, unmet, 0)
    for i in np.argsort(-unmet, kind="stable")[: FINDINGS - len(out)].tolist():
        if unmet[i] == 0:
            break
        place = d.county_name(int(d.county[i]))
        stage = word("stage", STAGES[int(d.sections.stage[i])], language)
        school = d.school_names[d.sections.rows[i]]
        said = text("card_school", n=int(unmet[i]), total=int(d.applies[:, i].sum()))
        out.append(f"{place} · {stage} · {school}{text('colon')}{said}")
    return out
