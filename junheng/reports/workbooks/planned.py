"""What the summary of a plan says (private)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from junheng._data import STAGES
from junheng.indicators.compliance import UNMET, VERDICTS
from junheng.planning import Plan
from junheng.planning._card import plan_amounts, plan_part, plan_sentences, plan_state
from junheng.reports.plots._subject import coefficient_name, coefficient_of
from junheng.reports.workbooks.blocks import Block, Head
from junheng.reports.workbooks.evaluated import (
    LISTED,
    Words,
    basis_block,
    contents_block,
    notes_by_sheet,
    problems_block,
    provenance_block,
    reasons_by_part,
)
from junheng.results import Judgement
from junheng.words import Language

#: The groups of sheets of a plan.
_SHEETS = ("plan_sheets", "after_sheets", "before_sheets")


def plan_blocks(plan: Plan, language: Language) -> Callable[[Mapping[str, int]], list[Block]]:
    """Return a function from the number of rows of each sheet to the blocks of the summary."""
    text = Words(language)
    d, then = plan.evaluation.data, plan.after.data

    def blocks(rows: Mapping[str, int]) -> list[Block]:
        several = [_counties(plan, text)] if d.n_counties > 1 else []
        return [
            Block(text("plan_in_short"), plan_sentences(plan, language)),
            basis_block(plan.evaluation, text),
            _added(plan, text),
            *(several or [_verdicts(d, then, text)]),
            _indicators(d, then, text),
            *_unplanned(plan, text),
            problems_block(d, text),
            contents_block(rows, notes_by_sheet(_SHEETS, "plan_sheet_notes", text), d, text),
            provenance_block(plan.evaluation, text),
        ]

    return blocks


def _added(plan: Plan, text: Words) -> Block:
    """Say what is added and moved, column by column, and what it costs."""
    counties = range(plan.evaluation.data.n_counties)
    rows = [
        (x["name"], x["added"] or None, x["moved"] or None, x["unit"], x["schools"], x["cost"])
        for x in plan_amounts(plan, counties, text.language)
    ]
    kinds = {"thing": "name", "added": "amount", "moved": "amount", "unit": "middle", "n": "count", "cost": "money"}
    wide = ("added", "cost")
    heads = [Head(text.report(f"column_{key}"), 1 + (key in wide), kind) for key, kind in kinds.items()]
    lines = [text.report("plan_note")] if rows else [text.report("plan_nothing")]
    return Block(text.report("plan_things"), lines, heads, rows)


def _verdicts(d: Judgement, then: Judgement, text: Words) -> Block:
    """Compare the verdicts of a county before and after."""
    rows = [
        (text.label("part", p), VERDICTS[int(d.part_verdicts[p][0])], VERDICTS[int(then.part_verdicts[p][0])], reason)
        for p, reason in reasons_by_part(then, text.language)
    ]
    heads = [Head(text("part"), kind="name"), *(Head(text(key), kind="verdict") for key in ("before", "after"))]
    return Block(text("before_and_after"), (), [*heads, Head(text("why_after"), 5)], rows)


def _counties(plan: Plan, text: Words) -> Block:
    """List the counties with the verdict on their resources before and after, the dearest first."""
    d, then = plan.evaluation.data, plan.after.data
    costs = np.zeros(d.n_counties)
    for r in plan._rows:
        costs[d.county[r["section"]]] += r["cost"]
    order = np.argsort(-costs, kind="stable")[:LISTED].tolist()
    rows: list[tuple[Any, ...]] = []
    for c in order:
        (met, n, over, was), (met_then, _, over_then, will) = plan_state(d, c), plan_state(then, c)
        figures = (n, met, met_then, over, over_then)
        rows.append((d.county_name(c), VERDICTS[was], VERDICTS[will], *figures, float(costs[c])))
    part = plan_part(d, text.language)
    heads = [Head(text.report("column_county"), kind="name")]
    heads += [Head(text(key), kind="verdict") for key in ("before", "after")]
    heads += [
        Head(text(key), kind="count") for key in ("judged", "met_before", "met_after", "over_before", "over_after")
    ]
    left = d.n_counties - len(order)
    lines = [text("plan_counties_note", part=part), *([text("more_counties", n=left)] if left else [])]
    heads.append(Head(text.report("column_cost"), kind="money"))
    return Block(text.report("plan_counties"), lines, heads, rows)


def _indicators(d: Judgement, then: Judgement, text: Words) -> Block:
    """Compare schools and coefficients before and after, indicator by indicator."""
    rows = [
        row
        for s in range(len(STAGES))
        for j in range(-1, len(d.indicators))
        if (row := _indicator(d, then, j, s, text))
    ]
    heads = [Head(text.label("column", "indicator"), kind="name"), Head(text.label("column", "stage"), kind="middle")]
    heads += [Head(text(key), kind="count") for key in ("schools_before", "schools_after")]
    if d.standard.limits and d.n_counties == 1:
        heads += [Head(text(key), kind="coefficient") for key in ("cv_before", "cv_after", "limit")]
    elif d.standard.limits:
        heads += [Head(text(key), kind="count") for key in ("over_before", "over_after")]
    return Block(text("indicators_after"), [] if rows else [text("indicators_none")], heads, rows)


def _indicator(d: Judgement, then: Judgement, j: int, s: int, text: Words) -> tuple[Any, ...] | None:
    """Return the row of an indicator that some school or coefficient failed before or fails after."""
    schools, over, values = [], [], []
    for found in (d, then):
        at = found.judged[found.sections.stage[found.judged] == s]
        unmet = 0 if j < 0 else int((found.applies[j, at] & (found.verdicts[j, at] == UNMET)).sum())
        groups = [coefficient_of(found, j, g) for g in np.flatnonzero(found.group_stage == s).tolist()]
        limited = [x for x in groups if np.isfinite(x[1])]
        schools.append(None if j < 0 else unmet)
        over.append(sum(verdict == UNMET for _, _, verdict in limited))
        values.append(limited[0] if limited else (float("nan"), float("nan"), None))
    if not (any(schools) or any(over)):
        return None
    figures: tuple[Any, ...] = ()
    if d.standard.limits:
        figures = (values[0][0], values[1][0], values[0][1]) if d.n_counties == 1 else tuple(over)
    return (coefficient_name(d, j, text.language), text.label("stage", STAGES[s]), *schools, *figures)


def _unplanned(plan: Plan, text: Words) -> list[Block]:
    """Count what could not be planned: the indicator and the reason."""
    d = plan.evaluation.data
    unknown = Counter((s, j, reason) for a in plan.answers for _, s, j, reason in a.problem.unknown)
    if not unknown:
        return []
    rows = []
    for (s, j, reason), n in unknown.most_common():
        named = [text.label("stage", STAGES[s])] if s >= 0 else []
        named += [coefficient_name(d, j, text.language)] if j >= 0 else []
        rows.append((" · ".join(named), n, text.label("reason", reason)))
    heads = [Head(text.label("column", "indicator"), kind="name"), Head(text("times"), kind="count")]
    heads.append(Head(text.label("column", "reason"), 6))
    return [Block(text("unplanned"), [text("unplanned_note")], heads, rows)]
