"""A file as it is written, and its strict reading."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import GenericAlias
from typing import Any, Literal, get_args, get_origin

import attrs
from attrs import field, frozen
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, override

from junheng._data import column_ids, fact_ids, indicator_ids
from junheng.errors import did_you_mean
from junheng.standards.model import (
    Inclusion,
    Limit,
    Printing,
    Removal,
    SchoolRule,
    Split,
    Threshold,
)
from junheng.standards.rules import Doubt, Item, Relaxation
from junheng.standards.sources import Source, SourceKind, Standing
from junheng.standards.terms import ColumnId, FigureId, IndicatorId, Label, Part


@frozen(kw_only=True)
class File:
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


LISTS = ("thresholds", "limits", "inclusion", "items", "relaxations", "doubts")
SINGLE_TYPES: dict[str, type[Any]] = {"school_rule": SchoolRule, "split": Split, "printing": Printing}
SINGLE = tuple(SINGLE_TYPES)
IDENTITY = ("document", "number", "issued", "jurisdiction")


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
def converter_of_files() -> Converter:
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


def say(exc: BaseException, kind: type | None) -> str:
    if isinstance(exc, _Refused):
        return str(exc)
    if isinstance(exc, KeyError):
        return f"{exc.args[0]!r} is missing"
    extra = getattr(exc, "extra_fields", None)
    if extra:
        fields = [a.name for a in attrs.fields(exc.cl) if not a.metadata.get("derived")]  # type: ignore[attr-defined]
        return ", ".join(f"unknown key {n!r}{did_you_mean(n, fields, most=1, show=repr)}" for n in sorted(extra))
    return f"{exc}" or type(exc).__name__
