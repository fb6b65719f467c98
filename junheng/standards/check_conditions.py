"""Checks of the conditions of items, relaxations and hints; each returns its mistakes with their places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from junheng._data import column_ids, fact_ids, read_toml
from junheng.standards.mistakes import located, mistakes, numbered
from junheng.standards.rules import Comparison, Condition, Item, Relaxation, Yardstick
from junheng.standards.terms import Filter
from junheng.words import Message, Quoted, message

__all__ = ["check_conditions", "check_date", "check_hints", "check_where", "tests_of"]


def check_date(text: str | None, place: str) -> list[Message]:
    """Check that a date is a year, a month or a day."""
    wrong = text is not None and not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", text)
    return mistakes(place, (wrong, "", message("standards.entry.not_a_date", text=Quoted(text))))


def check_where(where: Filter | None, place: str) -> list[Message]:
    """Check that a filter does not include and exclude the same units."""
    return [] if where is None else _opposites(where, place, (("kinds", "not_kinds"), ("flags", "not_flags")))


def _opposites(entry: Any, place: str, pairs: Sequence[tuple[str, str]]) -> list[Message]:
    """Return names that are in both of two lists that exclude each other."""
    return [
        located(message("standards.twice.opposite", name=Quoted(name), list=Quoted(one)), place, f".{other}")
        for one, other in pairs
        for name in getattr(entry, other)
        if name in getattr(entry, one)
    ]


def _not_facts(names: Iterable[str], place: str) -> list[Message]:
    return [
        located(message("standards.condition.not_a_fact", figure=Quoted(name)), place)
        for name in names
        if name not in fact_ids()
    ]


def tests_of(condition: Condition, place: str) -> Iterator[tuple[str, Comparison]]:
    """Return every comparison of a condition as written, with its place."""
    yield place, condition
    yield from numbered(condition.readings, f"{place}.readings")
    yield from numbered(condition.same_as, f"{place}.same_as")
    for at, yardstick in numbered(condition.yardsticks, f"{place}.yardsticks"):
        yield from numbered(yardstick.tests, f"{at}.tests")


def check_conditions(entry: Item | Relaxation, place: str) -> list[Message]:
    """Check the conditions of an item or a relaxation."""
    scored = isinstance(entry, Item) and entry.rule == "scored"
    problems: list[Message] = []
    for at, condition in numbered(entry.conditions, f"{place}.conditions"):
        problems += _not_facts(condition.unless_no, f"{at}.unless_no")
        problems += _check_same_as(condition, at)
        problems += _check_share(condition, at) if condition.scope == "share" else _check_no_share(condition, at)
        for within, test in tests_of(condition, at):
            problems += _check_test(test, within, asks=not scored)
    return problems


def check_hints(item: Item, place: str) -> list[Message]:
    """Check the hints of an item."""
    problems = []
    for at, hint in numbered(item.hints, f"{place}.hints"):
        problems += _check_test(hint.test, f"{at}.test")
        foreign = hint.test.scope != "county"
        problems += mistakes(at, (foreign, ".test.scope", message("standards.condition.hint_scope")))
    return problems


def _check_same_as(condition: Condition, place: str) -> list[Message]:
    same, of_schools = condition.same_as, condition.scope in ("school", "section")
    problems = mistakes(
        place, (bool(same) and not of_schools, ".same_as", message("standards.condition.same_as_scope"))
    )
    for at, test in numbered(same, f"{place}.same_as"):
        problems += mistakes(at, (test.scope != condition.scope, ".scope", message("standards.condition.other_scope")))
    return problems


# --------------------------------------------------------------------------------------- one comparison


def _check_test(test: Comparison, place: str, *, asks: bool = True) -> list[Message]:
    """Check one comparison; ``asks`` is False if it is scored only, so that it must not have a requirement."""
    chooses = test.where is not None and test.scope == "county"
    return [
        *_check_figures(test, place),
        *_opposites(test, place, (("top", "top_minus"), ("bottom", "bottom_minus"))),
        *check_where(test.where, f"{place}.where"),
        *mistakes(
            place,
            (not test.top, ".top", message("standards.condition.no_figure")),
            (
                bool(test.bottom_minus) > bool(test.bottom),
                ".bottom_minus",
                message("standards.condition.no_denominator"),
            ),
            (chooses, ".where", message("standards.condition.where_of_county")),
        ),
        *_check_requirement(test, place, asks),
        *_check_dated(test, place),
        *_check_norm(test, place),
        *_check_sizes(test, place),
    ]


def _check_figures(test: Comparison, place: str) -> list[Message]:
    """Check that figures are facts of the county or columns of schools, according to the scope."""
    of_county = test.scope == "county"
    known = fact_ids() if of_county else column_ids()
    return [
        located(
            message("standards.condition.not_a_fact", figure=Quoted(figure))
            if of_county
            else message("standards.condition.not_a_column", figure=Quoted(figure)),
            place,
            f".{name}",
        )
        for name in ("top", "top_minus", "bottom", "bottom_minus", "than")
        for figure in getattr(test, name)
        if figure not in known
    ]


def _check_requirement(test: Comparison, place: str, asks: bool) -> list[Message]:
    """Check that there is exactly one requirement, of a kind that the scope allows."""
    by_stage = test.primary is not None or test.junior is not None
    by_classes = test.per_classes is not None
    one_of = isinstance(test, Condition) and bool(test.one_of)
    ways = (test.value is not None, by_stage, bool(test.than), by_classes, bool(test.dated), test.norm is not None)
    given = sum((*ways, bool(test.by_size), one_of))
    one, none = message("standards.condition.one_requirement"), message("standards.condition.no_requirement")
    of_sums = bool(test.than) and test.scope == "sum"
    of_no_school = by_classes and test.scope not in ("school", "section")
    return mistakes(
        place,
        (given != int(asks), "", one if asks else none),
        (by_stage and test.scope != "section", "", message("standards.condition.by_stage")),
        (of_no_school and given == 1, "", message("standards.condition.per_classes")),
        (of_sums and given == 1, "", message("standards.condition.than")),
        (test.per_classes is not None and test.per_classes < 1, ".per_classes", message("standards.entry.below_one")),
    )


def _check_dated(test: Comparison, place: str) -> list[Message]:
    problems = []
    for at, step in numbered(test.dated, f"{place}.dated"):
        problems += check_date(step.effective_from, f"{at}.effective_from")
    back = any(after.effective_from <= before.effective_from for before, after in pairwise(test.dated))
    return problems + mistakes(place, (back, ".dated", message("standards.condition.steps")))


def _check_sizes(test: Comparison, place: str) -> list[Message]:
    """Check the tables of a requirement by size."""
    foreign = bool(test.by_size) and test.scope not in ("school", "section")
    problems = mistakes(place, (foreign, ".by_size", message("standards.condition.by_size")))
    for at, table in numbered(test.by_size, f"{place}.by_size"):
        ascending = all(c >= 1 for c in table.classes) and all(a < b for a, b in pairwise(table.classes))
        sizes, values = len(table.classes), len(table.values)
        lost = "some" in (table.between, table.below, table.above)
        problems += mistakes(
            at,
            (not sizes, ".classes", message("standards.entry.empty")),
            (sizes != values, ".values", message("standards.entry.sizes", sizes=sizes, values=values)),
            (not ascending, ".classes", message("standards.entry.not_ascending")),
            (any(v < 0 for v in table.values), ".values", message("standards.entry.negative")),
            (lost, "", message("standards.condition.lost_size")),
        )
    return problems


def _check_norm(test: Comparison, place: str) -> list[Message]:
    if test.norm is None:
        return []
    return [
        *_not_facts([test.norm.primary], f"{place}.norm.primary"),
        *_not_facts([test.norm.junior], f"{place}.norm.junior"),
        *mistakes(
            place,
            (test.scope not in ("school", "section"), ".norm", message("standards.condition.norm")),
            (test.norm.times < 1, ".norm.times", message("standards.entry.below_one")),
        ),
    ]


# ------------------------------------------------------------------------------ the share of the schools


def _check_no_share(condition: Condition, place: str) -> list[Message]:
    """Check that a condition of another scope has no keys of scope ``share``."""
    names = ("yardsticks", "one_of", "chosen_by")
    return mistakes(
        place,
        *(
            (bool(getattr(condition, n)), f".{n}", message("standards.condition.only_share", name=Quoted(n)))
            for n in names
        ),
    )


def _check_share(condition: Condition, place: str) -> list[Message]:
    """Check the keys of scope ``share``."""
    of_flag = len(condition.top) == 1 and _is_flag(condition.top[0])
    more = (*condition.bottom_minus, *condition.top_minus, *condition.readings)
    alone = condition.bottom == ("schools",) and not more
    one_of, chosen_by = condition.one_of, condition.chosen_by
    problems = mistakes(
        place,
        (not of_flag, ".top", message("standards.condition.share_of_flag")),
        (not alone, "", message("standards.condition.share_alone")),
        (condition.op == "==", ".op", message("standards.condition.share_op")),
        (condition.value is None and not one_of, "", message("standards.condition.share_value")),
        (bool(one_of) != (chosen_by is not None), ".one_of", message("standards.condition.one_of")),
    )
    problems += _not_facts([] if chosen_by is None else [chosen_by], f"{place}.chosen_by")
    for at, yardstick in numbered(condition.yardsticks, f"{place}.yardsticks"):
        problems += _check_yardstick(yardstick, at)
    return problems


def _is_flag(column: str) -> bool:
    return bool(read_toml("columns.toml")["columns"].get(column, {}).get("type") == "flag")


def _check_yardstick(yardstick: Yardstick, place: str) -> list[Message]:
    problems = check_where(yardstick.where, f"{place}.where")
    problems += mistakes(place, (not yardstick.tests, ".tests", message("standards.entry.empty")))
    for at, test in numbered(yardstick.tests, f"{place}.tests"):
        foreign = test.scope != "school" or test.where is not None
        problems += mistakes(at, (foreign, "", message("standards.condition.yardstick")))
    return problems
