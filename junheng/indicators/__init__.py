"""The arithmetic: pure functions over arrays, and the catalogue of indicators. No law, no files."""

from junheng.indicators.catalog import Indicator, catalogue, list_indicators
from junheng.indicators.compliance import compliance
from junheng.indicators.dispersion import (
    composite_difference_coefficient,
    difference_coefficient,
    weighted_mean,
    weighted_std,
)
from junheng.indicators.ratios import per_hundred_students, per_student, share, students_per_teacher

__all__ = [
    "Indicator",
    "catalogue",
    "compliance",
    "composite_difference_coefficient",
    "difference_coefficient",
    "list_indicators",
    "per_hundred_students",
    "per_student",
    "share",
    "students_per_teacher",
    "weighted_mean",
    "weighted_std",
]
