"""What the long run found, each with its seed."""

import json

import pandas as pd
import pytest
from differences import compare, evaluation
from drawn_nations import draw
from rooms import checked
from small_tables import BASIC, QUALITY, frame, junior, school

import junheng as jh


def differences(seed: int) -> list[str]:
    nation = draw(seed)
    return compare(nation, evaluation(nation)).found


@pytest.mark.parametrize("seed", [32, 36, 50])
def test_points_are_added_up_county_by_county(seed: int) -> None:
    """Where one county gave the total of the 17, the points of another were not added up."""
    assert not differences(seed)


def test_one_county_gives_the_total_and_another_the_parts() -> None:
    points = [f for f in jh.facts.fact_columns() if f.startswith("points_")]
    counties = ("甲县", "乙县", "丙县")
    owner = {"owner_type": "county_education", "computers": 80, "books": 15_000, "teachers": 40}
    rows = [make(county=c, **owner, teachers_mid_or_senior_title=15) for c in counties for make in (school, junior)]
    facts = pd.DataFrame([{"county": "甲县", "government_points": 84.0, **dict.fromkeys(points, 5.0)},
                          {"county": "乙县", **dict.fromkeys(points, 5.0)},
                          {"county": "丙县", **dict.fromkeys(points[1:], 5.0)}])  # fmt: skip
    items = jh.evaluate(frame(*rows), BASIC, county_facts=facts).items.query("item == 'government-points'")
    assert dict(zip(items["county"], items["verdict"], strict=True)) == {
        "甲县": "unmet",  # the total that was given holds
        "乙县": "met",
        "丙县": "undetermined",
    }


@pytest.mark.parametrize("seed", [111, 255, 366, 471])
def test_a_school_of_two_stages_is_one_school(seed: int) -> None:
    """Small is the school, not its stage; one sum of money in both rows counts once where nothing is divided."""
    assert not differences(seed)


def nine_year(primary: dict[str, object], second: dict[str, object]) -> list[dict[str, object]]:
    first = {"kind": "nine_year", "area_type": "rural", "year": 2020, "resources_cover": "stage"}
    return [school("联校", "primary", **first, **primary), school("联校", "junior", **first, **second)]


def claims_follow(ev: jh.Evaluation) -> bool:
    return jh.verify_certificate(json.loads(json.dumps(ev.certificate(), allow_nan=False))) == []


@pytest.mark.parametrize(
    ("primary", "second", "verdict"),
    [(540, 60, "unmet"), (60, 40, "unmet"), (59, 40, "met"), (25, 25, "met"), (24, 25, "unmet"),
     (None, 60, "undetermined"), (0, 60, "met")],
)  # fmt: skip
def test_visiting_teachers_count_in_small_schools_not_in_small_stages(
    primary: int | None, second: int, verdict: str
) -> None:
    """A county of one school: of 50 to 99 students in all, whatever its stages have."""
    std = jh.load_standard(QUALITY).with_options(relaxations=["shared-pe-and-art-teachers"])
    teachers = {"pe_art_teachers": 0, "visiting_pe_art_teachers": 3}
    ev = jh.evaluate(frame(*nine_year({"students": primary}, {"students": second, **teachers})), std)
    (found,) = ev.schools.query("stage == 'junior' and indicator == 'pe_art_teachers_per_hundred_students'")["verdict"]
    assert found == verdict and claims_follow(ev)


@pytest.mark.parametrize("cover", ["stage", None])
@pytest.mark.parametrize(("second", "verdict"), [(100_000, "met"), (99_999, "unmet"), (None, "undetermined")])
def test_one_budget_in_both_rows_counts_once(cover: str | None, second: int | None, verdict: str) -> None:
    """Of 100 000 yuan 2 600 and 2 400 are 5 per cent; of twice as many they are not."""
    budgets = [{"public_funds_budget_cny": x, "training_budget_cny": y} for x, y in ((100_000, 2_600), (second, 2_400))]
    table = frame(*nine_year(*budgets)).assign(resources_cover=cover)
    facts = {"training_funds_cny": 3_000, "compulsory_teachers": 100}
    ev = jh.evaluate(table, "cn-he-baoding-2012", county_facts=facts)
    (found,) = ev.items.query("item == 'training-funds'")["verdict"]
    assert found == verdict and claims_follow(ev)


@pytest.mark.parametrize(("room", "seed"), [("tables", 2_001_027), ("books", 2_000_017), ("books", 2_000_227)])
def test_what_was_found_is_mended(room: str, seed: int) -> None:
    """Units beyond counting; boarders among extra columns; printed pages over merged headings."""
    assert checked(room, seed)[1] == []
