"""Where an evaluation and the exact oracle differ."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "properties"))
from drawn_nations import Nation, facts_frame, table
from oracle import error
from plain_figures import ENDLESS, STAGES
from whole_oracle import Judge

import junheng as jh

WORD = {True: "met", False: "unmet", None: "undetermined"}
Row = dict[str, Any]


def evaluation(nation: Nation) -> jh.Evaluation[Any]:
    """What the library says of a nation."""
    standard = jh.load_standard(nation.name)
    if nation.options:
        standard = standard.with_options(**nation.options)
    return jh.evaluate(table(nation), standard, county_facts=facts_frame(nation), missing=nation.missing)


class Differences:
    """Compares; ``checks`` counts how many figures and verdicts were."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.checks = 0

    def same(self, what: Any, got: Any, wanted: Any) -> None:
        self.checks += 1
        if got != wanted:
            self.found.append(f"{what}: {got!r}, the oracle {wanted!r}")

    def near(self, what: Any, got: float, wanted: Fraction | Decimal | None) -> None:
        """Equal to 1e-12, relative and absolute."""
        self.checks += 1
        if error(float("nan") if got is None else got, wanted) > 1:
            self.found.append(f"{what}: {got!r}, the oracle {None if wanted is None else float(wanted)!r}")


def compare(nation: Nation, ev: jh.Evaluation[Any]) -> Differences:
    """Compare all that is judged."""
    out = Differences()
    rows = {
        name: _by_county(getattr(ev, name))
        for name in ("schools", "school_verdicts", "indicators", "items", "verdicts")
    }
    for county in nation.counties:
        judge, key = Judge(nation, county), (county.name, county.year)
        own = {name: found.pop(key, []) for name, found in rows.items()}
        _schools(out, judge, own["schools"], own["school_verdicts"], key)
        _coefficients(out, judge, own["indicators"], key)
        _items(out, judge, own["items"], key)
        wanted = {part: WORD[v] for part, v in judge.parts().items()}
        out.same((key, "parts"), {r["part"]: r["verdict"] for r in own["verdicts"]}, wanted)
    for name, found in rows.items():
        out.same((name, "counties of nobody"), sorted(found, key=str), [])
    return out


def _by_county(frame: Any) -> dict[tuple[str, int | None], list[Row]]:
    found: dict[tuple[str, int | None], list[Row]] = {}
    for row in jh.results.records(frame):
        found.setdefault((row["county"], row.get("year")), []).append(row)
    return found


def _schools(out: Differences, judge: Judge, values: list[Row], verdicts: list[Row], key: Any) -> None:
    sections = {(s.code, stage): s for s, stage in judge.sections}
    counted = {k for k, s in sections.items() if judge.left_out(s, k[1], "in_basic_standard") is None}
    said = {(r["school_code"], r["stage"]): r for r in verdicts}
    out.same((key, "schools"), {k for k, r in said.items() if r["counted"]}, counted)
    of = {(r["school_code"], r["stage"], r["indicator"]): r for r in values}
    out.same((key, "one row each"), len(of), len(values))
    thresholds = judge.law.get("thresholds", [])
    for code, stage in sorted(counted):
        s = sections[code, stage]
        for t in [t for t in thresholds if t["stage"] == stage]:
            what, row = (key, s.name, stage, t["indicator"]), of.get((code, stage, t["indicator"]))
            if row is None:
                out.same(what, None, "a row")
                continue
            met, floor = judge.threshold(t, s, stage)
            value = judge.value(s, stage, t["indicator"])
            out.same((*what, "verdict"), row["verdict"], WORD[met])
            if len(value) == 1 and value != {ENDLESS} and judge.is_plain(s, stage, t["indicator"]):
                out.near((*what, "value"), row["value"], next(iter(value)))
            if "floor_ratio" in judge.law.get("school_rule", {}):
                out.same((*what, "floor"), row["floor_verdict"], WORD[floor])
        if (code, stage) in said:
            row = said[code, stage]
            out.same((key, s.name, stage, "school"), row["verdict"], WORD[judge.school(s, stage)])
            mine = [judge.threshold(t, s, stage)[0] for t in thresholds if t["stage"] == stage]
            if thresholds:
                counts = [row["n_met"], row["n_unmet"], row["n_undetermined"]]
                out.same(
                    (key, s.name, stage, "counts"), counts, [mine.count(True), mine.count(False), mine.count(None)]
                )


def _coefficients(out: Differences, judge: Judge, rows: list[Row], key: Any) -> None:
    of = {(r["stage"], r["indicator"]): r for r in rows}
    for stage in STAGES:
        limits = [x for x in judge.law.get("limits", []) if x["stage"] == stage]
        for indicator in judge.law.get("indicators", []):
            c, row = judge.coefficient(stage, indicator), of.get((stage, indicator))
            what = (key, stage, indicator)
            if row is None:
                out.same((*what, "a row"), c["sections"], 0)
                continue
            out.near((*what, "coefficient"), row["coefficient"], c["exact"])
            out.same((*what, "n_missing"), row["n_missing"], c["n_missing"])
            out.near((*what, "mean"), row["mean"], c["mean"])
            out.same((*what, "n_schools"), row["n_schools"], c["sections"])
            for limit in [x for x in limits if x["kind"] == "each"]:
                out.same((*what, "verdict"), row["verdict"], WORD[judge.within(stage, indicator, limit["value"])])
        for limit in [x for x in limits if x["kind"] == "composite"]:
            mean, verdict = judge.mean_within(stage, limit["value"])
            row = of.get((stage, "composite"))
            if row is not None:
                out.near((key, stage, "composite"), row["coefficient"], mean)
                out.same((key, stage, "composite verdict"), row["verdict"], WORD[verdict])


def _items(out: Differences, judge: Judge, rows: list[Row], key: Any) -> None:
    got = {(r["item"], r["stage"] or None): r["verdict"] for r in rows}
    wanted = {k: WORD[v] for k, v in judge.items().items()}
    for k in dict.fromkeys([*wanted, *_judged(judge, got)]):
        out.same((key, *k), got.get(k), wanted.get(k))


def _judged(judge: Judge, got: dict[Any, Any]) -> Iterator[Any]:
    scored = {i["id"] for i in judge.law["items"] if i["rule"] == "scored"}
    return (k for k in got if k[0] not in scored)
