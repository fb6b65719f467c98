"""What is wrong with a file of law, said with its place in the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from junheng.words import Message, message

__all__ = ["Case", "located", "mistakes", "numbered"]

#: Whether something is wrong, where it is within an entry, and what is said of it.
Case = tuple[bool, str, Message]


def located(mistake: Message, place: str | Message, within: str = "") -> Message:
    """Return a mistake with the place of the entry, and where it is ``within`` that."""
    return message("standards.located", mistake=mistake, place=place, within=within)


def mistakes(place: str | Message, *cases: Case) -> list[Message]:
    """Return what is wrong with the entry at a place, with the place of each mistake."""
    return [located(mistake, place, within) for wrong, within, mistake in cases if wrong]


def numbered(entries: Sequence[Any], place: str) -> list[tuple[str, Any]]:
    """Return the entries of a list with their places."""
    return [(f"{place}[{i}]", entry) for i, entry in enumerate(entries)]
