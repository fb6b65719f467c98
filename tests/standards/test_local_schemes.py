"""The schemes of the founding documents: their own figures recomputed, their rules judged; and a file of one's own."""

import itertools
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from item_tables import FACTS, Facts, Table, fails, parts, table, verdicts
from law_checks import CITED, item
from small_tables import BASIC, QUALITY, SHANDONG, frame, only, pick, school

import junheng as jh
from junheng.standards.model import Condition, Item

rows = jh.results.records
LOCAL = (
    "cn-gz-majiang-2023",
    "cn-he-baoding-2012",
    "cn-js-pukou-2010",
    "cn-js-wuxi-2014",
    "cn-sc-shuangsha-2009",
    "cn-sd-basic-balance-2013",
    "cn-sn-memorandum-2012",
)
MAJIANG, BAODING, PUKOU, WUXI, SHUANGSHA, SD_BASIC, SHAANXI = LOCAL
STD = {name: jh.load_standard(name) for name in LOCAL}

# --------------------- what golden/law_targets.toml and local_documents.toml hold; run by test_golden


# ------------------------------------------------------------------------------------- what is shipped


@pytest.mark.parametrize("name", LOCAL)
def test_every_number_of_a_local_scheme_stands_in_the_facts(name: str, shared_data: Path) -> None:
    paths = [shared_data.parent / "facts" / f"{page}.md" for page in ("project-documents", "audit-2026-11")]
    if not all(path.is_file() for path in paths):
        pytest.skip("the facts of record are not here")
    text = "".join(path.read_text(encoding="utf-8") for path in paths)
    said = re.sub(r"(?<=\d)\s(?=\d{3})|[*]", "", text)
    known = {Fraction(x) for x in re.findall(r"\d+(?:\.\d+)?", said)}
    known |= {x / 100 for x in known} | {x * 2000 / 3 for x in known} | {Fraction(1)}
    assert "every rural teacher" in said  # "every" is 100 %
    raw = tomllib.loads(
        files("junheng").joinpath(f"standards/data/{name}.toml").read_text(encoding="utf-8"), parse_float=Decimal
    )
    conditions = [c for i in raw.get("items", ()) if i["id"] != "schools-comply" for c in i.get("conditions", ())]
    tests = [t for c in conditions for t in (c, *c.get("readings", ()))]
    tests += [t for c in conditions for y in c.get("yardsticks", ()) for t in y["tests"]]
    values = [Fraction(v) for t in tests for v in t.get("one_of", [t.get("value")])]
    values += [Fraction(x) for t in tests for x in re.findall(r"\d+", t.get("qualifier", ""))]
    assert not [v for v in values if v not in known]
    assert not raw.get("thresholds") and not raw.get("limits")


#: What does not stand in the document itself (audit-2026-11, sections 1 and 3.6).
STANDINGS = {
    (WUXI, "teacher-exchange"): "secondary",
    (SD_BASIC, "schools-comply"): "conflicting",
    (MAJIANG, "pe-and-arts-teachers-aim"): "conflicting",
}


@pytest.mark.parametrize("name", LOCAL)
def test_a_local_scheme_is_cited_and_dated(name: str) -> None:
    std = STD[name]
    assert std.id == name and std.jurisdiction.startswith("CN-") and re.fullmatch(r"\d{4}", std.effective_from)
    for each in std.items:
        assert each.clause.strip() and each.source in std.sources
        if each.origin == name:
            assert each.standing == STANDINGS.get((name, each.id), "confirmed"), each.id
            for yardstick in (y for c in each.conditions for y in c.yardsticks):
                assert yardstick.clause.strip() and yardstick.source in std.sources
                # 1000 and 1500 students are sizes designed for
                assert yardstick.standing == ("derived" if yardstick.clause in ("4138", "1215612") else "confirmed")


def test_majiang_is_stricter_than_the_nation_where_it_says_so_and_nowhere_else() -> None:
    nation, county = jh.load_standard(QUALITY), STD[MAJIANG]
    table = rows(nation.diff(county))
    assert {r["entry"]: r["field"] for r in table} == {
        "teacher-training": "conditions",
        "retention": "conditions",
        "disabled-children": "conditions",
        "new-primary-teachers": "value",
        "pe-and-arts-teachers-aim": "value",
        "no-dropouts": "value",
    }
    said = {r["entry"]: (r["this"] or "", r["other"]) for r in table}
    assert "360 class hours" in said["teacher-training"][0] and "450 class hours" in said["teacher-training"][1]
    for name in ("retention", "disabled-children"):
        assert '"0.95"' in said[name][0] and '"0.95"' not in said[name][1] and '"1"' in said[name][1]
    assert "20" in said["new-primary-teachers"][1]
    # four areas with 31 indicators, and the new teachers on top
    assert (county.parts, county.thresholds, county.limits) == (nation.parts, nation.thresholds, nation.limits)
    for number in ("0.9", "aim of 1"):
        assert number in county.note


# --------------------------------------------------------------- met, unmet, undetermined: the county's facts

MORE = {
    "daily_exercise_hour": "是",
    "standard_school": "是",
    "school_network": "是",
    "class_network": "是",
    "teachers": 40,
    "backbone_teachers": 12,
}


def towns(**changed: Mapping[str, Any]) -> Table:
    """Five schools that meet everything Baoding and Shuangsha ask of schools, each on the spot."""
    big = {"training_budget_cny": 50_000.0, "public_funds_budget_cny": 1_000_000.0, **MORE}
    big |= {"kept_school": "是", "central_town": "是", "basic_conditions_met": "是"}
    out = [
        school("城小", kind="primary", area_type="city", **big, parallel_classes=4, land_area_m2=20_000.0,
               buildings_m2=8_000.0) | {"students": 1000},
        school("镇中", "junior", kind="junior", area_type="town", **big, parallel_classes=12, land_area_m2=40_000.0,
               buildings_m2=12_000.0) | {"students": 1500},
        *(
            school(name, kind="primary", area_type="rural", **big, parallel_classes=2, land_area_m2=9.0,
                   buildings_m2=9.0)
            for name in ("村小", "山小")
        ),
        school("村中", "junior", kind="junior", area_type="rural", **big, parallel_classes=6, land_area_m2=9.0,
               buildings_m2=9.0),
    ]  # fmt: skip
    return [row | dict(changed.get(row["school"], {})) for row in out]


def on_the_spot(name: str) -> Facts:
    """The facts that just meet a standard: a thousand in every denominator."""
    if name in (MAJIANG, SD_BASIC):
        more = {"new_primary_teachers_hired": 20, "disabled_children_enrolled": 100, "compulsory_dropouts": 0}
        return FACTS | (more if name == MAJIANG else {})
    out: Facts = {}
    conditions = [c for i in STD[name].items for c in i.conditions if c.scope == "county"]
    for c in conditions:
        out |= dict.fromkeys(c.bottom, 1000)
    for c in conditions:
        bound = c.value * (1000 if c.bottom else 1)
        out |= dict.fromkeys(c.top[1:], 0)
        # what is asked of one figure twice is asked for the more
        out[c.top[0]] = max(math.ceil(bound), out.get(c.top[0], 0))
    return out | ({"standard_school_share_target": 0.45} if name == BAODING else {})


def judged(name: str, facts: Facts | None = None, schools: Table | None = None) -> jh.Evaluation:
    made = schools or (table() if name in (MAJIANG, SD_BASIC) else towns())
    if name == SD_BASIC:
        made = [r | {"included": "是"} for r in made]
    return jh.evaluate(frame(*made), name, county_facts=on_the_spot(name) if facts is None else facts)


@pytest.mark.parametrize("name", [n for n in LOCAL if n != SD_BASIC])
def test_a_place_that_meets_its_scheme_on_the_spot_meets_it(name: str) -> None:
    ev = judged(name)
    assert set(verdicts(ev).values()) == {"met"} and ev.item_schools.empty
    assert set(parts(ev)) == {*STD[name].parts, "overall"} and set(parts(ev).values()) == {"met"}


COUNTY_CONDITIONS = [
    pytest.param(name, item, c, id=f"{name}-{item.id}-{i}")
    for name in LOCAL
    for item in STD[name].items
    for i, c in enumerate(item.conditions)
    if c.scope == "county" and item.origin == name
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "item", "condition"), COUNTY_CONDITIONS)
def test_one_figure_short_fails_its_item_and_one_lacking_leaves_it_open(
    name: str, item: Item, condition: Condition
) -> None:
    facts = on_the_spot(name)
    if name == WUXI and condition.top == ("exchanged_teachers",):
        facts |= {"exchanged_backbone_teachers": 140, "backbone_teachers": 900}  # of those exchanged
    short = verdicts(judged(name, fails(condition, facts)))
    assert {i for i, v in short.items() if v != "met"} == {item.id} and short[item.id] == "unmet"
    for figure in {*condition.top, *condition.bottom}:
        gap = verdicts(judged(name, {f: v for f, v in facts.items() if f != figure}))
        assert gap[item.id] == "undetermined" and "unmet" not in gap.values()


# -------------------------------------------------------------------------- met, unmet, undetermined: schools


@pytest.mark.parametrize(
    ("name", "item", "changed", "failing"),
    [
        (BAODING, "training-funds", {"山小": {"training_budget_cny": 49_999.0}}, {"山小"}),
        (BAODING, "networks", {"山小": {"school_network": "否"}}, set()),  # 80 % of schools
        (BAODING, "networks", {n: {"class_network": "否"} for n in ("城小", "山小", "村中")}, set()),
        (SHUANGSHA, "backbone-teachers", {"村小": {"backbone_teachers": 11}}, set()),  # 59 of 200
        (SHUANGSHA, "daily-exercise", {"村小": {"daily_exercise_hour": "否"}}, {"村小"}),
        (MAJIANG, "retention", {"甲中": {"graduates": 159}}, set()),
        (MAJIANG, "teacher-training", {"甲中": {"trained_teachers": 34}}, set()),
    ],
)  # fmt: skip
def test_a_school_short_of_a_local_scheme(name: str, item: str, changed: dict[str, Any], failing: set[str]) -> None:
    make = table if name == MAJIANG else towns
    ev = judged(name, schools=make(**changed))
    assert {i: v for i, v in verdicts(ev).items() if v != "met"} == {item: "unmet"}
    assert set(ev.item_schools["school"]) == failing
    column = next(iter(next(iter(changed.values()))))
    open_ = judged(name, schools=make(**{s: {column: None} for s in changed}))
    if column != "students":
        assert {i: v for i, v in verdicts(open_).items() if v != "met"} == {item: "undetermined"}
        assert set(open_.item_schools["school"]) == failing


#: What makes each school of :func:`towns` no standard school: 4138, 1215612, and the yardstick of the countryside.
SHORT = [
    *(("城小", c, v) for c, v in (("parallel_classes", 3), ("students", 999), ("land_area_m2", 19_999.0),
                                  ("buildings_m2", 7999.0))),
    *(("镇中", c, v) for c, v in (("parallel_classes", 11), ("students", 1499), ("land_area_m2", 39_999.0),
                                  ("buildings_m2", 11_999.0))),
    ("村小", "parallel_classes", 1), ("村小", "basic_conditions_met", "否"), ("村中", "parallel_classes", 5),
]  # fmt: skip


def share_item(schools: Table, **facts: float) -> dict[str, Any]:
    ev = judged(BAODING, on_the_spot(BAODING) | {"standard_school_share_target": None} | facts, schools)
    return only(ev.items, item="share-of-standard-schools")


@pytest.mark.parametrize(("name", "column", "value"), SHORT)
def test_a_school_that_is_not_standard_is_counted_and_named_and_fails_no_county_alone(
    name: str, column: str, value: Any
) -> None:
    made = towns(**{name: {column: value}})
    ev = judged(BAODING, schools=made)
    item_ = only(ev.items, item="share-of-standard-schools")
    assert (item_["value"], item_["n_met"], item_["n_unmet"], item_["verdict"]) == (0.8, 4, 1, "met")
    assert [(r["school"], r["verdict"]) for r in rows(ev.item_schools)] == [(name, "unmet")]
    if column != "students":
        ev = judged(BAODING, schools=towns(**{name: {column: None}}))
        item_ = only(ev.items, item="share-of-standard-schools")
        # four or five of five: more than 45 % either way
        assert (item_["value"], item_["n_undetermined"], item_["verdict"]) == (None, 1, "met")


@pytest.mark.parametrize(("n", "verdicts_"), [(1, "unmet unmet unmet unmet"), (2, "undetermined met unmet met"),
                                              (3, "met met met met")])  # fmt: skip
def test_baodings_share_of_standard_schools_is_decided_where_its_three_shares_agree(n: int, verdicts_: str) -> None:
    made = towns(**{r["school"]: {"parallel_classes": 0} for r in towns()[n:]})
    for target, verdict in zip((None, 0.38, 0.45, 0.30), verdicts_.split(), strict=True):
        row_ = share_item(made, **({} if target is None else {"standard_school_share_target": target}))
        assert (row_["value"], row_["verdict"]) == (n / 5, verdict)  # 20 %, 40 %, 60 %
        assert target is None or row_["required"] == target


def test_a_target_that_the_document_does_not_know_is_refused() -> None:
    with pytest.raises(jh.InputDataError, match=r"0\.4 is not a number of the standard.*0\.38, 0\.45 or 0\.3,"):
        share_item(towns(), standard_school_share_target=0.4)


def brute_share(known: Sequence[tuple[str, str]], target: Fraction) -> str:
    """Fill in every answer that is missing, in every way, and see whether the verdict is always the same."""
    found = set()
    for kept in itertools.product(*([k] if k != "?" else ["yes", "no"] for k, _ in known)):
        for standard in itertools.product(*([s] if s != "?" else ["yes", "no"] for _, s in known)):
            counted = [s == "yes" for k, s in zip(kept, standard, strict=True) if k == "yes"]
            found.add("none" if not counted else "met" if Fraction(sum(counted), len(counted)) >= target else "unmet")
    return found.pop() if len(found) == 1 and found != {"none"} else "undetermined"


#: Every way in which up to four schools can be kept and standard: yes, no, or not known.
ANSWERS = list(itertools.product(["yes", "no", "?"], repeat=2))
COUNTIES = [known for n in range(1, 5) for known in itertools.combinations_with_replacement(ANSWERS, n)]


@pytest.mark.parametrize("target", [0.38, 0.45, 0.30])
def test_a_share_is_decided_exactly_where_every_way_to_fill_the_gaps_agrees(target: float) -> None:
    word = {"yes": "是", "no": "否", "?": None}
    # no yardstick is about a nine-year school: what the county says is what is counted
    made = [
        school(f"{i}校", county=f"{c}县", kind="nine_year", resources_cover="stage", kept_school=word[k],
               standard_school=word[s])
        for c, known in enumerate(COUNTIES)
        for i, (k, s) in enumerate(known)
    ]  # fmt: skip
    facts = {f"{c}县": {"standard_school_share_target": target} for c in range(len(COUNTIES))}
    found = pick(jh.evaluate(frame(*made), BAODING, county_facts=facts).items, item="share-of-standard-schools")
    assert len(found) == len(COUNTIES)
    for county, verdict in zip(found["county"], found["verdict"], strict=True):
        known = COUNTIES[int(county[:-1])]
        wanted = brute_share(known, Fraction(str(target)))
        # where no school is known to be kept, none may be: then nothing is claimed
        if all(kept != "yes" for kept, _ in known):
            wanted = "undetermined"
        assert verdict == wanted, known


def test_baodings_mu_are_square_metres() -> None:
    assert Fraction(30) * 2000 / 3 == 20_000 and Fraction(60) * 2000 / 3 == 40_000
    made = frame(*towns()).rename(columns={"land_area_m2": "占地面积(亩)"})
    made["占地面积(亩)"] = [30, 60, 5, 5, 5]
    ready = jh.standardize_columns(made)
    assert ready["land_area_m2"].tolist()[:2] == [20_000, 40_000]
    ev = jh.evaluate(ready, BAODING, county_facts=on_the_spot(BAODING))
    assert set(verdicts(ev).values()) == {"met"}


# ------------------------------------------------------------------------------------------- Shandong


def test_shandong_2013_is_the_nation_of_2012_with_grades_for_its_basic_standard() -> None:
    std, nation = STD[SD_BASIC], jh.load_standard(BASIC)
    assert (std.extends, std.limits, std.parts) == (BASIC, nation.limits, nation.parts)
    assert not std.thresholds and std.school_rule is None
    ev = judged(SD_BASIC, schools=[r | {"conditions_grade": "达标"} for r in table()])
    assert parts(ev) == {
        "basic_standard": "met", "resources": "met", "government": "met", "recognition": "met", "overall": "met",
    }  # fmt: skip


def test_grades_are_counted_by_item_and_county() -> None:
    made = [
        school(f"{i}小", conditions_grade=c, grade_b1=g, grade_b7=h, included="是")
        for i, (c, g, h) in enumerate([("达标", "A", "B"), ("基本达标", "a", "C"), ("达标", "B", None)])
    ]
    made.append(made[0] | {"county": "乙县", "conditions_grade": "不达标"})
    ev = jh.evaluate(frame(*made), SD_BASIC)
    counts = {(r["county"], r["item"], r["grade"]): (r["n_schools"], r["share"]) for r in rows(ev.grades)}
    assert counts["甲县", "grade_b1", "A"] == (2, 2 / 3) and counts["甲县", "grade_b1", "C"] == (0, 0)
    assert counts["甲县", "grade_b7", "B"] == (1, 1 / 2)  # of the schools that have a grade there
    assert counts["甲县", "conditions_grade", "basically_met"] == (1, 1 / 3)
    assert counts["乙县", "conditions_grade", "unmet"] == (1, 1)
    assert {i for _, i, _ in counts} == {"grade_b1", "grade_b7", "conditions_grade"}
    assert set(ev.relabel("zh").grades.iloc[:, 2]) >= {"基本达标"}
    assert jh.evaluate(frame(school(included="是")), SD_BASIC).grades.empty


@pytest.mark.parametrize(("column", "word"), [("grade_b1", "D"), ("conditions_grade", "合格")])
def test_a_grade_that_is_none_is_told(column: str, word: str) -> None:
    made = frame(school(included="是", **{column: word}))
    with pytest.raises(jh.InputDataError) as caught:
        jh.evaluate(made, SD_BASIC)
    errors = [p for p in caught.value.problems if p.severity == "error"]
    assert [(p.code, p.column, p.row) for p in errors] == [("unknown_category", column, 0)]


def test_an_integrated_school_in_two_rows_has_one_conclusion() -> None:
    made = [r | {"included": "是", "conditions_grade": "达标"} for r in table()]
    ev = jh.evaluate(frame(*made), SD_BASIC)
    assert only(ev.grades, item="conditions_grade", grade="met")["n_schools"] == 4


# ---------------------------------------------------------------------------------- a file of one's own

HEBI = {
    "id": "cn-ha-hebi",
    "document": "鹤壁市布局调整",
    "number": "文号未见",
    "issued": "2010",
    "jurisdiction": "CN-HA-Hebi",
    "last_checked_on": "2026-11-22",
    "label": {"zh": "鹤壁市学校规模", "en": "Hebi school sizes"},
    "parts": ["resources"],
    "sources": {"HB": {"title": "鹤壁"}},
    "items": [
        {
            "id": f"mean-size-{stage}", "part": "resources", "rule": "conditions", "clause": "布局调整", "source": "HB",
            "standing": "confirmed", "label": {"zh": f"{zh}平均规模", "en": f"Mean size, {stage}"},
            "conditions": [
                {"scope": "sum", "top": ["students"], "bottom": ["schools"], "op": ">", "value": n,
                 "where": {"kinds": [stage], "area_types": ["rural"]}}
            ],
        }
        for stage, zh, n in (("primary", "农村小学", 240), ("junior", "农村初中", 600))
    ],
}  # fmt: skip


def write(folder: Path, content: Mapping[str, Any]) -> Path:
    path = folder / "own.toml"
    path.write_text(tomli_w.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("primary", "junior", "verdict"),
    [((241, 241), 601, "met"), ((240, 240), 601, "unmet"), ((100, 382), 601, "met"), ((300, 300), 600, "unmet"),
     ((300, 300), None, "undetermined")],
)  # fmt: skip
def test_mean_school_sizes_need_a_file_and_no_code(
    tmp_path: Path, primary: tuple[int, int], junior: int | None, verdict: str
) -> None:
    made = [school(f"{n}小", kind="primary", area_type="rural", students=p) for n, p in enumerate(primary)]
    made.append(school("城小", kind="primary", area_type="city", students=9))
    if junior is not None:
        made.append(school("中学", "junior", kind="junior", area_type="rural", students=junior))
    ev = jh.evaluate(frame(*made), write(tmp_path, HEBI))
    assert parts(ev) == {"resources": verdict, "overall": verdict}
    assert only(ev.items, item="mean-size-primary")["value"] == sum(primary) / 2


PROVINCE = {
    "id": "own",
    "extends": QUALITY,
    "label": {"zh": "某省", "en": "A province"},
    "last_checked_on": "2026-11-22",
    "sources": {"L": {"title": "某省"}},
}
YES = {"scope": "county", "top": ["layout_plan"], "op": "==", "value": 1}


def relaxation(id_: str, **changed: Any) -> dict[str, Any]:
    return {"id": id_, "where": {"built_by": 2010}, **CITED} | changed


def test_a_province_changes_adds_removes_and_relaxes_in_one_file(tmp_path: Path) -> None:
    std = jh.load_standard(
        write(
            tmp_path,
            PROVINCE
            | {
                "items": [
                    item("quota-places", {"scope": "county", "top": ["allotted_places"],
                                          "bottom": ["quality_upper_secondary_places"], "value": Decimal("0.6")}),
                    item("two-pe-teachers",
                         {"scope": "section", "top": ["pe_art_teachers"], "primary": 6, "junior": 7}),
                ],
                "relaxations": [
                    relaxation("old-ones", item="two-pe-teachers",
                               conditions=[{"scope": "section", "top": ["pe_art_teachers"], "value": 1}]),
                ],
                "remove": [{"table": "items", "id": "workload"}],
            },
        )
    )  # fmt: skip
    assert "workload" not in {i.id for i in std.items} and std.items[-1].origin == "own"
    ev = jh.evaluate(frame(*table()), std, county_facts=FACTS)
    assert {i for i, v in verdicts(ev).items() if v != "met"} == {"quota-places", "two-pe-teachers"}
    # a village school has one, and six are asked of the two junior stages where seven should be
    assert {(r["school"], r["stage"], r["required"]) for r in rows(ev.item_schools)} == {
        ("村小", "primary", 6), ("甲中", "junior", 7), ("联校", "junior", 7),
    }  # fmt: skip
    facts = FACTS | {"allotted_places": 240}
    old = frame(*(r | {"built_year": 2010} for r in table()))
    assert set(verdicts(jh.evaluate(old, std.with_options(relaxations=["old-ones"]), county_facts=facts)).values()) == {
        "met"
    }


#: Ten mistakes, each with where it must be found and a word of what must be said.
PLANTED: list[tuple[str, dict[str, Any], str, str]] = [
    ("items", item("a", YES, part="goverment"), "$.items[0].part", "goverment"),
    ("items", item("b", {"scope": "school", "top": ["layout_plan"], "value": 1}), "$.items[1].conditions[0].top",
     "layout_plan"),
    ("items", item("c"), "$.items[2]", "conditions"),
    ("items", item("d", YES | {"op": "=>"}), "$.items[3].conditions[0].op", "=>"),
    ("items", item("e", YES, clause=" "), "$.items[4].clause", "empty"),
    ("items", item("f", YES, source="nowhere"), "$.items[5].source", "nowhere"),
    ("items", item("g", YES | {"per_classes": 12}), "$.items[6].conditions[0]", "exactly one"),
    ("items", item("h", YES | {"where": {"kinds": ["primary"]}}), "$.items[7].conditions[0].where", "county"),
    ("items", item("i", YES | {"top": ["layout_plans"]}), "$.items[8].conditions[0].top", "layout_plan"),
    ("items", item("j", YES | {"value": "1"}), "$.items[9].conditions[0].value", "number"),
    ("items", item("e", YES), "$.items[10]", "duplicate"),
    ("relaxations", relaxation("r"), "$.relaxations[0]", "either"),
    ("relaxations", relaxation("s", item="school-size", where={"built_bye": 2010},
                               conditions=[{"scope": "section", "top": ["students"], "value": 1}]),
     "$.relaxations[1].where", "built_by"),
    ("relaxations", relaxation("t", indicator="sports_area_per_student"), "$.relaxations[2].add", "add"),
]  # fmt: skip


def refused(folder: Path, content: Mapping[str, Any]) -> tuple[str, ...]:
    with pytest.raises(jh.StandardDataError) as caught:
        jh.load_standard(write(folder, content))
    return caught.value.problems


def test_ten_planted_mistakes_are_told_at_once_each_with_its_place(tmp_path: Path) -> None:
    content = PROVINCE | {t: [e for name, e, _, _ in PLANTED if name == t] for t in ("items", "relaxations")}
    problems = refused(tmp_path, content)
    for _, _, place, said in PLANTED:
        assert any(said in p and re.search(re.escape(f"@ {place}") + r"(\[\d+\])?$", p) for p in problems), place
    assert len(problems) <= len(PLANTED) + 1
    assert len(PLANTED) >= 10


@pytest.mark.parametrize("i", range(len(PLANTED)))
def test_a_planted_mistake_alone_is_told_alone(tmp_path: Path, i: int) -> None:
    name, entry, place, said = PLANTED[i]
    problem, *note = refused(tmp_path, PROVINCE | {name: [entry] * (2 if said == "duplicate" else 1)})
    assert all("were not checked" in n for n in note) and len(note) < 2
    assert said in problem and re.sub(r"\[\d+\]", "[n]", place) in re.sub(r"\[\d+\]", "[n]", problem)


SIZE = {"scope": "section", "top": ["students"], "op": "<=", "value": 2400}


@pytest.mark.parametrize(
    ("content", "place"),
    [
        # what only shows in the whole is told with the rest
        ({"relaxations": [relaxation("r", item="school-sizes", conditions=[SIZE])],
          "items": [item("e", YES, clause="")]}, "$.relaxations[0].item"),
        ({"items": [item("x", YES, part="basic_standard"), item("e", YES, clause="")]}, "$.items[0].part"),
        # what would never be decided, or only crash, is told
        ({"relaxations": [relaxation("r", item="school-size", conditions=[SIZE], effective_from="soon")]},
         "$.relaxations[0].effective_from"),
        ({"items": [item("x", YES | {"value": None, "per_classes": 12})]}, "$.items[0].conditions[0]"),
        ({"items": [item("x", {"scope": "sum", "top": ["students"], "than": ["classes"]})]},
         "$.items[0].conditions[0]"),
        ({"items": [item("x", {"scope": "sum", "top": ["students"], "per_classes": 12})]}, "$.items[0].conditions[0]"),
        ({"items": [item("x", YES, YES | {"unless_no": ["graduates"]})]}, "$.items[0].conditions[1].unless_no"),
        ({"items": [item("x", YES | {"bottom_minus": ["survey_valid"]})]}, "$.items[0].conditions[0].bottom_minus"),
        ({"relaxations": [relaxation("r", item="disabled-children", conditions=[YES])]},
         "$.relaxations[0]"),
        ({"relaxations": [relaxation("r", indicator="books_per_student", add=["books"])]},
         "$.relaxations[0].indicator"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_work_is_refused(tmp_path: Path, content: dict[str, Any], place: str) -> None:
    cleaned = tomllib.loads(tomli_w.dumps(_without_none(PROVINCE | content)))
    problems = refused(tmp_path, cleaned)
    assert any(f"@ {place}" in p for p in problems), problems


SHARE = {"scope": "share", "top": ["standard_school"], "bottom": ["schools"], "value": Decimal("0.5")}
TEST = {"scope": "school", "top": ["students"], "value": 1}
YARDSTICK = {"clause": "一", "source": "L", "standing": "confirmed", "tests": [TEST]}


@pytest.mark.parametrize(
    ("condition", "place"),
    [
        (SHARE | {"top": ["students"]}, ".top"),
        (SHARE | {"bottom": ["students"]}, ""),
        (SHARE | {"op": "=="}, ".op"),
        (SHARE | {"one_of": [Decimal("0.3")]}, ".one_of"),
        (SHARE | {"value": None, "than": ["students"]}, ""),
        (SHARE | {"value": None, "one_of": [1], "chosen_by": "students"}, ".chosen_by"),
        (SHARE | {"yardsticks": [YARDSTICK | {"tests": []}]}, ".yardsticks[0].tests"),
        (SHARE | {"yardsticks": [YARDSTICK | {"tests": [TEST | {"scope": "sum"}]}]}, ".yardsticks[0].tests[0]"),
        (SHARE | {"yardsticks": [YARDSTICK | {"source": "nowhere"}]}, ".yardsticks[0].source"),
        (TEST | {"yardsticks": [YARDSTICK]}, ".yardsticks"),
    ],
)
def test_a_share_that_cannot_work_is_refused(tmp_path: Path, condition: dict[str, Any], place: str) -> None:
    content = tomllib.loads(tomli_w.dumps(_without_none(PROVINCE | {"items": [item("x", condition)]})))
    problems = refused(tmp_path, content)
    assert any(p.endswith(f"@ $.items[0].conditions[0]{place}") for p in problems), problems


def test_a_share_is_written_in_a_file_and_read_again(tmp_path: Path) -> None:
    for name in (BAODING, SHANDONG):
        std = jh.load_standard(name)
        assert jh.load_standard(write(tmp_path, std.to_dict())).digest == std.digest


def test_no_option_finds_a_number_that_was_lost() -> None:
    std = jh.load_standard(SHANDONG)
    chosen = std.with_options(between_sizes="linear", below_smallest="end", above_largest="end")
    rooms = [s.threshold("indoor_sports_room_area", stage="junior") for s in (std, chosen)]
    assert [(t.between, t.below, t.above) for t in rooms] == [("some", "some", "end")] * 2
    assert chosen.threshold("table_tennis_tables", stage="junior").between == "linear"


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    return [_without_none(v) for v in value] if isinstance(value, list) else value


def test_the_staffing_quota_of_the_county_is_not_asked_of_each_school() -> None:
    std = jh.load_standard(SHANDONG)
    assert "students_per_staff" not in std.indicators and "laboratory_staff_room_area" not in std.indicators
