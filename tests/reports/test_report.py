"""The report: one file that needs nothing, the same every time, right in both languages, legible at any width."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import attrs
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_tables import BASIC, QUALITY, SHANDONG, STANDARDS, frame, school

import junheng as jh
from junheng._text import clean
from junheng.errors import Problem, ProblemCode
from junheng.words import message

pytest.importorskip("jinja2", reason="the report is made with jinja2")
from browsers import CHROMIUM, looked_at
from pages import Page, checked

from junheng.reports import html_report, write_report
from junheng.reports.page import report as module
from junheng.reports.page.schools import StageTable
from junheng.reports.page.words import ReportWords

WORDS = tomllib.loads((Path(jh.__file__).parent / "words" / "reports.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ev() -> jh.Evaluation:
    schools = jh.synthetic.county(seed=0, items=True, n_schools=30)
    facts = jh.synthetic.county_facts(schools)
    return jh.evaluate(schools, QUALITY, county_facts=facts)


@pytest.fixture(scope="module")
def pages(ev: jh.Evaluation) -> dict[str, str]:
    return {language: html_report(ev, language=language) for language in ("zh", "en")}


# ----------------------------------------------------------------------------------- what it says


@pytest.mark.parametrize("language", ["zh", "en"])
def test_one_file_that_needs_nothing(pages: dict[str, str], language: str) -> None:
    page = checked(pages[language])
    assert page.tags.count("svg") == 17 and page.tags.count("desc") == 17


def test_the_verdict_comes_first(pages: dict[str, str], ev: jh.Evaluation) -> None:
    text = checked(pages["zh"]).text
    assert text.index("示例县 / 2025：不达标。") < 200
    for head in (
        "各部分结论",
        "不达标项目及差距",
        "逐项图示",
        "学校",
        "逐条依据",
        "不计入的学校",
        "数据问题",
        "数据来源与版本",
    ):
        assert head in text
    assert ev.standard.digest in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_school_and_every_clause_is_there(pages: dict[str, str], ev: jh.Evaluation, language: str) -> None:
    text = checked(pages[language]).text
    assert all(name in text for name in ev.school_verdicts["school"])
    assert all(item in text for item in ev.relabel(language).items.iloc[:, 3])
    clauses = {t.clause for t in (*ev.standard.thresholds, *ev.standard.limits, *ev.standard.items)}
    assert all(" ".join(c.split()) in text for c in clauses)


def test_how_much_is_missing_is_what_would_pass() -> None:
    rows = [
        school("甲", students=500, teaching_area_m2=2000.0, backbone_teachers=2),
        school("乙", students=301, teaching_area_m2=1300.0),
        school("丙"),
    ]
    text = checked(html_report(jh.evaluate(frame(*rows), QUALITY))).text
    # 4.5 * 500 - 2000 = 250; 4.5 * 301 - 1300 = 54.5
    assert "小学 · 生均教学及辅助用房面积：3所（部）中2所不达标；达到标准共缺305 ㎡" in text.replace(" ：", "：")
    assert "差距最大的是甲：4，标准≥4.5，缺250 ㎡" in text
    assert "3所（部）中1所不达标，其中1所低于下限；达到标准共缺3 人" in text  # 1 per hundred of 500 is 5


def test_half_a_teacher_is_a_teacher_in_every_school() -> None:
    rows = [school(n, students=150, backbone_teachers=1) for n in ("甲", "乙")]
    text = checked(html_report(jh.evaluate(frame(*rows), QUALITY))).text
    assert "2所（部）中2所不达标，其中2所低于下限；达到标准共缺2 人" in text  # 1.5 each


def test_every_part_says_its_reason_once(pages: dict[str, str], ev: jh.Evaluation) -> None:
    text = checked(pages["zh"]).text
    parts = text[text.rindex("各部分结论") : text.rindex("不达标项目及差距")]
    for row in jh.results.records(ev.relabel("zh").verdicts):
        if row["部分"] != "总体结论":
            assert f"{row['部分']} ：{row['说明']}。" in parts


@settings(max_examples=12)
@given(
    students=st.lists(st.integers(1, 3000), min_size=2, max_size=6),
    amounts=st.lists(st.integers(0, 60), min_size=6, max_size=6),
)
def test_adding_what_is_missing_passes_and_one_less_does_not(students: list[int], amounts: list[int]) -> None:
    rows = [
        school(f"S{i}", students=n, multimedia_classrooms=k, teaching_area_m2=9.0 * n)
        for i, (n, k) in enumerate(zip(students, amounts, strict=False))
    ]
    table = frame(*rows)
    ev = jh.evaluate(table, QUALITY)
    cells = StageTable(ev.data, 0, 0, ReportWords("en"))
    j = [i.id for i in ev.data.indicators].index("multimedia_classrooms_per_hundred_students")
    for i in range(len(rows)):
        lack = cells.lack(j, i)
        wanted = -(-23 * students[i] // 1000) - amounts[i]  # 2.3 a hundred
        assert (lack is None) == (wanted <= 0)
        if lack is not None:
            assert cells.amount(j, lack).split()[0] == f"{wanted:,}"


def test_coefficients_over_their_limit_say_by_how_much() -> None:
    rows = [school("a", teaching_area_m2=9000.0), school("b", teaching_area_m2=2400.0), school("c", students=900)]
    ev = jh.evaluate(frame(*rows), QUALITY)
    (row,) = jh.results.records(ev.indicators.query("indicator == 'teaching_area_per_student'"))
    text = checked(html_report(ev, language="en")).text
    over = row["coefficient"] - 0.5
    assert over > 0
    assert re.search(rf"Teaching area per student : {row['coefficient']:.4f}".rstrip("0"), text)
    assert f"limit 0.5, exceeded by {over:.4f}".rstrip("0") in text


def test_what_was_not_given_is_named_once_and_briefly() -> None:
    ev = jh.evaluate(jh.synthetic.county(seed=3, n_schools=8, missing=1.0), QUALITY)
    for language in ("zh", "en"):
        page = checked(html_report(ev, language=language))
        assert page.tags.count("svg") == 0
        for item in ev.standard.items:
            if item.part in ("government", "quality") and item.rule == "conditions":
                assert page.text.count(getattr(item.label, language)) == 1, item.id
        assert len(page.find("header")[0][1]) < 400


def test_left_out_units_and_problems_are_told() -> None:
    rows = [school("甲"), school("乙", students=0), school("丙", included="否"), school("丁", books=None)]
    ev = jh.evaluate(frame(*rows), QUALITY)
    text = checked(html_report(ev)).text
    assert "乙（小学）" in text and "丙（小学）" in text and "无在校生，不计入（1）" in text
    assert "第1行" in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_problems_are_told_in_the_language_of_the_page(language: str) -> None:
    told = message("reports.error.one_year", years=["2024", "2025"])
    problem = Problem(code=ProblemCode.UNCLEAR_YEAR, column="year", row=0, key="甲县 / primary", message=told)
    ev = jh.evaluate(frame(school("甲")), QUALITY)
    ev = attrs.evolve(ev, data=attrs.evolve(ev.data, problems=(problem,)))
    text = checked(html_report(ev, language=language)).text
    assert told.text(language) in text and problem.place(language) in text
    other = {"zh": "en", "en": "zh"}[language]
    assert told.text(other) not in text and problem.place(other) not in text


@pytest.mark.parametrize(
    "standard", [s for s in STANDARDS if s != QUALITY] + ["cn-js-pukou-2010", "cn-gz-majiang-2023"]
)
def test_every_standard_has_a_report(standard: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PICTURES", 3)
    schools = jh.synthetic.county(seed=1, n_schools=8, missing=0.05, items=True)
    ev = jh.evaluate(schools, standard)
    for language in ("zh", "en"):
        checked(html_report(ev, language=language))


def test_pictures_that_are_not_drawn_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PICTURES", 2)
    text = checked(html_report(jh.evaluate(jh.synthetic.county(seed=0, n_schools=12), SHANDONG), language="en"))
    assert text.tags.count("svg") == 2 + 2 and "Not drawn (" in text.text


# ------------------------------------------------------------------------------------ many counties


@pytest.fixture(scope="module")
def province() -> jh.Evaluation:
    return jh.evaluate(jh.synthetic.province(seed=0, n_counties=14, inequality=1.7, conditions=False), BASIC)


def test_several_counties_have_counts_a_ranking_and_details(
    province: jh.Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PICTURES_OF_MANY", 0)
    done: list[tuple[int, int]] = []
    page = checked(html_report(province, language="en", progress=lambda a, b: done.append((a, b))))
    overall = province.verdicts.query("part == 'overall'")["verdict"]
    assert f"Of 14 counties, 0 met, {(overall == 'unmet').sum()} unmet" in page.text
    assert len([t for t in page.targets if t.startswith("#c")]) == module.DETAILED == 12
    assert "2 more counties are not shown in detail" in page.text and 'county="' in page.text
    assert page.tags.count("svg") == 2 + 2 + 12
    assert done[-1] == (13, 13)


def test_one_county_of_several(province: jh.Evaluation) -> None:
    done: list[tuple[int, int]] = []
    page = checked(html_report(province, county="第3县", progress=lambda a, b: done.append((a, b))))
    assert done == [(1, 1)]
    assert "第3县" in page.text and "第4县" not in page.text
    with pytest.raises(jh.InputError, match="no county"):
        html_report(province, county="第99县")


def test_a_county_in_several_years_is_a_history(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PICTURES_OF_MANY", 0)
    monkeypatch.setattr(module, "PICTURES", 1)
    ev = jh.evaluate(jh.synthetic.nation(seed=1, years=3, n_counties=2), BASIC)
    page = checked(html_report(ev, county="第1县"))
    assert "逐年变化" in page.text and "第2县" not in page.text
    assert checked(html_report(ev, county=("第1县", 2024))).text.startswith("义务教育发展基本均衡县：第1县 / 2024")


def test_a_county_without_a_school_that_counts_has_a_report() -> None:
    ev = jh.evaluate(frame(school(students=0)), QUALITY)
    for language in ("zh", "en"):
        checked(html_report(ev, language=language))


# ---------------------------------------------------------------------------- safe, same, in one language

ODD = [
    "<script>alert(1)</script>",
    "</svg><b>",
    '"><img src=x onerror=y>',
    "A & B's",
    "{{ 7*7 }}",
    "$x$",
    "<!-- ",
    "]]>",
]


def test_names_are_text() -> None:
    rows = [school(name, county="<i>县</i>", teaching_area_m2=100.0 + i) for i, name in enumerate(ODD)]
    ev = jh.evaluate(frame(*rows), QUALITY)
    for text in (html_report(ev), html_report(ev, language="en")):
        page = checked(text)
        assert "img" not in page.tags and "i" not in page.tags
        for name in ODD:
            assert " ".join(name.split()) in page.text
            assert name not in text or not re.search("[<>&]", name)
    card = Page(ev._repr_html_())
    assert "i" not in card.tags and "<i>县</i>" in card.text


@settings(max_examples=6)
@given(
    # a name is read without what does not show; nothing may be left of it
    name=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(clean)
)
def test_any_name_is_carried_through(name: str) -> None:
    ev = jh.evaluate(frame(school(name, county="甲县", teaching_area_m2=1.0)), QUALITY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PICTURES", 1)
        text = html_report(ev)
    page = Page(text) if re.search(r"[{}\[\]]|nan|None|http", name) else checked(text)
    assert " ".join(clean(name).split()) in page.text


def test_the_same_evaluation_gives_the_same_bytes(ev: jh.Evaluation, pages: dict[str, str], tmp_path: Path) -> None:
    assert html_report(ev) == pages["zh"]
    path = write_report(ev.relabel("en"), tmp_path / "r.html", language="en")
    assert path.read_bytes() == pages["en"].encode()
    assert not re.search(r"20\d\d-\d\d-\d\dT", pages["zh"])


def test_a_machine_without_a_chinese_font_can_write_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from junheng.reports.plots import _canvas

    monkeypatch.setattr(_canvas, "_known_fonts", dict)
    monkeypatch.setattr(module, "PICTURES", 2)
    text = html_report(jh.evaluate(jh.synthetic.county(seed=0, n_schools=5), QUALITY))
    assert checked(text).tags.count("svg") == 5 and "〓" not in text


def test_the_files_name_says_what_it_is(ev: jh.Evaluation, tmp_path: Path) -> None:
    with pytest.raises(jh.InputError, match=r"must end in \.html"):
        write_report(ev, tmp_path / "r.pdf")
    with pytest.raises(jh.InputError, match="language"):
        write_report(ev, tmp_path / "r.html", language="fr")
    assert list(tmp_path.iterdir()) == []


def leaves(table: dict[str, Any], path: str = "") -> Any:
    for key, value in table.items():
        if "zh" in value and isinstance(value["zh"], str):
            yield f"{path}.{key}", value
        else:
            yield from leaves(value, f"{path}.{key}")


def test_every_word_is_there_in_both_languages() -> None:
    for path, entry in leaves(WORDS):
        assert set(entry) >= {"zh", "en"} and entry["zh"] and entry["en"], path
        # Chinese names of columns and categories are quoted, or stand in brackets
        assert not re.search("[\u3400-\u9fff，。；：（）]", re.sub(r"\([^()]*\)|'[^']*'", "", entry["en"])), path
        fields = [sorted(re.findall(r"\{(\w+)\}", entry[x])) for x in ("zh", "en")]
        assert fields[0] == fields[1], path
        # full-width punctuation in Chinese: none of the half-width kind beside a Chinese character
        if "write_report" not in entry["zh"]:
            assert not re.search("[\u3400-\u9fff}][,;:?!(]|[)][\u3400-\u9fff]", entry["zh"]), path


def test_every_word_is_used() -> None:
    sources = [
        p.read_text(encoding="utf-8")
        for p in (Path(jh.__file__).parent / "reports").rglob("*")
        if p.suffix in (".py", ".html")
    ]
    for card in ("planning/_card.py", "results/card.py"):
        sources.append((Path(jh.__file__).parent / card).read_text(encoding="utf-8"))
    everything = "\n".join(sources)
    for group in ("picture", "report"):
        for key in WORDS[group]:
            assert f'"{key}"' in everything or f"'{key}'" in everything, f"{group}.{key}"


def test_no_id_and_no_english_is_left_in_chinese(pages: dict[str, str]) -> None:
    page = Page(pages["zh"])
    text = re.sub(r"cn-[\w-]+|sha256:\w+|（propagate）|ev\.problems", "", page.text)
    text = re.sub(r"来源：[^；]*；", "", text)  # titles stand as their authors wrote them
    assert not re.search(r"[a-z]_[a-z]|\b(met|unmet|undetermined|primary|junior|required|schools)\b", text)
    assert not re.search("[\u3400-\u9fff][,;:]", re.sub(r"\(美术、音乐\)", "", text))


def test_english_pages_have_english_labels(pages: dict[str, str]) -> None:
    text = Page(pages["en"]).text
    assert not re.search(r"[a-z]_[a-z]", text.replace("cn-quality-balance-2017", ""))
    for zh in ("达标", "标准", "上限", "均值", "小学：", "待定"):
        assert zh not in text, zh


# --------------------------------------------------------------------------------------- by itself


def test_an_evaluation_shows_itself_in_short(ev: jh.Evaluation, province: jh.Evaluation) -> None:
    one = Page(ev._repr_html_())
    assert "示例县 / 2025: unmet" in one.text and one.tags.count("tr") == 2 and one.tags.count("li") == 5
    many = Page(
        jh.evaluate(jh.synthetic.province(seed=0, n_counties=40, conditions=False), BASIC).relabel("zh")._repr_html_()
    )
    assert many.tags.count("tr") == 31 and "另有10个县" in many.text and many.text.startswith("40个县（市、区）中")
    worst = province.indicators.query("indicator == 'composite' and verdict == 'unmet'")
    worst = worst.assign(over=worst["coefficient"] / worst["limit"]).sort_values("over", ascending=False)
    first = re.search(r"Worst: (\S+)", Page(province._repr_html_()).text)
    assert first is not None and first[1] == worst["county"].iloc[0]


@pytest.mark.slow
def test_the_short_form_needs_no_extra() -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None; sys.modules['jinja2'] = None\n"
        "import junheng as jh\n"
        "ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=5), 'cn-quality-balance-2017')\n"
        "assert 'unmet' in ev._repr_html_()\n"
        "from junheng.reports import html_report\n"
        "try:\n    html_report(ev)\nexcept jh.InputError as e:\n    assert 'junheng[report]' in str(e)\n"
        "else:\n    raise SystemExit('no error')\n"
    )
    import sys

    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)


# ------------------------------------------------------------------------------------- in a browser


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium to open the page with")
@pytest.mark.parametrize(("language", "width"), [("zh", 390), ("en", 390), ("zh", 1280)])
def test_in_a_browser_nothing_is_cut_and_nothing_is_wider_than_the_page(
    pages: dict[str, str], tmp_path: Path, language: str, width: int
) -> None:
    seen = looked_at(pages[language], width, tmp_path)
    assert seen["errors"] == [] and seen["width"] == width
    assert seen["scroll"] <= width and seen["opened"] <= width
    assert seen["cut"] == []


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium to open the page with")
def test_a_province_fits_every_width(province: jh.Evaluation, tmp_path: Path) -> None:
    page = html_report(province)
    for width in (390, 1280):
        seen = looked_at(page, width, tmp_path)
        assert seen["errors"] == [] and max(seen["scroll"], seen["opened"]) <= width and seen["cut"] == [], width


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None or shutil.which("pdftotext") is None, reason="no chromium or no pdftotext")
def test_on_paper_everything_is_open(pages: dict[str, str], ev: jh.Evaluation, tmp_path: Path) -> None:
    assert CHROMIUM is not None
    (tmp_path / "r.html").write_text(re.sub(r"<script>.*?</script>", "", pages["zh"]), encoding="utf-8")
    subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={tmp_path / 'profile'}", "--no-pdf-header-footer",
            f"--print-to-pdf={tmp_path / 'r.pdf'}", (tmp_path / "r.html").as_uri(),
        ],
        capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    text = subprocess.run(["pdftotext", tmp_path / "r.pdf", "-"], capture_output=True, check=True).stdout.decode(
        "utf-8"
    )
    flat = re.sub(r"\s", "", text)
    assert all(re.sub(r"\s", "", s) in flat for s in ev.school_verdicts.query("counted")["school"])
    assert "各项指标的标准和上限" in flat and "第六条" in flat and "不是官方评估结论" in flat


# --------------------------------------------------------------------------------------- real data


@pytest.mark.slow
def test_the_real_table_goes_from_file_to_report(shared_data: Path, tmp_path: Path) -> None:
    from real_tables import MAPPING, STANDARD

    schools = jh.read_schools(shared_data / "taiwan_primary_schools_113.csv", mapping=MAPPING).assign(stage="primary")
    (tmp_path / "s.toml").write_text(STANDARD, encoding="utf-8")
    ev = jh.evaluate(schools, tmp_path / "s.toml")
    page = checked(write_report(ev, tmp_path / "all.html").read_text(encoding="utf-8"))
    assert "22个县（市、区）中，达标11个，不达标11个，待定0个" in page.text
    county = pd.Series(schools["county"]).iloc[0]
    one = checked(write_report(ev, tmp_path / "one.html", county=county).read_text(encoding="utf-8"))
    assert all(s in one.text for s in schools.loc[schools["county"] == county, "school"])
