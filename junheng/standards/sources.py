"""The source of a number, and how reliable it is."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from attrs import field, frozen


class Standing(StrEnum):
    """How reliable a number is."""

    CONFIRMED = "confirmed"
    SECONDARY = "secondary"
    DERIVED = "derived"
    RECALLED = "recalled"
    CONFLICTING = "conflicting"


class SourceKind(StrEnum):
    """Kind of source; it limits the standing of numbers read in it."""

    TEXT = "text"
    """The text of the document."""
    COPY = "copy"
    """A copy of the text."""
    LOCAL = "local"
    """Local practice: a form, a scheme, a program, or the page of a practitioner."""
    NEWS = "news"
    """A news page or a report."""
    MEMORY = "memory"
    """Memory, without a source that can be cited."""


@frozen(kw_only=True)
class Source:
    """Source of a number; its ``kind`` limits the standing of the number.

    ``title`` is the title as its authors wrote it, or what the source is in English; then ``title_zh`` says the same
    in Chinese.
    """

    title: str
    title_zh: str | None = None
    kind: SourceKind | None = None
    url: str | None = None
    note: str | None = None

    def name(self, language: str | None) -> str:
        """Return the title, in Chinese if asked for and known."""
        return self.title_zh if language == "zh" and self.title_zh is not None else self.title


@frozen(kw_only=True)
class Cited:
    """Clause, source and standing, required of every rule.

    ``also`` lists further, independent sources.
    """

    clause: str
    source: str
    also: tuple[str, ...] = ()
    standing: Standing
    note: str | None = None
    # the id of the standard that contains it; ignored by equality
    origin: str = field(default="", eq=False, metadata={"derived": True})


#: The best standing that one source of a kind supports; two independent secondary sources confirm a number.
_SUREST = {
    SourceKind.TEXT: Standing.CONFIRMED,
    SourceKind.COPY: Standing.CONFIRMED,
    SourceKind.LOCAL: Standing.SECONDARY,
    SourceKind.NEWS: Standing.SECONDARY,
    SourceKind.MEMORY: Standing.RECALLED,
}


def allowed_standings(kinds: Sequence[SourceKind]) -> frozenset[Standing]:
    """Return the standings that sources of these kinds support."""
    allowed = {Standing.RECALLED, Standing.CONFLICTING}
    surest = [_SUREST[kind] for kind in kinds]
    if Standing.CONFIRMED in surest or surest.count(Standing.SECONDARY) > 1:
        allowed |= {Standing.CONFIRMED}
    if allowed & {Standing.CONFIRMED} or Standing.SECONDARY in surest:
        allowed |= {Standing.SECONDARY, Standing.DERIVED}
    return frozenset(allowed)
