"""Which units count: in the basic standard of schools, and in the difference coefficient.

Most standards have one answer for both. Under 2012 there are two questions: Table II (basic standard) excludes units
that may be in Table III (coefficient). The ``[[inclusion]]`` entries of a standard say which units are excluded and
which must be asked about; the columns ``included``, ``in_basic_standard`` and ``in_coefficient`` hold the answers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng.errors import ProblemCode, Severity
from junheng.schools.places import Places
from junheng.schools.problems import ProblemList
from junheng.schools.table import SchoolTable
from junheng.schools.vocabulary import ALL_STAGES, NO_STAGE, category_words
from junheng.standards.model import ANSWERS, Inclusion, Standard
from junheng.words import Listed, Name, Quoted, listed, message

__all__ = ["LEFT_OUT", "answers", "leave_out", "owners_of"]

Codes = NDArray[np.int8]

#: Why a section does not count; positions are the codes in arrays.
LEFT_OUT = ("", "no_students", "not_included", "left_out_by_standard", "senior_stage")
_NO_STUDENTS, _NOT_INCLUDED, _BY_STANDARD, _SENIOR = (np.int8(i) for i in range(1, len(LEFT_OUT)))
#: The decision of a standard on a unit.
_IN, _ASK, _OUT = (np.int8(i) for i in range(3))


def answers(table: SchoolTable, standard: Standard | None) -> dict[str, Codes]:
    """Return the answer of each row to each question: 1 yes, 0 no, -1 missing.

    If the standard has two questions, the column of a question takes precedence over ``included``. If it has one,
    ``included`` takes precedence over the other two.
    """
    included = table.flag_codes("included")
    separate = [table.flag_codes(name) for name in ANSWERS]
    if standard is not None and standard.two_answers:
        return {name: np.where(mine >= 0, mine, included) for name, mine in zip(ANSWERS, separate, strict=True)}
    one = np.where(included >= 0, included, np.where(separate[0] >= 0, separate[0], separate[1]))
    return dict.fromkeys(ANSWERS, one)


def owners_of(table: SchoolTable) -> Codes:
    """Return ``ownership`` of each row; a school whose ``owner_type`` is private is private."""
    private = table.category_codes("owner_type") == category_words("owner_type").index("private")
    word = category_words("ownership").index("private")
    return np.where(private, np.int8(word), table.category_codes("ownership"))


def leave_out(
    found: ProblemList, standard: Standard | None, places: Places, students: Floats, of_school: Codes
) -> tuple[Codes, Codes, NDArray[np.bool_]]:
    """Return why each section does not count in the basic standard, and in the coefficient: positions in LEFT_OUT.

    A rule on a kind is about the rows that state it, and about all rows of a school of that kind (``of_school``).
    Both are one array if the standard has one question. The third array tells which sections the county itself
    excludes.
    """
    found.look_at("included", *ANSWERS, "ownership")
    answered = {name: places.spread(codes) for name, codes in answers(found.table, standard).items()}
    units = _Units.from_places(found, standard, places, students, of_school)
    two = standard is not None and standard.two_answers
    asked = ANSWERS if two else ANSWERS[:1]
    decided: dict[str, Codes] = {name: units.decide(standard, name) for name in asked}
    if standard is not None:
        _ask(found, standard, places, units, answered, decided)
        _ask_owners(found, standard, places, units, [decided[n] == _OUT for n in asked])
    outs = [_reasons(students, answered[name], decided[name], places.stage, units, standard) for name in asked]
    return outs[0], outs[-1], np.asarray(answered[ANSWERS[0]] == 0)


@frozen(eq=False)
class _Units:
    """The properties of units that rules use, by section."""

    kinds: Codes
    of_school: Codes
    ownership: Codes
    owners: Codes
    students: Floats

    @classmethod
    def from_places(
        cls, found: ProblemList, standard: Standard | None, places: Places, students: Floats, of_school: Codes
    ) -> _Units:
        table = found.table
        ownership = places.spread(owners_of(table))
        owners = np.full(students.size, -1, dtype=np.int8)
        # errors in a column that no rule uses must not stop an evaluation
        if standard is not None and any(rule.owner_types or rule.ownership for rule in standard.inclusion):
            found.look_at("owner_type")
            owners = places.spread(table.category_codes("owner_type"))
        return cls(places.spread(table.category_codes("kind")), of_school, ownership, owners, students)

    def decide(self, standard: Standard | None, answer: str) -> Codes:
        """Return the decision of a standard on each section, for one of the questions."""
        out = np.full(self.students.size, _IN, dtype=np.int8)
        if standard is None:
            return out
        rules = standard.inclusion_for(answer)
        for rule in rules:
            np.maximum(out, np.where(self.selected_by(rule), _OUT if rule.decision == "out" else _ASK, _IN), out=out)
        ruled = {r.kind for r in rules}
        for kind in NO_STAGE:
            if kind not in ruled:
                np.maximum(out, np.where(self.kinds == _position(kind, "kind"), _ASK, _IN), out=out)
        return out

    def selected_by(self, rule: Inclusion) -> NDArray[np.bool_]:
        """Return the sections to which a rule applies."""
        at = np.ones(self.students.size, dtype=bool)
        if rule.kind is not None:
            kind = _position(rule.kind, "kind")
            at &= (self.kinds == kind) | (self.of_school == kind)
        if rule.ownership is not None:
            at &= self.ownership == _position(rule.ownership, "ownership")
        if rule.owner_types:
            at &= np.isin(self.owners, [_position(o, "owner_type") for o in rule.owner_types])
        if rule.students_below is not None:
            with np.errstate(invalid="ignore"):
                at &= self.students < rule.students_below
        return at

    def description(self, i: int) -> Listed:
        """Return the kind and owner of a unit, for messages."""
        words = []
        if self.kinds[i] >= 0:
            words.append(Name("kind", category_words("kind")[self.kinds[i]]))
        if self.ownership[i] == _position("private", "ownership"):
            words.append(Name("ownership", "private"))
        elif self.owners[i] >= 0:
            words.append(Name("owner_type", category_words("owner_type")[self.owners[i]]))
        return listed(words)


def _position(word: str, column: str) -> int:
    words = category_words(column)
    return words.index(word) if word in words else -2  # a word that no row can have


def _reasons(
    students: Floats, answered: Codes, decided: Codes, stage: Codes, units: _Units, standard: Standard | None
) -> Codes:
    out = np.zeros(students.size, dtype=np.int8)
    out[np.flatnonzero(students == 0)] = _NO_STUDENTS
    out[np.flatnonzero(answered == 0)] = _NOT_INCLUDED
    out[np.flatnonzero((decided == _OUT) & (out != _NO_STUDENTS))] = _BY_STANDARD
    out[np.flatnonzero(stage == ALL_STAGES.index("senior"))] = _SENIOR
    if standard is not None:
        out[np.flatnonzero((units.kinds == _position("senior", "kind")) & (out == 0))] = _SENIOR
    return out


# ------------------------------------------------------------------------------------------- asking


#: The table of the standard that each question is about.
_TABLES = {name: message(f"schools.{name}") for name in ANSWERS}


def _ask(
    found: ProblemList,
    standard: Standard,
    places: Places,
    units: _Units,
    answered: dict[str, Codes],
    decided: dict[str, Codes],
) -> None:
    """Report units without an answer, and answers that fit only one of two questions."""
    rows = places.rows
    included = places.spread(found.table.flag_codes("included"))
    separate: dict[str, Codes] = {name: places.spread(found.table.flag_codes(name)) for name in ANSWERS}
    if len(decided) == 1:
        _ask_once(found, standard, rows, units, answered[ANSWERS[0]], next(iter(decided.values())))
        _check_two(found, standard, rows, included, separate)
        return
    both = np.logical_and.reduce([decided[n] == _ASK for n in ANSWERS])
    neither = np.logical_and.reduce([answered[n] < 0 for n in ANSWERS])
    for i in np.flatnonzero(both & neither).tolist():
        found.add(
            ProblemCode.INCLUSION_UNDECIDED,
            message("schools.undecided_both", standard=standard.id, sort=units.description(i)),
            row=int(rows[i]),
            column="included",
        )
    for name, other in (ANSWERS, ANSWERS[::-1]):
        ask = (decided[name] == _ASK) & ~(both & neither)
        for i in np.flatnonzero(ask & (answered[name] < 0)).tolist():
            found.add(
                ProblemCode.INCLUSION_UNDECIDED,
                message(
                    "schools.undecided_in",
                    standard=standard.id,
                    sort=units.description(i),
                    table=_TABLES[name],
                    column=Quoted(Name("column", name)),
                ),
                row=int(rows[i]),
                column=name,
            )
        # one "yes" is ambiguous if the standard itself excludes the unit from one of the two
        for i in np.flatnonzero(ask & (separate[name] < 0) & (included == 1) & (decided[other] == _OUT)).tolist():
            found.add(
                ProblemCode.INCLUSION_UNCLEAR,
                message(
                    "schools.one_answer_for_two",
                    standard=standard.id,
                    sort=units.description(i),
                    table=_TABLES[other],
                    column=Quoted(Name("column", name)),
                ),
                row=int(rows[i]),
                column="included",
                value="是",
            )


def _ask_once(
    found: ProblemList, standard: Standard, rows: Ints, units: _Units, answered: Codes, decided: Codes
) -> None:
    for i in np.flatnonzero((decided == _ASK) & (answered < 0)).tolist():
        found.add(
            ProblemCode.INCLUSION_UNDECIDED,
            message("schools.undecided", standard=standard.id, sort=units.description(i)),
            row=int(rows[i]),
            column="included",
        )


def _check_two(found: ProblemList, standard: Standard, rows: Ints, included: Codes, separate: dict[str, Codes]) -> None:
    """Report two answers that differ although the standard has one question."""
    one, other = (separate[name] for name in ANSWERS)
    if not standard.inclusion:
        return
    for i in np.flatnonzero((included < 0) & (one >= 0) & (other >= 0) & (one != other)).tolist():
        found.add(
            ProblemCode.INCLUSION_CONTRADICTS,
            message("schools.two_answers_for_one", standard=standard.id),
            row=int(rows[i]),
            column="in_coefficient",
        )


def _ask_owners(
    found: ProblemList, standard: Standard, places: Places, units: _Units, out: Sequence[NDArray[np.bool_]]
) -> None:
    """Report missing owner types if the standard needs them: once if the column is missing."""
    if not any(rule.owner_types for rule in standard.inclusion):
        return
    advice = message("schools.owner_unknown", standard=standard.id, table=_TABLES["in_basic_standard"])
    unknown = (units.owners < 0) & ~np.logical_and.reduce(out) & (places.stage < ALL_STAGES.index("senior"))
    known = units.ownership == _position("private", "ownership")
    at: list[int | None] = np.unique(places.rows[unknown & ~known]).tolist()
    if at and "owner_type" not in found.table.has:
        at = [None]
    for row in at:
        found.add(ProblemCode.OWNER_UNKNOWN, advice, row=row, column="owner_type", severity=Severity.WARNING)
