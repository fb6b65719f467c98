"""Pictures of an evaluation: each function draws one on axes of matplotlib (extra ``plots``).

Every function takes the axes to draw on (``ax=None`` makes a new figure without pyplot) and returns them. Words are
Chinese or English; nothing depends on colour alone.

Each picture has its own file. ``_picture`` is the skeleton of all; ``_subject`` selects what a picture shows;
``_canvas`` has fonts, marks and dots. In a report a browser draws: ``_sheet`` stands for the
axes, ``_sheet_pen`` for the pen.
"""

from junheng.reports.plots._before_and_after import before_and_after
from junheng.reports.plots._bunching import bunching
from junheng.reports.plots._coefficients import coefficients
from junheng.reports.plots._distribution import distribution
from junheng.reports.plots._lorenz import lorenz
from junheng.reports.plots._matrix import matrix
from junheng.reports.plots._over_years import over_years
from junheng.reports.plots._parade import parade
from junheng.reports.plots._ranking import ranking
from junheng.reports.plots._town_and_country import town_and_country
from junheng.reports.plots._who_gives import who_gives

__all__ = [
    "before_and_after",
    "bunching",
    "coefficients",
    "distribution",
    "lorenz",
    "matrix",
    "over_years",
    "parade",
    "ranking",
    "town_and_country",
    "who_gives",
]
