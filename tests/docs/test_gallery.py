"""The gallery has every public picture, in the language of the site; its links lead to sections that exist."""

import io
import re
from pathlib import Path
from typing import Any

import pytest

from junheng.reports import plots

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "gallery.md").read_text(encoding="utf-8")
CODE = re.findall(r"^:::\{drawing\} (.*)$", PAGE, flags=re.MULTILINE)


def test_every_public_picture_is_there_once() -> None:
    names = [re.match(r"(?:plots\.)?(\w+)\(", code)[1] for code in CODE]  # type: ignore[index]
    assert sorted(names) == sorted([*plots.__all__, "html_report"])


def test_every_drawing_leads_to_a_section_that_is_there() -> None:
    found = re.findall(r"\[More\]\((\w+\.md)(?:#([\w-]+))?\)", PAGE)
    assert len(found) == len(CODE)
    for page, section in found:
        heads = re.findall(r"^#+ (.*)$", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in heads}
        assert not section or section in slugs, section


@pytest.fixture
def gallery(monkeypatch: pytest.MonkeyPatch) -> Any:
    for library in ("sphinx", "matplotlib", "jinja2"):
        pytest.importorskip(library)
    from junheng.reports.plots._canvas import font_for

    if not font_for("汉"):
        pytest.skip("no font with Chinese characters is installed")
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    import gallery

    return gallery


def test_the_report_is_drawn_in_the_language_of_the_site(gallery: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery.spoken, "LANGUAGE", "en")
    assert "lang=&quot;en&quot;" in gallery.drawn("html_report(ev)")
    monkeypatch.setattr(gallery.spoken, "LANGUAGE", "zh")
    assert "lang=&quot;zh" in gallery.drawn("html_report(ev)")


@pytest.mark.slow
def test_the_build_warns_of_a_picture_that_is_missing(gallery: Any, tmp_path: Path) -> None:
    pytest.importorskip("myst_parser")
    from sphinx.application import Sphinx

    one = "plots.lorenz(ev, 'teaching_area_per_student', stage='primary')"
    (tmp_path / "index.md").write_text(f"# G\n\n::::{{gallery}}\n\n:::{{drawing}} {one}\nWhy?\n:::\n\n::::\n")
    settings = {"extensions": ["myst_parser", "gallery"], "myst_enable_extensions": ["colon_fence"]}
    said = io.StringIO()
    app = Sphinx(tmp_path, None, tmp_path / "out", tmp_path / "out", "html", settings, status=None, warning=said)
    app.build()
    assert "missing in the gallery: before_and_after, bunching" in said.getvalue()
    assert "lorenz" not in said.getvalue()
    assert 'alt="lorenz"' in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
