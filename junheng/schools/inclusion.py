"""Which units count: in the basic standard of schools, and in the difference coefficient .

Most standards have one answer for both. Under 2012 they are two questions: Table II (basic standard) leaves out units
that may be in Table III (coefficient). A standard's ``[[inclusion]]`` entries say what is out and what must be asked;
the columns ``included``, ``in_basic_standard`` and ``in_coefficient`` hold what the county says.
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

__all__ = ["LEFT_OUT", "answers", "leave_out"]

Codes = NDArray[np.int8]

#: Why a section may not count; positions are the codes kept in arrays.
LEFT_OUT = ("", "no_students", "not_included", "left_out_by_standard", "senior_stage")
_NO_STUDENTS, _NOT_INCLUDED, _BY_STANDARD, _SENIOR = (np.int8(i) for i in range(1, len(LEFT_OUT)))
#: What a standard decides of a unit.
_IN, _ASK, _OUT = (np.int8(i) for i in range(3))


def answers(table: SchoolTable, standard: Standard | None) -> dict[str, Codes]:
    """Return what each row says of each question: 1 yes, 0 no, -1 nothing.

    Where the standard has two questions, a column of its own comes before ``included``. Where it has one,
    ``included`` comes first, and two others that differ are an answer to neither.
    """
    included = table.flag_codes("included")
    own = [table.flag_codes(name) for name in ANSWERS]
    if standard is not None and standard.two_answers:
        return {name: np.where(mine >= 0, mine, included) for name, mine in zip(ANSWERS, own, strict=True)}
    one = np.where(included >= 0, included, np.where(own[0] >= 0, own[0], own[1]))
    return dict.fromkeys(ANSWERS, one)


def leave_out(
    found: ProblemList, standard: Standard | None, places: Places, students: Floats
) -> tuple[Codes, Codes, NDArray[np.bool_]]:
    """Return why each section does not count in the basic standard, and in the coefficient: positions in LEFT_OUT.

    One array stands for both where the standard has one answer.
    The third tells where the county itself says that a section is not among the schools that are judged.
    """
    found.look_at("included", *ANSWERS, "ownership")
    said = {name: places.of(codes) for name, codes in answers(found.table, standard).items()}
    units = _Units.make(found, standard, places, students)
    two = standard is not None and standard.two_answers
    asked = ANSWERS if two else ANSWERS[:1]
    decided: dict[str, Codes] = {name: units.decide(standard, name) for name in asked}
    if standard is not None:
        _ask(found, standard, places, units, said, decided)
        _ask_owners(found, standard, places, units, [decided[n] == _OUT for n in asked])
    outs = [_reasons(students, said[name], decided[name], places.stage, units, standard) for name in asked]
    return outs[0], outs[-1], np.asarray(said[ANSWERS[0]] == 0)


@frozen(eq=False)
class _Units:
    """What the rules on units look at, by section."""

    kinds: Codes
    ownership: Codes
    owners: Codes
    students: Floats

    @classmethod
    def make(cls, found: ProblemList, standard: Standard | None, places: Places, students: Floats) -> _Units:
        table = found.table
        ownership = places.of(table.category_codes("ownership"))
        owners = np.full(students.size, -1, dtype=np.int8)
        # a column that no rule rests on is not looked at, so that a slip in it stops nothing
        if standard is not None and any(rule.owner_types or rule.ownership for rule in standard.inclusion):
            found.look_at("owner_type")
            owners = places.of(table.category_codes("owner_type"))
        private = owners == category_words("owner_type").index("private")
        if private.any():
            ownership = np.where(private, category_words("ownership").index("private"), ownership).astype(np.int8)
        return cls(places.of(table.category_codes("kind")), ownership, owners, students)

    def decide(self, standard: Standard | None, answer: str) -> Codes:
        """Return what a standard decides of each section, for one of the questions."""
        out = np.full(self.students.size, _IN, dtype=np.int8)
        if standard is None:
            return out
        rules = standard.inclusion_for(answer)
        for rule in rules:
            np.maximum(out, np.where(self.meant(rule), _OUT if rule.decision == "out" else _ASK, _IN), out=out)
        ruled = {r.kind for r in rules}
        for kind in NO_STAGE:
            if kind not in ruled:
                np.maximum(out, np.where(self.kinds == _position(kind, "kind"), _ASK, _IN), out=out)
        return out

    def meant(self, rule: Inclusion) -> NDArray[np.bool_]:
        """Return the sections a rule is about."""
        at = np.ones(self.students.size, dtype=bool)
        if rule.kind is not None:
            at &= self.kinds == _position(rule.kind, "kind")
        if rule.ownership is not None:
            at &= self.ownership == _position(rule.ownership, "ownership")
        if rule.owner_types:
            at &= np.isin(self.owners, [_position(o, "owner_type") for o in rule.owner_types])
        if rule.students_below is not None:
            with np.errstate(invalid="ignore"):
                at &= self.students < rule.students_below
        return at

    def sort(self, i: int) -> Listed:
        """Say what makes a unit one that is asked about."""
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
    students: Floats, said: Codes, decided: Codes, stage: Codes, units: _Units, standard: Standard | None
) -> Codes:
    out = np.zeros(students.size, dtype=np.int8)
    out[np.flatnonzero(students == 0)] = _NO_STUDENTS
    out[np.flatnonzero(said == 0)] = _NOT_INCLUDED
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
    said: dict[str, Codes],
    decided: dict[str, Codes],
) -> None:
    """Record units of which nothing says whether they count, and answers that fit only one of two questions."""
    rows = places.rows
    included = places.of(found.table.flag_codes("included"))
    own: dict[str, Codes] = {name: places.of(found.table.flag_codes(name)) for name in ANSWERS}
    if len(decided) == 1:
        _ask_once(found, standard, rows, units, said[ANSWERS[0]], next(iter(decided.values())))
        _check_two(found, standard, rows, included, own)
        return
    both = np.logical_and.reduce([decided[n] == _ASK for n in ANSWERS])
    neither = np.logical_and.reduce([said[n] < 0 for n in ANSWERS])
    for i in np.flatnonzero(both & neither).tolist():
        found.add(
            ProblemCode.INCLUSION_UNDECIDED,
            message("schools.undecided_both", standard=standard.id, sort=units.sort(i)),
            row=int(rows[i]),
            column="included",
        )
    for name, other in (ANSWERS, ANSWERS[::-1]):
        ask = (decided[name] == _ASK) & ~(both & neither)
        for i in np.flatnonzero(ask & (said[name] < 0)).tolist():
            found.add(
                ProblemCode.INCLUSION_UNDECIDED,
                message(
                    "schools.undecided_in",
                    standard=standard.id,
                    sort=units.sort(i),
                    table=_TABLES[name],
                    column=Quoted(Name("column", name)),
                ),
                row=int(rows[i]),
                column=name,
            )
        # "yes" to both cannot be meant where the standard itself leaves the unit out of one of them
        for i in np.flatnonzero(ask & (own[name] < 0) & (included == 1) & (decided[other] == _OUT)).tolist():
            found.add(
                ProblemCode.INCLUSION_UNCLEAR,
                message(
                    "schools.one_answer_for_two",
                    standard=standard.id,
                    sort=units.sort(i),
                    table=_TABLES[other],
                    column=Quoted(Name("column", name)),
                ),
                row=int(rows[i]),
                column="included",
                value="是",
            )


def _ask_once(found: ProblemList, standard: Standard, rows: Ints, units: _Units, said: Codes, decided: Codes) -> None:
    for i in np.flatnonzero((decided == _ASK) & (said < 0)).tolist():
        found.add(
            ProblemCode.INCLUSION_UNDECIDED,
            message("schools.undecided", standard=standard.id, sort=units.sort(i)),
            row=int(rows[i]),
            column="included",
        )


def _check_two(found: ProblemList, standard: Standard, rows: Ints, included: Codes, own: dict[str, Codes]) -> None:
    """Record two answers that differ where the standard has one question."""
    one, other = (own[name] for name in ANSWERS)
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
    """Say where the table does not tell who runs a school, if the standard asks: once where it has no such column."""
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
