"""From headers of any kind to canonical columns in canonical units, with sums of parts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from junheng._arrays import Floats
from junheng._frames import FrameT, Table, build_frame
from junheng._text import is_odd
from junheng.errors import InputDataError, Severity
from junheng.schools.areas import AREAS, added
from junheng.schools.cells import parse_numbers, scaled
from junheng.schools.headers import understand
from junheng.schools.unreadable import check_on_error, without_unreadable
from junheng.schools.vocabulary import DEGREES, Column, base_column, category_aliases, category_word, fold_word


def describe_columns(raw: FrameT, mapping: Mapping[str, str] | None = None) -> FrameT:
    """Describe how :func:`standardize_columns` reads each header.

    Parameters
    ----------
    raw : pandas, polars or pyarrow frame
        The original table.
    mapping : dict of str to str, optional
        Header to canonical column, for headers that are not recognised.

    Returns
    -------
    frame of the same library
        One row per header: ``header``, ``column`` (null if unknown), ``unit`` in the header, ``factor`` by which
        the figures are multiplied.

    Raises
    ------
    InputError
        If ``raw`` is not a frame.

    Examples
    --------
    >>> import pandas as pd, junheng as jh
    >>> raw = pd.DataFrame({"学校名称": ["一小"], "教学仪器设备值(万元)": [12.5], "备注": [""]})
    >>> jh.describe_columns(raw)[["column", "factor"]].fillna("-").values.tolist()
    [['school', 1.0], ['equipment_value_cny', 10000.0], ['-', 1.0]]
    """
    table = Table(raw)
    understood, _ = understand(table.columns, mapping)
    described: FrameT = build_frame(
        {
            "header": [u.header for u in understood],
            "column": [u.column for u in understood],
            "unit": [u.unit for u in understood],
            "factor": np.array([u.factor[0] / u.factor[1] for u in understood]),
        },
        table.backend,
    )
    return described


def standardize_columns(raw: FrameT, mapping: Mapping[str, str] | None = None, *, on_error: str = "raise") -> FrameT:
    """Rename Chinese or other headers to canonical columns, and convert figures to canonical units.

    Parameters
    ----------
    raw : pandas, polars or pyarrow frame
        The original table: one row per school, or per school and stage.
    mapping : dict of str to str, optional
        Header to canonical column or known header, for headers that are not recognised.
    on_error : {"raise", "missing"}, optional
        What becomes of a cell that cannot be used, such as 约30 or a negative figure. Default: it is kept, so that
        :func:`junheng.check_schools` reports it and an evaluation raises an error. ``"missing"``: it becomes missing,
        and the column ``unreadable_cells`` names it, so that every evaluation reports it as a warning. Cells that
        decide which schools are judged, such as stage and kind, are always kept.

    Returns
    -------
    frame of the same library
        The table with renamed columns; units in headers (万元, 亩, 千册) are converted, words for kinds, stages and
        ownership get one spelling, and text columns of plain numbers become numbers. Missing totals are added up
        from their parts: teaching area without indoor sports, sports area, teachers above the required degree
        (小学: 专科 and above, 初中: 本科 and above), PE and arts teachers. Unknown columns are kept, and reported by
        :func:`junheng.check_schools`; missing cells stay missing.

    Raises
    ------
    InputDataError
        If two headers mean the same column, a unit is unknown, or the mapping names a missing header.
    InputError
        If ``on_error`` is unknown.

    References
    ----------
    Data dictionary of the national return (教基 series); 教督〔2017〕6号 for what the sums hold.

    Examples
    --------
    >>> import pandas as pd, junheng as jh
    >>> raw = pd.DataFrame({"区县名称": ["A"], "学校名称": ["一小"], "学段": ["小学"], "在校生数": [500],
    ...                     "教学仪器设备值(万元)": [100.25]})
    >>> list(jh.standardize_columns(raw))
    ['county', 'school', 'stage', 'students', 'equipment_value_cny']
    >>> float(jh.standardize_columns(raw)["equipment_value_cny"].iloc[0])
    1002500.0
    """
    missing, table = check_on_error(on_error), Table(raw)
    understood, problems = understand(table.columns, mapping)
    if any(p.severity is Severity.ERROR for p in problems):
        raise InputDataError(problems)
    renames = {u.header: u.column for u in understood if u.column is not None and u.column != u.header}
    table = table.renamed(renames)
    frame: FrameT = _standardized(
        table, {u.column: u.factor for u in understood if u.column is not None}, missing=missing
    )
    return frame


def finish_columns(frame: Any, names: Sequence[str], *, missing: bool = False) -> Any:
    """Standardize words, codes and sums of columns that already have canonical names and units."""
    return _standardized(Table(frame), dict.fromkeys(names, (1, 1)), missing=missing)


def _standardized(table: Table, factors: Mapping[str, tuple[int, int]], *, missing: bool) -> Any:
    changed: dict[str, Any] = {}
    for name, factor in factors.items():
        found = base_column(name)
        assert found is not None
        new = _standard_values(table, name, found[0], factor)
        if new is not None:
            changed[name] = new
    table = table.with_columns(changed)
    if missing:
        table = Table(without_unreadable(table.to_native()))
    return table.with_columns(_sums_of_parts(table)).to_native()


def _standard_values(table: Table, name: str, column: Column, factor: tuple[int, int]) -> Any:
    """Return the column in canonical form, None if it already is."""
    if column.type == "category":
        known = category_aliases(column.id)
        codes, words = table.codes(name)
        words = list(words)
        # hidden characters are kept, for check_schools to report
        new = [w if isinstance(w, str) and is_odd(w) else known.get(fold_word(w), w) for w in words]
        if all(a is b for a, b in zip(new, words, strict=True)):
            return None
        return np.array([*new, None], dtype=object)[codes]
    if column.type == "key" and name.endswith("code"):
        values = table.objects(name)
        return (
            [_code_text(v) for v in values] if any(v is not None and not isinstance(v, str) for v in values) else None
        )
    if column.type != "number":
        return None
    if not table.is_number(name):
        values = table.objects(name)
        parsed, bad = parse_numbers(values, factor)
        if not bad:
            return parsed
        if factor == (1, 1):
            return None
        # cells that are not numbers are kept, for check_schools to report; the others are converted
        return [bad.get(i, None if math.isnan(x) else repr(x)) for i, x in enumerate(parsed.tolist())]
    return None if factor == (1, 1) else scaled(table.floats(name), factor)


def _code_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


_ABOVE = "teachers_above_required_degree"
_PE_ART = ("pe_teachers", "music_teachers", "fine_art_teachers", "art_teachers")


def _sums_of_parts(table: Table) -> dict[str, Floats]:
    """Return totals that have no column but whose parts do."""
    have = set(table.columns)
    numbers = {n for n in have if table.is_number(n)}
    out = {
        area: added([table.floats(n) for n in plus], [table.floats(n) for n in minus])
        for area, plus, minus in AREAS
        if area not in have and numbers.issuperset((*plus, *minus))
    }
    for suffix in ("", "_primary", "_junior"):
        parts = [n for p in _PE_ART if (n := f"{p}{suffix}") in numbers]
        if f"pe_art_teachers{suffix}" not in have and f"pe_teachers{suffix}" in parts and len(parts) > 1:
            out[f"pe_art_teachers{suffix}"] = _total(table, parts)
    return out | _sums_of_degrees(table, have, numbers)


def _sums_of_degrees(table: Table, have: set[str], numbers: set[str]) -> dict[str, Floats]:
    """Return the numbers of teachers above the degree that their stage requires."""
    out: dict[str, Floats] = {}
    degrees = {stage: [f"teachers_{d}_degree" for d in ds] for stage, ds in DEGREES.items()}
    if _ABOVE not in have and "stage" in have and numbers.issuperset(degrees["primary"]):
        words = [None if v is None else category_word("stage", v) for v in table.objects("stage").tolist()]
        stages = np.array(words, dtype=object)
        sums = [_total(table, names) for names in degrees.values()]
        out[_ABOVE] = np.select([stages == stage for stage in degrees], sums, np.nan)
    for stage, names in degrees.items():
        parts = [f"{name}_{stage}" for name in names]
        if f"{_ABOVE}_{stage}" not in have and numbers.issuperset(parts):
            out[f"{_ABOVE}_{stage}"] = _total(table, parts)
    return out


def _total(table: Table, names: Sequence[str]) -> Floats:
    total: Floats = np.sum([table.floats(n) for n in names], axis=0)
    return total
