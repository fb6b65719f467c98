"""Returns that were read wrong without a word: each kind of fault as a small table, with what is right beside it."""

import tomllib
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small_tables import QUALITY

import junheng as jh

FOLDER = Path(__file__).resolve().parents[1] / "golden" / "returns"
CASES: dict[str, dict[str, Any]] = {
    case["file"]: case for case in tomllib.loads((FOLDER / "cases.toml").read_text(encoding="utf-8"))["case"]
}


def quietly_described(path: Path) -> jh.FileReport:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", jh.ReadingWarning)
        return jh.describe_file(path)


def faults(report: jh.FileReport) -> pd.DataFrame:
    """The problems of a report, without the word on indoor sports rooms that every ordinary header brings."""
    return report.problems[report.problems["code"] != "indoor_sports_unclear"]


def told(table: pd.DataFrame) -> dict[str, Any]:
    """Everything a return says by way of verdicts and figures."""
    ev = jh.evaluate(table, QUALITY)
    schools = ev.schools.drop(columns="school_code", errors="ignore")
    return {"verdicts": jh.results.records(ev.verdicts), "schools": jh.results.records(schools)}


def test_every_table_is_a_case_or_a_clean_one() -> None:
    clean = {c["clean"] for c in CASES.values() if "clean" in c}
    assert {p.name for p in FOLDER.glob("*.csv")} == {*CASES, *clean}
    assert all({"clean", "named", "errors", "refused"} & set(c) for c in CASES.values())


@pytest.mark.parametrize("name", CASES)
def test_a_return_is_read_right_or_its_cells_are_named(name: str) -> None:
    case = CASES[name]
    if "refused" in case:
        with pytest.raises(jh.InputDataError, match=case["refused"]):
            jh.read_schools(FOLDER / name)
        return
    report = quietly_described(FOLDER / name)
    named = set(faults(report)["cell"].dropna())
    if "clean" in case:
        clean = quietly_described(FOLDER / case["clean"])
        assert told(report.schools) == told(clean.schools)
    assert named == {*case.get("named", ()), *case.get("errors", ())}
    if "errors" in case:
        rows = {int(cell[1:]) for cell in case["errors"]}
        with pytest.raises(jh.InputDataError) as caught:
            jh.evaluate(report.schools, QUALITY)
        assert {p.row for p in caught.value.problems if p.severity == "error"} == rows


@pytest.mark.parametrize("name", ["clean.csv", "nine_year.csv"])
def test_of_a_clean_return_nothing_is_said(name: str) -> None:
    assert faults(quietly_described(FOLDER / name)).empty
