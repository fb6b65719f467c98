"""The county of a form: its schools, and notes that several tables share (private)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Ints
from junheng._data import STAGES
from junheng.reports.declarations.cells import chinese, clauses, form_data
from junheng.reports.declarations.model import Column
from junheng.results.reasons import number
from junheng.schools import ALL_STAGES
from junheng.schools.opening import open_table
from junheng.schools.sections import Sections
from junheng.schools.vocabulary import INTEGRATED
from junheng.standards import Standard
from junheng.words import Message, Name, message

if TYPE_CHECKING:
    from junheng.results import Evaluation, Judgement


@frozen(eq=False, slots=False, kw_only=True)
class FormCounty:
    """One county of an evaluation, with its rows read again separately.

    Columns that no rule uses (classes, owners, grades) may have invalid cells; a second reading keeps their problems
    out of the evaluation.
    """

    ev: Evaluation
    index: int
    """Position of the county in the evaluation."""
    at: Ints
    """Sections of the county."""
    sections: Sections
    """The same sections, in a table of this county alone."""

    @classmethod
    def read(cls, ev: Evaluation, index: int) -> FormCounty:
        """Read the rows of a county."""
        s = ev.data.sections
        at = np.flatnonzero(ev.data.county == index)
        rows, position = np.unique(s.rows[at], return_inverse=True)
        fresh = open_table(s.schools.frame.take(rows).to_native(), by=list(ev.data.by))
        return cls(ev=ev, index=index, at=at, sections=s.part(at, fresh, position.reshape(-1).astype(np.int64)))

    @property
    def judgement(self) -> Judgement:
        """Findings and verdicts."""
        return self.ev.data

    @property
    def standard(self) -> Standard:
        """The standard."""
        return self.ev.standard

    @cached_property
    def names(self) -> list[str]:
        """Name of each section of the county, with its stage if the school has several."""
        plain = school_names(self.judgement, self.at)
        names = []
        for name, kind, stage in zip(plain, self.sections.kind.tolist(), self.sections.stage.tolist(), strict=True):
            section = message("forms.section", school=name, stage=Name("stage", ALL_STAGES[stage]))
            names.append(chinese(section) if kind in INTEGRATED else name)
        return names

    @cached_property
    def owners(self) -> list[int | None]:
        """Owner code of each section, None if unknown."""
        codes = {k: int(v) for k, v in form_data()["owner_codes"].items()}
        schools = self.sections.schools
        owners = schools.category("owner_type")[self.sections.rows]
        private = schools.ownership[self.sections.rows] == "private"
        return [
            codes[o] if o is not None else codes["private"] if p else None
            for o, p in zip(owners.tolist(), private.tolist(), strict=True)
        ]

    def counted(self, stage: int) -> Ints:
        """Return the counted sections of a stage, as positions in the county."""
        return np.flatnonzero(self.sections.counted & (self.sections.stage == stage))

    @property
    def not_ordinary(self) -> NDArray[np.bool_]:
        """Which sections belong to special and vocational schools."""
        return np.isin(self.sections.kind.astype(str), ("special", "vocational"))

    @property
    def decimals(self) -> int | None:
        """Printed decimals of the figures of schools."""
        return None if self.standard.printing is None else self.standard.printing.school_value

    def indicator_columns(self, spec: Mapping[str, Any], first: int = 1) -> tuple[Column, ...]:
        """Return a column for each indicator, with its code on the form if known."""
        coded = spec.get("codes") or "first_code" in spec
        return tuple(
            Column(id=ind.id, label=ind.zh, code=f"L{first + j}" if coded else "")
            for j, ind in enumerate(self.judgement.indicators)
        )

    def unit_notes(self, counted: NDArray[np.bool_]) -> list[Message]:
        """Return the number of counted schools and students of each stage."""
        notes = []
        for s, stage in enumerate(STAGES):
            mine = self.sections.stage == s
            n, students = int((counted & mine).sum()), self.sections.students[counted & mine]
            gaps = int(np.isnan(students).sum())
            left = int((~counted & mine & ~self.not_ordinary).sum())
            notes.append(
                message(
                    "forms.counted",
                    stage=Name("stage", stage),
                    n=n,
                    students=number(float(np.nansum(students))),
                    gaps=message("forms.counted_gaps", n=gaps) if gaps else "",
                    left_out=message("forms.counted_left_out", n=left) if left else "",
                )
            )
        return notes

    def kept_out(self) -> list[Message]:
        """Return how many schools a table of schools leaves out, and how many have an unknown owner."""
        sub = self.sections
        gone = ~sub.counted & (sub.stage < len(STAGES)) & ~self.not_ordinary
        notes = [message("forms.not_listed", n=int(gone.sum()))] if gone.any() else []
        unknown = sum(self.owners[i] is None for i in np.flatnonzero(sub.counted).tolist())
        if unknown:
            notes.append(message("forms.owner_unknown", n=unknown))
        return notes

    def footer(self, spec: Mapping[str, Any]) -> list[Message]:
        """Return the numbers of schools, sections of integrated schools, and teaching points."""
        notes = []
        for s, stage in enumerate(STAGES):
            kinds = [self.sections.kind[i] for i in self.counted(s).tolist()]
            students = [float(self.sections.students[i]) for i in self.counted(s).tolist()]
            name = Name("stage", stage)
            unknown = sum(k is None for k in kinds)
            counts = [
                message("forms.independent", stage=name, n=sum(k == stage for k in kinds)),
                message("forms.sections", stage=name, n=sum(k in INTEGRATED for k in kinds)),
            ]
            limit = spec.get("points_from")
            points = [n for k, n in zip(kinds, students, strict=True) if k == "teaching_point"]
            if limit is not None and s == 0:
                counts.append(message("forms.points_from", limit=limit, n=sum(n >= limit for n in points)))
                below = sum(not n >= limit for n in points)
                if below:
                    counts.append(message("forms.points_below", limit=limit, n=below))
            if unknown:
                counts.append(message("forms.kind_unknown", n=unknown))
            known = {stage, "teaching_point", *INTEGRATED, None}
            other = sum(k not in known for k in kinds) + (len(points) if s else 0)
            if other:
                counts.append(message("forms.other_kinds", n=other))
            notes.append(message("forms.footer", stage=name, n=len(kinds), counts=clauses(counts, "，")))
        return notes


def school_names(d: Judgement, sections: Ints) -> list[str]:
    """Return the school name of each section, or its code if the name is missing."""
    schools = d.sections.schools
    names: list[str] = [""] * sections.size
    for column in ("school_code", "school"):
        if column in schools.has:
            codes, words = schools.codes(column)
            mine = codes[d.sections.rows[sections]].tolist()
            words = list(words)
            names = [str(words[c]) if c >= 0 else known for c, known in zip(mine, names, strict=True)]
    return names
