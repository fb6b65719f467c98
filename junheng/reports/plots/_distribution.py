"""The schools of one county along an indicator (private)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from junheng._arrays import Floats
from junheng._data import CountyKey, Stage
from junheng.reports.plots._canvas import GREY, Pen, cut, dots, em, radii, short, swarm, text_size, words
from junheng.reports.plots._picture import Picture, name_rows, room_for, tick_mark
from junheng.reports.plots._strip import Strip
from junheng.reports.plots._subject import Sample
from junheng.words import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from junheng.results import Evaluation

#: Height of a line with a name above the dots, in units of its size.
NAME_LINE = 1.3


def distribution(
    ev: Evaluation,
    indicator: str,
    *,
    stage: Stage,
    county: CountyKey | None = None,
    ax: Axes | None = None,
    language: Language | None = None,
) -> Axes:
    """Draw the schools of one county along an indicator, with the threshold, its floor and the mean.

    Each dot is a school; its area shows the students, its colour and marker the verdict. The mean is that of the county
    (Σ amount ÷ Σ students). Where the threshold depends on the number of classes, each school has its own mark. Up to
    twelve schools are all named; of more, those with the largest shortfalls.

    Parameters
    ----------
    ev : Evaluation
        The result of :func:`junheng.evaluate`.
    indicator : str
        Id (or label) of an indicator of the standard.
    stage : {"primary", "junior"} or a Chinese word (小学, 初中)
        Stage.
    county : str, int or tuple, optional
        County name as spelled in the table. Required if there are several counties.
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
        If the indicator, stage or county is unknown, several counties match, or matplotlib or a font with the
        characters is not installed.

    Examples
    --------
    >>> import junheng as jh
    >>> from junheng.reports import plots
    >>> schools = jh.synthetic.county(seed=0, name="County A")
    >>> schools["school"] = "School " + schools["school_code"].str[-3:]
    >>> ev = jh.evaluate(schools, "cn-quality-balance-2017")
    >>> ax = plots.distribution(ev, "sports_area_per_student", stage="primary")
    >>> ax.get_xlabel()
    'm2/student'
    """
    sample = Sample.choose(ev, indicator, stage, county, language)
    mean = float(sample.d.mean[sample.group, sample.j])
    strip = Strip.from_sections(sample, sample.sections, [sample.required, sample.floor, mean])
    lines = sample.lines(mean)
    # a row a school, where each has a name or a requirement of its own
    by_rows = strip.few or sample.by_size
    legend = [line.entry for line in lines]
    if sample.by_size:
        legend.append((tick_mark(), words("required_mark", sample.language)))
    legend += strip.legend(sample.language)
    size = text_size()
    picture = Picture(
        language=sample.language,
        titles=sample.titles,
        legend=legend,
        names=[*strip.names, sample.unit],
        height=_height(strip, by_rows=by_rows, size=size),
        left=room_for(strip.names) if strip.few else size * 1.2,
        below=size * 3.2,
    )
    pen = picture.begin(ax)
    pen.ax.set_xlim(strip.low, strip.high)
    for line in lines:
        line.draw(pen.ax, clip_on=False)
    if by_rows:
        _draw_rows(pen, strip, marks=sample.by_size)
    else:
        _draw_swarm(pen, strip)
    return picture.finish(pen, sample.unit)


def _height(strip: Strip, *, by_rows: bool, size: float) -> float:
    n, named = strip.value.size, len(strip.named())
    if strip.few:
        return max(4, n) * size * 1.55
    if by_rows:
        return max(90.0, n * min(size * 0.75, 5.0)) + named * size * NAME_LINE
    return size * ((13 if n > 60 else 10) + NAME_LINE * named)


def _draw_swarm(pen: Pen, strip: Strip) -> None:
    """Draw dots above and below a line, none over another; the names stand above them."""
    named = strip.named()
    band = len(named) * pen.size * NAME_LINE
    half = max(10.0, (pen.height - band) / 2 - 2)
    pen.ax.set_ylim(-half, half + band)
    y, radius = swarm(strip.points(pen), radii(strip.students, pen.width, 2 * half, pen.size), half)
    dots(pen.ax, strip.shown, y, radius, strip.kinds.tolist())
    _write_names(pen, strip, y + radius, half, pen.size * NAME_LINE)
    pen.ticks("y", [], [])


def _draw_rows(pen: Pen, strip: Strip, *, marks: bool) -> None:
    """Draw a row a school, the worst at the top; with marks for what each must reach."""
    n, few = strip.value.size, strip.few
    order, named = strip.worst_first(), strip.named()
    y = np.empty(n)
    y[order] = np.arange(n)[::-1]
    name_lines = len(named) * pen.size * NAME_LINE
    band = 0.0 if few else name_lines * n / max(1.0, pen.height - name_lines)
    pen.ax.set_ylim(-0.7, n - 0.3 + band)
    per_row = pen.height / max(1.0, n + 0.4 + band)
    radius = radii(strip.students, pen.width, pen.height, pen.size, largest=min(8.0, max(2.0, per_row * 0.45)))
    if not few:
        radius = np.clip(radius, 1.6, max(1.6, per_row * 0.6))
    if marks:
        _draw_requirements(pen, strip, y, per_row)
    elif few:
        pen.ax.hlines(y, strip.low, strip.shown, color=GREY, linewidth=0.7, alpha=0.5, zorder=1)
    dots(pen.ax, strip.shown, y, radius, strip.kinds.tolist())
    if few:
        name_rows(pen, y, strip.names, per_row, pad=pen.size * 0.8)
    else:
        pen.ticks("y", [], [])
        _write_names(pen, strip, y, n - 0.3, band / max(1, len(named)))


def _draw_requirements(pen: Pen, strip: Strip, y: Floats, per_row: float) -> None:
    """Draw what each school must reach, and a line from its dot to there."""
    known = np.isfinite(strip.required)
    reach = np.minimum(strip.required, strip.high)
    pen.ax.hlines(y[known], strip.shown[known], reach[known], color=GREY, linewidth=0.7, alpha=0.6, zorder=1)
    pen.bars(reach[known], y[known], min(pen.size, max(3.0, per_row * 0.9)))


def _write_names(pen: Pen, strip: Strip, y: Floats, top: float, step: float) -> None:
    """Write names above the dots, a line each, with a thin line down to the dot; lines do not cross words."""
    named, points, per_point = strip.named(), strip.points(pen), strip.per_point(pen)
    # from the right the words run to the left, and the other way round: the outermost stands highest
    right = bool(np.mean(points[named]) > pen.width * 0.6) if named else False
    order = sorted(named, key=lambda i: points[i], reverse=not right)
    for line, i in enumerate(order):
        level = top + step * (line + 0.55)
        x = float(strip.shown[i])
        pen.ax.plot([x, x], [y[i], level], color=GREY, linewidth=0.7, zorder=1.5)
        room = (points[i] if right else pen.width - points[i]) / (pen.size * 0.86) - 1.0
        figure = f" {short(float(strip.value[i]), float(strip.required[i]))}"
        text = cut(strip.names[i], max(4.0, room - em(figure))) + figure
        shift = -4 * per_point if right else 4 * per_point
        pen.write(x + shift, level, text, 0.86, ha="right" if right else "left", va="center", bbox=pen.plate, zorder=4)
