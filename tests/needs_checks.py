"""Checks of amounts that cases name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from small_tables import GOOD, SHARED, frame, only, pick

import junheng as jh
from junheng.planning._building import counties
from junheng.planning._costs import Prices
from junheng.reports.page.schools import StageTable
from junheng.reports.page.words import ReportWords


def sections(ev: jh.Evaluation) -> Iterator[tuple[int, tuple[int, str]]]:
    s = ev.data.sections
    yield from ((i, (int(s.rows[i]), ("primary", "junior")[int(s.stage[i])])) for i in range(s.rows.size))


def planned(ev: jh.Evaluation) -> dict[tuple[int, str, str], tuple[Fraction, Fraction | None]]:
    """What the plan takes each school to need, to its threshold and to its floor."""
    d, out = ev.data, {}
    where = dict(sections(ev))
    for county in counties(d, Prices({}), 2):
        for need in county.needs:
            step = county.resources[need.resource].step
            i = int(county.sections[need.section])
            floor = None if need.floor is None else need.floor * step
            out[*where[i], d.indicators[need.indicator].id] = (need.threshold * step, floor)
    return out


def shortage(case: Mapping[str, Any]) -> dict[str, Any]:
    """Judge an integrated school that has more than enough of all but one thing, and ask all three."""
    plenty = {c: 1000 * x for c, x in GOOD.items()}
    row = {"county": "甲县", "school": "联校", "kind": case["kind"], **{c: plenty[c] for c in plenty if c in SHARED}}
    for stage, students in case["students"].items():
        row |= {f"students_{stage}": students}
        row |= {f"{c}_{stage}": x for c, x in plenty.items() if c not in SHARED}
    ev = jh.evaluate(frame(row | {case["column"]: case["amount"]}), case["standard"])
    lacks = pick(jh.shortfalls(ev), column=case["column"]).set_index("stage")
    report = {}
    for s, stage in enumerate(("primary", "junior")):
        lines = [line["text"] for _, line in StageTable(ev.data, 0, s, ReportWords("zh")).fails()]
        found = [amount for text in lines for amount in re.findall(r"校(?:缺|：.*?缺)([^，；。（]+)", text)]
        if lines:
            report[stage] = sorted({f"缺{amount}" for amount in found})
    plan = {stage: float(steps) for (_, stage, _), (steps, _) in planned(ev).items()}
    return {
        **{
            name: lacks[column].to_dict()
            for name, column in (
                ("has", "has"),
                ("needs", "needs"),
                ("of_stage", "short"),
                ("of_school", "short_school"),
            )
        },
        "planned": plan,
        "reported": report,
        "added_in_all": only(jh.shortfall_totals(ev), column=case["column"])["total"],
    }


CHECKS = {"shortage": shortage}
