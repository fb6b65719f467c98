"""Tell names of places from names of schools (private)."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from junheng.reading.cells import is_missing
from junheng.reading.meaning import words
from junheng.schools import fold
from junheng.schools.vocabulary import category_aliases

#: 一、 （二） 3. in front of a heading, and （3所） or a colon behind it.
_NUMBER = re.compile(r"[(]?[0-9一二三四五六七八九十]{1,3}[)、.．:]+")
_BEHIND = re.compile(r"[(][^()]{0,20}[)]:?$|:$")


def bare_name(text: str) -> str:
    """Return a name folded, without the number in front of it and the bracket or colon behind it."""
    folded = fold(text)
    number = _NUMBER.match(folded)
    behind = _BEHIND.search(folded)
    return folded[number.end() if number else 0 : behind.start() if behind else None] or folded


@cache
def _place_last() -> frozenset[str]:
    last = {w[-1] for w in words("names", "places")}
    return frozenset(last | {c.upper() for c in last} | set(":：)） \u3000"))


def is_place(text: str) -> bool:
    """Tell whether a name is that of a place: it ends like one, and the rest names no school."""
    # a cheap test first: a nation has as many names as schools
    if not text or text[-1] not in _place_last():
        return False
    bare = bare_name(text)
    ending = max((w for w in words("names", "places") if bare.endswith(w)), key=len, default="")
    return bool(ending) and not _has_school_word(bare.removesuffix(ending))


def is_like_a_school(text: str) -> bool:
    """Tell whether a name is like that of a school."""
    bare = bare_name(text)
    return _has_school_word(bare) or bare.endswith(tuple(words("names", "school_endings")))


def _has_school_word(bare: str) -> bool:
    return any(w in bare for w in words("names", "schools"))


def is_kind_of_school(text: str) -> bool:
    """Tell whether a text is only a stage or kind: a heading such as 一、小学 or 教学点：."""
    bare = bare_name(text)
    return not _kinds_of_school().isdisjoint((bare, bare.removesuffix("部")))


@cache
def _kinds_of_school() -> frozenset[str]:
    return frozenset((*category_aliases("stage"), *category_aliases("kind")))


def is_no_name(value: Any) -> bool:
    """Tell whether a cell names nothing: it is empty or a dash."""
    return value is None or is_missing(value)
