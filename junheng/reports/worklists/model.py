"""A worklist: the findings of a table, what was filled in about them before, and what no longer appears (private)."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from attrs import evolve, frozen

from junheng._codes import row_codes
from junheng.errors import Severity
from junheng.plausibility.figures import place_columns
from junheng.plausibility.findings import Finding
from junheng.plausibility.search import find
from junheng.reading.input_file import FileLike
from junheng.reports._findings import place_text, weight
from junheng.reports.worklists.answers import Answer, read_answers
from junheng.schools.origin import Origin, origin_of
from junheng.schools.sections import as_standard
from junheng.schools.table import SchoolTable
from junheng.standards import Standard
from junheng.words import LANGUAGES, Message, Row, key_text, listed, message, sentences

__all__ = ["Entry", "Place", "Worklist", "by_school", "make_worklist"]

#: ``open``: to be looked at; ``unchanged``: said to be corrected, but the figure is the same; ``explained``: done.
Status = Literal["open", "unchanged", "explained"]
#: Letters of an id: no vowels, so that no word comes out, and no digits, so that no program takes it for a number.
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
#: Cells that are named one by one.
_CELLS = 30


@frozen
class Place:
    """A county that was looked at: its name, how many schools it has, its years."""

    name: str
    schools: int
    years: frozenset[str]


@frozen
class Entry:
    """A finding with its id, its cells, and what was filled in about it before."""

    id: str
    finding: Finding
    place: str
    cells: Message
    status: Status = "open"
    result: str = ""
    text: str = ""


@frozen(eq=False)
class Worklist:
    """What an inspector is handed."""

    places: tuple[Place, ...]
    entries: tuple[Entry, ...]
    settled: tuple[Answer, ...]
    """Lines of earlier worklists that no longer appear."""
    elsewhere: int
    """Lines of earlier worklists on counties or years that this table does not have."""
    notices: tuple[Message, ...]
    errors: int
    """Errors in the table: their cells count as missing."""
    with_answers: bool
    standard: Standard | None
    alpha: float

    @property
    def open(self) -> list[Entry]:
        """The findings that are still to be looked at."""
        return [e for e in self.entries if e.status != "explained"]

    @property
    def explained(self) -> list[Entry]:
        """The findings that were explained before."""
        return [e for e in self.entries if e.status == "explained"]

    def by_county(self) -> list[Worklist]:
        """Return a worklist for each county that has findings, or lines that no longer appear."""
        out = []
        for place in self.places:
            entries = tuple(e for e in self.entries if e.place == place.name)
            settled = tuple(a for a in self.settled if a.cells.get("county") == place.name)
            if entries or settled:
                alone = evolve(self, places=(place,), entries=entries, settled=settled)
                out.append(evolve(alone, elsewhere=0, notices=(), errors=0))
        return out


def make_worklist(
    schools: Any,
    *,
    by: Sequence[str] | str | None = None,
    standard: Standard | str | os.PathLike[str] | None = None,
    alpha: float = 0.05,
    explained: Sequence[FileLike] = (),
) -> Worklist:
    """Look at a table, and at what was filled in about it before."""
    std = None if standard is None else as_standard(standard)
    answers, notices = read_answers(explained)
    table, findings = find(schools, by=by, standard=std, alpha=alpha)
    places = _places(table)
    entries = [_answered(e, answers.get(e.id)) for e in _entries(table, findings, origin_of(schools))]
    known = {e.id for e in entries}
    gone = [a for a in answers.values() if a.id not in known]
    settled = tuple(a for a in gone if _was_looked_at(a, places))
    return Worklist(
        places=tuple(places.values()),
        entries=tuple(entries),
        settled=settled,
        elsewhere=len(gone) - len(settled),
        notices=tuple(notices),
        errors=_errors(table),
        with_answers=bool(explained),
        standard=std,
        alpha=float(alpha),
    )


def by_school(entries: Iterable[Entry]) -> dict[tuple[str, str | None], list[Entry]]:
    """Return findings by county and school, in the order of the table; those of a school by their weight."""
    groups: dict[tuple[str, str | None], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.place, entry.finding.school), []).append(entry)
    return {key: sorted(group, key=lambda e: weight(e.finding)) for key, group in groups.items()}


# ------------------------------------------------------------------------------------------ what was looked at


def _places(table: SchoolTable) -> dict[str, Place]:
    """Return the counties of a table by their names, in order of appearance."""
    rows = np.flatnonzero(~table.is_total)
    parts = [(codes[rows], words) for codes, words in map(table.codes, place_columns(table))]
    group = row_codes([(codes, len(words)) for codes, words in parts]) if parts else np.zeros(rows.size, np.int64)
    n = int(group.max()) + 1 if rows.size else 0
    first = np.full(n, rows.size, dtype=np.int64)
    np.minimum.at(first, group, np.arange(rows.size))
    schools, years = _distinct(table, table.school_column, group, rows, n), [frozenset[str]()] * n
    counts = [len(found) for found in schools]
    if "year" in table.has:
        years = [frozenset(map(key_text, found)) for found in _distinct(table, "year", group, rows, n)]
    found: dict[str, Place] = {}
    for g, row in enumerate(first.tolist()):
        name = place_text(words[codes[row]] if codes[row] >= 0 else None for codes, words in parts)
        found[name] = Place(name, counts[g], years[g])
    return found


def _errors(table: SchoolTable) -> int:
    """Count the errors of a table, in the cells of its columns too."""
    problems = [*table.problems, *(p for name in sorted(table.has) for p in table.problems_of(name))]
    return len({(p.code, p.row, p.column) for p in problems if p.severity is Severity.ERROR})


def _distinct(table: SchoolTable, column: str, group: Any, rows: Any, n: int) -> list[list[Any]]:
    """Return the distinct words of a column in each group."""
    codes, words = table.codes(column)
    pairs = np.unique(np.stack([group, codes[rows]]), axis=1)
    out: list[list[Any]] = [[] for _ in range(n)]
    for g, code in pairs.T.tolist():
        if code >= 0:
            out[g].append(words[code])
    return out


def _was_looked_at(answer: Answer, places: Mapping[str, Place]) -> bool:
    place, year = places.get(answer.cells.get("county", "")), answer.cells.get("year", "")
    return place is not None and (not year or not place.years or year in place.years)


# ------------------------------------------------------------------------------------------ ids, cells, answers


def _entries(table: SchoolTable, findings: Sequence[Finding], origin: Origin | None) -> list[Entry]:
    keys = [_key(table, finding) for finding in findings]
    # two schools that agree may each have a finding about both, an indicator one about threshold and floor
    alike = {key for key, n in Counter(keys).items() if n > 1}
    seen: Counter[str] = Counter()
    out = []
    for key, finding in zip(keys, findings, strict=True):
        if key in alike:
            key = _joined(key, finding.school, finding.stage, finding.year, finding.evidence.key)
        seen[key] += 1
        id_ = _id(key if seen[key] == 1 else _joined(key, seen[key]))
        out.append(Entry(id_, finding, place_text(finding.place), _cells(finding, origin)))
    return out


def _key(table: SchoolTable, finding: Finding) -> str:
    """Return what makes a finding the same in another list: where it is, its kind, and its figures, in any order.

    What concerns a whole county is the same while what was found is: some of its schools may change their figures.
    """
    # figures agree to 1e-12 across versions
    what = [finding.kind, *sorted(finding.columns), f"{finding.value:.9g}"]
    if finding.school is None:
        return _joined(place_text(finding.place), finding.stage, finding.year, *what)
    figures = [table.number(name) for name in sorted(finding.columns)]
    rows = [
        _joined(table.key(row), *("" if v is None else f"{v[row]:.9g}" for v in figures))
        for row in dict.fromkeys(finding.rows)
    ]
    return _joined(place_text(finding.place), *what, *sorted(rows))


def _joined(*parts: Any) -> str:
    return "\x1f".join("" if p is None else str(p) for p in parts)


def _id(key: str) -> str:
    number = int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:8])
    letters = ""
    for _ in range(12):
        number, at = divmod(number, len(_LETTERS))
        letters += _LETTERS[at]
    return "-".join((letters[:4], letters[4:8], letters[8:]))


def _cells(finding: Finding, origin: Origin | None) -> Message:
    """Name the cells of a finding as the file shows them; rows where the table was not read from a file."""
    if origin is None:
        named: list[Any] = [Row(row) for row in dict.fromkeys(finding.rows)]
    else:
        named, beside = [], None
        for row in dict.fromkeys(finding.rows):
            named += _cells_of_row(origin, row, finding.columns, beside)
            beside = row
    if len(named) > _CELLS:
        return message("worklist.many_cells", cells=listed(named[:_CELLS]), n=len(named))
    return message("worklist.cells", cells=listed(named))


def _cells_of_row(origin: Origin, row: int, columns: Sequence[str], beside: int | None) -> list[Any]:
    """Name the cells of a row, or the row if none is known; the sheet unless it is that of the row ``beside``."""
    sheet, number = origin.sheets[origin.sheet[row]], int(origin.row[row])
    letters = dict.fromkeys(filter(None, (origin.letters.get(sheet, {}).get(name) for name in columns)))
    if not letters:
        return [origin.row_of(row, beside)]
    cells = [f"{letter}{number}" for letter in letters]
    if beside is None or origin.sheet[beside] != origin.sheet[row]:
        cells[0] = f"{sheet}!{cells[0]}"
    return cells


def _answered(entry: Entry, answer: Answer | None) -> Entry:
    if answer is None or answer.is_blank:
        return entry
    status: Status = "explained"
    if _is(answer.result, "corrected"):
        status = "unchanged"
    elif _is(answer.result, "pending"):
        status = "open"
    return evolve(entry, status=status, result=answer.result, text=answer.text)


def _is(result: str, choice: str) -> bool:
    return result in [sentences("worklist.result", language)[choice] for language in LANGUAGES]
