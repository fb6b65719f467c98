"""How each kind of manipulation is planted in an opened table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from attrs import evolve, field, frozen

from junheng._frames import Wholes
from junheng.errors import InputDataError, InputError
from junheng.indicators.catalog import indicator
from junheng.schools.opening import open_table
from junheng.schools.places import is_shared
from junheng.schools.problems import ProblemList
from junheng.schools.sections import Sections, make_sections
from junheng.schools.vocabulary import columns as known_columns
from junheng.standards import load_standard
from junheng.synthetic.heaping import STAFF
from junheng.synthetic.schools import Array
from junheng.words import message

STANDARD = "cn-quality-balance-2017"
_STAGES = ("primary", "junior")
#: Resources of a whole school that can be copied, rounded, or slip in unit.
AMOUNTS = ("teaching_area_m2", "sports_area_m2", "equipment_value_cny", "computers", "books")
MANY_DIGITS = ("teaching_area_m2", "sports_area_m2", "equipment_value_cny", "books")
_FACTORS = (10.0, 100.0, 1000.0, 10_000.0, 0.1, 0.01, 0.001, 0.0001)
#: A square metre in 亩.
_MU = 3 / 2000
_KEY = ("county", "school", "stage")


@frozen(eq=False)
class Opened:
    """A table with its sections of compulsory education, to be changed figure by figure."""

    sections: Sections
    #: The sections of the last year that have students.
    now: Array
    county: Array
    cells: list[tuple[str, str, Array, Array, Array]] = field(factory=list)
    figures: dict[str, Array] = field(factory=dict)

    @classmethod
    def open(cls, schools: Any) -> Opened:
        """Open a table; raise if it has errors."""
        table = open_table(schools)
        found = ProblemList(table)
        sections = make_sections(table, load_standard(STANDARD), found)
        if found.errors:
            raise InputDataError(found.listed)
        year = table.number("year")
        last = np.ones(sections.rows.size, bool) if year is None else year[sections.rows] == np.nanmax(year)
        now = last & (sections.students > 0) & (sections.stage < len(_STAGES))
        opened = cls(sections, now, np.empty(0))
        return evolve(opened, county=opened.of_sections("county"))

    def number(self, name: str) -> Array:
        """Return a column by row, as planted so far."""
        if name not in self.figures:
            column = self.sections.schools.number(name)
            if column is None:
                raise InputError(message("synthetic.no_column", column=name))
            self.figures[name] = np.array(column, dtype=np.float64)
        return self.figures[name]

    def codes(self, name: str) -> tuple[Array, Sequence[Any]]:
        """Return a key by row, its code where there is no name; -1 where there is neither."""
        for column in (name, f"{name}_code"):
            if self.has(column):
                return self.sections.schools.codes(column)
        return np.full(self.sections.schools.rows, -1), []

    def of_sections(self, name: str) -> Array:
        """Return a key by section."""
        return self.codes(name)[0][self.sections.rows].astype(np.int64)

    def has(self, name: str) -> bool:
        """Return whether the table has a column."""
        return name in self.sections.schools.has

    def plant(self, kind: str, name: str, rows: Array, after: Array) -> None:
        """Write figures into cells and note them; cells that are missing or stay the same are left alone."""
        column = self.number(name)
        rows, first = np.unique(rows, return_index=True)  # a row with several stages is one cell
        after = after[first]
        differ = np.isfinite(column[rows]) & np.isfinite(after) & (column[rows] != after)
        rows, after = rows[differ], after[differ]
        self.cells.append((kind, name, rows, column[rows], after))
        column[rows] = after

    def rows_of(self, schools: Array) -> Iterator[Array]:
        """Return the rows of each of some schools."""
        order = np.argsort(self.sections.school, kind="stable")
        start = np.searchsorted(self.sections.school[order], schools)
        end = np.searchsorted(self.sections.school[order], schools, side="right")
        for i, j in zip(start.tolist(), end.tolist(), strict=True):
            yield self.sections.rows[order[i:j]]

    def changed(self) -> dict[str, Array]:
        """Return the changed columns; counts are whole numbers still where they were."""
        names = dict.fromkeys(name for _, name, rows, _, _ in self.cells if rows.size)
        frame = self.sections.schools.frame
        return {n: self.figures[n].astype(np.int64) if frame.is_whole(n) else self.figures[n] for n in names}

    def planted(self) -> dict[str, Any]:
        """Return the columns of the list of what was planted."""
        rows = np.concatenate([np.empty(0, dtype=np.int64), *(c[2] for c in self.cells)])
        table, out = self.sections.schools, dict[str, Any]()
        for name in _KEY:
            codes, words = self.codes(name)
            out[name] = np.array([*words, None], dtype=object)[codes[rows]]
        year = table.number("year")
        out["year"] = Wholes([None if year is None else int(year[row]) for row in rows.tolist()])
        for i, name in enumerate(("kind", "columns")):
            out[name] = np.repeat(np.array([c[i] for c in self.cells], dtype=object), [c[2].size for c in self.cells])
        for i, name in ((3, "before"), (4, "after")):
            out[name] = np.concatenate([np.empty(0), *(c[i] for c in self.cells)])
        return out


def _lift(
    rng: np.random.Generator,
    table: Opened,
    *,
    indicators: Sequence[str] | None = None,
    excess: tuple[float, float] = (0.0, 0.02),
    schools: int | None = None,
) -> None:
    """Lift schools below a threshold to just above it."""
    standard, sections = load_standard(STANDARD), table.sections
    for name in indicators or dict.fromkeys(t.indicator for t in standard.thresholds):
        column, scale = indicator(name).numerator, indicator(name).scale
        u = rng.uniform(*excess, sections.rows.size)
        lottery = rng.random(sections.rows.size)
        if not table.has(column):
            continue
        threshold = np.array([float(standard.threshold(name, stage=s).value or np.nan) for s in _STAGES] + [np.nan] * 2)
        divided = sections.is_divided(column) & is_shared(column)
        share = np.where(divided, sections.share_top / sections.share_bottom, 1.0)
        needed = threshold[sections.stage] * sections.students / scale / share
        counts = table.now & sections.counted & np.isfinite(needed)
        unit = sections.school if is_shared(column) else np.arange(sections.rows.size)
        most = np.zeros(sections.rows.size)
        np.maximum.at(most, unit[counts], needed[counts])  # of an integrated school: what its worst stage needs
        amount = table.number(column)[sections.rows]
        after = np.ceil(most[unit] * (1 + u[unit]) - 1e-9)
        lifted = table.now & (most[unit] > 0) & (amount < most[unit])
        whole = known_columns()[column].part_of
        if whole is not None and table.has(whole):
            lifted &= after <= table.number(whole)[sections.rows]
        chosen = _choose(lottery, table.county, unit, lifted, schools)
        table.plant("lifted", column, sections.rows[chosen], after[chosen])


def _choose(lottery: Array, county: Array, unit: Array, may: Array, most: int | None) -> Array:
    """Return the sections of at most so many units (schools) in each county, of those that may be chosen."""
    at = np.flatnonzero(may)
    if most is None:
        return at
    first = at[np.unique(unit[at], return_index=True)[1]]  # a section of each unit
    order = first[np.lexsort((lottery[first], county[first]))]
    place = np.arange(order.size) - np.searchsorted(county[order], county[order])
    return at[np.isin(unit[at], unit[order[place < most]])]


def _some_schools(rng: np.random.Generator, table: Opened, may: Array, most: int | None) -> Array:
    """Return some schools of each county, as numbers."""
    lottery = rng.random(table.now.size)
    chosen = _choose(lottery, table.county, table.sections.school, may, most)
    return np.unique(table.sections.school[chosen])


def _complete(table: Opened, columns: Iterable[str]) -> Array:
    """Return the sections of the year in which all figures are there."""
    out = table.now.copy()
    for name in columns:
        out &= table.number(name)[table.sections.rows] > 0
    return out


def _copy(
    rng: np.random.Generator, table: Opened, *, columns: Sequence[str] = MANY_DIGITS, schools: int | None = 1
) -> None:
    """Let schools take the figures of the school of their county that is nearest in students."""
    sections = table.sections
    may = _complete(table, columns)
    chosen = _some_schools(rng, table, may, schools)
    for name in columns:  # round figures may be equal by chance: only those of many digits are copied
        may = may & _has_digits(table.number(name)[sections.rows], 3)
    students = np.bincount(sections.school, weights=np.nan_to_num(sections.students))
    first = np.full(students.size, -1)
    first[sections.school[may][::-1]] = np.flatnonzero(may)[::-1]
    everybody = np.flatnonzero(first >= 0)
    own_county = np.full(students.size, -1)
    own_county[sections.school] = table.county
    county = own_county[everybody]
    order = np.argsort(county, kind="stable")
    everybody, county = everybody[order], county[order]
    for school, rows in zip(chosen.tolist(), table.rows_of(chosen), strict=True):
        start, end = np.searchsorted(county, [own_county[school], own_county[school] + 1])
        others = np.setdiff1d(everybody[start:end], chosen)
        if others.size:
            source = sections.rows[first[others[np.argmin(np.abs(students[others] - students[school]))]]]
            for name in columns:
                table.plant("copied", name, rows, np.full(rows.size, table.number(name)[source]))


def _has_digits(figures: Array, digits: int) -> Array:
    """Return where figures are known and have at least so many digits, zeros at the end not counted."""
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = 10.0 ** (np.floor(np.log10(figures)) + 2 - digits)
        coarse = np.rint(figures / unit) * unit
    out: Array = np.abs(figures - coarse) > 1e-9 * figures
    return out


def _freeze(rng: np.random.Generator, table: Opened, *, schools: int | None = None) -> None:
    """Let the figures of schools stay those of the year before."""
    sections, year = table.sections, table.sections.schools.number("year")
    if year is None or np.unique(year[np.isfinite(year)]).size < 2:
        raise InputError(message("synthetic.one_year"))
    of_year = year[sections.rows]
    before = (of_year == np.unique(of_year)[-2]) & (sections.students > 0)
    keys = list(zip(*(table.of_sections(name).tolist() for name in _KEY), strict=True))
    place = {keys[i]: i for i in np.flatnonzero(before).tolist()}
    origin = np.array([place.get(key, -1) for key in keys])
    may = table.now & (origin >= 0) & (sections.students != sections.students[origin])
    chosen = _some_schools(rng, table, may, schools)
    at = np.flatnonzero(np.isin(sections.school, chosen) & table.now & (origin >= 0))
    staff = [name for name in STAFF if table.has(name)]
    amounts = [name for name in (*AMOUNTS, "multimedia_classrooms") if table.has(name)]
    # parts of the staff only together, an amount on all rows of a school: the figures must agree
    for names in (staff, *([name] for name in amounts)):
        values = np.array([table.number(name)[sections.rows] for name in names])
        unknown = ~np.isfinite(values[:, at] + values[:, origin[at]]).all(axis=0)
        some = at[~np.isin(sections.school[at], sections.school[at[unknown]])]
        for name, column in zip(names, values, strict=True):
            table.plant("frozen", name, sections.rows[some], column[origin[some]])


def _round(
    rng: np.random.Generator,
    table: Opened,
    *,
    columns: Sequence[str] = AMOUNTS,
    digits: int = 1,
    schools: int | None = 1,
) -> None:
    """Round the figures of schools to a few digits."""
    chosen = _some_schools(rng, table, _complete(table, columns), schools)
    rows = table.sections.rows[np.isin(table.sections.school, chosen)]
    for name in columns:
        column = table.number(name)[rows]
        unit = 10.0 ** (np.floor(np.log10(column)) + 1 - digits)
        table.plant("rounded", name, rows, np.where(unit < 1, column, np.rint(column / np.maximum(unit, 1)) * unit))


def _slip(
    rng: np.random.Generator,
    table: Opened,
    *,
    columns: Sequence[str] = MANY_DIGITS,
    factors: Sequence[float] | None = None,
    schools: int | None = 1,
) -> None:
    """Let one figure of schools slip by a unit."""
    may = _complete(table, columns)
    chosen = _some_schools(rng, table, may, schools)
    for rows in table.rows_of(chosen):
        name = str(rng.choice(columns))
        column = known_columns()[name]
        usual = (*_FACTORS, _MU) if column.unit == "m2" else _FACTORS
        factor = rng.choice(usual if factors is None else factors)
        after = np.round(table.number(name)[rows] * factor, 0 if column.whole else 2)
        table.plant("unit", name, rows, np.maximum(after, 1 if column.whole else 0.01))


#: In this order they are planted; a number of its own gives each its random numbers.
KINDS: dict[str, Callable[..., None]] = {
    "lifted": _lift,
    "copied": _copy,
    "frozen": _freeze,
    "rounded": _round,
    "unit": _slip,
}
