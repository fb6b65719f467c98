"""Costs as they are typed: in a file, or as pairs NAME=NUMBER (private)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import junheng as jh
from junheng._frames import build_frame, write_tables
from junheng._labels import LANGUAGES, word
from junheng.errors import InputError, did_you_mean
from junheng.indicators.exact import typed
from junheng.reading.files import open_source
from junheng.schools import (
    base_column,
    category_word,
    category_words,
    columns,
    fold,
    parse_numbers,
    recognise,
    unit_factor,
)

__all__ = ["amount", "read_costs", "write_costs_template"]

#: A number with commas between its thousands.
_THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
#: Headers of a table of costs.
_COST_HEADERS = {
    "column": ("column", "indicator", "项目（列）", "项目", "列", "指标"),
    "cost": ("cost", "unit_cost", "cost of one", "单价（元）", "单价", "费用（元）", "费用"),
    "kind": ("kind", "学校类型", "办学类型", "学校类别"),
    "unit": ("unit", "单位"),
}


def amount(value: Any) -> float | None:
    """Return a number that was typed, None where it is none; 90,000 and full-width digits are numbers."""
    if isinstance(value, str):
        value = fold(value)
        value = value.replace(",", "") if _THOUSANDS.fullmatch(value) else value
    numbers, wrong = parse_numbers(np.array([value, None], dtype=object)[:1])
    return None if wrong or not numbers[0] >= 0 or not np.isfinite(numbers[0]) else float(numbers[0])


def read_costs(given: Sequence[str], option: str) -> tuple[dict[str, Any], list[str]]:
    """Read costs from files and from pairs NAME=NUMBER; return them, and the names that have none yet."""
    problems: list[str] = []
    rows: list[tuple[Any, ...]] = []
    for item in given:
        if not Path(item).exists() and "=" in item:
            name, _, number = item.rpartition("=")
            rows.append((f"{option} {item}", name, number, None, None))
            continue
        rows += _cost_rows(item, option, problems)
    out: dict[str, Any] = {}
    blank: list[str] = []
    for place, name, cost, kind, unit in rows:
        found_column = _cost_column(name)
        if found_column is None:
            hint = did_you_mean(name, [*columns(), *jh.indicators.catalogue()], most=2)
            problems.append(f"{place}: {name!r} is neither a column nor an indicator{hint}")
            continue
        column, factor = found_column
        kinds = None if kind is None else category_word("kind", kind)
        if kind is not None and kinds is None:
            problems.append(f"{place}: {kind!r} is no kind of school: {', '.join(category_words('kind'))}")
        if unit is not None:
            its = _cost_unit(column, str(unit))
            if its is None or (factor != (1, 1) and its != factor):
                problems.append(
                    f"{place}: {unit!r} is no unit of {column}, which is counted in {columns()[column].unit}"
                )
                continue
            factor = its
        if cost is None:
            blank.append(name)
            continue
        price = amount(cost)
        if price is None:
            problems.append(f"{place}: the cost of {name!r} must be a number, 0 or more, not {cost!r}")
            continue
        # the price of ten thousand yuan of equipment is that of 10000 units
        each = float(typed(price) * factor[1] / factor[0])
        before = out.get(column)
        if kinds is None and before is None:
            out[column] = each
        elif kinds is not None and (before is None or (isinstance(before, dict) and kinds not in before)):
            out.setdefault(column, {})[kinds] = each
        else:
            problems.append(f"{place}: the cost of {name!r} is given twice, or both for all kinds and for one")
    if problems:
        raise InputError("these costs cannot be used:\n" + "\n".join(f"  {p}" for p in problems))
    return out, [b for b in dict.fromkeys(blank) if (c := _cost_column(b)) is not None and c[0] not in out]


def _cost_rows(item: str, option: str, problems: list[str]) -> list[tuple[Any, ...]]:
    """Return the rows of a file of costs: place, name, cost, kind, unit."""
    source = open_source(Path(item), lambda done: None, lambda name, i, hidden: not hidden)
    for grid in source.grids:
        cells = [[None if x is None or not str(x).strip() else x for x in row] for row in grid.cells.tolist()]
        for head, row in enumerate(cells[:20]):
            words = [fold(str(x)) for x in row]
            at = {
                key: next((words.index(h) for h in map(fold, headers) if h in words), None)
                for key, headers in _COST_HEADERS.items()
            }
            if at["column"] is None or at["cost"] is None:
                continue
            for line, column, what in grid.lost:
                if line > head and column == at["cost"]:
                    problems.append(f"{item}, line {line + 1}: {what}")
            out = []
            for line, own in enumerate(cells[head + 1 :], start=head + 2):
                name, cost, kind, unit = (None if c is None else own[c] for c in at.values())
                if name is not None or cost is not None:
                    out.append((f"{item}, line {line}", str(name or ""), cost, kind, unit))
            return out
    raise InputError(
        f"{item}: a table of costs has the columns column (项目) and cost (单价), and may have kind (学校类型); "
        f"no row of this file has both. Or give pairs: {option} books=25"
    )


def _cost_column(name: str) -> tuple[str, tuple[int, int]] | None:
    """Return the canonical column of a name, a label or an indicator, and the factor of the unit it names."""
    for indicator in jh.indicators.catalogue().values():
        if fold(name) in (fold(indicator.id), fold(indicator.zh), fold(indicator.en)):
            return indicator.numerator, (1, 1)
    found = recognise(name)
    base = None if found is None else base_column(found.column)
    if found is None or base is None or base[1] is not None or base[0].type != "number":
        return None
    if found.unit is None:
        return base[0].id, (1, 1)
    factor = _cost_unit(base[0].id, found.unit)
    return None if factor is None else (base[0].id, factor)


def _cost_unit(column: str, unit: str) -> tuple[int, int] | None:
    """Return the factor from a unit to that of a column, None where it is none of its units."""
    own = columns()[column].unit
    if own is None:
        return None
    if fold(unit) in {fold(own), *(fold(str(word("unit", own, x))) for x in LANGUAGES)}:
        return (1, 1)
    return unit_factor(own, fold(unit))


def write_costs_template(path: Path, standard: jh.Standard, language: str) -> None:
    """Write the columns that a plan under a standard may need, with their units and no costs."""
    catalogue = jh.indicators.catalogue()
    named = [catalogue[i] for i in standard.indicators]
    found = []
    for indicator in named:
        # where a rule is "at most", more of what divides is what helps
        most = any(t.indicator == indicator.id and t.op in ("<=", "<") for t in standard.thresholds)
        column = indicator.denominator if most and indicator.denominator else indicator.numerator
        if column not in found and column != "students":
            found.append(column)
    zh = language == "zh"
    heads = ("项目（列）", "说明", "单位", "单价（元）") if zh else ("column", "label", "unit", "cost")
    rows = [
        (
            columns()[c].zh if zh else c,
            c if zh else columns()[c].en,
            str(word("unit", columns()[c].unit, language)) if columns()[c].unit else "",
            None,
        )
        for c in found
    ]
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(heads)
    frame = build_frame({h: list(x) for h, x in zip(heads, cells, strict=True)}, "pandas")
    write_tables(path, {"单价" if zh else "costs": frame})
