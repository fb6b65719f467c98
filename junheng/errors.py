"""What can go wrong, and how it is said.

Everything raised on purpose derives from :class:`JunhengError`. Problems in data are collected and reported
together: one error, with a list of :class:`Problem`, each with a stable code, so that an application can
translate it and a person can repair the whole table in one go.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any

from attrs import frozen

__all__ = [
    "AlignmentError",
    "InputDataError",
    "InputError",
    "JunhengError",
    "OutputFileError",
    "Problem",
    "ProblemCode",
    "ReadingWarning",
    "Severity",
    "StandardDataError",
    "UnknownStandardError",
    "did_you_mean",
]


def did_you_mean(
    name: object, known: Iterable[str], *, most: int = 3, cutoff: float = 0.6, show: Callable[[str], str] = str
) -> str:
    """Return ``"; did you mean a or b?"`` to end a message with, empty where no known name comes near."""
    near = difflib.get_close_matches(str(name), list(dict.fromkeys(known)), n=most, cutoff=cutoff)
    return f"; did you mean {' or '.join(map(show, near))}?" if near else ""


class Severity(StrEnum):
    """Whether a problem stops an evaluation."""

    ERROR = "error"
    WARNING = "warning"


class ProblemCode(StrEnum):
    """Stable names of what can be wrong with a table or a file. Messages may change, codes do not."""

    MISSING_COLUMN = "missing_column"
    UNKNOWN_COLUMN = "unknown_column"
    DUPLICATE_COLUMN = "duplicate_column"
    UNKNOWN_UNIT = "unknown_unit"
    MISSING_KEY = "missing_key"
    UNKNOWN_CATEGORY = "unknown_category"
    TEXT_IN_NUMBER = "text_in_number"
    NEGATIVE_VALUE = "negative_value"
    INFINITE_VALUE = "infinite_value"
    NOT_WHOLE = "not_whole"
    PART_EXCEEDS_WHOLE = "part_exceeds_whole"
    DUPLICATE_ROW = "duplicate_row"
    TOTAL_ROW = "total_row"
    MISSING_VALUE = "missing_value"
    NO_STUDENTS = "no_students"
    MISSING_STAGE_ENROLMENT = "missing_stage_enrolment"
    STAGE_ENROLMENT_MISMATCH = "stage_enrolment_mismatch"
    STAGE_NOT_OF_KIND = "stage_not_of_kind"
    RESOURCES_REPEATED = "resources_repeated"
    RESOURCES_DIFFER = "resources_differ"
    INCLUSION_UNDECIDED = "inclusion_undecided"
    UNKNOWN_COUNTY = "unknown_county"
    OUT_OF_RANGE = "out_of_range"
    NOT_IN_FORCE = "not_in_force"
    EMPTY_TABLE = "empty_table"
    EMPTY_ROW = "empty_row"
    UNKNOWN_SCHOOL = "unknown_school"
    AMBIGUOUS_SCHOOL = "ambiguous_school"
    BELOW_ZERO = "below_zero"
    CANNOT_MERGE = "cannot_merge"
    SUSPICIOUS_SCALE = "suspicious_scale"
    UNCLEAR_HEADER = "unclear_header"
    UNCLEAR_YEAR = "unclear_year"
    FROM_TITLE = "from_title"
    TOTAL_MISMATCH = "total_mismatch"
    MERGED_CELL = "merged_cell"
    FORMULA_WITHOUT_VALUE = "formula_without_value"
    ERROR_CELL = "error_cell"
    DIGITS_LOST = "digits_lost"
    SHEET_NOT_READ = "sheet_not_read"
    FILE_FORMAT = "file_format"
    OUTPUT_IS_INPUT = "output_is_input"
    OUTPUT_NOT_A_FILE = "output_not_a_file"
    OUTPUT_FOLDER_MISSING = "output_folder_missing"
    OUTPUT_LOCKED = "output_locked"
    OUTPUT_FAILED = "output_failed"


@frozen(kw_only=True)
class Problem:
    """One thing that is wrong with a table.

    Attributes
    ----------
    code : ProblemCode
        Stable name of the kind of problem.
    severity : Severity
        An ``error`` stops an evaluation, a ``warning`` does not.
    column : str or None
        Canonical column, or the header as given where there is none.
    row : int or None
        Position of the row, counting from 0 (``frame.iloc[row]``); None where the whole column or table is meant.
    key : str or None
        The row in words: county / school / stage / year, as far as they are known.
    value : str or None
        The offending value as text.
    message : str
        What is wrong and what to do about it.
    """

    code: ProblemCode
    severity: Severity = Severity.ERROR
    column: str | None = None
    row: int | None = None
    key: str | None = None
    value: str | None = None
    message: str

    def __str__(self) -> str:
        where = []
        if self.row is not None:
            where.append(f"row {self.row}" + (f" ({self.key})" if self.key else ""))
        if self.column is not None:
            where.append(f"column {self.column!r}")
        place = ", ".join(where)
        return f"[{self.code}] {place + ': ' if place else ''}{self.message}"

    def to_dict(self) -> dict[str, Any]:
        """Return the problem as a dict that is safe for JSON."""
        return {
            "code": str(self.code),
            "severity": str(self.severity),
            "column": self.column,
            "row": self.row,
            "key": self.key,
            "value": self.value,
            "message": self.message,
        }


class JunhengError(Exception):
    """Base of everything the library raises on purpose."""


class InputError(JunhengError, ValueError):
    """An argument cannot be used as it is."""


class AlignmentError(InputError):
    """Two arguments that must describe the same schools do not line up."""


#: How many problems an error message spells out; ``.problems`` always has them all.
_SHOWN = 20


class InputDataError(InputError):
    """A table of schools has problems; ``problems`` lists every one.

    Parameters
    ----------
    problems : iterable of Problem
        All problems, errors and warnings.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        errors = [p for p in self.problems if p.severity is Severity.ERROR]
        errors.sort(key=lambda p: -1 if p.row is None else p.row)
        head = f"the input has {len(errors)} problem{'s' if len(errors) != 1 else ''}"
        lines = [f"  {p}" for p in errors[:_SHOWN]]
        if len(errors) > _SHOWN:
            lines.append(f"  … and {len(errors) - _SHOWN} more; see .problems or junheng.check_schools(table)")
        super().__init__("\n".join([head + ":", *lines]))

    def __reduce__(self) -> tuple[Any, ...]:
        # an error met by a worker must reach the caller whole
        return type(self), (self.problems,)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return all problems as dicts that are safe for JSON."""
        return [p.to_dict() for p in self.problems]


class OutputFileError(InputError, OSError):
    """A file cannot be written; what was there before is unchanged.

    Parameters
    ----------
    code : ProblemCode
        Why: ``output_is_input``, ``output_not_a_file``, ``output_folder_missing``, ``output_locked``,
        ``output_failed``.
    path : str or path
        The file, as it was named.
    reason : str
        What is wrong and what to do about it.
    """

    def __init__(self, code: ProblemCode, path: str | os.PathLike[str], reason: str) -> None:
        self.code = code
        self.path = os.fspath(path)
        self.reason = reason
        super().__init__(f"{self.path}: {reason}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.path, self.reason)


class ReadingWarning(UserWarning):
    """A file was read, but not every row or cell as it stands; :func:`junheng.describe_file` tells which."""


class UnknownStandardError(JunhengError, LookupError):
    """No standard has this id."""


class StandardDataError(JunhengError, ValueError):
    """A file that describes a standard cannot be used; ``problems`` lists every mistake with its place.

    Parameters
    ----------
    path : str
        The file, or the id of the standard.
    problems : sequence of str
        One line a mistake, with its place (``$.thresholds[3].value``).
    """

    def __init__(self, path: str, problems: Sequence[str]) -> None:
        self.path = path
        self.problems: tuple[str, ...] = tuple(problems)
        count = f"{len(self.problems)} mistake{'s' if len(self.problems) != 1 else ''}"
        super().__init__("\n".join([f"{path}: {count}:", *(f"  {p}" for p in self.problems)]))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, self.problems)
