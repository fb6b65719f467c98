"""What if, case by case: what follows a change, who goes where, what is added up, and what is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_tables import QUALITY, frame, junior, one_row, pick, school

import junheng as jh
from junheng.changes import Add, Close, Cohorts, Enrolment, Merge, Open, applied
from junheng.schools import columns


def judged(*rows: dict[str, Any]) -> jh.Evaluation:
    return jh.evaluate(frame(*rows), QUALITY)


def table_of(ev: jh.Evaluation) -> Any:
    """The table an evaluation was made from."""
    return ev.data.sections.schools.frame.to_native()


def refused(ev: jh.Evaluation, changes: Any) -> list[tuple[str, str | None, int | None]]:
    """The problems of some changes: code, column and row."""
    with pytest.raises(jh.InputDataError) as caught:
        ev.apply(changes)
    return [(str(p.code), p.column, p.row) for p in caught.value.problems]


def nine(name: str = "九年", students: tuple[Any, Any] = (300, 200), **changed: Any) -> list[dict[str, Any]]:
    stages = zip(("primary", "junior"), students, strict=True)
    return [school(name, s, kind="nine_year", students=n, **changed) for s, n in stages]


# ------------------------------------------------------------------------------------------ what follows

AREAS = {
    "teaching_area_m2": 3000.0,
    "teaching_area_total_m2": 3100.0,
    "indoor_sports_m2": 100.0,
    "outdoor_sports_area_m2": 5400.0,
    "sports_area_m2": 5500.0,
}


@pytest.mark.parametrize("amount", [10.5, -10.5])
@pytest.mark.parametrize(
    ("column", "follow"),
    [
        ("teaching_area_m2", {"teaching_area_total_m2"}),
        ("indoor_sports_m2", {"teaching_area_total_m2", "sports_area_m2"}),
        ("outdoor_sports_area_m2", {"sports_area_m2"}),
        ("teaching_area_total_m2", {"teaching_area_m2"}),
        ("sports_area_m2", set()),
    ],
)
def test_an_area_takes_with_it_those_that_include_it(column: str, follow: set[str], amount: float) -> None:
    got = applied(judged(school(**AREAS), school("二小", **AREAS)), Add(column, amount, school="二小"))
    assert set(got["row"]) == {1}
    assert dict(zip(got["column"], got["cause"], strict=True)) == {column: "asked"} | dict.fromkeys(follow, "followed")
    assert got["after"].tolist() == [AREAS[c] + amount for c in got["column"]]


@pytest.mark.parametrize("drop", ["teaching_area_m2", "sports_area_m2"])
def test_what_two_changes_are_about_follows_neither(drop: str) -> None:
    """A new gymnasium, typed with the sub-total that includes it: the teaching rooms stay as they are."""
    row = {k: v for k, v in school(**AREAS).items() if k != drop}
    after = table_of(
        judged(row).apply(
            [Add("indoor_sports_m2", 10, school="一小"), Add("teaching_area_total_m2", 10, school="一小")]
        )
    )
    wanted = {"teaching_area_m2": 3000.0, "teaching_area_total_m2": 3110.0, "sports_area_m2": 5510.0}
    assert {n: after[n].item() for n in wanted} == wanted


def test_a_part_of_a_stage_raises_the_whole_of_that_stage() -> None:
    people = {"students_primary": 300, "students_junior": 200, "teachers": 35}
    people |= {
        "teachers_primary": 20,
        "teachers_junior": 15,
        "backbone_teachers_primary": 5,
        "backbone_teachers_junior": 5,
    }
    people |= {
        f"{c}_{s}": 5 for c in ("teachers_above_required_degree", "pe_art_teachers") for s in ("primary", "junior")
    }
    ev = judged(one_row("nine_year", people=people))
    got = applied(ev, Add("teachers_above_required_degree_junior", 11, school="联校"))
    assert got[["column", "before", "after", "cause"]].values.tolist() == [
        ["teachers_above_required_degree_junior", 5.0, 16.0, "asked"],
        ["teachers_junior", 15.0, 16.0, "followed"],
        ["teachers", 35.0, 36.0, "followed"],
    ]
    # to the whole exactly: nothing follows
    assert len(applied(ev, Add("teachers_above_required_degree_junior", 10, school="联校"))) == 1


def test_a_whole_may_shrink_to_its_parts_and_not_below() -> None:
    ev = judged(school(teachers=35, teachers_above_required_degree=30, backbone_teachers=6))
    assert table_of(ev.apply(Add("teachers", -5, school="一小")))["teachers"].tolist() == [30]
    assert refused(ev, Add("teachers", -6, school="一小")) == [
        ("part_exceeds_whole", "teachers_above_required_degree", 0)
    ]
    assert refused(ev, Add("teachers", -36, school="一小"))[0] == ("below_zero", "teachers", 0)
    assert table_of(ev.apply(Add("computers", -80, school="一小")))["computers"].tolist() == [0]
    with pytest.raises(jh.InputDataError, match=r"6\.5 cannot be taken from the 6 in") as caught:
        ev.apply([Add("backbone_teachers", -6.5, school="一小")])
    assert [p.value for p in caught.value.problems] == ["-0.5"]
    nobody = judged(school(teachers=0, teachers_above_required_degree=0, backbone_teachers=0, pe_art_teachers=0))
    after = table_of(nobody.apply(Add("teachers_above_required_degree", 1, school="一小")))
    assert after["teachers"].tolist() == [1]  # the first teacher of a school is one of its teachers
    both = [Add("teachers_above_required_degree", 1, school="一小"), Add("teachers", -1, school="一小")]
    assert refused(nobody, both) == [("below_zero", "teachers", 0)]


# -------------------------------------------------------------------------------------------- who goes where


def test_a_school_without_pupils_closes_without_a_word() -> None:
    assert table_of(judged(school(students=0), school("二小")).apply(Close(school="一小")))["school"].tolist() == [
        "二小"
    ]
    assert refused(judged(school(students=1), school("二小")), Close(school="一小")) == [
        ("missing_value", "students", 0)
    ]


def test_pupils_of_each_stage_go_to_that_stage() -> None:
    ev = judged(*nine(), *nine("又九年", computers=90), school(), junior())
    after = table_of(ev.apply(Close(school="九年", students_to="又九年")))
    assert after["students"].tolist() == [600, 400, 500, 500]
    assert refused(ev, Close(school="九年", students_to="一小")) == [("cannot_merge", None, 4)]
    assert refused(ev, Close(school="九年", students_to={"一小": 300, "一中": 200})) == [
        ("ambiguous_school", "students", 0)
    ]
    # a stage without pupils needs nobody to take them
    empty = judged(*nine(students=(300, 0)), school())
    assert table_of(empty.apply(Close(school="九年", students_to="一小")))["students"].tolist() == [800]
    shares = Close(school="一小", students_to={"二小": 200, "三小": 300, "一小": 0})
    three = judged(school(), school("二小"), school("三小"))
    assert table_of(three.apply(shares))["students"].tolist() == [700, 800]
    got = applied(three, shares)
    assert pick(got, column="students")[["row", "before", "cause"]].values.tolist() == [
        [1, 500.0, "moved"], [2, 500.0, "moved"], [0, 500.0, "removed"],
    ]  # fmt: skip


def test_nobody_is_moved_whose_number_is_unknown() -> None:
    ev = judged(school(students=None), school("二小"), school("三小"))
    assert refused(ev, Close(school="一小", students_to="二小")) == [("missing_value", "students", 0)]
    assert refused(ev, Close(school="二小", students_to="一小")) == [("missing_value", "students", 0)]
    halves: Any = {"三小": 250.5, "一小": 249.5}
    assert refused(ev, Close(school="二小", students_to=halves))[0][0] == "not_whole"
    assert refused(ev, Open(row={"school": "新校", "stage": "primary"}, moved_students={"一小": 1})) == [
        ("missing_value", "students", 0)
    ]
    assert refused(ev, Cohorts(entering=10, leaving=0, stage="primary")) == [("missing_value", "students", 0)]
    # a factor leaves it missing
    assert table_of(ev.apply(Enrolment(factor=0.5)))["students"].tolist()[1:] == [250, 250]


def test_cohorts_of_several_stages_or_counties_are_told_once() -> None:
    """Where pupils cannot be shared out, what would become of them is not told too."""
    fewer = Cohorts(entering=0, leaving=2000)
    assert refused(judged(school(), junior(students=None)), fewer) == [("ambiguous_school", None, None)]
    counties = judged(school(), school(county="乙县"), school("二小", students=None))
    assert refused(counties, fewer) == [("ambiguous_school", None, None)]


def test_a_closed_school_is_not_changed_any_more() -> None:
    ev = judged(school(), school("二小"), junior())
    after = table_of(ev.apply([Close(school="一小", students_to="二小"), Enrolment(factor=0.9)]))
    assert after["students"].tolist() == [900, 450]
    assert (
        refused(ev, [Close(school="一小", students_to="二小"), Add("books", 1, school="一小")])[0][0]
        == "unknown_school"
    )
    # nor does it matter what would have been wrong with it
    assert (
        len(table_of(ev.apply([Add("computers", -81, school="一小"), Close(school="一小", students_to="二小")]))) == 2
    )
    after = table_of(ev.apply([Close(school="一小", students_to="二小"), Cohorts(entering=9, leaving=0, stage="小学")]))
    assert after["students"].tolist() == [1009, 500]


@pytest.mark.parametrize("column", ["teachers", "books"])
def test_nothing_is_added_to_what_is_unknown(column: str) -> None:
    ev = judged(school(), school("二小", **{column: None}))
    assert refused(ev, Add(column, 1, school="二小")) == [("missing_value", column, 1)]
    given = pd.DataFrame({"school": ["二小", "一小"], "column": [column] * 2, "change": [1, 1]})
    assert refused(ev, given) == [("missing_value", column, 1)]


def test_an_unknown_figure_that_stages_share_is_named_at_the_first_row() -> None:
    ev = judged(school(), *nine(books=None))
    assert refused(ev, Add("books", 1, school="九年")) == [("missing_value", "books", 1)]


def test_a_year_is_no_county() -> None:
    ev = judged(school(year=2024), school(year=2025))
    assert refused(ev, Add("books", 1, school="一小", county="2025")) == [("unknown_county", None, None)]
    assert table_of(ev.apply(Add("books", 1, school="一小", year=2025)))["books"].tolist() == [15_000, 15_001]


def test_pupils_of_a_closed_school_go_to_schools_that_are_there() -> None:
    ev = judged(school(), school("二小"))
    shares = {"二小": 200, "三小": 300}
    assert refused(ev, Close(school="一小", students_to=shares)) == [("unknown_school", "school", None)]


def test_a_factor_is_of_the_school_stage_county_and_year_that_are_named() -> None:
    rows = [f(county=c, year=y) for c in ("甲县", "乙县") for y in (2024, 2025) for f in (school, junior)]
    ev = judged(*rows)
    some: list[dict[str, Any]] = [{}, {"county": "乙县"}, {"year": 2025}, {"stage": "初中"}]
    some.append({"school": "一小", "county": "乙县", "year": 2024})
    for where in some:
        after = table_of(ev.apply(Enrolment(factor=0.9, **where)))
        for row, now in zip(rows, after["students"], strict=True):
            named = {**where, "stage": "junior"} if "stage" in where else where
            assert now == (450 if all(row[k] == v for k, v in named.items()) else 500), where
    assert table_of(ev.apply(Enrolment(factor=0)))["students"].tolist() == [0] * 8
    assert len(applied(ev, Enrolment(factor=1))) == 0


# ------------------------------------------------------------------------------------------------ merging

LONGEST = (
    "built_year", "largest_class", "parallel_classes", "periodical_titles", "reference_titles", "ring_track_m",
    "straight_track_m",
)  # fmt: skip


def test_only_what_can_be_added_up_is_added_up() -> None:
    mine, theirs = ({n: x + i for i, n in enumerate(LONGEST)} for x in (40, 60))
    ev = judged(school(**mine, classes=10), school("二小", **theirs, classes=12), school("三小", **mine, classes=3))
    got = applied(ev, Merge(schools=["二小", "三小"], into="一小"))
    assert pick(got, cause="kept")["column"].tolist() == sorted(LONGEST, key=list(mine).index)
    after = table_of(ev.apply(Merge(schools=["二小", "三小"], into="一小"))).iloc[0]
    assert {n: after[n] for n in LONGEST} == mine
    assert (after["classes"], after["students"], after["books"]) == (25, 1500, 45_000)


def test_a_difference_is_noted_and_likeness_is_not() -> None:
    rows = [
        school(kind="primary"),
        school("二小", kind="primary", area_type="town"),
        school("三小", kind="teaching_point"),
    ]
    kept = pick(applied(judged(*rows), Merge(schools=["二小", "三小"], into="一小")), cause="kept")
    assert kept[["row", "column"]].values.tolist() == [[0, "area_type"], [0, "kind"]]
    assert "remains empty" in kept["note"][0] and "town" in kept["note"][0]
    kept = pick(applied(judged(*rows), Merge(schools=["一小"], into="二小")), cause="kept")
    assert kept["column"].tolist() == ["area_type"] and "had nothing" in kept["note"][0]


def test_a_school_is_merged_once_and_not_into_itself() -> None:
    ev = judged(school(), school("二小"), school("三小"))
    twice = [Merge(schools=["二小"], into="一小"), Merge(schools=["二小"], into="三小")]
    assert [c for c, *_ in refused(ev, twice)] == ["unknown_school"]
    assert [c for c, *_ in refused(ev, Merge(schools=["二小", "二小"], into="一小"))] == ["unknown_school"]
    alone = ev.apply(Merge(schools=["一小"], into="一小"))
    assert len(table_of(alone)) == 3 and alone.provenance["changes"][0]["cells"] == 0
    several: Any
    one: Any
    for several in (("二小",), np.array(["二小"]), pd.Series(["二小"])):
        assert table_of(ev.apply(Merge(schools=several, into="一小")))["students"].tolist() == [1000, 500]
    for one in ("二小", 3, np.array("二小")):
        assert [c for c, *_ in refused(ev, Merge(schools=one, into="一小"))] == ["unknown_school"]


# ------------------------------------------------------------------------------------------------ opening


def test_a_new_school_needs_a_stage_only_if_its_kind_leaves_it_open() -> None:
    ev = judged(school(kind="primary"), junior(kind="junior"))
    row = {"school": "新校", "kind": "初级中学"}
    after = table_of(ev.apply(Open(row=row, moved_students={"一中": 50})))
    assert after["students"].tolist() == [500, 450, 50]
    assert refused(ev, Open(row={**row, "kind": "nine_year"}, moved_students={"一中": 50}))[0][:2] == (
        "missing_key",
        "stage",
    )
    for enrolled in (50, 60):
        after = table_of(ev.apply(Open(row={**row, "students": enrolled}, moved_students={"一中": 50})))
        assert after["students"].tolist() == [500, 450, enrolled]
    assert refused(ev, Open(row={**row, "students": 49}, moved_students={"一中": 50})) == [
        ("out_of_range", "students", None)
    ]
    assert refused(ev, Open(row={"kind": "初中", "students": 1})) == [("missing_key", "school", None)]
    assert refused(ev, Open(row={**row, "bookz": 1, "books": -1, "teachers": "x"})) == [
        ("unknown_column", "bookz", None), ("negative_value", "books", None), ("text_in_number", None, None),
    ]  # fmt: skip
    for bad in ([1], "新校", None):
        with pytest.raises(jh.InputError, match="row of Open must be a mapping"):
            ev.apply(Open(row=bad))  # type: ignore[arg-type]
        with pytest.raises(jh.InputError, match="moved_students of Open must be a mapping"):
            ev.apply(Open(row=row, moved_students=bad))  # type: ignore[arg-type]


def test_a_new_school_stands_where_the_table_says_or_must_say_where() -> None:
    rows = [school(county=c, year=2025) for c in ("甲县", "乙县")]
    new = {"school": "新校", "stage": "primary", "students": 5}
    assert refused(judged(*rows), Open(row=new)) == [("missing_key", "county", None)]
    after = table_of(judged(*rows).apply(Open(row={**new, "county": "乙县"})))
    assert after[["county", "year"]].values.tolist()[-1] == ["乙县", 2025]
    # the code of the county is asked for with the change, not as an empty cell of a row that nobody typed
    codes = judged(*(row | {"county_code": code} for row, code in zip(rows, "12", strict=True)))
    assert refused(codes, Open(row={**new, "county": "乙县"})) == [("missing_key", "county_code", None)]
    after = table_of(codes.apply(Open(row={**new, "county": "乙县", "county_code": "2"})))
    assert after["county_code"].tolist() == ["1", "2", "2"]
    # pupils come from the school of that county
    after = table_of(judged(*rows).apply(Open(row={**new, "county": "乙县"}, moved_students={"一小": 5})))
    assert after["students"].tolist() == [500, 495, 5]


# ------------------------------------------------------------------------------------------------- doors


def test_a_frame_may_name_schools_by_code_alone() -> None:
    ev = judged(school(school_code="01"), school(school_code="02", county="乙县"))
    by_code = pd.DataFrame({"school_code": ["02"], "column": ["books"], "change": [1]})
    labels = {"school_code": columns()["school_code"].zh, "column": "项目（列）", "change": "变化"}
    for given in (by_code, by_code.rename(columns=labels)):
        assert table_of(ev.apply(given))["books"].tolist() == [15_000, 15_001]


@pytest.mark.parametrize("count", ["3", 3, 3.0, np.int64(3), np.float32(3)])
def test_a_number_of_any_type_is_the_number(count: Any) -> None:
    assert table_of(judged(school()).apply(Add("books", count, school="一小")))["books"].tolist() == [15_003]


ODD: dict[str, list[Any]] = {
    "text_in_number": [True, np.bool_(True), 1j, np.ma.masked, "x", "", [3]],
    "missing_value": [None, float("nan")],
    "infinite_value": [10**15, 1e300, float("-inf")],
}


@pytest.mark.parametrize(("code", "odd"), [(code, odd) for code, all_ in ODD.items() for odd in all_])
def test_a_number_that_is_none_is_refused(code: str, odd: Any) -> None:
    assert refused(judged(school()), Add("books", odd, school="一小")) == [(code, None, None)]


@pytest.mark.parametrize("name", ["entering", "leaving", "years"])
def test_pupils_who_come_and_go_are_counted_from_nobody(name: str) -> None:
    none = {"entering": 0, "leaving": 0, "years": 0}
    ev = judged(school())
    assert table_of(ev.apply(Cohorts(**none | {name: 0.0}, stage="primary")))["students"].tolist() == [500]
    for odd in (-1, 0.5):
        assert refused(ev, Cohorts(**none | {name: odd}, stage="primary")) == [("not_whole", None, None)]


@pytest.mark.parametrize("odd", [5, "books", b"books", {"column": "books"}, np.array(5), None])
def test_changes_are_a_frame_or_a_list(odd: Any) -> None:
    with pytest.raises(jh.InputError, match="changes must be a frame"):
        judged(school()).apply(odd)


def test_fewer_digits_than_no_figure_has_are_a_number() -> None:
    after = table_of(judged(school()).apply(Add("books", 10**14, school="一小")))
    assert after["books"].tolist() == [10**14 + 15_000]


def test_the_list_of_changes_has_a_line_a_cell_with_the_keys_of_its_row() -> None:
    rows = [school(school_code="01", year=2025), school("二小", school_code="02", year=2025)]
    ev = judged(*rows)
    new = {"school": "新校", "school_code": "03", "stage": "primary", "students": 7, "books": 9}
    got = applied(ev, [Add("books", 1, school="02"), Merge(schools=["01"], into="02"), Open(row=new)])
    opened = pick(got, cause="opened")
    assert opened[["county", "school_code", "school", "year", "column", "after"]].values.tolist() == [
        ["甲县", "03", "新校", 2025, "students", 7.0], ["甲县", "03", "新校", 2025, "books", 9.0],
    ]  # fmt: skip
    assert opened["row"].isna().all() and opened["before"].isna().all()
    removed = pick(got, cause="removed")
    assert set(removed["school_code"]) == {"01"} and removed["after"].isna().all()
    assert pick(removed, column="books")["before"].tolist() == [15_000.0]
    assert pick(got, row=1, column="books")[["school_code", "before", "after", "cause"]].values.tolist() == [
        ["02", 15_000.0, 30_001.0, "asked"]
    ]
    provenance = ev.apply([Merge(schools=["01"], into="02"), Open(row=new)]).provenance["changes"][0]
    assert (provenance["rows_removed"], provenance["rows_added"]) == (1, 1)
