"""Shim: the names of this module live in :mod:`junheng.schools`; it goes when every room imports them there."""

from junheng.schools.checks import (
    check_all,
    check_for_standard,
    check_schools,
    item_columns,
    needed_columns,
    problems_frame,
)
from junheng.schools.sections import Sections, make_sections, split_stages
from junheng.schools.vocabulary import INTEGRATED, KINDS, STAGES_OF_KIND

__all__ = [
    "INTEGRATED",
    "KINDS",
    "STAGES_OF_KIND",
    "Sections",
    "check_all",
    "check_for_standard",
    "check_schools",
    "item_columns",
    "make_sections",
    "needed_columns",
    "problems_frame",
    "split_stages",
]
