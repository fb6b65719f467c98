"""``summary()``: one row per county and part; what fails; each school counted once. The thin writers beside it."""

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from small_tables import BASIC, QUALITY, frame, junior, school

import junheng as jh

COLUMNS = ["county", "part", "verdict", "n_unmet", "n_undetermined", "unmet", "n_schools_short"]


def row(ev: jh.Evaluation, part: str, county: str = "甲县") -> dict[str, Any]:
    (found,) = [r for r in jh.results.records(ev.summary()) if r["part"] == part and r["county"] == county]
    return found


def test_rows_and_verdicts_are_those_of_verdicts() -> None:
    ev = jh.evaluate(frame(school(), junior(), school(county="乙县")), QUALITY)
    got = ev.summary()
    assert list(got.columns) == COLUMNS
    assert got[["county", "part", "verdict"]].equals(ev.verdicts[["county", "part", "verdict"]])
    items = ev.items.groupby(["county", "part"])["verdict"].value_counts().unstack(fill_value=0)
    for r in jh.results.records(got[got["part"] != "overall"]):
        counts = items.loc[(r["county"], r["part"])]
        assert (r["n_unmet"], r["n_undetermined"]) == (counts.get("unmet", 0), counts.get("undetermined", 0))


def test_what_fails_is_named_and_of_the_whole_the_parts_and_vetoes() -> None:
    facts = {"甲县": {"entrance_examinations": True}}
    ev = jh.evaluate(frame(school(backbone_teachers=0), junior()), QUALITY, county_facts=facts)
    assert row(ev, "resources")["unmet"] == "schools-comply (primary)"
    assert row(ev, "overall")["unmet"] == "resources; veto-entrance-examinations"
    assert row(ev, "overall")["n_unmet"] == 2
    zh = ev.relabel("zh").summary()
    assert list(zh.columns) == ["县（市、区）", "部分", "结论", "不达标数", "待定数", "不达标项", "未达要求学校数"]
    assert zh["不达标项"].tolist()[0] == "各校资源配置达标（小学）"


def test_a_school_is_counted_once_however_often_it_falls_short() -> None:
    nine = (
        [school("九年制", kind="nine_year", **few), junior("九年制", kind="nine_year", **few)]
        if (few := {"backbone_teachers": 0, "classes": 5})
        else []
    )
    ev = jh.evaluate(frame(*nine, school(classes=20), junior(classes=20)), QUALITY)
    assert row(ev, "resources")["n_schools_short"] == 1  # both stages
    assert row(ev, "government")["n_schools_short"] == 1  # 100 pupils a class
    assert row(ev, "overall")["n_schools_short"] == 1
    more = jh.evaluate(frame(*nine, school(classes=5), junior(classes=20)), QUALITY)
    assert [row(more, p)["n_schools_short"] for p in ("resources", "government", "overall")] == [1, 2, 2]
    # nothing is asked of single schools there
    assert row(ev, "recognition")["n_schools_short"] is None


def test_a_school_that_is_undetermined_or_not_counted_is_not_short() -> None:
    rows = [
        school("甲", backbone_teachers=None, pe_art_teachers=None),
        school("乙", kind="teaching_point", students=20),
    ]
    ev = jh.evaluate(frame(*rows, school()), QUALITY)
    assert row(ev, "resources")["verdict"] == "undetermined" and row(ev, "resources")["n_schools_short"] == 0
    ev = jh.evaluate(frame(rows[0], school("丙", backbone_teachers=0), school()), QUALITY)
    assert row(ev, "resources")["verdict"] == "unmet" and row(ev, "resources")["n_schools_short"] == 1


def test_a_table_of_polars_gives_one_of_polars() -> None:
    table = frame(school())
    ev = jh.evaluate(pl.from_pandas(table), BASIC)
    got = ev.summary()
    assert isinstance(got, pl.DataFrame) and got.columns == COLUMNS
    assert got.schema["n_schools_short"] == pl.Int64


# ---------------------------------------------------------------------------------------- the thin writers


@pytest.fixture(scope="module")
def ev() -> jh.Evaluation[pd.DataFrame]:
    return jh.evaluate(jh.synthetic.county(seed=0, n_schools=4), QUALITY)


def test_to_html_is_the_report(ev: jh.Evaluation, tmp_path: Path) -> None:
    for own, options, language in ((ev, {}, "zh"), (ev.relabel("en"), {}, "en"), (ev, {"language": "en"}, "en")):
        path = own.to_html(tmp_path / "a.html", **options)
        assert path.read_bytes() == jh.reports.write_report(ev, tmp_path / "b.html", language=language).read_bytes()
    with pytest.raises(jh.InputError, match="no county '丙县'"):
        ev.to_html(tmp_path / "c.html", county="丙县")


@pytest.mark.skipif("write_results" not in dir(jh.reports), reason="reports.write_results is not there yet")
def test_to_excel_is_the_workbook_of_results(ev: jh.Evaluation, tmp_path: Path) -> None:
    for own, options, language in ((ev, {}, "zh"), (ev.relabel("en"), {}, "en"), (ev, {"language": "en"}, "en")):
        path = own.to_excel(tmp_path / "a.xlsx", **options)
        assert path.read_bytes() == jh.reports.write_results(ev, tmp_path / "b.xlsx", language=language).read_bytes()
