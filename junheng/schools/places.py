"""The row, stage and school of each section; duplicate and contradictory rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._codes import row_codes
from junheng.errors import ProblemCode, Severity
from junheng.schools.problems import ProblemList
from junheng.schools.table import SchoolTable
from junheng.schools.vocabulary import (
    ALL_STAGES,
    INTEGRATED,
    KINDS,
    NO_STAGE,
    STAGES_OF_KIND,
    base_column,
    category_words,
    columns,
)
from junheng.words import Name, Quoted, Row, listed, message


@frozen(eq=False)
class Places:
    """The row and the stage of each section, and whether the row has several stages."""

    rows: Ints
    stage: NDArray[np.int8]
    wide: NDArray[np.bool_]
    #: Whether sections are the rows of the table, one by one.
    in_order: bool

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """Spread a column of the table over the sections; not to be written to."""
        return values if self.in_order else values[self.rows]


def _stage_columns(table: SchoolTable, name: str) -> frozenset[str]:
    return table.has & {f"{name}_{s}" for s in ALL_STAGES}


def is_shared(name: str) -> bool:
    """Return whether a column holds resources that stages of a school share."""
    found = base_column(name)
    return found is not None and found[0].shared


def by_stage(table: SchoolTable, name: str, places: Places) -> Floats:
    """Return people or classes of each section: the figure of the row, or of the column with the stage in its name.

    Not to be written to.
    """
    base = table.number(name)
    wide = places.wide.any()
    out = np.full(places.rows.size, np.nan) if base is None else places.spread(base)
    if base is not None and not wide and (not _stage_columns(table, name) or not np.isnan(out).any()):
        return out  # every row has a figure of its own
    out = np.where(places.wide, np.nan, out)
    for code, word in enumerate(ALL_STAGES):
        own = table.number(f"{name}_{word}")
        if own is not None:
            fill = (places.stage == code) & np.isnan(out)
            out[fill] = own[places.rows[fill]]
    return out


def expand(found: ProblemList) -> Places:
    """Return the row and stage of each section, in the order of the table."""
    table = found.table
    n = table.rows
    positions = [ALL_STAGES.index(w) if w in ALL_STAGES else -1 for w in category_words("stage")]
    stage_of = np.array([*positions, -1], dtype=np.int8)[table.category_codes("stage")]
    if (stage_of >= 0).all():
        # most returns: one stage per row
        places = Places(np.arange(n), stage_of, np.zeros(n, dtype=bool), in_order=True)
        _check_wide(found, places)
        return places
    kinds = table.category_codes("kind")
    open_ = (stage_of < 0) & ~table.is_total
    open_[_without_stage(found, stage_of, kinds)] = False
    pieces = [
        (np.flatnonzero(stage_of >= 0), stage_of[stage_of >= 0], np.zeros(int((stage_of >= 0).sum()), dtype=bool))
    ]
    for kind, stages in STAGES_OF_KIND.items():
        at = np.flatnonzero(open_ & (kinds == KINDS.index(kind)))
        for word in stages:
            code = ALL_STAGES.index(word)
            pieces.append((at, np.full(at.size, code, dtype=np.int8), np.full(at.size, len(stages) > 1)))
    at = np.flatnonzero(open_ & among(kinds, NO_STAGE))
    pieces.append((at, np.zeros(at.size, dtype=np.int8), np.zeros(at.size, dtype=bool)))
    reported = {p.position for p in found.listed if p.column in ("stage", "kind")}
    for row in np.flatnonzero(open_ & (kinds < 0)).tolist():
        if row not in reported and table.has & {"stage", "kind"}:
            found.add(
                ProblemCode.MISSING_KEY,
                message("schools.no_stage"),
                row=row,
                column="stage",
            )
    rows = np.concatenate([p[0] for p in pieces])
    stage = np.concatenate([p[1] for p in pieces])
    wide = np.concatenate([p[2] for p in pieces])
    order = np.lexsort((stage, rows))
    rows, stage, wide = rows[order], stage[order], wide[order]
    _check_wide(found, Places(rows, stage, wide, in_order=False))
    # the senior stage of a one-row school is needed only for weights
    keep = ~(wide & (stage == ALL_STAGES.index("senior")))
    rows, stage, wide = rows[keep], stage[keep], wide[keep]
    return Places(rows, stage, wide, in_order=rows.size == n and not wide.any())


def _without_stage(found: ProblemList, stage_of: NDArray[np.int8], kinds: NDArray[np.int8]) -> Ints:
    """Return the rows of one stage that do not say which, and report them; they are no schools in one row.

    A school of several stages may have one row, or several with a stage each; with several rows, a row without a
    stage and without the enrolment of any stage is one of the latter.
    """
    table = found.table
    at = np.flatnonzero((stage_of < 0) & ~table.is_total & among(kinds, INTEGRATED))
    for stage in ALL_STAGES:
        own = table.number(f"students_{stage}")
        at = at if own is None else at[np.isnan(own[at])]
    if not at.size or table.school_column not in table.has:
        return at[:0]
    school, named = school_codes(table), table.codes(table.school_column)[0] >= 0
    rows_of = np.bincount(school[named & ~table.is_total], minlength=int(school.max()) + 1)
    at = at[named[at] & (rows_of[school[at]] > 1)]
    if at.size and "stage" not in table.has:
        n = int(np.unique(school[at]).size)
        how = message("schools.add_stage_to_rows", n=n, label=columns()["stage"].zh)
        what = message("schools.missing_column", column=Quoted(Name("column", "stage")), advice=how)
        found.add(ProblemCode.MISSING_COLUMN, what, column="stage")
        return at
    reported = {p.position for p in found.listed if p.column == "stage"}
    given = np.zeros((rows_of.size, len(ALL_STAGES)), dtype=bool)
    narrow = np.flatnonzero(stage_of >= 0)
    given[school[narrow], stage_of[narrow]] = True
    for row in (row for row in at.tolist() if row not in reported):
        stages = STAGES_OF_KIND[KINDS[kinds[row]]]
        names = listed((Name("stage", s) for s in stages), "or")
        terms = listed((Name("stage", s).text("zh") for s in stages), "or")
        text = message("schools.stage_of_row_empty", stages=names, terms=terms)
        if given[school[row], [ALL_STAGES.index(s) for s in stages]].all():
            text = message("schools.row_beside_its_stages")
        found.add(ProblemCode.MISSING_KEY, text, row=row, column="stage")
    return at


def among(kinds: NDArray[np.int8], names: Iterable[str]) -> NDArray[np.bool_]:
    """Return where a kind is one of ``names``."""
    out = np.zeros(kinds.size, dtype=bool)
    for name in names:  # comparing bytes is faster than looking them up
        out |= kinds == KINDS.index(name)
    return out


def _check_wide(found: ProblemList, places: Places) -> None:
    """Report one-row schools of several stages whose enrolment by stage is missing or does not add up."""
    table = found.table
    rows, stage, wide = places.rows, places.stage, places.wide
    total = table.number("students")
    for code, word in enumerate(ALL_STAGES):
        own = table.number(f"students_{word}")
        if own is None or total is None:
            continue
        mine = rows[~wide & (stage == code) & np.isfinite(places.spread(own))]
        with np.errstate(invalid="ignore"):
            differ = np.isfinite(total[mine]) & (total[mine] != own[mine])
        for row in mine[differ].tolist():
            found.add(
                ProblemCode.STAGE_ENROLMENT_MISMATCH,
                message(
                    "schools.stage_differs_from_total",
                    total=float(total[row]),
                    column=Name("column", f"students_{word}"),
                    own=float(own[row]),
                ),
                row=row,
                column="students",
                value=repr(float(total[row])),
            )
    if not wide.any():
        return
    students, kind = by_stage(table, "students", places), table.category("kind")
    for i in np.flatnonzero(wide & np.isnan(students)).tolist():
        word = ALL_STAGES[int(stage[i])]
        found.add(
            ProblemCode.MISSING_STAGE_ENROLMENT,
            message(
                "schools.enrolment_by_stage_missing",
                kind=Name("kind", kind[rows[i]]),
                column=Name("column", f"students_{word}"),
            ),
            row=int(rows[i]),
            column=f"students_{word}",
        )
    if total is not None:
        sums = np.zeros(table.rows)
        np.add.at(sums, rows[wide], students[wide])
        with np.errstate(invalid="ignore"):
            at = np.flatnonzero(np.isfinite(total) & np.isfinite(sums) & (total != sums))
        for row in np.intersect1d(at, rows[wide]).tolist():
            found.add(
                ProblemCode.STAGE_ENROLMENT_MISMATCH,
                message("schools.stages_differ_from_school", sum=float(sums[row]), total=float(total[row])),
                row=row,
                column="students",
                value=repr(float(total[row])),
            )


def school_codes(table: SchoolTable) -> Ints:
    """Return for each row the number of its school (by place and year)."""
    names = dict.fromkeys([*table.by, "county", "county_code", table.school_column])
    columns = [table.codes(n) for n in names if n in table.has]
    return row_codes([(codes, len(words)) for codes, words in columns]) if columns else np.arange(table.rows)


def check_kinds(found: ProblemList, places: Places) -> None:
    """Report rows whose stage does not belong to their kind of school: attached classes, or an error."""
    stage, kinds = places.stage, places.spread(found.table.category_codes("kind"))
    odd = np.zeros(kinds.size, dtype=bool)
    for code, word in enumerate(ALL_STAGES):
        others = [name for name, stages in STAGES_OF_KIND.items() if word not in stages]
        odd |= (stage == code) & among(kinds, others)
    at = np.flatnonzero(odd)
    for name in STAGES_OF_KIND:
        for i in at[kinds[at] == KINDS.index(name)].tolist():
            found.add(
                ProblemCode.STAGE_NOT_OF_KIND,
                message(
                    "schools.stage_not_of_kind",
                    kind=Name("kind", name),
                    stage=Name("stage", ALL_STAGES[int(stage[i])]),
                ),
                row=int(places.rows[i]),
                column="stage",
                severity=Severity.WARNING,
            )


def kinds_of_schools(table: SchoolTable, places: Places, school: Ints) -> NDArray[np.int8]:
    """Return the kind of each section's school; a school with rows of several stages is integrated, whatever its kind.

    Otherwise a nine-year school without a kind, or a school with attached classes of another stage, would have the
    resources of the whole school in every stage.
    """
    stage, kinds = places.stage, places.spread(table.category_codes("kind"))
    if not kinds.size:
        return kinds
    n_schools = int(school.max()) + 1
    stages = np.zeros((len(ALL_STAGES), n_schools), dtype=bool)
    stages[stage, school] = True
    for code, word in enumerate(ALL_STAGES):
        enrolled = table.number(f"students_{word}")
        if enrolled is not None:
            with np.errstate(invalid="ignore"):
                stages[code, school[places.spread(enrolled) > 0]] = True
    # the kind in one row applies to all rows of the school; the first of INTEGRATED takes precedence
    stated = np.full(n_schools, -1, dtype=np.int8)
    for name in reversed(INTEGRATED):
        stated[school[np.flatnonzero(kinds == KINDS.index(name))]] = KINDS.index(name)
    by_stages = np.full(1 << len(ALL_STAGES), -1, dtype=np.int8)
    for name in INTEGRATED:
        by_stages[sum(1 << ALL_STAGES.index(s) for s in STAGES_OF_KIND[name])] = KINDS.index(name)
    open_ = np.flatnonzero((stages.sum(axis=0) > 1) & (stated < 0))
    stated[open_] = by_stages[(1 << np.arange(len(ALL_STAGES))) @ stages[:, open_]]
    own = stated[school]
    at = np.flatnonzero(own >= 0)
    kinds = kinds.copy()
    kinds[at] = own[at]
    return kinds


def check_duplicates(found: ProblemList, places: Places, school: Ints) -> None:
    """Report duplicate rows: same school, stage and year."""
    table, rows = found.table, places.rows
    key = school * len(ALL_STAGES) + places.stage
    if (key[1:] > key[:-1]).all():
        return  # sorted by school and stage, without duplicates
    seen = np.zeros(int(key.max()) + 1, dtype=bool)
    seen[key] = True
    if np.count_nonzero(seen) == key.size:
        return
    named = np.ones(rows.size, dtype=bool)
    if table.school_column in table.has:
        named = table.codes(table.school_column)[0][rows] >= 0
    order = np.argsort(key, kind="stable")
    again = np.zeros(rows.size, dtype=bool)
    again[order[1:]] = key[order[1:]] == key[order[:-1]]
    if not (again & named).any():
        return
    first = dict(zip(key[order[::-1]].tolist(), rows[order[::-1]].tolist(), strict=True))
    for i in np.flatnonzero(again & named).tolist():
        found.add(
            ProblemCode.DUPLICATE_ROW,
            message("schools.same_row", row=Row(first[int(key[i])])),
            row=int(rows[i]),
            column=table.school_column,
        )
