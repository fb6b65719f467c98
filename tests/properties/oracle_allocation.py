"""What the least additions and transfers must be, derived apart from the library's way of finding them.

Whole ones: every placement there is, tried in turn. Real ones: the problem is convex, so that a lower bound proves an
answer. For any direction w with ‖w‖ ≤ 1 and any multiplier μ ≥ 0, weak duality says

    least cost  ≥  min over the box of  Σ c (y - x) + μ (Σ w y / √P - √((1 + t²) / N) Σ y),

a sum of one-school minima. Taken at the answer's own direction w = (y / √P) / ‖y / √P‖ and the best μ, the bound meets
the cost if and only if the answer is the best there is. No solver is needed; all is computed to fifty digits.

Arguments are lists of numbers, each the decimal it is written as; a bound of None is no bound. Schools without students
are left out beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from heapq import heapify, heapreplace
from itertools import combinations
from math import ceil, floor, inf, isfinite

import numpy as np

DIGITS = 50
Numbers = Sequence[float]


def typed(value: float) -> Fraction:
    """Return a float as the decimal it is written as, which is how the library reads a limit or a figure."""
    return value if isinstance(value, Fraction) else Fraction(repr(float(value)))


def exact(values: Numbers) -> list[Fraction]:
    """Return all of them so."""
    return [typed(v) for v in values]


def squared_ratio(amounts: Sequence[Fraction], students: Numbers) -> Fraction | None:
    """Return 1 + the squared difference coefficient of amounts per student, None where the mean is 0."""
    total = sum(amounts)
    if not total:
        return None
    squares = sum(Fraction(y) ** 2 / typed(p) for y, p in zip(amounts, students, strict=True))
    return sum(exact(students)) * squares / Fraction(total) ** 2


def passes(amounts: Sequence[Fraction], students: Numbers, limit: float) -> bool:
    """Tell whether the coefficient is at most the limit; where it is undefined it is not."""
    ratio = squared_ratio(amounts, students)
    return ratio is not None and ratio <= 1 + typed(limit) ** 2


#: Tells of amounts, students and a limit whether they pass.
Holds = Callable[[Sequence[Fraction], Numbers, float], bool]


# ---------------------------------------------------------------------------------------- what is allowed


def range_of_additions(
    x: Numbers, low: Numbers | None, high: Numbers | None, *, whole: bool = False
) -> list[tuple[Fraction, Fraction | None]]:
    """Return the least and the greatest each school may end with; whoever is above its highest stays there."""
    out = []
    for i, have in enumerate(exact(x)):
        least = have if low is None or low[i] == -inf else max(have, typed(low[i]))
        most = None if high is None or high[i] == inf else max(have, typed(high[i]))
        if whole:
            least = have + ceil(least - have)
            most = None if most is None else have + floor(most - have)
        out.append((least, most))
    return out


def range_of_transfers(
    x: Numbers, low: Numbers | None, high: Numbers | None, *, whole: bool = False
) -> list[tuple[Fraction, Fraction]]:
    """Return the least and the greatest each school may end with; never below nothing or above all."""
    total, out = sum(exact(x)), []
    for i, have in enumerate(exact(x)):
        least = Fraction(0) if low is None else typed(max(low[i], 0.0))
        most = total if high is None or high[i] == inf else min(total, typed(high[i]))
        if whole:
            least, most = have + ceil(least - have), have + floor(most - have)
        out.append((least, most))
    return out


def least_ratio(ranges: Sequence[tuple[Fraction, Fraction | None]], students: Numbers) -> Fraction:
    """Return the least squared ratio within the ranges.

    The best amounts are the students times one level, cut off at the ranges. Between two levels where someone is cut
    off, a ratio √(a + b L²) / (e + b L) has its only turning point at L = a / e.
    """
    p = exact(students)
    turns = sorted({bound / p[i] for i, r in enumerate(ranges) for bound in r if bound is not None})

    def at(level: Fraction) -> list[Fraction]:
        cut = [max(least, level * p[i]) for i, (least, _) in enumerate(ranges)]
        return [y if most is None else min(y, most) for y, (_, most) in zip(cut, ranges, strict=True)]

    levels = [*turns, *([turns[-1] * 2 + 1] if turns else [])]
    for start, end in zip([Fraction(0), *levels], [*levels, levels[-1] * 2 + 1], strict=True):
        inside, y = (start + end) / 2, at((start + end) / 2)
        held = [i for i in range(len(p)) if y[i] != inside * p[i]]
        if sum(y[i] for i in held):
            levels.append(sum(y[i] ** 2 / p[i] for i in held) / sum(y[i] for i in held))
    found = [squared_ratio(at(level), students) for level in levels]
    return min(r for r in found if r is not None)


def least_ratio_of_total(
    ranges: Sequence[tuple[Fraction, Fraction]], students: Numbers, total: Fraction
) -> Fraction | None:
    """Return the least squared ratio within the ranges when the total is kept; None where it cannot be."""
    if any(a > b for a, b in ranges) or not sum(a for a, _ in ranges) <= total <= sum(b for _, b in ranges):
        return None
    p = exact(students)

    def at(level: Fraction) -> list[Fraction]:
        return [min(max(a, level * w), b) for (a, b), w in zip(ranges, p, strict=True)]

    turns = sorted({bound / p[i] for i, r in enumerate(ranges) for bound in r})
    below = max((t for t in turns if sum(at(t)) <= total), default=turns[0])
    above = min((t for t in turns if sum(at(t)) >= total), default=turns[-1])
    span = sum(at(above)) - sum(at(below))
    level = below if not span else below + (above - below) * (total - sum(at(below))) / span
    return squared_ratio(at(level), students)


# ------------------------------------------------------------------------------------------- whole units


def _first_passing(
    placed: np.ndarray, cost: np.ndarray, x: Numbers, students: Numbers, limit: float, holds: Holds
) -> int | None:
    """Return the first row, in order of cost, that passes; floats sort the clear cases, fractions the close ones."""
    order = np.argsort(cost, kind="stable")
    w = np.asarray(students, dtype=float)
    for begin in range(0, order.size, 50_000):
        rows = order[begin : begin + 50_000]
        y = np.asarray(x, dtype=float) + placed[rows]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = w.sum() * (y**2 / w).sum(axis=1) / y.sum(axis=1) ** 2
        for k in np.flatnonzero(ratio <= (1 + limit**2) * (1 + 1e-9)):
            row = int(rows[k])
            if holds([a + int(b) for a, b in zip(exact(x), placed[row], strict=True)], students, limit):
                return row
    return None


def whole_additions(
    x: Numbers,
    students: Numbers,
    limit: float,
    low: Numbers | None = None,
    high: Numbers | None = None,
    costs: Numbers | None = None,
    *,
    budget: float,
    holds: Holds = passes,
) -> Fraction | None:
    """Return the least cost of whole additions that pass, None where nothing within the budget does."""
    c = [1.0] * len(x) if costs is None else list(costs)
    steps = []
    for have, (least, most), price in zip(exact(x), range_of_additions(x, low, high, whole=True), c, strict=True):
        end = int(budget / price) if most is None else min(int(budget / price), int(most - have))
        if most is not None and least > most:
            return None
        steps.append(np.arange(int(least - have), end + 1))
    placed = np.stack([g.ravel() for g in np.meshgrid(*steps, indexing="ij")], axis=1)
    cost = placed @ np.array(c)
    placed, cost = placed[cost <= budget], cost[cost <= budget]
    row = _first_passing(placed, cost, x, students, limit, holds)
    return None if row is None else sum(typed(p) * int(k) for p, k in zip(c, placed[row], strict=True))


def whole_transfers(
    x: Numbers,
    students: Numbers,
    limit: float,
    low: Numbers | None = None,
    high: Numbers | None = None,
    *,
    holds: Holds = passes,
) -> int | None:
    """Return the least number of whole units moved so that all pass, None where no way of moving them does."""
    ranges = range_of_transfers(x, low, high, whole=True)
    if any(a > b for a, b in ranges):
        return None
    steps = [np.arange(int(a - h), int(b - h) + 1) for h, (a, b) in zip(exact(x), ranges, strict=True)]
    placed = np.stack([g.ravel() for g in np.meshgrid(*steps[:-1], indexing="ij")], axis=1) if len(x) > 1 else None
    placed = np.zeros((1, 0), dtype=int) if placed is None else placed
    last = -placed.sum(axis=1)
    placed = np.column_stack([placed, last])[np.isin(last, steps[-1])]
    row = _first_passing(placed, np.abs(placed).sum(axis=1), x, students, limit, holds)
    return None if row is None else int(np.abs(placed[row]).sum()) // 2


def whole_additions_one_by_one(x: Numbers, students: Numbers, limit: float) -> int:
    """Return the same for more units than can be tried: each goes where it adds least to Σ y² / P.

    That sum is separable and convex, so for any number of units no other placement has a smaller one; the total is
    the same for all. The first number of units that passes is the least.
    """
    y, p = exact(x), exact(students)
    bound, whole, total = (1 + typed(limit) ** 2) / sum(p), sum(a * a / b for a, b in zip(y, p, strict=True)), sum(y)
    heap = [((2 * a + 1) / b, i) for i, (a, b) in enumerate(zip(y, p, strict=True))]
    heapify(heap)
    units = 0
    while not total or whole > bound * total**2:
        rise, i = heap[0]
        y[i], whole, total, units = y[i] + 1, whole + rise, total + 1, units + 1
        heapreplace(heap, ((2 * y[i] + 1) / p[i], i))
    return units


def whole_transfers_one_by_one(x: Numbers, students: Numbers, limit: float) -> int | None:
    """Return the same for transfers: each unit from where it takes most off the sum to where it adds least."""
    y, p = exact(x), exact(students)
    bound = (1 + typed(limit) ** 2) / sum(p) * sum(y) ** 2
    moved = 0
    while sum(a * a / b for a, b in zip(y, p, strict=True)) > bound:
        givers = [((2 * a - 1) / b, -i) for i, (a, b) in enumerate(zip(y, p, strict=True)) if a >= 1]
        fall, giver = max(givers, default=(Fraction(0), 0))
        rise, taker = min(((2 * a + 1) / b, i) for i, (a, b) in enumerate(zip(y, p, strict=True)))
        if rise >= fall:
            return None
        y[-giver], y[taker], moved = y[-giver] - 1, y[taker] + 1, moved + 1
    return moved


# ------------------------------------------------------------------------------------------ proof for reals


def _decimals(values: Sequence[Fraction | None]) -> list[Decimal]:
    return [Decimal("inf") if v is None else Decimal(v.numerator) / Decimal(v.denominator) for v in values]


def additions_bound(
    x: Numbers,
    ends: Numbers,
    students: Numbers,
    limit: float,
    low: Numbers | None = None,
    high: Numbers | None = None,
    costs: Numbers | None = None,
) -> tuple[Decimal, Decimal]:
    """Return the cost of ending with ``ends`` and a cost that no answer can be below."""
    with localcontext(prec=DIGITS):
        least, most = (_decimals(r) for r in zip(*range_of_additions(x, low, high), strict=True))
        have, y, p = (_decimals(exact(v)) for v in (x, ends, students))
        c = [Decimal(1)] * len(p) if costs is None else _decimals(exact(costs))
        cost = sum(a * (b - h) for a, b, h in zip(c, y, have, strict=True))
        # whoever got more than the whole cost would be dearer than this answer: so every range ends somewhere
        most = [max(a, min(b, h + cost / k)) for a, b, h, k in zip(least, most, have, c, strict=True)]
        norm = sum(a * a / b for a, b in zip(y, p, strict=True)).sqrt()
        slope = ((1 + _decimals(exact([limit]))[0] ** 2) / sum(p)).sqrt()
        pull = [slope - a / b / norm for a, b in zip(y, p, strict=True)]

        def bound(mu: Decimal) -> Decimal:
            rates = [k - mu * g for k, g in zip(c, pull, strict=True)]
            parts = zip(rates, least, most, c, have, strict=True)
            return sum(min(r * a, r * b) - k * h for r, a, b, k, h in parts)

        return cost, max(bound(mu) for mu in [Decimal(0), *(k / g for k, g in zip(c, pull, strict=True) if g > 0)])


def transfers_bound(
    x: Numbers,
    ends: Numbers,
    students: Numbers,
    limit: float,
    low: Numbers | None = None,
    high: Numbers | None = None,
) -> tuple[Decimal, Decimal]:
    """Return the amount moved in ending with ``ends`` and an amount that no answer can be below."""
    with localcontext(prec=DIGITS):
        least, most = (_decimals(r) for r in zip(*range_of_transfers(x, low, high), strict=True))
        have, y, p = (_decimals(exact(v)) for v in (x, ends, students))
        moved = sum(abs(a - b) for a, b in zip(y, have, strict=True)) / 2
        least = [min(max(a, h - moved), b) for a, b, h in zip(least, most, have, strict=True)]
        most = [max(min(b, h + moved), a) for a, b, h in zip(least, most, have, strict=True)]
        slope = ((1 + _decimals(exact([limit]))[0] ** 2) / sum(p)).sqrt()
        norm = sum(a * a / b for a, b in zip(y, p, strict=True)).sqrt()
        q = [a / b / norm for a, b in zip(y, p, strict=True)]
        half, total = Decimal("0.5"), sum(have)

        def bound(mu: Decimal, shift: Decimal) -> Decimal:
            out = -mu * slope * total
            for a, b, h, g in zip(least, most, have, q, strict=True):
                out += min(half * abs(v - h) + shift * (v - h) + mu * g * v for v in (a, b, min(max(a, h), b)))
            return out

        # the bound is concave and made of flat pieces: it is greatest where two of the lines shift + μ q = ±1/2 cross
        lines = [(g, side) for g in q for side in (half, -half)]
        pairs = [(i, j) for i, j in combinations(range(len(lines)), 2) if lines[i][0] != lines[j][0]]
        tries = [(Decimal(0), half), (Decimal(0), -half), (Decimal(0), Decimal(0))]
        if pairs:
            number = np.array([[float(g), float(side)] for g, side in lines])
            one, two = number[[i for i, _ in pairs]], number[[j for _, j in pairs]]
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                mu = (one[:, 1] - two[:, 1]) / (one[:, 0] - two[:, 0])
                shift = one[:, 1] - mu * one[:, 0]
                lo, hi, h, g = (np.array([float(v) for v in values]) for values in (least, most, have, q))
                rough = -mu * float(slope) * float(total)
                ends_of = np.stack([lo, hi, np.clip(h, lo, hi)])[:, None, :]
                rough = rough + (
                    0.5 * np.abs(ends_of - h) + shift[:, None] * (ends_of - h) + mu[:, None] * g * ends_of
                ).min(axis=0).sum(axis=1)
            rough[~(np.isfinite(rough) & (mu >= 0))] = -np.inf
            for k in np.argsort(rough)[-12:]:
                if isfinite(rough[k]):
                    (g1, s1), (g2, s2) = lines[pairs[k][0]], lines[pairs[k][1]]
                    m = (s1 - s2) / (g1 - g2)
                    tries.append((m, s1 - m * g1))
        return moved, max(bound(m, s) for m, s in tries if m >= 0)


# ------------------------------------------------------------------------------------------------- solvers


def solve_conic(
    x: Numbers, students: Numbers, limit: float, low: Numbers, high: Numbers, costs: Numbers | None
) -> np.ndarray:
    """Return the amounts to end with by Clarabel's interior-point method; transfers where ``costs`` is None.

    Variables are what is added and what is taken away (nothing, for additions). Raises ImportError without Clarabel.
    """
    import clarabel
    from scipy import sparse

    n = len(x)
    have, p = np.asarray(x, dtype=float), np.asarray(students, dtype=float)
    unit = have.sum() / n  # solvers want numbers near 1
    have, low, high = have / unit, np.asarray(low, float) / unit, np.asarray(high, float) / unit
    p = p / p.mean()
    signs = np.hstack([np.eye(n), -np.eye(n)]) if costs is None else np.eye(n)
    k = signs.shape[1]
    price = np.full(k, 0.5) if costs is None else np.asarray(costs, dtype=float)
    rows, rights, cones = [], [], []
    if costs is None:
        rows.append(signs.sum(axis=0)[None, :])
        rights.append(np.zeros(1))
        cones.append(clarabel.ZeroConeT(1))
    inequalities = [(-np.eye(k), np.zeros(k)), (-signs, have - low)]
    bounded = np.isfinite(high)
    inequalities.append((signs[bounded], (high - have)[bounded]))
    for a, b in inequalities:
        rows.append(a)
        rights.append(b)
    cones.append(clarabel.NonnegativeConeT(sum(len(b) for _, b in inequalities)))
    slope = np.sqrt((1 + limit**2) / p.sum())
    rows.append(-np.vstack([slope * signs.sum(axis=0), signs / np.sqrt(p)[:, None]]))
    rights.append(np.concatenate([[slope * have.sum()], have / np.sqrt(p)]))
    cones.append(clarabel.SecondOrderConeT(n + 1))
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    for name in ("tol_gap_abs", "tol_gap_rel", "tol_feas"):
        setattr(settings, name, 1e-11)
    a, zero = sparse.csc_matrix(np.vstack(rows)), sparse.csc_matrix((k, k))
    done = clarabel.DefaultSolver(zero, price, a, np.concatenate(rights), cones, settings).solve()
    assert "Solved" in str(done.status), done.status
    return (have + signs @ np.array(done.x)) * unit


def solve_slsqp(
    x: Numbers, students: Numbers, limit: float, low: Numbers, high: Numbers, costs: Numbers | None
) -> np.ndarray:
    """Return the same by scipy's SLSQP, which does not always get there."""
    from scipy.optimize import minimize

    n = len(x)
    have, p = np.asarray(x, dtype=float), np.asarray(students, dtype=float)
    unit = have.sum() / n
    have, low, high = have / unit, np.asarray(low, float) / unit, np.asarray(high, float) / unit
    p = p / p.mean()
    slope = np.sqrt((1 + limit**2) / p.sum())
    signs = np.hstack([np.eye(n), -np.eye(n)]) if costs is None else np.eye(n)
    price = np.full(signs.shape[1], 0.5) if costs is None else np.asarray(costs, dtype=float)
    price = price / price.mean()

    def room(d: np.ndarray) -> float:
        y = have + signs @ d
        return slope * y.sum() - np.sqrt((y**2 / p).sum())

    def room_slope(d: np.ndarray) -> np.ndarray:
        y = have + signs @ d
        return signs.T @ (slope - y / p / np.sqrt((y**2 / p).sum()))

    constraints = [{"type": "ineq", "fun": room, "jac": room_slope}]
    if costs is None:
        constraints.append({"type": "eq", "fun": lambda d: signs.sum(axis=0) @ d, "jac": lambda d: signs.sum(axis=0)})
        bounds = [(max(0.0, a - h), max(0.0, b - h)) for a, b, h in zip(low, high, have, strict=True)]
        bounds += [(max(0.0, h - b), max(0.0, h - a)) for a, b, h in zip(low, high, have, strict=True)]
    else:
        bounds = [(a - h, b - h) for a, b, h in zip(low, high, have, strict=True)]
    # the start: everyone drawn to the mean, or lifted to the top
    target = p * (have.sum() / p.sum() if costs is None else (have / p).max())
    change = np.clip(target, low, high) - have
    start = np.concatenate([np.maximum(change, 0), np.maximum(-change, 0)]) if costs is None else change
    done = minimize(
        lambda d: price @ d, start, jac=lambda d: price, bounds=bounds, constraints=constraints, method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-13},
    )  # fmt: skip
    return (have + signs @ done.x) * unit
