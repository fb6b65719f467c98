"""Labels are data, and complete: a frame in Chinese holds no English id, an explanation no unlabelled word."""

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from small_tables import BASIC, SHANDONG, STANDARDS

import junheng as jh
from junheng._data import read_toml
from junheng.errors import Severity
from junheng.facts import fact_columns
from junheng.indicators.compliance import VERDICTS
from junheng.results import REASONS
from junheng.schools import ALL_STAGES
from junheng.standards.model import Part, Standing

#: Indicators of Shandong's standard, which has no form with columns to head.
CONDITIONS = set(jh.load_standard(SHANDONG).indicators)
FRAMES = (
    "schools", "school_verdicts", "indicators", "items", "item_schools", "verdicts", "county_indicators", "facts",
    "grades", "left_out", "problems",
)  # fmt: skip
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z]{2,}")
#: Ids of standards are ids in any language; a digest is made of letters and figures.
STANDARD = re.compile(r"cn-[a-z0-9-]+|sha256:[0-9a-f]+")


def entries(file: str, *path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    table = read_toml(file)
    for key in path:
        table = table[key]
    yield from ((".".join((*path, k)), v) for k, v in table.items())


LABELS = dict(
    [
        *((k, v["label"]) for k, v in entries("columns.toml", "columns")),
        *((k, v["label"]) for k, v in entries("indicators/catalog.toml", "indicators")),
        *((k, v) for group in read_toml("words/labels.toml") for k, v in entries("words/labels.toml", group)),
    ]
)


def test_every_label_of_every_file_stands_in_both_languages() -> None:
    assert len(LABELS) > 200
    for name, label in LABELS.items():
        assert set(label) == {"zh", "en"}, name
        assert CHINESE.search(label["zh"]) and not ENGLISH.search(label["zh"]), name
        assert label["en"].strip() and not CHINESE.search(label["en"]), name
        assert label["en"].isascii(), name
        assert label["zh"] == label["zh"].strip() and label["en"] == label["en"].strip(), name


def test_every_unit_has_a_label_and_is_read() -> None:
    labels, read = read_toml("words/labels.toml")["unit"], read_toml("columns.toml")["units"]
    columns, facts, indicators = (
        {entry["unit"] for _, entry in entries(*place) if entry.get("unit", "1") != "1"}
        for place in (("columns.toml", "columns"), ("facts.toml", "facts"), ("indicators/catalog.toml", "indicators"))
    )
    assert (columns | facts | indicators) - set(labels) == set()
    assert (columns | facts) - set(read) == set()


@pytest.mark.parametrize("group", ["columns.toml columns", "indicators/catalog.toml indicators"])
def test_no_two_things_share_a_label(group: str) -> None:
    file, table = group.split()
    for language in ("zh", "en"):
        labels = [v["label"][language] for _, v in entries(file, table)]
        assert len(labels) == len(set(labels)), language


def test_every_word_a_result_may_hold_has_a_label() -> None:
    words = read_toml("words/labels.toml")
    for group, ids in {
        "verdict": VERDICTS,
        "stage": ALL_STAGES,
        "part": (*get_args(Part), "overall"),
        "standing": [str(s) for s in Standing],
        "reason": [r for r in REASONS if r],
        "indicator": ["composite"],
        "problem": [str(c) for c in jh.ProblemCode],
        "severity": [str(s) for s in Severity],
        "short": sorted({i for s in STANDARDS for i in jh.load_standard(s).indicators} - CONDITIONS),
    }.items():
        assert set(ids) <= set(words[group]), group
    for standard in STANDARDS:
        std = jh.load_standard(standard)
        assert std.jurisdiction in words["jurisdiction"], f"{standard}: {std.jurisdiction} has no label in labels.toml"
        for label in (std.label, *(i.label for i in std.items)):
            assert CHINESE.search(label.zh) and not CHINESE.search(label.en)


def test_every_indicator_names_columns_of_the_vocabulary_and_every_standard_its_indicators() -> None:
    columns, catalogue = read_toml("columns.toml")["columns"], jh.indicators.catalogue()
    for indicator in catalogue.values():
        assert set(indicator.columns) <= set(columns), indicator.id
        assert (indicator.scale == 100) == indicator.id.endswith("_per_hundred_students"), indicator.id
        assert "/" in indicator.unit, f"{indicator.id}: its unit says per what, such as seats/100 students"
    for standard in STANDARDS:
        assert set(jh.load_standard(standard).indicators) <= set(catalogue)
    listed = jh.list_indicators()
    assert listed.loc[listed["scope"] == "school", "id"].tolist() == list(catalogue)
    facts = read_toml("facts.toml")["facts"]
    for indicator in jh.indicators.county_catalogue().values():
        assert set(indicator.columns) <= set(facts), indicator.id


def evaluated(standard: str) -> jh.Evaluation:
    """Something of everything: gaps, an empty school, one said not to take part, sizes beside the table."""
    table = jh.synthetic.county(seed=2, n_schools=40, missing=0.04)
    table.loc[0, "students"] = 0
    table.loc[1, "included"] = "否"
    table.loc[2, "staff"] = 0
    table.loc[2, [c for c in table if "teachers" in c]] = 0
    table["片区代号"] = 1
    facts = {"exchanged_teachers": 12, "layout_plan": "是", "layout_plan_reference": "县教育局文件", "平均": 3}
    return jh.evaluate(table, standard, county_facts=facts)


@pytest.fixture(scope="module", params=STANDARDS)
def ev(request: pytest.FixtureRequest) -> jh.Evaluation:
    return evaluated(request.param)


def words_of(frame: Any) -> Iterator[tuple[str, str]]:
    for row in jh.results.records(frame):
        yield from ((name, value) for name, value in row.items() if isinstance(value, str))


@pytest.mark.parametrize("name", FRAMES)
def test_no_header_and_no_id_of_a_chinese_frame_is_english(ev: jh.Evaluation, name: str) -> None:
    frame = getattr(ev.relabel("zh"), name)
    assert all(CHINESE.search(c) and not ENGLISH.search(c) for c in frame.columns)
    assert {(c, v) for c, v in words_of(frame) if ENGLISH.search(STANDARD.sub("", v))} == set()


@pytest.mark.parametrize("name", FRAMES)
def test_english_frames_have_labels_too_and_hold_the_same_figures(ev: jh.Evaluation, name: str) -> None:
    ids, en, zh = getattr(ev, name), getattr(ev.relabel("en"), name), getattr(ev.relabel("zh"), name)
    assert not any("_" in c for c in en.columns)
    assert ids.shape == en.shape == zh.shape
    assert len(set(en.columns)) == len(set(zh.columns)) == ids.shape[1]
    for a, b, c in zip(ids.columns, en.columns, zh.columns, strict=True):
        if ids[a].dtype.kind in "fib":
            assert ids[a].equals(en[b]) and ids[a].equals(zh[c])
    known = {"message", "op", "unit", "clause", "source", "county", "school", "school_code", "county_code"}
    back = {v: k for k, v in zip(ids.columns, en.columns, strict=True)}
    spelled = {(back[c], v) for c, v in words_of(en) if "_" in v and back[c] not in known}
    assert spelled == set()


def test_relabelling_changes_words_only(ev: jh.Evaluation) -> None:
    zh = ev.relabel("zh")
    assert zh.relabel(None).provenance == ev.provenance and zh.standard is ev.standard
    assert len(zh.provenance) == len(ev.provenance) and zh.provenance["标准"] == ev.provenance["standard"]
    kept = STANDARD.sub("", " ".join(zh.provenance) + str([v for k, v in zh.provenance.items() if "junheng" not in k]))
    assert not [w for w in ENGLISH.findall(kept) if w not in ("None", "sha", "junheng", "propagate") and len(w) > 3]
    assert zh.explain() == ev.explain(language="zh") and zh.relabel("en").explain() == ev.explain()
    assert ev.language is None and list(ev.verdicts.columns)[-3:] == ["part", "verdict", "reason"]


def test_explanations_hold_no_id_in_either_language(ev: jh.Evaluation) -> None:
    for language in ("zh", "en"):
        assert not re.search(r"[a-z]_[a-z]", ev.explain(language=language))
        assert "None" not in ev.explain(language=language) and "nan" not in ev.explain(language=language)
    assert not ENGLISH.search(ev.explain(language="zh"))


def test_an_unknown_value_leaves_no_gap_in_the_sentence(ev: jh.Evaluation) -> None:
    for language in ("zh", "en"):
        assert not re.search(r" ,|  [·:]|\s$", ev.explain(language=language), flags=re.MULTILINE)


def test_a_column_of_the_users_own_keeps_its_name() -> None:
    table = jh.synthetic.county(seed=0, n_schools=5, conditions=False).assign(片区="东")
    ev = jh.evaluate(table, BASIC, by=["片区"]).relabel("zh")
    assert ev.verdicts.columns[0] == "片区" and ev.verdicts["片区"].iloc[0] == "东"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_column_or_a_fact_is_told_by_its_label_alone(language: str) -> None:
    for known in (jh.schools.columns(), fact_columns()):
        labels = [getattr(entry, language) for entry in known.values()]
        assert sorted(labels) == sorted(set(labels))
