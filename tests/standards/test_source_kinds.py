"""A number is no surer than its source: what kinds of sources allow, and dated values."""

import itertools

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import junheng as jh
from junheng.errors import StandardDataError
from junheng.standards.model import SourceKind, Standing, allowed_standings

FILE = """
id = "x"
document = "试验"
number = "〔2020〕1号"
issued = "2020"
jurisdiction = "CN"
last_checked_on = "2026-11-27"
label = {{ zh = "试验", en = "Trial" }}
parts = ["government"]
[sources.A]
title = "a"
{kind_a}
[sources.B]
title = "b"
{kind_b}
[[items]]
id = "funds"
part = "government"
rule = "conditions"
label = {{ zh = "经费", en = "Funds" }}
clause = "一"
source = "A"
also = {also}
standing = "{standing}"
conditions = [ {{ scope = "county", top = ["special_education_funds_cny"], op = ">=", {requirement} }} ]
"""
DATED = """dated = [
  { effective_from = "2012", value = 4000, clause = "一", source = "B", standing = "secondary" },
  { effective_from = "2016", value = 6000, clause = "一", source = "B", standing = "secondary" },
  { effective_from = "2025", value = 7000, clause = "一", source = "B", standing = "secondary" },
]"""


def _load(tmp_path, *, kinds=("local", "news"), also=(), standing="secondary", requirement="value = 1"):
    lines = [f'kind = "{k}"' if k else "" for k in kinds]
    path = tmp_path / "x.toml"
    text = FILE.format(
        kind_a=lines[0], kind_b=lines[1], also=list(also), standing=standing, requirement=requirement.replace("\n", "")
    )
    path.write_text(text.replace("'", '"'), encoding="utf-8")
    return jh.load_standard(path)


@pytest.mark.parametrize(
    ("kind", "surest"),
    [
        ("text", "confirmed"),
        ("copy", "confirmed"),
        ("local", "secondary"),
        ("news", "secondary"),
        ("memory", "recalled"),
    ],
)
def test_a_standing_claims_at_most_what_its_source_bears(tmp_path, kind, surest):
    order = ["recalled", "secondary", "confirmed"]
    for standing in order:
        if order.index(standing) <= order.index(surest):
            assert _load(tmp_path, kinds=(kind, "news"), standing=standing).items[0].standing == standing
        else:
            with pytest.raises(StandardDataError, match="exceeds what sources of kind"):
                _load(tmp_path, kinds=(kind, "news"), standing=standing)


def test_two_independent_sources_confirm(tmp_path):
    assert _load(tmp_path, also=["B"], standing="confirmed").items[0].also == ("B",)
    with pytest.raises(StandardDataError, match=r"unknown source 'C'; add it to \[sources\]"):
        _load(tmp_path, also=["C"])


def test_memory_confirms_nothing_twice(tmp_path):
    with pytest.raises(StandardDataError, match="exceeds what"):
        _load(tmp_path, kinds=("local", "memory"), also=["B"], standing="confirmed")


def test_a_source_without_a_kind_is_not_asked(tmp_path):
    assert _load(tmp_path, kinds=("", ""), standing="confirmed").items[0].standing == "confirmed"


@given(st.lists(st.sampled_from(list(SourceKind)), min_size=1, max_size=4), st.sampled_from(list(SourceKind)))
def test_more_sources_never_take_a_standing_away(kinds, more):
    assert allowed_standings(kinds) <= allowed_standings([*kinds, more])
    assert {Standing.RECALLED, Standing.CONFLICTING} <= allowed_standings(kinds)


def _verdict(std, funds, year):
    table = {"county": ["A"], "school": ["一小"], "stage": ["primary"], "students": [100]}
    facts = {"county": ["A"], "special_education_funds_cny": [funds]}
    if year is not None:
        table["year"], facts["year"] = [year], [year]
    ev = jh.evaluate(pd.DataFrame(table), std, county_facts=pd.DataFrame(facts))
    return ev.items.iloc[0]["verdict"]


@pytest.mark.filterwarnings("ignore")
def test_the_step_of_the_year_holds(tmp_path):
    std = _load(tmp_path, requirement=DATED)
    expected = {2011: None, 2012: 4000, 2015: 4000, 2016: 6000, 2024: 6000, 2025: 7000, 2030: 7000}
    for year, funds in itertools.product(expected, (3999, 4000, 5999.99, 6000, 6999, 7000)):
        required = expected[year]
        wanted = "undetermined" if required is None else "met" if funds >= required else "unmet"
        assert _verdict(std, funds, year) == wanted, (year, funds)


def test_without_a_year_all_steps_must_agree(tmp_path):
    std = _load(tmp_path, requirement=DATED)
    found = {funds: _verdict(std, funds, None) for funds in (3999, 4000, 6999, 7000)}
    assert found == {3999: "unmet", 4000: "undetermined", 6999: "undetermined", 7000: "met"}


def test_steps_out_of_order_and_unknown_sources_are_refused(tmp_path):
    swapped = DATED.replace("2012", "2026").replace('source = "B"', 'source = "Z"', 1)
    with pytest.raises(StandardDataError) as caught:
        _load(tmp_path, requirement=swapped)
    assert "steps must be in order of time" in str(caught.value)
    assert "unknown source 'Z'; add it to [sources] @ $.items[0].conditions[0].dated[0].source" in str(caught.value)
