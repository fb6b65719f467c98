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
from typing import Any, NamedTuple

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints, as_floats, require_aligned
from junheng._progress import Progress, reporting
from junheng.errors import InputError
from junheng.indicators._grouped import Block, Sample, blocks, read_sample
from junheng.indicators.exact import typed_all, typed_decimal, within

__all__ = ["additions_where_possible", "least_additions", "least_transfers"]

Bools = NDArray[np.bool_]

#: Coefficients this near to a limit (relative) are compared again in fractions.
_NEAR = 1e-12
#: By how much a limit is widened to find what bounds leave at the limit itself; fractions then tell.
_LOOSE = 1 + 1e-12
#: Steps of Newton's method: two or three do; where rounding makes it wander there is no answer.
_STEPS = 100
#: Whole units beyond the first guess after which bounds are looked at: is it still possible? Again at each doubling.
_LOOK_UP = 32
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
    if unit_costs is None:
        return task.solve(_add_whole if whole else _add_real, "least additions", progress, whole=whole)
    require_aligned(amounts=amounts, unit_costs=unit_costs)
    costs = task.read_costs(unit_costs)
    return task.solve(_cheapest(whole), "least additions", progress, costs, whole=whole)


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
    return task.solve(_move_whole if whole else _move_real, "least transfers", progress, whole=whole)


def additions_where_possible(
    amounts: Floats, students: Floats, limits: Floats, highest: Floats | None = None, *, whole: bool = True
) -> Floats:
    """Return the least additions of one group for several limits, a column each; NaN where none were found.

    Whole units are not looked for far beyond the real answer, as where a handful of students makes them hard to fit.
    """
    many = np.repeat(amounts[:, np.newaxis], limits.size, axis=1)
    task = _Task.read(many, students, limits, None, None, highest)
    solver: _Solver = partial(_add_whole, patience=30) if whole else _add_real
    return task.solve(solver, "least additions", False, whole=whole, refuse=False)


# ------------------------------------------------------------------------------------------ the arguments


class _Block(NamedTuple):
    """Groups of like size and one amount: matrices (groups, schools).

    Fillers and schools without students have nothing and the weight 0: they add nothing to any sum.
    """

    x: Floats
    p: Floats
    #: What amounts are divided by: students, 1 where there are none.
    per: Floats
    #: Students of each group, (groups, 1).
    n: Floats
    low: Floats | None
    high: Floats | None
    costs: Floats | None
    t: float
    #: The limit as typed.
    exact: str

    def part(self, which: Ints) -> _Block:
        """Return some of the groups, named in rising order."""
        if which.size == self.x.shape[0]:
            return self
        low, high, costs = (_some(a, which) for a in (self.low, self.high, self.costs))
        x, p, n = self.x[which], self.p[which], self.n[which]
        per = p if self.per is self.p else self.per[which]
        return _Block(x, p, per, n, low, high, costs, self.t, self.exact)

    def by_rank(self, values: Floats) -> Floats:
        """Return values with whoever is absent at the top, so that the sums of the others are the same to the bit."""
        if self.per is self.p:
            return values
        return np.where(self.p > 0, values, values.max(axis=1, keepdims=True))


def _some(a: Floats | None, which: Ints) -> Floats | None:
    return a if a is None or which.size == a.shape[0] else a[which]


#: Gives the change of every cell, and the groups for which there is none.
_Solver = Callable[[_Block], tuple[Floats, Bools]]


class _Laid(NamedTuple):
    """How the columns of a table are laid out as a block, and taken back; where nobody is missing there is no mask."""

    block: Block
    p: Floats
    per: Floats
    n: Floats
    absent: Bools | None
    #: Cells that are no fillers, and groups with an unknown enrolment.
    real: Ints
    unknown: Bools | None

    @classmethod
    def of(cls, block: Block, sample: Sample) -> _Laid:
        p = per = block.weights
        absent = unknown = None
        real = block.rows
        there = p > 0.0
        if np.count_nonzero(there) < there.size:
            absent = ~there
            p = np.where(absent, 0.0, p)
            per = np.where(absent, 1.0, p)
            unknown = np.asarray(np.isnan(block.weights).any(axis=1))
            sizes = np.diff(sample.groups.starts)[block.groups]
            real = np.flatnonzero(np.arange(p.shape[1]) < sizes[:, np.newaxis])
        return cls(block, p, per, np.add.reduce(p, 1, keepdims=True), absent, real, unknown)

    def lay(self, column: Floats, empty: float = 0.0) -> Floats:
        """Return the cells of a column, ``empty`` where nobody is."""
        cells = column[self.block.rows]
        return cells if self.absent is None else np.where(self.absent, empty, cells)

    def cells(self, columns: list[Floats] | None, j: int, empty: float = 0.0) -> Floats | None:
        return None if columns is None else self.lay(columns[j], empty)

    def solve(self, one: _Block, solver: _Solver) -> tuple[Floats, Ints]:
        """Return the change of every cell, NaN where a group has a gap or no answer, and which have none."""
        gap = np.isnan(np.add.reduce(one.x, 1))
        if self.unknown is not None:
            gap |= self.unknown
        if np.count_nonzero(gap):
            known = np.flatnonzero(~gap)
            change, stuck = np.full(one.x.shape, np.nan), known
            if known.size:
                change[known], none = solver(one.part(known))
                stuck = known[none]
        else:
            change, none = solver(one)
            stuck = none.nonzero()[0]
        change[stuck] = np.nan
        return change, stuck

    def put(self, change: Floats, out: Floats) -> None:
        """Write a change where the schools stand in the table; where nobody is, nothing is given."""
        if self.absent is None:
            out[self.block.rows] = change
        else:
            change[self.block.weights == 0] = 0.0
            out[self.block.rows.take(self.real)] = change.take(self.real)


@frozen(eq=False)
class _Task:
    """What both problems are given, read and checked."""

    sample: Sample
    limits: tuple[tuple[float, str], ...]
    low: list[Floats] | None
    high: list[Floats] | None

    @classmethod
    def read(cls, amounts: Any, students: Any, limit: Any, by: Any, lowest: Any, highest: Any) -> _Task:
        if students is None:
            raise InputError("students must be given: a difference coefficient is weighted by enrolment")
        if lowest is not None or highest is not None:  # amounts and students are compared below
            require_aligned(amounts=amounts, students=students, lowest=lowest, highest=highest)
        sample = read_sample(amounts, students, by, names=("amounts", "students"))
        problems: list[str] = []
        limits = _limits(limit, len(sample.columns), problems)
        low = _spread(lowest, "lowest", sample)
        high = _spread(highest, "highest", sample)
        task = cls(sample, limits, low, high)
        weights = sample.weight_array()
        if np.count_nonzero(weights) < weights.size:
            # an unknown enrolment is a gap, none at all an impossible demand
            there = np.bincount(sample.groups.codes, weights=weights != 0, minlength=sample.groups.n)
            for g in np.flatnonzero(there == 0).tolist():
                problems.append(
                    f"{task.group_name(g)}: no school has students, so there is no coefficient to bring down"
                )
        for j, column in enumerate(sample.columns):
            _point(
                problems,
                (column < 0) | np.isinf(column),
                task,
                j,
                "the amount is {:g}; amounts are not negative",
                column,
            )
            # a bound made of a gap is a gap too, and needs no complaint of its own
            known = None if low is None and high is None else ~np.isnan(column) & ~np.isnan(weights)
            if low is not None:
                _point(problems, np.isnan(low[j]) & known, task, j, "lowest is missing", low[j])
                _point(problems, low[j] == np.inf, task, j, "lowest is infinite", low[j])
            if high is not None:
                _point(problems, np.isnan(high[j]) & known, task, j, "highest is missing", high[j])
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
        if labels is None:
            return "the schools"
        label = labels[group]
        return f"group {label.item() if isinstance(label, np.generic) else label!r}"

    def solve(
        self,
        solver: _Solver,
        label: str,
        progress: Progress,
        costs: list[Floats] | None = None,
        *,
        whole: bool,
        refuse: bool = True,
    ) -> Floats:
        s = self.sample
        out = [np.zeros(s.rows) for _ in s.columns]
        stuck: list[str] = []
        with np.errstate(all="ignore"), reporting(s.rows * len(s.columns), label, progress) as report:
            done = 0
            for block in blocks(s.groups, s.weights):
                laid = _Laid.of(block, s)
                for j, column in enumerate(s.columns):
                    low = laid.cells(self.low, j)
                    one = _Block(
                        x=laid.lay(column),
                        p=laid.p,
                        per=laid.per,
                        n=laid.n,
                        low=None if low is None else np.maximum(low, 0.0),
                        high=laid.cells(self.high, j),
                        costs=laid.cells(costs, j, 1.0),
                        t=self.limits[j][0],
                        exact=self.limits[j][1],
                    )
                    change, none = laid.solve(one, solver)
                    laid.put(change, out[j])
                    stuck += [self._stuck(g, j, whole) for g in block.groups[none].tolist()]
                    done += block.rows.size
                    report(min(done, s.rows * len(s.columns)))
        if refuse:
            _refuse(stuck)
        return s.give_rows(out)

    def _stuck(self, group: int, column: int, whole: bool) -> str:
        s = self.sample
        name = "" if s.flat else f", column {s.names[column] if s.names else column!r}"
        bounds = " and ".join(n for n, b in (("lowest", self.low), ("highest", self.high)) if b is not None)
        why = "in whole units" if whole else "that floating-point numbers can hold"
        why = f"within the bounds ({bounds})" if bounds else why
        return f"{self.group_name(group)}{name}: no change {why} brings the coefficient to {self.limits[column][0]:g}"


def _limits(limit: Any, k: int, problems: list[str]) -> tuple[tuple[float, str], ...]:
    """Return the limit of every column, as a number and as it was typed."""
    if isinstance(limit, Decimal):
        limit = [limit]
    texts = [str(v) for v in limit] if isinstance(limit, (list, tuple)) else None
    if isinstance(limit, float):
        values = [float(limit)]
    else:
        array = np.atleast_1d(as_floats(np.array([float(v) for v in limit]) if texts is not None else limit, "limit"))
        if array.ndim != 1 or array.size not in (1, k):
            said = f"one number, or one for each of the {k} indicators, not of shape {array.shape}"
            raise InputError(f"limit must be {said}")
        values = array.tolist()
    for i, t in enumerate(values):
        if not (t > 0 and math.isfinite(t)):
            which = f" of column {i}" if len(values) > 1 else ""
            problems.append(f"the limit{which} is {t:g}; it must be above 0")
    if problems:
        return ((1.0, "1"),) * k
    pairs = list(zip(values, texts if texts is not None else map(repr, values), strict=True))
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
    for i in wrong.nonzero()[0].tolist():
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


class _Look(NamedTuple):
    """Groups as they stand: values about their mean, the mean (groups, 1), their squares, the coefficient."""

    values: Floats
    mean: Floats
    squares: Floats
    cv: Floats

    @classmethod
    def at(cls, y: Floats, block: _Block) -> _Look:
        # what rounding leaves in the mean is far below what a limit is tightened by
        mean = np.add.reduce(y, 1, keepdims=True) / block.n
        v = y / block.per
        v -= mean
        w = v * block.p
        w *= v
        squares = np.add.reduce(w, 1)
        return cls(v, mean, squares, np.sqrt(squares / block.n[:, 0]) / mean[:, 0])

    def part(self, which: Ints) -> _Look:
        """Return some of the groups, named in rising order."""
        return self if which.size == self.cv.size else _Look(*[a[which] for a in self])


def _within(block: _Block, change: Floats, look: _Look | None = None) -> Bools:
    """Tell which groups pass after a change: in floats, and in fractions where those cannot tell."""
    cv = (_Look.at(block.x + change, block) if look is None else look).cv
    # below by more than the rounding of the coefficient itself is below
    out = np.asarray(cv <= _tightened(block.t, 0.3))
    if np.count_nonzero(out) == out.size:
        return out
    near = (cv <= block.t + _NEAR * max(block.t, 1.0)) & ~out
    for g in near.nonzero()[0].tolist():
        there = block.p[g] > 0
        after = [
            float(typed_decimal(a) + typed_decimal(c)) for a, c in zip(block.x[g, there], change[g, there], strict=True)
        ]
        out[g] = within(typed_all(after), typed_all(block.p[g, there]), Fraction(block.exact))
    return out


def _tightened(t: float, by: float) -> float:
    """Return a limit a hair lower; by 1 it is out of reach of the rounding of a coefficient of that size."""
    return t * max(1 - 4e-15 * (1 + 1 / t) * by, 0.5)


# ----------------------------------------------------------------------------------------- additions


def _box(block: _Block) -> tuple[Floats, Floats | None]:
    """Return where each school starts once it has what it must, and what it may have at most."""
    base = block.x if block.low is None else np.maximum(block.x, block.low)
    return base, None if block.high is None else np.maximum(block.high, base)


def _add_real(block: _Block) -> tuple[Floats, Bools]:
    base = _box(block)[0]
    change = base - block.x
    now = _Look.at(base, block)
    nothing = now.mean[:, 0] == 0.0
    if np.count_nonzero(nothing):
        change[nothing] = np.nan
    open_ = (~(_within(block, change, now) | nothing)).nonzero()[0]

    def fill(part: _Block, then: _Look, start: Floats, t: float, *, edge: bool) -> tuple[Floats, Bools]:
        bound = _box(part)[1]
        level, none = _fill_level(part, then, bound, t)
        if edge:
            level, none = level * (1 + 1e-10), np.zeros(level.shape, dtype=bool)
        return _raised(part, start, bound, level), none

    return change, _until_within(block, now, base, change, open_, fill)


def _until_within(
    block: _Block, now: _Look, base: Floats, change: Floats, open_: Ints, solve: Callable[..., tuple[Floats, Bools]]
) -> Bools:
    """Write the change of the open groups, and return which have none.

    Rounding may leave a coefficient a hair over its limit: then the limit is lowered by a little more each time.
    """
    stuck = np.zeros(block.x.shape[0], dtype=bool)
    for step in range(6):
        if not open_.size:
            break
        part, then, start = block.part(open_), now.part(open_), base[open_]
        new, none = solve(part, then, start, _tightened(block.t, 8.0**step), edge=False)
        if np.count_nonzero(none):
            if step == 0:  # bounds may leave just the limit itself
                edge = np.flatnonzero(none)
                few = part.part(edge)
                new[edge], unable = solve(few, then.part(edge), start[edge], _LOOSE * block.t, edge=True)
                none[edge] = unable | ~_within(few, new[edge])
            stuck[open_[none]] = True
        change[open_] = new
        open_ = open_[~(none | _within(part, new))]
    else:
        stuck[open_] = True
    return stuck


def _raised(block: _Block, base: Floats, top: Floats | None, level: Floats) -> Floats:
    end = level[:, np.newaxis] * block.p
    np.maximum(end, base, out=end)
    if top is not None:
        np.minimum(end, top, out=end)
    end -= block.x
    return end


def _fill_level(block: _Block, now: _Look, top: Floats | None, t: float) -> tuple[Floats, Bools]:
    """Return the level to fill up to, and the groups that pass at none.

    Between two breakpoints (a school starts to rise, or reaches its bound) R students rise at a level l, while the
    rest has the amount F and the squares S; all about the mean c, so that nothing is lost where values are alike. The
    coefficient is within t where N (S + R l²) - (F + R l)² - t² (F + R l + c N)² <= 0. This falls until the level is
    1 + t² times the mean of all, and rises from there on: the first breakpoint where it is not above 0, or has turned,
    ends the segment of the root.
    """
    p, n, c = block.p, block.n, now.mean
    if top is None:
        at, w = _in_order(block.by_rank(now.values), p)
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
        level, rise, fixed, squares = _in_order(
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


def _in_order(keys: Floats, *more: Floats, kind: Any = None) -> list[Floats]:
    """Return the keys of each row in rising order, and what goes with them."""
    order = keys.argsort(axis=-1, kind=kind)
    if order.size > order.shape[-1]:
        order += np.arange(0, order.size, order.shape[-1]).reshape(*order.shape[:-1], 1)
    return [a.take(order) for a in (keys, *more)]


def _from_end(terms: Floats) -> Floats:
    """Sum each place and what comes after it, from the end, so that the last sums are exact."""
    return np.add.accumulate(terms[:, ::-1], 1)[:, ::-1]


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
    base, top = part.x + must[open_], None if block.high is None else part.x + most[open_]
    nothing = base.sum(axis=1) == 0
    level, none = _fill_level(part, _Look.at(base, part), top, block.t)
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
        if block.high is not None and steps >= _LOOK_UP and steps & (steps - 1) == 0:
            beyond = _too_many(block.part(open_), must[open_], most[open_], units[open_])
            failed[open_[beyond]] = True
            open_ = open_[~beyond]
            if not open_.size:
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


def _too_many(block: _Block, must: Floats, most: Floats, units: Floats) -> Bools:
    """Tell where so many units do not pass even if they could be cut as finely as one likes: then no more of them do.

    Who may have no more falls behind while the others rise. The totals that pass are an interval (a cone cut by a box),
    and whole units are placed from its lower end on.
    """
    base, top = block.x + must, block.x + most
    total = np.add.reduce(block.x + units, 1)
    low, high = np.zeros(total.size), total / np.min(np.where(block.p > 0, block.p, np.inf), axis=1)
    for _ in range(100):
        middle = (low + high) / 2
        short = np.add.reduce(np.clip(middle[:, np.newaxis] * block.p, base, top), 1) < total
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    cv = _Look.at(np.clip(high[:, np.newaxis] * block.p, base, top), block).cv
    return np.asarray(cv > block.t * (1 + 1e-9))


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


def _move_real(block: _Block) -> tuple[Floats, Bools]:
    x, low, high = block.x, block.low, block.high
    now = _Look.at(x, block)
    change = np.zeros(x.shape)
    nothing = now.mean[:, 0] == 0.0
    if np.count_nonzero(nothing):
        change[nothing] = np.nan
    rest = _within(block, change, now)
    base = x
    if low is not None or high is not None:
        # where each school stands after what the bounds force
        base = np.clip(x, low, high)
        rest &= (base == x).all(axis=1)
    open_ = (~(rest | nothing)).nonzero()[0]

    def level(part: _Block, then: _Look, start: Floats, t: float, *, edge: bool) -> tuple[Floats, Bools]:
        return _levelled(part, then, start, part.low, part.high, t)

    return change, _until_within(block, now, base, change, open_, level)


class _Sides(NamedTuple):
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
    def of(cls, v: Floats, stop: Floats | None, p: Floats) -> _Sides:
        """Cumulate what moving the levels takes; v and stop are levels, stops infinite where there are none."""
        if stop is None:  # one order, read from both ends
            level, rise = np.empty((2, *v.shape)), np.empty((2, *v.shape))
            level[0], rise[0] = _in_order(v, p)
            np.negative(level[0, :, ::-1], out=level[1])
            rise[1] = rise[0, :, ::-1]
        else:
            starts, both = np.stack([v, -v]), np.concatenate([p, -p], axis=1)
            level, rise = _in_order(np.concatenate([starts, stop], axis=2), np.stack([both, both]), kind="stable")
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

    def at(self, moved: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
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


def _levelled(
    block: _Block, now: _Look, base: Floats, low: Floats | None, high: Floats | None, t: float
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
        sides, squares = _Sides.of(block.by_rank(now.values), None, p), now.squares
        alike = np.add.reduce(np.abs(now.values) * p, 1) / 2
        moved, most = alike * (1 - (t / now.cv) ** (2 / 3)), total
    else:
        v, stop = block.by_rank(base / block.per - c), np.full((2, *x.shape), np.inf)
        if high is not None:
            stop[0] = high / block.per - c
        if low is not None:
            stop[1] = c - low / block.per
        sides, squares = _Sides.of(v, stop, p), np.add.reduce(p * v * v, 1)
        # both sides have to have moved the same, what the bounds force included
        forced = np.stack([np.maximum(base - x, 0.0), np.maximum(x - base, 0.0)]).sum(axis=2)
        for a in (sides.since, sides.until):
            a += forced[..., np.newaxis]
        moved, most = forced.max(axis=0), np.minimum(sides.since[..., -1].min(axis=0), total)
    wanted = t * total / np.sqrt(n)
    limit = wanted * wanted
    guessed = free
    for _ in range(_STEPS):
        level, pace, gone, begin, end = sides.at(moved)
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
    lowest, highest = None if part.low is None else xo - out_high, None if part.high is None else xo + in_high
    ideal, none = _levelled(part, _Look.at(xo, part), base, lowest, highest, block.t)
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
    from junheng.planning.allocation.cones import Cone, Program

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
