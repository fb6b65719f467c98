"""The workbook of a template: schools, county facts, notes (private)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from junheng._data import STAGES, Stage
from junheng._files import as_path, write_bytes
from junheng._stages import find_stage
from junheng.errors import InputError, check_language
from junheng.facts import fact_columns
from junheng.reports._workbooks import SANS, SERIF, workbook_bytes
from junheng.reports.template.asked import KEYS, columns_asked, facts_asked
from junheng.reports.template.fields import Field, Fields
from junheng.standards import Standard, load_standard
from junheng.words import Language, Quoted, message, sentences

#: Rows that have drop-down lists and are checked while typing.
_ROWS = 2000
_FACT_KEYS = ("county", "county_code", "year")


def write_template(
    path: str | os.PathLike[str],
    standard: Standard | str | os.PathLike[str],
    *,
    stages: Sequence[Stage] = STAGES,
    facts: bool = True,
    language: Language = "zh",
) -> Path:
    """Write an empty workbook with the columns that a standard requires, for the schools of a county to fill in.

    Parameters
    ----------
    path : str or path
        The workbook to write (.xlsx). An existing file is replaced once the workbook is complete.
    standard : Standard, str or path
        The standard; the columns it requires come first.
    stages : sequence of {"primary", "junior"} or Chinese words (小学, 初中)
        Stages offered as choices.
    facts : bool
        Whether to add a sheet for county facts, if the standard asks for any.
    language : {"zh", "en"}
        Language of headers and notes; :func:`junheng.read_schools` and :func:`junheng.read_facts` read both.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the name does not end in ``.xlsx``, a stage is unknown, or the extra ``excel`` is not installed.
    OutputFileError
        If the file cannot be written, or is the file of the standard. An existing file is left unchanged.

    Examples
    --------
    >>> import junheng as jh, tempfile, pathlib
    >>> from junheng.reports import write_template
    >>> path = write_template(pathlib.Path(tempfile.mkdtemp()) / "return.xlsx", "cn-basic-balance-2012")
    >>> list(jh.read_schools(path))[:6]
    ['county', 'school_code', 'school', 'kind', 'stage', 'students']
    """
    check_language(language)
    target = as_path(path)
    if target.suffix.lower() != ".xlsx":
        raise InputError(message("forms.template_ending", file=target.name))
    if not stages or isinstance(stages, str):
        raise InputError(message("forms.template_stages", stages=STAGES, given=Quoted(stages)))
    wanted = [find_stage(s) for s in stages]
    std = standard if isinstance(standard, Standard) else load_standard(standard)

    def fill(book: Any) -> None:
        writer = _Writer(book, std, [s for s in STAGES if s in wanted], language)
        writer.schools()
        asked = facts_asked(std)
        if facts and asked:
            writer.facts(asked)
        writer.notes()

    content = workbook_bytes(target, getattr(std.label, language), std.number, fill)
    write_bytes(target, content, () if isinstance(standard, Standard) else [standard])
    return target


class _Writer:
    def __init__(self, book: Any, std: Standard, stages: Sequence[str], language: str) -> None:
        self._book = book
        self._std = std
        self._fields = Fields(stages, language)
        self._zh = language == "zh"
        self._language = language
        self._words = sentences("forms.template", language)
        self._needed, self._optional = columns_asked(std)
        self._asked: list[str] = []
        text = {**SERIF, "font_size": 10, "valign": "vcenter"}
        head = {**SANS, "bold": True, "font_size": 10, "text_wrap": True, "align": "center", "valign": "vcenter"}
        self._formats = {
            "needed": book.add_format({**head, "border": 1, "bg_color": "#1F4E79", "font_color": "#FFFFFF"}),
            "optional": book.add_format({**head, "border": 1, "bg_color": "#DDEBF7"}),
            "code": book.add_format({**text, "num_format": "@"}),
            "text": book.add_format(text),
            "whole": book.add_format({**text, "num_format": "#,##0"}),
            "number": book.add_format({**text, "num_format": "#,##0.##"}),
            "cell": book.add_format({**text, "border": 1, "text_wrap": True}),
            "middle": book.add_format({**text, "border": 1, "align": "center"}),
            "answer": book.add_format({**text, "border": 1, "num_format": "#,##0.######", "bg_color": "#FFF9E5"}),
            "code answer": book.add_format({**text, "border": 1, "num_format": "@", "bg_color": "#FFF9E5"}),
            "title": book.add_format({**SANS, "bold": True, "font_size": 13}),
            "line": book.add_format({**text, "text_wrap": True, "valign": "top"}),
        }

    def _sheet(self, key: str) -> Any:
        sheet = self._book.add_worksheet(self._words[key])
        sheet.set_paper(9)
        sheet.set_default_row(18)
        sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        # in a page header & starts a code
        label = getattr(self._std.label, self._language).replace("&", "&&")
        sheet.set_header(f"&C{label}")
        sheet.set_footer("&C&P / &N")
        return sheet

    def schools(self) -> None:
        """Write the sheet of schools: headers, formats, and checks of what is typed."""
        sheet = self._sheet("sheet_schools")
        sheet.set_landscape()
        # several pages across keep figures legible; school names repeat on each
        sheet.set_print_scale(70)
        sheet.repeat_rows(0)
        sheet.repeat_columns(0, self._needed.index("school"))
        sheet.set_row(0, 62)
        for c, name in enumerate((*self._needed, *self._optional)):
            field = self._fields.of_column(name)
            sheet.write_string(0, c, field.header(), self._formats["needed" if name in self._needed else "optional"])
            form = "text"
            if field.type == "number":
                form = "whole" if field.whole else "number"
            elif name.endswith("code"):
                form = "code"
            if name == "built_year":
                form = "text"
            width = 24 if name == "school" else 14 if name in KEYS or field.type != "number" else 12
            sheet.set_column(c, c, width, self._formats[form])
            self._validate(sheet, 1, c, _ROWS, field)
        sheet.freeze_panes(1, self._needed.index("school") + 1)

    def _validate(self, sheet: Any, row: int, c: int, last: int, field: Field) -> None:
        rule: dict[str, Any] | None = None
        if field.choices:
            rule = {"validate": "list", "source": list(field.choices)}
        elif field.type == "number":
            rule = {"validate": "integer" if field.whole else "decimal", "criteria": ">=", "value": 0}
        if rule is None:
            return
        rule["error_title"] = self._words["check"]
        rule["error_message"] = (field.note or field.label)[:250]
        # other spellings are read too: warn, do not refuse
        rule["error_type"] = "warning"
        sheet.data_validation(row, c, last, c, rule)

    def facts(self, asked: Iterable[str]) -> None:
        """Write the sheet of county facts."""
        self._asked = list(asked)
        sheet = self._sheet("sheet_facts")
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        heads = (("head_item", 56), ("head_unit", 9), ("head_value", 18), ("head_reference", 34))
        for c, (head, width) in enumerate(heads):
            sheet.set_column(c, c, width)
            sheet.write_string(0, c, self._words[head], self._formats["needed"])
        sheet.set_row(0, 26)
        sheet.freeze_panes(1, 1)
        for r, name in enumerate((*_FACT_KEYS, *self._asked), 1):
            field = self._fields.of_fact(name)
            sheet.write_string(r, 0, field.label, self._formats["cell"])
            sheet.write_string(r, 1, field.unit or "", self._formats["middle"])
            sheet.write_blank(r, 2, None, self._formats["code answer" if name.endswith("code") else "answer"])
            sheet.write_blank(r, 3, None, self._formats["cell"])
            self._validate(sheet, r, 2, r, field)

    def notes(self) -> None:
        """Write the sheet of notes: the meaning of each column."""
        sheet = self._sheet("sheet_notes")
        sheet.fit_to_pages(1, 0)
        for c, width in enumerate((42, 9, 10, 64)):
            sheet.set_column(c, c, width)
        label = getattr(self._std.label, self._language)
        sheet.write_string(0, 0, f"{label} {self._std.number}", self._formats["title"])
        lines = ("rows_and_colours", "empty_cells", "headers_and_units")
        for r, line in enumerate(lines, 1):
            sheet.merge_range(r, 0, r, 3, self._words[line], self._formats["line"])
            sheet.set_row(r, 16 if self._zh else 30)
        top = len(lines) + 2
        for c, head in enumerate(("head_column", "head_unit", "head_needed", "head_meaning")):
            sheet.write_string(top, c, self._words[head], self._formats["needed"])
        fields = [(self._fields.of_column(n), n in self._needed) for n in (*self._needed, *self._optional)]
        fields += [(self._fields.of_fact(n), False) for n in self._asked if fact_columns()[n].type == "number"]
        for r, (field, needed) in enumerate(fields, top + 1):
            sheet.write_string(r, 0, field.label, self._formats["cell"])
            sheet.write_string(r, 1, field.unit or "", self._formats["middle"])
            sheet.write_string(r, 2, self._fields.yes_no()[0] if needed else "", self._formats["middle"])
            sheet.write_string(r, 3, field.note, self._formats["cell"])
        sheet.repeat_rows(top)
        sheet.freeze_panes(top + 1, 0)
