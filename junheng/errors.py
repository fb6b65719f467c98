"""What can go wrong.

Everything raised on purpose derives from :class:`JunhengError`. Problems in data are collected and reported together:
one error, with a list of :class:`Problem`, each with a stable code, so that a person can repair the whole table at
once. Errors and problems hold a :class:`~junheng.words.Message`: ``str()`` is English, ``text(language)`` any language.
"""

from __future__ import annotations

import difflib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from math import log
from typing import Any

from attrs import Factory, field, frozen

from junheng._grouping import ProblemGroup, grouped
from junheng._text import as_text
from junheng.words import LANGUAGES, Language, Message, Name, Quoted, Row, listed, message, sentences, word

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
    "check_language",
    "did_you_mean",
]


def did_you_mean(
    name: object,
    known: Iterable[str],
    *,
    most: int = 3,
    cutoff: float = 0.6,
    show: Callable[[Any], Any] = str,
    called: Mapping[str, Any] | None = None,
) -> Message | str:
    """Return ``"; did you mean a or b?"`` to end a message with, empty where no known name comes near.

    Chinese names are compared by the characters they share, the rare ones first; other names letter by letter.
    ``show=Quoted`` puts the names in quotation marks; ``called`` gives another name by which a known one is shown.
    """
    text, names = as_text(name)[:_LONGEST_NAME], list(dict.fromkeys(known))
    if text.isascii():
        near = difflib.get_close_matches(text, names, n=4 * most, cutoff=cutoff)
    else:
        near = _near_by_characters(text, [n for n in names if not n.isascii()], cutoff)
    shown = list(dict.fromkeys((called or {}).get(n, n) for n in near))[:most]
    return message("errors.did_you_mean", names=listed(map(show, shown), "or")) if shown else ""


#: A name that is longer is a sentence; only its beginning is compared.
_LONGEST_NAME = 100


def _near_by_characters(text: str, names: Sequence[str], cutoff: float) -> list[str]:
    """Return the names that share characters with a text, best first.

    A character weighs less the more names it is in: of 体育教师数 the signs 体 and 育 say more than 数. What is shared
    is compared with both names together, or with the shorter one where it is almost a part of the longer.
    """
    count = Counter(c for name in names for c in set(name))
    weight = {c: 1 / (1 + log(n)) for c, n in count.items()}
    mine, scored = Counter(c for c in text if c.isalnum()), []

    def weighed(characters: Counter[str]) -> float:
        return sum(n * weight.get(c, 1.0) for c, n in characters.items())

    for at, name in enumerate(names):
        its = Counter(c for c in name[:_LONGEST_NAME] if c.isalnum())
        shared, sizes = weighed(mine & its), sorted((weighed(mine), weighed(its)))
        if (mine & its).total() < 2 or not sizes[0]:
            continue
        score = max(2 * shared / sum(sizes), _A_PART * shared / sizes[0])
        if score >= cutoff:
            order = difflib.SequenceMatcher(None, text, name[:_LONGEST_NAME], autojunk=False).ratio()
            scored.append((-score, -order, at, name))
    return [name for *_, name in sorted(scored)]


#: How near a name is to one that it is wholly a part of.
_A_PART = 0.75


def check_language(language: str) -> Language:
    """Return the language, or refuse it."""
    if not isinstance(language, str) or language not in LANGUAGES:
        raise InputError(message("errors.language", languages=LANGUAGES, language=Quoted(language)))
    return language


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
    RESOURCES_CONTRADICT = "resources_contradict"
    INCLUSION_UNDECIDED = "inclusion_undecided"
    INCLUSION_UNCLEAR = "inclusion_unclear"
    INCLUSION_CONTRADICTS = "inclusion_contradicts"
    OWNER_UNKNOWN = "owner_unknown"
    INDOOR_SPORTS_NETTED = "indoor_sports_netted"
    INDOOR_SPORTS_NOT_NETTED = "indoor_sports_not_netted"
    INDOOR_SPORTS_MISSING = "indoor_sports_missing"
    INDOOR_SPORTS_MISMATCH = "indoor_sports_mismatch"
    INDOOR_SPORTS_UNCLEAR = "indoor_sports_unclear"
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
    CLASS_SIZES_DISAGREE = "class_sizes_disagree"
    COLUMN_NOT_USED = "column_not_used"
    SURVEY_SAMPLE = "survey_sample"
    FACTS_DISAGREE = "facts_disagree"
    OUTPUT_IS_INPUT = "output_is_input"
    OUTPUT_NOT_A_FILE = "output_not_a_file"
    OUTPUT_FOLDER_MISSING = "output_folder_missing"
    OUTPUT_LOCKED = "output_locked"
    OUTPUT_FAILED = "output_failed"
    INVISIBLE_CHARACTERS = "invisible_characters"
    NEAR_TWIN = "near_twin"
    FOOTNOTE_MARK = "footnote_mark"
    UNREADABLE_CELL = "unreadable_cell"


def _placed(code: str, place: str, told: str, language: Language) -> str:
    """Return code, place and sentence in a language."""
    return sentences("errors", language)["placed" if place else "unplaced"].format(code=code, place=place, message=told)


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
    sheet : str or None
        Sheet of the file that the table was read from with :func:`junheng.read_schools`; None for any other table.
    row : int or None
        Row as the spreadsheet shows it if ``sheet`` is known, else the position; None where the whole column or table
        is meant.
    cell : str or None
        Cell as the spreadsheet shows it (``E5``), if sheet and column are known.
    position : int or None
        Position of the row in the table, counting from 0 (``frame.iloc[position]``).
    key : str or None
        The row in words: county / school / stage / year, as far as they are known.
    partition : int or None
        Partition of a Dask or Spark frame in which the position is counted; None for any other table.
    value : str or None
        The offending value as text.
    school : str or None
        The school of the row, by name or code.
    message : str
        What is wrong and what to do about it, in English; :meth:`text` says it in any language.
    """

    code: ProblemCode
    severity: Severity = Severity.ERROR
    column: str | None = None
    sheet: str | None = None
    row: int | None = None
    cell: str | None = None
    position: int | None = Factory(lambda self: self.row, takes_self=True)
    key: str | None = None
    partition: int | None = None
    value: str | None = None
    school: str | None = None
    _message: Message | str = field(alias="message")

    @property
    def message(self) -> str:
        """What is wrong and what to do about it, in English."""
        return str(self._message)

    @property
    def told(self) -> Message | str:
        """What is wrong and what to do about it, not yet in words of a language."""
        return self._message

    @property
    def parameters(self) -> dict[str, Any]:
        """The figures and names in the message."""
        return self._message.parameters if isinstance(self._message, Message) else {}

    def sentence(self, language: Language = "en") -> str:
        """Return what is wrong and what to do about it, without the place."""
        return _text(self._message, language)

    def place(self, language: Language = "en") -> str:
        """Return where it is: row or cell, and column; empty where the table is meant or the sentence names it."""
        text, where = sentences("errors", check_language(language)), []
        if self.row is not None:
            keys = [
                str(word("stage", k, language if language != "en" else None)) for k in (self.key or "").split(" / ")
            ]
            where.append(self._row(language) + (text["key"].format(key=" / ".join(keys)) if self.key else ""))
        if self.column is not None and not self._says_column(language):
            where.append(text["column"].format(column=Quoted(Name("column", self.column)).text(language)))
        return text["join"].join(where)

    def _row(self, language: Language) -> str:
        """Return the row, or the cell of a file."""
        if self.partition is not None:
            return message("engines.row_of_partition", row=self.row, partition=self.partition).text(language)
        if self.sheet is not None and self.cell is not None:
            return f"{self.sheet}!{self.cell}"
        in_file = None if self.sheet is None else self.row
        return Row(self.position or 0, in_file, self.sheet).text(language)

    def _says_column(self, language: Language) -> bool:
        # a label of Chinese is recognized without quotation marks, an English id is not
        name = Name("column", self.column or "")
        shown = Quoted(name).text(language) if language == "en" else name.text(language)
        return shown in self.sentence(language)

    def text(self, language: Language = "en") -> str:
        """Return code, place and sentence in a language."""
        return _placed(self.code, self.place(language), self.sentence(language), language)

    def __str__(self) -> str:
        return self.text("en")

    def to_dict(self) -> dict[str, Any]:
        """Return the problem as a dict that is safe for JSON."""
        place = {} if self.partition is None else {"partition": self.partition}
        return {
            "code": str(self.code),
            "severity": str(self.severity),
            "column": self.column,
            "sheet": self.sheet,
            "row": self.row,
            "cell": self.cell,
            "position": self.position,
            **place,
            "key": self.key,
            "value": self.value,
            "message": self.message,
        }


class JunhengError(Exception):
    """Base of everything the library raises on purpose."""

    # not a property: an app that derives its own errors may set theirs
    @cached_property
    def code(self) -> str:
        """Stable name of what is wrong, such as ``reading.password``: messages may change, codes do not.

        For a table with problems it is ``errors.problems``, and each problem has a code of its own; for a file that
        cannot be written it is a :class:`ProblemCode`.
        """
        told = self.args[0] if self.args else None
        return told.head.key if isinstance(told, Message) else "errors.other"

    def text(self, language: Language = "en") -> str:
        """Return the message in a language; ``str(error)`` is always English."""
        return _text(self.args[0] if self.args else "", language)


class InputError(JunhengError, ValueError):
    """An argument cannot be used as it is."""


class AlignmentError(InputError):
    """Two arguments that must describe the same schools do not line up."""


def _text(told: Any, language: Language) -> str:
    """Return a message in a language, a text as it is; another language is refused."""
    language = check_language(language)
    return told.text(language) if isinstance(told, Message) else str(told)


#: How many lines of problems an error message has, those alike on one; ``.problems`` always has them all.
_SHOWN = 20


class InputDataError(InputError):
    """A table of schools has problems; ``problems`` lists every one.

    Parameters
    ----------
    problems : iterable of Problem
        All problems, errors and warnings.
    remark : Message or None
        What else the reader must know, such as rows that were not checked; the last line of the message.
    """

    def __init__(self, problems: Iterable[Problem], remark: Message | None = None) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        self._remark = remark
        super().__init__(self.text("en"))

    @property
    def code(self) -> str:
        """``errors.problems``; each problem has its own code."""
        return "errors.problems"

    def text(self, language: Language = "en") -> str:
        """Return the message in a language: a line for each problem; of many, a line for those that are alike."""
        language = check_language(language)
        errors = [p for p in self.problems if p.severity is Severity.ERROR]
        errors.sort(key=lambda p: -1 if p.position is None else p.position)
        # few are named one by one; of many, those that are alike would hide the others
        groups = grouped(errors) if len(errors) > _SHOWN else [ProblemGroup((p,)) for p in errors]
        lines = [message("errors.problems", n=len(errors)).text(language)]
        for group in groups[:_SHOWN]:
            lines.append("  " + _placed(group.first.code, group.place(language), group.sentence(language), language))
        if len(groups) < len(errors):
            lines.append("  " + message("errors.alike").text(language))
        if len(groups) > _SHOWN:
            rest = sum(len(group.problems) for group in groups[_SHOWN:])
            lines.append("  " + message("errors.more", n=rest).text(language))
        if self._remark is not None:
            lines.append("  " + self._remark.text(language))
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        # an error met by a worker must reach the caller whole
        return type(self), (self.problems, self._remark)

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
    reason : Message or str
        What is wrong and what to do about it.
    """

    def __init__(self, code: ProblemCode, path: str | os.PathLike[str], reason: Message | str) -> None:
        self._code = code
        self.path = os.fspath(path)
        self.reason = reason
        super().__init__(self.text("en"))

    @property
    def code(self) -> ProblemCode:
        """Why the file cannot be written."""
        return self._code

    def text(self, language: Language = "en") -> str:
        """Return the message in a language."""
        text = _text(self.reason, language)
        return sentences("errors", language)["at"].format(path=self.path, message=text)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.path, self.reason)


class ReadingWarning(UserWarning):
    """A file was read, but not every row or cell as it stands; :func:`junheng.describe_file` tells which."""

    def text(self, language: Language = "en") -> str:
        """Return the message in a language."""
        return _text(self.args[0] if self.args else "", language)


class UnknownStandardError(JunhengError, LookupError):
    """No standard has this id."""


class StandardDataError(JunhengError, ValueError):
    """A file that describes a standard cannot be used; ``problems`` lists every mistake with its place.

    Parameters
    ----------
    path : str
        The file, or the id of the standard.
    problems : sequence of Message or str
        One line a mistake, with its place (``$.thresholds[3].value``).
    remark : Message or None
        What else the reader must know, such as parts that were not checked. It is the last line and not counted.

    Attributes
    ----------
    problems : tuple of str
        The lines in English, a remark included; :meth:`text` says them in any language.
    """

    def __init__(self, path: str, problems: Sequence[Message | str], remark: Message | None = None) -> None:
        self.path = path
        self._mistakes = tuple(problems)
        self._remark = remark
        super().__init__(self.text("en"))

    @property
    def code(self) -> str:
        """``errors.mistakes``."""
        return "errors.mistakes"

    @property
    def problems(self) -> tuple[str, ...]:
        """One line a mistake, in English."""
        return tuple(map(str, self._lines))

    @property
    def _lines(self) -> tuple[Message | str, ...]:
        return self._mistakes if self._remark is None else (*self._mistakes, self._remark)

    def text(self, language: Language = "en") -> str:
        """Return the message in a language, a line for each mistake."""
        head = _text(message("errors.mistakes", path=self.path, n=len(self._mistakes)), language)
        return "\n".join([head, *(f"  {_text(line, language)}" for line in self._lines)])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, self._mistakes, self._remark)
