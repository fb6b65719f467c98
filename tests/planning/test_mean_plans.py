"""Limited means against every plan of small counties, in floats: that plans are cheap, and bounds close."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from properties.tiny_counties import STAGES, Rule, School, Tiny, squared
from small_tables import frame

import junheng as jh
from junheng.schools import columns

F = Fraction
BOOKS, PE, AREA = "books_per_student", "pe_art_teachers_per_hundred_students", "teaching_area_per_student"
QUARTER = (("primary", F(1, 4)), ("junior", F(1, 4)))


def county(seed: int, kinds: tuple[str, ...], rule: Rule, prices: dict[str, Any], most: int = 30) -> Tiny:
    """Draw the figures of a county."""
    rng = np.random.default_rng(seed)

    def drawn(n: int = 1) -> tuple[int, ...]:
        return tuple(int(x) for x in rng.integers(1, most, n))

    schools = []
    for kind in kinds:
        n = 2 if kind == "nine_year" else 1
        students = tuple(int(x) for x in rng.integers(1, 6, n))
        people = (("pe_art_teachers", drawn(n)),) if PE in rule.indicators else ()
        rooms = tuple(
            (c, drawn()[0]) for i, c in ((BOOKS, "books"), (AREA, "teaching_area_m2")) if i in rule.indicators
        )
        schools.append(School(kind, students, people, rooms))
    return Tiny(tuple(schools), rule, tuple(prices.items()))


def ways(tiny: Tiny, indicator: str, money: float, size: float) -> np.ndarray:
    """Return cost and coefficient of each stage of all additions of one column, in steps, for some money."""
    column = tiny.column(indicator)
    step = 1.0 if columns()[column.name].whole else size
    price = np.array([float(p) * step for p in column.cost])
    grid = np.indices([int(money / p + 1e-9) + 1 for p in price]).reshape(price.size, -1)
    grid = grid[:, price @ grid <= money + 1e-9]
    out = [price @ grid]
    base, share, unit = (np.array([float(x) for x in own]) for own in (column.base, column.share, column.unit))
    amounts = base[:, np.newaxis] + step * share[:, np.newaxis] * grid[unit.astype(int)]
    for stage in STAGES:
        at = [n for n, s in enumerate(tiny.sections) if s[2] == stage]
        students = np.array([float(tiny.sections[n][3]) for n in at])
        value, weight = amounts[at] / students[:, np.newaxis], students / max(students.sum(), 1.0)
        mean = weight @ value
        with np.errstate(invalid="ignore"):
            out.append(np.sqrt(weight @ (value - mean) ** 2) / mean if at else np.zeros(grid.shape[1]))
    return np.stack(out)[:, ~np.isnan(out).any(axis=0)]


def least(tiny: Tiny, money: float, size: float = 1.0) -> float:
    """Return the least cost of additions that bring the means within their limits."""
    total = np.zeros((3, 1))
    limits = np.array([float(dict(tiny.rule.mean).get(s, math.inf)) for s in STAGES]) * len(tiny.rule.indicators)
    for indicator in tiny.rule.indicators:
        more = ways(tiny, indicator, money, size)
        total = (total[:, :, np.newaxis] + more[:, np.newaxis, :]).reshape(3, -1)
        good = (total[0] <= money + 1e-9) & (total[1:] <= limits[:, np.newaxis] * (1 + 1e-12)).all(axis=0)
        total = total[:, good]
    return float(total[0].min())


def planned(tiny: Tiny, **how: Any) -> jh.planning.Plan:
    return jh.plan(tiny.evaluate(), **({"unit_costs": tiny.costs, "decimals": 0, "progress": False} | how))


def compared(tinies: list[Tiny], size: float = 1.0, **how: Any) -> tuple[float, float]:
    """Return the costs and the bounds of plans, all together, relative to the least costs."""
    costs, bounds, best = [], [], []
    for tiny in tinies:
        plan = planned(tiny, **how)
        costs.append(plan.cost)
        bounds.append(plan.bound)
        best.append(least(tiny, plan.cost, size))
        assert plan.bound <= best[-1] + 1e-6 and plan.cost >= best[-1] - 1e-6
        unmet = [v for v in plan.after.indicators["verdict"].tolist() if v == "unmet"]
        assert not unmet and plan.counties["promise"].tolist() == ["met"]
    assert sum(x > 0 for x in best) > len(best) / 2
    return sum(costs) / sum(best), sum(bounds) / sum(best)


PRIMARY = ("primary",) * 3
ONE = Rule((BOOKS,), mean=(("primary", F(1, 4)),))
TWO = Rule((BOOKS, PE), mean=(("primary", F(1, 5)),))


def test_of_one_column() -> None:
    dear, bounds = compared([county(seed, PRIMARY, ONE, {"books": 3}) for seed in range(8)])
    assert dear == 1
    assert bounds > 0.97


@pytest.mark.slow
def test_of_two_columns_at_different_prices() -> None:
    dear, bounds = compared([county(seed, PRIMARY[:2], TWO, {"books": 3, "pe_art_teachers": 7}) for seed in range(10)])
    assert dear <= 1.011
    assert bounds > 0.97


def test_of_what_is_measured() -> None:
    rule = Rule((AREA,), mean=(("primary", F(1, 4)),))
    tinies = [county(seed, PRIMARY[:2], rule, {"teaching_area_m2": 3}) for seed in range(8)]
    dear, bounds = compared(tinies, 0.1, decimals=1)
    assert dear < 1.0014
    assert bounds > 0.997


@pytest.mark.parametrize("seed", range(8))
def test_what_stages_share_is_planned_at_the_least_cost_and_bounded_without_the_solver(seed: int) -> None:
    """Of one column a limit on each coefficient is one on the mean."""
    kinds, prices = ("primary", "nine_year", "junior"), {"books": 2}
    tiny = county(seed, kinds, Rule((BOOKS,), each=QUARTER), prices, 12)
    plan, quick = planned(tiny), planned(tiny, nodes=0)
    best = least(county(seed, kinds, Rule((BOOKS,), mean=QUARTER), prices, 12), quick.cost)
    assert plan.cost == plan.bound == best > 0
    assert 0 < quick.bound <= best <= quick.cost


# --------------------------------------------------------------------------------------------- what has no value yet


def nobody(*kinds: str, people: tuple[int, ...] = (), price: Any = 3, limit: Fraction = F(1, 2)) -> Tiny:
    """Return a county without books, with different numbers of pupils."""
    rule = Rule((BOOKS, PE) if people else (BOOKS,), mean=tuple((s, limit) for s in STAGES if s in kinds))
    schools = tuple(
        School(k, (2 + 3 * i,), (("pe_art_teachers", (people[i],)),) if people else (), (("books", 0),))
        for i, k in enumerate(kinds)
    )
    return Tiny(schools, rule, (("books", price), *((("pe_art_teachers", 5),) if people else ())))


def test_of_what_nobody_has_the_least_is_found() -> None:
    tinies = [
        nobody("primary", "primary"),
        nobody("primary", "primary", limit=F(1, 5)),
        nobody("primary", "primary", "junior", "junior", limit=F(1, 4)),
        nobody("primary", "primary", people=(3, 7)),
        nobody("primary", "primary", people=(1, 9), limit=F(3, 10)),
    ]
    dear, _ = compared(tinies)
    assert dear == 1


def test_of_what_is_free_and_nobody_has_no_more_is_added_than_it_takes() -> None:
    """Any level would do and costs nothing. The schools have 2 and 5 pupils."""
    tiny = nobody("primary", "primary", limit=F(1, 5), price=0)
    fewest = min(
        a + b for a in range(9) for b in range(9) if a + b and (squared((F(a), F(b)), (2, 5)) or F(0)) <= F(1, 25)
    )
    assert fewest == planned(tiny).changes["change"].sum() == 3


def test_what_nobody_has_and_cannot_be_bought_is_said() -> None:
    rows = [
        {"county": "甲县", "school": f"{n}", "kind": k, "stage": "primary", "students": 3, "books": 0}
        for n, k in enumerate(("primary", "teaching_point"))
    ]
    ev = jh.evaluate(frame(*rows), nobody("primary", "primary").evaluate().standard)
    with pytest.raises(jh.InputError, match="primary"):
        jh.plan(ev, unit_costs={"books": {"primary": 1}}, decimals=0, progress=False)
