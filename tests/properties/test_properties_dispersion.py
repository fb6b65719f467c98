"""Means, deviations and coefficients: properties 1 to 9, 11, 12 and 17 of the list, and how groups and columns lie."""

import math
from fractions import Fraction

import numpy as np
import oracle
import pandas as pd
import pytest
from hypothesis import given, target
from hypothesis import strategies as st

import junheng as jh
from junheng._arrays import CHUNK_ROWS

MEASURES = {
    "mean": (jh.weighted_mean, oracle.weighted_mean),
    "std": (jh.weighted_std, oracle.weighted_std),
    "coefficient": (jh.difference_coefficient, oracle.difference_coefficient),
}
every_measure = pytest.mark.parametrize("measure", MEASURES)

VALUES = st.floats(0.01, 1e5, allow_subnormal=False)
WEIGHTS = st.integers(1, 20_000)
#: Ordinary values, and a huge mean with next to no spread: the last bits of numbers that are nearly one number.
ORDINARY = st.lists(VALUES, min_size=1, max_size=40)
NEARLY_EQUAL = st.builds(
    lambda base, steps, ulps: [base + s * ulps * float(np.spacing(base)) for s in steps],
    VALUES,
    st.lists(st.integers(-3, 3), min_size=1, max_size=40),
    st.sampled_from([1, 10, 10**4, 10**8]),
)
VALUES_OF_A_COUNTY = ORDINARY | NEARLY_EQUAL


@st.composite
def counties(draw, values=VALUES_OF_A_COUNTY, weights=WEIGHTS):
    """Values and weights of the schools of a county."""
    x = draw(values)
    return x, draw(st.lists(weights, min_size=len(x), max_size=len(x)))


@st.composite
def provinces(draw, missing=False, columns=3):
    """A matrix of values, weights (some of them 0) and a county for each school, in no order."""
    by = draw(st.lists(st.sampled_from("甲乙丙丁"), min_size=1, max_size=40))
    cell = VALUES | st.just(math.nan) if missing else VALUES
    rows = st.lists(st.tuples(*[cell] * columns), min_size=len(by), max_size=len(by))
    weights = st.lists(st.just(0) | WEIGHTS, min_size=len(by), max_size=len(by))
    return np.array(draw(rows)), np.array(draw(weights)), by


def unit(measure, x):
    """In what the least error is measured: a deviation of nearly equal values is made from the bits of their mean."""
    return max(1, np.nanmax(np.append(x, 0))) if measure == "std" else 1


def close(got, wanted, unit=1):
    """Whether two results agree as the oracle asks, element by element."""
    pairs = zip(np.ravel(got).tolist(), np.ravel(wanted).tolist(), strict=True)
    return all(oracle.error(a, b, unit) <= 1 for a, b in pairs)


# ------------------------------------------------------------------------------------------ what it is


@given(counties(values=st.lists(st.sampled_from([0, -1, 1, 2.5, math.nan]), min_size=1), weights=st.integers(0, 3)))
def test_a_coefficient_is_not_negative_or_undefined_for_a_reason(county):
    """1: at least 0, or NaN exactly when nobody is there, the mean is 0 or a value is missing."""
    x, w = county
    there = [(a, b) for a, b in zip(x, w, strict=True) if b]
    undefined = not there or any(math.isnan(a) for a, _ in there) or sum(a * b for a, b in there) == 0
    got = jh.difference_coefficient(x, weights=w)
    assert math.isnan(got) if undefined else got >= 0


@given(counties(), st.floats(1e-3, 1e4, allow_subnormal=False))
def test_the_unit_does_not_matter(county, factor):
    """2: m² or 亩, 元 or 万元: the coefficient is the same."""
    x, w = county
    assert close(jh.difference_coefficient(np.multiply(x, factor), weights=w), jh.difference_coefficient(x, weights=w))


@every_measure
@given(data=st.data(), county=counties())
def test_the_order_of_schools_does_not_matter(measure, data, county):
    """3."""
    x, w = map(np.array, county)
    order = data.draw(st.permutations(range(x.size)))
    f, _ = MEASURES[measure]
    assert close(f(x[order], weights=w[order]), f(x, weights=w), unit(measure, x))


@given(VALUES, st.lists(WEIGHTS, min_size=1, max_size=40))
def test_equal_values_have_no_difference_to_speak_of(value, weights):
    """4: at most 1e-12, not necessarily 0."""
    assert 0 <= jh.difference_coefficient([value] * len(weights), weights=weights) <= 1e-12


@every_measure
@given(county=counties(), at=st.integers(0, 40), value=VALUES | st.sampled_from([math.nan, math.inf, -math.inf, 0.0]))
def test_a_school_without_students_is_not_there(measure, county, at, value):
    """5: whatever its value is, adding it changes nothing."""
    (x, w), (f, _) = county, MEASURES[measure]
    more = f([*x[:at], value, *x[at:]], weights=[*w[:at], 0, *w[at:]])
    assert close(more, f(x, weights=w), unit(measure, x))


@every_measure
@given(county=counties(weights=st.integers(1, 5)), factor=st.integers(2, 1000))
def test_whole_weights_are_repeated_rows(measure, county, factor):
    """6: and a common factor of all weights changes nothing."""
    (x, w), (f, _) = county, MEASURES[measure]
    wanted = f(x, weights=w)
    assert close(f(np.repeat(x, w), weights=None), wanted, unit(measure, x))
    assert close(f(x, weights=np.multiply(w, factor)), wanted, unit(measure, x))


@given(counties())
def test_a_coefficient_has_an_upper_bound(county):
    """7: all in one school of least weight is the worst there is, √(W / w_min - 1)."""
    x, w = county
    bound = math.sqrt(sum(w) / min(w) - 1)
    assert jh.difference_coefficient(x, weights=w) <= bound * (1 + 1e-12) + 1e-12
    worst = [1.0 if i == w.index(min(w)) else 0.0 for i in range(len(w))]
    assert close(jh.difference_coefficient(worst, weights=w), bound)


@every_measure
@given(county=counties())
def test_results_agree_with_exact_fractions(measure, county):
    """8: to 1e-12 (the deviation in units of the values)."""
    (x, w), (f, exact) = county, MEASURES[measure]
    for weights in (w, None):
        off = oracle.error(f(x, weights=weights), exact(x, weights), unit(measure, x))
        target(float(off), label=f"{measure}, weights {'none' if weights is None else 'given'}")
        assert off <= 1


@given(st.lists(st.floats(0, 3, allow_subnormal=False) | st.just(math.nan), min_size=1, max_size=12))
def test_a_composite_agrees_with_exact_fractions(coefficients):
    """8: the plain mean, undefined where a coefficient is."""
    exact = oracle.composite([None if math.isnan(c) else oracle.to_decimal(c) for c in coefficients])
    assert oracle.error(jh.composite_difference_coefficient(coefficients), exact) <= 1
    both = jh.composite_difference_coefficient([coefficients, coefficients[::-1]])
    assert all(oracle.error(c, exact) <= 1 for c in both)


@given(counties())
def test_the_mean_is_the_ratio_of_the_totals(county):
    """12: the enrolment-weighted mean of figures per student, and not the mean of the ratios."""
    amounts, students = county
    mean = jh.weighted_mean(jh.per_student(amounts, students), weights=students)
    assert oracle.error(mean, sum(map(Fraction, amounts)) / sum(students)) <= 1


RATIOS = {
    jh.per_student: lambda n, d: Fraction(n, d),
    jh.per_hundred_students: lambda n, d: Fraction(100 * n, d),
    jh.students_per_teacher: lambda n, d: Fraction(n, d),
    jh.share: lambda n, d: Fraction(n, d),
}


@pytest.mark.parametrize("ratio", RATIOS, ids=lambda f: f.__name__)
@given(pairs=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(sorted), min_size=1))
def test_a_ratio_of_whole_numbers_is_rounded_once(ratio, pairs):
    """13: so that who lies exactly on a threshold is not pushed off it; nobody to divide by gives NaN."""
    wanted = [float(RATIOS[ratio](n, d)) if d else math.nan for n, d in pairs]
    n, d = np.array(pairs).T
    np.testing.assert_array_equal(ratio(n, d), wanted)
    np.testing.assert_array_equal(ratio(np.stack([n, n], axis=1), d), np.stack([wanted, wanted], axis=1))
    np.testing.assert_array_equal([ratio(int(a), int(b)) for a, b in pairs], wanted)


# -------------------------------------------------------------------------------- groups and columns


@every_measure
@given(province=provinces(missing=True))
def test_groups_are_the_measure_of_each_group(measure, province):
    """9: a loop over the groups gives the same, and so do exact fractions."""
    x, w, by = province
    f, exact = MEASURES[measure]
    got = f(x[:, 0], weights=w, by=by)
    assert got.index.tolist() == sorted(set(by))
    for label, wanted in oracle.grouped(exact, x[:, 0].tolist(), w.tolist(), by).items():
        at = np.array(by) == label
        assert close(got[label], f(x[at, 0], weights=w[at]), unit(measure, x[at, 0]))
        assert oracle.error(got[label], wanted, unit(measure, x[at, 0])) <= 1


@given(provinces(columns=1))
def test_squares_within_and_between_counties_add_up(province):
    """11: the total sum of squares of a province is that within its counties and that between them."""
    x, w, by = province
    x = x[:, 0]
    if not w.any():
        return
    weight = pd.Series(w).groupby(by).sum()
    mean, std = jh.weighted_mean(x, weights=w, by=by), jh.weighted_std(x, weights=w, by=by)
    of_all, total = jh.weighted_mean(x, weights=w), weight.sum() * jh.weighted_std(x, weights=w) ** 2
    parts = (weight * std**2).sum() + (weight * (mean - of_all) ** 2).sum()
    assert total == pytest.approx(parts, rel=1e-11, abs=1e-12 * weight.sum() * of_all**2)


@every_measure
@given(province=provinces(missing=True))
def test_a_matrix_is_its_columns(measure, province):
    x, w, by = province
    f, _ = MEASURES[measure]
    for groups in (None, by):
        columns = [f(x[:, j], weights=w, by=groups) for j in range(x.shape[1])]
        np.testing.assert_array_equal(f(x, weights=w, by=groups), np.stack(columns, axis=-1))
        np.testing.assert_array_equal(f(np.asfortranarray(x), weights=w, by=groups), np.stack(columns, axis=-1))


@every_measure
@given(data=st.data(), province=provinces())
def test_a_gap_stays_in_its_group_and_column(measure, data, province):
    x, w, by = province
    f, _ = MEASURES[measure]
    before = f(x, weights=w, by=by)
    row = data.draw(st.integers(0, len(by) - 1))
    column = data.draw(st.integers(0, x.shape[1] - 1))
    x[row, column] = math.nan
    after = f(x, weights=w, by=by)
    if w[row]:
        assert math.isnan(after.loc[by[row], column])
        before.loc[by[row], column] = math.nan
    pd.testing.assert_frame_equal(after, before, check_exact=True)


@every_measure
@given(data=st.data(), province=provinces())
def test_an_unknown_weight_stays_in_its_group(measure, data, province):
    x, w, by = province
    f, _ = MEASURES[measure]
    before = f(x, weights=w, by=by)
    row = data.draw(st.integers(0, len(by) - 1))
    w = w.astype(float)
    w[row] = math.nan
    after = f(x, weights=w, by=by)
    assert after.loc[by[row]].isna().all()
    pd.testing.assert_frame_equal(after.drop(by[row]), before.drop(by[row]), check_exact=True)


@every_measure
@given(province=provinces(missing=True))
def test_unsorted_rows_are_sorted_rows(measure, province):
    x, w, by = province
    f, _ = MEASURES[measure]
    order = np.argsort(by, kind="stable")
    shuffled, sorted_ = f(x, weights=w, by=by), f(x[order], weights=w[order], by=np.array(by)[order])
    pd.testing.assert_frame_equal(shuffled, sorted_, check_exact=True)


@every_measure
@given(county=counties())
def test_no_weights_are_equal_weights(measure, county):
    (x, _), (f, _) = county, MEASURES[measure]
    assert f(x, weights=None) == f(x, weights=[1] * len(x))


@every_measure
@given(province=provinces(missing=True))
def test_inputs_are_only_read(measure, province):
    """17: read-only arrays are taken, writable ones come back as they were."""
    x, w, by = province
    f, _ = MEASURES[measure]
    for groups in (None, by):
        kept = x.copy(), w.copy()
        expected = f(x, weights=w, by=groups)
        for array, copy in zip((x, w), kept, strict=True):
            np.testing.assert_array_equal(array, copy)
            copy.setflags(write=False)
        np.testing.assert_array_equal(f(kept[0], weights=kept[1], by=groups), expected)


# ------------------------------------------------------------------------------------------- large ones


def whole_coefficients(x, w, by, n):
    """Coefficients of whole numbers: W ∑w x² - (∑w x)² is exact, so that only the root and quotient are rounded."""
    sums = [np.zeros(n, dtype=np.int64) for _ in range(3)]
    for out, term in zip(sums, (w, w * x, w * x * x), strict=True):
        np.add.at(out, by, term)
    rows = zip(*(s.tolist() for s in sums), strict=True)
    return np.array([math.sqrt(a * c - b * b) / b if b else math.nan for a, b, c in rows])


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([1, 2, 3] * 30_000, id="more tiny groups than 16 bits can number"),
        pytest.param([5, CHUNK_ROWS + 4321, 7], id="one larger than a chunk"),
        pytest.param([CHUNK_ROWS - 1, 1, 1, CHUNK_ROWS, CHUNK_ROWS + 1, 2], id="on the edge of a chunk"),
    ],
)
@pytest.mark.parametrize("ordered", [True, False], ids=["sorted", "unsorted"])
def test_sizes_of_groups_do_not_matter(sizes, ordered):
    rng = np.random.default_rng(len(sizes))
    by = np.repeat(np.arange(len(sizes)), sizes)
    if not ordered:
        rng.shuffle(by)
    x, w = rng.integers(0, 1000, (by.size, 2)), rng.integers(0, 20_000, by.size)
    w[rng.random(by.size) < 0.05] = 0
    values = x.astype(float)
    values[w == 0] = math.nan
    got = jh.difference_coefficient(values, weights=w, by=by)
    assert got.index.tolist() == list(range(len(sizes)))
    for j in range(2):
        wanted = whole_coefficients(x[:, j], w, by, len(sizes))
        np.testing.assert_allclose(got[j], wanted, rtol=1e-12, atol=1e-12)


def test_real_counties_agree_with_exact_fractions(shared_data):
    """8 and 9 on the primary schools of Taiwan: 22 counties, 13 schools without pupils."""
    table = pd.read_csv(shared_data / "taiwan_primary_schools_113.csv", dtype={"學校代碼": str})
    pupils, by = table["students_total"], table["縣市名稱"]
    values = jh.per_hundred_students(table["teachers_total"], pupils)
    assert np.isnan(values).sum() == (pupils == 0).sum() == 13
    for weights in (pupils, None):
        got = jh.difference_coefficient(values, weights=weights, by=by)
        exact = oracle.grouped(
            oracle.difference_coefficient, values.tolist(), None if weights is None else weights.tolist(), by.tolist()
        )
        assert got.index.tolist() == list(exact)
        assert all(oracle.error(got[c], exact[c]) <= 1 for c in exact)
