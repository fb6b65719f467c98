"""Tab completion offers what is documented and nothing else."""

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import junheng as jh
from junheng.reports import declaration

API = Path(__file__).resolve().parents[2] / "docs" / "api"
MODULES = (
    jh, jh.changes, jh.engines, jh.examples, jh.indicators, jh.planning, jh.reports, jh.reports.plots, jh.schools,
    jh.standards, jh.synthetic,
)  # fmt: skip


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=4), "cn-quality-balance-2017")
    plan = jh.plan(ev, unit_costs=dict.fromkeys(jh.shortfall_totals(ev)["column"], 1), progress=False)
    path = tmp_path_factory.mktemp("files") / "a.csv"
    path.write_text("学校,学段,学生数\n一小,小学,500\n", encoding="utf-8")
    report = jh.describe_file(path)
    return {type(x).__name__: x for x in (ev, ev.standard, plan, declaration(ev), report)}


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__)
def test_a_module_offers_its_public_names(module: Any) -> None:
    assert [n for n in dir(module) if not n.startswith("_")] == sorted(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None


def documented(cls: type) -> set[str]:
    """Members named in the pages of the API, and attributes in the docstring."""
    pages = "".join(page.read_text(encoding="utf-8") for page in API.glob("*.md"))
    names = re.search(rf"autoclass:: {cls.__name__}\n   :members: (.+)", pages)
    assert names is not None
    section = (inspect.getdoc(cls) or "").partition("Attributes\n----------\n")[2]
    attributes = re.findall(r"^((?:\w+, )*\w+) : ", section, flags=re.MULTILINE)
    return {n for group in (names[1], *attributes) for n in group.split(", ")}


@pytest.mark.skipif(not API.is_dir(), reason="the documentation is not beside the tests")
@pytest.mark.parametrize("name", ["Declaration", "Evaluation", "FileReport", "Plan", "Standard"])
def test_an_object_offers_what_is_documented(name: str, things: dict[str, Any]) -> None:
    thing = things[name]
    assert set(dir(thing)) == documented(type(thing))
    for member in dir(thing):
        value = inspect.getattr_static(type(thing), member, None)
        if callable(value) or isinstance(value, property):
            assert inspect.getdoc(value), member


def test_what_is_not_offered_is_there_for_the_library(things: dict[str, Any]) -> None:
    ev = things["Evaluation"]
    assert ev.data.standard is ev.standard and ev.header("verdict") == "verdict"
    assert ev.standard.find("nothing", "primary") is None
