"""The doors of the plan: pictures, the report, the command line, the notebook, JSON, and what comes after a plan."""

import json
import re
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest
from drawn import crowded, latin, marks, needs_chinese, said
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import Page, checked
from small_tables import BASIC, GOOD, QUALITY, SHANDONG, frame, junior, only, school

import junheng as jh
from junheng.__main__ import main
from junheng.planning._card import _share, plan_sentences, plan_things
from junheng.reports import html_report, plots, write_declaration, write_report
from junheng.reports.page import report
from junheng.reports.plots import _canvas
from junheng.reports.plots._picture import NAMED
from junheng.reports.plots._who_gives import BARS
from junheng.results import records

COSTS = {
    "teachers_above_required_degree": 90_000, "backbone_teachers": 20_000, "pe_art_teachers": 80_000,
    "teaching_area_m2": 3_000, "sports_area_m2": 500, "equipment_value_cny": 1, "multimedia_classrooms": 60_000,
}  # fmt: skip
AREA, SPORTS, PE = "teaching_area_per_student", "sports_area_per_student", "pe_art_teachers"


def counties(n: int) -> pd.DataFrame:
    return pd.concat(
        [jh.synthetic.county(seed=i, n_schools=10, name=f"第{i}县", items=True) for i in range(1, n + 1)],
        ignore_index=True,
    )


@pytest.fixture(scope="module")
def ev() -> jh.Evaluation:
    return jh.evaluate(latin(jh.synthetic.county(seed=11, n_schools=16, inequality=1.2)), QUALITY)


@pytest.fixture(scope="module")
def plan(ev: jh.Evaluation) -> jh.Plan:
    return jh.plan(ev, unit_costs=COSTS, move_costs={PE: 5_000}, progress=False)


@pytest.fixture(scope="module")
def short(ev: jh.Evaluation) -> jh.Plan:
    return jh.plan(ev, unit_costs=COSTS, budget=5_000_000, nodes=0, progress=False)


@pytest.fixture(scope="module")
def province() -> jh.Plan:
    ev = jh.evaluate(counties(3), QUALITY)
    return jh.plan(ev, unit_costs=COSTS, nodes=0, progress=False)


# ---------------------------------------------------------------------------------- before and after


def hollow(ax: Any) -> np.ndarray:
    """Where the hollow dots stand."""
    paper = ax.get_facecolor()
    found = [x.get_xydata() for x in ax.lines if x.get_linestyle() == "None" and x.get_markerfacecolor() == paper]
    return np.concatenate(found) if found else np.empty((0, 2))


@pytest.mark.parametrize("stage", ["primary", "junior"])
@pytest.mark.parametrize("indicator", [AREA, SPORTS, "backbone_teachers_per_hundred_students"])
def test_every_school_stands_where_it_was_and_where_it_comes_to(plan: jh.Plan, indicator: str, stage: str) -> None:
    ax = plots.before_and_after(plan, indicator, stage=stage)
    which = "counted and indicator == @indicator and stage == @stage"
    old, new = plan.evaluation.schools.query(which), plan.after.schools.query(which)
    right = ax.get_xlim()[1]
    changed = (old["value"].to_numpy() != new["value"].to_numpy()).nonzero()[0]
    np.testing.assert_allclose(np.sort(hollow(ax)[:, 0]) if len(changed) else [],
                               np.sort(np.minimum(old["value"].to_numpy()[changed], right)), rtol=1e-12)  # fmt: skip
    filled = np.concatenate([marks(ax, k)[:, 0] for k in ("met", "floor", "below", "open")])
    np.testing.assert_allclose(np.sort(filled), np.sort(np.minimum(new["value"], right)), rtol=1e-12)
    # a hollow dot and its filled one stand on one line
    assert set(np.round(hollow(ax)[:, 1], 6)) <= set(np.round(np.concatenate(
        [marks(ax, k)[:, 1] for k in ("met", "floor", "below", "open")]), 6))  # fmt: skip
    for name in old["school"].iloc[changed]:
        assert name in [t.get_text() for t in ax.get_yticklabels()]


def test_both_coefficients_and_the_limit_are_said(plan: jh.Plan) -> None:
    row = {"indicator": SPORTS, "stage": "primary"}
    old, new = only(plan.evaluation.indicators, **row), only(plan.after.indicators, **row)
    expected = (
        f"difference coefficient {_canvas.short(old['coefficient'], 0.5)} → "
        f"{_canvas.short(new['coefficient'], 0.5)}, limit 0.5"
    )
    assert expected in said(plots.before_and_after(plan, SPORTS, stage="primary"))
    assert {"required ≥ 7.5", "floor 6.38"} <= set(said(plots.before_and_after(plan, SPORTS, stage="primary")))


def test_where_the_mean_of_coefficients_is_limited_it_is_said_too() -> None:
    table = latin(jh.synthetic.county(seed=2, n_schools=12, inequality=2.4))
    ev = jh.evaluate(table, BASIC)
    prices = {i.numerator: 1 for i in ev.data.indicators}
    made = jh.plan(ev, unit_costs=prices, progress=False)
    texts = said(plots.before_and_after(made, "books_per_student", stage="primary"))
    before = only(ev.indicators, indicator="composite", stage="primary")
    assert any(t.startswith(f"Composite difference coefficient {_canvas.short(before['coefficient'], 0.65)} →")
               and t.endswith("limit 0.65") for t in texts)  # fmt: skip
    assert any(t.startswith("difference coefficient ") and "limit" not in t for t in texts)


def test_nothing_changed_and_no_figure_are_said() -> None:
    gap = frame(*(school(f"S{i}", county="A") for i in range(3)), school("gap", county="A", teaching_area_m2=None))
    made = jh.plan(jh.evaluate(gap, QUALITY), unit_costs=COSTS, progress=False)
    texts = said(plots.before_and_after(made, AREA, stage="primary"))
    assert "no change" in texts and "no data: 1" in texts
    assert any("none" in t for t in texts)  # no coefficient with a gap


@needs_chinese
@pytest.mark.parametrize(
    ("n", "language", "width"), [(5, "zh", 344.0), (5, "en", 518.0), (60, "zh", 518.0), (60, "en", 344.0)]
)
def test_no_text_of_a_plan_covers_another_or_is_cut(n: int, language: str, width: float) -> None:
    ev = jh.evaluate(jh.synthetic.county(seed=3, n_schools=n, inequality=1.6), QUALITY)
    made = jh.plan(ev, unit_costs=COSTS, move_costs={PE: 1}, nodes=0, progress=False)
    with _canvas.setting(width=width):
        assert crowded(plots.before_and_after(made, AREA, stage="primary", language=language)) == []
        assert crowded(plots.who_gives(made, PE, stage="primary", language=language)) == []


# ------------------------------------------------------------------------------------------ who gives


def bars(ax: Any) -> dict[str, float]:
    """What each school gives (negative) or gets, by its name."""
    names = {round(y, 6): t.get_text() for y, t in zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)}
    out: dict[str, float] = {}
    for bar in ax.patches:
        name = names[round(bar.get_y() + bar.get_height() / 2, 6)]
        out[name] = out.get(name, 0.0) + bar.get_width()
    return out


@settings(max_examples=12)
@given(
    amounts=st.lists(st.integers(0, 500), min_size=3, max_size=12),
    students=st.lists(st.integers(20, 400), min_size=12, max_size=12),
)
def test_what_transfers_move_is_what_is_drawn(amounts: list[int], students: list[int]) -> None:
    if sum(amounts) < 50:
        amounts[0] += 50
    moved = jh.least_transfers(amounts, students=students[: len(amounts)], limit=0.3, whole=False)
    names = [f"S{i}" for i in range(len(amounts))]
    table = pd.DataFrame({"school": names, "change": moved})
    if not moved.any():
        with pytest.raises(jh.InputError, match="no change of"):
            plots.who_gives(table, "books", stage="primary")
        return
    ax = plots.who_gives(table, "books", stage="primary")
    assert bars(ax) == pytest.approx({n: x for n, x in zip(names, moved.tolist(), strict=True) if x})
    assert [t.split(" (")[0] for t in said(ax)] == ["moved out", "moved in"]
    order = [bars(ax)[t.get_text()] for t in ax.get_yticklabels()]
    assert order == sorted(order)


def test_a_plan_shows_moves_and_what_is_bought_apart(plan: jh.Plan) -> None:
    rows = plan.changes.query("column == @PE and stage == 'primary'")
    assert {"moved_in", "moved_out"} <= set(rows["why"])
    ax = plots.who_gives(plan, PE, stage="primary")
    assert bars(ax) == pytest.approx(rows.groupby("school", sort=False)["change"].sum().to_dict())
    total = rows[rows["why"] == "moved_in"]["change"].sum()
    assert f"moved in ({total:g})" in said(ax) and f"moved out ({total:g})" in said(ax)
    same = plots.who_gives(plan.changes, "体育、艺术专任教师数", stage="primary", language="en")
    assert bars(same) == pytest.approx(bars(ax))
    # without its colour a kind still has a pattern of its own
    patterns = {p.get_hatch() for p in ax.patches}
    assert len(patterns) == len({p.get_facecolor() for p in ax.patches}) >= 2
    assert len({pattern for _, pattern in BARS.values()}) == 3


def test_what_is_only_added_is_called_added(plan: jh.Plan) -> None:
    ax = plots.who_gives(plan, "multimedia_classrooms", stage="primary")
    assert [t.split(" (")[0] for t in said(ax)] == ["added"]


def test_what_a_school_has_once_is_shown_in_each_of_its_stages() -> None:
    people = {f"{c}_{s}": GOOD[c] for c in list(GOOD)[:3] for s in ("primary", "junior")}
    one = {"county": "A", "school": "both", "kind": "nine_year", "students_primary": 500, "students_junior": 400}
    shared = {c: 1.0 * GOOD[c] for c in list(GOOD)[3:]}
    table = frame(school("own", county="A", kind="primary"), one | people | shared)
    made = jh.plan(jh.evaluate(table, QUALITY), unit_costs=COSTS, progress=False)
    for stage in ("primary", "junior"):
        assert list(bars(plots.who_gives(made, "teaching_area_m2", stage=stage))) == ["both"]


def test_of_many_schools_the_ends_are_named_and_all_are_drawn() -> None:
    table = pd.DataFrame({"school": [f"S{i}" for i in range(200)], "change": [*range(-100, 0), *range(1, 101)]})
    ax = plots.who_gives(table, "books", stage="primary")
    assert len(ax.patches) == 200 and len(ax.get_yticklabels()) == 2 * NAMED
    assert "S0" in [t.get_text() for t in ax.get_yticklabels()]
    assert crowded(ax) == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: plots.who_gives(p, "bokos", stage="primary"), "did you mean books"),
        (lambda p: plots.who_gives(p, "books", stage="primary"), "no change of"),
        (lambda p: plots.who_gives(p, PE, stage="first"), "stage must be"),
        (lambda p: plots.who_gives(p.changes.drop(columns="change"), PE, stage="primary"), "requires the columns"),
        (lambda p: plots.who_gives([1, -1], PE, stage="primary"), "accepts a Plan or a frame"),
        (lambda p: plots.who_gives(p, PE, stage="primary", county="nowhere"), "no county"),
        (lambda p: plots.before_and_after(p, "books", stage="primary"), "no indicator"),
        (lambda p: plots.who_gives(
            pd.DataFrame({"school": ["a", "b"], "change": [np.nan, 1]}), PE, stage="primary"), "the change is missing"),
        (lambda p: plots.who_gives(
            pd.DataFrame({"county": ["A", "B"], "school": ["a", "b"], "change": [-1, 1]}), PE, stage="primary"),
         "one county"),
    ],
)  # fmt: skip
def test_wrong_words_are_answered(plan: jh.Plan, call: Any, message: str) -> None:
    with pytest.raises(jh.InputError, match=message):
        call(plan)


def test_of_several_counties_one_is_named(province: jh.Plan) -> None:
    with pytest.raises(jh.InputError, match="one county"):
        plots.before_and_after(province, SPORTS, stage="primary")
    name = province.changes["county"].iloc[0]
    if _canvas.font_for("汉"):
        assert name in plots.before_and_after(province, SPORTS, stage="primary", county=name).get_title(loc="left")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_plan_with_labels_is_drawn_alike(plan: jh.Plan, language: str) -> None:
    if language == "zh" and not _canvas.font_for("汉"):
        pytest.skip("no Chinese font")
    labelled = attrs.evolve(plan, evaluation=plan.evaluation.relabel(language))
    ax = plots.who_gives(labelled, PE, stage="primary")
    assert bars(ax) == pytest.approx(bars(plots.who_gives(plan, PE, stage="primary")))
    assert ("moved out" in said(ax)[0]) == (language == "en")


# -------------------------------------------------------------------------------------------- report


@pytest.fixture
def few_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of the report itself are tested elsewhere, and take long."""
    for name in ("PICTURES", "PICTURES_OF_MANY", "PLANNED_OF_MANY"):
        monkeypatch.setattr(report, name, 1)
    monkeypatch.setattr(report, "PLANNED", 2)


@pytest.mark.usefixtures("few_pictures")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_report_tells_the_plan(plan: jh.Plan, language: str) -> None:
    page = checked(html_report(plan.evaluation, plan=plan, language=language))
    for sentence in plan_sentences(plan, language):
        assert sentence in page.text
    for thing in plan_things(plan, [0], language):
        assert f"{thing['name']} {thing['added']} {thing['moved']}" in page.text
    cost = f"{plan.cost:,.0f}" if plan.cost == round(plan.cost) else f"{plan.cost:,.2f}"
    assert cost in page.text
    assert set(plan.changes["school"]) <= set(re.findall(r"School \d+", page.text))
    assert not re.search(r"[a-z]_[a-z]|plan\.unplanned", page.text.replace(QUALITY, ""))
    # all schools of either stage, coefficients, an indicator, and two of the plan
    assert page.tags.count("svg") == 2 + 1 + 1 + 2


@pytest.mark.usefixtures("few_pictures")
def test_who_fails_stands_first() -> None:
    ev = jh.evaluate(latin(jh.synthetic.county(seed=3, n_schools=25, inequality=1.3)), QUALITY)
    plan = jh.plan(ev, unit_costs=COSTS, move_costs={PE: 5_000}, nodes=0, progress=False)
    text = checked(html_report(plan.evaluation, plan=plan, language="en")).text
    block = text[text.index("Changes by school") : text.index("Indicators that change most")]
    order = re.findall(r"(School \d+) (unmet|met|undetermined) →", block)
    assert len(order) == plan.changes["school"].nunique()
    verdicts = [v for _, v in order]
    assert verdicts == sorted(verdicts, key=["unmet", "undetermined", "met"].index)
    assert set(verdicts) == {"unmet", "met"}


@pytest.mark.usefixtures("few_pictures")
def test_without_a_plan_the_report_adds_up_what_is_missing(ev: jh.Evaluation) -> None:
    text = checked(html_report(ev, language="en")).text
    assert "Total shortfalls" in text and "Plan: what" not in text
    for row in records(jh.shortfall_totals(ev)):
        label = jh.schools.columns()[row["column"]].en
        total = f"{row['total']:,.6f}".rstrip("0").rstrip(".")
        assert f"{label} {row['n_schools']} {total} " in text
    done = jh.evaluate(frame(school(), junior()), QUALITY)
    assert "What is missing" not in checked(html_report(done, language="en")).text
    assert (
        "What is missing" not in checked(html_report(jh.evaluate(frame(school(), junior()), BASIC), language="en")).text
    )


@pytest.mark.usefixtures("few_pictures")
def test_several_counties_have_a_table_of_costs(province: jh.Plan) -> None:
    text = checked(html_report(province.evaluation, plan=province, language="en")).text
    for row in records(province.counties):
        assert f"{row['cost']:,.0f}" in text or f"{row['cost']:,.2f}" in text
    assert "Cost by county" in text and text.count("Plan: what to add") == 5  # once in the contents
    one = checked(html_report(province.evaluation, plan=province, county="第2县", language="en")).text
    assert one.count("Plan: what to add") == 2


@pytest.mark.usefixtures("few_pictures")
def test_what_a_budget_does_not_reach_is_said(short: jh.Plan) -> None:
    text = checked(html_report(short.evaluation, plan=short, language="en")).text
    k, m = int(short.steps["reached"].sum()), len(short.steps)
    assert (
        f"{k} of {m} steps are funded" in text and "No plan costs less" not in text and "these unit costs" not in text
    )


@pytest.mark.usefixtures("few_pictures")
def test_what_could_not_be_planned_is_named() -> None:
    table = frame(school("S1", county="A", teaching_area_m2=None), school("S2", county="A", sports_area_m2=100.0))
    made = jh.plan(jh.evaluate(table, QUALITY), unit_costs=COSTS, progress=False)
    assert not made.unplanned.empty
    text = checked(html_report(made.evaluation, plan=made, language="en")).text
    assert f"Not planned ({len(made.unplanned)})" in text
    assert "S1 · primary · Teaching area per student: missing value" in text


@pytest.mark.usefixtures("few_pictures")
def test_a_plan_of_another_evaluation_is_refused(plan: jh.Plan) -> None:
    other = jh.evaluate(latin(jh.synthetic.county(seed=5, n_schools=16)), QUALITY)
    with pytest.raises(jh.InputError, match="another evaluation"):
        html_report(other, plan=plan)
    same = jh.evaluate(latin(jh.synthetic.county(seed=11, n_schools=16, inequality=1.2)), QUALITY)
    assert html_report(same, plan=plan) == html_report(plan.evaluation, plan=plan)


@pytest.mark.usefixtures("few_pictures")
def test_names_of_schools_are_text_in_the_plan_too() -> None:
    table = frame(school("<script>x</script>", county="A<b>", teaching_area_m2=1.0), school("b", county="A<b>"))
    made = jh.plan(jh.evaluate(table, QUALITY), unit_costs=COSTS, progress=False)
    page = checked(html_report(made.evaluation, plan=made))
    assert "<script>x</script>" in page.text
    assert "<b>" not in made._repr_html_()


@pytest.mark.usefixtures("few_pictures")
def test_after_a_plan_there_is_a_declaration_and_a_report(plan: jh.Plan, tmp_path: Path) -> None:
    calamine = pytest.importorskip("python_calamine")
    after = plan.after
    text = checked(html_report(after, language="en")).text
    assert re.search(r"\bmet resources ?:", text) and "No school" not in text and "cells changed (sha256:" in text
    book = calamine.CalamineWorkbook.from_path(str(write_declaration(after, tmp_path / "a.xlsx")))
    cells = " ".join(str(x) for n in book.sheet_names for r in book.get_sheet_by_name(n).to_python() for x in r)
    assert all(name in cells for name in plan.changes["school"].unique())
    assert write_report(after, tmp_path / "a.html").exists()
    assert after.explain(language="zh") != plan.evaluation.explain(language="zh")


@pytest.mark.slow
@pytest.mark.usefixtures("few_pictures")
def test_a_plan_for_another_standard_has_a_report() -> None:
    ev = jh.evaluate(latin(jh.synthetic.county(seed=0, n_schools=8)), SHANDONG)
    wanted = {i.numerator: 1 for i in ev.data.indicators} | {"staff": 1, "classes": 1, "teachers": 1}
    made = jh.plan(ev, unit_costs=wanted, progress=False)
    checked(html_report(ev, plan=made, language="en"))


# ------------------------------------------------------------------------------- notebook and JSON


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_plan_shows_itself_in_short(plan: jh.Plan, short: jh.Plan, language: str) -> None:
    for one in (plan, short):
        page = Page(attrs.evolve(one, evaluation=one.evaluation.relabel(language))._repr_html_())
        assert all(s in page.text for s in plan_sentences(one, language))
        assert page.tags.count("tr") == 1 + one.changes["column"].nunique()


def test_what_is_added_adds_up_to_the_changes(plan: jh.Plan) -> None:
    for thing in plan_things(plan, [0], "en"):
        (column,) = [c.id for c in jh.schools.columns().values() if c.en == thing["name"]]
        rows = plan.changes[plan.changes["column"] == column]
        moved = rows[rows["why"] == "moved_in"]["change"].sum()
        added = rows[(rows["change"] > 0) & (rows["why"] != "moved_in")]["change"].sum()
        for text, figure in ((thing["moved"], moved), (thing["added"], added)):
            assert (0 if text == "–" else float(text.replace(",", ""))) == pytest.approx(figure, abs=1e-6)
        assert float(thing["cost"].replace(",", "")) == pytest.approx(rows["cost"].sum(), abs=0.006)


def test_how_near_it_is_to_the_cheapest_is_said_in_words(ev: jh.Evaluation, plan: jh.Plan) -> None:
    quick = jh.plan(ev, unit_costs=COSTS, nodes=0, progress=False)
    assert quick.gap > 0.01
    said_of = " ".join(plan_sentences(quick, "en"))
    assert f"at most {100 * quick.gap:.2f}%" in said_of and f"{quick.bound:,.0f}" in said_of.replace(".00", "")
    best = jh.plan(ev, unit_costs=COSTS, progress=False)
    assert ("No plan costs less at these unit costs." in plan_sentences(best, "en")) == (best.gap <= 1e-9)
    nothing = jh.plan(jh.evaluate(frame(school(), junior()), QUALITY), unit_costs={}, progress=False)
    assert plan_sentences(nothing, "en")[0] == "Nothing needs to be added."


def test_what_could_be_saved_at_most_is_rounded_up() -> None:
    shown = [_share(x) for x in (0.00009, 0.0001, 0.00011, 0.00018, 0.0003, 0.005, 0.1)]
    assert shown == ["0.01%", "0.01%", "0.02%", "0.02%", "0.03%", "0.5%", "10%"]


def test_what_a_plan_changes_is_said_in_numbers() -> None:
    """Items of the government, of which nothing is known here, are not in the verdict on resources."""
    poor = jh.evaluate(frame(school(sports_area_m2=100.0), school("二小"), junior()), QUALITY)
    said_of = plan_sentences(jh.plan(poor, unit_costs=COSTS, progress=False), "en")[-1]
    assert said_of.startswith("Afterwards 3 of 3 schools and stages are met (before: 2), ")
    assert "0 coefficients exceed their limit (before: 1), " in said_of and said_of.endswith(": met.")


def test_of_several_counties_those_that_pass_are_counted() -> None:
    """Each school of B complies, but they are too unequal; in C one lacks sports grounds."""
    rows = [county | {"county": name} for name in "ABC" for county in (school(), school("二小"), junior())]
    rows[4]["equipment_value_cny"] = 9e6
    rows[7]["sports_area_m2"] = 2000.0
    plan = jh.plan(jh.evaluate(frame(*rows), QUALITY), unit_costs=COSTS, progress=False)
    assert set(plan.evaluation.school_verdicts.query("county == 'B'")["verdict"]) == {"met"}
    assert plan_sentences(plan, "en")[1:] == [
        "No plan costs less at these unit costs.",
        "Afterwards resources is met in 3 of 3 counties (before: 1).",
    ]


def test_json_is_strict_and_the_same_in_every_language(plan: jh.Plan, short: jh.Plan) -> None:
    for one in (plan, short):
        out = json.loads(json.dumps(one.to_dict(), allow_nan=False))
        assert out["cost"] == one.cost and len(out["changes"]) == len(one.changes)
        assert (out["bound"] is None) == (not one.whole) == (out["gap"] is None)
        assert out["unit_costs"]["sports_area_m2"] == 500 and out["verdicts_after"]
    kinds = {"sports_area_m2": dict.fromkeys(jh.schools.category_words("kind"), 1)}
    by_kind = jh.plan(plan.evaluation, unit_costs=COSTS | kinds, nodes=0, progress=False)
    assert by_kind.to_dict()["unit_costs"]["sports_area_m2"]["primary"] == 1


# -------------------------------------------------------------------------------------- command line


@pytest.fixture
def source(tmp_path: Path, ev: jh.Evaluation) -> Path:
    path = tmp_path / "schools.csv"
    latin(jh.synthetic.county(seed=11, n_schools=16, inequality=1.2)).to_csv(path, index=False)
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: Any) -> tuple[int, str, str]:
    code = main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return code, out, err


PAIRS = [f"{k}={v}" for k, v in COSTS.items()]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_command_prints_the_plan(
    capsys: pytest.CaptureFixture[str], source: Path, plan: jh.Plan, language: str
) -> None:
    code, out, _ = run(capsys, "plan", source, "--standard", QUALITY, "--costs", *PAIRS,
                       "--moves", f"{PE}=5000", "--language", language)  # fmt: skip
    assert code == 0
    for sentence in plan_sentences(plan, language):
        assert sentence in out
    assert not re.search(r"[a-z]_[a-z]", out)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_template_filled_in_is_understood(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, source: Path, language: str, ending: str
) -> None:
    path = tmp_path / f"costs.{ending}"
    code, _, _ = run(capsys, "plan", "--standard", QUALITY, "--costs-template", path, "--language", language)
    assert code == 0
    table = pd.read_csv(path, encoding="utf-8-sig") if ending == "csv" else pd.read_excel(path, engine="calamine")
    *described, cost = table.columns
    assert len(table) == 7 and table[cost].isna().all() and table[described].notna().all().all()
    assert (len(described) == 2) == (language == "zh"), "no ids in Chinese"
    code, _, err = run(capsys, "plan", source, "--standard", QUALITY, "--costs", path)
    assert code == 2 and "has no cost" in err
    table = table.drop(columns=cost).assign(**{cost: [f"{v:,}" if ending == "csv" else v for v in COSTS.values()]})
    if ending == "csv":
        table.to_csv(path, index=False, encoding="utf-8-sig")
    else:
        table.to_excel(path, index=False, engine="xlsxwriter")
    wanted = run(capsys, "plan", source, "--standard", QUALITY, "--costs", *PAIRS, "--nodes", 0)
    assert run(capsys, "plan", source, "--standard", QUALITY, "--costs", path, "--nodes", 0) == wanted


def test_labels_indicators_units_and_kinds_are_understood(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, source: Path, ev: jh.Evaluation
) -> None:
    path = tmp_path / "costs.csv"
    path.write_text(
        "项目,学校类型,单价\n高于规定学历教师数,,90000\nbackbone_teachers,,20000\n"
        "每百名学生拥有体育、艺术(美术、音乐)专任教师数,,８００００\nTeaching area per student,,3000\n"
        + "".join(f"sports_area_m2,{k},500\n" for k in jh.schools.category_words("kind"))
        + "教学仪器设备资产值（万元）,,10000\n",
        encoding="utf-8",
    )
    got = run(capsys, "plan", source, "--standard", QUALITY, "--costs", path, "网络多媒体教室数=60000", "--nodes", 0)
    wanted = run(capsys, "plan", source, "--standard", QUALITY, "--costs", *PAIRS, "--nodes", 0)
    assert got == wanted and got[0] == 0


def test_what_is_not_understood_is_named_all_at_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, source: Path
) -> None:
    path = tmp_path / "costs.csv"
    path.write_text(
        "column,cost,kind,unit\nbokos,1,,\nbooks,dear,,\nsports_area_m2,1,palace,\nteaching_area_m2,1,,acres\n"
        "pe_art_teachers,1,,\npe_art_teachers,2,,\nbackbone_teachers,-1,,\n",
        encoding="utf-8",
    )
    code, out, err = run(capsys, "plan", source, "--standard", QUALITY, "--costs", path, "nothing=3")
    assert code == 2 and out == ""
    for text in ("line 2", "'bokos'", "did you mean books", "line 3", "'dear'", "palace", "acres", "duplicate", "'-1'",
                 "'nothing'"):  # fmt: skip
        assert text in err, text
    for more, text in (
        ([], "--costs is required"),
        (["--costs", "books=1", "--budget", "much"], "--budget"),
        (["--costs", "books=1", "--out", "x.pdf"], "--out must end"),
        (["--costs", source], "headers of a table of costs"),
        (["--costs", "books=1"], "has no cost"),
    ):
        code, _, err = run(capsys, "plan", source, "--standard", QUALITY, *more)
        assert code == 2 and text in err, text
    code, _, err = run(capsys, "plan", "--standard", QUALITY, "--costs", "books=1")
    assert code == 2 and "file" in err


@pytest.mark.slow
@pytest.mark.usefixtures("few_pictures")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_written_is_the_plan(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, source: Path, language: str
) -> None:
    ev = jh.evaluate(jh.read_schools(source), QUALITY)
    made = jh.plan(ev, unit_costs=COSTS, budget=5e6, nodes=0, progress=False)
    for ending in ("xlsx", "csv", "json", "html"):
        code, out, _ = run(capsys, "plan", source, "--standard", QUALITY, "--costs", *PAIRS, "--budget", "5,000,000",
                           "--nodes", 0, "--out", tmp_path / f"out.{ending}", "--language", language)  # fmt: skip
        assert code == 0 and f"out.{ending}" in out
    assert json.loads((tmp_path / "out.json").read_text("utf-8")) == json.loads(json.dumps(made.to_dict()))
    page = checked((tmp_path / "out.html").read_text("utf-8"))
    assert plan_sentences(made, language)[0] in page.text
    book = pd.read_excel(tmp_path / "out.xlsx", sheet_name=None, engine="calamine")
    assert len(book) == 9
    changes = list(book.values())[1]
    assert changes[made.evaluation.relabel(language).header("cost")].sum() == pytest.approx(made.cost)
    flat = " ".join(str(x) for n, t in book.items() if n != "预算步骤" for x in [*t.columns, *t.to_numpy().ravel()])
    if language == "zh":
        assert not re.search(r"[a-z]_[a-z]", flat)
    csv = pd.read_csv(tmp_path / "out.csv", encoding="utf-8-sig")
    assert csv.shape == changes.shape and len(list(tmp_path.glob("out-*.csv"))) == 7


@pytest.mark.slow
@pytest.mark.usefixtures("few_pictures")
def test_one_county_is_planned_by_itself_with_its_facts(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = counties(2)
    table.to_csv(tmp_path / "p.csv", index=False)
    jh.synthetic.county_facts(table).to_csv(tmp_path / "f.csv", index=False)
    code, _, err = run(capsys, "plan", tmp_path / "p.csv", "--standard", QUALITY, "--costs", *PAIRS, "--nodes", 0,
                         "--facts", tmp_path / "f.csv", "--county", "第2县", "--out", tmp_path / "o.json")  # fmt: skip
    assert code == 0, err
    whole = jh.plan(jh.evaluate(table, QUALITY), unit_costs=COSTS, nodes=0, progress=False)
    got = json.loads((tmp_path / "o.json").read_text("utf-8"))
    assert {r["county"] for r in got["changes"]} == {"第2县"}
    assert got["cost"] == pytest.approx(only(whole.counties, county="第2县")["cost"])
    quality = next(v for v in got["verdicts_after"] if v["part"] == "quality")
    assert quality["verdict"] != "undetermined"


@pytest.mark.parametrize(("language", "word"), [("zh", "单价"), ("en", "costs of one unit")])
def test_help_is_in_both_languages(capsys: pytest.CaptureFixture[str], language: str, word: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["plan", "--help", "--language", language])
    assert caught.value.code == 0 and word in capsys.readouterr().out
