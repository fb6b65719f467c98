"""Hair's breadths: however near a number a figure lies, it is met from the number on and not a digit before.

What must be said is worked out here in fractions, from the weights 1 : 1.1 : 1.32 (complete schools 1 : 1.2) and the
numbers of the rules; nothing of the library's arithmetic is used for it.
"""

from decimal import Decimal, localcontext
from fractions import Fraction

import attrs
import numpy as np
import pandas as pd
import pytest
from counties import STANDARDS, few, load, numerators
from hypothesis import example, given
from hypothesis import strategies as st
from small_tables import SEVEN

import junheng as jh
from junheng.indicators import exact
from junheng.schools import columns
from junheng.standards.model import Condition, Filter, Item, Label, Standing

STD_2012, STD_2017, STD_2008 = map(load, STANDARDS)
STAGES = ("primary", "junior", "senior")
WEIGHTS = {
    "nine_year": ("1", "1.1", None),
    "complete_secondary": (None, "1", "1.2"),
    "twelve_year": ("1", "1.1", "1.32"),
}
#: Measured resources that 2017 divides, by their indicator.
MEASURED = {i: s for i, s in SEVEN.items() if not columns()[s[0]].whole}

#: Distances from a number, relative to it; 0 stands for the last digit but one of what a float can hold.
HAIRS = st.sampled_from(["-1e-11", "-1e-12", "-1e-13", "0", "1e-13", "1e-12", "1e-11"])


def fifteen_digits(x: Fraction) -> Decimal:
    """Return the nearest number of fifteen digits, which a float gives back as it was typed."""
    with localcontext(prec=15):
        return Decimal(x.numerator) / Decimal(x.denominator)


def share(kind: str, students: dict[str, Fraction], stage: str) -> Fraction:
    """Return the part of a school's resources that one stage has."""
    weighted = {s: Fraction(w) * students[s] for s, w in zip(STAGES, WEIGHTS[kind], strict=True) if w is not None}
    return weighted[stage] / sum(weighted.values())


@st.composite
def integrated(draw, whole: bool = True) -> tuple[str, str, dict[str, Fraction]]:
    """Return a kind of school, one of its compulsory stages, and its students by stage."""
    kind = draw(st.sampled_from(list(WEIGHTS)))
    stages = [s for s, w in zip(STAGES, WEIGHTS[kind], strict=True) if w is not None]
    size = st.integers(1, 3000) if whole else st.integers(1, 30_000).map(lambda n: Fraction(n, 10))
    students = {s: Fraction(draw(size)) for s in stages}
    return kind, draw(st.sampled_from([s for s in stages if s != "senior"])), students


def as_rows(kind: str, students: dict[str, Fraction], resource: str, total: Decimal, rows: str) -> pd.DataFrame:
    """Write a school in one row, or in a row a stage with its total on each; all else is unknown."""
    if rows == "one row":
        made = [{f"students_{s}": float(n) for s, n in students.items()}]
    else:
        made = [{"stage": s, "students": float(n)} for s, n in students.items()]
    out = pd.DataFrame(made).assign(county="甲县", school="联校", kind=kind, **{resource: float(total)})
    unknown = {c for i in STD_2017.indicators for c in jh.indicators.catalogue()[i].columns} - {*out, "students"}
    return out.assign(**dict.fromkeys(unknown, np.nan))


def verdict_of(holds: bool) -> str:
    return "met" if holds else "unmet"


@pytest.mark.parametrize("rows", ["one row", "a row a stage"])
@pytest.mark.parametrize("indicator", MEASURED)
@given(school=integrated() | integrated(whole=False), hair=HAIRS, digit=st.integers(-2, 2), of_floor=st.booleans())
def test_a_share_is_judged_to_the_last_digit(indicator, rows, school, hair, digit, of_floor):
    """A school's total is put where its share lies on a threshold or floor, or beside it by less than a hair."""
    kind, stage, students = school
    column, _, numbers = MEASURED[indicator]
    value, floor = map(Fraction, numbers[stage])
    part = share(kind, students, stage)
    on = (floor if of_floor else value) * students[stage] / part
    total = fifteen_digits(on * (1 + Fraction(hair)))
    total += digit * Decimal(1).scaleb(total.adjusted() - 14)
    assert Decimal(repr(float(total))) == total
    ev = jh.evaluate(as_rows(kind, students, column, total, rows), STD_2017)
    cell = ev.schools[(ev.schools["indicator"] == indicator) & (ev.schools["stage"] == stage)].iloc[0]
    each = Fraction(total) * part / students[stage]
    assert (cell["verdict"], cell["floor_verdict"]) == (verdict_of(each >= value), verdict_of(each >= floor))


@given(primary=st.integers(1, 3000), junior=st.integers(1, 3000), digit=st.sampled_from([-1, 0, 1]))
def test_a_share_exactly_on_a_threshold_is_met(primary, junior, digit):
    """4.5 a student is exact for every school: the primary stage's weight is 1."""
    total = Decimal("4.5") * (primary + Decimal("1.1") * junior)
    total += digit * Decimal(1).scaleb(total.adjusted() - 14)
    school = as_rows("nine_year", {"primary": primary, "junior": junior}, "teaching_area_m2", total, "one row")
    cells = jh.evaluate(school, STD_2017).schools
    cell = cells[(cells["indicator"] == "teaching_area_per_student") & (cells["stage"] == "primary")].iloc[0]
    assert cell["verdict"] == verdict_of(digit >= 0)


@pytest.mark.slow
@given(primary=st.integers(1, 3000), junior=st.integers(1, 3000))
def test_on_a_threshold_after_split_stages_too(primary, junior):
    """Shares that were written down are rounded: on the number stays met, and a real hair below stays unmet."""
    total = Decimal("4.5") * (primary + Decimal("1.1") * junior)
    for amount, verdict in ((total, "met"), (fifteen_digits(Fraction(total) * (1 - Fraction(1, 10**12))), "unmet")):
        school = as_rows("nine_year", {"primary": primary, "junior": junior}, "teaching_area_m2", amount, "one row")
        cells = jh.evaluate(jh.split_stages(school, STD_2017), STD_2017).schools
        cell = cells[(cells["indicator"] == "teaching_area_per_student") & (cells["stage"] == "primary")].iloc[0]
        assert cell["verdict"] == verdict


@given(
    classes=st.integers(12, 36),
    students=st.integers(1, 3000),
    hair=HAIRS,
    digit=st.integers(-2, 2),
)
def test_an_interpolated_norm_is_exact(classes, students, hair, digit):
    """Land a student by the number of classes, between two sizes of Shandong's table (facts, 2.2)."""
    sizes, values = (12, 18, 24, 30, 36), tuple(map(Fraction, ("26.01", "23.48", "23.03", "21.46", "19.97")))
    k = max(i for i, size in enumerate(sizes) if size <= classes)
    norm = values[k]
    if sizes[k] != classes:
        norm += (values[k + 1] - values[k]) * (classes - sizes[k]) / (sizes[k + 1] - sizes[k])
    land = fifteen_digits(norm * students * (1 + Fraction(hair)))
    land += digit * Decimal(1).scaleb(land.adjusted() - 14)
    unknown = {c for i in STD_2008.indicators for c in jh.indicators.catalogue()[i].columns}
    row = dict.fromkeys(unknown, np.nan) | {"county": "甲县", "school": "一小", "stage": "primary"}
    row |= {"students": students, "classes": classes, "land_area_m2": float(land)}
    cells = jh.evaluate(pd.DataFrame([row]), STD_2008.with_options(between_sizes="linear")).schools
    cell = cells[cells["indicator"] == "land_area_per_student"].iloc[0]
    assert cell["verdict"] == verdict_of(Fraction(land) >= norm * students)


# ------------------------------------------------------------------------------------------ coefficients


def within(amounts: list[Fraction], students: list[int], limit: Fraction) -> bool:
    """Tell whether a coefficient is within a limit, without a root."""
    squares = sum(x * x / p for x, p in zip(amounts, students, strict=True))
    return sum(students) * squares <= (1 + limit**2) * sum(amounts) ** 2


@few
@given(
    students=st.integers(1, 2000),
    juniors=st.lists(st.integers(1, 2000), min_size=2, max_size=2),
    size=st.integers(1, 50),
    hair=HAIRS,
    digit=st.integers(-2, 2),
)
def test_a_coefficient_of_shares_is_judged_to_the_last_digit(students, juniors, size, hair, digit):
    """Two nine-year schools whose primary stages have one part and three parts each: exactly 0.50."""
    totals = [v * size * (students + Fraction("1.1") * b) for v, b in zip((1, 3), juniors, strict=True)]
    typed = [fifteen_digits(totals[0]), fifteen_digits(totals[1] * (1 + Fraction(hair)))]
    typed[1] += digit * Decimal(1).scaleb(typed[1].adjusted() - 14)
    schools = [
        as_rows("nine_year", {"primary": students, "junior": b}, "equipment_value_cny", t, "one row")
        for b, t in zip(juniors, typed, strict=True)
    ]
    county = pd.concat(schools, ignore_index=True).assign(school=["甲校", "乙校"])
    cells = jh.evaluate(county, STD_2017).indicators
    cell = cells[(cells["indicator"] == "equipment_value_per_student") & (cells["stage"] == "primary")].iloc[0]
    amounts = [
        Fraction(t) * share("nine_year", {"primary": Fraction(students), "junior": Fraction(b)}, "primary")
        for b, t in zip(juniors, typed, strict=True)
    ]
    assert cell["verdict"] == verdict_of(within(amounts, [students, students], Fraction("0.50")))


@few
@given(
    students=st.integers(1, 2000),
    juniors=st.lists(st.integers(1, 2000), min_size=2, max_size=2),
    hair=HAIRS,
    digit=st.integers(-2, 2),
    patterns=st.permutations([(7, 33)] * 2 + [(2, 8)] * 3 + [(3, 17)] * 3),
)
def test_a_mean_of_coefficients_is_judged_to_the_last_digit(students, juniors, hair, digit, patterns):
    """2012: eight coefficients of 0.65, 0.60 and 0.70, of which the mean is 0.65; one school has a hair more."""
    base = {"county": "甲县", "kind": "nine_year", "students_primary": students}
    rows = [base | {"school": f"{b} {i}", "students_junior": b} for i, b in enumerate(juniors)]
    drawn = next(c for c in numerators(STD_2012).values() if columns()[c].shared and not columns()[c].whole)
    more = Fraction(0)
    for column, pattern in zip(numerators(STD_2012).values(), patterns, strict=True):
        for i, (row, v) in enumerate(zip(rows, pattern, strict=True)):
            if columns()[column].shared:
                # times ten, so that a whole thing of whole students stays whole
                total = 10 * v * (students + Fraction("1.1") * row["students_junior"])
                if column == drawn and i:
                    total = fifteen_digits(total * (1 + Fraction(hair)))
                    total += digit * Decimal(1).scaleb(total.adjusted() - 14)
                    more = Fraction(total) - 10 * v * (students + Fraction("1.1") * row["students_junior"])
                row[column] = float(total)
            else:
                row[f"{column}_primary"] = v * students * (20 if column == "teachers" else 1)
                row[f"{column}_junior"] = np.nan
    indicators = jh.evaluate(pd.DataFrame(rows), STD_2012).indicators
    cell = indicators[(indicators["indicator"] == "composite") & (indicators["stage"] == "primary")].iloc[0]
    # it is the richer school, so that more draws the two apart
    assert cell["verdict"] == verdict_of(more <= 0)


def with_coefficient(square: Fraction) -> tuple[list[Fraction], list[Fraction]]:
    """Return two groups of students, one without anything, of whom the square of the coefficient is that."""
    return [Fraction(1), Fraction(0)], [1 / (1 + square), square / (1 + square)]


@given(
    squares=st.lists(st.fractions("1/100", 4, max_denominator=10_000), min_size=1, max_size=8),
    digits=st.integers(1, 150),
    away=st.sampled_from([-1, 0, 1]),
)
@example(squares=[Fraction(2), Fraction(1, 2)], digits=100, away=0)
@example(squares=[Fraction(1, 4), Fraction(4, 25)], digits=5, away=0)
def test_a_mean_of_roots_is_held_against_a_number_with_digits_enough(squares, digits, away):
    """The limit is the mean itself cut off after many digits, and the numbers beside it."""
    with localcontext(prec=400):
        mean = sum((Decimal(s.numerator) / Decimal(s.denominator)).sqrt() for s in squares) / len(squares)
        limit = round(mean, digits) + away * Decimal(1).scaleb(-digits)
        difference = mean - limit
        wanted = 0 if abs(difference) < Decimal(1).scaleb(-380) else int(difference.compare(0))
    found = exact.mean_coefficient_sign([with_coefficient(s) for s in squares], Fraction(limit))
    assert found == wanted
    if len(squares) == 1:
        assert exact.coefficient_sign(*with_coefficient(squares[0]), Fraction(limit)) == wanted


# ------------------------------------------------------------------------------------------------- items


def with_condition(**test) -> jh.Standard:
    """Return the standard of 2017 with one item of its own, and no other."""
    cited = {"clause": "一", "source": "S1", "standing": Standing.RECALLED}
    item = Item(
        id="own", part="resources", rule="conditions", label=Label(zh="自", en="own"), conditions=(Condition(**test),),
        **cited,
    )  # fmt: skip
    return attrs.evolve(STD_2017, items=(item,))


@few
@given(school=integrated(), hair=HAIRS, digit=st.integers(-2, 2), scope=st.sampled_from(["section", "sum"]))
def test_a_condition_on_a_share_is_judged_to_the_last_digit(school, hair, digit, scope):
    kind, stage, students = school
    part = share(kind, students, stage)
    total = fifteen_digits(Fraction("4.5") * students[stage] / part * (1 + Fraction(hair)))
    total += digit * Decimal(1).scaleb(total.adjusted() - 14)
    where = Filter(stages=(stage,))
    std = with_condition(
        scope=scope, top=("teaching_area_m2",), bottom=("students",), value=Decimal("4.5"), where=where
    )
    items = jh.evaluate(as_rows(kind, students, "teaching_area_m2", total, "one row"), std).items
    assert items["verdict"].tolist() == [verdict_of(Fraction(total) * part >= Fraction("4.5") * students[stage])]


@given(
    parts=st.lists(st.decimals("0.1", 900, places=1), min_size=2, max_size=6),
    hair=st.sampled_from(["-1e-9", "0", "1e-9"]),
    op=st.sampled_from([">=", "<=", "==", ">", "<"]),
)
@example(parts=[Decimal("0.1"), Decimal("0.2")], hair="0", op="<=")
@example(parts=[Decimal("0.1"), Decimal("0.2"), Decimal("0.3")], hair="0", op="==")
def test_sums_of_what_was_typed_are_exact(parts, hair, op):
    """0.1 and 0.2 are 0.3: some schools' square metres against a number, and less as many against 0."""
    value = sum(parts) + Decimal(hair)
    county = pd.concat(
        [
            as_rows("primary", {"primary": 10}, "teaching_area_m2", x, "a row a stage").assign(school=f"{i}校")
            for i, x in enumerate(parts)
        ],
        ignore_index=True,
    )
    wanted = verdict_of(eval(f"total {op} value", {"total": sum(parts), "value": value}))
    std = with_condition(scope="sum", top=("teaching_area_m2",), op=op, value=value)
    assert jh.evaluate(county, std).items["verdict"].tolist() == [wanted]
    # and of what is left of them: the number is 0, and nothing lies near that but relative to what was subtracted
    county["sports_area_m2"] = [float(x) for x in (*parts[1:], parts[0] + Decimal(hair))]
    std = with_condition(scope="sum", top=("teaching_area_m2",), top_minus=("sports_area_m2",), op=op, value=Decimal(0))
    assert jh.evaluate(county, std).items["verdict"].tolist() == [wanted]


# ------------------------------------------------------------------------------------------------- plans


@few
@given(
    students=st.integers(1, 2000), juniors=st.integers(1, 2000), third=st.integers(1, 30), lacking=st.integers(1, 30)
)
def test_a_plan_that_ends_on_a_limit_is_judged_met(students, juniors, third, lacking):
    """Two nine-year schools alike but for their rooms: one to three is exactly 0.50, and not a room more is needed."""
    lacking = min(lacking, third)
    rooms = {"甲校": third - lacking, "乙校": 3 * third}
    made = [
        as_rows("nine_year", {"primary": students, "junior": juniors}, "multimedia_classrooms", Decimal(n), "one row")
        for n in rooms.values()
    ]
    county = pd.concat(made, ignore_index=True).assign(school=list(rooms))
    limit = next(x for x in STD_2017.limits if (x.kind, x.stage) == ("each", "primary"))
    limit = attrs.evolve(limit, indicators=("multimedia_classrooms_per_hundred_students",))
    std = attrs.evolve(STD_2017, thresholds=(), school_rule=None, limits=(limit,), items=(), relaxations=())
    plan = jh.plan(jh.evaluate(county, std), unit_costs={"multimedia_classrooms": 1})
    assert plan.full_cost == lacking
    cells = plan.after.indicators
    cell = cells[(cells["indicator"] == limit.indicators[0]) & (cells["stage"] == "primary")].iloc[0]
    assert cell["verdict"] == "met"
