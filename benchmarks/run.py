"""How fast is junheng, against what else one would use? ``python benchmarks/run.py --help``."""

from __future__ import annotations

import argparse
import json
import math
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import bench_evaluate
import bench_kernel
import numpy as np
import slopes
from measuring import Contest, environment, interleaved, peak_memory, ratio

HERE = Path(__file__).parent
SIZES = ("county", "province", "nation", "decade")
#: Rounds; slow parts ask for fewer.
REPEAT = {"county": 25, "province": 15, "nation": 7, "decade": 5}
#: Everyone's numbers must agree to this, relative.
AGREE = 1e-10
#: The parts: those below, every file bench_<part>.py that yields contests, and how times grow (``slopes.py``).
OTHERS = sorted(
    p.stem.removeprefix("bench_") for p in HERE.glob("bench_*.py") if p.stem not in ("bench_kernel", "bench_evaluate")
)
PARTS = ("kernel", "evaluate", *OTHERS, "slopes")
#: Minutes after which contests get one round and no gauge of memory, so that a run comes to its end.
MINUTES = 9.0
#: What a run must not be slower than, however busy the machine: part, variant ("" all), slower, faster, at most so
#: many times as slow. Where one of the two did not run, nothing is held.
BOUNDS = (
    ("kernel", "", "kernel", "pandas-apply", 0.2),
    ("kernel", "", "kernel", "pandas-agg", 2.0),
    ("kernel", "", "kernel", "read", 60.0),
    ("kernel", "rows shuffled", "kernel", "kernel-sorted", 3.0),
    ("kernel", "rows shuffled", "compiled", "compiled-sorted", 3.0),
    ("kernel", "rows shuffled", "public", "public-sorted", 4.0),
    ("kernel", "", "public", "pandas-apply", 0.5),
    ("kernel", "", "public", "pandas-agg", 3.0),
    ("evaluate", "", "evaluate", "pandas-apply", 2.0),
    ("evaluate", "", "evaluate", "pandas-whole", 2.0),
    ("evaluate", "", "evaluate", "polars-whole", 2.5),
    ("evaluate", "", "frames", "evaluate", 8.0),
    ("measures", "", "junheng", "loop", 2.0),
    ("measures", "theil_t", "junheng", "pysal", 1.0),
    *(
        ("frames", f"{measure}, rows shuffled, {cores}", "junheng", f"{peer}", most)
        for cores in ("all cores", "one core")
        for measure, peer, most in (
            ("difference_coefficient", "duckdb-moments", 2.0),
            ("difference_coefficient", "polars-moments", 3.0),
            ("theil_t", "polars-in-group", 3.0),
            ("gini", "polars-in-group", 5.0),
            ("gini", "duckdb-window", 2.0),
            ("weighted_quantile", "polars-in-group", 6.0),
        )
    ),
    ("measures", "influence", "junheng", "loop", 0.5),
    ("measures", "bootstrap, percentile", "junheng", "scipy", 0.5),
    ("measures", "bootstrap, bca", "junheng", "percentile", 6.0),
    ("plans", "additions, real, all groups", "junheng", "SLSQP, scipy, some problems", 0.5),
    ("plans", "transfers, real, all groups", "junheng", "SLSQP, scipy, some problems", 0.5),
    ("plans", "additions, whole, all groups", "junheng", "heap, Python, some problems", 0.5),
    ("plans", "transfers, whole, all groups", "junheng", "heap, Python, some problems", 0.5),
    ("engines", "", "parquet", "local", 6.0),
    ("engines", "", "dask", "local", 60.0),
    ("excel", "", "junheng", "openpyxl", 1.5),
    ("excel", "", "junheng", "calamine", 8.0),
    ("imports", "", "junheng", "pandas", 2.5),
)


def kernel(size: str, folder: Path, *, smoke: bool) -> Iterator[Contest]:
    """The coefficient of 15 columns over all groups, rows in group order and shuffled."""
    bench_kernel.SIZES.setdefault("county", bench_kernel.Size(1, 1))
    bench_kernel.SCHOOLS.setdefault("county", bench_kernel.SCHOOLS["province"])
    for rows_sorted in (True, False):
        order = "in group order" if rows_sorted else "shuffled"
        d = bench_kernel.Data(size, rows_sorted=rows_sorted)
        title = f"kernel, {size}, rows {order}: {d.rows:,} rows x 15, {d.n_groups:,} groups, {d.megabytes:.0f} MB"
        tell(f"{title}: checking")
        runs: dict[str, Callable[[], Any]] = {}
        notes: dict[str, str] = {}
        wrong: list[str] = []
        wanted = None
        for name, c in bench_kernel.CONTESTANTS.items():
            if not _takes_part(name, c, size, notes):
                continue
            c.prepare(d)
            got = c.run(d)
            runs[name] = lambda c=c, d=d: c.run(d)  # type: ignore[misc]
            if got is None:
                continue
            if wanted is None:
                wanted = got
                some = sorted({0, d.n_groups // 3, d.n_groups - 1})
                _check(wrong, f"{title}: {name} by hand", relative(got[some], bench_kernel.by_hand(d, some)))
            _check(wrong, f"{title}: {name}", relative(got, wanted))
        labels = {name: c.label for name, c in bench_kernel.CONTESTANTS.items()}
        # a province is lost in what a process takes anyway
        gauge: dict[str, Path | None] = dict.fromkeys(runs) if size == "nation" and not rows_sorted else {}
        gauge.pop("read", None)
        if not rows_sorted:  # the same rows in group order, in the same rounds: what disorder costs
            same = bench_kernel.Data(size, rows_sorted=True)
            for name in [n for n in ("kernel", "compiled", "public") if n in runs]:
                c = bench_kernel.CONTESTANTS[name]
                _check(wrong, f"{title}: {name}, rows in group order", relative(c.run(same), wanted))
                runs[f"{name}-sorted"] = lambda c=c, same=same: c.run(same)  # type: ignore[misc]
                labels[f"{name}-sorted"] = f"{c.label}, rows in group order"
        yield Contest(
            part="kernel",
            variant=f"rows {order}",
            size=size,
            title=title,
            base="kernel",
            floor="read",
            runs=runs,
            labels=labels,
            notes=notes,
            rows=d.rows,
            gauge=gauge,
            wrong=wrong,
            facts={"groups": d.n_groups, "columns": 15, "data_mb": d.megabytes},
        )


def evaluate(size: str, folder: Path, *, smoke: bool) -> Iterator[Contest]:
    """jh.evaluate against code written by hand."""
    bench_evaluate.SIZES.setdefault("county", (1, 1))
    tell(f"evaluate, {size}: making the schools")
    d = bench_evaluate.make(size)
    megabytes = d.memory_usage(deep=True).sum() / 1e6
    title = f"evaluate, {size}: {len(d):,} rows x {d.shape[1]} columns, {megabytes:.0f} MB"
    tell(f"{title}: checking")
    runs: dict[str, Callable[[], Any]] = {}
    notes: dict[str, str] = {}
    wrong: list[str] = []
    wanted = None
    for name, c in bench_evaluate.CONTESTANTS.items():
        if not _takes_part(name, c, size, notes):
            continue
        given = bench_evaluate.form(name, d)
        got = c.run(given)
        runs[name] = lambda c=c, given=given: c.run(given)  # type: ignore[misc]
        if c.answer is None:
            continue
        answer = bench_evaluate.plain(c.answer(got))
        if wanted is None:
            wanted = answer
        _check(wrong, f"{title}: {name}", bench_evaluate.difference(answer, wanted))
        del got, answer
    labels = {name: c.label for name, c in bench_evaluate.CONTESTANTS.items()}
    path = folder / f"{size}.pickle"
    with path.open("wb") as file:
        pickle.dump(d, file, protocol=5)
    gauged = {"nation": [name for name in runs if name != "read"], "decade": ["evaluate"]}.get(size, [])
    gauge: dict[str, Path | None] = dict.fromkeys(gauged, path)
    yield Contest(
        part="evaluate",
        size=size,
        title=title,
        base="evaluate",
        floor="read",
        runs=runs,
        labels=labels,
        notes=notes,
        rows=len(d),
        gauge={"evaluate": path} if smoke else gauge,
        wrong=wrong,
        facts={"groups": 0 if wanted is None else len(wanted.coefficients), "data_mb": megabytes},
    )
    path.unlink()


def _takes_part(name: str, contestant: Any, size: str, notes: dict[str, str]) -> bool:
    if not bench_kernel.installed(contestant.needs):
        notes[name] = "not installed"
    elif size not in contestant.sizes and size != "county":
        notes[name] = "too slow here"
    return name not in notes


def _check(wrong: list[str], what: str, difference: float) -> None:
    """Keep what does not agree."""
    if not difference <= AGREE:
        apart = np.isfinite(difference)
        how = f"numbers differ by {difference:.2e}" if apart else "gaps, verdicts or groups differ"
        wrong.append(f"{what}: {how}")


def relative(got: Any, wanted: Any) -> float:
    """Return the largest relative difference, infinite where shapes or gaps differ."""
    if got.shape != wanted.shape or not np.array_equal(np.isnan(got), np.isnan(wanted)):
        return float("inf")
    return float(np.nanmax(np.abs(got - wanted) / np.abs(wanted), initial=0.0))


def contests(part: str, size: str, folder: Path, *, smoke: bool) -> Iterator[Contest]:
    """Yield what a part times at a size."""
    if part in ("kernel", "evaluate"):
        yield from {"kernel": kernel, "evaluate": evaluate}[part](size, folder, smoke=smoke)
    else:
        yield from import_module(f"bench_{part}").contests(size, folder, smoke=smoke)


# ---------------------------------------------------------------------------------------- timing and telling


def grow(repeat: int, smoke: bool) -> tuple[list[dict[str, Any]], list[str]]:
    """Time how every public function grows; return the lines and what is wrong."""
    print("\n| function | 1× s | 3× s | 10× s | nation s | slope |")
    found = []
    for line in slopes.lines(slopes.SMOKE if smoke else slopes.COUNTIES, repeat):
        print(slopes.as_row(line), flush=True)
        found.append(line)
    steep = [] if smoke else [line for line in found if slopes.too_steep(line)]
    return found, [f"{line['name']} grows by {line['slope']:.2f}; at most {slopes.MOST} is sane" for line in steep]


def hold(contest: Contest, repeat: int | None, *, memory: bool) -> tuple[dict[str, Any], list[str]]:
    """Time a contest, print its table; return what is kept of it and what is wrong."""
    wrong = list(contest.wrong)
    tell(f"{contest.title}: timing")
    most = min(repeat or contest.repeat or REPEAT[contest.size], contest.most)
    times = interleaved(contest.runs, most, contest.seconds)
    print(f"\n{contest.title}")
    floor = contest.floor if contest.floor in contest.runs else None
    head = ["median ms", "best ms", *([f"x {floor}"] if floor else []), f"x {contest.base}", "peak MB added"]
    print(f"  {'':<58}" + "".join(f"{h:>15}" for h in head))
    lines = []
    for name, label in contest.labels.items():
        if name not in contest.runs:
            print(f"  {label:<58.58}{contest.notes.get(name, ''):>15}")
            lines.append({"name": name, "label": label, "note": contest.notes.get(name, "")})
            continue
        part_of = contest.part_of.get(name, 1.0)
        ms = [1e3 * t / part_of for t in times[name]]
        line: dict[str, Any] = {"name": name, "label": label, "median_ms": median(ms), "best_ms": min(ms), "ms": ms}
        line |= contest.more.get(name, {})
        if floor:
            line["times_floor"] = ratio(times, name, floor) / part_of
        if contest.base in contest.runs:
            line["times_base"] = ratio(times, name, contest.base) / part_of * contest.part_of.get(contest.base, 1.0)
        if part_of < 1:
            line["timed_on"] = part_of
        if memory and name in contest.gauge:
            tell(f"{contest.title}: memory of {name}")
            seen = peak_memory(contest.part, contest.size, name, contest.gauge[name], contest.variant)
            if seen["added_mb"] is None:
                tell(f"memory of {name} was not gauged: {seen['error']}")
            line["peak_mb"] = seen["added_mb"]
        lines.append(line)
        cells = [line["median_ms"], line["best_ms"]]
        shown = [f"{c:>15.2f}" for c in cells]
        shown += [f"{line['times_floor']:>15.1f}"] if floor else []
        shown += [f"{line['times_base']:>15.2f}"] if "times_base" in line else [f"{'':>15}"]
        peak = line.get("peak_mb")
        print(f"  {label:<58.58}" + "".join(shown) + f"{'' if peak is None else format(peak, '.0f'):>15}")
    for part, variant, slow, fast, most in BOUNDS:
        # one county is all fixed cost: nothing is held there
        if part != contest.part or variant not in ("", contest.variant) or contest.size == "county":
            continue
        if slow not in contest.runs or fast not in contest.runs:
            continue
        share = contest.part_of.get(fast, 1.0) / contest.part_of.get(slow, 1.0)
        if (seen_ratio := ratio(times, slow, fast) * share) > most:
            what = f"{slow} takes {seen_ratio:.2f} times as long as {fast}; at most {most:g} is sane"
            wrong.append(f"{contest.title}: {what}")
    kept = {
        "part": contest.part,
        "variant": contest.variant,
        "size": contest.size,
        "title": contest.title,
        "rows": contest.rows,
        "base": contest.base,
        "floor": floor,
        "rounds": len(next(iter(times.values()))) if times else 0,
        **contest.facts,
        "lines": lines,
    }
    return kept, wrong


def growth(results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return how time grows with rows: the slope of log time over log rows, 1 where twice the rows take twice."""
    points: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
    for r in results:
        for line in r["lines"]:
            if "median_ms" in line and r["rows"]:
                key = (r["part"], r["variant"], line["name"])
                points.setdefault(key, []).append((math.log(r["rows"]), math.log(line["median_ms"])))
    out = []
    for (part, variant, name), seen in points.items():
        if len({x for x, _ in seen}) < 2:
            continue
        x, y = np.array(sorted(seen)).T
        # the last step too: what fixed costs hide in the small shows in the large
        out.append(
            {
                "part": part,
                "variant": variant,
                "name": name,
                "slope": float(np.polyfit(x, y, 1)[0]),
                "last_slope": float((y[-1] - y[-2]) / (x[-1] - x[-2])),
                "sizes": len(seen),
            }
        )
    return out


def markdown(results: Sequence[dict[str, Any]], env: dict[str, Any]) -> str:
    """Return everything as Markdown tables."""
    out = [f"{env['cores']} cores, {env['machine']}, Python {env['python']}, load {env['load']}."]
    out.append(", ".join(f"{n} {v}" for n, v in env["versions"].items()))
    for r in results:
        out += ["", f"### {r['title']}", "", "| | median ms | best ms | times | peak MB |", "|---|--:|--:|--:|--:|"]
        for line in r["lines"]:
            if "median_ms" not in line:
                out.append(f"| {line['label']} | {line['note']} | | | |")
                continue
            peak = "" if line.get("peak_mb") is None else f"{line['peak_mb']:.0f}"
            times = f"{line['times_base']:.2f}" if "times_base" in line else ""
            out.append(f"| {line['label']} | {line['median_ms']:.2f} | {line['best_ms']:.2f} | {times} | {peak} |")
    grows = growth(results)
    if grows:
        out += ["", "### growth with rows", "", "| | slope | last step |", "|---|--:|--:|"]
        for g in grows:
            what = ", ".join(w for w in (g["part"], g["variant"], g["name"]) if w)
            out.append(f"| {what} | {g['slope']:.2f} | {g['last_slope']:.2f} |")
    return "\n".join(out) + "\n"


def record(
    results: Sequence[dict[str, Any]], grown: Sequence[dict[str, Any]], env: dict[str, Any], path: Path, whole: bool
) -> None:
    """Write what the documentation shows: without single times.

    Where some parts or sizes were run, the others stay as they were; a whole run leaves nothing of an older one.
    """
    before = json.loads(path.read_text("utf-8")) if path.exists() and not whole else {}
    old = before.get("results", [])
    slim = [
        {**r, "load": env["load"], "lines": [{k: _short(v) for k, v in x.items() if k != "ms"} for x in r["lines"]]}
        for r in results
    ]

    def key(r: dict[str, Any]) -> tuple[str, str, str]:
        return r["part"], r["variant"], r["size"]

    new = {key(r) for r in slim}
    kept = [r for r in old if key(r) not in new] + [{k: _short(v) for k, v in r.items()} for r in slim]
    kept.sort(
        key=lambda r: (PARTS.index(r["part"]) if r["part"] in PARTS else 99, SIZES.index(r["size"]), r["variant"])
    )
    written = {
        "environment": env,
        "results": kept,
        "growth": [{k: _short(v) for k, v in g.items()} for g in growth(kept)],
        "slopes": [{k: _short(v) for k, v in line.items()} for line in grown] or before.get("slopes", []),
    }
    path.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _short(value: Any) -> Any:
    if isinstance(value, list) and value and isinstance(value[0], float):
        return [_short(v) for v in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def tell(text: str) -> None:
    """Say on the error stream what is being done."""
    print(f"... {text}", file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 where numbers disagree or a ratio is out of bounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="a province in short, 2 rounds")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES), help="default: all")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="default: all")
    parser.add_argument("--repeat", type=int, metavar="N", help=f"rounds; default {REPEAT}, fewer for slow parts")
    parser.add_argument("--no-memory", action="store_true", help="leave the gauging of memory out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything, with every single time")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the tables as Markdown")
    parser.add_argument("--record", action="store_true", help="write results.json, which docs/benchmarks.md shows")
    parser.add_argument("--to", type=Path, metavar="FILE", default=HERE / "results.json", help="another file for that")
    args = parser.parse_args(argv)
    sizes = ["province"] if args.smoke else args.sizes
    start = perf_counter()
    env = environment()
    print(f"{env['cores']} cores, {env['machine']}, {env['system']}, Python {env['python']}, load {env['load']}")
    print(", ".join(f"{name} {v}" for name, v in env["versions"].items()))
    print("Median and best of interleaved rounds; ratios are medians of ratios taken within a round.")
    print("Polars, DuckDB, Dask and Spark use all cores, numba and ours of many rows two, the others one.")
    results: list[dict[str, Any]] = []
    grown: list[dict[str, Any]] = []
    wrong: list[str] = []
    whole = set(args.parts) == set(PARTS) and set(sizes) == set(SIZES)
    with tempfile.TemporaryDirectory() as folder:
        for part in args.parts:
            begun = perf_counter()
            tell(f"{part}, after {begun - start:.0f} s")
            if part == "slopes":
                late = args.record and begun - start > 60 * MINUTES
                grown, bad = grow(1 if args.smoke or late else 2, args.smoke)
                wrong += bad
            for size in sizes if part != "slopes" else ():
                for contest in contests(part, size, Path(folder), smoke=args.smoke):
                    late = perf_counter() - start > 60 * MINUTES and args.record
                    repeat = 1 if late else args.repeat or (2 if args.smoke else None)
                    kept, bad = hold(contest, repeat, memory=not args.no_memory and not late)
                    results.append(kept)
                    wrong += bad
                    del contest
            env["parts"] = env.get("parts", {}) | {part: round(perf_counter() - begun)}
            if args.record:  # part by part: a run that is broken off has not been for nothing
                record(results, grown, env, args.to, whole=False)
    env["load_after"] = environment()["load"]
    env["seconds"] = round(perf_counter() - start)
    if args.record:
        record(results, grown, env, args.to, whole)
    for g in growth(results):
        what = ", ".join(w for w in (g["part"], g["variant"], g["name"]) if w)
        print(f"  growth {what:<60}{g['slope']:>8.2f}{g['last_slope']:>8.2f}")
    print(f"\n{env['seconds']} s {env['parts']}, load afterwards {env['load_after']}")
    if args.json:
        args.json.write_text(json.dumps({"environment": env, "results": results, "wrong": wrong}, indent=1))
    if args.markdown:
        args.markdown.write_text(markdown(results, env), encoding="utf-8")
    if wrong:
        print("\nWRONG:", *wrong, sep="\n  ")
        return 1
    print("All numbers agree, all ratios are within their bounds.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
