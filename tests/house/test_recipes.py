"""The recipes in CONTRIBUTING work: a copy of the package is changed as they say, and the result looked at."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import indent
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "CONTRIBUTING.md"
STANDARD = "cn-xx-reading-2031"
pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="CONTRIBUTING is not beside the tests")


class Block(NamedTuple):
    """What a recipe adds to a file, and where: at the end, in a list, or below a line."""

    file: str
    kind: str
    place: str
    text: str


def recipes() -> dict[str, list[Block]]:
    """Return the blocks of each recipe, in order."""
    text = PAGE.read_text(encoding="utf-8")
    section = text[text.index("## Add something without code") : text.index("## Where does a rule live?")]
    found = {}
    for part in re.split(r"^### ", section, flags=re.MULTILINE)[1:]:
        name = part.partition("\n")[0]
        blocks = re.findall(
            r"^```(?:toml|python)\n# ([^\n,]+)(?:, (.*?))?\n(.*?)^```$", part, flags=re.MULTILINE | re.DOTALL
        )
        assert len(blocks) == part.count("\n```toml\n") + part.count("\n```python\n"), (
            f"{name}: a block without its file"
        )
        found[name] = []
        for file, where, body in blocks:
            kind, _, place = where.partition(" ")
            found[name].append(Block(file, kind, place, body))
    return found


RECIPES = recipes() if PAGE.exists() else {}


def inserted(text: str, at: int, new: str) -> str:
    return text[:at] + new + text[at:]


def into_list(text: str, start: int, new: str) -> str:
    """Add an entry to the first list or tuple after a place."""
    opened = re.compile(r"[\[(]").search(text, start)
    assert opened is not None
    closing = {"[": "]", "(": ")"}[opened[0]]
    return inserted(text, text.index(closing, opened.end()), f", {new.strip()}")


def add_tables(text: str, new: str) -> str:
    """Add the lines of a table that is there under its header; everything else goes to the end."""
    for table in re.split(r"\n(?=\[)", new):
        header, _, lines = table.partition("\n")
        there = re.search(rf"^{re.escape(header)}$\n", text, flags=re.MULTILINE) if header.startswith("[") else None
        if there is not None and not header.startswith("[["):
            text = inserted(text, there.end(), lines.rstrip() + "\n")
        else:
            text += ("\n" if text else "") + table.rstrip() + "\n"
    return text


def put(root: Path, block: Block) -> None:
    """Do what one block says."""
    path = root / block.file
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if block.kind == "":
        text = add_tables(text, block.text)
    elif block.kind == "aliases":  # of a table
        header = block.place.removeprefix("of ")
        text = into_list(text, text.index("aliases = ", text.index(f"\n{header}\n")), block.text)
    elif block.kind == "in":
        text = into_list(text, text.index(f"\n{block.place} = "), block.text)
    else:
        assert block.kind == "below", block
        line = re.search(rf"^( *){re.escape(block.place)}$\n", text, flags=re.MULTILINE)
        assert line is not None, block
        text = inserted(text, line.end(), indent(block.text, line[1]))
    path.write_text(text, encoding="utf-8", newline="\n")


def changed(folder: Path, until: str, *, leave_out: str = "") -> Path:
    """Return a copy of the package with the recipes up to one of them done, perhaps but for the changes to one file."""
    copy = folder / (leave_out.replace("/", ".") or "copy")
    shutil.copytree(ROOT / "junheng", copy / "junheng", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "tests" / "golden" / "edges").mkdir(parents=True)
    for name, blocks in RECIPES.items():
        for block in blocks:
            if (name, block.file) != (until, leave_out):
                put(copy, block)
        if name == until:
            return copy
    raise AssertionError(f"there is no recipe {until!r}")


#: What a newcomer would type to see the result; every code gives something that JSON can hold.
SETTING = f"""
import json, sys
import pandas as pd
import junheng as jh
from junheng.facts import fact_columns
from junheng.schools.headers import recognise
from junheng.schools.vocabulary import units_of
from junheng.words import word

STANDARD = {STANDARD!r}


def table(seats=0.4):
    row = {{"区县": "示例县", "学校": "一小", "学段": "小学", "学生数": 200, "建校年份": 2010}}
    return jh.standardize_columns(pd.DataFrame([row | {{"阅览座位数(百座)": seats}}]))


def judged(standard=STANDARD, seats=0.4, librarians=3):
    facts = {{"示例县": {{"reading_plan": "是", "librarians": librarians}}}}
    return jh.evaluate(table(seats), standard, county_facts=facts)


def relaxed(*relaxations):
    return jh.load_standard(STANDARD).with_options(relaxations=relaxations)


def verdict(item, ev):
    return ev.items.set_index("item")["verdict"][item]


def drawn(**options):
    return jh.synthetic.county(0, n_schools=4, **options)


def digest(frame):
    return int(pd.util.hash_pandas_object(frame.astype(str)).sum() % 2**40)


print(json.dumps([eval(code) for code in sys.argv[1:]]))
"""
#: What is looked at after each recipe, and what is seen.
LOOKS: dict[str, dict[str, Any]] = {
    "A header": {"recognise('馆藏纸质图书').column": "books"},
    "A unit": {
        "int(units_of('seats')['百座'][0])": 100,
        "[str(word('unit', 'seats', language)) for language in ('zh', 'en')]": ["座", "seats"],
    },
    "A column": {
        "table(0.4)['reading_seats'].tolist()": [40],
        "bool((drawn()['reading_seats'] > 0).all())": True,
    },
    "An indicator": {
        "jh.indicators.catalogue()['reading_seats_per_hundred_students'].columns": ["reading_seats", "students"],
        "[str(word('unit', 'seats/100 students', language)) for language in ('zh', 'en')]": [
            "座/百名学生",
            "seats/100 students",
        ],
    },
    "A fact about the county": {
        "[fact_columns()[name].zh for name in ('librarians', 'reading_plan')]": [
            "专职图书管理人员数",
            "制定中小学生阅读计划",
        ],
        "'reading_plan' in jh.synthetic.county_facts(drawn())": False,
    },
    "A standard": {
        "jh.list_standards(jurisdiction='示例县')['id'].tolist()[-1]": STANDARD,
        "jh.load_standard('示例〔2031〕9号').id": STANDARD,
        "judged(seats=0.1).schools[['value', 'verdict']].values.tolist()": [[5.0, "met"]],
        "judged(seats=0.09).schools[['value', 'verdict']].values.tolist()": [[4.5, "unmet"]],
        "[verdict('schools-comply', judged(seats=n)) for n in (0.1, 0.09, None)]": ["met", "unmet", "undetermined"],
    },
    "An item": {
        "[verdict('reading-at-schools', judged(librarians=n)) for n in (3, 2, None)]": ["met", "unmet", "undetermined"],
        "[verdict('seats-of-schools', judged(seats=n)) for n in (0.3, 0.29, None)]": ["met", "unmet", "undetermined"],
    },
    "A relaxation": {
        "verdict('seats-of-schools', judged(seats=0.1))": "unmet",
        "verdict('seats-of-schools', judged(relaxed('old-schools'), 0.1))": "met",
    },
}
#: The files of recipes that name several.
NEEDED = [
    (name, file)
    for name, files in ((n, list(dict.fromkeys(b.file for b in RECIPES.get(n, [])))) for n in LOOKS)
    for file in files
    if len(files) > 1
]


def look(root: Path, *codes: str) -> Any:
    """Return what the changed package gives for each code, or the last line of its error."""
    own = os.environ | {"PYTHONPATH": str(root), "PYTHONUTF8": "1"}
    command = [sys.executable, "-W", "error", "-c", SETTING, *codes]
    done = subprocess.run(command, cwd=root, env=own, capture_output=True, encoding="utf-8", timeout=120, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package after all recipes."""
    return changed(tmp_path_factory.mktemp("recipes"), list(RECIPES)[-1])


@pytest.fixture(scope="module")
def seen(package: Path) -> Any:
    return look(package, *(code for looks in LOOKS.values() for code in looks))


def test_every_recipe_has_been_walked() -> None:
    assert [*LOOKS, "A worked example"] == list(RECIPES)


@pytest.mark.slow
def test_what_the_recipes_add_is_there_and_works(seen: Any) -> None:
    expected = {code: value for looks in LOOKS.values() for code, value in looks.items()}
    assert isinstance(seen, list), seen
    assert dict(zip(expected, seen, strict=True)) == expected


@pytest.mark.long
@pytest.mark.parametrize(("recipe", "file"), NEEDED)
def test_no_recipe_names_a_file_that_need_not_change(recipe: str, file: str, tmp_path: Path) -> None:
    assert look(changed(tmp_path, recipe, leave_out=file), *LOOKS[recipe]) != list(LOOKS[recipe].values())


@pytest.mark.long
def test_synthetic_tables_change_in_nothing_but_the_new_column(package: Path) -> None:
    codes = (
        "digest(drawn(items=True, missing=0.1).drop(columns='reading_seats', errors='ignore'))",
        "digest(jh.synthetic.county_facts(drawn()))",
    )
    assert look(package, *codes) == look(ROOT, *codes)


@pytest.mark.long
def test_the_worked_example_is_found_and_holds(package: Path) -> None:
    for file in ("pyproject.toml", "tests/conftest.py", "tests/small_tables.py", "tests/judging/test_edges.py"):
        (package / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, package / file)
    own = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")} | {"PYTHONPATH": str(package)}
    command = [sys.executable, "-m", "pytest", "-q", "-k", "30-reading", "tests/judging/test_edges.py"]
    done = subprocess.run(
        command, cwd=package, env=own, capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout + done.stderr


def test_the_files_a_recipe_names_without_a_block_are_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    section = text[text.index("## Add something without code") : text.index("## Where does a rule live?")]
    named = set(re.findall(r"`((?:junheng|tests|docs)/[^` ]*)`", section))
    assert len(named) > 5 and [name for name in sorted(named) if not (ROOT / name).exists()] == []
