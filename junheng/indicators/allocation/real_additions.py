"""Least additions of a divisible amount: filling up from the bottom."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from junheng._arrays import Floats
from junheng.indicators.allocation._batch import Batch, Bools, Spread, in_order, passing, start_and_top, until_passing

__all__ = ["add_real", "fill_level"]


def add_real(batch: Batch) -> tuple[Floats, Bools]:
    """Return the least additions, and the groups without a solution."""
    base = start_and_top(batch)[0]
    change = base - batch.x
    now = Spread.measure(base, batch)
    nothing = now.mean[:, 0] == 0.0
    if np.count_nonzero(nothing):
        change[nothing] = np.nan
    open_ = (~(passing(batch, change, now) | nothing)).nonzero()[0]

    def fill(part: Batch, then: Spread, start: Floats, t: float, *, edge: bool) -> tuple[Floats, Bools]:
        bound = start_and_top(part)[1]
        level, none = fill_level(part, then, bound, t)
        if edge:
            level, none = level * (1 + 1e-10), np.zeros(level.shape, dtype=bool)
        return _raised(part, start, bound, level), none

    return change, until_passing(batch, now, base, change, open_, fill)


def _raised(batch: Batch, base: Floats, top: Floats | None, level: Floats) -> Floats:
    end = level[:, np.newaxis] * batch.p
    np.maximum(end, base, out=end)
    if top is not None:
        np.minimum(end, top, out=end)
    end -= batch.x
    return end


class _Breakpoints(NamedTuple):
    """Levels at which a school starts to rise or reaches its bound, ascending, (groups, breakpoints), about the mean.

    With R students rising at a level l, the rest has the amount F and the squares S.
    """

    level: Floats
    #: R below each breakpoint, and between it and the next one
    moving: Floats
    rise: Floats
    fixed: Floats
    squares: Floats

    @classmethod
    def free(cls, batch: Batch, now: Spread) -> _Breakpoints:
        """Take schools without upper bounds."""
        level, w = in_order(batch.by_rank(now.values), batch.p)
        rise = np.add.accumulate(w, 1)
        # the school at the breakpoint counts as not yet rising
        moving, w = rise - w, w * level
        return cls(level, moving, rise, _from_end(w), _from_end(w * level))

    @classmethod
    def bounded(cls, batch: Batch, now: Spread, top: Floats) -> _Breakpoints:
        """Take schools with upper bounds."""
        p, s, stop = batch.p, batch.by_rank(now.values), top / batch.per - now.mean
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
        rise[rise < 1e-12 * batch.n] = 0.0
        return cls(level, rise, rise, fixed, squares)


def fill_level(batch: Batch, now: Spread, top: Floats | None, t: float) -> tuple[Floats, Bools]:
    """Return the level to fill up to, and the groups that pass at no level.

    Between two breakpoints R students rise at a level l, while the rest has the amount F and the squares S; all about
    the mean c, so that nothing is lost where values are alike. The coefficient is within t where
    N (S + R l²) - (F + R l)² - t² (F + R l + c N)² <= 0. This falls until the level is 1 + t² times the mean of all,
    and rises from there on: the first breakpoint where it is not above 0, or has turned, ends the segment of the root.
    That is never one at infinity: with L the last before, no value is above L, so that the mean square is at most L
    times the mean M, and the coefficient is within t unless L >= (1 + t²) M.
    """
    n, c = batch.n, now.mean
    points = _Breakpoints.free(batch, now) if top is None else _Breakpoints.bounded(batch, now, top)
    at = points.level
    total = points.moving * at
    over = total * at
    total += points.fixed
    over += points.squares
    over *= n
    over -= total * total
    worth = total + c * n
    worth *= t
    over -= worth * worth
    passes = over <= 0.0
    if top is None:
        passes[:, -1] = True  # all are alike there, whatever rounding makes of it
        ends = passes
    else:
        ends = passes | (n * at - total >= t * worth)
    end, row, n = ends.argmax(1), np.arange(0, at.size, at.shape[1]), n[:, 0]
    k = np.maximum(end - 1, 0)
    end += row
    k += row
    here, r, much = at.take(k), points.rise.take(k), over.take(k)
    slope = r * (total.take(k) + t * worth.take(k) - n * here)
    root = much / (slope + np.sqrt(slope * slope - r * (n - (1 + t * t) * r) * much))
    level, room = c[:, 0] + here, at.take(end) - here
    if top is None:
        # if rounding leaves no root, or one past the end, the end passes
        return level + np.maximum(np.fmin(root, room), 0.0), np.zeros(r.shape, dtype=bool)
    found = passes.take(end)  # else past the minimum: adding more only disperses more
    none = ~(found | ((much > 0) & (r > 0) & (root <= room)))
    return level + np.maximum(np.where(found, np.fmin(root, room), root), 0.0), none


def _from_end(terms: Floats) -> Floats:
    """Return cumulated sums from the end, so that the last sums are exact."""
    return np.add.accumulate(terms[:, ::-1], 1)[:, ::-1]
