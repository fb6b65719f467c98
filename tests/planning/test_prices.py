"""The parts of prices on coefficients: slopes against differences, equations, chords, roots, and the best values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from junheng.planning._prices import Bend, Priced, Spread, _chords, _halves, _Root, balance

#: Prices that matter, beside the cost of an addition.
PRICES = np.array([40.0, 25.0])
NOTHING = np.zeros(4)


def drawn(seed: int) -> Priced:
    """Return a resource of four units: two of one stage, one that both stages share, one of the other stage."""
    rng = np.random.default_rng(seed)
    spreads = []
    for units, shares in (([0, 1, 2], [1.0, 1.0, 0.4]), ([2, 3], [0.6, 1.0])):
        amounts, students = rng.integers(1, 10, len(units)), rng.integers(1, 6, len(units))
        spreads.append(Spread.of(amounts * 1.0, students * 1.0, np.array(units), np.array(shares)))
    return Priced(rng.integers(1, 4, 4) * 1.0, tuple(spreads))


CASES = [drawn(seed) for seed in range(8)]
#: The lines of two chords, over [1, 4] and over [0.25, 9].
LINES = _chords(((1.0, 4.0), (0.25, 9.0)))


def value(resource: Priced, prices: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return the value of additions, one a column, from the definition of the coefficient."""
    out = resource.cost @ z
    for price, s in zip(prices, resource.spreads, strict=True):
        x = s.have[:, np.newaxis] + s.rise[:, np.newaxis] * z[s.unit]
        mean = s.weight @ x
        out = out + price * np.sqrt(s.weight @ (x - mean) ** 2) / mean
    return np.asarray(out)


def every(steps: np.ndarray, units: int = 4) -> np.ndarray:
    return np.stack([g.ravel() for g in np.meshgrid(*[steps] * units, indexing="ij")])


def slope_of(function: Any, z: np.ndarray, by: float = 1e-5) -> np.ndarray:
    """Return how a function changes with each unit, from differences."""
    return np.array([(function(z + by * e) - function(z - by * e)) / (2 * by) for e in np.eye(z.size)])


# ------------------------------------------------------------------------------------------------ coefficients


def test_a_section_without_pupils_does_not_count() -> None:
    amounts, students = np.array([4.0, 100.0, 6.0]), np.array([1.0, 0.0, 3.0])
    spread = Spread.of(amounts, students, np.array([0, 1, 2]), np.array([1.0, 1.0, 0.5]))
    assert spread.have.tolist() == [4, 2] and spread.weight.tolist() == [0.25, 0.75]
    assert spread.unit.tolist() == [0, 2] and spread.pull.tolist() == [0.25, 0.125]
    mean, apart, sd = spread.at(np.array([2.0, 9.0, 12.0]))
    assert (mean, apart.tolist()) == (4.5, [1.5, -0.5])
    assert sd == pytest.approx(math.sqrt(0.75))
    assert spread.coefficient(np.array([2.0, 9.0, 12.0])) == pytest.approx(math.sqrt(0.75) / 4.5)
    assert spread.soft == pytest.approx(1e-5 * 2.5)


def test_nothing_has_no_coefficient() -> None:
    assert math.isnan(Spread.of(np.zeros(2), np.ones(2), np.arange(2), np.ones(2)).coefficient(np.zeros(2)))


def test_a_coefficient_without_a_price_has_no_value_even_if_it_is_not_known() -> None:
    spread = Spread.of(np.zeros(2), np.ones(2), np.arange(2), np.ones(2))
    assert Priced(np.array([2.0, 3.0]), (spread,)).value(np.zeros(1), np.zeros(2)) == 0


@pytest.mark.parametrize("resource", CASES)
def test_a_gain_is_by_how_much_the_first_addition_lowers_coefficients(resource: Priced) -> None:
    slope = slope_of(lambda z: resource.value(PRICES, z) - resource.money(z), NOTHING)
    assert resource.gain(PRICES) == pytest.approx(-slope, abs=1e-5)
    assert resource.gain(np.array([0.0, 25.0]))[:2].tolist() == [0, 0]


def test_what_cannot_be_bought_costs_nothing_as_it_is_not_bought() -> None:
    first = CASES[0]
    resource = Priced(np.array([2.0, np.inf, 3.0, np.inf]), first.spreads)
    assert resource.money(np.array([1.0, 0.0, 5.0, 0.0])) == 17
    z = resource.cheapest(PRICES, NOTHING)
    assert z[1] == z[3] == 0
    assert resource.whole(PRICES, z)[[1, 3]].tolist() == [0, 0]
    grid = every(np.arange(0, 12, 0.1), 2)
    best = value(Priced(np.ones(4), first.spreads), PRICES, np.insert(grid, [1, 2], 0.0, axis=0)) - grid.sum(axis=0)
    best = (best + np.array([2.0, 3.0]) @ grid).min()
    bound = resource.bound(PRICES, z, 1e-3)
    assert resource.value(PRICES, z) <= best * (1 + 1e-3)
    assert 0.98 * best < bound <= best * (1 + 1e-9)


@pytest.mark.parametrize("resource", CASES)
@pytest.mark.parametrize("by", [1.0, -1.0])
def test_what_one_more_or_less_changes(resource: Priced, by: float) -> None:
    z = np.array([3.0, 0.0, 1.0, 5.0])
    changes = resource._changes(PRICES, z, by)
    for unit, e in enumerate(np.eye(4)):
        other = z + by * e
        if (other < 0).any():
            assert changes[unit] == math.inf
        else:
            assert changes[unit] == pytest.approx(resource.value(PRICES, other) - resource.value(PRICES, z))


def test_what_is_taken_away_until_nothing_is_left_has_no_value() -> None:
    spread = Spread.of(np.zeros(2), np.ones(2), np.arange(2), np.ones(2))
    changes = Priced(np.ones(2), (spread,))._changes(np.array([3.0]), np.array([1.0, 0.0]), -1.0)
    assert changes.tolist() == [math.inf, math.inf]


# ------------------------------------------------------------------------------------------------ convex problems


@pytest.mark.parametrize("resource", CASES)
def test_slopes_are_those_of_the_value(resource: Priced) -> None:
    z = np.array([1.0, 2.0, 0.5, 3.0])
    base, slope = resource._tangents(PRICES, LINES, z)
    assert slope == pytest.approx(slope_of(lambda y: resource._convex(PRICES, LINES, y), z), rel=1e-4, abs=1e-4)
    # the tangents touch the value, as the softening is small
    assert base + slope @ z == pytest.approx(resource._convex(PRICES, LINES, z), rel=1e-6)


@pytest.mark.parametrize("resource", CASES)
def test_second_derivatives_are_those_of_the_value(resource: Priced) -> None:
    z = np.array([1.0, 2.0, 0.5, 3.0])
    bend = resource._bend(PRICES, LINES, z)
    whole = np.diag(bend.diagonal) + bend.rows.T @ np.diag(bend.factors) @ bend.rows
    differences = np.stack(
        [
            (resource._tangents(PRICES, LINES, z + e)[1] - resource._tangents(PRICES, LINES, z - e)[1]) / 2e-5
            for e in 1e-5 * np.eye(4)
        ]
    )
    assert whole == pytest.approx(differences, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("resource", CASES)
def test_tangents_taken_anywhere_bound_all_additions(resource: Priced) -> None:
    """With the chords over all that a standard deviation can be, so that no addition is outside."""
    grid = every(np.array([0.0, 0.5, 1.0, 2.0, 4.0, 8.0]))
    most = [max(s.at(z)[2] for z in grid.T) for s in resource.spreads]
    lines = _chords(tuple((0.0, sd) for sd in most))
    least = value(resource, PRICES, grid).min()
    best = resource._least(PRICES, lines, NOTHING)
    for z in (NOTHING, np.full(4, 2.0), np.array([9.0, 0.0, 0.0, 1.0]), best):
        assert 0 <= resource._below(PRICES, lines, z) <= least * (1 + 1e-9)
    # where nothing can be gained by an addition, the bound is the value with chords
    assert resource._below(PRICES, lines, best) == pytest.approx(resource._convex(PRICES, lines, best), rel=1e-5)


@pytest.mark.parametrize("resource", CASES)
def test_the_least_value_with_lines_is_found_from_any_start(resource: Priced) -> None:
    found = [resource._least(PRICES, LINES, np.array(z)) for z in ([0.0] * 4, [9.0] * 4, [0.0, 30.0, 1.0, 0.0])]
    grid = every(np.array([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0]))
    least = min(resource._convex(PRICES, LINES, z) for z in grid.T[::7])
    for z in found:
        assert (z >= 0).all()
        assert resource._convex(PRICES, LINES, z) <= least * (1 + 1e-9)
        assert resource._convex(PRICES, LINES, z) == pytest.approx(resource._convex(PRICES, LINES, found[0]))


def test_a_step_that_would_raise_the_value_is_damped() -> None:
    """A Newton step is cut where nothing is left to take away, and can then lead upwards."""
    resource = drawn(31)
    found = resource._least(PRICES, LINES, np.array([0.0, 30.0, 1.0, 0.0]))
    assert resource._convex(PRICES, LINES, found) < 24.08


@pytest.mark.parametrize("damping", [0.0, 0.5])
def test_equations_are_solved(damping: float) -> None:
    rng = np.random.default_rng(1)
    diagonal, rows, factors = rng.uniform(1, 2, 6), rng.normal(size=(3, 6)), np.array([2.0, 0.5, -0.01])
    right = rng.normal(size=6)
    outer = rows.T @ np.diag(factors) @ rows
    matrix = np.diag(diagonal) + outer
    damped = matrix + damping * np.diag(np.diag(matrix))
    solved = Bend(diagonal, rows, factors).solve(right, damping)
    assert solved == pytest.approx(np.linalg.solve(damped, right), rel=1e-9)
    part = Bend(diagonal, rows, factors).part(np.array([1, 4])).solve(right[[1, 4]], damping)
    assert part == pytest.approx(np.linalg.solve(damped[np.ix_([1, 4], [1, 4])], right[[1, 4]]), rel=1e-9)


@pytest.mark.parametrize("size", [1e-9, 1e9])
def test_equations_are_solved_as_well_for_small_and_large_figures(size: float) -> None:
    rng = np.random.default_rng(2)
    bend = Bend(rng.uniform(1, 2, 6), rng.normal(size=(3, 6)), np.array([2.0, 0.5, 0.1]))
    right = rng.normal(size=6)
    assert bend.solve(right * size, 0.0) == pytest.approx(bend.solve(right, 0.0) * size, rel=1e-10)


def test_equations_that_are_flat_are_left_alone() -> None:
    flat = Bend(np.zeros(2), np.zeros((3, 2)), np.ones(3))
    assert flat.solve(np.array([1.0, 2.0]), 0.0).tolist() == [0, 0]
    assert flat.solve(np.array([1.0, 2.0]), 1.0).tolist() == [1, 2]


# ------------------------------------------------------------------------------------------------------ intervals


@pytest.mark.parametrize("box", [(0.0, 4.0), (1.0, 4.0), (0.5, 0.75), (9.0, math.inf), (0.0, 0.0), (0.0, math.inf)])
def test_a_chord_touches_the_root_at_both_ends(box: tuple[float, float]) -> None:
    (alpha,), (beta,) = _chords((box,))
    low, high = box
    assert alpha + beta * low == pytest.approx(math.sqrt(low))
    if high < math.inf:
        assert alpha + beta * high == pytest.approx(math.sqrt(high))
    else:
        assert beta == 0


@pytest.mark.parametrize(
    ("box", "sd", "at"),
    [((0.0, 8.0), 2.0, 2.0), ((0.0, 8.0), 0.1, 4.0), ((2.0, 8.0), 7.9, 5.0), ((2.0, 8.0), 3.0, 3.0),
     ((2.0, math.inf), 2.1, 2.1)],
)  # fmt: skip
def test_an_interval_is_split_where_the_solution_is_but_not_near_an_end(box: Any, sd: float, at: float) -> None:
    other = (0.0, 1.0)
    assert _halves((other, box), 1, sd) == [(other, (box[0], at)), (other, (at, box[1]))]
    assert _halves((box, other), 0, sd) == [((box[0], at), other), ((at, box[1]), other)]


def test_the_chord_farthest_from_its_coefficient_is_split() -> None:
    resource = CASES[0]
    sd = [s.at(NOTHING)[2] for s in resource.spreads]
    near, wide, past = [(x * 0.99, x * 1.01) for x in sd], [(0.0, 4 * x) for x in sd], [(0.0, x / 2) for x in sd]
    assert resource._farthest(PRICES, (near[0], wide[1]), NOTHING) == 1
    assert resource._farthest(PRICES, (wide[0], near[1]), NOTHING) == 0
    assert resource._farthest(PRICES, (past[0], past[1]), NOTHING) is None
    assert resource._farthest(np.array([0.0, 25.0]), (wide[0], near[1]), NOTHING) == 1
    assert resource._farthest(np.array([0.0, 25.0]), (wide[0], past[1]), NOTHING) is None


def test_a_chord_is_as_far_as_the_coefficient_it_is_below() -> None:
    """Of ten times as much all deviations are ten times as large, and the coefficient is the same."""
    little, much = (Spread.of(x * np.array([1.0, 3.0]), np.ones(2), np.arange(2), np.ones(2)) for x in (1, 10))
    resource = Priced(np.ones(2), (little, much))
    assert [s.at(np.zeros(2))[2] for s in resource.spreads] == [1, 10]
    boxes = ((0.0, 4.0), (1.0, 100.0))
    # chords of 0.5, and of 1.82: (1 - 0.25) / 2 = 0.375, (10 - 3.31) / 20 = 0.335
    assert resource._farthest(np.ones(2), boxes, np.zeros(2)) == 0


# ---------------------------------------------------------------------------------------------- values and prices


def test_the_best_values_and_bounds_are_close_to_the_best_of_a_grid() -> None:
    grid = every(np.array([0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0]))
    found, bounds, best = [], [], []
    for resource in CASES:
        near = resource.cheapest(PRICES, NOTHING)
        found.append(resource.value(PRICES, near))
        bounds.append(resource.bound(PRICES, near, 1e-3 * found[-1]))
        best.append(value(resource, PRICES, grid).min())
        assert bounds[-1] <= found[-1] * (1 + 1e-9) and bounds[-1] <= best[-1] * (1 + 1e-9)
    assert sum(found) <= sum(best) * 1.001
    assert sum(bounds) >= sum(best) * 0.99


def test_no_more_boxes_are_examined_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    examined: list[Any] = []
    bounded = Priced._bounded
    monkeypatch.setattr(Priced, "_bounded", lambda self, *how: examined.append(how) or bounded(self, *how))
    monkeypatch.setattr("junheng.planning._prices._BOXES", 6)
    near = CASES[0].cheapest(PRICES, NOTHING)
    # two intervals for each of two coefficients, one of which is split; no bound is near enough
    assert CASES[0].bound(PRICES, near, -1e9) <= CASES[0].value(PRICES, near)
    assert len(examined) == 6


def test_without_a_price_nothing_is_bought_and_the_bound_is_nothing() -> None:
    none = np.zeros(2)
    assert CASES[0].cheapest(none, np.full(4, 3.0)).tolist() == [0] * 4
    assert CASES[0].bound(none, NOTHING, 1e-3) == 0


@pytest.mark.parametrize("limits", [(0.3, 0.2), (0.1, 0.9), (0.9, 0.9)])
@pytest.mark.parametrize("resource", CASES[:4])
def test_sums_end_within_their_limits_and_near_them_if_they_have_a_price(resource: Priced, limits: Any) -> None:
    stages, limit = np.array([0, 1]), np.array(limits)
    found = balance([resource], [stages], limit, 1e-4)
    assert found is not None
    sums = np.array([s.coefficient(found.additions[0]) for s in resource.spreads])
    assert (sums <= limit).all()
    assert ((found.prices == 0) | (sums >= limit * (1 - 1e-3))).all()
    assert ((found.prices > 0) == (found.prices != 0)).all()
    before = np.array([s.coefficient(NOTHING) for s in resource.spreads])
    assert found.prices.any() == (before > limit).any()
    # no cheaper additions to one unit alone keep the limits
    for unit in np.flatnonzero(found.additions[0] > 1):
        less = found.additions[0].copy()
        less[unit] *= 0.9
        assert any(s.coefficient(less) > x for s, x in zip(resource.spreads, limit, strict=True))


@pytest.mark.parametrize(("start", "factor"), [(1.0, 4.0), (1e-6, 4.0), (50.0, 1.02), (3e5, 4.0)])
def test_a_root_is_found_in_few_trials(start: float, factor: float) -> None:
    root = _Root(start, factor)
    for _ in range(40):
        x = root.next
        if abs(math.log(x / 20)) < 1e-6 or not root.narrow(math.exp(-math.log(x / 20)) - 1):
            break
    assert root.next == pytest.approx(20, rel=1e-5)


def test_a_function_without_a_root_is_given_up() -> None:
    root = _Root(1.0, 4.0)
    trials = 1
    while root.narrow(1.0):
        trials += 1
        assert trials < 70
    assert root.next >= 1e300


def test_a_function_that_leaps_ends_where_it_does() -> None:
    root = _Root(1.0, 4.0)
    trials = 0
    while root.narrow(1.0 if root.next < 7 else -1.0):
        trials += 1
        assert trials < 100
    assert root.next == pytest.approx(7)
