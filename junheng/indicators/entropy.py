"""Entropy measures: Theil, generalised entropy, Atkinson, and the variance of logarithms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np

from junheng._arrays import AnyShape, Column, Columns, Floats, Groups, Labels, Vector, Weights, grouped_moments
from junheng.indicators._grouped import Kernel, Sample, check_number, entropy_sums, measured, relative_sums

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["atkinson", "generalized_entropy", "log_variance", "theil_l", "theil_t"]


@overload
def theil_t(values: AnyShape, *, weights: Weights, by: Labels | None = ...) -> Any: ...
@overload
def theil_t(values: Column, *, weights: Weights, by: None = ...) -> float: ...
@overload
def theil_t(values: Columns, *, weights: Weights, by: None = ...) -> Vector: ...
@overload
def theil_t(values: Column, *, weights: Weights, by: Labels) -> pd.Series[float]: ...
@overload
def theil_t(values: Columns, *, weights: Weights, by: Labels) -> pd.DataFrame: ...
def theil_t(values: Any, *, weights: Any, by: Any = None) -> Any:
    r"""Theil's T: generalised entropy with alpha 1.

    .. math:: T = \sum_i p_i \frac{X_i}{\bar X} \ln \frac{X_i}{\bar X}, \qquad p_i = P_i / P_N

    Ranges from 0 for equality to :math:`\ln(P_N / P_i)` if one school has everything. A value of 0 contributes 0 (the
    limit of :math:`x \ln x`). Other software may differ: R's ``ineq::Theil`` drops zeros.

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
        In nats; shapes as in :func:`difference_coefficient`. NaN if a value with nonzero weight is missing, infinite or
        negative, or if the weights or all values of a group sum to 0. Schools of weight 0 are ignored. A single school
        gives 0.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights, or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Theil (1967), Economics and Information Theory. Cowell (2011), Measuring Inequality.

    Examples
    --------
    >>> import junheng as jh
    >>> round(jh.theil_t([1.0, 3.0], weights=[50, 50]), 6)
    0.130812
    >>> round(jh.theil_t([0.0, 2.0], weights=None), 6)
    0.693147
    """
    return measured(theil_t_kernel, values, weights, by)


def theil_t_kernel(sample: Sample) -> Kernel:
    """Return the kernel of :func:`theil_t`."""
    return generalized_entropy_kernel(sample, alpha=1.0)


@overload
def theil_l(values: AnyShape, *, weights: Weights, by: Labels | None = ...) -> Any: ...
@overload
def theil_l(values: Column, *, weights: Weights, by: None = ...) -> float: ...
@overload
def theil_l(values: Columns, *, weights: Weights, by: None = ...) -> Vector: ...
@overload
def theil_l(values: Column, *, weights: Weights, by: Labels) -> pd.Series[float]: ...
@overload
def theil_l(values: Columns, *, weights: Weights, by: Labels) -> pd.DataFrame: ...
def theil_l(values: Any, *, weights: Any, by: Any = None) -> Any:
    r"""Theil's L, the mean logarithmic deviation: generalised entropy with alpha 0.

    .. math:: L = \sum_i p_i \ln \frac{\bar X}{X_i}, \qquad p_i = P_i / P_N

    Unbounded, and infinite if a school with students has nothing: the result is then NaN; zeros are neither dropped nor
    replaced by small numbers. If zeros occur, use :func:`theil_t`.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student. Positive.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        In nats; shapes as in :func:`difference_coefficient`. NaN if a value with nonzero weight is missing, infinite or
        not positive, or if the weights or all values of a group sum to 0. Schools of weight 0 are ignored. A single
        school gives 0.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights, or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Theil (1967), Economics and Information Theory. Cowell (2011), Measuring Inequality.

    Examples
    --------
    >>> import junheng as jh
    >>> round(jh.theil_l([1.0, 3.0], weights=[50, 50]), 6)
    0.143841
    >>> jh.theil_l([0.0, 3.0], weights=[50, 50])
    nan
    """
    return measured(theil_l_kernel, values, weights, by)


def theil_l_kernel(sample: Sample) -> Kernel:
    """Return the kernel of :func:`theil_l`."""
    return generalized_entropy_kernel(sample, alpha=0.0)


@overload
def generalized_entropy(values: AnyShape, *, weights: Weights, alpha: float = ..., by: Labels | None = ...) -> Any: ...
@overload
def generalized_entropy(values: Column, *, weights: Weights, alpha: float = ..., by: None = ...) -> float: ...
@overload
def generalized_entropy(values: Columns, *, weights: Weights, alpha: float = ..., by: None = ...) -> Vector: ...
@overload
def generalized_entropy(values: Column, *, weights: Weights, alpha: float = ..., by: Labels) -> pd.Series[float]: ...
@overload
def generalized_entropy(values: Columns, *, weights: Weights, alpha: float = ..., by: Labels) -> pd.DataFrame: ...
def generalized_entropy(values: Any, *, weights: Any, alpha: float = 2.0, by: Any = None) -> Any:
    r"""Generalised entropy GE(alpha).

    .. math:: GE(\alpha) = \frac{1}{\alpha (\alpha - 1)} \sum_i p_i
        \left[\left(\frac{X_i}{\bar X}\right)^\alpha - 1\right], \qquad p_i = P_i / P_N

    GE(1) is :func:`theil_t`, GE(0) is :func:`theil_l`, GE(2) is half the squared difference coefficient. The smaller
    alpha, the more weight the poorest schools have.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student. Not negative.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    alpha : float
        Any number from -1000 to 1000; at 0 and 1 the limit is taken.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        Dimensionless, 0 for equality; shapes as in :func:`difference_coefficient`. NaN if a value with nonzero weight
        is missing, infinite or negative (for alpha of 0 or less: not positive), or if the weights or all values of a
        group sum to 0. Schools of weight 0 are ignored. A single school gives 0.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights or a missing group label, or if ``alpha`` is not such a
        number.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Shorrocks (1980), The class of additively decomposable inequality measures, Econometrica 48.
    Cowell (2011), Measuring Inequality.

    Examples
    --------
    >>> import junheng as jh
    >>> jh.generalized_entropy([1.0, 3.0], weights=[50, 50], alpha=2)
    0.125
    """
    return measured(generalized_entropy_kernel, values, weights, by, alpha=alpha)


def generalized_entropy_kernel(sample: Sample, alpha: float = 2.0) -> Kernel:
    """Return the kernel of :func:`generalized_entropy`."""
    degree = check_number(alpha, "alpha", -1e3, 1e3)

    def compute(columns: list[Any], weights: Floats | None, groups: Groups) -> Floats:
        out = entropy_sums(columns, weights, groups, degree)
        out[np.isinf(out)] = np.nan
        return out

    return Kernel(compute)


@overload
def atkinson(values: AnyShape, *, weights: Weights, epsilon: float = ..., by: Labels | None = ...) -> Any: ...
@overload
def atkinson(values: Column, *, weights: Weights, epsilon: float = ..., by: None = ...) -> float: ...
@overload
def atkinson(values: Columns, *, weights: Weights, epsilon: float = ..., by: None = ...) -> Vector: ...
@overload
def atkinson(values: Column, *, weights: Weights, epsilon: float = ..., by: Labels) -> pd.Series[float]: ...
@overload
def atkinson(values: Columns, *, weights: Weights, epsilon: float = ..., by: Labels) -> pd.DataFrame: ...
def atkinson(values: Any, *, weights: Any, epsilon: float = 0.5, by: Any = None) -> Any:
    r"""Atkinson's index: the share of the total that could be given up under equality without loss of welfare.

    .. math:: A = 1 - \frac{1}{\bar X} \left[\sum_i p_i X_i^{1 - \varepsilon}\right]^{1 / (1 - \varepsilon)}, \qquad
        A_1 = 1 - \frac{1}{\bar X} \prod_i X_i^{p_i}

    Ranges from 0 for equality towards 1. With ``epsilon`` of 1 or more, a school with students that has nothing makes
    the index 1, because the geometric (harmonic, …) mean is 0. With ``epsilon`` 0, inequality is ignored and the index
    is 0.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student. Not negative.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    epsilon : float
        Aversion to inequality, from 0 to 1000. Common choices: 0.5, 1 and 2.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        A share between 0 and 1; shapes as in :func:`difference_coefficient`. NaN if a value with nonzero weight is
        missing, infinite or negative, or if the weights or all values of a group sum to 0. Schools of weight 0 are
        ignored. A single school gives 0.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights or a missing group label, or if ``epsilon`` is not such
        a number.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Atkinson (1970), On the measurement of inequality, Journal of Economic Theory 2.

    Examples
    --------
    >>> import junheng as jh
    >>> round(jh.atkinson([1.0, 3.0], weights=[50, 50], epsilon=1), 6)
    0.133975
    >>> jh.atkinson([0.0, 3.0], weights=[50, 50], epsilon=1)
    1.0
    """
    return measured(atkinson_kernel, values, weights, by, epsilon=epsilon)


def atkinson_kernel(sample: Sample, epsilon: float = 0.5) -> Kernel:
    """Return the kernel of :func:`atkinson`."""
    a = 1.0 - check_number(epsilon, "epsilon", 0.0, 1e3)
    return Kernel(lambda columns, weights, groups: _atkinson(columns, weights, groups, a))


def _atkinson(columns: list[Any], weights: Floats | None, groups: Groups, a: float) -> Floats:
    entropy = entropy_sums(columns, weights, groups, a)
    # in terms of entropy nothing cancels near equality
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        exponent = -entropy if a == 0 else np.log1p(a * (a - 1) * entropy) / a
    out = -np.expm1(exponent)
    out[np.isnan(entropy)] = np.nan
    if np.isinf(entropy).any():
        # infinite for a school that has nothing, which means 1; or since the powers left the range of numbers
        zeros = relative_sums(columns, weights, groups, lambda r: (r == 0).astype(np.float64)) > 0
        out[np.isinf(entropy) & ~zeros] = np.nan
    return np.asarray(out + 0.0)  # no -0.0


@overload
def log_variance(values: AnyShape, *, weights: Weights, by: Labels | None = ...) -> Any: ...
@overload
def log_variance(values: Column, *, weights: Weights, by: None = ...) -> float: ...
@overload
def log_variance(values: Columns, *, weights: Weights, by: None = ...) -> Vector: ...
@overload
def log_variance(values: Column, *, weights: Weights, by: Labels) -> pd.Series[float]: ...
@overload
def log_variance(values: Columns, *, weights: Weights, by: Labels) -> pd.DataFrame: ...
def log_variance(values: Any, *, weights: Any, by: Any = None) -> Any:
    r"""Variance of the logarithms, about their mean.

    .. math:: V = \sum_i p_i \left(\ln X_i - \sum_j p_j \ln X_j\right)^2, \qquad p_i = P_i / P_N

    Not to be confused with the "logarithmic variance" about the logarithm of the mean. Its square root is the sigma of
    :func:`sigma_convergence`. Caution: a transfer from a poor to a rich school can lower it.

    Parameters
    ----------
    values : (schools,) or (schools, indicators) array-like
        Figures to compare, such as area per student. Positive.
    weights : (schools,) array-like or None
        Enrolment of each school. Required; pass ``None`` for an unweighted result.
    by : (schools,) array-like, or a list, mapping or frame of such, optional
        Group of each school, such as its county. Results are sorted by group.

    Returns
    -------
    float, ndarray, Series or DataFrame
        Dimensionless, 0 for equality; shapes as in :func:`difference_coefficient`. NaN if a value with nonzero weight
        is missing, infinite or not positive, or if the weights or all values of a group sum to 0. Schools of weight 0
        are ignored. A single school gives 0.

    Raises
    ------
    InputError
        If the input contains text, negative or infinite weights, or a missing group label.
    AlignmentError
        If lengths or indexes differ.

    References
    ----------
    Cowell (2011), Measuring Inequality, which distinguishes the two.

    Examples
    --------
    >>> import junheng as jh
    >>> round(jh.log_variance([1.0, 3.0], weights=[50, 50]), 6)
    0.301737
    """
    return measured(log_variance_kernel, values, weights, by)


def log_variance_kernel(sample: Sample) -> Kernel:
    """Return the kernel of :func:`log_variance`."""
    return Kernel(lambda columns, weights, groups: log_deviation(columns, weights, groups) ** 2)


def log_deviation(columns: list[Any], weights: Floats | None, groups: Groups) -> Floats:
    """Weighted standard deviation of the logarithms; NaN where a value with weight is not positive."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = [np.log(c) for c in columns]  # -inf for 0 gives a mean that is not finite
    return grouped_moments(logs, weights, groups).std
