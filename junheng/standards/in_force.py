"""Which standards are in force at a place and on a date."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from junheng._data import read_toml
from junheng._text import as_text, clean
from junheng.errors import InputError, did_you_mean
from junheng.standards.model import Standard
from junheng.words import LANGUAGES, Quoted, message

if TYPE_CHECKING:
    import datetime

__all__ = ["day_of", "in_force", "jurisdiction_of", "which_apply"]

#: Endings that a name of a place may have or lack.
_ENDINGS = re.compile("(省|市|县|区|镇|自治区|特别行政区)$")


def jurisdiction_of(place: str) -> str:
    """Return the id of a jurisdiction from its id or its name; raise an error that suggests others.

    An id is not looked up: CN-SD-Yanggu is a place in CN-SD although no standard of its own is known.
    """
    text = clean(place) if isinstance(place, str) else ""
    if re.fullmatch(r"[A-Za-z]{2}(-\w+)*", text):
        return text
    names = {}
    for id_, labels in read_toml("words/labels.toml")["jurisdiction"].items():
        for name in (labels[language] for language in LANGUAGES):
            names[name.casefold()] = names[_ENDINGS.sub("", name).casefold()] = id_
    found = names.get(text.casefold()) or names.get(_ENDINGS.sub("", text).casefold())
    if found is None:
        given = Quoted(place if isinstance(place, str) else as_text(place))
        raise InputError(message("standards.ask.jurisdiction", given=given, hint=did_you_mean(text, names)))
    return str(found)


def day_of(on: str | int | datetime.date) -> str:
    """Return a date as text: a year, a month (2015-06) or a day (2015-06-01)."""
    text = str(on).split(" ")[0]  # a moment is on its day
    if isinstance(on, bool) or not re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", text):
        raise InputError(message("standards.ask.date", given=Quoted(as_text(on))))
    return text


def in_force(standard: Standard, on: str) -> bool:
    """Tell whether a standard is in force on a date; dates of unequal precision are compared as far as they go.

    A standard of June 2016 is in force in 2016, and so is one that ends then. Without a first day it is that of issue;
    one of which neither was read may be.
    """

    def compared(day: str) -> tuple[str, str]:
        size = min(len(day), len(on))
        return day[:size], on[:size]

    first, asked = compared(standard.effective_from or standard.issued or on)
    last, until = compared(standard.effective_to or on)
    return first <= asked and until <= last


def which_apply(
    standards: Iterable[Standard], jurisdiction: str | None, on: str | int | datetime.date | None
) -> Iterator[Standard]:
    """Return the standards of a place and of the places that it lies in, in force on a date."""
    place = None if jurisdiction is None else jurisdiction_of(jurisdiction).casefold()
    day = None if on is None else day_of(on)
    for standard in standards:
        here = place is None or f"{place}-".startswith(f"{standard.jurisdiction.casefold()}-")
        if here and (day is None or in_force(standard, day)):
            yield standard
