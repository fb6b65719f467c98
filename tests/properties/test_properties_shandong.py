"""Shandong's rules that changed agree with an oracle that knows them from the facts, not from the package."""

from fractions import Fraction
from typing import Any

import oracle_items as oracle
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_tables import SHANDONG, conditions, frame, school

import junheng as jh

WORD = {True: "met", False: "unmet", None: "undetermined"}


def verdicts(row: dict[str, Any]) -> pd.Series:
    """The school's verdict on each indicator."""
    return jh.evaluate(frame(row), SHANDONG).schools.set_index("indicator")["verdict"]


@given(st.sampled_from((5638, 5763)), st.integers(-2, 2))
def test_a_building_total_is_decided_where_both_rows_agree(near: int, hundredths: int) -> None:
    built = Fraction(near * 100 + hundredths, 100)
    found = verdicts(conditions(classes=18, students=810, total_built_m2=float(built)))
    assert found["total_built_area"] == WORD[oracle.building_total(18, built)]


@settings(max_examples=2 * settings.default.max_examples)
@given(
    st.sampled_from(("rural", "rural", "town", "city")),
    st.sampled_from((True, False, None)),
    st.sampled_from((20, 30)),
    st.integers(-1, 1),
    st.sampled_from((119, 120, 159, 160)),
    st.sampled_from((59, 60, 79, 80)),
)
def test_less_is_asked_of_poor_rural_primary_schools(
    area: str, poor: bool | None, each: int, more: int, titles: int, periodicals: int
) -> None:
    books = each * 540 + more
    row = conditions(students=540, books=books, reference_titles=titles, periodical_titles=periodicals)
    found = verdicts(row | {"area_type": area, "less_developed_area": poor})
    wanted = oracle.library(area, poor, Fraction(books, 540), titles, periodicals)
    for indicator, verdict in zip(("books_per_student", "reference_titles", "periodical_titles"), wanted, strict=True):
        assert found[indicator] == WORD[verdict], indicator


@pytest.mark.slow
@settings(max_examples=2 * settings.default.max_examples)
@given(st.integers(3, 17), st.integers(0, 3), st.integers(0, 2), st.integers(0, 7))
def test_courts_and_tables_of_small_junior_schools(classes: int, basketball: int, volleyball: int, tables: int) -> None:
    row = conditions("junior", classes=classes, students=classes * 40, table_tennis_tables=tables)
    ev = jh.evaluate(frame(row | {"basketball_courts": basketball, "volleyball_courts": volleyball}), SHANDONG)
    courts = ev.items.set_index("item")["verdict"]["courts-under-18-classes"]
    assert courts == WORD[oracle.for_every(classes, 6, basketball + volleyball)]
    found = ev.schools.set_index("indicator")["verdict"]["table_tennis_tables"]
    assert found == WORD[oracle.for_every(classes, 3, tables)]


@settings(max_examples=2 * settings.default.max_examples)
@given(st.lists(st.sampled_from(("达标", "达标", "基本达标", "不达标", None)), min_size=1, max_size=4))
def test_grades_are_decided_where_both_readings_agree(found: list[str | None]) -> None:
    rows = [school(f"{i}校", conditions_grade=g) for i, g in enumerate(found)]
    items = jh.evaluate(frame(*rows), "cn-sd-basic-balance-2013").items.set_index("item")["verdict"]
    assert items["schools-comply"] == WORD[oracle.grades(found)]
