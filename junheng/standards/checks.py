"""Whether what is written makes sense: entry by entry, against the standard that is extended, and as a whole.

Every check returns one line a mistake, with its place.
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
    found,
    numbered,
    tests_of,
)
from junheng.standards.file import IDENTITY, LISTS, SINGLE, File
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
from junheng.standards.sources import Cited

__all__ = ["check_sense", "check_whole"]


def check_sense(file: File, parent: Standard | None) -> list[str]:
    """Return what is wrong with a file although every value is of the right kind."""
    # of a standard that could not be read nothing can be missed
    orphan = parent is None and (file.extends is not None or "$.extends" in file.unread)
    problems = [] if orphan else [*_check_identity(file, parent), *_check_removals(file, parent)]
    for name in ("issued", "last_checked_on"):
        problems += check_date(getattr(file, name), f"$.{name}")
    problems += _check_period(file, "$")
    for table in (*LISTS, *SINGLE):
        check = _CHECKS.get(table)
        first_of: dict[tuple[Any, ...], str] = {}
        for place, entry in file.placed(table):
            if table in LISTS:
                first = first_of.setdefault(entry_key(entry), place)
                problems += found(place, (first != place, "", f"the same entry as {first}"))
            for at, cited in _cited_in(entry, place):
                problems += found(at, (not cited.clause.strip(), ".clause", "must not be empty"))
                problems += [] if orphan else _check_sources(cited, file, parent, at)
            problems += check(entry, place) if check is not None else []
    return problems + _check_numbers(file, parent)


# ----------------------------------------------------------------------------------- the file as a whole


def _check_identity(file: File, parent: Standard | None) -> list[str]:
    """Check that a standard that extends no other says what it is."""
    needed = (*IDENTITY, "parts") if parent is None else ()
    missing = [name for name in needed if not getattr(file, name) and f"$.{name}" not in file.unread]
    return [f"{name!r} is missing @ $.{name}" for name in missing]


def _check_removals(file: File, parent: Standard | None) -> list[str]:
    """Check that what is removed is there."""
    problems = []
    for place, removal in file.placed("remove"):
        known = [] if parent is None else [entry_key(entry) for entry in getattr(parent, removal.table)]
        gone = not any(stands_for(removal.key, key) for key in known)
        problems += found(place, (gone, "", f"removes an entry that {file.extends or 'nothing'} does not have"))
    return problems


def _check_period(entry: File | Relaxation, place: str) -> list[str]:
    """Check from when to when something holds."""
    begin, end = entry.effective_from, entry.effective_to
    return [
        *check_date(begin, f"{place}.effective_from"),
        *check_date(end, f"{place}.effective_to"),
        *found(place, ((end or "9999") < (begin or ""), ".effective_to", "ends before it begins")),
    ]


def _check_numbers(file: File, parent: Standard | None) -> list[str]:
    """Return which items have the number of another item of their part, inherited ones included."""
    removed = {r.id for r in file.remove if r.table == "items"}
    replaced = {item.id for item in file.items}
    inherited = [i for i in (parent.items if parent else ()) if i.id not in replaced | removed]
    taken = {(i.part, i.number): i.id for i in inherited}
    problems = []
    for place, item in file.placed("items"):
        other = item.id if item.number is None else taken.setdefault((item.part, item.number), item.id)
        said = f"part {item.part!r} has an item {item.number} already: {other!r}"
        problems += found(place, (other != item.id, ".number", said))
    return problems


# ------------------------------------------------------------------------- where it was read, how well it is known


def _cited_in(entry: Any, place: str) -> Iterator[tuple[str, Cited]]:
    """Return an entry and whatever in it names a source of its own, with places."""
    yield place, entry
    for at, hint in numbered(getattr(entry, "hints", ()), f"{place}.hints"):
        yield at, hint
        yield from numbered(hint.test.dated, f"{at}.test.dated")
    for at, condition in numbered(getattr(entry, "conditions", ()), f"{place}.conditions"):
        for within, test in tests_of(condition, at):
            yield from numbered(test.dated, f"{within}.dated")
        yield from numbered(condition.yardsticks, f"{at}.yardsticks")


def _check_sources(cited: Cited, file: File, parent: Standard | None, place: str) -> list[str]:
    """Check that sources are there, and that they bear what is claimed."""
    inherited: Mapping[str, Source] = parent.sources if parent is not None else {}
    named = {"source": (cited.source,), "also": cited.also}
    unknown = [
        f"source {name!r} is not among [sources] @ {place}.{where}"
        for where, names in named.items()
        for name in names
        if not file.names_source(name) and name not in inherited
    ]
    return unknown + _check_standing(cited, {**inherited, **file.sources}, place)


def _check_standing(cited: Cited, sources: Mapping[str, Source], place: str) -> list[str]:
    """Refuse a standing that the kinds of the sources do not bear; nothing is asked where a source has no kind."""
    names = {cited.source, *cited.also}
    kinds = [s.kind for name in names if (s := sources.get(name)) is not None and s.kind is not None]
    if len(kinds) < len(names) or cited.standing in allowed_standings(kinds):
        return []
    said = ", ".join(sorted(map(str, kinds)))
    return [f"{str(cited.standing)!r} is more than a source of kind {said} allows @ {place}.standing"]


# --------------------------------------------------------------------------------------- kinds of entries


def _check_threshold(t: Threshold, place: str) -> list[str]:
    numbers = t.values if t.value is None else (*t.values, t.value)
    ascending = all(c >= 1 for c in t.classes) and all(a < b for a, b in pairwise(t.classes))
    lost = "some" in (t.between, t.below, t.above) and t.op not in (">=", ">")
    alone = t.value is not None and t.floor_ratio is None
    sizes, negative = len(t.classes), "must not be negative"
    problems = found(
        place,
        ((t.value is None) == (not t.classes), "", "needs either 'value' or 'classes' and 'values'"),
        (sizes != len(t.values), ".values", f"{sizes} classes but {len(t.values)} values"),
        (not ascending, ".classes", "must be positive and ascend"),
        (any(v < 0 for v in numbers), ".value", negative),
        (not _is_floor(t.floor_ratio), ".floor_ratio", "must lie between 0 and 1"),
        (bool(t.instead) and not alone, ".instead", "'instead' belongs to a single number without a floor"),
        (lost, ".op", "'some' belongs to 'at least'"),
    )
    for at, row in numbered(t.readings, f"{place}.readings"):
        problems += found(at, (len(row) != sizes, "", f"{sizes} classes but {len(row)} values"))
        problems += found(at, (any(v < 0 for v in row), "", negative))
    for at, other in numbered(t.instead, f"{place}.instead"):
        problems += check_where(other.where, f"{at}.where")
        problems += found(at, (other.value < 0, ".value", negative))
    return problems


def _is_floor(ratio: Decimal | None) -> bool:
    return ratio is None or 0 < ratio < 1


def _check_limit(limit: Limit, place: str) -> list[str]:
    return found(place, (limit.value <= 0, ".value", "must be positive"))


def _check_item(item: Item, place: str) -> list[str]:
    asked = item.rule in ("conditions", "scored")
    said = "'conditions' belong to rules 'conditions' and 'scored', and must be there"
    return [
        *found(place, (asked != bool(item.conditions), "", said)),
        *check_conditions(item, place),
        *check_hints(item, place),
    ]


def _check_relaxation(relaxation: Relaxation, place: str) -> list[str]:
    on_indicator, on_item = relaxation.indicator is not None, relaxation.item is not None
    return [
        *found(
            place,
            (on_indicator == on_item, "", "needs either 'indicator' and 'add', or 'item' and 'conditions'"),
            (on_indicator != bool(relaxation.add), ".add", "'add' belongs to 'indicator'"),
            (on_item != bool(relaxation.conditions), ".conditions", "'conditions' belong to 'item'"),
        ),
        *check_conditions(relaxation, place),
        *check_where(relaxation.where, f"{place}.where"),
        *_check_period(relaxation, place),
    ]


def _check_doubt(doubt: Doubt, place: str) -> list[str]:
    return check_where(doubt.where, f"{place}.where")


def _check_school_rule(rule: SchoolRule, place: str) -> list[str]:
    misplaced = (rule.kind == "at_least") != (rule.k is not None)
    return found(
        place,
        (misplaced, ".k", "'k' belongs to kind 'at_least', and must be there"),
        (rule.k is not None and rule.k < 1, ".k", "must be at least 1"),
        (not _is_floor(rule.floor_ratio), ".floor_ratio", "must lie between 0 and 1"),
    )


def _check_split(split: Split, place: str) -> list[str]:
    names = ("resources", "weights")
    problems = found(place, *((not getattr(split, name), f".{name}", "must not be empty") for name in names))
    for at, weights in numbered(split.weights, f"{place}.weights"):
        for stage in ("primary", "junior", "senior"):
            problems += _check_weight(weights.weight(stage), f"{at}.{stage}")
    return problems


def _check_weight(weight: Decimal | None, place: str) -> list[str]:
    """Check a weight: shares are made of it exactly, in whole numbers of its sixth decimal."""
    if weight is None:
        return []
    if not Decimal("0.001") <= weight <= 1000:
        return [f"must be positive, and lie between 0.001 and 1000 @ {place}"]
    return found(place, (weight != round(weight, 6), "", "must have at most six decimals"))


def _check_printing(printing: Printing, place: str) -> list[str]:
    names = ("school_value", "county_mean", "coefficient")
    return found(place, *((not 0 <= getattr(printing, n) <= 15, f".{n}", "must lie between 0 and 15") for n in names))


#: What is checked of the entries of a table, beside their clauses and sources.
_CHECKS: dict[str, Callable[[Any, str], list[str]]] = {
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


def check_whole(standard: Standard, file: File) -> list[str]:
    """Return what is wrong with a standard as a whole, after extending; places are those of the file."""
    empty = not standard.indicators and not standard.items
    return [
        *found("$", (empty, "", "neither an indicator nor an item is named")),
        *_check_relaxed(standard, file),
        *_check_doubted(standard, file),
        *_check_applied(standard),
        *_check_enough_indicators(standard),
        *_check_rules_of_items(standard, file),
    ]


def _placed(table: str, standard: Standard, file: File) -> list[tuple[str, Any]]:
    """Return the entries of a standard with their places in the file, or what they are called if inherited."""
    own = {entry_key(entry): place for place, entry in file.placed(table)}
    keys = [(entry_key(entry), entry) for entry in getattr(standard, table)]
    return [(own.get(key) or f"$.{table} ({' '.join(map(str, key))}, inherited)", entry) for key, entry in keys]


def _check_relaxed(standard: Standard, file: File) -> list[str]:
    """Check that relaxations ease what is there: an indicator, or conditions of an item one by one."""
    items = {item.id: item.conditions for item in standard.items}
    problems = []
    for place, relaxation in _placed("relaxations", standard, file):
        indicator, item = relaxation.indicator, relaxation.item
        foreign = indicator is not None and indicator not in standard.indicators
        theirs = items.get(item, ()) if item is not None else ()
        pairs = list(zip(relaxation.conditions, theirs, strict=False))
        fitting = all(mine.scope == its.scope and mine.scope in ("school", "section") for mine, its in pairs)
        scopes = "only conditions of schools or sections can be relaxed, each by one of its own scope"
        too_many = item in items and len(theirs) < len(relaxation.conditions)
        problems += found(
            place,
            (foreign, ".indicator", f"{indicator!r} is no indicator of this standard"),
            (item is not None and item not in items, ".item", f"there is no item {item!r}"),
            (too_many, ".conditions", f"item {item!r} has {len(theirs)} conditions to stand in for"),
            (not fitting, ".conditions", scopes),
        )
    return problems


def _check_doubted(standard: Standard, file: File) -> list[str]:
    items = {item.id for item in standard.items}
    return [
        f"there is no item {item!r} @ {place}.items"
        for place, doubt in file.placed("doubts")
        for item in doubt.items
        if item not in items
    ]


def _check_applied(standard: Standard) -> list[str]:
    known = {relaxation.id for relaxation in standard.relaxations}
    return [f"there is no relaxation {name!r} @ $.applied" for name in standard.applied if name not in known]


def _check_enough_indicators(standard: Standard) -> list[str]:
    """Check that so many indicators can be met as a school must meet."""
    asked = standard.school_rule.k if standard.school_rule is not None else None
    problems = []
    for stage in ("primary", "junior"):
        n = sum(t.stage == stage for t in standard.thresholds)
        too_many = asked is not None and 0 < n < asked
        said = f"asks for {asked} of {n} indicators in stage {stage!r}"
        problems += found("$.school_rule", (too_many, ".k", said))
    return problems


def _check_rules_of_items(standard: Standard, file: File) -> list[str]:
    """Check that the standard has what the rules of its items need."""
    kinds = {limit.kind for limit in standard.limits}
    parts = {*standard.parts, "overall"}
    lawless = standard.school_rule is None and bool(standard.thresholds)
    needs_limit = {"each_coefficient": "each", "composite_coefficient": "composite"}
    problems = []
    for place, item in _placed("items", standard, file):
        limit = needs_limit.get(item.rule)
        unlimited = limit is not None and limit not in kinds
        complies = item.rule == "every_school_complies"
        problems += found(
            place,
            (unlimited, ".rule", f"rule {item.rule!r} needs a limit of kind {limit!r}"),
            (complies and lawless, ".rule", f"rule {item.rule!r} needs 'school_rule'"),
            (item.part not in parts, ".part", f"part {item.part!r} is not among 'parts'"),
        )
    return problems
