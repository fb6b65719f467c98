"""The app of ``docs/examples/app``: what it answers to good and bad files, in both languages, and in a browser."""

from __future__ import annotations

import io
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import warnings
import zipfile
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from string import Formatter
from typing import Any

import browser
import openpyxl
import pandas as pd
import pytest
from hostile_books import rows, sheet, xlsx

import junheng as jh
from junheng._data import read_toml
from junheng.words import Name, label_of_column

for needed in ("fastapi", "uvicorn", "python_multipart", "jinja2", "xlsxwriter", "python_calamine"):
    pytest.importorskip(needed, reason=f"the app needs {needed}")
try:
    with warnings.catch_warnings():
        # the newest Starlette wants another client than the one before it; either will do
        warnings.simplefilter("ignore")
        from fastapi.testclient import TestClient
except (ImportError, RuntimeError):
    pytest.skip("the client of FastAPI needs httpx2, or httpx", allow_module_level=True)

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "examples" / "app"
WORDS = tomllib.loads((FOLDER / "words.toml").read_text(encoding="utf-8"))
ENGLISH = re.compile(r"[A-Za-z]+(?:[ ,;:.]+[A-Za-z]+){3}")


@pytest.fixture(scope="module")
def module() -> Any:
    spec = spec_from_file_location("junheng_app", FOLDER / "app.py")
    assert spec is not None and spec.loader is not None
    found = module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture
def client(module: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The app, reading in this process, which is quicker; it must have asked for another."""

    def here(file: Any, *, isolate: bool) -> jh.FileReport:
        assert isolate
        return describe(file)

    describe = jh.describe_file
    monkeypatch.setattr(jh, "describe_file", here)
    return TestClient(module.app)


def in_chinese(schools: pd.DataFrame) -> pd.DataFrame:
    return schools.rename(columns={c: label_of_column(c) for c in schools}).replace(
        {"学段": {"primary": "小学", "junior": "初中"}}
    )


def book(schools: pd.DataFrame, **more: pd.DataFrame) -> bytes:
    """A workbook with a sheet of schools, and others."""
    out = io.BytesIO()
    with pd.ExcelWriter(out, engine="xlsxwriter", engine_kwargs={"options": {"strings_to_formulas": False}}) as writer:
        for name, table in {"学校": in_chinese(schools), **more}.items():
            table.to_excel(writer, sheet_name=name, index=False)
    return out.getvalue()


@pytest.fixture(scope="module")
def county() -> pd.DataFrame:
    return jh.synthetic.county(seed=0, n_schools=4)


@pytest.fixture(scope="module")
def good(county: pd.DataFrame) -> bytes:
    return book(county)


@pytest.fixture(scope="module")
def bad(county: pd.DataFrame) -> bytes:
    """A text where students should be, in the fourth row of the sheet, and a negative area in the fifth."""
    wrong = county.astype({"students": object})
    wrong.loc[2, "students"] = "约300"
    wrong.loc[3, "teaching_area_m2"] = -5
    return book(wrong)


def sent(content: bytes, name: str = "示例县.xlsx") -> dict[str, Any]:
    return {"files": {"file": (name, content)}}


def visible(page: str) -> str:
    """The words of a page, without its tags and the names of columns that a person has typed."""
    return re.sub(r"<[^>]+>", "\n", re.sub(r"<(script|style|option).*?</\1>", "", page, flags=re.DOTALL))


# ------------------------------------------------------------------------------------------ the app itself


def test_it_is_short_and_takes_nothing_from_a_network() -> None:
    assert len((FOLDER / "app.py").read_text(encoding="utf-8").splitlines()) < 200
    for path in FOLDER.rglob("*.*"):
        if path.suffix in (".html", ".css", ".js"):
            assert not re.search(r"https?:|//[a-z]|@import|innerHTML|\|\s*safe", path.read_text(encoding="utf-8")), path


def test_its_words_are_there_in_both_languages() -> None:
    for key, entry in WORDS.items():
        assert set(entry) == {"zh", "en"}, key
        names = [{name for _, name, _, _ in Formatter().parse(entry[x]) if name} for x in ("zh", "en")]
        assert names[0] == names[1], key
    used = (FOLDER / "page.html").read_text(encoding="utf-8") + (FOLDER / "app.py").read_text(encoding="utf-8")
    used += " get_report get_results get_declaration report results declaration plan template"
    assert [key for key in WORDS if not re.search(rf"\b{key}\b", used)] == []


def test_its_names_are_those_of_the_library(module: Any) -> None:
    """The page may use public names only, and so keeps a few labels itself."""
    for group, names in module.ZH.items():
        known = {id_: Name(group, id_).text("zh") for id_ in names if id_}
        assert {id_: name for id_, name in names.items() if id_} == known, group
    labels = read_toml("words/labels.toml")
    for group in ("severity", "left_out_row", "cell_change"):
        assert set(module.ZH[group]) == set(labels[group])
    assert set(module.ZH["unit"]) == {c.unit for c in jh.schools.columns().values() if c.unit}


def test_it_uses_public_names_only() -> None:
    """It is there to start from: what it imports is promised."""
    text = (FOLDER / "app.py").read_text(encoding="utf-8")
    assert re.findall(r"^.*import.*\bj(?:unheng|h)\b.*$|^from junheng.*$", text, flags=re.MULTILINE) == [
        "import junheng as jh",
        "from junheng import reports",
    ]
    for home, name in re.findall(r"\b(jh(?:\.[a-z]+)?|reports)\.(\w+)\b", text):
        thing = {"reports": jh.reports, "jh": jh}.get(home) or getattr(jh, home.removeprefix("jh."))
        assert name in thing.__all__, f"{home}.{name}"
    assert ".data." not in text and not re.search(r"\w\._\w", text)


@pytest.mark.slow
def test_it_is_fully_typed() -> None:
    pytest.importorskip("mypy", reason="mypy is not installed: the extra 'lint'")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--follow-imports=silent", "app.py"]
    path = {"MYPYPATH": str(FOLDER.parents[2])}
    done = subprocess.run(command, cwd=FOLDER, env=os.environ | path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_is_in_chinese_and_by_choice_in_english(client: Any) -> None:
    zh, en = client.get("/", headers={"Accept-Language": "en"}), client.get("/?language=en")
    assert zh.status_code == en.status_code == 200
    assert '<html lang="zh-CN">' in zh.text and "学校表" in zh.text and not ENGLISH.search(visible(zh.text))
    assert '<html lang="en">' in en.text and not re.search("[\u4e00-\u9fff]", visible(en.text).replace("中文", ""))


@pytest.mark.parametrize("address", ["/", "/static/page.css", "/static/nothing", "/?language=fr"])
def test_every_answer_has_its_headers(client: Any, address: str) -> None:
    headers = client.get(address).headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"


# ------------------------------------------------------------------------------------------ a good table


def test_what_was_judged_is_shown_with_the_standing_of_its_rules(client: Any, good: bytes) -> None:
    answer = client.post("/", **sent(good))
    assert answer.status_code == 200
    text = visible(answer.text)
    shown = "示例县 / 2025", "资源配置", "总体结论", "依据已核实", "申报表 表Ⅳ第4项", "示例县.xlsx：读入", "学校!L"
    for said in shown:
        assert said in text, said
    assert not ENGLISH.search(text), ENGLISH.search(text)
    in_english = client.post("/?language=en", **sent(good)).text
    assert "Standing of the rule" in in_english and "undetermined" in in_english


def test_what_was_left_out_or_changed_is_shown(client: Any, county: pd.DataFrame) -> None:
    table = in_chinese(county).astype({"学生人数": object})
    table.loc[0, "学生人数"] = "４１２人"
    text = "甲县学校一览表\n" + table.to_csv(index=False) + "合计" + "," * (len(table.columns) - 1) + "\n"
    page = visible(client.post("/", **sent(text.encode("gb18030"), "学校.csv")).text)
    for said in ("未读入的行", "合计", "改动的单元格", "４１２人", "412", "单元格内有单位"):
        assert said in page, said


def test_the_programme_gets_json(client: Any, good: bytes) -> None:
    answer = client.post("/api/evaluate", **sent(good))
    assert answer.status_code == 200
    found = answer.json()
    assert {v["part"] for v in found["evaluation"]["verdicts"]} >= {"resources", "overall"}
    assert found["read"]["name"] == "示例县.xlsx" and found["problems"] == []


def test_a_year_may_be_chosen(client: Any, county: pd.DataFrame) -> None:
    both = book(pd.concat([county, county.assign(year=2024)], ignore_index=True))

    def years(data: dict[str, Any], content: bytes) -> set[int]:
        answer = client.post("/api/evaluate", data=data, **sent(content)).json()
        return {v["year"] for v in answer["evaluation"]["verdicts"]}

    assert years({}, both) == years({"year": ""}, both) == {2024, 2025} and years({"year": "2024"}, both) == {2024}
    assert years({"year": "2023"}, book(county.drop(columns="year"))) == {2023}


def test_facts_in_the_workbook_are_used(client: Any, county: pd.DataFrame) -> None:
    facts = pd.DataFrame(
        {"项目": ["区县名称", "社会认可度有效问卷数", "社会认可度问卷满意数"], "数值": ["示例县", 1200, 1100]}
    )

    def recognition(content: bytes) -> str:
        answer = client.post("/api/evaluate", **sent(content)).json()
        return next(v["verdict"] for v in answer["evaluation"]["verdicts"] if v["part"] == "recognition")

    assert recognition(book(county)) == "undetermined"
    assert recognition(book(county, 县情数据=facts)) == "met"


# ------------------------------------------------------------------------------------------ downloads


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", ["results", "declaration", "plan", "template"])
def test_downloads_open_again(client: Any, good: bytes, name: str, language: str) -> None:
    columns = sorted({i.numerator for i in jh.indicators.catalogue().values()})
    data = {"priced": columns, "price": ["1000"] * len(columns)}
    answers = [client.post(f"/files/{name}.xlsx?language={language}", data=data, **sent(good)) for _ in range(2)]
    assert answers[0].status_code == 200, answers[0].text
    assert answers[0].content == answers[1].content
    assert answers[0].headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    opened = openpyxl.load_workbook(io.BytesIO(answers[0].content))
    text = " ".join(str(c) for page in opened for row in page.iter_rows(values_only=True) for c in row if c)
    # the form is that of the document, in Chinese
    assert ("学校名称" if language == "zh" or name == "declaration" else "school") in text.lower()
    assert "示例县" in text or name == "template"


def test_the_empty_table_needs_no_file_and_reads_back(client: Any) -> None:
    answer = client.post("/files/template.xlsx", data={"standard": "cn-basic-balance-2012"})
    read = jh.describe_file(answer.content, isolate=True)
    assert "books" in set(read.columns["column"]) and len(read.schools) == 0


def test_the_report_is_a_page_that_runs_nothing(client: Any, good: bytes) -> None:
    answer = client.post("/files/report.html", **sent(good))
    assert answer.text.startswith("<!DOCTYPE html>") and "示例县" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script" not in policy and policy.endswith("sandbox")
    assert answer.headers["content-disposition"].startswith("inline")


def test_of_several_counties_one_is_chosen_for_the_form(client: Any, county: pd.DataFrame) -> None:
    two = book(pd.concat([county, county.assign(county="乙县", county_code="370200")], ignore_index=True))
    refused = client.post("/files/declaration.xlsx", **sent(two))
    assert refused.status_code == 422 and "一县一份" in visible(refused.text)
    # what was found out stays on the page, with the choice to make
    assert "<option>乙县 / 2025</option>" in refused.text
    form = client.post("/files/declaration.xlsx", data={"county": "乙县 / 2025"}, **sent(two))
    sheets = openpyxl.load_workbook(io.BytesIO(form.content))
    assert any("乙县" in str(c.value) for row in sheets.worksheets[0] for c in row)


def test_a_plan_without_a_price_says_what_is_missing(client: Any, good: bytes) -> None:
    answer = client.post("/files/plan.xlsx", data={"priced": "backbone_teachers", "price": "2万"}, **sent(good))
    assert answer.status_code == 422 and "“2万”" in visible(answer.text)
    answer = client.post("/files/plan.xlsx", data={"priced": "backbone_teachers", "price": " "}, **sent(good))
    assert answer.status_code == 422 and "单价" in visible(answer.text)


# ------------------------------------------------------------------------------------------ what is wrong


def test_problems_are_told_with_their_cells(client: Any, bad: bytes) -> None:
    answer = client.post("/", **sent(bad))
    assert answer.status_code == 422
    page = visible(answer.text)
    cells = {p["column"]: p["cell"] for p in client.post("/api/evaluate", **sent(bad)).json()["problems"]}
    for column, value, row in (("students", "“约300”不是数字", 4), ("teaching_area_m2", "负数", 5)):
        assert re.fullmatch(rf"[A-Z]+{row}", cells[column])
        assert f"学校!{cells[column]}" in page and value in page
    # and what was understood all the same
    assert "各列的含义" in page and not ENGLISH.search(page)


@pytest.mark.parametrize(
    ("address", "header", "said"),
    [
        ("", "", "不是数字"),
        ("", "fr-FR,fr;q=0.9", "不是数字"),
        ("", "en-US,en;q=0.9,zh;q=0.8", "not a plain number"),
        ("", "en;q=0.3, zh-CN;q=0.7", "不是数字"),
        ("?language=zh", "en", "不是数字"),
        ("?language=en", "zh", "not a plain number"),
    ],
)
def test_the_programme_is_told_in_the_language_it_asks_for(
    client: Any, bad: bytes, address: str, header: str, said: str
) -> None:
    answer = client.post(f"/api/evaluate{address}", headers={"Accept-Language": header}, **sent(bad))
    assert answer.status_code == 422
    first = next(p for p in answer.json()["problems"] if p["code"] == "text_in_number")
    assert said in first["message"]
    assert {"code", "severity", "sheet", "cell", "row", "message", "place"} <= set(first)
    assert (first["sheet"], first["row"], first["severity"]) == ("学校", 4, "error")


def bomb() -> bytes:
    """A small file that unpacks to a very large one."""
    return xlsx(sheet(rows(3) + " " * 60_000_000))


WRONG = {
    "no file": ({}, {}, 422, "no_file"),
    "an empty file": (sent(b""), {}, 422, "reading.empty"),
    "not a workbook": (sent(b"\x89PNG\r\n\x1a\n" + bytes(300), "照片.xlsx"), {}, 422, "reading.picture"),
    "a torn workbook": (sent(xlsx(sheet(rows(3)))[:200], "残缺.xlsx"), {}, 422, "reading.damaged"),
    "another table": (sent("姓名,电话\n张三,138\n".encode(), "通讯录.csv"), {}, 422, "reading.unknown_headers"),
    "missing columns": (sent(xlsx(sheet(rows(3)))), {}, 422, "missing_column"),
    "an unknown standard": (sent(b"x"), {"standard": "cn-quality-balance-2071"}, 422, "standards.near_standard"),
    "a file for a standard": (sent(b"x"), {"standard": "../../../etc/passwd.toml"}, 422, "standards.unknown_standard"),
    "a year that is none": (sent(b"x"), {"year": "去年"}, 422, "not_understood"),
    "a text for a file": ({"data": {"file": "x"}}, {}, 422, "not_understood"),
}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("which", WRONG)
def test_what_cannot_be_read_is_refused_in_words(client: Any, which: str, language: str) -> None:
    from markupsafe import escape

    given, data, status, code = WRONG[which]
    given = {**given, "data": {**given.get("data", {}), **data}}
    answer = client.post(f"/api/evaluate?language={language}", **given)
    assert answer.status_code == status, answer.text
    errors = [p for p in answer.json()["problems"] if p["severity"] == "error"]
    assert code in {p["code"] for p in errors}
    for p in errors:
        assert bool(re.search("[\u4e00-\u9fff]{2}", p["message"])) or language == "en"
        assert language == "en" or not ENGLISH.search(p["message"]), p
    page = client.post(f"/?language={language}", **given)
    assert page.status_code == status
    assert all(str(escape(p["message"])) in page.text for p in errors)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_hostile_file_is_refused_in_another_process(module: Any, language: str) -> None:
    answer = TestClient(module.app).post(f"/?language={language}", **sent(bomb(), "炸弹.xlsx"))
    assert answer.status_code == 422 and "炸弹.xlsx" in visible(answer.text)
    assert language == "en" or not ENGLISH.search(visible(answer.text))


def test_a_file_of_the_server_is_never_read(client: Any, good: bytes, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("id = 'secret-thing'", encoding="utf-8")
    answer = client.post("/api/evaluate", data={"standard": str(path)}, **sent(good))
    assert answer.status_code == 422 and "own.toml" not in answer.text


def test_a_year_that_the_table_does_not_have(client: Any, good: bytes) -> None:
    answer = client.post("/api/evaluate", data={"year": "1999"}, **sent(good))
    assert answer.status_code == 422 and answer.json()["problems"][0]["code"] == "no_such_year"


def test_too_much_is_refused_before_it_is_read(client: Any, module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.SETTINGS, "most_bytes", 5_000_000)
    for address, said in (("/api/evaluate", "5 MB"), ("/", "5 MB"), ("/files/report.html", "5 MB")):
        answer = client.post(address, **sent(bytes(5_000_001)))
        assert answer.status_code == 413 and said in answer.text and "超过" in answer.text
    # a length that is not stated, or not to be believed
    for headers in ({}, {"Transfer-Encoding": "chunked", "Content-Length": "1"}):
        chunked = client.post("/api/evaluate?language=en", content=iter([b"x"]), headers=headers)
        assert chunked.status_code == 411 and "length" in chunked.json()["problems"][0]["message"]


def test_too_many_schools_are_refused(client: Any, module: Any, good: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.SETTINGS, "most_rows", 3)
    answer = client.post("/api/evaluate", **sent(good))
    assert answer.status_code == 422 and answer.json()["problems"][0]["code"] == "too_many_rows"


def test_names_are_text(client: Any, county: pd.DataFrame) -> None:
    evil = "<script>alert(1)</script>"
    schools = county.assign(school=evil + county["school"], county="<b>县</b>")
    for name in ("<img src=x>.xlsx", "示例.xlsx"):
        for address in ("/", "/files/report.html"):
            answer = client.post(address, **sent(book(schools), name))
            assert answer.status_code == 200
            assert evil not in answer.text and "<img" not in answer.text and "<b>县" not in answer.text


def test_nothing_is_kept(client: Any, good: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # so large that it does not stay in memory while it is received
    large = io.BytesIO(good)
    with zipfile.ZipFile(large, "a") as z:
        z.writestr("xl/media/image1.png", random.Random(0).randbytes(2_000_000))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert client.post("/files/declaration.xlsx", **sent(large.getvalue())).status_code == 200
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------------------ in a browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The app as a user starts it, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(FOLDER), "app:app", "--port", str(port)]
    server = subprocess.Popen([*command, "--log-level", "warning"])
    try:
        until = time.monotonic() + browser.PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert server.poll() is None and time.monotonic() < until, "the app did not start"
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(browser.PATIENCE)


#: What in the page has no name that a screen reader could read.
NAMELESS = """[...document.querySelectorAll("input:not([type=hidden]), select, button, a, summary")]
  .filter((e) => !(e.labels && e.labels.length) && !e.textContent.trim()).map((e) => e.outerHTML)"""
WIDTH = "document.documentElement.scrollWidth"


@pytest.mark.skipif(browser.installed() is None, reason="no Chromium is installed")
@pytest.mark.slow
def test_a_clerk_in_a_browser(address: str, good: bytes, bad: bytes, tmp_path: Path) -> None:
    for name, content in (("示例县.xlsx", good), ("有错.xlsx", bad)):
        (tmp_path / name).write_bytes(content)
    with browser.Browser(tmp_path) as page:
        page.open(address)
        empty = page.picture(tmp_path / "empty.png")
        page.choose("#file", tmp_path / "示例县.xlsx")
        assert page.value("document.getElementById('chosen').textContent") == "示例县.xlsx"
        # by the keyboard
        page.value("document.querySelector('button.main').focus()")
        page.press("Enter", 13, "\r")
        page.wait("document.querySelector('#verdict-title')")
        assert "总体结论" in page.value("document.getElementById('result').innerText")
        assert page.value("document.activeElement.id") == "verdict-title"
        page.value("document.querySelectorAll('details').forEach((d) => (d.open = true))")
        assert page.value(NAMELESS) == []
        assert len(page.picture(tmp_path / "judged.png")) > 1.5 * len(empty) > 10_000
        for width in (390, 1280):
            page.resize(width)
            assert page.value(WIDTH) <= width
        # the file is still chosen, and sent again
        page.value("document.querySelector('[formaction*=declaration]').click()")
        page.wait("document.getElementById('state').textContent.includes('申报表.xlsx')")
        until = time.monotonic() + browser.PATIENCE
        while not (tmp_path / "申报表.xlsx").exists():
            assert time.monotonic() < until, sorted(tmp_path.iterdir())
            time.sleep(0.05)
        assert openpyxl.load_workbook(tmp_path / "申报表.xlsx").sheetnames
        assert page.said == []
        # another choice makes the old result go; what is wrong is told with its cell
        page.choose("#file", tmp_path / "有错.xlsx")
        assert page.value("document.getElementById('result').childElementCount") == 0
        page.value("document.querySelector('button.main').click()")
        page.wait("document.querySelector('#problems-title')")
        assert re.search(r"学校![A-Z]+4", page.value("document.getElementById('result').innerText"))
        page.resize(390)
        assert page.value(WIDTH) <= 390
        # the browser notes that the answer was an error, and nothing else
        assert all("422" in said for said in page.said)
