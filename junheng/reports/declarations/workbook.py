"""A filled form as a workbook for printing (private)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from junheng._data import CountyKey
from junheng._files import as_path, write_bytes
from junheng.errors import InputError
from junheng.reports._workbooks import SANS, Formats, set_up_page, width_of, workbook_bytes
from junheng.reports._workbooks import cell_text as clean
from junheng.reports._workbooks import lines_of as _lines
from junheng.reports.declarations.cells import clauses
from junheng.reports.declarations.fill import declaration
from junheng.reports.declarations.model import Cell, Column, Declaration, FormTable
from junheng.results import Evaluation
from junheng.words import Quoted, label_of_column, message, sentences, word

#: Fills of marked cells; each also has a comment, so that no reader depends on colour.
_FILLS = {"rounding": "#FFE08A", "open": "#D9E6F2", "not_given": "#F2F2F2"}
#: Column widths in characters, by id; indicators have the default width.
_WIDTHS = {
    "stage": 6, "number": 6, "school": 26, "owner": 6.5, "students": 9, "grades": 7, "classes": 7, "complies": 9,
    "remark": 40, "row": 16, "code": 7, "entry": 30, "unit": 8, "value": 13, "source": 14, "item": 34, "finding": 46,
    "required": 16, "verdict": 10, "reference": 22, "who": 12, "part": 16, "reason": 64, "overall": 10, "composite": 10,
}  # fmt: skip
_DEFAULT_WIDTH = 11
#: Columns of text, aligned left.
_LEFT = ("school", "remark", "entry", "source", "item", "finding", "reference", "reason")
#: Columns that are often empty.
_SHRINK = ("remark", "reference")
_PORTRAIT = ("I", "summary", "left_out")
#: Most rows of a table with merged cells; such a table fits on one page.
_MERGED = 8
#: Counts in the provenance, with the group of labels of what they count.
_COUNTED = {"sections_left_out": "reason", "warnings": "problem"}


def write_declaration(ev: Evaluation, path: str | os.PathLike[str], *, county: CountyKey | None = None) -> Path:
    """Write the declaration form of a county as a workbook, ready to print on A4.

    Parameters
    ----------
    ev : Evaluation
        Of one county, or of several.
    path : str or path
        The file to write, ending in ``.xlsx``. An existing file is replaced once the workbook is complete.
    county : str, int or tuple, optional
        Which county; see :func:`declaration`.

    Returns
    -------
    pathlib.Path
        The file: a cover with the verdicts, a sheet for each table, the units that do not count, and provenance. The
        same evaluation gives the same bytes.

    Raises
    ------
    InputError
        As :func:`declaration`; if the name does not end in ``.xlsx``, or the extra ``excel`` is not installed.
    OutputFileError
        If the file cannot be written. An existing file is left unchanged.

    Examples
    --------
    >>> import junheng as jh, pathlib, tempfile
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> jh.reports.write_declaration(ev, pathlib.Path(tempfile.mkdtemp()) / "form.xlsx").name
    'form.xlsx'
    """
    target = as_path(path)
    if target.suffix.lower() != ".xlsx":
        raise InputError(message("forms.declaration_ending", file=Quoted(target.name)))
    form = declaration(ev, county=county)

    def fill(book: Any) -> None:
        sheets = _Sheets(book, form)
        sheets.cover()
        for table in form.tables:
            if table.id != "summary":
                sheets.table(table)
        sheets.provenance()

    write_bytes(target, workbook_bytes(target, clean(form.title), clean(form.document), fill))
    return target


def _words(group: str) -> Mapping[str, str]:
    return sentences(f"forms.{group}", "zh")


class _Sheets:
    """Writes the sheets of one workbook."""

    def __init__(self, book: Any, form: Declaration) -> None:
        self.book = book
        self.form = form
        self.words = _words("workbook")
        self.legend = _words("legend")
        self.format = Formats(book, font_size=10.5, text_wrap=True)

    def _sheet(self, name: str, *, portrait: bool) -> Any:
        sheet = self.book.add_worksheet(name)
        set_up_page(sheet, "zh", portrait=portrait)
        return sheet

    def _merged(
        self, sheet: Any, row: int, last: int, text: str, width: float, size: float = 10.5, **given: Any
    ) -> None:
        """Write a text across all columns, in a row of sufficient height."""
        text = clean(text)
        style = self.format(font_size=size, **given)
        if last > 0:
            sheet.merge_range(row, 0, row, last, "", style)
        sheet.write_string(row, 0, text, style)
        sheet.set_row(row, _lines(text, width * 10.5 / size) * size * 1.55 + 3)

    # -- sheets

    def cover(self) -> None:
        """Write the first sheet: title, verdicts, legend of marks, contents."""
        form, table = self.form, self.form.table("summary")
        sheet = self._sheet(self.words["cover"], portrait=True)
        widths = [18, 12, 68]
        for j, wide in enumerate(widths):
            sheet.set_column(j, j, wide)
        whole = sum(widths)
        self._merged(sheet, 0, 2, form.title, whole, 20, bold=True, align="center", **SANS)
        row = 1
        for key, value in (("county", self._county()), ("basis", f"{form.label}；{form.document}")):
            style = self.format(border=1, align="center", bold=True)
            sheet.write_string(row, 0, self.words[key], style)
            sheet.merge_range(row, 1, row, 2, "", self.format(border=1))
            sheet.write_string(row, 1, clean(value), self.format(border=1))
            sheet.set_row(row, _lines(clean(value), widths[1] + widths[2]) * 16 + 6)
            row += 1
        row = self._body(sheet, row + 1, table, widths)
        row += 1
        self._merged(sheet, row, 2, self.words["marks"], whole, 12, bold=True, **SANS)
        row += 1
        for mark, meaning in self.legend.items():
            style = self.format(border=1, align="center", bg_color=_FILLS[mark])
            sheet.write_string(row, 0, f"（{form.marks[mark]}）", style)
            sheet.merge_range(row, 1, row, 2, "", self.format(border=1))
            sheet.write_string(row, 1, meaning, self.format(border=1))
            sheet.set_row(row, _lines(meaning, widths[1] + widths[2]) * 16 + 4)
            row += 1
        row += 1
        self._merged(sheet, row, 2, self.words["contents"], whole, 12, bold=True, **SANS)
        row += 1
        for other in form.tables:
            if other.id != "summary":
                sheet.merge_range(row, 0, row, 2, "", self.format())
                sheet.write_string(row, 0, clean(other.title), self.format())
                sheet.set_row(row, 18)
                row += 1
        row += 1
        for note in (self.words["printing"], *form.notes):
            self._merged(sheet, row, 2, self.words["note"].format(text=note), whole)
            row += 1

    def _county(self) -> str:
        """Return the county as a form names it, with the year in brackets."""
        *names, year = self.form.county.split(" / ")
        if not names or not re.fullmatch(r"(19|20)\d\d", year):
            return self.form.county
        return self.words["county_in_year"].format(county=" / ".join(names), year=year)

    def table(self, table: FormTable) -> None:
        """Write one table on its own sheet."""
        sheet = self._sheet(_sheet_name(table), portrait=table.id in _PORTRAIT)
        widths = [_width(table, j) for j in range(len(table.columns))]
        for j, wide in enumerate(widths):
            sheet.set_column(j, j, wide)
        last, whole = len(widths) - 1, sum(widths)
        self._merged(sheet, 0, last, table.title, whole, 16, bold=True, align="center", **SANS)
        basis = self.words["county_and_basis"].format(county=self._county(), label=self.form.label)
        self._merged(sheet, 1, last, basis, whole)
        row = self._body(sheet, 2, table, widths)
        head = 2 + self._head_rows(table)
        sheet.freeze_panes(head, 3 if table.id == "II-2" else 0)
        sheet.repeat_rows(2, head - 1)
        for i, note in enumerate(table.notes, start=1):
            self._merged(sheet, row, last, self.words["numbered_note"].format(n=i, text=note), whole)
            row += 1
        marked = [m for m in self.legend if any(c.mark == m for line in table.rows for c in line)]
        if marked:
            row += 1
        for mark in marked:
            self._merged(sheet, row, last, f"■ {self.legend[mark]}", whole, bg_color=_FILLS[mark])
            row += 1
        sheet.print_area(0, 0, max(row - 1, head), last)

    def provenance(self) -> None:
        """Write the provenance of the figures, sufficient to reproduce the workbook."""
        sheet = self._sheet(self.words["source"], portrait=True)
        sheet.set_column(0, 0, 26)
        sheet.set_column(1, 1, 72)
        self._merged(sheet, 0, 1, self.words["source_title"], 98, 16, bold=True, align="center", **SANS)
        labels = _words("provenance")
        for row, (key, value) in enumerate(self.form.provenance.items(), start=1):
            shown = _provenance_text(key, value) or self.words["none"]
            sheet.write_string(row, 0, labels.get(key, key), self.format(border=1, bold=True))
            sheet.write_string(row, 1, clean(shown), self.format(border=1))
            sheet.set_row(row, _lines(shown, 70) * 16 + 4)
        note = self.words["note"].format(text=self.words["source_note"])
        self._merged(sheet, len(self.form.provenance) + 2, 1, note, 98)

    # -- the grid

    def _head_rows(self, table: FormTable) -> int:
        return 2 if any(c.code for c in table.columns) else 1

    def _body(self, sheet: Any, row: int, table: FormTable, widths: Sequence[float]) -> int:
        """Write headers and rows, and return the next row."""
        head = self.format(border=1, bold=True, align="center", bg_color="#EDEDED", **SANS)
        coded = self._head_rows(table) == 2
        for j, column in enumerate(table.columns):
            if coded and not column.code:
                sheet.merge_range(row, j, row + 1, j, "", head)
            sheet.write_string(row, j, clean(column.label), head)
            if coded and column.code:
                sheet.write_string(row + 1, j, column.code, head)
        # bold text is wider
        high = max(_lines(c.label, w * 0.85) for c, w in zip(table.columns, widths, strict=True))
        sheet.set_row(row, high * 15 + 6)
        row += 1
        if coded:
            sheet.set_row(row, 18)
            row += 1
        joined = {c.id: j for j, c in enumerate(table.columns) if c.id in table.merged}
        starts = _runs(table, joined)
        stacked = len(table.rows) > _MERGED
        for i, line in enumerate(table.rows):
            need = 1
            for j, (column, cell) in enumerate(zip(table.columns, line, strict=True)):
                run = starts[i][column.id] if column.id in joined else 1
                if run != 1 and stacked:
                    # not merged: a merged cell across a page break is cut in print
                    ends = {"top": int(run > 1), "bottom": int(i + 1 == len(starts) or starts[i + 1][column.id] != 0)}
                    style = self._style(column, cell, border=0, left=1, right=1, **ends)
                    cell = cell if run > 1 else Cell()
                    run = 1
                else:
                    style = self._style(column, cell)
                if run == 0:
                    continue
                if run > 1:
                    sheet.merge_range(row + i, j, row + i + run - 1, j, "", style)
                self._write(sheet, row + i, j, cell, style)
                need = max(need, -(-_lines(clean(cell.text), widths[j] - 1) // run))
            sheet.set_row(row + i, min(400, need * 15 + 5))
        return row + len(table.rows)

    def _style(self, column: Column, cell: Cell, **more: Any) -> Any:
        given: dict[str, Any] = {"border": 1, "align": "left" if column.id in _LEFT else "center"} | more
        if isinstance(cell.value, (int, float)) and not isinstance(cell.value, bool):
            given["num_format"] = _number_format(cell)
        if cell.mark is not None:
            given["bg_color"] = _FILLS[cell.mark]
        return self.format(**given)

    def _write(self, sheet: Any, row: int, column: int, cell: Cell, style: Any) -> None:
        if isinstance(cell.value, (int, float)) and not isinstance(cell.value, bool):
            sheet.write_number(row, column, cell.value, style)
        elif cell.text:
            sheet.write_string(row, column, clean(cell.text), style)
        else:
            sheet.write_blank(row, column, None, style)
        if cell.note:
            note = clean(cell.note)
            high = 22 * (1 + _lines(note, 30))
            sheet.write_comment(row, column, note, {"author": "junheng", "width": 240, "height": high, "font_size": 9})


def _provenance_text(key: str, value: Any) -> str:
    """Return an entry of the provenance in words, empty if there is none."""
    if key in _COUNTED:
        return clauses(f"{word(_COUNTED[key], name, 'zh')} {n}" for name, n in value.items())
    if key == "changes":
        return clauses(message("forms.changed_cells", n=change["cells"], digest=change["digest"]) for change in value)
    if isinstance(value, (list, tuple)):
        return "、".join(label_of_column(str(x)) for x in value)
    if key == "missing":
        return _words("missing")[value]
    return "" if value is None else str(value)


def _number_format(cell: Cell) -> str:
    if cell.decimals is None:
        return "0.####%" if cell.percent else "General"
    places = f".{'0' * cell.decimals}" if cell.decimals else ""
    return f"0{places}%" if cell.percent else f"0{places}"


def _runs(table: FormTable, joined: dict[str, int]) -> list[dict[str, int]]:
    """Return for each row and merged column how many rows its cell spans, 0 if a cell above spans it.

    A run ends where any of the columns changes, so that two items with the same verdict stay separate.
    """
    spans: list[dict[str, int]] = [dict.fromkeys(joined, 1) for _ in table.rows]
    start = 0
    for i in range(1, len(table.rows) + 1):
        before = [table.rows[start][j] for j in joined.values()]
        if i < len(table.rows) and [table.rows[i][j] for j in joined.values()] == before:
            continue
        for id_ in joined:
            spans[start][id_] = i - start
            for k in range(start + 1, i):
                spans[k][id_] = 0
        start = i
    return spans


def _width(table: FormTable, j: int) -> float:
    """Return the width of a column; columns that are often empty shrink to their content."""
    column = table.columns[j]
    wide = float(_WIDTHS.get(column.id, _DEFAULT_WIDTH))
    if column.id not in _SHRINK:
        return wide
    return min(wide, max(10.0, *(width_of(clean(line[j].text)) + 2.0 for line in table.rows), 10.0))


def _sheet_name(table: FormTable) -> str:
    name = table.title.split()[0] if table.title.startswith("表") else table.title
    # characters and length allowed in a sheet name
    return re.sub(r"[\[\]:*?/\\]", "", name)[:31]
