"""Facts about the county: every form they may come in, and what is wrong with them, with its place."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from item_tables import FACTS, Facts, judge, parts, table, verdicts
from small_tables import QUALITY, frame, junior, only, pick, school

import junheng as jh
from junheng.facts import fact_columns

rows = jh.results.records
ZH = {fact_columns()[f].zh: v for f, v in FACTS.items()}


def several(*years: Any) -> pd.DataFrame:
    return frame(*(r | {"year": y} for y in years for r in table()))


def row(**more: Any) -> Facts:
    return {"county": "甲县", **FACTS, **more}


# ---------------------------------------------------------------------------------------- forms

FORMS: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pd.DataFrame([row()]),
    "polars": lambda: pl.DataFrame([row()]),
    "pyarrow": lambda: pa.Table.from_pylist([row()]),
    "a column of texts": lambda: pd.DataFrame([{k: str(v) for k, v in row().items()}]),
    "Decimal": lambda: pd.DataFrame([{k: Decimal(v) if type(v) is int else v for k, v in row().items()}]),
    "numpy": lambda: {k: np.float64(v) for k, v in FACTS.items()},
    "county to facts": lambda: {"甲县": FACTS},
    "facts of the one county": lambda: FACTS,
    "columns": lambda: {k: [v] for k, v in row().items()},
    "Chinese headers": lambda: pd.DataFrame([{"区县名称": "甲县", **ZH}]),
    "Chinese keys": lambda: {"甲县": ZH},
    "yes and no in words": lambda: {
        f: ("是" if v else "否") if fact_columns()[f].type == "flag" else v for f, v in FACTS.items()
    },
    "truth values": lambda: {f: bool(v) if fact_columns()[f].type == "flag" else v for f, v in FACTS.items()},
    "more counties are asked than told of": lambda: pd.DataFrame([row()]),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_facts_may_come_in_any_form(form: str) -> None:
    schools = table()
    if form.startswith("more"):
        schools = [*schools, *(r | {"county": "乙县"} for r in schools)]
    ev = jh.evaluate(frame(*schools), QUALITY, county_facts=FORMS[form]())
    mine = pick(ev.verdicts, county="甲县")
    assert set(mine["verdict"]) == {"met"}
    expected = judge().items
    assert rows(pick(ev.items, county="甲县")) == rows(expected)


def test_facts_are_known_by_both_labels_and_each_by_one() -> None:
    seen: dict[str, str] = {}
    for fact in fact_columns().values():
        for label in (fact.id, fact.zh):
            assert seen.setdefault(label, fact.id) == fact.id, label
        assert fact.en and fact.type in ("key", "flag", "number")
        assert (fact.type == "number") == (fact.unit is not None)
        if fact.part_of is not None:
            assert fact_columns()[fact.part_of].type == "number"


@pytest.mark.parametrize("label", ["zh", "en"])
def test_a_label_of_facts_has_both_languages(label: str) -> None:
    assert all(getattr(f, label).strip() for f in fact_columns().values())


@pytest.mark.parametrize("year", [2024, "2024", 2024.0, np.int64(2024)])
def test_one_year_is_no_question(year: Any) -> None:
    schools = several(year)
    for facts in (
        FACTS,
        {"甲县": FACTS},
        {("甲县", 2024): FACTS},
        {("甲县", "2024"): FACTS},
        pd.DataFrame([row(year=2024)]),
        pd.DataFrame([row(year=2024.0)]),
        pd.DataFrame([row(year="2024")]),
    ):
        assert set(jh.evaluate(schools, QUALITY, county_facts=facts).verdicts["verdict"]) == {"met"}


def test_each_year_has_facts_of_its_own() -> None:
    bad = FACTS | {"survey_satisfied": 849}
    for facts in (
        {("甲县", 2024): FACTS, ("甲县", 2025): bad},
        pd.DataFrame([row(year=2025, survey_satisfied=849), row(year=2024)]),
        pd.DataFrame([{"区县名称": "甲县", "年度": y, **v} for y, v in ((2024, FACTS), (2025, bad))]),
    ):
        ev = jh.evaluate(several(2024, 2025, 2026), QUALITY, county_facts=facts)
        found = {r["year"]: r["verdict"] for r in rows(pick(ev.verdicts, part="recognition"))}
        assert found == {2024: "met", 2025: "unmet", 2026: "undetermined"}


OF_1999: dict[str, Callable[[], Any]] = {
    "frame": lambda: pd.DataFrame([row(year=1999)]),
    "Chinese headers": lambda: pd.DataFrame([{"区县名称": "甲县", "年度": 1999, **ZH}]),
    "county and year to facts": lambda: {("甲县", 1999): FACTS},
    "county to facts": lambda: {"甲县": FACTS | {"year": "1999"}},
    "facts of the one county": lambda: FACTS | {"year": 1999.0},
}


@pytest.mark.parametrize("form", OF_1999)
def test_facts_of_a_year_beside_a_table_without_one_are_used_with_a_warning(form: str) -> None:
    ev = jh.evaluate(frame(*table()), QUALITY, county_facts=OF_1999[form]())
    assert set(ev.verdicts["verdict"]) == {"met"}
    (problem,) = [p for p in ev.data.problems if p.code == "unclear_year"]
    assert (problem.severity, problem.column) == ("warning", "year")
    assert "the facts are of 1999, but the table of schools has no year" in problem.text()
    assert problem.sentence("zh") == (
        "县情数据：县情数据的年度为1999，而学校表没有年度列，无法确认两者同属一个年度；请在学校表中增加年度列"
    )


def test_no_year_is_asked_of_facts_that_have_none() -> None:
    for facts in (FACTS, pd.DataFrame([row(year=None)]), pd.DataFrame([row(year="")]), {("甲县", None): FACTS}):
        assert "unclear_year" not in set(jh.evaluate(frame(*table()), QUALITY, county_facts=facts).problems["code"])


def test_facts_of_several_years_are_refused_beside_a_table_without_a_year() -> None:
    for facts in (
        pd.DataFrame([row(year=1999), row(year=2000)]),
        {("甲县", 1999): FACTS, ("甲县", 2000): FACTS},
        pd.DataFrame([FACTS | {"year": 1999}, FACTS | {"year": 2000}]),
    ):
        (problem,) = mistakes(facts, frame(*table()))
        assert (problem["code"], problem["severity"], problem["row"]) == ("duplicate_row", "error", 1)
        assert "'甲县' has facts of 1999 (row 0) and of 2000" in problem["message"]


@pytest.mark.parametrize(
    ("by", "key"), [("county_code", "370102"), (["province", "county"], ("贵州", "甲县")), ("district", "东区")]
)
def test_facts_go_by_what_the_counties_go_by(by: Any, key: Any) -> None:
    extra = {"province": "贵州", "county_code": "370102", "district": "东区"}
    made = frame(*(r | extra for r in table()))
    ev = jh.evaluate(made, QUALITY, by=by, county_facts={key: FACTS})
    assert parts(ev)["overall"] == "met"
    names = [by] if isinstance(by, str) else by
    facts = pd.DataFrame([dict(zip(names, (key,) if isinstance(key, str) else key, strict=True)) | FACTS])
    assert parts(jh.evaluate(made, QUALITY, by=by, county_facts=facts))["overall"] == "met"


# ------------------------------------------------------------------------------------- mistakes


def mistakes(facts: Any, schools: pd.DataFrame | None = None) -> list[dict[str, Any]]:
    """What is wrong with facts, whether it stops the evaluation or not."""
    made = frame(*(r | {"county": "示例县"} for r in table())) if schools is None else schools
    try:
        found = rows(jh.evaluate(made, QUALITY, county_facts=facts).problems)
    except jh.InputDataError as exc:
        found = exc.to_dicts()
    return [p for p in found if p["code"] != "resources_repeated"]


def given(**changed: Any) -> dict[str, Facts]:
    return {"示例县": FACTS | changed}


@pytest.mark.parametrize(
    ("changed", "code", "column", "said"),
    [
        ({"exchanged_teachers": "10%"}, "text_in_number", "exchanged_teachers", "percentage"),
        ({"exchanged_teachers": "约100"}, "text_in_number", "exchanged_teachers", "plain number"),
        ({"survey_valid": "1,000"}, "text_in_number", "survey_valid", "1000"),
        ({"survey_valid": "１０００"}, "text_in_number", "survey_valid", "1000"),
        ({"teacher_pay_cny": True}, "text_in_number", "teacher_pay_cny", "plain number"),
        ({"monitoring_rate_arts": 12}, "out_of_range", "monitoring_rate_arts", "0.12 for 12 %"),
        ({"monitoring_rate_arts": "12%"}, "text_in_number", "monitoring_rate_arts", "as a share: 0.12"),
        ({"monitoring_level_arts": 5}, "out_of_range", "monitoring_level_arts", "4"),
        ({"government_points": 101}, "out_of_range", "government_points", "100"),
        ({"exchanged_teachers": 1001}, "part_exceeds_whole", "exchanged_teachers", "exchange_eligible_teachers"),
        ({"exchanged_backbone_teachers": 101}, "part_exceeds_whole", "exchanged_backbone_teachers", "exchanged_teach"),
        ({"disabled_children_enrolled": 101}, "part_exceeds_whole", "disabled_children_enrolled", "disabled_children"),
        ({"survey_satisfied": 1001}, "part_exceeds_whole", "survey_satisfied", "survey_valid"),
        ({"survey_visited_satisfied": 101}, "part_exceeds_whole", "survey_visited_satisfied", "survey_visited"),
        ({"allotted_places": 401}, "part_exceeds_whole", "allotted_places", "quality_upper_secondary_places"),
        ({"primary_age_children": 99, "primary_age_children_enrolled": 100}, "part_exceeds_whole",
         "primary_age_children_enrolled", "primary_age_children"),
        ({"special_education_students": -1}, "negative_value", "special_education_students", "negative"),
        ({"years_since_basic_balance": -3}, "negative_value", "years_since_basic_balance", "negative"),
        ({"survey_valid": float("inf")}, "infinite_value", "survey_valid", "infinite"),
        ({"survey_valid": 1e15}, "infinite_value", "survey_valid", "15 digits"),
        ({"layout_plan": "大概"}, "unknown_category", "layout_plan", "neither yes nor no"),
        ({"layout_plan": 2}, "unknown_category", "layout_plan", "neither yes nor no"),
        ({"layout_plan": 0.5}, "unknown_category", "layout_plan", "neither yes nor no"),
    ],
)  # fmt: skip
def test_a_bad_figure_is_told_with_its_place(changed: Facts, code: str, column: str, said: str) -> None:
    (problem,) = mistakes(given(**changed))
    assert (problem["code"], problem["severity"]) == (code, "error")
    assert (problem["row"], problem["column"]) == (0, column)
    assert said in problem["message"] and problem["message"].startswith("county_facts")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"population": "32万"}, "县情数据：“32万”未写明单位；请改填320000，或写全单位（如金额写作“32万元”）"),
        ({"exchanged_teachers": "10%"}, "县情数据：“10%”是百分数；请填数量（如专任教师95人），比例由程序计算"),
        ({"survey_valid": "暂无数据"}, "县情数据：“暂无数据”不是数字；请只填数字，不知道的留空"),
        ({"monitoring_rate_arts": "12%"}, "县情数据：“12%”是百分数；请写成小数，如12%写作0.12"),
        ({"monitoring_rate_arts": "12％"}, "县情数据：“12％”是百分数；请写成小数，如12%写作0.12"),
    ],
)
def test_what_is_wrong_is_said_once_in_chinese(changed: Facts, said: str) -> None:
    """The clerk was told “不是数字；不是数字”, and to enter a count where a share is asked for."""
    schools = frame(*(r | {"county": "示例县"} for r in table()))
    with pytest.raises(jh.InputDataError) as caught:
        jh.evaluate(schools, QUALITY, county_facts=given(**changed))
    assert [p.sentence("zh") for p in caught.value.problems if p.severity == "error"] == [said]


def test_a_bad_figure_names_its_county() -> None:
    """A mapping has no rows to count: the county is the place."""
    schools = frame(*(r | {"county": c} for c in ("甲县", "乙县") for r in table()))
    for bad in ({"survey_valid": "千"}, {"survey_valid": -1}, {"layout_plan": "?"}, {"survey_satisfied": 2000}):
        (problem,) = mistakes({"甲县": FACTS, "乙县": FACTS | bad}, schools)
        assert problem["row"] == 1 and problem["key"] == "乙县", problem


@pytest.mark.parametrize(
    "changed",
    [
        {"exchanged_teachers": 0.1, "exchanged_backbone_teachers": None},
        {"disabled_children_enrolled": 96.73},
        {"survey_satisfied": 0.92},
        {"allotted_places": 0.5},
    ],
)
def test_a_share_where_persons_are_counted_is_told(changed: Facts) -> None:
    """A share, or a percentage, among counts would pass for a very small county's figure."""
    found = mistakes(given(**changed))
    assert [(p["code"], p["column"]) for p in found] == [("not_whole", next(iter(changed)))]


def test_children_in_two_kinds_of_schools_are_not_more_than_all() -> None:
    facts = given(migrant_children_in_public_schools=150, migrant_children_in_purchased_places=100)
    assert [p["code"] for p in mistakes(facts)] == ["part_exceeds_whole"]


@pytest.mark.parametrize(
    ("facts", "code", "place", "said"),
    [
        ({"示例具": FACTS}, "unknown_county", (0, "示例具"), "did you mean 示例县?"),
        ({"示例县": FACTS, "别处": FACTS}, "unknown_county", (1, "别处"), "not in the table of schools"),
        (pd.DataFrame([{"county": "示例县", **FACTS}] * 2), "duplicate_row", (1, "示例县"), "row 0"),
        (pd.DataFrame([{"county": None, **FACTS}]), "unknown_county", (0, ""), "not in the table of schools"),
        ({"layout": 1}, "unknown_column", (None, None), "layout"),
    ],
)
def test_facts_of_the_wrong_county(facts: Any, code: str, place: Any, said: str) -> None:
    problem = next(p for p in mistakes(facts) if p["severity"] == "error")
    assert problem["code"] == code and (problem["row"], problem["key"] or ("" if place[1] == "" else None)) == place
    assert said in problem["message"]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("exchanged_teacher", "exchanged_teachers"),
        ("survey_satisified", "survey_satisfied"),
        ("教师绩效工资总量核定到了位", "教师绩效工资总量核定到位"),
    ],
)
def test_an_unknown_fact_is_told_with_near_ones_and_not_used(name: str, near: str) -> None:
    (problem,) = mistakes(given(**{name: 3}))
    assert (problem["code"], problem["severity"], problem["column"]) == ("unknown_column", "warning", name)
    assert near in problem["message"]


def test_a_fact_under_two_names_is_refused() -> None:
    facts = FACTS | {fact_columns()["layout_plan"].zh: 0}
    (problem,) = mistakes(facts)
    assert problem["code"] == "duplicate_column" and "layout_plan" in problem["message"]


def test_facts_of_several_years_must_say_which() -> None:
    for facts in (FACTS, {"甲县": FACTS}, pd.DataFrame([row()])):
        (problem,) = mistakes(facts, several(2024, 2025))
        assert (problem["code"], problem["column"]) == ("missing_column", "year")
    schools = frame(*(r | {"county": c} for c in ("甲县", "乙县") for r in table()))
    (problem,) = mistakes(FACTS, schools)
    assert (problem["code"], problem["column"]) == ("missing_column", "county")
    (problem,) = mistakes(pd.DataFrame([row(year=2023)]), several(2024))
    assert problem["code"] == "unknown_county" and "2023" in problem["key"] and "2024" in problem["message"]


def test_all_mistakes_are_told_at_once_with_those_of_the_schools() -> None:
    schools = frame(*(r | {"county": "示例县"} for r in table(甲小={"students": -5, "classes_66_up": "多"})))
    facts = pd.DataFrame(
        [
            {"county": "示例县", "layout_plan": "大概", "survey_valid": "千", "allotted_places": -1.0},
            {"county": "示例具", "layout_plan": "是", "survey_valid": "1000", "allotted_places": 1.0},
        ]
    )
    found = [p["code"] for p in mistakes(facts, schools) if p["severity"] == "error"]
    assert sorted(found) == sorted(
        ["negative_value", "text_in_number", "unknown_category", "text_in_number", "negative_value", "unknown_county"]
    )


@pytest.mark.parametrize("facts", ["facts.csv", [FACTS], 3, {"甲县": 1, "乙县": 2}])
def test_what_are_no_facts_is_refused(facts: Any) -> None:
    with pytest.raises(jh.InputError):
        jh.evaluate(frame(*table()), QUALITY, county_facts=facts)


def test_mistakes_are_told_in_chinese_without_english_words() -> None:
    bad = given(
        exchanged_teachers=1001, survey_valid=-1, monitoring_rate_arts=12, disabled_children_enrolled=96.5, no_fact=1,
        survey_sent=float("inf"), migrant_children_in_public_schools=150, migrant_children_in_purchased_places=100,
    )  # fmt: skip
    twice = pd.DataFrame([{"county": "示例县", **FACTS}] * 2)
    schools = frame(*(r | {"county": "示例县"} for r in table()))
    for facts in (bad, twice, {"示例具": FACTS}, {"别处": FACTS}, {"layout": 1}):
        with pytest.raises(jh.InputDataError) as caught:
            jh.evaluate(schools, QUALITY, county_facts=facts)
        for problem in (p for p in caught.value.problems if p.message.startswith("county_facts")):
            told = re.sub("“[^”]*”", "", problem.sentence("zh")).removeprefix("县情数据：")
            named = set(re.findall("[A-Za-z_]{2,}", told))
            assert re.search("[\u4e00-\u9fff]", told) and named <= {"layout_plan"}, told
    with pytest.raises(jh.InputError) as refusal:
        jh.evaluate(schools, QUALITY, missing="skip")  # type: ignore[arg-type]
    assert refusal.value.text("zh") == "missing 须为“propagate”“omit”或“raise”，而非“skip”"


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(jh.InputError, match="differ in length"):
        jh.evaluate(frame(*table()), QUALITY, county_facts={"layout_plan": [1, 1], "post_allocation": [1]})


# ----------------------------------------------------------------------------------- in force


@pytest.mark.parametrize(
    ("standard", "year", "told"),
    [
        (QUALITY, 2016, True), (QUALITY, 2017, False), (QUALITY, 2026, False),
        # the notice is of 2013, and no end was read
        ("cn-sn-memorandum-2012", 2012, True), ("cn-sn-memorandum-2012", 2013, False),
        ("cn-sn-memorandum-2012", 2021, False),
    ],
)  # fmt: skip
def test_a_year_the_standard_was_not_in_force_is_told_and_judged(standard: str, year: int, told: bool) -> None:
    facts = FACTS | {"eligible_teachers_exchanged_in_term": 200, "compulsory_teachers": 1000}
    ev = jh.evaluate(several(year), standard, county_facts=facts)
    found = rows(pick(ev.problems, code="not_in_force"))
    assert [(p["severity"], p["column"], p["value"]) for p in found] == (
        [("warning", "year", str(year))] if told else []
    )
    assert all(str(year) in p["message"] and standard in p["message"] for p in found)
    assert set(ev.verdicts["verdict"]) == {"met"}
    assert ev.provenance["warnings"].get("not_in_force", 0) == len(found)


def test_facts_that_no_item_asks_for_change_nothing() -> None:
    ev = judge(facts=FACTS | {"kindergartens": 12, "kindergartens_quality": 3})
    assert verdicts(ev) == verdicts(judge())


def test_facts_do_not_touch_what_came_in() -> None:
    facts = {"甲县": dict(FACTS)}
    made = pd.DataFrame([row()])
    before = made.copy()
    jh.evaluate(frame(*table()), QUALITY, county_facts=facts)
    jh.evaluate(frame(*table()), QUALITY, county_facts=made)
    assert facts == {"甲县": FACTS}
    pd.testing.assert_frame_equal(made, before)


def test_a_small_table_needs_no_facts() -> None:
    ev = jh.evaluate(frame(school(), junior()), QUALITY)
    assert only(ev.items, item="layout")["reason"] == "not_given"


def test_measures_of_the_county_are_taken_from_its_facts() -> None:
    """一比两率 and their kin: what is not given is empty, none of none is empty too."""
    told = {
        "junior_leavers": 200,
        "junior_leavers_progressed": 181,
        "primary_leavers": 0,
        "primary_leavers_progressed": 0,
    }
    told |= {"public_funds_per_primary_student_cny": 355.5}
    ev = judge(facts=FACTS | told)
    found = {r["indicator"]: r["value"] for r in rows(ev.county_indicators)}
    assert found["junior_progression_rate"] == 181 / 200 and found["public_funds_per_primary_student"] == 355.5
    assert found["primary_progression_rate"] is None and found["junior_retention_rate"] is None
    assert set(found) == set(jh.indicators.county_catalogue()) <= set(jh.list_indicators()["id"])
    shown = ev.relabel("zh").county_indicators
    assert "初中升入高中阶段比例" in set(shown["指标"]) and "元/生" in set(shown["单位"])


def test_facts_of_many_unknown_counties_search_similar_names_only_for_the_first(monkeypatch: Any) -> None:
    from junheng import facts as room
    from junheng._grouping import grouped

    searched: list[str] = []
    monkeypatch.setattr(room, "did_you_mean", lambda name, known: searched.append(name) or "")
    fact = next(f.id for f in fact_columns().values() if f.type == "number")
    counties = [("county", [f"县{i}" for i in range(200)])]
    given = pd.DataFrame({"county": [*(f"乡{i}" for i in range(199)), "区0"], fact: 0})
    unknown = room.Facts(given, counties).problems
    assert [p.code for p in unknown] == [jh.ProblemCode.UNKNOWN_COUNTY] * 200  # every row is reported
    assert searched == [f"乡{i}" for i in range(20)]
    assert len(grouped(unknown)) == 1
