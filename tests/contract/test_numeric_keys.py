"""A key that is a number, such as the year, is a number in every frame that comes out."""

from typing import Any

import pandas as pd
import pytest

import junheng as jh

FRAMES = ("verdicts", "items", "indicators", "schools", "school_verdicts", "item_schools", "left_out")


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
@pytest.mark.parametrize("source", ["memory", "file"])
def test_years_stay_numbers(library: str, source: str) -> None:
    schools: Any = jh.synthetic.county(seed=0)
    if source == "file":
        schools = jh.read_schools(schools.to_csv(index=False).encode())
    if library != "pandas":
        schools = pytest.importorskip("polars").from_pandas(schools)
        schools = schools.to_arrow() if library == "pyarrow" else schools
    ev = jh.evaluate(schools, "cn-quality-balance-2017")
    frames: dict[str, Any] = {name: getattr(ev, name) for name in FRAMES} | {"shortfalls": jh.shortfalls(ev)}
    for name, frame in frames.items():
        if library == "pandas":
            assert pd.api.types.is_integer_dtype(frame["year"].dtype), name
        else:
            kind = str(frame["year"].type if library == "pyarrow" else frame["year"].dtype)
            assert kind.lower() == "int64", name
