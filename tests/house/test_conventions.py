"""What contributors meet first agrees with itself: extras, groups, hooks, workflows, the forms for issues."""

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from junheng._data import read_toml

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS: dict[str, list[str]] = PYPROJECT["project"]["optional-dependencies"]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("?-*.yml"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def named(line: str) -> set[str]:
    """Return the extras of this package that a requirement names."""
    found = re.fullmatch(r"junheng\[([\w,-]+)\]", line)
    return set(found[1].split(",")) if found else set()


def test_the_extra_all_is_what_one_machine_can_use() -> None:
    for_users = {library["extra"] for library in read_toml("extras.toml").values()}
    assert [named(line) for line in EXTRAS["all"]] == [for_users - {"dask", "spark"}]


def test_groups_have_no_lists_of_their_own() -> None:
    for name, lines in PYPROJECT["dependency-groups"].items():
        assert [named(line) for line in lines] == [{name}] and name in EXTRAS, name
    assert {"test", "lint", "docs"} <= set().union(*map(named, EXTRAS["dev"]))


def test_every_extra_that_a_command_names_is_there() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".ci").iterdir(), *WORKFLOWS]
    pages += [ROOT / "noxfile.py", *(ROOT / "junheng" / "words").glob("*.toml")]
    commands = {
        (page.name, extra)
        for page in pages
        if page.is_file()
        for extras in re.findall(r'"(?:junheng|\.)\[([a-z,]+)\]', page.read_text(encoding="utf-8").replace("\\", ""))
        for extra in extras.split(",")
    }
    assert len(commands) > 20
    assert [(page, extra) for page, extra in sorted(commands) if extra not in EXTRAS] == []


def test_hooks_check_with_the_version_that_is_pinned() -> None:
    hooks, pins = ROOT / ".pre-commit-config.yaml", ROOT / ".ci" / "constraints.txt"
    if not (hooks.is_file() and pins.is_file()):
        pytest.skip("the hooks or the pinned versions are not here")
    pinned = re.search(r"^ruff==(.*)$", pins.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert pinned is not None
    assert re.search(rf"ruff-pre-commit\n +rev: v{re.escape(pinned[1])}\b", hooks.read_text(encoding="utf-8"))


@pytest.mark.skipif(not WORKFLOWS, reason="the workflows are not here")
def test_workflows_use_fixed_actions_and_may_write_nothing() -> None:
    assert {path.name for path in WORKFLOWS} == {"checks.yml", "release.yml"}
    for path in WORKFLOWS:
        text = path.read_text(encoding="utf-8")
        actions = re.findall(r"uses: (.*)", text)
        assert actions and [a for a in actions if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", a)] == []
        assert "\npermissions:\n  contents: read\n" in text and ": write" not in text.replace("id-token: write", "")
        assert text.count("timeout-minutes: ") == text.count("runs-on: "), path.name
        assert not re.search(r"secrets\.|password", text), path.name


@pytest.mark.skipif(not FORMS, reason="the forms are not here")
@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_forms_are_in_both_languages_and_warn_of_real_data(form: Path) -> None:
    text = form.read_text(encoding="utf-8")
    assert "请勿上传真实的学校数据" in text and "Do not upload data of real schools" in text
    titles = re.findall(r"(?:label|name): (.*)", text)
    assert len(titles) > 4
    for title in titles:
        chinese, _, english = title.partition(" / ")
        assert re.search(r"[\u4e00-\u9fff]", chinese) and re.search(r"[A-Za-z]", english), title


def test_no_two_files_of_tests_have_one_name() -> None:
    """Folders of tests are no packages: pytest cannot collect two modules of one name."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py")
    assert [name for name, n in names.items() if n > 1] == []
