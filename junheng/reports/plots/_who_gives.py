"""Who gives and who receives, as bars to the left and to the right (private)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from junheng._arrays import Floats
from junheng._data import STAGES, CountyKey, Stage
from junheng._frames import Table, column_names
from junheng._stages import stage_of
from junheng.errors import InputError, check_language, did_you_mean
from junheng.planning import Plan
from junheng.reports.plots._canvas import BLUE, GREEN, ORANGE, Pen, em, short, text_size, words
from junheng.reports.plots._picture import NAMED, Entry, Picture, lanes, lanes_height, name_rows, room_for
from junheng.reports.plots._subject import county_names, find_stage, language_of, one_county, subtitle
from junheng.schools import Column, base_column, columns, recognise
from junheng.words import Language, Name, Quoted, message, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from narwhals.stable.v2.typing import IntoDataFrame

    from junheng.results import Judgement

#: Kinds of bars: colour and pattern; a pattern differs from every other even without its colour.
BARS = {
    "moved_out": (ORANGE, "////"),
    "moved_in": (BLUE, ""),
    "added": (GREEN, "...."),
    "taken": (ORANGE, "////"),
}
#: Columns of a frame of changes that name no county.
_NO_COUNTY = ("row", "stage", "column", "change", "why", "indicator")


@frozen
class _Change:
    """One row of a frame of changes."""

    school: str
    county: tuple[str, ...]
    amount: float
    why: str | None


@frozen
class _Bars:
    """What each school gives and receives, from the one that gives most to the one that receives most."""

    schools: list[str]
    given: Floats
    moved_in: Floats
    added: Floats

    @classmethod
    def add_up(cls, changes: list[_Change]) -> _Bars:
        """Add up the changes of each school; without reasons, changes that balance are moves."""
        total = abs(float(sum(c.amount for c in changes)))
        balanced = total <= 1e-9 * float(sum(abs(c.amount) for c in changes))
        held: dict[str, list[float]] = {}
        for c in changes:
            bar = held.setdefault(c.school, [0.0, 0.0, 0.0])
            moved = balanced if c.why is None else c.why == "moved_in"
            bar[0 if c.amount < 0 else 1 if moved else 2] += abs(c.amount)
        ordered = sorted(held.items(), key=lambda item: item[1][1] + item[1][2] - item[1][0])
        given, moved_in, added = np.array([bar for _, bar in ordered]).T
        return cls([school for school, _ in ordered], given, moved_in, added)

    @property
    def named(self) -> NDArray[np.bool_]:
        """Which schools have a name."""
        named = np.ones(len(self.schools), dtype=bool)
        if len(self.schools) > 2 * NAMED:
            named[NAMED:-NAMED] = False
        return named

    def parts(self) -> list[tuple[str, Floats, Floats]]:
        """Return kind, length and start of the bars there are."""
        nothing = np.zeros_like(self.given)
        kind = "moved_out" if self.moved_in.any() else "taken"
        parts = [
            (kind, -self.given, nothing),
            ("moved_in", self.moved_in, nothing),
            ("added", self.added, self.moved_in),
        ]
        return [part for part in parts if part[1].any()]

    def legend(self, language: Language) -> list[Entry]:
        """Return the lines of the legend, with the amounts in all."""
        from matplotlib.patches import Patch

        entries = []
        for kind, length, _ in self.parts():
            colour, pattern = BARS[kind]
            text = words("counted", language, what=words(kind, language), n=short(abs(float(sum(length.tolist())))))
            entries.append((Patch(facecolor=colour, hatch=pattern, edgecolor="white", linewidth=0.5), text))
        return entries


def who_gives(
    changes: Plan | IntoDataFrame,
    column: str,
    *,
    stage: Stage,
    county: CountyKey | None = None,
    ax: Axes | None = None,
    language: Language | None = None,
) -> Axes:
    """Draw what each school gives (bar to the left) and receives (bar to the right).

    Transfers and additions differ in colour and pattern. Schools are ordered from the one that gives most, at the top,
    to the one that receives most. Of more than 80 schools, the first 40 and the last 40 are named; the others are drawn
    closer together.

    Parameters
    ----------
    changes : Plan or frame
        The result of :func:`junheng.plan`, or a frame with ids as headers: ``school`` (or ``school_code``) and
        ``change``; for several columns, stages or counties also ``column``, ``stage`` and the columns that identify a
        county. Without the column ``why`` of ``Plan.changes``, changes that add up to 0 are transfers, as from
        :func:`junheng.least_transfers`; others are additions.
    column : str
        Canonical name (or label) of the column that changes.
    stage : {"primary", "junior"} or a Chinese word (小学, 初中)
        Stage. A resource shared by all stages of a school is shown in each of them.
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
        If there are no such changes, values are missing, the column, stage or county is unknown, several counties
        match, or matplotlib or a font with the characters is not installed.

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
    thing = _find_column(column)
    s = find_stage(stage)
    found, place, lang = _changes(changes, thing, s, county, language)
    size = text_size()
    bars = _Bars.add_up(found)
    names = [x if n else "" for x, n in zip(bars.schools, bars.named.tolist(), strict=True)]
    unit = str(word("unit", thing.unit, lang)) if thing.unit else ""
    picture = Picture(
        language=lang,
        titles=(words("who_gives", lang, what=str(getattr(thing, lang))), place),
        legend=bars.legend(lang),
        names=[*names, unit],
        height=lanes_height(bars.named, size * 1.1),
        left=room_for(names),
        below=size * 3.2,
    )
    pen = picture.begin(ax)
    y, each = lanes(pen, bars.named)
    pen.ax.set_ylim(pen.height, 0.0)
    _draw_bars(pen, bars, y, each)
    _write_amounts(pen, bars, y, min(0.86, 0.86 * each / (pen.size * 1.1)))
    pen.ax.axvline(0, color=pen.ink, linewidth=1.0, zorder=3)
    name_rows(pen, y[bars.named], [x for x, n in zip(names, bars.named, strict=True) if n], each)
    picture.finish(pen, unit)
    _without_sign(pen.ax, whole=thing.whole)
    return pen.ax


def _draw_bars(pen: Pen, bars: _Bars, y: Floats, each: float) -> None:
    import matplotlib

    thick = np.where(bars.named, each * 0.62, np.minimum(each * 0.62, 2.2))
    # lines of a pattern as fine as the bars are
    with matplotlib.rc_context({"hatch.linewidth": 0.7}):
        for kind, width, start in bars.parts():
            there = width != 0
            colour, pattern = BARS[kind]
            pen.ax.barh(
                y[there],
                width[there],
                height=thick[there],
                left=start[there],
                color=colour,
                hatch=pattern,
                edgecolor="white",
                linewidth=0.5,
                zorder=2.5,
            )


def _write_amounts(pen: Pen, bars: _Bars, y: Floats, scale: float) -> None:
    """Write the amounts at the ends of the bars, and make room for them."""
    given, received = bars.given, bars.moved_in + bars.added
    left, right = -float(given.max(initial=0.0)), float(received.max(initial=0.0))
    span = max(right - left, 1e-9)
    given_texts, received_texts = ([short(x) if x else "" for x in amounts.tolist()] for amounts in (given, received))

    def room(texts: list[str]) -> float:
        return span * pen.size * scale * (max(map(em, texts), default=0.0) + 0.8) / max(pen.width * 0.75, 1.0)

    low = left - room(given_texts) if left else -0.02 * span
    high = right + room(received_texts) if right else 0.02 * span
    pen.ax.set_xlim(low, high)
    gap = (high - low) * pen.size * 0.3 / pen.width
    for i in np.flatnonzero(bars.named).tolist():
        if given_texts[i]:
            pen.write(-given[i] - gap, y[i], given_texts[i], scale, va="center", ha="right")
        if received_texts[i]:
            pen.write(received[i] + gap, y[i], received_texts[i], scale, va="center", ha="left")


def _without_sign(axes: Axes, *, whole: bool) -> None:
    """Write numbers without a sign: the side shows it."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    locator = axes.xaxis.get_major_locator()
    if whole and isinstance(locator, MaxNLocator):
        locator.set_params(integer=True)

    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: short(abs(float(x)))))


# ------------------------------------------------------------------------------------ where changes are from


def _find_column(column: str) -> Column:
    """Return the column meant, by its name or label."""
    base = base_column(str(column))
    if base is None:
        found = recognise(str(column))
        base = None if found is None else base_column(found.column)
    if base is None:
        hint = did_you_mean(column, columns())
        raise InputError(message("reports.error.no_column", column=Quoted(column), hint=hint))
    return base[0]


def _changes(
    changes: Plan | IntoDataFrame, thing: Column, s: int, county: CountyKey | None, language: Language | None
) -> tuple[list[_Change], str, Language]:
    """Return the changes of one county and stage, the name of the place, and the language."""
    if isinstance(changes, Plan):
        lang = language_of(changes.evaluation, language)
        plain = evolve(changes, evaluation=evolve(changes.evaluation, language=None))
        d = plain.evaluation.data
        c = one_county(d, county)
        key = tuple(str(w[c]) for _, w in d.county_words)
        found = _rows(Table(plain.changes), thing.id, STAGES[s], key, _rows_of_stage(d, s))
        return found, subtitle(d, [c], s, lang), lang
    if column_names(changes) is None:
        raise InputError(message("reports.error.who_gives_takes", kind=type(changes).__name__))
    lang = check_language(language or "en")
    found = _rows(Table(changes), thing.id, STAGES[s], county_names(county), None)
    place = " · ".join(x for x in (str(word("stage", STAGES[s], lang)), " / ".join(found[0].county)) if x)
    return found, place, lang


def _rows(table: Table, column: str, stage: str, county: tuple[str, ...], shared: set[int] | None) -> list[_Change]:
    """Return the changes of a column, stage and county.

    ``shared`` are the rows whose schools have the stage: a change of what stages share is one of each stage.
    """
    name, by = _key_columns(table)
    cells = {n: table.objects(n).tolist() for n in table.columns}
    nothing = [None] * table.rows
    words_of_column = cells.get("column", [column] * table.rows)
    stages = cells.get("stage", [stage] * table.rows)
    there = zip(words_of_column, stages, cells.get("row", nothing), strict=True)
    meant = [_is_column(w, column) and _is_stage(s, row, stage, shared) for w, s, row in there]
    keys = zip(*(map(str, cells[n]) for n in by), strict=True) if by else [()] * table.rows
    reasons = [str(why) for why in cells["why"]] if "why" in cells else nothing
    rows = zip(meant, cells[name], keys, table.floats("change").tolist(), reasons, strict=True)
    found = [
        _Change(str(school), key, amount, why)
        for is_meant, school, key, amount, why in rows
        if is_meant and key[: len(county)] == county
    ]
    _check(found, column, stage)
    return [c for c in found if c.amount != 0]


def _key_columns(table: Table) -> tuple[str, list[str]]:
    """Return the column that names schools, and those that make a county."""
    name = next((n for n in ("school", "school_code") if n in table.columns), None)
    if name is None or "change" not in table.columns:
        raise InputError(message("reports.error.not_changes"))
    ends = [table.columns.index(n) for n in ("school_code", "school") if n in table.columns]
    by = [n for n in table.columns[: min(ends)] if n not in _NO_COUNTY]
    return name, by


def _is_stage(given: Any, row: Any, stage: str, shared: set[int] | None) -> bool:
    """Tell whether a change is one of a stage: of that stage, or of all stages of a school that has it."""
    if given is None or given != given:
        return shared is None or row in shared
    return stage_of(given) == stage


def _is_column(word_given: Any, column: str) -> bool:
    known = base_column(str(word_given))
    return bool(word_given == column) if known is None else known[0].id == column


def _check(found: list[_Change], column: str, stage: str) -> None:
    """Refuse changes of several counties, without figures, or none at all."""
    places = list(dict.fromkeys(c.county for c in found))
    if len(places) > 1:
        some = [" / ".join(p) for p in places[:5]]
        raise InputError(message("reports.error.changes_of_several", n=len(places), names=some))
    gaps = [c.school for c in found if not np.isfinite(c.amount)]
    if gaps:
        raise InputError(message("reports.error.no_figure", schools=gaps[:5]))
    if all(c.amount == 0 for c in found):
        where = Name("stage", stage)
        raise InputError(message("reports.error.no_change", column=Quoted(Name("column", column)), stage=where))


def _rows_of_stage(d: Judgement, s: int) -> set[int]:
    """Return the rows of the schools that have a stage, including the rows of their other stages."""
    there = np.flatnonzero(d.sections.counted_at_all & (d.sections.stage < len(STAGES)))
    schools = [(int(d.county[i]), str(d.school_names[d.sections.rows[i]])) for i in there.tolist()]
    with_stage = {who for who, i in zip(schools, there.tolist(), strict=True) if d.sections.stage[i] == s}
    return {int(d.sections.rows[i]) for who, i in zip(schools, there.tolist(), strict=True) if who in with_stage}
