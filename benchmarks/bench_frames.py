"""Grouped measures in polars and DuckDB as a good user of each writes them, beside one call of junheng.

Seven columns (the resources of 2017), by county and stage, from native tables in memory: a pandas frame, a polars
frame, a DuckDB table; making them is not timed. Two-pass queries are exact to the last digits. One-pass ones add up
``w``, ``w x``, ``w x^2`` and lose digits: the largest relative error against exact fractions stands beside each line,
for plain figures and for hard ones (mean a million, spread one).

Every contestant runs in a process of its own kind: polars fixes its threads when it is imported, junheng uses numba
once something has imported it. "One core" pins the process and sets the threads of all libraries to one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import bench_kernel
import numpy as np
import pandas as pd
from measuring import Contest, Worker, serve

import junheng as jh

try:
    import polars as pl
except ImportError:
    pl = None  # type: ignore[assignment]
try:
    import duckdb
except ImportError:
    duckdb = None  # type: ignore[assignment]

COLUMNS = bench_kernel.COLUMNS[:7]
#: Groups whose results are compared with exact fractions.
EXACT = 10
HARD_MEAN = 1e6


class Table:
    """The figures in every form a contestant takes; each is made once, before the clock starts."""

    def __init__(self, size: str, *, rows_sorted: bool, categories: bool = False, hard: bool = False) -> None:
        d = bench_kernel.Data(size, rows_sorted=rows_sorted)
        self.codes, self.keys, self.students, self.n_groups = d.codes, d.keys, d.weights, d.n_groups
        self.frame = d.frame[COLUMNS].copy()
        if hard:
            self.frame[:] = HARD_MEAN + np.random.default_rng(1).standard_normal(self.frame.shape)
        self.labels = d.labels
        self._categories = [k for k in self.keys if categories and self.labels[k].dtype.kind not in "iu"]
        self.labels = self.labels.astype(dict.fromkeys(self._categories, "category"))
        self.by = {k: self.labels[k] for k in self.keys}

    @cached_property
    def polars(self) -> Any:
        """A polars frame; categories are an Enum."""
        keys = {k: pl.Series(self.labels[k].to_numpy().tolist()) for k in self.keys}
        for k in self._categories:
            keys[k] = keys[k].cast(pl.Enum(self.labels[k].cat.categories.tolist()))
        figures = {c: self.frame[c].to_numpy() for c in COLUMNS}
        return pl.DataFrame(keys | {"students": self.students.to_numpy()} | figures)

    @cached_property
    def duckdb(self) -> Any:
        """A table of an in-memory DuckDB; categories become an ENUM."""
        connection = duckdb.connect()
        if os.environ.get("POLARS_MAX_THREADS") == "1":
            connection.execute("set threads = 1")
        connection.register("made", pd.concat([self.labels, self.students, self.frame], axis=1))
        connection.execute("create table schools as select * from made")
        connection.unregister("made")
        return connection


# --------------------------------------------------------------------------------------------- junheng


def ours(t: Table, measure: str) -> Any:
    return getattr(jh, measure)(t.frame, weights=t.students, by=t.by)


def ours_polars(t: Table, measure: str) -> Any:
    return getattr(jh, measure)(t.polars[COLUMNS], weights=t.polars["students"], by=t.polars[t.keys])


# ---------------------------------------------------------------------------------------------- polars


def per_group(t: Table, expression: Callable[[Any, Any], Any], *, engine: Any = "auto") -> Any:
    """One lazy query: an expression of a column and the weights, in every group."""
    w = pl.col("students")
    parts = [expression(pl.col(c), w).alias(c) for c in COLUMNS]
    return t.polars.lazy().group_by(t.keys).agg(parts).sort(t.keys).collect(engine=engine)


def polars_coefficient(x: Any, w: Any) -> Any:
    mean = (x * w).sum() / w.sum()
    return ((w * (x - mean) ** 2).sum() / w.sum()).sqrt() / mean.abs()


def polars_joined(t: Table, *, engine: Any = "auto") -> Any:
    """The means of the groups joined back, then the squares."""
    w, lazy = pl.col("students"), t.polars.lazy()
    means = lazy.group_by(t.keys).agg(((pl.col(c) * w).sum() / w.sum()).alias(f"m_{c}") for c in COLUMNS)
    parts = [
        ((w * (pl.col(c) - pl.col(f"m_{c}")) ** 2).sum() / w.sum()).sqrt() / pl.col(f"m_{c}").first().abs()
        for c in COLUMNS
    ]
    joined = lazy.join(means, on=t.keys).group_by(t.keys)
    return joined.agg(p.alias(c) for p, c in zip(parts, COLUMNS, strict=True)).sort(t.keys).collect(engine=engine)


def polars_moments(t: Table, *, engine: Any = "auto") -> Any:
    """Sums of ``w``, ``w x`` and ``w x^2`` in one pass."""
    w = pl.col("students")
    sums = t.polars.lazy().group_by(t.keys).agg(
        w.sum(),
        *((pl.col(c) * w).sum().alias(f"a_{c}") for c in COLUMNS),
        *((pl.col(c) * pl.col(c) * w).sum().alias(f"b_{c}") for c in COLUMNS),
    )  # fmt: skip
    out = []
    for c in COLUMNS:
        mean = pl.col(f"a_{c}") / w
        out.append(((pl.col(f"b_{c}") / w - mean * mean).clip(0).sqrt() / mean.abs()).alias(c))
    return sums.select(*t.keys, *out).sort(t.keys).collect(engine=engine)


def polars_theil(x: Any, w: Any) -> Any:
    r = x / ((x * w).sum() / w.sum())
    return (w * r * r.log()).sum() / w.sum()


def polars_theil_moments(x: Any, w: Any) -> Any:
    total = (w * x).sum()
    return (w * x * x.log()).sum() / total - (total / w.sum()).log()


def polars_gini(x: Any, w: Any) -> Any:
    v, u = x.sort(), w.sort_by(x)
    return (v * u * (2 * u.cum_sum() - u)).sum() / (w.sum() * (x * w).sum()) - 1


def polars_median(x: Any, w: Any) -> Any:
    return x.sort().filter(w.sort_by(x).cum_sum() >= w.sum() / 2).first()


# ---------------------------------------------------------------------------------------------- DuckDB


def ask(t: Table, outer: str, *, inner: str = "", source: str = "schools", before: str = "") -> Any:
    """One query by group; ``{c}`` in ``outer`` and ``inner`` is every column in turn."""
    keys = ", ".join(t.keys)
    each = ", ".join(f"{outer} as {{c}}".format(c=c, keys=keys) for c in COLUMNS)
    made = ", ".join(inner.format(c=c, keys=keys) for c in COLUMNS)
    query = before.format(keys=keys, made=made) + f" select {keys}, {each} from {source.format(keys=keys, made=made)}"
    return t.duckdb.execute(f"{query} group by {keys} order by {keys}").fetchnumpy()


MEANS = "with m as (select {keys}, {made} from schools group by {keys})"
JOINED = {"before": MEANS, "source": "schools s join m using ({keys})"}
JOINED["inner"] = "sum({c} * students) / sum(students) as m_{c}"
WINDOW = {"source": "(select *, {made} from schools)"}
WINDOW["inner"] = "sum(students) over (partition by {keys} order by {c} rows unbounded preceding) as b_{c}"


def duckdb_joined(t: Table) -> Any:
    square = "sum((s.{c} - m_{c}) * (s.{c} - m_{c}) * students)"
    return ask(t, f"sqrt({square} / sum(students)) / abs(first(m_{{c}}))", **JOINED)


def duckdb_moments(t: Table) -> Any:
    """Sums of ``w``, ``w x`` and ``w x^2`` in one pass; sums that occur twice are computed once."""
    mean = "(sum({c} * students) / sum(students))"
    return ask(t, f"sqrt(greatest(sum({{c}} * {{c}} * students) / sum(students) - {mean} * {mean}, 0)) / abs({mean})")


def duckdb_theil(t: Table) -> Any:
    return ask(t, "sum(students * s.{c} / m_{c} * ln(s.{c} / m_{c})) / sum(students)", **JOINED)


def duckdb_theil_moments(t: Table) -> Any:
    total = "sum(students * {c})"
    return ask(t, f"sum(students * {{c}} * ln({{c}})) / {total} - ln({total} / sum(students))")


def duckdb_gini(t: Table) -> Any:
    part = "sum({c} * students * (2 * b_{c} - students)) / (sum(students) * sum({c} * students)) - 1"
    return ask(t, part, **WINDOW)


def duckdb_median(t: Table) -> Any:
    inner = WINDOW["inner"] + ", sum(students) over (partition by {keys}) as t_{c}"
    return ask(t, "min({c}) filter (b_{c} >= t_{c} / 2)", inner=inner, source=WINDOW["source"])


# -------------------------------------------------------------------------------------------- contests


class Peer(NamedTuple):
    """A line of the table."""

    label: str
    run: Callable[[Table], Any]
    needs: str | None = None
    exact: bool = True


def mine(measure: str) -> dict[str, Peer]:
    """Return our own lines: the same call in three settings."""
    return {
        "junheng": Peer(f"jh.{measure}", partial(ours, measure=measure)),
        "junheng-numba": Peer(f"jh.{measure}, numba loaded", partial(ours, measure=measure), "numba"),
        "junheng-polars": Peer(f"jh.{measure}, a polars frame", partial(ours_polars, measure=measure), "polars"),
    }


def in_group(expression: Callable[[Any, Any], Any]) -> Callable[[Table], Any]:
    return partial(per_group, expression=expression)


FIRST = "difference_coefficient"
MEASURES: dict[str, dict[str, Peer]] = {
    FIRST: mine(FIRST)
    | {
        "polars-in-group": Peer("polars, both passes in the group", in_group(polars_coefficient), "polars"),
        "polars-joined": Peer("polars, means joined back", polars_joined, "polars"),
        "polars-joined-streaming": Peer(
            "polars, means joined back, streaming", partial(polars_joined, engine="streaming"), "polars"
        ),
        "polars-moments": Peer("polars, moments in one pass", polars_moments, "polars", exact=False),
        "polars-moments-streaming": Peer(
            "polars, moments in one pass, streaming", partial(polars_moments, engine="streaming"), "polars", exact=False
        ),
        "duckdb-joined": Peer("DuckDB, means joined back", duckdb_joined, "duckdb"),
        "duckdb-moments": Peer("DuckDB, moments in one pass", duckdb_moments, "duckdb", exact=False),
    },
    "theil_t": mine("theil_t")
    | {
        "polars-in-group": Peer("polars, both passes in the group", in_group(polars_theil), "polars"),
        "polars-moments": Peer("polars, one pass", in_group(polars_theil_moments), "polars", exact=False),
        "duckdb-joined": Peer("DuckDB, means joined back", duckdb_theil, "duckdb"),
        "duckdb-moments": Peer("DuckDB, one pass", duckdb_theil_moments, "duckdb", exact=False),
    },
    "gini": mine("gini")
    | {
        "polars-in-group": Peer("polars, sorted in the group", in_group(polars_gini), "polars"),
        "duckdb-window": Peer("DuckDB, a window a column", duckdb_gini, "duckdb"),
    },
    "weighted_quantile": mine("weighted_quantile")
    | {
        "polars-in-group": Peer("polars, sorted in the group", in_group(polars_median), "polars"),
        "duckdb-window": Peer("DuckDB, a window a column", duckdb_median, "duckdb"),
    },
}


def as_array(result: Any) -> Any:
    """Return the figures of any result: a row a group, in the order of the keys."""
    return np.column_stack([np.asarray(result[c], dtype=np.float64) for c in COLUMNS])


# ------------------------------------------------------------------------------------------- exactness


def exactly(measure: str, x: list[float], w: list[float]) -> float:
    """Return a measure of one group in fractions (logarithms and roots in 50 digits), rounded once."""
    v, u = [Fraction(a) for a in x], [Fraction(a) for a in w]
    total = sum(u)
    mean = sum(a * b for a, b in zip(v, u, strict=True)) / total
    with localcontext(prec=50):
        if measure == "difference_coefficient":
            return float(_decimal(sum(b * (a / mean - 1) ** 2 for a, b in zip(v, u, strict=True)) / total).sqrt())
        if measure == "theil_t":
            parts = [_decimal(b * a / mean) * _decimal(a / mean).ln() for a, b in zip(v, u, strict=True)]
            return float(sum(parts, Decimal(0)) / _decimal(total))
    ranked, below, area = sorted(zip(v, u, strict=True)), Fraction(0), Fraction(0)
    for a, b in ranked:
        if measure == "weighted_quantile" and below + b >= total / 2:
            return float(a)
        area, below = area + a * b * (2 * below + b), below + b
    return float(area / (total * total * mean) - 1)


def _decimal(a: Fraction | int) -> Decimal:
    return Decimal(a.numerator) / Decimal(a.denominator)


@cache
def oracle(measure: str, hard: bool) -> Any:
    """Return some groups of a province, exactly."""
    t = Table("province", rows_sorted=True, hard=hard)
    out = []
    for g in some_groups(t):
        at = np.flatnonzero(t.codes == g)
        w = t.students.to_numpy()[at].tolist()
        out.append([exactly(measure, t.frame[c].to_numpy()[at].tolist(), w) for c in COLUMNS])
    return np.array(out)


def some_groups(t: Table) -> Any:
    return np.linspace(0, t.n_groups - 1, EXACT).astype(int)


def error(got: Any, wanted: Any) -> float:
    """Return the largest relative error; infinite where a figure is none."""
    apart = np.abs(got - wanted) / np.abs(wanted)
    return float("inf") if np.isnan(apart).any() else float(apart.max())


# --------------------------------------------------------------------------------------------- running


def worker(size: str, order: str, keys: str, numba: bool, cores: int | None) -> Worker:
    """Start a process that holds the tables and runs what it is asked."""
    return Worker([__file__, size, order, keys, "numba" if numba else "plain"], cores)


def main(size: str, order: str, keys: str, numba: str) -> None:
    """Be such a process."""
    if numba == "numba":
        import numba as _  # noqa: F401
    tables: dict[str, Table] = {}

    def run(measure: str, name: str, table: str) -> Callable[[], Any]:
        if table not in tables:
            timed = table == "timed"
            tables[table] = Table(
                size if timed else "province",
                rows_sorted=order == "sorted" or not timed,
                categories=timed and keys == "categories",
                hard=table == "hard",
            )
        return partial(MEASURES[measure][name].run, tables[table])

    serve(run, as_array)


def contests(size: str, folder: Path, *, smoke: bool) -> Iterator[Contest]:
    """Yield the contests of a size: the coefficient in all settings, the other measures at a nation."""
    bench_kernel.SIZES.setdefault("county", bench_kernel.Size(1, 1))
    if size == "county":
        return
    settings = [("sorted", "text"), ("shuffled", "text"), ("shuffled", "categories")]
    settings = {"province": settings[:2], "nation": settings, "decade": settings[1:2]}[size]
    for order, keys in settings[1:2] if smoke else settings:
        more = size == "nation" or smoke
        for cores in (None, 1):
            plain = worker(size, order, keys, numba=False, cores=cores)
            compiled = worker(size, order, keys, numba=True, cores=cores) if there("numba") else plain
            with plain, compiled:
                for measure in MEASURES if more and (order, keys) == ("shuffled", "text") else (FIRST,):
                    yield contest(measure, size, order, keys, cores, plain, compiled)


def there(needs: str | None) -> bool:
    return bench_kernel.installed(needs)


def contest(
    measure: str, size: str, order: str, keys: str, cores: int | None, plain: Worker, compiled: Worker
) -> Contest:
    """Return one contest, checked."""
    peers = MEASURES[measure]
    runs, notes, more, wrong = {}, {}, {}, []
    wanted = None
    rows = "rows in group order" if order == "sorted" else "rows shuffled"
    variant = f"{measure}, {rows}, " + ("keys as categories, " if keys == "categories" else "")
    variant += "one core" if cores else "all cores"
    for name, peer in peers.items():
        if not there(peer.needs):
            notes[name] = f"{peer.needs} is not installed"
            continue
        who = compiled if name == "junheng-numba" else plain
        call = partial(who.ask, measure=measure, name=name)
        got = who.array(measure=measure, name=name, table="timed")
        wanted = got if wanted is None else wanted
        apart = error(got, wanted) if got.shape == wanted.shape else float("inf")
        if not apart <= 1e-10:
            wrong.append(f"{variant}, {size}: {name} differs by {apart:.1e}")
        runs[name] = partial(call, table="timed")
        more[name] = errors(measure, name, who)
        if peer.exact and not more[name]["error"] <= 1e-12:
            wrong.append(f"{variant}, {name}: off from the exact figure by {more[name]['error']:.1e}")
    gauged = size == "nation" and (measure, order, keys, cores) == (FIRST, "shuffled", "text", None)
    return Contest(
        part="frames",
        variant=variant,
        size=size,
        title=f"frames, {size}: {variant}",
        base="junheng",
        runs=runs,
        labels={name: p.label for name, p in peers.items()},
        notes=notes,
        more=more,
        rows=bench_kernel.rows_of(size),
        gauge=dict.fromkeys(n for n in GAUGED if n in runs and gauged),
        wrong=wrong,
        most=4 if size == "decade" else 15,
        seconds=3.0,
    )


#: Whose memory is gauged, at a nation.
GAUGED = ("junheng", "junheng-numba", "junheng-polars", "polars-joined", "polars-moments", "duckdb-moments")
_ERRORS: dict[tuple[str, str], dict[str, float]] = {}


def errors(measure: str, name: str, who: Worker) -> dict[str, float]:
    """Return how far a line is from the exact figures, plain and hard; they depend on nothing else."""
    if (measure, name) not in _ERRORS:
        at = np.linspace(0, bench_kernel.SIZES["province"].counties * 2 - 1, EXACT).astype(int)
        _ERRORS[measure, name] = {
            key: error(who.array(measure=measure, name=name, table=table)[at], oracle(measure, table == "hard"))
            for key, table in (("error", "plain"), ("error_hard", "hard"))
        }
    return _ERRORS[measure, name]


def prepared(name: str, size: str, path: Path | None) -> Callable[[], Any]:
    """Return what to run for the gauge of memory; a small run first, so that imports do not count."""
    if name == "junheng-numba":
        import numba as _
    run = MEASURES[FIRST][name].run
    run(Table("province", rows_sorted=False))
    table = Table(size, rows_sorted=False)
    _ = table.polars if "polars" in name else table.duckdb if "duckdb" in name else None
    return partial(run, table)


if __name__ == "__main__":
    main(*sys.argv[1:])
