"""Exact probabilities that the tests share."""

from __future__ import annotations

import numpy as np

from junheng._arrays import Floats, Ints

__all__ = ["at_least", "first_slot_has"]


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


def first_slot_has(group: Ints, n_groups: int, slots: Ints) -> Floats:
    r"""Return for each group the probability that the first slot has as much as it has.

    ``slots`` is (members, slots): what each member of a group has in each of several equal slots. If nothing singles
    out a slot, a rotation of the slots of any member is as likely as what was seen. So the sum over the first slot is
    compared with its distribution over all rotations, each member by itself:

    .. math:: P\Big(\sum_i a_{i, K_i} \ge \sum_i a_{i, 0}\Big), \quad K_i \sim U\{0, \dots, m\}

    Members may have any number of things that depend on one another. Sums not above 1.3 standard deviations over their
    mean are not worked out: they get 1, which is never too small.
    """
    out = np.ones(n_groups)
    if not group.size:
        return out
    n_slots = slots.shape[1]
    found = np.bincount(group, weights=slots[:, 0], minlength=n_groups)
    mean = slots.mean(axis=1)
    expected = np.bincount(group, weights=mean, minlength=n_groups)
    variance = np.bincount(group, weights=(slots.astype(np.float64) ** 2).mean(axis=1) - mean**2, minlength=n_groups)
    high = found - expected > 1.3 * np.sqrt(variance)
    if not high.any():
        return out
    number = np.cumsum(high) - 1
    order = np.flatnonzero(high[group])
    order = order[np.argsort(group[order], kind="stable")]
    own = number[group[order]]
    place = np.arange(order.size) - np.searchsorted(own, own)
    # one member of each group at a time
    n, largest = int(high.sum()), int(np.bincount(own, weights=slots[order].max(axis=1)).max())
    members = np.zeros((int(place.max()) + 1, n, n_slots), dtype=np.int64)
    members[place, own] = slots[order]
    exactly = np.zeros((n, largest + 1))
    exactly[:, 0] = 1.0
    sums = np.arange(largest + 1)
    rows = np.arange(n)[:, None]
    for member in members:
        before = exactly
        exactly = np.zeros_like(before)
        for k in range(n_slots):
            source = sums[None, :] - member[:, k, None]
            exactly += np.where(source >= 0, before[rows, np.maximum(source, 0)], 0.0)
        exactly /= n_slots
    tail = np.cumsum(exactly[:, ::-1], axis=1)[:, ::-1]
    out[high] = np.minimum(tail[np.arange(n), found[high].astype(np.int64)], 1.0)
    return out
