"""``junheng plausibility``, and the line of it in ``check``."""

import re
from pathlib import Path

import pandas as pd
import pytest
from command_line import in_chinese, run
from english import english_in
from plain_kinds import BUNCHED, FAR, SAME, plain_kinds
from small_tables import QUALITY, frame, junior, school

import junheng as jh

openpyxl = pytest.importorskip("openpyxl")
__all__ = ["plain_kinds"]
pytestmark = pytest.mark.usefixtures("plain_kinds")


def table(county: str = "甲县") -> pd.DataFrame:
    rows = [school("一小", books=FAR), school("第二中心小学", teaching_area_m2=SAME, books=FAR + 1)]
    rows += [school("三小", teaching_area_m2=SAME), junior("四中"), school("一小", county="乙县")]
    return frame(*rows).replace({"county": {"甲县": county}})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    in_chinese(table()).to_csv("学校.csv", index=False, encoding="utf-8-sig")
    return tmp_path


def test_the_findings_are_printed_by_school(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, out, err = run(capsys, "plausibility", "学校.csv", "--language", "zh")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[:3] == [
        "甲县：3条线索，涉及2所学校",
        "  一小            1  数值明显偏离同类学校1",
        "  第二中心小学    2  数值明显偏离同类学校1、多项数据与他校相同1",
    ]
    assert lines[3] == "其余1个县未发现值得核实的数据" and "不说明数据不实" in out and "--out" in lines[-1]
    assert english_in(out) == []
    code, out, _ = run(capsys, "plausibility", "学校.csv", "--language", "en")
    assert code == 0 and out.startswith("甲县: 3 findings at 2 schools") and "out of range 1" in out


def test_long_lists_are_cut_unless_all_are_asked_for(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("junheng.cli.worklists._SCHOOLS", 1)
    monkeypatch.setattr("junheng.cli.worklists._COUNTIES", 1)
    in_chinese(pd.concat([table(), table("丙县")])).drop_duplicates().to_csv("三县.csv", index=False)
    out = run(capsys, "plausibility", "三县.csv", "--language", "zh")[1]
    assert "第二中心小学" not in out and "另有1所学校（--all 全部列出）" in out and "丙县" not in out
    assert "另有1个县有线索（--all 全部列出）" in out
    out = run(capsys, "plausibility", "三县.csv", "--language", "zh", "--all")[1]
    assert out.count("第二中心小学") == 2 and "另有" not in out and "丙县" in out


def test_with_all_each_finding_is_listed_with_its_cells(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Nobody needs a workbook to see which cell is meant, and why."""
    out = run(capsys, "plausibility", "学校.csv", "--language", "zh", "--all")[1]
    lines = out.splitlines()
    entries = jh.plausibility(jh.read_schools("学校.csv"), language="zh")
    books = entries.loc[entries["school"].eq("一小"), "evidence"].item()
    at = lines.index("  一小            1  数值明显偏离同类学校1")
    assert re.fullmatch(r"    学校![A-Z]+2：" + re.escape(books), lines[at + 1])
    assert sum(line.startswith("    学校!") for line in lines) == len(entries) == 3
    assert english_in(out.replace("!", "")) == [] and "--all" not in out


def test_nothing_to_report(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    in_chinese(frame(school(), junior())).to_csv("好.csv", index=False)
    code, out, err = run(capsys, "plausibility", "好.csv", "--language", "zh")
    assert (code, err, out) == (0, "", "核查了2所学校，未发现值得核实的数据。\n")


def test_a_worklist_is_written_filled_in_and_read_back(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, out, err = run(capsys, "plausibility", "学校.csv", "--standard", QUALITY, "--out")
    assert code == 0 and err == "" and "线索.xlsx" in out and (folder / "线索.xlsx").exists()
    book = openpyxl.load_workbook("线索.xlsx")
    page = book["线索"]
    heads = [c.value for c in page[1]]
    row = next(r for r in page.iter_rows(min_row=2) if r[-1].value)
    assert re.fullmatch(r"学校!\w+2", row[heads.index("所在单元格")].value)
    row[heads.index("说明")].value = "新建图书馆"
    book.save("已说明.xlsx")
    arguments = ("plausibility", "学校.csv", "--explained", "已说明.xlsx", "--language", "zh")
    code, out, err = run(capsys, *arguments, "--out", "再查.xlsx")
    assert code == 0 and err == ""
    assert out.startswith("甲县：2条待核实的线索，涉及1所学校；另有1条已说明")
    assert not any(line.startswith("  一小") for line in out.splitlines())
    assert "新建图书馆" in {c.value for r in openpyxl.load_workbook("再查.xlsx")["线索"] for c in r}
    # the figure changed: explained no more
    changed = table()
    changed.loc[0, "books"] += 1
    in_chinese(changed).to_csv("学校.csv", index=False, encoding="utf-8-sig")
    out = run(capsys, *arguments)[1]
    assert out.startswith("甲县：3条线索") and "有1条本次不再出现" in out


def test_what_was_not_used_of_a_worklist_is_noted(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    pd.DataFrame({"编号": ["?"], "核实结果": ["数据属实"], "说明": [None]}).to_csv("已说明.csv", index=False)
    code, _, err = run(capsys, "plausibility", "学校.csv", "--explained", "已说明.csv", "--language", "zh")
    assert code == 0 and "第2行填有内容，但没有编号，或编号已改动" in err


def test_several_files_are_years_or_counties(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    in_chinese(table()).to_csv("2023学校.csv", index=False)
    with pd.ExcelWriter("2024年.xlsx", engine="openpyxl") as book:
        in_chinese(table()).to_excel(book, index=False, sheet_name="表")
    code, out, err = run(capsys, "plausibility", "2023学校.csv", "2024年.xlsx", "--language", "zh", "--out", "a.xlsx")
    assert code == 0 and "甲县：5条线索" in out
    assert "文件名“2023学校.csv”写明“2023”" in err and "文件名“2024年.xlsx”写明“2024”" in err
    page = openpyxl.load_workbook("a.xlsx")["线索"]
    heads = [c.value for c in page[1]]
    cells = {r[heads.index("所在单元格")] for r in page.iter_rows(min_row=2, values_only=True)} - {None}
    assert any(c.startswith("2023学校.csv!") for c in cells) and any(c.startswith("[2024年.xlsx]表!") for c in cells)
    in_chinese(table("丙县").iloc[:4]).to_csv("丙县.csv", index=False)
    code, out, err = run(capsys, "plausibility", "学校.csv", "丙县.csv", "--language", "zh")
    assert (code, err) == (0, "") and "甲县：3条" in out and "丙县：3条" in out


def test_a_province_hands_each_county_its_own(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    in_chinese(pd.concat([table(), table("丙/县").iloc[:4]])).to_csv("省.csv", index=False)
    code, out, _ = run(capsys, "plausibility", "省.csv", "--out", "各县", "--language", "zh")
    assert code == 0 and sorted(p.name for p in Path("各县").iterdir()) == ["丙_县-线索.xlsx", "甲县-线索.xlsx"]
    assert out.count("已写入：") == 2
    book = openpyxl.load_workbook("各县/丙_县-线索.xlsx")
    told = {str(c.value) for sheet in book for row in sheet for c in row}
    assert "丙/县" in told and not any("甲县" in x or "乙县" in x for x in told)
    assert "核查了4所学校，发现3条值得核实的数据线索，涉及2所学校；其中待核实3条，已说明0条。" in told
    # what they send back is read together; nothing that they filled in is written over
    back = sorted(str(p) for p in Path("各县").iterdir())
    before = [Path(p).read_bytes() for p in back]
    code, out, err = run(capsys, "plausibility", "省.csv", "--explained", *back, "--out", "各县", "--language", "zh")
    assert code == 2 and "输入文件" in err and [Path(p).read_bytes() for p in back] == before
    assert run(capsys, "plausibility", "省.csv", "--explained", *back, "--out", "二次")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("学校.csv", "另一份.csv"), "文件“学校.csv”和“另一份.csv”有相同的学校（如“一小”）"),
        (("学校.csv", "--alpha", "3"), "alpha"),
        (("学校.csv", "--alpha", "多"), "alpha"),
        (("学校.csv", "--out", "线索.csv"), ".xlsx"),
        (("学校.csv", "--out", "学校.csv"), ".xlsx"),
        (("学校.csv", "--explained", "没有.xlsx"), "没有.xlsx"),
        (("学校.csv", "--explained", "学校.csv"), "不是线索表"),
        (("学校.csv", "--explained", "坏.xlsx"), "损坏"),
        (("学校.csv", "--explained", "旧.xlsx", "--out", "旧.xlsx"), "输出文件就是输入文件"),
        (("没有.csv",), "没有.csv"),
        (("缺列.csv",), "学段"),
        (("学校.csv", "--by", "片区"), "片区"),
        (("学校.csv", "--standard", "没有的标准"), "没有的标准"),
    ],
)
def test_errors_are_those_of_other_commands(
    capsys: pytest.CaptureFixture[str], folder: Path, arguments: tuple[str, ...], words: str
) -> None:
    in_chinese(table()).to_csv("另一份.csv", index=False)
    in_chinese(table().drop(columns=["stage"])).to_csv("缺列.csv", index=False)
    Path("坏.xlsx").write_bytes(b"PK\x03\x04 broken")
    Path("旧.xlsx").write_bytes(b"old")
    code, out, err = run(capsys, "plausibility", *arguments, "--language", "zh")
    assert code == 2 and out == "" and words in err and english_in(err, *arguments) == []
    assert Path("旧.xlsx").read_bytes() == b"old"


def test_facts_beside_the_schools_are_left_alone(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    with pd.ExcelWriter("县.xlsx", engine="openpyxl") as book:
        in_chinese(table()).to_excel(book, index=False, sheet_name="学校表")
        facts = pd.DataFrame({"项目": ["交流轮岗教师数", "某项"], "数值": ["约120", 3]})
        facts.to_excel(book, index=False, sheet_name="县情")
    code, out, _ = run(capsys, "plausibility", "县.xlsx", "--language", "zh")
    assert code == 0 and out.startswith("甲县：3条线索")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", "3条（数值明显偏离同类学校2、多项数据与他校相同1），涉及2所学校；用 junheng plausibility 学校.csv 列出"),
        ("en", "3 (out of range 2, copied figures 1) at 2 schools; 'junheng plausibility 学校.csv' lists them"),
    ],
)  # fmt: skip
def test_check_counts_them(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    code, out, _ = run(capsys, "check", "学校.csv", "--language", language)
    assert code == 0 and out.splitlines()[-1].endswith(words)
    # of a standard are found with it only
    standard = "cn-quality-balance-2017"
    out = run(capsys, "check", "学校.csv", "--standard", standard, "--language", language)[1]
    assert f"junheng plausibility 学校.csv --standard {standard}" in out.splitlines()[-1]
    in_chinese(frame(school(), junior())).to_csv("好.csv", index=False)
    code, out, _ = run(capsys, "check", "好.csv", "--language", language)
    assert code == 0 and out.splitlines()[-1] in ("值得核实的数据线索：未发现", "figures worth a look: none")


def test_check_says_why_it_did_not_look(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    in_chinese(table().drop(columns=["stage"])).to_csv("缺列.csv", index=False)
    code, out, _ = run(capsys, "check", "缺列.csv", "--language", "zh")
    assert code == 2 and out.splitlines()[-1].endswith("未核查")
    # cells that cannot be read are no reason
    wrong = table().astype(object)
    wrong.loc[3, "books"] = "约三万"
    in_chinese(wrong).to_csv("有错.csv", index=False)
    code, out, _ = run(capsys, "check", "有错.csv", "--language", "zh")
    assert code == 2 and "值得核实的数据线索：3条" in out


def test_what_is_printed_is_what_the_library_finds(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    found = jh.plausibility(jh.read_schools("学校.csv"))
    out = run(capsys, "plausibility", "学校.csv", "--language", "en")[1]
    assert out.startswith(f"甲县: {len(found)} findings at {found['school'].nunique()} schools")
    assert len(found) == 3 and BUNCHED not in set(found["value"])
