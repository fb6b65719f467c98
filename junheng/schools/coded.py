"""The columns of a frame as codes and words, each column coded once; a nation's names only where somebody asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import Factory, frozen
from numpy.typing import NDArray

from junheng._arrays import Ints
from junheng._frames import Table, all_distinct, combine_codes
from junheng._text import characters
from junheng.schools.cells import BLANKS, TOTAL, TOTAL_FIRST, is_blank, is_nothing
from junheng.schools.vocabulary import fold

__all__ = ["CodedColumns"]


@frozen(eq=False)
class CodedColumns:
    """A frame whose columns are read as codes and words; what was worked out is kept, and changes nothing."""

    table: Table
    _codes: dict[str, tuple[NDArray[Any], Sequence[Any]]] = Factory(dict)
    _hints: dict[str, Ints | None] = Factory(dict)

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.table.rows

    def with_columns(self, new: Mapping[str, Any]) -> CodedColumns:
        """Return the frame with columns replaced or added; what is known of the others is kept."""
        codes = {n: v for n, v in self._codes.items() if n not in new}
        hints = {n: v for n, v in self._hints.items() if n not in new}
        return CodedColumns(self.table.with_columns(new), codes, hints)

    def codes(self, name: str) -> tuple[NDArray[Any], Sequence[Any]]:
        """Return a code a row (-1: empty) and the words of a column."""
        if name not in self._codes:
            codes, words = self.table.codes(name)
            if self._hints.get(name) is not None:  # a nation has as many names as schools
                blank = np.unique(codes[self.gaps(name)]).tolist()
            else:
                blank = [i for i, w in enumerate(words) if is_blank(w)]
            self._codes[name] = (np.where(np.isin(codes, blank), -1, codes) if blank else codes, words)
        return self._codes[name]

    def cell(self, name: str, row: int) -> Any:
        """Return one cell, None where nothing stands in it."""
        if name not in self._codes and self.table.is_text(name):
            value = self.table.cell(name, row)
            return None if is_blank(value) else value
        codes, words = self.codes(name)
        return words[codes[row]] if codes[row] >= 0 else None

    def is_empty(self, name: str) -> bool:
        """Tell whether a reader sees nothing in a whole column; not of a table without rows."""
        if not self.rows or not is_nothing(self.table.first(name)):
            return False
        return all(map(is_nothing, self.table.codes(name)[1]))

    def characters(self, name: str) -> frozenset[str]:
        """Return the characters of a column, plain Chinese and digits of a large one perhaps left out."""
        text = None if name in self._codes else self.table.text(name)
        return characters(self.codes(name)[1] if text is None else [text])

    def gaps(self, name: str) -> Ints:
        """Return the rows in which a column is empty."""
        rows = self._hint(name)
        if rows is None:
            return np.flatnonzero(self.codes(name)[0] < 0)
        blank: Ints = rows[np.array([is_blank(w) for w in self.table.cells(name, rows)], dtype=bool)]
        return blank

    def totals(self, name: str) -> list[int]:
        """Return the rows that call themselves a total."""
        rows = self._hint(name)
        if rows is not None:
            cells = self.table.cells(name, rows)
            return [r for r, w in zip(rows.tolist(), cells, strict=True) if w and TOTAL.fullmatch(fold(w))]
        codes, words = self.codes(name)
        # a cheap look first
        hit = [i for i, w in enumerate(words) if isinstance(w, str) and w[:1] in TOTAL_FIRST]
        hit = [i for i in hit if TOTAL.fullmatch(fold(words[i]))]
        return np.flatnonzero(np.isin(codes, hit)).tolist() if hit else []

    def _hint(self, name: str) -> Ints | None:
        """Return the rows of a column of names that may be totals or blank; None where all have to be looked at.

        A nation has as many names as schools: coding them all is the dearest part of reading it.
        """
        if name not in self._hints:
            known = name in self._codes
            self._hints[name] = None if known else self.table.starting(name, TOTAL_FIRST | BLANKS)
        return self._hints[name]

    def neighbours(self, outer: Sequence[str], inner: str) -> Ints | None:
        """Return a number a row by some columns, where a look at the row before is enough to tell.

        That is where equal rows stand together: every combination of ``outer`` in one run, and in it ``inner``
        rising. None where the table is not so, or a cell is empty.
        """
        if any(self.table.is_mixed(n) for n in outer):
            return None
        codes = [self.codes(name) for name in outer]
        if self.rows < 2 or not codes or any((c < 0).any() for c, _ in codes):
            return None
        new = np.ones(self.rows, dtype=bool)
        new[1:] = False
        for c, _ in codes:
            new[1:] |= c[1:] != c[:-1]
        first = np.flatnonzero(new)
        if not all_distinct(combine_codes([(c[first], len(w)) for c, w in codes])) or self.gaps(inner).size:
            return None
        changes, rises = self.table.changes(inner), self.table.rises(inner)
        # where another begins, it is greater than the one before, or belongs to something else
        if changes is None or rises is None or not (rises | new[1:] | ~changes).all():
            return None
        new[1:] |= changes
        out = np.cumsum(new)
        out -= 1
        return out
