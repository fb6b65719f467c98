"""The page of all indicators."""

from typing import Any

from bilingual import Words

from catalogue.markdown import page_of, shipped, table
from junheng.indicators import catalogue, county_catalogue


def indicator_page(w: Words) -> str:
    """Return the page."""
    used: dict[str, list[str]] = {}
    for s in shipped():
        for i in s.indicators:
            used.setdefault(i, []).append(page_of(s.id))
    lines = [f"# {w('indicators.title')}", "", w("indicators.about", n=len(catalogue())), ""]
    groups: dict[str, list[Any]] = {"per_student": [], "to_one": [], "per_school": []}
    for i in catalogue().values():
        groups[group_of(i)].append(i)
    for group, members in groups.items():
        rows = [[*row(w, i), "<br>".join(used.get(i.id, ())) or "—"] for i in members]
        head = w.head("indicator", "formula", "unit", "used_by")
        lines += [f"## {w(f'indicators.{group}')}", "", table(head, rows)]
    lines += [
        f"## {w('indicators.of_county')}",
        "",
        w("indicators.of_county_about"),
        "",
        table(w.head("indicator", "formula", "unit"), [row(w, i) for i in county_catalogue().values()]),
    ]
    return "\n".join(lines)


def group_of(indicator: Any) -> str:
    """Return under which heading an indicator stands."""
    if indicator.denominator == "students":
        return "per_student"
    # the students of a school by themselves are no ratio
    return "to_one" if indicator.numerator == "students" and indicator.denominator else "per_school"


def row(w: Words, indicator: Any) -> list[str]:
    """Return label, formula and unit."""
    return [w.named(indicator, indicator.id), f"`{indicator.formula}`", w.unit(indicator.unit)]
