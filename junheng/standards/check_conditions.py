"""Whether conditions make sense: what an item, a relaxation or a hint compares with what.

Every check returns one line a mistake, with its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from junheng._data import column_ids, fact_ids, read_toml
from junheng.standards.rules import Comparison, Condition, Item, Relaxation, Yardstick
from junheng.standards.terms import Filter

__all__ = ["Case", "check_conditions", "check_date", "check_hints", "check_where", "found", "numbered", "tests_of"]

#: Whether something is wrong, where it is within an entry, and what to say of it.
Case = tuple[bool, str, str]


def found(place: str, *cases: Case) -> list[str]:
    """Return what to say of the cases that are so."""
    return [f"{text} @ {place}{within}" for wrong, within, text in cases if wrong]


def numbered(entries: Sequence[Any], place: str) -> list[tuple[str, Any]]:
    """Return the entries of a list with their places."""
    return [(f"{place}[{i}]", entry) for i, entry in enumerate(entries)]


def check_date(text: str | None, place: str) -> list[str]:
    """Check that a date is a year, a month or a day."""
    wrong = text is not None and not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", text)
    return found(place, (wrong, "", f"{text!r} is no date such as '2017', '2017-05' or '2017-05-23'"))


def check_where(where: Filter | None, place: str) -> list[str]:
    """Check that no unit is meant and left out at once."""
    return [] if where is None else _opposites(where, place, (("kinds", "not_kinds"), ("flags", "not_flags")))


def _opposites(entry: Any, place: str, pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return what two lists of an entry both name although one takes back what the other says."""
    return [
        f"{name!r} is in {one!r} too @ {place}.{other}"
        for one, other in pairs
        for name in getattr(entry, other)
        if name in getattr(entry, one)
    ]


def _not_facts(names: Iterable[str], place: str) -> list[str]:
    return [f"{name!r} is not a fact about the county @ {place}" for name in names if name not in fact_ids()]


def tests_of(condition: Condition, place: str) -> Iterator[tuple[str, Comparison]]:
    """Return every test of a condition as it is written, with its place."""
    yield place, condition
    yield from numbered(condition.readings, f"{place}.readings")
    yield from numbered(condition.same_as, f"{place}.same_as")
    for at, yardstick in numbered(condition.yardsticks, f"{place}.yardsticks"):
        yield from numbered(yardstick.tests, f"{at}.tests")


def check_conditions(entry: Item | Relaxation, place: str) -> list[str]:
    """Check the conditions of an item or a relaxation."""
    scored = isinstance(entry, Item) and entry.rule == "scored"
    problems: list[str] = []
    for at, condition in numbered(entry.conditions, f"{place}.conditions"):
        problems += _not_facts(condition.unless_no, f"{at}.unless_no")
        problems += _check_same_as(condition, at)
        problems += _check_share(condition, at) if condition.scope == "share" else _check_no_share(condition, at)
        for within, test in tests_of(condition, at):
            problems += _check_test(test, within, asks=not scored)
    return problems


def check_hints(item: Item, place: str) -> list[str]:
    """Check the hints of an item."""
    problems = []
    for at, hint in numbered(item.hints, f"{place}.hints"):
        problems += _check_test(hint.test, f"{at}.test")
        foreign = hint.test.scope != "county"
        problems += found(at, (foreign, ".test.scope", "a hint looks at the county's own facts"))
    return problems


def _check_same_as(condition: Condition, place: str) -> list[str]:
    same, of_schools = condition.same_as, condition.scope in ("school", "section")
    scopes = "'same_as' needs scope 'school' or 'section'"
    problems = found(place, (bool(same) and not of_schools, ".same_as", scopes))
    for at, test in numbered(same, f"{place}.same_as"):
        problems += found(at, (test.scope != condition.scope, ".scope", "must have the scope of its condition"))
    return problems


# --------------------------------------------------------------------------------------- one comparison


def _check_test(test: Comparison, place: str, *, asks: bool = True) -> list[str]:
    """Check one comparison; one that is only scored ``asks`` for no number."""
    chooses = test.where is not None and test.scope == "county"
    return [
        *_check_figures(test, place),
        *_opposites(test, place, (("top", "top_minus"), ("bottom", "bottom_minus"))),
        *check_where(test.where, f"{place}.where"),
        *found(
            place,
            (not test.top, ".top", "must name a figure"),
            (
                bool(test.bottom_minus) > bool(test.bottom),
                ".bottom_minus",
                "takes from a denominator that is not there",
            ),
            (chooses, ".where", "'where' chooses among schools, which scope 'county' has none of"),
        ),
        *_check_requirement(test, place, asks),
        *_check_dated(test, place),
        *_check_norm(test, place),
    ]


def _check_figures(test: Comparison, place: str) -> list[str]:
    """Check that figures are of the kind that the scope speaks of."""
    of_county = test.scope == "county"
    known, kind = (fact_ids(), "a fact about the county") if of_county else (column_ids(), "a column of schools")
    return [
        f"{figure!r} is not {kind} @ {place}.{name}"
        for name in ("top", "top_minus", "bottom", "bottom_minus", "than")
        for figure in getattr(test, name)
        if figure not in known
    ]


def _check_requirement(test: Comparison, place: str, asks: bool) -> list[str]:
    """Check that there is one number, of a sort that the scope can have."""
    by_stage = test.primary is not None or test.junior is not None
    by_classes = test.per_classes is not None
    one_of = isinstance(test, Condition) and bool(test.one_of)
    ways = (test.value is not None, by_stage, bool(test.than), by_classes, bool(test.dated), test.norm is not None)
    given = sum((*ways, one_of))
    choices = "exactly one of 'value', 'primary'/'junior', 'than', 'per_classes', 'dated', 'norm'"
    of_sums = bool(test.than) and test.scope == "sum"
    of_no_school = by_classes and test.scope not in ("school", "section")
    return found(
        place,
        (given != int(asks), "", f"needs {choices if asks else 'no requirement'}"),
        (by_stage and test.scope != "section", "", "a number for each stage needs scope 'section'"),
        (of_no_school and given == 1, "", "'per_classes' needs scope 'school' or 'section'"),
        (of_sums and given == 1, "", "'than' compares figures of one county, school or section, not sums"),
    )


def _check_dated(test: Comparison, place: str) -> list[str]:
    problems = []
    for at, step in numbered(test.dated, f"{place}.dated"):
        problems += check_date(step.effective_from, f"{at}.effective_from")
    back = any(after.effective_from <= before.effective_from for before, after in pairwise(test.dated))
    return problems + found(place, (back, ".dated", "steps must follow each other in time"))


def _check_norm(test: Comparison, place: str) -> list[str]:
    if test.norm is None:
        return []
    return [
        *_not_facts([test.norm.primary], f"{place}.norm.primary"),
        *_not_facts([test.norm.junior], f"{place}.norm.junior"),
        *found(
            place,
            (test.scope not in ("school", "section"), ".norm", "'norm' needs scope 'school' or 'section'"),
            (test.norm.times < 1, ".norm.times", "must be at least 1"),
        ),
    ]


# ------------------------------------------------------------------------------ the share of the schools


def _check_no_share(condition: Condition, place: str) -> list[str]:
    """Check that a condition of another scope says nothing that only a share has."""
    names = ("yardsticks", "one_of", "chosen_by")
    return found(place, *((bool(getattr(condition, n)), f".{n}", f"{n!r} belongs to scope 'share'") for n in names))


def _check_share(condition: Condition, place: str) -> list[str]:
    """Check what belongs to scope 'share' alone."""
    of_flag = len(condition.top) == 1 and _is_flag(condition.top[0])
    more = (*condition.bottom_minus, *condition.top_minus, *condition.readings)
    alone = condition.bottom == ("schools",) and not more
    one_of, chosen_by = condition.one_of, condition.chosen_by
    problems = found(
        place,
        (not of_flag, ".top", "scope 'share' counts the schools with a yes in one column"),
        (not alone, "", "scope 'share' has one column above 'schools', and no readings"),
        (condition.op == "==", ".op", "a share is at least or at most a number"),
        (condition.value is None and not one_of, "", "scope 'share' needs 'value' or 'one_of'"),
        (bool(one_of) != (chosen_by is not None), ".one_of", "'one_of' and 'chosen_by' belong together"),
    )
    problems += _not_facts([] if chosen_by is None else [chosen_by], f"{place}.chosen_by")
    for at, yardstick in numbered(condition.yardsticks, f"{place}.yardsticks"):
        problems += _check_yardstick(yardstick, at)
    return problems


def _is_flag(column: str) -> bool:
    return bool(read_toml("columns.toml")["columns"].get(column, {}).get("type") == "flag")


def _check_yardstick(yardstick: Yardstick, place: str) -> list[str]:
    problems = check_where(yardstick.where, f"{place}.where")
    problems += found(place, (not yardstick.tests, ".tests", "must not be empty"))
    for at, test in numbered(yardstick.tests, f"{place}.tests"):
        foreign = test.scope != "school" or test.where is not None
        problems += found(at, (foreign, "", "a yardstick measures schools, those of its own 'where'"))
    return problems
