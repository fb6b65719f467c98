"""What a user writes, checked by ``mypy --strict`` in ``tests/house/test_types.py``; it is never run."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, assert_type

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import junheng as jh

Vector = np.ndarray[tuple[int], np.dtype[np.float64]]
Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]

students = [45, 37, 89, 76, 55]
table = pd.DataFrame()
county: pd.Series[Any] = pd.Series(dtype=object)
area: pd.Series[Any] = pd.Series(dtype=float)


def ratios() -> None:
    """Ratios keep the shape of what they are given."""
    assert_type(jh.per_student(2250, 500), float)
    books = jh.per_student([279, 137, 935, 160, 402], students)
    assert_type(books, Vector)
    assert_type(jh.per_hundred_students(area, table["students"]), Vector)
    assert_type(jh.share(table[["a", "b"]], table["c"]), Matrix)
    assert_type(jh.compliance(4.2, 4.2), Literal["met", "unmet", "undetermined"])
    assert_type(jh.compliance(books, 4.2, op="<="), NDArray[np.str_])
    assert_type(jh.list_indicators(), pd.DataFrame)


def inequality(books: Vector, unknown: NDArray[np.float64]) -> None:
    """A column gives a number, several give one each; with groups a Series, or a frame."""
    assert_type(jh.difference_coefficient(books, weights=students), float)
    assert_type(jh.difference_coefficient(area, weights=table["students"]), float)
    assert_type(jh.difference_coefficient([1.0, None], weights=None), float)
    assert_type(jh.gini(books, weights=students, by=list("AABBB")), "pd.Series[float]")
    assert_type(jh.gini(area, weights=None, by=county), "pd.Series[float]")
    assert_type(jh.gini(area, weights=None, by={"county": county}), "pd.Series[float]")
    assert_type(jh.gini(area, weights=None, by=table[["city", "county"]]), "pd.Series[float]")
    assert_type(jh.theil_t(table[["a", "b"]], weights=None), Vector)
    assert_type(jh.theil_l([[1, 2], [3, 4]], weights=None), Vector)
    assert_type(jh.hoover(table[["a", "b"]], weights=None, by=county), pd.DataFrame)
    two = np.ones((2, 2))
    assert_type(jh.atkinson(two, weights=None, epsilon=1), Vector)
    assert_type(jh.quantile_ratio(books, weights=None, upper=0.9, lower=0.1), float)
    assert_type(jh.share_of_bottom(area, weights=None, share=0.2, by=county), "pd.Series[float]")
    assert_type(jh.gap_ratio(area, weights=None, where=county, group=["city", "town"], reference="rural"), float)
    assert_type(jh.concentration_index(books, weights=None, rank=[1, 2, 3, 4, 5]), float)
    assert_type(jh.composite_difference_coefficient([0.3, 0.4]), float)
    assert_type(jh.composite_difference_coefficient(table[["a", "b"]]), "pd.Series[float]")
    # an array of unknown shape may give either
    either: Any = jh.gini(unknown, weights=None)
    assert_type(jh.gini(unknown, weights=None), Any)
    print(either)


def tables(books: Vector) -> None:
    """What has several figures is a frame; one figure a school is an array."""
    assert_type(jh.lorenz_curve(books, weights=students), pd.DataFrame)
    assert_type(jh.decompose(area, weights=None, by=county, measure="gini"), pd.DataFrame)
    assert_type(jh.bootstrap_interval(books, weights=students, method="bca"), pd.DataFrame)
    assert_type(jh.sigma_convergence(area, weights=None, years=table["year"]), pd.DataFrame)
    assert_type(jh.beta_convergence([1.0, 2.0], [2.0, 3.0], weights=None), "pd.Series[float]")
    assert_type(jh.influence(books, weights=students), NDArray[np.float64])
    assert_type(jh.ranking(books, ties="dense"), NDArray[np.float64])
    assert_type(jh.tipping_error(books, weights=students, limit=0.5), NDArray[np.float64])
    assert_type(jh.least_additions(books, students=students, limit=Decimal("0.45")), NDArray[np.float64])
    assert_type(jh.least_transfers(area, students=table["students"], limit=0.45, by=county), NDArray[np.float64])


def mistakes(books: Vector) -> None:
    """A checker refuses what would be refused when it runs: an unused ``ignore`` is an error."""
    jh.gini(7.0, weights=None)  # type: ignore[call-overload]
    jh.gini(books)  # type: ignore[call-overload]
    jh.ranking(books, ties="max")  # type: ignore[arg-type]
    jh.compliance(1.0, 2.0, op="!=")  # type: ignore[call-overload]
    jh.decompose(books, weights=None, by=county, measure="theil")  # type: ignore[arg-type]
    jh.engines.evaluate_parquet("a", "b", "c", outputs=["verdict"])  # type: ignore[list-item]
    jh.engines.evaluate_parquet("a", "b", "c", missing="skip")  # type: ignore[arg-type]


def elsewhere() -> None:
    """The synthetic data and the engines."""
    assert_type(jh.synthetic.county(seed=1), pd.DataFrame)
    done = jh.engines.evaluate_parquet(Path("a"), "cn-quality-balance-2017", "out", outputs=["verdicts"])
    assert_type(done, jh.engines.ParquetSummary)
    assert_type(done.to_dict(), dict[str, Any])


def told(error: jh.JunhengError, problem: jh.Problem) -> None:
    """Errors and problems say themselves in a language."""
    assert_type(error.text("zh"), str)
    assert_type(problem.text("zh"), str)
