"""What each picture of a page shows, in words, for those who do not see it (private)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from junheng._arrays import Floats
from junheng._data import STAGES
from junheng.indicators.compliance import UNDETERMINED, UNMET
from junheng.planning import Plan
from junheng.reports.page.words import ReportWords
from junheng.reports.plots._canvas import short
from junheng.reports.plots._subject import coefficient_name, coefficient_of, place_name
from junheng.results import Judgement


def schools_along(d: Judgement, j: int, c: int, s: int, text: ReportWords) -> str:
    """Describe the schools of a county along an indicator."""
    rows = d.usable[d.group_codes == int(d.group_at[c, s])]
    names = [str(d.school_names[r]) for r in d.sections.rows[rows].tolist()]
    return text("alt_distribution", range=_range(d.values[j, rows], names, text))


def matrix(d: Judgement, c: int, s: int, text: ReportWords) -> str:
    """Describe all schools of a county and stage by all indicators; empty if there is nothing to show."""
    own = [j for j in range(len(d.indicators)) if d.threshold(j, s) is not None]
    rows = d.judged_by_place.at(d.place(c, s))
    verdicts = d.verdicts[own][:, rows]
    if not (verdicts != UNDETERMINED).any():
        return ""
    short = (verdicts == UNMET).sum(axis=1)
    worst = int(short.argmax())
    name = str(getattr(d.indicators[own[worst]], text.language))
    names = text("alt_matrix_worst", indicator=name, short=int(short[worst])) if short.any() else ""
    return text("alt_matrix", n=rows.size, k=len(own), cells=int(short.sum()), worst=names)


def county_matrix(d: Judgement, counties: Sequence[int], s: int, text: ReportWords) -> str:
    """Describe all counties by all coefficients of a stage; empty if there is nothing to show."""
    groups = d.group_at[list(counties), s]
    groups = groups[groups >= 0]
    limited = np.isfinite(np.column_stack([d.limits, d.composite_limits])[groups])
    if not np.isfinite(d.coefficient[groups]).any() and not limited.any():
        return ""
    over = limited & (np.column_stack([d.coefficient_verdicts, d.composite_verdicts])[groups] == UNMET)
    return text("alt_overview", n=groups.size, over=int(over.any(axis=1).sum()), cells=int(over.sum()))


def coefficients(d: Judgement, c: int, text: ReportWords) -> str:
    """Describe the coefficients of a county."""
    groups = [(s, int(d.group_at[c, s])) for s in range(len(STAGES)) if d.group_at[c, s] >= 0]
    over, known = [], 0
    for s, g in groups:
        for j in range(-1, len(d.indicators)):
            value, limit, verdict = coefficient_of(d, j, g)
            known += bool(np.isfinite(value))
            if verdict == UNMET and np.isfinite(limit):
                name = coefficient_name(d, j, text.language)
                over.append(text("fail_head", stage=text.label("stage", STAGES[s]), indicator=name))
    names = text("alt_over", names=text.join(over)) if over else ""
    return text("alt_coefficients", n=known, over=len(over), names=names)


def ranking(d: Judgement, j: int, s: int, counties: Sequence[int], text: ReportWords) -> str:
    """Describe a ranking of counties."""
    groups = [(c, int(d.group_at[c, s])) for c in counties if d.group_at[c, s] >= 0]
    values = np.array([coefficient_of(d, j, g)[0] for _, g in groups], dtype=np.float64)
    return text("alt_ranking", range=_range(values, [place_name(d, c) for c, _ in groups], text))


def years(d: Judgement, j: int, s: int, counties: Sequence[int], text: ReportWords) -> str:
    """Describe the coefficients of one county over the years."""
    by_year = sorted((float(d.years[c]), int(d.group_at[c, s])) for c in counties if d.group_at[c, s] >= 0)
    figures = []
    for year, g in by_year:
        value, limit, _ = coefficient_of(d, j, g)
        figures.append(text("alt_year", year=f"{year:g}", value=short(value, limit)))
    return text("alt_years", figures=text.join(figures))


def changes(plan: Plan, j: int, c: int, s: int, text: ReportWords) -> str:
    """Describe the schools of a county before and after a plan."""
    d, then = plan.evaluation.data, plan.after.data
    rows = d.usable[d.group_codes == int(d.group_at[c, s])]
    old, new = d.values[j, rows], then.values[j, rows]
    change = np.nan_to_num(np.abs(new - old))
    most = int(change.argmax())
    school = str(d.school_names[d.sections.rows[rows[most]]])
    return text(
        "alt_changes",
        n=int(np.isfinite(old).sum()),
        moved=int((change > 0).sum()),
        school=school,
        before=short(float(old[most])),
        after=short(float(new[most]), float(old[most])),
    )


def _range(values: Floats, names: Sequence[str], text: ReportWords) -> str:
    """Say how many figures there are, the smallest and the largest, and whose they are."""
    known = np.isfinite(values)
    if not known.any():
        return text("alt_nothing")
    low, high = int(np.nanargmin(values)), int(np.nanargmax(values))
    return text(
        "alt_range",
        n=int(known.sum()),
        low=short(float(values[low])),
        lowest=names[low],
        high=short(float(values[high]), float(values[low])),
        highest=names[high],
    )
