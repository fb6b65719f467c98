"""Where the rows of a table stand in the file that they were read from.

A frame of :func:`junheng.read_schools` carries this in its ``attrs``, as plain values: pandas copies them with the
frame and writes them into parquet files. Nothing depends on it but the place that a problem names, and a place is named
only while each row still has the name with which it was read.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from attrs import define, frozen
from numpy.typing import NDArray

from junheng.errors import Problem
from junheng.words import Row, with_rows

_KEY = "junheng.origin"
#: The columns that tell whether a row is still the one that was read; the first that a frame has.
_NAMES = ("school", "school_code")


@frozen(eq=False)
class Origin:
    """The sheet and the row of each row of a frame, and the letters of its columns."""

    sheets: Sequence[str]
    #: For each row: position in ``sheets``, and the row as a spreadsheet shows it.
    sheet: NDArray[np.int64]
    row: NDArray[np.int64]
    letters: Mapping[str, Mapping[str, str]]

    def row_of(self, position: int, beside: int | None = None) -> Row:
        """Return a row as the file shows it, with its sheet unless that is the one of the row ``beside``."""
        same = beside is not None and self.sheet[beside] == self.sheet[position]
        return Row(position, int(self.row[position]), None if same else self.sheets[self.sheet[position]])

    def locate(self, problem: Problem) -> Problem:
        """Return a problem with its place in the file."""
        at = problem.position
        if at is None:
            return problem
        sheet, row = self.sheets[self.sheet[at]], int(self.row[at])
        letter = self.letters.get(sheet, {}).get(problem.column or "")
        return attrs.evolve(
            problem,
            sheet=sheet,
            row=row,
            cell=f"{letter}{row}" if letter else None,
            message=with_rows(problem._message, lambda other: self.row_of(other.at, at)),
        )


@define(eq=False)
class FileRows:
    """The origin of a frame, looked up when the first problem of a row is found: most tables have none."""

    _frame: Any
    _origin: Origin | None = None
    _looked_up: bool = False

    def locate(self, problem: Problem) -> Problem:
        """Return a problem with its place in the file, as long as the rows are those of the file."""
        if problem.position is None:
            return problem
        origin = self.look_up()
        return problem if origin is None else origin.locate(problem)

    def look_up(self) -> Origin | None:
        """Return the origin of the frame; None if its rows are no longer those of the file."""
        if not self._looked_up:
            self._origin, self._looked_up = origin_of(self._frame), True
        return self._origin


def file_rows(frame: Any) -> FileRows | None:
    """Return the rows of the file that a frame was read from; None if it was not read from one."""
    return FileRows(frame) if _KEY in getattr(frame, "attrs", {}) else None


def remember(
    frame: Any, sheets: Sequence[tuple[str, NDArray[np.int64]]], letters: Mapping[str, Mapping[str, str]]
) -> None:
    """Note in a pandas frame which rows of which sheets it was read from."""
    runs = [[at, *run] for at, (_, rows) in enumerate(sheets) for run in _runs(rows)]
    frame.attrs[_KEY] = {
        "sheets": [name for name, _ in sheets],
        "runs": runs,
        "letters": {sheet: dict(of_sheet) for sheet, of_sheet in letters.items()},
        "names": _digests(_names(frame)),
    }


def origin_of(frame: Any) -> Origin | None:
    """Return where the rows of a frame stand in a file; None if it was not read from one, or was renumbered since."""
    noted: dict[str, Any] | None = getattr(frame, "attrs", {}).get(_KEY)
    positions = None if noted is None else _positions(frame)
    if noted is None or positions is None:
        return None
    sheet = np.concatenate([np.zeros(0, dtype=np.int64), *(np.full(n, s) for s, _, n in noted["runs"])])
    row = np.concatenate([np.zeros(0, dtype=np.int64), *(np.arange(r, r + n) for _, r, n in noted["runs"])])
    if positions.size and (positions.min() < 0 or positions.max() >= row.size):
        return None
    known = noted["names"]
    if _digests(_names(frame)) != "".join(known[_WIDTH * i : _WIDTH * (i + 1)] for i in positions.tolist()):
        return None
    return Origin(noted["sheets"], sheet[positions], row[positions], noted["letters"])


def _positions(frame: Any) -> NDArray[np.int64] | None:
    """Return the positions that rows had when they were read: pandas keeps them as the index."""
    index = frame.index
    return np.asarray(index, dtype=np.int64) if index.dtype.kind in "iu" and index.nlevels == 1 else None


def _runs(rows: NDArray[np.int64]) -> Iterable[tuple[int, int]]:
    """Yield first row and length of each run of rows that follow each other."""
    for run in np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1):
        if run.size:
            yield int(run[0]), int(run.size)


def _names(frame: Any) -> list[Any]:
    column = next((frame[n] for n in _NAMES if n in frame.columns), None)
    return [None] * len(frame) if column is None else column.tolist()


_WIDTH = 4


def _digests(names: Sequence[Any]) -> str:
    """Return four hexadecimal digits for each name; a string, which pandas copies at no cost."""
    known = {name: f"{zlib.crc32(str(name).encode('utf-8', 'replace')) & 0xFFFF:04x}" for name in set(names)}
    return "".join(map(known.__getitem__, names))
