"""The map in CONTRIBUTING and the walks in the documentation name files that exist, and functions that are in them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE, MAP = ROOT / "docs" / "walks.md", ROOT / "CONTRIBUTING.md"
pytestmark = pytest.mark.skipif(
    not (PAGE.exists() and MAP.exists()), reason="the documentation is not beside the tests"
)


def named_functions(line: str) -> Iterator[tuple[str, str]]:
    """Every ``function()`` of a line, with the file named before it."""
    file = ""
    for word in re.findall(r"`([^`]+)`", line):
        if word.endswith(".py"):
            file = word
        elif re.fullmatch(r"\w+\(\)", word) and file:
            yield file, word[:-2]


def missing_functions(text: str) -> list[tuple[str, str]]:
    named = {pair for line in text.splitlines() for pair in named_functions(line)}
    return sorted(
        (file, name)
        for file, name in named
        if not re.search(rf"^\s*def {name}\(", (ROOT / file).read_text(encoding="utf-8"), flags=re.MULTILINE)
    )


def test_every_file_of_a_walk_is_there_and_none_comes_twice() -> None:
    text = PAGE.read_text(encoding="utf-8")
    walks = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert len(walks) == 3
    for walk in walks:
        steps = re.findall(r"^(\d+)\. `([^`]+)`: ", walk, flags=re.MULTILINE)
        files = [file for _, file in steps]
        assert [int(n) for n, _ in steps] == list(range(1, len(steps) + 1)) and len(steps) >= 8
        assert len(set(files)) == len(files)
        assert [f for f in files if not (ROOT / f).is_file()] == []
    # a step may be longer than a line
    assert missing_functions(re.sub(r"\n {2,}", " ", text)) == []


def test_every_file_and_function_of_the_map_is_there() -> None:
    text = MAP.read_text(encoding="utf-8")
    map_ = text[text.index("## Where does a rule live?") : text.index("## Documentation")]
    paths = set(re.findall(r"`((?:junheng|tests|docs)/[^` ]*)`", map_))
    assert len(paths) > 50
    assert sorted(p for p in paths if not list(ROOT.glob(p.rstrip("/")))) == []
    assert missing_functions(map_) == []
    # tables of words and tests name files of one folder
    words = set(re.findall(r"`(\w+\.toml)`", text[text.index("### The wording") : text.index("## Which module")]))
    assert words == {p.name for p in (ROOT / "junheng" / "words").glob("*.toml")}
