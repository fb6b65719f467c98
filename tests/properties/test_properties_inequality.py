"""Measures of inequality: what they are, and the laws they keep."""

import math
from fractions import Fraction
from functools import partial

import numpy as np
import oracle
import oracle_inequality as exact
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import junheng as jh

#: Name, function, definition.
MEASURES = {
    "gini": (jh.gini, exact.gini),
    "hoover": (jh.hoover, exact.hoover),
    "theil_t": (jh.theil_t, exact.entropy(1)),
    "theil_l": (jh.theil_l, exact.entropy(0)),
    "entropy 2": (jh.generalized_entropy, exact.entropy(2)),
    "entropy -1": (partial(jh.generalized_entropy, alpha=-1), exact.entropy(-1)),
    "entropy 0.25": (partial(jh.generalized_entropy, alpha=0.25), exact.entropy(0.25)),
    "entropy 0.75": (partial(jh.generalized_entropy, alpha=0.75), exact.entropy(0.75)),
    "entropy 1.5": (partial(jh.generalized_entropy, alpha=1.5), exact.entropy(1.5)),
    "atkinson 0": (partial(jh.atkinson, epsilon=0), exact.atkinson(0)),
    "atkinson 0.5": (jh.atkinson, exact.atkinson(0.5)),
    "atkinson 1": (partial(jh.atkinson, epsilon=1), exact.atkinson(1)),
    "atkinson 2": (partial(jh.atkinson, epsilon=2), exact.atkinson(2)),
    "log_variance": (jh.log_variance, exact.log_variance),
    "quantile_ratio": (jh.quantile_ratio, exact.quantile_ratio("0.9", "0.1")),
    "range_ratio": (jh.range_ratio, exact.range_ratio),
    "share_of_bottom": (jh.share_of_bottom, exact.share_of_bottom(0.2)),
    "share_of_top": (partial(jh.share_of_top, share=0.3), exact.share_of_top(0.3)),
}
#: What a measure is for equality.
EQUAL = {"quantile_ratio": 1.0, "range_ratio": 1.0, "share_of_bottom": 0.2, "share_of_top": 0.3}
#: Those that any transfer from a poorer to a richer school raises or leaves; shares of the bottom fall.
TRANSFER = {n: 1 for n in MEASURES if n not in ("log_variance", "quantile_ratio")} | {"share_of_bottom": -1}
every_measure = pytest.mark.parametrize("measure", MEASURES)

VALUES = st.floats(0.01, 1e3, allow_subnormal=False)
WEIGHTS = st.integers(1, 20_000)
NEARLY_EQUAL = st.builds(
    lambda base, steps, ulps: [base + s * ulps * float(np.spacing(base)) for s in steps],
    VALUES,
    st.lists(st.integers(-3, 3), min_size=1, max_size=15),
    st.sampled_from([1, 10**4, 10**9]),
)


@st.composite
def counties(draw, values=VALUES, weights=WEIGHTS):
    x = draw(st.lists(values, min_size=1, max_size=15) | NEARLY_EQUAL)
    return x, draw(st.lists(weights, min_size=len(x), max_size=len(x)))


@st.composite
def provinces(draw, cells=VALUES, columns=2):
    by = draw(st.lists(st.sampled_from("甲乙丙丁"), min_size=1, max_size=25))
    rows = st.lists(st.tuples(*[cells] * columns), min_size=len(by), max_size=len(by))
    weights = st.lists(st.just(0) | WEIGHTS, min_size=len(by), max_size=len(by))
    return np.array(draw(rows)), np.array(draw(weights)), by


def close(got, wanted, unit=1):
    pairs = zip(np.ravel(got).tolist(), np.ravel(wanted).tolist(), strict=True)
    return all(oracle.error(a, b, unit) <= 1 for a, b in pairs)


@every_measure
@given(county=counties(values=VALUES | st.just(0.0), weights=st.just(0) | WEIGHTS))
def test_a_measure_is_its_definition(measure, county):
    x, w = county
    f, definition = MEASURES[measure]
    assert oracle.error(f(x, weights=w), definition(x, w)) <= 1
    assert oracle.error(f(x, weights=None), definition(x, None)) <= 1


@every_measure
@given(VALUES, st.lists(WEIGHTS, min_size=1, max_size=30))
def test_equality(measure, value, weights):
    got = MEASURES[measure][0]([value] * len(weights), weights=weights)
    assert got == pytest.approx(EQUAL.get(measure, 0), abs=1e-14) and got >= 0


@given(st.lists(WEIGHTS, min_size=2, max_size=30))
def test_one_takes_all(weights):
    """The known maximum, for weights and without."""
    n, p = len(weights), weights[0] / sum(weights)
    x = [5.0] + [0.0] * (n - 1)
    for w, share in ((weights, p), (None, 1 / n)):
        assert close(jh.gini(x, weights=w), 1 - share)
        assert close(jh.hoover(x, weights=w), 1 - share)
        assert close(jh.theil_t(x, weights=w), -math.log(share))
        assert close(jh.generalized_entropy(x, weights=w), (1 / share - 1) / 2, unit=1 / share)
        assert jh.atkinson(x, weights=w, epsilon=1) == jh.atkinson(x, weights=w, epsilon=2) == 1
        assert close(jh.atkinson(x, weights=w), 1 - share)
        for undefined in (jh.theil_l, jh.log_variance, jh.range_ratio):
            assert math.isnan(undefined(x, weights=w))
    assert jh.share_of_bottom(x, weights=None, share=(n - 1) / n) == pytest.approx(0, abs=1e-12)
    assert jh.share_of_top(x, weights=None, share=1 / n) == pytest.approx(1)


@pytest.mark.parametrize("measure", TRANSFER)
@given(county=counties(), data=st.data())
def test_pigou_dalton(measure, county, data):
    """Taking from a poorer school to give to a richer one, student by student, never lowers inequality."""
    x, w = county
    assume(len(x) > 1)
    order = np.argsort(x, kind="stable")
    i, j = sorted(data.draw(st.permutations(range(len(x))))[:2])
    poor, rich = order[i], order[j]
    moved = data.draw(st.floats(0, 0.99)) * x[poor] * w[poor]
    y = np.array(x)
    y[poor] -= moved / w[poor]
    y[rich] += moved / w[rich]
    f, sign = MEASURES[measure][0], TRANSFER[measure]
    before, after = f(x, weights=w), f(y, weights=w)
    assert sign * (after - before) >= -1e-12 * max(1, abs(before))


@every_measure
@given(county=counties(), factor=st.floats(1e-3, 1e4))
def test_the_unit_does_not_matter(measure, county, factor):
    x, w = county
    f, _ = MEASURES[measure]
    assert close(f(np.multiply(x, factor), weights=w), f(x, weights=w))


@every_measure
@given(county=counties(weights=st.integers(1, 5)), factor=st.integers(2, 1000))
def test_whole_weights_are_repeated_rows(measure, county, factor):
    """Replication, and a common factor of the weights: population invariance."""
    x, w = county
    f, _ = MEASURES[measure]
    wanted = f(x, weights=w)
    assert close(f(np.repeat(x, w), weights=None), wanted)
    assert close(f(x, weights=np.multiply(w, factor)), wanted)
    assert close(f(x * 3, weights=w * 3), wanted)


@every_measure
@given(county=counties(), at=st.integers(0, 15), value=st.sampled_from([math.nan, math.inf, -math.inf, -1, 0.0, 1e300]))
def test_a_school_without_students_is_not_there(measure, county, at, value):
    x, w = county
    f, _ = MEASURES[measure]
    more = f([*x[:at], value, *x[at:]], weights=[*w[:at], 0, *w[at:]])
    assert close(more, f(x, weights=w))


@every_measure
@given(county=counties(), data=st.data())
def test_the_order_of_schools_does_not_matter(measure, county, data):
    x, w = map(np.array, county)
    order = data.draw(st.permutations(range(x.size)))
    f, _ = MEASURES[measure]
    assert close(f(x[order], weights=w[order]), f(x, weights=w))


@every_measure
@given(province=provinces(cells=VALUES | st.sampled_from([math.nan, 0.0])))
def test_groups_are_a_loop_and_a_matrix_is_its_columns(measure, province):
    x, w, by = province
    f, _ = MEASURES[measure]
    got = f(x, weights=w, by=by)
    assert got.index.tolist() == sorted(set(by))
    for j in range(x.shape[1]):
        assert close(f(x[:, j], weights=w, by=by), got[j])
        for label in got.index:
            at = np.array(by) == label
            assert close(got.loc[label, j], f(x[at, j], weights=w[at]))
    assert close(f(x, weights=w), [f(x[:, j], weights=w) for j in range(x.shape[1])])


@every_measure
@given(data=st.data(), province=provinces())
def test_a_gap_stays_in_its_group_and_column(measure, data, province):
    x, w, by = province
    f, _ = MEASURES[measure]
    before = f(x, weights=w, by=by)
    row, column = data.draw(st.integers(0, len(by) - 1)), data.draw(st.integers(0, x.shape[1] - 1))
    x[row, column] = data.draw(st.sampled_from([math.nan, math.inf, -math.inf, -1.0]))
    after = f(x, weights=w, by=by)
    if w[row]:
        assert math.isnan(after.loc[by[row], column])
        before.loc[by[row], column] = math.nan
    pd.testing.assert_frame_equal(after, before, rtol=1e-13, atol=1e-13)


@every_measure
def test_what_is_undefined_is_nan(measure):
    f, _ = MEASURES[measure]
    for x, w in [
        ([], None),
        ([1.0, 2.0], [0, 0]),
        ([0.0, 0.0], None),
        ([-1.0, -2.0], None),
        ([-1.0, 4.0], None),
        ([math.nan, 1.0], None),
        ([math.inf, 1.0], None),
        ([1.0, 2.0], [math.nan, 1.0]),
    ]:
        got = f(x, weights=w)
        assert isinstance(got, float) and math.isnan(got), (x, w)
    assert f([2.5], weights=[7]) == pytest.approx(EQUAL.get(measure, 0), abs=1e-15)


@every_measure
def test_senseless_arguments_are_refused(measure):
    f, _ = MEASURES[measure]
    for kwargs in (
        {"weights": [-1.0, 1.0]},
        {"weights": [math.inf, 1.0]},
        {"weights": ["a", "b"]},
        {"weights": [1.0]},
        {"weights": None, "by": ["A"]},
        {"weights": None, "by": ["A", None]},
    ):
        with pytest.raises(jh.InputError):
            f([1.0, 2.0], **kwargs)
    with pytest.raises(jh.InputError):
        f(["x", "y"], weights=None)
    with pytest.raises(jh.InputError):
        f(np.ones((2, 2, 2)), weights=None)
    with pytest.raises(jh.AlignmentError):
        f(pd.Series([1.0, 2.0]), weights=pd.Series([1, 2], index=[1, 0]))
    with pytest.raises(TypeError):
        f([1.0, 2.0])


@pytest.mark.parametrize(
    "call",
    [
        partial(jh.generalized_entropy, alpha=math.nan),
        partial(jh.generalized_entropy, alpha="x"),
        partial(jh.generalized_entropy, alpha=math.inf),
        partial(jh.atkinson, epsilon=-0.5),
        partial(jh.atkinson, epsilon=[1, 2]),
        partial(jh.quantile_ratio, upper=0.1, lower=0.9),
        partial(jh.quantile_ratio, upper=1.1),
        partial(jh.quantile_ratio, lower=0),
        partial(jh.share_of_bottom, share=20),
        partial(jh.share_of_top, share=-0.1),
        partial(jh.concentration_index, rank=[1.0]),
        partial(jh.concentration_curve, rank=[[1.0], [2.0]]),
    ],
)
def test_senseless_parameters_are_refused(call):
    with pytest.raises(jh.InputError):
        call([1.0, 2.0], weights=None)


@every_measure
def test_frames_of_all_libraries(measure):
    f, _ = MEASURES[measure]
    data = {"a": [1.0, 2.0, 4.0, 3.0], "b": [2.0, 2.0, 5.0, 1.0]}
    w, by = [5, 1, 2, 2], ["x", "x", "y", "y"]
    wanted = f(pd.DataFrame(data), weights=pd.Series(w), by=pd.Series(by, name="county"))
    assert list(wanted.columns) == ["a", "b"] and wanted.index.name == "county"
    for frame, weight, labels in [
        (pl.DataFrame(data), pl.Series(w), pl.Series("county", by)),
        (pa.table(data), pa.chunked_array([w]), {"county": pa.chunked_array([by])}),
    ]:
        got = f(frame, weights=weight, by=labels)
        assert type(got) is type(frame)
        named = got.to_pandas().set_index("county")
        np.testing.assert_array_equal(named.to_numpy(), wanted.to_numpy())
        assert list(named.columns) == ["a", "b"] and named.index.tolist() == ["x", "y"]
    assert f(data["a"], weights=w, by={"p": ["s"] * 4, "c": by}).index.names == ["p", "c"]


@every_measure
def test_inputs_are_only_read_and_large_groups_are_like_small_ones(measure):
    rng = np.random.default_rng(5)
    sizes = [1, 2, 3, 70_000, 40, 41, 44, 50] * 2
    by = np.repeat(np.arange(len(sizes)), sizes)
    rng.shuffle(by)
    x, w = rng.lognormal(0, 0.4, by.size), rng.integers(0, 900, by.size).astype(float)
    w[np.unique(by, return_index=True)[1]] = 7.0  # somebody in every group
    x.setflags(write=False)
    w.setflags(write=False)
    f, _ = MEASURES[measure]
    got = f(x, weights=w, by=by)
    for g in (0, 3, 4, 7, 11, 15):
        np.testing.assert_allclose(got[g], f(x[by == g], weights=w[by == g]), rtol=1e-12, atol=1e-12)


def test_nearly_equal_values_keep_their_digits():
    """Where the textbook forms lose everything: values that differ in the ninth digit."""
    x = [1.0, 1.0 + 2.0**-30, 1.0 + 3 * 2.0**-30]
    for alpha in (-1, 0, 0.5, 1, 1.5, 2, 3):
        wanted = exact.entropy(alpha)(x, None)
        assert jh.generalized_entropy(x, weights=None, alpha=alpha) == pytest.approx(float(wanted), rel=1e-6)
    assert jh.gini(x, weights=None) == pytest.approx(float(exact.gini(x, None)), rel=1e-15)


def test_what_overflows_is_not_a_number():
    assert math.isnan(jh.atkinson([1e-300, 1.0], weights=None, epsilon=900))
    assert math.isnan(jh.generalized_entropy([1e-300, 1.0], weights=None, alpha=-900))


# ------------------------------------------------------------------------------------------------ curves


@given(county=counties(), data=st.data())
def test_concentration_is_its_definition(county, data):
    x, w = county
    rank = data.draw(st.lists(st.integers(-3, 3), min_size=len(x), max_size=len(x)))
    got = jh.concentration_index(x, weights=w, rank=rank)
    assert oracle.error(got, exact.concentration_index(x, w, rank)) <= 1
    curve = jh.concentration_curve(x, weights=w, rank=rank)
    assert close(1 - 2 * curve["area"].iloc[-1], got)
    assert close(jh.concentration_index(x, weights=w, rank=x), jh.gini(x, weights=w))


@given(county=counties())
def test_a_lorenz_curve_bends_one_way_and_its_area_is_the_gini(county):
    x, w = county
    curve = jh.lorenz_curve(x, weights=w)
    assert curve.iloc[0].tolist() == [0, 0, 0] and curve.iloc[-1, :2].tolist() == [1, 1]
    assert close(1 - 2 * curve["area"].iloc[-1], jh.gini(x, weights=w))
    assert (np.diff(curve["population"]) > 0).all()
    slopes = np.diff(curve["amount"]) / np.diff(curve["population"])
    assert (np.diff(slopes) >= -1e-7 * slopes.max()).all()
    share = float(curve["population"].iloc[len(curve) // 2])
    assert close(jh.share_of_bottom(x, weights=w, share=share), curve["amount"].iloc[len(curve) // 2])
    assert np.max(curve["population"] - curve["amount"]) == pytest.approx(jh.hoover(x, weights=w), abs=1e-12)


def test_curves_of_groups_and_gaps():
    x = pd.DataFrame({"a": [1.0, 3.0, math.nan, 2.0], "b": [1.0, 1.0, 2.0, 6.0]})
    curve = jh.lorenz_curve(x, weights=[1, 1, 1, 1], by=pd.Series(["A", "A", "B", "B"], name="county"))
    assert list(curve.columns) == ["county", "indicator", "population", "amount", "area"]
    of = curve.set_index(["county", "indicator"])
    assert of.loc[("B", "a")].isna().all(axis=None) and len(of.loc[[("B", "a")]]) == 1
    assert of.loc[("A", "b"), "amount"].tolist() == [0, 1]
    assert of.loc[("A", "a"), "amount"].tolist() == [0, 0.25, 1]
    assert math.isnan(jh.concentration_index([1.0, 2.0], weights=None, rank=[math.nan, 1]))
    assert jh.concentration_index([9.0, 1.0, 2.0], weights=[0, 1, 1], rank=[math.nan, 1, 2]) == pytest.approx(1 / 6)
    assert jh.lorenz_curve([], weights=None).empty
    assert math.isnan(jh.lorenz_curve([1.0], weights=[0]).iloc[0, 0])


@given(province=provinces(cells=VALUES | st.sampled_from([math.nan, 0.0, 7.0])), data=st.data())
def test_curves_of_groups_are_a_loop(province, data):
    x, w, by = province
    rank = np.array(
        data.draw(st.lists(st.sampled_from([1.0, 2.0, math.inf, math.nan]), min_size=len(by), max_size=len(by)))
    )
    for f in (jh.lorenz_curve, lambda *a, **k: jh.concentration_curve(*a, **k)):
        ranked = {} if f is jh.lorenz_curve else {"rank": rank}
        got = f(x, weights=w, by=by, **ranked).set_index(["group", "indicator"])
        assert got.index.is_monotonic_increasing
        for g, j in set(got.index):
            at = np.array(by) == g
            alone = f(x[at, j], weights=w[at], **({"rank": rank[at]} if ranked else {}))
            assert close(got.loc[[(g, j)]], alone)
            if not ranked:
                assert close(1 - 2 * alone["area"].iloc[-1], jh.gini(x[at, j], weights=w[at]))
            else:
                index = jh.concentration_index(x[at, j], weights=w[at], rank=rank[at])
                assert close(1 - 2 * alone["area"].iloc[-1], index)


# ------------------------------------------------------------------------------------------------- peers


def test_numpy_has_the_same_quantiles():
    rng = np.random.default_rng(1)
    x, w = rng.lognormal(size=200), rng.integers(1, 50, 200)
    for u, low in [(0.9, 0.1), (0.8, 0.2), (0.75, 0.25), (1.0, 0.5)]:
        high, bottom = np.quantile(x, [u, low], weights=w, method="inverted_cdf")
        assert jh.quantile_ratio(x, weights=w, upper=u, lower=low) == high / bottom


def test_scipy_has_the_same_dispersion():
    from scipy import stats

    x = np.random.default_rng(2).lognormal(size=100)
    assert jh.generalized_entropy(x, weights=None, alpha=2) == pytest.approx(stats.variation(x) ** 2 / 2, rel=1e-13)
    assert jh.log_variance(x, weights=None) == pytest.approx(np.var(np.log(x)), rel=1e-13)
    assert jh.atkinson(x, weights=None, epsilon=1) == pytest.approx(1 - stats.gmean(x) / x.mean(), rel=1e-13)
    assert jh.atkinson(x, weights=None, epsilon=2) == pytest.approx(1 - stats.hmean(x) / x.mean(), rel=1e-13)
    assert jh.theil_t(x, weights=None) == pytest.approx(np.log(100) - stats.entropy(x), rel=1e-12)
    assert jh.theil_l(x, weights=None) == pytest.approx(stats.entropy(np.full(100, 0.01), x), rel=1e-12)


def test_pysal_has_the_same_gini_and_theil():
    with pytest.MonkeyPatch.context() as patch:
        # its imports warn of other libraries' future
        import warnings

        patch.setattr(warnings, "warn", lambda *a, **k: None)
        gini = pytest.importorskip("inequality.gini", reason="the extra 'compare' (PySAL inequality) is not installed")
        theil = pytest.importorskip("inequality.theil")
        x = np.random.default_rng(3).lognormal(size=60)
        assert jh.gini(x, weights=None) == pytest.approx(gini.Gini(x).g, rel=1e-12)
        assert jh.theil_t(x, weights=None) == pytest.approx(theil.Theil(x).T, rel=1e-12)
        by = np.repeat(np.arange(6), 10)
        peer = theil.TheilD(x, by)
        mine = jh.decompose(x, weights=None, by=by, measure="theil_t").iloc[0]
        assert mine["between"] == pytest.approx(float(np.ravel(peer.bg)[0]), rel=1e-10)
        assert mine["within"] == pytest.approx(float(np.ravel(peer.wg)[0]), rel=1e-10)


def test_a_fraction_stays_a_fraction():
    """The oracle itself, on a case anyone can do by hand."""
    assert exact.gini([1, 3], [1, 1]) == Fraction(1, 4) and exact.hoover([1, 3], None) == Fraction(1, 4)
