"""Pictures: what they show is what was found, nothing is cut or boxed, and colour is never alone."""

import re
import subprocess
import sys
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from drawn import SIGHT, crowded, lab, latin, linear, marks, matplotlib, needs_chinese, said
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from small_tables import BASIC, QUALITY, SHANDONG, frame, school

import junheng as jh
from junheng.reports import plots, write_report
from junheng.reports.plots import _canvas

AREA, BOOKS = "teaching_area_per_student", "books_per_student"


@pytest.fixture(scope="module")
def ev() -> jh.Evaluation:
    return jh.evaluate(latin(jh.synthetic.county(seed=0)), QUALITY)


@pytest.fixture(scope="module")
def province() -> jh.Evaluation:
    return jh.evaluate(latin(jh.synthetic.province(seed=0, n_counties=150, inequality=1.7, conditions=False)), BASIC)


@pytest.fixture(scope="module")
def years() -> jh.Evaluation:
    return jh.evaluate(latin(jh.synthetic.nation(seed=1, years=4, n_counties=3)), BASIC)


# ------------------------------------------------------------------------------- the figures behind


@pytest.mark.parametrize("stage", ["primary", "junior"])
@pytest.mark.parametrize("indicator", [AREA, "backbone_teachers_per_hundred_students", "equipment_value_per_student"])
def test_every_school_is_a_dot_at_its_value_of_the_kind_of_its_verdict(
    ev: jh.Evaluation, indicator: str, stage: str
) -> None:
    ax = plots.distribution(ev, indicator, stage=stage)
    table = ev.schools.query("counted and indicator == @indicator and stage == @stage")
    met = table["verdict"] == "met"
    floor = (table["verdict"] == "unmet") & (table["floor_verdict"] == "met")
    for kind, rows in (("met", met), ("floor", floor), ("below", ~met & ~floor)):
        high = ax.get_xlim()[1]
        wanted = np.sort(np.minimum(table.loc[rows, "value"].to_numpy(), high))
        np.testing.assert_allclose(np.sort(marks(ax, kind)[:, 0]), wanted, rtol=1e-12)
    worst = table.loc[~met].assign(reach=lambda t: t["value"] / t["required"]).sort_values("reach").head(3)
    written = " ".join(t.get_text() for t in ax.texts)
    assert all(name in written for name in worst["school"])
    assert f"met ({int(met.sum())})" in said(ax)


def test_lines_stand_at_the_threshold_the_floor_and_the_mean(ev: jh.Evaluation) -> None:
    ax = plots.distribution(ev, AREA, stage="junior")
    upright = {
        float(line.get_xdata()[0])
        for line in ax.lines
        if line.get_marker() == "None" and len(set(line.get_xdata())) == 1
    }
    mean = ev.indicators.query("indicator == @AREA and stage == 'junior'")["mean"].iloc[0]
    assert {5.8, 4.93, mean} <= upright
    assert {"required ≥ 5.8", "floor 4.93"} <= set(said(ax))


@pytest.mark.slow
@settings(max_examples=15)
@given(
    values=st.lists(st.floats(0, 2e5) | st.none(), min_size=1, max_size=20),
    students=st.lists(st.integers(1, 5000), min_size=20, max_size=20),
)
def test_no_school_is_lost(values: list[float | None], students: list[int]) -> None:
    rows = [
        school(f"S{i}", county="A", teaching_area_m2=v, students=n)
        for i, (v, n) in enumerate(zip(values, students, strict=False))
    ]
    ev = jh.evaluate(frame(*rows), QUALITY)
    ax = plots.distribution(ev, AREA, stage="primary")
    drawn = sum(len(marks(ax, k)) for k in ("met", "floor", "below", "open"))
    missing = values.count(None)
    assert drawn == len(values) - missing
    assert any(t == f"no data: {missing}" for t in said(ax)) == (missing > 0)


@given(
    x=st.lists(st.floats(0, 400), min_size=1, max_size=60),
    seed=st.integers(0, 1000),
)
def test_dots_of_a_swarm_hide_nothing_and_stay_inside(x: list[float], seed: int) -> None:
    at = np.array(x)
    radius = np.random.default_rng(seed).uniform(2, 6, at.size)
    y, r = _canvas.swarm(at, radius, 500.0)
    apart = np.hypot(at[:, None] - at[None, :], y[:, None] - y[None, :]) - (r[:, None] + r[None, :])
    assert (apart[~np.eye(at.size, dtype=bool)] > -1e-6).all()
    y, r = _canvas.swarm(at, radius, 20.0)
    assert (np.abs(y) <= 20.0).all()


def test_requirements_by_size_are_marked_school_by_school() -> None:
    ev = jh.evaluate(latin(jh.synthetic.county(seed=0)), SHANDONG)
    ax = plots.distribution(ev, "land_area_per_student", stage="primary")
    (line,) = [x for x in ax.lines if x.get_marker() == "|" and len(x.get_xdata())]
    table = ev.schools.query("counted and indicator == 'land_area_per_student' and stage == 'primary'")
    shown = table[table["value"].notna() & table["required"].notna()]
    np.testing.assert_allclose(np.sort(line.get_xdata()), np.sort(shown["required"]))
    assert len(marks(ax, "open")) == int((table["value"].notna() & (table["verdict"] == "undetermined")).sum())
    assert any(t.startswith("required of each school") for t in said(ax))


def test_what_is_far_out_is_on_the_edge_and_said() -> None:
    rows = [school(f"S{i}", county="A", teaching_area_m2=500 * 6.0 + i) for i in range(20)]
    rows.append(school("far", county="A", students=1, teaching_area_m2=400.0))
    ax = plots.distribution(jh.evaluate(frame(*rows), QUALITY), AREA, stage="primary")
    assert ax.get_xlim()[1] < 20 and marks(ax, "met")[:, 0].max() == pytest.approx(ax.get_xlim()[1])
    assert "beyond the axis: 1, up to 400" in said(ax)


def test_coefficients_stand_beside_their_limits(ev: jh.Evaluation) -> None:
    ax = plots.coefficients(ev)
    table = ev.indicators
    np.testing.assert_allclose(np.sort(marks(ax, "met")[:, 0]), np.sort(table["coefficient"]))
    (line,) = [x for x in ax.lines if x.get_marker() == "|" and len(x.get_xdata())]
    np.testing.assert_allclose(np.sort(line.get_xdata()), np.sort(table["limit"]))
    assert len(plots.coefficients(ev, stage="primary").get_yticks()) == 7


def test_the_composite_comes_first_and_single_coefficients_have_no_limit_in_2012() -> None:
    ev = jh.evaluate(latin(jh.synthetic.county(seed=0)), BASIC)
    ax = plots.coefficients(ev)
    texts = [t.get_text() for t in ax.texts if t.get_text()[0].isalpha()]
    assert texts[0] == "Composite difference coefficient"
    assert len(marks(ax, "met")) == 2 and "no limit set (16)" in said(ax)


@pytest.mark.parametrize("stage", ["primary", "junior"])
def test_the_lorenz_curve_says_gini_and_coefficient(ev: jh.Evaluation, stage: str) -> None:
    ax = plots.lorenz(ev, AREA, stage=stage)
    table = ev.schools.query("counted and indicator == @AREA and stage == @stage")
    students = ev.school_verdicts.set_index(["row", "stage"])["students"]
    weights = [students[(r, stage)] for r in table["row"]]
    curve = jh.lorenz_curve(table["value"].to_numpy(), weights=weights)
    x, y = ax.lines[1].get_data()
    np.testing.assert_allclose(x, curve["population"])
    np.testing.assert_allclose(y, curve["amount"])
    cv = ev.indicators.query("indicator == @AREA and stage == @stage")["coefficient"].iloc[0]
    text = ax.texts[0].get_text()
    assert _canvas.short(cv) in text and _canvas.short(jh.gini(table["value"].to_numpy(), weights=weights)) in text


def test_town_and_country_have_weighted_means() -> None:
    rows = [
        school("a", county="A", area_type="city", students=100, teaching_area_m2=400.0),
        school("b", county="A", area_type="town", students=300, teaching_area_m2=2400.0),
        school("c", county="A", area_type="rural", students=200, teaching_area_m2=800.0),
        school("d", county="A", area_type=None, students=200, teaching_area_m2=900.0),
    ]
    ax = plots.town_and_country(jh.evaluate(frame(*rows), QUALITY), AREA, stage="primary")
    assert [t.get_text() for t in ax.get_yticklabels()] == ["city (1)", "town (1)", "rural (1)", "not stated (1)"]
    assert [t.get_text() for t in ax.texts] == ["4", "8", "4", "4.5"]
    assert "mean of city and town / mean of rural = 1.75" in said(ax)


def test_without_area_types_it_is_said_what_is_missing() -> None:
    plain = jh.evaluate(frame(school(county="A")), QUALITY)
    with pytest.raises(jh.InputError, match="area_type"):
        plots.town_and_country(plain, AREA, stage="primary")
    with pytest.raises(jh.InputError, match="empty"):
        plots.town_and_country(jh.evaluate(frame(school(county="A", area_type=None)), QUALITY), AREA, stage="primary")


def test_looking_at_town_and_country_adds_no_problem() -> None:
    ev = jh.evaluate(frame(school("a", county="A", area_type=None), school("b", county="A", area_type="city")), QUALITY)
    before = len(ev.data.sections.schools.problems)
    plots.town_and_country(ev, AREA, stage="primary")
    assert len(ev.data.sections.schools.problems) == before


def test_counties_are_ranked_from_the_largest(province: jh.Evaluation) -> None:
    ax = plots.ranking(province, stage="primary")
    table = province.indicators.query("indicator == 'composite' and stage == 'primary'").copy()
    table = table.sort_values("coefficient", ascending=False, kind="stable")
    assert [t.get_text() for t in ax.get_yticklabels()] == table["county"].tolist()
    assert len(marks(ax, "unmet")) == int((table["verdict"] == "unmet").sum()) > 5
    assert "limit 0.65" in said(ax)


def test_on_small_axes_the_first_are_named_and_all_are_drawn(province: jh.Evaluation) -> None:
    ax = plots.ranking(province, stage="primary", ax=Figure(figsize=(7, 5), layout="constrained").add_subplot())
    labels = [t.get_text() for t in ax.get_yticklabels()]
    assert 5 < len(labels) < 40 and labels[-1] == f"{150 - len(labels) + 1} more"
    assert len(marks(ax, "met")) + len(marks(ax, "unmet")) == 150
    assert crowded(ax) == []


def test_counties_without_a_coefficient_are_counted() -> None:
    table = latin(jh.synthetic.province(seed=0, n_counties=4, conditions=False))
    table.loc[table["county"] == "County 2", "books"] = None
    ax = plots.ranking(jh.evaluate(table, BASIC), stage="primary")
    assert len(ax.get_yticklabels()) == 3 and "counties without a coefficient: 1" in said(ax)


def test_years_are_lines(years: jh.Evaluation) -> None:
    table = years.indicators.query("indicator == 'composite' and stage == 'primary'")
    ax = plots.over_years(years, stage="primary")
    np.testing.assert_allclose(np.sort(marks(ax, "met")[:, 1]), np.sort(table["coefficient"]))
    one = plots.over_years(years, stage="primary", county="County 2")
    np.testing.assert_allclose(
        marks(one, "met")[:, 1], table[table["county"] == "County 2"].sort_values("year")["coefficient"]
    )
    assert "limit 0.65" in said(one)


def test_years_of_several_evaluations_and_of_a_monitor(years: jh.Evaluation) -> None:
    table = latin(jh.synthetic.nation(seed=1, years=4, n_counties=1))
    parts = [jh.evaluate(table[table["year"] == y], QUALITY) for y in (2022, 2023, 2024, 2025)]
    whole = jh.evaluate(table, QUALITY)
    drawn = [plots.over_years(given, AREA, stage="junior") for given in (whole, parts, {"a": whole}, jh.monitor(whole))]
    lines = [ax.lines[-1].get_xydata().tolist() for ax in drawn]
    points = [np.concatenate([marks(ax, k) for k in ("met", "unmet")]) for ax in drawn]
    assert len(lines) == 4
    for p in points[1:]:
        np.testing.assert_allclose(p, points[0])
    both = plots.over_years(jh.evaluate_all(table, [BASIC, QUALITY]), AREA, stage="junior")
    assert sum("(compulsory education)" in t for t in said(both)) == 2
    with pytest.raises(jh.InputError, match="relabelling"):
        plots.over_years(jh.monitor(whole.relabel("zh")), AREA, stage="junior")


def test_many_counties_have_a_median() -> None:
    table = latin(jh.synthetic.nation(seed=1, years=2, n_counties=8))
    ev = jh.evaluate(table, BASIC)
    ax = plots.over_years(ev, stage="primary")
    t = ev.indicators.query("indicator == 'composite' and stage == 'primary'")
    np.testing.assert_allclose(ax.lines[-1].get_ydata(), t.groupby("year")["coefficient"].median())
    assert "median of the counties" in said(ax)


# ------------------------------------------------------------------------------------- how it looks


def pictures(ev: jh.Evaluation, language: str) -> dict[str, Any]:
    return {
        "distribution": plots.distribution(ev, AREA, stage="primary", language=language),
        "teachers": plots.distribution(ev, "pe_art_teachers_per_hundred_students", stage="junior", language=language),
        "coefficients": plots.coefficients(ev, language=language),
        "lorenz": plots.lorenz(ev, AREA, stage="primary", language=language),
        "town": plots.town_and_country(ev, AREA, stage="primary", language=language),
    }


@needs_chinese
@pytest.mark.parametrize(
    ("n_schools", "language", "width"), [(5, "zh", 344.0), (5, "en", 518.0), (60, "zh", 518.0), (60, "en", 344.0)]
)
def test_no_text_covers_another_or_is_cut(n_schools: int, language: str, width: float) -> None:
    ev = jh.evaluate(jh.synthetic.county(seed=3, n_schools=n_schools), QUALITY)
    with _canvas.setting(width=width):
        for name, ax in pictures(ev, language).items():
            assert crowded(ax) == [], name


@needs_chinese
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_text_of_counties_and_years_covers_another(language: str) -> None:
    province = jh.evaluate(jh.synthetic.province(seed=0, n_counties=60, conditions=False), BASIC)
    years = jh.evaluate(jh.synthetic.nation(seed=1, years=4, n_counties=3), BASIC)
    for ax in (
        plots.ranking(province, stage="junior", language=language),
        plots.over_years(years, stage="primary", language=language),
        plots.over_years(years, stage="primary", language=language, county="第1县"),
    ):
        assert crowded(ax) == []


@needs_chinese
@pytest.mark.parametrize("name", ["$x_1$ 小学", "<b>一小</b>", "a\\b", "100%实验小学", "{x}"])
def test_odd_names_are_written_as_they_are(name: str) -> None:
    rows = [school(name, county=name, teaching_area_m2=100.0), school("b", county=name)]
    ev = jh.evaluate(frame(*rows), QUALITY)
    ax = plots.distribution(ev, AREA, stage="primary", language="zh")
    ax.figure.canvas.draw()
    assert name in [t.get_text() for t in ax.get_yticklabels()]
    assert name in ax.get_title(loc="left")
    assert not any(t.get_parse_math() for t in ax.findobj(matplotlib.text.Text) if name in t.get_text())


@pytest.mark.parametrize("sight", SIGHT)
def test_verdicts_are_told_apart_by_everyone(sight: str) -> None:
    kinds = ["met", "floor", "below", "open"]
    seen = {k: lab(np.clip(SIGHT[sight] @ linear(_canvas.KINDS[k][0]), 0, 1)) for k in kinds}
    for a, b in combinations(kinds, 2):
        assert np.linalg.norm(seen[a] - seen[b]) > 15, (a, b)  # 2 is what an eye just sees
    assert len({_canvas.KINDS[k][1] for k in kinds}) == len(kinds)


# ------------------------------------------------------------------------------------- fonts, doors


def test_without_a_chinese_font_it_is_said_which_package_brings_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_canvas, "_known_fonts", dict)
    ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=5), QUALITY)
    with pytest.raises(jh.InputError, match="fonts-noto-cjk"):
        plots.coefficients(ev, language="zh")
    plots.coefficients(jh.evaluate(latin(jh.synthetic.county(seed=0, n_schools=5)), QUALITY)).figure.canvas.draw()


@needs_chinese
def test_a_character_that_no_font_has_is_no_box_but_said() -> None:
    rare = "\U0003134a\ue000"
    ev = jh.evaluate(frame(school(f"{rare}小学", county="A"), school("b", county="A")), QUALITY)
    with pytest.warns(UserWarning, match="以〓代替"):
        ax = plots.distribution(ev, AREA, stage="primary", language="zh")
    ax.figure.canvas.draw()
    assert any("〓" in t.get_text() for t in ax.get_yticklabels())


@pytest.mark.slow
@needs_chinese
def test_nothing_of_matplotlib_is_changed_and_no_pyplot_is_needed() -> None:
    code = (
        "import sys, matplotlib\n"
        # to ask for the backend is to import pyplot
        "now = lambda: {k: matplotlib.rcParams[k] for k in matplotlib.rcParams if k != 'backend'}\n"
        "before = now()\n"
        "import junheng as jh; from junheng.reports import plots, html_report\n"
        "ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=5), 'cn-quality-balance-2017')\n"
        "ax = plots.distribution(ev, 'teaching_area_per_student', stage='primary', language='zh')\n"
        "data, size = ax._repr_png_(); assert data[:4] == b'\\x89PNG' and size['width'] > 500\n"
        "html_report(ev)\n"
        "assert now() == before and 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=120)


def test_axes_given_are_drawn_on_and_come_back(ev: jh.Evaluation) -> None:
    figure = Figure(figsize=(8, 8), layout="constrained")
    axes = figure.subplots(2, 2).ravel()
    assert plots.distribution(ev, AREA, stage="primary", ax=axes[0]) is axes[0]
    assert plots.coefficients(ev, ax=axes[1]) is axes[1]
    assert plots.lorenz(ev, AREA, stage="primary", ax=axes[2]) is axes[2]
    assert plots.town_and_country(ev, AREA, stage="primary", ax=axes[3]) is axes[3]
    figure.canvas.draw()


def test_language_follows_the_labels(ev: jh.Evaluation) -> None:
    assert plots.coefficients(ev.relabel("en")).get_xlabel() == "difference coefficient"
    if _canvas.font_for("汉"):
        assert plots.coefficients(ev.relabel("zh")).get_xlabel() == "差异系数"
        assert plots.coefficients(ev.relabel("zh"), language="en").get_xlabel() == "difference coefficient"
        by_label = plots.lorenz(ev, "生均教学及辅助用房面积", stage="小学")
        assert by_label.get_title(loc="left").startswith("Teaching area per student")


def test_wrong_words_are_answered_with_the_right_ones(
    ev: jh.Evaluation, province: jh.Evaluation, years: jh.Evaluation
) -> None:
    with pytest.raises(jh.InputError, match="did you mean teaching_area_per_student"):
        plots.distribution(ev, "teaching_area_per_studnt", stage="primary")
    with pytest.raises(jh.InputError, match="stage must be primary or junior"):
        plots.distribution(ev, AREA, stage="kindergarten")
    with pytest.raises(jh.InputError, match=r"150 match: .*county="):
        plots.coefficients(province)
    with pytest.raises(jh.InputError, match="no county 'Nowhere'"):
        plots.coefficients(province, county="Nowhere")
    with pytest.raises(jh.InputError, match="one year"):
        plots.lorenz(years, BOOKS, stage="primary")
    with pytest.raises(jh.InputError, match="language"):
        plots.coefficients(ev, language="fr")
    with pytest.raises(jh.InputError, match="no junior school"):
        plots.lorenz(jh.evaluate(frame(school(county="A")), QUALITY), AREA, stage="junior")
    with pytest.raises(jh.InputError, match="missing for 1 of 2"):
        plots.lorenz(
            jh.evaluate(frame(school("a", county="A"), school("b", county="A", teaching_area_m2=None)), QUALITY),
            AREA,
            stage="primary",
        )
    with pytest.raises(jh.InputError, match="no column 'year'"):
        plots.over_years(jh.evaluate(frame(school(county="A")), QUALITY), AREA, stage="primary")


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda ev: ev.explain("County X"), "评估结果中没有县（市、区）“County X”"),
        (lambda ev: ev.explain(stage="senior"), "学段须为小学或初中，而非“senior”"),
        (lambda ev: plots.distribution(ev, "rooms", stage="primary"), "没有指标“rooms”；现有"),
        (lambda ev: plots.distribution(ev, AREA, stage="primary"), "请用 county= 指明一个"),
        (lambda ev: plots.lorenz(ev, AREA, stage="primary"), "该图只画一个年度，而表中有2024、2025"),
        (lambda ev: plots.ranking(ev, stage="junior"), "没有一个县有初中学段的该项系数"),
        (lambda ev: plots.over_years([1], AREA, stage="primary"), "over_years 须用"),
        (lambda ev: plots.over_years(ev.verdicts, AREA, stage="primary"), "请直接使用 monitor(ev) 的返回值"),
        (lambda ev: plots.who_gives([1], "books", stage="primary"), "who_gives 须用方案（Plan）或改动表"),
        (lambda ev: write_report(ev, "report.pdf"), "报告须为 .html 文件"),
    ],
)
def test_errors_are_told_in_chinese(call: Any, told: str) -> None:
    ev = jh.evaluate(frame(school(county="A", year=2024), school(county="B", year=2025)), QUALITY)
    with pytest.raises(jh.InputError) as error:
        call(ev)
    text = error.value.text("zh")
    assert told in text
    # names of arguments, functions and files, ids and what was given are left; no English sentence
    assert not re.search(r"[a-z]+ [a-z]+ [a-z]+|\b(the|a|is|not|no|there)\b", text)


def test_polars_and_pyarrow_are_drawn_alike(ev: jh.Evaluation) -> None:
    pl = pytest.importorskip("polars")
    table = latin(jh.synthetic.county(seed=0))
    other = jh.evaluate(pl.from_pandas(table), QUALITY)
    a, b = (plots.distribution(e, AREA, stage="primary") for e in (ev, other))
    np.testing.assert_array_equal(marks(a, "met"), marks(b, "met"))
    years = pl.from_pandas(latin(jh.synthetic.nation(seed=1, years=2, n_counties=1)))
    assert plots.over_years(jh.monitor(jh.evaluate(years, QUALITY)), AREA, stage="primary") is not None


def test_numbers_are_short_but_never_look_equal_to_what_they_are_not() -> None:
    assert [_canvas.short(x) for x in (0.0, 5.4164, 1419.31, 0.25, float("nan"))] == ["0", "5.42", "1419", "0.25", "–"]
    assert _canvas.short(0.4999, 0.5) == "0.4999" and _canvas.short(0.5, 0.5) == "0.5"


def test_lines_break_between_words_and_after_chinese_characters() -> None:
    text = "每百名学生拥有体育、艺术(美术、音乐)专任教师数"
    for width in (5, 8, 30):
        lines = _canvas.wrap(text, width)
        assert "".join(lines) == text and all(_canvas.em(x) <= width + 1 for x in lines)
        assert not any(x[0] in "，。、；：" for x in lines)
    assert _canvas.wrap("teachers per hundred students", 8) == ["teachers per", "hundred", "students"]
