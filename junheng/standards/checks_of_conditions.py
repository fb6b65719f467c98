"""Whether conditions make sense."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from junheng._data import column_ids, fact_ids, read_toml
from junheng.standards.rules import Condition, Item, Test


def check_opposites(entry: Any, place: str, pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return what two lists of an entry both name although one takes back what the other says."""
    return [
        f"{name!r} is in {one!r} too @ {place}.{other}"
        for one, other in pairs
        for name in getattr(entry, other)
        if name in getattr(entry, one)
    ]


def check_date(text: str | None, place: str) -> list[str]:
    if text is None or re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", text):
        return []
    return [f"{text!r} is no date such as '2017', '2017-05' or '2017-05-23' @ {place}"]


WHERE_OPPOSITES = (("kinds", "not_kinds"), ("flags", "not_flags"))


def check_conditions(conditions: Sequence[Condition], place: str, scored: bool) -> list[str]:
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
        for at, test in tests_of(condition, f"{place}.conditions[{i}]"):
            out += _check_test(test, at, scored)
    return out


def check_hints(item: Item, place: str) -> list[str]:
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
    out += check_opposites(test, at, (("top", "top_minus"), ("bottom", "bottom_minus")))
    if test.where is not None:
        out += check_opposites(test.where, f"{at}.where", WHERE_OPPOSITES)
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
        out += check_date(step.effective_from, f"{at}.dated[{k}].effective_from")
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


def tests_of(condition: Condition, place: str) -> list[tuple[str, Test]]:
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
