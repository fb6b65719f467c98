"""Headers: remarks on words, units beside remarks, words of counties, mappings and suggestions."""

import random
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import junheng as jh
from junheng.errors import did_you_mean
from junheng.reading.meaning import meaning
from junheng.schools import base_column, columns, fold, nearest_columns, recognise
from junheng.schools.vocabulary import units_of

GROUPS = tomllib.loads((Path(__file__).parent / "header_cases.toml").read_text(encoding="utf-8"))["group"]
READ = [case for group in GROUPS for case in group.get("read", ())]
REFUSED = [case for group in GROUPS for case in group.get("refused", ())]
UNKNOWN = [header for group in GROUPS for header in group.get("unknown", ())]


def described(header: str, mapping: dict[str, str] | None = None) -> dict[str, Any]:
    return jh.results.records(jh.describe_columns(pd.DataFrame({header: ["1"]}), mapping))[0]


# ------------------------------------------------------------------------------------------- cases as data


@pytest.mark.parametrize(("header", "column", "factor", "remarks"), READ)
def test_a_header_is_read_with_its_unit_and_its_remark_noted(
    header: str, column: str, factor: float, remarks: list[str], tmp_path: Path
) -> None:
    assert (described(header)["column"], described(header)["factor"]) == (column, factor)
    found = recognise(header)
    assert found is not None and list(found.remarks) == remarks
    path = tmp_path / "a.csv"
    quoted = '"' + header + '"'
    name = "校名" if column != "school" else "备注"
    path.write_text(f"{name},{quoted}\n一小,1\n", encoding="utf-8", newline="")
    problems = jh.results.records(jh.describe_file(path).problems)
    noted = [p for p in problems if p["code"] == "unclear_header"]
    assert [p["severity"] for p in noted] == ["warning"] * bool(remarks)
    assert all(r in p["message"] for p in noted for r in remarks)


@pytest.mark.parametrize(("header", "unit"), REFUSED)
def test_a_unit_that_cannot_be_applied_is_refused_by_name(header: str, unit: str) -> None:
    with pytest.raises(jh.InputDataError) as caught:
        jh.standardize_columns(pd.DataFrame({header: [1]}))
    (problem,) = caught.value.problems
    assert (problem.code, problem.column, problem.value) == ("unknown_unit", header, unit)
    for language in ("zh", "en"):
        assert unit in problem.text(language)


@pytest.mark.parametrize("header", UNKNOWN)
def test_another_figure_is_none_of_ours_and_is_reported(header: str) -> None:
    assert recognise(header) is None
    raw = pd.DataFrame({"区县名称": ["甲县"], "学校名称": ["一小"], "学段": ["小学"], "学生人数": [9], header: ["1"]})
    table = jh.standardize_columns(raw)
    assert header in table
    found = jh.check_schools(table)
    assert header in found.loc[found["code"] == "unknown_column", "column"].tolist()


@pytest.mark.parametrize(("length", "read"), [(400, True), (401, False)])
def test_a_header_has_four_hundred_characters_at_most(length: int, read: bool) -> None:
    for header in ("图书册数".rjust(length, "*"), "图书册数".ljust(length)):
        assert (recognise(header) is not None) == read


# --------------------------------------------------------------------------------------- composed headers

BRACKETS = st.sampled_from(["()", "（）", "【】", "[]", "〔〕", "［］", "〖〗", "「」"])
SEPARATORS = st.sampled_from(["，", ",", "、", "；", ";", " ", "。", "　"])
SAYS = [
    "{}",
    "单位：{}",
    "单位:{}",
    "计量单位：{}",
    "以{}计",
    "以{}为单位",
    "按{}填报",
    "单位为{}",
    "{}（取整）",
    "统一以{}填写",
]
REMARKS = [
    "保留两位小数",
    "含软件",
    "不含土建",
    "精确到0.01",
    "账面原值",
    "必填",
    "四舍五入",
    "截至2024年9月1日",
    "见填报说明",
    "按年报数填写",
]
#: Something that makes it another figure.
OTHERS = ["上年", "生均", "人均", "其中女", "占比", "去年", "每生", "规划", "增减"]
FIGURES = {
    "教学仪器设备值": "equipment_value_cny",
    "占地面积": "land_area_m2",
    "图书册数": "books",
    "在校生数": "students",
    "公用经费预算": "public_funds_budget_cny",
    "运动场地面积": "outdoor_sports_area_m2",
}
WORDS = [
    "学校名称",
    "区县名称",
    "学校代码",
    "学校类型",
    "学段",
    "年份",
    "办学性质",
    "城乡类型",
    "是否参评",
    "是否寄宿制学校",
    "举办者类型",
]
ON_WORDS = ["全称", "下拉选择", "请选择", "必填", "与公章一致", "选填", "见填报说明", "单选", "由系统生成", "文本"]


@st.composite
def figures(draw: st.DrawFn) -> tuple[str, str, str, bool]:
    """Draw a header: its text, column and unit, and whether something makes it another figure."""
    name = draw(st.sampled_from(sorted(FIGURES)))
    column = FIGURES[name]
    unit = draw(st.sampled_from(sorted(u for u in units_of(columns()[column].unit) if not u.isascii())))
    parts = [draw(st.sampled_from(SAYS)).format(unit), *draw(st.lists(st.sampled_from(REMARKS), max_size=2))]
    other = draw(st.booleans()) and draw(st.booleans())
    parts += [draw(st.sampled_from(OTHERS))] if other else []
    parts = draw(st.permutations(parts))
    style = draw(st.sampled_from(["one", "each", "behind"]))
    bracket, separator = draw(BRACKETS), draw(SEPARATORS)
    if style == "each":
        text = name + "".join(bracket[0] + p + bracket[1] for p in parts)
    elif style == "one":
        text = name + bracket[0] + separator.join(parts) + bracket[1]
    else:
        text = name + draw(st.sampled_from(["/", "：", " ", "_", ":", "，"])) + separator.join(parts)
    if draw(st.booleans()):
        text = text.translate({ord(c): chr(ord(c) + 0xFEE0) for c in "()[],;:/"})
    return text + draw(st.sampled_from(["", "*", " ", "：", "①"])), column, unit, other


@given(figures())
def test_a_unit_is_applied_or_the_header_is_refused_or_unknown(header: tuple[str, str, str, bool]) -> None:
    """Never a factor of 1 where another unit is in sight."""
    text, column, unit, other = header
    numerator, denominator = units_of(columns()[column].unit)[unit]
    found = recognise(text)
    if found is None:
        return
    try:
        table = jh.standardize_columns(pd.DataFrame({text: [30]}))
    except jh.InputDataError as exc:
        assert exc.problems[0].column == text
        return
    assert not other, "another figure was read as ours"
    assert table[column].item() == pytest.approx(30 * numerator / denominator)


@given(figures())
def test_a_unit_beside_plain_remarks_is_read_and_not_only_refused(header: tuple[str, str, str, bool]) -> None:
    """What is drawn here without another figure can be decided, in brackets or behind the name."""
    text, column, unit, other = header
    if other:
        return
    found, known = recognise(text), units_of(columns()[column].unit)
    assert found is not None and found.column == column
    assert found.unit is not None and known[found.unit] == known[unit]


# fmt: off
FRAGMENTS = [
    "万元", "元", "亩", "万", "千", "百", "千元", "平方米", "㎡", "公顷", "千册", "册", "人", "百人",
    "（", "）", "(", ")", "【", "】", "，", "、", "；", "：", "/", "_", "-", "单位",
    "计", "以", "按", "为单位", "含软件", "不含土建", "保留两位小数", "精确到", "原值", "折合", "合计", "年",
    "2024年", "生均",
    "1", "10", "1000", "0", "注", "填", "整数", "账面", "约", "=", "×", "请勿", "不是", "非",
    "如",
]
# fmt: on


@given(st.sampled_from(sorted(FIGURES)), st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=7), st.booleans())
def test_no_other_unit_is_hidden_in_a_remark(name: str, fragments: list[str], in_brackets: bool) -> None:
    """Whatever stands beside a name: with a factor of 1 no other unit of the column is in sight."""
    text = "".join(fragments)
    header = f"{name}（{text}）" if in_brackets else f"{name}{text}"
    found, column = recognise(header), columns()[FIGURES[name]]
    known = units_of(column.unit)
    if found is None or (found.unit is not None and known.get(found.unit) != (1, 1)):
        return
    said = fold(header.removeprefix(name))
    # 含软件 and 原值 hold none of these characters
    assert not [u for u, factor in known.items() if factor != (1, 1) and u in said], found
    assert not set("万亿千百") & set(said), found


@given(
    st.sampled_from(WORDS),
    st.sampled_from(["上年", "去年", "调整前", "上一年度数"]),
    st.lists(st.sampled_from(ON_WORDS), max_size=2),
    BRACKETS,
    SEPARATORS,
)
def test_words_of_another_time_are_not_read(
    name: str, other: str, remarks: list[str], bracket: str, separator: str
) -> None:
    for parts in ([*remarks, other], [other, *remarks]):
        assert recognise(name + bracket[0] + separator.join(parts) + bracket[1]) is None
        assert recognise(name + "".join(bracket[0] + p + bracket[1] for p in parts)) is None


@given(
    st.sampled_from(WORDS),
    st.lists(st.sampled_from(ON_WORDS), min_size=1, max_size=3),
    BRACKETS,
    SEPARATORS,
    st.booleans(),
    st.booleans(),
)
def test_a_remark_on_words_is_ignored_with_a_note(
    name: str, remarks: list[str], bracket: str, separator: str, apart: bool, before: bool
) -> None:
    plain = recognise(name)
    if apart:
        text = name + "".join(bracket[0] + r + bracket[1] for r in remarks)
    else:
        text = name + bracket[0] + separator.join(remarks) + bracket[1]
    text = f"【必填】{name}" if before else text
    found = recognise(text)
    assert found is not None and plain is not None and found.column == plain.column and found.unit is None
    said = " ".join(found.remarks)
    assert all(r in said for r in remarks) or before
    table = jh.standardize_columns(pd.DataFrame({text: ["是"]}))
    assert list(table) == [plain.column]


@given(st.text(max_size=30), st.sampled_from(sorted(FIGURES)))
def test_any_text_beside_a_name_is_read_refused_or_unknown(text: str, name: str) -> None:
    for header in (f"{name}({text})", f"{name}{text}", f"{text}{name}"):
        found = recognise(header)
        assert found is None or base_column(found.column) is not None


# -------------------------------------------------------------------------------------------- whole tables

CLEAN = {
    "区县名称": ["甲县", "甲县"],
    "学校名称": ["东街小学", "城关中学"],
    "学校代码": ["0012", "0013"],
    "学校类型": ["小学", "初中"],
    "学段": ["小学", "初中"],
    "年份": ["2025", "2025"],
    "是否参评": ["是", "否"],
    "在校生数": ["800", "1000"],
    "教学仪器设备值": ["1800000", "2900000"],
    "占地面积": ["16000", "18000"],
    "图书册数": ["24000", "30000"],
    "运动场地面积": ["6400", "10600"],
}


def messy_header(rng: random.Random, name: str, unit: str | None) -> str:
    """Return a header as a county may write it; without a unit only a remark, or nothing."""
    parts = [rng.choice(SAYS).format(unit)] if unit else []
    parts += rng.sample(ON_WORDS if name not in FIGURES else REMARKS, rng.randint(0, 2))
    rng.shuffle(parts)
    if not parts:
        return name
    bracket = rng.choice(["()", "（）", "【】", "[]", "〔〕", "［］"])
    if rng.random() < 0.5:
        return name + "".join(bracket[0] + p + bracket[1] for p in parts)
    return name + bracket[0] + rng.choice("，、；; ").join(parts) + bracket[1]


@pytest.mark.parametrize("seed", range(60))
def test_a_table_with_remarks_and_units_everywhere_is_the_clean_one(seed: int, tmp_path: Path) -> None:
    rng, clean, messy = random.Random(seed), pd.DataFrame(CLEAN), {}
    for name, cells in CLEAN.items():
        unit, figures_ = None, cells
        if name in FIGURES:
            known = units_of(columns()[FIGURES[name]].unit)
            unit = rng.choice([None, *sorted(u for u in known if not u.isascii())])
            numerator, denominator = known[unit] if unit else (1, 1)
            figures_ = [str(Decimal(c) * denominator / numerator) for c in cells]
        messy[messy_header(rng, name, unit)] = figures_
    clean.to_csv(tmp_path / "clean.csv", index=False)
    pd.DataFrame(messy).to_csv(tmp_path / "messy.csv", index=False)
    expected, report = jh.read_schools(tmp_path / "clean.csv"), jh.describe_file(tmp_path / "messy.csv")
    assert list(report.schools) == list(expected), list(messy)
    for column in expected:
        wanted = expected[column].tolist()
        number = column in FIGURES.values()
        assert report.schools[column].tolist() == (pytest.approx(wanted) if number else wanted)
    assert set(report.problems["severity"]) <= {"warning"}


# ----------------------------------------------------------------------------------- headings above headers


@pytest.mark.parametrize(
    ("path", "column", "unit"),
    [
        (("专任教师", "其中：高于规定学历"), "teachers_above_required_degree", None),
        (("专任教师", "其中", "高于规定学历"), "teachers_above_required_degree", None),
        (("占地面积（亩）", "运动场地面积"), "outdoor_sports_area_m2", "亩"),
        (("占地面积（平方米）", "其中", "运动场地面积"), "outdoor_sports_area_m2", "平方米"),
        (("固定资产总值(万元)", "教学仪器设备资产值"), "equipment_value_cny", "万元"),
        (("固定资产总值(万元)", "教学仪器设备资产值(元)"), "equipment_value_cny", "元"),
        (("固定资产（万元）", "教学", "仪器设备值"), "equipment_value_cny", "万元"),
        (("资产(百万)", "教学仪器设备值"), "equipment_value_cny", "资产(百万)"),
        (("基本情况（单位：人、平方米、万元）", "教学仪器设备值"), "equipment_value_cny", "万元"),
        (("基本情况（单位：人、平方米、万元）", "在校生数"), "students", "人"),
        (("小学(人)", "在校生数"), "students_primary", "人"),
        (("占地面积", "计(亩)"), "land_area_m2", "亩"),
        (("艺术", "计"), None, None),
        (("艺术", "音乐"), "music_teachers", None),
    ],
)
def test_a_unit_in_a_heading_goes_to_what_stands_below(path: tuple[str, ...], column: str, unit: str | None) -> None:
    found = meaning(path)
    assert (found.column if found else None, found.unit if found else None) == (column, unit)


# -------------------------------------------------------------------------------- categories and yes or no


@pytest.mark.parametrize(
    ("column", "typed", "word"),
    [
        ("kind", "中心小学", "primary"),
        ("kind", "村小", "primary"),
        ("kind", "完小", "primary"),
        ("kind", "九年制", "nine_year"),
        ("kind", "九年一贯", "nine_year"),
        ("kind", "初级中学", "junior"),
        ("kind", "完全中学", "complete_secondary"),
        ("kind", "教学点", "teaching_point"),
        ("kind", 312, "nine_year"),
        ("kind", "218", "teaching_point"),
        ("area_type", "镇乡结合区", "town"),
        ("area_type", 220.0, "rural"),
        ("stage", "小学阶段", "primary"),
        ("stage", "完全中学初中部", "junior"),
    ],
)
def test_words_of_counties_in_cells(column: str, typed: Any, word: str) -> None:
    assert jh.standardize_columns(pd.DataFrame({column: [typed]}))[column].tolist() == [word]


@pytest.mark.parametrize("typed", ["中学", "一贯制学校", "中心校", "职业初中", "职初", "附设小学班", "219", "高完中"])
def test_a_kind_that_is_not_certain_is_not_guessed(typed: str) -> None:
    raw = pd.DataFrame({"区县名称": ["甲县"], "学校名称": ["一校"], "学校类型": [typed], "学生人数": [9]})
    found = jh.check_schools(jh.standardize_columns(raw))
    assert typed in found.loc[found["code"] == "unknown_category", "value"].tolist()


# ------------------------------------------------------------------------------------------------ mappings


@pytest.mark.parametrize(
    ("header", "given_as", "column", "factor"),
    [
        ("学生", "在校生数", "students", 1),
        ("学生", "students", "students", 1),
        ("学生", "小学在校生数", "students_primary", 1),
        ("学生", "学生数（初中）", "students_junior", 1),
        ("设备", "教学仪器设备值", "equipment_value_cny", 1),
        ("设备(万元)", "教学仪器设备值", "equipment_value_cny", 10000),
        ("设备 万元", "教学仪器设备值", "equipment_value_cny", 10000),
        ("设备_万元", "equipment_value_cny", "equipment_value_cny", 10000),
        ("设备（含软件、万元）", "equipment_value_cny", "equipment_value_cny", 10000),
        ("设备", "教学仪器设备值(万元)", "equipment_value_cny", 10000),
        ("设备(万元)", "教学仪器设备值(万元)", "equipment_value_cny", 10000),
        ("校名二", "学校名称", "school", 1),
        ("在校生数（上年）", "在校生数", "students", 1),
    ],
)
def test_a_mapping_may_name_a_chinese_header(header: str, given_as: str, column: str, factor: float) -> None:
    told = described(header, {header: given_as})
    assert (told["column"], told["factor"]) == (column, factor)


@pytest.mark.parametrize(
    ("header", "given_as", "code"),
    [
        ("设备", "设备总和", "unknown_column"),
        ("学生", "在校生数（上年）", "unknown_column"),
        ("设备(元)", "教学仪器设备值(万元)", "unknown_unit"),
        ("设备(元、万元)", "equipment_value_cny", "unknown_unit"),
        ("设备（以万计）", "equipment_value_cny", "unknown_unit"),
        ("设备", "教学仪器设备值(箱)", "unknown_unit"),
    ],
)
def test_a_mapping_that_cannot_be_followed_is_refused(header: str, given_as: str, code: str) -> None:
    with pytest.raises(jh.InputDataError) as caught:
        jh.standardize_columns(pd.DataFrame({header: [1]}), {header: given_as})
    assert [(p.code, p.column) for p in caught.value.problems] == [(code, header)]


# --------------------------------------------------------------------------------------------- suggestions


@pytest.mark.parametrize(
    ("header", "first"),
    [
        ("体育课教师人数", "体育专任教师数"),
        ("教师数", "专任教师数"),
        ("仪器设备", "教学仪器设备资产值"),
        ("设备值", "教学仪器设备资产值"),
        ("多媒体教室数", "网络多媒体教室数"),
        ("骨干", "县级以上骨干教师数"),
        ("校园用地面积", "校园占地面积"),
        ("在校学生人数合计数", "学生人数"),
    ],
)
def test_suggestions_share_the_characters_that_say_most(header: str, first: str) -> None:
    told = nearest_columns(header)
    assert f"“{first}”" in str(getattr(told, "text", str)("zh"))
    assert str(getattr(told, "text", str)("zh")).startswith(f"；是否指“{first}”")


def test_nothing_is_suggested_where_nothing_is_near() -> None:
    assert [nearest_columns(h) for h in ("备注", "校医", "", "x", "三")] == [""] * 5
    assert did_you_mean("甲县", ["乙县", "丙县"]) == ""
    assert str(did_you_mean("boks", ["books", "图书"])) == "; did you mean books?"


@given(st.text(max_size=200), st.lists(st.text(max_size=200), max_size=5))
def test_suggestions_are_known_names_whatever_is_typed(name: str, known: list[str]) -> None:
    told = str(did_you_mean(name, known))
    assert told == "" or any(k in told for k in known)
