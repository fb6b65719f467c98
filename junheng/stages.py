"""Shim: the names of this module live in :mod:`junheng.schools`; it goes when every room imports them there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from junheng.schools import checks
from junheng.schools.checks import check_schools, item_columns, needed_columns
from junheng.schools.reading import Reading
from junheng.schools.sections import Sections, make_sections, split_stages
from junheng.schools.table import SchoolTable
from junheng.schools.vocabulary import INTEGRATED, KINDS, STAGES_OF_KIND
from junheng.standards import Standard

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


def check_all(reading: Reading, standard: Standard | None, only: Iterable[str] | None = None) -> Sections:
    """Write every problem on a reading."""
    return checks.check_all(reading.found, standard, only)


def check_for_standard(reading: Reading, standard: Standard) -> None:
    """Write on a reading what only this standard minds."""
    checks.check_for_standard(reading.found, standard)


def problems_frame(reading: SchoolTable) -> Any:
    """Return the problems on a reading as a frame."""
    return checks.problems_frame(reading.problems, reading.table.backend)
