"""The words of generated pages and drawings, in the language of the site.

Sentences are data with both languages side by side (``words.toml``); so is the Chinese of remarks that the files of the
standards have in English (``notes.toml``). Labels of ids are the package's own. Code holds keys only.
"""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from junheng.words import Name, word

FOLDER = Path(__file__).resolve().parent
OTHER = {"en": "zh", "zh": "en"}


@cache
def known_words() -> dict[str, Any]:
    """Return the sentences by group and name, each in both languages."""
    return tomllib.loads((FOLDER / "words.toml").read_text("utf-8"))


@cache
def known_notes() -> dict[str, str]:
    """Return the Chinese of remarks, by the English."""
    return {n["en"]: n["zh"] for n in tomllib.loads((FOLDER / "notes.toml").read_text("utf-8"))["note"]}


@cache
def known_contests() -> dict[str, str]:
    """Return the Chinese of parts of the names that benchmarks were recorded under."""
    return tomllib.loads((FOLDER / "contests.toml").read_text("utf-8"))


def site_language(configured: str | None) -> str:
    """Return ``zh`` or ``en`` for the language that Sphinx was given."""
    return "zh" if (configured or "").startswith("zh") else "en"


class Words:
    """Words of one language; ``w("limits.title")`` is a sentence."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, key: str, /, **values: Any) -> str:
        """Return a sentence with its parameters."""
        group, name = key.split(".")
        return str(known_words()[group][name][self.language]).format(**values)

    def has(self, group: str, name: str) -> bool:
        """Tell whether there is a sentence of this name."""
        return name in known_words()[group]

    def head(self, *names: str) -> list[str]:
        """Return the heads of a table, nothing for no name."""
        return [self(f"head.{name}") if name else "" for name in names]

    def of(self, thing: Any) -> str:
        """Return the label of a column, fact, indicator or anything else with labels."""
        return str(getattr(thing, self.language))

    def label(self, group: str, id_: Any) -> str:
        """Return the package's label of an id: a stage, a unit, a place."""
        return str(word(group, id_, self.language))

    def unit(self, unit: str | None) -> str:
        """Return a unit; nothing for none."""
        return self.label("unit", unit) if unit else ""

    def stage(self, stage: str) -> str:
        """Return a stage, as heads and conditions name it."""
        return self("form.heading", label=self.label("stage", stage), other=word("stage", stage, OTHER[self.language]))

    def category(self, column: str, id_: str) -> str:
        """Return a word of a table of schools, such as a kind of school; in English with the Chinese one."""
        return self.with_chinese(self.label(column, id_), Name(column, id_).text("zh"))

    def with_chinese(self, label: str, chinese: str) -> str:
        """Return a word; in English with the Chinese one in brackets."""
        return self("form.word", label=label, zh=chinese)

    def named(self, thing: Any, id_: str = "") -> str:
        """Return the label and the id, a line each, in English with the Chinese label between them."""
        text = self("form.named", label=self.of(thing), other=getattr(thing, OTHER[self.language]))
        return text + (f"<br>`{id_}`" if id_ else "")

    def within(self, thing: Any) -> str:
        """Return the label of a thing for the middle of a sentence; names such as ICT stay as they are."""
        text = self.of(thing)
        return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text

    def figure(self, thing: Any) -> str:
        """Return the label of a column or fact with its id."""
        return self("form.figure", label=self.of(thing), id=thing.id)

    def listed(self, things: Any) -> str:
        """Return things with commas."""
        return self("form.comma").join(things)

    def either(self, things: Any) -> str:
        """Return things with commas, and a word before the last: it is one of them."""
        *most, last = things
        return self("form.or").join([self.listed(most), last] if most else [last])

    def note(self, text: str | None) -> str:
        """Return a remark of a standard in the language, nothing for none."""
        return (known_notes().get(text, text) if self.language == "zh" else text) if text else ""

    def contest(self, text: str) -> str:
        """Return the name of a contest or of who takes part, part by part."""
        known = known_contests() if self.language == "zh" else {}
        # a comma in brackets belongs to a call
        return self("form.comma").join(known.get(part, part) for part in re.split(r", (?![^(]*\))", text))

    def percent(self, ratio: Any) -> str:
        """Return a share in per cent."""
        return self("form.percent", n=plain(ratio * 100))


def plain(number: Any) -> str:
    """Return an exact number without an exponent or zeros at the end."""
    return format(number.normalize(), "f")
