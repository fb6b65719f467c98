"""Old place of :mod:`junheng.reading.fact_forms`, for who has not moved yet (private)."""

from junheng.reading.fact_forms import facts_of

__all__ = ["facts_of"]
