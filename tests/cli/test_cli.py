"""The command line: what it prints, writes and returns."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from command_line import FORMULAS, in_chinese, run, table
from small_tables import BASIC, QUALITY, SHANDONG, STANDARDS, frame, school

import junheng as jh
from junheng.__main__ import main
from junheng.words import word


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "学校.csv"
    in_chinese(table()).to_csv(path, index=False, encoding="utf-8-sig")
    return path


# ------------------------------------------------------------------------------------ demo, standards


@pytest.mark.parametrize(("language", "words"), [("en", "published: 0.52; unweighted:"), ("zh", "差异系数")])
def test_the_demo_in_both_languages(capsys: pytest.CaptureFixture[str], language: str, words: str) -> None:
    code, out, err = run(capsys, "demo", "--language", language)
    assert (code, err) == (0, "")
    assert "0.515257" in out and "0.52" in out and "0.488771" in out and words in out
    for standard in STANDARDS:
        assert jh.load_standard(standard).number in out
    assert ("met" in out) == (language == "en")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_version_is_the_one_that_results_name(capsys: pytest.CaptureFixture[str], language: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--language", language, "--version"])
    named = jh.evaluate(table(), STANDARDS[0]).provenance["junheng"]
    assert ended.value.code == 0 and capsys.readouterr().out == f"junheng {named}\n"


def test_the_module_runs_as_a_program(tmp_path: Path) -> None:
    """In a terminal that knows no Chinese too."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "junheng", "demo"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"0.515257" in done.stdout


@pytest.mark.parametrize("language", ["en", "zh"])
def test_standards_are_listed_by_name(capsys: pytest.CaptureFixture[str], language: str) -> None:
    code, out, _ = run(capsys, "standards", "--language", language)
    assert code == 0
    for name in jh.list_standards()["id"]:
        std = jh.load_standard(name)
        assert name in out and word("number", std.number, language) in out and getattr(std.label, language) in out
    # a document without a number
    assert ("文号未见" in out) == (language == "zh") == ("number not seen" not in out)


@pytest.mark.parametrize(
    "arguments", [(), ("evaluate",), ("evaluate", "x.csv"), ("demo", "--language", "fr"), ("judge",)]
)
def test_what_is_no_command_says_how_to_use_it(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: junheng" in capsys.readouterr().err


# ------------------------------------------------------------------------------------------ evaluate


@pytest.mark.parametrize("language", ["en", "zh"])
def test_evaluating_prints_the_findings(capsys: pytest.CaptureFixture[str], source: Path, language: str) -> None:
    code, out, _ = run(capsys, "evaluate", source, "--standard", QUALITY, "--language", language)
    assert code == 0
    ev = jh.evaluate(jh.read_schools(source), QUALITY)
    assert ev.explain(language=language) in out
    assert "二中" in out and "第六条" in out and "空校" in out


@pytest.mark.parametrize("kind", ["utf-8", "utf-8-sig", "gb18030", "xlsx"])
def test_every_kind_of_file_gives_the_same_findings(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, source: Path, kind: str
) -> None:
    path = tmp_path / ("other.xlsx" if kind == "xlsx" else "other.csv")
    if kind == "xlsx":
        options = {"options": {"strings_to_formulas": False, "strings_to_urls": False}}
        with pd.ExcelWriter(path, engine="xlsxwriter", engine_kwargs=options) as book:
            in_chinese(table()).to_excel(book, index=False)
    else:
        in_chinese(table()).to_csv(path, index=False, encoding=kind)
    expected = run(capsys, "evaluate", source, "--standard", QUALITY)[1]
    assert run(capsys, "evaluate", path, "--standard", QUALITY)[1] == expected


def test_a_county_may_be_asked_for_and_many_are_counted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    jh.synthetic.province(n_counties=5, conditions=False).to_csv(path, index=False)
    code, out, _ = run(capsys, "evaluate", path, "--standard", BASIC, "--county", "第3县")
    assert code == 0 and out.startswith("第3县") and "第2县" not in out
    code, out, _ = run(capsys, "evaluate", path, "--standard", BASIC, "--language", "zh")
    assert code == 0 and "第3县" not in out and "--county" in out
    verdicts = jh.evaluate(jh.read_schools(path), BASIC).relabel("zh").verdicts
    met = int(((verdicts["部分"] == "资源配置") & (verdicts["结论"] == "达标")).sum())
    assert f"资源配置：达标{met}个、" in out
    code, out, _ = run(
        capsys, "evaluate", path, "--standard", BASIC, "--by", "county", "area_type", "--county", "第3县"
    )
    assert code == 0 and "第3县 / rural" in out


NAMES = (
    "verdicts",
    "items",
    "indicators",
    "item_schools",
    "school_verdicts",
    "schools",
    "shortfalls",
    "left_out",
    "facts",
    "problems",
)


def frame_of(ev: jh.Evaluation, name: str) -> pd.DataFrame:
    """A frame of the results; what schools lack is worked out from them."""
    return jh.shortfalls(ev) if name == "shortfalls" else getattr(ev, name)


def header(name: str, language: str, of: str = "school_verdicts") -> str:
    """What a column of the results is called in a language."""
    ev = jh.evaluate(table(), QUALITY)
    return str(getattr(ev.relabel(language), of).columns[list(getattr(ev, of).columns).index(name)])


SHOWN = {">=": "≥", "<=": "≤", "==": "=", "zh": {"True": "是", "False": "否"}, "en": {"True": "yes", "False": "no"}}


def as_in_a_workbook(expected: pd.DataFrame, language: str) -> pd.DataFrame:
    """What a sheet shows of a frame: signs of comparison, yes and no in words."""
    words: dict[str, str] = SHOWN[language]  # type: ignore[assignment]
    signs = {k: v for k, v in SHOWN.items() if isinstance(v, str)}
    shown = {n: c.map(str).map(words) if c.dtype.kind == "b" else c for n, c in expected.items()}
    op = header("op", language, "schools")
    return pd.DataFrame({n: c.astype(object).replace(signs) if n == op else c for n, c in shown.items()})


def same(read: pd.DataFrame, expected: pd.DataFrame, *, guarded: bool = False) -> None:
    """Compare a file with a frame: empty text and missing are one, numbers to the last digit of a double."""
    assert list(read.columns) == list(expected.columns)
    assert len(read) == len(expected)
    for name in expected.columns:
        kind = expected[name].dtype.kind
        if kind in "fi":
            np.testing.assert_allclose(read[name].astype(float), expected[name].astype(float), rtol=1e-14)
        else:
            a, b = (x[name].astype(object).where(lambda s: s.notna(), "").map(str).tolist() for x in (read, expected))
            if guarded:
                b = [f"'{x}" if x[:1] in ("=", "+", "-", "@", "\t", "\r") and x != "==" and x else x for x in b]
            assert a == b, name


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_workbook_holds_the_whole_evaluation(
    capsys: pytest.CaptureFixture[str], source: Path, tmp_path: Path, language: str
) -> None:
    out = tmp_path / "结果.xlsx"
    code, text, _ = run(capsys, "evaluate", source, "--standard", QUALITY, "--out", out, "--language", language)
    assert code == 0 and str(out) in text
    ev = jh.evaluate(jh.read_schools(source), QUALITY).relabel(language)
    sheets = pd.read_excel(out, sheet_name=None, engine="calamine", dtype={header("school_code", language): str})
    assert len(sheets) == 1 + len(NAMES)
    for sheet, name in zip(list(sheets.values())[1:], NAMES, strict=True):
        expected = as_in_a_workbook(frame_of(ev, name), language)
        if name == "problems":  # the cell of the file says more than the position
            expected = expected.drop(columns=header("position", language, "problems"))
        if name != "problems" and header("row", language) in expected:
            expected[header("row", language)] += 2  # the row of the file, under one of headers
        same(sheet, expected)
    assert all((s[0] >= "\u4e00") == (language == "zh") for s in sheets)


def test_names_that_look_like_formulas_stay_text(
    capsys: pytest.CaptureFixture[str], source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "r.xlsx"
    assert run(capsys, "evaluate", source, "--standard", QUALITY, "--out", out)[0] == 0
    read = pd.read_excel(out, sheet_name=4, engine="calamine")
    assert set(FORMULAS) <= set(read[header("school", "en")])
    with zipfile.ZipFile(out) as book:
        for name in book.namelist():
            if "worksheets/sheet" in name:
                assert b"<f>" not in book.read(name)
            # links lead to sheets of the workbook only
            assert "/worksheets/_rels" not in name


def test_csv_files_hold_the_whole_evaluation(capsys: pytest.CaptureFixture[str], source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    assert run(capsys, "evaluate", source, "--standard", QUALITY, "--out", folder / "r.csv")[0] == 0
    ev = jh.evaluate(jh.read_schools(source), QUALITY).relabel("en")
    found = {
        p.name: pd.read_csv(
            p, encoding="utf-8-sig", dtype={header("school_code", "en"): str}, keep_default_na=False, na_values=[""]
        )
        for p in folder.iterdir()
    }
    assert len(found) == len(NAMES)
    # names that a spreadsheet would take for formulas stand behind an apostrophe, in CSV only
    assert f"'{FORMULAS[0]}" in set(found["r-schools.csv"][header("school", "en")])
    same(found.pop("r.csv"), ev.verdicts, guarded=True)
    left = {tuple(frame_of(ev, n).columns): frame_of(ev, n) for n in NAMES[1:]}
    for read in found.values():
        same(read, left.pop(tuple(read.columns)), guarded=True)
    assert left == {}
    assert all(p.read_bytes().startswith(b"\xef\xbb\xbf") for p in folder.iterdir())


def test_json_is_the_evaluation_as_a_dict(capsys: pytest.CaptureFixture[str], source: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    assert run(capsys, "evaluate", source, "--standard", QUALITY, "--out", out)[0] == 0
    written = out.read_bytes()
    assert json.loads(written) == jh.evaluate(jh.read_schools(source), QUALITY).to_dict()
    assert b"\\u" not in written and b"NaN" not in written
    run(capsys, "evaluate", source, "--standard", QUALITY, "--out", out)
    assert out.read_bytes() == written


def test_a_standard_of_ones_own_by_its_path(capsys: pytest.CaptureFixture[str], source: Path, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        f'id = "own"\nextends = "{QUALITY}"\nlast_checked_on = "2026-11-22"\nlabel = {{ zh = "本县", en = "Own" }}\n',
        encoding="utf-8",
    )
    code, out, _ = run(capsys, "evaluate", source, "--standard", path)
    assert code == 0 and "Own (教督〔2017〕6号)" in out


# --------------------------------------------------------------------------------- what cannot be used


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """Four mistakes, and a total, which is left out: the header is line 1, so the first school stands on line 2."""
    schools = in_chinese(table()).astype({"学生人数": object, "图书册数": object})
    schools.loc[0, "学生人数"] = "五百"
    schools.loc[2, "图书册数"] = "17:1"
    schools.loc[3, "区县名称"] = None
    schools.loc[5, "学段"] = "大学"
    total = {"区县名称": "合计", "学生人数": "3500"}
    path = tmp_path / "坏.csv"
    pd.concat([schools, pd.DataFrame([total])]).to_csv(path, index=False, encoding="gb18030")
    return path


MISTAKES = (
    ("text_in_number", 2, "students"),
    ("text_in_number", 4, "books"),
    ("missing_key", 5, "county"),
    ("unknown_category", 7, "stage"),
)


@pytest.mark.parametrize("command", ["evaluate", "check"])
def test_a_bad_file_is_answered_with_all_its_mistakes_by_line(
    capsys: pytest.CaptureFixture[str], bad: Path, command: str
) -> None:
    code, out, err = run(capsys, command, bad, "--standard", BASIC)
    text = out if command == "check" else err
    assert code == 2
    assert bad.name in text and (command == "check" or out == "")
    letters = jh.describe_file(bad).columns.set_index("column")["letter"]
    for problem, line, column in MISTAKES:
        place = f" {problem}: 坏!{letters[column]}{line} "
        (found,) = [x for x in text.splitlines() if place in x and f"'{column}'" in x]
        assert found.strip().startswith("error ")
    assert "=1+1" in text and "give the two counts" in text and "total_row" not in text


def test_lines_are_those_of_the_file_after_an_empty_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("区县名称,学校名称,学段,在校生数\n甲县,一小,小学,500\n\n甲县,二小,小学,五百\n", encoding="utf-8")
    out = run(capsys, "check", path)[1]
    assert "text_in_number: a!D4 " in out


def test_no_message_counts_rows_another_way_than_by_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The school of row 5 stands in row 2 already; to say 'row 0' beside it sends the reader astray."""
    path = tmp_path / "a.csv"
    rows = [school(f"{i}小") for i in range(3)]
    frame(*rows, rows[0]).to_csv(path, index=False)
    code, out, _ = run(capsys, "check", path)
    assert code == 2 and "duplicate_row: a!B5 " in out
    assert "row 0" not in out and "row 2" in out


def test_check_finds_nothing_wrong_with_a_good_file(capsys: pytest.CaptureFixture[str], source: Path) -> None:
    code, out, _ = run(capsys, "check", source, "--standard", QUALITY)
    assert code == 0 and "0 errors, 1 warning\n" in out and re.search(r"no_students: \S+![A-Z]9 ", out)
    assert run(capsys, "check", source, "--standard", SHANDONG)[0] == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"file": "nowhere.csv"}, ("no file", "nowhere.csv")),
        (
            {"file": "{source}", "--standard": "cn-quality-balance-2071"},
            ("cn-quality-balance-2017", "cn-quality-balance-2071"),
        ),
        ({"file": "{source}", "--standard": "nowhere.toml"}, ("not found", "nowhere.toml")),
        ({"file": "{source}", "--out": "r.txt"}, (".xlsx", ".csv", ".json", "r.txt")),
        ({"file": "{source}", "--out": "nowhere/r.json"}, ("nowhere",)),
        ({"file": "{source}", "--out": "nowhere/r.xlsx"}, ("nowhere",)),
        ({"file": "{source}", "--county": "乙县"}, ("乙县", "甲县")),
        ({"file": "{source}", "--by": "district"}, ("district", "missing_column")),
        ({"file": "{source}", "--missing": "raise", "--standard": SHANDONG}, ("missing_column",)),
        ({"file": "a.docx"}, (".docx", ".csv", ".xlsx")),
        ({"file": "a.xlsx"}, ("a.xlsx", "workbook")),
        ({"file": "b.xlsx", "--sheet": "7"}, ("b.xlsx",)),
        ({"file": "own.toml"}, ("own.toml",)),
        ({"file": "{source}", "--standard": "own.toml"}, ("own.toml", "mistake", "$.")),
    ],
)
def test_what_cannot_be_used_is_said_in_a_line_and_not_as_a_traceback(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    source: Path,
    change: dict[str, str],
    said: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.docx").write_bytes(b"x")
    Path("a.xlsx").write_text("区县名称", encoding="utf-8")
    table().to_excel("b.xlsx", index=False, engine="xlsxwriter")
    Path("own.toml").write_text('id = "own"', encoding="utf-8")
    options = {"--standard": QUALITY} | change
    file = options.pop("file").format(source=source)
    code, out, err = run(capsys, "evaluate", file, *(x for pair in options.items() for x in pair))
    assert (code, out) == (2, "")
    assert "Traceback" not in err and err.strip()
    for words in said:
        assert words in err


def test_warnings_are_noted_beside_the_findings(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    table(备注="").to_csv(path, index=False)
    code, out, err = run(capsys, "evaluate", path, "--standard", QUALITY)
    assert code == 0 and "甲县" in out
    assert "unknown_column" in err and "no_students" in err and "unknown_column" not in out


# --------------------------------------------------------------------------------- in Chinese


def test_check_says_in_chinese_what_is_wrong_where(capsys: pytest.CaptureFixture[str], bad: Path) -> None:
    """Line and column in Chinese; then the sentence that says what to do."""
    code, out, _ = run(capsys, "check", bad, "--standard", BASIC, "--language", "zh")
    assert code == 2
    start = re.compile("  错误：坏![A-Z]2（甲县 / =1[+]1 / 000 / 小学），")
    (found,) = filter(start.match, out.splitlines())
    assert "“学生人数”列：" in found and "五百" in found and english(found) == []
    page, listed = out.split("\n\n坏.csv：") if "\n\n坏.csv：" in out else out.rsplit("\n\n", 1)
    assert "未读入的行：1行" in page and "[合计] 合计 | 3500" in page
    assert len(run(capsys, "check", bad, "--standard", BASIC)[1].splitlines()) == len(out.splitlines())
    for line in listed.splitlines()[1:-1]:  # the last line is about figures worth a look
        assert line.strip().startswith(("错误：", "警告："))


def test_a_file_that_cannot_be_judged_is_answered_in_chinese_too(capsys: pytest.CaptureFixture[str], bad: Path) -> None:
    code, out, err = run(capsys, "evaluate", bad, "--standard", BASIC, "--language", "zh")
    assert (code, out) == (2, "") and re.search("错误：坏![A-Z]2（", err)


@pytest.mark.parametrize(
    "command", ["demo", "check", "evaluate", "declare", "report", "standards", "template", ""], ids=str
)
def test_every_help_reads_in_both_languages(capsys: pytest.CaptureFixture[str], command: str) -> None:
    """No option is without a word on it, and a Chinese help holds no English sentence."""
    texts = {}
    for language in ("en", "zh"):
        with pytest.raises(SystemExit) as caught:
            main([x for x in (command, "--language", language, "--help") if x])
        assert caught.value.code == 0
        texts[language] = capsys.readouterr().out
    assert texts["en"].startswith("usage: junheng") and texts["zh"].startswith("用法：junheng")
    assert "选项：" in texts["zh"] and "options:" not in texts["zh"]
    assert texts["en"].count("--") == texts["zh"].count("--")
    assert not [w for w in ("the ", "show ", "write ") if w in texts["zh"]]
    assert ("申报表" in texts["zh"]) == (command in ("declare", ""))


def english(text: str) -> list[str]:
    """English words that are no ids, options, commands, names of files or values."""
    words = re.sub(r"“[^”]*”|[{][^}]*[}]|--?[a-z-]+|junheng( [a-z]+)?|[\w.-]*[._/][\w.-]*", " ", text, flags=re.ASCII)
    return re.findall(r"[A-Za-z]{2,}", words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "缺少必需的参数：命令"),
        (("judge",), "参数 命令：“judge”不在可选范围；可选：“demo”、"),
        (("evaluate", "x.csv"), "缺少必需的参数：--standard"),
        (("evaluate", "x.csv", "--standard"), "参数 --standard：须带一个值"),
        (("evaluate", "x.csv", "--standard", "x", "--relax"), "参数 --relax：须至少带一个值"),
        (("demo", "--language", "fr"), "“fr”不在可选范围；可选：“en”、“zh”"),
        (("demo", "--much"), "参数未识别：--much"),
        (("plan", "--standard", "x", "--nodes", "many"), "参数 --nodes：须为整数，而非“many”"),
        (("plan", "--cos", "x"), "--cos 含义不明，可能是--costs、--costs-template"),
    ],
)
def test_arguments_are_refused_in_chinese(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.setenv("JUNHENG_LANGUAGE", "zh")
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    out, err = capsys.readouterr()
    assert (caught.value.code, out) == (2, "")
    assert words in err and english(err) == []


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LC_MESSAGES": "zh_TW.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "JUNHENG_LANGUAGE": "en"}, "en"),
        ({"LANG": "C", "JUNHENG_LANGUAGE": "ZH"}, "zh"),
        ({"LANG": "zh_CN", "JUNHENG_LANGUAGE": "fr"}, "zh"),
    ],
)
def test_without_an_option_the_language_is_that_of_the_user(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], language: str
) -> None:
    for name in ("JUNHENG_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("locale.getlocale", lambda *_: (None, None))
    usual = run(capsys, "standards")
    assert usual == run(capsys, "standards", "--language", language)
    other = "en" if language == "zh" else "zh"
    assert usual != run(capsys, "standards", f"--language={other}") == run(capsys, "--language", other, "standards")


def test_windows_names_languages_its_own_way(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("JUNHENG_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("locale.getlocale", lambda *_: ("Chinese (Simplified)_China", "936"))
    assert run(capsys, "standards") == run(capsys, "standards", "--language", "zh")


UNDER = ("--standard", QUALITY)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("evaluate", "{source}", *UNDER, "--out", "r.txt"), "--out 的扩展名须为.xlsx、.csv或.json，而非“r.txt”"),
        (("plan", "{source}", *UNDER), "缺少 --costs"),
        (("plan", "--standard", QUALITY), "未指定学校表文件"),
        (("plan", "{source}", *UNDER, "--costs", "books=1", "--budget", "多"), "--budget 须为不小于0的数，而非“多”"),
        (("plan", "{source}", *UNDER, "--costs", "bokos=1"), "--costs bokos=1：“bokos”既不是列"),
        (("plan", "{source}", *UNDER, "--costs", "books=贵"), "“books”的单价须为不小于0的数，而非“贵”"),
        (("plan", "{source}", *UNDER, "--costs", "books=1", "books=2"), "“books”的单价重复"),
        (("plan", "{source}", *UNDER, "--costs", "books=1"), "以下各项缺少单价（unit_costs，命令行为 --costs）：\n  “"),
        (("plan", "{source}", *UNDER, "--costs", "{source}"), "单价表须有“项目（列）”“单价（元）”两列"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said_in_chinese(
    capsys: pytest.CaptureFixture[str], source: Path, arguments: tuple[str, ...], words: str
) -> None:
    given = [a.format(source=source) for a in arguments]
    code, out, err = run(capsys, *given, "--language", "zh")
    assert (code, out) == (2, "") and words in err and err.startswith("junheng：")
    assert [w for w in english(err.replace(str(source), "")) if w not in ("books", "bokos")] == []


def test_what_the_system_refuses_is_said_in_chinese(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, source: Path
) -> None:
    for error, words in (
        (FileNotFoundError(2, "No such file", "a.csv"), "a.csv：文件不存在"),
        (PermissionError(13, "Permission denied", "a.csv"), "a.csv：没有权限"),
        (IsADirectoryError(21, "Is a directory", "a"), "a：这是文件夹"),
        (OSError(5, "Input/output error"), "文件无法读写"),
    ):

        def refuse(*given: Any, error: OSError = error, **more: Any) -> Any:
            raise error

        monkeypatch.setattr(jh, "describe_file", refuse)
        code, _, err = run(capsys, "evaluate", source, "--standard", QUALITY, "--language", "zh")
        assert code == 2 and f"junheng：{words}" in err


def test_the_language_may_stand_before_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    before = run(capsys, "--language", "zh", "standards")
    assert before == run(capsys, "standards", "--language", "zh") and "（教督〔2017〕6号）" not in before[1]
    assert "教督〔2017〕6号）" in before[1]


# ------------------------------------------------------------------------------------- declare


def declared(path: Path) -> set[str]:
    with zipfile.ZipFile(path) as book:
        text = book.read("xl/sharedStrings.xml").decode()
    return set(re.findall(r"<t[^>]*>([^<]*)</t>", text))


def test_declare_writes_the_form_of_one_county(
    capsys: pytest.CaptureFixture[str], source: Path, tmp_path: Path
) -> None:
    facts = tmp_path / "facts.csv"
    facts.write_text("区县名称,总人口数\n甲县,456700\n", encoding="utf-8")
    out = tmp_path / "申报表.xlsx"
    code, text, _ = run(capsys, "declare", source, "--standard", QUALITY, "--facts", facts, "--out", out)
    assert code == 0 and f"written: {out}" in text and "not given: " in text
    assert {"甲县", "表Ⅱ-2 资源配置分学校情况", "=1+1"} <= declared(out)
    with zipfile.ZipFile(out) as book:
        sheets = [book.read(n) for n in book.namelist() if "worksheets/sheet" in n]
    assert any(b"<v>45.67</v>" in s for s in sheets)


@pytest.fixture
def many(tmp_path: Path) -> Path:
    path = tmp_path / "many.csv"
    jh.synthetic.province(n_counties=3, conditions=False).to_csv(path, index=False)
    return path


def test_declare_writes_a_workbook_a_county_into_a_folder(
    capsys: pytest.CaptureFixture[str], many: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "forms"
    code, text, _ = run(capsys, "declare", many, "--standard", QUALITY, "--out", folder)
    assert code == 0
    names = sorted(p.name for p in folder.iterdir())
    assert names == [f"第{i}县-2025-申报表.xlsx" for i in (1, 2, 3)] and text.count("written: ") == 3
    assert "第2县（2025年）" in declared(folder / names[1])
    one = tmp_path / "one.xlsx"
    assert run(capsys, "declare", many, "--standard", QUALITY, "--county", "第2县", "--out", one)[0] == 0
    assert one.read_bytes() == (folder / names[1]).read_bytes()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ("3 counties", "--county")),
        ({"--county": "第9县"}, ("第9县", "第1县")),
        ({"--standard": SHANDONG, "--out": "folder"}, (SHANDONG, "declaration form", QUALITY, BASIC)),
        ({"--county": "第1县", "--out": "nowhere/x.xlsx"}, ("nowhere",)),
        ({"--out": "nowhere/folder"}, ("nowhere",)),
    ],
)
def test_what_cannot_be_declared_is_said_in_a_line(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    many: Path,
    tmp_path: Path,
    change: dict[str, str],
    said: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    if change.get("--standard") == SHANDONG:
        jh.synthetic.province(n_counties=3).to_csv(many, index=False)
    options = {"--standard": QUALITY, "--out": "x.xlsx"} | change
    code, out, err = run(capsys, "declare", many, *(x for pair in options.items() for x in pair))
    assert (code, out) == (2, "") and "Traceback" not in err
    assert len(err.strip().splitlines()) == 1 and all(words in err for words in said)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["many.csv"]


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        ([("甲县",), ("乙县",)], ["甲县", "乙县"]),
        ([("甲县", 2024), ("甲县", 2025)], ["甲县-2024", "甲县-2025"]),
        ([("../../甲",), ("a/b",), ("a\\b",), ("A:b",)], ["_.._甲", "a_b", "a_b-2", "A_b-3"]),
        ([("...",), (" ",), ("\t\n",)], ["_", "_-2", "_-3"]),
        ([("县" * 200,)], ["县" * 80]),
    ],
)
def test_names_of_counties_become_names_of_files(keys: list[tuple[Any, ...]], names: list[str]) -> None:
    from junheng.cli.output import form_name

    taken: set[str] = set()
    assert [form_name(k, taken).removesuffix("-申报表.xlsx") for k in keys] == names


# ---------------------------------------------------------------------------- report, template


def needs(name: str) -> None:
    if name not in jh.reports.__all__:
        pytest.skip(f"this checkout has no junheng.reports.{name} yet")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_report_writes_a_page(capsys: pytest.CaptureFixture[str], source: Path, tmp_path: Path, language: str) -> None:
    needs("write_report")
    out = tmp_path / "r.html"
    code, text, _ = run(
        capsys, "report", source, "--standard", QUALITY, "--out", out, "--language", language, "--county", "甲县"
    )
    assert code == 0 and str(out) in text and "甲县" in out.read_text("utf-8")
    assert run(capsys, "report", source, "--standard", QUALITY, "--out", "r.pdf")[0] == 2


def test_template_writes_a_workbook(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    needs("write_template")
    out = tmp_path / "t.xlsx"
    code, text, _ = run(capsys, "template", "--standard", QUALITY, "--out", out)
    assert code == 0 and str(out) in text
    assert zipfile.is_zipfile(out)


@pytest.mark.parametrize("name", ["write_report", "write_template"])
def test_the_commands_call_what_the_reports_promise(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    source: Path,
    tmp_path: Path,
    name: str,
) -> None:
    """With the language asked for, Chinese without one."""
    called: list[tuple[Any, ...]] = []

    def stand_in(*given: Any, **more: Any) -> Any:
        called.append((*given, more))
        return tmp_path / "out"

    monkeypatch.setattr(jh.reports, name, stand_in, raising=False)
    if name == "write_report":
        arguments = ["report", source, "--standard", QUALITY, "--county", "甲县", "--out", "r.html"]
    else:
        arguments = ["template", "--standard", QUALITY, "--out", "r.xlsx"]
    assert run(capsys, *arguments)[0] == 0
    assert run(capsys, *arguments, "--language", "en")[0] == 0
    (*first, more), (*_, english) = called
    assert (more["language"], english["language"]) == ("zh", "en")
    if name == "write_report":
        assert isinstance(first[0], jh.Evaluation) and first[1] == Path("r.html") and more["county"] == "甲县"
    else:
        assert first[0] == Path("r.xlsx") and first[1].id == QUALITY


# ------------------------------------------------------------------------ what reading noticed


class Noticed(UserWarning):
    """Stands in for the warning of reading."""


@pytest.fixture
def with_total(source: Path) -> Path:
    """The same file with a row for the county at its foot."""
    lines = source.read_text("utf-8").splitlines()
    path = source.with_name("合计.csv")
    path.write_text("\n".join([*lines, "合计" + "," * lines[0].count(",")]) + "\n", encoding="utf-8")
    return path


def test_a_warning_of_reading_is_a_plain_line(capsys: pytest.CaptureFixture[str], with_total: Path) -> None:
    for language, said in (("en", "note: 合计.csv: 1 total row"), ("zh", "提示：合计.csv：合计行1行未读入")):
        code, _, err = run(capsys, "evaluate", with_total, "--standard", QUALITY, "--language", language)
        assert code == 0 and said in err and "ReadingWarning" not in err and ".py" not in err


def test_check_prints_what_was_understood(capsys: pytest.CaptureFixture[str], with_total: Path) -> None:
    code, out, _ = run(capsys, "check", with_total, "--language", "zh")
    assert code == 0 and "未读入的行：1行" in out and "合计" in out and "没有在校生" in out


def test_stopping_is_no_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, source: Path
) -> None:
    def stop(*given: Any, **more: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(jh, "describe_file", stop)
    assert run(capsys, "evaluate", source, "--standard", QUALITY)[::2] == (130, "junheng: stopped\n")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the C library is reached another way there")
def test_what_compiled_code_prints_does_not_stand_among_the_results():
    script = (
        "import ctypes, os; from junheng.cli.output import solver_silenced\n"
        "print('before')\n"
        "with solver_silenced():\n    ctypes.CDLL(None).puts(b'noise'); os.write(1, b'more noise')\n"
        "print('7'); ctypes.CDLL(None).puts(b'after')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == ["7", "after", "before"]


@pytest.mark.slow
def test_a_plan_prints_nothing_of_the_solver(tmp_path: Path) -> None:
    """With these costs HiGHS 1.12 repairs three solutions, and prints so whatever its options say."""
    path = tmp_path / "县.csv"
    jh.synthetic.county(seed=59, n_schools=20, resourcing=0.9).to_csv(path, index=False)
    indicators = jh.evaluate(jh.read_schools(path), QUALITY).data.indicators
    costs = [f"{c}={100 + 37 * k}" for k, c in enumerate(dict.fromkeys(i.numerator for i in indicators))]
    arguments = ["plan", path, "--standard", QUALITY, "--costs", *costs]
    done = subprocess.run(
        [sys.executable, "-m", "junheng", *map(str, arguments)], capture_output=True, text=True, check=True
    )
    assert done.stderr == "" and done.stdout.startswith("示例县 / 2025 · ")
    assert "Highs" not in done.stdout and "solve" not in done.stdout.lower()
    assert not [line for line in done.stdout.splitlines()[4:] if not line.startswith("    ")]


@pytest.mark.parametrize(
    "arguments",
    [
        ["template", "--standard", "cn-quality-balance-2017", "--out", "表.xlsx"],
        ["plan", "--standard", "cn-quality-balance-2017", "--costs-template", "表.xlsx"],
    ],
)
def test_an_empty_form_never_replaces_one_that_may_be_filled_in(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 0
    made = Path("表.xlsx").read_bytes()
    capsys.readouterr()
    assert main([*arguments, "--language", "zh"]) == 2 and "可能已经填写" in capsys.readouterr().err
    assert Path("表.xlsx").read_bytes() == made
