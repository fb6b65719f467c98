"""Uncertainty of a measure: influence of single schools, bootstrap intervals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from junheng._arrays import (
    Column,
    Columns,
    Floats,
    Groups,
    Ints,
    Labels,
    Weights,
    grouped_moments,
)
from junheng._deprecated import renamed
from junheng._progress import Progress, reporting
from junheng.errors import InputError
from junheng.indicators._grouped import Kernel, Sample, check_choice, check_number, label_columns, read_sample
from junheng.indicators.by_name import kernel_by_name
from junheng.indicators.dispersion import coefficients
from junheng.indicators.leaving_out import with_and_without
from junheng.words import message

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["bootstrap_interval", "influence"]

#: Numbers held at once while resampling: 64 MB.
_CELLS = 8_000_000
#: Resampled figures of a column processed at a time, to fit the cache.
_HOT = 65_536
#: Multiplications in one matrix product at most. Beyond 2^18 OpenBLAS starts threads, which on a busy machine wait for
#: each other ten times longer than they work; a stack of small products is as fast on one core as a large one.
_PRODUCT = 262_144


def influence(
    values: Column | Columns,
    *,
    weights: Weights,
    by: Labels | None = None,
    measure: str = "difference_coefficient",
    **options: Any,
) -> Floats:
    r"""Influence of each school on a measure: the measure without it minus that with it.

    .. math:: I_i = M_{(-i)} - M

    For the difference coefficient, all schools are computed in one pass:

    .. math:: \bar X_{(-i)} = \bar X - \frac{P_i d_i}{P_N - P_i}, \qquad
        Q_{(-i)} = Q - \frac{P_N}{P_N - P_i} P_i d_i^2

    with :math:`d_i = X_i - \bar X` and Q the weighted sum of squares; a sum is recomputed only if almost nothing is
    left of it. Negative: without this school the county would be more equal. The Gini coefficient is computed for all
    schools from one sort. Other measures are computed anew without each school, which takes time with the square of the
    number of schools of a group.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county.
    measure : str
        Name of the function: any that gives one number per group, such as ``"gini"`` or ``"mcloone_index"``.
    options : any
        Other arguments of that function, such as ``epsilon=1`` or ``order=income``.

    Returns
    -------
    ndarray
        In the shape of ``values``, in the order of the rows. NaN if the measure is undefined with or without the
        school: the only school in its group, or the only one that has anything. A school of weight
        0 gets 0 where the measure is defined.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights, or a missing group label, or if the measure or an
        option is unknown.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, on the jackknife.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.influence([1.0, 3.0, 3.0], weights=[50, 50, 50]).round(4)
    array([-0.4041,  0.0959,  0.0959])
    >>> jh.influence([1.0, 3.0, 4.0], weights=None, measure="mcloone_index").round(4)
    array([0.3333, 0.3333, 0.3333])
    """
    sample = read_sample(values, weights, by)
    kernel = kernel_by_name(sample, measure, options)
    whole, without = with_and_without(sample, measure, kernel)
    out = []
    present = sample.present()
    for j in range(len(sample.columns)):
        here = whole[sample.groups.codes, j]
        out.append(np.where(present, without[:, j] - here, 0.0 * here))
    return sample.give_rows(out)


# --------------------------------------------------------------------------------------------- bootstrap


@renamed(rng="seed", statistic="measure")
def bootstrap_interval(
    values: Column | Columns,
    *,
    weights: Weights,
    by: Labels | None = None,
    measure: str = "difference_coefficient",
    level: float = 0.95,
    resamples: int = 1000,
    method: Literal["percentile", "bca"] = "percentile",
    seed: int | np.random.Generator = 0,
    progress: Progress = None,
    **options: Any,
) -> pd.DataFrame:
    r"""Bootstrap intervals of the difference coefficient, or of another measure, for all groups at once.

    Schools are drawn with replacement within their group, with their values and weights, as many as there are. For the
    difference coefficient:

    .. math:: CV^* = \frac{\sqrt{M_2 - M_1^2}}{1 + M_1}, \qquad
        M_r = \frac{\sum_i c_i P_i d_i^r}{\sum_i c_i P_i}, \qquad d_i = \frac{X_i}{\bar X} - 1

    with c the number of times a school was drawn. Other measures are computed with the weights :math:`c_i P_i`. Groups
    of the same size share their draws, so intervals of different groups are not independent; each interval is valid on
    its own.

    **Interpretation for a full count.** The table has all schools; nothing was sampled, and the coefficient is not an
    estimate. The interval shows how much the coefficient depends on which schools are present. It is not a margin of
    error of the verdict; for errors in the return, see :func:`tipping_error`.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.
    measure : str
        Name of the function: any that gives one number per group, such as ``"gini"``; or ``"composite"``, the mean of
        the difference coefficients of all columns, resampled together.
    level : float
        Nominal coverage, between 0 and 1.
    resamples : int
        Number of draws, at least 2. 1000 is enough for 95 % percentile limits.
    method : {"percentile", "bca"}
        Quantiles of the resampled figures, or the same corrected for bias and acceleration (jackknife): more accurate
        and slower.
    seed : int or numpy.random.Generator
        Seed, or a generator, which is advanced. The same seed gives the same limits.
    progress : bool or callable, optional
        Default: a progress bar on a terminal if tqdm is installed (the extra ``progress``). ``False``: none. A function
        is called with the schools done and the total.
    options : any
        Other arguments of the function named by ``measure``, such as ``epsilon=1`` or ``order=income``.

    Returns
    -------
    pandas.DataFrame, or a frame of polars or pyarrow if these came in
        One row per group (and ``indicator``, for 2-D values, but for the composite): the group labels (column ``group``
        if ``by`` has no name), ``estimate``, ``low``, ``high``, ``standard_error`` and ``schools`` (those with nonzero
        weight). NaN if the measure is undefined. Limits and error are NaN for a single school and if the measure of a
        draw is undefined (no amount at all); ``bca`` limits also if all schools are equal or if removing one leaves
        nothing. Schools of weight 0 are ignored.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights or a missing group label, or if an argument is outside
        its range.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Efron (1987), Better bootstrap confidence intervals, Journal of the American Statistical Association 82. Efron and
    Tibshirani (1993), An Introduction to the Bootstrap.

    Examples
    --------
    >>> import junheng as jh
    >>> students = [45, 37, 89, 76, 55]
    >>> books = jh.per_student([279, 137, 935, 160, 402], students)
    >>> jh.bootstrap_interval(books, weights=students, seed=0)[["estimate", "schools"]].round(4)
       estimate  schools
    0    0.5153        5
    """
    coverage = _check_bootstrap(level, resamples, method)
    generator = _generator(seed)
    sample = read_sample(values, weights, by)
    composite = measure == "composite"
    if composite and (sample.flat or not sample.columns):
        raise InputError(message("arithmetic.composite_shape"))
    name = "difference_coefficient" if composite else measure
    kernel = kernel_by_name(sample, name, options)
    jack = None
    if method == "bca" and sample.columns:
        whole, without = with_and_without(sample, name, kernel)
        jack = _joined(without, composite)
    else:
        whole = kernel(sample.columns, sample.weights, sample.groups)
    estimate = _joined(whole, composite)
    draws: _Draws = _Coefficients(sample) if name == "difference_coefficient" else _Draws(sample, kernel)
    low, high, error = (np.full(estimate.shape, np.nan) for _ in range(3))
    tail = (1 - coverage) / 2
    layout = _Layout(sample)
    done = 0
    with (
        np.errstate(divide="ignore", invalid="ignore"),
        reporting(layout.rows.size, "resampling", progress) as report,
    ):
        for which, rows, drawn in _resampled(draws, layout, int(resamples), generator, composite):
            error[which] = _deviation(drawn, estimate[which])
            if jack is None:
                low[which], high[which] = _percentiles(drawn, tail)
            else:
                low[which], high[which] = _bca(drawn, estimate[which], jack[rows], tail)
            done += rows.size
            report(done)
    undefined = np.isnan(estimate)
    for a in (low, high, error):
        a[undefined] = np.nan
    k = estimate.shape[1]
    head = label_columns(sample.labels, np.repeat(np.arange(sample.groups.n), k))
    if not sample.flat and not composite:
        head["indicator"] = sample.indicator_column(np.tile(np.arange(k), sample.groups.n))
    figures = {"estimate": estimate, "low": low, "high": high, "standard_error": error}
    data = {name: a.reshape(-1) for name, a in figures.items()}
    return sample.frame(head | data | {"schools": np.repeat(layout.sizes, k)})


def _check_bootstrap(level: Any, resamples: Any, method: str) -> float:
    """Return the nominal coverage; raise an error for invalid arguments."""
    check_choice(method, "method", ("percentile", "bca"))
    coverage = check_number(level, "level", 0.0, 1.0, open_low=True)
    if coverage == 1.0:
        raise InputError(message("arithmetic.level"))
    if isinstance(resamples, bool) or not isinstance(resamples, (int, np.integer)) or resamples < 2:
        raise InputError(message("arithmetic.resamples", value=repr(resamples)))
    return coverage


def _joined(coefficients: Floats, composite: bool) -> Floats:
    """Return the coefficients of each row, or their mean in one column."""
    return np.asarray(coefficients.mean(axis=1, keepdims=True) if composite else coefficients)


def _generator(seed: Any) -> np.random.Generator:
    if isinstance(seed, np.random.Generator):
        return seed
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise InputError(message("arithmetic.seed", value=repr(seed)))
    return np.random.default_rng(int(seed))


class _Layout:
    """Rows with nonzero weight in group order, and their number per group."""

    def __init__(self, sample: Sample) -> None:
        groups = sample.groups
        order = np.arange(sample.rows) if groups.order is None else groups.order
        self.rows: Ints = order[sample.present()[order]]
        self.sizes: Ints = np.bincount(groups.codes[self.rows], minlength=groups.n)
        self.starts: Ints = np.cumsum(self.sizes) - self.sizes


class _Draws:
    """A measure of resampled groups."""

    def __init__(self, sample: Sample, kernel: Kernel) -> None:
        self.sample = sample
        self.kernel = kernel
        self.weights = sample.weights_in_range()

    def compute(self, which: Ints, rows: Ints, counts: Floats, out: Floats) -> None:
        """Write the measure of every resample to ``out`` (g, columns, resamples).

        ``which`` are the groups and ``rows`` (g, n) their schools; ``counts`` are those of :func:`_counts`.
        """
        n, resamples = rows.shape[1], out.shape[2]
        drawn = counts.transpose(0, 2, 1).reshape(-1, n)[:resamples]
        step = max(1, _CELLS // 8 // (n * which.size))
        for first in range(0, resamples, step):
            c = drawn[first : first + step]
            shape = (which.size, len(c), n)
            each = np.broadcast_to(rows[:, np.newaxis], shape).reshape(-1)
            weights = (self.weights[rows][:, np.newaxis] * c).reshape(-1)
            copies = Groups.from_codes(np.repeat(np.arange(shape[0] * shape[1]), n), shape[0] * shape[1])
            found = self.kernel([np.asarray(x)[each] for x in self.sample.columns], weights, copies, each)
            out[:, :, first : first + step] = found.reshape(*shape[:2], -1).transpose(0, 2, 1)


class _Coefficients(_Draws):
    """The difference coefficient of resampled groups, by one product of matrices for all resamples."""

    def __init__(self, sample: Sample) -> None:
        super().__init__(sample, Kernel(coefficients))
        self.mean = grouped_moments(sample.columns, sample.weights, sample.groups).mean

    def compute(self, which: Ints, rows: Ints, counts: Floats, out: Floats) -> None:
        """Write the coefficients of every resample to ``out``; their mean if it has one column."""
        with np.errstate(over="ignore", invalid="ignore"):  # a value beyond floats of its mean has no coefficient
            _coefficients(self.sample.columns, self.weights[rows], self.mean[which], rows, counts, out)


def _resampled(
    draws: _Draws, layout: _Layout, resamples: int, rng: np.random.Generator, composite: bool
) -> Iterator[tuple[Ints, Ints, Floats]]:
    """Yield groups of one size, their rows (g, n), and their resampled measures (g, columns, resamples).

    One matrix of counts serves all groups of a size; the sums of all are its product with their weighted values.
    """
    k = len(draws.sample.columns)
    for n in np.unique(layout.sizes[layout.sizes > 1]).tolist() if k else ():
        alike = np.flatnonzero(layout.sizes == n)
        slab = max(1, _CELLS // n)
        # large sizes have few groups, small sizes small counts: one of the two fits in memory
        together = max(1, min(_HOT // resamples, _CELLS // (resamples * k))) if resamples <= slab else alike.size
        width = min(resamples, slab, max(1, _PRODUCT // (n * min(together, alike.size))))
        counts = _counts(rng, n, resamples, width) if resamples <= slab else None
        for first in range(0, alike.size, together):
            which = alike[first : first + together]
            rows = layout.rows[layout.starts[which][:, np.newaxis] + np.arange(n)]
            drawn = np.empty((which.size, 1 if composite else k, resamples))
            for begin in range(0, resamples, slab):
                part = drawn[:, :, begin : begin + slab]
                c = _counts(rng, n, part.shape[2], width) if counts is None else counts
                draws.compute(which, rows, c, part)
            yield which, rows, drawn


def _counts(rng: np.random.Generator, n: int, resamples: int, width: int) -> Floats:
    """Return how often each of n schools is drawn: (slices, n, width), one column per resample, padded at the end."""
    draws = rng.integers(0, n, size=(resamples, n))
    draws += n * np.arange(resamples)[:, np.newaxis]
    slices = -(-resamples // width)
    counts = np.ones((slices * width, n))
    counts[:resamples] = np.bincount(draws.reshape(-1), minlength=resamples * n).reshape(resamples, n)
    return counts.reshape(slices, width, n).transpose(0, 2, 1)


def _coefficients(columns: list[Any], w: Floats, mean: Floats, rows: Ints, counts: Floats, out: Floats) -> None:
    """Write the coefficients (g, columns, resamples) of every resample to ``out``; their mean if it has one column."""
    shape = (counts.shape[0], w.shape[0], counts.shape[2])
    weight, m1, m2, t = (np.empty(shape) for _ in range(4))  # allocated once: allocation costs as much as the products
    noise = np.empty(shape, dtype=bool)
    np.matmul(w, counts, out=weight)
    composite = out.shape[1] == 1 and len(columns) > 1
    for j, column in enumerate(columns):
        d = np.asarray(column[rows]) / mean[:, j, np.newaxis]
        d -= 1.0
        wd = w * d
        np.matmul(wd, counts, out=m1)
        wd *= d
        np.matmul(wd, counts, out=m2)
        m2 *= weight
        np.multiply(m1, m1, out=t)
        np.subtract(m2, t, out=t)
        m2 *= 1e-13
        np.less(t, m2, out=noise)
        if noise.any():  # all draws are equal: only rounding error is left
            t[noise] = 0.0
        np.sqrt(t, out=t)
        m1 += weight
        if not d.min() > -1:  # only values of 0 or less can give a mean of 0
            np.abs(m1, out=m1)
            m1[m1 < 1e-13 * weight] = np.nan
        t /= m1
        cv = t.transpose(1, 0, 2).reshape(w.shape[0], -1)[:, : out.shape[2]]
        if composite and j:
            out[:, 0] += cv
        else:
            out[:, 0 if composite else j] = cv
    if composite:
        out /= len(columns)


def _deviation(drawn: Floats, near: Floats) -> Floats:
    """Return the standard deviation over the resamples, about a figure near their mean so that one pass will do."""
    d = drawn - near[:, :, np.newaxis]
    n = drawn.shape[2]
    mean = d.mean(axis=2)
    square = np.einsum("gkr,gkr->gk", d, d)
    with np.errstate(over="ignore"):
        of_mean = n * mean * mean
    square[~np.isfinite(of_mean)] = np.nan  # beyond floats there is none
    of_mean[~np.isfinite(of_mean)] = 0.0
    out: Floats = np.sqrt(np.maximum(square - of_mean, 0.0) / (n - 1))
    return out


def _percentiles(drawn: Floats, tail: float) -> tuple[Floats, Floats]:
    """Return the quantiles of both tails, linear between neighbours; ``drawn`` is sorted in place."""
    drawn.sort(axis=2)  # for short rows, sorting is faster than partitioning at four positions
    n = drawn.shape[2]
    undefined = np.isnan(drawn[:, :, -1])
    out = []
    for share in (tail, 1 - tail):
        place = share * (n - 1)
        b = int(place)
        lower, upper = drawn[:, :, b], drawn[:, :, min(b + 1, n - 1)]
        out.append(np.where(undefined, np.nan, lower + (place - b) * (upper - lower)))
    return out[0], out[1]


def _bca(drawn: Floats, estimate: Floats, jack: Floats, tail: float) -> tuple[Floats, Floats]:
    """Return limits corrected for bias and acceleration; ``jack`` is (g, n, columns)."""
    from scipy.special import ndtr, ndtri

    deviation = jack.mean(axis=1, keepdims=True) - jack
    acceleration = (deviation**3).sum(axis=1) / (6 * (deviation**2).sum(axis=1) ** 1.5)
    at = estimate[:, :, np.newaxis]
    below = ((drawn < at).mean(axis=2) + (drawn <= at).mean(axis=2)) / 2
    bias = ndtri(below)
    drawn.sort(axis=2)
    n = drawn.shape[2]
    out = []
    for z in (ndtri(tail), ndtri(1 - tail)):
        place = (n - 1) * ndtr(bias + (bias + z) / (1 - acceleration * (bias + z)))
        undefined = ~(np.isfinite(bias) & np.isfinite(place)) | np.isnan(drawn[:, :, -1])
        place[undefined] = 0.0
        b = place.astype(np.int64)
        lower = np.take_along_axis(drawn, b[:, :, np.newaxis], axis=2)[:, :, 0]
        upper = np.take_along_axis(drawn, np.minimum(b + 1, n - 1)[:, :, np.newaxis], axis=2)[:, :, 0]
        limit = lower + (place - b) * (upper - lower)
        limit[undefined] = np.nan
        out.append(limit)
    return out[0], out[1]
