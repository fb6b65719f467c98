"""``explain(school=...)``: one school, all of its indicators, whatever makes it fail; nothing of another school."""

import re
from typing import Any

import pandas as pd
import polars as pl
import pytest
from small_tables import BASIC, QUALITY, SEVEN, SHANDONG, frame, junior, school

import junheng as jh


def lines(ev: jh.Evaluation, name: Any, **options: Any) -> list[str]:
    return ev.explain(school=name, **{"language": "zh"} | options).splitlines()


def test_every_indicator_has_value_requirement_verdict_and_clause() -> None:
    ev = jh.evaluate(frame(school(teaching_area_m2=1500.0, backbone_teachers=None), school("二小")), QUALITY)
    head, verdict, *told = lines(ev, "一小", language="en")
    assert head.startswith("一小 · 甲县 · ") and "教督〔2017〕6号" in head
    assert verdict.startswith("[primary] unmet: 5 of 7 met") and "below the floor" in verdict
    assert len(told) >= len(SEVEN)
    by_name = {jh.indicators.catalogue()[i].en: i for i in SEVEN}
    seen = {}
    for line in told[: len(SEVEN)]:
        value, required = r"(.+?): (\S+)(?: \S+(?: students?)?)?", r"required ≥ (\S+?)( \(.+?\))?"
        found = re.fullmatch(rf"  {value}, {required} — (\w+)( \(.+?\))? \(第六条\)", line)
        assert found, line
        seen[by_name[found[1]]] = (found[2], found[3], found[5], found[6])
    table = ev.schools.query("school == '一小'").set_index("indicator")
    assert set(seen) == set(SEVEN)
    for id_, (value, required, verdict, why) in seen.items():
        row = table.loc[id_]
        assert float(required) == row["required"] and verdict == row["verdict"]
        assert value == "unknown" if pd.isna(row["value"]) else abs(float(value) - row["value"]) < 1e-4
        assert bool(why) == (verdict == "undetermined"), why
    assert seen["backbone_teachers_per_hundred_students"][0] == "unknown"
    assert "二小" not in ev.explain(school="一小") and "一小" in ev.explain()


def test_both_stages_of_a_school_and_one_of_them() -> None:
    rows = [school("九年制", kind="nine_year", books=1), junior("九年制", kind="nine_year")]
    ev = jh.evaluate(frame(*rows, school()), QUALITY)
    both = lines(ev, "九年制")
    assert [x[:4] for x in both if x.startswith("【")][:2] == ["【小学】", "【初中】"]
    one = lines(ev, "九年制", stage="初中")
    assert [x[:4] for x in one if x.startswith("【")][:1] == ["【初中】"] and set(one) <= set(both)
    with pytest.raises(jh.InputError) as caught:
        ev.explain(school="一小", stage="junior")
    assert caught.value.text("zh") == "该校在表中没有初中学段，只有小学"


def test_a_school_is_found_by_its_code_in_every_year() -> None:
    table = frame(*(school(school_code=f"37{i}", name=n, year=y) for i, n in enumerate("甲乙") for y in (2024, 2025)))
    ev = jh.evaluate(table, QUALITY)
    blocks = ev.explain(school="370", language="zh").split("\n\n")
    assert [b.splitlines()[0].split(" · ")[:2] for b in blocks] == [["甲", "甲县 / 2024"], ["甲", "甲县 / 2025"]]
    assert ev.explain(school=370) == ev.explain(school="370") == ev.explain(school="甲")
    assert len(lines(ev, "甲", county=("甲县", 2025))) == len(blocks[1].splitlines())
    other = jh.evaluate(pl.from_pandas(table), QUALITY)
    assert other.explain(school="乙") == ev.explain(school="乙")


@pytest.mark.parametrize("by_county", [True, False])
def test_a_name_of_several_schools_is_refused_with_them(by_county: bool) -> None:
    other = {"county": "乙县"} if by_county else {}
    ev = jh.evaluate(frame(school(school_code="1"), school(school_code="2", **other)), QUALITY)
    with pytest.raises(jh.InputError) as caught:
        ev.explain(school="一小")
    text = caught.value.text("zh")
    assert "有2所学校名为“一小”" in text and ("乙县" in text if by_county else "2" in text)
    assert "一小" in lines(ev, "2")[0]
    if by_county:
        assert lines(ev, "一小", county="乙县")[0].startswith("一小 · 乙县")


def test_an_unknown_school_is_told_the_near_ones() -> None:
    ev = jh.evaluate(frame(school("城关镇中心小学"), school("城东小学"), junior("第一中学")), QUALITY)
    for asked, near in (("城关中心小学", "城关镇中心小学"), ("第1中学", "第一中学")):
        with pytest.raises(jh.InputError) as caught:
            ev.explain(school=asked)
        assert f"是否指“{near}”" in caught.value.text("zh") and repr(near) in str(caught.value)
    with pytest.raises(jh.InputError, match=r"no school 'zzz' in this evaluation$"):
        ev.explain(school="zzz")
    with pytest.raises(jh.InputError, match="no county"):
        ev.explain("乙县", school="城东小学")


def test_a_school_that_does_not_count_says_so_and_a_standard_without_thresholds_too() -> None:
    ev = jh.evaluate(frame(school("教学点甲", students=30, kind="teaching_point"), school()), QUALITY)
    assert [x for x in lines(ev, "教学点甲") if x.startswith("【小学】")] == ["【小学】不计入：按标准不计入。"]
    plain = lines(jh.evaluate(frame(school()), BASIC), "一小")
    assert len([x for x in plain if x.endswith("（标准未作规定）")]) == 8


def test_items_that_a_school_fails_are_told_and_those_of_others_are_not() -> None:
    big, small = school("大校", students=500, classes=10), school("小校", students=500, classes=20)
    ev = jh.evaluate(frame(big, small), QUALITY)
    told = lines(ev, "大校")
    at = told.index("【本校不达标或待定的项目】")
    (line,) = [x for x in told[at:] if "班额" in x]
    assert "不达标" in line and "50，要求≤45" in line and "申报表" in line
    assert not [x for x in lines(ev, "小校") if "班额" in x]
    # one that looks at whole schools
    ev = jh.evaluate(frame(school("巨校", students=2500, classes=60), small), QUALITY)
    assert [x for x in lines(ev, "巨校") if "不超过2000人" in x and "2500，要求≤2000" in x]
    assert not [x for x in lines(ev, "小校") if "不超过2000人" in x]


def test_grades_and_sizes_are_told_in_words() -> None:
    table = jh.synthetic.county(seed=0, n_schools=8, conditions=True)
    ev = jh.evaluate(table, SHANDONG)
    text = ev.explain(school="示例县第5小学", language="zh")
    assert "标准≥12: 26.01、18: 23.48" in text and "介于两档规模之间" in text


def test_no_english_in_chinese_and_no_other_language_in_english() -> None:
    ev = jh.evaluate(jh.synthetic.county(seed=0), QUALITY)
    for name in ev.schools["school"].unique()[:20]:
        zh = ev.explain(school=name, language="zh")
        assert not re.findall("[A-Za-z]{2,}", zh), zh
        assert ev.relabel("zh").explain(school=name) == zh


def test_the_items_told_are_those_of_the_frame_of_items_and_schools() -> None:
    ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=8), QUALITY)
    labels = {item.id: item.label.zh for item in ev.standard.items}
    seen = set()
    for name in ev.schools["school"].unique():
        own = {labels[i] for i in ev.item_schools.loc[ev.item_schools["school"] == name, "item"]}
        told = ev.explain(school=name, language="zh").partition("【本校不达标或待定的项目】")[2]
        named = {label for label in labels.values() if f"  {label}（" in told}
        assert named <= own and bool(named) == bool(told), name
        seen |= named
    assert labels["music-and-art-rooms"] in seen and labels["class-size"] in seen
