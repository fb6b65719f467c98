"""What is lacking, what matters, what would change: everything here rests on an evaluation."""

from junheng.planning.margins import contributions, margins
from junheng.planning.optimise import Plan, plan
from junheng.planning.roll_forward import roll_forward
from junheng.planning.shortfalls import shortfall_totals, shortfalls

__all__ = ["Plan", "contributions", "margins", "plan", "roll_forward", "shortfall_totals", "shortfalls"]
