"""Reports: pictures, HTML (extras ``plots`` and ``report``). Nothing heavy is imported here."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["html_report", "plots", "write_report"]

_FROM = {"html_report": "junheng.reports.html", "write_report": "junheng.reports.html"}


def __getattr__(name: str) -> Any:
    """Load a name when it is first asked for."""
    if name == "plots":
        return import_module("junheng.reports.plots")
    if name in _FROM:
        return getattr(import_module(_FROM[name]), name)
    raise AttributeError(f"module 'junheng.reports' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
