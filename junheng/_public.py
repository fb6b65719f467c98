"""What tab completion offers of an object: its public names (private)."""

from __future__ import annotations

__all__ = ["public_names"]


def public_names(thing: object, *hidden: str) -> list[str]:
    """Return the names of an object for ``__dir__``, without private ones and those that only the library uses."""
    return sorted(name for name in object.__dir__(thing) if not name.startswith("_") and name not in hidden)
