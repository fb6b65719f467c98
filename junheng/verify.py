"""Check a certificate without the library: everything it claims is deduced again from its figures and rules, in fractions.

Run ``python -I -S verify.py FILE [--standard FILE.toml] [--language zh]``. The exit code is 0 if every claim follows, 1 if
one does not (they are listed), and 2 if the file cannot be checked. This file needs Python's standard library alone and may be
copied elsewhere. The format is described in docs/certificates.md.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

MET, UNMET, OPEN = "met", "unmet", "undetermined"
STAGES = ("primary", "junior")
MOST_BYTES, MOST_LISTED = 100_000_000, 100
NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][-+]?[0-9]{1,3})?")


class CannotCheck(Exception):
    """The certificate is no certificate, or has a rule that is not known here."""


# ----------------------------------------------------------------------------------------------- what is known

WHERE = "kinds not_kinds stages ownership area_types students_below students_from classes_below largest_class_below "
WHERE += "built_by migrant_share_over flags not_flags"
TEST = "scope top top_minus bottom bottom_minus op value primary junior than per_classes begun dated norm where qualifier"
CITED = " clause source standing"
#: The keys of every kind of table, with the kind of the tables in them.
SHAPES: dict[str, str] = {
    "certificate": "certificate version made_by standard:standard options:options table:table counties:county",
    "standard": "id number document label digest rules:rules",
    "options": "missing",
    "table": "digest rows",
    "county": "county year facts schools:frame sections:frame claims:claims",
    "frame": "columns rows",
    "claims": "sections values:claimed coefficients items parts",
    "claimed": "stage indicator rows",
    "rules": "parts indicators thresholds:threshold limits:limit school_rule:school_rule split:split inclusion:inclusion "
    "items:item relaxations:relaxation applied doubts:doubt measures shared",
    "threshold": "indicator stage op value classes values readings instead:instead between below above floor_ratio" + CITED,
    "instead": "where:where value",
    "limit": "kind stage op value indicators" + CITED,
    "school_rule": "kind k floor_ratio" + CITED,
    "split": "resources weights:weights" + CITED,
    "weights": "kind primary junior senior",
    "inclusion": "decision answer kind ownership owner_types students_below" + CITED,
    "item": "id part rule number conditions:condition" + CITED,
    "condition": TEST.replace("dated norm where", "dated:step norm:norm where:where")
    + " readings:condition unless_no same_as:condition breach yardsticks:yardstick one_of chosen_by",
    "step": "effective_from value" + CITED,
    "norm": "primary junior times",
    "yardstick": "where:where tests:condition" + CITED,
    "relaxation": "id where:where indicator add item conditions:condition effective_from effective_to" + CITED,
    "doubt": "id items where:where decision" + CITED,
    "where": WHERE,
}


def check_shape(kind: str, value: Any, place: str = "$") -> None:
    """Refuse every key that is not known: a rule that is overlooked must not hold."""
    if not isinstance(value, dict):
        raise CannotCheck(f"{place} is not an object")
    known = {name: inner for name, _, inner in (part.partition(":") for part in SHAPES[kind].split())}
    for key, inner in value.items():
        if key not in known:
            raise CannotCheck(f"{place} has the unknown key {key!r}")
        if known[key]:
            for i, each in enumerate(inner if isinstance(inner, list) else [inner]):
                check_shape(known[key], each, f"{place}.{key}" + (f"[{i}]" if isinstance(inner, list) else ""))


def number(value: Any) -> Fraction | None:
    """Return a figure as typed; yes is 1 and no is 0."""
    if value is None:
        return None
    if isinstance(value, int):
        return Fraction(value)
    if not isinstance(value, str) or not NUMBER.fullmatch(value):
        raise CannotCheck(f"{value!r} is not a number in quotation marks")
    return Fraction(value)


def one_of(value: Any, *choices: str) -> Any:
    """Return a word of the rules, if it is known here."""
    if value not in choices:
        raise CannotCheck(f"unknown rule {value!r}")
    return value


# -------------------------------------------------------------------------------------- three-valued logic, roots


def every(verdicts: Iterable[str]) -> str:
    """Return the verdict on "all of these"."""
    found = set(verdicts)
    return UNMET if UNMET in found else OPEN if OPEN in found else MET


def agreed(verdicts: Iterable[str]) -> str:
    """Return the verdict if all possibilities give the same."""
    found = set(verdicts)
    return found.pop() if len(found) == 1 else OPEN


def holds(value: Fraction, op: str, required: Fraction, rounded: bool = False) -> str:
    """Compare; a rounded share counts as equal within 1e-14, relative."""
    if rounded and abs(value - required) <= abs(required) / 10**14:
        value = required
    sign = (value > required) - (value < required)
    return MET if sign in {">=": (0, 1), "<=": (0, -1), ">": (1,), "<": (-1,), "==": (0,)}[op] else UNMET


def root(square: Fraction, digits: int = 40) -> Fraction:
    """Return the root, rounded down to so many digits; exact if it is a fraction of whole numbers."""
    top, bottom = math.isqrt(square.numerator), math.isqrt(square.denominator)
    if top * top == square.numerator and bottom * bottom == square.denominator:
        return Fraction(top, bottom)
    return Fraction(math.isqrt(square.numerator * 10 ** (2 * digits) // square.denominator), 10**digits)


def mean_of_roots(squares: list[Fraction], op: str, limit: Fraction) -> str:
    """Compare the mean of roots with a limit: digits are added until it is decided."""
    digits = 30
    while True:
        roots = [root(square, digits) for square in squares]
        low = sum(roots, Fraction(0))
        high = low + Fraction(sum(r * r != s for r, s in zip(roots, squares)), 10**digits)
        verdicts = {holds(bound / len(squares), op, limit) for bound in (low, high)}
        if len(verdicts) == 1:
            return verdicts.pop()
        digits *= 2


# ------------------------------------------------------------------------------------- the schools of a county


class School:
    """A school, with the figures of the whole of it."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.kind = row["kind"]
        self.enrolled = {stage: number(row[f"students_{stage}"]) for stage in (*STAGES, "senior")}
        self.figures = {k: number(v) for k, v in list(row.items())[6:]}
        self.sections: list[Section] = []


class Section:
    """One stage of a school."""

    def __init__(self, school: School, row: dict[str, Any]) -> None:
        self.school, self.row, self.stage, self.kind = school, row, row["stage"], school.kind
        self.students = number(row["students"])
        self.rounded = row["rounded"] or ()
        self.sections = [self]
        self.left_out: str | None = None
        self.left_out_of_coefficient: str | None = None
        school.sections.append(self)


SCHOOL = ["name", "code", "kind", "students_primary", "students_junior", "students_senior"]
SECTION = ["school", "row", "stage", "kind", "ownership", "owner_type", "area_type"]
SECTION += ["included", "in_basic_standard", "in_coefficient", "rounded", "students"]


def rows_of(frame: Any, first: list[str]) -> Iterator[dict[str, Any]]:
    """Return the rows of a table by column."""
    columns = frame["columns"]
    if columns[: len(first)] != first or len(set(columns)) != len(columns):
        raise CannotCheck(f"the columns of a table must begin with {first}, each once")
    for row in frame["rows"]:
        if len(row) != len(columns):
            raise CannotCheck("a row has more or fewer cells than there are columns")
        yield dict(zip(columns, row))


class County:
    """What a certificate says of one county in one year, and what follows from it."""

    def __init__(self, rules: dict[str, Any], missing: str, content: dict[str, Any]) -> None:
        self.rules, self.missing = rules, one_of(missing, "propagate", "omit")
        self.year = content["year"]
        self.facts = {name: number(value) for name, value in content["facts"].items()}
        self.schools = [School(row) for row in rows_of(content["schools"], SCHOOL)]
        self.sections = [Section(self.schools[r["school"]], r) for r in rows_of(content["sections"], SECTION)]
        for section in self.sections:
            section.left_out = self.left_out(section, "in_basic_standard")
            section.left_out_of_coefficient = self.left_out(section, "in_coefficient")

    # ------------------------------------------------------------------------------ who counts, whose figures

    def left_out(self, section: Section, answer: str) -> str | None:
        """Return why a section does not count."""
        row, rules = section.row, self.rules.get("inclusion", [])
        if section.stage == "senior":
            return "senior_stage"
        if section.students == 0:
            return "no_students"
        names = [answer, "included"]
        if not any(rule.get("answer") for rule in rules):
            names = ["included", "in_basic_standard", "in_coefficient"]
        given = next((row[name] for name in names if row[name] is not None), None)
        if given is False:
            return "not_included"
        for rule in rules:
            if rule.get("answer", answer) != answer or not includes(rule, section):
                continue
            if one_of(rule["decision"], "out", "ask") == "out" and (row[answer] is None or len(names) == 3):
                return "left_out_by_standard"
        return None

    def share(self, section: Section) -> Fraction | None:
        """Return the part of a whole school's resources that is a section's."""
        school = section.school
        weights = next((w for w in self.rules["split"]["weights"] if w["kind"] == school.kind), None)
        if weights is None or section.stage not in weights:
            return None
        parts = {s: (number(weights[s]), school.enrolled[s]) for s in school.enrolled if s in weights}
        if any(n is None for _, n in parts.values()):
            return None
        total = sum(w * n for w, n in parts.values())  # type: ignore[operator]
        weight, students = parts[section.stage]
        return weight * students / total if total else None  # type: ignore[operator]

    def figure(self, unit: Any, column: str) -> Fraction | None:
        """Return a figure of a section, or of a whole school."""
        if column == "schools":
            return Fraction(1)
        if isinstance(unit, School):
            if unit.figures.get(column) is not None:
                return unit.figures[column]
            given = [self.own(s, column) for s in unit.sections if s.stage != "senior"]
            if None in given or not given:
                return None
            return max(given) if column in ("largest_class", "built_year") else sum(given, Fraction(0))  # type: ignore
        own = self.own(unit, column)
        if own is not None or unit.school.figures.get(column) is None:
            return own
        if not self.divides(column):
            return None
        share = self.share(unit)
        return None if share is None else unit.school.figures[column] * share

    def own(self, section: Section, column: str) -> Fraction | None:
        """Return a figure that was given for the section itself."""
        return section.students if column == "students" else number(section.row.get(column))

    def divides(self, column: str) -> bool:
        """Tell whether the standard divides a resource between stages."""
        return column in self.rules.get("split", {}).get("resources", ())
