"""Reports and forms: workbooks of results, the declaration, the HTML report, pictures, an empty return to fill in.

Each name is imported on first use, so that importing the package loads nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from junheng.reports import plots as plots
    from junheng.reports.declarations import Declaration as Declaration
    from junheng.reports.declarations import declaration as declaration
    from junheng.reports.declarations import write_declaration as write_declaration
    from junheng.reports.page import html_report as html_report
    from junheng.reports.page import write_report as write_report
    from junheng.reports.template import write_template as write_template
    from junheng.reports.workbooks import write_plan_workbook as write_plan_workbook
    from junheng.reports.workbooks import write_results as write_results
    from junheng.reports.worklists import write_worklist as write_worklist

#: The module of each public name.
_HOME = {
    "Declaration": "declarations",
    "declaration": "declarations",
    "html_report": "page",
    "plots": "plots",
    "write_declaration": "declarations",
    "write_plan_workbook": "workbooks",
    "write_report": "page",
    "write_results": "workbooks",
    "write_template": "template",
    "write_worklist": "worklists",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(f"{__name__}.{_HOME[name]}")
    return home if name == _HOME[name] else getattr(home, name)


def __dir__() -> list[str]:
    return __all__
