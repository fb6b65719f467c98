"""Figures that seem to be in another unit, judged by their median per student."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from junheng._arrays import Floats
from junheng._data import read_toml
from junheng._frames import Table
from junheng.errors import Problem, ProblemCode, Severity
from junheng.schools.cells import PIECE, parse_numbers
from junheng.schools.vocabulary import ALL_STAGES, base_column, columns
from junheng.words import Name, message

#: Fewer schools with a figure are not checked.
_ENOUGH = 3


def scale_problems(frame: Any, only: set[str] | None = None) -> list[Problem]:
    """Report columns whose median per student suggests another unit; see ``scale.toml``."""
    table = Table(frame)
    return scale_of(lambda name: _figures(table, name), only)


def _figures(table: Table, name: str) -> Floats | None:
    """Return the figures of a column; a cell that cannot be read must not hide the unit of the others."""
    if name not in table.columns or base_column(name) is None:
        return None
    return table.floats(name) if table.is_number(name) else parse_numbers(table.objects(name))[0]


def scale_of(number: Callable[[str], Floats | None], only: set[str] | None = None) -> list[Problem]:
    """Report columns whose median suggests another unit; ``number`` returns a column, or None."""
    rules = {n: r for n, r in read_toml("scale.toml")["columns"].items() if only is None or n in only}
    figures = {n: v for n in rules if (v := number(n)) is not None}
    enrolled = _enrolment(number) if figures else None
    if enrolled is None:
        return []
    return [p for n, v in figures.items() if (p := _look_at_scale(n, v, enrolled, rules[n])) is not None]


def _enrolment(number: Callable[[str], Floats | None]) -> Floats | None:
    """Return the students of each row, added up over stages if they are given only by stage."""
    students = number("students")
    by_stage = [v for s in ALL_STAGES if (v := number(f"students_{s}")) is not None]
    if not by_stage or (students is not None and not np.isnan(students).any()):
        return students
    total: Floats = np.sum([np.nan_to_num(v) for v in by_stage], axis=0)
    return total if students is None else np.where(np.isfinite(students), students, total)


def _look_at_scale(name: str, values: Floats, enrolled: Floats, rule: Mapping[str, Any]) -> Problem | None:
    if _median_lies_within(values, enrolled, rule):
        return None
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        each = values / enrolled
    each = each[np.isfinite(each) & (values > 0)]
    if each.size < _ENOUGH:
        return None
    median = float(np.median(each))
    found = _other_unit(median, rule)
    return None if found is None else _odd_scale(name, median, each.size, *found)


def _median_lies_within(values: Floats, enrolled: Floats, rule: Mapping[str, Any]) -> bool:
    """Return whether a median is plausible, by counting instead of sorting; False if it may not be.

    If less than half of the figures are below the range and less than half above, the middle ones are within it.
    """
    low, high = float(rule["low"]), float(rule["high"])
    many = below = above = 0
    for i in range(0, values.size, PIECE):
        own = values[i : i + PIECE]
        students = enrolled[i : i + PIECE]
        some = (own > 0) & (students > 0)
        many += int(np.count_nonzero(some))
        with np.errstate(over="ignore"):
            below += int(np.count_nonzero((own < low * students) & some))
            above += int(np.count_nonzero((own > high * students) & some))
    return 2 * below < many and 2 * above < many


def _other_unit(median: float, rule: Mapping[str, Any]) -> tuple[str, bool] | None:
    """Return the unit that makes a median plausible, and whether the figures were typed in it."""
    low, high = float(rule["low"]), float(rule["high"])
    if low <= median <= high:
        return None
    for unit, factor in rule["units"].items():
        times = factor[0] / factor[1] if isinstance(factor, list) else float(factor)
        if median < low and low <= median * times <= high:
            return unit, True
        if median > high and low <= median / times <= high:
            return unit, False
    return None


def _odd_scale(name: str, median: float, n: int, unit: str, typed: bool) -> Problem:
    column = columns()[name]
    figures = {"rows": n, "median": median, "unit": Name("unit", column.unit or ""), "other": unit}
    if typed:
        odd = message("schools.typed_in_unit", label=column.zh, **figures)
    else:
        odd = message("schools.multiplied_by_unit", **figures)
    return Problem(
        code=ProblemCode.SUSPICIOUS_SCALE,
        severity=Severity.WARNING,
        column=name,
        value=f"{median:.6g}",
        message=odd,
    )
