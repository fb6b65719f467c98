"""The worklist as a workbook: a summary, the findings to fill in, what each kind can show, what no longer appears."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from attrs import frozen

from junheng._files import as_path, write_bytes
from junheng.errors import InputError, check_language
from junheng.plausibility.findings import KINDS, Finding
from junheng.reading.input_file import FileLike
from junheng.reports._findings import kind_label
from junheng.reports._workbooks import HEAD, SANS, Formats, cell_text, lines_of, row_height, set_up_page, workbook_bytes
from junheng.reports.workbooks.sheets import FOUR, GENERAL, MOST_ROWS, TWO, WHOLE
from junheng.reports.worklists.model import Entry, Worklist, by_school, make_worklist
from junheng.reports.worklists.summary import place_of, write_summary
from junheng.standards import Standard
from junheng.words import LANGUAGES, Language, Name, message, sentences, word

#: The columns of the findings with their widths; those that are filled in come last but one and two.
_WIDTHS = {
    "county": 11, "school": 17, "stage": 6, "year": 6.5, "kind": 13, "columns": 15, "cells": 15, "value": 10,
    "expected": 10, "evidence": 40, "result": 11, "text": 28, "id": 16.5,
}  # fmt: skip
_KINDS = {"column_kind": 18, "column_shows": 48, "column_not": 48, "column_alarms": 36}
_GRID = {"border": 1, "border_color": "#BFBFBF"}
_CENTRED = ("stage", "year", "result", "id")
_TO_FILL_IN = ("result", "text")
_HEADING, _PART, _ANSWER, _EXPLAINED = "#E7EDF4", "#FFFFFF", "#FFF9E5", "#F2F2F2"


def write_worklist(
    schools: Any,
    path: str | os.PathLike[str],
    *,
    by: Sequence[str] | str | None = None,
    standard: Standard | str | os.PathLike[str] | None = None,
    alpha: float = 0.05,
    explained: FileLike | Sequence[FileLike] = (),
    language: Language = "zh",
) -> Path:
    """Write the figures worth a look as a workbook for inspectors to fill in.

    One sheet lists what :func:`junheng.plausibility` finds, grouped by county and school, with the cells of the file,
    the evidence, and two columns to fill in: the result and an explanation. Others summarise the findings and say what
    each kind can show. Filled in and given as ``explained``, the workbook is read back: findings that are the same,
    figures included, come last, marked as explained; those that no longer appear are listed apart.

    Parameters
    ----------
    schools : pandas, polars or pyarrow frame
        As for :func:`junheng.plausibility`. Cells are named if it comes from :func:`junheng.read_schools`.
    path : str or path
        The file to write, ending in ``.xlsx``. An existing file is replaced once the workbook is complete.
    by : str or sequence of str, optional
        As for :func:`junheng.plausibility`.
    standard : Standard, str or path, optional
        As for :func:`junheng.plausibility`.
    alpha : float
        As for :func:`junheng.plausibility`.
    explained : str, path, bytes, open file, or a list of these
        Worklists that were filled in.
    language : {"zh", "en"}
        Language of the workbook. Worklists in either language are read back.

    Returns
    -------
    pathlib.Path
        The file. The same table and worklists give the same bytes.

    Raises
    ------
    InputError
        As :func:`junheng.plausibility`; if the name does not end in ``.xlsx``, a file of ``explained`` cannot be read
        or is not a worklist, or the extra ``excel`` is not installed.
    InputDataError
        As :func:`junheng.plausibility`.
    OutputFileError
        If the file cannot be written, or is one of ``explained``. An existing file is left unchanged.

    Examples
    --------
    >>> import junheng as jh, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "worklist.xlsx"
    >>> jh.reports.write_worklist(jh.synthetic.county(seed=0), path).name
    'worklist.xlsx'
    """
    check_language(language)
    target = as_path(path)
    files = _several(explained)
    _check_ending(target)
    worklist = make_worklist(schools, by=by, standard=standard, alpha=alpha, explained=files)
    write_workbook(worklist, target, language, [f for f in files if isinstance(f, (str, os.PathLike))])
    return target


def write_workbook(
    worklist: Worklist, target: Path, language: Language, inputs: Iterable[str | os.PathLike[str]] = ()
) -> None:
    """Write a worklist."""
    _check_ending(target)
    text = sentences("worklist.sheet_text", language)
    title = text["title"].format(place=place_of(worklist, language))

    def fill(book: Any) -> None:
        formats = Formats(book)
        write_summary(book, formats, worklist, title, language)
        _write_findings(book, formats, worklist, language)
        _write_kinds(book, formats, worklist, language)
        if worklist.with_answers:
            _write_settled(book, formats, worklist, language)

    label = "" if worklist.standard is None else getattr(worklist.standard.label, language)
    write_bytes(target, workbook_bytes(target, title, label, fill), inputs)


def _several(explained: FileLike | Sequence[FileLike]) -> list[FileLike]:
    return list(explained) if isinstance(explained, (list, tuple)) else [cast("FileLike", explained)]


def _check_ending(target: Path) -> None:
    if target.suffix.lower() != ".xlsx":
        raise InputError(message("worklist.not_xlsx", file=target.name))


# ------------------------------------------------------------------------------------------------- the findings


@frozen(eq=False)
class _Line:
    """A row of the sheet: a heading, or a finding."""

    cells: dict[str, Any]
    kind: str = "finding"


def _write_findings(book: Any, formats: Formats, worklist: Worklist, language: Language) -> None:
    columns = [name for name in _WIDTHS if name != "year" or any(p.years for p in worklist.places)]
    lines = list(_lines(worklist, language))
    for sheet, part in _pages(book, sentences("worklist.sheet", language)["findings"], lines, MOST_ROWS):
        _Sheet(sheet, formats, {n: _WIDTHS[n] for n in columns}, language).write(part)


def _lines(worklist: Worklist, language: Language) -> Iterator[_Line]:
    """Yield the findings by school, those explained before at the end."""
    text = sentences("worklist.sheet_text", language)
    parts = [("open_part", worklist.open), ("explained_part", worklist.explained)]
    for key, entries in parts:
        if entries and worklist.explained:
            yield _Line({"county": text[key].format(n=len(entries))}, "part")
        for (place, school), group in by_school(entries).items():
            counted = text["heading.one" if len(group) == 1 and "heading.one" in text else "heading"]
            cells = {"county": place, "school": school or text["whole_county"], "kind": counted.format(n=len(group))}
            yield _Line(cells, "heading")
            yield from (_line(e, text["whole_county"], text["unchanged"], language) for e in group)
    if not worklist.entries:
        yield _Line({"county": text["nothing"]}, "part")


def _line(entry: Entry, whole: str, unchanged: str, language: Language) -> _Line:
    found = entry.finding
    evidence = found.evidence.text(language) + (unchanged if entry.status == "unchanged" else "")
    cells = {
        "county": entry.place,
        "school": found.school or whole,
        "stage": word("stage", found.stage, language),
        "year": found.year,
        "kind": kind_label(found.kind, language),
        "columns": columns_text(found, language),
        "cells": entry.cells.text(language),
        "value": found.value,
        "expected": found.expected,
        "evidence": evidence,
        "result": _translated(entry.result, language),
        "text": entry.text,
        "id": entry.id,
    }
    return _Line(cells, "explained" if entry.status == "explained" else "finding")


def columns_text(finding: Finding, language: Language) -> str:
    """Name the columns of a finding."""
    comma = "、" if language == "zh" else ", "
    return comma.join(Name("column", name).text(language) for name in finding.columns)


def _translated(result: str, language: Language) -> str:
    """Return a result that was chosen from the list of another language."""
    for other in LANGUAGES:
        for key, label in sentences("worklist.result", other).items():
            if result == label:
                return sentences("worklist.result", language)[key]
    return result


@frozen(eq=False)
class _Sheet:
    """Writes rows of some columns."""

    sheet: Any
    formats: Formats
    widths: dict[str, float]
    language: Language

    def write(self, lines: Sequence[_Line], first: int = 0) -> None:
        """Write the headers and the lines; set the sheet up for the screen and for A4."""
        sheet, heads = self.sheet, sentences("worklist.column", self.language)
        head = sentences("worklist.sheet_text", self.language)["file_header"]
        set_up_page(sheet, self.language, portrait=False, header=f"{head} · {sheet.get_name()}")
        for c, (name, width) in enumerate(self.widths.items()):
            sheet.set_column(c, c, width)
            sheet.write_string(first, c, heads[name], self.formats(**HEAD, text_wrap=True))
        sheet.set_row(first, row_height(2))
        # county and school stay in view
        sheet.freeze_panes(first + 1, 2)
        sheet.repeat_rows(first)
        sheet.autofilter(first, 0, first + len(lines), len(self.widths) - 1)
        for r, line in enumerate(lines, start=first + 1):
            getattr(self, f"_{line.kind}")(r, line)
        if lines:
            last = len(self.widths) - 1
            sheet.ignore_errors({"number_stored_as_text": _range(first + 1, 0, first + len(lines), last)})
            self._choices(first + 1, first + len(lines))

    def _part(self, r: int, line: _Line) -> None:
        self.sheet.write_string(r, 0, line.cells["county"], self.formats(**SANS, bold=True, font_size=12))
        self.sheet.set_row(r, 24)

    def _heading(self, r: int, line: _Line) -> None:
        style = self.formats(**SANS, **_GRID, bold=True, bg_color=_HEADING)
        for c, name in enumerate(self.widths):
            self._put(r, c, line.cells.get(name), style)

    def _explained(self, r: int, line: _Line) -> None:
        self._finding(r, line, {"font_color": "#595959"}, _EXPLAINED)

    def _finding(self, r: int, line: _Line, more: dict[str, Any] | None = None, answer: str = _ANSWER) -> None:
        lines = 1
        for c, (name, width) in enumerate(self.widths.items()):
            cell = line.cells.get(name)
            style = {**_GRID, "text_wrap": True, "valign": "top", **(more or {})}
            if name in _CENTRED:
                style["align"] = "center"
            if name in _TO_FILL_IN:
                style["bg_color"] = answer
            if isinstance(cell, float):
                style["num_format"] = _number_format(cell)
            if isinstance(cell, str):
                lines = max(lines, lines_of(cell, width - 1.5))
            self._put(r, c, cell, self.formats(**style))
        self.sheet.set_row(r, row_height(lines))

    def _put(self, r: int, c: int, cell: Any, style: Any) -> None:
        if cell is None or cell == "" or cell != cell:
            self.sheet.write_blank(r, c, None, style)
        elif isinstance(cell, (int, float)) and abs(cell) != float("inf"):
            self.sheet.write_number(r, c, cell, style)
        else:
            self.sheet.write_string(r, c, cell_text(str(cell), self.language), style)

    def _choices(self, first: int, last: int) -> None:
        if "result" not in self.widths:
            return
        text, c = sentences("worklist.sheet_text", self.language), list(self.widths).index("result")
        rule = {
            "validate": "list",
            "source": list(sentences("worklist.result", self.language).values()),
            # words of one's own are an explanation too: warn, do not refuse
            "error_type": "information",
            "error_title": text["result_title"],
            "error_message": text["result_hint"],
        }
        self.sheet.data_validation(first, c, last, c, rule)


def _number_format(value: float) -> str:
    """Return the format of a figure of any size; the cell holds all its digits."""
    if value.is_integer() or abs(value) >= 100_000:
        return WHOLE
    return TWO if abs(value) >= 1 else FOUR if abs(value) >= 0.001 else GENERAL


def _range(top: int, left: int, bottom: int, right: int) -> str:
    from xlsxwriter.utility import xl_range

    return str(xl_range(top, left, bottom, right))


# --------------------------------------------------------------------------------- the kinds, what is settled


def _write_kinds(book: Any, formats: Formats, worklist: Worklist, language: Language) -> None:
    """Say of every kind what it can show and what it cannot."""
    sheet = book.add_worksheet(sentences("worklist.sheet", language)["kinds"])
    set_up_page(sheet, language, portrait=False)
    text = sentences("worklist.kinds", language)
    for c, (name, width) in enumerate(_KINDS.items()):
        sheet.set_column(c, c, width)
        sheet.write_string(0, c, text[name], formats(**HEAD, text_wrap=True))
    sheet.set_row(0, row_height(1))
    sheet.freeze_panes(1, 1)
    sheet.repeat_rows(0)
    for r, kind in enumerate(KINDS, start=1):
        shown = about_kind(kind, worklist.alpha, language)
        for c, cell in enumerate(shown):
            sheet.write_string(r, c, cell, formats(**_GRID, text_wrap=True, valign="top", bold=c == 0))
        heights = (lines_of(cell, width - 1.5) for cell, width in zip(shown, _KINDS.values(), strict=True))
        sheet.set_row(r, row_height(max(heights)))


def about_kind(kind: str, alpha: float, language: Language) -> tuple[str, str, str, str]:
    """Return the label of a kind, what it can show, what it cannot, and how often it is a false alarm."""
    alarms = sentences("worklist.kind_alarms", language).get(kind)
    controlled = sentences("worklist.kinds", language)["controlled"].format(alpha=f"{alpha:g}")
    return (
        kind_label(kind, language),
        sentences("worklist.kind_shows", language)[kind],
        sentences("worklist.kind_not", language)[kind],
        controlled if alarms is None else alarms,
    )


def _write_settled(book: Any, formats: Formats, worklist: Worklist, language: Language) -> None:
    """List what no longer appears, as it stood in the earlier worklist."""
    note = sentences("worklist.sheet_text", language)["settled_note"]
    widths = {n: w for n, w in _WIDTHS.items() if n not in ("value", "expected")}
    lines = [
        _Line({**a.cells, "id": a.id, "result": _translated(a.result, language), "text": a.text}, "explained")
        for a in worklist.settled
    ]
    style = formats(text_wrap=True)
    for sheet, part in _pages(book, sentences("worklist.sheet", language)["settled"], lines, MOST_ROWS - 1):
        sheet.merge_range(0, 0, 0, len(widths) - 1, "", style)
        sheet.write_string(0, 0, note, style)
        sheet.set_row(0, row_height(lines_of(note, sum(widths.values()))))
        _Sheet(sheet, formats, widths, language).write(part, first=1)


def _pages(book: Any, name: str, lines: Sequence[_Line], most: int) -> Iterator[tuple[Any, Sequence[_Line]]]:
    """Yield a new sheet for so many lines each, at least one."""
    for n, start in enumerate(range(0, max(len(lines), 1), most), start=1):
        yield book.add_worksheet(name if n == 1 else f"{name}{n}"), lines[start : start + most]
