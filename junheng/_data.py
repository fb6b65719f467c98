"""The shipped vocabularies, read once when first asked for (private).

Indicators and standards never import each other; what both must agree on (ids of indicators and columns) is data,
and lives here. So do the types that arguments of several rooms share.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeAlias, get_args

#: The stages that standards judge.
StageId: TypeAlias = Literal["primary", "junior"]
STAGES: tuple[StageId, ...] = get_args(StageId)
#: How a caller names a stage; ``_stages.py`` reads it.
Stage: TypeAlias = StageId | Literal["小学", "初中"]

#: How a caller names a county, or a county and a year: ``"甲县"``, ``("甲县", 2025)``; and a school, by name or code.
CountyKey: TypeAlias = str | int | tuple[str | int, ...]
SchoolKey: TypeAlias = str | int

#: A number whose digits count: money, an amount, a factor.
Number: TypeAlias = float | Decimal


@cache
def read_toml(name: str) -> dict[str, Any]:
    """Return a TOML file of the package, decimals kept as they are written."""
    text = files("junheng").joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)


@cache
def column_ids() -> frozenset[str]:
    """Ids of all canonical columns."""
    return frozenset(read_toml("columns.toml")["columns"])


@cache
def fact_ids() -> frozenset[str]:
    """Ids of all facts about a county."""
    return frozenset(read_toml("facts.toml")["facts"])


@cache
def indicator_ids() -> frozenset[str]:
    """Ids of all indicators of the catalogue."""
    return frozenset(read_toml("indicators/catalog.toml")["indicators"])
