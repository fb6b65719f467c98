"""A message can always be printed, whatever it quotes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import junheng as jh
from junheng.errors import check_language
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
