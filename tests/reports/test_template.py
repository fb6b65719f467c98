"""The empty return: made from a standard, filled in by hand, it comes back as it was."""

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from messy_books import clean, filled, write_xlsx

import junheng as jh
from junheng.reading.files import open_source
from junheng.reading.input_file import open_input
from junheng.reports.template import columns_asked, facts_asked, write_template

STANDARDS = jh.list_standards()["id"].tolist()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("standard", STANDARDS)
def test_every_header_and_every_fact_comes_back(tmp_path: Path, standard: str, language: str) -> None:
    path = write_template(tmp_path / "a.xlsx", standard, language=language)
    std = jh.load_standard(standard)
    needed, optional = columns_asked(std)
    report = jh.describe_file(path)
    assert report.columns["column"].tolist() == [*needed, *optional]
    assert report.problems.empty and report.schools.empty
    # what the standard needs comes first, and none of it is asked for again
    assert {"county", "school", "stage", "students"} <= set(needed)
    full = report.schools.reindex([0]).astype(object)
    assert "missing_column" not in set(jh.check_schools(full, std)["code"])
    asked = facts_asked(std)
    source = open_source(open_input(path), lambda done: None, lambda name, i, hidden: True)
    names = [g.name for g in source.grids]
    assert (len(names) == 3) == bool(asked)
    if asked:
        with_values(path, tmp_path / "b.xlsx", source.grids[1])
        assert set(jh.read_facts(tmp_path / "b.xlsx")) == {"county", "county_code", "year", *asked}


def with_values(path: Path, target: Path, grid: Any) -> None:
    """The form of facts with an answer on every line."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(target)) as book:
        page = book.add_worksheet("facts")
        for r, row in enumerate(grid.cells.tolist()):
            for c, v in enumerate(row):
                if v is not None:
                    page.write(r, c, v)
            if r:
                page.write(r, 2, "0")


def test_a_filled_template_comes_back_unchanged_and_without_a_word(tmp_path: Path) -> None:
    table = clean()
    schools = jh.read_schools(write_xlsx(filled(table, tmp_path), tmp_path / "a.xlsx"))
    for name in table:
        a, b = schools[name].tolist(), table[name].tolist()
        assert all(x == y or ((x is None or x != x) and y != y) for x, y in zip(a, b, strict=True)), name


def test_the_same_standard_gives_the_same_file(tmp_path: Path) -> None:
    a, b = (write_template(tmp_path / n, "cn-quality-balance-2017").read_bytes() for n in ("a.xlsx", "b.xlsx"))
    assert a == b


def test_lists_formats_and_panes_are_there(tmp_path: Path) -> None:
    path = write_template(tmp_path / "a.xlsx", "cn-quality-balance-2017", stages=["junior"])
    with zipfile.ZipFile(path) as z:
        schools, facts = (z.read(f"xl/worksheets/sheet{i}.xml").decode() for i in (1, 2))
        styles = z.read("xl/styles.xml").decode()
    assert '"初中"' in schools and '"小学,初中"' not in schools and "九年一贯制" in schools and "公办,民办" in schools
    assert 'type="whole"' in schools and 'type="decimal"' in schools and 'state="frozen"' in schools
    assert 'formatCode="@"' in styles  # text
    assert '"是,否"' in facts


def test_the_form_of_facts_may_be_left_away(tmp_path: Path) -> None:
    path = write_template(tmp_path / "a.xlsx", "cn-quality-balance-2017", facts=False)
    assert jh.describe_file(path).sheets["sheet"].tolist() == ["学校表", "填写说明"]


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("a.xls", {}, ".xlsx"),
        ("a.xlsx", {"stages": ("senior",)}, "primary or junior"),
        ("a.xlsx", {"stages": ()}, "primary, junior"),
        ("a.xlsx", {"stages": "primary"}, "primary, junior"),
        ("a.xlsx", {"language": "fr"}, "language"),
    ],
)
def test_what_cannot_be_made_is_said(tmp_path: Path, name: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(jh.InputError, match=said):
        write_template(tmp_path / name, "cn-quality-balance-2017", **options)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [("a.xls", {}, {"a", "xls", "xlsx"}), ("a.xlsx", {"stages": ("senior",)}, {"stages"})],
)
def test_what_cannot_be_made_is_said_in_chinese(
    tmp_path: Path, name: str, options: dict[str, Any], words: set[str]
) -> None:
    with pytest.raises(jh.InputError) as caught:
        write_template(tmp_path / name, "cn-quality-balance-2017", **options)
    said = caught.value.text("zh")
    ids = {"primary", "junior", "senior"} if "stages" in options else set()
    assert re.search("[\u4e00-\u9fff]", said) and set(re.findall("[A-Za-z]+", said)) <= words | ids
