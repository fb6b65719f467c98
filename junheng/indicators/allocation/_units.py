"""Whole units by the divisor rule: each goes where it adds least to the dispersion (private)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from junheng._arrays import Floats, Ints
from junheng.indicators.allocation._batch import Batch, Bools

__all__ = ["COUNTABLE", "Placing", "arrivals", "departures"]

#: The largest total of whole units: beyond it floats do not tell one unit more from one less.
COUNTABLE = 2.0**53


class Placing(NamedTuple):
    """Whole units added to schools (sign 1) or taken from them (sign -1): how many must move at each, and how many may.

    For absent schools both are 0.
    """

    x: Floats
    p: Floats
    must: Floats
    most: Floats
    sign: int

    @property
    def least(self) -> Floats:
        """Units of each group that must move in any case."""
        return np.asarray(self.must.sum(axis=1))

    @property
    def impossible(self) -> Bools:
        """Cells in which more units must move than may."""
        return self.must > self.most

    def part(self, which: Ints) -> Placing:
        """Return some of the groups, given in ascending order."""
        if which.size == self.x.shape[0]:
            return self
        return Placing(self.x[which], self.p[which], self.must[which], self.most[which], self.sign)

    def fitted(self, ideal: Floats) -> Floats:
        """Return the whole units within the bounds nearest to an ideal."""
        return np.asarray(np.clip(np.rint(ideal), self.must, self.most))

    def next(self, units: Floats) -> Floats:
        """Return what one more unit adds to the squares of each school; infinite at its bound."""
        y = self.x + self.sign * units
        return np.where(units < self.most, self.sign * (2 * y + self.sign) / self.p, np.inf)

    def marginals(self, units: Floats) -> tuple[Floats, Floats]:
        """Return the same, and what the last unit added; negative infinity if that unit must stay."""
        sign, p = self.sign, self.p
        y = 2 * (self.x + sign * units)
        add = np.where(units < self.most, sign * (y + sign) / p, np.inf)
        return add, np.where(units > self.must, sign * (y - sign) / p, -np.inf)

    def settle(self, units: Floats, wanted: Floats) -> None:
        """Adjust the units of each group to the target number, by the divisor rule, in place.

        They are a guess near the right ones, so few steps are needed. Each unit goes where it spreads least, or leaves
        where it spreads most; then units change places while that helps.
        """
        self._count(units, wanted)
        rows = np.arange(self.p.shape[0])
        while True:
            add, drop = self.marginals(units)
            i, j = np.argmin(add, axis=1), np.argmax(drop, axis=1)
            # more than rounding, or ties would swap forever
            better = np.flatnonzero(drop[rows, j] - add[rows, i] > 1e-13 * np.abs(drop[rows, j]))
            if not better.size:
                return
            units[better, i[better]] += 1
            units[better, j[better]] -= 1

    def _count(self, units: Floats, wanted: Floats) -> None:
        """Add or remove units until the target number, or a bound, is reached."""
        stuck = np.zeros(self.p.shape[0], dtype=bool)
        while True:
            lack = wanted - units.sum(axis=1)
            open_ = np.flatnonzero((np.abs(lack) > 0.5) & ~stuck)
            if not open_.size:
                return
            up, some = lack[open_] > 0, self.part(open_)
            add, drop = some.marginals(units[open_])
            best = np.where(up, np.argmin(add, axis=1), np.argmax(drop, axis=1))
            here = np.arange(open_.size)
            found = np.isfinite(np.where(up, add[here, best], drop[here, best]))
            stuck[open_[~found]] = True
            units[open_[found], best[found]] += np.where(up, 1.0, -1.0)[found]


def arrivals(batch: Batch) -> Placing:
    """Return how many whole units must and may be added to each school within its bounds."""
    return Placing(batch.x, batch.p, _must(batch, batch.low, 1), _may(batch, batch.high, 1), 1)


def departures(batch: Batch) -> Placing:
    """Return how many whole units must and may leave each school; its amount never falls below 0."""
    low = np.zeros_like(batch.x) if batch.low is None else batch.low
    return Placing(batch.x, batch.p, _must(batch, batch.high, -1), _may(batch, low, -1), -1)


def _must(batch: Batch, bound: Floats | None, sign: int) -> Floats:
    if bound is None:
        return np.zeros_like(batch.x)
    lack = bound - batch.x if sign > 0 else batch.x - bound
    return np.where(batch.p > 0, np.ceil(_snap(np.maximum(lack, 0.0))), 0.0)


def _may(batch: Batch, bound: Floats | None, sign: int) -> Floats:
    if bound is None:
        return np.where(batch.p > 0, np.inf, 0.0)
    # absent schools have neither an amount nor a bound
    room = bound - batch.x if sign > 0 else batch.x - bound
    return np.maximum(np.floor(_snap(room)), 0.0)


def _snap(values: Floats) -> Floats:
    """Round numbers that are whole up to rounding error."""
    near = np.rint(values)
    return np.where(np.abs(values - near) <= 1e-9 * np.maximum(1.0, np.abs(near)), near, values)
