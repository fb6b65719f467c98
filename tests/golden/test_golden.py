"""The worked cases of tests/golden: readable by whoever knows the rules and not Python."""

import json
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from law_checks import CHECKS as LAW
from needs_checks import CHECKS as NEEDS
from small_tables import QUALITY, SEVEN, frame, only, pick

import junheng as jh
from junheng.schools.needs import needed_columns

CASES = {
    name: case
    for path in sorted(Path(__file__).parent.glob("*.toml"))
    for name, case in tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal).items()
    if "check" in case  # founding_documents.toml is walked by a test of its own
}


def agree(got: Any, expected: Any, place: str) -> None:
    """Compare with what is expected; a decimal number to half a unit of its last digit."""
    if isinstance(expected, Mapping):
        for key, value in expected.items():
            agree(got[key], value, f"{place}.{key}")
    elif isinstance(expected, list):
        assert len(got) == len(expected), place
        for i, (a, b) in enumerate(zip(got, expected, strict=True)):
            agree(a, b, f"{place}[{i}]")
    elif isinstance(expected, Decimal):
        half = Decimal(5).scaleb(int(expected.as_tuple().exponent) - 1)
        assert abs(Decimal(float(got)) - expected) <= half, f"{place}: {float(got)!r} is not {expected} ± {half}"
    else:
        assert got == expected, f"{place}: {got!r} is not {expected!r}"


def judged(rows: list[dict[str, Any]], standard: str) -> jh.Evaluation:
    """Evaluate rows that hold some columns only; the others are there and empty."""
    needed = needed_columns(jh.load_standard(standard))
    table = frame(*rows)
    return jh.evaluate(table.assign(**{c: np.nan for c in needed if c not in table and c != "students"}), standard)


def coefficient(case: Mapping[str, Any]) -> dict[str, Any]:
    students, amounts = np.array(case["students"]), np.array(case["amounts"])
    values = jh.per_student(amounts, students)
    mean, std = (f(values, weights=students) for f in (jh.weighted_mean, jh.weighted_std))
    share = students / students.sum()
    result = jh.difference_coefficient(values, weights=students)
    column = jh.indicators.catalogue()[case["indicator"]].numerator
    rows = [
        {"county": "甲县", "school": f"小学{i}", "stage": "primary", "students": p, column: a}
        for i, (p, a) in enumerate(zip(students, amounts, strict=True), 1)
    ]
    county = only(judged(rows, "cn-basic-balance-2012").indicators, indicator=case["indicator"])
    # the two ways to the figure are one
    for name, value in (("mean", mean), ("std", std), ("coefficient", result)):
        assert county[name] == pytest.approx(value, rel=1e-12)
    assert county["n_missing"] == 0
    dropped = amounts > 0
    wrong = {
        "unweighted": jh.difference_coefficient(values, weights=None),
        "unweighted_sample": values.std(ddof=1) / values.mean(),
        "unweighted_around_ratio_of_totals": np.sqrt(((values - mean) ** 2).mean()) / mean,
        "students_per_thing": jh.difference_coefficient(students / np.where(dropped, amounts, 1), weights=students),
        "schools_with_nothing_dropped": jh.difference_coefficient(values[dropped], weights=students[dropped]),
        "values_rounded_to_two_decimals": np.sqrt((share * (values.round(2) - mean) ** 2).sum()) / mean,
    }
    for method, value in case.get("wrong_methods", {}).items():
        agree(wrong[method], value, f"wrong_methods.{method}")
        assert abs(wrong[method] - result) > 1e-3, method
    return {
        "total_students": students.sum(),
        "total_amount": amounts.sum(),
        "per_student": values,
        "mean": mean,
        "unweighted_mean": jh.weighted_mean(values, weights=None),
        "share_of_students": share,
        "deviation": abs(values - mean),
        "term": share * (values - mean) ** 2,
        "variance": std**2,
        "std": std,
        "coefficient": result,
    }


def split(case: Mapping[str, Any]) -> dict[str, Any]:
    row = {"county": "甲县", "school": "联校", "kind": case["kind"], case["resource"]: case["amount"]}
    row |= {f"students_{stage}": n for stage, n in case["students"].items()}
    got: dict[str, Any] = {}
    for standard in case["standards"]:
        parts = jh.split_stages(frame(row), standard).set_index("stage")
        amounts = parts[case["resource"]].to_dict()
        # the denominators are the real enrolment
        assert parts["students"].to_dict() == {s: n for s, n in case["students"].items() if s != "senior"}
        evaluated = judged([row], standard).schools
        indicator = next(
            i.id
            for i in jh.indicators.catalogue().values()
            if i.columns == (case["resource"], "students") and i.id in jh.load_standard(standard).indicators
        )
        values = pick(evaluated, indicator=indicator).set_index("stage")["value"].to_dict()
        again = {
            "share": {s: a / case["amount"] for s, a in amounts.items()},
            "amount": amounts,
            "per_student": values,
        }
        got = got or again
        assert again == got, "the standards divide alike"
    return got


def divided(case: Mapping[str, Any]) -> dict[str, Any]:
    """Judge a stage of a school whose one figure is divided; nothing else is known of it."""
    row = {"county": "甲县", "school": "联校", "kind": case["kind"], case["resource"]: float(case["amount"])}
    row |= {f"students_{stage}": n for stage, n in case["students"].items()}
    found = pick(judged([row], case["standard"]).schools, stage=case["stage"])
    return {"verdict": only(found[found["value"].notna()])["verdict"]}


def verdict(case: Mapping[str, Any]) -> dict[str, Any]:
    """Put a county together whose coefficients are the published ones, and have it judged."""
    std = [float(x) for x in case.get("std", case.get("coefficient", ()))]
    mean = [float(x) for x in case.get("mean", [1] * len(std))]
    # three quarters of the students a little below the mean, one quarter far above
    places = (("大校", 750, -1 / 3**0.5), ("小校", 250, 3**0.5))
    rows = []
    for name, students, away in places:
        row = {"county": "甲县", "school": name, "stage": case["stage"], "students": students}
        for (column, scale, _), m, s in zip(SEVEN.values(), mean, std, strict=True):
            row[column] = (m + away * s) * students / scale
        rows.append(row)
    ev = judged(rows, case["standard"])
    table = pick(ev.indicators, stage=case["stage"]).set_index("indicator").loc[list(SEVEN)]
    item = only(ev.items, item="coefficients", stage=case["stage"])
    assert (item["n_met"] + item["n_unmet"], item["n_undetermined"]) == (7, 0)
    limit = jh.load_standard(case["standard"]).limit("each", stage=case["stage"])
    alone = jh.compliance(table["coefficient"].to_numpy(), float(limit.value), op=limit.op)
    assert alone.tolist() == table["verdict"].tolist()
    return {
        "coefficient": table["coefficient"].tolist(),
        "composite": jh.composite_difference_coefficient(table["coefficient"].to_numpy()),
        "verdict": table["verdict"].tolist(),
        "n_over": item["n_unmet"],
        "item": item["verdict"],
        "rounding_sensitive": table["rounding_sensitive"].tolist(),
    }


def measure(case: Mapping[str, Any]) -> dict[str, Any]:
    """Compute a measure by its name."""
    assert case["working"]
    got = getattr(jh, case["measure"])(case["values"], weights=case["weights"], **case.get("options", {}))
    return {"value": "nan" if np.isnan(got) else got}


def neutrality(case: Mapping[str, Any]) -> dict[str, Any]:
    assert case["working"]
    return only(jh.neutrality(case["values"], weights=case["weights"], wealth=case["wealth"]))


CHECKS = {
    "coefficient": coefficient,
    "split": split,
    "divided": divided,
    "verdict": verdict,
    "measure": measure,
    "neutrality": neutrality,
    **LAW,
    **NEEDS,
}


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    case = CASES[name]
    assert case["title"] and case["source"]
    agree(CHECKS[case["check"]](case), case["expected"], name)


def test_golden_numbers_are_those_of_the_collected_examples(shared_data: Path) -> None:
    examples = json.loads((shared_data / "worked-examples.json").read_text(encoding="utf-8"))
    five, jiujiang, ningguo = (
        examples[k] for k in ("cn01_books_five_schools", "cn05_jiujiang_2023_quality7", "cn06_ningguo_2022_quality7")
    )
    case = CASES["five-schools"]
    assert (case["students"], case["amounts"]) == (five["inputs"]["students"], five["inputs"]["books"])
    for key, theirs in (("per_student", "books_per_student"), ("mean", "county_mean"), ("coefficient", "cv")):
        assert np.allclose(np.array(case["expected"][key], dtype=float), five["expected"][theirs], rtol=0, atol=1e-12)
    case = CASES["jiujiang-2023-primary"]
    for ours, theirs in (
        (case["mean"], jiujiang["inputs"]["mean"]),
        (case["std"], jiujiang["inputs"]["sd"]),
        (case["expected"]["coefficient"], jiujiang["expected"]["cv"]),
    ):
        assert [float(x) for x in ours] == theirs
    for stage, word in (("primary", "小学"), ("junior", "初中")):
        case = CASES[f"ningguo-2022-{stage}"]
        assert [float(x) for x in case["coefficient"]] == ningguo["inputs"][word]
        over = [
            jh.indicators.catalogue()[i].zh
            for i, v in zip(SEVEN, case["expected"]["verdict"], strict=True)
            if v == "unmet"
        ]
        assert over == ningguo["expected"][word]["over"]


def test_seven_stand_in_the_order_of_the_document() -> None:
    assert jh.load_standard(QUALITY).indicators == tuple(SEVEN)
