"""What a whole evaluation must say: the rules of ``docs/certificates.md`` and the law as data, in fractions, slowly.

Verdicts are True (met), False (unmet) and None (undetermined). A figure that is not known is None. Nothing here is
taken from the package but the files of the law: neither from how it judges nor from how certificates are checked.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "properties"))
from drawn_nations import INTEGRATED, County, Figure, Nation, School, two_questions
from oracle import DIGITS, difference_coefficient, to_decimal
from plain_law import Law, columns, formula

STAGES = ("primary", "junior")
#: Students without any class, or any staff, are more than every number.
ENDLESS = Fraction(10**15)
#: Where the library is known to differ from the documents: here the oracle follows the library, until it is mended.
#: ``test_found.py`` has a test of each that fails today.
OPEN = {"size of a section", "money where nothing is divided"}
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


class Judge:
    """One county in one year, judged by one standard."""

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
        divides = "split" in self.law or "money where nothing is divided" not in OPEN
        if name.endswith("_budget_cny") and len(set(found)) == 1 and divides:
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
            may = self.holds(r["where"], s, stage, [stage] if "size of a section" in OPEN else None)
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

    def holds(self, where: Where, s: School, stage: str, size: list[str] | None = None) -> Verdict:
        """Whether a filter holds for a section; what it says of size is about the school."""
        mine = size or [t for u, t in self.subjects() if u is s] or [stage]
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

    # --------------------------------------------------------------------------------------------- thresholds

    def sizes(self, table: dict[str, Any], classes: Figure) -> list[Figure | str] | None:
        """The numbers that a table may ask of a size; None where none is set, "some" where one is lost."""
        rows = [table["values"], *table.get("readings", [])]
        between = self.option(table, "between", "between_sizes", "bracket")
        below = self.option(table, "below", "below_smallest", "undetermined")
        above = self.option(table, "above", "above_largest", "undetermined")
        if classes is None:
            return None
        found: list[Figure | str] = []
        steps = table["classes"]
        for row in rows:
            if classes in steps:
                found.append(row[steps.index(classes)])
            elif classes < steps[0] or classes > steps[-1]:
                how, end = (below, row[0]) if classes < steps[0] else (above, row[-1])
                if how == "undetermined":
                    return None
                found.append("some" if how == "some" else end)
            elif between == "some":
                found.append("some")
            else:
                i = max(k for k, step in enumerate(steps) if step < classes)
                low, high = row[i], row[i + 1]
                part = (classes - steps[i]) / (steps[i + 1] - steps[i])
                found += {"smaller": [low], "larger": [high], "bracket": [low, high]}.get(
                    between, [low + (high - low) * part]
                )
        return found

    def option(self, table: dict[str, Any], key: str, name: str, usual: str) -> str:
        """What holds between or outside the sizes of a table."""
        own = str(table.get(key, usual))
        # what was chosen, of a threshold; a lost number stays lost
        return str(self.options.get(name, own)) if "indicator" in table and own != "some" else own

    def required(self, t: dict[str, Any], s: School, stage: str) -> list[Figure | str] | None:
        if "value" not in t:
            return self.sizes(t, self.figure(s, stage, "classes"))
        found: list[Figure | str] = []
        for other in t.get("instead", []):
            applies = self.holds(other["where"], s, stage)
            found += [] if applies is False else [other["value"]]
            if applies is True:
                return found
        return [*found, t["value"]]

    def threshold(self, t: dict[str, Any], s: School, stage: str) -> tuple[Verdict, Verdict]:
        """Whether the threshold, and its floor, is reached."""
        op = t.get("op", ">=")
        asked = self.required(t, s, stage)
        values = self.value(s, stage, t["indicator"])
        top, _, _ = formula(t["indicator"])
        base = self._base(t["indicator"], s, stage)
        ratio = self.law.get("school_rule", {}).get("floor_ratio")

        def one(factor: Fraction) -> Verdict:
            if asked is None:
                return None
            found = []
            for x, y in product(values, asked):
                if y == "some":
                    found.append(False if x == 0 else None)
                elif x is None and op == ">=" and (base or Fraction(0)) >= y * factor:  # type: ignore[operator]
                    found.append(True)  # whatever it is, or whatever is added
                else:
                    found.append(compare(x, op, y * factor))  # type: ignore[operator]
            return agree(found)

        met = one(Fraction(1))
        return met, (None if ratio is None else one(ratio))

    def is_plain(self, s: School, stage: str, indicator: str) -> bool:
        """Whether nothing unknown is added, so that the value is the one shown."""
        return self._base(indicator, s, stage) is None or None not in self.value(s, stage, indicator)

    def _base(self, indicator: str, s: School, stage: str) -> Figure:
        top, bottom, scale = formula(indicator)
        x, y = self.figure(s, stage, top), self.figure(s, stage, bottom) if bottom else Fraction(1)
        return scale * x / y if x is not None and y else None

    def school(self, s: School, stage: str) -> Verdict:
        """Whether a school complies, in a stage."""
        found = [self.threshold(t, s, stage) for t in self.law.get("thresholds", []) if t["stage"] == stage]
        rule = self.law.get("school_rule")
        if not found or rule is None:
            return None
        if rule["kind"] == "all":
            return every(v for v, _ in found)
        cells = {(True, True): "m", (True, None): "m", (False, True): "b", (False, False): "u", (False, None): "bu",
                 (None, True): "mb", (None, None): "mbu", (None, False): "u"}  # fmt: skip
        if rule.get("floor_ratio") is None:
            low = sum(v is True for v, _ in found) >= rule["k"]
            high = sum(v is not False for v, _ in found) >= rule["k"]
            return agree((low, high))
        ways = [cells[c] for c in found]
        k = rule["k"]
        # the best and the worst that may be
        best = all(w != "u" for w in ways) and sum("m" in w for w in ways) >= k
        worst = all("u" not in w for w in ways) and sum(w == "m" for w in ways) >= k
        return agree((best, worst))

    # -------------------------------------------------------------------------------------------- coefficients

    def coefficient(self, stage: str, indicator: str) -> dict[str, Any]:
        """The coefficient of an indicator in a stage."""
        inside = [s for s, t in self.sections if t == stage and self.left_out(s, t, "in_coefficient") is None]
        values = [self.value(s, stage, indicator) for s in inside]
        amounts = [(next(iter(v)) if len(v) == 1 else None, s.stages[stage]["students"]) for v, s in zip(values, inside, strict=True)]  # fmt: skip # noqa: E501
        known = [(x, p) for x, p in amounts if x is not None and p is not None]
        gaps = len(known) < len(amounts)
        found: dict[str, Any] = {
            "n_schools": len(known),
            "sections": len(inside),
            "n_missing": len(amounts) - len(known),
        }
        found |= {"exact": None, "gaps": gaps, "values": known, "mean": None}
        if known and (self.omit or not gaps):
            found["exact"] = difference_coefficient([x for x, _ in known], [p for _, p in known])  # type: ignore[misc]
            total = sum((p for _, p in known), Fraction(0))
            found["mean"] = sum((x * p for x, p in known), Fraction(0)) / total if total else None
        return found

    def within(self, stage: str, indicator: str, limit: Fraction) -> Verdict:
        c = self.coefficient(stage, indicator)
        if c["exact"] is None or c["gaps"]:
            return None
        total = sum((p for _, p in c["values"]), Fraction(0))
        amount = sum((x * p for x, p in c["values"]), Fraction(0))
        squares = sum((x * x * p for x, p in c["values"]), Fraction(0))
        return bool(total * squares <= (1 + limit * limit) * amount * amount)

    def mean_within(self, stage: str, limit: Fraction) -> tuple[Decimal | None, Verdict]:
        """The mean of the coefficients, and whether it is within its limit."""
        found = [self.coefficient(stage, i) for i in self.law["indicators"]]
        exact = [c["exact"] for c in found]
        if None in exact:
            return None, None
        with localcontext(prec=DIGITS):
            mean = sum(exact, Decimal(0)) / len(exact)
            off = mean - to_decimal(limit)
        verdict = bool(off <= Decimal("1e-50"))
        return mean, None if any(c["gaps"] for c in found) else verdict

    # ---------------------------------------------------------------------------------------------------- items

    def fact(self, name: str) -> Figure:
        found = self.county.facts.get(name)
        if name == "government_points" and found is None:
            points = [self.county.facts.get(n) for n in SEVENTEEN]
            return None if None in points else sum(points, Fraction(0))  # type: ignore[arg-type]
        return None if found is None else Fraction(found)

    def quotient(self, c: dict[str, Any], read: Any) -> tuple[Figure, Figure, bool]:
        """Top and bottom of a condition; whether the top is only what is known of it."""
        top = [read(n) for n in c["top"]] + [_minus(read(n)) for n in c.get("top_minus", [])]
        bottom = [read(n) for n in c.get("bottom", [])] + [_minus(read(n)) for n in c.get("bottom_minus", [])]
        known = sum((x for x in top if x is not None), Fraction(0))
        partial = None in top
        below = Fraction(1) if "bottom" not in c else None if None in bottom else sum(bottom, Fraction(0))
        return known, below, partial

    def test(self, c: dict[str, Any], read: Any, required: list[Figure] | None) -> Verdict:
        """Compare a figure or a quotient with each number that may be asked."""
        top, below, partial = self.quotient(c, read)
        if required is None or below is None or top is None:
            return None
        if below == 0:
            return False if c.get("bottom") == ["classes"] and c["op"] == "<=" and top > 0 else None
        if below < 0:
            return None
        found: list[Verdict] = []
        for y in required:
            if partial:
                over = y is not None and c["op"] == "<=" and not c.get("top_minus") and top > y * below
                found.append(False if over else None)
            else:
                found.append(None if y is None else compare(top / below, c["op"], y))
        return agree(found)

    def of_county(self, c: dict[str, Any]) -> Verdict:
        """A condition about facts."""
        if any(self.county.facts.get(n) is False for n in c.get("unless_no", [])):
            return True
        if "than" in c:
            other = [self.fact(n) for n in c["than"]]
            required: list[Figure] | None = [None if None in other else sum(other, Fraction(0))]  # type: ignore[arg-type]
        elif "dated" in c:
            steps = [d for d in c["dated"]]
            year = self.county.year
            if year is not None:
                steps = [d for d in steps if int(d["effective_from"]) <= year][-1:]
            required = [d["value"] for d in steps] or None
        else:
            required = [c["value"]]
        return self.test(c, self.fact, required)

    def about(self, c: dict[str, Any]) -> list[tuple[School, str, Verdict]]:
        where = c.get("where", {})
        found = [(s, stage, self.holds(where, s, stage)) for s, stage in self.subjects()]
        return [(s, stage, applies) for s, stage, applies in found if applies is not False]

    def lacks_stage(self, c: dict[str, Any]) -> bool:
        stages = c.get("where", {}).get("stages", STAGES)
        return not any(stage in stages for _, stage in self.subjects())

    def of_sum(self, c: dict[str, Any]) -> Verdict:
        """A condition about all schools of the county together."""
        own = self.about(c)
        if self.lacks_stage(c) or None in [applies for _, _, applies in own]:
            return None  # also where it is not known whether a school belongs to the sum
        if not own:
            return True
        units = {s.code: (s, [t for u, t, _ in own if u is s]) for s, _, _ in own}

        def read(name: str) -> Figure:
            once = name == "schools" or name in next(iter(units.values()))[0].flags
            each = [self.of_school(s, ts[:1], name) for s, ts in units.values()]
            found = each if once else [self.figure(s, t, name) for s, t, _ in own]
            return None if None in found else sum((x for x in found if x is not None), Fraction(0))

        return self.test(c, read, [c["value"]])

    def units(self, c: dict[str, Any]) -> list[tuple[School, list[str], Verdict]]:
        """The schools, or the sections, that a condition is about."""
        own = self.about(c)
        if c["scope"] == "section":
            return [(s, [stage], applies) for s, stage, applies in own]
        found: dict[str, tuple[School, list[str], list[Verdict]]] = {}
        for s, stage, applies in own:
            entry = found.setdefault(s.code, (s, [], []))
            entry[1].append(stage)
            entry[2].append(applies)
        return [(s, stages, some(applies)) for s, stages, applies in found.values()]

    def asked(self, c: dict[str, Any], s: School, stages: list[str]) -> list[Figure] | None:
        """The numbers that a condition may ask of a school."""
        if "per_classes" in c:
            classes = self.of_school(s, stages, "classes")
            if classes is None:
                return None
            n = classes / c["per_classes"]
            return [Fraction(math.ceil(n) if c.get("begun", True) else math.floor(n))]
        if "norm" in c:
            times = c["norm"].get("times", 1)
            found = [self.fact(c["norm"][stage]) for stage in stages]
            return [None if x is None else x * times for x in found]
        if "by_size" in c:
            return self.by_size(c, s, stages)
        if "primary" in c:
            return [c[stages[0]]]
        return [c["value"]]

    def by_size(self, c: dict[str, Any], s: School, stages: list[str]) -> list[Figure] | None:
        totals: set[Figure] = {Fraction(0)}
        for table in c["by_size"]:
            mine = [table["stage"]] if "stage" in table else stages
            if mine[0] not in stages:
                continue
            found = self.sizes(table, self.of_school(s, mine, "classes"))
            if found is None:
                return None
            factor = self.of_school(s, mine, "students") if table.get("per_student") else Fraction(1)
            if factor is None:
                return None
            totals = {a + Fraction(b) * factor for a, b in product(totals, found) if a is not None}
        return list(totals)

    def of_unit(self, c: dict[str, Any], s: School, stages: list[str]) -> Verdict:
        """A condition for one school or section, by all readings and equal tests."""

        def read(name: str) -> Figure:
            return self.figure(s, stages[0], name) if c["scope"] == "section" else self.of_school(s, stages, name)

        def one(x: dict[str, Any]) -> Verdict:
            return self.test(x, read, self.asked(x, s, stages))

        if "same_as" in c:
            found = [one(c), *map(one, c["same_as"])]
            return False if False in found else True if True in found else None
        return agree([one(c), *(one(r) for r in c.get("readings", []))])

    def of_units(self, item: dict[str, Any], n: int, c: dict[str, Any]) -> Verdict:
        """A condition that every school must meet."""
        if self.lacks_stage(c):
            return None
        verdicts: list[Verdict] = []
        for s, stages, applies in self.units(c):
            v = some([self.of_unit(c, s, stages), self.relaxed(item, n, s, stages)])
            doubt = self.doubtful(item, s, stages)
            if doubt == "left_out":
                continue
            if applies is None:
                v = agree((v, True)) if v is not True else True
            if doubt == "open" and v is not True:
                v = None
            verdicts.append(v)
        return every(verdicts)

    def doubtful(self, item: dict[str, Any], s: School, stages: list[str]) -> str | None:
        for d in self.law.get("doubts", []):
            if item["id"] in d["items"]:
                chosen = self.options.get("small_teaching_points", "open")
                holds = self.holds(d["where"], s, stages[0])
                if holds is not False and chosen != "counted":
                    return "open" if holds is None else str(chosen)
        return None

    def relaxed(self, item: dict[str, Any], n: int, s: School, stages: list[str]) -> Verdict:
        """Whether a relaxation lets a school pass."""
        found: list[Verdict] = []
        for r in self.relaxations:
            if r.get("item") != item["id"]:
                continue
            c = r["conditions"][n]
            mine = every([self.holds(r["where"], s, stages[0]), self.holds(c.get("where", {}), s, stages[0])])
            found.append(every([mine, self.of_unit(c, s, stages)]))
        return some(found)

    def of_share(self, c: dict[str, Any]) -> Verdict:
        """A share of schools that have what is asked."""
        own = self.units(c)
        if self.lacks_stage(c):
            return None
        if not own:
            return None  # there is no share of nothing
        low: list[tuple[Verdict, set[bool]]] = []
        for s, stages, applies in own:
            low.append((applies, self.has(c, s, stages)))
        targets = [self.fact(c["chosen_by"])] if self.fact(c["chosen_by"]) is not None else c["one_of"]
        worst = _share(low, best=False)
        best = _share(low, best=True)
        if worst is None or best is None:
            return None
        return agree(compare(x, c["op"], t) for x in (worst, best) for t in targets)

    def has(self, c: dict[str, Any], s: School, stages: list[str]) -> set[bool]:
        """Whether a school has what is asked: by the first yardstick that applies, or by the column."""
        found: set[bool] = set()
        for y in c["yardsticks"]:
            applies = some(self.holds(y["where"], s, stage) for stage in stages)
            if applies is False:
                continue
            v = every(self.of_unit(t, s, stages) for t in y["tests"])
            found |= {True, False} if v is None else {v}
            if applies:
                return found
        v = s.flags[c["top"][0]]
        return found | ({True, False} if v is None else {v})

    def condition(self, item: dict[str, Any], n: int, c: dict[str, Any]) -> Verdict:
        scope = c["scope"]
        if scope in ("county", "sum"):
            judge = self.of_county if scope == "county" else self.of_sum
            found = agree([judge(c), *(judge(r) for r in c.get("readings", []))])
        else:
            found = self.of_share(c) if scope == "share" else self.of_units(item, n, c)
        if c.get("breach"):
            return False if found is False else True
        return found

    def items(self) -> dict[tuple[str, str | None], Verdict]:
        """The verdict of each item, and each stage where its rule is one of stages."""
        found: dict[tuple[str, str | None], Verdict] = {}
        for item in self.law["items"]:
            if item["rule"] == "scored":
                continue
            if item["rule"] == "conditions":
                own = [self.condition(item, n, c) for n, c in enumerate(item["conditions"])]
                found[item["id"], None] = every(own)
                continue
            for stage in STAGES:
                found[item["id"], stage] = self.by_stage(item, stage)
        return found

    def by_stage(self, item: dict[str, Any], stage: str) -> Verdict:
        if item["rule"] == "every_school_complies":
            own = [s for s, t in self.sections if t == stage and self.left_out(s, t, "in_basic_standard") is None]
            return every(self.school(s, stage) for s in own) if own else None
        limits = [x for x in self.law["limits"] if x["stage"] == stage]
        if item["rule"] == "each_coefficient":
            return every(self.within(stage, i, x["value"]) for x in limits for i in self.law["indicators"])
        return every(self.mean_within(stage, x["value"])[1] for x in limits)

    def parts(self) -> dict[str, Verdict]:
        """The verdict of each part, and the whole."""
        found = self.items()
        of = {item["id"]: item["part"] for item in self.law["items"]}
        parts = {p: every(v for (i, _), v in found.items() if of[i] == p) for p in self.law["parts"]}
        vetoes = [v for (i, _), v in found.items() if of[i] == "overall"]
        return parts | {"overall": every([*parts.values(), *vetoes])}


def _minus(x: Figure) -> Figure:
    return None if x is None else -x


def _share(schools: list[tuple[Verdict, set[bool]]], *, best: bool) -> Figure:
    """The least or the largest share that may be."""
    there = [best if len(has) > 1 else next(iter(has)) for inside, has in schools if inside]
    may = [best if len(has) > 1 else next(iter(has)) for inside, has in schools if inside is None]
    there += [x for x in may if x == best]
    return Fraction(sum(there), len(there)) if there else None


SEVENTEEN = tuple(
    f"points_{name}"
    for name in (
        "migrants_in_plan left_behind_system disabled_enrolment quota_rises responsibility funds_listed standardisation "
        "tax_transfer performance_pay staffing exchange training curriculum retention fitness no_key_classes workload"
    ).split()
)
assert INTEGRATED and columns()
