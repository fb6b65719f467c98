"""``jh.evaluate`` under cn-quality-balance-2017 against code written by hand for that one standard.

The hand-written contestants know the law by heart: constants below, no checks, no reasons, no clauses, clean data
only. They return the coefficients of every county and stage and the verdict on every school, and so do we.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

import junheng as jh

try:
    import polars as pl
except ImportError:
    pl = None  # type: ignore[assignment]

STANDARD = "cn-quality-balance-2017"
#: Counties and years of junheng.synthetic.nation; 155 counties make about 12 000 rows.
SIZES = {"province": (155, 1), "nation": (2850, 1), "decade": (2850, 10)}

#: Indicator: column, factor, divided between stages, threshold of the primary and of the junior stage.
LAW = {
    "teachers_above_required_degree_per_hundred_students": ("teachers_above_required_degree", 100, False, 4.2, 5.3),
    "backbone_teachers_per_hundred_students": ("backbone_teachers", 100, False, 1.0, 1.0),
    "pe_art_teachers_per_hundred_students": ("pe_art_teachers", 100, False, 0.9, 0.9),
    "teaching_area_per_student": ("teaching_area_m2", 1, True, 4.5, 5.8),
    "sports_area_per_student": ("sports_area_m2", 1, True, 7.5, 10.2),
    "equipment_value_per_student": ("equipment_value_cny", 1, True, 2000.0, 2500.0),
    "multimedia_classrooms_per_hundred_students": ("multimedia_classrooms", 100, True, 2.3, 2.4),
}
#: Weights of the primary, junior and senior stage, in whole numbers.
SPLIT = {"nine_year": (10, 11, 0), "complete_secondary": (0, 10, 12), "twelve_year": (100, 110, 132)}
NAMES = list(LAW)
READ = ["students", "students_senior", *(column for column, *_ in LAW.values())]
COUNTY = ["county", "year", "stage"]


def make(size: str) -> pd.DataFrame:
    """Make the schools of a size; the same on every machine."""
    counties, years = SIZES[size]
    return jh.synthetic.nation(seed=0, years=years, n_counties=counties)


class Answer(NamedTuple):
    """Coefficients by county, year and stage; the verdict on each row that counts."""

    coefficients: pd.DataFrame
    complies: pd.Series


# ----------------------------------------------------------------------------------------- junheng


def one_read(d: pd.DataFrame) -> None:
    """Add up every number evaluate needs, once."""
    for name in READ:
        d[name].to_numpy().sum()


def junheng_evaluate(d: Any) -> jh.Evaluation:
    """jh.evaluate: everything is judged, no frame is built yet."""
    return jh.evaluate(d, STANDARD)


def junheng_frames(d: Any) -> jh.Evaluation:
    """jh.evaluate and the two frames that hold what the hand-written code returns."""
    ev = jh.evaluate(d, STANDARD)
    ev.indicators, ev.school_verdicts  # noqa: B018 - frames are built when asked for
    return ev


def junheng_answer(ev: jh.Evaluation) -> Answer:
    """Bring an evaluation to the form of the hand-written answers, outside the clock."""
    frame = _as_pandas(ev.indicators)
    wide = frame.pivot(index=COUNTY, columns="indicator", values="coefficient")[NAMES]
    schools = _as_pandas(ev.school_verdicts)
    schools = schools[schools["counted"]]
    return Answer(wide, pd.Series(schools["verdict"].to_numpy() == "met", index=schools["row"].to_numpy()))


def _as_pandas(frame: Any) -> pd.DataFrame:
    out = frame if isinstance(frame, pd.DataFrame) else pd.DataFrame(frame.to_dict(as_series=False))
    return out.assign(**{c: out[c].astype(str) for c in [*COUNTY, "indicator"] if c in out})


# ------------------------------------------------------------------------------------------ by hand


def _school_by_school(d: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Values of every row that counts, and whether the school complies; vectorised by whoever knows pandas well."""
    students = d["students"]
    primary = d["stage"] == "primary"
    share = pd.Series(1.0, index=d.index)
    whole = d["kind"].isin(SPLIT) & (d["resources_cover"] == "school")
    w = pd.DataFrame.from_dict(SPLIT, orient="index").reindex(d.loc[whole, "kind"]).to_numpy()
    some, is_primary = d[whole], primary[whole]
    school = [some["school_code"], some["year"]]
    enrolment = np.column_stack(
        [
            some["students"].where(is_primary, 0).groupby(school).transform("sum"),
            some["students"].where(~is_primary, 0).groupby(school).transform("sum"),
            some["students_senior"].fillna(0),
        ]
    )
    own = np.where(is_primary, w[:, 0] * enrolment[:, 0], w[:, 1] * enrolment[:, 1])
    with np.errstate(invalid="ignore"):
        share[whole] = own / (w * enrolment).sum(axis=1)
    small = (d["kind"] == "teaching_point") & (students < 50)
    counted = (students > 0) & (d["included"] != "否") & ~small & ~d["kind"].isin(["special", "vocational"])
    n, share, primary = students[counted], share[counted], primary[counted]
    values, met, floor = {}, 0, True
    for name, (column, factor, divided, at_primary, at_junior) in LAW.items():
        amount = d.loc[counted, column]
        value = factor * (amount * share if divided else amount) / n
        # a hair of tolerance, or 5.8 m2 a student fails where 5.8 is asked
        wanted = np.where(primary, at_primary, at_junior) * (1 - 1e-12)
        values[name] = value
        met = met + (value >= wanted)
        floor = floor & (value >= 0.85 * wanted)
    return pd.DataFrame(values), (met >= 6) & floor


def pandas_agg(d: pd.DataFrame) -> Answer:
    """pandas: two passes of grouped sums over one set of codes."""
    values, complies = _school_by_school(d)
    rows = d.loc[values.index]
    grouped = rows.groupby(COUNTY)
    codes = grouped.ngroup().to_numpy()
    index = grouped.size().index
    w = rows["students"]
    total = w.groupby(codes).sum().to_numpy()[:, None]
    mean = values.mul(w, axis=0).groupby(codes).sum().to_numpy() / total
    dev = values.to_numpy() - mean[codes]
    square = pd.DataFrame(dev * dev * w.to_numpy()[:, None]).groupby(codes).sum().to_numpy() / total
    return Answer(pd.DataFrame(np.sqrt(square) / np.abs(mean), index=index, columns=NAMES), complies)


def pandas_apply(d: pd.DataFrame) -> Answer:
    """pandas: school by school as above, the coefficients by ``groupby.apply``."""
    values, complies = _school_by_school(d)
    rows = d.loc[values.index]

    def coefficients(group: pd.DataFrame) -> pd.Series:
        w = rows.loc[group.index, "students"]
        w = w / w.sum()
        mean = group.mul(w, axis=0).sum()
        return np.sqrt(((group - mean) ** 2).mul(w, axis=0).sum()) / mean.abs()

    return Answer(values.groupby([rows[c] for c in COUNTY]).apply(coefficients), complies)


# -------------------------------------------------------------------------------------- the contest


class Contestant(NamedTuple):
    """A line of the table."""

    label: str
    run: Callable[[Any], Any]
    answer: Callable[[Any], Answer] | None
    sizes: tuple[str, ...] = ("province", "nation", "decade")
    needs: str | None = None


CONTESTANTS = {
    "read": Contestant("one read of the 9 number columns (floor)", one_read, None),
    "evaluate": Contestant("jh.evaluate", junheng_evaluate, junheng_answer),
    "frames": Contestant("jh.evaluate + .indicators + .school_verdicts", junheng_frames, junheng_answer),
    "polars": Contestant("jh.evaluate, a polars frame", junheng_evaluate, junheng_answer, needs="polars"),
    "pandas-agg": Contestant("by hand, pandas grouped sums", pandas_agg, lambda a: a),
    "pandas-apply": Contestant("by hand, pandas groupby.apply", pandas_apply, lambda a: a, sizes=("province",)),
}


def form(key: str, d: pd.DataFrame) -> Any:
    """Bring the schools to the form a contestant takes."""
    if key != "polars":
        return d
    return pl.DataFrame({c: d[c].to_numpy() if d[c].dtype.kind in "if" else d[c].to_list() for c in d.columns})


def difference(got: Answer, wanted: Answer) -> float:
    """Return the largest relative difference of coefficients; infinite where a verdict or a gap differs."""
    index = wanted.coefficients.index
    if len(got.coefficients) != len(index):
        return float("inf")
    a, b = got.coefficients.reindex(index).to_numpy(), wanted.coefficients.to_numpy()
    same_gaps = np.array_equal(np.isnan(a), np.isnan(b))
    complies = got.complies.sort_index()
    if not same_gaps or not complies.equals(wanted.complies.sort_index()):
        return float("inf")
    with np.errstate(invalid="ignore"):
        return float(np.nanmax(np.abs(a - b) / np.maximum(np.abs(b), 1e-300), initial=0.0))


def plain(answer: Answer) -> Answer:
    """Bring keys to text and verdicts to one form, so that answers can be compared."""
    c = answer.coefficients.copy()
    c.index = pd.MultiIndex.from_tuples([tuple(map(str, key)) for key in c.index], names=COUNTY)
    c.columns = [str(name) for name in c.columns]
    s = answer.complies
    return Answer(c[NAMES].sort_index(), pd.Series(s.to_numpy(dtype=bool), index=s.index.to_numpy(dtype=np.int64)))
