"""A whole county in one picture: schools by indicators, or counties by indicators (private)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from junheng._arrays import Ints
from junheng._data import STAGES, CountyKey, Stage
from junheng.errors import InputError
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.reports.plots._canvas import SETTING, short, words
from junheng.reports.plots._cells import swatch
from junheng.reports.plots._counties import Coefficients, county_tables, share
from junheng.reports.plots._grid import draw_grid
from junheng.reports.plots._layout import Bars, Sum, Table, lay_out
from junheng.reports.plots._picture import KINDS_IN_ORDER, Entry, Picture, extent, no_mark, tick_mark
from junheng.reports.plots._subject import (
    find_stage,
    language_of,
    place_name,
    school_names,
    section_kinds,
    subtitle,
    worst_first,
)
from junheng.results.explain import find_county
from junheng.words import Language, Name, message, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from junheng.results import Evaluation, Judgement

#: Room left and right of the axes, in points.
EDGE = 9.0


def matrix(
    ev: Evaluation,
    *,
    county: CountyKey | None = None,
    stage: Stage | None = None,
    ax: Axes | None = None,
    language: Language | None = None,
) -> Axes:
    """Draw a whole county: schools by indicators; of several counties (or years), counties by indicators.

    **One county.** A cell is one indicator of one school: met, at or above the floor, below it, undetermined. Schools
    are grouped by verdict; within a group those that miss most come first, then schools of a kind. Beside each school
    stands how many indicators it meets; below each indicator, the share of the schools that meet it, and the difference
    coefficient as a bar against its limit. Schools that do not count come last. Where the names of all schools begin
    with that of the county, it is left out.

    **Several counties.** A cell is one difference coefficient: a bar up to a line at the limit, or beyond it. Counties
    with the most coefficients over their limits come first; years of one county are in order. Of more than 160 counties
    the worst are drawn. The last row gives the share of all counties within the limit.

    A new figure has as many columns of rows as fit its width. Where there is no room for every name, the worst are
    named and the other rows are drawn closer together.

    Parameters
    ----------
    ev : Evaluation
        The result of :func:`junheng.evaluate`.
    county : str, int or tuple, optional
        County name as spelled in the table. Default: all.
    stage : {"primary", "junior"} or a Chinese word (小学, 初中), optional
        Only this stage. Default: both, side by side or one above the other.
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
        If the stage or county is unknown, there is nothing to show (of one county, a standard without thresholds; of
        several, one without coefficients), or matplotlib or a font with the characters is not installed.

    Examples
    --------
    >>> import junheng as jh
    >>> from junheng.reports import plots
    >>> schools = jh.synthetic.county(seed=0, n_schools=5, name="County A")
    >>> schools["school"] = "School " + schools["school_code"].str[-3:]
    >>> ev = jh.evaluate(schools, "cn-quality-balance-2017")
    >>> ax = plots.matrix(ev, stage="primary")
    >>> [text.get_text() for text in ax.texts if "%" in text.get_text()]
    ['100%', '75%', '100%', '100%', '100%', '75%', '100%']
    """
    d, lang = ev.data, language_of(ev, language)
    stages = range(len(STAGES)) if stage is None else [find_stage(stage)]
    return draw_matrix(d, find_county(d, county), stages, lang, ax=ax)


def draw_matrix(
    d: Judgement,
    counties: Sequence[int],
    stages: Sequence[int],
    lang: Language,
    *,
    ax: Axes | None = None,
    tallest: float | None = None,
) -> Axes:
    """Draw a matrix of one county or of several, no taller than some points if they are given."""
    one = len(counties) == 1
    tables = school_tables(d, counties[0], stages, lang) if one else county_tables(d, counties, stages, lang)
    wide = SETTING.get().width - 2 * EDGE
    high = None
    if ax is not None:
        wide, high = extent(ax)
    layout = lay_out(tables, wide, high, tallest)
    picture = Picture(
        language=lang,
        titles=(words("matrix" if one else "matrix_counties", lang), subtitle(d, counties, _only(stages), lang)),
        legend=[*_legend(tables, lang), *layout.legend(lang)],
        names=[x for t in tables for x in (*t.names, *t.heads, *(words for words, _ in t.groups))],
        height=layout.height,
        left=EDGE,
        right=EDGE,
        below=8.0,
    )
    pen = picture.begin(ax)
    draw_grid(pen, layout)
    pen.tidy(grid=None)
    pen.ticks("x", [], [])
    pen.ticks("y", [], [])
    return picture.caption(pen)


def _only(stages: Sequence[int]) -> int | None:
    return stages[0] if len(stages) == 1 else None


def _legend(tables: Sequence[Table], lang: Language) -> list[Entry]:
    """Return a line for each kind of cell there is, with how many, and one for the line of the limits."""
    there = Counter(kind for t in tables for kind in t.cells.kinds.ravel().tolist())
    entries: list[Entry] = []
    for kind in (*KINDS_IN_ORDER, "out"):
        if there[kind]:
            what = words("unlimited_bar" if kind == "plain" else kind, lang)
            entries.append((swatch(kind), words("counted", lang, what=what, n=there[kind])))
    if any(t.cells.limits.any() for t in tables):
        entries.append((tick_mark(), str(word("column", "limit", lang))))
    return entries + [(no_mark(), note) for note in dict.fromkeys(t.note for t in tables if t.note)]


# ------------------------------------------------------------------------------------ schools of a county


def school_tables(d: Judgement, c: int, stages: Sequence[int], lang: Language) -> list[Table]:
    """Return the schools of a county by indicators, a table for each stage."""
    found = [t for s in stages if (t := _school_table(d, c, s, lang)) is not None]
    if found:
        return found
    if not d.standard.thresholds:
        raise InputError(message("reports.error.no_thresholds", standard=d.standard.id))
    raise InputError(
        message("reports.error.no_school_here", stage=Name("stage", STAGES[stages[0]]), county=d.county_name(c))
    )


def _school_table(d: Judgement, c: int, s: int, lang: Language) -> Table | None:
    own = [j for j in range(len(d.indicators)) if d.threshold(j, s) is not None]
    rows = worst_first(d, d.judged_by_place.at(d.place(c, s)))
    if not own or not rows.size:
        return None
    out = np.flatnonzero((d.county == c) & (d.sections.stage == s) & (d.sections.out != 0))
    kinds = np.full((rows.size + out.size, len(own)), "out", dtype=object)
    kinds[: rows.size] = np.stack([section_kinds(d, j, rows, s) for j in own], axis=1)
    verdicts = d.verdicts[own][:, rows]
    everyone = np.concatenate([rows, out])
    return Table(
        title=str(word("stage", STAGES[s], lang)),
        heads=tuple(str(getattr(d.indicators[j], lang)) for j in own),
        margin_head=_rule_words(d, len(own), lang),
        groups=_groups(d, rows, out.size, lang),
        names=_short_names(d, c, everyone),
        margin=[f"{n}/{len(own)}" for n in (verdicts == MET).sum(axis=0).tolist()] + [""] * out.size,
        cells=Bars(kinds, np.ones(kinds.shape), np.zeros(len(own), dtype=bool)),
        sums=[_share_met(verdicts, lang), *_coefficients(d, c, s, own, lang)],
    )


def _short_names(d: Judgement, c: int, sections: Ints) -> list[str]:
    """Name schools, without the name of the county where all names begin with it: the title has it."""
    names = school_names(d, sections)
    county = place_name(d, c).split(" / ")[-1]
    if len(names) > 1 and all(x.startswith(county) and len(x) > len(county) for x in names):
        return [x[len(county) :].strip() or x for x in names]
    return names


def _groups(d: Judgement, rows: Ints, n_out: int, lang: Language) -> list[tuple[str, int]]:
    """Return the verdicts of the schools with how many have each, in their order; then those that do not count."""
    groups = [("", rows.size)]
    if d.standard.school_rule is not None:
        counts = [(v, int((d.school[rows] == v).sum())) for v in (UNMET, UNDETERMINED, MET)]
        groups = [(_counted(str(word("verdict", VERDICTS[v], lang)), n, lang), n) for v, n in counts if n]
    return [*groups, (_counted(words("out", lang), n_out, lang), n_out)] if n_out else groups


def _counted(what: str, n: int, lang: Language) -> str:
    return words("counted", lang, what=what, n=n)


def _rule_words(d: Judgement, n: int, lang: Language) -> str:
    """Return what stands above how many indicators a school meets, with how many it must."""
    rule = d.standard.school_rule
    if rule is None:
        return words("n_met", lang)
    return words("n_met_rule", lang, k=rule.k if rule.kind == "at_least" else n, n=n)


def _share_met(verdicts: NDArray[np.int8], lang: Language) -> Sum:
    texts = [share(int((mine == MET).sum()), mine.size) for mine in verdicts]
    return Sum(label=words("share_met", lang), texts=texts)


def _coefficients(d: Judgement, c: int, s: int, own: list[int], lang: Language) -> list[Sum]:
    """Return the difference coefficients of a stage against their limits, none where none is known."""
    if d.group_at[c, s] < 0:
        return []
    found = Coefficients.take(d, d.group_at[[c], s], own)
    if not np.isfinite(found.value).any():
        return []
    limits = np.unique(found.limit[np.isfinite(found.limit)])
    one = words("coefficient_and_limit", lang, value=short(float(limits[0]))) if limits.size == 1 else ""
    texts = [short(float(x), float(y)) for x, y in zip(found.value[0], found.limit[0], strict=True)]
    return [Sum(label=one or words("axis_coefficient", lang), texts=texts, bars=found.bars())]
