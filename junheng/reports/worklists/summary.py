"""The first sheet of a worklist: how much was found where, and how to fill it in (private)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from junheng.plausibility.findings import KINDS
from junheng.reports._findings import kind_label, kinds_text
from junheng.reports._workbooks import Formats
from junheng.reports.workbooks.blocks import Block, Head, write_blocks
from junheng.reports.workbooks.evaluated import LISTED
from junheng.reports.worklists.model import Entry, Place, Worklist
from junheng.words import Language, sentences

__all__ = ["place_of", "remarks", "schools_of", "write_summary"]


def place_of(worklist: Worklist, language: Language) -> str:
    """Return the county, or how many there are."""
    text = sentences("worklist.sheet_text", language)
    if len(worklist.places) == 1:
        return worklist.places[0].name or text["no_county"]
    return text["several"].format(n=len(worklist.places))


def schools_of(entries: Iterable[Entry]) -> int:
    """Return at how many schools something was found."""
    return len({(e.place, e.finding.school) for e in entries if e.finding.school is not None})


def remarks(w: Worklist, language: Language) -> list[str]:
    """Say what was corrected without a change, no longer appears, was not compared, or could not be read."""
    again = sum(e.status == "unchanged" for e in w.entries)
    counts = {"unchanged": again, "settled": len(w.settled), "elsewhere": w.elsewhere, "errors": w.errors}
    return [sentences("worklist.summary", language)[key].format(n=n) for key, n in counts.items() if n]


def write_summary(book: Any, formats: Formats, worklist: Worklist, title: str, language: Language) -> None:
    """Write the first sheet."""
    text = _Text(worklist, language)
    blocks = [text.in_short(), text.scope(), *([text.by_county(), text.by_kind()] if worklist.entries else [])]
    write_blocks(book, formats, title, [*blocks, text.how()], language)


class _Text:
    """The blocks of the summary in one language."""

    def __init__(self, worklist: Worklist, language: Language) -> None:
        self.worklist, self.language = worklist, language
        self.text = sentences("worklist.summary", language)
        self.schools = sum(p.schools for p in worklist.places)

    def in_short(self) -> Block:
        """Say how much was found, and that it accuses nobody."""
        w, text = self.worklist, self.text
        counts = {"open": len(w.open), "explained": len(w.explained), "n": len(w.entries)}
        key = "counted" if w.entries else "none"
        lines = [text[key].format(schools=self.schools, found=schools_of(w.entries), **counts)]
        lines += remarks(w, self.language)
        lines += [notice.text(self.language) for notice in w.notices]
        lines += [text["no_accusation"]] if w.entries else []
        return Block(text["what"], [*lines, text["chance"].format(alpha=f"{w.alpha:g}")])

    def scope(self) -> Block:
        """Say what was looked at."""
        w, text = self.worklist, self.text
        std = w.standard
        years = sorted({y for p in w.places for y in p.years})
        named = text["no_standard"] if std is None else f"{getattr(std.label, self.language)} {std.number}"
        rows = [
            (text["standard"], named),
            (text["schools"], text["schools_in"].format(counties=len(w.places), schools=self.schools)),
            *([(text["years"], ("、" if self.language == "zh" else ", ").join(years))] if years else []),
            (text["alpha"], f"{w.alpha:g}"),
        ]
        return Block(text["scope"], (), (Head("", kind="name"), Head("", 7)), rows)

    def by_county(self) -> Block:
        """Count the findings of each county, those with the most first if they are too many to list."""
        w, text = self.worklist, self.text
        by: dict[str, list[Entry]] = {p.name: [] for p in w.places}
        for entry in w.entries:
            by[entry.place].append(entry)
        places: Sequence[Place] = w.places
        if len(places) > LISTED:
            places = sorted(places, key=lambda p: -len(by[p.name]))[:LISTED]
        left = len(w.places) - len(places)
        rows = [(p.name, *self._counts(by[p.name]), self._kinds(by[p.name])) for p in places]
        heads = (Head(sentences("worklist.column", self.language)["county"], kind="name"), *self._count_heads())
        lines = [text["more_counties"].format(shown=len(places), n=left)] if left else []
        return Block(text["by_county"], lines, (*heads, Head(text["column_kinds"], 4)), rows)

    def by_kind(self) -> Block:
        """Count the findings of each kind."""
        text = self.text
        counties = {kind: Counter(e.place for e in self._of(kind)) for kind in KINDS}
        rows = [(kind_label(kind, self.language), *self._counts(self._of(kind)), len(counties[kind])) for kind in KINDS]
        heads = (Head(sentences("worklist.column", self.language)["kind"], kind="name"), *self._count_heads())
        return Block(text["by_kind"], (), (*heads, Head(text["column_counties"], kind="count")), rows)

    def how(self) -> Block:
        """Say how to fill the worklist in."""
        return Block(self.text["how"], [self.text[key] for key in ("how_result", "how_id", "how_back")])

    def _of(self, kind: str) -> list[Entry]:
        return [e for e in self.worklist.entries if e.finding.kind == kind]

    def _count_heads(self) -> list[Head]:
        return [Head(self.text[key], kind="count") for key in ("column_open", "column_explained", "column_schools")]

    def _counts(self, entries: Sequence[Entry]) -> tuple[int, int, int]:
        explained = sum(e.status == "explained" for e in entries)
        return len(entries) - explained, explained, schools_of(entries)

    def _kinds(self, entries: Sequence[Entry]) -> str:
        return kinds_text((e.finding for e in entries), self.language) or self.text["nothing_here"]
