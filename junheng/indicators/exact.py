r"""Figures as typed, and comparisons in exact fractions.

Floats are binary, and most decimals have no exact binary form: 734.4 / 192 is exactly 3.825, but slightly less in
binary. If a value lies within :data:`NEAR` of a limit, the comparison is repeated in fractions of the figures as typed.
All other comparisons use floats.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "NEAR",
    "coefficient_sign",
    "mean_coefficient_sign",
    "near",
    "quotient_signs",
    "sign",
    "typed",
    "typed_all",
    "typed_decimal",
    "within",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: Relative distance to a limit within which a comparison is repeated in fractions: far more than the rounding error of
#: a value or coefficient, and small enough to be rare.
NEAR = 1e-11

#: A figure that was divided before it was typed (by ``split_stages``) is rounded to a float. Relative differences up to
#: this count as equal.
_ROUNDED = Fraction(1, 10**14)

#: Up to here every whole number is a float, so products below it are exact.
_WHOLE = 2.0**53


def typed_decimal(x: Any) -> Decimal:
    """Return a float as the decimal that was typed."""
    return Decimal(repr(float(x)))


def typed(x: Any) -> Fraction:
    """Return a float as a fraction of the decimal that was typed."""
    return Fraction(repr(float(x)))


def typed_all(values: Iterable[Any]) -> list[Fraction]:
    """Return floats as fractions of the decimals that were typed."""
    return [typed(x) for x in values]


def sign(x: Fraction) -> int:
    """Return -1, 0 or 1."""
    return (x > 0) - (x < 0)


def near(values: Floats, limits: Any) -> Ints:
    """Return the positions of values too near their limits to be compared in floats."""
    with np.errstate(invalid="ignore"):
        return np.flatnonzero(np.abs(values - limits) <= NEAR * np.abs(limits))


# ---------------------------------------------------------------------------------------------- quotients


def quotient_signs(
    top: Floats,
    bottom: Floats,
    keys: Floats,
    limit_of: Callable[[float], Fraction],
    plain: Bools,
    figures: Callable[[Ints], tuple[list[Fraction], list[Fraction]]],
    rounded: Bools | None = None,
) -> Ints:
    """Return the sign of ``top / bottom - limit`` for each pair, exactly.

    Parameters
    ----------
    top, bottom : arrays of float
        The two sides in floats; ``bottom`` is positive.
    keys, limit_of : array of float, callable
        The limit of a pair is ``limit_of`` its key.
    plain : array of bool
        Whether ``top`` and ``bottom``, if whole, are the figures as typed and can be compared directly.
    figures : callable
        Given positions, return both sides as fractions.
    rounded : array of bool, optional
        Whether the figures as typed are rounded quotients themselves.
    """
    unique, which = np.unique(keys, return_inverse=True)
    limits = [limit_of(k) for k in unique.tolist()]
    with np.errstate(over="ignore", invalid="ignore"):  # beyond floats: compared in fractions below
        left = top * np.array([float(x.denominator) for x in limits])[which]
        right = bottom * np.array([float(x.numerator) for x in limits])[which]
        out: Ints = np.sign(left - right).astype(np.int64)
    sure = plain & (top == np.floor(top)) & (bottom == np.floor(bottom))
    sure &= (np.abs(left) < _WHOLE) & (np.abs(right) < _WHOLE)
    rest = np.flatnonzero(~sure)
    if rest.size:
        for i, a, b in zip(rest.tolist(), *figures(rest), strict=True):
            soft = rounded is not None and bool(rounded[i])
            out[i] = _sign_against(partial(_quotient_sign, a, b), limits[which[i]], soft)
    return out


def _quotient_sign(top: Fraction, bottom: Fraction, limit: Fraction) -> int:
    return sign(top - limit * bottom)


def _sign_against(compare: Callable[[Fraction], int], limit: Fraction, rounded: bool) -> int:
    """Return the result of ``compare`` with a limit, or 0 if rounded figures are indistinguishable from it."""
    if rounded and compare(limit * (1 - _ROUNDED)) >= 0 >= compare(limit * (1 + _ROUNDED)):
        return 0
    return compare(limit)


# ------------------------------------------------------------------------------------------- coefficients


def _squared(amounts: Sequence[Fraction], students: Sequence[Fraction]) -> Fraction:
    r"""Return the square of a coefficient, :math:`P \sum x^2 / p \big/ (\sum x)^2 - 1`, over schools with students."""
    pairs = [(x, p) for x, p in zip(amounts, students, strict=True) if p]
    total = sum((x for x, _ in pairs), Fraction(0))
    squares = sum((x * x / p for x, p in pairs), Fraction(0))
    return sum((p for _, p in pairs), Fraction(0)) * squares / (total * total) - 1


def coefficient_sign(
    amounts: Sequence[Fraction], students: Sequence[Fraction], limit: Fraction, *, rounded: bool = False
) -> int:
    r"""Return the sign of a coefficient minus its limit; no root is taken.

    A coefficient is within ``limit`` = t where :math:`P \sum x^2 / p \le (1 + t^2) (\sum x)^2`.
    """
    square = _squared(amounts, students)
    return _sign_against(lambda t: sign(square - t * t), limit, rounded)


def within(amounts: Sequence[Fraction], students: Sequence[Fraction], limit: Fraction) -> bool:
    """Tell whether the coefficient of one group is within a limit; of nothing at all it is not defined."""
    return any(x for x, p in zip(amounts, students, strict=True) if p) and (
        coefficient_sign(amounts, students, limit) <= 0
    )


def mean_coefficient_sign(
    groups: Sequence[tuple[Sequence[Fraction], Sequence[Fraction]]], limit: Fraction, *, rounded: bool = False
) -> int:
    """Return the sign of the mean of some coefficients minus its limit; each group is amounts and students."""
    squares = [_squared(*group) for group in groups]
    return _sign_against(lambda t: _sign_of_roots(squares, t * len(squares)), limit, rounded)


def _sign_of_roots(squares: Sequence[Fraction], wanted: Fraction) -> int:
    """Return the sign of a sum of square roots minus a number."""
    roots = [Fraction(math.isqrt(s.numerator), math.isqrt(s.denominator)) for s in squares]
    if all(r * r == s for r, s in zip(roots, squares, strict=True)):
        return sign(sum(roots, Fraction(0)) - wanted)
    # roots of fractions, one of them irrational, never sum to a fraction: with enough digits they differ
    digits = 30
    while True:
        size = 10**digits
        low = sum(math.isqrt(s.numerator * size * size // s.denominator) for s in squares)
        if low >= wanted * size:
            return 1
        if low + len(squares) <= wanted * size:
            return -1
        digits *= 2
