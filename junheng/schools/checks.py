"""All problems of a table of schools."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from junheng._data import STAGES
from junheng._frames import Backend, FrameT, Table, Wholes, build_frame
from junheng.errors import Problem, ProblemCode, Severity, check_language
from junheng.schools.cells import parse_numbers
from junheng.schools.gaps import check_gaps
from junheng.schools.inclusion import LEFT_OUT
from junheng.schools.needs import item_columns, needed_columns
from junheng.schools.opening import open_table
from junheng.schools.problems import ProblemList
from junheng.schools.scale import scale_of
from junheng.schools.sections import Sections, as_standard, make_sections
from junheng.schools.twice import entered_twice
from junheng.schools.vocabulary import ALL_STAGES, DEGREES, base_column, is_grade
from junheng.standards import Standard
from junheng.standards.in_force import in_force
from junheng.standards.loader import shipped_standards
from junheng.words import Bilingual, Language, Message, Name, Row, listed, message


def check_schools(
    schools: FrameT, standard: Standard | str | os.PathLike[str] | None = None, *, language: Language = "en"
) -> FrameT:
    """List all problems of a table of schools, without raising an error or changing the table.

    Parameters
    ----------
    schools : pandas, polars or pyarrow frame
        Canonical columns; see :func:`junheng.standardize_columns`.
    standard : Standard, str or path, optional
        Also check the columns and decisions that this standard requires, and list the empty cells (``missing_value``)
        in the columns that its indicators read, for schools that count: what rests on them will be undetermined.
    language : {"en", "zh"}, optional
        Language of the messages. Default: English.

    Returns
    -------
    frame of the same library
        One row per problem, the whole table first, then row by row: ``code`` (stable), ``severity`` (``error`` stops
        an evaluation, ``warning`` does not), ``column``, ``sheet``, ``row`` and ``cell`` as the spreadsheet shows them
        if the table was read from a file (``row`` of any other table is the position, from 0; missing for a whole
        column or table), ``key`` (county, school, stage), ``value``, ``message`` (what is wrong and what to do).

    Raises
    ------
    InputError
        If ``schools`` is not a frame, or the language is unknown.

    Examples
    --------
    >>> import pandas as pd, junheng as jh
    >>> schools = pd.DataFrame({"county": ["A", "A"], "school": ["一小", "合计"], "stage": ["primary", None],
    ...                         "students": ["５００", "500"]})
    >>> jh.check_schools(schools)[["code", "row"]].values.tolist()
    [['text_in_number', 0], ['total_row', 1]]
    >>> jh.check_schools(schools, language="zh")["message"].tolist()[1]
    '合计行，不是学校；请删除该行'
    """
    check_language(language)
    frame: FrameT = problems_frame(find_problems(schools, standard), Table(schools).backend, language)
    return frame


def find_problems(schools: Any, standard: Standard | str | os.PathLike[str] | None = None) -> list[Problem]:
    """Return every problem that :func:`check_schools` lists, in the order in which it is found."""
    found = ProblemList(open_table(schools))
    std = as_standard(standard) if standard is not None else None
    if std is not None:
        for name in needed_columns(std):
            found.require(name)
    sections = check_all(found, std)
    found.look_at(*found.table.frame.columns)
    if std is not None:
        check_for_standard(found, std)
        check_gaps(found, sections, std)
    return found.listed


def check_for_standard(found: ProblemList, standard: Standard) -> None:
    """Check what concerns only this standard: years it was not in force, and columns that only its items use."""
    _check_force(found, standard)
    _check_item_columns(found, standard)
    tests = [test for item in standard.items for c in item.conditions for test in c.tests]
    if any("largest_class" in test.top for test in tests):
        for suffix in ("", *(f"_{s}" for s in STAGES)):
            _check_class_sizes(found, suffix)
    if "funded_students" in found.table.has and any(test.norm is not None for test in tests):
        found.add(
            ProblemCode.COLUMN_NOT_USED,
            message("schools.funded_students_not_used"),
            column="funded_students",
            severity=Severity.WARNING,
        )


#: Class sizes of the columns that count classes by size.
_BANDS = {
    "classes_46_50": (46, 50),
    "classes_51_55": (51, 55),
    "classes_56_60": (56, 60),
    "classes_61_65": (61, 65),
    "classes_66_up": (66, np.inf),
}


def _check_class_sizes(found: ProblemList, suffix: str) -> None:
    """Report largest classes that contradict the classes counted by size, or the mean class size."""
    table, of_class = found.table, f"largest_class{suffix}"
    largest = table.number(of_class)
    if largest is None:
        return
    found.look_at(of_class, *(f"{name}{suffix}" for name in (*_BANDS, "students", "classes")))
    contradictions: dict[int, Message] = {}
    for name, (low, high) in _BANDS.items():
        classes = table.number(f"{name}{suffix}")
        if classes is None:
            continue
        column = Name("column", f"{name}{suffix}")
        for row in np.flatnonzero((classes > 0) & (largest < low)).tolist():
            contradictions.setdefault(row, message("schools.classes_of_size", n=float(classes[row]), column=column))
        for row in np.flatnonzero((classes == 0) & (largest >= low) & (largest <= high)).tolist():
            contradictions.setdefault(row, message("schools.no_classes_of_size", column=column))
    students, classes = table.number(f"students{suffix}"), table.number(f"classes{suffix}")
    if students is not None and classes is not None:
        with np.errstate(over="ignore"):  # more than all floats is enough room
            room = largest * classes
        for row in np.flatnonzero((classes > 0) & (students > room)).tolist():
            figures = {"students": float(students[row]), "classes": float(classes[row])}
            contradictions.setdefault(row, message("schools.students_in_classes", **figures))
    for row, evidence in sorted(contradictions.items()):
        found.add(
            ProblemCode.CLASS_SIZES_DISAGREE,
            message("schools.class_sizes_disagree", largest=float(largest[row]), evidence=evidence),
            row=row,
            column=of_class,
            value=f"{largest[row]:g}",
            severity=Severity.WARNING,
        )


def _check_force(found: ProblemList, standard: Standard) -> None:
    """Report the years of the table in which the standard was not in force."""
    if "year" not in found.table.has:
        return
    years = parse_numbers(np.array(list(found.table.codes("year")[1]), dtype=object))[0]
    first, last = (None if d is None else int(d[:4]) for d in (standard.effective_from, standard.effective_to))
    for year in np.unique(years[np.isfinite(years)]).tolist():
        if (first is not None and year < first) or (last is not None and year > last):
            terms: dict[str, Any] = {"standard": standard.id, "since": standard.effective_from, "year": int(year)}
            terms["others"] = _in_force_instead(standard, int(year))
            if last is None:
                advice = message("schools.not_in_force", **terms)
            else:
                advice = message("schools.no_longer_in_force", until=standard.effective_to, **terms)
            found.add(
                ProblemCode.NOT_IN_FORCE,
                advice,
                column="year",
                value=f"{year:g}",
                severity=Severity.WARNING,
            )


def _in_force_instead(standard: Standard, year: int) -> Message | str:
    """Name the standards of the same place and parts that were in force in a year; empty if none is known."""
    if not 1900 <= year <= 9999:  # a year of two digits, or a mistake: nothing to name
        return ""
    others = [
        message("standards.named", id=s.id, label=Bilingual(s.label.zh, s.label.en))
        for s in shipped_standards()
        if in_force(s, f"{year:04}")
        and s.jurisdiction == standard.jurisdiction
        and set(s.parts) & set(standard.parts)
        and s.id != standard.id
    ]
    return message("schools.in_force_then", standards=listed(others)) if others else ""


def _check_item_columns(found: ProblemList, standard: Standard) -> None:
    """Check the columns of schools that items use."""
    found.look_at(*filter(is_grade, found.table.frame.columns))
    names = item_columns(standard)
    listed = {(p.code, p.column, p.position) for p in found.listed}
    found.look_at(*names)
    before = len(found.listed)
    check_parts(found, set(names))
    # problems of columns that were checked before are not listed twice
    found.listed[before:] = [p for p in found.listed[before:] if (p.code, p.column, p.position) not in listed]


def check_all(found: ProblemList, standard: Standard | None, only: Iterable[str] | None = None) -> Sections:
    """List all problems of the sections and of all number columns (or ``only`` of some)."""
    table = found.table
    sections = make_sections(table, standard, found)
    wanted = None if only is None else set(only)
    for name in table.frame.columns:
        base = base_column(name)
        if base is None or base[0].type != "number" or (wanted is not None and base[0].id not in wanted):
            continue
        found.look_at(name)
        if base[1] is None and not base[0].shared and name != "students":
            _check_people(found, sections, name)
    check_parts(found, wanted)
    found.listed.extend(scale_of(table.number, wanted))
    _check_enrolment(found, sections)
    for row, first in entered_twice(table, table.frame.columns if wanted is None else sorted(wanted)):
        found.add(
            ProblemCode.DUPLICATE_ROW,
            message("schools.entered_twice", row=Row(first)),
            row=row,
            column="school_code",
            severity=Severity.WARNING,
        )
    return sections


def _check_enrolment(found: ProblemList, sections: Sections) -> None:
    """Report units without students, and missing enrolment."""
    for i in np.flatnonzero(sections.out == LEFT_OUT.index("no_students")).tolist():
        found.add(
            ProblemCode.NO_STUDENTS,
            message("schools.no_students"),
            row=int(sections.rows[i]),
            column="students",
            severity=Severity.WARNING,
        )
    if not found.table.has & {"students", *(f"students_{s}" for s in STAGES)}:
        return
    gaps = np.isnan(sections.students) & sections.counted_at_all & ~sections.wide
    reported = {p.position for p in found.errors if p.column and p.column.startswith("students")}
    for i in (i for i in np.flatnonzero(gaps).tolist() if int(sections.rows[i]) not in reported):
        found.add(
            ProblemCode.MISSING_VALUE,
            message("schools.enrolment_missing"),
            row=int(sections.rows[i]),
            column="students",
            severity=Severity.WARNING,
        )


def _check_people(found: ProblemList, sections: Sections, name: str) -> None:
    """Report people of a one-row school of several stages that are given in total but not by stage."""
    values = found.table.number(name)
    if values is None or not sections.wide.any():
        return
    found.look_at(*(f"{name}_{s}" for s in ALL_STAGES))
    lost = sections.wide & np.isfinite(values[sections.rows]) & np.isnan(sections.number(name))
    for i in np.flatnonzero(lost).tolist():
        column = f"{name}_{STAGES[int(sections.stage[i])]}"
        total = float(values[sections.rows[i]])
        found.add(
            ProblemCode.MISSING_VALUE,
            message("schools.people_not_split", total=total, column=Name("column", column)),
            row=int(sections.rows[i]),
            column=column,
            severity=Severity.WARNING,
        )


def check_parts(found: ProblemList, only: set[str] | None = None) -> None:
    """Report counts that exceed the count they are part of, and degrees that exceed the teachers."""
    table = found.table
    for name in table.frame.columns:
        base = base_column(name)
        if base is None or base[0].part_of is None or (only is not None and base[0].id not in only):
            continue
        whole_name = base[0].part_of + (f"_{base[1]}" if base[1] else "")
        found.look_at(name, whole_name)
        part, whole = table.number(name), table.number(whole_name)
        if part is None or whole is None:
            continue
        with np.errstate(invalid="ignore"):
            over = part > whole
        for row in table.schools_in(over):
            found.add(
                ProblemCode.PART_EXCEEDS_WHOLE,
                message(
                    "schools.part_over_whole",
                    part=float(part[row]),
                    part_column=Name("column", name),
                    whole=float(whole[row]),
                    whole_column=Name("column", whole_name),
                ),
                row=row,
                column=name,
                value=repr(float(part[row])),
            )
    for suffix in ("", *(f"_{s}" for s in ALL_STAGES)) if only is None else ():
        _check_degrees(found, suffix)


def _check_degrees(found: ProblemList, suffix: str) -> None:
    """Report rows whose degrees add up to more than the teachers."""
    table = found.table
    names = [f"teachers_{d}_degree{suffix}" for d in DEGREES["primary"]]
    found.look_at(f"teachers{suffix}", *names)
    teachers = table.number(f"teachers{suffix}")
    parts = [p for n in names if (p := table.number(n)) is not None]
    if teachers is None or len(parts) < 2:
        return
    total = np.sum([np.nan_to_num(p) for p in parts], axis=0)
    with np.errstate(invalid="ignore"):
        over = total > teachers
    for row in table.schools_in(over):
        found.add(
            ProblemCode.PART_EXCEEDS_WHOLE,
            message("schools.degrees_over_teachers", total=float(total[row]), teachers=float(teachers[row])),
            row=row,
            column=f"teachers{suffix}",
            value=repr(float(total[row])),
        )


#: The columns of a frame of problems: the keys of :meth:`Problem.to_dict` but for the partition.
PROBLEM_COLUMNS = ("code", "severity", "column", "sheet", "row", "cell", "position", "key", "value", "message")


def problems_frame(problems: Iterable[Problem], backend: Backend, language: Language = "en") -> Any:
    """Return problems as a frame, table first, then row by row."""
    return build_frame(problem_columns(problems, language), backend)


def problem_columns(problems: Iterable[Problem], language: Language = "en") -> dict[str, Any]:
    """Return the columns of a frame of problems."""
    in_order = sorted(problems, key=lambda p: -1 if p.position is None else p.position)
    dicts = [p.to_dict() | {"message": p.sentence(language)} for p in in_order]
    columns: dict[str, Any] = {name: [d[name] for d in dicts] for name in PROBLEM_COLUMNS}
    return columns | {name: Wholes(columns[name]) for name in ("row", "position")}
