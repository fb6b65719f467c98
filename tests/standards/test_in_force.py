"""Which standards apply at a place and on a date."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from command_line import run

import junheng as jh
from junheng.standards import Standard
from junheng.standards.in_force import in_force

CONDITIONS, OLD_BALANCE = "cn-sd-school-conditions-2008", "cn-basic-balance-2012"


@pytest.mark.parametrize("place", ["CN-SD", "cn-sd", "山东", "山东省", "Shandong", "CN-SD-Yanggu"])
def test_a_place_has_its_own_standards_and_those_above_it(place: str) -> None:
    ids = set(jh.list_standards(place)["id"])
    assert {CONDITIONS, OLD_BALANCE} <= ids
    assert not [i for i in ids if i.startswith(("cn-js", "cn-gz"))]


def test_a_county_is_no_prefix_of_another() -> None:
    assert CONDITIONS not in set(jh.list_standards("CN-S")["id"])
    assert "cn-gz-majiang-2023" not in set(jh.list_standards("贵州")["id"])  # of a county, not of the province
    assert "cn-gz-majiang-2023" in set(jh.list_standards("麻江县")["id"])


@pytest.mark.parametrize(
    ("on", "there"),
    [
        (2007, False), (2008, True), ("2016", True), ("2016-06", True), ("2016-07", False),
        (datetime.date(2016, 6, 30), True), (datetime.datetime(2016, 7, 1, 12), False), (2030, False),
    ],
)  # fmt: skip
def test_a_date_is_compared_as_far_as_it_goes(on: Any, there: bool) -> None:
    assert (CONDITIONS in set(jh.list_standards(on=on)["id"])) == there


def test_all_without_a_place_and_a_date() -> None:
    table = jh.list_standards()
    assert len(table) == len(set(table["id"])) >= 10
    assert list(table["effective_to"].dropna().unique())
    every = [jh.load_standard(i) for i in table["id"]]
    assert all(in_force(s, s.effective_from or s.issued or "1990") for s in every)  # without a date: always
    assert all(isinstance(s, Standard) for s in every)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("山冬省", None), ("山冬省", "CN-SD")),
        ((None, "2015/6"), ("2015/6", "2015-06-01")),
        ((None, "2015-13"), ("2015-13",)),
        ((None, True), ("True",)),
        ((3, None), ("3",)),
    ],
)
def test_what_is_no_place_or_date_is_refused(arguments: tuple[Any, Any], words: tuple[str, ...]) -> None:
    with pytest.raises(jh.InputError) as error:
        jh.list_standards(*arguments)
    assert all(w in str(error.value) and w in error.value.text("zh") for w in words)


def test_outside_its_dates_the_standard_that_was_in_force_is_named() -> None:
    schools = jh.synthetic.county(seed=0, n_schools=5).assign(year=2014)
    found = jh.evaluate(schools, "cn-quality-balance-2017").problems
    said = found.loc[found["code"] == "not_in_force", "message"].item()
    assert "2017-05" in said and OLD_BALANCE in said


@pytest.mark.parametrize("year", [24, -5, 20250, 0])
def test_a_year_that_is_none_names_no_standard(year: int) -> None:
    schools = jh.synthetic.county(seed=0, n_schools=3).assign(year=year)
    found = jh.check_schools(schools, "cn-sd-school-conditions-2008")
    assert OLD_BALANCE not in " ".join(found.loc[found["code"] == "not_in_force", "message"])


def test_the_command_line_asks_for_a_place_and_a_date(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "standards", "--place", "山东", "--on", "2015", "--language", "zh")
    assert code == 0
    assert CONDITIONS in out and "cn-js" not in out and "cn-quality-balance-2017" not in out
    code, out, _ = run(capsys, "standards", "--place", "CN", "--on", "1990", "--language", "zh")
    assert (code, out) == (0, "没有符合条件的自带标准\n")
    code, _, err = run(capsys, "standards", "--on", "昨天", "--language", "zh")
    assert code == 2 and "昨天" in err
