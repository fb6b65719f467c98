"""What is rare: figures below 0, three counties, nearly equal starts, two draws, and text where a number belongs."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import junheng as jh
from junheng.indicators import inference

X = [1.0, 2.0, 4.0, 5.0]
SIDES = {"where": list("aabb"), "group": "a", "reference": "b"}

#: What is given in place of each argument that holds figures; the error must call it by its name.
NAMES: dict[str, Callable[[Any], Any]] = {
    "values": lambda v: jh.slope_index(v, weights=None, order=X),
    "weights": lambda v: jh.hoover(X, weights=v),
    "amount": lambda v: jh.per_student(v, X),
    "students": lambda v: jh.per_hundred_students(X, v),
    "count": lambda v: jh.per_hundred_students(v, X),
    "teachers": lambda v: jh.students_per_teacher(X, v),
    "part": lambda v: jh.share(v, X),
    "whole": lambda v: jh.share(X, v),
    "threshold": lambda v: jh.adequacy_index(X, weights=None, threshold=v),
    "order": lambda v: jh.slope_index(X, weights=None, order=v),
    "rank": lambda v: jh.concentration_index(X, weights=None, rank=v),
    "wealth": lambda v: jh.neutrality(X, weights=None, wealth=v),
    "limit": lambda v: jh.tipping_error(X, weights=None, limit=v),
    "upper": lambda v: jh.quantile_ratio(X, weights=None, upper=v),
    "lower": lambda v: jh.restricted_range(X, weights=None, lower=v),
    "share": lambda v: jh.share_of_top(X, weights=None, share=v),
    "alpha": lambda v: jh.generalized_entropy(X, weights=None, alpha=v),
    "epsilon": lambda v: jh.atkinson(X, weights=None, epsilon=v),
    "before": lambda v: jh.beta_convergence(v, X, weights=None),
    "after": lambda v: jh.beta_convergence(X, v, weights=None),
    "periods": lambda v: jh.beta_convergence(X, X, weights=None, periods=v),
    "level": lambda v: jh.bootstrap_interval(X, weights=None, level=v),
    "coefficients": jh.composite_difference_coefficient,
    "required": lambda v: jh.compliance(X, v),
}
#: Arguments that are true or false, or one of some words.
WORDS: dict[str, Callable[[Any], Any]] = {
    "favourable": lambda v: jh.population_attributable_risk(X, weights=None, favourable=v),
    "weighted": lambda v: jh.mean_difference_from_best(X, weights=None, weighted=v),
    "adjusted": lambda v: jh.parity_index(X, weights=None, adjusted=v, **SIDES),
    "form": lambda v: jh.relative_index(X, weights=None, order=X, form=v),
    "ties": lambda v: jh.ranking(X, ties=v),
    "cell": lambda v: jh.tipping_error(X, weights=None, limit=1, cell=v),
    "method": lambda v: jh.bootstrap_interval(X, weights=None, method=v),
    "order": lambda v: jh.decompose(X, weights=None, by=list("aabb"), order=v),
    "measure": lambda v: jh.decompose(X, weights=None, by=list("aabb"), measure=v),
}


@pytest.mark.parametrize("name", NAMES)
def test_an_argument_is_called_by_its_name(name: str) -> None:
    for given in (["many", "few", "some", "none"], "many"):
        with pytest.raises(jh.InputError, match=f"^{name} "):
            NAMES[name](given)


@pytest.mark.parametrize("name", WORDS)
def test_a_choice_is_called_by_its_name(name: str) -> None:
    with pytest.raises(jh.InputError, match=f"^{name} must be"):
        WORDS[name]("neither")


def test_figures_with_other_labels_are_refused() -> None:
    x, turned = pd.Series(X), pd.Series(X, index=[3, 2, 1, 0])
    places = pd.Series(list("abab"), index=turned.index)
    for call in (
        lambda: jh.gap_ratio(x, weights=None, where=places, group="a", reference="b"),
        lambda: jh.parity_index(x, weights=None, where=places, group="a", reference="b"),
        lambda: jh.adequacy_index(x, weights=None, threshold=turned),
        lambda: jh.coefficient_change(x, weights=None, years=turned, schools=x),
        lambda: jh.coefficient_change(x, weights=None, years=x, schools=turned),
        lambda: jh.beta_convergence(x, turned, weights=None),
        lambda: jh.beta_convergence(x, x, weights=turned),
        lambda: jh.per_student(x, turned),
        lambda: jh.neutrality(x, weights=None, wealth=turned),
        lambda: jh.gini(x, weights=turned),
        lambda: jh.least_additions(x, students=X, limit=0.5, costs=turned),
        lambda: jh.least_additions(x, students=X, limit=0.5, lowest=turned),
        lambda: jh.gini(x, weights=None, by=places),
    ):
        with pytest.raises(jh.AlignmentError):
            call()


def test_exactly_two_years_are_compared() -> None:
    for years in ([1, 1, 1, 1], [1, 2, 3, 3]):
        with pytest.raises(jh.InputError, match="exactly two years"):
            jh.coefficient_change(X, weights=None, years=years, schools=list("abcd"))


def test_both_sides_name_a_kind_of_place() -> None:
    for sides in ({"group": []}, {"reference": []}, {"group": ["a", "b"]}, {"reference": ["b", "a"]}):
        with pytest.raises(jh.InputError, match="group and reference must each"):
            jh.gap_ratio(X, weights=None, **(SIDES | sides))


@pytest.mark.parametrize("adjusted", [False, True])
def test_a_parity_of_means_below_0_is_undefined(adjusted: bool) -> None:
    for x in ([-1.0, -1.0, 2.0, 2.0], [-0.5, 0.0, 1.0, 1.0], [2.0, 2.0, 0.0, 0.0], [2.0, 2.0, -0.5, 0.0], [0.0] * 4):
        assert math.isnan(jh.parity_index(x, weights=None, adjusted=adjusted, **SIDES)), x
    assert jh.parity_index([0.0, 0.0, 1.0, 2.0], weights=None, adjusted=adjusted, **SIDES) == 0
    # the ratio as it is, of means on either side of 0, but not over 0 or less
    assert jh.gap_ratio([-1.0, -1.0, 2.0, 2.0], weights=None, **SIDES) == -0.5
    assert math.isnan(jh.gap_ratio([2.0, 2.0, -0.5, 0.0], weights=None, **SIDES))


def test_an_elasticity_at_a_mean_of_0_is_undefined() -> None:
    got = jh.neutrality([-1.0, 1.0], weights=None, wealth=[1.0, 3.0]).iloc[0]
    assert got["correlation"] == 1 and got["slope"] == 1 and math.isnan(got["elasticity"])
    got = jh.neutrality([-3.0, 1.0], weights=None, wealth=[1.0, 3.0]).iloc[0]
    assert got["slope"] == 2 and got["elasticity"] == pytest.approx(-4)


def test_convergence_of_few_counties_and_of_nearly_equal_starts() -> None:
    before, after = np.array([1.0, 2.0, 4.0]), np.array([3.0, 4.0, 4.5])
    got = jh.beta_convergence(before, after, weights=None)
    x, y = np.log(before), np.log(after / before)
    slope, start = np.polyfit(x, y, 1)
    left = y - start - slope * x
    assert got["standard_error"] == pytest.approx(math.sqrt((left**2).sum() / ((x - x.mean()) ** 2).sum()), rel=1e-9)
    assert math.isnan(jh.beta_convergence(before[:2], after[:2], weights=None)["standard_error"])
    # apart: no speed at all would bring them together
    apart = jh.beta_convergence(before, before**1.5, weights=None)
    assert apart["slope"] == pytest.approx(0.5) and apart["speed"] == pytest.approx(-math.log(1.5))
    assert math.isnan(apart["half_life"])
    beyond = jh.beta_convergence(before, before**-0.5, weights=None)  # past each other
    assert beyond["slope"] == pytest.approx(-1.5) and beyond[["speed", "half_life"]].isna().all()
    # starts that differ by a hundred-millionth have a slope; those that differ by rounding have none
    for size in (1.0, 1e6):
        near = size * (1 + np.array([0, 1, 2]) * 1e-8)
        got = jh.beta_convergence(near, near * np.array([1.2, 1.1, 1.0]), weights=None)
        assert got["slope"] == pytest.approx(-math.log(1.2) / 2e-8, rel=1e-2)
        equal = size * np.array([0.3, 0.1 + 0.2, 0.3])
        assert jh.beta_convergence(equal, X[:3], weights=None).drop("counties").isna().all()
    flat = jh.beta_convergence(before, before, weights=None)
    assert flat["slope"] == 0 and math.isnan(flat["r_squared"]) and math.isnan(flat["half_life"])


@pytest.mark.parametrize("measure", ["difference_coefficient", "gini"])
@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_two_draws_that_miss_the_gap_do_not_make_an_interval(measure: str, method: Any) -> None:
    gap = math.nan if measure == "gini" else math.inf
    x, by = [gap, 2.0, 3.0, 1.0, gap, 3.0, 1.0, 2.0, gap, 4.0, 5.0, 6.0], list("aaabbbcccddd")
    for seed in range(25):
        got = jh.bootstrap_interval(
            x, weights=None, by=by, measure=measure, resamples=2, seed=seed, method=method
        ).set_index("group")
        assert got.loc[list("abc"), ["estimate", "low", "high", "standard_error"]].isna().all(axis=None)
        assert got.loc["d", ["estimate", "standard_error"]].notna().all()


@pytest.mark.parametrize("resamples", [2, 3, 7])
@pytest.mark.parametrize("level", [0.01, 0.5, 0.95, 0.9999])
def test_limits_of_few_draws_are_their_quantiles(resamples: int, level: float) -> None:
    x, w = np.array([1.0, 2.0, 7.0, 3.0, 9.0]), np.array([3.0, 1.0, 2.0, 5.0, 2.0])
    for measure in ("difference_coefficient", "gini"):
        got = jh.bootstrap_interval(x, weights=w, measure=measure, resamples=resamples, level=level, seed=4).iloc[0]
        counts = inference._counts(np.random.default_rng(4), 5, resamples, resamples).transpose(0, 2, 1).reshape(-1, 5)
        drawn = [getattr(jh, measure)(x, weights=w * c) for c in counts]
        wanted = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        np.testing.assert_allclose([got["low"], got["high"]], wanted, rtol=1e-12)
        assert got["standard_error"] == pytest.approx(np.std(drawn, ddof=1), rel=1e-9)


@pytest.mark.parametrize("power", [-20, 0, 20])
def test_a_draw_without_a_mean_has_no_limits_whatever_the_unit_of_the_weights(power: int) -> None:
    """Three schools of -0.1 and one of 0.3 sum to nothing but for rounding; no draw of the others does."""
    w = np.ldexp(np.ones(4), power)
    got = jh.bootstrap_interval([-0.1, 0.3, -0.2, 0.7], weights=w, seed=1).iloc[0]
    assert got["estimate"] > 0 and got[["low", "high"]].isna().all()
    got = jh.bootstrap_interval([-0.1, 0.45, 0.5, 0.7], weights=w, seed=1).iloc[0]
    assert got[["low", "high"]].notna().all() and got["low"] < got["estimate"] < got["high"]


def test_a_gradient_far_from_0_keeps_its_digits() -> None:
    x, w, order = np.array([1.0, 2.0, 4.0, 3.0, 7.0]), [37, 11, 23, 5, 41], [1, 2, 3, 4, 5]
    near, far = (jh.slope_index(x + more, weights=w, order=order) for more in (0.0, 2.0**40))
    assert far == pytest.approx(near, rel=1e-10)
    mean = jh.weighted_mean(x, weights=w) + 2.0**40
    index = jh.concentration_index(x, weights=w, rank=order) * jh.weighted_mean(x, weights=w)
    assert jh.concentration_index(x + 2.0**40, weights=w, rank=order) * mean == pytest.approx(index, rel=1e-10)


@pytest.mark.parametrize("measure", ["difference_coefficient", "gini"])
@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_intervals_of_groups_in_any_order_are_those_of_groups_in_order(measure: str, method: Any) -> None:
    rng = np.random.default_rng(2)
    by, x, w = rng.permutation(list("aaaabbbcccc")), rng.lognormal(size=11), rng.integers(1, 5, 11)
    w[np.argmax(by == "a")] = 0
    order = np.argsort(by, kind="stable")
    options: dict[str, Any] = {"measure": measure, "method": method, "resamples": 50}
    got = jh.bootstrap_interval(x, weights=w, by=by, **options)
    pd.testing.assert_frame_equal(got, jh.bootstrap_interval(x[order], weights=w[order], by=by[order], **options))
    assert got["schools"].tolist() == [int(((by == g) & (w > 0)).sum()) for g in "abc"]
    assert got[["low", "high"]].notna().all(axis=None)
