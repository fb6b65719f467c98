"""Counties, provinces and a nation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from junheng._frames import Labels, pandas_frame
from junheng.errors import InputError
from junheng.synthetic.heaping import heap
from junheng.synthetic.returns import draw_year
from junheng.synthetic.schools import Counties, Options, draw_schools
from junheng.synthetic.tampering import Tamper, tampered
from junheng.words import message

if TYPE_CHECKING:
    import pandas as pd


def county(
    seed: int = 0,
    *,
    n_schools: int = 60,
    years: int = 1,
    name: str = "示例县",
    missing: float = 0.0,
    resourcing: float = 1.0,
    inequality: float = 1.0,
    conditions: bool = True,
    items: bool = False,
    heaping: bool = False,
    tamper: Tamper = None,
) -> pd.DataFrame:
    """Return synthetic data of one county.

    Parameters
    ----------
    seed : int
        Seed of the random numbers.
    n_schools : int
        Number of schools (an integrated school is one school in two rows).
    years : int
        School years, ending in 2025; enrolment and resources drift from year to year.
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
    heaping : bool
        Let schools build and report as honest ones do: rooms of standard sizes, some schools built to the norm for the
        pupils they were planned for, figures rounded by the habit of the school, rooms and grounds that last over the
        years. Concerns areas, equipment, rooms, computers and books, and the staff of small schools over years.
    tamper : str, sequence of str, or mapping of str to mapping, optional
        Manipulations to plant, as in :func:`tampered`, which also returns the list of what was planted: the table is
        that of ``tampered(county(seed), tamper, seed=seed)``.

    Returns
    -------
    pandas.DataFrame
        Canonical columns, one row per school and stage; see the data dictionary.

    Raises
    ------
    InputError
        If a share is outside 0 to 1, a count is below 1, or a manipulation cannot be planted.

    Examples
    --------
    >>> import junheng as jh
    >>> schools = jh.synthetic.county(seed=0)
    >>> schools.equals(jh.synthetic.county(seed=0)), schools["county"].nunique()
    (True, 1)
    """
    _check(missing, n_schools, years)
    options = Options(missing=missing, resourcing=resourcing, inequality=inequality, conditions=conditions, items=items)
    counties = Counties(names=[name], codes=["370100"], sizes=np.array([n_schools]))
    table = _generate(np.random.default_rng([seed, 1]), counties, options, years, _heaping(heaping, seed, 1))
    return table if tamper is None else tampered(table, tamper, seed=seed)[0]


def province(
    seed: int = 0,
    *,
    n_counties: int = 136,
    missing: float = 0.0,
    resourcing: float = 1.0,
    inequality: float = 1.0,
    conditions: bool = True,
    items: bool = False,
    heaping: bool = False,
    tamper: Tamper = None,
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
    conditions, items, heaping : bool
        As in :func:`county`.
    tamper : str, sequence of str, or mapping of str to mapping, optional
        As in :func:`county`.

    Returns
    -------
    pandas.DataFrame
        As from :func:`county`.

    Raises
    ------
    InputError
        If a share is outside 0 to 1, a count is below 1, or a manipulation cannot be planted.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.synthetic.province(seed=0, n_counties=3)["county"].unique().tolist()
    ['第1县', '第2县', '第3县']
    """
    _check(missing, n_counties)
    options = Options(missing=missing, resourcing=resourcing, inequality=inequality, conditions=conditions, items=items)
    rng = np.random.default_rng([seed, 2])
    table = _generate(rng, _draw_counties(rng, n_counties, 37, 79), options, 1, _heaping(heaping, seed, 2))
    return table if tamper is None else tampered(table, tamper, seed=seed)[0]


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
    heaping: bool = False,
    tamper: Tamper = None,
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
    conditions, items, heaping : bool
        As in :func:`county`.
    tamper : str, sequence of str, or mapping of str to mapping, optional
        As in :func:`county`.

    Returns
    -------
    pandas.DataFrame
        As from :func:`county`; with several years one row per school, stage and year.

    Raises
    ------
    InputError
        If a share is outside 0 to 1, a count is below 1, or a manipulation cannot be planted.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.synthetic.nation(seed=0, years=2, n_counties=2)["year"].unique().tolist()
    [2024, 2025]
    """
    _check(missing, n_counties, years)
    options = Options(missing=missing, resourcing=resourcing, inequality=inequality, conditions=conditions, items=items)
    rng = np.random.default_rng([seed, 3])
    table = _generate(rng, _draw_counties(rng, n_counties, 11, 69), options, years, _heaping(heaping, seed, 3))
    return table if tamper is None else tampered(table, tamper, seed=seed)[0]


def _heaping(heaping: bool, seed: int, table: int) -> np.random.Generator | None:
    """Return random numbers of their own, so that a heaped table is that of the seed in all else."""
    return np.random.default_rng([seed, table, 5]) if heaping else None


def _check(missing: float, *counts: int) -> None:
    if not 0 <= missing <= 1:
        raise InputError(message("arithmetic.missing", value=repr(missing)))
    if any(c < 1 for c in counts):
        raise InputError(message("arithmetic.counts"))


def _draw_counties(rng: np.random.Generator, n: int, first_code: int, mean_schools: float) -> Counties:
    return Counties(
        sizes=np.maximum(8, rng.lognormal(np.log(mean_schools) - 0.08, 0.4, n)).astype(np.int64),
        names=[f"第{i + 1}县" for i in range(n)],
        # six digits: province, city, county
        codes=[f"{(first_code + i // 4500) % 100:02d}{1 + i // 50 % 90:02d}{1 + i % 50:02d}" for i in range(n)],
    )


def _generate(
    rng: np.random.Generator, counties: Counties, options: Options, years: int, heaping: np.random.Generator | None
) -> pd.DataFrame:
    """Generate the table: first schools, then their returns year by year, heaping, then missing cells."""
    schools = draw_schools(rng, counties, options)
    enrolment = schools.enrolment
    frames = []
    for year in range(2026 - years, 2026):
        drift = np.exp(rng.normal(0.0, 0.03, (schools.kind.size, 1)))
        enrolment = enrolment * drift
        students = np.rint(enrolment).astype(np.int64)
        students[schools.closing & (year == 2025)] = 0
        frames.append(draw_year(rng, year, counties, schools, students, options))
    if heaping is not None:
        heap(heaping, frames)
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
