"""What items of 2017 must say, worked out from the facts of record (audit of November 2026, section 3) in fractions.

Verdicts are True (met), False (unmet) and None (not decided). A school is a dict: ``kind``, ``area``, ``built``,
``migrants`` and ``stages``, a dict of stage to its own figures. A figure that is not known is None.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

School = dict[str, Any]
CLASS_LIMIT = {"primary": 45, "junior": 50}
LOWEST = {"46_50": 46, "51_55": 51, "56_60": 56, "61_65": 61, "66_up": 66}
FUNDS_STEPS = ((2012, 4000), (2016, 6000), (2025, 7000))


def every(verdicts: Iterable[bool | None]) -> bool | None:
    """All must hold: one that fails decides."""
    found = list(verdicts)
    return False if False in found else None if None in found else True


def students(school: School) -> int:
    """Everybody in compulsory education."""
    return sum(s["students"] for s in school["stages"].values())


def is_small_point(school: School) -> bool:
    """A teaching point of fewer than 50: whether some items are about it is not said anywhere."""
    return school["kind"] == "teaching_point" and students(school) < 50


def in_doubt(schools: Iterable[School], judge: Any, choice: str) -> bool | None:
    """Judge an item in which small teaching points are in doubt: by both readings, or by the one that was chosen."""
    schools = list(schools)
    counted = every(judge(s) for s in schools)
    left_out = every(judge(s) for s in schools if not is_small_point(s))
    if choice != "open":
        return counted if choice == "counted" else left_out
    return counted if counted == left_out else None


def class_size_of(stage: str, figures: dict[str, Any]) -> bool | None:
    """No class above the limit: by the bands, the largest class, or the mean class."""
    limit = CLASS_LIMIT[stage]
    bands = [figures[b] for b, low in LOWEST.items() if low > limit]
    largest = figures["largest"]
    if any(b for b in bands if b is not None) or (largest is not None and largest > limit):
        return False
    if figures["classes"] and Fraction(figures["students"], figures["classes"]) > limit:
        return False
    return True if None not in bands or largest is not None else None


def class_size(school: School) -> bool | None:
    """Every stage of a school."""
    return every(class_size_of(stage, figures) for stage, figures in school["stages"].items())


def small_school_funds(school: School, norms: dict[str, int | None]) -> bool | None:
    """Public funds of at least 100 times the norm, for fewer than 100 students; a figure on both rows is one."""
    if not 0 < students(school) < 100:
        return True
    money = [s["funds"] for s in school["stages"].values()]
    if None in money:
        return None
    total = money[0] if len(set(money)) == 1 else sum(money)
    wanted = [norms[stage] for stage in school["stages"]]
    found = {None if n is None else Fraction(total) >= 100 * n for n in wanted}
    return found.pop() if len(found) == 1 else None


def school_size(school: School, relaxed: bool) -> bool:
    """2000, and 2500 for nine- and twelve-year schools; older or migrant ones 2400, 3000 and no more than 2500."""
    n = students(school)
    eased = relaxed and (school["built"] <= 2010 or 2 * school["migrants"] > n)
    limit = {"nine_year": 3000 if eased else 2500, "twelve_year": 2500}.get(school["kind"], 2400 if eased else 2000)
    return n <= limit


def special_funds(funds: int, pupils: int, year: int | None) -> bool | None:
    """The step of the year; without a year all steps must agree."""
    found = [(start, Fraction(funds, pupils) >= least) for start, least in FUNDS_STEPS]
    if year is None:
        verdicts = {v for _, v in found}
        return verdicts.pop() if len(verdicts) == 1 else None
    begun = [v for start, v in found if start <= year]
    return begun[-1] if begun else None


def small_rural_room(school: dict[str, Any]) -> bool | None:
    """One music and one art room for up to 12 classes: 96 and 90 m2, and less in a small rural school's relaxation.

    ``room`` is the lower edge of the narrower of the two rooms' bands. Two things are asked of a small rural school:
    fewer than 100 students, and no class of 30.
    """
    if school["room"] >= 90:
        return True
    enough = school["room"] >= {"primary": 54, "junior": 61}[school["stage"]]
    if not enough or school["area"] != "rural" or school["students"] >= 100:
        return False
    return None if school["largest"] is None else bool(school["largest"] < 30)


def retention(schools: list[dict[str, int | None]]) -> bool | None:
    """At least 95 % of a county's junior students, under both formulas that were read; else not decided."""
    if any(None in s.values() for s in schools):
        return None
    graduates, entrants, came, left, deaths = (
        sum(s[k] or 0 for s in schools) for k in ("graduates", "entrants", "transfers_in", "transfers_out", "deaths")
    )
    least = Fraction(95, 100)
    found = {
        Fraction(graduates - came + left, entrants - deaths) >= least,
        Fraction(graduates, entrants + came - deaths - left) >= least,
    }
    return found.pop() if len(found) == 1 else None


def survey_in_order(residents: int, sent: int, parents: int, valid: int) -> bool:
    """1.5 per mille of the residents, 600 of fewer than 400 000; half are parents; seven tenths come back valid."""
    least = Fraction(600) if residents < 400_000 else Fraction(residents * 15, 10_000)
    return sent >= least and 2 * parents >= sent and 10 * valid >= 7 * sent


# ------------------------------------------------------------------------------- Shandong (audit, section 3, 5 and 6)

#: Building totals by classes: two rows are printed, and where they differ neither decides. The audit gives only the
#: cell at 18 classes of the first row.
BUILT = {18: (5638, 5763)}
BOOKS = {False: (30, 160, 80), True: (20, 120, 60)}


def one_answer(readings: Iterable[bool]) -> bool | None:
    """What all readings say, or nothing."""
    found = set(readings)
    return found.pop() if len(found) == 1 else None


def building_total(classes: int, built: Fraction) -> bool | None:
    """Enough by both rows, or by neither."""
    return one_answer(built >= row for row in BUILT[classes])


def library(area: str, poor: bool | None, books: Fraction, titles: int, periodicals: int) -> tuple[bool | None, ...]:
    """Books a student, reference books, periodicals of a primary school: less is asked of a poor rural one."""
    kinds = {False} if area != "rural" else {False, True} if poor is None else {poor}
    have = (books, titles, periodicals)
    return tuple(one_answer(have[i] >= BOOKS[k][i] for k in kinds) for i in range(3))


def for_every(classes: int, size: int, have: int) -> bool | None:
    """One for every so many classes; of a rest nothing is said: taken as none and as one."""
    return one_answer(have >= n for n in (classes // size, -(-classes // size)))


def grades(found: Iterable[str | None]) -> bool | None:
    """Every school complies: 达标 alone, or 基本达标 too; one that was not graded leaves it open."""
    found = list(found)
    passes = ({"达标"}, {"达标", "基本达标"})
    if "不达标" in found:
        return False
    return None if None in found else one_answer(all(g in p for g in found) for p in passes)
