"""The workbook of a template: schools, county facts, notes (private)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from junheng._data import STAGES, Stage
from junheng._files import as_path, write_bytes
from junheng._stages import find_stage
from junheng.errors import InputError, check_language
from junheng.reports._workbooks import SANS, SERIF, workbook_bytes
from junheng.reports.template.asked import KEYS, asked_columns, asked_facts, choices_of_facts, items_of_schools
from junheng.reports.template.fields import Field, Fields
from junheng.standards import Standard, load_standard
from junheng.words import Language, Quoted, message, sentences

#: Rows that have drop-down lists and are checked while typing.
_ROWS = 2000
_FACT_KEYS = ("county", "county_code", "year")
_FACT_HEADS = (
    ("head_item", 52),
    ("head_unit", 8),
    ("head_value", 18),
    ("head_reference", 28),
    ("head_purpose", 48),
    ("head_meaning", 40),
)
_NOTE_HEADS = (("head_column", 36), ("head_unit", 9), ("head_needed", 8), ("head_purpose", 56), ("head_meaning", 56))
_COMMENT = {"author": "", "width": 260, "font_name": "宋体", "font_size": 9}


def write_template(
    path: str | os.PathLike[str],
    standard: Standard | str | os.PathLike[str],
    *,
    stages: Sequence[Stage] = STAGES,
    facts: bool = True,
    language: Language = "zh",
) -> Path:
    """Write an empty workbook that asks for all that a standard and its declaration form need.

    One sheet asks for the figures of the schools, one for the county facts and attested documents, one explains each
    column. :func:`junheng.describe_file` reads both sheets back, and the command line judges by both.

    Parameters
    ----------
    path : str or path
        The workbook to write (.xlsx). An existing file is replaced once the workbook is complete.
    standard : Standard, str or path
        The standard; the columns that its rules and its declaration form read come first.
    stages : sequence of {"primary", "junior"} or Chinese words (小学, 初中)
        Stages offered as choices.
    facts : bool
        Whether to add a sheet for county facts, if the standard or its form asks for any.
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
    ['county', 'school', 'kind', 'stage', 'students', 'teaching_area_m2']
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
        if facts:
            writer.facts()
        writer.notes()

    content = workbook_bytes(target, getattr(std.label, language), std.number, fill)
    write_bytes(target, content, () if isinstance(standard, Standard) else [standard])
    return target


class _Writer:
    def __init__(self, book: Any, std: Standard, stages: Sequence[str], language: Language) -> None:
        self._book = book
        self._std = std
        self._zh = language == "zh"
        self._language = language
        self._words = sentences("forms.template", language)
        fields = Fields(stages, language, choices_of_facts(std))
        self._yes = fields.yes_no()[0]
        asked, facts = asked_columns(std, language), asked_facts(std, language)
        self._needed = list(asked.needed)
        self._columns = [fields.for_purposes(fields.of_column(n), why) for n, why in asked.purposes.items()]
        self._facts = [fields.for_purposes(fields.of_fact(n), why) for n, why in facts.purposes.items()]
        self._facts += [fields.of_item(item) for item in items_of_schools(std)]
        self._keys_of_facts = [fields.of_fact(n) for n in _FACT_KEYS]
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
            "closed": book.add_format({**text, "border": 1, "bg_color": "#D9D9D9"}),
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
        for c, field in enumerate(self._columns):
            head = self._formats["needed" if field.id in self._needed else "optional"]
            sheet.write_string(0, c, field.header(), head)
            explanation = field.explanation(self._words)
            if explanation:
                lines = _lines(explanation, 40)
                sheet.write_comment(0, c, explanation, {**_COMMENT, "height": 12 + 17 * lines})
            sheet.set_column(c, c, self._width(field), self._formats[self._format(field)])
            self._validate(sheet, 1, c, _ROWS, field)
        sheet.freeze_panes(1, self._needed.index("school") + 1)

    def _width(self, field: Field) -> int:
        return 24 if field.id == "school" else 14 if field.id in KEYS or field.type != "number" else 12

    def _format(self, field: Field) -> str:
        if field.type == "number" and field.id != "built_year":
            return "whole" if field.whole else "number"
        return "code" if field.id.endswith("code") else "text"

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

    def facts(self) -> None:
        """Write the sheet of county facts, if any are asked for."""
        if not self._facts:
            return
        sheet = self._sheet("sheet_facts")
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        for c, (head, width) in enumerate(_FACT_HEADS):
            sheet.set_column(c, c, width)
            sheet.write_string(0, c, self._words[head], self._formats["needed"])
        sheet.set_row(0, 26)
        sheet.freeze_panes(1, 1)
        for r, field in enumerate((*self._keys_of_facts, *self._facts), 1):
            sheet.write_string(r, 0, field.label, self._formats["cell"])
            sheet.write_string(r, 1, field.unit or "", self._formats["middle"])
            form = "closed" if field.type == "documents" else "code answer" if field.id.endswith("code") else "answer"
            sheet.write_blank(r, 2, None, self._formats[form])
            sheet.write_blank(r, 3, None, self._formats["cell"])
            sheet.write_string(r, 4, field.purpose, self._formats["cell"])
            sheet.write_string(r, 5, field.note, self._formats["cell"])
            texts = (field.label, "", "", "", field.purpose, field.note)
            sheet.set_row(r, _height(texts, _FACT_HEADS))
            self._validate(sheet, r, 2, r, field)

    def notes(self) -> None:
        """Write the sheet of notes: what each column of the table of schools holds, and what for."""
        sheet = self._sheet("sheet_notes")
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        for c, (_, width) in enumerate(_NOTE_HEADS):
            sheet.set_column(c, c, width)
        label = getattr(self._std.label, self._language)
        sheet.write_string(0, 0, f"{label} {self._std.number}", self._formats["title"])
        lines = ["rows_and_colours", "empty_cells", "headers_and_units", *(["county_sheet"] if self._facts else [])]
        for r, line in enumerate(lines, 1):
            sheet.merge_range(r, 0, r, len(_NOTE_HEADS) - 1, self._words[line], self._formats["line"])
            sheet.set_row(r, 16 if self._zh else 30)
        top = len(lines) + 2
        for c, (head, _) in enumerate(_NOTE_HEADS):
            sheet.write_string(top, c, self._words[head], self._formats["needed"])
        for r, field in enumerate(self._columns, top + 1):
            sheet.write_string(r, 0, field.label, self._formats["cell"])
            sheet.write_string(r, 1, field.unit or "", self._formats["middle"])
            sheet.write_string(r, 2, self._yes if field.id in self._needed else "", self._formats["middle"])
            sheet.write_string(r, 3, field.purpose, self._formats["cell"])
            sheet.write_string(r, 4, field.note, self._formats["cell"])
            sheet.set_row(r, _height((field.label, "", "", field.purpose, field.note), _NOTE_HEADS))
        sheet.repeat_rows(top)
        sheet.freeze_panes(top + 1, 0)


def _height(texts: Sequence[str], columns: Sequence[tuple[str, int]]) -> int:
    """Return the height of a row in which every text is legible."""
    return 4 + 14 * max(_lines(text, width) for text, (_, width) in zip(texts, columns, strict=True))


def _lines(text: str, width: int) -> int:
    """Return how many lines a text needs; a Chinese character is as wide as two letters."""
    wide = [sum(1 if character.isascii() else 2 for character in line) for line in text.split("\n")]
    return sum(max(1, -(-units // (width - 1))) for units in wide)
