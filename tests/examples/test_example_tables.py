"""The example tables of the package: they are read without a word, fit each other, and are found by name only."""

import re
import warnings
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow.csv
import pytest

import junheng as jh
from junheng.cli.costs import read_costs

RULES = "cn-quality-balance-2017"


def test_every_table_has_a_name_and_lies_in_the_package() -> None:
    folder = Path(jh.__file__).parent / "examples"
    assert jh.examples.names() == sorted(p.name for p in folder.iterdir() if p.suffix == ".csv")
    for name in jh.examples.names():
        assert jh.examples.path(name) == folder / name and jh.examples.path(name).is_file()


@pytest.mark.parametrize("name", jh.examples.names())
def test_a_spreadsheet_shows_the_chinese_of_a_table_and_every_library_reads_it(name: str) -> None:
    """Excel in China takes a file without the mark of UTF-8 for one in GBK."""
    path = jh.examples.path(name)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    first = path.read_text(encoding="utf-8-sig").splitlines()[0].split(",")
    assert list(pd.read_csv(path).columns) == first
    assert pl.read_csv(path).columns == pyarrow.csv.read_csv(path).column_names == first


@pytest.mark.parametrize(
    "name", ["school.csv", "../columns.toml", "__init__.py", "", "schools", 7, None, ["schools.csv"]]
)
def test_an_unknown_name_is_refused_and_the_known_ones_are_named(name: str) -> None:
    with pytest.raises(jh.InputError) as caught:
        jh.examples.path(name)
    for known in jh.examples.names():
        assert known in str(caught.value) and known in caught.value.text("zh")
    assert re.search("[一-鿿]", caught.value.text("zh"))


def test_a_near_name_is_hinted_at() -> None:
    with pytest.raises(jh.InputError, match=r"did you mean 'schools\.csv'"):
        jh.examples.path("school.csv")


def test_the_tables_fit_each_other() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        schools = jh.read_schools(jh.examples.path("schools.csv"))
        facts = jh.read_facts(jh.examples.path("county_facts.csv"))
        costs, blank = read_costs([str(jh.examples.path("costs.csv"))], "--costs")
    ev = jh.evaluate(schools, RULES, county_facts=facts)
    assert set(ev.problems["code"]) == {"resources_repeated"}
    assert blank == []

    # every fact is one that the standard asks for, and decides something
    bare = jh.evaluate(schools, RULES)
    decided = set(ev.items.query("verdict != 'undetermined'")["item"])
    assert len(decided - set(bare.items.query("verdict != 'undetermined'")["item"])) > 15

    assert set(costs) == {jh.indicators.catalogue()[i].numerator for i in ev.standard.indicators}
    plan = jh.plan(ev, unit_costs=costs)
    assert plan.cost == 20_000 and plan.after.verdicts["verdict"].iloc[0] == "met"
