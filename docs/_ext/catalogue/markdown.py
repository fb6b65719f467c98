"""Pieces of Markdown that several pages use."""

from collections.abc import Iterable, Sequence
from typing import Any

from bilingual import OTHER, Words

import junheng as jh
from junheng.standards.model import Standard
from junheng.words import word


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, kind: str = "wide") -> str:
    """Return a Markdown table, of a kind if it has more than three columns."""
    body = [head, ["---"] * len(head), *rows]
    lines = ["| " + " | ".join(cell.replace("|", r"\|").replace("\n", " ") for cell in row) + " |" for row in body]
    style = f" {kind}" if len(head) > 3 else ""
    return f":::{{container}} catalogue{style}\n" + "\n".join(lines) + "\n:::\n"


def card(lines: Sequence[str]) -> list[str]:
    """Return lines as a card: an item, a relaxation."""
    return [":::{container} entry", *lines, ":::", ""]


def page_of(standard: str) -> str:
    """Return a link to the page of a standard."""
    return f"[{standard}]({standard}.md)"


def badge(w: Words, standing: Any) -> str:
    """Return how well a number is known, as a badge."""
    return f"[{w.label('standing', standing)}]{{.standing .{standing}}}"


def source_of(w: Words, entry: Any) -> str:
    """Return clause and source of an entry; the source is a link to the list at the end of the page."""
    anchor = w("standard.sources").lower()
    return w("form.clause_of", clause=w.note(entry.clause), source=f"[{entry.source}](#{anchor})")


def after(w: Words, text: str, more: str) -> str:
    """Return a text and what follows it, if anything does."""
    return f"{text}{w('form.gap')}{more}" if more else text


class Notes:
    """Notes of a page, each once, with a number."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.texts: list[str] = []

    def number(self, note: str | None) -> str:
        """Return the mark of a note, nothing for none."""
        if not note:
            return ""
        text = self.words.note(note)
        if text not in self.texts:
            self.texts.append(text)
        return self.words("form.note", n=self.texts.index(text) + 1)

    def cited(self, entry: Any) -> list[str]:
        """Return clause, source and standing of an entry as cells."""
        mark = self.number(entry.note)
        return [after(self.words, source_of(self.words, entry), mark), badge(self.words, entry.standing)]

    def lines(self) -> list[str]:
        """Return the notes as a list."""
        if not self.texts:
            return []
        return [f"## {self.words('standard.notes')}", "", *(f"{i}. {t}" for i, t in enumerate(self.texts, 1)), ""]


def foot(w: Words, s: Standard, entry: Any) -> list[str]:
    """Return where an entry was read, how well it is known, and in which file it was written."""
    said = f"{source_of(w, entry)} {badge(w, entry.standing)}"
    if s.extends:
        own = w("items.own") if entry.origin == s.id else w("items.from", parent=page_of(entry.origin))
        said += f" · {own}"
    return [said, "", f"*{sentence(w, entry.note)}*"] if entry.note else [said]


def sentence(w: Words, note: str) -> str:
    """Return a remark as a sentence."""
    text = w.note(note)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "。")) else w("form.stop"))


def entry_title(w: Words, entry: Any, number: int | None = None) -> str:
    """Return the label of an item, relaxation or doubt in bold, and its id in a second line."""
    label = w.of(entry.label)
    numbered = label if number is None else w("items.number", n=number, label=label)
    return f"**{numbered}**<br>{also(w, entry)}"


def also(w: Words, entry: Any) -> str:
    """Return the id; in English after the Chinese label."""
    return w("form.also", other=entry.label.zh, id=entry.id)


def part_name(w: Words, part: str) -> str:
    """Return the name of a part; what belongs to none has a name of its own here."""
    if w.has("part", part):
        return w(f"part.{part}")
    label = w.label("part", part)
    return w("form.heading", label=label[:1].upper() + label[1:], other=word("part", part, OTHER[w.language]))


def shipped() -> list[Standard]:
    """Return the shipped standards."""
    return [jh.load_standard(i) for i in jh.list_standards()["id"]]
