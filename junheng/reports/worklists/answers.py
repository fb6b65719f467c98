"""What schools and inspectors have filled in: a worklist is read back (private)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import evolve, frozen

from junheng._text import as_text, clean
from junheng.errors import InputError
from junheng.reading.files import open_source
from junheng.reading.grid import Grid
from junheng.reading.input_file import FileLike, open_input
from junheng.schools import fold
from junheng.words import LANGUAGES, Message, Quoted, listed, message, sentences

__all__ = ["Answer", "read_answers"]

#: The columns without which a sheet is no worklist.
_NEEDED = ("id", "result", "text")
#: The headers stand in one of the first rows.
_TOP = 30
#: Rows that a sentence names.
_NAMED = 10
_ID = re.compile(r"[A-Z]{4}(?:-[A-Z]{4}){2}")


@frozen
class Answer:
    """A line of a worklist that was handed out: what it was about, and what was filled in."""

    id: str
    result: str
    text: str
    cells: Mapping[str, str]
    """What else stands in the line, by column."""

    @property
    def is_blank(self) -> bool:
        """Whether nothing was filled in."""
        return not (self.result or self.text)


def read_answers(files: Sequence[FileLike]) -> tuple[dict[str, Answer], list[Message]]:
    """Return the lines of worklists by their ids, and sentences on what was not used.

    If a line is found twice, the result of the later one counts and texts that differ are joined.
    """
    found: dict[str, list[Answer]] = {}
    notices: list[Message] = []
    for file in files:
        source = open_source(open_input(file), lambda done: None, lambda name, i, hidden: True)
        sheets = [(grid, at) for grid in source.grids if (at := _headers(grid)) is not None]
        if not sheets:
            raise InputError(message("worklist.foreign", file=source.name, needed=_needed_headers()))
        for grid, (head, columns) in sheets:
            unused: list[int] = []
            for row, answer in _lines(grid, head, columns):
                if answer.id:
                    found.setdefault(answer.id, []).append(answer)
                elif not answer.is_blank:
                    unused.append(row + 1)
            notices += _unused(source.name, grid, unused, head, columns)
    return {id_: _together(lines) for id_, lines in found.items()}, notices


def _needed_headers() -> Any:
    """Return the headers as they stand in a Chinese worklist."""
    return listed((Quoted(sentences("worklist.column", "zh")[name]) for name in _NEEDED), "and")


def _headers(grid: Grid) -> tuple[int, dict[str, int]] | None:
    """Return the row of the headers and the position of each column; None if the sheet is no worklist."""
    names = {fold(label): id_ for lang in LANGUAGES for id_, label in sentences("worklist.column", lang).items()}
    for r, row in enumerate(grid.cells[:_TOP].tolist()):
        at: dict[str, int] = {}
        for c, cell in enumerate(row):
            if isinstance(cell, str) and (id_ := names.get(fold(cell))) is not None:
                at.setdefault(id_, c)
        if all(name in at for name in _NEEDED):
            return r, at
    return None


def _lines(grid: Grid, head: int, columns: Mapping[str, int]) -> Iterator[tuple[int, Answer]]:
    """Yield every line with its row; the id of a line that has none is empty."""
    above = {name: _merged(grid, columns[name], head) for name in ("result", "text")}
    for r, row in enumerate(grid.cells[head + 1 :].tolist(), start=head + 1):
        cells = {name: _text(row[c]) for name, c in columns.items()}
        id_ = cells.pop("id").upper()
        if not _ID.fullmatch(id_):
            id_ = ""
        elif above["result"] or above["text"]:
            merged = {name: at[r] for name, at in above.items() if r in at}
            cells |= {name: _text(grid.cells[r0, columns[name]]) for name, r0 in merged.items()}
        yield r, Answer(id_, cells.pop("result"), cells.pop("text"), cells)


def _merged(grid: Grid, column: int, head: int) -> dict[int, int]:
    """Return the first row of the merged cell that each row of a column is in: one explanation of several lines."""
    found: dict[int, int] = {}
    end = head
    for r0, c0, r1, c1 in sorted(grid.merges or ()):
        if c0 <= column <= c1 and r1 > r0 > head:
            rows = range(max(r0, end) + 1, min(r1, len(grid.cells) - 1) + 1)
            found |= dict.fromkeys(rows, r0)
            end = max(end, r1)
    return found


def _text(cell: Any) -> str:
    """Return a cell as text, line by line; 2025.0 is 2025."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "\n".join(filter(None, map(clean, as_text(cell).splitlines())))


def _together(lines: Sequence[Answer]) -> Answer:
    if len(lines) == 1:
        return lines[0]
    results = [a.result for a in lines if a.result]
    texts = dict.fromkeys(a.text for a in lines if a.text)
    return evolve(lines[-1], result=results[-1] if results else "", text="；".join(texts))


def _unused(name: str, grid: Grid, rows: Sequence[int], head: int, columns: Mapping[str, int]) -> Iterator[Message]:
    if rows:
        yield message("worklist.rows_without_id", file=name, sheet=Quoted(grid.name), rows=_rows(rows), n=len(rows))
    filled = {columns[c] for c in _NEEDED}
    lost = sorted({row + 1 for row, column, _ in grid.lost if row > head and column in filled})
    if lost:
        yield message("worklist.lost_cells", file=name, sheet=Quoted(grid.name), rows=_rows(lost), n=len(lost))


def _rows(rows: Sequence[int]) -> Any:
    return listed([*rows[:_NAMED], *(["…"] if len(rows) > _NAMED else [])])
