"""The checker of certificates, on certificates written by hand: what holds, what does not, what cannot be checked."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from junheng import verify

FILE = Path(verify.__file__)
BOOKS = {"formula": "per_student", "numerator": "books"}
FIRST = [None, None, None, True, None, None, None, None]  # owner … lacking


def county(rows: list[tuple[str, str | None]], limit: str = "0.5") -> dict[str, Any]:
    """A certificate of primary schools with students and books, under a limit and 6 books a student."""
    rules = {
        "parts": ["resources"],
        "indicators": ["books_per_student"],
        "thresholds": [{"indicator": "books_per_student", "stage": "primary", "op": ">=", "value": "6"}],
        "school_rule": {"kind": "all"},
        "limits": [
            {"kind": "each", "stage": "primary", "op": "<=", "value": limit, "indicators": ["books_per_student"]}
        ],
        "items": [{"id": "coefficients", "part": "resources", "rule": "each_coefficient"}],
        "measures": {"books_per_student": BOOKS},
        "shared": ["books"],
    }
    content: dict[str, Any] = {
        "county": ["A"],
        "year": 2025,
        "facts": {},
        "schools": {"columns": verify.SCHOOL, "rows": [["x", None, "primary", p, None, None] for p, _ in rows]},
        "sections": {
            "columns": [*verify.SECTION, "books"],
            "rows": [[i, i, "primary", "primary", *FIRST, p, x] for i, (p, x) in enumerate(rows)],
        },
        "claims": {"sections": [], "values": [], "coefficients": [], "items": [], "parts": []},
    }
    content["claims"] = follows(rules, content)
    return {
        "certificate": "junheng",
        "version": 1,
        "standard": {"id": "x", "rules": rules},
        "options": {"missing": "propagate"},
        "table": {"digest": None, "rows": len(rows)},
        "counties": [content],
    }


def follows(rules: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    """What follows, as it is written."""

    def plain(x: Any) -> Any:
        if isinstance(x, dict):
            return {k: plain(v) for k, v in x.items()}
        return [plain(v) for v in x] if isinstance(x, list) else float(x) if isinstance(x, Fraction) else x

    written: dict[str, Any] = plain(verify.County(rules, "propagate", content).claims())
    return written


#: A published example: five schools, coefficient 0.515257.
PUBLISHED = [("45", "279"), ("37", "137"), ("89", "935"), ("76", "160"), ("55", "402")]


def test_a_published_example() -> None:
    certificate = county(PUBLISHED)
    claims = certificate["counties"][0]["claims"]
    row = claims["coefficients"][0]
    assert round(row[4], 6) == 0.515257
    assert row[5] == "unmet"
    assert claims["parts"] == [["resources", "unmet"], ["overall", "unmet"]]
    assert [x[2] for x in claims["sections"]] == ["met", "unmet", "met", "unmet", "met"]
    assert verify.check(certificate) == []


@pytest.mark.parametrize(("limit", "verdict"), [("0.5", "met"), ("0.4999999999999999999999999", "unmet")])
def test_a_coefficient_exactly_on_its_limit(limit: str, verdict: str) -> None:
    # two equal schools with 1 + t and 1 - t
    certificate = county([("100", "150"), ("100", "50")], limit)
    assert certificate["counties"][0]["claims"]["coefficients"][0][4:6] == [0.5, verdict]


def test_a_value_exactly_on_its_threshold() -> None:
    rows = county([("192", "1152"), ("192", "1151.9999999999999999")])["counties"][0]["claims"]["values"][0]["rows"]
    assert [row[3] for row in rows] == ["met", "unmet"]


def test_a_missing_figure_is_never_a_pass() -> None:
    claims = county([("100", None), ("100", "700")])["counties"][0]["claims"]
    assert claims["coefficients"][0][2:] == [None, None, None, "undetermined", "missing_value", 2, 1]
    assert claims["sections"][0] == [None, None, "undetermined"]


def test_a_mean_of_roots_is_decided_by_digits() -> None:
    squares = [Fraction(2), Fraction(3)]
    near = (verify.root(squares[0], 80) + verify.root(squares[1], 80)) / 2
    assert verify.mean_of_roots(squares, "<=", near) == "unmet"  # rounded down
    assert verify.mean_of_roots(squares, "<=", near + Fraction(1, 10**79)) == "met"
    assert verify.mean_of_roots([Fraction(1, 4), Fraction(9, 4)], "<=", Fraction(1)) == "met"


def test_a_whole_school_is_divided() -> None:
    rules = {"split": {"resources": ["books"], "weights": [{"kind": "nine_year", "primary": "1", "junior": "1.1"}]}}
    rules |= {"measures": {"x": BOOKS}, "shared": ["books"]}  # type: ignore[dict-item]
    school = verify.School(
        dict(zip([*verify.SCHOOL, "books"], ["x", None, "nine_year", "166", "210", None, "23226"], strict=False))
    )
    found = verify.County(rules, "propagate", empty())
    row = dict(zip(verify.SECTION, [0, 0, "primary", "nine_year", *FIRST, "166"], strict=False))
    section = verify.Section(school, row)
    assert found.values(section, "x")[0] == [Fraction(23226, 397)]


def empty() -> dict[str, Any]:
    frames = {
        name: {"columns": first, "rows": []}
        for name, first in (("schools", verify.SCHOOL), ("sections", verify.SECTION))
    }
    return {"year": None, "facts": {}, **frames, "claims": {"sections": []}}


@pytest.mark.parametrize(
    ("size", "between", "numbers"),
    [
        ("12", "bracket", {26}),
        ("15", "bracket", {26, 23}),
        ("15", "linear", {Fraction(49, 2)}),
        ("15", "smaller", {26}),
        ("15", "larger", {23}),
        ("19", "bracket", set()),
        (None, "bracket", set()),
    ],
)
def test_a_table_by_size(size: str | None, between: str, numbers: set[Any]) -> None:
    bar = {"classes": [12, 18], "values": ["26", "23"], "between": between}
    school = verify.School(dict(zip(verify.SCHOOL, ["x", None, "primary", "1", None, None], strict=False)))
    row = dict(zip([*verify.SECTION, "classes"], [0, 0, "primary", "primary", *FIRST, "1", size], strict=False))
    found = verify.County({"shared": []}, "propagate", empty())
    assert set(found.numbers(bar, verify.Section(school, row))[0]) == numbers


def test_dated_values_and_readings() -> None:
    content = {**empty(), "year": 2024, "facts": {"a": "6500", "b": "1"}}
    steps = [{"effective_from": "2016", "value": "6000"}, {"effective_from": "2025", "value": "7000"}]
    dated = {"scope": "county", "top": ["a"], "bottom": ["b"], "op": ">=", "dated": steps}
    for year, verdict in ((2024, "met"), (2025, "unmet"), (None, "undetermined")):
        found = verify.County({"shared": []}, "propagate", {**content, "year": year})
        assert found.condition("x", 0, dated)[2] == verdict  # type: ignore[index]
    other = {"scope": "county", "top": ["a"], "op": ">=", "value": "7000"}
    readings = {"scope": "county", "top": ["a"], "op": ">=", "value": "6000", "readings": [other]}
    assert found.condition("x", 0, readings)[2:4] == ["undetermined", "readings_disagree"]  # type: ignore[index]


def schools_of(kinds: list[tuple[str, str | None]], **cells: str | None) -> dict[str, Any]:
    """Primary sections, each the only one of its school: pairs of the kind of the school and that of its row."""
    content = empty()
    content["schools"]["rows"] = [["x", None, kind, "60", None, None] for kind, _ in kinds]
    columns = [*verify.SECTION, *cells]
    rows = [[i, i, "primary", own, *FIRST, "60", *cells.values()] for i, (_, own) in enumerate(kinds)]
    return {**content, "sections": {"columns": columns, "rows": rows}}


@pytest.mark.parametrize(
    ("large", "larger", "decision", "expected"),
    [
        ("1", None, None, [0, 1, "unmet", None, 0, 1, 0]),  # a part is over the limit already
        ("0", None, None, [None, 1, "undetermined", "not_given", 0, 0, 1]),
        ("0", "0", None, [1, 1, "met", None, 1, 0, 0]),
        ("1", None, "open", [None, 1, "undetermined", "readings_disagree", 0, 0, 1]),
        ("1", None, "counted", [0, 1, "unmet", None, 0, 1, 0]),
        ("1", None, "left_out", [1, 1, "met", None, 0, 0, 0]),
        ("0", None, "open", [None, 1, "undetermined", "not_given", 0, 0, 1]),
    ],
)
def test_a_sum_known_in_part(large: str, larger: str | None, decision: str | None, expected: list[Any]) -> None:
    doubts = [{"id": "d", "items": ["x"], "where": {"students_below": 100}, "decision": decision}]
    rules = {"shared": [], "doubts": doubts if decision else []}
    found = verify.County(rules, "propagate", schools_of([("primary", "primary")], large=large, larger=larger))
    test = {"scope": "section", "top": ["large", "larger"], "op": "<=", "value": "0"}
    assert found.condition("x", 0, test) == expected


@pytest.mark.parametrize(
    ("students", "included", "ruled_out", "reason"),
    [
        ("0", None, False, "no_students"),
        ("0", False, False, "not_included"),
        ("0", None, True, "no_students"),
        ("0", False, True, "left_out_by_standard"),
        ("9", False, True, "left_out_by_standard"),
        ("9", True, True, "left_out_by_standard"),
        ("9", False, False, "not_included"),
        (None, None, False, None),
    ],
)
def test_of_several_reasons_one_is_right(
    students: str | None, included: bool | None, ruled_out: bool, reason: str | None
) -> None:
    rules = {"inclusion": [{"decision": "out", "kind": "primary"}] if ruled_out else []}
    content = schools_of([("primary", "primary")])
    row = dict(zip(verify.SECTION, content["sections"]["rows"][0], strict=True))
    content["sections"]["rows"] = [list((row | {"students": students, "included": included}).values())]
    content["schools"]["rows"][0][3] = students
    (section,) = verify.County(rules, "propagate", content).sections
    assert section.out == [reason, reason]


@pytest.mark.parametrize(
    ("school", "row", "refused"),
    [
        ("primary", "primary", False),
        (None, None, False),
        ("nine_year", "primary", False),
        ("primary", None, True),
        ("primary", "special", True),
        (None, "special", True),
    ],
)
def test_a_row_has_the_kind_of_its_school(school: Any, row: str | None, refused: bool) -> None:
    content = schools_of([(school, row)])
    if not refused:
        assert len(verify.County({}, "propagate", content).sections) == 1
        return
    with pytest.raises(verify.CannotCheck, match="kind"):
        verify.County({}, "propagate", content)


def test_a_row_agrees_with_its_school_and_with_itself() -> None:
    content = schools_of([("nine_year", "nine_year")])
    (row,) = content["sections"]["rows"]
    content["sections"]["rows"].append([*row[:2], "junior", *row[3:]])
    with pytest.raises(verify.CannotCheck, match="students"):
        verify.County({}, "propagate", content)
    content["schools"]["rows"][0][4] = "60"
    assert len(verify.County({}, "propagate", content).sections) == 2
    content["sections"]["rows"][1][3] = "primary"
    with pytest.raises(verify.CannotCheck, match="kind"):
        verify.County({}, "propagate", content)


# ---------------------------------------------------------------------------------------------- what is refused


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, (dict, list)):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return [p for key, inner in pairs for p in leaves(inner, (*path, key))]
    return [path]


def test_every_changed_claim_is_refused() -> None:
    good = county(PUBLISHED)
    for path in leaves(good["counties"][0]["claims"]):
        bad = copy.deepcopy(good)
        place = bad["counties"][0]["claims"]
        for key in path[:-1]:
            place = place[key]
        was = place[path[-1]]
        place[path[-1]] = was + 1 if isinstance(was, (int, float)) else "met" if was != "met" else "unmet"
        assert verify.check(bad), path


def test_a_missing_claim_is_refused() -> None:
    for name in ("sections", "values", "coefficients", "items", "parts"):
        bad = county(PUBLISHED)
        bad["counties"][0]["claims"][name].pop()
        assert verify.check(bad)


def test_a_changed_rule_is_refused_where_a_standard_is_given() -> None:
    good = county(PUBLISHED)
    rules = copy.deepcopy(good["standard"]["rules"])
    rules["thresholds"][0]["value"] = "6.0"
    assert verify.check(good, rules) == []
    rules["thresholds"][0]["value"] = "6.1"
    assert verify.check(good, rules)


def test_an_unknown_rule_cannot_be_checked() -> None:
    for change in ({"op": "=>"}, {"rounded_to": 2}):
        bad = county(PUBLISHED)
        bad["standard"]["rules"]["thresholds"][0] |= change
        with pytest.raises(verify.CannotCheck):
            verify.check(bad)


def changed(**keys: Any) -> str:
    return json.dumps(county(PUBLISHED) | keys)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1, 2]",
        "null",
        changed()[:-20],
        changed(version=2),
        changed(version=True),
        changed(certificate="other"),
        changed(counties=[]),
        changed(counties=[None]),
        changed(table=float("nan")),
        changed(surprise=1),
        "[" * 1_000 + "]" * 1_000,
        '{"certificate": "junheng", "version": 1, "made_by": ' + '{"a":' * 100_000 + "1" + "}" * 100_001,
        '{"certificate": "junheng", "version": ' + "9" * 10_000 + "}",
        changed()[:-1] + ', "version": 1}',
        changed().replace('"279"', '"2e999999999"'),
        changed().replace('"279"', "279.5"),
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
def test_what_cannot_be_checked_ends_with_2(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "certificate.json"
    path.write_text(text, "utf-8")
    assert verify.main([str(path)]) == 2
    assert capsys.readouterr().out.startswith("Cannot be checked: ")


def test_it_runs_alone(tmp_path: Path) -> None:
    copied, path = tmp_path / "verify.py", tmp_path / "certificate.json"
    copied.write_bytes(FILE.read_bytes())
    path.write_text(changed(), "utf-8")
    run = subprocess.run([sys.executable, "-I", "-S", str(copied), str(path)], capture_output=True, check=False)
    assert run.returncode == 0, run
    path.write_text(changed().replace('["resources", "unmet"]', '["resources", "met"]'), "utf-8")
    run = subprocess.run(
        [sys.executable, "-I", "-S", str(copied), str(path), "--language", "zh"],
        capture_output=True,
        check=False,
        env={"PYTHONUTF8": "1"},
    )
    assert run.returncode == 1, run


def test_a_file_that_extends_another_needs_it_beside(tmp_path: Path) -> None:
    data = FILE.parent / "standards" / "data"
    assert verify.read_standard(data / "cn-gz-majiang-2023.toml")["thresholds"]
    alone = tmp_path / "x.toml"
    alone.write_bytes((data / "cn-gz-majiang-2023.toml").read_bytes())
    with pytest.raises(verify.CannotCheck, match="beside"):
        verify.read_standard(alone)
