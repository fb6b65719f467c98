"""Every indicator of several counties: a line for each indicator, and counties by indicators (private)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET
from junheng.reports.page.standings import explained, limit_of, standing_of
from junheng.reports.page.words import ReportWords, asked
from junheng.reports.plots._canvas import short
from junheng.reports.plots._subject import coefficient_name, coefficient_of, place_name
from junheng.results import Judgement
from junheng.standards.sources import Cited
from junheng.words import SIGNS

#: Marks of a figure over its limit, and of one that is undetermined or hides something undetermined.
UNMET_MARK, OPEN_MARK = "▼", "□"
#: Counties that a table of counties by indicators has at most, and its columns of figures at most.
LISTED, ACROSS = 200, 9
#: Shares of the counties of a column that have no shade, a light one, a darker one; the rest has the darkest.
SHADES = (0.5, 0.75, 0.9)


@frozen(eq=False)
class _Column:
    """One figure of every county: a coefficient, or how many schools miss a threshold."""

    name: str
    required: str
    rule: Cited | None
    value: Floats
    """What the counties are compared by; NaN without a figure."""
    shown: list[str]
    marks: list[str]
    """``▼`` where a limit is exceeded, ``□`` where something is undetermined."""
    counts: tuple[int, int, int] | None
    """How many counties miss the requirement, may miss it, and have schools; None if nothing is required."""
    figure: Callable[[float], str] = short
    """Writes a figure that the counties are compared by."""

    @property
    def worst(self) -> int:
        """Position of the county with the largest figure, -1 without one above 0."""
        return int(np.nanargmax(self.value)) if (self.value > 0).any() else -1

    def shades(self) -> NDArray[np.int64]:
        """Return how dark the cell of each county is: the further up its column, the darker."""
        known = np.isfinite(self.value) & (self.value > 0)
        out = np.zeros(self.value.size, dtype=np.int64)
        if known.sum() > 1:
            steps = np.quantile(self.value[known], SHADES)
            out[known] = (self.value[known][:, None] > steps).sum(axis=1)
        return out


@frozen
class _Kind:
    """The words of one kind of figure."""

    head: str
    note: str
    over: str
    median: str
    worst: str


_COEFFICIENTS = _Kind(
    "matrix_coefficients",
    "matrix_coefficients_note",
    "matrix_coefficients_over",
    "matrix_coefficients_median",
    "matrix_coefficients_worst",
)
_UNMET = _Kind("matrix_unmet", "matrix_unmet_note", "matrix_unmet_over", "matrix_unmet_median", "matrix_unmet_worst")


def matrix_view(d: Judgement, order: Sequence[int], text: ReportWords, *, by_year: bool) -> dict[str, Any]:
    """Return the tables of all indicators for each stage and kind of figure; by year if all rows are of one county."""
    # a year that all counties have in common is not repeated in every row
    one_year = np.unique(d.years[list(order)]).size <= 1
    names = [f"{d.years[c]:g}" if by_year else place_name(d, c) if one_year else d.county_name(c) for c in order]
    what = text("matrix_years" if by_year else "matrix_counties")
    sections = []
    rules: list[Cited | None] = []
    for s in range(len(STAGES)):
        if not any(d.has_stage(c, s) for c in order):
            continue
        for kind, columns in ((_COEFFICIENTS, _coefficients(d, order, s, text)), (_UNMET, _unmet(d, order, s, text))):
            if columns:
                sections.append(_section(kind, columns, names, text.label("stage", STAGES[s]), what, text))
                rules += [x.rule for x in columns]
    more = len(order) - LISTED
    return {
        "sections": sections,
        "first": text.label("column", "year") if by_year else text("column_county"),
        "standings": explained(rules, text),
        "more": text("matrix_more", n=more, shown=LISTED) if more > 0 else "",
    }


def _section(
    kind: _Kind, columns: list[_Column], names: Sequence[str], stage: str, what: str, text: ReportWords
) -> dict[str, Any]:
    """Return a line for each indicator, those that most counties miss first, and tables of a page's width."""
    n_tables = ceil(len(columns) / ACROSS)
    across = ceil(len(columns) / n_tables)
    tables = [_table(columns[a : a + across], names, text) for a in range(0, len(columns), across)]
    for i, table in enumerate(tables, 1):
        table["head"] = what if n_tables == 1 else text("matrix_part", what=what, at=i, of=len(tables))
    return {
        "head": text(kind.head, stage=stage),
        "note": text(kind.note),
        "figures": what,
        # the picture at the head of the page shows them
        "folded": kind is _COEFFICIENTS,
        "over": text(kind.over),
        "median": text(kind.median),
        "worst": text(kind.worst),
        "lines": [_line(x, names, text) for x in sorted(columns, key=lambda x: -(x.counts or (0,))[0])],
        "tables": tables,
    }


def _line(column: _Column, names: Sequence[str], text: ReportWords) -> dict[str, Any]:
    """Return what the counties together show of one indicator."""
    known = column.value[np.isfinite(column.value)]
    worst = column.worst
    return {
        "name": column.name,
        "required": column.required,
        "standing": standing_of(column.rule, text),
        "unmet": _counted(column, text),
        "median": column.figure(float(np.median(known))) if known.size else "–",
        "worst": "–" if worst < 0 else text("matrix_worst", county=names[worst], value=column.shown[worst]),
    }


def _counted(column: _Column, text: ReportWords) -> str:
    """Write how many counties miss a requirement, and how many may."""
    if column.counts is None:
        return "–"
    unmet, open_, total = column.counts
    return text("matrix_open", n=f"{unmet}/{total}", open=open_) if open_ else f"{unmet}/{total}"


def _table(columns: list[_Column], names: Sequence[str], text: ReportWords) -> dict[str, Any]:
    """Return a table of counties by indicators; of very many counties, the first."""
    shades = [x.shades() for x in columns]
    rows = []
    for i, name in enumerate(names[:LISTED]):
        cells = [_cell(x, i, int(shade[i])) for x, shade in zip(columns, shades, strict=True)]
        rows.append({"name": name, "cells": cells})
    heads = [{"name": x.name, "required": x.required, "standing": standing_of(x.rule, text)} for x in columns]
    return {"heads": heads, "rows": rows}


def _cell(column: _Column, i: int, shade: int) -> dict[str, str]:
    kinds = [f"h{shade}"] if shade else []
    if column.marks[i] == UNMET_MARK:
        kinds.append("u")
    return {"kind": " ".join(kinds), "text": f"{column.shown[i]} {column.marks[i]}".rstrip()}


# --------------------------------------------------------------------------------------------- coefficients


def _coefficients(d: Judgement, order: Sequence[int], s: int, text: ReportWords) -> list[_Column]:
    """Return the coefficients of a stage; none where the standard judges by thresholds alone."""
    if d.standard.thresholds and not d.standard.limits:
        return []
    groups = d.group_at[list(order), s]
    found = []
    for j in range(-1, len(d.indicators)):
        column = _coefficient(d, j, s, groups, text)
        # without either it is an amount a school, of which no coefficient is taken
        if column.rule is not None or (j >= 0 and np.isfinite(column.value).any()):
            found.append(column)
    return found


def _coefficient(d: Judgement, j: int, s: int, groups: Ints, text: ReportWords) -> _Column:
    figures = [coefficient_of(d, j, g) if g >= 0 else (np.nan, np.nan, MET) for g in groups.tolist()]
    verdicts = [verdict if np.isfinite(bound) else MET for _, bound, verdict in figures]
    there = int((groups >= 0).sum())
    limit = limit_of(d, j, s) if any(np.isfinite(bound) for _, bound, _ in figures) else None
    return _Column(
        name=coefficient_name(d, j, text.language),
        required="" if limit is None else f"{SIGNS[limit.op]}{short(float(limit.value))}",
        rule=limit,
        value=np.array([x for x, _, _ in figures], dtype=np.float64),
        shown=[short(x, bound if np.isfinite(bound) else None) for x, bound, _ in figures],
        marks=[{UNMET: UNMET_MARK, UNDETERMINED: OPEN_MARK}.get(x, "") for x in verdicts],
        counts=None if limit is None else (verdicts.count(UNMET), verdicts.count(UNDETERMINED), there),
    )


# ----------------------------------------------------------------------------------- schools below a threshold


def _unmet(d: Judgement, order: Sequence[int], s: int, text: ReportWords) -> list[_Column]:
    """Return for each threshold of a stage how many schools of each county miss it."""
    rows = d.judged[d.sections.stage[d.judged] == s]
    county, chosen = d.county[rows], np.array(order, dtype=np.int64)
    return [
        _missing(d, j, rows, county, chosen, s, text) for j in range(len(d.indicators)) if d.threshold(j, s) is not None
    ]


def _missing(d: Judgement, j: int, rows: Ints, county: Ints, order: Ints, s: int, text: ReportWords) -> _Column:
    t = d.threshold(j, s)
    assert t is not None
    verdicts = d.verdicts[j, rows]
    total = np.bincount(county, minlength=d.n_counties)[order]
    unmet = np.bincount(county[verdicts == UNMET], minlength=d.n_counties)[order]
    open_ = np.bincount(county[verdicts == UNDETERMINED], minlength=d.n_counties)[order]
    ind = d.indicators[j]
    return _Column(
        name=str(getattr(ind, text.language)),
        required=text("by_classes") if t.value is None else f"{asked(t)} {text.label('unit', ind.unit)}",
        rule=t,
        value=np.divide(unmet, total, out=np.full(order.size, np.nan), where=total > 0),
        shown=[f"{a}/{n}" if n else "–" for a, n in zip(unmet.tolist(), total.tolist(), strict=True)],
        marks=[OPEN_MARK if x else "" for x in open_.tolist()],
        counts=(int((unmet > 0).sum()), int(((unmet == 0) & (open_ > 0)).sum()), int((total > 0).sum())),
        figure=lambda share: f"{100 * share:.0f}%",
    )
