"""Every command on the pages works: those of junheng are run, scripts and tests that others name are there."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import junheng as jh
from junheng.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *DOCS.glob("ways/*.md")])
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: A file that a page shows and later reads.
FILE = re.compile(r"^```\{file\} (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: Commands of other programs, and what prepares the machine; the app has tests of its own.
OTHERS = ("python -m pip ", "curl ", "python -m uvicorn ", "python -I -S verify.py", "python -c ")

#: What a page shows as stopped by problems.
STOPS = {"quickstart": "cn-basic-balance-2012", "command-line": "check returns.csv"}

pytestmark = pytest.mark.skipif(not DOCS.is_dir(), reason="the documentation is not beside the tests")


def lines(page: Path) -> Iterator[str]:
    """The commands of a page, without comments."""
    for kind, block in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "sh":
            for line in block.replace("\\\n", " ").splitlines():
                yield from (
                    part.strip() for part in line.split("  #")[0].split(" && ") if part.strip()[:1] not in ("", "#")
                )


def lay_out(page: Path, folder: Path) -> None:
    """Lay files where a reader would have them: a table, facts, and what the page shows."""
    table = jh.examples.path("schools.csv")
    for name in ("schools.csv", "returns.csv"):
        shutil.copy(table, folder / name)
    for name in ("schools.xlsx", "学校.xlsx"):
        pd.read_csv(table, dtype=str).to_excel(folder / name, index=False)
    if page.stem == "howto-standard":  # the province asks for more columns
        jh.synthetic.county(seed=0, n_schools=6).to_csv(folder / "schools.csv", index=False)
    shutil.copy(jh.examples.path("county_facts.csv"), folder / "县情.csv")
    for name, content in FILE.findall(page.read_text(encoding="utf-8")):
        (folder / name).write_text(content, encoding="utf-8")


def words(line: str) -> list[str] | None:
    """The arguments of a command of junheng, None if it is another."""
    parts = shlex.split(line)
    if parts[0] == "junheng":
        return parts[1:]
    return parts[3:] if parts[:3] == ["python", "-m", "junheng"] else None


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if any(map(words, lines(p)))], ids=lambda p: p.stem)
def test_the_commands_of_a_page_work_in_order(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lay_out(page, tmp_path)
    for line in lines(page):
        given = words(line)
        if given is None or "--help" in given:
            continue
        code = 2 if STOPS.get(page.stem, "nothing") in line else 0
        assert main(given) == code, (line, capsys.readouterr().err)
        if given[0] == "template":  # the clerk fills it in
            shutil.copy(tmp_path / "schools.xlsx", given[given.index("--out") + 1])
        if "--costs-template" in given:
            shutil.copy(jh.examples.path("costs.csv"), given[given.index("--costs-template") + 1])


def test_every_other_command_is_of_another_program_or_names_files_that_are_there() -> None:
    wrong = []
    for page in PAGES:
        for line in lines(page):
            if words(line) is not None or line.startswith(OTHERS):
                continue
            named = [w for w in shlex.split(line) if "/" in w or w.endswith(".py")]
            wrong += [(page.name, line, w) for w in named if not (ROOT / w).exists()]
    assert not wrong


def test_python_that_is_only_shown_is_python() -> None:
    for page in PAGES:
        for kind, block in BLOCK.findall(page.read_text(encoding="utf-8")):
            if kind == "python":
                compile(block, page.name, "exec")
