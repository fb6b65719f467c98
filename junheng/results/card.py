"""An evaluation in short, as a notebook or a terminal shows it (private)."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import numpy as np

from junheng._data import STAGES
from junheng.errors import Severity
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.judging.judgement import Judgement
from junheng.results.reasons import number
from junheng.words import message, sentences, word

#: Counties and findings that are shown.
COUNTIES, FINDINGS = 30, 5
_MARKS = {"met": "✓", "unmet": "✗", "undetermined": "?"}


def card(d: Judgement, language: str) -> str:
    """Return a sentence, the verdicts of the first counties, and the worst findings."""
    text = sentences("reports.report", language)
    number = word("number", d.standard.number, language)
    label = text["standard"].format(label=getattr(d.standard.label, language), number=number)
    lines = [f"<p><b>{escape(_sentence(d, language, text))}</b><br>{escape(label)}</p>"]
    if d.n_counties:
        lines.append(_table(d, language, text))
    if d.n_counties > COUNTIES:
        lines.append(f"<p>{escape(text['card_more'].format(n=d.n_counties - COUNTIES))}</p>")
    if noted := data_warnings(d, language):
        lines.append(f"<p>{escape(noted)}</p>")
    worst = _worst(d, language, text)
    if worst:
        lines.append(f"<p>{escape(text['card_worst'])}</p>")
        lines.append("<ul>" + "".join(f"<li>{escape(line)}</li>" for line in worst) + "</ul>")
    return f'<div lang="{"zh-CN" if language == "zh" else "en"}">' + "\n".join(lines) + "</div>"


def data_warnings(d: Judgement, language: str) -> str:
    """Return how many warnings about the data there are, and where; empty if there are none."""
    n = sum(p.severity is Severity.WARNING for p in d.problems)
    return message("results.data_warnings", n=n).text(language) if n else ""


def _sentence(d: Judgement, language: str, text: Mapping[str, str]) -> str:
    overall = d.part_verdicts["overall"]
    if d.n_counties == 0:
        return text["nothing"]
    if d.n_counties == 1:
        verdict = word("verdict", VERDICTS[int(overall[0])], language)
        return f"{d.county_name(0)}{text['colon']}{verdict}"
    met, unmet, open_ = (int((overall == v).sum()) for v in (MET, UNMET, UNDETERMINED))
    return text["province_sentence"].format(n=d.n_counties, met=met, unmet=unmet, open=open_)


def _table(d: Judgement, language: str, text: Mapping[str, str]) -> str:
    parts = list(d.part_verdicts)
    heads = [text["column_county"], *(word("part", p, language) for p in parts)]
    rows = []
    for c in range(min(d.n_counties, COUNTIES)):
        cells = [escape(d.county_name(c))]
        for p in parts:
            verdict = VERDICTS[int(d.part_verdicts[p][c])]
            cells.append(f"{_MARKS[verdict]} {escape(str(word('verdict', verdict, language)))}")
        rows.append("<tr>" + "".join(f"<td>{x}</td>" for x in cells) + "</tr>")
    head = "".join(f"<th>{escape(str(h))}</th>" for h in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _worst(d: Judgement, language: str, text: Mapping[str, str]) -> list[str]:
    """Return the coefficients furthest over their limit, then the schools that miss most indicators."""
    lines = []

    def add(county: int, stage: int, name: str, finding: str) -> None:
        place = [d.county_name(county), str(word("stage", STAGES[stage], language)), name]
        lines.append(f"{' · '.join(place)}{text['colon']}{finding}")

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
        value, limit = float(values[g, j]), float(limits[g, j])
        finding = text["card_coefficient"].format(value=number(value, limit), limit=number(limit))
        add(int(d.group_county[g]), int(d.group_stage[g]), name, finding)
    unmet = np.where(d.sections.counted, ((d.verdicts == UNMET) & d.applies).sum(axis=0), 0)
    unmet = np.where(d.school == UNMET, unmet, 0)
    for i in np.argsort(-unmet, kind="stable")[: FINDINGS - len(lines)].tolist():
        if unmet[i] == 0:
            break
        finding = text["card_school"].format(n=int(unmet[i]), total=int(d.applies[:, i].sum()))
        add(int(d.county[i]), int(d.sections.stage[i]), str(d.school_names[d.sections.rows[i]]), finding)
    return lines
