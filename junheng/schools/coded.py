"""The columns of a frame as codes and words, each column coded once, when first asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import Factory, frozen
from numpy.typing import NDArray

from junheng._arrays import Ints
from junheng._frames import Table
from junheng._text import characters
from junheng.schools.cells import MAYBE_TOTAL, TOTAL, is_blank, is_nothing
from junheng.schools.vocabulary import fold

__all__ = ["CodedColumns"]


@frozen(eq=False)
class CodedColumns:
    """A frame whose columns are read as codes and words; results are cached."""

    table: Table
    _codes: dict[str, tuple[NDArray[Any], Sequence[Any]]] = Factory(dict)
    _hints: dict[str, Ints | None] = Factory(dict)

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.table.rows

    def with_columns(self, new: Mapping[str, Any]) -> CodedColumns:
        """Return the frame with columns replaced or added; codes of the others are kept."""
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
        """Return one cell, None if it is blank."""
        if name not in self._codes and self.table.is_text(name):
            value = self.table.cell(name, row)
            return None if is_blank(value) else value
        codes, words = self.codes(name)
        return words[codes[row]] if codes[row] >= 0 else None

    def is_empty(self, name: str) -> bool:
        """Return whether a whole column looks blank."""
        if not is_nothing(self.table.first(name)):
            return False
        return all(map(is_nothing, self.table.codes(name)[1]))

    def characters(self, name: str) -> frozenset[str]:
        """Return the characters of a column; of a large one perhaps without plain Chinese and digits."""
        text = None if name in self._codes else self.table.text(name)
        return characters(self.codes(name)[1] if text is None else [text])

    def gaps(self, name: str) -> Ints:
        """Return the rows in which a column is blank."""
        rows = self._hint(name)
        if rows is None:
            return np.flatnonzero(self.codes(name)[0] < 0)
        blank: Ints = rows[np.array([is_blank(w) for w in self.table.cells(name, rows)], dtype=bool)]
        return blank

    def totals(self, name: str) -> list[int]:
        """Return the rows whose name is a total."""
        rows = self._hint(name)
        if rows is not None:
            cells = self.table.cells(name, rows)
            return [r for r, w in zip(rows.tolist(), cells, strict=True) if w and TOTAL.fullmatch(fold(w))]
        codes, words = self.codes(name)
        hit = [i for i, w in enumerate(words) if isinstance(w, str) and re.search(MAYBE_TOTAL, w)]
        hit = [i for i in hit if TOTAL.fullmatch(fold(words[i]))]
        return np.flatnonzero(np.isin(codes, hit)).tolist() if hit else []

    def _hint(self, name: str) -> Ints | None:
        """Return the rows of a column of names that may be totals or blank; None if all must be checked.

        A nation has as many names as schools: coding them all is the slowest part of reading it.
        """
        if name not in self._hints:
            known = name in self._codes
            self._hints[name] = None if known else self.table.matching(name, MAYBE_TOTAL)
        return self._hints[name]
