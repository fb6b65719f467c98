"""The subjects of a rule: whole schools, or their stages."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng.indicators import exact
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, compare
from junheng.judging.comparisons import Figures
from junheng.judging.findings import Codes
from junheng.schools import base_column, category_words, is_grade
from junheng.schools.inclusion import LEFT_OUT, owners_of
from junheng.schools.sections import Sections
from junheng.schools.vocabulary import ALL_STAGES, KINDS
from junheng.standards.model import Filter, Relaxation, Threshold

__all__ = ["Subjects", "every_section", "in_dates", "special_sections", "who_may_use"]

#: Figures of the whole school that do not add up over stages.
_OF_SCHOOL = ("built_year", "largest_class")


@frozen(eq=False, slots=False)
class Subjects:
    """Whole schools, or their stages: the units that conditions on schools apply to."""

    sections: Sections
    counties: Ints
    """County of every section of the table."""
    section: Ints
    """The sections included."""
    unit: Ints
    """Unit of each included section."""
    first: Ints
    """First section of each unit."""
    whole: bool

    @classmethod
    def make(cls, s: Sections, counties: Ints, *, whole: bool, every: bool = False) -> Subjects:
        """Take the included schools or sections of compulsory education with students, or ``every`` one."""
        special = np.array([*(k in ("special", "vocational") for k in KINDS), False], dtype=bool)[s.kinds]
        out = s.said_out | (s.out == LEFT_OUT.index("no_students")) | special
        inside = (s.stage < len(STAGES)) & ~out
        section = np.arange(s.rows.size) if every else np.flatnonzero(inside)
        if not whole:
            return cls(s, counties, section, np.arange(section.size), section, False)
        _, first, unit = np.unique(s.school[section], return_index=True, return_inverse=True)
        return cls(s, counties, section, unit.reshape(-1).astype(np.int64), section[first], True)

    @property
    def n(self) -> int:
        """Number of units."""
        return int(self.first.size)

    @cached_property
    def county(self) -> Ints:
        """County of each unit."""
        return self.counties[self.first]

    @cached_property
    def row(self) -> Ints:
        """A row of the table for each unit."""
        return self.sections.rows[self.first]

    @cached_property
    def places(self) -> Ints:
        """County of each unit times 9: the place of its count by a code from 0 to 8; see ``Judge._tally``."""
        return self.county * 9

    @cached_property
    def stage(self) -> NDArray[np.int8]:
        """Stage of each unit, -1 for a school of several."""
        stage = self.sections.stage[self.first].copy()
        if self.whole:
            stage[np.bincount(self.unit, minlength=self.n) > 1] = -1
        return stage

    @cached_property
    def _numbers(self) -> dict[str, Floats]:
        return {}

    def number(self, name: str) -> Floats:
        """Return a column by unit: people summed over stages, a resource of the whole school taken once.

        The result is cached and read-only.
        """
        if name not in self._numbers:
            # a column that is missing, or empty, takes no memory
            values = self._compute(name) if self._has(name) else self._unknown
            self._numbers[name] = values if np.isfinite(values).any() else self._unknown
        return self._numbers[name]

    @cached_property
    def _unknown(self) -> Floats:
        return np.broadcast_to(np.nan, self.n)

    def _has(self, name: str) -> bool:
        """Tell whether a figure can be known: counted from the rows, or a column of the table."""
        names = {name, *(f"{name}_{s}" for s in ALL_STAGES)}
        return name in ("schools", "students") or not names.isdisjoint(self.sections.schools.has)

    def known(self, name: str) -> Floats:
        """Return a column by unit with 0 for what is missing. Read-only."""
        values = self.number(name)
        return np.broadcast_to(0.0, self.n) if values is self._unknown else np.where(np.isnan(values), 0.0, values)

    def _compute(self, name: str) -> Floats:
        s = self.sections
        if name == "schools":
            return np.ones(self.n)
        if name in _OF_SCHOOL:
            # a school in one row may give it by stage; the largest is that of the school
            out = np.full(self.n, np.nan)
            base = s.schools.number(name)
            by_stage = [s.number(name)[self.section]] if name == "largest_class" else []
            by_row = [base[s.rows[self.section]]] if base is not None else []
            for values in (*by_stage, *by_row):
                np.fmax.at(out, self.unit, values) if self.whole else np.copyto(out, values, where=np.isnan(out))
            return out
        found = base_column(name)
        if is_grade(name):
            # grades are listed from best to worst; the worst is 0
            return np.array([*reversed(range(len(category_words(name)))), np.nan])[self._codes(name)]
        if name == "students":
            values = s.students[self.section]
        elif found is not None and found[0].type == "flag":
            return np.array([0.0, 1.0, np.nan])[s.schools.flag_codes(name)[self.row]]
        else:
            values = s.number(name)[self.section]
            if self.whole and found is not None and found[0].shared:
                values = self._of_school(name, found[0].budget, values)
        if not self.whole:
            return values
        if name != "students" and found is not None and not found[0].shared:
            # a school in one row may give only the total
            base = s.schools.number(name)
            none = np.bincount(self.unit, weights=np.isfinite(values), minlength=self.n)[self.unit] == 0
            lost = none & s.wide[self.section]
            if base is not None and lost.any():
                parts = np.bincount(self.unit, minlength=self.n)[self.unit]
                values = np.where(lost, base[s.rows[self.section]] / parts, values)
        return np.bincount(self.unit, weights=values, minlength=self.n).astype(np.float64)

    def _of_school(self, name: str, budget: bool, values: Floats) -> Floats:
        """Return parts of a shared figure that add up to that of the school; one repeated in its rows counts once."""
        s = self.sections
        base = s.schools.number(name)
        if base is None:
            return values
        own = base[s.rows[self.section]]
        low, high = np.full(self.n, np.inf), np.full(self.n, -np.inf)
        np.fmin.at(low, self.unit, own)
        np.fmax.at(high, self.unit, own)
        same, divided = (low == high)[self.unit], s.is_divided(name)[self.section]
        # resources that the standard does not split may differ by row even if shared; a budget belongs to the school,
        # whatever is said of its rooms
        whole = same & (divided | budget) if budget or name not in s.resources else divided
        parts = np.bincount(self.unit, minlength=self.n)[self.unit]
        return np.where(whole, own / parts, np.where(divided, own, values))

    def has_stage(self, stage: int | None) -> NDArray[np.bool_]:
        """Return which units have a stage; all for None."""
        out = np.full(self.n, stage is None)
        out[self.unit[self.sections.stage[self.section] == stage]] = True
        return out

    def of_stage(self, name: str, stage: int | None) -> Floats:
        """Return a number of one stage of each unit, NaN without the stage; of the whole unit for None."""
        if stage is None:
            return self.number(name)
        here = np.flatnonzero(self.sections.stage[self.section] == stage)
        values = self.sections.students if name == "students" else self.sections.number(name)
        out = np.full(self.n, np.nan)
        out[self.unit[here]] = values[self.section[here]]
        return out

    def is_bound(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Return where a figure of a stage is known only as an upper bound, that of the whole school."""
        out = np.zeros(self.n, dtype=bool)
        for name in names if not self.whole else ():
            if name in _OF_SCHOOL:
                out |= self.sections.wide[self.section] & np.isnan(self.sections.number(name)[self.section])
        return out

    def exactly(self, name: str, at: Ints) -> list[Fraction]:
        """Return known figures of some units as fractions, exactly as typed."""
        s, figures = self.sections, self.number(name)[at]
        found = base_column(name)
        if found is None or found[0].type != "number" or name in _OF_SCHOOL:
            return exact.typed_all(figures)
        section = self.section[np.isin(self.unit, at)]
        unit = self.unit[np.isin(self.unit, at)]
        parts = s.number(name)[section]
        sums = np.bincount(unit, weights=parts, minlength=self.n)[at]
        by_unit: dict[int, Fraction] = {}
        known = np.isfinite(parts)
        for i, part in zip(unit[known].tolist(), s.exactly(name, section[known]), strict=True):
            by_unit[i] = by_unit.get(i, Fraction(0)) + part
        # a figure that is not the sum of its stages was given for the school
        with np.errstate(invalid="ignore"):
            adds_up = np.abs(sums - figures) <= exact.NEAR * np.abs(figures)
        return [
            by_unit[i] if own else exact.typed(x)
            for i, own, x in zip(at.tolist(), adds_up.tolist(), figures.tolist(), strict=True)
        ]

    def _is_typed(self, name: str) -> NDArray[np.bool_]:
        """Return where the figure of a unit is a figure of the table, neither divided nor summed."""
        found = base_column(name)
        if found is None or not found[0].shared:
            return np.ones(self.n, dtype=bool)  # people sum exactly
        if not self.whole:
            return self.sections.as_typed(name, self.section)
        base = self.sections.schools.number(name)
        # a figure summed from parts may still equal the figure typed for the school
        return np.zeros(self.n, dtype=bool) if base is None else np.asarray(self.number(name) == base[self.row])

    @property
    def figures(self) -> Figures:
        """The figures that comparisons use. Not cached: that would be a reference cycle that keeps the table alive."""
        return Figures(self.number, self.exactly, self._is_typed)

    def word(self, name: str) -> NDArray[np.object_]:
        """Return the category of each unit."""
        return np.array([*self._words(name), None], dtype=object)[self._codes(name)]

    def flag(self, name: str) -> Codes:
        """Return a yes/no column by unit as a verdict: met, unmet, undetermined if missing."""
        return _OF_FLAG[self.sections.schools.flag_codes(name)[self.row]]

    def _words(self, name: str) -> tuple[str, ...]:
        return KINDS if name == "kind" else category_words(name)

    def _codes(self, name: str) -> Codes:
        s = self.sections
        if name == "kind":
            return s.kinds[self.first]
        return (owners_of(s.schools) if name == "ownership" else s.schools.category_codes(name))[self.row]

    def _among(self, name: str, wanted: Sequence[str], none: int = UNDETERMINED) -> Codes:
        """Return whether the category of each unit is among some; ``none`` if missing."""
        table = np.array([*(MET if w in wanted else UNMET for w in self._words(name)), none], dtype=np.int8)
        return table[self._codes(name)]

    @cached_property
    def _answers(self) -> dict[Filter | None, Codes]:
        return {}

    def where(self, where: Filter | None) -> Codes:
        """Return whether a filter includes each unit: met for yes, unmet for no, undetermined if a column is missing.

        The result is cached and read-only.
        """
        if where not in self._answers:
            self._answers[where] = self._matches(where)
            self._answers[where].flags.writeable = False
        return self._answers[where]

    @cached_property
    def _schools(self) -> tuple[Subjects, Ints]:
        """The whole schools, and which of them each unit belongs to, -1 for none."""
        schools = Subjects.make(self.sections, self.counties, whole=True)
        at = np.full(int(self.sections.school.max(initial=-1)) + 1, -1)
        at[self.sections.school[schools.first]] = np.arange(schools.n)
        return schools, at[self.sections.school[self.first]]

    def _size(self, name: str) -> Floats:
        """Return a figure that a filter limits: of the school, also where the units are stages; classes by unit."""
        if self.whole or name == "classes":
            return self.number(name)
        schools, at = self._schools
        # a stage that is no subject of items may be alone in its school
        return np.where(at >= 0, schools.number(name)[at], self.number(name)) if schools.n else self.number(name)

    def _matches(self, where: Filter | None) -> Codes:
        out = np.full(self.n, MET, dtype=np.int8)
        if where is None:
            return out

        def narrow(test: Codes) -> None:
            np.minimum(out, test, out=out)

        # a single stage without a kind is not an integrated school
        if where.kinds:
            narrow(self._among("kind", where.kinds, UNMET))
        if where.not_kinds:
            narrow((MET - self._among("kind", where.not_kinds, UNMET)).astype(np.int8))
        if where.stages:
            # the last is a school of several stages
            narrow(np.array([*(MET if s in where.stages else UNMET for s in ALL_STAGES), UNMET], np.int8)[self.stage])
        if where.ownership is not None:
            narrow(self._among("ownership", (where.ownership,)))
        if where.area_types:
            narrow(self._among("area_type", where.area_types))
        for limit, name, op in (
            (where.students_below, "students", "<"),
            (where.students_from, "students", ">="),
            (where.classes_below, "classes", "<"),
            (where.largest_class_below, "largest_class", "<"),
            (where.built_by, "built_year", "<="),
        ):
            if limit is not None:
                narrow(compare(self._size(name), np.float64(limit), op))
        if where.migrant_share_over is not None:
            with np.errstate(divide="ignore", invalid="ignore"):
                share = self._size("migrant_students") / self._size("students")
            narrow(compare(share, np.float64(where.migrant_share_over), ">"))
        for name in where.flags:
            narrow(self.flag(name))
        for name in where.not_flags:
            narrow((MET - self.flag(name)).astype(np.int8))
        return out


#: Verdict by flag code: 0, 1, and -1 (missing) at the end.
_OF_FLAG = np.array([UNMET, MET, UNDETERMINED], dtype=np.int8)


def every_section(sections: Sections) -> Subjects:
    """Return every section of a table, counted or not."""
    return Subjects.make(sections, sections.counties.codes, whole=False, every=True)


def special_sections(sections: Sections, t: Threshold) -> list[Codes]:
    """Return whether each special number of a threshold (``instead``) applies to each section, as verdicts."""
    if not t.instead:
        return []
    subjects = every_section(sections)
    return [subjects.where(other.where) for other in t.instead]


def who_may_use(relaxation: Relaxation, subjects: Subjects, years: Floats, also: Filter | None = None) -> Codes:
    """Return whether a relaxation applies to each subject: met for yes, unmet for no, undetermined if unknown.

    The subject must match the filter of the relaxation and ``also``, in a year not known to be outside its dates.
    """
    out = subjects.where(relaxation.where)
    if also is not None:
        out = np.minimum(out, subjects.where(also))
    return np.where(in_dates(years, relaxation), out, np.int8(UNMET)).astype(np.int8, copy=False)


def in_dates(years: Floats, relaxation: Relaxation) -> NDArray[np.bool_]:
    """Return whether each year is within the dates of a relaxation; a missing year is."""
    out = np.ones(years.size, dtype=bool)
    known = np.isfinite(years)
    if relaxation.effective_from is not None:
        out &= ~known | (years >= int(relaxation.effective_from[:4]))
    if relaxation.effective_to is not None:
        out &= ~known | (years <= int(relaxation.effective_to[:4]))
    return out
