"""Within and between: the parts sum to the whole, and are what they are called."""

import math

import numpy as np
import oracle
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from test_properties_inequality import VALUES, WEIGHTS, close

import junheng as jh

WHOLE = {
    "theil_t": jh.theil_t,
    "theil_l": jh.theil_l,
    "ge2": jh.generalized_entropy,
    "cv2": lambda *a, **k: jh.difference_coefficient(*a, **k) ** 2,
    "variance": lambda *a, **k: jh.weighted_std(*a, **k) ** 2,
    "generalized_entropy": jh.generalized_entropy,
    "gini": jh.gini,
}
every_measure = pytest.mark.parametrize("measure", WHOLE)
every_order = pytest.mark.parametrize("order", ["nested", "shapley"])


@st.composite
def nations(draw):
    """Schools with a city, a county whose name may occur in several, and a kind of place."""
    n = draw(st.integers(1, 25))
    x = draw(st.lists(VALUES, min_size=n, max_size=n))
    w = draw(st.lists(st.just(0) | WEIGHTS, min_size=n, max_size=n))
    by = {c: draw(st.lists(st.sampled_from(s), min_size=n, max_size=n)) for c, s in
          (("city", "AB"), ("county", "甲乙丙"), ("place", "tr"))}  # fmt: skip
    return np.array(x), np.array(w), by


@every_measure
@every_order
@given(nation=nations())
def test_parts_sum_to_the_whole(measure, order, nation):
    x, w, by = nation
    parts = jh.decompose(x, weights=w, by=by, measure=measure, order=order)
    assert parts["level"].tolist() == ["city", "county", "place", "school"]
    total = WHOLE[measure](x, weights=w)
    unit = max(1.0, np.nan_to_num(total))
    assert close(parts["total"], [total] * 4)
    assert close(parts["between"] + parts["within"] + parts["overlap"], parts["total"], unit)
    assert close(parts["added"].sum(skipna=False), total, unit)
    if total > 1e-6:
        assert close(parts["share"].sum(), 1)
    if measure != "gini" and not math.isnan(total):
        assert (parts["overlap"] == 0).all()
        if order == "nested":
            assert (parts["added"] >= -1e-12 * unit).all()


@every_measure
@given(nation=nations())
def test_between_and_within_are_what_they_are_called(measure, nation):
    x, w, by = nation
    assume(w.any())
    f = WHOLE[measure]
    parts = jh.decompose(x, weights=w, by=by, measure=measure).set_index("level")
    keys = [f"{a}{b}" for a, b in zip(by["city"], by["county"], strict=True)]
    weight = pd.Series(w).groupby(keys).sum()
    there = weight > 0
    weight, mean = weight[there], jh.weighted_mean(x, weights=w, by=keys)[there]
    assert parts.loc["county", "groups"] == there.sum()
    assert parts.loc["school", "groups"] == (w > 0).sum()
    assert close(parts.loc["county", "between"], f(mean, weights=weight), max(1.0, parts["total"].iloc[0]))
    p = weight / weight.sum()
    s = mean / jh.weighted_mean(x, weights=w)
    squared = dict.fromkeys(("ge2", "cv2", "generalized_entropy"), p * s**2)
    power = (squared | {"theil_l": p, "theil_t": p * s, "variance": p, "gini": p * p * s})[measure]
    unit = max(1.0, parts["total"].iloc[0])
    assert close(parts.loc["county", "within"], (power * f(x, weights=w, by=keys)[there]).sum(), unit)
    if measure == "gini":
        # Lambert and Aronson: what is not overlap is the concentration of schools ranked within ranked counties
        order = np.lexsort((x, mean.reindex(keys).to_numpy()))
        rank = np.empty(x.size)
        rank[order] = np.arange(x.size)
        apart = jh.concentration_index(x, weights=w, rank=rank)
        tied = len(set(np.round(mean, 9))) < len(mean)
        assert tied or close(parts.loc["county", "overlap"], jh.gini(x, weights=w) - apart)
        assert parts.loc["county", "overlap"] >= -1e-12


@every_measure
@given(nation=nations())
def test_shapley_does_not_mind_the_order(measure, nation):
    x, w, by = nation
    here = jh.decompose(x, weights=w, by=by, measure=measure, order="shapley").set_index("level")["added"]
    there = jh.decompose(x, weights=w, by=dict(reversed(by.items())), measure=measure, order="shapley")
    unit = max(1.0, np.nan_to_num(here.sum()))
    assert close(here, there.set_index("level")["added"].reindex(here.index), unit)


def test_shapley_of_two_columns_is_the_mean_of_two_orders():
    x, by = [1.0, 2.0, 5.0, 9.0, 4.0], {"a": [0, 0, 1, 1, 1], "b": [0, 1, 0, 1, 1]}
    swapped = {"b": by["b"], "a": by["a"]}
    one, two = (jh.decompose(x, weights=None, by=b).set_index("level")["added"] for b in (by, swapped))
    got = jh.decompose(x, weights=None, by=by, order="shapley").set_index("level")["added"]
    assert close(got, (one + two[one.index]) / 2)


def test_a_gap_stays_in_its_column_and_frames_come_in():
    x = pd.DataFrame({"a": [1.0, math.nan, 3.0], "b": [1.0, 2.0, 4.0]})
    by = pd.DataFrame({"county": ["A", "A", "B"]})
    parts = jh.decompose(x, weights=pd.Series([1, 1, 1]), by=by)
    assert list(parts.columns) == [
        "measure", "indicator", "level", "groups", "between", "within", "overlap", "total", "added", "share",
    ]  # fmt: skip
    of = parts.set_index("indicator")
    assert of.loc["a", ["between", "within", "overlap", "total", "added", "share"]].isna().all(axis=None)
    assert close(of.loc["b", "added"].sum(), jh.theil_t([1.0, 2.0, 4.0], weights=None))
    named = jh.decompose([1.0, 2.0], weights=None, by=pd.Series([1, 2], name="kind"))
    assert named["level"].tolist() == ["kind", "school"]


@every_measure
def test_undefined_and_trivial(measure):
    nothing = [([0.0, 0.0], None)] if measure != "variance" else []
    for x, w in [*nothing, ([1.0, 2.0], [0, 0]), ([math.nan, 1.0], None), ([], None)]:
        parts = jh.decompose(x, weights=w, by=list(range(len(x))), measure=measure)
        assert parts[["between", "within", "overlap", "total", "added", "share"]].isna().all(axis=None)
    alone = jh.decompose([3.0], weights=[5], by=["A"], measure=measure)
    assert (alone["total"] == 0).all() and alone["share"].isna().all()
    # a county where nobody has anything has no inequality of its own
    poor = jh.decompose([0.0, 0.0, 2.0, 4.0], weights=None, by=list("AABB"), measure=measure)
    if measure == "theil_l":
        assert poor["total"].isna().all()
    else:
        assert oracle.error(poor.loc[0, "between"] + poor.loc[0, "within"], poor.loc[0, "total"]) <= 1


def test_a_county_of_mean_zero_has_its_part_of_the_squared_coefficient():
    parts = jh.decompose([-1.0, 1.0, 2.0, 4.0], weights=None, by=list("AABB"), measure="cv2")
    assert close(parts["added"].sum(), jh.difference_coefficient([-1.0, 1.0, 2.0, 4.0], weights=None) ** 2)
    assert math.isnan(jh.decompose([-1.0, 3.0], weights=None, by=[1, 2], measure="ge2")["total"].iloc[0])


def test_any_degree_of_entropy_splits():
    x, w, by = [1.0, 2.0, 5.0, 9.0], [1, 2, 1, 3], list("AABB")
    for alpha, name in ((1, "theil_t"), (0, "theil_l"), (2, "ge2")):
        parts = jh.decompose(x, weights=w, by=by, measure="generalized_entropy", alpha=alpha)
        figures = ["between", "within", "total", "added", "share"]
        assert close(parts[figures], jh.decompose(x, weights=w, by=by, measure=name)[figures])
    parts = jh.decompose(x, weights=w, by=by, measure="generalized_entropy", alpha=-1.5)
    assert close(parts["between"] + parts["within"], parts["total"])
    assert close(parts["total"], [jh.generalized_entropy(x, weights=w, alpha=-1.5)] * 2)


@pytest.mark.parametrize(
    "kwargs",
    [
        {"by": [1, 2], "measure": "hoover"},
        {"by": [1, 2], "measure": "theil"},
        {"by": [1, 2], "measure": "generalized_entropy", "alpha": math.nan},
        {"by": [1, 2], "order": "any"},
        {"by": None},
        {"by": {}},
        {"by": [1]},
        {"by": [1, None]},
        {"by": {str(i): [1, 2] for i in range(11)}, "order": "shapley"},
        {"by": [1, 2], "weights": [-1, 2]},
    ],
)
def test_bad_input(kwargs):
    with pytest.raises(jh.InputError):
        jh.decompose([1.0, 2.0], **({"weights": None} | kwargs))
