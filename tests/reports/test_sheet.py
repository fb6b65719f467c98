"""Pictures that a browser draws: the same as those of matplotlib, and without it."""

import re
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from drawn import latin
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator
from small_tables import BASIC, QUALITY, SHANDONG

import junheng as jh
from junheng.reports import plots
from junheng.reports.plots import _canvas, _sheet
from junheng.reports.plots._sheet_pen import round_numbers

PAGE = {"width": 344.0, "size": 11.5, "title": False}


@pytest.fixture(scope="module")
def ev() -> jh.Evaluation:
    return jh.evaluate(latin(jh.synthetic.county(seed=0, n_schools=30)), QUALITY)


@pytest.fixture(scope="module")
def plan(ev: jh.Evaluation) -> jh.Plan:
    return jh.plan(ev, unit_costs=dict.fromkeys(jh.shortfall_totals(ev)["column"], 1), progress=False)


@pytest.fixture(scope="module")
def by_size() -> jh.Evaluation:
    return jh.evaluate(latin(jh.synthetic.county(seed=3, n_schools=20)), SHANDONG)


@pytest.fixture(scope="module")
def province() -> jh.Evaluation:
    return jh.evaluate(latin(jh.synthetic.province(seed=0, n_counties=6)), BASIC)


@pytest.fixture(scope="module")
def years() -> jh.Evaluation:
    return jh.evaluate(latin(jh.synthetic.nation(seed=1, years=4, n_counties=1)), BASIC)


def calls(request: pytest.FixtureRequest) -> dict[str, Callable[[], Any]]:
    ev, plan, by_size, province, years = map(request.getfixturevalue, ("ev", "plan", "by_size", "province", "years"))
    return {
        "distribution": partial(plots.distribution, ev, "sports_area_per_student", stage="primary"),
        "distribution-few": partial(
            plots.distribution, jh.evaluate(latin(jh.synthetic.county(seed=1, n_schools=6)), QUALITY),
            "teaching_area_per_student", stage="primary",
        ),
        "distribution-by-size": partial(plots.distribution, by_size, "books_per_student", stage="primary"),
        "coefficients": partial(plots.coefficients, ev),
        "matrix": partial(plots.matrix, ev, stage="junior"),
        "matrix-counties": partial(plots.matrix, province, stage="primary"),
        "ranking": partial(plots.ranking, province, stage="primary"),
        "over-years": partial(plots.over_years, years, stage="primary"),
        "before-and-after": partial(plots.before_and_after, plan, "sports_area_per_student", stage="primary"),
    }  # fmt: skip


CALLS = (
    "distribution", "distribution-few", "distribution-by-size", "coefficients", "matrix", "matrix-counties", "ranking",
    "over-years", "before-and-after",
)  # fmt: skip


def texts(ax: Any) -> list[str]:
    """Lines of words in a picture of matplotlib."""
    hidden = set()
    for axis, low, high in ((ax.xaxis, *sorted(ax.get_xlim())), (ax.yaxis, *sorted(ax.get_ylim()))):
        hidden |= {id(t.label1) for t in axis.get_major_ticks() if not low - 1e-9 <= t.get_loc() <= high + 1e-9}
    found = [t.get_text() for t in ax.figure.findobj(Text) if t.get_visible() and id(t) not in hidden]
    return sorted(line for text in found for line in text.split("\n") if line.strip())


@pytest.mark.parametrize("name", CALLS)
def test_a_sheet_shows_what_axes_show(name: str, request: pytest.FixtureRequest) -> None:
    call = calls(request)[name]
    with _canvas.setting(**PAGE):
        ax = call()
        FigureCanvasAgg(ax.figure).draw()
    with _canvas.setting(**PAGE, browser=True):
        sheet = call()
    svg = ElementTree.fromstring(sheet.svg("p1", "title", "told"))
    wide, high = (float(v) for v in svg.attrib["viewBox"].split()[2:])
    assert [wide, high] == pytest.approx(72 * ax.figure.get_size_inches(), abs=0.01)
    said = [x for t in svg.iter("text") for x in ([t.text] if t.text else [s.text for s in t])]
    assert sorted(x for x in said if x and x.strip()) == texts(ax)
    # a point of the axes is at the same place on both
    for x, y in ((0.2, 0.3), (0.9, 1.0)):
        x, y = (np.interp(p, [0, 1], lim) for p, lim in ((x, ax.get_xlim()), (y, ax.get_ylim())))
        there = ax.transData.transform((x, y)) * 72 / ax.figure.dpi
        assert sheet.place([x], [y])[0] == pytest.approx((there[0], high - there[1]), abs=0.01)
    round_ones = [line for line in ax.lines if line.get_marker() == "o"]
    there = np.concatenate([np.empty((0, 2)), *(ax.transData.transform(line.get_xydata()) for line in round_ones)])
    there = there * 72 / ax.figure.dpi
    here = [[float(c.attrib["cx"]), high - float(c.attrib["cy"])] for c in svg.iter("circle")]
    in_legend = len(here) - len(there)
    assert 0 <= in_legend <= 4
    assert sorted(map(tuple, np.round(there, 1)))[:3] != [] or name.startswith("matrix")
    for x, y in there:
        assert min(np.hypot(x - a, y - b) for a, b in here) < 0.05


@pytest.mark.slow
def test_a_report_needs_no_matplotlib() -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import junheng as jh\n"
        "from junheng.reports import html_report\n"
        f"ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=20), {QUALITY!r})\n"
        "plan = jh.plan(ev, unit_costs=dict.fromkeys(jh.shortfall_totals(ev)['column'], 1), progress=False)\n"
        "assert html_report(ev, plan=plan).count('<svg') > 15\n"
        f"ev = jh.evaluate(jh.synthetic.nation(seed=1, years=3, n_counties=2), {BASIC!r})\n"
        "assert html_report(ev).count('<svg') > 4 and html_report(ev, county='第1县').count('<svg') > 4\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=120)


@given(st.floats(-1e5, 1e5), st.floats(1e-3, 1e6), st.integers(2, 7))
def test_numbers_along_an_axis_are_round_and_few(low: float, width: float, most: int) -> None:
    numbers, words = round_numbers(low, low + width, most)
    assert 1 <= len(numbers) <= most + 1
    assert low - 1e-6 * width <= numbers[0] and numbers[-1] <= low + width * (1 + 1e-6)
    plain = [Decimal(x.replace("−", "-")) for x in words]
    if len(numbers) > 1:
        step = (plain[1] - plain[0]).normalize()
        assert step.as_tuple().digits in {(1,), (1, 5), (2,), (2, 5), (3,), (4,), (5,), (6,), (8,)}
    # written with all their digits
    assert list(map(float, plain)) == pytest.approx(numbers, abs=1e-5 * width)


@pytest.mark.parametrize(("low", "high", "most"), [(0, 0.52, 4), (0, 9.8, 5), (-3, 4.1, 6), (0, 1234, 3), (0, 1.1, 2)])
def test_numbers_along_an_axis_are_those_of_matplotlib(low: float, high: float, most: int) -> None:
    theirs = [x for x in MaxNLocator(nbins=most).tick_values(low, high) if low <= x <= high]
    assert round_numbers(low, high, most)[0] == pytest.approx(theirs)


def test_whole_numbers_along_an_axis() -> None:
    assert round_numbers(0, 2.4, 5, whole=True)[1] == ["0", "1", "2"]


def test_lines_and_marks() -> None:
    style = {"color": "#123456", "linewidth": 2, "linestyle": "--", "alpha": 0.5}
    path = _sheet.line([[(0, 1), (2, 3), (np.nan, 4), (5, 6), (7, 8)]], style)
    assert 'd="M0 1L2 3M5 6L7 8"' in path and 'stroke-dasharray="7.4 3.2"' in path and 'stroke-opacity="0.5"' in path
    assert _sheet.line([[(0, 1), (2, 3)]], {"color": "red", "linestyle": "none"}) == ""
    assert _sheet.marks([(1, 1)], {"color": "red"}) == ""
    for marker in "svDh|_":
        (d,) = re.findall(r' d="([^"]*)"', _sheet.marks([(10, 20), (np.nan, 1)], {"marker": marker, "markersize": 6}))
        numbers = np.array([float(x) for x in re.findall(r"-?\d+\.?\d*", d)]).reshape(-1, 2)
        corners = np.cumsum(numbers, axis=0)[1:] - [10, 20]
        # as large as asked: the diamond is a square on its corner
        size = np.ptp(corners, axis=0)
        assert size.max() == pytest.approx(6 * (2**0.5 if marker == "D" else 1), abs=0.02)
        assert np.abs(corners.max(axis=0) + corners.min(axis=0)).max() < 0.02


def test_words_are_text() -> None:
    text = _sheet.written((1, 2), "<b>\n&", fontsize=10, color="red", ha="right", va="center", rotation=90)
    element = ElementTree.fromstring(text)
    assert [x.text for x in element] == ["<b>", "&"] and element.attrib["text-anchor"] == "end"
    assert element.attrib["transform"] == "rotate(-90 1 2)"
    low, high = (float(x.attrib["y"]) for x in element)
    assert high - low == pytest.approx(12) and (low + high) / 2 == pytest.approx(2 + 3.5)
