"""A table of schools: keys, parsed categories and numbers, and the problems of each column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import Factory, evolve, frozen
from numpy.typing import NDArray

from junheng._arrays import Floats
from junheng._frames import Table
from junheng._text import clean, is_odd
from junheng.errors import Problem, ProblemCode, Severity
from junheng.schools.cells import (
    TOO_LARGE,
    all_whole,
    flag_advice,
    flag_of,
    hidden_message,
    is_blank,
    parse_numbers,
    text_advice,
)
from junheng.schools.coded import CodedColumns
from junheng.schools.origin import FileRows
from junheng.schools.vocabulary import (
    Column,
    base_column,
    category_aliases,
    category_words,
    chinese_words,
    fold_word,
)
from junheng.words import Message, Name, Quoted, message

__all__ = ["ParsedColumn", "SchoolTable"]


@frozen(eq=False)
class ParsedColumn:
    """A parsed column, and the problems in its cells."""

    values: NDArray[Any]
    problems: tuple[Problem, ...] = ()


@frozen(eq=False, slots=False, kw_only=True)
class SchoolTable:
    """A table of schools, made by :func:`junheng.schools.opening.open_table`.

    It is immutable: a column is parsed when first used and cached with its problems, so that results do not depend
    on the order of access.

    Attributes
    ----------
    coded : CodedColumns
        The frame, with cleaned names and computed areas.
    by : tuple of str
        The columns that identify a county (and year).
    has : frozenset of str
        The columns with content: blank columns of names or codes are left out.
    school_column : str
        The column that identifies schools.
    is_total : (rows,) bool array
        Rows that are not schools: totals and empty rows. Their cells are not checked.
    origin : FileRows or None
        Where the rows stand in the file that they were read from.
    opening : tuple of Problem
        Problems of the columns, the names and the areas, found on opening.
    opened : frozenset of str
        The columns whose problems are among them.
    """

    coded: CodedColumns
    by: tuple[str, ...]
    has: frozenset[str]
    school_column: str
    is_total: NDArray[np.bool_]
    origin: FileRows | None = None
    opening: tuple[Problem, ...] = ()
    opened: frozenset[str] = frozenset()
    _parsed: dict[str, ParsedColumn] = Factory(dict)

    @property
    def frame(self) -> Table:
        """The frame."""
        return self.coded.table

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.coded.rows

    @property
    def problems(self) -> list[Problem]:
        """Problems of the columns, the names and the areas."""
        return list(self.opening)

    # -- columns

    def codes(self, name: str) -> tuple[NDArray[Any], Sequence[Any]]:
        """Return the code of each row (-1: blank) and the words of a column."""
        return self.coded.codes(name)

    def number(self, name: str) -> Floats | None:
        """Return a number column, None if the table lacks it; cells that cannot be read are NaN."""
        return self._parse(name, self._parse_number).values if name in self.has else None

    def category(self, name: str) -> NDArray[np.object_]:
        """Return a category column in canonical words, None where missing."""
        return np.array([*category_words(name), None], dtype=object)[self.category_codes(name)]

    def category_codes(self, name: str) -> NDArray[np.int8]:
        """Return a category column as positions in :func:`category_words`, -1 where missing."""
        return self._parse(name, self._parse_category).values

    def flag_codes(self, name: str) -> NDArray[np.int8]:
        """Return a yes or no column as 1, 0, or -1 where missing."""
        return self._parse(name, self._parse_flag).values

    @property
    def ownership(self) -> NDArray[np.object_]:
        """Ownership of each row, None where it is not given."""
        return self.category("ownership")

    def problems_of(self, name: str) -> tuple[Problem, ...]:
        """Return the problems in the cells of a canonical column."""
        found = base_column(name)
        parsers = {"number": self._parse_number, "category": self._parse_category, "flag": self._parse_flag}
        if found is None or name not in self.has or found[0].type not in parsers:
            return ()
        return self._parse(name, parsers[found[0].type]).problems

    def with_numbers(self, figures: Mapping[str, Floats]) -> SchoolTable:
        """Return the table with number columns that were computed from others."""
        parsed = {n: ParsedColumn(v, self.problems_of(n)) for n, v in figures.items()}
        return evolve(
            self,
            coded=self.coded.with_columns(figures),
            has=self.has | set(figures),
            parsed={**self._parsed, **parsed},
        )

    # -- rows

    def key(self, row: int) -> str:
        """Return the names that identify a row."""
        names = dict.fromkeys([*self.by, "school", self.school_column, "stage"])
        cells = [self.coded.cell(name, row) for name in names if name in self.has]
        return " / ".join(str(c) for c in cells if c is not None)

    def school_of(self, row: int) -> str | None:
        """Return the name of the school of a row, its code if it has no name."""
        cells = [self.coded.cell(name, row) for name in ("school", self.school_column) if name in self.has]
        return next((str(c) for c in cells if c is not None), None)

    def problem(self, code: ProblemCode, message: Message | str, *, row: int | None = None, **fields: Any) -> Problem:
        """Return a problem of the table, or of a row, with the key of the row."""
        key, school = (None, None) if row is None else (self.key(row), self.school_of(row))
        found = Problem(code=code, message=message, row=row, key=key, school=school, **fields)
        return found if self.origin is None else self.origin.locate(found)

    def cleaned(self, name: str, row: int, before: str, after: str) -> Problem:
        """Return the problem of a cell with hidden characters."""
        return self.problem(
            ProblemCode.INVISIBLE_CHARACTERS,
            hidden_message(before, after),
            row=row,
            column=name,
            value=before,
            severity=Severity.WARNING,
        )

    def schools_in(self, rows: NDArray[np.bool_]) -> list[int]:
        """Return the positions of those rows that are schools."""
        return np.flatnonzero(rows & ~self.is_total).tolist()

    # -- parsing

    def _parse(self, name: str, parse: Callable[[str], ParsedColumn]) -> ParsedColumn:
        if name not in self._parsed:
            self._parsed[name] = parse(name)
        return self._parsed[name]

    def _parse_category(self, name: str) -> ParsedColumn:
        words = category_aliases(name)
        place = {word: i for i, word in enumerate(category_words(name))}
        terms = "、".join(w for w in chinese_words(name) if not w.isascii())
        more = {"choices": tuple(place), "column": Name("column", name)} | ({"terms": terms} if terms else {})
        key = "schools.unknown_term" if terms else "schools.unknown_word"
        return self._parse_words(
            name,
            lambda value: -1 if is_blank(value) else place.get(words.get(fold_word(value), ""), -1),
            lambda value: message(key, value=Quoted(value), **more),
        )

    def _parse_flag(self, name: str) -> ParsedColumn:
        codes = {None: -1, False: 0, True: 1}
        return self._parse_words(name, lambda value: codes[flag_of(value)], flag_advice)

    def _parse_words(self, name: str, code: Callable[[Any], int], advice: Callable[[Any], Message]) -> ParsedColumn:
        """Return the code of each row's word, -1 and a problem for unknown words."""
        if name not in self.has:
            return ParsedColumn(np.full(self.rows, -1, dtype=np.int8))
        codes, words = self.codes(name)
        understood = np.array([*map(code, words), -1], dtype=np.int8)
        problems: list[Problem] = []
        for i, word in enumerate(words):
            odd = isinstance(word, str) and is_odd(word)
            unknown = understood[i] < 0 and not is_blank(word)
            rows = self.schools_in(codes == i) if odd or unknown else []
            if odd:
                problems += [self.cleaned(name, row, word, clean(word)) for row in rows]
            if unknown:
                fields = {"column": name, "value": str(word)}
                problems += [
                    self.problem(ProblemCode.UNKNOWN_CATEGORY, advice(word), row=row, **fields) for row in rows
                ]
        return ParsedColumn(understood[codes], tuple(problems))

    def _parse_number(self, name: str) -> ParsedColumn:
        found = base_column(name)
        column = found[0] if found else None
        problems: list[Problem] = []
        if self.frame.is_number(name):
            values = self.frame.floats(name)
        else:
            values, bad = parse_numbers(self.frame.objects(name))
            problems += [self._text_in_number(name, row, text) for row, text in bad.items() if not self.is_total[row]]
        if np.fmin.reduce(values, initial=0.0) < 0 or np.fmax.reduce(values, initial=0.0) >= TOO_LARGE:
            values, more = self._without_odd(name, values, Name("unit", (column and column.unit) or ""))
            problems += more
        if column is not None and column.whole and not (self.frame.is_whole(name) or all_whole(values)):
            problems += self._broken(name, values, column)
        return ParsedColumn(values, tuple(problems))

    def _text_in_number(self, name: str, row: int, text: str) -> Problem:
        advice = message("schools.not_plain_number", value=Quoted(text), advice=text_advice(text))
        return self.problem(ProblemCode.TEXT_IN_NUMBER, advice, row=row, column=name, value=text)

    def _without_odd(self, name: str, values: Floats, unit: Name) -> tuple[Floats, list[Problem]]:
        """Replace infinite, far too large and negative figures by NaN; return the figures and problems."""
        infinite = np.isinf(values)
        large = (values >= TOO_LARGE) & ~infinite
        negative = (values < 0) & ~infinite
        cases = (
            (infinite, ProblemCode.INFINITE_VALUE, "schools.infinite"),
            (large, ProblemCode.INFINITE_VALUE, "schools.too_large"),
            (negative, ProblemCode.NEGATIVE_VALUE, "schools.negative"),
        )
        problems = [
            self.problem(
                code,
                message(key, value=float(values[row]), unit=unit),
                row=row,
                column=name,
                value=repr(float(values[row])),
            )
            for mask, code, key in cases
            for row in self.schools_in(mask)
        ]
        return np.where(infinite | large | negative, np.nan, values), problems

    def _broken(self, name: str, values: Floats, column: Column) -> list[Problem]:
        """Report figures that are not whole numbers although they are counts."""
        with np.errstate(invalid="ignore"):
            broken = np.isfinite(values) & (values != np.floor(values))
        return [
            self.problem(
                ProblemCode.NOT_WHOLE,
                message("schools.not_whole", value=float(values[row]), unit=Name("unit", column.unit or "")),
                row=row,
                column=name,
                value=repr(float(values[row])),
                severity=Severity.WARNING,
            )
            for row in self.schools_in(broken)
        ]
