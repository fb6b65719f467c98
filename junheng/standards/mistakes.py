"""Mistakes in a standard file, with their places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from junheng.words import Message, message

__all__ = ["Case", "located", "mistakes", "numbered"]

#: Whether a mistake was made, its place within an entry, and its message.
Case = tuple[bool, str, Message]


def located(mistake: Message, place: str | Message, within: str = "") -> Message:
    """Return a mistake with the place of its entry and the place ``within`` the entry."""
    return message("standards.located", mistake=mistake, place=place, within=within)


def mistakes(place: str | Message, *cases: Case) -> list[Message]:
    """Return the mistakes made in an entry, with their places."""
    return [located(mistake, place, within) for wrong, within, mistake in cases if wrong]


def numbered(entries: Sequence[Any], place: str) -> list[tuple[str, Any]]:
    """Return the entries of a list with their places."""
    return [(f"{place}[{i}]", entry) for i, entry in enumerate(entries)]
