r"""Exact shortages of schools, for shortfalls, plans and reports (private).

Let x be the figure of a section (a school's stage), d its divisor and t the threshold. The section needs
:math:`t \, d` of the numerator (per hundred students :math:`t \, d / 100`); if the threshold is an upper limit, as for
students per teacher, it needs :math:`x / t` of the divisor. Amounts are fractions of the figures as typed, rounded up
once at the end.

A resource shared by the stages of an integrated school is divided between them. If a section has a share s of it, the
school must add g / s to close a gap g. Each stage gets its share of the addition, so the largest amount required by a
stage is enough for all.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from junheng._arrays import Floats
from junheng._data import STAGES
from junheng.indicators.exact import typed
from junheng.judging.school_verdicts import MEANT
from junheng.judging.subjects import special_sections
from junheng.judging.values import columns_added
from junheng.results import Judgement
from junheng.schools import columns
from junheng.standards.model import Threshold

__all__ = ["Ask", "Shortage", "Shortages"]

#: Decimal place in which non-terminating amounts are rounded up.
_PLACES = 9
#: Share of a section whose figure is not divided.
_WHOLE = Fraction(1)
_ONE_OF_ONE = (Fraction(1), _WHOLE)


class Shortage(NamedTuple):
    """What one section has and needs of one column for one indicator."""

    ask: Ask
    #: the figure in the table: that of the whole school if it is divided
    typed: Fraction
    #: the section's share of that figure
    share: Fraction
    #: what the section has, including what relaxations add
    has: Fraction
    #: what it needs to reach the threshold
    needs: Fraction
    #: what it needs to reach the floor, None if there is none
    floor: Fraction | None

    @property
    def divided(self) -> bool:
        """Whether the figure is that of the whole school, of which the section has a share, be it all of it."""
        return self.share is not _WHOLE

    def amount(self, wanted: Fraction, *, of_school: bool) -> float:
        """Return the least change to the wanted amount that a table can represent.

        A whole number for countable things, a decimal for measured ones. 0 if nothing is short, negative for an excess,
        NaN if no amount suffices.
        """
        ask, (n, d) = self.ask, self._gap(wanted, of_school=of_school)
        if ask.op == "==":
            return math.nan if ask.whole and n % d else n / d
        if n < 0 or (n == 0 and not ask.strict):
            return 0.0
        # an excess is counted with the opposite sign
        if ask.whole:
            return ask.sign * float(_least(n, d, ask.strict))
        # a share of an addition is not stored in a table, so its sum need not be representable
        typed = self.typed if of_school or not self.divided else Fraction(0)
        return ask.sign * _measured(Fraction(n, d), ask.strict, ask.sign * typed)

    def steps(self, wanted: Fraction, step: Fraction) -> int:
        """Return the least number of steps that the school must add for the section to reach the wanted amount."""
        n, d = self._gap(wanted, of_school=True)
        return max(0, _least(n * step.denominator, d * step.numerator, self.ask.strict))

    def _gap(self, wanted: Fraction, *, of_school: bool) -> tuple[int, int]:
        """Return the gap as a quotient of whole numbers, not reduced because reducing is slow."""
        has, share = self.has, self.share
        n = self.ask.sign * (wanted.numerator * has.denominator - has.numerator * wanted.denominator)
        d = wanted.denominator * has.denominator
        return (n * share.denominator, d * share.numerator) if of_school else (n, d)


@frozen(eq=False)
class _Figures:
    """One column by section."""

    #: as it stands in the table
    typed: Floats
    #: whether it is the figure of the whole school
    divided: NDArray[np.bool_]
    #: the section's share of it, as a quotient
    top: Floats
    bottom: Floats

    def find(self, i: int) -> tuple[Fraction, Fraction] | None:
        """Return the figure of a section as typed and the section's share of it, None if unknown."""
        typed = _exact(self.typed[i])
        if typed is None or not self.divided[i]:
            return None if typed is None else (typed, _WHOLE)
        top, bottom = _exact(self.top[i]), _exact(self.bottom[i])
        return (typed, top / bottom) if top is not None and bottom else None


@frozen(eq=False, slots=False)
class Ask:
    """What one threshold requires: how much of which column."""

    threshold: Threshold
    scale: int
    column: str
    whole: bool
    #: -1 for an upper limit on an amount, where only an excess is possible
    sign: int
    top: _Figures
    #: None if the indicator is an amount
    bottom: _Figures | None
    #: what relaxations add to the numerator
    added: list[Floats]
    classes: Floats | None
    #: for each ``instead`` of the threshold, the sections it applies to
    special: list[NDArray[np.int8]]
    #: whether more of the divisor is required
    of_bottom: bool
    _rates: dict[tuple[float, ...], Fraction | None] = field(factory=dict, init=False)

    @cached_property
    def op(self) -> str:
        """The comparison of the threshold."""
        return self.threshold.op

    @cached_property
    def strict(self) -> bool:
        """Whether a value equal to the threshold fails."""
        return self.op in (">", "<")

    @cached_property
    def _floor(self) -> Fraction | None:
        return None if self.threshold.floor is None else Fraction(self.threshold.floor) / self.scale

    @property
    def can_be_bought(self) -> bool:
        """Whether additions to the column close the gap."""
        return self.sign > 0 and self.op != "==" and self.column != "students"

    @property
    def thing(self) -> _Figures:
        """The figures of the required column."""
        return self.bottom if self.of_bottom and self.bottom is not None else self.top

    def find(self, i: int) -> Shortage | None:
        """Return what a section has and needs, None if a figure or the requirement is unknown."""
        rate, upper = self._rate(i), self.top.find(i)
        lower = _ONE_OF_ONE if self.bottom is None else self.bottom.find(i)
        if rate is None or upper is None or lower is None or (self.of_bottom and not rate):
            return None
        top, low = self._with_added(i, upper), _section(lower)
        floor = self._floor
        if self.of_bottom:
            return Shortage(self, *lower, low, top / rate, None if floor is None else top / floor)
        return Shortage(self, *upper, top, rate * low, None if floor is None else floor * low)

    def has(self, i: int) -> float:
        """Return what a section has, NaN if unknown."""
        found = self.thing.find(i)
        if found is None:
            return math.nan
        return float(_section(found) if self.of_bottom else self._with_added(i, found))

    def _with_added(self, i: int, upper: tuple[Fraction, Fraction]) -> Fraction:
        return sum((_exact(more[i]) or Fraction(0) for more in self.added), _section(upper))

    def _rate(self, i: int) -> Fraction | None:
        """Return the amount required per unit of the divisor; the strictest if several numbers may apply."""
        size = 0.0 if self.classes is None else float(self.classes[i])
        key = (size, *(codes[i] for codes in self.special))
        if key not in self._rates:
            numbers, _ = self.threshold.asked(_exact(size), [MEANT[int(code)] for code in key[1:]])
            self._rates[key] = Fraction(numbers[-1]) / self.scale if numbers else None
        return self._rates[key]


class Shortages:
    """What all sections of an evaluation have and need."""

    def __init__(self, d: Judgement) -> None:
        self._data = d
        self._figures: dict[str, _Figures] = {}
        self._asks: dict[tuple[int, int], Ask | None] = {}

    def ask(self, indicator: int, stage: int) -> Ask | None:
        """Return what an indicator requires in a stage, None if the standard has no threshold."""
        key = (indicator, stage)
        if key not in self._asks:
            t = self._data.threshold(indicator, stage) if stage < len(STAGES) else None
            self._asks[key] = None if t is None else self._ask(indicator, t)
        return self._asks[key]

    def find(self, indicator: int, section: int) -> Shortage | None:
        """Return what a section has and needs, None if there is no threshold or something is unknown."""
        ask = self.ask(indicator, int(self._data.sections.stage[section]))
        return None if ask is None else ask.find(section)

    def added(self, indicator: int) -> list[Floats]:
        """Return what the applied relaxations add to the numerator of an indicator."""
        std, sections = self._data.standard, self._data.sections
        chosen = [
            r for r in std.relaxations if r.id in std.applied and r.indicator == self._data.indicators[indicator].id
        ]
        return [more for r in chosen for more in columns_added(sections, r)]

    def figures(self, column: str) -> _Figures:
        """Return a column as typed."""
        if column not in self._figures:
            s = self._data.sections
            typed = s.students if column == "students" else s.number(column)
            divided = s.is_divided(column) & columns()[column].shared  # staff are not divided
            whole = s.schools.number(column)
            if whole is not None and divided.any():
                typed = np.where(divided, whole[s.rows], typed)
            self._figures[column] = _Figures(typed, divided, s.share_top, s.share_bottom)
        return self._figures[column]

    def _ask(self, indicator: int, t: Threshold) -> Ask:
        i = self._data.indicators[indicator]
        most = t.op in ("<=", "<")
        of_bottom = most and i.denominator not in (None, "students") and (t.value is None or t.value > 0)
        column = i.denominator if of_bottom and i.denominator is not None else i.numerator
        return Ask(
            threshold=t,
            scale=i.scale,
            column=column,
            whole=columns()[column].whole,
            sign=-1 if most and not of_bottom else 1,
            top=self.figures(i.numerator),
            bottom=None if i.denominator is None else self.figures(i.denominator),
            added=self.added(indicator),
            classes=self._data.sections.number("classes") if t.classes else None,
            special=special_sections(self._data.sections, t),
            of_bottom=of_bottom,
        )


def _section(found: tuple[Fraction, Fraction]) -> Fraction:
    """Return the section's part of a figure."""
    typed, share = found
    return typed if share is _WHOLE else typed * share


@lru_cache(maxsize=65_536)
def _exact(x: float) -> Fraction | None:
    """Return a figure as typed rather than its binary double; None if missing."""
    return typed(x) if math.isfinite(x) else None


def _least(n: int, d: int, strict: bool) -> int:
    """Return the least whole number of at least n / d, or greater than it if ``strict``."""
    return n // d + 1 if strict else -(-n // d)


def _measured(gap: Fraction, strict: bool, typed: Fraction) -> float:
    """Return the least decimal that closes a gap and is representable, as is its sum with the typed figure."""
    wanted = typed + gap
    if not strict and _fits(gap) and _fits(wanted):
        return float(gap)
    ends = (10**places for places in range(_PLACES, 0, -1))
    up = (Fraction(_least(gap.numerator * e, gap.denominator, strict), e) for e in ends)
    for amount in chain((gap,), up):
        if _fits(amount):
            then = _exact(float(typed + amount))
            if then is not None and (then > wanted if strict else then >= wanted):
                return float(amount)
    return float(_least(gap.numerator, gap.denominator, strict))


def _fits(x: Fraction) -> bool:
    """Return whether a float represents a fraction exactly as typed."""
    # a decimal of fifteen digits always
    if 10**_PLACES % x.denominator == 0 and abs(x.numerator) < 10**6 * x.denominator:
        return True
    ends = pow(10, x.denominator.bit_length(), x.denominator) == 0
    return ends and _exact(float(x)) == x
