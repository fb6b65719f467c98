"""The Lorenz curve of an indicator (private)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from junheng._arrays import Floats
from junheng._data import CountyKey, Stage
from junheng._frames import Table
from junheng.errors import InputError
from junheng.indicators.curves import lorenz_curve
from junheng.indicators.dispersion import difference_coefficient
from junheng.indicators.inequality import gini
from junheng.reports.plots._canvas import BLUE, SETTING, SKY, Pen, ink, rule, short, text_size, words
from junheng.reports.plots._picture import Picture
from junheng.reports.plots._subject import Sample
from junheng.words import Language, message

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from junheng.results import Evaluation


def lorenz(
    ev: Evaluation,
    indicator: str,
    *,
    stage: Stage,
    county: CountyKey | None = None,
    ax: Axes | None = None,
    language: Language | None = None,
) -> Axes:
    """Draw the Lorenz curve of an indicator: the share of the resource against the share of students.

    Schools are ordered from the least equipped and weighted by students. The text gives the Gini coefficient and the
    difference coefficient.

    Parameters
    ----------
    ev : Evaluation
        The result of :func:`junheng.evaluate`.
    indicator : str
        Id (or label) of an indicator of the standard.
    stage : {"primary", "junior"} or a Chinese word (小学, 初中)
        Stage.
    county : str, int or tuple, optional
        County name as spelled in the table. Default: all schools of the table.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.
    language : {"en", "zh"}, optional
        Default: the language of :meth:`~junheng.Evaluation.relabel`, or English.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; ``.figure`` is the figure.

    Raises
    ------
    InputError
        If the indicator, stage or county is unknown, several years match, a value is missing, or matplotlib or a font
        with the characters is not installed.

    Examples
    --------
    >>> import junheng as jh
    >>> from junheng.reports import plots
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0, name="County A"), "cn-quality-balance-2017")
    >>> ax = plots.lorenz(ev, "sports_area_per_student", stage="primary")
    >>> [float(x) for x in ax.get_xlim()]
    [0.0, 1.0]
    """
    sample = Sample.choose(ev, indicator, stage, county, language, several=True)
    lang = sample.language
    value, weight = sample.d.values[sample.j, sample.sections], sample.weights(sample.sections)
    x, y = _curve(sample.indicator.id, value, weight)
    index, cv = float(gini(value, weights=weight)), float(difference_coefficient(value, weights=weight))
    size = text_size()
    side = min(SETTING.get().width, 340.0 + size * 6)
    picture = Picture(
        language=lang,
        titles=sample.titles,
        legend=[
            (rule(BLUE, "-", 2), words("lorenz_curve", lang)),
            (rule(ink(), "--", 1), words("lorenz_equal", lang)),
        ],
        height=side - size * 6.4,
        left=size * 4.4,
        right=size * 2,
        below=size * 4.6,
        width=side,
    )
    pen = picture.begin(ax)
    pen.ax.plot([0, 1], [0, 1], color=pen.ink, linestyle="--", linewidth=1)
    pen.ax.plot(x, y, color=BLUE, linewidth=2)
    pen.ax.fill_between(x, y, x, color=SKY, alpha=0.35, linewidth=0)
    text = words("lorenz_text", lang, gini=short(index), cv=short(cv))
    pen.write(0.05, 0.94, text, 1.0, va="top", ha="left", linespacing=1.5)
    _set_shares(pen)
    pen.axis_label("x", words("lorenz_x", lang))
    pen.axis_label("y", words("lorenz_y", lang))
    return picture.caption(pen)


def _curve(indicator: str, value: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return the shares of the students and of what they have."""
    gaps = int(np.isnan(value[weight > 0]).sum())
    if gaps:
        raise InputError(message("reports.error.lorenz_missing", indicator=indicator, n=gaps, total=value.size))
    curve = Table(lorenz_curve(value, weights=weight))
    x, y = curve.floats("population"), curve.floats("amount")
    if np.isnan(x).any():
        raise InputError(message("reports.error.lorenz_undefined", indicator=indicator))
    return x, y


def _set_shares(pen: Pen) -> None:
    """Set both axes from 0 to 100 %."""
    from matplotlib.ticker import PercentFormatter

    pen.ax.set_xlim(0, 1)
    pen.ax.set_ylim(0, 1)
    pen.tidy(grid="both", left=True)
    pen.numbers("x")
    pen.numbers("y")
    for axis in (pen.ax.xaxis, pen.ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axis.set_tick_params(pad=pen.size * 0.6)
        axis.set_ticks([0, 0.25, 0.5, 0.75, 1.0])
