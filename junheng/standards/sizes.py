"""Requirements that depend on the number of classes of a school: tables, and what holds between and outside sizes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from attrs import frozen

from junheng.standards.terms import Between, Ends, Stage

__all__ = ["SizeTable", "numbers_by_size"]


class BySize(Protocol):
    """What is said of a table of sizes: the sizes, and what holds between and outside them."""

    @property
    def classes(self) -> tuple[int, ...]:
        """Sizes in classes, ascending."""

    @property
    def between(self) -> Between:
        """Rule between two sizes."""

    @property
    def below(self) -> Ends:
        """Rule below the smallest size."""

    @property
    def above(self) -> Ends:
        """Rule above the largest size."""


@frozen(kw_only=True)
class SizeTable:
    """Requirement of a comparison by number of classes.

    Attributes
    ----------
    classes, values : tuple
        The table: sizes in classes, ascending, and the number for each.
    stage : str or None
        The stage whose classes (and students) are meant; default the whole unit. A school without the stage is
        asked for nothing.
    per_student : bool
        Whether the number is per student.
    between, below, above : str
        As in :class:`Threshold`.
    """

    classes: tuple[int, ...]
    values: tuple[Decimal, ...]
    stage: Stage | None = None
    per_student: bool = False
    between: Between = "bracket"
    below: Ends = "undetermined"
    above: Ends = "undetermined"

    def numbers(self, classes: Fraction) -> set[Fraction]:
        """Return the numbers that may apply to a size, none if there is no rule for it."""
        return numbers_by_size(self, (self.values,), classes)[0]


def numbers_by_size(table: BySize, rows: Sequence[Sequence[Decimal]], classes: Fraction) -> tuple[set[Fraction], str]:
    """Return the numbers that the rows of a table may give a size, and why there are none or several."""
    below, above = bisect_right(table.classes, classes) - 1, bisect_left(table.classes, classes)
    inside: str = table.between if below < above else "end"
    rule: str = table.below if below < 0 else table.above if above == len(table.classes) else inside
    if rule in ("undetermined", "some"):
        return set(), "size_outside" if rule == "undetermined" else "number_lost"
    below, above = max(below, 0), min(above, len(table.classes) - 1)
    pairs = [_between(table, row, classes, below, above) for row in rows]
    differ = any(low != high for low, high in pairs)
    return {number for pair in pairs for number in pair}, "size_between" if differ else "rows_disagree"


def _between(
    table: BySize, row: Sequence[Decimal], classes: Fraction, below: int, above: int
) -> tuple[Fraction, Fraction]:
    """Return the range of one row of a table for a size between two of its sizes."""
    low, high = Fraction(row[below]), Fraction(row[above])
    if table.between == "smaller":
        return low, low
    if table.between == "larger":
        return high, high
    if table.between == "linear" and above != below:
        first, last = table.classes[below], table.classes[above]
        low = high = low + (high - low) * (classes - first) / (last - first)
    return low, high
