"""Decomposition of inequality between and within groups, level by level."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from attrs import evolve

from junheng._arrays import Column, Columns, Floats, Groups, Ints, Labels, Weights, grouped_moments
from junheng._frames import factorize_labels
from junheng.errors import InputError
from junheng.indicators._grouped import Sample, check_choice, check_number, entropy_sums, read_sample
from junheng.indicators.by_name import KERNELS
from junheng.indicators.inequality import gini_sums
from junheng.indicators.shapley import shapley
from junheng.words import Quoted, listed, message

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["decompose"]

#: Powers of the relative mean of a group in the weight of its inequality.
_POWER = {"theil_l": 0.0, "theil_t": 1.0, "ge2": 2.0, "cv2": 2.0}
MEASURES = (*_POWER, "generalized_entropy", "variance", "gini")


def decompose(
    values: Column | Columns,
    *,
    weights: Weights,
    by: Labels,
    measure: Literal["theil_t", "theil_l", "ge2", "cv2", "generalized_entropy", "variance", "gini"] = "theil_t",
    order: Literal["nested", "shapley"] = "nested",
    alpha: float = 2.0,
) -> pd.DataFrame:
    r"""Split an inequality into parts between and within groups, for any number of levels at once.

    .. math:: I = I(\bar X_1, \ldots, \bar X_m) + \sum_g p_g \left(\bar X_g / \bar X\right)^{\alpha} I_g

    the first part between, the second within,
    with p the share of the weight and alpha 1 for Theil T, 0 for Theil L, 2 for GE(2) and the squared difference
    coefficient: exact. So is the variance, whose parts within are :math:`p_g S_g^2`. The Gini coefficient leaves a
    third part, the overlap of the ranges of the groups:
    :math:`G = G_{between} + \sum_g p_g s_g G_g + R`, s the share of the whole.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student. Not negative (``cv2``, ``variance``: any; ``theil_l`` and alpha of
        0 or less: positive).
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    by : (schools,) array-like, or a list, mapping or frame of such
        The partition, or several as columns, **coarsest first**: ``{"city": …, "county": …}``. A level combines all
        columns up to it, so counties of the same name in two cities stay apart. Columns may cross, such as county and
        urban/rural: the second level is then urban and rural within each county.
    measure : {"theil_t", "theil_l", "ge2", "cv2", "generalized_entropy", "variance", "gini"}
        Measure to split. ``cv2`` is the square of :func:`difference_coefficient`, ``variance`` that of
        :func:`weighted_std`. Other measures do not split into parts that add up.
    order : {"nested", "shapley"}
        How ``added`` is attributed to the columns: in the given order, each adding to those before it; or averaged over
        all orders (Shapley value), for crossing columns without a natural order. At most 10 columns.
    alpha : float
        Degree of ``"generalized_entropy"``, from -1000 to 1000.

    Returns
    -------
    pandas.DataFrame, or a frame of polars or pyarrow if these came in
        One row per level and a last one, ``school``, in which every school is its own group (for 2-D values, these rows
        for every ``indicator``):

        ``measure``, ``level``, ``groups``
            Number of groups of the level with nonzero weight.
        ``between``, ``within``, ``overlap``
            The total split by the groups of this level alone; they sum to ``total``. ``overlap`` is 0 except for Gini.
            With ``order="shapley"`` a level is its column alone.
        ``added``
            What the level adds: in nested order, the increase of ``between`` over the level above. The column sums to
            ``total``. For Gini, which has overlap, this is not "inequality within the level above".
        ``share``
            ``added`` over ``total``: how much of the inequality arises at this level. NaN if there is no inequality.

        All figures are NaN if the measure is undefined: a value with nonzero weight is missing, infinite or of the
        wrong sign, or weights or values sum to 0. Schools of weight 0 are ignored.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights or a missing group label, if ``measure`` or ``order``
        is unknown, or if the measure does not split.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Theil (1967), Economics and Information Theory. Shorrocks (1980), The class of additively decomposable inequality
    measures, Econometrica 48. Lambert and Aronson (1993), Inequality decomposition analysis and the Gini coefficient
    revisited, The Economic Journal 103. Shorrocks (2013), Decomposition procedures for distributional analysis: a
    unified framework based on the Shapley value, Journal of Economic Inequality 11.

    Examples
    --------
    >>> import junheng as jh
    >>> area = [2.0, 4.0, 6.0, 4.0, 8.0]
    >>> parts = jh.decompose(area, weights=None, by={"county": ["A", "A", "B", "B", "B"]}, measure="cv2")
    >>> parts[["level", "groups", "between", "within", "total", "added", "share"]].round(4)
        level  groups  between  within   total   added   share
    0  county       2   0.0938  0.0868  0.1806  0.0938  0.5192
    1  school       5   0.1806  0.0000  0.1806  0.0868  0.4808
    """
    _check_measure(measure)
    degree = check_number(alpha, "alpha", -1e3, 1e3)
    check_choice(order, "order", ("nested", "shapley"))
    if by is None:
        raise InputError(message("arithmetic.no_groups"))
    sample = read_sample(values, weights, by)  # all checks
    names, codes = _factors(by)
    if order == "shapley" and len(names) > 10:
        raise InputError(message("arithmetic.too_many_columns", columns=len(names)))
    split = _Split(sample, measure, _POWER.get(measure, degree), codes)
    if order == "nested":
        sets = [tuple(range(i + 1)) for i in range(len(names))]
        parts = [split.of(s) for s in sets]
        added = np.diff([np.zeros(split.k), *(between for between, _, _ in parts), split.total], axis=0)
    else:
        sets = [(i,) for i in range(len(names))]
        parts = [split.of(s) for s in sets]
        added = shapley(lambda s: split.of(s)[0], len(names))
        added = np.vstack([added, split.total - split.of(tuple(range(len(names))))[0]])
    between = np.array([*(b for b, _, _ in parts), split.total]) * split.kept
    within = np.array([*(w for _, w, _ in parts), np.zeros(split.k)]) * split.kept
    total = np.broadcast_to(split.total * split.kept, between.shape)
    added = added * split.kept
    overlap = total - between - within if measure == "gini" else total * 0.0
    counts = np.array([*(n for _, _, n in parts), int(sample.present().sum())])
    levels = len(names) + 1
    frame: dict[str, Any] = {"measure": [measure] * (levels * split.k)}
    if not sample.flat:
        frame["indicator"] = sample.indicator_column(np.repeat(np.arange(split.k), levels))
    frame |= {"level": [*names, "school"] * split.k, "groups": np.tile(counts, split.k)}
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total > 0, added / total, np.nan)
    figures = {"between": between, "within": within, "overlap": overlap, "total": total, "added": added, "share": share}
    return sample.frame(frame | {n: a.T.reshape(-1) for n, a in figures.items()})


def _check_measure(measure: str) -> None:
    """Raise an error for a measure that does not split, or is unknown."""
    if measure in MEASURES:
        return
    if measure in KERNELS:
        choices = listed(MEASURES)
        raise InputError(message("arithmetic.not_decomposable", measure=measure, choices=choices))
    raise InputError(message("arithmetic.one_of", name="measure", choices=MEASURES, value=Quoted(measure)))


def _factors(by: Any) -> tuple[list[str], list[Ints]]:
    """Return the names and codes of the columns of ``by``."""
    codes, index = factorize_labels(by)
    labels: Any = index
    if type(labels).__name__ != "MultiIndex":
        return ["group" if labels.name is None else str(labels.name)], [codes]
    names = [f"group_{i + 1}" if n is None else str(n) for i, n in enumerate(labels.names)]
    return names, [labels.codes[i][codes].astype(np.int64) for i in range(labels.nlevels)]


class _Split:
    """One inequality of one table, split by any set of columns; results are cached."""

    def __init__(self, sample: Sample, measure: str, power: float, codes: list[Ints]) -> None:
        present = np.flatnonzero(sample.present())
        self.columns = [np.asarray(c[present]) for c in sample.columns]
        self.weights = sample.weights_in_range()[present]
        self.sample = evolve(sample, groups=Groups.single(present.size))
        self.codes = [c[present] for c in codes]
        self.measure, self.power = measure, power
        self.k = len(sample.columns)
        self.done: dict[tuple[int, ...], tuple[Floats, Floats, int]] = {}
        everyone = Groups.single(present.size)
        none = np.full(self.k, np.nan)
        whole = grouped_moments(self.columns, self.weights, everyone)
        self.mean = whole.mean[0] if everyone.n else none
        self.weight = float(self.weights.sum())
        self.total = self._inequality(self.columns, self.weights, everyone)[0] if everyone.n else none
        # what parts are multiplied by: NaN if the whole is undefined (also where its parts are not), 0 if all values
        # are equal (the rest is rounding), otherwise 1
        equal = [bool(c.size) and bool(c.min() == c.max()) for c in self.columns]
        self.kept: Floats = np.where(equal, 0.0, 1.0) + 0.0 * self.total

    def of(self, chosen: tuple[int, ...]) -> tuple[Floats, Floats, int]:
        """Return between, within (without overlap) and the number of groups, for groups made by some columns."""
        if chosen not in self.done:
            self.done[chosen] = self._of(chosen)
        return self.done[chosen]

    def _of(self, chosen: Iterable[int]) -> tuple[Floats, Floats, int]:
        if not self.weights.size:
            return self.total, self.total, 0
        codes, n = factorize_codes([self.codes[i] for i in chosen])
        groups = Groups.from_codes(codes, n)
        moments = grouped_moments(self.columns, self.weights, groups)
        weight = np.bincount(codes, weights=self.weights, minlength=n).astype(np.float64, copy=False)
        means = [moments.mean[:, j] for j in range(self.k)]
        between = self._inequality(means, weight, Groups.single(n))[0]
        with np.errstate(all="ignore"):  # beyond floats the whole is undefined, too
            p = (weight / self.weight)[:, np.newaxis]
            relative = moments.mean / self.mean
            if self.measure in ("cv2", "variance"):  # without the mean of the group, which may be 0
                part = p * (moments.std / (self.mean if self.measure == "cv2" else 1.0)) ** 2
            else:
                share = p * p * relative if self.measure == "gini" else p * relative**self.power
                part = share * self._inequality(self.columns, self.weights, groups)
        # a group in which every value is 0 has no inequality within
        part[(moments.mean == 0) & (moments.std == 0)] = 0.0
        return between, part.sum(axis=0) + 0.0 * self.total, n

    def _inequality(self, columns: list[Any], weights: Floats, groups: Groups) -> Floats:
        """Inequality in each group."""
        if self.measure == "gini":
            return gini_sums(columns, weights, groups)
        if self.measure not in ("cv2", "variance"):
            out = entropy_sums(columns, weights, groups, self.power)
            out[np.isinf(out)] = np.nan
            return out
        moments = grouped_moments(columns, weights, groups)
        if self.measure == "variance":
            return np.asarray(moments.std**2)
        with np.errstate(divide="ignore", invalid="ignore"):
            squared: Floats = (moments.std / moments.mean) ** 2
        squared[moments.mean == 0] = np.nan
        return squared


def factorize_codes(parts: list[Ints]) -> tuple[Ints, int]:
    """Return dense codes of the combinations of several columns, and their number."""
    codes = parts[0]
    for more in parts[1:]:
        _, codes = np.unique(codes * (int(more.max(initial=0)) + 1) + more, return_inverse=True)
    found, dense = np.unique(codes, return_inverse=True)
    return dense.astype(np.int64, copy=False), found.size
