"""The rooms of the long run: what is drawn from a seed, and what is wrong with it."""

from __future__ import annotations

import json
import random
import re
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
for _folder in (HERE, HERE.parent, HERE.parent / "properties"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from attrs import frozen  # noqa: E402

#: County-years of a nation of the long run.
COUNTIES = 10


@frozen
class Room:
    """A room: how many cases a seed is, how many seeds a worker takes, and the processor time that a seed may take."""

    check: Callable[[int], tuple[int, list[str]]]
    cases: int
    seeds: int
    seconds: float


def counties(seed: int) -> tuple[int, list[str]]:
    """Ten county-years against the exact oracle, DuckDB and the checker of certificates."""
    import differences
    import drawn_nations

    import junheng as jh

    nation = drawn_nations.draw(seed, COUNTIES)
    try:
        ev = differences.evaluation(nation)
    except jh.InputDataError as exc:
        return 0, [f"refused: {str(exc)[:300]}"]
    out = differences.compare(nation, ev)
    if find_spec("duckdb") is not None:
        import foreign_sql

        foreign_sql.compare(nation, ev, out)
    certificate = json.loads(json.dumps(ev.certificate(), ensure_ascii=False, allow_nan=False))
    wrong = jh.verify_certificate(certificate)
    return out.checks + 1, [*out.found, *(f"certificate: {str(p)[:300]}" for p in wrong[:5])]


def tables(seed: int) -> tuple[int, list[str]]:
    """An odd table, vector or argument, passed through some doors."""
    import odd_tables

    ended = list(odd_tables.hunt(seed))
    return len(ended), [f"{door}: {wrong}" for door, wrong in ended if wrong is not None]


def books(seed: int) -> tuple[int, list[str]]:
    """A file: messes that are to be read right or named, or bytes changed at random."""
    if seed % 2:
        import messy_judge

        kind, names = messy_judge.drawn(seed)
        _, found, _ = messy_judge.judge(seed, kind, names, place())
        return 1, [f"{what}: {detail}" for what, detail in found]
    import mutated_books

    made = mutated_books.mutated(seed, place())
    if made is None:
        return 0, []
    path = place() / made[0]
    path.write_bytes(made[1])
    what = mutated_books.outcome(path)
    return 1, [what] if what.startswith("undocumented") else []


def laws(seed: int) -> tuple[int, list[str]]:
    """A file of law with something changed: loaded and used, or refused."""
    import odd_laws

    wrong = odd_laws.hunt(seed, place())
    return 1, [] if wrong is None else [wrong]


def commands(seed: int) -> tuple[int, list[str]]:
    """A command line; one of ten in a process of its own."""
    import odd_commands

    given = odd_commands.draw(seed, place())
    _, wrong = odd_commands.ended(given, place(), outside=seed % 10 == 0)
    return 1, [] if wrong is None else [f"{given}: {wrong}"]


ROOMS = {
    "counties": Room(counties, COUNTIES, 4, 120),
    "tables": Room(tables, 1, 250, 30),
    "books": Room(books, 1, 50, 30),
    "laws": Room(laws, 1, 50, 30),
    "commands": Room(commands, 1, 10, 60),
}


@cache
def _temporary() -> Any:
    return tempfile.TemporaryDirectory(prefix="long-run-")


def place() -> Path:
    """The folder of this process."""
    return Path(_temporary().name)


def checked(name: str, seed: int) -> tuple[int, list[str]]:
    """Check a seed of a room; whatever is raised is a finding too."""
    random.seed(seed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ROOMS[name].check(seed)
    except Exception as exc:
        at = traceback.extract_tb(exc.__traceback__)[-1]
        told = re.sub(r"\s+", " ", str(exc))[:200]
        return 0, [f"raised {type(exc).__name__} at {Path(at.filename).name}:{at.lineno}: {told}"]
