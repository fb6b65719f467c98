"""The law as it stands in the files, read without the package: TOML, numbers as fractions, what is extended put in."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import junheng

PACKAGE = Path(junheng.__file__).parent
Law = dict[str, Any]


def _read(path: Path) -> Any:
    found = _fractions(tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal))
    assert isinstance(found, dict)
    return found


def _fractions(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _fractions(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_fractions(v) for v in value]
    return Fraction(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else value


@cache
def law(name: str) -> Law:
    """Return a shipped standard; items of the same id replace those of the standard that it extends."""
    own = _read(PACKAGE / "standards/data" / f"{name}.toml")
    if "extends" not in own:
        return own
    base = dict(law(own["extends"]))
    assert not {"thresholds", "limits", "remove", "inclusion"} & set(own), "only items are merged here"
    items = {item["id"]: item for item in [*base["items"], *own.get("items", [])]}
    return base | own | {"items": list(items.values())}


@cache
def names() -> tuple[str, ...]:
    """Return the ids of the shipped standards."""
    return tuple(sorted(p.stem for p in (PACKAGE / "standards/data").glob("*.toml")))


@cache
def measures() -> dict[str, Any]:
    """Return what each indicator divides by what."""
    found: dict[str, Any] = _read(PACKAGE / "indicators/catalog.toml")["indicators"]
    return found


@cache
def columns() -> dict[str, Any]:
    """Return the columns of schools."""
    found: dict[str, Any] = _read(PACKAGE / "columns.toml")["columns"]
    return found


@cache
def facts() -> dict[str, Any]:
    """Return the facts about counties."""
    found = _read(PACKAGE / "facts.toml")
    return found.get("facts", found)


def formula(indicator: str) -> tuple[str, str | None, int]:
    """Return the figure, what it is divided by and the scale."""
    m = measures()[indicator]
    kind = m["formula"]
    if kind == "students_per":
        return "students", m["denominator"], 1
    if kind == "share":
        return m["numerator"], m["denominator"], 1
    if kind == "amount":
        return m["numerator"], None, 1
    return m["numerator"], "students", 100 if kind == "per_hundred_students" else 1


def comparisons(of: Law) -> list[dict[str, Any]]:
    """Return every condition, reading, equal test and yardstick of a standard and its relaxations."""
    found: list[dict[str, Any]] = []
    todo = [c for part in ("items", "relaxations") for entry in of.get(part, []) for c in entry.get("conditions", [])]
    while todo:
        c = todo.pop()
        found.append(c)
        todo += c.get("readings", []) + c.get("same_as", [])
        todo += [t for y in c.get("yardsticks", []) for t in y["tests"]]
    return found


def filters(of: Law) -> list[dict[str, Any]]:
    """Return every ``where`` of a standard."""
    entries = [*comparisons(of), *of.get("relaxations", []), *of.get("doubts", [])]
    entries += [y for c in comparisons(of) for y in c.get("yardsticks", [])]
    entries += [i for t in of.get("thresholds", []) for i in t.get("instead", [])]
    return [e["where"] for e in entries if "where" in e]


@cache
def figures(name: str) -> tuple[set[str], set[str], set[str]]:
    """Return the columns of figures, the flags and the facts that a standard reads."""
    of = law(name)
    numbers = {c for i in of.get("indicators", []) for c in formula(i)[:2] if c}
    numbers |= {c for t in of.get("thresholds", []) for c in formula(t["indicator"])[:2] if c}
    numbers |= {c for r in of.get("relaxations", []) for c in r.get("add", [])}
    asked: set[str] = set()
    for c in comparisons(of):
        names = {*c["top"], *c.get("top_minus", []), *c.get("bottom", []), *c.get("bottom_minus", [])}
        if c["scope"] == "county":
            asked |= names | set(c.get("than", [])) | set(c.get("unless_no", []))
        else:
            numbers |= names
        asked |= {c["norm"][s] for s in ("primary", "junior") if "norm" in c}
        asked |= {c["chosen_by"]} if "chosen_by" in c else set()
        if "per_classes" in c or "by_size" in c:
            numbers.add("classes")
    if any("classes" in t for t in of.get("thresholds", [])):
        numbers.add("classes")
    flags = {n for w in filters(of) for key in ("flags", "not_flags") for n in w.get(key, [])}
    for key, column in (("classes_below", "classes"), ("largest_class_below", "largest_class"),
                        ("built_by", "built_year"), ("migrant_share_over", "migrant_students")):  # fmt: skip
        if any(key in w for w in filters(of)):
            numbers.add(column)
    kinds = {n: columns()[n]["type"] for n in numbers if n in columns()}
    flags |= {n for n, kind in kinds.items() if kind == "flag"}
    return {n for n, kind in kinds.items() if kind in ("number", "category")} - flags, flags, asked
