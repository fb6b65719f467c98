"""Bad tables and bad files: each mistake has its own stable code, its place, and says what to do about it."""

import json
import pickle
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from custom_standards import IDENTITY
from small_tables import BASIC, QUALITY, SHARED, codes, frame, junior, one_row, problems, school

import junheng as jh
from junheng.schools.checks import find_problems

OK = frame(school(), junior())
PEOPLE = {
    f"{name}_{stage}": n
    for name, n in (
        ("teachers", 20), ("teachers_above_required_degree", 18), ("backbone_teachers", 4), ("pe_art_teachers", 4),
        ("teachers_mid_or_senior_title", 9),
    )
    for stage in ("primary", "junior")
}  # fmt: skip
ENROLLED = {"students_primary": 300, "students_junior": 200}


def cell(column: str, value: Any, row: int = 0) -> pd.DataFrame:
    """The good table with one cell changed."""
    table = OK.astype({column: object})
    table.loc[row, column] = value
    return table if isinstance(value, str) else table.infer_objects()


def degrees(associate: int, bachelor: int, master: int, doctor: int) -> pd.DataFrame:
    names = ("associate", "bachelor", "master", "doctor")
    parts = zip(names, (associate, bachelor, master, doctor), strict=True)
    return OK.assign(**{f"teachers_{n}_degree": [x, 0] for n, x in parts})


def nine_year_by_rows(**changed: Any) -> dict[str, Any]:
    return school("联校", kind="nine_year", **changed)


# table, standard, code, row, column, what the message must say
TABLES: dict[str, tuple[Any, str, str, int | None, str | None, tuple[str, ...]]] = {
    "column missing": (OK.drop(columns="books"), BASIC, "missing_column", None, "books", ("图书册数", "add it")),
    "column under a header of its own": (
        OK.rename(columns={"books": "图书册数"}), BASIC, "missing_column", None, "books",
        ("standardize_columns", "图书册数"),
    ),
    "county column missing": (
        OK.drop(columns="county"), QUALITY, "missing_column", None, "county", ("区县名称", "by="),
    ),
    "enrolment missing": (OK.drop(columns="students"), QUALITY, "missing_column", None, "students", ("学生人数",)),
    "percentage": (cell("teachers", "95%", 1), QUALITY, "text_in_number", 1, "teachers", ("95%", "percentage")),
    "ratio": (cell("teachers", "17:1"), QUALITY, "text_in_number", 0, "teachers", ("17:1", "ratio", "two counts")),
    "full-width digits": (cell("students", "５００"), QUALITY, "text_in_number", 0, "students", ("full-width", "500")),
    "thousands separator": (cell("students", "1,206"), QUALITY, "text_in_number", 0, "students", ("1,206", "1206")),
    "blank inside": (cell("students", "1 206"), QUALITY, "text_in_number", 0, "students", ("1 206", "1206")),
    "the word none": (cell("books", "无"), BASIC, "text_in_number", 0, "books", ("empty", "0 if there are none")),
    "about": (cell("books", "约五百"), BASIC, "text_in_number", 0, "books", ("约五百", "plain number", "empty")),
    "truth value": (cell("students", True), QUALITY, "text_in_number", 0, "students", ("plain number",)),
    "negative": (cell("books", -3), BASIC, "negative_value", 0, "books", ("-3", "negative", "empty")),
    "infinite": (cell("books", np.inf, 1), BASIC, "infinite_value", 1, "books", ("infinite", "divided by 0")),
    "too large": (cell("books", 1e15, 1), BASIC, "infinite_value", 1, "books", ("too large", "15 digits")),
    "too large, as text": (cell("books", "1" * 16), BASIC, "infinite_value", 0, "books", ("15 digits",)),
    "minus infinite": (cell("books", -np.inf), BASIC, "infinite_value", 0, "books", ("infinite",)),
    "more above the degree than there are": (
        cell("teachers_above_required_degree", 36), QUALITY, "part_exceeds_whole", 0, "teachers_above_required_degree",
        ("36", "35", "teachers"),
    ),
    "degrees add up to too many": (
        degrees(20, 14, 1, 1), QUALITY, "part_exceeds_whole", 0, "teachers", ("36", "35", "highest degree"),
    ),
    "the same school twice": (
        frame(school(), junior(), school()), QUALITY, "duplicate_row", 2, "school", ("row 0", "remove one"),
    ),
    "the same code twice": (
        frame(school(school_code="01"), junior(school_code="02"), school("别名", school_code="01")),
        QUALITY, "duplicate_row", 2, "school_code", ("row 0",),
    ),
    "the same school and year twice": (
        frame(school(year=2024), school(year=2025), school(year=2024)),
        QUALITY, "duplicate_row", 2, "school", ("year",),
    ),
    "county empty": (cell("county", None, 1), QUALITY, "missing_key", 1, "county", ("county is empty",)),
    "county blank": (cell("county", "  ", 1), QUALITY, "missing_key", 1, "county", ("county is empty",)),
    "school empty": (cell("school", None), QUALITY, "missing_key", 0, "school", ("school is empty",)),
    "neither stage nor kind": (cell("stage", None), QUALITY, "missing_key", 0, "stage", ("小学", "初中", "kind")),
    "total in the county column": (
        frame(school(), junior(), school(None, None, county="合计", students=1000)),
        QUALITY, "total_row", 2, "county", ("total", "remove it"),
    ),
    "total in the school column": (
        frame(school(), junior(), school("总计：", None, students=1000)),
        QUALITY, "total_row", 2, "school", ("total", "remove it"),
    ),
    "total in words apart": (
        frame(school(), junior(), school(" 合 计 ", None, county=None)), QUALITY, "total_row", 2, "school", ("total",),
    ),
    "unknown kind": (OK.assign(kind=["小学", "中学校"]), QUALITY, "unknown_category", 1, "kind", ("中学校", "junior")),
    "unknown stage": (cell("stage", "大学"), QUALITY, "unknown_category", 0, "stage", ("大学", "primary")),
    "unknown ownership": (
        OK.assign(ownership=["公办", "股份制"]), QUALITY, "unknown_category", 1, "ownership", ("股份制",),
    ),
    "neither yes nor no": (
        OK.assign(included=["是", "也许"]), QUALITY, "unknown_category", 1, "included", ("是", "否"),
    ),
    "unknown cover": (
        frame(nine_year_by_rows(resources_cover="一半"), nine_year_by_rows(stage="junior", resources_cover="学校")),
        QUALITY, "unknown_category", 0, "resources_cover", ("一半", "stage", "school"),
    ),
    "nine-year school in one row without its junior enrolment": (
        frame(one_row("nine_year", people=PEOPLE, students_primary=300, students_junior=None)),
        QUALITY, "missing_stage_enrolment", 0, "students_junior", ("students_junior", "0 if it has none"),
    ),
    "nine-year school with its primary row only": (
        frame(nine_year_by_rows()), QUALITY, "missing_stage_enrolment", 0, "students_junior",
        ("students_junior", "add that stage's row", "resources_cover"),
    ),
    "nine-year school with an empty cell of its junior row": (
        frame(nine_year_by_rows(), nine_year_by_rows(stage="junior", students=None)),
        QUALITY, "missing_stage_enrolment", 1, "students",
        ("'students' is empty", "enter the figure (0 if there are none)"),
    ),
    "nine-year school with an empty cell of a column by stage": (
        frame(*(nine_year_by_rows(stage=s, students_primary=500) for s in ("primary", "junior"))).drop(
            columns="students"
        ),
        QUALITY, "missing_stage_enrolment", 1, "students_junior", ("'students_junior' is empty",),
    ),
    "nine-year school with a cell that cannot be read": (
        frame(nine_year_by_rows(), nine_year_by_rows(stage="junior", students="约30")),
        QUALITY, "text_in_number", 1, "students", ("约30",),
    ),
    "nine-year school with an empty stage in one of its rows": (
        frame(nine_year_by_rows(stage=None), nine_year_by_rows(stage="junior")),
        QUALITY, "missing_key", 0, "stage", ("stage is empty", "enter primary or junior (小学 or 初中)"),
    ),
    "row of the whole school beside those of its stages": (
        frame(*(nine_year_by_rows(stage=s) for s in ("primary", "junior", None))),
        QUALITY, "missing_key", 2, "stage", ("each stage of the school has a row already", "move its figures"),
    ),
    "twelve-year school with an empty stage in one of three rows": (
        frame(*({**nine_year_by_rows(stage=s), "kind": "twelve_year"} for s in ("primary", "junior", None))),
        QUALITY, "missing_key", 2, "stage", ("enter primary, junior or senior (小学, 初中 or 高中)",),
    ),
    "nine-year school with a stage that cannot be read": (
        frame(nine_year_by_rows(), nine_year_by_rows(stage="大学")),
        QUALITY, "unknown_category", 1, "stage", ("大学",),
    ),
    "row of a nine-year school with neither stage nor kind": (
        frame(nine_year_by_rows(), nine_year_by_rows(stage=None) | {"kind": None}),
        QUALITY, "missing_key", 1, "stage", ("the stage", "and the kind of school are both missing"),
    ),
    "nine-year schools in several rows without the column of the stage": (
        frame(*(nine_year_by_rows(school=name) for name in ("联校", "联校", "东校", "东校"))).drop(columns="stage"),
        QUALITY, "missing_column", None, "stage", ("学段", "小学 or 初中", "2 schools of several stages"),
    ),
    "only the enrolment of the senior stage": (
        frame(nine_year_by_rows(), nine_year_by_rows(stage="junior")).drop(columns="students").assign(高中学生数=None),
        QUALITY, "missing_column", None, "students", ("'students'; add it (学生人数)",),
    ),
    "complete secondary school without its senior enrolment": (
        frame(junior("完中", kind="complete_secondary")), QUALITY, "missing_stage_enrolment", 0, "students_senior",
        ("senior", "students_senior", "0 if it has none"),
    ),
    "stages do not add up": (
        frame(one_row("nine_year", people=PEOPLE | ENROLLED, students=510)),
        QUALITY, "stage_enrolment_mismatch", 0, "students", ("500", "510"),
    ),
    "two enrolments of one stage": (
        frame(school(students_primary=400)), QUALITY, "stage_enrolment_mismatch", 0, "students", ("400", "500"),
    ),
    "teaching point in 2012": (
        frame(school(kind="teaching_point", students=60), junior()),
        BASIC, "inclusion_undecided", 0, "in_coefficient", ("in_coefficient", "是", "否"),
    ),
    "private school in 2012": (
        frame(school(), junior(ownership="民办")),
        BASIC, "inclusion_undecided", 1, "in_coefficient", ("private", "in_coefficient"),
    ),
    "kind the standard does not name": (
        frame(school(), school("职校", kind="vocational")),
        BASIC, "inclusion_undecided", 1, "included", ("vocational",),
    ),
    "no rows": (OK.iloc[:0], QUALITY, "empty_table", None, None, ("no rows",)),
}  # fmt: skip

#: Kinds of mistake that only a look at the whole table finds; figures nobody judges by do not stop an evaluation.
NOT_JUDGED_BY = {"degrees add up to too many"}


@pytest.mark.parametrize("name", TABLES)
def test_each_mistake_has_its_code_place_and_advice(name: str) -> None:
    table, standard, code, row, column, said = TABLES[name]
    found = problems(table, standard)
    errors = [p for p in found if p["severity"] == "error"]
    assert [(p["code"], p["row"], p["column"]) for p in errors] == [(code, row, column)]
    assert jh.ProblemCode(code) in jh.ProblemCode
    for words in said:
        assert words in errors[0]["message"]
    if row is not None and isinstance(table.loc[row, "school"], str):
        assert table.loc[row, "school"] in errors[0]["key"]
    if name in NOT_JUDGED_BY:
        return
    with pytest.raises(jh.InputDataError) as caught:
        jh.evaluate(table, standard)
    assert [p["code"] for p in caught.value.to_dicts() if p["severity"] == "error"] == [code]
    for words in (code, *said):
        assert words in str(caught.value)


def test_each_empty_cell_of_a_schools_rows_is_named() -> None:
    rows = [nine_year_by_rows(students=None), nine_year_by_rows(stage="junior", students=None), school()]
    found = [p for p in problems(frame(*rows)) if p["severity"] == "error"]
    assert [(p["row"], p["column"]) for p in found] == [(0, "students"), (1, "students")]
    twelve = frame(*({**row, "kind": "twelve_year"} for row in rows[:2]))
    found = [p for p in problems(twelve) if p["severity"] == "error"]
    assert [(p["row"], p["column"]) for p in found] == [
        (0, "students"), (0, "students_senior"), (1, "students")
    ]  # fmt: skip
    assert "the enrolment of senior is missing; add that stage's row" in found[1]["message"]


def test_a_school_in_one_row_given_twice_is_a_duplicate_not_a_row_without_a_stage() -> None:
    row = one_row("nine_year", people=PEOPLE | ENROLLED)
    assert {p["code"] for p in problems(frame(row, row)) if p["severity"] == "error"} == {"duplicate_row"}


def test_a_stage_that_cannot_be_read_is_one_mistake_in_a_file_too(tmp_path: Path) -> None:
    """The row of the file is not the position in the table."""
    path = tmp_path / "学校.csv"
    path.write_text(
        "区县名称,学校名称,学段,学校类型,在校生数\n甲县,一小,大学,,500\n甲县,二小,小学,,500", encoding="utf-8"
    )
    assert [(p["code"], p["row"]) for p in problems(jh.read_schools(path), None)] == [("unknown_category", 2)]


def test_every_mistake_is_told_in_chinese_too() -> None:
    """No English word but the ids of standards and the names of functions and arguments."""
    for name, (table, standard, *_) in TABLES.items():
        in_chinese = jh.check_schools(table, standard, language="zh")["message"].tolist()
        found = sorted(find_problems(table, standard), key=lambda p: -1 if p.row is None else p.row)
        assert [p.sentence("zh") for p in found] == in_chinese
        assert [p.message for p in found] == [p["message"] for p in problems(table, standard)]
        for text in in_chinese:
            assert re.search(r"[\u4e00-\u9fff]", text), (name, text)
            words = set(re.findall(r"[A-Za-z_]{2,}", text.replace(standard, "")))
            assert words <= {"standardize_columns", "by", "True"}, (name, text)
    with pytest.raises(jh.InputDataError) as caught:
        jh.evaluate(cell("students", "1,206"), QUALITY)
    assert "“1,206”含空格或逗号" in caught.value.text("zh")
    with pytest.raises(jh.InputError, match="fr"):
        jh.check_schools(OK, language="fr")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"students_junior": 250}, {"students": 200}),
        ({"students_senior": 100}, {"students_senior": 150}),
    ],
    ids=["junior", "senior"],
)
def test_rows_of_one_school_may_not_contradict_each_other(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Else the share of a stage would hang on which row stands last."""
    kind = "twelve_year" if "students_senior" in first else "nine_year"
    table = frame(school("联校", **first), junior("联校", **second)).assign(kind=kind, resources_cover="school")
    assert "stage_enrolment_mismatch" in codes(table)
    with pytest.raises(jh.InputDataError):
        jh.evaluate(table, QUALITY)


@pytest.mark.parametrize(
    ("table", "code", "column", "said"),
    [
        (OK.assign(book=1), "unknown_column", "book", ("'books'", "ignored")),
        (OK.assign(图书册=1), "unknown_column", "图书册", ("图书册数", "ignored")),
        (cell("teachers", 35.5), "not_whole", "teachers", ("35.5", "whole number")),
        (cell("students", 0), "no_students", "students", ("no students", "not counted")),
        (frame(school(), {}, junior()), "empty_row", None, ("empty", "skipped")),
        (cell("students", None), "missing_value", "students", ("enrolment is missing", "fill it in")),
        (
            frame(one_row("nine_year", people=PEOPLE | ENROLLED, backbone_teachers=9, backbone_teachers_primary=None)),
            "missing_value", "backbone_teachers_primary", ("never divided", "9", "backbone_teachers_primary"),
        ),
        (
            frame(nine_year_by_rows(), nine_year_by_rows(stage="junior")),
            "resources_repeated", None, ("whole school's", "divided", "resources_cover"),
        ),
        (
            frame(nine_year_by_rows(), nine_year_by_rows(stage="junior", sports_area_m2=6000.0)),
            "resources_differ", None, ("each stage's own", "not divided", "resources_cover"),
        ),
    ],
)  # fmt: skip
def test_what_is_odd_but_does_not_stop_is_a_warning(
    table: pd.DataFrame, code: str, column: str | None, said: tuple[str, ...]
) -> None:
    warning = [p for p in problems(table) if p["code"] == code]
    assert [(p["severity"], p["column"]) for p in warning] == [("warning", column)]
    for words in said:
        assert words in warning[0]["message"]
    ev = jh.evaluate(table, QUALITY)
    assert [p["code"] for p in jh.results.records(ev.problems)].count(code) == 1
    assert ev.provenance["warnings"][code] == 1


@pytest.mark.parametrize("value", ["", "  ", None, " 500 ", "5e2", "500.0", 500, np.int16(500)])
def test_what_is_blank_or_a_plain_number_is_no_mistake(value: Any) -> None:
    assert {"text_in_number"} & set(codes(cell("students", value))) == set()


ALL_AT_ONCE = frame(
    school(),
    school(),  # the same again
    school("二小", students="５００"),
    school("三小", books=-1),
    school("四小", sports_area_m2=np.inf),
    school("五小", teachers_above_required_degree=36),
    school("六小", stage="大学", kind="primary"),
    school("七小", county=None),
    school("教学点", kind="teaching_point", students=60),
    one_row("nine_year", people=PEOPLE, students_primary=300, students_junior=None),
    one_row("twelve_year", school="新联校", people=PEOPLE | ENROLLED, students_senior=100, students=601),
    school("合计", None, students=9000),
)
TEN_OR_MORE = {
    "duplicate_row": 1,
    "text_in_number": 2,
    "negative_value": 3,
    "infinite_value": 4,
    "part_exceeds_whole": 5,
    "unknown_category": 6,
    "missing_key": 7,
    "inclusion_undecided": 8,
    "missing_stage_enrolment": 9,
    "stage_enrolment_mismatch": 10,
    "total_row": 11,
}


def test_ten_mistakes_of_ten_kinds_come_at_once() -> None:
    listed = {p["code"]: p["row"] for p in problems(ALL_AT_ONCE, BASIC) if p["severity"] == "error"}
    assert listed == TEN_OR_MORE
    with pytest.raises(jh.InputDataError) as caught:
        jh.evaluate(ALL_AT_ONCE, BASIC)
    assert {p.code: p.row for p in caught.value.problems if p.severity == "error"} == TEN_OR_MORE
    assert json.loads(json.dumps(caught.value.to_dicts(), allow_nan=False)) == [
        p.to_dict() for p in caught.value.problems
    ]


def test_a_missing_column_does_not_hide_the_other_mistakes() -> None:
    with pytest.raises(jh.InputDataError) as caught:
        jh.evaluate(ALL_AT_ONCE.drop(columns="computers"), BASIC)
    found = Counter(p.code for p in caught.value.problems if p.severity == "error")
    assert found == Counter([*TEN_OR_MORE, "missing_column"])


def test_an_error_spells_out_some_and_counts_the_rest() -> None:
    problems = [jh.Problem(code=c, message="?", row=i) for c in list(jh.ProblemCode)[:25] for i in (3, 4)]
    lines = str(jh.InputDataError(problems)).splitlines()
    assert lines[0] == "the input has 50 problems:" and len(lines) == 23
    assert lines[1] == f"  [{problems[0].code}] row 3 and others, 2 in all (row 3, row 4): ?"
    assert "problems alike share a line" in lines[21] and "and 10 more; see .problems" in lines[22]


def test_many_equal_problems_do_not_hide_the_others() -> None:
    rows = [school(f"{i}小", students=f"约{i + 3}") for i in range(30)]
    with pytest.raises(jh.InputDataError) as caught:
        jh.evaluate(frame(*rows, school("末小", county=None)), QUALITY)
    assert len(caught.value.problems) == 31
    head, many, one, remark = str(caught.value).splitlines()
    assert head == "the input has 31 problems:" and "problems alike share a line" in remark
    assert many.startswith(
        "  [text_in_number] row 0, column 'students' and others, 30 in all (0小, 1小, 2小, 3小, 4小 and"
    )
    assert one == f"  {caught.value.problems[0]}" and "county is empty" in one
    zh = caught.value.text("zh").splitlines()
    assert len(zh) == 4 and "等30处（0小、1小、2小、3小、4小等30所学校）" in zh[1] and "同类问题已合并" in zh[3]


def test_problems_that_differ_have_a_line_each_as_before() -> None:
    with pytest.raises(jh.InputDataError) as caught:
        jh.evaluate(frame(school(students=-1), school("二小", county=None)), QUALITY)
    found = sorted(caught.value.problems, key=lambda p: p.position or 0)
    assert str(caught.value).splitlines() == ["the input has 2 problems:", *(f"  {p}" for p in found)]


def test_no_problem_is_listed_twice() -> None:
    listed = [json.dumps(p, ensure_ascii=False) for p in problems(OK[["school", "stage"]], BASIC)]
    assert len(listed) == len(set(listed))


# ------------------------------------------------------------------------------------------- headers


@pytest.mark.parametrize(
    ("headers", "mapping", "code", "column", "said"),
    [
        (("图书(箱)",), None, "unknown_unit", "图书(箱)", ("箱", "books", "volumes")),
        (("在校生数(车)",), None, "unknown_unit", "在校生数(车)", ("车", "students", "persons")),
        (("学生数", "在校生数"), None, "duplicate_column", "在校生数", ("学生数", "students", "keep one")),
        (("图书", "图书(千册)"), None, "duplicate_column", "图书(千册)", ("图书", "books")),
        (("甲", "乙"), {"甲": "books", "乙": "books"}, "duplicate_column", "乙", ("甲", "books")),
        (("甲",), {"甲": "bookz"}, "unknown_column", "甲", ("bookz", "'books'")),
        (("藏书",), {"臧书": "books"}, "missing_column", "臧书", ("臧书", "mapping")),
    ],
)
def test_headers_that_cannot_be_used(
    headers: tuple[str, ...], mapping: dict[str, str] | None, code: str, column: str, said: tuple[str, ...]
) -> None:
    raw = pd.DataFrame({h: [1] for h in headers})
    with pytest.raises(jh.InputDataError) as caught:
        jh.standardize_columns(raw, mapping)
    assert [(p.code, p.column, p.severity) for p in caught.value.problems] == [(code, column, "error")]
    for words in said:
        assert words in str(caught.value)


def test_all_mistakes_of_headers_come_at_once() -> None:
    raw = pd.DataFrame({h: [1] for h in ("图书(箱)", "图书", "学生数", "在校生数", "占地面积(里)")})
    with pytest.raises(jh.InputDataError) as caught:
        jh.standardize_columns(raw, {"没有": "computers"})
    assert Counter(p.code for p in caught.value.problems) == {
        "unknown_unit": 2,
        "duplicate_column": 2,
        "missing_column": 1,
    }


@pytest.mark.parametrize("use", [jh.standardize_columns, jh.check_schools, jh.describe_columns])
def test_one_header_twice(use: Callable[[Any], Any]) -> None:
    raw = pd.DataFrame([["甲县", "一小", 1, 2]], columns=["county", "school", "books", "books"])
    with pytest.raises(jh.InputError, match="books"):
        use(raw)


# -------------------------------------------------------------------------------------- wrong arguments


@pytest.mark.parametrize("thing", [[1], {"county": ["甲县"]}, None, "schools.csv", np.ones((2, 2)), OK["school"]])
@pytest.mark.parametrize(
    "use",
    [
        jh.check_schools,
        jh.standardize_columns,
        lambda t: jh.evaluate(t, QUALITY),
        lambda t: jh.split_stages(t, QUALITY),
    ],
)
def test_what_is_no_frame_is_refused_by_its_name(use: Callable[[Any], Any], thing: Any) -> None:
    with pytest.raises(jh.InputError, match=f"pandas, polars or pyarrow.*{type(thing).__name__}"):
        use(thing)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"missing": "drop"}, ("propagate", "omit", "raise", "drop")),
        ({"county_facts": {"甲县": 1}}, ("county_facts",)),
        ({"standard": 2017}, ("2017",)),
    ],
)
def test_arguments_of_evaluate_that_cannot_be_used(arguments: dict[str, Any], said: tuple[str, ...]) -> None:
    with pytest.raises(jh.InputError) as caught:
        jh.evaluate(OK, **{"standard": QUALITY, **arguments})
    for words in said:
        assert words in str(caught.value)


@pytest.mark.parametrize("by", ["district", ["county", "district"]])
def test_grouping_by_a_column_that_is_not_there(by: Any) -> None:
    with pytest.raises(jh.InputDataError) as caught:
        jh.evaluate(OK, QUALITY, by=by)
    assert [(p.code, p.column) for p in caught.value.problems] == [("missing_column", "district")]


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        ({"county": "甲"}, ("甲县",)),
        ({"county": "丁市"}, ("甲县",)),
        ({"stage": "senior"}, ("primary", "junior", "senior")),
        ({"language": "fr"}, ("en", "zh", "fr")),
    ],
)
def test_explaining_what_is_not_there(ask: dict[str, str], said: tuple[str, ...]) -> None:
    with pytest.raises(jh.InputError) as caught:
        jh.evaluate(OK, QUALITY).explain(**ask)
    for words in said:
        assert words in str(caught.value)
    with pytest.raises(jh.InputError, match="fr"):
        jh.evaluate(OK, QUALITY).relabel("fr")


# ------------------------------------------------------------------------------------ files of standards


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cn-quality-balance-2071", ("did you mean cn-quality-balance-2017", ".toml")),
        ("cn-basic-2012", ("did you mean cn-basic-balance-2012",)),
        ("zzz", ("zzz", "Known", QUALITY, ".toml")),
        ("nowhere.toml", ("not found", "nowhere.toml")),
        (Path("nowhere.toml"), ("not found", "nowhere.toml")),
    ],
)
def test_unknown_standards_name_the_near_ones(name: Any, said: tuple[str, ...]) -> None:
    for use in (jh.load_standard, lambda s: jh.evaluate(OK, s)):
        with pytest.raises(jh.UnknownStandardError) as caught:
            use(name)
        for words in said:
            assert words in str(caught.value)


CITED = 'clause = "第一条"\nsource = "S1"\nstanding = "confirmed"\n'
CHILD = 'id = "child"\nlast_checked_on = "2026-11-22"\nlabel = {{ zh = "子", en = "Child" }}\nextends = "{}"\n'


def written(folder: Path, text: str | bytes, name: str = "trial.toml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def mistakes(path: Path) -> list[str]:
    with pytest.raises(jh.StandardDataError) as caught:
        jh.load_standard(path)
    assert caught.value.path == str(path)
    assert all(m in str(caught.value) for m in caught.value.problems)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"id = \n", ("not valid TOML", "line 1")),
        (IDENTITY + "id = 'again'\n", ("not valid TOML",)),
        ("id = '试行'".encode("gb18030"), ("not UTF-8",)),
        (b"PK\x03\x04\x14\x00\x06\x00\xff\xfe", ("not UTF-8",)),
    ],
)
def test_files_that_are_no_toml(tmp_path: Path, content: str | bytes, said: tuple[str, ...]) -> None:
    (line,) = mistakes(written(tmp_path, content))
    for words in said:
        assert words in line


# a file with a mistake in every entry, and what must be said of each, with its place
PLANTED = f"""
thresold = []
{IDENTITY.replace("2026-01", "last spring").replace('["resources"]', '["resources", "weather"]')}
[[thresholds]]
indicator = "teaching_area_per_pupil"
stage = "primary"
value = 4.5
{CITED}
[[thresholds]]
indicator = "books_per_student"
stage = "middle"
value = 4.5
{CITED}
[[thresholds]]
indicator = "books_per_student"
stage = "primary"
value = "4.5"
{CITED}
[[thresholds]]
indicator = "books_per_student"
stage = "primary"
value = true
source = "S1"
standing = "sure"
[[thresholds]]
indicator = "books_per_student"
stage = "junior"
{CITED.replace("S1", "S9")}
[[thresholds]]
indicator = "books_per_student"
stage = "junior"
value = -1
floor_ratio = 1.5
{CITED.replace("第一条", " ")}
[[thresholds]]
indicator = "sports_area_per_student"
stage = "junior"
classes = [24, 18]
values = [1, 2, 3]
{CITED}
[[limits]]
kind = "each"
stage = "primary"
value = 0
{CITED}
[[inclusion]]
kind = "special"
decision = "maybe"
{CITED}
[[items]]
id = "schools"
part = "resources"
rule = "best_school"
label = {{ zh = "各校" }}
{CITED}
[school_rule]
kind = "at_least"
floor_ratio = 85
{CITED}
[split]
resources = ["book"]
weights = [{{ kind = "nine_year", primary = 1, junior = "1.1" }}]
{CITED}
[printing]
school_value = 2.5
county_mean = 2
coefficient = 3
{CITED}
"""
PLACES = {
    "$": "did you mean 'thresholds'?",
    "$.issued": "'last spring'",
    "$.parts[1]": "'weather'",
    "$.thresholds[0].indicator": "did you mean teaching_area_per_student",
    "$.thresholds[1].stage": "'middle'",
    "$.thresholds[2].value": "must be a number, not the text '4.5'",
    "$.thresholds[3].clause": "missing",
    "$.thresholds[3].standing": "'sure'",
    "$.thresholds[3].value": "truth value",
    "$.thresholds[4]": "either 'value', or 'classes' and 'values'",
    "$.thresholds[4].source": "'S9'",
    "$.thresholds[5]": "duplicate of $.thresholds[4]",
    "$.thresholds[5].clause": "empty",
    "$.thresholds[5].value": "negative",
    "$.thresholds[5].floor_ratio": "between 0 and 1",
    "$.thresholds[6].classes": "ascend",
    "$.thresholds[6].values": "2 values, one for each size, not 3",
    "$.limits[0].value": "positive",
    "$.inclusion[0].decision": "'maybe'",
    "$.items[0].rule": "'best_school'",
    "$.items[0].label.en": "missing",
    "$.school_rule.k": "is required",
    "$.school_rule.floor_ratio": "between 0 and 1",
    "$.split.resources[0]": "did you mean books",
    "$.split.weights[0].junior": "must be a number, not the text '1.1'",
    "$.printing.school_value": "whole number",
}


def test_all_mistakes_of_a_standard_come_at_once_with_their_places(tmp_path: Path) -> None:
    path = written(tmp_path, PLANTED)
    *told, not_checked = mistakes(path)
    assert not_checked.startswith("parts that could not be read were not checked")
    with pytest.raises(jh.StandardDataError, match=f": {len(told)} mistakes:\n") as caught:  # the remark is not one
        jh.load_standard(path)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    found = {place: text for text, place in (m.rsplit(" @ ", 1) for m in told)}
    assert set(found) == set(PLACES)
    for place, words in PLACES.items():
        assert words in found[place], place


@pytest.mark.parametrize(
    ("parent", "said"),
    [
        ("child.toml", ("extends itself", "$.extends")),
        ("other.toml", ("extends itself", "other.toml", "$.extends")),
        ("cn-quality-balance-2071", ("cn-quality-balance-2017", "$.extends")),
        ("gone.toml", ("not found", "gone.toml", "$.extends")),
    ],
)
def test_extending_what_cannot_be_extended(tmp_path: Path, parent: str, said: tuple[str, ...]) -> None:
    """The one mistake is said, and not that what would have come from the parent is missing."""
    written(tmp_path, CHILD.format("child.toml"), "other.toml")
    with pytest.raises(jh.StandardDataError) as caught:
        jh.load_standard(written(tmp_path, CHILD.format(parent), "child.toml"))
    (line,) = caught.value.problems
    for words in said:
        assert words in line


@pytest.mark.parametrize(
    ("entries", "place", "said"),
    [
        ('[[remove]]\ntable = "limits"\nkind = "composite"\nstage = "primary"', "$.remove[0]", "does not have"),
        (
            f'[school_rule]\nkind = "at_least"\nk = 8\n{CITED}',
            "$.school_rule.k",
            "stage primary has 7",
        ),
        (
            f'[[limits]]\nkind = "each"\nstage = "primary"\nvalue = 0.4\n{CITED.replace("S1", "S99")}',
            "$.limits[0].source",
            "S99",
        ),
        ('parts = ["government"]', "inherited).part", "not in 'parts'"),
    ],
)
def test_changes_that_do_not_fit_the_standard_they_extend(tmp_path: Path, entries: str, place: str, said: str) -> None:
    found = mistakes(written(tmp_path, CHILD.format(QUALITY) + entries))
    assert any(said in m and m.endswith(place) for m in found)


def test_shared_columns_of_the_tables_are_those_of_the_vocabulary() -> None:
    shared = {c.id for c in jh.schools.columns().values() if c.shared}
    assert set(SHARED) <= shared


def test_a_list_in_a_cell_is_named():
    d = jh.synthetic.county(seed=1).astype({"kind": object})
    d.at[2, "kind"] = ["primary"]
    found = jh.check_schools(d)
    assert found[["code", "row", "value"]].to_numpy().tolist() == [["unknown_category", 2, "['primary']"]]


def test_an_error_has_a_code_that_survives_another_process() -> None:
    """Messages may change and are in two languages; a program tells errors apart by their code."""
    with pytest.raises(jh.InputDataError) as several:
        jh.evaluate(OK.assign(students=-1), QUALITY)
    with pytest.raises(jh.UnknownStandardError) as unknown:
        jh.load_standard("cn-quality-balance-2016")
    with pytest.raises(jh.InputError) as folder:
        jh.read_schools(Path(__file__).parent)
    with pytest.raises(jh.InputError) as costs:
        jh.plan(jh.evaluate(OK, QUALITY), unit_costs={"book": 1, "desks": 2})
    found = [e.value for e in (several, unknown, folder, costs)]
    assert [e.code for e in found] == ["errors.problems", "standards.near_standard", "reading.folder", "planning.costs"]
    assert [pickle.loads(pickle.dumps(e)).code for e in found] == [e.code for e in found]
    assert len(str(costs.value).splitlines()) == 3
    assert jh.OutputFileError(jh.ProblemCode.OUTPUT_LOCKED, "a.xlsx", "?").code == "output_locked"
    assert jh.StandardDataError("a.toml", ["?"]).code == "errors.mistakes"
    assert jh.JunhengError().code == "errors.other"


def test_a_problem_has_the_same_keys_wherever_it_is_found(tmp_path: Path) -> None:
    with pytest.raises(jh.InputDataError) as caught:
        jh.evaluate(cell("students", -1), QUALITY)
    refused = caught.value.to_dicts()
    (tmp_path / "a.csv").write_text("学校,学段,学生,图书\n一小,小学,500,约3\n", encoding="utf-8")
    of_file = jh.describe_file(tmp_path / "a.csv", on_error="missing").to_dict()["problems"]
    frame = jh.check_schools(cell("students", -1), QUALITY)
    assert set(refused[0]) == set(frame.columns) == set(of_file[0]) - {"parameters"}
    assert frame["position"].dropna().tolist() == [0]
    # frame.iloc[position] is the row that is meant, also where the table was read from a file
    with pytest.warns(jh.ReadingWarning):
        found = jh.check_schools(jh.read_schools(tmp_path / "a.csv", on_error="missing")).set_index("code")
    assert found.loc["unreadable_cell", ["row", "cell", "position"]].tolist() == [2, "D2", 0]


def test_an_error_of_an_app_may_have_a_code_of_its_own() -> None:
    class RefusedError(jh.InputError):
        def __init__(self, code: str) -> None:
            self.code = code

    assert RefusedError("too_large").code == "too_large"
