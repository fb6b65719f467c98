"""What describe_file says of every cell it changed, and its strict JSON."""

import csv
import json
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from messy_books import MESSES, Book, Sheet, clean, filled, write_xlsx

import junheng as jh
from junheng._data import read_toml

HEADERS = ("区县名称", "学校名称", "学校代码", "学段", "年度", "在校生数", "图书(千册)", "专任教师数")
PLAIN = ("甲县", "一小", "0012", "primary", 2025, 500, 1.5, 12)

#: A column, a cell as typed, the figure or word read, and why it was changed; no reason where nothing changes.
CELLS: tuple[tuple[int, str, str | None, set[str]], ...] = (
    (1, "一\n小", "一小", {"line_break"}),
    (1, "一\u200b小", "一小", {"invisible_characters"}),
    (2, "００１２", "0012", {"full_width"}),
    (2, "12.0", "12", {"code"}),
    (2, "—", None, {"word_for_missing"}),
    (2, "0012", "0012", set()),
    (4, "2025年", "2025", {"year"}),
    (4, "２０２５", "2025", {"full_width"}),
    (4, "2025", "2025", set()),
    (5, "1,200", "1200", {"thousands"}),
    (5, "１２００", "1200", {"full_width"}),
    (5, "1,200人", "1200", {"thousands", "unit_in_cell"}),
    (5, "800①", "800", {"footnote_mark"}),
    (5, "暂无", None, {"word_for_missing"}),
    (5, "1200", "1200", set()),
    (5, "", None, set()),
    (5, "约30", "约30", set()),
    (6, "1500册", "1500", {"unit_in_cell"}),
    (7, "30名", "30", {"unit_in_cell"}),
)


def described(rows: list[tuple[Any, ...]]) -> jh.FileReport:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        with path.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([HEADERS, *rows])
        return jh.describe_file(path)


@given(st.lists(st.sampled_from(CELLS), min_size=1, max_size=12))
def test_every_change_of_a_cell_is_listed_and_nothing_else(
    planted: list[tuple[int, str, str | None, set[str]]],
) -> None:
    rows = []
    for c, text, _, _ in planted:
        row: list[Any] = list(PLAIN)
        row[c] = text
        rows.append(tuple(row))
    report = described([PLAIN, *rows])
    changes = report.changes
    expected = {
        (f"{'ABCDEFGH'[c]}{i}", after, why) for i, (c, _, after, whys) in enumerate(planted, start=3) for why in whys
    }
    single = changes[~changes["why"].isin(["unit", "word"])]
    told = {(c["cell"], c["after"], c["why"]) for c in jh.results.records(single)}
    assert {(cell, why) for cell, _, why in told} == {(cell, why) for cell, _, why in expected}
    assert told == expected
    # the counts of the columns are those of the cells
    words = single[single["why"] == "word_for_missing"].groupby("column")["cell"].nunique()
    for column in jh.results.records(report.columns):
        assert words.get(column["column"], 0) == column["missing"]
    figures = single[(single["column"].isin(["students", "books", "teachers"])) & (single["why"] != "word_for_missing")]
    counted = report.columns.set_index("column")["converted"]
    for name in ("students", "books", "teachers"):
        assert figures[figures["column"] == name]["cell"].nunique() == counted[name]
    (unit,) = jh.results.records(changes[changes["why"] == "unit"])
    assert (unit["cell"], unit["before"], unit["after"]) == (f"G2:G{len(planted) + 2}", "千册", "× 1000")


@pytest.mark.parametrize("name", MESSES)
def test_the_report_of_any_mess_is_strict_json_and_its_reasons_are_known(name: str, tmp_path: Path) -> None:
    book = filled(clean(), tmp_path)
    MESSES[name](book)
    report = jh.describe_file(write_xlsx(book, tmp_path / "a.xlsx"))
    for schools in (False, True):
        told = report.to_dict("zh", schools=schools)
        assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert len(told["schools"]) == len(told["places"]) == len(report.schools)
    assert len(told["changes"]) == len(report.changes)
    assert set(report.changes["why"]) <= set(read_toml("words/labels.toml")["cell_change"])
    converted = report.changes[report.changes["why"].isin(["thousands", "full_width", "unit_in_cell"])]
    assert converted["cell"].notna().all()


def test_every_reason_is_documented_and_has_words_in_both_languages() -> None:
    for why, labels in read_toml("words/labels.toml")["cell_change"].items():
        assert f"``{why}``" in (jh.FileReport.__doc__ or "")
        assert labels["zh"] and labels["en"]


def test_problems_are_told_in_a_language_with_code_and_parameters() -> None:
    report = described([PLAIN, ("甲县", "二小", "0013", "小学", "2025", "30（待核）", 1, 2)])
    zh, en = report.to_dict("zh"), report.to_dict()
    (chinese,), (english,) = ([p for p in r["problems"] if p["code"] == "text_in_number"] for r in (zh, en))
    assert chinese["cell"] == english["cell"] == "F3"
    assert english["message"] in report.problems["message"].tolist() and chinese["message"] != english["message"]
    assert chinese["parameters"]["text"] == "30（待核）"
    with pytest.raises(jh.InputError):
        report.to_dict("fr")  # type: ignore[arg-type]


def test_an_infinite_figure_is_text_in_json() -> None:
    report = described([PLAIN])
    report.schools["students"] = float("inf")
    told = report.to_dict(schools=True)
    assert json.dumps(told, allow_nan=False) and told["schools"][0]["students"] == "inf"


def test_a_clean_table_has_no_changes() -> None:
    assert set(described([PLAIN]).changes["why"]) == {"unit"}


def test_errors_and_values_from_titles_are_changes(tmp_path: Path) -> None:
    rows = [["学校名称", "在校生数"], ["一小", 500], ["二小", 600]]
    report = jh.describe_file(write_xlsx(Book([Sheet("甲县小学", rows)]), tmp_path / "a.xlsx"))
    assert report.changes[["column", "after", "why"]].values.tolist() == [["stage", "primary", "from_title"]]
    assert report.changes["cell"].isna().all()


def test_changes_are_on_the_page_in_words() -> None:
    report = described([("甲县", "一小", "0012", "小学", "2025年", "1,200", 1.5, "无")])
    assert "1,200 → 1200（千位分隔符）" in report.to_text("zh")
    assert "1,200 → 1200 [thousands]" in report.to_text()
    assert "changes (" in report._repr_html_()


def test_years_stay_whole_numbers_in_every_frame(tmp_path: Path) -> None:
    headers = ["区县名称", "学校名称", "学段", "年度", "在校生数"]
    first = Sheet("甲", [headers, ["甲县", "一小", "小学", 2024, 5]])
    for year, kind in ((2025, "int64"), ("2025年", "int64"), (None, "Int64"), ("无", "Int64")):
        second = Sheet("乙", [headers, ["甲县", "二小", "小学", year, 6]])
        book = write_xlsx(Book([first, second]), tmp_path / "a.xlsx")
        assert jh.describe_file(book).schools["year"].dtype == kind
    facts = tmp_path / "facts.csv"
    facts.write_text("区县名称,年度,交流轮岗教师数\n甲县,2024,3\n乙县,,4\n", encoding="utf-8")
    read = jh.read_facts(facts)
    assert read["year"].dtype == "Int64" and read["year"][0] == 2024 and read["year"][1] is pd.NA
