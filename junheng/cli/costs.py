"""Reads costs from files and from pairs NAME=NUMBER (private)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen

import junheng as jh
from junheng._frames import pandas_frame, write_csv
from junheng.errors import InputError, did_you_mean
from junheng.indicators.exact import typed
from junheng.reading.files import open_source
from junheng.reading.input_file import open_input
from junheng.reports.workbooks.results import write_table
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
from junheng.words import LANGUAGES, Language, Message, Name, Quoted, listed, message, sentences, with_lines, word

__all__ = ["amount", "read_costs", "write_costs_template"]

#: A number with thousands separators.
_THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
#: Headers of a table of costs.
_COST_HEADERS = {
    "column": ("column", "indicator", "项目（列）", "项目", "列", "指标"),
    "cost": ("cost", "unit_cost", "cost of one", "单价（元）", "单价", "费用（元）", "费用"),
    "kind": ("kind", "学校类型", "办学类型", "学校类别"),
    "unit": ("unit", "单位"),
}


def amount(value: Any) -> float | None:
    """Return a typed number, None if it is not a number; 90,000 and full-width digits are accepted."""
    if isinstance(value, str):
        value = fold(value)
        value = value.replace(",", "") if _THOUSANDS.fullmatch(value) else value
    numbers, wrong = parse_numbers(np.array([value, None], dtype=object)[:1])
    return None if wrong or not numbers[0] >= 0 or not np.isfinite(numbers[0]) else float(numbers[0])


@frozen
class _Line:
    """A line of a table of costs, or a pair NAME=NUMBER, as typed."""

    place: Message | str
    name: str
    cost: Any
    kind: Any = None
    unit: Any = None


def read_costs(given: Sequence[str], option: str) -> tuple[dict[str, Any], list[str]]:
    """Read costs from files and from pairs NAME=NUMBER; return them, and the names without a cost.

    The costs are a mapping as for :func:`junheng.plan`: column to cost, or to a mapping from kind of school to cost.
    """
    reader = _CostReader()
    lines: list[_Line] = []
    for item in given:
        if not Path(item).exists() and "=" in item:
            name, _, number = item.rpartition("=")
            lines.append(_Line(f"{option} {item}", name, number))
        else:
            lines += _file_lines(item, option, reader.problems)
    for line in lines:
        reader.read(line)
    if reader.problems:
        raise InputError(with_lines(message("cli.costs_unusable"), reader.problems))
    return reader.costs, [name for name, column in reader.blank.items() if column not in reader.costs]


class _CostReader:
    """Costs and problems of the lines read so far, and the names without a cost, with their columns."""

    def __init__(self) -> None:
        self.costs: dict[str, Any] = {}
        self.blank: dict[str, str] = {}
        self.problems: list[Message] = []

    def read(self, line: _Line) -> None:
        """Add a line, or its problems."""
        found = _named_column(line.name)
        if found is None:
            hint = did_you_mean(line.name, [*columns(), *jh.indicators.catalogue()], most=2)
            self._refuse(line, message("planning.unknown_name", name=Quoted(line.name), hint=hint))
            return
        column, of_name = found
        kind = self._kind(line)
        factor = of_name if line.unit is None else self._factor(line, column, of_name)
        if factor is None:
            return
        if line.cost is None:
            self.blank[line.name] = column
            return
        price = amount(line.cost)
        if price is None:
            self._refuse(line, message("planning.wrong_cost", name=Quoted(line.name), cost=Quoted(line.cost)))
            return
        # a cost per ten thousand yuan of equipment is a cost per 10000 units
        self._add(line, column, kind, float(typed(price) * factor[1] / factor[0]))

    def _refuse(self, line: _Line, text: Message) -> None:
        self.problems.append(message("cli.at", place=line.place, text=text))

    def _kind(self, line: _Line) -> str | None:
        """Return the kind of school of a line, None for all kinds."""
        kind = None if line.kind is None else category_word("kind", line.kind)
        if line.kind is not None and kind is None:
            kinds = listed(Name("kind", k) for k in category_words("kind"))
            self._refuse(line, message("cli.unknown_cost_kind", kind=Quoted(line.kind), kinds=kinds))
        return kind

    def _factor(self, line: _Line, column: str, of_name: tuple[int, int]) -> tuple[int, int] | None:
        """Return the factor of the unit of a line; it must agree with a unit in the name."""
        factor = _factor_of(column, str(line.unit))
        if factor is None or (of_name != (1, 1) and factor != of_name):
            names = {"column": Name("column", column), "own": Name("unit", str(columns()[column].unit))}
            self._refuse(line, message("cli.unknown_cost_unit", unit=Quoted(line.unit), **names))
            return None
        return factor

    def _add(self, line: _Line, column: str, kind: str | None, cost: float) -> None:
        """Add a cost, unless the column already has one."""
        before = self.costs.get(column)
        if kind is None and before is None:
            self.costs[column] = cost
        elif kind is not None and (before is None or (isinstance(before, dict) and kind not in before)):
            self.costs.setdefault(column, {})[kind] = cost
        else:
            self._refuse(line, message("cli.cost_twice", name=Quoted(line.name)))


def _file_lines(item: str, option: str, problems: list[Message]) -> list[_Line]:
    """Return the lines of a file of costs; costs that could not be read are problems."""
    source = open_source(open_input(item), lambda done: None, lambda name, i, hidden: not hidden)
    for grid in source.grids:
        cells = [[None if x is None or not str(x).strip() else x for x in row] for row in grid.cells.tolist()]
        head, at = _header(cells)
        if head is None:
            continue
        lost = [(line, what) for line, column, what in grid.lost if line > head and column == at["cost"]]
        problems += [message("cli.at", place=_place(item, line + 1), text=what) for line, what in lost]
        lines = []
        for number, row in enumerate(cells[head + 1 :], start=head + 2):
            name, cost, kind, unit = (None if c is None else row[c] for c in at.values())
            if name is not None or cost is not None:
                lines.append(_Line(_place(item, number), str(name or ""), cost, kind, unit))
        return lines
    raise InputError(message("cli.no_costs_table", file=item, option=option))


def _place(file: str, line: int) -> Message:
    return message("cli.cost_line", file=file, line=line)


def _header(cells: Sequence[Sequence[Any]]) -> tuple[int | None, dict[str, int | None]]:
    """Return the header row of a table of costs (None if not found) and the positions of its columns."""
    for head, row in enumerate(cells[:20]):
        words = [fold(str(x)) for x in row]
        at = {
            key: next((words.index(h) for h in map(fold, headers) if h in words), None)
            for key, headers in _COST_HEADERS.items()
        }
        if at["column"] is not None and at["cost"] is not None:
            return head, at
    return None, {}


def _named_column(name: str) -> tuple[str, tuple[int, int]] | None:
    """Return the canonical column of a name, label or indicator, and the factor of the unit in the name."""
    for indicator in jh.indicators.catalogue().values():
        if fold(name) in (fold(indicator.id), fold(indicator.zh), fold(indicator.en)):
            return indicator.numerator, (1, 1)
    found = recognise(name)
    base = None if found is None else base_column(found.column)
    if found is None or base is None or base[1] is not None or base[0].type != "number":
        return None
    if found.unit is None:
        return base[0].id, (1, 1)
    factor = _factor_of(base[0].id, found.unit)
    return None if factor is None else (base[0].id, factor)


def _factor_of(column: str, unit: str) -> tuple[int, int] | None:
    """Return the factor from a unit to that of a column, None if the unit is unknown."""
    own = columns()[column].unit
    if own is None:
        return None
    if fold(unit) in {fold(own), *(fold(str(word("unit", own, x))) for x in LANGUAGES)}:
        return (1, 1)
    return unit_factor(own, fold(unit))


def write_costs_template(path: Path, standard: jh.Standard, language: Language) -> None:
    """Write a table of the columns that a plan may add to, with their units and without costs."""
    text = sentences("cli.costs_table", language)
    needed = [columns()[c] for c in _needed(standard)]
    if language == "zh":
        names: dict[str, list[str]] = {"column": [c.zh for c in needed]}
    else:
        names = {"column": [c.id for c in needed], "label": [c.en for c in needed]}
    units = [str(word("unit", c.unit, language)) if c.unit else "" for c in needed]
    frame = {text[k]: v for k, v in {**names, "unit": units, "cost": [None] * len(needed)}.items()}
    if path.suffix.lower() == ".csv":
        write_csv(path, {text["sheet"]: pandas_frame(frame)})
    else:
        write_table(path, text["sheet"], pandas_frame(frame), language)


def _needed(standard: jh.Standard) -> list[str]:
    """Return the columns that a plan may add to."""
    found: dict[str, None] = {}
    for id_ in standard.indicators:
        indicator = jh.indicators.catalogue()[id_]
        # an upper limit is met by more of the divisor
        most = any(t.indicator == id_ and t.op in ("<=", "<") for t in standard.thresholds)
        found[indicator.denominator if most and indicator.denominator else indicator.numerator] = None
    return [c for c in found if c != "students"]
