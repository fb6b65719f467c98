"""Synthetic facts about counties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from junheng._data import read_toml
from junheng._frames import pandas_frame
from junheng.errors import InputError
from junheng.words import message

if TYPE_CHECKING:
    import pandas as pd

#: Funding norm per primary and junior student, in yuan a year (invented).
FUNDS_NORM = (700.0, 900.0)
#: Facts that fail an item if true.
_VETOES = (
    "entrance_examinations",
    "illegal_school_choice",
    "key_schools_or_classes",
    "posts_left_unfilled",
    "safety_accident_or_fraud",
    "tutoring_control_failed",
)
#: Answers that only local documents ask for: the national schemes do without.
_LOCAL = ("quota_students_three_years_in_school", "rural_year_before_senior_title", "special_education_centre")
_SUBJECTS = ("chinese", "mathematics", "science", "physical_education", "arts", "moral_education")


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
        if entry["type"] == "flag" and name not in _LOCAL:  # documents nearly always exist, vetoes nearly never
            usual, rare = ("否", "是") if name in _VETOES else ("是", "否")
            columns[name] = np.where(rng.random(n) < 0.97, usual, rare).astype(object)
    draw("years_since_basic_balance", 2, 11)
    draw("special_education_students", 30, 200)
    columns["special_education_funds_cny"] = columns["special_education_students"] * rng.integers(6900, 9001, n)
    columns["funds_norm_per_primary_student_cny"] = np.full(n, FUNDS_NORM[0])
    columns["funds_norm_per_junior_student_cny"] = np.full(n, FUNDS_NORM[1])
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
