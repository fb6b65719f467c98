"""Figures far from those of the county's schools of the same stage, kind, area and size, and impossible ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
from attrs import frozen

from junheng._arrays import Floats, Ints
from junheng._data import read_toml
from junheng.indicators.catalog import Indicator, catalogue
from junheng.plausibility.figures import Figures
from junheng.plausibility.findings import Finding
from junheng.plausibility.peers import Column, Deviations, Peers
from junheng.schools.vocabulary import base_column, columns
from junheng.words import Message, Name, message

__all__ = ["findings", "unit_factors"]

#: A row has the wrong enrolment if so many figures are far off, all in one direction, and most of its ratios are
#: that much off in the same direction.
_MANY, _OFF = 3, float(np.log(2.0))
#: A factor must bring a figure as near as this to the usual one, as a logarithm.
_IN_LINE = 1.0


def findings(figures: Figures) -> list[Finding]:
    """Return the figures that are out of range."""
    peers = Peers(figures)
    compared = peers.deviations(map(peers.column, _compared(figures)), float(_rules()["out_of_range"]["least_spread"]))
    far, lean = [], np.zeros((figures.table.rows, 3), dtype=np.int64)
    for column, found in compared:
        far += _far(column, found, figures)
        if _per_student(column.name):
            side = (found.by >= _OFF) + 2 * (found.by <= -_OFF)
            lean += np.bincount(3 * column.units.rows[found.at] + side, minlength=lean.size).reshape(lean.shape)
    own = list(_put_together(figures, far, lean))
    return _impossible(figures, peers, {(one.rows[0], one.column) for one in far}) + own


@cache
def _rules() -> Mapping[str, Any]:
    rules: Mapping[str, Any] = read_toml("plausibility/rules.toml")
    return rules


@cache
def _indicators() -> Mapping[str, Indicator]:
    """Return the indicator that shows each column: the first of the catalogue."""
    out: dict[str, Indicator] = {}
    for indicator in catalogue().values():
        name = indicator.denominator if indicator.numerator == "students" else indicator.numerator
        if name is not None and indicator.denominator in (None, "students", name):
            out.setdefault(name, indicator)
    return out


def _compared(figures: Figures) -> list[str]:
    """Return the ids of the columns that are compared, in the order of the vocabulary."""
    rules = _rules()["out_of_range"]
    wanted = {*_indicators(), *rules["columns"]} - set(rules["without"])
    present = (base_column(name) for name in figures.columns)
    return list(dict.fromkeys(c[0].id for c in present if c is not None and c[0].id in wanted))


# ------------------------------------------------------------------------------------------------- far away


@frozen
class _Far:
    """A figure far from what is usual."""

    rows: tuple[int, ...]
    column: str
    #: The column of the table, with the stage in its name if the row has several.
    cell: str
    figure: float
    usual: float
    students: float
    #: Logarithm of the figure over the usual one, and its standard deviation.
    by: float
    spread: float
    peers: int


def _far(column: Column, found: Deviations, figures: Figures) -> list[_Far]:
    rules = _rules()["out_of_range"]
    off = np.abs(found.by) > float(rules["cut"]) * found.spread
    none = column.values[found.at] == 0
    off &= ~none | (found.usual > np.log(rules["zero_from"]))
    out = []
    for i in np.flatnonzero(off).tolist():
        at = int(found.at[i])
        out.append(
            _Far(
                rows=tuple(column.rows(at, figures)),
                column=column.name,
                cell=column.cell(at, figures),
                figure=float(column.values[at]),
                usual=float(f"{np.exp(found.usual[i]):.6g}"),
                students=float(column.units.students[at]),
                by=float(found.by[i]),
                spread=float(found.spread[i]),
                peers=int(found.peers[i]),
            )
        )
    return out


def _put_together(figures: Figures, far: list[_Far], lean: Ints) -> Iterator[Finding]:
    """Return a finding for each figure; where most of a row are off in one direction, one about the enrolment.

    ``lean`` has how many figures per student of each row are near the usual, twice it or more, and half or less.
    """
    by_row: dict[int, list[_Far]] = {}
    for one in far:
        by_row.setdefault(one.rows[0], []).append(one)
    for row, own in by_row.items():
        below = {one.by < 0 for one in own}
        off = int(lean[row, 2 if own[0].by < 0 else 1])
        many = sum(_per_student(one.column) for one in own) >= _MANY
        if many and len(below) == 1 and 2 * off > lean[row].sum():
            yield _enrolment(figures, row, own, off)
        else:
            yield from (_finding(figures, one) for one in own)


def _per_student(name: str) -> bool:
    indicator = _indicators().get(name)
    return indicator is None or indicator.denominator is not None


def _enrolment(figures: Figures, row: int, own: list[_Far], off: int) -> Finding:
    students = own[0].students
    times = float(np.exp(np.median([one.by for one in own])))
    expected = float(f"{students * times:.4g}")
    return figures.finding(
        "out_of_range",
        [row],
        ["students", *(one.cell for one in own)],
        message("plausibility.range.enrolment", students=students, n=off, expected=expected, peers=own[0].peers),
        value=students,
        expected=expected,
    )


def _finding(figures: Figures, one: _Far) -> Finding:
    what, value, expected = _as_indicator(one)
    facts: dict[str, Any] = {"what": what, "value": _short(value), "expected": _short(expected)}
    facts |= {"peers": one.peers, "score": abs(one.by) / one.spread}
    key, factor = "far", None
    if one.figure > 0:
        factor = unit_factor(one.column, one.by, min(2 * one.spread, _IN_LINE))
    if factor is not None:
        key = "divided" if one.figure > one.usual else "multiplied"
        facts |= {"column": Name("column", one.cell), "figure": one.figure, "factor": factor}
    return figures.finding(
        "out_of_range",
        one.rows,
        [one.cell],
        message(f"plausibility.range.{key}", **facts),
        value=value,
        expected=expected,
    )


def _short(value: float) -> float:
    """Round to four digits, to be printed without an exponent."""
    return float(f"{value:.4g}")


def _as_indicator(one: _Far) -> tuple[Name | Message, float, float]:
    """Return what is shown of a figure, its value, and the usual one."""
    indicator = _indicators().get(one.column)
    if one.figure == 0:
        return Name("column", one.cell), 0.0, one.usual
    if indicator is None:
        what = message("plausibility.range.per_student", column=Name("column", one.column))
        return what, one.figure / one.students, one.usual / one.students
    name = Name("indicator", indicator.id)
    if indicator.denominator is None:
        return name, one.figure, one.usual
    if indicator.numerator == "students":
        return name, one.students / one.figure, one.students / one.usual
    return name, indicator.scale * one.figure / one.students, indicator.scale * one.usual / one.students


def unit_factors(name: str) -> list[float]:
    """Return the factors by which a figure of a column is often wrong, in order of size."""
    rules, column = _rules()["out_of_range"], columns()[name]
    more = rules["more_factors"].get(column.unit, ())
    return sorted([*map(float, rules["factors"]), *(top / bottom for top, bottom in more)])


def unit_factor(name: str, by: float, within: float) -> float | None:
    """Return the factor that brings a figure back in line: its logarithm is ``by`` but for ``within``."""
    off, factor = min((abs(abs(by) - float(np.log(f))), f) for f in unit_factors(name))
    return factor if off <= within else None


# ------------------------------------------------------------------------------------------------ impossible


def _impossible(figures: Figures, peers: Peers, far: set[tuple[int, str]]) -> list[Finding]:
    """Return the impossible figures, but for those found by row and column: beside peers they say more."""
    present = {c[0].id for c in map(base_column, figures.columns) if c is not None}
    out: list[Finding] = []
    for key, rule in _rules()["impossible"].items():
        if rule["top"] not in present or rule["below"] not in present:
            continue
        name = next(n for n in (rule["top"], rule["below"]) if n != "students")
        column = peers.column(name)
        sides = {name: column.values, "students": column.units.students}
        for at in _over(sides[rule["top"]], sides[rule["below"]], rule).tolist():
            rows = column.rows(at, figures)
            if (rows[0], name) in far:
                continue
            top, below = float(sides[rule["top"]][at]), float(sides[rule["below"]][at])
            out.append(
                figures.finding(
                    "out_of_range",
                    rows,
                    [column.cell(at, figures), "students"],
                    message(f"plausibility.impossible.{key}", top=top, below=below),
                    value=float(column.values[at]),
                    expected=rule["most"] * below if name == rule["top"] else top / rule["most"],
                )
            )
    return out


def _over(top: Floats, below: Floats, rule: Mapping[str, Any]) -> Ints:
    with np.errstate(invalid="ignore", over="ignore"):
        over = (top > rule["most"] * below) & ((below > 0) | (top > 0 if rule.get("none") else False))
    return np.flatnonzero(over)
