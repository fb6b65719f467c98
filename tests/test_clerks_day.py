"""A clerk's day: from an empty template to the declaration form and the plan, in Chinese from beginning to end.

A Chinese locale, a console that writes GBK as Windows does, files and folders with Chinese names, and a result that is
still open in Excel.
"""

from __future__ import annotations

import errno
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from filled_templates import SCHOOLS, fill
from pages import Page

import junheng as jh
from junheng.__main__ import main

STANDARD = "cn-quality-balance-2017"
#: Four words of English in a row. What was quoted, ids, paths and versions are taken out first.
FOUR_WORDS = re.compile(r"[A-Za-z]+(?:[\s,;:]+[A-Za-z]+){3}")
QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|`[^`]*`")
IDS = re.compile(r"\S*[_/\\=.-]\S*")


#: Titles of sources are quoted as the file of the standard has them.
TITLES = [source.title for source in jh.load_standard(STANDARD).sources.values()]


def english(text: str) -> str | None:
    """A run of four English words, None if there is none."""
    for title in TITLES:
        text = text.replace(title, "｜")
    found = FOUR_WORDS.search(IDS.sub("｜", QUOTED.sub("｜", text)))
    return None if found is None else found.group()


class Office:
    """The clerk's folder and console: every word that comes out of a command is looked at."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._patch = patch

    def run(self, *words: str, code: int = 0) -> str:
        """Run a command; return what it prints, both streams as GBK."""
        streams = [io.TextIOWrapper(io.BytesIO(), encoding="gbk", newline="") for _ in ("stdout", "stderr")]
        with self._patch.context() as patch:
            patch.setattr(sys, "stdout", streams[0])
            patch.setattr(sys, "stderr", streams[1])
            try:
                found = main(list(words))
            except SystemExit as stop:
                found = int(stop.code or 0)
        said = ""
        for stream in streams:
            stream.seek(0)
            said += stream.read()
        assert found == code, said
        assert english(said) is None, f"{words}: {english(said)}"
        # no character is lost on the way to the console
        assert "?" not in said, said
        return said

    def change(self, name: str, change: dict[str, Any], row: int = 2) -> None:
        """Type other figures in the row of a school, by header."""
        book = openpyxl.load_workbook(self.folder / name)
        sheet = book["学校表"]
        headers = [str(c.value) for c in sheet[1]]
        for header, value in change.items():
            sheet.cell(row, headers.index(header) + 1, value)
        book.save(self.folder / name)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    for name in ("LC_MESSAGES", "LANG", "JUNHENG_LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "zh_CN.GBK")
    folder = tmp_path / "教育局 基教股" / "2025年申报（初稿）"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return Office(folder, monkeypatch)


def texts_of(path: Path) -> list[str]:
    """What can be read in a written file: cells, comments, names of sheets; of a page also what pictures are called."""
    if path.suffix == ".html":
        text = path.read_text(encoding="utf-8")
        attributes = re.findall(r'\b(?:alt|title|aria-label)="([^"]*)"', text)
        # words of one element are not those of the next
        return [*Page(text).words, *attributes]
    book = openpyxl.load_workbook(path)
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row]
    notes = [c.comment.text for c in cells if c.comment is not None]
    return [*book.sheetnames, *(str(c.value) for c in cells if c.value is not None), *notes]


def read_in_chinese(path: Path) -> str:
    texts = texts_of(path)
    assert [e for text in texts if (e := english(text)) is not None] == []
    joined = "\n".join(texts)
    assert len(re.findall("[\u4e00-\u9fff]", joined)) > 50
    return joined


def test_from_the_empty_template_to_the_declaration_and_the_plan(office: Office) -> None:
    assert office.run("template", "--standard", STANDARD, "--out", "模板.xlsx") == "已写入：模板.xlsx\n"
    fill(office.folder / "模板.xlsx", STANDARD)
    # one school lacks what the plan can give it
    office.change("模板.xlsx", {"网络多媒体教室数(间)": 3, "教学仪器设备资产值(元)": 900000})

    said = office.run("check", "模板.xlsx", "--standard", STANDARD)
    assert f"读入{len(SCHOOLS)}行" in said and "县情数据，读入" in said and "0个错误" in said

    said = office.run("evaluate", "模板.xlsx", "--standard", STANDARD, "--out", "结果.xlsx")
    # facts of the workbook are used without being named
    assert "【政府保障程度】达标" in said and "【社会认可度】达标" in said and "未提供" not in said
    assert "第一小学" in read_in_chinese(office.folder / "结果.xlsx")

    office.run("report", "模板.xlsx", "--standard", STANDARD, "--out", "报告.html")
    assert "第一小学" in read_in_chinese(office.folder / "报告.html")

    said = office.run("declare", "模板.xlsx", "--standard", STANDARD, "--out", "申报表.xlsx")
    assert "未提供：0项，待定：0项，四舍五入影响结论：0项" in said
    form = read_in_chinese(office.folder / "申报表.xlsx")
    assert "示政〔2025〕5号" in form and "未提供（" not in form

    office.run("plan", "--standard", STANDARD, "--costs-template", "单价.xlsx")
    book = openpyxl.load_workbook(office.folder / "单价.xlsx")
    costs = book.worksheets[0]
    column = next(c.column for c in costs[1] if str(c.value).startswith("单价"))
    for row in range(2, costs.max_row + 1):
        costs.cell(row, column, 100)
    book.save(office.folder / "单价.xlsx")
    read_in_chinese(office.folder / "单价.xlsx")
    plan = ["plan", "模板.xlsx", "--standard", STANDARD, "--costs", "单价.xlsx", "--out"]
    assert "网络多媒体教室数" in office.run(*plan, "方案.xlsx")
    read_in_chinese(office.folder / "方案.xlsx")
    office.run(*plan, "方案.html", "--county", "示例县")
    read_in_chinese(office.folder / "方案.html")


@pytest.mark.slow
def test_what_is_missing_or_wrong_is_said_in_chinese(office: Office) -> None:
    fill(office.folder / "填了一半.xlsx", STANDARD, optional=False)
    gaps = {
        "学生人数(人)": None,
        "班级总数(个)": None,
        "教学及辅助用房面积(不含室内体育用房)(㎡)": "约3000",
        "办学性质": "公",
    }
    office.change("填了一半.xlsx", gaps)
    said = office.run("check", "填了一半.xlsx", "--standard", STANDARD, code=2)
    assert "约3000" in said
    for command in ("evaluate", "report", "declare", "plan"):
        more = [] if command == "evaluate" else ["--out", {"report": "报告.html"}.get(command, "表.xlsx")]
        costs = ["--costs", "computers=1"] if command == "plan" else []
        call = (command, "填了一半.xlsx", "--standard", STANDARD, *more, *costs)
        assert "约3000" in office.run(*call, code=2)
    office.change("填了一半.xlsx", {"教学及辅助用房面积(不含室内体育用房)(㎡)": "", "办学性质": ""})
    said = office.run("evaluate", "填了一半.xlsx", "--standard", STANDARD, "--out", "结果.xlsx")
    assert "待定" in said
    read_in_chinese(office.folder / "结果.xlsx")
    said = office.run("declare", "填了一半.xlsx", "--standard", STANDARD, "--out", "申报表.xlsx")
    assert "待定：0" not in said
    read_in_chinese(office.folder / "申报表.xlsx")


def refuse(path: Path) -> Any:
    raise PermissionError(errno.EACCES, "Permission denied", str(path))


@pytest.mark.parametrize("command", ["template", "evaluate", "report", "declare", "plan"])
def test_a_result_that_is_open_in_excel_is_not_lost(
    office: Office, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Excel lets nobody else write its file; a file marked read-only refuses in the same way."""
    out = office.folder / ("结果.html" if command == "report" else "结果.xlsx")
    out.write_bytes("旧的".encode())
    fill(office.folder / "模板.xlsx", STANDARD)
    usual = Path.open

    def locked(path: Path, mode: str = "r", *given: Any, **more: Any) -> Any:
        return refuse(path) if path.name == out.name and set(mode) & set("wax+") else usual(path, mode, *given, **more)

    monkeypatch.setattr(Path, "open", locked)
    source = [] if command == "template" else ["模板.xlsx"]
    costs = ["--costs", "computers=1"] if command == "plan" else []
    said = office.run(command, *source, "--standard", STANDARD, *costs, "--out", out.name, code=2)
    assert out.name in said and "Excel" in said
    assert out.read_bytes() == "旧的".encode()


def test_a_table_that_may_not_be_read_is_named(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(office.folder / "模板.xlsx", STANDARD)
    usual = Path.open
    monkeypatch.setattr(Path, "open", lambda p, *a, **k: refuse(p) if p.name == "模板.xlsx" else usual(p, *a, **k))
    assert "模板.xlsx" in office.run("check", "模板.xlsx", code=2)
    assert "没有的.xlsx" in office.run("check", "没有的.xlsx", code=2)
    assert "没有的.csv" in office.run("evaluate", "没有的.csv", "--standard", STANDARD, code=2)


@pytest.mark.slow
def test_a_console_of_its_own_writes_the_same(office: Office) -> None:
    """The command as Windows starts it, with the encoding of its console."""
    fill(office.folder / "模板.xlsx", STANDARD)
    here = {**os.environ, "PYTHONIOENCODING": "gbk", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = ["check", "模板.xlsx", "--standard", STANDARD]
    done = subprocess.run([sys.executable, "-m", "junheng", *command], env=here, capture_output=True, check=False)
    assert (done.returncode, (done.stdout + done.stderr).decode("gbk")) == (0, office.run(*command))
