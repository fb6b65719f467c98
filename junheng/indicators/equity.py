"""International measures of equity: parity, Palma, slope and relative index of inequality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from junheng._arrays import AnyShape, Column, Columns, Floats, Groups, Ints, Labels, Vector, Weights
from junheng.indicators._grouped import (
    Kernel,
    Ranked,
    Sample,
    check_choice,
    check_flag,
    mean_of,
    measured,
    ranked_kernel,
)
from junheng.indicators.change import Kinds, means_of_sides, read_sides
from junheng.indicators.inequality import held_at_end
from junheng.indicators.quantiles import over, positions

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["palma_ratio", "parity_index", "relative_index", "slope_index"]

#: What is this small beside the mean, or the total, is 0 but for rounding.
_ROUNDING = 1e-12


@overload
def parity_index(
    values: AnyShape,
    *,
    weights: Weights,
    where: Labels,
    group: Kinds,
    reference: Kinds,
    adjusted: bool = ...,
    by: Labels | None = ...,
) -> Any: ...
@overload
def parity_index(
    values: Column,
    *,
    weights: Weights,
    where: Labels,
    group: Kinds,
    reference: Kinds,
    adjusted: bool = ...,
    by: None = ...,
) -> float: ...
@overload
def parity_index(
    values: Columns,
    *,
    weights: Weights,
    where: Labels,
    group: Kinds,
    reference: Kinds,
    adjusted: bool = ...,
    by: None = ...,
) -> Vector: ...
@overload
def parity_index(
    values: Column, *, weights: Weights, where: Labels, group: Kinds, reference: Kinds, adjusted: bool = ..., by: Labels
) -> pd.Series[float]: ...
@overload
def parity_index(
    values: Columns,
    *,
    weights: Weights,
    where: Labels,
    group: Kinds,
    reference: Kinds,
    adjusted: bool = ...,
    by: Labels,
) -> pd.DataFrame: ...
def parity_index(
    values: Any, *, weights: Any, where: Any, group: Any, reference: Any, adjusted: bool = False, by: Any = None
) -> Any:
    r"""Parity index (SDG 4.5.1): the mean of one group over that of another.

    .. math:: r = \bar X_{group} / \bar X_{reference}, \qquad
        r_{adjusted} = r \text{ if } r \le 1,\; 2 - 1 / r \text{ if } r > 1

    The group is the one likely to be worse off, such as rural schools or girls. Unadjusted, a lead counts more than a
    lag of the same size (2 against 0.5); adjusted, both are as far from 1 (1.5 and 0.5). Without ``adjusted`` the
    figure is that of :func:`gap_ratio`.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student. The means may not be negative.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    where : (schools,) array-like
        Kind of each school, such as the column ``area_type``.
    group, reference : label or list of labels
        Kinds in the numerator and in the denominator, such as ``"rural"`` and ``["city", "town"]``. Other schools are
        ignored.
    adjusted : bool
        Whether the index is made symmetric about 1.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        Dimensionless, 1 for parity; at least 0, adjusted also below 2. Shapes as in :func:`difference_coefficient`. NaN
        if a side has no students, a value with nonzero weight is missing or infinite, a mean is negative, or that of
        the reference is 0. Schools of weight 0 are ignored.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights or a missing label, if a kind does not occur or is on
        both sides, or if ``adjusted`` is not true or false.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    United Nations, metadata of SDG indicator 4.5.1. UNESCO Institute for Statistics, adjusted parity index (GPIA).

    Examples
    --------
    >>> import junheng as jh
    >>> place = ["city", "rural", "rural"]
    >>> jh.parity_index([4.0, 5.0, 5.0], weights=[50, 20, 20], where=place, group="rural", reference="city")
    1.25
    >>> jh.parity_index(
    ...     [4.0, 5.0, 5.0], weights=[50, 20, 20], where=place, group="rural", reference="city", adjusted=True
    ... )
    1.2
    """
    return measured(
        parity_index_kernel, values, weights, by, where=where, group=group, reference=reference, adjusted=adjusted
    )


def parity_index_kernel(sample: Sample, where: Any, group: Any, reference: Any, adjusted: bool = False) -> Kernel:
    """Return the kernel of :func:`parity_index`."""
    symmetric = check_flag(adjusted, "adjusted")

    def compute(columns: list[Any], weights: Floats | None, groups: Groups, sides: Ints) -> Floats:
        mine, other = means_of_sides(columns, weights, groups, sides)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            ratio = np.where((mine >= 0) & (other > 0), mine / other, np.nan)
            return np.where(ratio > 1, 2 - 1 / ratio, ratio) if symmetric else ratio

    return Kernel(compute, read_sides(sample, where, group, reference))


@overload
def palma_ratio(values: AnyShape, *, weights: Weights, by: Labels | None = ...) -> Any: ...
@overload
def palma_ratio(values: Column, *, weights: Weights, by: None = ...) -> float: ...
@overload
def palma_ratio(values: Columns, *, weights: Weights, by: None = ...) -> Vector: ...
@overload
def palma_ratio(values: Column, *, weights: Weights, by: Labels) -> pd.Series[float]: ...
@overload
def palma_ratio(values: Columns, *, weights: Weights, by: Labels) -> pd.DataFrame: ...
def palma_ratio(values: Any, *, weights: Any, by: Any = None) -> Any:
    r"""Palma ratio: what the top tenth of the students has, over what the bottom four tenths have.

    .. math:: R = \frac{S_{top}(0.1)}{S_{bottom}(0.4)}

    0.25 for equality. The middle half does not matter. A school that a boundary cuts counts on each side with part of
    its students (:func:`share_of_top`, :func:`share_of_bottom`), so the ratio does not jump.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student. Not negative.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        Dimensionless, 0.25 for equality, more otherwise; shapes as in :func:`difference_coefficient`. NaN if a value
        with nonzero weight is missing, infinite or negative, the bottom four tenths have nothing, or the weights of a
        group sum to 0. Schools of weight 0 are ignored. A single school gives 0.25.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Palma (2011), Homogeneous middles vs. heterogeneous tails, and the end of the "inverted-U", Development and Change
    42. Cobham and Sumner (2013), Is it all about the tails?, Center for Global Development, Working Paper 343.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.palma_ratio([1.0, 2.0, 5.0], weights=[40, 50, 10])
    1.25
    """
    return measured(palma_ratio_kernel, values, weights, by)


def palma_ratio_kernel(sample: Sample) -> Kernel:
    """Return the kernel of :func:`palma_ratio`."""

    def measure(s: Ranked) -> Floats:
        bottom = held_at_end(s, 2, 5, top=False)
        return over(held_at_end(s, 1, 10, top=True), np.where(bottom > _ROUNDING, bottom, 0.0))

    return ranked_kernel(measure)


@overload
def slope_index(values: AnyShape, *, weights: Weights, order: Column, by: Labels | None = ...) -> Any: ...
@overload
def slope_index(values: Column, *, weights: Weights, order: Column, by: None = ...) -> float: ...
@overload
def slope_index(values: Columns, *, weights: Weights, order: Column, by: None = ...) -> Vector: ...
@overload
def slope_index(values: Column, *, weights: Weights, order: Column, by: Labels) -> pd.Series[float]: ...
@overload
def slope_index(values: Columns, *, weights: Weights, order: Column, by: Labels) -> pd.DataFrame: ...
def slope_index(values: Any, *, weights: Any, order: Any, by: Any = None) -> Any:
    r"""Slope index of inequality: the difference between the two ends of the social order, by regression.

    .. math:: SII = \hat X(1) - \hat X(0) = \frac{\sum_i p_i (X_i - \bar X)(R_i - 1/2)}{\sum_i p_i (R_i - 1/2)^2},
        \qquad p_i = P_i / P_N

    with R (the ridit) the share of the students below a school in the order plus half of those at its own. The line is
    fitted by weighted least squares. Positive if schools of high order have more. All schools count, not only the two
    ends.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    order : (schools,) array-like
        What schools are ordered by, from the most disadvantaged up, such as income of the area or 1 for rural, 2 for
        town and 3 for city. Schools of equal order share their mean position.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        In units of ``values``, 0 for no gradient; shapes as in :func:`difference_coefficient`. NaN if a value or order
        with nonzero weight is missing, a value is infinite, the weights of a group sum to 0, or all its schools are of
        one order (a single school, too). Schools of weight 0 are ignored.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Pamuk (1985), Social class inequality in mortality from 1921 to 1972 in England and Wales, Population Studies 39.
    WHO (2013), Handbook on Health Inequality Monitoring. Schlotheuber and Hosseinpoor (2022), Summary measures of
    health inequality, International Journal of Environmental Research and Public Health 19.

    Examples
    --------
    >>> import junheng as jh
    >>> round(jh.slope_index([4.0, 5.0, 6.0], weights=[50, 50, 50], order=[1, 2, 3]), 6)
    3.0
    """
    return measured(slope_index_kernel, values, weights, by, order=order)


def slope_index_kernel(sample: Sample, order: Any) -> Kernel:
    """Return the kernel of :func:`slope_index`."""
    return ranked_kernel(_slope, sample.beside("order", order), signed=True)


def _slope(s: Ranked) -> Floats:
    middle = positions(s)
    out: Floats = 2 * (s.weights * (s.figures - mean_of(s)) * middle).sum(axis=1) / (s.weights * middle**2).sum(axis=1)
    return out


@overload
def relative_index(
    values: AnyShape, *, weights: Weights, order: Column, form: Literal["ratio", "mean"] = ..., by: Labels | None = ...
) -> Any: ...
@overload
def relative_index(
    values: Column, *, weights: Weights, order: Column, form: Literal["ratio", "mean"] = ..., by: None = ...
) -> float: ...
@overload
def relative_index(
    values: Columns, *, weights: Weights, order: Column, form: Literal["ratio", "mean"] = ..., by: None = ...
) -> Vector: ...
@overload
def relative_index(
    values: Column, *, weights: Weights, order: Column, form: Literal["ratio", "mean"] = ..., by: Labels
) -> pd.Series[float]: ...
@overload
def relative_index(
    values: Columns, *, weights: Weights, order: Column, form: Literal["ratio", "mean"] = ..., by: Labels
) -> pd.DataFrame: ...
def relative_index(
    values: Any, *, weights: Any, order: Any, form: Literal["ratio", "mean"] = "ratio", by: Any = None
) -> Any:
    r"""Relative index of inequality: the gradient along the social order, relative to the level.

    .. math:: RII_{ratio} = \frac{\hat X(1)}{\hat X(0)}, \qquad RII_{mean} = \frac{SII}{\bar X}

    with the line of :func:`slope_index`. Two definitions share the name: the ratio of the values predicted at both ends
    (1 for no gradient; Kunst and Mackenbach, WHO), and the slope index over the mean (0 for no gradient; Pamuk).

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student. Not negative.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    order : (schools,) array-like
        What schools are ordered by, from the most disadvantaged up, such as income of the area or 1 for rural, 2 for
        town and 3 for city. Schools of equal order share their mean position.
    form : {"ratio", "mean"}
        Which of the two.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        Dimensionless; shapes as in :func:`difference_coefficient`. NaN as for :func:`slope_index`, if a value is
        negative or all are 0, and, as a ratio, if the line falls to 0 or below at the lower end, or below 0 at the
        upper.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights or a missing group label, or if ``form`` is unknown.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Mackenbach and Kunst (1997), Measuring the magnitude of socio-economic inequalities in health, Social Science and
    Medicine 44. Pamuk (1985), Population Studies 39. WHO (2013), Handbook on Health Inequality Monitoring.

    Examples
    --------
    >>> import junheng as jh
    >>> round(jh.relative_index([4.0, 5.0, 6.0], weights=[50, 50, 50], order=[1, 2, 3]), 6)
    1.857143
    >>> round(jh.relative_index([4.0, 5.0, 6.0], weights=[50, 50, 50], order=[1, 2, 3], form="mean"), 6)
    0.6
    """
    return measured(relative_index_kernel, values, weights, by, order=order, form=form)


def relative_index_kernel(sample: Sample, order: Any, form: str = "ratio") -> Kernel:
    """Return the kernel of :func:`relative_index`."""
    check_choice(form, "form", ("ratio", "mean"))

    def measure(s: Ranked) -> Floats:
        slope, mean = _slope(s), mean_of(s)[:, 0]
        if form == "mean":
            return slope / mean
        low, high = mean - slope / 2, mean + slope / 2
        within = _ROUNDING * mean  # a line within rounding of 0 is at 0
        return np.where((low > within) & (high >= -within), np.maximum(high, 0.0) / low, np.nan)

    return ranked_kernel(measure, sample.beside("order", order))
