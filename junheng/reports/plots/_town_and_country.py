"""The schools of city, town and rural areas, separately (private)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from junheng._arrays import Ints
from junheng._data import CountyKey, Stage
from junheng.errors import InputError
from junheng.reports.plots._canvas import GREEN, GREY, Pen, dots, em, radii, rule, short, swarm, text_size, words
from junheng.reports.plots._picture import Picture, no_mark
from junheng.reports.plots._strip import Strip
from junheng.reports.plots._subject import Sample
from junheng.words import Language, message

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from junheng.results import Evaluation

_AREAS = ("city", "town", "rural")


@frozen
class _Lane:
    """The schools of one kind of area."""

    area: str
    """``"unsaid"`` where the cell is empty."""
    sections: Ints
    mean: float


def town_and_country(
    ev: Evaluation,
    indicator: str,
    *,
    stage: Stage,
    county: CountyKey | None = None,
    ax: Axes | None = None,
    language: Language | None = None,
) -> Axes:
    """Draw the schools of city, town and rural areas separately, each with its mean (Σ amount ÷ Σ students).

    Parameters
    ----------
    ev : Evaluation
        The result of :func:`junheng.evaluate` for a table with the column ``area_type`` (城乡类型).
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
        If the table has no column ``area_type`` or it is empty for all these schools, the indicator, stage or county is
        unknown, several years match, or matplotlib or a font with the characters is not installed.

    Examples
    --------
    >>> import junheng as jh
    >>> from junheng.reports import plots
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0, name="County A"), "cn-quality-balance-2017")
    >>> ax = plots.town_and_country(ev, "books_per_student", stage="primary")
    Traceback (most recent call last):
        ...
    junheng.errors.InputError: cn-quality-balance-2017 has no indicator 'books_per_student'; ...
    >>> ax = plots.town_and_country(ev, "teaching_area_per_student", stage="primary")
    >>> ax.get_xlabel()
    'm2/student'
    """
    sample = Sample.choose(ev, indicator, stage, county, language, several=True)
    lanes = _lanes(sample)
    lang = sample.language
    strip = Strip.from_sections(sample, sample.sections, [sample.required, sample.floor])
    lines = sample.lines()
    legend = [*(line.entry for line in lines), (rule(GREEN, "-", 2.4), words("group_mean", lang))]
    legend += strip.legend(lang)
    gap = _gap(sample, lanes)
    if np.isfinite(gap):
        legend.append((no_mark(), words("gap", lang, value=short(gap))))
    labels = [words("counted", lang, what=words(x.area, lang), n=x.sections.size) for x in lanes]
    size = text_size()
    picture = Picture(
        language=lang,
        titles=sample.titles,
        legend=legend,
        names=[sample.unit, *labels],
        height=size * (5.2 if sample.sections.size < 150 else 8.0) * len(lanes),
        left=size * (max(em(x) for x in labels) + 1.4),
        below=size * 3.2,
    )
    pen = picture.begin(ax)
    pen.ax.set_xlim(strip.low, strip.high)
    pen.ax.set_ylim(0, pen.height)
    for line in lines:
        line.draw(pen.ax)
    each = pen.height / len(lanes)
    for i, lane in enumerate(lanes):
        _draw_lane(pen, sample, strip, lane, pen.height - each * (i + 0.5), each)
        if i:
            pen.ax.axhline(pen.height - each * i, color=GREY, linewidth=0.5, alpha=0.5)
    pen.ticks("y", [pen.height - each * (i + 0.5) for i in range(len(lanes))], labels)
    return picture.finish(pen, sample.unit)


def _lanes(sample: Sample) -> list[_Lane]:
    """Return the schools by kind of area, those without one last."""
    schools = sample.d.sections.schools
    if "area_type" not in schools.has:
        raise InputError(message("reports.error.no_area_type"))
    area = schools.category("area_type")[sample.d.sections.rows[sample.sections]]
    if not any(a is not None for a in area):
        raise InputError(message("reports.error.area_type_empty"))
    by_area = [(name or "unsaid", sample.sections[[a == name for a in area]]) for name in (*_AREAS, None)]
    return [_Lane(name, sections, sample.mean(sections)) for name, sections in by_area if sections.size]


def _gap(sample: Sample, lanes: list[_Lane]) -> float:
    """Return the mean of city and town over that of the country."""
    there = {x.area: x for x in lanes}
    urban = [there[a].sections for a in ("city", "town") if a in there]
    rural = there["rural"].mean if "rural" in there else 0.0
    return sample.mean(np.concatenate(urban)) / rural if urban and rural else float("nan")


def _draw_lane(pen: Pen, sample: Sample, strip: Strip, lane: _Lane, centre: float, each: float) -> None:
    """Draw the schools of one kind of area around the middle of their lane, and their mean."""
    part = Strip.from_sections(sample, lane.sections, [])
    shown = np.minimum(part.value, strip.high)
    # dots of one size mean the same in every lane
    heaviest = float(np.nanmax(sample.d.sections.students[sample.sections]))
    radius = radii(np.append(part.students, heaviest), pen.width, each * 0.66, pen.size)[:-1]
    per_point = strip.per_point(pen)
    y, radius = swarm((shown - strip.low) / per_point, radius, each * 0.33)
    dots(pen.ax, shown, centre - each * 0.08 + y, radius, part.kinds.tolist())
    if not np.isfinite(lane.mean):
        return
    mean = min(lane.mean, strip.high)
    pen.ax.plot([mean] * 2, [centre - each * 0.42, centre + each * 0.3], color=GREEN, linewidth=2.4, zorder=5)
    right = (mean - strip.low) / per_point > pen.width * 0.75
    shift = (-4 if right else 4) * per_point
    text, side = short(lane.mean, sample.required), "right" if right else "left"
    pen.write(mean + shift, centre + each * 0.36, text, 0.86, ha=side, va="center", zorder=6)
