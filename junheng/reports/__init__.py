"""Reports and forms: the declaration workbook, the HTML report, pictures, an empty return to fill in.

Each name is imported when it is first asked for, so that nothing heavy comes with the package.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

#: Where each public name lives; a module stands for itself.
_HOME = {
    "Declaration": "declarations",
    "declaration": "declarations",
    "html_report": "page",
    "plots": "plots",
    "write_declaration": "declarations",
    "write_report": "page",
    "write_template": "template",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(f"{__name__}.{_HOME[name]}")
    return home if name == _HOME[name] else getattr(home, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
