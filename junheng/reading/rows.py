"""Which rows under the headers are schools, and what the others are (private)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng.errors import InputDataError
from junheng.reading.cells import is_figure
from junheng.reading.grid import Grid
from junheng.reading.layout import Header, says_as_header, two_headers
from junheng.reading.meaning import type_of, words
from junheng.reading.numbering import has_marks, is_numbering
from junheng.schools import category_word, fold, recognise

__all__ = ["LeftOut", "Rows", "is_note", "is_total", "left_out_rows", "row_text", "shown"]


@frozen(eq=False)
class LeftOut:
    """A row that is no school: where, why, and what stands in it."""

    row: int
    reason: str
    text: str


@cache
def _note() -> re.Pattern[str]:
    known = "|".join(sorted(map(re.escape, words("rows", "notes")), key=len, reverse=True))
    return re.compile(rf"[*※]*(?:{known})(?:[:：(（.。、0-9①-⑳年]|$)")


@cache
def _note_first() -> frozenset[str]:
    return (
        frozenset("*※ \u3000") | {w[0] for w in words("rows", "notes")} | {w[0].upper() for w in words("rows", "notes")}
    )


def is_note(text: str) -> bool:
    """Whether a cell begins as a note or a signature does."""
    # a cheap look first: a nation has as many names as schools
    return text[0] in _note_first() and _note().match(fold(text)) is not None


def is_total(text: str) -> str | None:
    """Tell whether a cell says that its row is a ``total``, a ``part`` of one or an ``average``."""
    folded = fold(text).strip(":：()（）.。、*")
    if folded in words("rows", "averages"):
        return "average"
    if folded in words("rows", "whole_totals"):
        return "total"
    for word in words("rows", "totals"):
        if folded == word or (folded.endswith(word) and len(folded) <= 16 and not word.isascii()):
            return "part" if word in words("rows", "parts") or folded != word else "total"
    return None


_TOTAL_LAST = frozenset("计均值数县区市旗总汇:：)）.。*lmen ")


@frozen(eq=False)
class Rows:
    """What the rows under the headers are."""

    schools: NDArray[np.int64]
    left_out: tuple[LeftOut, ...]
    #: Rows of totals: the row, what it is, and the rows of schools it may be the sum of.
    totals: tuple[tuple[int, str, str], ...]
    #: Words that stand alone in a row, by row: a heading over the rows that follow.
    headings: tuple[tuple[int, str], ...]


def row_text(row: Sequence[Any]) -> str:
    """Return what stands in a row, cell by cell; whole numbers as a spreadsheet shows them."""
    return " | ".join(shown(v) for v in row if v is not None)


def shown(value: Any) -> str:
    """Return a cell as a spreadsheet shows it: a workbook keeps every number as a float."""
    return str(int(value)) if type(value) is float and value.is_integer() and abs(value) < 1e15 else str(value)


def left_out_rows(grid: Grid, header: Header, filled: NDArray[np.bool_]) -> Rows:
    """Tell schools from titles, totals, notes, repeated headers and empty rows."""
    cells = grid.cells
    out: list[LeftOut] = []
    for r in range(header.rows[0]):
        out.append(LeftOut(r, "title" if filled[r].any() else "blank", row_text(cells[r])))
    start = header.rows[-1] + 1
    counts = filled.sum(axis=1)
    numeric = [i for i, f in enumerate(header.found) if type_of(f) == "number"]
    first_number = min(numeric, default=cells.shape[1])
    schools = header.at("school", "school_code")
    keys = [c for c in range(cells.shape[1]) if c not in numeric and (c < first_number or type_of(header.found[c]))]
    names = header.at("school") or schools
    suspect = counts <= 2
    if names:
        suspect |= ~filled[:, names[0]]
    for c in keys:
        column = cells[:, c].tolist()
        hits = {
            v
            for v in set(column)
            if isinstance(v, str)
            and ((v[-1] in _TOTAL_LAST and is_total(v)) or is_note(v) or says_as_header(header, c, v))
        }
        if hits:
            suspect |= np.fromiter((v in hits if isinstance(v, str) else False for v in column), bool, len(column))
    # rows of words where figures should be
    wordy = np.zeros(len(cells), dtype=np.int64)
    for c in numeric:
        column = cells[start:, c].tolist()
        wordy[start:] += np.fromiter((isinstance(v, str) and not is_figure(v) for v in column), bool, len(column))
    suspect |= wordy >= max(1, min(2, len(numeric)))
    for r in range(start, min(start + 3, len(cells))):
        suspect[r] = True
    across = {r0: c1 - c0 + 1 for r0, c0, _, c1 in grid.merges or () if r0 >= start}
    keep = counts > 0
    keep[:start] = False
    totals: list[tuple[int, str, str]] = []
    headings: list[tuple[int, str]] = []
    titles = {o.text for o in out if o.reason == "title"}
    noted = False
    for r in range(start, len(cells)):
        if counts[r] == 0:
            out.append(LeftOut(r, "blank", ""))
    # what stands right under the headers may stand there again on the next printed page
    under: dict[str, str] = {}
    for r in np.flatnonzero(keep[: start + 3]).tolist():
        row = cells[r].tolist()
        reason, _ = _what(header, row, r - start, keys, numeric, names, titles, across.get(r, 1), False)
        if reason in ("column numbers", "explanation"):
            under[row_text(row)] = reason
            c = int(np.argmax(filled[r]))
            suspect |= np.asarray(cells[:, c] == row[c], dtype=bool)
    for r in np.flatnonzero(suspect & keep).tolist():
        row = cells[r].tolist()
        text = row_text(row)
        reason, label = _what(header, row, r - start, keys, numeric, names, titles, across.get(r, 1), noted)
        reason = under.get(text, reason)
        if reason == "school":
            continue
        if reason == "headers":
            _refuse_other_header(grid, header, r, row)
            reason = "repeated headers"
        if reason == "note":
            noted = True
        if reason in ("total", "part", "average"):
            totals.append((r, reason, label))
            reason = "average" if reason == "average" else "total"
        if reason == "heading":
            headings.append((r, label))
        keep[r] = False
        out.append(LeftOut(r, reason, text))
    out.sort(key=lambda o: o.row)
    return Rows(
        schools=np.flatnonzero(keep).astype(np.int64),
        left_out=tuple(out),
        totals=tuple(totals),
        headings=tuple(headings),
    )


def _refuse_other_header(grid: Grid, header: Header, row: int, cells: Sequence[Any]) -> None:
    """Refuse a second table below the first, with headers of its own; reading on would mix the two."""
    for c, value in enumerate(cells):
        if isinstance(value, str):
            found = recognise(" ".join(value.split()))
            ours = header.found[c]
            if (
                found is not None
                and (ours is None or found.column != ours.column)
                and not says_as_header(header, c, value)
            ):
                raise InputDataError([two_headers(grid, header, row, cells)])


def _what(
    header: Header,
    row: Sequence[Any],
    below: int,
    keys: Sequence[int],
    numeric: Sequence[int],
    names: Sequence[int],
    titles: set[str],
    across: int,
    noted: bool,
) -> tuple[str, str]:
    """Tell what a row is, and the words that say so."""
    filled = [(c, v) for c, v in enumerate(row) if v is not None]
    first = str(filled[0][1])
    texts = [(c, v) for c, v in filled if isinstance(v, str)]
    figures = sum(row[c] is not None and is_figure(row[c]) for c in numeric)
    same = sum(says_as_header(header, c, v) for c, v in texts)
    if same >= max(2, len(filled) / 2) or (same and same == len(filled) and len(filled) > 1):
        return "repeated headers", first
    known = sum(recognise(" ".join(v.split())) is not None for _, v in texts)
    if known >= 3 and known >= len(filled) / 2 and figures == 0:
        return "headers", first
    if row_text(row) in titles:
        return "title", first
    school = next((row[c] for c in names if row[c] is not None), None)
    for c, v in texts:
        kind = is_total(v) if c in keys else None
        if kind is not None and (
            school is None or school is v or not isinstance(school, str) or is_figure(school) or is_total(school)
        ):
            return kind, v
    named = _names_a_school(header, row, keys, numeric, school)
    if is_note(first) and figures <= 2 and not (names and filled[0][0] not in names and school and figures):
        return "note", first
    if is_numbering(row) and (below == 0 or has_marks(row)):
        return "column numbers", first
    if named:
        return "school", first
    if len(filled) == 1 and isinstance(filled[0][1], str):
        c, v = filled[0]
        wide = len(header.names) > 2
        sentence = len(v) > 30 or any(x in v for x in "。；;：:")
        if wide and (noted or sentence):
            return "note", first
        # a name alone may be a school that has not answered yet
        if wide and (across > 2 or c not in names):
            return "heading", first
    if noted and figures == 0 and len(filled) <= 3 and len(texts) == len(filled):
        return "note", first
    words_in_figures = sum(isinstance(row[c], str) and not is_figure(row[c]) for c in numeric)
    if below < 3 and words_in_figures >= 2 and figures == 0 and not _is_missing_only(row, numeric):
        return "explanation", first
    return "school", first


def _names_a_school(header: Header, row: Sequence[Any], keys: Sequence[int], numeric: Sequence[int], name: Any) -> bool:
    """Whether a row has a name and something a return says of a school: what stands in it is then never dropped.

    Of a row without a name, a stage, a kind or the beginning of a figure says so. A name such as 填全称 is none.
    """
    told = any(
        found is not None and found.column in ("stage", "kind") and category_word(found.column, row[c]) is not None
        for c in keys
        if row[c] is not None and (found := header.found[c]) is not None
    )
    given = [row[c] for c in numeric if row[c] is not None]
    if isinstance(name, str) and is_note(name):
        return False
    if name is None or (isinstance(name, str) and _is_instruction(name)):
        started = any(isinstance(v, str) and _FIGURE_FIRST.match(v) and len(v) <= 20 for v in given)
        return (told and bool(given)) or started
    return told or bool(given)


#: 30（待核）, 约30, 30人左右: a figure that cannot be used, not a word about the column.
_FIGURE_FIRST = re.compile(r"\s*(?:约|大约|近|超过|不足|至少)?\s*[0-9０-９]+(?!\s*[0-9０-９年月日位])")


def _is_instruction(text: str) -> bool:
    folded = fold(text).strip("()*")
    return any(w in folded for w in words("rows", "instructions")) or folded in words("rows", "types")


def _is_missing_only(row: Sequence[Any], numeric: Sequence[int]) -> bool:
    marks = words("cells", "missing")
    return all(row[c] is None or not isinstance(row[c], str) or fold(row[c]) in marks for c in numeric)
