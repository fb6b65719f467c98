"""Whether figures of an integrated school are the whole school's, and the share of each stage.

A school with several stages reports people by stage, but its rooms, grounds and equipment once. A standard says which
of these *shared* resources are divided, and by what weights: with A primary, B junior and C senior students and
weights 1 : 1.1 : 1.32 the primary section gets A / (A + 1.1 B + 1.32 C) of each. People are never divided.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._codes import dense_codes
from junheng.errors import ProblemCode, Severity
from junheng.indicators.exact import typed
from junheng.schools.places import Places, among, school_codes
from junheng.schools.problems import ProblemList
from junheng.schools.table import SchoolTable
from junheng.schools.vocabulary import ALL_STAGES, INTEGRATED, KINDS, STAGES_OF_KIND, columns
from junheng.standards.model import Split
from junheng.words import Name, Quoted, listed, message


def shares(split: Split | None, joint: Joint, divided: NDArray[np.bool_]) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return numerator and denominator of each section's share, and whether the standard has a rule."""
    n = divided.size
    top, bottom, has_rule = np.ones(n), np.ones(n), np.zeros(n, dtype=bool)
    top[np.flatnonzero(divided)] = np.nan  # the whole school's figure, and no rule to divide it
    weights = np.zeros((len(ALL_STAGES), len(KINDS)))
    ruled = []
    for name in INTEGRATED:
        found = split.of_kind(name) if split is not None else None
        if found is not None:
            ruled.append(name)
            weights[:, KINDS.index(name)] = _whole_weights([found.weight(s) for s in ALL_STAGES])
    mine = np.flatnonzero(divided[joint.at] & among(joint.kind, ruled)[joint.school])
    if not mine.size:
        return top, bottom, has_rule
    w = weights[:, joint.kind]
    with np.errstate(over="ignore"):
        parts = w * joint.enrolment
    parts[np.isinf(parts)] = np.nan  # beyond floats: no share is known
    # stages without weight are not needed; a missing enrolment of the others makes the sum missing
    parts[w == 0] = 0.0
    sums = parts.sum(axis=0)
    for j in np.flatnonzero((parts != np.floor(parts)).any(axis=0) & np.isfinite(sums)).tolist():
        # a fractional enrolment: both parts of the share are scaled to whole numbers
        exactly = [int(a) * typed(b) if a else Fraction(0) for a, b in zip(w[:, j], joint.enrolment[:, j], strict=True)]
        size = math.lcm(*(x.denominator for x in exactly))
        if sum(exactly) * size > 2**1000:  # no enrolment has so many digits, and no float either
            continue
        parts[:, j] = [float(x * size) for x in exactly]
        sums[j] = float(sum(exactly) * size)
    sums[sums == 0] = np.nan
    parts[w == 0] = np.nan
    at = joint.at[mine]
    has_rule[at] = True
    top[at], bottom[at] = parts.reshape(-1)[joint.place[mine]], sums[joint.school[mine]]
    return top, bottom, has_rule


def _whole_weights(weights: Sequence[Any]) -> list[int]:
    """Scale weights such as 1 : 1.1 : 1.32 to whole numbers (100 : 110 : 132), so that products are exact."""
    digits = max((max(0, -int(w.as_tuple().exponent)) for w in weights if w is not None), default=0)
    return [0 if w is None else int(w.scaleb(digits)) for w in weights]


def covers(found: ProblemList, places: Places) -> tuple[NDArray[Any], list[frozenset[str] | None]]:
    """Return ``resources_cover`` of each section: a position in the list, -1 if missing.

    The list contains the shared columns whose figures are the stage's own: all for ``stage``, none for ``school``.
    """
    if "resources_cover" not in found.table.has:
        return np.full(places.rows.size, -1, dtype=np.int8), []
    codes, words = found.table.codes("resources_cover")
    shared = frozenset(c.id for c in columns().values() if c.shared)
    lists: list[frozenset[str] | None] = []
    for i, word in enumerate(words):
        text = str(word).strip()
        if text in ("", "nan", "None"):
            lists.append(None)
            codes = np.where(codes == i, codes.dtype.type(-1), codes)
        elif text in ("stage", "学段", "分学段"):
            lists.append(shared)
        elif text in ("school", "学校", "全校"):
            lists.append(frozenset())
        else:
            names = frozenset(text.split())
            lists.append(names)
            for row in np.flatnonzero(codes == i).tolist() if not names <= shared else []:
                found.add(
                    ProblemCode.UNKNOWN_CATEGORY,
                    message("schools.unknown_cover", value=Quoted(text)),
                    row=row,
                    column="resources_cover",
                    value=text,
                )
    return places.spread(codes), lists


@frozen(eq=False)
class Joint:
    """The sections of integrated schools, and the combined information of all rows of a school.

    Of each section: ``at``, its number among all; ``rows``, its row of the table; ``wide``, whether that holds
    several stages; ``school``, which school it belongs to; ``place``, where its own students stand in ``enrolment``
    laid flat. Of each school: ``kind``, and ``enrolment``, a row a stage, NaN where no row says it.
    """

    at: Ints
    rows: Ints
    wide: NDArray[np.bool_]
    school: Ints
    place: Ints
    kind: NDArray[np.int8]
    enrolment: Floats

    @classmethod
    def collect(
        cls, found: ProblemList, places: Places, school: Ints, students: Floats, kinds: NDArray[np.int8]
    ) -> Joint:
        """Collect the enrolment of integrated schools, and report contradictory rows."""
        at = np.flatnonzero(among(kinds, INTEGRATED))
        rows, own_school = places.rows[at], dense_codes(school[at])
        n = int(own_school.max(initial=-1)) + 1
        kind = np.empty(n, dtype=np.int8)
        kind[own_school] = kinds[at]  # the same on all its rows
        place = places.stage[at] * np.int64(n) + own_school
        enrolment = np.full((len(ALL_STAGES), n), np.nan)
        # any row of a school may give the enrolment of each stage; all must agree
        enrolments = [(place, students[at])]
        for code, word in enumerate(ALL_STAGES):
            own = found.table.number(f"students_{word}")
            if own is not None:
                enrolments.append((code * n + own_school, own[rows]))
        reported: set[int] = set()
        flat = enrolment.reshape(-1)
        for where, x in enrolments:
            given = np.flatnonzero(np.isfinite(x))
            where, x, own_rows = (where, x, rows) if given.size == x.size else (where[given], x[given], rows[given])
            before = flat[where]
            first = np.flatnonzero(np.isnan(before))
            flat[where[first]] = x[first]
            for j in np.flatnonzero(x != flat[where]).tolist():
                stage, which = divmod(int(where[j]), n)
                if which in reported:
                    continue
                reported.add(which)
                word = ALL_STAGES[stage]
                found.add(
                    ProblemCode.STAGE_ENROLMENT_MISMATCH,
                    message(
                        "schools.rows_differ_in_enrolment",
                        stage=Name("stage", word),
                        first=float(flat[where[j]]),
                        second=float(x[j]),
                    ),
                    row=int(own_rows[j]),
                    column=f"students_{word}",
                    value=repr(float(x[j])),
                )
        return cls(at, rows, places.wide[at], own_school, place, kind, enrolment)


def find_divided(
    found: ProblemList,
    joint: Joint,
    cover: NDArray[Any],
    lists: Sequence[frozenset[str] | None],
    resources: Iterable[str],
) -> NDArray[np.bool_]:
    """Return which sections have the figures of the whole school."""
    divided = np.zeros(cover.size, dtype=bool)
    if not joint.at.size:
        return divided
    which = cover[joint.at]
    listed = which >= 0
    inferred = not listed.all()
    if inferred:
        repeated, differ = _compare_rows(found.table, joint, resources)
        own = joint.wide | repeated[joint.school] | ~(differ[joint.school]) | listed
    else:
        own = np.ones(which.size, dtype=bool)  # the table says it explicitly
    everything = frozenset(c.id for c in columns().values() if c.shared)
    own[np.array([*(c == everything for c in lists), False])[which]] = False
    # if all resources of the standard are divided already, the other stages are not needed
    done = np.array([*(c is not None and set(resources) <= c for c in lists), False])[which]
    _check_enrolment(found, joint, own & ~done, resources)
    _check_stated(found, joint, listed & own, which, lists, resources)
    if inferred:
        _tell_inferred(found, joint, repeated, differ, listed)
    divided[joint.at[own]] = True
    return divided


def _compare_rows(
    table: SchoolTable, joint: Joint, resources: Iterable[str]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return of each school in several rows whether its shared figures are repeated, or differ from row to row."""
    rows, group, n_groups = joint.rows, joint.school, joint.kind.size
    several = np.bincount(group[~joint.wide], minlength=n_groups) > 1
    compared = np.zeros(n_groups, dtype=bool)
    unequal = np.zeros(n_groups, dtype=bool)
    for name in resources:
        values = table.number(name)
        if values is None:
            continue
        # missing figures neither agree nor differ
        x, g = values[rows], group
        there = np.isfinite(x)
        if not there.all():
            there = np.flatnonzero(there)
            x, g = x[there], g[there]
        last = np.full(n_groups, np.nan)
        last[g] = x
        unequal[g[np.flatnonzero(x != last[g])]] = True
        compared |= np.bincount(g, weights=x > 0, minlength=n_groups) > 1
    return several & compared & ~unequal, several & unequal


def _check_enrolment(found: ProblemList, joint: Joint, divided: NDArray[np.bool_], resources: Iterable[str]) -> None:
    """Report schools whose figures must be divided but whose enrolment of another stage is missing."""
    if not any(r in found.table.has for r in resources):
        return
    n = joint.kind.size
    flat = np.full(len(ALL_STAGES) * n, -1, dtype=np.int64)
    narrow = np.flatnonzero(~joint.wide)[::-1]  # the first row of a stage is the one that stays
    flat[joint.place[narrow]] = joint.rows[narrow]
    row_of = flat.reshape(-1, n)
    reported = _of_no_stage(found, joint)
    told = {p.position for p in found.errors if p.column == "students"}  # None: the whole column
    for name in INTEGRATED:
        needed = [ALL_STAGES.index(s) for s in STAGES_OF_KIND[name]]
        lacking = np.isnan(joint.enrolment[needed]).any(axis=0) & (joint.kind == KINDS.index(name))
        if not lacking.any():
            continue
        for j in np.flatnonzero(lacking[joint.school] & divided & ~joint.wide).tolist():
            school = int(joint.school[j])
            if school in reported:
                continue
            reported.add(school)
            lost = [s for s in needed if np.isnan(joint.enrolment[s, school])]
            for s in lost:
                if row_of[s, school] >= 0 and not told & {None, int(row_of[s, school])}:
                    _ask_for_students(found, int(row_of[s, school]), ALL_STAGES[s], name)
            words = [ALL_STAGES[s] for s in lost if row_of[s, school] < 0]
            if not words:
                continue
            found.add(
                ProblemCode.MISSING_STAGE_ENROLMENT,
                message(
                    "schools.enrolment_of_stages_missing",
                    kind=Name("kind", name),
                    stages=listed((Name("stage", w) for w in words), "and"),
                    columns=listed((Name("column", f"students_{w}") for w in words), "and"),
                ),
                row=int(joint.rows[j]),
                column=f"students_{words[0]}",
            )


def _of_no_stage(found: ProblemList, joint: Joint) -> set[int]:
    """Return the integrated schools with a row whose stage is missing: it may be any of theirs."""
    rows = [p.position for p in found.errors if p.column == "stage" and p.position is not None]
    if not rows:
        return set()
    school = school_codes(found.table)
    return set(joint.school[np.isin(school[joint.rows], school[rows])].tolist())


def _ask_for_students(found: ProblemList, row: int, stage: str, kind: str) -> None:
    """Report the row of a stage whose enrolment is missing."""
    column = "students" if "students" in found.table.has else f"students_{stage}"
    names = {"column": Quoted(Name("column", column)), "kind": Name("kind", kind)}
    text = message("schools.students_of_row_empty", **names)
    found.add(ProblemCode.MISSING_STAGE_ENROLMENT, text, row=row, column=column)


def _check_stated(
    found: ProblemList,
    joint: Joint,
    stated: NDArray[np.bool_],
    which: NDArray[Any],
    lists: Sequence[frozenset[str] | None],
    resources: Iterable[str],
) -> None:
    """Report figures that ``resources_cover`` calls the whole school's but that differ from row to row."""
    if not stated.any():
        return
    reported: set[int] = set()
    for name in resources:
        values = found.table.number(name)
        if values is None:
            continue
        own = np.array([*(c is not None and name in c for c in lists), False])[which]
        x = values[joint.rows]
        at = np.flatnonzero(stated & ~own & np.isfinite(x))
        first = np.full(joint.kind.size, np.nan)
        first[joint.school[at[::-1]]] = x[at[::-1]]
        for j in at[x[at] != first[joint.school[at]]].tolist():
            school = int(joint.school[j])
            if school in reported:
                continue
            reported.add(school)
            figures = {"first": float(first[school]), "second": float(x[j])}
            found.add(
                ProblemCode.RESOURCES_CONTRADICT,
                message("schools.stated_but_different", column=Name("column", name), **figures),
                row=int(joint.rows[j]),
                column=name,
                value=repr(float(x[j])),
            )


def _tell_inferred(
    found: ProblemList,
    joint: Joint,
    repeated: NDArray[np.bool_],
    differ: NDArray[np.bool_],
    listed: NDArray[np.bool_],
) -> None:
    """Report how schools in several rows were read if ``resources_cover`` is missing."""
    group, rows = joint.school, joint.rows
    first = np.zeros(group.size, dtype=bool)
    place = np.empty(joint.kind.size, dtype=np.int64)
    place[group[::-1]] = np.arange(group.size - 1, -1, -1)  # the last assignment wins: the first section of each school
    first[place] = True
    for j in np.flatnonzero(first & ~listed & ~joint.wide & (repeated | differ)[group]).tolist():
        if repeated[group[j]]:
            found.add(
                ProblemCode.RESOURCES_REPEATED,
                message("schools.resources_repeated"),
                row=int(rows[j]),
                severity=Severity.WARNING,
            )
        else:
            found.add(
                ProblemCode.RESOURCES_DIFFER,
                message("schools.resources_differ"),
                row=int(rows[j]),
                severity=Severity.WARNING,
            )
