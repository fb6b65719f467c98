"""Sums that contradict each other, beyond what ``check_schools`` refuses; the sums are data (``rules.toml``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from junheng._arrays import Floats
from junheng._data import read_toml
from junheng.plausibility.figures import Figures
from junheng.plausibility.findings import Finding
from junheng.schools.places import is_shared
from junheng.schools.vocabulary import ALL_STAGES, base_column
from junheng.words import message

__all__ = ["findings"]

#: Areas are typed in square metres, with or without decimals: so much may be lost in each.
_ROUNDING = 1.0


def findings(figures: Figures) -> list[Finding]:
    """Return the schools whose parts do not add up to their total."""
    out: list[Finding] = []
    for key, rule in read_toml("plausibility/rules.toml")["sums"].items():
        for suffix in ("", *(f"_{s}" for s in ALL_STAGES)):
            out += _look(figures, key, rule, suffix)
    return out


def _look(figures: Figures, key: str, rule: Mapping[str, Any], suffix: str) -> list[Finding]:
    """Return the findings of one rule in the columns of one stage, or in those without a stage in their names."""
    sides = [{f"{name}{suffix}": float(n) for name, n in rule[side].items()} for side in ("less", "more")]
    known = {name for side in sides for name in side} & set(figures.columns)
    less = [name for name in sides[0] if name in known]
    required = {*sides[1], *(sides[0] if rule.get("needs_all") else ()), *_zero(rule, suffix)}
    if not less or not required <= set(figures.columns):
        return []
    left = _sum(figures, {name: sides[0][name] for name in less}, not rule.get("needs_all", False))
    right = _sum(figures, sides[1], False)
    wrong = _disagree(left, right, rule, len(less) + len(sides[1]))
    wrong &= _concerned(figures, rule, suffix) & ~_refused(figures, sides)
    found: dict[Any, list[int]] = {}
    for row in np.flatnonzero(wrong).tolist():
        # the stages of a school repeat what they share
        same = row if not _all_shared(known) else (figures.school[row], figures.period[row], left[row], right[row])
        found.setdefault(same, []).append(row)
    return [
        figures.finding(
            "parts_do_not_add_up",
            rows,
            [*less, *sides[1]],
            message(f"plausibility.parts.{key}", parts=float(left[rows[0]]), total=float(right[rows[0]])),
            value=float(left[rows[0]]),
            expected=float(right[rows[0]]),
        )
        for rows in found.values()
    ]


def _zero(rule: Mapping[str, Any], suffix: str) -> tuple[str, ...]:
    return (f"{rule['zero']}{suffix}",) if "zero" in rule else ()


def _sum(figures: Figures, terms: Mapping[str, float], missing_is_none: bool) -> Floats:
    out = np.zeros(figures.table.rows)
    for name, times in terms.items():
        values = figures.number(name)
        with np.errstate(over="ignore"):
            out += times * (np.nan_to_num(values) if missing_is_none else values)
    return out


def _disagree(left: Floats, right: Floats, rule: Mapping[str, Any], terms: int) -> NDArray[np.bool_]:
    """Return where the left sum exceeds the right one, or differs from it, by more than rounding explains."""
    share = float(rule.get("slack", 0))
    slack = share * right + (terms * _ROUNDING if share else 1e-6)
    with np.errstate(invalid="ignore", over="ignore"):
        off = left - right
        return np.asarray(np.abs(off) > slack) if rule.get("equal") else np.asarray(off > slack)


def _concerned(figures: Figures, rule: Mapping[str, Any], suffix: str) -> NDArray[np.bool_]:
    """Return the rows of schools, of the stage of the rule, and with nothing in the column that must be empty."""
    out = figures.group >= 0
    if "stage" in rule and suffix != f"_{rule['stage']}":
        out = out & (figures.stage == ALL_STAGES.index(rule["stage"])) & (not suffix)
    for name in _zero(rule, suffix):
        out = out & (figures.number(name) == 0)
    return np.asarray(out)


def _refused(figures: Figures, sides: list[dict[str, float]]) -> NDArray[np.bool_]:
    """Return where one part exceeds its whole by itself: ``check_schools`` refuses that."""
    out = np.zeros(figures.table.rows, dtype=bool)
    for part in sides[0]:
        for whole in sides[1]:
            if part in figures.columns and _is_part(part, whole):
                with np.errstate(invalid="ignore"):
                    out |= figures.number(part) > figures.number(whole)
    return out


def _is_part(part: str, whole: str) -> bool:
    a, b = base_column(part), base_column(whole)
    return a is not None and b is not None and a[0].part_of == b[0].id


def _all_shared(names: set[str]) -> bool:
    return all(is_shared(name) for name in names)
