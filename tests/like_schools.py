"""Counties of schools that are alike, for tests of plausibility: only what a test changes can be unusual."""

from typing import Any

import numpy as np
import pandas as pd

import junheng as jh


def like_schools(n: int = 20, years: tuple[int, ...] = (2025,), county: str = "甲县") -> pd.DataFrame:
    """Return primary schools of 200 to 960 students with figures in proportion, a little apart from each other."""
    rng = np.random.default_rng(1)
    students = 200 + 40 * np.arange(n) % 800
    apart = np.exp(rng.normal(0, 0.1, (4, n)))
    table = pd.DataFrame(
        {
            "county": county,
            "school": [f"{i}小" for i in range(1, n + 1)],
            "kind": "primary",
            "area_type": "town",
            "stage": "primary",
            "students": students,
            "classes": np.ceil(students / 40),
            "teachers": np.rint(students / 17 * apart[0]),
            "teaching_area_m2": np.round(6.3 * students * apart[1], 1),
            "equipment_value_cny": np.round(2900 * students * apart[2], -2),
            "books": np.rint(29 * students * apart[3]),
        }
    )
    return pd.concat([table.assign(year=year) for year in years], ignore_index=True)


def changed(table: pd.DataFrame, row: int, **cells: Any) -> pd.DataFrame:
    """Return the table with some cells of a row changed."""
    out = table.copy()
    for name, value in cells.items():
        column = list(out[name]) if name in out else [None] * len(out)
        column[row] = value
        out[name] = column
    return out


def found(table: pd.DataFrame, kind: str, language: Any = "en") -> pd.DataFrame:
    """Return the findings of a kind."""
    findings = jh.plausibility(table, language=language)
    return findings[findings["kind"] == kind].reset_index(drop=True)
