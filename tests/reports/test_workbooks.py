"""Results and plans as workbooks: the summary, the sheets, how they look and print."""

import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import polars as pl
import pytest
from command_line import FORMULAS, table
from openpyxl.utils import get_column_letter
from small_tables import BASIC, QUALITY, frame, junior, school

import junheng as jh
from junheng.reports import write_plan_workbook, write_results
from junheng.reports._workbooks import width_of
from junheng.reports.workbooks import results, sheets

COSTS = dict.fromkeys(("sports_area_m2", "teaching_area_m2"), 300) | {"multimedia_classrooms": 50_000}


def county() -> Any:
    """A school without books' worth of figures, one that fails, one at the limit but for the last digit."""
    return frame(
        school("甲小", school_code="0012", teaching_area_m2=2249.9999),
        school("乙小", school_code="0013", sports_area_m2=None),
        school("丙小", school_code="0014", multimedia_classrooms=3),
        junior("丁中", school_code="0015", sports_area_m2=3000.0),
        junior("戊中", school_code="0016", included="否"),
    )


@pytest.fixture(scope="module")
def ev() -> jh.Evaluation:
    return jh.evaluate(county(), QUALITY)


@pytest.fixture(scope="module")
def book(ev: jh.Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return openpyxl.load_workbook(write_results(ev, tmp_path_factory.mktemp("书") / "结果.xlsx"))


@pytest.fixture(scope="module")
def plan(ev: jh.Evaluation) -> jh.Plan:
    return jh.plan(ev, unit_costs=COSTS, nodes=0, progress=False)


def lines(sheet: Any) -> list[tuple[Any, ...]]:
    return [tuple(x for x in row if x is not None) for row in sheet.iter_rows(values_only=True)]


def column(sheet: Any, header: str) -> list[Any]:
    heads = [cell.value for cell in sheet[1]]
    return [row[heads.index(header)] for row in sheet.iter_rows(min_row=2)]


# ----------------------------------------------------------------------------------------------- summary


def test_the_summary_comes_first_and_says_what_was_judged_by_which_rule(book: Any, ev: jh.Evaluation) -> None:
    assert book.sheetnames[0] == "概要"
    found = lines(book["概要"])
    std = ev.standard
    assert found[0] == ("评估结果：甲县",)
    for label, value in (
        ("标准", std.label.zh),
        ("文件", std.document),
        ("文号", std.number),
        ("印发时间", std.issued),
    ):
        assert (label, value) in found
    rules = [*std.thresholds, *std.limits, *std.items]
    (standing,) = [row[1] for row in found if row and row[0] == "规定的可靠程度"]
    confirmed = sum(str(r.standing) == "confirmed" for r in rules)
    assert standing.startswith(f"共{len(rules)}条：") and f"依据已核实{confirmed}条" in standing


def test_the_summary_gives_every_part_its_verdict_and_reason(book: Any, ev: jh.Evaluation) -> None:
    found = lines(book["概要"])
    shown = ev.relabel("zh").verdicts
    at = found.index(("部分", "结论", "理由"))
    rows = {row[0]: row[1:] for row in found[at + 1 : at + 1 + len(shown)]}
    assert next(iter(rows)) == "总体结论"
    assert rows == {p: (v, r) for p, v, r in zip(shown["部分"], shown["结论"], shown["说明"], strict=True)}


def test_the_summary_counts_schools_and_names_what_fails_and_what_is_missing(book: Any, ev: jh.Evaluation) -> None:
    found = lines(book["概要"])
    schools = ev.school_verdicts
    counted = schools[schools["counted"]]
    assert (f"学校表5行，5个学校（学段），计入{len(counted)}个。",) in found
    for stage, label in (("primary", "小学"), ("junior", "初中")):
        of = counted[counted["stage"] == stage]["verdict"].tolist()
        out = int((schools["stage"] == stage).sum()) - len(of)
        assert (label, len(of), *(of.count(v) for v in ("met", "unmet", "undetermined")), out) in found
    rooms = next(row for row in found if row[:2] == ("每百名学生拥有网络多媒体教室数", "小学"))
    assert rooms[2:5] == (3, 1, 0)
    assert ("小学 · 生均体育运动场馆面积", "缺体育运动场馆面积（1所）") in found
    asked = next(row for row in found if row and row[0] == "社会认可度达到85%以上")
    assert asked[1] == "社会认可度问卷满意数、社会认可度有效问卷数"
    assert ("无过重课业负担", "无过重课业负担（是或否）") in found


def test_problems_are_counted_by_kind(tmp_path: Path) -> None:
    ev = jh.evaluate(frame(school("甲小", books=4.5, 备注="x"), school("乙小", students=0), junior()), BASIC)
    found = lines(openpyxl.load_workbook(write_results(ev, tmp_path / "a.xlsx"))["概要"])
    counts = ev.relabel("zh").problems["问题类别"].value_counts()
    assert len(counts) > 1
    for kind, n in counts.items():
        (row,) = [r for r in found if len(r) > 2 and r[:2] == (kind, "警告")]
        assert row[2] == n
    assert any(str(row[0]).startswith(f"共{counts.sum()}处") for row in found if row)


@pytest.mark.slow
def test_many_counties_are_counted_and_listed(tmp_path: Path) -> None:
    ev = jh.evaluate(jh.synthetic.province(seed=1, n_counties=4, conditions=False), BASIC)
    found = lines(openpyxl.load_workbook(write_results(ev, tmp_path / "a.xlsx"))["概要"])
    verdicts = ev.verdicts
    resources = verdicts[verdicts["part"] == "resources"]["verdict"].tolist()
    assert ("资源配置", *(resources.count(v) for v in ("met", "unmet", "undetermined"))) in found
    words = ev.relabel("zh").verdicts.pivot_table(index="县（市、区）", columns="部分", values="结论", aggfunc="first")
    for name, of in words.iterrows():
        (row,) = [r for r in found if r and str(r[0]).startswith(f"{name} / ")]
        assert row[1] == of["总体结论"] and sorted(row[1:]) == sorted(of)


def test_the_contents_lead_to_the_sheets_and_count_their_rows(book: Any) -> None:
    summary = book["概要"]
    links = {cell.value: cell for row in summary.iter_rows() for cell in row if cell.hyperlink}
    assert list(links) == book.sheetnames[1:]
    for name, cell in links.items():
        assert cell.hyperlink.location == f"'{name}'!A1" and cell.hyperlink.target is None
        assert summary.cell(cell.row, 2).value == book[name].max_row - 1


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_summary_speaks_one_language(ev: jh.Evaluation, plan: jh.Plan, tmp_path: Path, language: Any) -> None:
    many = jh.evaluate(jh.synthetic.province(seed=1, n_counties=2, conditions=False), QUALITY)
    for path in (
        write_results(ev, tmp_path / "a.xlsx", language=language),
        write_results(many, tmp_path / "b.xlsx", language=language),
        write_plan_workbook(plan, tmp_path / "c.xlsx", language=language),
    ):
        written = openpyxl.load_workbook(path)
        text = "\n".join(str(x) for row in lines(written.worksheets[0]) for x in row)
        if language == "zh":
            # versions and ids of the provenance excepted
            words = set(re.findall(r"[A-Za-z_]{2,}", re.sub("sha256:[0-9a-f]+|cn-[a-z0-9-]+", "", text)))
            assert words <= {"junheng", "propagate"}
        else:
            names = (ev.standard.document, ev.standard.number, *"甲乙丙丁戊县小中第")
            for name in names:
                text = text.replace(name, "")
            assert not re.findall("[\u4e00-\u9fff，。；：（）]+", text)


# ------------------------------------------------------------------------------------------------- sheets


def test_figures_are_exact_and_printed_by_their_unit(book: Any, ev: jh.Evaluation) -> None:
    sheet, shown = book["各校指标"], ev.relabel("zh").schools
    for name in ("数值", "标准", "下限"):
        cells = [cell.value for cell in column(sheet, name)]
        assert [float("nan") if c is None else c for c in cells] == pytest.approx(
            shown[name].tolist(), rel=1e-15, nan_ok=True
        )
    formats = {u: {c.number_format for c in column(sheet, "标准")} for u in set(shown["单位"])}
    assert formats["㎡/生"] == {"#,##0.00"}
    assert {c.number_format for c in column(book["差异系数"], "差异系数")} == {"0.000"}
    assert {c.number_format for c in column(book["差异系数"], "缺数据学生占比")} == {"0.00%"}
    assert {c.number_format for c in column(book["差异系数"], "年度")} <= {"0"} if "年度" in shown else True
    items = {
        row[0].value: row for row in zip(*(column(book["项目"], n) for n in ("项目", "数值", "标准")), strict=True)
    }
    assert items["各校资源配置达标"][2].number_format == "0.00%"
    assert items["各项指标校际差异系数"][1].number_format == "0.000"
    # an answer is a figure that reads as a word
    assert items["无过重课业负担"][2].value == 1 and '"是"' in items["无过重课业负担"][2].number_format
    assert items["全县初中三年巩固率达到95%以上"][2].number_format == "0.00%"


def test_a_figure_that_would_be_printed_like_its_limit_shows_all_its_digits(book: Any) -> None:
    sheet = book["各校指标"]
    rows = zip(*(column(sheet, n) for n in ("学校名称", "指标", "数值")), strict=True)
    (value,) = [v for name, i, v in rows if (name.value, i.value) == ("甲小", "生均教学及辅助用房面积")]
    assert f"{value.value:.2f}" == "4.50" and value.value < 4.5 and value.number_format == "General"


def test_the_facts_of_the_county_have_a_sheet(tmp_path: Path) -> None:
    facts = {"甲县": {"no_excessive_workload": True, "special_education_funds_cny": 51_000.5}}
    ev = jh.evaluate(county(), QUALITY, county_facts=facts)
    sheet = openpyxl.load_workbook(write_results(ev, tmp_path / "a.xlsx"))["县情数据"]
    found = {f.value: v for f, v in zip(*(column(sheet, n) for n in ("县情项目", "数值")), strict=True)}
    assert {name: v.value for name, v in found.items()} == {
        "无过重课业负担": 1,
        "特殊教育公用经费（特殊教育学校和随班就读）": 51_000.5,
    }
    assert '"是"' in found["无过重课业负担"].number_format
    assert found["特殊教育公用经费（特殊教育学校和随班就读）"].number_format == "#,##0.00"


def test_verdicts_have_a_colour_and_a_word_and_booleans_a_word(book: Any) -> None:
    fills: dict[str, set[str]] = {}
    for name in book.sheetnames[1:]:
        sheet = book[name]
        for header in ("结论", "下限结论"):
            if header in [c.value for c in sheet[1]]:
                for cell in column(sheet, header):
                    fills.setdefault(cell.value or "", set()).add(cell.fill.fgColor.rgb if cell.fill.fill_type else "")
    assert {w: len(f) for w, f in fills.items()} == {"达标": 1, "不达标": 1, "待定": 1}
    assert len(set().union(*fills.values())) == 3 and "" not in set().union(*fills.values())
    assert [c.value for c in column(book["各校结论"], "是否计入")] == ["是", "是", "是", "是", "否"]


def test_sheets_print_on_a4_with_headers_on_every_page(book: Any) -> None:
    for sheet in book.worksheets:
        page = sheet.page_setup
        assert int(page.paperSize) == 9 and sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (page.fitToWidth or 1, int(page.fitToHeight)) == (1, 0)
        assert "&P" in sheet.oddFooter.center.text and "&N" in sheet.oddFooter.center.text
    for sheet in book.worksheets[1:]:
        assert sheet.page_setup.orientation == "landscape" and sheet.print_title_rows == "$1:$1"
        assert sheet.freeze_panes.endswith("2") and sheet.oddHeader.center.text.endswith(sheet.title)
        assert sheet.auto_filter.ref == f"A1:{get_column_letter(sheet.max_column)}{max(sheet.max_row, 1)}"
    assert book["各校指标"].freeze_panes == "D2"  # county, code and name stay in view


def test_widths_hold_the_text(book: Any) -> None:
    for sheet in book.worksheets[1:]:
        # columns of one width that stand side by side share an entry
        sizes = {c: d.width for d in sheet.column_dimensions.values() for c in range(d.min, d.max + 1)}
        for cells in sheet.columns:
            width = sizes[cells[0].column]
            for cell in cells[1:]:
                if isinstance(cell.value, str) and not cell.alignment.wrap_text:
                    assert width_of(cell.value) < width <= 70
        for r in range(2, sheet.max_row + 1):
            wrapped = [c for c in sheet[r] if isinstance(c.value, str) and c.alignment.wrap_text]
            needed = [width_of(c.value) / sizes[c.column] for c in wrapped]
            assert (sheet.row_dimensions[r].height or 15) >= 14 * max(needed, default=1)


def test_names_stay_text_and_codes_raise_no_complaint(tmp_path: Path) -> None:
    path = write_results(jh.evaluate(table(), QUALITY), tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(path)["各校结论"]
    names, codes = column(sheet, "学校名称"), column(sheet, "学校代码")
    assert {c.value for c in names} >= set(FORMULAS) and {c.data_type for c in names} == {"s"}
    assert codes[0].value == "000" and {c.data_type for c in codes} == {"s"}
    with zipfile.ZipFile(path) as parts:
        text = {n: parts.read(n).decode() for n in parts.namelist() if "worksheets/sheet" in n}
    assert not any("<f>" in x for x in text.values())
    assert f'<ignoredError sqref="A2:L{sheet.max_row}" numberStoredAsText="1"/>' in text["xl/worksheets/sheet6.xml"]


# --------------------------------------------------------------------------- what schools lack, rows of the file


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_each_school_lacks_has_a_sheet(ev: jh.Evaluation, tmp_path: Path, language: Any) -> None:
    shown = jh.shortfalls(ev.relabel(language))
    row = ev.relabel(language).header("row")
    lacks = openpyxl.load_workbook(write_results(ev, tmp_path / "a.xlsx", language=language))[
        {"zh": "缺额", "en": "shortfalls"}[language]
    ]
    heads = [c.value for c in lacks[1]]
    assert heads == [c for c in shown.columns if c != row]
    assert lacks.max_row - 1 == len(shown) == 4
    rooms = dict(zip(heads, next(r for r in lacks.iter_rows(min_row=2) if "丙小" in [c.value for c in r]), strict=True))
    short = rooms[ev.relabel(language).header("short")]
    # 500 students need 11.5 rooms, and there are 3
    assert short.value == 9 and short.number_format == "#,##0"


def test_a_standard_without_thresholds_has_no_sheet_of_what_schools_lack(tmp_path: Path) -> None:
    ev = jh.evaluate(county(), "cn-js-wuxi-2014")
    assert "缺额" not in openpyxl.load_workbook(write_results(ev, tmp_path / "a.xlsx")).sheetnames


def test_rows_are_those_of_the_file_with_the_sheet_if_there_are_several(tmp_path: Path) -> None:
    schools = county()
    with pd.ExcelWriter(tmp_path / "学校.xlsx") as book:
        schools[:3].to_excel(book, sheet_name="小学", index=False, startrow=2)
        schools[3:].to_excel(book, sheet_name="初中", index=False)
    one = jh.read_schools(tmp_path / "学校.xlsx", sheet="小学")
    found = openpyxl.load_workbook(write_results(jh.evaluate(one, QUALITY), tmp_path / "a.xlsx"))
    for name in ("各校结论", "各校指标", "缺额", "各项涉及学校"):
        pairs = zip(column(found[name], "学校名称"), column(found[name], "行号"), strict=True)
        at = {school.value: row.value for school, row in pairs}
        assert at and at.items() <= {"甲小": 4, "乙小": 5, "丙小": 6}.items()
    assert ("“行号”“单元格”均为原文件中的行号和单元格。",) in lines(found["概要"])
    both = jh.read_schools(tmp_path / "学校.xlsx", sheet=["小学", "初中"])
    found = openpyxl.load_workbook(write_results(jh.evaluate(both, QUALITY), tmp_path / "b.xlsx"))
    heads = [c.value for c in found["各校结论"][1]]
    assert heads[heads.index("行号") - 1] == "工作表"
    rows = [[c.value for c in r] for r in found["各校结论"].iter_rows(min_row=2)]
    assert [tuple(r[heads.index(h)] for h in ("学校名称", "工作表", "行号")) for r in rows][2:4] == [
        ("丙小", "小学", 6),
        ("丁中", "初中", 2),
    ]


def test_a_table_without_a_file_has_no_rows_but_in_the_sheet_of_problems(book: Any) -> None:
    with_rows = [s.title for s in book.worksheets[1:] if "行号" in [c.value for c in s[1]]]
    assert with_rows == ["问题"]
    assert any("从0数起" in str(row[0]) for row in lines(book["概要"]) if row)


def test_a_plan_names_the_rows_of_the_file_too(tmp_path: Path) -> None:
    county().to_excel(tmp_path / "学校.xlsx", index=False)
    made = jh.plan(
        jh.evaluate(jh.read_schools(tmp_path / "学校.xlsx"), QUALITY), unit_costs=COSTS, nodes=0, progress=False
    )
    found = openpyxl.load_workbook(write_plan_workbook(made, tmp_path / "a.xlsx"))
    for name in ("增补", "实施后各校结论"):
        at = zip(column(found[name], "学校名称"), column(found[name], "行号"), strict=True)
        assert {c.value: r.value for c, r in at}["丙小"] == 4


# -------------------------------------------------------------------------------------------- large, same


@pytest.mark.slow
def test_the_same_content_gives_the_same_bytes_for_any_library(tmp_path: Path) -> None:
    first = write_results(jh.evaluate(county(), QUALITY), tmp_path / "a.xlsx").read_bytes()
    again = write_results(jh.evaluate(county(), QUALITY).relabel("en"), tmp_path / "b.xlsx").read_bytes()
    other = write_results(jh.evaluate(pl.from_pandas(county()), QUALITY), tmp_path / "c.xlsx").read_bytes()
    assert first == again == other
    with zipfile.ZipFile(tmp_path / "a.xlsx") as parts:  # no time of writing
        assert set(re.findall(r"\d{4}-\d\d-\d\dT", parts.read("docProps/core.xml").decode())) == {"2000-01-01T"}


def test_a_large_workbook_written_row_by_row_is_the_same(
    ev: jh.Evaluation, book: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "_MANY_CELLS", 0)
    large = openpyxl.load_workbook(write_results(ev, tmp_path / "a.xlsx"))
    assert (tmp_path / "a.xlsx").read_bytes() == write_results(ev, tmp_path / "b.xlsx").read_bytes()
    for one, other in zip(book.worksheets, large.worksheets, strict=True):
        assert lines(one) == lines(other) and one.merged_cells.ranges == other.merged_cells.ranges
        assert [c.number_format for row in one.rows for c in row] == [
            c.number_format for row in other.rows for c in row
        ]
        heights = [[s.row_dimensions[r].height for r in range(1, s.max_row + 1)] for s in (one, other)]
        assert heights[0] == heights[1]


def test_more_rows_than_a_sheet_holds_go_on_in_another(
    ev: jh.Evaluation, book: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 20)
    split = openpyxl.load_workbook(write_results(ev, tmp_path / "a.xlsx"))
    parts = [n for n in split.sheetnames if n.startswith("各校指标")]
    assert parts == ["各校指标", "各校指标2"] and [split[n].max_row for n in parts] == [21, 16]
    joined = [row for n in parts for row in split[n].iter_rows(min_row=2, values_only=True)]
    assert joined == list(book["各校指标"].iter_rows(min_row=2, values_only=True))


# -------------------------------------------------------------------------------------------------- plans


def rows_under(found: list[tuple[Any, ...]], head: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for row in found[found.index(head) + 1 :]:
        if not row:
            return
        yield row


def test_a_plan_says_what_to_add_its_cost_and_what_becomes_of_the_verdicts(plan: jh.Plan, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_plan_workbook(plan, tmp_path / "方案.xlsx"))
    found = lines(book["概要"])
    assert book.sheetnames == ["概要", "增补", "各县费用", "预算步骤", "未能安排", "实施后结论", "实施后各校结论",
                               "实施后差异系数", "问题"]  # fmt: skip
    added = {row[0]: row for row in rows_under(found, ("项目", "新增", "调剂", "单位", "学校数", "费用（元）"))}
    assert sum(row[-1] for row in added.values()) == pytest.approx(plan.cost)
    assert added["网络多媒体教室数"][1:] == (7, "间", 1, 350_000)
    both = {r[0]: r[1:3] for r in rows_under(found, ("部分", "实施前", "实施后", "实施后的理由"))}
    before, after = (dict(zip(e.relabel("zh").verdicts["部分"], e.relabel("zh").verdicts["结论"], strict=True))
                     for e in (plan.evaluation, plan.after))  # fmt: skip
    assert both == {part: (before[part], after[part]) for part in before}
    assert ("小学 · 生均体育运动场馆面积", 2, "缺数据") in found
    sheet = book["增补"]
    assert [c.value for c in column(sheet, "费用（元）")] == plan.changes["cost"].tolist()
    assert {c.number_format for c in column(sheet, "变化")} == {"#,##0", "#,##0.00"}


@pytest.mark.slow
def test_a_plan_for_many_counties_lists_them(tmp_path: Path) -> None:
    schools = jh.synthetic.province(seed=1, n_counties=3, conditions=False)
    ev = jh.evaluate(schools, QUALITY)
    costs = dict.fromkeys(jh.shortfall_totals(ev)["column"], 10)
    made = jh.plan(ev, unit_costs=costs, nodes=0, progress=False)
    found = lines(openpyxl.load_workbook(write_plan_workbook(made, tmp_path / "a.xlsx"))["概要"])
    head = next(r for r in found if r[:3] == ("县（市、区）", "实施前", "实施后"))
    rows = list(rows_under(found, head))
    assert len(rows) == 3 and {r[2] for r in rows} == {"达标"}
    assert sorted(r[-1] for r in rows) == pytest.approx(sorted(made.counties["cost"]))


# ------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize("name", ["结果.xls", "结果.csv", "结果"])
def test_a_name_of_another_kind_is_refused(ev: jh.Evaluation, plan: jh.Plan, tmp_path: Path, name: str) -> None:
    for write in (lambda p: write_results(ev, p), lambda p: write_plan_workbook(plan, p)):
        with pytest.raises(jh.InputError) as caught:
            write(tmp_path / name)
        assert name in str(caught.value) and ".xlsx" in caught.value.text("zh")
    with pytest.raises(jh.InputError):
        write_results(ev, tmp_path / "a.xlsx", language="fr")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_without_the_extra_the_error_names_it(
    ev: jh.Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(jh.InputError, match=r"junheng\[excel\]"):
        write_results(ev, tmp_path / "a.xlsx")
