"""Exact probabilities against enumeration."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import binom

from junheng.plausibility.chances import at_least, first_slot_has, stands_out


def test_at_least_is_the_sum_over_all_outcomes() -> None:
    rng = np.random.default_rng(0)
    chances = np.vstack([rng.random((5, 4)), [0.0, 0.3, 1.0, 0.5], np.zeros(4)])
    for k in range(6):
        wanted = [
            sum(
                np.prod(np.where(outcome, row, 1 - row))
                for outcome in product([True, False], repeat=4)
                if sum(outcome) >= k
            )
            for row in chances
        ]
        assert at_least(chances, np.full(len(chances), k)) == pytest.approx(wanted)


def by_rotation(slots: np.ndarray) -> float:
    """The share of all rotations of all members whose first slot has at least as much."""
    sums = [sum(row[k] for row, k in zip(slots, turn, strict=True)) for turn in product(range(3), repeat=len(slots))]
    return float(np.mean(np.array(sums) >= slots[:, 0].sum()))


def test_the_first_slot_is_compared_with_all_rotations_of_each_member() -> None:
    rng = np.random.default_rng(1)
    slots = rng.integers(0, 3, (21, 3))
    group = rng.integers(0, 4, 21)
    got = first_slot_has(group, 5, slots)
    assert got[:4] == pytest.approx([by_rotation(slots[group == g]) for g in range(4)])
    assert got[4] == 1.0  # nobody


def test_neither_others_nor_the_order_of_members_change_the_last_digit() -> None:
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(12), rng.integers(5, 60, 12))
    slots = rng.integers(0, 4, (group.size, 3))
    slots[:, 0] += rng.random(group.size) < 0.4
    together = first_slot_has(group, 12, slots)
    mixed = rng.permutation(group.size)
    assert (first_slot_has(group[mixed], 12, slots[mixed]) == together).all()
    assert [
        first_slot_has(np.zeros(n, int), 1, slots[group == g])[0] for g, n in enumerate(np.bincount(group))
    ] == list(together)


def test_members_with_one_thing_are_binomial() -> None:
    slots = np.repeat(np.eye(3, dtype=int), [7, 2, 1], axis=0)
    assert first_slot_has(np.zeros(10, int), 1, slots) == pytest.approx(binom.sf(6, 10, 1 / 3))


def test_a_member_with_many_things_is_one_member() -> None:
    # a school with all seven figures in the window says no more than a third of a chance
    assert first_slot_has(np.zeros(1, int), 1, np.array([[7, 0, 0]])) == pytest.approx(1 / 3)


def test_what_does_not_stand_out_is_not_significant() -> None:
    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(400), 25)
    slots = rng.multinomial(rng.integers(0, 4, group.size), [1 / 3] * 3)
    p, out = first_slot_has(group, 400, slots), stands_out(group, 400, slots)
    assert p[~out].min() > 0.05
    assert (p <= 0.05).mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
