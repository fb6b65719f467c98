"""County facts: a table with one row per county, or a form with one row per item (private)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._frames import Wholes, pandas_frame
from junheng.errors import InputDataError, InputError, Problem, ProblemCode
from junheng.facts import fact_columns, remember_cells
from junheng.reading.cells import Cells, is_figure, read_answers, read_code, read_figures, read_words, read_year
from junheng.reading.changes import cell_changes
from junheng.reading.files import open_source
from junheng.reading.grid import Grid, Source, cell_name, column_letter
from junheng.reading.input_file import InputFile
from junheng.reading.layout import Header, find_header, named_by
from junheng.reading.meaning import words
from junheng.reading.report import notice_of
from junheng.reading.rows import is_note, left_out_rows
from junheng.reading.sheet_reading import Change
from junheng.reading.sheets import chosen_grids, joined, wanted_sheets
from junheng.schools import Column, Found, fold, missing_in_mapping, recognise, unit_factor
from junheng.words import Message, Quoted, message, quoted

if TYPE_CHECKING:
    import pandas as pd

    #: Facts, and a summary of what was left out or converted.
    FactsRead = tuple[pd.DataFrame, Message | None]
    #: The facts of a sheet, the summary, and what was changed in cells.
    SheetFacts = tuple[pd.DataFrame, Message | None, list[Change]]

#: Row and column of each cell of a fact.
_Places = Sequence[tuple[int, int]]

KEYS = ("county", "county_code", "year")
REFERENCE = "_reference"
#: A form is recognised by this many items below each other, none of them further down than this.
_ITEMS = 2
_LONGEST = 2000


@cache
def _names() -> dict[str, str]:
    names: dict[str, str] = {}
    for fact in fact_columns().values():
        for name in (fact.id, fact.zh):
            names.setdefault(fold(name), fact.id)
    # several English labels read "of them …": only unique labels name a fact
    english = [fold(f.en) for f in fact_columns().values()]
    for fact in fact_columns().values():
        if english.count(fold(fact.en)) == 1:
            names.setdefault(fold(fact.en), fact.id)
    return names


def meaning(path: Sequence[str]) -> Found | None:
    """Return the fact that a header or item means, None if it is unknown."""
    if not path:
        return None
    label = "".join(path[-1].split())
    folded = fold(label)
    for ending in (REFERENCE, *words("headers", "references")):
        base = _names().get(folded.removesuffix(ending)) if folded.endswith(ending) else None
        if base is not None:
            return Found(column=base + REFERENCE)
    if folded in _names():
        return Found(column=_names()[folded])
    before, _, inside = folded.rpartition("(")
    if before and inside.removesuffix(")") in fact_columns():
        return Found(column=inside.removesuffix(")"))
    if before and inside.endswith(")") and before in _names():
        fact = fact_columns()[_names()[before]]
        unit = inside.removesuffix(")").removeprefix("单位:")
        if fact.unit is not None and unit_factor(fact.unit, unit) is not None:
            return Found(column=fact.id, unit=unit)
    key = recognise(path[-1])
    return key if key is not None and key.column in KEYS else None


@frozen(eq=False)
class _Form:
    """The positions of the items of a form and of their values."""

    items: int
    value_columns: tuple[int, ...]
    counties: tuple[str | None, ...]
    unit: int | None
    reference: int | None
    start: int


def facts_of(file: InputFile, sheet: str | int | None, mapping: Mapping[str, str] | None) -> FactsRead:
    """Read facts; return them with a summary of what was left out or converted, None if nothing was."""
    source = open_source(file, lambda done: None, wanted_sheets(sheet))
    grids = chosen_grids(source, sheet) if sheet is not None else [g for g in source.grids if not g.hidden]
    grids = [g for g in grids if g.filled().any()]
    if not grids:
        raise InputError(message("reading.facts_empty", path=source.name))
    ranked = sorted(((_known(g, mapping), -i) for i, g in enumerate(grids)), reverse=True)
    if not ranked or ranked[0][0] == 0:
        names = quoted(g.name for g in source.grids)
        raise InputError(message("reading.no_facts", path=source.name, sheets=names))
    if sheet is None and len(ranked) > 1 and ranked[1][0] == ranked[0][0]:
        both = quoted((grids[-i].name for _, i in ranked[:2]), "and")
        raise InputError(message("reading.two_facts", path=source.name, sheets=both))
    facts, notice, _ = read_facts_sheet(source, grids[-ranked[0][1]], mapping)
    return facts, notice


def read_facts_sheet(source: Source, grid: Grid, mapping: Mapping[str, str] | None) -> SheetFacts:
    """Read the facts of one sheet, a form or a table."""
    form = _form(grid, mapping)
    return _read_form(source, grid, form, mapping) if form is not None else _read_rows(source, grid, mapping)


def is_facts_sheet(grid: Grid) -> bool:
    """Return whether a sheet holds county facts and nothing else, although nobody said so.

    Some facts are named like figures of schools: at least one must not be. A table must also name its counties and no
    school, and half of its headers must be known: words in a text may be those of a fact.
    """
    if not grid.filled().any():
        return False
    form = _form(grid, None)
    if form is not None:
        labels = [v for v in grid.cells[:, form.items].tolist() if _item(v, None) is not None]
        return any(recognise(label) is None for label in labels)
    header = _header(grid)
    if header is None:
        return False
    facts = {f.column for f in header.found if f is not None}
    labels = [(path[-1], f) for path, f in zip(header.paths, header.found, strict=True) if path]
    ours = [recognise(label) for label, f in labels if f is not None]
    columns = {found.column for label, _ in labels if (found := recognise(label)) is not None}
    named = bool(facts & {"county", "county_code"}) and not columns & {"school", "school_code", "stage"}
    return named and 2 * len(ours) >= len(labels) and None in ours


def _header(grid: Grid, mapping: Mapping[str, str] | None = None) -> Header | None:
    """Return the headers of a table of facts, None if there are none or two."""
    try:
        return find_header(grid, understood=meaning, mapping=mapping or {})
    except InputError:
        return None


def _known(grid: Grid, mapping: Mapping[str, str] | None) -> int:
    """Count the facts in a sheet."""
    form = _form(grid, mapping)
    if form is not None:
        found = [_item(v, mapping) for v in grid.cells[:, form.items].tolist()]
        return sum(f is not None and f.column not in KEYS for f in found)
    header = _header(grid, mapping)
    if header is None:
        return 0
    chosen = named_by(mapping, header)
    columns = {f.column for f in header.found if f is not None} | {chosen[n] for n in header.names if n in chosen}
    return len(columns - set(KEYS))


def _item(label: Any, mapping: Mapping[str, str] | None) -> Found | None:
    if not isinstance(label, str) or is_figure(label):
        return None
    for key, fact in (mapping or {}).items():
        if fold(key) == fold(label):
            return Found(column=fact)
    return meaning((label,))


def _form(grid: Grid, mapping: Mapping[str, str] | None) -> _Form | None:
    best, at = 0, -1
    for c in range(min(grid.cells.shape[1], 6)):
        labels = grid.cells[:_LONGEST, c].tolist()
        known = {f.column for v in labels if (f := _item(v, mapping)) is not None}
        if len(known) > best and not known <= set(KEYS):
            best, at = len(known), c
    if best < _ITEMS or grid.cells.shape[1] < 2:
        return None
    rows = grid.cells[:_LONGEST].tolist()
    across = max((len({f.column for v in row if (f := _item(v, mapping)) is not None}) for row in rows), default=0)
    if across >= best:
        return None
    first = next(r for r, v in enumerate(grid.cells[:, at].tolist()) if _item(v, mapping) is not None)
    return _with_header(grid, at, first)


def _with_header(grid: Grid, items: int, first: int) -> _Form:
    unit = reference = None
    values: list[int] = []
    counties: list[str | None] = []
    head = next(
        (
            r
            for r in range(first - 1, -1, -1)
            if isinstance(grid.cells[r, items], str) and fold(grid.cells[r, items]) in words("headers", "items")
        ),
        None,
    )
    right = range(items + 1, grid.cells.shape[1])
    if head is None:
        values = [c for c in right if any(v is not None for v in grid.cells[first:, c].tolist())][:1]
        return _Form(items, tuple(values), (None,), None, None, first)
    for c in right:
        label = grid.cells[head, c]
        folded = fold(str(label)) if label is not None else ""
        if folded in ("单位", "计量单位", "unit"):
            unit = c
        elif folded in words("headers", "references"):
            reference = c
        elif folded in words("headers", "values"):
            values.append(c)
            counties.append(None)
        elif (
            folded
            and not is_note(folded)
            and folded not in ("说明", "备注", "definition", "needed", "是否必填", "含义")
        ):
            values.append(c)
            counties.append(str(label))
    if None in counties:
        keep = [i for i, name in enumerate(counties) if name is None]
        values, counties = [values[i] for i in keep[:1]], [None]
    return _Form(items, tuple(values), tuple(counties), unit, reference, head + 1)


def _read_form(source: Source, grid: Grid, form: _Form, mapping: Mapping[str, str] | None) -> SheetFacts:
    counts = _Counts(grid)
    counts.cleaned += grid.cleaned.values()
    _check_mapping(mapping, [str(v) for v in grid.cells[:, form.items].tolist() if v is not None])
    columns: dict[str, list[Any]] = {}
    rows: dict[str, int] = {}
    for name, (r, found) in _find_items(grid, form, mapping, counts).items():
        given = grid.cells[r, list(form.value_columns)]
        rows[name] = r
        at = [(r, c) for c in form.value_columns]
        columns[name] = _values(name, given, _unit_of(grid, form, r, found), counts, at)
        document = _document(grid, form, r)
        # without an answer, an item that figures of schools decide
        alone = all(v is None for v in given.tolist())
        if document is not None and (found is not None or alone) and name not in KEYS:
            columns[name + REFERENCE] = [document] * given.size
    if "county" not in columns and any(form.counties):
        columns = {"county": list(form.counties), **columns}
    # items without an answer are not columns
    kept = {n: v for n, v in columns.items() if any(x is not None and x == x for x in v)}
    frame = pandas_frame({n: typed(v) for n, v in kept.items()})
    cells = {n: [(grid.name, cell_name(rows[n], c)) for c in form.value_columns] for n in kept if n in rows}
    remember_cells(frame, cells)
    return frame, counts.notice(source.name), counts.changes


def _find_items(
    grid: Grid, form: _Form, mapping: Mapping[str, str] | None, counts: _Counts
) -> dict[str, tuple[int, Found | None]]:
    """Return the row and the fact of each item; rows with values but no item are counted."""
    items: dict[str, tuple[int, Found | None]] = {}
    problems: list[Problem] = []
    for r in range(form.start, len(grid.cells)):
        label = grid.cells[r, form.items]
        answered = any(grid.cells[r, c] is not None for c in form.value_columns)
        found = _item(label, mapping)
        said = answered or _document(grid, form, r) is not None
        if label is None or (found is None and (not said or is_note(str(label)))):
            counts.rows += answered
            continue
        name = found.column if found is not None else " ".join(str(label).split())
        if name in items:
            sentence = message("reading.same_fact", first=items[name][0] + 1, second=r + 1)
            problems.append(Problem(code=ProblemCode.DUPLICATE_COLUMN, column=name, message=sentence))
        else:
            items[name] = r, found
    if problems:
        raise InputDataError(problems)
    return items


def _document(grid: Grid, form: _Form, r: int) -> Any:
    return None if form.reference is None else grid.cells[r, form.reference]


def _unit_of(grid: Grid, form: _Form, r: int, found: Found | None) -> str | None:
    """Return the unit of an item: that of its label, or that in the column of units."""
    if found is not None and found.unit is not None:
        return found.unit
    cell = None if form.unit is None else grid.cells[r, form.unit]
    return fold(cell) if isinstance(cell, str) else None


def _read_rows(source: Source, grid: Grid, mapping: Mapping[str, str] | None) -> SheetFacts:
    header = find_header(grid, understood=meaning, mapping=mapping or {})
    assert header is not None
    _check_mapping(mapping, [n for n in header.names if n], header)
    chosen = named_by(mapping, header)
    filled = grid.filled()
    rows = left_out_rows(grid, header, filled)
    counts = _Counts(grid, rows=sum(o.reason in ("total", "average", "heading", "explanation") for o in rows.left_out))
    counts.cleaned += grid.cleaned.values()
    columns: dict[str, list[Any]] = {}
    places: dict[str, list[tuple[str, str]]] = {}
    for c, name in enumerate(header.names):
        cells = grid.cells[rows.schools, c]
        if not name and not filled[rows.schools, c].any():
            continue
        found = Found(column=chosen[name]) if name in chosen else header.found[c]
        label = found.column if found is not None else name or f"column {column_letter(c)}"
        if label in columns:
            # evaluate reports that both give the same fact
            label = name
        at = [(r, c) for r in rows.schools.tolist()]
        columns[label] = _values(label, cells, None if found is None else found.unit, counts, at)
        places[label] = [(grid.name, cell_name(*place)) for place in at]
    frame = pandas_frame({n: typed(v) for n, v in columns.items()})
    remember_cells(frame, places)
    return frame, counts.notice(source.name), counts.changes


def _check_mapping(mapping: Mapping[str, str] | None, names: Sequence[str], header: Header | None = None) -> None:
    have = {fold(n) for n in names} | {fold(p[-1]) for p in (header.paths if header else ()) if p}
    lost = [missing_in_mapping(k, names) for k in mapping or {} if fold(k) not in have]
    known = {*fact_columns(), *KEYS}
    lost += [
        Problem(code=ProblemCode.UNKNOWN_COLUMN, column=k, message=message("reading.unknown_fact", fact=Quoted(v)))
        for k, v in (mapping or {}).items()
        if v.removesuffix(REFERENCE) not in known
    ]
    if lost:
        raise InputDataError(lost)


class _Counts:
    """How many rows were left out, and which cells were changed."""

    def __init__(self, grid: Grid, rows: int = 0) -> None:
        self.grid, self.rows = grid, rows
        self.changes: list[Change] = []
        self.missing = self.converted = 0
        self.marked: list[str] = []
        self.cleaned: list[str] = []

    def add(self, cells: Cells) -> None:
        """Count the changes of a column."""
        self.missing += len(cells.missing)
        self.converted += len(cells.converted)
        self.marked += cells.marked.values()
        self.cleaned += cells.cleaned.values()

    def note(self, column: Column, unit: str | None, values: NDArray[np.object_], cells: Cells, at: _Places) -> None:
        """Note what was changed in the cells of a fact; ``unit`` if its figures were converted from one."""
        if unit is not None:
            first, last = cell_name(*at[0]), cell_name(*at[-1])
            factor = unit_factor(column.unit or "", unit) or (1, 1)
            where = first if first == last else f"{first}:{last}"
            self.changes.append(Change(where, column.id, unit, f"× {factor[0] / factor[1]:.12g}", "unit"))
        self.changes += cell_changes(self.grid, at.__getitem__, column.id, column, values, cells)

    def notice(self, path: str) -> Message | None:
        """Summarise the changes; None if there are none."""
        rows = [message("reading.rows.any", n=self.rows)] if self.rows else []
        parts = notice_of(rows, self.missing, self.converted)
        if self.marked:
            parts.append(message("reading.footnotes_off", texts=quoted(self.marked)))
        if self.cleaned:
            parts.append(message("reading.invisible_off", texts=quoted(self.cleaned)))
        return message("reading.facts_notice", path=path, parts=joined(parts)) if parts else None


def _values(name: str, values: NDArray[np.object_], unit: str | None, counts: _Counts, at: _Places) -> list[Any]:
    fact = fact_columns().get(name)
    column, converted = Column(id=name, type="flag" if fact is not None else "key", zh=name, en=name), None
    if name == "year":
        cells = read_year(values)
    elif name.endswith("_code"):
        cells = read_code(values)
    elif fact is not None and fact.type == "number":
        column = Column(id=fact.id, type="number", zh=fact.zh, en=fact.en, unit=fact.unit)
        factor = unit_factor(fact.unit, unit) if fact.unit is not None and unit is not None else None
        cells = read_figures(values, column, factor or (1, 1))
        converted = unit if factor is not None and factor[0] != factor[1] else None
    elif fact is not None and fact.type == "flag":
        cells = read_answers(values)
    elif fact is None and name not in KEYS:
        return list(values.tolist())
    else:
        cells = read_words(values)
    counts.add(cells)
    counts.note(column, converted, values, cells, at)
    return [None if isinstance(v, float) and v != v else v for v in list(cells.values)]


def typed(values: list[Any]) -> Any:
    """Return the cells of a column as an array of numbers or whole numbers where they are that."""
    if all(isinstance(v, float) or v is None for v in values) and any(v is not None for v in values):
        return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    if None in values and any(type(v) is int for v in values) and {int, NoneType}.issuperset(map(type, values)):
        return Wholes(values)
    return values


def raw_table(file: InputFile, sheet: str | int | None) -> pd.DataFrame:
    """Read a table of facts; if it contains no known fact, return it unchanged for the caller to judge."""
    try:
        return facts_of(file, sheet, None)[0]
    except InputDataError:
        raise
    except InputError:
        source = open_source(file, lambda done: None, wanted_sheets(sheet))
        grids = chosen_grids(source, sheet) if sheet is not None else list(source.grids)
        grid = next((g for g in grids if g.cells.size), None)
        header = None if grid is None else find_header(grid, understood=lambda p: None)
        if grid is None or header is None:
            raise InputError(message("reading.headers_missing", path=source.name)) from None
        below = slice(header.rows[-1] + 1, None)
        rows = grid.cells[below][grid.filled()[below].any(axis=1)]
        columns = {n: typed(rows[:, c].tolist()) for c, n in enumerate(header.names) if n}
        table: pd.DataFrame = pandas_frame(columns)
        return table
