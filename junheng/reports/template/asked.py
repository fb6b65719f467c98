"""The columns and county facts that a standard asks for (private)."""

from __future__ import annotations

from junheng.facts import fact_columns
from junheng.schools import columns
from junheng.schools.areas import AREAS
from junheng.schools.checks import needed_columns
from junheng.standards import Standard
from junheng.standards.model import ANSWERS

#: Columns that identify a row; every standard needs them.
KEYS = ("county", "school_code", "school", "kind", "stage")
_OPTIONAL_KEYS = ("county_code", "year", "ownership", "area_type", "included", "resources_cover")


def _figures(std: Standard, county: bool) -> list[str]:
    """Return the figures that a standard asks for, of the county or of the schools."""
    asked: dict[str, None] = {}
    conditions = [c for i in std.items for c in i.conditions]
    for condition in conditions:
        for test in condition.tests:
            if test.norm is not None and county:
                asked.update(dict.fromkeys((test.norm.primary, test.norm.junior)))
            if (test.scope == "county") == county:
                figures = (*test.top, *test.top_minus, *test.bottom, *test.bottom_minus, *test.than)
                asked.update(dict.fromkeys(figures))
            if test.where is not None and not county:
                asked.update(dict.fromkeys((*test.where.flags, *test.where.not_flags)))
        if county:
            asked.update(dict.fromkeys(condition.unless_no))
            asked.update(dict.fromkeys([condition.chosen_by] if condition.chosen_by is not None else []))
    if not county:
        special = [other.where for t in std.thresholds for other in t.instead]
        asked.update(dict.fromkeys(f for where in special for f in (*where.flags, *where.not_flags)))
    return list(asked)


def facts_asked(std: Standard) -> list[str]:
    """Return the county facts that the items of a standard ask for."""
    return [f for f in _figures(std, county=True) if f in fact_columns()]


def columns_asked(std: Standard) -> tuple[list[str], list[str]]:
    """Return the columns that a standard requires, and those that only items or some schools need."""
    known = columns()
    needed = dict.fromkeys((*KEYS, *needed_columns(std), *_answers_asked(std)))
    areas = [c for area, plus, minus in AREAS if area in needed for c in (*plus, *minus)]
    answers = ANSWERS if std.two_answers else ()
    optional = dict.fromkeys((*_OPTIONAL_KEYS, *answers, "students_senior", *areas, *_figures(std, county=False)))
    seniors = "students_senior"
    rest = [c for c in optional if c not in needed and (c == seniors or (c in known and known[c].type != "count"))]
    return list(needed), rest


def _answers_asked(std: Standard) -> list[str]:
    """Return the columns that decide which schools count."""
    asked: list[str] = []
    if any(r.decision == "ask" or r.ownership for r in std.inclusion):
        answers = [a for a in ANSWERS if any(r.decision == "ask" for r in std.inclusion_for(a))]
        asked = ["ownership", *(answers if std.two_answers else ["included"])]
    return [*asked, "owner_type"] if any(r.owner_types for r in std.inclusion) else asked
