"""Items, their conditions, relaxations and doubts."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import attrs
from attrs import frozen

from junheng.standards.sizes import SizeTable
from junheng.standards.sources import Cited
from junheng.standards.terms import ColumnId, FigureId, Filter, IndicatorId, Label, Op, Part


@frozen(kw_only=True)
class Norm:
    """Norm of the county per student of each stage, multiplied by ``times``."""

    primary: FigureId
    junior: FigureId
    times: int = 1


@frozen(kw_only=True)
class Step(Cited):
    """Requirement of a condition from a year until the next step."""

    effective_from: str
    value: Decimal

    @property
    def year(self) -> int:
        """First year of data to which it applies."""
        return int(self.effective_from[:4])


@frozen(kw_only=True)
class Comparison:
    """A comparison of a figure with a requirement.

    The figure is (sum of ``top`` - sum of ``top_minus``) / (sum of ``bottom`` - sum of ``bottom_minus``).

    Attributes
    ----------
    scope : {"county", "sum", "school", "section", "share"}
        The figures compared: facts of the ``county``; the ``sum`` over its schools; each whole ``school``; each
        ``section`` (one stage of a school); or a ``share`` of schools, see :class:`Condition`.
    value : Decimal or None
        The requirement, unless one of the following gives it.
    primary, junior : Decimal or None
        One requirement per stage.
    than : tuple of str
        The requirement is the sum of these figures.
    per_classes : int or None
        The requirement is one for every so many classes begun; without ``begun``, for every full group of classes.
    dated : tuple of Step
        The requirement is that of the step in force in the year of the data. Without a year, the comparison is
        undetermined unless all steps agree.
    by_size : tuple of SizeTable
        The requirement depends on the number of classes: the sum of these tables. Undetermined where several numbers
        are possible, unless all agree.
    norm : Norm or None
        The requirement is a fact of the county for each stage. A school of several stages is undetermined unless the
        norms of all its stages agree.
    where : Filter or None
        The units to which it applies, default all.
    qualifier : str or None
        Definition of a figure that its name leaves open, such as the hours of a training.
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
    by_size: tuple[SizeTable, ...] = ()
    norm: Norm | None = None
    where: Filter | None = None
    qualifier: str | None = None


@frozen(kw_only=True)
class Yardstick(Cited):
    """Schools of ``where`` have what is required if they meet every test."""

    where: Filter | None = None
    tests: tuple[Comparison, ...]


@frozen(kw_only=True)
class Condition(Comparison):
    """A comparison that an item requires.

    ``readings`` are other interpretations found in sources; the condition is undetermined unless all agree. A reading
    with a ``where`` of its own applies to those units and is met for the others. With ``unless_no`` the condition is
    skipped if the county answers no to one of these facts, such as that a subject was monitored.

    ``same_as`` are equivalent comparisons of other figures: one that is unmet decides, otherwise one that is met. A
    ``breach`` makes the item unmet if the condition is unmet, and is ignored otherwise.

    Scope ``share`` compares the share of the schools of ``where`` with a yes in the single column of ``top``. Each
    school is judged by the first of the ``yardsticks`` that applies to it, otherwise by the column. An unknown school
    may be a yes or a no; the share is undetermined unless its smallest and largest possible value agree. With
    ``one_of`` several requirements are possible, and the fact ``chosen_by`` of the county selects one.
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
        """All comparisons: the condition itself, its readings, equivalents and yardsticks."""
        measures = [attrs.evolve(t, where=y.where) for y in self.yardsticks for t in y.tests]
        return (self, *self.readings, *self.same_as, *measures)


@frozen(kw_only=True)
class Hint(Cited):
    """A comparison of facts of the county that does not affect verdicts: if it is unmet, a warning is given."""

    test: Comparison


@frozen(kw_only=True)
class Item(Cited):
    """One requirement for a county.

    All ``conditions`` must be met. A ``scored`` item is reported with its value, and counts only in a total elsewhere.
    ``hints`` are reported if they are unmet, but do not affect verdicts.
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
    """An easier rule for the units of ``where`` in some years; off by default.

    Either ``add`` adds columns to the numerator of an indicator, or ``conditions`` replace those of an item.
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
    """Units to which some items may or may not apply, because no source says so.

    ``open``: an item is undetermined if it depends on them. ``counted`` or ``left_out``: chosen with
    :meth:`Standard.with_options`, or by a file that extends the standard.
    """

    id: str
    label: Label
    items: tuple[str, ...]
    where: Filter
    decision: Literal["open", "counted", "left_out"] = "open"
