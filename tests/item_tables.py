"""Small tables, facts of a county that passes everything, and what is asked of their items."""

from collections.abc import Mapping
from typing import Any

from small_tables import BASIC, QUALITY, frame, junior, school

import junheng as jh
from junheng.facts import fact_columns
from junheng.standards.model import Condition

rows = jh.results.records


Facts = dict[str, Any]


Table = list[dict[str, Any]]


STD = {name: jh.load_standard(name) for name in (QUALITY, BASIC)}


OVER = ("classes_46_50", "classes_51_55", "classes_56_60", "classes_61_65", "classes_66_up")


ROOMS = {
    **{f"music_rooms_{a}": int(a == "96") for a in ("96", "73_96", "61_73", "54_61")},
    **{f"art_rooms_{a}": int(a == "90") for a in ("90", "67_90", "61_67", "54_61")},
}


#: What the items of 2017 ask of a school on top of the seven indicators.
ITEMS_OF_A_SCHOOL = {
    "ownership": "public",
    "area_type": "city",
    "boarding": "否",
    "dense_city_centre": "否",
    "built_year": 2018,
    "classes": 12,
    "largest_class": 45,
    **dict.fromkeys(OVER, 0),
    **ROOMS,
    "in_district_students": 500,
    "migrant_students": 100,
    "certified_teachers": 35,
    "trained_teachers": 35,
    "visiting_pe_art_teachers": 0,
    "converted_sports_area_m2": 0.0,
    "public_funds_budget_cny": 1_000_000.0,
    "training_budget_cny": 50_000.0,
    "graduates": 160,
    "entrants": 160,
    "transfers_in": 0,
    "transfers_out": 0,
    "deaths": 0,
}


SMALL = {
    "students": 80, "in_district_students": 80, "migrant_students": 10, "classes": 6,
    "teachers_above_required_degree": 5, "backbone_teachers": 1, "pe_art_teachers": 1, "teaching_area_m2": 480.0,
    "sports_area_m2": 880.0, "equipment_value_cny": 208_000.0, "multimedia_classrooms": 2, "teachers": 6,
    "certified_teachers": 6, "trained_teachers": 6, "teachers_mid_or_senior_title": 3, "computers": 13, "books": 2400,
    "area_type": "rural",
}  # fmt: skip


#: A nine-year school in two rows, the whole school's rooms and money on both.
WHOLE = {
    "kind": "nine_year", "teaching_area_m2": 6200.0, "sports_area_m2": 11_000.0, "equipment_value_cny": 2_600_000.0,
    "multimedia_classrooms": 28, "computers": 160, "books": 30_000,
}  # fmt: skip


def table(**changed: Mapping[str, Any]) -> Table:
    """Five units of 甲县, each as it should be but for what is changed, by the name of the school."""
    out = [
        school("甲小", kind="primary", **ITEMS_OF_A_SCHOOL),
        school("村小", kind="primary", **ITEMS_OF_A_SCHOOL | SMALL),
        junior("甲中", kind="junior", **ITEMS_OF_A_SCHOOL),
        school("联校", **ITEMS_OF_A_SCHOOL | WHOLE | {"music_rooms_96": 2, "art_rooms_90": 2}),
        junior("联校", **ITEMS_OF_A_SCHOOL | WHOLE | {"music_rooms_96": 2, "art_rooms_90": 2}),
    ]
    return [row | dict(changed.get(row["school"], {})) for row in out]


#: Everything the county itself has to give, every figure on the spot where it is just met.
FACTS: Facts = {
    **{f: 1 for f, known in fact_columns().items() if known.type == "flag"},
    **{
        f: 0
        for item in STD[QUALITY].items
        if item.id.startswith("veto-")
        for c in item.conditions
        for f in c.top
    },
    "years_since_basic_balance": 3,
    "special_education_funds_cny": 700_000,
    "funds_norm_per_primary_student_cny": 10_000,
    "funds_norm_per_junior_student_cny": 10_000,
    "special_education_students": 100,
    "teacher_pay_cny": 90_000,
    "civil_servant_pay_cny": 90_000,
    "exchange_eligible_teachers": 1000,
    "exchanged_teachers": 100,
    "exchanged_backbone_teachers": 20,
    "quality_upper_secondary_places": 400,
    "allotted_places": 200,
    "migrant_children_eligible": 200,
    "migrant_children_in_public_schools": 150,
    "migrant_children_in_purchased_places": 20,
    "disabled_children": 100,
    "disabled_children_enrolled": 95,
    **{f: 3 for f in fact_columns() if f.startswith("monitoring_level_")},
    **{f: 0.1499 for f in fact_columns() if f.startswith("monitoring_rate_")},
    "survey_valid": 1000,
    "survey_satisfied": 850,
    "survey_visited": 100,
    "survey_visited_satisfied": 85,
    "government_points": 85,
    **{f: 5 for f in fact_columns() if f.startswith("points_")},
}  # fmt: skip


def judge(schools: Any = None, facts: Facts | None = None, standard: Any = QUALITY) -> jh.Evaluation:
    made = frame(*(table() if schools is None else schools)) if not hasattr(schools, "columns") else schools
    return jh.evaluate(made, standard, county_facts=FACTS if facts is None else facts)


def verdicts(ev: jh.Evaluation) -> dict[str, str]:
    """The verdict of each item; of one judged by stage, the worse."""
    order = ["unmet", "undetermined", "met"]
    out: dict[str, str] = {}
    for row in rows(ev.items):
        out[row["item"]] = min(out.get(row["item"], "met"), row["verdict"], key=order.index)
    return out


def parts(ev: jh.Evaluation) -> dict[str, str]:
    return dict(zip(ev.verdicts["part"], ev.verdicts["verdict"], strict=True))


def fails(condition: Condition, facts: Facts) -> Facts:
    """The facts with one figure moved as little as makes the condition fail."""
    name = condition.top[0]
    rest = sum(facts[f] for f in condition.top[1:])
    if condition.op == "==":
        return facts | {name: 1 - int(condition.value)}
    if condition.than:
        return facts | {name: sum(facts[f] for f in condition.than) - 1}
    value = min(step.value for step in condition.dated) if condition.dated else condition.value
    bound = float(value) * (sum(facts[f] for f in condition.bottom) if condition.bottom else 1)
    if condition.op == "<=":
        return facts | {name: round(bound) + 1 - rest}
    return facts | {name: bound if condition.op == "<" else round(bound) - 1 - rest}


RICH = {"equipment_value_cny": 9_000_000.0}
