"""An empty return to fill in: the columns a standard needs first, what each means, and the facts about the county."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from junheng._data import STAGES, read_toml
from junheng._files import write_bytes
from junheng.errors import InputError, check_language
from junheng.facts import Fact, fact_columns
from junheng.reports._workbooks import SANS, SERIF, workbook_bytes
from junheng.schools import Column, columns
from junheng.schools.areas import AREAS
from junheng.schools.checks import needed_columns
from junheng.standards import Standard, load_standard
from junheng.standards.model import ANSWERS
from junheng.words import Quoted, label_of_column, message, sentences

__all__ = ["write_template"]

#: So many rows have lists to choose from and are checked while typing.
_ROWS = 2000
#: Who a row is; asked for by every standard.
_KEYS = ("county", "school_code", "school", "kind", "stage")
_OPTIONAL_KEYS = ("county_code", "year", "ownership", "area_type", "included", "resources_cover")
_FACT_KEYS = ("county", "county_code", "year")


def write_template(
    path: str | os.PathLike[str],
    standard: Standard | str | os.PathLike[str],
    *,
    stages: Sequence[str] = STAGES,
    facts: bool = True,
    language: str = "zh",
) -> Path:
    """Write an empty workbook for the schools of a county to fill in, as a standard needs it.

    Parameters
    ----------
    path : str or path
        The workbook to write (.xlsx). An existing file is replaced once the workbook is complete.
    standard : Standard, str or path
        The standard; its columns come first.
    stages : sequence of {"primary", "junior"}
        Stages that may be chosen.
    facts : bool
        Also a sheet for the facts about the county, where the standard asks for any.
    language : {"zh", "en"}
        Language of the headers and notes; both are read again by :func:`junheng.read_schools` and
        :func:`junheng.read_facts`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        When the ending is not .xlsx, a stage is unknown, or XlsxWriter is missing.
    OutputFileError
        The file cannot be written, or is the file of the standard. What was there before is unchanged.

    Examples
    --------
    >>> import junheng as jh, tempfile, pathlib
    >>> from junheng.reports import write_template
    >>> path = write_template(pathlib.Path(tempfile.mkdtemp()) / "return.xlsx", "cn-basic-balance-2012")
    >>> list(jh.read_schools(path))[:6]
    ['county', 'school_code', 'school', 'kind', 'stage', 'students']
    """
    check_language(language)
    target = Path(path)
    if target.suffix.lower() != ".xlsx":
        raise InputError(message("forms.template_ending", file=target.name))
    wrong = [s for s in stages if s not in STAGES]
    if wrong or not stages or isinstance(stages, str):
        raise InputError(message("forms.template_stages", stages=STAGES, given=Quoted(stages)))
    std = standard if isinstance(standard, Standard) else load_standard(standard)

    def fill(book: Any) -> None:
        writer = _Writer(book, std, [s for s in STAGES if s in stages], language)
        writer.schools()
        asked = facts_asked(std)
        if facts and asked:
            writer.facts(asked)
        writer.notes()

    made = workbook_bytes(target, getattr(std.label, language), std.number, fill)
    write_bytes(target, made, () if isinstance(standard, Standard) else [standard])
    return target


# ------------------------------------------------------------------------------------------ what is asked


def _figures(std: Standard, county: bool) -> list[str]:
    """Return the figures the items of a standard ask for: of the county, or of the schools."""
    out: dict[str, None] = {}
    conditions = [c for i in std.items for c in i.conditions]
    for condition in conditions:
        for test in condition.tests:
            if test.norm is not None and county:
                out.update(dict.fromkeys((test.norm.primary, test.norm.junior)))
            if (test.scope == "county") == county:
                figures = (*test.top, *test.top_minus, *test.bottom, *test.bottom_minus, *test.than)
                out.update(dict.fromkeys(figures))
            if test.where is not None and not county:
                out.update(dict.fromkeys((*test.where.flags, *test.where.not_flags)))
        if county:
            out.update(dict.fromkeys(condition.unless_no))
            out.update(dict.fromkeys([condition.chosen_by] if condition.chosen_by is not None else []))
    if not county:
        special = [other.where for t in std.thresholds for other in t.instead]
        out.update(dict.fromkeys(f for where in special for f in (*where.flags, *where.not_flags)))
    return list(out)


def facts_asked(std: Standard) -> list[str]:
    """Return the facts about the county that the items of a standard ask for."""
    return [f for f in _figures(std, county=True) if f in fact_columns()]


def columns_asked(std: Standard) -> tuple[list[str], list[str]]:
    """Return the columns a standard cannot do without, and those that only items or few schools need."""
    known = columns()
    needed = dict.fromkeys((*_KEYS, *needed_columns(std), *_answers_asked(std)))
    areas = [c for area, plus, minus in AREAS if area in needed for c in (*plus, *minus)]
    own_answers = ANSWERS if std.two_answers else ()
    optional = dict.fromkeys((*_OPTIONAL_KEYS, *own_answers, "students_senior", *areas, *_figures(std, county=False)))
    seniors = "students_senior"
    own = [c for c in optional if c not in needed and (c == seniors or (c in known and known[c].type != "count"))]
    return list(needed), own


def _answers_asked(std: Standard) -> list[str]:
    """Return the columns that tell which schools count."""
    asked: list[str] = []
    if any(r.decision == "ask" or r.ownership for r in std.inclusion):
        answers = [a for a in ANSWERS if any(r.decision == "ask" for r in std.inclusion_for(a))]
        asked = ["ownership", *(answers if std.two_answers else ["included"])]
    return [*asked, "owner_type"] if any(r.owner_types for r in std.inclusion) else asked


# --------------------------------------------------------------------------------------------- writing


@frozen(eq=False)
class _Field:
    """A column or fact as it is written: its header, unit and what may stand in it."""

    id: str
    label: str
    unit: str | None
    type: str
    whole: bool
    choices: tuple[str, ...]
    note: str

    def header(self) -> str:
        return f"{self.label}({self.unit})" if self.unit else self.label


def unit_word(unit: str | None, language: str) -> str | None:
    """Return a canonical unit in words of a language."""
    if unit is None or unit == "1":
        return None
    if language == "en":
        return unit
    group = read_toml("columns.toml")["units"].get(unit, {})
    return next((u for u, f in group.items() if f == 1 and not u.isascii() and u != "m²"), None)


class _Writer:
    def __init__(self, book: Any, std: Standard, stages: Sequence[str], language: str) -> None:
        self._book = book
        self._std = std
        self._stages = stages
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
        # & starts a code in a header
        label = getattr(self._std.label, self._language).replace("&", "&&")
        sheet.set_header(f"&C{label}")
        sheet.set_footer("&C&P / &N")
        return sheet

    # -- the schools

    def _field(self, name: str) -> _Field:
        stage = next(
            (s for s in ("primary", "junior", "senior") if name.endswith(f"_{s}") and name not in columns()), None
        )
        column = columns()[name.removesuffix(f"_{stage}") if stage else name]
        label = getattr(column, self._language)
        if stage is not None:
            # a stage is read back before the Chinese name, and from the name itself
            label = label_of_column(name) if self._zh else name
        choices = self._choices(column)
        unit = None if stage is not None and not self._zh else unit_word(column.unit, self._language)
        if column.unit == "year" or (unit is not None and f"({unit})" in label):
            unit = None
        return _Field(name, label, unit, column.type, column.whole, choices, self._note(column, stage))

    def _choices(self, column: Column) -> tuple[str, ...]:
        if column.type == "flag":
            return self._yes_no()
        if column.id == "resources_cover":
            return self._words["whole_school"], self._words["own_stage"]
        if column.type != "category":
            return ()
        words = read_toml("columns.toml")["categories"][column.id]
        if column.id == "stage":
            words = {w: a for w, a in words.items() if w in self._stages}
        return tuple(a[0] if self._zh and not a[0].isascii() else w for w, a in words.items())

    def _yes_no(self) -> tuple[str, str]:
        words = sentences("forms", self._language)
        return words["yes"], words["no"]

    def _note(self, column: Column, stage: str | None) -> str:
        """Say what stands in a column; only what the data dictionary says."""
        words = self._words
        out = []
        if stage == "senior":
            out.append(words["senior_stage"])
        if column.id == "stage":
            out.append(words["row_per_stage"])
        if column.id == "resources_cover":
            out.append(words["resources_cover"])
        if column.id.endswith("code"):
            out.append(words["code_as_text"])
        if column.type == "number":
            out.append(words["whole_number" if column.whole else "decimals"])
            if column.shared:
                out.append(words["shared"])
            elif stage is None:
                out.append(words["of_stage"])
            if column.part_of:
                out.append(words["at_most"].format(whole=getattr(columns()[column.part_of], self._language)))
        choices = self._choices(column)
        if choices:
            out.append(words["choices"].format(choices=words["list"].join(choices)))
        return words["join"].join(out)

    def schools(self) -> None:
        """Write the sheet of schools: headers, and what may be typed under them."""
        sheet = self._sheet("sheet_schools")
        sheet.set_landscape()
        # as many pages across as keep the figures legible, the names of the schools on each
        sheet.set_print_scale(70)
        sheet.repeat_rows(0)
        sheet.repeat_columns(0, self._needed.index("school"))
        sheet.set_row(0, 62)
        for c, name in enumerate((*self._needed, *self._optional)):
            field = self._field(name)
            sheet.write_string(0, c, field.header(), self._formats["needed" if name in self._needed else "optional"])
            form = "text"
            if field.type == "number":
                form = "whole" if field.whole else "number"
            elif name.endswith("code"):
                form = "code"
            if name == "built_year":
                form = "text"
            width = 24 if name == "school" else 14 if name in _KEYS or field.type != "number" else 12
            sheet.set_column(c, c, width, self._formats[form])
            self._validate(sheet, 1, c, _ROWS, field)
        sheet.freeze_panes(1, self._needed.index("school") + 1)

    def _validate(self, sheet: Any, row: int, c: int, last: int, field: _Field) -> None:
        rule: dict[str, Any] | None = None
        if field.choices:
            rule = {"validate": "list", "source": list(field.choices)}
        elif field.type == "number":
            rule = {"validate": "integer" if field.whole else "decimal", "criteria": ">=", "value": 0}
        if rule is None:
            return
        rule["error_title"] = self._words["check"]
        rule["error_message"] = (field.note or field.label)[:250]
        # words that are not on the list are understood too: ask, do not refuse
        rule["error_type"] = "warning"
        sheet.data_validation(row, c, last, c, rule)

    # -- the facts

    def facts(self, asked: Iterable[str]) -> None:
        """Write the form of facts about the county."""
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
            fact = fact_columns()[name]
            field = self._fact_field(fact)
            sheet.write_string(r, 0, field.label, self._formats["cell"])
            sheet.write_string(r, 1, field.unit or "", self._formats["middle"])
            sheet.write_blank(r, 2, None, self._formats["code answer" if name.endswith("code") else "answer"])
            sheet.write_blank(r, 3, None, self._formats["cell"])
            self._validate(sheet, r, 2, r, field)

    def _fact_field(self, fact: Fact) -> _Field:
        label = fact.zh if self._zh else f"{fact.en} ({fact.id})"
        whole = fact.unit in ("persons", "places", "schools")
        choices = self._yes_no() if fact.type == "flag" else ()
        notes = []
        if fact.type == "number":
            notes.append(self._words["figure"])
            if fact.part_of:
                whole_of = getattr(fact_columns()[fact.part_of], self._language)
                notes.append(self._words["at_most"].format(whole=whole_of))
        unit = unit_word(fact.unit, self._language) if fact.type == "number" else None
        return _Field(fact.id, label, unit, fact.type, whole, choices, self._words["join"].join(notes))

    # -- the notes

    def notes(self) -> None:
        """Write what each column means."""
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
        fields = [(self._field(n), n in self._needed) for n in (*self._needed, *self._optional)]
        fields += [
            (self._fact_field(fact_columns()[n]), False) for n in self._asked if fact_columns()[n].type == "number"
        ]
        for r, (field, needed) in enumerate(fields, top + 1):
            sheet.write_string(r, 0, field.label, self._formats["cell"])
            sheet.write_string(r, 1, field.unit or "", self._formats["middle"])
            sheet.write_string(r, 2, self._yes_no()[0] if needed else "", self._formats["middle"])
            sheet.write_string(r, 3, field.note, self._formats["cell"])
        sheet.repeat_rows(top)
        sheet.freeze_panes(top + 1, 0)
