"""Sections by county, and by county and stage (private)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Groups, Ints, compress_codes
from junheng._codes import first_codes
from junheng._data import STAGES
from junheng.schools.cells import parse_numbers
from junheng.schools.table import SchoolTable

__all__ = ["Counties"]


@frozen(eq=False, slots=False)
class Counties:
    """Sections by county; those that count also by county and stage.

    Attributes
    ----------
    codes : (sections,) int array
        County (and year) of each section, in order of appearance.
    words : list of (str, list)
        For each column that identifies a county, the word of every county.
    usable : (counted,) int array
        The sections that count.
    present : (groups,) int array
        Counties and stages with a section that counts: county times the number of stages, plus stage.
    group_codes : (counted,) int array
        Group of each section that counts.
    groups : Groups
        The same for the kernel, which is given whole columns.
    """

    codes: Ints
    words: list[tuple[str, list[Any]]]
    usable: Ints
    present: Ints
    group_codes: Ints
    groups: Groups

    @classmethod
    def from_rows(
        cls, table: SchoolTable, rows: Ints | slice, stage: NDArray[np.int8], out: NDArray[np.int8]
    ) -> Counties:
        """Group sections that come from some ``rows`` of a table; those with a code in ``out`` do not count."""
        raw = [(name, *table.codes(name)) for name in table.by if name in table.has]
        raw = [(name, codes[rows], words) for name, codes, words in raw]
        codes, firsts = first_codes([(c, len(words)) for _, c, words in raw] or [(np.zeros(stage.size, np.int64), 1)])
        named = [(name, [w[c] if c >= 0 else None for c in own[firsts].tolist()]) for name, own, w in raw]
        usable = np.flatnonzero(out == 0)
        every = usable.size == stage.size
        group = (codes if every else codes[usable]) * len(STAGES)
        group += stage if every else stage[usable]
        present = np.empty(0, dtype=np.int64)
        if group.size:
            group, present = compress_codes(group, int(codes.max() + 1) * len(STAGES))
        groups = Groups.from_codes(group, present.size)
        if not every:
            groups = evolve(groups, order=usable if groups.order is None else usable[groups.order])
        return cls(codes, named, usable, present, group, groups)

    @cached_property
    def years(self) -> Floats:
        """Year of each county, NaN where the table has none."""
        for name, words in self.words:
            if name == "year":
                return parse_numbers(np.array([*words, None], dtype=object)[:-1])[0]
        return np.full(len(self.words[0][1]) if self.words else 0, np.nan)

    @property
    def years_of_sections(self) -> Floats:
        """Year of each section, NaN where the table has none."""
        return self.years[self.codes] if self.years.size else np.full(self.codes.size, np.nan)
