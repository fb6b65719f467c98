"""The difference coefficient of 15 columns over all groups: the data, and everyone who computes it.

Every contestant takes the same :class:`Data` and returns the same array: a row a group, in the sorted order of the
keys, a column an indicator. What is slow to make and not part of the question is made once, before the clock starts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

import junheng as jh
from junheng._arrays import Groups, coefficient, grouped_moments

COLUMNS = [f"v{j:02d}" for j in range(15)]


class Size(NamedTuple):
    """How many counties and school years; a county has two stages."""

    counties: int
    years: int


#: About 44 schools in a province's county and stage, 39 in the nation's, as in junheng.synthetic.
SIZES = {"county": Size(1, 1), "province": Size(136, 1), "nation": Size(2850, 1), "decade": Size(2850, 10)}
SCHOOLS = {"county": 30.0, "province": 44.0, "nation": 38.6, "decade": 38.6}


def schools_by_group(size: str, rng: np.random.Generator) -> Any:
    """Draw how many schools each group has."""
    n_groups = SIZES[size].counties * SIZES[size].years * 2
    return np.maximum(3, rng.lognormal(np.log(SCHOOLS[size]) - 0.08, 0.4, n_groups)).astype(np.int64)


def rows_of(size: str) -> int:
    """Return the number of rows of a size, without making them."""
    rng = np.random.default_rng([20171, SIZES[size].counties, SIZES[size].years])
    return int(schools_by_group(size, rng).sum())


class Data:
    """Rows of seeded figures, in group order or shuffled, in every form a contestant wants."""

    def __init__(self, size: str, *, rows_sorted: bool) -> None:
        rng = np.random.default_rng([20171, SIZES[size].counties, SIZES[size].years])
        counties, years = SIZES[size]
        n_groups = counties * years * 2
        codes = np.repeat(np.arange(n_groups), schools_by_group(size, rng))
        n = codes.size
        level = np.exp(rng.normal(0.0, 0.2, (n_groups, len(COLUMNS))))
        spread = rng.uniform(0.1, 0.6, n_groups)[codes]
        columns = []
        for j in range(len(COLUMNS)):
            x = rng.standard_normal(n)
            x *= spread
            np.exp(x, out=x)
            x *= level[codes, j]
            columns.append(x)
        students = np.rint(np.exp(rng.normal(6.3, 0.7, n))) + 10.0
        if not rows_sorted:
            order = rng.permutation(n)
            codes, students = codes[order], students[order]
            columns = [x[order] for x in columns]
        self.codes: Any = codes
        self.n_groups = n_groups
        self.students = students
        #: Column after column in memory, as data frames keep them.
        self.values = np.empty((n, len(COLUMNS)), order="F")
        for j, x in enumerate(columns):
            self.values[:, j] = x
        # the code counts county, stage, year with the year fastest: the sorted order of the keys
        self.keys = ["county", "stage", "year"] if years > 1 else ["county", "stage"]
        words = pd.array([f"{110101 + 7 * i:06d}" for i in range(counties)], dtype="str")
        frame = {
            "county": words.take(codes // (2 * years)),
            "stage": pd.array(["junior", "primary"], dtype="str").take(codes // years % 2),
        }
        if years > 1:
            frame["year"] = 2016 + codes % years
        self.labels = pd.DataFrame(frame)
        #: The keys as junheng takes them: text as it is, numbers as arrays.
        self.by = {k: self.labels[k].to_numpy() if k == "year" else self.labels[k] for k in self.keys}
        self.frame = pd.DataFrame(self.values, columns=COLUMNS, copy=False)
        self.weights = pd.Series(students, name="students")

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.codes.size)

    @property
    def megabytes(self) -> float:
        """What the figures take in memory."""
        return (self.values.nbytes + self.students.nbytes) / 1e6

    @cached_property
    def columns(self) -> list[Any]:
        """The figures, a contiguous array a column."""
        return [self.values[:, j] for j in range(len(COLUMNS))]

    @cached_property
    def row_major(self) -> Any:
        """The same figures, row after row in memory, as numpy makes 2-D arrays unless told otherwise."""
        return np.ascontiguousarray(self.values)

    @cached_property
    def table(self) -> pd.DataFrame:
        """Keys, weights and figures in one pandas frame."""
        return pd.concat([self.labels, self.weights, self.frame], axis=1)


# ------------------------------------------------------------------------------------ contestants


def one_read(d: Data) -> None:
    """Add up every number once: what just fetching the figures costs."""
    for x in d.columns:
        x.sum()
    d.students.sum()


def junheng_kernel(d: Data) -> Any:
    """junheng's kernel in plain numpy: codes are given, groups are laid out, two passes."""
    groups = Groups.from_codes(d.codes, d.n_groups)
    m = grouped_moments(d.columns, d.students, groups, compiled=False)
    return coefficient(m.mean, m.std)


def junheng_compiled(d: Data) -> Any:
    """The same compiled by numba, which is loaded before the clock starts."""
    m = grouped_moments(d.columns, d.students, Groups.from_codes(d.codes, d.n_groups), compiled=True)
    return coefficient(m.mean, m.std)


def numpy_bincount(d: Data) -> Any:
    """What one would write in numpy: two passes of ``bincount`` a column over given codes."""
    w, n = d.students, d.n_groups
    total = np.bincount(d.codes, weights=w, minlength=n)
    out = np.empty((n, len(COLUMNS)))
    for j, x in enumerate(d.columns):
        mean = np.bincount(d.codes, weights=w * x, minlength=n) / total
        dev = x - mean[d.codes]
        out[:, j] = np.sqrt(np.bincount(d.codes, weights=w * dev * dev, minlength=n) / total) / np.abs(mean)
    return out


def pandas_agg_codes(d: Data) -> Any:
    """pandas, with the group codes given: sums of weighted values, then of weighted squares about the mean."""
    return _pandas_two_pass(d.frame, d.weights, d.codes)


def _pandas_two_pass(values: pd.DataFrame, weights: pd.Series, codes: Any) -> Any:
    total = weights.groupby(codes).sum().to_numpy()[:, None]
    mean = values.mul(weights, axis=0).groupby(codes).sum().to_numpy() / total
    dev = values.to_numpy() - mean[codes]
    dev *= dev
    dev *= weights.to_numpy()[:, None]
    square = pd.DataFrame(dev, copy=False).groupby(codes).sum().to_numpy() / total
    return np.sqrt(square) / np.abs(mean)


def junheng_public(d: Data) -> Any:
    """jh.difference_coefficient on pandas frames: labels to codes, checks, kernel, a labelled frame."""
    return jh.difference_coefficient(d.frame, weights=d.weights, by=d.by).to_numpy()


def junheng_public_row_major(d: Data) -> Any:
    """The same on a row-major numpy array: its columns are strided."""
    return jh.difference_coefficient(d.row_major, weights=d.students, by=d.by).to_numpy()


def pandas_agg(d: Data) -> Any:
    """pandas from the keys: one ``ngroup`` for the codes, then sums as above."""
    return _pandas_two_pass(d.table[COLUMNS], d.table["students"], d.table.groupby(d.keys).ngroup().to_numpy())


def pandas_transform(d: Data) -> Any:
    """pandas from the keys in the usual words: ``transform("sum")`` spreads the means, ``sum`` closes."""
    grouped = d.table.groupby(d.keys)
    w = d.table["students"]
    total = grouped["students"].transform("sum")
    keys = [d.table[k] for k in d.keys]
    values = d.table[COLUMNS]
    mean = values.mul(w, axis=0).groupby(keys).transform("sum").div(total, axis=0)
    part = ((values - mean) ** 2).mul(w, axis=0).groupby(keys).sum()
    first = values.mul(w, axis=0).groupby(keys).sum()
    total = grouped["students"].sum()
    return (np.sqrt(part.div(total, axis=0)) / first.div(total, axis=0).abs()).to_numpy()


def pandas_apply(d: Data) -> Any:
    """pandas ``groupby.apply`` with a function of a group, as the formula is usually written."""

    def coefficients(group: pd.DataFrame) -> pd.Series:
        w = group["students"] / group["students"].sum()
        x = group[COLUMNS]
        mean = x.mul(w, axis=0).sum()
        return np.sqrt(((x - mean) ** 2).mul(w, axis=0).sum()) / mean.abs()

    return d.table.groupby(d.keys).apply(coefficients).to_numpy()


class Contestant(NamedTuple):
    """A line of the table."""

    label: str
    run: Callable[[Data], Any]
    sizes: tuple[str, ...] = ("county", "province", "nation", "decade")
    needs: str | None = None
    prepare: Callable[[Data], Any] = lambda d: d.columns


CONTESTANTS = {
    "read": Contestant("one read of the figures (floor)", one_read),
    "kernel": Contestant("junheng kernel, numpy, codes given", junheng_kernel),
    "compiled": Contestant("junheng kernel, numba, codes given", junheng_compiled, needs="numba"),
    "bincount": Contestant("numpy bincount, codes given", numpy_bincount),
    "pandas-codes": Contestant("pandas sums, codes given", pandas_agg_codes, sizes=("province", "nation")),
    "public": Contestant("jh.difference_coefficient(frame, by=keys)", junheng_public),
    "public-row-major": Contestant(
        "jh.difference_coefficient(row-major array, by=keys)", junheng_public_row_major, prepare=lambda d: d.row_major
    ),
    "pandas-agg": Contestant("pandas groupby sums from keys", pandas_agg, prepare=lambda d: d.table),
    "pandas-transform": Contestant(
        "pandas groupby.transform from keys", pandas_transform, ("province", "nation"), prepare=lambda d: d.table
    ),
    "pandas-apply": Contestant(
        "pandas groupby.apply from keys", pandas_apply, sizes=("province",), prepare=lambda d: d.table
    ),
}


def installed(needs: str | None) -> bool:
    """Tell whether an optional peer is there."""
    return needs is None or find_spec(needs) is not None


def by_hand(d: Data, groups: list[int]) -> Any:
    """Coefficients of a few groups with exactly rounded sums, in plain Python."""
    out = []
    for g in groups:
        at = np.flatnonzero(d.codes == g)
        w = d.students[at].tolist()
        row = []
        for x in d.columns:
            v = x[at].tolist()
            total = math.fsum(w)
            mean = math.fsum(a * b for a, b in zip(w, v, strict=True)) / total
            square = math.fsum(a * (b - mean) ** 2 for a, b in zip(w, v, strict=True)) / total
            row.append(math.sqrt(square) / abs(mean))
        out.append(row)
    return np.array(out)
