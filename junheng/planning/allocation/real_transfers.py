"""The least transfers that can be cut as finely as one likes: the top comes down, the bottom up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from junheng._arrays import Floats
from junheng.planning.allocation._batch import Batch, Bools, Spread, in_order, passing, until_passing

__all__ = ["level_out", "move_real"]

#: Steps of Newton's method: two or three do; where rounding makes it wander there is no answer.
_STEPS = 100


def move_real(block: Batch) -> tuple[Floats, Bools]:
    x, low, high = block.x, block.low, block.high
    now = Spread.measure(x, block)
    change = np.zeros(x.shape)
    nothing = now.mean[:, 0] == 0.0
    if np.count_nonzero(nothing):
        change[nothing] = np.nan
    rest = passing(block, change, now)
    base = x
    if low is not None or high is not None:
        # where each school stands after what the bounds force
        base = np.clip(x, low, high)
        rest &= (base == x).all(axis=1)
    open_ = (~(rest | nothing)).nonzero()[0]

    def level(part: Batch, then: Spread, start: Floats, t: float, *, edge: bool) -> tuple[Floats, Bools]:
        return level_out(part, then, start, part.low, part.high, t)

    return change, until_passing(block, now, base, change, open_, level)


class Sides(NamedTuple):
    """Both ends of the order, (2, groups, breakpoints): how far a level has moved once so much has come.

    The second is the upper end turned round, so that both levels rise.
    """

    #: What has been moved at each breakpoint, and at the next one.
    since: Floats
    until: Floats
    level: Floats
    #: By how much the level moves with each unit; 0 where nothing moves any more.
    pace: Floats
    squares: Floats

    @classmethod
    def cumulate(cls, v: Floats, stop: Floats | None, p: Floats) -> Sides:
        """Cumulate what moving the levels takes; v and stop are levels, stops infinite where there are none."""
        if stop is None:  # one order, read from both ends
            level, rise = np.empty((2, *v.shape)), np.empty((2, *v.shape))
            level[0], rise[0] = in_order(v, p)
            np.negative(level[0, :, ::-1], out=level[1])
            rise[1] = rise[0, :, ::-1]
        else:
            starts, both = np.stack([v, -v]), np.concatenate([p, -p], axis=1)
            level, rise = in_order(np.concatenate([starts, stop], axis=2), np.stack([both, both]), kind="stable")
        np.add.accumulate(rise, -1, out=rise)
        finite = None
        if stop is not None:
            rise[rise < 1e-12 * np.add.reduce(p, 1, keepdims=True)] = 0.0
            finite = np.isfinite(level)
            level[~finite] = 0.0
        since, until, squares = np.zeros((3, *level.shape))
        taken, before, after = since[..., 1:], level[..., :-1], level[..., 1:]
        np.subtract(after, before, out=taken)
        taken *= rise[..., :-1]
        if finite is not None:
            taken[~finite[..., 1:]] = 0.0
        np.add(after, before, out=squares[..., 1:])
        squares *= since
        np.add.accumulate(squares, -1, out=squares)
        np.add.accumulate(since, -1, out=since)
        if finite is None:
            pace = 1 / rise
        else:
            pace = np.where(rise > 0, 1 / rise, 0.0)
            since[~finite] = np.inf
        until[..., :-1], until[..., -1] = taken, np.inf
        return cls(since, until, level, pace, squares)

    def after(self, moved: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Return what holds once so much has moved: levels, their paces, the squares gone, since and until when."""
        # at a breakpoint what starts there has started, also where rounding puts it a hair later
        k = (self.until > (moved * (1 + 1e-13))[:, np.newaxis]).argmax(-1)
        k += np.arange(0, self.level.size, self.level.shape[2]).reshape(2, -1)
        pace, level, begins, ends = self.pace.take(k), self.level.take(k), self.since.take(k), self.until.take(k)
        more = moved - begins
        gained = more * level
        level += more * pace
        gained += more * level
        gained += self.squares.take(k)
        return level, pace, gained[0] + gained[1], np.maximum(begins[0], begins[1]), np.minimum(ends[0], ends[1])


def level_out(
    block: Batch, now: Spread, base: Floats, low: Floats | None, high: Floats | None, t: float
) -> tuple[Floats, Bools]:
    """Return the transfers that lower the top and lift the bottom just enough, and the groups where none do.

    What has been moved, T, is the variable: the lower level l and the upper level u depend on it, piecewise linear,
    and the squares S fall by 2 (u - l) for each unit. √S is convex in T, so a step of Newton's never goes past the root
    from below, and comes back before it from beyond; in its segment the root is that of a quadratic.
    """
    x, p, n, c = block.x, block.p, block.n[:, 0], now.mean
    total = c[:, 0] * n
    free = low is None and high is None
    if free:
        # neither level passes the mean, and nothing stops; √S falls to nothing about like the power 3/2 of what is left
        sides, squares = Sides.cumulate(block.by_rank(now.values), None, p), now.squares
        alike = np.add.reduce(np.abs(now.values) * p, 1) / 2
        moved, most = alike * (1 - (t / now.cv) ** (2 / 3)), total
    else:
        v, stop = block.by_rank(base / block.per - c), np.full((2, *x.shape), np.inf)
        if high is not None:
            stop[0] = high / block.per - c
        if low is not None:
            stop[1] = c - low / block.per
        sides, squares = Sides.cumulate(v, stop, p), np.add.reduce(p * v * v, 1)
        # both sides have to have moved the same, what the bounds force included
        forced = np.stack([np.maximum(base - x, 0.0), np.maximum(x - base, 0.0)]).sum(axis=2)
        for a in (sides.since, sides.until):
            a += forced[..., np.newaxis]
        moved, most = forced.max(axis=0), np.minimum(sides.since[..., -1].min(axis=0), total)
    wanted = t * total / np.sqrt(n)
    limit = wanted * wanted
    guessed = free
    for _ in range(_STEPS):
        level, pace, gone, begin, end = sides.after(moved)
        left = squares + gone
        over = left - limit
        gap = -(level[0] + level[1])
        step = over / (gap + np.sqrt(gap * gap - (pace[0] + pace[1]) * over))
        end = np.minimum(end, most)
        aim = moved + step
        # found: the root lies in this segment, or so much passes already
        found = aim <= end * (1 + 1e-12)
        if guessed:  # it may lie far beyond the root; what follows does so by rounding only
            found &= aim >= begin
        else:
            found |= over <= 0.0
        if np.count_nonzero(found) == found.size:
            break
        go = (gap > 0.0) & (end < most) & ~found
        if not np.count_nonzero(go):
            break
        # to where the tangent passes, and at least to the next breakpoint: so it comes to an end
        root = np.sqrt(left)
        moved = np.where(go, np.maximum(end * (over > 0.0), moved + (root - wanted) * root / gap), moved)
        guessed = False
    none = ~found | ((over > 0.0) & (gap <= 0.0)) | (moved > most + 1e-12 * (1 + moved))
    level += pace * (step if free else np.where(over > 0.0, step, 0.0))
    lifted = np.maximum(base, (c + level[0][:, np.newaxis]) * p)
    lowered = np.minimum(base, (c - level[1][:, np.newaxis]) * p)
    if high is not None:
        lifted = np.minimum(lifted, np.maximum(high, base))
    if low is not None:
        lowered = np.maximum(lowered, np.minimum(low, base))
    # a level may touch a school by a rounding error: what it gives and what it gets are both counted
    return (lifted - base) + (lowered - x), none
