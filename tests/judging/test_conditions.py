"""One condition at a time: what a small fault in the judging of conditions would change."""

from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest
from custom_standards import custom
from item_tables import table
from small_tables import BASIC, GOOD, QUALITY, explained, frame, junior, school

import junheng as jh
from junheng.indicators.compliance import VERDICTS, judged

CITED = {"clause": "第一条", "source": "E", "standing": "confirmed"}
LABEL = {"zh": "项", "en": "item"}


def asked(folder: Path, condition: dict[str, Any], *rows: dict[str, Any]) -> Any:
    """A county judged by an item of one condition."""
    item = {"id": "one", "part": "basic_standard", "rule": "conditions", "label": LABEL, "conditions": [condition]}
    return jh.evaluate(pd.DataFrame(list(rows)), custom(folder, [], items=[item | CITED]))


def verdict(ev: Any) -> str:
    return str(ev.items["verdict"].item())


def test_a_second_reading_asks_the_schools_that_the_condition_asks(tmp_path: Path) -> None:
    most = {"scope": "section", "top": ["computers"], "op": "<="}
    condition = most | {"value": 100, "where": {"stages": ["primary"]}, "readings": [most | {"value": 90}]}
    assert verdict(asked(tmp_path, condition, school(computers=90), junior(computers=95))) == "met"
    assert verdict(asked(tmp_path, condition, school(computers=95), junior(computers=90))) == "undetermined"


def test_a_second_reading_may_ask_schools_of_its_own(tmp_path: Path) -> None:
    most = {"scope": "section", "top": ["computers"], "op": "<=", "value": 90}
    condition = most | {"readings": [most | {"where": {"stages": ["primary"]}}]}
    assert verdict(asked(tmp_path, condition, school(computers=90), junior(computers=95))) == "undetermined"


@pytest.mark.parametrize(
    ("owners", "expected"),
    [
        (["public", "public"], "met"),
        (["public", "private"], "met"),
        # whether the second school counts is not known
        (["public", None], "undetermined"),
        # there are schools, but the rule is about none of them
        (["private", "private"], "met"),
    ],
)
def test_a_sum_over_schools_of_which_one_may_not_count(tmp_path: Path, owners: list[str | None], expected: str) -> None:
    condition = {"scope": "sum", "top": ["computers"], "op": "<=", "value": 200, "where": {"ownership": "public"}}
    rows = [school(name, ownership=owner) for name, owner in zip(("一小", "二小"), owners, strict=True)]
    assert verdict(asked(tmp_path, condition, *rows)) == expected


def test_a_sum_over_schools_of_a_kind_that_the_county_does_not_have(tmp_path: Path) -> None:
    condition = {"scope": "sum", "top": ["computers"], "op": "<=", "value": 200, "where": {"stages": ["junior"]}}
    assert verdict(asked(tmp_path, condition, school())) == "undetermined"


def test_a_school_that_a_relaxation_does_not_save_is_told_by_the_easier_rule() -> None:
    rooms = {"classes": 36, "music_rooms_96": 1, "music_rooms_73_96": 1, "music_rooms_61_73": 0, "music_rooms_54_61": 0}
    std = jh.load_standard(QUALITY).with_options(relaxations=["older-school-rooms"])
    for built, value in ((2016, 2), (2017, 1)):
        schools = frame(*table(甲小=rooms | {"built_year": built})).assign(year=2020)
        told = jh.evaluate(schools, std).item_schools
        told = told[(told["item"] == "music-and-art-rooms") & (told["school"] == "甲小")]
        assert (value, 3.0) in set(zip(told["value"], told["required"], strict=True)), built


def test_why_schools_are_open(tmp_path: Path) -> None:
    most = {"scope": "section", "top": ["computers"], "op": "<=", "value": 100}
    condition = most | {"readings": [most | {"value": 90}]}
    for computers, other, reason in ((None, 80, "not_given"), (95, 80, "readings_disagree"), (None, 101, "")):
        ev = asked(tmp_path, condition, school("一小", computers=computers), school("二小", computers=other))
        assert (ev.items["reason"].item() or "") == reason
        # a school that is open because readings disagree does not make the others so
        assert verdict(ev) == ("undetermined" if reason else "unmet")


#: Verdicts of "0.1 + x op 0.3" by operator: where x is 0.2, a hair more, a hair less. In floats 0.1 + 0.2 is above 0.3.
HAIRS = {
    ">=": ("met", "met", "unmet"),
    "<=": ("met", "unmet", "met"),
    ">": ("unmet", "met", "unmet"),
    "<": ("unmet", "unmet", "met"),
    "==": ("met", "unmet", "unmet"),
}


@pytest.mark.parametrize("scope", ["section", "sum"])
@pytest.mark.parametrize("op", HAIRS)
def test_every_operator_at_a_hairs_breadth(tmp_path: Path, op: str, scope: str) -> None:
    condition = {"scope": scope, "top": ["teaching_area_m2", "sports_area_m2"], "op": op, "value": 0.3}
    for figure, expected in zip((0.2, 0.2000000000000001, 0.1999999999999999), HAIRS[op], strict=True):
        row = school(teaching_area_m2=0.1, sports_area_m2=figure, students=2)
        assert verdict(asked(tmp_path, condition, row)) == expected, figure
        quotient = condition | {"bottom": ["students"], "value": 0.15}
        assert verdict(asked(tmp_path, quotient, row)) == expected, figure
        if scope == "section":  # and the same of a threshold of a school, a quotient by its students
            one = row | {"students": 1, "teaching_area_m2": figure, "sports_area_m2": 1.0}
            limit = {"indicator": "teaching_area_per_student", "stage": "primary", "op": op, "value": 0.2}
            found = jh.evaluate(pd.DataFrame([one]), custom(tmp_path, [limit])).schools["verdict"].item()
            assert found == expected, figure


def test_codes_of_signs() -> None:
    signs = {op: [VERDICTS[code] for code in judged(np.array([0, 1, -1]), op)] for op in HAIRS}
    assert signs == {op: list(expected) for op, expected in HAIRS.items()}


@pytest.mark.parametrize("rule", ["composite", "each"])
@pytest.mark.parametrize("stage", ["primary", "junior"])
def test_a_limit_may_be_that_of_one_stage(stage: str, rule: str) -> None:
    std = jh.load_standard(BASIC if rule == "composite" else QUALITY)
    one = attrs.evolve(std, limits=tuple(limit for limit in std.limits if limit.stage == stage))
    schools = frame(school(), school("二小", books=14_000), junior(), junior("二中", books=14_000))
    table = jh.evaluate(schools, one).indicators
    limited = {
        s: {
            v
            for v, i in zip(rows["verdict"], rows["indicator"], strict=True)
            if (i == "composite") == (rule == "composite")
        }
        for s, rows in table.groupby("stage", observed=True)
    }
    other = {"primary": "junior", "junior": "primary"}[stage]
    assert "met" in limited[stage] and "met" not in limited[other]


@pytest.mark.parametrize(("students", "value"), [(1, 0.5), (2, 1.0), (0, None)])
def test_a_school_without_students_has_no_figure_of_any_kind(
    tmp_path: Path, students: int, value: float | None
) -> None:
    std = custom(tmp_path, [{"indicator": "students_per_staff", "stage": "primary", "op": "<=", "value": 19}])
    found = jh.evaluate(frame(school(students=students, staff=2), school("二小", staff=50)), std).schools
    found = found[found["school"] == "一小"]
    assert found["value"].dropna().tolist() == ([] if value is None else [value])


# ------------------------------------------------------------- what a figure is, and where it is compared exactly


@pytest.mark.parametrize(
    ("less", "expected"), [(1_000_000.1, "met"), (1_000_000.100000001, "unmet"), (1_000_000.099999999, "unmet")]
)
def test_a_small_difference_of_large_figures_is_exact(tmp_path: Path, less: float, expected: str) -> None:
    """In floats the difference is off by 1e-10, far more than the last place of 0.2."""
    difference = {"top": ["teaching_area_m2"], "top_minus": ["sports_area_m2"]}
    row = school(teaching_area_m2=1_000_000.3, sports_area_m2=less, students=1)
    condition = {"scope": "section", "op": "==", "value": 0.2}
    assert verdict(asked(tmp_path, condition | difference, row)) == expected
    below = {"top": ["students"], "bottom": ["teaching_area_m2"], "bottom_minus": ["sports_area_m2"], "value": 5}
    assert verdict(asked(tmp_path, condition | below, row)) == expected


def test_a_denominator_of_one_is_one(tmp_path: Path) -> None:
    condition = {"scope": "section", "top": ["books"], "bottom": ["classes"], "bottom_minus": ["computers"], "value": 7}
    for classes, expected in ((4, "met"), (3, "undetermined"), (5, "unmet")):
        row = school(books=7, classes=classes, computers=3)
        assert verdict(asked(tmp_path, condition, row)) == expected, classes


def test_a_condition_on_a_share_of_a_school_is_exact(tmp_path: Path) -> None:
    """Of 0.7 of a nine-year school the primary stage has 192 of 368 parts."""
    split = {
        "resources": ["teaching_area_m2"],
        "weights": [{"kind": "nine_year", "primary": 1, "junior": 1.1}],
        **CITED,
    }
    whole = {"kind": "nine_year", "resources_cover": "school"}
    condition = {"scope": "section", "top": ["teaching_area_m2"], "bottom": ["students"], "value": 3.825}
    condition["where"] = {"stages": ["primary"]}
    item = {"id": "one", "part": "basic_standard", "rule": "conditions", "label": LABEL, "conditions": [condition]}
    std = custom(tmp_path, [], items=[item | CITED], split=split)
    for area, expected in ((1407.6, "met"), (1407.5999999999, "unmet")):
        rows = [
            school(students=192, teaching_area_m2=area, **whole),
            junior("一小", students=160, teaching_area_m2=area, **whole),
        ]
        assert verdict(jh.evaluate(pd.DataFrame(rows), std)) == expected


def test_a_figure_given_for_every_stage_and_for_the_school_is_known(tmp_path: Path) -> None:
    row = {"county": "甲县", "school": "校", "kind": "twelve_year", "teachers": 60}
    for stage, teachers in (("primary", 20), ("junior", 25), ("senior", 15)):
        row |= {f"students_{stage}": 300, f"teachers_{stage}": teachers}
    for scope, most in (("school", 45), ("section", 25)):
        for value, expected in ((most, "met"), (most - 1, "unmet")):
            condition = {"scope": scope, "top": ["teachers"], "op": "<=", "value": value}
            assert verdict(asked(tmp_path, condition, row)) == expected, (scope, value)


def test_another_figure_that_is_missing_is_no_requirement_of_nothing(tmp_path: Path) -> None:
    condition = {"scope": "section", "top": ["computers"], "op": "<=", "than": ["books"]}
    for books, expected in ((80, "met"), (79, "unmet"), (None, "undetermined")):
        assert verdict(asked(tmp_path, condition, school(computers=80, books=books))) == expected


@pytest.mark.parametrize(
    ("norms", "expected"),
    [((10, 10), "met"), ((10, 11), "undetermined"), ((11, 11), "unmet"), ((10, None), "undetermined"),
     ((None, 10), "undetermined"), ((11, 10), "undetermined")],
)  # fmt: skip
def test_a_norm_of_either_stage(tmp_path: Path, norms: tuple[int | None, ...], expected: str) -> None:
    facts = {f"funds_norm_per_{s}_student_cny": n for s, n in zip(("primary", "junior"), norms, strict=True) if n}
    norm = {s: f"funds_norm_per_{s}_student_cny" for s in ("primary", "junior")} | {"times": 100}
    condition = {"scope": "school", "top": ["public_funds_budget_cny"], "op": ">=", "norm": norm}
    item = {"id": "one", "part": "basic_standard", "rule": "conditions", "label": LABEL, "conditions": [condition]}
    rows = [make("校", kind="nine_year", public_funds_budget_cny=1000.0) for make in (school, junior)]
    ev = jh.evaluate(pd.DataFrame(rows), custom(tmp_path, [], items=[item | CITED]), county_facts={"甲县": facts})
    assert verdict(ev) == expected
    named = ev.item_schools
    wanted = [] if expected == "met" else [max(norms) * 100.0] if None not in norms else []
    assert named["required"].dropna().tolist() == wanted


def test_norms_that_differ_matter_to_the_schools_they_are_asked_of(tmp_path: Path) -> None:
    """Public schools are asked by the norms of their stages, private ones by another number, which is reached."""
    facts = {"funds_norm_per_primary_student_cny": 10, "funds_norm_per_junior_student_cny": 11}
    norm = {s: f"funds_norm_per_{s}_student_cny" for s in ("primary", "junior")} | {"times": 100}
    funds = {"scope": "school", "top": ["public_funds_budget_cny"], "op": ">="}
    other = funds | {"value": 1000, "where": {"ownership": "private"}}
    condition = funds | {"norm": norm, "where": {"ownership": "public"}, "readings": [other]}
    item = {"id": "one", "part": "basic_standard", "rule": "conditions", "label": LABEL, "conditions": [condition]}
    std = custom(tmp_path, [], items=[item | CITED])
    for ownership, expected in (("private", "met"), ("public", "undetermined")):
        own = {"kind": "nine_year", "public_funds_budget_cny": 1000.0, "ownership": ownership}
        rows = [make("校", **own) for make in (school, junior)]
        ev = jh.evaluate(pd.DataFrame(rows), std, county_facts={"甲县": facts})
        assert verdict(ev) == expected, ownership


def test_an_equal_figure_stands_for_the_first_reading_alone(tmp_path: Path) -> None:
    most = {"scope": "section", "top": ["computers"], "op": "<="}
    same = {"scope": "section", "top": ["books"], "op": "<=", "value": 5}
    condition = most | {"value": 100, "readings": [most | {"value": 90}], "same_as": [same]}
    for computers, books, expected in (
        (90, 5, "met"), (90, 6, "undetermined"), (95, 5, "undetermined"), (101, 6, "unmet"), (None, 5, "undetermined"),
    ):  # fmt: skip
        assert verdict(asked(tmp_path, condition, school(computers=computers, books=books))) == expected, (
            computers,
            books,
        )


def test_an_equal_figure_decides_where_it_is_unmet_or_the_figure_is_missing(tmp_path: Path) -> None:
    most = {"scope": "section", "top": ["computers"], "op": "<=", "value": 100}
    condition = most | {"same_as": [{"scope": "section", "top": ["books"], "op": "<=", "value": 5}]}
    cases = {(100, 5): "met", (100, 6): "unmet", (101, 5): "unmet", (101, None): "unmet", (100, None): "met",
             (None, 5): "met", (None, 6): "unmet", (None, None): "undetermined"}  # fmt: skip
    for (computers, books), expected in cases.items():
        ev = asked(tmp_path, condition, school(computers=computers, books=books))
        assert verdict(ev) == expected, (computers, books)
    told = asked(tmp_path, condition, school(computers=None, books=6)).item_schools
    assert told[["value", "required"]].to_numpy().tolist() == [[6.0, 5.0]]


@pytest.mark.parametrize(
    ("own", "expected"), [({"largest_class_primary": 46}, "unmet"), ({"largest_class_primary": 45}, "undetermined"),
                          ({"largest_class_primary": 45, "largest_class_junior": 50}, "met"),
                          ({"largest_class": 45}, "met"), ({"largest_class": 46}, "undetermined"),
                          ({"largest_class": 51}, "unmet")],
)  # fmt: skip
def test_the_largest_class_of_a_stage_or_of_the_school(own: dict[str, int], expected: str) -> None:
    row = {"county": "甲县", "school": "校", "kind": "nine_year", "students_primary": 300, "students_junior": 200}
    row |= dict.fromkeys(GOOD) | own
    items = jh.evaluate(pd.DataFrame([row]), QUALITY).items
    assert items.loc[items["item"] == "class-size", "verdict"].item() == expected


def test_a_county_of_which_no_school_counts_has_shown_nothing(tmp_path: Path) -> None:
    for scope in ("school", "section", "sum"):
        condition = {"scope": scope, "top": ["computers"], "op": "<=", "value": 200}
        ev = asked(tmp_path, condition, school(students=0), school("二小", included="否"))
        assert verdict(ev) == "undetermined" and ev.items["value"].isna().all()


def test_a_sum_over_no_school_is_no_figure(tmp_path: Path) -> None:
    condition = {"scope": "sum", "top": ["computers"], "op": "<=", "value": 200, "where": {"ownership": "public"}}
    ev = asked(tmp_path, condition, school(ownership="private"))
    assert verdict(ev) == "met" and ev.items["value"].isna().all()


# ---------------------------------------------------------------------------------------- of schools and coefficients


def test_of_a_school_without_students_no_share_is_asked(tmp_path: Path) -> None:
    special = {"where": {"migrant_share_over": 0.5}, "value": 10}
    std = custom(tmp_path, [{"indicator": "books_per_student", "stage": "primary", "value": 20, "instead": [special]}])
    rows = [school(name, students=n, migrant_students=m, books=b) for name, n, m, b in
            (("a", 0, 0, 0), ("b", 100, 51, 1000), ("c", 100, 50, 1000), ("d", 100, 50, 2000))]  # fmt: skip
    found = jh.evaluate(pd.DataFrame(rows), std).schools
    assert found["verdict"].tolist() == ["undetermined", "met", "unmet", "met"]


def test_a_relaxation_by_two_columns_of_which_one_is_missing(tmp_path: Path) -> None:
    relaxed = {
        "id": "r",
        "label": LABEL,
        "where": {},
        "indicator": "books_per_student",
        "add": ["computers", "classes"],
    }
    asked_ = [{"indicator": "books_per_student", "stage": "primary", "value": 20}]
    std = custom(tmp_path, asked_, relaxations=[relaxed | CITED]).with_options(relaxations=["r"])
    added = (("a", 50, 50), ("b", 50, 49), ("c", 50, None), ("d", None, 100), ("e", None, None), ("f", 100, 0))
    rows = [school(n, students=100, books=1900, computers=c, classes=k) for n, c, k in added]
    found = jh.evaluate(pd.DataFrame(rows), std).schools
    assert found["verdict"].tolist() == ["met", "unmet", "undetermined", "met", "undetermined", "met"]


def test_a_relaxation_by_a_column_that_the_table_lacks() -> None:
    std = jh.load_standard(QUALITY).with_options(relaxations=["dense-city-centre-sports"])
    rows = [
        school(sports_area_m2=3750.0, dense_city_centre="是"),
        school("二小", sports_area_m2=3749.0, dense_city_centre="是"),
    ]
    found = jh.evaluate(frame(*rows), std).schools
    found = found[found["indicator"] == "sports_area_per_student"]
    assert found["verdict"].tolist() == ["met", "undetermined"]


def test_only_what_has_a_coefficient_has_a_limit(tmp_path: Path) -> None:
    limit = {"kind": "each", "stage": "primary", "value": 0.5, **CITED}
    std = custom(tmp_path, [], indicators=["students_per_class", "books_per_student"], limits=[limit])
    found = jh.evaluate(frame(school(classes=10), school("b", classes=20)), std).indicators.set_index("indicator")
    assert found["limit"].dropna().to_dict() == {"books_per_student": 0.5}
    assert np.isnan(found["coefficient"]["students_per_class"]) and found["mean"]["students_per_class"] == 1000 / 30


def test_a_mean_of_coefficients_over_some_of_the_schools_is_not_judged() -> None:
    rows = [
        make(name, owner_type="county_education", included="是") for make in (school, junior) for name in ("一", "二")
    ]
    rows[0] |= {"computers": None, "students": 300}
    found = jh.evaluate(frame(*rows), BASIC, missing="omit").indicators
    composite = found[found["indicator"] == "composite"].set_index("stage")
    assert composite["verdict"].to_dict() == {"primary": "undetermined", "junior": "met"}
    assert composite["reason"]["primary"] == "missing_omitted"
    own = found[(found["stage"] == "primary")].set_index("indicator")
    assert own["share_of_students_missing"].to_dict() == dict.fromkeys(own.index, 0.0) | {
        "computers_per_hundred_students": 0.375, "composite": 0.375,
    }  # fmt: skip


def test_which_stages_a_county_has() -> None:
    out = {"included": "否"}
    rows = [school(county="甲县"), junior(county="甲县", **out), school(county="乙县", **out), junior(county="乙县")]
    found = jh.evaluate(frame(*rows), QUALITY).data
    assert [[found.has_stage(c, s) for s in (0, 1)] for c in (0, 1)] == [[True, False], [False, True]]


@pytest.fixture(scope="module")
def of_one_table() -> jh.Evaluation:
    """Primary schools that are in one of the two tables of 2012 only: a private one, and one that says so."""
    private = {"county": "甲县", "ownership": "private", "in_coefficient": "是"}
    stated = {"county": "乙县", "ownership": "public", "in_coefficient": "否"}
    return jh.evaluate(frame(*(school(owner_type="county_education", **own) for own in (private, stated))), BASIC)


def test_a_county_has_a_stage_of_which_one_table_has_schools(of_one_table: jh.Evaluation) -> None:
    found = of_one_table.data
    assert [[found.has_stage(c, s) for s in (0, 1)] for c in (0, 1)] == [[True, False], [True, False]]


def test_a_stage_is_explained_by_the_table_that_has_its_schools(of_one_table: jh.Evaluation) -> None:
    """Of a private school the coefficient is asked, not whether it complies; of one left out of it the reverse."""
    for county, told in (("甲县", [False, True]), ("乙县", [True, False])):
        text = explained(of_one_table, county=county)
        assert ["Every school meets" in text, "Teaching area per student: 0" in text] == told, county


def test_so_many_indicators_and_no_floor(tmp_path: Path) -> None:
    """Two of three: what the third is, or whether it is known, changes nothing."""
    columns = ("books", "teaching_area", "sports_area")
    asked_ = [{"indicator": f"{column}_per_student", "stage": "primary", "value": 2} for column in columns]
    std = custom(tmp_path, asked_, school_rule={"kind": "at_least", "k": 2, **CITED})
    cases = {(2, 2, 0): "met", (2, 2, None): "met", (2, 0, 0): "unmet", (2, 0, None): "undetermined"}
    rows = [
        school(str(n), students=1, books=b, teaching_area_m2=t, sports_area_m2=s) for n, (b, t, s) in enumerate(cases)
    ]
    found = jh.evaluate(frame(*rows), std).school_verdicts
    assert found["verdict"].tolist() == list(cases.values())


def test_a_doubt_leaves_open_the_items_that_it_names(tmp_path: Path) -> None:
    condition = {"scope": "section", "top": ["computers"], "op": ">=", "value": 5}
    item = {"part": "basic_standard", "rule": "conditions", "label": LABEL, "conditions": [condition], **CITED}
    doubt = {"id": "d", "label": LABEL, "items": ["one"], "where": {"students_below": 50}, **CITED}
    std = custom(tmp_path, [], items=[item | {"id": name} for name in ("one", "two")], doubts=[doubt])
    found = jh.evaluate(frame(school(), school("点", students=40, computers=4)), std).items
    assert dict(zip(found["item"], found["verdict"], strict=True)) == {"one": "undetermined", "two": "unmet"}


def test_a_school_is_one_school_whatever_a_column_says(tmp_path: Path) -> None:
    """0.15 a school is exact, by the schools in the rows: a column 学校数 is not read, however near 1 it is."""
    condition = {"scope": "sum", "top": ["teaching_area_m2"], "bottom": ["schools"], "op": "==", "value": 0.15}
    for counted in (1, 2, 1 + 5e-12):
        rows = [school(name, teaching_area_m2=area, schools=counted) for name, area in (("一小", 0.1), ("二小", 0.2))]
        assert verdict(asked(tmp_path, condition, *rows)) == "met", counted


def test_a_school_in_one_row_without_a_figure_of_any_stage(tmp_path: Path) -> None:
    """The table has the column by stage alone; there is no figure of the whole school to fall back on."""
    row = {"county": "甲县", "kind": "nine_year", "students_primary": 300, "students_junior": 200}
    rows = [row | {"school": "一校", "teachers_primary": 20, "teachers_junior": 15}, row | {"school": "二校"}]
    condition = {"scope": "school", "top": ["teachers"], "op": ">=", "value": 35}
    ev = asked(tmp_path, condition, *rows)
    assert verdict(ev) == "undetermined" and ev.item_schools["school"].tolist() == ["二校"]


def test_a_school_without_a_name_is_called_by_its_code(tmp_path: Path) -> None:
    rows = [school(school_code=code, computers=n) for code, n in (("001", 1), ("002", 9))]
    for row in rows:
        del row["school"]
    ev = asked(tmp_path, {"scope": "section", "top": ["computers"], "op": ">=", "value": 5}, *rows)
    assert ev.data.school_names.tolist() == ["001", "002"]
    assert "001" in ev.explain() and "002" not in ev.explain()


def test_two_special_numbers_each_for_schools_of_its_own(tmp_path: Path) -> None:
    """20, for boarding schools 15, in old towns 30; what is not known leaves all that is possible."""
    specials = [{"where": {"flags": [flag]}, "value": value} for flag, value in (("boarding", 15), ("old_town", 30))]
    std = custom(tmp_path, [{"indicator": "books_per_student", "stage": "primary", "value": 20, "instead": specials}])
    answers = [(b, o) for b in (True, False, None) for o in (True, False, None)]
    word = {True: "是", False: "否", None: None}
    rows = [
        school(f"{i}-{books}", students=100, books=books, boarding=word[b], old_town=word[o])
        for i, (b, o) in enumerate(answers)
        for books in (1_400, 1_600, 2_400, 3_000)
    ]
    found = jh.evaluate(pd.DataFrame(rows), std).schools["verdict"].tolist()
    wanted = []
    for boarding, old_town in answers:
        plain = {15} if boarding else {20} if boarding is False else {15, 20}
        possible = {30} if old_town else plain if old_town is False else plain | {30}
        for books in (14, 16, 24, 30):
            met = {books >= number for number in possible}
            wanted.append("undetermined" if len(met) > 1 else "met" if True in met else "unmet")
    assert found == wanted


def test_a_share_that_rounds_to_a_whole_number_is_not_that_number(tmp_path: Path) -> None:
    """192 of 368 parts of 1916.6666666666667 are more than 1000 by less than a float can say."""
    split = {"resources": ["teaching_area_m2"], "weights": [{"kind": "nine_year", "primary": 1, "junior": 1.1}]}
    whole = {"kind": "nine_year", "resources_cover": "school", "teaching_area_m2": 1916.6666666666667}
    rows = [school(students=192, **whole), junior("一小", students=160, **whole)]
    condition = {"scope": "section", "top": ["teaching_area_m2"], "value": 1000, "where": {"stages": ["primary"]}}
    item = {"id": "one", "part": "basic_standard", "rule": "conditions", "label": LABEL} | CITED
    for op, expected in (("<=", "unmet"), (">", "met")):
        std = custom(tmp_path, [], items=[item | {"conditions": [condition | {"op": op}]}], split=split | CITED)
        assert verdict(jh.evaluate(pd.DataFrame(rows), std)) == expected


def test_where_nothing_is_required_nothing_is_missing(tmp_path: Path) -> None:
    table = {"indicator": "books_per_student", "stage": "primary", "classes": [1, 2], "values": [0, 5]}
    rows = [school(f"{k}", classes=k, books=None) for k in (1, 2)]
    found = jh.evaluate(pd.DataFrame(rows), custom(tmp_path, [table])).schools
    assert found["verdict"].tolist() == ["met", "undetermined"]
    assert found["reason"].fillna("").tolist() == ["", "missing_value"]


def test_schools_of_a_county_and_stage() -> None:
    rows = [
        make(f"{county}{stage}", county=county) for county in "甲乙丙" for stage, make in enumerate((school, junior))
    ]
    found = jh.evaluate(frame(*rows), QUALITY).data
    names = [
        [found.school_names[found.judged_by_place.at(found.place(c, s))].tolist() for s in (0, 1)] for c in range(3)
    ]
    assert names == [[[f"{county}{s}"] for s in (0, 1)] for county in "甲乙丙"]


def test_the_figures_of_two_stages_add_up_as_typed(tmp_path: Path) -> None:
    """0.1 and 0.2 are 0.3 of the whole school, which in floats they are not."""
    own = {"kind": "nine_year", "resources_cover": "stage"}
    rows = [school("校", teaching_area_m2=0.1, **own), junior("校", teaching_area_m2=0.2, **own)]
    condition = {"scope": "school", "top": ["teaching_area_m2"], "op": "==", "value": 0.3}
    assert verdict(asked(tmp_path, condition, *rows)) == "met"
