"""The standards whose numbers were read outside the founding documents: met on the spot, a hair short, figures missing.

Every school is made from the numbers of the file itself; that the numbers are those that were read is tested by
``golden/edges`` and, where the facts of record are at hand, here.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from item_tables import fails, parts, verdicts
from small_tables import frame, pick

import junheng as jh
from junheng.indicators import catalogue
from junheng.schools import columns
from junheng.standards.model import Comparison, Condition, Threshold

FURTHER = (
    "cn-fj-school-land",
    "cn-gd-school-land",
    "cn-ha-hebi-2007",
    "cn-ha-school-conditions-2012",
    "cn-js-school-conditions",
    "cn-rural-school-buildings-2008",
    "cn-school-sports-2008",
    "cn-urban-school-buildings-2002",
)
STD = {name: jh.load_standard(name) for name in FURTHER}
#: Divisible by 19 and 13.5, and under 45 to a class.
STUDENTS, CLASSES = 513, 12
BOTTOMS = {"boarders": 100.0, "public_funds_budget_cny": 1000.0}
FACTS = {"education_surcharge_cny": 1000, "education_surcharge_for_books_cny": 80}

Row = dict[str, Any]


@frozen
class Rule:
    """A number that a school has exactly: its school, its column, the item that fails with it, and where it is."""

    school: str
    column: str
    item: str
    up: bool  # whether more is worse


def asks(name: str, row: Row) -> Iterator[tuple[str, str, float, bool]]:
    """The item, column, number just met, and whether more is worse, for each rule about a school."""
    stage, nine = row.get("stage"), row["kind"] == "nine_year"
    for t in STD[name].thresholds:
        if t.stage == stage:
            yield "schools-comply", *_threshold(t, row)
    for item in STD[name].items:
        for c in item.conditions:
            kinds, stages = (c.where.kinds, c.where.stages) if c.where else ((), ())
            if c.scope == "county" or c.breach or (kinds and row["kind"] not in kinds):
                continue
            if (nine and not kinds) or (stages and stage not in stages):
                continue
            for test in (c, *c.same_as):
                yield item.id, test.top[0], _number(test, row), test.op == "<="


def _threshold(t: Threshold, row: Row) -> tuple[str, float, bool]:
    indicator = catalogue()[t.indicator]
    value = t.value if t.classes == () else t.values[t.classes.index(row["classes"])]
    if indicator.denominator == "staff":
        return "staff", float(STUDENTS / Fraction(value)), False
    times = STUDENTS if indicator.denominator == "students" else 1
    return indicator.numerator, float(Fraction(value) * times), False


def _number(test: Comparison, row: Row) -> float:
    if test.by_size:
        total = Fraction(0)
        for table in test.by_size:
            behind = f"_{table.stage}" if table.stage else ""
            size = row[f"classes{behind}"] if behind or "classes" in row else row["total"]
            each = Fraction(table.values[table.classes.index(size)])
            total += each * (row[f"students{behind}"] if table.per_student else 1)
        return float(total)
    value = test.value if test.value is not None else getattr(test, row["stage"])
    return float(value * (int(BOTTOMS[test.bottom[0]]) if test.bottom else 1))


def schools(name: str) -> list[Row]:
    """A school of each stage and size of the tables, and nine-year schools where rules name them, all on the spot."""
    std, made = STD[name], []
    sizes = {s: [{*t.classes} for t in std.thresholds if t.stage == s and t.classes] for s in ("primary", "junior")}
    wanted = {stage: set.intersection(*known) if known else {CLASSES} for stage, known in sizes.items()}
    base = {"county": "甲县", "area_type": "rural", **BOTTOMS}
    base |= dict.fromkeys(("old_town", "city_centre"), "否") | dict.fromkeys(("boarding", "full_boarding"), "是")
    for stage, common in wanted.items():
        for size in sorted(common):
            row = {"school": f"{stage}{size}", "stage": stage, "kind": stage, "classes": size, "students": STUDENTS}
            made.append(base | row)
    tables = [
        t for i in std.items for c in i.conditions if c.where and c.where.kinds == ("nine_year",) for t in c.by_size
    ]
    for size in sorted({k for t in tables for k in t.classes}):
        each = (size, size) if tables[0].stage else (size * 2 // 3, size - size * 2 // 3)
        row = {"school": f"nine{size}", "kind": "nine_year", "total": size}
        for stage, k in zip(wanted, each, strict=True):
            row |= {f"classes_{stage}": k, f"students_{stage}": 30 * k}
        made.append(base | row)
    for row in made:
        row |= {column: number for _, column, number, _ in asks(name, row)}
        if "classes_46_50" in row or "classes_51_55" in row:
            row |= {c: 0 for c in columns() if re.fullmatch(r"classes_\d\d_(\d\d|up)", c)}
    return made


def judged(name: str, *rows: Row) -> jh.Evaluation:
    table = frame(*rows).drop(columns="total", errors="ignore")
    return jh.evaluate(table, name, county_facts=FACTS if name == "cn-ha-hebi-2007" else None)


RULES = [
    pytest.param(name, Rule(row["school"], column, item, up), id=f"{name}-{row['school']}-{item}-{column}")
    for name in FURTHER
    for row in schools(name)
    for item, column, _, up in asks(name, row)
    if column not in ("largest_class", "classes_46_50", "classes_51_55")  # each stands for the other: see below
]


def test_there_are_rules_of_every_kind() -> None:
    assert len(RULES) > 80 and {p.values[0] for p in RULES} == {*FURTHER}


@pytest.mark.parametrize("name", FURTHER)
def test_schools_that_meet_every_number_on_the_spot_meet_the_standard(name: str) -> None:
    ev = judged(name, *schools(name))
    assert set(verdicts(ev).values()) == {"met"} and ev.item_schools.empty
    assert set(parts(ev)) == {*STD[name].parts, "overall"} and set(parts(ev).values()) == {"met"}
    assert set(ev.schools["verdict"]) <= {"met", "undetermined"}  # the latter of nine-year schools, which items judge
    assert set(ev.schools.loc[ev.schools["verdict"] != "met", "reason"]) <= {"left_out_by_standard"}
    # and every item decides about somebody
    assert (ev.items.loc[ev.items["item"] != "books-of-the-county", "n_met"] > 0).all()


@pytest.mark.parametrize(("name", "rule"), RULES)
def test_a_hair_short_fails_and_missing_is_open(name: str, rule: Rule) -> None:
    rows = schools(name)
    row = next(r for r in rows if r["school"] == rule.school)
    exact = row[rule.column]
    hair = 1 if columns()[rule.column].whole else 0.01
    for value, verdict in ((exact + (hair if rule.up else -hair), "unmet"), (None, "undetermined")):
        row[rule.column] = value
        ev = judged(name, *rows)
        found = verdicts(ev)
        assert {i: v for i, v in found.items() if v != "met"} == {rule.item: verdict}
        assert parts(ev)["overall"] == verdict
        if rule.item != "schools-comply":
            (one,) = jh.results.records(ev.item_schools)
            assert (one["school"], one["verdict"]) == (rule.school, verdict)
            if verdict == "unmet" and not STD[name].items[0].conditions:
                assert one["value"] < one["required"]
        else:
            bad = ev.schools[~ev.schools["verdict"].isin(["met"]) & (ev.schools["reason"] != "left_out_by_standard")]
            assert set(bad["school"]) == {rule.school} and len(bad) == 1


@pytest.mark.parametrize("name", ["cn-ha-school-conditions-2012", "cn-js-school-conditions"])
@pytest.mark.parametrize(("stage", "band", "most"), [("primary", "classes_46_50", 45), ("junior", "classes_51_55", 50)])
def test_class_size_by_bands_or_the_largest_class(name: str, stage: str, band: str, most: int) -> None:
    for changed, verdict in (
        ({band: 1}, "unmet"),
        ({band: None, "largest_class": most}, "met"),
        ({band: None, "largest_class": most + 1}, "unmet"),
        ({band: None, "largest_class": None}, "undetermined"),
        ({band: None, "largest_class": None, "classes": 10}, "unmet"),  # 51.3 on average
    ):
        rows = [r | ({"largest_class": None} | changed if r["stage"] == stage else {}) for r in schools(name)]
        assert verdicts(judged(name, *rows))["class-size"] == verdict, changed


@pytest.mark.parametrize(
    ("name", "flag"), [("cn-js-school-conditions", "old_town"), ("cn-gd-school-land", "city_centre")]
)
@pytest.mark.parametrize("stage", ["primary", "junior"])
def test_schools_of_an_old_town_or_a_city_centre_have_numbers_of_their_own(name: str, flag: str, stage: str) -> None:
    number = {("cn-js-school-conditions", "primary"): 18, ("cn-js-school-conditions", "junior"): 23,
              ("cn-gd-school-land", "primary"): 9.4, ("cn-gd-school-land", "junior"): 10.1}[name, stage]  # fmt: skip
    land = float(Fraction(str(number)) * STUDENTS)
    for answer, given, verdict in (
        ("是", land, "met"), ("是", land - 0.01, "unmet"), ("否", land, "unmet"), (None, land, "undetermined"),
        (None, land - 0.01, "unmet"), (None, 30.0 * STUDENTS, "met"),
    ):  # fmt: skip
        rows = [r | ({flag: answer, "land_area_m2": given} if r["stage"] == stage else {}) for r in schools(name)]
        found = pick(judged(name, *rows).schools, stage=stage, indicator="land_area_per_student")
        assert found["verdict"].tolist() == [verdict], (answer, given)


COUNTY = [(i.id, c) for i in STD["cn-ha-hebi-2007"].items for c in i.conditions if c.scope == "county"]


@pytest.mark.parametrize(("item", "condition"), COUNTY)
def test_money_for_books(item: str, condition: Condition) -> None:
    rows = frame(*schools("cn-ha-hebi-2007")).drop(columns="total", errors="ignore")
    short = verdicts(jh.evaluate(rows, "cn-ha-hebi-2007", county_facts=fails(condition, FACTS)))
    assert short == {"books-of-the-county": "unmet", "books-of-rural-schools": "met"}
    for lacking in FACTS:
        gap = {f: x for f, x in FACTS.items() if f != lacking}
        assert verdicts(jh.evaluate(rows, "cn-ha-hebi-2007", county_facts=gap))[item] == "undetermined"


@pytest.mark.parametrize("name", FURTHER)
def test_every_number_stands_in_the_facts(name: str, shared_data: Path) -> None:
    paths = [shared_data.parent / "facts" / f"{page}.md" for page in ("shandong-and-provincial", "audit-2026-11")]
    if not all(path.is_file() for path in paths):
        pytest.skip("the facts of record are not here")
    text = "".join(path.read_text(encoding="utf-8") for path in paths)
    known = {Fraction(x) for x in re.findall(r"\d+(?:\.\d+)?", text)}
    known |= {x / 100 for x in known}
    values = {
        Fraction(v) for t in STD[name].thresholds for v in (*t.values, *(o.value for o in t.instead), t.value or 0)
    }
    for c in (c for item in STD[name].items for c in item.conditions):
        for test in (c, *c.same_as):
            values |= {Fraction(v) for t in test.by_size for v in t.values}
            values |= {Fraction(v) for v in (test.value, test.primary, test.junior) if v is not None}
    assert values - {Fraction(0)} <= known


URBAN = "cn-urban-school-buildings-2002"


@pytest.mark.parametrize(
    "kinds", [("nine_year", "nine_year"), ("nine_year", None), (None, None), ("primary", "junior")]
)
def test_a_nine_year_school_has_its_own_numbers_whatever_its_rows_are_called(kinds: tuple[str | None, ...]) -> None:
    rows = [
        {
            "county": "甲县",
            "school": "联校",
            "stage": stage,
            "kind": kind,
            "students": 500,
            "classes": k,
            "total_built_m2": 9425,
        }
        for (stage, k), kind in zip((("primary", 24), ("junior", 12)), kinds, strict=True)
    ]
    ev = jh.evaluate(frame(*rows), URBAN)
    assert set(ev.schools["reason"]) == {"left_out_by_standard"}
    assert verdicts(ev)["nine-year-buildings"] == "met"
    assert jh.verify_certificate(ev.certificate(), URBAN) == []


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", ["cn-ha-hebi-2007", "cn-rural-school-buildings-2008", "cn-js-pukou-2010"])
def test_a_standard_of_items_has_its_workbook_and_page(tmp_path: Path, name: str, language: str) -> None:
    facts = {f: 1 for item in jh.load_standard(name).items for c in item.conditions for f in (*c.top, *c.bottom)}
    facts |= dict.fromkeys(("migrant_children_in_purchased_places",), 0)  # not counted twice
    if name not in FURTHER:
        rows = [{"county": "甲县", "school": "一小", "stage": "primary", "students": 9}]
        ev = jh.evaluate(frame(*rows), name, county_facts=facts)
    else:
        ev = judged(name, *schools(name))
    assert ev.to_excel(tmp_path / "a.xlsx", language=language).stat().st_size > 1000
    assert ev.to_html(tmp_path / "a.html", language=language).stat().st_size > 1000
