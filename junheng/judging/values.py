"""Values of an indicator for each section: in floats, and exactly near a limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng.indicators import exact
from junheng.indicators.catalog import Indicator
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, compare, judged
from junheng.judging.findings import Codes
from junheng.judging.subjects import every_section, who_may_use
from junheng.schools.places import is_shared
from junheng.schools.sections import Sections
from junheng.standards.model import Relaxation, Standard

__all__ = ["IndicatorValues", "as_written", "columns_added", "compare_exactly", "perhaps_relaxed", "relaxations_of"]


@frozen(eq=False, slots=False)
class IndicatorValues:
    """Values of one indicator for each section, with numerator and denominator.

    ``top`` is the numerator as given in the table; the sections ``whole`` take their ``shares`` of it instead.
    ``gaps`` are the sections without a value; ``relaxed`` says where columns are added to the numerator, and which;
    ``unsettled`` are sections with a value to which a relaxation may add an amount that is not known.
    """

    indicator: Indicator
    value: Floats
    top: Floats
    whole: Ints
    shares: Floats
    denominator: Floats | None
    gaps: Ints
    sections: Sections
    relaxed: tuple[tuple[NDArray[np.bool_], tuple[str, ...]], ...]
    unsettled: Ints

    @classmethod
    def compute(
        cls, indicator: Indicator, sections: Sections, std: Standard, value: Floats, *, perhaps: bool = False
    ) -> IndicatorValues:
        """Compute an indicator into ``value``; with ``perhaps``, relaxed wherever a relaxation may apply."""
        top, whole, shares = sections.figures(indicator.numerator)
        relaxed = []
        for relaxation in relaxations_of(std, indicator):
            for more in columns_added(sections, relaxation, perhaps=perhaps):
                top, shares = top + more, shares + more[whole]
            relaxed.append((_is_relaxed(sections, relaxation, perhaps=perhaps), relaxation.add))
        name = indicator.denominator
        bottom = None if name is None else sections.students if name == "students" else sections.number(name)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # what leaves the floats is not known
            np.multiply(top, indicator.scale, out=value)
            value[whole] = shares * indicator.scale
            if bottom is not None:
                np.divide(value, bottom, out=value)
        known = np.isfinite(value)
        if name != "students":  # division by zero students is not finite anyway
            known &= sections.students != 0
        gaps = np.flatnonzero(~known)
        value[gaps] = np.nan
        unsettled = _unsettled(sections, relaxations_of(std, indicator)) if relaxed else gaps[:0]
        return cls(indicator, value, top, whole, shares, bottom, gaps, sections, tuple(relaxed), unsettled)

    def settled(self) -> IndicatorValues:
        """Return the values with a gap wherever the amount of a relaxation is unknown: no county rests on a guess."""
        if not self.unsettled.size:
            return self
        value = self.value.copy()
        value[self.unsettled] = np.nan
        return evolve(self, value=value, gaps=np.union1d(self.gaps, self.unsettled))

    def numerator(self, at: Ints) -> Floats:
        """Return the numerator of some sections."""
        out = self.top[at]
        if self.whole.size:
            place = np.minimum(np.searchsorted(self.whole, at), self.whole.size - 1)
            due = np.flatnonzero(self.whole[place] == at)
            out[due] = self.shares[place[due]]
        return np.asarray(out)

    def rounded(self, at: Ints) -> NDArray[np.bool_]:
        """Return where a figure of the table is itself a rounded part of the figure of a school."""
        return np.asarray(np.any([self.sections.was_divided(name)[at] for name in self.indicator.columns], axis=0))

    def plain(self, at: Ints) -> NDArray[np.bool_]:
        """Return where numerator and denominator are figures of the table, neither divided nor relaxed."""
        out = ~self.rounded(at)
        for name in self.indicator.columns:
            out &= self.sections.as_typed(name, at)
        for applies, _ in self.relaxed:
            out &= ~applies[at]
        return out

    @cached_property
    def no_rule(self) -> NDArray[np.bool_]:
        """Whether a figure would have to be divided, but the standard has no rule for it."""
        out = np.zeros(self.value.size, dtype=bool)
        for name in filter(is_shared, self.indicator.columns):  # people are not divided
            out |= self.sections.is_divided(name) & ~self.sections.has_rule
        return out

    def exactly(self, at: Ints) -> tuple[list[Fraction], list[Fraction]]:
        """Return numerator and denominator of some sections as fractions, exactly as typed."""
        tops = self.sections.exactly(self.indicator.numerator, at)
        for applies, names in self.relaxed:
            for name in names:
                there = np.flatnonzero(applies[at] & np.isfinite(self.sections.number(name)[at]))
                known = self.sections.exactly(name, at[there]) if there.size else []  # the table may lack the column
                for i, more in zip(there.tolist(), known, strict=True):
                    tops[i] += more
        below = self.indicator.denominator
        return tops, [Fraction(1)] * at.size if below is None else self.sections.exactly(below, at)


def as_written(numbers: Sequence[Decimal | Fraction]) -> Callable[[float], Fraction]:
    """Return a function that maps the float of a requirement to the number in the standard."""
    written = {float(d): Fraction(d) for d in numbers}
    return lambda required: written[required]


def compare_exactly(
    values: IndicatorValues, at: Ints, required: Floats | float, op: str, limit_of: Callable[[float], Fraction]
) -> Codes:
    """Compare some sections with requirements; values within rounding of them are compared again in fractions."""
    value = values.value[at]
    out = compare(value, required, op)
    near = exact.near(value, required)
    if near.size:
        rows = at[near]

        def figures(which: Ints) -> tuple[list[Fraction], list[Fraction]]:
            tops, bottoms = values.exactly(rows[which])
            return [x * values.indicator.scale for x in tops], bottoms

        signs = exact.quotient_signs(
            values.numerator(rows) * values.indicator.scale,
            np.ones(rows.size) if values.denominator is None else values.denominator[rows],
            np.broadcast_to(required, value.shape)[near],
            limit_of,
            values.plain(rows),
            figures,
            values.rounded(rows),
        )
        out[near] = judged(signs, op)
    return out


# ----------------------------------------------------------------------------------------- relaxations


def relaxations_of(std: Standard, indicator: Indicator) -> list[Relaxation]:
    """Return the applied relaxations that add columns to an indicator."""
    return [r for r in std.relaxations if r.id in std.applied and r.indicator == indicator.id]


def columns_added(sections: Sections, relaxation: Relaxation, *, perhaps: bool = False) -> list[Floats]:
    """Return the columns that a relaxation adds to a numerator, 0 where it is not known to apply (or cannot)."""
    applies = _is_relaxed(sections, relaxation, perhaps=perhaps)
    return [np.where(applies, np.nan_to_num(sections.number(name)), 0.0) for name in relaxation.add]


def perhaps_relaxed(sections: Sections, relaxation: Relaxation) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return where it is unknown whether a relaxation applies, and where it may help by an unknown amount."""
    applies = _may_use(sections, relaxation)
    gap = np.any([np.isnan(sections.number(name)) for name in relaxation.add], axis=0)
    return np.asarray(applies == UNDETERMINED, dtype=bool), np.asarray((applies != UNMET) & gap, dtype=bool)


def _unsettled(sections: Sections, relaxations: Sequence[Relaxation]) -> Ints:
    """Return the sections to which a relaxation may add an amount that is not known."""
    out = np.zeros(sections.rows.size, dtype=bool)
    for relaxation in relaxations:
        unknown, amount = perhaps_relaxed(sections, relaxation)
        adds = np.any([sections.number(name) != 0 for name in relaxation.add], axis=0)  # NaN, too
        out |= (unknown & adds) | amount
    return np.flatnonzero(out)


def _is_relaxed(sections: Sections, relaxation: Relaxation, *, perhaps: bool = False) -> NDArray[np.bool_]:
    applies = _may_use(sections, relaxation)
    return np.asarray(applies != UNMET if perhaps else applies == MET, dtype=bool)


def _may_use(sections: Sections, relaxation: Relaxation) -> Codes:
    return who_may_use(relaxation, every_section(sections), sections.counties.years_of_sections)
