"""How the time of every public function on tables grows: a province, three and ten times as many counties, a nation.

``python benchmarks/slopes.py [--only gini margins] [--smoke]``; ``run.py --parts slopes`` records the same.
Times are of the process, the least of some rounds; the slope is that of log time on log rows, 1 for a function that is
linear. The exit code is 1 above ``--most``. ``RUNS`` names every public function that takes tables or columns,
``EXCEPTED`` the others with the reason; ``tests/house/test_slopes.py`` holds the two against the public names.
"""

from __future__ import annotations

import argparse
import gc
import math
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from time import process_time
from typing import Any

import attrs
import numpy as np
import pandas as pd

import junheng as jh
from junheng import changes, engines, examples, reports, synthetic
from junheng.schools import columns

STANDARD = "cn-quality-balance-2017"
OTHER = "cn-basic-balance-2012"
#: Counties of each size, about 77 rows each; a province has 136, a nation 2850.
COUNTIES = (136, 408, 1360, 2850)
SMOKE = (10, 20)
#: How many of these sizes are for what is slow.
SLOW = 3
#: A slope above this is a finding. Below a hundredth of a second the clock tells nothing.
MOST, LEAST_SECONDS = 1.25, 0.01
#: A function that has taken this long is not timed again.
ENOUGH = 1.0


class Given:
    """Tables of some counties, and what is made of them beforehand."""

    def __init__(self, counties: int, folder: Path) -> None:
        self.counties, self.folder = counties, folder
        self.frame = synthetic.nation(seed=0, n_counties=counties)
        x, w = self.frame["teaching_area_m2"] / self.frame["students"], self.frame["students"]
        keep = x.notna() & (w > 0)
        self.x, self.w = x[keep], w[keep]
        self.by, self.place = self.frame.loc[keep, "county"], self.frame.loc[keep, "area_type"]
        self.wealth = self.frame.loc[keep, "equipment_value_cny"] / self.w
        self.amounts = self.frame.loc[keep, "computers"].fillna(0.0).round()
        self.code = str(self.frame["school_code"].iloc[0])
        self.county = str(self.frame["county"].iloc[0])
        self._numbers = count()

    @property
    def grouped(self) -> dict[str, Any]:
        """Weights and labels, as all measures take them."""
        return {"weights": self.w, "by": self.by}

    @cached_property
    def _ev(self) -> jh.Evaluation[pd.DataFrame]:
        return jh.evaluate(self.frame, STANDARD)

    @property
    def ev(self) -> jh.Evaluation[pd.DataFrame]:
        """An evaluation that remembers nothing of what was asked of it before."""
        return attrs.evolve(self._ev, data=attrs.evolve(self._ev.data))

    @cached_property
    def facts(self) -> pd.DataFrame:
        """Facts about all counties."""
        return synthetic.county_facts(self.frame)

    @cached_property
    def two_years(self) -> pd.DataFrame:
        """Half as many counties, two years."""
        return synthetic.nation(seed=0, years=2, n_counties=max(1, self.counties // 2))

    @cached_property
    def ev_of_two_years(self) -> jh.Evaluation[pd.DataFrame]:
        """Judged."""
        return jh.evaluate(self.two_years, STANDARD)

    @cached_property
    def area_of_two_years(self) -> Mapping[str, Any]:
        """A column over two years."""
        t = self.two_years[self.two_years["teaching_area_m2"].notna() & (self.two_years["students"] > 0)]
        return {
            "values": t["teaching_area_m2"] / t["students"],
            "weights": t["students"],
            "years": t["year"],
            "schools": t["school_code"] + t["stage"],
            "by": t["county"],
        }

    @cached_property
    def lone(self) -> pd.DataFrame:
        """Ten times as many counties of one school each."""
        county = synthetic.county(seed=0)
        plain, n = county[county["kind"].isin(["primary", "junior"])], 10 * self.counties
        out = plain.iloc[np.arange(n) % len(plain)].reset_index(drop=True)
        out["county"], out["school"] = [f"县{i}" for i in range(n)], [f"校{i}" for i in range(n)]
        return out.drop(columns=["county_code", "school_code"])

    @cached_property
    def facts_of_others(self) -> pd.DataFrame:
        """Facts of which none belongs to the table."""
        return pd.DataFrame({"county": [f"乡{i}" for i in range(len(self.lone))], "funds_by_plan": 1})

    @cached_property
    def lacking(self) -> pd.DataFrame:
        """What schools lack."""
        return jh.shortfalls(self._ev)

    @cached_property
    def certificate(self) -> dict[str, Any]:
        """That of all counties."""
        return self._ev.certificate()

    @property
    def new(self) -> Path:
        """A path that does not exist yet."""
        return self.folder / f"{self.counties}-{next(self._numbers)}"

    def _chinese(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame.rename(columns={c: columns()[c].zh for c in frame.columns if c in columns()})

    @cached_property
    def csv(self) -> Path:
        """The table as .csv, with Chinese headers."""
        path = self.new.with_suffix(".csv")
        self._chinese(self.frame).to_csv(path, index=False, encoding="utf-8")
        return path

    @cached_property
    def xlsx(self) -> Path:
        """The table as a workbook."""
        path = self.new.with_suffix(".xlsx")
        self._chinese(self.frame).to_excel(path, index=False, engine="xlsxwriter")
        return path

    @cached_property
    def facts_csv(self) -> Path:
        """The facts as .csv."""
        path = self.new.with_suffix(".csv")
        self.facts.to_csv(path, index=False, encoding="utf-8")
        return path

    @cached_property
    def parquet(self) -> Path:
        """The table as a Parquet file."""
        path = self.new.with_suffix(".parquet")
        self.frame.to_parquet(path, index=False)
        return path


Run = Callable[[Given], Any]


def measure(name: str, **options: Any) -> Run:
    """A measure by county, of one column."""

    def run(g: Given) -> Any:
        more = {k: getattr(g, v.name) if isinstance(v, Of) else v for k, v in options.items()}
        return getattr(jh, name)(g.x, **g.grouped, **more)

    return run


@attrs.frozen
class Of:
    """An attribute of ``Given``."""

    name: str


def refused(call: Callable[[], Any]) -> None:
    """Run what must be refused."""
    try:
        call()
    except jh.InputDataError:
        return
    raise AssertionError("was not refused")


def frame_of(name: str) -> Run:
    """A frame of an evaluation that was made beforehand."""
    return lambda g: getattr(g.ev, name)


WEALTH, PLACE = {"order": Of("wealth")}, {"where": Of("place"), "group": "rural", "reference": ["city", "town"]}
PLAIN = (
    *("difference_coefficient", "gini", "theil_t", "theil_l", "hoover", "log_variance", "atkinson", "weighted_mean"),
    *("generalized_entropy", "weighted_std", "weighted_quantile", "quantile_ratio", "range_ratio", "share_of_top"),
    *("share_of_bottom", "palma_ratio", "mcloone_index", "verstegen_index", "restricted_range", "federal_range_ratio"),
    *("mean_difference_from_mean", "mean_difference_from_best", "population_attributable_risk", "percentile_rank"),
    *("population_attributable_fraction", "decompose", "lorenz_curve", "influence"),
)
MEASURES: dict[str, Run] = {name: measure(name) for name in PLAIN} | {
    "adequacy_index": measure("adequacy_index", threshold=4.5),
    "neutrality": measure("neutrality", wealth=Of("wealth")),
    "parity_index": measure("parity_index", **PLACE),
    "gap_ratio": measure("gap_ratio", **PLACE),
    "slope_index": measure("slope_index", **WEALTH),
    "relative_index": measure("relative_index", **WEALTH),
    "concentration_curve": measure("concentration_curve", rank=Of("wealth")),
    "concentration_index": measure("concentration_index", rank=Of("wealth")),
    "tipping_error": measure("tipping_error", limit=0.5),
    "bootstrap_interval": measure("bootstrap_interval", resamples=50, progress=False),
    "decompose (gini)": measure("decompose", measure="gini"),
    "lorenz_curve (all in one)": lambda g: jh.lorenz_curve(g.x, weights=g.w),
    "percentile_rank (all in one)": lambda g: jh.percentile_rank(g.x, weights=g.w),
    "influence (gini)": measure("influence", measure="gini"),
    "ranking": lambda g: jh.ranking(g.x, by=g.by),
    "ranking (all in one)": lambda g: jh.ranking(g.x),
    "composite_difference_coefficient": lambda g: jh.composite_difference_coefficient(
        np.tile(g.x.to_numpy(), (7, 1)).T
    ),
    "compliance": lambda g: jh.compliance(g.x, 4.5),
    "per_student": lambda g: jh.per_student(g.amounts, g.w),
    "per_hundred_students": lambda g: jh.per_hundred_students(g.amounts, g.w),
    "share": lambda g: jh.share(g.w, g.w + 1),
    "students_per_teacher": lambda g: jh.students_per_teacher(g.w, g.amounts),
    "beta_convergence": lambda g: jh.beta_convergence(g.x, g.wealth, weights=g.w),
    "sigma_convergence": lambda g: jh.sigma_convergence(
        **{k: g.area_of_two_years[k] for k in ("values", "weights", "years")}
    ),
    "coefficient_change": lambda g: jh.coefficient_change(**g.area_of_two_years),
    "least_additions": lambda g: jh.least_additions(g.amounts, students=g.w, by=g.by, limit=0.35, progress=False),
    "least_additions (whole)": lambda g: jh.least_additions(
        g.amounts, students=g.w, by=g.by, limit=0.35, whole=True, progress=False
    ),
    "least_transfers": lambda g: jh.least_transfers(g.amounts, students=g.w, by=g.by, limit=0.35, progress=False),
}
TABLES: dict[str, Run] = {
    "evaluate": lambda g: jh.evaluate(g.frame, STANDARD),
    "evaluate (with facts)": lambda g: jh.evaluate(g.frame, STANDARD, county_facts=g.facts),
    "evaluate_all": lambda g: jh.evaluate_all(g.frame, [STANDARD, OTHER]),
    "monitor": lambda g: jh.monitor(g.ev_of_two_years),
    "check_schools": lambda g: jh.check_schools(g.frame, STANDARD),
    "standardize_columns": lambda g: jh.standardize_columns(g.frame),
    "describe_columns": lambda g: jh.describe_columns(g.frame),
    "split_stages": lambda g: jh.split_stages(g.frame, STANDARD),
    "shortfalls": lambda g: jh.shortfalls(g.ev),
    "shortfall_totals": lambda g: jh.shortfall_totals(g.lacking),
    "margins": lambda g: jh.margins(g.ev),
    "contributions": lambda g: jh.contributions(g.ev),
    "plausibility": lambda g: jh.plausibility(g.frame),
    "read_schools (.csv)": lambda g: jh.read_schools(g.csv),
    "read_schools (.xlsx)": lambda g: jh.read_schools(g.xlsx),
    "describe_file": lambda g: jh.describe_file(g.csv),
    "read_facts": lambda g: jh.read_facts(g.facts_csv),
    "verify_certificate": lambda g: jh.verify_certificate(g.certificate),
    "changes.applied": lambda g: changes.applied(g.ev, one_more(g)),
    "engines.evaluate_parquet": lambda g: engines.evaluate_parquet(g.parquet, STANDARD, g.new, progress=False),
    "reports.declaration": lambda g: reports.declaration(g.ev, county=g.county),
    "reports.write_declaration": lambda g: reports.write_declaration(g.ev, g.new.with_suffix(".xlsx"), county=g.county),
    "reports.write_results": lambda g: reports.write_results(g.ev, g.new.with_suffix(".xlsx")),
    "reports.write_worklist": lambda g: reports.write_worklist(g.frame, g.new.with_suffix(".xlsx")),
    "synthetic.nation": lambda g: synthetic.nation(n_counties=g.counties),
    "synthetic.province": lambda g: synthetic.province(n_counties=g.counties),
    "synthetic.county_facts": lambda g: synthetic.county_facts(g.frame),
    "synthetic.tampered": lambda g: synthetic.tampered(g.frame, ["copied"]),
}
FRAMES = (
    *("schools", "school_verdicts", "indicators", "items", "item_schools", "verdicts", "county_indicators", "grades"),
    *("left_out", "facts", "problems", "provenance"),
)
EVALUATION: dict[str, Run] = {f"Evaluation.{name}": frame_of(name) for name in FRAMES} | {
    "Evaluation.explain": lambda g: g.ev.explain(school=g.code),
    "Evaluation.summary": lambda g: g.ev.summary(),
    "Evaluation.adequacy": lambda g: g.ev.adequacy(),
    "Evaluation.apply": lambda g: g.ev.apply(one_more(g)),
    "Evaluation.to_dict": lambda g: g.ev.to_dict(),
    "Evaluation.relabel": lambda g: g.ev.relabel("zh").indicators,
    "Evaluation.certificate": lambda g: g.ev.certificate(g.county),
    "Evaluation.certificate (all counties)": lambda g: g.ev.certificate(),
}
LONE: dict[str, Run] = {
    "evaluate (counties of one school)": lambda g: jh.evaluate(g.lone, STANDARD),
    "evaluate (facts of other counties)": lambda g: refused(
        lambda: jh.evaluate(g.lone, STANDARD, county_facts=g.facts_of_others)
    ),
} | {
    f"Evaluation.{name} (counties of one school)": lambda g, name=name: getattr(jh.evaluate(g.lone, STANDARD), name)
    for name in FRAMES[:7]
}
RUNS = MEASURES | TABLES | EVALUATION | LONE
#: Timed on a tenth of the counties, up to a province: workbooks, and certificates with every figure of every school.
TENTH = (
    "read_schools (.xlsx)",
    "reports.write_results",
    "verify_certificate",
    "Evaluation.certificate (all counties)",
)
#: Timed up to ten provinces: they take many seconds there, or much memory.
UP_TO_TEN = (
    "describe_file",
    "shortfalls",
    "shortfall_totals",
    "reports.write_worklist",
    "Evaluation.to_dict",
    "plausibility",
    *LONE,
)

_PLANS = "plans: their work is bounded by nodes and rounds, and stated in the result"
_PICTURES = "pictures: of one county, or of as many as can be seen"
_CLUSTER = "needs a cluster, and does by batches what engines.evaluate_parquet does; timed in the part engines"
_LAW = "takes no table: its work depends on the documents there are"
_SHAPE = "describes one change: does no work"
#: Public names that are not timed, and why.
EXCEPTED: dict[str, str] = {
    "plan": _PLANS,
    "roll_forward": _PLANS,
    "reports.write_plan_workbook": _PLANS,
    "reports.html_report": _PICTURES,
    "reports.write_report": _PICTURES,
    "Evaluation.to_html": _PICTURES,
    **{f"reports.plots.{name}": _PICTURES for name in reports.plots.__all__},
    "engines.evaluate_dask": _CLUSTER,
    "engines.evaluate_spark": _CLUSTER,
    "list_indicators": _LAW,
    "list_standards": _LAW,
    "load_standard": _LAW,
    "reports.write_template": _LAW,
    "Evaluation.standard": _LAW,
    "Evaluation.header": _LAW,
    "Evaluation.to_excel": "is reports.write_results",
    "synthetic.county": "makes one county",
    **{f"examples.{name}": "names files of the package" for name in examples.__all__},
    **{f"changes.{name}": _SHAPE for name in changes.__all__ if name != "applied"},
}
NEEDS = {".xlsx": "python_calamine", "write_": "xlsxwriter", "parquet": "pyarrow"}


def one_more(g: Given) -> changes.Add:
    """Return a change of one school."""
    return changes.Add(school=g.code, column="computers", amount=1)


def public_names() -> set[str]:
    """Return the functions of the public modules and what an evaluation offers."""
    found = {n for n in jh.__all__ if callable(getattr(jh, n)) and not isinstance(getattr(jh, n), type)}
    for module in (changes, engines, examples, reports, reports.plots, synthetic):
        name = module.__name__.removeprefix("junheng.")
        some = [n for n in module.__all__ if callable(getattr(module, n))]
        # results that functions return are classes, and so are changes; only these are made by hand
        found |= {f"{name}.{n}" for n in some if module is changes or not isinstance(getattr(module, n), type)}
    offered = {n for n, v in vars(jh.Evaluation).items() if not n.startswith("_")} - set(FIELDS)
    return found | {f"Evaluation.{n}" for n in offered}


FIELDS = tuple(a.name for a in attrs.fields(jh.Evaluation))


def base_name(name: str) -> str:
    """Return the public name of a line: what is in brackets tells of the case."""
    return name.split(" (")[0]


def seconds(run: Run, given: Given, repeat: int) -> float:
    """Return the least process time of some rounds; fewer where one takes long."""
    least, spent = math.inf, 0.0
    for _ in range(repeat):
        gc.collect()
        start = process_time()
        run(given)
        took = process_time() - start
        least, spent = min(least, took), spent + took
        if spent > ENOUGH:
            break
    return least


def slope(sizes: Sequence[float], times: Sequence[float]) -> float:
    """Return the slope of log time on log size."""
    return float(np.polyfit(np.log(sizes), np.log(np.maximum(times, 1e-9)), 1)[0])


def lines(counties: Sequence[int] = COUNTIES, repeat: int = 3, only: Collection[str] = ()) -> Iterator[dict[str, Any]]:
    """Yield the line of each function: seconds by size, slope; or a note where something is not installed."""
    with tempfile.TemporaryDirectory() as folder:
        every = [Given(n, Path(folder)) for n in counties]
        tenth = [Given(max(1, n // 10), Path(folder)) for n in counties[:SLOW]]
        blank = copy(tenth[0])
        for name, run in RUNS.items():
            if only and not any(part in name for part in only):
                continue
            lacking = [need for part, need in NEEDS.items() if part in name and find_spec(need) is None]
            if lacking:
                yield {"name": name, "note": f"{lacking[0]} is not installed"}
                continue
            given = tenth if name in TENTH else every[:SLOW] if name in UP_TO_TEN else every
            probe = copy(blank)
            run(probe)  # tells what has to be made beforehand; imports are not timed either
            for made in vars(probe).keys() - vars(blank).keys():
                for g in given:
                    getattr(g, made)
            times = [seconds(run, g, repeat) for g in given]
            grows = slope([len(g.frame) for g in given], times)
            yield {"name": name, "seconds": times, "slope": grows} | ({"tenth": True} if given is tenth else {})


def too_steep(line: Mapping[str, Any], most: float = MOST) -> bool:
    """Tell whether a line is a finding."""
    return "slope" in line and line["slope"] > most and line["seconds"][-1] > LEAST_SECONDS


def as_row(line: Mapping[str, Any]) -> str:
    """Return a line as a row of a Markdown table."""
    name = line["name"] + (", a tenth of the counties" if line.get("tenth") else "")
    if "note" in line:
        return f"| {name} | {line['note']} | | | | |"
    cells = [f"{t:.3f}" for t in line["seconds"]]
    return f"| {name} | {' | '.join(cells + [''] * (len(COUNTIES) - len(cells)))} | {line['slope']:.2f} |"


def main() -> int:
    """Time all functions, print a table, return 1 if one grows too fast."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--most", type=float, default=MOST)
    options.add_argument("--only", nargs="*", default=[], help="parts of names")
    options.add_argument("--smoke", action="store_true", help="a few counties: whether everything runs")
    args = options.parse_args()
    steep = []
    print("| function | 1× s | 3× s | 10× s | nation s | slope |\n|---|--:|--:|--:|--:|--:|")
    for line in lines(SMOKE if args.smoke else COUNTIES, 1 if args.smoke else args.repeat, args.only):
        print(as_row(line), flush=True)
        if too_steep(line, args.most) and not args.smoke:
            steep.append(line["name"])
    if steep:
        print(f"steeper than {args.most}: {', '.join(steep)}", file=sys.stderr)
    return int(bool(steep))


if __name__ == "__main__":
    sys.exit(main())
