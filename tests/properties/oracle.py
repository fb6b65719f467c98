"""What the numbers must be: the formulas as they stand in the rules, in exact fractions, roots to sixty digits.

Undefined is None: a school with students has no value, nobody is there, or (for the coefficient) the mean is 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction

DIGITS = 60
TOLERANCE = Decimal("1e-12")


def weighted_mean(values: Sequence[float], weights: Sequence[float] | None) -> Fraction | None:
    """Sum of w x over sum of w."""
    pairs = _present(values, weights)
    total = sum((w for _, w in pairs), Fraction(0)) if pairs else None
    return sum((w * x for x, w in pairs), Fraction(0)) / total if total else None


def weighted_std(values: Sequence[float], weights: Sequence[float] | None) -> Decimal | None:
    """Root of the sum of w (x - mean)² over sum of w."""
    mean = weighted_mean(values, weights)
    if mean is None:
        return None
    pairs = _present(values, weights)
    variance = sum(w * (x - mean) ** 2 for x, w in pairs) / sum(w for _, w in pairs)
    with localcontext(prec=DIGITS):
        return to_decimal(variance).sqrt()


def difference_coefficient(values: Sequence[float], weights: Sequence[float] | None) -> Decimal | None:
    """Deviation over the size of the mean."""
    mean, std = weighted_mean(values, weights), weighted_std(values, weights)
    if mean is None or std is None or mean == 0:
        return None
    with localcontext(prec=DIGITS):
        return std / abs(to_decimal(mean))


def grouped(
    measure: Callable, values: Sequence[float], weights: Sequence[float] | None, by: Sequence[Hashable]
) -> dict:
    """Return the measure of each group, groups in sorted order."""
    out = {}
    for label in sorted(set(by)):
        at = [i for i, b in enumerate(by) if b == label]
        out[label] = measure([values[i] for i in at], None if weights is None else [weights[i] for i in at])
    return out


def composite(coefficients: Iterable[Decimal | None]) -> Decimal | None:
    """Return the plain mean of the coefficients."""
    known = list(coefficients)
    if not known or None in known:
        return None
    with localcontext(prec=DIGITS):
        return sum(known, Decimal(0)) / len(known)


def error(got: float, wanted: Fraction | Decimal | float | None, unit: float | Fraction = 1) -> Decimal:
    """Return how far off a result is, 1 being the most allowed: rtol = atol = 1e-12, atol in multiples of ``unit``.

    What must be undefined, and is, is off by 0; what must not be, or is not, by infinity.
    """
    undefined = wanted is None or wanted != wanted
    if undefined or math.isnan(got):
        return Decimal(0) if undefined and math.isnan(got) else Decimal("inf")
    with localcontext(prec=DIGITS):
        exact = to_decimal(wanted)
        return abs(Decimal(got) - exact) / (TOLERANCE * (abs(exact) + to_decimal(unit)))


def to_decimal(x: Fraction | Decimal | float) -> Decimal:
    """Return a number to sixty digits."""
    if isinstance(x, Fraction):
        with localcontext(prec=DIGITS):
            return Decimal(x.numerator) / Decimal(x.denominator)
    return Decimal(x)


# ------------------------------------------------- rules of the national schemes, as the facts of record have them

#: Schools the county does not run, by owner code: central, provincial and prefectural bodies, enterprises.
NOT_RUN_BY_THE_COUNTY = ("1", "2", "3", "4", "5", "6", "9")


def net_teaching_area(total: Fraction | None, indoor: Fraction | None) -> Fraction | None:
    """Rooms without indoor sports, of a sub-total that holds them."""
    return None if total is None or indoor is None else total - indoor


def with_indoor_sports(grounds: Fraction | None, indoor: Fraction | None) -> Fraction | None:
    """Sports grounds and indoor sports rooms."""
    return None if grounds is None or indoor is None else grounds + indoor


def share_of_nine_year(total: Fraction, primary: int, junior: int, stage: str) -> Fraction:
    """What a stage of a nine-year school has of a figure of the whole school: 1 : 1.1."""
    own = Fraction(primary) if stage == "primary" else Fraction(11, 10) * junior
    return total * own / (primary + Fraction(11, 10) * junior)


def counts_in_2012(
    kind: str | None, private: bool, owner: str | None, answers: dict[str, str | None]
) -> tuple[bool, bool] | str:
    """Whether a unit is in Table II and in Table III; or what is wrong: the code of the problem.

    Table II leaves out teaching points, private schools and schools not run by the county; of Table III nothing was
    found, so the county must say. A single answer to both is only good where it fits both.
    """
    one = answers["included"]
    basic = answers["in_basic_standard"] or one
    balance = answers["in_coefficient"] or one
    if not (kind == "teaching_point" or private or owner == "10" or owner in NOT_RUN_BY_THE_COUNTY):
        return basic != "否", balance != "否"
    if balance is None:
        return "inclusion_undecided"
    if answers["in_coefficient"] is None and one == "是":
        return "inclusion_unclear"
    return False, balance == "是"


def _present(values: Sequence[float], weights: Sequence[float] | None) -> list[tuple[Fraction, Fraction]] | None:
    """Return the schools that have students, None where one of them has no value or a weight is unknown."""
    if weights is None:
        weights = [1] * len(values)
    there = [(x, w) for x, w in zip(values, weights, strict=True) if w != 0]
    if any(math.isnan(x) or math.isnan(w) for x, w in there):
        return None
    return [(Fraction(x), Fraction(w)) for x, w in there]
