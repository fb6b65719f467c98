"""The sections of a page about several counties (private)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from junheng._arrays import Ints
from junheng._data import STAGES
from junheng.indicators.compliance import UNMET
from junheng.reports import plots
from junheng.reports.page import alternatives
from junheng.reports.page.county import TALLEST
from junheng.reports.page.drawing import Drawing
from junheng.reports.page.matrix import matrix_view
from junheng.reports.page.standings import counted, deciding, explained
from junheng.reports.page.words import ReportWords, count_verdicts, verdict_of
from junheng.reports.plots._matrix import draw_matrix
from junheng.reports.plots._ranking import rank_counties
from junheng.reports.plots._subject import coefficient_name, coefficient_of
from junheng.results import Evaluation, Judgement

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Counties of which a picture names every one, and how high a picture of more is, in points.
RANKED, HEIGHT = 40, 460.0


def province_view(d: Judgement, counties: list[int], text: ReportWords, draw: Drawing, detailed: int) -> dict[str, Any]:
    """Return the counts, the table of counties, worst first, all indicators, and a ranking for each stage."""
    parts = [p for p in d.part_verdicts if p != "overall"]
    verdicts = {p: d.part_verdicts[p][counties] for p in (*parts, "overall")}
    rows = [_county_row(d, c, parts, text) for c in counties]
    rows.sort(key=lambda r: r["key"])
    for position, row in enumerate(rows):
        row["linked"] = position < detailed
    met, unmet, open_ = count_verdicts(verdicts["overall"])
    all_counties = text("province_sentence", n=len(counties), met=met, unmet=unmet, open=open_)
    place = _only_place(d, counties)
    order = [r["at"] for r in rows]
    return {
        "sentence": all_counties if counties else text("nothing"),
        "by_part": [{"name": text.label("part", p), "n": count_verdicts(v)} for p, v in verdicts.items()],
        "parts": [text.label("part", p) for p in parts],
        "rows": rows,
        "standings": explained((x for c in counties for x in deciding(d, c, "overall")), text),
        "order": order,
        "overview": _overview(d, order, text, draw),
        # the years of one county in their order, counties with the worst first
        "matrix": matrix_view(d, counties if place else order, text, by_year=bool(place)),
        "pictures": _pictures(d, counties, place, text, draw),
        "pictured": text("over_years" if place else "ranking"),
    }


def _overview(d: Judgement, counties: list[int], text: ReportWords, draw: Drawing) -> list[dict[str, Any]]:
    """Draw all counties (or years) by all coefficients, a picture for each stage that has any."""
    drawn = []
    for s, stage in enumerate(STAGES):
        shows = alternatives.county_matrix(d, counties, s, text)
        if shows:
            title = text("caption_overview", stage=text.label("stage", stage))
            drawn.append(draw(title, shows, draw_matrix, d, counties, [s], text.language, tallest=TALLEST))
    return drawn


def _county_row(d: Judgement, c: int, parts: list[str], text: ReportWords) -> dict[str, Any]:
    """Return the row of a county with its sort key: worst verdict first, then most coefficients over the limit."""
    unmet, open_, met = (int(x) for x in d.schools_by_verdict[c].sum(axis=0))
    total = unmet + open_ + met
    coefficients = [coefficient_of(d, j, int(g)) for g in d.group_at[c] if g >= 0 for j in range(-1, len(d.indicators))]
    limited = [verdict for _, limit, verdict in coefficients if np.isfinite(limit)]
    over = limited.count(UNMET)
    overall = int(d.part_verdicts["overall"][c])
    judged = d.standard.school_rule is not None and d.standard.thresholds
    return {
        "at": c,
        "id": f"c{c}",
        "name": d.county_name(c),
        "overall": verdict_of(overall, text),
        "rules": counted(deciding(d, c, "overall"), text),
        "parts": [
            verdict_of(int(d.part_verdicts[p][c]), text) | {"rules": counted(deciding(d, c, p), text)} for p in parts
        ],
        "schools": f"{met}/{total}" if judged else "–",
        "over": f"{over}/{len(limited)}" if limited else "–",
        "key": (overall, -over, met / total if total else 0.0, c),
    }


def _only_place(d: Judgement, counties: list[int]) -> tuple[str, ...]:
    """Return the county if all rows are years of one county: a history instead of a ranking."""
    places = {tuple(str(w[c]) for name, w in d.county_words if name != "year") for c in counties}
    history = len(places) == 1 and len(counties) > 1 and d.county_words[-1][0] == "year"
    return next(iter(places)) if history else ()


def _pictures(
    d: Judgement, counties: list[int], place: tuple[str, ...], text: ReportWords, draw: Drawing
) -> list[dict[str, Any]]:
    """Draw the most telling coefficient of each stage: over the years of one county, or as a ranking."""
    language = text.language
    ev = Evaluation(data=d, provenance={}, language=language)

    def picture(s: int, j: int, n: int) -> Axes:
        if place:
            which = "composite" if j < 0 else d.indicators[j].id
            return plots.over_years(ev, which, stage=STAGES[s], county=place, language=language)
        return rank_counties(d, j, s, counties, language, height=None if n <= RANKED else HEIGHT)

    found = []
    for s, stage in enumerate(STAGES):
        at = d.group_at[counties, s] if counties else np.empty(0, np.int64)
        groups = at[at >= 0]
        j = _telling(d, groups)
        if j is not None:
            caption = "caption_years" if place else "caption_ranking"
            title = text(caption, stage=text.label("stage", stage), what=coefficient_name(d, j, language))
            describe = alternatives.years if place else alternatives.ranking
            found.append(draw(title, describe(d, j, s, counties, text), picture, s, j, groups.size))
    return found


def _telling(d: Judgement, groups: Ints) -> int | None:
    """Return the coefficient that most counties exceed or approach; the composite (-1) if it is limited."""
    if not groups.size:
        return None
    if np.isfinite(d.composite_limits[groups]).any() and np.isfinite(d.composite[groups]).any():
        return -1
    known = np.isfinite(d.coefficient[groups])
    if not known.any():
        return None
    exceeded = (d.coefficient_verdicts[groups] == UNMET) & np.isfinite(d.limits[groups])
    with np.errstate(invalid="ignore"):
        reach = np.nan_to_num(d.coefficient[groups] / np.where(np.isfinite(d.limits[groups]), d.limits[groups], 1.0))
    score = exceeded.sum(axis=0) + reach.max(axis=0) / (1 + reach.max())
    score[~known.any(axis=0)] = -1.0
    return int(score.argmax())
