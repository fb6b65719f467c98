"""What is lacking, what would change if, and what it takes: everything here rests on an evaluation."""

from junheng.planning.shortfalls import shortfall_totals, shortfalls

__all__ = ["shortfall_totals", "shortfalls"]
