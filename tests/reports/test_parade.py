"""Pen's parade: every school is a step, and the lines cross where the shares say."""

import numpy as np
import pytest
from drawn import crowded, latin, needs_chinese, said
from matplotlib.figure import Figure
from small_tables import BASIC, QUALITY, frame, school

import junheng as jh
from junheng.reports import plots
from junheng.reports.plots import _canvas

AREA = "teaching_area_per_student"


@pytest.mark.parametrize("stage", ["primary", "junior"])
def test_every_school_is_a_step(stage: str) -> None:
    ev = jh.evaluate(latin(jh.synthetic.county(seed=0)), QUALITY)
    ax = plots.parade(ev, AREA, stage=stage)
    table = ev.schools.query("counted and indicator == @AREA and stage == @stage").sort_values("value", kind="stable")
    students = ev.school_verdicts.set_index(["row", "stage"])["students"]
    w = np.array([students[(r, stage)] for r in table["row"]])
    steps = ax.patches[1].get_data()
    np.testing.assert_allclose(steps.values, table["value"])
    np.testing.assert_allclose(steps.edges, np.concatenate([[0], np.cumsum(w)]) / w.sum())
    low, high = ax.get_ylim()
    assert low == 0 and high > table["value"].max()
    median = jh.weighted_quantile(table["value"].to_numpy(), weights=w)
    mean = ev.indicators.query("indicator == @AREA and stage == @stage")["mean"].iloc[0]
    lines = [line.get_ydata()[0] for line in ax.lines]
    required = table["required"].iloc[0]
    np.testing.assert_allclose(lines, [required, table["floor"].iloc[0], mean, median], rtol=1e-9)
    assert f"median {_canvas.short(median)}" in said(ax) and f"required ≥ {required:g}" in said(ax)
    # what is met where the parade crosses the threshold is what ev.adequacy() says
    share = ev.adequacy().query("indicator == @AREA and stage == @stage")["share_adequate"].iloc[0]
    assert 1 - steps.edges[np.searchsorted(steps.values, required)] == pytest.approx(share)


@needs_chinese
@pytest.mark.parametrize(("n_schools", "language"), [(5, "zh"), (60, "en")])
def test_no_text_covers_another(n_schools: int, language: str) -> None:
    ev = jh.evaluate(jh.synthetic.county(seed=3, n_schools=n_schools), QUALITY)
    for width in (344.0, 518.0):
        with _canvas.setting(width=width):
            assert crowded(plots.parade(ev, AREA, stage="primary", language=language)) == []


def test_a_whole_table_and_axes_of_ones_own() -> None:
    province = jh.evaluate(latin(jh.synthetic.province(seed=0, n_counties=5)), BASIC)
    ax = Figure().subplots()
    assert plots.parade(province, "books_per_student", stage="junior", ax=ax) is ax
    assert "all 5 counties" in ax.get_title(loc="left")
    assert len(ax.lines) == 2  # no threshold: mean and median


def test_what_is_missing_is_told() -> None:
    table = frame(school("a", county="A"), school("b", county="A", teaching_area_m2=None))
    with pytest.raises(jh.InputError, match="missing for 1 of 2"):
        plots.parade(jh.evaluate(table, QUALITY), AREA, stage="primary")
