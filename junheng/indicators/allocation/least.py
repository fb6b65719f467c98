r"""Least additions or transfers that bring a difference coefficient within its limit.

Let :math:`X_i = x_i / P_i` be a school's value, P the students. "Coefficient ≤ t" is a convex cone, :math:`N \sum x_i^2
/ P_i \le (1 + t^2) (\sum x_i)^2`, so the least change has a closed form:

- **Additions** fill up from the bottom: every school that gains ends at one common level, and no other is below it. -
**Transfers** lower the top to one level and raise the bottom to another. - **Whole units** go, one after the other,
where :math:`(2 x_i + 1) / P_i` is least: Sainte-Laguë's divisor rule,
  which gives the least spread for every number of units.

Groups of similar size are stacked as matrices. In each, the breakpoints are sorted once, sums are cumulated, and the
quadratic of the right segment is solved.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import TypeAlias

import numpy as np

from junheng._arrays import Column, Columns, Floats, Labels, require_aligned
from junheng._deprecated import renamed
from junheng._progress import Progress
from junheng.indicators.allocation._batch import Solver
from junheng.indicators.allocation._task import Task
from junheng.indicators.allocation.costed_additions import add_at_costs
from junheng.indicators.allocation.real_additions import add_real
from junheng.indicators.allocation.real_transfers import move_real
from junheng.indicators.allocation.whole_additions import add_whole
from junheng.indicators.allocation.whole_transfers import move_whole

__all__ = ["additions_where_possible", "least_additions", "least_transfers"]


#: A limit, or one an indicator; a bound or cost of every amount, or one for all.
Limit: TypeAlias = float | Decimal | Column | Sequence[Decimal]
Bound: TypeAlias = float | Column | Columns | None


@renamed(unit_costs="costs")
def least_additions(
    amounts: Column | Columns,
    *,
    students: Column,
    limit: Limit,
    whole: bool = False,
    by: Labels | None = None,
    lowest: Bound = None,
    highest: Bound = None,
    costs: Bound = None,
    progress: Progress = None,
) -> Floats:
    r"""Return the least additions that bring the difference coefficient within a limit.

    The array :math:`a \ge 0` of least sum (with ``costs`` of least cost) for which the enrolment-weighted
    coefficient of :math:`(x_i + a_i) / P_i` is at most t in every group and column. Without costs, every school that
    gains ends at one common level, filled up from the bottom. The result is exact: it passes (checked in fractions
    where rounding could matter) and nothing less does.

    Parameters
    ----------
    amounts : (schools,) or (schools, indicators) array-like
        What each school has (teachers, square metres, yuan), not per student.
    students : (schools,) array-like
        Enrolment of each school. A school without students is ignored and gains nothing. Each group needs at least one
        school with students.
    limit : float or (indicators,) array-like
        The largest coefficient allowed.
    whole : bool
        Add whole units only, such as teachers or rooms. ``amounts`` may be fractional.
    by : (schools,) array-like, mapping or frame of such, optional
        Group of each school, such as its county. Groups are solved independently.
    lowest, highest : array-like like ``amounts``, or a number, optional
        Smallest and largest final amount of each school, such as its threshold times its students. A school that
        already exceeds ``highest`` gains nothing.
    costs : array-like like ``amounts``, or a number, optional
        Cost of a unit at each school, to minimise the total cost. Whole units at different costs are a mixed-integer
        problem (scipy's HiGHS) and slower.
    progress : bool or callable, optional
        Default: a progress bar on a terminal if tqdm is installed (the extra ``progress``). ``False``: none. A function
        is called with the amount done and the total.

    Returns
    -------
    ndarray
        In the shape of ``amounts``. NaN for a group and column with a missing amount or enrolment, and if all amounts
        are 0: the coefficient is undefined, and the least addition would be arbitrarily small. In whole units a least
        addition exists even then.

    Raises
    ------
    InputError
        If a limit is not positive, a group has no students, an amount is negative, a bound or cost is invalid, no
        change within the bounds passes, or there are more whole units than can be counted (2**53). All problems are
        listed.
    AlignmentError
        If lengths or indexes differ.

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
    task = Task.read(amounts, students, limit, by, lowest, highest)
    if costs is None:
        solver: Solver = add_whole if whole else add_real
    else:
        require_aligned(amounts=amounts, costs=costs)
        task, solver = task.with_costs(costs), partial(add_at_costs, whole=whole)
    return _solved(task, solver, "least additions", progress, whole, adds=True)


def least_transfers(
    amounts: Column | Columns,
    *,
    students: Column,
    limit: Limit,
    whole: bool = False,
    by: Labels | None = None,
    lowest: Bound = None,
    highest: Bound = None,
    progress: Progress = None,
) -> Floats:
    r"""Return the least transfers between schools that bring the difference coefficient within a limit.

    The array d of sum 0 in every group with the least :math:`\sum |d_i| / 2` for which the enrolment-weighted
    coefficient of :math:`(x_i + d_i) / P_i` is at most t: the top is lowered to one level, the bottom raised to
    another.

    Parameters
    ----------
    amounts : (schools,) or (schools, indicators) array-like
        What each school has (teachers, machines), not per student.
    students : (schools,) array-like
        Enrolment of each school. A school without students is ignored: it neither gives nor gains. Each group needs at
        least one school with students.
    limit : float or (indicators,) array-like
        The largest coefficient allowed.
    whole : bool
        Move whole units only.
    by : (schools,) array-like, mapping or frame of such, optional
        Group of each school; nothing moves between groups.
    lowest, highest : array-like like ``amounts``, or a number, optional
        Smallest and largest final amount of each school: a school at or below ``lowest`` gives nothing, and one below
        it is raised to it. Never below 0.
    progress : bool or callable, optional
        Default: a progress bar on a terminal if tqdm is installed (the extra ``progress``). ``False``: none. A function
        is called with the amount done and the total.

    Returns
    -------
    ndarray
        In the shape of ``amounts``: what each school gains, negative if it gives. NaN for a group and column with a
        missing figure, and if all amounts are 0.

    Raises
    ------
    InputError
        As :func:`least_additions`; also if whole units cannot be spread evenly enough.
    AlignmentError
        If lengths or indexes differ.

    Examples
    --------
    >>> import junheng as jh
    >>> books, students = [279, 137, 935, 160, 402], [45, 37, 89, 76, 55]
    >>> jh.least_transfers(books, students=students, limit=0.45, whole=True)
    array([  0.,   0., -49.,  49.,   0.])
    """
    task = Task.read(amounts, students, limit, by, lowest, highest)
    return _solved(task, move_whole if whole else move_real, "least transfers", progress, whole)


def _solved(task: Task, solver: Solver, label: str, progress: Progress, whole: bool, *, adds: bool = False) -> Floats:
    change, stuck = task.solve(solver, label, progress)
    task.refuse(stuck, whole, adds)
    return task.sample.give_rows(change)


def additions_where_possible(
    amounts: Floats, students: Floats, limits: Floats, highest: Floats | None = None, *, whole: bool = True
) -> Floats:
    """Return the least additions of one group for several limits, one column each; NaN if none were found.

    The search for whole units stops a little beyond the fractional solution.
    """
    many = np.repeat(amounts[:, np.newaxis], limits.size, axis=1)
    task = Task.read(many, students, limits, None, None, highest)
    solver: Solver = partial(add_whole, patience=30) if whole else add_real
    return task.sample.give_rows(task.solve(solver, "least additions", False)[0])
