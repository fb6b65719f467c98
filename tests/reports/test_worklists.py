"""Worklists: what an inspector is handed, and what is read back when it was filled in."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from english import english_in
from plain_kinds import BUNCHED, FAR, SAME, plain_kinds, same
from small_tables import QUALITY, frame, junior, school

import junheng as jh
from junheng.errors import InputError, JunhengError, OutputFileError
from junheng.plausibility import search
from junheng.plausibility.figures import Figures
from junheng.plausibility.findings import KINDS, Finding
from junheng.reports import write_worklist
from junheng.reports.worklists import model
from junheng.reports.worklists.workbook import _number_format, about_kind

openpyxl = pytest.importorskip("openpyxl")
__all__ = ["plain_kinds"]
pytestmark = pytest.mark.usefixtures("plain_kinds")

Row = dict[str, Any]
Fill = Callable[[Row], tuple[Any, Any] | None]


def table(**changed: Any) -> pd.DataFrame:
    """甲县: one school far off, two that agree, three alike; 乙县: nothing."""
    rows = [
        school("一小", books=FAR + 5),
        school("二小", teaching_area_m2=SAME),
        school("=1+1", teaching_area_m2=SAME, computers=BUNCHED),
        school("四小", computers=BUNCHED),
        junior("五中", computers=BUNCHED, books=FAR + 7),
        school("一小", county="乙县"),
        junior("二中", county="乙县"),
    ]
    return frame(*rows).assign(**changed)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The table as a workbook of a county, with a title."""
    path = tmp_path / "学校.xlsx"
    columns = jh.schools.columns()
    named = table().rename(columns={c: columns[c].zh for c in table()})
    with pd.ExcelWriter(path, engine="xlsxwriter", engine_kwargs={"options": {"strings_to_formulas": False}}) as book:
        named.to_excel(book, index=False, sheet_name="学校表", startrow=1)
        book.sheets["学校表"].write_string(0, 0, "学校情况表")
    return path


def read(path: Path) -> pd.DataFrame:
    schools: pd.DataFrame = jh.read_schools(path)
    return schools


def rows_of(path: Path, sheet: str = "线索") -> list[Row]:
    """The findings of a worklist, headings left out."""
    lines = [list(r) for r in openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)]
    at = next(i for i, line in enumerate(lines) if "编号" in line)
    rows = [dict(zip(lines[at], line, strict=True)) for line in lines[at + 1 :]]
    return [row for row in rows if row["编号"]]


def filled(path: Path, out: Path, fill: Fill, sheet: str = "线索") -> Path:
    """Write in the result and the explanation of lines."""
    book = openpyxl.load_workbook(path)
    page = book[sheet]
    heads = [cell.value for cell in page[1]]
    for row in page.iter_rows(min_row=2):
        line = dict(zip(heads, (cell.value for cell in row), strict=True))
        answer = fill(line) if line["编号"] else None
        if answer is not None:
            row[heads.index("核实结果")].value, row[heads.index("说明")].value = answer
    book.save(out)
    return out


def of_school(name: str, *answer: Any) -> Fill:
    return lambda line: answer if line["学校"] == name else None  # type: ignore[return-value]


def text_of(path: Path, sheet: str = "概要") -> str:
    lines = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    return "\n".join("|".join(str(x) for x in line if x is not None) for line in lines)


# ------------------------------------------------------------------------------------------- what it shows


def test_the_findings_stand_by_school_with_their_cells(source: Path, tmp_path: Path) -> None:
    path = write_worklist(read(source), tmp_path / "线索.xlsx")
    rows = rows_of(path)
    assert [(r["学校"], r["线索种类"]) for r in rows] == [
        ("全县", "整十整百的数偏多"),
        ("一小", "数值明显偏离同类学校"),
        ("二小", "多项数据与他校相同"),
        ("五中", "数值明显偏离同类学校"),
    ]
    place = {c.value: c for c in openpyxl.load_workbook(source)["学校表"][2]}
    books, area, sports = (
        place[jh.schools.columns()[n].zh].column_letter for n in ("books", "teaching_area_m2", "sports_area_m2")
    )
    assert rows[1]["所在单元格"] == f"学校表!{books}3"
    assert rows[2]["所在单元格"] == f"学校表!{area}4、{sports}4、{area}5、{sports}5"
    assert (rows[1]["所见值"], rows[1]["参照值"], rows[1]["学段"]) == (FAR + 5, 15_000, "小学")
    assert (rows[0]["所见值"], rows[0]["参照值"], rows[0]["县（市、区）"]) == (3, None, "甲县")
    assert rows[1]["依据"] == "图书册数等1处" and rows[2]["涉及项目"].startswith("教学及辅助用房面积")
    headings = [r for r in openpyxl.load_workbook(path)["线索"].iter_rows(min_row=2, values_only=True) if not r[-1]]
    assert [(h[0], h[1]) for h in headings] == [("甲县", "全县"), ("甲县", "一小"), ("甲县", "二小"), ("甲县", "五中")]


def test_the_summary_counts_counties_and_kinds_and_accuses_nobody(source: Path, tmp_path: Path) -> None:
    path = write_worklist(read(source), tmp_path / "线索.xlsx", standard=QUALITY, alpha=0.01)
    told = text_of(path)
    assert "核查了7所学校，发现4条值得核实的数据线索，涉及3所学校；其中待核实4条，已说明0条。" in told
    assert "甲县|4|0|3|数值明显偏离同类学校2、多项数据与他校相同1、整十整百的数偏多1" in told
    assert "乙县|0|0|0|未发现" in told and "不说明数据不实" in told
    assert "机会不超过0.01" in told and "教督〔2017〕6号" in told
    assert "造假" not in told + text_of(path, "种类说明")


def test_a_county_with_nothing_to_report(tmp_path: Path) -> None:
    path = write_worklist(frame(school("甲小"), junior("乙中")), tmp_path / "线索.xlsx")
    assert rows_of(path) == [] and "未发现值得核实的数据" in text_of(path, "线索")
    assert "核查了2所学校，未发现值得核实的数据。" in text_of(path)
    assert openpyxl.load_workbook(path).sheetnames == ["概要", "线索", "种类说明"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_says_what_it_can_and_cannot_show(language: Any) -> None:
    for kind in KINDS:
        told = about_kind(kind, 0.05, language)
        assert len(set(told)) == 4 and all(len(t) > 3 for t in told)
        assert language == "en" or english_in("\n".join(told)) == []


def test_the_sheet_is_ready_to_be_filled_in_and_printed(source: Path, tmp_path: Path) -> None:
    page = openpyxl.load_workbook(write_worklist(read(source), tmp_path / "线索.xlsx"))["线索"]
    (rule,) = page.data_validations.dataValidation
    heads = [c.value for c in page[1]]
    letter = page.cell(1, heads.index("核实结果") + 1).column_letter
    assert rule.formula1 == '"数据属实,已更正,待核实"' and str(rule.sqref) == f"{letter}2:{letter}{page.max_row}"
    assert page.freeze_panes == "C2" and page.print_title_rows == "$1:$1" and page.auto_filter.ref
    assert page.page_setup.orientation == "landscape" and int(page.page_setup.paperSize) == 9
    assert page.sheet_properties.pageSetUpPr.fitToPage and "年度" not in heads


def test_the_same_input_gives_the_same_bytes_in_every_library(tmp_path: Path) -> None:
    one = write_worklist(table(), tmp_path / "a.xlsx").read_bytes()
    assert write_worklist(pl.from_pandas(table()), tmp_path / "b.xlsx").read_bytes() == one
    # a table from memory has no cells; its rows are named
    assert rows_of(tmp_path / "b.xlsx")[1]["所在单元格"] == "第0行（从0数起）"


def test_english(source: Path, tmp_path: Path) -> None:
    path = write_worklist(read(source), tmp_path / "list.xlsx", language="en")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[1:] == ["findings", "kinds"]
    assert "4 findings at 3 schools are worth a look" in text_of(path, book.sheetnames[0])


def test_the_heaviest_finding_of_a_school_comes_first(tmp_path: Path) -> None:
    schools = frame(
        school("一小", books=FAR * 2, teaching_area_m2=SAME), school("二小", teaching_area_m2=SAME), junior("三中")
    )
    path = write_worklist(schools, tmp_path / "线索.xlsx")
    assert [r["线索种类"] for r in rows_of(path)] == ["多项数据与他校相同", "数值明显偏离同类学校"]


# ------------------------------------------------------------------------------------------- what is read back


def test_what_was_explained_comes_last_and_keeps_its_words(source: Path, tmp_path: Path) -> None:
    first = write_worklist(read(source), tmp_path / "线索.xlsx")
    done = filled(first, tmp_path / "已说明.xlsx", of_school("一小", "数据属实", "新建图书馆，\n接收捐书"))
    again = write_worklist(read(source), tmp_path / "线索2.xlsx", explained=done)
    rows = rows_of(again)
    assert [r["学校"] for r in rows] == ["全县", "二小", "五中", "一小"]
    assert (rows[-1]["核实结果"], rows[-1]["说明"]) == ("数据属实", "新建图书馆，\n接收捐书")
    assert "待核实3条，已说明1条" in text_of(again) and rows_of(again, "不再出现") == []
    assert "待核实的线索（3条）" in text_of(again, "线索") and "已说明的线索（1条）" in text_of(again, "线索")
    # and the third time, from the second list
    third = write_worklist(read(source), tmp_path / "线索3.xlsx", explained=again)
    assert rows_of(third) == rows


def test_a_figure_that_changed_is_a_new_finding(tmp_path: Path) -> None:
    first = write_worklist(table(), tmp_path / "线索.xlsx")
    done = filled(first, tmp_path / "已说明.xlsx", lambda line: ("数据属实", f"{line['学校']}已查"))
    changed = table()
    changed.loc[0, "books"] = FAR + 6
    again = write_worklist(changed, tmp_path / "线索2.xlsx", explained=done)
    status = {r["学校"]: (r["核实结果"], r["说明"]) for r in rows_of(again)}
    assert status == {
        "一小": (None, None),
        "全县": ("数据属实", "全县已查"),
        "二小": ("数据属实", "二小已查"),
        "五中": ("数据属实", "五中已查"),
    }
    (gone,) = rows_of(again, "不再出现")
    assert (gone["县（市、区）"], gone["学校"], gone["说明"]) == ("甲县", "一小", "一小已查")
    assert "有1条本次不再出现" in text_of(again)
    # what is settled stays listed, and is known again if it comes back
    back = write_worklist(table(), tmp_path / "线索3.xlsx", explained=again)
    assert {r["学校"]: r["说明"] for r in rows_of(back)}["一小"] == "一小已查"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (("数据属实", None), "explained"),
        ((None, "统一配备"), "explained"),
        (("已查，无误", None), "explained"),
        (("figures confirmed", None), "explained"),
        (("待核实", "已去函"), "open"),
        (("pending", None), "open"),
        (("已更正", "下月改"), "unchanged"),
        ((None, None), "open"),
        (("  ", "\n"), "open"),
    ],
)
def test_what_an_answer_means(tmp_path: Path, answer: tuple[Any, Any], status: str) -> None:
    first = write_worklist(table(), tmp_path / "线索.xlsx")
    done = filled(first, tmp_path / "已说明.xlsx", of_school("一小", *answer))
    made = model.make_worklist(table(), explained=[done])
    assert {e.status for e in made.entries if e.finding.school == "一小"} == {status}
    again = rows_of(write_worklist(table(), tmp_path / "线索2.xlsx", explained=done))
    (row,) = [r for r in again if r["学校"] == "一小"]
    known = {"figures confirmed": "数据属实", "pending": "待核实"}
    wanted = [known.get(a, a) if a and a.strip() else None for a in answer]
    assert [row["核实结果"], row["说明"]] == wanted
    assert ("上次填写“已更正”" in row["依据"]) == (status == "unchanged")


def test_several_worklists_in_two_languages(tmp_path: Path) -> None:
    first = write_worklist(table(), tmp_path / "线索.xlsx")
    one = filled(first, tmp_path / "甲.xlsx", of_school("一小", None, "学校说明"))
    two = filled(first, tmp_path / "乙.xlsx", of_school("一小", "数据属实", "县里核过"))
    english = write_worklist(table(), tmp_path / "list.xlsx", language="en", explained=[one, two])
    again = write_worklist(table(), tmp_path / "线索2.xlsx", explained=english.read_bytes())
    assert rows_of(again)[-1]["说明"] == "学校说明；县里核过" and rows_of(again)[-1]["核实结果"] == "数据属实"


def test_rows_may_be_sorted_and_deleted_and_columns_added(tmp_path: Path) -> None:
    first = write_worklist(table(), tmp_path / "线索.xlsx")
    filled(first, tmp_path / "满.xlsx", of_school("五中", "数据属实", "合并而来"))
    lines = pd.read_excel(tmp_path / "满.xlsx", sheet_name="线索", dtype=object, engine="openpyxl")
    lines = lines[lines["编号"].notna()].iloc[::-1].drop(columns=["依据", "县（市、区）"]).assign(核实人="王")
    lines["编号"] = lines["编号"].str.lower() + " "
    lines.to_csv(tmp_path / "改.csv", index=False, encoding="gb18030")
    again = write_worklist(table(), tmp_path / "线索2.xlsx", explained=tmp_path / "改.csv")
    assert {r["学校"]: r["说明"] for r in rows_of(again)} == {
        "全县": None,
        "一小": None,
        "二小": None,
        "五中": "合并而来",
    }


def test_one_explanation_may_stand_in_a_merged_cell(tmp_path: Path) -> None:
    schools = table(teaching_area_m2=SAME)
    first = write_worklist(schools, tmp_path / "线索.xlsx")
    book = openpyxl.load_workbook(first)
    page = book["线索"]
    heads = [c.value for c in page[1]]
    c = heads.index("说明") + 1
    at = [row[0].row for row in page.iter_rows(min_row=2) if row[heads.index("编号")].value]
    # two lines of 一小, a heading, a line of 五中
    assert at[1:4] == [at[1], at[1] + 1, at[1] + 3]
    page.cell(at[1], c).value = "两校统一配备"
    page.merge_cells(start_row=at[1], end_row=at[3], start_column=c, end_column=c)
    book.save(tmp_path / "合并.xlsx")
    made = model.make_worklist(schools, explained=[tmp_path / "合并.xlsx"])
    assert [(e.finding.school, e.text) for e in made.explained] == [
        ("一小", "两校统一配备"),
        ("一小", "两校统一配备"),
        ("五中", "两校统一配备"),
    ]
    assert made.notices == ()


def test_counties_and_years_that_are_not_in_the_table_were_not_looked_at(tmp_path: Path) -> None:
    years = pd.concat([table(year=2023), table(year=2024)])
    first = write_worklist(years, tmp_path / "线索.xlsx")
    assert {r["年度"] for r in rows_of(first)} > {2023, 2024}
    this_year = table(year=2024)
    made = model.make_worklist(this_year[this_year["county"] == "甲县"], explained=[first])
    n_before = sum(r["年度"] == 2023 for r in rows_of(first))
    assert made.elsewhere == n_before > 0
    other = model.make_worklist(table(year=2024, county="丙县"), explained=[first])
    assert other.elsewhere == len(rows_of(first)) and other.settled == ()
    again = write_worklist(this_year, tmp_path / "线索2.xlsx", explained=first)
    assert f"另有{n_before}条属于本次学校表没有的县或年度" in text_of(again)


def test_an_id_depends_on_the_figures_and_on_nothing_else() -> None:
    def ids(schools: pd.DataFrame, **given: Any) -> dict[tuple[Any, ...], str]:
        made = model.make_worklist(schools, **given)
        return {(e.place, e.finding.kind, len(e.finding.rows), e.finding.stage): e.id for e in made.entries}

    usual = ids(table())
    assert len(set(usual.values())) == len(usual) == 4
    assert ids(table().iloc[::-1]) == usual
    assert ids(table()[sorted(table())], alpha=0.2, standard=QUALITY) == usual
    assert ids(table()[table()["county"] == "甲县"]) == usual
    # another school of the county
    assert ids(table(books=table()["books"].where(table()["school"] != "四小", 14_000))) == usual
    more = ids(pd.concat([table(), frame(school("六小", computers=BUNCHED))]))
    assert {key for key in usual if more.get(key) != usual[key]} == {("甲县", "round_figures", 3, None)}
    other = ids(table(sports_area_m2=5_500.5))
    assert {key for key in usual if other[key] != usual[key]} == {("甲县", "copied_figures", 2, "primary")}


def test_findings_that_are_alike_in_everything_have_ids_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = search.FINDINGS[0]
    monkeypatch.setattr(search, "FINDINGS", (kind, kind))
    made = model.make_worklist(table())
    assert len({e.id for e in made.entries}) == len(made.entries) == 7


def test_two_schools_that_agree_may_each_have_their_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(figures: Figures) -> list[Finding]:
        found = same(figures).describe(0)[0]
        pair = [list(found.rows), list(found.rows)[::-1]]
        return [figures.finding(found.kind, rows, found.columns, found.evidence, value=2) for rows in pair]

    monkeypatch.setattr(search, "FINDINGS", (both,))
    monkeypatch.setattr(search, "TESTS", ())
    ids = {e.finding.school: e.id for e in model.make_worklist(table()).entries}
    assert set(ids) == {"二小", "=1+1"} and len(set(ids.values())) == 2
    assert {e.finding.school: e.id for e in model.make_worklist(table()[::-1]).entries} == ids


# ------------------------------------------------------------------------------------------- what cannot be used


def test_lines_whose_id_is_lost_are_named(tmp_path: Path) -> None:
    first = write_worklist(table(), tmp_path / "线索.xlsx")
    book = openpyxl.load_workbook(first)
    page = book["线索"]
    heads = [c.value for c in page[1]]
    at, text = heads.index("编号"), heads.index("说明")
    lines = [row for row in page.iter_rows(min_row=2) if row[at].value]
    lines[0][at].value, lines[0][text].value = None, "查过"
    lines[1][at].value, lines[1][text].value = "2024-01-01", "查过"
    lines[2][text].value = "=SUM(1)"
    page.cell(page.max_row + 2, 1).value = "检查组：王某"
    book.save(tmp_path / "坏.xlsx")
    made = model.make_worklist(table(), explained=[tmp_path / "坏.xlsx"])
    told = [n.text("zh") for n in made.notices]
    assert f"第{lines[0][0].row}、{lines[1][0].row}行填有内容，但没有编号，或编号已改动，未采用" in told[0]
    assert f"第{lines[2][0].row}行" in told[1] and "公式" in told[1]
    assert made.explained == [] and all(english_in(t) == [] for t in told)
    path = write_worklist(table(), tmp_path / "线索2.xlsx", explained=tmp_path / "坏.xlsx")
    assert told[0] in text_of(path)


def broken(tmp_path: Path) -> dict[str, Any]:
    other = tmp_path / "别的.xlsx"
    table().to_excel(other, index=False)
    no_id = tmp_path / "缺列.xlsx"
    pd.DataFrame({"学校": ["一小"], "核实结果": ["数据属实"], "说明": ["好"]}).to_excel(no_id, index=False)
    bomb = tmp_path / "炸.xlsx"
    bomb.write_bytes(b"PK\x03\x04" + b"0" * 100)
    return {
        "别的.xlsx": other,
        "缺列.xlsx": no_id,
        "炸.xlsx": bomb,
        "picture": b"\x89PNG\r\n\x1a\n....",
        "empty": b"",
        "text": "编号,说明\n甲,乙\n".encode(),
        "没有.xlsx": tmp_path / "没有.xlsx",
        "folder": tmp_path,
        "number": 3,
    }


@pytest.mark.parametrize(
    "name", ["别的.xlsx", "缺列.xlsx", "炸.xlsx", "picture", "empty", "text", "没有.xlsx", "folder", "number"]
)
def test_a_foreign_or_damaged_worklist_is_refused(tmp_path: Path, name: str) -> None:
    given = broken(tmp_path)[name]
    with pytest.raises(InputError) as caught:
        write_worklist(table(), tmp_path / "线索.xlsx", explained=given)
    assert not (tmp_path / "线索.xlsx").exists()
    told = caught.value.text("zh")
    assert english_in(told, str(given)) == []
    if name in ("别的.xlsx", "缺列.xlsx", "text"):
        assert "不是线索表" in told and "“编号”" in told and "junheng plausibility" in told


@pytest.mark.parametrize("name", ["线索.csv", "线索"])
def test_a_worklist_is_an_xlsx_workbook(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"\.xlsx"):
        write_worklist(table(), tmp_path / name)


def test_what_was_filled_in_is_never_overwritten(tmp_path: Path) -> None:
    first = write_worklist(table(), tmp_path / "线索.xlsx")
    before = first.read_bytes()
    with pytest.raises(OutputFileError):
        write_worklist(table(books=1), first, explained=[first])
    assert first.read_bytes() == before


@pytest.mark.parametrize(
    "given", [{"alpha": 0}, {"alpha": "x"}, {"language": "fr"}, {"standard": "nothing like it"}, {"by": ["片区"]}]
)
def test_arguments_are_those_of_plausibility(tmp_path: Path, given: dict[str, Any]) -> None:
    with pytest.raises(JunhengError):
        write_worklist(table(), tmp_path / "线索.xlsx", **given)


def test_cells_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    wrong = table().astype(object)
    wrong.loc[3, "books"], wrong.loc[4, "students"] = "约三万", -5
    path = write_worklist(wrong, tmp_path / "线索.xlsx")
    assert "表中有2个错误，有关单元格按缺数据处理" in text_of(path)


def test_several_columns_tell_counties_apart(tmp_path: Path) -> None:
    path = write_worklist(table(area_type="镇区"), tmp_path / "线索.xlsx", by=["county", "area_type"])
    assert {r["县（市、区）"] for r in rows_of(path)} == {"甲县 / 镇区"}


def test_a_sheet_that_is_full_goes_on_on_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("junheng.reports.worklists.workbook.MOST_ROWS", 3)
    path = write_worklist(table(), tmp_path / "线索.xlsx")
    sheets: Sequence[str] = openpyxl.load_workbook(path).sheetnames
    assert sheets == ["概要", "线索", "线索2", "线索3", "种类说明"]
    assert sum(len(rows_of(path, s)) for s in sheets[1:4]) == 4
    made = model.make_worklist(table(), explained=[path])
    assert made.settled == () and made.elsewhere == 0


@pytest.mark.parametrize(
    ("value", "shown"),
    [(58.0, "#,##0"), (93606138.107, "#,##0"), (1671.159, "#,##0.00"), (0.01743, "0.0000"), (2e-7, "General")],
)
def test_figures_of_any_size_can_be_read(value: float, shown: str) -> None:
    assert _number_format(value) == shown
