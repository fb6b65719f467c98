"""Measures beyond the coefficient over all groups: one vectorised call, and what else one would use.

The data are those of the kernel. What only a loop can do elsewhere (PySAL, scipy) is timed on some of the groups and
multiplied up; the label says so. PySAL knows no weights, so that it is held against the unweighted measure.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import bench_kernel
import numpy as np
from measuring import Contest

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
    label: str = ""


def peers(d: bench_kernel.Data) -> dict[str, dict[str, Peer]]:
    """Return who computes what, by measure."""
    kw: dict[str, Any] = {"weights": d.weights, "by": d.by}
    some = min(SOME, d.n_groups)
    rows = [np.flatnonzero(d.codes == g) for g in range(some)]

    def call(f: Callable[..., Any], **more: Any) -> Peer:
        return Peer(lambda: f(d.frame, **{**kw, **more}).to_numpy())

    def loop(f: Callable[[Any, Any], float], label: str, *, weighted: bool = True) -> Peer:
        def run() -> Any:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return np.array([[f(x[at], d.students[at]) for x in d.columns] for at in rows])

        share = some / d.n_groups
        return Peer(run, weighted, share, label + (f" (on {some} groups, multiplied up)" if share < 1 else ""))

    def frame(expression: Callable[[str], Any]) -> Peer:
        def run() -> Any:
            parts = [expression(c).alias(c) for c in COLUMNS]
            return d.polars.lazy().group_by(d.keys).agg(*parts).sort(d.keys).select(COLUMNS).collect().to_numpy()

        return Peer(run)

    boot = {"resamples": 200 if d.n_groups < 10 else RESAMPLES}
    out: dict[str, dict[str, Peer]] = {
        "gini": {
            "junheng": call(jh.gini),
            "loop, jh.gini a group": loop(one(jh.gini), "loop, jh.gini a group"),
        },
        "theil_t": {
            "junheng": call(jh.theil_t),
            "loop, jh.theil_t a group": loop(one(jh.theil_t), "loop, jh.theil_t a group"),
        },
        "atkinson": {"junheng": call(jh.atkinson)},
        "hoover": {"junheng": call(jh.hoover)},
        "quantile_ratio": {"junheng": call(jh.quantile_ratio)},
        "mcloone_index": {"junheng": call(jh.mcloone_index), "loop": loop(mcloone, "loop, numpy")},
        "palma_ratio": {
            "junheng": call(jh.palma_ratio),
            "loop, jh.palma_ratio a group": loop(one(jh.palma_ratio), "loop, jh.palma_ratio a group"),
        },
        "slope_index": {
            "junheng": call(jh.slope_index, order=d.students),
            "loop": loop(slope, "loop, numpy.polyfit"),
        },
        "decompose": {"junheng": Peer(lambda: jh.decompose(d.frame, **kw)["between"].to_numpy())},
        "influence": {
            "junheng": Peer(lambda: jh.influence(d.frame, **kw)),
            "loop": loop(jackknife, "leaving schools out one by one, numpy"),
        },
        "bootstrap, percentile": {
            "junheng": Peer(lambda: jh.bootstrap_interval(d.frame, **boot, **kw)),
            "scipy": Peer(
                lambda: scipy_bootstrap(d, rows[: min(5, some)], **boot),
                part=min(5, some) / d.n_groups,
                label="scipy.stats.bootstrap (on 5 groups, multiplied up)",
            ),
        },
        "bootstrap, bca": {
            "junheng": Peer(lambda: jh.bootstrap_interval(d.frame, method="bca", **boot, **kw)),
            "percentile": Peer(lambda: jh.bootstrap_interval(d.frame, **boot, **kw), label="junheng, percentile"),
        },
    }
    if Gini is not None:
        out["gini"]["pysal"] = loop(lambda x, w: Gini(x).g, "loop, PySAL, no weights", weighted=False)
        out["theil_t"]["pysal"] = loop(lambda x, w: float(Theil(x).T), "loop, PySAL, no weights", weighted=False)
    if bench_kernel.installed("polars"):
        d.polars  # noqa: B018  made beforehand
        out["gini"]["polars"] = frame(polars_gini)
        out["theil_t"]["polars"] = frame(polars_theil)
    if bench_kernel.installed("duckdb"):
        d.duckdb  # noqa: B018
        out["gini"]["duckdb"] = Peer(lambda: duckdb_gini(d), label="DuckDB")
        out["theil_t"]["duckdb"] = Peer(lambda: duckdb_theil(d), label="DuckDB")
    return out


def one(f: Callable[..., Any]) -> Callable[[Any, Any], float]:
    return lambda x, w: f(x, weights=w)


def mcloone(x: Any, w: Any) -> float:
    """The plain way: sort, find the median, sum up to it."""
    order = np.argsort(x)
    v, u = x[order], w[order]
    median = v[np.searchsorted(np.cumsum(u), u.sum() / 2)]
    half = v <= median
    return float((v[half] * u[half]).sum() / (median * u[half].sum()))


def slope(x: Any, w: Any) -> float:
    """A line through ridits, schools ordered by their size."""
    order = np.argsort(w, kind="stable")
    sizes, first = np.unique(w[order], return_index=True)
    before = np.concatenate([[0.0], np.cumsum(w[order])])
    ends = np.append(first[1:], w.size)
    ridit = (before[first] + before[ends])[np.searchsorted(sizes, w)] / (2 * w.sum())
    return float(np.polyfit(ridit, x, 1, w=np.sqrt(w))[0])


def jackknife(x: Any, w: Any) -> float:
    """All coefficients without one school, the plain way; their mean stands for them."""
    keep = ~np.eye(x.size, dtype=bool)
    out = np.empty(x.size)
    for i in range(x.size):
        v, u = x[keep[i]], w[keep[i]]
        mean = np.average(v, weights=u)
        out[i] = np.sqrt(np.average((v - mean) ** 2, weights=u)) / mean
    return float(out.mean())


def scipy_bootstrap(d: bench_kernel.Data, rows: list[Any], resamples: int) -> None:
    from scipy import stats

    def coefficient(x: Any, w: Any, axis: int = -1) -> Any:
        mean = (x * w).sum(axis, keepdims=True) / w.sum(axis, keepdims=True)
        return np.sqrt((w * (x - mean) ** 2).sum(axis) / w.sum(axis)) / mean.squeeze(axis)

    for at in rows:
        for x in d.columns:
            data = (x[at], d.students[at])
            stats.bootstrap(data, coefficient, paired=True, vectorized=True, n_resamples=resamples, method="percentile")


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


def contests(size: str, folder: Path, *, smoke: bool) -> Iterator[Contest]:
    """Yield a contest a measure; ten years of a nation add nothing but waiting."""
    if size == "decade":
        return
    bench_kernel.SIZES.setdefault("county", bench_kernel.Size(1, 1))
    bench_kernel.SCHOOLS.setdefault("county", bench_kernel.SCHOOLS["province"])
    d = bench_kernel.Data(size, rows_sorted=True)
    for measure, contestants in peers(d).items():
        plain = {
            "gini": jh.gini,
            "theil_t": jh.theil_t,
            "mcloone_index": jh.mcloone_index,
            "palma_ratio": jh.palma_ratio,
            "slope_index": jh.slope_index,
        }.get(measure)
        wrong: list[str] = []
        wanted = contestants["junheng"].run()
        for name, peer in contestants.items():
            if name == "junheng" or plain is None:
                continue
            got = peer.run()
            mine = wanted if peer.weighted else plain(d.frame, weights=None, by=d.by).to_numpy()
            apart = np.max(np.abs(got - mine[: len(got)]))
            if not apart <= 1e-10:
                wrong.append(f"{measure}, {name}: off by {apart:.1e}")
        yield Contest(
            part="measures",
            variant=measure,
            size=size,
            title=f"{measure}, {size}: {d.rows:,} rows x {len(COLUMNS)}, {d.n_groups:,} groups",
            base="junheng",
            runs={name: p.run for name, p in contestants.items()},
            labels={name: p.label or name for name, p in contestants.items()},
            part_of={name: p.part for name, p in contestants.items()},
            rows=d.rows,
            facts={"groups": d.n_groups},
            wrong=wrong,
            repeat=5,
            most=1 if smoke and ("bootstrap" in measure or measure == "influence") else 5,
        )
