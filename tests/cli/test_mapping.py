"""The option --mapping 表头=列名 of every command that reads a table of schools."""

from pathlib import Path

import pandas as pd
import pytest
from command_line import in_chinese, run, table

import junheng as jh

STANDARD = ("--standard", "cn-basic-balance-2012")
#: Headers that nobody knows, the last two in another unit.
ODD = {"学生人数": "生数", "教学仪器设备资产值": "装备(万元)", "图书册数": "书=本"}
MAPPING = ("--mapping", "生数=在校生数", "--mapping", "装备(万元)=equipment_value_cny", "--mapping", "书=本=图书")


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    path = tmp_path / "学校.csv"
    schools = in_chinese(table())
    schools["教学仪器设备资产值"] = schools["教学仪器设备资产值"] / 10_000
    schools.rename(columns=ODD).to_csv(path, index=False, encoding="utf-8-sig")
    return path


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "plain.csv"
    in_chinese(table()).to_csv(path, index=False, encoding="utf-8-sig")
    return path


@pytest.mark.parametrize("language", ["zh", "en"])
def test_check_says_how_mapped_headers_are_read(odd: Path, capsys: pytest.CaptureFixture[str], language: str) -> None:
    _, out, err = run(capsys, "check", odd, *MAPPING, "--language", language)
    for header, column in (("生数", "students"), ("装备(万元)", "equipment_value_cny"), ("书=本", "books")):
        (line,) = [x for x in out.splitlines() if header in x and "→" in x]
        assert column in line
    assert "10000" in out and not err


def test_a_header_may_be_given_without_its_unit_unless_two_have_the_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schools = in_chinese(table()).rename(columns={"教学仪器设备资产值": "装备（万元）", "图书册数": "书（册）"})
    schools["装备（万元）"] /= 10_000
    schools.to_csv(tmp_path / "a.csv", index=False)
    mapping = ("--mapping", "装备=equipment_value_cny", "--mapping", "书=图书")
    code, out, _ = run(capsys, "check", tmp_path / "a.csv", *mapping, "--language", "zh")
    assert code == 0 and "equipment_value_cny，× 10000（万元）" in out and "书（册） → 图书册数 books" in out
    schools.assign(**{"书（本）": 1}).to_csv(tmp_path / "b.csv", index=False)
    code, _, err = run(capsys, "check", tmp_path / "b.csv", *mapping, "--language", "zh")
    assert code == 2 and "“书”不是表中的列" in err


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_missing_column_names_the_headers_that_nobody_knows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    odd = {"学生人数": "生数", "体育、艺术专任教师数": "音体美"}
    in_chinese(table()).rename(columns=odd).to_csv(tmp_path / "a.csv", index=False)
    quality = ("--standard", "cn-quality-balance-2017", "--language", language)
    code, out, _ = run(capsys, "check", tmp_path / "a.csv", *quality)
    lines = [x for x in out.splitlines() if ("missing column" if language == "en" else "：缺少“") in x]
    assert code == 2 and lines
    for line in lines:
        assert "音体美" in line and "生数" in line and "--mapping" in line
        assert ("add it" if language == "en" else "请增加该列") in line
    # without such headers the advice is short
    in_chinese(table()).drop(columns="学生人数").to_csv(tmp_path / "b.csv", index=False)
    assert "--mapping" not in run(capsys, "check", tmp_path / "b.csv", *quality)[1]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_evaluate_finds_the_same_with_mapped_headers(
    odd: Path, plain: Path, capsys: pytest.CaptureFixture[str], language: str, tmp_path: Path
) -> None:
    code, out, _ = run(capsys, "evaluate", odd, *STANDARD, *MAPPING, "--language", language)
    assert code == 0
    assert out == run(capsys, "evaluate", plain, *STANDARD, "--language", language)[1]


def test_report_declare_and_plan_take_mapped_headers(
    odd: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for command, more in (
        ("report", ("--out", tmp_path / "a.html")),
        ("declare", ("--out", tmp_path / "a.xlsx")),
        ("plan", ("--costs", "books=25", "equipment_value_cny=1")),
    ):
        code, _, err = run(capsys, command, odd, *STANDARD, *MAPPING, *more)
        assert code == 0, (command, err)


def test_a_sheet_is_told_by_the_names_that_a_mapping_gives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"甲": ["一小"], "乙": [500]}).to_excel(book, sheet_name="表", index=False)
        pd.DataFrame({"说明": ["x"], "其他": ["y"]}).to_excel(book, sheet_name="别的", index=False)
    _, out, err = run(capsys, "check", path, "--mapping", "甲=学校名称", "--mapping", "乙=在校生数", "--language", "zh")
    assert not err and "students" in out


@pytest.mark.parametrize(
    ("pairs", "zh", "en"),
    [
        (("生数",), "须写作 表头=列名，而非“生数”", "must be written HEADER=COLUMN, not '生数'"),
        (("=students",), "须写作 表头=列名", "must be written HEADER=COLUMN"),
        (("生数=",), "须写作 表头=列名", "must be written HEADER=COLUMN"),
        (("生数=students", "生数=books"), "给“生数”指明了两个列", "gives two columns to '生数'"),
        (("没有=students",), "“没有”不是表中的列", "'没有', which is not in the table"),
        (
            ("生数=在学生数",),
            "“在学生数”不是规定的列名或已知表头；是否指“学生人数”",
            "neither a column nor a known header",
        ),
        (("装备(万元)=教学仪器设备值(元)",), "万元/元", "万元/元"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused(
    odd: Path, capsys: pytest.CaptureFixture[str], pairs: tuple[str, ...], zh: str, en: str
) -> None:
    options = [x for pair in pairs for x in ("--mapping", pair)]
    for language, words in (("zh", zh), ("en", en)):
        code, out, err = run(capsys, "evaluate", odd, *STANDARD, *options, "--language", language)
        assert code == 2 and words in err and not out, err


def test_read_schools_takes_chinese_names_too(odd: Path) -> None:
    schools = jh.read_schools(odd, mapping={"生数": "在校生数", "装备(万元)": "教学仪器设备值", "书=本": "图书册数"})
    assert {"students", "equipment_value_cny", "books"} <= set(schools)
