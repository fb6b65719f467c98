"""The headings of a page and its table of contents (private)."""

from __future__ import annotations

from typing import Any


class Headings:
    """Writes the headings of a page; those of the second level are its table of contents."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, str]] = []

    def __call__(self, level: int, title: str) -> Any:
        """Return a heading."""
        from markupsafe import Markup

        if level > 2:
            return Markup("<h{0}>{1}</h{0}>").format(level, title)
        name = f"s{len(self.entries) + 1}"
        self.entries.append((name, title))
        return Markup('<h{0} id="{1}">{2}</h{0}>').format(level, name, title)
