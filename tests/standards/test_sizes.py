"""Requirements by number of classes in the conditions of items, with what holds between and outside the sizes."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from custom_standards import custom
from hypothesis import given
from hypothesis import strategies as st

import junheng as jh
from junheng.standards.sizes import SizeTable

CITED = {"clause": "第一条", "source": "E", "standing": "confirmed"}
LABEL = {"zh": "占地", "en": "Land"}
TOTAL = {"classes": [18, 27], "values": [1000, 1900]}
PRIMARY = {"stage": "primary", "classes": [6, 12], "values": [33.82, 29.07], "per_student": True, "between": "smaller"}
JUNIOR = {"stage": "junior", "classes": [6, 12], "values": [34.62, 29.71], "per_student": True, "between": "smaller"}


def standard(folder: Path, *tables: dict[str, Any], op: str = ">=", **condition: Any) -> jh.Standard:
    """A standard of one item that asks land of nine-year schools, by their size."""
    given = {"scope": "school", "where": {"kinds": ["nine_year"]}, **condition}
    rule = {"top": ["land_area_m2"], "op": op, "by_size": list(tables), **given}
    item = {"id": "land", "part": "basic_standard", "rule": "conditions", "label": LABEL, "conditions": [rule]} | CITED
    return custom(folder, [], items=[item])


def school(land: float | None, primary: tuple[int | None, int | None], junior: tuple[int | None, int | None]) -> Any:
    """A nine-year school in one row: students and classes of its stages."""
    row = {"county": "甲县", "school": "九年制", "kind": "nine_year", "land_area_m2": land}
    for stage, (students, classes) in (("primary", primary), ("junior", junior)):
        row |= {f"students_{stage}": students, f"classes_{stage}": classes}
    return pd.DataFrame([row])


def result(std: jh.Standard, table: Any) -> tuple[str, float | None]:
    """The verdict on the item, and what is required of a school that does not meet it."""
    ev = jh.evaluate(table, std)
    required = ev.item_schools["required"].dropna().tolist()
    return ev.items["verdict"].item(), float(required[0]) if required else None


@pytest.mark.parametrize(
    ("between", "least", "most"),
    [("linear", 1400.0, 1400.0), ("smaller", 1000.0, 1000.0), ("larger", 1900.0, 1900.0), ("bracket", 1000.0, 1900.0)],
)
def test_between_two_sizes_the_rule_of_the_standard_holds(
    tmp_path: Path, between: str, least: float, most: float
) -> None:
    std = standard(tmp_path, TOTAL | {"between": between})

    def at(land: float) -> tuple[str, float | None]:
        return result(std, school(land, (500, 12), (400, 10)))  # 22 classes

    assert at(most) == ("met", None)
    assert at(least - 0.01) == ("unmet", least)
    if least < most:
        assert at(least) == at(most - 0.01) == ("undetermined", None)


@pytest.mark.parametrize(("ends", "verdict"), [("end", "met"), ("undetermined", "undetermined")])
@pytest.mark.parametrize("classes", [(6, 4), (30, 20)])
def test_outside_the_sizes(tmp_path: Path, ends: str, verdict: str, classes: tuple[int, int]) -> None:
    std = standard(tmp_path, TOTAL | {"below": ends, "above": ends})
    assert result(std, school(1900, (300, classes[0]), (200, classes[1])))[0] == verdict


@pytest.mark.parametrize("hair", [0.0, -0.001])
def test_a_nine_year_school_is_asked_for_the_sum_of_its_stages(tmp_path: Path, hair: float) -> None:
    std = standard(tmp_path, PRIMARY, JUNIOR)
    asked = float(200 * Fraction("33.82") + 300 * Fraction("29.71"))  # 8 classes: next lower size 6
    found = result(std, school(asked + hair, (200, 8), (300, 12)))
    assert found == (("met", None) if hair == 0 else ("unmet", asked))


@pytest.mark.parametrize(
    "table",
    [
        school(None, (200, 8), (300, 12)),
        school(99999, (200, None), (300, 12)),
        school(99999, (200, 8), (300, 4)),  # smaller than the table
    ],
)
def test_what_is_missing_is_never_a_pass(tmp_path: Path, table: Any) -> None:
    assert result(standard(tmp_path, PRIMARY, JUNIOR), table)[0] == "undetermined"


def test_a_school_without_a_stage_is_asked_for_nothing_of_it(tmp_path: Path) -> None:
    std = standard(tmp_path, PRIMARY, JUNIOR, where={"stages": ["primary"]})
    table = pd.DataFrame(
        [{"county": "A", "school": "a", "stage": "primary", "students": 100, "classes": 6, "land_area_m2": 3382.0}]
    )
    assert result(std, table) == ("met", None)
    assert result(std, table.assign(land_area_m2=3381.99)) == ("unmet", 3382.0)


def test_an_upper_limit_by_size(tmp_path: Path) -> None:
    std = standard(tmp_path, TOTAL | {"between": "bracket"}, op="<=")
    found = [result(std, school(x, (500, 12), (400, 10)))[0] for x in (1000, 1000.5, 1900.5)]
    assert found == ["met", "undetermined", "unmet"]


def test_why_an_item_by_size_is_open(tmp_path: Path) -> None:
    std = standard(tmp_path, TOTAL | {"between": "bracket"})
    between, unknown = school(1500, (500, 12), (400, 10)), school(None, (500, 12), (400, 10)).assign(school="b")
    assert jh.evaluate(between, std).items["reason"].tolist() == ["size_undecided"]
    # a figure is missing somewhere: that comes first
    assert jh.evaluate(pd.concat([between, unknown]), std).items["reason"].tolist() == ["not_given"]


def test_below_a_number_by_size(tmp_path: Path) -> None:
    std = standard(tmp_path, TOTAL | {"between": "bracket"}, op="<")
    found = [result(std, school(x, (500, 12), (400, 10))) for x in (999.5, 1000, 1900)]
    # missed even by the easier of both numbers
    assert found == [("met", None), ("undetermined", None), ("unmet", 1900.0)]


def test_other_schools_are_not_asked(tmp_path: Path) -> None:
    table = pd.concat([school(1900, (500, 12), (400, 15)), school(1, (5, 1), (4, 1)).assign(school="b", kind=None)])
    table["kind"] = ["nine_year", "twelve_year"]
    table["students_senior"] = [None, 10]
    assert result(standard(tmp_path, TOTAL | {"between": "linear"}), table) == ("met", None)
    assert result(standard(tmp_path, TOTAL | {"between": "linear"}), table.assign(land_area_m2=1)) == ("unmet", 1900.0)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=5, unique=True), st.integers(0, 70), st.data())
def test_the_linear_rule_against_fractions(sizes: list[int], classes: int, data: st.DataObject) -> None:
    sizes.sort()
    values = [data.draw(st.decimals(0, 100, places=2)) for _ in sizes]
    table = SizeTable(classes=tuple(sizes), values=tuple(values), between="linear", below="end", above="end")
    points = [(Fraction(s), Fraction(Decimal(v))) for s, v in zip(sizes, values, strict=True)]
    k = Fraction(classes)
    if k <= points[0][0]:
        expected = points[0][1]
    elif k >= points[-1][0]:
        expected = points[-1][1]
    else:
        (x0, y0), (x1, y1) = next(p for p in pairwise(points) if p[0][0] <= k <= p[1][0])
        expected = ((x1 - k) * y0 + (k - x0) * y1) / (x1 - x0)
    assert table.numbers(k) == {expected}


@pytest.mark.parametrize(
    ("table", "scope", "words"),
    [
        (TOTAL | {"values": [1]}, "school", "2"),
        (TOTAL | {"classes": [27, 18]}, "school", "ascending"),
        (TOTAL | {"values": [-1, 2]}, "school", "negative"),
        (TOTAL | {"between": "some"}, "school", "some"),
        ({"classes": [], "values": []}, "school", "empty"),
        (TOTAL, "sum", "by_size"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, table: dict[str, Any], scope: str, words: str) -> None:
    with pytest.raises(jh.StandardDataError) as error:
        standard(tmp_path, table, scope=scope)
    assert words in str(error.value)


def test_what_is_required_of_a_school_is_told(tmp_path: Path) -> None:
    std = standard(tmp_path, PRIMARY, JUNIOR)
    asked = float(200 * Fraction("33.82") + 300 * Fraction("29.71"))
    ev = jh.evaluate(school(15000, (200, 8), (300, 12)), std)
    for text in (ev.explain(language="zh"), ev.explain(school="九年制", language="zh")):
        assert "15000，要求≥15677" in text.replace(" ", "")
    assert asked == 15677
    ev.to_html(tmp_path / "report.html", language="zh")
    assert "15677" in (tmp_path / "report.html").read_text(encoding="utf-8").replace(" ", "")


def test_a_size_without_a_number_is_no_missing_figure(tmp_path: Path) -> None:
    std = standard(tmp_path, TOTAL)
    for table, reason, words in (
        (school(1500, (500, 12), (400, 10)), "size_undecided", "标准未明确该规模的数"),  # between
        (school(1500, (500, 30), (400, 10)), "size_undecided", "标准未明确该规模的数"),  # outside
        (school(1500, (500, None), (400, 10)), "not_given", "缺班级总数"),
    ):
        ev = jh.evaluate(table, std)
        assert ev.items["reason"].tolist() == [reason]
        assert (words in ev.explain(language="zh")) == (reason == "size_undecided")
        # of a single school where another is judged
        ev = jh.evaluate(pd.concat([table, school(1900, (500, 18), (400, 9)).assign(school="乙校")]), std)
        assert all(words in x for x in (ev.explain(language="zh"), ev.explain(school="九年制", language="zh")))
    ev = jh.evaluate(school(None, (500, 12), (400, 10)), std)
    assert ev.items["reason"].tolist() == ["not_given"]


def test_certificates_follow_tables_by_size(tmp_path: Path) -> None:
    for tables in ((TOTAL,), (TOTAL | {"between": "linear"},), (PRIMARY, JUNIOR), (TOTAL | {"below": "end"}, JUNIOR)):
        std = standard(tmp_path, *tables)
        for k in (4, 6, 9, 12, 15):
            for land in (1000.0, 1400.0, 1900.0, 15677.0, 40000.0):
                ev = jh.evaluate(school(land, (200, k), (300, 12)), std)
                assert jh.verify_certificate(ev.certificate(), std) == []
    other = ev.certificate()
    (line,) = [c for c in other["counties"][0]["claims"] if c[:2] == ["item", "land"]]
    line[3] = {"met": "unmet"}.get(line[3], "met")
    assert jh.verify_certificate(other, std)


@pytest.mark.parametrize("n", [0, -6])
def test_one_for_so_many_classes_needs_a_class(tmp_path: Path, n: int) -> None:
    rule = {"scope": "school", "top": ["basketball_courts"], "op": ">=", "per_classes": n}
    item = {"id": "courts", "part": "basic_standard", "rule": "conditions", "label": LABEL, "conditions": [rule]}
    with pytest.raises(jh.StandardDataError, match=r"at least 1 @ \$\.items\[0\]\.conditions\[0\]\.per_classes"):
        custom(tmp_path, [], items=[item | CITED])


@pytest.mark.parametrize(
    ("more", "asked"),
    [({}, {5: 1, 6: 1, 7: 2, 12: 2, 13: 3}), ({"begun": False}, {6: 1, 7: 1, 12: 2, 13: 2})],
)
def test_one_for_every_six_classes_begun_unless_the_file_says_full(
    tmp_path: Path, more: dict[str, Any], asked: dict[int, int]
) -> None:
    rule = {"scope": "school", "top": ["basketball_courts"], "op": ">=", "per_classes": 6} | more
    item = {"id": "courts", "part": "basic_standard", "rule": "conditions", "label": LABEL, "conditions": [rule]}
    same = {"county": "甲县", "stage": "primary", "students": 200, "basketball_courts": 0}
    rows = [same | {"school": str(n), "classes": n} for n in (5, 6, 7, 12, 13)]
    short = jh.evaluate(pd.DataFrame(rows), custom(tmp_path, [], items=[item | CITED])).item_schools
    assert dict(zip(map(int, short["school"]), short["required"], strict=True)) == asked
