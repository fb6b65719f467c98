"""Workbooks of an evaluation and of a plan, and the frames in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from junheng._files import as_path, write_bytes
from junheng._frames import Table
from junheng.errors import InputError, check_language
from junheng.planning import Plan
from junheng.reports._workbooks import Formats, workbook_bytes
from junheng.reports.workbooks.blocks import Block, write_blocks
from junheng.reports.workbooks.evaluated import evaluation_blocks, place_of
from junheng.reports.workbooks.figures import sheet_of
from junheng.reports.workbooks.planned import plan_blocks
from junheng.reports.workbooks.sheets import Sheet, write_frame
from junheng.results import Evaluation, check_evaluation
from junheng.words import Language, message, sentences

#: A workbook of more cells is written row by row, to keep memory low.
_MANY_CELLS = 1_000_000


def write_results(ev: Evaluation, path: str | os.PathLike[str], *, language: Language = "zh") -> Path:
    """Write an evaluation as a workbook: a summary, then every frame as a sheet.

    The summary says what was judged and by which document, the verdicts with their reasons, what fails, what is
    undetermined and which figures are missing, and how many problems the data have. Cells hold the unrounded figures.

    Parameters
    ----------
    ev : Evaluation
        The result of :func:`junheng.evaluate`, of one county or of many.
    path : str or path
        The file to write, ending in ``.xlsx``. An existing file is replaced once the workbook is complete.
    language : {"zh", "en"}
        Language of the workbook.

    Returns
    -------
    pathlib.Path
        The file. The same evaluation gives the same bytes.

    Raises
    ------
    InputError
        If the name does not end in ``.xlsx``, the language is unknown, or the extra ``excel`` is not installed.
    OutputFileError
        If the file cannot be written. An existing file is left unchanged.

    Notes
    -----
    A frame with more rows than a sheet can hold (1 048 575) continues on further sheets.

    Examples
    --------
    >>> import junheng as jh, pathlib, tempfile
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> jh.reports.write_results(ev, pathlib.Path(tempfile.mkdtemp()) / "results.xlsx").name
    'results.xlsx'
    """
    check_evaluation(ev)
    shown = ev.relabel(check_language(language))
    blocks = evaluation_blocks(shown, language)
    title = _title("title", shown, language)
    return _write(path, shown, language, title, result_tables(shown), blocks)


def write_plan_workbook(plan: Plan, path: str | os.PathLike[str], *, language: Language = "zh") -> Path:
    """Write a plan as a workbook: a summary, then what to add where, the costs, and the verdicts afterwards.

    Parameters
    ----------
    plan : Plan
        The result of :func:`junheng.plan`.
    path : str or path
        The file to write, ending in ``.xlsx``. An existing file is replaced once the workbook is complete.
    language : {"zh", "en"}
        Language of the workbook.

    Returns
    -------
    pathlib.Path
        The file. The same plan gives the same bytes.

    Raises
    ------
    InputError
        If the name does not end in ``.xlsx``, the language is unknown, or the extra ``excel`` is not installed.
    OutputFileError
        If the file cannot be written. An existing file is left unchanged.

    Examples
    --------
    >>> import junheng as jh, pathlib, tempfile
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> plan = jh.plan(ev, unit_costs=dict.fromkeys(jh.shortfall_totals(ev)["column"], 1))
    >>> jh.reports.write_plan_workbook(plan, pathlib.Path(tempfile.mkdtemp()) / "plan.xlsx").name
    'plan.xlsx'
    """
    shown = plan.relabel(check_language(language))
    blocks = plan_blocks(shown, language)
    title = _title("plan_title", shown.evaluation, language)
    return _write(path, shown.evaluation, language, title, plan_tables(shown), blocks)


def write_table(path: Path, name: str, frame: Any, language: Language) -> None:
    """Write one frame as a workbook of one sheet."""
    sheet = Sheet(name, frame, {}, {})

    def fill(book: Any) -> None:
        write_frame(book, Formats(book), sheet, language, name)

    write_bytes(path, workbook_bytes(path, name, "", fill))


def result_tables(shown: Evaluation) -> dict[str, Any]:
    """Return the frames of a relabelled evaluation by the names of their sheets."""
    return _named("sheets", shown, shown.language)


def plan_tables(shown: Plan) -> dict[str, Any]:
    """Return the frames of a plan for a relabelled evaluation by the names of their sheets."""
    language = shown.evaluation.language
    tables = _named("plan_sheets", shown, language) | _named("after_sheets", shown.after, language)
    return tables | _named("before_sheets", shown.evaluation, language)


def _named(group: str, source: Any, language: str | None) -> dict[str, Any]:
    assert language is not None
    return {label: getattr(source, name) for name, label in sentences(f"reports.{group}", language).items()}


def _title(key: str, shown: Evaluation, language: Language) -> str:
    return sentences("reports.workbook", language)[key].format(place=place_of(shown.data, language))


def _write(
    path: str | os.PathLike[str],
    shown: Evaluation,
    language: Language,
    title: str,
    tables: Mapping[str, Any],
    blocks: Callable[[Mapping[str, int]], Sequence[Block]],
) -> Path:
    """Write the summary and the sheets of a workbook."""
    target = as_path(path)
    if target.suffix.lower() != ".xlsx":
        raise InputError(message("reports.error.not_xlsx", file=target.name))
    std = shown.standard
    label = f"{getattr(std.label, language)} {std.number}"
    opened = {name: Table(frame) for name, frame in tables.items()}
    items = sentences("reports.sheets", language)["items"]

    def fill(book: Any) -> None:
        formats = Formats(book)
        rows = {name: table.rows for name, table in opened.items()}
        write_blocks(book, formats, title, blocks(rows), language)
        for name, frame in tables.items():
            sheet = sheet_of(name, frame, shown, items=name == items)
            write_frame(book, formats, sheet, language, title)

    many = sum(t.rows * len(t.columns) for t in opened.values()) > _MANY_CELLS
    write_bytes(target, workbook_bytes(target, title, label, fill, row_by_row=many))
    return target
