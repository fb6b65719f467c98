"""Least transfers of a divisible amount: lowering the top, raising the bottom."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from junheng._arrays import Floats
from junheng.indicators.allocation._batch import Batch, Bools, Spread, in_order, passing, until_passing

__all__ = ["level_out", "move_real"]

#: Newton steps: two or three suffice; if rounding prevents convergence there is no solution.
_STEPS = 100


def move_real(batch: Batch) -> tuple[Floats, Bools]:
    """Return the least transfers, and the groups without a solution."""
    x, low, high = batch.x, batch.low, batch.high
    now = Spread.measure(x, batch)
    change = np.zeros(x.shape)
    nothing = now.mean[:, 0] == 0.0
    if np.count_nonzero(nothing):
        change[nothing] = np.nan
    rest = passing(batch, change, now)
    base = x
    if low is not None or high is not None:
        # amounts after the changes that the bounds force
        base = np.clip(x, low, high)
        rest &= (base == x).all(axis=1)
    open_ = (~(rest | nothing)).nonzero()[0]

    def level(part: Batch, then: Spread, start: Floats, t: float, *, edge: bool) -> tuple[Floats, Bools]:
        return level_out(part, then, start, part.low, part.high, t)

    return change, until_passing(batch, now, base, change, open_, level)


class _Sides(NamedTuple):
    """Both ends of the order, (2, groups, breakpoints): the level as a function of the amount moved.

    The second is the upper end turned round, so that both levels rise.
    """

    #: Amount moved at each breakpoint, and at the next one.
    since: Floats
    until: Floats
    level: Floats
    #: Change of the level per unit; 0 if nothing moves any more.
    pace: Floats
    squares: Floats

    @classmethod
    def cumulate(cls, v: Floats, stop: Floats | None, p: Floats) -> _Sides:
        """Cumulate the amounts that moving the levels takes; v and stop are levels, infinite without a bound."""
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

    def after(self, moved: Floats) -> _Levels:
        """Return the levels after moving an amount."""
        # at a breakpoint, schools that start there have started, also within rounding error
        k = (self.until > (moved * (1 + 1e-13))[:, np.newaxis]).argmax(-1)
        k += np.arange(0, self.level.size, self.level.shape[2]).reshape(2, -1)
        pace, level, begins, ends = self.pace.take(k), self.level.take(k), self.since.take(k), self.until.take(k)
        more = moved - begins
        gained = more * level
        level += more * pace
        gained += more * level
        gained += self.squares.take(k)
        begin, end = np.maximum(begins[0], begins[1]), np.minimum(ends[0], ends[1])
        return _Levels(level, pace, gained[0] + gained[1], begin, end)


class _Levels(NamedTuple):
    """Both levels, (2, groups), after moving an amount; the decrease of the squares; the range where this holds."""

    level: Floats
    pace: Floats
    gone: Floats
    begin: Floats
    end: Floats


class _Search(NamedTuple):
    """Search for the amount moved, T: its start and its upper bound."""

    sides: _Sides
    squares: Floats
    moved: Floats
    most: Floats
    #: whether the start may be beyond the root
    guessed: bool

    @classmethod
    def free(cls, batch: Batch, now: Spread, t: float) -> _Search:
        """Start without bounds: neither level passes the mean."""
        sides = _Sides.cumulate(batch.by_rank(now.values), None, batch.p)
        # √S falls roughly like the power 3/2 of what remains
        alike = np.add.reduce(np.abs(now.values) * batch.p, 1) / 2
        total = now.mean[:, 0] * batch.n[:, 0]
        return cls(sides, now.squares, alike * (1 - (t / now.cv) ** (2 / 3)), total, True)

    @classmethod
    def bounded(cls, batch: Batch, now: Spread, base: Floats, low: Floats | None, high: Floats | None) -> _Search:
        """Start with the changes that the bounds force."""
        x, p, c = batch.x, batch.p, now.mean
        v, stop = batch.by_rank(base / batch.per - c), np.full((2, *x.shape), np.inf)
        if high is not None:
            stop[0] = high / batch.per - c
        if low is not None:
            stop[1] = c - low / batch.per
        sides = _Sides.cumulate(v, stop, p)
        # both sides must move the same amount, including what the bounds force
        forced = np.stack([np.maximum(base - x, 0.0), np.maximum(x - base, 0.0)]).sum(axis=2)
        for a in (sides.since, sides.until):
            a += forced[..., np.newaxis]
        most = np.minimum(sides.since[..., -1].min(axis=0), c[:, 0] * batch.n[:, 0])
        return cls(sides, np.add.reduce(p * v * v, 1), forced.max(axis=0), most, False)

    def levels(self, wanted: Floats) -> tuple[Floats, Bools]:
        """Return both levels at which the root of the squares reaches its target, and the groups where it never does.

        √S is convex in T, so a Newton step from below never passes the root, and one from beyond returns before it;
        within a segment the root is that of a quadratic.
        """
        moved, most, guessed = self.moved, self.most, self.guessed
        limit = wanted * wanted
        for _ in range(_STEPS):
            now = self.sides.after(moved)
            left = self.squares + now.gone
            over = left - limit
            gap = -(now.level[0] + now.level[1])
            step = over / (gap + np.sqrt(gap * gap - (now.pace[0] + now.pace[1]) * over))
            end = np.minimum(now.end, most)
            aim = moved + step
            # found: the root is in this segment, or the amount already passes
            found = aim <= end * (1 + 1e-12)
            if guessed:  # it may be far beyond the root; later ones only by rounding
                found &= aim >= now.begin
            else:
                found |= over <= 0.0
            if np.count_nonzero(found) == found.size:
                break
            go = (gap > 0.0) & ~found
            if not guessed:  # from beyond there is a way back, also from the last segment
                go &= end < most
            if not np.count_nonzero(go):
                break
            # go to where the tangent passes, at least to the next breakpoint, so that the search ends
            root = np.sqrt(left)
            moved = np.where(go, np.maximum(end * (over > 0.0), moved + (root - wanted) * root / gap), moved)
            guessed = False
        none = ~found | ((over > 0.0) & (gap <= 0.0)) | (moved > most + 1e-12 * (1 + moved))
        return now.level + now.pace * (step if self.guessed else np.where(over > 0.0, step, 0.0)), none


def level_out(
    batch: Batch, now: Spread, base: Floats, low: Floats | None, high: Floats | None, t: float
) -> tuple[Floats, Bools]:
    """Return the transfers that lower the top and raise the bottom just enough, and the groups without a solution.

    The variable is the amount moved, T: the lower level l and the upper level u are piecewise linear in it, and the
    squares S fall by 2 (u - l) per unit.
    """
    x, p, n, c = batch.x, batch.p, batch.n[:, 0], now.mean
    if low is None and high is None:
        search = _Search.free(batch, now, t)
    else:
        search = _Search.bounded(batch, now, base, low, high)
    level, none = search.levels(t * (c[:, 0] * n) / np.sqrt(n))
    lifted = np.maximum(base, (c + level[0][:, np.newaxis]) * p)
    lowered = np.minimum(base, (c - level[1][:, np.newaxis]) * p)
    if high is not None:
        lifted = np.minimum(lifted, np.maximum(high, base))
    if low is not None:
        lowered = np.maximum(lowered, np.minimum(low, base))
    # a level may touch a school by rounding error: count both what it gives and what it gains
    return (lifted - base) + (lowered - x), none
