"""The report for every reader: standings in words, pictures told in words, contrast, paper, many counties."""

import html
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_tables import BASIC, QUALITY, SHANDONG

import junheng as jh

pytest.importorskip("jinja2", reason="the report is made with jinja2")
from browsers import CHROMIUM, looked_at
from pages import Page, checked

from junheng.reports import html_report
from junheng.reports.page import matrix
from junheng.reports.page import report as module
from junheng.reports.plots import _canvas
from junheng.words import sentences, word

CSS = (Path(module.__file__).parent / "report.css").read_text(encoding="utf-8")
STANDINGS = ("confirmed", "secondary", "derived", "recalled", "conflicting")


@pytest.fixture(scope="module")
def county() -> jh.Evaluation:
    schools = jh.synthetic.county(seed=0, items=True, n_schools=14, missing=0.02)
    return jh.evaluate(schools, QUALITY, county_facts=jh.synthetic.county_facts(schools))


@pytest.fixture(scope="module")
def texts(county: jh.Evaluation) -> dict[str, str]:
    return {language: html_report(county, language=language) for language in ("zh", "en")}


@pytest.fixture(scope="module")
def pages(texts: dict[str, str]) -> dict[str, Page]:
    return {language: checked(text) for language, text in texts.items()}


@pytest.fixture(scope="module")
def province() -> jh.Evaluation:
    return jh.evaluate(jh.synthetic.province(seed=3, n_counties=4, conditions=False), QUALITY)


@pytest.fixture(scope="module")
def province_page(province: jh.Evaluation) -> Page:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PICTURES_OF_MANY", 1)
        return checked(html_report(province))


# --------------------------------------------------------------------------------------------- standings


@pytest.mark.parametrize("language", ["zh", "en"])
def test_beside_every_verdict_stands_how_well_its_rule_is_known(pages: dict[str, Page], language: str) -> None:
    labels = [str(word("standing", x, language)) for x in STANDINGS]
    verdicts = {str(word("verdict", x, language)) for x in ("met", "unmet", "undetermined")}
    page = pages[language]
    places = [text for tag in ("li", "td") for _, text in page.find(tag) if text.split(" ")[0] in verdicts]
    # parts, coefficients, schools, items
    assert len(places) > 4 + 14 + 35
    in_figures = [x for x in places if x in verdicts]  # the head of their column says it
    assert all(any(label in text for label in labels) for text in places if text not in verdicts), places
    items = [text for text in places if "申报表" in text]
    assert len(items) > 10
    assert all(re.match(rf"\S+ ({'|'.join(labels)}) ", text) for text in items), items
    column = str(word("column", "verdict", language)).capitalize()
    heads = [text for _, text in page.find("th", scope="col") if text.startswith(column)]
    assert in_figures and any(label in head for head in heads for label in labels)
    lead = page.find("header")[0][1]
    assert any(label in lead for label in labels)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_standing_is_explained_in_words_where_it_stands(texts: dict[str, str], language: str) -> None:
    meaning = sentences("reports.standing", language)
    by_label = {str(word("standing", x, language)): html.escape(meaning[x]) for x in STANDINGS}
    sections = [x for x in texts[language].split("<section>") if 'class="standing"' in x]
    assert len(sections) == 5  # parts, what fails, coefficients, schools, clauses
    for section in sections:
        labels = set(re.findall('class="standing">([^<]*)<', section))
        assert all(by_label[label] in section for label in labels), section[:200]


def test_an_unmet_verdict_rests_on_the_rules_that_are_unmet(county: jh.Evaluation, pages: dict[str, Page]) -> None:
    items = county.items.query("verdict == 'unmet'")
    count = items["standing"].value_counts()
    lead = pages["en"].find("header")[0][1]
    told = [f"{word('standing', x, 'en')} {n}" for x, n in count.items() if n]
    assert told and all(x in lead for x in told)
    assert lead.count(";") == len(told) - 1


# ---------------------------------------------------------------------------------------------- pictures


def test_pictures_are_told_in_words(county: jh.Evaluation, pages: dict[str, Page]) -> None:
    titles, described = ([text for _, text in pages["zh"].find(tag)] for tag in ("title", "desc"))
    told = dict(zip(titles[1:], described, strict=True))
    sections = county.schools.query("stage == 'primary' and indicator == 'sports_area_per_student'").dropna(
        subset=["value"]
    )
    low = sections.loc[sections["value"].idxmin()]
    (shown,) = [text for title, text in told.items() if title.startswith("小学 · 生均体育运动场馆面积")]
    assert f"共{len(sections)}个数值" in shown and f"（{low['school']}）" in shown and "标准≥7.5" in shown
    coefficients = county.indicators.query("indicator != 'composite'").dropna(subset=["coefficient"])
    assert f"{len(coefficients)}个差异系数" in told["差异系数与上限"]


def test_pictures_of_counties_years_and_plans_are_told_in_words(province: jh.Evaluation, province_page: Page) -> None:
    told = [text for _, text in province_page.find("desc")]
    over = province.indicators.query("stage == 'primary' and verdict == 'unmet'")
    overview = (
        f"4个县或年度（行）的各项差异系数（列）与上限；{over['county'].nunique()}个有系数超过上限，共{len(over)}项"
    )
    assert overview in told[0]
    ranked = next(text for text in told if "点图" in text)
    assert "各县差异系数由大到小" in ranked and "共4个数值" in ranked
    years = jh.evaluate(jh.synthetic.nation(seed=1, years=2, n_counties=1), BASIC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PICTURES_OF_MANY", 0)
        page = checked(html_report(years, language="en"))
    row = years.indicators.query("indicator == 'composite' and stage == 'primary' and year == 2024").iloc[0]
    assert f"2024: {_canvas.short(row['coefficient'], row['limit'])}" in "".join(text for _, text in page.find("desc"))


def test_the_drawing_has_no_font_of_this_machine(texts: dict[str, str]) -> None:
    drawings = re.findall(r"<svg.*?</svg>", texts["zh"], flags=re.DOTALL)
    assert drawings and not any("font-family" in x for x in drawings)


# ---------------------------------------------------------------------------------------------- contrast


def luminance(colour: str) -> float:
    whole = colour if len(colour) == 7 else "#" + "".join(2 * x for x in colour[1:])
    parts = [int(whole[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_text_and_lines() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    named = dict(re.findall(r"--(\w+): (#\w+);", CSS))
    letters = {named.get(a, b) for a, b in re.findall(r"(?<![-\w])color: (?:var\(--(\w+)\)|(#\w+))", CSS)}
    assert len(letters) >= 6
    for colour in letters:
        assert min(contrast(colour, named[x]) for x in ("paper", "tint")) >= 4.5, colour
    for shade in ("h1", "h2", "h3"):
        assert min(contrast(named[x], named[shade]) for x in ("ink", "over")) >= 4.5, shade
    for colour in ("edge", "met", "unmet", "open"):  # borders and the mark of the focus
        assert min(contrast(named[colour], named[x]) for x in ("paper", "tint")) >= 3, colour
    assert ":focus-visible { outline: 3px solid var(--met)" in CSS


def test_contrast_of_pictures() -> None:
    colours = [colour for colour, _, _ in _canvas.KINDS.values()] + [colour for colour, _ in _canvas.LINES]
    for colour in (*colours, _canvas.GREY, _canvas.GREEN):
        assert contrast(colour, "#ffffff") >= 3, colour


# ----------------------------------------------------------------------------------------- many counties


def heat_tables(page: Page) -> list[pd.DataFrame]:
    """The tables of counties by indicators."""
    tables, cells = [], None
    for tag, attrs, read in page.elements:
        text = " ".join("".join(read).split())
        if tag == "table":
            cells = [] if attrs.get("class") == "heat" else None
            if cells is not None:
                tables.append(cells)
        elif cells is not None and tag == "tr":
            cells.append([])
        elif cells is not None and tag in ("th", "td"):
            cells[-1].append(text)
    return [pd.DataFrame(rows[1:], columns=rows[0]) for rows in tables]


@pytest.mark.parametrize("standard", [QUALITY, BASIC, SHANDONG])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_indicator_is_on_the_page_of_a_province(
    standard: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DETAILED", 0)
    ev = jh.evaluate(jh.synthetic.province(seed=0, n_counties=2, items=True), standard)
    tables = heat_tables(checked(html_report(ev, language=language)))
    heads = " ".join(x for table in tables for x in table.columns)
    assert all(getattr(i, language) in heads for i in ev.data.indicators)
    assert all(table.shape[0] == 2 and 2 <= table.shape[1] <= matrix.ACROSS + 1 for table in tables)


def test_the_figures_of_a_province_are_those_of_the_evaluation(province: jh.Evaluation, province_page: Page) -> None:
    tables = heat_tables(province_page)
    names = {str(i.zh): i.id for i in province.data.indicators}
    assert len(tables) == 4
    for table, (stage, kind) in zip(tables, [(s, k) for s in ("primary", "junior") for k in "cu"], strict=True):
        assert len(table.columns) == 8 and set(table.iloc[:, 0]) == set(province.indicators["county"])
        for head in table.columns[1:]:
            indicator = names[next(n for n in names if head.startswith(n))]
            query = f"stage == '{stage}' and indicator == '{indicator}'"
            for county, cell in zip(table.iloc[:, 0], table[head], strict=True):
                if kind == "c":
                    row = province.indicators.query(query).set_index("county").loc[county]
                    assert cell == _canvas.short(row["coefficient"], row["limit"]) + " ▼" * (row["verdict"] == "unmet")
                else:
                    mine = province.schools.query(query + f" and county == '{county}' and counted")
                    unmet = int((mine["verdict"] == "unmet").sum())
                    assert cell.removesuffix(" □") == f"{unmet}/{len(mine)}"


def test_the_worst_county_of_each_indicator_is_named(province: jh.Evaluation, province_page: Page) -> None:
    rows = province.indicators.query("stage == 'junior' and indicator == 'sports_area_per_student'")
    worst = rows.loc[rows["coefficient"].idxmax()]
    over = int((rows["verdict"] == "unmet").sum())
    wanted = f"{over}/4 {_canvas.short(float(rows['coefficient'].median()))} {worst['county']}（"
    text = province_page.text[province_page.text.index("初中：差异系数") :]
    assert wanted in re.sub(r"^.*?生均体育运动场馆面积", "", text, count=1)[:120].replace("  ", " ")


def test_very_many_counties_are_counted_though_not_listed(
    province: jh.Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DETAILED", 0)
    whole = html_report(province)
    monkeypatch.setattr(matrix, "LISTED", 3)
    page = checked(html_report(province))
    assert all(len(table) == 3 for table in heat_tables(page)) and "另有1个县未列" in page.text
    over = province.indicators.query("stage == 'primary' and indicator == 'books_per_student'")
    assert "/4 " in page.text and len(over) == 0
    # a county more takes little room
    assert len(whole.encode()) - len(html_report(province).encode()) < 2500


def test_the_darkest_cell_is_the_largest_of_its_column() -> None:
    value = np.array([0.1, np.nan, 0.4, 0.2, 0.3, 0.0])
    column = matrix._Column("x", "", None, value, [""] * 6, [""] * 6, None)
    assert column.shades().tolist() == [0, 0, 3, 0, 1, 0] and column.worst == 2
    same = matrix._Column("x", "", None, np.full(4, 0.5), [""] * 4, [""] * 4, None)
    assert not same.shades().any()


def test_a_county_without_a_figure_is_counted_as_undetermined() -> None:
    schools = jh.synthetic.province(seed=3, n_counties=3, conditions=False)
    schools.loc[schools["county"] == "第2县", "sports_area_m2"] = None
    ev = jh.evaluate(schools, QUALITY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "DETAILED", 0)
        page = checked(html_report(ev))
    text = page.text[page.text.index("小学：差异系数") :]
    assert re.search(r"生均体育运动场馆面积 ≤0.5 依据已核实 \d/3（待定1） ", text)
    table = heat_tables(page)[0].set_index("县（市、区）")
    (column,) = [x for x in table.columns if x.startswith("生均体育运动场馆面积")]
    assert table[column]["第2县"] == "– □"


# -------------------------------------------------------------------------------------- on paper, in a browser


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium to open the page with")
@pytest.mark.parametrize("what", ["county", "province"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_on_a4_nothing_is_cut(what: str, language: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    page = html_report(request.getfixturevalue(what), language=language)
    # the rules for paper, on a screen as wide as the paper within its margins
    for on_screen, on_paper in (("@media print", "@media all"), ("max-width: 560px", "width: 1px")):
        assert on_screen in page
        page = page.replace(on_screen, on_paper)
    assert "@page { size: A4; margin: 15mm 13mm 17mm;" in page
    wide = round((210 - 2 * 13) / 25.4 * 96)
    seen = looked_at(page, wide, tmp_path)
    assert seen["errors"] == [] and max(seen["scroll"], seen["opened"]) <= wide and seen["cut"] == []


def test_all_schools_are_drawn_on_the_page_of_a_county_and_counties_on_theirs(
    pages: dict[str, Page], province_page: Page
) -> None:
    titles = {
        whose: [text for _, text in page.find("title")]
        for whose, page in (("one", pages["zh"]), ("several", province_page))
    }
    assert "小学 · 学校与指标" in titles["one"] and "小学 · 差异系数与上限" not in titles["one"]
    assert "小学 · 差异系数与上限" in titles["several"] and not any(
        "学校与指标" in title for title in titles["several"]
    )
