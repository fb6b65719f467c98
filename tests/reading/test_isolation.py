"""A file read in a process of its own: the same result, and an error for whatever happens to that process."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hostile_books import rows, sheet, xlsx

import junheng as jh
from junheng.reading import isolation
from junheng.reading.input_file import InputFile

TEXT = "区县名称,学校名称,学校代码,学段,在校生数\n甲县,一小,0012,小学,500①\n甲县,二小,0013,小学,无\n合计,,,,500\n"
FACTS = "项目,数值\n区县名称,A\n交流轮岗教师数,120人\n"


@pytest.mark.slow
def test_the_result_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(TEXT, encoding="gb18030")
    alone, here = jh.describe_file(path, isolate=True), jh.describe_file(path)
    for name in ("schools", "places", "sheets", "columns", "left_out", "problems"):
        pd.testing.assert_frame_equal(getattr(alone, name), getattr(here, name))
    for language in ("en", "zh"):
        assert alone.to_text(language) == here.to_text(language)
    with pytest.warns(jh.ReadingWarning) as caught:
        table = jh.read_schools(path, isolate=True, mapping={"学段": "stage"})
    pd.testing.assert_frame_equal(table, here.schools)
    assert "合计行1行" in caught[0].message.text("zh")


@pytest.mark.parametrize(
    "choices",
    [
        {"on_error": "missing", "sheet": 0},
        {"decimal": ",", "header": 1, "mapping": {"区县名称": "school", "学校名称": "county"}},
    ],
    ids=str,
)
def test_every_choice_reaches_the_child(choices: dict[str, Any]) -> None:
    data = TEXT.replace("无", '"1,500"').replace("500①", "约30").encode()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", jh.ReadingWarning)
        alone, here = jh.read_schools(data, isolate=True, **choices), jh.read_schools(data, **choices)
    pd.testing.assert_frame_equal(alone, here)
    assert alone.attrs == here.attrs


def test_facts_and_bytes_are_read_there_too() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        alone, here = (jh.read_facts(FACTS.encode(), isolate=i) for i in (True, False))
    pd.testing.assert_frame_equal(alone, here)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_error_comes_back_whole(tmp_path: Path, language: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("学校名称,学生人数,学生人数(万人)\n一小,5,5\n", encoding="utf-8")
    found: list[jh.InputError] = []
    for isolate in (True, False):
        with pytest.raises(jh.InputError) as caught:
            jh.describe_file(path, isolate=isolate)
        found.append(caught.value)
    assert type(found[0]) is type(found[1]) and found[0].text(language) == found[1].text(language)
    if isinstance(found[0], jh.InputDataError):
        assert [p.text(language) for p in found[0].problems] == [p.text(language) for p in found[1].problems]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ("import os; os.abort()", "the process of its own that read it was stopped"),
        ("import os; os._exit(0)", "the process of its own that read it was stopped"),
        ("b = bytearray(10**11)", "the process of its own that read it was stopped"),
        ("while True: pass", "was not read within 1 s"),
        ("import time; time.sleep(60)", "was not read within 1 s"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="only the time is limited there")
def test_a_child_that_fails_is_an_error(monkeypatch: pytest.MonkeyPatch, ends: str, said: str) -> None:
    # a child that ends by itself has time to import the library, on a busy machine too
    seconds = 1 if "1 s" in said else 60
    limits = f"from junheng.reading.isolation import _set_limits; _set_limits(10**9, {seconds})"
    monkeypatch.setattr(isolation, "_CODE", f"path = {{path!r}}; import sys; sys.path[:] = path\n{limits}\n{ends}")
    monkeypatch.setattr(isolation, "SECONDS", float(seconds))
    with pytest.raises(jh.InputError, match=said) as caught:
        jh.describe_file(b"a,b\n", isolate=True)
    assert "\n" not in str(caught.value) and "另存为" in caught.value.text("zh")


def test_the_limits_hold_while_a_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that needs more memory than there is for it."""
    pytest.importorskip("resource", reason="memory is not limited on this system")
    monkeypatch.setattr(isolation, "MEMORY", 300_000_000)
    monkeypatch.setattr(isolation, "MEMORY_PER_BYTE", 0)
    with pytest.raises(jh.InputError, match="was stopped"):
        jh.describe_file(xlsx(sheet(rows(20_000))), isolate=True)


def test_progress_is_told_once_at_the_end() -> None:
    told: list[tuple[int, int]] = []
    jh.describe_file(TEXT.encode(), isolate=True, progress=lambda done, of: told.append((done, of)))
    assert told == [(100, 100)]


def test_without_an_interpreter_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("executable", ""), ("executable", "/nothing/here")):
        monkeypatch.setattr(sys, name, value)
        with pytest.raises(jh.InputError, match="leave out isolate=True"):
            jh.describe_file(b"a,b\n", isolate=True)


def test_what_a_child_prints_does_no_harm(capfd: pytest.CaptureFixture[str]) -> None:
    jh.describe_file(TEXT.encode(), isolate=True)
    assert capfd.readouterr() == ("", "")


def test_any_error_in_the_child_is_one_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(isolation, "read_file", fails)
    task = isolation.Task("report", InputFile("a", b"a"), (None,), 1, 1.0)
    good, error = isolation._done(task)
    assert not good and isinstance(error, jh.InputError)
    # not a word of a bad file: the fault is ours
    assert str(error).startswith("a was not read: an unexpected error (ZeroDivisionError)")
    assert "ZeroDivisionError" in error.text("zh") and "反馈" in error.text("zh")


@pytest.mark.parametrize("kind", [MemoryError, OSError, KeyboardInterrupt])
def test_a_child_that_runs_out_of_something_was_stopped(monkeypatch: pytest.MonkeyPatch, kind: Any) -> None:
    def fails(*_: Any) -> None:
        raise kind

    monkeypatch.setattr(isolation, "read_file", fails)
    task = isolation.Task("report", InputFile("a", b"a"), (None,), 1, 1.0)
    assert "was stopped" in str(isolation._done(task)[1])
