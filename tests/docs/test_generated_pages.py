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


#: Words whose English label is the id.
SAME = {"public", "private", "city", "town", "rural", "enterprise", "primary", "junior", "senior"}
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


def line_of(made: Any, standard: str, text: str) -> str:
    """The line of an English page in which a text stands, once."""
    (line,) = [x for x in made[0]["en"][f"{standard}.md"].splitlines() if text in x]
    return line


def test_what_is_required_is_said_in_words_with_its_unit(made: Any) -> None:
    quality, sports = "cn-quality-balance-2017", "cn-school-sports-2008"
    # a yes or a no is no number, whoever is asked
    assert "One hour of exercise a day = yes 是<br>" in line_of(made, "cn-sc-shuangsha-2009", "daily_exercise_hour")
    # nor is a grade: the second reading takes the second one, too
    page = made[0]["en"]["cn-sd-basic-balance-2013.md"]
    graded = [x for x in page.splitlines() if "`conditions_grade`" in x]
    assert [x.partition(" = ")[2] for x in graded] == [
        "met (达标)<br>`conditions_grade`",
        "met (达标) or basically met (基本达标)<br>`conditions_grade`",
    ]
    # years and sizes have the unit that a single number has
    assert "≥ 4000 CNY from 2012" in line_of(made, quality, "from 2016")
    assert "≥ by classes, in m (18: 200; 27: 300;" in line_of(made, sports, "`ring_track_m`")
    # ids stand below the words, not among them
    funds = line_of(made, quality, "funds_norm_per_primary_student_cny").split("<br>")
    assert "`" not in funds[0] and "100 * (funds_norm_per_primary_student_cny, " in funds[1]
    # a reading by which any number will do requires none
    assert not re.search(r"≥ 0\b(?!\.)", "".join(made[0]["en"].values()))
    assert "no number decides" in line_of(made, "cn-basic-balance-2012", "by another reading")


def test_schools_are_named_by_labels(made: Any) -> None:
    ids = r"(?<![`\w])(nine_year|twelve_year|complete_secondary|teaching_point|\w+_education|\w+_other)(?![`\w])"
    pages = {name: page for name, page in made[0]["en"].items() if name not in GIVEN}
    assert {name: found for name, page in pages.items() if (found := re.findall(ids, page))} == {}
    place = line_of(made, "cn-gd-school-land", "`city_centre`")
    assert "≥ 9.4 where: school in a city centre `city_centre`" in place
    words = sys.modules["bilingual"].Words("en")
    for column, entries in jh._data.read_toml("columns.toml")["categories"].items():
        if not column.startswith("grade_") and column not in ("conditions_grade", "resources_cover"):
            assert [id_ for id_ in entries if words.label(column, id_) == id_ and id_ not in SAME] == [], column


def test_a_school_that_only_items_judge_is_not_said_to_count_for_nothing(made: Any) -> None:
    treated = line_of(made, "cn-rural-school-buildings-2008", "| nine-year school (九年一贯制) |")
    assert "not judged by the thresholds; judged by `nine-year-land`" in treated
    heads = [x for x in made[0]["en"]["cn-rural-school-buildings-2008.md"].splitlines() if x.startswith("### ")]
    assert heads[:3] == [
        "### primary 小学, by number of classes",
        "### junior 初中, by number of classes: all buildings, built area",
        "### junior 初中, by number of classes: land per student",
    ]


def test_sources_say_where_no_address_is_kept(made: Any) -> None:
    assert line_of(made, "cn-he-baoding-2012", "| **BD** |").endswith("| no address kept |")
    # with nothing to remark there is no column for it
    page = made[0]["en"]["cn-gd-school-land.md"]
    assert "|  | Source |\n" in page and "no address kept" not in page


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


def extension(name: str) -> Any:
    """Return an extension by its path: a folder of the repository may have the same name."""
    spec = importlib.util.spec_from_file_location(f"extension_{name}", EXTENSIONS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_was_timed_on_one_county_has_a_table_of_its_own(made: Any) -> None:
    benchmarks, w = extension("benchmarks"), sys.modules["bilingual"].Words("en")
    line = {"name": "junheng", "label": "junheng", "median_ms": 12.0}
    sizes = {"all groups": 11587, "one group of 60": 60}
    found = [
        {"variant": variant, "size": "province", "rows": rows, "lines": [line], "base": "junheng"}
        for variant, rows in sizes.items()
    ]
    first, second = benchmarks.tables(w, found).split("</table>")[:2]
    assert "11,587 rows" in first and "all groups" in first and "one group" not in first
    assert "<th>county<br><small>60 rows" in second and "one group of 60" in second
    # nothing but times: an import reads no table; a size that was not run is said to be none
    alone = {"variant": "", "size": "province", "rows": 0, "lines": [line], "base": "junheng"}
    assert "<tr><th></th><th>time</th></tr>" in benchmarks.tables(w, [alone])
    nation = {"variant": "all groups", "size": "nation", "rows": 200_000, "lines": [], "base": "junheng"}
    assert "<small>not run</small>" in benchmarks.tables(w, [found[0], nation])


def test_contests_of_the_benchmarks_are_named_in_chinese(made: Any) -> None:
    benchmarks, bilingual = extension("benchmarks"), sys.modules["bilingual"]
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


def test_ids_break_after_an_underscore_and_defaults_can_be_read() -> None:
    names = extension("names")
    page = '<code><span class="pre">books_per_student</span></code> a_b <pre>x_y</pre>'
    assert (
        names.breakable(page) == '<code><span class="pre">books_<wbr>per_<wbr>student</span></code> a_b <pre>x_y</pre>'
    )
    shown = names.show_defaults(None, "class", "Open", jh.changes.Open, None, "(*, row, moved_students=NOTHING)", None)
    assert shown == ("(*, row, moved_students={})", None)
    said = "(code, *, row: int | None = None, position: int | None = NOTHING)"
    assert names.show_defaults(None, "class", "Problem", jh.Problem, None, said, None) == (
        "(code, *, row: int | None = None, position: int | None = …)",
        None,
    )
    assert names.show_defaults(None, "function", "f", len, None, "(x=1)", None) is None


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
