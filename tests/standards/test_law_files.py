"""Law files that name a thing twice are refused: it would count twice, or hide what was meant."""

import re
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import attrs
import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

import junheng as jh
from junheng.standards.file import File
from junheng.standards.model import Condition, Item, Relaxation, Threshold

SHIPPED = {
    p.name.removesuffix(".toml"): tomllib.loads(p.read_text(encoding="utf-8"), parse_float=Decimal)
    for p in files("junheng").joinpath("standards/data").iterdir()
    if p.name.endswith(".toml")
}
NATION = SHIPPED["cn-quality-balance-2017"]
CITED = {"clause": "一", "source": "S1", "standing": "recalled"}
LABEL = {"zh": "本省", "en": "Mine"}
CHILD = {"id": "mine", "extends": "cn-quality-balance-2017", "last_checked_on": "2026-11-27", "label": LABEL}
#: What a sentence about a law file may name: keys of a file, and the values that a key has.
KEYS = {a.name for cls in (File, Threshold, Item, Condition, Relaxation) for a in attrs.fields(cls)}
KEYS |= {"primary", "junior", "scored", "share", "county", "schools"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("law")


def refused(folder: Path, content: dict[str, Any]) -> list[str]:
    path = folder / "mine.toml"
    path.write_text(tomli_w.dumps(content), encoding="utf-8")
    with pytest.raises(jh.StandardDataError) as caught:
        jh.load_standard(path)
    return list(caught.value.problems)


def lists(value: Any, place: str = "$") -> Iterator[tuple[str, list[Any]]]:
    """Return every list of a file in which a name may stand, with its place."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from lists(inner, f"{place}.{key}")
    elif isinstance(value, list) and value:
        if not isinstance(value[0], int | Decimal) and "relaxations" not in place:
            yield place, value
        for i, inner in enumerate(value):
            yield from lists(inner, f"{place}[{i}]")


@pytest.mark.parametrize("standard", SHIPPED)
@given(data=st.data())
def test_whatever_a_shipped_file_names_it_may_not_name_twice(folder: Path, standard: str, data: st.DataObject) -> None:
    content = deepcopy(SHIPPED[standard])
    place, drawn = data.draw(st.sampled_from(list(lists(content))))
    which = data.draw(st.integers(0, len(drawn) - 1))
    drawn.append(deepcopy(drawn[which]))
    problems = refused(folder, content)
    assert any(f"{place}[{which}]" in p and p.endswith(f"@ {place}[{len(drawn) - 1}]") for p in problems), problems


def item(id_: str, **changed: Any) -> dict[str, Any]:
    condition = {"scope": "sum", "top": ["students"], "value": 1}
    item = {"id": id_, "part": "government", "rule": "conditions", "label": LABEL, "conditions": [condition], **CITED}
    return item | changed


def with_condition(**changed: Any) -> dict[str, Any]:
    condition = {"scope": "sum", "top": ["students"], "value": 1}
    return {"items": [item("own", conditions=[condition | changed])]}


RELAXED = {"id": "r", "label": LABEL, "where": {"kinds": ["primary"]}, **CITED}
LIMIT = {"kind": "each", "stage": "primary", "value": Decimal("0.4"), **CITED}
WEIGHTS = {"kind": "nine_year", "primary": 1, "junior": Decimal("1.1")}
AT = "$.items[0].conditions[0]"

#: What a province may write, and the places that must be named.
TWICE: dict[str, tuple[dict[str, Any], set[str]]] = {
    "an indicator": ({"indicators": [*NATION["indicators"], NATION["indicators"][0]]}, {"$.indicators[7]"}),
    "a part": ({"parts": [*NATION["parts"], NATION["parts"][1]]}, {"$.parts[4]"}),
    "a limit's indicator": (
        {"limits": [LIMIT | {"indicators": ["books_per_student"] * 2}]},
        {"$.limits[0].indicators[1]"},
    ),
    # what a limit is about does not make it another: a stage has one limit of a kind
    "a limit by another list": (
        {
            "limits": [
                LIMIT | {"indicators": ["sports_area_per_student"]},
                LIMIT | {"indicators": ["sports_area_per_student", "teaching_area_per_student"]},
            ]
        },
        {"$.limits[1]"},
    ),
    "a threshold": (
        {"thresholds": [{"indicator": "books_per_student", "stage": "primary", "value": v, **CITED} for v in (20, 15)]},
        {"$.thresholds[1]"},
    ),
    "a resource that is divided": (
        {"split": {"resources": ["books", "books"], "weights": [WEIGHTS], **CITED}},
        {"$.split.resources[1]"},
    ),
    "a kind of school that is divided": (
        {"split": {"resources": ["books"], "weights": [WEIGHTS, WEIGHTS | {"junior": Decimal("1.2")}], **CITED}},
        {"$.split.weights[1]"},
    ),
    "a kind that is left out": (
        {"inclusion": [{"kind": "special", "decision": d, **CITED} for d in ("out", "ask")]},
        {"$.inclusion[1]"},
    ),
    "an item": ({"items": [item("own"), item("own", part="quality")]}, {"$.items[1]"}),
    "the number of an item": ({"items": [item("own", number=99), item("other", number=99)]}, {"$.items[1].number"}),
    "a figure that is counted": (with_condition(top=["students", "students"]), {f"{AT}.top[1]"}),
    "a figure that is taken off": (with_condition(top_minus=["classes", "classes"]), {f"{AT}.top_minus[1]"}),
    "a figure that is counted and taken off": (with_condition(top_minus=["students"]), {f"{AT}.top_minus"}),
    "a figure below": (with_condition(bottom=["classes"] * 2), {f"{AT}.bottom[1]"}),
    "a figure below that is taken off": (
        with_condition(bottom=["classes"], bottom_minus=["classes"]),
        {f"{AT}.bottom_minus"},
    ),
    "a stage": (with_condition(where={"stages": ["primary", "primary"]}), {f"{AT}.where.stages[1]"}),
    "a kind": (with_condition(where={"kinds": ["primary", "primary"]}), {f"{AT}.where.kinds[1]"}),
    "a kind that is and is not meant": (
        with_condition(where={"kinds": ["primary"], "not_kinds": ["primary"]}),
        {f"{AT}.where.not_kinds"},
    ),
    "an area": (with_condition(where={"area_types": ["rural", "rural"]}), {f"{AT}.where.area_types[1]"}),
    "a condition": (
        {"items": [item("own", conditions=[{"scope": "sum", "top": ["students"], "value": 1}] * 2)]},
        {"$.items[0].conditions[1]"},
    ),
    "a relaxation": (
        {"relaxations": [RELAXED | {"indicator": "sports_area_per_student", "add": ["books"]}] * 2},
        {"$.relaxations[1]"},
    ),
    "a column that a relaxation adds": (
        {"relaxations": [RELAXED | {"indicator": "sports_area_per_student", "add": ["books", "books"]}]},
        {"$.relaxations[0].add[1]"},
    ),
    "an entry that is removed": (
        {"remove": [{"table": "limits", "kind": "each", "stage": "primary"}] * 2},
        {"$.remove[1]"},
    ),
}


@pytest.mark.parametrize("what", TWICE)
def test_a_file_that_extends_another_may_not_name_a_thing_twice(folder: Path, what: str) -> None:
    content, places = TWICE[what]
    assert {p.rsplit(" @ ", 1)[1] for p in refused(folder, CHILD | content)} == places


def test_the_number_of_an_inherited_item_is_taken_unless_that_is_replaced_or_removed(folder: Path) -> None:
    there = next(i for i in jh.load_standard("cn-quality-balance-2017").items if i.number is not None)
    own = item("own", part=there.part, number=there.number)
    (problem,) = refused(folder, CHILD | {"items": [own]})
    assert repr(there.id) in problem and problem.endswith("@ $.items[0].number")
    for changed in (
        {"items": [own], "remove": [{"table": "items", "id": there.id}]},
        {"items": [own | {"id": there.id}]},
    ):
        path = folder / "mine.toml"
        path.write_text(tomli_w.dumps(CHILD | changed), encoding="utf-8")
        assert jh.load_standard(path).id == "mine"


def test_other_mistakes_hide_none_of_it(folder: Path) -> None:
    """A list with a word that is unknown, and an entry that lacks its source, are told with what is named twice."""
    found = refused(
        folder,
        CHILD
        | {
            "indicators": ["teaching_area_per_pupil", "books_per_student", "books_per_student"],
            "split": {"resources": ["book"], "weights": [WEIGHTS | {"junior": "1.1"}, WEIGHTS], **CITED},
            "limits": [{k: v for k, v in LIMIT.items() if k != "source"} | {"indicators": ["books_per_student"] * 2}],
            "school_rule": {"kind": "at_least", "k": 0, **CITED},
        },
    )
    assert {p.rsplit(" @ ", 1)[1] for p in found} >= {
        "$.indicators[0]",
        "$.indicators[2]",
        "$.split.resources[0]",
        "$.split.weights[0].junior",
        "$.split.weights[1]",
        "$.limits[0].source",
        "$.limits[0].indicators[1]",
        "$.school_rule.k",
    }


def test_what_a_relaxation_puts_in_place_of_conditions_may_be_alike(folder: Path) -> None:
    """They stand for the conditions of the item one by one."""
    alike = [{"scope": "section", "top": ["students"], "op": "<=", "value": 3000}] * 2
    conditions = [{"scope": "section", "top": ["students"], "op": "<=", "value": v} for v in (2000, 2400)]
    content = CHILD | {
        "items": [item("own", conditions=conditions)],
        "relaxations": [RELAXED | {"item": "own", "conditions": alike}],
    }
    path = folder / "mine.toml"
    path.write_text(tomli_w.dumps(content), encoding="utf-8")
    assert len(jh.load_standard(path).relaxations[-1].conditions) == 2


def test_weights_have_six_decimals_at_most(folder: Path) -> None:
    """More would not be whole numbers that a share can be made of exactly."""
    split = {"resources": ["books"], "weights": [WEIGHTS | {"junior": Decimal("1.1000001")}], **CITED}
    (problem,) = refused(folder, CHILD | {"split": split})
    assert problem == "must have at most six decimals @ $.split.weights[0].junior"


FILTERS = [
    ({"kinds": ["primry"]}, "unknown kind of school 'primry'; did you mean primary?", ".kinds[0]"),
    ({"not_kinds": ["primary", "nine_years"]}, "did you mean nine_year?", ".not_kinds[1]"),
    ({"area_types": ["rurals"]}, "unknown type of area 'rurals'; did you mean rural?", ".area_types[0]"),
    ({"ownership": "publik"}, "unknown ownership 'publik'; did you mean public?", ".ownership"),
]


@pytest.mark.parametrize(("where", "said", "within"), FILTERS)
def test_a_misspelt_word_is_refused_wherever_units_are_chosen(
    folder: Path, where: dict[str, Any], said: str, within: str
) -> None:
    """Else it would match no unit, and say nothing."""
    number = {"indicator": "books_per_student", "stage": "primary", "value": 20, **CITED}
    doubt = {"id": "d", "label": LABEL, "items": ["coefficients"], "where": where, **CITED}
    chosen = {
        f"{AT}.where": with_condition(where=where),
        "$.thresholds[0].instead[0].where": {"thresholds": [number | {"instead": [{"value": 15, "where": where}]}]},
        "$.relaxations[0].where": {
            "relaxations": [RELAXED | {"indicator": "sports_area_per_student", "add": ["books"], "where": where}]
        },
        "$.doubts[0].where": {"doubts": [doubt]},
    }
    for place, content in chosen.items():
        problem, note = refused(folder, CHILD | content)
        assert said in problem and problem.endswith(f"@ {place}{within}")
        assert note.startswith("parts that could not be read were not checked")


def test_a_misspelt_unit_is_not_left_out_in_silence(folder: Path) -> None:
    rules = [{"kind": "speciel", "decision": "out", **CITED}, {"ownership": "privat", "decision": "ask", **CITED}]
    kind, ownership, _ = refused(folder, CHILD | {"inclusion": rules})
    assert kind.endswith("did you mean special? @ $.inclusion[0].kind")
    assert ownership.endswith("did you mean private? @ $.inclusion[1].ownership")


def test_a_unit_cannot_be_meant_and_left_out_at_once(folder: Path) -> None:
    where = {"kinds": ["primary"], "not_kinds": ["primary"]}
    number = {"indicator": "books_per_student", "stage": "primary", "value": 20, **CITED}
    doubt = {"id": "d", "label": LABEL, "items": ["coefficients"], "where": where, **CITED}
    content = {"thresholds": [number | {"instead": [{"value": 15, "where": where}]}], "doubts": [doubt]}
    places = {p.rsplit(" @ ", 1)[1] for p in refused(folder, CHILD | content)}
    assert places == {"$.thresholds[0].instead[0].where.not_kinds", "$.doubts[0].where.not_kinds"}


def test_what_can_be_read_is_checked_and_what_cannot_is_said_to_be_open(folder: Path) -> None:
    """An entry that cannot be read hides no mistake of another, and takes no source or number with it."""
    item_ = item("own", rule="condition", number=1)
    content = {
        "sources": {"S1": {"title": 5}, "S2": {"title": "二"}},
        "thresholds": [
            {"indicator": "books_per_student", "stage": "primary", "value": "20", **CITED, "source": "nowhere"},
            {"indicator": "books_per_student", "stage": "junior", "value": -1, **CITED},
        ],
        "items": [item_, item("other", clause=" "), item("other")],
        "remove": [{"table": "limit"}, {"table": "limits", "kind": "each", "stage": "senior"}],
    }
    problems = refused(folder, CHILD | content)
    assert {p.rsplit(" @ ", 1)[1] for p in problems[:-1]} == {
        "$.sources['S1'].title",
        "$.thresholds[0].value",  # its source is not looked up: the entry was not read
        "$.thresholds[1].value",
        "$.items[0].rule",
        "$.items[1].clause",
        "$.items[2]",
        "$.remove[0].table",
        "$.remove[1]",
    }
    assert "duplicate of $.items[1]; remove one @ $.items[2]" in problems
    assert problems[-1].startswith("parts that could not be read were not checked")


def test_mistakes_are_told_in_chinese_without_english_words(folder: Path) -> None:
    condition = {"scope": "county", "top": ["layout_plan"], "op": "==", "value": 1}
    threshold = {"indicator": "books_per_student", "stage": "primary", **CITED}
    content = {
        "thresholds": [threshold | {"value": -1}, threshold | {"value": 1, "source": "nowhere"}],
        "items": [
            item("a", conditions=[condition | {"top": ["books"]}, condition | {"scope": "share", "per_classes": 2}]),
            item("b", part="quality", clause=" "),
        ],
        "relaxations": [
            {"id": "r", "label": LABEL, "where": {"kinds": ["primary"], "not_kinds": ["primary"]}, **CITED}
        ],
        "remove": [{"table": "items", "id": "nothing"}],
        "effective_from": "soon",
    }
    unread = {"parts": "quality", "note": 5, "sources": {"S1": {"titel": "一"}}, "printng": 1}
    for own in (content, unread, {"extends": "cn-quality"}, {"extends": "mine.toml"}):
        path = folder / "mine.toml"
        path.write_text(tomli_w.dumps(CHILD | own), encoding="utf-8")
        with pytest.raises(jh.StandardDataError) as caught:
            jh.load_standard(path)
        head, *lines = caught.value.text("zh").splitlines()
        assert head.endswith("处错误：") and len(lines) == len(caught.value.problems)
        for line in lines:
            # quotation marks, paths and places hold what stands in the file; else only keys of a file are named
            left = re.sub(
                r"“[^”]*”|^ *\$[^：]*|cn-[a-z]+-[a-z-]+-\d+|(/mine)?\.toml", "", line.replace(str(folder), "")
            )
            assert re.search("[\u4e00-\u9fff]", left) and set(re.findall("[A-Za-z_]{2,}", left)) <= KEYS, line
    with pytest.raises(jh.InputError) as refusal:
        jh.load_standard("cn-quality-balance-2017").threshold("teaching_area_per_pupil", stage="primary")
    assert refusal.value.text("zh").startswith(
        "cn-quality-balance-2017未规定小学“teaching_area_per_pupil”的标准；是否指teaching_area_per_student"
    )


def test_a_relaxation_asked_for_twice_is_applied_once() -> None:
    std = next(s for s in map(jh.load_standard, SHIPPED) if s.relaxations)
    name = std.relaxations[0].id
    assert std.with_options(relaxations=[name, name]) == std.with_options(relaxations=[name])
