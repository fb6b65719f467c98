"""Make-believe counties, provinces and a nation in the shape of a real return: for trials, docs, tests and benchmarks.

Sizes of schools are log-normal, larger in town than in the country; small schools have more room and more staff a
student; some schools have several stages and report their rooms once; a few teaching points have few students, and
now and then a school has none left. The same seed gives the same table on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from junheng._data import read_toml
from junheng._frames import Labels, build_frame
from junheng.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["county", "county_facts", "nation", "province"]

Array = NDArray[Any]

#: Kinds of school, how often each is met by area (city, town, rural), and the word in its name.
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
_WEIGHT = np.array([1.0, 1.1, 1.32])
#: Typical figures per primary and junior student: what a county on the way to the 2017 thresholds has.
_TYPICAL = {
    "teaching_area_m2": (6.3, 8.0),
    "sports_area_m2": (10.5, 13.5),
    "equipment_value_cny": (2900.0, 3600.0),
    "multimedia_classrooms": (0.034, 0.033),
    "computers": (0.16, 0.2),
    "books": (29.0, 41.0),
}
_TEACHERS = {
    # share of the teachers, primary and junior
    "teachers_above_required_degree": (0.97, 0.9),
    "teachers_mid_or_senior_title": (0.5, 0.55),
    "backbone_teachers": (0.24, 0.22),
    "pe_art_teachers": (0.23, 0.2),
}
_SHARED_FIRST = ("teaching_area_m2", "sports_area_m2", "equipment_value_cny", "multimedia_classrooms")


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
    """Make up one county.

    Parameters
    ----------
    seed : int
        Seed of the random numbers.
    n_schools : int
        Schools (an integrated school is one, in two rows).
    name : str
        Name of the county.
    missing : float
        Share of the cells of amounts and teachers that are empty, 0 to 1.
    resourcing : float
        Factor on everything a student has: 1 is mixed, 2 well above all thresholds.
    inequality : float
        Factor on how far schools lie apart: 0 is alike, 1 realistic.
    conditions : bool
        Also the columns of school conditions (land, buildings, rooms) that Shandong's standard asks for.
    items : bool
        Also the columns that items of the schemes ask for (class bands, certificates, training, funds, retention).

    Returns
    -------
    pandas.DataFrame
        Canonical columns, one row per school and stage; see the data dictionary in the documentation.

    Raises
    ------
    InputError
        On a share outside 0 to 1 or a count below 1.

    Examples
    --------
    >>> import junheng as jh
    >>> schools = jh.synthetic.county(seed=0)
    >>> schools.equals(jh.synthetic.county(seed=0)), schools["county"].nunique()
    (True, 1)
    """
    _check(missing, n_schools)
    rng = np.random.default_rng([seed, 1])
    return _generate(
        rng, np.array([n_schools]), [name], ["370100"], missing, resourcing, inequality, (conditions, items), 1
    )


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
    """Make up a province: about 12 000 rows in 136 counties.

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
        As :func:`county` gives it.

    Raises
    ------
    InputError
        On a share outside 0 to 1 or a count below 1.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.synthetic.province(seed=0, n_counties=3)["county"].unique().tolist()
    ['第1县', '第2县', '第3县']
    """
    _check(missing, n_counties)
    rng = np.random.default_rng([seed, 2])
    return _many(rng, n_counties, 37, 79, missing, resourcing, inequality, (conditions, items), 1)


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
    """Make up a nation: about 220 000 rows a year in 2 850 counties.

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
        As :func:`county` gives it; with several years one row per school, stage and year.

    Raises
    ------
    InputError
        On a share outside 0 to 1 or a count below 1.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.synthetic.nation(seed=0, years=2, n_counties=2)["year"].unique().tolist()
    [2024, 2025]
    """
    _check(missing, n_counties, years)
    rng = np.random.default_rng([seed, 3])
    return _many(rng, n_counties, 11, 69, missing, resourcing, inequality, (conditions, items), years)


def county_facts(schools: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Make up the facts about the counties of a table: documents, funds, exchange, monitoring, surveys.

    Parameters
    ----------
    schools : pandas.DataFrame
        A table of this module, or any with ``county`` and, if it likes, ``year``.
    seed : int
        Seed of the random numbers.

    Returns
    -------
    pandas.DataFrame
        One row a county (and year) with every fact the national schemes ask for; most counties have most in order.

    Raises
    ------
    InputError
        When the table has no column ``county``.

    Examples
    --------
    >>> import junheng as jh
    >>> schools = jh.synthetic.county(seed=0, items=True)
    >>> ev = jh.evaluate(schools, "cn-quality-balance-2017", county_facts=jh.synthetic.county_facts(schools))
    >>> "undetermined" in set(ev.items["verdict"])
    False
    """
    if "county" not in schools:
        raise InputError("the table has no column 'county'")
    keys = [k for k in ("county", "year") if k in schools]
    places = schools[keys].drop_duplicates().reset_index(drop=True)
    n = len(places)
    rng = np.random.default_rng([seed, 4])
    columns: dict[str, Any] = {k: places[k].to_numpy() for k in keys}

    def count(of: Array, low: float, high: float) -> Array:
        return np.rint(of * rng.uniform(low, high, n))

    for name, entry in read_toml("facts.toml")["facts"].items():
        if entry["type"] == "flag":
            # documents are nearly always there, vetoes nearly never
            bad = name in _VETOES
            columns[name] = np.where(rng.random(n) < 0.97, "否" if bad else "是", "是" if bad else "否").astype(object)
    columns["years_since_basic_balance"] = rng.integers(2, 11, n)
    columns["special_education_students"] = rng.integers(30, 200, n)
    columns["special_education_funds_cny"] = columns["special_education_students"] * rng.integers(6900, 9001, n)
    columns["funds_norm_per_primary_student_cny"] = np.full(n, _NORM[0])
    columns["funds_norm_per_junior_student_cny"] = np.full(n, _NORM[1])
    columns["civil_servant_pay_cny"] = rng.integers(80_000, 120_001, n)
    columns["teacher_pay_cny"] = count(columns["civil_servant_pay_cny"], 0.99, 1.08)
    columns["exchange_eligible_teachers"] = rng.integers(300, 1500, n)
    columns["exchanged_teachers"] = count(columns["exchange_eligible_teachers"], 0.095, 0.18)
    columns["exchanged_backbone_teachers"] = count(columns["exchanged_teachers"], 0.19, 0.4)
    columns["quality_upper_secondary_places"] = rng.integers(400, 3000, n)
    columns["allotted_places"] = count(columns["quality_upper_secondary_places"], 0.49, 0.8)
    columns["migrant_children_eligible"] = rng.integers(200, 5000, n)
    columns["migrant_children_in_public_schools"] = count(columns["migrant_children_eligible"], 0.82, 0.97)
    columns["migrant_children_in_purchased_places"] = count(columns["migrant_children_eligible"], 0.0, 0.03)
    columns["disabled_children"] = rng.integers(40, 400, n)
    columns["disabled_children_enrolled"] = count(columns["disabled_children"], 0.945, 1.0)
    for subject in _SUBJECTS:
        columns[f"monitoring_level_{subject}"] = np.where(rng.random(n) < 0.95, 3, 2)
        columns[f"monitoring_rate_{subject}"] = np.round(rng.uniform(0.03, 0.155, n), 3)
    columns["survey_valid"] = rng.integers(1800, 4000, n)
    columns["survey_satisfied"] = count(columns["survey_valid"], 0.84, 0.98)
    columns["survey_visited"] = rng.integers(60, 300, n)
    columns["survey_visited_satisfied"] = count(columns["survey_visited"], 0.85, 1.0)
    columns["government_points"] = np.round(rng.uniform(84, 99, n), 1)
    # what only the declaration form prints
    columns["population"] = rng.integers(150_000, 1_200_000, n)
    columns["rural_population"] = count(columns["population"], 0.2, 0.7)
    columns["townships"] = rng.integers(5, 31, n)
    columns["villages"] = columns["townships"] * rng.integers(8, 25, n)
    columns["gdp_per_head_cny"] = rng.integers(30_000, 150_001, n)
    columns["revenue_per_head_cny"] = count(columns["gdp_per_head_cny"], 0.04, 0.12)
    columns["urban_income_cny"] = rng.integers(30_000, 70_001, n)
    columns["rural_income_cny"] = count(columns["urban_income_cny"], 0.4, 0.7)
    columns["special_schools"] = rng.integers(0, 3, n)
    columns["survey_sent"] = count(columns["survey_valid"], 1.0, 1.1)
    for name in ("sent", "valid", "satisfied"):
        # parents are half of those asked or more: the same share of each count keeps parts within their whole
        columns[f"survey_parents_{name}"] = np.floor(columns[f"survey_{name}"] * 0.6)
    for name in ("visited", "visited_satisfied"):
        columns[f"survey_parents_{name}"] = np.floor(columns[f"survey_{name}"] * 0.6)
    return build_frame(columns, "pandas")  # type: ignore[no-any-return]


#: What a county pays for one primary and one junior student, in yuan a year: made up.
_NORM = (700.0, 900.0)
_VETOES = (
    "entrance_examinations",
    "illegal_school_choice",
    "key_schools_or_classes",
    "posts_left_unfilled",
    "safety_accident_or_fraud",
    "tutoring_control_failed",
)
_SUBJECTS = ("chinese", "mathematics", "science", "physical_education", "arts", "moral_education")


def _check(missing: float, *counts: int) -> None:
    if not 0 <= missing <= 1:
        raise InputError(f"missing must lie between 0 and 1, not {missing!r}")
    if any(c < 1 for c in counts):
        raise InputError("counts must be at least 1")


def _many(
    rng: np.random.Generator,
    n: int,
    first_code: int,
    mean_schools: float,
    missing: float,
    resourcing: float,
    inequality: float,
    extra: tuple[bool, bool],
    years: int,
) -> pd.DataFrame:
    sizes = np.maximum(8, rng.lognormal(np.log(mean_schools) - 0.08, 0.4, n)).astype(np.int64)
    names = [f"第{i + 1}县" for i in range(n)]
    # six digits: province, city, county
    codes = [f"{(first_code + i // 4500) % 100:02d}{1 + i // 50 % 90:02d}{1 + i % 50:02d}" for i in range(n)]
    return _generate(rng, sizes, names, codes, missing, resourcing, inequality, extra, years)


def _generate(
    rng: np.random.Generator,
    sizes: Array,
    names: list[str],
    codes: list[str],
    missing: float,
    resourcing: float,
    inequality: float,
    extra: tuple[bool, bool],
    years: int,
) -> pd.DataFrame:
    m, n = sizes.size, int(sizes.sum())
    place = np.repeat(np.arange(m), sizes)
    urban = rng.beta(2.0, 3.5, m)
    wealth = np.exp(rng.normal(0.0, 0.12 * inequality, m))
    spread = inequality * rng.uniform(0.18, 0.42, m)
    draw = rng.random(n)
    area = np.where(draw < urban[place], 0, np.where(draw < urban[place] + (1 - urban[place]) * 0.45, 1, 2))
    kind = (rng.random((n, 1)) > np.cumsum(_FREQUENCY, axis=1)[area]).sum(axis=1).clip(0, len(_KINDS) - 1)
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    # every county has both stages, whatever the dice say, if it has schools enough
    for i in range(3):
        kind[(first + i)[sizes > i]] = i
    private = rng.random(n) < np.array([0.06, 0.02, 0.005])[area]
    size = np.exp(rng.normal(0.0, 0.5, n))[:, None] * _MEDIAN[kind, area]
    closing = rng.random(n) < 0.003
    for i in range(2):
        closing[(first + i)[sizes > i]] = False
    base_level = np.exp(rng.normal(0.0, 1.0, (n, 1)) * 0.5 * spread[place][:, None])
    number = np.arange(n) - first[place] + 1
    frames = []
    for year in range(2026 - years, 2026):
        drift = np.exp(rng.normal(0.0, 0.03, (n, 1)))
        size = size * drift
        students = np.rint(size).astype(np.int64)
        students[closing & (year == 2025)] = 0
        frames.append(
            _year(
                rng, year, place, names, codes, area, kind, private, students, number, base_level, wealth, spread,
                resourcing, inequality, extra,
            )
        )  # fmt: skip
    columns = {k: _joined([f[k] for f in frames]) for k in frames[0]}
    if missing:
        for name, column in columns.items():
            if column.dtype.kind in "if" and name not in ("students", "students_senior", "year"):
                columns[name] = np.where(rng.random(column.size) < missing, np.nan, column)
    return build_frame(columns, "pandas")  # type: ignore[no-any-return]


def _joined(parts: list[Any]) -> Any:
    if isinstance(parts[0], Labels):
        return _text(np.concatenate([p.codes for p in parts]), parts[0].words)
    return np.concatenate(parts)


def _text(codes: Array, words: Any) -> Array:
    out: Array = np.array([*words, None], dtype=object)[codes]
    return out


def _year(
    rng: np.random.Generator,
    year: int,
    place: Array,
    names: list[str],
    codes: list[str],
    area: Array,
    kind: Array,
    private: Array,
    students: Array,
    number: Array,
    base_level: Array,
    wealth: Array,
    spread: Array,
    resourcing: float,
    inequality: float,
    extra: tuple[bool, bool],
) -> dict[str, Any]:
    n = place.size
    # one row per school and compulsory stage
    school = np.repeat(np.arange(n), 2)
    stage = np.tile([0, 1], n)
    keep = _MEDIAN[kind[school], area[school], stage] > 0
    school, stage = school[keep], stage[keep]
    p = students[school, stage]
    weighted = students @ _WEIGHT
    total = students.sum(axis=1)
    noise = base_level * np.exp(rng.normal(0.0, 1.0, (n, len(_TYPICAL))) * spread[place][:, None])
    # small schools have more of everything a head
    smaller = (np.maximum(total, 20) / 700.0) ** (-0.12 * min(inequality, 1.0))
    whole_school = {}
    for j, (name, typical) in enumerate(_TYPICAL.items()):
        junior_only = (kind == 1) | (kind == 4)
        head = np.where(junior_only, typical[1] / 1.1, typical[0])
        amount = weighted * head * noise[:, j] * smaller * wealth[place] * resourcing
        whole_school[name] = amount
    rounded = {
        "teaching_area_m2": np.round(whole_school["teaching_area_m2"], 1),
        "sports_area_m2": np.round(whole_school["sports_area_m2"], 1),
        "equipment_value_cny": np.round(whole_school["equipment_value_cny"], -2),
        "multimedia_classrooms": np.rint(whole_school["multimedia_classrooms"]),
        "computers": np.rint(whole_school["computers"]),
        "books": np.rint(whole_school["books"]),
    }
    per_class = rng.normal(np.array([41.0, 45.0])[stage], 2.5)
    grades = np.array([6, 3])[stage]
    classes = np.where(p > 0, np.maximum(grades, np.ceil(p / per_class)), 0).astype(np.int64)
    ratio = np.array([17.0, 13.0])[stage] / resourcing
    staffing = np.exp(rng.normal(0.0, 0.5, p.size) * spread[place[school]]) * smaller[school]
    teachers = np.ceil(p / ratio * staffing).astype(np.int64)
    teachers = np.maximum(teachers, np.minimum(p, 2))
    columns: dict[str, Any] = {
        "county": Labels(place[school], names),
        "county_code": Labels(place[school], codes),
        "school": Labels(
            school,
            [
                f"{names[c]}第{i}{_SUFFIX[k]}"
                for c, i, k in zip(place.tolist(), number.tolist(), kind.tolist(), strict=True)
            ],
        ),
        "school_code": Labels(
            school, [f"{codes[c]}{i:04d}" for c, i in zip(place.tolist(), number.tolist(), strict=True)]
        ),
        "kind": Labels(kind[school], _KINDS),
        "ownership": Labels(private[school].astype(np.int64), ("public", "private")),
        "area_type": Labels(area[school], _AREAS),
        # small teaching points are out in 2017; for points and private schools 2012 asks about the coefficient alone
        "included": Labels(((kind[school] == 5) & (p < 50)).astype(np.int64), ("是", "否")),
        "in_coefficient": Labels(((kind[school] == 5) & (p < 50)).astype(np.int64), ("是", "否")),
        "stage": Labels(stage, ("primary", "junior")),
        "year": np.full(p.size, year, dtype=np.int64),
        "students": p,
        "students_senior": np.where(np.isin(kind, (3, 4)), students[:, 2], np.nan)[school],
        "classes": classes,
        "staff": teachers + rng.binomial(np.maximum(teachers, 1), 0.07),
        "teachers": teachers,
    }
    for name, typical in _TEACHERS.items():
        chance = np.array(typical)[stage]
        wobble = np.clip(chance * np.exp(rng.normal(0.0, 0.6, p.size) * spread[place[school]]), 0.02, 0.995)
        chosen = np.rint(teachers * wobble) if inequality < 0.5 else rng.binomial(teachers, wobble)
        columns[name] = np.minimum(chosen.astype(np.int64), teachers)
    columns |= {name: amount[school] for name, amount in rounded.items()}
    conditions, items = extra
    if conditions:
        columns |= _conditions(rng, school, stage, classes, total, base_level, wealth, place, resourcing)
    if items:
        columns |= _returns(rng, school, stage, p, classes, teachers, area, year)
    integrated = np.isin(kind, (2, 3, 4))[school]
    columns["resources_cover"] = Labels(np.where(integrated, 0, 1), ("school", "stage"))
    return columns


def _conditions(
    rng: np.random.Generator,
    school: Array,
    stage: Array,
    classes: Array,
    total: Array,
    base_level: Array,
    wealth: Array,
    place: Array,
    resourcing: float,
) -> dict[str, Any]:
    """School conditions: about what a school of that many classes should have, more in some, less in others."""
    n = total.size
    c = np.maximum(np.bincount(school, weights=classes, minlength=n), 1)
    level = np.exp(rng.normal(0.08, 0.15, n)) * base_level[:, 0] * wealth[place] * resourcing
    out: dict[str, Any] = {"land_area_m2": np.round(total * 23.5 * level, 0)[school]}
    # amount a class, roughly the norms at 24 classes over 24
    a_class = {
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
    for name, amount in a_class.items():
        out[name] = np.round(amount * np.maximum(c, 10) * level, 0)[school]
    track = np.select([c * level < 9, c * level < 16, c * level < 22], [100.0, 200.0, 250.0], 300.0)
    out["ring_track_m"] = track[school]
    out["straight_track_m"] = np.where(track >= 200, 100.0, 60.0)[school]
    out["indoor_sports_room_m2"] = np.round(np.where(rng.random(n) < 0.5, 330.0 * level, 0.0), 0)[school]
    out["library_m2"] = np.round(9.5 * np.maximum(c, 12) * level, 0)[school]
    out["science_instrument_room_m2"] = np.round(30.0 * level, 0)[school]
    out["technology_room_m2"] = np.round(42.0 * level, 0)[school]
    out["laboratory_staff_room_m2"] = np.round(30.0 * level, 0)[school]
    out["reference_titles"] = np.rint(180 * level)[school]
    out["periodical_titles"] = np.rint(90 * level)[school]
    out["basketball_courts"] = np.rint(c / 8 * level)[school]
    out["volleyball_courts"] = np.rint(c / 14 * level)[school]
    out["table_tennis_tables"] = np.rint(c / 2.6 * level)[school]
    shipped = read_toml("columns.toml")["columns"]
    for name, entry in shipped.items():
        if entry.get("unit") == "rooms" and name not in out and name != "multimedia_classrooms":
            out[name] = np.rint(np.maximum(c / 16, 1) * level)[school]
    return out


def _returns(
    rng: np.random.Generator,
    school: Array,
    stage: Array,
    students: Array,
    classes: Array,
    teachers: Array,
    area: Array,
    year: int,
) -> dict[str, Any]:
    """Return what the items of the schemes ask of each school: mostly in order, now and then not."""
    n, m = int(school.max()) + 1 if school.size else 0, school.size
    p = students
    bands = ("46_50", "51_55", "56_60", "61_65", "66_up")
    # 46 to 50 is over the limit in primary classes only
    chance = np.where(stage[:, None] == 1, [0.2, 0.004, 0.0, 0.0, 0.0], [0.01, 0.002, 0.0, 0.0, 0.0])
    counts = rng.binomial(classes[:, None], chance)
    # the largest class lies in the largest band that has any, and is no smaller than the mean
    mean = np.ceil(p / np.maximum(classes, 1))
    over = np.flatnonzero((mean > 45) & (classes > 0))
    band = np.minimum((mean[over] - 46) // 5, 4).astype(np.int64)
    counts[over, band] = np.maximum(counts[over, band], 1)
    low = np.array([46, 51, 56, 61, 66])
    top = np.where(counts.any(axis=1), low[4 - (counts[:, ::-1] > 0).argmax(axis=1)], 0)
    largest = np.where(top > 0, np.maximum(top, mean), np.minimum(mean + 2, 45))
    largest = np.where(classes > 0, largest, 0).astype(np.int64)
    funds = np.round(p * rng.normal(950.0, 40.0, m) * np.array([1.0, 1.3])[stage], 2)
    rest = np.where(stage == 1, p, 0)
    entrants = np.rint(rest / 3.0).astype(np.int64)
    lost = rng.binomial(entrants, 0.02)
    flows = rng.binomial(entrants[:, None], [0.02, 0.02])
    flows[:, 1] = np.minimum(flows[:, 1], np.maximum(entrants - lost, 0))
    out: dict[str, Any] = {
        "built_year": rng.integers(1960, 2024, n)[school],
        "boarding": Labels((rng.random(n) > np.array([0.02, 0.15, 0.4])[area])[school].astype(np.int64), ("是", "否")),
        "migrant_students": rng.binomial(p, np.array([0.2, 0.08, 0.01])[area[school]]),
        "in_district_students": p - rng.binomial(p, np.where((rng.random(m) < 0.03) & (stage == 1), 0.1, 0.0)),
        **{f"classes_{b}": counts[:, i] for i, b in enumerate(bands)},
        "largest_class": largest,
        "certified_teachers": teachers,
        "trained_teachers": teachers - rng.binomial(teachers, np.where(rng.random(m) < 0.01, 0.05, 0.0)),
        "public_funds_budget_cny": funds,
        "training_budget_cny": np.round(funds * rng.uniform(0.05, 0.09, m) + 0.005, 2),
        "entrants": entrants,
        "graduates": np.maximum(entrants - lost + flows[:, 0] - flows[:, 1], 0),
        "transfers_in": flows[:, 0],
        "transfers_out": flows[:, 1],
        "deaths": np.zeros(m, dtype=np.int64),
    }
    whole = ("public_funds_budget_cny", "training_budget_cny")
    # a small school is paid for a hundred students
    size, paid = (np.bincount(school, weights=w, minlength=n) for w in (p, funds))
    small = (size > 0) & (size < 100)
    factor = np.where(small, np.maximum(1.0, 100 * _NORM[1] / np.where(small, paid, 1.0)), 1.0)
    for name in whole:
        # one figure a school, on each of its rows; up to the whole yuan, so that shares stay above their least
        total = np.bincount(school, weights=out[name], minlength=n) * factor
        total = np.where(factor > 1, np.ceil(total + (name == "training_budget_cny")), total)
        out[name] = np.round(total, 2)[school]
    return out
