"""Rows that only number the columns (private)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from junheng.schools import fold

__all__ = ["has_marks", "is_numbering"]


def _ordinals() -> dict[str, int]:
    out = {c: i for i, c in enumerate("甲乙丙丁戊己庚辛壬癸", -100)}
    out |= {c: i for i, c in enumerate("abcdefghijklmnopqrstuvwxyz", -50)}
    return out


_ORDINAL = _ordinals()


def is_numbering(row: Sequence[Any]) -> bool:
    """Whether a row only numbers the columns: 甲 乙 1 2 3, or L1 L2 L3."""
    numbers: list[int] = []
    marks = 0
    for value in row:
        if value is None:
            continue
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if value != int(value):
                return False
            numbers.append(int(value))
            continue
        text = fold(str(value)).strip("()[]")
        if text in _ORDINAL:
            marks += 1
        elif match := re.fullmatch(r"l?([0-9]{1,3})", text):
            numbers.append(int(match.group(1)))
        else:
            return False
    steps = np.diff(numbers)
    return len(numbers) + marks >= 3 and bool((steps == 1).all()) and (not numbers or numbers[0] <= 1 + marks + 3)


def has_marks(row: Sequence[Any]) -> bool:
    """Whether something else than digits stands in a row."""
    return any(isinstance(v, str) and not v.isdigit() for v in row)
