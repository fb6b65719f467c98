"""How a column or fact is written in a template: header, unit, choices, note (private)."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from junheng._data import read_toml
from junheng.facts import fact_columns
from junheng.schools import Column, columns
from junheng.words import label_of_column, sentences


@frozen(eq=False)
class Field:
    """A column or fact as written: header, unit, and valid entries."""

    id: str
    label: str
    unit: str | None
    type: str
    whole: bool
    choices: tuple[str, ...]
    note: str

    def header(self) -> str:
        """Return the label with its unit in brackets."""
        return f"{self.label}({self.unit})" if self.unit else self.label


def unit_word(unit: str | None, language: str) -> str | None:
    """Return the word for a canonical unit in a language."""
    if unit is None or unit == "1":
        return None
    if language == "en":
        return unit
    group = read_toml("columns.toml")["units"].get(unit, {})
    return next((u for u, f in group.items() if f == 1 and not u.isascii() and u != "m²"), None)


class Fields:
    """Columns and facts in one language."""

    def __init__(self, stages: Sequence[str], language: str) -> None:
        self._stages = stages
        self._zh = language == "zh"
        self._language = language
        self._words = sentences("forms.template", language)

    def of_column(self, name: str) -> Field:
        """Return the field of a column of the table of schools."""
        stage = next(
            (s for s in ("primary", "junior", "senior") if name.endswith(f"_{s}") and name not in columns()), None
        )
        column = columns()[name.removesuffix(f"_{stage}") if stage else name]
        label = getattr(column, self._language)
        if stage is not None:
            # the reader knows a stage before a Chinese label, and the id of the column
            label = label_of_column(name) if self._zh else name
        choices = self._choices(column)
        unit = None if stage is not None and not self._zh else unit_word(column.unit, self._language)
        if column.unit == "year" or (unit is not None and f"({unit})" in label):
            unit = None
        return Field(name, label, unit, column.type, column.whole, choices, self._note(column, stage))

    def _choices(self, column: Column) -> tuple[str, ...]:
        if column.type == "flag":
            return self.yes_no()
        if column.id == "resources_cover":
            return self._words["whole_school"], self._words["own_stage"]
        if column.type != "category":
            return ()
        words = read_toml("columns.toml")["categories"][column.id]
        if column.id == "stage":
            words = {w: a for w, a in words.items() if w in self._stages}
        return tuple(a[0] if self._zh and not a[0].isascii() else w for w, a in words.items())

    def yes_no(self) -> tuple[str, str]:
        """Return the two answers to a question."""
        words = sentences("forms", self._language)
        return words["yes"], words["no"]

    def _note(self, column: Column, stage: str | None) -> str:
        """Return what a column holds, as the data dictionary says."""
        words = self._words
        parts = []
        if stage == "senior":
            parts.append(words["senior_stage"])
        if column.id == "stage":
            parts.append(words["row_per_stage"])
        if column.id == "resources_cover":
            parts.append(words["resources_cover"])
        if column.id.endswith("code"):
            parts.append(words["code_as_text"])
        if column.type == "number":
            parts.append(words["whole_number" if column.whole else "decimals"])
            if column.shared:
                parts.append(words["shared"])
            elif stage is None:
                parts.append(words["of_stage"])
            if column.part_of:
                parts.append(words["at_most"].format(whole=getattr(columns()[column.part_of], self._language)))
        choices = self._choices(column)
        if choices:
            parts.append(words["choices"].format(choices=words["list"].join(choices)))
        return words["join"].join(parts)

    def of_fact(self, name: str) -> Field:
        """Return the field of a county fact."""
        fact = fact_columns()[name]
        label = fact.zh if self._zh else f"{fact.en} ({fact.id})"
        whole = fact.unit in ("persons", "places", "schools")
        choices = self.yes_no() if fact.type == "flag" else ()
        notes = []
        if fact.type == "number":
            notes.append(self._words["figure"])
            if fact.part_of:
                whole_of = getattr(fact_columns()[fact.part_of], self._language)
                notes.append(self._words["at_most"].format(whole=whole_of))
        unit = unit_word(fact.unit, self._language) if fact.type == "number" else None
        return Field(fact.id, label, unit, fact.type, whole, choices, self._words["join"].join(notes))
