"""Compare rows of totals with the rows they add up (private)."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats
from junheng.errors import ProblemCode
from junheng.reading.cells import floats_of, read_figures
from junheng.reading.grid import cell_name
from junheng.reading.rows import TotalRow, shown
from junheng.reading.sheet_reading import SheetReading
from junheng.schools import Column, base_column
from junheng.words import Message, Quoted, message

#: A range of schools: start and stop.
_Span = tuple[int, int]


def check_totals(s: SheetReading) -> None:
    """Compare rows of totals with the rows they add up; the totals are not used otherwise."""
    spans = _spans(s)
    if not spans or not s.n:
        return
    first = _first_rows(s)
    for c, meaning in s.understood.items():
        column = meaning.column or ""
        found = base_column(column)
        if found is None or found[0].type != "number" or found[0].unit == "year":
            continue
        figures = _figures(floats_of(s.columns[column]), first if found[0].shared else None)
        for total, choices in spans:
            _compare(s, c, found[0], total, choices, figures)


def _spans(s: SheetReading) -> list[tuple[TotalRow, list[_Span]]]:
    """Return for each total the ranges it may add up, the most likely first."""
    ends = np.searchsorted(s.rows.schools, [t.row for t in s.rows.totals]).tolist()
    spans = []
    for total, start, end in zip(s.rows.totals, [0, *ends], ends, strict=False):
        since_the_last, all_above, everything = (start, end), (0, end), (0, s.n)
        if total.kind == "total":
            spans.append((total, [everything, all_above, since_the_last]))
        elif total.kind == "part":
            above = [since_the_last] if start < end else []
            spans.append((total, [*above, *([all_above] if end else []), everything]))
    return spans


def _first_rows(s: SheetReading) -> NDArray[np.bool_]:
    """Mark the first row of each school; every row if there are no names or codes."""
    codes = s.columns.get("school_code")
    names = s.columns.get("school") if codes is None or all(v is None for v in codes) else codes
    if names is None:
        return np.ones(s.n, dtype=bool)
    first = np.zeros(s.n, dtype=bool)
    first[list({v: i for i, v in reversed(list(enumerate(names)))}.values())] = True
    return first


@frozen(eq=False)
class _Figures:
    """The figures of a column, their running sums, and the running count of missing ones."""

    values: Floats
    sums: list[Floats]
    missing: NDArray[np.int64]


def _figures(values: Floats, first: NDArray[np.bool_] | None) -> _Figures:
    """Add up a column; with ``first`` also as if each school gave its figure once.

    A school with two stages gives its rooms twice, but a total counts them once.
    """
    counted = [values] if first is None else [values, np.where(first, values, 0.0)]
    sums = [np.concatenate([[0.0], np.nancumsum(v)]) for v in counted]
    return _Figures(values, sums, np.concatenate([[0], np.cumsum(np.isnan(values))]))


def _compare(s: SheetReading, c: int, base: Column, total: TotalRow, spans: list[_Span], figures: _Figures) -> None:
    """Report a total that equals none of its possible sums."""
    cell, factor = s.grid.cells[total.row, c], s.read[c].factor
    given = _figure(cell, base, factor, s.decimal)
    if given is None:
        return
    close = max(1e-9 * abs(given), _half_digit(cell) * factor[0] / factor[1])
    sums = [run[b] - run[a] for run in figures.sums for a, b in spans]
    if any(abs(x - given) <= close for x in sums):
        return
    if any(abs(x - given) <= close for x in _by_stage(s, figures.values, total.label)):
        return
    a, b = spans[0]
    lacking = int(figures.missing[b] - figures.missing[a])
    sentence = message(
        "reading.total",
        label=Quoted(total.label),
        given=given,
        n=b - a,
        rows=_rows(s, a, b),
        sum=float(sums[0]),
        lacking=message("reading.lacking", rows=lacking) if lacking else "",
    )
    s.add(
        ProblemCode.TOTAL_MISMATCH,
        sentence,
        cell=cell_name(total.row, c),
        column=s.understood[c].column,
        value=shown(cell),
    )


def _rows(s: SheetReading, a: int, b: int) -> Message:
    """Name the rows that a total adds up, as the sheet shows them: they may stand above it or below."""
    first, last = int(s.rows.schools[a]) + 1, int(s.rows.schools[b - 1]) + 1
    if b - a == 1:
        return message("reading.total_of_one", first=first)
    return message("reading.total_of", first=first, last=last, n=b - a)


def _figure(cell: Any, base: Column, factor: tuple[int, int], decimal: str | None) -> float | None:
    """Return the figure in a cell, None if it is not numeric."""
    one = np.empty(1, dtype=object)
    one[0] = cell
    read = float(floats_of(read_figures(one, base, factor, decimal).values)[0])
    return None if np.isnan(read) else read


def _half_digit(cell: Any) -> float:
    """Return half a unit in the last digit of a figure."""
    text = repr(cell) if isinstance(cell, float) else str(cell)
    digits = re.search(r"\.([0-9]*[1-9])0*(?![0-9])", text)
    return 0.5000001 * 10.0 ** -(len(digits.group(1)) if digits else 0)


def _by_stage(s: SheetReading, values: Floats, label: str) -> list[float]:
    """Return the sums of the stages named in a label."""
    stages = s.columns.get("stage")
    if stages is None:
        return []
    named = [w for w in ("小学", "初中", "高中") if w in label]
    return [float(np.nansum(values[[isinstance(v, str) and w in v for v in stages]])) for w in named]
