"""Whole units by the divisor rule: each goes where it spreads least (private)."""

from __future__ import annotations

import numpy as np

from junheng._arrays import Floats

__all__ = ["ceil", "marginals", "settle", "snap"]


def snap(values: Floats) -> Floats:
    """Take what is whole but for rounding as whole."""
    near = np.rint(values)
    return np.where(np.abs(values - near) <= 1e-9 * np.maximum(1.0, np.abs(near)), near, values)


def ceil(values: Floats) -> Floats:
    return np.asarray(np.ceil(snap(values)))


def settle(x: Floats, p: Floats, units: Floats, must: Floats, most: Floats, wanted: Floats, sign: int) -> None:
    """Bring the units of each group to the number wanted, by the divisor rule; with ``sign`` -1 they leave x.

    The units are a guess near the right ones, so few steps are needed. Each goes where it spreads least, or leaves
    where it spreads most; then units change places while that helps.
    """
    rows = np.arange(p.shape[0])
    stuck = np.zeros(p.shape[0], dtype=bool)
    while True:
        lack = wanted - units.sum(axis=1)
        open_ = np.flatnonzero((np.abs(lack) > 0.5) & ~stuck)
        if not open_.size:
            break
        up = lack[open_] > 0
        give, take = marginals(x[open_], p[open_], units[open_], must[open_], most[open_], sign)
        best = np.where(up, np.argmin(give, axis=1), np.argmax(take, axis=1))
        here = np.arange(open_.size)
        found = np.isfinite(np.where(up, give[here, best], take[here, best]))
        stuck[open_[~found]] = True
        units[open_[found], best[found]] += np.where(up, 1.0, -1.0)[found]
    while True:
        give, take = marginals(x, p, units, must, most, sign)
        i, j = np.argmin(give, axis=1), np.argmax(take, axis=1)
        # more than rounding: ties would change places for ever
        better = np.flatnonzero(take[rows, j] - give[rows, i] > 1e-13 * np.abs(take[rows, j]))
        if not better.size:
            return
        units[better, i[better]] += 1
        units[better, j[better]] -= 1


def marginals(x: Floats, p: Floats, units: Floats, must: Floats, most: Floats, sign: int) -> tuple[Floats, Floats]:
    """Return what one unit more adds to the squares of each school, and what the last one added."""
    y = x + sign * units
    there = p > 0
    give = np.where(there & (units < most), sign * (2 * y + sign) / p, np.inf)
    take = np.where(there & (units > must), sign * (2 * y - sign) / p, -np.inf)
    return give, take
