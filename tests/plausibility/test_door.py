"""What comes in and what comes out of ``jh.plausibility``, whatever is found."""

import subprocess
import sys
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import junheng as jh
from junheng._data import read_toml
from junheng.errors import InputDataError, InputError
from junheng.plausibility.findings import KINDS
from junheng.plausibility.search import find

COLUMNS = ["county", "school", "stage", "year", "kind", "columns", "value", "expected", "p_value", "evidence"]


@pytest.mark.parametrize(
    "lines",
    [
        "from junheng.plausibility.search import find; import junheng as jh",
        "import junheng.plausibility.figures; import junheng as jh; import junheng.plausibility.search",
    ],
)
def test_the_function_wins_over_the_package_of_its_name(lines: str) -> None:
    check = "from junheng.plausibility.search import find as f; print(jh.plausibility.__name__, callable(f))"
    done = subprocess.run([sys.executable, "-c", f"{lines}; {check}"], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["plausibility", "True"]


def test_every_kind_has_a_label() -> None:
    assert tuple(read_toml("words/labels.toml")["plausibility"]) == KINDS


@pytest.mark.parametrize("alpha", [0, 1, -0.1, 2, float("nan"), "a", None, True])
def test_alpha_lies_between_0_and_1(alpha: Any) -> None:
    with pytest.raises(InputError) as raised:
        jh.plausibility(jh.synthetic.county(n_schools=3), alpha=alpha)
    assert "between 0 and 1" in str(raised.value) and "大于0且小于1" in raised.value.text("zh")


def test_an_unknown_language_and_no_frame_are_refused() -> None:
    with pytest.raises(InputError):
        jh.plausibility(jh.synthetic.county(n_schools=3), language="fr")  # type: ignore[arg-type]
    with pytest.raises(InputError):
        jh.plausibility([1, 2])  # type: ignore[type-var]


def one(**changed: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {"county": ["甲县"], "school": ["一小"], "stage": ["primary"], "students": [500], "books": [900]} | changed
    )


@pytest.mark.parametrize(
    "make", [pd.DataFrame.copy, pl.from_pandas, pa.Table.from_pandas], ids=["pandas", "polars", "pyarrow"]
)
def test_an_empty_result_has_every_column_with_its_type(make: Any) -> None:
    got = pl.DataFrame(jh.plausibility(make(one())))
    assert got.columns == COLUMNS and not len(got)
    assert got.schema["year"] == pl.Int64
    assert {str(got.schema[n]) for n in ("value", "expected", "p_value")} == {"Float64"}
    assert {str(got.schema[n]) for n in ("school", "kind", "evidence")} == {"String"}


def test_what_is_missing_is_named() -> None:
    with pytest.raises(InputDataError) as raised:
        jh.plausibility(one().drop(columns=["county", "stage"]))
    assert {p.column for p in raised.value.problems} == {"county", "stage"}
    with pytest.raises(InputDataError):
        jh.plausibility(one().head(0))


def test_only_missing_cells_and_rows_that_are_no_schools_find_nothing() -> None:
    assert jh.plausibility(one(students=[None], books=[None]), standard="cn-quality-balance-2017").empty
    table = pd.concat(
        [
            one(),
            one(school=["合计"], stage=[None]),
            one(school=[None], stage=[None], county=[None], students=[None], books=[None]),
        ]
    )
    assert jh.plausibility(table).empty


def test_counties_are_told_apart_by_any_columns_and_never_by_the_year_twice() -> None:
    table = one(year=[2025], city=["甲市"])
    assert jh.plausibility(table, by=["city", "county"]).columns.tolist() == ["city", *COLUMNS]
    assert jh.plausibility(table, by=["county", "year"]).columns.tolist() == COLUMNS
    assert jh.plausibility(table.drop(columns="county"), by="city").columns.tolist() == ["city", *COLUMNS[1:]]


def test_find_gives_the_table_and_the_findings() -> None:
    table, findings = find(one())
    assert table.rows == 1 and findings == []
