"""No run of four English words in anything that a user who asked for Chinese gets to read."""

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command_line import in_chinese, table
from english import english_in
from pages import Page
from small_tables import BASIC, QUALITY, SHANDONG

import junheng as jh
from junheng.__main__ import main

COSTS = ("books=10", "计算机=5000", "teaching_area_m2=1", "sports_area_m2=1", "equipment_value_cny=1",
         "multimedia_classrooms=1", "backbone_teachers=1", "pe_art_teachers=1",
         "teachers_above_required_degree=1")  # fmt: skip
JUDGED = ("学校.csv", "--standard", QUALITY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files, good ones and others."""
    at = tmp_path_factory.mktemp("县")
    schools = table()
    schools.loc[1, "backbone_teachers"] = None
    in_chinese(schools).assign(片区代号=1).to_csv(at / "学校.csv", index=False, encoding="gb18030")
    both = pd.concat([schools, schools.assign(county="乙县")])
    in_chinese(both).to_csv(at / "两县.csv", index=False, encoding="utf-8-sig")
    wrong = schools.astype(object)
    wrong.loc[0, "books"], wrong.loc[1, "students"], wrong.loc[2, "stage"] = "约三万", -5, "幼儿园"
    in_chinese(pd.concat([wrong, wrong.iloc[[3]]])).to_csv(at / "有错.csv", index=False)
    (at / "县情.csv").write_text("项目,数值\n交流轮岗教师数,120\n学校规划布局合理，符合国家规定要求,是\n某项,3\n")
    (at / "县情有错.csv").write_text("项目,数值\n交流轮岗教师数,约120\n学校规划布局合理，符合国家规定要求,也许\n")
    (at / "空.csv").write_text("")
    (at / "杂.csv").write_text("a,b\n1,2\n")
    (at / "坏.xlsx").write_bytes(b"PK\x03\x04 broken")
    (at / "图.png").write_bytes(b"\x89PNG\r\n\x1a\n....")
    (at / "文.docx").write_bytes(b"PK\x03\x04")
    (at / "单价.csv").write_text("项目,单价\n图书册数,多\nxxx,3\n教室,4\n", encoding="utf-8")
    (at / "坏.toml").write_text("id = 3\nfoo")
    (at / "缺.toml").write_text('id = "x"\n[label]\nzh = "甲"\n', encoding="utf-8")
    (at / "错.toml").write_text(f'extends = "{QUALITY}"\nid = "x"\nfoo = 3\n', encoding="utf-8")
    (at / "夹").mkdir()
    (at / "夹.xlsx").mkdir()
    return at


@pytest.fixture
def call(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run the command line in the folder, in Chinese; what it prints must hold no English."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("JUNHENG_LANGUAGE", "zh")

    def run(*arguments: str) -> tuple[Any, str]:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                code: Any = main(arguments)
            except SystemExit as stopped:
                code = stopped.code
        text = "".join(capsys.readouterr())
        assert english_in(text, *arguments, str(folder)) == [], text
        assert ("Traceback" not in text and "{" not in text.replace("{en,zh}", "")) or "用法" in text
        return code, text

    return run


WRONG: tuple[tuple[str, ...], ...] = (
    (),
    ("judge",),
    ("evaluate",),
    ("evaluate", "学校.csv"),
    ("evaluate", *JUDGED, "--bogus"),
    ("evaluate", *JUDGED, "又一个"),
    ("evaluate", "学校.csv", "--standard"),
    ("evaluate", *JUDGED, "--missing", "maybe"),
    ("evaluate", *JUDGED, "--on-error", "x"),
    ("evaluate", *JUDGED, "--decimal", "x"),
    ("evaluate", *JUDGED, "--language", "fr"),
    ("evaluate", *JUDGED, "--relax"),
    ("evaluate", *JUDGED, "--all=x"),
    ("evaluate", *JUDGED, "--m", "x"),
    ("evaluate", "没有.csv", "--standard", QUALITY),
    ("evaluate", "夹", "--standard", QUALITY),
    ("evaluate", "空.csv", "--standard", QUALITY),
    ("evaluate", "杂.csv", "--standard", QUALITY),
    ("evaluate", "坏.xlsx", "--standard", QUALITY),
    ("evaluate", "图.png", "--standard", QUALITY),
    ("evaluate", "文.docx", "--standard", QUALITY),
    ("evaluate", "有错.csv", "--standard", QUALITY),
    ("evaluate", "有错.csv", "--standard", QUALITY, "--all"),
    ("evaluate", "有错.csv", "--standard", SHANDONG),
    ("evaluate", "学校.csv", "--standard", "没有的标准"),
    ("evaluate", "学校.csv", "--standard", "cn-quality-balanc-2017"),
    ("evaluate", "学校.csv", "--standard", "没有.toml"),
    ("evaluate", "学校.csv", "--standard", "夹"),
    ("evaluate", "学校.csv", "--standard", "坏.toml"),
    ("evaluate", "学校.csv", "--standard", "缺.toml"),
    ("evaluate", "学校.csv", "--standard", "错.toml"),
    ("evaluate", *JUDGED, "--county", "丙县"),
    ("evaluate", *JUDGED, "--by", "片区"),
    ("evaluate", *JUDGED, "--relax", "没有"),
    ("evaluate", *JUDGED, "--missing", "raise"),
    ("evaluate", *JUDGED, "--sheet", "没有"),
    ("evaluate", *JUDGED, "--mapping", "图书"),
    ("evaluate", *JUDGED, "--mapping", "图书=没有的列"),
    ("evaluate", *JUDGED, "--mapping", "没有的表头=books"),
    ("evaluate", *JUDGED, "--mapping", "学校名称=图书册数", "--mapping", "学校名称=学段"),
    ("evaluate", *JUDGED, "--facts", "没有.csv"),
    ("evaluate", *JUDGED, "--facts", "夹"),
    ("evaluate", *JUDGED, "--facts", "杂.csv"),
    ("evaluate", *JUDGED, "--facts", "县情有错.csv"),
    ("evaluate", *JUDGED, "--out", "结果.txt"),
    ("evaluate", *JUDGED, "--out", "学校.csv"),
    ("evaluate", *JUDGED, "--out", "夹.xlsx"),
    ("evaluate", *JUDGED, "--out", "没有/结果.xlsx"),
    ("declare", *JUDGED),
    ("declare", "学校.csv", "--standard", SHANDONG, "--out", "表.xlsx"),
    ("declare", "两县.csv", "--standard", QUALITY, "--out", "表.xlsx"),
    ("report", *JUDGED, "--out", "报告.pdf"),
    ("template", "--standard", QUALITY, "--out", "模板.csv"),
    ("plan", "--standard", QUALITY),
    ("plan", *JUDGED),
    ("plan", *JUDGED, "--costs", "没有.csv"),
    ("plan", *JUDGED, "--costs", "夹"),
    ("plan", *JUDGED, "--costs", "杂.csv"),
    ("plan", *JUDGED, "--costs", "单价.csv"),
    ("plan", *JUDGED, "--costs", "没有=3"),
    ("plan", *JUDGED, "--costs", "books=多"),
    ("plan", *JUDGED, "--costs", "books=1", "books=2"),
    ("plan", *JUDGED, "--costs", *COSTS, "--budget", "-1"),
    ("plan", *JUDGED, "--costs", *COSTS, "--nodes", "多"),
    ("plan", *JUDGED, "--costs", *COSTS, "--nodes", "-1"),
    ("plan", *JUDGED, "--costs", *COSTS, "--moves", "books=1"),
    ("plan", *JUDGED, "--costs", "books=1"),
    ("plan", "--standard", QUALITY, "--costs-template", "单价.json"),
    ("plausibility",),
    ("plausibility", "没有.csv"),
    ("plausibility", "学校.csv", "学校.csv"),
    ("plausibility", "学校.csv", "--alpha", "多"),
    ("plausibility", "学校.csv", "--explained"),
    ("plausibility", "学校.csv", "--explained", "杂.csv"),
    ("plausibility", "学校.csv", "--out", "学校.csv"),
    ("check", "没有.csv"),
    ("check", "有错.csv"),
)


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_a_wrong_call_is_answered_in_chinese(call: Callable[..., Any], arguments: tuple[str, ...]) -> None:
    code, text = call(*arguments)
    assert code == 2 and any("\u4e00" <= c <= "\u9fff" for c in text)


def test_an_output_that_is_locked_and_an_extra_that_is_missing(
    call: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "The process cannot access the file because it is being used", str(folder))

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on this device at all")

    for broken in (locked, full):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", broken)
            assert call("evaluate", *JUDGED, "--out", "锁.json")[0] == 2
        with monkeypatch.context() as patch:
            patch.setattr("junheng.cli.commands.open_input", broken)
            assert call("evaluate", *JUDGED, "--facts", "县情.csv")[0] == 2
    for module, arguments in (
        ("xlsxwriter", ("evaluate", *JUDGED, "--out", "结果.xlsx")),
        ("xlsxwriter", ("template", "--standard", QUALITY, "--out", "模板.xlsx")),
        ("xlsxwriter", ("declare", *JUDGED, "--out", "表.xlsx")),
        ("python_calamine", ("check", "坏.xlsx")),
        ("scipy", ("plan", *JUDGED, "--costs", *COSTS)),
    ):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, module, None)
            call(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        *((command, "--help") for command in
          ("demo", "check", "evaluate", "declare", "report", "plan", "plausibility", "standards", "template")),
        ("demo",),
        ("standards",),
        ("check", "学校.csv", "--standard", QUALITY),
        ("evaluate", *JUDGED, "--facts", "县情.csv"),
        ("evaluate", "学校.csv", "--standard", BASIC, "--county", "甲县"),
        ("evaluate", "学校.csv", "--standard", "cn-sd-basic-balance-2013"),
        ("evaluate", *JUDGED, "--missing", "omit"),
        ("plausibility", "两县.csv", "--standard", QUALITY),
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_is_printed_is_chinese(call: Callable[..., Any], arguments: tuple[str, ...]) -> None:
    assert call(*arguments)[0] == 0


def written(path: Path) -> str:
    """Everything that a file shows its reader."""
    if path.suffix == ".html":
        return Page(path.read_text(encoding="utf-8")).text
    if path.suffix != ".xlsx":
        return path.read_text(encoding="utf-8-sig").replace('"', "")
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.load_workbook(path)
    texts = list(book.sheetnames)
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                texts += [str(cell.value)] if isinstance(cell.value, str) else []
                texts += [cell.comment.text] if cell.comment else []
        for rule in sheet.data_validations.dataValidation:
            texts += [t for t in (rule.error, rule.errorTitle, rule.prompt, rule.promptTitle) if t]
    return "\n".join(texts)


@pytest.mark.parametrize(
    ("out", "arguments"),
    [
        ("结果.xlsx", ("evaluate", *JUDGED, "--facts", "县情.csv")),
        ("结果2012.xlsx", ("evaluate", "学校.csv", "--standard", BASIC)),
        ("结果.csv", ("evaluate", *JUDGED)),
        ("表.xlsx", ("declare", *JUDGED, "--facts", "县情.csv")),
        ("表2012.xlsx", ("declare", "学校.csv", "--standard", BASIC)),
        ("报告.html", ("report", *JUDGED, "--facts", "县情.csv")),
        ("两县.html", ("report", "两县.csv", "--standard", BASIC)),
        ("模板.xlsx", ("template", "--standard", QUALITY)),
        ("模板2008.xlsx", ("template", "--standard", SHANDONG)),
        ("线索.xlsx", ("plausibility", "两县.csv", "--standard", QUALITY)),
        ("方案.xlsx", ("plan", *JUDGED, "--costs", *COSTS)),
        ("方案.html", ("plan", *JUDGED, "--costs", *COSTS)),
        ("方案不足.csv", ("plan", *JUDGED, "--costs", *COSTS, "--budget", "10")),
    ],
)
def test_what_is_written_is_chinese(call: Callable[..., Any], folder: Path, out: str, arguments: Any) -> None:
    if out.endswith(".html"):
        pytest.importorskip("jinja2")
    code, _ = call(*arguments, "--out", out)
    assert code == 0
    for path in folder.glob(f"{Path(out).stem}*{Path(out).suffix}"):
        assert english_in(written(path)) == [], path.name


def test_costs_to_be_filled_in_are_chinese(call: Callable[..., Any], folder: Path) -> None:
    assert call("plan", "--standard", QUALITY, "--costs-template", "空白单价.xlsx")[0] == 0
    assert english_in(written(folder / "空白单价.xlsx")) == []


@pytest.mark.parametrize("standard", [BASIC, QUALITY, SHANDONG, "cn-gz-majiang-2023"])
def test_what_a_notebook_shows_is_chinese(standard: str) -> None:
    schools = jh.synthetic.county(seed=3, n_schools=14, missing=0.03).assign(片区代号=1)
    ev = jh.evaluate(schools, standard, county_facts={"exchanged_teachers": 3, "某项": 4}).relabel("zh")
    frames = [n for n in dir(type(ev)) if isinstance(getattr(ev, n, None), pd.DataFrame)]
    assert {"problems", "left_out", "item_schools", "facts", "grades", "county_indicators"} <= set(frames)
    texts = [getattr(ev, n).to_csv() for n in frames]
    texts += [ev.explain(), ev._repr_html_(), str(ev.provenance), jh.margins(ev).to_csv() if ev.standard.limits else ""]
    if ev.standard.thresholds:
        lacks = jh.shortfalls(ev)
        costs = dict.fromkeys(jh.shortfall_totals(ev.relabel(None))["column"], 1)
        plan = jh.plan(ev, unit_costs=costs, budget=10, nodes=0, progress=False)
        texts += [lacks.to_csv(), jh.shortfall_totals(ev).to_csv(), plan._repr_html_(), plan.after.explain()]
        texts += [getattr(plan, n).to_csv() for n in ("changes", "counties", "steps", "unplanned")]
    for text in texts:
        assert english_in(text.replace('"', "")) == []


@pytest.mark.parametrize("name", ["学校.csv", "有错.csv", "两县.csv"])
def test_what_is_told_about_a_file_is_chinese(folder: Path, name: str) -> None:
    report = jh.describe_file(folder / name)
    shown = report.relabel("zh")
    assert "工作表" in shown._repr_html_() and "sheet" in report._repr_html_()
    assert str(shown) == report.to_text("zh") and shown.to_dict() == report.to_dict("zh")
    for text in (str(shown), shown._repr_html_(), report.to_text("zh", whole=True)):
        assert english_in(text) == []
