"""A standard file as written: read strictly, entry by entry, so that one mistake does not hide others."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import GenericAlias
from typing import Any, Literal, get_args, get_origin

import attrs
from attrs import field, frozen
from cattrs import Converter
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, override
from cattrs.v import transform_error

from junheng._data import column_ids, fact_ids, indicator_ids, read_toml
from junheng.errors import did_you_mean
from junheng.standards.limits import MOST_MISTAKES, is_extreme
from junheng.standards.mistakes import located
from junheng.standards.model import (
    Doubt,
    Inclusion,
    Item,
    Limit,
    Printing,
    Relaxation,
    Removal,
    SchoolRule,
    Source,
    SourceKind,
    Split,
    Standing,
    Threshold,
)
from junheng.standards.terms import AreaType, ColumnId, FigureId, IndicatorId, Kind, Label, Ownership, Part
from junheng.words import Message, Quoted, message, quoted

__all__ = ["IDENTITY", "LISTS", "SINGLE", "File", "duplicates", "read_file"]

#: Lists of entries; those of a file are merged into those of the standard it extends.
LISTS = ("thresholds", "limits", "inclusion", "items", "relaxations", "doubts")
#: Entries of which a standard has at most one.
SINGLE = ("school_rule", "split", "printing")
#: Keys that identify a standard; required unless the file extends another, but for the date, which may not be known.
IDENTITY = ("document", "number", "issued", "jurisdiction")
_NEEDED = ("id", "label", "last_checked_on")


#: Unknown keys of one table for which similar names are looked up: that takes a millisecond each.
_MOST_HINTS = 20
#: Metadata of a field that is derived and not part of the file.
_DERIVED = {"derived": True}


@frozen(kw_only=True)
class File:
    """A file as written: a whole standard, or the changes to the one it extends.

    Parts that could not be read are missing; ``unread`` has their places.
    """

    id: str | None = None
    label: Label | None = None
    aliases: tuple[str, ...] = ()
    document: str | None = None
    number: str | None = None
    issued: str | None = None
    jurisdiction: str | None = None
    last_checked_on: str | None = None
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
    #: The entries read from each list, by place.
    places: dict[str, dict[str, Any]] = field(factory=dict, metadata=_DERIVED)
    #: The places of parts that could not be read.
    unread: frozenset[str] = field(default=frozenset(), metadata=_DERIVED)

    def names_source(self, name: str) -> bool:
        """Tell whether the file has a source of this name, even if it could not be read."""
        return name in self.sources or not self.unread.isdisjoint(("$.sources", _place_of_source(name)))

    def placed(self, table: str) -> list[tuple[str, Any]]:
        """Return the entries of a table with their places."""
        if table in SINGLE:
            entry = getattr(self, table)
            return [] if entry is None else [(f"$.{table}", entry)]
        return list(self.places.get(table, {}).items())


def read_file(raw: dict[str, Any]) -> tuple[File, list[Message]]:
    """Read every entry that can be read; return the file and the mistakes of the others."""
    kinds = _kinds()
    values: dict[str, Any] = {}
    places: dict[str, dict[str, Any]] = {}
    mistakes: dict[str, list[Message]] = {}
    for name in (n for n in kinds if n in raw):
        written = raw[name]
        if name in (*LISTS, "remove") and isinstance(written, list):
            entries = {f"$.{name}[{i}]": entry for i, entry in enumerate(written)}
            places[name] = _read_parts(entries, get_args(kinds[name])[0], mistakes)
            values[name] = tuple(places[name].values())
        elif name == "sources" and isinstance(written, dict):
            found = _read_parts({_place_of_source(key): source for key, source in written.items()}, Source, mistakes)
            values[name] = {key: found[place] for key in written if (place := _place_of_source(key)) in found}
        else:
            for whole in _read_parts({f"$.{name}": written}, kinds[name], mistakes).values():
                values[name] = whole
    problems = [problem for wrong in mistakes.values() for problem in wrong]
    problems += [
        located(message("standards.missing", key=Quoted(name)), f"$.{name}") for name in _NEEDED if name not in raw
    ]
    if unknown := raw.keys() - kinds.keys():
        problems += [located(mistake, "$") for mistake in _unknown_keys(unknown, kinds)]
    return File(**values, places=places, unread=frozenset(mistakes)), problems


def _read_parts(parts: dict[str, Any], kind: Any, mistakes: dict[str, list[Message]]) -> dict[str, Any]:
    """Read parts of a file by place; add the mistakes of those that cannot be read to ``mistakes``."""
    found = {}
    for place, part in parts.items():
        if sum(map(len, mistakes.values())) >= MOST_MISTAKES:
            mistakes[place] = [message("standards.more_mistakes", n=MOST_MISTAKES)]
            break
        try:
            found[place] = _converter().structure(part, kind)
        except Exception as exc:  # the other parts are read whatever is wrong with this one
            mistakes[place] = _mistakes_of(exc, place)
    return found


def _mistakes_of(exc: Exception, place: str) -> list[Message]:
    """Return the mistakes that cattrs found in a part, with their places."""
    causes: list[BaseException] = []

    def note(cause: BaseException, _: type | None) -> str:
        causes.append(cause)
        return ""

    # a line of cattrs is the note and " @ place"
    places = [line.removeprefix(" @ ") for line in transform_error(exc, place, note)]
    return [located(mistake, at) for cause, at in zip(causes, places, strict=True) for mistake in _what_is_wrong(cause)]


@cache
def _kinds() -> dict[str, Any]:
    """Return the type of each key of a file."""
    fields = attrs.fields(attrs.resolve_types(File))
    return {a.name: a.type for a in fields if not a.metadata.get("derived")}


def _place_of_source(name: str) -> str:
    return f"$.sources[{name!r}]"


# ------------------------------------------------------------------------------------ strict reading


class _Refused(ValueError):
    """A value of the wrong kind; its argument is a :class:`~junheng.words.Message`."""


def _strict(kind: Message, accept: tuple[type[Any], ...]) -> Callable[[Any, Any], Any]:
    """Return a reader of plain values that converts nothing except numbers to Decimal."""

    def hook(value: Any, target: Any) -> Any:
        # bool is a subclass of int, but not a number in a standard
        if not isinstance(value, accept) or (isinstance(value, bool) and bool not in accept):
            raise _Refused(message("standards.must_be", kind=kind, given=_shown(value)))
        if target is Decimal and not Decimal(value).is_finite():
            raise _Refused(message("standards.not_finite", given=value))
        if isinstance(value, (Decimal, int)) and is_extreme(value):
            raise _Refused(message("standards.too_extreme", given=f"{Decimal(value):.6e}"))
        return Decimal(str(value)) if target is Decimal else value

    return hook


def _shown(value: Any) -> Message | str:
    if isinstance(value, str):
        return message("standards.the_text", text=Quoted(value))
    if isinstance(value, bool):
        return message("standards.the_truth_value", value=str(value).lower())
    if isinstance(value, (int, Decimal)):
        return str(value)
    # list, dict, date, time or datetime: there is nothing else in a TOML file
    return message(f"standards.a.{type(value).__name__}")


def _member(kind: Message, known: Callable[[], Collection[str]]) -> Callable[[Any, Any], str]:
    """Return a reader of words of a vocabulary."""

    def hook(value: Any, _: Any) -> str:
        choices = known()
        if not isinstance(value, str) or value not in choices:
            given, hint = Quoted(value) if isinstance(value, str) else repr(value), did_you_mean(value, choices)
            raise _Refused(message("standards.unknown_word", given=given, kind=kind, hint=hint))
        return value

    return hook


def _words_of(column: str) -> Callable[[], Collection[str]]:
    """Return a function that returns the words of a column."""
    return lambda: read_toml("columns.toml")["categories"][column]


#: The vocabularies of a standard file: the name of a word in messages, and the known words.
_VOCABULARIES: dict[Any, tuple[Message, Callable[[], Collection[str]]]] = {
    IndicatorId: (message("standards.vocabulary.indicator"), indicator_ids),
    ColumnId: (message("standards.vocabulary.column"), column_ids),
    FigureId: (message("standards.vocabulary.figure"), lambda: column_ids() | fact_ids()),
    Kind: (message("standards.vocabulary.kind"), _words_of("kind")),
    Ownership: (message("standards.vocabulary.ownership"), _words_of("ownership")),
    AreaType: (message("standards.vocabulary.area_type"), _words_of("area_type")),
}


def _one_of(value: Any, target: Any) -> Any:
    choices = get_args(target)
    if isinstance(value, bool) or value not in choices:
        raise _Refused(message("standards.must_be_one_of", choices=quoted(choices), given=_shown(value)))
    return value


def _word_of(value: Any, words: type[StrEnum]) -> StrEnum:
    if value not in list(words):
        raise _Refused(message("standards.must_be_one_of", choices=quoted(map(str, words)), given=_shown(value)))
    return words(value)


def _is(kind: Any) -> Callable[[Any], bool]:
    return lambda t: t is kind


def _made_from(origin: Any) -> Callable[[Any], bool]:
    return lambda t: get_origin(t) is origin


@cache
def _converter() -> Converter:
    """Return the strict reader of a file."""
    converter = Converter(detailed_validation=True)
    converter.register_structure_hook(str, _strict(message("standards.text"), (str,)))
    converter.register_structure_hook(int, _strict(message("standards.whole_number"), (int,)))
    converter.register_structure_hook(bool, _strict(message("standards.true_or_false"), (bool,)))
    converter.register_structure_hook(Decimal, _strict(message("standards.number"), (Decimal, int)))
    for vocabulary, (kind, known) in _VOCABULARIES.items():
        converter.register_structure_hook_func(_is(vocabulary), _member(kind, known))
    converter.register_structure_hook(Standing, _word_of)
    converter.register_structure_hook(SourceKind, _word_of)
    converter.register_structure_hook_func(_made_from(Literal), _one_of)

    def read_tuples(target: Any) -> Any:
        inner: Any = GenericAlias(list, (get_args(target)[0],))
        structure_list = converter.get_structure_hook(inner)

        def hook(value: Any, _: Any) -> Any:
            if not isinstance(value, list):
                raise _Refused(message("standards.must_be", kind=message("standards.list"), given=_shown(value)))
            return tuple(structure_list(value, inner))

        return hook

    def read_tables(cls: type[Any]) -> Any:
        derived: Any = {a.name: override(omit=True) for a in attrs.fields(cls) if a.metadata.get("derived")}
        inner: Any = make_dict_structure_fn(cls, converter, _cattrs_forbid_extra_keys=True, **derived)

        def hook(value: Any, target: Any) -> Any:
            if not isinstance(value, dict):
                raise _Refused(message("standards.must_be", kind=message("standards.table"), given=_shown(value)))
            return inner(value, target)

        return hook

    converter.register_structure_hook_factory(_made_from(tuple), read_tuples)
    converter.register_structure_hook_factory(attrs.has, read_tables)
    return converter


def _what_is_wrong(exc: BaseException) -> list[Message]:
    """Return the reasons why cattrs could not read a value."""
    if isinstance(exc, _Refused):
        return [exc.args[0]]
    if isinstance(exc, KeyError):
        return [message("standards.missing", key=Quoted(exc.args[0]))]
    if isinstance(exc, ForbiddenExtraKeysError):
        return _unknown_keys(exc.extra_fields, [a.name for a in attrs.fields(exc.cl) if not a.metadata.get("derived")])
    return [message("standards.unreadable", reason=str(exc) or type(exc).__name__)]


def _unknown_keys(unknown: Iterable[str], known: Iterable[str]) -> list[Message]:
    names, known = sorted(unknown), list(known)
    hints = {name: did_you_mean(name, known, most=1, show=Quoted) for name in names[:_MOST_HINTS]}
    return [message("standards.unknown_key", key=Quoted(name), hint=hints.get(name, "")) for name in names]


# ------------------------------------------------------------------------------- duplicates


#: Lists of tables in which no two entries may have the same value of a key, or be equal (None).
_TABLES_ONCE = {"weights": "kind"} | dict.fromkeys(
    ("remove", "conditions", "readings", "same_as", "hints", "yardsticks", "tests", "dated", "instead", "by_size")
)


def duplicates(value: Any, place: str = "$") -> list[Message]:
    """Return the duplicates in the lists of a file as written.

    A duplicate would count twice, or hide what was meant. The raw file is checked, so that other mistakes hide nothing.
    """
    if isinstance(value, dict):
        return [p for key, inner in value.items() for p in duplicates(inner, f"{place}.{key}")]
    if not isinstance(value, list):
        return []
    problems: list[Message] = []
    seen: dict[str, int] = {}
    for i, entry in enumerate(value):
        name = _identity(entry, place)
        first = i if name is None else seen.setdefault(name, i)
        if first != i:
            before = f"{place}[{first}]"
            twice = (
                message("standards.twice.name", name=Quoted(entry), first=before)
                if isinstance(entry, str)
                else message("standards.twice.table", first=before)
            )
            problems.append(located(twice, f"{place}[{i}]"))
        problems += duplicates(entry, f"{place}[{i}]")
    return problems


def _identity(entry: Any, place: str) -> str | None:
    """Return the identity of an entry of a list, None if duplicates are allowed."""
    if isinstance(entry, str):
        return entry
    table = place.rpartition(".")[2]
    if isinstance(entry, list) and table == "readings":
        return repr(entry)
    # the conditions of a relaxation replace those of an item one by one, and may be equal
    if not isinstance(entry, dict) or table not in _TABLES_ONCE or re.fullmatch(r"\$\.relaxations\S*conditions", place):
        return None
    key = _TABLES_ONCE[table]
    if key is None:
        return repr(sorted(entry.items(), key=lambda pair: pair[0]))
    return entry[key] if isinstance(entry.get(key), str) else None
