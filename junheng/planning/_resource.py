r"""The cheapest additions of one resource that make its limited coefficients pass (private).

The coefficient of amounts :math:`y_i` at schools with :math:`P_i` students, N in total, is at most t if
:math:`N \sum y_i^2 / P_i \le (1 + t^2) (\sum y_i)^2`. If every unit has one stage, coefficients are independent and
:func:`least_additions` solves each exactly (:func:`fill`). A school that divides its resource between stages affects
several coefficients: its additions are proposed from those of each stage alone (:func:`apart`), the other schools are
filled, and the cheapest proposal is kept. Staff can also be moved within a stage (:func:`hire_and_move`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from attrs import frozen

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng.errors import InputError
from junheng.indicators.allocation import least_additions
from junheng.indicators.exact import typed_all, within
from junheng.planning._problem import Resource, Target
from junheng.words import Message, Name, message

__all__ = ["Given", "apart", "coefficient", "fill", "hire_and_move", "least", "passes", "raise_resource", "reaches"]


@frozen(eq=False)
class Given:
    """Additions of one resource, their cost, and the limit that cannot be met."""

    steps: Ints
    cost: float
    stuck: Message | None = None
    #: departures (negative) and arrivals by section; None if nobody moves
    moved: Ints | None = None


def coefficient(y: Floats, p: Floats) -> float:
    """Return the difference coefficient of amounts; NaN if their mean is 0."""
    n = p.sum()
    mean = y.sum() / n
    there = p > 0
    deviation = y[there] / p[there] - mean
    left = (deviation * p[there]).sum() / n
    square = (deviation * deviation * p[there]).sum() / n - left * left
    return float(math.sqrt(max(square, 0.0)) / mean) if mean > 0 else math.nan


def passes(y: Floats, p: Floats, limit: Decimal, exactly: Callable[[], list[Fraction]] | None = None) -> bool:
    """Return whether a coefficient is within its limit; near the limit, compare fractions (of ``exactly`` if given)."""
    cv, t = coefficient(y, p), float(limit)
    if not abs(cv - t) <= 1e-12 * max(t, 1.0):
        return cv <= t
    return within(typed_all(y) if exactly is None else exactly(), typed_all(p), Fraction(limit))


def reaches(resource: Resource, target: Target, z: Ints) -> bool:
    """Return whether a limited coefficient is within its limit after some steps."""
    return passes(resource.amounts(target, z), target.students, target.most, partial(resource.exactly, target, z))


def raise_resource(resource: Resource, low: Ints) -> Given:
    """Return the cheapest steps found, at least ``low``, that make the limited coefficients of a resource pass."""
    best = fill(resource, low)
    if resource.divided.any() and (best.stuck is not None or (best.steps != low).any()):
        for candidate in _shared(resource, low):
            other = fill(resource, candidate)
            if other.cost < best.cost:
                best = other
    return best


def fill(resource: Resource, low: Ints) -> Given:
    """Add to schools of one stage until the limited coefficients pass; schools that share keep their amounts."""
    z = low.astype(np.int64)
    for turn in range(3):
        again = False
        for target in resource.limited:
            if reaches(resource, target, z):
                continue
            unit, share = resource.unit[target.sections], resource.share[target.sections]
            y = resource.in_steps(target, z)
            limit = target.most
            if resource.step != 1 or turn:
                # whole numbers of steps can lie exactly on the limit; others need room for rounding
                steps = np.rint(y)
                if (share == 1).all() and (np.abs(y - steps) <= 1e-9 * np.maximum(1.0, steps)).all():
                    y = steps
                else:
                    limit = target.most * (1 - Decimal("1e-12"))
            cost = resource.cost[unit]
            got = least(y, target.students, limit, cost, resource.divided[unit] | np.isinf(cost), whole=True)
            if got is None:
                return Given(z, math.inf, _stays_over(resource, target))
            np.add.at(z, unit, got.astype(np.int64))
            again = True
        if not again:
            break
    return Given(z, resource.money(z))


def apart(resource: Resource, low: Ints) -> Iterator[tuple[Target, Floats, Floats]]:
    """Solve each stage as if it did not share its resource, which costs no more.

    Yields each target with the additions of its sections and their cost; additions are infinite if none suffice.
    """
    for target in resource.limited:
        cost = resource.cost[resource.unit[target.sections]]
        fixed = np.isinf(cost)
        y = resource.in_steps(target, low)
        whole = _even(cost[~fixed]) and not resource.divided.any()
        got = least(y, target.students, target.most, cost, fixed, whole=whole)
        if got is None:
            got = np.full(y.shape, np.inf)
        yield target, got, np.where(got > 0, np.where(fixed, 0.0, cost) * np.where(got > 0, got, 0.0), 0.0)


def _shared(resource: Resource, low: Ints) -> list[Ints]:
    """Propose additions for schools of several stages."""
    total, most = np.zeros(low.size), np.zeros(low.size)
    times = [0.5]
    for target, got, _ in apart(resource, low):
        unit, share = resource.unit[target.sections], resource.share[target.sections]
        if np.isnan(got).all():
            # nothing is there, so any level would do: the lowest at which every school has a step, and multiples of it
            got = target.students / (target.students / share).min()
            times = [0.5, 2, 4, 8]
        if not np.isfinite(got).all():
            continue
        np.add.at(total, unit, got)
        np.maximum.at(most, unit, got / share)
    proposed = (np.ceil(some - 1e-9) for some in (total, most, *(n * most for n in times)))
    return [low + np.where(resource.divided, some, 0).astype(np.int64) for some in proposed]


def least(y: Floats, students: Floats, limit: Any, cost: Floats, fixed: Any, *, whole: bool) -> Floats | None:
    """Return the least additions with some schools fixed, None if none suffice."""
    try:
        return np.asarray(
            least_additions(
                y,
                students=students,
                limit=[limit],
                whole=whole,
                highest=np.where(fixed, y, np.inf) if fixed.any() else None,
                costs=None if _even(cost[~fixed]) else np.where(fixed, 1.0, np.maximum(cost, 1e-12)),
                progress=False,
            )
        )
    except InputError:
        return None


def _even(cost: Floats) -> bool:
    """Return whether all costs are equal."""
    return bool(cost.size == 0 or cost.min() == cost.max())


def _stays_over(resource: Resource, target: Target) -> Message:
    stage = Name("stage", STAGES[target.stage])
    return message("planning.stays_over", column=Name("column", resource.column), stage=stage, limit=target.most)


def hire_and_move(
    resource: Resource, at: Ints, low: Ints, target: Target | None, spare: Ints, price: float, cap: int
) -> Given:
    """Return arrivals (hired or moved) and departures at the sections of one stage.

    Each number of moves is tried in decreasing order; :func:`least_additions` gives the arrivals it requires.
    """
    unit = resource.unit[at]
    must = low[unit]
    hire = float(resource.cost[unit][0])
    out = np.zeros(at.size, dtype=np.int64)
    best: tuple[float, Ints, Ints] | None = None
    students = np.ones(at.size) if target is None else target.students
    have = np.nan_to_num(resource.have[at]) if target is None else target.base
    for moves in range(cap + 1):
        if moves:
            left = np.where((must == 0) & (spare > out), (2 * (have - out) - 1) / students, -np.inf)
            giver = int(np.argmax(left))
            if not np.isfinite(left[giver]):
                break
            out[giver] += 1
        arrive = must.copy()
        if target is not None:
            try:
                got = least_additions(
                    have - out,
                    students=students,
                    limit=[target.most],
                    whole=True,
                    lowest=have - out + must,
                    progress=False,
                )
            except InputError:
                continue
            arrive = got.astype(np.int64)
        if target is not None and arrive.sum() < moves:
            # whoever leaves arrives: the rest go where they lift most
            for _ in range(moves - int(arrive.sum())):
                arrive[np.argmin((2 * (have - out + arrive) + 1) / students)] += 1
            if not passes(have - out + arrive, students, target.most):
                continue
        if arrive.sum() < moves:
            break
        hired = int(arrive.sum()) - moves
        # without a price nobody is hired, and nobody costs nothing
        cost = (hire * hired if hired else 0.0) + price * moves
        if best is None or cost < best[0]:
            best = (cost, arrive, out.copy())
        if arrive.sum() == moves:
            break
    if best is None:
        assert target is not None  # without a limit, what must be hired is enough
        return Given(must, math.inf, _stays_over(resource, target))
    cost, arrive, out = best
    return Given(arrive, float(cost), moved=-out)
