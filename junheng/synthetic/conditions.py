"""Columns of school conditions: land, buildings, rooms, grounds."""

from __future__ import annotations

from typing import Any

import numpy as np

from junheng._data import read_toml
from junheng.synthetic.schools import Array, Options, Schools, Sections

#: Square metres per class, roughly the norms for 24 classes.
_AREA_PER_CLASS = {
    "sports_land_m2": 450.0,
    "teaching_built_m2": 215.0,
    "office_built_m2": 37.0,
    "living_built_m2": 60.0,
    "total_built_m2": 320.0,
    "teaching_usable_m2": 185.0,
    "ordinary_classrooms_usable_m2": 68.0,
    "special_rooms_usable_m2": 74.0,
    "common_rooms_usable_m2": 50.0,
}


def draw_conditions(
    rng: np.random.Generator, schools: Schools, rows: Sections, total: Array, options: Options
) -> dict[str, Any]:
    """Draw school conditions: around the norm for the number of classes."""
    n = total.size
    c = np.maximum(np.bincount(rows.school, weights=rows.classes, minlength=n), 1)
    level = np.exp(rng.normal(0.08, 0.15, n)) * schools.level[:, 0] * schools.wealth * options.resourcing
    out: dict[str, Any] = {"land_area_m2": np.round(total * 23.5 * level, 0)}
    for name, amount in _AREA_PER_CLASS.items():
        out[name] = np.round(amount * np.maximum(c, 10) * level, 0)
    track = np.select([c * level < 9, c * level < 16, c * level < 22], [100.0, 200.0, 250.0], 300.0)
    out["ring_track_m"] = track
    out["straight_track_m"] = np.where(track >= 200, 100.0, 60.0)
    out["indoor_sports_room_m2"] = np.round(np.where(rng.random(n) < 0.5, 330.0 * level, 0.0), 0)
    out["library_m2"] = np.round(9.5 * np.maximum(c, 12) * level, 0)
    out["science_instrument_room_m2"] = np.round(30.0 * level, 0)
    out["technology_room_m2"] = np.round(42.0 * level, 0)
    out["laboratory_staff_room_m2"] = np.round(30.0 * level, 0)
    out["reference_titles"] = np.rint(180 * level)
    out["periodical_titles"] = np.rint(90 * level)
    out["basketball_courts"] = np.rint(c / 8 * level)
    out["volleyball_courts"] = np.rint(c / 14 * level)
    out["table_tennis_tables"] = np.rint(c / 2.6 * level)
    for name, entry in read_toml("columns.toml")["columns"].items():
        if entry.get("unit") == "rooms" and name not in out and name != "multimedia_classrooms":
            out[name] = np.rint(np.maximum(c / 16, 1) * level)
    return {name: values[rows.school] for name, values in out.items()}
