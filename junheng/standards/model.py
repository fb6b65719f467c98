"""Standards as frozen objects; every number has its clause, source and standing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence, Set
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import attrs
from attrs import field, frozen

from junheng._public import public_names
from junheng._stages import find_stage
from junheng._text import as_text
from junheng.errors import InputError, did_you_mean
from junheng.standards.card import card
from junheng.standards.content import differences, number_text, plain
from junheng.standards.rules import Comparison, Condition, Doubt, Hint, Item, Norm, Relaxation, Step, Yardstick
from junheng.standards.sizes import SizeTable, numbers_by_size
from junheng.standards.sources import Cited, Source, SourceKind, Standing, allowed_standings
from junheng.standards.terms import (
    ANSWERS,
    Answer,
    Between,
    ColumnId,
    Ends,
    Filter,
    IndicatorId,
    Kind,
    Label,
    Op,
    Ownership,
    OwnerType,
    Part,
    Stage,
)
from junheng.words import Name, Quoted, listed, message, quoted

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ANSWERS",
    "Comparison",
    "Condition",
    "Doubt",
    "Filter",
    "Hint",
    "Inclusion",
    "Instead",
    "Item",
    "Label",
    "Limit",
    "Norm",
    "Part",
    "Printing",
    "Relaxation",
    "Removal",
    "SchoolRule",
    "SizeTable",
    "Source",
    "SourceKind",
    "Split",
    "SplitWeights",
    "Standard",
    "Standing",
    "Step",
    "Threshold",
    "Yardstick",
    "allowed_standings",
    "entry_key",
    "stands_for",
]


@frozen(kw_only=True)
class Instead:
    """A special number of a threshold for the schools of ``where``."""

    where: Filter
    value: Decimal


@frozen(kw_only=True)
class Threshold(Cited):
    """Requirement for one indicator in one stage: a number, or a table by number of classes.

    Attributes
    ----------
    indicator, stage : str
        What the threshold applies to.
    op : str
        ``">="``: at least; ``"<="``: at most.
    value : Decimal or None
        The number, in the unit of the indicator; None if there is a table.
    classes, values : tuple
        The table: sizes in classes, ascending, and the number for each.
    readings : tuple of tuple
        Further rows printed for the same sizes; a school is undetermined unless all rows agree.
    instead : tuple of Instead
        Special numbers for some schools. If it is unknown whether one applies to a school, the school is undetermined
        unless both numbers agree.
    between : {"bracket", "linear", "smaller", "larger", "some"}
        The requirement between two sizes. ``bracket``: unknown, so a school is undetermined unless both
        neighbouring sizes agree. ``linear``: interpolated. ``smaller``, ``larger``: the number of that neighbour.
        ``some``: the number was lost, so that 0 is unmet and anything else undetermined.
    below, above : {"undetermined", "end", "some"}
        The requirement outside the table: unknown, the number at that end, or ``some`` as above.
    floor_ratio : Decimal or None
        Share of the number that an indicator which may miss it must still reach.
    """

    indicator: IndicatorId
    stage: Stage
    op: Op = ">="
    value: Decimal | None = None
    classes: tuple[int, ...] = ()
    values: tuple[Decimal, ...] = ()
    readings: tuple[tuple[Decimal, ...], ...] = ()
    instead: tuple[Instead, ...] = ()
    between: Between = "bracket"
    below: Ends = "undetermined"
    above: Ends = "undetermined"
    floor_ratio: Decimal | None = None

    @property
    def floor(self) -> Decimal | None:
        """Exact floor of a single number, None without a floor."""
        return None if self.value is None or self.floor_ratio is None else self.value * self.floor_ratio

    @property
    def fixed(self) -> bool:
        """Whether one number applies to all schools of the stage."""
        return self.value is not None and not self.instead

    def asked(
        self, classes: Fraction | None = None, meant: Sequence[bool | None] = ()
    ) -> tuple[tuple[Fraction, ...], str]:
        """Return the numbers that may apply to a school, the strictest last, and why there are none or several.

        ``classes`` is the size of the school, None if unknown; ``meant`` says whether each ``instead`` applies to the
        school, None if unknown. The reason is empty if there is exactly one number.
        """
        if self.value is not None:
            numbers, why = {Fraction(self.value)}, "special_open"
            for other, is_meant in zip(self.instead, meant, strict=True):
                special = {Fraction(other.value)}
                numbers = special if is_meant else numbers | special if is_meant is None else numbers
        elif classes is None:
            return (), "missing_classes"
        else:
            numbers, why = numbers_by_size(self, (self.values, *self.readings), classes)
        ordered = sorted(numbers, reverse=self.op in ("<=", "<"))
        return tuple(ordered), why if len(ordered) != 1 else ""


@frozen(kw_only=True)
class Limit(Cited):
    """Largest difference coefficient allowed in one stage: for each indicator, or for their mean."""

    kind: Literal["each", "composite"]
    stage: Stage
    op: Op = "<="
    value: Decimal
    # default: all of the standard that sets the limit; a standard that extends it adds none
    indicators: tuple[IndicatorId, ...] = ()


@frozen(kw_only=True)
class SchoolRule(Cited):
    """When a school complies: all indicators met, or at least ``k`` met and the others not below their floors."""

    kind: Literal["all", "at_least"]
    k: int | None = None
    floor_ratio: Decimal | None = None


@frozen(kw_only=True)
class SplitWeights:
    """Weights of students of each stage in dividing shared resources, for one kind of school."""

    kind: Literal["nine_year", "twelve_year", "complete_secondary"]
    primary: Decimal | None = None
    junior: Decimal | None = None
    senior: Decimal | None = None

    def weight(self, stage: str) -> Decimal | None:
        """Return the weight of one student of a stage, None if the kind of school lacks the stage."""
        return {"primary": self.primary, "junior": self.junior, "senior": self.senior}[stage]


@frozen(kw_only=True)
class Split(Cited):
    """The shared resources of schools with several stages that are divided, and the weights."""

    resources: tuple[ColumnId, ...]
    weights: tuple[SplitWeights, ...]

    def of_kind(self, kind: str) -> SplitWeights | None:
        """Return the weights of a kind of school, None if the standard has none."""
        return next((w for w in self.weights if w.kind == kind), None)


@frozen(kw_only=True)
class Inclusion(Cited):
    """Units that are left out, or included only if the user says so.

    ``decision`` is ``out``, or ``ask``: no source decides, so every such row needs a yes or no. ``answer`` is the
    question and the column with the answer: whether a unit is in the basic standard of schools, or in the difference
    coefficient; without it the entry applies to both, and the column is ``included``. It applies to units that match
    every given field: kind, ownership, one of the ``owner_types``, fewer than ``students_below`` students.
    """

    decision: Literal["out", "ask"]
    answer: Answer | None = None
    kind: Kind | None = None
    ownership: Ownership | None = None
    owner_types: tuple[OwnerType, ...] = ()
    students_below: int | None = None


@frozen(kw_only=True)
class Printing(Cited):
    """Decimals of the official forms; verdicts use unrounded values."""

    school_value: int
    county_mean: int
    coefficient: int


@frozen(kw_only=True)
class Removal:
    """An entry of the extended standard to remove."""

    table: Literal["thresholds", "limits", "items", "inclusion", "relaxations", "doubts"]
    indicator: str | None = None
    stage: str | None = None
    kind: str | None = None
    ownership: str | None = None
    owner_types: tuple[OwnerType, ...] = ()
    answer: Answer | None = None
    id: str | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """Key of the entry, as :func:`entry_key` returns it."""
        if self.table == "thresholds":
            return (self.indicator, self.stage)
        if self.table == "limits":
            return (self.kind, self.stage)
        if self.table in ("items", "relaxations", "doubts"):
            return (self.id,)
        return (self.kind, self.ownership, self.owner_types, self.answer)


def entry_key(entry: Any) -> tuple[Any, ...]:
    """Return the key of an entry, by which a standard that extends another replaces it."""
    if isinstance(entry, Threshold):
        return (entry.indicator, entry.stage)
    if isinstance(entry, Limit):
        return (entry.kind, entry.stage)
    if isinstance(entry, (Item, Relaxation, Doubt)):
        return (entry.id,)
    return (entry.kind, entry.ownership, entry.owner_types, entry.answer)


def stands_for(key: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Tell whether a key matches another: equal, or an inclusion rule on both questions and one on either."""
    return key == other or (len(key) == 4 and key[3] is None and key[:3] == other[:3])


@frozen(kw_only=True, repr=False)
class Standard:
    """One edition of a document, ready for use; see :func:`junheng.load_standard`.

    Attributes
    ----------
    id, jurisdiction, document, number, last_checked_on : str
        Identity.
    issued : str or None
        A year, a month or a day; None if it was not read.
    label : Label
        Its name.
    aliases : tuple of str
        Other names and document numbers by which :func:`junheng.load_standard` finds it.
    extends : str or None
        The standard it extends; ``origin`` of an entry is the id of the standard that contains it.
    parts : tuple of str
        The parts of the overall verdict.
    indicators : tuple of str
        The resource indicators, in the order of the document.
    thresholds, limits, inclusion, items, relaxations, doubts : tuple
        The rules, each with its clause, source and standing.
    school_rule, split, printing : SchoolRule, Split, Printing or None
        When a school complies, what integrated schools divide, and the decimals of the forms.
    applied : tuple of str
        The relaxations in use; see :meth:`with_options`.
    sources : dict
        The sources cited by entries.
    effective_from, effective_to : str or None
        When it was in force.
    note : str or None
        What was not read, or not found.
    """

    id: str
    label: Label
    aliases: tuple[str, ...] = ()
    document: str
    number: str
    issued: str | None = None
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
    doubts: tuple[Doubt, ...] = ()
    applied: tuple[str, ...] = ()
    printing: Printing | None = None
    sources: dict[str, Source] = field(factory=dict, hash=False)
    effective_from: str | None = None
    effective_to: str | None = None
    note: str | None = None

    def __dir__(self) -> list[str]:
        return public_names(self, "find", "inclusion_for", "two_answers", "chosen")

    def __repr__(self) -> str:
        return f"<Standard {self.id}: {self.label.zh} ({self.number})>"

    def _repr_html_(self) -> str:
        return card(self)

    def threshold(self, indicator: str, *, stage: str) -> Threshold:
        """Return the threshold of an indicator in a stage.

        Parameters
        ----------
        indicator : str
            Id of the indicator.
        stage : {"primary", "junior"} or a Chinese word (小学, 初中)
            Stage.

        Returns
        -------
        Threshold
            With ``value`` as Decimal, ``floor``, ``clause``, ``source`` and ``standing``.

        Raises
        ------
        InputError
            If the standard has no such threshold; the message suggests similar indicators.

        Examples
        --------
        >>> import junheng as jh
        >>> std = jh.load_standard("cn-quality-balance-2017")
        >>> std.threshold("teaching_area_per_student", stage="primary").value
        Decimal('4.5')
        >>> std.threshold("teaching_area_per_student", stage="初中").value
        Decimal('5.8')
        """
        if not isinstance(indicator, str):
            raise InputError(message("standards.ask.not_text", given=Quoted(as_text(indicator))))
        found = self.find(indicator, stage := find_stage(stage))
        if found is not None:
            return found
        known = sorted({t.indicator for t in self.thresholds if t.stage == stage})
        hint = did_you_mean(indicator, known)
        raise InputError(
            message(
                "standards.ask.no_threshold",
                standard=self.id,
                indicator=Quoted(indicator),
                stage=Name("stage", stage),
                hint=hint,
            )
        )

    def find(self, indicator: str, stage: str) -> Threshold | None:
        """Return the threshold of an indicator in a stage with its floor, or None."""
        for t in self.thresholds:
            if t.indicator == indicator and t.stage == stage:
                common = self.school_rule.floor_ratio if self.school_rule is not None else None
                return t if t.floor_ratio is not None or common is None else attrs.evolve(t, floor_ratio=common)
        return None

    def limit(self, kind: str, *, stage: str) -> Limit | None:
        """Return the limit of coefficients of a kind (``each`` or ``composite``) in a stage, or None."""
        wanted = find_stage(stage)
        return next((x for x in self.limits if x.kind == kind and x.stage == wanted), None)

    @property
    def two_answers(self) -> bool:
        """Whether inclusion in the basic standard of schools and in the coefficient may differ."""
        return any(rule.answer is not None for rule in self.inclusion)

    def inclusion_for(self, answer: str) -> tuple[Inclusion, ...]:
        """Return the inclusion rules for a question; a rule for this question alone precedes one for both."""
        rules = sorted((r for r in self.inclusion if r.answer in (None, answer)), key=lambda r: r.answer is not None)
        return tuple({entry_key(r)[:3]: r for r in rules}.values())

    def with_options(
        self,
        *,
        between_sizes: Between | None = None,
        below_smallest: Ends | None = None,
        above_largest: Ends | None = None,
        relaxations: Sequence[str] | None = None,
        small_teaching_points: Literal["open", "counted", "left_out"] | None = None,
    ) -> Standard:
        """Return a copy with choices for rules that the sources leave open.

        Parameters
        ----------
        between_sizes : {"bracket", "linear", "smaller", "larger"}, optional
            The requirement between two sizes of a table; see ``Threshold.between``.
        below_smallest, above_largest : {"undetermined", "end"}, optional
            The requirement outside the table.
        relaxations : sequence of str, optional
            Ids of the relaxations to apply; none by default.
        small_teaching_points : {"open", "counted", "left_out"}, optional
            Whether items that no source limits to schools apply to teaching points too small for the resource part
            (the doubt ``small-teaching-points``). ``open``: such an item is undetermined if it depends on them.

        Returns
        -------
        Standard
            With a different digest, so that results show the choice.

        Raises
        ------
        InputError
            If the standard has no such relaxation or doubt, or the choice is unknown.

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
        _check_options(changes, relaxations)
        applied = self.applied if relaxations is None else tuple(dict.fromkeys(map(as_text, relaxations)))
        known = [r.id for r in self.relaxations]
        unknown = sorted(set(applied) - set(known))
        if unknown:
            raise InputError(
                message(
                    "standards.ask.no_relaxation",
                    standard=self.id,
                    unknown=quoted(unknown),
                    known=listed(known) if known else message("standards.ask.none"),
                )
            )
        doubts = self.doubts
        if small_teaching_points is not None:
            doubts = self._decide("small-teaching-points", small_teaching_points)
        return attrs.evolve(
            self,
            applied=applied,
            doubts=doubts,
            thresholds=tuple(_chosen(t, changes) for t in self.thresholds),
        )

    def _decide(self, doubt: str, decision: Literal["open", "counted", "left_out"]) -> tuple[Doubt, ...]:
        """Return the doubts with a decision for one of them."""
        if not isinstance(decision, str) or decision not in ("open", "counted", "left_out"):
            raise InputError(message("standards.ask.decision", given=Quoted(as_text(decision))))
        if doubt not in {d.id for d in self.doubts}:
            raise InputError(message("standards.ask.no_doubt", standard=self.id, doubt=Quoted(doubt)))
        return tuple(attrs.evolve(d, decision=decision) if d.id == doubt else d for d in self.doubts)

    @property
    def chosen(self) -> list[str]:
        """Decisions on doubts, as ``id=decision``."""
        return [f"{d.id}={d.decision}" for d in self.doubts if d.decision != "open"]

    def to_dict(self) -> dict[str, Any]:
        """Return the content as nested dicts; written as TOML and loaded again they give an equal standard.

        Numbers that are not whole are exact, as ``decimal.Decimal``: for JSON write
        ``json.dumps(std.to_dict(), default=str)``.
        """
        content: dict[str, Any] = plain(self)
        # the content is complete: loaded again, it must not be merged into its parent
        return {"extended_from" if k == "extends" else k: v for k, v in content.items()}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content; standards with equal digests give equal verdicts."""
        # names judge nothing
        content = {k: v for k, v in self.to_dict().items() if k != "aliases"}
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, default=number_text)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def diff(self, other: Standard) -> pd.DataFrame:
        """Compare two standards entry by entry.

        Parameters
        ----------
        other : Standard
            The standard to compare with.

        Returns
        -------
        pandas.DataFrame
            One row for each difference: ``table``, ``entry``, ``field``, ``this``, ``other``. An entry in only one
            standard is one row. Clauses, sources, standings, notes and labels are not compared.

        Examples
        --------
        >>> import junheng as jh
        >>> old, new = map(jh.load_standard, ["cn-basic-balance-2012", "cn-quality-balance-2017"])
        >>> old.diff(new).query("table == 'limits'")[["entry", "this", "other"]].fillna("-").values.tolist()
        [['composite primary', '0.65', '-'], ['composite junior', '0.55', '-'],
         ['each primary', '-', '0.50'], ['each junior', '-', '0.45']]
        """
        from junheng._frames import pandas_frame

        rows = differences(_entries(self), _entries(other))
        names = ("table", "entry", "field", "this", "other")
        frame: pd.DataFrame = pandas_frame({n: [r[i] for r in rows] for i, n in enumerate(names)})
        return frame


def _check_options(changes: dict[str, Any], relaxations: Any) -> None:
    """Refuse choices that no source leaves open; Literal types are hints, and hold nobody back."""
    known = {"between": get_args(Between), "below": get_args(Ends), "above": get_args(Ends)}
    for name, choice in changes.items():
        choices = [c for c in known[name] if c != "some"]
        if not isinstance(choice, str) or choice not in choices:
            raise InputError(message("standards.ask.choice", given=Quoted(as_text(choice)), choices=quoted(choices)))
    if relaxations is None:
        return
    if isinstance(relaxations, str) or not isinstance(relaxations, (Sequence, Set)):
        raise InputError(message("standards.ask.not_a_list", given=Quoted(as_text(relaxations))))


def _chosen(t: Threshold, changes: dict[str, Any]) -> Threshold:
    """Return a threshold with choices for its size table; a lost number stays lost."""
    return attrs.evolve(t, **{k: v for k, v in changes.items() if getattr(t, k) != "some"}) if t.classes else t


def _entries(standard: Standard) -> dict[tuple[str, str], dict[str, Any]]:
    out: dict[tuple[str, str], dict[str, Any]] = {}
    for table in ("thresholds", "limits", "inclusion", "items", "relaxations", "doubts"):
        for entry in getattr(standard, table):
            parts = [k if isinstance(k, tuple) else (k,) for k in entry_key(entry)]
            name = " ".join(str(k) for part in parts for k in part if k is not None)
            out[table, name] = plain(entry)
    for table in ("school_rule", "split", "printing"):
        entry = getattr(standard, table)
        if entry is not None:
            out[table, table] = plain(entry)
    out["indicators", "indicators"] = {"indicators": list(standard.indicators)}
    out["parts", "parts"] = {"parts": list(standard.parts)}
    out["applied", "applied"] = {"applied": list(standard.applied)}
    return out
