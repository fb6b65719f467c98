"""The declaration form: every cell is the evaluation's figure, printed half up; and the workbook holds just that."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from item_tables import FACTS, Facts, table
from small_tables import BASIC, QUALITY, frame, junior, one_row, only, pick, school

import junheng as jh
from junheng._data import column_ids, fact_ids, read_toml
from junheng.reports import declaration, write_declaration
from junheng.reports.declarations.cells import printed
from junheng.reports.declarations.model import Cell, Declaration, FormTable
from junheng.reports.declarations.next_steps import next_steps
from junheng.words import Name

MAJIANG = "cn-gz-majiang-2023"
FORMS = read_toml("reports/declarations/forms.toml")
SEVEN = jh.load_standard(QUALITY).indicators
STAGE = {"小学": "primary", "初中": "junior"}
FORMULAS = (
    "=1+1",
    "+8613800",
    "-2号小学",
    "@校",
    '=HYPERLINK("http://example.org")',
    "\t=1+1",
    "\r=2",
    "=cmd|' /C calc'!A0",
)

#: What only the form prints.
PRINTED_ONLY: Facts = {
    "population": 456_749, "rural_population": 120_050, "townships": 12, "villages": 150, "gdp_per_head_cny": 60_000.5,
    "revenue_per_head_cny": 4000, "rural_income_cny": 20_000, "urban_income_cny": 40_000, "special_schools": 1,
    "survey_sent": 1100, "survey_parents_sent": 700, "survey_parents_valid": 600, "survey_parents_satisfied": 510,
    "survey_visited": 80, "survey_visited_satisfied": 79, "survey_parents_visited": 40,
    "survey_parents_visited_satisfied": 40,
}  # fmt: skip


def evaluated(standard: str = QUALITY, facts: Facts | None = None, **changed: Any) -> jh.Evaluation:
    """Five units of one county that have everything in order, but for what is changed, by the name of the school."""
    return jh.evaluate(
        frame(*table(**changed)), standard, county_facts=FACTS | PRINTED_ONLY if facts is None else facts
    )


def cell(form: Declaration, id: str, column: str, **where: str) -> Cell:
    """The one cell of a column on the row where other columns print these texts."""
    t = form.table(id)
    at = {c.id: j for j, c in enumerate(t.columns)}
    found = [row for row in t.rows if all(row[at[k]].text == v for k, v in where.items())]
    assert len(found) == 1, f"{len(found)} rows have {where}"
    return found[0][at[column]]


def texts(t: FormTable, column: str) -> list[str]:
    at = [c.id for c in t.columns].index(column)
    return [row[at].text for row in t.rows]


def half_up(value: float, decimals: int) -> str:
    """The oracle of printing: the figure as it is written, in decimal."""
    return str(Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


# -------------------------------------------------------------------------------------- the form as data


def test_the_form_names_what_there_is() -> None:
    assert len(FORMS["basics"]) == 24
    for entry in FORMS["basics"]:
        assert len({"fact", "schools", "sum"} & set(entry)) >= 1
        if "fact" in entry:
            assert entry["fact"] in fact_ids()
        if "sum" in entry:
            assert entry["sum"] in column_ids() and entry["stage"] in ("primary", "junior")
    kinds = read_toml("columns.toml")["categories"]
    assert {e["schools"] for e in FORMS["basics"] if "schools" in e} <= set(kinds["kind"])
    assert list(FORMS["owner_codes"]) == list(kinds["owner_type"])
    for code, (word, others) in enumerate(kinds["owner_type"].items(), start=1):
        assert FORMS["owner_codes"][word] == code and str(code) in others
    for entry in FORMS["survey"]:
        assert all(entry[k] in fact_ids() for k in ("all", "parents") if k in entry)
        assert set(entry.get("over", ())) <= set(FORMS["columns"])
    labels = [*FORMS["columns"].values(), *FORMS["rows"].values(), *(e["label"] for e in FORMS["basics"])]
    labels += [f["title"] for f in FORMS["forms"]] + [t["title"] for f in FORMS["forms"] for t in f["tables"]]
    for label in labels:
        assert set(label) == {"zh", "en"} and label["en"].isascii() and not label["zh"].isascii()
    for form in FORMS["forms"]:
        assert form["standing"] == "secondary" and jh.load_standard(form["standard"]).id == form["standard"]


def test_what_only_the_form_prints_decides_nothing() -> None:
    with_it, without = evaluated(), evaluated(facts=FACTS)
    assert set(with_it.verdicts["verdict"]) == {"met"}
    assert with_it.verdicts.equals(without.verdicts) and with_it.items.equals(without.items)
    rows = [r | {"owner_type": "7", "grades": 6} for r in table()]
    assert jh.evaluate(frame(*rows), QUALITY, county_facts=FACTS).schools.equals(without.schools)


# ------------------------------------------------------------------------------------------- worked example


def test_a_county_with_everything_in_order() -> None:
    form = declaration(evaluated())
    assert [t.id for t in form.tables] == [
        "summary", "I", "II-1", "II-2", "III", "IV", "V", "VI", "beside", "left_out"
    ]  # fmt: skip
    assert form.title == "义务教育优质均衡发展县申报表" and form.county == "甲县"
    assert set(texts(form.table("summary"), "verdict")) == {"达标"}
    assert texts(form.table("I"), "code") == [f"L{i}" for i in range(1, 25)]
    assert texts(form.table("I"), "value") == [
        "45.67", "12.01", "12", "150", "60001", "4000", "20000", "40000",
        "2", "1", "1", "0", "0", "1", "0", "0", "30", "24", "1080", "1000", "", "", "76", "70",
    ]  # fmt: skip
    assert cell(form, "I", "value", code="L2").value == 12.005
    assert any(n.startswith("未提供（2项，留空）：小学教职工、初中教职工") for n in form.table("I").notes)
    shares = form.table("II-1")
    assert [c.code for c in shares.columns][2:] == [f"L{i}" for i in range(1, 9)]
    assert [[c.text for c in r][:4] for r in shares.rows] == [
        ["小学", "达标学校数（所）", "3", "3"],
        ["小学", "占学校总数比例", "100.0%", "100.0%"],
        ["初中", "达标学校数（所）", "2", "2"],
        ["初中", "占学校总数比例", "100.0%", "100.0%"],
    ]
    schools = form.table("II-2")
    assert [c.code for c in schools.columns] == [""] * 7 + [f"L{i}" for i in range(7, 15)] + [""]
    assert texts(schools, "school") == ["甲小", "村小", "联校（小学部）", "甲中", "联校（初中部）"]
    assert texts(schools, "number") == ["1", "2", "3", "1", "2"]
    assert texts(schools, "remark") == ["达标的7项：学历、骨干、体艺、用房、场馆、设备、多媒体"] * 5
    assert texts(schools, "grades") == texts(schools, "owner") == [""] * 5 != texts(schools, "classes")
    assert schools.notes[:2] == (
        "小学共3所（部）：独立小学2所，一贯制学校、完全中学的小学部1个，50人及以上教学点0个。",
        "初中共2所（部）：独立初中1所，一贯制学校、完全中学的初中部1个。",
    )
    assert cell(form, "III", "composite", stage="小学", row="全县平均值").text == "——"
    government = form.table("IV")
    assert set(texts(government, "number")) == {str(i) for i in range(1, 16)}
    assert set(texts(government, "verdict")) == {"是"} == set(texts(form.table("V"), "verdict"))
    exchange = cell(form, "IV", "finding", number="11", required="≥10%")
    assert exchange.text == "交流轮岗教师数 100 ÷ 符合交流条件的教师数 1000"
    assert cell(form, "IV", "value", number="11", required="≥20%").text == "20.0%"
    assert cell(form, "IV", "value", number="7").text == "7000"
    assert cell(form, "IV", "remark", number="7").text == "依据：凭记忆，未查到来源"
    monitored = [t for t in texts(form.table("V"), "finding") if t.startswith("国家义务教育质量监测")]
    assert len(monitored) == 12 and "国家义务教育质量监测语文校际差异率 0.1499" in monitored
    assert [[c.text for c in r] for r in form.table("VI").rows] == [
        ["全体", "1100", "1000", "850", "85.0%", "80", "79", "98.8%"],
        ["其中：家长", "700", "600", "510", "85.0%", "40", "40", "100.0%"],
    ]
    assert form.marks == {"rounding": 0, "open": 0, "not_given": 12}


def test_documents_and_failing_schools_are_named() -> None:
    form = declaration(
        evaluated(
            facts=FACTS | {"layout_plan_reference": "规划〔2024〕1号", "layout_plan": 1},
            甲小={"students": 2001, "classes_46_50": 1},
            村小={"public_funds_budget_cny": None, "training_budget_cny": None},
        )
    )
    assert cell(form, "IV", "reference", number="1").text == "规划〔2024〕1号"
    size = cell(form, "IV", "remark", number="4", required="每个单位≤2000")
    assert size.text == "不达标：甲小"
    assert cell(form, "IV", "verdict", number="6").text == "待定"
    assert cell(form, "IV", "remark", number="6").text == "待定：村小"
    assert "15项中1项待定。" in form.table("IV").notes


def test_owners_and_grades_are_printed_where_they_are_given() -> None:
    rows = table()
    for row, owner, grades in zip(rows, ("7", 8, None, "县级教育部门", 10.0), (6, 6, None, 3, 3), strict=True):
        row |= {"owner_type": owner, "grades": grades}
    rows[2]["ownership"] = "private"
    form = declaration(jh.evaluate(jh.standardize_columns(frame(*rows)), QUALITY, county_facts=FACTS))
    # in the order of the form: primary schools first
    assert texts(form.table("II-2"), "owner") == ["7", "8", "7", "10", "10"]
    assert texts(form.table("II-2"), "grades") == ["6", "6", "3", "", "3"]
    assert any("年级数1所（部）" in n and "举办者类型" not in n for n in form.table("II-2").notes if "未提供" in n)


def test_reading_what_no_rule_rests_on_leaves_the_evaluation_as_it_is() -> None:
    """A bad owner or number of grades is a blank cell of the form, not a problem found after the fact."""
    rows = [r | {"owner_type": "股份制", "grades": "六"} for r in table()]
    ev = jh.evaluate(frame(*rows), QUALITY, county_facts=FACTS)
    untouched = jh.evaluate(frame(*rows), QUALITY, county_facts=FACTS)
    first, second = declaration(ev).to_dict(), declaration(ev).to_dict()
    assert first == second
    assert ev.problems.equals(untouched.problems) and ev.to_dict() == untouched.to_dict()
    assert (
        set(texts(declaration(ev).table("II-2"), "owner"))
        == {""}
        == set(texts(declaration(ev).table("II-2"), "grades"))
    )


# --------------------------------------------------------------------------------- rounding turns a verdict


def test_a_figure_that_prints_as_met_and_is_not_is_marked() -> None:
    # 2247.55 / 500 = 4.4951 prints 4.50
    form = declaration(evaluated(甲小={"teaching_area_m2": 2247.55}))
    found = cell(form, "II-2", "teaching_area_per_student", school="甲小")
    assert (found.text, found.mark) == ("4.50", "rounding") and found.value == 2247.55 / 500
    assert "未四舍五入的数值为4.4951，标准≥4.5，结论为不达标" in (found.note or "")
    assert "达到85%的1项：用房" in cell(form, "II-2", "remark", school="甲小").text
    assert cell(form, "II-2", "complies", school="甲小").text == "是"
    assert form.marks["rounding"] == 1


def test_a_figure_that_prints_as_the_floor_and_is_below_it_is_marked() -> None:
    # 4.926 prints 4.93, the floor of junior schools
    form = declaration(evaluated(甲中={"teaching_area_m2": 4.926 * 500}))
    found = cell(form, "II-2", "teaching_area_per_student", school="甲中")
    assert (found.text, found.mark) == ("4.93", "rounding") and "下限≥4.93" in (found.note or "")
    assert cell(form, "II-2", "complies", school="甲中").text == "否"
    assert not only(
        evaluated(甲中={"teaching_area_m2": 4.926 * 500}).schools,
        school="甲中", indicator="teaching_area_per_student",
    )["rounding_sensitive"]  # fmt: skip


def test_a_coefficient_that_prints_as_the_limit_and_is_over_it_is_marked() -> None:
    # two schools of equal size at 1 ± 0.5004 times 9: the coefficient is 0.5004
    rows = [school(f"{i}小", teaching_area_m2=500 * 9 * (1 + s)) for i, s in ((1, 0.5004), (2, -0.5004))]
    ev = jh.evaluate(frame(*rows, junior()), QUALITY)
    found = cell(declaration(ev), "III", "teaching_area_per_student", stage="小学", row="差异系数")
    assert found.text == "0.500" and found.mark == "rounding"
    assert found.value == only(ev.indicators, stage="primary", indicator="teaching_area_per_student")["coefficient"]
    assert only(ev.indicators, stage="primary", indicator="teaching_area_per_student")["verdict"] == "unmet"


def test_a_ratio_that_prints_as_required_and_is_not_is_marked() -> None:
    form = declaration(evaluated(facts=FACTS | {"survey_valid": 100_000, "survey_satisfied": 84_999}))
    found = form.table("VI").rows[0][4]
    assert (found.text, found.mark) == ("85.0%", "rounding") and "84.999%" in (found.note or "")
    form = declaration(evaluated(甲小={"trained_teachers": 9999, "teachers": 10_000, "certified_teachers": 10_000}))
    found = cell(form, "IV", "value", number="9")
    assert (found.text, found.mark) == ("100.0%", "rounding")


@pytest.mark.parametrize(
    ("value", "decimals", "percent", "text"),
    [
        (0.285, 2, False, "0.29"),
        (1.005, 2, False, "1.01"),
        (0.4505, 3, False, "0.451"),
        (2.5, 0, False, "3"),
        (0.0, 2, False, "0.00"),
        (0.9995, 1, True, "100.0%"),
        (0.99949, 1, True, "99.9%"),
        (0.125, None, False, "0.125"),
        (2000.0, None, False, "2000"),
        (0.853, None, True, "85.3%"),
    ],
)
def test_printing_rounds_half_up(value: float, decimals: int | None, percent: bool, text: str) -> None:
    assert printed(value, decimals, percent=percent) == text


@given(st.integers(0, 10**7), st.integers(1, 10**4), st.integers(0, 3))
def test_what_is_printed_is_the_nearest_with_so_many_decimals(top: int, bottom: int, decimals: int) -> None:
    value = top / bottom
    assert printed(value, decimals) == half_up(value, decimals)


# -------------------------------------------------------------------------------------------- properties


ODD = st.one_of(
    st.sampled_from(FORMULAS),
    # a name of nothing but invisible characters counts as missing, and the form prints the code
    st.text(min_size=1, max_size=12).filter(lambda s: any(c.isprintable() and not c.isspace() for c in s)),
    st.sampled_from(["_x0041_", "a\ufffe\uffffb", "😀小学", "=" * 40, "  前后空格 ", "&<>\"'", "第\n一小"]),
)
AMOUNTS = ("teachers_above_required_degree", "backbone_teachers", "pe_art_teachers", "multimedia_classrooms")


@st.composite
def counties(draw: st.DrawFn) -> pd.DataFrame:
    """A county with odd names, gaps, and units that do not count."""
    n = draw(st.integers(1, 6))
    rows = []
    for i in range(n):
        stage = draw(st.sampled_from(["primary", "junior"]))
        changed: dict[str, Any] = {
            "students": draw(st.one_of(st.none(), st.integers(0, 900))),
            "school_code": f"{i:04}",
            "kind": draw(st.sampled_from([stage, stage, None, "teaching_point" if stage == "primary" else "junior"])),
            "included": draw(st.sampled_from([None, None, None, "否"])),
            "ownership": draw(st.sampled_from([None, "public", "private"])),
        }
        for name in AMOUNTS:
            changed[name] = draw(st.one_of(st.none(), st.integers(0, 30)))
        changed["teaching_area_m2"] = draw(st.one_of(st.none(), st.decimals(0, 6000, places=2).map(float)))
        rows.append(school(draw(ODD), stage, **changed))
    return frame(*rows)


def check_against(form: Declaration, ev: jh.Evaluation) -> None:
    """Compare every cell of Tables II and III with the frames of the evaluation."""
    shown = {(r["row"], r["stage"], r["indicator"]): r for r in jh.results.records(ev.schools)}
    verdicts = [r for r in jh.results.records(ev.school_verdicts) if r["counted"]]
    t = form.table("II-2")
    ids = [c.id for c in t.columns]
    expected = [r for s in ("primary", "junior") for r in verdicts if r["stage"] == s]
    assert len(t.rows) == len(expected)
    for row, r in zip(t.rows, expected, strict=True):
        cells = dict(zip(ids, row, strict=True))
        assert STAGE[cells["stage"].text] == r["stage"] and cells["school"].value == str(r["school"])
        assert cells["complies"].text == {"met": "是", "unmet": "否", "undetermined": "待定"}[r["verdict"]]
        assert (cells["students"].value, cells["students"].mark) == (
            (None, "open") if r["students"] is None else (r["students"], None)
        )
        for name in SEVEN:
            found, figure = cells[name], shown[r["row"], r["stage"], name]
            if figure["value"] is None:
                assert (found.value, found.text, found.mark) == (None, "待定", "open") and found.note
                continue
            assert found.value == figure["value"] and found.text == half_up(figure["value"], 2)
            assert (found.mark == "rounding") >= figure["rounding_sensitive"]
    balance = form.table("III")
    for r in jh.results.records(ev.indicators):
        stage = {v: k for k, v in STAGE.items()}[r["stage"]]
        for label, name, decimals in (("全县平均值", "mean", 2), ("差异系数", "coefficient", 3)):
            found = cell(form, "III", r["indicator"], stage=stage, row=label)
            if r[name] is None:
                assert (found.value, found.text, found.mark) == (None, "待定", "open") and found.note
            else:
                assert found.value == r[name] and found.text == half_up(r[name], decimals)
        assert (found.mark == "rounding") == r["rounding_sensitive"]
    assert len(balance.rows) == 4
    counts = form.table("II-1")
    for row, stage in ((0, "primary"), (2, "junior")):
        mine = [r for r in verdicts if r["stage"] == stage]
        last = counts.rows[row][-1]
        if mine and not any(r["verdict"] == "undetermined" for r in mine):
            met = sum(r["verdict"] == "met" for r in mine)
            assert last.value == met and counts.rows[row + 1][-1].value == met / len(mine)
        else:
            assert (last.value, last.text) == (None, "待定") and last.note
    out = form.table("left_out")
    assert len(out.rows) == len(ev.left_out)
    assert [r[1].value for r in out.rows] == [str(s) for s in ev.left_out["school"]]


@pytest.mark.slow
@given(counties())
def test_every_cell_is_the_figure_of_the_evaluation(schools: pd.DataFrame) -> None:
    ev = jh.evaluate(schools, QUALITY)
    form = declaration(ev)
    check_against(form, ev)
    assert json.loads(json.dumps(form.to_dict(), allow_nan=False))["county"] == "甲县"
    for t in form.tables:
        for row in t.rows:
            assert len(row) == len(t.columns)
            for found in row:
                # what is open says why, and nothing that is missing looks like a figure
                assert found.mark is None or found.note or t.id == "summary"
                assert not isinstance(found.value, float) or np.isfinite(found.value)
                assert "nan" not in found.text or "nan" in str(found.value)
                assert "None" not in found.text or "None" in str(found.value)


@pytest.mark.parametrize("standard", [QUALITY, BASIC, MAJIANG])
@pytest.mark.parametrize("missing", ["propagate", "omit"])
def test_a_synthetic_county_comes_out_whole(standard: str, missing: Any) -> None:
    schools = jh.synthetic.county(seed=3, n_schools=40, missing=0.05, items=True)
    schools.loc[0, "included"] = "否"
    ev = jh.evaluate(schools, standard, county_facts=jh.synthetic.county_facts(schools), missing=missing)
    form = declaration(ev)
    if standard != BASIC:
        check_against_names = {r["school"] for r in jh.results.records(ev.school_verdicts) if r["counted"]}
        assert {n.split("（")[0] for n in texts(form.table("II-2"), "school")} == check_against_names
    for part, verdict in zip(
        texts(form.table("summary"), "part"), texts(form.table("summary"), "verdict"), strict=True
    ):
        assert only(ev.relabel("zh").verdicts, 部分=part)["结论"] == verdict
    shown = [t for t in form.tables if t.id in ("IV", "V", "government", "beside")]
    names = [n for t in shown for n in dict.fromkeys(texts(t, "item"))]
    items = ev.relabel("zh").items
    rest = ("社会认可度", "资源配置", "办学基本标准")
    assert sorted(names) == sorted(items.loc[~items["部分"].isin(rest), "项目"])
    said = {"达标": "是", "不达标": "否", "待定": "待定"}
    for t in shown:
        for row in t.rows:
            r = only(items, 项目=row[1].text)
            if r["说明"] != "只计入总分":
                assert row[5].text == said[r["结论"]]


def test_schools_in_one_row_and_those_of_no_stage() -> None:
    people = {"students": 500, "teachers": 40, "backbone_teachers": 8}
    by_stage = {f"{k}_{s}": v for s in STAGE.values() for k, v in people.items()}
    rows = [
        one_row("nine_year", people=by_stage, classes=24),
        school("特校", kind="special"),
        school("高中", "senior", kind="senior"),
        school("甲小", kind="primary", classes=12),
    ]
    form = declaration(jh.evaluate(frame(*rows), QUALITY))
    assert texts(form.table("II-2"), "school") == ["联校（小学部）", "甲小", "联校（初中部）"]
    # the classes of the whole school are of neither stage
    assert texts(form.table("II-2"), "classes") == ["", "12", ""]
    assert cell(form, "I", "value", code="L17").note == "1个单位缺班级总数（或未分学段），其余1个合计12"
    values = dict(zip(texts(form.table("I"), "entry"), texts(form.table("I"), "value"), strict=True))
    assert (values["特殊教育学校"], values["小学在校生"], values["初中在校生"]) == ("1", "1000", "500")
    out = form.table("left_out")
    assert list(zip(texts(out, "school"), texts(out, "stage"), strict=True)) == [("特校", "——"), ("高中", "高中")]


def test_a_county_of_which_little_is_known() -> None:
    """No facts, no kinds, gaps everywhere: the form comes out, and every open cell says why."""
    rows = [school(f"{i}小", teaching_area_m2=None, students=None if i else 500) for i in range(3)]
    form = declaration(jh.evaluate(frame(*rows), QUALITY))
    assert set(texts(form.table("IV"), "verdict")) == {"待定"}
    assert cell(form, "I", "value", code="L9").note == "3所学校未填学校类型"
    assert cell(form, "I", "value", code="L19").note == "2个单位缺学生人数（或未分学段），其余1个合计500"
    assert cell(form, "I", "value", code="L1").mark == "not_given"
    assert cell(form, "III", "teaching_area_per_student", stage="小学", row="差异系数").note == (
        "3所学校缺教学及辅助用房面积(不含室内体育用房)、学生人数：0小、1小、2小"
    )
    assert cell(form, "III", "teaching_area_per_student", stage="初中", row="差异系数").note == "表中没有该学段的学校"
    assert "小学：计入3所（部），在校生500人（2所（部）缺学生人数）。" in form.table("III").notes


# ---------------------------------------------------------------------------------------- the form of 2012


def test_the_form_of_2012_leaves_out_what_its_instructions_leave_out() -> None:
    rows = [
        *table(),
        school("民小", kind="primary", ownership="private", in_coefficient="是"),
        school("企小", kind="primary", owner_type="9", in_coefficient="是"),
        school("省小", kind="primary", owner_type="provincial_education", in_coefficient="是"),
        school("县小", kind="primary", owner_type="7"),
        school("点", kind="teaching_point", students=60, in_coefficient="是"),
    ]
    ev = jh.evaluate(frame(*rows), BASIC, county_facts=FACTS)
    form = declaration(ev)
    assert [t.id for t in form.tables] == [
        "summary", "I", "II-1", "II-2", "III", "government", "recognition", "left_out"
    ]  # fmt: skip
    assert texts(form.table("II-2"), "school") == ["甲小", "村小", "联校（小学部）", "县小", "甲中", "联校（初中部）"]
    reasons = dict(zip(texts(form.table("left_out"), "school"), texts(form.table("left_out"), "reason"), strict=True))
    said = "不计入办学基本标准：按标准不计入"
    assert {k: v.removeprefix(said) for k, v in reasons.items()} == {
        "民小": "（民办学校）", "企小": "（非本县举办的学校）", "省小": "（非本县举办的学校）", "点": "（教学点）"
    }  # fmt: skip
    # the balance is taken over all that count
    assert any(n.startswith("小学：计入8所（部）") for n in form.table("III").notes)
    for t in (form.table("II-1"), form.table("II-2")):
        assert "5所（部）未填举办者类型，无法确定是否由本县举办，均已列入。" in t.notes
    balance = form.table("III")
    assert [c.id for c in balance.columns][2:] == [*jh.load_standard(BASIC).indicators, "composite"]
    found = cell(form, "III", "composite", stage="小学", row="差异系数")
    assert found.value == only(ev.indicators, stage="primary", indicator="composite")["coefficient"]
    # means of teachers for one student need three decimals
    mean = cell(form, "III", "teachers_per_student", stage="小学", row="全县平均值")
    assert mean.text == half_up(mean.value, 3)
    assert any("表号和表样未查到" in n for n in form.table("government").notes)
    assert set(texts(form.table("II-2"), "complies")) == {"待定"}


def test_a_province_that_gives_thresholds_for_2012_has_its_schools_judged(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    cited = 'clause = "c"\nsource = "S1"\nstanding = "secondary"\n'
    both = "".join(
        f'[[thresholds]]\nindicator = "books_per_student"\nstage = "{s}"\nvalue = 30\n{cited}' for s in STAGE.values()
    )
    path.write_text(
        f'id = "own"\nextends = "{BASIC}"\nlast_checked_on = "2026-11-22"\nlabel = {{ zh = "某省", en = "Own" }}\n'
        f'{both}[school_rule]\nkind = "all"\n{cited}',
        encoding="utf-8",
    )
    form = declaration(jh.evaluate(frame(*table(甲小={"books": 14_999})), path))
    assert form.title == "全国义务教育发展基本均衡县（市、区）申报表" and form.label == "某省"
    assert cell(form, "II-2", "complies", school="甲小").text == "否"
    assert cell(form, "II-2", "books_per_student", school="甲小").mark == "rounding"
    assert cell(form, "II-2", "remark", school="甲小").text == "不达标的1项：图书"
    assert cell(form, "II-1", "overall", stage="小学", row="占学校总数比例").text == "33.3%"


# ---------------------------------------------------------------------------------------- which, and which not


def test_a_standard_that_extends_the_national_one_has_its_form() -> None:
    form = declaration(evaluated(MAJIANG))
    assert form.title == "义务教育优质均衡发展县申报表" and form.standard == MAJIANG
    assert "教师5年450学时培训完成率100%" in texts(form.table("IV"), "item")
    assert cell(form, "V", "required", number="1").text == "≥100%"


@pytest.mark.parametrize("standard", sorted(set(jh.list_standards()["id"]) - {QUALITY, BASIC, MAJIANG}))
def test_a_standard_without_a_form_is_refused_by_name(standard: str) -> None:
    if jh.load_standard(standard).extends in (QUALITY, BASIC):
        pytest.skip("it extends a standard that has a form")
    ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=6, items=True), standard)
    with pytest.raises(jh.InputError, match=f"^{standard} has no declaration form; .*{QUALITY} and {BASIC}"):
        declaration(ev)


def test_several_counties_or_years_must_be_told_apart() -> None:
    rows = [r | {"county": c, "year": y} for c, y in (("甲县", 2024), ("甲县", 2025), ("乙县", 2025)) for r in table()]
    ev = jh.evaluate(frame(*rows), QUALITY)
    with pytest.raises(jh.InputError, match="several counties: 甲县 / 2024, 甲县 / 2025, 乙县 / 2025"):
        declaration(ev)
    with pytest.raises(jh.InputError, match="several years: 甲县 / 2024, 甲县 / 2025;"):
        declaration(ev, county="甲县")
    with pytest.raises(jh.InputError, match="丙县"):
        declaration(ev, county="丙县")
    assert declaration(ev, county="乙县").county == "乙县 / 2025"
    assert (
        declaration(ev, county=("甲县", 2024)).county == "甲县 / 2024" == declaration(ev, county="甲县 / 2024").county
    )
    many = jh.evaluate(jh.synthetic.province(n_counties=12, conditions=False), BASIC)
    with pytest.raises(jh.InputError, match="and 2 more"):
        declaration(many)


def test_one_county_of_many_is_as_it_would_be_alone() -> None:
    schools = jh.synthetic.province(seed=1, n_counties=4, missing=0.03, items=True)
    facts = jh.synthetic.county_facts(schools)
    ev = jh.evaluate(schools, QUALITY, county_facts=facts)
    alone = jh.evaluate(
        pick(schools, county="第3县"), QUALITY, county_facts=facts[facts["county"] == "第3县"].reset_index(drop=True)
    )
    assert declaration(ev.relabel("zh"), county="第3县") == declaration(ev.relabel("en"), county="第3县")
    a, b = declaration(ev, county="第3县").to_dict(), declaration(alone).to_dict()
    assert a.pop("provenance") != b.pop("provenance")
    assert a == b


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_each_table_is_a_frame_of_the_library_of_the_input(kind: str) -> None:
    schools: Any = frame(*table())
    if kind == "polars":
        schools = pytest.importorskip("polars").from_pandas(schools)
    elif kind == "pyarrow":
        schools = pytest.importorskip("pyarrow").Table.from_pandas(schools)
    form = declaration(jh.evaluate(schools, QUALITY, county_facts=FACTS))
    for t in form.tables:
        shown = form.frame(t.id)
        assert type(shown).__module__.startswith(kind)
        rows = jh.results.records(shown)
        assert len(rows) == len(t.rows) and (not rows or list(rows[0]) == [c.id for c in t.columns])
    area = jh.results.records(form.frame("II-2"))[0]["teaching_area_per_student"]
    assert area == 6.0
    with pytest.raises(jh.InputError, match="unknown table 'VII'; expected one of summary, I, II-1"):
        form.frame("VII")
    assert repr(form).startswith("<Declaration of 甲县 under cn-quality-balance-2017: summary, I,")


# ------------------------------------------------------------------------------------------- the workbook


def sheets(path: Path) -> dict[str, list[list[Any]]]:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(path)
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def parts(path: Path) -> Iterator[tuple[str, str]]:
    with zipfile.ZipFile(path) as book:
        for name in book.namelist():
            yield name, book.read(name).decode("utf-8", "replace")


def plain(text: str) -> str:
    """A text as a workbook hands it back: blanks at the ends and odd characters aside."""
    return re.sub(r"_x[0-9A-Fa-f]{4}_|[\x00-\x1f\ufffd\ufffe\uffff]", "", text).strip()


def check_workbook(form: Declaration, path: Path) -> None:
    """Compare every cell of the workbook with the form: figures to the last digit, texts as they are printed."""
    found = sheets(path)
    assert next(iter(found)) == "封面" and list(found)[-1] == "来源" and len(found) == len(form.tables) + 1
    for t in form.tables:
        if t.id == "summary":
            continue
        name = t.title.split()[0] if t.title.startswith("表") else t.title
        grid = found[name]
        head = 3 + any(c.code for c in t.columns)
        assert [c.label for c in t.columns] == grid[2][: len(t.columns)]
        county = re.sub(r" / (\d{4})$", r"（\1年）", form.county)
        assert plain(str(grid[0][0])) == t.title and county in grid[1][0]
        joined = [j for j, c in enumerate(t.columns) if c.id in t.merged]
        for i, row in enumerate(t.rows):
            first = i == 0 or [row[j] for j in joined] != [t.rows[i - 1][j] for j in joined]
            for j, shown in enumerate(row):
                read = grid[head + i][j] if j < len(grid[head + i]) else ""
                if j in joined and not first:
                    assert read == ""
                elif isinstance(shown.value, (int, float)):
                    assert isinstance(read, (int, float)) and read == pytest.approx(shown.value, rel=1e-14)
                else:
                    assert plain(str(read)) == plain(shown.text)
    for name, text in parts(path):
        if "worksheets/sheet" in name:
            assert "<f>" not in text and "<hyperlink" not in text


#: A workbook takes as long as ten evaluations: fewer examples.
FEW = settings(max_examples=max(5, settings.default.max_examples // 3))


@pytest.mark.slow
@FEW
@given(counties())
def test_the_workbook_holds_the_form_cell_by_cell(
    tmp_path_factory: pytest.TempPathFactory, schools: pd.DataFrame
) -> None:
    ev = jh.evaluate(schools, QUALITY)
    path = tmp_path_factory.mktemp("w") / "f.xlsx"
    assert write_declaration(ev, path) == path
    check_workbook(declaration(ev), path)


@pytest.mark.parametrize("standard", [QUALITY, BASIC])
def test_a_whole_county_as_a_workbook(tmp_path: Path, standard: str) -> None:
    schools = jh.synthetic.county(seed=0, n_schools=30, items=True)
    ev = jh.evaluate(schools, standard, county_facts=jh.synthetic.county_facts(schools))
    path = write_declaration(ev, tmp_path / "f.xlsx")
    check_workbook(declaration(ev), path)
    assert path.read_bytes() == write_declaration(ev, tmp_path / "again.xlsx").read_bytes()
    text = dict(parts(path))
    assert "2000-01-01T00:00:00Z" in text["docProps/core.xml"]
    printed_sheets = [v for k, v in text.items() if "worksheets/sheet" in k]
    for sheet in printed_sheets:
        assert 'paperSize="9"' in sheet and "fitToPage" in sheet and 'fitToHeight="0"' in sheet
        assert "第 &amp;P 页，共 &amp;N 页" in sheet
    assert any("landscape" in s for s in printed_sheets) and any("portrait" in s for s in printed_sheets)
    # headers repeat on every page of every table
    assert text["xl/workbook.xml"].count("_xlnm.Print_Titles") == len(printed_sheets) - 2
    assert sum("<pane " in s for s in printed_sheets) == len(printed_sheets) - 2
    provenance = {str(r[0]): str(r[1]) for r in sheets(path)["来源"] if len(r) > 1}
    assert provenance["标准内容摘要"] == ev.provenance["standard_digest"] and provenance["标准"] == standard


def test_numbers_have_the_format_of_the_form_and_marks_are_seen(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="formats and comments are read back with openpyxl")
    ev = evaluated(甲小={"teaching_area_m2": 2247.55}, 村小={"backbone_teachers": None})
    book = openpyxl.load_workbook(write_declaration(ev, tmp_path / "f.xlsx"))
    sheet = book["表Ⅱ-2"]
    head = [c.value for c in sheet[3]]
    area, backbone = (head.index(jh.indicators.catalogue()[SEVEN[j]].zh) for j in (3, 1))
    marked = sheet[5][area]
    assert marked.value == pytest.approx(4.4951) and marked.number_format == "0.00"
    assert marked.fill.fgColor.rgb.endswith("FFE08A") and "4.4951" in marked.comment.text
    gap = sheet[6][backbone]
    assert (
        gap.value == "待定" and gap.fill.fgColor.rgb.endswith("D9E6F2") and gap.comment.text == "缺县级以上骨干教师数"
    )
    assert book["表Ⅲ"]["C6"].number_format == "0.000" and book["表Ⅲ"]["C5"].number_format == "0.00"
    assert book["表Ⅵ"]["E4"].number_format == "0.0%" and book["表Ⅵ"]["E4"].value == 0.85
    assert book["表Ⅰ"]["D4"].number_format == "0.00" and book["表Ⅰ"]["D4"].value == 45.6749
    assert sheet.freeze_panes == "D5" and sheet.print_title_rows == "$3:$4"
    legend = [r[0].value for r in sheet.iter_rows() if r[0].value]
    assert any(str(v).startswith("■ 四舍五入影响结论") for v in legend)
    assert "A5:A6" in {str(r) for r in book["表Ⅲ"].merged_cells.ranges}


def test_a_workbook_needs_its_extra_and_its_ending(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ev = evaluated()
    with pytest.raises(jh.InputError, match=r"must be an \.xlsx file, not 'f.pdf'"):
        write_declaration(ev, tmp_path / "f.pdf")
    with pytest.raises(OSError, match="nowhere"):
        write_declaration(ev, tmp_path / "nowhere" / "f.xlsx")
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(jh.InputError, match=r'extra "excel"'):
        write_declaration(ev, tmp_path / "f.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_provenance_is_said_in_chinese(tmp_path: Path) -> None:
    ev = evaluated().apply(jh.changes.Add("multimedia_classrooms", 2, school="甲小"))
    shown = {str(r[0]): str(r[1]) for r in sheets(write_declaration(ev, tmp_path / "f.xlsx"))["来源"] if len(r) > 1}
    assert shown["缺数据的处理"] == "缺数据则系数待定" and shown["区分县的列"] == "区县名称"
    assert shown["假设改动"] == f"改动1个单元格（{ev.provenance['changes'][0]['digest']}）"
    assert {k for k in shown if k.isascii()} == {""}


def test_errors_are_said_in_chinese(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def said(make: Callable[[], object]) -> str:
        with pytest.raises(jh.InputError) as caught:
            make()
        return caught.value.text("zh")

    one = evaluated()
    rows = [r | {"year": y} for y in (2024, 2025) for r in table()]
    years = jh.evaluate(frame(*rows), QUALITY)
    other = jh.evaluate(jh.synthetic.county(seed=0, n_schools=6), "cn-sd-school-conditions-2008")
    many = jh.evaluate(jh.synthetic.province(n_counties=12, conditions=False), BASIC)
    roman = ("I", "II", "III", "IV", "V", "VI")
    expected = {
        said(lambda: declaration(years)): {"county"},
        said(lambda: declaration(years, county="甲县")): {"county"},
        said(lambda: declaration(many)): {"county"},
        said(lambda: declaration(other)): {"cn", "sd", "school", "conditions", "quality", "basic", "balance"},
        said(lambda: declaration(one).table("X")): {"X", "summary", "beside", "left_out", *roman},
        said(lambda: write_declaration(one, tmp_path / "f.pdf")): {"f", "pdf", "xlsx"},
    }
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    missing = said(lambda: write_declaration(one, tmp_path / "f.xlsx"))
    expected[missing] = {"f", "xlsx", "excel", "python", "m", "pip", "install", "junheng"}
    for text, ids in expected.items():
        assert re.search("[\u4e00-\u9fff]", text) and set(re.findall("[A-Za-z_]+", text)) <= ids, text


def test_a_workbook_that_cannot_be_made_leaves_what_was_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "f.xlsx"
    path.write_bytes(b"mine")
    monkeypatch.setattr("junheng.reports.declarations.workbook._Sheets.provenance", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_declaration(evaluated(), path)
    assert path.read_bytes() == b"mine"


@pytest.mark.slow
def test_names_come_only_when_they_are_asked_for() -> None:
    assert {"Declaration", "declaration", "write_declaration"} <= set(jh.reports.__all__) <= set(dir(jh.reports))
    for name in jh.reports.__all__:
        assert getattr(jh.reports, name) is not None
    assert jh.reports.declaration is declaration
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = jh.reports.nothing
    code = "import junheng.reports, sys; print([m for m in sys.modules if m.startswith('junheng.reports.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
@pytest.mark.parametrize("standard", [QUALITY, BASIC])
def test_the_workbook_prints(tmp_path: Path, standard: str) -> None:
    """Converted by an office program: every sheet is there, no figure is too wide for its column."""
    office, reader = shutil.which("soffice"), shutil.which("pdftotext")
    if office is None or reader is None:
        pytest.skip("printing is checked with soffice and pdftotext, which are not both here")
    schools = jh.synthetic.county(seed=0, items=True)
    ev = jh.evaluate(schools, standard, county_facts=jh.synthetic.county_facts(schools))
    path = write_declaration(ev, tmp_path / "f.xlsx")
    done = subprocess.run(
        [office, f"-env:UserInstallation=file://{tmp_path}/home", "--headless", "--convert-to", "pdf", "--outdir",
         str(tmp_path), str(path)],
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    if not (tmp_path / "f.pdf").exists():
        pytest.skip(f"soffice did not convert the workbook: {done.stderr.decode(errors='replace')[:200]}")
    text = subprocess.run(
        [reader, "-layout", str(tmp_path / "f.pdf"), "-"], capture_output=True, timeout=60, check=True
    ).stdout.decode()
    pages = text.count("\f")
    form = declaration(ev)
    assert len(form.tables) + 1 <= pages <= len(form.tables) + 8
    assert f"第 {pages} 页，共 {pages} 页" in text and "###" not in text
    bare = re.sub(r"\s", "", text)
    for t in form.tables:
        if t.id != "summary":
            assert re.sub(r"\s", "", t.title) in bare


# ------------------------------------------------------------------------------------------ what to do next


def test_what_is_still_empty_is_listed_with_its_source() -> None:
    table = frame(school("甲小", classes=12), school("乙小", classes=None, backbone_teachers=None), junior(classes=12))
    ev = jh.evaluate(table, QUALITY, county_facts={"population": 300_000, "layout_plan": None})
    form = declaration(ev)
    head, *lines, where = next_steps(form, "zh")
    assert head.startswith("以下数据尚未填写") and "--facts" in where
    by_table = {(line.split("——")[0].strip(), line.split("——")[1].split("：")[0]): line for line in lines}
    assert ("表Ⅰ（L2–L8）", "县情数据") in by_table  # L1 is given, L14 is counted
    schools = by_table["表Ⅱ-2", "学校表"]
    assert "“班级总数”列1处" in schools and "“县级以上骨干教师数”列1处" in schools and "“学生人数”" not in schools
    items = next(line for (t, source), line in by_table.items() if t.startswith("表Ⅳ") and source == "县情数据")
    assert "“学校规划布局合理，符合国家规定要求”" in items
    # every blank cell that is for the county or its schools to fill in is among them
    told = "".join(lines)
    for cell in (c for t in form.tables for row in t.rows for c in row if c.mark == "not_given"):
        assert cell.lacks and all(Name("column", n.split(".")[1]).text("zh") in told for n in cell.lacks), cell
    assert not re.search("[\u4e00-\u9fff]", re.sub("表\\S+|前提\\S+", "", next_steps(form, "en")[-1]))


def test_nothing_is_asked_for_that_is_known() -> None:
    filled = attrs.evolve(declaration(jh.evaluate(frame(school(), junior()), QUALITY)), tables=())
    assert next_steps(filled, "zh") == []
