"""Rows without the name of a school that are the sum of others (private)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from junheng._arrays import Floats
from junheng.errors import ProblemCode
from junheng.reading.cells import floats_of, is_figure, is_missing, read_figures
from junheng.reading.grid import cell_name
from junheng.reading.row_names import is_no_name, is_place
from junheng.reading.rows import LeftOut, TotalRow, row_text, shown
from junheng.reading.sheet_reading import SheetReading
from junheng.schools import base_column
from junheng.words import Quoted, message

#: At least this many columns other than 0 must be the sum of at least this many rows.
_COLUMNS = 2
_ROWS = 2
#: Sums are looked for among this many totals and headings on either side; more rows than that are not examined but
#: named as rows without a name.
_SIDES = 60
_MOST = 5000
#: At most so many groups of rows that share words are looked through, in so many passes.
_GROUPS = 200
_PASSES = 6
#: Units of figures that do not add up.
_NOT_ADDED = ("year", "years", "grades")


def leave_out_sums(s: SheetReading) -> None:
    """Leave out the rows without the name of a school whose figures are the sum of others, and report each.

    A row that equals only one other row is left out if another row of the sheet proves to be a sum.
    """
    candidates = _candidates(s)
    figures = _figures(s) if candidates and len(candidates) <= _MOST else None
    if figures is None or figures.columns < _COLUMNS:
        _report_places(s, candidates)
        return
    rows = s.rows.schools
    sums = _Sums(s, figures, candidates)
    found = sums.find()
    kept = np.ones(rows.size, dtype=bool)
    totals, left_out = list(s.rows.totals), list(s.rows.left_out)
    for i, (first, last, n) in sorted(found.items()):
        r = int(rows[i])
        kept[i] = False
        totals.append(TotalRow(r, "sum", str(candidates[i] or "")))
        left_out.append(LeftOut(r, "total", row_text(s.grid.cells[r])))
        sentence = message("reading.unnamed_total", row=r + 1, n=n, first=first + 1, last=last + 1)
        s.add(ProblemCode.TOTAL_ROW, sentence, cell=cell_name(r, _name_column(s)), column=_named_by(s))
    for i, (first, _, _) in sums.equal_one.items():
        if i not in found:
            sentence = message("reading.equals_one", row=int(rows[i]) + 1, other=first + 1)
            s.add(ProblemCode.TOTAL_ROW, sentence, cell=cell_name(int(rows[i]), _name_column(s)), column=_named_by(s))
    _report_places(s, {i: name for i, name in candidates.items() if i not in found})
    s.rows = evolve(
        s.rows,
        schools=rows[kept],
        totals=tuple(sorted(totals, key=lambda t: t.row)),
        left_out=tuple(sorted(left_out, key=lambda o: o.row)),
    )


def _report_places(s: SheetReading, candidates: dict[int, str | None]) -> None:
    """Report rows that were read as schools although they are named like a place."""
    for i, name in candidates.items():
        if name is not None:
            r = int(s.rows.schools[i])
            sentence = message("reading.place_with_figures", name=Quoted(name))
            s.add(ProblemCode.TOTAL_ROW, sentence, cell=cell_name(r, _name_column(s)), column=_named_by(s), value=name)


def report_bare_names(s: SheetReading) -> None:
    """Report the rows with a name and nothing else, whether read as schools or as headings."""
    schools = set(s.rows.schools.tolist())
    for key, rows in (("name_alone", s.rows.bare_schools), ("name_as_heading", s.rows.bare_headings)):
        for r in rows:
            if key == "name_as_heading" or r in schools:
                name = shown(s.grid.cells[r, _name_column(s)])
                sentence = message(f"reading.{key}", name=Quoted(name))
                cell = cell_name(r, _name_column(s))
                s.add(ProblemCode.EMPTY_ROW, sentence, cell=cell, column=_named_by(s), value=name)


def _name_column(s: SheetReading) -> int:
    return (s.header.positions("school") or s.header.positions("school_code"))[0]


def _named_by(s: SheetReading) -> str:
    return "school" if s.header.positions("school") else "school_code"


def _candidates(s: SheetReading) -> dict[int, str | None]:
    """Return the rows with figures that name no school: without name and code, or with the name of a place."""
    columns = [*s.header.positions("school"), *s.header.positions("school_code")]
    if not columns or not s.n:
        return {}
    first = s.grid.cells[s.rows.schools, columns[0]].tolist()
    found: dict[int, str | None] = {}
    for i in [i for i, v in enumerate(first) if is_no_name(v)]:
        if all(is_no_name(s.grid.cells[s.rows.schools[i], c]) for c in columns[1:]):
            found[i] = None
    if len(found) == s.n:
        return {}
    if s.header.positions("school"):
        found |= {i: v for i, v in enumerate(first) if isinstance(v, str) and is_place(v)}
    return dict(sorted(found.items()))


# ------------------------------------------------------------------------------------- figures that add up


@frozen(eq=False)
class _Figures:
    """The columns that add up: the figures of each row, and where a cell is no figure."""

    values: Floats
    unread: NDArray[np.bool_]
    shared: NDArray[np.bool_]

    @property
    def columns(self) -> int:
        """Number of columns."""
        return int(self.values.shape[1])


def _figures(s: SheetReading) -> _Figures:
    values, unread, shared = [], [], []
    for c, meaning in s.understood.items():
        found = None if meaning.column is None else base_column(meaning.column)
        if found is None or found[0].type != "number" or found[0].unit in _NOT_ADDED:
            continue
        cells = read_figures(s.grid.cells[s.rows.schools, c], found[0], (1, 1))
        values.append(floats_of(cells.values))
        bad = np.zeros(s.n, dtype=bool)
        bad[list(cells.bad)] = True
        unread.append(bad)
        shared.append(found[0].shared)
    if not values:
        return _Figures(np.zeros((s.n, 0)), np.zeros((s.n, 0), dtype=bool), np.zeros(0, dtype=bool))
    return _Figures(np.column_stack(values), np.column_stack(unread), np.array(shared, dtype=bool))


@frozen(eq=False)
class _Part:
    """Rows that may be added up, their figures, and the running sums of these."""

    rows: NDArray[np.int64]
    #: The figures, and the same as if each school gave shared figures once: a school of two stages gives its rooms
    #: twice, a total counts them once.
    values: tuple[Floats, Floats]
    runs: tuple[Floats, Floats]


#: The first and last row that are added up, and how many rows there are.
_Hit = tuple[int, int, int]


class _Sums:
    """The rows of a sheet and the sums they may be."""

    def __init__(self, s: SheetReading, figures: _Figures, candidates: dict[int, str | None]) -> None:
        self.s, self.figures, self.candidates = s, figures, candidates
        self.rows = s.rows.schools
        self.found: dict[int, _Hit] = {}
        #: Rows that equal one other row.
        self.equal_one: dict[int, _Hit] = {}
        borders = {t.row for t in s.rows.totals} | {r for r, _ in s.rows.headings}
        self.borders = np.array(sorted(borders | {int(self.rows[i]) for i in candidates}), dtype=np.int64)
        numbers = [c for c, u in s.understood.items() if _is_number(u.column)]
        names = s.header.positions("school", "school_code")
        self.keys = [c for c in range(s.grid.cells.shape[1]) if c not in numbers and c not in names]
        self.names = s.grid.cells[self.rows, _name_column(s)].tolist()
        self.parts: dict[tuple[Any, ...], _Part] = {}

    def find(self) -> dict[int, _Hit]:
        """Return the rows that are sums, and of what."""
        # first as if every row without a name were a sum, then with those that are none among the schools
        pool = np.ones(self.rows.size, dtype=bool)
        pool[list(self.candidates)] = False
        left = list(self.candidates)
        nameless = {int(self.rows[i]) for i in self.candidates}
        for _ in range(_PASSES):
            self.parts = {(): self._part(np.flatnonzero(pool))}
            hits = {i: hit for i in left if (hit := self._sum_of(i)) is not None}
            # two rows without a name that equal each other prove nothing of either
            new = {i: hit for i, hit in hits.items() if hit[2] >= _ROWS or hit[0] not in nameless}
            self.found |= {i: hit for i, hit in new.items() if hit[2] >= _ROWS}
            self.equal_one |= {i: hit for i, hit in new.items() if hit[2] < _ROWS}
            left = [i for i in left if i not in new]
            if not new and pool[left].all():
                break
            pool[left] = True
            pool[list(new)] = False
        return self.found | self.equal_one if self.found else self.found

    def _part(self, rows: NDArray[np.int64]) -> _Part:
        values = np.nan_to_num(self.figures.values[rows])
        firsts: dict[Any, int] = {}
        for k, i in enumerate(rows.tolist()):
            name = self.names[i]
            firsts.setdefault(i if name is None else name, k)
        first = np.zeros(rows.size, dtype=bool)
        first[list(firsts.values())] = True
        once = np.where(first[:, None] | ~self.figures.shared, values, 0.0)
        return _Part(rows, (values, once), (_running(values), _running(once)))

    def _sum_of(self, i: int) -> _Hit | None:
        """Return what a row is the sum of."""
        given = self.figures.values[i]
        if self.figures.unread[i].any() or np.count_nonzero(np.nan_to_num(given)) < _COLUMNS:
            return None
        parts = [self.parts[()], self._alike(i)]
        return next((hit for p in parts if p is not None and (hit := self._among(i, p)) is not None), None)

    def _alike(self, i: int) -> _Part | None:
        """Return the rows that share the words of a row, such as its stage."""
        cells = self.s.grid.cells
        row = cells[self.rows[i]]
        said = [(c, row[c]) for c in self.keys if isinstance(row[c], str)]
        said = [(c, v) for c, v in said if not is_figure(v) and not is_missing(v)]
        if tuple(said) not in self.parts:
            if len(self.parts) > _GROUPS:
                return None
            alike = self.parts[()].rows
            for c, v in said:
                same = alike[np.asarray(cells[self.rows[alike], c] == v, dtype=bool)]
                # a word of its own, such as a remark, says nothing of other rows
                alike = same if same[same != i].size else alike
            self.parts[tuple(said)] = self._part(alike)
        return self.parts[tuple(said)]

    def _among(self, i: int, part: _Part) -> _Hit | None:
        """Return the rows next to a row, between totals and headings, whose sum it is."""
        at = int(np.searchsorted(part.rows, i))
        after = at + int(at < part.rows.size and part.rows[at] == i)
        r = int(self.rows[i])
        cuts = np.searchsorted(self.rows[part.rows], self.borders)
        above = [*cuts[self.borders < r][::-1][:_SIDES].tolist(), 0]
        below = [*cuts[self.borders > r][:_SIDES].tolist(), part.rows.size]
        spans = [(a, at, 0, 0) for a in dict.fromkeys(above)] + [(after, b, 0, 0) for b in dict.fromkeys(below)]
        for a, b, c, d in self._near(i, part, np.array([*spans, (0, at, after, part.rows.size)])):
            positions = np.r_[a:b, c:d]
            if self._is_sum(i, part, positions):
                filled = positions[part.values[0][positions].any(axis=1)]
                first, last = self.rows[part.rows[filled[[0, -1]]]].tolist()
                return first, last, filled.size
        return None

    def _near(self, i: int, part: _Part, spans: NDArray[np.int64]) -> list[list[int]]:
        """Return the spans whose running sums come near the figures of a row, quickly."""
        a, b, c, d = spans.T
        given = self.figures.values[i]
        near = np.tile(np.isnan(given), (len(spans), 1))
        for run in part.runs:
            close = 1e-6 + 1e-9 * np.maximum(np.abs(run[-1]), np.abs(given))
            near |= np.abs(run[b] - run[a] + run[d] - run[c] - given) <= close
        chosen: list[list[int]] = spans[near.all(axis=1) & (b + d > a + c)].tolist()
        return chosen

    def _is_sum(self, i: int, part: _Part, positions: NDArray[np.int64]) -> bool:
        """Tell whether a row is the sum of others in every column it gives, and in several that are not 0."""
        agree = 0
        for c, given in enumerate(self.figures.values[i].tolist()):
            if math.isnan(given):
                continue
            if self.figures.unread[part.rows[positions], c].any():
                return False
            close = 1e-9 * max(1.0, abs(given))
            if not any(abs(math.fsum(v[positions, c].tolist()) - given) <= close for v in part.values):
                return False
            agree += given != 0
        return agree >= _COLUMNS


def _running(values: Floats) -> Floats:
    return np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])


def _is_number(column: str | None) -> bool:
    base = None if column is None else base_column(column)
    return base is not None and base[0].type == "number"
