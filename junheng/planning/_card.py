"""A plan in short, as a notebook, a terminal or a report shows it (private)."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from junheng._data import read_toml
from junheng._labels import word
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.results import Judgement
from junheng.schools import base_column

#: What a change of a plan is for; position is the code kept in its rows.
WHY = ("threshold", "floor", "coefficient", "threshold_and_coefficient", "moved_in", "moved_out")

#: Rules that a plan works for.
_RESOURCE_RULES = ("every_school_complies", "each_coefficient", "composite_coefficient")


def _say(key: str, language: str, **values: Any) -> str:
    return str(read_toml("reports/words.toml")["report"][key][language]).format(**values)


def money(x: float) -> str:
    """Write an amount of money: in whole numbers where it is whole."""
    return f"{x:,.0f}" if abs(x - round(x)) < 0.005 else f"{x:,.2f}"


def amount(x: float) -> str:
    """Write an amount of a thing in full."""
    return f"{x:,.6f}".rstrip("0").rstrip(".")


def _share(x: float) -> str:
    """Write a share in per cent, never as none where there is some."""
    return "< 0.01%" if x < 1e-4 else f"{100 * x:.2f}".rstrip("0").rstrip(".") + "%"


def plan_state(d: Judgement, c: int) -> tuple[int, int, int, int]:
    """Return of a county: schools met, schools, coefficients over their limit, the verdict on its resources."""
    groups = [int(g) for g in d.group_at[c] if g >= 0]
    own = d.judged[d.county[d.judged] == c]
    judged = np.concatenate([d.coefficient_verdicts[groups].ravel(), d.composite_verdicts[groups]])
    limited = np.isfinite(np.concatenate([d.limits[groups].ravel(), d.composite_limits[groups]]))
    verdicts = [int(r.verdict[c]) for r in d.items if r.item.rule in _RESOURCE_RULES]
    return (
        int((d.school[own] == MET).sum()),
        int(own.size),
        int(((judged == UNMET) & limited).sum()),
        min(verdicts, default=UNDETERMINED),
    )


def plan_part(d: Judgement, language: str) -> str:
    """Name the part of the standard that a plan works for."""
    parts = [r.item.part for r in d.items if r.item.rule in _RESOURCE_RULES]
    return str(word("part", parts[0] if parts else "resources", language))


def plan_things(plan: Any, counties: Sequence[int], language: str) -> list[dict[str, Any]]:
    """Return column by column what a plan adds and moves, at how many schools, and what that costs."""
    d = plan.evaluation.data
    within = set(counties)
    out: dict[str, dict[str, Any]] = {}
    for r in plan._rows:
        if int(d.county[r["section"]]) not in within:
            continue
        base = base_column(r["column"])
        assert base is not None
        empty = {"added": 0.0, "moved": 0.0, "cost": 0.0, "schools": set()}
        thing = out.setdefault(base[0].id, {"column": base[0], **empty})
        kind = WHY[r["why"]]
        thing["moved" if kind == "moved_in" else "added"] += 0.0 if kind == "moved_out" else r["change"]
        thing["cost"] += r["cost"]
        thing["schools"].add(int(d.sections.rows[r["section"]]))
    return [
        {
            "name": str(getattr(x["column"], language)),
            "unit": str(word("unit", x["column"].unit, language)) if x["column"].unit else "",
            "added": amount(x["added"]) if x["added"] else "–",
            "moved": amount(x["moved"]) if x["moved"] else "–",
            "schools": len(x["schools"]),
            "cost": money(x["cost"]),
        }
        for x in sorted(out.values(), key=lambda x: -x["cost"])
    ]


def plan_sentences(plan: Any, language: str, counties: Sequence[int] | None = None) -> list[str]:
    """Say in a few sentences what a plan costs, how near it is to the cheapest, and what it brings."""
    d, then = plan.evaluation.data, plan.after.data
    chosen = list(range(d.n_counties)) if counties is None else list(counties)
    all_of_it = len(chosen) == d.n_counties
    rows = [r for r in plan._rows if int(d.county[r["section"]]) in set(chosen)]
    answers = [a for a in plan.answers if a.problem.county in set(chosen)]
    cost = float(sum(r["cost"] for r in rows))
    out: list[str] = []
    said: dict[str, Any]
    if rows:
        schools = {int(d.sections.rows[r["section"]]) for r in rows}
        out.append(_say("plan_cost", language, cost=money(cost), n=len(rows), schools=len(schools)))
    elif plan.whole:
        out.append(_say("plan_nothing", language))
    if not plan.whole:
        steps = [done for step, done in plan.taken if all_of_it or step.county in set(chosen)]
        said = {"budget": money(plan.budget), "full": money(plan.full_cost), "left": money(plan.left_over)}
        out.append(_say("plan_short", language, **said, k=sum(steps), m=len(steps)))
    else:
        bound = float(sum(a.bound for a in answers))
        gap = max(0.0, (cost - bound) / cost) if cost > 0 else 0.0
        if rows and gap <= 1e-9:
            out.append(_say("plan_least", language))
        elif rows and bound > 0:
            out.append(_say("plan_gap", language, bound=money(bound), gap=_share(gap)))
        elif rows:
            out.append(_say("plan_open", language))
        if plan.budget is not None and all_of_it:
            out.append(_say("plan_left", language, budget=money(plan.budget), left=money(plan.left_over)))
    unknown = sum(len(a.problem.unknown) for a in answers)
    if unknown:
        out.append(_say("plan_unplanned", language, n=unknown))
    part = plan_part(d, language)
    if len(chosen) == 1:
        was, now = plan_state(d, chosen[0]), plan_state(then, chosen[0])
        said = {"met": now[0], "total": now[1], "was_met": was[0], "over": now[2], "was_over": was[2], "part": part}
        out.append(_say("plan_after", language, **said, verdict=word("verdict", VERDICTS[now[3]], language)))
    elif chosen:
        counts = [sum(plan_state(x, c)[3] == MET for c in chosen) for x in (d, then)]
        out.append(_say("plan_after_many", language, part=part, n=len(chosen), met=counts[1], was_met=counts[0]))
    return out


def plan_card(plan: Any, language: str) -> str:
    """Return the sentences on a plan and a table of what is added."""
    chosen = list(range(plan.evaluation.data.n_counties))
    lines = [f"<p>{'<br>'.join(escape(s) for s in plan_sentences(plan, language))}</p>"]
    things = plan_things(plan, chosen, language)
    if things:
        keys = ("name", "added", "moved", "unit", "schools", "cost")
        heads = ("column_thing", "column_added", "column_moved", "column_unit", "column_n", "column_cost")
        head = "".join(f"<th>{escape(_say(h, language))}</th>" for h in heads)
        body = "".join("<tr>" + "".join(f"<td>{escape(str(x[k]))}</td>" for k in keys) + "</tr>" for x in things)
        lines.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
    return f'<div lang="{"zh-CN" if language == "zh" else "en"}">' + "\n".join(lines) + "</div>"
