"""The picture of schools about a threshold: its counts and its p-value are those of the test."""

from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import pytest
from drawn import crowded, latin, matplotlib, needs_chinese, said
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from small_tables import BASIC, QUALITY, SHANDONG, frame, junior, school

import junheng as jh
from junheng.reports import plots
from junheng.reports.plots import _bunching, _canvas

AREA, SPORTS, ARTS = (
    "teaching_area_per_student",
    "sports_area_per_student",
    "pe_art_teachers_per_hundred_students",
)


@pytest.fixture(scope="module")
def lifted() -> pd.DataFrame:
    return latin(jh.synthetic.county(seed=1, n_schools=60, heaping=True, tamper="lifted"))


@pytest.fixture(scope="module")
def ev(lifted: pd.DataFrame) -> jh.Evaluation:
    return jh.evaluate(lifted, QUALITY)


def bars(ax: Any, *, colour: str | None = None, hollow: bool = False) -> list[tuple[float, float, float]]:
    """Left, right and height of bars: all filled ones, those of a colour, or hollow ones."""
    out = []
    for patch in ax.patches:
        assert isinstance(patch, PathPatch)
        face = patch.get_facecolor()
        if (face[3] == 0) != hollow or (colour and matplotlib.colors.to_hex(face) != colour.lower()):
            continue
        for c in patch.get_path().vertices.reshape(-1, 5, 2):
            out.append((c[0, 0], c[1, 0], abs(c[2, 1] - c[0, 1])))
    return out


def test_counts_and_p_value_are_those_of_the_test(lifted: pd.DataFrame, ev: jh.Evaluation) -> None:
    found = jh.plausibility(lifted, standard=QUALITY, alpha=0.99).query("kind == 'bunched_at_threshold'")
    of_sports = found[found["columns"] == "sports_area_m2"].iloc[0]
    pooled = found[found["columns"].str.contains(" ") & found["evidence"].str.contains("threshold")].iloc[0]
    for indicator, finding in ((SPORTS, of_sports), (None, pooled)):
        ax = plots.bunching(ev, indicator)
        ((_, _, high),) = bars(ax, colour=_bunching.AT)
        assert high == finding["value"]
        (dashed,) = [x for x in ax.lines if x.get_linestyle() == "--" and len(set(x.get_ydata())) == 1]
        assert dashed.get_ydata()[0] == finding["expected"]
        width = f"{finding['evidence'].split('less than ')[1].split(' %')[0]} %"
        assert f"reaching it by less than {width}: {finding['value']:g}" in said(ax)
        assert f"expected from those beside: {_canvas.short(finding['expected'])}" in said(ax)
        assert f"p = {_canvas.short(finding['p_value'])} (not adjusted)" in said(ax)


def test_no_school_is_lost_and_the_requirement_is_an_edge(ev: jh.Evaluation) -> None:
    for indicator in (AREA, ARTS):
        ax = plots.bunching(ev, indicator)
        table = ev.schools.query("counted and indicator == @indicator")
        drawn = sum(h for *_, h in bars(ax)) + sum(h for *_, h in bars(ax, hollow=True))
        beyond = [int(t.split(": ")[1]) for t in said(ax) if t.startswith("beyond")]
        assert drawn + sum(beyond) == int((table["value"] > 0).sum())
        below = sum(h for _, right, h in (*bars(ax), *bars(ax, hollow=True)) if right <= 1)
        assert below == int((table["verdict"] == "unmet").sum())
        gaps = [abs(x - 1) for left, right, _ in bars(ax) for x in (left, right)]
        assert min(gaps) < 0.004 and not any(left < 1 < right for left, right, _ in bars(ax))


def test_small_numbers_are_hollow_and_not_tested(ev: jh.Evaluation) -> None:
    ax = plots.bunching(ev, ARTS)
    hollow = sum(h for *_, h in bars(ax, hollow=True))
    assert hollow > 20 and any(t.startswith("too few units to be tested: ") for t in said(ax))
    lone = plots.bunching(jh.evaluate(frame(school(county="A")), QUALITY), AREA)
    assert "too few schools beside it for a test" in said(lone)


def test_the_threshold_and_the_floor_are_marked(ev: jh.Evaluation) -> None:
    ax = plots.bunching(ev, AREA)
    upright = {round(float(x.get_xdata()[0]), 6) for x in ax.lines if len(set(x.get_xdata())) == 1}
    assert upright == {1.0, 0.85} and {"threshold", "floor 0.85"} <= set(said(ax))


def test_a_stage_is_shown_alone(ev: jh.Evaluation) -> None:
    ax = plots.bunching(ev, SPORTS, stage="junior")
    table = ev.schools.query("counted and indicator == @SPORTS and stage == 'junior'")
    drawn = sum(h for *_, h in bars(ax))
    beyond = [int(t.split(": ")[1]) for t in said(ax) if t.startswith("beyond")]
    assert drawn + sum(beyond) == len(table) and "\njunior · " in ax.get_title(loc="left")


def test_missing_figures_are_counted() -> None:
    rows = [school(f"S{i}", county="A", teaching_area_m2=a) for i, a in enumerate((2250.0, 2300.0, None))]
    ax = plots.bunching(jh.evaluate(frame(*rows, junior(county="A")), QUALITY), AREA)
    assert "no data: 1" in said(ax) and sum(h for *_, h in bars(ax)) == 3


def test_enough_is_on_the_right_also_where_the_threshold_is_a_limit() -> None:
    ev = jh.evaluate(latin(jh.synthetic.county(seed=0)), SHANDONG)
    ax = plots.bunching(ev, "students_per_class")
    table = ev.schools.query("counted and indicator == 'students_per_class'")
    left = sum(h for _, right, h in (*bars(ax), *bars(ax, hollow=True)) if right <= 1)
    assert left == int((table["verdict"] == "unmet").sum()) > 0
    # classes are openly formed to their limit
    assert "not tested: schools are openly built to it" in said(ax)
    assert not any(t.startswith(("p ", "expected")) for t in said(ax))


def test_where_there_is_nothing_to_show_it_is_said_what_to_do(ev: jh.Evaluation) -> None:
    with pytest.raises(jh.InputError, match="sets no thresholds"):
        plots.bunching(jh.evaluate(frame(school(county="A")), BASIC))
    with pytest.raises(jh.InputError, match="choose another indicator, stage or county"):
        plots.bunching(jh.evaluate(frame(school(county="A")), QUALITY), AREA, stage="junior")
    with pytest.raises(jh.InputError, match="did you mean"):
        plots.bunching(ev, "teaching_area_per_studnt")
    with pytest.raises(jh.InputError, match="choose one with county="):
        plots.bunching(jh.evaluate(frame(school(county="A"), school(county="B")), QUALITY), AREA)


@needs_chinese
@pytest.mark.parametrize(("language", "width"), [("zh", 344.0), ("en", 518.0), ("zh", 518.0), ("en", 344.0)])
def test_no_text_covers_another_or_is_cut(ev: jh.Evaluation, language: Any, width: float) -> None:
    with _canvas.setting(width=width):
        ax = plots.bunching(ev, None, language=language)
        assert crowded(ax) == []
    if language == "zh":
        texts = [*said(ax), ax.get_xlabel(), ax.get_ylabel()]
        assert not any(
            len(w) > 1
            for text in texts
            for w in "".join(c if c.isascii() else " " for c in text).split()
            if w.isalpha()
        )


def test_axes_given_are_drawn_on_and_the_same_evaluation_gives_the_same_bytes(ev: jh.Evaluation) -> None:
    def drawn() -> bytes:
        file, given = BytesIO(), Figure(figsize=(6, 4)).add_subplot()
        with matplotlib.rc_context({"svg.hashsalt": "x"}):
            assert plots.bunching(ev, AREA, ax=given) is given
            given.figure.savefig(file, format="svg", metadata={"Date": None})
        return file.getvalue()

    assert drawn() == drawn()


def test_the_figures_of_the_picture_are_the_values_over_the_thresholds(ev: jh.Evaluation) -> None:
    about = _bunching._About.of_county(ev.data, 0, [i.id for i in ev.data.indicators].index(AREA), None)
    table = ev.schools.query("counted and indicator == @AREA")
    np.testing.assert_allclose(np.sort(about.found.share), np.sort(table["value"] / table["required"]), rtol=1e-12)
