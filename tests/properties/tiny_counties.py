"""Counties so small that every plan can be tried, and standards of a few lines to judge them by."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from attrs import frozen
from custom_standards import IDENTITY
from hypothesis import assume
from hypothesis import strategies as st

import junheng as jh
from junheng.indicators import catalogue
from junheng.schools import columns

STAGES = ("primary", "junior")
#: Measured, counted and people; the second and fourth are of the whole school where it has both stages.
INDICATORS = (
    "backbone_teachers_per_hundred_students",
    "books_per_student",
    "pe_art_teachers_per_hundred_students",
    "teaching_area_per_student",
)
CITED = 'clause = "第一条"\nsource = "S1"\nstanding = "confirmed"\n'
PRINTED = "[printing]\nschool_value = 2\ncounty_mean = 2\ncoefficient = 3\n" + CITED


@frozen
class Rule:
    """A standard in a few figures; ``thresholds`` is (indicator, stage, per student), ``each`` a limit by stage."""

    indicators: tuple[str, ...]
    thresholds: tuple[tuple[str, str, Fraction], ...] = ()
    #: None: every threshold must be met
    k: int | None = None
    floor: Fraction | None = None
    each: tuple[tuple[str, Fraction], ...] = ()
    mean: tuple[tuple[str, Fraction], ...] = ()
    op: str = "<="

    def allowed(self, stage: str) -> int:
        """How many thresholds a section of a stage may miss."""
        n = sum(s == stage for _, s, _ in self.thresholds)
        return 0 if self.k is None else max(0, n - self.k)

    def toml(self) -> str:
        def number(f: Fraction) -> str:
            return str(Decimal(f.numerator) / Decimal(f.denominator))

        named = ", ".join(f'"{i}"' for i in self.indicators)
        out = [IDENTITY, f"indicators = [{named}]\n"]
        floor = "" if self.floor is None else f"floor_ratio = {number(self.floor)}\n"
        for indicator, stage, value in self.thresholds:
            scaled = number(value * catalogue()[indicator].scale)
            out.append(f'[[thresholds]]\nindicator = "{indicator}"\nstage = "{stage}"\nvalue = {scaled}\n{CITED}')
        for kind, limits in (("each", self.each), ("composite", self.mean)):
            for stage, value in limits:
                body = f'kind = "{kind}"\nstage = "{stage}"\nop = "{self.op}"\nvalue = {number(value)}\n'
                out.append(f"[[limits]]\n{body}{CITED}")
        if self.thresholds:
            rule = 'kind = "all"\n' if self.k is None else f'kind = "at_least"\nk = {self.k}\n'
            out.append(f"[school_rule]\n{rule}{floor}{CITED}")
        shared = ", ".join(f'"{c}"' for c in ("books", "teaching_area_m2"))
        weights = '[{ kind = "nine_year", primary = 1, junior = 1.1 }]'
        out.append(f"[split]\nresources = [{shared}]\nweights = {weights}\n{CITED}")
        return "\n".join([*out, PRINTED])


@cache
def standard(rule: Rule) -> jh.Standard:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trial.toml"
        path.write_text(rule.toml(), encoding="utf-8")
        return jh.load_standard(path)


@frozen
class School:
    """One school; of a school with both stages ``people`` are by stage and ``rooms`` of the whole."""

    kind: str
    students: tuple[int, ...]
    #: by column, one number a stage
    people: tuple[tuple[str, tuple[int, ...]], ...]
    rooms: tuple[tuple[str, int], ...]
    one_row: bool = False

    @property
    def stages(self) -> tuple[str, ...]:
        return STAGES if self.kind == "nine_year" else (self.kind,)

    def rows(self, name: str, county: str) -> list[dict[str, Any]]:
        key = {"county": county, "school": name, "kind": self.kind, **dict(self.rooms)}
        if self.one_row:
            by_stage = [(f"students_{s}", n) for s, n in zip(self.stages, self.students, strict=True)]
            by_stage += [(f"{c}_{s}", n) for c, v in self.people for s, n in zip(self.stages, v, strict=True)]
            return [key | dict(by_stage)]
        cover = {"resources_cover": "school"} if len(self.stages) > 1 else {}
        return [
            key | cover | {"stage": s, "students": n} | {c: v[i] for c, v in self.people}
            for i, (s, n) in enumerate(zip(self.stages, self.students, strict=True))
        ]


def table(schools: Sequence[School], county: str = "甲县") -> pd.DataFrame:
    rows = [r for i, s in enumerate(schools) for r in s.rows(f"第{i + 1}校", county)]
    return pd.DataFrame(rows)


@frozen
class Column:
    """A column of a county: what each section has, in fractions, and where more of it goes."""

    name: str
    base: tuple[Fraction, ...]
    unit: tuple[int, ...]
    share: tuple[Fraction, ...]
    cost: tuple[Fraction, ...]


@frozen
class Tiny:
    """A county, a rule and prices: what the oracle needs and the library gets."""

    schools: tuple[School, ...]
    rule: Rule
    #: by column: a price, or one for each kind
    prices: tuple[tuple[str, Any], ...]
    county: str = "甲县"

    @property
    def costs(self) -> dict[str, Any]:
        return {c: dict(p) if isinstance(p, tuple) else p for c, p in self.prices}

    @property
    def sections(self) -> list[tuple[int, int, str, int]]:
        """School, which of its stages, stage, students."""
        return [(i, j, stage, s.students[j]) for i, s in enumerate(self.schools) for j, stage in enumerate(s.stages)]

    @property
    def promise(self) -> str:
        """What a plan can promise: nothing where a stage that has rules has no school."""
        rule = self.rule
        ruled = {s for _, s, _ in rule.thresholds} | {s for s, _ in (*rule.each, *rule.mean)}
        return "met" if ruled <= {s[2] for s in self.sections} else "undetermined"

    def evaluate(self) -> jh.Evaluation:
        return jh.evaluate(table(self.schools, self.county), standard(self.rule))

    def column(self, indicator: str) -> Column:
        name = catalogue()[indicator].numerator
        price = self.costs.get(name)
        base, unit, share, cost, place = [], [], [], [], {}
        for i, j, _, _ in self.sections:
            school = self.schools[i]
            together = columns()[name].shared and len(school.stages) > 1
            key = i if together else (i, j)
            if key not in place:
                place[key] = len(cost)
                cost.append(Fraction(price[school.kind] if isinstance(price, dict) else price))
            unit.append(place[key])
            if together:
                weighed = [n * w for n, w in zip(school.students, (Fraction(1), Fraction(11, 10)), strict=True)]
                part = weighed[j] / sum(weighed)
            else:
                part = Fraction(1)
            share.append(part)
            have = dict(school.rooms).get(name) if name in dict(school.rooms) else dict(school.people)[name][j]
            base.append(Fraction(have) * part)
        return Column(name, tuple(base), tuple(unit), tuple(share), tuple(cost))


def squared(amounts: Sequence[Fraction], students: Sequence[int]) -> Fraction | None:
    """The square of the difference coefficient; None where there is nothing."""
    total = sum(amounts)
    if not total:
        return None
    return sum(students) * sum(a * a / p for a, p in zip(amounts, students, strict=True)) / (total * total) - 1


def root(x: Fraction) -> Fraction:
    """A square root to 30 digits, from above by less than that."""
    size = 10**60
    return Fraction(math.isqrt(x.numerator * size // x.denominator), 10**30)


def vectors(cost: Sequence[Fraction], money: Fraction) -> Iterator[tuple[int, ...]]:
    """Every way to spend no more than some money on units of these prices."""
    if not cost:
        yield ()
        return
    for rest_first in range(int(money / cost[0]) + 1):
        for rest in vectors(cost[1:], money - rest_first * cost[0]):
            yield (rest_first, *rest)


def how_many(cost: Sequence[Fraction], money: Fraction) -> float:
    """About how many ways there are."""
    return math.prod((float(money / c) + i + 1) / (i + 1) for i, c in enumerate(sorted(cost)))


@frozen
class Look:
    """How one column stands: thresholds missed by section (None: below the floor), its squared coefficients."""

    missed: tuple[int, ...] | None
    spread: tuple[Fraction | None, ...]


def look(tiny: Tiny, indicator: str, amounts: Sequence[Fraction]) -> Look:
    rule, sections = tiny.rule, tiny.sections
    missed: list[int] | None = []
    for (_, _, stage, students), x in zip(sections, amounts, strict=True):
        wanted = next((v for i, s, v in rule.thresholds if (i, s) == (indicator, stage)), None)
        short = wanted is not None and x < wanted * students
        if short and (rule.k is None or (rule.floor is not None and x < wanted * rule.floor * students)):
            return Look(None, ())
        missed.append(int(short))
    spread = []
    for stage in STAGES:
        at = [i for i, s in enumerate(sections) if s[2] == stage]
        spread.append(squared([amounts[i] for i in at], [sections[i][3] for i in at]) if at else Fraction(0))
    return Look(tuple(missed), tuple(spread))


def within(tiny: Tiny, spread: Sequence[Fraction | None]) -> bool:
    """Whether one coefficient is within the limit on each, in each stage."""
    there = {s[2] for s in tiny.sections}
    for stage, limit in tiny.rule.each:
        square = spread[STAGES.index(stage)]
        if stage in there and (square is None or not _below(square, limit * limit, tiny.rule.op)):
            return False
    return True


def _below(a: Fraction, b: Fraction, op: str) -> bool:
    return a <= b if op == "<=" else a < b


def passes(tiny: Tiny, found: Sequence[Look]) -> bool:
    """Whether a county passes, given how each of its columns stands."""
    if any(f.missed is None or not within(tiny, f.spread) for f in found):
        return False
    for i, (_, _, stage, _) in enumerate(tiny.sections):
        if sum(f.missed[i] for f in found) > tiny.rule.allowed(stage):  # type: ignore[index]
            return False
    there = {s[2] for s in tiny.sections}
    for stage, limit in tiny.rule.mean:
        if stage not in there:
            continue
        squares = [f.spread[STAGES.index(stage)] for f in found]
        if any(s is None for s in squares):
            return False
        if not sum((root(s) for s in squares), Fraction(0)) <= limit * len(squares) + Fraction(1, 10**25):
            return False
    return True


def added(tiny: Tiny, steps: Sequence[Sequence[int]]) -> list[Look]:
    out = []
    for indicator, z in zip(tiny.rule.indicators, steps, strict=True):
        c = tiny.column(indicator)
        amounts = [b + s * z[u] for b, s, u in zip(c.base, c.share, c.unit, strict=True)]
        out.append(look(tiny, indicator, amounts))
    return out


def least_cost(tiny: Tiny, known: Fraction) -> Fraction | None:
    """The least cost of all plans, all of them tried that cost no more than one that is known to pass."""
    states: dict[tuple[Any, ...], Fraction] = {((0,) * len(tiny.sections), (Fraction(0),) * 2): Fraction(0)}
    allowed = [tiny.rule.allowed(stage) for _, _, stage, _ in tiny.sections]
    means = dict(tiny.rule.mean)
    there = {s[2] for s in tiny.sections}
    n = len(tiny.rule.indicators)
    for indicator in tiny.rule.indicators:
        c = tiny.column(indicator)
        ways: dict[tuple[Any, ...], Fraction] = {}
        for z in vectors(c.cost, known):
            amounts = [b + s * z[u] for b, s, u in zip(c.base, c.share, c.unit, strict=True)]
            one = look(tiny, indicator, amounts)
            if one.missed is None or not within(tiny, one.spread):
                continue
            roots = []
            for stage, square in zip(STAGES, one.spread, strict=True):
                if stage not in means or stage not in there:
                    roots.append(Fraction(0))
                elif square is None:
                    break
                else:
                    roots.append(root(square))
            if len(roots) < 2:
                continue
            price = sum((k * p for k, p in zip(z, c.cost, strict=True)), Fraction(0))
            key = (one.missed, tuple(roots))
            if price < ways.get(key, known + 1):
                ways[key] = price
        ways = _best(ways)
        joined: dict[tuple[Any, ...], Fraction] = {}
        for (missed, spread), spent in states.items():
            for (more, roots), price in ways.items():
                now = tuple(a + b for a, b in zip(missed, more, strict=True))
                both = tuple(a + b for a, b in zip(spread, roots, strict=True))
                cost = spent + price
                if cost > known or any(m > a for m, a in zip(now, allowed, strict=True)):
                    continue
                if any(r > means[s] * n + Fraction(1, 10**25) for s, r in zip(STAGES, both, strict=True) if s in means):
                    continue
                if cost < joined.get((now, both), known + 1):
                    joined[now, both] = cost
        states = _best(joined)
    return min(states.values(), default=None)


def _best(ways: dict[tuple[Any, ...], Fraction]) -> dict[tuple[Any, ...], Fraction]:
    """Leave out what another is as good as in everything."""
    out: dict[tuple[Any, ...], Fraction] = {}
    for (missed, roots), price in sorted(ways.items(), key=lambda w: w[1]):
        worse = any(
            all(a <= b for a, b in zip(m, missed, strict=True)) and all(a <= b for a, b in zip(r, roots, strict=True))
            for m, r in out
        )
        if not worse:
            out[missed, roots] = price
    return out


# ------------------------------------------------------------------------------------------- what is drawn


@st.composite
def rules(draw, indicators: tuple[str, ...] = INDICATORS, most: int = 3, mean: bool | None = False) -> Rule:
    """Draw a standard: some indicators, thresholds on some, all of them or some, limits on each or on the mean."""
    chosen = draw(st.lists(st.sampled_from(indicators), min_size=1, max_size=most, unique=True).map(tuple))
    values = st.sampled_from([Fraction(1), Fraction(3, 2), Fraction(2), Fraction(5, 4)])
    thresholds = tuple((i, stage, draw(values)) for i in chosen for stage in STAGES if draw(st.integers(0, 3)))
    # of a stage with fewer thresholds no more can be asked for
    n = min((len([s for _, s, _ in thresholds if s == stage]) for stage in {s for _, s, _ in thresholds}), default=0)
    k = draw(st.none() | st.integers(1, n)) if n else None
    floor = draw(st.none() | st.sampled_from([Fraction(1, 2), Fraction(17, 20)])) if k is not None else None
    limit = st.sampled_from([Fraction(1, 5), Fraction(1, 4), Fraction(1, 2), Fraction(3, 10)])
    if mean is None:
        mean = draw(st.booleans())
    limits = tuple((stage, draw(limit)) for stage in STAGES if draw(st.integers(0, 4)))
    assume(thresholds or limits)
    if mean:
        low = tuple((s, v) for s, v in limits)
        each = tuple((s, v * 2) for s, v in limits) if draw(st.booleans()) else ()
        return Rule(chosen, thresholds, k, floor, each, low)
    return Rule(chosen, thresholds, k, floor, limits)


@st.composite
def tinies(
    draw,
    rule: st.SearchStrategy[Rule] | None = None,
    kinds: tuple[str, ...] = ("primary", "junior", "nine_year"),
    most: int = 3,
    by_kind: bool = True,
) -> Tiny:
    own = draw(rules() if rule is None else rule)
    named = [catalogue()[i].numerator for i in own.indicators]
    few = st.integers(0, 9)
    schools = []
    for _ in range(draw(st.integers(2, most))):
        kind = draw(st.sampled_from(kinds))
        n = 2 if kind == "nine_year" else 1
        students = tuple(draw(st.integers(1, 5)) for _ in range(n))
        people = tuple((c, tuple(draw(few) for _ in range(n))) for c in named if not columns()[c].shared)
        rooms = tuple((c, draw(few)) for c in named if columns()[c].shared)
        schools.append(School(kind, students, people, rooms, n == 2 and draw(st.booleans())))
    prices: list[tuple[str, Any]] = []
    for c in named:
        price = st.integers(1, 4)
        if by_kind and draw(st.integers(0, 2)) == 0:
            prices.append((c, tuple((kind, draw(price)) for kind in kinds)))
        else:
            prices.append((c, draw(price)))
    return Tiny(tuple(schools), own, tuple(prices))
