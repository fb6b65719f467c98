"""What a notebook shows of a standard: who it is, every number it asks for, how many items; all of it escaped."""

from collections import Counter
from html.parser import HTMLParser

import attrs
import pytest
from small_tables import BASIC, QUALITY, SHANDONG

import junheng as jh
from junheng.standards.model import Label


class Cells(HTMLParser):
    """The rows of all tables, as texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.open: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag != "br":
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


@pytest.mark.parametrize("name", jh.list_standards()["id"])
def test_every_rule_has_a_row(name: str) -> None:
    std = jh.load_standard(name)
    page = std._repr_html_()
    assert all(text in page for text in (std.id, std.number, std.label.zh, std.document))
    rows = Cells(page).rows
    assert len([r for r in rows if len(r) == 6 and "clause 条款" not in r]) == len(std.thresholds) + len(std.limits)
    counts = {r[0]: int(r[2]) for r in rows if len(r) == 3 and r[2].isdigit()}
    assert counts == Counter(item.part for item in std.items)


def test_the_numbers_are_those_of_the_law() -> None:
    rows = Cells(jh.load_standard(QUALITY)._repr_html_()).rows
    area = ["teaching_area_per_student", "生均教学及辅助用房面积"]
    assert [*area, "primary 小学", "≥ 4.5", "第六条", "confirmed 依据已核实"] in rows
    assert ["each", "各项差异系数", "junior 初中", "≤ 0.45", "第六条", "confirmed 依据已核实"] in rows
    assert [r[3] for r in Cells(jh.load_standard(BASIC)._repr_html_()).rows if r[0] == "composite"] == [
        "≤ 0.65",
        "≤ 0.55",
    ]
    by_size = [r[3] for r in Cells(jh.load_standard(SHANDONG)._repr_html_()).rows if r[0] == "land_area_per_student"]
    assert by_size[0] == "≥ 12: 26.01, 18: 23.48, 24: 23.03, 30: 21.46, 36: 19.97"


@pytest.mark.parametrize(
    ("issued", "extends", "line"),
    [
        ("2017-04", "parent", "x · 1号 · 2017-04 · CN · parent"), (None, "parent", "x · 1号 · CN · parent"),
        ("2017", None, "x · 1号 · 2017 · CN"), (None, None, "x · 1号 · CN"),
    ],
)  # fmt: skip
def test_a_date_or_a_standard_above_that_is_not_known_leaves_no_trace(
    issued: str | None, extends: str | None, line: str
) -> None:
    std = attrs.evolve(jh.load_standard(QUALITY), id="x", number="1号", issued=issued, extends=extends)
    assert f"<br>{line}</p>" in std._repr_html_()


def test_a_hostile_file_shows_as_text() -> None:
    std = jh.load_standard(QUALITY)
    bad = "<script>alert(1)</script>&\"'"
    rule = attrs.evolve(std.thresholds[0], clause=bad)
    odd = attrs.evolve(std, label=Label(zh=bad, en=bad), document=bad, number=bad, thresholds=(rule,))
    assert "<script" not in odd._repr_html_() and "&lt;script&gt;" in odd._repr_html_()


def test_the_text_is_one_line() -> None:
    assert (
        repr(jh.load_standard(QUALITY))
        == "<Standard cn-quality-balance-2017: 义务教育优质均衡发展县 (教督〔2017〕6号)>"
    )
