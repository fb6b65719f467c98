"""From sheets to one table of schools, with everything that was done on the way written down (private)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from junheng._frames import Table, Wholes, build_frame
from junheng._text import characters, may_have_twins
from junheng.errors import InputError, Problem, ProblemCode, Severity
from junheng.reading.columns import check_lost, read_column
from junheng.reading.files import open_source
from junheng.reading.grid import Source, cell_name
from junheng.reading.report import FileReport
from junheng.reading.rows import left_out_rows
from junheng.reading.sheets import (
    SheetReading,
    Sheets,
    choose_sheets,
    given_rows,
    is_return,
    look_at,
    understand_sheets,
    wanted_sheets,
)
from junheng.reading.titles import refuse_other_units, take_from_titles
from junheng.reading.totals import check_totals
from junheng.schools import Column, base_column, finish_columns, near_twins, scale_problems, twin_message


def read_file(
    path: Path,
    sheet: Sheets,
    mapping: Mapping[str, str] | None,
    header: int | Sequence[int] | None,
    said: Callable[[int], None],
) -> FileReport:
    """Read a return and say what was made of it."""
    source = open_source(path, said, wanted_sheets(sheet))
    given = given_rows(header)
    sheets = choose_sheets(source, sheet, given, mapping or {})
    understand_sheets(source, sheets, mapping)
    total = sum(len(s.header.names) for s in sheets)
    done = 0
    for s in sheets:
        _read_rows(source, s)
        for c in range(len(s.header.names)):
            read_column(s, c)
            done += 1
            said(70 + 28 * done // max(total, 1))
        check_totals(s)
        check_lost(s)
    take_from_titles(source, sheets)
    report = _assemble(source, sheets)
    said(100)
    return report


def _read_rows(source: Source, s: SheetReading) -> None:
    s.rows = left_out_rows(s.grid, s.header, s.filled)
    last = int(np.flatnonzero(s.filled.any(axis=1)).max(initial=-1))
    s.left_out = [o for o in s.rows.left_out if o.reason != "blank" or o.row <= last]
    _refuse_long_rows(source, s)
    _spread_merged(s)


def _refuse_long_rows(source: Source, s: SheetReading) -> None:
    """In text a row longer than the headers has a separator too many, and its figures stand under wrong headers."""
    assert s.rows is not None
    if source.kind not in ("csv", "tsv", "text"):
        return
    width = max((c + 1 for c, n in enumerate(s.header.names) if n), default=0)
    if width == s.filled.shape[1] or not s.rows.schools.size:
        return
    long = s.rows.schools[s.filled[s.rows.schools, width:].any(axis=1)]
    if long.size:
        raise InputError(
            f"{source.name} is not a regular table: line {int(long[0]) + 1} has more cells than the {width} headers; "
            "is there a comma inside a number or a name? Put such cells in quotation marks"
        )


def _spread_merged(s: SheetReading) -> None:
    """Give every row what is merged over several; of people merged over several rows nothing can be said."""
    assert s.rows is not None
    school_rows = set(s.rows.schools.tolist()) if s.grid.merges else set()
    start = s.header.rows[-1] + 1
    understood = s.columns["understood"]
    ranges = [m for m in s.grid.merges or () if m[2] > m[0] and m[0] >= start and m[1] == m[3]]
    kinds = {c: base_column(u.column) if u.column else None for c, u in understood.items()}
    # words first: whether two rows are one school is asked for figures
    ranges.sort(key=lambda m: _is_number(kinds.get(m[1])))
    # a column of codes in which nothing stands names no school
    codes = [c for c in s.header.at("school_code") if s.filled[s.rows.schools, c].any()]
    names = codes or s.header.at("school")
    for r0, c, r1, _ in ranges:
        value = s.grid.cells[r0, c]
        rows = [r for r in range(r0, min(r1 + 1, len(s.grid.cells))) if r in school_rows]
        if value is None or len(rows) < 2:
            continue
        base = kinds.get(c)
        named = {s.grid.cells[r, names[0]] for r in rows} if names else {None}
        same = len(named) == 1 and None not in named
        if not _is_number(base) or (same and base is not None and base[0].shared):
            s.grid.cells[rows, c] = value
            s.filled[rows, c] = True
            continue
        s.grid.cells[rows, c] = None
        s.add(
            ProblemCode.MERGED_CELL,
            f"{value!r} is merged over rows {rows[0] + 1} to {rows[-1] + 1}; whose figure it is cannot be told, "
            "so it is missing: give each row its own",
            cell=cell_name(r0, c),
            column=understood[c].column,
            value=str(value),
        )


def _is_number(base: tuple[Column, str | None] | None) -> bool:
    return base is not None and base[0].type == "number"


def _assemble(source: Source, sheets: Sequence[SheetReading]) -> FileReport:
    names = list(dict.fromkeys(n for s in sheets for n in s.columns if n != "understood"))
    canonical = [n for n in names if base_column(n) is not None and any(n in _known(s) for s in sheets)]
    columns = {n: _stacked([s.columns.get(n) for s in sheets], [s.n for s in sheets], n in canonical) for n in names}
    schools = finish_columns(build_frame(columns, "pandas"), canonical)
    problems: list[tuple[str | None, str | None, Problem]] = [
        (s.grid.name, cell, p) for s in sheets for cell, p in s.problems
    ]
    problems = [*((None, None, p) for p in source.problems), *problems]
    problems += [(None, None, p) for p in _hidden_returns(source, sheets)]
    problems += _near_twins(schools, sheets)
    odd = scale_problems(schools)
    refuse_other_units(sheets, odd)
    problems += [(None, None, p) for p in odd]
    used = {s.grid.name: s for s in sheets}
    told = [t for s in sheets for t in s.told]
    return FileReport(
        name=source.name,
        kind=source.kind,
        encoding=source.encoding,
        schools=schools,
        places=_frame(
            {
                "sheet": np.repeat(np.array([s.grid.name for s in sheets], dtype=object), [s.n for s in sheets]),
                "row": np.concatenate([s.rows.schools + 1 for s in sheets if s.rows is not None]),
            }
        ),
        sheets=_frame(
            {
                "sheet": [g.name for g in source.grids],
                "hidden": np.array([g.hidden for g in source.grids], dtype=bool),
                "used": np.array([g.name in used for g in source.grids], dtype=bool),
                "headers": [
                    "-".join(
                        dict.fromkeys(str(r + 1) for r in (used[g.name].header.rows[0], used[g.name].header.rows[-1]))
                    )
                    if g.name in used
                    else None
                    for g in source.grids
                ],
                "schools": _ints(used[g.name].n if g.name in used else 0 for g in source.grids),
                "left_out": _ints(
                    sum(o.reason != "blank" for o in used[g.name].left_out) if g.name in used else 0
                    for g in source.grids
                ),
            }
        ),
        columns=_frame(
            {
                **{k: [t[k] for t in told] for k in ("sheet", "letter", "header", "column", "unit")},
                "factor": np.array([t["factor"] for t in told], dtype=np.float64),
                **{k: _ints(t[k] for t in told) for k in ("cells", "converted", "missing", "unread")},
            }
        ),
        left_out=_frame(
            {
                "sheet": [s.grid.name for s in sheets for _ in s.left_out],
                "row": _ints(o.row + 1 for s in sheets for o in s.left_out),
                "reason": [o.reason for s in sheets for o in s.left_out],
                "text": [o.text for s in sheets for o in s.left_out],
            }
        ),
        problems=_frame(
            {
                "code": [str(p.code) for _, _, p in problems],
                "severity": [str(p.severity) for _, _, p in problems],
                "sheet": [sheet for sheet, _, _ in problems],
                "cell": [cell for _, cell, _ in problems],
                "column": [p.column for _, _, p in problems],
                "value": [p.value for _, _, p in problems],
                "message": [p.message for _, _, p in problems],
            }
        ),
    )


def _near_twins(schools: Any, sheets: Sequence[SheetReading]) -> list[tuple[str | None, str | None, Problem]]:
    """Report names that nearly are others; of schools those of one county."""
    table = Table(schools)
    places = [(s, int(r)) for s in sheets if s.rows is not None for r in s.rows.schools]
    county = table.codes("county")[0] if "county" in table.columns else np.zeros(table.rows)
    out: list[tuple[str | None, str | None, Problem]] = []
    for name in ("county", "county_code", "school", "school_code"):
        if name not in table.columns or table.is_number(name):
            continue
        codes, words = table.codes(name)
        if not may_have_twins(characters(words)):
            continue
        for i, group in near_twins(words, codes):
            others = np.isin(codes, [j for j in group if j != i])
            for row in np.flatnonzero(codes == i).tolist():
                beside = others & (county == county[row]) if name.startswith("school") else others
                near = [words[j] for j in dict.fromkeys(codes[beside].tolist())]
                if near:
                    s, r = places[row]
                    at = next((t["letter"] for t in s.told if t["column"] == name), None)
                    problem = Problem(
                        code=ProblemCode.NEAR_TWIN,
                        severity=Severity.WARNING,
                        column=name,
                        value=str(words[i]),
                        message=twin_message(words[i], near),
                    )
                    out.append((s.grid.name, f"{at}{r + 1}" if at else None, problem))
    return out


def _known(s: SheetReading) -> set[str]:
    return {u.column for u in s.columns["understood"].values() if u.column} | {"stage", "county"}


def _ints(values: Any) -> NDArray[np.int64]:
    return np.array(list(values), dtype=np.int64)


def _frame(columns: Mapping[str, Any]) -> Any:
    return build_frame(columns, "pandas")


def _stacked(parts: Sequence[Any], lengths: Sequence[int], canonical: bool) -> Any:
    """Put the columns of several sheets one below the other; a sheet that lacks one has nothing there."""
    if all(isinstance(p, np.ndarray) and p.dtype.kind == "f" for p in parts if p is not None):
        return np.concatenate([np.full(n, np.nan) if p is None else p for p, n in zip(parts, lengths, strict=True)])
    out: list[Any] = []
    for p, n in zip(parts, lengths, strict=True):
        cells = [None] * n if p is None else p.tolist() if isinstance(p, np.ndarray) else list(p)
        out += [None if isinstance(v, float) and v != v else v for v in cells]
    if out and canonical and all(type(v) is int or v is None for v in out):
        return Wholes(out) if None in out else np.array(out, dtype=np.int64)
    return out


def _hidden_returns(source: Source, sheets: Sequence[SheetReading]) -> list[Problem]:
    out = []
    for grid in source.grids:
        if grid.hidden and all(s.grid is not grid for s in sheets) and grid.cells.size:
            try:
                found = look_at(source, grid, None, {})
            except InputError:
                continue
            if found is not None and is_return(found, {}):
                out.append(
                    Problem(
                        code=ProblemCode.SHEET_NOT_READ,
                        severity=Severity.WARNING,
                        value=grid.name,
                        message=f"the hidden sheet {grid.name!r} has headers of a return too, and was not read; "
                        f"if it counts, name it with sheet=",
                    )
                )
    return out
