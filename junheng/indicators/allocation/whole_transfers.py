"""Least transfers in whole units."""

from __future__ import annotations

import numpy as np

from junheng._arrays import Floats
from junheng.indicators.allocation._batch import Batch, Bools, Spread, passing
from junheng.indicators.allocation._units import COUNTABLE, Placing, arrivals, departures
from junheng.indicators.allocation.real_transfers import level_out

__all__ = ["move_whole"]


def move_whole(batch: Batch) -> tuple[Floats, Bools]:
    """Return the least transfers in whole units, and the groups without a solution."""
    come, leave = arrivals(batch), departures(batch)
    change = np.zeros_like(batch.x)
    nothing = batch.x.sum(axis=1) == 0
    change[nothing] = np.nan
    stuck = np.asarray((come.impossible | leave.impossible).any(axis=1) & ~nothing)
    forced = come.least + leave.least > 0
    wanted = (forced | ~passing(batch, change)) & ~nothing & ~stuck
    stuck |= wanted & ~(batch.x.sum(axis=1) <= COUNTABLE)
    open_ = np.flatnonzero(wanted & ~stuck)
    if open_.size:
        change[open_], failed = _move_some(batch.part(open_), come.part(open_), leave.part(open_))
        stuck[open_[failed]] = True
    return change, stuck


def _move_some(batch: Batch, come: Placing, leave: Placing) -> tuple[Floats, Bools]:
    ideal, failed = _ideal(batch, come, leave)
    # where nothing fractional passes, nothing whole does: no unit need be placed
    rest = np.flatnonzero(~failed)
    change = np.zeros_like(batch.x)
    if rest.size:
        change[rest], failed[rest] = _move_near(batch.part(rest), come.part(rest), leave.part(rest), ideal[rest])
    return change, failed


def _move_near(batch: Batch, come: Placing, leave: Placing, ideal: Floats) -> tuple[Floats, Bools]:
    """Return the least whole transfers, looked for from fractional ones."""
    least = np.ceil(np.maximum(ideal, 0.0).sum(axis=1) * (1 - 1e-12) - 1e-9)
    least = np.maximum(least, np.maximum(come.least, leave.least))
    # a school that must gain may not give, and vice versa
    come, leave = (
        come._replace(most=np.where(leave.must > 0, 0.0, come.most)),
        leave._replace(most=np.where(come.must > 0, 0.0, leave.most)),
    )
    arrived, left = come.fitted(ideal), leave.fitted(-ideal)
    come.settle(arrived, least)
    leave.settle(left, least)
    failed = (arrived.sum(axis=1) != least) | (left.sum(axis=1) != least)
    failed |= _one_by_one(batch, come, leave, arrived, left, ~failed)
    return arrived - left, failed


def _ideal(batch: Batch, come: Placing, leave: Placing) -> tuple[Floats, Bools]:
    """Return the fractional transfers within the bounds, widened to whole units: no whole solution moves less."""
    base = batch.x + come.must - leave.must
    lowest = None if batch.low is None else batch.x - leave.most + come.must
    highest = None if batch.high is None else batch.x + come.most - leave.must
    ideal, none = level_out(batch, Spread.measure(batch.x, batch), base, lowest, highest, batch.t)
    return ideal, none


def _one_by_one(batch: Batch, come: Placing, leave: Placing, arrived: Floats, left: Floats, wanted: Bools) -> Bools:
    """Move units one by one, from where each lowers the dispersion most to where it adds least, until a group passes.

    Returns the groups that never do: once a unit does not help, no further unit does.
    """
    failed = np.zeros(wanted.size, dtype=bool)
    open_ = np.flatnonzero(wanted)
    while open_.size:
        open_ = open_[~passing(batch.part(open_), (arrived - left)[open_])]
        added, saved = come.part(open_).next(arrived[open_]), leave.part(open_).next(left[open_])
        i, j = np.argmin(added, axis=1), np.argmin(saved, axis=1)
        rows = np.arange(open_.size)
        dead = ~(added[rows, i] + saved[rows, j] < 0)
        failed[open_[dead]] = True
        open_, i, j = open_[~dead], i[~dead], j[~dead]
        arrived[open_, i] += 1
        left[open_, j] += 1
    return failed
