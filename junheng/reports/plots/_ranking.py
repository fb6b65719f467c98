"""Counties ranked by a difference coefficient (private)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from junheng._arrays import Floats
from junheng._data import STAGES, Stage
from junheng.errors import InputError
from junheng.reports.plots._canvas import GREY, Pen, cut, dots, em, ink, rule, short, text_size, words
from junheng.reports.plots._picture import Entry, Picture, counted, no_mark
from junheng.reports.plots._subject import (
    coefficient_kind,
    coefficient_name,
    coefficient_of,
    find_indicator,
    find_stage,
    language_of,
    place_name,
    subtitle,
)
from junheng.words import Language, Name, message

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from junheng.results import Evaluation, Judgement


@frozen
class _Ranking:
    """The counties that have a coefficient, the largest first."""

    names: list[str]
    value: Floats
    limit: float
    """The largest limit, NaN where there is none."""
    kinds: list[str]
    without: int
    """How many counties have no coefficient."""

    def legend(self, language: Language) -> list[Entry]:
        """Return the lines of the legend."""
        entries = []
        if np.isfinite(self.limit):
            entries.append((rule(ink(), "-"), words("limit_line", language, value=short(self.limit))))
        entries += counted(self.kinds, language, plain="county")
        if self.without:
            entries.append((no_mark(), words("no_figure_counties", language, n=self.without)))
        return entries


def ranking(
    ev: Evaluation,
    indicator: str = "composite",
    *,
    stage: Stage,
    ax: Axes | None = None,
    language: Language | None = None,
) -> Axes:
    """Rank the counties of a table by a difference coefficient, the largest first, against the limit.

    A new figure is tall enough to name every county. On axes that are too small, only the first counties are named and
    the rest are drawn closer together.

    Parameters
    ----------
    ev : Evaluation
        The result of :func:`junheng.evaluate` for several counties.
    indicator : str
        Id (or label) of an indicator, or ``"composite"``: the mean of the coefficients.
    stage : {"primary", "junior"} or a Chinese word (小学, 初中)
        Stage.
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
        If the indicator or stage is unknown, no county has the coefficient, or matplotlib or a font with the
        characters is not installed.

    Examples
    --------
    >>> import junheng as jh
    >>> from junheng.reports import plots
    >>> schools = jh.synthetic.province(seed=0, n_counties=5)
    >>> schools["county"] = "County " + schools["county"].str.strip("第县")
    >>> ev = jh.evaluate(schools, "cn-basic-balance-2012")
    >>> ax = plots.ranking(ev, stage="primary")
    >>> len(ax.get_yticklabels())
    5
    """
    d, lang = ev.data, language_of(ev, language)
    j, s = find_indicator(d, indicator, composite=True), find_stage(stage)
    return rank_counties(d, j, s, range(d.n_counties), lang, ax=ax)


def rank_counties(
    d: Judgement,
    j: int,
    s: int,
    counties: Sequence[int],
    lang: Language,
    *,
    ax: Axes | None = None,
    height: float | None = None,
) -> Axes:
    """Rank some counties of a table; without a height, all of them have a name."""
    # a year that all have in common stands in the title once
    one_year = np.unique(d.years[list(counties)]).size == 1
    ranked = _ranked(d, j, s, counties, with_year=not one_year)
    second = subtitle(d, list(counties), s, lang)
    if one_year and np.isfinite(d.years[counties[0]]) and len(counties) > 1:
        second += f" · {d.years[counties[0]]:g}"
    name, n, size = coefficient_name(d, j, lang), len(ranked.names), text_size()
    names = [*ranked.names, words("the_rest", lang, n=n)]
    picture = Picture(
        language=lang,
        titles=(name if j < 0 else words("coefficient_of", lang, what=name), second),
        legend=ranked.legend(lang),
        names=names,
        height=size * 1.35 * max(n, 3) if height is None else height,
        left=size * min(14.0, max(em(x) for x in names) * 0.9 + 1.6),
        right=size * 3.2,
        below=size * 3.4,
    )
    pen = picture.begin(ax)
    y, shown = _rows(pen, n)
    _draw_values(pen, ranked, y, shown)
    _name_rows(pen, ranked, y, shown)
    return picture.finish(pen, words("axis_coefficient", lang))


def _ranked(d: Judgement, j: int, s: int, counties: Sequence[int], *, with_year: bool) -> _Ranking:
    found = []
    for c in counties:
        g = int(d.group_at[c, s])
        if g < 0:
            continue
        value, limit, verdict = coefficient_of(d, j, g)
        if np.isfinite(value):
            name = d.county_name(c) if with_year else place_name(d, c)
            found.append((name, value, limit, coefficient_kind(limit, verdict)))
    if not found:
        raise InputError(message("reports.error.nothing_to_rank", stage=Name("stage", STAGES[s])))
    found.sort(key=lambda row: -row[1])
    names, values, limits, kinds = (list(x) for x in zip(*found, strict=True))
    limit = max((x for x in limits if np.isfinite(x)), default=np.nan)
    return _Ranking(names, np.array(values, dtype=np.float64), limit, kinds, len(counties) - len(found))


def _rows(pen: Pen, n: int) -> tuple[Floats, int]:
    """Return where the counties stand, in rows, and how many are named; the rest stands closer together."""
    y = np.arange(n, dtype=np.float64)
    lines = pen.height / (pen.size * 1.25)
    if n <= lines + 1e-9:
        pen.ax.set_ylim(max(float(y[-1]) + 0.8, 0), -0.8)
        return y, n
    # as many names as take 60 % of the room, the rest packed into what is left
    shown = max(1, min(int(lines * 0.6), n - 1))
    y[shown:] = shown + 0.6 + (np.arange(n - shown) + 0.5) * (lines - shown - 1.2) / (n - shown)
    pen.ax.set_ylim(max(float(y[-1]) + 0.8, lines - 0.6), -0.8)
    return y, shown


def _draw_values(pen: Pen, ranked: _Ranking, y: Floats, shown: int) -> None:
    """Draw the limit, a dot a county, and the figures of those that are named."""
    value, limit = ranked.value, ranked.limit
    reach = max(float(np.nanmax(np.append(value, limit))) * 1.06, 1e-6)
    pen.ax.set_xlim(0, reach)
    if np.isfinite(limit):
        pen.ax.axvline(limit, color=pen.ink, linewidth=1.4, zorder=2)
    radius = np.where(np.arange(value.size) < shown, pen.size * 0.36, pen.size * 0.22)
    pen.ax.hlines(y[:shown], 0, value[:shown], color=GREY, linewidth=0.7, alpha=0.45, zorder=1)
    dots(pen.ax, value, y, radius, ranked.kinds)
    gap = reach * pen.size * 0.6 / pen.width
    for level, x in zip(y[:shown].tolist(), value[:shown].tolist(), strict=True):
        # the figure may not stand across the line of the limit
        near = np.isfinite(limit) and x < limit <= x + reach * pen.size * 3.4 / pen.width
        pen.write((limit if near else x) + gap, level, short(x, limit), 0.8, va="center")


def _name_rows(pen: Pen, ranked: _Ranking, y: Floats, shown: int) -> None:
    room = pen.left / (pen.size * 0.86) - 1.0 if pen.own else 14.0
    labels = [cut(x, room) for x in ranked.names[:shown]]
    spots = y[:shown].tolist()
    if shown < y.size:
        labels.append(words("the_rest", pen.language, n=y.size - shown))
        spots.append(float(y[shown:].mean()))
        pen.ax.axhline(shown, color=GREY, linewidth=0.6, alpha=0.6)
    pen.ticks("y", spots, labels, 0.86)
