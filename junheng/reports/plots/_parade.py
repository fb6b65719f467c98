"""Pen's parade of an indicator: every student in order of what there is for him or her (private)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from junheng._arrays import Floats
from junheng._data import CountyKey, Stage
from junheng.errors import InputError
from junheng.indicators.quantiles import weighted_quantile
from junheng.reports.plots._canvas import BLUE, GREY, SETTING, SKY, rule, short, text_size, words
from junheng.reports.plots._picture import Line, Picture
from junheng.reports.plots._subject import Sample
from junheng.words import Language, message

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from junheng.results import Evaluation


def parade(
    ev: Evaluation,
    indicator: str,
    *,
    stage: Stage,
    county: CountyKey | None = None,
    ax: Axes | None = None,
    language: Language | None = None,
) -> Axes:
    """Draw Pen's parade of an indicator: all students pass by, those of the least equipped school first.

    Each school is a step, as wide as its share of the students and as high as its figure. Lines show the threshold (and
    its floor), the mean and the median, in units of the indicator; where the parade crosses a line is the share of
    students below it.

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
        If the indicator, stage or county is unknown, several years match, a value is missing, no school has students,
        or matplotlib or a font with the characters is not installed.

    References
    ----------
    Pen (1971), Income Distribution.

    Examples
    --------
    >>> import junheng as jh
    >>> from junheng.reports import plots
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0, name="County A"), "cn-quality-balance-2017")
    >>> ax = plots.parade(ev, "sports_area_per_student", stage="primary")
    >>> [float(x) for x in ax.get_xlim()]
    [0.0, 1.0]
    """
    sample = Sample.choose(ev, indicator, stage, county, language, several=True)
    lang, size = sample.language, text_size()
    value, weight = sample.d.values[sample.j, sample.sections], sample.weights(sample.sections)
    edges, heights = _steps(sample.indicator.id, value, weight)
    median = float(weighted_quantile(value, weights=weight))
    lines = [
        *sample.lines(sample.mean(sample.sections)),
        Line(median, GREY, "-.", words("median_line", lang, value=short(median))),
    ]
    picture = Picture(
        language=lang,
        titles=sample.titles,
        legend=[(rule(BLUE, "-", 2), words("parade_step", lang)), *(line.entry for line in lines)],
        height=min(SETTING.get().width * 0.55, 240.0 + size * 4),
        left=size * 5,
        right=size * 2,
        below=size * 4.6,
    )
    pen = picture.begin(ax)
    pen.ax.stairs(heights, edges, fill=True, color=SKY, alpha=0.35, linewidth=0)
    pen.ax.stairs(heights, edges, color=BLUE, linewidth=1.6, baseline=None)
    for line in lines:
        pen.ax.axhline(line.at, color=line.colour, linestyle=line.style, linewidth=1.4, zorder=2)
    pen.ax.set_xlim(0, 1)
    highest = max([float(heights.max()), *(line.at for line in lines)])
    pen.ax.set_ylim(0, highest * 1.06 if highest > 0 else 1.0)
    pen.tidy(grid="y", left=True)
    pen.numbers("x")
    pen.numbers("y")
    _percent(pen.ax, size * 0.6)
    pen.axis_label("x", words("lorenz_x", lang))
    pen.axis_label("y", sample.unit)
    return picture.caption(pen)


def _steps(indicator: str, value: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return where steps begin and end, as shares of the students, and how high they are."""
    there = weight > 0
    gaps = int(np.isnan(value[there]).sum())
    if gaps:
        raise InputError(message("reports.error.lorenz_missing", indicator=indicator, n=gaps, total=value.size))
    if not there.any():
        raise InputError(message("reports.error.parade_nobody", indicator=indicator))
    order = np.argsort(value[there], kind="stable")
    edges = np.concatenate([[0.0], np.cumsum(weight[there][order])])
    return edges / edges[-1], value[there][order]


def _percent(ax: Axes, pad: float) -> None:
    """Set the axis of students from 0 to 100 %, its 0 apart from that of the other axis."""
    from matplotlib.ticker import PercentFormatter

    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.xaxis.set_ticks([0, 0.25, 0.5, 0.75, 1.0])
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_tick_params(pad=pad)
