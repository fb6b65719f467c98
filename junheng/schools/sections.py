"""Sections: one per school and stage, with integrated schools split and units that do not count marked."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng._frames import FrameT
from junheng.errors import InputDataError
from junheng.indicators.exact import typed, typed_all
from junheng.schools.counties import Counties
from junheng.schools.inclusion import LEFT_OUT, leave_out
from junheng.schools.opening import open_table
from junheng.schools.places import (
    Places,
    by_stage,
    check_duplicates,
    check_kinds,
    expand,
    is_shared,
    kinds_of_schools,
    school_codes,
)
from junheng.schools.problems import ProblemList
from junheng.schools.splitting import Joint, covers, find_divided, shares
from junheng.schools.table import SchoolTable
from junheng.schools.vocabulary import ALL_STAGES, KINDS, base_column, columns
from junheng.standards import Standard, load_standard


@frozen(eq=False, slots=False)
class Sections:
    """All schools and stages of a table, with what is needed to judge them.

    Attributes
    ----------
    schools : SchoolTable
        The table.
    places : Places
        Row and stage of each section.
    counties : Counties
        The sections by county, and by county and stage.
    rows : (sections,) int array
        Row of the table of each section.
    stage : (sections,) int8 array
        Stage, as a position in :data:`junheng.schools.ALL_STAGES`.
    school : (sections,) int array
        Number of the school (and year) of each section.
    students : (sections,) float array
        Enrolment of the section.
    share_top, share_bottom : (sections,) float arrays
        Share of the section in shared resources, as a quotient of whole numbers, so that the product is rounded once;
        1 where nothing is divided, NaN where the standard has no rule for a division.
    divided : (sections,) bool array
        Whether the shared figures are those of the whole school.
    has_rule : (sections,) bool array
        Whether the standard has a rule to divide them.
    kinds : (sections,) int8 array
        Kind of the school, from all its rows: a position in :data:`KINDS`, -1 if unknown.
    by_stage : tuple of frozenset or None
        For each word of the column ``resources_cover``: which figures are the stage's own already.
    cover : (sections,) int array
        Word of that column for each section: a position in ``by_stage``, -1 if missing.
    out : (sections,) int8 array
        Why a section does not count among the schools that are judged: a position in :data:`LEFT_OUT`, 0 if it
        counts.
    out_of_coefficient : (sections,) int8 array
        The same for means and difference coefficients; a different array only if the standard has two questions.
    said_out : (sections,) bool array
        Filter the county itself excludes a section.
    resources : tuple of str
        The shared columns that the standard divides.
    """

    schools: SchoolTable
    places: Places
    counties: Counties
    school: Ints
    students: Floats
    share_top: Floats
    share_bottom: Floats
    divided: NDArray[np.bool_]
    has_rule: NDArray[np.bool_]
    kinds: NDArray[np.int8]
    by_stage: tuple[frozenset[str] | None, ...]
    cover: NDArray[Any]
    out: NDArray[np.int8]
    out_of_coefficient: NDArray[np.int8]
    said_out: NDArray[np.bool_]
    resources: tuple[str, ...] = ()

    @cached_property
    def kind(self) -> NDArray[np.object_]:
        """Kind of the school of each section in words, None if unknown."""
        return np.array([*KINDS, None], dtype=object)[self.kinds]

    @cached_property
    def left_out(self) -> NDArray[np.object_]:
        """Why each section does not count in words, None if it counts."""
        return np.array([None, *LEFT_OUT[1:]], dtype=object)[self.out]

    @property
    def rows(self) -> Ints:
        """Row of the table of each section."""
        return self.places.rows

    @property
    def stage(self) -> NDArray[np.int8]:
        """Stage of each section."""
        return self.places.stage

    @property
    def wide(self) -> NDArray[np.bool_]:
        """Whether the row of a section has several stages."""
        return self.places.wide

    @cached_property
    def of_stage(self) -> tuple[NDArray[np.bool_], ...]:
        """The sections of each stage of compulsory education, as masks."""
        return tuple(self.stage == s for s in range(len(STAGES)))

    @cached_property
    def any_divided(self) -> bool:
        """Whether any figures have to be divided."""
        return bool(self.divided.any())

    def part(self, at: Ints, schools: SchoolTable, rows: Ints) -> Sections:
        """Return some of the sections, as sections of a smaller table with their ``rows``."""
        places = Places(rows, self.stage[at], self.wide[at], in_order=False)
        counties = Counties.from_rows(schools, rows, places.stage, self.out_of_coefficient[at])
        arrays = ["school", "students", "share_top", "share_bottom", "divided", "has_rule", "kinds", "cover", "out"]
        arrays += ["out_of_coefficient", "said_out"]
        return attrs.evolve(
            self, schools=schools, places=places, counties=counties, **{n: getattr(self, n)[at] for n in arrays}
        )

    def of_rows(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return a column of the table by section. Read-only."""
        return self.places.spread(values)

    def number(self, name: str) -> Floats:
        """Return a column by section: people by stage, shared resources divided. Read-only."""
        values, whole, shares = self.figures(name)
        if whole.size:
            values = values.copy()
            values[whole] = shares
        return values

    def figures(self, name: str) -> tuple[Floats, Ints, Floats]:
        """Return a column by section as in the table, the sections where it must be divided, and their shares.

        Read-only.
        """
        if not is_shared(name):
            return by_stage(self.schools, name, self.places), np.empty(0, dtype=np.int64), np.empty(0)
        base = self.schools.number(name)
        values = np.full(self.rows.size, np.nan) if base is None else self.of_rows(base)
        whole, top, bottom = self._to_divide(name)
        with np.errstate(over="ignore"):
            divided = values[whole] * top / bottom
            lost = np.isinf(divided)  # the product is no float, but the share of a known figure is
            divided[lost] = (values[whole] * (top / bottom))[lost]
        return values, whole, divided

    def exactly(self, name: str, at: Ints) -> list[Fraction]:
        """Return the known figures of some sections as fractions: as typed, and exactly divided."""
        if not is_shared(name):
            return typed_all((self.students if name == "students" else self.number(name))[at])
        base = self.schools.number(name)
        assert base is not None  # only known figures are asked for
        out = typed_all(base[self.rows[at]])
        for i in np.flatnonzero(self.is_divided(name)[at]).tolist():
            out[i] *= self.share(int(at[i]))
        return out

    def as_typed(self, name: str, at: Ints) -> NDArray[np.bool_]:
        """Return where the figures of some sections are those of the table, not divided."""
        return ~self.is_divided(name)[at] if is_shared(name) else np.ones(at.size, dtype=bool)

    def share(self, i: int) -> Fraction:
        """Return the share of a section in its school's figures."""
        return typed(self.share_top[i]) / typed(self.share_bottom[i])

    def is_divided(self, name: str) -> NDArray[np.bool_]:
        """Return where the figure of a shared resource is the whole school's and must be divided."""
        done = self._done(name)
        if not self.any_divided:
            return self.divided
        if name not in self.resources and is_shared(name):
            own: NDArray[np.bool_] = self._kept(("is_divided", name), lambda: self._divided(done) & self._is_one(name))
            return own
        if not any(done):
            return self.divided
        out: NDArray[np.bool_] = self._kept(("is_divided", done), lambda: self._divided(done))
        return out

    def _divided(self, done: tuple[bool, ...]) -> NDArray[np.bool_]:
        """Return the sections with figures of the whole school that were not divided before."""
        return np.asarray(self.divided & ~np.array(done)[self.cover])

    def _is_one(self, name: str) -> NDArray[np.bool_]:
        """Return whether the rows of a school have one figure; figures that differ are each stage's own.

        For the resources of the standard that was found from the rows, or stated; they say nothing of other figures.
        """
        base = self.schools.number(name)
        at = np.flatnonzero(self.divided & (self.stage < len(STAGES)))
        values = np.full(at.size, np.nan) if base is None else base[self.rows[at]]
        at, values = at[np.isfinite(values)], values[np.isfinite(values)]
        first = np.full(int(self.school.max(initial=-1)) + 1, np.nan)
        first[self.school[at]] = values
        differ = np.zeros(first.size, dtype=bool)
        differ[self.school[at[values != first[self.school[at]]]]] = True
        return ~differ[self.school]

    def _to_divide(self, name: str) -> tuple[Ints, Floats, Floats]:
        """Return the sections in which a shared resource must be divided, with numerators and denominators."""

        def work_out() -> tuple[Ints, Floats, Floats]:
            whole = np.flatnonzero(self.is_divided(name))
            return whole, self.share_top[whole], self.share_bottom[whole]

        key = self._done(name) if name in self.resources else name
        out: tuple[Ints, Floats, Floats] = self._kept(("whole", key), work_out)
        return out

    def _done(self, name: str) -> tuple[bool, ...]:
        """Return for each word of ``resources_cover`` whether the figure is the stage's own already."""
        return tuple(c is not None and name in c for c in (*self.by_stage, None))

    @cached_property
    def _memory(self) -> dict[Any, Any]:
        return {}

    def _kept(self, key: Any, work_out: Callable[[], Any]) -> Any:
        """Return a cached result: most resources are divided in the same sections."""
        if key not in self._memory:
            self._memory[key] = work_out()
        return self._memory[key]

    @property
    def divides_any(self) -> NDArray[np.bool_]:
        """Filter any resource of the standard must be divided."""
        out = np.zeros(self.rows.size, dtype=bool)
        for name in self.resources:
            out |= self.is_divided(name)
        return out

    def was_divided(self, name: str) -> NDArray[np.bool_]:
        """Return where an earlier split_stages divided the figure of a resource."""
        own = frozenset(c.id for c in columns().values() if c.shared)
        done = np.array([c is not None and name in c and c != own for c in (*self.by_stage, None)], dtype=bool)
        out: NDArray[np.bool_] = done[self.cover] if done.any() else np.zeros(self.rows.size, dtype=bool)
        return out

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Filter a section counts in the basic standard."""
        return np.asarray(self.out == 0)

    @property
    def in_coefficient(self) -> NDArray[np.bool_]:
        """Filter a section counts in means and difference coefficients."""
        return np.asarray(self.out_of_coefficient == 0)

    @property
    def counted_at_all(self) -> NDArray[np.bool_]:
        """Filter a section counts in either of them."""
        return self.counted | self.in_coefficient


def make_sections(table: SchoolTable, standard: Standard | None, found: ProblemList | None = None) -> Sections:
    """Split the table into sections; problems are added to ``found``."""
    found = ProblemList(table) if found is None else found
    split = standard.split if standard is not None else None
    resources = tuple(split.resources) if split is not None else tuple(_shared_present(table))
    # always checked, so that the problems reported do not depend on the rows
    found.look_at("students", *(f"students_{s}" for s in ALL_STAGES), *resources)
    places = expand(found)
    school = places.spread(school_codes(table))
    students = by_stage(table, "students", places)
    check_duplicates(found, places, school)
    cover, lists = covers(found, places)
    check_kinds(found, places)
    kinds = kinds_of_schools(table, places, school)
    out, out_of_coefficient, said_out = leave_out(found, standard, places, students, kinds)
    joint = Joint.collect(found, places, school, students, kinds)
    divided = find_divided(found, joint, cover, lists, resources)
    top, bottom, has_rule = shares(split, joint, divided)
    rows = slice(None) if places.in_order else places.rows
    return Sections(
        schools=table,
        places=places,
        counties=Counties.from_rows(table, rows, places.stage, out_of_coefficient),
        school=school,
        students=students,
        share_top=top,
        share_bottom=bottom,
        divided=divided,
        has_rule=has_rule,
        kinds=kinds,
        by_stage=tuple(lists),
        cover=cover,
        out=out,
        out_of_coefficient=out_of_coefficient,
        said_out=said_out,
        resources=resources,
    )


def _shared_present(table: SchoolTable) -> list[str]:
    return [c.id for c in columns().values() if c.shared and c.id in table.has]


def as_standard(standard: Standard | str | os.PathLike[str]) -> Standard:
    """Return a standard, loaded if given by name."""
    return standard if isinstance(standard, Standard) else load_standard(standard)


def split_stages(schools: FrameT, standard: Standard | str | os.PathLike[str]) -> FrameT:
    r"""Split integrated schools: one row per school and stage, shared resources divided by the rule of a standard.

    With :math:`A, B, C` students of the primary, junior and senior stage and weights 1 : 1.1 : 1.32 the primary
    section of a twelve-year school gets

    .. math:: \frac{A}{A + 1.1 B + 1.32 C}

    of each shared resource; nine-year schools have 1 : 1.1, complete secondary schools 1 : 1.2 (junior : senior).

    Parameters
    ----------
    schools : pandas, polars or pyarrow frame
        Canonical columns. An integrated school has either one row, with ``students_primary``, ``students_junior``,
        ``students_senior`` (and other people by stage) beside its shared resources, or one row per stage. In the
        latter case equal figures in all rows are the whole school's and are divided; unequal ones are each stage's
        own. The column ``resources_cover`` (``school`` or ``stage``) states it explicitly.
    standard : Standard, str or path
        Defines the resources that are divided, and the weights. Other columns are unchanged.

    Returns
    -------
    frame of the same library
        One row per school and compulsory stage, in the order of the table; senior rows are dropped.
        ``resources_cover`` records which figures are now the stage's own, so that splitting again changes nothing.
        Missing figures stay missing; only the enrolment by which figures are divided is required.

    Raises
    ------
    InputDataError
        If the enrolment of a stage is missing by which figures of its school are divided, or the table has other
        errors; all problems are listed.

    References
    ----------
    测算均衡系数拆分公式 (2015), with 教督〔2012〕3号 (five resources) and 教督〔2017〕6号 (four).

    Examples
    --------
    >>> import pandas as pd, junheng as jh
    >>> schools = pd.DataFrame({"county": ["A"], "school": ["九年一贯制学校"], "kind": ["nine_year"],
    ...                         "students_primary": [166], "students_junior": [210], "books": [23226]})
    >>> jh.split_stages(schools, "cn-basic-balance-2012")[["stage", "students", "books"]].round(2).values.tolist()
    [['primary', 166.0, 9711.63], ['junior', 210.0, 13514.37]]
    """
    std = as_standard(standard)
    table = open_table(schools)
    found = ProblemList(table)
    # which units count matters only for a judgement: all schools are split
    sections = make_sections(table, attrs.evolve(std, inclusion=()), found)
    if found.errors:
        raise InputDataError(found.listed)
    named = [r for r in sections.resources if r in table.has]
    keep = np.flatnonzero(sections.stage < len(STAGES))
    new: dict[str, Any] = {"stage": [STAGES[s] for s in sections.stage[keep].tolist()]}
    for name in dict.fromkeys(_people(table)):
        values, before = sections.number(name)[keep], table.number(name)
        if before is None or not np.array_equal(values, before[sections.rows[keep]], equal_nan=True):
            new[name] = values
    # schools without a rule are unchanged
    split_now = [name for name in named if (sections.is_divided(name) & sections.has_rule)[keep].any()]
    for name in split_now:
        base = table.number(name)
        assert base is not None
        new[name] = np.where(sections.has_rule, sections.number(name), base[sections.rows])[keep]
    if split_now:
        new["resources_cover"] = _new_cover(sections, keep, named)
    # the senior enrolment is kept: another standard may divide what this one does not
    of_stages = [c for c in table.frame.columns if (f := base_column(c)) is not None and f[1] in STAGES]
    split: FrameT = table.frame.take(sections.rows[keep]).with_columns(new).without(of_stages).to_native()
    return split


def _people(table: SchoolTable) -> list[str]:
    out = []
    for name in table.frame.columns:
        found = base_column(name)
        if found is not None and found[0].type == "number" and not found[0].shared:
            out.append(found[0].id)
    return out


def _new_cover(sections: Sections, keep: Ints, named: Sequence[str]) -> list[str | None]:
    lists = sections.by_stage
    old = sections.cover[keep].tolist()
    out: list[str | None] = []
    has_column = "resources_cover" in sections.schools.has
    words = sections.schools.codes("resources_cover")[1] if has_column else ()
    for code, divided, rule in zip(old, sections.divided[keep].tolist(), sections.has_rule[keep].tolist(), strict=True):
        before = lists[code] if code >= 0 else None
        if divided and rule:
            out.append(" ".join(sorted({*(before or ()), *named})))
        elif divided:
            out.append(words[code] if code >= 0 else "school")
        else:
            out.append("stage")
    return out
