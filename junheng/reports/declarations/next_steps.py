"""What is still to be filled in, table by table, and where it comes from (private)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from junheng.reports.declarations.model import FACTS, SCHOOLS, Declaration, FormTable
from junheng.words import Language, Listed, Message, Name, Quoted, listed, message

#: Columns that number the lines of a table.
_LINES = ("code", "number")


def next_steps(form: Declaration, language: Language) -> list[str]:
    """Return a line for each table and source of what the form lacks, under a head; none if it lacks nothing."""
    lines = [line for table in form.tables for line in _of_table(table)]
    if not lines:
        return []
    told = [message("forms.next.head"), *lines, message("forms.next.where")]
    return [line.text(language) for line in told]


def _of_table(table: FormTable) -> list[Message]:
    """Return what a table lacks of the county facts, then of the table of schools."""
    rows: dict[str, list[int]] = {}
    for i, row in enumerate(table.rows):
        for name in dict.fromkeys(name for cell in row for name in cell.lacks):
            rows.setdefault(name, []).append(i)
    facts = {n.removeprefix(FACTS): at for n, at in rows.items() if n.startswith(FACTS)}
    columns = {n.removeprefix(SCHOOLS): at for n, at in rows.items() if n.startswith(SCHOOLS)}
    title = table.title.split()[0]
    out = []
    if facts:
        names = listed(Quoted(Name("column", f)) for f in facts)
        where = _lines(table, sorted({i for at in facts.values() for i in at}))
        key = "forms.next.facts_of_lines" if where.items else "forms.next.facts"
        out.append(message(key, table=title, lines=where, names=names))
    if columns:
        gaps = (message("forms.next.column", column=Quoted(Name("column", c)), n=len(at)) for c, at in columns.items())
        out.append(message("forms.next.columns", table=title, names=listed(gaps)))
    return out


def _lines(table: FormTable, rows: Sequence[int]) -> Listed:
    """Return the codes or numbers of some lines; nothing where they have none."""
    heads = [c.id for c in table.columns]
    name = next((n for n in _LINES if n in heads), None)
    if name is None:
        return listed(())
    at = heads.index(name)
    return listed(_in_runs([t for t in dict.fromkeys(table.rows[i][at].text for i in rows) if t]))


def _in_runs(codes: Sequence[str]) -> list[str]:
    """Return L1, L2, L3, L14 as L1–L3, L14."""
    runs: list[list[str]] = []
    for code in codes:
        if runs and _number(code) == _number(runs[-1][-1]) + 1:
            runs[-1].append(code)
        else:
            runs.append([code])
    return [code for run in runs for code in (run if len(run) < 3 else [f"{run[0]}–{run[-1]}"])]


def _number(code: str) -> int:
    return int(re.sub(r"\D", "", code) or -1)
