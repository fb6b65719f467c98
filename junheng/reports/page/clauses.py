"""The lower sections of a page: clauses, thresholds, schools left out, problems, provenance (private)."""

from __future__ import annotations

from typing import Any

from junheng._data import STAGES
from junheng._grouping import grouped
from junheng.judging.items import ItemResult
from junheng.reports.page.standings import clause_of, standing_of
from junheng.reports.page.words import LISTED, ReportWords, asked, sentence, verdict_of
from junheng.results import Evaluation, Judgement
from junheng.results.explain import failing, nothing_known
from junheng.results.reasons import finding, number
from junheng.words import SIGNS as OPS


def clauses_of(d: Judgement, c: int, text: ReportWords) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Return every item with its clause, part by part, and the names of those without any data."""
    groups, opened = [], []
    for part in d.part_verdicts:
        lines, blank = [], []
        for r in d.items:
            if r.item.part != part or not r.is_about(c):
                continue
            if r.stage < 0 and nothing_known(d, r, c):
                blank.append(str(getattr(r.item.label, text.language)))
            else:
                lines.append(_item_line(d, r, c, text))
        name = text("beside") if part == "overall" else text.label("part", part)
        if lines:
            groups.append({"name": name, "lines": lines})
        if blank:
            open_items = text("open_given", n=len(blank), names=text("join").join(blank))
            opened.append({"name": name, "text": open_items})
    return groups, opened


def _item_line(d: Judgement, r: ItemResult, c: int, text: ReportWords) -> dict[str, Any]:
    label = str(getattr(r.item.label, text.language))
    if r.stage >= 0:
        label = text("fail_head", stage=text.label("stage", STAGES[r.stage]), indicator=label)
    reference = d.facts.documents(r.item).get(c)
    return {
        "label": label,
        "verdict": verdict_of(int(r.verdict[c]), text),
        "standing": standing_of(r.item, text),
        "scored": r.item.rule == "scored",
        "finding": sentence(finding(d, r, c, text.language)) + text("end"),
        "clause": clause_of(d, r.item, text),
        "reference": text("reference", text=reference) if reference else "",
        "schools": [line.strip() for line in failing(d, r, c, None, text.language)],
    }


def thresholds_of(d: Judgement, text: ReportWords) -> list[dict[str, Any]]:
    """Return the numbers of the standard: thresholds, then limits."""
    lines = []
    for t in d.standard.thresholds:
        ind = next(i for i in d.indicators if i.id == t.indicator)
        full = d.standard.find(t.indicator, t.stage)
        required = text("by_classes") if t.value is None else asked(t)
        floor = number(float(full.floor)) if full is not None and full.floor is not None else ""
        name = str(getattr(ind, text.language))
        lines.append((text.label("stage", t.stage), name, required, floor, clause_of(d, t, text)))
    for x in d.standard.limits:
        name = text("limit_each" if x.kind == "each" else "limit_composite")
        lines.append(
            (text.label("stage", x.stage), name, f"{OPS[x.op]}{number(float(x.value))}", "", clause_of(d, x, text))
        )
    keys = ("stage", "name", "required", "floor", "clause")
    return [dict(zip(keys, line, strict=True)) for line in lines]


def left_out(d: Judgement, c: int, text: ReportWords) -> list[str]:
    """Name the schools and stages that are not counted, reason by reason."""
    by: dict[str, list[str]] = {}
    for at in d.left_out.at(c).tolist():
        i = int(d.leaving[0][at])
        stage = text.label("stage", STAGES[int(d.sections.stage[i])])
        name = text("left_out_name", school=d.school_names[d.sections.rows[i]], stage=stage)
        by.setdefault(d.left_out_reason(at, text.language), []).append(name)
    return [text("left_out_line", reason=r, n=len(names), names=text.join(names)) for r, names in by.items()]


def problems_of(d: Judgement, c: int | None, text: ReportWords) -> dict[str, Any]:
    """Return the problems of a county's rows and of the whole table; without a county, all problems."""
    rows = None if c is None else set(d.sections.rows[d.county == c].tolist())
    rows_of_others = set() if c is None else set(d.sections.rows.tolist()) - (rows or set())
    found = [p for p in d.problems if rows is None or p.position is None or p.position not in rows_of_others]
    groups, lines = grouped(found), []
    for group in groups[:LISTED]:
        value = group.first.value if len(group.problems) == 1 else None
        where = " · ".join(x for x in (group.place(text.language), value) if x)
        code = text.label("problem", group.first.code)
        lines.append({"where": where, "code": code, "message": group.sentence(text.language)})
    more = sum(len(group.problems) for group in groups[LISTED:])
    return {"lines": lines, "more": text("problems_more", n=more) if more else ""}


def provenance_of(ev: Evaluation, text: ReportWords) -> list[tuple[str, str]]:
    """Return the provenance of the figures: labels and values."""
    pairs, none = [], text.own("provenance", "none")
    for key, value in ev.relabel(text.language).provenance.items():
        if isinstance(value, dict):
            shown = text("join").join(f"{k}{text('colon')}{n}" for k, n in value.items())
        elif isinstance(value, (list, tuple)):
            shown = text.join([str(x) for x in value])
        else:
            shown = "" if value is None else str(value)
        pairs.append((key, shown or none))
    return pairs
