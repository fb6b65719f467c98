"""The gallery has every public picture, in the language of the build; its links lead to sections that exist."""

import io
import re
from pathlib import Path

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
def gallery(monkeypatch: pytest.MonkeyPatch) -> object:
    for library in ("sphinx", "matplotlib", "jinja2"):
        pytest.importorskip(library)
    from junheng.reports.plots._canvas import font_for

    if not font_for("汉"):
        pytest.skip("no font with Chinese characters is installed")
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    monkeypatch.setenv("JUNHENG_LANGUAGE", "zh")
    import gallery

    return gallery


def test_pictures_are_drawn_in_the_language_of_the_build(gallery: object) -> None:
    import junheng as jh

    ev, own = jh.evaluate(jh.synthetic.county(n_schools=9), "cn-quality-balance-2017"), plots.coefficients
    with gallery.drawn_in_language():  # type: ignore[attr-defined]
        said = [t.get_text() for t in plots.coefficients(ev).figure.findobj(lambda a: hasattr(a, "get_text"))]
        asked = [
            t.get_text() for t in plots.coefficients(ev, language="en").figure.findobj(lambda a: hasattr(a, "get_text"))
        ]
    assert any("差异系数" in text for text in said) and not any("Difference" in text for text in said)
    assert any("Difference" in text for text in asked)
    assert plots.coefficients is own


@pytest.mark.slow
def test_the_build_warns_of_a_picture_that_is_missing(gallery: object, tmp_path: Path) -> None:
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
