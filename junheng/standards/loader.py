"""Reading standards: TOML in, strict, every mistake at once with its place; ``extends`` resolved."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from types import GenericAlias
from typing import Any, Literal, get_args, get_origin

import attrs
from attrs import field, frozen
from cattrs import BaseValidationError, Converter
from cattrs.gen import make_dict_structure_fn, override
from cattrs.v import transform_error

from junheng._data import column_ids, fact_ids, indicator_ids, read_toml
from junheng.errors import InputError, StandardDataError, UnknownStandardError, did_you_mean
from junheng.standards.model import (
    Inclusion,
    Limit,
    Printing,
    Removal,
    SchoolRule,
    Split,
    SplitWeights,
    Standard,
    Threshold,
    entry_key,
    stands_for,
)
from junheng.standards.rules import Condition, Doubt, Item, Relaxation, Test
from junheng.standards.sources import Source, SourceKind, Standing, allowed_standings
from junheng.standards.terms import ColumnId, FigureId, IndicatorId, Label, Part, Where

__all__ = ["list_standards", "load_standard"]


@frozen(kw_only=True)
class _File:
    """A file as it is written: a whole standard, or the changes to the one it extends."""

    id: str
    label: Label
    document: str | None = None
    number: str | None = None
    issued: str | None = None
    jurisdiction: str | None = None
    last_checked_on: str
    extends: str | None = None
    extended_from: str | None = None
    parts: tuple[Part, ...] = ()
    indicators: tuple[IndicatorId, ...] = ()
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
    effective_from: str | None = None
    effective_to: str | None = None
    sources: dict[str, Source] = field(factory=dict)
    remove: tuple[Removal, ...] = ()
    note: str | None = None


_LISTS = ("thresholds", "limits", "inclusion", "items", "relaxations", "doubts")
_SINGLE_TYPES: dict[str, type[Any]] = {"school_rule": SchoolRule, "split": Split, "printing": Printing}
_SINGLE = tuple(_SINGLE_TYPES)
_IDENTITY = ("document", "number", "issued", "jurisdiction")


# --------------------------------------------------------------------------------------- strict reading


class _Refused(ValueError):
    """A value of the wrong kind; the text is for the person who wrote the file."""


def _strict(kind: str, accept: tuple[type[Any], ...]) -> Any:
    def hook(value: Any, target: Any) -> Any:
        # bool is an int to Python, and never a number to a law
        if not isinstance(value, accept) or (isinstance(value, bool) and bool not in accept):
            raise _Refused(f"must be {kind}, not {_shown(value)}")
        if target is Decimal and not Decimal(value).is_finite():
            raise _Refused(f"must be a finite number, not {value}")
        return Decimal(str(value)) if target is Decimal else value

    return hook


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f"the text {value!r}"
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    return f"{value!s}" if isinstance(value, (int, Decimal)) else f"a {type(value).__name__}"


def _member(kind: str, known: Any) -> Any:
    def hook(value: Any, _: Any) -> Any:
        choices = known()
        if not isinstance(value, str) or value not in choices:
            raise _Refused(f"{value!r} is no known {kind}{did_you_mean(value, choices)}")
        return value

    return hook


def _one_of(value: Any, target: Any) -> Any:
    choices = get_args(target)
    if isinstance(value, bool) or value not in choices:
        raise _Refused(f"must be one of {', '.join(map(repr, choices))}, not {_shown(value)}")
    return value


def _word_of(value: Any, words: type[StrEnum]) -> StrEnum:
    if value not in list(words):
        raise _Refused(f"must be one of {', '.join(map(repr, map(str, words)))}, not {_shown(value)}")
    return words(value)


def _tuple_of(converter: Converter) -> Any:
    def factory(target: Any) -> Any:
        inner: Any = GenericAlias(list, (get_args(target)[0],))
        structure_list = converter.get_structure_hook(inner)

        def hook(value: Any, _: Any) -> Any:
            if not isinstance(value, list):
                raise _Refused(f"must be a list, not {_shown(value)}")
            return tuple(structure_list(value, inner))

        return hook

    return factory


def _figure_ids() -> frozenset[str]:
    return column_ids() | fact_ids()


def _is_literal(t: Any) -> bool:
    return get_origin(t) is Literal


def _is_tuple(t: Any) -> bool:
    return get_origin(t) is tuple


@cache
def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    converter.register_structure_hook(str, _strict("text", (str,)))
    converter.register_structure_hook(int, _strict("a whole number", (int,)))
    converter.register_structure_hook(bool, _strict("true or false", (bool,)))
    converter.register_structure_hook(Decimal, _strict("a number", (Decimal, int)))
    converter.register_structure_hook_func(lambda t: t is IndicatorId, _member("indicator", indicator_ids))
    converter.register_structure_hook_func(lambda t: t is ColumnId, _member("column", column_ids))
    converter.register_structure_hook_func(lambda t: t is FigureId, _member("figure", _figure_ids))
    converter.register_structure_hook(Standing, _word_of)
    converter.register_structure_hook(SourceKind, _word_of)
    converter.register_structure_hook_func(_is_literal, _one_of)
    converter.register_structure_hook_factory(_is_tuple, _tuple_of(converter))

    def attrs_hook(cls: type[Any]) -> Any:
        derived: Any = {a.name: override(omit=True) for a in attrs.fields(cls) if a.metadata.get("derived")}
        inner: Any = make_dict_structure_fn(cls, converter, _cattrs_forbid_extra_keys=True, **derived)

        def hook(value: Any, target: Any) -> Any:
            if not isinstance(value, dict):
                raise _Refused(f"must be a table, not {_shown(value)}")
            return inner(value, target)

        return hook

    converter.register_structure_hook_factory(attrs.has, attrs_hook)
    return converter


def _say(exc: BaseException, kind: type | None) -> str:
    if isinstance(exc, _Refused):
        return str(exc)
    if isinstance(exc, KeyError):
        return f"{exc.args[0]!r} is missing"
    extra = getattr(exc, "extra_fields", None)
    if extra:
        fields = [a.name for a in attrs.fields(exc.cl) if not a.metadata.get("derived")]  # type: ignore[attr-defined]
        return ", ".join(f"unknown key {n!r}{did_you_mean(n, fields, most=1, show=repr)}" for n in sorted(extra))
    return f"{exc}" or type(exc).__name__


# --------------------------------------------------------------------------------------- sense


#: Lists of tables in which each entry is known by one of its keys, or by all it says (None).
_TABLES_ONCE = {"weights": "kind"} | dict.fromkeys(
    ("remove", "conditions", "readings", "same_as", "hints", "yardsticks", "tests", "dated", "instead")
)


def _check_named_once(value: Any, place: str = "$") -> list[str]:
    """Return what a list of a file names twice: it would count twice, or hide what was meant.

    It looks at the file as it is written, so that other mistakes of a list hide nothing.
    """
    if isinstance(value, dict):
        return [p for key, inner in value.items() for p in _check_named_once(inner, f"{place}.{key}")]
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
        out += _check_named_once(entry, f"{place}[{i}]")
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


def _check_opposites(entry: Any, place: str, pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return what two lists of an entry both name although one takes back what the other says."""
    return [
        f"{name!r} is in {one!r} too @ {place}.{other}"
        for one, other in pairs
        for name in getattr(entry, other)
        if name in getattr(entry, one)
    ]


def _check_numbers(file: _File, parent: Standard | None) -> list[str]:
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


def _check_sense(file: _File, parent: Standard | None) -> list[str]:
    """Return what is wrong although every value is of the right kind."""
    out: list[str] = []
    # of a standard that could not be read nothing can be missed
    orphan = parent is None and file.extends is not None
    sources = None if orphan else {**(parent.sources if parent else {}), **file.sources}
    if parent is None and file.extends is None:
        out += [f"{name!r} is missing @ $.{name}" for name in (*_IDENTITY, "parts") if not getattr(file, name)]
    for name in ("issued", "last_checked_on", "effective_from", "effective_to"):
        out += _check_date(getattr(file, name), f"$.{name}")
    if (file.effective_to or "9999") < (file.effective_from or ""):
        out.append("ends before it begins @ $.effective_to")
    for table in _LISTS:
        seen: dict[tuple[Any, ...], int] = {}
        for i, entry in enumerate(getattr(file, table)):
            first = seen.setdefault(entry_key(entry), i)
            if first != i:
                out.append(f"the same entry as $.{table}[{first}] @ $.{table}[{i}]")
            out += _check_entry(entry, sources, f"$.{table}[{i}]")
    for i, t in enumerate(file.thresholds):
        out += _check_threshold(t, f"$.thresholds[{i}]")
    for name in _SINGLE:
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
        out += _check_conditions(item.conditions, f"$.items[{i}]", item.rule == "scored")
        out += _check_hints(item, f"$.items[{i}]")
    for i, relaxation in enumerate(file.relaxations):
        place = f"$.relaxations[{i}]"
        if (relaxation.indicator is None) == (relaxation.item is None):
            out.append(f"needs either 'indicator' and 'add', or 'item' and 'conditions' @ {place}")
        if (relaxation.indicator is None) == bool(relaxation.add):
            out.append(f"'add' belongs to 'indicator' @ {place}.add")
        if (relaxation.item is None) == bool(relaxation.conditions):
            out.append(f"'conditions' belong to 'item' @ {place}.conditions")
        out += _check_conditions(relaxation.conditions, place, False)
        out += _check_opposites(relaxation.where, f"{place}.where", _WHERE_OPPOSITES)
        for field_name in ("effective_from", "effective_to"):
            out += _check_date(getattr(relaxation, field_name), f"{place}.{field_name}")
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


def _check_date(text: str | None, place: str) -> list[str]:
    if text is None or re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", text):
        return []
    return [f"{text!r} is no date such as '2017', '2017-05' or '2017-05-23' @ {place}"]


_WHERE_OPPOSITES = (("kinds", "not_kinds"), ("flags", "not_flags"))


def _check_conditions(conditions: Sequence[Condition], place: str, scored: bool) -> list[str]:
    out = []
    for i, condition in enumerate(conditions):
        wrong = [f for f in condition.unless_no if f not in fact_ids()]
        out += [f"{f!r} is not a fact about the county @ {place}.conditions[{i}].unless_no" for f in wrong]
        if condition.same_as and condition.scope not in ("school", "section"):
            out.append(f"'same_as' needs scope 'school' or 'section' @ {place}.conditions[{i}].same_as")
        out += [
            f"must have the scope of its condition @ {place}.conditions[{i}].same_as[{j}].scope"
            for j, test in enumerate(condition.same_as)
            if test.scope != condition.scope
        ]
        out += _check_share(condition, f"{place}.conditions[{i}]")
        for at, test in _tests(condition, f"{place}.conditions[{i}]"):
            out += _check_test(test, at, scored)
    return out


def _check_hints(item: Item, place: str) -> list[str]:
    out = []
    for i, hint in enumerate(item.hints):
        out += _check_test(hint.test, f"{place}.hints[{i}].test")
        if hint.test.scope != "county":
            out.append(f"a hint looks at the county's own facts @ {place}.hints[{i}].test.scope")
    return out


def _check_test(test: Test, at: str, scored: bool = False) -> list[str]:
    known, sort = (
        (fact_ids(), "a fact about the county") if test.scope == "county" else (column_ids(), "a column of schools")
    )
    out = [
        f"{f!r} is not {sort} @ {at}.{name}"
        for name in ("top", "top_minus", "bottom", "bottom_minus", "than")
        for f in getattr(test, name)
        if f not in known
    ]
    out += _check_opposites(test, at, (("top", "top_minus"), ("bottom", "bottom_minus")))
    if test.where is not None:
        out += _check_opposites(test.where, f"{at}.where", _WHERE_OPPOSITES)
    if not test.top:
        out.append(f"must name a figure @ {at}.top")
    staged = test.primary is not None or test.junior is not None
    given = [
        *(test.value is not None, staged, bool(test.than), test.per_classes is not None),
        *(bool(test.dated), test.norm is not None, bool(getattr(test, "one_of", ()))),
    ]
    if sum(given) != (0 if scored else 1):
        choices = "'value', 'primary'/'junior', 'than', 'per_classes', 'dated', 'norm'"
        wanted = "no requirement" if scored else f"exactly one of {choices}"
        out.append(f"needs {wanted} @ {at}")
    for k, step in enumerate(test.dated):
        out += _check_date(step.effective_from, f"{at}.dated[{k}].effective_from")
    began = [step.effective_from for step in test.dated]
    if any(b <= a for a, b in pairwise(began)):
        out.append(f"steps must follow each other in time @ {at}.dated")
    if staged and test.scope != "section":
        out.append(f"a number for each stage needs scope 'section' @ {at}")
    if test.per_classes is not None and test.scope not in ("school", "section") and sum(given) == 1:
        out.append(f"'per_classes' needs scope 'school' or 'section' @ {at}")
    out += _check_norm(test, at)
    if test.than and test.scope == "sum" and sum(given) == 1:
        out.append(f"'than' compares figures of one county, school or section, not sums @ {at}")
    if test.bottom_minus and not test.bottom:
        out.append(f"takes from a denominator that is not there @ {at}.bottom_minus")
    if test.where is not None and test.scope == "county":
        out.append(f"'where' chooses among schools, which scope 'county' has none of @ {at}.where")
    return out


def _check_norm(test: Test, place: str) -> list[str]:
    if test.norm is None:
        return []
    names = [(n, getattr(test.norm, n)) for n in ("primary", "junior")]
    out = [f"{f!r} is not a fact about the county @ {place}.norm.{n}" for n, f in names if f not in fact_ids()]
    if test.scope not in ("school", "section"):
        out.append(f"'norm' needs scope 'school' or 'section' @ {place}.norm")
    if test.norm.times < 1:
        out.append(f"must be at least 1 @ {place}.norm.times")
    return out


def _tests(condition: Condition, place: str) -> list[tuple[str, Test]]:
    """Return every test of a condition as it is written, with its place."""
    named = [(f"{place}.{n}[{j}]", t) for n in ("readings", "same_as") for j, t in enumerate(getattr(condition, n))]
    own = [
        (f"{place}.yardsticks[{j}].tests[{k}]", t)
        for j, y in enumerate(condition.yardsticks)
        for k, t in enumerate(y.tests)
    ]
    return [(place, condition), *named, *own]


def _check_share(condition: Condition, at: str) -> list[str]:
    """Check what belongs to scope 'share' alone."""
    out = []
    if condition.scope != "share":
        for name in ("yardsticks", "one_of", "chosen_by"):
            out += [f"{name!r} belongs to scope 'share' @ {at}.{name}"] if getattr(condition, name) else []
        return out
    one = condition.top[0] if len(condition.top) == 1 else None
    if one is None or read_toml("columns.toml")["columns"].get(one, {}).get("type") != "flag":
        out.append(f"scope 'share' counts the schools with a yes in one column @ {at}.top")
    if condition.bottom != ("schools",) or condition.bottom_minus or condition.top_minus or condition.readings:
        out.append(f"scope 'share' has one column above 'schools', and no readings @ {at}")
    if condition.op == "==":
        out.append(f"a share is at least or at most a number @ {at}.op")
    if condition.value is None and not condition.one_of:
        out.append(f"scope 'share' needs 'value' or 'one_of' @ {at}")
    if bool(condition.one_of) != (condition.chosen_by is not None):
        out.append(f"'one_of' and 'chosen_by' belong together @ {at}.one_of")
    if condition.chosen_by is not None and condition.chosen_by not in fact_ids():
        out.append(f"{condition.chosen_by!r} is not a fact about the county @ {at}.chosen_by")
    for j, yardstick in enumerate(condition.yardsticks):
        if not yardstick.tests:
            out.append(f"must not be empty @ {at}.yardsticks[{j}].tests")
        for k, test in enumerate(yardstick.tests):
            if test.scope != "school" or test.where is not None:
                out.append(f"a yardstick measures schools, those of its own 'where' @ {at}.yardsticks[{j}].tests[{k}]")
    return out


def _check_entry(entry: Any, sources: dict[str, Source] | None, place: str) -> list[str]:
    """Check what an entry, and every step of its dated values, says about where it comes from."""
    out = _check_cited(entry.clause, entry.source, sources, place)
    if sources is not None:
        out += [f"source {s!r} is not among [sources] @ {place}.also" for s in entry.also if s not in sources]
        out += _check_standing(entry, sources, place)
    for i, hint in enumerate(getattr(entry, "hints", ())):
        out += _check_entry(hint, sources, f"{place}.hints[{i}]")
    for i, condition in enumerate(getattr(entry, "conditions", ())):
        for at, test in _tests(condition, f"{place}.conditions[{i}]"):
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


def _check_cited(clause: str, source: str | None, sources: dict[str, Source] | None, place: str) -> list[str]:
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


# --------------------------------------------------------------------------------------- resolving


def _read(raw: Any, name: str, base: Any, chain: tuple[str, ...]) -> Standard:
    problems = _check_named_once(raw)
    parent: Standard | None = None
    extends = raw.get("extends")
    if isinstance(extends, str):
        try:
            parent = _load(extends, base, chain)
        except UnknownStandardError as exc:
            problems.append(f"{exc} @ $.extends")
    try:
        file = _converter().structure(raw, _File)
    except BaseValidationError as exc:
        # a file that is wrong in kind is still checked for sense where it can be: one list of all mistakes
        problems += [*transform_error(exc, format_exception=_say), *_sense_of_sound_parts(raw, parent)]
        raise StandardDataError(name, _unique(problems)) from None
    problems += _check_sense(file, parent)
    if file.extends is None or parent is not None:
        standard = _merge(file, parent)
        problems += _check_whole(standard, file)
    if problems:
        raise StandardDataError(name, _unique(problems))
    return standard


def _sense_of_sound_parts(raw: dict[str, Any], parent: Standard | None) -> list[str]:
    """Check for sense with everything unreadable taken out; entries keep their places."""
    converter = _converter()
    sound: dict[str, Any] = {"id": "", "label": Label(zh="", en=""), "last_checked_on": "2000"}
    hints = {a.name: a.type for a in attrs.fields(attrs.resolve_types(_File))}
    places: dict[str, list[int]] = {}
    unsound: list[tuple[str, Any, type[Any]]] = []
    for name, value in raw.items():
        if name not in hints:
            continue
        if name in _LISTS and isinstance(value, list):
            item_type = get_args(hints[name])[0]
            kept = []
            for i, entry in enumerate(value):
                try:
                    kept.append(converter.structure(entry, item_type))
                    places.setdefault(name, []).append(i)
                except Exception:
                    unsound.append((f"$.{name}[{i}]", entry, item_type))
            sound[name] = tuple(kept)
            continue
        target: Any = hints[name]
        try:
            sound[name] = converter.structure(value, target)
        except Exception:
            # already reported; a stand-in keeps it from being reported again as missing
            if name in _SINGLE:
                unsound.append((f"$.{name}", value, _SINGLE_TYPES[name]))
            elif name in _IDENTITY:
                sound[name] = "2000"
            elif name == "parts":
                sound[name] = ("resources",)
            elif name == "sources" and isinstance(value, dict):
                sound[name] = {key: Source(title="") for key in value}
    if raw.get("extends") is not None:
        sound["extends"] = str(raw["extends"])
    found = _check_sense(_File(**sound), parent)

    def replace(match: re.Match[str]) -> str:
        table, i = match.group(1), int(match.group(2))
        return f"$.{table}[{places[table][i]}]" if table in places else match.group(0)

    found = [re.sub(r"\$\.(\w+)\[(\d+)\]", replace, p) for p in found]
    orphan = parent is None and raw.get("extends") is not None
    sources = None if orphan else {**(parent.sources if parent else {}), **sound.get("sources", {})}
    for place, entry, cls in unsound:
        if cls in (Item, Relaxation):
            # what one of its fields lacks would look like a mistake of another
            clause, source = (entry.get(k) for k in ("clause", "source")) if isinstance(entry, dict) else (None, None)
            if isinstance(clause, str) and isinstance(source, str):
                found += _check_cited(clause, source, sources, place)
            found += _check_sound_conditions(entry, place)
            continue
        mended = _mended(entry, cls)
        if mended is not None:
            # its other fields may be wrong in sense too: checked in a file of its own, which has nothing else
            alone = {k: v for k, v in sound.items() if k not in (*_LISTS, *_SINGLE, "remove")}
            name = place.removeprefix("$.").split("[")[0]
            alone[name] = (mended,) if name in _LISTS else mended
            checked = _check_sense(_File(**alone), parent)
            at = f"$.{name}[0]" if name in _LISTS else f"$.{name}"
            found += [p.replace(at, place) for p in checked if f"@ {at}" in p]
    return found


def _check_sound_conditions(entry: Any, place: str) -> list[str]:
    """Check those conditions of an unreadable entry that can be read; they keep their places."""
    conditions = entry.get("conditions") if isinstance(entry, dict) else None
    out: list[str] = []
    for i, raw in enumerate(conditions if isinstance(conditions, list) else ()):
        try:
            condition = _converter().structure(raw, Condition)
        except Exception:
            continue
        checked = _check_conditions((condition,), place, entry.get("rule") == "scored")
        out += [p.replace(f"{place}.conditions[0]", f"{place}.conditions[{i}]") for p in checked]
    return out


def _mended(entry: Any, cls: type[Any]) -> Any:
    """Build an entry from those of its fields that can be read, with stand-ins for the others; None if hopeless."""
    if not isinstance(entry, dict):
        return None
    converter = _converter()
    values: dict[str, Any] = {}
    for a in attrs.fields(attrs.resolve_types(cls)):
        if a.metadata.get("derived"):
            continue
        try:
            values[a.name] = converter.structure(entry[a.name], a.type)
        except Exception:
            if a.default is attrs.NOTHING:
                values[a.name] = _STAND_INS.get(a.name)
    # a number that could not be read is not a number that is missing
    if cls is Threshold and "value" in entry and values.get("value") is None:
        values["value"] = Decimal(1)
    return cls(**values)


_STAND_INS: dict[str, Any] = {
    "clause": "?",
    "standing": Standing.RECALLED,
    "value": Decimal(1),
    "resources": ("books",),
    "where": Where(),
    "items": (),
    "weights": (SplitWeights(kind="nine_year", primary=Decimal(1), junior=Decimal(1)),),
    "label": Label(zh="", en=""),
    "school_value": 0,
    "county_mean": 0,
    "coefficient": 0,
}


def _unique(problems: list[str]) -> list[str]:
    return list(dict.fromkeys(problems))


def _with_sources(entry: Any, names: dict[str, str]) -> Any:
    """Call the sources of an entry, and of all that it holds, by other names."""
    changes: dict[str, Any] = {}
    for a in attrs.fields(type(entry)):
        value = getattr(entry, a.name)
        if a.name == "source":
            changes["source"] = names.get(value, value)
        elif a.name == "also":
            changes["also"] = tuple(names.get(s, s) for s in value)
        elif isinstance(value, tuple) and value and attrs.has(type(value[0])):
            changes[a.name] = tuple(_with_sources(v, names) for v in value)
    return attrs.evolve(entry, **changes)


def _with_own_sources(parent: Standard, file: _File) -> Standard:
    """Rename sources of the parent that the file calls by the same key, so that each entry keeps its own."""
    clash = {k for k, s in file.sources.items() if parent.sources.get(k, s) != s}
    if not clash:
        return parent

    def renamed(entry: Any) -> Any:
        return _with_sources(entry, {k: f"{parent.id}:{k}" for k in clash})

    lists: dict[str, Any] = {t: tuple(renamed(e) for e in getattr(parent, t)) for t in _LISTS}
    single: dict[str, Any] = {name: renamed(e) for name in _SINGLE if (e := getattr(parent, name)) is not None}
    sources = {(f"{parent.id}:{k}" if k in clash else k): s for k, s in parent.sources.items()}
    return attrs.evolve(parent, sources=sources, **lists, **single)


def _merge(file: _File, parent: Standard | None) -> Standard:
    if parent is not None:
        parent = _with_own_sources(parent, file)
    values: dict[str, Any] = {"id": file.id, "label": file.label, "last_checked_on": file.last_checked_on}
    for name in (*_IDENTITY, "parts", "note", "applied", "effective_from", "effective_to", *_SINGLE):
        own = getattr(file, name)
        values[name] = own if own or parent is None else getattr(parent, name)
    for name in _SINGLE:
        if getattr(file, name) is not None:
            values[name] = attrs.evolve(values[name], origin=file.id)
    removed = {(r.table, r.key) for r in file.remove}
    for table in _LISTS:
        merged = {entry_key(e): e for e in (getattr(parent, table) if parent else ())}
        gone = [key for name, key in removed if name == table]
        merged = {k: e for k, e in merged.items() if not any(stands_for(key, k) for key in gone)}
        own = [entry_key(e) for e in getattr(file, table)]
        # an entry that is replaced keeps its place; those that one on both questions stands for go
        merged = {k: e for k, e in merged.items() if k in own or not any(stands_for(key, k) for key in own)}
        merged |= {entry_key(e): attrs.evolve(e, origin=file.id) for e in getattr(file, table)}
        values[table] = tuple(merged.values())
    named = dict.fromkeys(t.indicator for t in values["thresholds"])
    inherited = [i for i in (parent.indicators if parent else ()) if i in named or not parent or not parent.thresholds]
    values["indicators"] = file.indicators or tuple(dict.fromkeys([*inherited, *named]))
    # a limit is on the indicators of its own standard: one that a province adds is not among the nation's
    values["limits"] = tuple(
        x if x.indicators else attrs.evolve(x, indicators=values["indicators"]) for x in values["limits"]
    )
    values["sources"] = {**(parent.sources if parent else {}), **file.sources}
    values["extends"] = file.extends or file.extended_from
    return Standard(**values)


def _check_whole(standard: Standard, file: _File) -> list[str]:
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


# --------------------------------------------------------------------------------------- doors


@cache
def _shipped() -> dict[str, Any]:
    folder = files("junheng").joinpath("standards/data")
    return {p.name.removesuffix(".toml"): p for p in folder.iterdir() if p.name.endswith(".toml")}


def _load(ref: str | os.PathLike[str], base: Any, chain: tuple[str, ...]) -> Standard:
    shipped = _shipped()
    if isinstance(ref, str) and ref in shipped:
        path, name, key = shipped[ref], ref, ref
    else:
        if not isinstance(ref, (str, os.PathLike)):
            raise InputError(f"a standard is named by its id or the path of its file, not {ref!r}")
        text = os.fspath(ref)
        if not isinstance(ref, os.PathLike) and not text.endswith(".toml"):
            hint = did_you_mean(text, shipped, cutoff=0.4) or "."
            raise UnknownStandardError(
                f"no standard is called {text!r}{hint} Known: {', '.join(sorted(shipped))}. "
                "A file of your own is named by its path, ending in .toml"
            )
        path = (base / text) if base is not None else Path(text)
        if not path.is_file():
            raise UnknownStandardError(f"there is no file {str(path)!r}")
        name, key = str(path), str(path.resolve())
    if key in chain:
        raise StandardDataError(name, [f"extends itself: {' → '.join((*chain, key))} @ $.extends"])
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as exc:
        raise StandardDataError(name, [f"is not valid TOML: {exc}"]) from None
    except UnicodeDecodeError:
        raise StandardDataError(name, ["is not UTF-8 text"]) from None
    return _read(raw, name, getattr(path, "parent", None), (*chain, key))


@cache
def _load_shipped(ref: str) -> Standard:
    return _load(ref, None, ())


def load_standard(standard: str | os.PathLike[str]) -> Standard:
    """Read a standard by its id, or a file of your own by its path.

    Parameters
    ----------
    standard : str or path
        An id of :func:`list_standards`, or the path of a TOML file. A file may ``extends`` a shipped id or another
        file, and says only what it changes, adds or removes.

    Returns
    -------
    Standard
        Frozen; every number with its clause, source and standing.

    Raises
    ------
    UnknownStandardError
        No such id or file; near matches are named.
    StandardDataError
        The file is broken; every mistake is listed with its place.

    Examples
    --------
    >>> import junheng as jh
    >>> std = jh.load_standard("cn-quality-balance-2017")
    >>> std.number, std.limit("each", stage="primary").value
    ('教督〔2017〕6号', Decimal('0.50'))
    """
    if isinstance(standard, str) and standard in _shipped():
        return _load_shipped(standard)
    return _load(standard, None, ())


def list_standards() -> Any:
    """List the shipped standards.

    Returns
    -------
    pandas.DataFrame
        One row a standard: ``id``, ``label_zh``, ``label_en``, ``document``, ``number``, ``issued``,
        ``jurisdiction``, ``extends``, ``last_checked_on``.

    Examples
    --------
    >>> import junheng as jh
    >>> "cn-quality-balance-2017" in set(jh.list_standards()["id"])
    True
    """
    from junheng._frames import build_frame

    rows = [load_standard(name) for name in sorted(_shipped())]
    return build_frame(
        {
            "id": [s.id for s in rows],
            "label_zh": [s.label.zh for s in rows],
            "label_en": [s.label.en for s in rows],
            "document": [s.document for s in rows],
            "number": [s.number for s in rows],
            "issued": [s.issued for s in rows],
            "jurisdiction": [s.jurisdiction for s in rows],
            "extends": [s.extends for s in rows],
            "last_checked_on": [s.last_checked_on for s in rows],
        },
        "pandas",
    )
