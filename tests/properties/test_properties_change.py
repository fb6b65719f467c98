"""Change between years, convergence, gaps, ranks and percentiles."""

import math
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_properties_inequality import VALUES, WEIGHTS, close

import junheng as jh

PARTS = ["from_values", "from_weights", "from_entry", "from_exit"]


@st.composite
def two_years(draw):
    rows = draw(
        st.lists(
            st.tuples(st.sampled_from([2024, 2025]), st.integers(0, 6), st.sampled_from("AB"), VALUES, WEIGHTS),
            min_size=2,
            max_size=20,
            unique_by=lambda r: r[:3],
        ).filter(lambda rows: len({r[0] for r in rows}) == 2)
    )
    return pd.DataFrame(rows, columns=["year", "school", "county", "x", "w"])


def by_hand(before, after):
    """Mean over all 24 orders of the four steps, each state written out as a list of schools."""

    def state(steps):
        x, w = [], []
        for s in before.index.union(after.index):
            stays = s in before.index and s in after.index
            if stays:
                x.append((after if "values" in steps else before).loc[s, "x"])
                w.append((after if "weights" in steps else before).loc[s, "w"])
            elif s in after.index and "entry" in steps:
                x.append(after.loc[s, "x"])
                w.append(after.loc[s, "w"])
            elif s in before.index and "exit" not in steps:
                x.append(before.loc[s, "x"])
                w.append(before.loc[s, "w"])
        return jh.difference_coefficient(x, weights=w)

    out = dict.fromkeys(("values", "weights", "entry", "exit"), 0.0)
    for order in permutations(out):
        for i, step in enumerate(order):
            out[step] += (state(order[: i + 1]) - state(order[:i])) / 24
    return list(out.values())


@given(two_years())
def test_parts_sum_to_the_change(t):
    got = jh.coefficient_change(t["x"], weights=t["w"], years=t["year"], schools=t["school"], by=t["county"])
    got = got.set_index("county")
    for county, rows in t.groupby("county"):
        before, after = (rows[rows["year"] == y].set_index("school") for y in (2024, 2025))
        row = got.loc[county]
        assert close(row["before"], jh.difference_coefficient(before["x"], weights=before["w"]))
        assert close(row["after"], jh.difference_coefficient(after["x"], weights=after["w"]))
        stayed = before.index.intersection(after.index)
        assert row[["stayed", "entered", "left"]].tolist() == [
            len(stayed), len(after) - len(stayed), len(before) - len(stayed),
        ]  # fmt: skip
        if len(stayed):
            assert close(row[PARTS].sum(), row["change"])
    # one county by the long way
    county = t["county"].iloc[0]
    rows = t[t["county"] == county]
    before, after = (rows[rows["year"] == y].set_index("school") for y in (2024, 2025))
    if len(before.index.intersection(after.index)):
        assert close(got.loc[county, PARTS], by_hand(before, after))


def test_what_stays_moves_nothing():
    x, w = [1.0, 2.0, 4.0], [10, 20, 30]
    years, schools = [1] * 3 + [2] * 3, ["a", "b", "c"] * 2

    def parts(x2, w2):
        got = jh.coefficient_change(x + x2, weights=w + w2, years=years, schools=schools)
        return got.loc[0, PARTS].to_numpy(dtype=float)

    assert (parts(x, w) == 0).all()
    assert (parts(x, [10, 20, 60])[[0, 2, 3]] == 0).all() and parts(x, [10, 20, 60])[1] != 0
    assert (parts([2.0, 2.0, 4.0], w)[1:] == 0).all()
    # weight 0 is absent: a school that closes
    assert (parts(x, [0, 20, 30])[:3] == 0).all() and parts(x, [0, 20, 30])[3] != 0
    gone = jh.coefficient_change([1.0, 2.0, 3.0, 4.0], weights=None, years=[1, 1, 2, 2], schools=list("abcd"))
    assert gone[PARTS].isna().all(axis=None) and gone["change"].notna().all()
    wide = jh.coefficient_change(np.ones((6, 2)), weights=w + w, years=years, schools=schools)
    assert wide["indicator"].tolist() == [0, 1]


@pytest.mark.parametrize(
    "kwargs",
    [
        {"years": [1, 1]},
        {"years": [1, None]},
        {"years": [1, 1], "schools": ["a", "a"]},
        {"years": [1]},
        {"schools": ["a", None]},
        {"weights": [-1, 1]},
    ],
)
def test_change_bad_input(kwargs):
    with pytest.raises(jh.InputError):
        jh.coefficient_change([1.0, 2.0], **({"weights": None, "years": [1, 2], "schools": ["a", "a"]} | kwargs))
    with pytest.raises(jh.InputError, match="duplicate school"):
        jh.coefficient_change([1.0] * 3, weights=None, years=[1, 1, 2], schools=["a", "a", "a"])


def test_convergence():
    rng = np.random.default_rng(4)
    x, w = rng.lognormal(1, 0.5, 30), rng.integers(1, 9, 30)
    after = x**0.8 * rng.lognormal(0.1, 0.02, 30)
    got = jh.sigma_convergence([*x, *after], weights=[*w, *w], years=pd.Series([2020] * 30 + [2025] * 30, name="year"))
    assert got["year"].tolist() == [2020, 2025] and (got.diff().iloc[1][["coefficient", "sigma"]] < 0).all()
    assert close(got["coefficient"].iloc[0], jh.difference_coefficient(x, weights=w))
    assert close(got["sigma"].iloc[1], np.sqrt(jh.log_variance(after, weights=w)))

    from scipy import stats

    beta = jh.beta_convergence(x, after, weights=None, periods=5)
    peer = stats.linregress(np.log(x), np.log(after / x) / 5)
    for name, wanted in {
        "slope": peer.slope,
        "intercept": peer.intercept,
        "standard_error": peer.stderr,
        "r_squared": peer.rvalue**2,
        "speed": -np.log(1 + 5 * peer.slope) / 5,
        "half_life": np.log(2) * 5 / -np.log(1 + 5 * peer.slope),
    }.items():
        assert beta[name] == pytest.approx(wanted, rel=1e-10), name
    repeated = jh.beta_convergence(np.repeat(x, w), np.repeat(after, w), weights=None, periods=5)
    names = ["slope", "intercept", "r_squared", "speed", "half_life"]
    assert close(jh.beta_convergence(x, after, weights=w, periods=5)[names], repeated[names], 100)
    assert jh.beta_convergence([1, 2, 0], [1, 2, 3], weights=[1, 1, 0])["counties"] == 2
    for first in ([1.0, 1.0, 1.0], [1.0, 0.0, 2.0], [1.0, math.nan, 2.0], [1.0, -1.0, 2.0]):
        assert jh.beta_convergence(first, [1.0, 2.0, 3.0], weights=None).drop("counties").isna().all()
    for bad in ({"periods": 0}, {"periods": -1}, {"weights": [1, 2]}, {"weights": [-1, 1, 1]}):
        with pytest.raises(jh.InputError):
            jh.beta_convergence([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], **({"weights": None} | bad))
    with pytest.raises(jh.InputError):
        jh.sigma_convergence([1.0], weights=None, years=None)


def test_gap_ratio():
    x, w, place = [6.0, 5.0, 4.0, 8.0], [50, 50, 10, 10], ["city", "town", "rural", "rural"]
    got = jh.gap_ratio(x, weights=w, where=place, group=["city", "town"], reference="rural")
    assert got == pytest.approx(5.5 / 6)
    by = jh.gap_ratio(x, weights=w, where=place, group="town", reference="rural", by=["A", "A", "A", "B"])
    assert by["A"] == 1.25 and math.isnan(by["B"])
    # a gap elsewhere than on the two sides does not matter
    assert jh.gap_ratio([math.nan, 5.0, 4.0], weights=None, where=place[:3], group="town", reference="rural") == 1.25
    assert math.isnan(
        jh.gap_ratio([math.nan, 5.0, 4.0], weights=None, where=place[:3], group="city", reference="rural")
    )
    assert math.isnan(jh.gap_ratio([1.0, 0.0], weights=None, where=["u", "l"], group="u", reference="l"))
    for kwargs in (
        {"group": "county"},
        {"group": "rural"},
        {"group": []},
        {"where": ["city", "town", "rural"]},
        {"where": ["city", "town", "rural", None]},
    ):
        with pytest.raises(jh.InputError):
            jh.gap_ratio(x, weights=w, **({"where": place, "group": "city", "reference": "rural"} | kwargs))


@given(st.lists(st.sampled_from([1.0, 2.0, 2.5, math.nan, -1.0]), max_size=20), st.data())
def test_ranks_and_percentiles_are_those_of_scipy(x, data):
    from scipy import stats

    by = data.draw(st.lists(st.sampled_from("AB"), min_size=len(x), max_size=len(x)))
    values = np.array(x, dtype=float)
    for ties in ("min", "average", "dense"):
        for largest_first in (True, False):
            got = jh.ranking(values, by=by, ties=ties, largest_first=largest_first)
            for label in set(by):
                at = np.flatnonzero((np.array(by) == label) & ~np.isnan(values))
                np.testing.assert_array_equal(got[at], stats.rankdata((-values if largest_first else values)[at], ties))
            assert (np.isnan(got) == np.isnan(values)).all()
    known = values[~np.isnan(values)]
    got = jh.percentile_rank(values, weights=None)
    assert close(got[~np.isnan(values)], [stats.percentileofscore(known, v, "mean") for v in known], 100)
    w = data.draw(st.lists(st.integers(1, 4), min_size=len(x), max_size=len(x)))
    again = jh.percentile_rank(np.repeat(values, w), weights=None)
    assert close(np.repeat(jh.percentile_rank(values, weights=w), w), again, 100)


def test_ranks_bad_input_and_shapes():
    with pytest.raises(jh.InputError):
        jh.ranking([1.0], ties="max")
    with pytest.raises(jh.InputError):
        jh.percentile_rank([1.0], weights=[-1])
    assert jh.ranking(np.ones((3, 2))).shape == (3, 2) and jh.percentile_rank([7.0], weights=[3]).tolist() == [50]
    got = jh.percentile_rank([1.0, 2.0, 1.0, 2.0], weights=[math.nan, 1, 1, 1], by=list("AABB"))
    assert np.isnan(got[:2]).all() and got[2:].tolist() == [25, 75]
    assert np.isnan(jh.percentile_rank([1.0, 2.0], weights=[0, 0])).all()
