"""Find the sheets with the school table (private)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng.errors import InputDataError, InputError, Problem, ProblemCode, Severity
from junheng.reading.choices import Sheets
from junheng.reading.grid import Grid, Source, Wanted
from junheng.reading.layout import Header, find_header, named_by
from junheng.schools import nearest_columns, resolve_mapping
from junheng.words import Listed, Message, Name, Quoted, listed, message


@frozen(eq=False)
class FoundSheet:
    """A sheet with headers, and which of its cells are filled."""

    grid: Grid
    header: Header
    filled: NDArray[np.bool_]


def wanted_sheets(sheet: Sheets) -> Wanted:
    """Return a function that tells whether a sheet is requested."""
    if sheet is None:
        return lambda name, i, hidden: True
    chosen = [sheet] if isinstance(sheet, (str, int)) else list(sheet)
    return lambda name, i, hidden: name in chosen or i in chosen


def given_rows(header: int | Sequence[int] | None) -> tuple[int, ...] | None:
    """Return the requested header rows, counted from 0."""
    if header is None:
        return None
    rows: list[Any] = list(header) if isinstance(header, (list, tuple, range)) else [header]
    if not rows or any(isinstance(r, bool) or not isinstance(r, int) or r < 1 for r in rows):
        raise InputError(message("reading.header_rows", header=Quoted(header)))
    return tuple(r - 1 for r in sorted(rows))


def chosen_grids(source: Source, sheet: Sheets) -> list[Grid]:
    """Return the requested sheets."""
    grids = []
    for one in [sheet] if isinstance(sheet, (str, int)) else list(sheet or ()):
        if isinstance(one, int) and not isinstance(one, bool) and 0 <= one < len(source.grids):
            grids.append(source.grids[one])
            continue
        found = [g for g in source.grids if g.name == one]
        if not found:
            raise InputError(
                message("reading.no_sheet", path=source.name, sheet=Quoted(one), sheets=sheet_names(source.grids))
            )
        grids += found[:1]
    return grids


def choose_sheets(
    source: Source, sheet: Sheets, given: tuple[int, ...] | None, mapping: Mapping[str, str]
) -> list[FoundSheet]:
    """Return the sheets to read: those requested, or those with a school table."""
    if sheet is not None:
        named = _named_sheets(source, sheet, given, mapping)
        return named if given is not None or mapping else _with_known_headers(source, named)
    looked, failed = _visible_sheets(source, given, mapping)
    returns = [s for s in looked if _is_return(s, mapping)]
    if not returns:
        only = _only_candidate(source, looked, failed)
        return only if given is not None or mapping else _with_known_headers(source, only)
    if len({_columns(s) for s in returns}) > 1:
        raise InputDataError([_two_returns(source, returns)])
    return returns


def _named_sheets(
    source: Source, sheet: Sheets, given: tuple[int, ...] | None, mapping: Mapping[str, str]
) -> list[FoundSheet]:
    looked = [(g, _look_at(source, g, given, mapping)) for g in chosen_grids(source, sheet)]
    empty = [g for g, found in looked if found is None]
    if empty:
        names = {"empty": sheet_names(empty), "sheets": sheet_names(source.grids)}
        raise InputError(message("reading.empty_sheets", path=source.name, **names))
    return [found for _, found in looked if found is not None]


def _visible_sheets(
    source: Source, given: tuple[int, ...] | None, mapping: Mapping[str, str]
) -> tuple[list[FoundSheet], list[InputError]]:
    """Return the visible sheets with headers, and the errors of the others."""
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
    """Return the only possible sheet if none has the headers of a school table."""
    known = [s for s in looked if s.header.known]
    if len(looked) == 1 and (not failed or known):
        return looked
    if len(failed) == 1 and not looked:
        raise failed[0]
    if not looked and not failed:
        raise InputError(message("reading.empty", path=source.name))
    if len(known) == 1:
        return known
    raise InputError(message("reading.no_return", path=source.name, sheets=sheet_names(source.grids)))


#: How many unknown headers a message names, and how long each may be.
_NAMED = 6
_LONGEST = 20


def _with_known_headers(source: Source, found: list[FoundSheet]) -> list[FoundSheet]:
    """Return the sheets; raise an error that names the headers if none of them is known."""
    if any(s.header.known for s in found):
        return found
    header = found[0].header
    names = [n for n in header.names if n]
    shown = [_and_near(n[:_LONGEST]) for n in names[:_NAMED]]
    encoding = source.encoding if source.encoding != "UTF-8" else None
    where = {
        "encoding": message("reading.in_encoding", encoding=encoding) if encoding else "",
        "sheet": Quoted(found[0].grid.name),
        "row": header.rows[0] + 1,
        "headers": listed(shown),
    }
    raise InputError(message("reading.unknown_headers", path=source.name, n=len(names), **where))


def _and_near(header: str) -> Message | Quoted:
    """Return an unknown header, with the known ones that come near it."""
    near = nearest_columns(header)
    if not isinstance(near, Message):
        return Quoted(header)
    return message("reading.header_and_near", header=Quoted(header), names=near.parameters["names"])


def hidden_returns(source: Source, read: Sequence[Grid]) -> list[Problem]:
    """Report hidden sheets that look like school tables and were not read."""
    problems = []
    for grid in source.grids:
        if not grid.hidden or not grid.cells.size or any(g is grid for g in read):
            continue
        try:
            found = _look_at(source, grid, None, {})
        except InputError:
            continue
        if found is not None and _is_return(found, {}):
            problems.append(
                Problem(
                    code=ProblemCode.SHEET_NOT_READ,
                    severity=Severity.WARNING,
                    value=grid.name,
                    message=message("reading.hidden_return", sheet=Quoted(grid.name)),
                )
            )
    return problems


def _look_at(
    source: Source, grid: Grid, given: tuple[int, ...] | None, mapping: Mapping[str, str]
) -> FoundSheet | None:
    filled = grid.filled()
    if not filled.any():
        return None
    if given is not None and max(given) >= len(grid.cells):
        at = {"sheet": Quoted(grid.name), "rows": len(grid.cells), "row": max(given) + 1}
        raise InputError(message("reading.no_such_row", path=source.name, **at))
    header = find_header(grid, given=given, mapping=mapping)
    return None if header is None else FoundSheet(grid=grid, header=header, filled=filled)


def _is_return(sheet: FoundSheet, mapping: Mapping[str, str]) -> bool:
    # a mapping may give a usual header instead of the name of a column
    chosen = resolve_mapping(named_by(mapping, sheet.header))
    columns = _columns(sheet) | {chosen[n].column for n in sheet.header.names if n in chosen}
    return bool(columns & {"school", "school_code"}) and len(columns) >= 2


def _columns(sheet: FoundSheet) -> frozenset[str]:
    return frozenset(f.column for f in sheet.header.found if f is not None)


def _two_returns(source: Source, returns: Sequence[FoundSheet]) -> Problem:
    sets = [_columns(s) for s in returns]
    common = frozenset.intersection(*sets)
    described = []
    for s, have in zip(returns, sets, strict=True):
        alone = [Name("column", c) for c in sorted(have - common)[:3]]
        key = "reading.one_return_alone" if alone else "reading.one_return"
        more = {"alone": alone} if alone else {}
        described.append(message(key, sheet=Quoted(s.grid.name), columns=len(have), **more))
    names = [s.grid.name for s in returns]
    parts = {"described": joined(described), "one": repr(names[0]), "all": repr(names)}
    return Problem(code=ProblemCode.UNCLEAR_HEADER, message=message("reading.two_returns", path=source.name, **parts))


def sheet_names(grids: Sequence[Grid]) -> Listed:
    """Return the names of sheets, hidden ones marked."""
    return listed(message("reading.hidden_sheet", sheet=Quoted(g.name)) if g.hidden else Quoted(g.name) for g in grids)


def joined(parts: Sequence[Message], key: str = "reading.and_then") -> Message:
    """Join sentences by semicolons, or as the sentence ``key`` does."""
    return reduce(lambda first, then: message(key, first=first, then=then), parts)
