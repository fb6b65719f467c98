"""Which sheets of a file hold the return (private)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng.errors import InputDataError, InputError, Problem, ProblemCode, Severity
from junheng.reading.grid import Grid, Source, Wanted
from junheng.reading.layout import Header, find_header, named_by

#: Sheets by name or position, counted from 0.
Sheets = str | int | Sequence[str | int] | None


@frozen(eq=False)
class FoundSheet:
    """A sheet with headers, and the places in which something stands."""

    grid: Grid
    header: Header
    filled: NDArray[np.bool_]


def wanted_sheets(sheet: Sheets) -> Wanted:
    """Return what tells whether a sheet is one of those that are asked for."""
    if sheet is None:
        return lambda name, i, hidden: True
    chosen = [sheet] if isinstance(sheet, (str, int)) else list(sheet)
    return lambda name, i, hidden: name in chosen or i in chosen


def given_rows(header: int | Sequence[int] | None) -> tuple[int, ...] | None:
    """Return the rows of headers somebody named, counted from 0."""
    if header is None:
        return None
    rows: list[Any] = list(header) if isinstance(header, (list, tuple, range)) else [header]
    if not rows or any(isinstance(r, bool) or not isinstance(r, int) or r < 1 for r in rows):
        raise InputError(f"header is a row, or rows, as a spreadsheet shows them, counted from 1; not {header!r}")
    return tuple(r - 1 for r in sorted(rows))


def chosen_grids(source: Source, sheet: Sheets) -> list[Grid]:
    """Return the sheets somebody named."""
    out = []
    for one in [sheet] if isinstance(sheet, (str, int)) else list(sheet or ()):
        if isinstance(one, int) and not isinstance(one, bool) and 0 <= one < len(source.grids):
            out.append(source.grids[one])
            continue
        found = [g for g in source.grids if g.name == one]
        if not found:
            raise InputError(f"{source.name} has no sheet {one!r}; it has {_list_of(source.grids)}")
        out += found[:1]
    return out


def choose_sheets(
    source: Source, sheet: Sheets, given: tuple[int, ...] | None, mapping: Mapping[str, str]
) -> list[FoundSheet]:
    """Return the sheets to read: those somebody named, or those that hold a return."""
    if sheet is not None:
        return _named_sheets(source, sheet, given, mapping)
    looked, failed = _visible_sheets(source, given, mapping)
    returns = [s for s in looked if _is_return(s, mapping)]
    if not returns:
        return _only_candidate(source, looked, failed)
    if len({_columns(s) for s in returns}) > 1:
        raise InputDataError([_two_returns(source, returns)])
    return returns


def _named_sheets(
    source: Source, sheet: Sheets, given: tuple[int, ...] | None, mapping: Mapping[str, str]
) -> list[FoundSheet]:
    looked = [(g, _look_at(source, g, given, mapping)) for g in chosen_grids(source, sheet)]
    empty = [g for g, found in looked if found is None]
    if empty:
        raise InputError(f"{source.name}: nothing stands on {_list_of(empty)}; the sheets are {_list_of(source.grids)}")
    return [found for _, found in looked if found is not None]


def _visible_sheets(
    source: Source, given: tuple[int, ...] | None, mapping: Mapping[str, str]
) -> tuple[list[FoundSheet], list[InputError]]:
    """Return the sheets that are not hidden and have headers, and why others have none."""
    looked: list[FoundSheet] = []
    failed: list[InputError] = []
    for grid in source.grids:
        if grid.hidden:
            continue
        try:
            found = _look_at(source, grid, given, mapping)
        except InputDataError:
            raise
        except InputError as exc:
            failed.append(exc)
        else:
            looked += [] if found is None else [found]
    return looked, failed


def _only_candidate(source: Source, looked: list[FoundSheet], failed: list[InputError]) -> list[FoundSheet]:
    """Return the one sheet that may be meant where none has the headers of a return."""
    known = [s for s in looked if s.header.known]
    if len(looked) == 1 and (not failed or known):
        return looked
    if len(failed) == 1 and not looked:
        raise failed[0]
    if not looked and not failed:
        raise InputError(f"{source.name} is empty; the headers and the schools are missing")
    if len(known) == 1:
        return known
    raise InputError(
        f"{source.name}: no sheet has headers of a return, such as 学校名称 and 学生人数; say which it is "
        f"with sheet=, and what its headers mean with mapping=; the sheets are {_list_of(source.grids)}"
    )


def hidden_returns(source: Source, read: Sequence[Grid]) -> list[Problem]:
    """Name the hidden sheets that have headers of a return too, and were not read."""
    out = []
    for grid in source.grids:
        if not grid.hidden or not grid.cells.size or any(g is grid for g in read):
            continue
        try:
            found = _look_at(source, grid, None, {})
        except InputError:
            continue
        if found is not None and _is_return(found, {}):
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


def _look_at(
    source: Source, grid: Grid, given: tuple[int, ...] | None, mapping: Mapping[str, str]
) -> FoundSheet | None:
    filled = np.asarray(grid.cells != None, dtype=bool)  # noqa: E711 - cell by cell
    if not filled.any():
        return None
    if given is not None and max(given) >= len(grid.cells):
        raise InputError(
            f"{source.name}, sheet {grid.name!r} has {len(grid.cells)} rows; header={max(given) + 1} is none"
        )
    header = find_header(grid, given=given, mapping=mapping)
    return None if header is None else FoundSheet(grid=grid, header=header, filled=filled)


def _is_return(sheet: FoundSheet, mapping: Mapping[str, str]) -> bool:
    chosen = named_by(mapping, sheet.header)
    columns = _columns(sheet) | {chosen[n] for n in sheet.header.names if n in chosen}
    return bool(columns & {"school", "school_code"}) and len(columns) >= 2


def _columns(sheet: FoundSheet) -> frozenset[str]:
    return frozenset(f.column for f in sheet.header.found if f is not None)


def _two_returns(source: Source, returns: Sequence[FoundSheet]) -> Problem:
    sets = [_columns(s) for s in returns]
    common = frozenset.intersection(*sets)
    described = []
    for s, have in zip(returns, sets, strict=True):
        alone = sorted(have - common)[:3]
        described.append(
            f"{s.grid.name!r} ({len(have)} columns" + (f", it alone {', '.join(alone)}" if alone else "") + ")"
        )
    names = [s.grid.name for s in returns]
    return Problem(
        code=ProblemCode.UNCLEAR_HEADER,
        message=f"{source.name}: several sheets could be the return, with different headers: {'; '.join(described)}; "
        f"say which with sheet={names[0]!r}, or put them one below the other with sheet={names!r}",
    )


def _list_of(grids: Sequence[Grid]) -> str:
    return ", ".join(repr(g.name) + (" (hidden)" if g.hidden else "") for g in grids)
