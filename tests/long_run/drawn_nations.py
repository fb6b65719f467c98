"""Drawn counties, as plain facts first and as a table afterwards: what the oracle reads is not what the library reads.

The same number always gives the same counties. A school is what is true of it; how it is written (one row, a row for
each stage, the whole school's figures in both) is drawn for itself.
"""

from __future__ import annotations

import random
from fractions import Fraction
from functools import cache
from typing import Any

import pandas as pd
from attrs import define, field
from plain_law import Law, columns, comparisons, facts, figures, formula, law, names

STAGES = {
    "primary": ("primary",), "teaching_point": ("primary",), "special": ("primary",), "junior": ("junior",),
    "nine_year": ("primary", "junior"), "complete_secondary": ("junior", "senior"),
    "twelve_year": ("primary", "junior", "senior"), "vocational": ("junior",),
}  # fmt: skip
KINDS = ("primary",) * 7 + ("junior",) * 4 + ("nine_year",) * 4 + ("twelve_year", "complete_secondary") + (
    "teaching_point", "teaching_point", "special", "vocational")  # fmt: skip
INTEGRATED = ("nine_year", "twelve_year", "complete_secondary")
OTHERS = ("central_other", "provincial_education", "prefectural_education", "enterprise")

Figure = Fraction | None


@define
class School:
    """What is true of a school; figures of the whole school are in ``whole``, those of its stages in ``stages``."""

    name: str
    code: str
    kind: str
    words: dict[str, str | None]
    flags: dict[str, bool | None]
    answers: dict[str, bool]
    stages: dict[str, dict[str, Figure]]
    whole: dict[str, Figure] = field(factory=dict)
    in_one_row: bool = False


@define
class County:
    """What is true of a county in a year."""

    name: str
    year: int | None
    schools: list[School]
    facts: dict[str, Any]


@define
class Nation:
    """Counties, the standard they are judged by, and how."""

    seed: int
    name: str
    law: Law
    counties: list[County]
    options: dict[str, Any]
    missing: str


def draw(seed: int, counties: int | None = None) -> Nation:
    """Draw counties and a standard; ``counties`` is the number of counties in all years together."""
    rng = random.Random(f"nation {seed}")
    name = names()[seed % len(names())] if rng.random() < 0.5 else rng.choice(MOST)
    of = law(name)
    n = rng.choice((1, 2, 5, 8, 12))
    years: list[int | None] = rng.choice(([None], [2020], [2018, 2019], [2022, 2025], [2012, 2016]))
    if counties is not None:
        n = counties // len(years)
    found = []
    gaps = rng.choice((0, 0, 0, 0.01, 0.05))
    for i in range(n):
        schools = [school(rng, of, f"{i}-{k}", gaps) for k in range(rng.choice((1, 2, 3, 5, 8)))]
        for year in years:
            if year != years[0]:
                schools = [later(rng, s) for s in schools]
            found.append(County(f"第{i}县", year, schools, some_facts(rng, of)))
    return Nation(seed, name, of, found, options(rng, of), rng.choice(("propagate", "propagate", "omit")))


#: Drawn more often: what has the most rules.
MOST = ("cn-quality-balance-2017", "cn-quality-balance-2017", "cn-basic-balance-2012", "cn-sd-school-conditions-2008",
        "cn-gz-majiang-2023", "cn-he-baoding-2012")  # fmt: skip


def options(rng: random.Random, of: Law) -> dict[str, Any]:
    """Choose relaxations, what doubts are taken for, and what holds between the sizes of tables."""
    found: dict[str, Any] = {}
    if of.get("relaxations") and rng.random() < 0.6:
        found["relaxations"] = [r["id"] for r in of["relaxations"] if rng.random() < 0.6]
    if of.get("doubts") and rng.random() < 0.5:
        found["small_teaching_points"] = rng.choice(("counted", "left_out"))
    if any("classes" in t for t in of.get("thresholds", [])) and rng.random() < 0.6:
        found["between_sizes"] = rng.choice(("linear", "smaller", "larger", "bracket"))
        found["below_smallest"] = rng.choice(("end", "undetermined"))
        found["above_largest"] = rng.choice(("end", "undetermined"))
    return found


# ------------------------------------------------------------------------------------------------------- schools


def school(rng: random.Random, of: Law, code: str, gaps: float) -> School:
    """Draw a school."""
    kind = rng.choice(KINDS)
    numbers, flags, _ = figures(of["id"])
    stages: dict[str, dict[str, Figure]] = {}
    for stage in STAGES[kind]:
        stages[stage] = section(rng, of, kind, stage, numbers)
    private = rng.random() < 0.15
    found = School(
        name=f"学校{code}",
        code=code,
        kind=kind,
        words=words(rng, private),
        flags={f: rng.choice((True, False, None) if rng.random() < 0.3 else (True, False)) for f in sorted(flags)},
        answers={},
        stages=stages,
    )
    for own in found.stages.values():  # a school has one grade
        if "conditions_grade" in own:
            own["conditions_grade"] = next(iter(found.stages.values()))["conditions_grade"]
    _answers(rng, of, found)
    _share(rng, found)
    _whole_of_parts(found)
    if gaps:
        _gaps(rng, found, gaps)
    found.in_one_row = kind in INTEGRATED and bool(found.whole) and rng.random() < 0.4
    return found


def words(rng: random.Random, private: bool) -> dict[str, str | None]:
    """Return who owns a school and where it lies."""
    owner = "private" if private else rng.choice(("county_education",) * 5 + OTHERS[:2] + (None,))
    return {
        "ownership": "private" if private else "public",
        "owner_type": owner,
        "area_type": rng.choice(("city", "town", "rural", "rural", None)),
    }


def section(rng: random.Random, of: Law, kind: str, stage: str, numbers: set[str]) -> dict[str, Figure]:
    """Draw the figures of a stage of a school."""
    people = rng.choice((0, 12, 30, 45, 49, 50, 60, 90, 99, 100, 240, 450, 540, 700, 1000, 1250, 2000, 2400, 2401))
    if rng.random() < 0.5:
        people = rng.randint(1, 1500)
    if kind == "teaching_point":
        people = rng.choice((0, 20, 30, 49, 50, 51, 120))
    students = Fraction(people)
    found: dict[str, Figure] = {"students": students}
    classes = Fraction(rng.choice((0, 3, 5, 6, 8, 11, 12, 13, 15, 17, 18, 20, 24, 27, 30, 36, 40)))
    if rng.random() < 0.7:
        classes = Fraction(max(1, people // rng.choice((20, 40, 45, 50))))
    found["classes"] = classes
    rich = rng.choice((Fraction(7, 10), Fraction(9, 10), Fraction(11, 10), Fraction(3, 2), Fraction(2)))
    steps = _steps(of["id"], stage)
    for name in sorted(numbers - {"students", "classes"}):
        found[name] = _figure(rng, name, found, steps.get(name, []), rich)
    return found


@cache
def _steps(name: str, stage: str) -> dict[str, list[tuple[str | None, Fraction]]]:
    """Return numbers that the law compares figures with, and per what."""
    of = law(name)
    steps: dict[str, list[tuple[str | None, Fraction]]] = {}
    ratio = of.get("school_rule", {}).get("floor_ratio", Fraction(1))
    for t in [t for t in of.get("thresholds", []) if t["stage"] == stage]:
        top, bottom, scale = formula(t["indicator"])
        numbers = [t["value"], t["value"] * ratio] if "value" in t else t["values"]
        steps.setdefault(top, []).extend((bottom, Fraction(n) / scale) for n in numbers)
    for c in [c for c in comparisons(of) if c["scope"] != "county"]:
        for n in [c[k] for k in ("value", "primary", "junior") if k in c] + c.get("one_of", []):
            steps.setdefault(c["top"][0], []).append((c.get("bottom", [None])[0], n))
        for sizes in c.get("by_size", []):
            below = "students" if sizes.get("per_student") else None
            steps.setdefault(c["top"][0], []).extend((below, n) for n in sizes["values"])
    return steps


def _figure(
    rng: random.Random, name: str, own: dict[str, Figure], steps: list[tuple[str | None, Fraction]], rich: Fraction
) -> Figure:
    """Draw a figure: on a number of the law, near one, or any."""
    whole = columns()[name].get("whole", True)
    students = own["students"] or Fraction(0)
    if columns()[name]["type"] == "category":
        return Fraction(rng.choice((0, 1, 1, 2, 2)))  # 不达标, 基本达标, 达标
    if name == "built_year":
        return Fraction(rng.choice((1990, 2009, 2010, 2011, 2016, 2017)))
    if name == "largest_class":
        return Fraction(rng.choice((20, 29, 30, 45, 46, 50, 51)))
    if name.startswith("classes_"):
        return Fraction(rng.choice((0, 0, 0, 1)))
    if name in ("entrants", "graduates"):
        return Fraction(rng.choice((95, 96, 100, 100, 104)))
    if name in ("transfers_in", "transfers_out", "deaths"):
        return Fraction(rng.choice((0, 0, 1, 3)))
    if name in ("migrant_students", "in_district_students", "boarders"):
        return min(students, Fraction(int(students * rng.choice((Fraction(1, 2), 0, 1, Fraction(19, 20))))))
    if name == "public_funds_budget_cny":
        return Fraction(rng.choice((65_000, 85_000, 84_999, 120_000)))
    if name == "training_budget_cny":
        return Fraction(rng.choice((3250, 4250, 4249, 6000)))
    value = Fraction(rng.choice((0, 1, 1, 2, 3, 10)))
    if steps and rng.random() < 0.9:
        below, number = rng.choice(steps)
        by = own.get(below) if below else Fraction(1)
        value = number * (by if by is not None else Fraction(1))
        if rng.random() < 0.8:
            value *= rich * Fraction(rng.choice((80, 95, 100, 100, 110, 130)), 100)
        else:
            value += Fraction(rng.choice((0, 0, 1, -1)), 1 if whole else 100)
    value = max(value, Fraction(0))
    if whole:
        return Fraction(-(-value // 1)) if rng.random() < 0.6 else Fraction(value // 1)
    return Fraction(round(value * 100), 100)


def _share(rng: random.Random, of: School) -> None:
    """Make the shared figures of some integrated schools the whole school's."""
    shared = [c for c in next(iter(of.stages.values())) if columns()[c].get("shared")]
    if of.kind in INTEGRATED and rng.random() < 0.7:
        for c in shared:
            found = [own.pop(c) for own in of.stages.values()]
            year = c == "built_year"
            of.whole[c] = found[0] if year else sum((x for x in found if x is not None), Fraction(0))
    elif of.kind in INTEGRATED and "built_year" in shared:
        for own in of.stages.values():
            own["built_year"] = next(iter(of.stages.values()))["built_year"]


def _whole_of_parts(of: School) -> None:
    """Raise what is less than its parts; lower what is part of the students."""
    for own in (*of.stages.values(), of.whole):
        for _ in range(3):
            for part in [c for c in own if columns()[c].get("part_of") in own]:
                parent = columns()[part]["part_of"]
                x, y = own[part], own[parent]
                if x is None or y is None:
                    continue
                if parent == "students":
                    own[part] = min(x, y)
                elif parent == "classes" and part.startswith("classes_"):
                    bands = sum((own[b] or Fraction(0) for b in own if b.startswith("classes_")), Fraction(0))
                    own["classes"] = max(y, bands)
                else:
                    own[parent] = max(x, y)


def _answers(rng: random.Random, by: Law, of: School) -> None:
    """Answer what a standard would ask, and leave some schools out."""
    doubtful = of.kind == "teaching_point" or of.words["ownership"] == "private" or of.words["owner_type"] in OTHERS
    if of.kind in ("special", "vocational"):
        doubtful = not any(r.get("kind") == of.kind for r in by.get("inclusion", []))
    if rng.random() < 0.06:
        of.answers["included"] = False
    elif doubtful:
        of.answers["in_coefficient"] = rng.random() < 0.5
        if of.kind == "vocational" and two_questions(by):
            of.answers["in_basic_standard"] = rng.random() < 0.5


def two_questions(of: Law) -> bool:
    """Whether a standard asks for the basic standard and for the coefficient by themselves."""
    return any("answer" in r for r in of.get("inclusion", []))


def _gaps(rng: random.Random, of: School, share: float) -> None:
    for own in (*of.stages.values(), of.whole):
        for c in [c for c in own if c != "conditions_grade" or of.kind not in INTEGRATED]:
            if rng.random() < share and (c != "students" or of.kind in ("primary", "junior")):
                own[c] = None


def later(rng: random.Random, of: School) -> School:
    """Return the school a year later: other figures of the same kind."""
    stages = {s: dict(own) for s, own in of.stages.items()}
    found = School(of.name, of.code, of.kind, dict(of.words), dict(of.flags), dict(of.answers), stages, dict(of.whole))
    found.in_one_row = of.in_one_row
    for own in stages.values():
        if rng.random() < 0.4 and own["students"] is not None and of.kind != "teaching_point":
            own["students"] += Fraction(rng.choice((1, 7, 40)))
    return found


# --------------------------------------------------------------------------------------------------------- facts


def some_facts(rng: random.Random, of: Law) -> dict[str, Any]:
    """Draw facts of a county: on their numbers, near them, or missing."""
    _, _, asked = figures(of["id"])
    missing, good = rng.choice((0, 0, 0, 0.05, 0.4)), rng.random() < 0.5
    own: dict[str, Any] = {}
    tests = [c for c in comparisons(of) if c["scope"] == "county" and "op" in c]
    bottoms = {n for c in tests for n in (*c.get("bottom", []), *c.get("than", []))}
    sizes = {n: Fraction(rng.choice((400, 1000, 3700))) for n in asked | bottoms}
    for name in sorted(asked):
        if name not in facts() or rng.random() < missing:
            continue
        kind = facts()[name]["type"]
        mine = [c for c in tests if name in c["top"]]
        if kind == "flag":
            wanted = next((bool(c["value"]) for c in mine if c["op"] == "=="), True)
            own[name] = wanted if good or rng.random() < 0.8 else not wanted
        elif name.startswith("points_"):
            own[name] = Fraction(5)
        elif name in bottoms or not mine:
            own[name] = sizes[name]
        else:
            own[name] = _fact(rng, name, rng.choice(mine), sizes, good)
    for c in [c for c in comparisons(of) if "chosen_by" in c]:
        own.pop(c["chosen_by"], None)
        if rng.random() < 0.6:
            own[c["chosen_by"]] = rng.choice(c["one_of"])
    for name in ("funds_norm_per_primary_student_cny", "funds_norm_per_junior_student_cny"):
        if name in own:
            own[name] = Fraction(rng.choice((650, 850)))
    if "government_points" in asked and rng.random() < 0.4:
        own.pop("government_points", None)
        own |= {n: Fraction(5) for n in facts() if n.startswith("points_")}
        own["points_exchange"] = Fraction(rng.choice((4, 5, 6)))
        if rng.random() < 0.2:
            del own["points_exchange"]
    _fact_parts(own)
    return own


def _fact(rng: random.Random, name: str, c: dict[str, Any], sizes: dict[str, Fraction], good: bool) -> Fraction:
    numbers = [c["value"]] if "value" in c else [d["value"] for d in c.get("dated", [])]
    if "than" in c:
        numbers = [Fraction(1)]
    below = [*c.get("bottom", []), *c.get("than", [])]
    by = sizes[below[0]] if below else Fraction(1)
    exact = rng.choice(numbers or [Fraction(1)]) * by / len(c["top"])
    most = facts()[name].get("most")
    unit = Fraction(1, 100) if most == 1 else Fraction(1)
    up = c["op"] in (">=", ">")
    step = rng.choice((0, 1, 5) if good else (0, 1, -1, -5, 5)) * (1 if up else -1)
    if good and c["op"] in ("<", ">") and step == 0:
        step = 1 if up else -1
    value = max(Fraction(0), Fraction(round(exact / unit)) * unit + step * unit)
    return value if most is None else min(value, Fraction(most))


def _fact_parts(own: dict[str, Any]) -> None:
    for _ in range(3):
        for part in [n for n in own if facts()[n].get("part_of") in own]:
            own[part] = min(own[part], own[facts()[part]["part_of"]])
    pair = ("migrant_children_in_public_schools", "migrant_children_in_purchased_places")
    if "migrant_children_eligible" in own and set(pair) <= set(own):
        own[pair[1]] = min(own[pair[1]], own["migrant_children_eligible"] - own[pair[0]])


# --------------------------------------------------------------------------------------------------- as a table


def table(of: Nation) -> pd.DataFrame:
    """Write the schools as a clerk would."""
    rng = random.Random(f"written {of.seed}")
    rows = [row for c in of.counties for s in c.schools for row in _rows(c, s)]
    if of.counties[0].year is None or all(c.year == of.counties[0].year for c in of.counties):
        rng.shuffle(rows)
    names_ = dict.fromkeys(n for row in rows for n in row)
    frame = pd.DataFrame({n: [row.get(n) for row in rows] for n in names_})
    numbers = [n for n in frame if columns().get(n.removesuffix("_primary").removesuffix("_junior").removesuffix("_senior"), {}).get("type") == "number"]  # fmt: skip # noqa: E501
    frame = frame.astype(dict.fromkeys(numbers, float))
    if of.counties[0].year is None:
        return frame.drop(columns="year")
    return frame.astype({"year": int})


def _cell(name: str, x: Figure) -> Any:
    if x is None:
        return None
    if columns()[name]["type"] == "category":
        return ("不达标", "基本达标", "达标")[int(x)]
    return float(x)


def _rows(county: County, of: School) -> list[dict[str, Any]]:
    first = {"county": county.name, "year": county.year, "school": of.name, "school_code": of.code, "kind": of.kind}
    first |= of.words | {f: None if x is None else "是" if x else "否" for f, x in of.flags.items()}
    first |= {a: "是" if x else "否" for a, x in of.answers.items()}
    first |= {a: None for a in ("included", "in_coefficient", "in_basic_standard") if a not in of.answers}
    whole = {c: _cell(c, x) for c, x in of.whole.items()}
    if of.in_one_row:
        by_stage = {
            c if c == "conditions_grade" else f"{c}_{s}": _cell(c, x)
            for s, own in of.stages.items()
            for c, x in own.items()
        }
        return [first | {"stage": None, "resources_cover": None} | whole | by_stage]
    cover = None if of.kind not in INTEGRATED else "school" if of.whole else "stage"
    return [
        first | {"stage": s, "resources_cover": cover} | whole | {c: _cell(c, x) for c, x in own.items()}
        for s, own in of.stages.items()
    ]


def facts_frame(of: Nation) -> pd.DataFrame | None:
    """Write the facts as a table."""
    names_ = sorted({n for c in of.counties for n in c.facts})
    if not names_:
        return None
    rows = []
    for c in of.counties:
        row: dict[str, Any] = {"county": c.name} | ({} if c.year is None else {"year": c.year})
        for n in names_:
            x = c.facts.get(n)
            row[n] = None if x is None else int(x) if isinstance(x, bool) else float(x)
        rows.append(row)
    return pd.DataFrame(rows)
