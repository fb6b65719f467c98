"""Honest heaping: how honest schools build, keep and write down their figures.

Drawn figures are smooth, and new every year. Real ones are not, without anybody cheating: rooms have standard sizes;
some schools were built to the norm, for the pupils they were planned for; buildings last; figures are rounded, each
school in its own way, and some counties ask for 万元. A test that takes this for manipulation accuses honest schools.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from attrs import frozen

from junheng.standards import load_standard
from junheng.synthetic.schools import Array

#: The norm that schools are built to.
_NORM = "cn-quality-balance-2017"
_BUILT = {"teaching_area_m2": "teaching_area_per_student", "sports_area_m2": "sports_area_per_student"}
#: Pupils a class is planned for, primary and junior.
_PLANNED = np.array([45.0, 50.0])
#: Sizes of classrooms and special rooms, and of grounds, in square metres (invented).
_CLASSROOMS = np.array([54.0, 60.0, 63.0, 67.5, 72.0, 81.0])
_SPECIAL_ROOMS = np.array([90.0, 96.0, 108.0])
_GROUND = 420.0
#: How finely schools round, as powers of ten, and how many do.
_ROUNDING = {
    "teaching_area_m2": ((-1, 0, 1, 2), (0.2, 0.4, 0.25, 0.15)),
    "sports_area_m2": ((-1, 0, 1, 2), (0.15, 0.35, 0.3, 0.2)),
    "equipment_value_cny": ((2, 3, 4), (0.4, 0.3, 0.3)),
    "multimedia_classrooms": ((0,), (1.0,)),
    "computers": ((0,), (1.0,)),
    "books": ((0, 1, 2), (0.5, 0.25, 0.25)),
}
#: Chance that a figure changes in a year: rooms and grounds last, equipment and books are bought.
_CHANGED = {
    "teaching_area_m2": 0.06,
    "sports_area_m2": 0.04,
    "equipment_value_cny": 0.9,
    "multimedia_classrooms": 0.2,
    "computers": 0.5,
    "books": 0.8,
}
#: Columns of the staff; a small school has the same people from year to year.
STAFF = (
    "staff",
    "teachers",
    "teachers_above_required_degree",
    "teachers_mid_or_senior_title",
    "backbone_teachers",
    "pe_art_teachers",
    "certified_teachers",
    "trained_teachers",
)


@frozen(eq=False)
class _Schools:
    """The schools of a return: the school of each row, one row of each, and sums over the rows of a school."""

    school: Array
    row: Array

    def sums(self, values: Array) -> Any:
        """Add up the rows of each school."""
        return np.bincount(self.school, weights=values, minlength=self.row.size)


def heap(rng: np.random.Generator, years: list[dict[str, Any]]) -> None:
    """Let the returns of several years, drawn column by column, be built, kept and rounded as schools do it."""
    school = years[0]["school"].codes
    schools = _Schools(school=school, row=np.unique(school, return_index=True)[1])
    built = _build(rng, schools, years[0])
    units = _rounding(rng, schools, years[0])
    before: dict[str, Array] = {}
    for columns in years:
        for name, chance in _CHANGED.items():
            drawn = columns[name][schools.row]
            growth = np.where(rng.random(drawn.size) < chance, np.exp(rng.normal(0.03, 0.05, drawn.size)), 1.0)
            amount = before[name] * growth if name in before else built.get(name, drawn)
            before[name] = amount
            amount = np.where(drawn > 0, amount, 0.0)  # a school without students has nothing
            columns[name] = _rounded(amount, units[name], 10.0 ** _ROUNDING[name][0][0])[school]
    _keep_staff(rng, years)


def _build(rng: np.random.Generator, schools: _Schools, columns: dict[str, Any]) -> dict[str, Array]:
    """Return what was built to the norm, in rooms of standard sizes, or a screen a classroom."""
    n = schools.row.size
    to_norm = rng.random(n) < 0.2
    out = {name: columns[name][schools.row] for name in (*_BUILT, "multimedia_classrooms")}
    for name, needed in _needed(rng, schools, columns).items():
        out[name] = np.where(to_norm & (needed > 0), needed, out[name])
    in_rooms = rng.random(n) < 0.35
    size, special = rng.choice(_CLASSROOMS, n), rng.choice(_SPECIAL_ROOMS, n)
    out["teaching_area_m2"] = np.where(
        in_rooms, _in_rooms(out["teaching_area_m2"], size, special), out["teaching_area_m2"]
    )
    in_grounds = rng.random(n) < 0.15
    grounds = np.maximum(np.rint(out["sports_area_m2"] / _GROUND), 1) * _GROUND
    out["sports_area_m2"] = np.where(in_grounds, grounds, out["sports_area_m2"])
    a_class = rng.random(n) < 0.25
    classes = schools.sums(columns["classes"])
    out["multimedia_classrooms"] = np.where(a_class & (classes > 0), classes, out["multimedia_classrooms"])
    return out


def _needed(rng: np.random.Generator, schools: _Schools, columns: dict[str, Any]) -> dict[str, Array]:
    """Return what the norm asks for the pupils that each school was planned for; now it has more or fewer."""
    stage = np.asarray(columns["stage"].codes)
    filled = np.exp(rng.normal(-0.08, 0.15, schools.row.size))[schools.school]
    classes = np.ceil(columns["students"] / filled / _PLANNED[stage])
    planned = classes * _PLANNED[stage]
    # senior stages are planned like junior ones
    planned += np.nan_to_num(columns["students_senior"]) / filled
    standard = load_standard(_NORM)
    norms = {
        name: np.array([float(standard.threshold(indicator, stage=s).value or 0) for s in ("primary", "junior")])
        for name, indicator in _BUILT.items()
    }
    return {name: schools.sums(planned * norm[stage]) for name, norm in norms.items()}


def _in_rooms(area: Array, size: Array, special: Array) -> Array:
    """Return an area as a number of classrooms and a number of special rooms."""
    rooms = np.maximum(np.rint(0.7 * area / size), 1)
    out: Array = rooms * size + np.maximum(np.rint((area - rooms * size) / special), 0) * special
    return out


def _rounding(rng: np.random.Generator, schools: _Schools, columns: dict[str, Any]) -> dict[str, Array]:
    """Return what each school rounds to: its own habit, for equipment in some counties that of the county."""
    n = schools.row.size
    out = {name: 10.0 ** rng.choice(powers, n, p=chances) for name, (powers, chances) in _ROUNDING.items()}
    county = np.asarray(columns["county"].codes)[schools.row]
    asks = rng.random(county.max() + 1) < 0.2
    out["equipment_value_cny"] = np.where(asks[county], 1e4, out["equipment_value_cny"])
    return out


def _rounded(amount: Array, unit: Array, least: float) -> Array:
    """Round amounts to units, the least of which is given; a small amount more finely, so that it keeps two digits."""
    with np.errstate(divide="ignore"):
        finest = 10.0 ** np.floor(np.log10(amount / 10))
    unit = np.maximum(np.minimum(unit, finest), least)
    # tenths are multiplied by ten, not divided by 0.1, so that no digits are made up
    out: Array = np.where(unit < 1, np.rint(amount * 10) / 10, np.rint(amount / unit) * unit)
    return out


def _keep_staff(rng: np.random.Generator, years: list[dict[str, Any]]) -> None:
    """Let small schools keep the same people."""
    for before, columns in pairwise(years):
        teachers = before["teachers"]
        taught = (columns["students"] > 0) & (before["students"] > 0)
        same = taught & (rng.random(teachers.size) < np.exp(-teachers / 20))
        for name in [name for name in STAFF if name in columns]:
            columns[name] = np.where(same, before[name], columns[name])
