"""Facts about counties that no table of schools holds, one row per county (and year)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve, frozen

from junheng._arrays import Floats
from junheng._data import read_toml
from junheng._frames import Table, pandas_frame
from junheng._text import as_text, clean, near, plain_cell
from junheng.errors import InputError, Problem, ProblemCode, Severity, did_you_mean
from junheng.schools.cells import TOO_LARGE, flag_advice, flag_of, hidden_message, is_blank, parse_numbers, text_advice
from junheng.schools.vocabulary import fold
from junheng.words import Message, Name, Quoted, Row, listed, message, quoted

if TYPE_CHECKING:
    from junheng.standards.model import Item

__all__ = ["Fact", "Facts", "as_table", "fact_columns", "key_headers"]

#: The columns that identify a county, and their values for each county.
Counties = Sequence[tuple[str, Sequence[Any]]]
_REFERENCE = "_reference"
#: What the id of an item begins with among the references, so that it is not that of a fact.
_ITEM = "item:"
#: Unknown counties for which similar names are searched: each search reads all names.
_HINTED = 20
#: Units of counts: a fraction is likely to be a share.
_COUNTED = ("persons", "places", "schools", "units")


@frozen(kw_only=True)
class Fact:
    """One fact about a county; ``facts.toml`` explains the fields."""

    id: str
    type: str
    zh: str
    en: str
    unit: str | None = None
    part_of: str | None = None
    most: float | None = None


@cache
def fact_columns() -> dict[str, Fact]:
    """Return every fact by id."""
    return {
        id_: Fact(
            id=id_,
            type=entry["type"],
            zh=entry["label"]["zh"],
            en=entry["label"]["en"],
            unit=entry.get("unit"),
            part_of=entry.get("part_of"),
            most=float(entry["most"]) if "most" in entry else None,
        )
        for id_, entry in read_toml("facts.toml")["facts"].items()
    }


@cache
def _disjoint() -> dict[str, list[str]]:
    """Return the facts that are disjoint parts of a whole, by the whole."""
    parts: dict[str, list[str]] = {}
    for id_, entry in read_toml("facts.toml")["facts"].items():
        if entry.get("disjoint"):
            parts.setdefault(entry["part_of"], []).append(id_)
    return parts


@cache
def _names() -> dict[str, str]:
    ids: dict[str, str] = {}
    for fact in fact_columns().values():
        for name in (fact.id, fact.zh):
            ids.setdefault(fold(name), fact.id)
    return ids


#: Sheet and cell of each fact in the files they were read from, by column and row.
Cells = Mapping[str, Sequence[tuple[str, str] | None]]
_CELLS = "junheng.cells_of_facts"
#: pandas copies what a frame carries with every frame made from it: not for the counties of a nation.
_MOST_ROWS = 1000


def remember_cells(frame: Any, cells: Cells) -> None:
    """Note in a pandas frame of facts where each was read; nothing depends on it but the place that a problem names."""
    if len(frame) <= _MOST_ROWS:
        frame.attrs[_CELLS] = {name: [None if c is None else list(c) for c in own] for name, own in cells.items()}


def cells_of(frame: Any) -> Cells:
    """Return where the facts of a frame were read; empty if that is unknown, or its rows are others now."""
    noted: Cells = getattr(frame, "attrs", {}).get(_CELLS, {})
    in_order = bool(noted) and list(frame.index) == list(range(len(frame)))
    return noted if in_order and all(len(own) == len(frame) for own in noted.values()) else {}


class Facts:
    """Facts of the counties of an evaluation, in their order.

    Parameters
    ----------
    source : frame, mapping or None
        A frame with one row per county (and year), a mapping of county to facts, or a mapping of columns.
    counties : list of (column, values)
        The columns that identify a county, and their values for each county.
    items : sequence of Item
        The items for which documents may be named.
    """

    def __init__(self, source: Any, counties: Counties, items: Sequence[Item] = ()) -> None:
        self.problems: list[Problem] = []
        # documents may also be named for an item that only figures of schools decide
        self._items = {fold(name): i.id for i in items for name in (i.label.en, i.label.zh, i.id)}
        self.n = len(counties[0][1]) if counties else 0
        self._values: dict[str, Floats] = {}
        self._missing: Floats = np.full(self.n, np.nan)
        self._missing.flags.writeable = False  # one for all facts
        self.references: dict[str, dict[int, str]] = {}
        self._names: list[str] = []
        self._cells = cells_of(source)
        if source is not None and not (isinstance(source, Mapping) and not source):
            self._read(as_table(source, [name for name, _ in counties]), counties)

    def number(self, name: str) -> Floats:
        """Return a fact of every county: a number, or 1 and 0 for yes and no; NaN if missing."""
        return self._values.get(name, self._missing)

    @property
    def given(self) -> frozenset[str]:
        """The facts with a column."""
        return frozenset(self._values)

    def documents(self, item: Item) -> dict[int, str]:
        """Return the documents given for the facts that an item uses, by county."""
        facts = [f for c in item.conditions if c.scope == "county" for f in c.top]
        facts += [f for c in item.conditions if c.norm is not None for f in (c.norm.primary, c.norm.junior)]
        given = [self.references[f] for f in (*facts, f"{_ITEM}{item.id}") if f in self.references]
        return {
            county: "; ".join(dict.fromkeys(g[county] for g in given if g.get(county)))
            for county in set().union(*given)
            if any(g.get(county) for g in given)
        }

    def check_choices(self, items: Sequence[Item]) -> None:
        """Report a fact that must be one of the numbers of a condition, but is not."""
        for condition in (c for item in items for c in item.conditions):
            if condition.chosen_by is None:
                continue
            known, values = [float(v) for v in condition.one_of], self.number(condition.chosen_by)
            # others are already reported as out of range
            for at in np.flatnonzero((values >= 0) & (values <= 1) & ~np.isin(values, known)).tolist():
                value = float(values[at])
                self._add(
                    ProblemCode.OUT_OF_RANGE,
                    message("facts.not_a_choice", value=value, known=listed((f"{v:g}" for v in known), "or")),
                    key=self._names[at],
                    column=condition.chosen_by,
                    value=repr(value),
                )

    def hint(self, at: int, code: ProblemCode, mistake: Message, column: str) -> None:
        """Report a warning on the facts of a county."""
        name = self._names[at] if at < len(self._names) else None
        self._add(code, mistake, key=name, column=column, severity=Severity.WARNING)

    def _add(
        self,
        code: ProblemCode,
        mistake: Message | str,
        *,
        row: int | None = None,
        column: str | None = None,
        **fields: Any,
    ) -> None:
        sentence = message("facts.in_county_facts", mistake=mistake)
        problem = Problem(code=code, message=sentence, row=row, column=column, **fields)
        known = self._cells.get(column or "county") if row is not None else None
        place = known[row] if known is not None and row is not None else None
        if place is not None:
            sheet, cell = place
            problem = evolve(problem, sheet=sheet, cell=cell, row=int(cell.lstrip(ascii_uppercase)))
        self.problems.append(problem)

    def _read(self, table: Table, counties: Counties) -> None:
        keys = [name for name, _ in counties]
        columns = self._find_columns(table, keys)
        rows = self._match(table, columns, counties)
        for id_, header in columns.items():
            if id_.endswith(_REFERENCE):
                cells = table.objects(header)
                named = {county: str(cells[row]) for row, county in rows if not is_blank(cells[row])}
                self.references[id_.removesuffix(_REFERENCE)] = named
            elif id_ not in keys and fact_columns()[id_].type != "key":
                self._values[id_] = self._column(table, header, fact_columns()[id_], rows)
        points = [f for f in fact_columns() if f.startswith("points_")]
        if all(p in self._values for p in points):
            total = np.sum([self._values[p] for p in points], axis=0)
            given = self.number("government_points")
            # county by county: one may give the total, another the parts
            self._values["government_points"] = np.where(np.isnan(given), total, given)
        row_of = {county: row for row, county in rows}
        for id_, values in self._values.items():
            fact = fact_columns()[id_]
            wholes = self.number(fact.part_of or "").tolist()
            for at, value in enumerate(values.tolist()):
                odd = _find_odd(fact, value, wholes[at])
                if odd is not None:
                    self._add(*odd, row=row_of.get(at), key=self._names[at], column=id_, value=repr(value))
        self._check_disjoint(row_of)

    def _find_columns(self, table: Table, keys: Sequence[str]) -> dict[str, str]:
        """Return the headers of the keys, facts and documents in a table, by id."""
        known, columns = _names(), dict[str, str]()
        for header in table.columns:
            id_ = header if header in keys else known.get(fold(header))
            if id_ is None and header.endswith(_REFERENCE):
                id_ = self._document(header.removesuffix(_REFERENCE))
            if id_ is None:
                hint = did_you_mean(header, [*fact_columns(), *(f.zh for f in fact_columns().values())])
                unknown = message("facts.unknown_fact", header=Quoted(header), hint=hint)
                self._add(ProblemCode.UNKNOWN_COLUMN, unknown, column=header, severity=Severity.WARNING)
            elif id_ in columns:
                twice = message("facts.same_fact", header=Quoted(header), other=Quoted(columns[id_]))
                self._add(ProblemCode.DUPLICATE_COLUMN, twice, column=header)
            else:
                columns[id_] = header
        if not set(columns) - set(keys):
            self._add(ProblemCode.UNKNOWN_COLUMN, message("facts.no_fact", headers=quoted(table.columns)))
        return columns

    def _document(self, name: str) -> str | None:
        """Return the id of a column that names the documents for a fact or an item; None if it is unknown."""
        if name in fact_columns():
            return name + _REFERENCE
        item = self._items.get(fold(name))
        return None if item is None else f"{_ITEM}{item}{_REFERENCE}"

    def _match(self, table: Table, columns: Mapping[str, str], counties: Counties) -> list[tuple[int, int]]:
        """Return row and county of each row with a known county."""
        if self._lacks_key(columns, counties):
            return []
        shared = [(name, words) for name, words in counties if name in columns]
        index = {tuple(clean(_word(words[i])) for _, words in shared): i for i in range(self.n)}
        self._names = [" / ".join(_word(words[i]) for _, words in counties) for i in range(self.n)]
        cells = [table.objects(columns[name]) for name, _ in shared]
        names = _CountyNames(index)
        # of a table without a year nobody knows whether it is of the year of the facts
        apart = "year" in columns and all(name != "year" for name, _ in counties)
        years = ["" if is_blank(y) else clean(_word(y)) for y in table.objects(columns["year"])] if apart else []
        row_of: dict[int, int] = {}
        for row in range(table.rows):
            given = ["" if is_blank(c[row]) else _word(c[row]) for c in cells]
            key = tuple(map(clean, given))
            self._report_hidden(row, [name for name, _ in shared], given, key)
            at = index.get(key)
            if at is None:
                self._add(ProblemCode.UNKNOWN_COUNTY, names.not_judged(key), row=row, key=" / ".join(key))
            elif at in row_of:
                self._report_twice(row, row_of[at], " / ".join(key) or self._names[at], years)
            else:
                row_of[at] = row
        self._report_years({years[row] for row in row_of.values() if years and years[row]})
        return [(row, at) for at, row in row_of.items()]

    def _lacks_key(self, columns: Mapping[str, str], counties: Counties) -> bool:
        """Tell whether the facts lack a column that tells the counties apart, and report the first."""
        # with a single year the facts need not name it
        lost = [name for name, words in counties if name not in columns and len(dict.fromkeys(map(str, words))) > 1]
        for name in lost[:1]:
            asked = message("facts.which_one", column=Quoted(Name("column", name)))
            self._add(ProblemCode.MISSING_COLUMN, asked, column=name)
        return bool(lost)

    def _report_hidden(self, row: int, columns: Sequence[str], given: Sequence[str], key: Sequence[str]) -> None:
        """Warn of names of a county in which characters do not show."""
        for column, before, after in zip(columns, given, key, strict=True):
            if before != after:
                self._add(
                    ProblemCode.INVISIBLE_CHARACTERS, hidden_message(before, after),
                    row=row, key=" / ".join(key), column=column, value=before, severity=Severity.WARNING,
                )  # fmt: skip

    def _report_twice(self, row: int, first: int, name: str, years: Sequence[str]) -> None:
        """Report a county that has two rows; ``years`` are those of the rows if the table of schools has none."""
        twice = message("facts.duplicate_county", county=Quoted(name), row=Row(first))
        if years and years[row] != years[first]:
            of = {"year": years[row], "other": years[first], "column": Name("column", "year")}
            twice = message("facts.several_years", county=Quoted(name), row=Row(first), **of)
        self._add(ProblemCode.DUPLICATE_ROW, twice, row=row, key=name)

    def _report_years(self, years: set[str]) -> None:
        """Warn that nobody knows whether the table of schools is of the year of the facts."""
        if years and all(p.code is not ProblemCode.DUPLICATE_ROW for p in self.problems):
            known = listed(sorted(years), "and")
            unsure = message("facts.year_of_table", years=known, column=Name("column", "year"))
            self._add(ProblemCode.UNCLEAR_YEAR, unsure, column="year", severity=Severity.WARNING)

    def _column(self, table: Table, header: str, fact: Fact, rows: Sequence[tuple[int, int]]) -> Floats:
        """Return a fact of every county."""
        cells, out = table.objects(header), np.full(self.n, np.nan)
        if fact.type == "flag":
            code, values = ProblemCode.UNKNOWN_CATEGORY, np.full(table.rows, np.nan)
            bad: dict[int, Any] = {}
            for row, _ in rows:
                flag = None if is_blank(cells[row]) else flag_of(cells[row])
                if flag is not None:
                    values[row] = float(flag)
                elif not is_blank(cells[row]):
                    bad[row] = cells[row]
        else:
            code = ProblemCode.TEXT_IN_NUMBER
            values, bad = parse_numbers(cells)
        for row, at in rows:
            out[at] = values[row]
            if row in bad:
                advice = flag_advice(bad[row]) if fact.type == "flag" else _number_advice(fact, bad[row])
                self._add(code, advice, row=row, key=self._names[at], column=fact.id, value=str(bad[row]))
        return out

    def _check_disjoint(self, row_of: Mapping[int, int]) -> None:
        """Report disjoint parts that add up to more than their whole."""
        for whole_id, parts in _disjoint().items():
            whole = self.number(whole_id)
            figures = [self.number(p) for p in parts]
            total = np.sum(np.nan_to_num(figures), axis=0)
            for at in np.flatnonzero(total > whole).tolist():
                # a single part that is too large is already reported
                if any(figure[at] > whole[at] for figure in figures):
                    continue
                self._add(
                    ProblemCode.PART_EXCEEDS_WHOLE,
                    message(
                        "facts.parts_exceed_whole",
                        parts=listed((Name("column", p) for p in parts), "and"),
                        total=float(total[at]),
                        whole=float(whole[at]),
                        whole_id=Name("column", whole_id),
                    ),
                    row=row_of.get(at),
                    key=self._names[at],
                    column=parts[0],
                    value=repr(float(total[at])),
                )


def _find_odd(fact: Fact, value: float, whole: float) -> tuple[ProblemCode, Message] | None:
    """Return the problem of a figure, or None; ``whole`` is the figure it is part of."""
    if value < 0:
        return ProblemCode.NEGATIVE_VALUE, message("facts.negative", value=value)
    if math.isinf(value):
        return ProblemCode.INFINITE_VALUE, message("facts.infinite")
    if value >= TOO_LARGE:
        return ProblemCode.INFINITE_VALUE, message("facts.far_too_large", value=value)
    if fact.most is not None and value > fact.most:
        hint = message("facts.percentage") if fact.most <= 1 else ""
        return ProblemCode.OUT_OF_RANGE, message("facts.too_large", value=value, most=fact.most, hint=hint)
    if value > whole >= 0:
        names = {"part_id": Name("column", fact.id), "whole_id": Name("column", fact.part_of or "")}
        return ProblemCode.PART_EXCEEDS_WHOLE, message("facts.part_exceeds_whole", part=value, whole=whole, **names)
    if fact.unit in _COUNTED and not math.isnan(value) and not value.is_integer():
        return ProblemCode.NOT_WHOLE, message("facts.not_whole", value=value, unit=Name("unit", fact.unit))
    return None


def _number_advice(fact: Fact, value: str) -> Message:
    if fact.most is not None and fact.most <= 1 and any(sign in value for sign in "%％"):
        # the fact is a share itself: there are no counts to enter instead
        return message("facts.typed_percentage", value=Quoted(value))
    return message("facts.not_a_number", value=Quoted(value), advice=text_advice(value))


class _CountyNames:
    """The names of the counties of a table, to compare names that are not among them."""

    def __init__(self, index: Iterable[tuple[str, ...]]) -> None:
        self._index = list(index)
        self._left = _HINTED

    @cached_property
    def _alike(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        return {tuple(map(near, known)): known for known in self._index}

    def not_judged(self, key: tuple[str, ...]) -> Message:
        """Return the message for a row of an unknown county, with similar names if it is one of the first."""
        name = " / ".join(key)
        twin = self._alike.get(tuple(map(near, key)))
        if twin is not None:
            return message("facts.spelled_otherwise", county=Quoted(name), other=Quoted(" / ".join(twin)))
        hint: Message | str = ""
        if self._left:
            self._left -= 1
            hint = did_you_mean(name, map(" / ".join, self._index))
        return message("facts.unknown_county", county=Quoted(name), hint=hint)


def _word(value: Any) -> str:
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def key_headers(table: Table, keys: Sequence[str]) -> dict[str, str]:
    """Return the headers of the keys in a table of facts, by key."""
    known = _names()
    found: dict[str, str] = {}
    for header in table.columns:
        id_ = header if header in keys else known.get(fold(header))
        if id_ in keys:
            found.setdefault(str(id_), header)
    return {k: found[k] for k in keys if k in found}


def as_table(source: Any, keys: Sequence[str]) -> Table:
    """Return facts in any form as a table with one row per county."""
    if not isinstance(source, Mapping):
        return Table(source)
    if source and all(isinstance(v, Mapping) for v in source.values()):
        columns = _by_county(source, keys)
    else:
        columns = {as_text(k): _one_or_several(v) for k, v in source.items()}
        if len({len(v) for v in columns.values()}) > 1:
            raise InputError(message("facts.in_county_facts", mistake=message("facts.lengths")))
    return Table(pandas_frame({k: _objects(v) for k, v in columns.items()}))


def _one_or_several(value: Any) -> list[Any]:
    """Return the facts of a column: of several counties, or of one."""
    several = isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim > 0)
    return list(value) if several else [value]


def _by_county(source: Mapping[Any, Mapping[str, Any]], keys: Sequence[str]) -> dict[str, list[Any]]:
    """Return facts by county as columns; a county is a value, or a tuple with a value per key, and perhaps a year."""
    names = dict.fromkeys(name for facts in source.values() for name in facts)
    columns = {name: [facts.get(name) for facts in source.values()] for name in names}
    tuples = [county if isinstance(county, tuple) else (county,) for county in source]
    for i, key in enumerate(keys if "year" in keys else (*keys, "year")):
        words = [county[i] if i < len(county) else None for county in tuples]
        if key not in columns and any(w is not None for w in words):
            columns = {key: words, **columns}
    return columns


def _objects(values: Sequence[Any]) -> Any:
    out = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):  # a cell may be a list
        out[i] = plain_cell(value)
    return out
