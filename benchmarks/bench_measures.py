"""Measures beyond the coefficient over all groups: one vectorised call, and what else one would use.

``python benchmarks/bench_measures.py`` alone (nation), ``--smoke`` for the province; ``run.py`` runs it as the part
``measures``. The data are those of the kernel. What only a loop can do elsewhere (PySAL, scipy) is timed on some of the
groups and multiplied up; the line says so. PySAL knows no weights, so that it is held against the unweighted measure.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

import bench_kernel
import numpy as np
from measuring import environment, interleaved, ratio

import junheng as jh

try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from inequality.gini import Gini
        from inequality.theil import Theil
except ImportError:
    Gini = Theil = None
pl, COLUMNS = bench_kernel.pl, bench_kernel.COLUMNS
#: Groups a loop is timed on.
SOME = 100
RESAMPLES = 1000


class Peer(NamedTuple):
    """A line of the table: numbers to compare, or None; ``part`` of the groups is what it was timed on."""

    run: Callable[[], Any]
    weighted: bool = True
    part: float = 1.0


def peers(d: bench_kernel.Data) -> dict[str, dict[str, Peer]]:
    """Return who computes what, by measure."""
    kw: dict[str, Any] = {"weights": d.weights, "by": d.by}
    some = min(SOME, d.n_groups)
    rows = [np.flatnonzero(d.codes == g) for g in range(some)]

    def call(f: Callable[..., Any], **more: Any) -> Peer:
        return Peer(lambda: f(d.frame, **{**kw, **more}).to_numpy())

    def loop(f: Callable[[Any, Any], float], *, weighted: bool) -> Peer:
        def run() -> Any:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return np.array([[f(x[at], d.students[at]) for x in d.columns] for at in rows])

        return Peer(run, weighted, some / d.n_groups)

    def frame(expression: Callable[[str], Any]) -> Peer:
        def run() -> Any:
            parts = [expression(c).alias(c) for c in COLUMNS]
            return d.polars.lazy().group_by(d.keys).agg(*parts).sort(d.keys).select(COLUMNS).collect().to_numpy()

        return Peer(run)

    out: dict[str, dict[str, Peer]] = {
        "gini": {"junheng": call(jh.gini), "loop, jh.gini a group": loop(one(jh.gini), weighted=True)},
        "theil_t": {"junheng": call(jh.theil_t), "loop, jh.theil_t a group": loop(one(jh.theil_t), weighted=True)},
        "atkinson(0.5)": {"junheng": call(jh.atkinson)},
        "hoover": {"junheng": call(jh.hoover)},
        "quantile_ratio": {"junheng": call(jh.quantile_ratio)},
        "decompose, theil_t by county and stage": {
            "junheng": Peer(lambda: jh.decompose(d.frame, **kw)["between"].to_numpy())
        },
        "influence of every school": {
            "junheng": Peer(lambda: jh.influence(d.frame, **kw)),
            "leaving out one by one, numpy": loop(jackknife, weighted=True),
        },
        f"bootstrap, {RESAMPLES} resamples, percentile": {
            "junheng": Peer(lambda: jh.bootstrap_interval(d.frame, resamples=RESAMPLES, **kw)),
            "scipy.stats.bootstrap, 10 groups": Peer(lambda: scipy_bootstrap(d, rows[:10]), part=10 / d.n_groups),
        },
        f"bootstrap, {RESAMPLES} resamples, bca": {
            "junheng": Peer(lambda: jh.bootstrap_interval(d.frame, resamples=RESAMPLES, method="bca", **kw)),
        },
    }
    if Gini is not None:
        out["gini"]["loop, PySAL (no weights)"] = loop(lambda x, w: Gini(x).g, weighted=False)
        out["theil_t"]["loop, PySAL (no weights)"] = loop(lambda x, w: float(Theil(x).T), weighted=False)
    if bench_kernel.installed("polars"):
        d.polars  # noqa: B018  made beforehand
        out["gini"]["polars"] = frame(polars_gini)
        out["theil_t"]["polars"] = frame(polars_theil)
    if bench_kernel.installed("duckdb"):
        d.duckdb  # noqa: B018
        out["gini"]["DuckDB"] = Peer(lambda: duckdb_gini(d))
        out["theil_t"]["DuckDB"] = Peer(lambda: duckdb_theil(d))
    return out


def one(f: Callable[..., Any]) -> Callable[[Any, Any], float]:
    return lambda x, w: f(x, weights=w)


def jackknife(x: Any, w: Any) -> float:
    """All coefficients without one school, the plain way; their mean stands for them."""
    keep = ~np.eye(x.size, dtype=bool)
    out = np.empty(x.size)
    for i in range(x.size):
        v, u = x[keep[i]], w[keep[i]]
        mean = np.average(v, weights=u)
        out[i] = np.sqrt(np.average((v - mean) ** 2, weights=u)) / mean
    return float(out.mean())


def scipy_bootstrap(d: bench_kernel.Data, rows: list[Any]) -> None:
    from scipy import stats

    def coefficient(x: Any, w: Any, axis: int = -1) -> Any:
        mean = (x * w).sum(axis, keepdims=True) / w.sum(axis, keepdims=True)
        return np.sqrt((w * (x - mean) ** 2).sum(axis) / w.sum(axis)) / mean.squeeze(axis)

    for at in rows:
        for x in d.columns:
            data = (x[at], d.students[at])
            stats.bootstrap(data, coefficient, paired=True, vectorized=True, n_resamples=RESAMPLES, method="percentile")


def polars_gini(c: str) -> Any:
    x, w = pl.col(c).sort(), pl.col("students").sort_by(c)
    below = w.cum_sum()
    return (x * w * (2 * below - w)).sum() / (w.sum() * (x * w).sum()) - 1


def polars_theil(c: str) -> Any:
    x, w = pl.col(c), pl.col("students")
    r = x / ((x * w).sum() / w.sum())
    return (w * r * r.log()).sum() / w.sum()


def duckdb_gini(d: bench_kernel.Data) -> Any:
    keys = ", ".join(d.keys)
    below = ", ".join(
        f"sum(students) over (partition by {keys} order by {c} rows unbounded preceding) as b_{c}" for c in COLUMNS
    )
    parts = ", ".join(
        f"sum({c} * students * (2 * b_{c} - students)) / (sum(students) * sum({c} * students)) - 1 as {c}"
        for c in COLUMNS
    )
    answer = d.duckdb.execute(
        f"with s as (select *, {below} from schools) select {parts} from s group by {keys} order by {keys}"
    ).fetchnumpy()
    return np.column_stack([answer[c] for c in COLUMNS])


def duckdb_theil(d: bench_kernel.Data) -> Any:
    keys = ", ".join(d.keys)
    means = ", ".join(f"sum({c} * students) / sum(students) as m_{c}" for c in COLUMNS)
    parts = ", ".join(f"sum(students * s.{c} / m_{c} * ln(s.{c} / m_{c})) / sum(students) as {c}" for c in COLUMNS)
    answer = d.duckdb.execute(
        f"with m as (select {keys}, {means} from schools group by {keys}) "
        f"select {parts} from schools s join m using ({keys}) group by {keys} order by {keys}"
    ).fetchnumpy()
    return np.column_stack([answer[c] for c in COLUMNS])


def bench(size: str, repeat: int) -> tuple[list[dict[str, Any]], list[str]]:
    """Time everyone, print the table; return its lines and what did not agree."""
    d = bench_kernel.Data(size, rows_sorted=True)
    print(f"\nmeasures, {size}: {d.rows:,} rows x {len(COLUMNS)}, {d.n_groups:,} groups; seconds for the whole")
    print(f"  {'':<58}{'median s':>12}{'best s':>12}{'x junheng':>12}")
    lines: list[dict[str, Any]] = []
    wrong: list[str] = []
    for measure, contestants in peers(d).items():
        plain = {"gini": jh.gini, "theil_t": jh.theil_t}.get(measure)
        wanted = contestants["junheng"].run()
        for name, peer in contestants.items():
            if name == "junheng" or plain is None:
                continue
            got = peer.run()
            mine = wanted if peer.weighted else plain(d.frame, weights=None, by=d.by).to_numpy()
            apart = np.max(np.abs(got - mine[: len(got)]))
            if not apart <= 1e-10:
                wrong.append(f"{measure}, {name}: off by {apart:.1e}")
        times = interleaved({n: p.run for n, p in contestants.items()}, repeat)
        for name, peer in contestants.items():
            all_s = [t / peer.part for t in times[name]]
            times_ours = ratio(times, name, "junheng") / peer.part
            said = (
                name
                + ("" if peer.part == 1 or "groups" in name else f", {SOME} groups")
                + ("" if peer.part == 1 else ", multiplied up")
            )
            print(f"  {measure + ': ' + said:<58.58}{median(all_s):>12.3f}{min(all_s):>12.3f}{times_ours:>12.1f}")
            lines.append(
                {"measure": measure, "name": name, "median_s": median(all_s), "best_s": min(all_s), "part": peer.part,
                 "times_junheng": times_ours}
            )  # fmt: skip
            if "loop" in name and times_ours < 0.5:  # no machine should show that, however busy
                wrong.append(f"{measure}: {name}: twice as fast as one call")
    return lines, wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="province, one round")
    parser.add_argument("--repeat", type=int, default=5)
    args = parser.parse_args()
    env = environment()
    print(f"{env['cores']} cores, {env['machine']}, Python {env['python']}, load {env['load']}")
    _, wrong = bench("province" if args.smoke else "nation", 1 if args.smoke else args.repeat)
    print(*wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
