"""What `explain` says, and of which part."""

from pathlib import Path
from typing import Any

import pytest
from custom_standards import both_stages, custom
from item_tables import FACTS, judge, table

import junheng as jh
from junheng.reports import declaration
from junheng.words import Language


@pytest.mark.parametrize("part", ["resources", "资源配置", "overall", "总体结论"])
def test_one_part_is_what_the_whole_says_of_it(part: str) -> None:
    ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=8), "cn-quality-balance-2017")
    whole, alone = ev.explain(language="zh").splitlines(), ev.explain(part=part, language="zh").splitlines()
    assert alone[0] == whole[0] and set(alone) < set(whole) and len(alone) > 2
    assert ("【资源配置】" in "".join(alone)) == (part in ("resources", "资源配置"))


def test_a_part_that_is_not_there_is_named_with_those_that_are() -> None:
    ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=4), "cn-quality-balance-2017")
    with pytest.raises(jh.InputError, match="no part 'money'; available: resources, government") as caught:
        ev.explain(part="money")
    assert "资源配置" in caught.value.text("zh")


#: A scored item of the government part.
SCORED = {
    "id": "plan",
    "part": "government",
    "rule": "scored",
    "label": {"zh": "规划", "en": "Plan"},
    "clause": "第二条",
    "source": "E",
    "standing": "confirmed",
    "conditions": [{"scope": "county", "top": ["points_migrants_in_plan"]}],
}


@pytest.mark.parametrize(
    ("items", "en", "zh"),
    [
        ([], "the standard has no item in this part", "该标准在此部分没有项目"),
        ([SCORED], "the items of this part count only in the total score", "该标准在此部分的项目只计入总分"),
    ],
)
def test_a_part_that_no_item_decides_is_not_said_to_want_data(
    tmp_path: Path, items: list[dict[str, Any]], en: str, zh: str
) -> None:
    """It stays undetermined, but no figure could change that."""
    std = custom(tmp_path, both_stages(indicator="books_per_student", value=15), parts=["government"], items=items)
    ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=4), std)
    assert ev.verdicts["verdict"].tolist() == ["undetermined", "undetermined"]
    assert ev.verdicts["reason"].tolist()[0] == en and en in ev.explain().lower()
    assert zh in ev.explain(language="zh")


def item_line(ev: jh.Evaluation, label: str, language: Language) -> str:
    """Return the line of an item of the county."""
    (line,) = [x for x in ev.explain(language=language).splitlines() if x.startswith(f"  {label}")]
    return line


@pytest.mark.parametrize(
    ("money", "verdict", "zh", "en"),
    [
        (800_000, "达标", "8000，要求：各年度规定均已达到（最高≥7000）", "reached in every year (highest: ≥ 7000)"),
        (399_999, "不达标", "各年度规定均未达到（最低≥4000）", "missed in every year (lowest: ≥ 4000)"),
        (
            500_000,
            "待定",
            "按年度确定（≥4000、≥6000、≥7000），数据未注明年度",
            "depends on the year, which is not given",
        ),
    ],
)
def test_without_a_year_it_says_what_the_years_require(money: float, verdict: str, zh: str, en: str) -> None:
    made = [{k: v for k, v in row.items() if k != "year"} for row in table()]
    ev = judge(made, FACTS | {"special_education_funds_cny": money})
    line = item_line(ev, "特殊教育生均公用经费", "zh")
    assert f"） {verdict}：" in line and zh in line and "未知" not in line
    line = item_line(ev, "Special-education funds", "en")
    assert en in line and "unknown" not in line
    form = {t.id: t for t in declaration(ev).tables}
    cells = [c.text for t in form.values() for row in t.rows for c in row if c.text]
    assert any(c in zh for c in cells if "各年度" in c or "按年度" in c)


def test_schools_are_counted_by_stage() -> None:
    ev = judge(table(甲中={"classes_51_55": 2}))
    line = item_line(ev, "小学班额不超过45人", "zh")
    assert "应查初中2所（部），达标1所、不达标1所、待定0所" in line
    ev = judge(table(甲中={"classes_46_50": 2}, 甲小={"classes_46_50": 1}))
    text = ev.explain(language="zh")
    assert "小学班额" in text and "应查小学3所（部）" in text and "个、不达标" not in text
    assert "应查学校1所" in text  # 不足100人的学校
    assert "3 primary schools checked" in ev.explain(language="en")


def test_both_stages_of_a_condition_are_named() -> None:
    ev = judge(table(甲小={"pe_art_teachers": 0}), standard="cn-gz-majiang-2023")
    assert "应查小学3所（部）、初中2所（部）" in ev.explain(language="zh")
    assert "3 primary schools, 2 junior schools checked" in ev.explain(language="en")


def test_readings_that_contradict_each_other_are_named_with_their_verdicts() -> None:
    # (151 + 1) / 160 = 0.95; 151 / 159 = 0.9497
    ev = judge(table(甲中={"graduates": 151, "transfers_out": 1}, 联校={"graduates": 152}))
    line = item_line(ev, "全县初中三年巩固率", "zh")
    assert "） 待定：" in line and "来源对算法说法不一：按（毕业生数＋三年间转出人数－三年间转入人数）÷" in line
    assert "计为0.95，要求≥0.95，达标；按毕业生数÷（" in line and line.endswith("，要求≥0.95，不达标）")
    line = item_line(ev, "Three-year retention", "en")
    assert "sources disagree on the calculation: (Graduates" in line and line.endswith(", required ≥ 0.95, unmet)")


def test_a_school_whose_readings_contradict_each_other_has_both() -> None:
    ev = judge(table(甲小={"classes": 13}))
    music, art = "音乐教室(96㎡及以上)间数", "美术教室(90㎡及以上)间数"
    both = f"{music}计为1，要求≥2，不达标；按{music}＋{art}计为2，要求≥2，达标"
    assert both in ev.explain(language="zh") and both in ev.explain(school="甲小", language="zh")


def test_a_rule_of_which_nobody_says_whom_it_means_is_named() -> None:
    small = {"kind": "teaching_point", "students": 40, "classes": 13, "music_rooms_96": 0, "art_rooms_90": 0}
    ev = judge(table(村小=small | {"in_district_students": 40, "classes": 3}))
    assert "不足50人的教学点是否适用，未查到规定" in ev.explain(language="zh")


def test_a_level_that_is_missing_may_be_of_a_subject_that_was_not_monitored() -> None:
    lacks = {"monitoring_level_mathematics": None, "monitored_mathematics": None}
    given = {k: v for k, v in FACTS.items() if k not in lacks}
    no = "如不适用，请在“国家义务教育质量监测是否监测数学”填否"
    ev = judge(facts=given)
    assert item_line(ev, "国家义务教育质量监测", "zh").endswith(f"：未知，要求≥3（{no}）")
    remarks = [c.text or "" for t in declaration(ev).tables for row in t.rows for c in row]
    assert any(no in text for text in remarks)
    # that it was monitored is known
    assert no not in judge(facts=given | {"monitored_mathematics": 1}).explain(language="zh")
    assert "answer no to: Whether mathematics was monitored" in item_line(ev, "National quality", "en")
