"""What a file may say of a condition beside its number: what is refused, and what a template then asks for."""

import pytest
import tomli_w

import junheng as jh
from junheng.errors import InputError, StandardDataError
from junheng.reports.template import columns_asked, facts_asked

QUALITY = "cn-quality-balance-2017"
CITED = {"clause": "第一条", "source": "L", "standing": "secondary"}
LABEL = {"zh": "项", "en": "item"}
NORM = {"primary": "funds_norm_per_primary_student_cny", "junior": "funds_norm_per_junior_student_cny", "times": 100}
FUNDS = {"scope": "school", "top": ["public_funds_budget_cny"], "op": ">=", "norm": NORM}
BANDS = {"scope": "section", "top": ["classes_66_up"], "op": "<=", "value": 0}


def load(tmp_path, condition, **more):
    item = {"id": "one", "part": "government", "rule": "conditions", "label": LABEL, "conditions": [condition], **CITED}
    hints = more.pop("hints", None)
    content = {
        "id": "x", "label": LABEL, "document": "试行", "number": "1号", "issued": "2026", "jurisdiction": "CN",
        "last_checked_on": "2026-11-27", "parts": ["government"], "sources": {"L": {"title": "试行"}},
        "items": [item | ({"hints": hints} if hints else {})], **more,
    }  # fmt: skip
    path = tmp_path / "x.toml"
    path.write_text(tomli_w.dumps(content), encoding="utf-8")
    return jh.load_standard(path)


def doubt(**changed):
    return {"id": "d", "label": LABEL, "items": ["one"], "where": {"students_below": 50}, **CITED, **changed}


def hint(**test):
    return {**CITED, "test": {"scope": "county", "top": ["survey_sent"], "op": ">=", "value": 600, **test}}


@pytest.mark.parametrize(
    ("condition", "more", "said"),
    [
        (FUNDS | {"norm": NORM | {"junior": "books"}}, {}, r"'books' is not a fact about the county @ .*norm\.junior"),
        (FUNDS | {"norm": NORM | {"times": 0}}, {}, r"must be at least 1 @ .*norm\.times"),
        (FUNDS | {"scope": "sum"}, {}, r"'norm' requires scope 'school' or 'section'"),
        (FUNDS | {"value": 1}, {}, "requires exactly one of"),
        (BANDS | {"same_as": [BANDS | {"scope": "school"}]}, {}, r"must be the scope of its condition @"),
        (BANDS | {"same_as": [BANDS | {"top": ["survey_sent"]}]}, {}, r"not a column of schools @ .*same_as\[0\]\.top"),
        (BANDS, {"doubts": [doubt(items=["two"])]}, r"unknown item 'two' @ \$\.doubts\[0\]\.items"),
        (BANDS, {"doubts": [doubt(decision="perhaps")]}, "must be one of 'open', 'counted', 'left_out'"),
        (BANDS, {"doubts": [doubt(source="Z")]}, "unknown source 'Z'"),
        (BANDS, {"hints": [hint(scope="sum", top=["books"])]}, "a hint must use facts about the county"),
        (BANDS, {"hints": [hint(top=["books"])]}, r"'books' is not a fact about the county @ .*hints\[0\]\.test\.top"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_its_place(tmp_path, condition, more, said):
    with pytest.raises(StandardDataError, match=said):
        load(tmp_path, condition, **more)


def test_a_choice_changes_the_digest_and_is_told(tmp_path):
    std = jh.load_standard(QUALITY)
    assert std.chosen == []
    chosen = std.with_options(small_teaching_points="left_out")
    assert chosen.chosen == ["small-teaching-points=left_out"] and chosen.digest != std.digest
    assert chosen.with_options(small_teaching_points="open").digest == std.digest
    assert set(std.diff(chosen)["entry"]) == {"small-teaching-points"}
    with pytest.raises(InputError, match="must be 'open', 'counted' or 'left_out'"):
        std.with_options(small_teaching_points="out")
    with pytest.raises(InputError, match="no doubt 'small-teaching-points' to decide"):
        load(tmp_path, BANDS).with_options(small_teaching_points="counted")
    schools = jh.synthetic.county(seed=0)
    assert jh.evaluate(schools, chosen).provenance["readings_chosen"] == chosen.chosen


@pytest.mark.parametrize("standard", [QUALITY, "cn-basic-balance-2012"])
def test_a_template_asks_for_every_figure_that_an_item_rests_on(standard):
    std = jh.load_standard(standard)
    columns, facts = {c for some in columns_asked(std) for c in some}, set(facts_asked(std))
    for item in std.items:
        for test in (t for c in item.conditions for t in c.tests):
            figures = {*test.top, *test.top_minus, *test.bottom, *test.bottom_minus, *test.than}
            assert figures <= (facts if test.scope == "county" else columns), item.id
            if test.norm is not None:
                assert {test.norm.primary, test.norm.junior} <= facts


def test_every_source_of_the_national_schemes_says_its_kind():
    for name in (QUALITY, "cn-basic-balance-2012"):
        assert all(s.kind is not None for s in jh.load_standard(name).sources.values()), name
