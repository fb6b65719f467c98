"""The Chinese of the pages: ``python docs/translations.py update`` after a page has changed, then ``… check``.

Pages are English Markdown; ``docs/locale/zh_CN/LC_MESSAGES`` has a catalogue for each. ``update`` takes the messages
out of the pages, puts new ones into the catalogues, and marks those that changed as fuzzy; then edit the ``msgstr`` of
what ``check`` lists, and delete the line ``#, fuzzy``. Of the pages under ``api/`` only the first sentence of each
entry is translated. Needs the extra ``docs``.
"""

import hashlib
import importlib
import inspect
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
CATALOGUES = DOCS / "locale" / "zh_CN" / "LC_MESSAGES"
#: What a message and its translation must share: code, links and roles, formulas.
KEPT = (r"``[^`]+``|`[^`]+`", r"\]\([^)\s]+\)", r"\{[\w:.-]+\}(?=`)", r"\$[^$]+\$", r"\*\*")
#: Half-width punctuation that touches Chinese, outside code and targets.
HALF = re.compile(r"[\u4e00-\u9fff][,;:?!(]|[,;:?!)][\u4e00-\u9fff]")
#: An entry of the API, as the pages name it; "module" says where the names that follow live.
ENTRY = re.compile(r"\.\. (?:(?P<kind>auto\w+|currentmodule):: )(?P<name>[\w.]+)(?:\n +:members: (?P<members>.*))?")


def pages() -> list[Path]:
    """Return the pages that are translated."""
    found = [*DOCS.glob("*.md"), *DOCS.glob("decisions/*.md"), *DOCS.glob("api/*.md"), *DOCS.glob("ways/*.md")]
    return sorted([*found, *DOCS.glob("notebooks/*.ipynb")])


def catalogue(page: Path) -> Path:
    """Return the catalogue of a page."""
    return CATALOGUES / page.relative_to(DOCS).with_suffix(".po")


def digest(page: Path) -> str:
    """Return what tells whether a page has changed since its catalogue was updated."""
    return hashlib.sha256(page.read_bytes()).hexdigest()[:16]


def kept(text: str) -> Counter[str]:
    """Return the code, links and formulas of a text."""
    text = re.sub(r":(\w+):`", r"{\1}`", text)  # a docstring's role; its Chinese is read as Markdown
    return Counter(found for pattern in KEPT for found in re.findall(pattern, text))


def problems_of(message: str, chinese: str) -> Iterator[str]:
    """Yield what a translation does not share with its message."""
    for what, count in ((kept(message) - kept(chinese)), "lacks"), ((kept(chinese) - kept(message)), "adds"):
        if what:
            yield f"{count} {', '.join(what)}"
    plain = re.sub(r"`[^`]*`|\]\([^)]*\)", "", chinese)
    if found := HALF.search(plain):
        yield f"half-width punctuation: {found[0]}"


def entries(page: Path) -> Iterator[tuple[str, str]]:
    """Yield the name of every documented object of a page of the API, and the first paragraph of its docstring."""
    module = importlib.import_module("junheng")
    for found in ENTRY.finditer(page.read_text(encoding="utf-8")):
        if found["kind"] in ("currentmodule", "automodule"):
            module = importlib.import_module(found["name"])
        target: Any = module if found["kind"] == "automodule" else getattr(module, found["name"], None)
        members = [name.strip() for name in (found["members"] or "").split(",") if name.strip()]
        named = [(f"{found['name']}.{name}", inspect.getattr_static(target, name)) for name in members]
        if found["kind"] not in ("currentmodule", "automodule"):
            named.insert(0, (found["name"], target))
        for name, thing in named:
            text = inspect.getdoc(thing)
            if text:
                yield name, " ".join(text.split("\n\n")[0].split())


def messages(path: Path) -> Any:
    """Return a catalogue."""
    from sphinx_intl.catalog import load_po

    return load_po(str(path))


def check() -> list[str]:
    """Return everything that is untranslated or stale."""
    wrong = []
    for page in pages():
        path, name = catalogue(page), page.relative_to(DOCS).as_posix()
        if not path.exists():
            wrong.append(f"{name}: no catalogue; run python docs/translations.py update")
            continue
        po = messages(path)
        if f"source {digest(page)}" not in po.header_comment:
            wrong.append(f"{name}: has changed since its catalogue was made; run python docs/translations.py update")
        found = {" ".join(m.id.split()): m for m in po if m.id}
        api = page.parent.name == "api"
        asked = {text for _, text in entries(page)} if api else set(found)
        for text in sorted(asked):
            message = found.get(text)
            if message is None or not message.string or message.fuzzy:
                wrong.append(f"{name}: {'changed' if message and message.fuzzy else 'no Chinese'}: {text}")
        for m in found.values():
            if m.string and not m.fuzzy:
                wrong += [f"{name}: {p}: {m.string}" for p in problems_of(m.id, m.string)]
        wrong += [f"{name}: no longer on the page: {m.id}" for m in po.obsolete.values()]
    known = {catalogue(page) for page in pages()} | {CATALOGUES / "sphinx.po"}
    return wrong + [
        f"no page has the catalogue {p.relative_to(DOCS)}" for p in CATALOGUES.rglob("*.po") if p not in known
    ]


def update() -> None:
    """Bring the catalogues up to what the pages say."""
    from sphinx_intl import basic
    from sphinx_intl.catalog import dump_po

    # a message that moved to another page keeps its Chinese
    known = {m.id: m.string for path in CATALOGUES.rglob("*.po") for m in messages(path) if m.string and not m.fuzzy}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "sphinx", "-q", "-b", "gettext", "-D", "nb_execution_mode=off"]
        subprocess.run([*command, str(DOCS), folder], check=True, env={**os.environ, "JUNHENG_LANGUAGE": "en"})
        for pot in Path(folder).rglob("*.pot"):
            if catalogue(DOCS / pot.relative_to(folder)) not in {catalogue(page) for page in pages()}:
                pot.unlink()
        basic.update(str(DOCS / "locale"), folder, ["zh_CN"], line_width=100)
    for page in pages():
        po = messages(catalogue(page))
        for m in po:
            if m.id in known and (m.fuzzy or not m.string):
                m.string = known[m.id]
                m.flags.discard("fuzzy")
        po.header_comment = f"# Chinese of docs/{page.relative_to(DOCS).as_posix()}, source {digest(page)}"
        po.obsolete.clear()
        dump_po(str(catalogue(page)), po, line_width=100)


def main() -> int:
    """Read the command line."""
    if sys.argv[1:] == ["update"]:
        update()
    elif sys.argv[1:] != ["check"]:
        print(__doc__)
        return 2
    wrong = check()
    print(*wrong, f"{len(wrong)} messages to look at", sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
