"""Every verdict of the library follows from its figures and rules, and nothing else does: maker and checker agree."""

from __future__ import annotations

import copy
import json
import math
import random
from functools import lru_cache
from pathlib import Path
from typing import Any

import changed
import pytest
import rebuilt
from drawn_counties import IDS, evaluated

import junheng as jh

#: What the default suite draws, what changes are made to, and what one long run drew.
FEW, CHANGED, MANY = 54, 100, 2_000


@lru_cache(CHANGED)
def written(seed: int) -> tuple[jh.Standard, str]:
    """The standard of a pair, and its certificate as it is written to a file."""
    pair, ev = evaluated(seed)
    return pair.standard, json.dumps(ev.certificate(), ensure_ascii=False, allow_nan=False)


def certificate(seed: int) -> tuple[jh.Standard, dict[str, Any]]:
    standard, text = written(seed)
    return standard, json.loads(text)


def refused(content: dict[str, Any], standard: Any = None) -> bool:
    """Whether a certificate is not accepted."""
    try:
        return bool(jh.verify_certificate(content, standard))
    except jh.InputError:
        return True


def alike(one: Any, other: Any) -> bool:
    """Whether two claims are equal, floats to 1e-12."""
    if isinstance(one, dict):
        return (
            isinstance(other, dict) and one.keys() == other.keys() and all(alike(v, other[k]) for k, v in one.items())
        )
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float):
        return isinstance(other, float) and math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)
    return bool(one == other)


def claims(content: dict[str, Any]) -> list[Any]:
    return [county["claims"] for county in content["counties"]]


# ------------------------------------------------------------------------------------------------ what is accepted


@pytest.mark.parametrize("seed", range(FEW))
def test_what_the_library_concludes_follows(seed: int) -> None:
    standard, content = certificate(seed)
    assert jh.verify_certificate(content) == []
    assert jh.verify_certificate(content, standard) == []


@pytest.mark.long
@pytest.mark.parametrize("seed", range(FEW, MANY))
def test_what_the_library_concludes_follows_in_every_draw(seed: int) -> None:
    test_what_the_library_concludes_follows(seed)


def test_every_shipped_standard_is_drawn_often() -> None:
    assert MANY // len(IDS) >= 50 and FEW // len(IDS) >= 3


@pytest.mark.parametrize("seed", range(0, FEW, 3))
def test_a_certificate_holds_all_that_decides(seed: int) -> None:
    """The library itself comes to the same claims from the figures of a certificate alone."""
    standard, content = certificate(seed)
    assert alike(claims(rebuilt.again(content, standard)), claims(content))


# ------------------------------------------------------------------------------------------------- what is refused


def check_changed(number: int) -> str:
    """A certificate with one thing changed is refused, or the library itself says the same of the changed figures."""
    rng = random.Random(number)
    standard, content = certificate(rng.randrange(CHANGED))
    other, change = changed.changed(rng, content)
    if refused(other):
        return "refused"
    assert change.kind == "figure", change
    try:
        again = rebuilt.again(other, standard)
    except jh.InputDataError:
        return "no table"  # such as more teachers with a degree than teachers
    assert alike(claims(again), claims(other)), change
    return "no difference"


@pytest.mark.parametrize("number", range(60))
def test_a_certificate_with_one_change_is_refused_or_it_makes_no_difference(number: int) -> None:
    check_changed(number)


@pytest.mark.long
def test_a_thousand_certificates_with_one_change() -> None:
    found = [check_changed(number) for number in range(60, 1_060)]
    print({word: found.count(word) for word in sorted(set(found))})
    assert found.count("refused") > 600


@pytest.mark.parametrize("number", range(30))
def test_a_changed_rule_is_refused_if_the_standard_is_given(number: int) -> None:
    check_rule(number)


@pytest.mark.long
def test_hundreds_of_changed_rules_are_refused() -> None:
    for number in range(30, 500):
        check_rule(number)


def check_rule(number: int) -> None:
    rng = random.Random(number)
    standard, content = certificate(rng.randrange(CHANGED))
    other, change = changed.changed(rng, content, [changed.rule])
    assert refused(other, jh.load_standard(standard.id)) or _is_option(change), change


def _is_option(change: changed.Change) -> bool:
    """Whether what was changed is no rule of a standard, but what the options of an evaluation choose."""
    _, table, *_, name = change.where.split(".")
    chosen = {"applied": [name], "doubts": ["decision"], "thresholds": ["between", "below", "above"]}
    return name in chosen.get(table, []) and change.before != "some"


# ------------------------------------------------------------------------------------------- what a certificate is


def test_it_says_what_the_frames_say() -> None:
    _, ev = evaluated(5)
    content = ev.certificate()
    records = jh.results.records
    for county in content["counties"]:
        key = (county["county"][0], county["year"])
        found = {kind: [row for row in county["claims"] if row[0] == kind] for kind in KINDS}

        def mine(frame: Any, names: str, key: Any = key) -> list[list[Any]]:
            rows = [r for r in records(frame) if (r["county"], r.get("year")) == key]
            return [[r[n] if r[n] != "" else None for n in names.split()] for r in rows]

        claimed = [value for row in found["section"] for value in row[5]]
        assert sorted(map(str, claimed)) == sorted(map(str, mine(ev.schools, "value required verdict")))
        limited = [[stage, ids[0], *row] for _, stage, ids, *row in found["coefficient"]]
        assert limited == [row for row in mine(ev.indicators, "stage indicator coefficient verdict") if row[3]]
        assert [row[1:] for row in found["item"]] == mine(ev.items, "item stage verdict")
        assert [row[1:] for row in found["part"]] == mine(ev.verdicts, "part verdict")


KINDS = ("section", "coefficient", "item", "part")


def test_one_county_of_several_years() -> None:
    schools = jh.synthetic.province(seed=1, n_counties=3)
    ev = jh.evaluate(schools, "cn-quality-balance-2017")
    every = ev.certificate()
    one = ev.certificate("第2县")
    assert [c["county"] for c in one["counties"]] == [["第2县"]]
    assert one["counties"][0] == every["counties"][1] and one["standard"]["rules"] == every["standard"]["rules"]
    with pytest.raises(jh.InputError, match="第2"):
        ev.certificate("第2具")


def test_the_same_input_gives_the_same_bytes_for_every_library() -> None:
    import polars as pl

    schools = jh.synthetic.county(seed=3, n_schools=6)
    written = [
        json.dumps(jh.evaluate(table, "cn-basic-balance-2012").certificate(), allow_nan=False)
        for table in (schools, schools.copy(), pl.from_pandas(schools))
    ]
    assert len(set(written)) == 1


def test_figures_stand_as_they_were_typed() -> None:
    schools = jh.synthetic.county(seed=3, n_schools=3)
    schools.loc[0, "teaching_area_m2"] = 734.4
    content = jh.evaluate(schools, "cn-quality-balance-2017").certificate()
    (first, *_) = rebuilt.frame(content["counties"][0]["sections"])
    assert first["teaching_area_m2"] == "734.4"
    assert first["students"] == str(schools.loc[0, "students"])


@pytest.mark.parametrize("standard", IDS)
def test_a_county_of_sixty_schools_takes_less_than_300_kb(standard: str) -> None:
    schools = jh.synthetic.county(seed=1, n_schools=60, items=True)
    content = jh.evaluate(schools, standard, county_facts=_facts(schools, standard)).certificate()
    assert len(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()) < 300_000


def _facts(schools: Any, standard: str) -> Any:
    return jh.synthetic.county_facts(schools) if "quality" in standard else None


def test_what_is_no_certificate_is_an_error() -> None:
    content = jh.evaluate(jh.synthetic.county(seed=0, n_schools=3), "cn-quality-balance-2017").certificate()
    for broken in (None, [], "x", {}, {**content, "version": 2}, {**content, "counties": [1]}):
        with pytest.raises(jh.InputError):
            jh.verify_certificate(broken)
    for text in (json.dumps(content), json.dumps(content).encode(), Path("a.json"), [content]):
        with pytest.raises(jh.InputError, match=r"certificate must be a dict, as json\.load returns it") as caught:
            jh.verify_certificate(text)
        assert "json.load" in caught.value.text("zh")
    unknown = copy.deepcopy(content)
    unknown["standard"]["rules"]["thresholds"][0]["weight"] = "2"
    with pytest.raises(jh.InputError):
        jh.verify_certificate(unknown)


@pytest.mark.parametrize(
    ("indicator", "number"), [("teaching_area_per_student", "5.5"), ("backbone_teacher_share", "0.2")]
)
def test_a_standard_of_ones_own(indicator: str, number: str, tmp_path: Path) -> None:
    """A file that extends a shipped standard, with a stricter number or one more indicator."""
    path = tmp_path / "own.toml"
    path.write_text(OWN.replace("INDICATOR", indicator).replace("NUMBER", number), encoding="utf-8")
    ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=4), path)
    content = ev.certificate()
    assert jh.verify_certificate(content, path) == []
    assert jh.verify_certificate(content, "cn-quality-balance-2017") != []


OWN = """
extends = "cn-quality-balance-2017"
id = "xx-own"
last_checked_on = "2030-01-01"
label = { zh = "示例", en = "Example" }
sources.E = { title = "示例" }

[[thresholds]]
indicator = "INDICATOR"
stage = "primary"
value = NUMBER
clause = "第一条"
source = "E"
standing = "confirmed"
"""


@pytest.mark.parametrize("number", [355, 687, 999])
def test_a_school_has_one_kind_and_one_owner_and_a_stage_one_enrolment(number: int) -> None:
    assert check_changed(number) == "refused"
