"""How the time of every public function on tables grows: a province, about three of it, and ten of it.

``python benchmarks/slopes.py [--repeat 3] [--only gini margins]``. Times are of the process, the least of some rounds;
the slope is that of log time on log rows, 1 for a function that is linear. The exit code is 1 above ``--most``.
Plans and pictures are left out: their work is bounded otherwise.
"""

from __future__ import annotations

import argparse
import gc
import math
import sys
from collections.abc import Callable, Sequence
from time import process_time
from typing import Any

import numpy as np
import pandas as pd

import junheng as jh
from junheng import changes

STANDARD = "cn-quality-balance-2017"
#: Counties of each size; a province has 136.
COUNTIES = (136, 408, 1360)
#: Counties with a school each, for the frames of items.
LONE = (2_000, 6_000, 20_000)
FRAMES = ("schools", "school_verdicts", "indicators", "items", "item_schools", "verdicts", "county_indicators")

Run = Callable[[], Any]


def table(counties: int) -> pd.DataFrame:
    """A synthetic table of some counties, about 77 rows each."""
    return jh.synthetic.nation(seed=0, n_counties=counties)


def lone(counties: int) -> pd.DataFrame:
    """Counties of one school."""
    county = jh.synthetic.county(seed=0)
    plain = county[county["kind"].isin(["primary", "junior"])]
    out = plain.iloc[np.arange(counties) % len(plain)].reset_index(drop=True)
    names = [str(i) for i in range(counties)]
    out["county"], out["school"] = [f"县{n}" for n in names], [f"校{n}" for n in names]
    return out.drop(columns=["county_code", "school_code"], errors="ignore")


def measures(frame: pd.DataFrame) -> dict[str, Run]:
    """Measures by county, on one column."""
    x, w, by = frame["teaching_area_m2"] / frame["students"], frame["students"], frame["county"]
    keep = x.notna() & (w > 0)
    x, w, by = x[keep], w[keep], by[keep]
    one: dict[str, Callable[..., Any]] = {
        name: getattr(jh, name)
        for name in (
            *("difference_coefficient", "gini", "theil_t", "theil_l", "hoover", "weighted_mean", "weighted_std"),
            *("quantile_ratio", "range_ratio", "log_variance", "share_of_top", "share_of_bottom"),
        )
        if hasattr(jh, name)
    }
    runs: dict[str, Run] = {name: lambda f=f: f(x, weights=w, by=by) for name, f in one.items()}
    return runs | {
        "atkinson": lambda: jh.atkinson(x, weights=w, by=by, epsilon=0.5),
        "decompose": lambda: jh.decompose(x, weights=w, by=by),
        "lorenz_curve": lambda: jh.lorenz_curve(x, weights=w),
        "influence": lambda: jh.influence(x, weights=w, by=by),
        "percentile_rank": lambda: jh.percentile_rank(x, weights=w),
        "ranking": lambda: jh.ranking(x, by=by),
    }


def tables(frame: pd.DataFrame) -> dict[str, Run]:
    """Everything that reads a whole table of schools."""
    ev = jh.evaluate(frame, STANDARD)
    code = frame["school_code"].iloc[0]
    runs: dict[str, Run] = {
        "evaluate": lambda: jh.evaluate(frame, STANDARD),
        "check_schools": lambda: jh.check_schools(frame),
        "standardize_columns": lambda: jh.standardize_columns(frame),
        "split_stages": lambda: jh.split_stages(frame, STANDARD),
        "shortfalls": lambda: jh.shortfalls(ev),
        "shortfall_totals": lambda: jh.shortfall_totals(ev),
        "margins": lambda: jh.margins(ev),
        "contributions": lambda: jh.contributions(ev),
        "explain": lambda: ev.explain(school=str(code)),
        "summary": lambda: ev.summary(),
        "plausibility": lambda: jh.plausibility(frame),
        "apply": lambda: ev.apply(changes.Add(school=str(code), column="computers", amount=1)),
    }
    return runs | {f"ev.{name}": lambda name=name: getattr(jh.evaluate(frame, STANDARD), name) for name in FRAMES}


def lone_counties(frame: pd.DataFrame) -> dict[str, Run]:
    """Counties of one school: what is done county by county; and facts of which none belongs to the table."""
    facts = pd.DataFrame({"county": [f"乡{i}" for i in range(len(frame))], "funds_by_plan": 1})

    def unmatched() -> None:
        try:
            jh.evaluate(frame, STANDARD, county_facts=facts)
        except jh.InputDataError:
            return

    runs: dict[str, Run] = {"lone counties: evaluate": lambda: jh.evaluate(frame, STANDARD)}
    runs |= {
        f"lone counties: ev.{name}": lambda name=name: getattr(jh.evaluate(frame, STANDARD), name) for name in FRAMES
    }
    return runs | {"lone counties: facts of others": unmatched}


def seconds(run: Run, repeat: int) -> float:
    """Return the least process time of some rounds."""
    least = math.inf
    for _ in range(repeat):
        gc.collect()
        start = process_time()
        run()
        least = min(least, process_time() - start)
    return least


def slope(sizes: Sequence[float], times: Sequence[float]) -> float:
    """Return the slope of log time on log size."""
    return float(np.polyfit(np.log(sizes), np.log(np.maximum(times, 1e-9)), 1)[0])


def main() -> int:
    """Time all functions, print a table, return 1 if one grows too fast."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--most", type=float, default=1.25)
    options.add_argument("--only", nargs="*", default=[], help="parts of names")
    args = options.parse_args()
    groups: list[tuple[Callable[[int], pd.DataFrame], Callable[[pd.DataFrame], dict[str, Run]], Sequence[int]]] = [
        (table, measures, COUNTIES),
        (table, tables, COUNTIES),
        (lone, lone_counties, LONE),
    ]
    steep = []
    print("| function | 1× s | 3× s | 10× s | slope |\n|---|--:|--:|--:|--:|")
    for make, runs_of, sizes in groups:
        frames = [make(n) for n in sizes]
        by_size = [runs_of(frame) for frame in frames]
        for name in by_size[0]:
            if args.only and not any(part in name for part in args.only):
                continue
            try:
                times = [seconds(runs[name], args.repeat) for runs in by_size]
            except (jh.InputError, jh.InputDataError) as error:
                print(f"| {name} | {str(error)[:100]} | | | |", flush=True)
                continue
            grows = slope([len(f) for f in frames], times)
            # below a hundredth of a second the clock tells nothing
            if grows > args.most and times[-1] > 0.01:
                steep.append(name)
            print(f"| {name} | {' | '.join(f'{t:.3f}' for t in times)} | {grows:.2f} |", flush=True)
    if steep:
        print(f"steeper than {args.most}: {', '.join(steep)}", file=sys.stderr)
    return int(bool(steep))


if __name__ == "__main__":
    sys.exit(main())
