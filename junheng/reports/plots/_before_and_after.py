"""An indicator before and after a plan, school by school (private)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._data import CountyKey, Stage
from junheng.planning import Plan
from junheng.reports.plots._canvas import Pen, dots, radii, short, text_size, words
from junheng.reports.plots._picture import (
    NAMED,
    Entry,
    Picture,
    counted,
    lanes,
    lanes_height,
    name_rows,
    no_mark,
    room_for,
    round_mark,
    tick_mark,
)
from junheng.reports.plots._strip import FEW, axis_end
from junheng.reports.plots._subject import Sample, coefficient_of, school_names, section_kinds
from junheng.words import Language, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from junheng.results import Judgement


@frozen
class _Moves:
    """The schools from the top down: their figures before and after."""

    sections: Ints
    old: Floats
    new: Floats
    kinds_old: NDArray[np.object_]
    kinds_new: NDArray[np.object_]
    names: list[str]
    named: NDArray[np.bool_]
    missing: int
    low: float
    high: float

    @property
    def moved(self) -> NDArray[np.bool_]:
        """Which schools change."""
        return np.asarray(self.new != self.old)


def before_and_after(
    plan: Plan,
    indicator: str,
    *,
    stage: Stage,
    county: CountyKey | None = None,
    ax: Axes | None = None,
    language: Language | None = None,
) -> Axes:
    """Draw an indicator of each school before (hollow) and after (filled) a plan, joined by an arrow.

    Each dot is a school; its area shows the students, its colour and marker the verdict. Schools that change are named
    (at most the 40 that change most); the others are drawn closer together. The school that had least is at the top.
    Lines mark the threshold and its floor. The legend gives the difference coefficient before and after and its limit,
    and the composite coefficient if the standard limits it.

    Parameters
    ----------
    plan : Plan
        The result of :func:`junheng.plan`.
    indicator : str
        Id (or label) of an indicator of the standard.
    stage : {"primary", "junior"} or a Chinese word (小学, 初中)
        Stage.
    county : str, int or tuple, optional
        County name as spelled in the table. Required if there are several counties.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.
    language : {"en", "zh"}, optional
        Default: the language of the evaluation planned for, or English.

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
    >>> costs = dict.fromkeys(jh.shortfall_totals(ev)["column"], 1)
    >>> ax = plots.before_and_after(jh.plan(ev, unit_costs=costs), "sports_area_per_student", stage="primary")
    >>> ax.get_xlabel()
    'm2/student'
    """
    sample = Sample.choose(plan.evaluation, indicator, stage, county, language)
    then = plan.after.data
    moves = _moves(sample, then)
    lines = sample.lines()
    size = text_size()
    picture = Picture(
        language=sample.language,
        titles=sample.titles,
        legend=[*(line.entry for line in lines), *_legend(sample, then, moves)],
        names=[*moves.names, sample.unit],
        height=lanes_height(moves.named, size),
        left=room_for(moves.names) if moves.named.any() else size * 1.2,
        below=size * 3.2,
    )
    pen = picture.begin(ax)
    pen.ax.set_xlim(moves.low, moves.high)
    pen.ax.set_ylim(pen.height, 0.0)
    for line in lines:
        line.draw(pen.ax)
    if moves.sections.size:
        _draw_schools(pen, sample, moves)
    else:
        pen.ticks("y", [], [])
    return picture.finish(pen, sample.unit)


def _moves(sample: Sample, then: Judgement) -> _Moves:
    """Return the schools that have figures; the one that had least first, or most where less is better."""
    d, j, s = sample.d, sample.j, sample.s
    old, new = d.values[j, sample.sections], then.values[j, sample.sections]
    known = np.isfinite(old) & np.isfinite(new)
    order = np.flatnonzero(known)
    sign = -1.0 if sample.op in ("<=", "<") else 1.0
    order = order[np.lexsort((new[order], sign * old[order]))]
    at, old, new = sample.sections[order], old[order], new[order]
    named = _named(np.abs(new - old))
    both = np.concatenate([old, new])
    return _Moves(
        sections=at,
        old=old,
        new=new,
        kinds_old=section_kinds(d, j, at, s),
        kinds_new=section_kinds(then, j, at, s),
        names=[x if n else "" for x, n in zip(school_names(d, at), named.tolist(), strict=True)],
        named=named,
        missing=int((~known).sum()),
        low=float(both.min(initial=0.0)),
        high=axis_end(both, [sample.required]),
    )


def _named(change: Floats) -> NDArray[np.bool_]:
    """Tell which schools to name: all of a few; else those that change, and of many those that change most."""
    named = np.asarray(change > 0)
    if change.size <= FEW:
        named[:] = True
    elif named.sum() > NAMED:
        named[np.argsort(-change, kind="stable")[NAMED:]] = False
    return named


def _legend(sample: Sample, then: Judgement, moves: _Moves) -> list[Entry]:
    lang = sample.language
    entries = [(tick_mark(), words("required_mark", lang))] if sample.by_size else []
    entries.append((round_mark(filled=False), words("before_mark", lang)))
    entries.append((round_mark(filled=True), words("after_mark", lang)))
    after = moves.kinds_new.tolist()
    # marks of which only hollow ones are drawn need a name too
    entries += counted((k for k in moves.kinds_old[moves.moved].tolist() if k not in after), lang, "counted_before")
    entries += counted(after, lang, "counted_after")
    notes = []
    beyond = int((moves.new > moves.high).sum())
    if beyond:
        notes.append(words("beyond", lang, n=beyond, value=short(float(moves.new.max()))))
    if moves.missing:
        notes.append(words("no_value", lang, n=moves.missing))
    notes += _coefficients(sample, then)
    if not moves.moved.any():
        notes.append(words("nothing_changes", lang))
    return [*entries, *((no_mark(), text) for text in notes)]


def _coefficients(sample: Sample, then: Judgement) -> list[str]:
    """Say the coefficient of an indicator before and after, and the composite's where that is limited."""
    lang, found = sample.language, []
    for j in (sample.j, -1):
        before, limit, _ = coefficient_of(sample.d, j, sample.group)
        after = coefficient_of(then, j, sample.group)[0]
        if j < 0 and np.isnan(limit):
            continue
        change = words("no_coefficient", lang)
        if np.isfinite(before) and np.isfinite(after):
            change = f"{short(before, limit)} → {short(after, limit)}"
        name = words("axis_coefficient", lang) if j >= 0 else str(word("indicator", "composite", lang))
        bound = words("and_limit", lang, value=short(limit)) if np.isfinite(limit) else ""
        found.append(words("changed", lang, what=name, change=change, limit=bound))
    return found


def _draw_schools(pen: Pen, sample: Sample, moves: _Moves) -> None:
    """Draw a row a school: where it was, an arrow, where it is; with marks for what each must reach."""
    named, moved = moves.named, moves.moved
    y, each = lanes(pen, named)
    small = float(np.diff(np.concatenate([[0.0], y])).min())
    students = sample.d.sections.students[moves.sections]
    radius = radii(students, pen.width, pen.height, pen.size, largest=max(each, small) * 0.46)
    radius = np.where(named, radius, np.clip(radius, 1.4, max(1.4, small * 0.75)))
    if sample.by_size:
        reach = np.minimum(sample.d.required[sample.j, moves.sections], moves.high)
        pen.bars(reach, y, min(pen.size, max(3.0, max(each, small) * 0.9)))
    start, end = np.minimum(moves.old, moves.high), np.minimum(moves.new, moves.high)
    dots(pen.ax, start[moved], y[moved], radius[moved], moves.kinds_old[moved].tolist(), hollow=True)
    _arrows(pen, start[moved], end[moved], y[moved], radius[moved])
    dots(pen.ax, end, y, radius, moves.kinds_new.tolist())
    name_rows(pen, y[named], [x for x, n in zip(moves.names, named, strict=True) if n], each, pad=pen.size * 0.8)


def _arrows(pen: Pen, start: Floats, end: Floats, y: Floats, radius: Floats) -> None:
    low, high = pen.ax.get_xlim()
    per_point = (high - low) / pen.width
    for x0, x1, level, r in zip(start, end, y, radius, strict=True):
        if abs(x1 - x0) < (2 * r + 1.5) * per_point:
            continue  # the two dots touch: no room for an arrow
        pen.arrow(x0, x1, level, float(r))
