"""Pages that no one writes: columns, county facts, indicators and standards, from the data files of the package.

Written into ``docs/catalogue/`` before the pages are read, in the language of the site. What is on them changes by
changing the data; the sentences between are in ``words.toml``. They are never translated by gettext.
"""

from pathlib import Path
from typing import Any

from bilingual import Words, site_language
from docutils import nodes
from sphinx.transforms import SphinxTransform

from catalogue.columns import column_tables
from catalogue.facts import facts_page
from catalogue.indicators import indicator_page
from catalogue.markdown import shipped
from catalogue.standards import standard_page, standards_page

FOLDER = Path(__file__).resolve().parents[2] / "catalogue"


def pages(language: str) -> dict[str, str]:
    """Return every page and every table by the name of its file."""
    w = Words(language)
    found = column_tables(w) | {"indicators.md": indicator_page(w), "standards.md": standards_page(w)}
    return found | {"facts.md": facts_page(w)} | {f"{s.id}.md": standard_page(w, s) for s in shipped()}


def write(app: Any) -> None:
    """Write every page that changed."""
    found = pages(site_language(app.config.language))
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.md"):
        if old.name not in found:
            old.unlink()
    for name, content in found.items():
        path = FOLDER / name
        if not path.is_file() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")


class Untranslated(SphinxTransform):
    """Mark what was generated, as a page or within one, so that gettext neither extracts nor replaces it."""

    default_priority = 5  # before Locale, which translates

    def apply(self, **kwargs: Any) -> None:
        """Mark every text that comes from a generated file; inline text is left, Sphinx would unwrap it."""
        for node in self.document.findall(nodes.TextElement):
            if node.source and Path(node.source).parent == FOLDER and not isinstance(node, nodes.Inline):
                node["translatable"] = False


def leave_no_catalogue(app: Any, exception: Exception | None) -> None:
    """Remove the empty catalogues that gettext writes for generated pages."""
    if app.builder.name == "gettext" and exception is None:
        for empty in (Path(app.outdir) / FOLDER.name).glob("*.pot"):
            empty.unlink()


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx when to write."""
    app.connect("builder-inited", write)
    app.connect("build-finished", leave_no_catalogue)
    app.add_transform(Untranslated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
