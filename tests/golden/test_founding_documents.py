"""Every figure of the founding documents: what computes it, or why nothing does. From the documents to the library."""

import math
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tomli_w
from small_tables import frame, only, pick

import junheng as jh
from junheng.facts import fact_columns
from junheng.schools import columns
from junheng.schools.needs import needed_columns
from junheng.standards import model

TABLE = tomllib.loads(
    Path(__file__).parent.joinpath("founding_documents.toml").read_text(encoding="utf-8"),
    parse_float=Decimal,
)
PLACES: dict[str, dict[str, Any]] = TABLE["places"]
FIGURES: list[dict[str, Any]] = TABLE["figures"]
WAYS = ("standard", "rule", "computes", "context")
LOCAL = sorted(
    {f["standard"] for f in FIGURES if "standard" in f} - {"cn-quality-balance-2017", "cn-sd-basic-balance-2013"}
)
#: A figure by its Chinese name; a fact about the county before a column of schools.
IDS = {c.zh: name for name, c in columns().items()} | {fact.zh: name for name, fact in fact_columns().items()}


def figures(way: str = "place") -> list[Any]:
    """The figures that have such a key, each under its place and its position in the table."""
    return [pytest.param(f, id=f"{f['place']}-{n}") for n, f in enumerate(FIGURES, 1) if way in f]


@pytest.mark.parametrize("figure", figures())
def test_a_figure_has_one_way_and_a_place(figure: Mapping[str, Any]) -> None:
    assert len([w for w in WAYS if w in figure]) == 1, WAYS
    assert figure["place"] in PLACES and re.search(r"[一-鿿]", figure["figure"])
    assert figure.get("standing", "confirmed") in ("confirmed", "secondary", "derived")
    assert ("issue" in figure) <= ("context" in figure)
    if "context" in figure:
        assert len(figure["context"]) > 5
        assert ("issue" in figure) == ("第20号议题" in figure["context"])


# ------------------------------------------------------------------------------------------ a county from data


def school_table(schools: list[Mapping[str, Any]]) -> pd.DataFrame:
    """The schools as their form has them, read by the names of its columns; ``重复`` writes a row several times."""
    rows = []
    for row in schools:
        given = {"区县": "甲县", "学段": "小学", "学生数": 100} | {k: v for k, v in row.items() if k != "重复"}
        n = row.get("重复", 1)
        rows += [given | ({"学校": f"{given['学校']}{i}"} if n > 1 else {}) for i in range(1, n + 1)]
    plain = [{k: float(v) if isinstance(v, Decimal) else v for k, v in row.items()} for row in rows]
    table = jh.standardize_columns(frame(*plain))
    assert set(table.columns) <= set(columns()), "a header of the case is not known"
    return table


def evaluated(case: Mapping[str, Any], standard: str | Path, short: Mapping[str, Any] | None = None) -> jh.Evaluation:
    """Evaluate the small county of a case, with one change; every other figure of a school is not given."""
    change = dict(short or {})
    schools = [dict(s) for s in case.get("schools", [{"学校": "一小"}])]
    if "学校" in change:
        (mine,) = [s for s in schools if s["学校"] == change["学校"]]
        mine |= change
        change = {}
    facts = {k: float(v) for k, v in {**case.get("facts", {}), **change}.items()}
    table = school_table(schools)
    gaps = {c: np.nan for c in needed_columns(jh.load_standard(standard)) if c not in table}
    return jh.evaluate(table.assign(**gaps), standard, county_facts=facts or None)


def both_sides(case: Mapping[str, Any], standard: str | Path, verdict: Callable[[jh.Evaluation], set[str]]) -> None:
    """What stands on the number is met; a little less is not, whatever of it is less."""
    assert verdict(evaluated(case, standard)) == {"met"}
    assert case["short"]
    for short in case["short"]:
        assert "unmet" in verdict(evaluated(case, standard, short)), short


# --------------------------------------------------------------------------------------- numbers of a standard


def comparisons_of(item: model.Item) -> list[model.Comparison]:
    return [t for c in item.conditions for t in c.tests]


def numbers_of(comparison: model.Comparison) -> set[Decimal]:
    own = (comparison.value, comparison.primary, comparison.junior)
    possible = comparison.one_of if isinstance(comparison, model.Condition) else ()
    return {x for x in (*own, *possible, *(step.value for step in comparison.dated)) if x is not None}


def the_item(figure: Mapping[str, Any]) -> model.Item:
    (item,) = [i for i in jh.load_standard(figure["standard"]).items if i.id == figure["item"]]
    return item


def asks_of(figure: Mapping[str, Any]) -> set[tuple[str, str, Decimal]]:
    return {(IDS[a["of"]], a.get("op", ">="), Decimal(a["value"])) for a in figure.get("asks", ())}


def prints(number: Decimal | int, values: set[Decimal]) -> bool:
    """Whether a printed number is one of a file: itself, its hundredth (a rate), or its mu in square metres."""
    n = Fraction(number)
    return bool({n, n / 100, n * 2000 / 3} & {Fraction(v) for v in values})


@pytest.mark.parametrize("figure", figures("standard"))
def test_a_number_stands_in_its_standard_and_decides(figure: Mapping[str, Any]) -> None:
    std = jh.load_standard(figure["standard"])
    if "item" in figure:
        item = the_item(figure)
        found = {(t.top[0], t.op, n) for t in comparisons_of(item) for n in numbers_of(t)}
        assert asks_of(figure) <= found
        said = [item.label.zh, *(t.qualifier or "" for t in comparisons_of(item))]
        said += [y.clause for c in item.conditions for y in c.yardsticks]
        assert {Decimal(n) for n in figure.get("says", ())} <= {Decimal(x) for x in re.findall(r"\d+", " ".join(said))}
        both_sides(figure, std.id, lambda ev: set(pick(ev.items, item=item.id)["verdict"]))
    for t in figure.get("thresholds", ()):
        found_ = std.threshold(t["indicator"], stage=t["stage"])
        assert (found_.value, found_.op) == (t["value"], ">=")
    if "thresholds" in figure:
        ids = {t["indicator"] for t in figure["thresholds"]}
        both_sides(figure, std.id, lambda ev: set(ev.schools[ev.schools["indicator"].isin(ids)]["verdict"]))
    for t in figure.get("limits", ()):
        limit = std.limit(t["kind"], stage=t["stage"])
        assert limit is not None and limit.value == t["value"]
        assert str(jh.compliance(float(t["has"]), float(limit.value), op=limit.op)) == t["verdict"]
        just_over = float(limit.value) + 1e-9
        assert str(jh.compliance(just_over, float(limit.value), op=limit.op)) == "unmet"
    stated = {n for _, _, n in asks_of(figure)} | {Decimal(n) for n in figure.get("says", ())}
    stated |= {t.get("has", t["value"]) for way in ("thresholds", "limits") for t in figure.get(way, ())}
    # no number of the paper is left unasked, and none is asked that is not the paper's, but for "every" and "all"
    assert all(prints(n, stated) for n in figure["numbers"])
    assert all(v == 1 or any(prints(n, {v}) for n in figure["numbers"]) for v in stated)


#: From the best known to the worst.
STANDINGS = ("confirmed", "secondary", "derived", "recalled", "conflicting")


@pytest.mark.parametrize("figure", [f for f in figures("item") if f.values[0]["standard"] in LOCAL])
def test_a_file_claims_no_more_for_a_number_than_the_paper_allows(figure: Mapping[str, Any]) -> None:
    item = the_item(figure)
    if item.origin != figure["standard"]:
        return  # the nation's number, which has the nation's standing
    for top, op, value in asks_of(figure):
        claims = [item.standing] if any((c.top[0], c.op) == (top, op) for c in item.conditions) else []
        claims += [
            y.standing
            for c in item.conditions
            for y in c.yardsticks
            for t in y.tests
            if (t.top[0], t.op, t.value) == (top, op, value)
        ]
        best = min(STANDINGS.index(c) for c in claims)
        assert best >= STANDINGS.index(figure.get("standing", "confirmed"))


@pytest.mark.parametrize("name", LOCAL)
def test_every_number_of_a_local_scheme_has_an_entry(name: str) -> None:
    """The other way round: what a file asks for itself is asked by the table too, so a number that is added shows."""
    asked = {(f["item"], *a) for f in FIGURES if f.get("standard") == name and "item" in f for a in asks_of(f)}
    own = {
        (item.id, t.top[0], t.op, n)
        for item in jh.load_standard(name).items
        if item.origin == name and item.standing != "conflicting"  # two numbers for one thing: told as context
        for t in comparisons_of(item)
        for n in numbers_of(t)
    }
    assert not own - asked


@pytest.mark.parametrize("figure", figures("rule"))
def test_a_rule_without_a_file_is_written_as_data(figure: Mapping[str, Any], tmp_path: Path) -> None:
    std = own_standard(
        tmp_path,
        parts=["resources"],
        items=[{"id": "own", "part": "resources", "rule": "conditions", **CITED, "conditions": [figure["rule"]]}],
    )
    assert figure["numbers"] == [figure["rule"]["value"]]
    both_sides(figure, std, lambda ev: set(pick(ev.items, item="own")["verdict"]))


# ------------------------------------------------------------------------------------------- public functions

CITED = {"clause": "示例", "source": "S", "standing": "derived", "label": {"zh": "示例", "en": "example"}}


def own_standard(folder: Path, **content: Any) -> Path:
    head = {
        "id": "own", "document": "示例", "number": "无", "issued": "2026", "jurisdiction": "CN",
        "last_checked_on": "2026-11-22", "label": {"zh": "示例", "en": "example"},
        "sources": {"S": {"title": "示例", "kind": "local"}},
    }  # fmt: skip
    path = folder / "own.toml"
    path.write_text(tomli_w.dumps(head | content), encoding="utf-8")
    return path


def shortfalls(folder: Path, requires: Any, unit_costs: Any, schools: Any) -> dict[str, Any]:
    """From a standard and the figures of schools to the shortage by school, its total and its cost; and by a plan."""
    thresholds = [
        {k: v for k, v in CITED.items() if k != "label"} | {"indicator": i, "stage": "primary", "value": v}
        for i, v in requires.items()
    ]
    rule = {k: v for k, v in CITED.items() if k != "label"} | {"kind": "all"}
    item = {"id": "schools-comply", "part": "resources", "rule": "every_school_complies", **CITED}
    std = own_standard(
        folder, parts=["resources"], indicators=list(requires), thresholds=thresholds, school_rule=rule, items=[item]
    )
    ev = jh.evaluate(school_table(schools), std)
    lacks = jh.shortfalls(ev, unit_costs=unit_costs)
    totals = jh.shortfall_totals(ev, unit_costs=unit_costs).set_index("column")
    plan = jh.plan(ev, unit_costs=unit_costs)
    assert only(plan.after.verdicts, part="resources")["verdict"] == "met"
    names = list(dict.fromkeys(lacks["column"]))
    by_school = {n: pick(lacks, column=n).set_index("school")["short_school"] for n in names}
    return {
        **{n: [s.get(row["学校"], 0) for row in schools] for n, s in by_school.items()},
        "total": totals["total"].to_dict(),
        "cost": totals["cost"].to_dict(),
        "plan": plan.cost,
    }


def grades(standard: str, **counts: int) -> dict[str, Any]:
    """Schools that got these conclusions, with every other figure of theirs unknown."""
    made = [{"学校": f"第{c}{i}小学", "办学条件评估结论": c} for c, n in counts.items() for i in range(n)]
    ev = evaluated({"schools": made}, standard)
    table = pick(ev.grades, item="conditions_grade").set_index("grade")
    county = only(ev.items, item="schools-comply")["verdict"]
    out: dict[str, Any] = {"schools": int(table["n_schools"].sum()), "county": county}
    return out | {g: [int(r["n_schools"]), 100 * r["share"]] for g, r in table.iterrows()}


def items(standard: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    rows = jh.results.records(evaluated({"facts": facts}, standard).items)
    return {r["item"]: [r["verdict"], r["value"]] for r in rows}


def numbered_items(standard: str) -> dict[str, int]:
    std = jh.load_standard(standard)
    counts = {"resources": len(std.indicators)}
    counts |= {p: len({i.number for i in std.items if i.part == p} - {None}) for p in ("government", "quality")}
    return counts | {"sum": sum(counts.values())}


def decompose(**inputs: Any) -> dict[str, Any]:
    parts = jh.decompose(**inputs)
    return {"levels": parts["level"].tolist(), "added": parts["added"].tolist(), "total": parts["total"].iloc[0]}


OURS: dict[str, Callable[..., Any]] = {
    "sum": lambda parts: sum(parts),
    "product": lambda parts: math.prod(parts),
    "compliance": lambda **inputs: str(jh.compliance(**inputs)),
    "grades": grades,
    "items": items,
    "numbered_items": numbered_items,
    "decompose": decompose,
}


def leaves(value: Any) -> Iterator[Decimal]:
    """Every number of a case, whatever it is for."""
    if isinstance(value, (int, Decimal)):
        yield abs(Decimal(value))
    elif not isinstance(value, str):
        for v in value.values() if isinstance(value, Mapping) else value:
            yield from leaves(v)


def as_floats(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [as_floats(v) for v in value]
    return {k: as_floats(v) for k, v in value.items()} if isinstance(value, dict) else value


def agrees(got: Any, printed: Any, place: str) -> None:
    """Compare with what is printed: words and whole numbers as they are, a decimal number rounded to its digits."""
    if isinstance(printed, Mapping):
        for key, value in printed.items():
            agrees(got[key], value, f"{place}.{key}")
    elif isinstance(printed, list):
        assert len(got) == len(printed), place
        for a, b in zip(got, printed, strict=True):
            agrees(a, b, place)
    elif isinstance(printed, Decimal):
        # twelve digits of a float are sure: what is a half in decimals is one here too
        exact = Decimal(f"{float(got):.12g}")
        assert exact.quantize(printed, rounding=ROUND_HALF_UP) == printed, f"{place}: {got!r} is not {printed}"
    else:
        assert got == printed, f"{place}: {got!r} is not {printed!r}"


@pytest.mark.parametrize("figure", figures("computes"))
def test_a_figure_is_computed_to_its_printed_digits(figure: Mapping[str, Any], tmp_path: Path) -> None:
    name = figure["computes"]
    assert figure["cases"]
    contradicted = False
    for case in figure["cases"]:
        inputs = as_floats(case["inputs"])
        if name == "shortfalls":
            got = shortfalls(tmp_path, **inputs)
        else:
            got = (OURS[name] if name in OURS else getattr(jh, name))(**inputs)
        if "percent" in case:
            got = 100 * got
        agrees(got, case.get("percent", case.get("gives")), figure["figure"])
        if "printed" in case:
            assert got != case["printed"]
            contradicted = True
    assert not contradicted or "contradiction" in figure
    used = set(leaves(figure["cases"]))
    assert all(prints(n, used) for n in figure["numbers"]), "a number is not computed with"


# -------------------------------------------------------------------------------------------- nothing left out

_TIMES = {"thousand": 1_000, "million": 1_000_000, "亿元": 100_000_000}
_WORDS = {"one": 1, "three": 3, "twelve": 12}


@pytest.fixture(scope="module")
def pages(shared_data: Path) -> dict[str, str]:
    folder = shared_data.parent / "facts"
    if not folder.is_dir():
        pytest.skip(f"the facts of record are not here: {folder} does not exist")
    return {n: (folder / n).read_text(encoding="utf-8") for n in {p["page"] for p in PLACES.values()}}


def sections_of(page: str, text: str) -> dict[str, str]:
    """The sections of a page by how they begin: headings, and of section 4 of the audit the rows of its table."""
    if page.startswith("audit"):
        (part,) = re.findall(r"^## 4\..*?(?=^## 5\.)", text, re.M | re.S)
        return {row: row for row in part.splitlines() if row.startswith("|")}
    return {part: part for part in re.split(r"^(?=#)", text, flags=re.M) if part.strip()}


def numbers_in(text: str) -> list[Decimal]:
    """The numbers of a text, thousands put together and their words multiplied in."""
    joined = re.sub(r"(?<=\d)\s(?=\d{3}\b)", "", text)
    found = re.findall(r"(\d+(?:\.\d+)?)(?:\s*(thousand|million|亿元))?", joined)
    return [Decimal(n) * _TIMES.get(word, 1) for n, word in found]


def figures_of(place: str, pages: Mapping[str, str]) -> tuple[str, list[Decimal]]:
    """What a place says without what is no figure, and its numbers."""
    p = PLACES[place]
    (text,) = [t for t in sections_of(p["page"], pages[p["page"]]) if t.startswith(p["section"])]
    said = re.sub(r"\s+", " ", text.removeprefix(p["section"]).replace("*", ""))
    for words in p["no_figures"]:
        assert words in said, f"{place}: {words!r} is not printed there"
        said = said.replace(words, " ")
    return said, numbers_in(said)


@pytest.mark.parametrize("place", PLACES)
def test_every_number_of_a_place_has_an_entry_and_no_entry_a_number_of_its_own(
    place: str, pages: Mapping[str, str]
) -> None:
    said, printed = figures_of(place, pages)
    entered = Counter(Decimal(n) for f in FIGURES if f["place"] == place for n in f["numbers"])
    assert not Counter(printed) - entered, "printed, without an entry"
    words = {n for word, n in _WORDS.items() if re.search(rf"\b{word}\b", said)}
    assert not set(entered) - set(printed) - words, "entered, not printed"


def test_no_section_is_left_out(pages: Mapping[str, str]) -> None:
    for page, text in pages.items():
        starts = tuple(p["section"] for p in PLACES.values() if p["page"] == page)
        left = [t for t in sections_of(page, text) if not t.startswith(starts)]
        assert not [t for t in left if numbers_in(re.sub(r"^#+ \d\w?\.", "", t))]


def test_what_is_no_figure_is_a_date_a_number_of_a_document_or_a_unit() -> None:
    for p in PLACES.values():
        for words in p["no_figures"]:
            assert re.search(r"(19|20)\d\d|per 100 |五\(三\)4|mu = ", words), words
