"""Whether what is written makes sense."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from junheng.standards.checks_of_conditions import (
    WHERE_OPPOSITES,
    check_conditions,
    check_date,
    check_hints,
    check_opposites,
    tests_of,
)
from junheng.standards.file import IDENTITY, LISTS, SINGLE, File
from junheng.standards.model import (
    Standard,
    Threshold,
    entry_key,
    stands_for,
)
from junheng.standards.sources import Source, allowed_standings

#: Lists of tables in which each entry is known by one of its keys, or by all it says (None).
_TABLES_ONCE = {"weights": "kind"} | dict.fromkeys(
    ("remove", "conditions", "readings", "same_as", "hints", "yardsticks", "tests", "dated", "instead")
)


def check_named_once(value: Any, place: str = "$") -> list[str]:
    """Return what a list of a file names twice: it would count twice, or hide what was meant.

    It looks at the file as it is written, so that other mistakes of a list hide nothing.
    """
    if isinstance(value, dict):
        return [p for key, inner in value.items() for p in check_named_once(inner, f"{place}.{key}")]
    if not isinstance(value, list):
        return []
    out: list[str] = []
    seen: dict[str, int] = {}
    for i, entry in enumerate(value):
        name = _named(entry, place)
        first = i if name is None else seen.setdefault(name, i)
        if first != i:
            what = f"names {entry!r} again, as" if isinstance(entry, str) else "the same entry as"
            out.append(f"{what} {place}[{first}]; name it once @ {place}[{i}]")
        out += check_named_once(entry, f"{place}[{i}]")
    return out


def _named(entry: Any, place: str) -> str | None:
    """Return what an entry of a list names, None where naming it again changes nothing."""
    if isinstance(entry, str):
        return entry
    table = place.rpartition(".")[2]
    if isinstance(entry, list) and table == "readings":
        return repr(entry)  # a printed row
    # the conditions of a relaxation stand in for those of an item one by one, and may be alike
    if not isinstance(entry, dict) or table not in _TABLES_ONCE or re.fullmatch(r"\$\.relaxations\S*conditions", place):
        return None
    key = _TABLES_ONCE[table]
    if key is None:
        return repr(sorted(entry.items(), key=lambda pair: pair[0]))
    return entry[key] if isinstance(entry.get(key), str) else None


def _check_numbers(file: File, parent: Standard | None) -> list[str]:
    """Return which items have the number of another item of their part, inherited ones included."""
    own = {item.id for item in file.items}
    removed = {r.id for r in file.remove if r.table == "items"}
    inherited = [i for i in (parent.items if parent else ()) if i.id not in own | removed]
    taken = {(i.part, i.number): i.id for i in inherited if i.number is not None}
    out = []
    for i, item in enumerate(file.items):
        if item.number is None:
            continue
        other = taken.setdefault((item.part, item.number), item.id)
        if other != item.id:
            out.append(f"part {item.part!r} has an item {item.number} already: {other!r} @ $.items[{i}].number")
    return out


def check_sense(file: File, parent: Standard | None) -> list[str]:
    """Return what is wrong although every value is of the right kind."""
    out: list[str] = []
    # of a standard that could not be read nothing can be missed
    orphan = parent is None and file.extends is not None
    sources = None if orphan else {**(parent.sources if parent else {}), **file.sources}
    if parent is None and file.extends is None:
        out += [f"{name!r} is missing @ $.{name}" for name in (*IDENTITY, "parts") if not getattr(file, name)]
    for name in ("issued", "last_checked_on", "effective_from", "effective_to"):
        out += check_date(getattr(file, name), f"$.{name}")
    if (file.effective_to or "9999") < (file.effective_from or ""):
        out.append("ends before it begins @ $.effective_to")
    for table in LISTS:
        seen: dict[tuple[Any, ...], int] = {}
        for i, entry in enumerate(getattr(file, table)):
            first = seen.setdefault(entry_key(entry), i)
            if first != i:
                out.append(f"the same entry as $.{table}[{first}] @ $.{table}[{i}]")
            out += _check_entry(entry, sources, f"$.{table}[{i}]")
    for i, t in enumerate(file.thresholds):
        out += _check_threshold(t, f"$.thresholds[{i}]")
    for name in SINGLE:
        entry = getattr(file, name)
        if entry is not None:
            out += _check_entry(entry, sources, f"$.{name}")
    rule = file.school_rule
    if rule is not None and (rule.kind == "at_least") != (rule.k is not None):
        out.append("'k' belongs to kind 'at_least', and must be there @ $.school_rule.k")
    if rule is not None and rule.k is not None and rule.k < 1:
        out.append("must be at least 1 @ $.school_rule.k")
    if rule is not None and rule.floor_ratio is not None and not 0 < rule.floor_ratio < 1:
        out.append("must lie between 0 and 1 @ $.school_rule.floor_ratio")
    if file.printing is not None:
        for name in ("school_value", "county_mean", "coefficient"):
            if not 0 <= getattr(file.printing, name) <= 15:
                out.append(f"must lie between 0 and 15 @ $.printing.{name}")
    if file.split is not None:
        out += [f"must not be empty @ $.split.{n}" for n in ("resources", "weights") if not getattr(file.split, n)]
        for i, w in enumerate(file.split.weights):
            for stage in ("primary", "junior", "senior"):
                weight = w.weight(stage)
                if weight is None:
                    continue
                if not Decimal("0.001") <= weight <= 1000:
                    out.append(f"must be positive, and lie between 0.001 and 1000 @ $.split.weights[{i}].{stage}")
                elif weight != round(weight, 6):
                    out.append(f"must have at most six decimals @ $.split.weights[{i}].{stage}")
    out += _check_numbers(file, parent)
    for i, item in enumerate(file.items):
        if (item.rule in ("conditions", "scored")) != bool(item.conditions):
            out.append(f"'conditions' belong to rules 'conditions' and 'scored', and must be there @ $.items[{i}]")
        out += check_conditions(item.conditions, f"$.items[{i}]", item.rule == "scored")
        out += check_hints(item, f"$.items[{i}]")
    for i, relaxation in enumerate(file.relaxations):
        place = f"$.relaxations[{i}]"
        if (relaxation.indicator is None) == (relaxation.item is None):
            out.append(f"needs either 'indicator' and 'add', or 'item' and 'conditions' @ {place}")
        if (relaxation.indicator is None) == bool(relaxation.add):
            out.append(f"'add' belongs to 'indicator' @ {place}.add")
        if (relaxation.item is None) == bool(relaxation.conditions):
            out.append(f"'conditions' belong to 'item' @ {place}.conditions")
        out += check_conditions(relaxation.conditions, place, False)
        out += check_opposites(relaxation.where, f"{place}.where", WHERE_OPPOSITES)
        for field_name in ("effective_from", "effective_to"):
            out += check_date(getattr(relaxation, field_name), f"{place}.{field_name}")
        if (relaxation.effective_to or "9999") < (relaxation.effective_from or ""):
            out.append(f"ends before it begins @ {place}.effective_to")
    for i, x in enumerate(file.limits):
        if x.value <= 0:
            out.append(f"must be positive @ $.limits[{i}].value")
    for i, removal in enumerate(() if orphan else file.remove):
        known = {entry_key(e) for e in getattr(parent, removal.table)} if parent else set()
        if not any(stands_for(removal.key, key) for key in known):
            out.append(f"removes an entry that {file.extends or 'nothing'} does not have @ $.remove[{i}]")
    return out


def _check_entry(entry: Any, sources: dict[str, Source] | None, place: str) -> list[str]:
    """Check what an entry, and every step of its dated values, says about where it comes from."""
    out = check_cited(entry.clause, entry.source, sources, place)
    if sources is not None:
        out += [f"source {s!r} is not among [sources] @ {place}.also" for s in entry.also if s not in sources]
        out += _check_standing(entry, sources, place)
    for i, hint in enumerate(getattr(entry, "hints", ())):
        out += _check_entry(hint, sources, f"{place}.hints[{i}]")
    for i, condition in enumerate(getattr(entry, "conditions", ())):
        for at, test in tests_of(condition, f"{place}.conditions[{i}]"):
            for k, step in enumerate(test.dated):
                out += _check_entry(step, sources, f"{at}.dated[{k}]")
        for j, yardstick in enumerate(condition.yardsticks):
            out += _check_entry(yardstick, sources, f"{place}.conditions[{i}].yardsticks[{j}]")
    return out


def _check_standing(entry: Any, sources: dict[str, Source], place: str) -> list[str]:
    """Refuse a standing that the kinds of the sources do not bear; nothing is asked where a source has no kind."""
    named = {entry.source, *entry.also}
    kinds = [s.kind for name in named if (s := sources.get(name)) is not None and s.kind is not None]
    if len(kinds) < len(named) or entry.standing in allowed_standings(kinds):
        return []
    said = ", ".join(sorted(map(str, kinds)))
    return [f"{str(entry.standing)!r} is more than a source of kind {said} allows @ {place}.standing"]


def check_cited(clause: str, source: str | None, sources: dict[str, Source] | None, place: str) -> list[str]:
    out = []
    if not clause.strip():
        out.append(f"must not be empty @ {place}.clause")
    if sources is not None and source is not None and source not in sources:
        out.append(f"source {source!r} is not among [sources] @ {place}.source")
    return out


def _check_threshold(t: Threshold, place: str) -> list[str]:
    out = []
    if (t.value is None) == (not t.classes):
        out.append(f"needs either 'value' or 'classes' and 'values' @ {place}")
    if len(t.classes) != len(t.values):
        out.append(f"{len(t.classes)} classes but {len(t.values)} values @ {place}.values")
    if any(b <= a for a, b in zip(t.classes, t.classes[1:], strict=False)) or any(c < 1 for c in t.classes):
        out.append(f"must be positive and ascend @ {place}.classes")
    if any(v < 0 for v in (*t.values, *(() if t.value is None else (t.value,)))):
        out.append(f"must not be negative @ {place}.value")
    if t.floor_ratio is not None and not 0 < t.floor_ratio < 1:
        out.append(f"must lie between 0 and 1 @ {place}.floor_ratio")
    for i, row in enumerate(t.readings):
        if len(row) != len(t.classes):
            out.append(f"{len(t.classes)} classes but {len(row)} values @ {place}.readings[{i}]")
        if any(v < 0 for v in row):
            out.append(f"must not be negative @ {place}.readings[{i}]")
    for i, other in enumerate(t.instead):
        if other.value < 0:
            out.append(f"must not be negative @ {place}.instead[{i}].value")
    if t.instead and (t.value is None or t.floor_ratio is not None):
        out.append(f"'instead' belongs to a single number without a floor @ {place}.instead")
    if "some" in (t.between, t.below, t.above) and t.op not in (">=", ">"):
        out.append(f"'some' belongs to 'at least' @ {place}.op")
    return out


def check_whole(standard: Standard, file: File) -> list[str]:
    """Return what is wrong with the standard as a whole, after extending; places are those of the file."""
    out = []

    def place(table: str, entry: Any) -> str:
        own = [entry_key(e) for e in getattr(file, table)]
        key = entry_key(entry)
        return f"$.{table}[{own.index(key)}]" if key in own else f"$.{table} ({' '.join(map(str, key))}, inherited)"

    if not standard.indicators and not standard.items:
        out.append("neither an indicator nor an item is named @ $")
    items = {item.id: item for item in standard.items}
    for relaxation in standard.relaxations:
        at = place("relaxations", relaxation)
        if relaxation.indicator is not None and relaxation.indicator not in standard.indicators:
            out.append(f"{relaxation.indicator!r} is no indicator of this standard @ {at}.indicator")
        if relaxation.item is None:
            continue
        if relaxation.item not in items:
            out.append(f"there is no item {relaxation.item!r} @ {at}.item")
            continue
        own = items[relaxation.item].conditions
        if len(own) < len(relaxation.conditions):
            out.append(f"item {relaxation.item!r} has {len(own)} conditions to stand in for @ {at}.conditions")
        for mine, theirs in zip(relaxation.conditions, own, strict=False):
            if mine.scope != theirs.scope or mine.scope not in ("school", "section"):
                out.append(
                    "only conditions of schools or sections can be relaxed, each by one of its own scope "
                    f"@ {at}.conditions"
                )
                break
    for doubt in file.doubts:
        unknown = [i for i in doubt.items if i not in items]
        out += [f"there is no item {i!r} @ {place('doubts', doubt)}.items" for i in unknown]
    for name in standard.applied:
        if name not in {r.id for r in standard.relaxations}:
            out.append(f"there is no relaxation {name!r} @ $.applied")
    rule = standard.school_rule
    for stage in ("primary", "junior"):
        n = sum(t.stage == stage for t in standard.thresholds)
        if rule is not None and rule.k is not None and n and rule.k > n:
            out.append(f"asks for {rule.k} of {n} indicators in stage {stage!r} @ $.school_rule.k")
    kinds = {x.kind for x in standard.limits}
    for item in standard.items:
        at = place("items", item)
        needed = {"each_coefficient": "each", "composite_coefficient": "composite"}.get(item.rule)
        if needed and needed not in kinds:
            out.append(f"rule {item.rule!r} needs a limit of kind {needed!r} @ {at}.rule")
        if item.rule == "every_school_complies" and rule is None and standard.thresholds:
            out.append(f"rule {item.rule!r} needs 'school_rule' @ {at}.rule")
        if item.part not in (*standard.parts, "overall"):
            out.append(f"part {item.part!r} is not among 'parts' @ {at}.part")
    return out
