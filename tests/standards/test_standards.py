"""The shipped standards say what the facts of record say, and files of one's own may change them."""

import json
import re
import tomllib
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import attrs
import pytest
import tomli_w
from small_tables import BASIC, QUALITY, SEVEN, SHANDONG, STANDARDS

import junheng as jh
from junheng.standards.model import Standing

SHIPPED = sorted(p.name.removesuffix(".toml") for p in files("junheng").joinpath("standards/data").iterdir())
LISTS = ("thresholds", "limits", "inclusion", "items")
SINGLE = ("school_rule", "split", "printing")


def cited(std: jh.Standard) -> list[Any]:
    """Every entry that states a rule."""
    return [
        *(e for name in LISTS for e in getattr(std, name)),
        *(e for name in SINGLE if (e := getattr(std, name)) is not None),
    ]


def D(*numbers: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, numbers))


# ------------------------------------------------------------------------------------ what is shipped


def test_the_three_first_standards_are_there() -> None:
    assert set(STANDARDS) <= set(SHIPPED)
    table = jh.list_standards()
    assert table["id"].tolist() == SHIPPED
    assert not table.drop(columns=["extends", "issued", "effective_from", "effective_to"]).isna().any(axis=None)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_number_has_clause_source_and_standing(name: str) -> None:
    std = jh.load_standard(name)
    assert std.id == name
    assert cited(std)
    for entry in cited(std):
        assert entry.clause.strip() and entry.source in std.sources and entry.standing in Standing, entry
        assert entry.origin == std.id or std.extends
    for source in std.sources.values():
        assert source.title.strip() and source.name("en") == source.title
        # what a source is, said in English, has its Chinese beside it; a title is as its authors wrote it
        assert not re.search("[A-Za-z]{3}", source.name("zh")), source
        assert (source.title_zh is not None) == bool(re.search("[A-Za-z]{3}", source.title)), source
        assert source.url is None or source.url.startswith("http")


@pytest.mark.parametrize("name", SHIPPED)
def test_no_number_passes_through_a_binary_fraction(name: str) -> None:
    std = jh.load_standard(name)
    for t in std.thresholds:
        for x in (t.value, t.floor, *t.values):
            assert x is None or isinstance(x, Decimal)
    assert all(isinstance(x.value, Decimal) for x in std.limits)
    written = tomllib.loads(
        files("junheng").joinpath(f"standards/data/{name}.toml").read_text(encoding="utf-8"), parse_float=Decimal
    )
    for raw in written.get("thresholds", ()):
        t = std.threshold(raw["indicator"], stage=raw["stage"])
        assert t.value == raw.get("value") and list(t.values) == raw.get("values", [])


# -------------------------------------------------------------------------------------------- nation


@pytest.mark.parametrize("stage", ["primary", "junior"])
@pytest.mark.parametrize("indicator", SEVEN)
def test_the_fourteen_thresholds_and_floors_of_2017(indicator: str, stage: str) -> None:
    t = jh.load_standard(QUALITY).threshold(indicator, stage=stage)
    assert (t.value, t.floor) == SEVEN[indicator][2][stage]
    assert (t.op, t.standing, t.clause) == (">=", "confirmed", "第六条")


def test_the_other_rules_of_2017() -> None:
    std = jh.load_standard(QUALITY)
    assert std.number == "教督〔2017〕6号" and std.parts == ("resources", "government", "quality", "recognition")
    assert {(x.kind, x.stage): (x.op, x.value) for x in std.limits} == {
        ("each", "primary"): ("<=", Decimal("0.50")),
        ("each", "junior"): ("<=", Decimal("0.45")),
    }
    assert std.limit("composite", stage="primary") is None
    rule = std.school_rule
    assert (rule.kind, rule.k, rule.floor_ratio) == ("at_least", 6, Decimal("0.85"))
    assert {(i.kind, i.students_below, i.decision) for i in std.inclusion} == {
        ("teaching_point", 50, "out"),
        ("special", None, "out"),
        ("vocational", None, "out"),
    }
    assert (std.printing.school_value, std.printing.county_mean, std.printing.coefficient) == (2, 2, 3)


def test_the_rules_of_2012() -> None:
    std = jh.load_standard(BASIC)
    assert std.number == "教督〔2012〕3号" and len(std.indicators) == 8 and not std.thresholds
    assert {(x.kind, x.stage): (x.op, x.value) for x in std.limits} == {
        ("composite", "primary"): ("<=", Decimal("0.65")),
        ("composite", "junior"): ("<=", Decimal("0.55")),
    }
    # Table II leaves out teaching points, private schools and schools not run by the county; Table III is not known
    others = {"central_education", "central_other", "provincial_education", "provincial_other", "prefectural_education"}
    others |= {"prefectural_other", "enterprise"}
    for answer, decision in (("in_basic_standard", "out"), ("in_coefficient", "ask")):
        rules = std.inclusion_for(answer)
        assert {(r.kind, r.ownership, r.decision) for r in rules if not r.owner_types} == {
            ("teaching_point", None, decision), (None, "private", decision), ("special", None, "out"),
        }  # fmt: skip
        assert [(set(r.owner_types), r.decision) for r in rules if r.owner_types] == [(others, decision)]
    assert std.two_answers and not jh.load_standard(QUALITY).two_answers


@pytest.mark.parametrize("name", [BASIC, QUALITY])
def test_the_weights_of_integrated_schools(name: str) -> None:
    weights = {w.kind: (w.primary, w.junior, w.senior) for w in jh.load_standard(name).split.weights}
    assert weights == {
        "nine_year": (1, Decimal("1.1"), None),
        "complete_secondary": (None, 1, Decimal("1.2")),
        "twelve_year": (1, Decimal("1.1"), Decimal("1.32")),
    }
    assert weights["twelve_year"][2] == weights["nine_year"][1] * weights["complete_secondary"][2]


# ------------------------------------------------------------------------------------------ Shandong

PRIMARY, JUNIOR = (12, 18, 24, 30, 36), (18, 24, 30, 36)
#: The room of laboratory staff may be shared with the preparation room: in the sum of areas, not required by itself.
LABORATORY_STAFF = (18, 36, 36, 36)

#: The tables of the facts of record, section 2.2 and 2.3.
TABLES = {
    ("land_area_per_student", "primary"): D("26.01", "23.48", "23.03", "21.46", "19.97"),
    ("sports_land_area", "primary"): D("6288", "8533", "10893", "11501", "12109"),
    ("ring_track_length", "primary"): D("200", "250", "300", "300", "300"),
    ("basketball_courts", "primary"): D("1", "2", "2", "3", "4"),
    ("volleyball_courts", "primary"): D("1", "1", "2", "2", "2"),
    ("table_tennis_tables", "primary"): D("4", "6", "8", "10", "12"),
    ("teaching_built_area", "primary"): D("2950", "3837", "5247", "6603", "7520"),
    ("office_built_area", "primary"): D("520", "703", "853", "1027", "1178"),
    ("living_built_area", "primary"): D("827", "1098", "1417", "1760", "2075"),
    ("total_built_area", "primary"): D("4297", "5638", "7517", "9390", "10773"),
    ("science_rooms", "primary"): D("1", "1", "2", "2", "3"),
    ("science_preparation_rooms", "primary"): D("1", "1", "2", "2", "3"),
    ("science_instrument_room_area", "primary"): D("23", "23", "40", "40", "40"),
    ("practice_rooms", "primary"): D("1", "1", "2", "2", "2"),
    ("practice_equipment_rooms", "primary"): D("1", "1", "1", "1", "1"),
    ("library_area", "primary"): D("120", "170", "220", "270", "320"),
    ("technology_room_area", "primary"): D("25", "39", "39", "39", "39"),
    ("sports_land_area", "junior"): D("8533", "11260", "11546", "12154"),
    ("ring_track_length", "junior"): D("250", "300", "300", "300"),
    ("basketball_courts", "junior"): D("2", "3", "3", "4"),
    ("volleyball_courts", "junior"): D("1", "1", "2", "2"),
    ("table_tennis_tables", "junior"): D("8", "10", "12", "14"),
    ("teaching_usable_area", "junior"): D("3110", "4328", "6083", "6877"),
    ("ordinary_classrooms_usable_area", "junior"): D("1206", "1608", "2010", "2412"),
    ("special_rooms_usable_area", "junior"): D("1216", "1826", "2059", "2281"),
    ("common_rooms_usable_area", "junior"): D("688", "894", "2014", "2184"),
    ("physics_laboratories", "junior"): D("1", "2", "2", "3"),
    ("physics_instrument_rooms", "junior"): D("1", "2", "2", "2"),
    ("physics_preparation_rooms", "junior"): D("1", "2", "2", "2"),
    ("chemistry_laboratories", "junior"): D("1", "1", "2", "2"),
    ("chemistry_instrument_rooms", "junior"): D("1", "1", "2", "2"),
    ("chemistry_preparation_rooms", "junior"): D("1", "1", "2", "2"),
    ("chemical_stores", "junior"): D("1", "1", "1", "1"),
    ("hazardous_chemical_stores", "junior"): D("1", "1", "1", "1"),
    ("biology_laboratories", "junior"): D("1", "2", "2", "2"),
    ("biology_instrument_rooms", "junior"): D("1", "2", "2", "2"),
    ("biology_preparation_rooms", "junior"): D("1", "2", "2", "2"),
    ("computer_rooms", "junior"): D("1", "2", "2", "3"),
    ("computer_side_rooms", "junior"): D("1", "2", "2", "3"),
    ("computer_resource_rooms", "junior"): D("1", "1", "1", "1"),
    ("language_laboratories", "junior"): D("1", "2", "2", "2"),
    ("music_rooms", "junior"): D("1", "1", "2", "2"),
    ("instrumental_rehearsal_rooms", "junior"): D("1", "1", "1", "1"),
    ("music_equipment_rooms", "junior"): D("1", "1", "1", "1"),
    ("dance_rooms", "junior"): D("1", "1", "1", "1"),
    ("art_rooms", "junior"): D("1", "2", "2", "2"),
    ("art_equipment_rooms", "junior"): D("1", "1", "1", "1"),
    ("history_geography_rooms", "junior"): D("1", "1", "1", "1"),
    ("audiovisual_equipment_rooms", "junior"): D("1", "1", "1", "1"),
    ("network_centres", "junior"): D("1", "1", "1", "1"),
    ("practice_rooms", "junior"): D("1", "2", "2", "2"),
    ("practice_equipment_rooms", "junior"): D("1", "2", "2", "2"),
}
NUMBERS = {
    ("straight_track_length", "primary"): (">=", "100"),
    ("indoor_sports_room_area", "primary"): (">=", "300"),
    ("books_per_student", "primary"): (">=", "30"),
    ("reference_titles", "primary"): (">=", "160"),
    ("periodical_titles", "primary"): (">=", "80"),
    ("students_per_class", "primary"): ("<=", "45"),
    ("straight_track_length", "junior"): (">=", "100"),
    ("students_per_class", "junior"): ("<=", "50"),
}
#: The numbers for rural primary schools of less-developed areas.
INSTEAD = {"books_per_student": "20", "reference_titles": "120", "periodical_titles": "60"}
#: What the 补充规定 say of junior schools by number of classes: (indicator, classes) to the numbers that may hold.
SUPPLEMENT = {
    ("basketball_courts", 17): {0}, ("volleyball_courts", 17): {0},  # asked for together, by an item
    ("table_tennis_tables", 1): {0, 1}, ("table_tennis_tables", 3): {1}, ("table_tennis_tables", 6): {2},
    ("table_tennis_tables", 9): {3}, ("table_tennis_tables", 12): {4}, ("table_tennis_tables", 15): {5},
    ("table_tennis_tables", 17): {5, 6},
    ("indoor_sports_room_area", 18): {450}, ("indoor_sports_room_area", 30): {0},
}  # fmt: skip
#: Where the 补充规定 name what holds under the smallest size.
AS_FOR_THE_SMALLEST = {
    ("ring_track_length", "primary"),
    ("basketball_courts", "primary"),
    ("volleyball_courts", "primary"),
    ("table_tennis_tables", "primary"),
    ("ring_track_length", "junior"),
}


def test_shandong_is_what_the_facts_say_and_no_more() -> None:
    std = jh.load_standard(SHANDONG)
    sizes = {"primary": PRIMARY, "junior": JUNIOR}
    tables = [t for t in std.thresholds if t.classes and (t.indicator, t.stage) in TABLES]
    assert {(t.indicator, t.stage) for t in tables} == set(TABLES)
    for t in tables:
        assert (
            tuple(dict(zip(t.classes, t.values, strict=True))[c] for c in sizes[t.stage])
            == TABLES[t.indicator, t.stage]
        )
    rest = {
        (t.indicator, c): {*numbers}
        for t in std.thresholds
        for c, *numbers in zip(t.classes, t.values, *t.readings, strict=True)
        if c not in sizes[t.stage] or (t.indicator, t.stage) not in TABLES
    }
    assert rest == SUPPLEMENT
    instead = {
        t.indicator: [(str(o.value), o.where.area_types, o.where.flags) for o in t.instead] for t in std.thresholds
    }
    assert {i: found for i, found in instead.items() if found} == {
        i: [(number, ("rural",), ("less_developed_area",))] for i, number in INSTEAD.items()
    }
    assert {(t.indicator, t.stage): (t.op, str(t.value)) for t in std.thresholds if not t.classes} == NUMBERS
    for t in std.thresholds:
        if t.classes == sizes[t.stage]:
            assert (t.op, t.between, t.above) == (">=", "bracket", "undetermined"), t.indicator
            expected = "end" if (t.indicator, t.stage) in AS_FOR_THE_SMALLEST else "undetermined"
            assert t.below == expected, t.indicator
            assert list(t.values) == sorted(t.values) or t.indicator == "land_area_per_student"


def shandong(indicator: str, stage: str) -> tuple[Decimal, ...]:
    """Return the numbers of the sizes that all tables have."""
    t = jh.load_standard(SHANDONG).threshold(indicator, stage=stage)
    return tuple(
        v for c, v in zip(t.classes, t.values, strict=True) if c in (PRIMARY if stage == "primary" else JUNIOR)
    )


def test_the_sums_of_shandong_close() -> None:
    # sports land is the field with its track, and a court of 608 m² or 286 m² each
    fields = {"primary": (5394, 7031, 9105, 9105, 9105), "junior": (7031, 9150, 9150, 9150)}
    for stage, field in fields.items():
        basket, volley = shandong("basketball_courts", stage), shandong("volleyball_courts", stage)
        total = [f + 608 * b + 286 * v for f, b, v in zip(field, basket, volley, strict=True)]
        assert list(shandong("sports_land_area", stage)) == total
    # rooms of junior schools: 1206 + 1216 + 688 = 3110, and a classroom is 67 m²
    parts = [
        shandong(f"{name}_usable_area", "junior") for name in ("ordinary_classrooms", "special_rooms", "common_rooms")
    ]
    assert list(shandong("teaching_usable_area", "junior")) == [sum(x) for x in zip(*parts, strict=True)]
    assert list(parts[0]) == [67 * c for c in JUNIOR]
    # buildings of primary schools
    parts = [shandong(f"{name}_built_area", "primary") for name in ("teaching", "office", "living")]
    assert list(shandong("total_built_area", "primary")) == [sum(x) for x in zip(*parts, strict=True)]
    # land: buildings, sports and 3 m² of green a student; the printed figure is the total a student
    building = (6139, 8054, 10739, 13414, 15390)
    for c, b, s, each in zip(
        PRIMARY,
        building,
        shandong("sports_land_area", "primary"),
        shandong("land_area_per_student", "primary"),
        strict=True,
    ):
        assert round((b + s + 3 * 45 * c) / (45 * c), 2) == each


def test_subject_rooms_of_junior_schools_add_up_to_their_area() -> None:
    """專用教室: rooms times their area give 1216, 1826, 2059, 2281 m²."""
    each = {
        "physics_laboratories": 96, "physics_instrument_rooms": 23, "physics_preparation_rooms": 18,
        "chemistry_laboratories": 96, "chemistry_instrument_rooms": 23, "chemistry_preparation_rooms": 18,
        "chemical_stores": 23, "hazardous_chemical_stores": 8,
        "biology_laboratories": 96, "biology_instrument_rooms": 23, "biology_preparation_rooms": 18,
        "computer_rooms": 96, "computer_side_rooms": 30, "computer_resource_rooms": 30,
        "language_laboratories": 96, "music_rooms": 96, "instrumental_rehearsal_rooms": 60, "music_equipment_rooms": 30,
        "dance_rooms": 96, "art_rooms": 96, "art_equipment_rooms": 30, "history_geography_rooms": 96,
    }  # fmt: skip
    sums = [sum(m2 * shandong(name, "junior")[i] for name, m2 in each.items()) + LABORATORY_STAFF[i] for i in range(4)]
    assert sums == list(shandong("special_rooms_usable_area", "junior"))


def test_a_contradiction_of_the_sources_is_shown_with_both_readings() -> None:
    t = jh.load_standard(SHANDONG).threshold("total_built_area", stage="primary")
    assert t.standing == "conflicting"
    assert t.readings == (D("4297", "5763", "8142", "9872", "11255"),)


# --------------------------------------------------------------------------------------- as an object


def test_asking_for_what_is_not_there_names_the_near_ones() -> None:
    std = jh.load_standard(QUALITY)
    with pytest.raises(jh.InputError, match=r"teaching_area_per_pupil.*did you mean teaching_area_per_student"):
        std.threshold("teaching_area_per_pupil", stage="primary")
    with pytest.raises(jh.InputError, match="senior"):
        std.threshold("teaching_area_per_student", stage="senior")
    with pytest.raises(jh.InputError, match=BASIC):
        jh.load_standard(BASIC).threshold("books_per_student", stage="primary")


@pytest.mark.parametrize("name", ["id", "thresholds", "school_rule"])
def test_a_standard_is_frozen(name: str) -> None:
    std = jh.load_standard(QUALITY)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(std, name, None)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        std.thresholds[0].value = Decimal(1)
    assert isinstance(std.thresholds, tuple) and hash(std) == hash(jh.load_standard(QUALITY))


def test_standards_are_told_apart_entry_by_entry() -> None:
    old, new = jh.load_standard(BASIC), jh.load_standard(QUALITY)
    assert old.diff(old).empty
    table = jh.results.records(old.diff(new))
    found = {(r["table"], r["entry"]): (r["this"], r["other"]) for r in table if r["table"] in ("limits", "thresholds")}
    assert found["limits", "composite primary"] == ("0.65", None)
    assert found["limits", "each junior"] == (None, "0.45")
    assert found["thresholds", "teaching_area_per_student junior"] == (None, "5.8")
    assert len([k for k in found if k[0] == "thresholds"]) == 14
    (resources,) = [r for r in table if r["table"] == "split"]
    assert resources["field"] == "resources" and "multimedia_classrooms" in resources["other"]
    back = new.diff(old)
    assert {(r["table"], r["entry"], r["field"], r["this"], r["other"]) for r in table} == {
        (r["table"], r["entry"], r["field"], r["other"], r["this"]) for r in jh.results.records(back)
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_what_to_dict_gives_can_be_written_and_read_to_an_equal_standard(tmp_path: Path, name: str) -> None:
    std = jh.load_standard(name)
    path = tmp_path / "copy.toml"
    path.write_text(tomli_w.dumps(std.to_dict()), encoding="utf-8")
    again = jh.load_standard(path)
    assert again == std and std.diff(again).empty
    assert json.loads(json.dumps(std.to_dict(), default=str))["id"] == name


# ------------------------------------------------------------------------------------------ extending


CITED = {"clause": "第二条", "source": "L1", "standing": "confirmed"}


def child(folder: Path, **content: Any) -> jh.Standard:
    """A county's own file on top of the nation's."""
    base = {
        "id": "local",
        "label": {"zh": "某县实施方案", "en": "A county's plan"},
        "last_checked_on": "2026-11-22",
        "extends": QUALITY,
        "sources": {"L1": {"title": "某县实施方案"}},
    }
    path = folder / f"{content.get('id', 'local')}.toml"
    path.write_text(tomli_w.dumps(base | content), encoding="utf-8")
    return jh.load_standard(path)


def test_a_child_that_says_nothing_is_its_parent_under_another_name(tmp_path: Path) -> None:
    std, parent = child(tmp_path), jh.load_standard(QUALITY)
    assert (std.id, std.extends, std.number, std.parts) == ("local", QUALITY, parent.number, parent.parts)
    assert parent.diff(std).empty and std.digest != parent.digest
    assert {e.origin for e in cited(std)} == {QUALITY}
    assert std.indicators == parent.indicators


def test_a_child_replaces_adds_and_removes(tmp_path: Path) -> None:
    area, books = "teaching_area_per_student", "books_per_student"
    std = child(
        tmp_path,
        thresholds=[
            {"indicator": area, "stage": "primary", "value": Decimal("5.0"), **CITED},
            {"indicator": books, "stage": "primary", "value": 30, **CITED},
        ],
        limits=[{"kind": "each", "stage": "primary", "value": Decimal("0.4"), **CITED}],
        school_rule={"kind": "all", **CITED},
        remove=[
            {"table": "thresholds", "indicator": "backbone_teachers_per_hundred_students", "stage": "junior"},
            {"table": "inclusion", "kind": "vocational"},
        ],
        printing={"school_value": 1, "county_mean": 2, "coefficient": 3, **CITED},
    )
    parent = jh.load_standard(QUALITY)
    t = std.threshold(area, stage="primary")
    assert (t.value, t.origin, t.source, std.sources[t.source].title) == (Decimal("5.0"), "local", "L1", "某县实施方案")
    assert std.threshold(area, stage="junior").origin == QUALITY
    assert std.threshold(books, stage="primary").value == 30 and std.indicators[-1] == books
    assert std.limit("each", stage="primary").value == Decimal("0.4")
    assert std.limit("each", stage="junior").value == Decimal("0.45")
    with pytest.raises(jh.InputError):
        std.threshold("backbone_teachers_per_hundred_students", stage="junior")
    assert {i.kind for i in std.inclusion} == {"teaching_point", "special"}
    assert (std.school_rule.kind, std.school_rule.origin, std.split.origin) == ("all", "local", QUALITY)
    # where all must be met none may fall short of it by a little
    assert t.floor is None
    changed = {(r["table"], r["entry"], r["this"], r["other"]) for r in jh.results.records(parent.diff(std))}
    assert {
        ("thresholds", f"{area} primary", "4.5", "5.0"),
        ("thresholds", f"{books} primary", None, "30"),
        ("thresholds", "backbone_teachers_per_hundred_students junior", "1", None),
        ("limits", "each primary", "0.50", "0.4"),
        ("school_rule", "school_rule", "at_least", "all"),
    } <= changed
    # the nation is as it was
    assert jh.load_standard(QUALITY).digest == parent.digest and len(parent.thresholds) == 14


def test_a_grandchild_extends_a_file_beside_it(tmp_path: Path) -> None:
    child(tmp_path, limits=[{"kind": "each", "stage": "primary", "value": Decimal("0.4"), **CITED}])
    std = child(
        tmp_path,
        id="town",
        extends="local.toml",
        limits=[{"kind": "each", "stage": "junior", "value": Decimal("0.3"), **CITED}],
        sources={"L1": {"title": "某镇方案"}},
    )
    assert {(x.stage, str(x.value), x.origin) for x in std.limits} == {
        ("primary", "0.4", "local"),
        ("junior", "0.3", "town"),
    }


def test_a_source_of_the_child_does_not_take_over_the_citations_of_the_parent(tmp_path: Path) -> None:
    """Both may call a source S1: what the nation cites stays the nation's source, or the file is refused."""
    try:
        std = child(tmp_path, sources={"S1": {"title": "某县实施方案"}})
    except jh.StandardDataError as exc:
        assert "S1" in str(exc)
    else:
        t = std.threshold("teaching_area_per_student", stage="primary")
        assert std.sources[t.source].title == jh.load_standard(QUALITY).sources["S1"].title


def test_the_floor_of_a_changed_threshold_follows_it(tmp_path: Path) -> None:
    std = child(
        tmp_path,
        thresholds=[{"indicator": "teaching_area_per_student", "stage": "primary", "value": Decimal("5.0"), **CITED}],
    )
    assert std.threshold("teaching_area_per_student", stage="primary").floor == Decimal("4.25")
    other = child(tmp_path, school_rule={"kind": "at_least", "k": 6, "floor_ratio": Decimal("0.9"), **CITED})
    assert other.threshold("teaching_area_per_student", stage="primary").floor == Decimal("4.05")


def test_a_digest_changes_with_the_content_and_only_with_it(tmp_path: Path) -> None:
    content = {"limits": [{"kind": "each", "stage": "primary", "value": Decimal("0.4"), **CITED}]}
    std = child(tmp_path, **content)
    path = tmp_path / "local.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text("# a remark\n" + text.replace("\n", "\n\n"), encoding="utf-8")
    assert jh.load_standard(path).digest == std.digest
    elsewhere = tmp_path / "b" / "x.toml"
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert jh.load_standard(elsewhere).digest == std.digest
    for before, after in (("0.4", "0.41"), ("第二条", "第三条"), ("confirmed", "recalled"), ("某县", "某市")):
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")
        assert jh.load_standard(path).digest != std.digest
    assert std.digest.startswith("sha256:") and len({jh.load_standard(s).digest for s in SHIPPED}) == len(SHIPPED)


@pytest.mark.parametrize("ways", [(Decimal("0.4"), Decimal("0.40")), (1, Decimal("1.0")), (2000, Decimal("2e3"))])
def test_a_number_written_two_ways_is_one_number(tmp_path: Path, ways: tuple[Any, Any]) -> None:
    """0.4 and 0.40 are the same content: equal standards, and so one digest."""
    one, two = (child(tmp_path, limits=[{"kind": "each", "stage": "primary", "value": x, **CITED}]) for x in ways)
    assert one == two and one.diff(two).empty
    assert one.digest == two.digest


def test_a_path_may_be_text_or_path_and_is_read_anew(tmp_path: Path) -> None:
    child(tmp_path)
    path = tmp_path / "local.toml"
    assert jh.load_standard(str(path)).digest == jh.load_standard(path).digest
    path.write_text(path.read_text(encoding="utf-8").replace("某县实施方案", "新方案"), encoding="utf-8")
    assert jh.load_standard(path).label.zh == "新方案"


def own_basic(tmp_path: Path, text: str) -> jh.Standard:
    """A file that extends the national scheme of 2012."""
    path = tmp_path / "own.toml"
    head = f'id = "own"\nextends = "{BASIC}"\nlast_checked_on = "2026-11-22"\nlabel = {{ zh = "某省", en = "Own" }}\n'
    path.write_text(head + text, encoding="utf-8")
    return jh.load_standard(path)


CITED_LINES = 'clause = "c"\nsource = "S1"\nstanding = "secondary"\n'


def test_an_entry_on_both_questions_replaces_those_on_either(tmp_path: Path) -> None:
    text = f'[[inclusion]]\nownership = "private"\ndecision = "out"\n{CITED_LINES}'
    std = own_basic(tmp_path, text)
    for answer in ("in_basic_standard", "in_coefficient"):
        assert [(r.decision, r.answer) for r in std.inclusion_for(answer) if r.ownership] == [("out", None)]
    assert std.two_answers  # of teaching points still
    std = own_basic(
        tmp_path, f'[[inclusion]]\nkind = "special"\nanswer = "in_coefficient"\ndecision = "ask"\n{CITED_LINES}'
    )
    assert [r.decision for r in std.inclusion_for("in_basic_standard") if r.kind == "special"] == ["out"]
    assert [r.decision for r in std.inclusion_for("in_coefficient") if r.kind == "special"] == ["ask"]


def test_removing_a_unit_removes_what_is_said_on_either_question(tmp_path: Path) -> None:
    std = own_basic(tmp_path, '[[remove]]\ntable = "inclusion"\nkind = "teaching_point"\n')
    assert {r.kind for r in std.inclusion} == {None, "special"}
    text = '[[remove]]\ntable = "inclusion"\nkind = "teaching_point"\nanswer = "in_coefficient"\n'
    std = own_basic(tmp_path, text)
    assert [r.answer for r in std.inclusion if r.kind == "teaching_point"] == ["in_basic_standard"]
    with pytest.raises(jh.errors.StandardDataError, match="owner_types"):
        own_basic(tmp_path, f'[[inclusion]]\nowner_types = ["county"]\ndecision = "out"\n{CITED_LINES}')


def test_diff_shows_the_two_questions_of_2012() -> None:
    new = jh.load_standard(BASIC)
    before = [attrs.evolve(r, answer=None) for r in new.inclusion if r.answer == "in_coefficient" and not r.owner_types]
    old = attrs.evolve(new, inclusion=tuple(before))
    rows = old.diff(new).query("table == 'inclusion'")
    entries = set(rows["entry"])
    assert {"teaching_point", "teaching_point in_basic_standard", "private in_coefficient"} <= entries
    assert any("enterprise in_basic_standard" in e for e in entries)
