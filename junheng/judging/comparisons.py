"""Comparing figures with requirements: in floats, and in fractions where rounding could decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng.indicators import exact
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, compare, judged
from junheng.judging.findings import Codes
from junheng.schools import base_column
from junheng.standards.model import Comparison

__all__ = ["Exactly", "Figures", "as_float", "by_step", "compare_figures", "divide", "terms", "total_of"]

#: Known figures of a name at some positions, as fractions of the figures as typed.
Exactly = Callable[[str, Ints], list[Fraction]]


def _is_plain(name: str) -> bool:
    """Tell whether a figure is never divided between stages, so that a whole number is exactly what was typed."""
    found = base_column(name)
    return found is None or not found[0].shared


@frozen(eq=False)
class Figures:
    """Where a comparison takes its figures from: as floats, exactly as typed, and whether the floats are as typed."""

    number: Callable[[str], Floats]
    exactly: Exactly
    plain: Callable[[str], bool | NDArray[np.bool_]] = _is_plain

    @classmethod
    def as_typed(cls, number: Callable[[str], Floats]) -> Figures:
        """Return figures that are neither divided nor summed."""
        return cls(number, lambda name, at: exact.typed_all(number(name)[at]))


def by_step(
    top: Floats,
    bottom: Floats | None,
    test: Comparison,
    years: Floats,
    source: Figures,
) -> tuple[Codes, Floats, Floats]:
    """Judge by the step in force in the year of the data; without a year, only if all steps agree."""
    required = np.full(years.size, np.nan)
    verdict = np.full(years.size, UNDETERMINED, dtype=np.int8)
    lowest, highest = np.full(years.size, MET, dtype=np.int8), np.full(years.size, UNMET, dtype=np.int8)
    for step in test.dated:
        found = compare_figures(top, bottom, np.full(years.size, float(step.value)), test, source, [step.value])
        lowest, highest = np.minimum(lowest, found), np.maximum(highest, found)
        begun = years >= step.year
        verdict[begun], required[begun] = found[begun], float(step.value)
    agreed = np.isnan(years) & (lowest == highest)
    verdict[agreed] = lowest[agreed]
    return verdict, divide(top, bottom), required


def total_of(number: Callable[[str], Floats], names: Sequence[str], n: int) -> Floats:
    """Return the sum of some figures, read-only."""
    if not names:
        return np.zeros(n)
    first, *others = names
    return sum((number(name) for name in others), number(first))


def terms(number: Callable[[str], Floats], test: Comparison, n: int) -> tuple[Floats, Floats | None]:
    """Return numerator and denominator, read-only; the denominator is None if the figure is not divided."""
    top = total_of(number, test.top, n)
    if test.top_minus:
        top = top - total_of(number, test.top_minus, n)
    if not test.bottom:
        return top, None
    bottom = total_of(number, test.bottom, n)
    if test.bottom_minus:
        bottom = bottom - total_of(number, test.bottom_minus, n)
    return top, np.where(bottom > 0, bottom, np.nan)


def divide(top: Floats, bottom: Floats | None) -> Floats:
    """Return the quotient, or the numerator if there is no denominator."""
    if bottom is None:
        return top
    with np.errstate(over="ignore"):  # what is beyond floats is above every requirement
        return top / bottom


def compare_figures(
    top: Floats,
    bottom: Floats | None,
    required: Floats,
    test: Comparison,
    source: Figures,
    written: Iterable[Decimal | Fraction | None] = (),
) -> Codes:
    """Compare figures with requirements; those within rounding of them are compared again in fractions.

    ``written`` are requirements as written that the comparison itself does not hold.
    """
    value = divide(top, bottom)
    if np.isnan(value).all():
        return np.full(value.size, UNDETERMINED, dtype=np.int8)
    verdict = compare(value, required, test.op)
    with np.errstate(over="ignore"):  # beyond floats nothing is near
        asked = required if bottom is None else required * bottom
        size = np.maximum(np.abs(top), np.abs(asked))
        for name in (*test.top_minus, *test.bottom_minus):
            size = size + np.abs(source.number(name))  # the rounding error of a difference is that of the figures
    with np.errstate(invalid="ignore"):
        near = np.flatnonzero((np.abs(top - asked) <= exact.NEAR * size) & np.isfinite(size))
    if not near.size:
        return verdict

    def total(names: Sequence[str], minus: Sequence[str], at: Ints) -> list[Fraction]:
        sums = [Fraction(0)] * at.size
        for sort, some in ((1, names), (-1, minus)):
            for name in some:
                sums = [a + sort * b for a, b in zip(sums, source.exactly(name, at), strict=True)]
        return sums

    def figures(which: Ints) -> tuple[list[Fraction], list[Fraction]]:
        at = near[which]
        tops = total(test.top, test.top_minus, at)
        bottoms = total(test.bottom, test.bottom_minus, at) if test.bottom else [Fraction(1)] * at.size
        if test.than:
            tops = [a - b * c for a, b, c in zip(tops, bottoms, total(test.than, (), at), strict=True)]
        return tops, bottoms

    tops, keys = top[near], required[near]
    if test.than:  # the requirement is another figure: compare the difference with 0
        tops, keys = tops - asked[near], np.zeros(near.size)
    by_float = {float(d): Fraction(d) for d in (test.value, test.primary, test.junior, *written) if d is not None}
    names = (*test.top, *test.top_minus, *test.bottom, *test.bottom_minus, *test.than)
    plain = np.all([np.broadcast_to(source.plain(name), top.shape)[near] for name in names], axis=0)
    verdict[near] = judged(
        exact.quotient_signs(
            tops,
            np.ones(near.size) if bottom is None else bottom[near],
            keys,
            lambda key: by_float.get(key, exact.typed(key)),
            plain,
            figures,
        ),
        test.op,
    )
    return verdict


def as_float(value: Any) -> float:
    """Return a number of the standard as a float, None as NaN."""
    return float("nan") if value is None else float(value)
