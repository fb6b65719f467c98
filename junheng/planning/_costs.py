"""What a unit of a thing costs: the one reader of ``unit_costs`` (private)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
from attrs import frozen

from junheng.errors import InputError, did_you_mean
from junheng.indicators.catalog import catalogue
from junheng.indicators.exact import typed_decimal
from junheng.schools import category_words, columns

__all__ = ["Prices", "as_number"]


@frozen(eq=False)
class Prices:
    """What a unit costs, by column or indicator as given: a number, or one for each kind of school."""

    given: Mapping[str, Any]

    @classmethod
    def read(cls, unit_costs: Any, name: str = "unit_costs", *, by_column: bool = False) -> Prices:
        """Take costs as they were given; refuse them with everything that is wrong.

        ``by_column`` takes an indicator as the column it counts, for who buys a thing once for all indicators.
        """
        if not isinstance(unit_costs, Mapping):
            raise InputError(f"{name} must map columns (or indicators) to costs, not {type(unit_costs).__name__}")
        out: dict[str, Any] = {}
        problems = []
        for key, cost in unit_costs.items():
            unknown = _unknown(key)
            if unknown is not None:
                problems.append(unknown)
                continue
            problems += _wrong(key, cost)
            column = catalogue()[key].numerator if by_column and key in catalogue() else key
            if column in out:
                problems.append(f"the cost of {column!r} is given twice: by its own name, and by that of an indicator")
            out[column] = cost
        if problems:
            raise InputError(f"{name}: " + "; ".join(problems))
        return cls(out)

    def of(self, column: str, kind: Any, indicator: str = "") -> Decimal | None:
        """Return the cost at a kind of school, None where none is given; that of an indicator comes first."""
        for key in (indicator, column):
            cost = self.given.get(key)
            if isinstance(cost, Mapping):
                cost = cost.get(kind)
            if cost is not None:
                return Decimal(str(cost)) if isinstance(cost, (int, str, Decimal)) else typed_decimal(cost)
        return None


def _unknown(name: Any) -> str | None:
    """Say that a name is not one of a column of figures or of an indicator; None where it is."""
    if name in catalogue() or (name in columns() and columns()[name].type == "number"):
        return None
    if name in columns():
        return f"{name!r} is no column of figures"
    known = [*catalogue(), *(c.id for c in columns().values() if c.type == "number")]
    return f"{name!r} is neither a column nor an indicator{did_you_mean(name, known, most=2, show=repr)}"


def _wrong(key: str, cost: Any) -> list[str]:
    """Return what is wrong with a cost, kind by kind."""
    out, kinds = [], category_words("kind")
    for kind, value in cost.items() if isinstance(cost, Mapping) else [(None, cost)]:
        where = "" if kind is None else f" for kind {kind!r}"
        if not 0 <= as_number(value) < float("inf"):
            out.append(f"the cost of {key}{where} must be a number, 0 or more, not {value!r}")
        if kind is not None and kind not in kinds:
            out.append(f"{kind!r}, of the costs of {key!r}, is no kind of school: {', '.join(kinds)}")
    return out


def as_number(value: Any) -> float:
    """Return a number that was given; NaN for what is none, and for yes and no."""
    if isinstance(value, (bool, np.bool_)):
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")
