"""The arithmetic: pure functions over arrays, and the catalogue of indicators. No law, no files."""

from junheng.indicators.adequacy import adequacy_index
from junheng.indicators.allocation import least_additions, least_transfers
from junheng.indicators.catalog import Indicator, catalogue, county_catalogue, list_indicators
from junheng.indicators.change import (
    beta_convergence,
    coefficient_change,
    gap_ratio,
    percentile_rank,
    ranking,
    sigma_convergence,
)
from junheng.indicators.compliance import (
    compliance,
)
from junheng.indicators.curves import (
    concentration_curve,
    concentration_index,
    lorenz_curve,
)
from junheng.indicators.decomposition import (
    decompose,
)
from junheng.indicators.dispersion import (
    composite_difference_coefficient,
    difference_coefficient,
    weighted_mean,
    weighted_std,
)
from junheng.indicators.entropy import (
    atkinson,
    generalized_entropy,
    log_variance,
    theil_l,
    theil_t,
)
from junheng.indicators.equity import (
    palma_ratio,
    parity_index,
    relative_index,
    slope_index,
)
from junheng.indicators.finance import (
    federal_range_ratio,
    mcloone_index,
    neutrality,
    restricted_range,
    verstegen_index,
)
from junheng.indicators.impact import (
    mean_difference_from_best,
    mean_difference_from_mean,
    population_attributable_fraction,
    population_attributable_risk,
)
from junheng.indicators.inequality import (
    gini,
    hoover,
    range_ratio,
    share_of_bottom,
    share_of_top,
)
from junheng.indicators.inference import (
    bootstrap_interval,
    influence,
)
from junheng.indicators.quantiles import quantile_ratio, weighted_quantile
from junheng.indicators.ratios import (
    per_hundred_students,
    per_student,
    share,
    students_per_teacher,
)
from junheng.indicators.tipping import tipping_error

__all__ = [
    "Indicator",
    "adequacy_index",
    "atkinson",
    "beta_convergence",
    "bootstrap_interval",
    "catalogue",
    "coefficient_change",
    "compliance",
    "composite_difference_coefficient",
    "concentration_curve",
    "concentration_index",
    "county_catalogue",
    "decompose",
    "difference_coefficient",
    "federal_range_ratio",
    "gap_ratio",
    "generalized_entropy",
    "gini",
    "hoover",
    "influence",
    "least_additions",
    "least_transfers",
    "list_indicators",
    "log_variance",
    "lorenz_curve",
    "mcloone_index",
    "mean_difference_from_best",
    "mean_difference_from_mean",
    "neutrality",
    "palma_ratio",
    "parity_index",
    "per_hundred_students",
    "per_student",
    "percentile_rank",
    "population_attributable_fraction",
    "population_attributable_risk",
    "quantile_ratio",
    "range_ratio",
    "ranking",
    "relative_index",
    "restricted_range",
    "share",
    "share_of_bottom",
    "share_of_top",
    "sigma_convergence",
    "slope_index",
    "students_per_teacher",
    "theil_l",
    "theil_t",
    "tipping_error",
    "verstegen_index",
    "weighted_mean",
    "weighted_quantile",
    "weighted_std",
]


def __dir__() -> list[str]:
    return __all__
