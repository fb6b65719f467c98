"""Shapley values: what each of several causes adds, averaged over all orders (private)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np

from junheng._arrays import Floats

__all__ = ["shapley"]


def shapley(worth: Callable[[tuple[int, ...]], Floats], players: int) -> Floats:
    """Return the Shapley value of each player; ``worth`` takes a sorted tuple of players."""
    known: dict[tuple[int, ...], Any] = {(): 0.0}
    known |= {s: worth(s) for k in range(1, players + 1) for s in combinations(range(players), k)}
    out = []
    for i in range(players):
        mine: Any = 0.0
        others = [j for j in range(players) if j != i]
        for k in range(players):
            weight = factorial(k) * factorial(players - k - 1) / factorial(players)
            for s in combinations(others, k):
                mine = mine + weight * (known[tuple(sorted((*s, i)))] - known[s])
        out.append(mine)
    return np.array(out)
