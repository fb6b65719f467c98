"""What a county is judged by: items and their conditions, and what relaxes them or leaves them in doubt."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import attrs
from attrs import frozen

from junheng.standards.sources import Cited
from junheng.standards.terms import ColumnId, FigureId, Filter, IndicatorId, Label, Op, Part


@frozen(kw_only=True)
class Norm:
    """The county's own norm for one student of each stage, ``times`` so many students."""

    primary: FigureId
    junior: FigureId
    times: int = 1


@frozen(kw_only=True)
class Step(Cited):
    """The number of a condition from a year on, until the next step."""

    effective_from: str
    value: Decimal

    @property
    def year(self) -> int:
        """The first year of data it holds for."""
        return int(self.effective_from[:4])


@frozen(kw_only=True)
class Comparison:
    """One comparison: (sum of ``top`` - sum of ``top_minus``) / (the same below) against a number.

    ``scope`` says whose figures: the ``county``'s own facts; the ``sum`` over its schools; each ``school`` as a whole
    (its stages together); each ``section`` (a school's stage). The number is ``value``, or one a stage, or the sum of
    the figures ``than``, or ``per_classes``: one for every so many classes begun, or ``dated``: the step in force in
    the year of the data; without a year a test is decided only where all steps agree. Or ``norm``: facts of the county
    for each stage; a school of several stages is decided where the norms of all of them give the same verdict.
    ``qualifier`` says what a figure must mean where its name leaves it open, such as how many hours a training has.
    Without ``begun``, ``per_classes`` counts full groups of classes only.
    """

    scope: Literal["county", "sum", "school", "section", "share"]
    top: tuple[FigureId, ...]
    top_minus: tuple[FigureId, ...] = ()
    bottom: tuple[FigureId, ...] = ()
    bottom_minus: tuple[FigureId, ...] = ()
    op: Op = ">="
    value: Decimal | None = None
    primary: Decimal | None = None
    junior: Decimal | None = None
    than: tuple[FigureId, ...] = ()
    per_classes: int | None = None
    begun: bool = True
    dated: tuple[Step, ...] = ()
    norm: Norm | None = None
    where: Filter | None = None
    qualifier: str | None = None


@frozen(kw_only=True)
class Yardstick(Cited):
    """When a school has what is asked, for the schools of ``where``: every test holds."""

    where: Filter | None = None
    tests: tuple[Comparison, ...]


@frozen(kw_only=True)
class Condition(Comparison):
    """A test that an item asks for.

    With ``readings`` the sources disagree on how it is meant: it is decided only where every reading gives the same
    verdict. A reading with a ``where`` of its own is about those units; the others hold it. With ``unless_no`` the
    condition falls away where the county says no to one of these facts, such as that a subject was monitored.

    ``same_as`` are tests of other figures that say the same: one that fails decides, then one that holds. A ``breach``
    proves that its item is unmet where it fails; where it holds, or is not known, it says nothing.

    Scope ``share`` asks which share of the schools of ``where`` has a yes in the one column of ``top``. Each school is
    judged by the first of the ``yardsticks`` that is about it, and by the column itself where none is. What is not
    known of a school may be either; the share is decided where its least and its largest value agree. With ``one_of``
    several numbers are possible, and the county's fact ``chosen_by`` says which holds.
    """

    readings: tuple[Comparison, ...] = ()
    unless_no: tuple[FigureId, ...] = ()
    same_as: tuple[Comparison, ...] = ()
    breach: bool = False
    yardsticks: tuple[Yardstick, ...] = ()
    one_of: tuple[Decimal, ...] = ()
    chosen_by: FigureId | None = None

    @property
    def tests(self) -> tuple[Comparison, ...]:
        """Every test of the condition: itself, its readings, what says the same, and those of its yardsticks."""
        own = [attrs.evolve(t, where=y.where) for y in self.yardsticks for t in y.tests]
        return (self, *self.readings, *self.same_as, *own)


@frozen(kw_only=True)
class Hint(Cited):
    """A test of the county's facts that decides nothing: where it fails, a warning says so."""

    test: Comparison


@frozen(kw_only=True)
class Item(Cited):
    """One thing a county is judged by.

    ``conditions`` must all hold. An item that is only ``scored`` is shown with its figure and judged in a total
    elsewhere. ``hints`` are reported where they fail, and no verdict rests on them.
    """

    id: str
    part: Part
    rule: Literal["every_school_complies", "each_coefficient", "composite_coefficient", "conditions", "scored"]
    label: Label
    number: int | None = None
    conditions: tuple[Condition, ...] = ()
    hints: tuple[Hint, ...] = ()


@frozen(kw_only=True)
class Relaxation(Cited):
    """An easier rule for some units and some years; off unless asked for.

    Either ``add`` counts further columns with an indicator's numerator, or ``conditions`` stand in for those of the
    item, for the units of ``where``.
    """

    id: str
    label: Label
    where: Filter
    indicator: IndicatorId | None = None
    add: tuple[ColumnId, ...] = ()
    item: str | None = None
    conditions: tuple[Condition, ...] = ()
    effective_from: str | None = None
    effective_to: str | None = None


@frozen(kw_only=True)
class Doubt(Cited):
    """Units of which no source says whether some items are about them.

    ``open``: such an item is decided only where it makes no difference. ``counted``, ``left_out``: chosen with
    :meth:`Standard.with_options`, or by a file that extends the standard.
    """

    id: str
    label: Label
    items: tuple[str, ...]
    where: Filter
    decision: Literal["open", "counted", "left_out"] = "open"
