"""What is handed on: an empty return to fill in. Nothing heavy is imported before it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {"write_template": "template"}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
