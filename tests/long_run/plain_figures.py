"""What the oracle of whole verdicts knows of a county: the rules of ``docs/certificates.md``, in fractions, slowly.

Verdicts are True (met), False (unmet) and None (undetermined). A figure that is not known is None. Nothing here is
taken from the package but the files of the law: neither from how it judges nor from how certificates are checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cached_property
from typing import Any

from drawn_nations import County, Figure, Nation, School, two_questions
from plain_law import Law, formula

STAGES = ("primary", "junior")
#: Students without any class, or any staff, are more than every number.
ENDLESS = Fraction(10**15)
Verdict = bool | None
Where = dict[str, Any]


def agree(found: Iterable[Verdict]) -> Verdict:
    """What all possibilities say."""
    said = set(found)
    return said.pop() if len(said) == 1 else None


def every(found: Iterable[Verdict]) -> Verdict:
    """All must hold."""
    said = list(found)
    return False if False in said else None if None in said else True


def some(found: Iterable[Verdict]) -> Verdict:
    """One must hold."""
    said = list(found)
    return True if True in said else None if None in said else False


def negate(x: Verdict) -> Verdict:
    return None if x is None else not x


def compare(x: Figure, op: str, y: Figure) -> Verdict:
    if x is None or y is None:
        return None
    return {">=": x >= y, "<=": x <= y, ">": x > y, "<": x < y, "==": x == y}[op]


class Figures:
    """One county in one year: who counts, what everybody has, and whom a rule is about."""

    def __init__(self, nation: Nation, county: County) -> None:
        self.law: Law = nation.law
        self.options = nation.options
        self.omit = nation.missing == "omit"
        self.county = county
        self.sections = [(s, stage) for s in county.schools for stage in s.stages]
        applied = self.options.get("relaxations", [])
        self.relaxations = [r for r in self.law.get("relaxations", []) if r["id"] in applied and self.in_force(r)]

    def in_force(self, entry: dict[str, Any]) -> bool:
        """In force in this year; without a year always."""
        year = self.county.year
        return year is None or int(entry["effective_from"][:4]) <= year <= int(entry.get("effective_to", "9999")[:4])

    # ------------------------------------------------------------------------------------------- who counts

    def left_out(self, s: School, stage: str, question: str) -> str | None:
        """Why a section is out of the basic standard, or of the coefficient."""
        students = s.stages[stage]["students"]
        answer = self.answer(s, question)
        if stage == "senior":
            return "senior_stage"
        if (students != 0 or answer is False) and any(
            self.is_out(r, s, question) for r in self.law.get("inclusion", [])
        ):
            return "left_out_by_standard"
        if answer is False:
            return "not_included"
        return "no_students" if students == 0 else None

    def answer(self, s: School, question: str) -> Verdict:
        """What the county answered; a standard of one question takes the answer to either."""
        if s.answers.get("included") is False:
            return False
        if two_questions(self.law):
            return s.answers.get(question)
        return s.answers.get("in_coefficient")

    def is_out(self, rule: dict[str, Any], s: School, question: str) -> bool:
        if rule["decision"] != "out" or rule.get("answer", question) != question:
            return False
        students = next(iter(s.stages.values()))["students"]
        return (
            rule.get("kind", s.kind) == s.kind
            and ("ownership" not in rule or self.owned(s) == rule["ownership"])
            and ("owner_types" not in rule or s.words["owner_type"] in rule["owner_types"])
            and ("students_below" not in rule or (students is not None and students < rule["students_below"]))
        )

    @staticmethod
    def owned(s: School) -> str | None:
        return "private" if s.words["owner_type"] == "private" else s.words["ownership"]

    @cached_property
    def subjects(self) -> list[tuple[School, str]]:
        """Whom items are about."""
        return [
            (s, stage)
            for s, stage in self.sections
            if stage in STAGES
            and self.answer(s, "in_basic_standard") is not False
            and s.stages[stage]["students"] != 0
            and s.kind not in ("special", "vocational")
        ]

    # ---------------------------------------------------------------------------------------------- figures

    def figure(self, s: School, stage: str, name: str) -> Figure:
        """A figure of a stage: its own, or its share of the school's."""
        if name == "schools":
            return Fraction(1)
        if name in s.flags:
            return None if s.flags[name] is None else Fraction(int(s.flags[name]))
        if name not in s.whole:
            return s.stages[stage].get(name)
        if name == "built_year":
            return s.whole[name]
        split = self.law.get("split")
        weights = next((w for w in split["weights"] if w["kind"] == s.kind), None) if split else None
        added = {c: formula(r["indicator"])[0] for r in self.law.get("relaxations", []) for c in r.get("add", [])}
        if weights is None or added.get(name, name) not in split["resources"]:
            return None  # what is added to a resource is divided as the resource is
        parts = {t: own["students"] for t, own in s.stages.items()}
        total = s.whole[name]
        if total is None or None in parts.values():
            return None
        below = sum((weights[t] * p for t, p in parts.items() if p is not None), Fraction(0))
        return total * weights[stage] * parts[stage] / below if below else None

    def of_school(self, s: School, stages: list[str], name: str) -> Figure:
        """A figure of a school: the whole school's, or the sum over its stages."""
        if name in s.whole:
            return s.whole[name]
        found = [self.figure(s, stage, name) for stage in stages]
        if name in s.flags or name == "schools":
            return found[0]
        if name == "conditions_grade":
            return found[0]
        if name in ("built_year", "largest_class"):
            known = [x for x in found if x is not None]
            return max(known) if known else None
        if None in found:
            return None
        if name.endswith("_budget_cny") and len(set(found)) == 1:
            return found[0]  # one sum of money in every row is the school's
        return sum((x for x in found if x is not None), Fraction(0))

    def value(self, s: School, stage: str, indicator: str) -> set[Figure]:
        """The possible values of an indicator."""
        top, bottom, scale = formula(indicator)
        if s.stages[stage]["students"] == 0:
            return {None}
        below = Fraction(1) if bottom is None else self.figure(s, stage, bottom)
        amount = self.figure(s, stage, top)
        if below == 0 and amount:
            return {ENDLESS} if top == "students" else {None}
        if not below or amount is None:
            return {None}
        amounts: set[Figure] = {amount}
        for r in [r for r in self.relaxations if r.get("indicator") == indicator]:
            may = self.holds(r["where"], s, stage)
            if may is False:
                continue
            more = [self.figure(s, stage, c) for c in r["add"]]
            added: set[Figure] = set()
            for a in amounts:
                added |= {None if a is None or None in more else a + sum(more, Fraction(0))}  # type: ignore[arg-type]
                added |= {a} if may is None else set()
            amounts = added
        return {None if a is None else scale * a / below for a in amounts}

    # --------------------------------------------------------------------------------------------- who is meant

    def holds(self, where: Where, s: School, stage: str) -> Verdict:
        """Whether a filter holds for a section; what it says of size is about the school."""
        mine = [t for u, t in self.subjects if u is s] or [stage]
        students, largest = self.of_school(s, mine, "students"), self.of_school(s, mine, "largest_class")
        found: list[Verdict] = []
        for key, wanted in where.items():
            if key in ("kinds", "not_kinds"):
                found.append((s.kind in wanted) == (key == "kinds"))
            elif key == "stages":
                found.append(stage in wanted)
            elif key == "ownership":
                found.append(None if self.owned(s) is None else self.owned(s) == wanted)
            elif key == "area_types":
                area = s.words["area_type"]
                found.append(None if area is None else area in wanted)
            elif key == "students_below":
                found.append(compare(students, "<", wanted))
            elif key == "students_from":
                found.append(compare(students, ">=", wanted))
            elif key == "classes_below":
                found.append(compare(self.figure(s, stage, "classes"), "<", wanted))
            elif key == "largest_class_below":
                known = [s.stages[t].get("largest_class") for t in mine]
                if None in known and (largest is None or largest < wanted):
                    found.append(None)
                else:
                    found.append(compare(largest, "<", wanted))
            elif key == "built_by":
                found.append(compare(self.of_school(s, mine, "built_year"), "<=", wanted))
            elif key == "migrant_share_over":
                migrants = self.of_school(s, mine, "migrant_students")
                known_both = migrants is not None and students
                found.append(migrants > wanted * students if known_both else None)  # type: ignore[operator]
            elif key in ("flags", "not_flags"):
                said = [s.flags[f] for f in wanted]
                found += said if key == "flags" else [negate(x) for x in said]
            else:
                raise AssertionError(key)
        return every(found)
