"""Certificates with one thing changed, at random."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from attrs import frozen

VERDICTS = ("met", "unmet", "undetermined")
LEFT_OUT = (None, "no_students", "not_included", "left_out_by_standard", "senior_stage")

Content = dict[str, Any]


@frozen
class Change:
    """What was changed: the kind, where, from what, to what."""

    kind: str
    where: str
    before: Any
    after: Any


def figure(rng: random.Random, content: Content) -> Change:
    """Change a figure, a word or an answer of a school or section, or a fact."""
    county = rng.choice(content["counties"])
    if county["facts"] and rng.random() < 0.25:
        name = rng.choice(sorted(county["facts"]))
        return _set(rng, county["facts"], name, "figure", f"facts.{name}")
    part = rng.choice(["schools", "sections", "sections", "sections"])
    columns, rows = county[part]["columns"], county[part]["rows"]
    fixed = {"name", "code", "school", "row", "stage"}
    free = [i for i, n in enumerate(columns) if n not in fixed]
    i, row = rng.choice(free), rng.randrange(len(rows))
    return _set(rng, rows[row], i, "figure", f"{part}[{row}].{columns[i]}")


def _set(rng: random.Random, holder: Any, key: Any, kind: str, where: str) -> Change:
    before = holder[key]
    name = where.rpartition(".")[2]
    holder[key] = _other(rng, before, name)
    return Change(kind, where, before, holder[key])


def _other(rng: random.Random, x: Any, name: str) -> Any:
    """Return another value of the same sort."""
    words = {
        "kind": ("primary", "junior", "teaching_point", "special", "ordinary"),
        "ownership": ("public", "private", None),
        "owner_type": ("private", "county_education", "enterprise", None),
        "area_type": ("city", "town", "rural", None),
    }
    if isinstance(x, bool) or (x is None and name in ("in_basic_standard", "in_coefficient")):
        return rng.choice([y for y in (True, False, None) if y is not x])
    if isinstance(x, int):
        return rng.choice([y for y in (0, 1, 2) if y != x])
    if name in words:
        return rng.choice([y for y in words[name] if y != x])
    if x is None or name == "kind_of_row":
        return x
    own, mark, whole = re.fullmatch(r"([^/=<]*)([/=<]?)(.*)", x).groups()  # type: ignore[union-attr]
    if own and (not whole or rng.random() < 0.5):
        return f"{_more(rng, own)}{mark}{whole}"
    return f"{own}{mark}{_more(rng, whole)}"


def _more(rng: random.Random, typed: str) -> str:
    value = Fraction(typed)
    more = rng.choice([Fraction(1), Fraction(-1), value, Fraction(1, 100), value / 10])
    new = value + more if value + more >= 0 else value + 1
    whole = value.denominator == 1
    return str(int(new)) if whole else repr(round(float(new), 6))


def verdict(rng: random.Random, content: Content) -> Change:
    """Change a verdict of the claims."""
    places = list(_verdicts(rng.choice(content["counties"])["claims"]))
    where, holder, key = rng.choice(places)
    before = holder[key]
    holder[key] = rng.choice([v for v in VERDICTS if v != before])
    return Change("verdict", where, before, holder[key])


def _verdicts(claims: list[list[Any]]) -> Iterator[tuple[str, Any, int]]:
    for row in claims:
        at = {"section": 4, "coefficient": 4, "item": 3, "part": 2}[row[0]]
        if row[at] is not None:
            yield row[0], row, at
        for value in row[5] if row[0] == "section" else ():
            yield "value", value, 2


def left_out(rng: random.Random, content: Content) -> Change:
    """Change why a section is left out."""
    claims = rng.choice(content["counties"])["claims"]
    row = rng.choice([row for row in claims if row[0] == "section"])
    key = rng.choice([2, 3])
    before = row[key]
    row[key] = rng.choice([r for r in LEFT_OUT if r != before])
    return Change("left_out", f"section.{key}", before, row[key])


def printed(rng: random.Random, content: Content) -> Change:
    """Change a printed float of the claims: a value, a coefficient, a requirement."""
    claims = rng.choice(content["counties"])["claims"]
    rows = [value for row in claims if row[0] == "section" for value in row[5]]
    rows += [row for row in claims if row[0] == "coefficient"]
    floats = [(row, i) for row in rows for i, x in enumerate(row) if isinstance(x, float)]
    if not floats:
        return verdict(rng, content)
    row, i = rng.choice(floats)
    before = row[i]
    row[i] = rng.choice([before * (1 + 1e-10) + 1e-11, before + 1.0, None])
    return Change("printed", str(row[:2]), before, row[i])


def line(rng: random.Random, content: Content) -> Change:
    """Drop a claim, repeat it, or exchange two."""
    claims = rng.choice(content["counties"])["claims"]
    before, i = copy.deepcopy(claims), rng.randrange(len(claims))
    how = rng.choice(["drop", "repeat", "exchange"])
    if how == "drop":
        del claims[i]
    elif how == "repeat":
        claims.insert(i, claims[i])
    else:
        claims[0], claims[-1] = claims[-1], claims[0]
    return Change("line", how, before, claims)


def rule(rng: random.Random, content: Content) -> Change:
    """Change a number, a word, a list or a clause of the rules, or drop an entry."""
    places = [p for p in _leaves(content["standard"]["rules"], "rules") if p[1] is not None]
    where, holder, key = rng.choice(places)
    before = holder[key]
    if isinstance(before, bool):
        holder[key] = not before
    elif isinstance(before, int):
        holder[key] = before + 1
    elif isinstance(before, str) and before.replace(".", "", 1).isdigit():
        holder[key] = str(float(Fraction(before) * 2 + 1)).removesuffix(".0")
    elif isinstance(before, str):
        holder[key] = {">=": ">", "<=": "<", "met": "unmet"}.get(before, before + "x")
    return Change("rule", where, before, holder[key])


def _leaves(value: Any, where: str) -> Iterator[tuple[str, Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        if isinstance(inner, (dict, list)):
            yield from _leaves(inner, f"{where}.{key}")
        else:
            yield f"{where}.{key}", value, key


KINDS: tuple[Callable[[random.Random, Content], Change], ...] = (
    figure,
    figure,
    figure,
    verdict,
    left_out,
    printed,
    line,
)


def changed(rng: random.Random, content: Content, kinds: Any = KINDS) -> tuple[Content, Change]:
    """Return a certificate with one thing changed, and the change."""
    while True:
        other = copy.deepcopy(content)
        change = rng.choice(kinds)(rng, other)
        if change.before != change.after or type(change.before) is not type(change.after):
            return other, change
