"""Synthetic data: counties, provinces and a nation in the form of a real return, for docs, tests and benchmarks.

School sizes are log-normal, larger in urban than in rural areas. Small schools have more space and staff per student.
Some schools have several stages and report their rooms once. Some teaching points have few students, and some schools
have none left. The same seed gives the same table on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._data import read_toml
from junheng._frames import Labels, pandas_frame
from junheng.errors import InputError
from junheng.words import message

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["county", "county_facts", "nation", "province"]


def __dir__() -> list[str]:
    return __all__


Array = NDArray[Any]

#: Kinds of school, their frequency by area (city, town, rural), and the word in their names.
_KINDS = ("primary", "junior", "nine_year", "twelve_year", "complete_secondary", "teaching_point")
_FREQUENCY = np.array(
    [
        [0.58, 0.23, 0.10, 0.02, 0.07, 0.00],
        [0.58, 0.25, 0.12, 0.01, 0.04, 0.00],
        [0.55, 0.12, 0.08, 0.00, 0.00, 0.25],
    ]
)
_SUFFIX = ("小学", "初级中学", "九年一贯制学校", "十二年一贯制学校", "完全中学", "教学点")
_AREAS = ("city", "town", "rural")
#: Median enrolment by kind and area, for the primary, junior and senior stage.
_MEDIAN = np.array(
    [
        [[1250, 0, 0], [820, 0, 0], [230, 0, 0]],
        [[0, 1150, 0], [0, 850, 0], [0, 430, 0]],
        [[700, 420, 0], [520, 330, 0], [280, 190, 0]],
        [[650, 450, 500], [500, 350, 400], [300, 250, 250]],
        [[0, 800, 900], [0, 600, 700], [0, 300, 300]],
        [[40, 0, 0], [40, 0, 0], [34, 0, 0]],
    ],
    dtype=np.float64,
)
#: Weight of a student in drawing amounts, by stage.
_WEIGHT = np.array([1.0, 1.1, 1.32])
#: Typical amounts per primary and junior student, in a county on the way to the 2017 thresholds, and their decimals.
_TYPICAL = {
    "teaching_area_m2": (6.3, 8.0, 1),
    "sports_area_m2": (10.5, 13.5, 1),
    "equipment_value_cny": (2900.0, 3600.0, -2),
    "multimedia_classrooms": (0.034, 0.033, 0),
    "computers": (0.16, 0.2, 0),
    "books": (29.0, 41.0, 0),
}
#: Typical shares of the teachers, primary and junior.
_TEACHERS = {
    "teachers_above_required_degree": (0.97, 0.9),
    "teachers_mid_or_senior_title": (0.5, 0.55),
    "backbone_teachers": (0.24, 0.22),
    "pe_art_teachers": (0.23, 0.2),
}
#: Funding norm per primary and junior student, in yuan a year (invented).
_FUNDS_NORM = (700.0, 900.0)
#: Facts that fail an item if true.
_VETOES = (
    "entrance_examinations",
    "illegal_school_choice",
    "key_schools_or_classes",
    "posts_left_unfilled",
    "safety_accident_or_fraud",
    "tutoring_control_failed",
)
_SUBJECTS = ("chinese", "mathematics", "science", "physical_education", "arts", "moral_education")
#: Columns of classes by size, and the smallest size of each.
_BANDS = ("46_50", "51_55", "56_60", "61_65", "66_up")
_BAND_STARTS = np.array([46, 51, 56, 61, 66])
#: Square metres per class, roughly the norms for 24 classes.
_AREA_PER_CLASS = {
    "sports_land_m2": 450.0,
    "teaching_built_m2": 215.0,
    "office_built_m2": 37.0,
    "living_built_m2": 60.0,
    "total_built_m2": 320.0,
    "teaching_usable_m2": 185.0,
    "ordinary_classrooms_usable_m2": 68.0,
    "special_rooms_usable_m2": 74.0,
    "common_rooms_usable_m2": 50.0,
}


@frozen(kw_only=True)
class _Options:
    """Options of a table; see :func:`county`."""

    missing: float
    resourcing: float
    inequality: float
    conditions: bool
    items: bool


@frozen(kw_only=True, eq=False)
class _Counties:
    """Names, codes and numbers of schools of the counties."""

    names: list[str]
    codes: list[str]
    sizes: Array


@frozen(kw_only=True, eq=False)
class _Schools:
    """What stays the same for each school from year to year; kinds, areas and counties are codes."""

    county: Array
    number: Array
    area: Array
    kind: Array
    private: Array
    #: Expected enrolment, one column per stage.
    enrolment: Array
    closing: Array
    #: How well the school is equipped within its county, and its county among counties.
    level: Array
    wealth: Array
    #: Dispersion between the schools of its county.
    spread: Array


@frozen(kw_only=True, eq=False)
class _Sections:
    """The rows of a year: one per school and compulsory stage."""

    school: Array
    stage: Array
    students: Array
    classes: Array
    teachers: Array


def county(
    seed: int = 0,
    *,
    n_schools: int = 60,
    name: str = "示例县",
    missing: float = 0.0,
    resourcing: float = 1.0,
    inequality: float = 1.0,
    conditions: bool = True,
    items: bool = False,
) -> pd.DataFrame:
    """Return synthetic data of one county.

    Parameters
    ----------
    seed : int
        Seed of the random numbers.
    n_schools : int
        Number of schools (an integrated school is one school in two rows).
    name : str
        Name of the county.
    missing : float
        Share of empty cells among amounts and teachers, 0 to 1.
    resourcing : float
        Factor on all resources: 1 is mixed, 2 is well above all thresholds.
    inequality : float
        Factor on the differences between schools: 0 is none, 1 is realistic.
    conditions : bool
        Include the columns of school conditions (land, buildings, rooms) that Shandong's standard needs.
    items : bool
        Include the columns that items of the schemes need (class bands, certificates, training, funds, retention).

    Returns
    -------
    pandas.DataFrame
        Canonical columns, one row per school and stage; see the data dictionary.

    Raises
    ------
    InputError
        If a share is outside 0 to 1 or a count is below 1.

    Examples
    --------
    >>> import junheng as jh
    >>> schools = jh.synthetic.county(seed=0)
    >>> schools.equals(jh.synthetic.county(seed=0)), schools["county"].nunique()
    (True, 1)
    """
    _check(missing, n_schools)
    options = _Options(
        missing=missing, resourcing=resourcing, inequality=inequality, conditions=conditions, items=items
    )
    counties = _Counties(names=[name], codes=["370100"], sizes=np.array([n_schools]))
    return _generate(np.random.default_rng([seed, 1]), counties, options, 1)


def province(
    seed: int = 0,
    *,
    n_counties: int = 136,
    missing: float = 0.0,
    resourcing: float = 1.0,
    inequality: float = 1.0,
    conditions: bool = True,
    items: bool = False,
) -> pd.DataFrame:
    """Return synthetic data of a province: about 12 000 rows in 136 counties.

    Parameters
    ----------
    seed : int
        Seed of the random numbers.
    n_counties : int
        Number of counties.
    missing, resourcing, inequality : float
        As in :func:`county`.
    conditions, items : bool
        As in :func:`county`.

    Returns
    -------
    pandas.DataFrame
        As from :func:`county`.

    Raises
    ------
    InputError
        If a share is outside 0 to 1 or a count is below 1.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.synthetic.province(seed=0, n_counties=3)["county"].unique().tolist()
    ['第1县', '第2县', '第3县']
    """
    _check(missing, n_counties)
    options = _Options(
        missing=missing, resourcing=resourcing, inequality=inequality, conditions=conditions, items=items
    )
    rng = np.random.default_rng([seed, 2])
    return _generate(rng, _draw_counties(rng, n_counties, 37, 79), options, 1)


def nation(
    seed: int = 0,
    years: int = 1,
    *,
    n_counties: int = 2850,
    missing: float = 0.0,
    resourcing: float = 1.0,
    inequality: float = 1.0,
    conditions: bool = False,
    items: bool = False,
) -> pd.DataFrame:
    """Return synthetic data of a nation: about 220 000 rows a year in 2 850 counties.

    Parameters
    ----------
    seed : int
        Seed of the random numbers.
    years : int
        School years, ending in 2025; enrolment and resources drift from year to year.
    n_counties : int
        Number of counties.
    missing, resourcing, inequality : float
        As in :func:`county`.
    conditions, items : bool
        As in :func:`county`.

    Returns
    -------
    pandas.DataFrame
        As from :func:`county`; with several years one row per school, stage and year.

    Raises
    ------
    InputError
        If a share is outside 0 to 1 or a count is below 1.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.synthetic.nation(seed=0, years=2, n_counties=2)["year"].unique().tolist()
    [2024, 2025]
    """
    _check(missing, n_counties, years)
    options = _Options(
        missing=missing, resourcing=resourcing, inequality=inequality, conditions=conditions, items=items
    )
    rng = np.random.default_rng([seed, 3])
    return _generate(rng, _draw_counties(rng, n_counties, 11, 69), options, years)


def county_facts(schools: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Return synthetic facts about the counties of a table: documents, funds, exchange, monitoring, surveys.

    Parameters
    ----------
    schools : pandas.DataFrame
        A table of this module, or any with the column ``county`` and optionally ``year``.
    seed : int
        Seed of the random numbers.

    Returns
    -------
    pandas.DataFrame
        One row per county (and year) with every fact the national schemes need; most counties pass most items.

    Raises
    ------
    InputError
        If the table has no column ``county``.

    Examples
    --------
    >>> import junheng as jh
    >>> schools = jh.synthetic.county(seed=0, items=True)
    >>> ev = jh.evaluate(schools, "cn-quality-balance-2017", county_facts=jh.synthetic.county_facts(schools))
    >>> "undetermined" in set(ev.items["verdict"])
    False
    """
    if "county" not in schools:
        raise InputError(message("arithmetic.no_county"))
    keys = [k for k in ("county", "year") if k in schools]
    places = schools[keys].drop_duplicates().reset_index(drop=True)
    n = len(places)
    rng = np.random.default_rng([seed, 4])
    columns: dict[str, Any] = {k: places[k].to_numpy() for k in keys}

    def draw(name: str, low: int, high: int) -> None:
        columns[name] = rng.integers(low, high, n)

    def draw_part(name: str, whole: str, low: float, high: float) -> None:
        columns[name] = np.rint(columns[whole] * rng.uniform(low, high, n))

    for name, entry in read_toml("facts.toml")["facts"].items():
        if entry["type"] == "flag":  # documents nearly always exist, vetoes nearly never
            usual, rare = ("否", "是") if name in _VETOES else ("是", "否")
            columns[name] = np.where(rng.random(n) < 0.97, usual, rare).astype(object)
    draw("years_since_basic_balance", 2, 11)
    draw("special_education_students", 30, 200)
    columns["special_education_funds_cny"] = columns["special_education_students"] * rng.integers(6900, 9001, n)
    columns["funds_norm_per_primary_student_cny"] = np.full(n, _FUNDS_NORM[0])
    columns["funds_norm_per_junior_student_cny"] = np.full(n, _FUNDS_NORM[1])
    draw("civil_servant_pay_cny", 80_000, 120_001)
    draw_part("teacher_pay_cny", "civil_servant_pay_cny", 0.99, 1.08)
    draw("exchange_eligible_teachers", 300, 1500)
    draw_part("exchanged_teachers", "exchange_eligible_teachers", 0.095, 0.18)
    draw_part("exchanged_backbone_teachers", "exchanged_teachers", 0.19, 0.4)
    draw("quality_upper_secondary_places", 400, 3000)
    draw_part("allotted_places", "quality_upper_secondary_places", 0.49, 0.8)
    draw("migrant_children_eligible", 200, 5000)
    draw_part("migrant_children_in_public_schools", "migrant_children_eligible", 0.82, 0.97)
    draw_part("migrant_children_in_purchased_places", "migrant_children_eligible", 0.0, 0.03)
    draw("disabled_children", 40, 400)
    draw_part("disabled_children_enrolled", "disabled_children", 0.945, 1.0)
    for subject in _SUBJECTS:
        columns[f"monitoring_level_{subject}"] = np.where(rng.random(n) < 0.95, 3, 2)
        columns[f"monitoring_rate_{subject}"] = np.round(rng.uniform(0.03, 0.155, n), 3)
    draw("survey_valid", 1800, 4000)
    draw_part("survey_satisfied", "survey_valid", 0.84, 0.98)
    draw("survey_visited", 60, 300)
    draw_part("survey_visited_satisfied", "survey_visited", 0.85, 1.0)
    columns["government_points"] = np.round(rng.uniform(84, 99, n), 1)
    # used only in the declaration form
    draw("population", 150_000, 1_200_000)
    draw_part("rural_population", "population", 0.2, 0.7)
    draw("townships", 5, 31)
    columns["villages"] = columns["townships"] * rng.integers(8, 25, n)
    draw("gdp_per_head_cny", 30_000, 150_001)
    draw_part("revenue_per_head_cny", "gdp_per_head_cny", 0.04, 0.12)
    draw("urban_income_cny", 30_000, 70_001)
    draw_part("rural_income_cny", "urban_income_cny", 0.4, 0.7)
    draw("special_schools", 0, 3)
    draw_part("survey_sent", "survey_valid", 1.0, 1.1)
    for name in ("sent", "valid", "satisfied", "visited", "visited_satisfied"):
        # parents are at least half of the respondents; one share for all counts keeps parts within their whole
        columns[f"survey_parents_{name}"] = np.floor(columns[f"survey_{name}"] * 0.6)
    return pandas_frame(columns)


def _check(missing: float, *counts: int) -> None:
    if not 0 <= missing <= 1:
        raise InputError(message("arithmetic.missing", value=repr(missing)))
    if any(c < 1 for c in counts):
        raise InputError(message("arithmetic.counts"))


def _draw_counties(rng: np.random.Generator, n: int, first_code: int, mean_schools: float) -> _Counties:
    return _Counties(
        sizes=np.maximum(8, rng.lognormal(np.log(mean_schools) - 0.08, 0.4, n)).astype(np.int64),
        names=[f"第{i + 1}县" for i in range(n)],
        # six digits: province, city, county
        codes=[f"{(first_code + i // 4500) % 100:02d}{1 + i // 50 % 90:02d}{1 + i % 50:02d}" for i in range(n)],
    )


def _generate(rng: np.random.Generator, counties: _Counties, options: _Options, years: int) -> pd.DataFrame:
    """Generate the table: first schools, then their returns year by year, then missing cells."""
    schools = _draw_schools(rng, counties, options)
    enrolment = schools.enrolment
    frames = []
    for year in range(2026 - years, 2026):
        drift = np.exp(rng.normal(0.0, 0.03, (schools.kind.size, 1)))
        enrolment = enrolment * drift
        students = np.rint(enrolment).astype(np.int64)
        students[schools.closing & (year == 2025)] = 0
        frames.append(_draw_year(rng, year, counties, schools, students, options))
    columns = {name: _join([frame[name] for frame in frames]) for name in frames[0]}
    if options.missing:
        for name, column in columns.items():
            if column.dtype.kind in "if" and name not in ("students", "students_senior", "year"):
                columns[name] = np.where(rng.random(column.size) < options.missing, np.nan, column)
    return pandas_frame(columns)


def _join(parts: list[Any]) -> Any:
    """Return the columns of several years as one."""
    if isinstance(parts[0], Labels):
        codes = np.concatenate([p.codes for p in parts])
        return np.array([*parts[0].words, None], dtype=object)[codes]
    return np.concatenate(parts)


def _draw_schools(rng: np.random.Generator, counties: _Counties, options: _Options) -> _Schools:
    """Draw location, kind, size and equipment of schools."""
    sizes = counties.sizes
    m, n = sizes.size, int(sizes.sum())
    county = np.repeat(np.arange(m), sizes)
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])  # the first school of each county
    in_city = rng.beta(2.0, 3.5, m)[county]
    wealth = np.exp(rng.normal(0.0, 0.12 * options.inequality, m))[county]
    spread = (options.inequality * rng.uniform(0.18, 0.42, m))[county]
    draw = rng.random(n)
    area = np.where(draw < in_city, 0, np.where(draw < in_city + (1 - in_city) * 0.45, 1, 2))
    kind = (rng.random((n, 1)) > np.cumsum(_FREQUENCY, axis=1)[area]).sum(axis=1).clip(0, len(_KINDS) - 1)
    for i in range(3):  # every county with enough schools has both stages
        kind[(first + i)[sizes > i]] = i
    private = rng.random(n) < np.array([0.06, 0.02, 0.005])[area]
    enrolment = np.exp(rng.normal(0.0, 0.5, n))[:, None] * _MEDIAN[kind, area]
    closing = rng.random(n) < 0.003
    for i in range(2):
        closing[(first + i)[sizes > i]] = False
    level = np.exp(rng.normal(0.0, 1.0, (n, 1)) * 0.5 * spread[:, None])
    return _Schools(
        county=county,
        number=np.arange(n) - first[county] + 1,
        area=area,
        kind=kind,
        private=private,
        enrolment=enrolment,
        closing=closing,
        level=level,
        wealth=wealth,
        spread=spread,
    )


def _draw_year(
    rng: np.random.Generator, year: int, counties: _Counties, schools: _Schools, students: Array, options: _Options
) -> dict[str, Any]:
    """Draw the return of one year, column by column."""
    total = students.sum(axis=1)
    # small schools have more of everything per student
    small = (np.maximum(total, 20) / 700.0) ** (-0.12 * min(options.inequality, 1.0))
    amounts = _draw_amounts(rng, schools, students, small, options)
    rows = _draw_sections(rng, schools, students, small, options)
    columns = _key_columns(counties, schools, rows, year)
    columns["students"] = rows.students
    has_senior = np.isin(schools.kind, (3, 4))
    columns["students_senior"] = np.where(has_senior, students[:, 2], np.nan)[rows.school]
    columns["classes"] = rows.classes
    columns["staff"] = rows.teachers + rng.binomial(np.maximum(rows.teachers, 1), 0.07)
    columns["teachers"] = rows.teachers
    for name, typical in _TEACHERS.items():
        columns[name] = _draw_teachers(rng, schools, rows, np.array(typical)[rows.stage], options)
    columns |= {name: amount[rows.school] for name, amount in amounts.items()}
    if options.conditions:
        columns |= _draw_conditions(rng, schools, rows, total, options)
    if options.items:
        columns |= _draw_item_columns(rng, schools, rows)
    integrated = np.isin(schools.kind, (2, 3, 4))[rows.school]
    columns["resources_cover"] = Labels(np.where(integrated, 0, 1), ("school", "stage"))
    return columns


def _draw_amounts(
    rng: np.random.Generator, schools: _Schools, students: Array, small: Array, options: _Options
) -> dict[str, Array]:
    """Draw rooms, grounds and equipment of each whole school."""
    noise = schools.level * np.exp(rng.normal(0.0, 1.0, (small.size, len(_TYPICAL))) * schools.spread[:, None])
    weighted = students @ _WEIGHT
    without_primary = (schools.kind == 1) | (schools.kind == 4)
    out = {}
    for j, (name, (primary, junior, decimals)) in enumerate(_TYPICAL.items()):
        per_student = np.where(without_primary, junior / 1.1, primary)
        amount = weighted * per_student * noise[:, j] * small * schools.wealth * options.resourcing
        out[name] = np.round(amount, decimals)
    return out


def _draw_sections(
    rng: np.random.Generator, schools: _Schools, students: Array, small: Array, options: _Options
) -> _Sections:
    """Draw classes and teachers of each school and compulsory stage."""
    n = schools.kind.size
    school, stage = np.repeat(np.arange(n), 2), np.tile([0, 1], n)
    has_stage = _MEDIAN[schools.kind[school], schools.area[school], stage] > 0
    school, stage = school[has_stage], stage[has_stage]
    p = students[school, stage]
    per_class = rng.normal(np.array([41.0, 45.0])[stage], 2.5)
    grades = np.array([6, 3])[stage]
    classes = np.where(p > 0, np.maximum(grades, np.ceil(p / per_class)), 0).astype(np.int64)
    per_teacher = np.array([17.0, 13.0])[stage] / options.resourcing
    staffing = np.exp(rng.normal(0.0, 0.5, p.size) * schools.spread[school]) * small[school]
    teachers = np.ceil(p / per_teacher * staffing).astype(np.int64)
    teachers = np.maximum(teachers, np.minimum(p, 2))
    return _Sections(school=school, stage=stage, students=p, classes=classes, teachers=teachers)


def _key_columns(counties: _Counties, schools: _Schools, rows: _Sections, year: int) -> dict[str, Any]:
    """Return names, codes and kinds of each row."""
    school, kind, county = rows.school, schools.kind[rows.school], schools.county[rows.school]
    of_schools = list(zip(schools.county.tolist(), schools.number.tolist(), schools.kind.tolist(), strict=True))
    # 2017 excludes small teaching points; 2012 excludes points and private schools, from the coefficient only
    left_out = ((kind == 5) & (rows.students < 50)).astype(np.int64)
    return {
        "county": Labels(county, counties.names),
        "county_code": Labels(county, counties.codes),
        "school": Labels(school, [f"{counties.names[c]}第{i}{_SUFFIX[k]}" for c, i, k in of_schools]),
        "school_code": Labels(school, [f"{counties.codes[c]}{i:04d}" for c, i, _ in of_schools]),
        "kind": Labels(kind, _KINDS),
        "ownership": Labels(schools.private[school].astype(np.int64), ("public", "private")),
        "area_type": Labels(schools.area[school], _AREAS),
        "included": Labels(left_out, ("是", "否")),
        "in_coefficient": Labels(left_out, ("是", "否")),
        "stage": Labels(rows.stage, ("primary", "junior")),
        "year": np.full(school.size, year, dtype=np.int64),
    }


def _draw_teachers(
    rng: np.random.Generator, schools: _Schools, rows: _Sections, typical: Array, options: _Options
) -> Array:
    """Draw the number of teachers with a property, such as a higher degree."""
    noise = np.exp(rng.normal(0.0, 0.6, typical.size) * schools.spread[rows.school])
    share = np.clip(typical * noise, 0.02, 0.995)
    chosen = np.rint(rows.teachers * share) if options.inequality < 0.5 else rng.binomial(rows.teachers, share)
    out: Array = np.minimum(chosen.astype(np.int64), rows.teachers)
    return out


def _draw_conditions(
    rng: np.random.Generator, schools: _Schools, rows: _Sections, total: Array, options: _Options
) -> dict[str, Any]:
    """Draw school conditions: around the norm for the number of classes."""
    n = total.size
    c = np.maximum(np.bincount(rows.school, weights=rows.classes, minlength=n), 1)
    level = np.exp(rng.normal(0.08, 0.15, n)) * schools.level[:, 0] * schools.wealth * options.resourcing
    out: dict[str, Any] = {"land_area_m2": np.round(total * 23.5 * level, 0)}
    for name, amount in _AREA_PER_CLASS.items():
        out[name] = np.round(amount * np.maximum(c, 10) * level, 0)
    track = np.select([c * level < 9, c * level < 16, c * level < 22], [100.0, 200.0, 250.0], 300.0)
    out["ring_track_m"] = track
    out["straight_track_m"] = np.where(track >= 200, 100.0, 60.0)
    out["indoor_sports_room_m2"] = np.round(np.where(rng.random(n) < 0.5, 330.0 * level, 0.0), 0)
    out["library_m2"] = np.round(9.5 * np.maximum(c, 12) * level, 0)
    out["science_instrument_room_m2"] = np.round(30.0 * level, 0)
    out["technology_room_m2"] = np.round(42.0 * level, 0)
    out["laboratory_staff_room_m2"] = np.round(30.0 * level, 0)
    out["reference_titles"] = np.rint(180 * level)
    out["periodical_titles"] = np.rint(90 * level)
    out["basketball_courts"] = np.rint(c / 8 * level)
    out["volleyball_courts"] = np.rint(c / 14 * level)
    out["table_tennis_tables"] = np.rint(c / 2.6 * level)
    for name, entry in read_toml("columns.toml")["columns"].items():
        if entry.get("unit") == "rooms" and name not in out and name != "multimedia_classrooms":
            out[name] = np.rint(np.maximum(c / 16, 1) * level)
    return {name: values[rows.school] for name, values in out.items()}


def _draw_item_columns(rng: np.random.Generator, schools: _Schools, rows: _Sections) -> dict[str, Any]:
    """Draw the columns that items of the schemes need: mostly compliant, with some exceptions."""
    n, m = schools.kind.size, rows.school.size
    school, stage, p, teachers = rows.school, rows.stage, rows.students, rows.teachers
    bands, largest = _draw_class_sizes(rng, rows)
    funds = np.round(p * rng.normal(950.0, 40.0, m) * np.array([1.0, 1.3])[stage], 2)
    entrants = np.rint(np.where(stage == 1, p, 0) / 3.0).astype(np.int64)
    lost = rng.binomial(entrants, 0.02)
    transfers = rng.binomial(entrants[:, None], [0.02, 0.02])
    came, left = transfers[:, 0], np.minimum(transfers[:, 1], np.maximum(entrants - lost, 0))
    area = schools.area
    out: dict[str, Any] = {
        "built_year": rng.integers(1960, 2024, n)[school],
        "boarding": Labels((rng.random(n) > np.array([0.02, 0.15, 0.4])[area])[school].astype(np.int64), ("是", "否")),
        "migrant_students": rng.binomial(p, np.array([0.2, 0.08, 0.01])[area[school]]),
        "in_district_students": p - rng.binomial(p, np.where((rng.random(m) < 0.03) & (stage == 1), 0.1, 0.0)),
        **bands,
        "largest_class": largest,
        "certified_teachers": teachers,
        "trained_teachers": teachers - rng.binomial(teachers, np.where(rng.random(m) < 0.01, 0.05, 0.0)),
        "public_funds_budget_cny": funds,
        "training_budget_cny": np.round(funds * rng.uniform(0.05, 0.09, m) + 0.005, 2),
        "entrants": entrants,
        "graduates": np.maximum(entrants - lost + came - left, 0),
        "transfers_in": came,
        "transfers_out": left,
        "deaths": np.zeros(m, dtype=np.int64),
    }
    # a small school is funded as one of a hundred students
    size, paid = (np.bincount(school, weights=w, minlength=n) for w in (p, funds))
    small = (size > 0) & (size < 100)
    factor = np.where(small, np.maximum(1.0, 100 * _FUNDS_NORM[1] / np.where(small, paid, 1.0)), 1.0)
    for name in ("public_funds_budget_cny", "training_budget_cny"):
        # one figure per school, on each of its rows; raised to whole yuan, so that shares stay above their minimum
        total = np.bincount(school, weights=out[name], minlength=n) * factor
        total = np.where(factor > 1, np.ceil(total + (name == "training_budget_cny")), total)
        out[name] = np.round(total, 2)[school]
    return out


def _draw_class_sizes(rng: np.random.Generator, rows: _Sections) -> tuple[dict[str, Array], Array]:
    """Draw the numbers of oversized classes by size, and the size of the largest class."""
    # 46 to 50 is above the limit in primary classes only
    chance = np.where(rows.stage[:, None] == 1, [0.2, 0.004, 0.0, 0.0, 0.0], [0.01, 0.002, 0.0, 0.0, 0.0])
    counts = rng.binomial(rows.classes[:, None], chance)
    # the largest class is in the highest nonempty band, and not smaller than the mean
    mean = np.ceil(rows.students / np.maximum(rows.classes, 1))
    over = np.flatnonzero((mean > 45) & (rows.classes > 0))
    band = np.minimum((mean[over] - 46) // 5, 4).astype(np.int64)
    counts[over, band] = np.maximum(counts[over, band], 1)
    highest = 4 - (counts[:, ::-1] > 0).argmax(axis=1)
    start = np.where(counts.any(axis=1), _BAND_STARTS[highest], 0)
    largest = np.where(start > 0, np.maximum(start, mean), np.minimum(mean + 2, 45))
    largest = np.where(rows.classes > 0, largest, 0).astype(np.int64)
    return {f"classes_{name}": counts[:, i] for i, name in enumerate(_BANDS)}, largest
