"""Old place of :mod:`junheng.judging.items` (to go)."""

from junheng.judging.items import ConditionResult, ItemResult, Units, special_sections

__all__ = ["ConditionResult", "ItemResult", "Units", "special_sections"]
