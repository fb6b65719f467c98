"""Standards are found by Chinese names and document numbers, as people type them; what is ambiguous is refused."""

import itertools
import tomllib
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest
import tomli_w
from small_tables import BASIC, QUALITY, SHANDONG

import junheng as jh
from junheng.standards.names import Names, folded

SHIPPED = {s: jh.load_standard(s) for s in jh.list_standards()["id"]}


def test_no_name_is_that_of_two_standards() -> None:
    names = [
        (folded(name), std.id)
        for std in SHIPPED.values()
        for name in {std.id, std.label.zh, std.label.en, *map(folded, std.aliases)}
    ]
    twice = [n for n, group in itertools.groupby(sorted(names), key=lambda x: x[0]) if len(list(group)) > 1]
    assert twice == []
    # nor is a name written twice in one file in other brackets
    assert all(len({folded(a) for a in std.aliases}) == len(std.aliases) for std in SHIPPED.values())


@pytest.mark.parametrize("std", SHIPPED.values(), ids=SHIPPED)
def test_every_name_finds_its_standard(std: jh.Standard) -> None:
    heading = f"{std.label.zh}（{std.number}）"
    for name in (std.id, std.id.upper(), std.label.zh, std.label.en, heading, *std.aliases):
        assert jh.load_standard(name) is std, name
    # a number that was read finds it; two standards have none
    numbers = [n for n in std.number.split("；") if "〔" in n]
    assert numbers or "号" not in std.number.replace("文号未见", "").replace("无文号", "")
    assert set(numbers) <= set(std.aliases)


@pytest.mark.parametrize(
    "typed",
    [
        "优质均衡",
        " 优质均衡县 ",
        "教督〔2017〕6号",
        "教督[2017]6号",
        "教督(2017)6号",
        "教督（2017）6号",
        "教督【2017】6号",
        "教督［2017］6号",
        "教督〔2017〕 6 号",
        "教督 [2017] 6号",
        "教督〔２０１７〕６号",
        "教督〔2017〕第6号",
        "教督〔2017〕6号文件",
        "《县域义务教育优质均衡发展督导评估办法》",
        "《县域义务教育优质均衡发展督导评估办法》（教督〔2017〕6号）",
        "教督\u200b〔2017〕6号",
    ],
)
def test_a_name_may_be_typed_in_many_ways(typed: str) -> None:
    assert jh.load_standard(typed).id == QUALITY


def test_names_are_taken_by_every_function() -> None:
    schools = jh.synthetic.county(seed=0, n_schools=4)
    assert jh.evaluate(schools, "教督[2012]3号").standard.id == BASIC
    assert list(jh.evaluate_all(schools, ["优质均衡", "基本均衡"])) == [QUALITY, BASIC]
    assert jh.split_stages(schools, "优质均衡").equals(jh.split_stages(schools, QUALITY))
    assert jh.check_schools(schools, "优质均衡").equals(jh.check_schools(schools, QUALITY))
    frame = pl.from_pandas(schools)
    assert jh.evaluate(frame, "鲁教基字(2008)15号").provenance["standard"] == SHANDONG


@pytest.mark.parametrize(
    ("word", "candidates"),
    [
        ("均衡", {BASIC, QUALITY, "cn-gz-majiang-2023", "cn-sd-basic-balance-2013"}),
        ("山东省", {"cn-sd-basic-balance-2013", SHANDONG}),
        ("教督", {BASIC, QUALITY}),
    ],
)
def test_a_word_in_the_names_of_several_is_refused_with_the_candidates(word: str, candidates: set[str]) -> None:
    with pytest.raises(jh.UnknownStandardError) as caught:
        jh.load_standard(word)
    for text in (str(caught.value), caught.value.text("zh")):
        assert word in text and all(c in text for c in candidates)
    assert SHIPPED[QUALITY].label.zh in caught.value.text("zh") or QUALITY not in candidates


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("优质均横", QUALITY),
        ("教督〔2017〕5号", QUALITY),
        ("麻江", "cn-gz-majiang-2023"),
        ("鲁教基字〔2018〕15号", SHANDONG),
        ("县域义务教育均衡发展督导评估办法", BASIC),
    ],
)
def test_a_name_that_is_near_is_not_taken_but_suggested(word: str, near: str) -> None:
    with pytest.raises(jh.UnknownStandardError) as caught:
        jh.load_standard(word)
    assert "did you mean" in str(caught.value) and near in str(caught.value)
    assert "是否指" in caught.value.text("zh") and SHIPPED[near].label.zh in caught.value.text("zh")
    assert SHIPPED[near].label.en in str(caught.value) and SHIPPED[near].label.zh not in str(caught.value)


def test_two_standards_with_one_name_make_it_ambiguous() -> None:
    names = Names.of([SHIPPED[BASIC], attrs_evolved(SHIPPED[QUALITY])])
    with pytest.raises(jh.UnknownStandardError, match="may mean more than one standard") as caught:
        names.find("教督[2012]3号")
    shown = {language: [names.shown[s].text(language) for s in (BASIC, QUALITY)] for language in ("en", "zh")}
    assert " or ".join(shown["en"]) in str(caught.value) and "或".join(shown["zh"]) in caught.value.text("zh")


def attrs_evolved(std: jh.Standard) -> jh.Standard:
    import attrs

    return attrs.evolve(std, aliases=("教督（2012）3号",))


def test_names_change_no_digest_and_are_not_inherited() -> None:
    std = SHIPPED[QUALITY]
    other = attrs_evolved(std)
    assert other.digest == std.digest and other != std
    assert SHIPPED["cn-gz-majiang-2023"].extends == QUALITY
    assert not set(SHIPPED["cn-gz-majiang-2023"].aliases) & set(std.aliases)


def own_file(folder: Path, **changes: object) -> Path:
    path = folder / "mine.toml"
    text = files("junheng").joinpath("standards/data/cn-js-wuxi-2014.toml").read_text(encoding="utf-8")
    path.write_text(tomli_w.dumps(tomllib.loads(text) | changes), encoding="utf-8")
    return path


def test_a_file_of_ones_own_may_have_names_but_is_found_by_its_path(tmp_path: Path) -> None:
    path = own_file(tmp_path, id="mine", aliases=["本省办法"])
    assert jh.load_standard(path).aliases == ("本省办法",)
    with pytest.raises(jh.UnknownStandardError):
        jh.load_standard("本省办法")


@pytest.mark.parametrize("names", [[" "], ["《》"], ["甲", "甲"], "甲", [3]])
def test_names_that_are_none_are_refused(tmp_path: Path, names: object) -> None:
    with pytest.raises(jh.StandardDataError, match="aliases"):
        jh.load_standard(own_file(tmp_path, aliases=names))


def test_a_file_extends_by_id_and_is_told_the_id_of_a_name(tmp_path: Path) -> None:
    with pytest.raises(jh.StandardDataError, match=f"write {QUALITY} instead of '优质均衡'"):
        jh.load_standard(own_file(tmp_path, extends="优质均衡"))
