"""Small tables of schools for the tests, every figure in sight."""

import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs
import pandas as pd

import junheng as jh
from junheng.standards.model import Threshold

QUALITY = "cn-quality-balance-2017"
BASIC = "cn-basic-balance-2012"
SHANDONG = "cn-sd-school-conditions-2008"
STANDARDS = (BASIC, QUALITY, SHANDONG)

#: The seven indicators of 2017: column, scale, threshold and 85 % floor for primary and junior schools, as the facts
#: of record have them.
SEVEN: dict[str, tuple[str, int, dict[str, tuple[Decimal, Decimal]]]] = {
    indicator: (column, scale, {"primary": (Decimal(p), Decimal(pf)), "junior": (Decimal(j), Decimal(jf))})
    for indicator, column, scale, p, j, pf, jf in (
        (
            "teachers_above_required_degree_per_hundred_students",
            "teachers_above_required_degree", 100, "4.2", "5.3", "3.57", "4.505",
        ),
        ("backbone_teachers_per_hundred_students", "backbone_teachers", 100, "1", "1", "0.85", "0.85"),
        ("pe_art_teachers_per_hundred_students", "pe_art_teachers", 100, "0.9", "0.9", "0.765", "0.765"),
        ("teaching_area_per_student", "teaching_area_m2", 1, "4.5", "5.8", "3.825", "4.93"),
        ("sports_area_per_student", "sports_area_m2", 1, "7.5", "10.2", "6.375", "8.67"),
        ("equipment_value_per_student", "equipment_value_cny", 1, "2000", "2500", "1700", "2125"),
        ("multimedia_classrooms_per_hundred_students", "multimedia_classrooms", 100, "2.3", "2.4", "1.955", "2.04"),
    )
}  # fmt: skip

#: A school of 500 that meets all seven in either stage.
GOOD = {
    "teachers_above_required_degree": 27,
    "backbone_teachers": 6,
    "pe_art_teachers": 6,
    "teaching_area_m2": 3000.0,
    "sports_area_m2": 5500.0,
    "equipment_value_cny": 1_300_000.0,
    "multimedia_classrooms": 14,
}
#: What the eight indicators of 2012 and a look at teachers need on top.
MORE = {"teachers": 35, "teachers_mid_or_senior_title": 15, "computers": 80, "books": 15_000}
SHARED = ("teaching_area_m2", "sports_area_m2", "equipment_value_cny", "multimedia_classrooms", "computers", "books")


def school(name: str = "一小", stage: str | None = "primary", **changed: Any) -> dict[str, Any]:
    """One row: a good school of 500 in 甲县, with whatever is changed; None as a value leaves the cell empty."""
    row = {"county": "甲县", "school": name, "stage": stage, "students": 500, **GOOD, **MORE}
    return row | changed


def junior(name: str = "一中", **changed: Any) -> dict[str, Any]:
    return school(name, "junior", **changed)


def one_row(kind: str, *, people: Mapping[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    """An integrated school in one row: people by stage, resources once."""
    row = {"county": "甲县", "school": "联校", "kind": kind, **{k: (GOOD | MORE)[k] for k in SHARED}}
    return row | dict(people or {}) | changed


def conditions(stage: str = "primary", **changed: Any) -> dict[str, Any]:
    """One row with more than enough of everything Shandong's standard asks of a school of 500 in 12 or 18 classes."""
    std = jh.load_standard(SHANDONG)
    catalogue = jh.indicators.catalogue()
    amounts = {catalogue[t.indicator].numerator: 100_000.0 for t in std.thresholds}
    row = {"county": "甲县", "school": "一校", "stage": stage, **amounts, "students": 500, "staff": 50}
    return row | {"classes": 12 if stage == "primary" else 18} | changed


def with_staff_quota() -> Any:
    """Shandong's standard and at most 19, or 13.5, students to a member of staff."""
    std = jh.load_standard(SHANDONG)
    quota = [
        Threshold(indicator="students_per_staff", stage=stage, op="<=", value=Decimal(most), clause="1", source="S1",
                  standing="recalled")
        for stage, most in (("primary", "19"), ("junior", "13.5"))
    ]  # fmt: skip
    indicators = (*std.indicators, "students_per_staff")
    return attrs.evolve(std, thresholds=(*std.thresholds, *quota), indicators=indicators)


def frame(*rows: Mapping[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


def problems(table: Any, standard: str | None = QUALITY) -> list[dict[str, Any]]:
    """The problems of a table as rows, missing cells None."""
    return jh.results.records(jh.check_schools(table, standard))


def codes(table: Any, standard: str | None = QUALITY) -> list[str]:
    return [p["code"] for p in problems(table, standard)]


def explained(ev: jh.Evaluation, language: str = "en", **which: Any) -> str:
    """The findings, as :func:`plain` text."""
    return plain(ev.explain(language=language, **which))


def plain(text: str) -> str:
    """Text with half-width punctuation, so that a test need not know which kind stands there."""
    return unicodedata.normalize("NFKC", text)


def pick(table: pd.DataFrame, **where: Any) -> pd.DataFrame:
    """The rows of a result that hold these values."""
    for name, value in where.items():
        table = table[table[name] == value]
    return table.reset_index(drop=True)


def only(table: pd.DataFrame, **where: Any) -> dict[str, Any]:
    """The one row of a result that holds these values."""
    rows = jh.results.records(pick(table, **where))
    assert len(rows) == 1, f"{len(rows)} rows have {where}"
    return rows[0]
