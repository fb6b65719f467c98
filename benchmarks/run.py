"""How fast is junheng, against what else one would use? ``python benchmarks/run.py --help``."""

from __future__ import annotations

import argparse
import json
import pickle
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import bench_evaluate
import bench_kernel
import bench_measures
import numpy as np
from measuring import environment, interleaved, peak_memory, ratio

SIZES = ("province", "nation", "decade")
PARTS = ("kernel", "evaluate", "measures")
REPEAT = {"province": 15, "nation": 7, "decade": 5}
#: Everyone's numbers must agree to this, relative.
AGREE = 1e-10
#: Ratios no machine should show, however busy: (slower, faster, at most so many times).
ABSURD = {
    "kernel": [("kernel", "pandas-apply", 0.2), ("public", "pandas-apply", 0.5), ("kernel", "pandas-agg", 2.0)],
    "evaluate": [("evaluate", "pandas-apply", 2.0), ("evaluate", "pandas-agg", 30.0)],
}


class Bench:
    """Runs the parts, prints the tables, keeps what went wrong."""

    def __init__(self, repeat: int | None, *, memory: bool, smoke: bool) -> None:
        self.repeat = repeat
        self.memory = memory
        self.smoke = smoke
        self.results: list[dict[str, Any]] = []
        self.wrong: list[str] = []

    def contest(
        self,
        title: str,
        part: str,
        size: str,
        labels: dict[str, str],
        runs: dict[str, Callable[[], Any]],
        note: dict[str, str],
        extra: dict[str, Any],
        base: str,
        gauge: dict[str, Path | None],
    ) -> None:
        """Time those in ``runs`` and print a line for each of ``labels``."""
        tell(f"{title}: timing")
        times = interleaved(runs, self.repeat or REPEAT[size])
        memory = {}
        for name, data in gauge.items():
            if self.memory and name in runs:
                tell(f"{title}: memory of {name}")
                memory[name] = peak_memory(part, size, name, data)
                if memory[name]["added_mb"] is None:
                    tell(f"memory of {name} was not gauged: {memory[name]['error']}")
        lines = []
        print(f"\n{title}")
        head = ("median ms", "best ms", "x one read", f"x {base}", "peak MB added")
        print(f"  {'':<52}" + "".join(f"{h:>15}" for h in head))
        for name, label in labels.items():
            if name not in runs:
                print(f"  {label:<52}{note[name]:>15}")
                lines.append({"name": name, "label": label, "note": note[name]})
                continue
            ms = [1e3 * t for t in times[name]]
            peak = memory.get(name, {}).get("added_mb")
            line = {
                "name": name,
                "label": label,
                "median_ms": median(ms),
                "best_ms": min(ms),
                "all_ms": ms,
                "times_one_read": ratio(times, name, "read"),
                f"times_{base}": ratio(times, name, base),
                "peak_mb_added": peak,
            }
            lines.append(line)
            print(
                f"  {label:<52}{median(ms):>15.2f}{min(ms):>15.2f}{line['times_one_read']:>15.1f}"
                f"{line[f'times_{base}']:>15.2f}{'' if peak is None else format(peak, '.0f'):>15}"
            )
        for slow, fast, most in ABSURD[part]:
            if slow in runs and fast in runs and (seen := ratio(times, slow, fast)) > most:
                self.wrong.append(f"{title}: {slow} takes {seen:.2f} times as long as {fast}; at most {most} is sane")
        self.results.append({"part": part, "size": size, "title": title, **extra, "lines": lines})

    def kernel(self, size: str, *, rows_sorted: bool) -> None:
        """The coefficient of 15 columns over all groups."""
        order = "in group order" if rows_sorted else "shuffled"
        d = bench_kernel.Data(size, rows_sorted=rows_sorted)
        title = f"kernel, {size}, rows {order}: {d.rows:,} rows x 15, {d.n_groups:,} groups, {d.megabytes:.0f} MB"
        tell(f"{title}: checking")
        runs: dict[str, Callable[[], Any]] = {}
        note = {}
        wanted = None
        for name, c in bench_kernel.CONTESTANTS.items():
            if not bench_kernel.installed(c.needs):
                note[name] = "not installed"
                continue
            if size not in c.sizes:
                note[name] = "province only"
                continue
            c.prepare(d)
            got = c.run(d)
            runs[name] = lambda c=c: c.run(d)  # type: ignore[misc]
            if got is None:
                continue
            if wanted is None:
                wanted = got
                some = [0, d.n_groups // 3, d.n_groups - 1]
                self.check(f"{title}: {name} by hand", relative(got[some], bench_kernel.by_hand(d, some)))
            self.check(f"{title}: {name}", relative(got, wanted))
        labels = {name: c.label for name, c in bench_kernel.CONTESTANTS.items()}
        # a province is lost in what a process takes anyway, and order changes little
        gauge: dict[str, Path | None] = dict.fromkeys(labels) if rows_sorted and size != "province" else {}
        gauge.pop("read", None)
        extra = {
            "rows": d.rows,
            "groups": d.n_groups,
            "columns": 15,
            "rows_sorted": rows_sorted,
            "data_mb": d.megabytes,
        }
        self.contest(title, "kernel", size, labels, runs, note, extra, "kernel", gauge)

    def evaluate(self, size: str, folder: Path) -> None:
        """jh.evaluate against code written by hand."""
        tell(f"evaluate, {size}: making the schools")
        d = bench_evaluate.make(size)
        megabytes = d.memory_usage(deep=True).sum() / 1e6
        title = f"evaluate, {size}: {len(d):,} rows x {d.shape[1]} columns, {megabytes:.0f} MB"
        tell(f"{title}: checking")
        runs: dict[str, Callable[[], Any]] = {}
        note = {}
        wanted = None
        for name, c in bench_evaluate.CONTESTANTS.items():
            if not bench_kernel.installed(c.needs):
                note[name] = "not installed"
                continue
            if size not in c.sizes:
                note[name] = "province only"
                continue
            given = bench_evaluate.form(name, d)
            got = c.run(given)
            runs[name] = lambda c=c, given=given: c.run(given)  # type: ignore[misc]
            if c.answer is None:
                continue
            answer = bench_evaluate.plain(c.answer(got))
            if wanted is None:
                wanted = answer
            self.check(f"{title}: {name}", bench_evaluate.difference(answer, wanted))
            del got, answer
        groups = len(wanted.coefficients) if wanted is not None else 0
        labels = {name: c.label for name, c in bench_evaluate.CONTESTANTS.items()}
        path = folder / f"{size}.pickle"
        if self.memory:
            with path.open("wb") as file:
                pickle.dump(d, file, protocol=5)
        gauge: dict[str, Path | None] = {name: path for name in labels if name != "read"}
        if self.smoke:
            gauge = {"evaluate": path}
        extra = {"rows": len(d), "groups": groups, "data_mb": megabytes}
        self.contest(title, "evaluate", size, labels, runs, note, extra, "evaluate", gauge)

    def check(self, what: str, difference: float) -> None:
        """Keep what does not agree."""
        if not difference <= AGREE:
            apart = np.isfinite(difference)
            how = f"numbers differ by {difference:.2e}" if apart else "gaps, verdicts or groups differ"
            self.wrong.append(f"{what}: {how}")


def relative(got: Any, wanted: Any) -> float:
    """Return the largest relative difference, infinite where shapes or gaps differ."""
    if got.shape != wanted.shape or not np.array_equal(np.isnan(got), np.isnan(wanted)):
        return float("inf")
    return float(np.nanmax(np.abs(got - wanted) / np.abs(wanted), initial=0.0))


def tell(text: str) -> None:
    """Say on the error stream what is being done."""
    print(f"... {text}", file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 where numbers disagree or a ratio is absurd."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="province only, 3 rounds; under 40 s")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES), help="default: all three")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--repeat", type=int, metavar="N", help=f"rounds; default {REPEAT}")
    parser.add_argument("--no-memory", action="store_true", help="leave the gauging of memory out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything, with every single time")
    args = parser.parse_args(argv)
    sizes = ["province"] if args.smoke else args.sizes
    bench = Bench(args.repeat or (3 if args.smoke else None), memory=not args.no_memory, smoke=args.smoke)
    start = perf_counter()
    env = environment()
    print(f"{env['cores']} cores, {env['machine']}, {env['system']}, Python {env['python']}, load {env['load']}")
    print(", ".join(f"{name} {v}" for name, v in env["versions"].items()))
    print("Median and best of interleaved rounds; ratios are medians of ratios taken within a round.")
    print("Polars and DuckDB use all cores, the others one.")
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            if "kernel" in args.parts:
                for rows_sorted in (True, False):
                    bench.kernel(size, rows_sorted=rows_sorted)
            if "evaluate" in args.parts:
                bench.evaluate(size, Path(folder))
            if "measures" in args.parts and size != "decade":
                tell(f"measures, {size}")
                lines, wrong = bench_measures.bench(size, 1 if args.smoke else args.repeat or 5)
                bench.results.append({"part": "measures", "size": size, "lines": lines})
                bench.wrong += wrong
    env["load_after"] = environment()["load"]
    env["seconds"] = perf_counter() - start
    print(f"\n{env['seconds']:.0f} s, load afterwards {env['load_after']}")
    if args.json:
        args.json.write_text(json.dumps({"environment": env, "results": bench.results, "wrong": bench.wrong}, indent=1))
    if bench.wrong:
        print("\nWRONG:", *bench.wrong, sep="\n  ")
        return 1
    print("All numbers agree.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
