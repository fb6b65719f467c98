"""What a school lacks is one answer: the report, the shortfalls and the plan say the same, and it is right."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from needs_checks import planned, sections
from small_tables import QUALITY, SEVEN, SHANDONG, SHARED, conditions, frame, junior, one_row, pick, school

import junheng as jh
from junheng.planning._building import counties
from junheng.planning._costs import Prices
from junheng.planning._needs import _fits, _measured
from junheng.reports.page.schools import StageTable
from junheng.reports.page.words import ReportWords
from junheng.results import records
from junheng.schools import columns

few = hypothesis_settings(max_examples=max(8, hypothesis_settings.default.max_examples // 4))
WEIGHTS = {"primary": 10, "junior": 11}
#: Places of what is measured in a plan, and in a list of shortfalls where an amount has no end.
PLANNED, LISTED = Fraction(1, 100), Fraction(1, 10**9)


class Lack(NamedTuple):
    """What is short of the section and of the school, exactly, and what the school is short of its floor."""

    column: str
    section: Fraction
    school: Fraction
    floor: Fraction | None


def exact(x: Any) -> Fraction:
    return Fraction(repr(float(x)))


# ------------------------------------------------------------------------------ three answers, in one form


def listed(ev: jh.Evaluation) -> dict[tuple[int, str, str], dict[str, Any]]:
    """What the shortfalls say, by row, stage and indicator; only where an amount is known."""
    rows = records(jh.shortfalls(ev))
    return {(r["row"], r["stage"], r["indicator"]): r for r in rows if r["short"] is not None}


def reported(ev: jh.Evaluation) -> dict[tuple[int, str, str], float]:
    """What the report says each school must add."""
    d, out = ev.data, {}
    pages = {(int(d.group_county[g]), int(d.group_stage[g])): None for g in range(d.group_county.size)}
    cells = {key: StageTable(d, *key, ReportWords("zh")) for key in pages}
    for i, key in sections(ev):
        page = cells.get((int(d.county[i]), int(d.sections.stage[i])))
        for j in page.own if page is not None and d.sections.counted[i] else ():
            lack = page.lack(j, i)
            if lack is not None:
                out[*key, d.indicators[j].id] = lack
    return out


def up(x: Fraction, step: Fraction) -> Fraction:
    return max(Fraction(0), math.ceil(x / step) * step)


def agree(ev: jh.Evaluation, wanted: Mapping[tuple[int, str, str], Lack], open_: set[tuple[int, str, str]]) -> None:
    """Hold all three against what is wanted; ``open_``: undetermined, though a plan knows what would surely do."""
    rows, pages, plan = listed(ev), reported(ev), planned(ev)
    assert set(rows) == set(wanted)
    assert set(pages) == set(wanted)
    assert set(plan) == set(wanted) | open_
    for key, lack in wanted.items():
        row, whole = rows[key], columns()[lack.column].whole
        assert row["column"] == lack.column
        for name, gap in (("short", lack.section), ("short_school", lack.school)):
            if whole:
                assert row[name] == math.ceil(gap), (key, name)
            else:
                assert 0 <= exact(row[name]) - gap < 2 * LISTED, (key, name)
        assert pages[key] == row["short_school"]
        step = Fraction(1) if whole else PLANNED
        floor = None if lack.floor is None else up(lack.floor, step)
        assert plan[key] == (up(lack.school, step), floor), key
        if floor is None:
            assert row["short_of_floor_school"] is None
        else:
            assert up(exact(row["short_of_floor_school"]), step) == floor


# ------------------------------------------------------------- the seven of 2017, integrated schools among them


@st.composite
def figure(draw: Any, exactly: Fraction, whole: bool) -> float | None:
    """Draw a figure: anything, the least that is enough, a little less, or a gap."""
    kind = draw(st.sampled_from(["any", "limit", "below", "floor", "missing"]))
    step = Fraction(1) if whole else Fraction(1, 1000)
    if kind == "missing":
        return None
    if kind == "any":
        return float(draw(st.integers(0, math.ceil(2 * exactly / step))) * step)
    wanted = exactly * Fraction(85, 100) if kind == "floor" else exactly
    return float(max(Fraction(0), up(wanted, step) - (step if kind == "below" else 0)))


@st.composite
def balanced(draw: Any) -> pd.DataFrame:
    """Draw two plain schools, a nine-year school in two rows and one in one row."""
    n = draw(st.fixed_dictionaries(dict.fromkeys("abcdef", st.integers(1, 900))))
    limits = {c: (k, t) for c, k, t in SEVEN.values()}

    def need(column: str, stage: str, students: int) -> Fraction:
        scale, by_stage = limits[column]
        return Fraction(by_stage[stage][0]) * students / scale

    def figures(stage: str, students: int, names: Any) -> dict[str, Any]:
        return {c: draw(figure(need(c, stage, students), columns()[c].whole)) for c in names}

    def of_both(first: int, second: int) -> dict[str, Any]:
        """What stages share lies about the limit of one of them: its need, divided by its share."""
        stage = draw(st.sampled_from(["primary", "junior"]))
        own, all_ = {"primary": 10 * first, "junior": 11 * second}, 10 * first + 11 * second
        students = {"primary": first, "junior": second}[stage]
        return {
            c: draw(figure(need(c, stage, students) * all_ / own[stage], columns()[c].whole))
            for c in limits
            if c in SHARED
        }

    people = [c for c in limits if c not in SHARED]
    rows = [
        school("一小", students=n["a"], **figures("primary", n["a"], limits)),
        junior("一中", students=n["b"], **figures("junior", n["b"], limits)),
    ]
    rows[0] |= {"dense_city_centre": "是", "converted_sports_area_m2": 500.25}
    both = of_both(n["c"], n["d"])
    for stage, students in (("primary", n["c"]), ("junior", n["d"])):
        rows.append(
            school("九年", stage, kind="nine_year", students=students) | figures(stage, students, people) | both
        )
    by_stage = {"students_primary": n["e"], "students_junior": n["f"]}
    for stage, students in (("primary", n["e"]), ("junior", n["f"])):
        by_stage |= {f"{c}_{stage}": x for c, x in figures(stage, students, people).items()}
    rows.append(one_row("nine_year", people=by_stage) | of_both(n["e"], n["f"]))
    for row in rows[1:]:
        row |= {"dense_city_centre": "否", "converted_sports_area_m2": 0.0}
    for row in rows[:4]:
        row["teachers"] = 400
    return frame(*rows)


def lacks_of_2017(table: pd.DataFrame, relaxed: bool) -> dict[tuple[int, str, str], Lack]:
    """Work out what is short from the definition, in fractions: t d - s x, divided by the share s for the school."""
    out = {}
    two = table[table["school"] == "九年"].set_index("stage")["students"]
    for n, row in enumerate(table.to_dict("records")):
        one = row["school"] == "联校"
        for stage in ("primary", "junior") if one else (row["stage"],):
            suffix = f"_{stage}" if one else ""
            students = int(row["students" + suffix])
            both = {s: int(row[f"students_{s}"] if one else two[s]) for s in WEIGHTS}
            for indicator, (column, scale, limits) in SEVEN.items():
                shared = column in SHARED and row["school"] in ("九年", "联校")
                x = row[column if column in SHARED else column + suffix]
                if x is None or x != x:
                    continue
                share = Fraction(1)
                if shared:
                    share = Fraction(WEIGHTS[stage] * both[stage], sum(WEIGHTS[s] * both[s] for s in WEIGHTS))
                has = exact(x) * share
                if relaxed and column == "sports_area_m2" and row["dense_city_centre"] == "是":
                    has += exact(row["converted_sports_area_m2"])
                gap, floor = (Fraction(t) * students / scale - has for t in limits[stage])
                if gap > 0:
                    out[n, stage, indicator] = Lack(column, gap, gap / share, floor / share)
    return out


@pytest.mark.parametrize("relaxed", [False, True])
@few
@given(table=balanced())
def test_the_three_agree_on_the_seven_of_2017(table: pd.DataFrame, relaxed: bool) -> None:
    std = jh.load_standard(QUALITY)
    if relaxed:
        std = std.with_options(relaxations=["dense-city-centre-sports"])
    ev = jh.evaluate(table, std)
    agree(ev, lacks_of_2017(table, relaxed), set())
    missing = pick(ev.schools, verdict="undetermined")
    unplanned = [u for c in counties(ev.data, Prices({}), 2) for u in c.unknown if u[0] >= 0]
    assert len(unplanned) == len(missing)


@few
@given(table=balanced())
def test_what_a_school_shares_is_bought_once_for_all_its_stages(table: pd.DataFrame) -> None:
    """In totals, and in what a plan gives a school that may leave nothing at its floor."""
    ev = jh.evaluate(table, QUALITY)
    lacks = lacks_of_2017(table, relaxed=False)
    largest: dict[tuple[str, str, str], int] = {}
    for (n, stage, _), lack in lacks.items():
        if columns()[lack.column].whole:
            key = (table["school"][n], "" if lack.column in SHARED else stage, lack.column)
            largest[key] = max(largest.get(key, 0), math.ceil(lack.school))
    for row in records(jh.shortfall_totals(ev)):
        if columns()[row["column"]].whole:
            assert row["total"] == sum(k for (_, _, c), k in largest.items() if c == row["column"])
    for county in counties(ev.data, Prices({}), 2):
        for k, resource in enumerate(county.resources):
            for u, members in enumerate(resource.members):
                rows = {int(ev.data.sections.rows[county.sections[m]]) for m in members}
                names = {table["school"][r] for r in rows}
                assert len(names) == 1 and (members.size == 2) == (
                    resource.column in SHARED and names <= {"九年", "联校"}
                )
                most = max((n.threshold for n in county.needs if (n.resource, n.unit) == (k, u)), default=0)
                if columns()[resource.column].whole and members.size == 2:
                    assert most == largest.get((names.pop(), "", resource.column), 0)


# ------------------------------------------------------------------------------ sizes: the tables of Shandong


def asked(t: Any, classes: int | None) -> tuple[Fraction, bool] | str:
    """What a table asks of a size, by the strictest number that may hold, and whether there are several.

    ``"outside"`` where the table says nothing, ``"lost"`` where only that something is required is known. Schools of
    these tables are in the city, for which a threshold has one number.
    """
    if not t.classes:
        return Fraction(t.value), False
    if classes is None:
        return "outside"
    low = [n for n, c in enumerate(t.classes) if c <= classes]
    high = [n for n, c in enumerate(t.classes) if c >= classes]
    inside = bool(low and high)
    rule = t.below if not low else t.above if not high else "end" if low[-1] == high[0] else t.between
    if rule == "some":
        return "lost"
    if not inside and rule != "end":
        return "outside"
    near = {low[-1] if low else 0, high[0] if high else len(t.classes) - 1}
    numbers = {Fraction(row[n]) for n in near for row in (t.values, *t.readings)}
    return (max if t.op == ">=" else min)(numbers), len(numbers) > 1


@st.composite
def sized(draw: Any, sizes: tuple[int | None, ...]) -> pd.DataFrame:
    """Draw schools of any size, with some figures about what the tables ask, and more than enough of the rest."""
    std = jh.load_standard(SHANDONG)
    rows = []
    for k in range(draw(st.integers(1, 3))):
        stage = draw(st.sampled_from(["primary", "junior"]))
        classes = draw(st.sampled_from(sizes))
        students = st.integers(1, 40 * (classes or 12)) | st.integers(1, 2000)
        row = conditions(stage, school=f"{k}校", students=draw(students), classes=classes)
        row |= {"staff": draw(st.integers(0, 150)), "area_type": "city"}
        own = [t for t in std.thresholds if t.stage == stage and t.op == ">="]
        for t in draw(st.lists(st.sampled_from(own), max_size=6, unique_by=lambda t: t.indicator)):
            indicator = jh.indicators.catalogue()[t.indicator]
            numbers = [t.value] if t.classes == () else list(t.values)
            per = row["students"] if indicator.denominator == "students" else 1
            need = Fraction(draw(st.sampled_from(numbers))) * per / indicator.scale
            row[indicator.numerator] = draw(figure(need, columns()[indicator.numerator].whole))
        rows.append(row)
    return frame(*rows)


@given(table=sized((None, 6, 12, 14, 15, 18, 21, 24, 36, 40)))
def test_the_three_agree_on_tables_over_sizes(table: pd.DataFrame) -> None:
    std = jh.load_standard(SHANDONG)
    ev = jh.evaluate(table, std)
    verdicts = {(r["row"], r["stage"], r["indicator"]): r["verdict"] for r in records(ev.schools)}
    wanted, open_ = {}, set()
    for n, row in enumerate(table.to_dict("records")):
        classes = None if row["classes"] is None or row["classes"] != row["classes"] else int(row["classes"])
        for t in (t for t in std.thresholds if t.stage == row["stage"]):
            indicator = jh.indicators.catalogue()[t.indicator]
            number = asked(t, classes)
            x, d = row[indicator.numerator], 1 if indicator.denominator is None else row[indicator.denominator]
            key = (n, row["stage"], t.indicator)
            if number == "lost" and x == 0:
                assert verdicts[key] == "unmet"  # and nobody knows by how much
                continue
            if t.op == ">=" and not isinstance(number, str) and number[0] == 0:
                assert verdicts[key] == "met"  # nothing is asked: no figure is needed
                continue
            if isinstance(number, str) or any(v is None or v != v for v in (x, d)):
                assert verdicts[key] == "undetermined"
                continue
            # under "at most", more of what divides: pupils a teacher, pupils a class
            column, needs, has = (
                (indicator.numerator, number[0] * exact(d) / indicator.scale, exact(x))
                if t.op == ">="
                else (indicator.denominator, exact(x) * indicator.scale / number[0], exact(d))
            )
            if needs > has and verdicts[key] == "unmet":
                wanted[key] = Lack(column, needs - has, needs - has, None)
            elif needs > has:
                assert number[1] and verdicts[key] == "undetermined"
                open_.add(key)
            else:
                assert verdicts[key] == "met"
    agree(ev, wanted, open_)


@few
@given(table=sized((None, 12, 18, 24, 36, 40)))
def test_a_plan_buys_what_the_shortfalls_add_up_to(table: pd.DataFrame) -> None:
    """Where nothing may stay at its floor and nothing limits a coefficient, the plan is the largest need of each."""
    ev = jh.evaluate(table, SHANDONG)
    # a class more may ask for more of the rest
    assume("classes" not in set(jh.shortfalls(ev)["column"]))
    prices = {c: 1 for c in columns() if columns()[c].type == "number" and c != "students"}
    plan = jh.plan(ev, unit_costs=prices, progress=False)
    bought = {(r["row"], r["column"]): exact(r["change"]) for r in records(plan.changes)}
    wanted: dict[tuple[int, str], Fraction] = {}
    for (row, _, _), r in listed(ev).items():
        step = Fraction(1) if columns()[r["column"]].whole else PLANNED
        key = (row, r["column"])
        wanted[key] = max(wanted.get(key, Fraction(0)), up(exact(r["short_school"]), step))
    assert bought == wanted


# --------------------------------------------------------------------------------------------- worked cases


# ------------------------------------------------------------------------------------------ odd comparisons


@pytest.mark.parametrize(("value", "has", "steps"), [(3, 1, 3), (3, 3, 1), (3.5, 1, 3)])
def test_more_than_a_number_is_planned_for_as_it_is_judged(tmp_path: Any, value: float, has: int, steps: int) -> None:
    """A school with one court that must have more than three needs three more; two would leave it on the limit."""
    from custom_standards import both_stages, custom

    rule = {"kind": "all", "clause": "第一条", "source": "E", "standing": "confirmed"}
    std = custom(tmp_path, both_stages(indicator="volleyball_courts", op=">", value=value), school_rule=rule)
    ev = jh.evaluate(frame(school(volleyball_courts=has)), std)
    assert reported(ev) == {(0, "primary", "volleyball_courts"): steps}
    plan = jh.plan(ev, unit_costs={"volleyball_courts": 1}, progress=False)
    assert plan.changes["change"].tolist() == [steps] == jh.shortfalls(ev)["short"].tolist()
    assert plan.after.school_verdicts["verdict"].tolist() == ["met"]


def test_an_amount_without_an_end_is_rounded_up() -> None:
    assert _measured(Fraction(1, 3), False, Fraction(0)) == 0.333333334
    assert _measured(Fraction(2, 37), False, Fraction(1)) == 0.054054055


def test_an_exact_decimal_is_written_as_it_is() -> None:
    text = ReportWords("en")
    assert text.amount(1.1, "m2", whole=False) == "1.1 m2"  # 100 times 1.1 is more than 110 in binary
    assert text.amount(1.101, "m2", whole=False) == "1.11 m2"
    assert text.amount(np.float64(250.000001), "m2", whole=False) == "251 m2"
    assert text.amount(1.0, "rooms", whole=True) == "1 room"


def test_a_decimal_of_sixteen_digits_may_not_fit_in_a_float() -> None:
    """Of 9007199.254740995 the last digit is lost; fifteen digits always fit."""
    for digits, fits in ((9007199254740995, False), (9007199254740993, True), (999999123456789, True)):
        assert _fits(Fraction(digits, 10**9)) == fits == (Fraction(repr(digits / 10**9)) == Fraction(digits, 10**9))
