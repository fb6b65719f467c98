"""Problems alike, told once: those of one kind about one column, or about one school (private)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Protocol

from attrs import evolve, frozen

from junheng.words import Language, Listed, Message, Name, Quoted, listed, message

__all__ = ["ProblemGroup", "grouped"]

#: Schools named before the rest is only counted; columns are all named.
_NAMED = 5


class OneProblem(Protocol):
    """What is asked of a problem; :class:`junheng.errors.Problem` is one, and stands above this file."""

    @property
    def code(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def column(self) -> str | None: ...
    @property
    def sheet(self) -> str | None: ...
    @property
    def cell(self) -> str | None: ...
    @property
    def position(self) -> int | None: ...
    @property
    def key(self) -> str | None: ...
    @property
    def value(self) -> str | None: ...
    @property
    def school(self) -> str | None: ...
    @property
    def told(self) -> Message | str: ...
    def place(self, language: Language = "en") -> str: ...
    def sentence(self, language: Language = "en") -> str: ...


@frozen
class ProblemGroup:
    """Problems of one kind that differ only in the school, or only in the column."""

    problems: tuple[OneProblem, ...]
    by_school: bool = False

    @property
    def first(self) -> OneProblem:
        """The first problem, whose sentence stands for all."""
        return self.problems[0]

    def place(self, language: Language = "en", first: str | None = None) -> str:
        """Return where the problems are: the place of the first, how many there are, and their schools or columns.

        ``first`` is the place of the first problem, if it is written in another way than :meth:`Problem.place` does.
        """
        if len(self.problems) == 1:
            return self.first.place(language) if first is None else first
        # what is common to all is named with the first, what differs behind it
        one: Any = self.first
        alone = evolve(one, column=None) if self.by_school else evolve(one, key=None)
        start, n = alone.place(language) if first is None else first, len(self.problems)
        names = self._names()
        if not start:
            # the sentence names the column, or the table is meant
            return message("errors.several" if names.items else "errors.several_alike", n=n, names=names).text(language)
        return message("errors.several_at", place=start, n=n, names=self._beginning(names)).text(language)

    def _names(self) -> Listed:
        """Return the columns or the schools, or where neither is known the cells."""
        if self.by_school or self._of_columns:
            return listed(Name("column", c) for c in dict.fromkeys(p.column for p in self.problems) if c is not None)
        return listed(dict.fromkeys(p.school or p.cell or p.key or p.place("en") for p in self.problems))

    @property
    def _of_columns(self) -> bool:
        return self.first.position is None and self.first.cell is None

    def _beginning(self, names: Listed) -> Listed | Message:
        """Return the first of many schools; columns are all named."""
        if self.by_school or self._of_columns or len(names.items) <= _NAMED:
            return names
        key = "errors.schools_and_more" if self.first.school else "errors.and_more"
        return message(key, names=listed(names.items[:_NAMED]), n=len(names.items))

    def sentence(self, language: Language = "en") -> str:
        """Return what is wrong with the first and what to do about it."""
        return self.first.sentence(language)


def grouped(problems: Iterable[OneProblem]) -> list[ProblemGroup]:
    """Return problems in groups: errors first, then in the order of the rows.

    Problems are alike if code, severity and the wording of the sentence agree. Those that are alike are put together by
    column or by school, whichever gives fewer groups; problems of whole columns are put together at once.
    """
    kinds: dict[Hashable, list[OneProblem]] = {}
    for p in sorted(problems, key=_order):
        kinds.setdefault((p.severity, p.code, p.position is None, _wording(p)), []).append(p)
    out: list[ProblemGroup] = []
    for alike in kinds.values():
        by_column = _put_together(alike, lambda p: None if p.position is None and p.cell is None else p.column)
        by_school = _put_together(alike, lambda p: p.school or p.key)
        of_rows = alike[0].position is not None
        if of_rows and len(by_school) < len(by_column):
            out += [ProblemGroup(tuple(g), by_school=True) for g in by_school]
        else:
            out += [ProblemGroup(tuple(g)) for g in by_column]
    return sorted(out, key=lambda g: _order(g.first))


def _order(p: OneProblem) -> tuple[bool, int]:
    return p.severity != "error", -1 if p.position is None else p.position


def _put_together(problems: list[OneProblem], by: Callable[[OneProblem], Hashable]) -> list[list[OneProblem]]:
    groups: dict[Hashable, list[OneProblem]] = {}
    for p in problems:
        groups.setdefault(by(p), []).append(p)
    return list(groups.values())


def _wording(p: OneProblem) -> Hashable:
    """Return the wording of a sentence without its figures; a suggested name is part of it."""
    told = p.told
    return _shape(told) if isinstance(told, Message) else told


def _shape(value: Any) -> Hashable:
    if isinstance(value, Quoted):
        return _shape(value.what)
    if not isinstance(value, Message):
        return None
    if value.key == "errors.did_you_mean":
        return value.text("en")
    return (value.key, *((name, _shape(v)) for name, v in value.values))
