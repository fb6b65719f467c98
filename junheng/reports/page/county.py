"""The sections of a page about one county (private)."""

from __future__ import annotations

from typing import Any

import numpy as np

from junheng._data import STAGES
from junheng.indicators.compliance import UNDETERMINED, UNMET
from junheng.reports import plots
from junheng.reports.page import alternatives
from junheng.reports.page.clauses import clauses_of, left_out, problems_of, thresholds_of
from junheng.reports.page.drawing import Drawing
from junheng.reports.page.schools import StageTable
from junheng.reports.page.standings import counted, deciding, explained, limit_of, standing_of
from junheng.reports.page.words import ReportWords, caption, sentence, verdict_of
from junheng.reports.plots._matrix import draw_matrix
from junheng.reports.plots._subject import coefficient_name, coefficient_of
from junheng.results import Evaluation, Judgement
from junheng.results.explain import nothing_known
from junheng.results.reasons import finding, number, overall_reason

#: The height of a picture of all schools or counties at most, in points: so that it fits a printed page.
TALLEST = 840.0


def county_view(
    d: Judgement, c: int, reasons: list[str], text: ReportWords, draw: Drawing, most: int, *, alone: bool
) -> dict[str, Any]:
    """Return what the template of a county shows, with at most ``most`` pictures.

    The picture of all its schools opens its own page; on a page of several counties their picture does, and the schools
    are in the tables.
    """
    parts = list(d.part_verdicts)
    mine = dict(zip(parts, reasons[c * len(parts) : (c + 1) * len(parts)], strict=True))
    verdict = verdict_of(int(d.part_verdicts["overall"][c]), text)
    name = d.county_name(c)
    cells = [StageTable(d, c, s, text) for s in range(len(STAGES)) if d.has_stage(c, s)]
    clauses, opened = clauses_of(d, c, text)
    balance = _balance(d, c, text, draw)
    pictures, undrawn = _pictures(d, c, cells, text, draw, most)
    fails = _fails(d, c, cells, text)
    return {
        "id": f"c{c}",
        "name": name,
        "verdict": verdict,
        "sentence": text(
            "county_sentence", county=name, verdict=verdict["word"], reason=sentence(_in_short(d, c, text))
        ),
        "rules": counted(deciding(d, c, "overall"), text),
        "standings": explained(deciding(d, c, "overall") + [x for p in parts for x in deciding(d, c, p)], text),
        "parts": [
            {
                "name": text.label("part", p),
                "rules": counted(deciding(d, c, p), text),
                "verdict": verdict_of(int(d.part_verdicts[p][c]), text),
                "reason": sentence(_part_in_short(d, c, p, mine[p], text)),
            }
            for p in parts
            if p != "overall"
        ],
        "matrix": _matrix(d, c, text, draw) if alone else [],
        "fails": fails,
        "fail_standings": explained((line["rule"] for group in fails for line in group["lines"]), text),
        "rule": _rule(d, text) if any((d.school[x.rows] == UNMET).any() for x in cells) else "",
        "balance": balance,
        "pictures": pictures,
        "undrawn": text("pictures_left", n=len(undrawn), names=text.join(undrawn)) if undrawn else "",
        "stages": [x.tables() for x in cells],
        "judged": bool(d.standard.thresholds),
        "clauses": clauses,
        "open": opened,
        "thresholds": thresholds_of(d, text),
        "left_out": left_out(d, c, text),
        "problems": problems_of(d, c, text),
    }


def _matrix(d: Judgement, c: int, text: ReportWords, draw: Drawing) -> list[dict[str, Any]]:
    """Draw all schools by all indicators, a picture for each stage with thresholds."""
    drawn = []
    for s, stage in enumerate(STAGES):
        shows = alternatives.matrix(d, c, s, text)
        if shows:
            title = text("caption_matrix", stage=text.label("stage", stage))
            drawn.append(draw(title, shows, draw_matrix, d, [c], [s], text.language, tallest=TALLEST))
    return drawn


def _in_short(d: Judgement, c: int, text: ReportWords) -> str:
    """Return what decides the overall verdict, without the names of undetermined items."""
    reasons = [overall_reason(d, c, text.language)]
    for verdict, key in ((UNMET, "unmet_items"), (UNDETERMINED, "beside_open")):
        items = [r.item for r in d.items if r.item.part == "overall" and r.verdict[c] == verdict]
        if items and verdict == d.part_verdicts["overall"][c]:
            names = [str(getattr(i.label, text.language)) for i in items]
            reasons.append(text(key, n=len(items), names=text.join(names)))
    return text("join").join(s for s in reasons if s)


def _part_in_short(d: Judgement, c: int, part: str, reason: str, text: ReportWords) -> str:
    """Return a short reason of an undetermined part: items without data are named further down."""
    items = [r for r in d.items if r.item.part == part and r.item.rule == "conditions" and r.verdict[c] == UNDETERMINED]
    blank = [r for r in items if nothing_known(d, r, c)]
    if d.part_verdicts[part][c] != UNDETERMINED or not blank:
        return reason
    rest = [str(getattr(r.item.label, text.language)) for r in items if not any(r is b for b in blank)]
    counted = [text("open_items", n=len(rest), names=text.join(rest))] if rest else []
    return text("join").join([*counted, text("blank", n=len(blank))])


def _rule(d: Judgement, text: ReportWords) -> str:
    rule = d.standard.school_rule
    if rule is None or rule.kind != "at_least":
        return ""
    key = "rule_at_least" if rule.floor_ratio is None else "rule_at_least_floor"
    return text("complies", rule=text(key, k=rule.k))


def _fails(d: Judgement, c: int, cells: list[StageTable], text: ReportWords) -> list[dict[str, Any]]:
    """Return what fails in three groups: the schools, the coefficients, the items of the county; the worst first."""
    schools = sorted((line for x in cells for line in x.fails()), key=lambda line: -line[0])
    items = [
        {
            "head": str(getattr(r.item.label, text.language)),
            "text": finding(d, r, c, text.language) + text("end"),
            "rule": r.item,
        }
        for r in d.items
        if r.item.rule == "conditions" and r.verdict[c] == UNMET
    ]
    groups: tuple[tuple[str, list[dict[str, Any]]], ...] = (
        (text("fails_schools"), [line for _, line in schools]),
        (text("fails_coefficients"), _coefficients_over(d, c, cells, text)),
        (text("fails_items"), items),
    )
    for _, lines in groups:
        for line in lines:
            line["standing"] = standing_of(line["rule"], text)
    return [{"head": head, "lines": lines} for head, lines in groups if lines]


def _coefficients_over(d: Judgement, c: int, cells: list[StageTable], text: ReportWords) -> list[dict[str, Any]]:
    """Return a line for each coefficient over its limit, the furthest first."""
    found: list[tuple[float, dict[str, Any]]] = []
    for x in cells:
        g = int(d.group_at[c, x.s])
        for j in range(-1, len(d.indicators)) if g >= 0 else ():
            value, limit, verdict = coefficient_of(d, j, g)
            if verdict == UNMET and np.isfinite(value) and np.isfinite(limit):
                over = number(value - limit)
                excess = text("fail_coefficient", value=number(value, limit), limit=number(limit), over=over)
                head = text("fail_head", stage=x.stage, indicator=coefficient_name(d, j, text.language))
                line = {"head": head, "text": excess + text("end"), "rule": limit_of(d, j, x.s)}
                found.append((limit - value, line))
    return [line for _, line in sorted(found, key=lambda line: line[0])]


def _balance(d: Judgement, c: int, text: ReportWords, draw: Drawing) -> dict[str, Any] | None:
    """Return a picture of all coefficients and their figures; None where none is known."""
    groups = [(s, int(d.group_at[c, s])) for s in range(len(STAGES)) if d.group_at[c, s] >= 0]
    if not any(np.isfinite(d.coefficient[g]).any() for _, g in groups):
        return None
    ev, whose = _of_county(d, c, text)
    rows = [
        row
        for j in range(-1, len(d.indicators))
        for s, g in groups
        if (row := _coefficient_row(d, j, s, g, text)) is not None
    ]
    shows = alternatives.coefficients(d, c, text)
    return {
        "picture": draw(text("caption_coefficients"), shows, plots.coefficients, ev, **whose),
        "rows": rows,
        "standings": explained((row["rule"] for row in rows), text),
    }


def _coefficient_row(d: Judgement, j: int, s: int, g: int, text: ReportWords) -> dict[str, Any] | None:
    """Return coefficient, limit and verdict; None without a coefficient, or for the composite without a limit."""
    value, limit, verdict = coefficient_of(d, j, g)
    if np.isnan(limit) and (j < 0 or np.isnan(value)):
        return None
    rule = limit_of(d, j, s) if np.isfinite(limit) else None
    return {
        "stage": text.label("stage", STAGES[s]),
        "name": coefficient_name(d, j, text.language),
        "value": number(value, limit) if np.isfinite(value) else "–",
        "limit": number(limit) if np.isfinite(limit) else "–",
        "verdict": verdict_of(verdict, text) if np.isfinite(limit) else None,
        "rule": rule,
        "standing": standing_of(rule, text),
    }


def _of_county(d: Judgement, c: int, text: ReportWords) -> tuple[Evaluation, dict[str, Any]]:
    """Return what pictures of a county take."""
    whose = {"county": tuple(str(w[c]) for _, w in d.county_words), "language": text.language}
    return Evaluation(data=d, provenance={}), whose


def _pictures(
    d: Judgement, c: int, cells: list[StageTable], text: ReportWords, draw: Drawing, most: int
) -> tuple[list[dict[str, Any]], list[str]]:
    """Draw indicator by indicator, the most missed first; return what was not drawn, too."""
    ev, whose = _of_county(d, c, text)
    cells = [x for x in cells if d.group_at[c, x.s] >= 0]
    drawn = []
    shown = [(x, j) for x in cells for j in x.own or range(len(d.indicators)) if np.isfinite(d.values[j, x.rows]).any()]
    shown.sort(key=lambda picture: -int((d.verdicts[picture[1], picture[0].rows] == UNMET).sum()))
    for x, j in shown[:most]:
        title, shows = caption(d, j, x.s, text), alternatives.schools_along(d, j, c, x.s, text)
        drawn.append(draw(title, shows, plots.distribution, ev, d.indicators[j].id, stage=STAGES[x.s], **whose))
    indicators = [(x.stage, coefficient_name(d, j, text.language)) for x, j in shown[most:]]
    return drawn, [text("fail_head", stage=stage, indicator=name) for stage, name in indicators]
