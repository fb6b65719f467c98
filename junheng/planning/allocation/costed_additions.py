"""The cheapest additions where units cost differently at different schools."""

from __future__ import annotations

import math

import numpy as np

from junheng._arrays import Floats
from junheng.planning.allocation._batch import Batch, Bools, Solver, passing, start_and_top, tightened
from junheng.planning.allocation._units import ceil, snap
from junheng.planning.allocation.real_additions import add_real
from junheng.planning.allocation.whole_additions import add_whole

__all__ = ["cheapest_additions"]


def cheapest_additions(whole: bool) -> Solver:
    def solve(block: Batch) -> tuple[Floats, Bools]:
        assert block.costs is not None
        out, stuck = add_whole(block) if whole else add_real(block)
        for g in np.flatnonzero(~stuck).tolist():
            there = block.p[g] > 0
            own = block.costs[g, there]
            if np.isnan(out[g]).any() or not out[g].any() or own.min() == own.max():
                continue
            one = block.part(np.array([g]))
            out[g] = _cheapest_whole(one, out[g]) if whole else _cheapest_real(one, out[g])
        return out, stuck

    return solve


def _cheapest_real(block: Batch, known: Floats) -> Floats:
    r"""Return the cheapest additions of one group when units cost differently at different schools.

    At the optimum :math:`X_i = R (\sqrt{1 + t^2} - c_i \nu)`, kept between what the school must have and may have,
    with R the root of the mean square of the values: two numbers, found one inside the other.
    """
    from scipy.optimize import brentq

    base, top = start_and_top(block)
    there = block.p[0] > 0
    p, x, b, c = block.p[0, there], block.x[0, there], base[0, there], block.costs[0, there]  # type: ignore[index]
    w = p / p.sum()
    low = b / p
    high = np.full(p.shape, np.inf) if top is None else top[0, there] / p
    least = math.sqrt(float((w * low * low).sum()))

    def values(nu: float, root: float) -> Floats | None:
        """Return the values for a price of spread; None where it is so dear that they would grow without end."""
        slope = root - c * nu

        def square(r: float) -> float:
            v = np.clip(r * slope, low, high)
            return float((w * v * v).sum()) / (r * r) - 1.0

        far = least
        while square(far) > 0:
            far *= 2.0
            if far > 1e9 * least:
                return None
        r = far if far == least or square(far) == 0 else brentq(square, far / 2.0, far, xtol=1e-300, rtol=1e-15)
        return np.asarray(np.clip(r * slope, low, high))

    for step in range(6):
        t = tightened(block.t, 8.0**step)
        root = math.sqrt(1 + t * t)

        def over(nu: float, root: float = root) -> float:
            v = values(nu, root)
            return -1.0 if v is None else math.sqrt(float((w * v * v).sum())) - root * float((w * v).sum())

        dear, free = root / float(c.min()), 0.0
        for _ in range(200):  # the largest nu that still passes
            middle = 0.5 * (dear + free)
            if middle in (dear, free):
                break
            if over(middle) <= 0:
                free = middle
            else:
                dear = middle
        best = values(free, root)
        change = np.zeros_like(block.x)
        if best is not None:
            ends = np.maximum(b, best * p) if top is None else np.clip(best * p, b, top[0, there])
            change[0, there] = ends - x
        if best is not None and passing(block, change)[0]:
            return np.asarray(change[0] if (change[0, there] * c).sum() < (known[there] * c).sum() else known)
    return known


def _cheapest_whole(block: Batch, known: Floats) -> Floats:
    """Return the cheapest whole additions of one group, by mixed-integer programming over the cone."""
    from junheng.planning.allocation.cones import Cone, Program

    there = block.p[0] > 0
    x, p, c = block.x[0, there], block.p[0, there], block.costs[0, there]  # type: ignore[index]
    must = np.zeros_like(x) if block.low is None else ceil(np.maximum(block.low[0, there] - x, 0.0))
    most = np.full(x.shape, np.inf) if block.high is None else np.floor(snap(block.high[0, there] - x))
    # nothing dearer than the answer known is of interest
    dearest = float((known[there] * c).sum())
    most = np.maximum(np.minimum(most, np.floor(dearest / c * (1 + 1e-12))), must)
    n = x.size
    cone = Cone(x, p, np.arange(n), np.arange(n), np.ones(n), block.t)
    change = np.zeros_like(block.x)

    def passes(z: Floats) -> bool:
        change[0, there] = z
        return bool(passing(block, change)[0])

    found = Program(c, must, most, np.ones(n, dtype=bool), [cone]).solve(known[there], passes=passes)
    out = np.zeros_like(known)
    out[there] = known[there] if found.z is None else found.z
    return out
