"""What is still to be filled in, table by table, and where it comes from (private)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from junheng.reports.declarations.model import FACTS, SCHOOLS, Declaration, FormTable
from junheng.words import Language, Listed, Message, Name, Quoted, listed, message

#: Columns that name the lines of a table: its code, its number, what it is about.
_LINES = ("code", "number", "entry")


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
    return listed(_distinct(table.rows[i][at].text for i in rows))


def _distinct(texts: Iterable[str]) -> list[str]:
    return [t for t in dict.fromkeys(texts) if t]
