r"""The least change that brings a difference coefficient under its limit: what to add, or what to move.

Let :math:`X_i = x_i / P_i` be a school's value, P the students. "Coefficient ≤ t" is a convex cone,
:math:`N \sum x_i^2 / P_i \le (1 + t^2) (\sum x_i)^2`, so the least change has an exact form:

- **Additions** fill from the bottom: every school that gets something ends at one common level, no other lies below.
- **Transfers** lower the top to one level and lift the bottom to another.
- **Whole units** go, one after the other, where :math:`(2 x_i + 1) / P_i` is least: Sainte-Laguë's divisor rule,
  which for every number of units gives the least spread.

Groups of like size are laid under each other as matrices; within each the breakpoints are sorted once, sums are
cumulated, and the quadratic of the right segment is solved.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, as_floats, require_aligned
from junheng._progress import Progress, reporting
from junheng.errors import InputError
from junheng.indicators._grouped import Sample, blocks, read_sample

__all__ = ["additions_where_possible", "exactly_within", "least_additions", "least_transfers"]

Bools = NDArray[np.bool_]

#: Coefficients this near to a limit (relative) are compared again in fractions.
_NEAR = 1e-12
#: By how much a limit is widened to find what bounds leave at the limit itself; fractions then tell.
_LOOSE = 1 + 1e-12
#: Problems an error spells out.
_SHOWN = 20


def least_additions(
    amounts: Any,
    *,
    students: Any,
    limit: Any,
    whole: bool = False,
    by: Any = None,
    lowest: Any = None,
    highest: Any = None,
    unit_costs: Any = None,
    progress: Progress = None,
) -> Floats:
    r"""Return the least that must be added so that the difference coefficient is within a limit.

    The array :math:`a \ge 0` of least sum (with ``unit_costs`` of least cost) for which the enrolment-weighted
    coefficient of :math:`(x_i + a_i) / P_i` is at most t in every group and column. Without costs every school that
    gets something ends at one common level, filled from the bottom. The answer is exact: it passes, checked in
    fractions where rounding could matter, and nothing less does.

    Parameters
    ----------
    amounts : (schools,) or (schools, indicators) array-like
        What each school has: teachers, square metres, yuan. Not per student.
    students : (schools,) array-like
        Enrolment of each school. A school without students is absent and gets nothing; a group needs one that has some.
    limit : float or (indicators,) array-like
        The largest coefficient allowed.
    whole : bool
        Add whole units only, such as teachers or rooms. ``amounts`` need not be whole.
    by : (schools,) array-like, mapping or frame of such, optional
        Group of each school, such as its county; each is solved by itself.
    lowest, highest : array-like like ``amounts``, or a number, optional
        What each school must end with at least, such as its threshold times its students, and may end with at most. A
        school that already has more than ``highest`` gets nothing.
    unit_costs : array-like like ``amounts``, or a number, optional
        Cost of a unit at each school; the least total cost is looked for. Whole units at different costs are a
        mixed-integer problem (scipy's HiGHS) and slower.
    progress : bool or callable, optional
        By default a bar where there is a terminal and tqdm (the extra ``progress``); False for none; or a function
        that is called with what is done and the whole.

    Returns
    -------
    ndarray
        In the shape of ``amounts``. NaN for a group and column with a gap in its amounts or students, and where all
        amounts are 0: the coefficient does not exist, and the least addition would be "as little as you like, to
        everyone". Whole units have a least even there.

    Raises
    ------
    InputError
        On a limit that is not above 0, a group without students, negative amounts, a bound or cost that makes no sense,
        or bounds that leave no way to pass; every one is named.
    AlignmentError
        When lengths or labelled indexes differ.

    Examples
    --------
    >>> import junheng as jh
    >>> books, students = [279, 137, 935, 160, 402], [45, 37, 89, 76, 55]
    >>> added = jh.least_additions(books, students=students, limit=0.45)
    >>> added.round(1)
    array([ 0. ,  0. ,  0. , 73.8,  0. ])
    >>> jh.least_additions(books, students=students, limit=0.45, whole=True)
    array([ 0.,  0.,  0., 74.,  0.])
    """
    task = _Task.read(amounts, students, limit, by, lowest, highest)
    require_aligned(amounts=amounts, unit_costs=unit_costs)
    if unit_costs is None:
        return task.solve(_add_whole if whole else _add_real, "least additions", progress)
    costs = task.read_costs(unit_costs)
    return task.solve(_cheapest(whole), "least additions", progress, costs)


def least_transfers(
    amounts: Any,
    *,
    students: Any,
    limit: Any,
    whole: bool = False,
    by: Any = None,
    lowest: Any = None,
    highest: Any = None,
    progress: Progress = None,
) -> Floats:
    r"""Return the least that must be moved between schools so that the difference coefficient is within a limit.

    The array d of sum 0 in every group with the least :math:`\sum |d_i| / 2` for which the enrolment-weighted
    coefficient of :math:`(x_i + d_i) / P_i` is at most t: the top comes down to one level, the bottom up to another.

    Parameters
    ----------
    amounts : (schools,) or (schools, indicators) array-like
        What each school has: teachers, machines. Not per student.
    students : (schools,) array-like
        Enrolment of each school. A school without students is absent: it gives and gets nothing; a group needs one that
        has some.
    limit : float or (indicators,) array-like
        The largest coefficient allowed.
    whole : bool
        Move whole units only.
    by : (schools,) array-like, mapping or frame of such, optional
        Group of each school; nothing moves between groups.
    lowest, highest : array-like like ``amounts``, or a number, optional
        What each school must end with at least and at most: nothing is taken from a school at or below ``lowest``,
        and one that lies below it is brought there. Never below 0.
    progress : bool or callable, optional
        By default a bar where there is a terminal and tqdm (the extra ``progress``); False for none; or a function
        that is called with what is done and the whole.

    Returns
    -------
    ndarray
        In the shape of ``amounts``: what each school gets, negative where it gives. NaN for a group and column with a
        gap, and where all amounts are 0.

    Raises
    ------
    InputError
        As :func:`least_additions`; also where whole units cannot be spread evenly enough.
    AlignmentError
        When lengths or labelled indexes differ.

    Examples
    --------
    >>> import junheng as jh
    >>> books, students = [279, 137, 935, 160, 402], [45, 37, 89, 76, 55]
    >>> jh.least_transfers(books, students=students, limit=0.45, whole=True)
    array([  0.,   0., -49.,  49.,   0.])
    """
    task = _Task.read(amounts, students, limit, by, lowest, highest)
    return task.solve(_move_whole if whole else _move_real, "least transfers", progress)


def additions_where_possible(
    amounts: Floats, students: Floats, limits: Floats, highest: Floats | None = None, *, whole: bool = True
) -> Floats:
    """Return the least additions of one group for several limits, a column each; NaN where none were found.

    Whole units are not looked for far beyond the real answer, as where a handful of students makes them hard to fit.
    """
    many = np.repeat(amounts[:, np.newaxis], limits.size, axis=1)
    task = _Task.read(many, students, limits, None, None, highest)
    return task.solve(partial(_add_whole, patience=30) if whole else _add_real, "least additions", False, refuse=False)


def exactly_within(amounts: Any, students: Any, limit: Fraction) -> bool:
    """Tell in fractions of the figures as typed whether the coefficient of one group is within a limit."""
    pairs = [(Fraction(repr(float(a))), Fraction(repr(float(s)))) for a, s in zip(amounts, students, strict=True) if s]
    total = sum((a for a, _ in pairs), Fraction(0))
    squares = sum((a * a / s for a, s in pairs), Fraction(0))
    return total > 0 and sum((s for _, s in pairs), Fraction(0)) * squares <= (1 + limit * limit) * total * total


# ------------------------------------------------------------------------------------------ the arguments


@frozen(eq=False)
class _Block:
    """Groups of like size and one amount: matrices (groups, schools), fillers without students."""

    x: Floats
    p: Floats
    low: Floats | None
    high: Floats | None
    costs: Floats | None
    t: float
    exact: Fraction

    def part(self, which: Any) -> _Block:
        """Return some of the groups."""

        def some(a: Floats | None) -> Floats | None:
            return None if a is None else a[which]

        return _Block(
            self.x[which], self.p[which], some(self.low), some(self.high), some(self.costs), self.t, self.exact
        )


#: Gives the change of every cell, and the groups for which there is none.
_Solver = Callable[[_Block], tuple[Floats, Bools]]


@frozen(eq=False)
class _Task:
    """What both problems are given, read and checked."""

    sample: Sample
    limits: tuple[tuple[float, Fraction], ...]
    low: list[Floats] | None
    high: list[Floats] | None

    @classmethod
    def read(cls, amounts: Any, students: Any, limit: Any, by: Any, lowest: Any, highest: Any) -> _Task:
        if students is None:
            raise InputError("students must be given: a difference coefficient is weighted by enrolment")
        require_aligned(amounts=amounts, students=students, lowest=lowest, highest=highest)
        sample = read_sample(amounts, students, by, names=("amounts", "students"))
        problems: list[str] = []
        k = len(sample.columns)
        limits = _limits(limit, k, problems)
        low = _spread(lowest, "lowest", sample)
        high = _spread(highest, "highest", sample)
        task = cls(sample, limits, low, high)
        # a bound made of a gap is a gap too, and needs no complaint of its own
        known = [~np.isnan(c) & ~np.isnan(sample.weight_array()) for c in sample.columns]
        # an unknown enrolment is a gap, none at all an impossible demand
        there = np.bincount(sample.groups.codes, weights=sample.weight_array() != 0, minlength=sample.groups.n)
        for g in np.flatnonzero(there == 0).tolist() if sample.rows else ():
            problems.append(f"{task.group_name(g)}: no school has students, so there is no coefficient to bring down")
        for j, column in enumerate(sample.columns):
            _point(
                problems,
                (column < 0) | np.isinf(column),
                task,
                j,
                "the amount is {:g}; amounts are not negative",
                column,
            )
            if low is not None:
                _point(problems, np.isnan(low[j]) & known[j], task, j, "lowest is missing", low[j])
                _point(problems, low[j] == np.inf, task, j, "lowest is infinite", low[j])
            if high is not None:
                _point(problems, np.isnan(high[j]) & known[j], task, j, "highest is missing", high[j])
                _point(problems, high[j] < 0, task, j, "highest is {:g}, which nobody can come down to", high[j])
            if low is not None and high is not None:
                _point(problems, low[j] > high[j], task, j, "lowest is {:g}, above highest", low[j])
        _refuse(problems)
        return task

    def read_costs(self, unit_costs: Any) -> list[Floats]:
        costs = _spread(unit_costs, "unit_costs", self.sample)
        assert costs is not None
        problems: list[str] = []
        for j, cost in enumerate(costs):
            _point(problems, np.isnan(cost), self, j, "the unit cost is missing", cost)
            _point(problems, (cost <= 0) | np.isinf(cost), self, j, "the unit cost is {:g}; it must be above 0", cost)
        _refuse(problems)
        return costs

    def place(self, row: int, column: int) -> str:
        """Name a cell."""
        s = self.sample
        name = "" if s.flat else f", column {s.names[column] if s.names else column!r}"
        return f"position {row}{name}"

    def group_name(self, group: int) -> str:
        """Name a group by its label, or say that there is only one."""
        labels = self.sample.labels
        return "the schools" if labels is None else f"group {labels[group]!r}"

    def solve(
        self,
        solver: _Solver,
        label: str,
        progress: Progress,
        costs: list[Floats] | None = None,
        *,
        refuse: bool = True,
    ) -> Floats:
        s = self.sample
        out = [np.zeros(s.rows) for _ in s.columns]
        stuck: list[str] = []
        with np.errstate(all="ignore"), reporting(s.rows * len(s.columns), label, progress) as report:
            done = 0
            for block in blocks(s.groups, s.weights):
                p = np.where(block.weights > 0, block.weights, 0.0)
                real = np.arange(block.rows.shape[1]) < np.diff(s.groups.starts)[block.groups][:, np.newaxis]
                unknown = (np.isnan(block.weights) & real).any(axis=1)
                for j, column in enumerate(s.columns):
                    one = _Block(
                        x=np.where(p > 0, column[block.rows], 0.0),
                        p=p,
                        low=None
                        if self.low is None
                        else np.where(p > 0, np.maximum(self.low[j][block.rows], 0.0), 0.0),
                        high=None if self.high is None else np.where(p > 0, self.high[j][block.rows], 0.0),
                        costs=None if costs is None else np.where(p > 0, costs[j][block.rows], 1.0),
                        t=self.limits[j][0],
                        exact=self.limits[j][1],
                    )
                    gap = unknown | np.isnan(one.x).any(axis=1) | ~(p > 0).any(axis=1)
                    change = np.full(p.shape, np.nan)
                    some = np.flatnonzero(~gap)
                    if some.size:
                        change[some], none = solver(one.part(some))
                        change[some[none]] = np.nan
                        stuck += [self._stuck(g, j) for g in block.groups[some[none]].tolist()]
                    change[block.weights == 0] = 0.0  # nobody there, nothing given
                    out[j][block.rows[real]] = change[real]
                    done += block.rows.size
                    report(min(done, s.rows * len(s.columns)))
        if refuse:
            _refuse(stuck)
        return s.give_rows(out)

    def _stuck(self, group: int, column: int) -> str:
        s = self.sample
        name = "" if s.flat else f", column {s.names[column] if s.names else column!r}"
        bounds = " and ".join(n for n, b in (("lowest", self.low), ("highest", self.high)) if b is not None)
        why = f"within the bounds ({bounds})" if bounds else "in whole units"
        return f"{self.group_name(group)}{name}: no change {why} brings the coefficient to {self.limits[column][0]:g}"


def _limits(limit: Any, k: int, problems: list[str]) -> tuple[tuple[float, Fraction], ...]:
    if isinstance(limit, Decimal):
        limit = [limit]
    texts = [str(v) for v in limit] if isinstance(limit, (list, tuple)) else None
    array = np.atleast_1d(as_floats(np.array([float(v) for v in limit]) if texts is not None else limit, "limit"))
    if array.ndim != 1 or array.size not in (1, k):
        raise InputError(f"limit must be one number, or one for each of the {k} indicators, not of shape {array.shape}")
    for i, t in enumerate(array.tolist()):
        if not (t > 0 and math.isfinite(t)):
            which = f" of column {i}" if array.size > 1 else ""
            problems.append(f"the limit{which} is {t:g}; it must be above 0")
    if problems:
        return ((1.0, Fraction(1)),) * k
    exact = [Fraction(text) for text in texts] if texts is not None else [Fraction(repr(t)) for t in array.tolist()]
    pairs = list(zip(array.tolist(), exact, strict=True))
    return tuple(pairs * k if len(pairs) == 1 else pairs)


def _spread(bound: Any, name: str, sample: Sample) -> list[Floats] | None:
    """Return a bound for every row of every column."""
    if bound is None:
        return None
    k = len(sample.columns)
    array = as_floats(bound, name)
    try:
        whole = np.broadcast_to(
            array[:, np.newaxis] if array.ndim == 1 and array.shape[0] == sample.rows else array, (sample.rows, k)
        )
    except ValueError:
        raise InputError(f"{name} has the shape {array.shape}; it must be one number or fit the amounts") from None
    return [np.ascontiguousarray(whole[:, j]) for j in range(k)]


def _point(problems: list[str], wrong: Bools, task: _Task, column: int, text: str, values: Floats) -> None:
    for i in np.flatnonzero(wrong).tolist():
        problems.append(f"{task.place(i, column)}: {text.format(float(values[i]))}")


def _refuse(problems: list[str]) -> None:
    if len(problems) == 1:
        raise InputError(problems[0])
    if problems:
        lines = [f"  {p}" for p in problems[:_SHOWN]]
        if len(problems) > _SHOWN:
            lines.append(f"  … and {len(problems) - _SHOWN} more")
        raise InputError("\n".join([f"{len(problems)} problems:", *lines]))


# ------------------------------------------------------------------------------------- what a group is like


def _coefficients(y: Floats, p: Floats) -> Floats:
    """Return the coefficient of every group."""
    n = p.sum(axis=1)
    v = np.where(p > 0, y / p, 0.0)
    mean = (v * p).sum(axis=1) / n
    d = np.where(p > 0, v - mean[:, np.newaxis], 0.0)
    left = (d * p).sum(axis=1) / n
    variance = np.maximum((d * d * p).sum(axis=1) / n - left * left, 0.0)
    return np.asarray(np.sqrt(variance) / (mean + left))


def _within(block: _Block, change: Floats) -> Bools:
    """Tell which groups pass after a change: in floats, and in fractions where those cannot tell."""
    cv = _coefficients(block.x + change, block.p)
    out = np.asarray(cv <= block.t)
    # below by more than the rounding of the coefficient itself is below
    sure = cv <= _tightened(block.t, 0.3)
    near = ~sure & (np.abs(cv - block.t) <= _NEAR * max(block.t, 1.0))
    for g in np.flatnonzero(near).tolist():
        there = block.p[g] > 0
        after = [
            float(Decimal(repr(float(a))) + Decimal(repr(float(c))))
            for a, c in zip(block.x[g, there], change[g, there], strict=True)
        ]
        out[g] = exactly_within(after, block.p[g, there], block.exact)
    return out


def _tightened(t: float, by: float) -> float:
    """Return a limit a hair lower; by 1 it is out of reach of the rounding of a coefficient of that size."""
    return t * (1 - 4e-15 * (1 + 1 / t) * by)


# ----------------------------------------------------------------------------------------- additions


def _box(block: _Block) -> tuple[Floats, Floats | None]:
    """Return where each school starts once it has what it must, and what it may have at most."""
    base = block.x if block.low is None else np.maximum(block.x, block.low)
    return base, None if block.high is None else np.maximum(block.high, base)


def _add_real(block: _Block) -> tuple[Floats, Bools]:
    base, top = _box(block)
    change = base - block.x
    stuck = np.zeros(block.x.shape[0], dtype=bool)
    nothing = base.sum(axis=1) == 0
    change[nothing] = np.nan
    open_ = np.flatnonzero(~_within(block, change) & ~nothing)
    for step in range(6):
        if not open_.size:
            break
        part = block.part(open_)
        level, none = _fill_level(
            base[open_], part.p, None if top is None else top[open_], _tightened(block.t, 8.0**step)
        )
        new = _raised(part, base[open_], None if top is None else top[open_], level)
        if step == 0 and none.any():
            # bounds may leave just the limit itself
            edge = np.flatnonzero(none)
            level[edge], _ = _fill_level(
                base[open_[edge]], part.p[edge], None if top is None else top[open_[edge]], _LOOSE * block.t
            )
            new[edge] = _raised(
                part.part(edge), base[open_[edge]], None if top is None else top[open_[edge]], level[edge] * (1 + 1e-10)
            )
            none[edge] = ~_within(part.part(edge), new[edge])
            stuck[open_[none]] = True
        change[open_] = new
        open_ = open_[~none & ~_within(part, new)]
    stuck[open_] = True
    return change, stuck


def _raised(block: _Block, base: Floats, top: Floats | None, level: Floats) -> Floats:
    end = np.maximum(base, level[:, np.newaxis] * block.p)
    if top is not None:
        end = np.minimum(end, top)
    return np.where(block.p > 0, np.maximum(end - block.x, 0.0), 0.0)


def _fill_level(base: Floats, p: Floats, top: Floats | None, t: float) -> tuple[Floats, Bools]:
    """Return the level to fill up to, and the groups that pass at none.

    Between two breakpoints (a school starts to rise, or reaches its bound) R students rise at a level l, while the
    rest has the amount F and the squares S; all about the mean c, so that nothing is lost where values are alike. The
    coefficient is within t where N (S + R l²) - (F + R l)² - t² (F + R l + c N)² <= 0.
    """
    n = p.sum(axis=1, keepdims=True)
    c = base.sum(axis=1, keepdims=True) / n
    there = p > 0
    start = np.where(there, base / p - c, np.inf)
    if top is None:
        order = np.argsort(start, axis=1)
        level = np.take_along_axis(start, order, axis=1)
        w = np.take_along_axis(p, order, axis=1)
        v = np.where(w > 0, level, 0.0)
        rise = np.cumsum(w, axis=1)
        fixed = _after(w * v)
        squares = _after(w * v * v)
    else:
        stop = np.where(there, top / p - c, np.inf)
        events = np.concatenate([start, stop], axis=1)
        order = np.argsort(events, axis=1, kind="stable")
        level = np.take_along_axis(events, order, axis=1)
        s, e = np.where(there, start, 0.0), np.where(np.isfinite(stop), stop, 0.0)
        w = np.take_along_axis(np.concatenate([p, -p], axis=1), order, axis=1)
        rise = np.cumsum(w, axis=1)
        f = np.take_along_axis(np.concatenate([-p * s, p * e], axis=1), order, axis=1)
        q = np.take_along_axis(np.concatenate([-p * s * s, p * e * e], axis=1), order, axis=1)
        fixed = (p * s).sum(axis=1, keepdims=True) + np.cumsum(f, axis=1)
        squares = (p * s * s).sum(axis=1, keepdims=True) + np.cumsum(q, axis=1)
        rise[rise < 1e-12 * n] = 0.0
    at = np.where(np.isfinite(level), level, 0.0)
    total = fixed + rise * at
    worth = total + c * n
    k = 1 + t * t
    over = n * (squares + rise * at * at) - total * total - (t * worth) ** 2
    a = rise * n - k * rise * rise
    slope = 2 * rise * (n * at - total - t * t * worth)
    length = np.full(level.shape, np.inf)
    length[:, :-1] = level[:, 1:] - at[:, :-1]
    root = 2 * over / (-slope + np.sqrt(np.maximum(slope * slope - 4 * a * over, 0.0)))
    real = slope * slope >= 4 * a * over
    # rounding may put a root a hair past the end of its segment: the next breakpoint then passes at once
    good = np.isfinite(level) & (((over > 0) & (rise > 0) & real & (root >= 0) & (root <= length)) | (over <= 0))
    first = np.argmax(good, axis=1)
    rows = np.arange(p.shape[0])
    none = ~good[rows, first]
    step = np.where(over[rows, first] > 0, root[rows, first], 0.0)
    return np.asarray(c[:, 0] + at[rows, first] + step), np.asarray(none)


def _after(terms: Floats) -> Floats:
    """Sum what comes after each place, from the end, so that the last sums are exact."""
    out = np.zeros_like(terms)
    out[:, :-1] = np.cumsum(terms[:, :0:-1], axis=1)[:, ::-1]
    return out


def _add_whole(block: _Block, patience: float = math.inf) -> tuple[Floats, Bools]:
    x, p = block.x, block.p
    there = p > 0
    must = np.zeros_like(x) if block.low is None else _ceil(np.maximum(block.low - x, 0.0))
    most = np.full(x.shape, np.inf) if block.high is None else np.maximum(np.floor(_snap(block.high - x)), 0.0)
    stuck = np.asarray((must > most).any(axis=1))
    must = np.where(there, np.minimum(must, most), 0.0)
    units = must.copy()
    open_ = np.flatnonzero(~_within(block, units) & ~stuck)
    if not open_.size:
        return units, stuck
    part = block.part(open_)
    # no whole answer takes less than the real one within the same bounds
    base, top = x[open_] + must[open_], None if block.high is None else x[open_] + most[open_]
    nothing = base.sum(axis=1) == 0
    level, none = _fill_level(base, part.p, top, block.t)
    none &= ~nothing
    level[nothing] = 0.0
    ideal = np.where(there[open_], np.maximum(level[:, np.newaxis] * part.p - x[open_], must[open_]), 0.0)
    ideal = np.minimum(ideal, most[open_])
    least = np.maximum(np.ceil(ideal.sum(axis=1) * (1 - 1e-12) - 1e-9), must[open_].sum(axis=1) + nothing)
    stuck[open_[none]] = True
    units[open_], failed = _place_upward(part, must[open_], most[open_], np.rint(ideal), least, none, patience)
    stuck[open_[failed]] = True
    return units, stuck


def _snap(values: Floats) -> Floats:
    """Take what is whole but for rounding as whole."""
    near = np.rint(values)
    return np.where(np.abs(values - near) <= 1e-9 * np.maximum(1.0, np.abs(near)), near, values)


def _ceil(values: Floats) -> Floats:
    return np.asarray(np.ceil(_snap(values)))


def _place_upward(
    block: _Block, must: Floats, most: Floats, guess: Floats, least: Floats, skip: Bools, patience: float
) -> tuple[Floats, Bools]:
    """Place ``least`` units by the divisor rule, then one more at a time until the group passes."""
    x, p = block.x, block.p
    units = np.where(p > 0, np.clip(guess, must, most), 0.0)
    _settle(x, p, units, must, most, np.where(skip, units.sum(axis=1), least), sign=1)
    failed = np.zeros(p.shape[0], dtype=bool)
    open_, steps = np.flatnonzero(~skip), 0
    while open_.size:
        open_ = open_[~_within(block.part(open_), units[open_])]
        if not open_.size:
            break
        steps += 1
        if steps > patience:
            failed[open_] = True
            break
        cost = np.where(
            (p[open_] > 0) & (units[open_] < most[open_]), (2 * (x[open_] + units[open_]) + 1) / p[open_], np.inf
        )
        best = np.argmin(cost, axis=1)
        dead = ~np.isfinite(cost[np.arange(open_.size), best])
        failed[open_[dead]] = True
        open_, best = open_[~dead], best[~dead]
        units[open_, best] += 1
    return units, failed


def _settle(x: Floats, p: Floats, units: Floats, must: Floats, most: Floats, wanted: Floats, sign: int) -> None:
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
        give, take = _marginals(x[open_], p[open_], units[open_], must[open_], most[open_], sign)
        best = np.where(up, np.argmin(give, axis=1), np.argmax(take, axis=1))
        here = np.arange(open_.size)
        found = np.isfinite(np.where(up, give[here, best], take[here, best]))
        stuck[open_[~found]] = True
        units[open_[found], best[found]] += np.where(up, 1.0, -1.0)[found]
    while True:
        give, take = _marginals(x, p, units, must, most, sign)
        i, j = np.argmin(give, axis=1), np.argmax(take, axis=1)
        # more than rounding: ties would change places for ever
        better = np.flatnonzero(take[rows, j] - give[rows, i] > 1e-13 * np.abs(take[rows, j]))
        if not better.size:
            return
        units[better, i[better]] += 1
        units[better, j[better]] -= 1


def _marginals(x: Floats, p: Floats, units: Floats, must: Floats, most: Floats, sign: int) -> tuple[Floats, Floats]:
    """Return what one unit more adds to the squares of each school, and what the last one added."""
    y = x + sign * units
    there = p > 0
    give = np.where(there & (units < most), sign * (2 * y + sign) / p, np.inf)
    take = np.where(there & (units > must), sign * (2 * y - sign) / p, -np.inf)
    return give, take


# ----------------------------------------------------------------------------------------- transfers


def _forced(block: _Block) -> tuple[Floats, Floats, Floats]:
    """Return where each school stands after what the bounds force, and how low and how high it may go."""
    low = np.zeros_like(block.x) if block.low is None else block.low
    high = np.full(block.x.shape, np.inf) if block.high is None else block.high
    return np.clip(block.x, low, high), low, high


def _move_real(block: _Block) -> tuple[Floats, Bools]:
    base, low, high = _forced(block)
    n_groups = block.x.shape[0]
    change = np.zeros_like(block.x)
    stuck = np.zeros(n_groups, dtype=bool)
    nothing = block.x.sum(axis=1) == 0
    change[nothing] = np.nan
    moved = (base != block.x).any(axis=1)
    open_ = np.flatnonzero((moved | ~_within(block, change)) & ~nothing)
    for step in range(6):
        if not open_.size:
            break
        part = block.part(open_)
        new, none = _levelled(part, base[open_], low[open_], high[open_], _tightened(block.t, 8.0**step))
        if step == 0 and none.any():
            edge = np.flatnonzero(none)
            some = open_[edge]
            new[edge], unmovable = _levelled(part.part(edge), base[some], low[some], high[some], _LOOSE * block.t)
            none[edge] = unmovable | ~_within(part.part(edge), new[edge])
            stuck[open_[none]] = True
        change[open_] = new
        open_ = open_[~none & ~_within(part, new)]
    stuck[open_] = True
    return change, stuck


@frozen(eq=False)
class _Side:
    """One end of the order: how far its level has moved once so much has come, breakpoint by breakpoint."""

    moved: Floats
    level: Floats
    rise: Floats
    squares: Floats

    def last(self, moved: Floats) -> Any:
        """Return the last breakpoint of each group that lies at or before an amount moved."""
        m = self.moved.shape[1]
        if self.moved.shape[0] == 1:
            return np.maximum(np.searchsorted(self.moved[0], moved, side="right") - 1, 0)
        rows, at = np.arange(moved.size), np.zeros(moved.size, dtype=np.int64)
        for step in _halves(m):
            next_ = np.minimum(at + step, m - 1)
            at = np.where(self.moved[rows, next_] <= moved, next_, at)
        return at

    def at(self, moved: Floats, hair: Floats) -> tuple[Floats, Floats, Floats, Bools]:
        """Return level, students rising, squares added, and whether so much can be moved at all.

        An amount a group; of a single group, any number of them.
        """
        # at a breakpoint what starts there has started, also where rounding puts it a hair later
        k = self.last(moved + hair)
        rows = 0 if self.moved.shape[0] == 1 else np.arange(moved.size)
        rise, level, done = self.rise[rows, k], self.level[rows, k], self.moved[rows, k]
        d = np.where(rise > 0, (moved - done) / rise, 0.0)
        squares = self.squares[rows, k] + rise * d * (2 * level + d)
        return level + d, rise, squares, (rise > 0) | (moved - done <= 1e-12 * (1 + np.abs(moved)))


def _halves(m: int) -> list[int]:
    """Return the steps of a search by halving among m places."""
    return [1 << b for b in range(max(m - 1, 1).bit_length() - 1, -1, -1)]


def _side(start: Floats, stop: Floats | None, p: Floats) -> _Side:
    """Cumulate what lifting a level from the bottom takes; start and stop are levels, inf where there are none."""
    events = start if stop is None else np.concatenate([start, stop], axis=1)
    order = np.argsort(events, axis=1, kind="stable")
    level = np.take_along_axis(events, order, axis=1)
    rise = np.cumsum(np.take_along_axis(p if stop is None else np.concatenate([p, -p], axis=1), order, axis=1), axis=1)
    if stop is not None:
        rise[rise < 1e-12 * p.sum(axis=1, keepdims=True)] = 0.0
    finite = np.isfinite(level)
    at = np.where(finite, level, 0.0)
    taken = np.zeros_like(at)
    np.subtract(at[:, 1:], at[:, :-1], out=taken[:, 1:])
    taken[:, 1:] *= rise[:, :-1]
    taken[~finite] = 0.0
    squares = np.zeros_like(at)
    np.cumsum(taken[:, 1:] * (at[:, 1:] + at[:, :-1]), axis=1, out=squares[:, 1:])
    return _Side(np.where(finite, np.cumsum(taken, axis=1), np.inf), at, rise, squares)


def _levelled(block: _Block, base: Floats, low: Floats, high: Floats, t: float) -> tuple[Floats, Bools]:
    """Return the transfers that lower the top and lift the bottom just enough, and the groups where none do.

    What has been moved, T, is the variable: the lower level l and the upper level u depend on it, piecewise linear,
    and the squares fall by 2 (u - l) for each unit. The last breakpoint that does not pass is found by halving; from
    there on it is a quadratic.
    """
    x, p = block.x, block.p
    there = p > 0
    n = p.sum(axis=1)
    total = x.sum(axis=1)
    c = total / n
    v = np.where(there, base / p - c[:, np.newaxis], 0.0)
    came = np.maximum(base - x, 0.0).sum(axis=1)
    went = np.maximum(x - base, 0.0).sum(axis=1)
    # without bounds neither level passes the mean, and nothing stops
    highest = None if block.high is None else np.where(there, high / p - c[:, np.newaxis], np.inf)
    lowest = None if block.low is None else np.where(there, c[:, np.newaxis] - low / p, np.inf)
    up = _side(np.where(there, v, np.inf), highest, p)
    down = _side(np.where(there, -v, np.inf), lowest, p)
    squares, wanted = (p * v * v).sum(axis=1), (t * total) ** 2

    def state(moved: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats, Bools]:
        bottom, r_up, q_up, can_up = up.at(moved - came, 1e-13 * moved)
        top, r_down, q_down, can_down = down.at(moved - went, 1e-13 * moved)
        return bottom, -top, r_up, r_down, n * (squares + q_up + q_down) - wanted, can_up & can_down

    def over(moved: Floats) -> Bools:
        """Tell where so much does not pass yet, and more of it might."""
        bottom, top, _, _, excess, can = state(moved)
        return np.asarray((excess > 0) & (bottom < top) & can)

    least = np.maximum(came, went)  # both sides have to have moved the same
    start, end = _bracket([(up.moved, came), (down.moved, went)], least, over)
    bottom, top, r_up, r_down, excess, can = state(start)
    slope = 2 * n * (bottom - top)
    disc = slope * slope - 4 * n * (1 / r_up + 1 / r_down) * excess
    step_ = 2 * excess / (-slope + np.sqrt(np.maximum(disc, 0.0)))
    within = step_ <= (end - start) * (1 + 1e-9) + 1e-12 * (1 + np.abs(start))
    moving = (r_up > 0) & (r_down > 0) & (slope < 0) & (disc >= 0) & within
    none = ~can | ~((excess <= 0) | moving)
    move = np.where((excess > 0) & ~none, step_, 0.0)
    bottom = c + bottom + np.where(r_up > 0, move / r_up, 0.0)
    ceiling = c + top - np.where(r_down > 0, move / r_down, 0.0)
    lifted = np.minimum(np.maximum(base, bottom[:, np.newaxis] * p), np.maximum(high, base))
    lowered = np.maximum(np.minimum(base, ceiling[:, np.newaxis] * p), np.minimum(low, base))
    # a level may touch a school by a rounding error: what it gives and what it gets are both counted
    return np.where(there, (lifted - base) + (lowered - x), 0.0), np.asarray(none)


def _bracket(
    sides: list[tuple[Floats, Floats]], least: Floats, over: Callable[[Floats], Bools]
) -> tuple[Floats, Floats]:
    """Return the last breakpoint of both sides where too little has been moved, and the next one."""
    if least.size == 1:
        events = np.concatenate([least, *(moved[0] + before for moved, before in sides)])
        events = np.sort(events[np.isfinite(events) & (events >= least)])
        enough = np.flatnonzero(~over(events))
        i = int(enough[0]) if enough.size else events.size
        return events[[max(i - 1, 0)]], events[[i]] if i < events.size else np.array([np.inf])
    rows = np.arange(least.size)
    start, end, found = least, np.full(least.size, np.inf), []
    for moved, before in sides:
        m = moved.shape[1]
        at = np.full(least.size, -1)
        for step in _halves(m + 1):
            next_ = np.minimum(at + step, m - 1)
            here = np.maximum(moved[rows, next_] + before, least)
            finite = np.isfinite(here)
            at = np.where(finite & over(np.where(finite, here, least)), next_, at)
        start = np.maximum(start, np.where(at >= 0, moved[rows, at] + before, least))
        found.append((moved, before, at + 1))
    for moved, before, next_ in found:
        m = moved.shape[1]
        here = np.maximum(moved[rows, np.minimum(next_, m - 1)] + before, start)
        end = np.minimum(end, np.where(next_ < m, here, np.inf))
    return start, end


def _move_whole(block: _Block) -> tuple[Floats, Bools]:
    x, p = block.x, block.p
    there = p > 0
    low = np.zeros_like(x) if block.low is None else block.low
    most_in = np.full(x.shape, np.inf) if block.high is None else np.maximum(np.floor(_snap(block.high - x)), 0.0)
    most_out = np.maximum(np.floor(_snap(x - low)), 0.0)
    must_in = np.where(there, _ceil(np.maximum(low - x, 0.0)), 0.0)
    must_out = np.zeros_like(x) if block.high is None else np.where(there, _ceil(np.maximum(x - block.high, 0.0)), 0.0)
    change = np.zeros_like(x)
    nothing = x.sum(axis=1) == 0
    change[nothing] = np.nan
    stuck = np.asarray(((must_in > most_in) | (must_out > most_out)).any(axis=1) & ~nothing)
    forced = (must_in.sum(axis=1) + must_out.sum(axis=1)) > 0
    open_ = np.flatnonzero((forced | ~_within(block, change)) & ~nothing & ~stuck)
    if not open_.size:
        return change, stuck
    part = block.part(open_)
    xo, po = part.x, part.p
    in_low, in_high, out_low, out_high = must_in[open_], most_in[open_], must_out[open_], most_out[open_]
    # no whole answer moves less than the real one within the same bounds, widened to whole units
    base = xo + in_low - out_low
    ideal, none = _levelled(part, base, xo - out_high, xo + in_high, block.t)
    ideal = np.where(none[:, np.newaxis], 0.0, ideal)
    units_in = np.where(po > 0, np.clip(np.rint(ideal), in_low, in_high), 0.0)
    units_out = np.where(po > 0, np.clip(np.rint(-ideal), out_low, out_high), 0.0)
    least = np.ceil(np.maximum(ideal, 0.0).sum(axis=1) * (1 - 1e-12) - 1e-9)
    least = np.maximum(least, np.maximum(in_low.sum(axis=1), out_low.sum(axis=1)))
    # a school that must get may not give, and the other way round
    in_high = np.where(out_low > 0, 0.0, in_high)
    out_high = np.where(in_low > 0, 0.0, out_high)
    units_in, units_out = np.minimum(units_in, in_high), np.minimum(units_out, out_high)
    _settle(xo, po, units_in, in_low, in_high, least, sign=1)
    _settle(xo, po, units_out, out_low, out_high, least, sign=-1)
    failed = none | (units_in.sum(axis=1) != least) | (units_out.sum(axis=1) != least)
    change[open_] = units_in - units_out
    active = np.flatnonzero(~failed)
    while active.size:
        active = active[~_within(part.part(active), (units_in - units_out)[active])]
        if not active.size:
            break
        give, _ = _marginals(xo[active], po[active], units_in[active], in_low[active], in_high[active], 1)
        take, _ = _marginals(xo[active], po[active], units_out[active], out_low[active], out_high[active], -1)
        i, j = np.argmin(give, axis=1), np.argmin(take, axis=1)
        rows = np.arange(active.size)
        # once a unit gains nothing any more, more of them gain nothing either
        dead = ~(give[rows, i] + take[rows, j] < 0)
        failed[active[dead]] = True
        active, i, j = active[~dead], i[~dead], j[~dead]
        units_in[active, i] += 1
        units_out[active, j] += 1
    change[open_] = units_in - units_out
    stuck[open_[failed]] = True
    return change, stuck


# ------------------------------------------------------------------------------------- at different costs


def _cheapest(whole: bool) -> _Solver:
    def solve(block: _Block) -> tuple[Floats, Bools]:
        assert block.costs is not None
        out, stuck = _add_whole(block) if whole else _add_real(block)
        for g in np.flatnonzero(~stuck).tolist():
            there = block.p[g] > 0
            own = block.costs[g, there]
            if np.isnan(out[g]).any() or not out[g].any() or own.min() == own.max():
                continue
            one = block.part(np.array([g]))
            out[g] = _cheapest_whole(one, out[g]) if whole else _cheapest_real(one, out[g])
        return out, stuck

    return solve


def _cheapest_real(block: _Block, known: Floats) -> Floats:
    r"""Return the cheapest additions of one group when units cost differently at different schools.

    At the optimum :math:`X_i = R (\sqrt{1 + t^2} - c_i \nu)`, kept between what the school must have and may have,
    with R the root of the mean square of the values: two numbers, found one inside the other.
    """
    from scipy.optimize import brentq

    base, top = _box(block)
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
        t = _tightened(block.t, 8.0**step)
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
        if best is not None and _within(block, change)[0]:
            return np.asarray(change[0] if (change[0, there] * c).sum() < (known[there] * c).sum() else known)
    return known


def _cheapest_whole(block: _Block, known: Floats) -> Floats:
    """Return the cheapest whole additions of one group, by mixed-integer programming over the cone."""
    from junheng.indicators._conic import Cone, Program

    there = block.p[0] > 0
    x, p, c = block.x[0, there], block.p[0, there], block.costs[0, there]  # type: ignore[index]
    must = np.zeros_like(x) if block.low is None else _ceil(np.maximum(block.low[0, there] - x, 0.0))
    most = np.full(x.shape, np.inf) if block.high is None else np.floor(_snap(block.high[0, there] - x))
    # nothing dearer than the answer known is of interest
    dearest = float((known[there] * c).sum())
    most = np.maximum(np.minimum(most, np.floor(dearest / c * (1 + 1e-12))), must)
    n = x.size
    cone = Cone(x, p, np.arange(n), np.arange(n), np.ones(n), block.t)
    change = np.zeros_like(block.x)

    def passes(z: Floats) -> bool:
        change[0, there] = z
        return bool(_within(block, change)[0])

    found = Program(c, must, most, np.ones(n, dtype=bool), [cone]).solve(known[there], passes=passes)
    out = np.zeros_like(known)
    out[there] = known[there] if found.z is None else found.z
    return out
