"""Least additions in whole units."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from junheng._arrays import Floats
from junheng.indicators.allocation._batch import Batch, Bools, Spread, passing
from junheng.indicators.allocation._units import COUNTABLE, Placing, arrivals
from junheng.indicators.allocation.real_additions import fill_level
from junheng.indicators.exact import typed, typed_all, within

__all__ = ["add_whole"]

#: Units beyond the first guess after which the bounds are checked for feasibility; again at each doubling.
_LOOK_UP = 32


def add_whole(batch: Batch, patience: float = math.inf) -> tuple[Floats, Bools]:
    """Return the least additions in whole units, and the groups without a solution.

    With ``patience``, a group is abandoned after that many units beyond the first guess.
    """
    come = arrivals(batch)
    stuck = np.asarray(come.impossible.any(axis=1))
    come = come._replace(must=np.minimum(come.must, come.most))
    units = come.must.copy()
    open_ = np.flatnonzero(~passing(batch, units) & ~stuck)
    if open_.size:
        units[open_], failed = _add_some(batch.part(open_), come.part(open_), patience)
        stuck[open_[failed]] = True
    return units, stuck


def _add_some(batch: Batch, come: Placing, patience: float) -> tuple[Floats, Bools]:
    # no whole solution takes less than the fractional one within the same bounds
    base, top = batch.x + come.must, None if batch.high is None else batch.x + come.most
    nothing = base.sum(axis=1) == 0
    level, none = fill_level(batch, Spread.measure(base, batch), top, batch.t)
    none &= ~nothing
    level[nothing] = 0.0
    ideal = np.where(batch.p > 0, np.maximum(level[:, np.newaxis] * batch.p - batch.x, come.must), 0.0)
    ideal = np.minimum(ideal, come.most)
    least = np.maximum(np.ceil(ideal.sum(axis=1) * (1 - 1e-12) - 1e-9), come.least + nothing)
    none |= ~(batch.x.sum(axis=1) + least <= COUNTABLE)
    units = np.where(none[:, np.newaxis], come.must, come.fitted(ideal))
    come.settle(units, np.where(none, come.least, least))
    return units, none | _one_by_one(batch, come, units, ~none, patience)


def _one_by_one(batch: Batch, come: Placing, units: Floats, wanted: Bools, patience: float) -> Bools:
    """Add units one by one, each where it adds least to the dispersion; return the groups that never pass."""
    failed = np.zeros(wanted.size, dtype=bool)
    open_, steps = np.flatnonzero(wanted), 0
    while open_.size:
        open_ = open_[~passing(batch.part(open_), units[open_])]
        steps += 1
        if steps > patience:
            failed[open_] = True
            break
        if batch.high is not None and steps >= _LOOK_UP and steps & (steps - 1) == 0:
            beyond = _too_many(batch.part(open_), come.part(open_), units[open_])
            failed[open_[beyond]] = True
            open_ = open_[~beyond]
        cost = come.part(open_).next(units[open_])
        best = np.argmin(cost, axis=1)
        dead = ~np.isfinite(cost[np.arange(open_.size), best])
        failed[open_[dead]] = True
        open_, best = open_[~dead], best[~dead]
        units[open_, best] += 1
    return failed


def _too_many(batch: Batch, come: Placing, units: Floats) -> Bools:
    """Return groups that do not pass with this total even if units were divisible: then no larger total passes.

    Schools at their bound fall behind while the others rise. The totals that pass are an interval (a cone cut by a
    box), and whole units are placed from its lower end upwards.
    """
    base, top = batch.x + come.must, batch.x + come.most
    total = np.add.reduce(batch.x + units, 1)
    low, high = np.zeros(total.size), total / np.min(np.where(batch.p > 0, batch.p, np.inf), axis=1)
    for _ in range(100):
        middle = (low + high) / 2
        short = np.add.reduce(np.clip(middle[:, np.newaxis] * batch.p, base, top), 1) < total
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    best = np.clip(high[:, np.newaxis] * batch.p, base, top)
    cv = Spread.measure(best, batch).cv
    out = np.asarray(cv > batch.t * (1 - 1e-9))
    for g in np.flatnonzero(out & (cv < batch.t * (1 + 1e-9))).tolist():
        # floats cannot tell; units would be added for ever
        out[g] = not _divisible_passes(batch, g, best[g], base[g], top[g], total[g])
    return out


def _divisible_passes(batch: Batch, g: int, best: Floats, base: Floats, top: Floats, total: float) -> bool:
    """Tell in fractions whether a total passes if units are divisible; ``best``: that placing in floats."""
    there = batch.p[g] > 0
    students = typed_all(batch.p[g, there])
    held = [low if b <= low else high if b >= high else None for b, low, high in zip(best, base, top, strict=True)]
    fixed = [None if h is None else typed(h) for h, p in zip(held, there, strict=True) if p]
    free = sum((p for p, h in zip(students, fixed, strict=True) if h is None), Fraction(0))
    rest = typed(total) - sum((h for h in fixed if h is not None), Fraction(0))
    amounts = [rest * p / free if h is None else h for p, h in zip(students, fixed, strict=True)]
    return within(amounts, students, Fraction(batch.exact))
