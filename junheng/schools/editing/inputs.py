"""Reading the requests of a user: numbers, stages and keys; errors are recorded as problems."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

import numpy as np

from junheng._stages import stage_of
from junheng._text import as_text
from junheng.errors import Problem, ProblemCode
from junheng.indicators.exact import typed_decimal
from junheng.schools import ALL_STAGES, is_blank
from junheng.schools.cells import DIGITS
from junheng.schools.table import SchoolTable
from junheng.words import Message, Name, Quoted, message

__all__ = ["Problems", "decimal_text", "key_text", "read_number", "read_stage", "read_whole", "to_decimal"]

#: What converts to a number but is none.
_NO_NUMBERS = (bool, np.bool_, complex, np.complexfloating)


class Problems:
    """The problems of a set of changes; they are raised together, after the last change."""

    def __init__(self, table: SchoolTable) -> None:
        self._table = table
        self.found: list[Problem] = []

    def add(self, code: ProblemCode, message: Message, row: int | None = None, **fields: Any) -> None:
        """Record a problem, with the key of its row."""
        self.found.append(self._table.problem(code, message, row=row, **fields))


def read_number(value: Any, what: Message | Name, problems: Problems, row: int | None = None) -> Decimal | None:
    """Return a number as written; None, with a problem, if it is missing, not a number, not finite or too large."""
    try:
        number = None if value is None or value is np.ma.masked or isinstance(value, _NO_NUMBERS) else to_decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        number = None
    if number is not None and number.is_finite():
        if number.adjusted() < DIGITS:
            return number
        problems.add(ProblemCode.INFINITE_VALUE, message("changes.too_large", what=what, value=Quoted(value)), row)
        return None
    if value is None or (number is not None and number.is_nan()):
        code = ProblemCode.MISSING_VALUE
    elif number is None:
        code = ProblemCode.TEXT_IN_NUMBER
    else:
        code = ProblemCode.INFINITE_VALUE
    problems.add(code, message("changes.not_finite", what=what, value=Quoted(value)), row, value=as_text(value))
    return None


def read_whole(value: Any, what: Message, problems: Problems) -> Decimal | None:
    """Return a count; None, with a problem, if it is not a whole number of 0 or more."""
    number = read_number(value, what, problems)
    if number is not None and not is_count(number):
        problems.add(ProblemCode.NOT_WHOLE, message("changes.not_a_count", what=what, value=as_text(value)))
        return None
    return number


def is_count(number: Decimal) -> bool:
    """Whether a number is whole and not negative."""
    return number >= 0 and number == number.to_integral_value()


def read_stage(word: Any, problems: Problems) -> str | None:
    """Return the stage a word means, None if it is blank; a problem if the word is not a stage."""
    if word is None or is_blank(word):
        return None
    stage = stage_of(word)
    if stage is None:
        problems.add(
            ProblemCode.UNKNOWN_CATEGORY,
            message("changes.not_a_stage", value=Quoted(word), stages=tuple(Name("stage", s) for s in ALL_STAGES)),
            column="stage",
            value=as_text(word),
        )
    return stage


def to_decimal(value: Any) -> Decimal:
    """Return a number as written: 0.1 is a tenth."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, (float, np.floating)):
        return typed_decimal(value)
    if isinstance(value, Fraction):
        return Decimal(value.numerator) / Decimal(value.denominator)
    return Decimal(value.strip() if isinstance(value, str) else int(value))


def decimal_text(value: Decimal | None) -> str | None:
    """Return a number without trailing zeros and without an exponent."""
    return None if value is None else format(value.normalize(), "f")


def key_text(value: Any) -> str:
    """Return a name, code or year as text; 2025.0 and 2025 are one year."""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    return " / ".join(map(key_text, value)) if isinstance(value, (tuple, list)) else as_text(value).strip()
