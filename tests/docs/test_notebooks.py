"""The notebooks: kept without outputs, they run in both languages, and name nothing of any machine."""

import ast
import contextlib
import io
import json
import re
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
#: Three English words in a row are a sentence; an id, a file, a unit are fewer.
ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]+ [a-z]{2,}")


def cells(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found


def code(path: Path) -> list[str]:
    return ["".join(c["source"]) for c in cells(path) if c["cell_type"] == "code"]


def test_there_are_five() -> None:
    names = ["county-first-look", "figures-to-look-at", "planning-within-a-budget", "province-in-a-morning"]
    assert [p.stem for p in NOTEBOOKS] == [*names, "your-own-standard"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_they_are_kept_without_outputs(path: Path) -> None:
    for cell in cells(path):
        assert cell.get("outputs", []) == [] and cell.get("execution_count") is None
    assert set(json.loads(path.read_text(encoding="utf-8"))["metadata"]) == {"kernelspec", "language_info"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_they_name_nothing_of_a_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/(home|root|opt|tmp|usr|work|Users)/|[A-Z]:\\\\|https?://|localhost", text)
    assert re.search("[\u4e00-\u9fff]", text)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_their_links_lead_somewhere(path: Path) -> None:
    prose = "\n".join("".join(c["source"]) for c in cells(path) if c["cell_type"] == "markdown")
    for target in re.findall(r"\]\(([^)#]+)", prose):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_what_is_shown_in_words_is_shown_in_the_language_of_the_page(path: Path) -> None:
    first, *_ = code(path)
    assert 'language = os.environ.get("JUNHENG_LANGUAGE", "en")' in first
    calls = [n for source in code(path) for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call)]
    drawn = [c for c in calls if ast.unparse(c.func).startswith(("plots.", "write_"))]
    assert drawn
    for call in drawn:
        assert "language=language" in [ast.unparse(k) for k in call.keywords], ast.unparse(call)
    for call in calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("relabel", "to_text", "text", "explain"):
            assert "language" in ast.unparse(call).rpartition("(")[2], ast.unparse(call)


def displayed(source: str, cell: str, names: dict[str, Any]) -> list[str]:
    """Run a cell, and return the words it shows: what it prints, and the last value."""
    tree, printed, value = ast.parse(source), io.StringIO(), None
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, cell, "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), cell, "eval"), names)
    words = printed.getvalue().splitlines()
    if isinstance(value, pd.DataFrame):
        return [*words, *map(str, value.columns), *(str(x) for row in value.to_numpy() for x in row)]
    html = getattr(value, "_repr_html_", lambda: None)()
    return [*words, re.sub("<[^>]*>", "\n", html or str(value))]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.long)])
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_they_run_from_top_to_bottom(
    path: Path, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for needed in ("matplotlib", "jinja2", "xlsxwriter", "IPython"):
        if any(needed in c or needed != "IPython" for c in code(path)):
            pytest.importorskip(needed, reason=f"the notebook uses {needed}")
    from junheng.reports.plots._canvas import font_for

    if not font_for("汉"):
        pytest.skip("no font with Chinese characters is installed")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUNHENG_LANGUAGE", language)
    names: dict[str, Any] = {"__name__": "__main__"}
    with warnings.catch_warnings(), pd.option_context("display.max_colwidth", 50):
        warnings.simplefilter("error")
        for i, source in enumerate(code(path), 1):
            for words in displayed(source, f"{path.name}, cell {i}", names):
                assert language == "en" or not ENGLISH.search(words), words
    assert list(tmp_path.iterdir()) == []
