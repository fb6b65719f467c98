"""Shim: a table of schools that rooms above still write their problems on; it goes when none does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from junheng.errors import Problem, ProblemCode
from junheng.schools.opening import open_table
from junheng.schools.problems import ProblemList
from junheng.schools.table import SchoolTable

__all__ = ["Reading"]


class Reading(SchoolTable):
    """A :class:`SchoolTable` with a :class:`ProblemList` of its own."""

    found: ProblemList

    def __init__(self, frame: Any, *, by: Sequence[str] | None = None, soon: Sequence[str] = ()) -> None:
        self.__dict__.update(open_table(frame, by=by).__dict__)
        self.__dict__["found"] = ProblemList(self)

    __setattr__ = object.__setattr__

    @property
    def problems(self) -> list[Problem]:
        """Every problem listed so far."""
        return self.found.listed

    @problems.setter
    def problems(self, listed: list[Problem]) -> None:
        self.found.listed[:] = listed

    def add(self, code: ProblemCode, message: str, **fields: Any) -> None:
        """List a problem."""
        self.found.add(code, message, **fields)

    def require(self, name: str) -> None:
        """List a missing column."""
        self.found.require(name)

    @property
    def errors(self) -> list[Problem]:
        """The problems that stop an evaluation."""
        return self.found.errors
