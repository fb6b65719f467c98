"""What people read. Every label, sentence and message is data in the TOML files of this folder, in both languages.

Code holds keys and parameters, ``message("schools.not_whole", value=2.5)``; the files hold the sentences, with the
parameters in braces as :meth:`str.format` reads them. A message becomes text where somebody reads it, in the language
asked for. Parameters that are words themselves (:class:`Name`, :class:`Bilingual`, :class:`Quoted`, :class:`Listed`,
:class:`Row`, another :class:`Message`) follow the language of the sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, reduce
from typing import Any, Literal, get_args

from attrs import frozen

from junheng._data import STAGES, read_toml

__all__ = [
    "LANGUAGES",
    "SIGNS",
    "Bilingual",
    "Language",
    "Listed",
    "Message",
    "Name",
    "Quoted",
    "Row",
    "key_text",
    "label_of_column",
    "listed",
    "message",
    "quoted",
    "sentences",
    "with_lines",
    "with_rows",
    "word",
]

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
#: How a comparison is printed.
SIGNS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "==": "="}


# ----------------------------------------------------------------------------------------------- sentences


@frozen
class Message:
    """A sentence that has not been put into words yet: its key in the files of ``words/``, and its parameters."""

    key: str
    values: tuple[tuple[str, Any], ...] = ()

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by name."""
        return dict(self.values)

    @property
    def head(self) -> Message:
        """The sentence, or the first of several lines."""
        return self.parameters["before"].head if self.key == _LINE_BELOW else self

    def text(self, language: str = "en") -> str:
        """Return the sentence in a language."""
        file, name = self.key.rsplit(".", 1)
        known = sentences(file, language)
        parameters = {k: _rendered(v, language) for k, v in self.values}
        if parameters.get("n") == 1 and f"{name}.one" in known:
            name += ".one"
        return _whole_characters(known[name].format(**parameters))

    def __str__(self) -> str:
        return self.text("en")


def message(key: str, /, **parameters: Any) -> Message:
    """Return a sentence of ``words/`` with its parameters, to be read in any language.

    A list or tuple among the parameters is written with commas. Where ``n`` is 1 and the file gives ``en_one`` or
    ``zh_one``, that wording is taken.
    """
    return Message(key, tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in parameters.items()))


#: The message of a line below others.
_LINE_BELOW = "errors.line"


def with_lines(head: Message, lines: Iterable[Message]) -> Message:
    """Return a message with others below it, a line each."""
    return reduce(lambda before, then: message(_LINE_BELOW, before=before, then=then), lines, head)


@cache
def sentences(group: str, language: str) -> Mapping[str, str]:
    """Return the sentences of a file (``results``), or of a group in it (``reports.picture``), by name."""
    file, *path = group.split(".")
    entries = read_toml(f"words/{file}.toml")
    for part in path:
        entries = entries[part]
    out = {name: entry[language] for name, entry in entries.items() if language in entry}
    one = f"{language}_one"
    return out | {f"{name}.one": entry[one] for name, entry in entries.items() if one in entry}


# ---------------------------------------------------------------------------------------------- parameters


@frozen
class Name:
    """The id of something that has a label: the id in English, its official term in Chinese."""

    group: str
    id: str

    def text(self, language: str) -> str:
        """Return the id or the label."""
        given: Any = self.id
        if not isinstance(given, str):  # as a stranger gave it
            return _as_given(given, str)
        if language == "en":
            return self.id
        if self.group == "column":
            return label_of_column(self.id)
        if self.group == "indicator" and self.id in (known := read_toml("indicators/catalog.toml")["indicators"]):
            return str(known[self.id]["label"]["zh"])
        terms = read_toml("columns.toml")["categories"].get(self.group, {}).get(self.id, ())
        return next((term for term in terms if not term.isascii()), str(word(self.group, self.id, language)))


@frozen
class Bilingual:
    """A text that is given in both languages, such as the label of a standard."""

    zh: str
    en: str

    def text(self, language: str) -> str:
        """Return the text of the language."""
        return self.en if language == "en" else self.zh


@frozen
class Quoted:
    """Something as it was given, in quotation marks; ``what`` may be a :class:`Name`."""

    what: Any

    def text(self, language: str) -> str:
        """Return it between the marks of the language."""
        if language == "en":
            return _as_given(_rendered(self.what, "en") if isinstance(self.what, _OURS) else self.what, repr)
        return f"“{_as_given(_rendered(self.what, language), str)}”"


@frozen
class Listed:
    """Several things, the last one joined by ``and`` or ``or``, or by nothing but a comma."""

    items: tuple[Any, ...]
    last: Literal["and", "or", ""] = ""

    def text(self, language: str) -> str:
        """Return them one after the other."""
        texts = [str(_rendered(i, language)) for i in self.items]
        comma, join = (", ", f" {self.last} ") if language == "en" else ("、", {"and": "和", "or": "或"}.get(self.last))
        if not self.last or join is None or len(texts) < 2:
            return comma.join(texts)
        return comma.join(texts[:-1]) + join + texts[-1]


@frozen
class Row:
    """A row of a table: its position, counted from 0, and row and sheet of the file that it was read from."""

    at: int
    in_file: int | None = None
    sheet: str | None = None

    def text(self, language: str) -> str:
        """Return ``row 3`` of a table from memory, ``row 5 of '学校'`` of a file."""
        known = sentences("labels.place", language)
        if self.in_file is None:
            return known["row"].format(n=self.at)
        if self.sheet is None:
            return known["in_same_sheet"].format(n=self.in_file)
        return known["in_sheet"].format(n=self.in_file, s=Quoted(self.sheet).text(language))


def with_rows(value: Any, change: Callable[[Row], Any]) -> Any:
    """Return a message, or a parameter of one, with each row replaced."""
    if isinstance(value, Row):
        return change(value)
    if isinstance(value, Message):
        return Message(value.key, tuple((k, with_rows(v, change)) for k, v in value.values))
    if isinstance(value, Listed):
        return Listed(tuple(with_rows(i, change) for i in value.items), value.last)
    return tuple(with_rows(v, change) for v in value) if isinstance(value, tuple) else value


def listed(items: Iterable[Any], last: Literal["and", "or", ""] = "") -> Listed:
    """Return things to be written one after the other."""
    return Listed(tuple(items), last)


def quoted(items: Iterable[Any], last: Literal["and", "or", ""] = "") -> Listed:
    """Return things to be written one after the other, each in quotation marks."""
    return Listed(tuple(map(Quoted, items)), last)


_OURS = (Message, Listed, Row, Name, Bilingual, Quoted)
#: What is longer is not read in a sentence; paths and names of sheets and files are shorter.
_LONGEST = 200
#: Python refuses to print whole numbers of more than 4 300 digits.
_MOST_BITS = 8_000


def _whole_characters(text: str) -> str:
    """Return a text that anybody can print: half characters (lone surrogates) become U+FFFD."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _as_given(value: Any, form: Callable[[Any], str]) -> str:
    """Return anything as text by ``str`` or ``repr``, shortened, also what refuses to be printed."""
    try:
        text = _whole_characters(form(value))
    except Exception:  # the methods of a stranger's class may raise anything, and so does a very large number
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _rendered(value: Any, language: str) -> Any:
    if isinstance(value, _OURS):
        return value.text(language)
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return _as_given(value, str)
    return Listed(value).text(language) if isinstance(value, tuple) else value


# -------------------------------------------------------------------------------------------------- labels


def word(group: str, key: Any, language: str | None) -> Any:
    """Return the label of an id, the id itself without a language or a label."""
    if language is None or key is None or key == "":
        return key
    entry = read_toml("words/labels.toml").get(group, {}).get(str(key))
    return key if entry is None else entry[language]


def label_of_column(name: str) -> str:
    """Return the Chinese label of a column or a fact, the name itself where it has none."""
    columns, facts = read_toml("columns.toml")["columns"], read_toml("facts.toml")["facts"]
    for known in (columns, facts):
        if name in known:
            return str(known[name]["label"]["zh"])
    base, _, stage = name.rpartition("_")
    if base in columns and stage in (*STAGES, "senior"):
        return f"{word('stage', stage, 'zh')}{columns[base]['label']['zh']}"
    return name


def key_text(value: Any) -> str:
    """Return a name, a code or a year as text: 2025.0 is 2025."""
    is_whole = getattr(value, "is_integer", None)
    return str(int(value)) if is_whole is not None and is_whole() else str(value)
