"""What the measures of inequality must be: their definitions, sums over all pairs, in fractions and sixty digits.

Undefined is None. Nothing here is clever: the library's formulas are, and are held against these.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction

import oracle
from oracle import DIGITS, _present, to_decimal

Values = Sequence[float]
Weights = Sequence[float] | None


def _shares(values: Values, weights: Weights, lowest: int | None = 0):
    """Return shares of the weight and values in units of the mean, None where the measure is undefined."""
    pairs = _present(values, weights)
    if not pairs or (lowest is not None and any(x < lowest for x, _ in pairs)):
        return None
    mean = oracle.weighted_mean(values, weights)
    if mean is None or mean <= 0:
        return None
    total = sum(w for _, w in pairs)
    return [(w / total, x / mean) for x, w in pairs]


def gini(values: Values, weights: Weights) -> Fraction | None:
    shares = _shares(values, weights)
    return shares and sum(p * q * abs(x - y) for p, x in shares for q, y in shares) / 2


def hoover(values: Values, weights: Weights) -> Fraction | None:
    shares = _shares(values, weights)
    return shares and sum(p * abs(x - 1) for p, x in shares) / 2


def entropy(alpha: float):
    def measure(values: Values, weights: Weights) -> Decimal | None:
        shares = _shares(values, weights)
        if not shares or (alpha <= 0 and any(x == 0 for _, x in shares)):
            return None
        with localcontext(prec=DIGITS):
            a = Decimal(alpha)
            terms = [(to_decimal(p), to_decimal(x)) for p, x in shares]
            if alpha == 0:
                return sum(-p * x.ln() for p, x in terms)
            if alpha == 1:
                return sum(p * x * x.ln() for p, x in terms if x)
            return (sum(p * x**a for p, x in terms if x) - 1) / (a * (a - 1))

    return measure


def atkinson(epsilon: float):
    def measure(values: Values, weights: Weights) -> Decimal | None:
        shares = _shares(values, weights)
        if not shares:
            return None
        with localcontext(prec=DIGITS):
            a = 1 - Decimal(epsilon)
            terms = [(to_decimal(p), to_decimal(x)) for p, x in shares]
            if a <= 0 and any(x == 0 for _, x in terms):
                return Decimal(1)
            if a == 0:
                return 1 - sum(p * x.ln() for p, x in terms).exp()
            return 1 - sum(p * x**a for p, x in terms if x) ** (1 / a)

    return measure


def log_variance(values: Values, weights: Weights) -> Decimal | None:
    shares = _shares(values, weights)
    if not shares or any(x == 0 for _, x in shares):
        return None
    with localcontext(prec=DIGITS):
        logs = [(to_decimal(p), to_decimal(x).ln()) for p, x in shares]
        mean = sum(p * y for p, y in logs)
        return sum(p * (y - mean) ** 2 for p, y in logs)


def _ordered(values: Values, weights: Weights):
    shares = _shares(values, weights)
    return shares and sorted(((x, p) for p, x in shares))


def quantile_ratio(upper: str, lower: str):
    def measure(values: Values, weights: Weights) -> Fraction | None:
        ordered = _ordered(values, weights)
        if not ordered:
            return None
        found = []
        for q in (upper, lower):
            reached = Fraction(0)
            for x, p in ordered:
                reached += p
                if reached >= Fraction(q):
                    found.append(x)
                    break
        return found[0] / found[1] if found[1] else None

    return measure


def range_ratio(values: Values, weights: Weights) -> Fraction | None:
    ordered = _ordered(values, weights)
    return ordered[-1][0] / ordered[0][0] if ordered and ordered[0][0] else None


def share_of_bottom(share: float):
    def measure(values: Values, weights: Weights) -> Fraction | None:
        return _filled(_ordered(values, weights), share)

    return measure


def share_of_top(share: float):
    def measure(values: Values, weights: Weights) -> Fraction | None:
        ordered = _ordered(values, weights)
        return _filled(ordered and ordered[::-1], share)

    return measure


def _filled(ordered, share: float) -> Fraction | None:
    if not ordered:
        return None
    room, held = Fraction(share), Fraction(0)
    for x, p in ordered:
        taken = min(p, room)
        room, held = room - taken, held + taken * x
    return held


def concentration_index(values: Values, weights: Weights, rank: Values) -> Fraction | None:
    """Twice the weighted covariance with the mid-rank, by all pairs."""
    shares = _shares(values, weights)
    if not shares:
        return None
    there = [r for r, w in zip(rank, weights if weights is not None else [1] * len(values), strict=True) if w]
    out = Fraction(0)
    for (p, x), r in zip(shares, there, strict=True):
        below = sum((q for (q, _), s in zip(shares, there, strict=True) if s < r), Fraction(0))
        same = sum((q for (q, _), s in zip(shares, there, strict=True) if s == r), Fraction(0))
        out += p * x * (2 * below + same - 1)
    return out
