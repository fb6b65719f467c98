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


def linear(colour: str) -> np.ndarray:
    """A colour in linear light."""
    part = np.array(matplotlib.colors.to_rgb(colour))
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def lab(light: np.ndarray) -> np.ndarray:
    """A colour in linear light as an eye takes it: lightness, and two colours against each other."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ light
    f = np.cbrt(xyz / np.array([0.9505, 1.0, 1.089]))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


#: Machado, Oliveira and Fernandes (2009), severity 1: what people who lack a kind of cone see.
SIGHT = {
    "all": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
