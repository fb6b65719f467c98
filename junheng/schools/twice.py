"""Schools that a table has twice, under two codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng.schools.table import SchoolTable
from junheng.schools.vocabulary import base_column

__all__ = ["entered_twice"]

#: So many figures besides 0 must be given, and all agree: two schools of one name may both be small.
_AT_LEAST = 3
#: Columns of figures that are compared in all rows; the others only where these agree.
_COMPARED = 2
#: 2⁶⁴ divided by the golden ratio: a product with it spreads the bits of a number.
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


def entered_twice(table: SchoolTable, columns: Iterable[str]) -> list[tuple[int, int]]:
    """Return the rows that equal an earlier one in all but the code of the school, each with that row.

    County, year, name, kind and stage must agree, and all figures; ``columns`` are those to be compared first. Two
    schools of one name in a county do exist; two with the same figures hardly.
    """
    base = {n: found[0] for n in table.frame.columns if (found := base_column(n)) is not None}
    numbers = [n for n, column in base.items() if column.type == "number"]
    if not {"school", "school_code"} <= table.has or len(numbers) < _AT_LEAST:
        return []
    # figures that differ most come first: areas and money are no counts
    first = sorted((n for n in dict.fromkeys(columns) if n in numbers), key=lambda n: base[n].whole)
    rows = _alike(table, first[:_COMPARED])
    if rows.size:
        figures = [_figures(table, n, rows) for n in first]
        given = np.any([x > 0 for x in figures], axis=0)
        rows = rows[given & _shared([*(x[rows] for x in _places(table)), *figures])]
    return _equal(table, numbers, rows) if rows.size else []


def _equal(table: SchoolTable, numbers: Sequence[str], rows: Ints) -> list[tuple[int, int]]:
    """Return those of some rows that equal an earlier one in name, place, stage and all figures, each with that row."""
    figures = [_figures(table, n, rows) for n in numbers]
    enough = np.sum([x > 0 for x in figures], axis=0) >= _AT_LEAST
    # names last: a nation has as many as schools
    names = table.frame.cells("school", rows)
    codes = table.codes("school_code")[0][rows].tolist()
    cells = zip(names, *(x[rows].tolist() for x in _places(table)), *(x.tolist() for x in figures), strict=True)
    seen: dict[Any, tuple[int, int]] = {}
    out = []
    for row, code, known, key in zip(rows.tolist(), codes, enough.tolist(), cells, strict=True):
        if known and code >= 0 and key[0] is not None:
            before, other = seen.setdefault(key, (row, code))
            out += [(row, before)] if code != other else []
    return out


def _alike(table: SchoolTable, names: Sequence[str]) -> Ints:
    """Return the rows that may equal another one in place, stage and some figures: all that do, and a few others."""
    mixed = table.category_codes("stage").astype(np.uint64)  # the stages of a school share figures
    for name in table.by:
        if name in table.has:
            mixed += table.codes(name)[0].astype(np.uint64)
            mixed *= _SPREAD
    for name in names:
        values = table.number(name)
        if values is not None:
            mixed ^= np.ascontiguousarray(_known(values)).view(np.uint64)
            mixed ^= mixed >> np.uint64(32)  # the figures are in the upper bits
            mixed *= _SPREAD
    in_order = np.sort(mixed)
    several = in_order[1:][in_order[1:] == in_order[:-1]]
    if not several.size:
        return np.empty(0, dtype=np.int64)
    # by sorting: the table that numpy 2.0 may choose does not hold such large numbers
    return np.flatnonzero(np.isin(mixed, several, kind="sort") & ~table.is_total)


def _shared(columns: Sequence[NDArray[Any]]) -> NDArray[np.bool_]:
    """Return where the cells of all columns are those of another row too."""
    keys = list(zip(*(c.tolist() for c in columns), strict=True))
    times = Counter(keys)
    return np.array([times[key] > 1 for key in keys], dtype=bool)


def _places(table: SchoolTable) -> list[NDArray[Any]]:
    """Return the codes of county, year, kind and stage."""
    names = dict.fromkeys([*table.by, "county", "county_code"])
    codes = [table.codes(n)[0] for n in names if n in table.has]
    return [*codes, table.category_codes("kind"), table.category_codes("stage")]


def _figures(table: SchoolTable, name: str, rows: Ints) -> Floats:
    """Return some figures of a column, -1 where one is missing."""
    values = table.number(name)
    return np.full(rows.size, -1.0) if values is None else _known(values[rows])


def _known(values: Floats) -> Floats:
    """Return figures that can be compared: -1 where one is missing."""
    return np.nan_to_num(values, nan=-1.0) if np.isnan(values).any() else values
