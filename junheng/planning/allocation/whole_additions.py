"""The least additions in whole units."""

from __future__ import annotations

import math

import numpy as np

from junheng._arrays import Floats
from junheng.planning.allocation._batch import Batch, Bools, Spread, passing
from junheng.planning.allocation._units import ceil, settle, snap
from junheng.planning.allocation.real_additions import fill_level

__all__ = ["add_whole"]

#: Whole units beyond the first guess after which bounds are looked at: is it still possible? Again at each doubling.
_LOOK_UP = 32


def add_whole(block: Batch, patience: float = math.inf) -> tuple[Floats, Bools]:
    x, p = block.x, block.p
    there = p > 0
    must = np.zeros_like(x) if block.low is None else ceil(np.maximum(block.low - x, 0.0))
    most = np.full(x.shape, np.inf) if block.high is None else np.maximum(np.floor(snap(block.high - x)), 0.0)
    stuck = np.asarray((must > most).any(axis=1))
    must = np.where(there, np.minimum(must, most), 0.0)
    units = must.copy()
    open_ = np.flatnonzero(~passing(block, units) & ~stuck)
    if not open_.size:
        return units, stuck
    part = block.part(open_)
    # no whole answer takes less than the real one within the same bounds
    base, top = part.x + must[open_], None if block.high is None else part.x + most[open_]
    nothing = base.sum(axis=1) == 0
    level, none = fill_level(part, Spread.measure(base, part), top, block.t)
    none &= ~nothing
    level[nothing] = 0.0
    ideal = np.where(there[open_], np.maximum(level[:, np.newaxis] * part.p - x[open_], must[open_]), 0.0)
    ideal = np.minimum(ideal, most[open_])
    least = np.maximum(np.ceil(ideal.sum(axis=1) * (1 - 1e-12) - 1e-9), must[open_].sum(axis=1) + nothing)
    stuck[open_[none]] = True
    units[open_], failed = _place_upward(part, must[open_], most[open_], np.rint(ideal), least, none, patience)
    stuck[open_[failed]] = True
    return units, stuck


def _place_upward(
    block: Batch, must: Floats, most: Floats, guess: Floats, least: Floats, skip: Bools, patience: float
) -> tuple[Floats, Bools]:
    """Place ``least`` units by the divisor rule, then one more at a time until the group passes."""
    x, p = block.x, block.p
    units = np.where(p > 0, np.clip(guess, must, most), 0.0)
    settle(x, p, units, must, most, np.where(skip, units.sum(axis=1), least), sign=1)
    failed = np.zeros(p.shape[0], dtype=bool)
    open_, steps = np.flatnonzero(~skip), 0
    while open_.size:
        open_ = open_[~passing(block.part(open_), units[open_])]
        if not open_.size:
            break
        steps += 1
        if steps > patience:
            failed[open_] = True
            break
        if block.high is not None and steps >= _LOOK_UP and steps & (steps - 1) == 0:
            beyond = _too_many(block.part(open_), must[open_], most[open_], units[open_])
            failed[open_[beyond]] = True
            open_ = open_[~beyond]
            if not open_.size:
                break
        cost = np.where(
            (p[open_] > 0) & (units[open_] < most[open_]), (2 * (x[open_] + units[open_]) + 1) / p[open_], np.inf
        )
        best = np.argmin(cost, axis=1)
        dead = ~np.isfinite(cost[np.arange(open_.size), best])
        failed[open_[dead]] = True
        open_, best = open_[~dead], best[~dead]
        units[open_, best] += 1
    return units, failed


def _too_many(block: Batch, must: Floats, most: Floats, units: Floats) -> Bools:
    """Tell where so many units do not pass even if they could be cut as finely as one likes: then no more of them do.

    Who may have no more falls behind while the others rise. The totals that pass are an interval (a cone cut by a box),
    and whole units are placed from its lower end on.
    """
    base, top = block.x + must, block.x + most
    total = np.add.reduce(block.x + units, 1)
    low, high = np.zeros(total.size), total / np.min(np.where(block.p > 0, block.p, np.inf), axis=1)
    for _ in range(100):
        middle = (low + high) / 2
        short = np.add.reduce(np.clip(middle[:, np.newaxis] * block.p, base, top), 1) < total
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    cv = Spread.measure(np.clip(high[:, np.newaxis] * block.p, base, top), block).cv
    return np.asarray(cv > block.t * (1 + 1e-9))
