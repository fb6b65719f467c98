"""Requirements by number of classes, for whole schools or their stages."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng.indicators import exact
from junheng.indicators.compliance import UNMET
from junheng.judging.subjects import Subjects
from junheng.standards.model import Comparison, SizeTable

__all__ = ["required_by_size"]


def required_by_size(subjects: Subjects, test: Comparison) -> tuple[Floats, Floats, set[Fraction]]:
    """Return the easiest and the strictest requirement of each subject, NaN if unknown, and all of them exactly.

    The tables add up: a nine-year school may be asked for what its primary stage needs and what its junior stage needs.
    """
    asked = np.flatnonzero(subjects.where(test.where) != UNMET)
    low, high = np.full(subjects.n, np.nan), np.full(subjects.n, np.nan)
    written: set[Fraction] = set()
    by_table = [_ranges(subjects, table, asked) for table in test.by_size]
    for i, ranges in zip(asked.tolist(), zip(*by_table, strict=True), strict=True):
        known = [pair for pair in ranges if pair is not None]
        if len(known) == len(ranges):
            least, most = (sum((pair[end] for pair in known), Fraction(0)) for end in (0, 1))
            low[i], high[i] = float(least), float(most)
            written |= {least, most}
    return (high, low, written) if test.op in ("<=", "<") else (low, high, written)


def _ranges(subjects: Subjects, table: SizeTable, at: Ints) -> Iterator[tuple[Fraction, Fraction] | None]:
    """Yield the smallest and largest number that a table may give each subject, None if none is known."""
    stage = None if table.stage is None else STAGES.index(table.stage)
    classes, students = (subjects.of_stage(name, stage)[at].tolist() for name in ("classes", "students"))
    there = subjects.has_stage(stage)[at].tolist()
    numbers = {k: table.numbers(exact.typed(k)) for k in {*classes} if np.isfinite(k)}
    for has, k, p in zip(there, classes, students, strict=True):
        possible = numbers.get(k)
        if not has:
            yield Fraction(0), Fraction(0)
        elif not possible or (table.per_student and not np.isfinite(p)):
            yield None
        else:
            times = exact.typed(p) if table.per_student else 1
            yield min(possible) * times, max(possible) * times
