"""What is reported beside a verdict: counts, shares, the condition that decided, and why a result is open."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from custom_standards import both_stages, custom
from small_tables import QUALITY, conditions, frame, junior, only, pick, school, with_staff_quota

import junheng as jh

CITED = {"clause": "第一条", "source": "E", "standing": "confirmed"}
COUNTED = ["verdict", "value", "required", "op", "n_met", "n_unmet", "n_undetermined", "reason"]


def items(
    folder: Path, asked: list[dict[str, Any]], table: Any, facts: Any = None, **more: Any
) -> list[tuple[Any, ...]]:
    """What is reported of an item of some conditions, county by county."""
    item = {"id": "one", "part": "basic_standard", "rule": "conditions", "label": {"zh": "项", "en": "item"}}
    std = custom(folder, [], items=[item | CITED | {"conditions": asked}], **more)
    found = jh.evaluate(table, std, county_facts=facts).items[COUNTED].astype(object)
    found = found.where(found.notna(), None)
    return [tuple(row) for row in found.itertuples(index=False)]


def county(name: str, *schools: tuple[str | None, int | None]) -> list[dict[str, Any]]:
    """A county of schools, each with its owner and its computers."""
    return [
        school(f"{name}{i}", county=name, ownership=owner, computers=computers)
        for i, (owner, computers) in enumerate(schools)
    ]


@pytest.mark.parametrize("scope", ["school", "section"])
def test_schools_are_counted_where_the_rule_is_about_them(tmp_path: Path, scope: str) -> None:
    rule = {"scope": scope, "top": ["computers"], "op": "<=", "value": 200, "where": {"ownership": "public"}}
    table = frame(
        *county("甲县", ("public", 200), ("public", 201), ("public", None), ("private", 999)),
        *county("乙县", ("public", None), ("public", None)),
        *county("丙县", ("private", 999)),
        *county("丁县", (None, 999), ("public", 1), ("public", 2)),
        *county("戊县", ("public", 201), (None, 999)),
    )
    assert items(tmp_path, [rule], table) == [
        ("unmet", pytest.approx(1 / 3), 1.0, ">=", 1, 1, 1, ""),
        ("undetermined", None, 1.0, ">=", 0, 0, 2, "not_given"),
        ("met", 1.0, 1.0, ">=", 0, 0, 0, ""),
        ("undetermined", pytest.approx(2 / 3), 1.0, ">=", 2, 0, 1, "not_given"),
        ("unmet", 0.0, 1.0, ">=", 0, 1, 1, ""),
    ]


def test_schools_that_are_not_known_to_comply_are_named_with_their_figures(tmp_path: Path) -> None:
    rule = {"scope": "section", "top": ["computers"], "op": "<=", "primary": 200, "junior": 90}
    item = {"id": "one", "part": "basic_standard", "rule": "conditions", "label": {"zh": "项", "en": "item"}}
    std = custom(tmp_path, [], items=[item | CITED | {"conditions": [rule]}])
    table = frame(
        school("a", computers=201), junior("b", computers=90), junior("c", computers=91), junior("d", computers=None)
    )
    named = jh.evaluate(table, std).item_schools
    assert named[["school", "stage", "required", "verdict"]].to_numpy().tolist() == [
        ["a", "primary", 200.0, "unmet"], ["c", "junior", 90.0, "unmet"], ["d", "junior", 90.0, "undetermined"],
    ]  # fmt: skip
    assert named["value"].dropna().tolist() == [201.0, 91.0]


BREACH = {"scope": "section", "top": ["students"], "bottom": ["classes"], "op": "<=", "value": 45, "breach": True}
MAIN = {"scope": "section", "top": ["computers"], "op": ">=", "value": 10}


def test_a_breach_decides_where_there_is_one_and_is_nothing_elsewhere(tmp_path: Path) -> None:
    rows = [
        school("a", county="甲县", students=450, classes=10),
        school("b", county="甲县", students=450, classes=10),
        school("c", county="乙县", students=451, classes=10),
        school("d", county="乙县", students=450, classes=10, computers=1),
        school("e", county="丙县", students=450, classes=None),
        school("f", county="丁县", students=450, classes=None, computers=None),
    ]
    met, open_ = ("met", 1.0, 1.0, ">=", 2, 0, 0, ""), ("undetermined", None, 1.0, ">=", 0, 0, 1, "not_given")
    alone = ("met", 1.0, 1.0, ">=", 1, 0, 0, "")
    # the first of two that are unmet is told: the breach is about one school, the figure about the other of two
    assert items(tmp_path, [BREACH, MAIN], frame(*rows)) == [met, ("unmet", 0.0, 1.0, ">=", 0, 1, 0, ""), alone, open_]
    assert items(tmp_path, [MAIN, BREACH], frame(*rows))[1] == ("unmet", 0.5, 1.0, ">=", 1, 1, 0, "")
    # with nothing but a breach that did not happen, nothing is shown
    assert [row[0] for row in items(tmp_path, [BREACH], frame(*rows))] == [
        "undetermined", "unmet", "undetermined", "undetermined",
    ]  # fmt: skip


LEVELS = ("chinese", "mathematics", "science")
SUBJECTS = (*LEVELS, "physical_education", "arts", "moral_education")


@pytest.mark.parametrize(
    ("levels", "monitored", "expected"),
    [
        ((3, 3, 3), (1, 1, 1), ("met", 3.0)),
        ((3, 4, 2), (1, 1, 1), ("unmet", 2.0)),
        ((3, 4, 2), (1, 1, 0), ("met", 3.0)),
        ((2, 4, 3), (0, 1, 1), ("met", 4.0)),
        ((2, 1, 3), (0, 1, 1), ("unmet", 1.0)),
        ((None, 4, None), (0, 1, 0), ("met", 4.0)),
        ((3, 4, None), (1, 1, 1), ("undetermined", None)),
        ((3, None, 1), (1, 1, 1), ("unmet", 1.0)),
        ((3, 3, 3), (0, 0, 0), ("undetermined", None)),
    ],
)
def test_the_condition_that_decides_is_the_one_told(
    tmp_path: Path, levels: tuple[Any, ...], monitored: tuple[int, ...], expected: tuple[str, float | None]
) -> None:
    asked = [
        {"scope": "county", "top": [f"monitoring_level_{x}"], "op": ">=", "value": 3, "unless_no": [f"monitored_{x}"]}
        for x in LEVELS
    ]
    facts = {f"monitoring_level_{x}": v for x, v in zip(LEVELS, levels, strict=True) if v is not None}
    facts |= {f"monitored_{x}": v for x, v in zip(LEVELS, monitored, strict=True)}
    (row,) = items(tmp_path, asked, frame(school()), {"甲县": facts})
    applies = any(monitored)
    assert row[:4] == (*expected, 3.0 if applies else None, ">=") and row[4:7] == (0, 0, 0)
    assert row[7] == ("" if expected[0] != "undetermined" else "not_given" if applies else "nothing_applies")


def test_where_no_subject_was_monitored_the_item_says_so() -> None:
    """Not a level that was reached, nor a fact that was not given."""
    facts = {f"monitored_{x}": "否" for x in SUBJECTS} | {"monitoring_level_chinese": 4}
    ev = jh.evaluate(jh.synthetic.county(seed=0), QUALITY, county_facts=facts)
    (row,) = jh.results.records(ev.items.query("item == 'quality-monitoring'"))
    assert (row["verdict"], row["value"], row["required"], row["reason"]) == (
        "undetermined", None, None, "nothing_applies",
    )  # fmt: skip
    assert row["finding"] == "none of the requirements applies to the county: not judged"
    assert "低于0.15（申报表 表Ⅴ第9项；间接来源） 待定：各项要求均不适用于该县，不作判定" in ev.explain(language="zh")
    assert jh.verify_certificate(json.loads(json.dumps(ev.certificate(), allow_nan=False))) == []


@pytest.mark.parametrize(("area", "expected"), [(600.0, "met"), (599.9, "unmet")])
def test_a_mean_of_schools_is_exact(tmp_path: Path, area: float, expected: str) -> None:
    """0.1 and so on are no binary fractions, so the floats alone would not tell."""
    rule = {"scope": "sum", "top": ["teaching_area_m2"], "bottom": ["schools"], "op": ">=", "value": 0.2}
    rows = [school(name, teaching_area_m2=x) for name, x in (("a", 0.1), ("b", 0.2), ("c", area / 2000))]
    (row,) = items(tmp_path, [rule], frame(*rows))
    assert row[:4] == (expected, pytest.approx((0.3 + area / 2000) / 3), 0.2, ">=")


def test_reasons_of_the_three_ways_in_which_a_county_is_open(tmp_path: Path) -> None:
    rule = {"scope": "sum", "top": ["computers"], "bottom": ["students"], "op": "<", "value": 1}
    least, most = ({**rule, "value": v} for v in (0.2, 0.1))
    table = frame(
        school(county="甲县", computers=75), school(county="乙县", computers=None), school(county="丙县", computers=5)
    )
    assert items(tmp_path, [least | {"readings": [most]}], table) == [
        ("undetermined", 0.15, 0.2, "<", 0, 0, 0, "readings_disagree"),
        ("undetermined", None, 0.2, "<", 0, 0, 0, "not_given"),
        ("met", 0.01, 0.2, "<", 0, 0, 0, ""),
    ]


# ---------------------------------------------------------------------------------- of schools and coefficients


def test_why_schools_do_not_count_in_a_coefficient() -> None:
    def rows(name: str, make: Any, **kinds: int) -> list[dict[str, Any]]:
        odd = {"empty": {"students": 0}, "out": {"included": "否"}, "special": {"kind": "special"}, "good": {}}
        return [make(f"{kind}{i}", county=name, **odd[kind]) for kind, n in kinds.items() for i in range(n)]

    table = frame(
        *rows("甲县", school, good=2, empty=1, out=3, special=5),
        *rows("甲县", junior, good=3, out=1),
        *rows("乙县", school, good=1, empty=2),
        *rows("乙县", junior, good=4, special=1),
    )
    found = jh.evaluate(table, QUALITY).indicators.drop_duplicates(["county", "stage"])
    assert found[["county", "stage", "n_schools", "n_empty", "n_left_out", "students"]].to_numpy().tolist() == [
        ["甲县", "primary", 2, 1, 9, 1000.0],
        ["甲县", "junior", 3, 0, 1, 1500.0],
        ["乙县", "primary", 1, 2, 2, 500.0],
        ["乙县", "junior", 4, 0, 1, 2000.0],
    ]


def test_students_without_teachers_have_no_ratio_and_too_few_teachers() -> None:
    table = frame(conditions(staff=0), conditions(school="b", staff=None), conditions(school="c", students=0, staff=0))
    found = pick(jh.evaluate(table, with_staff_quota()).schools, indicator="students_per_staff")
    assert found[["school", "verdict", "reason"]].to_numpy().tolist() == [
        ["一校", "unmet", "zero_denominator"],
        ["b", "undetermined", "missing_value"],
        ["c", "undetermined", "no_students"],
    ]


@pytest.mark.parametrize(
    ("op", "verdict"), [("<=", "unmet"), ("<", "unmet"), (">=", "undetermined"), (">", "undetermined")]
)
def test_of_a_ratio_that_does_not_exist_only_too_much_is_said(tmp_path: Path, op: str, verdict: str) -> None:
    std = custom(tmp_path, [{"indicator": "students_per_staff", "stage": "primary", "op": op, "value": 19}])
    found = only(jh.evaluate(frame(school(staff=0, students=1)), std).schools)
    assert (found["verdict"], found["reason"]) == (verdict, "zero_denominator")


ALL = {"kind": "all", **CITED}


def test_each_stage_is_asked_for_what_the_standard_says_of_it(tmp_path: Path) -> None:
    asked = [
        {"indicator": "books_per_student", "stage": "primary", "value": 20},
        {"indicator": "teaching_area_per_student", "stage": "junior", "value": 5},
    ]
    std = custom(tmp_path, asked, school_rule=ALL)
    table = frame(school("a"), school("b", books=9_999), junior("c"), junior("d", teaching_area_m2=2_499.0, books=0))
    found = jh.evaluate(table, std)
    wanted = [["a", "met", 1], ["b", "unmet", 0], ["c", "met", 1], ["d", "unmet", 0]]
    assert found.school_verdicts[["school", "verdict", "n_met"]].to_numpy().tolist() == wanted
    assert found.schools[["school", "indicator"]].to_numpy().tolist() == [
        ["a", "books_per_student"], ["b", "books_per_student"],
        ["c", "teaching_area_per_student"], ["d", "teaching_area_per_student"],
    ]  # fmt: skip


def test_an_item_on_schools_has_a_row_for_each_stage_with_thresholds(tmp_path: Path) -> None:
    item = {
        "id": "comply",
        "part": "basic_standard",
        "rule": "every_school_complies",
        "label": {"zh": "项", "en": "item"},
    }
    books = {"indicator": "books_per_student", "value": 20}
    rows = [school("a", county="甲县"), school("b", county="甲县", books=1), school("c", county="甲县", books=None)]
    table = frame(*rows, junior("d", county="甲县"), junior("e", county="乙县", books=None), junior("f", county="乙县"))
    for asked, wanted in (
        (both_stages(**books), [("primary", "unmet", 1 / 3, 1, 1, 1, ""), ("junior", "met", 1.0, 1, 0, 0, ""),
                                ("primary", "undetermined", None, 0, 0, 0, "no_schools"),
                                ("junior", "undetermined", 0.5, 1, 0, 1, "schools_open")]),
        ([books | {"stage": "junior"}], [("junior", "met", 1.0, 1, 0, 0, ""),
                                         ("junior", "undetermined", 0.5, 1, 0, 1, "schools_open")]),
    ):  # fmt: skip
        found = jh.evaluate(table, custom(tmp_path, asked, school_rule=ALL, items=[item | CITED])).items
        counts = found[["stage", "verdict", "value", "n_met", "n_unmet", "n_undetermined", "reason"]].astype(object)
        got = [tuple(row) for row in counts.where(counts.notna(), None).itertuples(index=False)]
        assert got == [tuple(pytest.approx(x) if isinstance(x, float) else x for x in row) for row in wanted]


def test_of_several_coefficients_the_largest_is_told(tmp_path: Path) -> None:
    limit = {"kind": "each", "stage": "primary", "value": 0.5, **CITED}
    item = {"id": "each", "part": "basic_standard", "rule": "each_coefficient", "label": {"zh": "项", "en": "item"}}
    names = ["books_per_student", "teaching_area_per_student", "computers_per_hundred_students"]
    std = custom(tmp_path, [], indicators=names, limits=[limit], items=[item | CITED])
    computers: Any
    for computers, wanted in (
        ((80, 80), ("unmet", 0.75, 2, 1, 0, "")),
        ((80, None), ("unmet", None, 1, 1, 1, "")),
    ):
        table = frame(
            school("a", books=1000, teaching_area_m2=1000.0, computers=computers[0]),
            school("b", books=7000, teaching_area_m2=3000.0, computers=computers[1]),
        )
        row = only(jh.evaluate(table, std).items)
        assert (row["stage"], row["op"], row["required"]) == ("primary", "<=", 0.5)
        assert tuple(row[k] for k in ("verdict", "value", "n_met", "n_unmet", "n_undetermined", "reason")) == wanted
    table = frame(school("a", books=None), school("b"), junior("c"))
    row = only(jh.evaluate(table, std).items)
    assert (row["verdict"], row["reason"], row["n_met"], row["n_undetermined"]) == (
        "undetermined", "coefficients_open", 2, 1,
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ hints


def test_a_hint_that_fails_says_what_was_found_and_what_was_expected(tmp_path: Path) -> None:
    test = {
        "scope": "county",
        "top": ["survey_valid", "survey_visited"],
        "bottom": ["survey_sent"],
        "op": ">=",
        "value": 0.7,
    }
    item = {"id": "one", "part": "basic_standard", "rule": "conditions", "label": {"zh": "项", "en": "item"}}
    asked = {"scope": "county", "top": ["layout_plan"], "op": "==", "value": 1}
    std = custom(tmp_path, [], items=[item | CITED | {"conditions": [asked], "hints": [CITED | {"test": test}]}])
    facts = pd.DataFrame(
        {"county": ["甲县", "乙县", "丙县", "丁县"], "survey_sent": [10, 10, None, 20], "survey_valid": [6, 5, 5, 6],
         "survey_visited": [1, 1, 1, 1], "layout_plan": 1}
    )  # fmt: skip
    table = frame(*(school(county=name) for name in facts["county"]))
    ev = jh.evaluate(table, std, county_facts=facts)
    found = pick(ev.problems, code="survey_sample")
    said = found["message"].tolist()
    assert found["column"].tolist() == ["survey_valid"] * 2  # of a sum, what the sentence names first
    assert len(said) == 2 and " is 0.6, expected ≥ 0.7 (第一条, confirmed)" in said[0] and "'one'" in said[0]
    assert " is 0.35," in said[1] and said[0].count(" + ") == said[0].count(" / ") == 1
    assert set(ev.items["verdict"]) == {"met"}
