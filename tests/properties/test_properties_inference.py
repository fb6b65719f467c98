"""Influence, bootstrap and tipping errors: against brute force, against scipy, and with a fixed seed."""

import math
from types import SimpleNamespace

import numpy as np
import oracle
import oracle_inequality
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_properties_inequality import VALUES, close, provinces

import junheng as jh
from junheng.indicators import inference

# ---------------------------------------------------------------------------------------------- influence


MEASURES = {"difference_coefficient": oracle.difference_coefficient, "gini": oracle_inequality.gini}


@pytest.mark.parametrize("measure", MEASURES)
@given(province=provinces(cells=VALUES | st.just(0.0) | st.sampled_from([math.nan, 5.0, -3.0])))
def test_influence_is_leaving_out(measure, province):
    """Against the exact measure with and without each school."""
    x, w, by = province
    got = jh.influence(x, weights=w, by=by, measure=measure)
    exactly = MEASURES[measure]
    assert got.shape == x.shape
    for i in range(len(by)):
        at = [k for k in range(len(by)) if by[k] == by[i]]
        rest = [k for k in at if k != i]
        for j in range(x.shape[1]):
            whole = exactly(x[at, j].tolist(), w[at].tolist())
            left = exactly(x[rest, j].tolist(), w[rest].tolist())
            if whole is None:
                wanted = None
            elif w[i] == 0:
                wanted = 0
            else:
                wanted = None if left is None else left - whole
            unit = 1 if wanted is None else max(1, abs(left or 0), abs(whole))
            assert oracle.error(got[i, j], wanted, float(unit)) <= 1


def test_influence_where_nothing_is_left():
    assert jh.influence([5.0, 5.0, 1.0], weights=None)[2] == pytest.approx(
        -jh.difference_coefficient([5.0, 5.0, 1.0], weights=None), abs=1e-15
    )
    assert np.isnan(jh.influence([0.0, 0.0, 4.0], weights=None)[2])
    assert np.isnan(jh.influence([3.0], weights=None)).all()
    rng = np.random.default_rng(0)
    by = rng.permutation(np.repeat(np.arange(3000), 2))  # in pairs everything cancels
    x = rng.lognormal(size=by.size)
    np.testing.assert_array_equal(
        jh.influence(x, weights=None, by=by), -jh.difference_coefficient(x, weights=None, by=by).to_numpy()[by]
    )


def test_influence_on_the_gini_of_one_large_group_where_few_digits_are_left():
    """Ties, absent schools and one that has nearly all of everything, against the measure computed without each."""
    rng = np.random.default_rng(1)
    x = np.append(rng.integers(0, 40, 1500) / 4, 1e9)
    w = np.append(rng.integers(0, 2000, 1500), 1e7)
    got = jh.influence(np.stack([x, np.full(x.size, 0.1)], axis=1), weights=w, measure="gini")
    assert (got[:, 1] == 0).all()  # among equals nobody makes a difference, to the last bit
    whole = jh.gini(x, weights=w)
    for i in (*range(0, 1500, 97), 1500):
        wanted = jh.gini(np.delete(x, i), weights=np.delete(w, i)) - whole if w[i] else 0
        assert got[i, 0] == pytest.approx(wanted, rel=1e-9, abs=1e-13)


# ---------------------------------------------------------------------------------------------- bootstrap


def coefficient(x, w, axis=-1):
    mean = (x * w).sum(axis) / w.sum(axis)
    return np.sqrt((w * (x - np.expand_dims(mean, axis)) ** 2).sum(axis) / w.sum(axis)) / mean


@pytest.fixture
def county():
    rng = np.random.default_rng(8)
    return rng.lognormal(0, 0.5, 40), rng.integers(50, 2000, 40).astype(float)


def test_resampled_coefficients_are_those_of_repeated_rows(county):
    x, w = county
    x = np.stack([x, x[::-1] ** 2], axis=1)
    rows = np.arange(40).reshape(2, 20)
    counts = inference._counts(np.random.default_rng(1), 20, 37, 10)
    assert counts.shape == (4, 20, 10) and (counts.transpose(0, 2, 1).reshape(-1, 20)[:37].sum(axis=1) == 20).all()
    out = np.empty((2, 2, 37))
    mean = np.stack([np.average(x[r], axis=0, weights=w[r]) for r in rows])
    inference._coefficients([x[:, 0], x[:, 1]], w[rows], mean, rows, counts, out)
    flat = counts.transpose(0, 2, 1).reshape(-1, 20)[:37].astype(int)
    for g in range(2):
        for j in range(2):
            for r in (0, 5, 36):
                wanted = jh.difference_coefficient(
                    np.repeat(x[rows[g], j], flat[r]), weights=np.repeat(w[rows[g]], flat[r])
                )
                assert close(out[g, j, r], wanted)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_scipy_has_the_same_interval(method, county):
    from scipy import stats

    x, w = county
    mine = jh.bootstrap_interval(x, weights=w, resamples=4000, method=method, seed=3).iloc[0]
    # the same draws, given to scipy as an earlier result, leave only the limits to be computed
    counts = inference._counts(np.random.default_rng(3), 40, 4000, 6).transpose(0, 2, 1).reshape(-1, 40)[:4000]
    drawn = coefficient(x, counts * w)
    peer = stats.bootstrap(
        (x, w),
        coefficient,
        n_resamples=0,
        paired=True,
        vectorized=True,
        method="BCa" if method == "bca" else "percentile",
        bootstrap_result=SimpleNamespace(bootstrap_distribution=drawn),
    )
    assert mine["low"] == pytest.approx(peer.confidence_interval.low, rel=1e-10)
    assert mine["high"] == pytest.approx(peer.confidence_interval.high, rel=1e-10)
    assert mine["standard_error"] == pytest.approx(peer.standard_error, rel=1e-10)
    own = stats.bootstrap((x, w), coefficient, paired=True, n_resamples=4000, method=peer_name(method), random_state=1)
    assert mine["low"] == pytest.approx(own.confidence_interval.low, rel=0.05)
    assert mine["high"] == pytest.approx(own.confidence_interval.high, rel=0.05)


def peer_name(method):
    return {"bca": "BCa", "percentile": "percentile"}[method]


@pytest.mark.parametrize(("method", "least"), [("percentile", 0.84), ("bca", 0.87)])
def test_intervals_cover(method, least):
    """400 counties of 50 schools out of one world: the coefficient of that world lies inside about 95 % of the time."""
    rng = np.random.default_rng(11)
    by = np.repeat(np.arange(400), 50)
    x = rng.gamma(9.0, size=by.size)  # its coefficient is 1/3
    got = jh.bootstrap_interval(x, weights=None, by=by, method=method)
    share = ((got["low"] <= 1 / 3) & (got["high"] >= 1 / 3)).mean()
    assert least <= share <= 0.99


def test_seeds_groups_and_chunks(county, monkeypatch):
    x, w = county
    table = pd.DataFrame({"a": x, "b": x[::-1]})
    by = pd.Series(np.repeat(list("ABCD"), 10), name="county")
    seen = []
    one = jh.bootstrap_interval(table, weights=w, by=by, seed=5, progress=lambda done, of: seen.append((done, of)))
    assert list(one.columns) == ["county", "indicator", "estimate", "low", "high", "standard_error", "schools"]
    assert one["county"].tolist() == list("AABBCCDD") and seen[-1] == (40, 40)
    pd.testing.assert_frame_equal(one, jh.bootstrap_interval(table, weights=w, by=by, seed=np.random.default_rng(5)))
    assert not one.equals(jh.bootstrap_interval(table, weights=w, by=by, seed=6))
    assert ((one["low"] <= one["estimate"]) & (one["estimate"] <= one["high"])).mean() >= 0.75
    # an absent school changes nothing, and neither does the order of the columns or the size of the chunks
    more = pd.concat([table, pd.DataFrame({"a": [math.nan], "b": [1e9]})], ignore_index=True)
    again = jh.bootstrap_interval(more, weights=[*w, 0], by=[*by, "B"], seed=5)
    pd.testing.assert_frame_equal(one, again.rename(columns={"group": "county"}), rtol=1e-12)
    monkeypatch.setattr(inference, "_HOT", 1000)
    monkeypatch.setattr(inference, "_PRODUCT", 777)
    pd.testing.assert_frame_equal(one, jh.bootstrap_interval(table, weights=w, by=by, seed=5), rtol=1e-12)
    composite = jh.bootstrap_interval(table, weights=w, by=by, measure="composite", seed=5)
    assert len(composite) == 4 and "indicator" not in composite
    assert close(composite["estimate"], one.groupby("county")["estimate"].mean())
    monkeypatch.setattr(inference, "_CELLS", 3000)  # counts no longer fit: slab by slab
    slabs = jh.bootstrap_interval(table, weights=w, by=by, seed=5)
    assert close(slabs["estimate"], one["estimate"]) and slabs["low"].notna().all()


def test_what_cannot_be_resampled_is_nan():
    got = jh.bootstrap_interval(
        [1.0, 2.0, 3.0, math.nan, 1.0, 0.0, 0.0, 4.0, 2.0, 2.0],
        weights=None,
        by=list("ABBCCDDDEE"),
        resamples=200,
    ).set_index("group")
    assert got.loc["A", "estimate"] == 0 and got.loc["A", ["low", "high", "standard_error"]].isna().all()
    assert got.loc["B"].notna().all()
    assert got.loc[["C"], ["estimate", "low", "high", "standard_error"]].isna().all(axis=None)
    assert got.loc["D", ["low", "high"]].isna().all()
    assert got.loc["E", ["estimate", "low", "high"]].tolist() == [0, 0, 0]
    alike = jh.bootstrap_interval([2.0, 2.0], weights=None, method="bca")
    assert alike.loc[0, ["low", "high"]].isna().all()
    assert jh.bootstrap_interval([1.0, 2.0], weights=[0, 0], by=[1, 1])["schools"].tolist() == [0]
    for method in ("percentile", "bca"):
        assert jh.bootstrap_interval(np.ones((3, 0)), weights=None, method=method).empty
        assert jh.bootstrap_interval([], weights=None, method=method).empty
    assert jh.influence(np.ones((3, 0)), weights=None).shape == (3, 0)
    assert jh.decompose(np.ones((3, 0)), weights=None, by=[1, 1, 2]).empty
    assert jh.lorenz_curve(np.ones((3, 0)), weights=None).empty and jh.gini(np.ones((3, 0)), weights=None).size == 0


@pytest.mark.parametrize(
    "kwargs",
    [
        {"measure": "ginni"},
        {"measure": "composite"},
        {"measure": "gini", "epsilon": 1},
        {"measure": "adequacy_index"},
        {"measure": "atkinson", "epsilon": -1},
        {"method": "basic"},
        {"level": 1},
        {"level": 95},
        {"level": 0},
        {"resamples": 1},
        {"resamples": 10.5},
        {"resamples": True},
        {"seed": None},
        {"seed": -1},
        {"seed": 0.5},
        {"weights": [1, -1]},
        {"by": ["A", None]},
    ],
)
def test_bad_input(kwargs):
    with pytest.raises(jh.InputError):
        jh.bootstrap_interval([1.0, 2.0], **({"weights": None} | kwargs))


# -------------------------------------------------------------------------------------------- tipping error


@given(provinces(cells=VALUES | st.just(0.0)), st.floats(0.1, 0.8), st.sampled_from(["value", "students"]))
def test_the_error_puts_the_coefficient_on_the_limit_and_no_smaller_one_does(province, limit, cell):
    x, w, by = province
    got = jh.tipping_error(x, weights=w, limit=limit, by=by, cell=cell)
    for i in range(len(by)):
        at = np.array(by) == by[i]
        for j in range(x.shape[1]):
            cv = jh.difference_coefficient(x[at, j], weights=w[at])
            e = got[i, j]
            assert math.isnan(e) == (math.isnan(cv) or w[i] == 0)
            if math.isnan(e):
                continue

            def after(e, i=i, j=j, at=at):
                y, v = x[:, j].copy(), w.astype(float)
                if cell == "value":
                    y[i] *= 1 + e
                else:
                    y[i], v[i] = y[i] / (1 + e), v[i] * (1 + e)
                return jh.difference_coefficient(y[at], weights=v[at])

            if math.isfinite(e) and e > -0.99:  # of hardly anything left the last digits are lost
                assert after(e) == pytest.approx(limit, rel=1e-6)
            for part in (0.1, 0.5, 0.9, 0.99):  # nothing nearer turns it
                for sign in (-1, 1):
                    try_ = sign * part * min(abs(e), 50.0)
                    if try_ > -1:
                        assert (after(try_) <= limit + 1e-9) == (cv <= limit + 1e-9) or abs(cv - limit) < 1e-6


def test_tipping_bad_input_and_reasons():
    for kwargs in ({"limit": 0}, {"limit": -0.5}, {"limit": math.nan}, {"limit": [0.5, 0.5]}, {"limit": "x"}):
        with pytest.raises(jh.InputError):
            jh.tipping_error([1.0, 2.0], weights=None, **kwargs)
    with pytest.raises(jh.InputError):
        jh.tipping_error([1.0, 2.0], weights=None, limit=0.5, cell="teachers")
    assert np.isnan(jh.tipping_error([-1.0, 4.0], weights=None, limit=0.5)).all()
    assert np.isinf(jh.tipping_error([0.0, 4.0], weights=None, limit=0.5)[0])
    two = jh.tipping_error([[1.0, 1.0], [3.0, 3.0]], weights=None, limit=[0.4, 0.5])
    assert two[0, 1] == 0 and two[0, 0] > 0
