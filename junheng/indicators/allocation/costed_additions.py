"""The cheapest additions if unit costs differ between schools."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from attrs import frozen

from junheng._arrays import Floats
from junheng.indicators.allocation._batch import Batch, Bools, passing, start_and_top, tightened
from junheng.indicators.allocation._units import arrivals
from junheng.indicators.allocation.cones import Cone, Program
from junheng.indicators.allocation.real_additions import add_real
from junheng.indicators.allocation.whole_additions import add_whole

__all__ = ["add_at_costs"]


def add_at_costs(batch: Batch, *, whole: bool) -> tuple[Floats, Bools]:
    """Return the cheapest additions, and the groups without a solution."""
    assert batch.costs is not None
    out, stuck = add_whole(batch) if whole else add_real(batch)
    for g in np.flatnonzero(~stuck).tolist():
        there = batch.p[g] > 0
        costs = batch.costs[g, there]
        if np.isnan(out[g]).any() or not out[g].any() or costs.min() == costs.max():
            continue
        one = batch.part(np.array([g]))
        out[g] = _cheapest_whole(one, out[g]) if whole else _cheapest_real(one, out[g])
    return out, stuck


@frozen(eq=False)
class _Priced:
    r"""The present schools of one group, with bounds and unit costs.

    At the optimum :math:`X_i = R (\sqrt{1 + t^2} - c_i \nu)`, kept between what the school must have and may have,
    with R the root of the mean square of the values: two numbers, found one inside the other.
    """

    p: Floats
    cost: Floats
    start: Floats
    top: Floats
    #: students as a share, and the bounds per student
    w: Floats
    low: Floats
    high: Floats

    @classmethod
    def read(cls, batch: Batch) -> _Priced:
        """Take the only group of a batch."""
        assert batch.costs is not None
        there = batch.p[0] > 0
        base, tops = start_and_top(batch)
        p, start = batch.p[0, there], base[0, there]
        top = np.full(p.shape, np.inf) if tops is None else tops[0, there]
        return cls(p, batch.costs[0, there], start, top, p / p.sum(), start / p, top / p)

    def cheapest(self, t: float) -> Floats | None:
        """Return the final amount of each school, None if nothing passes."""
        root = math.sqrt(1 + t * t)
        dear, free = root / float(self.cost.min()), 0.0
        for _ in range(200):  # the largest price of spread that still passes
            middle = 0.5 * (dear + free)
            if middle in (dear, free):
                break
            if self._over(middle, root) <= 0:
                free = middle
            else:
                dear = middle
        values = self._values(free, root)
        return None if values is None else np.asarray(np.clip(values * self.p, self.start, self.top))

    def _over(self, nu: float, root: float) -> float:
        v = self._values(nu, root)
        if v is None:
            return -1.0
        return math.sqrt(float((self.w * v * v).sum())) - root * float((self.w * v).sum())

    def _values(self, nu: float, root: float) -> Floats | None:
        """Return the values for a price of dispersion; None if they would be unbounded."""
        from scipy.optimize import brentq

        slope = root - self.cost * nu
        least = math.sqrt(float((self.w * self.low * self.low).sum()))
        excess = partial(self._excess, slope)
        far = least
        while excess(far) > 0:
            far *= 2.0
            if far > 1e9 * least:
                return None
        r = far if far == least or excess(far) == 0 else brentq(excess, far / 2.0, far, xtol=1e-300, rtol=1e-15)
        return np.asarray(np.clip(r * slope, self.low, self.high))

    def _excess(self, slope: Floats, r: float) -> float:
        """Return the relative excess of the mean square of the values over that of r."""
        v = np.clip(r * slope, self.low, self.high)
        return float((self.w * v * v).sum()) / (r * r) - 1.0


def _cheapest_real(batch: Batch, known: Floats) -> Floats:
    """Return the cheapest additions of one group; the known ones if none are cheaper."""
    priced, there = _Priced.read(batch), batch.p[0] > 0
    for step in range(6):
        ends = priced.cheapest(tightened(batch.t, 8.0**step))
        change = np.zeros_like(batch.x)
        if ends is not None:
            change[0, there] = ends - batch.x[0, there]
            if passing(batch, change)[0]:
                cheaper = (change[0, there] * priced.cost).sum() < (known[there] * priced.cost).sum()
                return np.asarray(change[0] if cheaper else known)
    return known


def _cheapest_whole(batch: Batch, known: Floats) -> Floats:
    """Return the cheapest whole additions of one group, by mixed-integer programming over the cone."""
    assert batch.costs is not None
    there, come = batch.p[0] > 0, arrivals(batch)
    x, p, cost, must = (a[0, there] for a in (batch.x, batch.p, batch.costs, come.must))
    # solutions dearer than the known one are excluded
    dearest = float((known[there] * cost).sum())
    most = np.maximum(np.minimum(come.most[0, there], np.floor(dearest / cost * (1 + 1e-12))), must)
    every = np.arange(x.size)
    cone = Cone(x, p, every, every, np.ones(x.size), batch.t)
    change = np.zeros_like(batch.x)

    def passes(z: Floats) -> bool:
        change[0, there] = z
        return bool(passing(batch, change)[0])

    found = Program(cost, must, most, np.ones(x.size, dtype=bool), [cone]).solve(known[there], passes=passes)
    out = np.zeros_like(known)
    out[there] = known[there] if found.z is None else found.z
    return out
