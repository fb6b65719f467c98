"""Empty cells in the columns that a standard requires: no error, but the verdicts that rest on them stay open."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from junheng._data import STAGES
from junheng.errors import ProblemCode, Severity
from junheng.indicators import catalogue
from junheng.schools.places import is_shared
from junheng.schools.problems import ProblemList
from junheng.schools.sections import Sections
from junheng.schools.vocabulary import ALL_STAGES
from junheng.standards import Standard
from junheng.words import message

__all__ = ["check_gaps"]


def check_gaps(found: ProblemList, sections: Sections, standard: Standard) -> None:
    """Report the empty cells of schools that count; missing enrolment is reported with all other checks."""
    told = {(p.position, p.column) for p in found.listed}
    told |= {
        (p.position, p.parameters["column"].id) for p in found.listed if p.code is ProblemCode.INDOOR_SPORTS_MISSING
    }
    for name, stages in _read_in_stages(standard).items():
        if not found.table.has & {name, *(f"{name}_{s}" for s in STAGES)}:
            continue  # the column is missing, which is an error
        gaps = np.isnan(sections.figures(name)[0]) & sections.counted_at_all & _among(sections, stages)
        for i in np.flatnonzero(gaps).tolist():
            row, column = int(sections.rows[i]), _column_of(sections, name, i)
            of_stage = f"{name}_{ALL_STAGES[int(sections.stage[i])]}"
            if {(row, column), (row, of_stage)} & told:
                continue  # a cell that cannot be read, or one of another stage of the same row
            told.add((row, column))
            found.add(
                ProblemCode.MISSING_VALUE,
                message("schools.cell_empty"),
                row=row,
                column=column,
                severity=Severity.WARNING,
            )


def _read_in_stages(standard: Standard) -> Mapping[str, set[str]]:
    """Return the columns that indicators of the standard read, and the stages for which they do."""
    out: dict[str, set[str]] = {}
    for threshold in standard.thresholds:
        names = (*catalogue()[threshold.indicator].columns, *(["classes"] if threshold.classes else []))
        for name in names:
            out.setdefault(name, set()).add(threshold.stage)
    for limit in standard.limits:
        for indicator in limit.indicators:
            for name in catalogue()[indicator].columns:
                out.setdefault(name, set()).add(limit.stage)
    return {name: stages for name, stages in out.items() if name != "students"}


def _among(sections: Sections, stages: set[str]) -> NDArray[np.bool_]:
    return np.isin(sections.stage, [ALL_STAGES.index(s) for s in stages])


def _column_of(sections: Sections, name: str, i: int) -> str:
    """Return the column with the cell of a section: of the figure itself, or of its stage."""
    of_stage = f"{name}_{ALL_STAGES[int(sections.stage[i])]}"
    has = sections.schools.has
    if is_shared(name) or (name in has and not sections.wide[i]):
        return name
    return of_stage if of_stage in has or name not in has else name
