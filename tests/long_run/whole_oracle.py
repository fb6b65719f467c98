"""What a whole evaluation must say: from figures to thresholds, coefficients, items, parts and the whole."""

from __future__ import annotations

import math
import sys
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "properties"))
from drawn_nations import Figure, School
from oracle import DIGITS, difference_coefficient, to_decimal
from plain_figures import STAGES, Figures, Verdict, agree, compare, every, some
from plain_law import facts, formula


class Judge(Figures):
    """One county in one year, judged by one standard."""

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
        if below <= 0:
            return None  # no quotient
        found: list[Verdict] = []
        for y in required:
            if partial:
                over = y is not None and c["op"] == "<=" and not c.get("top_minus") and top > y * below
                found.append(False if over else None)
            else:
                found.append(None if y is None else compare(top / below, c["op"], y))
        return agree(found)

    def does_not_apply(self, c: dict[str, Any]) -> bool:
        """Whether the county says that it does not have what a condition is about."""
        return any(self.county.facts.get(n) is False for n in c.get("unless_no", []))

    def of_county(self, c: dict[str, Any]) -> Verdict:
        """A condition about facts."""
        if self.does_not_apply(c):
            return True
        if "than" in c:
            other = [self.fact(n) for n in c["than"]]
            required: list[Figure] | None = [None if None in other else sum(other, Fraction(0))]  # type: ignore[arg-type]
        elif "dated" in c:
            steps = list(c["dated"])
            year = self.county.year
            if year is not None:
                steps = [d for d in steps if int(d["effective_from"]) <= year][-1:]
            required = [d["value"] for d in steps] or None
        else:
            required = [c["value"]]
        return self.test(c, self.fact, required)

    def about(self, c: dict[str, Any]) -> list[tuple[School, str, Verdict]]:
        where = c.get("where", {})
        found = [(s, stage, self.holds(where, s, stage)) for s, stage in self.subjects]
        return [(s, stage, applies) for s, stage, applies in found if applies is not False]

    def lacks_stage(self, c: dict[str, Any]) -> bool:
        stages = c.get("where", {}).get("stages", STAGES)
        return not any(stage in stages for _, stage in self.subjects)

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
            return found is not False
        return found

    def items(self) -> dict[tuple[str, str | None], Verdict]:
        """The verdict of each item, and each stage where its rule is one of stages."""
        found: dict[tuple[str, str | None], Verdict] = {}
        for item in self.law["items"]:
            if item["rule"] == "scored":
                continue
            if item["rule"] == "conditions":
                own = [self.condition(item, n, c) for n, c in enumerate(item["conditions"])]
                # what applies to nobody proves nothing
                found[item["id"], None] = None if all(map(self.does_not_apply, item["conditions"])) else every(own)
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


SEVENTEEN = tuple(name for name in facts() if name.startswith("points_"))
