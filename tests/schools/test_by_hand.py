"""Checks of a table against what one would work out by hand: medians, twins, areas, class sizes, shares of pupils."""

import math
import statistics
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_tables import QUALITY, frame, junior, one_row, problems, school

import junheng as jh
from junheng._data import read_toml
from junheng.schools.areas import added, meant_by
from junheng.schools.cells import near_twins, of_one_type, parse_numbers
from junheng.schools.editing.enrolment import _shared_out
from junheng.schools.headers import Found, understand
from junheng.schools.inclusion import answers
from junheng.schools.needs import comparison_columns, filter_columns
from junheng.schools.opening import open_table
from junheng.schools.scale import scale_of
from junheng.schools.sections import make_sections
from junheng.schools.vocabulary import ALL_STAGES, STAGES_OF_KIND, columns, is_grade
from junheng.standards.rules import Comparison
from junheng.standards.terms import Filter

# ------------------------------------------------------------------------------------------------- scale

RULES = read_toml("scale.toml")["columns"]


@st.composite
def figures_and_students(draw: Any) -> tuple[str, list[float], list[float]]:
    """Draw a column whose figures per student lie near the limits of its rule, or beyond by a unit."""
    name = draw(st.sampled_from(sorted(RULES)))
    low, high = float(RULES[name]["low"]), float(RULES[name]["high"])
    units = [u[0] / u[1] if isinstance(u, list) else float(u) for u in RULES[name]["units"].values()]
    each = [0.0, low, high, low * 0.9, high * 1.1, low / 1e9, high * 1e9, math.nan, (low + high) / 2]
    each += [x for u in units for x in (1.5 * low / u, 0.9 * high / u, high * u, 1.1 * low * u)]
    rows = draw(st.lists(st.tuples(st.sampled_from(each), st.sampled_from([1, 2, 4, 1, 2, 0, math.nan])), max_size=9))
    return name, [x * (s or 1) if s == s else x for x, s in rows], [float(s) for _, s in rows]


@given(figures_and_students())
def test_another_unit_is_suspected_by_the_median_per_student(drawn: tuple[str, list[float], list[float]]) -> None:
    name, figures, students = drawn
    rule = RULES[name]
    low, high = float(rule["low"]), float(rule["high"])
    each = [v / s for v, s in zip(figures, students, strict=True) if v > 0 and s > 0]
    told = scale_of({name: np.array(figures), "students": np.array(students)}.get)
    if len(each) < 3:
        assert not told
        return
    median = statistics.median(each)
    wanted = []
    for unit, factor in rule["units"].items():
        times = factor[0] / factor[1] if isinstance(factor, list) else float(factor)
        if median < low and low <= median * times <= high:
            wanted.append(f"疑似以{unit}填写")
        elif median > high and low <= median / times <= high:
            wanted.append(f"疑似由{unit}多换算了一次")
    assert [p.column for p in told] == ([name] if wanted else [])
    for p in told:
        assert p.value == f"{median:.6g}" and p.row is None
        assert wanted[0] in p.text("zh") and p.text("zh").count(f"{len(each)}行的生均中位数")


def test_the_median_is_of_the_students_of_all_stages_where_the_total_is_missing() -> None:
    books, total = np.full(3, 0.3), np.array([100.0, 200, 400])
    stages = {"students_primary": np.array([10.0, 20, np.nan]), "students_junior": np.array([20.0, 40, 50])}
    some = np.where([True, False, True], total, np.nan)
    # 30, 60 and 50 students by stage; 100, 60 and 400; 100, 200 and 400
    cases = ((stages, "0.006"), (stages | {"students": some}, "0.003"), (stages | {"students": total}, "0.0015"))
    for given_, median in cases:
        assert [p.value for p in scale_of(({"books": books} | given_).get)] == [median]
        assert [p.value for p in scale_of(({"books": books} | given_).get, {"books"})] == [median]
        assert scale_of(({"books": books} | given_).get, {"computers"}) == []
    assert scale_of({"books": books}.get) == [] == scale_of({"books": books, "students": some}.get)


@pytest.mark.parametrize("n", [1, 32_767, 32_768, 32_769, 70_001])
def test_the_scale_of_a_long_table_is_that_of_all_its_rows(n: int) -> None:
    """Half and one of the figures are a thousand times too small, wherever they stand."""
    books = np.full(n, 5.0)
    books[: n // 2 + 1] = 0.005
    for figures in (books, books[::-1]):
        told = scale_of({"books": figures, "students": np.ones(n)}.get)
        assert [p.value for p in told] == (["0.005"] if n > 2 else [])


# ------------------------------------------------------------------------------------------------- names


@given(st.lists(st.sampled_from(["A校", "Ａ校", "a校", "B校", "b 校", "(甲)", "（甲）", "甲", " ", None]), max_size=12))
def test_name_twins_are_those_but_the_usual_spelling(cells: list[Any]) -> None:
    words = list(dict.fromkeys(c for c in cells if c is not None))
    codes = np.array([words.index(c) if c is not None else -1 for c in cells], dtype=np.int64)
    fold = str.maketrans({"Ａ": "a", "A": "a", "B": "b", " ": None, "（": "(", "）": ")"})
    count = Counter(cells)
    wanted = []
    for i, word in enumerate(words):
        group = [j for j, other in enumerate(words) if other.strip() and other.translate(fold) == word.translate(fold)]
        if len(group) < 2 or not word.strip():
            continue
        most = max(count[words[j]] for j in group)
        usual = [j for j in group if count[words[j]] == most]
        if len(usual) > 1 or usual != [i]:
            wanted.append((i, group))
    assert sorted(near_twins(words, codes)) == wanted


def test_a_twin_of_a_school_is_one_in_its_county_and_year() -> None:
    def twins(*rows: dict[str, Any]) -> list[tuple[int | None, str]]:
        return [(p["row"], p["value"]) for p in problems(frame(*rows), None) if p["code"] == "near_twin"]

    assert twins(school("A校"), school("a校")) == [(0, "A校"), (1, "a校")]
    assert twins(school("A校"), school("a校", county="乙县"), school("b校", county="乙县")) == []
    assert twins(school("A校", year=2024), school("a校", year=2025), school("b校", year=2025)) == []
    # the usual spelling is not named, in whatever county it stands; of counties themselves all are beside each other
    assert twins(school("A校"), school("a校", "junior"), school("A校", "junior")) == [(1, "a校")]
    assert twins(school("甲"), school("乙", county="甲 县"), school("丙")) == [(1, "甲 县")]


def test_an_ordinary_blank_within_a_name_is_part_of_it() -> None:
    assert problems(frame(school("No 1 School"), junior("B C"), school(" 一小 ")), None)[0]["row"] == 2
    codes = [(p["code"], p["row"]) for p in problems(frame(school("No 1 School"), school(" 一小 ")), None)]
    assert codes == [("invisible_characters", 1)]


def test_a_name_that_lost_a_character_is_named_where_it_stands() -> None:
    rows = [school(), school("李\ufffd小学"), junior("李\ufffd小学"), school("合计\ufffd", county="\ufffd县")]
    found = [p for p in problems(frame(*rows), None) if p["code"] == "invisible_characters"]
    assert [(p["code"], p["row"], p["column"], p["severity"]) for p in found] == [
        ("invisible_characters", row, column, "warning")
        for row, column in ((1, "school"), (2, "school"), (3, "county"), (3, "school"))
    ]


def test_the_code_of_a_parent_school_is_cleaned_like_its_own() -> None:
    rows = [school(), school("教学点", kind="teaching_point", parent_school_code="36\u200b01")]
    found = [p for p in problems(frame(*rows), None) if p["code"] == "invisible_characters"]
    assert [(p["row"], p["column"], p["severity"]) for p in found] == [(1, "parent_school_code", "warning")]
    assert [*open_table(frame(*rows)).codes("parent_school_code")[1]] == ["3601"]


@pytest.mark.parametrize("blank", [None, "", "  ", "\u3000", "\u200b", math.nan])
def test_a_column_of_codes_without_a_code_is_as_if_it_were_not_there(blank: Any) -> None:
    rows = [school(school_code=blank, county_code=blank), junior(school_code=blank, county_code=blank)]
    table = open_table(frame(*rows))
    assert (table.school_column, table.by) == ("school", ("county",)) and not table.has & {"school_code", "county_code"}
    assert problems(frame(*rows), None) == []
    one = open_table(frame(*rows, school("二小", school_code="02", county_code=blank)))
    assert one.school_column == "school_code" and "county_code" not in one.has
    gaps = [
        (p["code"], p["row"], p["column"]) for p in problems(one.frame.to_native(), None) if p["severity"] == "error"
    ]
    assert gaps == [("missing_key", 0, "school_code"), ("missing_key", 1, "school_code")]
    # both columns blank: each row is told
    both = [r | {"school": blank} for r in rows]
    assert {p["code"] for p in problems(frame(*both), None)} >= {"missing_key"}
    assert open_table(frame(*rows).iloc[:0]).school_column == "school_code"


def test_digits_in_text_are_numbers_only_beside_numbers() -> None:
    assert of_one_type(["2025", None, "x"]) == ["2025", None, "x"]
    assert of_one_type(["2025", 2024, "x", None, "２"]) == [2025, 2024, "x", None, "２"]
    assert of_one_type([1, "9" * 18, "9" * 19]) == [1, 10**18 - 1, "9" * 19]


# ------------------------------------------------------------------------------------------------- cells

NAN = math.nan
CELLS: list[tuple[Any, Any]] = [
    (None, NAN), ("", NAN), (" ", NAN), (NAN, NAN), (Decimal("NaN"), NAN), (7, 7), (2.5, "2.5"), (math.inf, math.inf),
    (Decimal("0.1"), "0.1"), ("12", 12), (" 1.50 ", "1.5"), ("-3", -3), ("+2", 2), (".5", "0.5"), ("5.", 5),
    ("1e3", 1000), ("1E-2", "0.01"), ("0.07", "0.07"), ("1e399", math.inf), ("1e400", math.inf), ("-1e400", -math.inf),
    ("1e-399", 0.0), ("1e-400", 0.0), ("-1e-400", -0.0), ("-1e999999", -math.inf), ("0e999999", 0.0), ("1_0", None),
    ("٣", None), ("1e", None), ("e5", None), ("x", None), ("1 2", None), (True, None), (np.bool_(False), None),
    ([1], None), ("inf", None), ("nan", None),
]  # fmt: skip


@given(st.lists(st.sampled_from(CELLS), max_size=5), st.sampled_from([(1, 1), (10000, 1), (2000, 3)]))
def test_cells_are_numbers_as_typed_or_named(cases: list[tuple[Any, Any]], factor: tuple[int, int]) -> None:
    cells = np.empty(len(cases), dtype=object)
    for i, (cell, _) in enumerate(cases):
        cells[i] = cell
    out, bad = parse_numbers(cells, factor)
    for i, (cell, wanted) in enumerate(cases):
        if wanted is None:
            assert math.isnan(out[i]) and bad[i] == str(cell)
            continue
        exact = wanted if isinstance(wanted, float) else float(Fraction(wanted) * Fraction(*factor))
        assert i not in bad and repr(float(out[i])) == repr(exact)


# ------------------------------------------------------------------------------------------------- areas

TENTHS = st.integers(0, 50_000).map(lambda x: x / 10)


@given(st.lists(st.tuples(TENTHS, TENTHS, TENTHS), min_size=1, max_size=4))
def test_areas_are_added_in_decimals(rows: list[tuple[float, float, float]]) -> None:
    a, b, c = (np.array(column) for column in zip(*rows, strict=True))
    wanted = [float(Decimal(repr(x)) + Decimal(repr(y)) - Decimal(repr(z))) for x, y, z in rows]
    assert added([a, b], [c]).tolist() == wanted
    gap = np.array([math.nan] * len(rows))
    assert np.isnan(added([a, gap], [c])).all() and np.isnan(added([a], [gap])).all()


def of_areas(*rows: dict[str, Any], **columns: Any) -> list[tuple[str, str, int | None, str | None]]:
    """The problems with the areas of a table: code, severity, row and column."""
    found = problems(frame(*rows).assign(**columns), None)
    area = ("indoor_sports_m2", "teaching_area_m2", "sports_area_m2", "teaching_area_total_m2")
    return [(p["code"], p["severity"], p["row"], p["column"]) for p in found if p["column"] in area]


@pytest.mark.parametrize(
    ("areas", "wanted"),
    [
        # total, indoor, net teaching area, grounds, sports area
        ((3100, 100, 3000, None, 5500), [("indoor_sports_netted", "warning", None, "teaching_area_m2")]),
        ((3100, 100, 3001, None, 5500), [("indoor_sports_netted", "warning", None, "teaching_area_m2")]),
        ((3100, 100, 2999, None, 5500), [("indoor_sports_netted", "warning", None, "teaching_area_m2")]),
        ((3100, 100, 3001.5, None, 5500), [("indoor_sports_mismatch", "error", 0, "teaching_area_m2")]),
        ((3100, 100, 2998.5, None, 5500), [("indoor_sports_mismatch", "error", 0, "teaching_area_m2")]),
        ((3000, 0, 3000, None, 5500), []),
        ((3100, 100, None, None, 5500), [("indoor_sports_netted", "warning", None, "teaching_area_m2")]),
        ((100, 100, 0, None, 5500), [("indoor_sports_netted", "warning", None, "teaching_area_m2")]),
        ((None, 100, 3000, None, 5500), [("indoor_sports_not_netted", "warning", None, "teaching_area_m2")]),
        ((None, 100, 3000, None, 100), [("indoor_sports_not_netted", "warning", None, "teaching_area_m2")]),
        (
            (None, 101, 3000, None, 100),
            [
                ("indoor_sports_not_netted", "warning", None, "teaching_area_m2"),
                ("part_exceeds_whole", "error", 0, "indoor_sports_m2"),
            ],
        ),
        ((None, 100, None, 5400, 5500), []),
        ((None, 100, None, 5401, 5500), []),
        ((None, 100, None, 5401.5, 5500), [("indoor_sports_mismatch", "warning", 0, "sports_area_m2")]),
        ((None, 100, None, 5000, 5500), []),
    ],
)
def test_areas_that_contradict_each_other(areas: tuple[Any, ...], wanted: list[Any]) -> None:
    names = (
        "teaching_area_total_m2",
        "indoor_sports_m2",
        "teaching_area_m2",
        "outdoor_sports_area_m2",
        "sports_area_m2",
    )
    given_ = {n: a for n, a in zip(names, areas, strict=True) if a is not None}
    row = {k: v for k, v in school().items() if k not in names} | given_
    assert of_areas(row) == wanted


def test_an_area_without_its_indoor_part_is_named_where_it_is_lost() -> None:
    rows = [school(f"{i}小") for i in range(3)]
    for row in rows:
        del row["teaching_area_m2"], row["sports_area_m2"]
    whole = {"teaching_area_total_m2": [3000.0, 3000.0, None], "outdoor_sports_area_m2": [None, 500.0, 500.0]}
    found = of_areas(*rows, **whole, indoor_sports_m2=[100.0, None, None])
    assert Counter(found) == Counter(
        [("indoor_sports_netted", "warning", None, "teaching_area_m2")]
        + [("indoor_sports_missing", "warning", row, "indoor_sports_m2") for row in (1, 1, 2)]
    )


@pytest.mark.parametrize("standard", [QUALITY, "cn-basic-balance-2012"])
def test_areas_that_were_divided_are_not_compared_with_the_whole_schools(standard: str) -> None:
    row = one_row("nine_year", people={"students_primary": 300, "students_junior": 200}, indoor_sports_m2=2900.0)
    row |= {"teaching_area_total_m2": 5900.0, "outdoor_sports_area_m2": 2600.0, "sports_area_m2": 5500.0}
    table = frame(row | dict.fromkeys(("teachers_above_required_degree", "backbone_teachers", "pe_art_teachers")))
    severities = [
        p["severity"] for p in problems(jh.split_stages(table, standard), standard) if "m2" in (p["column"] or "")
    ]
    assert "error" not in severities
    split = jh.split_stages(table, standard)
    assert split["teaching_area_m2"].sum() == pytest.approx(3000) and split["sports_area_m2"].sum() == pytest.approx(
        5500
    )


@pytest.mark.parametrize(
    ("header", "others", "column"),
    [
        ("教学及辅助用房面积", (), "teaching_area_m2"),
        ("教学及辅助用房面积", ("indoor_sports_m2",), "teaching_area_total_m2"),
        ("教学及辅助用房面积", ("indoor_sports_m2", "teaching_area_total_m2"), "teaching_area_m2"),
        ("教学及辅助用房面积（不含体育馆）", ("indoor_sports_m2",), "teaching_area_m2"),
        ("教学及辅助用房面积（含体育馆）", (), "teaching_area_total_m2"),
        ("教学及辅助用房面积（含体育馆）", ("indoor_sports_m2", "teaching_area_total_m2"), "teaching_area_total_m2"),
        ("teaching_area_m2", ("indoor_sports_m2",), "teaching_area_m2"),
    ],
)
def test_what_a_header_of_teaching_rooms_means(header: str, others: tuple[str, ...], column: str) -> None:
    assert meant_by(header, "teaching_area_m2", others) == column
    known = [Found(column="teaching_area_m2"), *(Found(column=c) for c in others)]
    read, told = understand([header, *others], None, known)
    assert read[0].column == column
    unclear = column == "teaching_area_m2" and not header.isascii() and "不含" not in header
    expected = [("indoor_sports_unclear", "warning", header)] * unclear
    assert [(p.code, p.severity, p.column) for p in told if p.code != "duplicate_column"] == expected
    assert meant_by(header, "books", others) == "books"


# ------------------------------------------------------------------------------------------- parts, sizes


def test_a_part_as_large_as_its_whole_is_no_mistake() -> None:
    same = {"teachers": 35, "teachers_above_required_degree": 35, "backbone_teachers": 35}
    degrees = {
        f"teachers_{d}_degree": n for d, n in (("associate", 20), ("bachelor", 13), ("master", 1), ("doctor", 1))
    }
    for more in (same, same | degrees):
        assert not [p for p in problems(frame(school(**more), junior()), None) if p["severity"] == "error"]
    over = problems(frame(school(**same | degrees | {"teachers_doctor_degree": 2}), junior()), None)
    assert [(p["column"], p["value"]) for p in over if p["severity"] == "error"] == [("teachers", "36.0")]
    # one degree alone says nothing of the others, and may be missing
    alone = problems(frame(school(teachers_master_degree=99)), None)
    assert "part_exceeds_whole" not in [p["code"] for p in alone if p["column"] == "teachers"]


BANDS = {
    "classes_46_50": (46, 50),
    "classes_51_55": (51, 55),
    "classes_56_60": (56, 60),
    "classes_61_65": (61, 65),
    "classes_66_up": (66, 999),
}


@pytest.mark.parametrize("suffix", ["", "_primary"])
def test_a_largest_class_that_no_class_of_its_size_bears_out_is_named(suffix: str) -> None:
    """Classes of a size larger than the largest, none of its own size, or more pupils than all classes hold."""
    cases = [(band, largest, n) for band in BANDS for largest in range(44, 70) for n in (0, 1)]
    rows = [
        school(f"{i}小") | {f"{band}{suffix}": n, f"largest_class{suffix}": m} for i, (band, m, n) in enumerate(cases)
    ]
    rows += [
        school(f"{m}甲{k}小") | {f"largest_class{suffix}": m, f"classes{suffix}": k, f"students{suffix}": s}
        for m, k, s in ((50, 10, 500), (50, 10, 501), (50, 0, 501), (None, 10, 501))
    ]
    found = [p for p in problems(frame(*rows)) if p["code"] == "class_sizes_disagree"]
    wanted = {
        i
        for i, (band, m, n) in enumerate(cases)
        if (m < BANDS[band][0] if n else BANDS[band][0] <= m <= BANDS[band][1])
    } | {len(cases) + 1}
    assert {p["row"] for p in found} == wanted and len(found) == len(wanted)
    assert {(p["column"], p["severity"]) for p in found} == {(f"largest_class{suffix}", "warning")}
    assert [p["value"] for p in found] == [f"{rows[p['row']][f'largest_class{suffix}']}" for p in found]


@pytest.mark.parametrize(
    ("standard", "years", "named"),
    [
        (QUALITY, {2016: True, 2017: False, 2026: False}, "cn-basic-balance-2012"),
        (
            "cn-sd-school-conditions-2008",
            {2007: True, 2008: False, 2016: False, 2017: True},
            "cn-sd-school-conditions-2008",
        ),
    ],
)
def test_the_years_of_a_standard_are_those_of_its_file(standard: str, years: dict[int, bool], named: str) -> None:
    rows = [school(year=year) for year in years]
    found = [p for p in problems(frame(*rows), standard) if p["code"] == "not_in_force"]
    assert [p["value"] for p in found] == [str(year) for year, is_told in years.items() if is_told]
    assert {(p["column"], p["severity"], p["row"]) for p in found} == {("year", "warning", None)}
    assert all(named in p["message"] for p in found)
    odd = [p for p in problems(frame(school(year=99)), standard) if p["code"] == "not_in_force"]
    assert len(odd) == 1 and "in force then" not in odd[0]["message"]


def test_a_divided_figure_is_known_exactly_and_is_not_as_typed() -> None:
    people = {"students_primary": 300, "students_junior": 200}
    table, std = (
        frame(one_row("nine_year", people=people, teaching_area_m2=3000.1), school()),
        jh.load_standard(QUALITY),
    )
    table = table.assign(**dict.fromkeys(("teachers_above_required_degree", "backbone_teachers", "pe_art_teachers")))
    whole, at = make_sections(open_table(table), std), np.arange(3)
    area = Fraction("3000.1")
    assert whole.exactly("teaching_area_m2", at) == [area * 300 / 520, area * 220 / 520, 3000]
    assert whole.exactly("teaching_area_m2", at[1:2]) == [area * 220 / 520]
    assert whole.exactly("students", at) == [300, 200, 500]
    assert whole.number("teaching_area_m2").tolist() == [float(x) for x in whole.exactly("teaching_area_m2", at)]
    assert whole.as_typed("teaching_area_m2", at).tolist() == [False, False, True]
    assert whole.as_typed("students", at).tolist() == [True] * 3
    assert whole.divides_any.tolist() == [True, True, False] and not whole.was_divided("teaching_area_m2").any()
    split = make_sections(open_table(jh.split_stages(table, std)), std)
    assert split.was_divided("teaching_area_m2").tolist() == [True, True, False]
    assert not split.was_divided("students").any() and not split.is_divided("teaching_area_m2").any()
    assert split.as_typed("teaching_area_m2", at).tolist() == [True] * 3 and not split.divides_any.any()


def test_the_share_of_the_largest_figure_that_is_read() -> None:
    largest = 10**15 - 1
    row = one_row("nine_year", people={"students_primary": 300, "students_junior": 200}, books=largest)
    books = jh.split_stages(frame(row), "cn-basic-balance-2012")["books"].tolist()
    assert books == pytest.approx([largest / 520 * 300, largest / 520 * 220], rel=1e-12)


def test_the_row_of_a_senior_stage_does_not_say_whose_a_figure_is() -> None:
    """It is dropped when the school is split; what is judged must not change by that."""
    rows = [
        school("完中", stage, kind="complete_secondary", converted_sports_area_m2=area)
        for stage, area in (("junior", 300.0), ("senior", 0.0))
    ]
    sections = make_sections(open_table(frame(*rows)), jh.load_standard(QUALITY))
    assert sections.is_divided("teaching_area_m2").tolist() == [True, True]
    assert sections.is_divided("converted_sports_area_m2").tolist() == [True, True]


@pytest.mark.parametrize("column", ["county", "school", "stage", "students"])
def test_a_table_needs_these_columns_whatever_the_standard(column: str) -> None:
    table = frame(school(), junior())
    for standard in (None, QUALITY):
        found = problems(table.drop(columns=column), standard)
        assert [p["column"] for p in found if p["code"] == "missing_column"] == [column]
    instead = {"county": ("county_code", "01"), "school": ("school_code", ["1", "2"]), "stage": ("kind", "primary")}
    name, words = instead.get(column, ("students_primary", 5))
    replaced = table.drop(columns=column).assign(**{name: words})
    assert "missing_column" not in [p["code"] for p in problems(replaced, None)]


def test_one_mistake_of_a_row_does_not_hide_another() -> None:
    found = problems(frame(school(students=None, books=-1), {}, school("二小", students=None, stage="大学")), QUALITY)
    assert [(p["code"], p["row"], p["column"], p["severity"]) for p in found] == [
        ("negative_value", 0, "books", "error"),
        ("missing_value", 0, "students", "warning"),
        ("empty_row", 1, None, "warning"),
        ("unknown_category", 2, "stage", "error"),
    ]


def test_the_sections_of_one_county_are_those_of_a_table_of_it_alone() -> None:
    people = {"students_primary": 300, "students_junior": 200}
    rows = [
        school(),
        one_row("nine_year", people=people, county="乙县"),
        school("二小", county="乙县", students=0),
        junior(),
    ]
    table, std = frame(*rows), jh.load_standard(QUALITY)
    whole, alone = (make_sections(open_table(t), std) for t in (table, table.iloc[1:3]))
    part = whole.part(np.array([1, 2, 3]), alone.schools, alone.rows)
    assert part.counties.words == alone.counties.words == [("county", ["乙县"])]
    for name in ("codes", "usable", "present", "group_codes"):
        assert getattr(part.counties, name).tolist() == getattr(alone.counties, name).tolist(), name
    for name in ("rows", "stage", "wide", "students", "divided", "has_rule", "kinds", "cover", "out", "share_top"):
        assert getattr(part, name).tolist() == getattr(alone, name).tolist(), name
    assert part.number("teaching_area_m2").tolist() == alone.number("teaching_area_m2").tolist()
    assert part.left_out.tolist() == [None, None, "no_students"] and part.kind.tolist() == ["nine_year"] * 2 + [None]


def test_the_stages_of_its_rows_tell_the_kind_of_a_school_without_one() -> None:
    stages = {"九": ("primary", "junior"), "完": ("junior", "senior"), "十二": ("primary", "junior", "senior")}
    stages |= {"小": ("primary",), "怪": ("primary", "senior")}
    rows = [school(name, stage, kind=None) for name, its in stages.items() for stage in its]
    sections = make_sections(open_table(frame(*rows)), None)
    kinds = {rows[row]["school"]: kind for row, kind in zip(sections.rows, sections.kind, strict=True)}
    assert kinds == {"九": "nine_year", "完": "complete_secondary", "十二": "twelve_year", "小": None, "怪": None}
    # what one row says holds for all of them
    twelve = [r | {"kind": "twelve_year"} if r["stage"] == "junior" else r for r in rows]
    said = make_sections(open_table(frame(*twelve)), None)
    assert set(said.kind[:7].tolist()) == {"twelve_year"}


def test_how_a_school_in_several_rows_was_read_is_told_once_at_its_first_row() -> None:
    def nine(name: str, *books: int) -> list[dict[str, Any]]:
        kind = "nine_year" if len(books) == 2 else "twelve_year"
        return [school(name, stage, kind=kind, books=n) for stage, n in zip(ALL_STAGES, books, strict=False)]

    rows = [*nine("甲", 5, 5), school(), *nine("乙", 5, 6), *nine("丙", 7, 7, 7), junior()]
    some = [(0, "repeated"), (3, "differ"), (5, "repeated")]
    for table, found in ((rows, some), (rows[2:], [(row - 2, how) for row, how in some[1:]])):
        told = [p for p in problems(frame(*table), "cn-basic-balance-2012") if p["code"].startswith("resources_")]
        assert [(p["row"], p["code"].removeprefix("resources_")) for p in told] == found


def test_texts_stay_as_they_are_and_grades_are_known_by_name() -> None:
    raw = pd.DataFrame({"学校代码": pd.Series(["0012", None], dtype=object), "图书": [1, 2]})
    assert jh.standardize_columns(raw)["school_code"].dtype == object
    grades = [n for n in columns() if is_grade(n)]
    assert "conditions_grade" in grades and all(n == "conditions_grade" or n.startswith("grade_b") for n in grades)
    assert len(grades) > 2 and not is_grade("grades")


def test_a_kind_says_the_stages_of_a_row_without_one() -> None:
    kinds = [kind for kind, stages in STAGES_OF_KIND.items() if len(stages) == 1]
    rows = [school(f"{kind}校", None, kind=kind) for kind in (*kinds, "special", None)]
    found = [(p["code"], p["row"], p["column"]) for p in problems(frame(*rows), None) if p["severity"] == "error"]
    assert found == [("missing_key", len(kinds) + 1, "stage")]
    sections = make_sections(open_table(frame(*rows)), None)
    assert sections.rows.tolist() == list(range(len(kinds) + 1)) and not sections.wide.any()
    wanted = [ALL_STAGES.index(STAGES_OF_KIND[kind][0]) for kind in kinds] + [0]
    assert sections.stage.tolist() == wanted


# ------------------------------------------------------------------------------------------- who counts

WORDS = {"是": 1, "否": 0, None: -1}


def test_the_answer_to_a_question_is_that_of_its_own_column_or_the_common_one() -> None:
    """Of two questions each has its column, before the common one; of one the common column comes first."""
    cases = list(product(WORDS, repeat=3))
    names = ("included", "in_basic_standard", "in_coefficient")
    rows = [school(f"{i}小", **dict(zip(names, words, strict=True))) for i, words in enumerate(cases)]
    table = open_table(frame(*rows))
    for standard in (None, jh.load_standard(QUALITY), jh.load_standard("cn-basic-balance-2012")):
        got = answers(table, standard)
        for i, (common, basic, coefficient) in enumerate([WORDS[w] for w in words] for words in cases):
            if standard is not None and standard.two_answers:
                wanted = [own if own >= 0 else common for own in (basic, coefficient)]
            else:
                wanted = [next((a for a in (common, basic, coefficient) if a >= 0), -1)] * 2
            assert [got["in_basic_standard"][i], got["in_coefficient"][i]] == wanted, cases[i]
        sections = make_sections(table, standard)
        assert sections.counted.tolist() == (got["in_basic_standard"] != 0).tolist()
        assert sections.in_coefficient.tolist() == (got["in_coefficient"] != 0).tolist()
        assert sections.counted_at_all.tolist() == (sections.counted | sections.in_coefficient).tolist()
    told = {s: problems(frame(*rows), s) for s in (QUALITY, "cn-basic-balance-2012")}
    # splitting asks nobody who counts
    assert len(jh.split_stages(frame(*rows), QUALITY)) == len(rows)
    contradict = {s: [p["row"] for p in found if p["code"] == "inclusion_contradicts"] for s, found in told.items()}
    two_answers = [i for i, words in enumerate(cases) if words in ((None, "是", "否"), (None, "否", "是"))]
    assert contradict == {QUALITY: two_answers, "cn-basic-balance-2012": []}


def test_a_unit_that_is_asked_about_is_named_by_kind_and_owner() -> None:
    rows = [
        school("甲", kind="teaching_point"),
        school("乙", owner_type="9", kind="primary"),
        school("丙", owner_type="10"),
        school("丁", ownership="private", owner_type="9"),
        school("戊", kind="vocational", included="是", in_coefficient="是"),
    ]
    found = [p for p in problems(frame(*rows), "cn-basic-balance-2012") if p["code"] == "inclusion_undecided"]
    named = [{w for w in ("teaching_point", "primary", "private", "enterprise") if w in p["message"]} for p in found]
    assert named == [{"teaching_point"}, {"primary", "enterprise"}, {"private"}, {"private"}]
    assert [(p["row"], p["column"]) for p in found] == [(row, "in_coefficient") for row in range(4)]


def test_an_unknown_owner_is_named_where_a_rule_could_be_about_it() -> None:
    answered = {"included": None, "in_coefficient": "是"}
    rows = [
        school(owner_type="7"),
        school("二小"),
        school("民小", ownership="民办", **answered),
        school("教学点", kind="teaching_point", **answered),
        school("特教", kind="special"),
        school("高中", "senior"),
        school("企业小学", owner_type="9", **answered),
    ]

    def unknown(*some: dict[str, Any]) -> list[tuple[int | None, str, str]]:
        found = [p for p in problems(frame(*some), "cn-basic-balance-2012") if p["code"] == "owner_unknown"]
        return [(p["row"], p["column"], p["severity"]) for p in found]

    assert unknown(*rows) == [(row, "owner_type", "warning") for row in (1, 3)]
    assert unknown(*rows[1:6]) == [(None, "owner_type", "warning")]
    assert unknown(rows[0], rows[2], rows[4], rows[5]) == unknown(rows[2], rows[4]) == []


@pytest.mark.parametrize(
    ("where", "read"),
    [
        ({"kinds": ("primary",)}, {"kind"}),
        ({"not_kinds": ("primary",)}, {"kind"}),
        ({"stages": ("primary",)}, {"stage"}),
        ({"ownership": "private"}, {"ownership"}),
        ({"area_types": ("rural",)}, {"area_type"}),
        ({"students_below": 100}, {"students"}),
        ({"students_from": 100}, {"students"}),
        ({"classes_below": 6}, {"classes"}),
        ({"largest_class_below": 30}, {"largest_class"}),
        ({"built_by": 2010}, {"built_year"}),
        ({"migrant_share_over": Decimal("0.5")}, {"migrant_students", "students"}),
        ({"flags": ("boarding",)}, {"boarding"}),
        ({"not_flags": ("boarding",)}, {"boarding"}),
        ({}, set()),
    ],
)
def test_a_comparison_reads_its_figures_and_what_chooses_its_schools(where: dict[str, Any], read: set[str]) -> None:
    assert set(filter_columns(Filter(**where))) == read
    comparison: Any = Comparison
    figures = {"top": ("books",), "top_minus": ("computers",), "bottom": ("teachers",), "bottom_minus": ("staff",)}
    named = {"books", "computers", "teachers", "staff", "beds"}
    of_sum = comparison(scope="sum", than=("beds",), where=Filter(**where), **figures)
    assert set(comparison_columns(of_sum)) == named | read
    of_county = comparison(scope="county", than=("beds",), where=Filter(**where), **figures)
    assert set(comparison_columns(of_county)) == read
    per_class = comparison(scope="school", top=("books",), per_classes=12, where=Filter(**where))
    assert set(comparison_columns(per_class)) == {"books", "classes"} | read
    assert filter_columns(None) == []


# ------------------------------------------------------------------------------------------------ pupils


@given(st.lists(st.integers(0, 900), min_size=1, max_size=6), st.integers(-900, 900))
def test_pupils_are_shared_out_by_largest_remainder(enrolment: list[int], net: int) -> None:
    got = [int(x) for x in _shared_out([Decimal(e) for e in enrolment], net)]
    total = sum(enrolment)
    if -net > total:
        assert got == [net] + [0] * (len(enrolment) - 1)
        return
    exact = [Fraction(e * net, total) if total else Fraction(net, len(enrolment)) for e in enrolment]
    floors = [math.floor(x) for x in exact]
    # one more for the largest remainders, the first school before the others
    first = sorted(range(len(exact)), key=lambda i: (-(exact[i] - floors[i]), i))[: net - sum(floors)]
    assert got == [f + (i in first) for i, f in enumerate(floors)] and sum(got) == net


def test_a_broken_count_is_named_where_it_stands() -> None:
    table = frame(school(), junior(teachers=35.5, students=499.5), school("合计", students=0.5))
    found = [p for p in problems(table, None) if p["code"] == "not_whole"]
    assert [(p["row"], p["column"], p["value"], p["severity"]) for p in found] == [
        (1, "students", "499.5", "warning"), (1, "teachers", "35.5", "warning"),
    ]  # fmt: skip


def test_no_frame_is_changed_by_a_check() -> None:
    table = frame(school(students="５００"), school("二小", county=" 甲县"))
    before = table.copy()
    jh.check_schools(table, QUALITY)
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize(
    "cell", ["9007199254740993.0000000000000000001", Decimal("9007199254740993.0000000000000000001")]
)
def test_a_figure_of_many_digits_is_the_nearest_float(cell: Any) -> None:
    """Rounded to 28 digits first, it would lie half way between two floats, and become the lower."""
    assert parse_numbers(np.array([cell, "x"], dtype=object))[0][0] == 9007199254740994
