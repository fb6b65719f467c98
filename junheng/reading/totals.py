"""Rows of totals beside the rows they stand for (private)."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from junheng._arrays import Floats
from junheng.errors import ProblemCode
from junheng.reading.cells import floats_of, read_figures
from junheng.reading.grid import cell_name, column_letter
from junheng.reading.rows import shown
from junheng.reading.sheets import SheetReading
from junheng.reading.titles import title_unit
from junheng.schools import base_column


def check_totals(s: SheetReading) -> None:
    """Compare rows of totals with the rows they stand for; the totals are not used."""
    assert s.rows is not None
    sums = [t for t in s.rows.totals if t[1] != "average"]
    if not sums or not s.n:
        return
    codes = s.columns.get("school_code")
    school = s.columns.get("school") if codes is None or all(v is None for v in codes) else codes
    first = np.ones(s.n, dtype=bool)
    if school is not None:
        first[:] = False
        first[list({v: i for i, v in reversed(list(enumerate(school)))}.values())] = True
    at = np.searchsorted(s.rows.schools, [t[0] for t in s.rows.totals])
    before = {t[0]: int(at[i - 1]) if i else 0 for i, t in enumerate(s.rows.totals)}
    for c, u in s.columns["understood"].items():
        base = base_column(u.column) if u.column else None
        if base is None or base[0].type != "number" or base[0].unit == "year":
            continue
        told = next(t for t in s.told if t["letter"] == column_letter(c))
        values = floats_of(s.columns[u.column])
        gaps = np.concatenate([[0], np.cumsum(np.isnan(values))])
        runs = [np.concatenate([[0.0], np.nancumsum(values)])]
        if base[0].shared:
            # a school of two stages gives its rooms twice, and a total counts them once
            runs.append(np.concatenate([[0.0], np.nancumsum(np.where(first, values, 0.0))]))
        factor = u.factor if told["unit"] == u.unit else title_unit(s, base[0])[1]  # type: ignore[index]
        for row, kind, label in sums:
            cell = s.grid.cells[row, c]
            if cell is None:
                continue
            one = np.empty(1, dtype=object)
            one[0] = cell
            read = floats_of(read_figures(one, base[0], factor).values)[0]
            if np.isnan(read):
                continue
            here = int(np.searchsorted(s.rows.schools, row))
            spans = [(before[row], here), (0, here), (0, s.n)]
            spans = spans if kind == "part" else spans[::-1]
            if kind == "part" and here == before[row]:
                spans = spans[1:]
            close = max(1e-9 * abs(read), _half_digit(cell) * factor[0] / factor[1])
            if any(abs(run[b] - run[a] - read) <= close for run in runs for a, b in spans):
                continue
            if any(abs(x - read) <= close for x in _by_stage(s, values, label)):
                continue
            a, b = spans[0]
            total, lacking = runs[0][b] - runs[0][a], int(gaps[b] - gaps[a])
            s.add(
                ProblemCode.TOTAL_MISMATCH,
                f"the row {label!r} says {read:.12g}, its {'1 row adds' if b - a == 1 else f'{b - a} rows add'} up to "
                f"{total:.12g}"
                + (f" ({lacking} of them without a figure)" if lacking else "")
                + "; correct whichever is wrong",
                cell=cell_name(row, c),
                column=u.column,
                value=shown(cell),
            )


def _half_digit(cell: Any) -> float:
    """Return half a unit of the last digit a figure was given with."""
    text = repr(cell) if isinstance(cell, float) else str(cell)
    digits = re.search(r"\.([0-9]*[1-9])0*(?![0-9])", text)
    return 0.5000001 * 10.0 ** -(len(digits.group(1)) if digits else 0)


def _by_stage(s: SheetReading, values: Floats, label: str) -> list[float]:
    stages = s.columns.get("stage")
    if stages is None:
        return []
    named = [w for w in ("小学", "初中", "高中") if w in label]
    return [float(np.nansum(values[[isinstance(v, str) and w in v for v in stages]])) for w in named]
