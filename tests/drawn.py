"""What stands in a picture."""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from junheng.reports.plots import _canvas

matplotlib = pytest.importorskip("matplotlib", reason="pictures are drawn with matplotlib")


needs_chinese = pytest.mark.skipif(not _canvas.font_for("汉"), reason="no font with Chinese characters is installed")


def latin(table: pd.DataFrame) -> pd.DataFrame:
    """Names that every font has."""
    table["school"] = "School " + table["school_code"].str[-3:]
    table["county"] = "County " + table["county"].str.strip("第县示例")
    return table


def marks(ax: Any, kind: str) -> np.ndarray:
    """Where the dots of a kind stand."""
    colour, marker, filled = _canvas.KINDS[kind]
    found = [
        line.get_xydata()
        for line in ax.lines
        if line.get_marker() == marker and line.get_markerfacecolor() == (colour if filled else "none")
    ]
    return np.concatenate(found) if found else np.empty((0, 2))


def said(ax: Any) -> list[str]:
    return [t.get_text() for t in ax.get_legend().get_texts()]


def crowded(ax: Any) -> list[tuple[str, str]]:
    """Pairs of texts that cover each other, and texts that the edge of the figure cuts, drawn as they would be."""
    canvas = FigureCanvasAgg(ax.figure)
    canvas.draw()
    page, renderer = ax.figure.bbox, canvas.get_renderer()
    hidden = set()
    for axis, low, high in ((ax.xaxis, *sorted(ax.get_xlim())), (ax.yaxis, *sorted(ax.get_ylim()))):
        hidden |= {id(t.label1) for t in axis.get_major_ticks() if not low <= t.get_loc() <= high}
    texts = [
        (t.get_text(), t.get_window_extent(renderer))
        for t in ax.figure.findobj(matplotlib.text.Text)
        if t.get_visible() and t.get_text().strip() and id(t) not in hidden
    ]
    cut = [(s, "the edge") for s, a in texts if a.x0 < -1 or a.x1 > page.x1 + 1 or a.y0 < -1 or a.y1 > page.y1 + 1]
    return cut + [
        (s, t)
        for (s, a), (t, b) in combinations(texts, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1.5
    ]
