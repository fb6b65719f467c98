"""No file of the user's is lost: outputs that are inputs are refused, and what fails half-way changes nothing."""

import errno
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command_line import in_chinese, run, table
from hypothesis import given
from hypothesis import strategies as st
from small_tables import QUALITY

import junheng as jh
from junheng._files import check_output, replacing, write_bytes
from junheng._frames import write_csv

CODE = jh.ProblemCode

#: A command, and the input that its output would overwrite. Of what stands here:
#: 软链接.html and 硬链接.csv are links to 学校.csv; 标准.json and 标准.xlsx are further names of 本县.toml;
#: 结果-items.csv, 方案-counties.csv (in Chinese 结果-项目.csv, 方案-各县费用.csv) and
#: 表/甲县-申报表.xlsx are tables of schools that are named like a part of an output.
REFUSED = """
evaluate 学校.csv --standard 本县.toml --out 学校.csv                                  | 学校.csv
evaluate 学校.csv --standard 本县.toml --out ./下级/../学校.csv                        | 学校.csv
evaluate 下级/../学校.csv --standard 本县.toml --out 学校.csv                          | 学校.csv
evaluate 学校.csv --standard 本县.toml --out 硬链接.csv                                | 学校.csv
evaluate 硬链接.csv --standard 本县.toml --out 学校.csv                                | 学校.csv
evaluate 学校.xlsx --standard 本县.toml --out 学校.xlsx                                | 学校.xlsx
evaluate 学校.csv --standard 本县.toml --facts 县情.csv --out 县情.csv                 | 县情.csv
evaluate 学校.csv --standard 本县.toml --out 标准.json                                 | 本县.toml
evaluate 结果-items.csv --standard 本县.toml --out 结果.csv                            | 结果-items.csv
declare 学校.xlsx --standard 本县.toml --out 学校.xlsx                                 | 学校.xlsx
declare 学校.csv --standard 本县.toml --out 学校.csv                                   | 学校.csv
declare 学校.csv --standard 本县.toml --facts 县情.xlsx --out 县情.xlsx                | 县情.xlsx
declare 表/甲县-申报表.xlsx --standard 本县.toml --out 表                              | 表/甲县-申报表.xlsx
report 学校.csv --standard 本县.toml --out 软链接.html                                 | 学校.csv
report 学校.csv --standard 本县.toml --out 学校.csv                                    | 学校.csv
plan 学校.csv --standard 本县.toml --costs 单价.csv --out 学校.csv                     | 学校.csv
plan 学校.csv --standard 本县.toml --costs books=1 单价.csv --out 单价.csv             | 单价.csv
plan 学校.csv --standard 本县.toml --costs 单价.csv --moves 调剂.csv --out 调剂.csv     | 调剂.csv
plan 方案-counties.csv --standard 本县.toml --costs 单价.csv --out 方案.csv            | 方案-counties.csv
plan 学校.csv --standard 本县.toml --costs 单价.csv --out 软链接.html                  | 学校.csv
plan 学校.csv --standard 本县.toml --costs 单价.csv --out 标准.json                    | 本县.toml
plan 学校.csv --standard 本县.toml --costs-template 学校.csv                           | 学校.csv
plan --standard 本县.toml --costs 单价.csv --costs-template 单价.csv                   | 单价.csv
plan 学校.xlsx --standard 本县.toml --costs-template 学校.xlsx                         | 学校.xlsx
template --standard 本县.toml --out 标准.xlsx                                          | 本县.toml
"""
CASES = [tuple(x.strip() for x in line.split("|")) for line in REFUSED.strip().splitlines()]
#: Endings that the command cannot write are refused for that, before anything is looked at.
OTHER_ENDING = {
    "declare 学校.csv --standard 本县.toml --out 学校.csv",
    "report 学校.csv --standard 本县.toml --out 学校.csv",
}


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a county's files, in which the commands run."""
    folder = tmp_path / "均衡材料"
    (folder / "下级").mkdir(parents=True)
    (folder / "表").mkdir()
    schools = in_chinese(table())
    for name in ("学校.csv", "结果-items.csv", "方案-counties.csv"):
        schools.to_csv(folder / name, index=False, encoding="utf-8-sig")
    for name in ("学校.xlsx", "表/甲县-申报表.xlsx"):
        schools.to_excel(folder / name, index=False, engine="openpyxl")
    facts = pd.DataFrame({"区县名称": ["甲县"], "总人口数": [456700]})
    facts.to_csv(folder / "县情.csv", index=False)
    facts.to_excel(folder / "县情.xlsx", index=False, engine="openpyxl")
    (folder / "单价.csv").write_text(costs(), encoding="utf-8")
    (folder / "调剂.csv").write_text("column,cost\nbackbone_teachers,5000\n", encoding="utf-8")
    (folder / "本县.toml").write_text(
        f'id = "own"\nextends = "{QUALITY}"\nlast_checked_on = "2026-11-22"\nlabel = {{ zh = "本县", en = "Own" }}\n',
        encoding="utf-8",
    )
    (folder / "软链接.html").symlink_to(folder / "学校.csv")
    (folder / "硬链接.csv").hardlink_to(folder / "学校.csv")
    (folder / "结果-项目.csv").hardlink_to(folder / "结果-items.csv")
    (folder / "方案-各县费用.csv").hardlink_to(folder / "方案-counties.csv")
    for name in ("标准.json", "标准.xlsx"):
        (folder / name).hardlink_to(folder / "本县.toml")
    monkeypatch.chdir(folder)
    return folder


def costs() -> str:
    columns = dict.fromkeys(i.numerator for i in jh.evaluate(table(), QUALITY).data.indicators)
    return "column,cost\n" + "".join(f"{c},{100 + 37 * k}\n" for k, c in enumerate(columns))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("command", "lost"), CASES, ids=[c for c, _ in CASES])
def test_an_output_that_is_an_input_is_refused(
    capsys: pytest.CaptureFixture[str], office: Path, command: str, lost: str, language: str
) -> None:
    before = contents(office)
    code, out, err = run(capsys, *command.split(), "--language", language)
    assert code == 2 and "written" not in out and "已写入" not in out
    assert contents(office) == before and lost in before
    last = err.strip().splitlines()[-1]
    if command in OTHER_ENDING:
        assert {"en": "must end in", "zh": "的扩展名须为"}[language] in last
    elif language == "en":
        assert "this is the input" in last and "choose another output file" in last
    else:
        assert last.startswith("junheng：") and "输出文件就是输入文件" in last


#: Each command that writes, and all it writes.
WRITTEN = {
    "evaluate 学校.csv --standard 本县.toml --out 新.xlsx": 1,
    "evaluate 学校.csv --standard 本县.toml --out 新.json": 1,
    "evaluate 学校.csv --standard 本县.toml --out 新.csv": 10,
    "declare 学校.csv --standard 本县.toml --out 新.xlsx": 1,
    "declare 学校.csv --standard 本县.toml --out 下级": 1,
    "report 学校.csv --standard 本县.toml --out 新.html": 1,
    "plan 学校.csv --standard 本县.toml --costs 单价.csv --out 新.xlsx": 1,
    "plan 学校.csv --standard 本县.toml --costs 单价.csv --out 新.json": 1,
    "plan 学校.csv --standard 本县.toml --costs 单价.csv --out 新.csv": 8,
    "plan 学校.csv --standard 本县.toml --costs 单价.csv --out 新.html": 1,
}
#: Empty forms, which never replace a file.
FORMS = (
    "plan --standard 本县.toml --costs-template 新.csv",
    "plan --standard 本县.toml --costs-template 新.xlsx",
    "template --standard 本县.toml --out 新.xlsx",
)


@contextmanager
def small_disk() -> Iterator[None]:
    """No file may grow beyond 200 bytes: each write fails half-way, as on a full disk."""
    resource = pytest.importorskip("resource", reason="the system has no limit on the size of files")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("command", WRITTEN)
def test_what_fails_half_way_leaves_the_old_file(
    capsys: pytest.CaptureFixture[str], office: Path, command: str
) -> None:
    inputs = set(contents(office))
    assert run(capsys, *command.split())[0] == 0
    made = set(contents(office)) - inputs
    assert len(made) == WRITTEN[command]
    for name in made:
        (office / name).write_text("旧", encoding="utf-8")
        (office / name).chmod(0o640)
    before = contents(office)
    with small_disk():
        code, out, err = run(capsys, *command.split())
    assert code == 2 and "written" not in out and "Traceback" not in err and err.strip()
    assert contents(office) == before
    # and with space they are replaced, and may be read by whom they could be read before
    assert run(capsys, *command.split())[0] == 0
    after = contents(office)
    assert set(after) == set(before) and all(after[name] != before[name] for name in made)
    assert {stat.S_IMODE((office / name).stat().st_mode) for name in made} == {0o640}


@pytest.mark.parametrize("command", FORMS)
def test_an_empty_form_that_fails_half_way_leaves_nothing(
    capsys: pytest.CaptureFixture[str], office: Path, command: str
) -> None:
    before = contents(office)
    with small_disk():
        code, out, err = run(capsys, *command.split())
    assert code == 2 and "written" not in out and "Traceback" not in err and err.strip()
    assert contents(office) == before
    assert run(capsys, *command.split())[0] == 0 and len(contents(office)) == len(before) + 1


def test_of_several_tables_all_are_written_or_none(tmp_path: Path) -> None:
    class Broken(pd.DataFrame):
        def to_csv(self, *given: Any, **more: Any) -> Any:
            raise OSError(errno.ENOSPC, "No space left on device")

    good = pd.DataFrame({"a": [1]})
    write_csv(tmp_path / "表.csv", {"one": good, "two": good})
    before = contents(tmp_path)
    assert set(before) == {"表.csv", "表-two.csv"}
    with pytest.raises(jh.OutputFileError, match="No space left on device"):
        write_csv(tmp_path / "表.csv", {"one": good.assign(a=2), "two": Broken()})
    assert contents(tmp_path) == before


# ------------------------------------------------------------------------------------------- functions


@cache
def evaluated() -> jh.Evaluation:
    return jh.evaluate(table(), QUALITY)


WRITERS: dict[str, Callable[[Path], Any]] = {
    "申报表.xlsx": lambda path: jh.reports.write_declaration(evaluated(), path),
    "报告.html": lambda path: jh.reports.write_report(evaluated(), path),
    "空表.xlsx": lambda path: jh.reports.write_template(path, QUALITY),
    "结果.csv": lambda path: write_csv(path, {"a": pd.DataFrame({"列": ["值"]})}),
    "结果.xlsx": lambda path: jh.reports.write_results(evaluated(), path),
    "原样.bin": lambda path: write_bytes(path, b"new"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_writer_makes_replaces_and_refuses_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write, path = WRITERS[name], tmp_path / name
    write(path)
    made = path.read_bytes()
    assert made and stat.S_IMODE(path.stat().st_mode) & 0o400
    assert [p.name for p in tmp_path.iterdir()] == [name]

    path.write_bytes(b"old")
    link = tmp_path / f"链接{path.suffix}"
    link.symlink_to(path)
    write(link)
    assert link.is_symlink() and path.read_bytes()[:100] == made[:100]

    path.write_bytes(b"old")
    # a file that is open in Excel cannot be replaced on Windows
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        code_of(lambda: write(path), CODE.OUTPUT_LOCKED, "open in another program such as Excel")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        code_of(lambda: write(path), CODE.OUTPUT_FAILED, "No space left on device")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", stop)
        with pytest.raises(KeyboardInterrupt):
            write(path)
    assert path.read_bytes() == b"old"

    link.unlink()
    path.unlink()
    path.mkdir()
    code_of(lambda: write(path), CODE.OUTPUT_NOT_A_FILE, "this is a folder")
    code_of(lambda: write(tmp_path / "无" / name), CODE.OUTPUT_FOLDER_MISSING, "there is no folder")
    assert [p.name for p in tmp_path.iterdir()] == [name]


def refuse(*_: Any) -> Any:
    raise PermissionError(errno.EACCES, "The process cannot access the file because it is being used")


def full(*_: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


def stop(*_: Any) -> Any:
    raise KeyboardInterrupt


def code_of(work: Callable[[], Any], code: jh.ProblemCode, said: str) -> None:
    with pytest.raises(jh.OutputFileError, match=said) as caught:
        work()
    assert caught.value.code == code and isinstance(caught.value, (jh.InputError, OSError))


def test_a_locked_file_is_refused_before_the_work(
    capsys: pytest.CaptureFixture[str], office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Excel on Windows lets no other program open its file for writing."""
    (office / "新.xlsx").write_bytes(b"old")
    usual = Path.open

    def locked(path: Path, mode: str = "r", *given: Any, **more: Any) -> Any:
        return refuse() if path.name == "新.xlsx" and "+" in mode else usual(path, mode, *given, **more)

    monkeypatch.setattr(Path, "open", locked)
    monkeypatch.setattr(jh, "describe_file", stop)
    command = ["evaluate", "学校.csv", "--standard", QUALITY, "--out", "新.xlsx"]
    assert run(capsys, *command)[::2] == (
        2,
        "junheng: 新.xlsx: the file or its folder is not writable, or the file is open in another program such as "
        "Excel; close it there, or choose another file\n",
    )
    code, _, err = run(capsys, *command, "--language", "zh")
    assert code == 2 and err.startswith("junheng：新.xlsx：文件或其所在文件夹不可写")
    assert (office / "新.xlsx").read_bytes() == b"old"


@pytest.mark.skipif(sys.platform == "win32", reason="the system has no named pipes among its files")
def test_a_pipe_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    code_of(lambda: check_output(tmp_path / "pipe.csv"), CODE.OUTPUT_NOT_A_FILE, "not a regular file")


def test_inputs_that_are_no_files_stand_in_the_way_of_nothing(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a.csv", b"1", ["books=25", "-", QUALITY, tmp_path / "gone.csv", tmp_path])
    assert (tmp_path / "a.csv").read_bytes() == b"1"


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are others there")
def test_a_new_file_has_the_permissions_of_every_new_file(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    write_bytes(tmp_path / "ours", b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_name_as_long_as_the_system_allows(tmp_path: Path) -> None:
    """The file beside has a short name of its own: of a name of 255 bytes nothing can be made longer."""
    name = "县" * 80 + "-申报表.xlsx"
    write_bytes(tmp_path / name, b"1")
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_the_error_survives_a_worker() -> None:
    import pickle

    error = jh.OutputFileError(CODE.OUTPUT_FAILED, Path("表.csv"), "why")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.code, again.path) == ("表.csv: why", CODE.OUTPUT_FAILED, "表.csv")


NAMES = st.text(st.sampled_from("甲乙县表 -_.a1（）"), min_size=1, max_size=12).map(lambda s: f"x{s}.csv")
FAILURES = st.sampled_from([OSError(errno.ENOSPC, "full"), ValueError("cell"), KeyboardInterrupt(), MemoryError()])


@given(
    name=NAMES,
    old=st.none() | st.binary(max_size=50),
    chunks=st.lists(st.binary(max_size=20), max_size=6),
    fails=st.none() | st.tuples(st.integers(0, 6), FAILURES),
    mode=st.sampled_from([0o600, 0o644, 0o664]),
)
def test_a_file_is_the_old_one_or_the_new_one_whole(
    name: str, old: bytes | None, chunks: list[bytes], fails: tuple[int, BaseException] | None, mode: int
) -> None:
    with tempfile.TemporaryDirectory() as where:
        path = Path(where) / name
        if old is not None:
            path.write_bytes(old)
            path.chmod(mode)
        broke = False
        try:
            with replacing(path) as file:
                for i, chunk in enumerate(chunks):
                    if fails is not None and fails[0] == i:
                        raise fails[1]
                    file.write(chunk)
                    # the old file stands until the end
                    assert (path.read_bytes() if path.exists() else None) == old
        except (jh.OutputFileError, ValueError, KeyboardInterrupt, MemoryError):
            broke = True
        assert broke == (fails is not None and fails[0] < len(chunks))
        expected = old if broke else b"".join(chunks)
        assert (path.read_bytes() if path.exists() else None) == expected
        assert [p.name for p in Path(where).iterdir()] == ([] if expected is None else [name])
        if old is not None and sys.platform != "win32":
            assert stat.S_IMODE(path.stat().st_mode) == mode


@given(steps=st.lists(st.sampled_from(["relative", "symbolic", "hard", "dots"]), max_size=4))
def test_an_input_is_known_by_every_name_it_has(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as where:
        source = path = Path(where) / "学校.csv"
        source.write_bytes(b"data")
        for i, step in enumerate(steps):
            new = Path(where) / f"{i}.csv"
            if step == "symbolic":
                new.symlink_to(path.absolute())
                path = new
            elif step == "hard":
                new.hardlink_to(source)
                path = new
            elif step == "dots":
                path = path.parent / ".." / path.parent.name / path.name
            else:
                path = Path(os.path.relpath(path))
        with pytest.raises(jh.OutputFileError) as caught:
            write_bytes(path, b"new", ["no such file", source])
        assert caught.value.code == CODE.OUTPUT_IS_INPUT and source.read_bytes() == b"data"
        shutil.copy(source, Path(where) / "copy.csv")
        write_bytes(Path(where) / "copy.csv", b"new", [source])
        assert source.read_bytes() == b"data"


def test_parquet_files_are_not_written_into_their_source(tmp_path: Path) -> None:
    """Not by another name of the folder either, and not over it."""
    pytest.importorskip("pyarrow", reason="Parquet files need pyarrow")
    source = tmp_path / "各校"
    source.mkdir()
    jh.synthetic.county(seed=0, n_schools=5).to_parquet(source / "part-0.parquet")
    (tmp_path / "别名").symlink_to(source)
    before = contents(tmp_path)
    for target, said in (
        ("别名/判定", "is inside the source"),
        ("各校/a/b", "is inside the source"),
        ("别名", "exists"),
    ):
        with pytest.raises(jh.InputError, match=said):
            jh.engines.evaluate_parquet(source, QUALITY, tmp_path / target)
    assert contents(tmp_path) == before


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(jh.InputError, match="is a folder; name a file in it") as caught:
        jh.read_schools(tmp_path)
    assert "是文件夹" in caught.value.text("zh")
