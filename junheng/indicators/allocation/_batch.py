"""Groups of similar size solved together: their data, their dispersion, and whether they pass (private)."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng.indicators.exact import typed_all, typed_decimal, within

__all__ = ["Batch", "Bools", "Solver", "Spread", "in_order", "passing", "start_and_top", "tightened", "until_passing"]

Bools = NDArray[np.bool_]

#: Relative distance to a limit within which coefficients are compared again in fractions.
_NEAR = 1e-12
#: Factor by which a limit is widened to find solutions exactly at the limit; these are checked in fractions.
_LOOSE = 1 + 1e-12


class Batch(NamedTuple):
    """Groups of similar size and one amount: matrices (groups, schools).

    Padding and schools without students have amount 0 and weight 0: they add nothing to any sum.
    """

    x: Floats
    p: Floats
    #: Divisor of amounts: students, or 1 without students.
    per: Floats
    #: Students of each group, (groups, 1).
    n: Floats
    low: Floats | None
    high: Floats | None
    costs: Floats | None
    t: float
    #: The limit as typed.
    exact: str

    def part(self, which: Ints) -> Batch:
        """Return some of the groups, given in ascending order."""
        if which.size == self.x.shape[0]:
            return self
        low, high, costs = (_some(a, which) for a in (self.low, self.high, self.costs))
        x, p, n = self.x[which], self.p[which], self.n[which]
        per = p if self.per is self.p else self.per[which]
        return Batch(x, p, per, n, low, high, costs, self.t, self.exact)

    def by_rank(self, values: Floats) -> Floats:
        """Return values with absent schools sorted last, so that the sums of the others are the same to the bit."""
        if self.per is self.p:
            return values
        return np.where(self.p > 0, values, values.max(axis=1, keepdims=True))


def _some(a: Floats | None, which: Ints) -> Floats | None:
    return a if a is None or which.size == a.shape[0] else a[which]


#: Returns the change of every cell, and the groups without a solution.
Solver = Callable[[Batch], tuple[Floats, Bools]]


class Spread(NamedTuple):
    """Dispersion of groups: values about their mean, the mean (groups, 1), their squares, the coefficient."""

    values: Floats
    mean: Floats
    squares: Floats
    cv: Floats

    @classmethod
    def measure(cls, y: Floats, batch: Batch) -> Spread:
        """Return the dispersion of amounts over the students of a batch."""
        # the rounding error of the mean is far smaller than the tightening of a limit
        mean = np.add.reduce(y, 1, keepdims=True) / batch.n
        v = y / batch.per
        v -= mean
        w = v * batch.p
        w *= v
        squares = np.add.reduce(w, 1)
        return cls(v, mean, squares, np.sqrt(squares / batch.n[:, 0]) / mean[:, 0])

    def part(self, which: Ints) -> Spread:
        """Return some of the groups, given in ascending order."""
        return self if which.size == self.cv.size else Spread(*[a[which] for a in self])


def passing(batch: Batch, change: Floats, spread: Spread | None = None) -> Bools:
    """Return which groups pass after a change: decided in floats, or in fractions near the limit."""
    cv = (Spread.measure(batch.x + change, batch) if spread is None else spread).cv
    # below the limit by more than the rounding error of the coefficient
    out = np.asarray(cv <= tightened(batch.t, 0.3))
    if np.count_nonzero(out) == out.size:
        return out
    near = (cv <= batch.t + _NEAR * max(batch.t, 1.0)) & ~out
    for g in near.nonzero()[0].tolist():
        out[g] = _passes_exactly(batch, g, change[g])
    return out


def _passes_exactly(batch: Batch, g: int, change: Floats) -> bool:
    there = batch.p[g] > 0
    pairs = zip(batch.x[g, there], change[there], strict=True)
    after = [float(typed_decimal(a) + typed_decimal(c)) for a, c in pairs]
    return within(typed_all(after), typed_all(batch.p[g, there]), Fraction(batch.exact))


def tightened(t: float, by: float) -> float:
    """Return a slightly lower limit; with ``by=1``, lower by more than the rounding error of such a coefficient."""
    return t * max(1 - 4e-15 * (1 + 1 / t) * by, 0.5)


def start_and_top(batch: Batch) -> tuple[Floats, Floats | None]:
    """Return the start of each school after its lower bound, and its upper bound."""
    base = batch.x if batch.low is None else np.maximum(batch.x, batch.low)
    return base, None if batch.high is None else np.maximum(batch.high, base)


def in_order(keys: Floats, *more: Floats, kind: Any = None) -> list[Floats]:
    """Return the keys of each row in ascending order, and other arrays in the same order."""
    order = keys.argsort(axis=-1, kind=kind)
    if order.size > order.shape[-1]:
        order += np.arange(0, order.size, order.shape[-1]).reshape(*order.shape[:-1], 1)
    return [a.take(order) for a in (keys, *more)]


def until_passing(
    batch: Batch, now: Spread, base: Floats, change: Floats, open_: Ints, solve: Callable[..., tuple[Floats, Bools]]
) -> Bools:
    """Write the change of the open groups, and return those without a solution.

    Rounding may leave a coefficient slightly above its limit; the limit is then lowered a little more each time.
    """
    stuck = np.zeros(batch.x.shape[0], dtype=bool)
    for step in range(6):
        if not open_.size:
            break
        part, then, start = batch.part(open_), now.part(open_), base[open_]
        new, none = solve(part, then, start, tightened(batch.t, 8.0**step), edge=False)
        if np.count_nonzero(none):
            if step == 0:  # bounds may allow only the limit itself
                edge = np.flatnonzero(none)
                few = part.part(edge)
                new[edge], unable = solve(few, then.part(edge), start[edge], _LOOSE * batch.t, edge=True)
                none[edge] = unable | ~passing(few, new[edge])
            stuck[open_[none]] = True
        change[open_] = new
        open_ = open_[~(none | passing(part, new))]
    else:
        stuck[open_] = True
    return stuck
