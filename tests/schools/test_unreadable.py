"""One bad cell does not stop a county: with on_error="missing" it is missing, and named by every output."""

from __future__ import annotations

import json
import warnings
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command_line import run
from hypothesis import given
from hypothesis import strategies as st
from small_tables import QUALITY

import junheng as jh

HEADER = ["区县名称", "学校名称", "学段", "学生人数", "县级以上骨干教师数", "教学仪器设备值(万元)", "图书册数"]
CHINESE = {"students": 3, "backbone_teachers": 4, "equipment_value_cny": 5, "books": 6}
#: What cannot be a figure; each is recorded as it was typed, or as the figure it is.
BAD = ["30（待核）", "约30", "-3", "十", "1:17", "八成", "∞"]


def rows() -> list[list[Any]]:
    return [["甲县", f"{i}小", "小学", 400 + i, 5, 120.5, 9000] for i in range(4)]


def table(cells: list[list[Any]]) -> pd.DataFrame:
    return pd.DataFrame(cells, columns=HEADER)


def recorded(frame: pd.DataFrame) -> dict[tuple[int, str], str]:
    return {
        (i, name): text
        for i, cells in enumerate(frame["unreadable_cells"])
        if isinstance(cells, str)
        for name, text in json.loads(cells).items()
    }


places = st.dictionaries(
    st.tuples(st.integers(0, 3), st.sampled_from(sorted(CHINESE))), st.sampled_from(BAD), max_size=6
)


@given(places)
def test_bad_cells_become_missing_and_the_others_stay(bad: dict[tuple[int, str], str]) -> None:
    cells, right = rows(), jh.standardize_columns(table(rows()))
    for (row, name), text in bad.items():
        cells[row][CHINESE[name]] = text
    read = jh.standardize_columns(table(cells), on_error="missing")
    assert set(recorded(read)) == set(bad)
    for name in CHINESE:
        assert read[name].dtype.kind == "f" or not any(n == name for _, n in bad)
        for row in range(4):
            if (row, name) in bad:
                assert pd.isna(read[name][row])
            else:
                assert read[name][row] == right[name][row]
    found = jh.check_schools(read)
    named = found[found["code"] == "unreadable_cell"]
    assert set(zip(named["row"], named["column"], strict=True)) == set(bad)
    assert not (found["severity"] == "error").any()


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_the_record_goes_with_its_rows_in_any_library(library: str) -> None:
    cells = rows()
    cells[2][3] = "约30"
    frame: Any = table(cells).astype({"学生人数": str})
    if library != "pandas":
        frame = pytest.importorskip("polars").from_pandas(frame)
        frame = frame.to_arrow() if library == "pyarrow" else frame
    read = jh.standardize_columns(frame, on_error="missing")
    part = read[[2]] if library == "polars" else read.slice(2, 1) if library == "pyarrow" else read.iloc[[2]]
    problems = jh.check_schools(part)
    codes = problems["code"].to_pylist() if library == "pyarrow" else list(problems["code"])
    assert "unreadable_cell" in codes


def test_the_column_is_there_whatever_the_data_and_only_when_asked_for() -> None:
    assert jh.standardize_columns(table(rows()), on_error="missing")["unreadable_cells"].isna().all()
    assert "unreadable_cells" not in jh.standardize_columns(table(rows()))


def test_cells_that_decide_who_is_judged_stop_as_ever() -> None:
    frame = table(rows()).assign(是否参评=["是", "?", "是", "是"])
    frame.loc[0, "学段"] = "大学"
    read = jh.standardize_columns(frame, on_error="missing")
    errors = jh.check_schools(read).query("severity == 'error'")
    assert set(errors["column"]) == {"stage", "included"}


@pytest.mark.parametrize("odd", ["coerce", "", None, 3, True])
def test_an_unknown_choice_is_refused(odd: Any) -> None:
    with pytest.raises(jh.InputError, match="on_error"):
        jh.standardize_columns(table(rows()), on_error=odd)
    with pytest.raises(jh.InputError, match="on_error"):
        jh.read_schools(b"x,y\n1,2\n", on_error=odd)


def test_a_record_that_is_none_of_ours_is_an_error() -> None:
    frame = jh.standardize_columns(table(rows())).assign(unreadable_cells=[None, "约30", "[1]", "{}"])
    found = jh.check_schools(frame).query("code == 'unreadable_cell'")
    assert list(zip(found["row"], found["severity"], strict=True)) == [(1, "error"), (2, "error")]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    cells = rows()
    cells[1][4] = "30（待核）"
    path = tmp_path / "学校.csv"
    table(cells).to_csv(path, index=False, encoding="utf-8-sig")
    return path


def test_a_file_is_read_with_the_cell_named(file: Path) -> None:
    with pytest.warns(jh.ReadingWarning, match="1 cell cannot be used and was read as missing"):
        read = jh.read_schools(file, on_error="missing")
    assert recorded(read) == {(1, "backbone_teachers"): "30（待核）"}
    report = jh.describe_file(file, on_error="missing")
    assert not (report.problems["severity"] == "error").any()
    assert "E3" in set(report.problems["cell"])
    (problem,) = jh.results.records(jh.check_schools(read).query("code == 'unreadable_cell'"))
    assert (problem["sheet"], problem["cell"], problem["value"]) == ("学校", "E3", "30（待核）")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", jh.ReadingWarning)
        kept = jh.read_schools(file)
    assert kept["backbone_teachers"].tolist()[1] == "30（待核）"


COSTS = (
    "backbone_teachers",
    "teachers_above_required_degree",
    "pe_art_teachers",
    "multimedia_classrooms",
    "equipment_value_cny",
    "teaching_area_m2",
    "sports_area_m2",
)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A whole county in which one cell cannot be used."""
    schools = jh.synthetic.county(seed=1, missing=0.0)
    schools["backbone_teachers"] = schools["backbone_teachers"].astype(object)
    schools.loc[3, "backbone_teachers"] = "约30"
    path = tmp_path / "学校.csv"
    schools.to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("command", "ending"), [("report", "html"), *product(("evaluate", "plan"), ("xlsx", "csv", "json"))]
)
def test_every_output_names_the_cell(
    command: str, ending: str, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / f"out.{ending}"
    more = ["--costs", *(f"{name}=30" for name in COSTS)] if command == "plan" else []
    args = [command, whole, "--standard", QUALITY, "--on-error", "missing", "--out", out, *more]
    code, _, err = run(capsys, *args)
    assert code == 0, err
    text = "".join(
        "".join(map(str, pd.read_excel(p, sheet_name=None, engine="openpyxl").values()))
        if ending == "xlsx"
        else p.read_text(encoding="utf-8")
        for p in sorted(tmp_path.glob("out*"))
    )
    assert "约30" in text
    assert run(capsys, "evaluate", whole, "--standard", QUALITY)[0] == 2
