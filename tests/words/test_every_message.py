"""Every sentence of ``words/`` in both languages, with every kind of parameter that it can have."""

import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from english import english_in

import junheng
from junheng._data import read_toml
from junheng.words import Listed, Message, Name, Quoted, Row, listed, message, quoted

FILES = sorted(p.stem for p in (Path(junheng.__file__).parent / "words").glob("*.toml"))
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def entries(table: dict[str, Any], at: str) -> Iterator[tuple[str, dict[str, str]]]:
    for name, value in table.items():
        if isinstance(value.get("en"), str):
            yield f"{at}.{name}", value
        else:
            yield from entries(value, f"{at}.{name}")


ENTRIES = {key: entry for file in FILES for key, entry in entries(read_toml(f"words/{file}.toml"), file)}
#: What stands for a number, by the type of its format.
NUMBERS: dict[str, tuple[Any, ...]] = {"d": (0, 1, 7, -3), "": (0, 1, 7, 2.5, -3.25), "g": (0, 1, 2.5, np.float64(7))}
NESTED = message("errors.did_you_mean", names=quoted(["甲", "乙"], "or"))
#: Whatever else a sentence may be given: words, names, quotations, lists, rows, other sentences, nothing.
WORDS: tuple[Any, ...] = (
    "一小", "", 3, 2.5, 10**30, None, Name("column", "students"), Name("stage", "primary"), Name("kind", "nine_year"),
    Name("problem", "missing_value"), Quoted("约30"), Quoted(Name("column", "books")), Quoted(None), ("甲", "乙", "丙"),
    ["甲"], (), listed([Name("column", "books"), Name("column", "computers")], "and"), quoted(["甲", "乙"], "or"),
    Row(3), Row(3, 5), Row(3, 5, "学校"), NESTED, message("errors.at", path="学校.csv", message=NESTED),
    Listed((NESTED, Quoted("丙"))),
)  # fmt: skip


def parameters(entry: dict[str, str]) -> dict[str, str]:
    """Return the parameters of an entry, with their formats."""
    found: dict[str, str] = {}
    for sentence in entry.values():
        for _, name, spec, _ in string.Formatter().parse(sentence):
            if name:
                found[name] = spec or found.get(name, "")
    return found


def cases(key: str) -> Iterator[Message]:
    """Every kind for every parameter in turn, the others being ordinary."""
    needed = parameters(ENTRIES[key])
    kinds = {
        name: NUMBERS[spec[-1] if spec[-1] in "dg" else "g"] if spec else NUMBERS["d"] if name == "n" else WORDS
        for name, spec in needed.items()
    }
    usual = {name: kind[2] for name, kind in kinds.items()}
    yield message(key, **usual)
    for name, kind in kinds.items():
        for value in kind:
            yield message(key, **(usual | {name: value}))


@pytest.mark.parametrize("file", FILES)
def test_every_sentence_can_be_said_in_both_languages(file: str) -> None:
    for key in (k for k in ENTRIES if k.split(".")[0] == file):
        for case in cases(key):
            english, chinese = case.text("en"), case.text("zh")
            assert "{" not in english + chinese and "}" not in english + chinese, key
            assert isinstance(english, str) and str(case) == english
            assert not english_in(chinese), key
            assert "Message(" not in english + chinese and "Name(" not in english + chinese, key


def test_the_generator_reaches_every_parameter() -> None:
    assert len(ENTRIES) > 1000 and sum(bool(parameters(e)) for e in ENTRIES.values()) > 400
    case = {case.text("en") for case in cases("cli.failed")}
    assert {"junheng: 一小", "junheng: students", "junheng: '约30'", "junheng: row 5 of '学校'"} <= case


def test_one_of_something_has_the_singular_where_the_file_gives_one() -> None:
    with_one = {k: e for k, e in ENTRIES.items() if "en_one" in e}
    assert with_one
    for key in with_one:
        needed = parameters(ENTRIES[key]) | {"n": "d"}
        given = {name: 1 if name == "n" else 7 for name in needed}
        assert message(key, **given).text("en") != message(key, **(given | {"n": 2})).text("en"), key


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("单价有误：no cost given for books", 1),
        ("错误：the table has no rows", 1),
        ("见“the table has no rows”", 0),
        ("标准 cn-quality-balance-2017、cn-basic-balance-2012 无申报表", 0),
        ("python -m pip install “junheng”", 0),
        ("（csv, UTF-8）", 0),
        ("A级、B级、C级 Excel 文件", 0),
        ("文件夹 /home/some user/has many parts of it 不存在", 1),
        ("用法：junheng [-h] [--language {en,zh}] 命令", 0),
    ],
)
def test_what_counts_as_english(text: str, found: int) -> None:
    assert len(english_in(text)) == found


def test_a_file_that_was_given_is_no_english_of_ours() -> None:
    assert english_in("文件 one two three four.csv 不存在", "one two three four.csv") == []
