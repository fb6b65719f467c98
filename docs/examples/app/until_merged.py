"""What the app needs of two rooms that are not merged yet; remove this file and its import by reverting its commit."""

from typing import Any

import attrs

from junheng import reports
from junheng.reading import report as reading
from junheng.reading.report import FileReport
from junheng.words import sentences


def _write(source: Any, path: Any, language: str, *groups: tuple[str, Any]) -> None:
    tables = {label: getattr(s, name) for g, s in groups for name, label in sentences(g, language).items()}
    from junheng._frames import write_tables

    write_tables(path, tables)


def write_results(ev: Any, path: Any, *, language: str = "zh") -> None:
    _write(ev, path, language, ("cli.sheets", ev.relabel(language)))


def write_plan_workbook(plan: Any, path: Any, *, language: str = "zh") -> None:
    shown = attrs.evolve(plan, evaluation=plan.evaluation.relabel(language))
    _write(plan, path, language, ("cli.plan_sheets", shown), ("cli.after_sheets", shown.after))


if not hasattr(reports, "write_results"):
    reports.write_results, reports.write_plan_workbook = write_results, write_plan_workbook
if not hasattr(reading, "about_facts"):
    reading.about_facts = lambda report: ((), ())
    FileReport.facts = None
