"""The least transfers in whole units."""

from __future__ import annotations

import numpy as np

from junheng._arrays import Floats
from junheng.planning.allocation._batch import Batch, Bools, Spread, passing
from junheng.planning.allocation._units import ceil, marginals, settle, snap
from junheng.planning.allocation.real_transfers import level_out

__all__ = ["move_whole"]


def move_whole(block: Batch) -> tuple[Floats, Bools]:
    x, p = block.x, block.p
    there = p > 0
    low = np.zeros_like(x) if block.low is None else block.low
    most_in = np.full(x.shape, np.inf) if block.high is None else np.maximum(np.floor(snap(block.high - x)), 0.0)
    most_out = np.maximum(np.floor(snap(x - low)), 0.0)
    must_in = np.where(there, ceil(np.maximum(low - x, 0.0)), 0.0)
    must_out = np.zeros_like(x) if block.high is None else np.where(there, ceil(np.maximum(x - block.high, 0.0)), 0.0)
    change = np.zeros_like(x)
    nothing = x.sum(axis=1) == 0
    change[nothing] = np.nan
    stuck = np.asarray(((must_in > most_in) | (must_out > most_out)).any(axis=1) & ~nothing)
    forced = (must_in.sum(axis=1) + must_out.sum(axis=1)) > 0
    open_ = np.flatnonzero((forced | ~passing(block, change)) & ~nothing & ~stuck)
    if not open_.size:
        return change, stuck
    part = block.part(open_)
    xo, po = part.x, part.p
    in_low, in_high, out_low, out_high = must_in[open_], most_in[open_], must_out[open_], most_out[open_]
    # no whole answer moves less than the real one within the same bounds, widened to whole units
    base = xo + in_low - out_low
    lowest, highest = None if part.low is None else xo - out_high, None if part.high is None else xo + in_high
    ideal, none = level_out(part, Spread.measure(xo, part), base, lowest, highest, block.t)
    ideal = np.where(none[:, np.newaxis], 0.0, ideal)
    units_in = np.where(po > 0, np.clip(np.rint(ideal), in_low, in_high), 0.0)
    units_out = np.where(po > 0, np.clip(np.rint(-ideal), out_low, out_high), 0.0)
    least = np.ceil(np.maximum(ideal, 0.0).sum(axis=1) * (1 - 1e-12) - 1e-9)
    least = np.maximum(least, np.maximum(in_low.sum(axis=1), out_low.sum(axis=1)))
    # a school that must get may not give, and the other way round
    in_high = np.where(out_low > 0, 0.0, in_high)
    out_high = np.where(in_low > 0, 0.0, out_high)
    units_in, units_out = np.minimum(units_in, in_high), np.minimum(units_out, out_high)
    settle(xo, po, units_in, in_low, in_high, least, sign=1)
    settle(xo, po, units_out, out_low, out_high, least, sign=-1)
    failed = none | (units_in.sum(axis=1) != least) | (units_out.sum(axis=1) != least)
    change[open_] = units_in - units_out
    active = np.flatnonzero(~failed)
    while active.size:
        active = active[~passing(part.part(active), (units_in - units_out)[active])]
        if not active.size:
            break
        give, _ = marginals(xo[active], po[active], units_in[active], in_low[active], in_high[active], 1)
        take, _ = marginals(xo[active], po[active], units_out[active], out_low[active], out_high[active], -1)
        i, j = np.argmin(give, axis=1), np.argmin(take, axis=1)
        rows = np.arange(active.size)
        # once a unit gains nothing any more, more of them gain nothing either
        dead = ~(give[rows, i] + take[rows, j] < 0)
        failed[active[dead]] = True
        active, i, j = active[~dead], i[~dead], j[~dead]
        units_in[active, i] += 1
        units_out[active, j] += 1
    change[open_] = units_in - units_out
    stuck[open_[failed]] = True
    return change, stuck
