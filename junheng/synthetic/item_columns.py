"""Columns that items of the schemes need: class sizes, training, funds, retention."""

from __future__ import annotations

from typing import Any

import numpy as np

from junheng._frames import Labels
from junheng.synthetic.facts import FUNDS_NORM
from junheng.synthetic.schools import Array, Schools, Sections

#: Columns of classes by size, and the smallest size of each.
_BANDS = ("46_50", "51_55", "56_60", "61_65", "66_up")
_BAND_STARTS = np.array([46, 51, 56, 61, 66])
#: Students that a class of each size holds beyond 45; the largest have no limit.
_MORE_PLACES = np.array([5, 10, 15, 20, 100_000])


def draw_item_columns(rng: np.random.Generator, schools: Schools, rows: Sections) -> dict[str, Any]:
    """Draw the columns that items of the schemes need: mostly compliant, with some exceptions."""
    n, m = schools.kind.size, rows.school.size
    school, stage, p, teachers = rows.school, rows.stage, rows.students, rows.teachers
    bands, largest = _draw_class_sizes(rng, rows)
    funds = np.round(p * rng.normal(950.0, 40.0, m) * np.array([1.0, 1.3])[stage], 2)
    entrants = np.rint(np.where(stage == 1, p, 0) / 3.0).astype(np.int64)
    lost = rng.binomial(entrants, 0.02)
    transfers = rng.binomial(entrants[:, None], [0.02, 0.02])
    came, left = transfers[:, 0], np.minimum(transfers[:, 1], np.maximum(entrants - lost, 0))
    area = schools.area
    out: dict[str, Any] = {
        "built_year": rng.integers(1960, 2024, n)[school],
        "boarding": Labels((rng.random(n) > np.array([0.02, 0.15, 0.4])[area])[school].astype(np.int64), ("是", "否")),
        "migrant_students": rng.binomial(p, np.array([0.2, 0.08, 0.01])[area[school]]),
        "in_district_students": p - rng.binomial(p, np.where((rng.random(m) < 0.03) & (stage == 1), 0.1, 0.0)),
        **bands,
        "largest_class": largest,
        "certified_teachers": teachers,
        "trained_teachers": teachers - rng.binomial(teachers, np.where(rng.random(m) < 0.01, 0.05, 0.0)),
        "public_funds_budget_cny": funds,
        "training_budget_cny": np.round(funds * rng.uniform(0.05, 0.09, m) + 0.005, 2),
        "entrants": entrants,
        "graduates": np.maximum(entrants - lost + came - left, 0),
        "transfers_in": came,
        "transfers_out": left,
        "deaths": np.zeros(m, dtype=np.int64),
    }
    # a small school is funded as one of a hundred students
    size, paid = (np.bincount(school, weights=w, minlength=n) for w in (p, funds))
    small = (size > 0) & (size < 100)
    factor = np.where(small, np.maximum(1.0, 100 * FUNDS_NORM[1] / np.where(small, paid, 1.0)), 1.0)
    for name in ("public_funds_budget_cny", "training_budget_cny"):
        # one figure per school, on each of its rows; raised to whole yuan, so that shares stay above their minimum
        total = np.bincount(school, weights=out[name], minlength=n) * factor
        total = np.where(factor > 1, np.ceil(total + (name == "training_budget_cny")), total)
        out[name] = np.round(total, 2)[school]
    return out


def _draw_class_sizes(rng: np.random.Generator, rows: Sections) -> tuple[dict[str, Array], Array]:
    """Draw the numbers of oversized classes by size, and the size of the largest class."""
    # 46 to 50 is above the limit in primary classes only
    chance = np.where(rows.stage[:, None] == 1, [0.2, 0.004, 0.0, 0.0, 0.0], [0.01, 0.002, 0.0, 0.0, 0.0])
    counts = rng.binomial(rows.classes[:, None], chance)
    counts[counts @ _BAND_STARTS > rows.students] = 0  # a small school cannot fill them
    # the largest class is in the highest nonempty band, and not smaller than the mean
    mean = np.ceil(rows.students / np.maximum(rows.classes, 1))
    over = np.flatnonzero((mean > 45) & (rows.classes > 0))
    band = np.minimum((mean[over] - 46) // 5, 4).astype(np.int64)
    # so many that all students have a place
    places = 45 * rows.classes[over] + counts[over] @ _MORE_PLACES
    more = np.ceil((rows.students[over] - places) / _MORE_PLACES[band]).astype(np.int64)
    counts[over, band] = np.maximum(counts[over, band] + np.maximum(more, 0), 1)
    highest = 4 - (counts[:, ::-1] > 0).argmax(axis=1)
    start = np.where(counts.any(axis=1), _BAND_STARTS[highest], 0)
    largest = np.where(start > 0, np.maximum(start, mean), np.minimum(mean + 2, 45))
    largest = np.where(rows.classes > 0, largest, 0).astype(np.int64)
    return {f"classes_{name}": counts[:, i] for i, name in enumerate(_BANDS)}, largest
