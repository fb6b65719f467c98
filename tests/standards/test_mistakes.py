"""Every mistake that a law file can have, and its place; and what is just not a mistake."""

from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest
from custom_standards import custom

import junheng as jh
from junheng.standards.limits import before_parsing, is_extreme, too_large

CITED = {"clause": "第一条", "source": "E", "standing": "confirmed"}
LABEL = {"zh": "项", "en": "item"}


def places(folder: Path, **content: Any) -> list[str]:
    """The places of the mistakes of a standard, in order."""
    try:
        custom(folder, content.pop("thresholds", []), **content)
    except jh.StandardDataError as exc:
        return [problem.rpartition(" @ ")[2] for problem in exc.problems]
    return []


def cited(**entry: Any) -> dict[str, Any]:
    return CITED | entry


def threshold(**changed: Any) -> dict[str, Any]:
    entry = cited(indicator="books_per_student", stage="primary", **changed)
    return {"thresholds": [entry if "classes" in changed or "none" in changed else {"value": 20} | entry]}


def item(*conditions: dict[str, Any], rule: str = "conditions", **changed: Any) -> dict[str, Any]:
    entry = cited(id="one", part="basic_standard", rule=rule, label=LABEL, **changed)
    return {"items": [entry | ({"conditions": list(conditions)} if conditions else {})]}


def condition(**changed: Any) -> dict[str, Any]:
    base = {"scope": "school", "top": ["computers"], "op": ">=", "value": 0} | changed
    return item({k: v for k, v in base.items() if v is not None})


def relaxation(**changed: Any) -> dict[str, Any]:
    base = condition(scope="section")
    return base | {"relaxations": [cited(id="r", label=LABEL, where={"kinds": ["primary"]}, **changed)]}


def split(stage: str, weight: Any) -> dict[str, Any]:
    weights = {"primary": 1, "junior": 1, "senior": 1} | {stage: weight}
    entry = cited(resources=["books"], weights=[{"kind": "twelve_year", **weights}])
    return threshold() | {"split": entry}


def printing(**changed: int) -> dict[str, Any]:
    return threshold() | {"printing": cited(**{"school_value": 2, "county_mean": 2, "coefficient": 3} | changed)}


def limit(value: Any, **more: Any) -> dict[str, Any]:
    return threshold() | {"limits": [cited(kind="each", stage="primary", value=value, **more)]}


def rule(**changed: Any) -> dict[str, Any]:
    return threshold() | {"school_rule": cited(**changed)}


def size(**changed: Any) -> dict[str, Any]:
    return condition(value=None, by_size=[{"classes": [1, 2], "values": [0, 0]} | changed])


def share(**changed: Any) -> dict[str, Any]:
    base = {"scope": "share", "top": ["standard_school"], "bottom": ["schools"], "value": D("0.3")}
    return condition(**base | changed)


SAME = {"scope": "school", "top": ["books"], "value": 1}
INSTEAD = {"where": {"kinds": ["primary"]}, "value": 15}
AT, IT = "$.thresholds[0]", "$.items[0].conditions[0]"
ADDS = {"indicator": "books_per_student", "add": ["books"]}
EASIER = [{"scope": "section", "top": ["computers"], "op": ">=", "value": 1}]
DATED = [cited(effective_from=year, value=1) for year in ("2012", "2013")]
YARDSTICK = cited(where={"kinds": ["primary"]}, tests=[{"scope": "school", "top": ["computers"], "value": 1}])
HINT = cited(test={"scope": "county", "top": ["books"], "op": ">=", "value": 1})
NORM = {"primary": "funds_norm_per_primary_student_cny", "junior": "funds_norm_per_junior_student_cny"}

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": (threshold(), []),
    "a number of 0": (threshold(value=0), []),
    "a number below 0": (threshold(value=D("-0.1")), [f"{AT}.value"]),
    "no number": (threshold(none=1), ["$.thresholds[0]", "$"]),
    "a table from 1 class, of 0": (threshold(classes=[1, 2], values=[0, 0]), []),
    "a table from 0 classes": (threshold(classes=[0, 2], values=[1, 2]), [f"{AT}.classes"]),
    "a size twice": (threshold(classes=[2, 2], values=[1, 2]), [f"{AT}.classes"]),
    "sizes that fall": (threshold(classes=[3, 2], values=[1, 2]), [f"{AT}.classes"]),
    "a size without a number": (threshold(classes=[1, 2], values=[1]), [f"{AT}.values"]),
    "a table with a number below 0": (threshold(classes=[1, 2], values=[-1, 0]), [f"{AT}.value"]),
    "a table and a number": (threshold(classes=[1], values=[1], value=1), [AT]),
    "a floor of 1 %": (threshold(floor_ratio=D("0.01")), []),
    "a floor of 99 %": (threshold(floor_ratio=D("0.99")), []),
    "a floor of 0": (threshold(floor_ratio=0), [f"{AT}.floor_ratio"]),
    "a floor of 1": (threshold(floor_ratio=1), [f"{AT}.floor_ratio"]),
    "another number": (threshold(instead=[INSTEAD]), []),
    "another number of 0": (threshold(instead=[INSTEAD | {"value": 0}]), []),
    "another number below 0": (threshold(instead=[INSTEAD | {"value": -1}]), [f"{AT}.instead[0].value"]),
    "another number beside a floor": (threshold(instead=[INSTEAD], floor_ratio=D("0.5")), [f"{AT}.instead"]),
    "another number beside a table": (threshold(instead=[INSTEAD], classes=[1], values=[1]), [f"{AT}.instead"]),
    "a second row": (threshold(classes=[1, 2], values=[1, 2], readings=[[0, 3]]), []),
    "a short second row": (threshold(classes=[1, 2], values=[1, 2], readings=[[1]]), [f"{AT}.readings[0]"]),
    "a second row below 0": (threshold(classes=[1, 2], values=[1, 2], readings=[[1, -2]]), [f"{AT}.readings[0]"]),
    **{
        f"a number lost {where}, {op}": (
            threshold(classes=[1, 2], values=[1, 2], op=op, **{where: "some"}),
            [] if op in (">=", ">") else [f"{AT}.op"],
        )
        for where in ("between", "below", "above")
        for op in (">=", ">", "<=", "<", "==")
    },
    "a small limit": (limit(D("0.001")), []),
    "a limit of 0": (limit(0), ["$.limits[0].value"]),
    "all": (rule(kind="all"), []),
    "all of some": (rule(kind="all", k=1), ["$.school_rule.k"]),
    "at least one": (rule(kind="at_least", k=1, floor_ratio=D("0.5")), []),
    "at least none": (rule(kind="at_least", k=0), ["$.school_rule.k"]),
    "at least some": (rule(kind="at_least"), ["$.school_rule.k"]),
    "at least two of one": (rule(kind="at_least", k=2), ["$.school_rule.k"]),
    "a rule with a floor of 1": (rule(kind="at_least", k=1, floor_ratio=1), ["$.school_rule.floor_ratio"]),
    **{
        f"a weight of {weight} ({stage})": (split(stage, weight), [] if fine else [f"$.split.weights[0].{stage}"])
        for stage in ("primary", "junior", "senior")
        for weight, fine in (
            (D("0.001"), True), (D("0.0009"), False), (1000, True), (D("1000.1"), False), (0, False), (-1, False),
            (D("1.123456"), True), (D("1.1234567"), False),
        )
    },
    "nothing is divided": (
        threshold() | {"split": cited(resources=[], weights=[])},
        ["$.split.resources", "$.split.weights"],
    ),
    **{
        f"{n} decimals of {name}": (printing(**{name: n}), [] if fine else [f"$.printing.{name}"])
        for name in ("school_value", "county_mean", "coefficient")
        for n, fine in ((0, True), (15, True), (-1, False), (16, False))
    },
    "an item without conditions": (item(), ["$.items[0]"]),
    "an item on schools with conditions": (
        condition() | item(EASIER[0], rule="every_school_complies"), ["$.items[0]"],
    ),
    "an item on coefficients without a limit": (item(rule="each_coefficient"), ["$.items[0].rule"]),
    "an item on coefficients with another limit": (
        limit(1) | item(rule="composite_coefficient"), ["$.items[0].rule"],
    ),
    "an item on coefficients with its limit": (limit(1) | item(rule="each_coefficient"), []),
    "an item on schools without a rule": (
        threshold() | item(rule="every_school_complies"), ["$.items[0].rule"],
    ),
    "an item on schools without thresholds": (item(rule="every_school_complies"), []),
    "an item of a part that is not there": (item(EASIER[0]) | {"parts": ["quality"]}, ["$.items[0].part"]),
    "nothing to judge": ({}, ["$"]),
    "a relaxation of an indicator": (threshold() | relaxation(**ADDS), []),
    "a relaxation of an item": (relaxation(item="one", conditions=EASIER), []),
    "a relaxation of both": (
        threshold() | relaxation(**ADDS, item="one", conditions=EASIER), ["$.relaxations[0]"],
    ),
    "a relaxation of nothing": (relaxation(), ["$.relaxations[0]"]),
    "a relaxation that adds nothing": (
        threshold() | relaxation(indicator="books_per_student"), ["$.relaxations[0].add"],
    ),
    "a relaxation without conditions": (relaxation(item="one"), ["$.relaxations[0].conditions"]),
    "a relaxation of an indicator that is not there": (relaxation(**ADDS), ["$.relaxations[0].indicator"]),
    "a relaxation of an item that is not there": (relaxation(item="two", conditions=EASIER), ["$.relaxations[0].item"]),
    "a relaxation of more conditions than there are": (
        relaxation(item="one", conditions=EASIER * 2), ["$.relaxations[0].conditions"],
    ),
    "a relaxation of another scope": (
        relaxation(item="one", conditions=[EASIER[0] | {"scope": "school"}]), ["$.relaxations[0].conditions"],
    ),
    "a relaxation of a day": (
        relaxation(item="one", conditions=EASIER, effective_from="2019", effective_to="2019"), [],
    ),
    "a relaxation that ends first": (
        relaxation(item="one", conditions=EASIER, effective_from="2019", effective_to="2018"),
        ["$.relaxations[0].effective_to"],
    ),
    "no date": (threshold() | {"effective_from": "2019-1"}, ["$.effective_from"]),
    "no date of issue": (threshold() | {"issued": "2019-1"}, ["$.issued"]),
    "no last date": (threshold() | {"effective_to": "2019-01-01-01"}, ["$.effective_to"]),
    **{
        f"from {begin} to {end}": (
            threshold() | {"effective_from": begin, "effective_to": end}, [] if fine else ["$.effective_to"],
        )
        for begin, end, fine in (
            ("2019-05-02", "2019-05", True), ("2019-05", "2019", True), ("2019", "2019-01", True),
            ("2019-05-02", "2019-04", False), ("2019", "2018-12-31", False), ("2019-05-02", "2019-05-01", False),
        )
    },
    "a relaxation that is not there": (threshold() | {"applied": ["r"]}, ["$.applied"]),
    "a doubt on an item that is not there": (
        condition() | {"doubts": [cited(id="d", label=LABEL, items=["one", "two"], where={})]}, ["$.doubts[0].items"],
    ),
    "a second source that is not there": (threshold(also=["F"]), [f"{AT}.also"]),
    "a source that is not there": (threshold(source="F"), [f"{AT}.source"]),
    "a standing beyond its source": (
        threshold() | {"sources": {"E": {"title": "示例", "kind": "memory"}}}, [f"{AT}.standing"],
    ),
    "another number for what is and is not meant": (
        threshold(instead=[INSTEAD | {"where": {"kinds": ["primary"], "not_kinds": ["primary"]}}]),
        [f"{AT}.instead[0].where.not_kinds"],
    ),
    "no clause": (threshold(clause=" "), [f"{AT}.clause"]),
    # conditions
    "a condition": (condition(), []),
    "a condition on nothing": (condition(top=[]), [f"{IT}.top"]),
    "a figure of the county asked of schools": (condition(top=["layout_plan"]), [f"{IT}.top"]),
    "a figure of schools asked of the county": (
        condition(scope="county", than=["books"], value=None), [f"{IT}.top", f"{IT}.than"]),
    "two requirements": (condition(than=["books"]), [IT]),
    "no requirement": (condition(value=None), [IT]),
    "a scored item with a requirement": (item(EASIER[0], rule="scored"), [IT]),
    "a denominator taken off from none": (condition(bottom_minus=["classes"]), [f"{IT}.bottom_minus"]),
    "a filter of the county": (
        condition(scope="county", top=["layout_plan"], where={"kinds": ["primary"]}), [f"{IT}.where"],
    ),
    "a number for each stage of sections": (condition(scope="section", value=None, primary=1), []),
    "a number for each stage of schools": (condition(value=None, junior=1), [IT]),
    "one for each class": (condition(value=None, per_classes=1), []),
    "one for no class": (condition(value=None, per_classes=0), [f"{IT}.per_classes"]),
    "one for each class of the county": (condition(scope="sum", value=None, per_classes=1), [IT]),
    "a sum against another": (condition(scope="sum", value=None, than=["books"]), [IT]),
    "a school's figure against another": (condition(value=None, than=["books"]), []),
    "steps": (condition(value=None, dated=DATED), []),
    "a step twice": (
        condition(value=None, dated=[DATED[0], DATED[0] | {"value": 2}]), [f"{IT}.dated"],
    ),
    "a step without a clause": (
        condition(value=None, dated=[DATED[0] | {"clause": ""}]), [f"{IT}.dated[0].clause"],
    ),
    "a step of no date": (
        condition(value=None, dated=[DATED[0] | {"effective_from": "12"}]), [f"{IT}.dated[0].effective_from"],
    ),
    "by size": (size(), []),
    "by size of sections": (condition(scope="section", value=None, by_size=[{"classes": [1], "values": [1]}]), []),
    "by size, from 0 classes": (size(classes=[0, 1]), [f"{IT}.by_size[0].classes"]),
    "by size, twice": (size(classes=[1, 1]), [f"{IT}.by_size[0].classes"]),
    "by size, a number short": (size(values=[1]), [f"{IT}.by_size[0].values"]),
    "by size, below 0": (size(values=[1, -1]), [f"{IT}.by_size[0].values"]),
    "by size, of nothing": (size(classes=[], values=[]), [f"{IT}.by_size[0].classes"]),
    **{
        f"by size, a number lost {where}": (size(**{where: "some"}), [f"{IT}.by_size[0]"])
        for where in ("between", "below", "above")
    },
    "a norm": (condition(value=None, norm=NORM), []),
    "a norm, once": (condition(value=None, norm=NORM | {"times": 1}), []),
    "a norm, never": (condition(value=None, norm=NORM | {"times": 0}), [f"{IT}.norm.times"]),
    "a norm of stages": (condition(scope="section", value=None, norm=NORM), []),
    "a norm of sums": (condition(scope="sum", value=None, norm=NORM), [f"{IT}.norm"]),
    "a norm that is no fact": (condition(value=None, norm=NORM | {"primary": "books"}), [f"{IT}.norm.primary"]),
    "unless no book": (condition(unless_no=["books"]), [f"{IT}.unless_no"]),
    "the same of sums": (
        condition(scope="sum", same_as=[{"scope": "sum", "top": ["books"], "value": 1}]), [f"{IT}.same_as"],
    ),
    "the same of sections": (
        condition(same_as=[{"scope": "section", "top": ["books"], "value": 1}]), [f"{IT}.same_as[0].scope"],
    ),
    "a second reading of nothing": (
        condition(readings=[{"scope": "school", "top": ["books"]}]), [f"{IT}.readings[0]"],
    ),
    # a share of schools
    "a share": (share(), []),
    "a share of a number": (share(top=["books"]), [f"{IT}.top"]),
    "a share of two": (share(top=["standard_school", "school_network"]), [f"{IT}.top"]),
    "a share of students": (share(bottom=["students"]), [IT]),
    "a share, equal to": (share(op="=="), [f"{IT}.op"]),
    "a share of unknown size": (share(value=None), [IT, IT]),
    "a share chosen by nobody": (share(value=None, one_of=[D("0.3"), D("0.4")]), [f"{IT}.one_of"]),
    "a share chosen from nothing": (share(chosen_by="standard_school_share_target"), [f"{IT}.one_of"]),
    "a share chosen by no fact": (
        share(value=None, one_of=[D("0.3"), D("0.4")], chosen_by="books"), [f"{IT}.chosen_by"],
    ),
    "a yardstick": (share(yardsticks=[YARDSTICK]), []),
    "a yardstick without tests": (share(yardsticks=[YARDSTICK | {"tests": []}]), [f"{IT}.yardsticks[0].tests"]),
    "a yardstick of no clause": (share(yardsticks=[YARDSTICK | {"clause": " "}]), [f"{IT}.yardsticks[0].clause"]),
    "a yardstick of sections": (
        share(yardsticks=[YARDSTICK | {"tests": [YARDSTICK["tests"][0] | {"scope": "section"}]}]),
        [f"{IT}.yardsticks[0].tests[0]"],
    ),
    "a yardstick with a filter in a test": (
        share(yardsticks=[YARDSTICK | {"tests": [YARDSTICK["tests"][0] | {"where": {"kinds": ["primary"]}}]}]),
        [f"{IT}.yardsticks[0].tests[0]"],
    ),
    "a flag that is and is not": (
        condition(where={"flags": ["boarding"], "not_flags": ["boarding"]}), [f"{IT}.where.not_flags"],
    ),
    "a table twice": (
        condition(value=None, by_size=[{"classes": [1], "values": [1]}] * 2), [f"{IT}.by_size[1]"],
    ),
    "a second row twice": (
        threshold(classes=[1, 2], values=[1, 2], readings=[[1, 3], [1, 3]]), [f"{AT}.readings[1]"],
    ),
    "a reading twice": (
        condition(readings=[SAME, dict(reversed(SAME.items()))]),
        [f"{IT}.readings[1]"],
    ),
    "an equal figure twice": (condition(same_as=[SAME, SAME]), [f"{IT}.same_as[1]"]),
    "a yardstick twice": (share(yardsticks=[YARDSTICK] * 2), [f"{IT}.yardsticks[1]"]),
    "a test of a yardstick twice": (
        share(yardsticks=[YARDSTICK | {"tests": YARDSTICK["tests"] * 2}]), [f"{IT}.yardsticks[0].tests[1]"],
    ),
    "another number twice": (threshold(instead=[INSTEAD] * 2), [f"{AT}.instead[1]"]),
    "a hint about a column": (item(SAME | {"op": ">="}, hints=[HINT]), ["$.items[0].hints[0].test.top"]),
    "a yardstick of schools": (condition(yardsticks=[YARDSTICK]), [f"{IT}.yardsticks"]),
    "one of several, of schools": (condition(value=None, one_of=[1, 2]), [f"{IT}.one_of"]),
    "chosen, of schools": (condition(chosen_by="standard_school_share_target"), [f"{IT}.chosen_by"]),
}  # fmt: skip


@pytest.mark.parametrize("what", CASES)
def test_a_mistake_is_told_with_its_place_and_nothing_else(tmp_path: Path, what: str) -> None:
    content, wanted = CASES[what]
    assert places(tmp_path, **content) == wanted


WAYS = "'value', 'primary'/'junior', 'than', 'per_classes', 'by_size', 'dated', 'norm'"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (condition(scope="county", top=["books"]), f"'books' is not a fact about the county @ {IT}.top"),
        (condition(top=["layout_plan"]), f"'layout_plan' is not a column of schools @ {IT}.top"),
        (condition(value=None), f"requires exactly one of {WAYS} @ {IT}"),
        (item(EASIER[0], rule="scored"), f"a condition of a scored item must not have a requirement @ {IT}"),
    ],
)
def test_of_two_mistakes_at_one_place_the_right_one_is_told(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(jh.StandardDataError) as caught:
        custom(tmp_path, [], **content)
    assert list(caught.value.problems) == [said]


def test_after_two_hundred_mistakes_the_rest_is_not_read(tmp_path: Path) -> None:
    wrong = [cited(indicator="books_per_student", stage=f"none {i}", value=1) for i in range(300)]
    with pytest.raises(jh.StandardDataError) as caught:
        custom(tmp_path, wrong)
    *told, so_many, not_all = caught.value.problems
    assert len(told) == 200 and so_many.startswith("200 mistakes; the rest was not read") and not_all.endswith("@ $")


def test_a_part_that_cannot_be_read_is_not_missing_too(tmp_path: Path) -> None:
    text = """id = "x"\nlabel = { zh = "一", en = "a" }\ndocument = "d"\nnumber = "1"\njurisdiction = "CN"
last_checked_on = "2026-01-01"\nparts = 5\nindicators = ["books_per_student"]\n"""
    path = tmp_path / "x.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(jh.StandardDataError) as caught:
        jh.load_standard(path)
    assert [problem.rpartition(" @ ")[2] for problem in caught.value.problems] == [
        "$.parts",
        "$",
    ]  # not checked as a whole


@pytest.mark.parametrize("key", ["document", "number", "jurisdiction", "parts", "id", "label", "last_checked_on"])
def test_a_standard_without_a_name_or_a_part_is_refused(tmp_path: Path, key: str) -> None:
    text = """id = "x"\nlabel = { zh = "一", en = "a" }\ndocument = "d"\nnumber = "1"\njurisdiction = "CN"
last_checked_on = "2026-01-01"\nparts = ["quality"]\nindicators = ["books_per_student"]\n"""
    path = tmp_path / "x.toml"
    path.write_text(text, encoding="utf-8")
    assert jh.load_standard(path).issued is None  # the date of issue may not have been read
    path.write_text("\n".join(x for x in text.splitlines() if not x.startswith(key)), encoding="utf-8")
    with pytest.raises(jh.StandardDataError) as caught:
        jh.load_standard(path)
    assert caught.value.problems[0] == f"{key!r} is missing @ $.{key}"


# ------------------------------------------------------------------------------------------- how large a file may be


@pytest.mark.parametrize(
    ("most", "more"),
    [
        ("a = " + "[" * 24 + "]" * 24, "a = " + "[" * 25 + "]" * 25),
        ("a = " + "{X = " * 24 + "1" + "}" * 24, "a = " + "{X = " * 25 + "1" + "}" * 25),
        (".".join("X" * 16) + " = 1", ".".join("X" * 17) + " = 1"),
        ("a = [" + ", ".join(["1.5"] * 30) + "]", ".".join("X" * 17) + " = 1"),
        ("X" * 100 + " = 1", "X" * 101 + " = 1"),
        ("a = '" + "b" * 101 + "' # " + "c" * 101 + " " * 101, "a = " + "1" * 101),
        ('a = """' + "b" * 101 + '"""\n' + "a.b = 1\n" * 20, 'a = """\n\n"""\n' + "X" * 101),
        ("]" * 30 + "[" * 24, "]" * 30 + "[" * 25),
        ("a = 1\n" + ".".join("X" * 16), "a = 1\n" + ".".join("X" * 17)),
        ("a = [1, " + ".".join("X" * 16), "a = [1, " + ".".join("X" * 17)),
        ("a.b = " + ".".join("X" * 16), "a.b = " + ".".join("X" * 17)),
    ],
)
def test_what_is_given_to_the_parser_is_bounded(most: str, more: str) -> None:
    assert before_parsing(most) is None
    assert before_parsing(more) is not None


@pytest.mark.parametrize(
    ("text", "line"), [("a" * 101, 1), ("b = 1\n\n" + "a" * 101, 3), ("'''\n\n'''\n" + "[" * 25, 4)]
)
def test_the_line_that_is_too_much_is_named(text: str, line: int) -> None:
    assert f"line {line}" in before_parsing(text).text("en")


@pytest.mark.parametrize(
    ("number", "extreme"),
    [
        ("9" * 30, False), ("9" * 31, True), ("1e29", False), ("1e30", True), ("1e-30", False), ("1e-31", True),
        ("0." + "1" * 30, False), ("-1e29", False), ("Infinity", True), ("NaN", True), ("0", False), ("12.5", False),
    ],
)  # fmt: skip
def test_numbers_have_thirty_digits_on_either_side_at_most(number: str, extreme: bool) -> None:
    assert is_extreme(D(number)) == extreme


def test_lists_and_tables_have_a_thousand_entries_at_most() -> None:
    fine, many = [1] * 1000, [1] * 1001
    assert too_large({"a": fine, "b": {"c": [fine]}}) == []
    told = [
        m.text("en")
        for m in too_large({"a": many, "b": {"c": [fine, many]}, "d": dict.fromkeys(map(str, range(1001)), 1)})
    ]
    assert [x.rpartition(" @ ")[2] for x in told] == ["$.d", "$.b.c[1]", "$.a"] and all("1001" in x for x in told)
