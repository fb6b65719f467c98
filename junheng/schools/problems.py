"""The list of problems that checks of a table add to."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from junheng._data import STAGES
from junheng.errors import Problem, ProblemCode, Severity
from junheng.schools.opening import missing_column
from junheng.schools.table import SchoolTable
from junheng.words import Message

__all__ = ["ProblemList"]


@frozen(eq=False)
class ProblemList:
    """The problems of a table, in the order in which they are found.

    The problems in the cells of a column are added when a check first uses the column (:meth:`look_at`).
    """

    table: SchoolTable
    listed: list[Problem] = field(init=False)
    _looked_at: set[str] = field(init=False)

    @listed.default
    def _opening(self) -> list[Problem]:
        return list(self.table.opening)

    @_looked_at.default
    def _opened(self) -> set[str]:
        return set(self.table.opened)

    def add(self, code: ProblemCode, message: Message | str, *, row: int | None = None, **fields: Any) -> None:
        """Add a problem of the table, or of a row."""
        self.listed.append(self.table.problem(code, message, row=row, **fields))

    def look_at(self, *names: str) -> None:
        """Add the problems in the cells of some columns, once."""
        for name in names:
            if name not in self._looked_at:
                self._looked_at.add(name)
                self.listed.extend(self.table.problems_of(name))

    def require(self, name: str, severity: Severity = Severity.ERROR) -> None:
        """Add the problem of a missing column unless the table has it, for all stages or by stage."""
        reported = any(p.code is ProblemCode.MISSING_COLUMN and p.column == name for p in self.listed)
        if not reported and not self.table.has & {name, *(f"{name}_{s}" for s in STAGES)}:
            self.listed.append(missing_column(self.table, name, severity))

    @property
    def errors(self) -> list[Problem]:
        """The problems that stop an evaluation."""
        return [p for p in self.listed if p.severity is Severity.ERROR]
