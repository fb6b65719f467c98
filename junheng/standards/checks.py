"""Checks of a standard file: of each entry, against the extended standard, and of the standard as a whole.

Each check returns its mistakes with their places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from junheng.standards.check_conditions import (
    check_conditions,
    check_date,
    check_hints,
    check_where,
    tests_of,
)
from junheng.standards.file import IDENTITY, LISTS, SINGLE, File
from junheng.standards.mistakes import located, mistakes, numbered
from junheng.standards.model import (
    Doubt,
    Item,
    Limit,
    Printing,
    Relaxation,
    SchoolRule,
    Source,
    Split,
    Standard,
    Threshold,
    allowed_standings,
    entry_key,
    stands_for,
)
from junheng.standards.names import folded
from junheng.standards.sources import Cited
from junheng.words import Message, Name, Quoted, listed, message

__all__ = ["check_sense", "check_whole"]


def check_sense(file: File, parent: Standard | None) -> list[Message]:
    """Return the mistakes of a file beyond values of the wrong type."""
    # without its parent it is unknown what the file may leave out
    orphan = parent is None and (file.extends is not None or "$.extends" in file.unread)
    problems = [] if orphan else [*_check_identity(file, parent), *_check_removals(file, parent)]
    for i, name in enumerate(file.aliases):
        problems += mistakes("$", (not folded(name), f".aliases[{i}]", message("standards.entry.empty")))
    for name in ("issued", "last_checked_on"):
        problems += check_date(getattr(file, name), f"$.{name}")
    problems += _check_period(file, "$")
    for table in (*LISTS, *SINGLE):
        check = _CHECKS.get(table)
        first_of: dict[tuple[Any, ...], str] = {}
        for place, entry in file.placed(table):
            if table in LISTS:
                first = first_of.setdefault(entry_key(entry), place)
                problems += mistakes(place, (first != place, "", message("standards.twice.table", first=first)))
            for at, cited in _cited_in(entry, place):
                problems += mistakes(at, (not cited.clause.strip(), ".clause", message("standards.entry.empty")))
                problems += [] if orphan else _check_sources(cited, file, parent, at)
            problems += check(entry, place) if check is not None else []
    return problems + _check_numbers(file, parent)


# ----------------------------------------------------------------------------------- the file as a whole


def _check_identity(file: File, parent: Standard | None) -> list[Message]:
    """Check that a standard without ``extends`` has all keys that identify it."""
    needed = [n for n in (*IDENTITY, "parts") if n != "issued"] if parent is None else []
    missing = [name for name in needed if not getattr(file, name) and f"$.{name}" not in file.unread]
    return [located(message("standards.missing", key=Quoted(name)), f"$.{name}") for name in missing]


def _check_removals(file: File, parent: Standard | None) -> list[Message]:
    """Check that removed entries exist."""
    problems = []
    for place, removal in file.placed("remove"):
        known = [] if parent is None else [entry_key(entry) for entry in getattr(parent, removal.table)]
        gone = not any(stands_for(removal.key, key) for key in known)
        nowhere = (
            message("standards.entry.removes_from_nothing")
            if file.extends is None
            else message("standards.entry.removes_nothing", standard=file.extends)
        )
        problems += mistakes(place, (gone, "", nowhere))
    return problems


def _check_period(entry: File | Relaxation, place: str) -> list[Message]:
    """Check the dates from which and to which something is in force."""
    begin, end = entry.effective_from, entry.effective_to
    # compared as far as both go: what begins in May 2019 may end in 2019
    ends_first = begin is not None and end is not None and end[: len(begin)] < begin[: len(end)]
    return [
        *check_date(begin, f"{place}.effective_from"),
        *check_date(end, f"{place}.effective_to"),
        *mistakes(place, (ends_first, ".effective_to", message("standards.entry.ends_first"))),
    ]


def _check_numbers(file: File, parent: Standard | None) -> list[Message]:
    """Check that no two items of a part have the same number, including inherited items."""
    removed = {r.id for r in file.remove if r.table == "items"}
    replaced = {item.id for item in file.items}
    inherited = [i for i in (parent.items if parent else ()) if i.id not in replaced | removed]
    taken = {(i.part, i.number): i.id for i in inherited}
    problems = []
    for place, item in file.placed("items"):
        other = item.id if item.number is None else taken.setdefault((item.part, item.number), item.id)
        part = Quoted(Name("part", item.part))
        taken_by = message("standards.twice.number", part=part, number=item.number, item=Quoted(other))
        problems += mistakes(place, (other != item.id, ".number", taken_by))
    return problems


# ------------------------------------------------------------------------- sources and standings


def _cited_in(entry: Any, place: str) -> Iterator[tuple[str, Cited]]:
    """Return an entry and its parts with sources of their own, with places."""
    yield place, entry
    for at, hint in numbered(getattr(entry, "hints", ()), f"{place}.hints"):
        yield at, hint
        yield from numbered(hint.test.dated, f"{at}.test.dated")
    for at, condition in numbered(getattr(entry, "conditions", ()), f"{place}.conditions"):
        for within, test in tests_of(condition, at):
            yield from numbered(test.dated, f"{within}.dated")
        yield from numbered(condition.yardsticks, f"{at}.yardsticks")


def _check_sources(cited: Cited, file: File, parent: Standard | None, place: str) -> list[Message]:
    """Check that sources exist and support the standing."""
    inherited: Mapping[str, Source] = parent.sources if parent is not None else {}
    named = {"source": (cited.source,), "also": cited.also}
    unknown = [
        located(message("standards.entry.unknown_source", source=Quoted(name)), place, f".{where}")
        for where, names in named.items()
        for name in names
        if not file.names_source(name) and name not in inherited
    ]
    return unknown + _check_standing(cited, {**inherited, **file.sources}, place)


def _check_standing(cited: Cited, sources: Mapping[str, Source], place: str) -> list[Message]:
    """Check that the sources support the standing; not checked if a source has no kind."""
    names = {cited.source, *cited.also}
    kinds = [s.kind for name in names if (s := sources.get(name)) is not None and s.kind is not None]
    if len(kinds) < len(names) or cited.standing in allowed_standings(kinds):
        return []
    claimed, allowing = Quoted(str(cited.standing)), listed(sorted(map(str, kinds)))
    return [located(message("standards.entry.standing", standing=claimed, kinds=allowing), place, ".standing")]


# --------------------------------------------------------------------------------------- kinds of entries


def _check_threshold(t: Threshold, place: str) -> list[Message]:
    numbers = t.values if t.value is None else (*t.values, t.value)
    ascending = all(c >= 1 for c in t.classes) and all(a < b for a, b in pairwise(t.classes))
    lost = "some" in (t.between, t.below, t.above) and t.op not in (">=", ">")
    alone = t.value is not None and t.floor_ratio is None
    sizes, negative = len(t.classes), message("standards.entry.negative")
    problems = mistakes(
        place,
        ((t.value is None) == (not t.classes), "", message("standards.entry.value_or_classes")),
        (sizes != len(t.values), ".values", message("standards.entry.sizes", sizes=sizes, values=len(t.values))),
        (not ascending, ".classes", message("standards.entry.not_ascending")),
        (any(v < 0 for v in numbers), ".value", negative),
        (not _is_floor(t.floor_ratio), ".floor_ratio", message("standards.entry.not_a_share")),
        (bool(t.instead) and not alone, ".instead", message("standards.entry.instead")),
        (lost, ".op", message("standards.entry.some")),
    )
    for at, row in numbered(t.readings, f"{place}.readings"):
        problems += mistakes(
            at, (len(row) != sizes, "", message("standards.entry.sizes", sizes=sizes, values=len(row)))
        )
        problems += mistakes(at, (any(v < 0 for v in row), "", negative))
    for at, other in numbered(t.instead, f"{place}.instead"):
        problems += check_where(other.where, f"{at}.where")
        problems += mistakes(at, (other.value < 0, ".value", negative))
    return problems


def _is_floor(ratio: Decimal | None) -> bool:
    return ratio is None or 0 < ratio < 1


def _check_limit(limit: Limit, place: str) -> list[Message]:
    return mistakes(place, (limit.value <= 0, ".value", message("standards.entry.not_positive")))


def _check_item(item: Item, place: str) -> list[Message]:
    asked = item.rule in ("conditions", "scored")
    return [
        *mistakes(place, (asked != bool(item.conditions), "", message("standards.entry.conditions"))),
        *check_conditions(item, place),
        *check_hints(item, place),
    ]


def _check_relaxation(relaxation: Relaxation, place: str) -> list[Message]:
    on_indicator, on_item = relaxation.indicator is not None, relaxation.item is not None
    return [
        *mistakes(
            place,
            (on_indicator == on_item, "", message("standards.entry.relaxes")),
            (on_indicator != bool(relaxation.add), ".add", message("standards.entry.add")),
            (on_item != bool(relaxation.conditions), ".conditions", message("standards.entry.conditions_of_item")),
        ),
        *check_conditions(relaxation, place),
        *check_where(relaxation.where, f"{place}.where"),
        *_check_period(relaxation, place),
    ]


def _check_doubt(doubt: Doubt, place: str) -> list[Message]:
    return check_where(doubt.where, f"{place}.where")


def _check_school_rule(rule: SchoolRule, place: str) -> list[Message]:
    misplaced = (rule.kind == "at_least") != (rule.k is not None)
    return mistakes(
        place,
        (misplaced, ".k", message("standards.entry.at_least")),
        (rule.k is not None and rule.k < 1, ".k", message("standards.entry.below_one")),
        (not _is_floor(rule.floor_ratio), ".floor_ratio", message("standards.entry.not_a_share")),
    )


def _check_split(split: Split, place: str) -> list[Message]:
    names = ("resources", "weights")
    problems = mistakes(
        place, *((not getattr(split, name), f".{name}", message("standards.entry.empty")) for name in names)
    )
    for at, weights in numbered(split.weights, f"{place}.weights"):
        for stage in ("primary", "junior", "senior"):
            problems += _check_weight(weights.weight(stage), f"{at}.{stage}")
    return problems


def _check_weight(weight: Decimal | None, place: str) -> list[Message]:
    """Check a weight; shares are computed exactly, in units of its sixth decimal."""
    if weight is None:
        return []
    if not Decimal("0.001") <= weight <= 1000:
        return [located(message("standards.entry.weight"), place)]
    return mistakes(place, (weight != round(weight, 6), "", message("standards.entry.weight_decimals")))


def _check_printing(printing: Printing, place: str) -> list[Message]:
    names = ("school_value", "county_mean", "coefficient")
    wrong = message("standards.entry.decimals")
    return mistakes(place, *((not 0 <= getattr(printing, n) <= 15, f".{n}", wrong) for n in names))


#: Checks of the entries of a table, in addition to clauses and sources.
_CHECKS: dict[str, Callable[[Any, str], list[Message]]] = {
    "thresholds": _check_threshold,
    "limits": _check_limit,
    "items": _check_item,
    "relaxations": _check_relaxation,
    "doubts": _check_doubt,
    "school_rule": _check_school_rule,
    "split": _check_split,
    "printing": _check_printing,
}


# --------------------------------------------------------------------------------- the standard as a whole


def check_whole(standard: Standard, file: File) -> list[Message]:
    """Return the mistakes of a standard as a whole, after extending."""
    empty = not standard.indicators and not standard.items
    return [
        *mistakes("$", (empty, "", message("standards.whole.no_content"))),
        *_check_relaxed(standard, file),
        *_check_doubted(standard, file),
        *_check_applied(standard),
        *_check_enough_indicators(standard),
        *_check_rules_of_items(standard, file),
    ]


def _placed(table: str, standard: Standard, file: File) -> list[tuple[str | Message, Any]]:
    """Return the entries of a standard with their places in the file, or their keys if inherited."""
    places = {entry_key(entry): place for place, entry in file.placed(table)}
    keys = [(entry_key(entry), entry) for entry in getattr(standard, table)]
    return [
        (places.get(key) or message("standards.inherited", table=table, key=" ".join(map(str, key))), entry)
        for key, entry in keys
    ]


def _check_relaxed(standard: Standard, file: File) -> list[Message]:
    """Check that relaxations name an indicator, or replace conditions of an item one by one."""
    items = {item.id: item.conditions for item in standard.items}
    problems = []
    for place, relaxation in _placed("relaxations", standard, file):
        indicator, item = relaxation.indicator, relaxation.item
        foreign = indicator is not None and indicator not in standard.indicators
        theirs = items.get(item, ()) if item is not None else ()
        pairs = list(zip(relaxation.conditions, theirs, strict=False))
        fitting = all(mine.scope == its.scope and mine.scope in ("school", "section") for mine, its in pairs)
        too_many = item in items and len(theirs) < len(relaxation.conditions)
        problems += mistakes(
            place,
            (foreign, ".indicator", message("standards.whole.no_indicator", indicator=Quoted(indicator))),
            (item is not None and item not in items, ".item", message("standards.whole.no_item", item=Quoted(item))),
            (too_many, ".conditions", message("standards.whole.too_many", item=Quoted(item), n=len(theirs))),
            (not fitting, ".conditions", message("standards.whole.scopes")),
        )
    return problems


def _check_doubted(standard: Standard, file: File) -> list[Message]:
    items = {item.id for item in standard.items}
    return [
        located(message("standards.whole.no_item", item=Quoted(item)), place, ".items")
        for place, doubt in file.placed("doubts")
        for item in doubt.items
        if item not in items
    ]


def _check_applied(standard: Standard) -> list[Message]:
    known = {relaxation.id for relaxation in standard.relaxations}
    return [
        located(message("standards.whole.no_relaxation", relaxation=Quoted(name)), "$.applied")
        for name in standard.applied
        if name not in known
    ]


def _check_enough_indicators(standard: Standard) -> list[Message]:
    """Check that a stage has as many indicators as a school must meet."""
    asked = standard.school_rule.k if standard.school_rule is not None else None
    problems = []
    for stage in ("primary", "junior"):
        n = sum(t.stage == stage for t in standard.thresholds)
        too_many = asked is not None and 0 < n < asked
        few = message("standards.whole.too_few", asked=asked, n=n, stage=Name("stage", stage))
        problems += mistakes("$.school_rule", (too_many, ".k", few))
    return problems


def _check_rules_of_items(standard: Standard, file: File) -> list[Message]:
    """Check that the standard has the limits, school rule and parts that its items require."""
    kinds = {limit.kind for limit in standard.limits}
    parts = {*standard.parts, "overall"}
    without_rule = standard.school_rule is None and bool(standard.thresholds)
    needs_limit = {"each_coefficient": "each", "composite_coefficient": "composite"}
    problems = []
    for place, item in _placed("items", standard, file):
        limit = needs_limit.get(item.rule)
        unlimited = limit is not None and limit not in kinds
        rule = Quoted(item.rule)
        complies = item.rule == "every_school_complies"
        problems += mistakes(
            place,
            (unlimited, ".rule", message("standards.whole.needs_limit", rule=rule, kind=Quoted(limit))),
            (complies and without_rule, ".rule", message("standards.whole.needs_school_rule", rule=rule)),
            (item.part not in parts, ".part", message("standards.whole.no_part", part=Quoted(item.part))),
        )
    return problems
