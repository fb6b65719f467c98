"""Options, counties, schools and the rows of a return; draws what stays the same of a school from year to year."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

Array = NDArray[Any]

#: Kinds of school, their frequency by area (city, town, rural), and the word in their names.
KINDS = ("primary", "junior", "nine_year", "twelve_year", "complete_secondary", "teaching_point")
_FREQUENCY = np.array(
    [
        [0.58, 0.23, 0.10, 0.02, 0.07, 0.00],
        [0.58, 0.25, 0.12, 0.01, 0.04, 0.00],
        [0.55, 0.12, 0.08, 0.00, 0.00, 0.25],
    ]
)
SUFFIX = ("小学", "初级中学", "九年一贯制学校", "十二年一贯制学校", "完全中学", "教学点")
AREAS = ("city", "town", "rural")
#: Median enrolment by kind and area, for the primary, junior and senior stage.
MEDIAN = np.array(
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


@frozen(kw_only=True)
class Options:
    """Options of a table; see :func:`county`."""

    missing: float
    resourcing: float
    inequality: float
    conditions: bool
    items: bool


@frozen(kw_only=True, eq=False)
class Counties:
    """Names, codes and numbers of schools of the counties."""

    names: list[str]
    codes: list[str]
    sizes: Array


@frozen(kw_only=True, eq=False)
class Schools:
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
class Sections:
    """The rows of a year: one per school and compulsory stage."""

    school: Array
    stage: Array
    students: Array
    classes: Array
    teachers: Array


def draw_schools(rng: np.random.Generator, counties: Counties, options: Options) -> Schools:
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
    kind = (rng.random((n, 1)) > np.cumsum(_FREQUENCY, axis=1)[area]).sum(axis=1).clip(0, len(KINDS) - 1)
    for i in range(3):  # every county with enough schools has both stages
        kind[(first + i)[sizes > i]] = i
    private = rng.random(n) < np.array([0.06, 0.02, 0.005])[area]
    enrolment = np.exp(rng.normal(0.0, 0.5, n))[:, None] * MEDIAN[kind, area]
    closing = rng.random(n) < 0.003
    for i in range(2):
        closing[(first + i)[sizes > i]] = False
    level = np.exp(rng.normal(0.0, 1.0, (n, 1)) * 0.5 * spread[:, None])
    return Schools(
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
