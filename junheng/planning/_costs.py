"""Unit costs: the only reader of ``unit_costs`` and ``move_costs`` (private)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
from attrs import frozen

from junheng._data import Number
from junheng.errors import InputError, did_you_mean
from junheng.indicators.catalog import catalogue
from junheng.indicators.exact import typed_decimal
from junheng.schools import category_words, columns
from junheng.words import Message, Name, Quoted, listed, message, with_lines

__all__ = ["Prices", "UnitCosts", "as_number"]

#: Column or indicator to the cost of one unit: a number, or one by kind of school.
UnitCosts: TypeAlias = Mapping[str, Number | Mapping[str, Number]]


@frozen(eq=False)
class Prices:
    """Cost of one unit by column or indicator: a number, or a mapping from kind of school to a number."""

    given: Mapping[str, Any]

    @classmethod
    def read(cls, unit_costs: Any, name: str = "unit_costs", *, by_column: bool = False) -> Prices:
        """Check costs as given; raise an error that lists all mistakes.

        ``by_column`` replaces an indicator by the column it counts.
        """
        if not isinstance(unit_costs, Mapping):
            raise InputError(message("planning.not_a_mapping", name=name, kind=type(unit_costs).__name__))
        out: dict[str, Any] = {}
        problems: list[Message] = []
        for key, cost in unit_costs.items():
            unknown = _unknown(key)
            if unknown is not None:
                problems.append(unknown)
                continue
            problems += _wrong(key, cost)
            column = catalogue()[key].numerator if by_column and key in catalogue() else key
            if column in out:
                problems.append(message("planning.cost_twice", column=Quoted(Name("column", column))))
            out[column] = cost
        if problems:
            raise InputError(with_lines(message("planning.costs", name=name), problems))
        return cls(out)

    def unit_cost(self, column: str, kind: Any, indicator: str = "") -> Decimal | None:
        """Return the cost for a kind of school, None if not given; the cost of an indicator takes precedence."""
        for key in (indicator, column):
            cost = self.given.get(key)
            if isinstance(cost, Mapping):
                cost = cost.get(kind)
            if cost is not None:
                return Decimal(str(cost)) if isinstance(cost, (int, str, Decimal)) else typed_decimal(cost)
        return None


def _unknown(name: Any) -> Message | None:
    """Return a message if a name is neither a numeric column nor an indicator."""
    if name in catalogue() or (name in columns() and columns()[name].type == "number"):
        return None
    if name in columns():
        return message("planning.no_figures", column=Quoted(Name("column", name)))
    known = [*catalogue(), *(c.id for c in columns().values() if c.type == "number")]
    hint = did_you_mean(name, known, most=2, show=Quoted)
    return message("planning.unknown_name", name=Quoted(name), hint=hint)


def _wrong(key: str, cost: Any) -> list[Message]:
    """Return the mistakes of a cost, by kind of school."""
    if not isinstance(cost, Mapping):
        return [] if _is_cost(cost) else [message("planning.wrong_cost", name=_named(key), cost=Quoted(cost))]
    out, kinds = [], category_words("kind")
    for kind, value in cost.items():
        shown = Quoted(Name("kind", kind) if kind in kinds else kind)
        if not _is_cost(value):
            out.append(message("planning.wrong_cost_for_kind", name=_named(key), kind=shown, cost=Quoted(value)))
        if kind not in kinds:
            known = listed(Name("kind", k) for k in kinds)
            out.append(message("planning.unknown_kind", name=Quoted(_named(key)), kind=shown, kinds=known))
    return out


def _named(key: str) -> Name:
    return Name("indicator" if key in catalogue() else "column", key)


def _is_cost(value: Any) -> bool:
    return 0 <= as_number(value) < float("inf")


def as_number(value: Any) -> float:
    """Return a value as a number; NaN if it is not a real number, is masked, or is a bool."""
    if isinstance(value, (bool, np.bool_, complex, np.complexfloating)) or value is np.ma.masked:
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")
