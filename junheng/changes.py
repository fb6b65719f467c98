"""What if: changes to a table of schools, said in a few words, made in decimals, each cell of them listed.

:meth:`junheng.Evaluation.apply` judges the changed table; :func:`applied` lists what a set of changes does to which
cell. Changes are a frame with ``column`` and ``change``, or the objects of this module, or a list of both.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import field, frozen

from junheng._data import STAGES, read_toml
from junheng._frames import Table, Wholes, column_names
from junheng._labels import word
from junheng.errors import InputDataError, InputError, Problem, ProblemCode, did_you_mean
from junheng.indicators.exact import typed_decimal
from junheng.schools import (
    ALL_STAGES,
    Column,
    Reading,
    SchoolTable,
    base_column,
    columns,
    fold_word,
    is_blank,
    recognise,
)
from junheng.schools import areas as _areas
from junheng.schools.vocabulary import category_aliases as category_words
from junheng.stages import STAGES_OF_KIND, Sections, make_sections

if TYPE_CHECKING:
    from junheng.results import Data, Evaluation

__all__ = ["Add", "Close", "Cohorts", "Enrolment", "Merge", "Open", "applied"]

#: Numbers of a school that say nothing when they are added up: two tracks of 200 m are no track of 400 m.
_NOT_SUMMED = (
    "built_year",
    "largest_class",
    "parallel_classes",
    "periodical_titles",
    "reference_titles",
    "ring_track_m",
    "straight_track_m",
)


@frozen
class Add:
    """Give a school more of something, or take it away.

    A part raised above the whole it belongs to, such as teachers with a higher degree above teachers, raises the whole
    just enough. What an integrated school shares between its stages is changed in every row of the school.

    Parameters
    ----------
    column : str
        Canonical column of a figure, such as ``computers``.
    amount : int, float or Decimal
        Added to the figure; negative to take away.
    school : str
        Name or code of the school.
    county : object, optional
        Where it lies, if schools of several counties have that name.
    stage : {"primary", "junior", "senior"}, optional
        Which stage, where people of a school of several stages are meant.
    year : int, optional
        Which year, where the table has several.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> after = ev.apply(jh.changes.Add("computers", 20, school="示例县第1小学"))
    >>> after.provenance["changes"][0]["cells"]
    1
    """

    column: str
    amount: Any
    school: Any = field(kw_only=True)
    county: Any = field(default=None, kw_only=True)
    stage: str | None = field(default=None, kw_only=True)
    year: Any = field(default=None, kw_only=True)


@frozen(kw_only=True)
class Enrolment:
    """Multiply enrolment by a factor; every school and stage is rounded to whole pupils, halves up.

    A missing enrolment stays missing. The senior stage stays as it is.

    Parameters
    ----------
    factor : int, float or Decimal
        Such as 0.97 for three in a hundred fewer. Not negative.
    stage : {"primary", "junior"}, optional
        Only this stage; both without it.
    county : object, optional
        Only this county.
    school : str, optional
        Only this school.
    year : int, optional
        Only this year.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> fewer = ev.apply(jh.changes.Enrolment(factor=0.9, stage="primary"))
    >>> int(ev.school_verdicts["students"].iloc[0]), int(fewer.school_verdicts["students"].iloc[0])
    (173, 156)
    """

    factor: Any
    stage: str | None = None
    county: Any = None
    school: Any = None
    year: Any = None


@frozen(kw_only=True)
class Cohorts:
    """Let cohorts enter and leave: enrolment grows by (entering - leaving) times the years.

    For one school, the pupils are that school's. For a county, they are those of the whole county's stage, shared out
    among its schools in proportion to their enrolment, in whole pupils, so that the total is exact (largest remainder;
    of equal ones the first in the table).

    Parameters
    ----------
    entering, leaving : int
        Pupils a year.
    years : int
        How many years.
    stage : {"primary", "junior"}, optional
        Which stage; needed where there are both.
    county : object, optional
        Which county; needed where there are several.
    school : str, optional
        Only this school.
    year : int, optional
        Which year of the table, where it has several.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> after = ev.apply(jh.changes.Cohorts(entering=3000, leaving=3400, years=2, stage="primary"))
    >>> before, now = (e.school_verdicts.query("stage == 'primary'")["students"].sum() for e in (ev, after))
    >>> int(now - before)
    -800
    """

    entering: int
    leaving: int
    years: int = 1
    stage: str | None = None
    county: Any = None
    school: Any = None
    year: Any = None


@frozen(kw_only=True)
class Merge:
    """Merge schools into one of them: people and things are added up, the rows of the others go.

    An unknown figure makes the sum unknown. What cannot be added, such as the kind of school, its flags or the length
    of its track, stays as ``into`` has it; where the others differ, :func:`applied` says so.

    Parameters
    ----------
    schools : sequence of str
        Names or codes of the schools that go.
    into : str
        The school that stays. It must have every stage the others have.
    county : object, optional
        Where they lie, if schools of several counties have such a name.
    year : int, optional
        Which year, where the table has several.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> after = ev.apply(jh.changes.Merge(schools=["示例县第4小学"], into="示例县第1小学"))
    >>> len(ev.school_verdicts) - len(after.school_verdicts)
    1
    """

    schools: Sequence[Any]
    into: Any
    county: Any = None
    year: Any = None


@frozen(kw_only=True)
class Open:
    """Open a school: one more row, with pupils who come from other schools.

    Parameters
    ----------
    row : mapping
        Canonical column to figure. What is left out is missing, not 0. A single county (and year) need not be named.
    moved_students : mapping, optional
        School to the number of its pupils of that stage who move. Without ``students`` in the row their sum is the
        enrolment.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> row = {"school": "新校", "school_code": "N1", "kind": "primary", "stage": "primary", "books": 3000}
    >>> after = ev.apply(jh.changes.Open(row=row, moved_students={"示例县第1小学": 60}))
    >>> int(after.school_verdicts["students"].iloc[0]), int(after.school_verdicts["students"].iloc[-1])
    (113, 60)
    """

    row: Mapping[str, Any]
    moved_students: Mapping[Any, int] = field(factory=dict)


@frozen(kw_only=True)
class Close:
    """Close a school: its rows go, with all it has; its pupils go to other schools.

    To keep its teachers and rooms, use :class:`Merge`, or :class:`Add` them elsewhere.

    Parameters
    ----------
    school : str
        Name or code of the school.
    students_to : str or mapping, optional
        The school that takes all pupils, stage by stage; or school to number of pupils, for a school of one stage; they
        must be all of them. Not needed where there is no pupil. Pupils of a senior stage leave the table.
    county : object, optional
        Where it lies, if schools of several counties have that name.
    year : int, optional
        Which year, where the table has several.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> after = ev.apply(jh.changes.Close(school="示例县第1小学", students_to="示例县第4小学"))
    >>> int(ev.school_verdicts["students"].sum()) == int(after.school_verdicts["students"].sum())
    True
    """

    school: Any
    students_to: Any = None
    county: Any = None
    year: Any = None


def applied(ev: Evaluation, changes: Any) -> Any:
    """List every cell that some changes would change, with what it holds before and after.

    Parameters
    ----------
    ev : Evaluation
        What they are applied to.
    changes : frame, change or list of them
        As in :meth:`junheng.Evaluation.apply`.

    Returns
    -------
    frame of the library of the input
        One row a cell: the columns of ``by``, ``school_code``, ``school``, ``row`` (position in the table before; empty
        for a new school), ``column``, ``before``, ``after``, ``cause`` and ``note``. ``cause`` is ``asked``;
        ``followed`` (a whole raised with its part); ``enrolment``; ``moved`` (pupils of another school); ``merged``;
        ``removed`` and ``opened`` (figures of rows that go or come); ``kept`` (what cannot be added up and differs:
        the note says what was given up); ``stated`` (how the figures of a school of several stages are meant, written
        down so that the change does not alter it).

    Raises
    ------
    InputDataError
        When a change cannot be made; every problem is listed.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> more = jh.changes.Add("teachers_above_required_degree", 5, school="示例县第1小学")
    >>> jh.changes.applied(ev, more)[["column", "before", "after", "cause"]].values.tolist()
    [['teachers_above_required_degree', 13.0, 18.0, 'asked'], ['teachers', 13.0, 18.0, 'followed'],
     ['staff', 13.0, 18.0, 'followed']]
    """
    out = change_table(ev.data, changes).columns()
    if ev.language is not None:
        out["column"] = [ev.header(name) for name in out["column"]]
        out["cause"] = [word("cause", name, ev.language) for name in out["cause"]]
    return ev._frame(out)


# ------------------------------------------------------------------------------------------- the result


@frozen
class _Line:
    """One cell that was changed."""

    row: int | None
    column: str
    before: Any
    after: Any
    cause: str
    note: str = ""
    new: Mapping[str, Any] | None = None


@frozen(kw_only=True, eq=False, slots=False)
class Changed:
    """A changed table, and every cell in which it differs."""

    frame: Any
    lines: list[_Line]
    reading: SchoolTable
    removed: int
    added: int

    def provenance(self) -> dict[str, Any]:
        """Say what was changed, in numbers: the same changes give the same digest."""
        content: list[Any] = [[x.row, x.column, _said(x.before), _said(x.after), x.cause, x.note] for x in self.lines]
        content += [[k, str(v)] for x in self.lines if x.new for k, v in sorted(x.new.items())]
        text = json.dumps(content, ensure_ascii=False)
        return {
            "cells": sum(x.cause != "kept" for x in self.lines),
            "rows_removed": self.removed,
            "rows_added": self.added,
            "digest": "sha256:" + hashlib.sha256(text.encode()).hexdigest(),
        }

    def columns(self) -> dict[str, Any]:
        """Return the lines column by column."""
        reading = self.reading
        out: dict[str, Any] = {}
        for name in dict.fromkeys([*reading.by, "school_code", "school"]):
            if name in reading.has:
                cells = reading.table.objects(name)
                out[name] = [
                    x.new.get(name) if x.new else (None if x.row is None else cells[x.row]) for x in self.lines
                ]
        out["row"] = Wholes([x.row for x in self.lines])
        out["column"] = [x.column for x in self.lines]
        for name in ("before", "after"):
            out[name] = np.array([_as_float(getattr(x, name)) for x in self.lines], dtype=np.float64)
        out["cause"] = [x.cause for x in self.lines]
        out["note"] = [x.note for x in self.lines]
        return out


def _said(value: Any) -> str | None:
    return None if value is None else format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def _as_float(value: Any) -> float:
    return float(value) if isinstance(value, Decimal) else math.nan


def change_table(data: Data, changes: Any) -> Changed:
    """Make changes to the table of an evaluation; every problem is raised at once."""
    work = _Work(data.sections)
    for change in _listed(changes):
        if isinstance(change, Add):
            work.add(change)
        elif isinstance(change, Enrolment):
            work.enrol(change)
        elif isinstance(change, Cohorts):
            work.age(change)
        elif isinstance(change, Merge):
            work.merge(change)
        elif isinstance(change, Open):
            work.open(change)
        elif isinstance(change, Close):
            work.close(change)
        else:
            work.read(change)
    work.follow()
    if work.problems:
        raise InputDataError(work.problems)
    return work.finish(data)


def _listed(changes: Any) -> Iterator[Any]:
    kinds = (Add, Enrolment, Cohorts, Merge, Open, Close)
    if isinstance(changes, kinds) or column_names(changes) is not None:
        yield changes
        return
    if isinstance(changes, (str, bytes, Mapping)) or not isinstance(changes, Iterable):
        raise InputError(
            "changes must be a frame with the columns 'column' and 'change', an object of junheng.changes, or a list "
            f"of these, not {type(changes).__name__}"
        )
    for change in changes:
        if not isinstance(change, kinds) and column_names(change) is None:
            raise InputError(
                f"a change must be a frame or one of junheng.changes' Add, Enrolment, Cohorts, Merge, Open, Close, "
                f"not {type(change).__name__}"
            )
        yield change


# --------------------------------------------------------------------------------------------- the work


class _Work:
    """The cells of a table while they are changed. Cells are decimals as they were typed; None is missing."""

    def __init__(self, sections: Sections) -> None:
        self.s = sections
        self.reading = sections.reading
        self.problems: list[Problem] = []
        self.cells: dict[tuple[str, int], Decimal | None] = {}
        self.causes: dict[tuple[str, int], str] = {}
        self.removed: dict[int, str] = {}
        self.added: list[dict[str, Any]] = []
        self.kept: list[_Line] = []
        self._divided: dict[str, Any] = {}
        self._keys: dict[tuple[str, ...], dict[tuple[str, ...], list[int]]] = {}

    # -- cells

    def get(self, column: str, row: int) -> Decimal | None:
        """Return what a cell holds now."""
        if (column, row) in self.cells:
            return self.cells[column, row]
        return self.original(column, row)

    def original(self, column: str, row: int) -> Decimal | None:
        """Return what a cell of the table holds."""
        values = self.reading.number(column)
        if values is None or math.isnan(values[row]):
            return None
        return typed_decimal(values[row])

    def put(self, column: str, row: int, value: Decimal | None, cause: str) -> None:
        """Let a cell hold something."""
        self.cells[column, row] = value
        self.causes.setdefault((column, row), cause)

    def raise_by(self, column: str, row: int, amount: Decimal, cause: str) -> bool:
        """Add to a cell; say whether it held anything to add to."""
        value = self.get(column, row) if column in self.reading.has else None
        if value is None:
            return False
        self.put(column, row, value + amount, cause)
        return True

    def problem(self, code: ProblemCode, message: str, row: int | None = None, **fields: Any) -> None:
        """Record what is wrong with a change."""
        key = None if row is None else self.reading.key(row)
        self.problems.append(Problem(code=code, message=message, row=row, key=key, **fields))

    # -- people of a section

    def people(self, i: int, base: str) -> Decimal | None:
        """Return a figure that each stage has of its own."""
        row, own = int(self.s.rows[i]), f"{base}_{ALL_STAGES[int(self.s.stage[i])]}"
        if not self.s.wide[i] and base in self.reading.has:
            value = self.get(base, row)
            if value is not None:
                return value
        return self.get(own, row) if own in self.reading.has else None

    def add_people(self, i: int, base: str, amount: Decimal, cause: str, *, total: bool = True) -> bool:
        """Add to such a figure wherever the table says it; say whether it stood anywhere."""
        row, own = int(self.s.rows[i]), f"{base}_{ALL_STAGES[int(self.s.stage[i])]}"
        before = self.people(i, base)
        if before is None:
            return False
        self.raise_by(own, row, amount, cause)
        if not self.s.wide[i] or total:  # in a row of several stages the bare column is their total
            self.raise_by(base, row, amount, cause)
        if base == "students" and own in self.reading.has:
            for other in {int(self.s.rows[j]) for j in self.of_school[int(self.s.school[i])]} - {row}:
                if self.get(own, other) == before:
                    self.raise_by(own, other, amount, cause)
        return True

    def lose_people(self, i: int, base: str, cause: str) -> None:
        """Let such a figure be missing: what it was added to is not known."""
        row, own = int(self.s.rows[i]), f"{base}_{ALL_STAGES[int(self.s.stage[i])]}"
        for name in (own, base):
            if name in self.reading.has and self.get(name, row) is not None:
                self.put(name, row, None, cause)

    # -- things of a school

    def is_divided(self, name: str) -> Any:
        """Return where the figure of a shared resource is the whole school's."""
        if name not in self._divided:
            self._divided[name] = self.s.is_divided(name)
        return self._divided[name]

    def rows_of(self, name: str, sections: Sequence[int]) -> list[int]:
        """Return the rows in which a school's one figure of a resource stands."""
        whole = self.is_divided(name)
        return sorted({int(self.s.rows[i]) for i in sections if whole[i]})

    def amount(self, name: str, rows: Iterable[int]) -> Decimal | None:
        """Return a school's one figure, from the first row that has it."""
        return next((v for r in rows if (v := self.get(name, r)) is not None), None)

    # -- finding schools

    @cached_property
    def of_school(self) -> dict[int, list[int]]:
        """Sections of each school."""
        out: dict[int, list[int]] = {}
        for i, school in enumerate(self.s.school.tolist()):
            out.setdefault(school, []).append(i)
        return out

    @cached_property
    def at_row(self) -> dict[int, list[int]]:
        """Sections of each row."""
        out: dict[int, list[int]] = {}
        for i, row in enumerate(self.s.rows.tolist()):
            out.setdefault(row, []).append(i)
        return out

    def words(self, names: tuple[str, ...]) -> dict[tuple[str, ...], list[int]]:
        """Return the schools that have some words in some columns."""
        if names not in self._keys:
            parts = []
            for name in names:
                codes, words = self.reading.codes(name)
                texts = [_text(w) for w in words] + [""]
                parts.append([texts[c] for c in codes[self.s.rows].tolist()])
            out: dict[tuple[str, ...], dict[int, None]] = {}
            for key, school in zip(zip(*parts, strict=True), self.s.school.tolist(), strict=True):
                out.setdefault(key, {})[school] = None
            self._keys[names] = {k: list(v) for k, v in out.items()}
        return self._keys[names]

    @property
    def places(self) -> list[str]:
        """Columns that say where a school lies."""
        names = dict.fromkeys([*self.reading.by, "county", "county_code"])
        return [n for n in names if n in self.reading.has and n != "year"]

    def within(self, county: Any, year: Any) -> Any:
        """Return which sections lie in a county and year; None where there is no such place, with a problem."""
        inside = np.ones(self.s.rows.size, dtype=bool)
        for part in county if isinstance(county, (tuple, list)) else [county]:
            if part is None:
                continue
            hit = np.zeros(self.s.rows.size, dtype=bool)
            known: list[str] = []
            for name in self.places:
                codes, words = self.reading.codes(name)
                texts = [_text(w) for w in words]
                known += texts
                hit |= np.isin(codes[self.s.rows], [c for c, t in enumerate(texts) if t == _text(part)])
            if not hit.any():
                self.problem(
                    ProblemCode.UNKNOWN_COUNTY, f"no county {_text(part)!r} in the table{_near(_text(part), known)}"
                )
                return None
            inside &= hit
        if year is not None:
            if "year" not in self.reading.has:
                self.problem(ProblemCode.MISSING_COLUMN, "the table has no column 'year'; leave the year out")
                return None
            codes, words = self.reading.codes("year")
            hit = np.isin(codes[self.s.rows], [c for c, w in enumerate(words) if _text(w) == _text(year)])
            if not hit.any():
                self.problem(ProblemCode.OUT_OF_RANGE, f"no year {_text(year)} in the table", column="year")
                return None
            inside &= hit
        return inside

    def find(self, school: Any, county: Any = None, year: Any = None) -> list[int] | None:
        """Return the sections of one school, None where it is not there or not the only one, with a problem."""
        inside = self.within(county, year)
        if inside is None:
            return None
        names = [n for n in ("school_code", "school") if n in self.reading.has]
        text = _text(school)
        found: dict[int, None] = {}
        for name in names:
            found.update(dict.fromkeys(self.words((name,)).get((text,), [])))
        schools = [s for s in found if inside[self.of_school[s]].any()]
        if not schools:
            known = [k[0] for n in reversed(names) for k in self.words((n,))]
            self.problem(
                ProblemCode.UNKNOWN_SCHOOL,
                f"no school {text!r} in {'the table' if county is None else _text(county)}{_near(text, known)}",
                column=names[-1],
                value=text,
            )
            return None
        if len(schools) > 1:
            where = "; ".join(self.reading.key(int(self.s.rows[self.of_school[s][0]])) for s in schools[:4])
            self.problem(
                ProblemCode.AMBIGUOUS_SCHOOL,
                f"{len(schools)} schools are called {text!r} ({where}); say which by county, year or code",
                column=names[-1],
                value=text,
            )
            return None
        return self.still_there(self.of_school[schools[0]])

    def still_there(self, sections: list[int]) -> list[int] | None:
        """Return the sections unless their school went with an earlier change."""
        row = int(self.s.rows[sections[0]])
        if row in self.removed:
            self.problem(ProblemCode.UNKNOWN_SCHOOL, f"this school was {self.removed[row]} by an earlier change", row)
            return None
        return sections

    def one_stage(self, sections: list[int], stage: str | None, name: str) -> int | None:
        """Return the section meant, None with a problem where it is not there or it may be either."""
        row = int(self.s.rows[sections[0]])
        stages = [ALL_STAGES[int(self.s.stage[i])] for i in sections]
        if stage is not None and stage not in stages:
            self.problem(
                ProblemCode.OUT_OF_RANGE,
                f"this school has no {stage} stage in the table, only {' and '.join(stages)}",
                row,
                column=name,
            )
            return None
        meant = [i for i, s in zip(sections, stages, strict=True) if stage in (None, s)]
        if len(meant) > 1:
            self.problem(
                ProblemCode.AMBIGUOUS_SCHOOL,
                f"this school stands in the table with {' and '.join(stages)}, each with {name} of its own; say which "
                "stage",
                row,
                column=name,
            )
            return None
        return meant[0]

    def stage(self, word: Any) -> str | None:
        """Return a stage in the library's word; a problem where it is none."""
        if word is None or is_blank(word):
            return None
        known = category_words("stage").get(fold_word(word))
        if known is None:
            self.problem(
                ProblemCode.UNKNOWN_CATEGORY,
                f"{word!r} is no known stage; use one of {', '.join(ALL_STAGES)}",
                column="stage",
                value=str(word),
            )
        return known

    def number(self, value: Any, what: str, row: int | None = None) -> Decimal | None:
        """Return a number as it is written, None with a problem where it is none or not finite."""
        try:
            out = None if value is None or isinstance(value, (bool, np.bool_)) else _decimal(value)
        except (InvalidOperation, TypeError, ValueError):
            out = None
        if out is not None and out.is_finite():
            return out
        code = ProblemCode.TEXT_IN_NUMBER if out is None and value is not None else ProblemCode.INFINITE_VALUE
        if value is None or (out is not None and out.is_nan()):
            code = ProblemCode.MISSING_VALUE
        self.problem(code, f"{what} must be a finite number, not {value!r}", row, value=str(value))
        return None

    # -- single figures

    def figure(self, sections: list[int], column: str, stage: str | None, amount: Decimal) -> None:
        """Add an amount to a figure of a school."""
        row = int(self.s.rows[sections[0]])
        found = self.known(column, row)
        if found is None:
            return
        base, own = found[0].id, found[1] or stage
        if not found[0].shared:
            i = self.one_stage(sections, own, base)
            if i is not None and not self.add_people(i, base, amount, "asked"):
                self.missing(base, int(self.s.rows[i]))
            return
        rows = self.rows_of(base, self.of_school[int(self.s.school[sections[0]])])
        if not any(self.is_divided(base)[i] for i in sections):
            # all stages of one row are one figure
            rows = sorted({int(self.s.rows[i]) for i in sections})
            if len(rows) > 1:
                i = self.one_stage(sections, own, base)
                rows = [] if i is None else [int(self.s.rows[i])]
                if i is None:
                    return
        raised = [self.raise_by(base, r, amount, "asked") for r in rows]
        if not any(raised):
            self.missing(base, row)

    def known(self, column: str, row: int | None) -> tuple[Column, str | None] | None:
        """Return the column a name means and the stage in it, None with a problem where no figure has it."""
        found = base_column(column)
        if found is None and (meant := recognise(column)) is not None:
            found = base_column(meant.column)
        if found is None or found[0].type != "number":
            what = f"{column!r} is no canonical column{_near(column, columns())}"
            what = what if found is None else f"{column} is no figure that can be added to"
            self.problem(ProblemCode.UNKNOWN_COLUMN, what, row, column=column)
            return None
        base = found[0].id
        if not self.reading.has & {base, *(f"{base}_{s}" for s in ALL_STAGES if not found[0].shared)}:
            self.problem(
                ProblemCode.MISSING_COLUMN,
                f"the table has no column {base!r}; add it, with what each school has",
                row,
                column=column,
            )
            return None
        return found

    def missing(self, column: str, row: int) -> None:
        """Say that there is no figure to add to."""
        self.problem(
            ProblemCode.MISSING_VALUE,
            f"how much it has is not known, so nothing can be added; fill in {column} first",
            row,
            column=column,
        )

    def add(self, change: Add) -> None:
        """Make one change of one figure."""
        amount = self.number(change.amount, f"the amount of {change.column} for {_text(change.school)}")
        stage = self.stage(change.stage)
        sections = self.find(change.school, change.county, change.year)
        if sections is None:
            self.known(str(change.column), None)  # what else is wrong is told at once
        if amount is not None and sections is not None and (stage is not None or change.stage is None):
            self.figure(sections, str(change.column), stage, amount)

    def read(self, frame: Any) -> None:
        """Make the changes of a frame."""
        table = Table(frame)
        # what a relabelled evaluation gave is taken too
        table = table.renamed({n: _labelled()[n] for n in table.columns if n in _labelled()})
        have = set(table.columns)
        keys = [n for n in dict.fromkeys([*self.places, "year", "school_code", "school"]) if n in have]
        keys = [n for n in keys if n in self.reading.has]
        lacking = [n for n in ("column", "change") if n not in have]
        if not lacking and "row" not in have and not {"school_code", "school"} & set(keys):
            lacking = ["row"]
        if lacking:
            raise InputError(
                f"a frame of changes needs the columns 'column', 'change', and 'row' or the school; it has no "
                f"{' and no '.join(map(repr, lacking))}"
            )
        names, amounts = table.objects("column").tolist(), table.objects("change").tolist()
        stages = table.objects("stage").tolist() if "stage" in have else [None] * table.rows
        rows = table.objects("row").tolist() if "row" in have else [None] * table.rows
        cells = [table.objects(n).tolist() for n in keys]
        said = list(zip(*cells, strict=True)) if keys else [()] * table.rows
        for n, (name, raw, stage_word, row, key) in enumerate(zip(names, amounts, stages, rows, said, strict=True)):
            sections = self.at(row, n) if row is not None else self.keyed(keys, key, n)
            if sections is None or (row is not None and not self.agree(sections, keys, key, n)):
                continue
            first = int(self.s.rows[sections[0]])
            amount = self.number(raw, f"change {n}", first)
            stage = self.stage(stage_word)
            if name is None:
                self.problem(ProblemCode.MISSING_VALUE, f"change {n} names no column", first)
            elif amount is not None and (stage is not None or is_blank(stage_word)):
                # a row of one stage says which stage it is
                self.figure(sections, str(name), stage if len(sections) > 1 or stage is not None else None, amount)

    def at(self, row: Any, n: int) -> list[int] | None:
        """Return the sections of a row."""
        try:
            place = int(row)
        except (TypeError, ValueError):
            place = -1
        sections = self.at_row.get(place) if place == row else None
        if sections is None:
            self.problem(
                ProblemCode.UNKNOWN_SCHOOL,
                f"change {n} names row {_text(row)}, which holds no school; the table has rows 0 to "
                f"{self.reading.rows - 1}",
                value=str(row),
            )
            return None
        return self.still_there(sections)

    def keyed(self, keys: list[str], key: tuple[Any, ...], n: int) -> list[int] | None:
        """Return the sections of the one school with these words."""
        given = tuple((k, _text(v)) for k, v in zip(keys, key, strict=True) if not is_blank(v))
        schools = self.words(tuple(k for k, _ in given)).get(tuple(v for _, v in given), []) if given else []
        words = " / ".join(v for _, v in given)
        if not any(k in ("school", "school_code") for k, _ in given):
            self.problem(ProblemCode.MISSING_KEY, f"change {n} names no school")
            return None
        if not schools:
            name, text = next((k, v) for k, v in reversed(given) if k in ("school", "school_code"))
            self.problem(
                ProblemCode.UNKNOWN_SCHOOL,
                f"change {n}: no school {words!r} in the table{_near(text, [k[0] for k in self.words((name,))])}",
                column=name,
                value=text,
            )
            return None
        if len(schools) > 1:
            where = "; ".join(self.reading.key(int(self.s.rows[self.of_school[s][0]])) for s in schools[:4])
            self.problem(
                ProblemCode.AMBIGUOUS_SCHOOL,
                f"change {n}: {len(schools)} schools are called {words!r} ({where}); give county, year or code as well",
                value=words,
            )
            return None
        return self.still_there(self.of_school[schools[0]])

    def agree(self, sections: list[int], keys: list[str], key: tuple[Any, ...], n: int) -> bool:
        """Say whether the row is that of the school which the change names as well."""
        row = int(self.s.rows[sections[0]])
        for name, value in zip(keys, key, strict=True):
            codes, words = self.reading.codes(name)
            said = words[codes[row]] if codes[row] >= 0 else ""
            if value == said:
                continue
            there = _text(said)
            if not is_blank(value) and _text(value) != there:
                self.problem(
                    ProblemCode.UNKNOWN_SCHOOL,
                    f"change {n} names row {row} and {_text(value)!r}, but that row is {there!r}; were the rows "
                    "those of another table?",
                    row,
                    column=name,
                    value=_text(value),
                )
                return False
        return True

    # -- enrolment

    def targets(self, change: Enrolment | Cohorts) -> list[int] | None:
        """Return the compulsory sections a change of enrolment is about."""
        stage = self.stage(change.stage)
        if change.stage is not None and stage not in STAGES:
            if stage is not None:
                self.problem(ProblemCode.OUT_OF_RANGE, f"enrolment is of {' or '.join(STAGES)} schools, not {stage}")
            return None
        inside = self.within(change.county, change.year)
        if inside is None:
            return None
        if change.school is not None:
            own = self.find(change.school, change.county, change.year)
            if own is None:
                return None
            found = np.array(own, dtype=np.int64)
        else:
            found = np.flatnonzero(inside)
        wanted = [STAGES.index(stage)] if stage is not None else list(range(len(STAGES)))
        return [i for i in found.tolist() if self.s.stage[i] in wanted and int(self.s.rows[i]) not in self.removed]

    def enrol(self, change: Enrolment) -> None:
        """Multiply enrolment."""
        factor = self.number(change.factor, "the factor of an Enrolment")
        sections = self.targets(change)
        if factor is not None and factor < 0:
            self.problem(ProblemCode.NEGATIVE_VALUE, f"the factor of an Enrolment cannot be negative, as {factor} is")
        elif factor is not None:
            for i in sections or ():
                old = self.people(i, "students")
                if old is not None:
                    new = (old * factor).quantize(Decimal(1), rounding=ROUND_HALF_UP)
                    if new != old:
                        self.add_people(i, "students", new - old, "enrolment")

    def age(self, change: Cohorts) -> None:
        """Let cohorts come and go."""
        flows = [self.number(getattr(change, n), f"{n} of Cohorts") for n in ("entering", "leaving", "years")]
        bad = [f for f in flows if f is not None and (f < 0 or f != f.to_integral_value())]
        if bad:
            self.problem(ProblemCode.NOT_WHOLE, f"Cohorts counts whole pupils and years from 0 on, not {bad[0]}")
        sections = self.targets(change)
        if bad or None in flows or not sections:
            return
        entering, leaving, years = (int(f) for f in flows if f is not None)
        net = (entering - leaving) * years
        if len({int(self.s.stage[i]) for i in sections}) > 1:
            self.problem(ProblemCode.AMBIGUOUS_SCHOOL, "Cohorts would mix primary and junior pupils; say which stage")
            return
        counties = {tuple(self.reading.codes(n)[0][self.s.rows[i]] for n in self.reading.by) for i in sections}
        if len(counties) > 1:
            self.problem(
                ProblemCode.AMBIGUOUS_SCHOOL,
                f"Cohorts counts the pupils of one county, and there are {len(counties)}; say which county (and year)",
            )
            return
        old = [self.people(i, "students") for i in sections]
        for i, value in zip(sections, old, strict=True):
            if value is None:
                self.missing("students", int(self.s.rows[i]))
        if None in old:
            return
        for i, amount in zip(sections, _shared_out([v for v in old if v is not None], net), strict=True):
            if amount:
                self.add_people(i, "students", amount, "enrolment")

    # -- schools that come and go

    def remove(self, sections: Iterable[int], how: str) -> None:
        """Take the rows of a school out of the table."""
        for i in sections:
            self.removed[int(self.s.rows[i])] = how

    def merge(self, change: Merge) -> None:
        """Add some schools up in one."""
        if isinstance(change.schools, str):
            self.problem(ProblemCode.UNKNOWN_SCHOOL, f"schools is a list of schools: [{change.schools!r}]")
            return
        into = self.find(change.into, change.county, change.year)
        others = [self.find(s, change.county, change.year) for s in change.schools if _text(s) != _text(change.into)]
        for other in others:
            if into is None or other is None or other == into:
                continue
            row = int(self.s.rows[other[0]])
            if row in self.removed:
                self.problem(ProblemCode.UNKNOWN_SCHOOL, "this school is to be merged twice; name it once", row)
                continue
            lacking = {int(self.s.stage[i]) for i in other} - {int(self.s.stage[i]) for i in into}
            if lacking:
                stages = " and ".join(ALL_STAGES[s] for s in sorted(lacking))
                self.problem(
                    ProblemCode.CANNOT_MERGE,
                    f"this school has a {stages} stage and {_text(change.into)} has none; close both and open a school "
                    "that has all stages",
                    row,
                )
            elif self.merge_things(into, other, change):
                self.merge_people(into, other)
                self.keep(into, other)
                self.remove(other, "merged away")

    def merge_people(self, into: list[int], other: list[int]) -> None:
        """Add up what each stage has of its own."""
        place = {int(self.s.stage[i]): i for i in into}
        wide = bool(self.s.wide[into[0]])
        for base in self.figures(shared=False):
            total = self.get(base, int(self.s.rows[into[0]])) if wide and base in self.reading.has else None
            for i in other:
                target = place[int(self.s.stage[i])]
                mine, theirs = self.people(target, base), self.people(i, base)
                if mine is None and theirs is None:
                    continue
                if mine is None or theirs is None:
                    self.lose_people(target, base, "merged")
                else:
                    self.add_people(target, base, theirs, "merged", total=False)
            if total is not None:
                rows = {int(self.s.rows[i]) for i in other}
                parts = [self.get(base, r) if base in self.reading.has else None for r in sorted(rows)]
                known = [p for p in parts if p is not None]
                row = int(self.s.rows[into[0]])
                self.put(base, row, total + sum(known) if len(known) == len(parts) else None, "merged")

    def merge_things(self, into: list[int], other: list[int], change: Merge) -> bool:
        """Add up rooms, grounds and equipment; say whether it can be done."""
        plan: list[tuple[str, list[int], list[Decimal | None]]] = []
        for name in self.figures(shared=True):
            theirs: dict[int, Decimal | None] = {}
            rows = self.rows_of(name, other)
            if rows:
                theirs[-1] = self.amount(name, rows)
            for i in other:
                if not rows:
                    theirs[int(self.s.stage[i])] = self.get(name, int(self.s.rows[i]))
            mine = self.rows_of(name, into) or sorted({int(self.s.rows[i]) for i in into})
            if self.rows_of(name, into) or len(mine) == 1:
                plan.append((name, mine, list(theirs.values())))
                continue
            if -1 in theirs and theirs[-1] is not None:
                self.problem(
                    ProblemCode.CANNOT_MERGE,
                    f"{name} of this school stands for all its stages, that of {_text(change.into)} for each stage; "
                    "bring both into one form first (split_stages)",
                    int(self.s.rows[other[0]]),
                    column=name,
                )
                return False
            for i in into:
                if int(self.s.stage[i]) in theirs:
                    plan.append((name, [int(self.s.rows[i])], [theirs[int(self.s.stage[i])]]))
        for name, mine, amounts in plan:
            has = self.amount(name, mine)
            if has is None and all(a is None for a in amounts):
                continue
            known = [a for a in amounts if a is not None]
            for row in mine:
                if has is None or len(known) < len(amounts):
                    self.put(name, row, None, "merged")
                elif self.get(name, row) is not None:
                    self.raise_by(name, row, sum(known, Decimal(0)), "merged")
        return True

    def figures(self, *, shared: bool) -> list[str]:
        """Return the columns of the table that can be added up, stages apart."""
        out: dict[str, None] = {}
        for name in self.reading.table.columns:
            found = base_column(name)
            if found and found[0].type == "number" and found[0].shared == shared and found[0].id not in _NOT_SUMMED:
                out[found[0].id] = None
        return list(out)

    def keep(self, into: list[int], other: list[int]) -> None:
        """Say what stays as it is although the schools differ."""
        mine, theirs = int(self.s.rows[into[0]]), int(self.s.rows[other[0]])
        names = dict.fromkeys([*self.reading.by, "school", "school_code", "stage"])
        for name in self.reading.table.columns:
            found = base_column(name)
            if name in names or (found and found[0].type == "number" and found[0].id not in _NOT_SUMMED):
                continue
            codes, words = self.reading.codes(name)
            a, b = (_text(words[codes[r]]) if codes[r] >= 0 else "" for r in (mine, theirs))
            if a != b:
                note = f"stays {a or 'empty'}; {self.reading.key(theirs)} had {b or 'nothing'}"
                self.kept.append(_Line(mine, name, None, None, "kept", note))

    def open(self, change: Open) -> None:
        """Add a row."""
        row = {str(k): v for k, v in dict(change.row).items()}
        for name in [n for n in row if n not in self.reading.has]:
            self.problem(
                ProblemCode.UNKNOWN_COLUMN,
                f"the new school has {name!r}, which the table has not{_near(name, self.reading.table.columns)}",
                column=name,
            )
        title = _text(row.get("school", row.get("school_code", "")))
        for name in [
            n for n in dict.fromkeys([*self.reading.by, "county", "county_code", "year"]) if n in self.reading.has
        ]:
            words = self.reading.codes(name)[1]
            if is_blank(row.get(name)):
                if len(words) == 1:
                    row[name] = words[0]
                elif name in self.reading.by:
                    self.problem(
                        ProblemCode.MISSING_KEY,
                        f"say {name} of the new school {title!r}; there are several",
                        column=name,
                    )
        if is_blank(row.get(self.reading.school_column)):
            self.problem(
                ProblemCode.MISSING_KEY,
                f"the new school needs a {self.reading.school_column}",
                column=self.reading.school_column,
            )
        for name, value in row.items():
            found = base_column(name)
            if found and found[0].type == "number" and value is not None and not is_blank(value):
                number = self.number(value, f"{name} of the new school {title!r}")
                if number is not None and number < 0:
                    self.problem(
                        ProblemCode.NEGATIVE_VALUE, f"{name} of the new school is negative: {value}", column=name
                    )
        self.move_to_new(change, row, title)
        self.added.append(row)

    def move_to_new(self, change: Open, row: dict[str, Any], title: str) -> None:
        """Take pupils from other schools to a new one."""
        if not change.moved_students:
            return
        stage = self.stage(row.get("stage"))
        if stage is None:
            stages = STAGES_OF_KIND.get(category_words("kind").get(fold_word(row.get("kind", "")), ""), ())
            stage = stages[0] if len(stages) == 1 else None
        if stage is None:
            self.problem(
                ProblemCode.MISSING_KEY,
                f"pupils move to the new school {title!r}: say its stage; of several stages, open one row each",
                column="stage",
            )
            return
        moved = Decimal(0)
        place = tuple(row[n] for n in self.places if n in self.reading.by and not is_blank(row.get(n)))
        for school, raw in change.moved_students.items():
            amount = self.whole(raw, f"the pupils who move from {_text(school)}")
            sections = self.find(school, place, row.get("year") if "year" in self.reading.has else None)
            if amount is None or sections is None:
                continue
            moved += amount
            i = self.one_stage(sections, stage, "students")
            if i is not None and not self.add_people(i, "students", -amount, "moved"):
                self.missing("students", int(self.s.rows[i]))
        name = "students" if "students" in self.reading.has else f"students_{stage}"
        given = row.get(name)
        if is_blank(given):
            row[name] = int(moved)
        elif (number := self.number(given, "students")) is not None and number < moved:
            self.problem(
                ProblemCode.OUT_OF_RANGE,
                f"{moved} pupils move to the new school {title!r}, which is to have {_said(number)}; give it at least "
                f"{moved}, or leave students out",
                column=name,
            )

    def whole(self, value: Any, what: str) -> Decimal | None:
        """Return a count, None with a problem where it is none."""
        number = self.number(value, what)
        if number is not None and (number < 0 or number != number.to_integral_value()):
            self.problem(ProblemCode.NOT_WHOLE, f"{what} must be a whole number from 0 on, not {value}")
            return None
        return number

    def close(self, change: Close) -> None:
        """Take a school out, its pupils elsewhere."""
        sections = self.find(change.school, change.county, change.year)
        if sections is None:
            return
        row = int(self.s.rows[sections[0]])
        own = [i for i in sections if self.s.stage[i] < len(STAGES)]
        students = [self.people(i, "students") for i in own]
        if None in students and change.students_to is not None:
            self.problem(
                ProblemCode.MISSING_VALUE,
                "its enrolment is not known, so nobody can move; fill it in, or leave students_to out",
                row,
                column="students",
            )
            return
        total = sum((s for s in students if s is not None), Decimal(0))
        if change.students_to is None and total > 0:
            self.problem(
                ProblemCode.MISSING_VALUE,
                f"say with students_to where its {_said(total)} pupils go",
                row,
                column="students",
            )
        elif isinstance(change.students_to, Mapping):
            self.share_pupils(change, own, total, row)
        elif change.students_to is not None:
            target = self.find(change.students_to, change.county, change.year)
            for i, amount in zip(own, students, strict=True) if target is not None else ():
                self.take_in(target or [], i, amount or Decimal(0), change)
        self.remove(sections, "closed")

    def share_pupils(self, change: Close, own: list[int], total: Decimal, row: int) -> None:
        """Send the pupils of a school of one stage to several schools."""
        if len(own) > 1:
            self.problem(
                ProblemCode.AMBIGUOUS_SCHOOL,
                "this school has several stages: name one school as students_to, or merge it",
                row,
                column="students",
            )
            return
        sent = Decimal(0)
        for school, raw in change.students_to.items():
            amount = self.whole(raw, f"the pupils who go to {_text(school)}")
            target = self.find(school, change.county, change.year)
            if amount is not None and target is not None:
                sent += amount
                for i in own:
                    self.take_in(target, i, amount, change)
            elif amount is not None:
                sent += amount
        if sent != total:
            self.problem(
                ProblemCode.OUT_OF_RANGE,
                f"students_to sends {_said(sent)} pupils away, but there are {_said(total)}; every pupil must go "
                "somewhere",
                row,
                column="students",
            )

    def take_in(self, target: list[int], i: int, amount: Decimal, change: Close) -> None:
        """Let a school take pupils of a closed one's stage."""
        if not amount:
            return
        here = [t for t in target if self.s.stage[t] == self.s.stage[i]]
        if target and self.s.school[target[0]] == self.s.school[i]:
            self.problem(ProblemCode.CANNOT_MERGE, "its pupils cannot go to itself", int(self.s.rows[i]))
        elif not here:
            self.problem(
                ProblemCode.CANNOT_MERGE,
                f"this school has no {ALL_STAGES[int(self.s.stage[i])]} stage, so it cannot take the pupils of "
                f"{_text(change.school)}",
                int(self.s.rows[target[0]]),
            )
        elif not self.add_people(here[0], "students", amount, "moved"):
            self.missing("students", int(self.s.rows[here[0]]))

    # -- the end

    def _follow_areas(self) -> None:
        """Move the areas that rest on a changed one, unless they are changed themselves."""
        own = dict(self.cells)
        for (name, row), value in own.items():
            before = self.original(name, row)
            for other in _areas.FOLLOWS.get(name, ()):
                if (other, row) not in own and value is not None and before is not None:
                    self.raise_by(other, row, value - before, "followed")

    def follow(self) -> None:
        """Raise wholes with their parts; say what would be negative, or a part of less than itself."""
        self._follow_areas()
        open_ = list(self.cells)
        for name, row in open_:  # which grows while wholes are raised
            found, value = base_column(name), self.get(name, row)
            if value is None or row in self.removed:
                continue
            if value < 0:
                has = self.original(name, row) or Decimal(0)
                self.problem(
                    ProblemCode.BELOW_ZERO,
                    f"it has {_said(has)} in {name}, and {_said(has - value)} are taken away; "
                    f"take at most {_said(has)}",
                    row,
                    column=name,
                    value=_said(value),
                )
            if found is None or found[0].part_of is None:
                continue
            base = found[0].part_of
            whole = base + (f"_{found[1]}" if found[1] else "")
            there = self.get(whole, row) if whole in self.reading.has else None
            if there is None or value <= there:
                continue
            if value <= (self.original(name, row) or Decimal(0)) or there < (self.original(whole, row) or Decimal(0)):
                continue  # the part did not grow, or the whole was made smaller, which is told below
            self.put(whole, row, value, "followed")
            open_.append((whole, row))
            if found[1] and base in self.reading.has:
                self.raise_by(base, row, value - there, "followed")
        self._check_wholes()

    def _check_wholes(self) -> None:
        changed = {name for name, _ in self.cells}
        for name in self.reading.table.columns:
            found = base_column(name)
            if found is None or found[0].part_of is None:
                continue
            whole = found[0].part_of + (f"_{found[1]}" if found[1] else "")
            if whole not in changed:
                continue
            for row in [r for n, r in self.cells if n == whole and r not in self.removed]:
                before, now = self.original(whole, row), self.get(whole, row)
                part = self.get(name, row)
                if now is None or part is None or before is None or now >= before or part <= now or now < 0:
                    continue
                if self.causes[whole, row] in ("enrolment", "moved"):
                    self.put(name, row, now, "followed")  # no more migrant pupils than pupils
                    continue
                self.problem(
                    ProblemCode.PART_EXCEEDS_WHOLE,
                    f"{_said(before - now)} are taken from {whole}, which leaves {_said(now)}, but {_said(part)} of "
                    f"them are counted in {name}; take them there as well",
                    row,
                    column=name,
                    value=_said(part),
                )

    def lines(self) -> list[_Line]:
        """List every cell that differs."""
        out = []
        for (name, row), value in self.cells.items():
            before = self.original(name, row)
            if value != before and row not in self.removed:
                out.append(_Line(row, name, before, value, self.causes[name, row]))
        out += self.kept
        numbers = [n for n in self.reading.table.columns if (f := base_column(n)) is not None and f[0].type == "number"]
        for row, how in self.removed.items():
            out += [_Line(row, n, v, None, "removed", how) for n in numbers if (v := self.original(n, row)) is not None]
        for new in self.added:
            given = [n for n in numbers if not is_blank(new.get(n))]
            out += [_Line(None, n, None, _decimal(new[n]), "opened", new=new) for n in given]
        return out

    def finish(self, data: Data) -> Changed:
        """Build the changed table."""
        table = self.reading.table
        by_column: dict[str, dict[int, Decimal | None]] = {}
        for (name, row), value in self.cells.items():
            by_column.setdefault(name, {})[row] = value
        new: dict[str, Any] = {}
        for name, values in by_column.items():
            old = self.reading.number(name)
            assert old is not None
            out = old.copy()
            out[list(values)] = [math.nan if v is None else float(v) for v in values.values()]
            new[name] = out
        table = table.with_numbers(new)
        lines = self.lines()
        table, stated = self.state_covers(table, set(new), data)
        keep = np.array([r for r in range(self.reading.rows) if r not in self.removed], dtype=np.int64)
        if self.removed:
            table = table.take(keep)
        if self.added:
            table = table.with_rows(self.added)
        return Changed(
            frame=table.to_native(),
            lines=lines + stated,
            reading=self.reading,
            removed=len(self.removed),
            added=len(self.added),
        )

    def state_covers(self, table: Table, changed: set[str], data: Data) -> tuple[Table, list[_Line]]:
        """Write down what the figures of a school in several rows cover, where changing them would alter the reading.

        Equal figures on all rows of a school are read as the whole school's. Figures that a change makes equal by
        chance are still each stage's own.
        """
        several = np.bincount(self.s.school)[self.s.school] > 1 if self.s.school.size else np.zeros(0, dtype=bool)
        shared = any((f := base_column(n)) is not None and f[0].shared for n in changed)
        if not shared or not (several & ~self.s.wide & (self.s.cover < 0)).any():
            return table, []
        after = make_sections(Reading(table.to_native(), by=self.reading.by), data.standard)
        turned = np.flatnonzero((after.divided != self.s.divided) & (self.s.cover < 0))
        schools = set(self.s.school[turned].tolist())
        at = [i for i in np.flatnonzero(several).tolist() if int(self.s.school[i]) in schools]
        if not at:
            return table, []
        rows: dict[int, str] = {int(self.s.rows[i]): "school" if self.s.divided[i] else "stage" for i in at}
        has = "resources_cover" in self.reading.has
        cells = table.objects("resources_cover").tolist() if has else [None] * table.rows
        for row, said in rows.items():
            cells[row] = said
        lines = [_Line(r, "resources_cover", None, None, "stated", w) for r, w in rows.items() if r not in self.removed]
        return table.with_columns({"resources_cover": cells}), lines


# ---------------------------------------------------------------------------------------------- helpers


@cache
def _labelled() -> dict[str, str]:
    """Return the ids behind the labels that headers of a frame of changes may have."""
    out: dict[str, str] = {}
    words = read_toml("labels.toml")["column"]
    for name in ("column", "change", "row", "stage", "year", "county", "county_code", "school", "school_code"):
        own = columns().get(name)
        for label in (*words.get(name, {}).values(), *(() if own is None else (own.zh, own.en))):
            out.setdefault(label, name)
    return out


def _decimal(value: Any) -> Decimal:
    """Return a number as it is written: 0.1 is a tenth."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, (float, np.floating)):
        return typed_decimal(value)
    if isinstance(value, Fraction):
        return Decimal(value.numerator) / Decimal(value.denominator)
    return Decimal(value.strip() if isinstance(value, str) else int(value))


def _text(value: Any) -> str:
    """Return a key as text; 2025.0 and 2025 are one year."""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    return " / ".join(map(_text, value)) if isinstance(value, (tuple, list)) else str(value).strip()


def _near(name: str, known: Iterable[str]) -> str:
    return did_you_mean(name, known, show=repr) or "; nothing like it is there"


def _shared_out(old: list[Decimal], net: int) -> list[Decimal]:
    """Share a change of enrolment out in proportion, in whole pupils that add up (largest remainder)."""
    total = sum((Fraction(v) for v in old), Fraction(0))
    if net < 0 and -net > total:
        return [Decimal(0) if i else Decimal(net) for i in range(len(old))]  # told as below zero
    shares = [Fraction(v) * net / total if total else Fraction(net, len(old)) for v in old]
    floors = [s.numerator // s.denominator for s in shares]
    order = sorted(range(len(old)), key=lambda i: (floors[i] - shares[i], i))
    for i in order[: net - sum(floors)]:
        floors[i] += 1
    return [Decimal(f) for f in floors]
