"""What the measures of school finance and of international equity must be: their definitions, in fractions.

Undefined is None. Every function takes values, weights and a second figure of each school (order, wealth or place),
which most ignore.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import localcontext
from fractions import Fraction
from typing import Any

import oracle
from oracle import DIGITS, to_decimal

Figures = Sequence[float]
Schools = list[tuple[Fraction, Fraction, Any]]
Measure = Callable[..., Any]


def schools(values: Figures, weights: Figures | None, other: Sequence[Any] | None, *, signed: bool) -> Schools | None:
    """Return value, share of the weight and second figure of the schools with weight; None where undefined."""
    pairs = oracle._present(values, weights)
    if not pairs:
        return None
    total = sum(w for _, w in pairs)
    at = [i for i in range(len(values)) if weights is None or weights[i]]
    beside = [None if other is None else other[i] for i in at]
    if not signed and (any(x < 0 for x, _ in pairs) or not any(x for x, _ in pairs)):
        return None
    return [(x, w / total, z) for (x, w), z in zip(pairs, beside, strict=True)]


def defined(measure: Callable[[Schools], Any], *, signed: bool = False) -> Measure:
    def of(values: Figures, weights: Figures | None, other: Sequence[Any] | None = None) -> Any:
        there = schools(values, weights, other, signed=signed)
        return None if there is None else measure(there)

    return of


def mean(s: Schools) -> Fraction:
    return sum((p * x for x, p, _ in s), Fraction(0))


def quantile(s: Schools, share: str) -> Fraction:
    reached = Fraction(0)
    for x, p, _ in sorted(s, key=lambda school: school[0]):
        reached += p
        if reached >= Fraction(share):
            return x
    raise AssertionError


def half(s: Schools, *, lower: bool) -> Fraction | None:
    """What a half has, over what it would have at the median."""
    median = quantile(s, "0.5")
    if median == 0:
        return None
    part = [(x, p) for x, p, _ in s if (x <= median if lower else x >= median)]
    return sum(x * p for x, p in part) / (median * sum(p for _, p in part))


def between(s: Schools) -> Fraction:
    return quantile(s, "0.95") - quantile(s, "0.05")


def federal(s: Schools) -> Fraction | None:
    return between(s) / quantile(s, "0.05") if quantile(s, "0.05") else None


def adequacy(threshold: float) -> Callable[[Schools], Fraction]:
    return lambda s: sum((p * min(x / Fraction(threshold), Fraction(1)) for x, p, _ in s), Fraction(0))


def palma(s: Schools) -> Fraction | None:
    ordered = sorted((x, p) for x, p, _ in s)
    top, bottom = filled(ordered[::-1], Fraction(1, 10)), filled(ordered, Fraction(2, 5))
    return top / bottom if bottom else None


def filled(ordered: list[tuple[Fraction, Fraction]], share: Fraction) -> Fraction:
    held = Fraction(0)
    for x, p in ordered:
        taken = min(p, share)
        share, held = share - taken, held + taken * x
    return held


def parity(s: Schools, *, adjusted: bool) -> Fraction | None:
    """Mean of the schools of positive order over that of the others."""
    sides = [[(x, p) for x, p, z in s if (z > 0) == mine] for mine in (True, False)]
    if not all(sides):
        return None
    mine, other = (sum(x * p for x, p in side) / sum(p for _, p in side) for side in sides)
    if other <= 0 or mine < 0:
        return None
    return 2 - other / mine if adjusted and mine > other else mine / other


def slope(s: Schools) -> Fraction | None:
    """By the normal equations of a line through value and ridit, both as they are."""
    ridits = []
    for _, _, z in s:
        below = sum((p for _, p, y in s if y < z), Fraction(0))
        same = sum((p for _, p, y in s if y == z), Fraction(0))
        ridits.append(below + same / 2)
    r1 = sum((p * r for (_, p, _), r in zip(s, ridits, strict=True)), Fraction(0))
    r2 = sum((p * r * r for (_, p, _), r in zip(s, ridits, strict=True)), Fraction(0))
    xr = sum((p * x * r for (x, p, _), r in zip(s, ridits, strict=True)), Fraction(0))
    spread = r2 - r1 * r1
    return (xr - mean(s) * r1) / spread if spread else None


def relative(s: Schools, form: str) -> Fraction | None:
    steep, level = slope(s), mean(s)
    if steep is None:
        return None
    if form == "mean":
        return steep / level
    low, high = level - steep / 2, level + steep / 2
    return high / low if low > 0 and high >= 0 else None


def distance(s: Schools, point: Fraction, *, weighted: bool) -> Fraction:
    return sum(((p if weighted else Fraction(1, len(s))) * abs(x - point) for x, p, _ in s), Fraction(0))


def best(s: Schools, *, favourable: bool) -> Fraction:
    return (max if favourable else min)(x for x, _, _ in s)


def risk(s: Schools, *, favourable: bool, ordered: bool) -> Fraction:
    reference = best(s, favourable=favourable)
    if ordered:
        top = [(x, p) for x, p, z in s if z == max(y for _, _, y in s)]
        reference = sum(x * p for x, p in top) / sum(p for _, p in top)
    gain = reference - mean(s)
    return max(gain, Fraction(0)) if favourable else min(gain, Fraction(0))


def neutrality(s: Schools) -> tuple[Any, Any, Any]:
    """Correlation, slope and elasticity."""
    z = [(Fraction(y), p, None) for _, p, y in s]
    x_mean, z_mean = mean(s), mean(z)
    szz = sum((p * (y - z_mean) ** 2 for y, p, _ in z), Fraction(0))
    sxx = sum((p * (x - x_mean) ** 2 for x, p, _ in s), Fraction(0))
    sxz = sum((p * (x - x_mean) * (y - z_mean) for (x, p, _), (y, _, _) in zip(s, z, strict=True)), Fraction(0))
    if not szz:
        return None, None, None
    with localcontext(prec=DIGITS):
        r = to_decimal(sxz) / (to_decimal(sxx) * to_decimal(szz)).sqrt() if sxx else None
    return r, sxz / szz, sxz / szz * z_mean / x_mean if x_mean else None
