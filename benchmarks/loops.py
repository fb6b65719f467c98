"""The measures of one group and one column as one writes them in numpy: what a loop over counties would call."""

from __future__ import annotations

from typing import Any

import numpy as np


def quantile(x: Any, w: Any, share: float = 0.5) -> float:
    return float(np.quantile(x, share, weights=w, method="inverted_cdf"))


def mcloone_index(x: Any, w: Any) -> float:
    median = quantile(x, w)
    half = x <= median
    return float((x[half] * w[half]).sum() / (median * w[half].sum()))


def verstegen_index(x: Any, w: Any) -> float:
    median = quantile(x, w)
    half = x >= median
    return float((x[half] * w[half]).sum() / (median * w[half].sum()))


def restricted_range(x: Any, w: Any) -> float:
    return quantile(x, w, 0.95) - quantile(x, w, 0.05)


def federal_range_ratio(x: Any, w: Any) -> float:
    low = quantile(x, w, 0.05)
    return (quantile(x, w, 0.95) - low) / low


def adequacy_index(x: Any, w: Any, threshold: float) -> float:
    return float(np.average(np.minimum(x / threshold, 1), weights=w))


def neutrality(x: Any, w: Any, wealth: Any) -> float:
    """The elasticity."""
    (_, both), (_, own) = np.cov(x, wealth, aweights=w, ddof=0)
    return float(both / own * np.average(wealth, weights=w) / np.average(x, weights=w))


def parity_index(x: Any, w: Any, rural: Any) -> float:
    return float(np.average(x[rural], weights=w[rural]) / np.average(x[~rural], weights=w[~rural]))


def palma_ratio(x: Any, w: Any) -> float:
    """From the Lorenz curve."""
    order = np.argsort(x)
    people = np.concatenate([[0.0], np.cumsum(w[order]) / w.sum()])
    held = np.concatenate([[0.0], np.cumsum((w * x)[order]) / (w * x).sum()])
    bottom, most = np.interp([0.4, 0.9], people, held)
    return float((1 - most) / bottom)


def ridit(w: Any, order: Any) -> Any:
    """The share below, plus half of those at the same place."""
    places, at = np.unique(order, return_inverse=True)
    there = np.bincount(at, weights=w, minlength=places.size)
    return ((np.cumsum(there) - there / 2) / w.sum())[at]


def slope_index(x: Any, w: Any, order: Any) -> float:
    return float(np.polyfit(ridit(w, order), x, 1, w=np.sqrt(w))[0])


def relative_index(x: Any, w: Any, order: Any) -> float:
    slope, start = np.polyfit(ridit(w, order), x, 1, w=np.sqrt(w))
    return float((start + slope) / start) if start > 0 and start + slope >= 0 else float("nan")


def mean_difference_from_mean(x: Any, w: Any) -> float:
    return float(np.average(np.abs(x - np.average(x, weights=w)), weights=w))


def mean_difference_from_best(x: Any, w: Any) -> float:
    return float(np.average(x.max() - x, weights=w))


def population_attributable_risk(x: Any, w: Any) -> float:
    return float(x.max() - np.average(x, weights=w))


def population_attributable_fraction(x: Any, w: Any) -> float:
    mean = np.average(x, weights=w)
    return float((x.max() - mean) / mean)


def gini(x: Any, w: Any) -> float:
    order = np.argsort(x)
    v, u = x[order], w[order]
    return float((v * u * (2 * np.cumsum(u) - u)).sum() / (w.sum() * (x * w).sum()) - 1)


def theil_t(x: Any, w: Any) -> float:
    r = x / np.average(x, weights=w)
    return float(np.average(r * np.log(r), weights=w))


def theil_l(x: Any, w: Any) -> float:
    return float(np.log(np.average(x, weights=w)) - np.average(np.log(x), weights=w))


def atkinson(x: Any, w: Any) -> float:
    return float(1 - np.average(np.sqrt(x), weights=w) ** 2 / np.average(x, weights=w))


def hoover(x: Any, w: Any) -> float:
    mean = np.average(x, weights=w)
    return float(np.average(np.abs(x - mean), weights=w) / (2 * mean))


def quantile_ratio(x: Any, w: Any) -> float:
    return quantile(x, w, 0.9) / quantile(x, w, 0.1)


def jackknife(x: Any, w: Any) -> float:
    """All coefficients without one school; their mean stands for them."""
    keep = ~np.eye(x.size, dtype=bool)
    out = np.empty(x.size)
    for i in range(x.size):
        v, u = x[keep[i]], w[keep[i]]
        mean = np.average(v, weights=u)
        out[i] = np.sqrt(np.average((v - mean) ** 2, weights=u)) / mean
    return float(out.mean())
