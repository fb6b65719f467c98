"""Draws tables of rows by indicators: heads, names, cells, and figures below (private)."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import field, frozen

from junheng._arrays import Floats
from junheng.reports.plots._canvas import Pen, cut, wrap
from junheng.reports.plots._cells import LIMIT_AT, Cells
from junheng.reports.plots._layout import FIGURES, LEADING, NAMES, TALL, TURNED, Bars, Layout, Panel, Sum, row_heights


def draw_grid(pen: Pen, layout: Layout) -> None:
    """Draw the panels of a layout; on axes with less height everything shrinks."""
    fit = min(1.0, pen.height / layout.height)
    pen.ax.set_xlim(0, pen.width)
    pen.ax.set_ylim(pen.height / fit, 0)
    grid = _Grid(pen, layout, fit)
    for panel in layout.panels:
        grid.draw(panel)
    grid.cells.draw(pen)


@frozen(eq=False)
class _Grid:
    """A picture that is being drawn; ``fit`` is how much its letters shrink."""

    pen: Pen
    layout: Layout
    fit: float
    cells: Cells = field(factory=Cells)

    def draw(self, panel: Panel) -> None:
        """Draw the rows of a panel, its heads above them, and the figures below."""
        sizes, size, table = self.layout.sizes, self.layout.size, panel.table
        y, x = panel.y, panel.x + sizes.names
        if self.layout.titled:
            self.write(panel.x, y + size * 0.7, table.title, 0.95, va="center", fontweight="bold")
            y += size * 1.6
        if panel.heads:
            y += sizes.head
            self._heads(panel, x, y - size * 0.35)
        high = row_heights(table, sizes)[panel.first : panel.last]
        top = self._groups(panel, y, high)
        part = slice(panel.first, panel.last)
        limited = bool(table.cells.limits.any())
        self.cells.add(x, sizes.cell, top, high, table.cells.kinds[part], table.cells.reach[part], limited=limited)
        self._names(panel, top + high / 2)
        bottom = float(top[-1] + high[-1]) if top.size else y
        between = x + np.arange(1, len(table.heads)) * sizes.cell
        self.pen.ax.vlines(between, y, bottom, color=self.pen.ax.get_facecolor(), linewidth=0.9, zorder=3)
        if panel.ends:
            self._sums(panel, x, bottom + size * 0.4)

    def write(self, x: float, y: float, text: str, scale: float, **more: Any) -> None:
        """Write into the picture."""
        self.pen.write(x, y, text, scale * self.fit, **more)

    def _groups(self, panel: Panel, y: float, high: Floats) -> Floats:
        """Write the words above each group, rule its limits; return where each row begins."""
        table, size = panel.table, self.layout.size
        group = panel.group
        top = np.empty(group.size)
        for g in np.unique(group).tolist():
            mine = np.flatnonzero(group == g)
            if table.groups[g][0]:
                y += size * TALL
                self.write(panel.x, y - size * 0.56, table.groups[g][0], NAMES, va="center", fontweight="bold")
            top[mine] = y + np.cumsum(high[mine]) - high[mine]
            end = y + float(high[mine].sum())
            self._limits(table.cells, panel, y, end)
            y = end
        return top

    def _limits(self, bars: Bars, panel: Panel, top: float, bottom: float) -> None:
        """Draw the line of the limit in each column that has one."""
        at = np.flatnonzero(bars.limits)
        x = panel.x + self.layout.sizes.names + (at + LIMIT_AT) * self.layout.sizes.cell
        self.pen.ax.vlines(x, top, bottom, color=self.pen.ink, linewidth=0.8, zorder=3.5)

    def _heads(self, panel: Panel, x: float, y: float) -> None:
        table, sizes = panel.table, self.layout.sizes
        style: dict[str, Any] = {"rotation": 90, "rotation_mode": "anchor", "va": "center", "linespacing": 1.15}
        for i, head in enumerate(table.heads):
            at = x + (i + 0.5) * sizes.cell
            self.write(at, y, _broken(head, sizes.head_room, sizes.head_lines), sizes.head_size, **style)
        if sizes.margin:
            at = x + len(table.heads) * sizes.cell + sizes.margin * 0.55
            lines = max(1, int(sizes.margin / (self.layout.size * sizes.head_size * LEADING)))
            self.write(at, y, _broken(table.margin_head, sizes.head_room, lines), sizes.head_size, **style)

    def _names(self, panel: Panel, middle: Floats) -> None:
        """Write the names of rows and what stands beside them, as far as there is room."""
        table, sizes, size = panel.table, self.layout.sizes, self.layout.size
        scale = min(NAMES, sizes.step / size * 0.86)
        end = panel.x + sizes.names + len(table.heads) * sizes.cell + sizes.margin
        room = sizes.names / size / NAMES - 0.5
        for i in range(panel.first, min(panel.last, sizes.named)):
            y = float(middle[i - panel.first])
            self.write(panel.x, y, cut(table.names[i], room), scale, va="center_baseline")
            if table.margin[i]:
                self.write(end, y, table.margin[i], scale, va="center_baseline", ha="right")

    def _sums(self, panel: Panel, x: float, y: float) -> None:
        """Draw the rows at the end of a table."""
        sizes, size = self.layout.sizes, self.layout.size
        end = x + len(panel.table.heads) * sizes.cell + sizes.margin
        self.pen.ax.hlines(y - size * 0.15, panel.x, end, color=self.pen.ink, linewidth=0.8, zorder=1)
        for one in panel.table.sums:
            room = sizes.names / size / FIGURES - 0.4
            label = "\n".join(cut(x, room) for x in (wrap(one.label, room) if one.bars else [one.label]))
            self.write(panel.x, y + size * TALL * 0.2, label, FIGURES, va="top", linespacing=1.3)
            y = self._figures(one, panel, x, y)

    def _figures(self, one: Sum, panel: Panel, x: float, y: float) -> float:
        """Draw the bars and figures of one row; return where it ends."""
        sizes, size = self.layout.sizes, self.layout.size
        if one.bars is not None:
            bar = np.array([size * TALL])
            self.cells.add(x, sizes.cell, np.array([y]), bar, one.bars.kinds, one.bars.reach, limited=True)
            self._limits(one.bars, panel, y, y + size * TALL)
            y += size * TALL
        high = size * (TURNED if sizes.turned else TALL)
        turned: dict[str, Any] = {"rotation": 90} if sizes.turned else {}
        for i, text in enumerate(one.texts):
            at = x + (i + 0.5) * sizes.cell
            self.write(at, y + high / 2, text, sizes.figures, ha="center", va="center", **turned)
        return y + high


def _broken(head: str, room: float, lines: int) -> str:
    """Break a head into lines of about the same length; what does not fit is cut."""
    broken = wrap(head, room)
    if len(broken) > lines:
        return "\n".join(cut(x, room + 0.6) for x in [*broken[: lines - 1], "".join(broken[lines - 1 :])])
    shorter = (wrap(head, width) for width in range(4, int(room) + 1))
    return "\n".join(next((x for x in shorter if len(x) <= len(broken)), broken))
