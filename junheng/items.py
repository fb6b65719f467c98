"""Old place of what is in :mod:`junheng.judging` (to go)."""

from junheng.judging.conditions import ConditionResult
from junheng.judging.items import ItemResult
from junheng.judging.subjects import Subjects as Units
from junheng.judging.subjects import special_sections

__all__ = ["ConditionResult", "ItemResult", "Units", "special_sections"]
