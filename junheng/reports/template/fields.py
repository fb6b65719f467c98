"""How a column or fact is written in a template: header, unit, choices, note (private)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve, frozen

from junheng._data import read_toml
from junheng.facts import fact_columns
from junheng.schools import ALL_STAGES, Column, columns
from junheng.standards.model import Item
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
    purpose: str = ""

    def header(self) -> str:
        """Return the label with its unit in brackets."""
        return f"{self.label}({self.unit})" if self.unit else self.label

    def explanation(self, words: Mapping[str, str]) -> str:
        """Return what is entered, and what for: the comment on a header."""
        purpose = words["purpose"].format(purpose=self.purpose) if self.purpose else ""
        return "\n".join(line for line in (self.note, purpose) if line)


def unit_word(unit: str | None, language: str) -> str | None:
    """Return the word for a canonical unit in a language."""
    if unit is None or unit == "1":
        return None
    if language == "en":
        return unit
    group = read_toml("columns.toml")["units"].get(unit, {})
    return next((u for u, f in group.items() if f == 1 and not u.isascii() and u != "m²"), None)


#: So many purposes are named; the others are counted.
_NAMED = 3
#: How the ids of the facts of one monitored subject begin.
_OF_SUBJECTS = ("monitored", "monitoring_level", "monitoring_rate")


class Fields:
    """Columns and facts in one language."""

    def __init__(self, stages: Sequence[str], language: str, fact_choices: Mapping[str, Sequence[str]]) -> None:
        self._stages = stages
        self._zh = language == "zh"
        self._language = language
        self._words = sentences("forms.template", language)
        self._about = sentences("forms.template.about", language)
        self._about_subjects = sentences("forms.template.about_subjects", language)
        self._fact_choices = fact_choices

    def for_purposes(self, field: Field, purposes: Sequence[str]) -> Field:
        """Return a field that says what it is for."""
        named = self._words["join"].join(purposes[:_NAMED])
        more = self._words["and_more"].format(named=named, n=len(purposes)) if len(purposes) > _NAMED else named
        return evolve(field, purpose=more)

    def of_column(self, name: str) -> Field:
        """Return the field of a column of the table of schools."""
        stage = next((s for s in ALL_STAGES if name.endswith(f"_{s}") and name not in columns()), None)
        column = columns()[name.removesuffix(f"_{stage}") if stage else name]
        label = getattr(column, self._language)
        if stage is not None:
            # the reader knows a stage before a Chinese label, and the id of the column
            label = label_of_column(name) if self._zh else name
        choices = self._choices(column)
        unit = None if stage is not None and not self._zh else unit_word(column.unit, self._language)
        if column.unit == "year" or (unit is not None and f"({unit})" in label):
            unit = None
        return Field(name, label, unit, column.type, column.whole, choices, self._note(name, column, stage))

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
        return tuple(self._choice(w, a) for w, a in words.items())

    def _choice(self, word: str, aliases: Sequence[str]) -> str:
        """Return how a category is offered: in Chinese by its first Chinese name, a grade A, B, C as it is."""
        return next((a for a in aliases if not a.isascii()), word) if self._zh else word

    def yes_no(self) -> tuple[str, str]:
        """Return the two answers to a question."""
        words = sentences("forms", self._language)
        return words["yes"], words["no"]

    def _note(self, name: str, column: Column, stage: str | None) -> str:
        """Return what a column holds, as the data dictionary says."""
        words = self._words
        parts = [self._about[name]] if name in self._about else []
        if column.type == "number" and column.unit != "year":
            parts.append(words["whole_number" if column.whole else "decimals"])
            if column.shared:
                parts.append(words["shared"])
            elif stage is None:
                parts.append(words["of_stage"])
            if column.part_of:
                parts.append(words["at_most"].format(whole=getattr(columns()[column.part_of], self._language)))
        return self._joined(parts, self._choices(column))

    def _joined(self, parts: Sequence[str], choices: Sequence[str]) -> str:
        last = [self._words["choices"].format(choices=self._words["list"].join(choices))] if choices else []
        return self._words["join"].join([*parts, *last])

    def of_item(self, item: Item) -> Field:
        """Return the field of an item for which only documents are named."""
        label, note = getattr(item.label, self._language), self._words["documents_only"]
        return Field(item.id, label, None, "documents", False, (), note, self._words["for_form"])

    def of_fact(self, name: str) -> Field:
        """Return the field of a county fact."""
        fact = fact_columns()[name]
        label = fact.zh if self._zh else f"{fact.en} ({fact.id})"
        whole = fact.unit in ("persons", "places", "schools", "units", "level")
        choices = tuple(self._fact_choices.get(name, ()))
        parts = [self._about[name]] if name in self._about else []
        parts += [self._about_subjects[start] for start in _OF_SUBJECTS if name.startswith(f"{start}_")]
        if fact.type == "flag":
            choices = (*self.yes_no(), self._words["unknown"])
            parts.append(self._words["attested"])
        elif fact.type == "number":
            parts.append(self._words["ratio" if fact.unit == "1" else "whole_number" if whole else "figure"])
            if fact.part_of:
                parts.append(self._words["at_most"].format(whole=getattr(fact_columns()[fact.part_of], self._language)))
        unit = unit_word(fact.unit, self._language) if fact.type == "number" else None
        return Field(fact.id, label, unit, fact.type, whole, choices, self._joined(parts, choices))
