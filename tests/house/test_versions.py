"""The versions of libraries: lowest bounds are told in one place, a library that is too old is named as such."""

import runpy
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hostile_books import rows, sheet, xlsx
from small_tables import QUALITY

import junheng as jh
from junheng import _arrays, _extras, _progress
from junheng._data import read_toml
from junheng.reports.page.report import _templates
from junheng.words import message

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, dict[str, str]] = read_toml("extras.toml")
LIBRARIES = {library["name"]: module for module, library in EXTRAS.items()}


def test_the_version_is_there_when_it_is_asked_for() -> None:
    assert jh.__version__ == _extras.release()
    assert "__version__" not in vars(jh)  # the metadata of the package is not read by an import
    with pytest.raises(AttributeError, match="module 'junheng' has no attribute 'version'"):
        _ = jh.version  # type: ignore[attr-defined]


def bounds(lines: list[str]) -> dict[str, str]:
    return {name.partition("[")[0]: least for name, _, least in (line.partition(">=") for line in lines)}


@pytest.mark.parametrize("module", EXTRAS)
def test_what_the_code_asks_for_is_what_the_extra_installs(module: str) -> None:
    library = EXTRAS[module]
    assert bounds(PROJECT["optional-dependencies"][library["extra"]])[library["name"]] == library["least"]


def test_a_library_has_one_lowest_version() -> None:
    core = bounds(PROJECT["dependencies"])
    for extra, lines in PROJECT["optional-dependencies"].items():
        if extra == "bench":  # compares with what these libraries can do today
            continue
        for name, least in bounds(lines).items():
            if name in LIBRARIES:
                assert least == EXTRAS[LIBRARIES[name]]["least"], f"{name} in the extra {extra}"
            assert name not in core, f"{name} in the extra {extra}"


def test_the_lowest_versions_are_what_pyproject_says() -> None:
    if not (ROOT / ".ci").is_dir():
        pytest.skip("the folder .ci is not here")
    lowest = runpy.run_path(str(ROOT / ".ci" / "lowest.py"))["lowest"](["excel", "plots", "report", "dask"])
    extras = ("python-calamine", "xlsxwriter", "jinja2", "matplotlib", "pyarrow", "dask")
    wanted = bounds(PROJECT["dependencies"]) | {n: EXTRAS[LIBRARIES[n]]["least"] for n in extras}
    assert lowest == wanted | {"distributed": EXTRAS["dask"]["least"]}


@pytest.mark.parametrize(
    ("found", "least", "old"),
    [
        ("0.3.2", "0.4", True),
        ("0.4", "0.4.0", False),
        ("0.4.0", "0.4", False),
        ("0.10.1", "0.4", False),
        ("2024.7.1", "2024.8", True),
        ("2024.10.0", "2024.8", False),
        ("2.0rc1", "2", False),
        ("1.9+local", "2.0", True),
    ],
)
def test_versions_are_compared_as_numbers(monkeypatch: pytest.MonkeyPatch, found: str, least: str, old: bool) -> None:
    monkeypatch.setattr(_extras, "installed", lambda _: found)
    monkeypatch.setitem(EXTRAS, "tqdm", {"name": "tqdm", "least": least, "extra": "progress"})
    assert _extras.usable("tqdm") is not old


def evaluation() -> jh.Evaluation[pd.DataFrame]:
    return jh.evaluate(jh.synthetic.county(seed=0, n_schools=6), QUALITY)


def read_workbook(folder: Path) -> object:
    path = folder / "a.xlsx"
    path.write_bytes(xlsx(sheet(rows(3))))
    return jh.read_schools(path)


def page(folder: Path) -> object:
    _templates.cache_clear()
    return evaluation().to_html(folder / "a.html")


def from_polars(_: Path) -> object:
    import polars as pl

    return jh.check_schools(pl.DataFrame({"school": ["a"]}))


#: What needs a library, by its module.
USES: dict[str, Callable[[Path], object]] = {
    "dask": lambda _: jh.engines.evaluate_dask(None, QUALITY),
    "jinja2": page,
    "matplotlib": lambda _: jh.reports.plots.matrix(evaluation()),
    "polars": from_polars,
    "pyarrow": lambda folder: jh.engines.evaluate_parquet(folder, QUALITY, folder / "b"),
    "pyspark": lambda _: jh.engines.evaluate_spark(None, QUALITY),
    "python_calamine": read_workbook,
    "xlsxwriter": lambda folder: evaluation().to_excel(folder / "a.xlsx"),
}


@pytest.mark.parametrize("module", EXTRAS)
def test_a_library_that_is_too_old_is_named_with_what_is_needed(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, installed = EXTRAS[module], _extras.installed
    name = library["name"]
    monkeypatch.setattr(_extras, "installed", lambda n: "0.0.9" if n == name else installed(n))
    assert not _extras.usable(module)
    if module in ("numba", "tqdm"):  # done without
        return
    with pytest.raises(jh.InputError) as caught:
        USES[module](tmp_path)
    told = f"{name} 0.0.9 is too old: {library['least']} or newer is needed; upgrade it: "
    assert str(caught.value) == told + f'python -m pip install --upgrade "junheng[{library["extra"]}]"'
    assert caught.value.text("zh").startswith(f"{name} 0.0.9 版本过低，至少需要 {library['least']}")


def test_numba_that_is_too_old_is_not_used_and_progress_shows_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_extras, "installed", lambda _: "0.0.9")
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    assert not _arrays._compiling_pays(10**12)
    assert _progress._bar(3, "x") is None


def test_a_library_that_is_not_installed_or_broken_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = message("reports.error.matplotlib")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "matplotlib", None)
        patch.delitem(sys.modules, "matplotlib.figure", raising=False)  # another test may have loaded it
        with pytest.raises(jh.InputError, match="require the extra"):
            _extras.load("matplotlib.figure", missing)
    (tmp_path / "dask").mkdir()
    (tmp_path / "dask" / "__init__.py").write_text("import no_such_module_at_all\n")
    with monkeypatch.context() as patch:
        patch.syspath_prepend(tmp_path)
        patch.delitem(sys.modules, "dask", raising=False)
        patch.setattr(_extras, "installed", lambda _: "2099.1")
        with pytest.raises(jh.InputError, match=r"dask 2099\.1 is installed but cannot be loaded .*no_such_module"):
            _extras.load("dask", missing)


def test_the_pinned_versions_are_allowed() -> None:
    path = ROOT / ".ci" / "constraints.txt"
    if not path.is_file():
        pytest.skip("the folder .ci is not here")
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    pinned = dict(line.split("==") for line in lines)
    least = bounds(PROJECT["dependencies"]) | bounds(PROJECT["optional-dependencies"]["test"])
    assert least.keys() <= pinned.keys()
    for name, version in least.items():
        assert _extras._release(pinned[name]) >= _extras._release(version), name
