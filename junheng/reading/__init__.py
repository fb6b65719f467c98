"""Files of schools and of county facts: workbooks and text as counties send them in."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from junheng._progress import Progress, reporting
from junheng.errors import ReadingWarning
from junheng.reading.fact_forms import facts_of, raw_table
from junheng.reading.report import FileReport, notice_of
from junheng.reading.sheets import joined
from junheng.reading.tables import read_file
from junheng.words import Message, message

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FileReport", "describe_file", "read_facts", "read_schools"]

#: Sheets by name or position, counted from 0; several are put one below the other.
Sheets = str | int | Sequence[str | int] | None
#: Row of the headers as a spreadsheet shows it, or several.
HeaderRows = int | Sequence[int] | None


def read_schools(
    path: str | os.PathLike[str],
    *,
    sheet: Sheets = None,
    mapping: Mapping[str, str] | None = None,
    header: HeaderRows = None,
    progress: Progress = None,
) -> pd.DataFrame:
    r"""Read a return as a county sends it, and bring it to canonical form.

    Titles, units, totals, notes, repeated headers and empty rows are told from schools; headers may stand in several
    rows, be merged, and name a unit. Nothing is lost silently: one warning counts what was left out or converted, and
    :func:`junheng.describe_file` lists it.

    Parameters
    ----------
    path : str or path
        A workbook (.xlsx, .xlsm, .xls, .ods; needs the extra ``excel``) or text (.csv, .tsv, .txt; UTF-8, GB18030 or
        UTF-16, which is found out).
    sheet : str, int or list of these, optional
        Sheet by name or position, counted from 0; several are put one below the other. Without it the sheets that
        hold a return are found.
    mapping : dict of str to str, optional
        Headers only you know: header to canonical column.
    header : int or list of int, optional
        Row or rows of the headers, as a spreadsheet shows them. Without it they are found.
    progress : callable or bool, optional
        Called with what is done and the whole; without it a bar appears on a terminal when it takes long.

    Returns
    -------
    pandas.DataFrame
        As :func:`junheng.standardize_columns` gives it, one row a school, or a school and stage. Codes are text and
        keep their zeros. A cell that is no figure stays as it is, for :func:`junheng.check_schools` to point at.
        Cells such as 无, — and 暂无 are missing, not 0.

    Raises
    ------
    InputError
        When the file is not there, cannot be read, is not safe to open, is empty, or a library is missing.
    InputDataError
        When headers contradict each other, or two sheets or rows could be meant.

    Warns
    -----
    ReadingWarning
        When rows that look like schools were left out, or cells were read otherwise than they were typed.

    Examples
    --------
    >>> import junheng as jh, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "schools.csv"
    >>> text = "甲县学校一览表,,,,\n区县名称,学校名称,学校代码,学段,在校生数\n甲县,一小,0012,小学,500\n"
    >>> _ = path.write_text(text, encoding="gb18030")
    >>> jh.read_schools(path)[["school_code", "stage"]].values.tolist()
    [['0012', 'primary']]
    """
    report = _describe(path, sheet, mapping, header, progress)
    told = notice(report)
    if told is not None:
        warnings.warn(ReadingWarning(told), stacklevel=2)
    return report.schools


def describe_file(
    path: str | os.PathLike[str],
    *,
    sheet: Sheets = None,
    mapping: Mapping[str, str] | None = None,
    header: HeaderRows = None,
    progress: Progress = None,
) -> FileReport:
    r"""Tell what :func:`junheng.read_schools` makes of a file: each column, each row left out, each problem.

    Parameters
    ----------
    path : str or path
        The file.
    sheet : str, int or list of these, optional
        As for :func:`junheng.read_schools`.
    mapping : dict of str to str, optional
        As for :func:`junheng.read_schools`.
    header : int or list of int, optional
        As for :func:`junheng.read_schools`.
    progress : callable or bool, optional
        As for :func:`junheng.read_schools`.

    Returns
    -------
    FileReport
        Print it for a page to read; its frames hold everything.

    Raises
    ------
    InputError
        As :func:`junheng.read_schools` does.

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
    return _describe(path, sheet, mapping, header, progress)


def read_facts(
    path: str | os.PathLike[str], *, sheet: str | int | None = None, mapping: Mapping[str, str] | None = None
) -> pd.DataFrame:
    r"""Read facts about counties from a file.

    Parameters
    ----------
    path : str or path
        A workbook or text file. Either a table with one row a county, or a form with the items in one column (项目) and
        their values in another (数值); a form may have a value column for each county.
    sheet : str or int, optional
        Sheet by name or position, counted from 0. Without it the sheet that holds facts is found.
    mapping : dict of str to str, optional
        Headers or items only you know: to the id of the fact.

    Returns
    -------
    pandas.DataFrame
        One row a county; what ``evaluate(county_facts=)`` takes. A cell that is no figure stays as it is, for
        ``evaluate`` to point at; items that are not known stay under their own name.

    Raises
    ------
    InputError
        When the file cannot be read, or no sheet holds facts.

    Warns
    -----
    ReadingWarning
        When cells were read otherwise than they were typed, or rows were left out.

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
    facts, told = facts_of(Path(path), sheet, mapping)
    if told is not None:
        warnings.warn(ReadingWarning(told), stacklevel=2)
    return facts


def read_table(path: str | os.PathLike[str], *, sheet: str | int | None = None) -> pd.DataFrame:
    """Read a table as it is, its headers found; rows without anything, titles, totals and notes are left out."""
    return raw_table(Path(path), sheet)


def _describe(
    path: str | os.PathLike[str],
    sheet: Sheets,
    mapping: Mapping[str, str] | None,
    header: HeaderRows,
    progress: Progress,
) -> FileReport:
    with reporting(100, "reading", progress) as said:
        return read_file(Path(path), sheet, mapping, header, said)


def notice(report: FileReport) -> Message | None:
    """Say in a sentence or two what was not read as it stands; None where all was."""
    counts = report.left_out["reason"].value_counts().to_dict()
    reasons = ("total", "average", "explanation", "heading")
    rows = [message(f"reading.rows.{reason}", n=int(counts[reason])) for reason in reasons if counts.get(reason)]
    parts = notice_of(rows, int(report.columns["missing"].sum()), int(report.columns["converted"].sum()))
    # what check_schools says of the table itself is not said twice; an ordinary header is no cause for alarm
    again = ["text_in_number", "suspicious_scale", "unknown_category", "missing_key", "near_twin"]
    others = int((~report.problems["code"].isin([*again, "indoor_sports_unclear"])).sum())
    if others:
        parts.append(message("reading.things", n=others))
    return message("reading.notice", path=report.name, parts=joined(parts)) if parts else None
