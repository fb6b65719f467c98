"""A foreign second for values and coefficients: DuckDB computes them by county, year and stage in SQL."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import pandas as pd
from differences import Differences
from drawn_nations import Nation
from plain_law import Law, formula

import junheng as jh

#: One row for each stage of each school: students, the amount (its own or the whole school's), and the weights.
SHARES = """
create or replace temp table figures as
select *,
  case when whole is null then own
       else whole * weight * students / sum(weight * students) over school end as amount
from sections window school as (partition by indicator, county, year, school)
"""
VALUES = """
select county, year, school, stage, indicator, scale * amount / students as value
from figures where students > 0 and stage <> 'senior'
"""
COEFFICIENTS = """
with x as (
  select county, year, stage, indicator, students as p, scale * amount / students as x
  from figures where students is distinct from 0 and stage <> 'senior' and not ({out})
), m as (
  select county, year, stage, indicator, sum(p * x) / sum(p) as mean, sum(p) as total, count(*) = count(x) as complete
  from x where x is not null or not {omit} group by all
)
select county, year, stage, indicator, any_value(mean) as mean,
  sqrt(sum(p * (x - mean) ** 2) / any_value(total)) / any_value(mean) as coefficient
from x join m using (county, year, stage, indicator)
where complete group by all having any_value(mean) > 0
"""
#: Doubles added up in another order.
NEAR = 1e-11


def excluded(law: Law) -> str:
    """The rules on who counts in the coefficient, as a condition."""
    found = ["answer"]
    for r in law.get("inclusion", []):
        if r["decision"] != "out" or r.get("answer", "in_coefficient") != "in_coefficient":
            continue
        tests = [f"kind = '{r['kind']}'"] if "kind" in r else []
        tests += [f"students < {int(r['students_below'])}"] if "students_below" in r else []
        assert tests and not set(r) & {"ownership", "owner_types"}
        found.append(f"({' and '.join(tests)})")
    return " or ".join(found)


def sections(nation: Nation, indicator: str) -> list[dict[str, Any]]:
    """Return the rows for one indicator, missing ones included."""
    top, bottom, scale = formula(indicator)
    assert bottom == "students"
    split = nation.law.get("split", {"weights": [], "resources": []})
    weights = {w["kind"]: w for w in split["weights"]} if top in split["resources"] else {}
    rows = []
    for c in nation.counties:
        for s in c.schools:
            no = any(s.answers.get(a) is False for a in ("included", "in_coefficient"))
            for stage, own in s.stages.items():
                mine = {"county": c.name, "year": c.year or 0, "school": s.code, "kind": s.kind, "stage": stage}
                mine |= {
                    "indicator": indicator,
                    "students": own["students"],
                    "own": own.get(top),
                    "whole": s.whole.get(top),
                    "scale": scale,
                }
                weight = weights[s.kind][stage] if s.kind in weights else None
                rows.append(mine | {"weight": weight, "answer": no})
    return rows


def applies(nation: Nation) -> list[str]:
    """The indicators that SQL is asked about: per student, without what a relaxation adds."""
    eased = {
        r.get("indicator")
        for r in nation.law.get("relaxations", [])
        if r["id"] in nation.options.get("relaxations", [])
    }
    return [i for i in nation.law.get("indicators", []) if formula(i)[1] == "students" and i not in eased]


def compare(nation: Nation, ev: jh.Evaluation[Any], out: Differences) -> None:
    """Compare every value and coefficient with DuckDB's."""

    def key(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
        return (row["county"], row.get("year") or 0, *(row[n] for n in names))

    records = jh.results.records
    values = {key(r, "school_code", "stage", "indicator"): r["value"] for r in records(ev.schools)}
    found = {key(r, "stage", "indicator"): r for r in records(ev.indicators)}
    rows = [row for indicator in applies(nation) for row in sections(nation, indicator)]
    if not rows:
        return
    frame = pd.DataFrame(rows).astype(dict.fromkeys(("students", "own", "whole", "weight"), float))
    db = _database()
    db.register("sections", frame)
    db.execute(SHARES)
    for *own, x in db.execute(VALUES).fetchall():
        if tuple(own) in values:
            _near(out, ("SQL value", *own), values[tuple(own)], x)
    sql = COEFFICIENTS.format(out=excluded(nation.law), omit=nation.missing == "omit")
    computed = {tuple(own): (mean, c) for *own, mean, c in db.execute(sql).fetchall()}
    asked = {row["indicator"] for row in rows}
    for own, row in found.items():
        if own[-1] in asked:
            mean, coefficient = computed.get(own, (None, None))
            _near(out, ("SQL coefficient", *own), row["coefficient"], coefficient)
            if coefficient is not None:
                _near(out, ("SQL mean", *own), row["mean"], mean)
    db.unregister("sections")


@cache
def _database() -> Any:
    import duckdb

    db = duckdb.connect()
    db.execute("set threads to 1")
    return db


def _near(out: Differences, what: Any, got: float | None, wanted: float | None) -> None:
    out.checks += 1
    one, other = (math.nan if x is None else x for x in (got, wanted))
    if not (math.isclose(one, other, rel_tol=NEAR, abs_tol=NEAR) or (math.isnan(one) and math.isnan(other))):
        out.found.append(f"{what}: {got!r}, in SQL {wanted!r}")
