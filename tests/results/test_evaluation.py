"""Small tables judged by hand under each of the three standards."""

import gc
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from small_tables import (
    BASIC,
    QUALITY,
    SEVEN,
    SHANDONG,
    STANDARDS,
    conditions,
    explained,
    frame,
    junior,
    only,
    pick,
    plain,
    school,
    with_staff_quota,
)

import junheng as jh

rows = jh.results.records
DEGREE, BACKBONE, PE_ART, AREA, SPORTS, EQUIPMENT, MULTIMEDIA = SEVEN


def cell(ev: jh.Evaluation, indicator: str, **where: Any) -> dict[str, Any]:
    return only(ev.schools, indicator=indicator, **where)


def complies(**changed: Any) -> str:
    return only(jh.evaluate(frame(school(**changed)), QUALITY).school_verdicts)["verdict"]


def amount(indicator: str, value: Decimal, students: int) -> float:
    """The amount of a thing that makes the value of an indicator."""
    return float(value * students / SEVEN[indicator][1])


# ------------------------------------------------------------------------- 2017: one school, one indicator


def test_21_teachers_for_500_pupils_are_4_2_and_that_is_met() -> None:
    ev = jh.evaluate(frame(school(teachers_above_required_degree=21)), QUALITY)
    assert {k: cell(ev, DEGREE)[k] for k in ("value", "required", "op", "verdict", "rounding_sensitive")} == {
        "value": 4.2,
        "required": 4.2,
        "op": ">=",
        "verdict": "met",
        "rounding_sensitive": False,
    }


@pytest.mark.parametrize("stage", ["primary", "junior"])
@pytest.mark.parametrize("indicator", SEVEN)
def test_thresholds_and_floors_are_met_on_the_spot_and_missed_by_one(indicator: str, stage: str) -> None:
    """At 20 000 students every threshold and every floor is a whole number of persons, rooms, m² or yuan."""
    column, _, numbers = SEVEN[indicator]
    students = 20_000
    plenty = {c: amount(i, n[stage][0], students) * 2 for i, (c, _, n) in SEVEN.items()} | {"teachers": 20_000}
    threshold, floor = (amount(indicator, x, students) for x in numbers[stage])
    assert threshold == int(threshold) and floor == int(floor)
    judged = {}
    for name, x in (
        ("on it", threshold),
        ("under it", threshold - 1),
        ("on the floor", floor),
        ("under the floor", floor - 1),
    ):
        ev = jh.evaluate(frame(school(stage=stage, students=students, **plenty | {column: x})), QUALITY)
        one, all_ = cell(ev, indicator), only(ev.school_verdicts)
        judged[name] = (one["verdict"], one["floor_verdict"], all_["n_met"], all_["verdict"])
        assert (Decimal(str(one["required"])), Decimal(str(one["floor"]))) == numbers[stage]
    assert judged == {
        "on it": ("met", "met", 7, "met"),
        "under it": ("unmet", "met", 6, "met"),
        "on the floor": ("unmet", "met", 6, "met"),
        "under the floor": ("unmet", "unmet", 6, "unmet"),
    }


@pytest.mark.parametrize(
    ("stage", "students", "area", "verdict", "floor_verdict"),
    [
        # 26.775 / 7 is the floor of 3.825, and the quotient of the doubles lies a hair under it
        ("primary", 7, 26.775, "unmet", "met"),
        ("primary", 12, 45.9, "unmet", "met"),
        ("primary", 7, 26.774, "unmet", "unmet"),
        # 52.2 / 9 is 5.8; a figure typed a hair lower is less, although the quotient of the doubles is 5.8 again
        ("junior", 9, 52.2, "met", "met"),
        ("junior", 9, 52.199999999999996, "unmet", "met"),
        ("junior", 13, 64.09, "unmet", "met"),  # 4.93, the floor
        ("junior", 13, 64.08, "unmet", "unmet"),
    ],
)
def test_figures_are_compared_as_they_are_typed(
    stage: str, students: int, area: float, verdict: str, floor_verdict: str
) -> None:
    row = cell(jh.evaluate(frame(school(stage=stage, students=students, teaching_area_m2=area)), QUALITY), AREA)
    assert (row["verdict"], row["floor_verdict"]) == (verdict, floor_verdict)


# ------------------------------------------------------------------------------ 2017: six of the seven

SHORT = {"sports_area_m2": 3187.5}  # 6.375, 85 % of 7.5
BELOW = {"sports_area_m2": 3187.4}
SHORT_2 = {"equipment_value_cny": 850_000.0}  # 1700, 85 % of 2000
BELOW_2 = {"equipment_value_cny": 849_999.0}
UNKNOWN = {"multimedia_classrooms": None}
UNKNOWN_2 = {"backbone_teachers": None}


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, "met"),
        (SHORT, "met"),  # six met, one at 85 %
        (BELOW, "unmet"),  # six met, one below
        (SHORT | SHORT_2, "unmet"),  # five met
        (SHORT | BELOW_2, "unmet"),
        (UNKNOWN, "undetermined"),  # six met, one unknown: it may be below its floor
        (UNKNOWN | SHORT, "undetermined"),  # five met; six if the unknown one is
        (UNKNOWN | BELOW, "unmet"),  # whatever the unknown one is
        (UNKNOWN | SHORT | SHORT_2, "unmet"),  # at most five
        (UNKNOWN | UNKNOWN_2, "undetermined"),
        (dict.fromkeys((c for c, _, _ in SEVEN.values()), None), "undetermined"),
    ],
)
def test_six_of_seven_and_the_other_at_85_percent(changed: dict[str, Any], verdict: str) -> None:
    assert complies(**changed) == verdict


def test_a_school_that_misses_says_how_and_by_what() -> None:
    table = frame(
        school("甲小", **SHORT),
        school("乙小", **BELOW),
        school("丙小", **UNKNOWN),
        junior("甲中", sports_area_m2=4335.0, equipment_value_cny=1_062_500.0),
    )
    ev = jh.evaluate(table, QUALITY)
    english, chinese = explained(ev), explained(ev, "zh")
    for text, said in (
        (
            english,
            ("乙小: 6 of 7 met — unmet", "6.3748", "below the floor of 6.375", "丙小: 6 of 7 met — undetermined",
             "(missing Networked multimedia classrooms)",
             "甲中: 5 of 7 met — unmet", "at or above the floor of 2125", "第六条", "confirmed"),
        ),
        (
            chinese,
            ("乙小:6/7项达标 — 不达标", "6.3748", "低于下限6.375", "丙小:6/7项达标 — 待定", "(缺网络多媒体教室数)",
             "甲中:5/7项达标 — 不达标", "不低于下限2125", "第六条", "依据已核实"),
        ),
    ):  # fmt: skip
        for words in said:
            assert plain(words) in text
        assert "甲小" not in text  # it complies: its one shortfall is above the floor
    reasons = {r["school"]: r["reason"] for r in rows(ev.school_verdicts)}
    assert "Sports area per student" in reasons["乙小"] and "below the floor" in reasons["乙小"]
    assert "Multimedia classrooms" in reasons["丙小"] and "undetermined:" in reasons["丙小"]
    assert "at least 6" in reasons["甲中"]
    assert cell(ev, MULTIMEDIA, school="丙小")["reason"] == "missing_value"


def test_one_school_that_fails_fails_the_county_and_an_unknown_one_leaves_it_open() -> None:
    good, fails, unknown = school("甲小"), school("乙小", **BELOW), school("丙小", **UNKNOWN)
    for table, verdict, counts in (
        ((good, junior()), "met", (1, 0, 0)),
        ((good, fails, unknown, junior()), "unmet", (1, 1, 1)),
        ((good, unknown, junior()), "undetermined", (1, 0, 1)),
    ):
        ev = jh.evaluate(frame(*table), QUALITY)
        item = only(ev.items, item="schools-comply", stage="primary")
        assert (item["n_met"], item["n_unmet"], item["n_undetermined"]) == counts
        assert item["value"] == counts[0] / sum(counts)
        assert item["verdict"] == verdict
        assert only(ev.verdicts, part="resources")["verdict"] == verdict
        assert only(ev.verdicts, part="overall")["verdict"] == ("unmet" if verdict == "unmet" else "undetermined")


# ------------------------------------------------------------------------------------ which units count


@pytest.mark.parametrize(
    ("changed", "counted", "why"),
    [
        ({"kind": "教学点", "students": 49}, False, "left_out_by_standard"),
        ({"kind": "教学点", "students": 50}, True, None),
        ({"kind": "小学", "students": 49}, True, None),
        ({"kind": "教学点", "students": 0}, False, "no_students"),
        ({"kind": "特殊教育学校"}, False, "left_out_by_standard"),
        ({"kind": "职业学校"}, False, "left_out_by_standard"),
        ({"ownership": "民办"}, True, None),
        ({"included": "否"}, False, "not_included"),
        ({"students": 0}, False, "no_students"),
    ],
)
def test_who_counts_in_2017(changed: dict[str, Any], counted: bool, why: str | None) -> None:
    # of all the units in the county only this one has no sports ground
    ev = jh.evaluate(frame(school(), junior(), school("某校", **changed, sports_area_m2=0.0)), QUALITY)
    row = only(ev.school_verdicts, school="某校")
    assert (row["counted"], row["verdict"]) == ((True, "unmet") if counted else (False, "undetermined"))
    assert [(r["school"], r["reason"]) for r in rows(ev.left_out)] == ([] if counted else [("某校", why)])
    indicator = only(ev.indicators, indicator=SPORTS, stage="primary")
    assert indicator["n_schools"] == (2 if counted else 1)
    assert indicator["n_left_out"] == (0 if counted else 1)
    assert indicator["n_empty"] == (1 if why == "no_students" else 0)
    if not counted:
        assert indicator["mean"] == 11.0
        assert set(pick(ev.schools, school="某校")["verdict"]) == {"undetermined"}
        assert set(pick(ev.schools, school="某校")["reason"]) == {why}
        assert ev.provenance["sections_left_out"] == {why: 1}
        assert "某校" in ev.explain() and "某校" in ev.explain(language="zh")
        label = jh._data.read_toml("words/labels.toml")["reason"][why]
        assert label["en"] in ev.explain() and label["zh"] in ev.explain(language="zh")


@pytest.mark.parametrize(("word", "counted"), [("是", True), ("否", False)])
def test_who_counts_in_2012_is_the_users_decision(word: str, counted: bool) -> None:
    table = frame(
        school(included="是"),
        junior(included="是"),
        school("教学点", kind="teaching_point", students=30, in_coefficient=word),
        junior("民办中学", ownership="民办", in_coefficient=word),
        junior("省属中学", owner_type="3", in_coefficient=word),
        school("特教", kind="special", included=None),
    )
    ev = jh.evaluate(table, BASIC)
    # Table II leaves the three out by rule, whatever is said of Table III
    assert ev.school_verdicts["counted"].tolist() == [True, True, False, False, False, False]
    n = {r["stage"]: r["n_schools"] for r in rows(ev.indicators)}
    assert n == ({"primary": 2, "junior": 3} if counted else {"primary": 1, "junior": 1})
    left = {r["school"]: [] for r in rows(ev.left_out)}
    for r in rows(ev.left_out):
        left[r["school"]].append((r["left_out_of"], r["reason"]))
    both = [("basic_standard", "left_out_by_standard")]
    both += [] if counted else [("coefficient", "not_included")]
    assert left == {"教学点": both, "民办中学": both, "省属中学": both, "特教": [("all", "left_out_by_standard")]}


@pytest.mark.parametrize("unit", [{"kind": "teaching_point"}, {"ownership": "民办"}, {"owner_type": "9"}])
def test_one_answer_to_the_two_questions_of_2012(unit: dict[str, Any]) -> None:
    """'No' is an answer to both; 'yes' is refused, because the rule says no to one of them."""
    ev = jh.evaluate(frame(school(), junior(), school("某校", included="否", **unit)), BASIC)
    assert set(pick(ev.left_out, school="某校")["reason"]) == {"left_out_by_standard", "not_included"}
    assert only(ev.indicators, stage="primary", indicator="composite")["n_schools"] == 1
    with pytest.raises(jh.errors.InputDataError) as caught:
        jh.evaluate(frame(school(), junior(), school("某校", included="是", **unit)), BASIC)
    (problem,) = [p for p in caught.value.problems if p.severity == "error"]
    assert (problem.code, problem.row, problem.column) == ("inclusion_unclear", 2, "included")
    assert "'in_basic_standard'" in problem.message and "'in_coefficient'" in problem.message
    # an ordinary school needs no answer, and one answer is enough
    ev = jh.evaluate(frame(school(included="是"), junior(), school("二小", included="否")), BASIC)
    assert ev.left_out["left_out_of"].tolist() == ["all"]


def test_an_ordinary_school_in_one_table_and_out_of_the_other() -> None:
    table = frame(school(), school("二小", in_basic_standard="否"), school("三小", in_coefficient="否"), junior())
    ev = jh.evaluate(table, BASIC)
    assert [(r["school"], r["left_out_of"]) for r in rows(ev.left_out)] == [
        ("二小", "basic_standard"), ("三小", "coefficient"),
    ]  # fmt: skip
    assert (ev.provenance["sections_counted"], ev.provenance["sections_in_coefficient"]) == (3, 3)
    for language, said in (("zh", "不计入差异系数"), ("en", "not in the coefficient")):
        assert said in ev.explain(language=language)
    # under 2017 there is one question: either name answers it, and two answers that differ do not
    assert jh.evaluate(frame(school(), school("二小", in_coefficient="否")), QUALITY).left_out["school"].tolist() == [
        "二小"
    ]
    with pytest.raises(jh.errors.InputDataError) as caught:
        jh.evaluate(frame(school(), school("二小", in_basic_standard="是", in_coefficient="否")), QUALITY)
    assert {p.code for p in caught.value.problems} == {"inclusion_contradicts"}
    one = frame(school(), school("二小", included="是", in_basic_standard="是", in_coefficient="否"))
    assert jh.evaluate(one, QUALITY).left_out.empty


def test_a_stage_whose_schools_are_all_out_of_one_table() -> None:
    """Coefficients without schools to judge, and schools to judge without coefficients: nothing is made up."""
    table = frame(
        school(ownership="民办", in_coefficient="是"), school("二小", ownership="民办", in_coefficient="是", books=9),
        junior(in_coefficient="否"),
    )  # fmt: skip
    ev = jh.evaluate(table, BASIC)
    items = {(r["item"], r["stage"]): r for r in rows(ev.items) if r["stage"]}
    assert items["schools-comply", "primary"]["reason"] == "no_schools"
    assert items["schools-comply", "junior"]["reason"] == "no_requirement"
    assert items["composite-coefficient", "junior"]["reason"] == "no_schools"
    assert items["composite-coefficient", "primary"]["verdict"] == "met"
    assert ev.verdicts[ev.verdicts["verdict"] == "met"].empty
    for language in ("zh", "en"):
        assert ev.explain(language=language)
        page = jh.reports.html_report(ev, language=language)
        assert jh._data.read_toml("words/labels.toml")["left_out_of"]["basic_standard"][language] in page
        assert ev.relabel(language).to_dict()["left_out"]
    # Table III is about the primary stage alone, so nothing can be promised of the junior one
    assert jh.plan(ev, unit_costs={"books": 20.0}).counties["promise"].tolist() == ["undetermined"]


def test_an_empty_school_takes_its_resources_with_it() -> None:
    """Its rooms stand in no mean: else the county would look richer by what no pupil uses."""
    ev = jh.evaluate(frame(school(), school("空校", students=0, teaching_area_m2=9000.0)), QUALITY)
    row = only(ev.indicators, indicator=AREA)
    assert (row["mean"], row["coefficient"], row["n_schools"], row["n_empty"], row["students"]) == (6.0, 0.0, 1, 1, 500)
    assert cell(ev, AREA, school="空校")["value"] is None


# --------------------------------------------------------------------------------- county and stage


def test_a_county_mean_is_the_ratio_of_totals() -> None:
    # 700 + 1200 m² over 100 + 300 students is 4.75, and not (7 + 4) / 2;
    # variance 1/4 * 2.25² + 3/4 * 0.75² = 1.6875
    table = frame(
        school("甲小", students=100, teaching_area_m2=700.0), school("乙小", students=300, teaching_area_m2=1200.0)
    )
    row = only(jh.evaluate(table, QUALITY).indicators, indicator=AREA)
    assert row["mean"] == 4.75
    assert row["std"] == pytest.approx(1.6875**0.5, rel=1e-14)
    assert row["coefficient"] == pytest.approx(1.6875**0.5 / 4.75, rel=1e-14)
    assert (row["n_schools"], row["students"], row["limit"], row["verdict"]) == (2, 400, 0.5, "met")


def test_stages_are_two_worlds() -> None:
    table = frame(school("甲小"), school("乙小", teaching_area_m2=4000.0), junior(teaching_area_m2=9000.0))
    ev = jh.evaluate(table, QUALITY)
    assert pick(ev.indicators, indicator=AREA)["mean"].tolist() == [7.0, 18.0]
    assert pick(ev.indicators, indicator=AREA)["limit"].tolist() == [0.5, 0.45]
    assert pick(ev.indicators, indicator=AREA)["coefficient"].tolist() == [pytest.approx(1 / 7), 0.0]


def pair(stage: str, high: float, low: float, **changed: Any) -> list[dict[str, Any]]:
    """Two schools of 500 with these teaching areas."""
    return [
        school(f"{stage}甲", stage, teaching_area_m2=high, **changed),
        school(f"{stage}乙", stage, teaching_area_m2=low, **changed),
    ]


@pytest.mark.parametrize(
    ("stage", "high", "low", "verdict"),
    [
        # two schools alike in size: the coefficient is half the gap over the mean
        ("primary", 15_000.0, 5_000.0, "met"),  # 0.5
        ("primary", 15_001.0, 5_000.0, "unmet"),
        ("junior", 15_000.0, 5_000.0, "unmet"),
        ("junior", 14_500.0, 5_500.0, "met"),  # 0.45
        ("junior", 14_500.0, 5_499.9, "unmet"),
        # half the gap over the mean is the limit as typed, and more than it in doubles
        ("primary", 27.75, 9.25, "met"),
        ("primary", 55.5, 18.5, "met"),
        ("primary", 55.5, 18.499999, "unmet"),
        ("junior", 273.615, 103.785, "met"),
        ("junior", 547.23, 207.57, "met"),
        ("junior", 547.23, 207.569999, "unmet"),
    ],
)
def test_a_coefficient_on_its_limit_is_within_it(stage: str, high: float, low: float, verdict: str) -> None:
    ev = jh.evaluate(frame(*pair(stage, high, low)), QUALITY)
    row = only(ev.indicators, indicator=AREA)
    assert row["verdict"] == verdict
    assert only(ev.items, item="coefficients", stage=stage)["verdict"] == verdict
    assert row["coefficient"] == pytest.approx((high - low) / (high + low), rel=1e-12)


def test_each_coefficient_counts_and_not_their_mean() -> None:
    ev = jh.evaluate(frame(*pair("primary", 16_000.0, 5_000.0), junior()), QUALITY)
    item = only(ev.items, item="coefficients", stage="primary")
    assert (item["n_met"], item["n_unmet"], item["verdict"]) == (6, 1, "unmet")
    assert item["value"] == pytest.approx(11 / 21)
    assert only(ev.verdicts, part="resources")["verdict"] == "unmet"
    for language, words in (
        ("en", "Teaching area per student: 0.5238, required ≤ 0.5 — unmet"),
        ("zh", "0.5238,要求≤0.5"),
    ):
        assert plain(words) in explained(ev, language)


def test_a_county_without_junior_schools_is_undetermined() -> None:
    for standard in (QUALITY, BASIC):
        ev = jh.evaluate(frame(school()), standard)
        assert {r["reason"] for r in rows(pick(ev.items, stage="junior"))} == {"no_schools"}
        resources = only(ev.verdicts, part="resources")
        assert resources["verdict"] == "undetermined"
        assert "junior" in resources["reason"]
        assert "初中" in only(ev.relabel("zh").verdicts, 部分="资源配置")["说明"]
    # unmet in one stage is unmet, whatever the other
    assert only(jh.evaluate(frame(school(**BELOW)), QUALITY).verdicts, part="resources")["verdict"] == "unmet"


@pytest.mark.parametrize("table", [frame(school(students=0)), frame(school(included="否"))])
@pytest.mark.parametrize("standard", STANDARDS)
def test_a_county_where_nothing_counts_is_undetermined(standard: str, table: Any) -> None:
    table = frame(conditions(**table.iloc[0].to_dict())) if standard == SHANDONG else table
    ev = jh.evaluate(table, standard)
    assert set(ev.verdicts["verdict"]) == {"undetermined"}
    assert rows(ev.indicators) == []
    assert json.dumps(ev.to_dict(), allow_nan=False)
    for language in ("en", "zh"):
        assert "一小" in ev.explain(language=language) or "一校" in ev.explain(language=language)


@pytest.mark.parametrize("standard", STANDARDS)
def test_parts_without_material_are_undetermined_and_never_met(standard: str) -> None:
    table = (
        frame(conditions(), conditions("junior", school="一中")) if standard == SHANDONG else frame(school(), junior())
    )
    ev = jh.evaluate(table, standard)
    std = jh.load_standard(standard)
    assert ev.verdicts["part"].tolist() == [*std.parts, "overall"]
    # the table alone shows the resources; everything else is asked for
    for row in rows(ev.verdicts):
        if row["part"] != "overall":
            assert row["verdict"] == ("met" if row["part"] == "resources" else "undetermined"), row
    overall = only(ev.verdicts, part="overall")
    assert overall["verdict"] == ("met" if std.parts == ("resources",) else "undetermined")
    for part in set(std.parts) - {"resources"}:
        assert part.replace("_", " ") in overall["reason"]


# ------------------------------------------------------------------------------------- missing figures


def test_missing_propagates_into_its_own_county_stage_and_column_only() -> None:
    other = {"county": "乙县"}
    table = frame(
        school("甲小"),
        school("乙小", multimedia_classrooms=None),
        junior(),
        school("丙小", **other),
        junior("丙中", **other),
    )
    ev = jh.evaluate(table, QUALITY)
    open_ = pick(ev.indicators, verdict="undetermined")
    assert [(r["county"], r["stage"], r["indicator"], r["reason"], r["n_missing"]) for r in rows(open_)] == [
        ("甲县", "primary", MULTIMEDIA, "missing_value", 1)
    ]
    assert open_["coefficient"].isna().all() and open_["share_of_students_missing"].tolist() == [0.5]
    assert only(ev.items, county="甲县", item="coefficients", stage="primary")["reason"] == "coefficients_open"
    assert pick(ev.verdicts, part="resources")["verdict"].tolist() == ["undetermined", "met"]
    for language, words in (
        ("en", "1 school missing Networked multimedia classrooms: 乙小"),
        ("zh", "1所学校缺网络多媒体教室数：乙小"),
    ):
        assert plain(words) in explained(ev, language, county="甲县")


def test_omitting_shows_a_coefficient_and_never_judges_by_it() -> None:
    table = frame(*pair("primary", 9000.0, 3000.0), school("丙小", students=250, teaching_area_m2=None))
    row = only(jh.evaluate(table, QUALITY, missing="omit").indicators, indicator=AREA)
    assert (row["mean"], row["coefficient"]) == (12.0, 0.5)
    assert (row["verdict"], row["reason"]) == ("undetermined", "missing_omitted")
    assert (row["n_schools"], row["n_missing"], row["share_of_students_missing"]) == (3, 1, 0.2)
    assert "not enough to judge" in jh.evaluate(table, QUALITY, missing="omit").explain()
    # where nothing is missing the two agree
    table = frame(*pair("primary", 9000.0, 3000.0))
    assert rows(jh.evaluate(table, QUALITY, missing="omit").indicators) == rows(jh.evaluate(table, QUALITY).indicators)


def test_an_omitted_composite_is_not_judged_either() -> None:
    ev = jh.evaluate(frame(school("甲小"), school("乙小", books=None)), BASIC, missing="omit")
    row = only(ev.indicators, indicator="composite")
    assert (row["coefficient"], row["verdict"], row["reason"]) == (0.0, "undetermined", "missing_omitted")
    assert only(ev.items, stage="primary", item="composite-coefficient")["verdict"] == "undetermined"


def test_raising_lists_every_gap_of_what_counts() -> None:
    table = frame(
        school("甲小", multimedia_classrooms=None, sports_area_m2=None),
        junior(students=None),
        school("丙小", students=0, sports_area_m2=None),
        school("丁小", included="否", sports_area_m2=None),
    )
    with pytest.raises(jh.InputDataError) as caught:
        jh.evaluate(table, QUALITY, missing="raise")
    assert {(p.code, p.row, p.column) for p in caught.value.problems if p.severity == "error"} == {
        ("missing_value", 0, "multimedia_classrooms"),
        ("missing_value", 0, "sports_area_m2"),
        ("missing_value", 1, "students"),
    }


def test_an_unknown_enrolment_leaves_the_school_and_its_county_open() -> None:
    ev = jh.evaluate(frame(school("甲小"), school("乙小", students=None), junior()), QUALITY)
    assert only(ev.school_verdicts, school="乙小")["verdict"] == "undetermined"
    table = pick(ev.indicators, stage="primary")
    assert table["coefficient"].isna().all() and set(table["verdict"]) == {"undetermined"}
    assert only(ev.verdicts, part="resources")["verdict"] == "undetermined"


def test_equal_nothing_is_not_balance() -> None:
    ev = jh.evaluate(frame(*(school(n, books=0) for n in ("甲小", "乙小"))), BASIC)
    row = only(ev.indicators, indicator="books_per_student")
    assert (row["mean"], row["coefficient"]) == (0.0, None)
    composite = only(ev.indicators, indicator="composite")
    assert (composite["coefficient"], composite["verdict"], composite["reason"]) == (None, "undetermined", "zero_mean")
    assert "the mean is 0" in ev.explain() and "均值为零" in ev.explain(language="zh")


# ---------------------------------------------------------------------------------------------- 2012

EIGHT = (
    "teaching_area_per_student", "sports_area_per_student", "equipment_value_per_student",
    "computers_per_hundred_students", "books_per_student", "teachers_per_student",
    "teachers_above_required_degree_per_student", "teachers_mid_or_senior_title_per_student",
)  # fmt: skip


def apart(stage: str, coefficient: str, each: str = "100") -> list[dict[str, Any]]:
    """Two schools of 1000 with so much of each on average, whose eight coefficients are all this."""
    out = []
    for name, away in (("甲", 1 + Decimal(coefficient)), ("乙", 1 - Decimal(coefficient))):
        row = school(f"{stage}{name}", stage, students=1000)
        for indicator in EIGHT:
            row[jh.indicators.catalogue()[indicator].numerator] = float(Decimal(each) * away)
        out.append(row)
    return out


@pytest.mark.parametrize(
    ("stage", "coefficient", "each", "verdict"),
    [
        ("primary", "0.65", "100", "met"),
        ("primary", "0.65", "25.9", "met"),  # in doubles 0.6500000000000001
        ("primary", "0.6500001", "100", "unmet"),
        ("junior", "0.55", "100", "met"),
        ("junior", "0.55", "677.1", "met"),  # in doubles 0.5500000000000003
        ("junior", "0.5500001", "677.1", "unmet"),
    ],
)
def test_the_composite_of_2012_on_its_limit(stage: str, coefficient: str, each: str, verdict: str) -> None:
    ev = jh.evaluate(frame(*apart(stage, coefficient, each)), BASIC)
    row = only(ev.indicators, indicator="composite")
    assert row["coefficient"] == pytest.approx(float(coefficient), rel=1e-12)
    assert (row["limit"], row["verdict"]) == ({"primary": 0.65, "junior": 0.55}[stage], verdict)
    assert only(ev.items, item="composite-coefficient", stage=stage)["verdict"] == verdict
    assert set(pick(ev.indicators, stage=stage)["indicator"]) == {*EIGHT, "composite"}


def test_a_single_coefficient_of_2012_may_exceed_the_limit() -> None:
    table = [*apart("primary", "0.1"), *apart("junior", "0.1")]
    table[0]["sports_area_m2"], table[1]["sports_area_m2"] = 199.0, 1.0
    ev = jh.evaluate(frame(*table), BASIC)
    sports = only(ev.indicators, indicator="sports_area_per_student", stage="primary")
    assert sports["coefficient"] == pytest.approx(0.99) and sports["limit"] is None and sports["verdict"] is None
    assert only(ev.indicators, indicator="composite", stage="primary")["coefficient"] == pytest.approx((0.7 + 0.99) / 8)
    assert only(ev.verdicts, part="resources")["verdict"] == "met"
    assert only(ev.verdicts, part="overall")["verdict"] == "undetermined"


def test_schools_have_values_and_no_verdicts_where_the_nation_sets_no_thresholds() -> None:
    ev = jh.evaluate(frame(school()), BASIC)
    row = cell(ev, "teachers_per_student")
    assert (row["value"], row["required"], row["verdict"], row["reason"]) == (
        0.07,
        None,
        "undetermined",
        "no_requirement",
    )
    assert only(ev.school_verdicts)["verdict"] == "undetermined"
    assert "no rule for single schools" in only(ev.school_verdicts)["reason"]


# ------------------------------------------------------------------------------------------ rounding


@pytest.mark.parametrize(
    ("area", "verdict", "sensitive"),
    [
        (4.4951, "unmet", True),  # printed 4.50
        (4.495, "unmet", True),  # half up
        (4.4949, "unmet", False),  # printed 4.49
        (4.5, "met", False),
        (4.504, "met", False),
    ],
)
def test_a_school_value_whose_print_would_turn_the_verdict(area: float, verdict: str, sensitive: bool) -> None:
    ev = jh.evaluate(frame(school(students=10_000, teaching_area_m2=area * 10_000)), QUALITY)
    row = cell(ev, AREA)
    assert (row["verdict"], row["rounding_sensitive"]) == (verdict, sensitive)


@pytest.mark.parametrize(
    ("coefficient", "verdict", "sensitive"),
    [(0.5004, "unmet", True), (0.501787, "unmet", False), (0.5, "met", False), (0.4996, "met", False)],
)
def test_a_coefficient_whose_print_would_turn_the_verdict(coefficient: float, verdict: str, sensitive: bool) -> None:
    """0.501787 is 0.502 in print and 0.50 with two digits: nothing is rounded before it is compared."""
    table = frame(*pair("primary", 10_000 * (1 + coefficient), 10_000 * (1 - coefficient)))
    ev = jh.evaluate(table, QUALITY)
    row = only(ev.indicators, indicator=AREA)
    assert (row["verdict"], row["rounding_sensitive"]) == (verdict, sensitive)
    assert f"{coefficient:.4f}".rstrip("0") in ev.explain()


LOCAL = """
id = "local"
document = "试行办法"
number = "试〔2026〕1号"
issued = "2026"
jurisdiction = "CN"
last_checked_on = "2026-11-22"
label = { zh = "试行", en = "Trial" }
parts = ["resources"]
sources.L1 = { title = "试行办法" }
[[thresholds]]
indicator = "books_per_student"
stage = "primary"
op = ">"
value = 30
clause = "第一条"
source = "L1"
standing = "confirmed"
[[limits]]
kind = "each"
stage = "primary"
op = "<"
value = 0.5
clause = "第二条"
source = "L1"
standing = "confirmed"
[school_rule]
kind = "all"
clause = "第一条"
source = "L1"
standing = "confirmed"
[printing]
school_value = 2
county_mean = 2
coefficient = 3
clause = "附表"
source = "L1"
standing = "confirmed"
"""


@pytest.mark.parametrize(
    ("books", "verdicts", "limit", "sensitive"),
    [
        # values and coefficient on the number itself: neither more than 30 nor less than 0.5, printed or not
        ((15_000, 5_000), ("unmet", "unmet"), "unmet", False),
        ((15_001, 5_001), ("met", "unmet"), "met", True),  # 0.49995 is printed 0.500
        ((15_100, 5_100), ("met", "unmet"), "met", False),
    ],
)
def test_more_than_and_less_than_are_strict(
    tmp_path: Path, books: tuple[int, int], verdicts: tuple[str, str], limit: str, sensitive: bool
) -> None:
    path = tmp_path / "local.toml"
    path.write_text(LOCAL, encoding="utf-8")
    ev = jh.evaluate(frame(*(school(f"{i}小", books=n) for i, n in enumerate(books))), path)
    assert tuple(ev.schools["verdict"]) == verdicts
    row = only(ev.indicators)
    assert (row["op"], row["verdict"], row["rounding_sensitive"]) == ("<", limit, sensitive)


def test_a_number_beside_its_limit_is_shown_with_the_digits_that_tell_them_apart() -> None:
    text = jh.evaluate(frame(*pair("primary", 15_000.003, 5_000.0)), QUALITY).explain()
    assert "Teaching area per student: 0.5, required ≤ 0.5" not in text
    assert "— unmet" in next(line for line in text.splitlines() if "Teaching area per student: 0.50" in line)


# ------------------------------------------------------------------------------------------ Shandong

LAND, TRACK, STAFF, CLASS = "land_area_per_student", "ring_track_length", "students_per_staff", "students_per_class"


def land(classes: int | None, per_student: float, standard: Any = SHANDONG) -> tuple[Any, ...]:
    ev = jh.evaluate(frame(conditions(classes=classes, land_area_m2=per_student * 500)), standard)
    row = cell(ev, LAND)
    return row["required"], row["verdict"], row["reason"]


@pytest.mark.parametrize(
    ("classes", "per_student", "expected"),
    [
        (12, 26.01, (26.01, "met", "")),
        (12, 26.0, (26.01, "unmet", "")),
        (18, 23.48, (23.48, "met", "")),
        (24, 23.03, (23.03, "met", "")),
        (30, 21.46, (21.46, "met", "")),
        (36, 19.97, (19.97, "met", "")),
        (36, 19.96, (19.97, "unmet", "")),
        # between 12 (26.01) and 18 (23.48): both say yes, both say no, they differ
        (15, 26.01, (26.01, "met", "")),
        (15, 23.47, (23.48, "unmet", "")),
        (15, 24.0, (None, "undetermined", "size_between")),
        (13, 26.0, (None, "undetermined", "size_between")),
        # outside the table nothing was found for land
        (11, 99.0, (None, "undetermined", "size_outside")),
        (37, 99.0, (None, "undetermined", "size_outside")),
        (None, 99.0, (None, "undetermined", "missing_classes")),
    ],
)
def test_land_by_size_of_school(classes: int | None, per_student: float, expected: tuple[Any, ...]) -> None:
    assert land(classes, per_student) == expected


@pytest.mark.parametrize(
    ("options", "classes", "per_student", "expected"),
    [
        ({"between_sizes": "linear"}, 15, 24.745, (24.745, "met", "")),
        ({"between_sizes": "linear"}, 15, 24.74, (24.745, "unmet", "")),
        ({"between_sizes": "linear"}, 12, 26.01, (26.01, "met", "")),
        ({"between_sizes": "smaller"}, 17, 24.0, (26.01, "unmet", "")),
        ({"between_sizes": "larger"}, 13, 24.0, (23.48, "met", "")),
        ({"below_smallest": "end"}, 6, 26.01, (26.01, "met", "")),
        ({"above_largest": "end"}, 48, 19.97, (19.97, "met", "")),
        ({"above_largest": "end"}, 6, 99.0, (None, "undetermined", "size_outside")),
    ],
)
def test_open_rules_may_be_decided(
    options: dict[str, Any], classes: int, per_student: float, expected: tuple[Any, ...]
) -> None:
    std = jh.load_standard(SHANDONG)
    chosen = std.with_options(**options)
    assert land(classes, per_student, chosen) == (pytest.approx(expected[0]), *expected[1:])
    assert chosen.digest != std.digest
    ev = jh.evaluate(frame(conditions()), chosen)
    assert ev.provenance["standard_digest"] == chosen.digest


@pytest.mark.parametrize(
    ("stage", "classes", "metres", "verdict", "reason"),
    [
        ("primary", 6, 200, "met", ""),  # as for 12 classes, says the 补充规定
        ("primary", 6, 199, "unmet", ""),
        ("primary", 15, 250, "met", ""),
        ("primary", 15, 200, "undetermined", "size_between"),
        ("primary", 15, 199, "unmet", ""),
        ("primary", 27, 300, "met", ""),  # both neighbours ask 300
        ("junior", 12, 250, "met", ""),
        ("junior", 12, 249, "unmet", ""),
    ],
)
def test_tracks_below_the_smallest_size_take_the_end_value(
    stage: str, classes: int, metres: int, verdict: str, reason: str
) -> None:
    ev = jh.evaluate(frame(conditions(stage, classes=classes, ring_track_m=metres)), SHANDONG)
    assert (cell(ev, TRACK)["verdict"], cell(ev, TRACK)["reason"]) == (verdict, reason)


@pytest.mark.parametrize(
    ("stage", "students", "staff", "verdict", "reason"),
    [
        ("primary", 950, 50, "met", ""),  # 19 to one
        ("primary", 951, 50, "unmet", ""),
        ("junior", 675, 50, "met", ""),  # 13.5 to one
        ("junior", 676, 50, "unmet", ""),
        ("primary", 500, 0, "unmet", "zero_denominator"),
        ("primary", 500, None, "undetermined", "missing_value"),
    ],
)
def test_students_to_one_member_of_staff(
    stage: str, students: int, staff: int | None, verdict: str, reason: str
) -> None:
    ev = jh.evaluate(frame(conditions(stage, students=students, staff=staff)), with_staff_quota())
    row = cell(ev, STAFF)
    assert (row["op"], row["verdict"], row["reason"]) == ("<=", verdict, reason)


def test_every_norm_of_shandong_must_be_met_and_open_ones_say_why() -> None:
    good, lacking = conditions(), conditions(school="二校", volleyball_courts=0, land_area_m2=500 * 24.0, classes=15)
    ev = jh.evaluate(frame(good, lacking), SHANDONG)
    assert ev.school_verdicts["verdict"].tolist() == ["met", "unmet"]
    assert ev.school_verdicts["n_indicators"].tolist() == [23, 23]
    text = ev.explain()
    assert "二校: 21 of 23 met — unmet" in text and "一校" not in text
    assert "Volleyball courts: 0 courts/school, required ≥ 1" in text
    assert "between two sizes of the table" in text and "12: 26.01, 18: 23.48" in text
    assert "介于两档规模之间" in ev.explain(language="zh")
    only_open = jh.evaluate(frame(conditions(land_area_m2=500 * 24.0, classes=15)), SHANDONG)
    assert only(only_open.school_verdicts)["verdict"] == "undetermined"


def test_the_mean_class_is_tested() -> None:
    for students, verdict in ((540, "met"), (541, "unmet")):
        ev = jh.evaluate(frame(conditions(students=students, classes=12)), SHANDONG)
        assert cell(ev, CLASS)["verdict"] == verdict


# ------------------------------------------------------------------------------------------- grouping


def test_grouping_by_several_columns_and_by_another() -> None:
    places = (("冀", "东区"), ("冀", "西区"), ("鲁", "东区"))
    table = frame(*(school(f"{p}{c}", province=p, county=c) for p, c in places))
    ev = jh.evaluate(table, QUALITY, by=["province", "county"])
    assert [(r["province"], r["county"]) for r in rows(pick(ev.verdicts, part="overall"))] == list(places)
    assert ev.provenance["by"] == ["province", "county"]
    assert ev.explain(county=("鲁", "东区")).startswith("鲁 / 东区 · ")
    assert "province" not in {p["column"] for p in rows(ev.problems)}
    # a name alone would have thrown two counties together
    assert len(rows(pick(jh.evaluate(table, QUALITY).verdicts, part="overall"))) == 2
    by_province = jh.evaluate(table, QUALITY, by="province")
    assert pick(by_province.indicators, indicator=AREA)["n_schools"].tolist() == [2, 1]


def test_years_are_kept_apart() -> None:
    table = frame(*(school(year=y, teaching_area_m2=a) for y, a in ((2024, 2000.0), (2025, 3000.0))))
    ev = jh.evaluate(table, QUALITY)
    area = pick(ev.indicators, indicator=AREA)
    assert (area["year"].tolist(), area["mean"].tolist()) == ([2024, 2025], [4.0, 6.0])
    assert ev.provenance["by"] == ["county", "year"]
    text = ev.explain("甲县")
    assert "甲县 / 2024" in text and "甲县 / 2025" in text
    assert "2024" not in ev.explain(("甲县", 2025)).splitlines()[0]


def test_the_kind_alone_says_the_stage() -> None:
    table = frame(school(kind="完小"), junior(kind="独立初中"), school("教学点", kind="教学点")).drop(columns="stage")
    ev = jh.evaluate(table, QUALITY)
    assert ev.school_verdicts["stage"].tolist() == ["primary", "junior", "primary"]
    assert only(ev.verdicts, part="resources")["verdict"] == "met"


def test_without_county_names_the_codes_do() -> None:
    table = frame(school(county_code="370101"), junior(county_code="370101")).drop(columns="county")
    assert rows(jh.evaluate(table, QUALITY).verdicts)[0]["county_code"] == "370101"


# ------------------------------------------------------------------------------------- results as such


def everything(standard: str) -> jh.Evaluation:
    """A county with schools that fail, are unknown, are empty, are left out."""
    table = jh.synthetic.county(seed=1, n_schools=30, missing=0.03)
    table.loc[0, "students"] = 0
    return jh.evaluate(table, standard)


FRAMES = ("schools", "school_verdicts", "indicators", "items", "verdicts", "left_out", "problems")


@pytest.mark.parametrize("standard", STANDARDS)
def test_items_and_verdicts_say_where_they_come_from(standard: str) -> None:
    ev = everything(standard)
    std = jh.load_standard(standard)
    by_id = {i.id: i for i in std.items}
    assert len(rows(ev.items)) == sum(1 if i.conditions else 2 for i in std.items)
    for row in rows(ev.items):
        item = by_id[row["item"]]
        assert row["clause"] == item.clause and row["source"] == std.sources[item.source].title
        assert row["standing"] == str(item.standing) and row["part"] == item.part
    for row in rows(ev.verdicts):
        assert row["reason"]
    judged = [r for r in rows(ev.schools) if r["required"] is not None]
    assert len(judged) == len([r for r in judged if r["clause"] and r["op"]])
    limited = [r for r in rows(ev.indicators) if r["limit"] is not None]
    assert all(r["clause"] and r["op"] == "<=" for r in limited)
    assert (len(judged) > 0, len(limited) > 0) == (bool(std.thresholds), bool(std.limits))


@pytest.mark.parametrize("standard", STANDARDS)
def test_provenance_counts_every_unit_once(standard: str) -> None:
    table = jh.synthetic.county(seed=1, n_schools=30)
    table.loc[0, "students"] = 0
    ev = jh.evaluate(table, standard)
    p = ev.provenance
    std = jh.load_standard(standard)
    assert (p["standard"], p["standard_digest"], p["extends"]) == (std.id, std.digest, None)
    assert (p["rows"], p["missing"], p["junheng"]) == (
        len(table),
        "propagate",
        jh.__dict__.get("__version__", p["junheng"]),
    )
    assert (
        p["sections"] == p["sections_counted"] + sum(p["sections_left_out"].values()) == len(rows(ev.school_verdicts))
    )
    assert p["sections_counted"] == sum(r["counted"] for r in rows(ev.school_verdicts))
    of = [r["left_out_of"] for r in rows(ev.left_out)]
    assert sum(p["sections_left_out"].values()) == len(of) - of.count("coefficient")
    assert p["sections"] - p["sections_in_coefficient"] == len(of) - of.count("basic_standard")
    integrated = table["kind"].isin(["nine_year", "twelve_year", "complete_secondary"]) & (table["students"] > 0)
    assert p["sections_divided"] == int(integrated.sum())
    assert json.loads(json.dumps(dict(p), allow_nan=False)) == dict(p)


def test_to_dict_is_strict_json_and_may_leave_the_schools_out() -> None:
    ev = everything(QUALITY)
    whole, short = ev.to_dict(), ev.to_dict(schools=False)
    assert json.loads(json.dumps(whole, allow_nan=False)) == whole
    assert set(whole) - set(short) == {"schools", "school_verdicts", "item_schools"}
    assert whole["indicators"] == rows(ev.indicators)
    assert whole["standard"]["number"] == "教督〔2017〕6号"


def test_an_evaluation_leaves_nothing_behind_when_it_is_let_go() -> None:
    # a circle of references would keep the tables of several evaluations until Python searches for it
    schools, standard = jh.synthetic.county(seed=0), jh.load_standard("cn-quality-balance-2017")
    jh.evaluate(schools, standard)
    gc.collect()
    gc.disable()
    try:
        ev = jh.evaluate(schools, standard)
        del ev
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("language", "one", "two"),
    [
        ("en", "1 warning about the data: see problems.", "2 warnings about the data: see problems."),
        ("zh", "数据有1条警告，见 problems。", "数据有2条警告，见 problems。"),
    ],
)
def test_what_is_shown_says_how_many_warnings_there_are(language: jh.words.Language, one: str, two: str) -> None:
    """A figure in a wrong unit turns verdicts, and only a warning tells."""
    clean = jh.evaluate(frame(school(), junior()), QUALITY).relabel(language)
    assert clean.problems.empty
    assert repr(clean) == f"<Evaluation of 1 counties, 2 schools and stages under {QUALITY}>"
    assert "problems" not in clean._repr_html_()
    for teachers, said in ((35.5, one), (35.25, two)):
        table = frame(school(teachers=teachers), junior(teachers=teachers if said == two else 35))
        ev = jh.evaluate(table.assign(teachers=table["teachers"].astype(float)), QUALITY).relabel(language)
        assert repr(ev).splitlines() == [repr(clean), said] and len(ev.problems) == (2 if said == two else 1)
        assert ev._repr_html_().count(f"<p>{said}</p>") == 1
        assert ev._repr_html_().replace(f"\n<p>{said}</p>", "") == clean._repr_html_()
