"""The columns of schools that a standard reads."""

from __future__ import annotations

from junheng._data import STAGES
from junheng.indicators import catalogue
from junheng.standards import Standard
from junheng.standards.model import Comparison, Filter

__all__ = ["comparison_columns", "filter_columns", "item_columns", "needed_columns"]


def needed_columns(standard: Standard) -> tuple[str, ...]:
    """Return the number columns that a standard requires."""
    out: dict[str, None] = {"students": None}
    for id_ in standard.indicators:
        out.update(dict.fromkeys(catalogue()[id_].columns))
    if any(t.classes for t in standard.thresholds):
        out["classes"] = None
    return tuple(out)


def item_columns(standard: Standard) -> list[str]:
    """Return the columns of schools that items and special numbers use, including those by stage."""
    names: dict[str, None] = {}
    for item in standard.items:
        for condition in item.conditions:
            for test in condition.tests:
                names.update(dict.fromkeys(comparison_columns(test)))
    for threshold in standard.thresholds:
        for other in threshold.instead:
            names.update(dict.fromkeys(filter_columns(other.where)))
    return [full for name in names for full in (name, *(f"{name}_{s}" for s in STAGES))]


def comparison_columns(test: Comparison) -> list[str]:
    """Return the columns that a comparison reads: its figures, its requirement, and those of its filter."""
    figures = (test.top, test.top_minus, test.bottom, test.bottom_minus, test.than)
    out: list[str] = [] if test.scope == "county" else [name for some in figures for name in some]
    out += ["classes"] if test.per_classes is not None or test.by_size else []
    out += ["students"] if any(table.per_student for table in test.by_size) else []
    return [*out, *filter_columns(test.where)]


def filter_columns(where: Filter | None) -> list[str]:
    """Return the columns that decide to which units a rule applies."""
    if where is None:
        return []
    read = (
        ("kind", bool(where.kinds or where.not_kinds)),
        ("stage", bool(where.stages)),
        ("ownership", where.ownership is not None),
        ("area_type", bool(where.area_types)),
        ("students", where.students_below is not None or where.students_from is not None),
        ("classes", where.classes_below is not None),
        ("largest_class", where.largest_class_below is not None),
        ("built_year", where.built_by is not None),
        ("migrant_students", where.migrant_share_over is not None),
        ("students", where.migrant_share_over is not None),
    )
    return [*where.flags, *where.not_flags, *dict.fromkeys(name for name, is_read in read if is_read)]
