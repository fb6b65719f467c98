"""Exact probabilities that the tests share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints

__all__ = ["at_least", "first_slot_has", "stands_out"]


def at_least(chances: Floats, k: Ints) -> Floats:
    r"""Return the probability that at least k of several independent events happen.

    ``chances`` is (cases, events), ``k`` the number of each case: the tail of the Poisson binomial distribution,
    event by event.
    """
    n, events = chances.shape
    exactly = np.zeros((n, events + 1))
    exactly[:, 0] = 1.0
    for j in range(events):
        p = chances[:, j, None]
        exactly[:, 1:] = exactly[:, 1:] * (1 - p) + exactly[:, :-1] * p
        exactly[:, :1] *= 1 - p
    from_top = np.cumsum(exactly[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(np.minimum(from_top[np.arange(n), np.minimum(k, events)], 1.0) * (k <= events))


def stands_out(group: Ints, n_groups: int, slots: Ints) -> NDArray[np.bool_]:
    """Return the groups whose first slot has clearly more than its share: by 1.3 standard deviations.

    ``slots`` is (members, slots), as in :func:`first_slot_has`, which is not worth working out for the others.
    """
    mean = slots.mean(axis=1)
    variance = (slots.astype(np.float64) ** 2).mean(axis=1) - mean**2
    excess, spread = (np.bincount(group, weights=w, minlength=n_groups) for w in (slots[:, 0] - mean, variance))
    return np.asarray(excess > 1.3 * np.sqrt(spread))


def first_slot_has(group: Ints, n_groups: int, slots: Ints) -> Floats:
    r"""Return for each group the probability that the first slot has at least as much as it has.

    ``slots`` is (members, slots): what each member of a group has in each of several equal slots. If nothing singles
    out a slot, a rotation of the slots of any member is as likely as what was seen. So the sum over the first slot is
    compared with its distribution over all rotations, each member by itself:

    .. math:: P\left(\sum_i a_{i, K_i} \ge \sum_i a_{i, 0}\right), \quad K_i \sim U\{0, \ldots, m\}

    Members may have any number of things that depend on one another.
    """
    n_slots = slots.shape[1]
    found = np.bincount(group, weights=slots[:, 0], minlength=n_groups).astype(np.int64)
    most = int(np.bincount(group, weights=slots.max(axis=1), minlength=n_groups).max(initial=0))
    # members with a single thing need no order: their sum is binomial
    one = slots.sum(axis=1) == 1
    exactly = _binomials(np.bincount(group[one], minlength=n_groups), 1 / n_slots, most)
    # in the order of what they have, not of the table: sums of floats differ by it in the last digit
    order = np.flatnonzero(~one)[np.lexsort((*slots[~one].T, group[~one]))]
    group, slots = group[order], slots[order]
    place = np.arange(group.size) - np.searchsorted(group, group)
    # one member of each group at a time, in an array by member and group
    members = np.zeros((int(place.max(initial=-1)) + 1, n_groups, n_slots), dtype=np.int64)
    members[place, group] = slots
    sums, size = np.arange(most + 1), np.bincount(group, minlength=n_groups)
    for i, member in enumerate(members):
        here = np.flatnonzero(size > i)
        before, after = exactly[here], np.zeros((here.size, most + 1))
        for k in range(n_slots):
            source = sums - member[here, k, None]
            after += np.where(source >= 0, np.take_along_axis(before, np.maximum(source, 0), axis=1), 0.0)
        exactly[here] = after / n_slots
    at_least_so_much = np.cumsum(exactly[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(np.minimum(at_least_so_much[np.arange(n_groups), found], 1.0))


def _binomials(n: Ints, p: float, most: int) -> Floats:
    """Return the probabilities of 0 to ``most`` in each of several binomial distributions."""
    table = np.zeros((int(n.max(initial=0)) + 1, most + 1))
    table[0, 0] = 1.0
    for i in range(1, table.shape[0]):
        table[i] = table[i - 1] * (1 - p)
        table[i, 1:] += table[i - 1, :-1] * p
    return table[n]
