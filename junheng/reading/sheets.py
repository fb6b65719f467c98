"""Which sheets hold the return, and what their columns mean (private)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from junheng.errors import InputDataError, InputError, Problem, ProblemCode, Severity
from junheng.reading.grid import Grid, Source, column_letter
from junheng.reading.layout import Header, find_header, named_by
from junheng.reading.rows import LeftOut, Rows
from junheng.schools import missing_in_mapping, understand

Sheets = str | int | Sequence[str | int] | None


@define
class SheetReading:
    """A sheet that is read: what was found in it."""

    grid: Grid
    header: Header
    filled: NDArray[np.bool_]
    rows: Rows | None = None
    columns: dict[str, Any] = field(factory=dict)
    told: list[dict[str, Any]] = field(factory=list)
    left_out: list[LeftOut] = field(factory=list)
    problems: list[tuple[str | None, Problem]] = field(factory=list)

    @property
    def n(self) -> int:
        return 0 if self.rows is None else self.rows.schools.size

    def add(self, code: ProblemCode, message: str, *, cell: str | None = None, **fields: Any) -> None:
        """Record something to look at."""
        fields.setdefault("severity", Severity.WARNING)
        self.problems.append((cell, Problem(code=code, message=message, **fields)))


def wanted_sheets(sheet: Sheets) -> Callable[[str, int, bool], bool]:
    if sheet is None:
        return lambda name, i, hidden: True
    chosen = [sheet] if isinstance(sheet, (str, int)) else list(sheet)
    return lambda name, i, hidden: name in chosen or i in chosen


def given_rows(header: int | Sequence[int] | None) -> tuple[int, ...] | None:
    if header is None:
        return None
    rows: list[Any] = list(header) if isinstance(header, (list, tuple, range)) else [header]
    if not rows or any(isinstance(r, bool) or not isinstance(r, int) or r < 1 for r in rows):
        raise InputError(f"header is a row, or rows, as a spreadsheet shows them, counted from 1; not {header!r}")
    return tuple(r - 1 for r in sorted(rows))


def _list_of(grids: Sequence[Grid]) -> str:
    return ", ".join(repr(g.name) + (" (hidden)" if g.hidden else "") for g in grids)


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
) -> list[SheetReading]:
    grids = chosen_grids(source, sheet) if sheet is not None else [g for g in source.grids if not g.hidden]
    if sheet is not None:
        out = [s for g in grids if (s := look_at(source, g, given, mapping)) is not None]
        if len(out) < len(grids):
            empty = [g for g in grids if all(s.grid is not g for s in out)]
            raise InputError(
                f"{source.name}: nothing stands on {_list_of(empty)}; the sheets are {_list_of(source.grids)}"
            )
        return out
    looked: list[SheetReading] = []
    failed: list[InputError] = []
    for grid in grids:
        try:
            found = look_at(source, grid, given, mapping)
        except InputDataError:
            raise
        except InputError as exc:
            failed.append(exc)
            continue
        if found is not None:
            looked.append(found)
    returns = [s for s in looked if is_return(s, mapping)]
    if not returns:
        if len(looked) == 1 and (not failed or looked[0].header.known):
            return looked
        if len(failed) == 1 and not looked:
            raise failed[0]
        if not looked and not failed:
            raise InputError(f"{source.name} is empty; the headers and the schools are missing")
        best = [s for s in looked if s.header.known]
        if len(best) == 1:
            return best
        raise InputError(
            f"{source.name}: no sheet has headers of a return, such as 学校名称 and 学生人数; say which it is "
            f"with sheet=, and what its headers mean with mapping=; the sheets are {_list_of(source.grids)}"
        )
    kinds = {frozenset(f.column for f in s.header.found if f is not None) for s in returns}
    if len(kinds) > 1:
        raise InputDataError([_two_returns(source, returns)])
    return returns


def _two_returns(source: Source, returns: Sequence[SheetReading]) -> Problem:
    sets = [{f.column for f in s.header.found if f is not None} for s in returns]
    common = set.intersection(*sets)
    said = []
    for s, have in zip(returns, sets, strict=True):
        own = sorted(have - common)
        said.append(f"{s.grid.name!r} ({len(have)} columns" + (f", it alone {', '.join(own[:3])}" if own else "") + ")")
    names = [s.grid.name for s in returns]
    return Problem(
        code=ProblemCode.UNCLEAR_HEADER,
        message=f"{source.name}: several sheets could be the return, with different headers: {'; '.join(said)}; "
        f"say which with sheet={names[0]!r}, or put them one below the other with sheet={names!r}",
    )


def look_at(
    source: Source, grid: Grid, given: tuple[int, ...] | None, mapping: Mapping[str, str]
) -> SheetReading | None:
    filled = np.asarray(grid.cells != None, dtype=bool)  # noqa: E711 - cell by cell
    if not filled.any():
        return None
    if given is not None and max(given) >= len(grid.cells):
        raise InputError(
            f"{source.name}, sheet {grid.name!r} has {len(grid.cells)} rows; header={max(given) + 1} is none"
        )
    header = find_header(grid, given=given, mapping=mapping)
    return None if header is None else SheetReading(grid=grid, header=header, filled=filled)


def is_return(sheet: SheetReading, mapping: Mapping[str, str]) -> bool:
    chosen = named_by(mapping, sheet.header)
    columns = {f.column for f in sheet.header.found if f is not None}
    columns |= {chosen[n] for n in sheet.header.names if n in chosen}
    return bool(columns & {"school", "school_code"}) and len(columns) >= 2


def understand_sheets(source: Source, sheets: Sequence[SheetReading], mapping: Mapping[str, str] | None) -> None:
    """Give each column its meaning, and raise everything that cannot be decided at once."""
    errors: list[Problem] = []
    everywhere = [n for s in sheets for n in s.header.names if n]
    chosen = [named_by(mapping, s.header) for s in sheets]
    used = {c for s, m in zip(sheets, chosen, strict=True) for c in m if c in s.header.names}
    lost = {c for m in chosen for c in m if c not in everywhere}
    for name in sorted(lost - used):
        errors.append(missing_in_mapping(name, everywhere))
    for s, m in zip(sheets, chosen, strict=True):
        at = [c for c, n in enumerate(s.header.names) if n]
        names = [s.header.names[c] for c in at]
        understood, problems = understand(
            names, {k: v for k, v in m.items() if k in names}, [s.header.found[c] for c in at]
        )
        s.columns = {"understood": dict(zip(at, understood, strict=True))}
        letters = {n: column_letter(c) for c, n in zip(at, names, strict=True)}
        for p in problems:
            if p.severity is Severity.ERROR:
                errors.append(p)
            else:
                cell = letters.get(p.column or "")
                s.problems.append((f"{cell}{s.header.rows[-1] + 1}" if cell else None, p))
    if errors:
        raise InputDataError(errors)
