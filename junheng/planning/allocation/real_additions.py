"""The least additions that can be cut as finely as one likes: filling from the bottom."""

from __future__ import annotations

import numpy as np

from junheng._arrays import Floats, Ints
from junheng.planning.allocation._batch import Batch, Bools, Spread, in_order, passing, start_and_top, until_passing

__all__ = ["add_real", "fill_level"]


def add_real(block: Batch) -> tuple[Floats, Bools]:
    base = start_and_top(block)[0]
    change = base - block.x
    now = Spread.measure(base, block)
    nothing = now.mean[:, 0] == 0.0
    if np.count_nonzero(nothing):
        change[nothing] = np.nan
    open_ = (~(passing(block, change, now) | nothing)).nonzero()[0]

    def fill(part: Batch, then: Spread, start: Floats, t: float, *, edge: bool) -> tuple[Floats, Bools]:
        bound = start_and_top(part)[1]
        level, none = fill_level(part, then, bound, t)
        if edge:
            level, none = level * (1 + 1e-10), np.zeros(level.shape, dtype=bool)
        return _raised(part, start, bound, level), none

    return change, until_passing(block, now, base, change, open_, fill)


def _raised(block: Batch, base: Floats, top: Floats | None, level: Floats) -> Floats:
    end = level[:, np.newaxis] * block.p
    np.maximum(end, base, out=end)
    if top is not None:
        np.minimum(end, top, out=end)
    end -= block.x
    return end


def fill_level(block: Batch, now: Spread, top: Floats | None, t: float) -> tuple[Floats, Bools]:
    """Return the level to fill up to, and the groups that pass at none.

    Between two breakpoints (a school starts to rise, or reaches its bound) R students rise at a level l, while the
    rest has the amount F and the squares S; all about the mean c, so that nothing is lost where values are alike. The
    coefficient is within t where N (S + R l²) - (F + R l)² - t² (F + R l + c N)² <= 0. This falls until the level is
    1 + t² times the mean of all, and rises from there on: the first breakpoint where it is not above 0, or has turned,
    ends the segment of the root.
    """
    p, n, c = block.p, block.n, now.mean
    if top is None:
        at, w = in_order(block.by_rank(now.values), p)
        rise = np.add.accumulate(w, 1)
        # the school whose turn it is counts as resting here
        moving, w = rise - w, w * at
        fixed = _from_end(w)
        squares = _from_end(w * at)
        finite = None
    else:
        s, stop = block.by_rank(now.values), top / block.per - c
        finite = np.isfinite(stop)
        e, gone = np.where(finite, stop, 0.0), np.where(finite, p, 0.0)
        first, last = p * s, gone * e
        level, rise, fixed, squares = in_order(
            np.concatenate([s, stop], axis=1),
            np.concatenate([p, -p], axis=1),
            np.concatenate([-first, last], axis=1),
            np.concatenate([-first * s, last * e], axis=1),
            kind="stable",
        )
        rise, fixed, squares = (np.add.accumulate(a, 1) for a in (rise, fixed, squares))
        fixed += np.add.reduce(first, 1, keepdims=True)
        squares += now.squares[:, np.newaxis]
        rise[rise < 1e-12 * n] = 0.0
        moving, finite = rise, np.isfinite(level)
        at = np.where(finite, level, 0.0)
    total = moving * at
    over = total * at
    total += fixed
    over += squares
    over *= n
    over -= total * total
    worth = total + c * n
    worth *= t
    over -= worth * worth
    passes = over <= 0.0
    if finite is None:
        passes[:, -1] = True  # all are alike there, whatever rounding makes of it
        ends = passes
    else:
        passes &= finite
        ends = passes | ~finite | (n * at - total >= t * worth)
    end, row, n = ends.argmax(1), np.arange(0, at.size, at.shape[1]), n[:, 0]
    k = np.maximum(end - 1, 0)
    end += row
    k += row
    here, r, much = at.take(k), rise.take(k), over.take(k)
    slope = r * (total.take(k) + t * worth.take(k) - n * here)
    root = much / (slope + np.sqrt(slope * slope - r * (n - (1 + t * t) * r) * much))
    level, room = c[:, 0] + here, at.take(end) - here
    if finite is None:
        # where rounding leaves no root, or one past the end, the end passes
        return level + np.maximum(np.fmin(root, room), 0.0), np.zeros(r.shape, dtype=bool)
    found = passes.take(end)  # else it has turned, or there is no end: then nothing is poorer, and more spreads more
    none = ~(found | ((much > 0) & (r > 0) & (root <= room)))
    return level + np.maximum(np.where(found, np.fmin(root, room), root), 0.0), none


def _from_end(terms: Floats) -> Floats:
    """Sum each place and what comes after it, from the end, so that the last sums are exact."""
    return np.add.accumulate(terms[:, ::-1], 1)[:, ::-1]
