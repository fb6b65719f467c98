"""The schools of several files in one table: where each row stands, what the names of files say."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command_line import in_chinese
from small_tables import QUALITY, frame, junior, school

import junheng as jh
from junheng.errors import InputDataError
from junheng.reading.several_files import put_below
from junheng.schools.opening import open_table
from junheng.schools.origin import origin_of


def written(path: Path, schools: pd.DataFrame, sheet: str = "表") -> jh.FileReport:
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".csv":
        in_chinese(schools).to_csv(path, index=False, encoding="utf-8-sig")
    else:
        with pd.ExcelWriter(path, engine="openpyxl") as book:
            in_chinese(schools).to_excel(book, index=False, sheet_name=sheet, startrow=1)
    return jh.describe_file(path)


def below(*reports: jh.FileReport) -> tuple[pd.DataFrame, list[str]]:
    schools, notices = put_below(reports, [f"{i}/{r.name}" for i, r in enumerate(reports)])
    return schools, [n.text("zh") for n in notices]


def test_one_file_is_as_it_was_read(tmp_path: Path) -> None:
    report = written(tmp_path / "2023.csv", frame(school()))
    schools, notices = below(report)
    assert schools is report.schools and notices == []


def test_every_row_knows_its_file_and_cell(tmp_path: Path) -> None:
    one = written(tmp_path / "甲县.csv", frame(school("一小"), junior("二中")))
    two = written(tmp_path / "乙县.xlsx", frame(school("三小", county="乙县", computers="多"))[::-1])
    schools, _ = below(one, two)
    assert schools["school"].tolist() == ["一小", "二中", "三小"]
    origin = origin_of(schools)
    assert origin is not None and [origin.sheets[i] for i in origin.sheet] == ["甲县.csv", "甲县.csv", "[乙县.xlsx]表"]
    assert origin.row.tolist() == [2, 3, 3]
    (problem,) = open_table(schools).problems_of("computers")
    assert (problem.sheet, problem.row) == ("[乙县.xlsx]表", 3) and problem.cell


def test_types_of_columns_do_not_depend_on_what_one_file_lacks(tmp_path: Path) -> None:
    one = written(tmp_path / "a.csv", frame(school("一小", included="是")))
    two = written(tmp_path / "b.csv", frame(school("二小", county="乙县", books=1.5)).drop(columns=["computers"]))
    schools, _ = below(one, two)
    assert schools["students"].dtype.kind in "if" and schools["books"].tolist() == [15_000, 1.5]
    assert schools["computers"].isna().tolist() == [False, True]
    assert schools["included"].notna().tolist() == [True, False]
    alone, both = (jh.evaluate(t, QUALITY).indicators.astype({"county": "str"}) for t in (two.schools, schools))
    pd.testing.assert_frame_equal(both[both["county"] == "乙县"].reset_index(drop=True), alone, check_dtype=False)


@pytest.mark.parametrize("names", [("2023.csv", "2024学校表.csv"), ("甲县2023年.csv", "甲县-2024.csv")])
def test_the_year_is_taken_from_the_names_of_files(tmp_path: Path, names: tuple[str, ...]) -> None:
    schools, notices = below(*(written(tmp_path / name, frame(school(), junior())) for name in names))
    assert schools["year"].tolist() == [2023, 2023, 2024, 2024]
    assert len(notices) == 2 and f"文件名“{names[0]}”写明“2023”" in notices[0]


@pytest.mark.parametrize(
    ("names", "of_first"),
    [
        (("2023.csv", "今年.csv"), {}),
        (("2023-2024学年.csv", "2024-2025学年.csv"), {}),
        (("2023.csv", "2024.csv"), {"year": 2022}),
    ],
)
def test_it_is_not_guessed(tmp_path: Path, names: tuple[str, ...], of_first: dict[str, Any]) -> None:
    one = written(tmp_path / names[0], frame(school("一小")).assign(**of_first))
    schools, notices = below(one, written(tmp_path / names[1], frame(school("二小"))))
    assert notices == [] and set(schools.get("year", pd.Series([2022])).dropna()) == {2022}


def test_the_same_schools_twice_are_an_error(tmp_path: Path) -> None:
    first, second = (written(tmp_path / name / "学校.csv", frame(school("一小"), junior())) for name in "ab")
    with pytest.raises(InputDataError) as caught:
        below(first, second)
    (problem,) = caught.value.problems
    # files of one name are told apart by their paths
    assert "“0/学校.csv”和“1/学校.csv”有相同的学校（如“一小”）" in problem.text("zh")
    assert str(problem.code) == "duplicate_row"
