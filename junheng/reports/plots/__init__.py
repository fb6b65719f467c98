"""Pictures of an evaluation: each function draws one on axes of matplotlib (extra ``plots``).

Every function takes the axes to draw on (``ax=None`` makes a figure of its own that needs no pyplot), and returns
them. Words are Chinese or English; nothing depends on colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng._explain import find_county
from junheng._frames import Table, column_names
from junheng._labels import check_language, word
from junheng.errors import InputError, did_you_mean
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.indicators.curves import lorenz_curve
from junheng.indicators.dispersion import difference_coefficient
from junheng.indicators.inequality import gini
from junheng.planning import Plan
from junheng.reports.plots._canvas import (
    BLUE,
    GREEN,
    GREY,
    KINDS,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    Pen,
    cut,
    dots,
    em,
    handle,
    prepare,
    radii,
    rule,
    short,
    swarm,
    words,
)
from junheng.results import Data, Evaluation
from junheng.schools import base_column, recognise
from junheng.schools import columns as known_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "before_and_after",
    "coefficients",
    "distribution",
    "lorenz",
    "over_years",
    "ranking",
    "town_and_country",
    "who_gives",
]

_OPS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "==": "="}
_AREAS = ("city", "town", "rural")
#: Schools that a picture of changes names, on each side.
NAMED = 40


# ------------------------------------------------------------------------------------- what is meant


def _language(ev: Evaluation, language: str | None) -> str:
    return check_language(language or ev.language or "en")


def _indicator(d: Data, indicator: str, *, composite: bool = False) -> int:
    """Return the position of an indicator, -1 for the composite."""
    if composite and indicator == "composite":
        return -1
    for j, known in enumerate(d.indicators):
        if indicator in (known.id, known.zh, known.en):
            return j
    ids = [i.id for i in d.indicators] + (["composite"] if composite else [])
    hint = did_you_mean(indicator, ids) or f"; there are {', '.join(ids)}"
    raise InputError(f"{d.standard.id} has no indicator {indicator!r}{hint}")


def _stage(stage: str) -> int:
    for s, known in enumerate(STAGES):
        if stage in (known, word("stage", known, "zh")):
            return s
    raise InputError(f"stage must be one of {', '.join(STAGES)}, not {stage!r}")


def _one_county(d: Data, county: Any) -> int:
    found = find_county(d, county)
    if len(found) == 1:
        return found[0]
    some = ", ".join(d.county_name(c) for c in found[:5]) + (" …" if len(found) > 5 else "")
    raise InputError(f"this picture shows one county, and {len(found)} are meant: {some}; name one with county=")


def _some_counties(d: Data, county: Any) -> list[int]:
    """Return the counties meant, all of one year."""
    found = find_county(d, county)
    years = np.unique(d.years[found])
    if (~np.isnan(years)).sum() > 1:
        shown = ", ".join(f"{y:g}" for y in years.tolist())
        raise InputError(f"this picture shows one year, and the table has {shown}; name one with county=(county, year)")
    return found


def _sections(d: Data, counties: Sequence[int], s: int) -> Ints:
    """Return the sections of some counties' stage that count."""
    groups = d.group_at[list(counties), s]
    rows = d.usable[np.isin(d.group_codes, groups[groups >= 0])]
    if not rows.size:
        names = " / ".join(d.county_name(c) for c in counties[:1])
        raise InputError(f"the table has no {STAGES[s]} school of {names} that counts; choose another stage or county")
    return rows


def _place(d: Data, county: int) -> str:
    """Name a county without its year."""
    return " / ".join(str(w[county]) for name, w in d.county_words if name != "year")


def _where(d: Data, counties: Sequence[int], s: int | None, language: str) -> str:
    """Say of whom a picture is."""
    name = d.county_name(counties[0]) if len(counties) == 1 else words("whole_table", language, n=len(counties))
    return name if s is None else f"{word('stage', STAGES[s], language)} · {name}"


def _kinds(d: Data, j: int, rows: Ints, s: int) -> NDArray[np.object_]:
    """Return what kind of dot each section is."""
    t = d.threshold(j, s)
    out = np.full(rows.size, "plain", dtype=object)
    if t is None:
        return out
    verdict, floor = d.verdicts[j, rows], d.floors[j, rows]
    out[verdict == MET] = "met"
    out[verdict == UNDETERMINED] = "open"
    out[verdict == UNMET] = "unmet" if t.floor is None else "below"
    if t.floor is not None:
        out[(verdict == UNMET) & (floor == MET)] = "floor"
        out[(verdict == UNMET) & (floor == UNDETERMINED)] = "open"
    return out


def _names(d: Data, rows: Ints) -> list[str]:
    return [str(d.school_names[r]) for r in d.sections.rows[rows].tolist()]


# --------------------------------------------------------------------------------------- distribution


@frozen
class _Strip:
    """The schools of one picture along one axis: figures, kinds, and how far the axis reaches."""

    value: Floats
    required: Floats
    students: Floats
    kinds: NDArray[np.object_]
    names: list[str]
    missing: int
    low: float
    high: float

    @classmethod
    def make(cls, d: Data, j: int, s: int, rows: Ints, lines: Iterable[float]) -> _Strip:
        value = d.values[j, rows]
        known = np.isfinite(value)
        at = rows[known]
        value = value[known]
        fixed = [x for x in lines if np.isfinite(x)]
        low, high = 0.0, max([1e-9, *fixed])
        if value.size:
            low = min(0.0, float(value.min()))
            # a few schools far out, such as those with a handful of students, must not squeeze the rest
            most = float(np.quantile(value, 0.9))
            bound = max(1.8 * most, 1.6 * high)
            high = max(high, float(value.max()) if value.max() <= bound else min(bound, float(value.max())))
        return cls(
            value=value,
            required=d.required[j, at],
            students=d.sections.students[at],
            kinds=_kinds(d, j, at, s),
            names=_names(d, at),
            missing=int((~known).sum()),
            low=low,
            high=high * 1.04,
        )

    @property
    def shown(self) -> Floats:
        """Where the dots stand: those too far out stand on the edge."""
        return np.minimum(self.value, self.high)

    @property
    def beyond(self) -> int:
        """How many stand on the edge."""
        return int((self.value > self.high).sum())


def _strip_entries(strip: _Strip, floor: bool, language: str, size: float) -> list[tuple[Any, str]]:
    out = []
    for kind in ("met", "floor", "below", "unmet", "open", "plain"):
        n = int((strip.kinds == kind).sum())
        if n:
            out.append((handle(kind, size), words("counted", language, what=words(kind, language), n=n)))
    if strip.beyond:
        out.append((_no_mark(), words("beyond", language, n=strip.beyond, value=short(float(strip.value.max())))))
    if strip.missing:
        out.append((_no_mark(), words("no_value", language, n=strip.missing)))
    return out


def _no_mark() -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], linestyle="none")


def distribution(
    ev: Evaluation,
    indicator: str,
    *,
    stage: str,
    county: Any = None,
    ax: Axes | None = None,
    language: str | None = None,
) -> Axes:
    """Draw the schools of one county along an indicator: who meets the threshold, who its floor, who neither.

    A dot is a school, its area the students. Colour and marker tell the verdict. Lines stand at the threshold, at the
    floor and at the mean of the county (Σ amount ÷ Σ students). Where the threshold depends on the number of classes,
    every school has a mark of its own. The schools that fall short most are named; up to twelve schools are all named.

    Parameters
    ----------
    ev : Evaluation
        What :func:`junheng.evaluate` returned.
    indicator : str
        Id (or label) of an indicator of the standard.
    stage : {"primary", "junior"}
        Stage.
    county : object, optional
        A county as it stands in the table; needed where there are several.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a figure of its own without it.
    language : {"en", "zh"}, optional
        By default that of :meth:`~junheng.Evaluation.relabel`, or English.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; ``.figure`` is the figure.

    Raises
    ------
    InputError
        On an unknown indicator, stage or county, when several counties are meant, or when matplotlib or a font with
        the characters is not installed.

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
    d, lang = ev.data, _language(ev, language)
    j, s = _indicator(d, indicator), _stage(stage)
    county_at = _one_county(d, county)
    rows = _sections(d, [county_at], s)
    g = int(d.group_at[county_at, s])
    ind, t = d.indicators[j], d.threshold(j, s)
    fixed = t is not None and t.fixed
    required = float(t.value) if t is not None and t.fixed and t.value is not None else np.nan
    floor = float(t.floor) if t is not None and t.floor is not None else np.nan
    mean = float(d.mean[g, j])
    strip = _Strip.make(d, j, s, rows, [required, floor, mean])
    unit = str(word("unit", ind.unit, lang))
    few = strip.value.size <= 12
    by_rows = few or (not fixed and t is not None)
    lines: list[tuple[float, str, str, str]] = []
    if np.isfinite(required):
        said = words("required_line", lang, op=_OPS[t.op] if t else "", value=short(required))
        lines.append((required, "ink", "-", said))
    if np.isfinite(floor):
        lines.append((floor, ORANGE, "--", words("floor_line", lang, value=short(floor))))
    if np.isfinite(mean):
        lines.append((mean, GREEN, ":", words("mean_line", lang, value=short(mean, required))))
    texts = [x[3] for x in lines] + [e[1] for e in _strip_entries(strip, True, lang, 10)]
    if by_rows and not fixed:
        texts.append(words("required_mark", lang))
    first, second = getattr(ind, lang), _where(d, [county_at], s, lang)
    size = _size()
    n = strip.value.size
    named = _named(strip, t.op if t is not None else ">=", few)
    if by_rows:
        left = size * (min(16.0, max([4.0, *(em(x) for x in strip.names)]) + 1.2) if few else 1.2)
        height = max(4, n) * size * 1.55 if few else max(90.0, n * min(size * 0.75, 5.0)) + len(named) * size * 1.3
    else:
        left, height = size * 1.2, size * (13 + 1.3 * len(named)) if n > 60 else size * (10 + 1.3 * len(named))
    pen = prepare(
        ax,
        lang,
        [*strip.names, unit],
        height=height,
        left=left,
        below=size * 3.2,
        legend=texts,
        titles=[first, second],
    )
    axes = pen.ax
    axes.set_xlim(strip.low, strip.high)
    for x, colour, style, _ in lines:
        axes.axvline(
            x, color=pen.ink if colour == "ink" else colour, linestyle=style, linewidth=1.4, zorder=2, clip_on=False
        )
    per_point = (strip.high - strip.low) / pen.width
    x_points = (strip.shown - strip.low) / per_point
    if by_rows:
        _draw_rows(pen, strip, named, few=few, marks=not fixed, op=t.op if t is not None else ">=")
    else:
        band = len(named) * pen.size * 1.3
        half = max(10.0, (pen.height - band) / 2 - 2)
        axes.set_ylim(-half, half + band)
        y, radius = swarm(x_points, radii(strip.students, pen.width, 2 * half, pen.size), half)
        dots(axes, strip.shown, y, radius, strip.kinds.tolist())
        _name(pen, strip, x_points, y + radius, named, half, per_point)
        axes.set_yticks([])
    pen.tidy()
    if few and by_rows:
        axes.tick_params(axis="y", pad=pen.size * 0.8)
    pen.numbers("x")
    pen.axis_label("x", unit)
    entries = [(rule(pen.ink if c == "ink" else c, style), said) for _, c, style, said in lines]
    if by_rows and not fixed:
        entries.append((_tick_mark(pen), words("required_mark", lang)))
    entries += _strip_entries(strip, True, lang, pen.size)
    pen.legend(entries, below=pen.size * 3.2)
    pen.title(first, second)
    return axes


def _size() -> float:
    from junheng.reports.plots._canvas import SETTING, matplotlib_or_advice

    matplotlib_or_advice()
    import matplotlib

    now = SETTING.get().size
    return float(now if now is not None else matplotlib.rcParams["font.size"])


def _tick_mark(pen: Pen) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], linestyle="none", marker="|", markersize=pen.size, markeredgewidth=1.6, color=pen.ink)


def _named(strip: _Strip, op: str, few: bool) -> list[int]:
    """Return the schools to name, the worst first."""
    order = _worst_first(strip, op)
    if few:
        return order
    short_of = [i for i in order if strip.kinds[i] in ("below", "unmet", "floor")]
    return (short_of or order[:1])[:3]


def _worst_first(strip: _Strip, op: str) -> list[int]:
    up = op in ("<=", "<")
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = strip.value / strip.required
    reach = np.where(np.isfinite(reach), reach, np.nan)
    if np.isnan(reach).all():
        reach = strip.value
    reach = np.where(np.isnan(reach), np.inf, -reach if up else reach)
    return [int(i) for i in np.lexsort((strip.value, reach))]


def _draw_rows(pen: Pen, strip: _Strip, named: list[int], *, few: bool, marks: bool, op: str) -> None:
    """Draw a row a school, the worst at the top; with marks for what each must reach."""
    axes, n = pen.ax, strip.value.size
    order = _worst_first(strip, op)
    y = np.empty(n)
    y[order] = np.arange(n)[::-1]
    band = 0.0 if few else len(named) * pen.size * 1.3 * n / max(1.0, pen.height - len(named) * pen.size * 1.3)
    axes.set_ylim(-0.7, n - 0.3 + band)
    per_row = pen.height / max(1.0, n + 0.4 + band)
    radius = radii(strip.students, pen.width, pen.height, pen.size, largest=min(8.0, max(2.0, per_row * 0.45)))
    if not few:
        radius = np.clip(radius, 1.6, max(1.6, per_row * 0.6))
    if marks:
        known = np.isfinite(strip.required)
        reach = np.minimum(strip.required, strip.high)
        axes.hlines(y[known], strip.shown[known], reach[known], color=GREY, linewidth=0.7, alpha=0.6, zorder=1)
        size = min(pen.size, max(3.0, per_row * 0.9))
        axes.plot(
            reach[known], y[known], linestyle="none", marker="|", markersize=size, markeredgewidth=1.4, color=pen.ink
        )
    elif few:
        axes.hlines(y, strip.low, strip.shown, color=GREY, linewidth=0.7, alpha=0.5, zorder=1)
    dots(axes, strip.shown, y, radius, strip.kinds.tolist())
    if few:
        room = max(5.0, min(16.0, pen.left / pen.size - 1.2 if pen.own else 16.0))
        scale = min(0.9, 0.9 * per_row / (pen.size * 1.15))
        pen.ticks("y", y.tolist(), [cut(name, room) for name in strip.names], scale)
    else:
        axes.set_yticks([])
        per_point = (strip.high - strip.low) / pen.width
        x_points = (strip.shown - strip.low) / per_point
        top = n - 0.3
        up = band / max(1, len(named))
        _name(pen, strip, x_points, y, named, top, per_point, step=up)


def _name(
    pen: Pen,
    strip: _Strip,
    x_points: Floats,
    y: Floats,
    named: list[int],
    top: float,
    per_point: float,
    step: float | None = None,
) -> None:
    """Write names above the dots, a line each, with a thin line down to the dot; lines do not cross words."""
    step = pen.size * 1.3 if step is None else step
    # from the right the words run to the left, and the other way round: the outermost stands highest
    right = bool(np.mean(x_points[named]) > pen.width * 0.6) if named else False
    order = sorted(named, key=lambda i: x_points[i], reverse=not right)
    for line, i in enumerate(order):
        level = top + step * (line + 0.55)
        x = float(strip.shown[i])
        pen.ax.plot([x, x], [y[i], level], color=GREY, linewidth=0.7, zorder=1.5)
        room = (x_points[i] if right else pen.width - x_points[i]) / (pen.size * 0.86) - 1.0
        figure = f" {short(float(strip.value[i]), float(strip.required[i]))}"
        text = cut(strip.names[i], max(4.0, room - em(figure))) + figure
        shift = -4 * per_point if right else 4 * per_point
        pen.write(x + shift, level, text, 0.86, ha="right" if right else "left", va="center", bbox=pen.plate, zorder=4)


# --------------------------------------------------------------------------------------- coefficients


def coefficients(
    ev: Evaluation,
    *,
    county: Any = None,
    stage: str | None = None,
    ax: Axes | None = None,
    language: str | None = None,
) -> Axes:
    """Draw every difference coefficient of one county against its limit, and the composite where it is limited.

    Parameters
    ----------
    ev : Evaluation
        What :func:`junheng.evaluate` returned.
    county : object, optional
        A county as it stands in the table; needed where there are several.
    stage : {"primary", "junior"}, optional
        Only this stage; both without it.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a figure of its own without it.
    language : {"en", "zh"}, optional
        By default that of :meth:`~junheng.Evaluation.relabel`, or English.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; ``.figure`` is the figure.

    Raises
    ------
    InputError
        On an unknown stage or county, when several counties are meant or the standard has no coefficients, or when
        matplotlib or a font with the characters is not installed.

    Examples
    --------
    >>> import junheng as jh
    >>> from junheng.reports import plots
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0, name="County A"), "cn-quality-balance-2017")
    >>> plots.coefficients(ev, stage="primary").get_xlabel()
    'difference coefficient'
    """
    d, lang = ev.data, _language(ev, language)
    c = _one_county(d, county)
    stages = range(len(STAGES)) if stage is None else [_stage(stage)]
    rows: list[tuple[str, str, float, float, str]] = []
    for name, values, limits, verdicts in _measures(d, lang):
        for s in stages:
            g = int(d.group_at[c, s])
            if g < 0:
                continue
            value, limit = float(values[g]), float(limits[g])
            kind = "plain" if np.isnan(limit) else {MET: "met", UNMET: "unmet"}.get(int(verdicts[g]), "open")
            if np.isnan(value) and np.isnan(limit):
                continue  # an amount a school, of which no coefficient is taken
            rows.append((name, str(word("stage", STAGES[s], lang)), value, limit, kind))
    if not rows:
        raise InputError(f"{d.standard.id} gives no difference coefficient for {d.county_name(c)}")
    size = _size()
    heads = list(dict.fromkeys(r[0] for r in rows))
    spots: list[float] = []
    head_at: dict[str, float] = {}
    y = 0.0
    for head in heads:
        y += 1.15
        head_at[head] = y
        for _ in [r for r in rows if r[0] == head]:
            y += 1.0
            spots.append(y)
        y += 0.35
    kinds = [k for k in ("met", "unmet", "open", "plain") if any(r[4] == k for r in rows)]
    limited = any(np.isfinite(r[3]) for r in rows)
    what = {"plain": words("unlimited", lang)}
    entries = [
        (k, words("counted", lang, what=what.get(k, words(k, lang)), n=sum(r[4] == k for r in rows))) for k in kinds
    ]
    label = str(word("column", "limit", lang))
    texts = [t for _, t in entries] + ([label] if limited else [])
    first, second = words("coefficients", lang), _where(d, [c], None if stage is None else _stage(stage), lang)
    left = size * (max(em(r[1]) for r in rows) + 1.6)
    pen = prepare(
        ax,
        lang,
        heads,
        height=(y + 0.6) * size * 1.5,
        left=left,
        right=size * 3.4,
        below=size * 3.4,
        legend=texts,
        titles=[first, second],
    )
    axes = pen.ax
    fit = min(1.0, pen.height / ((y + 0.6) * pen.size * 1.3))
    values_ = np.array([r[2] for r in rows])
    limits_ = np.array([r[3] for r in rows])
    high = max(float(np.nanmax(np.concatenate([values_, limits_, [0.1]]))) * 1.08, 0.1)
    axes.set_xlim(0, high)
    axes.set_ylim(y + 0.5, 0.2)
    at = np.array(spots)
    for kind in kinds:
        mine = np.array([r[4] == kind for r in rows]) & np.isfinite(values_)
        colour = handle(kind, 1).get_markeredgecolor()
        axes.hlines(at[mine], 0, values_[mine], color=colour, linewidth=2.2 * fit + 0.4, alpha=0.55, zorder=2)
        dots(axes, values_[mine], at[mine], np.full(int(mine.sum()), pen.size * 0.4 * fit), [kind] * int(mine.sum()))
    known = np.isfinite(limits_)
    axes.plot(
        limits_[known],
        at[known],
        linestyle="none",
        marker="|",
        markersize=pen.size * 1.25 * fit,
        markeredgewidth=2,
        color=pen.ink,
        zorder=4,
    )
    for (_, _, value, limit, _), spot in zip(rows, spots, strict=True):
        text = short(value, limit) if np.isfinite(value) else words("no_coefficient", lang)
        # beside the bar, and beyond the mark of the limit where it would cover that
        reach = value + high * pen.size * (0.9 + 0.86 * em(text)) / pen.width
        beside = limit if np.isfinite(limit) and value <= limit < reach else value
        start = (beside if np.isfinite(value) else 0.0) + high * (pen.size * 0.6 / pen.width)
        pen.write(start, spot, text, 0.86 * fit, va="center", ha="left")
    for head, spot in head_at.items():
        room = 1.08 * (pen.width + pen.left + pen.size * 2.6) / (pen.size * 0.92 * fit)
        start = -pen.left * high / pen.width + high * 8 / pen.width if pen.own else 0.0
        pen.write(start, spot, cut(head, room), 0.92 * fit, va="center", ha="left", clip_on=False)
    pen.ticks("y", spots, [r[1] for r in rows], 0.86 * fit)
    pen.tidy()
    pen.numbers("x")
    pen.axis_label("x", words("axis_coefficient", lang))
    shown = [(handle(k, pen.size), t) for k, t in entries]
    if limited:
        shown.append((_tick_mark(pen), label))
    pen.legend(shown, below=pen.size * 3.4)
    pen.title(first, second)
    return axes


def _measures(d: Data, language: str) -> list[tuple[str, Any, Any, Any]]:
    """Return name, values, limits and verdicts by group: the composite first, where it is limited."""
    out = [
        (str(getattr(i, language)), d.coefficient[:, j], d.limits[:, j], d.coefficient_verdicts[:, j])
        for j, i in enumerate(d.indicators)
    ]
    if np.isfinite(d.composite_limits).any():
        name = str(word("indicator", "composite", language))
        out.insert(0, (name, d.composite, d.composite_limits, d.composite_verdicts))
    return out


# --------------------------------------------------------------------------------------------- lorenz


def lorenz(
    ev: Evaluation,
    indicator: str,
    *,
    stage: str,
    county: Any = None,
    ax: Axes | None = None,
    language: str | None = None,
) -> Axes:
    """Draw the Lorenz curve of an indicator: what share of the whole the students of the least equipped schools have.

    Students are counted, not schools. The text gives the Gini coefficient and the difference coefficient.

    Parameters
    ----------
    ev : Evaluation
        What :func:`junheng.evaluate` returned.
    indicator : str
        Id (or label) of an indicator of the standard.
    stage : {"primary", "junior"}
        Stage.
    county : object, optional
        A county as it stands in the table; all schools of the table without it.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a figure of its own without it.
    language : {"en", "zh"}, optional
        By default that of :meth:`~junheng.Evaluation.relabel`, or English.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; ``.figure`` is the figure.

    Raises
    ------
    InputError
        On an unknown indicator, stage or county, when several years are meant or a figure is missing, or when
        matplotlib or a font with the characters is not installed.

    Examples
    --------
    >>> import junheng as jh
    >>> from junheng.reports import plots
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0, name="County A"), "cn-quality-balance-2017")
    >>> ax = plots.lorenz(ev, "sports_area_per_student", stage="primary")
    >>> [float(x) for x in ax.get_xlim()]
    [0.0, 1.0]
    """
    d, lang = ev.data, _language(ev, language)
    j, s = _indicator(d, indicator), _stage(stage)
    counties = _some_counties(d, county)
    rows = _sections(d, counties, s)
    ind = d.indicators[j]
    value, weight = d.values[j, rows], _weights(d, j, rows)
    gaps = int(np.isnan(value[weight > 0]).sum())
    if gaps:
        raise InputError(
            f"{ind.id} is missing for {gaps} of {rows.size} schools; fill it in, or leave these schools out first"
        )
    curve = Table(lorenz_curve(value, weights=weight))
    x, y = curve.floats("population"), curve.floats("amount")
    if np.isnan(x).any():
        raise InputError(f"{ind.id} is 0 for all schools, or below 0 for some: there is no Lorenz curve")
    index, cv = float(gini(value, weights=weight)), float(difference_coefficient(value, weights=weight))
    size = _size()
    first, second = getattr(ind, lang), _where(d, counties, s, lang)
    legend = [words("lorenz_curve", lang), words("lorenz_equal", lang)]
    from junheng.reports.plots._canvas import SETTING

    side = min(SETTING.get().width, 340.0 + size * 6)
    pen = prepare(
        ax,
        lang,
        [],
        height=side - size * 6.4,
        left=size * 4.4,
        right=size * 2,
        below=size * 4.6,
        legend=legend,
        titles=[first, second],
        width=side,
    )
    axes = pen.ax
    axes.plot([0, 1], [0, 1], color=pen.ink, linestyle="--", linewidth=1)
    axes.plot(x, y, color=BLUE, linewidth=2)
    axes.fill_between(x, y, x, color=SKY, alpha=0.35, linewidth=0)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    text = words("lorenz_text", lang, gini=short(index), cv=short(cv))
    pen.write(0.05, 0.94, text, 1.0, va="top", ha="left", linespacing=1.5)
    from matplotlib.ticker import PercentFormatter

    pen.tidy(grid="both", left=True)
    pen.numbers("x")
    pen.numbers("y")
    for which in (axes.xaxis, axes.yaxis):
        which.set_major_formatter(PercentFormatter(1.0, decimals=0))
        which.set_tick_params(pad=pen.size * 0.6)
        which.set_ticks([0, 0.25, 0.5, 0.75, 1.0])
    pen.axis_label("x", words("lorenz_x", lang))
    pen.axis_label("y", words("lorenz_y", lang))
    pen.legend([(rule(BLUE, "-", 2), legend[0]), (rule(pen.ink, "--", 1), legend[1])], below=pen.size * 4.6)
    pen.title(first, second)
    return axes


def _weights(d: Data, j: int, rows: Ints) -> Floats:
    """Return what a school weighs in means of an indicator: its denominator, so that they are ratios of totals."""
    bottom = d.indicators[j].denominator
    if bottom is None:
        return np.ones(rows.size)
    return d.sections.students[rows] if bottom == "students" else d.sections.number(bottom)[rows]


# ---------------------------------------------------------------------------------- town and country


def town_and_country(
    ev: Evaluation,
    indicator: str,
    *,
    stage: str,
    county: Any = None,
    ax: Axes | None = None,
    language: str | None = None,
) -> Axes:
    """Draw the schools of city, town and country apart, each with its mean (Σ amount ÷ Σ students).

    Parameters
    ----------
    ev : Evaluation
        What :func:`junheng.evaluate` returned, of a table with the column ``area_type`` (城乡类型).
    indicator : str
        Id (or label) of an indicator of the standard.
    stage : {"primary", "junior"}
        Stage.
    county : object, optional
        A county as it stands in the table; all schools of the table without it.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a figure of its own without it.
    language : {"en", "zh"}, optional
        By default that of :meth:`~junheng.Evaluation.relabel`, or English.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; ``.figure`` is the figure.

    Raises
    ------
    InputError
        When the table has no column ``area_type`` or it is empty for all these schools, on an unknown indicator, stage
        or county, when several years are meant, or when matplotlib or a font with the characters is not installed.

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
    d, lang = ev.data, _language(ev, language)
    j, s = _indicator(d, indicator), _stage(stage)
    counties = _some_counties(d, county)
    rows = _sections(d, counties, s)
    reading = d.sections.reading
    if "area_type" not in reading.has:
        raise InputError(
            "the table has no column 'area_type' (城乡类型: 城区, 镇区, 乡村): town and country are not known; add it"
        )
    problems = len(reading.problems)
    area = reading.category("area_type")[d.sections.rows[rows]]
    del reading.problems[problems:]  # a picture adds nothing to what was found in the table
    if not any(a is not None for a in area):
        raise InputError(
            "the column 'area_type' is empty or not understood for all these schools; use 城区, 镇区, 乡村"
        )
    ind, t = d.indicators[j], d.threshold(j, s)
    required = float(t.value) if t is not None and t.fixed and t.value is not None else np.nan
    floor = float(t.floor) if t is not None and t.floor is not None else np.nan
    lanes: list[tuple[str, Ints]] = []
    for name in (*_AREAS, None):
        at = rows[[a == name for a in area]]
        if at.size:
            lanes.append((name or "unsaid", at))
    strip = _Strip.make(d, j, s, rows, [required, floor])
    means = {name: _mean(d, j, at) for name, at in lanes}
    lines = []
    if t is not None and np.isfinite(required):
        lines.append((required, "ink", "-", words("required_line", lang, op=_OPS[t.op], value=short(required))))
    if np.isfinite(floor):
        lines.append((floor, ORANGE, "--", words("floor_line", lang, value=short(floor))))
    texts = [x[3] for x in lines] + [words("group_mean", lang)]
    texts += [e[1] for e in _strip_entries(strip, True, lang, 10)]
    upper = np.concatenate([at for name, at in lanes if name in ("city", "town")] or [np.empty(0, np.int64)])
    gap = _mean(d, j, upper) / means["rural"] if upper.size and means.get("rural", 0) else np.nan
    if np.isfinite(gap):
        texts.append(words("gap", lang, value=short(gap)))
    size = _size()
    labels = [words("counted", lang, what=words(name, lang), n=at.size) for name, at in lanes]
    unit = str(word("unit", ind.unit, lang))
    first, second = getattr(ind, lang), _where(d, counties, s, lang)
    lane = size * (5.2 if rows.size < 150 else 8.0)
    pen = prepare(
        ax,
        lang,
        [unit, *labels],
        height=lane * len(lanes),
        left=size * (max(em(x) for x in labels) + 1.4),
        below=size * 3.2,
        legend=texts,
        titles=[first, second],
    )
    axes = pen.ax
    axes.set_xlim(strip.low, strip.high)
    each = pen.height / len(lanes)
    axes.set_ylim(0, pen.height)
    for x, colour, style, _ in lines:
        axes.axvline(x, color=pen.ink if colour == "ink" else colour, linestyle=style, linewidth=1.4, zorder=2)
    per_point = (strip.high - strip.low) / pen.width
    heaviest = float(np.nanmax(d.sections.students[rows]))
    for i, (name, at) in enumerate(lanes):
        centre = pen.height - each * (i + 0.5)
        part = _Strip.make(d, j, s, at, [])
        shown = np.minimum(part.value, strip.high)
        share = radii(np.append(part.students, heaviest), pen.width, each * 0.66, pen.size)[:-1]
        y, radius = swarm((shown - strip.low) / per_point, share, each * 0.33)
        dots(axes, shown, centre - each * 0.08 + y, radius, part.kinds.tolist())
        if np.isfinite(means[name]):
            at_mean = min(means[name], strip.high)
            axes.plot([at_mean] * 2, [centre - each * 0.42, centre + each * 0.3], color=GREEN, linewidth=2.4, zorder=5)
            right = (at_mean - strip.low) / per_point > pen.width * 0.75
            pen.write(
                at_mean + (-4 if right else 4) * per_point,
                centre + each * 0.36,
                short(means[name], required),
                0.86,
                ha="right" if right else "left",
                va="center",
                zorder=6,
            )
        if i:
            axes.axhline(pen.height - each * i, color=GREY, linewidth=0.5, alpha=0.5)
    pen.ticks("y", [pen.height - each * (i + 0.5) for i in range(len(lanes))], labels)
    pen.tidy()
    pen.numbers("x")
    pen.axis_label("x", unit)
    entries = [(rule(pen.ink if c == "ink" else c, style), said) for _, c, style, said in lines]
    entries.append((rule(GREEN, "-", 2.4), words("group_mean", lang)))
    entries += _strip_entries(strip, True, lang, pen.size)
    if np.isfinite(gap):
        entries.append((_no_mark(), words("gap", lang, value=short(gap))))
    pen.legend(entries, below=pen.size * 3.2)
    pen.title(first, second)
    return axes


def _mean(d: Data, j: int, rows: Ints) -> float:
    """Return the ratio of totals over the sections with a figure."""
    value, weight = d.values[j, rows], _weights(d, j, rows)
    known = np.isfinite(value) & (weight > 0)
    return float((value[known] * weight[known]).sum() / weight[known].sum()) if known.any() else float("nan")


# -------------------------------------------------------------------------------------------- ranking


def ranking(
    ev: Evaluation,
    indicator: str = "composite",
    *,
    stage: str,
    ax: Axes | None = None,
    language: str | None = None,
) -> Axes:
    """Rank the counties of a table by a difference coefficient, the largest first, against the limit.

    A figure of its own is as tall as it takes to name every county. On axes that are too small for that, the first
    are named, and the rest stand closer together without names.

    Parameters
    ----------
    ev : Evaluation
        What :func:`junheng.evaluate` returned, of several counties.
    indicator : str
        Id (or label) of an indicator, or ``"composite"``: the mean of the coefficients.
    stage : {"primary", "junior"}
        Stage.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a figure of its own without it.
    language : {"en", "zh"}, optional
        By default that of :meth:`~junheng.Evaluation.relabel`, or English.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; ``.figure`` is the figure.

    Raises
    ------
    InputError
        On an unknown indicator or stage, when no county has the coefficient, or when matplotlib or a font with the
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
    d, lang = ev.data, _language(ev, language)
    return rank_counties(
        d, _indicator(d, indicator, composite=True), _stage(stage), list(range(d.n_counties)), ax, lang
    )


def rank_counties(
    d: Data, j: int, s: int, counties: Sequence[int], ax: Axes | None, lang: str, height: float | None = None
) -> Axes:
    groups = d.group_at[list(counties), s]
    here = [(c, int(g)) for c, g in zip(counties, groups.tolist(), strict=True) if g >= 0]
    value = np.array([coefficient_of(d, j, g)[0] for _, g in here], dtype=np.float64)
    known = np.isfinite(value)
    if not known.any():
        raise InputError(f"no county has this coefficient for the {STAGES[s]} stage; see ev.indicators for the reasons")
    order = [int(i) for i in np.lexsort((np.arange(value.size), -np.nan_to_num(value, nan=-1)))][: int(known.sum())]
    # a year that all have in common stands in the title once
    one_year = np.unique(d.years[list(counties)]).size == 1
    names = [_place(d, here[i][0]) if one_year else d.county_name(here[i][0]) for i in order]
    value = value[order]
    limit = np.array([coefficient_of(d, j, here[i][1])[1] for i in order], dtype=np.float64)
    codes = [coefficient_of(d, j, here[i][1])[2] for i in order]
    kinds = [
        "plain" if np.isnan(x) else {MET: "met", UNMET: "unmet"}.get(v, "open")
        for x, v in zip(limit, codes, strict=True)
    ]
    without = len(counties) - len(order)
    said = [
        (k, words("counted", lang, what=words("county" if k == "plain" else k, lang), n=kinds.count(k)))
        for k in ("met", "unmet", "open", "plain")
        if k in kinds
    ]
    bound = float(np.nanmax(limit)) if np.isfinite(limit).any() else np.nan
    texts = ([words("limit_line", lang, value=short(bound))] if np.isfinite(bound) else []) + [t for _, t in said]
    if without:
        texts.append(words("no_figure_counties", lang, n=without))
    name = str(word("indicator", "composite", lang)) if j < 0 else str(getattr(d.indicators[j], lang))
    first = name if j < 0 else words("coefficient_of", lang, what=name)
    second = _where(d, list(counties), s, lang)
    if one_year and np.isfinite(d.years[counties[0]]) and len(counties) > 1:
        second += f" · {d.years[counties[0]]:g}"
    size = _size()
    n = len(order)
    rest = words("the_rest", lang, n=n)
    wide = size * min(14.0, max(em(x) for x in [*names, rest]) * 0.9 + 1.6)
    pen = prepare(
        ax,
        lang,
        [*names, rest],
        height=size * 1.35 * max(n, 3) if height is None else height,
        left=wide,
        right=size * 3.2,
        below=size * 3.4,
        legend=texts,
        titles=[first, second],
    )
    axes = pen.ax
    line = pen.size * 1.25
    lines = pen.height / line
    if n <= lines + 1e-9:
        y, shown = np.arange(n, dtype=np.float64), n
    else:
        # as many names as take 60 % of the room, the rest packed into what is left
        shown = max(1, min(int(lines * 0.6), n - 1))
        y = np.arange(n, dtype=np.float64)
        y[shown:] = shown + 0.6 + (np.arange(n - shown) + 0.5) * (lines - shown - 1.2) / (n - shown)
    reach = float(np.nanmax(np.append(value, bound))) * 1.06
    axes.set_xlim(0, max(reach, 1e-6))
    axes.set_ylim(max(float(y[-1]) + 0.8, lines - 0.6 if shown < n else 0), -0.8)
    if np.isfinite(bound):
        axes.axvline(bound, color=pen.ink, linewidth=1.4, zorder=2)
    radius = np.where(np.arange(n) < shown, pen.size * 0.36, pen.size * 0.22)
    axes.hlines(y[:shown], 0, value[:shown], color=GREY, linewidth=0.7, alpha=0.45, zorder=1)
    dots(axes, value, y, radius, kinds)
    for i in range(shown):
        gap = axes.get_xlim()[1] * pen.size * 0.6 / pen.width
        near = np.isfinite(bound) and value[i] < bound <= value[i] + axes.get_xlim()[1] * pen.size * 3.4 / pen.width
        pen.write((bound if near else value[i]) + gap, y[i], short(float(value[i]), bound), 0.8, va="center")
    room = pen.left / (pen.size * 0.86) - 1.0 if pen.own else 14.0
    labels = [cut(x, room) for x in names[:shown]]
    spots = y[:shown].tolist()
    if shown < n:
        labels.append(words("the_rest", lang, n=n - shown))
        spots.append(float(y[shown:].mean()))
        axes.axhline(shown, color=GREY, linewidth=0.6, alpha=0.6)
    pen.ticks("y", spots, labels, 0.86)
    pen.tidy()
    pen.numbers("x")
    pen.axis_label("x", words("axis_coefficient", lang))
    entries = [(rule(pen.ink, "-"), texts[0])] if np.isfinite(bound) else []
    entries += [(handle(k, pen.size), t) for k, t in said]
    if without:
        entries.append((_no_mark(), texts[-1]))
    pen.legend(entries, below=pen.size * 3.4)
    pen.title(first, second)
    return axes


def coefficient_of(d: Data, j: int, g: int) -> tuple[float, float, int]:
    """Return coefficient, limit and verdict of a group; the composite for -1."""
    if j < 0:
        return float(d.composite[g]), float(d.composite_limits[g]), int(d.composite_verdicts[g])
    return float(d.coefficient[g, j]), float(d.limits[g, j]), int(d.coefficient_verdicts[g, j])


# ------------------------------------------------------------------------------------------ over years


@frozen
class _Point:
    place: str
    year: float
    value: float
    limit: float
    kind: str


def over_years(
    ev: Evaluation | Sequence[Evaluation] | Mapping[str, Evaluation] | Any,
    indicator: str = "composite",
    *,
    stage: str,
    county: Any = None,
    ax: Axes | None = None,
    language: str | None = None,
) -> Axes:
    """Draw a difference coefficient through the years, against its limit.

    Up to six counties have a line and a name each. More are drawn thin, with the median of the counties.

    Parameters
    ----------
    ev : Evaluation, sequence or mapping of Evaluation, or frame
        Of a table with a column ``year``; several, such as :func:`junheng.evaluate_all` gives, are drawn together; or
        what :func:`junheng.monitor` returned without relabelling (it holds no limits and no composite).
    indicator : str
        Id (or label) of an indicator, or ``"composite"``: the mean of the coefficients.
    stage : {"primary", "junior"}
        Stage.
    county : object, optional
        A county as it stands in the table; all without it.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a figure of its own without it.
    language : {"en", "zh"}, optional
        By default that of :meth:`~junheng.Evaluation.relabel`, or English.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; ``.figure`` is the figure.

    Raises
    ------
    InputError
        When there is no year, on an unknown indicator, stage or county, or when matplotlib or a font with the
        characters is not installed.

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
    s = _stage(stage)
    if isinstance(ev, Evaluation):
        evaluations = [ev]
    elif isinstance(ev, Mapping):
        evaluations = list(ev.values())
    elif column_names(ev) is not None:
        evaluations = []
    else:
        evaluations = list(ev)
    if evaluations:
        if not all(isinstance(e, Evaluation) for e in evaluations):
            raise InputError("over_years takes an Evaluation, several of them, or what monitor returned")
        lang = _language(evaluations[0], language)
        points, name = _points(evaluations, indicator, s, county, lang)
    else:
        lang = check_language(language or "en")
        points, name = _monitored(ev, indicator, s, county)
    places = list(dict.fromkeys(p.place for p in points))
    years = sorted({p.year for p in points})
    size = _size()
    few = len(places) <= 6
    first = name if indicator == "composite" else words("coefficient_of", lang, what=name)
    stage_word = str(word("stage", STAGES[s], lang))
    second = f"{stage_word} · {places[0] if len(places) == 1 else words('whole_table', lang, n=len(places))}"
    kinds = [k for k in ("met", "unmet", "open", "plain") if any(p.kind == k and np.isfinite(p.value) for p in points)]
    limits = {
        x: [p.year for p in points if p.limit == x] for x in sorted({p.limit for p in points if np.isfinite(p.limit)})
    }
    texts = [words("limit_line", lang, value=short(x)) for x in limits]
    said = [(k, words("county" if k == "plain" else k, lang)) for k in kinds]
    colours = [BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY]
    styles: list[Any] = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 2))]
    shown = few and len(places) > 1
    texts += [t for _, t in said] + (places if shown else []) + ([] if few else [words("median", lang)])
    pen = prepare(
        ax,
        lang,
        places,
        height=size * 17,
        left=size * 4.6,
        right=size * 3.4,
        below=size * 2.6,
        legend=texts,
        titles=[first, second],
    )
    axes = pen.ax
    entries = []
    if len(limits):
        for limit in limits:
            axes.axhline(limit, color=pen.ink, linewidth=1.4, zorder=2)
            entries.append((rule(pen.ink, "-"), words("limit_line", lang, value=short(limit))))
    entries += [(handle(k, pen.size), t) for k, t in said]
    for i, place in enumerate(places):
        mine = sorted((p for p in points if p.place == place), key=lambda p: p.year)
        x, y = np.array([p.year for p in mine]), np.array([p.value for p in mine])
        if few:
            colour = colours[i] if shown else GREY
            axes.plot(x, y, color=colour, linestyle=styles[i], linewidth=1.6, zorder=2.5)
            there = np.isfinite(y)
            dots(
                axes,
                x[there],
                y[there],
                np.full(int(there.sum()), pen.size * 0.4),
                [p.kind for p in mine if np.isfinite(p.value)],
            )
            if shown:
                entries.append((rule(colour, styles[i], 1.6), place))
        else:
            axes.plot(x, y, color=GREY, linewidth=0.6, alpha=0.5, zorder=1)
    if few and len(places) == 1:
        for p in points:
            if np.isfinite(p.value):
                # away from the limit, which it must not cover
                up = not (np.isfinite(p.limit) and p.value < p.limit < p.value * 1.25)
                axes.annotate(
                    short(p.value, p.limit),
                    (p.year, p.value),
                    xytext=(0, pen.size * 0.75 * (1 if up else -1)),
                    textcoords="offset points",
                    ha="center",
                    va="bottom" if up else "top",
                    **pen.style(0.86),
                )
    if not few:
        middle = [float(np.nanmedian([p.value for p in points if p.year == y])) for y in years]
        axes.plot(years, middle, color=BLUE, linewidth=2.4, marker="o", zorder=4)
        entries.append((rule(BLUE, "-", 2.4), words("median", lang)))
        entries = [e for e in entries if e[1] not in {t for _, t in said}]
    top = max([p.value for p in points if np.isfinite(p.value)] + list(limits) + [0.1])
    axes.set_ylim(0, top * 1.2)
    pad = 0.35 if len(years) > 1 else 0.8
    axes.set_xlim(years[0] - pad, years[-1] + pad)
    step = max(1, int(np.ceil(len(years) * 4 * pen.size / pen.width)))
    pen.tidy(grid="y", left=False)
    pen.numbers("y")
    pen.ticks("x", years[::-1][::step][::-1], [f"{y:g}" for y in years[::-1][::step][::-1]])
    pen.axis_label("y", words("axis_coefficient", lang))
    pen.legend(entries, below=pen.size * 2.6)
    pen.title(first, second)
    return axes


def _points(
    evaluations: Sequence[Evaluation], indicator: str, s: int, county: Any, lang: str
) -> tuple[list[_Point], str]:
    out: list[_Point] = []
    name = ""
    standards = {e.standard.id for e in evaluations}
    for e in evaluations:
        d = e.data
        j = _indicator(d, indicator, composite=True)
        name = str(word("indicator", "composite", lang)) if j < 0 else str(getattr(d.indicators[j], lang))
        if np.isnan(d.years).any():
            raise InputError("the table has no column 'year', or a year is no plain number; years cannot be told apart")
        for c in find_county(d, county):
            g = int(d.group_at[c, s])
            if g < 0:
                continue
            value, limit, verdict = coefficient_of(d, j, g)
            kind = "plain" if np.isnan(limit) else {MET: "met", UNMET: "unmet"}.get(verdict, "open")
            place = _place(d, c)
            if len(standards) > 1:
                place += f" · {getattr(e.standard.label, lang)}"
            out.append(_Point(place, float(d.years[c]), value, limit, kind))
    if not out:
        raise InputError(f"the table has no {STAGES[s]} school that counts")
    return out, name


def _monitored(frame: Any, indicator: str, s: int, county: Any) -> tuple[list[_Point], str]:
    table = Table(frame)
    needed = ("subject", "name", "stage", "year", "value", "verdict")
    lacking = [n for n in needed if n not in table.columns]
    if lacking:
        raise InputError(
            f"the frame has no column {', '.join(lacking)}; give what monitor(ev) returned, without relabelling"
        )
    by = table.columns[: table.columns.index("subject")]
    columns = {n: table.objects(n) for n in (*by, *needed)}
    wanted = None if county is None else tuple(county) if isinstance(county, (tuple, list)) else (county,)
    out = []
    for i in range(table.rows):
        if (
            columns["subject"][i] != "coefficient"
            or columns["name"][i] != indicator
            or columns["stage"][i] != STAGES[s]
        ):
            continue
        key = tuple(str(columns[n][i]) for n in by)
        if wanted is not None and key[: len(wanted)] != tuple(map(str, wanted)):
            continue
        verdict = str(columns["verdict"][i])
        value = columns["value"][i]
        kind = {"met": "met", "unmet": "unmet"}.get(verdict, "open") if verdict in VERDICTS else "plain"
        number = float("nan") if value is None else float(value)
        out.append(_Point(" / ".join(key), float(columns["year"][i]), number, float("nan"), kind))
    if not out:
        known = sorted({str(n) for n, x in zip(columns["name"], columns["subject"], strict=True) if x == "coefficient"})
        raise InputError(f"the frame follows no coefficient {indicator!r} of this county; there are {', '.join(known)}")
    from junheng.indicators.catalog import catalogue

    known_indicator = catalogue().get(indicator)
    return out, indicator if known_indicator is None else known_indicator.en


# ------------------------------------------------------------------------------------ before and after


def _lanes(pen: Pen, full: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Return where rows stand from the top down, in points, and how high a full one is.

    Full rows have room for a name; the others stand closer together. All shrink where there is no room.
    """
    high = np.where(full, pen.size * 1.3, max(2.6, pen.size * 0.42))
    high = high * min(1.0, pen.height / float(high.sum()))
    # a few rows need not fill the whole height
    slack = (pen.height - high.sum()) / high.size
    high = high + max(0.0, slack)
    return np.asarray(np.cumsum(high) - high / 2, dtype=np.float64), float(high[full].max()) if full.any() else 0.0


def _lanes_height(full: NDArray[np.bool_], size: float) -> float:
    """Return how high a picture of such rows is."""
    return max(size * 5, float(np.where(full, size * 1.3, max(2.6, size * 0.42)).sum()))


def _hollow(ax: Axes, x: Floats, y: Floats, radius: Floats, kinds: NDArray[np.object_]) -> None:
    """Draw dots of several kinds without a filling."""
    for kind in dict.fromkeys(kinds.tolist()):
        colour, marker, _ = KINDS[kind]
        for level in np.unique(np.round(radius[kinds == kind] * 2) / 2).tolist():
            at = (kinds == kind) & (np.round(radius * 2) / 2 == level)
            ax.plot(
                x[at],
                y[at],
                linestyle="none",
                marker=marker,
                markersize=2 * level * (0.86 if marker in "Ds" else 1.0),
                markerfacecolor=ax.get_facecolor(),
                markeredgecolor=colour,
                markeredgewidth=1.1,
                clip_on=False,
                zorder=2.8,
            )


def before_and_after(
    plan: Plan,
    indicator: str,
    *,
    stage: str,
    county: Any = None,
    ax: Axes | None = None,
    language: str | None = None,
) -> Axes:
    """Draw what a plan does to an indicator: each school before (hollow) and after (filled), with an arrow between.

    A dot is a school, its area the students; colour and marker tell the verdict. Schools that change have a name (the
    40 that change most, where there are more); the others stand closer together. The school that had least stands at
    the top. Lines stand at the threshold and at its floor. The text gives the difference coefficient before and after,
    and its limit; where the standard limits the mean of the coefficients, that one, too.

    Parameters
    ----------
    plan : Plan
        What :func:`junheng.plan` returned.
    indicator : str
        Id (or label) of an indicator of the standard.
    stage : {"primary", "junior"}
        Stage.
    county : object, optional
        A county as it stands in the table; needed where there are several.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a figure of its own without it.
    language : {"en", "zh"}, optional
        By default that of the evaluation that was planned for, or English.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; ``.figure`` is the figure.

    Raises
    ------
    InputError
        On an unknown indicator, stage or county, when several counties are meant, or when matplotlib or a font with
        the characters is not installed.

    Examples
    --------
    >>> import junheng as jh
    >>> from junheng.reports import plots
    >>> schools = jh.synthetic.county(seed=0, name="County A")
    >>> schools["school"] = "School " + schools["school_code"].str[-3:]
    >>> ev = jh.evaluate(schools, "cn-quality-balance-2017")
    >>> costs = dict.fromkeys(jh.shortfall_totals(ev)["column"], 1)
    >>> ax = plots.before_and_after(jh.plan(ev, unit_costs=costs), "sports_area_per_student", stage="primary")
    >>> ax.get_xlabel()
    'm2/student'
    """
    ev = plan.evaluation
    d, lang = ev.data, _language(ev, language)
    then = plan.after.data
    j, s = _indicator(d, indicator), _stage(stage)
    c = _one_county(d, county)
    rows = _sections(d, [c], s)
    ind, t = d.indicators[j], d.threshold(j, s)
    g = int(d.group_at[c, s])
    fixed = t is not None and t.fixed
    required = float(t.value) if t is not None and t.fixed and t.value is not None else np.nan
    floor = float(t.floor) if t is not None and t.floor is not None else np.nan
    old, new = d.values[j, rows], then.values[j, rows]
    known = np.isfinite(old) & np.isfinite(new)
    missing = int((~known).sum())
    order = np.flatnonzero(known)
    up = t is not None and t.op in ("<=", "<")
    order = order[np.lexsort((new[order], -old[order] if up else old[order]))]
    at = rows[order]
    old, new = old[order], new[order]
    change = np.abs(new - old)
    moved = change > 0
    named = moved.copy()
    if named.sum() > NAMED:
        named[np.argsort(-change, kind="stable")[NAMED:]] = False
    if at.size <= 12:
        named[:] = True
    kinds_old, kinds_new = _kinds(d, j, at, s), _kinds(then, j, at, s)
    names = [x if n else "" for x, n in zip(_names(d, at), named.tolist(), strict=True)]
    unit = str(word("unit", ind.unit, lang))
    lines: list[tuple[float, str, str, str]] = []
    if np.isfinite(required):
        said = words("required_line", lang, op=_OPS[t.op] if t else "", value=short(required))
        lines.append((required, "ink", "-", said))
    if np.isfinite(floor):
        lines.append((floor, ORANGE, "--", words("floor_line", lang, value=short(floor))))
    marks = t is not None and not fixed
    size = _size()
    states = [words("before_mark", lang), words("after_mark", lang)]
    kinds = [k for k in ("met", "floor", "below", "unmet", "open", "plain") if (kinds_new == k).any()]
    counts = {k: words("counted_after", lang, what=words(k, lang), n=int((kinds_new == k).sum())) for k in kinds}
    texts = [x[3] for x in lines] + ([words("required_mark", lang)] if marks else []) + states + list(counts.values())
    both = np.concatenate([old, new, [required if np.isfinite(required) else 0.0, 1e-9]])
    high = float(both.max())
    if old.size:
        # as in distribution: what is far out must not squeeze the rest
        fence = max(1.8 * float(np.quantile(np.concatenate([old, new]), 0.9)), 1.6 * float(np.nan_to_num(required)))
        high = min(high, max(fence, 1e-9))
    beyond = int((new > high * 1.04).sum())
    high *= 1.04
    extra = []
    if beyond:
        extra.append(words("beyond", lang, n=beyond, value=short(float(new.max()))))
    if missing:
        extra.append(words("no_value", lang, n=missing))
    extra += _coefficients_said(d, then, j, g, lang)
    if not moved.any():
        extra.append(words("nothing_changes", lang))
    first, second = getattr(ind, lang), _where(d, [c], s, lang)
    left = size * (min(16.0, max([4.0, *(em(x) for x in names)]) + 1.2) if named.any() else 1.2)
    pen = prepare(
        ax,
        lang,
        [*names, unit],
        height=_lanes_height(named, size) if at.size else size * 5,
        left=left,
        below=size * 3.2,
        legend=[*texts, *extra],
        titles=[first, second],
    )
    axes = pen.ax
    axes.set_xlim(min(0.0, float(both.min())), high)
    axes.set_ylim(pen.height, 0.0)
    entries = [(rule(pen.ink if c_ == "ink" else c_, style), said) for _, c_, style, said in lines]
    for x, colour, style, _ in lines:
        axes.axvline(x, color=pen.ink if colour == "ink" else colour, linestyle=style, linewidth=1.4, zorder=2)
    if at.size:
        y, each = _lanes(pen, named)
        small = float(np.diff(np.concatenate([[0.0], y])).min())
        radius = radii(d.sections.students[at], pen.width, pen.height, pen.size, largest=max(each, small) * 0.46)
        radius = np.where(named, radius, np.clip(radius, 1.4, max(1.4, small * 0.75)))
        if marks:
            reach = np.minimum(d.required[j, at], high)
            axes.plot(
                reach,
                y,
                linestyle="none",
                marker="|",
                markersize=min(pen.size, max(3.0, max(each, small) * 0.9)),
                markeredgewidth=1.4,
                color=pen.ink,
            )
        a, b = np.minimum(old, high), np.minimum(new, high)
        _hollow(axes, a[moved], y[moved], radius[moved], kinds_old[moved])
        per_point = (axes.get_xlim()[1] - axes.get_xlim()[0]) / pen.width
        for x0, x1, level, r in zip(a[moved], b[moved], y[moved], radius[moved], strict=True):
            if abs(x1 - x0) < (2 * r + 1.5) * per_point:
                continue  # the two dots touch: no room for an arrow
            axes.annotate(
                "",
                xy=(x1, level),
                xytext=(x0, level),
                arrowprops={
                    "arrowstyle": "-|>",
                    "color": pen.ink,
                    "linewidth": 0.9,
                    "shrinkA": float(r),
                    "shrinkB": float(r),
                    "mutation_scale": max(4.0, min(9.0, pen.size * 0.8)),
                },
                annotation_clip=False,
                zorder=2.9,
            )
        dots(axes, b, y, radius, kinds_new.tolist())
        scale = min(0.9, 0.9 * each / (pen.size * 1.15))
        room = max(5.0, min(16.0, pen.left / pen.size - 1.15 if pen.own else 16.0))
        pen.ticks("y", y[named].tolist(), [cut(x, room) for x, n in zip(names, named, strict=True) if n], scale)
        axes.tick_params(axis="y", pad=pen.size * 0.8)
    else:
        axes.set_yticks([])
    pen.tidy()
    if at.size:
        axes.tick_params(axis="y", pad=pen.size * 0.8)
    pen.numbers("x")
    pen.axis_label("x", unit)
    if marks:
        entries.append((_tick_mark(pen), words("required_mark", lang)))
    entries += [(_round_mark(pen, filled), said) for filled, said in zip((False, True), states, strict=True)]
    entries += [(handle(k, pen.size), said) for k, said in counts.items()]
    entries += [(_no_mark(), said) for said in extra]
    pen.legend(entries, below=pen.size * 3.2)
    pen.title(first, second)
    return axes


def _round_mark(pen: Pen, filled: bool) -> Any:
    from matplotlib.lines import Line2D

    return Line2D(
        [],
        [],
        linestyle="none",
        marker="o",
        markersize=pen.size * 0.62,
        markerfacecolor=GREY if filled else "none",
        markeredgecolor=GREY,
    )


def _coefficients_said(d: Data, then: Data, j: int, g: int, lang: str) -> list[str]:
    """Say the coefficient of an indicator before and after, and the composite's where that is limited."""
    out = []
    for which in (j, -1):
        before, limit, _ = coefficient_of(d, which, g)
        after = coefficient_of(then, which, g)[0]
        if which < 0 and np.isnan(limit):
            continue
        if not (np.isfinite(before) and np.isfinite(after)):
            said = words("no_coefficient", lang)
        else:
            said = f"{short(before, limit)} → {short(after, limit)}"
        name = words("axis_coefficient", lang) if which >= 0 else str(word("indicator", "composite", lang))
        bound = words("and_limit", lang, value=short(limit)) if np.isfinite(limit) else ""
        out.append(words("changed", lang, what=name, change=said, limit=bound))
    return out


# ------------------------------------------------------------------------------------------ who gives

#: Kinds of bars: colour and pattern; a pattern differs from every other even without its colour.
_BARS = {
    "moved_out": (ORANGE, "////"),
    "moved_in": (BLUE, ""),
    "added": (GREEN, "...."),
    "taken": (ORANGE, "////"),
}


@frozen
class _Bar:
    """What one school gives and gets of a column."""

    school: str
    out: float
    moved_in: float
    added: float


def who_gives(
    changes: Any,
    column: str,
    *,
    stage: str,
    county: Any = None,
    ax: Axes | None = None,
    language: str | None = None,
) -> Axes:
    """Draw who gives and who gets: a bar a school, to the left what it gives, to the right what it gets.

    What is moved in and what is added anew differ in colour and pattern. Who gives most stands at the top, who gets
    most at the bottom. Of more than 80 schools, the 40 that give most and the 40 that get most are named; the others
    stand closer together.

    Parameters
    ----------
    changes : Plan or frame
        What :func:`junheng.plan` returned, or a frame with ids as headers: ``school`` (or ``school_code``) and
        ``change``; of several columns, stages and counties, also ``column``, ``stage`` and the columns that make a
        county. Without the column ``why`` of ``Plan.changes``, changes that add up to 0 are moves, such as those of
        :func:`junheng.least_transfers`, and others additions.
    column : str
        Canonical name (or label) of a column: of what.
    stage : {"primary", "junior"}
        Stage. What a school has once for all stages is shown in each of its stages.
    county : object, optional
        A county as it stands in the table; needed where there are several.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a figure of its own without it.
    language : {"en", "zh"}, optional
        By default that of the evaluation that was planned for, or English.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; ``.figure`` is the figure.

    Raises
    ------
    InputError
        When there are no such changes or figures are missing, on an unknown column, stage or county, when several
        counties are meant, or when matplotlib or a font with the characters is not installed.

    Examples
    --------
    >>> import junheng as jh, pandas as pd
    >>> from junheng.reports import plots
    >>> books, students = [279, 137, 935, 160, 402], [45, 37, 89, 76, 55]
    >>> moved = jh.least_transfers(books, students=students, limit=0.45, whole=True)
    >>> frame = pd.DataFrame({"school": list("ABCDE"), "change": moved})
    >>> ax = plots.who_gives(frame, "books", stage="primary")
    >>> [t.get_text() for t in ax.get_yticklabels()]
    ['C', 'D']
    """
    base = base_column(str(column))
    if base is None:
        found = recognise(str(column))
        base = None if found is None else base_column(found.column)
    if base is None:
        raise InputError(f"there is no column {column!r}{did_you_mean(column, known_columns())}")
    s = _stage(stage)
    if isinstance(changes, Plan):
        lang = _language(changes.evaluation, language)
        plain = evolve(changes, evaluation=evolve(changes.evaluation, language=None))
        place = _where(plain.evaluation.data, [_one_county(plain.evaluation.data, county)], s, lang)
        shared = _schools_of_stage(plain.evaluation.data, s)
        bars = _bars(Table(plain.changes), base[0].id, STAGES[s], _key_of(plain.evaluation.data, county), shared)[0]
    else:
        if column_names(changes) is None:
            raise InputError(f"who_gives takes a Plan or a frame of changes, not {type(changes).__name__}")
        lang = check_language(language or "en")
        bars, where = _bars(Table(changes), base[0].id, STAGES[s], _as_key(county), None)
        place = " · ".join(x for x in (str(word("stage", STAGES[s], lang)), where) if x)
    total_out = sum(b.out for b in bars)
    total_in, total_added = sum(b.moved_in for b in bars), sum(b.added for b in bars)
    order = sorted(range(len(bars)), key=lambda i: (bars[i].moved_in + bars[i].added - bars[i].out, i))
    bars = [bars[i] for i in order]
    full = np.ones(len(bars), dtype=bool)
    if len(bars) > 2 * NAMED:
        full[NAMED:-NAMED] = False
    names = [b.school if f else "" for b, f in zip(bars, full.tolist(), strict=True)]
    moves = total_in > 0
    kinds = [("moved_out" if moves else "taken", total_out), ("moved_in", total_in), ("added", total_added)]
    shown = [(k, words("counted", lang, what=words(k, lang), n=short(n))) for k, n in kinds if n > 0]
    unit = str(word("unit", base[0].unit, lang)) if base[0].unit else ""
    what = str(getattr(base[0], lang))
    first = words("who_gives", lang, what=what)
    size = _size()
    pen = prepare(
        ax,
        lang,
        [*names, unit],
        height=_lanes_height(full, size * 1.1),
        left=size * (min(16.0, max([4.0, *(em(x) for x in names)]) + 1.2)),
        below=size * 3.2,
        legend=[t for _, t in shown],
        titles=[first, place],
    )
    axes = pen.ax
    y, each = _lanes(pen, full)
    axes.set_ylim(pen.height, 0.0)
    out = np.array([b.out for b in bars])
    arrived, added = np.array([b.moved_in for b in bars]), np.array([b.added for b in bars])
    thick = np.where(full, each * 0.62, np.minimum(each * 0.62, 2.2))
    parts = (("moved_out" if moves else "taken", -out, 0.0), ("moved_in", arrived, 0.0), ("added", added, arrived))
    import matplotlib

    # lines of a pattern as fine as the bars are
    with matplotlib.rc_context({"hatch.linewidth": 0.7}):
        for kind, width, start in parts:
            there = width != 0
            if not there.any():
                continue
            colour, pattern = _BARS[kind]
            axes.barh(
                y[there],
                width[there],
                height=thick[there],
                left=np.broadcast_to(start, width.shape)[there],
                color=colour,
                hatch=pattern,
                edgecolor="white",
                linewidth=0.5,
                zorder=2.5,
            )
    left, right = -float(out.max(initial=0.0)), float((arrived + added).max(initial=0.0))
    span = max(right - left, 1e-9)
    texts = [
        (short(o) if o else "", short(a + b) if a + b else "")
        for o, a, b in zip(out.tolist(), arrived.tolist(), added.tolist(), strict=True)
    ]
    scale = min(0.86, 0.86 * each / (pen.size * 1.1))
    room = [
        span * pen.size * scale * (max((em(t[i]) for t in texts), default=0.0) + 0.8) / max(pen.width * 0.75, 1.0)
        for i in (0, 1)
    ]
    axes.set_xlim(left - room[0] if left else -0.02 * span, right + room[1] if right else 0.02 * span)
    low, top = axes.get_xlim()
    gap = (top - low) * pen.size * 0.3 / pen.width
    for i, (given, got) in enumerate(texts):
        if full[i]:
            if given:
                pen.write(-out[i] - gap, y[i], given, scale, va="center", ha="right")
            if got:
                pen.write(arrived[i] + added[i] + gap, y[i], got, scale, va="center", ha="left")
    axes.axvline(0, color=pen.ink, linewidth=1.0, zorder=3)
    wide = max(5.0, min(16.0, pen.left / pen.size - 1.15 if pen.own else 16.0))
    pen.ticks("y", y[full].tolist(), [cut(x, wide) for x, f in zip(names, full, strict=True) if f], scale)
    pen.tidy()
    pen.numbers("x")
    _without_sign(axes, whole=base[0].whole)
    pen.axis_label("x", unit)
    pen.legend([(_bar_mark(k), t) for k, t in shown], below=pen.size * 3.2)
    pen.title(first, place)
    return axes


def _bar_mark(kind: str) -> Any:
    from matplotlib.patches import Patch

    colour, pattern = _BARS[kind]
    return Patch(facecolor=colour, hatch=pattern, edgecolor="white", linewidth=0.5)


def _without_sign(axes: Axes, *, whole: bool) -> None:
    """Write what is given as a number without a sign: the side says it."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    locator = axes.xaxis.get_major_locator()
    if whole and isinstance(locator, MaxNLocator):
        locator.set_params(integer=True)

    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: short(abs(float(x)))))


def _as_key(county: Any) -> tuple[str, ...] | None:
    return None if county is None else tuple(map(str, county if isinstance(county, (tuple, list)) else (county,)))


def _key_of(d: Data, county: Any) -> tuple[str, ...]:
    c = _one_county(d, county)
    return tuple(str(w[c]) for _, w in d.county_words)


def _schools_of_stage(d: Data, s: int) -> set[int]:
    """Return the rows of the schools that have a stage, also those that stand on the rows of their other stages."""
    there = np.flatnonzero(d.sections.counted_at_all & (d.sections.stage < len(STAGES)))
    own = there[d.sections.stage[there] == s]
    who = {(int(d.county[i]), str(d.school_names[d.sections.rows[i]])) for i in own.tolist()}
    return {
        int(d.sections.rows[i])
        for i in there.tolist()
        if (int(d.county[i]), str(d.school_names[d.sections.rows[i]])) in who
    }


def _bars(
    table: Table, column: str, stage: str, county: tuple[str, ...] | None, shared: set[int] | None
) -> tuple[list[_Bar], str]:
    """Add up what each school gives and gets, and name the county."""
    name = next((n for n in ("school", "school_code") if n in table.columns), None)
    if name is None or "change" not in table.columns:
        raise InputError(
            "the frame of changes needs the columns school (or school_code) and change; of a plan give Plan.changes "
            "without relabelling, or the plan itself"
        )
    ends = [table.columns.index(n) for n in ("school_code", "school") if n in table.columns]
    by = [n for n in table.columns[: min(ends)] if n not in ("row", "stage", "column", "change", "why", "indicator")]
    cells = {n: table.objects(n).tolist() for n in table.columns}
    amounts = table.floats("change")
    rows = []
    for i in range(table.rows):
        if "column" in cells and (found := base_column(str(cells["column"][i]))) is not None and found[0].id != column:
            continue
        if "column" in cells and base_column(str(cells["column"][i])) is None and cells["column"][i] != column:
            continue
        its = cells["stage"][i] if "stage" in cells else stage
        everywhere = its is None or its != its
        if everywhere and shared is not None and cells["row"][i] not in shared:
            continue
        if not everywhere and its != stage:
            continue
        key = tuple(str(cells[n][i]) for n in by)
        if county is None or key[: len(county)] == county:
            rows.append((i, key))
    places = list(dict.fromkeys(k for _, k in rows))
    if len(places) > 1:
        some = ", ".join(" / ".join(p) for p in places[:5])
        raise InputError(f"this picture shows one county, and the changes are of {len(places)}: {some}; name one")
    gaps = [str(cells[name][i]) for i, _ in rows if not np.isfinite(amounts[i])]
    if gaps:
        raise InputError(f"there is no figure of what changes for {', '.join(gaps[:5])}")
    rows = [(i, k) for i, k in rows if amounts[i] != 0]
    if not rows:
        raise InputError(f"nothing changes: there is no change of {column!r} at the {stage} stage of this county")
    moved = [abs(amounts[i]) for i, _ in rows]
    balanced = abs(float(sum(amounts[i] for i, _ in rows))) <= 1e-9 * float(sum(moved))
    held: dict[str, list[float]] = {}
    for i, _ in rows:
        bar = held.setdefault(str(cells[name][i]), [0.0, 0.0, 0.0])
        why = str(cells["why"][i]) if "why" in cells else "moved_in" if balanced else "added"
        x = float(amounts[i])
        bar[0 if x < 0 else 1 if why == "moved_in" else 2] += abs(x)
    return [_Bar(n, *b) for n, b in held.items()], " / ".join(places[0])
