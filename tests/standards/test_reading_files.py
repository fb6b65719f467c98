"""Files are read whole or refused: what is told of one that cannot be read, and which numbers hold."""

import hashlib
from decimal import Decimal as D
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import attrs
import pytest
import tomli_w
from small_tables import QUALITY, SHANDONG

import junheng as jh
from junheng._data import read_toml
from junheng.standards.limits import MOST_BYTES
from junheng.standards.model import Filter, Instead, Label, Standing, Threshold
from junheng.standards.terms import OwnerType

CITED: dict[str, Any] = {"clause": "c", "source": "E", "standing": "recalled"}


def cited(**entry: Any) -> dict[str, Any]:
    return CITED | entry


HEAD = """id = "x"
label = { zh = "一", en = "a" }
last_checked_on = "2026-01-01"
"""
OWN = (
    HEAD
    + 'document = "d"\nnumber = "1"\njurisdiction = "CN"\nparts = ["quality"]\nindicators = ["books_per_student"]\n'
)


def problems(path: Path, content: str | bytes) -> list[str]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(jh.StandardDataError) as caught:
        jh.load_standard(path)
    return list(caught.value.problems)


def test_what_is_no_toml_is_told_with_its_line_and_column(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path / "x.toml", OWN + "\na = = 1\n")
    assert "line 10" in problem and "column 5" in problem
    (problem,) = problems(tmp_path / "x.toml", OWN + "a = 2026-02-30\n")
    assert "line 9" in problem


def test_bytes_and_ends_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    (problem,) = problems(path, OWN.encode() + b"# \xff\n")
    assert "UTF-8" in problem
    path.write_bytes(b"\xef\xbb\xbf" + OWN.replace("\n", "\r\n").encode())
    assert jh.load_standard(path).document == "d"
    fill = "#" * (MOST_BYTES - len(OWN.encode()))
    path.write_text(OWN + fill, encoding="utf-8")
    assert jh.load_standard(path).document == "d"
    (problem,) = problems(path, OWN + fill + "#")
    assert str(MOST_BYTES) in problem.replace(" ", "").replace(",", "")


def test_twenty_files_may_extend_each_other(tmp_path: Path) -> None:
    for i in range(21):
        above = QUALITY if i == 20 else f"{i + 1}.toml"
        text = HEAD.replace('"x"', f'"x{i}"') + f'extends = "{above}"\n'
        (tmp_path / f"{i}.toml").write_text(text, encoding="utf-8")
    assert jh.load_standard(tmp_path / "1.toml").number == jh.load_standard(QUALITY).number
    with pytest.raises(jh.StandardDataError, match="20"):
        jh.load_standard(tmp_path / "0.toml")


@pytest.mark.parametrize("above", ["nothing.toml", "cn-quality-balance-2018"])
def test_a_file_that_extends_nothing_is_told_where(tmp_path: Path, above: str) -> None:
    found = problems(tmp_path / "x.toml", HEAD + f'extends = "{above}"\nparts = []\n[[thresholds]]\n')
    assert sum(p.endswith(" @ $.extends") for p in found) == 1
    # what it may leave out is not known without it
    assert not any("document" in p for p in found)


@pytest.mark.parametrize("given", [3, None, b"x.toml", ["x"]])
def test_what_is_no_name_of_a_standard(given: Any) -> None:
    with pytest.raises((jh.InputError, jh.UnknownStandardError)):
        jh.load_standard(given)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('"20"', "the text '20'"), ("true", "true"), ("[]", "list"), ("{}", "dict"), ("2026-01-01", "date"),
        ("10:00:00", "time"), ("nan", "finite"), ("1e" + "9" * 20, "finite"), ("1e31", "1.000000e+31"),
    ],
)  # fmt: skip
def test_a_number_is_a_number(tmp_path: Path, value: str, said: str) -> None:
    cited = 'clause = "c"\nsource = "E"\nstanding = "recalled"\n'
    entry = f'[[thresholds]]\nindicator = "books_per_student"\nstage = "primary"\nvalue = {value}\n{cited}'
    problem, note = problems(tmp_path / "x.toml", OWN + entry + '[sources.E]\ntitle = "t"\n')
    assert said in problem and problem.endswith(" @ $.thresholds[0].value") and note.endswith("@ $")


# ------------------------------------------------------------------------------------------- which number holds


TABLE: dict[str, Any] = {"indicator": "books_per_student", "stage": "primary", "classes": (6, 12), **CITED}


@pytest.mark.parametrize(
    ("more", "classes", "numbers", "why"),
    [
        ({}, 6, "10", ""),
        ({}, 12, "16", ""),
        ({}, 9, "10 16", "size_between"),
        ({"op": "<="}, 9, "16 10", "size_between"),
        ({"op": "<"}, 9, "16 10", "size_between"),
        ({"between": "linear"}, 9, "13", ""),
        ({"between": "linear"}, 7, "11", ""),
        ({"between": "linear"}, 12, "16", ""),
        ({"between": "smaller"}, 11, "10", ""),
        ({"between": "larger"}, 7, "16", ""),
        ({"between": "some"}, 7, "", "number_lost"),
        ({"between": "some"}, 6, "10", ""),
        ({}, 5, "", "size_outside"),
        ({}, 13, "", "size_outside"),
        ({"below": "end"}, 5, "10", ""),
        ({"below": "end"}, 13, "", "size_outside"),
        ({"above": "end"}, 13, "16", ""),
        ({"above": "end"}, 5, "", "size_outside"),
        ({"below": "some"}, 5, "", "number_lost"),
        ({"above": "some"}, 13, "", "number_lost"),
        ({"readings": ((D(10), D(18)),)}, 6, "10", ""),
        ({"readings": ((D(10), D(18)),)}, 12, "16 18", "rows_disagree"),
        ({"readings": ((D(10), D(18)),)}, 9, "10 16 18", "size_between"),
        ({"readings": ((D(10), D(20)),), "between": "linear"}, 9, "13 15", "rows_disagree"),
        ({}, None, "", "missing_classes"),
    ],
)
def test_the_numbers_of_a_size(more: dict[str, Any], classes: int | None, numbers: str, why: str) -> None:
    t = Threshold(values=(D(10), D(16)), **TABLE | more)
    wanted = tuple(Fraction(x) for x in numbers.split())
    assert t.asked(None if classes is None else Fraction(classes)) == (wanted, why)


@pytest.mark.parametrize(
    ("meant", "numbers", "why"),
    [
        ((False, False), "20", ""), ((True, False), "15", ""), ((None, False), "15 20", "special_open"),
        ((None, None), "15 20 30", "special_open"), ((True, None), "15 30", "special_open"), ((None, True), "30", ""),
    ],
)  # fmt: skip
def test_special_numbers(meant: tuple[bool | None, ...], numbers: str, why: str) -> None:
    others = tuple(Instead(where=Filter(), value=D(x)) for x in (15, 30))
    t = Threshold(indicator="books_per_student", stage="primary", value=D(20), instead=others, **CITED)
    assert t.asked(meant=meant) == (tuple(Fraction(x) for x in numbers.split()), why)
    assert not t.fixed and t.floor is None


def test_options_change_tables_and_keep_what_was_lost() -> None:
    std = jh.load_standard(SHANDONG)
    new = std.with_options(between_sizes="linear", below_smallest="end", above_largest="end")
    for old, t in zip(std.thresholds, new.thresholds, strict=True):
        for name, choice in (("between", "linear"), ("below", "end"), ("above", "end")):
            kept = not old.classes or getattr(old, name) == "some"
            assert getattr(t, name) == (getattr(old, name) if kept else choice), (t.indicator, name)
    below = std.with_options(below_smallest="end")
    assert {(t.between, t.above) for t in below.thresholds} == {(t.between, t.above) for t in std.thresholds}
    assert {t.below for t in below.thresholds if t.classes} <= {"end", "some"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"between_sizes": "some"}, "'bracket'"), ({"below_smallest": "linear"}, "'end'"),
        ({"above_largest": 3}, "'end'"),
        ({"relaxations": "older-school-size"}, "older-school-size"), ({"relaxations": 5}, "5"),
        ({"relaxations": ["none"]}, "'none'"), ({"small_teaching_points": "none"}, "'none'"),
        ({"small_teaching_points": 1}, "1"),
    ],
)  # fmt: skip
def test_what_cannot_be_chosen(options: dict[str, Any], said: str) -> None:
    with pytest.raises(jh.InputError) as caught:
        jh.load_standard(QUALITY).with_options(**options)
    assert said in str(caught.value)


# ------------------------------------------------------------------------------------- files that extend a file

LABEL = {"zh": "项", "en": "item"}
SOURCES = {name: {"title": name} for name in ("E", "F", "G")}
ASKED = {"scope": "county", "top": ["survey_sent"], "op": ">="}
HINT = cited(test=ASKED | {"dated": [cited(effective_from="2012", value=600, also=["F"])]})
ITEM = cited(id="one", part="quality", rule="conditions", label=LABEL, number=1, hints=[HINT])
ITEM |= {"conditions": [ASKED | {"value": 1}]}
PARENT = {
    "id": "parent", "label": LABEL, "last_checked_on": "2026-01-01", "document": "d", "number": "1",
    "jurisdiction": "CN", "parts": ["quality"], "indicators": ["books_per_student"], "sources": SOURCES,
    "thresholds": [cited(indicator="books_per_student", stage="primary", value=20, also=["F", "G"])],
    "items": [ITEM],
    "doubts": [cited(id=name, label=LABEL, items=["one"], where={}) for name in ("small-teaching-points", "one")],
}  # fmt: skip
CHILD = {"id": "child", "label": LABEL, "last_checked_on": "2026-01-01", "extends": "parent.toml"}


def child(folder: Path, **content: Any) -> jh.Standard:
    for name, written in (("parent", PARENT), ("child", CHILD | content)):
        (folder / f"{name}.toml").write_text(tomli_w.dumps(written), encoding="utf-8")
    return jh.load_standard(folder / "child.toml")


def test_a_source_that_is_named_anew_leaves_the_citations_of_the_parent(tmp_path: Path) -> None:
    std = child(tmp_path, sources={"F": {"title": "another"}, "G": {"title": "G"}, "H": {"title": "H"}})
    (t,), (item,) = std.thresholds, std.items
    assert (t.source, t.also) == ("E", ("parent:F", "G"))
    assert item.hints[0].test.dated[0].also == ("parent:F",)
    assert {name: s.title for name, s in std.sources.items()} == {
        "E": "E", "parent:F": "F", "F": "another", "G": "G", "H": "H",
    }  # fmt: skip


def test_what_is_removed_is_the_entry_of_that_table(tmp_path: Path) -> None:
    std = child(tmp_path, remove=[{"table": "doubts", "id": "one"}])
    assert [d.id for d in std.doubts] == ["small-teaching-points"] and [i.id for i in std.items] == ["one"]
    # the doubt "one" is gone, the item "one" still has its number
    own = ITEM | {"id": "two"}
    with pytest.raises(jh.StandardDataError) as caught:
        child(tmp_path, remove=[{"table": "doubts", "id": "one"}], items=[own], sources=SOURCES)
    assert [p.rpartition(" @ ")[2] for p in caught.value.problems] == ["$.items[0].number"]
    std = child(tmp_path, remove=[{"table": "items", "id": "one"}], items=[own], sources=SOURCES, doubts=[
        doubt | {"items": ["two"]} for doubt in PARENT["doubts"]
    ])  # fmt: skip
    assert [i.id for i in std.items] == ["two"]


@pytest.mark.parametrize(("extends", "said"), [(None, "extends"), ("parent.toml", "parent.toml")])
def test_nothing_is_removed_from_nothing(tmp_path: Path, extends: str | None, said: str) -> None:
    content = PARENT | {"id": "child", "remove": [{"table": "limits", "kind": "each", "stage": "primary"}]}
    child(tmp_path)
    (problem,) = problems(tmp_path / "x.toml", tomli_w.dumps(content | ({"extends": extends} if extends else {})))
    assert said in problem and "None" not in problem and problem.endswith(" @ $.remove[0]")


def test_a_decision_is_about_one_doubt(tmp_path: Path) -> None:
    std = child(tmp_path).with_options(small_teaching_points="counted")
    assert {d.id: d.decision for d in std.doubts} == {"small-teaching-points": "counted", "one": "open"}
    assert std.chosen == ["small-teaching-points=counted"]


NAMES = ("table", "entry", "field", "this", "other")
records = jh.results.records


def test_remarks_are_not_compared(tmp_path: Path) -> None:
    std = child(tmp_path)
    t = std.thresholds[0]
    for change in ({"clause": "x"}, {"source": "G"}, {"also": ()}, {"standing": Standing("derived")}, {"note": "n"}):
        assert std.diff(attrs.evolve(std, thresholds=(attrs.evolve(t, **change),))).empty, change
    assert std.diff(attrs.evolve(std, items=(attrs.evolve(std.items[0], label=Label(zh="二", en="b")),))).empty
    changed = std.diff(attrs.evolve(std, thresholds=(attrs.evolve(t, value=D(21)),)))
    assert changed.to_numpy().tolist() == [["thresholds", "books_per_student primary", "value", "20", "21"]]
    assert std.diff(std.with_options(relaxations=[])).empty


def test_a_digest_is_that_of_the_content_written_as_json(tmp_path: Path) -> None:
    """Sorted, in Chinese as it is, numbers as short as can be: reports of years ago name digests."""
    label = {"zh": "一", "en": "a"}
    std = jh.Standard(
        id="x", label=Label(**label), document="办法", number="1", jurisdiction="CN", last_checked_on="2026",
        parts=("quality",), indicators=("books_per_student",), aliases=("甲",),
        thresholds=(Threshold(indicator="books_per_student", stage="primary", value=D("20.50"), **CITED),),
    )  # fmt: skip
    text = (
        '{"document": "办法", "id": "x", "indicators": ["books_per_student"], "jurisdiction": "CN", '
        '"label": {"en": "a", "zh": "一"}, "last_checked_on": "2026", "number": "1", "parts": ["quality"], '
        '"thresholds": [{"above": "undetermined", "below": "undetermined", "between": "bracket", "clause": "c", '
        '"indicator": "books_per_student", "op": ">=", "source": "E", "stage": "primary", "standing": "recalled", '
        '"value": "20.5"}]}'
    )
    assert std.digest == "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def test_one_letter_is_the_name_of_nothing() -> None:
    with pytest.raises(jh.UnknownStandardError) as caught:
        jh.load_standard("县")
    assert "may mean" not in str(caught.value)


@pytest.mark.parametrize("value", ["5", '"x"', "{ a = 1 }", "true"])
def test_a_list_is_a_list(tmp_path: Path, value: str) -> None:
    for name in ("thresholds", "remove", "aliases", "indicators"):
        problem, _ = problems(tmp_path / "x.toml", OWN.replace("indicators", "applied") + f"{name} = {value}\n")[:2]
        assert "list" in problem and problem.endswith(f" @ $.{name}"), problem


def test_an_entry_or_a_field_that_one_has_is_shown_beside_nothing(tmp_path: Path) -> None:
    """A number as it is, a whole rule without its remarks."""
    std = child(tmp_path)
    t, doubt = std.thresholds[0], std.doubts[1]
    with_floor = attrs.evolve(std, thresholds=(attrs.evolve(t, floor_ratio=D("0.85")),))
    name, told = "books_per_student primary", '{"id": "one", "items": ["one"], "where": {}, "decision": "open"}'
    for other, row in (
        (with_floor, ["thresholds", name, "floor_ratio", None, "0.85"]),
        (attrs.evolve(std, thresholds=()), ["thresholds", name, "value", "20", None]),
        (attrs.evolve(std, doubts=std.doubts[:1]), ["doubts", doubt.id, "value", told, None]),
    ):
        assert records(std.diff(other)) == [dict(zip(NAMES, row, strict=True))]
        assert records(other.diff(std)) == [dict(zip(NAMES, [*row[:3], row[4], row[3]], strict=True))]


def test_relaxations_that_are_applied_are_a_difference() -> None:
    std = jh.load_standard(QUALITY)
    found = std.diff(std.with_options(relaxations=["older-school-size"]))
    assert found.to_numpy().tolist() == [["applied", "applied", "applied", "[]", '["older-school-size"]']]


@pytest.mark.parametrize(("name", "before"), [("indicators", "books_per_student"), ("parts", "quality")])
def test_another_list_of_the_same_name_is_one_difference(tmp_path: Path, name: str, before: str) -> None:
    std = child(tmp_path)
    found = std.diff(attrs.evolve(std, **{name: ("one", "two")}))
    assert found.to_numpy().tolist() == [[name, name, name, f'["{before}"]', '["one", "two"]']]


def test_what_was_removed_does_not_come_back_when_a_standard_is_written_and_read(tmp_path: Path) -> None:
    """It says what it was extended from, and is not merged into that again."""
    std = child(tmp_path, remove=[{"table": "doubts", "id": "one"}])
    content = std.to_dict()
    assert content["extended_from"] == "parent.toml" and "extends" not in content
    (tmp_path / "again.toml").write_text(tomli_w.dumps(content), encoding="utf-8")
    assert jh.load_standard(tmp_path / "again.toml") == std


def test_a_standard_as_dicts_has_plain_values_only() -> None:
    """A word of a list of ours would be shown, and stored, as an object of this package."""
    found, left = set(), [jh.load_standard(name).to_dict() for name in (QUALITY, SHANDONG)]
    while left:
        value = left.pop()
        found.add(type(value))
        left += value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    assert found == {dict, list, str, int, bool, D}


@pytest.mark.parametrize("given", [5, None, ["books_per_student"]])
def test_an_indicator_that_is_no_text_is_told_so(given: Any) -> None:
    with pytest.raises(jh.InputError, match="indicator must be text, not"):
        jh.load_standard(QUALITY).threshold(given, stage="primary")


@pytest.mark.parametrize(
    ("error", "said"),
    [(PermissionError(13, "Permission denied"), "Permission denied"), (TimeoutError(), "TimeoutError")],
)
def test_a_file_that_cannot_be_opened_is_told_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, said: str
) -> None:
    path = tmp_path / "x.toml"
    path.write_text(OWN, encoding="utf-8")

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(jh.StandardDataError) as caught:
        jh.load_standard(path)
    assert list(caught.value.problems) == [f"the file cannot be opened: {said}"]


def test_a_rule_may_be_about_each_kind_of_owner_that_a_table_may_name(tmp_path: Path) -> None:
    owners = list(read_toml("columns.toml")["categories"]["owner_type"])
    std = child(tmp_path, inclusion=[cited(decision="out", owner_types=owners)], sources=SOURCES)
    assert std.inclusion[0].owner_types == tuple(owners) == get_args(OwnerType)
