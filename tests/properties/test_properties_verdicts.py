"""Verdicts: properties 13 and 14 of the list, coefficients on their limit, and logic with three values."""

from decimal import Decimal
from fractions import Fraction
from itertools import product

import attrs
import numpy as np
import pandas as pd
import pytest
from counties import STANDARDS, few, figures, keyed, load, numerators, synthetic, table
from hypothesis import given
from hypothesis import strategies as st

import junheng as jh
from junheng.indicators import catalogue
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS, all_of, at_least
from junheng.schools import columns

STD_2012, STD_2017, STD_2008 = map(load, STANDARDS)
PLENTY = 10_000


# ---------------------------------------------------------------------------- exactly on a threshold


def as_typed(amount: Fraction) -> Decimal:
    """Return an amount as a person would type it."""
    number = Decimal(amount.numerator) / Decimal(amount.denominator)
    assert Fraction(number) == amount
    return number


def least_step(amount: Decimal, column: str) -> Decimal:
    """Return one unit: one of a thing that is whole, else one in the last decimal (a tenth at most)."""
    return Decimal(1) if columns()[column].whole else Decimal(10) ** min(-1, int(amount.as_tuple().exponent))


def test_there_are_fourteen_thresholds():
    assert len({(t.indicator, t.stage) for t in STD_2017.thresholds}) == 14


def assert_met_from(standard, threshold, mark, students):
    """Refuse a standard by which schools exactly on a mark do not meet it, or those a unit short of it do."""
    ind = catalogue()[threshold.indicator]
    amounts, expected = [], []
    for p in students:
        exact = as_typed(Fraction(getattr(threshold, mark)) / ind.scale * p)
        unit = least_step(exact, ind.numerator)
        amounts += [float(exact), float(exact - unit), float(exact + unit)]
        expected += ["met", "unmet", "met"]
    enrolment = np.repeat(students, 3)
    others = dict.fromkeys(numerators(standard).values(), enrolment * PLENTY)
    ev = jh.evaluate(table(threshold.stage, students=enrolment, **others | {ind.numerator: amounts}), standard)
    cells = ev.schools[ev.schools["indicator"] == ind.id]
    assert cells["verdict" if mark == "value" else "floor_verdict"].tolist() == expected
    # the others are met by far: this one need only reach its floor
    schools = ev.school_verdicts["verdict"].tolist()
    assert schools == expected if mark == "floor" else set(schools[::3]) == {"met"}


@pytest.mark.parametrize("mark", ["value", "floor"])
@pytest.mark.parametrize("threshold", STD_2017.thresholds, ids=lambda t: f"{t.stage} {t.indicator}")
@few
@given(data=st.data())
def test_a_school_on_a_threshold_meets_it(threshold, mark, data):
    """13: on the threshold or its 85 % floor is met, a unit less is not; 155.4 m² as well as 21 teachers."""
    threshold = STD_2017.threshold(threshold.indicator, stage=threshold.stage)
    ind = catalogue()[threshold.indicator]
    per_student = Fraction(getattr(threshold, mark)) / ind.scale
    step = per_student.denominator if columns()[ind.numerator].whole else 1
    students = st.integers(1, 20_000 // step).map(lambda k: k * step)
    assert_met_from(STD_2017, threshold, mark, data.draw(st.lists(students, min_size=1, max_size=20)))


@pytest.mark.parametrize("mark", ["value", "floor"])
@given(
    value=st.decimals("0.5", 20, places=1),
    ratio=st.decimals("0.5", "0.95", places=2),
    students=st.lists(st.integers(1, 20_000), min_size=1, max_size=20),
)
def test_a_school_on_any_threshold_meets_it(mark, value, ratio, students):
    """13: whatever decimals a province may choose."""
    old = STD_2017.threshold("sports_area_per_student", stage="junior")
    new = attrs.evolve(old, value=value, floor_ratio=ratio)
    rule = attrs.evolve(STD_2017.school_rule, floor_ratio=ratio)
    others = [t for t in STD_2017.thresholds if (t.indicator, t.stage) != (old.indicator, old.stage)]
    assert_met_from(attrs.evolve(STD_2017, thresholds=(*others, new), school_rule=rule), new, mark, students)


@pytest.mark.parametrize("resource", ["teaching_area_m2", "sports_area_m2", "equipment_value_cny"])
@pytest.mark.parametrize("stage", ["primary", "junior"])
@pytest.mark.parametrize("rows", ["one row", "two rows"])
@few
@given(primary=st.integers(1, 900), junior=st.integers(1, 9000))
def test_a_share_of_a_school_on_a_threshold_meets_it(resource, stage, rows, primary, junior):
    """13: also where a nine-year school's figure has to be divided first."""
    primary *= 11  # so that the total has few decimals
    indicator = next(i for i, c in numerators(STD_2017).items() if c == resource)
    weight = 10 if stage == "primary" else 11
    value = Fraction(STD_2017.threshold(indicator, stage=stage).value)
    total = as_typed(value * (10 * primary + 11 * junior) / weight)
    for amount, verdict in ((total, "met"), (total - Decimal("0.01"), "unmet"), (total + Decimal("0.01"), "met")):
        amounts = dict.fromkeys(numerators(STD_2017).values(), (primary + junior) * PLENTY) | {resource: float(amount)}
        if rows == "two rows":
            school = table("primary", students=[primary, junior], **amounts)
            school["stage"] = ["primary", "junior"]
        else:
            people = [c for c in amounts if not columns()[c].shared]
            by_stage = {f"{c}_{s}": amounts[c] for c in people for s in ("primary", "junior")}
            school = table(stage, students=[primary + junior], **amounts).drop(columns=["stage", *people])
            school = school.assign(students_primary=primary, students_junior=junior, **by_stage)
        cells = jh.evaluate(school.assign(school="九年一贯制学校", kind="nine_year"), STD_2017).schools
        cell = cells[(cells["indicator"] == indicator) & (cells["stage"] == stage)]
        assert cell["verdict"].tolist() == [verdict]


@pytest.mark.parametrize("stage", ["primary", "junior"])
@few
@given(students=st.integers(1, 20_000), teams=st.integers(1, 500).map(lambda n: 2 * n))
def test_a_school_on_a_norm_by_its_size_meets_it(stage, students, teams):
    """13, and its mirror where less is better: every norm of a table by number of classes, and every single one."""
    norms = [t for t in STD_2008.thresholds if t.stage == stage]
    plenty = dict.fromkeys((c for i in STD_2008.indicators for c in catalogue()[i].columns), students * PLENTY)
    rows, wanted, expected = [], [], []
    for t in norms:
        ind = catalogue()[t.indicator]
        # of several rows of a table the largest decides what is met, the least what is unmet
        for size, *numbers in zip(t.classes or (24,), t.values or (t.value,), *t.readings, strict=True):
            value, agreed = max(numbers), len(set(numbers)) == 1
            one = {"students": students, None: 1}.get(ind.denominator, teams)
            exact = as_typed(Fraction(value) / ind.scale * one)
            unit = least_step(exact, ind.numerator)
            for step in (0, -1, 1) if value else (0, 1):
                own = {"students": students, "classes": size, ind.denominator: one}
                rows.append(plenty | own | {ind.numerator: float(exact + step * unit)})
                short = "unmet" if agreed else "undetermined"
                expected.append(short if step == (-1 if t.op == ">=" else 1) else "met")
                wanted.append(t.indicator)
    school = table(stage, **{c: [r[c] for r in rows] for c in {**plenty, "students": 0, "classes": 0}})
    school["area_type"] = "city"  # where no other number holds
    cells = jh.evaluate(school, STD_2008).schools
    own = cells[cells["indicator"].astype(str) == np.array(wanted)[cells["row"]]]
    assert own["verdict"].tolist() == expected


# -------------------------------------------------------------------------------- exactly on a limit

#: Values and weights of schools whose coefficient is exactly the number.
ON = {
    "0.45": [((11, 29), (1, 1))],
    "0.50": [((1, 3), (1, 1)), ((8, 3), (1, 4)), ((1, 3, 3, 1), (1, 1, 1, 1))],
    "0.55": [((9, 31), (1, 1))],
    "0.60": [((2, 8), (1, 1))],
    "0.65": [((7, 33), (1, 1))],
    "0.70": [((3, 17), (1, 1))],
}


def spread(standard, stage, patterns, students, factors, repeat):
    """Return a county in which each indicator is spread by a pattern; all patterns have the same weights."""
    weights = np.tile(patterns[0][1], repeat)
    amounts = {}
    for (values, _), factor, column in zip(patterns, factors, numerators(standard).values(), strict=True):
        whole = np.tile(values, repeat) * weights * factor * (3 if column == "teachers" else 1)
        amounts[column] = whole.astype(float) if columns()[column].whole else np.array([n / 10 for n in whole])
    return table(stage, students=weights * students, **amounts)


def a_unit_more(county, column):
    """Give the richest school one unit more: where it is far above the mean, this draws the county apart."""
    more = county.copy()
    richest = int((more[column] / more["students"]).argmax())
    exact = Decimal(repr(float(more[column].iloc[richest])))
    more[column] = more[column].astype(float)
    more.loc[richest, column] = float(exact + least_step(exact, column))
    return more


@pytest.mark.parametrize("limit", [x for x in STD_2017.limits if x.kind == "each"], ids=lambda x: x.stage)
@few
@given(
    data=st.data(),
    students=st.integers(1, 5000),
    repeat=st.integers(1, 5),
    sizes=st.lists(st.integers(1, 1000), min_size=7, max_size=7),
)
def test_a_coefficient_on_its_limit_is_met(limit, data, students, repeat, sizes):
    """13, for counties: on the limit is met, and one unit more where there is most already is not."""
    pattern = data.draw(st.sampled_from(ON[str(limit.value)]))
    county = spread(STD_2017, limit.stage, [pattern] * 7, students, sizes, repeat)
    on = jh.evaluate(county, STD_2017).indicators
    assert on["coefficient"].tolist() == pytest.approx([float(limit.value)] * 7, rel=1e-12)
    assert on["verdict"].tolist() == ["met"] * 7
    drawn = data.draw(st.integers(0, 6))
    column = list(numerators(STD_2017).values())[drawn]
    off = jh.evaluate(a_unit_more(county, column), STD_2017).indicators
    assert off["verdict"].tolist() == ["unmet" if j == drawn else "met" for j in range(7)]


@pytest.mark.parametrize("limit", [x for x in STD_2012.limits if x.kind == "composite"], ids=lambda x: x.stage)
@pytest.mark.parametrize("alike", [True, False], ids=["all eight on it", "four below, four above"])
@few
@given(data=st.data(), students=st.integers(1, 5000), repeat=st.integers(1, 5), size=st.integers(1, 300))
def test_a_composite_on_its_limit_is_met(limit, alike, data, students, repeat, size):
    """13, for counties: the mean of the eight, exactly 0.65 or 0.55."""
    near = [limit.value] * 2 if alike else [limit.value - Decimal("0.05"), limit.value + Decimal("0.05")]
    patterns = data.draw(st.permutations([ON[str(x)][0] for x in near] * 4))
    county = spread(STD_2012, limit.stage, patterns, students, [size] * 8, repeat)
    composite = {}
    for name, x in {"on": county, "off": a_unit_more(county, "books")}.items():
        rows = jh.evaluate(x, STD_2012).indicators
        composite[name] = rows[rows["indicator"] == "composite"].iloc[0]
    assert composite["on"]["coefficient"] == pytest.approx(float(limit.value), rel=1e-12)
    assert (composite["on"]["verdict"], composite["off"]["verdict"]) == ("met", "unmet")


# -------------------------------------------------------------------------------------- three values

STATES = (UNMET, UNDETERMINED, MET)


def agreed(verdicts):
    """Return the verdict that every completion gives, undetermined where they differ."""
    found = set(verdicts)
    return UNDETERMINED if len(found) > 1 else MET if found.pop() else UNMET


def completions(states):
    """Return every way in which unknown verdicts may turn out."""
    return product(*((True, False) if s == UNDETERMINED else (s == MET,) for s in states))


@pytest.mark.parametrize("n", range(6))
def test_all_of_is_what_every_completion_says(n):
    for states in product(STATES, repeat=n):
        assert all_of(np.array(states, dtype=np.int8)) == agreed(map(all, completions(states)))


@pytest.mark.parametrize("n", range(1, 6))
def test_at_least_is_what_every_completion_says(n):
    states = np.array(list(product(STATES, repeat=n)), dtype=np.int8)
    for k in range(1, n + 1):
        wanted = [agreed(sum(c) >= k for c in completions(s)) for s in states.tolist()]
        assert at_least(states, k).tolist() == wanted


@pytest.mark.parametrize("n", range(1, 5))
def test_at_least_with_floors_is_what_every_completion_says(n):
    """Who meets the threshold is over the floor: a cell is met, between the two, or below the floor."""
    cells = {
        (MET, MET): "m",
        (MET, UNDETERMINED): "m",
        (UNMET, MET): "b",
        (UNMET, UNMET): "u",
        (UNMET, UNDETERMINED): "bu",
        (UNDETERMINED, MET): "mb",
        (UNDETERMINED, UNDETERMINED): "mbu",
    }
    for states in product(cells, repeat=n):
        verdicts, floors = (np.array(x, dtype=np.int8) for x in zip(*states, strict=True))
        for k in range(1, n + 1):
            wanted = agreed(c.count("m") >= k and "u" not in c for c in product(*(cells[s] for s in states)))
            assert at_least(verdicts, k, floors) == wanted, (states, k)


UNKNOWN = st.none()


@given(
    st.lists(st.tuples(st.integers(-3, 3) | UNKNOWN, st.integers(-3, 3) | UNKNOWN), min_size=1),
    st.sampled_from([">=", "<=", ">", "<", "=="]),
)
def test_a_comparison_is_undetermined_when_a_side_is_unknown(pairs, op):
    """What is missing could be anything, and so it is neither met nor unmet."""
    values, required = zip(*pairs, strict=True)
    wanted = ["undetermined" if None in p else "met" if eval(f"{p[0]} {op} {p[1]}") else "unmet" for p in pairs]
    assert jh.compliance(values, required, op=op).tolist() == wanted
    assert [jh.compliance(*p, op=op) for p in pairs] == wanted


@few
@given(county=synthetic())
def test_between_two_sizes_only_what_both_say_is_said(county):
    """Where no rule is known a school is judged as both neighbouring sizes judge it, and interpolation lies between."""
    rank = {v: i for i, v in enumerate(VERDICTS)}
    smaller, larger, linear, bracket = (
        keyed(jh.evaluate(county, STD_2008.with_options(between_sizes=b)).schools)["verdict"].map(rank).astype(int)
        for b in ("smaller", "larger", "linear", "bracket")
    )
    assert (bracket == smaller.where(smaller == larger, UNDETERMINED)).all()
    assert (linear >= np.minimum(smaller, larger)).all() and (linear <= np.maximum(smaller, larger)).all()


# ------------------------------------------------------------------------------------------ monotone


@pytest.mark.parametrize("standard", STANDARDS[1:])
@few
@given(county=synthetic(), data=st.data())
def test_more_never_turns_met_into_unmet(standard, county, data):
    """14: more of what is wanted leaves a school that meets a requirement meeting it; also where less is better,
    such as students to a teacher, of whom there are more."""
    wanted = [c for c in figures(county) if c not in ("students", "students_senior", "classes")]
    raised = data.draw(st.lists(st.sampled_from(wanted), min_size=1, max_size=5))
    if any(columns()[c].part_of for c in raised):
        raised += ["teachers", "staff"]
    rows = np.array(data.draw(st.lists(st.booleans(), min_size=len(county), max_size=len(county))))
    factor = data.draw(st.sampled_from([2, 3, 10]))
    # what belongs to a whole school is one figure in all its rows
    whole = pd.Series(rows).groupby(county["school_code"].to_numpy()).transform("any").to_numpy()
    more = county.copy()
    for column in set(raised):
        more[column] = more[column].astype(float) * np.where(whole if columns()[column].shared else rows, factor, 1)
    before, after = jh.evaluate(county, standard), jh.evaluate(more, standard)
    rank = {v: i for i, v in enumerate(VERDICTS)}
    for frame in ("schools", "school_verdicts"):
        old, new = (keyed(getattr(ev, frame))["verdict"].map(rank).astype(int) for ev in (before, after))
        assert (new >= old).all()


@few
@given(county=synthetic(), data=st.data())
def test_fewer_students_a_class_never_turns_met_into_unmet(county, data):
    """14, where smaller is better: more classes of the same students, below the sizes that other norms go by."""
    more = county.assign(classes=county["classes"] + data.draw(st.integers(1, 20)))
    verdicts = []
    for x in (county, more):
        cells = keyed(jh.evaluate(x, STANDARDS[2]).schools)
        verdicts.append(cells[cells.index.get_level_values("indicator") == "students_per_class"]["verdict"])
    assert (verdicts[1][verdicts[0] == "met"] == "met").all()
