"""Check a certificate without the library: what it claims is deduced again from its figures and rules, in fractions.

Run ``python -I -S verify.py FILE [--standard FILE.toml] [--language zh]``. The exit code is 0 if every claim follows,
1 if one does not (they are listed), and 2 if the file cannot be checked. This file needs Python's standard library
alone and may be copied elsewhere. The format is described in docs/certificates.md.
"""

from __future__ import annotations

import json
import math
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

MET, UNMET, OPEN = "met", "unmet", "undetermined"
STAGES = ("primary", "junior")
INTEGRATED = ("nine_year", "twelve_year", "complete_secondary")
MOST_BYTES, MOST_LISTED = 100_000_000, 100
NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][-+]?[0-9]{1,3})?")


class CannotCheck(Exception):
    """The certificate is no certificate, or has a rule that is not known here."""


# ----------------------------------------------------------------------------------------------- what is known

WHERE = "kinds not_kinds stages ownership area_types students_below students_from classes_below largest_class_below "
WHERE += "built_by migrant_share_over flags not_flags"
TEST = (
    "scope top top_minus bottom bottom_minus op value primary junior than per_classes begun dated norm where qualifier"
)
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
    "rules": "parts indicators thresholds:threshold limits:limit school_rule:school_rule split:split "
    "inclusion:inclusion items:item relaxations:relaxation applied doubts:doubt measures shared",
    "threshold": "indicator stage op value classes values readings instead:instead between below above floor_ratio"
    + CITED,
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


def number(value: Any) -> Any:
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


def holds(value: Any, op: str, required: Fraction, rounded: bool = False) -> str:
    """Compare; a rounded share counts as equal within 1e-14, relative."""
    if rounded and value != math.inf and abs(value - required) <= abs(required) / 10**14:
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
        high = low + Fraction(sum(r * r != s for r, s in zip(roots, squares, strict=True)), 10**digits)
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
        self.figures = {k: number(v) for k, v in list(row.items())[len(SCHOOL) :]}
        self.all_sections: list[Section] = []

    @property
    def sections(self) -> list[Section]:
        """Its stages that items are about."""
        return [s for s in self.all_sections if s.is_subject]


class Section:
    """One stage of a school."""

    def __init__(self, school: School, row: dict[str, Any]) -> None:
        self.school, self.row, self.stage = school, row, row["stage"]
        self.kind = school.kind if school.kind in INTEGRATED else row["kind"]
        self.students, self.sections = number(row["students"]), [self]
        self.out: list[str | None] = []  # why it is no school of the basic standard, and why not in the coefficients
        self.is_subject = False
        others = school.all_sections
        kinds = [s.row["kind"] == row["kind"] for s in others if s.row["row"] == row["row"]]
        if not all(kinds) or (not others and self.kind != school.kind):
            raise CannotCheck(f"a row of kind {row['kind']!r} belongs to a school of kind {school.kind!r}")
        if self.students not in (None, school.enrolled[self.stage]):
            raise CannotCheck(f"a row of {row['students']} students belongs to a school that has others")
        others.append(self)


SCHOOL = ["name", "code", "kind", "students_primary", "students_junior", "students_senior"]
SECTION = ["school", "row", "stage", "kind", "ownership", "owner_type", "area_type"]
SECTION += ["included", "in_basic_standard", "in_coefficient", "rounded", "lacking", "students"]


def rows_of(frame: Any, first: list[str]) -> Iterator[dict[str, Any]]:
    """Return the rows of a table by column."""
    columns = frame["columns"]
    if columns[: len(first)] != first or len(set(columns)) != len(columns):
        raise CannotCheck(f"the columns of a table must begin with {', '.join(first)}, each once")
    for row in frame["rows"]:
        if len(row) != len(columns):
            raise CannotCheck("a row has more or fewer cells than there are columns")
        yield dict(zip(columns, row, strict=True))


def who_counts(rules: list[dict[str, Any]], section: Section) -> None:
    """Find out why a section does not count (the first reason that applies), and whether items are about it."""
    row, answers = section.row, []
    two = any(rule.get("answer") for rule in rules)
    for answer in ("in_basic_standard", "in_coefficient"):
        names = (answer, "included") if two else ("included", "in_basic_standard", "in_coefficient")
        answers.append(next((row[name] for name in names if row[name] is not None), None))
        matching = [r for r in rules if r.get("answer", answer) == answer and includes(r, row, section.students)]
        no, empty = answers[-1] is False, section.students == 0
        reasons = {
            "senior_stage": section.stage == "senior",
            "left_out_by_standard": any(one_of(r["decision"], "out", "ask") == "out" for r in matching)
            and (no or not empty),
            "not_included": no,
            "no_students": empty,
        }
        last = "senior_stage" if row["kind"] == "senior" else None
        section.out.append(next((reason for reason, applies in reasons.items() if applies), last))
    other = section.stage not in STAGES or section.students == 0 or answers[0] is False
    section.is_subject = not other and section.kind not in ("special", "vocational")


def includes(rule: dict[str, Any], row: dict[str, Any], students: Fraction | None) -> bool:
    """Tell whether a rule of inclusion is about a section."""
    owner = "private" if row["owner_type"] == "private" else row["ownership"]
    return (
        rule.get("kind", row["kind"]) == row["kind"]
        and rule.get("ownership", owner) == owner
        and ("owner_types" not in rule or row["owner_type"] in rule["owner_types"])
        and ("students_below" not in rule or (students is not None and students < rule["students_below"]))
    )


def share_of(rules: dict[str, Any], section: Section) -> tuple[Any, str]:
    """Return the part of a whole school's resources that is a section's, or why there is none."""
    enrolled, all_weights = section.school.enrolled, rules.get("split", {}).get("weights", ())
    weights: Any = next((w for w in all_weights if w["kind"] == section.kind), {})
    if section.stage not in weights:
        return None, "no_split_rule"
    parts = {stage: (number(weights[stage]), n) for stage, n in enrolled.items() if stage in weights}
    weighted: Any = {stage: None if n is None else weight * n for stage, (weight, n) in parts.items()}
    if None in weighted.values() or not sum(weighted.values()):
        return None, "missing_value"
    return weighted[section.stage] / sum(weighted.values()), ""


# ------------------------------------------------------------------------------------------ figures and conditions


class County:
    """One county in one year: its rules and figures, and what follows from them."""

    def __init__(self, rules: dict[str, Any], missing: str, content: dict[str, Any]) -> None:
        self.rules, self.missing, self.year = rules, one_of(missing, "propagate", "omit"), content["year"]
        self.facts = {name: number(value) for name, value in content["facts"].items()}
        self.schools = [School(row) for row in rows_of(content["schools"], SCHOOL)]
        by_place = dict(enumerate(self.schools))
        self.sections = [Section(by_place[r["school"]], r) for r in rows_of(content["sections"], SECTION)]
        for section in self.sections:
            who_counts(rules.get("inclusion", []), section)

    def figure(self, unit: Any, column: str) -> tuple[Any, str]:
        """Return a figure of a section or a whole school, or why it is unknown."""
        if column == "schools":
            return Fraction(1), ""
        if isinstance(unit, School):
            return self.of_school(unit, column), "missing_value"
        own = unit.students if column == "students" else number(unit.row.get(column))
        whole = unit.school.figures.get(column)
        lacking = column in (unit.row["lacking"] or ())
        if own is not None or column not in self.rules["shared"] or not (lacking or whole is not None):
            return own, "missing_value"
        share, why = share_of(self.rules, unit)
        return None if share is None or lacking else whole * share, why or "missing_value"

    def of_school(self, school: School, column: str) -> Any:
        """Return a figure of a whole school."""
        rows = [s.row for s in school.sections]
        given = [number(row.get(column)) for row in rows]
        if column == "conditions_grade" or any(isinstance(row.get(column), bool) for row in rows):
            return given[0]
        whole = school.figures.get(column)
        if column in ("largest_class", "built_year"):
            return max((n for n in (whole, *given) if n is not None), default=None)
        if whole is not None and all(n is None for n in given):
            return None if any(column in (row["lacking"] or ()) for row in rows) else whole
        return None if None in given or not given else sum(given, Fraction(0))

    def total(self, units: list[Any], plus: Iterable[str], minus: Iterable[str] = ()) -> Any:
        """Return the sum of figures of units, or of the county's facts (``units`` None)."""
        found = Fraction(0)
        for columns, sign in ((plus, 1), (minus, -1)):
            for column in columns:
                for unit in units:
                    figure = self.facts.get(column) if unit is None else self.figure(unit, column)[0]
                    if figure is None:
                        return None
                    found += sign * figure
        return found

    def matches(self, where: dict[str, Any] | None, unit: Any) -> bool | None:
        """Tell whether a rule is about a section or a school; None if that is unknown."""
        if not where:
            return True
        row, answers = unit.sections[0].row, []
        for key, column in (("kinds", ""), ("area_types", "area_type"), ("ownership", "ownership")):
            if key in where:
                word, wanted = row[column] if column else unit.kind, where[key]
                meant = word in (wanted if isinstance(wanted, list) else [wanted])
                answers.append(None if word is None and column else meant)
        if "not_kinds" in where:
            answers.append(unit.kind not in where["not_kinds"])
        if "stages" in where:
            answers.append(any(s.stage in where["stages"] for s in unit.sections))
        for key, wanted in (("flags", True), ("not_flags", False)):
            answers += [None if row.get(flag) is None else row[flag] is wanted for flag in where.get(key, ())]
        limits = {
            "students_below": ("students", "<"),
            "students_from": ("students", ">="),
            "classes_below": ("classes", "<"),
        }
        limits |= {"largest_class_below": ("largest_class", "<"), "built_by": ("built_year", "<=")}
        for key in where.keys() & limits.keys():
            figure = self.total([unit], [limits[key][0]])
            answers.append(None if figure is None else holds(figure, limits[key][1], Fraction(where[key])) == MET)
        if "migrant_share_over" in where:
            some, of_all = self.total([unit], ["migrant_students"]), self.total([unit], ["students"])
            known = some is not None and of_all is not None
            answers.append(some > number(where["migrant_share_over"]) * of_all if known else None)
        return both(*answers)

    def in_force(self, rule: dict[str, Any]) -> bool | None:
        """Tell whether a relaxation is applied, and in force in the year; None if the year is unknown."""
        if rule["id"] not in self.rules.get("applied", ()):
            return False
        return self.year is None or int(rule.get("effective_from", "0")[:4]) <= self.year <= int(
            rule.get("effective_to", "9999")[:4]
        )

    # --------------------------------------------------------------------------------------- schools, coefficients

    def numbers(self, bar: dict[str, Any], section: Section) -> tuple[list[Fraction], str]:
        """Return the numbers that a threshold may require, and why there is none or more than one."""
        if "value" in bar:
            found = [number(bar["value"])]
            for other in bar.get("instead", ()):
                meant = self.matches(other["where"], section)
                found = (
                    [number(other["value"])] if meant else found if meant is False else [*found, number(other["value"])]
                )
            return found, "special_open"
        size, sizes = self.figure(section, "classes")[0], bar["classes"]
        if size is None:
            return [], "missing_classes"
        low, high = sum(n <= size for n in sizes) - 1, sum(n < size for n in sizes)
        inside = one_of(bar.get("between", "bracket"), "bracket", "linear", "smaller", "larger", "some")
        rule = (
            bar.get("below") if low < 0 else bar.get("above") if high == len(sizes) else inside if low < high else "end"
        )
        if one_of(rule or "undetermined", "undetermined", "end", inside) in ("undetermined", "some"):
            return [], "number_lost" if rule == "some" else "size_outside"
        low, high, found, why = max(low, 0), min(high, len(sizes) - 1), [], "rows_disagree"
        for row in (bar["values"], *bar.get("readings", ())):
            first, last = number(row[low]), number(row[high])
            if inside == "linear" and low != high:
                first = last = first + (last - first) * (size - sizes[low]) / (sizes[high] - sizes[low])
            pair = {"smaller": [first], "larger": [last]}.get(inside, [first, last])
            why, found = ("size_between" if pair[0] != pair[-1] else why), found + pair
        return found, why

    def values(self, section: Section, indicator: str) -> tuple[list[Any], str]:
        """Return the values that an indicator may have (the one shown, then others), or why there is none."""
        measure, per = self.rules["measures"][indicator], section.students
        formula = one_of(measure["formula"], "per_student", "per_hundred_students", "students_per", "share", "amount")
        top, why = (per, "missing_value") if formula == "students_per" else self.figure(section, measure["numerator"])
        if formula in ("students_per", "share"):
            per, why = self.figure(section, measure["denominator"])
        elif formula == "amount":
            per = Fraction(1)
        found = [top]
        for rule in (r for r in self.rules.get("relaxations", ()) if r.get("indicator") == indicator):
            meant = self.in_force(rule) and self.matches(rule["where"], section)
            if meant is not False and top is not None:
                extra = self.total([section], rule["add"])
                if extra is None:
                    found, why = [*found, math.inf], "missing_value"
                else:
                    more = [n + extra for n in found]
                    found = more if meant else found + more
        if per is None or not per or section.students == 0:
            nothing = per == 0 and top is not None and formula in ("students_per", "share")
            return [None, *([math.inf] if nothing and top else [])], "zero_denominator" if nothing else why
        scale = 100 if formula == "per_hundred_students" else 1
        return [n if n in (None, math.inf) else n * scale / per for n in found], why if len(
            found
        ) > 1 or top is None else ""

    def judged(self, section: Section, indicator: str) -> list[Any]:
        """Return value, requirement, floor, both verdicts and the reason of an indicator of a section."""
        bars = (
            b for b in self.rules.get("thresholds", ()) if (b["indicator"], b["stage"]) == (indicator, section.stage)
        )
        bar = next(bars, None)
        values, why = self.values(section, indicator)
        value, possible = values[0], values if values[0] is not None else values[1:] or [0, math.inf]
        if bar is None:
            return [value, None, None, OPEN, None, section.out[0] or "no_requirement"]
        numbers, doubt = self.numbers(bar, section)
        op, ratio = (
            bar.get("op", ">="),
            number(bar.get("floor_ratio") or self.rules.get("school_rule", {}).get("floor_ratio")),
        )
        soft = self.rules["measures"][indicator].get("numerator") in (section.row["rounded"] or ())
        verdict, floor = (agreed(holds(v, op, n * f, soft) for v in possible for n in numbers) for f in (1, ratio or 1))
        if doubt == "number_lost" and value == 0:
            verdict = UNMET
        required = strictest(numbers, op, verdict)
        if section.out[0]:
            verdict = floor = OPEN
        several = value is None or len(set(possible)) > 1
        open_or_lost = verdict == OPEN or doubt == "number_lost"
        reason = why if value is None or (several and verdict == OPEN) else doubt if open_or_lost else None
        reason = section.out[0] or (None if verdict == MET else reason or None)
        kept = required * ratio if ratio and required is not None else None
        return [value, required, kept, verdict, floor if ratio else None, reason]

    def complies(self, section: Section, rows: list[list[Any]]) -> str:
        """Return the verdict on a section."""
        rule = self.rules.get("school_rule")
        if section.out[0] or rule is None or not rows:
            return OPEN
        if one_of(rule["kind"], "all", "at_least") == "all":
            return every(row[3] for row in rows)
        met, might = (sum(row[3] in found for row in rows) for found in ((MET,), (MET, OPEN)))
        floors = every(MET if row[3] == MET else row[4] or MET for row in rows)
        return UNMET if might < rule["k"] or floors == UNMET else OPEN if met < rule["k"] else floors

    def coefficients(self, stage: str) -> Iterator[list[Any]]:
        """Return the rows of the coefficients of a stage."""
        sections = [s for s in self.sections if s.stage == stage and s.out[1] is None]
        bars = [b for b in self.rules.get("limits", ()) if b["stage"] == stage and sections]
        limits = {i: b for b in bars if b["kind"] == "each" for i in b["indicators"]}
        named = {(b["indicator"], b["stage"]) for b in self.rules.get("thresholds", ())}
        n, most = len(sections), 0
        squares: list[Any] = []
        whys: list[str | None] = []
        for indicator in self.rules.get("indicators", ()) if sections else ():
            if named and indicator not in limits and (indicator, stage) not in named:
                continue
            measure = self.rules["measures"][indicator]
            weigh = measure["denominator"] if measure["formula"] in ("students_per", "share") else "students"
            values = [(self.figure(s, weigh)[0], self.values(s, indicator)[0][0]) for s in sections]
            missing, bar = sum(x is None for _, x in values), limits.get(indicator)
            mean, variance, why = self.spread(values, measure["formula"])
            square = variance / mean**2 if mean and variance is not None else None
            verdict = None if bar is None else OPEN
            if bar and not why:
                verdict = holds(square, bar.get("op", "<="), number(bar["value"]) ** 2)
            most, squares, whys = max(most, missing), [*squares, square], whys + [why] * bool(why)
            shown = [mean, *(x if x is None else root(x) for x in (variance, square))]
            yield [stage, indicator, *shown, verdict, why if bar else None, n, missing]
        for bar in (b for b in bars if b["kind"] == "composite"):
            mean = None if None in squares else sum(map(root, squares)) / len(squares)
            verdict = OPEN if whys else mean_of_roots(squares, bar.get("op", "<="), number(bar["value"]))
            yield [stage, "composite", None, None, mean, verdict, whys[0] if whys else None, n, most]

    def spread(self, values: list[tuple[Any, Any]], formula: str) -> tuple[Any, Any, str | None]:
        """Return mean and variance by weight, and why nothing can be concluded from them."""
        known = [(p, x) for p, x in values if x is not None]
        why = None if len(known) == len(values) else "missing_omitted" if self.missing == "omit" else "missing_value"
        if not known or why == "missing_value":
            return None, None, why
        if formula == "amount":  # figures of schools, which weigh the same
            return sum(x for _, x in known) / len(known), None, why
        total = sum(p for p, _ in known)
        mean = sum(p * x for p, x in known) / total
        if not formula.startswith("per_"):  # a ratio of totals, such as students over classes
            return mean, None, why
        return mean, sum(p * x * x for p, x in known) / total - mean * mean, why if mean else why or "zero_mean"

    # -------------------------------------------------------------------------------------------------- items

    def required(self, test: dict[str, Any], unit: Any) -> list[Fraction]:
        """Return the numbers that a comparison may require, none if they are unknown."""
        if "than" in test:
            found = [self.total([unit], test["than"])]
        elif "per_classes" in test:
            size = self.total([unit], ["classes"])
            parts = None if size is None else size / test["per_classes"]
            found = [
                None if parts is None else Fraction(math.ceil(parts) if test.get("begun", True) else math.floor(parts))
            ]
        elif "dated" in test:
            steps = sorted((int(step["effective_from"][:4]), number(step["value"])) for step in test["dated"])
            past = steps if self.year is None else [s for s in steps if s[0] <= self.year][-1:]
            found = [value for _, value in past]
        elif "norm" in test:
            norms = [self.facts.get(test["norm"][s.stage]) for s in unit.sections]
            found = [None if norm is None else norm * test["norm"].get("times", 1) for norm in norms]
        else:
            stages = [s.stage for s in unit.sections] if unit and "primary" in test else ["value"]
            found = [number(test.get(stage)) for stage in stages]
        return [] if None in found else found

    def compare(self, test: dict[str, Any], units: list[Any]) -> tuple[Fraction | None, Fraction | None, str]:
        """Compare the figures of a county (``[None]``), a unit, or the sum of units: value, requirement, verdict."""
        top = self.total(units, test["top"], test.get("top_minus", ()))
        bottom = (
            self.total(units, test.get("bottom", ()), test.get("bottom_minus", ())) if "bottom" in test else Fraction(1)
        )
        numbers = self.required(test, units[0] if units else None)
        value = None if top is None or not bottom else top / bottom
        verdict = OPEN if value is None else agreed(holds(value, test.get("op", ">="), n) for n in numbers)
        return value, numbers[0] if len(set(numbers)) == 1 else None, verdict

    def on_unit(self, item: str, index: int, condition: dict[str, Any], unit: Any) -> tuple[str, bool]:
        """Return the verdict of a condition on a unit, and whether readings disagree."""
        verdict, disagree = self.by_readings(condition, unit)
        for rule in (r for r in self.rules.get("relaxations", ()) if r.get("item") == item):
            easier = rule["conditions"][index]
            meant = both(
                self.in_force(rule), self.matches(rule["where"], unit), self.matches(easier.get("where"), unit)
            )
            if meant is not False and verdict != MET:
                best = max(verdict, self.by_readings(easier, unit)[0], key=(UNMET, OPEN, MET).index)
                verdict = best if meant else agreed((verdict, best))
        return verdict, disagree and verdict == OPEN

    def by_readings(self, condition: dict[str, Any], unit: Any) -> tuple[str, bool]:
        """Return the verdict on which all readings agree, or that of comparisons that are the same."""
        found = [self.compare_unit(condition, unit)]
        if "same_as" in condition:
            found += [self.compare_unit(test, unit) for test in condition["same_as"]]
            return UNMET if UNMET in found else MET if MET in found else OPEN, False
        for reading in condition.get("readings", ()):
            meant = self.matches(reading.get("where"), unit)
            verdict = MET if meant is False else self.compare_unit(reading, unit)
            found.append(verdict if meant is not None else agreed((MET, verdict)))
        return agreed(found), len(set(found)) > 1 and OPEN not in found

    def compare_unit(self, test: dict[str, Any], unit: Any) -> str:
        """Return the verdict of a comparison on one unit."""
        verdict = self.compare(test, [unit])[2]
        ratio = test.keys() & {"bottom", "top_minus", "dated", "norm"}
        if verdict == OPEN and test.get("op") in ("<=", "<") and not ratio:  # no figure is negative: a part may exceed
            known = sum(self.total([unit], [column]) or 0 for column in test["top"])
            verdict = UNMET if agreed(holds(known, test["op"], n) for n in self.required(test, unit)) == UNMET else OPEN
        whole = None if isinstance(unit, School) else unit.school.figures.get("largest_class")
        if verdict == OPEN and test["top"] == ["largest_class"] and whole is not None:
            return MET if holds(whole, test["op"], self.required(test, unit)[0]) == MET else OPEN
        return verdict

    def subjects(self, scope: str, where: Any) -> list[tuple[Any, bool | None]]:
        """Return the units that a condition is about, True or None if that is unknown."""
        by_stage = scope == "section" or (scope == "sum" and "stages" in (where or ()))
        units = [s for s in self.sections if s.is_subject] if by_stage else [s for s in self.schools if s.sections]
        return [(u, meant) for u in units if (meant := self.matches(where, u)) is not False]

    def condition(self, item: str, index: int, condition: dict[str, Any]) -> list[Any] | None:
        """Return value, requirement, verdict, reason and counts of a condition, None if it does not apply."""
        scope = one_of(condition["scope"], "county", "sum", "school", "section", "share")
        if any(self.facts.get(fact) == 0 for fact in condition.get("unless_no", ())):
            return None
        if scope in ("county", "sum"):
            found = [self.figures_of(test) for test in (condition, *condition.get("readings", ()))]
            verdict = agreed(f[2] for f in found)
            reason = None if verdict != OPEN else "not_given" if OPEN in [f[2] for f in found] else "readings_disagree"
            return [*found[0][:2], verdict, reason, 0, 0, 0]
        if scope == "share":
            return self.share(condition)
        if not self.has_stage(condition):
            return [None, Fraction(1), OPEN, "not_given", 0, 0, 0]
        verdicts, disagree = [], False
        for unit, meant in self.subjects(scope, condition.get("where")):
            verdict, differs = self.on_unit(item, index, condition, unit)
            doubts = [
                (d.get("decision", "open"), self.matches(d["where"], unit))
                for d in self.rules.get("doubts", ())
                if item in d["items"]
            ]
            if ("left_out", True) in doubts:
                continue
            verdict = verdict if meant or verdict == MET else OPEN
            about = [applies for decision, applies in doubts if decision != "counted" and applies is not False]
            if verdict == UNMET and about:
                verdict, differs = OPEN, differs or True in about
            verdicts.append(verdict)
            disagree |= differs
        verdict, counts = every(verdicts), [verdicts.count(v) for v in (MET, UNMET, OPEN)]
        value = Fraction(counts[0], len(verdicts)) if verdicts else Fraction(1)
        reason = "readings_disagree" if disagree else "not_given"
        shown = None if verdicts and counts[2] == len(verdicts) else value
        return [shown, Fraction(1), verdict, reason if verdict == OPEN else None, *counts]

    def has_stage(self, test: dict[str, Any]) -> bool:
        """Tell whether the county has a stage that a condition is about: an empty table meets nothing."""
        stages = (test.get("where") or {}).get("stages", STAGES)
        return any(s.is_subject and s.stage in stages for s in self.sections)

    def figures_of(self, test: dict[str, Any]) -> tuple[Fraction | None, Fraction | None, str]:
        """Compare facts of the county, or a sum over its schools."""
        if test["scope"] == "county":
            return self.compare(test, [None])
        units = self.subjects("sum", test.get("where"))
        sure = [unit for unit, meant in units if meant]
        found = (
            self.compare(test, sure)
            if sure
            else (None, number(test.get("value")), MET if self.has_stage(test) else OPEN)
        )
        return found if len(sure) == len(units) else (*found[:2], OPEN)

    def share(self, condition: dict[str, Any]) -> list[Any]:
        """Return the result of a condition on a share of the schools."""
        counts, maybe = {MET: 0, UNMET: 0, OPEN: 0}, {MET: 0, UNMET: 0, OPEN: 0}
        for school, meant in self.subjects("school", condition.get("where")):
            verdict = self.yardstick(condition, school)
            counts[verdict if meant else OPEN] += 1
            maybe[verdict] += meant is None
        total, yes = sum(counts.values()), counts[MET]
        sure = total - sum(maybe.values())
        least = (yes, sure + maybe[UNMET] + maybe[OPEN])  # those that may be meant are, if they are a no
        most = (sure - counts[UNMET] + maybe[MET] + maybe[OPEN], sure + maybe[MET] + maybe[OPEN])
        numbers = [number(n) for n in condition.get("one_of", ())] or [number(condition["value"])]
        chosen = self.facts.get(condition.get("chosen_by", ""))
        numbers = numbers if chosen is None else [chosen]
        ends = [Fraction(n, of) for n, of in (least, most) if of] if least[1] and most[1] else []
        verdict = agreed(holds(end, condition.get("op", ">="), n) for end in ends for n in numbers)
        value = ends[0] if len(set(ends)) == 1 and ends else None
        required = strictest(numbers, condition.get("op", ">="), verdict)
        return [value, required, verdict, "not_given" if verdict == OPEN else None, *counts.values()]

    def yardstick(self, condition: dict[str, Any], school: School) -> str:
        """Return whether a school is one of those whose share is asked for."""
        possible = []
        for rule in condition.get("yardsticks", ()):
            meant = self.matches(rule.get("where"), school)
            if meant is not False:
                possible.append(every(self.compare_unit(test, school) for test in rule["tests"]))
            if meant:
                return agreed(possible)
        column = self.total([school], condition["top"])
        return agreed([*possible, OPEN if column is None else holds(column, "==", Fraction(1))])

    def item(
        self, item: dict[str, Any], schools: dict[str, list[str]], coefficients: list[list[Any]]
    ) -> Iterator[list[Any]]:
        """Return the rows of an item: item, stage, value, requirement, verdict, reason, counts."""
        rule = one_of(
            item["rule"], "every_school_complies", "each_coefficient", "composite_coefficient", "conditions", "scored"
        )
        if rule == "scored":
            yield [item["id"], None, self.total([None], item["conditions"][0]["top"]), None, OPEN, "scored", 0, 0, 0]
        elif rule == "conditions":
            found = [(c, self.condition(item["id"], i, c)) for i, c in enumerate(item["conditions"])]
            rows = [
                [Fraction(0), *row[1:4], 0, row[5], 0] if c.get("breach") else row
                for c, row in found
                if row and (row[2] == UNMET or not c.get("breach"))
            ]
            lead = next(
                (r for v in (UNMET, OPEN, MET) for r in rows if r[2] == v), [None, None, OPEN, "not_given", 0, 0, 0]
            )
            yield [item["id"], None, *lead]
        for stage in STAGES if rule not in ("conditions", "scored") else ():
            if rule == "every_school_complies":
                yield [item["id"], stage, *self.all_comply(schools[stage])]
            else:
                yield [item["id"], stage, *self.all_balanced(rule, stage, [c for c in coefficients if c[0] == stage])]

    def all_comply(self, found: list[str]) -> list[Any]:
        """Return the result for the schools of a stage."""
        counts, verdict = [found.count(v) for v in (MET, UNMET, OPEN)], every(found) if found else OPEN
        why = "no_schools" if not found else "no_requirement" if "school_rule" not in self.rules else "schools_open"
        return [
            *((Fraction(counts[0], len(found)), Fraction(1)) if found else (None, None)),
            verdict,
            why if verdict == OPEN else None,
            *counts,
        ]

    def all_balanced(self, rule: str, stage: str, rows: list[list[Any]]) -> list[Any]:
        """Return the result for the coefficients of a stage, or their mean."""
        kind = "each" if rule == "each_coefficient" else "composite"
        bar = next((b for b in self.rules.get("limits", ()) if b["stage"] == stage and b["kind"] == kind), None)
        rows = [r for r in rows if r[5] is not None and (r[1] == "composite") == (kind == "composite")]
        verdict = every(r[5] for r in rows) if rows else OPEN
        counts = [sum(r[5] == v for r in rows) * (kind == "each") for v in (MET, UNMET, OPEN)]
        values = [r[4] for r in rows]
        why = "no_requirement" if bar is None else "coefficients_open" if rows else "no_schools"
        return [
            max(values) if values and None not in values else None,
            bar and number(bar["value"]),
            verdict,
            why if verdict == OPEN else None,
            *counts,
        ]

    def claims(self) -> dict[str, Any]:
        """Return everything that follows."""
        indicators = list(self.rules["measures"])
        named = {(b["indicator"], b["stage"]) for b in self.rules.get("thresholds", ())}
        values, verdicts = [], {}
        of_stage = {stage: [s for s in self.sections if s.stage == stage] for stage in STAGES}
        found: dict[Section, list[list[Any]]] = {s: [] for s in self.sections}
        for stage, sections in of_stage.items():
            for indicator in indicators:
                if sections and ((indicator, stage) in named or not named):
                    rows = [self.judged(s, indicator) for s in sections]
                    values.append({"stage": stage, "indicator": indicator, "rows": rows})
                    for s, row in zip(sections, rows, strict=True):
                        found[s] += [row] if named else []
        verdicts = {s: self.complies(s, rows) for s, rows in found.items()}
        coefficients = [row for stage in STAGES for row in self.coefficients(stage)]
        schools = {stage: [verdicts[s] for s in sections if not s.out[0]] for stage, sections in of_stage.items()}
        items = [(item, row) for item in self.rules.get("items", ()) for row in self.item(item, schools, coefficients)]
        parts: dict[str, str] = {}
        for part in (*self.rules["parts"], "overall"):
            judged = [row[4] for item, row in items if item["part"] == part and item["rule"] != "scored"]
            parts[part] = every([*judged, *parts.values()] if part == "overall" else judged or [OPEN])
        return {
            "sections": [[*s.out, verdicts[s]] for s in self.sections],
            "values": values,
            "coefficients": coefficients,
            "items": [row for _, row in items],
            "parts": [list(pair) for pair in parts.items()],
        }


def strictest(numbers: list[Fraction], op: str, verdict: str) -> Fraction | None:
    """Return the number that is shown: the strictest that is met, or the easiest that is not."""
    strict = (op in (">=", ">")) == (verdict == MET)
    return None if verdict == OPEN and len(set(numbers)) > 1 else (max if strict else min)(numbers, default=None)


def both(*answers: bool | None) -> bool | None:
    """Return whether all answers are yes, None if that is unknown."""
    return False if False in answers else None if None in answers else True


# -------------------------------------------------------------------------------------------------- comparing


def differences(claimed: Any, follows: Any, place: str) -> Iterator[str]:
    """Return where a claim is not what follows; floats may differ by 1e-12."""
    if isinstance(follows, dict) and isinstance(claimed, dict) and claimed.keys() == follows.keys():
        for key, value in follows.items():
            yield from differences(claimed[key], value, f"{place}.{key}")
    elif isinstance(follows, list) and isinstance(claimed, list) and len(claimed) == len(follows):
        for i, value in enumerate(follows):
            yield from differences(claimed[i], value, f"{place}[{i}]")
    elif isinstance(follows, Fraction) and isinstance(claimed, (int, float)) and not isinstance(claimed, bool):
        if abs(Fraction(claimed) - follows) > max(Fraction(1), abs(follows)) / 10**12:
            yield f"{place}: claimed {claimed}, follows {float(follows)}"
    elif claimed != follows or isinstance(claimed, bool):
        shown = [
            f"{len(x)} entries" if isinstance(x, (list, dict)) else repr(float(x) if isinstance(x, Fraction) else x)
            for x in (claimed, follows)
        ]
        yield f"{place}: claimed {shown[0]}, follows {shown[1]}"


# ------------------------------------------------------------------------------------------------ the standard

LISTS = {
    "thresholds": ("indicator", "stage"),
    "limits": ("kind", "stage"),
    "items": ("id",),
    "relaxations": ("id",),
    "doubts": ("id",),
    "inclusion": ("kind", "ownership", "owner_types", "answer"),
}
DEFAULTS = {"begun": True, "breach": False, "times": 1, "op": ">="}
CHOICES = ("applied", "decision", "between", "below", "above")


def read_standard(path: Path) -> dict[str, Any]:
    """Return the rules of a standard file; what it extends must lie beside it."""
    raw: dict[str, Any] = tomllib.loads(path.read_text("utf-8"), parse_float=str)
    for limit in raw.get("limits", ()):
        limit.setdefault("indicators", raw.get("indicators", []))
    if "extends" not in raw:
        if "thresholds" in raw:
            raw.setdefault("indicators", list(dict.fromkeys(t["indicator"] for t in raw["thresholds"])))
        return raw
    parent = path.with_name(f"{raw['extends']}.toml")
    if not parent.is_file():
        raise CannotCheck(f"{path.name} extends {raw['extends']}: put {parent.name} beside it")
    rules = read_standard(parent)
    for name in ("parts", "indicators", "school_rule", "split"):
        rules |= {name: raw[name]} if name in raw else {}
    for name, keys in LISTS.items():
        gone = [entry for entry in raw.get("remove", ()) if entry["table"] == name] + raw.get(name, [])
        gone = [[entry.get(key) for key in keys] for entry in gone]
        kept = [
            e for e in rules.get(name, []) if not any(is_replaced([e.get(key) for key in keys], key) for key in gone)
        ]
        rules[name] = kept + raw.get(name, [])
    return rules


def is_replaced(key: list[Any], by: list[Any]) -> bool:
    """Tell whether an entry is replaced; one of inclusion without an answer replaces those on either question."""
    return key == by or (len(by) == 4 and by[3] is None and key[:3] == by[:3])


def normal(value: Any, table: str = "") -> Any:
    """Return a rule without words, defaults and what its options may choose, numbers in one spelling."""
    if isinstance(value, dict):
        dropped = ("label", "note", "also", "origin", "hints", *(CHOICES if table != "inclusion" else ()))
        kept = {k: normal(v) for k, v in value.items() if k not in dropped and v not in ([], None)}
        defaults = DEFAULTS | ({"op": "<="} if table == "limits" else {})
        return {k: v for k, v in sorted(kept.items()) if k not in defaults or value[k] != defaults[k]}
    if isinstance(value, list):
        return [normal(v, table) for v in value]
    is_number = isinstance(value, (int, str)) and not isinstance(value, bool) and NUMBER.fullmatch(str(value))
    return str(Fraction(value)) if is_number else value


def other_rules(own: dict[str, Any], rules: dict[str, Any]) -> Iterator[str]:
    """Return the rules of a certificate that are not those of a standard."""
    for name in [*LISTS, "parts", "indicators", "school_rule", "split", *(["measures"] if "measures" in rules else [])]:
        pair = [x.get(name) or [] for x in (own, rules)]
        found, given = (
            [json.dumps(normal(e, name), sort_keys=True) for e in (x if isinstance(x, list) else [x])] for x in pair
        )
        ordered = name in ("parts", "indicators")
        if found != given if ordered else sorted(found) != sorted(given):
            for entry in [e for e in found if e not in given] or [name]:
                yield f"standard.rules.{name}: not as in the standard: {entry[:200]}"


def check(certificate: Any, rules: dict[str, Any] | None = None) -> list[str]:
    """Return what does not follow, nothing if all does; CannotCheck if it is no certificate.

    ``rules`` are those of a standard, as in a certificate or a standard file; without them those of the certificate are
    taken on trust.
    """
    if not isinstance(certificate, dict) or certificate.get("certificate") != "junheng":
        raise CannotCheck("this is no certificate of junheng")
    if certificate.get("version") != 1 or isinstance(certificate["version"], bool):
        raise CannotCheck(f"version {str(certificate.get('version'))[:20]} is not known here")
    try:
        check_shape("certificate", certificate)
        own = certificate["standard"]["rules"]
        wrong = [] if rules is None else list(other_rules(own, rules))
        if not certificate["counties"]:
            raise CannotCheck("there is no county in it")
        for i, content in enumerate(certificate["counties"]):
            county = County(own, certificate["options"]["missing"], content)
            wrong += differences(content["claims"], county.claims(), f"counties[{i}].claims")
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError, RecursionError) as problem:
        raise CannotCheck(f"a part is missing or of another kind ({type(problem).__name__}: {problem})"[:300]) from None
    return wrong


# ------------------------------------------------------------------------------------------------ the program


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object, if no key is there twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def refuse(word: str) -> Any:
    """Refuse NaN and the infinities."""
    raise ValueError(f"{word} is no number")


def read(path: Path) -> Any:
    """Return the content of a file of strict JSON."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise CannotCheck("the file is too large")
        return json.loads(path.read_text("utf-8"), object_pairs_hook=once, parse_constant=refuse)
    except (OSError, ValueError, RecursionError) as problem:
        raise CannotCheck(f"not strict JSON: {problem}"[:300]) from None


SAY = {
    "en": {
        0: "Every claim follows from the figures and the rules.",
        1: "These claims do not follow:",
        2: "Cannot be checked: ",
        3: "Taken on trust: the table is complete and is what the schools reported; how its cells were read; documents "
        "exist and facts are true; formulas of indicators; digests; sentences and roundings printed elsewhere; ",
        4: "that the rules are those of the law",
        5: "what the options chose ({})",
    },
    "zh": {
        0: "全部结论均可由所填数据和规则推出。",
        1: "下列结论推不出：",
        2: "无法核验：",
        3: "以下各项未经核验：学校表完整且与填报一致；单元格的读法；材料存在、县情属实；"
        "指标公式；摘要值；他处印出的文字和修约；",
        4: "规则与文件一致",
        5: "所选处理方式（{}）",
    },
}


def main(arguments: list[str]) -> int:
    """Check a file, say what was found, and return the exit code."""
    options = dict(zip(arguments[1::2], arguments[2::2], strict=False))
    say = SAY.get(options.get("--language", "en"), SAY["en"])
    try:
        if len(arguments) % 2 == 0 or options.keys() - {"--standard", "--language"}:
            raise CannotCheck("usage: verify.py FILE [--standard FILE.toml] [--language zh]")
        certificate = read(Path(arguments[0]))
        rules = read_standard(Path(options["--standard"])) if "--standard" in options else None
        wrong = check(certificate, rules)
    except (CannotCheck, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        print(say[2] + str(problem))
        return 2
    print(say[1] if wrong else say[0], *wrong[:MOST_LISTED], sep="\n  ")
    if len(wrong) > MOST_LISTED:
        print(f"  … {len(wrong)}")
    print(say[3] + (say[5].format(", ".join(CHOICES)) if rules is not None else say[4]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
