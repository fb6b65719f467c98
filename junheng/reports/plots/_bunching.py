"""The schools of one county about a threshold, and what a test of bunching compares (private)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats
from junheng._data import STAGES, CountyKey, Stage
from junheng.errors import InputError
from junheng.plausibility.bunching import BESIDE, Bunch, bunch, is_tested, of_thresholds
from junheng.plausibility.figures import Figures
from junheng.reports.plots._canvas import BLUE, GREY, ORANGE, Pen, ink, rule, short, text_size, words
from junheng.reports.plots._cells import square
from junheng.reports.plots._picture import Entry, Line, Picture, no_mark
from junheng.reports.plots._subject import find_indicator, find_stage, language_of, one_county, subtitle
from junheng.words import Language, Name, message

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from junheng.results import Evaluation, Judgement

#: How far below and above the requirement the picture reaches, as shares of it.
REACH = (0.5, 0.7)
#: Colour of the bars, and of that just at the requirement.
BARS, AT = "#CFCFCF", BLUE


def bunching(
    ev: Evaluation,
    indicator: str | None = None,
    *,
    stage: Stage | None = None,
    county: CountyKey | None = None,
    ax: Axes | None = None,
    language: Language | None = None,
) -> Axes:
    """Draw how the schools of one county are spread about a threshold, and what is expected just at it.

    What each school reports is divided by what would just be enough for its students: that is its value over the
    threshold (the reverse where students are counted per teacher or class). Bars are windows of equal width
    beginning at the requirement, in whole units of what schools report. The blue bar has the schools that just
    reach it. The lines are the means of the two windows above and of the two below; the dashed line, the higher of
    the two, is how many are expected just at the requirement. The counts and the p-value are those of the kind
    ``bunched_at_threshold`` of :func:`junheng.plausibility`; the p-value is not adjusted for other tests. Figures
    of so few units that a window would be too wide are not tested; their bars are hollow. Nor are indicators that
    schools openly meet to the unit, such as numbers of rooms or the size of classes: the legend says so. A high bar
    is no proof: it is worth a look.

    Parameters
    ----------
    ev : Evaluation
        The result of :func:`junheng.evaluate`.
    indicator : str, optional
        Id (or label) of an indicator with a threshold. Default: all of them together.
    stage : {"primary", "junior"} or a Chinese word (小学, 初中), optional
        Only this stage; the p-value is then of this stage alone. Default: both, as ``plausibility`` tests them.
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
        If the indicator, stage or county is unknown, several counties match, no school has a figure and a threshold,
        or matplotlib or a font with the characters is not installed.

    Examples
    --------
    >>> import junheng as jh
    >>> from junheng.reports import plots
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0, name="County A"), "cn-quality-balance-2017")
    >>> plots.bunching(ev, "teaching_area_per_student").get_xlabel()
    'reported figure / figure required'
    """
    d, lang = ev.data, language_of(ev, language)
    c = one_county(d, county)
    s = None if stage is None else find_stage(stage)
    about = _About.of_county(d, c, None if indicator is None else find_indicator(d, indicator), s)
    name = words("all_indicators", lang) if about.j is None else str(getattr(d.indicators[about.j], lang))
    lines = [Line(1.0, ink(), "-", words("required_here", lang))]
    lines += [Line(x, ORANGE, "--", words("floor_line", lang, value=short(x))) for x in about.floors]
    size = text_size()
    picture = Picture(
        language=lang,
        titles=(words("bunching", lang, what=name), subtitle(d, [c], s, lang)),
        legend=[*(line.entry for line in lines), *about.legend(lang)],
        height=size * 19,
        left=size * 3.4,
        below=size * 3.4,
    )
    pen = picture.begin(ax)
    about.draw(pen)
    for line in lines:
        line.draw(pen.ax)
    picture.finish(pen, words("axis_share", lang))
    pen.numbers("y", whole=True)
    pen.axis_label("y", words("axis_schools", lang))
    return pen.ax


def _common_floor(d: Judgement, names: set[str], stages: Sequence[str]) -> list[float]:
    """Return the floor as a share of the threshold, if all that are drawn have the same."""
    thresholds = [t for id_ in names for stage in stages if (t := d.standard.find(id_, stage)) is not None]
    floors = {float(t.floor / t.value) for t in thresholds if t.floor is not None and t.value}
    return list(floors) if len(floors) == 1 else []


def _missing(d: Judgement, c: int, names: set[str], stages: Sequence[str]) -> int:
    """Return how many figures that are asked for the schools of a county lack."""
    places = [STAGES.index(stage) for stage in stages]
    at = d.judged[(d.county[d.judged] == c) & np.isin(d.sections.stage[d.judged], places)]
    js = [k for k, indicator in enumerate(d.indicators) if indicator.id in names]
    return int((np.isnan(d.values[js][:, at]) & d.applies[js][:, at]).sum())


@frozen(eq=False)
class _About:
    """The figures of one county about what is required of them."""

    j: int | None
    found: Bunch
    sign: int
    """-1 where less is better, 1 where more is; of several indicators, bars on the right are always those enough."""
    floors: list[float]
    """Floors as shares of the threshold."""
    missing: int
    tested: bool
    """Whether the indicators are tested at all."""

    @classmethod
    def of_county(cls, d: Judgement, c: int, j: int | None, s: int | None) -> _About:
        """Take the schools of a county that count, of one indicator or of all with a threshold."""
        stages = STAGES if s is None else STAGES[s : s + 1]
        wanted = [x for x in d.standard.indicators if is_tested(x)] if j is None else [d.indicators[j].id]
        figures = Figures.of_sections(d.sections, d.standard)
        required = [r for r in of_thresholds(figures, d.standard, stages) if r.kind == "threshold" and r.name in wanted]
        rows = np.zeros(figures.table.rows, dtype=bool)
        rows[d.sections.rows[d.county == c]] = True
        if not any(rows[r.row].any() for r in required):
            raise _nothing(d, c, j)
        names = {r.name for r in required}
        return cls(
            j=j,
            found=bunch(figures, required, rows),
            sign=-1 if all(r.sign < 0 for r in required) else 1,
            floors=_common_floor(d, names, stages),
            tested=all(map(is_tested, names)),
            missing=_missing(d, c, names, stages),
        )

    @property
    def left(self) -> Floats:
        """Left end of the bar of each figure, as a share of the requirement."""
        found = self.found
        at = found.place if self.sign > 0 else -found.place - 1
        # windows of whole units are too wide where there are few
        return np.asarray(1 + np.where(found.fits, at, np.floor((found.share - 1) / found.width)) * found.width)

    @property
    def shown(self) -> NDArray[np.bool_]:
        """Whether each figure lies within the picture."""
        return np.asarray((self.left >= 1 - REACH[0] - 1e-9) & (self.left < 1 + REACH[1] - 1e-9))

    def legend(self, lang: Language) -> list[Entry]:
        """Return the lines of the legend."""
        found, size = self.found, text_size()
        width = f"{100 * found.width:g}"
        entries: list[Entry] = [(square(AT, size), words("just_reached", lang, width=width, n=found.found))]
        if self.tested:
            entries.append((rule(ink(), "--"), words("just_expected", lang, n=short(found.expected))))
        entries.append((no_mark(), self._result(lang)))
        for n, mark, key in (
            (int((~found.fits).sum()), square("none", size), "few_units"),
            (int((~self.shown).sum()), no_mark(), "beyond_axis"),
            (self.missing, no_mark(), "no_value"),
        ):
            if n:
                entries.append((mark, words(key, lang, n=n)))
        return entries

    def _result(self, lang: Language) -> str:
        """Write the p-value, or why there is none."""
        p = self.found.p_value
        if not self.tested:
            return words("not_tested", lang)
        if np.isnan(p):
            return words("no_test", lang)
        return words("p_value", lang, p=f"= {short(p)}" if p >= 1e-4 else "< 0.0001")

    def draw(self, pen: Pen) -> None:
        """Draw the bars, and what is expected."""
        found, w = self.found, self.found.width
        left = np.round((self.left[self.shown] - 1) / w)
        fits, place = found.fits[self.shown], found.place[self.shown]
        columns = np.unique(left)
        tested = np.array([np.count_nonzero(fits & (left == x)) for x in columns.tolist()], dtype=np.float64)
        every = np.array([np.count_nonzero(left == x) for x in columns.tolist()], dtype=np.float64)
        at = np.array([bool((fits & (left == x) & (place == 0)).any()) for x in columns.tolist()], dtype=bool)
        x0, x1 = 1 + columns * w + 0.06 * w, 1 + (columns + 1) * w - 0.06 * w
        for colour, mine in ((BARS, ~at), (AT, at)):
            boxes = np.column_stack([x0, x1, np.zeros(x0.size), tested])[mine & (tested > 0)]
            if boxes.size:
                pen.rectangles(boxes, colour)
        hollow = np.column_stack([x0, x1, tested, every])[every > tested]
        if hollow.size:
            pen.rectangles(hollow, "none", edge=GREY)
        self._draw_expected(pen)
        high = max(float(every.max(initial=1.0)), found.expected, 1.0)
        pen.ax.set_xlim(1 - REACH[0], 1 + REACH[1])
        pen.ax.set_ylim(0, high * 1.12)

    def _draw_expected(self, pen: Pen) -> None:
        """Draw the means beside the requirement, and the higher one across the window just at it."""
        found, w = self.found, self.found.width
        if not self.tested or np.isnan(found.p_value):
            return
        for level, a, b, style in (
            (found.above, 1, BESIDE + 1, "-"),
            (found.below, -BESIDE, 0, "-"),
            (found.expected, 0, 1, "--"),
        ):
            x = [1 + self.sign * a * w, 1 + self.sign * b * w]
            pen.ax.plot(x, [level, level], color=pen.ink, linestyle=style, zorder=5)


def _nothing(d: Judgement, c: int, j: int | None) -> InputError:
    if j is None:
        return InputError(message("reports.error.no_thresholds", standard=d.standard.id))
    name = Name("indicator", d.indicators[j].id)
    return InputError(message("reports.error.nothing_required", indicator=name, county=d.county_name(c)))
