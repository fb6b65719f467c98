"""The list in which a check of a table writes down what it meets."""

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
    """The problems of a table in the order in which a check meets them.

    A check says which columns it looks at (:meth:`look_at`); what is wrong in their cells is listed then, once.
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
        """List a problem of the table, or of a row."""
        self.listed.append(self.table.problem(code, message, row=row, **fields))

    def look_at(self, *names: str) -> None:
        """List what is wrong in the cells of some columns, unless it is listed already."""
        for name in names:
            if name not in self._looked_at:
                self._looked_at.add(name)
                self.listed.extend(self.table.problems_of(name))

    def require(self, name: str) -> None:
        """List a missing column unless the table has it, for all stages or by stage."""
        told = any(p.code is ProblemCode.MISSING_COLUMN and p.column == name for p in self.listed)
        if not told and not self.table.has & {name, *(f"{name}_{s}" for s in STAGES)}:
            self.listed.append(missing_column(self.table, name))

    @property
    def errors(self) -> list[Problem]:
        """The problems that stop an evaluation."""
        return [p for p in self.listed if p.severity is Severity.ERROR]
