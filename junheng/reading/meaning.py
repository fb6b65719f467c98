"""The joint meaning of headers above each other (private)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from junheng._data import read_toml
from junheng._text import LONGEST
from junheng.schools import Found, base_column, every_unit, fold, recognise, unit_above, unit_factor


@cache
def words(group: str, kind: str) -> frozenset[str]:
    """Return the folded words of ``returns.toml``."""
    return frozenset(fold(w) for w in read_toml("returns.toml")[group][kind])


_STAGES = {"小学": "primary", "初中": "junior", "高中": "senior", "初级中学": "junior", "普通高中": "senior"}
_STAGE = re.compile(r"(小学|初中|高中|初级中学|普通高中)(部|段|阶段|教育|学段)?")


def _stage_of(label: str) -> str | None:
    match = _STAGE.fullmatch(_without_unit(label)[0])
    return None if match is None else _STAGES[match.group(1)]


def _without_unit(label: str) -> tuple[str, str | None]:
    """Split a label into its words and a unit in brackets behind them: 计(亩)."""
    before, bracket, inside = fold(label).rstrip(")").rpartition("(")
    unit = bare_unit(inside) if bracket and before else None
    return (fold(label), None) if unit is None else (before, unit)


_UNIT_LABEL = re.compile(r"^(?:计量|金额)?单位[:为]?")


def bare_unit(label: str) -> str | None:
    """Return the unit if a label is nothing but a unit, else None."""
    folded = _UNIT_LABEL.sub("", fold(label).strip("()"))
    return folded if folded in every_unit() else None


def _is_other(label: str) -> bool:
    """Tell whether a label refers to other people, another time or a share."""
    return any(w in fold(label) for w in words("headers", "other"))


def meaning(path: Sequence[str]) -> Found | None:
    """Return the joint meaning of headers above each other, None if unknown."""
    if any(len(label) > LONGEST for label in path):
        return None
    return _meaning(tuple(path))


@lru_cache(maxsize=10_000)
def _meaning(path: tuple[str, ...]) -> Found | None:
    if not path:
        return None
    if len(path) == 1:
        return recognise(path[0])
    unit = bare_unit(path[-1])
    if unit is not None:
        return _in_unit(_meaning(path[:-1]), unit)
    joined = _joined(path)
    if joined is not None:
        return joined
    stages = [s for label in path if (s := _stage_of(label)) is not None]
    if stages:
        return _of_one_stage(path, stages)
    last, unit = _without_unit(path[-1])
    if last in words("headers", "whole") or last in words("headers", "counted"):
        found = _meaning(path[:-1])
        if found is not None and found.column == "art_teachers" and last in words("headers", "whole"):
            # all the arts together, music and fine art among them; ours are the teachers of the combined subject
            return None
        return found if unit is None else _in_unit(found, unit)
    return _under_headings(path)


def _of_one_stage(path: tuple[str, ...], stages: Sequence[str]) -> Found | None:
    """Return the column of a stage (小学 over 在校生数), None for two stages above each other."""
    found = _meaning(tuple(label for label in path if _stage_of(label) is None)) if len(stages) == 1 else None
    base = base_column(found.column) if found is not None else None
    if found is None or base is None or base[1] is not None or base_column(f"{found.column}_{stages[0]}") is None:
        return None
    of_stage = Found(column=f"{found.column}_{stages[0]}", unit=found.unit, remarks=found.remarks)
    return unit_above(of_stage, [label for label in path[:-1] if _stage_of(label) is not None])


def _under_headings(path: tuple[str, ...]) -> Found | None:
    """Return the meaning of the lowest label, with each heading it does not belong to as a remark."""
    found, above = recognise(path[-1]), path[:-1]
    if found is None or any(_is_other(label) for label in above):
        return None
    remarks = list(found.remarks)
    for label in above:
        parent = recognise(label)
        if _without_unit(label)[0] not in words("headers", "neutral") and not (
            parent and _belongs(found.column, parent.column)
        ):
            remarks.append(label)
    return unit_above(Found(column=found.column, unit=found.unit, remarks=tuple(remarks)), above)


def _in_unit(found: Found | None, unit: str) -> Found | None:
    """Return the meaning of a header with the unit below it; two different units become one unknown unit."""
    if found is None:
        return None
    base = base_column(found.column)
    to = None if base is None else base[0].unit
    if found.unit is not None and to is not None and unit_factor(to, found.unit) != unit_factor(to, unit):
        unit = f"{found.unit}/{unit}"
    return Found(column=found.column, unit=unit, remarks=found.remarks)


def _joined(path: tuple[str, ...]) -> Found | None:
    """Read the labels as one header: 教学及辅助用房 over 面积(㎡)."""
    if any(_stage_of(label) for label in path[1:]):
        return None
    for start in range(len(path) - 1):
        if any(_is_other(label) for label in path[:start]) or any(_stage_of(x) for x in path[:start]):
            continue
        found = recognise("".join(path[start:]))
        if found is not None:
            return unit_above(found, path[:start])
    return None


def _belongs(part: str, whole: str) -> bool:
    base, above = base_column(part), base_column(whole)
    if base is None or above is None:
        return False
    return (
        base[0].part_of == above[0].id or base[0].id == above[0].id or base[0].part_of == above[0].part_of is not None
    )


def type_of(found: Found | None) -> str:
    """Return the type of the column that a header means, empty if it is unknown."""
    base = None if found is None else base_column(found.column)
    return "" if base is None else base[0].type
