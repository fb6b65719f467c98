"""A difference coefficient over the years (private)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from attrs import frozen

from junheng._data import STAGES, CountyKey, Stage
from junheng._frames import Table, column_names
from junheng.errors import InputError, check_language
from junheng.indicators.catalog import catalogue
from junheng.indicators.compliance import VERDICTS
from junheng.reports.plots._canvas import BLUE, GREY, LINES, Pen, dots, handle, ink, rule, short, text_size, words
from junheng.reports.plots._picture import KINDS_IN_ORDER, Entry, Picture
from junheng.reports.plots._subject import (
    coefficient_kind,
    coefficient_name,
    coefficient_of,
    county_names,
    find_indicator,
    find_stage,
    language_of,
    place_name,
)
from junheng.results import Evaluation
from junheng.results.explain import find_county
from junheng.words import Language, Name, Quoted, message, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from narwhals.stable.v2.typing import IntoDataFrame


@frozen
class _Point:
    """The coefficient of one county in one year; the limit is NaN where there is none."""

    place: str
    year: float
    value: float
    limit: float
    kind: str


@frozen
class _History:
    """All points of one picture, and whose they are."""

    points: list[_Point]
    name: str
    language: Language

    @property
    def places(self) -> list[str]:
        """The counties in the order of the table."""
        return list(dict.fromkeys(p.place for p in self.points))

    @property
    def years(self) -> list[float]:
        """The years in order."""
        return sorted({p.year for p in self.points})

    @property
    def known(self) -> list[_Point]:
        """The points that have a figure."""
        return [p for p in self.points if np.isfinite(p.value)]

    @property
    def limits(self) -> list[float]:
        """The limits from the lowest up."""
        return sorted({p.limit for p in self.points if np.isfinite(p.limit)})

    @property
    def few(self) -> bool:
        """Whether each county has a line and a name."""
        return len(self.places) <= len(LINES)

    def points_of(self, place: str) -> list[_Point]:
        """Return the points of one county by year."""
        return sorted((p for p in self.points if p.place == place), key=lambda p: p.year)

    def lines(self) -> list[tuple[str, str, Any]]:
        """Return county, colour and style of each line; a single one needs no colour of its own."""
        places = self.places
        if len(places) == 1:
            return [(places[0], GREY, "-")]
        return [(place, *line) for place, line in zip(places, LINES, strict=False)]

    def legend(self) -> list[Entry]:
        """Return the lines of the legend."""
        lang = self.language
        entries = [(rule(ink(), "-"), words("limit_line", lang, value=short(x))) for x in self.limits]
        if not self.few:
            return [*entries, (rule(BLUE, "-", 2.4), words("median", lang))]
        there = {p.kind for p in self.known}
        for kind in KINDS_IN_ORDER:
            if kind in there:
                label = words("county" if kind == "plain" else kind, lang)
                entries.append((handle(kind, text_size()), label))
        if len(self.places) > 1:
            entries += [(rule(colour, style, 1.6), place) for place, colour, style in self.lines()]
        return entries


def over_years(
    ev: Evaluation | Sequence[Evaluation] | Mapping[str, Evaluation] | IntoDataFrame,
    indicator: str = "composite",
    *,
    stage: Stage,
    county: CountyKey | None = None,
    ax: Axes | None = None,
    language: Language | None = None,
) -> Axes:
    """Draw a difference coefficient over the years, with its limit.

    Up to six counties have a line and a name each. More are drawn as thin lines, with their median.

    Parameters
    ----------
    ev : Evaluation, sequence or mapping of Evaluation, or frame
        Result of :func:`junheng.evaluate` for a table with a column ``year``; several, as from
        :func:`junheng.evaluate_all`, are drawn together. Or the result of :func:`junheng.monitor`, not relabelled (it
        has no limits and no composite).
    indicator : str
        Id (or label) of an indicator, or ``"composite"``: the mean of the coefficients.
    stage : {"primary", "junior"} or a Chinese word (小学, 初中)
        Stage.
    county : str, int or tuple, optional
        County name as spelled in the table. Default: all.
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
        If there is no year, the indicator, stage or county is unknown, or matplotlib or a font with the characters is
        not installed.

    Examples
    --------
    >>> import junheng as jh
    >>> from junheng.reports import plots
    >>> schools = jh.synthetic.nation(seed=1, years=3, n_counties=1).assign(county="County A")
    >>> ev = jh.evaluate(schools, "cn-basic-balance-2012")
    >>> ax = plots.over_years(ev, stage="primary")
    >>> [int(x) for x in ax.get_xticks()]
    [2023, 2024, 2025]
    """
    s = find_stage(stage)
    history = _history(ev, indicator, s, county, language)
    lang, places = history.language, history.places
    whose = places[0] if len(places) == 1 else words("whole_table", lang, n=len(places))
    size = text_size()
    picture = Picture(
        language=lang,
        titles=(
            history.name if indicator == "composite" else words("coefficient_of", lang, what=history.name),
            f"{word('stage', STAGES[s], lang)} · {whose}",
        ),
        legend=history.legend(),
        names=places,
        height=size * 17,
        left=size * 4.6,
        right=size * 3.4,
        below=size * 2.6,
    )
    pen = picture.begin(ax)
    _set_limits(pen, history)
    for limit in history.limits:
        pen.ax.axhline(limit, color=pen.ink, linewidth=1.4, zorder=2)
    if history.few:
        _draw_each(pen, history)
    else:
        _draw_median(pen, history)
    _set_years(pen, history)
    pen.axis_label("y", words("axis_coefficient", lang))
    return picture.caption(pen)


def _draw_each(pen: Pen, history: _History) -> None:
    """Draw a line with dots for each county, and the figures where there is one."""
    for place, colour, style in history.lines():
        points = history.points_of(place)
        years, values = [p.year for p in points], [p.value for p in points]
        pen.ax.plot(years, values, color=colour, linestyle=style, linewidth=1.6, zorder=2.5)
        known = [p for p in points if np.isfinite(p.value)]
        x, y = np.array([p.year for p in known]), np.array([p.value for p in known])
        dots(pen.ax, x, y, np.full(len(known), pen.size * 0.4), [p.kind for p in known])
    if len(history.places) > 1:
        return
    rise = pen.size * 0.75 * _highest(history) / pen.height
    for p in history.known:
        # away from the limit, which it must not cover
        up = not (np.isfinite(p.limit) and p.value < p.limit < p.value * 1.25)
        level, va = (p.value + rise, "bottom") if up else (p.value - rise, "top")
        pen.write(p.year, level, short(p.value, p.limit), 0.86, ha="center", va=va)


def _draw_median(pen: Pen, history: _History) -> None:
    """Draw a thin line for each of many counties, and their median."""
    for place in history.places:
        points = history.points_of(place)
        years, values = [p.year for p in points], [p.value for p in points]
        pen.ax.plot(years, values, color=GREY, linewidth=0.6, alpha=0.5, zorder=1)
    median = [float(np.nanmedian([p.value for p in history.points if p.year == y])) for y in history.years]
    pen.ax.plot(history.years, median, color=BLUE, linewidth=2.4, marker="o", zorder=4)


def _highest(history: _History) -> float:
    """Return how far the coefficients reach."""
    return max([*(p.value for p in history.known), *history.limits, 0.1]) * 1.2


def _set_limits(pen: Pen, history: _History) -> None:
    years = history.years
    pad = 0.35 if len(years) > 1 else 0.8
    pen.ax.set_xlim(years[0] - pad, years[-1] + pad)
    pen.ax.set_ylim(0, _highest(history))


def _set_years(pen: Pen, history: _History) -> None:
    """Write the numbers of both axes; of many years only some, the last one always."""
    years = history.years
    step = max(1, int(np.ceil(len(years) * 4 * pen.size / pen.width)))
    pen.tidy(grid="y", left=False)
    pen.numbers("y")
    written = years[::-1][::step][::-1]
    pen.ticks("x", written, [f"{y:g}" for y in written])


# ------------------------------------------------------------------------------------- where points are from


def _history(
    ev: Evaluation | Sequence[Evaluation] | Mapping[str, Evaluation] | IntoDataFrame,
    indicator: str,
    s: int,
    county: CountyKey | None,
    language: Language | None,
) -> _History:
    """Take the points from evaluations or from what ``monitor`` returned."""
    if isinstance(ev, Evaluation):
        evaluations = [ev]
    elif isinstance(ev, Mapping):
        evaluations = list(ev.values())
    else:
        evaluations = [] if column_names(ev) is not None else list(cast("Sequence[Evaluation]", ev))
    if not evaluations:
        return _monitored(Table(ev), indicator, s, county, check_language(language or "en"))
    if not all(isinstance(e, Evaluation) for e in evaluations):
        raise InputError(message("reports.error.over_years_takes"))
    lang = language_of(evaluations[0], language)
    several = len({e.standard.id for e in evaluations}) > 1
    points = [p for e in evaluations for p in _evaluated(e, indicator, s, county, lang if several else None)]
    if not points:
        raise InputError(message("reports.error.no_school_counts", stage=Name("stage", STAGES[s])))
    d = evaluations[-1].data
    return _History(points, coefficient_name(d, find_indicator(d, indicator, composite=True), lang), lang)


def _evaluated(
    e: Evaluation, indicator: str, s: int, county: CountyKey | None, standard_in: str | None
) -> list[_Point]:
    """Return the points of one evaluation; with a language, county names include the standard."""
    d, points = e.data, []
    j = find_indicator(d, indicator, composite=True)
    if np.isnan(d.years).any():
        raise InputError(message("reports.error.no_years", column=Quoted(Name("column", "year"))))
    standard = "" if standard_in is None else f" · {getattr(e.standard.label, standard_in)}"
    for c in find_county(d, county):
        g = int(d.group_at[c, s])
        if g >= 0:
            value, limit, verdict = coefficient_of(d, j, g)
            kind = coefficient_kind(limit, verdict)
            points.append(_Point(place_name(d, c) + standard, float(d.years[c]), value, limit, kind))
    return points


def _monitored(table: Table, indicator: str, s: int, county: CountyKey | None, language: Language) -> _History:
    """Return the points of a frame of ``monitor``, which holds no limits."""
    needed = ("subject", "name", "stage", "year", "value", "verdict")
    lacking = [n for n in needed if n not in table.columns]
    if lacking:
        raise InputError(message("reports.error.not_monitored", columns=lacking))
    by = table.columns[: table.columns.index("subject")]
    cells = {n: table.objects(n).tolist() for n in (*by, *needed)}
    wanted = county_names(county)
    points = []
    for i in range(table.rows):
        key = tuple(str(cells[n][i]) for n in by)
        what = (cells["subject"][i], cells["name"][i], cells["stage"][i])
        if what != ("coefficient", indicator, STAGES[s]) or key[: len(wanted)] != wanted:
            continue
        verdict, value = str(cells["verdict"][i]), cells["value"][i]
        kind = {"met": "met", "unmet": "unmet"}.get(verdict, "open") if verdict in VERDICTS else "plain"
        figure = float("nan") if value is None else float(value)
        points.append(_Point(" / ".join(key), float(cells["year"][i]), figure, float("nan"), kind))
    if not points:
        known = sorted({str(n) for n, x in zip(cells["name"], cells["subject"], strict=True) if x == "coefficient"})
        raise InputError(message("reports.error.not_followed", indicator=Quoted(indicator), known=known))
    known_indicator = catalogue().get(indicator)
    return _History(points, indicator if known_indicator is None else known_indicator.en, language)
