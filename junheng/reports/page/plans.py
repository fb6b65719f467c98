"""The sections of a page about a plan; without a plan, the total shortfalls (private)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from junheng._data import STAGES
from junheng.indicators.compliance import UNDETERMINED
from junheng.planning import Plan
from junheng.planning._card import WHY, amount, money, plan_part, plan_sentences, plan_state, plan_things
from junheng.reports import plots
from junheng.reports.page import alternatives
from junheng.reports.page.drawing import Drawing
from junheng.reports.page.standings import counted, explained, standing_of
from junheng.reports.page.words import LISTED, ReportWords, caption, verdict_of
from junheng.results import Judgement
from junheng.schools import base_column, columns


def plan_is_of(plan: Plan, d: Judgement) -> bool:
    """Tell whether a plan was made for these figures."""
    planned = plan.evaluation.data
    if planned is d:
        return True
    same = planned.standard.digest == d.standard.digest and planned.n_counties == d.n_counties
    return bool(
        same
        and np.array_equal(planned.sections.rows, d.sections.rows)
        and np.array_equal(planned.values, d.values, equal_nan=True)
        and np.array_equal(planned.sections.students, d.sections.students, equal_nan=True)
    )


def county_plan(plan: Plan, c: int, text: ReportWords, draw: Drawing, most: int) -> dict[str, Any]:
    """Return what a plan does for a county, with at most ``most`` pictures."""
    lines, unknown = _who_gets(plan, c, text), _unplanned(plan, c, text)
    return {
        "sentences": plan_sentences(plan, text.language, [c]),
        "things": plan_things(plan, [c], text.language),
        "lines": lines,
        "folded": len(lines) > LISTED,
        "rule": standing_of(plan.evaluation.standard.school_rule, text),
        "standings": explained([plan.evaluation.standard.school_rule], text),
        "unknown": unknown[:LISTED],
        "n_unknown": len(unknown),
        "more": text("plan_missing_more", n=len(unknown) - LISTED) if len(unknown) > LISTED else "",
        "pictures": _changes_drawn(plan, c, text, draw, most),
    }


def lacking_of(totals: list[dict[str, Any]], text: ReportWords) -> list[dict[str, Any]]:
    """Return the total shortfalls of a county, column by column."""
    found = []
    for row in totals:
        column = columns()[row["column"]]
        n, floor = int(row["n_schools"]), float(row["total_of_floor"])
        found.append(
            {
                "name": str(getattr(column, text.language)),
                "unit": text.label("unit", column.unit) if column.unit else "",
                "n": n,
                "open": int(row["n_undetermined"]),
                "short": amount(float(row["total"])) if n else "–",
                "floor": amount(floor) if np.isfinite(floor) else "–",
            }
        )
    return found


def _who_gets(plan: Plan, c: int, text: ReportWords) -> list[dict[str, Any]]:
    """Return the changes of a plan school by school: unmet schools first, then by cost."""
    d, then = plan.evaluation.data, plan.after.data
    verdicts: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for i in d.judged[d.county[d.judged] == c].tolist():
        verdicts[_school(d, i)].append((int(d.school[i]), int(then.school[i])))
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for r in plan._rows:
        if int(d.county[r["section"]]) == c:
            rows[_school(d, r["section"])].append(r)
    judged = d.standard.school_rule is not None and bool(d.standard.thresholds)
    found: list[dict[str, Any]] = []
    for name, changes in rows.items():
        known = verdicts.get(name, [])
        before = min((v for v, _ in known), default=UNDETERMINED)
        after = min((v for _, v in known), default=UNDETERMINED)
        cost = 0.0
        for r in changes:
            cost += r["cost"]
        found.append(
            {
                "school": name,
                "before": verdict_of(before, text) if judged else None,
                "after": verdict_of(after, text) if judged else None,
                "gets": [_change_line(r, text, with_stage=len(known) > 1) for r in changes],
                "cost": money(cost),
                "key": (before if judged else 0, -cost),
            }
        )
    return sorted(found, key=lambda x: x["key"])


def _school(d: Judgement, section: int) -> str:
    return str(d.school_names[d.sections.rows[section]])


def _change_line(r: dict[str, Any], text: ReportWords, *, with_stage: bool) -> str:
    """Write one change of a plan, with its stage and reason in brackets."""
    base = base_column(r["column"])
    assert base is not None
    change = ("+" if r["change"] > 0 else "−") + amount(abs(r["change"]))
    unit = text.unit(base[0].unit or "", abs(r["change"]))
    stage = text.label("stage", STAGES[r["stage"]]) if with_stage and r["stage"] >= 0 else ""
    inside = text.join([x for x in (stage, text.label("why", WHY[r["why"]])) if x])
    line = text("plan_get", thing=str(getattr(base[0], text.language)), amount=f"{change} {unit}".strip())
    return line + text("plan_get_how", how=inside)


def _unplanned(plan: Plan, c: int, text: ReportWords) -> list[str]:
    """Name what could not be planned, and why."""
    d = plan.evaluation.data
    lines = []
    for answer in plan.answers:
        if answer.problem.county != c:
            continue
        for section, s, j, reason in answer.problem.unknown:
            whose = [] if section < 0 else [_school(d, answer.problem.sections[section])]
            stage = [] if s < 0 else [text.label("stage", STAGES[s])]
            indicator = [] if j < 0 else [str(getattr(d.indicators[j], text.language))]
            what = " · ".join([*whose, *stage, *indicator])
            lines.append(text("plan_missing_line", what=what, reason=text.label("reason", reason)))
    return lines


def _changes_drawn(plan: Plan, c: int, text: ReportWords, draw: Drawing, most: int) -> list[dict[str, Any]]:
    """Draw the indicators whose schools change most, measured by their mean."""
    d, then = plan.evaluation.data, plan.after.data
    found: list[tuple[float, int, int]] = []
    for s in range(len(STAGES)):
        g = int(d.group_at[c, s])
        if g < 0:
            continue
        rows = d.usable[d.group_codes == g]
        for j in range(len(d.indicators)):
            change = np.abs(then.values[j, rows] - d.values[j, rows])
            total = float(np.nansum(np.abs(d.values[j, rows]) * d.sections.students[rows]))
            moved = float(np.nansum(change * d.sections.students[rows]))
            if moved > 0:
                found.append((-(moved / total) if total else -np.inf, s, j))
    whose = {"county": tuple(str(w[c]) for _, w in d.county_words), "language": text.language}
    return [
        draw(
            caption(d, j, s, text),
            alternatives.changes(plan, j, c, s, text),
            plots.before_and_after,
            plan,
            d.indicators[j].id,
            stage=STAGES[s],
            **whose,
        )
        for _, s, j in sorted(found)[:most]
    ]


def province_plan(d: Judgement, chosen: list[int], plan: Plan, order: list[int], text: ReportWords) -> dict[str, Any]:
    """Return what a plan costs, county by county."""
    cost = dict.fromkeys(chosen, 0.0)
    for r in plan._rows:
        if (c := int(d.county[r["section"]])) in cost:
            cost[c] += r["cost"]
    bound = {a.problem.county: a.bound for a in plan.answers}
    then = plan.after.data
    rows = []
    for c in order:
        before, after = plan_state(d, c), plan_state(then, c)
        rows.append(
            {
                "name": d.county_name(c),
                "cost": money(cost[c]),
                "bound": money(bound[c]) if plan.whole and c in bound else "–",
                "schools": f"{before[0]} → {after[0]} / {after[1]}",
                "before": verdict_of(before[3], text),
                "after": verdict_of(after[3], text),
            }
        )
    return {
        "sentences": plan_sentences(plan, text.language, chosen),
        "things": plan_things(plan, chosen, text.language),
        "rows": rows,
        "part": plan_part(d, text.language),
        "rules": counted((i for i in d.standard.items if i.rule not in ("conditions", "scored")), text),
    }
