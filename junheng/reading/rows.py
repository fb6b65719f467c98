"""Classify the rows below the headers: schools, totals, notes and others (private)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._text import one_line
from junheng.errors import InputDataError
from junheng.reading.cells import is_figure
from junheng.reading.grid import Grid
from junheng.reading.layout import Header, has_marks, is_numbering, two_headers
from junheng.reading.meaning import type_of, words
from junheng.reading.row_names import is_kind_of_school, is_like_a_school, is_no_name, is_place
from junheng.schools import category_word, fold, of_digits, parse_numbers, recognise


@frozen(eq=False)
class LeftOut:
    """A row that is not a school: its position, the reason and its text."""

    row: int
    reason: str
    text: str


@frozen
class TotalRow:
    """A row of totals: its position, its kind (``total``, ``part`` or ``average``) and its label."""

    row: int
    kind: str
    label: str


@frozen(eq=False)
class Rows:
    """The classified rows of a sheet."""

    schools: NDArray[np.int64]
    left_out: tuple[LeftOut, ...]
    totals: tuple[TotalRow, ...]
    #: Headings over the rows that follow: row and text.
    headings: tuple[tuple[int, str], ...]
    #: Rows with a name and nothing else: schools, and headings that could be schools.
    bare_schools: tuple[int, ...] = ()
    bare_headings: tuple[int, ...] = ()


def left_out_rows(grid: Grid, header: Header, filled: NDArray[np.bool_]) -> Rows:
    """Separate schools from titles, totals, notes, repeated headers and empty rows."""
    start = header.rows[-1] + 1
    is_school = np.asarray(filled.any(axis=1))
    titles = [r for r in range(header.rows[0]) if is_school[r]]
    left_out = [LeftOut(r, "title", row_text(grid.cells[r])) for r in titles]
    empty = [r for r in (*range(header.rows[0]), *range(start, len(is_school))) if not is_school[r]]
    left_out += [LeftOut(r, "blank", "") for r in empty]
    is_school[:start] = False
    look = _Look(grid, header, titles=frozenset(row_text(grid.cells[r]) for r in titles))
    totals: list[TotalRow] = []
    headings: list[tuple[int, str]] = []
    bare: dict[str, list[int]] = {"school": [], "heading": []}
    for row, kind in _examined(look, filled, is_school.copy()):
        reason = kind
        if kind in bare and row.is_name_only() and not row.is_heading_for_sure():
            bare[kind].append(row.r)
        if kind == "school":
            continue
        if kind == "heading":
            headings.append((row.r, row.first))
        elif kind == "total" and (total := row.total()) is not None:
            totals.append(TotalRow(row.r, *total))
            reason = "average" if total[0] == "average" else "total"
        is_school[row.r] = False
        left_out.append(LeftOut(row.r, reason, row.text))
    return Rows(
        schools=np.flatnonzero(is_school).astype(np.int64),
        left_out=tuple(sorted(left_out, key=lambda o: o.row)),
        totals=tuple(totals),
        headings=tuple(headings),
        bare_schools=tuple(bare["school"]),
        bare_headings=tuple(bare["heading"]),
    )


def _examined(look: _Look, filled: NDArray[np.bool_], below: NDArray[np.bool_]) -> Iterator[tuple[_Row, str]]:
    """Yield each row that may not be a school with its kind; ``below`` marks the filled rows below the headers."""
    suspect = _suspects(look, filled)
    # rows directly below the headers may be repeated on the next printed page
    repeated: dict[str, str] = {}
    for r in np.flatnonzero(below[: look.header.rows[-1] + 4]).tolist():
        row = look.row(r)
        if row.kind() in ("column numbers", "explanation"):
            repeated[row.text] = row.kind()
            c, value = row.filled[0]
            suspect |= np.asarray(look.grid.cells[:, c] == value, dtype=bool)
    noted = False
    for r in np.flatnonzero(suspect & below).tolist():
        row = look.row(r, noted=noted)
        kind = repeated.get(row.text) or row.kind()
        noted = noted or kind == "note"
        if kind == "headers":
            _refuse_other_header(look.grid, look.header, r, row.cells)
            kind = "repeated headers"
        yield row, kind


def _refuse_other_header(grid: Grid, header: Header, row: int, cells: Sequence[Any]) -> None:
    """Refuse a second table with its own headers below the first."""
    for c, value in enumerate(cells):
        if isinstance(value, str):
            found = recognise(one_line(value))
            ours = header.found[c]
            if found is not None and (ours is None or found.column != ours.column) and not header.says(c, value):
                raise InputDataError([two_headers(grid, header, row, cells)])


# ------------------------------------------------------------------------------ rows that need a closer look


def _suspects(look: _Look, filled: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the rows that may not be schools; only these are examined one by one."""
    cells, start = look.grid.cells, look.header.rows[-1] + 1
    suspect = np.asarray(filled.sum(axis=1) <= 2)
    if look.names:
        suspect |= ~filled[:, look.names[0]]
    for c in look.keys:
        column = cells[:, c].tolist()
        hits = {v for v in set(column) if isinstance(v, str) and _may_speak_of_its_row(look.header, c, v)}
        if hits:
            suspect |= np.fromiter((isinstance(v, str) and v in hits for v in column), bool, len(column))
    # words in columns of figures
    wordy = np.zeros(len(cells), dtype=np.int64)
    for c in look.figures:
        # only what is not a plain number is looked at one by one
        if of_digits(cells[start:, c].tolist()):
            continue
        _, other = parse_numbers(cells[start:, c])
        at = [start + i for i in other if isinstance(v := cells[start + i, c], str) and not is_figure(v)]
        wordy[at] += 1
    suspect |= wordy >= max(1, min(2, len(look.figures)))
    if look.names and look.tells_schools:
        suspect |= ~filled[:, look.figures].any(axis=1)
    suspect[start : start + 3] = True
    return suspect


_TOTAL_LAST = frozenset("计均值数县区市旗总汇:：)）.。*lmen ")


def _may_speak_of_its_row(header: Header, c: int, text: str) -> bool:
    return (text[-1] in _TOTAL_LAST and is_total(text) is not None) or is_note(text) or header.says(c, text)


# ------------------------------------------------------------------------------------------ kinds of rows


class _Look:
    """The facts about a sheet that classify its rows."""

    def __init__(self, grid: Grid, header: Header, titles: frozenset[str]) -> None:
        width = grid.cells.shape[1]
        self.grid, self.header, self.titles = grid, header, titles
        #: Columns of figures, and of words (before the first figure, or recognised).
        self.figures = [c for c, found in enumerate(header.found) if type_of(found) == "number"]
        first = min(self.figures, default=width)
        words_ = [c for c in range(width) if c not in self.figures]
        self.keys = [c for c in words_ if c < first or type_of(header.found[c])]
        #: Columns with the name or code of a school.
        self.names = header.positions("school") or header.positions("school_code")
        #: Whether rows can say more of a school than its name.
        self.tells_schools = bool(self.figures or header.positions("stage", "kind"))
        #: Columns that say nothing of a school: numbers of rows, names of places.
        self.silent = [
            c
            for c in self.keys
            if (f := header.found[c]) is None or f.column in ("county", "county_code", "year", "school")
        ]
        self.serial = [
            c for c in range(width) if header.paths[c] and fold(header.paths[c][-1]) in words("names", "serial")
        ]
        start = header.rows[-1] + 1
        self.across = {r0: c1 - c0 + 1 for r0, c0, _, c1 in grid.merges or () if r0 >= start}

    def row(self, r: int, *, noted: bool = False) -> _Row:
        """Return a row; ``noted`` if there are notes above it."""
        return _Row(self, r, noted)


class _Row:
    """A row below the headers that is not empty."""

    def __init__(self, look: _Look, r: int, noted: bool) -> None:
        self.look, self.r, self.noted = look, r, noted
        self.below = r - look.header.rows[-1] - 1
        self.cells: list[Any] = look.grid.cells[r].tolist()
        self.filled = [(c, v) for c, v in enumerate(self.cells) if v is not None]
        self.texts = [(c, v) for c, v in self.filled if isinstance(v, str)]
        self.text = row_text(self.cells)
        self.first = str(self.filled[0][1])
        #: The filled cells in columns of figures, and how many of them are figures.
        self.given = [self.cells[c] for c in look.figures if self.cells[c] is not None]
        self.figures = sum(is_figure(v) for v in self.given)
        self.name = next((self.cells[c] for c in look.names if not is_no_name(self.cells[c])), None)

    def kind(self) -> str:
        """Return the kind of the row: the first case that holds."""
        return next((kind for kind, holds in _CASES if holds(self)), "school")

    def total(self) -> tuple[str, str] | None:
        """Return the kind of total and its label; a school may only be named 合计 in its name column."""
        unnamed = not isinstance(self.name, str) or is_figure(self.name) or is_total(self.name)
        for c, v in self.texts:
            kind = is_total(v) if c in self.look.keys else None
            if kind is not None and (unnamed or self.name is v):
                return kind, v
        return None

    def is_name_only(self) -> bool:
        """Tell whether a row has a name, and at most the number of the row and places beside it."""
        look = self.look
        if not isinstance(self.name, str) or not look.tells_schools:
            return False
        rest = [(c, v) for c, v in self.filled if c not in look.serial]
        return all(c in look.silent and isinstance(v, str) and not is_figure(v) for c, v in rest)

    def is_heading_for_sure(self) -> bool:
        """Tell whether a row with only a name is a heading: merged over columns, a place, or a kind of school."""
        name = str(self.name)
        return self.look.across.get(self.r, 1) > 2 or is_place(name) or is_kind_of_school(name)


def _repeats_headers(row: _Row) -> bool:
    same = sum(row.look.header.says(c, v) for c, v in row.texts)
    return same >= max(2, len(row.filled) / 2) or same == len(row.filled) > 1


def _has_other_headers(row: _Row) -> bool:
    known = sum(recognise(one_line(v)) is not None for _, v in row.texts)
    return known >= 3 and known >= len(row.filled) / 2 and row.figures == 0


def _begins_as_a_note(row: _Row) -> bool:
    names = row.look.names
    in_a_school = bool(names) and row.filled[0][0] not in names and row.name and row.figures
    return is_note(row.first) and row.figures <= 2 and not in_a_school


def _numbers_columns(row: _Row) -> bool:
    return is_numbering(row.cells, gaps=row.below == 0) and (row.below == 0 or has_marks(row.cells))


def _names_a_school(row: _Row) -> bool:
    """Tell whether a row has a name and data of a school; such a row is never left out.

    A row without a name is a school if it has a stage, a kind or the start of a figure. 填全称 is not a name.
    """
    name, found = row.name, row.look.header.found
    if isinstance(name, str) and is_note(name):
        return False
    columns = [(f.column, row.cells[c]) for c in row.look.keys if (f := found[c]) is not None]
    labelled = any(n in ("stage", "kind") and v is not None and category_word(n, v) is not None for n, v in columns)
    if name is None or (isinstance(name, str) and _is_instruction(name)):
        started = any(isinstance(v, str) and _FIGURE_FIRST.match(v) and len(v) <= 20 for v in row.given)
        return (labelled and bool(row.given)) or started
    return labelled or bool(row.given)


def _is_text_alone(row: _Row) -> bool:
    return len(row.filled) == len(row.texts) == 1 and len(row.look.header.names) > 2


def _is_a_sentence(row: _Row) -> bool:
    if not _is_text_alone(row):
        return False
    place = row.is_name_only() and row.is_heading_for_sure()
    return row.noted or len(row.first) > 30 or (any(x in row.first for x in "。；;：:") and not place)


def _is_a_heading(row: _Row) -> bool:
    # a name alone may be a school without answers
    return _is_text_alone(row) and (row.look.across.get(row.r, 1) > 2 or row.filled[0][0] not in row.look.names)


def _is_a_name_above_schools(row: _Row) -> bool:
    """Tell whether a name alone is no school: a place, a kind of school, or alone and not like a school."""
    if not row.is_name_only():
        return False
    return row.is_heading_for_sure() or (_is_text_alone(row) and not is_like_a_school(str(row.name)))


def _continues_notes(row: _Row) -> bool:
    return row.noted and row.figures == 0 and len(row.filled) == len(row.texts) <= 3


def _explains_columns(row: _Row) -> bool:
    words_ = [v for v in row.given if isinstance(v, str)]
    marks = words("cells", "missing")
    some = sum(not is_figure(v) for v in words_) >= 2 and any(fold(v) not in marks for v in words_)
    return row.below < 3 and row.figures == 0 and some


#: The kinds of rows in the order of their tests.
_CASES: tuple[tuple[str, Callable[[_Row], bool]], ...] = (
    ("repeated headers", _repeats_headers),
    ("headers", _has_other_headers),
    ("title", lambda row: row.text in row.look.titles),
    ("total", lambda row: row.total() is not None),
    ("note", _begins_as_a_note),
    ("column numbers", _numbers_columns),
    ("school", _names_a_school),
    ("note", _is_a_sentence),
    ("heading", _is_a_heading),
    ("heading", _is_a_name_above_schools),
    ("note", _continues_notes),
    ("explanation", _explains_columns),
)


# ------------------------------------------------------------------------------------- tests of single cells


@cache
def _note() -> re.Pattern[str]:
    known = "|".join(sorted(map(re.escape, words("rows", "notes")), key=len, reverse=True))
    return re.compile(rf"[*※]*(?:{known})(?:[:：(（.。、0-9①-⑳年]|$)")


@cache
def _note_first() -> frozenset[str]:
    first = {w[0] for w in words("rows", "notes")}
    return frozenset("*※ \u3000") | first | {c.upper() for c in first}


def is_note(text: str) -> bool:
    """Tell whether a cell starts like a note or a signature."""
    # a cheap test first: a nation has as many names as schools
    return text[0] in _note_first() and _note().match(fold(text)) is not None


def is_total(text: str) -> str | None:
    """Return ``total``, ``part`` or ``average`` if a cell labels its row so, else None."""
    folded = fold(text).strip(":：()（）.。、*")
    if folded in words("rows", "averages"):
        return "average"
    if folded in words("rows", "whole_totals"):
        return "total"
    for word in words("rows", "totals"):
        if folded == word or (folded.endswith(word) and len(folded) <= 16 and not word.isascii()):
            return "part" if word in words("rows", "parts") or folded != word else "total"
    return None


#: 30（待核）, 约30, 30人左右: unusable figures, not explanations of a column.
_FIGURE_FIRST = re.compile(r"\s*(?:约|大约|近|超过|不足|至少)?\s*[0-9０-９]+(?!\s*[0-9０-９年月日位])")


def _is_instruction(text: str) -> bool:
    folded = fold(text).strip("()*")
    return any(w in folded for w in words("rows", "instructions")) or folded in words("rows", "types")


def row_text(row: Sequence[Any]) -> str:
    """Return the cells of a row as text."""
    return " | ".join(shown(v) for v in row if v is not None)


def shown(value: Any) -> str:
    """Return a cell as a spreadsheet shows it: workbooks store every number as a float."""
    return str(int(value)) if type(value) is float and value.is_integer() and abs(value) < 1e15 else str(value)
