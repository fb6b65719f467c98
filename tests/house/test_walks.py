"""The walks in the documentation name files that are there, each once."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "walks.md"
pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not beside the tests")


def test_every_file_of_a_walk_is_there_and_none_comes_twice() -> None:
    walks = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert len(walks) == 3
    for walk in walks:
        steps = re.findall(r"^(\d+)\. `([^`]+)`: ", walk, flags=re.MULTILINE)
        files = [file for _, file in steps]
        assert [int(n) for n, _ in steps] == list(range(1, len(steps) + 1)) and len(steps) >= 8
        assert len(set(files)) == len(files)
        assert [f for f in files if not (ROOT / f).is_file()] == []
