"""A message can always be printed, whatever it quotes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import junheng as jh
from junheng.errors import check_language
from junheng.results.frames import round_half_up
from junheng.words import Name, Quoted, message


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError


ODD: list[Any] = [10**5000, -(10**400), "\ud800a", ["x", Unprintable()], {1: [2]}, Unprintable(), b"\xff", np.zeros(3)]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("at", range(len(ODD)))
def test_any_value_is_quoted_in_a_bounded_text(language: str, at: int) -> None:
    value = ODD[at]
    for what in (Quoted(value), Name("column", value)):
        text = message("schools.on_error", choices=("a",), given=what).text(language)
        text.encode()
        assert len(text) < 500


@pytest.mark.parametrize("odd", [np.array(["en", "zh"]), pd.NA, None, 3, ["zh"], float("nan")])
def test_a_language_of_another_kind_is_refused(odd: Any) -> None:
    with pytest.raises(jh.InputError, match="language"):
        check_language(odd)


@pytest.mark.parametrize("odd", [3, "students", ["a"], {"学校": 3}, {3: "school"}, {"学校": None}])
def test_a_mapping_that_is_none_of_texts_is_refused(odd: Any) -> None:
    table = pd.DataFrame({"学校": ["一小"]})
    for use in (jh.standardize_columns, jh.describe_columns):
        with pytest.raises(jh.InputError):
            use(table, odd)
    with pytest.raises(jh.InputError, match="mapping"):
        jh.read_schools("学校,学段\n一小,小学\n".encode(), mapping=odd)


@pytest.mark.parametrize("name", ["sheet", "header", "decimal", "on_error"])
@pytest.mark.parametrize("odd", [3.5, b"x", {"a": 1}, [None], [[0]], np.zeros(2), pd.NA, Unprintable()], ids=type)
def test_a_choice_of_another_kind_is_refused(name: str, odd: Any) -> None:
    with pytest.raises(jh.InputError):
        jh.read_schools("学校,学段\n一小,小学\n".encode(), **{name: odd})


@pytest.mark.parametrize("odd", [1 + 2j, np.complex64(1j), np.ma.masked, True, "1e999", 10**400])
def test_a_cost_of_another_kind_is_refused(odd: Any) -> None:
    ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    with pytest.raises(jh.InputError):
        jh.plan(ev, unit_costs={"books": odd})


@pytest.mark.parametrize("odd", [3, "ab", [1], pd.Interval(0, 1)])
def test_what_is_no_row_of_a_new_school_is_refused(odd: Any) -> None:
    ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    for given in ({"row": odd}, {"row": {"school": "新校"}, "moved_students": odd}):
        with pytest.raises(jh.InputError, match="must be a mapping"):
            ev.apply(jh.changes.Open(**given))


@pytest.mark.parametrize("factor", ["1e999999", 1e30, 10**400])
def test_a_change_that_no_school_can_have_is_refused(factor: Any) -> None:
    ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    with pytest.raises(jh.InputDataError, match="too large"):
        ev.apply(jh.changes.Enrolment(factor=factor))


@pytest.mark.parametrize("figure", [9e14, 5e-324])
def test_a_figure_that_no_school_has_is_not_planned_with(figure: float) -> None:
    table = jh.synthetic.county(seed=0)
    table["books"] = table["books"].astype(float)
    table.loc[0, "books"] = figure
    ev = jh.evaluate(table, "cn-basic-balance-2012")
    with pytest.raises(jh.InputDataError, match="too large or too small"):
        jh.plan(ev, unit_costs={"books": 30})


def test_labels_of_tuples_and_words_are_refused() -> None:
    with pytest.raises(jh.InputError, match="tuple"):
        jh.gini([1, 2, 3], weights=None, by=["a", ("a", "b"), ("a", "b")])


def test_the_name_of_a_label_is_well_formed() -> None:
    assert jh.gini([1, 2], weights=None, by={"\ud800": ["a", "b"]}).index.names == ["\ufffd"]


def test_an_infinite_coefficient_has_no_finite_mean() -> None:
    assert np.isnan(jh.composite_difference_coefficient([np.inf, -np.inf]))


def test_a_county_of_thousands_of_digits_is_a_name() -> None:
    table = jh.synthetic.county(seed=0).astype({"county": object})
    table.loc[0, "county"] = "9" * 5000
    table.loc[1, "county"] = 3
    assert jh.evaluate(table, "cn-quality-balance-2017").data.n_counties == 3


def test_a_masked_cell_in_a_list_is_missing() -> None:
    assert np.isnan(jh.gini([1, 2, np.ma.masked], weights=None))


def test_a_figure_too_large_to_have_decimals_is_rounded_to_itself() -> None:
    assert round_half_up(np.array([1e308, 0.285]), 2).tolist() == [1e308, 0.29]
