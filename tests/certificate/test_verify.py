"""The checker of certificates, on certificates written by hand: what holds, what does not, what cannot be checked."""

from __future__ import annotations

import copy
import json
import math
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import junheng as jh
from junheng import verify

FILE = Path(verify.__file__)
BOOKS = {"indicator": "books_per_student", "top": ["books"], "bottom": ["students"], "scale": "1"}
SCHOOLS = ["name", "code", "students_primary", "students_junior", "students_senior"]
SECTIONS = ["school", "row", "stage", "kind", "kind_of_row", "ownership", "owner_type", "area_type"]
SECTIONS += ["in_basic_standard", "in_coefficient", "students"]


def content_of(rows: list[tuple[str | None, str | None]], **changes: Any) -> dict[str, Any]:
    """Primary schools with students and books."""
    own = {"kind": "primary", "kind_of_row": None, "in_basic_standard": None, "in_coefficient": None, **changes}
    cells = [own["kind"], own["kind_of_row"], None, None, None, own["in_basic_standard"], own["in_coefficient"]]
    return {
        "county": ["A"],
        "year": 2025,
        "facts": {},
        "schools": {"columns": SCHOOLS, "rows": [["x", None, None, None, None] for _ in rows]},
        "sections": {
            "columns": [*SECTIONS, "books"],
            "rows": [[i, i, "primary", *cells, p, x] for i, (p, x) in enumerate(rows)],
        },
        "claims": [],
    }


def county(rows: list[tuple[str | None, str | None]], limit: str = "0.5") -> dict[str, Any]:
    """A certificate of primary schools with students and books, under a limit and 6 books a student."""
    rules = {
        "parts": ["resources"],
        "thresholds": [{"indicator": "books_per_student", "stage": "primary", "value": "6"}],
        "school_rule": {"kind": "all"},
        "limits": [{"kind": "each", "stage": "primary", "value": limit, "indicators": ["books_per_student"]}],
        "items": [{"id": "coefficients", "part": "resources", "rule": "each_coefficient"}],
        "measures": [BOOKS],
    }
    content = content_of(rows)
    content["claims"] = follows(rules, content)
    return {
        "certificate": "junheng",
        "version": 1,
        "standard": {"id": "x", "rules": rules},
        "table": {"digest": None, "rows": len(rows)},
        "counties": [content],
    }


def follows(rules: dict[str, Any], content: dict[str, Any]) -> list[Any]:
    """What follows, as it is written."""
    written: list[Any] = json.loads(json.dumps(list(verify.County(rules, content).claims()), default=float))
    return written


def lines(certificate: dict[str, Any], kind: str) -> list[Any]:
    return [row[1:] for row in certificate["counties"][0]["claims"] if row[0] == kind]


#: A published example: five schools, coefficient 0.515257.
PUBLISHED: list[tuple[str | None, str | None]] = [
    ("45", "279"),
    ("37", "137"),
    ("89", "935"),
    ("76", "160"),
    ("55", "402"),
]


def test_a_published_example() -> None:
    certificate = county(PUBLISHED)
    ((*_, value, verdict),) = lines(certificate, "coefficient")
    assert (round(value, 6), verdict) == (0.515257, "unmet")
    assert lines(certificate, "part") == [["resources", "unmet"], ["overall", "unmet"]]
    assert [row[3] for row in lines(certificate, "section")] == ["met", "unmet", "met", "unmet", "met"]
    assert verify.check(certificate) == []


@pytest.mark.parametrize(("limit", "verdict"), [("0.5", "met"), ("0.4999999999999999999999999", "unmet")])
def test_a_coefficient_exactly_on_its_limit(limit: str, verdict: str) -> None:
    # two equal schools with 1 + t and 1 - t
    certificate = county([("100", "150"), ("100", "50")], limit)
    assert lines(certificate, "coefficient")[0][2:] == [0.5, verdict]


def test_a_value_exactly_on_its_threshold() -> None:
    rows = lines(county([("192", "1152"), ("192", "1151.9999999999999999")]), "section")
    assert [row[4][0][2] for row in rows] == ["met", "unmet"]


def test_a_missing_figure_is_never_a_pass() -> None:
    certificate = county([("100", None), ("100", "700")])
    assert lines(certificate, "coefficient")[0][2:] == [None, "undetermined"]
    assert lines(certificate, "section")[0][1:4] == [None, None, "undetermined"]


def test_a_mean_of_roots_is_decided_by_digits() -> None:
    squares = [Fraction(2), Fraction(3)]
    near = sum(Fraction(math.isqrt(int(x) * 10**200), 10**100) for x in squares) / 2
    assert verify.mean_of_roots(squares, near)[1] == verify.UNMET  # rounded down
    assert verify.mean_of_roots(squares, near + Fraction(1, 10**99))[1] == verify.MET
    assert verify.mean_of_roots([Fraction(1, 4), Fraction(9, 4)], Fraction(1)) == (1, verify.MET)


def opened(content: dict[str, Any], **rules: Any) -> verify.County:
    return verify.County({"measures": [BOOKS], "parts": [], **rules}, content)


def test_a_whole_school_is_divided() -> None:
    content = content_of([("166", "/23226")], kind="nine_year")
    content["schools"]["rows"] = [["x", None, "166", "210", None]]
    weights = [{"kind": "nine_year", "primary": "1", "junior": "1.1"}]
    found = opened(content, split={"resources": ["books"], "weights": weights})
    assert found.value(found.sections[0], BOOKS)[0] == Fraction(23226, 397)
    assert found.schools[0].figure("books") == (23226, 23226)
    found = opened(content)  # without a rule to divide it
    assert found.value(found.sections[0], BOOKS) == (None, verify.UNKNOWN)


@pytest.mark.parametrize(
    ("cells", "of_stages", "of_school"),
    [
        (["3", "4"], [(3, 3), (4, 4)], (7, 7)),
        (["=9", "=9"], [verify.UNKNOWN] * 2, (9, 9)),
        (["=9", None], [verify.UNKNOWN] * 2, verify.UNKNOWN),
        (["3", None], [(3, 3), verify.UNKNOWN], verify.UNKNOWN),
        ([True, False], [(1, 1), (0, 0)], (1, 1)),
        ([None, True], [verify.UNKNOWN, (1, 1)], verify.UNKNOWN),
    ],
)
def test_whose_figure_a_cell_is(cells: list[Any], of_stages: list[Any], of_school: Any) -> None:
    rows = [{"x": cell, "share": None} for cell in cells]
    assert [verify.of_stage(row, "x") for row in rows] == of_stages
    assert verify.of_school(rows, "x") == of_school


def test_the_largest_class_of_a_school_bounds_those_of_its_stages() -> None:
    rows = [{"largest_class": "40<52"}, {"largest_class": "<52"}]
    assert [verify.of_stage(row, "largest_class") for row in rows] == [(40, 40), (0, 52)]
    assert verify.of_school(rows, "largest_class") == (52, 52)


@pytest.mark.parametrize(
    ("size", "between", "numbers"),
    [
        ("12", "bracket", {26}),
        ("15", "bracket", {26, 23}),
        ("15", "linear", {Fraction(49, 2)}),
        ("15", "smaller", {26}),
        ("15", "larger", {23}),
        ("15", "some", {Fraction(1, 10**99), math.inf}),
        ("19", "bracket", set(verify.UNKNOWN)),
        (None, "bracket", set(verify.UNKNOWN)),
    ],
)
def test_a_table_by_size(size: str | None, between: str, numbers: set[Any]) -> None:
    bar = {"classes": ["12", "18"], "values": ["26", "23"], "between": between}
    assert set(verify.by_size(bar, *verify.of_stage({"classes": size}, "classes"))) == numbers


def item_on(content: dict[str, Any], *conditions: dict[str, Any], **rules: Any) -> str:
    """The verdict on an item."""
    item = {"id": "x", "part": "quality", "rule": "conditions", "conditions": list(conditions)}
    return next(
        row[3] for row in opened(content, items=[item], **rules, parts=["quality"]).claims() if row[0] == "item"
    )


def test_dated_values_and_readings() -> None:
    content = {**content_of([]), "facts": {"a": "6500", "b": "1"}}
    steps = [{"effective_from": "2016", "value": "6000"}, {"effective_from": "2025", "value": "7000"}]
    dated = {"scope": "county", "top": ["a"], "bottom": ["b"], "dated": steps}
    for year, verdict in ((2024, "met"), (2025, "unmet"), (None, "undetermined")):
        assert item_on({**content, "year": year}, dated) == verdict
    readings = {
        "scope": "county",
        "top": ["a"],
        "value": "6000",
        "readings": [{"scope": "county", "top": ["a"], "value": "7000"}],
    }
    assert item_on(content, readings) == "undetermined"


@pytest.mark.parametrize(
    ("large", "larger", "decision", "expected"),
    [
        ("1", None, None, "unmet"),  # a part is over the limit already
        ("0", None, None, "undetermined"),
        ("0", "0", None, "met"),
        ("1", None, "open", "undetermined"),
        ("1", None, "counted", "unmet"),
        ("1", None, "left_out", "met"),
        ("0", None, "open", "undetermined"),
    ],
)
def test_a_sum_known_in_part(large: str, larger: str | None, decision: str | None, expected: str) -> None:
    content = content_of([("60", None)])
    content["sections"] = {
        "columns": [*SECTIONS, "large", "larger"],
        "rows": [[*content["sections"]["rows"][0][:-1], large, larger]],
    }
    doubts = [{"id": "d", "items": ["x"], "where": {"students_below": "100"}, "decision": decision}]
    test = {"scope": "section", "top": ["large", "larger"], "op": "<=", "value": "0"}
    assert item_on(content, test, doubts=doubts if decision else []) == expected


@pytest.mark.parametrize(("about", "coefficient"), [("rural", 0.5), ("city", 0.0), (None, None)])
def test_a_relaxation_that_may_apply(about: str | None, coefficient: float | None) -> None:
    """Of two equal schools one may count twice as many again: if that is unknown, so is the coefficient."""
    content = content_of([("100", "100"), ("100", "100")])
    columns = content["sections"]["columns"]
    columns.append("lent")
    for row, lent in zip(content["sections"]["rows"], ("200", None), strict=True):
        row.append(lent)
        row[columns.index("area_type")] = about if lent else "city"
    rule = {"id": "r", "indicator": "books_per_student", "add": ["lent"], "where": {"area_types": ["rural"]}}
    limits = [{"kind": "each", "stage": "primary", "value": "0.6", "indicators": ["books_per_student"]}]
    found = opened(content, relaxations=[rule], applied=["r"], limits=limits)
    (row,) = (row for row in found.claims() if row[0] == "coefficient")
    assert row[3:] == [coefficient, "undetermined" if coefficient is None else "met"]
    assert found.value(found.sections[0], BOOKS)[0] == (3 if about == "rural" else 1)


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
    rules = [{"decision": "out", "kind": "primary"}] if ruled_out else []
    content = content_of([(students, None)], in_basic_standard=included, in_coefficient=included)
    (section,) = opened(content, inclusion=rules).sections
    assert section.rows[0]["out"] == [reason, reason]


def test_who_counts_reads_the_kind_of_the_row() -> None:
    content = content_of([("60", None)], kind="nine_year", kind_of_row="teaching_point")
    (section,) = opened(content, inclusion=[{"decision": "out", "kind": "teaching_point"}]).sections
    assert section.rows[0]["out"][0] == "left_out_by_standard"


# ---------------------------------------------------------------------------------------------- what is refused


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, list):
        return [p for key, inner in enumerate(value) for p in leaves(inner, (*path, key))]
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
    for i in range(len(county(PUBLISHED)["counties"][0]["claims"])):
        bad = county(PUBLISHED)
        del bad["counties"][0]["claims"][i]
        assert verify.check(bad)


def test_a_changed_rule_is_refused_where_a_standard_is_given() -> None:
    good = county(PUBLISHED)
    rules = copy.deepcopy(good["standard"]["rules"])
    assert verify.check(good, rules) == []
    rules["thresholds"][0]["value"] = "6.1"
    assert verify.check(good, rules)


def test_an_unknown_rule_cannot_be_checked() -> None:
    changes = [{"op": "=>"}, {"rounded_to": "2"}, {"between": "nearest"}, {"instead": [{"when": "1"}]}]
    for change in (*changes, {"classes": ["1"]}, {"indicator": "without a formula"}):
        bad = county(PUBLISHED)
        bad["standard"]["rules"]["thresholds"][0] |= change
        with pytest.raises(verify.CannotCheck):
            verify.check(bad)


@pytest.mark.parametrize("other", [{"where": {"kinds": ["junior"]}}, {"scope": "county"}])
def test_a_reading_about_others_cannot_be_checked(other: dict[str, Any]) -> None:
    test = {"scope": "school", "top": ["books"], "value": "6"}
    with pytest.raises(verify.CannotCheck, match="other schools"):
        item_on(content_of(PUBLISHED), {**test, "readings": [{**test, **other}]})


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


def test_a_file_that_is_not_there_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main([str(tmp_path / "none.json")]) == 2
    out = capsys.readouterr().out
    assert out.startswith("Cannot be checked: ") and "No such file" in out and "JSON" not in out


def test_it_runs_alone(tmp_path: Path) -> None:
    copied, path = tmp_path / "verify.py", tmp_path / "certificate.json"
    copied.write_bytes(FILE.read_bytes())
    path.write_text(changed(), "utf-8")
    run = subprocess.run([sys.executable, "-I", "-S", str(copied), str(path)], capture_output=True, check=False)
    assert run.returncode == 0, run
    path.write_text(changed().replace('"resources", "unmet"]', '"resources", "met"]'), "utf-8")
    run = subprocess.run([sys.executable, "-I", "-S", str(copied), str(path)], capture_output=True, check=False)
    assert run.returncode == 1, run
    run = subprocess.run([sys.executable, "-I", "-S", str(copied)], capture_output=True, check=False)
    assert run.returncode == 2, run


@pytest.mark.parametrize("standard", sorted(p.stem for p in (FILE.parent / "standards" / "data").glob("*.toml")))
def test_the_file_of_a_standard_has_the_rules_of_its_certificate(standard: str) -> None:
    ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=3, conditions=True), standard)
    rules = verify.read_standard(FILE.parent / "standards" / "data" / f"{standard}.toml")
    assert verify.check(ev.certificate(), rules) == []
    other = "cn-js-pukou-2010" if standard != "cn-js-pukou-2010" else "cn-js-wuxi-2014"
    assert verify.check(ev.certificate(), verify.read_standard(FILE.parent / "standards" / "data" / f"{other}.toml"))


def test_a_file_that_extends_another_needs_it_beside(tmp_path: Path) -> None:
    data = FILE.parent / "standards" / "data"
    assert verify.read_standard(data / "cn-gz-majiang-2023.toml")["thresholds"]
    alone = tmp_path / "x.toml"
    alone.write_bytes((data / "cn-gz-majiang-2023.toml").read_bytes())
    with pytest.raises(OSError, match="cn-quality-balance-2017"):
        verify.read_standard(alone)
