"""Finding the rows to which a change applies: schools by name, code, row, county and year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from junheng.errors import ProblemCode
from junheng.schools import ALL_STAGES, is_blank
from junheng.schools.editing.inputs import Problems, key_text
from junheng.schools.headers import nearest
from junheng.schools.sections import Sections
from junheng.words import Message, Name, Quoted, Row, listed, message

__all__ = ["SchoolFinder"]

_SCHOOL_KEYS = ("school_code", "school")


class SchoolFinder:
    """Finds the sections (one per school and stage) of a change: None and a problem unless the match is unique.

    Parameters
    ----------
    sections : Sections
        The table by school and stage.
    problems : Problems
        Where problems are recorded.
    removed : mapping
        Row to how it was removed by an earlier change; it grows while changes are made.
    """

    def __init__(self, sections: Sections, problems: Problems, removed: Mapping[int, Message]) -> None:
        self._sections = sections
        self._table = sections.schools
        self._problems = problems
        self._removed = removed
        self._schools_by: dict[tuple[str, ...], dict[tuple[str, ...], list[int]]] = {}

    # -- what there is

    @cached_property
    def of_school(self) -> dict[int, list[int]]:
        """Sections of each school."""
        return _positions(self._sections.school)

    @cached_property
    def _of_row(self) -> dict[int, list[int]]:
        return _positions(self._sections.rows)

    @property
    def places(self) -> list[str]:
        """Columns that identify the place of a school."""
        names = dict.fromkeys([*self._table.by, "county", "county_code"])
        return [n for n in names if n in self._table.has and n != "year"]

    def _schools(self, names: tuple[str, ...]) -> dict[tuple[str, ...], list[int]]:
        """Return the schools by their values in some columns."""
        if names not in self._schools_by:
            texts = [self._texts(name) for name in names]
            found: dict[tuple[str, ...], dict[int, None]] = {}
            for key, school in zip(zip(*texts, strict=True), self._sections.school.tolist(), strict=True):
                found.setdefault(key, {})[school] = None
            self._schools_by[names] = {key: list(schools) for key, schools in found.items()}
        return self._schools_by[names]

    def _texts(self, name: str) -> list[str]:
        """Return the text of a key for each section; empty if missing."""
        codes, words = self._table.codes(name)
        texts = [key_text(w) for w in words] + [""]
        return [texts[c] for c in codes[self._sections.rows].tolist()]

    # -- where

    def within(self, county: Any, year: Any) -> NDArray[np.bool_] | None:
        """Return whether each section is in a county (a tuple: all its parts) and year."""
        inside = np.ones(self._sections.rows.size, dtype=bool)
        for part in county if isinstance(county, (tuple, list)) else [county]:
            if part is None:
                continue
            hit = self._in_county(key_text(part))
            if hit is None:
                return None
            inside &= hit
        if year is not None:
            hit = self._in_year(key_text(year))
            if hit is None:
                return None
            inside &= hit
        return inside

    def _in_county(self, text: str) -> NDArray[np.bool_] | None:
        hit = np.zeros(self._sections.rows.size, dtype=bool)
        for name in self.places:
            hit |= self._has_text(name, text)
        if hit.any():
            return hit
        known = [key_text(w) for name in self.places for w in self._table.codes(name)[1]]
        advice = message("changes.unknown_county", county=Quoted(text), hint=nearest(text, known))
        self._problems.add(ProblemCode.UNKNOWN_COUNTY, advice)
        return None

    def _in_year(self, text: str) -> NDArray[np.bool_] | None:
        if "year" not in self._table.has:
            self._problems.add(ProblemCode.MISSING_COLUMN, message("changes.no_years"))
            return None
        hit = self._has_text("year", text)
        if not hit.any():
            self._problems.add(ProblemCode.OUT_OF_RANGE, message("changes.unknown_year", year=text), column="year")
            return None
        return hit

    def _has_text(self, name: str, text: str) -> NDArray[np.bool_]:
        codes, words = self._table.codes(name)
        return np.isin(codes[self._sections.rows], [c for c, w in enumerate(words) if key_text(w) == text])

    # -- which school

    def find(self, school: Any, county: Any = None, year: Any = None) -> list[int] | None:
        """Return the sections of the one school with a name or code."""
        inside = self.within(county, year)
        if inside is None:
            return None
        names = [n for n in _SCHOOL_KEYS if n in self._table.has]
        text = key_text(school)
        named = dict.fromkeys(s for n in names for s in self._schools((n,)).get((text,), []))
        schools = [s for s in named if inside[self.of_school[s]].any()]
        if not schools:
            known = [key[0] for n in reversed(names) for key in self._schools((n,))]
            what = {"school": Quoted(text), "hint": nearest(text, known)}
            if county is None:
                advice = message("changes.unknown_school", **what)
            else:
                advice = message("changes.unknown_school_in", county=key_text(county), **what)
            self._problems.add(ProblemCode.UNKNOWN_SCHOOL, advice, column=names[-1], value=text)
            return None
        if len(schools) > 1:
            what = {"school": Quoted(text), "examples": self._examples(schools)}
            advice = message("changes.several_schools", n=len(schools), **what)
            self._problems.add(ProblemCode.AMBIGUOUS_SCHOOL, advice, column=names[-1], value=text)
            return None
        return self._unless_removed(self.of_school[schools[0]])

    def find_row(self, row: Any, number: int) -> list[int] | None:
        """Return the sections of a row, named by change ``number`` of a frame."""
        try:
            sections = self._of_row.get(int(row)) if int(row) == row else None
        except (TypeError, ValueError, OverflowError):  # a text, nothing, infinity
            sections = None
        if sections is None:
            last = self._table.rows - 1
            advice = message("changes.unknown_row", number=number, row=key_text(row), last=last)
            self._problems.add(ProblemCode.UNKNOWN_SCHOOL, advice, value=str(row))
            return None
        return self._unless_removed(sections)

    def find_key(self, key: Mapping[str, Any], number: int) -> list[int] | None:
        """Return the sections of the one school with a key (column to cell), named by change ``number`` of a frame."""
        given = {name: key_text(value) for name, value in key.items() if not is_blank(value)}
        school_keys = [n for n in given if n in _SCHOOL_KEYS]
        if not school_keys:
            self._problems.add(ProblemCode.MISSING_KEY, message("changes.names_no_school", number=number))
            return None
        schools = self._schools(tuple(given)).get(tuple(given.values()), [])
        words = Quoted(" / ".join(given.values()))
        if not schools:
            name = school_keys[-1]
            known = [k[0] for k in self._schools((name,))]
            hint = nearest(given[name], known)
            advice = message("changes.unknown_school_of_change", number=number, school=words, hint=hint)
            self._problems.add(ProblemCode.UNKNOWN_SCHOOL, advice, column=name, value=given[name])
            return None
        if len(schools) > 1:
            what = {"school": words, "examples": self._examples(schools)}
            advice = message("changes.several_schools_of_change", number=number, n=len(schools), **what)
            self._problems.add(ProblemCode.AMBIGUOUS_SCHOOL, advice, value=words.what)
            return None
        return self._unless_removed(self.of_school[schools[0]])

    def has_key(self, row: int, key: Mapping[str, Any], number: int) -> bool:
        """Return whether a row has the key given by change ``number`` of a frame; a problem if not."""
        for name, value in key.items():
            codes, words = self._table.codes(name)
            there = key_text(words[codes[row]]) if codes[row] >= 0 else ""
            if not is_blank(value) and key_text(value) != there:
                self._problems.add(
                    ProblemCode.UNKNOWN_SCHOOL,
                    message(
                        "changes.row_of_another",
                        number=number,
                        row=Row(row),
                        given=Quoted(key_text(value)),
                        there=Quoted(there),
                    ),
                    row,
                    column=name,
                    value=key_text(value),
                )
                return False
        return True

    def _examples(self, schools: Sequence[int]) -> str:
        return "; ".join(self._table.key(int(self._sections.rows[self.of_school[s][0]])) for s in schools[:4])

    def _unless_removed(self, sections: list[int]) -> list[int] | None:
        row = int(self._sections.rows[sections[0]])
        if row in self._removed:
            advice = message("changes.removed_before", removed=self._removed[row])
            self._problems.add(ProblemCode.UNKNOWN_SCHOOL, advice, row)
            return None
        return sections

    # -- which stage of it

    def one_stage(self, sections: Sequence[int], stage: str | None, column: str) -> int | None:
        """Return the section of a stage, or the only one if no stage is named."""
        row = int(self._sections.rows[sections[0]])
        stages = [ALL_STAGES[int(self._sections.stage[i])] for i in sections]
        meant = [i for i, s in zip(sections, stages, strict=True) if stage in (None, s)]
        if len(meant) == 1:
            return meant[0]
        there = listed((Name("stage", s) for s in stages), "and")
        if meant:
            self._problems.add(
                ProblemCode.AMBIGUOUS_SCHOOL,
                message("changes.several_stages", stages=there, column=Name("column", column)),
                row,
                column=column,
            )
        else:
            self._problems.add(
                ProblemCode.OUT_OF_RANGE,
                message("changes.stage_not_in_table", stage=Name("stage", stage or ""), stages=there),
                row,
                column=column,
            )
        return None


def _positions(values: NDArray[Any]) -> dict[int, list[int]]:
    """Return the positions of each value."""
    out: dict[int, list[int]] = {}
    for i, value in enumerate(values.tolist()):
        out.setdefault(value, []).append(i)
    return out
