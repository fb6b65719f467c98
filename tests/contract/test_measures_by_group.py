"""Every measure by group comes back in the library that went in, with the same figures."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import junheng as jh
from junheng.indicators.by_name import KERNELS

N = 12
DATA: dict[str, list[Any]] = {
    "county": list("AAAABBBBCCCC"),
    "year": [2024, 2025] * 6,
    "school": [f"s{i}" for i in range(N)],
    "a": [float(x) for x in (1, 2, 4, 3, 5, 2, 1, 7, 3, 3, 2, 8)],
    "b": [None, 2.0, 4.0, 3.0, 5.0, 2.0, 1.0, 7.0, 3.0, 3.0, 2.0, 8.0],
    "students": [float(x) for x in (40, 10, 30, 20, 50, 60, 10, 20, 30, 40, 50, 60)],
    "order": [float(x) for x in (1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3)],
    "place": ["r", "c"] * 6,
}
KINDS = {"polars": pl.DataFrame, "pyarrow": pa.Table}
#: What a function needs besides values, weights and groups: the column that an argument takes, or its value.
MORE: dict[str, dict[str, Any]] = {
    "concentration_index": {"rank": "order"},
    "slope_index": {"order": "order"},
    "relative_index": {"order": "order"},
    "neutrality": {"wealth": "order"},
    "concentration_curve": {"rank": "order"},
    "adequacy_index": {"threshold": 3.0},
    "coefficient_change": {"years": "year", "schools": "school"},
}
SIDES = {"where": "place", "group": ["r"], "reference": ["c"]}
MORE |= {"gap_ratio": SIDES, "parity_index": SIDES}
FRAMES = ("lorenz_curve", "concentration_curve", "neutrality", "decompose", "bootstrap_interval", "coefficient_change")


def column(table: Any, name: str) -> Any:
    return table[name]


def call(name: str, table: Any, values: Any, **more: Any) -> Any:
    given = {k: column(table, v) if isinstance(v, str) else v for k, v in MORE.get(name, {}).items()}
    return getattr(jh, name)(values, weights=column(table, "students"), by=column(table, "county"), **given, **more)


def rows(frame: Any) -> list[dict[str, Any]]:
    if isinstance(frame, pd.DataFrame):
        frame = frame.astype(object).where(frame.notna(), None)
        return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]
    return list(frame.to_dicts() if isinstance(frame, pl.DataFrame) else frame.to_pylist())


@pytest.mark.parametrize("library", KINDS)
@pytest.mark.parametrize("name", [*KERNELS, *FRAMES])
def test_the_library_of_the_input_comes_back(name: str, library: str) -> None:
    plain = pd.DataFrame(DATA)
    table = pl.DataFrame(DATA) if library == "polars" else pa.table(DATA)
    for values, columns in ((plain[["a", "b"]], ["a", "b"]), (plain["a"], "a")):
        wanted = call(name, plain, values)
        taken = table.select(columns) if isinstance(columns, list) else table[columns]
        got = call(name, table, taken)
        assert isinstance(got, KINDS[library])
        if isinstance(wanted, pd.Series):
            wanted = wanted.rename("a" if library == "polars" else "value")
        if name in KERNELS:  # labels are the index in pandas, the first columns elsewhere
            wanted = wanted.reset_index()
        labels = "county" if library == "polars" else "group"  # columns of Arrow have no names
        expected = [{labels if k == "county" else k: v for k, v in row.items()} for row in rows(wanted)]
        if name == "decompose" and library == "pyarrow":
            expected = [row | {"level": row["level"].replace("county", "group")} for row in expected]
        assert [list(row) for row in rows(got)] == [list(row) for row in expected]
        for mine, other in zip(rows(got), expected, strict=True):
            for key, value in other.items():
                same = value == mine[key] or (isinstance(value, float) and np.isclose(mine[key], value, rtol=1e-12))
                assert same, (key, mine, other)


def test_the_first_from_a_library_decides() -> None:
    x, w = np.array(DATA["a"]), np.array(DATA["students"])
    county, s = pl.Series("county", DATA["county"]), pd.Series(DATA["a"])
    assert isinstance(jh.gini(x, weights=w, by=county), pl.DataFrame)
    assert isinstance(jh.gini(x, weights=w, by={"county": county, "year": DATA["year"]}), pl.DataFrame)
    assert isinstance(jh.gini(x, weights=pa.array(w), by=county), pa.Table)
    assert isinstance(jh.gini(s, weights=pa.array(w), by=county), pd.Series)
    assert isinstance(jh.gini(x, weights=w, by=DATA["county"]), pd.Series)
    years = jh.sigma_convergence(pl.Series("a", DATA["a"]), weights=None, years=pl.Series("year", DATA["year"]))
    assert isinstance(years, pl.DataFrame) and years.columns == ["year", "coefficient", "sigma"]
    # a column of values named like a label is called "value", so that no header is there twice
    assert jh.gini(pl.Series("county", x), weights=None, by=county).columns == ["county", "value"]
    frame = pl.DataFrame({"county": x, "b": x})
    with pytest.raises(jh.InputDataError, match="duplicate header 'county'"):
        jh.gini(frame, weights=None, by=county)
    coefficients = jh.difference_coefficient(frame.rename({"county": "a"}), weights=w, by=county)
    plain = jh.difference_coefficient(np.stack([x, x], axis=1), weights=w, by=DATA["county"])
    got = jh.composite_difference_coefficient(coefficients.drop("county"))
    np.testing.assert_array_equal(got, jh.composite_difference_coefficient(plain))
    with pytest.raises(jh.InputError):
        jh.composite_difference_coefficient(coefficients)
