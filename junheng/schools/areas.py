"""Indoor sports rooms count once: out of the teaching area, in the sports area.

The statistical form's sub-total of teaching and auxiliary rooms holds the indoor sports rooms. The indicators want them
with the sports grounds: teaching area = sub-total - indoor sports; sports area = grounds + indoor sports.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from junheng._arrays import Floats
from junheng.errors import Problem, ProblemCode, Severity
from junheng.indicators.exact import typed_decimal
from junheng.schools.table import SchoolTable
from junheng.words import Name, message

__all__ = ["AREAS", "FOLLOWS", "INDOOR", "added", "is_unclear", "meant_by", "parts_of", "work_out_areas"]

WARNING = Severity.WARNING
TEACHING, TOTAL, INDOOR = "teaching_area_m2", "teaching_area_total_m2", "indoor_sports_m2"
SPORTS, GROUNDS = "sports_area_m2", "outdoor_sports_area_m2"
#: What is made where it is missing: the column, what is added, what is taken off.
AREAS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (TEACHING, (TOTAL,), (INDOOR,)),
    (SPORTS, (GROUNDS, INDOOR), ()),
)
#: A what-if change of the first moves the others by as much, so that the areas still fit.
FOLLOWS = {TEACHING: (TOTAL,), INDOOR: (TOTAL, SPORTS), GROUNDS: (SPORTS,), TOTAL: (TEACHING,)}
#: Areas are typed in whole square metres or in parts of one: less than this apart, figures are the same.
_ROUNDING = 1.0

_SAYS_NET = re.compile(r"不含|不包含|不包括|不计|扣除|减去|除外|除去|净")
_SAYS_GROSS = re.compile(r"(?<!不)(?<!不包)(含|包括)[^()()]*(体育|场馆)")


# ------------------------------------------------------------------------------------------- headers


def meant_by(header: str, column: str, others: Collection[str]) -> str:
    """Return the column a header of teaching rooms means, given what the other headers of its table mean.

    教学及辅助用房面积 alone is taken as the net area. Beside 室内体育用房面积 it is the sub-total of the statistical
    form, which holds that part; unless it says the contrary, or the sub-total has a column of its own.
    """
    if column != TEACHING or header.isascii() or _SAYS_NET.search(header):
        return column
    beside = INDOOR in others and TOTAL not in others
    return TOTAL if beside or _SAYS_GROSS.search(header) else column


def is_unclear(header: str, column: str) -> bool:
    """Tell whether a header read as the net area does not say that it is net."""
    return column == TEACHING and not header.isascii() and not _SAYS_NET.search(header)


# ------------------------------------------------------------------------------------------- figures


def added(plus: Sequence[Floats], minus: Sequence[Floats] = ()) -> Floats:
    """Add and subtract as on paper: 2105.1 - 57.7 is 2047.4, not the nearest binary difference."""
    signed = [(values, 1) for values in plus] + [(values, -1) for values in minus]
    out: Floats = np.sum([sign * values for values, sign in signed], axis=0)
    with np.errstate(invalid="ignore"):
        broken = np.any([values != np.floor(values) for values, _ in signed], axis=0) & np.isfinite(out)
    for i in np.flatnonzero(broken).tolist():
        out[i] = float(sum((sign * typed_decimal(values[i]) for values, sign in signed), Decimal(0)))
    return out


def parts_of(table: SchoolTable) -> list[str]:
    """Return the columns that areas are worked out from and checked against; none where nothing is said of parts."""
    if not table.has & {TOTAL, INDOOR}:
        return []
    return [name for name in (TEACHING, TOTAL, INDOOR, SPORTS, GROUNDS) if name in table.has]


def work_out_areas(table: SchoolTable, parts: Sequence[str]) -> tuple[SchoolTable, list[Problem]]:
    """Return a table with the net teaching area and the sports area where it has their parts, and what is odd."""
    problems = [p for name in parts for p in table.problems_of(name)]
    figures = {n: v for n in parts if (v := table.number(n)) is not None}
    if INDOOR in figures:
        problems += _check_part(table, figures)
    made: dict[str, Floats] = {}
    for name, plus, minus in AREAS:
        if not {*plus, *minus} <= set(figures):
            continue
        worked_out = added([figures[n] for n in plus], [figures[n] for n in minus])
        given = figures.get(name)
        made[name] = worked_out if given is None else np.where(np.isnan(given), worked_out, given)
        problems += _find_lost(table, name, plus[0], figures, made[name])
    if SPORTS in made and SPORTS in figures:
        problems += _check_sports(table, figures)
    if TEACHING in made:
        problems += _check_net(table, figures, made[TEACHING])
    elif TEACHING in figures and INDOOR in figures:
        kept = message("schools.not_netted", net=_name(TEACHING), indoor=_name(INDOOR), total=_name(TOTAL))
        problems.append(table.problem(ProblemCode.INDOOR_SPORTS_NOT_NETTED, kept, column=TEACHING, severity=WARNING))
    return table.with_numbers(made), problems


def _check_part(table: SchoolTable, figures: Mapping[str, Floats]) -> list[Problem]:
    """Return indoor sports rooms that are larger than what they are part of; such a part is not used."""
    indoor, out = figures[INDOOR], []
    for whole in (TOTAL, SPORTS):
        if whole not in figures:
            continue
        with np.errstate(invalid="ignore"):
            over = (indoor > figures[whole]) & ~_is_share(table, whole)
        for row in table.schools_in(over):
            areas = {"indoor": float(indoor[row]), "whole": float(figures[whole][row])}
            over_whole = message("schools.indoor_over_whole", column=_name(INDOOR), whole_column=_name(whole), **areas)
            value = repr(areas["indoor"])
            out.append(table.problem(ProblemCode.PART_EXCEEDS_WHOLE, over_whole, row=row, column=INDOOR, value=value))
    return out


def _check_sports(table: SchoolTable, figures: Mapping[str, Floats]) -> list[Problem]:
    """Return sports areas that look as if the indoor rooms were not in them."""
    with np.errstate(invalid="ignore"):
        less = figures[SPORTS] < figures[GROUNDS] + figures[INDOOR] - _ROUNDING
    return [
        table.problem(
            ProblemCode.INDOOR_SPORTS_MISMATCH,
            message(
                "schools.sports_below_parts",
                area=float(figures[SPORTS][row]),
                sports=_name(SPORTS),
                grounds=_name(GROUNDS),
                indoor=_name(INDOOR),
            ),
            row=row,
            column=SPORTS,
            value=repr(float(figures[SPORTS][row])),
            severity=WARNING,
        )
        for row in table.schools_in(less & ~_is_share(table, SPORTS))
    ]


def _find_lost(
    table: SchoolTable, name: str, whole: str, figures: Mapping[str, Floats], values: Floats
) -> list[Problem]:
    """Return the rows whose area cannot be known, because nothing is said of the indoor sports rooms."""
    return [
        table.problem(
            ProblemCode.INDOOR_SPORTS_MISSING,
            message(
                "schools.indoor_missing",
                column=_name(name),
                whole=float(figures[whole][row]),
                whole_column=_name(whole),
                indoor=_name(INDOOR),
            ),
            row=row,
            column=INDOOR,
            severity=WARNING,
        )
        for row in table.schools_in(np.isnan(values) & np.isfinite(figures[whole]) & np.isnan(figures[INDOOR]))
    ]


def _check_net(table: SchoolTable, figures: Mapping[str, Floats], net: Floats) -> list[Problem]:
    """Return net areas that contradict the sub-total, and once for the table that it was netted."""
    total, indoor = figures[TOTAL], figures[INDOOR]
    with np.errstate(invalid="ignore"):
        gap = np.abs(net - (total - indoor))
        odd = (gap > _ROUNDING) & ~_is_share(table, TEACHING)
        netted = (gap <= _ROUNDING) & (indoor > 0)
    out = [
        table.problem(
            ProblemCode.INDOOR_SPORTS_MISMATCH,
            message(
                "schools.net_area_differs",
                column=_name(TEACHING),
                net=float(net[row]),
                total=float(total[row]),
                total_column=_name(TOTAL),
                indoor=float(indoor[row]),
                indoor_column=_name(INDOOR),
            ),
            row=row,
            column=TEACHING,
            value=repr(float(net[row])),
        )
        for row in table.schools_in(odd)
    ]
    if netted.any():
        # without a count: tables that are judged in pieces say it once
        told = message("schools.netted", net=_name(TEACHING), total=_name(TOTAL), indoor=_name(INDOOR))
        out.append(table.problem(ProblemCode.INDOOR_SPORTS_NETTED, told, column=TEACHING, severity=WARNING))
    return out


def _name(column: str) -> Name:
    return Name("column", column)


def _is_share(table: SchoolTable, name: str) -> NDArray[np.bool_]:
    """Return the rows in which split_stages has divided an area, but not the indoor sports rooms beside it."""
    if "resources_cover" not in table.has:
        return np.zeros(table.rows, dtype=bool)
    codes, words = table.codes("resources_cover")
    shares = [name in (names := str(w).split()) and INDOOR not in names for w in words]
    out: NDArray[np.bool_] = np.array([*shares, False], dtype=bool)[codes]
    return out
