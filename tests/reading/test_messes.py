"""Random combinations of messes are read as the clean table, or the cell is named; mutated files: read or refused."""

import random
from collections import Counter
from pathlib import Path

import messy_judge
import messy_returns
import mutated_books
import pytest
from messy_files import FORMATS
from messy_returns import ALL, CLASHES, messed

import junheng as jh


@pytest.mark.slow
def test_every_mess_is_drawn_and_finds_what_it_changes() -> None:
    made: Counter[str] = Counter()
    for seed in range(150):
        _, names = messy_judge.drawn(seed)
        made.update(messed(seed, names)[1])
    assert set(made) == set(ALL)
    assert set().union(*CLASHES) <= set(ALL)


def test_a_return_without_messes_is_read_without_a_finding(tmp_path: Path) -> None:
    for kind in ("xlsx", "ods", "page", "csv"):
        assert messy_judge.judge(1, kind, [], tmp_path) == ("read", [], [])


@pytest.mark.parametrize(
    ("change", "kind"),
    [("figure", "wrong figure"), ("key", "wrong school"), ("row", "row read as a school"), ("more", "school dropped")],
)
def test_the_judge_sees_what_is_wrong(change: str, kind: str, tmp_path: Path) -> None:
    """A return that was read well, judged by expectations that are not those of the file."""
    book, _ = messed(3, [])
    written = FORMATS["csv"](book, tmp_path, random.Random(0))
    report = jh.describe_file(written.path)
    if change == "figure":
        book.expected[2]["books"] += 1
    elif change == "key":
        book.expected[2]["school"] = "别校"
    elif change == "row":
        book.sheets[0].rows[3].record = None  # type: ignore[attr-defined]
    else:
        book.sheets[0].rows.append(messy_returns.Row(book.sheets[0].rows[1], 0))
    assert {k for k, _ in messy_judge.judged(book, written, report)} == {kind}


@pytest.mark.slow
def test_combinations_of_messes_are_read_right_or_named() -> None:
    _, findings = messy_judge.run(0, 60, reduce=False)
    assert not findings


@pytest.mark.long
@pytest.mark.parametrize("first", range(60, 2060, 250))
def test_many_combinations_of_messes(first: int) -> None:
    _, findings = messy_judge.run(first, first + 250, reduce=True)
    assert not findings


@pytest.mark.slow
def test_mutated_books_are_tables_or_errors() -> None:
    counts, findings = mutated_books.run(0, 80)
    assert not findings
    assert counts["table"] > 10 and counts["refused"] > 10


@pytest.mark.long
@pytest.mark.parametrize("first", range(80, 2080, 250))
def test_many_mutated_books(first: int) -> None:
    _, findings = mutated_books.run(first, first + 250)
    assert not findings
