"""``jh.evaluate`` under cn-quality-balance-2017 against code written by hand for that one standard.

The hand-written contestants know the law by heart: constants below, no checks, no reasons, no clauses, clean data
only. "The same numbers" are, for every school that counts, the values of 7 indicators, their verdicts and their
verdicts against the floor, and the verdict on the school; for every county and stage 7 coefficients and whether each
is within its limit. ``jh.evaluate`` has all of them, and the county's, when it returns. The shorter hand-written
queries give the coefficients and the verdict on every school only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import attrs
import numpy as np
import pandas as pd

import junheng as jh

try:
    import polars as pl
except ImportError:
    pl = None  # type: ignore[assignment]

_LAW = jh.load_standard("cn-quality-balance-2017")
#: The resources of the law. Its other items are judged by ``evaluate`` too, but the queries here know nothing of them.
STANDARD = attrs.evolve(_LAW, items=tuple(i for i in _LAW.items if i.rule != "conditions"), relaxations=(), doubts=())
#: Counties and years of junheng.synthetic.nation; 155 counties make about 12 000 rows.
SIZES = {"county": (1, 1), "province": (155, 1), "nation": (2850, 1), "decade": (2850, 10)}

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


#: Limits of the coefficients in the primary and the junior stage.
LIMITS = {"primary": 0.50, "junior": 0.45}


class Answer(NamedTuple):
    """Coefficients by county, year and stage; the verdict on each row that counts; and, where asked for, the rest.

    ``cells`` has a row for each row that counts: values, then verdicts, then floors (1 or 0) of every indicator;
    ``within`` a row for each county, year and stage.
    """

    coefficients: pd.DataFrame
    complies: pd.Series
    cells: pd.DataFrame | None = None
    within: pd.DataFrame | None = None


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


def junheng_whole_answer(ev: jh.Evaluation) -> Answer:
    """The same with everything the long hand-written queries give, from the arrays behind the evaluation."""
    short, d = junheng_answer(ev), ev.data
    at = d.usable
    order = [[i.id for i in d.indicators].index(name) for name in NAMES]
    parts = [d.values[order][:, at], d.verdicts[order][:, at] == 2, np.maximum(d.floors, d.verdicts)[order][:, at] == 2]
    cells = pd.DataFrame(np.concatenate(parts).astype(np.float64).T, index=d.sections.rows[at])
    frame = _as_pandas(ev.indicators)
    frame["within"] = frame["verdict"].astype(str) == "met"
    within = frame.pivot(index=COUNTY, columns="indicator", values="within")[NAMES]
    return Answer(short.coefficients, short.complies, cells, within)


def _as_pandas(frame: Any) -> pd.DataFrame:
    out = frame if isinstance(frame, pd.DataFrame) else pd.DataFrame(frame.to_dict(as_series=False))
    return out.assign(**{c: out[c].astype(str) for c in [*COUNTY, "indicator"] if c in out})


# ------------------------------------------------------------------------------------------ by hand


def _school_by_school(
    d: pd.DataFrame, mets: list[Any] | None = None, floors: list[Any] | None = None
) -> tuple[pd.DataFrame, pd.Series]:
    """Values of every row that counts, and whether the school complies; vectorised by whoever knows pandas well.

    ``mets`` and ``floors`` are filled with the verdicts of every indicator.
    """
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
        is_met, is_above = value >= wanted, value >= 0.85 * wanted
        if mets is not None and floors is not None:
            mets.append(is_met)
            floors.append(is_above)
        met = met + is_met
        floor = floor & is_above
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


def pandas_whole(d: pd.DataFrame) -> Any:
    """pandas: everything, with the verdicts of every cell and the limits."""
    mets: list[Any] = []
    floors: list[Any] = []
    values, complies = _school_by_school(d, mets, floors)
    rows = d.loc[values.index]
    grouped = rows.groupby(COUNTY)
    codes = grouped.ngroup().to_numpy()
    index = grouped.size().index
    w = rows["students"]
    total = w.groupby(codes).sum().to_numpy()[:, None]
    mean = values.mul(w, axis=0).groupby(codes).sum().to_numpy() / total
    dev = values.to_numpy() - mean[codes]
    square = pd.DataFrame(dev * dev * w.to_numpy()[:, None]).groupby(codes).sum().to_numpy() / total
    cv = pd.DataFrame(np.sqrt(square) / np.abs(mean), index=index, columns=NAMES)
    limit = np.where(index.get_level_values("stage") == "primary", LIMITS["primary"], LIMITS["junior"])
    return values, mets, floors, complies, cv, cv.to_numpy() <= limit[:, None]


def pandas_whole_answer(got: Any) -> Answer:
    """Bring the long pandas answer to the common form, outside the clock."""
    values, mets, floors, complies, cv, within = got
    cells = pd.DataFrame(np.column_stack([values.to_numpy(), *mets, *floors]).astype(np.float64), index=values.index)
    return Answer(cv, complies, cells, pd.DataFrame(within, index=cv.index, columns=NAMES))


def polars_whole(d: Any) -> Any:
    """polars: everything in two lazy queries collected together; all its threads."""
    primary = pl.col("stage") == "primary"
    students = pl.col("students")
    whole = pl.col("kind").is_in(list(SPLIT)) & (pl.col("resources_cover") == "school")
    columns = [column for column, *_ in LAW.values()]
    keep = ["row", *COUNTY, "students", *columns, "share"]
    table = d.lazy().with_row_index("row")
    some = table.filter(whole)
    school = ["school_code", "year"]
    enrolled = some.group_by(school).agg(
        students.filter(primary).sum().alias("a"), students.filter(~primary).sum().alias("b")
    )
    w = [pl.col("kind").replace_strict({k: float(v[i]) for k, v in SPLIT.items()}) for i in range(3)]
    senior = pl.col("students_senior").fill_nan(None).fill_null(0.0)
    own = pl.when(primary).then(w[0] * pl.col("a")).otherwise(w[1] * pl.col("b"))
    share = own / (w[0] * pl.col("a") + w[1] * pl.col("b") + w[2] * senior)
    small = (pl.col("kind") == "teaching_point") & (students < 50)
    counted = (students > 0) & (pl.col("included") != "否") & ~small & ~pl.col("kind").is_in(["special", "vocational"])
    schools = pl.concat(
        [
            table.filter(~whole & counted).with_columns(share=pl.lit(1.0)).select(keep),
            some.join(enrolled, on=school).filter(counted).with_columns(share=share).select(keep),
        ]
    ).with_columns(
        (factor * (pl.col(column) * pl.col("share") if divided else pl.col(column)) / students).alias(name)
        for name, (column, factor, divided, *_) in LAW.items()
    )
    wanted = {
        name: pl.when(primary).then(at_primary * (1 - 1e-12)).otherwise(at_junior * (1 - 1e-12))
        for name, (*_, at_primary, at_junior) in LAW.items()
    }
    cells = schools.select(
        "row",
        *NAMES,
        *((pl.col(name) >= wanted[name]).alias(f"met_{name}") for name in NAMES),
        *((pl.col(name) >= 0.85 * wanted[name]).alias(f"floor_{name}") for name in NAMES),
    ).with_columns(
        complies=(pl.sum_horizontal(f"met_{name}" for name in NAMES) >= 6)
        & pl.all_horizontal(f"floor_{name}" for name in NAMES)
    )
    means = schools.group_by(COUNTY).agg(
        ((pl.col(name) * students).sum() / students.sum()).alias(f"mean_{name}") for name in NAMES
    )
    squares = [
        (
            (((pl.col(name) - pl.col(f"mean_{name}")) ** 2 * students).sum() / students.sum()).sqrt()
            / pl.col(f"mean_{name}").first().abs()
        ).alias(name)
        for name in NAMES
    ]
    counties = schools.join(means, on=COUNTY).group_by(COUNTY).agg(squares)
    limit = pl.when(primary).then(LIMITS["primary"]).otherwise(LIMITS["junior"])
    counties = counties.with_columns((pl.col(name) <= limit).alias(f"within_{name}") for name in NAMES)
    return pl.collect_all([cells, counties])


def polars_whole_answer(got: Any) -> Answer:
    """Bring the polars answer to the common form, outside the clock."""
    cells, counties = got
    index = pd.MultiIndex.from_arrays([counties[c].to_list() for c in COUNTY], names=COUNTY)
    rows = cells["row"].to_numpy().astype(np.int64)
    names = [*NAMES, *(f"met_{n}" for n in NAMES), *(f"floor_{n}" for n in NAMES)]
    return Answer(
        pd.DataFrame(counties.select(NAMES).to_numpy(), index=index, columns=NAMES),
        pd.Series(cells["complies"].to_numpy(), index=rows),
        pd.DataFrame(np.column_stack([cells[n].to_numpy() for n in names]).astype(np.float64), index=rows),
        pd.DataFrame(counties.select(f"within_{n}" for n in NAMES).to_numpy(), index=index, columns=NAMES),
    )


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
    sizes: tuple[str, ...] = ("county", "province", "nation", "decade")
    needs: str | None = None


CONTESTANTS = {
    "read": Contestant("one read of the 9 number columns (floor)", one_read, None),
    "evaluate": Contestant("jh.evaluate", junheng_evaluate, junheng_whole_answer),
    "frames": Contestant("jh.evaluate + .indicators + .school_verdicts", junheng_frames, junheng_answer),
    "polars": Contestant("jh.evaluate, a polars frame", junheng_evaluate, junheng_answer, needs="polars"),
    "pandas-whole": Contestant("by hand, pandas, the same numbers", pandas_whole, pandas_whole_answer),
    "polars-whole": Contestant("by hand, polars, the same numbers", polars_whole, polars_whole_answer, needs="polars"),
    "pandas-agg": Contestant("by hand, pandas grouped sums", pandas_agg, lambda a: a),
    "pandas-apply": Contestant("by hand, pandas groupby.apply", pandas_apply, lambda a: a, sizes=("province",)),
}


def form(key: str, d: pd.DataFrame) -> Any:
    """Bring the schools to the form a contestant takes."""
    if not key.startswith("polars"):
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
    apart = [_apart(a, b)]
    if got.cells is not None and wanted.cells is not None:
        mine, theirs = got.cells.sort_index(), wanted.cells.sort_index()
        within = got.within.reindex(index).to_numpy(dtype=bool)
        k = len(NAMES)
        if (
            not mine.index.equals(theirs.index)
            or not np.array_equal(mine.iloc[:, k:].to_numpy(), theirs.iloc[:, k:].to_numpy())
            or not np.array_equal(within, wanted.within.to_numpy(dtype=bool))
        ):
            return float("inf")
        apart.append(_apart(mine.iloc[:, :k].to_numpy(), theirs.iloc[:, :k].to_numpy()))
    return max(apart)


def _apart(a: Any, b: Any) -> float:
    with np.errstate(invalid="ignore"):
        return float(np.nanmax(np.abs(a - b) / np.maximum(np.abs(b), 1e-300), initial=0.0))


def plain(answer: Answer) -> Answer:
    """Bring keys to text and verdicts to one form, so that answers can be compared."""
    c, s = answer.coefficients, answer.complies
    complies = pd.Series(s.to_numpy(dtype=bool), index=s.index.to_numpy(dtype=np.int64))
    within = None if answer.within is None else _plain_keys(answer.within)
    return Answer(_plain_keys(c), complies, answer.cells, within)


def _plain_keys(frame: pd.DataFrame) -> pd.DataFrame:
    out = frame.copy()
    out.index = pd.MultiIndex.from_tuples([tuple(map(str, key)) for key in out.index], names=COUNTY)
    out.columns = [str(name) for name in out.columns]
    return out[NAMES].sort_index()
