"""Every problem of a table of schools, and what a standard needs of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from junheng._arrays import Floats
from junheng._data import STAGES
from junheng._frames import Wholes, build_frame
from junheng.errors import ProblemCode, Severity
from junheng.indicators import catalogue
from junheng.schools.cells import parse_numbers
from junheng.schools.inclusion import LEFT_OUT
from junheng.schools.scale import scale_of
from junheng.schools.sections import Sections, as_standard, make_sections
from junheng.schools.table import Reading
from junheng.schools.vocabulary import base_column, is_grade
from junheng.standards import Standard
from junheng.standards.model import Where


def check_schools(schools: Any, standard: Any = None) -> Any:
    """List every problem of a table of schools; nothing is raised and nothing is changed.

    Parameters
    ----------
    schools : pandas, polars or pyarrow frame
        Canonical columns; see :func:`junheng.standardize_columns`.
    standard : Standard, str or path, optional
        Also check for the columns and decisions this standard needs.

    Returns
    -------
    frame of the same library
        One row a problem: ``code`` (stable), ``severity`` (``error`` stops an evaluation, ``warning`` does not),
        ``column``, ``row`` (position, counting from 0), ``key`` (the row in words), ``value``, ``message`` (what is
        wrong and what to do).

    Raises
    ------
    InputError
        When ``schools`` is no frame.

    Examples
    --------
    >>> import pandas as pd, junheng as jh
    >>> schools = pd.DataFrame({"county": ["A", "A"], "school": ["一小", "合计"], "stage": ["primary", None],
    ...                         "students": ["５００", "500"]})
    >>> jh.check_schools(schools)[["code", "row"]].values.tolist()
    [['text_in_number', 0], ['total_row', 1]]
    """
    reading = Reading(schools)
    std = as_standard(standard) if standard is not None else None
    if std is not None:
        for name in needed_columns(std):
            reading.require(name)
    check_all(reading, std)
    for name in reading.table.columns:
        _read_any(reading, name)
    if std is not None:
        check_for_standard(reading, std)
    return problems_frame(reading)


def check_for_standard(reading: Reading, standard: Standard) -> None:
    """Record what only this standard minds: years it was not in force, and columns that only its items read."""
    _check_force(reading, standard)
    _read_item_columns(reading, standard)
    tests = [test for item in standard.items for c in item.conditions for test in c.tests]
    if any("largest_class" in test.top for test in tests):
        for suffix in ("", *(f"_{s}" for s in STAGES)):
            _check_class_sizes(reading, suffix)
    if "funded_students" in reading.has and any(test.norm is not None for test in tests):
        reading.add(
            ProblemCode.COLUMN_NOT_USED,
            "no item rests on the number of students that funds are paid for: give the money itself in "
            "public_funds_budget_cny, and the county's norm for a student of each stage in county_facts",
            column="funded_students",
            severity=Severity.WARNING,
        )


#: The sizes of the bands that classes over a limit are counted in.
_BANDS = {
    "classes_46_50": (46, 50),
    "classes_51_55": (51, 55),
    "classes_56_60": (56, 60),
    "classes_61_65": (61, 65),
    "classes_66_up": (66, np.inf),
}


def _check_class_sizes(reading: Reading, suffix: str) -> None:
    """Say where the largest class contradicts the classes counted by size, or the mean class."""
    largest = reading.number(f"largest_class{suffix}")
    if largest is None:
        return
    said: dict[int, str] = {}
    for name, (low, high) in _BANDS.items():
        classes = reading.number(f"{name}{suffix}")
        if classes is None:
            continue
        for row in np.flatnonzero((classes > 0) & (largest < low)).tolist():
            said.setdefault(row, f"{classes[row]:g} in {name}{suffix}")
        for row in np.flatnonzero((classes == 0) & (largest >= low) & (largest <= high)).tolist():
            said.setdefault(row, f"none in {name}{suffix}")
    students, classes = reading.number(f"students{suffix}"), reading.number(f"classes{suffix}")
    if students is not None and classes is not None:
        for row in np.flatnonzero((classes > 0) & (students > largest * classes)).tolist():
            said.setdefault(row, f"{students[row]:g} students in {classes[row]:g} classes")
    for row, what in sorted(said.items()):
        reading.add(
            ProblemCode.CLASS_SIZES_DISAGREE,
            f"a largest class of {largest[row]:g} contradicts {what}; correct whichever is wrong. Until then a figure "
            "over the limit counts",
            row=row,
            column=f"largest_class{suffix}",
            value=f"{largest[row]:g}",
            severity=Severity.WARNING,
        )


def _check_force(reading: Reading, standard: Standard) -> None:
    """Say which years of the table the standard was not in force."""
    if "year" not in reading.has:
        return
    years = parse_numbers(np.array(list(reading.codes("year")[1]), dtype=object))[0]
    first, last = (None if d is None else int(d[:4]) for d in (standard.effective_from, standard.effective_to))
    for year in np.unique(years[np.isfinite(years)]).tolist():
        if (first is not None and year < first) or (last is not None and year > last):
            until = f" to {standard.effective_to}" if last is not None else ""
            reading.add(
                ProblemCode.NOT_IN_FORCE,
                f"{standard.id} was in force from {standard.effective_from}{until}, not in {year:g}; "
                "judged all the same",
                column="year",
                value=f"{year:g}",
                severity=Severity.WARNING,
            )


def _read_item_columns(reading: Reading, standard: Standard) -> None:
    """Read the columns of schools that items rest on, so that their problems are known before anything is judged."""
    for name in reading.table.columns:
        if is_grade(name):
            reading.category_codes(name)
    listed = {(p.code, p.column, p.row) for p in reading.problems}
    names = item_columns(standard)
    for name in names:
        _read_any(reading, name)
    before = len(reading.problems)
    reading.check_parts(set(names))
    # of columns that were looked at before, what was said of them is not said twice
    reading.problems[before:] = [p for p in reading.problems[before:] if (p.code, p.column, p.row) not in listed]


def item_columns(standard: Standard) -> list[str]:
    """Return the columns of schools that items rest on, those by stage too."""
    names: dict[str, None] = {}
    for item in standard.items:
        for condition in item.conditions:
            for test in condition.tests:
                if test.scope != "county":
                    for some in (test.top, test.top_minus, test.bottom, test.bottom_minus, test.than):
                        names.update(dict.fromkeys(some))
                if test.where is not None:
                    names.update(dict.fromkeys(_columns_of(test.where)))
    for threshold in standard.thresholds:
        for other in threshold.instead:
            names.update(dict.fromkeys(_columns_of(other.where)))
    return [full for name in names for full in (name, *(f"{name}_{s}" for s in STAGES))]


def _columns_of(where: Where) -> list[str]:
    """Return the columns that tell which units a rule is about."""
    out: list[str] = [*where.flags, *where.not_flags]
    out += ["area_type"] if where.area_types else []
    out += ["classes"] if where.classes_below is not None else []
    out += ["largest_class"] if where.largest_class_below is not None else []
    out += ["built_year"] if where.built_by is not None else []
    out += ["migrant_students"] if where.migrant_share_over is not None else []
    return out


def _read_any(reading: Reading, name: str) -> None:
    """Read a column of the vocabulary, so that what is wrong in it is recorded."""
    found = base_column(name)
    if found is None or name not in reading.has:
        return
    if found[0].type == "number":
        reading.number(name)
    elif found[0].type == "category":
        reading.category_codes(name)
    elif found[0].type == "flag":
        reading.flag_codes(name)


def needed_columns(standard: Standard) -> tuple[str, ...]:
    """Return the number columns a standard cannot be judged without."""
    out: dict[str, None] = {"students": None}
    for id_ in standard.indicators:
        out.update(dict.fromkeys(catalogue()[id_].columns))
    if any(t.classes for t in standard.thresholds):
        out["classes"] = None
    return tuple(out)


def check_all(reading: Reading, standard: Standard | None, only: Iterable[str] | None = None) -> Sections:
    """Read every number (or ``only`` those columns) and record every problem."""
    sections = make_sections(reading, standard)
    wanted = None if only is None else set(only)
    for name in reading.table.columns:
        found = base_column(name)
        if found is None or found[0].type != "number" or (wanted is not None and found[0].id not in wanted):
            continue
        values = reading.number(name)
        if values is not None and found[1] is None and not found[0].shared and name != "students":
            _check_people(reading, sections, name, values)
    reading.check_parts(wanted)
    reading.problems += scale_of(reading.number, wanted)
    for i in np.flatnonzero(sections.out == LEFT_OUT.index("no_students")).tolist():
        reading.add(
            ProblemCode.NO_STUDENTS,
            "there are no students: per-student figures do not exist, and the unit does not count",
            row=int(sections.rows[i]),
            column="students",
            severity=Severity.WARNING,
        )
    if reading.has & {"students", *(f"students_{s}" for s in STAGES)}:
        gaps = np.isnan(sections.students) & sections.counted_at_all & ~sections.wide
        told = {p.row for p in reading.errors if p.column and p.column.startswith("students")}
        for i in (i for i in np.flatnonzero(gaps).tolist() if int(sections.rows[i]) not in told):
            reading.add(
                ProblemCode.MISSING_VALUE,
                "the enrolment is not known: nothing can be said of this school or of its county; fill it in",
                row=int(sections.rows[i]),
                column="students",
                severity=Severity.WARNING,
            )
    return sections


def _check_people(reading: Reading, sections: Sections, name: str, values: Floats) -> None:
    """Say where people of a one-row school of several stages are given in all, but not by stage."""
    if not sections.wide.any():
        return
    lost = sections.wide & np.isfinite(values[sections.rows]) & np.isnan(sections.number(name))
    for i in np.flatnonzero(lost).tolist():
        word = STAGES[int(sections.stage[i])]
        reading.add(
            ProblemCode.MISSING_VALUE,
            f"people are never split between stages: {values[sections.rows[i]]:g} in all cannot be used; "
            f"give {name}_{word}",
            row=int(sections.rows[i]),
            column=f"{name}_{word}",
            severity=Severity.WARNING,
        )


def problems_frame(reading: Reading) -> Any:
    """Return the problems as a frame, table first, then row by row."""
    ordered = sorted(reading.problems, key=lambda p: -1 if p.row is None else p.row)
    dicts = [p.to_dict() for p in ordered]
    columns_: dict[str, Any] = {
        name: [d[name] for d in dicts] for name in ("code", "severity", "column", "row", "key", "value", "message")
    }
    columns_["row"] = Wholes(columns_["row"])
    return build_frame(columns_, reading.table.backend)
