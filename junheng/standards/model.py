"""What a standard is once it has been read: frozen objects, every number with its clause, source and standing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal, NewType

import attrs
from attrs import field, frozen

from junheng.errors import InputError, did_you_mean

__all__ = [
    "Inclusion",
    "Item",
    "Label",
    "Limit",
    "Printing",
    "SchoolRule",
    "Source",
    "SourceKind",
    "Split",
    "SplitWeights",
    "Standard",
    "Standing",
    "Threshold",
]

# checked by the loader against the shipped vocabularies
IndicatorId = NewType("IndicatorId", str)
ColumnId = NewType("ColumnId", str)
# a column of schools or a fact about the county; which of the two, the scope of a test says
FigureId = NewType("FigureId", str)

Stage = Literal["primary", "junior"]
Op = Literal[">=", "<=", ">", "<", "=="]
#: ``overall`` holds what no part does: prerequisites and vetoes count towards the overall verdict alone.
Part = Literal["basic_standard", "resources", "government", "quality", "recognition", "overall"]
Between = Literal["bracket", "linear", "smaller", "larger"]
Ends = Literal["undetermined", "end"]


class Standing(StrEnum):
    """How well a number is known."""

    CONFIRMED = "confirmed"
    SECONDARY = "secondary"
    DERIVED = "derived"
    RECALLED = "recalled"
    CONFLICTING = "conflicting"


class SourceKind(StrEnum):
    """What a source is, which says how sure a number read in it can be."""

    TEXT = "text"
    """The document's own text."""
    COPY = "copy"
    """A copy of that text."""
    LOCAL = "local"
    """A local form or scheme, a program, a practitioner's page: practice."""
    NEWS = "news"
    """A news page or a report."""
    MEMORY = "memory"
    """Nothing that can be shown."""


@frozen(kw_only=True)
class Label:
    """A name in both languages."""

    zh: str
    en: str


@frozen(kw_only=True)
class Source:
    """Where a number was read. A number cannot be surer than the ``kind`` of its source allows."""

    title: str
    kind: SourceKind | None = None
    url: str | None = None
    note: str | None = None


@frozen(kw_only=True)
class _Cited:
    """What everything that states a rule must say about where it comes from.

    ``also`` names further sources that say the same, independent of ``source``.
    """

    clause: str
    source: str
    also: tuple[str, ...] = ()
    standing: Standing
    note: str | None = None
    # where it was written is not what it says: it takes no part in equality
    origin: str = field(default="", eq=False, metadata={"derived": True})


@frozen(kw_only=True)
class Threshold(_Cited):
    """What one indicator must reach in one stage: a number, or a table over the number of classes.

    Attributes
    ----------
    indicator, stage : str
        What is judged, and where.
    op : str
        ``">="``: at least; ``"<="``: at most.
    value : Decimal or None
        The number, in the unit of the indicator; None where there is a table.
    classes, values : tuple
        The table: sizes in classes, ascending, and the number for each.
    between : {"bracket", "linear", "smaller", "larger"}
        What holds between two sizes. ``bracket``: no rule is known, so a school is judged only where both
        neighbouring sizes would judge it alike. ``linear``: interpolated. ``smaller``, ``larger``: the number of
        that neighbour.
    below, above : {"undetermined", "end"}
        What holds outside the table: nothing known, or the number at that end.
    floor_ratio : Decimal or None
        What part of the number the one indicator that may fall short must still reach.
    """

    indicator: IndicatorId
    stage: Stage
    op: Op = ">="
    value: Decimal | None = None
    classes: tuple[int, ...] = ()
    values: tuple[Decimal, ...] = ()
    between: Between = "bracket"
    below: Ends = "undetermined"
    above: Ends = "undetermined"
    floor_ratio: Decimal | None = None

    @property
    def floor(self) -> Decimal | None:
        """The floor of a single number, exact; None where there is none."""
        return None if self.value is None or self.floor_ratio is None else self.value * self.floor_ratio


@frozen(kw_only=True)
class Limit(_Cited):
    """The largest difference coefficient allowed in one stage: of each indicator, or of their mean."""

    kind: Literal["each", "composite"]
    stage: Stage
    op: Op = "<="
    value: Decimal
    # all of the standard where none are named; what extends the standard adds none to them
    indicators: tuple[IndicatorId, ...] = ()


@frozen(kw_only=True)
class SchoolRule(_Cited):
    """When a school complies: every indicator met, or at least ``k`` met and the rest above their floor."""

    kind: Literal["all", "at_least"]
    k: int | None = None
    floor_ratio: Decimal | None = None


@frozen(kw_only=True)
class SplitWeights:
    """How much of a shared resource a student of each stage stands for, by kind of school."""

    kind: Literal["nine_year", "twelve_year", "complete_secondary"]
    primary: Decimal | None = None
    junior: Decimal | None = None
    senior: Decimal | None = None

    def weight(self, stage: str) -> Decimal | None:
        """Weight of one student of a stage; None where the kind does not have the stage."""
        return {"primary": self.primary, "junior": self.junior, "senior": self.senior}[stage]


@frozen(kw_only=True)
class Split(_Cited):
    """Which shared resources of schools with several stages are divided, and by what weights."""

    resources: tuple[ColumnId, ...]
    weights: tuple[SplitWeights, ...]

    def of_kind(self, kind: str) -> SplitWeights | None:
        """Weights of a kind of school, None where the standard names none."""
        return next((w for w in self.weights if w.kind == kind), None)


@frozen(kw_only=True)
class Inclusion(_Cited):
    """Which units do not count, or count only if the user says so.

    ``decision`` is ``out``, or ``ask``: nothing was found, so every such row needs a yes or no in ``included``.
    """

    decision: Literal["out", "ask"]
    kind: str | None = None
    ownership: str | None = None
    students_below: int | None = None


@frozen(kw_only=True)
class Where:
    """Which units a test is about; every field that is given must hold."""

    kinds: tuple[str, ...] = ()
    not_kinds: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    ownership: str | None = None
    area_types: tuple[str, ...] = ()
    students_below: int | None = None
    students_from: int | None = None
    largest_class_below: int | None = None
    built_by: int | None = None
    migrant_share_over: Decimal | None = None
    flags: tuple[ColumnId, ...] = ()
    not_flags: tuple[ColumnId, ...] = ()


@frozen(kw_only=True)
class Step(_Cited):
    """The number of a condition from a year on, until the next step."""

    effective_from: str
    value: Decimal

    @property
    def year(self) -> int:
        """The first year of data it holds for."""
        return int(self.effective_from[:4])


@frozen(kw_only=True)
class Test:
    """One comparison: (sum of ``top`` - sum of ``top_minus``) / (the same below) against a number.

    ``scope`` says whose figures: the ``county``'s own facts; the ``sum`` over its schools; each ``school`` as a whole
    (its stages together); each ``section`` (a school's stage). The number is ``value``, or one a stage, or the sum of
    the figures ``than``, or ``per_classes``: one for every so many classes begun, or ``dated``: the step in force in
    the year of the data; without a year a test is decided only where all steps agree. ``qualifier`` says what a figure
    must mean where its name leaves it open, such as how many hours a training has.
    """

    scope: Literal["county", "sum", "school", "section"]
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
    dated: tuple[Step, ...] = ()
    where: Where | None = None
    qualifier: str | None = None


@frozen(kw_only=True)
class Condition(Test):
    """A test that an item asks for.

    With ``readings`` the sources disagree on how it is meant: it is decided only where every reading gives the same
    verdict. With ``unless_no`` it falls away where the county says no to one of these facts, such as that a subject was
    monitored.
    """

    readings: tuple[Test, ...] = ()
    unless_no: tuple[FigureId, ...] = ()


@frozen(kw_only=True)
class Item(_Cited):
    """One thing a county is judged by.

    ``conditions`` must all hold. An item that is only ``scored`` is shown with its figure and judged in a total
    elsewhere.
    """

    id: str
    part: Part
    rule: Literal["every_school_complies", "each_coefficient", "composite_coefficient", "conditions", "scored"]
    label: Label
    number: int | None = None
    conditions: tuple[Condition, ...] = ()


@frozen(kw_only=True)
class Relaxation(_Cited):
    """An easier rule for some units and some years; off unless asked for.

    Either ``add`` counts further columns with an indicator's numerator, or ``conditions`` stand in for those of the
    item, for the units of ``where``.
    """

    id: str
    label: Label
    where: Where
    indicator: IndicatorId | None = None
    add: tuple[ColumnId, ...] = ()
    item: str | None = None
    conditions: tuple[Condition, ...] = ()
    effective_from: str | None = None
    effective_to: str | None = None


@frozen(kw_only=True)
class Printing(_Cited):
    """Decimals of the official forms. They round when printing; verdicts are taken before."""

    school_value: int
    county_mean: int
    coefficient: int


@frozen(kw_only=True)
class Removal:
    """An entry of the extended standard that no longer holds."""

    table: Literal["thresholds", "limits", "items", "inclusion", "relaxations"]
    indicator: str | None = None
    stage: str | None = None
    kind: str | None = None
    ownership: str | None = None
    id: str | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """What :func:`entry_key` gives for the entry meant."""
        if self.table == "thresholds":
            return (self.indicator, self.stage)
        if self.table == "limits":
            return (self.kind, self.stage)
        return (self.id,) if self.table in ("items", "relaxations") else (self.kind, self.ownership)


#: The surest standing that one source of a kind allows; two independent ones of practice or news make a number sure.
_SUREST = {
    SourceKind.TEXT: Standing.CONFIRMED,
    SourceKind.COPY: Standing.CONFIRMED,
    SourceKind.LOCAL: Standing.SECONDARY,
    SourceKind.NEWS: Standing.SECONDARY,
    SourceKind.MEMORY: Standing.RECALLED,
}


def allowed_standings(kinds: Sequence[SourceKind]) -> frozenset[Standing]:
    """Return the standings that a number read in sources of these kinds may claim."""
    allowed = {Standing.RECALLED, Standing.CONFLICTING}
    surest = [_SUREST[kind] for kind in kinds]
    if Standing.CONFIRMED in surest or surest.count(Standing.SECONDARY) > 1:
        allowed |= {Standing.CONFIRMED}
    if allowed & {Standing.CONFIRMED} or Standing.SECONDARY in surest:
        allowed |= {Standing.SECONDARY, Standing.DERIVED}
    return frozenset(allowed)


def entry_key(entry: Any) -> tuple[Any, ...]:
    """By what an entry of a list is known, so that a standard that extends another can replace it."""
    if isinstance(entry, Threshold):
        return (entry.indicator, entry.stage)
    if isinstance(entry, Limit):
        return (entry.kind, entry.stage)
    return (entry.id,) if isinstance(entry, (Item, Relaxation)) else (entry.kind, entry.ownership)


@frozen(kw_only=True)
class Standard:
    """One edition of a document, ready for use; see :func:`junheng.load_standard`.

    Attributes
    ----------
    id, jurisdiction, document, number, issued, last_checked_on : str
        What it is. ``issued`` is as precise as is known: a year, a month or a day.
    label : Label
        Its name.
    extends : str or None
        The standard it builds on. Entries know in which one they were written (``origin``).
    parts : tuple of str
        The parts the overall verdict rests on.
    indicators : tuple of str
        The resource indicators, in the order of the document.
    thresholds, limits, school_rule, split, inclusion, items, printing
        The rules.
    sources : dict
        The sources that entries name.
    """

    id: str
    label: Label
    document: str
    number: str
    issued: str
    jurisdiction: str
    last_checked_on: str
    extends: str | None = None
    parts: tuple[Part, ...]
    indicators: tuple[IndicatorId, ...]
    thresholds: tuple[Threshold, ...] = ()
    limits: tuple[Limit, ...] = ()
    school_rule: SchoolRule | None = None
    split: Split | None = None
    inclusion: tuple[Inclusion, ...] = ()
    items: tuple[Item, ...] = ()
    relaxations: tuple[Relaxation, ...] = ()
    applied: tuple[str, ...] = ()
    printing: Printing | None = None
    sources: dict[str, Source] = field(factory=dict, hash=False)
    effective_from: str | None = None
    effective_to: str | None = None
    note: str | None = None

    def threshold(self, indicator: str, *, stage: str) -> Threshold:
        """Return what an indicator must reach in a stage.

        Parameters
        ----------
        indicator : str
            Id of the indicator.
        stage : {"primary", "junior"}
            Stage.

        Returns
        -------
        Threshold
            With ``value`` as Decimal, ``floor``, ``clause``, ``source`` and ``standing``.

        Raises
        ------
        InputError
            When the standard sets no such threshold; near matches are named.

        Examples
        --------
        >>> import junheng as jh
        >>> std = jh.load_standard("cn-quality-balance-2017")
        >>> std.threshold("teaching_area_per_student", stage="primary").value
        Decimal('4.5')
        """
        found = self.find(indicator, stage)
        if found is not None:
            return found
        known = sorted({t.indicator for t in self.thresholds if t.stage == stage})
        hint = did_you_mean(indicator, known)
        raise InputError(f"{self.id} sets no threshold for {indicator!r} in stage {stage!r}{hint}")

    def find(self, indicator: str, stage: str) -> Threshold | None:
        """Return the threshold of an indicator in a stage with its floor, None where there is none."""
        for t in self.thresholds:
            if t.indicator == indicator and t.stage == stage:
                common = self.school_rule.floor_ratio if self.school_rule is not None else None
                return t if t.floor_ratio is not None or common is None else attrs.evolve(t, floor_ratio=common)
        return None

    def limit(self, kind: str, *, stage: str) -> Limit | None:
        """Return the limit of coefficients of a kind (``each`` or ``composite``) in a stage, or None."""
        return next((x for x in self.limits if x.kind == kind and x.stage == stage), None)

    def with_options(
        self,
        *,
        between_sizes: Between | None = None,
        below_smallest: Ends | None = None,
        above_largest: Ends | None = None,
        relaxations: Sequence[str] | None = None,
    ) -> Standard:
        """Return a copy in which open rules are decided by you.

        Parameters
        ----------
        between_sizes : {"bracket", "linear", "smaller", "larger"}, optional
            What holds between two sizes of a table.
        below_smallest, above_largest : {"undetermined", "end"}, optional
            What holds outside the table.
        relaxations : sequence of str, optional
            Ids of the standard's relaxations that are to be applied; none are unless asked for.

        Returns
        -------
        Standard
            With another digest, so that a result shows that the rule was chosen and not found.

        Examples
        --------
        >>> import junheng as jh
        >>> std = jh.load_standard("cn-sd-school-conditions-2008")
        >>> std.threshold("land_area_per_student", stage="primary").between
        'bracket'
        >>> std.with_options(between_sizes="linear").digest == std.digest
        False
        """
        changes: dict[str, Any] = {
            k: v
            for k, v in {"between": between_sizes, "below": below_smallest, "above": above_largest}.items()
            if v is not None
        }
        if isinstance(relaxations, str):
            raise InputError(f"relaxations is a list of ids: [{relaxations!r}]")
        applied = self.applied if relaxations is None else tuple(relaxations)
        known = [r.id for r in self.relaxations]
        unknown = sorted(set(applied) - set(known))
        if unknown:
            raise InputError(
                f"{self.id} has no relaxation {', '.join(map(repr, unknown))}; it has {', '.join(known) or 'none'}"
            )
        return attrs.evolve(
            self,
            applied=applied,
            thresholds=tuple(attrs.evolve(t, **changes) if t.classes else t for t in self.thresholds),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the content as nested dicts that can be written as TOML and read again to an equal standard."""
        content: dict[str, Any] = _plain(self)
        # it is whole: read again, it must not be laid over its parent a second time
        return {"extended_from" if k == "extends" else k: v for k, v in content.items()}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content: two standards with one digest judge alike."""
        text = json.dumps(self.to_dict(), ensure_ascii=False, sort_keys=True, default=_number)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def diff(self, other: Standard) -> Any:
        """Compare two standards entry by entry.

        Parameters
        ----------
        other : Standard
            The standard to compare with.

        Returns
        -------
        pandas.DataFrame
            One row for each entry that differs or stands in only one of them: ``table``, ``entry``, ``field``,
            ``this``, ``other``. Where it was written and how well it is known is not compared.

        Examples
        --------
        >>> import junheng as jh
        >>> old, new = map(jh.load_standard, ["cn-basic-balance-2012", "cn-quality-balance-2017"])
        >>> old.diff(new).query("table == 'limits'")[["entry", "this", "other"]].fillna("-").values.tolist()
        [['composite primary', '0.65', '-'], ['composite junior', '0.55', '-'],
         ['each primary', '-', '0.50'], ['each junior', '-', '0.45']]
        """
        from junheng._frames import build_frame

        rows = _differences(self, other)
        names = ("table", "entry", "field", "this", "other")
        return build_frame({n: [r[i] for r in rows] for i, n in enumerate(names)}, "pandas")


def _number(value: Any) -> str:
    """Write a Decimal in one way: 0.50 and 0.5 are one number."""
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


_NOT_COMPARED = {"clause", "source", "also", "standing", "note", "origin", "label"}


def _entries(standard: Standard) -> dict[tuple[str, str], dict[str, Any]]:
    out: dict[tuple[str, str], dict[str, Any]] = {}
    for table in ("thresholds", "limits", "inclusion", "items", "relaxations"):
        for entry in getattr(standard, table):
            name = " ".join(str(k) for k in entry_key(entry) if k is not None)
            out[table, name] = _plain(entry)
    for table in ("school_rule", "split", "printing"):
        entry = getattr(standard, table)
        if entry is not None:
            out[table, table] = _plain(entry)
    out["indicators", "indicators"] = {"indicators": list(standard.indicators)}
    out["parts", "parts"] = {"parts": list(standard.parts)}
    out["applied", "applied"] = {"applied": list(standard.applied)}
    return out


def _differences(this: Standard, other: Standard) -> list[tuple[str, str, str, str | None, str | None]]:
    left, right = _entries(this), _entries(other)
    rows = []
    for key in [*left, *(k for k in right if k not in left)]:
        a, b = left.get(key), right.get(key)
        if a is None or b is None:
            rows.append((*key, "value", _summary(a), _summary(b)))
            continue
        for name in [*a, *(n for n in b if n not in a)]:
            if name not in _NOT_COMPARED and a.get(name) != b.get(name):
                rows.append((*key, name, _text(a.get(name)), _text(b.get(name))))
    return rows


def _summary(entry: dict[str, Any] | None) -> str | None:
    if entry is None:
        return None
    if "value" in entry:
        return _text(entry["value"])
    return _text({k: v for k, v in entry.items() if k not in _NOT_COMPARED})


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _plain(value: Any) -> Any:
    """Turn attrs objects into dicts, leaving out what is None, empty or worked out by the loader."""
    if attrs.has(type(value)):
        out = {}
        for a in attrs.fields(type(value)):
            item = getattr(value, a.name)
            if item is None or item == () or item == {} or a.metadata.get("derived"):
                continue
            out[a.name] = _plain(item)
        return out
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(v) for v in value]
    return value
