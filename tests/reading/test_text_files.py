"""Text files of every encoding, line end and separator: read as the clean table, or refused with the line."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import Any

import attrs
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from limited_children import Outcome, read_in_children

import junheng as jh
from junheng.reading import read_table
from junheng.reading.cells import read_figures
from junheng.reading.encodings import decode
from junheng.reading.input_file import InputFile
from junheng.reading.separators import find_separator
from junheng.schools import columns

HEADERS = ["区县名称", "学校名称", "学段", "学生人数", "教学及辅助用房面积", "备注"]
NAMES = ["东街小学", "西街小学", "城关中学", "李家湾教学点", "第一实验学校", "大营镇中心小学"]
REMARKS = ["", "新校", "与中学合用操场，另计", "见附件；共2页", "甲、乙两处"]
TRADITIONAL = ["東街國小", "實驗國民小學", "關廟學校", "龍潭國中", "臺灣藝術學校", "鹽埕國小"]


def quiet(read: Any, *args: Any, **more: Any) -> Any:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read(*args, **more)


def _named(data: bytes, name: str) -> Any:
    file = io.BytesIO(data)
    file.name = name
    return file


def described(data: bytes, name: str = "学校.csv", **choices: Any) -> Any:
    """Describe a file that is given by name and content."""
    return quiet(jh.describe_file, _named(data, name), **choices)


@attrs.frozen
class Way:
    """How a table is written as text."""

    encoding: str = "utf-8"
    end: str = "\n"
    separator: str = ","
    quoting: int = csv.QUOTE_MINIMAL
    says: bool = False
    dos: bool = False


ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "gb18030": "GB18030",
    "gbk": "GB18030",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "utf-32-le": "UTF-32",
    "utf-32-be": "UTF-32",
}
ENDS = ["\n", "\r\n", "\r", "\u2028", "\x85", "\x0c"]
SEPARATORS = [",", "\t", ";", "|", "，", "；", "｜", "、"]


def lines_of(rows: list[list[str]], way: Way) -> list[str]:
    """Write each row as a line."""
    out = []
    for row in rows:
        text = io.StringIO()
        csv.writer(text, delimiter=way.separator, quoting=way.quoting, lineterminator="").writerow(row)
        out.append(text.getvalue())
    return out


def written(lines: list[str], way: Way) -> bytes:
    """Write lines as a file."""
    said = [f"sep={way.separator}"] if way.says else []
    text = way.end.join([*said, *lines, ""]) + ("\x1a" if way.dos else "")
    return text.encode(way.encoding)


def encodable(way: Way) -> bool:
    try:
        (way.separator + way.end).encode(way.encoding)
    except UnicodeEncodeError:
        return False
    return True


ways = st.builds(
    Way,
    encoding=st.sampled_from(list(ENCODINGS)),
    end=st.sampled_from(ENDS),
    separator=st.sampled_from(SEPARATORS),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    says=st.booleans(),
    dos=st.booleans(),
).filter(encodable)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    n = draw(st.integers(2, 6))
    rows = [HEADERS]
    for i in range(n):
        figures = [str(draw(st.integers(10, 3000))), f"{draw(st.integers(100, 9000))}.5"]
        rows.append(
            ["甲县", NAMES[i], draw(st.sampled_from(["小学", "初中"])), *figures, draw(st.sampled_from(REMARKS))]
        )
    return rows


def clean(rows: list[list[str]]) -> Any:
    return described(written(lines_of(rows, Way()), Way()))


def same(a: pd.DataFrame, b: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(a, b)


@given(tables(), ways)
@example([HEADERS, ["甲县", "东街小学", "小学", "12", "100.5", ""]], Way("gb18030", "\r", "，", csv.QUOTE_ALL))
def test_a_table_is_the_same_in_every_writing(rows: list[list[str]], way: Way) -> None:
    report = described(written(lines_of(rows, way), way))
    same(report.schools, clean(rows).schools)
    assert report.encoding == ENCODINGS[way.encoding]
    assert len(report.problems) == len(clean(rows).problems)


# --------------------------------------------------------------------------------------------- planted faults


@attrs.frozen
class Planted:
    """A file with a fault in a line, counted from 1."""

    data: bytes
    line: int


def at_line(lines: list[str], way: Way, r: int) -> int:
    """Return where a line begins in the file."""
    empty = len("".encode(way.encoding))
    return len(written(lines[:r], attrs.evolve(way, dos=False))) if r else empty


def plant(fault: str, rows: list[list[str]], way: Way, r: int) -> Planted:
    lines = lines_of(rows, way)
    cells = rows[r]
    plain = way.separator.join(cells)
    changed: dict[str, str] = {
        "unclosed": f'{cells[0]}{way.separator}"{way.separator.join(cells[1:])}',
        "text after a quote": f'"{cells[0]}"x{way.separator}{way.separator.join(cells[1:])}',
        "lone quote": plain.replace(cells[1], cells[1] + '"'),
        "longer": f"{plain}{way.separator}7",
        "shorter": way.separator.join(cells[:4]),
        "another separator": ("|" if way.separator != "|" else ";").join(cells),
        "nul": plain.replace(cells[1], cells[1][0] + "\0" + cells[1][1:]),
    }
    line = r + 1 + way.says
    if fault in changed:
        lines[r] = changed[fault]
        return Planted(written(lines, way), line)
    data, start = written(lines, attrs.evolve(way, dos=False)), at_line(lines, way, r)
    if fault == "stray byte":
        return Planted(data[:start] + b"\xff" + data[start:], line)
    return Planted(data[: at_line(lines, way, r) + 1], line)


FAULTS = (
    "unclosed",
    "text after a quote",
    "lone quote",
    "longer",
    "shorter",
    "another separator",
    "nul",
    "stray byte",
    "cut off",
)


@given(tables(), ways.filter(lambda w: w.end in "\r\n"), st.sampled_from(FAULTS), st.data())
def test_a_planted_fault_is_named_with_its_line(
    rows: list[list[str]], way: Way, fault: str, data: st.DataObject
) -> None:
    if fault in ("stray byte", "cut off") and ENCODINGS[way.encoding] not in ("UTF-8", "GB18030"):
        way = attrs.evolve(way, encoding="utf-8")
    # a remark may hold the other separators, which is no fault
    rows = [rows[0], *([*row[:5], "新校"] for row in rows[1:])]
    r = data.draw(st.integers(1, len(rows) - 1))
    planted = plant(fault, rows, way, r)
    try:
        report = described(planted.data)
    except jh.JunhengError as error:
        told = str(error)
        assert f"line {planted.line}" in told or f"line {planted.line - way.says}" in told, (fault, told)
        assert error.text("zh") != told
        return
    named = " ".join(report.problems["message"]) + " ".join(str(c) for c in report.problems["cell"])
    assert fault in ("lone quote", "shorter"), fault
    assert f"B{r + 1}" in named or f"line {r + 1}" in named or f"such as {r + 1}" in named, (fault, named)


@given(tables(), st.integers(0, 4), st.integers(0, 4), st.data())
def test_a_quote_that_is_closed_in_another_line_is_refused(
    rows: list[list[str]], opened: int, closed: int, data: st.DataObject
) -> None:
    rows = [rows[0], *([*row[:5], "新校"] for row in rows[1:])]
    first = data.draw(st.integers(1, len(rows) - 2))
    second = data.draw(st.integers(first + 1, len(rows) - 1))
    rows[first][opened] = '"' + rows[first][opened]
    rows[second][closed] = rows[second][closed] + '"'
    with pytest.raises(jh.InputError, match=f"line {first + 1}"):
        described("\n".join(map(",".join, rows)).encode())


@given(tables(), st.integers(1, 400), st.sampled_from(["utf-8", "gb18030", "utf-16-le"]))
def test_a_file_cut_anywhere_loses_no_more_than_its_end(rows: list[list[str]], cut: int, encoding: str) -> None:
    whole = written(lines_of(rows, Way(encoding)), Way(encoding))
    cut = min(cut, len(whole) - len(written(lines_of(rows[:2], Way(encoding)), Way(encoding))))
    try:
        schools = described(whole[: len(whole) - cut]).schools
    except jh.JunhengError as error:
        assert "line" in str(error)
        return
    names = [row[1] for row in rows[1:]]
    read = schools["school"].tolist()
    assert read[:-1] == names[: len(read) - 1] and names[len(read) - 1].startswith(str(read[-1] or ""))


def test_one_stray_byte_does_not_change_the_encoding() -> None:
    rows = [HEADERS, *(["甲县", n, "小学", "500", "600", ""] for n in NAMES)]
    for encoding, name in (("utf-8", "UTF-8"), ("gb18030", "GB18030")):
        data = written(lines_of(rows, Way(encoding)), Way(encoding))
        at = data.index("城关".encode(encoding))
        with pytest.raises(jh.InputError, match=rf"line 4, character 4: the byte FF is not valid in {name}"):
            described(data[:at] + b"\xff" + data[at:])


# ------------------------------------------------------------------------------------------------ encodings


@given(
    st.lists(st.sampled_from(TRADITIONAL), min_size=2, max_size=6, unique=True), st.sampled_from(["cp950", "big5hkscs"])
)
def test_big5_is_read(names: list[str], codec: str) -> None:
    rows = [["school", "stage", "students"], *([n, "小學", "500"] for n in names)]
    report = described(written(lines_of(rows, Way(codec)), Way(codec)))
    assert report.schools["school"].tolist() == names and report.encoding == "Big5"


def test_characters_of_hong_kong_are_read() -> None:
    rows = [["school", "students"], ["深水埗嘅學校", "500"], ["鰂魚涌小學", "600"], ["啲小學", "7"]]
    report = described(written(lines_of(rows, Way("big5hkscs")), Way("big5hkscs")))
    assert report.schools["school"].tolist() == [r[0] for r in rows[1:]] and report.encoding == "Big5-HKSCS"


@pytest.mark.parametrize(
    ("text", "codec", "said"),
    [
        ("地域名,学校名,児童数\n甲,さくら小学校,500\n", "cp932", "Shift-JIS"),
        ("학교명,학생수\n서울초등학교,500\n부산초등학교,600\n", "euc_kr", "EUC-KR"),
        ("school,students\n서울초등학교,500\n부산초등학교,600\n", "euc_kr", "EUC-KR"),
        ("школа,students\nПервая,500\n", "cp1251", "not Chinese text"),
        ("school,students\nИванов,500\n", "utf-8", "UTF-8 or GB18030"),
        ("學校名稱,學生數\n一小,500\n", "cp950", "Big5"),
    ],
)
def test_other_encodings_are_refused_by_name(text: str, codec: str, said: str) -> None:
    with pytest.raises(jh.InputError, match=said) as caught:
        described(text.encode(codec))
    assert "学校.csv" in str(caught.value)


def test_two_byte_characters_are_not_taken_for_utf8() -> None:
    # 小学 in GB18030 is valid UTF-8: two letters of Cyrillic
    report = described("school,stage,students\nA,小学,500\n".encode("gb18030"))
    assert report.encoding == "GB18030" and report.schools["stage"].tolist() == ["primary"]
    assert described("school,students\nLycée,500\n".encode()).schools["school"].tolist() == ["Lycée"]


def test_the_real_table_in_big5_is_the_same(shared_data: Path) -> None:
    text = (shared_data / "taiwan_primary_schools_113.csv").read_text("utf-8-sig")
    kept = [line for line in text.splitlines() if line == line.encode("cp950", "ignore").decode("cp950")]
    mapping = {"學校名稱": "school", "縣市名稱": "county", "students_total": "students"}
    plain = described("\n".join(kept).encode(), mapping=mapping)
    assert len(plain.schools) > 2600
    for codec, name in (("cp950", "Big5"), ("gb18030", "GB18030"), ("utf-16-be", "UTF-16")):
        report = described("\r\n".join(kept).encode(codec), mapping=mapping)
        assert report.encoding == name
        same(report.schools, plain.schools)


@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_end_in_a_table_or_an_error(data: bytes) -> None:
    try:
        described(data)
    except jh.JunhengError as error:
        assert error.text("zh")


@given(st.binary(min_size=1, max_size=200))
def test_what_is_decoded_says_what_the_bytes_say(data: bytes) -> None:
    codecs = {"UTF-8": ["utf-8-sig"], "GB18030": ["gb18030"], "Big5": ["cp950"], "Big5-HKSCS": ["big5hkscs"]}
    try:
        text, name = decode(InputFile("a.csv", data), data)
    except jh.InputError:
        return
    wide = ["utf-16", "utf-16-le", "utf-16-be"] if name == "UTF-16" else ["utf-32", "utf-32-le", "utf-32-be"]
    assert any(data.decode(c, "ignore") == text for c in codecs.get(name, wide))


# ------------------------------------------------------------------------------ separators and quotation marks


@pytest.mark.parametrize("separator", SEPARATORS)
def test_text_named_xls_has_any_separator(separator: str) -> None:
    text = "\n".join(separator.join(row) for row in [HEADERS[:4], ["甲县", "东街小学", "小学", "500"]])
    report = described(text.encode("gb18030"), "a.xls")
    assert report.kind == "text" and report.schools["students"].tolist() == [500.0]


def test_blanks_around_quotation_marks_are_no_part_of_a_name() -> None:
    report = described('学校名称, 学段, 学生人数\n "东街小学, 分校", 小学, "1,206"\n'.encode())
    assert report.schools[["school", "students"]].values.tolist() == [["东街小学, 分校", 1206.0]]


def test_one_column_is_read_if_its_header_is_known() -> None:
    assert described("学校名称\n东街小学\n西街小学\n".encode()).schools["school"].tolist() == ["东街小学", "西街小学"]
    with pytest.raises(jh.InputError, match=r"none of|the only header"):
        described("东街小学\n西街小学\n".encode())


def test_a_remark_of_two_lines_is_no_unclosed_quote() -> None:
    report = described('学校名称,学段,学生人数,备注\n东街小学,小学,500,"新校\n迁建，另计"\n西街小学,小学,6,\n'.encode())
    assert report.schools["school"].tolist() == ["东街小学", "西街小学"]


def test_no_global_setting_is_changed() -> None:
    before = csv.field_size_limit()
    with pytest.raises(jh.InputError, match=r"line 2 contains a cell that is too long"):
        described(("学校名称,学生人数\n" + "一" * (before + 1) + ",5\n").encode())
    assert csv.field_size_limit() == before


HEAD = "学校名称,学段,学生人数\n"
HOSTILE = {
    "an unclosed quote in each line": HEAD + '"一小,小学,500\n' * 4_000,
    "quotes only": HEAD + '"' * 90_000,
    "commas only": "," * 90_000,
    "blanks in a figure": HEAD + "一小,小学,1" + " " * 80_000 + "x\n",
    "blanks in a name": HEAD + "一小" + " " * 80_000 + "x,小学,1\n",
    "wide blanks in a name": HEAD + "一小" + "\u3000" * 30_000 + "x,小学,1\n",
    "blanks in a header": "学校名称,学生" + " " * 80_000 + "x\n一小,1\n",
    "commas in a figure": HEAD + '一小,小学,"' + "1," * 40_000 + '"\n',
    "blanks before quotes": HEAD + "\u200b" * 20_000 + '"\n',
    "lines without end": HEAD + "\r" * 90_000,
    "one long line": "一小" * 15_000,
    "a long header": "学" * 15_000 + ",学校名称\n一小,2\n",
    "lone quotes": HEAD + 'a",b"b,c"\n' * 8_000,
    "line breaks in quotes": HEAD + '"一小\n二小",小学,500\n' * 3_000,
    "signs of Korea": "切背疙,切积荐\n" * 5_000,
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    folder = tmp_path_factory.mktemp("hostile")
    paths = {name: folder / f"{i}.csv" for i, name in enumerate(HOSTILE)}
    for name, path in paths.items():
        path.write_bytes(HOSTILE[name].encode("gb18030" if "Korea" in name else "utf-8")[:100_000])
    return dict(zip(paths, read_in_children(paths.values()), strict=True))


@pytest.mark.skipif(sys.platform == "win32", reason="limits are those of POSIX")
@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_takes_long(hostile: dict[str, Outcome], name: str) -> None:
    one = hostile[name]
    assert one.how in ("read", "refused") and one.seconds <= 2 and one.megabytes <= 300, one
    assert one.said.count("\n") <= 25


# ------------------------------------------------------------------------------------------- decimal commas


def figures(*cells: Any, decimal: str | None = None) -> list[Any]:
    import numpy as np

    values = np.empty(len(cells), dtype=object)
    values[:] = cells
    read = read_figures(values, columns()["teaching_area_m2"], (1, 1), decimal)
    return [None if i in read.bad else v for i, v in enumerate(list(read.values))]


@pytest.mark.parametrize(
    ("cells", "decimal", "right"),
    [
        (["12,50", "7"], None, [12.5, 7.0]),
        (["1,500", "7"], None, [1500.0, 7.0]),
        (["1,500", "12,50"], None, [None, 12.5]),
        (["1.500", "12,50"], None, [None, 12.5]),
        (["1,500,000", "12,50"], None, [1500000.0, None]),
        (["1,500.25", "12,50"], None, [1500.25, None]),
        (["0,500", "7"], None, [0.5, 7.0]),
        (["1,27584", "7"], None, [None, 7.0]),
        (["1,1559", "12,5", "0,12345"], None, [None, 12.5, 0.12345]),
        (["1,1559"], ",", [1.1559]),
        (["1.500,25", "7"], None, [1500.25, 7.0]),
        (["１２，５", "7"], None, [12.5, 7.0]),
        (["12,5平方米", "7"], None, [12.5, 7.0]),
        (["1,5,0", "7"], None, [None, 7.0]),
        (["1.500,25", "1.500", "12,5", "7"], ",", [1500.25, 1500.0, 12.5, 7.0]),
        (["1,500", "12.5", "1.5e3", 12.5], ",", [1.5, None, None, 12.5]),
        (["1,500", "12,5", "1.500"], ".", [1500.0, None, 1.5]),
    ],
)
def test_a_comma_of_decimals(cells: list[Any], decimal: str | None, right: list[Any]) -> None:
    assert figures(*cells, decimal=decimal) == right


@given(st.lists(st.decimals(0, 99_999, places=2), min_size=1, max_size=6), st.sampled_from(["", ".", " "]))
def test_figures_with_a_comma_are_read_as_said(numbers: list[Any], thousands: str) -> None:
    texts = [f"{n:,}".replace(",", "x").replace(".", ",").replace("x", thousands) for n in numbers]
    assert figures(*texts, decimal=",") == [float(n) for n in numbers]
    assert figures(*texts) == [float(n) for n in numbers]


def test_a_comma_of_decimals_in_a_file(tmp_path: Path) -> None:
    text = "学校名称;学段;教学及辅助用房面积\n东街小学;小学;1.500,25\n西街小学;小学;1.500\n合计;;3.000,25\n"
    report = described(text.encode(), decimal=",")
    assert report.schools["teaching_area_m2"].tolist() == [1500.25, 1500.0]
    assert "total_mismatch" not in report.problems["code"].tolist()
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    assert quiet(jh.read_schools, path, decimal=",")["teaching_area_m2"].tolist() == [1500.25, 1500.0]
    unclear = described(text.encode())
    (cell,) = unclear.problems.loc[unclear.problems["code"] == "text_in_number", "cell"]
    assert cell == "C3" and "decimal=" in " ".join(unclear.problems["message"])
    with pytest.raises(jh.InputError, match="decimal must be"):
        described(text.encode(), decimal="x")


# ------------------------------------------------------------------------------------------ unknown headers


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt", "a.xls"])
def test_unknown_headers_are_refused_with_known_ones_near_them(name: str) -> None:
    data = "学校名字,人头\n东街小学,500\n".encode()
    with pytest.raises(jh.InputError, match=r"'学校名字'.*'人头'.*mapping=") as caught:
        described(data, name)
    assert "学校名称" in str(caught.value)
    assert described(data, name, mapping={"学校名字": "school", "人头": "students"}).schools["students"].tolist() == [
        500.0
    ]
    assert described(data, name, header=1).schools["人头"].tolist() == ["500"]
    assert quiet(read_table, _named(data, name))["人头"].tolist() == ["500"]


# ------------------------------------------------------------------------------------- the samples, as they are


def test_the_sample_in_big5_through_a_mapping(shared_data: Path) -> None:
    folder = shared_data / "field-2026-11"
    mapping = {
        "縣市名稱": "county",
        "學校名稱": "school",
        "學段": "stage",
        "學生數": "students",
        "專任教師數": "teachers",
    }
    schools = quiet(jh.read_schools, folder / "f13_big5.csv", mapping=mapping)
    assert schools["school"].tolist() == ["東街小學", "西街小學"] and schools["students"].tolist() == [800.0, 600.0]


@pytest.mark.parametrize("place", range(4))
def test_a_label_with_a_mark_inside_does_not_separate_the_file(place: int) -> None:
    """One line holds 、 in a label, and no line holds a figure: commas separate."""
    names = ["校舍面积", "骨干教师", "图书"]
    names.insert(place, "体育、艺术专任教师数")
    text = "项目（列）,单位,单价（元）\n" + "".join(f"{name},人,\n" for name in names)
    assert find_separator(text) == ","
