"""Files of schools: CSV and Excel, headers in Chinese or canonical."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from junheng._frames import read_csv, read_excel
from junheng.errors import InputError
from junheng.schools import standardize_columns

__all__ = ["read_schools"]

_EXCEL = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_TEXT = (".csv", ".tsv", ".txt")


def read_schools(
    path: str | os.PathLike[str], *, sheet: str | int = 0, mapping: Mapping[str, str] | None = None
) -> Any:
    r"""Read a table of schools from a file and bring its columns to canonical form.

    Parameters
    ----------
    path : str or path
        A .csv file (UTF-8, with or without BOM, or GB18030), or a workbook (.xlsx, .xls, .ods; needs the extra
        ``excel``). Headers stand in the first row.
    sheet : str or int
        Sheet of a workbook.
    mapping : dict of str to str, optional
        Headers only you know: header to canonical column.

    Returns
    -------
    pandas.DataFrame
        As :func:`junheng.standardize_columns` gives it. Codes keep their leading zeros; a cell that is no number
        stays as it is, for :func:`junheng.check_schools` to point at. No row is dropped.

    Raises
    ------
    InputError
        When the file is not there, cannot be read, is empty, or a library is missing.
    InputDataError
        When headers contradict each other.

    Examples
    --------
    >>> import junheng as jh, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "schools.csv"
    >>> _ = path.write_text("区县名称,学校名称,学校代码,学段,在校生数\nA,一小,0012,小学,500\n", encoding="gb18030")
    >>> jh.read_schools(path)[["school_code", "stage"]].values.tolist()
    [['0012', 'primary']]
    """
    raw = read_table(path, sheet=sheet)
    blank = sum(str(c).startswith("column ") for c in raw.columns)
    if blank > len(raw.columns) / 2:
        raise InputError(
            f"{Path(path).name}: the headers must stand in the first row, which is nearly empty; take titles out"
        )
    return standardize_columns(raw, mapping)


def read_table(path: str | os.PathLike[str], *, sheet: str | int = 0) -> Any:
    """Read a CSV file or a sheet of a workbook as it is, headers in the first row."""
    file = Path(path)
    if not file.is_file():
        raise InputError(f"there is no file {str(file)!r}")
    suffix = file.suffix.lower()
    if suffix in _EXCEL:
        raw = read_excel(file, sheet)
    elif suffix in _TEXT:
        raw = read_csv(file, "\t" if suffix == ".tsv" else ",")
    else:
        raise InputError(f"{file.name}: files ending in {', '.join((*_TEXT, *_EXCEL))} can be read, not {suffix!r}")
    if not len(raw.columns):
        raise InputError(f"{file.name} is empty; the first row must hold the headers")
    return raw
