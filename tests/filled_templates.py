"""Templates filled in whole, as a clerk fills them in: every cell of both sheets, with plausible values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import openpyxl

import junheng as jh
from junheng.facts import fact_columns
from junheng.reports.template import columns_asked, facts_asked, write_template
from junheng.schools import category_words, columns
from junheng.words import Language

#: What is a reproach to a county.
REPROACHES = (
    "entrance_examinations",
    "illegal_school_choice",
    "key_schools_or_classes",
    "posts_left_unfilled",
    "safety_accident_or_fraud",
    "tutoring_control_failed",
)
#: The sizes of the tables in the standards, so that nothing lies between two of them.
CLASSES = {"primary": 24, "junior": 30, "teaching_point": 12}


@attrs.frozen
class School:
    """One row of the table of schools."""

    name: str
    kind: str
    stage: str
    area: str = "town"
    owner: str = "county_education"
    classes: int | None = None
    senior: int = 0

    @property
    def n_classes(self) -> int:
        return self.classes or CLASSES.get(self.kind, CLASSES[self.stage])


SCHOOLS = (
    School("第一小学", "primary", "primary", "city"),
    School("第二小学", "primary", "primary"),
    School("河东镇中心小学", "primary", "primary", "rural"),
    School("河西教学点", "teaching_point", "primary", "rural", classes=12),
    School("民办育才小学", "primary", "primary", owner="private"),
    School("第一中学", "junior", "junior", "city"),
    School("第二中学", "junior", "junior"),
    School("河东学校", "nine_year", "primary", "rural", classes=18),
    School("河东学校", "nine_year", "junior", "rural", classes=18),
    School("示例县完全中学", "complete_secondary", "junior", classes=18, senior=600),
)


def fill(path: Path, standard: str, *, language: Language = "zh", optional: bool = True) -> Path:
    """Write the template of a standard, fill in every cell or every required one, and save it under the same name."""
    write_template(path, standard, language=language)
    std = jh.load_standard(standard)
    year = int(std.effective_to[:4]) - 1 if std.effective_to else 2025
    book = openpyxl.load_workbook(path)
    schools, *others = book.worksheets
    needed, others_too = columns_asked(std)
    seniors = [name for name in others_too if name == "students_senior"]
    for c, name in enumerate([*needed, *others_too], 1):
        for r, school in enumerate(SCHOOLS, 2) if optional or name in (*needed, *seniors) else ():
            schools.cell(r, c, _cell(name, school, year, _choices(schools, c)))
    if len(others) == 2:
        asked = ("county", "county_code", "year", *facts_asked(std))
        for r, name in enumerate(asked, 2):
            others[0].cell(r, 3, _fact(name, year, language))
        # documents for every line but the keys, also for items that only figures of schools decide
        for r in range(5, others[0].max_row + 1):
            others[0].cell(r, 4, f"示政〔{year}〕{r}号")
    book.save(path)
    return path


def _choices(sheet: Any, c: int) -> list[str]:
    """The drop-down list of a column."""
    first = f"{openpyxl.utils.get_column_letter(c)}2:"
    rules = [v for v in sheet.data_validations.dataValidation if v.type == "list"]
    lists = [v.formula1 for v in rules if str(v.sqref).startswith(first)]
    return str(lists[0]).strip('"').split(",") if lists else []


def _cell(name: str, school: School, year: int, choices: list[str]) -> Any:
    keys: Mapping[str, Any] = {
        "county": "示例县",
        "county_code": "110101",
        "school": school.name,
        "school_code": f"0{[s.name for s in SCHOOLS].index(school.name) + 1:04d}",
        "year": year,
        "built_year": 1998,
    }
    if name in keys:
        return keys[name]
    found = columns().get(name)
    if found is None or found.type == "number":
        return _figure(name, school)
    words = {
        "kind": school.kind,
        "stage": school.stage,
        "area_type": school.area,
        "owner_type": school.owner,
        "ownership": "private" if school.owner == "private" else "public",
    }
    if name in words:
        # the list offers the words of the vocabulary in its order
        known = [w for w in category_words(name) if name != "stage" or w in ("primary", "junior")]
        return choices[known.index(words[name])]
    if found.type == "flag" and name in ("boarding", "full_boarding", "dense_city_centre", "less_developed_area"):
        return choices[1]
    return choices[0]


def _figure(name: str, school: School) -> float:
    """A figure of a school: generous, and consistent with the others; a shared one is that of the whole school."""
    classes = school.n_classes
    students = 40 * classes
    whole = sum(40 * s.n_classes for s in SCHOOLS if s.name == school.name) + school.senior
    of_stage: Mapping[str, float] = {
        "students": students,
        "students_senior": school.senior,
        "classes": classes,
        "grades": 6 if school.stage == "primary" else 3,
        "staff": students // 8,
        "teachers": students // 9,
        "largest_class": 43,
        "in_district_students": students,
        "migrant_students": students // 10,
        "visiting_pe_art_teachers": 0,
        "graduates": 300,
        "entrants": 300,
        "transfers_in": 4,
        "transfers_out": 4,
        "deaths": 0,
        "parallel_classes": 4,
        "boarders": students // 4,
    }
    shared: Mapping[str, float] = {
        "teaching_area_m2": 12.0 * whole,
        "indoor_sports_m2": 600,
        "teaching_area_total_m2": 12.0 * whole + 600,
        "outdoor_sports_area_m2": 11.0 * whole,
        "sports_area_m2": 11.0 * whole + 600,
        "equipment_value_cny": 4000.0 * whole,
        "training_budget_cny": 100.0 * whole,
        "public_funds_budget_cny": 1000.0 * whole,
        "books_budget_cny": 100.0 * whole,
        "multimedia_classrooms": whole // 25,
        "computers": whole // 4,
        "books": 50 * whole,
        "ring_track_m": 400,
        "straight_track_m": 110,
    }
    if name in of_stage or name in shared:
        return {**of_stage, **shared}[name]
    if name.startswith("classes_"):
        return 0
    column = columns()[name]
    if column.part_of == "teachers":
        return students // 9
    by_unit: Mapping[str | None, float] = {"m2": 20.0 * whole, "rooms": 12, "courts": 8, "tables": 20, "titles": 400}
    return by_unit.get(column.unit, 40)


def _fact(name: str, year: int, language: str) -> Any:
    fact = fact_columns()[name]
    keys: Mapping[str, Any] = {"county": "示例县", "county_code": "110101", "year": year}
    special: Mapping[str, float] = {
        "population": 456700,
        "rural_population": 200000,
        "survey_sent": 5000,
        "survey_valid": 4900,
        "survey_satisfied": 4800,
        "survey_parents_sent": 3000,
        "survey_parents_valid": 2900,
        "survey_parents_satisfied": 2800,
        "survey_visited": 500,
        "survey_visited_satisfied": 490,
        "survey_parents_visited": 300,
        "survey_parents_visited_satisfied": 290,
        "government_points": 85,
        "standard_school_share_target": 0.38,
        "migrant_children_in_public_schools": 900,
        "migrant_children_in_purchased_places": 50,
        "special_education_students": 100,
        "special_education_funds_cny": 900000,
        "teacher_pay_cny": 98000,
        "compulsory_dropouts": 0,
        "expected_years_of_schooling": 15,
    }
    if name in keys:
        return keys[name]
    if fact.type == "flag":
        yes, no = ("是", "否") if language == "zh" else ("yes", "no")
        return no if name in REPROACHES else yes
    if name in special:
        return special[name]
    by_unit: Mapping[str | None, float] = {"1": 0.1, "level": 3, "points": 5, "years": 5, "units": 20, "schools": 30}
    if fact.unit in by_unit and not fact.part_of:
        return by_unit[fact.unit]
    if fact.unit == "schools":
        return 30
    if fact.unit == "CNY":
        return 1500
    depth, part = 0, fact.part_of
    while part is not None:
        depth, part = depth + 1, fact_columns()[part].part_of
    return 1000 - 10 * depth
