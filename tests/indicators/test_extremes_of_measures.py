"""Figures and weights of any size: a measure does not depend on the unit in which either is given."""

from typing import Any

import numpy as np
import pytest

import junheng as jh
from junheng.indicators.by_name import KERNELS

R = np.random.default_rng(6)
BY = np.array(list("ABBCCCCDDDDDDDD"))
X = np.stack([R.integers(1, 9, BY.size), R.lognormal(size=BY.size)], axis=1).astype(float)
W = R.integers(1, 40, BY.size).astype(float)
W[4] = 0
ORDER = R.integers(0, 4, BY.size).astype(float)
PLACES = {"where": np.where(ORDER > 1, "a", "b"), "group": "a", "reference": "b"}
NEEDED: dict[str, dict[str, Any]] = {
    "concentration_index": {"rank": ORDER},
    "slope_index": {"order": ORDER},
    "relative_index": {"order": ORDER},
    "adequacy_index": {"threshold": 2.0},
    "gap_ratio": PLACES,
    "parity_index": PLACES,
}
#: Measures in units of the values.
ABSOLUTE = {
    "weighted_mean", "weighted_std", "weighted_quantile", "restricted_range", "slope_index",
    "mean_difference_from_mean", "mean_difference_from_best", "population_attributable_risk",
}  # fmt: skip


@pytest.mark.parametrize("power", [-600, -340, 340, 600])
@pytest.mark.parametrize("measure", KERNELS)
def test_the_unit_of_the_weights_does_not_matter(measure: str, power: int) -> None:
    function, more = getattr(jh, measure), NEEDED.get(measure, {})
    wanted = function(X, weights=W, by=BY, **more)
    got = function(X, weights=np.ldexp(W, power), by=BY, **more)
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("power", [-600, -340, 340, 600])
@pytest.mark.parametrize("measure", KERNELS)
def test_the_unit_of_the_values_is_that_of_the_measure(measure: str, power: int) -> None:
    function, more = getattr(jh, measure), NEEDED.get(measure, {})
    if measure == "adequacy_index":
        more = {"threshold": float(np.ldexp(2.0, power))}
    wanted = function(X, weights=W, by=BY, **NEEDED.get(measure, {}))
    got = function(np.ldexp(X, power), weights=W, by=BY, **more)
    back = np.ldexp(got, -power) if measure in ABSOLUTE else got
    np.testing.assert_allclose(back, wanted, rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize("powers", [(-600, 0), (600, 0), (0, -600), (0, 600), (-340, 340)])
@pytest.mark.parametrize("measure", ["difference_coefficient", "gini", "hoover", "palma_ratio"])
def test_influence_does_not_depend_on_units(measure: str, powers: tuple[int, int]) -> None:
    wanted = jh.influence(X, weights=W, by=BY, measure=measure)
    got = jh.influence(np.ldexp(X, powers[0]), weights=np.ldexp(W, powers[1]), by=BY, measure=measure)
    np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-12)
    if powers[1] == 0:  # a group of extreme figures beside ordinary ones
        mixed = np.where(BY[:, np.newaxis] == "C", np.ldexp(X, powers[0]), X)
        np.testing.assert_allclose(
            jh.influence(mixed, weights=W, by=BY, measure=measure), wanted, rtol=1e-9, atol=1e-12
        )


@pytest.mark.parametrize("cell", ["value", "students"])
def test_errors_that_turn_a_verdict_do_not_depend_on_units(cell: Any) -> None:
    wanted = jh.tipping_error(X, weights=W, limit=0.4, by=BY, cell=cell)
    for power in (-600, 600):
        got = jh.tipping_error(np.ldexp(X, power), weights=W, limit=0.4, by=BY, cell=cell)
        np.testing.assert_allclose(got, wanted, rtol=1e-9)


@pytest.mark.parametrize("measure", ["difference_coefficient", "gini"])
@pytest.mark.parametrize("size", [1e-300, 1e-180, 1.0, 1e180, 1e300])
def test_whatever_an_absent_school_has_changes_no_influence(measure: str, size: float) -> None:
    x = np.array([1.0, 2.0, 4.0]) * size
    wanted = jh.influence(x, weights=[1, 2, 1], measure=measure)
    for absent in (0.0, -1e300, 1e300, 1e-300, np.inf, np.nan):
        got = jh.influence([*x, absent], weights=[1, 2, 1, 0], measure=measure)
        np.testing.assert_allclose(got, [*wanted, 0], rtol=1e-12)
