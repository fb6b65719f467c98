"""Comparisons in fractions: right where floats cannot tell; a rounded figure is equal to what it was rounded to."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

import junheng as jh
from junheng.indicators import exact


def signs(
    top: list[Fraction], bottom: list[Fraction], limit: Fraction, *, plain: bool = True, rounded: bool | None = None
) -> list[int]:
    """Compare quotients with one limit; what is not plain is given in floats that say nothing."""
    a, b = (np.array([float(x) for x in side]) if plain else np.ones(len(side)) for side in (top, bottom))
    return exact.quotient_signs(
        a,
        b,
        np.full(a.size, 7.0),
        lambda key: limit if key == 7.0 else Fraction(0),
        np.full(a.size, plain),
        lambda which: ([top[i] for i in which], [bottom[i] for i in which]),
        None if rounded is None else np.full(a.size, rounded),
    ).tolist()


@given(limit=st.fractions("1/1000", 1000, max_denominator=10**6), k=st.integers(1, 10**9), off=st.integers(-1, 1))
@example(limit=Fraction(4999999, 1000000), k=1000, off=1)
@example(limit=Fraction(4999999, 1000000), k=1000, off=-1)
def test_whole_numbers_that_differ_by_the_least_there_is(limit, k, off):
    """The smallest difference that a quotient of whole numbers may have from a limit, at any size of the numbers."""
    n, d = limit.numerator, limit.denominator
    bottom = (-off * pow(n, -1, d)) % d + d * k
    top = (off + bottom * n) // d
    assert top * d - bottom * n == off
    assume(max(top, bottom) < 2**53)
    for plain in (True, False):
        assert signs([Fraction(top)], [Fraction(bottom)], limit, plain=plain) == [off]
    # beside others, of which some are sure
    pairs = [(0, 1), (top, bottom), (10**6, 1), (top, bottom)]
    wanted = [-1, off, 1, off]
    assert signs([Fraction(a) for a, _ in pairs], [Fraction(b) for _, b in pairs], limit) == wanted


@pytest.mark.parametrize("part", ["-1.1", "-1", "-0.9", "0", "0.9", "1", "1.1"])
def test_a_rounded_quotient_is_equal_to_what_it_was_rounded_to(part):
    limit, bottom = Fraction(9, 2), Fraction(1234, 10)
    away = Fraction(part) / 10**14
    top = limit * bottom * (1 + away)
    equal = 0 if abs(Fraction(part)) <= 1 else exact.sign(away)
    assert signs([top], [bottom], limit, plain=False) == [exact.sign(away)]
    assert signs([top], [bottom], limit, plain=False, rounded=False) == [exact.sign(away)]
    assert signs([top], [bottom], limit, plain=False, rounded=True) == [equal]
    # the same of coefficients: one school has everything, and two of one size have a coefficient of 1
    county, limit = ([Fraction(1), Fraction(0)], [Fraction(5)] * 2), 1 / (1 + away)
    assert exact.coefficient_sign(*county, limit, rounded=True) == equal
    assert exact.mean_coefficient_sign([county] * 3, limit, rounded=True) == equal


@pytest.mark.parametrize("limit", [0.5, -3.0, 1e9])
def test_what_is_near_is_compared_again(limit):
    away = np.array([0.0, 0.9e-11, -0.9e-11, 1.1e-11, -1.1e-11, 1.0, np.nan])
    assert exact.near(limit * (1 + away), limit).tolist() == [0, 1, 2]
    assert exact.near(limit * (1 + away), np.full(away.size, limit)).tolist() == [0, 1, 2]


def test_nothing_is_within_no_limit():
    one, none = Fraction(1), Fraction(0)
    assert exact.within([one, one], [one, one], none) and exact.within([one], [one], none)
    assert not exact.within([], [], one) and not exact.within([none, none], [one, one], one)
    assert not exact.within([one, none], [none, one], one)  # what nobody has is nothing
    assert exact.within([one, one], [none, one], none)
    assert exact.within([one, none], [one, one], one)
    assert not exact.within([one, none], [one, one], one - Fraction(1, 9))


def test_figures_as_typed():
    assert exact.typed_all([0.1, np.float64(2.5), 7]) == [Fraction(1, 10), Fraction(5, 2), Fraction(7)]
    assert str(exact.typed_decimal(0.1)) == "0.1" and exact.typed("0.3") == Fraction(3, 10)


@pytest.mark.parametrize("whole", [False, True])
def test_who_is_exactly_at_a_limit_above_1_needs_nothing(whole):
    """A school has all there is beside one of k² times its pupils: the coefficient is k, whatever floats say."""
    for k in [*range(2, 100), *range(101, 50_000, 997)]:
        for change in (jh.least_additions, jh.least_transfers):
            for each in (1, 7):
                assert not change([k + 0.1, 0.0], students=[each, each * k * k], limit=k, whole=whole).any()
