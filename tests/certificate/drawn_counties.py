"""Drawn pairs of a county (or several, or several years) and a shipped standard, with facts and options.

The same number always gives the same pair. A draw is a county of the library's own making, changed step by step:
integrated schools written in one row, with the whole school's rooms, or divided already; figures missing, or exactly
on a threshold, a floor, the limit of a coefficient or the number of an item; schools that do not count; facts of the
county missing, met, or on their numbers; relaxations applied and doubts decided.
"""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from attrs import frozen

import junheng as jh
from junheng.facts import fact_columns
from junheng.indicators import catalogue
from junheng.schools import columns
from junheng.schools.vocabulary import INTEGRATED, base_column, category_words
from junheng.standards.model import Comparison, Filter

#: Written down, so that the counties of a seed stay the same when a standard comes.
IDS: tuple[str, ...] = (
    "cn-basic-balance-2012",
    "cn-fj-school-land",
    "cn-gd-school-land",
    "cn-gz-majiang-2023",
    "cn-ha-hebi-2007",
    "cn-ha-school-conditions-2012",
    "cn-he-baoding-2012",
    "cn-js-pukou-2010",
    "cn-js-school-conditions",
    "cn-js-wuxi-2014",
    "cn-quality-balance-2017",
    "cn-rural-school-buildings-2008",
    "cn-sc-shuangsha-2009",
    "cn-school-sports-2008",
    "cn-sd-basic-balance-2013",
    "cn-sd-school-conditions-2008",
    "cn-sn-memorandum-2012",
    "cn-urban-school-buildings-2002",
)
SHARED = [name for name, c in columns().items() if c.shared]


@frozen(eq=False)
class Pair:
    """What is evaluated, and how."""

    seed: int
    schools: pd.DataFrame
    standard: jh.Standard
    facts: pd.DataFrame | None
    missing: str

    def evaluate(self) -> jh.Evaluation:
        return jh.evaluate(self.schools, self.standard, county_facts=self.facts, missing=self.missing)


def evaluated(seed: int) -> tuple[Pair, jh.Evaluation]:
    """Return a pair and its evaluation; a table that the library refuses is drawn again."""
    for attempt in range(20):
        pair = draw(seed, attempt)
        try:
            return pair, pair.evaluate()
        except jh.InputDataError:
            continue
    raise AssertionError(f"no table of seed {seed} can be evaluated")


def draw(seed: int, attempt: int = 0) -> Pair:
    """Draw a pair."""
    rng = random.Random(1000 * seed + attempt)
    std = _standard(rng, IDS[seed % len(IDS)])
    table = _table(rng, std)
    if rng.random() < 0.15 and std.split is not None:
        table = _split(table, std)
    for change, chance in _CHANGES:
        if rng.random() < chance:
            change(rng, table, std)
    if rng.random() < 0.2 and table["year"].nunique() == 1:
        table = table.drop(columns="year")
    _same_again(table)
    _keep_parts(table, {c: base_column(c)[0].part_of for c in _numbers(table)})  # type: ignore[index]
    facts = None if rng.random() < 0.2 else _facts(rng, table, std)
    return Pair(seed, table, std, facts, rng.choice(["propagate", "propagate", "propagate", "omit"]))


def _standard(rng: random.Random, name: str) -> jh.Standard:
    std = jh.load_standard(name)
    options: dict[str, Any] = {}
    if std.relaxations and rng.random() < 0.5:
        options["relaxations"] = [r.id for r in std.relaxations if rng.random() < 0.6]
    if std.doubts and rng.random() < 0.5:
        options["small_teaching_points"] = rng.choice(["counted", "left_out"])
    if any(t.classes for t in std.thresholds) and rng.random() < 0.5:
        options["between_sizes"] = rng.choice(["linear", "smaller", "larger", "bracket"])
        options["above_largest"] = rng.choice(["end", "undetermined"])
    return std.with_options(**options) if options else std


# ------------------------------------------------------------------------------------------------ the table


def _table(rng: random.Random, std: jh.Standard) -> pd.DataFrame:
    rich = rng.choice([0.9, 1.2, 1.6, 2.5])
    alike = rng.choice([0.1, 0.5, 1.0])
    conditions = bool({"ring_track_m", "total_built_m2", "land_area_m2"} & _figures(std))
    parts = [
        jh.synthetic.county(
            rng.randrange(10**6),
            name=name,
            n_schools=rng.randint(2, 9),
            resourcing=rich,
            inequality=alike,
            conditions=conditions,
            items=True,
        )
        for name in ("甲县", "乙县", "丙县")[: rng.choice([1, 1, 1, 2, 3])]
    ]
    for i, part in enumerate(parts):
        part["county_code"] = f"37010{i}"
        part["school_code"] = [f"37010{i}{code[-4:]}" for code in part["school_code"]]
    if rng.random() < 0.15:
        later = parts[0].copy()
        later["year"] += 1
        later["students"] += 10 * (later["students"] > 0)
        parts.append(later)
    table = pd.concat(parts, ignore_index=True)
    table = table.astype({c: float for c in table.columns if base_column(c) and base_column(c)[0].type == "number"})
    table["year"] = table["year"].astype(int)
    table = table.copy()  # astype leaves a block a column, of which pandas 2 warns
    _whole(rng, table)
    _other_columns(rng, table, std)
    return _in_one_row(table) if rng.random() < 0.35 else table


def _figures(std: jh.Standard) -> set[str]:
    return {c for i in std.indicators for c in catalogue()[i].columns}


def _whole(rng: random.Random, table: pd.DataFrame) -> None:
    """Give the rows of some integrated schools the whole school's rooms."""
    keys = table["school_code"] + table["year"].astype(str)
    cover = table["resources_cover"].astype(object)
    for _, rows in table[table["kind"].isin(INTEGRATED)].groupby(keys).groups.items():
        how = rng.choice(["school", "stage", None, "list"])
        shared = [c for c in SHARED if c in table]
        own = [c for c in shared if rng.random() < 0.5] if how == "list" else shared if how == "stage" else []
        for c in shared:
            if c not in own:
                table.loc[rows, c] = table.loc[rows[0], c]
        cover[rows] = " ".join(own) or "school" if how == "list" else how
    table["resources_cover"] = cover
    if rng.random() < 0.3:
        del table["resources_cover"]


def _same_again(table: pd.DataFrame) -> None:
    """Give one figure to rows that say that it is the whole school's."""
    if "resources_cover" not in table:
        return
    keys = table["school_code"] + table.get("year", pd.Series("", table.index)).astype(str)
    for _, rows in table[table["kind"].isin(INTEGRATED)].groupby(keys).groups.items():
        for c in [c for c in SHARED if c in table]:
            stated = [i for i in rows if _is_whole(c, table.loc[i, "resources_cover"]) and not pd.isna(table.loc[i, c])]
            table.loc[stated[1:], c] = table.loc[stated[0], c] if stated else None


def _is_whole(column: str, cover: Any) -> bool:
    return isinstance(cover, str) and cover != "stage" and column not in cover.split()


def _tests(std: jh.Standard) -> list[Comparison]:
    return [t for item in std.items for c in item.conditions for t in c.tests]


def _filters(std: jh.Standard) -> list[Filter]:
    where = [t.where for t in _tests(std)] + [r.where for r in std.relaxations] + [d.where for d in std.doubts]
    where += [i.where for t in std.thresholds for i in t.instead]
    return [w for w in where if w is not None]


def _other_columns(rng: random.Random, table: pd.DataFrame, std: jh.Standard) -> None:
    """Add what only the items, filters and relaxations of a standard read."""
    wanted = {n for t in _tests(std) if t.scope != "county" for n in (*t.top, *t.top_minus, *t.bottom, *t.than)}
    wanted |= {n for w in _filters(std) for n in (*w.flags, *w.not_flags)}
    wanted |= {n for r in std.relaxations for n in r.add}
    wanted |= {n for c in _relaxed(std) for n in (*c.top, *c.bottom)}
    if any(w.ownership for w in _filters(std)) or std.inclusion:
        wanted |= {"owner_type"}
    numbers = [float(t.value) for t in _tests(std) if t.value is not None and t.scope != "county"] or [1.0]
    for name in sorted(wanted - {"students", "schools"}):
        column = base_column(name)
        if column is None or name in table or rng.random() < 0.1:
            continue
        kind = column[0].type
        if kind == "flag":
            values = [rng.choice(["是", "否", "是", None]) for _ in range(len(table))]
        elif kind == "category":
            values = [rng.choice([*category_words(name), None]) for _ in range(len(table))]
        else:
            values = [float(rng.choice([0, 1, 2, 3, 10, round(rng.choice(numbers))])) for _ in range(len(table))]
        table[name] = values


def _relaxed(std: jh.Standard) -> list[Comparison]:
    return [c for r in std.relaxations for c in r.conditions]


def _in_one_row(table: pd.DataFrame) -> pd.DataFrame:
    """Write integrated schools in one row: people by stage beside the whole school's rooms."""
    people = [c for c in table if (b := base_column(c)) and b[0].type == "number" and not b[0].shared and b[1] is None]
    people = [c for c in people if c not in ("year", "built_year")]
    rows: dict[Any, dict[str, Any]] = {}
    for i, row in table.iterrows():
        if row["kind"] not in INTEGRATED:
            rows[i] = row.to_dict()
            continue
        first = {**row.to_dict(), "stage": None, "resources_cover": None, **dict.fromkeys(people, np.nan)}
        by_stage = {f"{c}_{row['stage']}": row[c] for c in people}
        key = (row["county"], row["year"], row["school_code"])
        rows[key] = rows.get(key, first) | by_stage
    out = pd.DataFrame(list(rows.values()))
    return out if "resources_cover" in table else out.drop(columns="resources_cover", errors="ignore")


def _split(table: pd.DataFrame, std: jh.Standard) -> pd.DataFrame:
    try:
        return jh.split_stages(table, std)
    except jh.InputDataError:
        return table


def _keep_parts(table: pd.DataFrame, wholes: dict[str, str | None]) -> None:
    """Lower the figures that are more than what they are part of."""
    for _ in range(3):
        for part, whole in wholes.items():
            for stage in ("", "_primary", "_junior", "_senior"):
                name = f"{whole}{stage}"
                if part.endswith(stage) and whole is not None and name in table:
                    table[part] = np.where(table[part] > table[name], table[name], table[part])


# ---------------------------------------------------------------------------------------------- what is changed


def _numbers(table: pd.DataFrame) -> list[str]:
    found = ((c, base_column(c)) for c in table)
    return [c for c, b in found if b and b[0].type == "number" and b[0].id not in ("students", "year")]


def _gaps(rng: random.Random, table: pd.DataFrame, std: jh.Standard) -> None:
    share = rng.choice([0.02, 0.1, 0.3])
    for c in _numbers(table):
        table.loc[[i for i in table.index if rng.random() < share], c] = np.nan
    for c in ("kind", "area_type", "boarding", "ownership"):
        if c in table and rng.random() < 0.3:
            rows = [i for i in table.index if rng.random() < share and table.loc[i, "stage"] is not None]
            table[c] = table[c].astype(object)
            table.loc[rows, c] = None


def _on_thresholds(rng: random.Random, table: pd.DataFrame, std: jh.Standard) -> None:
    """Set figures so that values are exactly a threshold or a floor, or a hair less."""
    for t in std.thresholds:
        if t.value is None or rng.random() < 0.3:
            continue
        found = std.find(t.indicator, t.stage)
        numbers = [t.value, *([found.floor] if found and found.floor is not None else [])]
        indicator = catalogue()[t.indicator]
        if indicator.denominator is not None and indicator.denominator not in table:
            continue
        for i in table.index[table["stage"] == t.stage]:
            if rng.random() < 0.5:
                below = 1 if indicator.denominator is None else table.loc[i, indicator.denominator]
                if pd.isna(below):
                    continue
                amount = rng.choice(numbers) * Decimal(repr(float(below))) / indicator.scale
                table.loc[i, indicator.numerator] = max(0.0, float(amount) - rng.choice([0, 0, 0, 0.01]))


def _on_limits(rng: random.Random, table: pd.DataFrame, std: jh.Standard) -> None:
    """Make the coefficients of some counties exactly the limit: equal schools in pairs, at 1 + t and 1 - t."""
    for limit in std.limits:
        for county in sorted(set(table["county"])):
            rows = [i for i in table.index if table.loc[i, "county"] == county and table.loc[i, "stage"] == limit.stage]
            if len(rows) < 2 or rng.random() < 0.3:
                continue
            students = rng.choice([100, 300, 700])
            table.loc[rows, "students"] = float(students)
            each = rng.choice([20, 35.5, 0.7])
            # the same of everything: no part is more than its whole
            for column in dict.fromkeys(["teachers", *(catalogue()[name].numerator for name in std.indicators)]):
                for n, i in enumerate(rows if len(rows) % 2 == 0 else rows[:-1]):
                    sign = 1 if n % 2 else -1
                    table.loc[i, column] = float(Decimal(str(each)) * students / 10 * (1 + sign * limit.value))
                if len(rows) % 2:
                    table.loc[rows[-1], "students"] = 0.0


def _outside(rng: random.Random, table: pd.DataFrame, std: jh.Standard) -> None:
    """Change some schools into ones that may not count."""
    for i in table.index[table["kind"].isin(["primary", "junior"])]:
        if rng.random() < 0.3:
            kind = rng.choice(["teaching_point", "special", "vocational", None, None])
            if kind is not None and table.loc[i, "stage"] == "primary":
                table.loc[i, "kind"] = kind
            table.loc[i, "ownership"] = rng.choice(["public", "private"])
            table.loc[i, "students"] = rng.choice([0.0, 30.0, 49.0, 50.0, 99.0, 100.0, 101.0])
            for answer in ("included", "in_coefficient", "in_basic_standard"):
                if answer not in table:
                    table[answer] = None
                table[answer] = table[answer].astype(object)
                table.loc[i, answer] = rng.choice(["是", "否", "是"])
    if rng.random() < 0.3 and "included" in table:
        table["included"] = [rng.choice(["是", "否"]) for _ in table.index]


def _on_items(rng: random.Random, table: pd.DataFrame, std: jh.Standard) -> None:
    """Set figures that conditions compare to their numbers."""
    for t in [t for t in _tests(std) + _relaxed(std) if t.scope in ("school", "section", "sum")]:
        name = t.top[0]
        steps = [x for x in (t.value, t.primary, t.junior) if x is not None]
        steps += [x * (800 if sizes.per_student else 1) for sizes in t.by_size for x in sizes.values]
        for column in [c for c in table if (b := base_column(c)) and b[0].id == name and b[0].type == "number"]:
            for i in table.index:
                if rng.random() < 0.2 and steps and name != "students":
                    below = 1.0
                    if t.bottom and t.bottom[0] in table and not pd.isna(table.loc[i, t.bottom[0]]):
                        below = float(table.loc[i, t.bottom[0]])
                    table.loc[i, column] = float(rng.choice(steps) * Decimal(repr(below))) + rng.choice([0, 0, 1])


def _odd_sizes(rng: random.Random, table: pd.DataFrame, std: jh.Standard) -> None:
    """Set numbers of classes in, between and outside the sizes of tables; and enrolments that filters name."""
    tables = [*std.thresholds, *(sizes for t in _tests(std) for sizes in t.by_size)]
    sizes = sorted({k for t in tables for k in t.classes} or {6, 12})
    many = [*sizes, sizes[0] - 1, sizes[-1] + 1, *(k + 1 for k in sizes)]
    for i in table.index:
        for name in ("classes", "classes_primary", "classes_junior"):
            if name in table and not pd.isna(table.loc[i, name]) and rng.random() < 0.5:
                table.loc[i, name] = float(rng.choice(many)) // (1 if name == "classes" else 2)
        if rng.random() < 0.3 and not pd.isna(table.loc[i, "students"]):
            table.loc[i, "students"] = float(rng.choice([45, 50, 99, 100, 540, 2000, 2400, 2500, 2501, 3000]))


def _decimals(rng: random.Random, table: pd.DataFrame, std: jh.Standard) -> None:
    """Give measured figures decimals that have no binary form."""
    for c in _numbers(table):
        if not base_column(c)[0].whole:  # type: ignore[index]
            table[c] = [x + rng.choice([0, 0.1, 0.07, 0.333]) for x in table[c]]


_CHANGES = (
    (_decimals, 0.4),
    (_odd_sizes, 0.3),
    (_on_items, 0.4),
    (_on_thresholds, 0.4),
    (_outside, 0.3),
    (_gaps, 0.3),
    (_on_limits, 0.4),
)


# --------------------------------------------------------------------------------------------------- the facts


def _facts(rng: random.Random, table: pd.DataFrame, std: jh.Standard) -> pd.DataFrame | None:
    """Draw facts of every county: at random, on their numbers, or missing."""
    keys = ["county", *(["year"] if "year" in table else [])]
    places = table[keys].drop_duplicates().reset_index(drop=True)
    facts: pd.DataFrame = places.copy()
    missing = rng.choice([0, 0, 0.1, 0.5])
    tests = [t for t in _tests(std) if t.scope == "county"]
    named = {n for t in _tests(std) for n in (*t.top, *t.top_minus, *t.bottom, *t.bottom_minus, *t.than)}
    named |= {n for t in _tests(std) if t.norm is not None for n in (t.norm.primary, t.norm.junior)}
    named |= {n for item in std.items for c in item.conditions for n in (*c.unless_no, *filter(None, [c.chosen_by]))}
    known = fact_columns()
    wholes = {n: rng.choice([1000, 3700, 400]) for n in named}
    good = rng.random() < 0.5
    for name in sorted(n for n in named if n in known):
        fact = known[name]
        values = []
        for _ in places.index:
            if rng.random() < missing:
                values.append(None)
            elif fact.type == "flag":
                wanted = next((t.value for t in tests if name in t.top and t.op == "=="), 1)
                values.append(int(wanted) if good or rng.random() < 0.7 else 1 - int(wanted))
            else:
                values.append(_fact(rng, name, tests, wholes))
        facts[name] = values
    if len(facts.columns) == len(keys):
        return None
    for condition in [c for item in std.items for c in item.conditions if c.chosen_by is not None]:
        facts[condition.chosen_by] = [float(rng.choice(condition.one_of)) for _ in places.index]
    numbers = [n for n in facts if n in known and known[n].type != "flag" and n not in keys]
    facts = facts.astype(dict.fromkeys(numbers, float))
    _keep_parts(facts, {n: known[n].part_of for n in numbers})
    public, bought = "migrant_children_in_public_schools", "migrant_children_in_purchased_places"
    if {public, bought, "migrant_children_eligible"} <= set(facts):  # disjoint parts of a whole
        facts[bought] = np.fmin(facts[bought], facts["migrant_children_eligible"] - facts[public].fillna(0))
    return facts


def _fact(rng: random.Random, name: str, tests: list[Comparison], wholes: dict[str, int]) -> float:
    own = [t for t in tests if name in t.top]
    below = [t for t in tests if name in (*t.bottom, *t.than)]
    if not own or below:
        return float(wholes[name])
    t = rng.choice(own)
    steps = [t.value, *(s.value for s in t.dated)]
    number = rng.choice([x for x in steps if x is not None] or [Decimal(1)])
    size = sum(wholes[n] for n in t.bottom) or 1
    value = float(number * size)
    most = fact_columns()[name].most
    value = value + rng.choice([0, 0, 0, 1, -1]) * (0.01 if most is not None and most <= 1 else 1)
    return max(0.0, value if most is None else min(value, most))
