"""The runner plants the faults it says, and tells what a test notices from what none does."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import mutants as faults
import mutate
import pytest
import reach

PACKAGE = {
    "junheng/__init__.py": "",
    "junheng/judging/__init__.py": "",
    "junheng/judging/small.py": '''"""A docstring with 1 < 2."""
from __future__ import annotations
from functools import lru_cache
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import decimal
LIMIT = 10
class Shown:
    def __repr__(self) -> str:
        return "1" + "2"
def is_high(figure: int) -> bool:
    """Tell whether it is 10 or more."""
    return figure >= LIMIT
def until(figure: int) -> int:
    while figure < 3:
        figure += 1
    return figure
@lru_cache
def known(name: str) -> int:
    if name == "学校": raise ValueError("no school has a name of 2 words")
    return len(name)
def unreached(figure: int, by: int = 2) -> int:
    return figure * by
''',
    "pyproject.toml": "",
    "tests/conftest.py": "from hypothesis import settings\nsettings.register_profile('ci', derandomize=True)\n",
    "tests/judging/test_small.py": """from junheng.judging.small import is_high, known, until
import pytest
@pytest.mark.parametrize("figure", [9, 11])
def test_high(figure):
    assert is_high(figure) == (figure > 10)
def test_until():
    assert until(1) == 3
def test_known():
    assert known("ab") == 2
    with pytest.raises(ValueError, match="no"):
        known("学校")
def test_known_again():
    assert known("ab") == 2
def test_wrong():
    assert is_high(1)
""",
}
FILE = "junheng/judging/small.py"
SOURCE = PACKAGE[FILE].encode()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("mutation") / "tree"
    for name, text in PACKAGE.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, encoding="utf-8")
    return tree


def the(change: str) -> faults.Mutant:
    (found,) = [m for m in faults.make(SOURCE, FILE) if m.change == change]
    return found


def test_every_fault_parses_and_is_what_it_says() -> None:
    made = faults.make(SOURCE, FILE)
    assert all(faults.parses(m, SOURCE) for m in made)
    assert len({m.id for m in made}) == len(made)
    assert the('name == "学校" -> name != "学校"').applied(SOURCE).decode() == PACKAGE[FILE].replace("==", "!=")
    assert the("figure * by -> figure / by").function == "unreached"
    assert the("2 -> 3").operator == "default"


def test_nothing_is_planted_in_words_for_people_or_for_type_checkers() -> None:
    at = {m.line for m in faults.make(SOURCE, FILE)}
    lines = PACKAGE[FILE].splitlines()
    for untouched in ("docstring", "import", "TYPE_CHECKING", "def is_high", "@lru_cache", '"1" + "2"', "Tell whether"):
        assert not at & {n for n, line in enumerate(lines, 1) if untouched in line}, untouched
    # a raise is taken out whole, its message left alone
    assert [m.operator for m in faults.make(SOURCE, FILE) if "2 words" in m.change] == ["statement"]


def test_operators_of_every_kind() -> None:
    source = b"""def f(a, b=None, *, c=True):
    if not a and b in a or ~a & b: a[0] += 1.5
    for x in a:
        if x <= -b: continue
        g(x, key=min(x, 2))
    a.total = {"key": [y for y in a if y]}
    return a[1:] if c is None else a - b
"""
    made = {m.change for m in faults.make(source, "f.py")}
    assert made >= {
        "True -> False", "not a -> a", "b in a -> b not in a", "~a -> a", "~a & b -> ~a | b", "x <= -b -> x < -b",
        "x <= -b -> x > -b", "-b -> b", "continue -> break", "g(x, key=min(x, 2)) -> pass", "min -> max", "y -> True",
        "g(x, key=min(x, 2)) -> g(x)", "a - b -> a + b", "c is None -> c is not None", "c is None -> False", "1 -> 2",
        "a[0] -> a[1]", "a[0] += 1.5 -> pass", "a[0] += 1.5 -> a[0] -= 1.5", "1.5 -> 3.0", "\"key\" -> 'keyXX'",
        "not a and b in a -> not a or b in a", "not a and b in a or ~a & b -> True",
        "return a[1:] if c is None else a - b -> return None",
    }  # fmt: skip


def test_a_sample_is_drawn_by_its_seed_from_every_file_and_operator() -> None:
    made = faults.make(SOURCE, FILE) + faults.make(SOURCE, "other.py")
    drawn = faults.sample(made, 20, seed=1)
    assert drawn == faults.sample(made, 20, seed=1) != faults.sample(made, 20, seed=2)
    assert len({m.id for m in drawn}) == 20 and {m.file for m in drawn} == {FILE, "other.py"}
    assert {m.id for m in faults.sample(made, 10_000, seed=1)} == {m.id for m in made}


def test_a_name_outlives_changes_elsewhere() -> None:
    moved = b"# one line more\n" + SOURCE.replace(b"LIMIT = 10", b"LIMIT = 10\nOTHER = 2")
    ids = {m.id for m in faults.make(SOURCE, FILE)}
    assert ids <= {m.id for m in faults.make(moved, FILE)}
    assert [n for n, *_ in faults.functions(PACKAGE[FILE])][:3] == ["Shown", "Shown.__repr__", "is_high"]


CHOSEN = {
    "return figure >= LIMIT -> return None": ("killed", "tests/judging/test_small.py::test_high[11]"),
    # no test has the figure 10
    "figure >= LIMIT -> figure > LIMIT": ("survived", ""),
    "figure += 1 -> pass": ("timeout", "tests/judging/test_small.py::test_until"),
    # reached by the test that comes first only; the others find it remembered
    'name == "学校" -> False': ("killed", "tests/judging/test_small.py::test_known"),
    "figure * by -> figure / by": ("survived", ""),
}


@pytest.mark.slow
def test_what_a_test_notices_is_killed_and_the_rest_survives(tree: Path, tmp_path: Path) -> None:
    pytest.importorskip("coverage")
    state, watched = tmp_path / "state", tmp_path / "watched.toml"
    program = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(mutate.__file__).parent)!r})
import forked, mutate
forked.ROOT, forked.HEAVY, forked.PATIENCE = Path({str(tree)!r}), "", 1.0
mutate.WATCHED, mutate.EQUIVALENT = Path({str(watched)!r}), Path({str(tmp_path / "equivalent.toml")!r})
mutate.EQUIVALENT.write_text("mutant = []")
every, chosen = mutate.faults.make, {set(CHOSEN)!r}
mutate.faults.make = lambda *given: [m for m in every(*given) if m.change in chosen]
sys.exit(mutate.main(["--state", {str(state)!r}, *sys.argv[1:]]))
"""

    def call(*options: str) -> tuple[int, str]:
        done = subprocess.run([sys.executable, "-c", program, *options], capture_output=True, text=True, timeout=300)
        assert done.returncode in (0, 1) and not done.stderr, done.stderr
        return done.returncode, done.stdout

    code, said = call("judging", "--record", "tests/judging")
    told = [json.loads(line) for line in (state / "judging.jsonl").read_text(encoding="utf-8").splitlines()]
    found = {entry["id"].split("::")[3]: entry for entry in told}
    assert {change: (entry["status"], entry["by"]) for change, entry in found.items()} == CHOSEN
    assert code == 0 and "5 judged, 2 killed, 1 hang, 2 survived; 60.0 % noticed" in said
    # two that reach it, three others of the room; the test that fails without any fault is not asked
    survivor = found["figure >= LIMIT -> figure > LIMIT"]
    assert (survivor["tried"], survivor["left"]) == (5, 0)
    assert survivor["diff"].endswith("-    return figure >= LIMIT\n+    return figure > LIMIT")
    # the copy is as it was; nothing is left to judge, and what survived is shown
    assert (state / "tree-1" / FILE).read_bytes() == SOURCE
    code, said = call("judging", "--show")
    assert said.count("\n+") == 2 and "0 to come" in said

    # the tests that noticed are watched, and must go on noticing
    call("judging", "--watch")
    assert call("--ci") == (0, "2 of 2 noticed; 0 are no longer there; failing without a fault: []\n")
    text = watched.read_text(encoding="utf-8")
    watched.write_text(text.replace("::test_high[11]", "::test_until").replace("::test_known", "::test_until"))
    code, said = call("--ci")
    assert (
        code == 1 and "0 of 2 noticed" in said and "noticed before by tests/judging/test_small.py::test_until" in said
    )
    # a file that is gone notices nothing
    watched.write_text(text.replace("test_small.py", "test_gone.py"))
    code, said = call("--ci")
    assert code == 1 and "0 of 2 noticed" in said


def test_the_list_of_equivalent_mutants_says_why() -> None:
    entries = tomllib.loads(mutate.EQUIVALENT.read_text(encoding="utf-8"))["mutant"]
    assert len({entry["id"] for entry in entries}) == len(entries)
    assert all(set(entry) == {"id", "reason"} and len(entry["reason"]) > 15 for entry in entries)
    root = Path(mutate.__file__).parents[2]
    files = {entry["id"].split("::")[0] for entry in entries}
    made = {m.id for file in files for m in faults.make((root / file).read_bytes(), file)}
    assert [entry["id"] for entry in entries if entry["id"] not in made] == []


def test_lines_are_found_again_where_a_file_has_changed(tmp_path: Path) -> None:
    mutant = the("figure >= LIMIT -> figure > LIMIT")
    lines = {str(mutant.line): [0], "15": [1]}
    kept = tmp_path / "kept.json"
    tests = {"tests/other/test_a.py::test_one": 0.1, "tests/other/test_a.py::test_two": 0.1}
    kept.write_text(json.dumps({"tests": tests, "lines": {FILE: lines}, "sources": {FILE: PACKAGE[FILE]}}))
    known = reach.Reach([kept])
    for text in (PACKAGE[FILE], "# more\n" + PACKAGE[FILE]):
        (again,) = [m for m in faults.make(text.encode(), FILE) if m.id == mutant.id]
        assert known.tests(again, text) == ["tests/other/test_a.py::test_one"]
