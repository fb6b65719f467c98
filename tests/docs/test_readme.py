"""The READMEs as a stranger follows them: every line in order, in an empty folder, with the wheel installed."""

import os
import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READMES = {"README.md": "en", "README.zh-CN.md": "zh"}
#: How the pictures of a language end.
ENDS = {"en": ".png", "zh": ".zh_CN.png"}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: What prepares the machine or the repository is not run: the wheel is installed, and its folder is empty.
PREPARES = ("python -m pip ", "python -m pytest ")
SET_UP = (
    "python -m pip install . && python -m junheng demo",
    'python -m pip install ".[test]" && python -m pytest -n auto --dist worksteal',
)


def blocks(name: str) -> list[tuple[str, str]]:
    """The blocks of code of a README: language and content."""
    return [(m[1], m[2]) for m in BLOCK.finditer((ROOT / name).read_text("utf-8"))]


def commands(block: str) -> list[str]:
    """The commands of a block of shell, without those that prepare."""
    parts = [part.strip() for line in block.splitlines() for part in line.split(" && ")]
    return [part for part in parts if part and not part.startswith(PREPARES)]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as its wheel installs it."""
    pytest.importorskip("hatchling", reason="the wheel is built with hatchling, which is not installed")
    out = tmp_path_factory.mktemp("wheel")
    code = "import sys; from hatchling.build import build_wheel as build; print(build(sys.argv[1]))"
    built = subprocess.run(
        [sys.executable, "-c", code, str(out)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    with zipfile.ZipFile(out / built.stdout.split()[-1]) as wheel:
        wheel.extractall(out / "site")
    return out / "site"


@pytest.fixture
def run(installed: Path, tmp_path: Path) -> Callable[..., str]:
    """Run Python in an empty folder, where only the wheel is installed."""

    def python(*arguments: str, language: str) -> str:
        told = {"PYTHONPATH": str(installed), "PYTHONIOENCODING": "utf-8", "JUNHENG_LANGUAGE": language}
        done = subprocess.run(
            [sys.executable, "-W", "error", *arguments],
            cwd=tmp_path,
            env=os.environ | told,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return python


@pytest.mark.long
@pytest.mark.parametrize("name", READMES)
def test_every_line_works_in_order_in_an_empty_folder(name: str, run: Callable[..., str], tmp_path: Path) -> None:
    for library in ("jinja2", "python_calamine", "xlsxwriter"):
        pytest.importorskip(library)
    ran, examples = [], ""
    for kind, block in blocks(name):
        if kind == "sh":
            for command in commands(block):
                program, *arguments = shlex.split(command)
                assert program == "python"
                run(*arguments, language=READMES[name])
                ran.append(command)
                if "--out" in arguments:
                    assert (tmp_path / arguments[arguments.index("--out") + 1]).stat().st_size > 500
        elif kind == "python":
            examples = block
        else:
            assert kind == "text"
            assert [line.rstrip() for line in run("-c", examples, language="en").splitlines()] == block.splitlines()
            ran.append("example")
    assert "example" in ran and "python -m junheng demo" in ran
    # the chain of a clerk, from the empty return to the plan
    steps = [re.findall(r"junheng (\w+)", command) for command in ran]
    wanted = ["template", "check", "evaluate", "report", "declare", "plan", "plan"]
    assert [step[0] for step in steps if step and step[0] in wanted] == wanted


@pytest.mark.parametrize("name", READMES)
def test_they_are_short_and_keep_the_two_commands(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert len(text.splitlines()) < 120
    alone = [block.strip() for kind, block in blocks(name) if kind == "sh"]
    assert [command for command in SET_UP if command not in alone] == []


@pytest.mark.parametrize("name", READMES)
def test_pictures_and_pages_are_there_and_small(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    if not (ROOT / "docs" / "conf.py").exists():
        pytest.skip("the documentation is not here")
    pictures = re.findall(r'<img src="([^"]+)" [^>]*alt="[^"]{20,}">', text)
    assert [Path(p).name for p in pictures] == [what + ENDS[READMES[name]] for what in ("matrix", "report")]
    assert all((ROOT / p).stat().st_size < 150_000 for p in pictures)
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", text)
    assert len(links) > 10 and [link for link in links if not (ROOT / link).is_file()] == []


def test_the_chinese_one_tells_a_clerk_how_to_begin() -> None:
    text = (ROOT / "README.zh-CN.md").read_text("utf-8")
    first = next(block for kind, block in blocks("README.zh-CN.md") if kind == "sh")
    assert 'install ".[excel,report]"' in first.splitlines()[0]
    for word in ("Windows", "终端", "`python --version`", "`exit()`", "--costs-template", "下载"):
        assert word in text
