"""One row per school and stage: integrated schools are taken apart here, and units that do not count are set aside."""

from __future__ import annotations

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
    """Every school and stage of a table, with what is needed to judge it.

    Attributes
    ----------
    reading : SchoolTable
        The table it was made from.
    places : Places
        Where each section comes from.
    counties : Counties
        Which belong to one county, and to one county and stage.
    rows : (sections,) int array
        Row of the table each section comes from.
    stage : (sections,) int8 array
        Stage, as a position in :data:`junheng.schools.ALL_STAGES`.
    school : (sections,) int array
        Which sections belong to one school (and year).
    students : (sections,) float array
        Enrolment of the section.
    share_top, share_bottom : (sections,) float arrays
        Part of a shared resource that belongs to the section, as a quotient of whole numbers, so that the product is
        rounded once; 1 where nothing is divided, NaN where it should be and the standard has no rule.
    divided : (sections,) bool array
        Whether the school's shared figures stand for the whole school.
    has_rule : (sections,) bool array
        Whether the standard says how to divide them.
    kinds : (sections,) int8 array
        Kind of the school, as its rows together show it: a position in :data:`KINDS`, -1 where that is not known.
    by_stage : tuple of frozenset or None
        What the words of the column ``resources_cover`` mean: which figures are the stage's own already.
    cover : (sections,) int array
        Word of that column for each section: a position in ``by_stage``, -1 for none.
    out : (sections,) int8 array
        Why a section does not count among the schools that are judged: a position in :data:`LEFT_OUT`, 0 where it
        counts.
    out_of_coefficient : (sections,) int8 array
        The same for means and difference coefficients; another array only where the standard asks two questions.
    said_out : (sections,) bool array
        Where the county says that a section is not among the schools that are judged.
    resources : tuple of str
        The shared columns that are looked at: those the standard divides.
    """

    reading: SchoolTable
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
        """Kind of the school of each section in words, None where it is not known."""
        return np.array([*KINDS, None], dtype=object)[self.kinds]

    @cached_property
    def left_out(self) -> NDArray[np.object_]:
        """Why each section does not count in words, None where it does."""
        return np.array([None, *LEFT_OUT[1:]], dtype=object)[self.out]

    @property
    def rows(self) -> Ints:
        """Row of the table each section comes from."""
        return self.places.rows

    @property
    def stage(self) -> NDArray[np.int8]:
        """Stage of each section."""
        return self.places.stage

    @property
    def wide(self) -> NDArray[np.bool_]:
        """Whether the row of a section holds several stages."""
        return self.places.wide

    @cached_property
    def of_stage(self) -> tuple[NDArray[np.bool_], ...]:
        """Where a section is of a stage, for each stage of compulsory education."""
        return tuple(self.stage == s for s in range(len(STAGES)))

    @cached_property
    def any_senior(self) -> bool:
        """Whether any section is of the senior stage."""
        return bool(self.stage.max(initial=0) >= len(STAGES))

    @cached_property
    def any_divided(self) -> bool:
        """Whether any school's figures are the whole school's."""
        return bool(self.divided.any())

    def part(self, at: Ints, reading: SchoolTable, rows: Ints) -> Sections:
        """Return some of the sections, as of a smaller table that holds their ``rows``."""
        places = Places(rows, self.stage[at], self.wide[at], in_order=False)
        counties = Counties.make(reading, rows, places.stage, self.out_of_coefficient[at])
        arrays = ["school", "students", "share_top", "share_bottom", "divided", "has_rule", "kinds", "cover", "out"]
        arrays += ["out_of_coefficient", "said_out"]
        return attrs.evolve(
            self, reading=reading, places=places, counties=counties, **{n: getattr(self, n)[at] for n in arrays}
        )

    def of_rows(self, values: NDArray[Any]) -> NDArray[Any]:
        """Spread a column of the table over the sections; not to be written to."""
        return self.places.of(values)

    def number(self, name: str) -> Floats:
        """Return a column by section: by stage where it is given so, shared resources divided; not to be written to."""
        values, whole, shares = self.figures(name)
        if whole.size:
            values = values.copy()
            values[whole] = shares
        return values

    def figures(self, name: str) -> tuple[Floats, Ints, Floats]:
        """Return a column by section as it stands in the table, where it has to be divided, and what is due there.

        Not to be written to.
        """
        if not is_shared(name):
            return by_stage(self.reading, name, self.places), np.empty(0, dtype=np.int64), np.empty(0)
        base = self.reading.number(name)
        values = np.full(self.rows.size, np.nan) if base is None else self.of_rows(base)
        whole, top, bottom = self._to_divide(name)
        return values, whole, values[whole] * top / bottom

    def exactly(self, name: str, at: Ints) -> list[Fraction]:
        """Return the known figures of some sections as fractions of the figures as typed, exactly divided."""
        if not is_shared(name):
            return typed_all((self.students if name == "students" else self.number(name))[at])
        base = self.reading.number(name)
        assert base is not None  # else nothing of it is known
        out = typed_all(base[self.rows[at]])
        for i in np.flatnonzero(self.is_divided(name)[at]).tolist():
            out[i] *= self.share(int(at[i]))
        return out

    def as_typed(self, name: str, at: Ints) -> NDArray[np.bool_]:
        """Return where the figures of some sections are those of the table, and not divided."""
        return ~self.is_divided(name)[at] if is_shared(name) else np.ones(at.size, dtype=bool)

    def share(self, i: int) -> Fraction:
        """Return the part of its school's figures that a section has, where they are divided."""
        return typed(self.share_top[i]) / typed(self.share_bottom[i])

    def is_divided(self, name: str) -> NDArray[np.bool_]:
        """Return where the figure of a shared resource is the whole school's and has to be divided."""
        done = self._done(name)
        if not any(done) or not self.any_divided:
            return self.divided
        out: NDArray[np.bool_] = self._kept(("is_divided", done), lambda: self.divided & ~np.array(done)[self.cover])
        return out

    def _to_divide(self, name: str) -> tuple[Ints, Floats, Floats]:
        """Return the sections in which a shared resource has to be divided, and the parts of their shares."""

        def work_out() -> tuple[Ints, Floats, Floats]:
            whole = np.flatnonzero(self.is_divided(name))
            return whole, self.share_top[whole], self.share_bottom[whole]

        out: tuple[Ints, Floats, Floats] = self._kept(("whole", self._done(name)), work_out)
        return out

    def _done(self, name: str) -> tuple[bool, ...]:
        """Return which words of ``resources_cover`` say that a figure is the stage's own already."""
        return tuple(c is not None and name in c for c in (*self.by_stage, None))

    @cached_property
    def _memory(self) -> dict[Any, Any]:
        return {}

    def _kept(self, key: Any, work_out: Callable[[], Any]) -> Any:
        """Return what was worked out before: most resources are divided in the same sections."""
        if key not in self._memory:
            self._memory[key] = work_out()
        return self._memory[key]

    @property
    def divides_any(self) -> NDArray[np.bool_]:
        """Where any resource that the standard names has to be divided."""
        out = np.zeros(self.rows.size, dtype=bool)
        for name in self.resources:
            out |= self.is_divided(name)
        return out

    def was_divided(self, name: str) -> NDArray[np.bool_]:
        """Return where split_stages divided the figure of a resource before the table came here."""
        own = frozenset(c.id for c in columns().values() if c.shared)
        done = np.array([c is not None and name in c and c != own for c in (*self.by_stage, None)], dtype=bool)
        out: NDArray[np.bool_] = done[self.cover] if done.any() else np.zeros(self.rows.size, dtype=bool)
        return out

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Where a section is judged by what each school must reach."""
        return np.asarray(self.out == 0)

    @property
    def in_coefficient(self) -> NDArray[np.bool_]:
        """Where a section is part of means and difference coefficients."""
        return np.asarray(self.out_of_coefficient == 0)

    @property
    def counted_at_all(self) -> NDArray[np.bool_]:
        """Where a section counts in either."""
        return self.counted | self.in_coefficient


def make_sections(table: SchoolTable, standard: Standard | None, found: ProblemList | None = None) -> Sections:
    """Take the table apart into sections; every problem on the way is listed in ``found``."""
    found = ProblemList(table) if found is None else found
    split = standard.split if standard is not None else None
    resources = tuple(split.resources) if split is not None else tuple(_shared_present(table))
    # whatever the rows hold: what is wrong in a column is said of every table alike
    found.look_at("students", *(f"students_{s}" for s in ALL_STAGES), *resources)
    places = expand(found)
    school = places.of(school_codes(table))
    students = by_stage(table, "students", places)
    check_duplicates(found, places, school)
    cover, lists = covers(found, places)
    check_kinds(found, places)
    out, out_of_coefficient, said_out = leave_out(found, standard, places, students)
    kinds = kinds_of_schools(table, places, school)
    joint = Joint.make(found, places, school, students, kinds)
    divided = find_divided(found, joint, cover, lists, resources)
    top, bottom, has_rule = shares(split, joint, divided)
    rows = slice(None) if places.in_order else places.rows
    return Sections(
        reading=table,
        places=places,
        counties=Counties.make(table, rows, places.stage, out_of_coefficient),
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


def as_standard(standard: Any) -> Standard:
    """Return a standard, loaded where it is only named."""
    return standard if isinstance(standard, Standard) else load_standard(standard)


def split_stages(schools: FrameT, standard: Any) -> FrameT:
    r"""Take integrated schools apart: one row per school and stage, shared resources divided as a standard says.

    With :math:`A, B, C` students of the primary, junior and senior stage and weights 1 : 1.1 : 1.32 the primary
    section of a twelve-year school gets

    .. math:: \frac{A}{A + 1.1 B + 1.32 C}

    of each shared resource; nine-year schools have 1 : 1.1, complete secondary schools 1 : 1.2 (junior : senior).

    Parameters
    ----------
    schools : pandas, polars or pyarrow frame
        Canonical columns. An integrated school stands either in one row, with ``students_primary``,
        ``students_junior``, ``students_senior`` (and other people by stage) beside its shared resources, or in one
        row a stage. In the latter case equal figures on every row are the whole school's and divided; unequal ones
        are each stage's own. A column ``resources_cover`` (``school`` or ``stage``) says it outright.
    standard : Standard, str or path
        Names the resources that are divided, and the weights. What it does not name is left as it is.

    Returns
    -------
    frame of the same library
        One row per school and compulsory stage, in the order of the table. Senior rows are not part of it.
        ``resources_cover`` tells which figures are now the stage's own, so that splitting again changes nothing.
        A share of an unknown enrolment is missing.

    Raises
    ------
    InputDataError
        When a school's enrolment by stage is missing, or the table is otherwise unusable; every problem is listed.

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
    # which units count is asked when they are judged; splitting takes every school
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
    # a school that the standard has no rule for stays as it is
    split_now = [name for name in named if (sections.is_divided(name) & sections.has_rule)[keep].any()]
    for name in split_now:
        base = table.number(name)
        assert base is not None
        new[name] = np.where(sections.has_rule, sections.number(name), base[sections.rows])[keep]
    if split_now:
        new["resources_cover"] = _new_cover(sections, keep, named)
    # the senior enrolment stays: another standard may divide what this one left whole
    of_stages = [c for c in table.table.columns if (f := base_column(c)) is not None and f[1] in STAGES]
    split: FrameT = table.table.take(sections.rows[keep]).with_columns(new).without(of_stages).to_native()
    return split


def _people(table: SchoolTable) -> list[str]:
    out = []
    for name in table.table.columns:
        found = base_column(name)
        if found is not None and found[0].type == "number" and not found[0].shared:
            out.append(found[0].id)
    return out


def _new_cover(sections: Sections, keep: Ints, named: Sequence[str]) -> list[str | None]:
    lists = sections.by_stage
    old = sections.cover[keep].tolist()
    out: list[str | None] = []
    has_column = "resources_cover" in sections.reading.has
    words = sections.reading.codes("resources_cover")[1] if has_column else ()
    for code, divided, rule in zip(old, sections.divided[keep].tolist(), sections.has_rule[keep].tolist(), strict=True):
        before = lists[code] if code >= 0 else None
        if divided and rule:
            out.append(" ".join(sorted({*(before or ()), *named})))
        elif divided:
            out.append(words[code] if code >= 0 else "school")
        else:
            out.append("stage")
    return out
