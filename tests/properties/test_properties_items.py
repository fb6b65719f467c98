"""The items whose rules changed agree with an oracle that knows them from the facts, not from the package."""

from functools import cache
from typing import Any

import oracle_items as oracle
import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

import junheng as jh

STANDARD = jh.load_standard("cn-quality-balance-2017")
SMALL_ROOMS = STANDARD.with_options(relaxations=["small-rural-school-rooms", "small-rural-junior-school-rooms"])
STAGES = {
    "primary": ("primary",),
    "teaching_point": ("primary",),
    "junior": ("junior",),
    "nine_year": ("primary", "junior"),
    "twelve_year": ("primary", "junior"),
}
SEVEN = {
    "teachers_above_required_degree": 9, "backbone_teachers": 2, "pe_art_teachers": 2, "teaching_area_m2": 600.0,
    "sports_area_m2": 900.0, "equipment_value_cny": 200_000.0, "multimedia_classrooms": 3,
}  # fmt: skip
WORD = {True: "met", False: "unmet", None: "undetermined"}
several = settings(max_examples=2 * settings.default.max_examples)
#: What a test is about; everything else of a school is in order, or not given, so that it does not decide.
SIZES = (1, 49, 50, 2000, 2001, 2400, 2401)
SMALL = (1, 24, 25, 49, 50, 51, 99, 100)


@st.composite
def of_size(draw: st.DrawFn) -> oracle.School:
    half = st.sampled_from((1250, 1251, 1500, 1501))
    return school(draw, lambda n: {"students": draw(half if n > 1 else st.sampled_from(SIZES))})


@st.composite
def of_classes(draw: st.DrawFn) -> oracle.School:
    def figures(_: int) -> dict[str, Any]:
        n, bands = draw(st.sampled_from((49, 50, 450, 500))), dict.fromkeys(oracle.LOWEST)
        known = draw(st.sampled_from(("bands", "some", "none")))
        if known != "none":
            bands |= {b: draw(st.sampled_from((0, 0, 0, 1))) for b in oracle.LOWEST}
        if known == "some":
            bands[draw(st.sampled_from(sorted(bands)))] = None
        classes = draw(st.none() | st.sampled_from((1, n // 45, n // 45 + 1, max(1, n // 50))))
        largest = draw(st.none() | st.sampled_from((20, 45, 46, 50, 51, 66)))
        return {"students": n, "classes": classes, "largest": largest, **bands}

    return school(draw, figures)


@st.composite
def of_funds(draw: st.DrawFn) -> oracle.School:
    whole = draw(st.none() | st.sampled_from((32_500.0, 64_999.99, 65_000.0, 84_999.0, 85_000.0)))

    def figures(_: int) -> dict[str, Any]:
        return {"students": draw(st.sampled_from(SMALL)), "funds": draw(st.sampled_from((whole, whole, 32_500.0)))}

    return school(draw, figures)


def school(draw: st.DrawFn, figures: Any) -> oracle.School:
    kind = draw(st.sampled_from(sorted(STAGES)))
    blank = dict.fromkeys(("largest", "classes", "funds", *oracle.LOWEST))
    stages = {stage: blank | figures(len(STAGES[kind])) for stage in STAGES[kind]}
    total = sum(s["students"] for s in stages.values())
    return {
        "kind": kind,
        "built": draw(st.sampled_from((2010, 2011))),
        "migrants": draw(st.sampled_from((0, total // 2, total))),
        "own_rooms": draw(st.booleans()),
        "stages": stages,
    }


def frame(made: list[oracle.School]) -> pd.DataFrame:
    rows = []
    for i, school in enumerate(made):
        left = school["migrants"]
        for stage, s in school["stages"].items():
            own = min(left, s["students"])
            left -= own
            rows.append(
                {"county": "甲县", "school": f"校{i}", "kind": school["kind"], "stage": stage, "year": 2020, **SEVEN}
                | {"students": s["students"], "classes": s["classes"], "largest_class": s["largest"]}
                | {f"classes_{b}": s[b] for b in oracle.LOWEST}
                | {"teaching_area_m2": 600.0 + (stage == "junior") * school["own_rooms"]}
                | {"public_funds_budget_cny": s["funds"], "built_year": school["built"], "migrant_students": own}
            )
        if school["kind"] == "twelve_year":
            rows.append(
                {"county": "甲县", "school": f"校{i}", "kind": "twelve_year", "stage": "senior", "students": 0}
                | {"year": 2020, **SEVEN}
            )
    return pd.DataFrame(rows)


@cache
def chosen(choice: Any, *, relaxed: bool) -> jh.Standard:
    relaxations = ["older-school-size", "migrant-school-size"] if relaxed else []
    return STANDARD.with_options(small_teaching_points=choice, relaxations=relaxations)


def judge(made: list[oracle.School], norms: dict[str, int | None], choice: str, *, relaxed: bool) -> dict[str, str]:
    facts = {"甲县": {f"funds_norm_per_{s}_student_cny": v for s, v in norms.items()}}
    ev = jh.evaluate(frame(made), chosen(choice, relaxed=relaxed), county_facts=facts)
    return dict(zip(ev.items["item"], ev.items["verdict"], strict=True))


CHOICES = st.sampled_from(("open", "counted", "left_out"))
NORMS = {"primary": 650, "junior": 850}


@several
@given(st.lists(of_size(), min_size=1, max_size=2), CHOICES, st.booleans())
def test_school_size(made: list[oracle.School], choice: str, relaxed: bool) -> None:
    found = judge(made, NORMS, choice, relaxed=relaxed)["school-size"]
    assert found == WORD[oracle.in_doubt(made, lambda s: oracle.school_size(s, relaxed), choice)]


@several
@given(st.lists(of_classes(), min_size=1, max_size=2), CHOICES)
def test_class_size(made: list[oracle.School], choice: str) -> None:
    found = judge(made, NORMS, choice, relaxed=False)["class-size"]
    wanted = oracle.in_doubt(made, oracle.class_size, choice)
    if wanted and len({stage for s in made for stage in s["stages"]}) < 2:
        wanted = None  # a county without a stage has shown nothing of it
    assert found == WORD[wanted]


@several
@given(
    st.lists(of_funds(), min_size=1, max_size=2),
    st.fixed_dictionaries({"primary": st.sampled_from((650, 650, None)), "junior": st.sampled_from((650, 850))}),
    CHOICES,
)
def test_small_school_funds(made: list[oracle.School], norms: dict[str, int | None], choice: str) -> None:
    found = judge(made, norms, choice, relaxed=False)["small-school-funds"]
    assert found == WORD[oracle.in_doubt(made, lambda s: oracle.small_school_funds(s, norms), choice)]


@given(st.integers(3990, 7010), st.integers(1, 3), st.none() | st.integers(2010, 2030))
def test_special_education_follows_the_year(per_pupil: int, pupils: int, year: int | None) -> None:
    row = {"county": "甲县", "school": "一小", "stage": "primary", "students": 500, **SEVEN}
    facts: dict[str, Any] = {"county": ["甲县"], "special_education_funds_cny": [per_pupil * pupils]}
    facts["special_education_students"] = [pupils]
    if year is not None:
        row["year"], facts["year"] = year, [year]
    ev = jh.evaluate(pd.DataFrame([row]), STANDARD, county_facts=pd.DataFrame(facts))
    verdict = ev.items.set_index("item")["verdict"]["special-education-funds"]
    assert verdict == WORD[oracle.special_funds(per_pupil * pupils, pupils, year)]


RURAL = st.fixed_dictionaries(
    {
        "stage": st.sampled_from(("primary", "junior")),
        "area": st.sampled_from(("rural", "rural", "rural", "town")),
        "students": st.sampled_from((99, 100)),
        "largest": st.sampled_from((None, 29, 29, 30)),
        "room": st.sampled_from((0, 54, 61, 61, 90)),
    }
)
BANDS = {54: ("music_rooms_54_61", "art_rooms_54_61"), 61: ("music_rooms_61_73", "art_rooms_61_67"),
         90: ("music_rooms_96", "art_rooms_90")}  # fmt: skip


@several
@given(st.lists(RURAL, min_size=1, max_size=2))
def test_rooms_of_small_rural_schools(made: list[dict[str, Any]]) -> None:
    rows = []
    for i, s in enumerate(made):
        rooms = {column: int(low == s["room"]) for low, pair in BANDS.items() for column in pair}
        rooms |= dict.fromkeys(("music_rooms_73_96", "art_rooms_67_90"), 0)
        row = {"county": "甲县", "school": f"校{i}", "kind": s["stage"], "stage": s["stage"], "year": 2020, **SEVEN}
        row |= {"students": s["students"], "classes": 6, "largest_class": s["largest"], "area_type": s["area"]}
        rows.append(row | rooms)
    verdict = jh.evaluate(pd.DataFrame(rows), SMALL_ROOMS).items.set_index("item")["verdict"]["music-and-art-rooms"]
    assert verdict == WORD[oracle.every(oracle.small_rural_room(s) for s in made)]


YEARS = st.fixed_dictionaries(
    {
        "entrants": st.integers(95, 105),
        "graduates": st.integers(80, 110),
        "transfers_in": st.integers(0, 12),
        "transfers_out": st.integers(0, 12),
        "deaths": st.sampled_from((0, 0, 0, 1, None)),
    }
)


def year(entrants: int, graduates: int, transfers_out: int = 0) -> dict[str, int | None]:
    return {
        "entrants": entrants,
        "graduates": graduates,
        "transfers_in": 0,
        "transfers_out": transfers_out,
        "deaths": 0,
    }


@several
@example([year(100, 95)])
@example([year(118, 112)])  # less than a thousandth short
@example([year(100, 83, transfers_out=12)])  # on the limit by one formula only
@given(st.lists(YEARS, min_size=1, max_size=2))
def test_retention_is_decided_where_both_formulas_agree(made: list[dict[str, int | None]]) -> None:
    row = {"county": "甲县", "kind": "junior", "stage": "junior", "students": 300, **SEVEN}
    table = pd.DataFrame([row | {"school": f"校{i}"} | s for i, s in enumerate(made)])
    verdict = jh.evaluate(table, STANDARD).items.set_index("item")["verdict"]["retention"]
    assert verdict == WORD[oracle.retention(made)]


EIGHT = {
    "county": "甲县", "school": "一小", "stage": "primary", "students": 500, "owner_type": "county_education",
    "teaching_area_m2": 3000.0, "sports_area_m2": 5500.0, "equipment_value_cny": 1_300_000.0, "computers": 80,
    "books": 15_000, "teachers": 35, "teachers_above_required_degree": 27, "teachers_mid_or_senior_title": 15,
}  # fmt: skip


@several
@given(
    st.sampled_from((390_000, 399_999, 400_000, 400_001, 1_000_000)),
    st.sampled_from((599, 600, 601, 1499, 1500)),
    st.sampled_from((-1, 0, 1)),
    st.sampled_from((-1, 0, 1)),
)
def test_the_sample_of_the_survey(residents: int, sent: int, more_parents: int, more_valid: int) -> None:
    parents, valid = -(-sent // 2) + more_parents, -(-7 * sent // 10) + more_valid
    facts = {"population": residents, "survey_sent": sent, "survey_parents_sent": parents, "survey_valid": valid}
    facts["survey_satisfied"] = valid
    ev = jh.evaluate(pd.DataFrame([EIGHT]), "cn-basic-balance-2012", county_facts={"甲县": facts})
    assert ("survey_sample" not in set(ev.problems["code"])) == oracle.survey_in_order(residents, sent, parents, valid)
