"""Kinds of findings that are easy to plant: what is done with findings does not depend on how they are found."""

from collections.abc import Iterator

import numpy as np
import pytest

from junheng.plausibility import search
from junheng.plausibility.figures import Figures
from junheng.plausibility.findings import Finding, Tests
from junheng.words import Message, Name, message

#: What a table must hold for these kinds to find something.
FAR, SAME, BUNCHED = 90_000.0, 4321.25, 77.0


def far(figures: Figures) -> list[Finding]:
    """Books of at least 90 000; and at least three schools of a county with 77 computers."""
    books, computers = figures.number("books"), figures.number("computers")
    found = [
        figures.finding("out_of_range", [row], ["books"], evidence("books", 1), value=books[row], expected=15_000.0)
        for row in np.flatnonzero((books >= FAR) & (figures.group >= 0)).tolist()
    ]
    for g in range(len(figures.places)):
        rows = np.flatnonzero((figures.group == g) & (computers == BUNCHED)).tolist()
        if len(rows) > 2:
            said = evidence("computers", len(rows))
            found.append(
                figures.finding("round_figures", rows, ["computers"], said, value=len(rows), whole_county=True)
            )
    return found


def same(figures: Figures) -> Tests:
    """Two areas of 4321.25."""
    area = figures.number("teaching_area_m2")
    pairs = [
        rows
        for g in range(len(figures.places))
        if len(rows := np.flatnonzero((figures.group == g) & (area == SAME)).tolist()) > 1
    ]

    def describe(i: int) -> list[Finding]:
        columns, said = ["teaching_area_m2", "sports_area_m2"], evidence("teaching_area_m2", 2)
        return [figures.finding("copied_figures", pairs[i], columns, said, value=2.0, p_value=1e-6)]

    return Tests(figures.group[[rows[0] for rows in pairs]], np.full(len(pairs), 1e-6), describe)


def evidence(column: str, n: int) -> Message:
    return message("worklist.many_cells", cells=Name("column", column), n=n)


@pytest.fixture
def plain_kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Only these kinds."""
    monkeypatch.setattr(search, "FINDINGS", (far,))
    monkeypatch.setattr(search, "TESTS", (same,))
    yield
