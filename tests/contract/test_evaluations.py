"""What takes an evaluation says so when it is given something else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import junheng as jh
from junheng import reports

DOORS: dict[str, Callable[[Any], Any]] = {
    "monitor": jh.monitor,
    "shortfalls": jh.shortfalls,
    "margins": jh.margins,
    "contributions": jh.contributions,
    "plan": lambda ev: jh.plan(ev, unit_costs={"books": 10}, progress=False),
    "roll_forward": lambda ev: jh.roll_forward(ev, unit_costs={"books": 10}, yearly_budget=1, until=2030),
    "changes.applied": lambda ev: jh.changes.applied(ev, []),
    "html_report": reports.html_report,
    "write_report": lambda ev: reports.write_report(ev, Path("a.html")),
    "write_results": lambda ev: reports.write_results(ev, Path("a.xlsx")),
    "declaration": reports.declaration,
    "write_declaration": lambda ev: reports.write_declaration(ev, Path("a.xlsx")),
}
OTHERS = {"None": None, "a frame": pd.DataFrame({"school": ["一小"]}), "a path": "a.xlsx", "several": []}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("door", DOORS)
def test_something_else_is_refused_by_name(door: str, other: str) -> None:
    kind = type(OTHERS[other]).__name__
    with pytest.raises(jh.InputError, match=rf"as junheng\.evaluate returns it, not {kind}$") as caught:
        DOORS[door](OTHERS[other])
    assert caught.value.text("zh") == f"须为 junheng.evaluate 返回的评估结果，而非 {kind}"
