"""The vocabulary of ``columns.toml``: columns, units, categories, stages and kinds of school."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from attrs import frozen

from junheng._data import STAGES, read_toml
from junheng._text import LONGEST, drop_invisible

#: Stages of a school; the senior stage is needed only for splitting.
ALL_STAGES = (*STAGES, "senior")


@frozen(kw_only=True)
class Column:
    """One canonical column; see ``columns.toml`` for what the fields mean."""

    id: str
    type: str
    zh: str
    en: str
    unit: str | None = None
    whole: bool = False
    shared: bool = False
    part_of: str | None = None
    budget: bool = False
    aliases: tuple[str, ...] = ()


@cache
def columns() -> dict[str, Column]:
    """Return every canonical column by id."""
    out = {}
    for id_, entry in read_toml("columns.toml")["columns"].items():
        label = entry["label"]
        out[id_] = Column(
            id=id_,
            zh=label["zh"],
            en=label["en"],
            aliases=tuple(entry.get("aliases", ())),
            **{k: v for k, v in entry.items() if k not in {"label", "aliases"}},
        )
    return out


@lru_cache(4096)  # bounded: names come from files of any kind
def base_column(name: str) -> tuple[Column, str | None] | None:
    """Return the canonical column of a name and the stage in it (``students_junior``), None if unknown."""
    known = columns()
    if name in known:
        return known[name], None
    for stage in ALL_STAGES:
        base = known.get(name.removesuffix(f"_{stage}")) if name.endswith(f"_{stage}") else None
        if base is not None and base.type == "number" and not base.shared:
            return base, stage
    return None


#: Brackets of every kind count as round ones.
_BRACKETS = str.maketrans(dict.fromkeys("[{【〔「『《〈〖", "(") | dict.fromkeys("]}】〕」』》〉〗", ")"))


def fold(text: str) -> str:
    """Normalize a header: half-width, no spaces, ASCII brackets, lower case; a text too long for one stays."""
    if len(text) > LONGEST:
        return text
    folded = unicodedata.normalize("NFKC", drop_invisible(str(text))).translate(_BRACKETS)
    return re.sub(r"\s+", "", folded).lower()


#: A conversion factor: numerator and denominator.
Factor = tuple[int, int]


@cache
def units_of(unit: str | None) -> Mapping[str, Factor]:
    """Return the units that convert to a canonical one, folded, with their factors as fractions."""
    known = read_toml("columns.toml")["units"].get(unit, {})
    return {fold(n): (f[0], f[1]) if isinstance(f, list) else (f, 1) for n, f in known.items()}


@cache
def every_unit() -> frozenset[str]:
    """Return every unit of the vocabulary, folded."""
    return frozenset(unit for canonical in read_toml("columns.toml")["units"] for unit in units_of(canonical))


def unit_factor(to: str, unit: str) -> Factor | None:
    """Return the factor from a unit, folded, to a canonical one as a fraction, None if it is unknown."""
    return units_of(to).get(unit)


DEGREES = {
    "primary": ("associate", "bachelor", "master", "doctor"),
    "junior": ("bachelor", "master", "doctor"),
}


def fold_word(value: Any) -> str:
    """Normalize the word in a cell."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return fold(str(value)).replace("-", "_")


@cache
def category_aliases(column: str) -> dict[str, str]:
    """Return the canonical word of every spelling of a category column, folded."""
    out: dict[str, str] = {}
    for word, aliases in read_toml("columns.toml")["categories"][column].items():
        for alias in (word, *aliases):
            out.setdefault(fold_word(alias), word)
    return out


def is_grade(name: str) -> bool:
    """Return whether a column has grades given by inspectors; its words are ordered from best to worst."""
    return name == "conditions_grade" or name.startswith("grade_b")


@cache
def category_words(column: str) -> tuple[str, ...]:
    """Return the canonical words of a category column."""
    return tuple(dict.fromkeys(category_aliases(column).values()))


def category_word(column: str, value: Any) -> str | None:
    """Return the canonical category word of a cell, None if it is unknown."""
    return category_aliases(column).get(fold_word(value))


@cache
def chinese_words(column: str) -> tuple[str, ...]:
    """Return the first Chinese name of each word of a category column."""
    words = read_toml("columns.toml")["categories"][column].items()
    return tuple(next((a for a in aliases if not a.isascii()), word) for word, aliases in words)


@cache
def flag_words() -> dict[str, bool]:
    """Return True or False for every spelling of yes and no, normalized."""
    flags = read_toml("columns.toml")["flags"]
    return {fold_word(w): v for key, v in (("yes", True), ("no", False)) for w in flags[key]}


#: The stages of each kind of school.
STAGES_OF_KIND: dict[str, tuple[str, ...]] = {
    "primary": ("primary",),
    "teaching_point": ("primary",),
    "junior": ("junior",),
    "nine_year": ("primary", "junior"),
    "twelve_year": ("primary", "junior", "senior"),
    "complete_secondary": ("junior", "senior"),
    "senior": ("senior",),
}
INTEGRATED = ("nine_year", "twelve_year", "complete_secondary")
#: Kinds that returns may contain although they have no stage that is judged.
NO_STAGE = ("special", "vocational")
#: All kinds of school; positions are the codes in arrays.
KINDS = category_words("kind")
