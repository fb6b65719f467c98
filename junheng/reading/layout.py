"""Where the headers of a sheet are, what they mean, and which rows are schools (private)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from junheng._data import read_toml
from junheng.errors import InputDataError, InputError, Problem, ProblemCode
from junheng.reading.cells import is_figure, is_missing
from junheng.reading.files import Grid, cell_name, column_letter
from junheng.schools import Found, base_column, category_word, fold, recognise, unit_factor

__all__ = ["Header", "LeftOut", "find_header", "left_out_rows", "words"]

#: The headers are looked for in so many rows; two rows of headers are common, four the most.
_HEAD = 80
_DEEPEST = 4
#: A second row of headers that knows so large a part of what the best one knows could be meant as well.
_RIVAL = 0.75


@cache
def words(group: str, kind: str) -> frozenset[str]:
    """Return the folded words of ``returns.toml``."""
    return frozenset(fold(w) for w in read_toml("returns.toml")[group][kind])


@cache
def units() -> frozenset[str]:
    """Every unit of the vocabulary, folded."""
    return frozenset(fold(u) for group in read_toml("columns.toml")["units"].values() for u in group)


@frozen(eq=False)
class Header:
    """The headers of a sheet: where they stand, what each column is called and was taken for."""

    rows: tuple[int, ...]
    paths: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]
    found: tuple[Found | None, ...]

    @property
    def known(self) -> int:
        """How many columns were understood."""
        return len({f.column for f in self.found if f is not None})

    def at(self, *columns: str) -> list[int]:
        """Return the columns of the sheet that were taken for one of these."""
        return [i for i, f in enumerate(self.found) if f is not None and f.column in columns]


@frozen(eq=False)
class LeftOut:
    """A row that is no school: where, why, and what stands in it."""

    row: int
    reason: str
    text: str


# --------------------------------------------------------------------------------------------- meaning


_STAGES = {"小学": "primary", "初中": "junior", "高中": "senior", "初级中学": "junior", "普通高中": "senior"}
_STAGE = re.compile(r"(小学|初中|高中|初级中学|普通高中)(部|段|阶段|教育|学段)?")


def _stage_of(label: str) -> str | None:
    match = _STAGE.fullmatch(fold(label))
    return None if match is None else _STAGES[match.group(1)]


_UNIT_LABEL = re.compile(r"^(?:计量|金额)?单位[:为]?")


def _bare_unit(label: str) -> str | None:
    folded = _UNIT_LABEL.sub("", fold(label).strip("()"))
    return folded if folded in units() else None


def _is_other(label: str) -> bool:
    """Whether a label speaks of other people, another time or a share."""
    return any(w in fold(label) for w in words("headers", "other"))


def meaning(path: Sequence[str]) -> Found | None:
    """Tell what headers above each other mean together, None if it is not known."""
    return _meaning(tuple(path))


@cache
def _meaning(path: tuple[str, ...]) -> Found | None:
    if not path:
        return None
    if len(path) == 1:
        return recognise(path[0])
    unit = _bare_unit(path[-1])
    if unit is not None:
        return _in_unit(_meaning(path[:-1]), unit)
    joined = _joined(path)
    if joined is not None:
        return joined
    stages = [s for label in path if (s := _stage_of(label)) is not None]
    if stages:
        rest = tuple(label for label in path if _stage_of(label) is None)
        found = _meaning(rest) if len(stages) == 1 else None
        base = base_column(found.column) if found is not None else None
        if found is None or base is None or base[1] is not None or base_column(f"{found.column}_{stages[0]}") is None:
            return None
        return Found(column=f"{found.column}_{stages[0]}", unit=found.unit, remarks=found.remarks)
    last = fold(path[-1])
    if last in words("headers", "whole") or last in words("headers", "counted"):
        return _meaning(path[:-1])
    found = recognise(path[-1])
    above = path[:-1]
    if found is None or any(_is_other(label) for label in above):
        return None
    remarks = [*found.remarks]
    for label in above:
        parent = recognise(label)
        if fold(label) in words("headers", "neutral"):
            continue
        if parent is None or not _belongs(found.column, parent.column):
            remarks.append(f"it stands under {label!r}")
    return Found(column=found.column, unit=found.unit, remarks=tuple(remarks))


def _in_unit(found: Found | None, unit: str) -> Found | None:
    """Return what a header means in the unit below it; two units that differ are refused as one that is not known."""
    if found is None:
        return None
    base = base_column(found.column)
    to = None if base is None else base[0].unit
    if found.unit is not None and to is not None and unit_factor(to, found.unit) != unit_factor(to, unit):
        unit = f"{found.unit}/{unit}"
    return Found(column=found.column, unit=unit, remarks=found.remarks)


def _joined(path: tuple[str, ...]) -> Found | None:
    """Read the labels as one: 教学及辅助用房 over 面积(㎡)."""
    if any(_stage_of(label) for label in path[1:]):
        return None
    for start in range(len(path) - 1):
        if any(_is_other(label) for label in path[:start]) or any(_stage_of(x) for x in path[:start]):
            continue
        found = recognise("".join(path[start:]))
        if found is not None:
            return found
    return None


def _belongs(part: str, whole: str) -> bool:
    base, above = base_column(part), base_column(whole)
    if base is None or above is None:
        return False
    return (
        base[0].part_of == above[0].id or base[0].id == above[0].id or base[0].part_of == above[0].part_of is not None
    )


# ------------------------------------------------------------------------------------------ the headers


def find_header(
    grid: Grid,
    *,
    given: Sequence[int] | None = None,
    mapping: Iterable[str] = (),
    understood: Callable[[Sequence[str]], Found | None] = meaning,
) -> Header | None:
    """Find the row or rows of headers; None where the sheet is empty.

    Raises
    ------
    InputDataError
        When two places are equally good.
    """
    rows, width = grid.cells.shape
    if not rows or not width:
        return None
    labels = _labels(grid, min(rows, max(_HEAD, max(given or (0,)) + 1)))
    wanted = {fold(m) for m in mapping}
    if given is not None:
        return _header(grid, labels, tuple(given), wanted, understood)
    texts = [_only_text(row) for row in labels]
    best: Header | None = None
    score = 0
    single: dict[int, int] = {}
    for r in range(len(labels)):
        for depth in range(1, _DEEPEST + 1):
            block = tuple(range(r, r + depth))
            if r + depth > len(labels) or not texts[r + depth - 1]:
                break
            header = _header(grid, labels, block, wanted, understood)
            n = _score(header, wanted)
            if depth == 1:
                single[r] = n
            # of what knows as much the fewest rows: a title above adds nothing
            # (below what was found, a header as good as it may be that of a second printed page)
            if n > score or (best is not None and n == score and depth < len(best.rows) and r <= best.rows[-1]):
                best, score = header, n
    if best is None:
        return _unknown_header(grid, labels, texts, wanted, understood)
    best = _extended(grid, labels, texts, best, wanted, understood)
    rivals = [
        r
        for r, n in single.items()
        if r not in best.rows and n >= max(3, _RIVAL * score) and not _repeats(best, grid.cells[r].tolist())
    ]
    if rivals:
        raise InputDataError([_two_headers(grid, best, rivals[0], labels[rivals[0]])])
    return best


def _says(header: Header, c: int, value: Any) -> bool:
    """Whether a cell says what the headers of its column say, in whichever of their rows."""
    text = " ".join(value.split()) if isinstance(value, str) else value
    return text in header.paths[c] or text == header.names[c]


def _repeats(header: Header, row: Sequence[Any]) -> bool:
    """Whether a row is one of the rows of the headers over again, as on the next printed page."""
    filled = [(c, v) for c, v in enumerate(row) if v is not None]
    return bool(filled) and all(_says(header, c, v) for c, v in filled)


def _two_headers(grid: Grid, best: Header, row: int, other: Sequence[Any]) -> Problem:
    first = "、".join(n for n in best.names if n)[:60]
    second = "、".join(str(v) for v in other if v is not None)[:60]
    return Problem(
        code=ProblemCode.UNCLEAR_HEADER,
        value=str(row + 1),
        message=f"sheet {grid.name!r}: rows {best.rows[0] + 1} ({first}) and {row + 1} ({second}) could both be "
        f"the headers; say which with header={best.rows[0] + 1} or header={row + 1}, "
        "and put two tables on two sheets",
    )


def _score(header: Header, wanted: set[str]) -> int:
    mapped = {n for n in map(fold, header.names) if n in wanted}
    return len({f.column for f in header.found if f is not None} | mapped)


def _labels(grid: Grid, n: int) -> list[list[str | None]]:
    """Return the first rows with what merged cells hold in each of their places; figures as they are."""
    cells = grid.cells[:n]
    out: list[list[Any]] = cells.tolist()
    for r0, c0, r1, c1 in grid.merges or ():
        if r0 < n and out[r0][c0] is not None:
            for r in range(r0, min(r1 + 1, n)):
                out[r][c0 : c1 + 1] = [out[r0][c0]] * (min(c1 + 1, len(out[r])) - c0)
    return out


def _only_text(row: Sequence[Any]) -> bool:
    filled = [v for v in row if v is not None]
    return bool(filled) and all(isinstance(v, str) and not is_figure(v) for v in filled)


def _header(
    grid: Grid,
    labels: Sequence[Sequence[Any]],
    rows: tuple[int, ...],
    wanted: set[str],
    understood: Callable[[Sequence[str]], Found | None],
) -> Header:
    width = grid.cells.shape[1]
    lines: list[list[Any]] = []
    merged = {r for r0, _, r1, _ in grid.merges or () for r in range(r0, min(r1, r0 + _DEEPEST) + 1)}
    for i, r in enumerate(rows):
        line = list(labels[r])
        if i < len(rows) - 1 and r not in merged:
            # no merged cells are known: a group of headers reaches to the next one, as far as something stands below
            for c in range(1, width):
                if line[c] is None and line[c - 1] is not None and labels[rows[-1]][c] is not None:
                    line[c] = line[c - 1]
        lines.append(line)
    paths: list[tuple[str, ...]] = []
    for c in range(width):
        path: list[str] = []
        for line in lines:
            label = line[c]
            text = None if label is None else " ".join(str(label).split())
            if text and (not path or path[-1] != text):
                path.append(text)
        paths.append(tuple(path))
    names = [_name(path) for path in paths]
    # one header merged over several columns names the first of them
    for r0, c0, r1, c1 in grid.merges or ():
        if r0 in rows and r1 >= rows[-1]:
            for c in range(c0 + 1, c1 + 1):
                if c < width and paths[c] == paths[c0]:
                    paths[c], names[c] = (), ""
    twice = {n for n in names if n and names.count(n) > 1}
    names = [f"{n} (column {column_letter(c)})" if n in twice else n for c, n in enumerate(names)]
    return Header(
        rows=rows, paths=tuple(paths), names=tuple(names), found=tuple(understood(p) if p else None for p in paths)
    )


def _name(path: Sequence[str]) -> str:
    if len(path) > 1 and _bare_unit(path[-1]) is not None:
        return f"{_name(path[:-1])}({path[-1].strip('()（）')})"
    return " / ".join(path)


def _extended(
    grid: Grid,
    labels: Sequence[Sequence[Any]],
    texts: Sequence[bool],
    header: Header,
    wanted: set[str],
    understood: Callable[[Sequence[str]], Found | None],
) -> Header:
    """Take in rows below that belong to the headers: what merged cells reach down to, and a row of units."""
    last = header.rows[-1]
    for r0, _, r1, _ in grid.merges or ():
        if r0 in header.rows and last < r1 < min(header.rows[0] + _DEEPEST, len(labels)):
            last = max(last, r1)
    rows = [r for r in range(header.rows[0], last + 1) if r <= header.rows[-1] or texts[r]]
    if len(rows) > len(header.rows):
        longer = _header(grid, labels, tuple(rows), wanted, understood)
        header = longer if _score(longer, wanted) >= _score(header, wanted) else header
    under = _unit_row(labels, texts, header)
    if under is None:
        return header
    # what is no unit there, a label or a dash, says nothing of its column
    cells = list(labels)
    cells[under] = [v if v is not None and _bare_unit(v) is not None else None for v in labels[under]]
    longer = _header(grid, cells, (*header.rows, under), wanted, understood)
    found = [
        _with_odd_unit(f, v) if u is None else f
        for f, u, v in zip(longer.found, cells[under], labels[under], strict=True)
    ]
    return evolve(longer, found=tuple(found))


def _with_odd_unit(found: Found | None, cell: Any) -> Found | None:
    """Return a header with the unit below it that is not known, for it to be refused."""
    if found is None or _type(found) != "number" or cell is None or _says_nothing(cell):
        return found
    return Found(column=found.column, unit=fold(cell), remarks=found.remarks)


def _says_nothing(cell: Any) -> bool:
    """Whether a cell in a row of units is a dash or the label of the row."""
    bare = fold(cell).strip("():")
    return is_missing(cell) or bare in words("headers", "units")


def _unit_row(labels: Sequence[Sequence[Any]], texts: Sequence[bool], header: Header) -> int | None:
    """Return the row under the headers that gives the units, None if there is none.

    In the columns of words stands nothing, a dash or a label such as 计量单位; of the rest most are known units.
    """
    for under in range(header.rows[-1] + 1, min(header.rows[-1] + 4, len(labels))):
        row = labels[under]
        if all(v is None for v in row) or _is_numbering(row):
            continue
        if not texts[under]:
            return None
        said = [(f, v) for f, v in zip(header.found, row, strict=True) if v is not None and not _says_nothing(v)]
        known = sum(_bare_unit(v) is not None for _, v in said)
        words_in_keys = any(f is not None and _type(f) != "number" and _bare_unit(v) is None for f, v in said)
        return under if known and 2 * known >= len(said) and not words_in_keys else None
    return None


def _unknown_header(
    grid: Grid,
    labels: Sequence[Sequence[Any]],
    texts: Sequence[bool],
    wanted: set[str],
    understood: Callable[[Sequence[str]], Found | None],
) -> Header | None:
    """Take the first full row of words for the headers where none is known."""
    filled = [sum(v is not None for v in row) for row in labels]
    widest = max(filled, default=0)
    for r, row in enumerate(labels):
        if texts[r] and filled[r] * 2 > widest and len({v for v in row if v is not None}) == filled[r]:
            return _header(grid, labels, (r,), wanted, understood)
    if widest == 0:
        return None
    raise InputError(
        f"sheet {grid.name!r}: no row of headers was found in the first {len(labels)} rows; "
        "say which row it is with header=, and what the headers mean with mapping="
    )


# ------------------------------------------------------------------------------------------------ rows


def _ordinals() -> dict[str, int]:
    out = {c: i for i, c in enumerate("甲乙丙丁戊己庚辛壬癸", -100)}
    out |= {c: i for i, c in enumerate("abcdefghijklmnopqrstuvwxyz", -50)}
    return out


_ORDINAL = _ordinals()


def _is_numbering(row: Sequence[Any]) -> bool:
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


def _has_marks(row: Sequence[Any]) -> bool:
    return any(isinstance(v, str) and not v.isdigit() for v in row)


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
    numeric = [i for i, f in enumerate(header.found) if _type(f) == "number"]
    first_number = min(numeric, default=cells.shape[1])
    schools = header.at("school", "school_code")
    keys = [c for c in range(cells.shape[1]) if c not in numeric and (c < first_number or _type(header.found[c]))]
    names = header.at("school") or schools
    suspect = counts <= 2
    if names:
        suspect |= ~filled[:, names[0]]
    for c in keys:
        column = cells[:, c].tolist()
        hits = {
            v
            for v in set(column)
            if isinstance(v, str) and ((v[-1] in _TOTAL_LAST and is_total(v)) or is_note(v) or _says(header, c, v))
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


def _type(found: Found | None) -> str:
    base = None if found is None else base_column(found.column)
    return "" if base is None else base[0].type


def _refuse_other_header(grid: Grid, header: Header, row: int, cells: Sequence[Any]) -> None:
    """Refuse a second table below the first, with headers of its own; reading on would mix the two."""
    for c, value in enumerate(cells):
        if isinstance(value, str):
            found = recognise(" ".join(value.split()))
            ours = header.found[c]
            if found is not None and (ours is None or found.column != ours.column) and not _says(header, c, value):
                raise InputDataError([_two_headers(grid, header, row, cells)])


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
    same = sum(_says(header, c, v) for c, v in texts)
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
    if _is_numbering(row) and (below == 0 or _has_marks(row)):
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


def place(grid: Grid, row: int, column: int) -> str:
    """Name a cell with its sheet."""
    return f"{grid.name}!{cell_name(row, column)}"


def named_by(mapping: Mapping[str, str] | None, header: Header) -> dict[str, str]:
    """Return the mapping by the names the columns go by: a header below others may be named alone."""
    out: dict[str, str] = {}
    for key, column in (mapping or {}).items():
        hits = [n for n in header.names if n == key]
        hits = hits or [n for n in header.names if n and fold(n) == fold(key)]
        hits = hits or [n for n, p in zip(header.names, header.paths, strict=True) if p and fold(p[-1]) == fold(key)]
        for name in hits[:1] if len(hits) == 1 else hits or [key]:
            out[name] = column
    return out
