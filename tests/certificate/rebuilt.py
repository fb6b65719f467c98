"""A table and facts made from a certificate alone, so that the library can judge its figures again."""

from __future__ import annotations

import json
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
    ev = jh.evaluate(
        schools.assign(**dict.fromkeys(absent)),
        standard,
        county_facts=facts(content),
        missing=content["options"]["missing"],
    )
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
        schools = frame(county["schools"])
        by_row: dict[int, list[dict[str, Any]]] = {}
        for section in frame(county["sections"]):
            by_row.setdefault(section["row"], []).append(section)
        rows += [{**_keys(county), "_": row, **_row(schools, own)} for row, own in by_row.items()]
    return pd.DataFrame(rows).sort_values("_", ignore_index=True).drop(columns="_")


def frame(part: Content) -> list[dict[str, Any]]:
    """Return the rows of a part of a certificate by column."""
    return [dict(zip(part["columns"], row, strict=True)) for row in part["rows"]]


def _keys(county: Content) -> dict[str, Any]:
    return {"county": county["county"][0], **({} if county["year"] is None else {"year": county["year"]})}


def _row(schools: list[dict[str, Any]], sections: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the row of one section, or of all stages of a school that are given in one row."""
    first = sections[0]
    school = schools[first["school"]]
    out = {
        "school": school["name"],
        "school_code": school["code"] or f"{first['school']:04}",
        "kind": first["kind"],
        "stage": None,
    }
    names = ["ownership", "owner_type", "area_type", "included", "in_basic_standard", "in_coefficient"]
    out |= {n: first[n] for n in names}
    if school["kind"] in INTEGRATED:
        out |= {f"students_{s}": _float(school[f"students_{s}"]) for s in STAGES}
        out["resources_cover"] = _cover(school, sections)
    figures = [
        n for n in first if n not in (*names, "school", "row", "stage", "kind", "rounded", "lacking", "students")
    ]
    people = [n for n in school if n not in ("name", "code", "kind", *(f"students_{s}" for s in STAGES))]
    wide = len(sections) > 1 or any(school[n] is not None and not columns()[n].shared for n in people)
    for n in dict.fromkeys([*figures, *people]):
        out |= _cells(n, school, sections, wide)
    if not wide:
        out |= {"stage": first["stage"], "students": _float(first["students"])}
    return out


def _cover(school: Content, sections: list[dict[str, Any]]) -> str:
    """Return which figures are the stage's own; a list of them also says that they were divided before."""
    lacking = {n for s in sections for n in s["lacking"] or ()}
    own = [n for n in SHARED if school.get(n) is None and n not in lacking]
    if len(own) < len(SHARED):
        return " ".join(own) or "school"
    rounded = {n for s in sections for n in s["rounded"] or ()}
    # the list of all columns is what split_stages writes for none
    return " ".join(n for n in own if n in rounded or n in sections[0]) if rounded else "stage"


def _cells(name: str, school: Content, sections: list[dict[str, Any]], wide: bool) -> dict[str, Any]:
    """Return the cells of a column, and of the columns of its stages."""
    values = [s.get(name) for s in sections]
    kind = base_column(name)[0].type  # type: ignore[index]
    if kind == "flag":
        return {name: values[0]}
    if is_grade(name):
        return {name: None if values[0] is None else category_words(name)[-1 - int(values[0])]}
    whole = None if name in (sections[0]["lacking"] or ()) else school.get(name)
    if columns()[name].shared:
        return {name: _float(values[0] if whole is None else whole)}
    if not wide:
        return {name: _float(values[0])}
    by_stage = {f"{name}_{s['stage']}": _float(s.get(name)) for s in sections}
    return {name: _float(whole), **by_stage}


def _float(x: Any) -> float | None:
    return None if x is None else float(x)
