"""How often ``jh.plausibility`` is wrong about honest counties, and how often it finds what was planted.

``python benchmarks/plausibility.py --help``. Seeds are fixed: the same versions give the same
tables.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

import junheng as jh

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "plausibility-power.md"
STANDARD = "cn-quality-balance-2017"
ALPHA = 0.05
#: Sizes of a full run, and of a smoke.
FULL = {"seeds": 5, "nation": 2850, "counties": 1000}
SMOKE = {"seeds": 1, "nation": 40, "counties": 20}
#: The seed of the first county of the power study; those of nations are 0, 1, 2 …
FIRST = 10_000

Table = list[dict[str, Any]]


# ------------------------------------------------------------------------------------ honest counties


def honest(size: dict[str, int]) -> Iterator[tuple[str, Table]]:
    """Honest nations: counties with any finding, by kind."""
    rows: Table = []
    by_kind: Table = []
    for name, (options, years, every_seed) in HONEST.items():
        findings, schools, by_seed = [], 0, []
        for seed in range(size["seeds"] if every_seed else 1):
            nation = _nation(seed, years, size["nation"], **options)
            told = plausible(nation, f"{name}, seed {seed}")
            by_seed.append(told.loc[told["p_value"].notna(), "county"].nunique())
            findings.append(told.assign(seed=seed))
            schools += nation["school"].nunique()
        counties = len(by_seed) * size["nation"]
        wrong, bound = sum(by_seed) / counties, ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / counties)
        rows.append(
            {
                "honest nations": name,
                "counties": counties,
                "with a statistical finding": percent(wrong, 2),
                "by seed": ", ".join(percent(n / size["nation"], 1) for n in by_seed),
                "bound": percent(bound, 2),
                "held": "yes" if wrong <= bound else "**no**",
            }
        )
        for kind, told in pd.concat(findings).groupby("kind"):
            by_kind.append(
                {
                    "kind": kind,
                    "p-value": "yes" if told["p_value"].notna().any() else "no",
                    "honest nations": name,
                    "counties with it": percent(len(told[["county", "seed"]].drop_duplicates()) / counties, 2),
                    "per 1000 schools": f"{1000 * len(told) / schools:.2f}",
                }
            )
    yield "Honest nations: counties with any finding that has a p-value", rows
    by_kind.sort(key=lambda row: (row["p-value"] == "no", row["kind"]))
    yield "Honest nations: false alarms by kind", by_kind


def _nation(seed: int, years: int, n: int, *, by_rule: bool = False, **options: Any) -> pd.DataFrame:
    nation = jh.synthetic.nation(seed, years, n_counties=n, **options)
    if by_rule:
        largest = nation["stage"].map({"primary": 45, "junior": 50})
        nation = nation.assign(classes=np.ceil(nation["students"] / largest).astype("int64"))
    return nation


#: Honest nations: options, years, and whether with every seed. By the rule: schools open a class as soon as the limit
#: is passed, so that many stand just under it.
HONEST: dict[str, tuple[dict[str, Any], int, bool]] = {
    "smooth": ({}, 1, True),
    "heaped": ({"heaping": True}, 1, True),
    "smooth, two years": ({}, 2, True),
    "heaped, two years": ({"heaping": True}, 2, True),
    "heaped, half the differences": ({"heaping": True, "inequality": 0.5}, 1, False),
    "heaped, three quarters of the resources": ({"heaping": True, "resourcing": 0.75}, 1, False),
    "heaped, classes by the rule": ({"heaping": True, "by_rule": True}, 1, False),
}


# -------------------------------------------------------------------------------------------- power


def counties_of(n_counties: int, n_schools: int, years: int, *, heaping: bool) -> pd.DataFrame:
    """Return honest counties of one size, as a table."""
    return pd.concat(
        [
            jh.synthetic.county(
                FIRST + i, n_schools=n_schools, years=years, name=f"第{i + 1}县", conditions=False, heaping=heaping
            )
            for i in range(n_counties)
        ],
        ignore_index=True,
    )


def lifted(size: dict[str, int]) -> Iterator[tuple[str, Table]]:
    """Schools below a threshold are lifted to it."""
    rows: Table = []
    few = ("teaching_area_per_student",)
    areas = (*few, "sports_area_per_student", "equipment_value_per_student")
    for heaping in (False, True):
        for n_schools, aim in ((30, 0.7), (60, 0.9)):
            base = counties_of(size["counties"], n_schools, 1, heaping=heaping)
            for upper in (0.0, 0.02, 0.05):
                line: dict[str, Any] = {
                    "honest figures": "heaped" if heaping else "smooth",
                    "schools": n_schools,
                    "u": "0" if upper == 0 else f"0–{100 * upper:.0f}\u00a0%",
                }
                for what, names in (("all 7", None), ("areas and equipment", areas), ("teaching area", few)):
                    options: dict[str, Any] = {"excess": (0.0, upper)}
                    if names is not None:
                        options["indicators"] = names
                    schools, planted = jh.synthetic.tampered(base, {"lifted": options}, seed=1)
                    hit = found(schools, planted, ("bunched_at_threshold",), whole_county=True)
                    line[f"power, {what}"] = share(hit)
                    if names is None:
                        line["lifted figures a county"] = f"{len(planted) / size['counties']:.0f}"
                        line["aim"] = f"{aim}" if upper == 0.02 else ""
                rows.append(line)
    yield "Schools lifted to a threshold: share of counties in which it is found", rows


UNIT = ("out_of_range", "jump_over_years", "parts_do_not_add_up")
COPIES, FROZEN, ROUND = ("copied_figures",), ("frozen_over_years",), ("round_figures",)
THREE = ("teaching_area_m2", "equipment_value_cny", "books")
#: What is planted: in words, kind, options, years; the kinds of findings that show it, and whether about the county.
PLANTED: tuple[tuple[str, str, dict[str, Any], int, tuple[str, ...], bool], ...] = (
    ("one school copies 4 figures", "copied", {}, 1, COPIES, False),
    ("one school copies 3 figures", "copied", {"columns": THREE}, 1, COPIES, False),
    ("one school copies 2 figures", "copied", {"columns": THREE[1:]}, 1, COPIES, False),
    ("a county's year stays the same", "frozen", {}, 2, FROZEN, True),
    ("five schools stay the same", "frozen", {"schools": 5}, 2, FROZEN, False),
    ("one school stays the same", "frozen", {"schools": 1}, 2, FROZEN, False),
    ("one school rounds to 1 digit", "rounded", {}, 1, ROUND, False),
    ("one school rounds to 2 digits", "rounded", {"digits": 2}, 1, ROUND, False),
    ("five schools round to 1 digit", "rounded", {"schools": 5}, 1, ROUND, False),
    ("a unit slips in one figure", "unit", {}, 1, UNIT, False),
    ("a unit slips, two years", "unit", {}, 2, UNIT, False),
)
#: What is to be found in nine counties of ten, beside a slipped unit.
AIMED = ("one school copies 4 figures", "one school copies 3 figures", "a county's year stays the same")


def others(size: dict[str, int]) -> Iterator[tuple[str, Table]]:
    """Figures copied, frozen, rounded; a unit slipped."""
    rows: Table = []
    bases: dict[tuple[int, int, bool], pd.DataFrame] = {}
    for what, kind, options, years, kinds, whole in PLANTED:
        line: dict[str, Any] = {"planted": what}
        for heaping in (False, True):
            for n_schools in (30, 60):
                key = (n_schools, years, heaping)
                if key not in bases:
                    bases[key] = counties_of(size["counties"], n_schools, years, heaping=heaping)
                schools, planted = jh.synthetic.tampered(bases[key], {kind: options}, seed=1)
                hit = found(schools, planted, kinds, whole_county=whole)
                line[f"{'heaped' if heaping else 'smooth'}, {n_schools} schools"] = share(hit)
        line["aim"] = 0.9 if kind == "unit" or what in AIMED else ""
        rows.append(line)
    yield "Other manipulations: share of counties in which the planted figure is found", rows
    rows = []
    for factor in (10.0, 100.0, 1000.0, 10_000.0, 0.1, 0.01, 0.001, 0.0001, 3 / 2000):
        columns = ["teaching_area_m2", "sports_area_m2"] if factor == 3 / 2000 else None
        line = {"factor": "亩 for m²" if columns else f"× {factor:g}"}
        for heaping in (False, True):
            options = {"factors": [factor]} | ({"columns": columns} if columns else {})
            schools, planted = jh.synthetic.tampered(bases[60, 1, heaping], {"unit": options}, seed=2)
            line["heaped" if heaping else "smooth"] = share(found(schools, planted, UNIT, whole_county=False))
        rows.append(line)
    yield "A slipped unit by factor, 60 schools", rows


def found(schools: pd.DataFrame, planted: pd.DataFrame, kinds: Sequence[str], *, whole_county: bool) -> pd.Series[bool]:
    """Return for each county with planted figures whether a finding of these kinds names one of the planted columns.

    And its school, unless the finding or the manipulation concerns the county.
    """
    findings = plausible(schools, f"{kinds[0]}: {len(planted)} planted")
    findings = findings[findings["kind"].isin(kinds)]
    findings = findings.assign(columns=findings["columns"].str.split()).explode("columns")
    keys = ["county", "columns"] if whole_county else ["county", "school", "columns"]
    hits = findings[keys].drop_duplicates().merge(planted[keys].drop_duplicates(), on=keys)
    counties = pd.Index(planted["county"].unique())
    return pd.Series(counties.isin(hits["county"]), index=counties)


# ----------------------------------------------------------------------------------- running and telling


def plausible(schools: pd.DataFrame, what: str) -> pd.DataFrame:
    """Return the findings; says on stderr how long they took."""
    start = perf_counter()
    findings: pd.DataFrame = jh.plausibility(schools, standard=STANDARD, alpha=ALPHA)
    findings = findings.astype({"county": object, "school": object})
    if (seconds := perf_counter() - start) > 1:
        print(f"  {what}: {len(schools)} rows, {seconds:.1f} s", file=sys.stderr)
    return findings


def percent(value: float, digits: int) -> str:
    return f"{100 * value:.{digits}f}\u00a0%"  # the sign stays beside its number


def share(hit: Any) -> str:
    """Return a share with its standard error."""
    p, n = float(np.mean(hit)), len(hit)
    return f"{p:.3f}\u00a0±\u00a0{math.sqrt(p * (1 - p) / max(n, 1)):.3f}" if n else "–"


def markdown(title: str, rows: Table) -> str:
    """Return a table in Markdown."""
    heads = list(dict.fromkeys(name for row in rows for name in row))
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join(str(row.get(name, "")) for name in heads) + " |" for row in rows]
    return f"**{title}**\n\n" + "\n".join(lines) + "\n"


PARTS: dict[str, Callable[[dict[str, int]], Iterator[tuple[str, Table]]]] = {
    "honest": honest,
    "lifted": lifted,
    "others": others,
}


def record(part: str, text: str) -> None:
    """Replace what the page says between the markers of a part."""
    page = PAGE.read_text("utf-8")
    begin, end = f"<!-- {part}: measured, do not edit -->", f"<!-- {part}: end -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(page):
        raise SystemExit(f"{PAGE} has no block {begin}")
    PAGE.write_text(pattern.sub(lambda _: f"{begin}\n\n{text}\n{end}", page), "utf-8")


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--smoke", action="store_true", help="few counties: only whether it runs")
    parser.add_argument("--counties", type=int, help="counties of each cell of the power study")
    parser.add_argument("--seeds", type=int, help="honest nations")
    parser.add_argument("--record", action="store_true", help="write the tables into the page of the documentation")
    given = parser.parse_args()
    size = dict(SMOKE if given.smoke else FULL)
    size["counties"] = given.counties or size["counties"]
    size["seeds"] = given.seeds or size["seeds"]
    for part in given.parts:
        text = "\n".join(markdown(title, rows) for title, rows in PARTS[part](size))
        print(text, flush=True)
        if given.record:
            sizes = {
                "honest": f"{size['nation']} counties a nation, seeds 0 to {size['seeds'] - 1}",
                "lifted": f"{size['counties']} counties a row, seeds {FIRST} to {FIRST + size['counties'] - 1}",
            }
            how = f"{date.today().isoformat()}, `python benchmarks/plausibility.py --parts {part} --record`: "
            record(part, f"{how}{sizes.get(part, sizes['lifted'])}.\n\n{text}")


if __name__ == "__main__":
    main()
