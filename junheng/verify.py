"""Check a certificate without the library: what it claims is deduced again from its figures and rules, in fractions.

Run ``python -I -S verify.py FILE [--standard FILE.toml]``: exit code 0 if every claim follows, 1 if one does not, 2 if
the file cannot be checked. It needs Python's standard library alone. docs/certificates.md describes the format.
"""

from __future__ import annotations

import json
import math
import operator
import re
import sys
import tomllib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

#: Verdicts are ordered: "all of these" is the least of several, "one of these" the greatest.
UNMET, OPEN, MET = range(3)
VERDICTS = ("unmet", "undetermined", "met")
OPERATORS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "==": operator.eq}
STAGES = ("primary", "junior")
NUMBER = r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][-+]?[0-9]{1,3})?"
#: A figure of a stage; after a mark one of its whole school: to be divided (/), not known by stage (=), at most (<).
CELL = re.compile(f"({NUMBER})?(?:([/=<])({NUMBER}))?")
MOST_BYTES = 100_000_000
Table = dict[str, Any]
#: The least and the greatest that a figure can be, equal if it is known. No figure is negative.
Range = tuple[Any, Any]
UNKNOWN: Range = (0, math.inf)

#: The word of a school that a filter names, or the figure that it limits, how, and per what.
FILTERS = "kinds:kind not_kinds:kind area_types:area_type ownership:ownership kind:kind_of_row owner_types:owner_type "
FILTERS += "students_below:students:< students_from:students:>= classes_below:classes:< built_by:built_year:<= "
FILTERS += "largest_class_below:largest_class:< migrant_share_over:migrant_students:>:students"
READ = {key: words for key, *words in (part.split(":") for part in FILTERS.split())}
TEST = "top top_minus bottom bottom_minus op:>=|<=|>|<|== value primary junior than per_classes begun by_size:size "
TEST += "dated:step norm:norm qualifier "
SCOPED = TEST + "scope:county|sum|school|section|share where:where"
#: The keys of every kind of table, with the kind of the tables in them, or the words that they may be.
KNOWN = {
    "certificate": "certificate version made_by standard:standard table counties:county",
    "standard": "id number document label digest rules:rules",
    "county": "county year facts schools sections claims",
    "rules": "parts measures:measure applied thresholds:threshold limits:limit school_rule:school_rule split:split "
    "inclusion:inclusion items:item relaxations:relaxation doubts:doubt",
    "measure": "indicator top bottom scale",
    "threshold": "indicator stage:primary|junior op:>=|<= value instead:instead classes values readings "
    "between:bracket|linear|smaller|larger|some below:undetermined|end|some above:undetermined|end|some",
    "instead": "where:where value",
    "limit": "kind:each|composite stage:primary|junior value indicators",
    "school_rule": "kind:all|at_least k floor_ratio",
    "split": "resources weights:weights",
    "weights": "kind primary junior senior",
    "inclusion": "decision:out|ask answer:in_basic_standard|in_coefficient kind ownership owner_types students_below",
    "item": "id part number rule:every_school_complies|each_coefficient|composite_coefficient|conditions|scored "
    "conditions:condition",
    "condition": SCOPED + " readings:reading same_as:reading unless_no breach yardsticks:yardstick one_of chosen_by",
    "reading": SCOPED,
    "test": TEST + "scope:school",
    "size": "classes values stage:primary|junior per_student between:bracket|linear|smaller|larger "
    "below:undetermined|end above:undetermined|end",
    "step": "effective_from value",
    "norm": "primary junior times",
    "yardstick": "where:where tests:test",
    "relaxation": "id where:where indicator add item conditions:reading effective_from effective_to",
    "doubt": "id items where:where decision:open|counted|left_out",
    "where": "stages:primary|junior flags not_flags " + " ".join(READ),
}
#: Keys that exclude each other: one of them would be overlooked.
EITHER = (
    {"value", "classes", "by_size", "dated", "norm", "per_classes", "than", "one_of"},
    {"instead", "classes"},
    {"value", "primary"},
)
#: Keys that may stand in every table of a certificate, and what it leaves out of a standard file.
CITED, WORDS = ("clause", "source", "standing"), ("label", "note", "also", "origin", "hints")
DEFAULTS = [("op", ">="), ("begun", True), ("breach", False), ("times", "1"), ("per_student", False)]
DEFAULTS += [("between", "bracket"), ("below", "undetermined"), ("above", "undetermined")]


class CannotCheck(Exception):
    """The certificate is no certificate, or has a rule that is not known here."""


class Unit(NamedTuple):
    """What a rule is about: a stage of a school, a whole school, or all that is summed in the county."""

    rows: list[Table]
    figure: Callable[[str], Range]


def listed(value: Any) -> list[Any]:
    """Return one or several as a list."""
    return value if isinstance(value, list) else [value]


def check_keys(kind: str, value: Any, place: str) -> None:
    """Refuse every key and word that is not known: a rule that is overlooked must not hold."""
    known = dict(part.partition(":")[::2] for part in KNOWN[kind].split())
    if any(len(keys & value.keys()) > 1 for keys in EITHER):
        raise CannotCheck(f"{place} requires two things at once")
    for key, inner in value.items():
        if key not in known and key not in CITED:
            raise CannotCheck(f"{place} has the unknown key {key!r}")
        for each in listed(inner) if known.get(key) else []:
            if known[key] in KNOWN:
                check_keys(known[key], each, f"{place}.{key}")
            elif each not in known[key].split("|"):
                raise CannotCheck(f"{place}.{key} has the unknown word {each!r}")


def number(value: Any) -> Fraction:
    """Return a number as typed; yes is 1 and no is 0."""
    if not isinstance(value, int) and not (isinstance(value, str) and re.fullmatch(NUMBER, value)):
        raise CannotCheck(f"{value!r} is not a number in quotation marks")
    return Fraction(value)


def agreed(verdicts: Iterable[int]) -> int:
    """Return the verdict that all possibilities give."""
    found = set(verdicts)
    return found.pop() if len(found) == 1 else OPEN


def judge(possible: Iterable[Any], op: str, numbers: Iterable[Any]) -> int:
    """Compare all that a figure can be with all that can be required."""
    return agreed(MET if OPERATORS[op](value, n) else UNMET for value in possible for n in numbers)


def add(ranges: Iterable[Range]) -> Range:
    """Return the least and the greatest sum."""
    pairs = list(ranges)
    return sum(low for low, _ in pairs), sum(high for _, high in pairs)


def read_cell(cell: Any) -> tuple[Any, str, Any]:
    """Return the figure of a stage, a mark, and the figure of the whole school."""
    if cell is None or isinstance(cell, int):
        return cell, "", None
    if not isinstance(cell, str) or not cell or not (found := CELL.fullmatch(cell)):
        raise CannotCheck(f"{cell!r} is not a figure")
    own, mark, whole = found.groups()
    return own and Fraction(own), mark or "", whole and Fraction(whole)


def of_stage(row: Table, column: str) -> Range:
    """Return what a figure of a stage of a school can be, or a fact of the county."""
    own, mark, whole = read_cell(row.get(column))
    if own is None and mark == "<":
        return 0, whole
    if own is None and mark == "/" and row["share"] is not None:
        own = whole * row["share"]
    return UNKNOWN if own is None else (own, own)


def of_school(rows: list[Table], column: str) -> Range:
    """Return what a figure of a whole school can be: given for it, or the sum over its stages."""
    cells = [read_cell(row.get(column)) for row in rows]
    own = [cell[0] for cell in cells]
    if column in ("largest_class", "built_year"):
        own = [max((n for cell in cells for n in (cell[0], cell[2]) if n is not None), default=None)]
    elif isinstance(own[0], int):
        own = own[:1]  # an answer, or a grade
    elif cells[0][2] is not None and all(cell == cells[0] for cell in cells):
        own = [cells[0][2]]
    return UNKNOWN if None in own else (sum(own), sum(own))


def quotient(test: Table, unit: Unit) -> Range:
    """Return what (top - top_minus) / (bottom - bottom_minus) can be: infinite if something is divided by nothing."""
    top, less, bottom, fewer = (
        add(map(unit.figure, test.get(key, ()))) for key in ("top", "top_minus", "bottom", "bottom_minus")
    )
    low, high = top[0] - less[1], top[1] - less[0]
    if "bottom" not in test:
        return low, high
    below = bottom[0] - fewer[1]
    if below != bottom[1] - fewer[0] or not below:
        return (math.inf, math.inf) if bottom == fewer == (0, 0) and low > 0 else UNKNOWN
    scale = number(test.get("scale", 1)) / below
    return low * scale, high * scale


def shown(numbers: list[Any], op: str, verdict: int) -> Any:
    """Return the strictest of several numbers if it is met, the easiest if it is not, none if that is open."""
    if math.inf in numbers or (verdict == OPEN and len(set(numbers)) > 1):
        return None
    return (max if (op == ">=") == (verdict == MET) else min)(numbers)


def by_size(bar: Table, size: Any, most: Any) -> list[Any]:
    """Return the numbers that a table by number of classes can require."""
    sizes = [number(n) for n in bar["classes"]]
    low, high = bisect_right(sizes, size) - 1, bisect_left(sizes, size)
    rule = bar.get("between", "bracket") if low < high else "end"
    if low < 0 or high == len(sizes):
        rule = bar.get("below" if low < 0 else "above", "undetermined")
    if size != most or rule == "undetermined":
        return list(UNKNOWN)
    if rule == "some":  # a number was lost: it is more than nothing
        return [Fraction(1, 10**99), math.inf]
    low, high = max(low, 0), min(high, len(sizes) - 1)
    rows = [[number(row[low]), number(row[high])] for row in (bar["values"], *bar.get("readings", ()))]
    if rule == "linear":
        part = (size - sizes[low]) / (sizes[high] - sizes[low])
        return [first + (last - first) * part for first, last in rows]
    chosen = {"smaller": slice(1), "larger": slice(1, 2)}.get(rule, slice(2))
    return [n for row in rows for n in row[chosen]]


def mean_of_roots(squares: list[Fraction | None], limit: Fraction) -> tuple[Fraction | None, int]:
    """Return a mean of roots and whether it is at most the limit: digits are added until that is decided."""
    low, verdict, digits = None, OPEN, 30
    while verdict == OPEN and None not in squares:
        ends = [Fraction(0), Fraction(0)]
        for square in (square for square in squares if square is not None):
            scaled = square.numerator * square.denominator * 100**digits
            root = math.isqrt(scaled)
            ends[0] += Fraction(root, square.denominator * 10**digits)
            ends[1] += Fraction(root + (root * root < scaled), square.denominator * 10**digits)
        low, verdict, digits = ends[0] / len(squares), judge(ends, "<=", [limit * len(squares)]), 2 * digits
    return low, verdict


def rows_of(frame: Table) -> list[Table]:
    """Return the rows of a table by column; each counts as one school or stage."""
    if len(set(frame["columns"])) != len(frame["columns"]):
        raise CannotCheck("a column is there twice")
    return [dict(zip(frame["columns"], row, strict=True)) | {"schools": 1} for row in frame["rows"]]


class County:
    """One county in one year: its rules and figures, and what follows from them."""

    def __init__(self, rules: Table, content: Table) -> None:
        self.rules, self.year = defaultdict(list, rules), content["year"]
        self.measures = {measure["indicator"]: measure for measure in rules["measures"]}
        self.facts = Unit([], partial(of_stage, content["facts"]))
        self.relaxations = []  # those applied, and in force in the year, if that is known
        for rule in (rule for rule in self.rules["relaxations"] if rule["id"] in self.rules["applied"]):
            first, last = int(rule.get("effective_from", "0")[:4]), int(rule.get("effective_to", "9999")[:4])
            self.relaxations += [rule] if self.year is None or first <= self.year <= last else []
        schools = rows_of(content["schools"])
        self.by_school: dict[int, Unit] = {}  # who counts is asked of each stage
        self.sections = [self.section(row, schools[row["school"]]) for row in rows_of(content["sections"])]
        self.subjects = [section for section in self.sections if section.rows[0]["subject"]]
        for whose, words in (("school", ["kind"]), ("row", ["kind_of_row", "ownership", "owner_type", "area_type"])):
            said = {tuple(section.rows[0][name] for name in (whose, *words)) for section in self.sections}
            if len(said) > len({place for place, *_ in said}):
                raise CannotCheck(f"a {whose} has two words for one thing")
        by_school: dict[int, list[Table]] = defaultdict(list)
        for section in self.subjects:
            by_school[section.rows[0]["school"]] += section.rows
        self.by_school = {school: Unit(rows, partial(of_school, rows)) for school, rows in by_school.items()}
        self.schools = list(self.by_school.values())

    def section(self, row: Table, school: Table) -> Unit:
        """Return a stage of a school, with its share in what is the whole school's, and whether it counts."""
        splits = self.rules["split"]["weights"] if self.rules["split"] else []
        weights: Table = next((weights for weights in splits if weights["kind"] == row["kind"]), {})
        enrolled = {stage: school[f"students_{stage}"] for stage in (*STAGES, "senior") if stage in weights}
        row["share"], row["kind_of_row"] = None, row["kind_of_row"] or row["kind"]
        if row["stage"] in enrolled and None not in enrolled.values():
            weighted = {stage: number(weights[stage]) * number(n) for stage, n in enrolled.items()}
            row["share"] = weighted[row["stage"]] / sum(weighted.values()) if any(weighted.values()) else None
        row["ownership"] = "private" if row["owner_type"] == "private" else row["ownership"]
        if len({row["students"], school[f"students_{row['stage']}"]} - {None}) > 1:
            raise CannotCheck("a stage of a school has two enrolments")
        unit = Unit([row], partial(of_stage, row))
        row["out"] = [self.why_out(row, unit, question) for question in ("in_basic_standard", "in_coefficient")]
        none = row["in_basic_standard"] is False or unit.figure("students") == (0, 0)
        row["subject"] = row["stage"] in STAGES and row["kind"] not in ("special", "vocational") and not none
        return unit

    def why_out(self, row: Table, unit: Unit, question: str) -> str | None:
        """Return why a section does not count: the first reason that applies."""
        no, empty = row[question] is False, unit.figure("students") == (0, 0)
        rules = [r for r in self.rules["inclusion"] if r["decision"] == "out" and r.get("answer", question) == question]
        is_out = MET in [self.matches({k: v for k, v in rule.items() if k in READ}, unit) for rule in rules]
        reasons = (
            ("senior_stage", row["stage"] == "senior"),
            ("left_out_by_standard", is_out and (no or not empty)),
            ("not_included", no),
            ("no_students", empty),
            ("senior_stage", row["kind_of_row"] == "senior"),
        )
        return next((reason for reason, applies in reasons if applies), None)

    def matches(self, where: Table | None, unit: Unit) -> int:
        """Tell whether a rule is about a section or a school, as a verdict."""
        found = [MET]
        for key, wanted in (where or {}).items():
            column, *op = READ.get(key, [""])
            if key == "stages":
                found.append(MET if any(row["stage"] in wanted for row in unit.rows) else UNMET)
            elif key in ("flags", "not_flags"):
                tests = [{"top": [flag], "op": "==", "value": key == "flags"} for flag in wanted]
                found += [self.compare(test, unit) for test in tests]
            elif op:
                test = {"top": [column], "op": op[0], "value": wanted}
                # the size of a school is meant, but the classes of a stage
                meant = unit if column == "classes" else self.by_school.get(unit.rows[0]["school"], unit)
                found.append(self.compare(test | ({"bottom": op[1:]} if op[1:] else {}), meant))
            else:
                word, is_meant = unit.rows[0][column], unit.rows[0][column] in listed(wanted)
                is_meant |= key == "kind" and unit.rows[0]["kind"] == wanted  # all rows of such a school
                found.append(OPEN if word is None else MET if is_meant != (key == "not_kinds") else UNMET)
        return min(found)

    def required(self, test: Table, unit: Unit) -> list[Any]:
        """Return the numbers that a comparison can require."""
        if "dated" in test:
            past = [step for step in test["dated"] if self.year is None or int(step["effective_from"][:4]) <= self.year]
            past.sort(key=lambda step: int(step["effective_from"][:4]))
            return [number(step["value"]) for step in (past if self.year is None else past[-1:])]
        if "norm" in test:
            times = number(test["norm"].get("times", 1))
            return [times * n for row in unit.rows for n in self.facts.figure(test["norm"][row["stage"]])]
        if "per_classes" in test:
            to_whole = math.ceil if test.get("begun", True) else math.floor
            size = number(test["per_classes"])
            return [n if n == math.inf else to_whole(n / size) for n in unit.figure("classes")]
        if "by_size" in test:
            return self.total(test["by_size"], unit)
        if "than" in test:
            return list(add(map(unit.figure, test["than"])))
        return [number(test["value"] if "value" in test else test[unit.rows[0]["stage"]])]

    def total(self, tables: list[Table], unit: Unit) -> list[Any]:
        """Return what tables by number of classes, of the unit or of one of its stages, can require together."""
        sums: list[Any] = [Fraction(0)]
        for table in tables:
            rows = [row for row in unit.rows if row["stage"] == table.get("stage")]
            for part in [Unit([row], partial(of_stage, row)) for row in rows] if "stage" in table else [unit]:
                numbers = by_size(table, *part.figure("classes"))
                times = part.figure("students") if table.get("per_student") else (1, 1)
                if math.inf in (*numbers, *times):
                    return list(UNKNOWN)
                sums = [n + a * b for n in sums for a in numbers for b in times]
        return sums

    def compare(self, test: Table, unit: Unit) -> int:
        """Return the verdict of a comparison: what is missing is never a pass, but what is known can be too much."""
        if test.get("scope") == "share":
            return self.share(test)
        (low, high), op = quotient(test, unit), test.get("op", ">=")
        if low == math.inf or (low != high and op not in ("<=", "<")):
            return OPEN
        return judge((low, high), op, self.required(test, unit))

    def numbers(self, bar: Table, section: Unit) -> list[Any]:
        """Return the numbers that a threshold can require of a section."""
        if "classes" in bar:
            return by_size(bar, *section.figure("classes"))
        found = [number(bar["value"])]
        for other in bar.get("instead", ()):
            meant, special = self.matches(other["where"], section), [number(other["value"])]
            found = special if meant == MET else found if meant == UNMET else found + special
        return found

    def value(self, section: Unit, measure: Table) -> tuple[Any, Range]:
        """Return the value of an indicator that is shown, and what it can be."""
        low, high = quotient(measure, section) if section.figure("students") != (0, 0) else UNKNOWN
        known = low == high != math.inf
        # what is added to a figure that the school did not give leaves it unknown
        applied = self.relaxations if known else []
        for rule in (rule for rule in applied if rule.get("indicator") == measure["indicator"]):
            about = self.matches(rule["where"], section)
            least, most = quotient({**measure, "top": rule["add"]}, section)
            low, high = low + (least if about == MET else 0), high + (most if about != UNMET else 0)
        return low if known else None, (low, high)

    def judged(self, section: Unit) -> tuple[int, list[list[Any]]]:
        """Return the verdict on a section, and value, requirement and verdict of each of its indicators."""
        stage, out, rule = section.rows[0]["stage"], section.rows[0]["out"][0], self.rules["school_rule"] or {}
        rows, verdicts, floors = [], [], []
        for bar in self.rules["thresholds"]:
            if bar["stage"] == stage:
                value, possible = self.value(section, self.measures[bar["indicator"]])
                numbers, op = self.numbers(bar, section), bar.get("op", ">=")
                verdicts.append(judge(possible, op, numbers))
                floors.append(judge(possible, op, [n * number(rule.get("floor_ratio", 1)) for n in numbers]))
                rows.append([value, shown(numbers, op, verdicts[-1]), VERDICTS[OPEN if out else verdicts[-1]]])
        if not self.rules["thresholds"] and stage in STAGES:
            rows = [[self.value(section, measure)[0], None, VERDICTS[OPEN]] for measure in self.measures.values()]
        if rule.get("kind") == "at_least" and verdicts:
            met = (verdicts.count(MET), len(verdicts) - verdicts.count(UNMET))
            verdicts = [judge(met, ">=", [number(rule["k"])]), *floors]
        return OPEN if out or not rule else min(verdicts, default=OPEN), rows

    def square(self, sections: list[Unit], indicator: str) -> Any:
        """Return the square of the coefficient of an indicator, if no figure is missing and not all are 0."""
        values = [(s.figure("students")[0], *self.value(s, self.measures[indicator])[1]) for s in sections]
        amount = sum(p * low for p, low, _ in values)
        if (
            self.measures[indicator]["bottom"] != ["students"]
            or any(low != high for _, low, high in values)
            or not amount
        ):
            return None
        return Fraction(sum(p for p, _, _ in values) * sum(p * x * x for p, x, _ in values)) / amount**2 - 1

    def balance(self, limit: Table) -> Iterator[tuple[list[str], Any, int | None]]:
        """Return the coefficients that are limited, or that have a mean that is: indicators, value, verdict."""
        sections = [s for s in self.sections if s.rows[0]["stage"] == limit["stage"] and not s.rows[0]["out"][1]]
        indicators, most = limit["indicators"] if sections else [], number(limit["value"])
        squares = [self.square(sections, indicator) for indicator in indicators]
        for indicator, square in zip(indicators, squares, strict=True):
            value, verdict = mean_of_roots([square], most)
            yield [indicator], value, verdict if limit["kind"] == "each" else None
        if indicators and limit["kind"] == "composite":
            yield indicators, *mean_of_roots(squares, most)

    def units(self, scope: str, where: Table) -> list[tuple[int, Unit]]:
        """Return what a condition is about, and whether it is: the county, a sum over schools, schools, or stages."""
        if scope in ("county", "share"):
            return [(MET, self.facts)]
        by_stage = scope == "section" or (scope == "sum" and "stages" in where)
        found = [(self.matches(where, unit), unit) for unit in (self.subjects if by_stage else self.schools)]
        found = [(about, unit) for about, unit in found if about != UNMET]
        if scope != "sum" or not found:
            return found
        certain = all(about == MET for about, _ in found)
        return [(MET, Unit([], lambda name: add(u.figure(name) for _, u in found) if certain else UNKNOWN))]

    def on_unit(self, item: Table, condition: Table, about: int, unit: Unit) -> int:
        """Return the verdict of a condition on a unit."""
        verdict = agreed(self.compare(test, unit) for test in (condition, *condition.get("readings", ())))
        if "same_as" in condition:
            found = [verdict, *(self.compare(test, unit) for test in condition["same_as"])]
            verdict = UNMET if UNMET in found else max(found)
        excuses = [MET - about]
        for rule in (rule for rule in self.relaxations if rule.get("item") == item["id"]):
            easier = rule["conditions"][item["conditions"].index(condition)]
            filters = [self.matches(where, unit) for where in (rule["where"], easier.get("where"))]
            filters += [MET if easier["scope"] == condition["scope"] else UNMET]
            excuses.append(min(self.compare(easier, unit), *filters))
        for doubt in (doubt for doubt in self.rules["doubts"] if item["id"] in doubt["items"]):
            applies = self.matches(doubt["where"], unit)
            excuse = {"counted": UNMET, "open": min(OPEN, applies), "left_out": applies}
            excuses.append(excuse[doubt.get("decision", "open")])
        return max(verdict, *excuses)

    def share(self, condition: Table) -> int:
        """Return the verdict on the share of schools that have what is asked for."""
        schools, ends = self.units("school", condition.get("where", {})), []
        found = [(about, self.has(condition, school)) for about, school in schools]
        for best in (False, True):
            has = [(about, v == MET or (best and v == OPEN)) for about, v in found]
            counted = [yes for about, yes in has if about == MET or yes == best]
            ends += [Fraction(sum(counted), len(counted))] if counted else []
        low, high = self.facts.figure(condition["chosen_by"])
        numbers = [low] if low == high else [number(n) for n in condition["one_of"]]
        return judge(ends, condition.get("op", ">="), numbers) if len(ends) == 2 else OPEN

    def has(self, condition: Table, school: Unit) -> int:
        """Return whether a school has what is asked for: by the first yardstick about it, or else by its own answer."""
        possible, answer = [], {"tests": [{"top": condition["top"], "op": "==", "value": 1}]}
        for rule in (*condition.get("yardsticks", ()), answer):
            if about := self.matches(rule.get("where"), school):
                possible.append(min(self.compare(test, school) for test in rule["tests"]))
            if about == MET:
                break
        return agreed(possible)

    def condition(self, item: Table, condition: Table) -> int | None:
        """Return the verdict of a condition of an item, None if it does not apply."""
        scope, where = condition["scope"], condition.get("where", {})
        if any(self.facts.figure(name) == (0, 0) for name in condition.get("unless_no", ())):
            return None
        others = [*condition.get("readings", ()), *condition.get("same_as", ())]
        if any((test["scope"], test.get("where", where)) != (scope, where) for test in others):
            raise CannotCheck(f"{item['id']} is compared for other schools than those that it is about")
        verdict = min((self.on_unit(item, condition, *unit) for unit in self.units(scope, where)), default=MET)
        stages = where.get("stages", STAGES)
        if scope != "county" and not any(section.rows[0]["stage"] in stages for section in self.subjects):
            verdict = OPEN  # an empty table meets nothing
        return None if condition.get("breach") and verdict != UNMET else verdict

    def claims(self) -> Iterator[list[Any]]:
        """Return everything that follows, line by line."""
        found: dict[tuple[str, Any], list[Any]] = defaultdict(list)
        for n, section in enumerate(self.sections):
            (complies, rows), row = self.judged(section), section.rows[0]
            yield ["section", n, *row["out"], VERDICTS[complies], rows]
            found["every_school_complies", row["stage"]] += [] if row["out"][0] else [complies]
        for limit in self.rules["limits"]:
            for group, value, verdict in self.balance(limit):
                yield ["coefficient", limit["stage"], group, value, None if verdict is None else VERDICTS[verdict]]
                found[f"{limit['kind']}_coefficient", limit["stage"]].append(verdict)
        parts: dict[str, list[int]] = {part: [] for part in (*self.rules["parts"], "overall")}
        for item in self.rules["items"]:
            if item["rule"] == "conditions":
                found["conditions", None] = [self.condition(item, condition) for condition in item["conditions"]]
            for stage in {"conditions": [None], "scored": []}.get(item["rule"], STAGES):
                verdict = min((v for v in found[item["rule"], stage] if v is not None), default=OPEN)
                parts[item["part"]].append(verdict)
                yield ["item", item["id"], stage, VERDICTS[verdict]]
        for part in parts:
            parts["overall"] += [min(parts[part], default=OPEN)] if part != "overall" else []
            yield ["part", part, VERDICTS[min(parts[part], default=OPEN)]]


def alike(claimed: Any, follows: Any) -> bool:
    """Tell whether a claim is what follows; floats may differ by 1e-12."""
    if isinstance(follows, list):
        return isinstance(claimed, list) and len(claimed) == len(follows) and all(map(alike, claimed, follows))
    if isinstance(follows, Fraction) and type(claimed) in (int, float):
        return abs(Fraction(claimed) - follows) <= max(Fraction(1), abs(follows)) / 10**12
    return type(claimed) is type(follows) and bool(claimed == follows)


def normal(value: Any) -> Any:
    """Return rules without words and defaults, with every number as text."""
    if isinstance(value, dict):
        kept = {key: normal(inner) for key, inner in value.items() if key not in WORDS and inner not in ([], None)}
        return {key: inner for key, inner in kept.items() if (key, inner) not in DEFAULTS}
    if isinstance(value, list):
        return [normal(inner) for inner in value]
    is_decimal = isinstance(value, str) and re.fullmatch(r"-?[0-9]+\.[0-9]+", value)
    return value.rstrip("0").rstrip(".") if is_decimal else value if isinstance(value, bool) else str(value)


def read_standard(path: Path) -> Table:
    """Return the rules of a standard file; what it extends must lie beside it."""
    rules: Table = normal(tomllib.loads(path.read_text("utf-8"), parse_float=str))
    for limit in rules.get("limits", ()):
        limit.setdefault("indicators", rules.get("indicators"))
    if "extends" in rules:
        base = read_standard(path.with_name(f"{rules['extends']}.toml"))
        if rules.keys() & {"remove", "inclusion"}:
            raise CannotCheck(f"{path.name} replaces rules on who counts, or removes some: this is not known here")
        for name in ("thresholds", "limits", "items", "relaxations", "doubts"):
            own = [[entry.get(key) for key in ("id", "indicator", "kind", "stage")] for entry in rules.get(name, ())]
            kept = [
                e for e in base.get(name, ()) if [e.get(k) for k in ("id", "indicator", "kind", "stage")] not in own
            ]
            rules[name] = kept + rules.get(name, [])
        rules = base | rules
    return rules


def lines_of(rules: Table) -> set[str]:
    """Return every rule as a line of text, without what the options of an evaluation choose."""
    lines = set()
    for name in (part.partition(":")[0] for part in KNOWN["rules"].split()):
        choices = {"applied": [name], "doubts": ["decision"], "thresholds": ["between", "below", "above"]}.get(name, ())
        for entry in [] if name in choices else listed(rules.get(name, [])):
            if isinstance(entry, dict):
                entry = {key: inner for key, inner in entry.items() if key not in choices or inner == "some"}
            lines.add(f"{name}: {json.dumps(entry, ensure_ascii=False, sort_keys=True)}")
    return lines


def check(certificate: Any, rules: Table | None = None) -> list[str]:
    """Return what does not follow, nothing if all does; CannotCheck if it is no certificate.

    ``rules`` are those of a standard in normal form; without them those of the certificate are taken on trust.
    """
    wrong = []
    try:
        if certificate["certificate"] != "junheng" or str(certificate["version"]) != "1" or not certificate["counties"]:
            raise CannotCheck("this is no certificate of junheng, or of a version that is not known here")
        check_keys("certificate", certificate, "$")
        own = certificate["standard"]["rules"]
        for line in sorted(lines_of(own) ^ lines_of({"measures": own["measures"]} | rules)) if rules else []:
            wrong.append(f"standard.rules: not as in the standard: {line[:200]}")
        for i, content in enumerate(certificate["counties"]):
            for n, (claimed, follows) in enumerate(zip_longest(content["claims"], County(own, content).claims())):
                if not alike(claimed, follows):
                    text = json.dumps(follows, default=float, ensure_ascii=False)
                    wrong.append(f"counties[{i}].claims[{n}]: claimed {json.dumps(claimed)}, follows {text}")
    except Exception as problem:  # whatever goes wrong, nothing was shown to hold
        what = (
            ""
            if isinstance(problem, CannotCheck)
            else f"a part is missing or of another kind: {type(problem).__name__} "
        )
        raise CannotCheck(f"{what}{problem}"[:300]) from None
    return wrong


def once(pairs: list[tuple[str, Any]]) -> Table:
    """Return an object, if no key is there twice."""
    if len(dict(pairs)) != len(pairs):
        raise CannotCheck("a key is there twice")
    return dict(pairs)


def read(path: Path) -> Any:
    """Return the content of a file of strict JSON."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise CannotCheck("the file is too large")
        return json.loads(path.read_text("utf-8"), object_pairs_hook=once, parse_constant=number)
    except OSError:  # it says itself what is wrong with the file
        raise
    except Exception as problem:
        raise CannotCheck(f"not strict JSON: {problem}"[:300]) from None


SAY = (
    "Every claim follows from the figures and the rules. 全部结论均可由所填数据和规则推出。",
    "These claims do not follow: 下列结论推不出：",
    "Cannot be checked: 无法核验：",
    "Taken on trust: the table is complete and is what the schools reported; how its cells were read; documents exist, "
    "facts are true; formulas of indicators; what options chose; without --standard, that the rules are the law's.\n"
    "未经核验：学校表完整且与填报一致；单元格的读法；材料存在、县情属实；指标公式；所选处理方式；未给出标准时，规则与文件一致。",
)


def main(arguments: list[str]) -> int:
    """Check a file, say what was found, and return the exit code."""
    try:
        if len(arguments) not in (1, 3) or arguments[1:2] not in ([], ["--standard"]):
            raise CannotCheck("usage: verify.py FILE [--standard FILE.toml]")
        wrong = check(read(Path(arguments[0])), read_standard(Path(arguments[2])) if arguments[2:] else None)
    except Exception as problem:
        print(SAY[2] + str(problem))
        return 2
    print(SAY[bool(wrong)], *wrong[:100], *["…"] * (len(wrong) > 100), SAY[3], sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
