"""A table and facts made from a certificate alone, so that the library can judge its figures again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

import junheng as jh
from junheng.facts import fact_columns
from junheng.schools import columns
from junheng.schools.checks import needed_columns
from junheng.schools.vocabulary import INTEGRATED, base_column, category_words, is_grade

SHARED = [name for name, c in columns().items() if c.shared]
STAGES = ("primary", "junior", "senior")

Content = Mapping[str, Any]


def again(content: Content, standard: jh.Standard) -> dict[str, Any]:
    """Return the certificate that the library makes of the figures of a certificate."""
    schools = table(content)
    absent = [n for n in needed_columns(standard) if n not in schools]
    ev = jh.evaluate(schools.assign(**dict.fromkeys(absent)), standard, county_facts=facts(content))
    return plain(ev.certificate())


def plain(content: Content) -> dict[str, Any]:
    """Return a certificate as it is read from a file."""
    found: dict[str, Any] = json.loads(json.dumps(content, ensure_ascii=False, allow_nan=False))
    return found


def facts(content: Content) -> pd.DataFrame | None:
    """Return the facts of the counties."""
    rows = [{**_keys(county), **{n: _fact(n, x) for n, x in county["facts"].items()}} for county in content["counties"]]
    names = {n for county in content["counties"] for n in county["facts"]}
    return pd.DataFrame(rows) if names else None


def _fact(name: str, x: Any) -> float | None:
    if x is None:
        return None
    return float(x) if fact_columns()[name].type != "flag" else float(bool(x))


def table(content: Content) -> pd.DataFrame:
    """Return the rows of the table."""
    rows: list[dict[str, Any]] = []
    for county in content["counties"]:
        schools, sections = frame(county["schools"]), frame(county["sections"])
        by_row: dict[int, list[dict[str, Any]]] = {}
        for section in sections:
            by_row.setdefault(section["row"], []).append(section)
        for row, own in by_row.items():
            school = own[0]["school"]
            others = [s for s in sections if s["school"] == school]
            rows.append({**_keys(county), "_": row, **_row(schools[school], others, own)})
    return pd.DataFrame(rows).sort_values("_", ignore_index=True).drop(columns="_")


def frame(part: Content) -> list[dict[str, Any]]:
    """Return the rows of a part of a certificate by column."""
    return [dict(zip(part["columns"], row, strict=True)) for row in part["rows"]]


def _keys(county: Content) -> dict[str, Any]:
    return {"county": county["county"][0], **({} if county["year"] is None else {"year": county["year"]})}


def _row(school: dict[str, Any], others: list[dict[str, Any]], sections: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the row of one section, or of all stages of a school that are given in one row."""
    first = sections[0]
    kind = first["kind_of_row"] or first["kind"]
    out = {
        "school": school["name"],
        "school_code": school["code"] or f"{first['school']:04}",
        "kind": None if kind == "ordinary" else kind,
        "stage": None,
    }
    names = ["ownership", "owner_type", "area_type", "in_basic_standard", "in_coefficient"]
    out |= {n: first[n] for n in names}
    if first["kind"] in INTEGRATED:
        out |= {f"students_{s}": _float(school[f"students_{s}"]) for s in STAGES}
        own = [n for n in SHARED if not any("/" in str(s.get(n)) for s in others)]
        out["resources_cover"] = "stage" if len(own) == len(SHARED) else " ".join(own) or "school"
    fixed = (*names, "school", "row", "stage", "kind", "kind_of_row", "students")
    wide = len(sections) > 1 or any(re.search("[=<]", str(x)) for x in first.values())
    for n in first:
        if n not in fixed:
            out |= _cells(n, sections, wide)
    if not wide:
        out |= {"stage": first["stage"], "students": _float(first["students"])}
    return out


def _cells(name: str, sections: list[dict[str, Any]], wide: bool) -> dict[str, Any]:
    """Return the cells of a column, and of the columns of its stages."""
    first = sections[0].get(name)
    kind = base_column(name)[0].type  # type: ignore[index]
    if kind == "flag":
        return {name: first}
    if is_grade(name):
        return {name: None if first is None else category_words(name)[-1 - int(first)]}
    own, whole = zip(*(parts(s.get(name)) for s in sections), strict=True)
    if columns()[name].shared or not wide:
        return {name: _float(own[0] or whole[0])}
    by_stage = {f"{name}_{s['stage']}": _float(x) for s, x in zip(sections, own, strict=True)}
    return {name: _float(whole[0]), **by_stage}


def parts(cell: str | None) -> tuple[str | None, str | None]:
    """Return the figure of a stage and that of its school."""
    own, whole = re.fullmatch("([^/=<]*)[/=<]?(.*)", cell or "").groups()  # type: ignore[union-attr]
    return own or None, whole or None


def _float(x: Any) -> float | None:
    return None if x is None else float(x)
