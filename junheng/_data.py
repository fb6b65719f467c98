"""The shipped vocabularies, read once when first asked for (private).

Indicators and standards never import each other; what both must agree on (ids of indicators and columns) is data,
and lives here.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

STAGES = ("primary", "junior")


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
