"""Every difference coefficient of one county against its limit (private)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from junheng._data import STAGES, CountyKey, Stage
from junheng.errors import InputError
from junheng.reports.plots._canvas import KINDS, Pen, cut, dots, em, short, text_size, words
from junheng.reports.plots._picture import KINDS_IN_ORDER, Picture, counted, tick_mark
from junheng.reports.plots._subject import (
    coefficient_kind,
    coefficient_name,
    coefficient_of,
    find_stage,
    language_of,
    one_county,
    subtitle,
)
from junheng.words import Language, message, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from junheng.results import Evaluation, Judgement


@frozen
class _Row:
    """One coefficient of one stage, and where it stands from the top, in rows."""

    stage: str
    value: float
    limit: float
    kind: str
    y: float


def coefficients(
    ev: Evaluation,
    *,
    county: CountyKey | None = None,
    stage: Stage | None = None,
    ax: Axes | None = None,
    language: Language | None = None,
) -> Axes:
    """Draw every difference coefficient of one county against its limit, and the composite where it is limited.

    Parameters
    ----------
    ev : Evaluation
        The result of :func:`junheng.evaluate`.
    county : str, int or tuple, optional
        County name as spelled in the table. Required if there are several counties.
    stage : {"primary", "junior"} or a Chinese word (小学, 初中), optional
        Only this stage. Default: both.
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
        If the stage or county is unknown, several counties match, the standard has no coefficients, or matplotlib or
        a font with the characters is not installed.

    Examples
    --------
    >>> import junheng as jh
    >>> from junheng.reports import plots
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0, name="County A"), "cn-quality-balance-2017")
    >>> plots.coefficients(ev, stage="primary").get_xlabel()
    'difference coefficient'
    """
    d, lang = ev.data, language_of(ev, language)
    c = one_county(d, county)
    only = None if stage is None else find_stage(stage)
    rows, heads, bottom = _rows(d, c, range(len(STAGES)) if only is None else [only], lang)
    if not rows:
        raise InputError(message("reports.error.no_coefficients", standard=d.standard.id, county=d.county_name(c)))
    legend = counted((r.kind for r in rows), lang, plain="unlimited")
    if any(np.isfinite(r.limit) for r in rows):
        legend.append((tick_mark(), str(word("column", "limit", lang))))
    size, height = text_size(), bottom + 0.6
    picture = Picture(
        language=lang,
        titles=(words("coefficients", lang), subtitle(d, [c], only, lang)),
        legend=legend,
        names=list(heads),
        height=height * size * 1.5,
        left=size * (max(em(r.stage) for r in rows) + 1.6),
        right=size * 3.4,
        below=size * 3.4,
    )
    pen = picture.begin(ax)
    # on axes that are too small all letters and marks shrink
    fit = min(1.0, pen.height / (height * pen.size * 1.3))
    high = max([0.1, *(x for r in rows for x in (r.value, r.limit) if np.isfinite(x))]) * 1.08
    pen.ax.set_xlim(0, high)
    pen.ax.set_ylim(bottom + 0.5, 0.2)
    _draw_bars(pen, rows, fit)
    for row in rows:
        _write_value(pen, row, high, fit)
    for head, spot in heads.items():
        room = 1.08 * (pen.width + pen.left + pen.size * 2.6) / (pen.size * 0.92 * fit)
        start = -pen.left * high / pen.width + high * 8 / pen.width if pen.own else 0.0
        pen.write(start, spot, cut(head, room), 0.92 * fit, va="center", ha="left", clip_on=False)
    pen.ticks("y", [r.y for r in rows], [r.stage for r in rows], 0.86 * fit)
    return picture.finish(pen, words("axis_coefficient", lang))


def _rows(d: Judgement, c: int, stages: Any, lang: Language) -> tuple[list[_Row], dict[str, float], float]:
    """Return the rows, a limited composite first, where the name of each indicator stands, and where the last ends."""
    composite = [-1] if np.isfinite(d.composite_limits).any() else []
    found: dict[str, list[tuple[str, float, float, str]]] = defaultdict(list)
    for j in (*composite, *range(len(d.indicators))):
        for s in stages:
            g = int(d.group_at[c, s])
            if g < 0:
                continue
            value, limit, verdict = coefficient_of(d, j, g)
            # without either it is an amount a school, of which no coefficient is taken
            if not (np.isnan(value) and np.isnan(limit)):
                label = str(word("stage", STAGES[s], lang))
                found[coefficient_name(d, j, lang)].append((label, value, limit, coefficient_kind(limit, verdict)))
    rows, heads, y = [], {}, 0.0
    for head, figures in found.items():
        y += 1.15
        heads[head] = y
        for figure in figures:
            y += 1.0
            rows.append(_Row(*figure, y))
        y += 0.35
    return rows, heads, y


def _draw_bars(pen: Pen, rows: list[_Row], fit: float) -> None:
    """Draw a bar up to each coefficient, a dot at its end, and the mark of its limit."""
    for kind in (k for k in KINDS_IN_ORDER if any(r.kind == k for r in rows)):
        mine = [r for r in rows if r.kind == kind and np.isfinite(r.value)]
        y, value = np.array([r.y for r in mine]), np.array([r.value for r in mine])
        colour = KINDS[kind][0]
        pen.ax.hlines(y, 0, value, color=colour, linewidth=2.2 * fit + 0.4, alpha=0.55, zorder=2)
        dots(pen.ax, value, y, np.full(len(mine), pen.size * 0.4 * fit), [kind] * len(mine))
    limited = [r for r in rows if np.isfinite(r.limit)]
    pen.bars([r.limit for r in limited], [r.y for r in limited], pen.size * 1.25 * fit, width=2, zorder=4)


def _write_value(pen: Pen, row: _Row, high: float, fit: float) -> None:
    """Write a coefficient beside its bar, and beyond the mark of the limit where it would cover that."""
    start, text = 0.0, words("no_coefficient", pen.language)
    if np.isfinite(row.value):
        text = short(row.value, row.limit)
        reach = row.value + high * pen.size * (0.9 + 0.86 * em(text)) / pen.width
        start = row.limit if np.isfinite(row.limit) and row.value <= row.limit < reach else row.value
    pen.write(start + high * (pen.size * 0.6 / pen.width), row.y, text, 0.86 * fit, va="center", ha="left")
