"""The long run in short, and proof that it can find something."""

import json
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from pathlib import Path

import odd_commands
import pytest
from differences import Differences, compare, evaluation
from drawn_nations import draw
from rooms import COUNTIES, ROOMS, checked, place

RUN = Path(__file__).with_name("run.py")


@pytest.mark.parametrize("seed", range(12))
def test_counties_are_judged_as_the_exact_oracle_judges_them(seed: int) -> None:
    checks, found = ROOMS["counties"].check(seed)
    assert checks and not found


@pytest.mark.slow
def test_command_lines_end_in_a_result_or_a_sentence() -> None:
    codes = []
    for seed in range(12):
        code, wrong = odd_commands.ended(odd_commands.draw(seed, place()), place())
        assert wrong is None
        codes.append(code)
    assert codes.count(0) > 2 and codes.count(2) > 2
    assert ROOMS["commands"].check(0) == (1, [])  # in a process of its own


def test_values_and_coefficients_are_those_of_sql() -> None:
    pytest.importorskip("duckdb", reason="the foreign second is DuckDB")
    import foreign_sql

    nation = draw(1, COUNTIES)
    ev, out = evaluation(nation), Differences()
    foreign_sql.compare(nation, ev, out)
    assert out.checks > 500 and not out.found
    for s in [s for c in nation.counties for s in c.schools if s.kind == "primary"]:
        s.stages["primary"]["students"] = Fraction(17)
    foreign_sql.compare(nation, ev, out)
    assert any("SQL value" in what for what in out.found) and any("SQL coefficient" in what for what in out.found)


# ------------------------------------------------------------------------------------------ it can find something


@pytest.mark.parametrize(
    ("change", "seen"),
    [("students", "value"), ("students", "coefficient"), ("fact", "parts"), ("relaxations", "pe_art"), 
     ("answer", "schools"), ("missing", "coefficient"), ("year", "special-education-funds")],
)  # fmt: skip
def test_a_county_that_is_not_the_one_judged_is_seen(change: str, seen: str) -> None:
    """The oracle reads other facts than the library was given: there must be a difference."""
    found = []
    for seed in range(400):
        nation = draw(seed, 4)
        if nation.name != "cn-quality-balance-2017" or not _fits(nation, change):
            continue
        ev = evaluation(nation)
        _change(nation, change)
        found += compare(nation, ev).found
        if any(seen in what for what in found):
            return
    pytest.fail(f"not seen: {found[:5]}")


def _fits(nation, change: str) -> bool:
    gaps = any(x is None for c in nation.counties for s in c.schools for own in s.stages.values() for x in own.values())
    years = {c.year for c in nation.counties}
    return {
        "relaxations": "shared-pe-and-art-teachers" in nation.options.get("relaxations", []) and 2022 in years,
        "missing": nation.missing == "omit" and gaps,
        "year": 2016 in years,
    }.get(change, True)


def _change(nation, change: str) -> None:
    for c in nation.counties:
        if change == "students":
            for s in [s for s in c.schools if s.kind in ("primary", "junior")]:
                next(iter(s.stages.values()))["students"] = Fraction(77)
        elif change == "fact":
            c.facts["entrance_examinations"] = not c.facts.get("entrance_examinations", False)
            c.facts["layout_plan"] = False
        elif change == "answer":
            for s in c.schools:
                s.answers["included"] = False
        elif change == "year":
            c.year = 2012 if c.year == 2016 else c.year
    if change == "relaxations":
        nation.options["relaxations"] = []
    nation.missing = "propagate" if change == "missing" else nation.missing
    if change == "year":  # the rows of 2016, judged by the number of 2012
        nation.counties = [c for c in nation.counties if c.year == 2012]


def test_what_is_to_be_covered_is_drawn() -> None:
    seen: Counter[str] = Counter()
    for seed in range(150):
        nation = draw(seed, COUNTIES)
        seen.update([nation.name, nation.missing, *nation.options, *nation.options.get("relaxations", [])])
        seen[f"{len({c.year for c in nation.counties})} years"] += 1
        for s in nation.counties[0].schools:
            seen.update([s.kind, "one row" if s.in_one_row else "whole" if s.whole else "own"])
            seen["gap"] += any(x is None for own in s.stages.values() for x in own.values())
    least = {"omit": 20, "2 years": 20, "one row": 20, "whole": 20, "gap": 20, "small_teaching_points": 10,
             "between_sizes": 10, "shared-pe-and-art-teachers": 10, "older-school-size": 10, "cn-he-baoding-2012": 5,
             "nine_year": 50, "twelve_year": 10, "complete_secondary": 10, "teaching_point": 20}  # fmt: skip
    assert {name: seen[name] for name, n in least.items() if seen[name] < n} == {}
    assert sum(name.startswith("cn-") for name in seen) == 18


DRIVER = """
import json, os, sys, time
from pathlib import Path
sys.path.insert(0, {folder!r})
import rooms, run
from rooms import Room

def odd(seed):
    if seed == 3:
        os._exit(7)
    if seed == 5:
        while True:
            pass
    if seed == 8:
        raise KeyError("x")
    return 1, ["wrong"] if seed == 11 else []

rooms.ROOMS.clear()
rooms.ROOMS["tables"] = Room(odd, 1, 4, 0.3)
run._import_all = lambda: None
out = Path(sys.argv[1])
first = run.run({{"tables": 12}}, 0, 2, out)
again = run.run({{"tables": 13}}, 0, 2, out)
print(json.dumps([first, again]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="workers are forked")
def test_deaths_hangs_and_errors_are_findings_and_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    script = DRIVER.format(folder=str(RUN.parent))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    first, again = json.loads(done.stdout)
    found = {f["seed"]: (f["kind"], f["what"]) for f in first["findings"]}
    assert found.keys() == {3, 5, 8, 11}
    assert found[3] == ("death", "ended by 7") and found[5][0] == "hang"
    assert "KeyError" in found[8][1] and found[11] == ("wrong", "wrong")
    assert first["figures"]["tables"] == 10 and again["figures"] == {"tables": 1, "tables checks": 1, "findings": 0}
    lines = (tmp_path / "findings.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["again"] for line in lines} >= {"python tests/long_run/run.py --only tables 11"}


def test_a_seed_gives_the_same_again() -> None:
    assert draw(7, COUNTIES) == draw(7, COUNTIES)
    assert checked("laws", 3) == checked("laws", 3)
