"""Pages and drawings that the build makes: complete in both languages, and each in its own."""

import importlib.util
import re
import sys
import tomllib
from pathlib import Path
from string import Formatter
from typing import Any

import attrs
import pytest

import junheng as jh

EXTENSIONS = Path(__file__).resolve().parents[2] / "docs" / "_ext"
pytest.importorskip("sphinx")
#: Two English words of letters, one after the other.
ENGLISH = re.compile(r"(?<![\w-])[a-z]{2,} [a-z]{2,}(?![\w-])", re.IGNORECASE)
CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def made() -> Any:
    """The pages of both languages, and the drawings."""
    sys.path.insert(0, str(EXTENSIONS))
    try:
        import bilingual
        import catalogue
        import pictures

        pages = {language: catalogue.pages(language) for language in ("en", "zh")}
        drawn = {
            language: {name: draw(bilingual.Words(language)) for name, draw in pictures.PICTURES.items()}
            for language in pages
        }
        assert bilingual.site_language("zh_CN") == "zh" and bilingual.site_language(None) == "en"
        return pages, drawn
    finally:
        sys.path.remove(str(EXTENSIONS))


def parameters(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_sentence_is_there_in_both_languages() -> None:
    wrong = []
    for group, entries in tomllib.loads((EXTENSIONS / "words.toml").read_text("utf-8")).items():
        for name, entry in entries.items():
            if set(entry) != {"en", "zh"} or not all(entry[x] for x in entry if (group, name) != ("form", "gap")):
                wrong.append(f"{group}.{name}: {entry}")
            # what Chinese need not say, such as the English label, may be left out; nothing may be added
            elif group != "form" and parameters(entry["zh"]) - {"zh"} != parameters(entry["en"]) - {"zh"}:
                wrong.append(f"{group}.{name}: parameters")
            elif group != "form" and ENGLISH.search(re.sub(r"`[^`]*`|\{\w+\}", "", entry["zh"])):
                wrong.append(f"{group}.{name}: English in Chinese")
    assert wrong == []


def remarks(thing: Any) -> set[str]:
    """Every remark, clause and definition of a standard."""
    if isinstance(thing, (tuple, list)):
        return set().union(*map(remarks, thing))
    if isinstance(thing, dict):
        return remarks(list(thing.values()))
    if not attrs.has(type(thing)):
        return set()
    own = {getattr(thing, name, None) for name in ("note", "clause", "qualifier")}
    inside = (getattr(thing, f.name) for f in attrs.fields(type(thing)))
    return {text for text in own if isinstance(text, str)}.union(*map(remarks, inside))


def test_every_remark_of_a_standard_has_its_chinese() -> None:
    notes = tomllib.loads((EXTENSIONS / "notes.toml").read_text("utf-8"))["note"]
    known = {n["en"] for n in notes}
    assert len(known) == len(notes)
    said = set().union(*(remarks(jh.load_standard(i)) for i in jh.list_standards()["id"]))
    english = {text for text in said if re.search("[a-z]", text)}
    assert english - known == set()
    assert known - said == set(), "remarks that no standard has any more"
    assert [n["zh"] for n in notes if not CHINESE.search(n["zh"])] == []


def prose(page: str) -> str:
    """A page without code, addresses, names of classes and the titles of sources."""
    page = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    page = re.sub(r"`[^`]*`|\]\([^)]*\)|\{\.[^}]*\}|:::.*|<br>", " ", page)
    return re.sub(r"^\| \*\*S\d+\*\* \|.*$", "", page, flags=re.MULTILINE)


#: Headers and words that a return may have are shown as they are.
GIVEN = {"_aliases.md", "_words.md"}


def test_chinese_pages_have_no_english_sentence(made: Any) -> None:
    pages, drawn = made
    wrong = {name: ENGLISH.findall(prose(page)) for name, page in pages["zh"].items() if name not in GIVEN}
    wrong |= {name: ENGLISH.findall(" ".join(re.findall(">([^<>]+)</text>", x))) for name, x in drawn["zh"].items()}
    assert {name: found for name, found in wrong.items() if found} == {}


def test_english_pages_begin_in_english(made: Any) -> None:
    pages, drawn = made
    heads = [line for page in pages["en"].values() for line in page.splitlines() if line.startswith("#")]
    assert len(heads) > 200
    assert [head for head in heads if not re.match(r"#+ [A-Z]", head) and not re.match(r"#+ \w+ \w+, by", head)] == []
    words = [text for x in drawn["en"].values() for text in re.findall(">([^<>]+)</text>", x)]
    assert [text for text in words if CHINESE.search(text)] == []


def test_both_languages_say_the_same(made: Any) -> None:
    pages, drawn = made
    assert pages["en"].keys() == pages["zh"].keys() and drawn["en"].keys() == drawn["zh"].keys()
    for name, page in pages["en"].items():
        other = pages["zh"][name]
        assert page.count("\n| ") == other.count("\n| ") and page.count("\n#") == other.count("\n#"), name
        codes = [re.findall("`([^`]+)`", text) for text in (page, other)]
        assert sorted(codes[0]) == sorted(codes[1]), name
    for name, drawing in drawn["en"].items():
        assert drawing.count("<text") == drawn["zh"][name].count("<text"), name


def test_contests_of_the_benchmarks_are_named_in_chinese(made: Any) -> None:
    # by its path: a folder of the repository has the same name
    spec = importlib.util.spec_from_file_location("extension_benchmarks", EXTENSIONS / "benchmarks.py")
    assert spec is not None and spec.loader is not None
    benchmarks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmarks)
    bilingual = sys.modules["bilingual"]
    recorded = benchmarks.results()["results"]
    names = {r["variant"] for r in recorded} | {line["label"] for r in recorded for line in r["lines"]}
    names |= {line["note"] for r in recorded for line in r["lines"] if "note" in line}
    shown = {re.sub(r" \(on .*\)", " *", name) for name in names}
    parts = {part for name in shown for part in re.split(r", (?![^(]*\))", name)}
    parts |= {case for line in benchmarks.results()["slopes"] for case in re.findall(r" \(([^)]+)", line["name"])}
    known = bilingual.known_contests()
    code = re.compile(r"import \w+|numpy bincount|jh\..*|pandas groupby.apply|calamine.*|.*scipy.stats.*|gini|\.\w+")
    assert {part for part in parts - set(known) if ENGLISH.search(part) and not code.fullmatch(part)} == set()
    assert set(known) - parts == set()
    w = bilingual.Words("zh")
    assert w.contest("jh.difference_coefficient(frame, by=keys), one core") == (
        "jh.difference_coefficient(frame, by=keys)、单核"
    )
    assert not ENGLISH.search(re.sub("R..? CPU|Intel.*?）|Linux x86_64", "", benchmarks.machine(w)))


def test_generated_text_is_not_for_gettext(tmp_path: Path, made: Any) -> None:
    """A page that includes a generated table hands gettext its own text only."""
    from docutils import nodes
    from docutils.utils import new_document

    catalogue = sys.modules["catalogue"]
    document = new_document(str(tmp_path / "page.md"))
    own, table, badge = nodes.paragraph("", "own"), nodes.paragraph("", "generated"), nodes.inline("", "known")
    table += badge
    own.source, table.source = str(tmp_path / "page.md"), str(catalogue.FOLDER / "_keys.md")
    badge.source = table.source
    document += [own, table]
    catalogue.Untranslated(document).apply()
    assert own.get("translatable", True) and not table.get("translatable", True)
    assert "translatable" not in badge
