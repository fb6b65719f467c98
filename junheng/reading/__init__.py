"""Read school tables and county facts from the workbooks and text files that counties send."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

from junheng._progress import Progress, reporting
from junheng.errors import ReadingWarning
from junheng.reading.choices import Choices, HeaderRows, Sheets
from junheng.reading.fact_forms import facts_of, raw_table
from junheng.reading.input_file import FileLike, open_input
from junheng.reading.isolation import isolated_facts, isolated_report
from junheng.reading.report import FileReport, notice_of
from junheng.reading.sheets import joined
from junheng.reading.tables import read_file
from junheng.schools.opening import UNREADABLE
from junheng.words import Message, message

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FileReport", "describe_file", "read_facts", "read_schools"]


def read_schools(
    path: FileLike,
    *,
    sheet: Sheets = None,
    mapping: Mapping[str, str] | None = None,
    header: HeaderRows = None,
    decimal: str | None = None,
    on_error: str = "raise",
    progress: Progress = None,
    isolate: bool = False,
) -> pd.DataFrame:
    r"""Read a school table as a county sends it and return it in canonical form.

    Titles, units, totals, notes, repeated headers and empty rows are separated from schools. Headers may span several
    rows, be merged and name a unit. One warning counts what was left out or converted;
    :func:`junheng.describe_file` lists it.

    Parameters
    ----------
    path : str, path, bytes or open file
        A workbook (.xlsx, .xlsm, .xls, .ods, .et; requires the extra ``excel``) or text file (.csv, .tsv, .txt; the
        encoding UTF-8, GB18030, Big5, UTF-16 or UTF-32 and the separator are detected). A workbook is recognised by
        its content, whatever its ending. Text is read under the ending of a text file or of a workbook, or without an
        ending; under another ending (.dat) it is refused.
    sheet : str, int or list of these, optional
        Sheet by name or position, counted from 0; several are stacked. Default: the sheets that contain a school
        table.
    mapping : dict of str to str, optional
        Canonical column of each header that is not recognised.
    header : int or list of int, optional
        Row numbers of the headers as a spreadsheet shows them. Default: detected.
    decimal : {".", ","}, optional
        Mark of decimals in figures that are text. Default: a point; a comma only where it cannot separate thousands
        (12,50 is 12.5 and 1,500 is 1500). Where a column has both, 1,500 is unclear and reported as unreadable; so is
        a comma before four digits or more, 1,27584.
    on_error : {"raise", "missing"}, optional
        What becomes of a cell that cannot be used, such as 约30. Default: it is kept, and an evaluation raises an error
        that names it. ``"missing"``: it is read as missing and named in the column ``unreadable_cells``, and every
        evaluation reports it as a warning; see :func:`junheng.standardize_columns`.
    progress : callable or bool, optional
        Called with the amount done and the total; with ``isolate=True`` once, at the end. Default: a progress bar on a
        terminal if reading takes long.
    isolate : bool, default False
        Read the file in a process of its own, as a second fence around files of strangers: the process may use 3 GB of
        memory and 60 seconds of processor time (more for a large file); one that ends, or needs more, is an
        ``InputError``. On Windows only the time is limited. Starting it takes about a second.

    Returns
    -------
    pandas.DataFrame
        The result of :func:`junheng.standardize_columns`: one row per school, or per school and stage. Codes are text
        and keep their leading zeros. A cell that is not numeric is kept, so that :func:`junheng.check_schools` can
        report it. Cells such as 无, — and 暂无 are missing, not 0.

    Raises
    ------
    InputError
        If the file does not exist, cannot be read, is not safe to open or is empty, or a library is missing.
    InputDataError
        If headers contradict each other, or the sheet or header row is ambiguous.

    Warns
    -----
    ReadingWarning
        If rows that look like schools were left out, or cells were converted.

    Examples
    --------
    >>> import junheng as jh, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "schools.csv"
    >>> text = "甲县学校一览表,,,,\n区县名称,学校名称,学校代码,学段,在校生数\n甲县,一小,0012,小学,500\n"
    >>> _ = path.write_text(text, encoding="gb18030")
    >>> jh.read_schools(path)[["school_code", "stage"]].values.tolist()
    [['0012', 'primary']]
    """
    report = _describe(
        path,
        Choices(sheet=sheet, mapping=mapping, header=header, decimal=decimal, on_error=on_error),
        progress,
        isolate,
    )
    summary = notice(report)
    if summary is not None:
        warnings.warn(ReadingWarning(summary), stacklevel=2)
    return report.schools


def describe_file(
    path: FileLike,
    *,
    sheet: Sheets = None,
    mapping: Mapping[str, str] | None = None,
    header: HeaderRows = None,
    decimal: str | None = None,
    on_error: str = "raise",
    progress: Progress = None,
    isolate: bool = False,
) -> FileReport:
    r"""Describe how :func:`junheng.read_schools` reads a file: each column, each row left out, each problem.

    Parameters
    ----------
    path : str, path, bytes or open file
        The file. An open file is read in binary mode.
    sheet : str, int or list of these, optional
        As for :func:`junheng.read_schools`.
    mapping : dict of str to str, optional
        As for :func:`junheng.read_schools`.
    header : int or list of int, optional
        As for :func:`junheng.read_schools`.
    decimal : {".", ","}, optional
        As for :func:`junheng.read_schools`.
    on_error : {"raise", "missing"}, optional
        As for :func:`junheng.read_schools`.
    progress : callable or bool, optional
        As for :func:`junheng.read_schools`.
    isolate : bool, default False
        As for :func:`junheng.read_schools`.

    Returns
    -------
    FileReport
        Print it for a summary; its frames hold everything.

    Raises
    ------
    InputError
        As for :func:`junheng.read_schools`.

    Examples
    --------
    >>> import junheng as jh, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "schools.csv"
    >>> _ = path.write_text("学校名称,学段,图书(千册)\n一小,小学,1.5\n二小,小学,暂无\n合计,,1.5\n", encoding="utf-8")
    >>> report = jh.describe_file(path)
    >>> report.left_out[["row", "reason"]].values.tolist()
    [[4, 'total']]
    >>> report.columns[["column", "factor", "missing"]].values.tolist()
    [['school', 1.0, 0], ['stage', 1.0, 0], ['books', 1000.0, 1]]
    """
    return _describe(
        path,
        Choices(sheet=sheet, mapping=mapping, header=header, decimal=decimal, on_error=on_error),
        progress,
        isolate,
    )


def read_facts(
    path: FileLike,
    *,
    sheet: str | int | None = None,
    mapping: Mapping[str, str] | None = None,
    isolate: bool = False,
) -> pd.DataFrame:
    r"""Read county facts from a file.

    Parameters
    ----------
    path : str, path, bytes or open file
        A workbook or text file: either a table with one row per county, or a form with the items in one column (项目)
        and their values in another (数值). A form may have one value column per county.
    sheet : str or int, optional
        Sheet by name or position, counted from 0. Default: the sheet that contains facts.
    mapping : dict of str to str, optional
        Fact id of each header or item that is not recognised.
    isolate : bool, default False
        As for :func:`junheng.read_schools`.

    Returns
    -------
    pandas.DataFrame
        One row per county, as ``evaluate(county_facts=)`` takes it. A cell that is not numeric is kept, so that
        ``evaluate`` can report it; unknown items are kept under their own names.

    Raises
    ------
    InputError
        If the file cannot be read, or no sheet contains facts.

    Warns
    -----
    ReadingWarning
        If cells were converted or rows were left out.

    Examples
    --------
    >>> import junheng as jh, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "facts.csv"
    >>> _ = path.write_text("项目,数值\n区县名称,A\n交流轮岗教师数,120人\n教师编制标准统一,是\n", encoding="utf-8")
    >>> import warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     facts = jh.read_facts(path)
    >>> facts.to_dict("records")
    [{'county': 'A', 'exchanged_teachers': 120.0, 'unified_staffing_standard': '是'}]
    """
    read = isolated_facts if isolate else facts_of
    facts, summary = read(open_input(path), sheet, mapping)
    if summary is not None:
        warnings.warn(ReadingWarning(summary), stacklevel=2)
    return facts


def read_table(path: FileLike, *, sheet: str | int | None = None) -> pd.DataFrame:
    """Read a table without interpreting its values; titles, totals, notes and empty rows are left out."""
    return raw_table(open_input(path), sheet)


def _describe(path: FileLike, choices: Choices, progress: Progress, isolate: bool) -> FileReport:
    with reporting(100, "reading", progress) as advance:
        if not isolate:
            return read_file(open_input(path), choices, advance)
        report: FileReport = isolated_report(open_input(path), choices)
        advance(100)
        return report


def notice(report: FileReport) -> Message | None:
    """Summarise what was left out or converted; None if nothing was."""
    counts = report.left_out["reason"].value_counts().to_dict()
    reasons = ("total", "average", "explanation", "heading")
    rows = [message(f"reading.rows.{reason}", n=int(counts[reason])) for reason in reasons if counts.get(reason)]
    parts = notice_of(rows, int(report.columns["missing"].sum()), int(report.columns["converted"].sum()))
    if UNREADABLE in report.schools:
        unread = sum(len(json.loads(cells)) for cells in report.schools[UNREADABLE].dropna())
        parts += [message("reading.cells_unread", n=unread)] if unread else []
    # check_schools reports these itself; an ordinary header needs no warning
    again = ["text_in_number", "suspicious_scale", "unknown_category", "missing_key", "near_twin"]
    others = int((~report.problems["code"].isin([*again, "indoor_sports_unclear"])).sum())
    if others:
        parts.append(message("reading.things", n=others))
    return message("reading.notice", path=report.name, parts=joined(parts)) if parts else None
