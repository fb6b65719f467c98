"""The section of the report on figures worth a look."""

import re
from typing import Any

import pandas as pd
import pytest
from plain_kinds import BUNCHED, FAR, SAME, plain_kinds
from small_tables import QUALITY, frame, junior, school

import junheng as jh
from junheng.plausibility import search

pytest.importorskip("jinja2", reason="the report is made with jinja2")
from pages import Page, checked

from junheng.reports import html_report
from junheng.reports.page import report, worth_a_look

__all__ = ["plain_kinds"]
HEAD = "值得核实的数据"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, plain_kinds: None) -> None:
    """No pictures: they are tested elsewhere."""
    for name in ("PICTURES", "PICTURES_OF_MANY"):
        monkeypatch.setattr(report, name, 0)


def county(name: str = "甲县", **changed: Any) -> pd.DataFrame:
    rows = [
        school("一小", books=FAR),
        school("二小<b>", teaching_area_m2=SAME, computers=BUNCHED),
        school("三小", teaching_area_m2=SAME, computers=BUNCHED),
        junior("四中", books=FAR, computers=BUNCHED),
    ]
    return frame(*rows).assign(county=name, **changed)


def good(name: str = "乙县", **changed: Any) -> pd.DataFrame:
    return frame(school("一小"), junior("二中")).assign(county=name, **changed)


def page_of(schools: pd.DataFrame, **given: Any) -> Page:
    return checked(html_report(jh.evaluate(schools, QUALITY), **given))


def section(schools: pd.DataFrame, **given: Any) -> str:
    """What is read in the sections on figures worth a look."""
    text = html_report(jh.evaluate(schools, QUALITY), **given)
    checked(text)
    found = re.findall(rf"<section>\s*<h\d[^>]*>{HEAD}</h\d>(.*?)</section>", text, re.DOTALL)
    return " ".join(re.sub("<[^>]+>", " ", "§".join(found)).split())


def test_a_county_is_told_what_is_worth_a_look() -> None:
    told = section(county())
    assert told.startswith("4条线索，涉及3所学校：数值明显偏离同类学校2、多项数据与他校相同1、整十整百的数偏多1。")
    order = ["二小&lt;b&gt;（小学） 多项数据与他校相同", "一小（小学） 数值明显偏离同类学校", "全县 整十整百的数偏多"]
    assert [told.index(words) for words in order] == sorted(told.index(words) for words in order)
    assert "图书册数等1处" in told and "不说明数据不实" in told and "机会不超过0.05" in told
    assert (HEAD in [text for _, text in page_of(county()).find("a")]) and "造假" not in told


def test_where_nothing_is_found_a_line_says_what_was_looked_at() -> None:
    page = page_of(good())
    assert HEAD not in [text for _, text in page.find("h2")]
    assert "另核查了2所学校的数据（分项与合计不符、" in page.text and f"未发现{HEAD}" in page.text


def test_the_section_can_be_left_out() -> None:
    page = page_of(county(), plausibility=False)
    assert HEAD not in page.text and "另核查了" not in page.text


def test_a_long_list_is_cut_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worth_a_look, "LISTED", 2)
    told = section(county())
    assert told.startswith("4条线索") and "另有2条；用 junheng plausibility 列出全部" in told and "全县" not in told


def test_one_school_does_not_fill_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worth_a_look, "OF_SCHOOL", 1)
    told = section(county(teaching_area_m2=SAME))
    assert (
        told.startswith("4条线索") and told.count("一小（小学）") == 1 and "另有1条" in told and "四中（初中）" in told
    )


def test_several_counties_are_counted_and_each_has_its_own() -> None:
    overall, *own = section(pd.concat([county(), good(), county("丙县").iloc[:2]])).split("§")
    assert overall.startswith("3个县中2个有值得核实的数据，共5条线索。")
    assert (
        re.search(r"甲县 4 数值明显偏离同类学校2、.* 丙县 1 数值明显偏离同类学校1", overall) and "乙县" not in overall
    )
    # what findings mean is said once
    assert len(own) == 2 and "不说明数据不实" in overall and not any("不说明数据不实" in x for x in own)


def test_a_county_of_many_is_told_the_same_as_alone() -> None:
    many = pd.concat([good(), county(), county("丙县")])
    assert section(many, county="甲县") == section(county())
    assert section(many, county="乙县") == ""


def test_findings_of_a_year_stand_with_that_year() -> None:
    years = pd.concat([county(year=2023), good("甲县", year=2024)])
    assert section(years, county=("甲县", 2024)) == ""
    assert section(years, county=("甲县", 2023)).startswith("4条线索")
    # what concerns several years stands with the last of the page
    both = pd.concat([county(year=2024), county(year=2023)])
    assert "全县 整十整百的数偏多" in section(both, county=("甲县", 2023))
    overall, *own = section(both).split("§")
    assert ["全县 整十整百的数偏多" in one for one in own].count(True) == 1
    assert overall.count("整十整百的数偏多1") == 1 and re.search("甲县 / 2024 [34] [^/]*整十整百的数偏多1", overall)


def test_the_standard_of_the_evaluation_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(search, "FINDINGS", (lambda figures: asked.append(figures.standard.id) or [],))
    html_report(jh.evaluate(good(), QUALITY))
    assert asked == [QUALITY]


def test_what_if_changes_are_not_looked_at() -> None:
    ev = jh.evaluate(county(), QUALITY).apply([jh.changes.Add("books", 20, school="一小")])
    page = checked(html_report(ev))
    assert HEAD not in [text for _, text in page.find("h2")] and "数据经过假设改动，未核查" in page.text


def test_in_english() -> None:
    page = page_of(county(), language="en")
    assert "4 findings at 3 schools: out of range 2, copied figures 1, round figures 1." in page.text
    assert "whole county" in page.text and "nor that they are false" in page.text
