"""The notebooks: kept without outputs, they run from top to bottom, and name nothing of any machine."""

import json
import re
import warnings
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def cells(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found


def code(path: Path) -> list[str]:
    return ["".join(c["source"]) for c in cells(path) if c["cell_type"] == "code"]


def test_there_are_three() -> None:
    assert [p.stem for p in NOTEBOOKS] == ["county-first-look", "province-in-a-morning", "your-own-standard"]


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
def test_they_run_from_top_to_bottom(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for needed in ("matplotlib", "jinja2", "IPython"):
        if any(needed in c or needed != "IPython" for c in code(path)):
            pytest.importorskip(needed, reason=f"the notebook uses {needed}")
    from junheng.reports.plots._canvas import font_for

    if not font_for("汉"):
        pytest.skip("no font with Chinese characters is installed")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for i, source in enumerate(code(path), 1):
            exec(compile(source, f"{path.name}, cell {i}", "exec"), names)
    assert list(tmp_path.iterdir()) == []
