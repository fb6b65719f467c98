"""Cells of a matrix: a colour and a mark for each kind (private)."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from junheng._arrays import Floats
from junheng.reports.plots._canvas import GREY, VERMILLION, Mark, Pen, text_size

#: Colour of a cell, its mark, and the colour of the mark. The colours differ in lightness, too, so that they are told
#: apart in grey and without red or green; a mark differs from every other without its colour.
CELLS: dict[str, tuple[str, str, str]] = {
    "met": ("#B9DCF2", "", ""),
    "floor": ("#D69E2E", "D", "#3A2600"),
    "below": (VERMILLION, "v", "#FFFFFF"),
    "unmet": (VERMILLION, "v", "#FFFFFF"),
    "open": ("none", "s", GREY),
    "plain": ("#CFCFCF", "", ""),
    "out": ("none", "_", GREY),
}
#: Marks that are hollow.
HOLLOW = ("s",)
#: Part of a cell's width at which a limit stands.
LIMIT_AT = 2 / 3


@frozen(eq=False)
class Cells:
    """Cells of a whole picture: rectangles and marks, with the kind of each."""

    boxes: list[Floats] = field(factory=list)
    kinds: list[NDArray[np.object_]] = field(factory=list)
    marks: list[Floats] = field(factory=list)
    marked: list[NDArray[np.object_]] = field(factory=list)

    def add(
        self,
        x: float,
        cell: float,
        top: Floats,
        high: Floats,
        kinds: NDArray[np.object_],
        reach: Floats,
        *,
        limited: bool = False,
    ) -> None:
        """Add rows of cells from ``x`` on, each ``cell`` wide; a mark stands left of the limit if there is one."""
        if not kinds.size:
            return
        n = kinds.shape[1]
        # neighbours of a kind share a rectangle, which keeps files small
        new = np.ones(kinds.shape, dtype=bool)
        new[:, 1:] = (kinds[:, 1:] != kinds[:, :-1]) | (reach[:, 1:] < 1) | (reach[:, :-1] < 1)
        first = np.flatnonzero(new.ravel())
        last = np.append(first[1:], new.size) - 1
        row = first // n
        inset = np.minimum(0.5, high * 0.08)[row]
        left, right = x + (first % n) * cell, x + (last % n + reach.ravel()[last]) * cell
        self.boxes.append(np.column_stack([left, right, top[row] + inset, top[row] + high[row] - inset]))
        self.kinds.append(kinds.ravel()[first])
        middle = x + (np.arange(n) + (LIMIT_AT / 2 if limited else 0.5)) * cell
        size = np.minimum(high * 0.62, cell * (0.5 if limited else 0.7))
        marks = np.broadcast_arrays(middle, (top + high / 2)[:, None], size[:, None])
        self.marks.append(np.column_stack([x.ravel() for x in marks]))
        self.marked.append(kinds.ravel())

    def draw(self, pen: Pen) -> None:
        """Draw everything of a kind at once."""
        boxes, kinds = np.concatenate(self.boxes), np.concatenate(self.kinds)
        marks, marked = np.concatenate(self.marks), np.concatenate(self.marked)
        # a few sizes only: marks of a size are drawn as one
        marks[:, 2] = np.round(marks[:, 2] * 2) / 2
        for kind, (face, marker, _) in CELLS.items():
            mine = boxes[(kinds == kind) & (boxes[:, 1] > boxes[:, 0])]
            if face != "none" and mine.size:
                pen.rectangles(mine, face)
            some = marks[marked == kind] if marker else marks[:0]
            for size in np.unique(some[:, 2]).tolist():
                at = some[some[:, 2] == size]
                pen.ax.plot(at[:, 0], at[:, 1], zorder=4, **_mark(kind, size))


def _mark(kind: str, size: float) -> dict[str, Any]:
    _, marker, colour = CELLS[kind]
    return {
        "linestyle": "none",
        "marker": marker,
        "markersize": size * (0.8 if marker in "Ds" else 1.0),
        "markerfacecolor": "none" if marker in HOLLOW else colour,
        "markeredgecolor": colour,
        "markeredgewidth": 1.0 if marker in "s_" else 0.0,
    }


def swatch(kind: str) -> Mark:
    """Return a cell of a kind for a legend: its colour with its mark."""
    face, marker, _ = CELLS[kind]
    size = text_size()
    cell = square(face, size)
    return (cell, _mark(kind, size * 0.6)) if marker else cell


def square(face: str, size: float) -> dict[str, Any]:
    """Return a square of a colour for a legend, hollow if it has none."""
    look: dict[str, Any] = {"marker": "s", "markersize": size, "markerfacecolor": face, "markeredgewidth": 0.4}
    return {"linestyle": "none", "markeredgecolor": GREY if face == "none" else face, **look}
