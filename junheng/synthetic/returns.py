"""The return of one year: pupils, classes, teachers, rooms and equipment of each school and stage."""

from __future__ import annotations

from typing import Any

import numpy as np

from junheng._frames import Labels
from junheng.synthetic.conditions import draw_conditions
from junheng.synthetic.item_columns import draw_item_columns
from junheng.synthetic.schools import AREAS, KINDS, MEDIAN, SUFFIX, Array, Counties, Options, Schools, Sections

#: Weight of a student in drawing amounts, by stage.
WEIGHT = np.array([1.0, 1.1, 1.32])
#: Typical amounts per primary and junior student, in a county on the way to the 2017 thresholds, and their decimals.
TYPICAL = {
    "teaching_area_m2": (6.3, 8.0, 1),
    "sports_area_m2": (10.5, 13.5, 1),
    "equipment_value_cny": (2900.0, 3600.0, -2),
    "multimedia_classrooms": (0.034, 0.033, 0),
    "computers": (0.16, 0.2, 0),
    "books": (29.0, 41.0, 0),
}
#: Typical shares of the teachers, primary and junior.
_TEACHERS = {
    "teachers_above_required_degree": (0.97, 0.9),
    "teachers_mid_or_senior_title": (0.5, 0.55),
    "backbone_teachers": (0.24, 0.22),
    "pe_art_teachers": (0.23, 0.2),
}


def draw_year(
    rng: np.random.Generator, year: int, counties: Counties, schools: Schools, students: Array, options: Options
) -> dict[str, Any]:
    """Draw the return of one year, column by column."""
    total = students.sum(axis=1)
    # small schools have more of everything per student
    small = (np.maximum(total, 20) / 700.0) ** (-0.12 * min(options.inequality, 1.0))
    amounts = _draw_amounts(rng, schools, students, small, options)
    rows = _draw_sections(rng, schools, students, small, options)
    columns = _key_columns(counties, schools, rows, year)
    columns["students"] = rows.students
    has_senior = np.isin(schools.kind, (3, 4))
    columns["students_senior"] = np.where(has_senior, students[:, 2], np.nan)[rows.school]
    columns["classes"] = rows.classes
    columns["staff"] = rows.teachers + rng.binomial(np.maximum(rows.teachers, 1), 0.07)
    columns["teachers"] = rows.teachers
    for name, typical in _TEACHERS.items():
        columns[name] = _draw_teachers(rng, schools, rows, np.array(typical)[rows.stage], options)
    columns |= {name: amount[rows.school] for name, amount in amounts.items()}
    if options.conditions:
        columns |= draw_conditions(rng, schools, rows, total, options)
    if options.items:
        columns |= draw_item_columns(rng, schools, rows)
    integrated = np.isin(schools.kind, (2, 3, 4))[rows.school]
    columns["resources_cover"] = Labels(np.where(integrated, 0, 1), ("school", "stage"))
    return columns


def _draw_amounts(
    rng: np.random.Generator, schools: Schools, students: Array, small: Array, options: Options
) -> dict[str, Array]:
    """Draw rooms, grounds and equipment of each whole school."""
    noise = schools.level * np.exp(rng.normal(0.0, 1.0, (small.size, len(TYPICAL))) * schools.spread[:, None])
    weighted = students @ WEIGHT
    without_primary = (schools.kind == 1) | (schools.kind == 4)
    out = {}
    for j, (name, (primary, junior, decimals)) in enumerate(TYPICAL.items()):
        per_student = np.where(without_primary, junior / 1.1, primary)
        amount = weighted * per_student * noise[:, j] * small * schools.wealth * options.resourcing
        out[name] = np.round(amount, decimals)
    return out


def _draw_sections(
    rng: np.random.Generator, schools: Schools, students: Array, small: Array, options: Options
) -> Sections:
    """Draw classes and teachers of each school and compulsory stage."""
    n = schools.kind.size
    school, stage = np.repeat(np.arange(n), 2), np.tile([0, 1], n)
    has_stage = MEDIAN[schools.kind[school], schools.area[school], stage] > 0
    school, stage = school[has_stage], stage[has_stage]
    p = students[school, stage]
    per_class = rng.normal(np.array([41.0, 45.0])[stage], 2.5)
    grades = np.array([6, 3])[stage]
    classes = np.where(p > 0, np.maximum(grades, np.ceil(p / per_class)), 0).astype(np.int64)
    per_teacher = np.array([17.0, 13.0])[stage] / options.resourcing
    staffing = np.exp(rng.normal(0.0, 0.5, p.size) * schools.spread[school]) * small[school]
    teachers = np.ceil(p / per_teacher * staffing).astype(np.int64)
    teachers = np.maximum(teachers, np.minimum(p, 2))
    return Sections(school=school, stage=stage, students=p, classes=classes, teachers=teachers)


def _key_columns(counties: Counties, schools: Schools, rows: Sections, year: int) -> dict[str, Any]:
    """Return names, codes and kinds of each row."""
    school, kind, county = rows.school, schools.kind[rows.school], schools.county[rows.school]
    of_schools = list(zip(schools.county.tolist(), schools.number.tolist(), schools.kind.tolist(), strict=True))
    # 2017 excludes small teaching points; 2012 excludes points and private schools, from the coefficient only
    left_out = ((kind == 5) & (rows.students < 50)).astype(np.int64)
    return {
        "county": Labels(county, counties.names),
        "county_code": Labels(county, counties.codes),
        "school": Labels(school, [f"{counties.names[c]}第{i}{SUFFIX[k]}" for c, i, k in of_schools]),
        "school_code": Labels(school, [f"{counties.codes[c]}{i:04d}" for c, i, _ in of_schools]),
        "kind": Labels(kind, KINDS),
        "ownership": Labels(schools.private[school].astype(np.int64), ("public", "private")),
        "area_type": Labels(schools.area[school], AREAS),
        "included": Labels(left_out, ("是", "否")),
        "in_coefficient": Labels(left_out, ("是", "否")),
        "stage": Labels(rows.stage, ("primary", "junior")),
        "year": np.full(school.size, year, dtype=np.int64),
    }


def _draw_teachers(
    rng: np.random.Generator, schools: Schools, rows: Sections, typical: Array, options: Options
) -> Array:
    """Draw the number of teachers with a property, such as a higher degree."""
    noise = np.exp(rng.normal(0.0, 0.6, typical.size) * schools.spread[rows.school])
    share = np.clip(typical * noise, 0.02, 0.995)
    chosen = np.rint(rows.teachers * share) if options.inequality < 0.5 else rng.binomial(rows.teachers, share)
    out: Array = np.minimum(chosen.astype(np.int64), rows.teachers)
    return out
