"""What holds at every door, whatever is asked there: one list of doors, one test for each promise."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from small_tables import QUALITY

import junheng as jh
from junheng import changes
from junheng.reports import declaration

MAKE: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas": pd.DataFrame.copy,
    "polars": pl.from_pandas,
    "pyarrow": lambda table: pa.Table.from_pandas(table, preserve_index=False),
}
KIND = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.Table}
FRAMES = (
    "schools", "school_verdicts", "indicators", "items", "item_schools", "verdicts", "county_indicators", "grades",
    "left_out", "problems", "facts",
)  # fmt: skip
COSTS = {
    "computers": 5000, "multimedia_classrooms": 30_000, "books": 10, "teaching_area_m2": 2500, "sports_area_m2": 800,
    "equipment_value_cny": 1, "teachers_above_required_degree": 90_000, "backbone_teachers": 90_000,
    "pe_art_teachers": 90_000,
}  # fmt: skip
WHAT_IF = [changes.Add("books", 20, school="示例县第1小学"), changes.Enrolment(factor=0.97)]

#: A table of schools, which function is asked and in which language; what comes back, by name.
Door = Callable[[Any, str | None], dict[str, Any]]


def judged(schools: Any, language: str | None, standard: str = QUALITY) -> jh.Evaluation:
    ev = jh.evaluate(schools, standard)
    return ev if language is None else ev.relabel(language)  # type: ignore[arg-type]


def frames_of(ev: jh.Evaluation) -> dict[str, Any]:
    return {name: getattr(ev, name) for name in FRAMES}


def planned(schools: Any, language: str | None) -> dict[str, Any]:
    plan = jh.plan(judged(schools, language), unit_costs=COSTS, nodes=0)
    return {name: getattr(plan, name) for name in ("changes", "counties", "steps", "unplanned")}


DOORS: dict[str, Door] = {
    "standardize_columns": lambda x, _: {"table": jh.standardize_columns(x)},
    "describe_columns": lambda x, _: {"columns": jh.describe_columns(x)},
    "check_schools": lambda x, _: {"problems": jh.check_schools(x), "standard": jh.check_schools(x, QUALITY)},
    "plausibility": lambda x, lang: {"findings": jh.plausibility(x, standard=QUALITY, language=lang or "en")},  # type: ignore[arg-type]
    "split_stages": lambda x, _: {"sections": jh.split_stages(x, QUALITY)},
    "evaluate": lambda x, lang: frames_of(judged(x, lang)),
    "evaluate by size": lambda x, lang: frames_of(judged(x, lang, "cn-sd-school-conditions-2008")),
    "evaluate 2012": lambda x, lang: frames_of(judged(x, lang, "cn-basic-balance-2012")),
    "summary": lambda x, lang: {"summary": judged(x, lang).summary()},
    "adequacy": lambda x, lang: {"adequacy": judged(x, lang).adequacy()},
    "adequacy by size": lambda x, lang: {"adequacy": judged(x, lang, "cn-sd-school-conditions-2008").adequacy()},
    "apply": lambda x, lang: frames_of(judged(x, lang).apply(WHAT_IF)),
    "applied": lambda x, lang: {"cells": changes.applied(judged(x, lang), WHAT_IF)},
    "shortfalls": lambda x, lang: {"list": jh.shortfalls(judged(x, lang), unit_costs=COSTS)},
    "shortfall_totals": lambda x, lang: {"totals": jh.shortfall_totals(judged(x, lang), unit_costs=COSTS)},
    "contributions": lambda x, lang: {"schools": jh.contributions(judged(x, lang))},
    "margins": lambda x, lang: {"margins": jh.margins(judged(x, lang))},
    "plan": planned,
    "roll_forward": lambda x, lang: {
        "years": jh.roll_forward(judged(x, lang), unit_costs=COSTS, yearly_budget=1e6, until=2026)
    },
    "declaration": lambda x, lang: {t.id: f.frame(t.id) for f in [declaration(judged(x, lang))] for t in f.tables},
}
#: Doors that name rows by their place in the table, or list what was changed in the order asked for.
OF_ROWS = {"standardize_columns", "describe_columns", "split_stages", "applied", "plan", "roll_forward", "declaration"}
#: Doors whose words are ids in any language, or forms that are Chinese by law.
WITHOUT_LABELS = {
    "standardize_columns",
    "describe_columns",
    "check_schools",
    "plausibility",
    "split_stages",
    "declaration",
}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return jh.synthetic.county(seed=3, n_schools=14, missing=0.03)


@pytest.fixture(scope="module")
def wanted(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {name: door(table, None) for name, door in DOORS.items()}


def rows_of(frames: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {name: jh.results.records(frame) for name, frame in frames.items()}


every_door = pytest.mark.parametrize("name", DOORS)
every_library = pytest.mark.parametrize("library", MAKE)


@every_library
@every_door
def test_the_library_of_the_input_comes_back_with_the_same_rows_and_the_input_is_untouched(
    name: str, library: str, table: pd.DataFrame, wanted: dict[str, dict[str, Any]]
) -> None:
    given = MAKE[library](table)
    got = DOORS[name](given, None)
    assert {type(frame) for frame in got.values()} == {KIND[library]}
    assert rows_of(got) == rows_of(wanted[name])
    assert given.equals(MAKE[library](table))


@every_door
def test_the_same_input_gives_the_same_bytes(name: str, table: pd.DataFrame, wanted: dict[str, dict[str, Any]]) -> None:
    def digest(frames: dict[str, Any]) -> str:
        types = {n: [str(t) for t in frame.dtypes] for n, frame in frames.items()}
        return hashlib.sha256(json.dumps([types, rows_of(frames)], ensure_ascii=False).encode()).hexdigest()

    assert digest(DOORS[name](table.copy(), None)) == digest(wanted[name])


@every_door
def test_labels_of_rows_do_not_matter(name: str, table: pd.DataFrame, wanted: dict[str, dict[str, Any]]) -> None:
    labelled = table.set_axis([7] * len(table), axis=0)
    assert rows_of(DOORS[name](labelled, None)) == rows_of(wanted[name])


#: Where a row stands in its table.
PLACE = ("row", "position")


def in_any_order(frames: dict[str, Any]) -> dict[str, list[str]]:
    """The rows without their place in the table, sorted; figures to twelve digits."""

    def plain(value: Any) -> Any:
        return float(f"{value:.12g}") if isinstance(value, float) else value

    out = {}
    for name, rows in rows_of(frames).items():
        without = [{k: plain(v) for k, v in r.items() if k not in PLACE} for r in rows]
        out[name] = sorted(json.dumps(r, sort_keys=True) for r in without)
    return out


@pytest.mark.parametrize("name", sorted(DOORS.keys() - OF_ROWS))
def test_the_order_of_rows_does_not_matter(name: str, table: pd.DataFrame, wanted: dict[str, dict[str, Any]]) -> None:
    turned = DOORS[name](table.iloc[::-1].reset_index(drop=True), None)
    assert in_any_order(turned) == in_any_order(wanted[name])


ENGLISH = re.compile(r"[A-Za-z]{2,}")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: An English sentence gives the Chinese header of a column in brackets.
HEADER = re.compile(r"\([^)]*\)")
#: Ids of standards are ids in any language.
STANDARD = re.compile(r"cn-[a-z0-9-]+")


def words_of(frame: Any) -> Iterator[tuple[str, str]]:
    for row in jh.results.records(frame):
        yield from ((name, value) for name, value in row.items() if isinstance(value, str))


@pytest.mark.parametrize("name", sorted(DOORS.keys() - WITHOUT_LABELS))
def test_no_english_in_chinese_nor_the_reverse(name: str, table: pd.DataFrame, wanted: dict[str, Any]) -> None:
    names = {v for c in ("county", "school", "school_code", "county_code") for v in table[c].astype(str)}
    for key, frame in DOORS[name](table, "zh").items():
        assert all(CHINESE.search(c) and not ENGLISH.search(c) for c in frame.columns), key
        left = {(c, v) for c, v in words_of(frame) if ENGLISH.search(STANDARD.sub("", v))}
        assert left == set(), key
    for key, frame in DOORS[name](table, "en").items():
        assert not [c for c in frame.columns if CHINESE.search(c) or "_" in c], key
        headers = dict(zip(frame.columns, wanted[name][key].columns, strict=True))
        spelled = {(c, v) for c, v in words_of(frame) if CHINESE.search(HEADER.sub("", v)) and v not in names}
        assert {x for x in spelled if headers[x[0]] not in ("clause", "source", "document", "value", "key")} == set()
