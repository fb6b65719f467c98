"""Text files as grids: separator, quotation marks and cells (private)."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence

from junheng._text import INVISIBLE, characters
from junheng.errors import InputError, Problem, ProblemCode, Severity
from junheng.reading.encodings import decode
from junheng.reading.grid import MAX_ROWS, Grid, Source, cell_array, cell_name, check_size, clean_rows
from junheng.reading.input_file import InputFile
from junheng.reading.separators import SAID, SEPARATORS, find_separator
from junheng.words import Message, Quoted, listed, message

__all__ = ["decode", "open_text", "read_text"]

#: Systems write ="0012" into text so that a spreadsheet keeps the zeros of a code.
_AS_TEXT = re.compile(r'^="([^"]*)"$')
#: A column is filled if this share of the lines has a cell in it.
_FILLED = 0.9
_OTHER_LINES = re.compile("[\x0b\x0c\x1e\x85\u2028\u2029]")


def open_text(file: InputFile, suffix: str) -> Source:
    """Open a text file; ``suffix`` is its extension."""
    text, encoding = decode(file, file.data)
    separator = find_separator(text, tabs=suffix == ".tsv" or encoding == "UTF-16")
    grid, problems = read_text(file, text, separator)
    kind = "tsv" if separator == "\t" else "csv"
    return Source(name=file.name, kind=kind, encoding=encoding, grids=(grid,), problems=problems)


def read_text(file: InputFile, text: str, separator: str) -> tuple[Grid, tuple[Problem, ...]]:
    """Return the cells of a text, and what is odd about its lines.

    Raises
    ------
    InputError
        If a quotation mark is not closed, or a line has another separator.
    """
    text, skipped = _lines(text)
    odd = INVISIBLE.search("".join(characters([text])))
    if odd:
        # a BOM before a quotation mark (in concatenated files) would make the mark part of the cell
        text = re.sub(f'(?m)(^|{re.escape(separator)})({INVISIBLE.pattern}+)"', r'\1"', text)
    rows = _records(file, text, separator, skipped)
    width = max(map(len, rows), default=0)
    check_size(file.name, file.stem, len(rows), width)
    problems = _problems(file, rows, separator, quoted='"' in text)
    for cells in rows:
        if len(cells) < width:
            cells.extend([None] * (width - len(cells)))
    cleaned = clean_rows(rows) if odd else {}
    return Grid(name=file.stem, cells=cell_array(rows, width), cleaned=cleaned), problems


def _lines(text: str) -> tuple[str, int]:
    """Return a text with lines that end in a line feed, and how many lines were skipped at its beginning."""
    text = text.removeprefix("\ufeff")
    if text.endswith(("\x1a", "\x1a\n", "\x1a\r\n")):
        # the mark of DOS for the end of a file
        text = text.rstrip("\x1a\r\n")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    elif "\n" not in text:
        text = _OTHER_LINES.sub("\n", text)
    said = SAID.match(text)
    return (text, 0) if said is None else (text[said.end() :], 1)


def _records(file: InputFile, text: str, separator: str, skipped: int) -> list[list[str | None]]:
    """Split a text into rows of cells; raise an error that names the line if it is not regular."""
    rows: list[list[str | None]] = []
    wrapped = '="' in text
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True, skipinitialspace=True)
    ended = 0
    try:
        for row in reader:
            cells = [c.strip() or None for c in row]
            if wrapped:
                cells = [_AS_TEXT.sub(r"\1", c).strip() or None if c else None for c in cells]
            rows.append(cells)
            ended = reader.line_num
            if len(rows) > MAX_ROWS:
                raise InputError(message("reading.many_lines", path=file.name, limit=MAX_ROWS))
    except csv.Error as exc:
        line = ended + 1 + skipped
        key = "reading.long_cell" if "field limit" in str(exc) else "reading.quotes"
        raise InputError(message(key, path=file.name, line=line)) from None
    if ended > len(rows):
        _refuse_swallowed(file, rows, separator)
    return rows


def _usual_width(rows: Sequence[Sequence[str | None]]) -> int:
    """Return how many cells most rows have, among those with more than one."""
    counts = Counter(len(row) for row in rows)
    counts = Counter({n: times for n, times in counts.items() if n > 1}) or counts
    return max(counts, key=lambda n: (counts[n], n), default=0)


def _refuse_swallowed(file: InputFile, rows: Sequence[Sequence[str | None]], separator: str) -> None:
    """Refuse a cell in quotation marks that contains as many separators as the lines it spans."""
    width = _usual_width(rows)
    line = 0
    for row in rows:
        line += 1
        for cell in row:
            breaks = cell.count("\n") if cell is not None else 0
            if cell is None or not breaks:
                continue
            separators = cell.count(separator)
            if separators and (separators >= breaks * (width - 1) or len(row) != width):
                raise InputError(message("reading.quotes", path=file.name, line=line))
        line += sum(cell.count("\n") for cell in row if cell is not None)


# ---------------------------------------------------------------------------------- lines that look odd


def _problems(
    file: InputFile, rows: Sequence[Sequence[str | None]], separator: str, *, quoted: bool
) -> tuple[Problem, ...]:
    width = _usual_width(rows)
    _refuse_other_separators(file, rows, separator, width)
    _refuse_shifted(file, rows, width)
    problems = []
    short = [r for r, row in enumerate(rows) if 1 < len(row) < width and _filled(row) > 1]
    if short:
        sentence = message("reading.short_rows", rows=listed([r + 1 for r in short[:5]]), n=len(short))
        problems.append(_warning(sentence, str(short[0] + 1)))
    cells = _lone_quotes(rows) if quoted else []
    if cells:
        sentence = message("reading.lone_quotes", cells=listed(cells[:5]), n=len(cells))
        problems.append(_warning(sentence, cells[0]))
    return tuple(problems)


def _refuse_shifted(file: InputFile, rows: Sequence[Sequence[str | None]], width: int) -> None:
    """Refuse a line with a cell too many if its last cell is empty, and so is one that hardly any line has empty.

    A separator too many at the end of a line does no harm.
    """
    long = [r for r, row in enumerate(rows) if len(row) > width and not any(row[width:]) and 2 * _filled(row) > width]
    if not long:
        return
    usual = [row for row in rows if len(row) == width and 2 * _filled(row) > width]  # no titles, no headings
    filled = [sum(row[c] is not None for row in usual) >= _FILLED * len(usual) for c in range(width)]
    for r in long:
        if any(full and v is None for full, v in zip(filled, rows[r], strict=False)):
            raise InputError(message("reading.long_row", path=file.name, line=r + 1, headers=width))


def _lone_quotes(rows: Sequence[Sequence[str | None]]) -> list[str]:
    """Return the names of the cells with a quotation mark that belongs to no pair, or that surrounds them."""
    found = []
    for r, row in enumerate(rows):
        if '"' in "".join([v for v in row if v]):
            found += [cell_name(r, c) for c, v in enumerate(row) if _has_lone_quote(v)]
    return found


def _filled(row: Sequence[str | None]) -> int:
    return sum(v is not None for v in row)


def _has_lone_quote(cell: str | None) -> bool:
    if cell is None or '"' not in cell:
        return False
    return cell.count('"') % 2 == 1 or cell.startswith('"') or cell.endswith('"')


def _warning(sentence: Message, value: str) -> Problem:
    return Problem(code=ProblemCode.FILE_FORMAT, severity=Severity.WARNING, value=value, message=sentence)


def _refuse_other_separators(file: InputFile, rows: Sequence[Sequence[str | None]], separator: str, width: int) -> None:
    """Refuse a line that is one cell here and would be as wide as the table with another separator."""
    others = [s for s in SEPARATORS if s != separator]
    for r, row in enumerate(rows):
        if len(row) == width or width < 2 or _filled(row) != 1:
            continue
        text = next(v for v in row if v is not None)
        for other in others:
            # a note has a comma now and then
            if text.count(other) == width - 1 and (width > 2 or other in "\t|;"):
                found = {"separator": Quoted(separator), "other": Quoted(other)}
                raise InputError(message("reading.other_separator", path=file.name, line=r + 1, **found))
