"""Measures beyond the coefficient over all groups: one vectorised call, and a loop over the groups in numpy.

The data are those of the kernel. What only a loop can do elsewhere (``loops.py``, PySAL, scipy) is timed on some of the
groups and multiplied up; the label says so. PySAL knows no weights, so that it is held against the unweighted measure.
polars and DuckDB are in ``bench_frames.py``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import bench_kernel
import loops
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
COLUMNS = bench_kernel.COLUMNS
#: Groups a loop is timed on; those that resample or leave out, on fewer.
SOME, FEW = 30, 10
RESAMPLES = 1000


class Peer(NamedTuple):
    """A line of the table: numbers to compare, or None; ``part`` of the groups is what it was timed on."""

    run: Callable[[], Any]
    weighted: bool = True
    part: float = 1.0
    label: str = ""


def options(d: bench_kernel.Data) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return the measures that have a loop, with what each takes: the library, and the loop by rows."""
    wealth, rural = d.values[:, 1], np.arange(d.rows) % 3 == 0
    order = {"order": wealth}
    where = {"where": np.where(rural, "rural", "city"), "group": "rural", "reference": "city"}
    plain: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    names = (
        *("gini", "theil_t", "theil_l", "atkinson", "hoover", "quantile_ratio", "weighted_quantile", "mcloone_index"),
        *("verstegen_index", "restricted_range", "federal_range_ratio", "palma_ratio", "mean_difference_from_mean"),
        *("mean_difference_from_best", "population_attributable_risk", "population_attributable_fraction"),
    )
    return dict.fromkeys(names, plain) | {
        "adequacy_index": ({"threshold": 1.0}, {"threshold": 1.0}),
        "neutrality": ({"wealth": wealth}, {"wealth": wealth}),
        "parity_index": (where, {"rural": rural}),
        "slope_index": (order, order),
        "relative_index": (order, order),
    }


def peers(d: bench_kernel.Data, *, resampling: bool) -> dict[str, dict[str, Peer]]:
    """Return who computes what, by measure."""
    kw: dict[str, Any] = {"weights": d.weights, "by": d.by}

    def loop(f: Callable[..., float], label: str, most: int = SOME, *, weighted: bool = True, **more: Any) -> Peer:
        some = min(most, d.n_groups)
        rows = [np.flatnonzero(d.codes == g) for g in range(some)]
        given = [{k: v[at] if isinstance(v, np.ndarray) else v for k, v in more.items()} for at in rows]

        def run() -> Any:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return np.array(
                    [[f(x[at], d.students[at], **g) for x in d.columns] for at, g in zip(rows, given, strict=True)]
                )

        share = some / d.n_groups
        return Peer(run, weighted, share, label + (f" (on {some} groups, multiplied up)" if share < 1 else ""))

    out: dict[str, dict[str, Peer]] = {
        name: {
            "junheng": Peer(partial(ours, d, name, **mine)),
            "loop": loop(
                loops.quantile if name == "weighted_quantile" else getattr(loops, name), "loop, numpy", **given
            ),
        }
        for name, (mine, given) in options(d).items()
    }
    if Gini is not None:
        out["gini"]["pysal"] = loop(lambda x, w: Gini(x).g, "loop, PySAL, no weights", weighted=False)
        out["theil_t"]["pysal"] = loop(lambda x, w: float(Theil(x).T), "loop, PySAL, no weights", weighted=False)
    out["decompose"] = {"junheng": Peer(lambda: jh.decompose(d.frame, **kw)["between"].to_numpy())}
    out["influence"] = {
        "junheng": Peer(lambda: jh.influence(d.frame, **kw)),
        "loop": loop(loops.jackknife, "leaving schools out one by one, numpy", FEW),
    }
    if resampling:
        boot = {"resamples": 200 if d.n_groups < 10 else RESAMPLES}
        few = [np.flatnonzero(d.codes == g) for g in range(min(FEW // 2, d.n_groups))]
        label = f"scipy.stats.bootstrap (on {len(few)} groups, multiplied up)"
        out["bootstrap, percentile"] = {
            "junheng": Peer(lambda: jh.bootstrap_interval(d.frame, **boot, **kw)),
            "scipy": Peer(lambda: scipy_bootstrap(d, few, **boot), part=len(few) / d.n_groups, label=label),
        }
        out["bootstrap, bca"] = {
            "junheng": Peer(lambda: jh.bootstrap_interval(d.frame, method="bca", **boot, **kw)),
            "percentile": Peer(lambda: jh.bootstrap_interval(d.frame, **boot, **kw), label="junheng, percentile"),
        }
    return out


def ours(d: bench_kernel.Data, measure: str, *, weighted: bool = True, **more: Any) -> Any:
    """Return a measure of all groups: a row a group, a column an indicator."""
    got = getattr(jh, measure)(d.frame, weights=d.weights if weighted else None, by=d.by, **more)
    return got["elasticity"].to_numpy().reshape(-1, len(COLUMNS)) if measure == "neutrality" else got.to_numpy()


def scipy_bootstrap(d: bench_kernel.Data, rows: list[Any], resamples: int) -> None:
    from scipy import stats

    def coefficient(x: Any, w: Any, axis: int = -1) -> Any:
        mean = (x * w).sum(axis, keepdims=True) / w.sum(axis, keepdims=True)
        return np.sqrt((w * (x - mean) ** 2).sum(axis) / w.sum(axis)) / mean.squeeze(axis)

    for at in rows:
        for x in d.columns:
            data = (x[at], d.students[at])
            stats.bootstrap(data, coefficient, paired=True, vectorized=True, n_resamples=resamples, method="percentile")


def contests(size: str, folder: Path, *, smoke: bool) -> Iterator[Contest]:
    """Yield a contest a measure; ten years of a nation add nothing but waiting."""
    if size == "decade":
        return
    bench_kernel.SIZES.setdefault("county", bench_kernel.Size(1, 1))
    bench_kernel.SCHOOLS.setdefault("county", bench_kernel.SCHOOLS["province"])
    d = bench_kernel.Data(size, rows_sorted=True)
    held = options(d)
    for measure, contestants in peers(d, resampling=size != "nation").items():
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
            wrong=list(differences(d, measure, contestants)) if measure in held else [],
            repeat=1 if smoke and "bootstrap" in measure else 3,
            seconds=2.0,
        )


def differences(d: bench_kernel.Data, measure: str, contestants: dict[str, Peer]) -> Iterator[str]:
    """Yield who gives something else than we do."""
    mine = options(d)[measure][0]
    for name, peer in contestants.items():
        if name == "junheng":
            continue
        got = peer.run()
        wanted = ours(d, measure, weighted=peer.weighted, **mine)[: len(got)]
        apart = np.max(np.abs(got - wanted) / np.maximum(np.abs(wanted), 1e-6))
        if not apart <= 1e-8:
            yield f"{measure}, {name}: off by {apart:.1e}"
