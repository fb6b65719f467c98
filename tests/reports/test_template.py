"""The empty return: made from a standard, filled in by hand, it comes back as it was."""

import contextlib
import re
import zipfile
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import openpyxl
import pytest
from filled_templates import SCHOOLS, fill
from messy_books import clean, filled, write_xlsx

import junheng as jh
from junheng._data import read_toml
from junheng.indicators import catalogue
from junheng.reading.files import open_source
from junheng.reading.input_file import open_input
from junheng.reports.template import columns_asked, facts_asked, write_template
from junheng.standards.rules import Norm

STANDARDS = jh.list_standards()["id"].tolist()


@pytest.mark.slow
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
        with_values(path, tmp_path / "b.xlsx", source.grids[1], len(asked) + 3)
        assert set(jh.read_facts(tmp_path / "b.xlsx")) == {"county", "county_code", "year", *asked}


def with_values(path: Path, target: Path, grid: Any, n: int) -> None:
    """The form of facts with an answer on its first lines, those of facts."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(target)) as book:
        page = book.add_worksheet("facts")
        for r, row in enumerate(grid.cells.tolist()):
            for c, v in enumerate(row):
                if v is not None:
                    page.write(r, c, v)
            if 0 < r <= n:
                page.write(r, 2, "0")


def test_a_filled_template_comes_back_unchanged_and_without_a_word(tmp_path: Path) -> None:
    table = clean()
    schools = jh.read_schools(write_xlsx(filled(table, tmp_path), tmp_path / "a.xlsx"))
    for name in table:
        a, b = schools[name].tolist(), table[name].tolist()
        assert all(x == y or ((x is None or x != x) and y != y) for x, y in zip(a, b, strict=True)), name


#: Reasons that only a missing figure or answer can have.
WANT = {"missing_value", "missing_classes", "special_open", "missing_omitted", "not_given"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "optional"),
    # that every header comes back in either language is tested above
    [
        ("zh", False),
        ("en", True),
        *(pytest.param(*rest, marks=pytest.mark.long) for rest in (("zh", True), ("en", False))),
    ],
)
@pytest.mark.parametrize("standard", STANDARDS)
def test_filled_whole_nothing_is_undetermined_for_want_of_data(
    tmp_path: Path, standard: str, language: jh.words.Language, optional: bool
) -> None:
    std = jh.load_standard(standard)
    report = jh.describe_file(fill(tmp_path / "填好.xlsx", standard, language=language, optional=optional))
    assert report.problems.empty, report.problems["message"].tolist()
    assert len(report.schools) == len(SCHOOLS) and (report.facts is None) == (not facts_asked(std))
    std = std.with_options(relaxations=[r.id for r in std.relaxations] if optional else [])
    ev = jh.evaluate(report.schools, std, county_facts=report.facts)
    for frame in (ev.schools, ev.indicators, ev.items):
        assert not WANT & set(frame["reason"])
    # without a rule to divide them, what stages share is missing
    assert std.split is None or ev.indicators["n_missing"].sum() == 0
    assert set(ev.problems["severity"]) <= {"warning"}
    # every condition of every item has its figures, of every school
    for found in ev.data.items:
        for condition in (
            found.each if list(found.reason) != ["size_undecided"] else ()
        ):  # known, but no number to compare
            assert np.isfinite(condition.value).all() or condition.skipped.all(), found.item.id
    with contextlib.suppress(jh.InputError):  # no form
        form = jh.reports.declaration(ev)
        assert form.marks["not_given"] == 0
        # every item names its documents
        told = [t for t in form.tables if "reference" in (c.id for c in t.columns)]
        assert told and all(form.frame(t.id)["reference"].notna().all() for t in told)
        # what is open is what the sources leave open
        open_ = [c for t in form.tables if t.id != "summary" for row in t.rows for c in row if c.mark == "open"]
        assert {c.note for c in open_} <= {"标准未作规定"}


#: The column behind a field of a filter.
FILTERS = {
    "kinds": "kind",
    "not_kinds": "kind",
    "stages": "stage",
    "ownership": "ownership",
    "area_types": "area_type",
    "students_below": "students",
    "students_from": "students",
    "classes_below": "classes",
    "largest_class_below": "largest_class",
    "built_by": "built_year",
    "migrant_share_over": "migrant_students",
    "owner_types": "owner_type",
    "per_classes": "classes",
    "answer": "{}",
}
#: Fields with ids of columns or facts.
FIGURES = ("top", "top_minus", "bottom", "bottom_minus", "than", "flags", "not_flags", "add", "resources", "unless_no")


def read_by(entry: Any, scope: str = "") -> set[str]:
    """Every column and fact that an entry of a standard names, found field by field; facts with the mark "fact:"."""
    out: set[str] = set()
    scope = getattr(entry, "scope", scope)
    for field in attrs.fields(type(entry)):
        value = getattr(entry, field.name)
        if value in (None, (), False):
            continue
        if field.name in FIGURES:
            is_fact = field.name == "unless_no" or (scope == "county" and field.name != "flags")
            out |= {f"fact:{name}" if is_fact else name for name in value}
        elif field.name == "chosen_by":
            out.add(f"fact:{value}")
        elif field.name in FILTERS:
            out.add(FILTERS[field.name].format(value))
        elif isinstance(value, Norm):
            out |= {f"fact:{value.primary}", f"fact:{value.junior}"}
        elif attrs.has(type(value)):
            out |= read_by(value, scope)
        elif isinstance(value, tuple):
            out |= set().union(*(read_by(one, scope) for one in value if attrs.has(type(one))))
    return out


@pytest.mark.parametrize("standard", STANDARDS)
def test_nothing_that_a_rule_reads_is_left_out(standard: str) -> None:
    std = jh.load_standard(standard)
    asked = {c for some in columns_asked(std) for c in some} | {f"fact:{f}" for f in facts_asked(std)}
    for entry in (*std.items, *std.thresholds, *std.inclusion, *std.relaxations, *std.doubts):
        # the number of schools is counted
        assert read_by(entry) - {"schools"} <= asked, entry
    for indicator in std.indicators:
        assert set(catalogue()[indicator].columns) <= asked


@pytest.mark.slow
def test_a_name_will_do_where_no_code_is_given(tmp_path: Path) -> None:
    _, optional = columns_asked(jh.load_standard("cn-quality-balance-2017"))
    assert "school_code" in optional
    report = jh.describe_file(fill(tmp_path / "a.xlsx", "cn-quality-balance-2017", optional=False))
    assert report.schools["school_code"].isna().all()
    ev = jh.evaluate(report.schools, "cn-quality-balance-2017", county_facts=report.facts)
    assert set(ev.verdicts["verdict"]) == {"met"}


@pytest.mark.slow
def test_an_answer_that_nobody_knows_is_no_answer(tmp_path: Path) -> None:
    path = fill(tmp_path / "a.xlsx", "cn-quality-balance-2017")
    book = openpyxl.load_workbook(path)
    sheet = book["县情数据"]
    row = next(r for r in range(1, 90) if sheet.cell(r, 1).value == "教师编制标准统一")
    lists = {str(v.sqref): v.formula1 for v in sheet.data_validations.dataValidation}
    assert lists[f"C{row}"] == '"是,否,不详"'
    sheet.cell(row, 3, "不详")
    book.save(path)
    report = jh.describe_file(path)
    ev = jh.evaluate(report.schools, "cn-quality-balance-2017", county_facts=report.facts)
    (item,) = [i for i in jh.results.records(ev.items) if i["verdict"] == "undetermined"]
    assert item["reason"] == "not_given" and item["item"] == "four-unified"


@pytest.mark.parametrize("standard", STANDARDS)
def test_a_clerk_reads_chinese_only(tmp_path: Path, standard: str) -> None:
    """Headers, comments, drop-down lists and notes have no English word but the names of units and grades."""
    book = openpyxl.load_workbook(write_template(tmp_path / "a.xlsx", standard))
    texts: list[str] = []
    for sheet in book:
        cells = [c for row in sheet.iter_rows() for c in row]
        texts += [str(c.value) for c in cells if c.value is not None]
        texts += [c.comment.text for c in cells if c.comment is not None]
        for rule in sheet.data_validations.dataValidation:
            texts += [rule.errorTitle or "", rule.error or "", str(rule.formula1) if rule.type == "list" else ""]
    words = {word for text in texts for word in re.findall("[A-Za-z]{2,}", text)}
    assert words <= {"xlsx"}
    # every header says what to enter or what for
    assert all(c.comment is not None for c in book.worksheets[0][1])


def test_messages_ask_for_the_words_that_the_list_offers(tmp_path: Path) -> None:
    """The list of 办学条件口径 has 全校 and 分学段; messages asked for 学校 and 学段, of which the workbook warns."""
    book = openpyxl.load_workbook(write_template(tmp_path / "a.xlsx", "cn-quality-balance-2017"))
    rules = book.worksheets[0].data_validations.dataValidation
    assert '"全校,分学段"' in {rule.formula1 for rule in rules}
    sentences = [s["zh"] for s in read_toml("words/schools.toml").values() if "办学条件口径" in s["zh"]]
    assert {word for s in sentences for word in re.findall("列填“([^”]+)”", s)} == {"全校", "分学段"}


def test_notes_say_what_the_answers_about_a_monitored_subject_mean(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_template(tmp_path / "a.xlsx", "cn-quality-balance-2017"))
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row]
    texts = [str(c.value) for c in cells] + [c.comment.text for c in cells if c.comment is not None]
    for note in ("当年未监测该科目的填否", "Ⅲ级填3；未监测该科目的不填", "不是本标准的差异系数"):
        assert sum(note in text for text in texts) >= 6


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
    assert '"是,否,不详"' in facts


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
