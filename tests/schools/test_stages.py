"""Integrated schools taken apart: which figures are divided, by what, and what is left alone."""

from typing import Any

import pandas as pd
import pytest
from small_tables import BASIC, QUALITY, SHANDONG, SHARED, conditions, frame, junior, one_row, only, pick, school

import junheng as jh
from junheng.schools import columns

FOUR = {"teaching_area_m2", "sports_area_m2", "equipment_value_cny", "multimedia_classrooms"}
FIVE = {"teaching_area_m2", "sports_area_m2", "equipment_value_cny", "computers", "books"}
ENROLLED = {"students_primary": 300, "students_junior": 200}
PEOPLE = {"teachers_primary": 30, "teachers_junior": 29, "classes_primary": 8, "classes_junior": 5}
#: Columns the seven indicators need and a one-row school gives by stage, or not at all.
FEW = dict.fromkeys(("teachers_above_required_degree", "backbone_teachers", "pe_art_teachers"))


def rows(table: Any) -> list[dict[str, Any]]:
    return jh.results.records(table)


def by_rows(**changed: Any) -> list[dict[str, Any]]:
    """A nine-year school in one row a stage, the same resources on both."""
    return [
        school("联校", kind="nine_year", students=300, teachers=30, **changed),
        school("联校", "junior", kind="nine_year", students=200, teachers=29, **changed),
    ]


# ------------------------------------------------------------------------------------- what is divided


@pytest.mark.parametrize(("standard", "divided"), [(QUALITY, FOUR), (BASIC, FIVE)])
def test_only_the_resources_a_standard_names_are_divided(standard: str, divided: set[str]) -> None:
    assert set(jh.load_standard(standard).split.resources) == divided
    row = one_row("nine_year", people=ENROLLED | PEOPLE)
    first, second = rows(jh.split_stages(frame(row), standard))
    for name in SHARED:
        # 300 and 1.1 * 200 = 220 of 520
        shares = (300 / 520, 220 / 520) if name in divided else (1, 1)
        assert (first[name], second[name]) == pytest.approx(tuple(row[name] * s for s in shares), rel=1e-12), name
    assert first["resources_cover"].split() == sorted(divided)


@pytest.mark.parametrize("standard", [QUALITY, BASIC])
def test_the_two_forms_of_a_school_say_the_same(standard: str) -> None:
    wide = one_row("nine_year", people=ENROLLED | {k: v for k, v in PEOPLE.items() if k.startswith("teachers")})
    long = [
        {
            k: v
            for k, v in r.items()
            if k in SHARED or k in ("county", "school", "kind", "stage", "students", "teachers")
        }
        for r in by_rows()
    ]
    names = ["stage", "students", "teachers", *SHARED]
    assert rows(jh.split_stages(frame(wide), standard)[names]) == rows(jh.split_stages(frame(*long), standard)[names])


def test_people_are_never_divided() -> None:
    # nothing but a figure by stage counts; one for the whole school is no stage's
    first, second = rows(
        jh.split_stages(frame(one_row("nine_year", people=ENROLLED | PEOPLE, backbone_teachers=9)), QUALITY)
    )
    assert (first["teachers"], second["teachers"]) == (30, 29)
    assert (first["classes"], second["classes"]) == (8, 5)
    assert first["backbone_teachers"] is None and second["backbone_teachers"] is None
    first, second = rows(jh.split_stages(frame(*by_rows()), QUALITY))
    assert (first["teachers"], second["teachers"], first["backbone_teachers"]) == (30, 29, 6)


def test_the_denominator_is_the_real_enrolment() -> None:
    """A junior student gets 1.1 times what a primary student gets; neither is divided by weighted students."""
    ev = jh.evaluate(frame(*by_rows()), QUALITY)
    table = pick(ev.schools, indicator="teaching_area_per_student").set_index("stage")["value"]
    assert table["primary"] == pytest.approx(3000 / 520, rel=1e-12)
    assert table["junior"] == pytest.approx(1.1 * 3000 / 520, rel=1e-12)
    assert only(ev.indicators, stage="primary", indicator="teaching_area_per_student")["students"] == 300


@pytest.mark.parametrize(
    ("kind", "students", "shares"),
    [
        ("nine_year", {"primary": 300, "junior": 200}, {"primary": 300 / 520, "junior": 220 / 520}),
        ("nine_year", {"primary": 300, "junior": 0}, {"primary": 1, "junior": 0}),
        ("complete_secondary", {"junior": 600, "senior": 900}, {"junior": 600 / 1680}),
        ("complete_secondary", {"junior": 600, "senior": 0}, {"junior": 1}),
        ("twelve_year", {"primary": 300, "junior": 200, "senior": 100}, {"primary": 300 / 652, "junior": 220 / 652}),
        ("twelve_year", {"primary": 0, "junior": 200, "senior": 100}, {"primary": 0, "junior": 220 / 352}),
    ],
)
def test_shares_by_kind_of_school(kind: str, students: dict[str, int], shares: dict[str, float]) -> None:
    people = {f"students_{s}": n for s, n in students.items()}
    wide = jh.split_stages(frame(one_row(kind, people=people)), BASIC)
    seniors = {"students_senior": students["senior"]} if "senior" in students else {}
    long = frame(*(school("联校", s, kind=kind, students=n, **seniors) for s, n in students.items() if s != "senior"))
    as_rows = frame(*(school("联校", s, kind=kind, students=n) for s, n in students.items()))
    for table in (wide, jh.split_stages(long, BASIC), jh.split_stages(as_rows, BASIC)):
        assert table["stage"].tolist() == list(shares)
        assert table["books"].tolist() == pytest.approx([15_000 * s for s in shares.values()], rel=1e-12)


def test_a_share_that_is_a_whole_number_comes_out_whole() -> None:
    """1000 : 1100 of 21 000 is 10 000 : 11 000, not a hair beside it."""
    row = one_row("nine_year", people={"students_primary": 1000, "students_junior": 1000}, books=21_000)
    assert jh.split_stages(frame(row), BASIC)["books"].tolist() == [10_000.0, 11_000.0]


@pytest.mark.parametrize(
    ("primary", "junior_", "area", "stage", "verdict", "floor_verdict"),
    [
        # 1.1 * 1142.6 / (110 + 1.1 * 97) is 5.8 on paper, and a hair under it in doubles
        (110, 97, 1142.6, "junior", "met", "met"),
        (110, 97, 1142.59, "junior", "unmet", "met"),
        (100, 53, 605.4975, "primary", "unmet", "met"),  # 3.825, the floor
        (100, 53, 605.49, "primary", "unmet", "unmet"),
    ],
)
def test_a_share_that_lies_on_a_threshold_on_paper_is_met(
    primary: int, junior_: int, area: float, stage: str, verdict: str, floor_verdict: str
) -> None:
    people = {"students_primary": primary, "students_junior": junior_}
    whole = frame(one_row("nine_year", people=people, teaching_area_m2=area)).assign(**FEW)
    for table in (whole, jh.split_stages(whole, QUALITY)):
        row = only(jh.evaluate(table, QUALITY).schools, indicator="teaching_area_per_student", stage=stage)
        assert (row["verdict"], row["floor_verdict"]) == (verdict, floor_verdict)


# --------------------------------------------------------------------------- whose figures they are


@pytest.mark.parametrize(
    ("cover", "same", "divided"),
    [
        (None, True, True),
        (None, False, False),
        ("school", True, True),
        ("全校", True, True),
        ("stage", True, False),
        ("学段", False, False),
    ],
)
def test_the_table_says_whose_figures_they_are_or_it_is_inferred(cover: str | None, same: bool, divided: bool) -> None:
    first, second = by_rows() if cover is None else by_rows(resources_cover=cover)
    if not same:
        second["books"] = 9_000
    ev = jh.evaluate(frame(first, second), BASIC)
    assert ev.provenance["sections_divided"] == (2 if divided else 0)
    books = pick(ev.schools, indicator="books_per_student").set_index("stage")["value"]
    assert books["primary"] == pytest.approx(15_000 * (300 / 520 if divided else 1) / 300)
    said = {"resources_repeated", "resources_differ"} & set(ev.provenance["warnings"])
    assert said == (set() if cover else {"resources_repeated" if same else "resources_differ"})


@pytest.mark.parametrize("empty", ["", " ", None, "nan"])
@pytest.mark.parametrize("said_first", [True, False])
@pytest.mark.parametrize(("word", "divided"), [("school", True), ("stage", False), ("books computers", True)])
def test_an_empty_word_beside_another_says_nothing(
    empty: str | None, said_first: bool, word: str, divided: bool
) -> None:
    """Of the school that says it, the word counts; of the other, whose rows differ, the rows do."""
    said = [r | {"school": "甲校"} for r in by_rows(resources_cover=word)]
    silent = [
        r | {"school": "乙校", "multimedia_classrooms": n} for n, r in enumerate(by_rows(resources_cover=empty), 9)
    ]
    table = frame(*said, *silent) if said_first else frame(*silent, *said)
    area = pick(jh.evaluate(table, QUALITY).schools, indicator="teaching_area_per_student", stage="primary")
    area = area.set_index("school")["value"]
    assert area["甲校"] == pytest.approx(3000 / 520 if divided else 3000 / 300)
    assert area["乙校"] == pytest.approx(3000 / 300)
    assert ("乙校" in jh.check_schools(table, QUALITY)["key"].str.cat()) and not jh.check_schools(table, QUALITY)[
        "key"
    ].str.contains("甲校").any()
    # and where rows agree, silence means that they are the school's
    agreed = frame(*said, *(r | {"school": "乙校"} for r in by_rows(resources_cover=empty)))
    area = pick(jh.evaluate(agreed, QUALITY).schools, indicator="teaching_area_per_student", stage="primary")
    assert area.set_index("school")["value"]["乙校"] == pytest.approx(3000 / 520)


def test_a_figure_of_the_row_comes_first_and_that_of_the_stage_fills_its_gaps() -> None:
    """Teachers of four rows: of the row, of the stage only, of both, of neither; another stage's are never taken."""
    rows_ = [school(f"{i}小", teachers=n) | dict.fromkeys(FEW, 0) for i, n in enumerate((30, None, 20, None))]
    table = frame(*rows_).assign(teachers_primary=[None, 25, 19, None], teachers_junior=[1, 1, 1, 1])
    per_student = pick(jh.evaluate(table, BASIC).schools, indicator="teachers_per_student")["value"]
    assert (per_student * 500).round(9).tolist()[:3] == [30, 25, 20] and per_student.isna().tolist() == [0, 0, 0, 1]
    # the same for enrolment, on which every weight rests
    people = frame(*(school(f"{i}小", students=n) for i, n in enumerate((300, None)))).assign(
        students_primary=[None, 200]
    )
    assert jh.evaluate(people, QUALITY).school_verdicts["students"].tolist() == [300, 200]


def test_a_figure_of_the_whole_school_is_one_figure() -> None:
    """Two figures of one library: neither row's share follows from them."""
    first, second = by_rows(resources_cover="学校")
    with pytest.raises(jh.InputDataError) as caught:
        jh.evaluate(frame(first, second | {"books": 9_000}), BASIC)
    (problem,) = (p for p in caught.value.problems if p.severity == "error")
    assert (problem.code, problem.column, problem.value) == ("resources_contradict", "books", "9000.0")
    assert "15000" in problem.sentence("zh") and "学段" in problem.sentence("zh")
    # what 2012 does not divide may differ, and so may what was not typed in every row
    jh.evaluate(frame(first, second | {"books": None, "multimedia_classrooms": 3}), BASIC)


def test_what_the_standard_does_not_divide_is_each_rows_own_where_rows_differ() -> None:
    """Converted grounds of 300 m2 on one row and none on the other are those of one stage, whatever the rooms are."""
    std = jh.load_standard(QUALITY).with_options(relaxations=["dense-city-centre-sports"])
    first, second = (r | {"dense_city_centre": "是"} for r in by_rows())
    for mine, theirs, added in ((300.0, 0.0, 300.0), (300.0, 300.0, 300.0 * 300 / 520)):
        table = frame(first | {"converted_sports_area_m2": mine}, second | {"converted_sports_area_m2": theirs})
        with_, without = (
            only(jh.evaluate(table, s).schools, indicator="sports_area_per_student", stage="primary")["value"]
            for s in (std, QUALITY)
        )
        assert (with_ - without) * first["students"] == pytest.approx(added)


def test_a_stage_alone_may_stand_by_itself() -> None:
    """A branch with one stage is a school of that stage: no other enrolment is asked for."""
    ev = jh.evaluate(frame(school("分校", kind="nine_year", resources_cover="stage")), QUALITY)
    assert ev.provenance["sections_divided"] == 0
    assert only(ev.school_verdicts)["verdict"] == "met"


def test_splitting_again_changes_nothing() -> None:
    table = frame(
        school(),
        one_row("nine_year", people=ENROLLED | PEOPLE),
        one_row("twelve_year", school="大联校", people=ENROLLED | PEOPLE, students_senior=100),
        junior("完中", kind="complete_secondary", students_senior=900),
        junior(),
    )
    for standard in (BASIC, QUALITY):
        once = jh.split_stages(table, standard)
        twice = jh.split_stages(once, standard)
        pd.testing.assert_frame_equal(once, twice)
        before, after = jh.evaluate(table, standard), jh.evaluate(once, standard)
        for name in ("school_verdicts", "indicators", "verdicts"):
            assert [{k: v for k, v in r.items() if k != "row"} for r in rows(getattr(after, name))] == [
                {k: v for k, v in r.items() if k != "row"} for r in rows(getattr(before, name))
            ]


def test_a_table_split_under_one_standard_can_be_judged_by_another() -> None:
    """2017 leaves computers and books whole; 2012 still divides them, and does not divide the areas twice."""
    row = one_row("nine_year", people=ENROLLED | PEOPLE)
    split = jh.split_stages(frame(row), QUALITY)
    both = jh.split_stages(split, BASIC)
    direct = jh.split_stages(frame(row), BASIC)
    for name in FIVE:
        assert both[name].tolist() == pytest.approx(direct[name].tolist(), rel=1e-12), name


def test_schools_of_one_stage_and_their_order_are_left_alone() -> None:
    table = frame(junior("乙中"), school("甲小"), *by_rows(resources_cover="school"), school("丙小", kind="教学点"))
    out = jh.split_stages(table.assign(备注=list("abcde")), QUALITY)
    assert out["school"].tolist() == ["乙中", "甲小", "联校", "联校", "丙小"]
    assert out["备注"].tolist() == list("abcde")
    assert out["books"].tolist() == [15_000] * 5
    assert out["teaching_area_m2"].iloc[[0, 1, 4]].tolist() == [3000.0] * 3


def test_senior_stages_are_weighed_and_not_judged() -> None:
    table = frame(one_row("complete_secondary", people={"students_junior": 600, "students_senior": 900}), school())
    assert jh.split_stages(table, QUALITY)["stage"].tolist() == ["junior", "primary"]
    as_rows = frame(
        junior("完中", kind="complete_secondary", students=600),
        school("完中", "senior", kind="complete_secondary", students=900),
        school("高中", None, kind="高中"),
    )
    ev = jh.evaluate(as_rows, QUALITY)
    assert only(ev.indicators, indicator="teaching_area_per_student", stage="junior")["mean"] == pytest.approx(
        3000 * 600 / 1680 / 600
    )
    assert [(r["school"], r["stage"], r["reason"]) for r in rows(ev.left_out)] == [
        ("完中", "senior", "senior_stage"),
        ("高中", "senior", "senior_stage"),
    ]


def test_rows_of_two_stages_make_an_integrated_school_whatever_it_is_called() -> None:
    """Else a nine-year school whose kind was left out would have its whole resources on both stages."""
    table = frame(*by_rows()).drop(columns="kind")
    assert jh.evaluate(table, QUALITY).provenance["sections_divided"] == 2


def test_namesakes_in_two_counties_are_two_schools() -> None:
    first, second = by_rows()
    table = frame(first | {"resources_cover": "stage"}, second | {"county": "乙县", "resources_cover": "stage"})
    assert jh.check_schools(table, QUALITY).empty
    years = frame(*(r | {"year": y} for y in (2024, 2025) for r in by_rows(resources_cover="school")))
    assert jh.evaluate(years, QUALITY).provenance["sections_divided"] == 4


def test_a_school_with_an_unknown_enrolment_has_no_share() -> None:
    with pytest.raises(jh.InputDataError) as caught:
        jh.split_stages(frame(one_row("nine_year", people={"students_primary": 300})), QUALITY)
    assert [(p.code, p.column) for p in caught.value.problems if p.severity == "error"] == [
        ("missing_stage_enrolment", "students_junior")
    ]


def test_splitting_asks_nobody_who_counts() -> None:
    table = frame(school(kind="teaching_point"), junior(ownership="民办"))
    assert len(jh.split_stages(table, BASIC)) == 2


def test_a_standard_without_a_rule_leaves_the_school_undetermined() -> None:
    """Shandong's norms for nine-year schools were not found: nothing is divided, and nothing is met."""
    row = conditions(kind="nine_year")
    for name in ("students", "staff", "classes"):
        row |= {f"{name}_{s}": row[name] for s in ("primary", "junior")}
    row = {k: v for k, v in row.items() if k not in ("stage", "students", "staff", "classes")}
    ev = jh.evaluate(frame(row), SHANDONG)
    # of fewer than 18 classes courts are asked for together, by an item: of one kind alone nothing is
    apart = ("students_per_class", "basketball_courts", "volleyball_courts")
    shared = [r for r in rows(ev.schools) if r["indicator"] not in apart]
    assert len(shared) > 45
    assert {(r["value"], r["verdict"], r["reason"]) for r in shared} == {(None, "undetermined", "no_split_rule")}
    assert set(ev.school_verdicts["verdict"]) == {"undetermined"}
    assert only(ev.verdicts, part="overall")["verdict"] == "undetermined"
    for language, words in (("en", "no rule to divide"), ("zh", "如何拆分")):
        assert words in ev.explain(language=language)


@pytest.mark.parametrize("standard", jh.list_standards()["id"].tolist())
def test_what_a_judgement_refuses_is_listed_before_in_whatever_column_it_stands(standard: str) -> None:
    """Columns that only an item reads, such as 城乡类型 or a yes and no, are looked at too."""
    words = {n: c for n, c in columns().items() if c.type in ("category", "flag")}
    table = jh.synthetic.county(seed=1, n_schools=4).assign(year=1990)
    row = 2
    for name in words:
        table[name] = table[name].astype(object) if name in table else None
        table.loc[row, name] = "怪词"
    for name in ("built_year", "largest_class", "migrant_students"):
        table[name] = ["约5" if i == row else None for i in range(len(table))]
    found = jh.check_schools(table, standard)
    listed = {(p["code"], p["column"], p["row"]) for p in rows(found)}
    assert {("unknown_category", n, row) for n in words} <= listed
    with pytest.raises(jh.InputDataError) as refused:
        jh.evaluate(table, standard)
    assert {(str(p.code), p.column, p.row) for p in refused.value.problems if p.severity == "error"} <= listed
    # each thing once
    assert not found.duplicated(["code", "column", "row", "message"]).any()


def test_a_standard_not_in_force_is_said_by_the_check_and_by_the_judgement() -> None:
    table = jh.synthetic.county(seed=1, n_schools=4).assign(year=1990)
    told = [set(f["code"]) for f in (jh.check_schools(table, QUALITY), jh.evaluate(table, QUALITY).problems)]
    assert all("not_in_force" in codes for codes in told)
    assert "not_in_force" not in set(jh.check_schools(table)["code"])


@pytest.mark.parametrize("blank", ["  ", float("nan"), "nan", "None"])
@pytest.mark.parametrize("word", ["stage", "school"])
def test_a_school_that_does_not_say_what_its_figures_cover_is_not_read_like_another(word: str, blank: Any) -> None:
    says = [r | {"school": "专校"} for r in by_rows(resources_cover=word)]
    silent = by_rows()
    silent[1]["sports_area_m2"] = 7000.0  # so each row's own, unless the table says otherwise
    told = [r | {"resources_cover": blank} for r in silent]

    def found(*table: dict[str, Any]) -> list[dict[str, Any]]:
        judged = rows(jh.evaluate(frame(*table), QUALITY).schools)
        return [{k: v for k, v in r.items() if k != "row"} for r in judged if r["school"] == "联校"]

    # an empty cell may come before the word or after it
    assert found(*says, *told) == found(*told, *says) == found(*silent)
