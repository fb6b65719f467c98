"""A table of schools while it is changed: cells in decimals, figures by stage or of the whole school."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng.errors import ProblemCode
from junheng.indicators.exact import typed_decimal
from junheng.schools import ALL_STAGES, base_column
from junheng.schools.editing.inputs import Problems
from junheng.schools.editing.school_finder import SchoolFinder
from junheng.schools.sections import Sections
from junheng.words import Message, Name, message

__all__ = ["CellChange", "TableEditor", "is_figure"]


@frozen
class CellChange:
    """One cell that was changed, or that was kept although a change could be expected."""

    row: int | None
    column: str
    before: Any
    after: Any
    cause: str
    note: Message | str = ""
    new: Mapping[str, Any] | None = None


class TableEditor:
    """The cells of a table while changes are made one after the other. Cells are decimals as typed; None is missing.

    The table itself is not changed: changed cells are stored separately, with their causes.

    Parameters
    ----------
    sections : Sections
        The table by school and stage. A section is named by its position.
    """

    def __init__(self, sections: Sections) -> None:
        self.sections = sections
        self.table = sections.schools
        self.problems = Problems(self.table)
        self.cells: dict[tuple[str, int], Decimal | None] = {}
        self.causes: dict[tuple[str, int], str] = {}
        self.removed: dict[int, Message] = {}
        self.added: list[dict[str, Any]] = []
        self.kept: list[CellChange] = []
        self.schools = SchoolFinder(sections, self.problems, self.removed)
        self._divided: dict[str, NDArray[np.bool_]] = {}

    # -- cells

    def value(self, column: str, row: int) -> Decimal | None:
        """Return the current value of a cell; None if it is missing or the table has no such column."""
        if (column, row) in self.cells:
            return self.cells[column, row]
        return self.original(column, row)

    def original(self, column: str, row: int) -> Decimal | None:
        """Return the value of a cell before all changes."""
        values = self.table.number(column)
        if values is None or math.isnan(values[row]):
            return None
        return typed_decimal(values[row])

    def set_value(self, column: str, row: int, value: Decimal | None, cause: str) -> None:
        """Set a cell. The first cause of a change stays its cause."""
        self.cells[column, row] = value
        self.causes.setdefault((column, row), cause)

    def add_to(self, column: str, row: int, amount: Decimal, cause: str) -> bool:
        """Add to a cell; return False if it is missing."""
        value = self.value(column, row)
        if value is None:
            return False
        self.set_value(column, row, value + amount, cause)
        return True

    def remove(self, sections: Iterable[int], how: Message) -> None:
        """Remove the rows of some sections."""
        for i in sections:
            self.removed[self.row(i)] = how

    def report_unknown(self, column: str, row: int) -> None:
        """Report that the figure to add to is missing."""
        self.problems.add(
            ProblemCode.MISSING_VALUE,
            message("changes.unknown_figure", column=Name("column", column)),
            row,
            column=column,
        )

    # -- sections

    def row(self, i: int) -> int:
        """Return the row of a section."""
        return int(self.sections.rows[i])

    def rows(self, sections: Iterable[int]) -> list[int]:
        """Return the rows of some sections, each once."""
        return sorted({self.row(i) for i in sections})

    def stage(self, i: int) -> str:
        """Return the stage of a section."""
        return ALL_STAGES[int(self.sections.stage[i])]

    def whole_school(self, i: int) -> list[int]:
        """Return all sections of the school of a section."""
        return self.schools.of_school[int(self.sections.school[i])]

    # -- figures of a stage: people, classes

    def stage_value(self, i: int, column: str) -> Decimal | None:
        """Return a figure of a section, from the column itself or the one of its stage (``students_junior``)."""
        value = None if self.sections.wide[i] else self.value(column, self.row(i))
        return self.value(f"{column}_{self.stage(i)}", self.row(i)) if value is None else value

    def add_to_stage(self, i: int, column: str, amount: Decimal, cause: str) -> bool:
        """Add to such a figure in every cell that holds it; return whether there is one.

        In a row of several stages the column itself is their total: it is raised as well.
        """
        row, of_stage = self.row(i), f"{column}_{self.stage(i)}"
        before = self.stage_value(i, column)
        if before is None:
            return False
        self.add_to(of_stage, row, amount, cause)
        self.add_to(column, row, amount, cause)
        if column == "students" and of_stage in self.table.has:  # other rows of the school may repeat it
            for other in {self.row(j) for j in self.whole_school(i)} - {row}:
                if self.value(of_stage, other) == before:
                    self.add_to(of_stage, other, amount, cause)
        return True

    def clear_stage(self, i: int, column: str, cause: str) -> None:
        """Make such a figure missing."""
        row = self.row(i)
        for name in (f"{column}_{self.stage(i)}", column):
            if self.value(name, row) is not None:
                self.set_value(name, row, None, cause)

    # -- figures shared by the stages of a school: rooms, grounds, equipment

    def is_whole_schools(self, column: str) -> NDArray[np.bool_]:
        """Return whether the figure of a resource is the whole school's, for each section."""
        if column not in self._divided:
            self._divided[column] = self.sections.is_divided(column)
        return self._divided[column]

    def shared_rows(self, column: str, sections: Sequence[int]) -> list[int]:
        """Return the rows with the whole school's figure of a resource."""
        whole = self.is_whole_schools(column)
        return self.rows(i for i in sections if whole[i])

    def first_value(self, column: str, rows: Iterable[int]) -> Decimal | None:
        """Return the whole school's figure, from the first row that has it."""
        return next((v for r in rows if (v := self.value(column, r)) is not None), None)


def is_figure(name: str) -> bool:
    """Whether a column has figures."""
    found = base_column(name)
    return found is not None and found[0].type == "number"
