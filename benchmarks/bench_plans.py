"""Least additions and transfers over all groups, real and whole: one call, and what else one would use.

The data are those of the kernel, as amounts in whole units. Peers solve one group and column at a
time: scipy's SLSQP and, where installed, the conic solver Clarabel for real amounts, a heap that hands out unit after
unit for whole ones. They are timed on some of the groups and columns and multiplied up; the line says on how many.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import bench_kernel
import numpy as np
from measuring import Contest

import junheng as jh

try:
    import clarabel
    from scipy import sparse
except ImportError:
    clarabel = None

#: What the coefficient must come down to; about half of the groups lie above it.
LIMIT = 0.35
#: Groups a peer is timed on, one column each.
SOME = 40
#: Schools of the one county.
SCHOOLS = 60
#: Calls in a row where one takes a tenth of a millisecond: the clock, and a cache gone cold, would take longer.
OFTEN = 50


class Peer(NamedTuple):
    """A line of the table: total change of each problem, the share of all problems it was timed on, how near it is.

    The share is above 1 where the problem is solved several times in a row.
    """

    run: Callable[[], Any]
    part: float = 1.0
    near: float = 0.0


class County(NamedTuple):
    """One problem: amounts and students of the schools of a group."""

    amounts: Any
    students: Any


def total(change: Any) -> float:
    """Return the units added, or moved."""
    both = np.abs(change).sum()
    return float(both if (change >= 0).all() else both / 2)


# -------------------------------------------------------------------------------------------------- peers


def slsqp(county: County, *, transfers: bool) -> float:
    """scipy's SLSQP with exact gradients, started where everyone is lifted to the top or drawn to the mean."""
    from scipy.optimize import minimize

    unit = county.amounts.mean()
    have, p = county.amounts / unit, county.students / county.students.mean()
    n = have.size
    slope = np.sqrt((1 + LIMIT**2) / p.sum())
    signs = np.hstack([np.eye(n), -np.eye(n)]) if transfers else np.eye(n)
    price = np.full(signs.shape[1], 0.5 if transfers else 1.0)

    def room(d: Any) -> float:
        y = have + signs @ d
        return float(slope * y.sum() - np.sqrt((y**2 / p).sum()))

    def room_slope(d: Any) -> Any:
        y = have + signs @ d
        return signs.T @ (slope - y / p / np.sqrt((y**2 / p).sum()))

    rules: list[dict[str, Any]] = [{"type": "ineq", "fun": room, "jac": room_slope}]
    if transfers:
        row = signs.sum(axis=0)
        rules.append({"type": "eq", "fun": lambda d: float(row @ d), "jac": lambda d: row})
        change = p * have.sum() / p.sum() - have
        start = np.concatenate([np.maximum(change, 0), np.maximum(-change, 0)])
        box = [(0.0, None)] * n + [(0.0, h) for h in have]
    else:
        start, box = p * (have / p).max() - have, [(0.0, None)] * n
    done = minimize(
        lambda d: float(price @ d), start, jac=lambda d: price, bounds=box, constraints=rules, method="SLSQP",
        options={"maxiter": 1000, "ftol": 1e-12},
    )  # fmt: skip
    return float(done.fun) * unit


def conic(county: County, *, transfers: bool) -> float:
    """Clarabel's interior-point method: the limit is one second-order cone."""
    unit = county.amounts.mean()
    have, p = county.amounts / unit, county.students / county.students.mean()
    n = have.size
    signs = np.hstack([np.eye(n), -np.eye(n)]) if transfers else np.eye(n)
    k = signs.shape[1]
    slope = np.sqrt((1 + LIMIT**2) / p.sum())
    rows, rights = [-np.eye(k), -signs], [np.zeros(k), have]
    cones = [clarabel.NonnegativeConeT(k + n)]
    if transfers:
        rows.insert(0, signs.sum(axis=0)[None, :])
        rights.insert(0, np.zeros(1))
        cones.insert(0, clarabel.ZeroConeT(1))
    rows.append(-np.vstack([slope * signs.sum(axis=0), signs / np.sqrt(p)[:, None]]))
    rights.append(np.concatenate([[slope * have.sum()], have / np.sqrt(p)]))
    cones.append(clarabel.SecondOrderConeT(n + 1))
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    price = np.full(k, 0.5 if transfers else 1.0)
    a = sparse.csc_matrix(np.vstack(rows))
    solver = clarabel.DefaultSolver(sparse.csc_matrix((k, k)), price, a, np.concatenate(rights), cones, settings)
    return float(price @ np.array(solver.solve().x)) * unit


def heap(county: County, *, transfers: bool) -> float:
    """One unit after the other to where it adds least to the squares, and from where it takes most."""
    y, p = county.amounts.tolist(), county.students.tolist()
    squares, everything = sum(a * a / b for a, b in zip(y, p, strict=True)), sum(y)
    bound = (1 + LIMIT**2) / sum(p)
    takers = [((2 * a + 1) / b, i) for i, (a, b) in enumerate(zip(y, p, strict=True))]
    givers = [(-(2 * a - 1) / b, i) for i, (a, b) in enumerate(zip(y, p, strict=True))]
    heapq.heapify(takers)
    heapq.heapify(givers)
    units = 0
    while squares > bound * everything**2:
        rise, i = takers[0]
        y[i] += 1
        squares += rise
        heapq.heapreplace(takers, ((2 * y[i] + 1) / p[i], i))
        if transfers:  # who gives never gets
            fall, j = givers[0]
            y[j] -= 1
            squares += fall
            heapq.heapreplace(givers, (-(2 * y[j] - 1) / p[j], j))
        else:
            everything += 1
        units += 1
    return float(units)


# ------------------------------------------------------------------------------------------------ problems


def contestants(d: bench_kernel.Data, some_of: int = SOME) -> dict[str, dict[str, Peer]]:
    """Return who solves what, by problem; junheng first."""
    amounts = np.rint(d.values * d.students[:, None])
    some = np.linspace(0, d.n_groups - 1, min(some_of, d.n_groups)).astype(int)
    k = amounts.shape[1]
    counties, where = [], []
    for i, g in enumerate(some):
        at = np.flatnonzero(d.codes == g)
        counties.append(County(amounts[at, i % k], d.students[at]))
        where.append((at, i % k))
    rng = np.random.default_rng(60)
    students = np.rint(np.exp(rng.normal(6.3, 0.7, SCHOOLS))) + 10.0
    rooms = np.rint(students[:, None] * rng.lognormal(0, 0.6, (SCHOOLS, k)))
    one = County(rooms[:, 0], students)

    out: dict[str, dict[str, Peer]] = {}
    for name, change in (("additions", jh.least_additions), ("transfers", jh.least_transfers)):
        moved = name == "transfers"
        for whole in (False, True):
            kind = "whole" if whole else "real"

            def everyone(change: Any = change, whole: bool = whole) -> Any:
                got = change(amounts, students=d.students, limit=LIMIT, by=d.by, whole=whole, progress=False)
                return np.array([total(got[at, j]) for at, j in where])

            def alone(change: Any = change, whole: bool = whole) -> Any:
                for _ in range(OFTEN):
                    got = change(one.amounts, students=one.students, limit=LIMIT, whole=whole, progress=False)
                return np.array([total(got)])

            peers = {"heap, Python, some problems": (heap, 0.0)} if whole else slow(len(counties))
            out[f"{name}, {kind}, all groups"] = {"junheng": Peer(everyone)} | {
                said: Peer(each(solver, counties, moved), len(counties) / (d.n_groups * k), near)
                for said, (solver, near) in peers.items()
            }
            peers = {"heap, Python": (heap, 0.0)} if whole else slow(0)
            out[f"{name}, {kind}, one group of {SCHOOLS}"] = {"junheng": Peer(alone, OFTEN)} | {
                said: Peer(each(solver, [one], moved), 1.0, near) for said, (solver, near) in peers.items()
            }

        def plan(change: Any = change) -> Any:
            got = change(rooms, students=students, limit=LIMIT, whole=True, progress=False)
            return np.array([total(got[:, j]) for j in range(k)])

        columns = [County(rooms[:, j], students) for j in range(k)]
        out[f"{name}, whole, a county of {SCHOOLS} x {k}"] = {
            "junheng": Peer(plan),
            "heap, Python": Peer(each(heap, columns, moved)),
        }
    out["a county's plan, 2017, schools of one stage"] = {"junheng": Peer(whole_plan(divided=False))}
    out["a county's plan, 2017, some schools with two stages"] = {"junheng": Peer(whole_plan(divided=True))}
    return out


COSTS = {
    "teachers_above_required_degree": 90_000,
    "backbone_teachers": 20_000,
    "pe_art_teachers": 80_000,
    "teaching_area_m2": 3_000,
    "sports_area_m2": 500,
    "equipment_value_cny": 1,
    "multimedia_classrooms": 60_000,
}


def whole_plan(*, divided: bool) -> Callable[[], Any]:
    """Return the plan of a synthetic county of about 60 schools; it is carried out and judged as well."""
    table = jh.synthetic.county(seed=9)
    if not divided:
        table = table[table["kind"].isin(["primary", "junior"])].reset_index(drop=True)
    ev = jh.evaluate(table, "cn-quality-balance-2017")
    return lambda: np.array([jh.plan(ev, unit_costs=COSTS, progress=False).full_cost])


def slow(problems: int) -> dict[str, tuple[Callable[..., float], float]]:
    """Return the solvers that are there, and how near to the least they come."""
    said = ", some problems" if problems else ""
    out: dict[str, tuple[Callable[..., float], float]] = {f"SLSQP, scipy{said}": (slsqp, 1e-4)}
    if clarabel is not None:
        out[f"conic, Clarabel{said}"] = (conic, 1e-4)
    return out


def each(solver: Callable[..., float], counties: list[County], transfers: bool) -> Callable[[], Any]:
    def run() -> Any:
        return np.array([solver(c, transfers=transfers) for c in counties])

    return run


# ------------------------------------------------------------------------------------------------ the contests


def contests(size: str, folder: Path, *, smoke: bool) -> Iterator[Contest]:
    """Yield a contest a problem; ten years of a nation add nothing but waiting."""
    if size == "decade":
        return
    bench_kernel.SIZES.setdefault("county", bench_kernel.Size(1, 1))
    bench_kernel.SCHOOLS.setdefault("county", bench_kernel.SCHOOLS["province"])
    d = bench_kernel.Data(size, rows_sorted=True)
    for problem, who in contestants(d, 6 if smoke else SOME).items():
        everyone = "all groups" in problem
        if not everyone and size != "province":
            continue
        wanted = who["junheng"].run()
        yield Contest(
            part="plans",
            variant=problem,
            size=size,
            title=f"{problem}, {size}" + (f": {d.rows:,} rows x 15, {d.n_groups:,} groups" if everyone else ""),
            base="junheng",
            runs={name: p.run for name, p in who.items()},
            labels={name: name for name in who},
            part_of={name: p.part for name, p in who.items()},
            rows=d.rows if everyone else SCHOOLS,
            wrong=list(compare(problem, who, wanted)),
            repeat=3 if everyone else 9,
            most=1 if smoke else 9,
        )


def compare(problem: str, who: dict[str, Peer], wanted: Any) -> Iterator[str]:
    """Yield what does not agree: a solver may be a little dearer than the least, and must not be cheaper."""
    for name, peer in who.items():
        if name == "junheng":
            continue
        got = peer.run()
        apart = np.abs(got - wanted) / np.maximum(wanted, 1e-3 * wanted.max() + 1e-12)
        if not (apart <= peer.near).mean() >= (1.0 if peer.near == 0 else 0.9):
            yield f"{problem}, {name}: {(apart > peer.near).sum()} of {got.size} differ, {apart.max():.1e}"
        if (got < wanted * (1 - max(peer.near, 1e-9)) - 1e-6 * wanted.max()).any():
            yield f"{problem}, {name}: does with less"
