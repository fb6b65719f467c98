"""Words are data: every key that the code names stands in ``words/`` in both languages, with the same parameters."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from parsed import nodes

import junheng
from junheng._data import read_toml
from junheng.words import LANGUAGES, Listed, Message, Name, Quoted, Row, message

PACKAGE = Path(junheng.__file__).parent
FILES = sorted(p.stem for p in (PACKAGE / "words").glob("*.toml"))
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def entries(table: dict[str, Any], at: str) -> Iterator[tuple[str, dict[str, str]]]:
    for name, value in table.items():
        if "en" in value and isinstance(value["en"], str):
            yield f"{at}.{name}", value
        else:
            yield from entries(value, f"{at}.{name}")


ENTRIES = {key: entry for file in FILES for key, entry in entries(read_toml(f"words/{file}.toml"), file)}


def parameters(sentence: str) -> set[str]:
    return {name.split(".")[0].split("[")[0] for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("file", FILES)
def test_a_sentence_stands_in_both_languages_with_the_same_parameters(file: str) -> None:
    """A test a file, not a sentence: two thousand tests take longer to collect than to run."""
    keys = [key for key in ENTRIES if key.startswith(f"{file}.")]
    assert keys and [key for key in keys if not sound(key)] == []


def sound(key: str) -> bool:
    entry = ENTRIES[key]
    bare = re.sub("（[^）]*）|[（(][^()（）]*[)）]|[“'][^”']*[”']", "", entry.get("en", ""))
    return (
        {"zh", "en"} <= set(entry) <= {"zh", "en", "en_one", "zh_one"}
        and (not CHINESE.search(bare) or "zh" in key)
        and parameters(entry["en"]) >= parameters(entry.get("en_one", entry["en"])) - {"n"}
        and parameters(entry["zh"]) >= parameters(entry.get("zh_one", entry["zh"])) - {"n"}
        # what only forms the plural is English
        and parameters(entry["zh"]) <= parameters(entry["en"])
        and (entry["zh"] == entry["zh"].strip(" ") or entry["en"] != entry["en"].strip(" "))
    )


def calls() -> Iterator[tuple[str, str, set[str], bool]]:
    """Every ``message("key", …)`` in the package: where, key, parameters, whether they are all written out."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in nodes(path):
            named = isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "message"
            if named and node.args and isinstance(node.args[0], ast.Constant):
                given = {k.arg for k in node.keywords if k.arg}
                yield (
                    f"{path.relative_to(PACKAGE)}:{node.lineno}",
                    node.args[0].value,
                    given,
                    all(k.arg for k in node.keywords),
                )


def test_a_message_names_a_sentence_and_gives_what_it_needs() -> None:
    found = list(calls())
    assert len(found) > 500
    assert [f"{where} {key}" for where, key, given, whole in found if not complete(key, given, whole)] == []


def complete(key: str, given: set[str], whole: bool) -> bool:
    if key not in ENTRIES:
        return False
    needed = parameters(ENTRIES[key]["en"]) | parameters(ENTRIES[key]["zh"])
    # what only decides between one and many need not be written
    named = (given - {"n"} == needed - {"n"}) if whole else given <= needed | {"n"}
    return named and ("n" in given or "n" not in needed or not whole)


def test_no_sentence_is_left_over() -> None:
    # templates name sentences of the page; columns.toml names units, the rules of plausibility are named like theirs
    data = [PACKAGE / "columns.toml", PACKAGE / "plausibility" / "rules.toml"]
    files = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.html"), *data]
    code = "\n".join(p.read_text(encoding="utf-8") for p in files)
    named = set(re.findall(r"[\w.]+", code))
    words = {part for name in named for part in name.split(".")}
    # labels are named by the ids of columns, indicators and codes
    left = [key for key in ENTRIES if key not in named and key.rsplit(".", 1)[1] not in words]
    assert [key for key in left if not key.startswith("labels.")] == []


def test_parameters_follow_the_language() -> None:
    told = Message("errors.did_you_mean", (("names", Listed((Quoted("a"), Name("column", "students")), "or")),))
    assert told.text("en") == "; did you mean 'a' or students?"
    assert told.text("zh") == "；是否指“a”或学生人数？"
    assert Row(3).text("en") == "row 3" and Row(3, 5).text("en") == "row 5"
    assert Row(3, 5).text("zh") == "第5行" and Row(3, 5, "表").text("en") == "row 5 of '表'"
    assert str(message("errors.problems", n=1)) == "the input has 1 problem:"
    assert str(message("errors.problems", n=2)) == "the input has 2 problems:"
    assert set(LANGUAGES) == {"en", "zh"}
