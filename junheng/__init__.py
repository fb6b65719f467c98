"""junheng (均衡) tells whether the schools of a county share their resources fairly, by the letter of the rules.

Give it a table of schools and the name of a standard; it tells, for every school and county, each indicator, each
difference coefficient, and each verdict with the clause behind it.
"""

import typing as _typing

from junheng import changes, engines, examples, reports, synthetic
from junheng.certificate import verify_certificate
from junheng.errors import (
    AlignmentError,
    InputDataError,
    InputError,
    JunhengError,
    OutputFileError,
    Problem,
    ProblemCode,
    ReadingWarning,
    StandardDataError,
    UnknownStandardError,
)
from junheng.evaluation import evaluate
from junheng.indicators import (
    adequacy_index,
    atkinson,
    beta_convergence,
    bootstrap_interval,
    coefficient_change,
    compliance,
    composite_difference_coefficient,
    concentration_curve,
    concentration_index,
    decompose,
    difference_coefficient,
    federal_range_ratio,
    gap_ratio,
    generalized_entropy,
    gini,
    hoover,
    influence,
    list_indicators,
    log_variance,
    lorenz_curve,
    mcloone_index,
    mean_difference_from_best,
    mean_difference_from_mean,
    neutrality,
    palma_ratio,
    parity_index,
    per_hundred_students,
    per_student,
    percentile_rank,
    population_attributable_fraction,
    population_attributable_risk,
    quantile_ratio,
    range_ratio,
    ranking,
    relative_index,
    restricted_range,
    share,
    share_of_bottom,
    share_of_top,
    sigma_convergence,
    slope_index,
    students_per_teacher,
    theil_l,
    theil_t,
    tipping_error,
    verstegen_index,
    weighted_mean,
    weighted_quantile,
    weighted_std,
)
from junheng.monitoring import evaluate_all, monitor
from junheng.planning import (
    Plan,
    contributions,
    least_additions,
    least_transfers,
    margins,
    plan,
    roll_forward,
    shortfall_totals,
    shortfalls,
)
from junheng.plausibility import plausibility
from junheng.reading import FileReport, describe_file, read_facts, read_schools
from junheng.results import Evaluation
from junheng.schools import describe_columns, standardize_columns
from junheng.schools.checks import check_schools
from junheng.schools.sections import split_stages
from junheng.standards import Standard, list_standards, load_standard

__all__ = [
    "AlignmentError",
    "Evaluation",
    "FileReport",
    "InputDataError",
    "InputError",
    "JunhengError",
    "OutputFileError",
    "Plan",
    "Problem",
    "ProblemCode",
    "ReadingWarning",
    "Standard",
    "StandardDataError",
    "UnknownStandardError",
    "adequacy_index",
    "atkinson",
    "beta_convergence",
    "bootstrap_interval",
    "changes",
    "check_schools",
    "coefficient_change",
    "compliance",
    "composite_difference_coefficient",
    "concentration_curve",
    "concentration_index",
    "contributions",
    "decompose",
    "describe_columns",
    "describe_file",
    "difference_coefficient",
    "engines",
    "evaluate",
    "evaluate_all",
    "examples",
    "federal_range_ratio",
    "gap_ratio",
    "generalized_entropy",
    "gini",
    "hoover",
    "influence",
    "least_additions",
    "least_transfers",
    "list_indicators",
    "list_standards",
    "load_standard",
    "log_variance",
    "lorenz_curve",
    "margins",
    "mcloone_index",
    "mean_difference_from_best",
    "mean_difference_from_mean",
    "monitor",
    "neutrality",
    "palma_ratio",
    "parity_index",
    "per_hundred_students",
    "per_student",
    "percentile_rank",
    "plan",
    "plausibility",
    "population_attributable_fraction",
    "population_attributable_risk",
    "quantile_ratio",
    "range_ratio",
    "ranking",
    "read_facts",
    "read_schools",
    "relative_index",
    "reports",
    "restricted_range",
    "roll_forward",
    "share",
    "share_of_bottom",
    "share_of_top",
    "shortfall_totals",
    "shortfalls",
    "sigma_convergence",
    "slope_index",
    "split_stages",
    "standardize_columns",
    "students_per_teacher",
    "synthetic",
    "theil_l",
    "theil_t",
    "tipping_error",
    "verify_certificate",
    "verstegen_index",
    "weighted_mean",
    "weighted_quantile",
    "weighted_std",
]

if _typing.TYPE_CHECKING:
    __version__: str
else:

    def __getattr__(name):
        # read from the metadata of the package when somebody asks, so that importing takes no longer
        if name != "__version__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from junheng._extras import release

        return release()


def __dir__() -> list[str]:
    return __all__
