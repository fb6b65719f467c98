"""Find the headers of a sheet and the meaning of its columns (private)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import evolve, frozen

from junheng._text import one_line
from junheng.errors import InputDataError, InputError, Problem, ProblemCode
from junheng.reading.cells import is_figure, is_missing
from junheng.reading.grid import Grid, Merge, column_letter
from junheng.reading.meaning import bare_unit, meaning, type_of, words
from junheng.schools import Found, fold
from junheng.words import Quoted, message

#: Headers are searched in this many rows; they span at most four rows.
_HEAD = 80
_DEEPEST = 4
#: A row that recognises this share of what the best header row recognises could be the headers too.
_RIVAL = 0.75

#: Returns the meaning of headers above each other.
Meaning = Callable[[Sequence[str]], Found | None]


@frozen(eq=False)
class Header:
    """The headers of a sheet: their rows, and the name and meaning of each column."""

    rows: tuple[int, ...]
    paths: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]
    found: tuple[Found | None, ...]

    @property
    def known(self) -> int:
        """How many columns were recognised."""
        return len({f.column for f in self.found if f is not None})

    def positions(self, *columns: str) -> list[int]:
        """Return the positions of columns with one of these meanings."""
        return [i for i, f in enumerate(self.found) if f is not None and f.column in columns]

    def says(self, c: int, value: Any) -> bool:
        """Tell whether a cell repeats a header of its column."""
        text = one_line(value) if isinstance(value, str) else value
        return text in self.paths[c] or text == self.names[c]


def find_header(
    grid: Grid,
    *,
    given: Sequence[int] | None = None,
    mapping: Iterable[str] = (),
    understood: Meaning = meaning,
) -> Header | None:
    """Find the header rows; None if the sheet is empty.

    Raises
    ------
    InputDataError
        If two places are equally good.
    """
    rows, width = grid.cells.shape
    if not rows or not width:
        return None
    labels = _labels(grid, min(rows, max(_HEAD, max(given or (0,)) + 1)))
    top = _Top(
        grid=grid,
        labels=labels,
        texts=[_only_text(row) for row in labels],
        wanted={fold(m) for m in mapping},
        understood=understood,
    )
    if given is not None:
        return _header(top, tuple(given))
    best = _best_header(top)
    if best is None:
        return _unknown_header(top)
    return _refuse_rivals(top, best, _extended(top, best))


@frozen(eq=False)
class _Top:
    """The first rows of a sheet, in which headers are searched."""

    grid: Grid
    #: The cells of the rows; merged cells are repeated in each of their places.
    labels: Sequence[Sequence[Any]]
    #: Whether a row contains only words.
    texts: Sequence[bool]
    #: Headers that a mapping names, folded.
    wanted: set[str]
    understood: Meaning

    def score(self, header: Header) -> int:
        """Count the columns that headers recognise."""
        mapped = {n for n in header.names if {fold(n), _without_bracket(n)} & self.wanted}
        return len({f.column for f in header.found if f is not None} | mapped)


def _labels(grid: Grid, n: int) -> list[list[str | None]]:
    """Return the first rows with merged cells repeated in each of their places."""
    cells = grid.cells[:n]
    labels: list[list[Any]] = cells.tolist()
    for r0, c0, r1, c1 in _merges_in(grid, range(n)):
        if labels[r0][c0] is not None:
            for r in range(r0, min(r1 + 1, n)):
                labels[r][c0 : c1 + 1] = [labels[r0][c0]] * (min(c1 + 1, len(labels[r])) - c0)
    return labels


def _merges_in(grid: Grid, rows: Iterable[int]) -> Iterator[Merge]:
    """Yield the merged cells that begin in these rows."""
    for r in rows:
        yield from grid.merges_by_row.get(r, ())


def _only_text(row: Sequence[Any]) -> bool:
    filled = [v for v in row if v is not None]
    return bool(filled) and all(isinstance(v, str) and not is_figure(v) for v in filled)


# ------------------------------------------------------------------------------- which rows are the headers


def _best_header(top: _Top) -> Header | None:
    """Return the rows that recognise most columns, None if no row recognises any."""
    best: Header | None = None
    score = 0
    for r in range(len(top.labels)):
        for rows in _blocks(top, r):
            header = _header(top, rows)
            n = top.score(header)
            # with equal scores prefer fewer rows: a title above adds nothing
            # (an equally good header further below may be that of a second printed page)
            if n > score or (best is not None and n == score and len(rows) < len(best.rows) and r <= best.rows[-1]):
                best, score = header, n
    return best


def _blocks(top: _Top, r: int) -> Iterable[tuple[int, ...]]:
    """Yield the runs of word-only rows that start at a row."""
    for depth in range(1, _DEEPEST + 1):
        if r + depth > len(top.labels) or not top.texts[r + depth - 1]:
            return
        yield tuple(range(r, r + depth))


def _refuse_rivals(top: _Top, best: Header, header: Header) -> Header:
    """Return the headers; raise an error if another row could be the headers too."""
    enough = max(3, _RIVAL * top.score(best))
    for r, row in enumerate(top.labels):
        rival = top.texts[r] and r not in header.rows and top.score(_header(top, (r,))) >= enough
        if rival and not _repeats(header, top.grid.cells[r].tolist()):
            raise InputDataError([two_headers(top.grid, header, r, row)])
    return header


def _repeats(header: Header, row: Sequence[Any]) -> bool:
    """Tell whether a row repeats a header row, as on the next printed page."""
    filled = [(c, v) for c, v in enumerate(row) if v is not None]
    return bool(filled) and all(header.says(c, v) for c, v in filled)


def two_headers(grid: Grid, best: Header, row: int, other: Sequence[Any]) -> Problem:
    """Return the problem that two rows could be the headers."""
    headers = {
        "row": best.rows[0] + 1,
        "headers": "、".join(n for n in best.names if n)[:60],
        "other": row + 1,
        "others": "、".join(str(v) for v in other if v is not None)[:60],
    }
    sentence = message("reading.two_headers", sheet=Quoted(grid.name), **headers)
    return Problem(code=ProblemCode.UNCLEAR_HEADER, value=str(row + 1), message=sentence)


def _unknown_header(top: _Top) -> Header | None:
    """Use the first full row of words as headers if none is recognised."""
    filled = [sum(v is not None for v in row) for row in top.labels]
    widest = max(filled, default=0)
    for r, row in enumerate(top.labels):
        if top.texts[r] and filled[r] * 2 > widest and len({v for v in row if v is not None}) == filled[r]:
            return _header(top, (r,))
    if widest == 0:
        return None
    raise InputError(message("reading.no_headers", sheet=Quoted(top.grid.name), rows=len(top.labels)))


# ---------------------------------------------------------------------------- what the headers of rows are


def _header(top: _Top, rows: tuple[int, ...]) -> Header:
    """Read rows as headers: the labels above each other, the name and the meaning of each column."""
    grid, width = top.grid, top.grid.cells.shape[1]
    lines = _spread_groups(top, rows)
    paths = [_path([line[c] for line in lines]) for c in range(width)]
    # a header merged over several columns names only the first of them
    for _, c0, r1, c1 in _merges_in(grid, rows):
        if r1 >= rows[-1]:
            for c in range(c0 + 1, min(c1 + 1, width)):
                if paths[c] == paths[c0]:
                    paths[c] = ()
    names = [_name(path) for path in paths]
    twice = {n for n in names if n and names.count(n) > 1}
    names = [f"{n} (column {column_letter(c)})" if n in twice else n for c, n in enumerate(names)]
    return Header(
        rows=rows, paths=tuple(paths), names=tuple(names), found=tuple(top.understood(p) if p else None for p in paths)
    )


def _spread_groups(top: _Top, rows: tuple[int, ...]) -> list[list[Any]]:
    """Return the rows with each group header repeated over all its columns.

    Without merged cells a group extends to the next one, as far as there are labels below.
    """
    near = range(rows[0] - _DEEPEST, rows[-1] + 1)
    merged = {r for r0, _, r1, _ in _merges_in(top.grid, near) for r in range(r0, min(r1, r0 + _DEEPEST) + 1)}
    lines = [list(top.labels[r]) for r in rows]
    for r, line in zip(rows[:-1], lines, strict=False):
        if r not in merged:
            for c in range(1, len(line)):
                if line[c] is None and line[c - 1] is not None and top.labels[rows[-1]][c] is not None:
                    line[c] = line[c - 1]
    return lines


def _path(labels: Sequence[Any]) -> tuple[str, ...]:
    """Return the labels above each other in a column, without repeats."""
    path: list[str] = []
    for label in labels:
        text = None if label is None else one_line(str(label))
        if text and (not path or path[-1] != text):
            path.append(text)
    return tuple(path)


def _name(path: Sequence[str]) -> str:
    if len(path) > 1 and bare_unit(path[-1]) is not None:
        return f"{_name(path[:-1])}({path[-1].strip('()（）')})"
    return " / ".join(path)


# ----------------------------------------------------------------- rows below that belong to the headers


def _extended(top: _Top, header: Header) -> Header:
    """Add the rows below that belong to the headers: rows covered by merged cells, and a row of units."""
    last = header.rows[-1]
    for _, _, r1, _ in _merges_in(top.grid, header.rows):
        if last < r1 < min(header.rows[0] + _DEEPEST, len(top.labels)):
            last = r1
    rows = [r for r in range(header.rows[0], last + 1) if r <= header.rows[-1] or top.texts[r]]
    if len(rows) > len(header.rows):
        longer = _header(top, tuple(rows))
        header = longer if top.score(longer) >= top.score(header) else header
    under = _unit_row(top, header)
    return header if under is None else _with_units(top, header, under)


def _unit_row(top: _Top, header: Header) -> int | None:
    """Return the row of units below the headers, None if there is none.

    In word columns it is empty or has a dash or a label such as 计量单位; most other cells are known units.
    """
    for under in range(header.rows[-1] + 1, min(header.rows[-1] + 4, len(top.labels))):
        row = top.labels[under]
        if all(v is None for v in row) or is_numbering(row):
            continue
        return under if top.texts[under] and _gives_units(header, row) else None
    return None


def _gives_units(header: Header, row: Sequence[Any]) -> bool:
    given = [(f, v) for f, v in zip(header.found, row, strict=True) if v is not None and not _says_nothing(v)]
    known = sum(bare_unit(v) is not None for _, v in given)
    words_in_keys = any(f is not None and type_of(f) != "number" and bare_unit(v) is None for f, v in given)
    return known > 0 and 2 * known >= len(given) and not words_in_keys


def _with_units(top: _Top, header: Header, under: int) -> Header:
    """Add a row of units; an unknown unit is kept, so that its column is refused."""
    row = top.labels[under]
    # a label or a dash is not a unit
    labels = list(top.labels)
    labels[under] = [v if v is not None and bare_unit(v) is not None else None for v in row]
    longer = _header(evolve(top, labels=labels), (*header.rows, under))
    found = [_with_odd_unit(f, v) if u is None else f for f, u, v in zip(longer.found, labels[under], row, strict=True)]
    return evolve(longer, found=tuple(found))


def _with_odd_unit(found: Found | None, cell: Any) -> Found | None:
    if found is None or type_of(found) != "number" or cell is None or _says_nothing(cell):
        return found
    return Found(column=found.column, unit=fold(cell), remarks=found.remarks)


def _says_nothing(cell: Any) -> bool:
    """Tell whether a cell in a row of units is a dash or the label of the row."""
    bare = fold(cell).strip("():")
    return is_missing(cell) or bare in words("headers", "units")


# ---------------------------------------------------------------------- rows that only number the columns


def _ordinals() -> dict[str, int]:
    ordinals = {c: i for i, c in enumerate("甲乙丙丁戊己庚辛壬癸", -100)}
    ordinals |= {c: i for i, c in enumerate("abcdefghijklmnopqrstuvwxyz", -50)}
    return ordinals


_ORDINAL = _ordinals()


def is_numbering(row: Sequence[Any], *, gaps: bool = False) -> bool:
    """Tell whether a row only numbers the columns: 甲 乙 1 2 3, or L1 L2 L3.

    With ``gaps``, columns may have been deleted since: 甲 乙 1 2 4 5.
    """
    numbers: list[int] = []
    marks = 0
    for value in row:
        if value is None:
            continue
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if value != int(value):
                return False
            numbers.append(int(value))
            continue
        text = fold(str(value)).strip("()[]")
        if text in _ORDINAL:
            marks += 1
        elif match := re.fullmatch(r"l?([0-9]{1,3})", text):
            numbers.append(int(match.group(1)))
        else:
            return False
    if len(numbers) + marks < 3 or (numbers and numbers[0] > 1 + marks + 3):
        return False
    steps = np.diff(numbers)
    if gaps and marks and len(numbers) >= 3:
        return bool((steps >= 1).all() and 2 * (steps == 1).sum() >= steps.size and steps.sum() <= 2 * steps.size)
    return bool((steps == 1).all())


def has_marks(row: Sequence[Any]) -> bool:
    """Tell whether a row contains text other than digits."""
    return any(isinstance(v, str) and not v.isdigit() for v in row)


# ------------------------------------------------------------------------------------ headers by their names


def _without_bracket(name: str) -> str:
    """Return a header, folded, without the brackets at its end."""
    folded = fold(name)
    before, bracket, inside = folded.rpartition("(")
    return before if bracket and inside.endswith(")") else folded


def named_by(mapping: Mapping[str, str] | None, header: Header) -> dict[str, str]:
    """Return the mapping by column names; the lowest of several header labels may be given alone.

    A header may be given without its unit in brackets if no other has the same name.
    """
    by_name: dict[str, str] = {}
    for key, column in (mapping or {}).items():
        hits = [n for n in header.names if n == key]
        hits = hits or [n for n in header.names if n and fold(n) == fold(key)]
        hits = hits or [n for n, p in zip(header.names, header.paths, strict=True) if p and fold(p[-1]) == fold(key)]
        if not hits:
            without = [n for n in header.names if n and _without_bracket(n) == fold(key)]
            hits = without if len(without) == 1 else []
        for name in hits or [key]:
            by_name[name] = column
    return by_name
