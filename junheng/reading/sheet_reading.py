"""A sheet while it is read: the meaning of its columns, its schools and its problems (private)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from attrs import define, evolve, field, frozen
from numpy.typing import NDArray

from junheng.errors import InputDataError, InputError, Problem, ProblemCode, Severity
from junheng.reading.grid import Grid, Merge, Source, cell_name, column_letter
from junheng.reading.layout import Header, named_by
from junheng.reading.rows import LeftOut, Rows, left_out_rows, shown
from junheng.reading.sheets import FoundSheet
from junheng.schools import Column, Found, base_column, missing_in_mapping, understand
from junheng.schools.headers import Understood
from junheng.words import Message, Quoted, message


@frozen(eq=False)
class ReadColumn:
    """How a column was read: ``column`` is canonical; the counts are of its cells."""

    letter: str
    header: str | None
    column: str | None
    unit: str | None
    factor: tuple[int, int]
    cells: int
    converted: int
    missing: int
    unread: int


@frozen
class Change:
    """A change made to a cell, or to a range of cells: the text before and after, and why, as a code."""

    cell: str | None
    column: str | None
    before: str | None
    after: str | None
    why: str


@define
class SheetReading:
    """A sheet while it is read."""

    grid: Grid
    header: Header
    filled: NDArray[np.bool_]
    rows: Rows
    #: The meaning of the headers, by position of the column.
    understood: Mapping[int, Understood]
    #: The columns of the table by name, and how each was read, by position.
    columns: dict[str, Any] = field(factory=dict)
    read: dict[int, ReadColumn] = field(factory=dict)
    problems: list[Problem] = field(factory=list)
    #: What was changed in cells.
    changes: list[Change] = field(factory=list)
    #: The mark of decimals, None if it is detected.
    decimal: str | None = None

    @property
    def n(self) -> int:
        """Number of schools in the sheet."""
        return self.rows.schools.size

    @property
    def left_out(self) -> list[LeftOut]:
        """The rows left out, except empty rows below the last filled one."""
        last = int(np.flatnonzero(self.filled.any(axis=1)).max(initial=-1))
        return [o for o in self.rows.left_out if o.reason != "blank" or o.row <= last]

    def add(self, code: ProblemCode, sentence: Message | str, *, cell: str | None = None, **fields: Any) -> None:
        """Record a problem."""
        fields.setdefault("severity", Severity.WARNING)
        self.problems.append(Problem(code=code, message=sentence, sheet=self.grid.name, cell=cell, **fields))

    def lines_above(self) -> list[str]:
        """Return the cells above the headers."""
        return [str(v) for r in range(self.header.rows[0]) for v in self.grid.cells[r].tolist() if v is not None]

    def lines_below(self) -> list[str]:
        """Return the texts between the headers and the first school."""
        first = int(self.rows.schools.min(initial=self.header.rows[-1] + 1))
        return [o.text for o in self.rows.left_out if self.header.rows[-1] < o.row < first]


def begin_reading(source: Source, found: Sequence[FoundSheet], mapping: Mapping[str, str] | None) -> list[SheetReading]:
    """Find the meaning of each column and the schools; raise an error if a column cannot be decided."""
    chosen = [named_by(mapping, s.header) for s in found]
    names = [n for s in found for n in s.header.names]
    lost = {name for m in chosen for name in m if name not in names}
    errors = [missing_in_mapping(name, [n for n in names if n]) for name in sorted(lost)]
    meanings = [_understand(s, m) for s, m in zip(found, chosen, strict=True)]
    errors += [p for _, problems in meanings for p in problems if p.severity is Severity.ERROR]
    if errors:
        raise InputDataError(errors)
    return [_with_rows(source, s, *meaning) for s, meaning in zip(found, meanings, strict=True)]


def _understand(s: FoundSheet, mapping: Mapping[str, str]) -> tuple[dict[int, Understood], list[Problem]]:
    header = s.header
    at = [c for c, n in enumerate(header.names) if n]
    names = [header.names[c] for c in at]
    understood, problems = understand(
        names, {k: v for k, v in mapping.items() if k in names}, [header.found[c] for c in at]
    )
    cells = {n: cell_name(header.rows[-1], c) for c, n in zip(at, names, strict=True)}
    placed = [evolve(p, sheet=s.grid.name, cell=cells.get(p.column or "")) for p in problems]
    return dict(zip(at, understood, strict=True)), placed


def _with_rows(
    source: Source, found: FoundSheet, understood: Mapping[int, Understood], problems: list[Problem]
) -> SheetReading:
    header = _as_understood(found.header, understood)
    rows = left_out_rows(found.grid, header, found.filled)
    s = SheetReading(found.grid, header, found.filled, rows, understood, problems=problems)
    _refuse_long_rows(source, s)
    _spread_merged(s)
    return s


def _as_understood(header: Header, understood: Mapping[int, Understood]) -> Header:
    """Return the headers with the columns that a mapping names."""
    found = list(header.found)
    for c, meaning in understood.items():
        known = found[c]
        if meaning.column is not None and (known is None or known.column != meaning.column):
            found[c] = Found(column=meaning.column, unit=meaning.unit)
    return evolve(header, found=tuple(found))


def _refuse_long_rows(source: Source, s: SheetReading) -> None:
    """Refuse a text file with rows longer or shorter than the headers: figures would be in the wrong columns."""
    if source.kind not in ("csv", "tsv", "text") or not s.n:
        return
    width = max((c + 1 for c, n in enumerate(s.header.names) if n), default=0)
    _refuse_a_gap(source, s, width)
    if width == s.filled.shape[1]:
        return
    long = s.rows.schools[s.filled[s.rows.schools, width:].any(axis=1)]
    if long.size:
        raise InputError(message("reading.long_row", path=source.name, line=int(long[0]) + 1, headers=width))


def _refuse_a_gap(source: Source, s: SheetReading, width: int) -> None:
    """Refuse headers with one separator too many: the last header has no value, another is empty or cut in two."""
    values = set(np.flatnonzero(s.filled[s.rows.schools, :width].any(axis=0)).tolist())
    if width - 1 in values:
        return
    names, line = s.header.names[:width], s.header.rows[-1] + 1
    gaps = [c for c, n in enumerate(names) if not n and c in values]
    if gaps:
        raise InputError(message("reading.gap_in_headers", path=source.name, line=line, column=gaps[0] + 1))
    cut = [n for n, after in pairwise(names) if n and after and _opens(n) and not _opens(after) and _closes(after)]
    if cut:
        raise InputError(message("reading.cut_header", path=source.name, line=line, header=Quoted(cut[0])))


def _opens(text: str) -> bool:
    """Tell whether a bracket is opened that is not closed."""
    return text.replace("（", "(").rfind("(") > text.replace("）", ")").rfind(")")


def _closes(text: str) -> bool:
    """Tell whether a bracket is closed that was not opened."""
    closed = text.replace("）", ")").find(")")
    return closed >= 0 and "(" not in text.replace("（", "(")[:closed]


# ---------------------------------------------------------------------------------- cells merged over rows


def _spread_merged(s: SheetReading) -> None:
    """Repeat merged cells in every row; figures of people merged over several rows become missing."""
    merges = [m for m in s.grid.merges or () if m[0] > s.header.rows[-1]]
    _empty_merged_across(s, [m for m in merges if m[3] > m[1]])
    schools = s.rows.schools
    # an empty column of codes does not identify schools
    codes = [c for c in s.header.positions("school_code") if s.filled[schools, c].any()]
    names = codes or s.header.positions("school")
    # words first: figures need to know whether two rows are one school
    for merge in sorted((m for m in merges if m[2] > m[0]), key=lambda m: _is_number(_base_at(s, m[1]))):
        r0, c, r1, _ = merge
        first, end = np.searchsorted(schools, (r0, r1 + 1))
        rows = schools[first:end].tolist()
        if s.grid.cells[r0, c] is None or len(rows) < 2:
            continue
        base = _base_at(s, c)
        if base is None or base.type != "number" or (base.shared and _are_one_school(s, rows, names)):
            _fill_merged(s, merge, rows)
        else:
            _empty_merged(s, merge, rows)


def _fill_merged(s: SheetReading, merge: Merge, rows: list[int]) -> None:
    """Repeat the value of a merged cell in each of its rows."""
    r0, c, _, _ = merge
    value = s.grid.cells[r0, c]
    s.grid.cells[rows, c] = value
    s.filled[rows, c] = True
    below = [r for r in rows if r != r0]
    column = s.understood[c].column if c in s.understood else None
    s.changes.append(Change(_range(below, c), column, None, shown(value), "merged_filled"))


def _empty_merged_across(s: SheetReading, merges: Sequence[Merge]) -> None:
    """Empty figures of schools that are merged over several recognised columns."""
    schools = set(s.rows.schools.tolist()) if merges else set()
    for r0, c0, _, c1 in merges:
        known = [c for c in range(c0, c1 + 1) if c in s.understood and s.understood[c].column is not None]
        value = s.grid.cells[r0, c0]
        if r0 not in schools or len(known) < 2 or value is None or not _is_number(_base_at(s, known[0])):
            continue
        s.grid.cells[r0, c0] = None
        column = s.understood[known[0]].column
        s.changes.append(Change(cell_name(r0, c0), column, shown(value), None, "merged_emptied"))
        span = {"first": column_letter(c0), "last": column_letter(c1)}
        sentence = message("reading.merged_across", value=Quoted(shown(value)), **span)
        s.add(ProblemCode.MERGED_CELL, sentence, cell=cell_name(r0, c0), column=column, value=shown(value))


def _range(rows: Sequence[int], c: int) -> str:
    first, last = cell_name(rows[0], c), cell_name(rows[-1], c)
    return first if first == last else f"{first}:{last}"


def _empty_merged(s: SheetReading, merge: Merge, rows: list[int]) -> None:
    r0, c, _, _ = merge
    value = s.grid.cells[r0, c]
    s.grid.cells[rows, c] = None
    s.changes.append(Change(_range(rows, c), s.understood[c].column, shown(value), None, "merged_emptied"))
    s.add(
        ProblemCode.MERGED_CELL,
        message("reading.merged", value=Quoted(shown(value)), first=rows[0] + 1, last=rows[-1] + 1),
        cell=cell_name(r0, c),
        column=s.understood[c].column,
        value=str(value),
    )


def _are_one_school(s: SheetReading, rows: Sequence[int], names: Sequence[int]) -> bool:
    named = {s.grid.cells[r, names[0]] for r in rows} if names else {None}
    return len(named) == 1 and None not in named


def _base_at(s: SheetReading, c: int) -> Column | None:
    column = s.understood[c].column if c in s.understood else None
    found = base_column(column) if column else None
    return None if found is None else found[0]


def _is_number(base: Column | None) -> bool:
    return base is not None and base.type == "number"
