"""Where a number was read, and how well it is known."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from attrs import field, frozen


class Standing(StrEnum):
    """How well a number is known."""

    CONFIRMED = "confirmed"
    SECONDARY = "secondary"
    DERIVED = "derived"
    RECALLED = "recalled"
    CONFLICTING = "conflicting"


class SourceKind(StrEnum):
    """What a source is, which says how sure a number read in it can be."""

    TEXT = "text"
    """The document's own text."""
    COPY = "copy"
    """A copy of that text."""
    LOCAL = "local"
    """A local form or scheme, a program, a practitioner's page: practice."""
    NEWS = "news"
    """A news page or a report."""
    MEMORY = "memory"
    """Nothing that can be shown."""


@frozen(kw_only=True)
class Source:
    """Where a number was read. A number cannot be surer than the ``kind`` of its source allows."""

    title: str
    kind: SourceKind | None = None
    url: str | None = None
    note: str | None = None


@frozen(kw_only=True)
class Cited:
    """What everything that states a rule must say about where it comes from.

    ``also`` names further sources that say the same, independent of ``source``.
    """

    clause: str
    source: str
    also: tuple[str, ...] = ()
    standing: Standing
    note: str | None = None
    # where it was written is not what it says: it takes no part in equality
    origin: str = field(default="", eq=False, metadata={"derived": True})


#: The surest standing that one source of a kind allows; two independent ones of practice or news make a number sure.
_SUREST = {
    SourceKind.TEXT: Standing.CONFIRMED,
    SourceKind.COPY: Standing.CONFIRMED,
    SourceKind.LOCAL: Standing.SECONDARY,
    SourceKind.NEWS: Standing.SECONDARY,
    SourceKind.MEMORY: Standing.RECALLED,
}


def allowed_standings(kinds: Sequence[SourceKind]) -> frozenset[Standing]:
    """Return the standings that a number read in sources of these kinds may claim."""
    allowed = {Standing.RECALLED, Standing.CONFLICTING}
    surest = [_SUREST[kind] for kind in kinds]
    if Standing.CONFIRMED in surest or surest.count(Standing.SECONDARY) > 1:
        allowed |= {Standing.CONFIRMED}
    if allowed & {Standing.CONFIRMED} or Standing.SECONDARY in surest:
        allowed |= {Standing.SECONDARY, Standing.DERIVED}
    return frozenset(allowed)
