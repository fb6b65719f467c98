"""Parquet in, verdicts and coefficients out: in one piece, in batches, on Dask and on Spark.

All start from the same Parquet files and end with two frames in memory (``evaluate_parquet``: with two files). Dask has
two worker processes of one thread, Spark two threads; both are started beforehand. On one machine they can only lose
what moving rows costs: what they are for is many machines.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from measuring import Contest

import junheng as jh

STANDARD = "cn-quality-balance-2017"
WANTED = ("indicators", "verdicts")
SIZES = {"province": (155, 1), "nation": (2850, 1)}
#: Files the table lies in.
FILES = 8


def local(source: Path) -> dict[str, Any]:
    """Everything in memory."""
    ev = jh.evaluate(pd.read_parquet(source), STANDARD)
    return {name: getattr(ev, name) for name in WANTED}


def parquet(source: Path, **more: Any) -> dict[str, Any]:
    """In batches of whole counties, from files to files."""
    target = source.with_name("judged")
    jh.engines.evaluate_parquet(source, STANDARD, target, outputs=WANTED, progress=False, **more)
    out = {name: pd.read_parquet(target / name) for name in WANTED}
    shutil.rmtree(target)
    return out


def dask(source: Path) -> dict[str, Any]:
    """Two worker processes."""
    import dask as library
    import dask.dataframe as dd

    _client()
    lazy = jh.engines.evaluate_dask(dd.read_parquet(source), STANDARD, outputs=WANTED)
    return dict(zip(lazy, library.compute(*lazy.values()), strict=True))


@cache
def _client() -> Any:
    from distributed import Client, LocalCluster

    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1")
    client = Client(cluster)
    atexit.register(lambda: (client.close(), cluster.close()))
    return client


def spark(source: Path) -> dict[str, Any]:
    """Two threads, a Python worker each."""
    session = _session()
    lazy = jh.engines.evaluate_spark(session.read.parquet(str(source)), STANDARD, outputs=WANTED)
    out = {name: frame.toArrow().to_pandas() for name, frame in lazy.items()}
    session.catalog.clearCache()
    return out


@cache
def _session() -> Any:
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    build = SparkSession.builder.master("local[2]")
    for key, value in {
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "4g",
        "spark.sql.shuffle.partitions": "8",
    }.items():
        build = build.config(key, value)
    session = build.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    atexit.register(session.stop)
    return session


RUNS: dict[str, tuple[str, Callable[[Path], dict[str, Any]]]] = {
    "local": ("pandas.read_parquet and jh.evaluate", local),
    "parquet": ("evaluate_parquet, 100 000 rows a batch", parquet),
    "parquet-small": ("evaluate_parquet, 20 000 rows a batch", partial(parquet, batch_rows=20_000)),
    "dask": ("evaluate_dask, two processes", dask),
    "spark": ("evaluate_spark, local[2]", spark),
}
NEEDS = {"dask": ("dask", "distributed"), "spark": ("pyspark",)}


def write(size: str, source: Path) -> tuple[int, float]:
    """Write the schools of a size to files; return rows and megabytes on disk."""
    counties, years = SIZES[size]
    source.mkdir()
    rows = 0
    table = jh.synthetic.nation(seed=0, years=years, n_counties=counties)
    step = -(-len(table) // FILES)
    for i in range(FILES):
        part = table.iloc[i * step : (i + 1) * step]
        part.to_parquet(source / f"part-{i}.parquet", index=False)
        rows += len(part)
    return rows, sum(p.stat().st_size for p in source.iterdir()) / 1e6


def contests(size: str, folder: Path, *, smoke: bool) -> Iterator[Contest]:
    """Yield the contest of a size."""
    if size not in SIZES:
        return
    source = folder / f"schools-{size}"
    rows, megabytes = write(size, source)
    runs: dict[str, Callable[[], Any]] = {}
    notes = {}
    for name, (_, run) in RUNS.items():
        if any(find_spec(n) is None for n in NEEDS.get(name, ())):
            notes[name] = "not installed"
        elif name == "spark" and shutil.which("java") is None:
            notes[name] = "no Java"
        elif smoke and name in ("spark", "dask", "parquet-small"):
            notes[name] = "not in short"
        else:
            runs[name] = partial(_quiet, run, source)
    wanted = {name: _plain(t) for name, t in local(source).items()}
    wrong = [f"engines, {size}: {name} gives something else" for name in runs if not _same(name, runs[name](), wanted)]
    gauged = ("local", "parquet", "parquet-small") if size != "province" else ()
    yield Contest(
        part="engines",
        size=size,
        title=f"engines, {size}: {rows:,} rows in {FILES} Parquet files, {megabytes:.0f} MB",
        base="local",
        runs=runs,
        labels={name: label for name, (label, _) in RUNS.items()},
        notes=notes,
        rows=rows,
        gauge={name: source for name in gauged if name in runs},
        wrong=wrong,
        most={"province": 3, "nation": 1}[size],
    )
    shutil.rmtree(source)


def _quiet(run: Callable[[Path], Any], source: Path) -> Any:
    with warnings.catch_warnings():
        # PySpark doubts pandas 3; nothing of pandas is used of it
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        return run(source)


def _same(name: str, got: dict[str, Any], wanted: dict[str, pd.DataFrame]) -> bool:
    """Tell whether all coefficients and verdicts are those of the table in one piece, bit for bit.

    The last digit of a coefficient may differ with Spark, which reads files in an order of its own, so that a county in
    two files is summed in another order; and where numba is loaded, which sums large tables but not small batches.
    """
    for output in WANTED:
        mine = _plain(got[output])
        if (name == "spark" or "numba" in sys.modules) and "coefficient" in mine:
            close = np.allclose(mine["coefficient"], wanted[output]["coefficient"], rtol=1e-12, atol=0, equal_nan=True)
            if not close:
                return False
            mine["coefficient"] = wanted[output]["coefficient"]
        if not mine.equals(wanted[output]):
            return False
    return True


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    keep = [c for c in ("county", "year", "stage", "indicator", "part", "coefficient", "verdict") if c in table]
    out = table[keep].copy()
    for c in keep:
        if c not in ("year", "coefficient"):
            out[c] = out[c].astype(object).where(out[c].notna(), "")
    out["year"] = out["year"].astype("int64")
    return out.sort_values([c for c in keep if c != "coefficient"], ignore_index=True)


def prepared(name: str, size: str, path: Path | None) -> Callable[[], Any]:
    """Return what to run for the gauge of memory: a small run first, so that imports do not count."""
    assert path is not None
    small = path.with_name(f"small-{name}")
    small.mkdir()
    jh.synthetic.nation(seed=1, n_counties=5).to_parquet(small / "a.parquet", index=False)
    run = RUNS[name][1]
    run(small)
    shutil.rmtree(small)
    return partial(run, path)
