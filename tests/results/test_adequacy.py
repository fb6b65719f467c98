"""How near students are to each threshold: against every school by hand, in every library and language."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from small_tables import QUALITY, SHANDONG, frame, only, school

import junheng as jh

AREA = "teaching_area_per_student"


def by_hand(ev: jh.Evaluation) -> pd.DataFrame:
    """Share and index from the figures of single schools."""
    table = ev.schools.query("counted and op != ''").copy()
    students = ev.school_verdicts.set_index(["row", "stage"])["students"]
    table["weight"] = [students[key] for key in zip(table["row"], table["stage"], strict=True)]
    table["met"] = (table["verdict"] == "met").astype(float).where(table["verdict"] != "undetermined")
    part = (table["value"] / table["required"]).clip(upper=1).where(table["value"] > 0, 0.0)
    table["part"] = part.where(table["verdict"] != "met", 1.0).where(table["verdict"] != "undetermined")
    rows = []
    for (county, stage, indicator), some in table.groupby(["county", "stage", "indicator"], observed=True, sort=False):
        total = some["weight"].sum()
        share, index = ((some[c] * some["weight"]).sum(skipna=False) / total for c in ("met", "part"))
        at_least = some["op"].iloc[0] == ">="
        rows.append((county, stage, indicator, len(some), share, index if at_least else np.nan))
    names = ["county", "stage", "indicator", "n_schools", "share_adequate", "adequacy_index"]
    return pd.DataFrame(rows, columns=names).set_index(names[:3]).sort_index()


@pytest.mark.parametrize("standard", [QUALITY, SHANDONG])
def test_it_is_what_the_schools_add_up_to(standard: str) -> None:
    """With integrated schools, which are split, and norms by size."""
    schools = jh.synthetic.province(seed=3, n_counties=4)
    if standard == SHANDONG:  # it has no rule for dividing a school, and norms for certain sizes
        schools = schools[schools["kind"].isin(["primary", "junior"])].reset_index(drop=True)
        schools["classes"] = np.where(schools["county"] == "第1县", schools["classes"], 24)
    ev = jh.evaluate(schools, standard)
    keys = ["county", "stage", "indicator"]
    got = ev.adequacy().astype(dict.fromkeys(keys, str)).set_index(keys).sort_index()
    wanted = by_hand(ev)
    assert list(map(tuple, got.index)) == list(map(tuple, wanted.index))
    for name in ("n_schools", "share_adequate", "adequacy_index"):
        np.testing.assert_allclose(got[name], wanted[name], rtol=1e-12)
    assert (got[["n_met", "n_unmet", "n_undetermined"]].sum(axis=1) == got["n_schools"]).all()
    assert got["share_adequate"].notna().any() and (got["share_adequate"] <= got["adequacy_index"]).sum() > 5


def test_it_is_the_measure_of_the_same_name() -> None:
    ev = jh.evaluate(jh.synthetic.county(seed=2), QUALITY)
    students = ev.school_verdicts.set_index(["row", "stage"])["students"]
    for _, row in ev.adequacy().iterrows():
        some = ev.schools.query("counted and stage == @row.stage and indicator == @row.indicator")
        w = [students[key] for key in zip(some["row"], some["stage"], strict=True)]
        alone = jh.adequacy_index(some["value"].to_numpy(), weights=w, threshold=row["required"])
        assert row["adequacy_index"] == pytest.approx(alone, rel=1e-12)


def test_by_hand_with_a_nine_year_school() -> None:
    rows = [
        school("a", county="A", students=300, teaching_area_m2=300 * 4.5),  # exactly at the threshold
        school("b", county="A", students=100, teaching_area_m2=100 * 2.25),
        # 1 : 1.1, 210 and 231 of 441 shares: 10 m² for each share
        {
            **school("c", county="A", kind="nine_year", students=None, teaching_area_m2=4410.0),
            "stage": None,
            "students_primary": 210,
            "students_junior": 210,
        },
    ]
    ev = jh.evaluate(frame(*rows), QUALITY)
    primary = only(ev.adequacy(), indicator=AREA, stage="primary")
    assert (primary["n_schools"], primary["n_met"], primary["n_unmet"]) == (3, 2, 1)
    assert primary["share_adequate"] == pytest.approx(510 / 610)
    assert primary["adequacy_index"] == pytest.approx((510 + 100 / 2) / 610)
    assert primary["students"] == 610
    junior = only(ev.adequacy(), indicator=AREA, stage="junior")
    assert (junior["n_schools"], junior["share_adequate"], junior["adequacy_index"]) == (1, 1.0, 1.0)


def test_what_is_missing_stays_in_its_row() -> None:
    rows = [school("a", county="A", students=300), school("b", county="A", teaching_area_m2=None)]
    missing = only(jh.evaluate(frame(*rows), QUALITY).adequacy(), indicator=AREA)
    assert missing["n_undetermined"] == 1 and missing["share_adequate"] is None and missing["adequacy_index"] is None
    table = jh.evaluate(frame(*rows), QUALITY).adequacy()
    assert table["share_adequate"].isna().sum() == 1
    omitted = only(jh.evaluate(frame(*rows), QUALITY, missing="omit").adequacy(), indicator=AREA)
    assert (omitted["n_undetermined"], omitted["share_adequate"], omitted["adequacy_index"]) == (1, 1.0, 1.0)
    # a norm that is open is no missing value
    between = jh.synthetic.county(seed=0, n_schools=6).assign(classes=13)
    for missing in ("propagate", "omit"):
        ev = jh.evaluate(between, SHANDONG, missing=missing)
        open_ = ev.schools.query("reason == 'size_between'")["indicator"].astype(str).unique()
        table = ev.adequacy()
        assert len(open_) and table[table["indicator"].isin(open_)]["share_adequate"].isna().any()


def test_libraries_languages_and_a_law_without_thresholds() -> None:
    county = jh.synthetic.county(seed=0)
    zh = jh.evaluate(pl.from_pandas(county), QUALITY).relabel("zh").adequacy()
    assert isinstance(zh, pl.DataFrame)
    assert zh.columns == [
        "县（市、区）", "年度", "学段", "指标", "比较", "标准", "学校数", "达标数", "不达标数", "待定数", "学生人数",
        "达标学校学生占比", "充足指数", "条款",
    ]  # fmt: skip
    none = jh.evaluate(county, "cn-basic-balance-2012").adequacy()
    assert none.empty and list(none.columns) == list(jh.evaluate(county, QUALITY).adequacy().columns)
