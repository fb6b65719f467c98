"""A pen for a sheet that a browser draws: axes, legend, boxes and arrows (private)."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, copysign, floor, log10
from typing import Any, Literal, cast

from attrs import frozen

from junheng._arrays import Floats
from junheng.reports.plots._canvas import GREY, Pen, em, legend_columns, legend_shape
from junheng.reports.plots._sheet import Point, Sheet, boxes, line, marks, number, written

#: Room between the axes and the words beside them, and between those and the name of the axis, in points.
PAD, NAME_PAD = 3.5, 4.0
#: Steps between the numbers along an axis, in powers of ten.
_STEPS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


@frozen
class SheetPen(Pen):
    """A pen whose axes are a sheet."""

    @property
    def sheet(self) -> Sheet:
        """What is drawn on."""
        return cast("Sheet", self.ax)

    def rectangles(self, corners: Floats, colour: str, *, edge: str = "none") -> None:
        """Draw rectangles of a colour as one shape; each is left, right, top, bottom."""
        place = self.sheet.place
        ends = zip(place(corners[:, 0], corners[:, 2]), place(corners[:, 1], corners[:, 3]), strict=True)
        self.sheet.add(2.0, boxes(ends, colour, edge))

    def arrow(self, start: float, end: float, y: float, radius: float) -> None:
        """Draw a level arrow between two dots."""
        (x0, level), (x1, _) = self.sheet.place((start, end), (y, y))
        size = self.arrow_head
        way = copysign(1.0, x1 - x0)
        tip, foot = x1 - way * radius, x1 - way * (radius + 0.4 * size)
        shaft = line([[(x0 + way * radius, level), (foot, level)]], {"color": self.ink, "linewidth": 0.9})
        a, b = number(level - 0.2 * size), number(level + 0.2 * size)
        head = f'<path fill="{self.ink}" d="M{number(tip)} {number(level)}L{number(foot)} {a}V{b}z"/>'
        self.sheet.add(2.9, shaft + head)

    # ---------------------------------------------------------------------------------------------- axes

    def tidy(self, *, grid: Literal["x", "y", "both"] | None = "x", left: bool = False) -> None:
        """Choose which numbers have lines across the picture, before they are written; draw the axes that remain."""
        sheet = self.sheet
        sheet.grid = {"x": ("x",), "y": ("y",), "both": ("x", "y"), None: ()}[grid]
        style = {"color": self.ink, "linewidth": 0.8}
        if "y" in sheet.grid:
            sheet.add(2.5, line([[(sheet.left, sheet.bottom), (sheet.right, sheet.bottom)]], style))
        if left:
            sheet.add(2.5, line([[(sheet.left, sheet.top), (sheet.left, sheet.bottom)]], style))

    def ticks(
        self, axis: str, at: Sequence[float], labels: Sequence[str], scale: float = 0.9, *, pad: float | None = None
    ) -> None:
        """Set the ticks of an axis and their words."""
        sheet, size, pad = self.sheet, self.size * scale, PAD if pad is None else pad
        style: dict[str, Any] = {"fontsize": size, "color": self.ink}
        for spot, text in zip(at, labels, strict=True):
            if axis == "x":
                word = written((sheet.across(spot), sheet.bottom + pad), text, ha="center", va="top", **style)
            else:
                word = written((sheet.left - pad, sheet.down(spot)), text, ha="right", va="center", **style)
            sheet.add(0.5, word)
        sheet.beside[axis] = pad + size * (1.15 if axis == "x" else max(map(em, labels), default=0.0))
        if axis in sheet.grid:
            lines = [self._line(axis, spot) for spot in at]
            sheet.add(0.4, line(lines, {"color": GREY, "alpha": 0.25, "linewidth": 0.6}))

    def _line(self, axis: str, spot: float) -> list[Point]:
        """Return where a line across the picture runs, along which a number of an axis is read."""
        sheet = self.sheet
        if axis == "x":
            return [(sheet.across(spot), sheet.top), (sheet.across(spot), sheet.bottom)]
        return [(sheet.left, sheet.down(spot)), (sheet.right, sheet.down(spot))]

    def numbers(self, axis: Literal["x", "y"], scale: float = 0.85, *, whole: bool = False) -> None:
        """Write round numbers along an axis, only whole ones if asked."""
        low, high = sorted(self.sheet.get_xlim() if axis == "x" else self.sheet.get_ylim())
        self.ticks(axis, *round_numbers(low, high, self.most_numbers(axis), whole=whole), scale)

    def axis_label(self, axis: str, text: str) -> None:
        """Name an axis."""
        sheet, size, far = self.sheet, self.size * 0.92, self.sheet.beside.get(axis, 0.0) + NAME_PAD
        lines = self.axis_words(axis, text)
        style: dict[str, Any] = {"fontsize": size, "color": self.ink, "ha": "center"}
        if axis == "x":
            sheet.add(0.5, written(((sheet.left + sheet.right) / 2, sheet.bottom + far), lines, va="top", **style))
        else:
            at = (sheet.left - far - size * (0.5 + 0.6 * lines.count("\n")), (sheet.top + sheet.bottom) / 2)
            sheet.add(0.5, written(at, lines, va="center", rotation=90, **style))

    def title(self, first: str, second: str) -> None:
        """Leave out the titles: the page has them."""

    # -------------------------------------------------------------------------------------------- legend

    def legend(self, entries: Sequence[tuple[Any, str]], below: float = 0.0) -> None:
        """Set a legend under the picture, ``below`` points under the axes."""
        sheet, size = self.sheet, self.size * 0.88
        texts = sheet.entries = [text for _, text in entries]
        if not entries:
            return
        columns, _ = legend_shape(texts, self.size, self.width + self.left)
        x = sheet.left + self.margin * self.width
        for a, b in legend_columns(len(texts), columns):
            for i, (mark, text) in enumerate(entries[a:b]):
                y = sheet.bottom + below + size * (0.95 + 1.45 * i)
                for style in mark if isinstance(mark, tuple) else (mark,):
                    stroke = line([[(x, y), (x + 1.6 * size, y)]], style)
                    sheet.add(5.0, stroke + marks([(x + 0.8 * size, y)], style))
                sheet.add(5.0, written((x + 2.1 * size, y), text, fontsize=size, color=self.ink, va="center"))
            x += size * (3.5 + max(map(em, texts[a:b])))


def round_numbers(low: float, high: float, most: int, *, whole: bool = False) -> tuple[list[float], list[str]]:
    """Return round numbers between two, at most so many steps apart, and how they are written."""
    wanted = (high - low) / most
    power = floor(log10(wanted))
    step = next(s for s in _STEPS if s * 10.0**power >= wanted * (1 - 1e-9)) * 10.0**power
    if whole:
        step = float(max(1, ceil(step)))
    numbers = [i * step for i in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]
    digits = next(n for n in range(20) if abs(round(step, n) - step) < step * 1e-6)
    return numbers, [f"{x:.{digits}f}".replace("-", "−") for x in numbers]
