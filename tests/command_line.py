"""Running the command line in tests."""

from typing import Any

import pandas as pd
import pytest
from small_tables import frame, junior, school

import junheng as jh
from junheng.__main__ import main

FORMULAS = ("=1+1", "+8613800", "-2号小学", "@校", '=HYPERLINK("http://example.org")')


def table(**changed: Any) -> pd.DataFrame:
    """Eight schools, five of them with names a spreadsheet would take for a formula."""
    rows = [school(name, school_code=f"00{i}", teaching_area_m2=2200.0 + 100 * i) for i, name in enumerate(FORMULAS)]
    rows += [junior(school_code="010"), junior("二中", school_code="011", sports_area_m2=3000.0)]
    rows += [school("空校", school_code="012", students=0)]
    return frame(*rows).assign(**changed)


def in_chinese(schools: pd.DataFrame) -> pd.DataFrame:
    columns = jh.schools.columns()
    return schools.rename(columns={c: columns[c].zh for c in schools}).replace(
        {"学段": {"primary": "小学", "junior": "初中"}}
    )


def run(capsys: pytest.CaptureFixture[str], *arguments: Any) -> tuple[int, str, str]:
    code = main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return code, out, err
