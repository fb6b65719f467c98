"""Tables of columns, words and units, which the data dictionary includes."""

from collections.abc import Iterable
from typing import Any

from bilingual import Words

from catalogue.markdown import table
from junheng._data import read_toml
from junheng.schools import Column, columns


def column_tables(w: Words) -> dict[str, str]:
    """Return each table by the name of its file."""
    known = list(columns().values())
    keys = [[f"`{c.id}`", w(f"type.{c.type}"), meaning(w, c)] for c in known if c.type != "number"]
    aliases = [[f"`{c.id}`", c.zh, w.listed(c.aliases) or "—"] for c in known]
    return {
        "_keys.md": table(w.head("column", "type", "meaning"), keys),
        "_people.md": numbers(w, [c for c in known if c.type == "number" and not c.shared]),
        "_shared.md": numbers(w, [c for c in known if c.shared]),
        "_aliases.md": table(w.head("column", "label", "aliases"), aliases),
        "_words.md": table(w.head("column", "word", "words"), words(w)),
        "_units.md": table(w.head("canonical_unit", "converted"), units(w)),
    }


def meaning(w: Words, column: Column) -> str:
    """Return the label; in English the Chinese one below it."""
    return w("columns.meaning", label=w.of(column), zh=column.zh)


def numbers(w: Words, listed: Iterable[Column]) -> str:
    """Return the table of columns with numbers: unit, and what is checked."""
    rows = []
    for c in listed:
        checked = [w("columns.whole")] if c.whole else []
        checked += [w("columns.part_of", whole=c.part_of)] if c.part_of else []
        rows.append([f"`{c.id}`", meaning(w, c), w.unit(c.unit), w.listed(checked) or "—"])
    return table(w.head("column", "meaning", "unit", "checked"), rows)


def words(w: Words) -> list[list[str]]:
    """Return the words that each category column understands."""
    toml = read_toml("columns.toml")
    # columns side by side with the same words are one: the thirteen grades of the inspectors
    alike: list[tuple[list[str], dict[str, list[str]]]] = []
    for column, entries in toml["categories"].items():
        if alike and alike[-1][1] == entries:
            alike[-1][0].append(column)
        else:
            alike.append(([column], entries))
    rows = [
        [range_of(w, names), f"`{canonical}`", w.listed(others)]
        for names, entries in alike
        for canonical, others in entries.items()
    ]
    return rows + [[w("columns.flag"), f"`{k}`", w.listed(v)] for k, v in toml["flags"].items()]


def range_of(w: Words, names: list[str]) -> str:
    """Return a column, or the first and the last of several."""
    first, last = f"`{names[0]}`", f"`{names[-1]}`"
    return first if len(names) == 1 else w("columns.to", first=first, last=last)


def units(w: Words) -> list[list[str]]:
    """Return what one of each unit is in the canonical unit."""
    rows = []
    for unit, names in read_toml("columns.toml")["units"].items():
        said = [
            w("columns.factor", name=name, factor=factor_text(f), unit=w.unit(unit))
            for name, f in names.items()
            if f != 1
        ]
        rows.append([f"`{unit}`", w.listed(said) or "—"])
    return rows


def factor_text(factor: Any) -> str:
    """Return a factor: a number, or a fraction."""
    return f"{factor[0]}/{factor[1]}" if isinstance(factor, list) else f"{factor:,}".replace(",", " ")
