"""Reading a workbook of schools: ``jh.read_schools`` against readers that only hand over the cells.

The workbook has Chinese headers and is written once a size. ``read_schools`` also reads headers and units; the others
give a frame of raw cells.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
from measuring import Contest

import junheng as jh
from junheng.schools import columns

#: Counties of junheng.synthetic.nation, and rows of the workbook. How reading grows is in ``slopes.py``.
SIZES = {"county": (2, 100), "province": (160, 12_000)}


def _junheng(path: Path) -> Any:
    return jh.read_schools(path)


def _pandas(path: Path, engine: Any) -> Any:
    return pd.read_excel(path, engine=engine)


def _polars(path: Path) -> Any:
    import polars as pl

    return pl.read_excel(path, engine="calamine")


READERS: dict[str, tuple[str, tuple[str, ...], Callable[[Path], Any]]] = {
    "junheng": ("jh.read_schools", ("python_calamine",), _junheng),
    "calamine": ("pandas.read_excel, calamine", ("python_calamine",), partial(_pandas, engine="calamine")),
    "openpyxl": ("pandas.read_excel, openpyxl", ("openpyxl",), partial(_pandas, engine="openpyxl")),
    "polars": ("polars.read_excel, calamine (fastexcel)", ("polars", "fastexcel"), _polars),
}


def write(size: str, path: Path, at_most: int | None = None) -> int:
    """Write the workbook of a size; return its rows."""
    import xlsxwriter

    counties, rows = SIZES[size]
    table = jh.synthetic.nation(seed=0, n_counties=counties).head(at_most or rows)
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "nan_inf_to_errors": False})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, [columns()[c].zh if c in columns() else c for c in table.columns])
    cells = table.astype(object).where(table.notna(), None).to_numpy().tolist()
    for i, row in enumerate(cells, start=1):
        sheet.write_row(i, 0, row)
    book.close()
    return len(table)


def contests(size: str, folder: Path, *, smoke: bool) -> Iterator[Contest]:
    """Yield the contest of a size."""
    if size not in SIZES or find_spec("xlsxwriter") is None:
        return
    path = folder / f"schools-{size}.xlsx"
    rows = write(size, path, 3_000 if smoke else None)
    runs, notes, wrong = {}, {}, []
    for name, (_, needs, read) in READERS.items():
        if all(find_spec(n) is not None for n in needs):
            runs[name] = partial(_quiet, read, path)
        else:
            notes[name] = "not installed"
        if smoke and name == "openpyxl":
            notes[name] = "too slow here"
            runs.pop(name, None)
    if "junheng" in runs and len(runs["junheng"]()) != rows:
        wrong.append(f"excel, {size}: rows are lost")
    yield Contest(
        part="excel",
        size=size,
        title=f"reading a workbook, {size}: {rows:,} rows, {path.stat().st_size / 1e6:.1f} MB",
        base="junheng",
        runs=runs,
        labels={name: label for name, (label, *_) in READERS.items()},
        notes=notes,
        rows=rows,
        gauge={n: path for n in runs if size == "province" and n != "openpyxl" and not smoke},
        wrong=wrong,
        most={"county": 9, "province": 1 if smoke else 5}[size],
    )
    path.unlink()


def _quiet(read: Callable[[Path], Any], path: Path) -> Any:
    with warnings.catch_warnings():
        # openpyxl tells of styles it does not know
        warnings.simplefilter("ignore")
        return read(path)


def prepared(name: str, size: str, path: Path | None) -> Callable[[], Any]:
    """Return what to run for the gauge of memory: one small read first, so that imports do not count."""
    assert path is not None
    small = path.with_name(f"small-{name}.xlsx")
    write("county", small)
    read = partial(_quiet, READERS[name][2])
    read(small)
    small.unlink()
    return partial(read, path)
