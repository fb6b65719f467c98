"""One row per school and stage: integrated schools are taken apart here, and units that do not count are set aside.

A school with several stages reports people by stage, but its rooms, grounds and equipment once. A standard says which
of these *shared* resources are divided, and by what weights: with A primary, B junior and C senior students and
weights 1 : 1.1 : 1.32 the primary section gets A / (A + 1.1 B + 1.32 C) of each. People are never divided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, TypeVar

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints, over_columns
from junheng._counties import Counties
from junheng._data import STAGES
from junheng._frames import Wholes, build_frame, dense_codes, row_codes
from junheng.errors import InputDataError, ProblemCode, Severity
from junheng.indicators import catalogue
from junheng.schools import ALL_STAGES, Reading, base_column, category_words, columns, parse_numbers, scale_of
from junheng.standards import Standard, load_standard
from junheng.standards.model import Split, Where

One = TypeVar("One")
Other = TypeVar("Other")

__all__ = ["Sections", "check_schools", "make_sections", "split_stages"]

#: The stages of each kind of school.
STAGES_OF_KIND: dict[str, tuple[str, ...]] = {
    "primary": ("primary",),
    "teaching_point": ("primary",),
    "junior": ("junior",),
    "nine_year": ("primary", "junior"),
    "twelve_year": ("primary", "junior", "senior"),
    "complete_secondary": ("junior", "senior"),
    "senior": ("senior",),
}
INTEGRATED = ("nine_year", "twelve_year", "complete_secondary")
#: Every kind of school, and why a section may not count; positions are the codes kept in arrays.
KINDS = category_words("kind")
LEFT_OUT = ("", "no_students", "not_included", "left_out_by_standard", "senior_stage")
#: Kinds that may stand in a return although they are of no stage that is judged.
_NO_STAGE = ("special", "vocational")


@frozen(eq=False)
class _Places:
    """Where each section comes from: its row of the table, its stage, and whether the row holds several stages."""

    rows: Ints
    stage: NDArray[np.int8]
    wide: NDArray[np.bool_]
    #: Whether sections are the rows of the table, one by one.
    in_order: bool

    def of(self, values: NDArray[Any]) -> NDArray[Any]:
        """Spread a column of the table over the sections; not to be written to."""
        return values if self.in_order else values[self.rows]


@frozen(eq=False, slots=False)
class Sections:
    """Every school and stage of a table, with what is needed to judge it.

    Attributes
    ----------
    reading : Reading
        The table it was made from.
    places : _Places
        Where each section comes from.
    counties : Counties
        Which belong to one county, and to one county and stage.
    rows : (sections,) int array
        Row of the table each section comes from.
    stage : (sections,) int8 array
        Stage, as a position in :data:`junheng.schools.ALL_STAGES`.
    school : (sections,) int array
        Which sections belong to one school (and year).
    students : (sections,) float array
        Enrolment of the section.
    share_top, share_bottom : (sections,) float arrays
        Part of a shared resource that belongs to the section, as a quotient of whole numbers, so that the product is
        rounded once; 1 where nothing is divided, NaN where it should be and the standard has no rule.
    divided : (sections,) bool array
        Whether the school's shared figures stand for the whole school.
    has_rule : (sections,) bool array
        Whether the standard says how to divide them.
    kinds : (sections,) int8 array
        Kind of the school, as its rows together show it: a position in :data:`KINDS`, -1 where that is not known.
    by_stage : tuple of frozenset or None
        What the words of the column ``resources_cover`` mean: which figures are the stage's own already.
    cover : (sections,) int array
        Word of that column for each section: a position in ``by_stage``, -1 for none.
    out : (sections,) int8 array
        Why a section does not count: a position in :data:`LEFT_OUT`, 0 where it counts.
    resources : tuple of str
        The shared columns that are looked at: those the standard divides.
    """

    reading: Reading
    places: _Places
    counties: Counties
    school: Ints
    students: Floats
    share_top: Floats
    share_bottom: Floats
    divided: NDArray[np.bool_]
    has_rule: NDArray[np.bool_]
    kinds: NDArray[np.int8]
    by_stage: tuple[frozenset[str] | None, ...]
    cover: NDArray[Any]
    out: NDArray[np.int8]
    resources: tuple[str, ...] = ()

    @cached_property
    def kind(self) -> NDArray[np.object_]:
        """Kind of the school of each section in words, None where it is not known."""
        return np.array([*KINDS, None], dtype=object)[self.kinds]

    @cached_property
    def left_out(self) -> NDArray[np.object_]:
        """Why each section does not count in words, None where it does."""
        return np.array([None, *LEFT_OUT[1:]], dtype=object)[self.out]

    @property
    def rows(self) -> Ints:
        """Row of the table each section comes from."""
        return self.places.rows

    @property
    def stage(self) -> NDArray[np.int8]:
        """Stage of each section."""
        return self.places.stage

    @property
    def wide(self) -> NDArray[np.bool_]:
        """Whether the row of a section holds several stages."""
        return self.places.wide

    @cached_property
    def of_stage(self) -> tuple[NDArray[np.bool_], ...]:
        """Where a section is of a stage, for each stage of compulsory education."""
        return tuple(self.stage == s for s in range(len(STAGES)))

    @cached_property
    def any_senior(self) -> bool:
        """Whether any section is of the senior stage."""
        return bool(self.stage.max(initial=0) >= len(STAGES))

    @cached_property
    def any_divided(self) -> bool:
        """Whether any school's figures are the whole school's."""
        return bool(self.divided.any())

    def part(self, at: Ints, reading: Reading, rows: Ints) -> Sections:
        """Return some of the sections, as of a smaller table that holds their ``rows``."""
        places = _Places(rows, self.stage[at], self.wide[at], in_order=False)
        counties = Counties.make(reading, rows, places.stage, self.out[at])
        arrays = ("school", "students", "share_top", "share_bottom", "divided", "has_rule", "kinds", "cover", "out")
        return attrs.evolve(
            self, reading=reading, places=places, counties=counties, **{n: getattr(self, n)[at] for n in arrays}
        )

    def of_rows(self, values: NDArray[Any]) -> NDArray[Any]:
        """Spread a column of the table over the sections; not to be written to."""
        return self.places.of(values)

    def number(self, name: str) -> Floats:
        """Return a column by section: by stage where it is given so, shared resources divided; not to be written to."""
        values, whole, shares = self.figures(name)
        if whole.size:
            values = values.copy()
            values[whole] = shares
        return values

    def figures(self, name: str) -> tuple[Floats, Ints, Floats]:
        """Return a column by section as it stands in the table, where it has to be divided, and what is due there.

        Not to be written to.
        """
        if not _is_shared(name):
            return _by_stage(self.reading, name, self.places), np.empty(0, dtype=np.int64), np.empty(0)
        base = self.reading.number(name)
        values = np.full(self.rows.size, np.nan) if base is None else self.of_rows(base)
        whole, top, bottom = self._to_divide(name)
        return values, whole, values[whole] * top / bottom

    def is_divided(self, name: str) -> NDArray[np.bool_]:
        """Return where the figure of a shared resource is the whole school's and has to be divided."""
        done = self._done(name)
        if not any(done) or not self.any_divided:
            return self.divided
        out: NDArray[np.bool_] = self._kept(("is_divided", done), lambda: self.divided & ~np.array(done)[self.cover])
        return out

    def _to_divide(self, name: str) -> tuple[Ints, Floats, Floats]:
        """Return the sections in which a shared resource has to be divided, and the parts of their shares."""

        def work_out() -> tuple[Ints, Floats, Floats]:
            whole = np.flatnonzero(self.is_divided(name))
            return whole, self.share_top[whole], self.share_bottom[whole]

        out: tuple[Ints, Floats, Floats] = self._kept(("whole", self._done(name)), work_out)
        return out

    def _done(self, name: str) -> tuple[bool, ...]:
        """Return which words of ``resources_cover`` say that a figure is the stage's own already."""
        return tuple(c is not None and name in c for c in (*self.by_stage, None))

    @cached_property
    def _memory(self) -> dict[Any, Any]:
        return {}

    def _kept(self, key: Any, work_out: Callable[[], Any]) -> Any:
        """Return what was worked out before: most resources are divided in the same sections."""
        if key not in self._memory:
            self._memory[key] = work_out()
        return self._memory[key]

    @property
    def divides_any(self) -> NDArray[np.bool_]:
        """Where any resource that the standard names has to be divided."""
        out = np.zeros(self.rows.size, dtype=bool)
        for name in self.resources:
            out |= self.is_divided(name)
        return out

    def was_divided(self, name: str) -> NDArray[np.bool_]:
        """Return where split_stages divided the figure of a resource before the table came here."""
        own = frozenset(c.id for c in columns().values() if c.shared)
        done = np.array([c is not None and name in c and c != own for c in (*self.by_stage, None)], dtype=bool)
        out: NDArray[np.bool_] = done[self.cover] if done.any() else np.zeros(self.rows.size, dtype=bool)
        return out

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Where a section is judged."""
        return np.asarray(self.out == 0)


def _stage_columns(reading: Reading, name: str) -> set[str]:
    return reading.has & {f"{name}_{s}" for s in ALL_STAGES}


def _is_shared(name: str) -> bool:
    found = base_column(name)
    return found is not None and found[0].shared


def _by_stage(reading: Reading, name: str, places: _Places) -> Floats:
    """Return people or classes of each section: the row's own figure, or the one with the stage in its name.

    Not to be written to.
    """
    base = reading.number(name)
    wide = places.wide.any()
    out = np.full(places.rows.size, np.nan) if base is None else places.of(base)
    if base is not None and not wide and (not _stage_columns(reading, name) or not np.isnan(np.sum(out))):
        return out  # every row has a figure of its own
    out = np.where(places.wide, np.nan, out)
    for code, word in enumerate(ALL_STAGES):
        own = reading.number(f"{name}_{word}")
        if own is not None:
            fill = (places.stage == code) & np.isnan(out)
            out[fill] = own[places.rows[fill]]
    return out


def make_sections(reading: Reading, standard: Standard | None) -> Sections:
    """Take the table apart into sections and record every problem on the way."""
    split = standard.split if standard is not None else None
    resources = tuple(split.resources) if split is not None else tuple(_shared_present(reading))
    # read first, whatever the rows hold: what is wrong in a column is said of every table alike, and in this order
    for name in ("students", *(f"students_{s}" for s in ALL_STAGES), *resources):
        reading.number(name)
    places, schools = _both(lambda: _expand(reading), lambda: _school_codes(reading), reading.rows)
    students = _by_stage(reading, "students", places)
    school = places.of(schools)

    def look() -> tuple[NDArray[Any], list[frozenset[str] | None], NDArray[np.int8]]:
        # all that has something to say of rows stays in this order
        _check_duplicates(reading, places, school)
        found = _covers(reading, places)
        _check_kinds(reading, places)
        return *found, _leave_out(reading, standard, places, students)

    (cover, lists, out), kinds = _both(look, lambda: _kinds(reading, places, school), reading.rows)

    def divide() -> tuple[NDArray[np.bool_], tuple[Floats, Floats, NDArray[np.bool_]]]:
        joint = _Joint.make(reading, places, school, students, kinds)
        divided = _find_divided(reading, joint, cover, lists, resources)
        return divided, _shares(split, joint, divided)

    rows = slice(None) if places.in_order else places.rows
    (divided, (top, bottom, has_rule)), counties = _both(
        divide, lambda: Counties.make(reading, rows, places.stage, out), reading.rows
    )
    return Sections(
        reading=reading,
        places=places,
        counties=counties,
        school=school,
        students=students,
        share_top=top,
        share_bottom=bottom,
        divided=divided,
        has_rule=has_rule,
        kinds=kinds,
        by_stage=tuple(lists),
        cover=cover,
        out=out,
        resources=resources,
    )


def _both(one: Callable[[], One], other: Callable[[], Other], rows: int) -> tuple[One, Other]:
    """Do two things, of a large table at once.

    Only ``one`` may record problems, so that their order is no luck: ``other`` looks at what has been read already.
    """
    tasks: list[Callable[[], Any]] = [one, other]
    first, second = over_columns(lambda task: task(), tasks, rows)
    return first, second


def _shares(split: Split | None, joint: _Joint, divided: NDArray[np.bool_]) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return the two parts of each section's share, and whether there is a rule."""
    n = divided.size
    top, bottom, has_rule = np.ones(n), np.ones(n), np.zeros(n, dtype=bool)
    top[np.flatnonzero(divided)] = np.nan  # a whole school's figure and no rule to divide it
    weights = np.zeros((len(ALL_STAGES), len(KINDS)))
    ruled = []
    for name in INTEGRATED:
        found = split.of_kind(name) if split is not None else None
        if found is not None:
            ruled.append(name)
            weights[:, KINDS.index(name)] = _whole_weights([found.weight(s) for s in ALL_STAGES])
    mine = np.flatnonzero(divided[joint.at] & _among(joint.kind, ruled)[joint.school])
    if not mine.size:
        return top, bottom, has_rule
    w = weights[:, joint.kind]
    parts = w * joint.enrolment
    # a stage without weight is not asked for; one with a weight spoils the sum where its enrolment is not known
    parts[w == 0] = 0.0
    sums = parts.sum(axis=0)
    sums[sums == 0] = np.nan
    parts[w == 0] = np.nan
    at = joint.at[mine]
    has_rule[at] = True
    top[at], bottom[at] = parts.reshape(-1)[joint.place[mine]], sums[joint.school[mine]]
    return top, bottom, has_rule


def _whole_weights(weights: Sequence[Any]) -> list[int]:
    """Bring weights such as 1 : 1.1 : 1.32 to whole numbers (100 : 110 : 132), which products keep exact."""
    digits = max((max(0, -int(w.as_tuple().exponent)) for w in weights if w is not None), default=0)
    return [0 if w is None else int(w.scaleb(digits)) for w in weights]


def _shared_present(reading: Reading) -> list[str]:
    return [c.id for c in columns().values() if c.shared and c.id in reading.has]


# ----------------------------------------------------------------------------------------- expanding


def _expand(reading: Reading) -> _Places:
    """Return where each section comes from, in the order of the table."""
    n = reading.rows
    positions = [ALL_STAGES.index(w) if w in ALL_STAGES else -1 for w in category_words("stage")]
    stage_of = np.array([*positions, -1], dtype=np.int8)[reading.category_codes("stage")]
    if (stage_of >= 0).all():
        # as most returns are: each row is of one stage
        places = _Places(np.arange(n), stage_of, np.zeros(n, dtype=bool), in_order=True)
        _check_wide(reading, places)
        return places
    kinds = reading.category_codes("kind")
    open_ = (stage_of < 0) & ~reading.is_total
    pieces = [
        (np.flatnonzero(stage_of >= 0), stage_of[stage_of >= 0], np.zeros(int((stage_of >= 0).sum()), dtype=bool))
    ]
    for kind, stages in STAGES_OF_KIND.items():
        at = np.flatnonzero(open_ & (kinds == KINDS.index(kind)))
        for word in stages:
            code = ALL_STAGES.index(word)
            pieces.append((at, np.full(at.size, code, dtype=np.int8), np.full(at.size, len(stages) > 1)))
    at = np.flatnonzero(open_ & _among(kinds, _NO_STAGE))
    pieces.append((at, np.zeros(at.size, dtype=np.int8), np.zeros(at.size, dtype=bool)))
    told = {p.row for p in reading.problems if p.column in ("stage", "kind") and p.row is not None}
    for row in np.flatnonzero(open_ & (kinds < 0)).tolist():
        if row not in told and reading.has & {"stage", "kind"}:
            reading.add(
                ProblemCode.MISSING_KEY,
                "neither the stage (小学 or 初中) nor the kind of school is given; fill in one of them",
                row=row,
                column="stage",
            )
    rows = np.concatenate([p[0] for p in pieces])
    stage = np.concatenate([p[1] for p in pieces])
    wide = np.concatenate([p[2] for p in pieces])
    order = np.lexsort((stage, rows))
    rows, stage, wide = rows[order], stage[order], wide[order]
    _check_wide(reading, _Places(rows, stage, wide, in_order=False))
    # a twelve-year or complete school in one row: its senior stage is only there to be weighed
    keep = ~(wide & (stage == ALL_STAGES.index("senior")))
    rows, stage, wide = rows[keep], stage[keep], wide[keep]
    # the row numbers rise or, for one row of several stages, stay: as many as there are rows are the rows themselves
    return _Places(rows, stage, wide, in_order=rows.size == n and not wide.any())


def _among(kinds: NDArray[np.int8], names: Iterable[str]) -> NDArray[np.bool_]:
    """Return where a kind is one of some."""
    out = np.zeros(kinds.size, dtype=bool)
    for name in names:  # bytes are compared so fast that looking them up in a table takes longer
        out |= kinds == KINDS.index(name)
    return out


def _check_wide(reading: Reading, places: _Places) -> None:
    """Record one-row schools of several stages whose enrolment by stage is missing or does not add up."""
    rows, stage, wide = places.rows, places.stage, places.wide
    total = reading.number("students")
    for code, word in enumerate(ALL_STAGES):
        own = reading.number(f"students_{word}")
        if own is None or total is None:
            continue
        mine = rows[~wide & (stage == code) & np.isfinite(places.of(own))]
        with np.errstate(invalid="ignore"):
            differ = np.isfinite(total[mine]) & (total[mine] != own[mine])
        for row in mine[differ].tolist():
            reading.add(
                ProblemCode.STAGE_ENROLMENT_MISMATCH,
                f"students says {total[row]:g} and students_{word} {own[row]:g} for one stage; correct one of them",
                row=row,
                column="students",
                value=repr(float(total[row])),
            )
    if not wide.any():
        return
    students = _by_stage(reading, "students", places)
    for i in np.flatnonzero(wide & np.isnan(students)).tolist():
        word = ALL_STAGES[int(stage[i])]
        reading.add(
            ProblemCode.MISSING_STAGE_ENROLMENT,
            f"a school of kind {reading.kind[rows[i]]} in one row needs its enrolment by stage; "
            f"give students_{word} (0 if it has none)",
            row=int(rows[i]),
            column=f"students_{word}",
        )
    if total is not None:
        sums = np.zeros(reading.rows)
        np.add.at(sums, rows[wide], students[wide])
        with np.errstate(invalid="ignore"):
            at = np.flatnonzero(np.isfinite(total) & np.isfinite(sums) & (total != sums))
        for row in np.intersect1d(at, rows[wide]).tolist():
            reading.add(
                ProblemCode.STAGE_ENROLMENT_MISMATCH,
                f"the stages have {sums[row]:g} students in all, the school {total[row]:g}; correct one of them",
                row=row,
                column="students",
                value=repr(float(total[row])),
            )


def _school_codes(reading: Reading) -> Ints:
    """Return a number a row for each school, year and place."""
    names = [
        n for n in dict.fromkeys([*reading.by, "county", "county_code", reading.school_column]) if n in reading.has
    ]
    inner = reading.school_column
    if inner in names and inner not in reading.by:
        found = reading.neighbours([n for n in names if n != inner], inner)
        if found is not None:
            return found
    if not names:
        return np.arange(reading.rows)
    return row_codes([(codes, len(words)) for codes, words in map(reading.codes, names)])


def _check_kinds(reading: Reading, places: _Places) -> None:
    """Point at rows whose stage is none of their kind of school: attached classes, or a slip."""
    stage, kinds = places.stage, places.of(reading.category_codes("kind"))
    odd = np.zeros(kinds.size, dtype=bool)
    for code, word in enumerate(ALL_STAGES):
        others = [name for name, stages in STAGES_OF_KIND.items() if word not in stages]
        odd |= (stage == code) & _among(kinds, others)
    found = np.flatnonzero(odd)
    for name in STAGES_OF_KIND:
        for i in found[kinds[found] == KINDS.index(name)].tolist():
            reading.add(
                ProblemCode.STAGE_NOT_OF_KIND,
                f"a school of kind {name} has no {ALL_STAGES[int(stage[i])]} stage of its own; judged as that stage. "
                "Attached classes? Else correct the kind or the stage",
                row=int(places.rows[i]),
                column="stage",
                severity=Severity.WARNING,
            )


def _kinds(reading: Reading, places: _Places, school: Ints) -> NDArray[np.int8]:
    """Return the kind of each section's school; one that has rows of several stages is integrated, whatever it says.

    So a nine-year school whose kind was left out, or classes of another stage attached to a school, are not counted
    with the whole school's resources on every stage.
    """
    stage, kinds = places.stage, places.of(reading.category_codes("kind"))
    if not kinds.size:
        return kinds
    n_schools = int(school.max()) + 1
    # the stages of each school: four bytes that are 1 or 0, of which the last is always 0
    stages = np.zeros(4 * n_schools, dtype=bool)
    stages[4 * school + stage] = True
    for code, word in enumerate(ALL_STAGES):
        enrolled = reading.number(f"students_{word}")
        if enrolled is not None:
            with np.errstate(invalid="ignore"):
                stages[4 * school[np.flatnonzero(places.of(enrolled) > 0)] + code] = True
    packed = stages.view(np.uint32)
    several = packed & (packed - np.uint32(1)) != 0  # more than one byte is set
    # said on one row of a school, it holds for all of them; the first of INTEGRATED wins
    said = np.full(n_schools, -1, dtype=np.int8)
    for name in reversed(INTEGRATED):
        said[school[np.flatnonzero(kinds == KINDS.index(name))]] = KINDS.index(name)
    by_stages = np.full(1 << len(ALL_STAGES), -1, dtype=np.int8)
    for name in INTEGRATED:
        by_stages[sum(1 << ALL_STAGES.index(s) for s in STAGES_OF_KIND[name])] = KINDS.index(name)
    open_ = np.flatnonzero(several & (said < 0))
    said[open_] = by_stages[stages.reshape(n_schools, 4)[open_, : len(ALL_STAGES)] @ (1 << np.arange(len(ALL_STAGES)))]
    own = said[school]
    at = np.flatnonzero(own >= 0)
    kinds = kinds.copy()
    kinds[at] = own[at]
    return kinds


def _check_duplicates(reading: Reading, places: _Places, school: Ints) -> None:
    rows = places.rows
    key = school * len(ALL_STAGES) + places.stage
    if (key[1:] > key[:-1]).all():
        return  # rows stand school by school and stage by stage, each once
    seen = np.zeros(int(key.max()) + 1, dtype=bool)
    seen[key] = True
    if np.count_nonzero(seen) == key.size:
        return
    named = np.ones(rows.size, dtype=bool)
    if reading.school_column in reading.has:
        named = reading.codes(reading.school_column)[0][rows] >= 0
    order = np.argsort(key, kind="stable")
    again = np.zeros(rows.size, dtype=bool)
    again[order[1:]] = key[order[1:]] == key[order[:-1]]
    if not (again & named).any():
        return
    first = dict(zip(key[order[::-1]].tolist(), rows[order[::-1]].tolist(), strict=True))
    for i in np.flatnonzero(again & named).tolist():
        reading.add(
            ProblemCode.DUPLICATE_ROW,
            f"the same school, stage and year as row {first[int(key[i])]}; keep one row, or correct the name, "
            "code or year of the other",
            row=int(rows[i]),
            column=reading.school_column,
        )


# ------------------------------------------------------------------------------------------ dividing


def _covers(reading: Reading, places: _Places) -> tuple[NDArray[Any], list[frozenset[str] | None]]:
    """Return what the column ``resources_cover`` says of each section: -1 nothing, else a position in the list.

    The list holds the shared columns that are the stage's own figures: all of them for ``stage``, none for ``school``.
    """
    if "resources_cover" not in reading.has:
        return np.full(places.rows.size, -1, dtype=np.int8), []
    codes, words = reading.codes("resources_cover")
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
                reading.add(
                    ProblemCode.UNKNOWN_CATEGORY,
                    f"{text!r} is neither 'stage' (the figures are the stage's own) nor 'school' (the whole school's)",
                    row=row,
                    column="resources_cover",
                    value=text,
                )
    return places.of(codes), lists


@frozen(eq=False)
class _Joint:
    """The sections of integrated schools, and what all rows of such a school say together.

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
    def make(cls, reading: Reading, places: _Places, school: Ints, students: Floats, kinds: NDArray[np.int8]) -> _Joint:
        """Collect the enrolment of integrated schools, and record rows that contradict each other."""
        at = np.flatnonzero(_among(kinds, INTEGRATED))
        rows, own_school = places.rows[at], dense_codes(school[at])
        n = int(own_school.max(initial=-1)) + 1
        kind = np.empty(n, dtype=np.int8)
        kind[own_school] = kinds[at]  # the same on all its rows
        place = places.stage[at] * np.int64(n) + own_school
        enrolment = np.full((len(ALL_STAGES), n), np.nan)
        # every row of a school may say how many students each of its stages has; all must say the same
        said = [(place, students[at])]
        for code, word in enumerate(ALL_STAGES):
            own = reading.number(f"students_{word}")
            if own is not None:
                said.append((code * n + own_school, own[rows]))
        told: set[int] = set()
        flat = enrolment.reshape(-1)
        for where, x in said:
            given = np.flatnonzero(np.isfinite(x))
            where, x, own_rows = (where, x, rows) if given.size == x.size else (where[given], x[given], rows[given])
            before = flat[where]
            first = np.flatnonzero(np.isnan(before))
            flat[where[first]] = x[first]
            for j in np.flatnonzero(x != flat[where]).tolist():
                stage, which = divmod(int(where[j]), n)
                if which in told:
                    continue
                told.add(which)
                word = ALL_STAGES[stage]
                reading.add(
                    ProblemCode.STAGE_ENROLMENT_MISMATCH,
                    f"the rows of this school give its {word} stage {flat[where[j]]:g} and {x[j]:g} students; "
                    "correct one of them",
                    row=int(own_rows[j]),
                    column=f"students_{word}",
                    value=repr(float(x[j])),
                )
        return cls(at, rows, places.wide[at], own_school, place, kind, enrolment)


def _find_divided(
    reading: Reading,
    joint: _Joint,
    cover: NDArray[Any],
    lists: Sequence[frozenset[str] | None],
    resources: Iterable[str],
) -> NDArray[np.bool_]:
    """Return which sections carry a whole school's figures."""
    divided = np.zeros(cover.size, dtype=bool)
    if not joint.at.size:
        return divided
    which = cover[joint.at]
    listed = which >= 0
    inferred = not listed.all()
    if inferred:
        repeated, differ = _compare_rows(reading, joint, resources)
        own = joint.wide | repeated[joint.school] | ~(differ[joint.school]) | listed
    else:
        own = np.ones(which.size, dtype=bool)  # what the table itself says comes first
    everything = frozenset(c.id for c in columns().values() if c.shared)
    own[np.array([*(c == everything for c in lists), False])[which]] = False
    # nothing that this standard divides is left to be divided: the other stages need not be known
    done = np.array([*(c is not None and set(resources) <= c for c in lists), False])[which]
    _check_enrolment(reading, joint, own & ~done, resources)
    if inferred:
        _tell_inferred(reading, joint, repeated, differ, listed)
    divided[joint.at[own]] = True
    return divided


def _compare_rows(
    reading: Reading, joint: _Joint, resources: Iterable[str]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return of each school in several rows whether its shared figures are repeated, or differ from row to row."""
    rows, group, n_groups = joint.rows, joint.school, joint.kind.size
    several = np.bincount(group[~joint.wide], minlength=n_groups) > 1
    compared = np.zeros(n_groups, dtype=bool)
    unequal = np.zeros(n_groups, dtype=bool)
    for name in resources:
        values = reading.number(name)
        if values is None:
            continue
        # a gap says nothing: only figures that are there can agree or differ
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


def _check_enrolment(reading: Reading, joint: _Joint, divided: NDArray[np.bool_], resources: Iterable[str]) -> None:
    """Record schools whose figures have to be divided but whose enrolment of another stage is nowhere."""
    if not any(r in reading.has for r in resources):
        return
    told: set[int] = set()
    for name in INTEGRATED:
        needed = [ALL_STAGES.index(s) for s in STAGES_OF_KIND[name]]
        lacking = np.isnan(joint.enrolment[needed]).any(axis=0) & (joint.kind == KINDS.index(name))
        if not lacking.any():
            continue
        for j in np.flatnonzero(lacking[joint.school] & divided & ~joint.wide).tolist():
            school = int(joint.school[j])
            if school in told:
                continue
            told.add(school)
            words = [ALL_STAGES[s] for s in needed if np.isnan(joint.enrolment[s, school])]
            asked = " and ".join(f"students_{w}" for w in words)
            reading.add(
                ProblemCode.MISSING_STAGE_ENROLMENT,
                f"a school of kind {name} shares its rooms and equipment between stages, but the enrolment of "
                f"{' and '.join(words)} is not given; add that stage's row or give {asked} (0 if it has none). "
                "If the figures are this stage's own, write 'stage' in a column resources_cover",
                row=int(joint.rows[j]),
                column=f"students_{words[0]}",
            )


def _tell_inferred(
    reading: Reading,
    joint: _Joint,
    repeated: NDArray[np.bool_],
    differ: NDArray[np.bool_],
    listed: NDArray[np.bool_],
) -> None:
    """Say how a school in several rows was read where the table does not say it."""
    group, rows = joint.school, joint.rows
    first = np.zeros(group.size, dtype=bool)
    place = np.empty(joint.kind.size, dtype=np.int64)
    place[group[::-1]] = np.arange(group.size - 1, -1, -1)  # what is written last stays: the first of each
    first[place] = True
    for j in np.flatnonzero(first & ~listed & ~joint.wide & (repeated | differ)[group]).tolist():
        if repeated[group[j]]:
            reading.add(
                ProblemCode.RESOURCES_REPEATED,
                "the same rooms and equipment stand on each stage of this school: taken as the whole school's and "
                "divided. If they are each stage's own, write 'stage' in a column resources_cover",
                row=int(rows[j]),
                severity=Severity.WARNING,
            )
        else:
            reading.add(
                ProblemCode.RESOURCES_DIFFER,
                "rooms and equipment differ between the stages of this school: taken as each stage's own and not "
                "divided. If they are the whole school's, write 'school' in a column resources_cover",
                row=int(rows[j]),
                severity=Severity.WARNING,
            )


# ---------------------------------------------------------------------------------------- leaving out


def _position(word: str, words: Sequence[str]) -> int:
    return words.index(word) if word in words else -2  # a word that no row can have


def _leave_out(reading: Reading, standard: Standard | None, places: _Places, students: Floats) -> NDArray[np.int8]:
    """Return why each section does not count: positions in LEFT_OUT."""
    no_students, not_included, by_standard, senior = (np.int8(i) for i in range(1, len(LEFT_OUT)))
    rows, stage = places.rows, places.stage
    kinds = places.of(reading.category_codes("kind"))
    included = places.of(reading.flag_codes("included"))
    out = np.zeros(rows.size, dtype=np.int8)
    out[np.flatnonzero(students == 0)] = no_students
    out[np.flatnonzero(included == 0)] = not_included
    for rule in standard.inclusion if standard is not None else ():
        at = np.ones(rows.size, dtype=bool)
        if rule.kind is not None:
            at &= kinds == _position(rule.kind, KINDS)
        if rule.ownership is not None:
            at &= places.of(reading.category_codes("ownership")) == _position(
                rule.ownership, category_words("ownership")
            )
        if rule.students_below is not None:
            with np.errstate(invalid="ignore"):
                at &= students < rule.students_below
        if rule.decision == "out":
            out[np.flatnonzero(at & (out != no_students))] = by_standard
            continue
        what = rule.kind or rule.ownership
        for i in np.flatnonzero(at & (included < 0)).tolist():
            reading.add(
                ProblemCode.INCLUSION_UNDECIDED,
                f"{standard.id if standard else ''} was not found to say whether units of this sort ({what}) count; "
                "write 是 or 否 in a column 'included'",
                row=int(rows[i]),
                column="included",
            )
    out[np.flatnonzero(stage == ALL_STAGES.index("senior"))] = senior
    if standard is not None:
        out[np.flatnonzero((kinds == KINDS.index("senior")) & (out == 0))] = senior
        ruled = {r.kind for r in standard.inclusion}
        for i in np.flatnonzero(_among(kinds, _NO_STAGE) & (out == 0) & (included < 0)).tolist():
            kind = KINDS[kinds[i]]
            if kind not in ruled:
                reading.add(
                    ProblemCode.INCLUSION_UNDECIDED,
                    f"{standard.id} names no rule for schools of kind {kind}; write 是 or 否 in a column 'included'",
                    row=int(rows[i]),
                    column="included",
                )
    return out


# --------------------------------------------------------------------------------------------- public


def _as_standard(standard: Any) -> Standard:
    return standard if isinstance(standard, Standard) else load_standard(standard)


def split_stages(schools: Any, standard: Any) -> Any:
    r"""Take integrated schools apart: one row per school and stage, shared resources divided as a standard says.

    With :math:`A, B, C` students of the primary, junior and senior stage and weights 1 : 1.1 : 1.32 the primary
    section of a twelve-year school gets

    .. math:: \frac{A}{A + 1.1 B + 1.32 C}

    of each shared resource; nine-year schools have 1 : 1.1, complete secondary schools 1 : 1.2 (junior : senior).

    Parameters
    ----------
    schools : pandas, polars or pyarrow frame
        Canonical columns. An integrated school stands either in one row, with ``students_primary``,
        ``students_junior``, ``students_senior`` (and other people by stage) beside its shared resources, or in one
        row a stage. In the latter case equal figures on every row are the whole school's and divided; unequal ones
        are each stage's own. A column ``resources_cover`` (``school`` or ``stage``) says it outright.
    standard : Standard, str or path
        Names the resources that are divided, and the weights. What it does not name is left as it is.

    Returns
    -------
    frame of the same library
        One row per school and compulsory stage, in the order of the table. Senior rows are not part of it.
        ``resources_cover`` tells which figures are now the stage's own, so that splitting again changes nothing.
        A share of an unknown enrolment is missing.

    Raises
    ------
    InputDataError
        When a school's enrolment by stage is missing, or the table is otherwise unusable; every problem is listed.

    References
    ----------
    测算均衡系数拆分公式 (2015), with 教督〔2012〕3号 (five resources) and 教督〔2017〕6号 (four).

    Examples
    --------
    >>> import pandas as pd, junheng as jh
    >>> schools = pd.DataFrame({"county": ["A"], "school": ["九年一贯制学校"], "kind": ["nine_year"],
    ...                         "students_primary": [166], "students_junior": [210], "books": [23226]})
    >>> jh.split_stages(schools, "cn-basic-balance-2012")[["stage", "students", "books"]].round(2).values.tolist()
    [['primary', 166.0, 9711.63], ['junior', 210.0, 13514.37]]
    """
    std = _as_standard(standard)
    reading = Reading(schools)
    # which units count is asked when they are judged; splitting takes every school
    sections = make_sections(reading, attrs.evolve(std, inclusion=()))
    named = [r for r in sections.resources if r in reading.has]
    for name in named:
        reading.number(name)
    if reading.errors:
        raise InputDataError(reading.problems)
    keep = np.flatnonzero(sections.stage < len(STAGES))
    table = reading.table.take(sections.rows[keep])
    new: dict[str, Any] = {"stage": [STAGES[s] for s in sections.stage[keep].tolist()]}
    for name in dict.fromkeys(_people(reading)):
        values, before = sections.number(name)[keep], reading.number(name)
        if before is None or not np.array_equal(values, before[sections.rows[keep]], equal_nan=True):
            new[name] = values
    # a school that the standard has no rule for stays as it is
    split_now = [name for name in named if (sections.is_divided(name) & sections.has_rule)[keep].any()]
    for name in split_now:
        base = reading.number(name)
        assert base is not None
        new[name] = np.where(sections.has_rule, sections.number(name), base[sections.rows])[keep]
    if split_now:
        new["resources_cover"] = _new_cover(sections, keep, named)
    # the senior enrolment stays: another standard may divide what this one left whole
    by_stage = [c for c in reading.table.columns if (f := base_column(c)) is not None and f[1] in STAGES]
    return table.with_columns(new).without(by_stage).to_native()


def _people(reading: Reading) -> list[str]:
    out = []
    for name in reading.table.columns:
        found = base_column(name)
        if found is not None and found[0].type == "number" and not found[0].shared:
            out.append(found[0].id)
    return out


def _new_cover(sections: Sections, keep: Ints, named: Sequence[str]) -> list[str | None]:
    lists = sections.by_stage
    old = sections.cover[keep].tolist()
    out: list[str | None] = []
    has_column = "resources_cover" in sections.reading.has
    words = sections.reading.codes("resources_cover")[1] if has_column else ()
    for code, divided, rule in zip(old, sections.divided[keep].tolist(), sections.has_rule[keep].tolist(), strict=True):
        before = lists[code] if code >= 0 else None
        if divided and rule:
            out.append(" ".join(sorted({*(before or ()), *named})))
        elif divided:
            out.append(words[code] if code >= 0 else "school")
        else:
            out.append("stage")
    return out


def check_schools(schools: Any, standard: Any = None) -> Any:
    """List every problem of a table of schools; nothing is raised and nothing is changed.

    Parameters
    ----------
    schools : pandas, polars or pyarrow frame
        Canonical columns; see :func:`junheng.standardize_columns`.
    standard : Standard, str or path, optional
        Also check for the columns and decisions this standard needs.

    Returns
    -------
    frame of the same library
        One row a problem: ``code`` (stable), ``severity`` (``error`` stops an evaluation, ``warning`` does not),
        ``column``, ``row`` (position, counting from 0), ``key`` (the row in words), ``value``, ``message`` (what is
        wrong and what to do).

    Raises
    ------
    InputError
        When ``schools`` is no frame.

    Examples
    --------
    >>> import pandas as pd, junheng as jh
    >>> schools = pd.DataFrame({"county": ["A", "A"], "school": ["一小", "合计"], "stage": ["primary", None],
    ...                         "students": ["５００", "500"]})
    >>> jh.check_schools(schools)[["code", "row"]].values.tolist()
    [['text_in_number', 0], ['total_row', 1]]
    """
    reading = Reading(schools)
    std = _as_standard(standard) if standard is not None else None
    if std is not None:
        for name in needed_columns(std):
            reading.require(name)
    check_all(reading, std)
    for name in reading.table.columns:
        _read_any(reading, name)
    if std is not None:
        check_for_standard(reading, std)
    return problems_frame(reading)


def check_for_standard(reading: Reading, standard: Standard) -> None:
    """Record what only this standard minds: years it was not in force, and columns that only its items read."""
    _check_force(reading, standard)
    _read_item_columns(reading, standard)


def _check_force(reading: Reading, standard: Standard) -> None:
    """Say which years of the table the standard was not in force."""
    if "year" not in reading.has:
        return
    years = parse_numbers(np.array(list(reading.codes("year")[1]), dtype=object))[0]
    first, last = (None if d is None else int(d[:4]) for d in (standard.effective_from, standard.effective_to))
    for year in np.unique(years[np.isfinite(years)]).tolist():
        if (first is not None and year < first) or (last is not None and year > last):
            until = f" to {standard.effective_to}" if last is not None else ""
            reading.add(
                ProblemCode.NOT_IN_FORCE,
                f"{standard.id} was in force from {standard.effective_from}{until}, not in {year:g}; "
                "judged all the same",
                column="year",
                value=f"{year:g}",
                severity=Severity.WARNING,
            )


def _read_item_columns(reading: Reading, standard: Standard) -> None:
    """Read the columns of schools that items rest on, so that their problems are known before anything is judged."""
    for name in reading.table.columns:
        if name.startswith("grade_b") or name == "conditions_grade":
            reading.category_codes(name)
    listed = {(p.code, p.column, p.row) for p in reading.problems}
    names = item_columns(standard)
    for name in names:
        _read_any(reading, name)
    before = len(reading.problems)
    reading.check_parts(set(names))
    # of columns that were looked at before, what was said of them is not said twice
    reading.problems[before:] = [p for p in reading.problems[before:] if (p.code, p.column, p.row) not in listed]


def item_columns(standard: Standard) -> list[str]:
    """Return the columns of schools that items rest on, those by stage too."""
    names: dict[str, None] = {}
    for item in standard.items:
        for condition in item.conditions:
            for test in condition.tests:
                if test.scope != "county":
                    for some in (test.top, test.top_minus, test.bottom, test.bottom_minus, test.than):
                        names.update(dict.fromkeys(some))
                if test.where is not None:
                    names.update(dict.fromkeys(_columns_of(test.where)))
    for threshold in standard.thresholds:
        for other in threshold.instead:
            names.update(dict.fromkeys(_columns_of(other.where)))
    return [full for name in names for full in (name, *(f"{name}_{s}" for s in STAGES))]


def _columns_of(where: Where) -> list[str]:
    """Return the columns that tell which units a rule is about."""
    out: list[str] = [*where.flags, *where.not_flags]
    out += ["area_type"] if where.area_types else []
    out += ["classes"] if where.classes_below is not None else []
    out += ["largest_class"] if where.largest_class_below is not None else []
    out += ["built_year"] if where.built_by is not None else []
    out += ["migrant_students"] if where.migrant_share_over is not None else []
    return out


def _read_any(reading: Reading, name: str) -> None:
    """Read a column of the vocabulary, so that what is wrong in it is recorded."""
    found = base_column(name)
    if found is None or name not in reading.has:
        return
    if found[0].type == "number":
        reading.number(name)
    elif found[0].type == "category":
        reading.category_codes(name)
    elif found[0].type == "flag":
        reading.flag_codes(name)


def needed_columns(standard: Standard) -> tuple[str, ...]:
    """Return the number columns a standard cannot be judged without."""
    out: dict[str, None] = {"students": None}
    for id_ in standard.indicators:
        out.update(dict.fromkeys(catalogue()[id_].columns))
    if any(t.classes for t in standard.thresholds):
        out["classes"] = None
    return tuple(out)


def check_all(reading: Reading, standard: Standard | None, only: Iterable[str] | None = None) -> Sections:
    """Read every number (or ``only`` those columns) and record every problem."""
    sections = make_sections(reading, standard)
    wanted = None if only is None else set(only)
    for name in reading.table.columns:
        found = base_column(name)
        if found is None or found[0].type != "number" or (wanted is not None and found[0].id not in wanted):
            continue
        values = reading.number(name)
        if values is not None and found[1] is None and not found[0].shared and name != "students":
            _check_people(reading, sections, name, values)
    reading.check_parts(wanted)
    reading.problems += scale_of(reading.number, wanted)
    for i in np.flatnonzero(sections.out == LEFT_OUT.index("no_students")).tolist():
        reading.add(
            ProblemCode.NO_STUDENTS,
            "there are no students: per-student figures do not exist, and the unit does not count",
            row=int(sections.rows[i]),
            column="students",
            severity=Severity.WARNING,
        )
    if reading.has & {"students", *(f"students_{s}" for s in STAGES)}:
        gaps = np.isnan(sections.students) & sections.counted & ~sections.wide
        told = {p.row for p in reading.errors if p.column and p.column.startswith("students")}
        for i in (i for i in np.flatnonzero(gaps).tolist() if int(sections.rows[i]) not in told):
            reading.add(
                ProblemCode.MISSING_VALUE,
                "the enrolment is not known: nothing can be said of this school or of its county; fill it in",
                row=int(sections.rows[i]),
                column="students",
                severity=Severity.WARNING,
            )
    return sections


def _check_people(reading: Reading, sections: Sections, name: str, values: Floats) -> None:
    """Say where people of a one-row school of several stages are given in all, but not by stage."""
    if not sections.wide.any():
        return
    lost = sections.wide & np.isfinite(values[sections.rows]) & np.isnan(sections.number(name))
    for i in np.flatnonzero(lost).tolist():
        word = STAGES[int(sections.stage[i])]
        reading.add(
            ProblemCode.MISSING_VALUE,
            f"people are never split between stages: {values[sections.rows[i]]:g} in all cannot be used; "
            f"give {name}_{word}",
            row=int(sections.rows[i]),
            column=f"{name}_{word}",
            severity=Severity.WARNING,
        )


def problems_frame(reading: Reading) -> Any:
    """Return the problems as a frame, table first, then row by row."""
    ordered = sorted(reading.problems, key=lambda p: -1 if p.row is None else p.row)
    dicts = [p.to_dict() for p in ordered]
    columns_: dict[str, Any] = {
        name: [d[name] for d in dicts] for name in ("code", "severity", "column", "row", "key", "value", "message")
    }
    columns_["row"] = Wholes(columns_["row"])
    return build_frame(columns_, reading.table.backend)
