"""What looks unusual in a table, and the tests behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from junheng._arrays import Floats, Ints
from junheng.words import Message

__all__ = ["KINDS", "Finding", "Tests"]

#: Every kind of finding, in the order in which the findings of a school are listed.
KINDS = (
    "parts_do_not_add_up",
    "out_of_range",
    "jump_over_years",
    "frozen_over_years",
    "copied_figures",
    "round_figures",
    "bunched_at_threshold",
)


@frozen
class Finding:
    """Something worth a look: what it is, where it is, and the evidence. It accuses nobody.

    Attributes
    ----------
    kind : str
        A word of :data:`KINDS`.
    place : tuple
        The words of the columns that identify a county, without the year.
    school : str or None
        Name of the school, its code if it has no name, empty if it has neither; None if it concerns the whole county.
    stage : str or None
        Stage, None if it concerns several or none.
    year : int or None
        Year, None if the table has none.
    rows : tuple of int
        Positions of the rows of the table that it concerns.
    columns : tuple of str
        Columns that it concerns.
    value, expected : float
        What was found, and what was expected (NaN if nothing is).
    p_value : float
        Unadjusted, NaN for kinds without. The adjusted one is compared with alpha.
    evidence : Message
        The sentence that shows the evidence.
    """

    kind: str
    place: tuple[Any, ...]
    school: str | None
    stage: str | None
    year: int | None
    rows: tuple[int, ...]
    columns: tuple[str, ...]
    value: float
    expected: float
    p_value: float
    evidence: Message


@frozen(eq=False)
class Tests:
    """Every test of a kind, also those that find nothing: together they are the family that is controlled.

    Attributes
    ----------
    group : (tests,) int array
        Group (see :attr:`junheng.plausibility.figures.Figures.group`) of each test.
    p : (tests,) float array
        P-values, unadjusted.
    describe : callable
        Returns the findings of a test by its position; called for discoveries only.
    """

    group: Ints
    p: Floats
    describe: Callable[[int], list[Finding]]
