"""Shortfalls, margins, contributions, plans and projections of an evaluation."""

from junheng.indicators.allocation import least_additions, least_transfers
from junheng.planning.contributions import contributions
from junheng.planning.margins import margins
from junheng.planning.plan import Plan, plan
from junheng.planning.roll_forward import roll_forward
from junheng.planning.shortfalls import shortfall_totals, shortfalls

__all__ = [
    "Plan",
    "contributions",
    "least_additions",
    "least_transfers",
    "margins",
    "plan",
    "roll_forward",
    "shortfall_totals",
    "shortfalls",
]


def __dir__() -> list[str]:
    return __all__
