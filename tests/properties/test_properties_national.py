"""Indoor sports rooms count once; and who counts in 2012 is two questions: against the rules in exact fractions."""

import math
from fractions import Fraction

import numpy as np
import oracle
import pandas as pd
import pytest
from counties import few
from hypothesis import given
from hypothesis import strategies as st

import junheng as jh
from junheng.errors import InputDataError

QUALITY, BASIC = "cn-quality-balance-2017", "cn-basic-balance-2012"
TEACHING, SPORTS = "teaching_area_per_student", "sports_area_per_student"
#: What is not looked at here, more than enough of it.
REST = {
    "高于规定学历教师数": 500, "骨干教师数": 500, "体育艺术教师数": 500, "教学仪器设备值(元)": 1e9,
    "网络多媒体教室数": 5000, "计算机数": 5000, "图书册数": 10**6, "专任教师数": 5000, "中级及以上职称教师数": 500,
}  # fmt: skip

# square metres with two decimals, as they are typed
areas = st.integers(0, 2_000_000).map(lambda n: n / 100)


def typed(x):
    return None if x is None else Fraction(repr(float(x)))


@st.composite
def schools(draw):
    """Draw total, indoor part (perhaps unknown), grounds and pupils of a school."""
    total, grounds = draw(areas), draw(areas)
    indoor = draw(st.none() | st.just(0.0) | st.integers(0, int(total * 100)).map(lambda n: n / 100))
    return {"total": total, "indoor": indoor, "grounds": grounds, "students": draw(st.integers(1, 3000))}


def county(rows, stage="小学", **headers):
    table = pd.DataFrame(
        {
            "区县": "甲县",
            "学校": [f"{i}校" for i in range(len(rows))],
            "学段": stage,
            "学生数": [r["students"] for r in rows],
            **REST,
        }
    )
    return table.assign(**{h: [r[name] for r in rows] for h, name in headers.items()})


def values(table, indicator, standard=QUALITY):
    cells = jh.evaluate(jh.standardize_columns(table), standard).schools
    return cells[cells["indicator"] == indicator]


@pytest.mark.parametrize("standard", [QUALITY, BASIC])
@pytest.mark.parametrize("header", ["教学及辅助用房面积", "教学及辅助用房(㎡)", "教学及辅助用房总面积"])
@few
@given(rows=st.lists(schools(), min_size=1, max_size=6))
def test_a_part_beside_the_sub_total_is_taken_off_once_and_added_once(standard, header, rows):
    table = county(rows, **{header: "total", "其中：室内体育用房面积": "indoor", "运动场地面积": "grounds"})
    for indicator, rule, whole, threshold in (
        (TEACHING, oracle.net_teaching_area, "total", Fraction(9, 2)),
        (SPORTS, oracle.with_indoor_sports, "grounds", Fraction(15, 2)),
    ):
        found = values(table, indicator, standard)
        for r, got, verdict in zip(rows, found["value"], found["verdict"], strict=True):
            wanted = rule(typed(r[whole]), typed(r["indoor"]))
            wanted = None if wanted is None else wanted / r["students"]
            assert oracle.error(got, wanted) <= 1
            said = "undetermined" if wanted is None else "met" if wanted >= threshold else "unmet"
            assert verdict == (said if standard == QUALITY else "undetermined")
    # every school whose net area is not known is named
    listed = jh.check_schools(jh.standardize_columns(table), standard)
    named = set(listed.loc[listed["code"] == "indoor_sports_missing", "row"])
    assert named == {i for i, r in enumerate(rows) if r["indoor"] is None}
    # and what was taken off is told once for the table, however many rows
    assert (listed["code"] == "indoor_sports_netted").sum() == any(r["indoor"] for r in rows)


@few
@given(rows=st.lists(schools(), min_size=1, max_size=4))
def test_an_area_said_to_be_net_is_not_netted_again(rows):
    table = county(
        rows,
        **{
            "教学及辅助用房面积（不含室内体育用房）": "total",
            "室内体育用房面积": "indoor",
            "体育运动场馆面积": "grounds",
        },
    )
    table["体育运动场馆面积"] += table["室内体育用房面积"].astype(float).fillna(0)
    found = values(table, TEACHING)["value"].tolist()
    assert [oracle.error(x, typed(r["total"]) / r["students"]) <= 1 for x, r in zip(found, rows, strict=True)] == [
        True
    ] * len(rows)


@few
@given(school=schools(), junior=st.integers(1, 3000))
def test_a_nine_year_school_is_divided_after_it_is_netted(school, junior):
    primary, indoor = school["students"], school["indoor"] or 0.0
    table = pd.DataFrame([{
        "county": "甲县", "school": "联校", "kind": "nine_year", "students_primary": primary, "students_junior": junior,
        "teaching_area_total_m2": school["total"], "indoor_sports_m2": indoor,
        "outdoor_sports_area_m2": school["grounds"],
    }])  # fmt: skip
    rest = list(jh.standardize_columns(pd.DataFrame({h: [1.0] for h in REST})).columns)
    people = [c for c in rest if "teachers" in c]
    table = table.assign(
        **{c: 1e6 for c in rest if c not in people}, **{f"{c}_{s}": 100 for c in people for s in ("primary", "junior")}
    )
    net = oracle.net_teaching_area(typed(school["total"]), typed(indoor))
    split = jh.split_stages(table, QUALITY)
    for frame in (table, split):  # splitting first changes nothing
        cells = jh.evaluate(frame, QUALITY).schools
        cells = cells[cells["indicator"] == TEACHING].set_index("stage")["value"]
        for stage, students in (("primary", primary), ("junior", junior)):
            wanted = oracle.share_of_nine_year(net, primary, junior, stage) / students
            assert oracle.error(cells[stage], wanted) <= 1
    shares = split["teaching_area_m2"].sum()
    assert math.isclose(shares, float(net), rel_tol=1e-12, abs_tol=1e-9)


answer = st.sampled_from([None, None, "是", "否"])
unit = st.fixed_dictionaries({
    "kind": st.sampled_from(["primary", "primary", "teaching_point"]),
    "ownership": st.sampled_from([None, "公办", "民办"]),
    "owner_type": st.sampled_from([None, "7", "8", "1", "3", "4", "6", "9", "10"]),
    "included": answer, "in_basic_standard": answer, "in_coefficient": answer,
    "students": st.integers(1, 2000), "books": st.integers(0, 50_000),
})  # fmt: skip


@few
@given(units=st.lists(unit, min_size=1, max_size=8))
def test_who_counts_in_2012_is_what_the_rules_say(units):
    rest = jh.standardize_columns(
        pd.DataFrame({h: [v] for h, v in {**REST, "教学及辅助用房面积(净)": 1e5, "体育运动场馆面积": 1e5}.items()})
    )
    plain = {c: rest[c].iloc[0] for c in rest.columns}
    table = pd.DataFrame(
        [plain | {"county": "甲县", "school": f"{i}校", "stage": "primary"} | u for i, u in enumerate(units)]
    )
    asked = ("included", "in_basic_standard", "in_coefficient")
    found = [
        oracle.counts_in_2012(u["kind"], u["ownership"] == "民办", u["owner_type"], {a: u[a] for a in asked})
        for u in units
    ]
    wrong = {(i, f) for i, f in enumerate(found) if isinstance(f, str)}
    if wrong:
        with pytest.raises(InputDataError) as caught:
            jh.evaluate(table, BASIC)
        assert {(p.row, str(p.code)) for p in caught.value.problems if p.severity == "error"} == wrong
        return
    ev = jh.evaluate(table, BASIC)
    assert ev.school_verdicts["counted"].tolist() == [basic for basic, _ in found]
    balance = [u for u, (_, inside) in zip(units, found, strict=True) if inside]
    row = ev.indicators[ev.indicators["indicator"] == "books_per_student"]
    if not balance:
        assert row.empty
    else:
        students = [u["students"] for u in balance]
        wanted = oracle.difference_coefficient([Fraction(u["books"], u["students"]) for u in balance], students)
        if any(u["books"] for u in balance):
            assert oracle.error(float(row["coefficient"].iloc[0]), wanted) <= 1 or np.isclose(
                float(wanted), 0, atol=1e-12
            )
        assert row["n_schools"].tolist() == [len(balance)]
    left = {(r["row"], r["left_out_of"]) for r in jh.results.records(ev.left_out)}
    for i, (basic, inside) in enumerate(found):
        outs = {of for r, of in left if r == i}
        assert (not basic) == bool(outs & {"all", "basic_standard"})
        assert (not inside) == bool(outs & {"all", "coefficient"})
    # every school of which it is not said who runs it is named
    told = jh.check_schools(table, BASIC)
    unknown = {i for i, u in enumerate(units) if u["owner_type"] is None and u["ownership"] != "民办"}
    assert set(told.loc[told["code"] == "owner_unknown", "row"]) == unknown
    without = jh.check_schools(table.drop(columns="owner_type").assign(included=None, in_coefficient="是"), BASIC)
    assert without["code"].tolist().count("owner_unknown") == bool({u["ownership"] for u in units} - {"民办"})
