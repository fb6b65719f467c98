"""County facts beside the table of schools, and facts from several places put together (private)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from junheng._frames import Table, pandas_frame
from junheng._text import clean
from junheng.errors import InputDataError, InputError, Problem, ProblemCode
from junheng.facts import Cells, cells_of, fact_columns, remember_cells
from junheng.reading.fact_forms import KEYS, REFERENCE, is_facts_sheet, read_facts_sheet, typed
from junheng.reading.files import open_source
from junheng.reading.grid import Source
from junheng.reading.input_file import InputFile
from junheng.reading.sheet_reading import Change
from junheng.reading.sheets import wanted_sheets
from junheng.schools import is_blank
from junheng.schools.cells import flag_of
from junheng.words import Message, Name, Quoted, key_text, message

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FactsFound", "Part", "facts_beside", "facts_of_workbook", "put_together"]

#: Where facts were found, for messages, and the facts.
Part = tuple[Message | Quoted, "pd.DataFrame"]


@frozen(eq=False)
class _Given:
    """A fact as given: its value, where it was found in words, and its sheet and cell if they are known."""

    value: Any
    place: Message | Quoted
    cell: tuple[str, str] | None


#: One county: its facts.
_Row = dict[str, _Given]


@frozen(eq=False)
class FactsFound:
    """County facts in the sheets of a workbook that are no tables of schools."""

    table: pd.DataFrame | None = None
    #: Numbers of facts that have an answer, by sheet.
    answered: Mapping[str, int] = field(factory=dict)
    notices: tuple[Message, ...] = ()
    problems: tuple[Problem, ...] = ()
    #: What was changed in cells, with the sheet of each.
    changes: tuple[tuple[str, Change], ...] = ()


def facts_beside(source: Source, taken: Collection[str]) -> FactsFound:
    """Read the county facts in the visible sheets that are not ``taken`` by schools."""
    parts: list[Part] = []
    answered: dict[str, int] = {}
    notices: list[Message] = []
    problems: list[Problem] = []
    changes: list[tuple[str, Change]] = []
    for grid in source.grids:
        if grid.hidden or grid.name in taken or not is_facts_sheet(grid):
            continue
        try:
            table, notice, changed = read_facts_sheet(source, grid, None)
        except InputDataError as exc:
            problems += [evolve(problem, sheet=grid.name) for problem in exc.problems]
            continue
        answered[grid.name] = sum(name in fact_columns() and name not in KEYS for name in table.columns)
        notices += [] if notice is None else [notice]
        changes += [(grid.name, change) for change in changed]
        if answered[grid.name]:
            parts.append((message("reading.facts_sheet", sheet=Quoted(grid.name)), table))
    together, conflicts = put_together(parts)
    sheets = list(answered)
    problems += [evolve(problem, sheet=sheets[-1]) for problem in conflicts]
    return FactsFound(together, answered, tuple(notices), tuple(problems), tuple(changes))


def facts_of_workbook(file: InputFile, taken: Collection[str]) -> FactsFound:
    """Read the county facts of a file of which only the sheets ``taken`` were asked for."""
    try:
        return facts_beside(open_source(file, lambda done: None, wanted_sheets(None)), taken)
    except InputError:
        # the sheets that nobody asked for need not be readable
        return FactsFound()


# ------------------------------------------------------------------------------------------- several places


def put_together(parts: Sequence[Part]) -> tuple[pd.DataFrame | None, list[Problem]]:
    """Return facts from several places as one table, and a problem for each fact that two places give differently.

    Such a fact is left missing: nothing is decided silently.
    """
    if len(parts) < 2:
        return (parts[0][1] if parts else None), []
    rows: list[_Row] = []
    problems: list[Problem] = []
    for place, frame in parts:
        table, cells = Table(frame), cells_of(frame)
        given = [_row(table, i, place, cells) for i in range(table.rows)]
        alone = len(rows) == len(given) == 1
        known = _by_name(rows)
        for row in given:
            named = [r for name in _names(row) for r in known.get(name, ())]
            alike = [r for r in (rows[:1] if alone else _distinct(named)) if _is_same_county(r, row, alone=alone)]
            if len(alike) == 1:
                problems += _fill(alike[0], row)
            else:
                rows.append(row)
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: typed([row[name].value if name in row else None for row in rows]) for name in names}
    together: pd.DataFrame = pandas_frame(columns)
    remember_cells(together, {name: [row[name].cell if name in row else None for row in rows] for name in names})
    return together, problems


def _row(table: Table, i: int, place: Message | Quoted, cells: Cells) -> _Row:
    given = ((name, table.objects(name)[i]) for name in table.columns)
    return {
        name: _Given(value, place, cells[name][i] if name in cells else None)
        for name, value in given
        if not is_blank(value)
    }


def _names(row: _Row) -> list[tuple[str, str]]:
    return [(k, clean(key_text(row[k].value))) for k in ("county", "county_code") if k in row]


def _by_name(rows: Sequence[_Row]) -> dict[tuple[str, str], list[_Row]]:
    found: dict[tuple[str, str], list[_Row]] = {}
    for row in rows:
        for name in _names(row):
            found.setdefault(name, []).append(row)
    return found


def _distinct(rows: Sequence[_Row]) -> list[_Row]:
    return list({id(row): row for row in rows}.values())


def _is_same_county(one: _Row, other: _Row, *, alone: bool) -> bool:
    """Return whether two rows are about one county; a form without a county is about the only one there is."""
    named = [{k: clean(key_text(row[k].value)) for k in KEYS if k in row} for row in (one, other)]
    shared = set(named[0]) & set(named[1])
    if any(named[0][k] != named[1][k] for k in shared):
        return False
    return bool(shared - {"year"}) or (alone and any(not set(keys) - {"year"} for keys in named))


def _fill(known: _Row, given: _Row) -> list[Problem]:
    """Add facts to a county; return a problem for each that is known to be another."""
    problems = []
    for name, new in given.items():
        old = known.setdefault(name, new)
        if _is_same(name, old.value, new.value):
            continue
        if name.endswith(REFERENCE):
            # documents in two places are all named
            known[name] = evolve(old, value=f"{old.value}；{new.value}")
        elif name in fact_columns() and not is_blank(old.value):
            known[name] = evolve(old, value=None)
            problems.append(_conflict(name, old, new, known))
    return problems


def _is_same(name: str, one: Any, other: Any) -> bool:
    fact = fact_columns().get(name)
    if fact is not None and fact.type == "flag":
        one, other = (value if flag_of(value) is None else flag_of(value) for value in (one, other))
    return bool(one == other) or clean(key_text(one)) == clean(key_text(other))


def _conflict(name: str, first: _Given, second: _Given, county: _Row) -> Problem:
    said = {"one": _shown(first.value), "place": first.place}
    said |= {"other": _shown(second.value), "other_place": second.place}
    return Problem(
        code=ProblemCode.FACTS_DISAGREE,
        column=name,
        key=" / ".join(key_text(county[k].value) for k in KEYS if k in county) or None,
        value=_shown(second.value),
        message=message("reading.facts_disagree", fact=Quoted(Name("column", name)), **said),
    )


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
