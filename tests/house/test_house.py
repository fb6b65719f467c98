"""The house stands as it was designed: arrows point one way, frames stay at the door, nothing heavy at import."""

import ast
import inspect
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from parsed import nodes

import junheng as jh

PACKAGE = Path(jh.__file__).parent
MODULES = {
    ".".join(("junheng", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def imported(path: Path, module: str, *, typing_only: bool = False) -> Iterator[str]:
    """Every module a file imports anywhere in it; what is there for type checkers only is left out."""
    skipped: set[int] = set()
    for node in nodes(path):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not typing_only:
            skipped |= {id(n) for n in ast.walk(node)}
    for node in nodes(path):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            base = node.module or ""
            # "from junheng import x" may mean a module
            yield from (f"{base}.{a.name}" if f"{base}.{a.name}" in MODULES else base for a in node.names)


@cache
def imports() -> dict[str, set[str]]:
    return {module: set(imported(path, module)) for module, path in MODULES.items()}


def inside(name: str, layer: str) -> bool:
    return name == f"junheng.{layer}" or name.startswith(f"junheng.{layer}.")


@pytest.mark.slow
def test_nobody_imports_the_command_line_or_the_package_as_a_whole() -> None:
    for module, names in imports().items():
        assert "junheng.__main__" not in names, module
        if module not in ("junheng", "junheng.__main__") and not inside(module, "cli"):
            assert "junheng" not in names, f"{module} imports the whole package"


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow", "narwhals"])
def test_frames_stay_at_the_door(library: str) -> None:
    users = {m for m, names in imports().items() if any(n == library or n.startswith(library + ".") for n in names)}
    # engines work on frames that lie elsewhere: they are a door too
    # and pandas numbers the labels in arrays
    assert {u for u in users if not inside(u, "engines")} <= {"junheng._frames", "junheng._codes"}
    assert "junheng._frames" in users


def test_the_law_and_the_arithmetic_open_no_files_but_their_own() -> None:
    """Indicators read no file; only the loader of standards opens paths."""
    opening = {"open", "read_text", "read_bytes", "write_text", "to_csv", "to_excel", "urlopen"}
    for module, path in MODULES.items():
        if not (inside(module, "indicators") or inside(module, "evaluation") or inside(module, "stages")):
            continue
        names = {getattr(n.func, "attr", getattr(n.func, "id", "")) for n in nodes(path) if isinstance(n, ast.Call)}
        assert not names & opening, module


def test_files_are_written_in_one_place() -> None:
    """Only there it is made sure that no file is lost; the engines write into a new folder of their own."""
    for module, path in MODULES.items():
        if module == "junheng._files" or inside(module, "engines"):
            continue
        for node in nodes(path):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = [*node.args, *(k.value for k in node.keywords if k.arg == "mode")]
            modes = {a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str)}
            assert name != "write_text", module
            assert name != "write_bytes" or isinstance(node.func, ast.Name), module
            assert name != "open" or not any(set(m) & set("wax+") for m in modes if len(m) <= 3), module


def test_no_clock_and_no_global_option() -> None:
    for module, names in imports().items():
        if module == "junheng.indicators.allocation.cones":  # asked only where the caller limits the time of a plan
            continue
        assert not {"time", "datetime"} & {n.split(".")[0] for n in names}, module
    for path in MODULES.values():
        assert not any(isinstance(n, ast.Global) for n in nodes(path)), path


HEAVY = (
    "scipy",
    "matplotlib",
    "openpyxl",
    "python_calamine",
    "xlsxwriter",
    "polars",
    "pyarrow",
    "tqdm",
    "dask",
    "distributed",
    "jinja2",
    "numba",
    "pyspark",
)


def loaded_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys, json\nprint(json.dumps(sorted({{m.split('.')[0] for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, check=True, timeout=60)
    return set(json.loads(done.stdout))


def test_nothing_heavy_is_imported_with_the_package() -> None:
    # pandas brings pyarrow along where it is installed: that is not ours to stop
    mine = loaded_after("import junheng") - loaded_after("import pandas")
    assert "junheng" in mine
    assert not mine & set(HEAVY)


@pytest.mark.slow
def test_an_evaluation_of_pandas_needs_no_other_library() -> None:
    run = "import junheng as jh; jh.evaluate(jh.synthetic.county(n_schools=5), 'cn-quality-balance-2017').explain()"
    assert not (loaded_after(run) - loaded_after("import pandas")) & set(HEAVY)


# ------------------------------------------------------------------------------------- public names

#: The contract of the design.
THERE = {
    "atkinson", "check_schools", "composite_difference_coefficient", "decompose", "difference_coefficient", "evaluate",
    "gini", "hoover", "least_additions", "least_transfers", "list_standards", "load_standard", "per_hundred_students",
    "per_student", "plan", "read_schools", "shortfalls", "split_stages", "standardize_columns", "synthetic", "theil_l",
    "theil_t",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(THERE))
def test_names_of_the_contract_are_public(name: str) -> None:
    assert name in jh.__all__


def documented() -> list[tuple[str, object]]:
    public = [(n, getattr(jh, n)) for n in jh.__all__]
    public += [(f"engines.{n}", getattr(jh.engines, n)) for n in jh.engines.__all__]
    public += [(f"examples.{n}", getattr(jh.examples, n)) for n in jh.examples.__all__]
    public += [(f"synthetic.{n}", getattr(jh.synthetic, n)) for n in jh.synthetic.__all__]
    public += [(f"reports.{n}", getattr(jh.reports, n)) for n in jh.reports.__all__]
    for name in (
        "Standard.threshold",
        "Standard.diff",
        "Evaluation.explain",
        "Evaluation.relabel",
        "Evaluation.to_dict",
    ):
        cls, method = name.split(".")
        public.append((name, getattr(getattr(jh, cls), method)))
    return public


@pytest.mark.parametrize(("name", "thing"), documented())
def test_public_names_are_documented(name: str, thing: object) -> None:
    text = inspect.getdoc(thing) or ""
    first = text.splitlines()[0] if text else ""
    assert first.endswith((".", ":")) and len(first) > 10, name
    if inspect.isfunction(thing):
        parameters = [p for p in inspect.signature(thing).parameters if p != "self"]
        sections = re.findall(r"^([A-Z]\w+)\n-{3,}$", text, flags=re.MULTILINE)
        assert "Examples" in sections or not parameters, f"{name} shows no example"
        assert ("Parameters" in sections) == bool(parameters), name
        assert "Returns" in sections or not parameters, name
        for p in parameters:
            assert re.search(rf"^(\w+, )*{p}(, \w+)* : ", text, flags=re.MULTILINE), f"{name} does not document {p}"


def test_all_is_sorted_and_true() -> None:
    assert sorted(jh.__all__) == list(jh.__all__) and len(set(jh.__all__)) == len(jh.__all__)
    for name in jh.__all__:
        assert getattr(jh, name) is not None
    stray = {
        n
        for n, v in vars(jh).items()
        if not n.startswith("_") and n not in jh.__all__ and not isinstance(v, ModuleType)
    }
    assert stray == set()


def test_errors_have_one_root_and_codes_are_words() -> None:
    for name in jh.__all__:
        thing = getattr(jh, name)
        if inspect.isclass(thing) and issubclass(thing, Exception) and not issubclass(thing, Warning):
            assert issubclass(thing, jh.JunhengError), name
    for code in jh.ProblemCode:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code) and code.name == code.upper()


# ----------------------------------------------------------------------------------------- one language

PINYIN = re.compile(
    r"(xuexiao|xuesheng|jiaoshi|jiaoyu|xiaoxue|chuzhong|gaozhong|banji|shengjun|chayi|xishu|mianji|tushu|jisuanji|yiqi|"
    r"shebei|biaozhun|xueduan|xueli|gugan|zhicheng|quxian|xianqu|dabiao|hege|junzhi|fangcha|youzhi|yiwu|zonghe|zhibiao)"
)


def identifiers(path: Path) -> Iterator[str]:
    for node in nodes(path):
        for field in ("name", "id", "attr", "arg"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                yield value
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            yield node.value


def keys(table: object) -> Iterator[str]:
    if isinstance(table, dict):
        for key, value in table.items():
            yield key
            yield from keys(value)
    elif isinstance(table, list):
        for value in table:
            yield from keys(value)


def test_names_are_english() -> None:
    for path in MODULES.values():
        for name in identifiers(path):
            assert not PINYIN.search(name.lower().replace("_", "")), f"{path.name}: {name}"
            assert name.isascii() or not name.isidentifier() or name[0] >= "\u4e00", f"{path.name}: {name}"
    for path in PACKAGE.rglob("*.toml"):
        for name in keys(tomllib.loads(path.read_text(encoding="utf-8"))):
            assert not PINYIN.search(name.lower().replace("_", "")), f"{path.name}: {name}"
    for name in (*jh.indicators.catalogue(), *jh.schools.columns()):
        assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", name), name
