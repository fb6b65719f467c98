"""Summary of a plan for notebooks, terminals and reports (private)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.results import Judgement
from junheng.schools import base_column
from junheng.words import sentences, word

#: Purposes of the changes of a plan; rows store the position.
WHY = ("threshold", "floor", "coefficient", "threshold_and_coefficient", "moved_in", "moved_out")

#: Rules that a plan aims to meet.
_RESOURCE_RULES = ("every_school_complies", "each_coefficient", "composite_coefficient")


def _say(key: str, language: str, **values: Any) -> str:
    return sentences("reports.report", language)[key].format(**values)


def money(x: float) -> str:
    """Format an amount of money, without decimals if it is whole."""
    return f"{x:,.0f}" if abs(x - round(x)) < 0.005 else f"{x:,.2f}"


def amount(x: float) -> str:
    """Format an amount with all its digits."""
    return f"{x:,.6f}".rstrip("0").rstrip(".")


def _share(x: float) -> str:
    """Format an upper bound of a share in per cent, rounded up; a small one is never shown as 0."""
    # a share that is 0.02 % but for the last bit is not 0.03 %
    hundredths = math.ceil(1e4 * x * (1 - 1e-12))
    return f"{hundredths / 100:.2f}".rstrip("0").rstrip(".") + "%"


def plan_state(d: Judgement, c: int) -> tuple[int, int, int, int]:
    """Return for a county: schools met, schools, coefficients over the limit, the verdict on its resources."""
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
    """Return the part of the standard that a plan aims to meet."""
    parts = [r.item.part for r in d.items if r.item.rule in _RESOURCE_RULES]
    return str(word("part", parts[0] if parts else "resources", language))


def plan_amounts(plan: Any, counties: Sequence[int], language: str) -> list[dict[str, Any]]:
    """Return what a plan adds and moves by column, at how many schools, and the cost; the dearest first."""
    d = plan.evaluation.data
    out: dict[str, dict[str, Any]] = {}
    for r in _rows_of(plan, counties):
        base = base_column(r["column"])
        assert base is not None
        empty = {"added": 0.0, "moved": 0.0, "cost": 0.0, "schools": set()}
        thing = out.setdefault(base[0].id, {"column": base[0], **empty})
        kind = WHY[r["why"]]
        thing["moved" if kind == "moved_in" else "added"] += 0.0 if kind == "moved_out" else r["change"]
        thing["cost"] += r["cost"]
        thing["schools"].add(int(d.sections.rows[r["section"]]))
    for x in out.values():
        column = x.pop("column")
        x["name"] = str(getattr(column, language))
        x["unit"] = str(word("unit", column.unit, language)) if column.unit else ""
        x["schools"] = len(x["schools"])
    return sorted(out.values(), key=lambda x: -x["cost"])


def plan_things(plan: Any, counties: Sequence[int], language: str) -> list[dict[str, Any]]:
    """Return :func:`plan_amounts` as text."""
    return [
        x | {name: amount(x[name]) if x[name] else "–" for name in ("added", "moved")} | {"cost": money(x["cost"])}
        for x in plan_amounts(plan, counties, language)
    ]


def plan_sentences(plan: Any, language: str, counties: Sequence[int] | None = None) -> list[str]:
    """Return sentences on the cost of a plan, its distance from the cheapest plan, and its effect."""
    n = plan.evaluation.data.n_counties
    chosen = list(range(n)) if counties is None else list(counties)
    out = _cost_sentences(plan, chosen, language)
    within = len(chosen) == n  # the budget is for all counties together
    out += _bound_sentences(plan, chosen, within, language) if plan.whole else [_short(plan, chosen, within, language)]
    if any(a.stopped for a in plan.answers if a.problem.county in set(chosen)):
        out.append(_say("plan_stopped", language))
    unknown = sum(len(a.problem.unknown) for a in plan.answers if a.problem.county in set(chosen))
    if unknown:
        out.append(_say("plan_unplanned", language, n=unknown))
    return out + _then_sentences(plan, chosen, language)


def _rows_of(plan: Any, counties: Sequence[int]) -> list[dict[str, Any]]:
    of, within = plan.evaluation.data.county, set(counties)
    return [r for r in plan._rows if int(of[r["section"]]) in within]


def _cost_of(plan: Any, counties: Sequence[int]) -> float:
    return float(sum(r["cost"] for r in _rows_of(plan, counties)))


def _cost_sentences(plan: Any, counties: Sequence[int], language: str) -> list[str]:
    """Return the sentence on the cost and the number of schools."""
    rows, source = _rows_of(plan, counties), plan.evaluation.data.sections.rows
    if rows:
        schools = {int(source[r["section"]]) for r in rows}
        cost = money(_cost_of(plan, counties))
        return [_say("plan_cost", language, cost=cost, n=len(rows), schools=len(schools))]
    return [_say("plan_nothing", language)] if plan.whole else []


def _short(plan: Any, counties: Sequence[int], all_of_them: bool, language: str) -> str:
    """Return the sentence on a budget smaller than the cost of the plan."""
    steps = [done for step, done in plan.taken if all_of_them or step.county in set(counties)]
    amounts = {"budget": money(plan.budget), "full": money(plan.full_cost), "left": money(plan.left_over)}
    return _say("plan_short", language, **amounts, k=sum(steps), m=len(steps))


def _bound_sentences(plan: Any, counties: Sequence[int], all_of_them: bool, language: str) -> list[str]:
    """Return the sentences on the bound and on what is left of the budget."""
    out: list[str] = []
    if _rows_of(plan, counties):
        cost = _cost_of(plan, counties)
        bound = float(sum(a.bound for a in plan.answers if a.problem.county in set(counties)))
        gap = max(0.0, (cost - bound) / cost) if cost > 0 else 0.0
        if gap <= 1e-9:
            out.append(_say("plan_least", language))
        elif bound > 0:
            out.append(_say("plan_gap", language, bound=money(bound), gap=_share(gap)))
        else:
            out.append(_say("plan_open", language))
    if plan.budget is not None and all_of_them:
        out.append(_say("plan_left", language, budget=money(plan.budget), left=money(plan.left_over)))
    return out


def _then_sentences(plan: Any, counties: Sequence[int], language: str) -> list[str]:
    """Return the sentence on the effect: schools and coefficients of one county, or how many counties pass."""
    d, then = plan.evaluation.data, plan.after.data
    part = plan_part(d, language)
    before, after = ([plan_state(x, c) for c in counties] for x in (d, then))
    if len(counties) == 1:
        (was,), (now,) = before, after
        figures = {"met": now[0], "total": now[1], "was_met": was[0], "over": now[2], "was_over": was[2], "part": part}
        return [_say("plan_after", language, **figures, verdict=word("verdict", VERDICTS[now[3]], language))]
    was_met, met = (sum(state[3] == MET for state in states) for states in (before, after))
    many = {"part": part, "n": len(counties), "met": met, "was_met": was_met}
    return [_say("plan_after_many", language, **many)] if counties else []


def plan_card(plan: Any, language: str) -> str:
    """Return the sentences on a plan and the table of additions as HTML."""
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
