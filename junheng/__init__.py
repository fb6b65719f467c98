"""junheng (均衡) tells whether the schools of a county share their resources fairly, by the letter of the rules.

Give it a table of schools and the name of a standard; it tells, for every school and county, each indicator, each
difference coefficient, and each verdict with the clause behind it.
"""

from junheng import synthetic
from junheng.errors import (
    AlignmentError,
    InputDataError,
    InputError,
    JunhengError,
    Problem,
    ProblemCode,
    StandardDataError,
    UnknownStandardError,
)
from junheng.evaluation import evaluate
from junheng.indicators import (
    atkinson,
    bootstrap_interval,
    compliance,
    composite_difference_coefficient,
    concentration_curve,
    concentration_index,
    decompose,
    difference_coefficient,
    generalized_entropy,
    gini,
    hoover,
    influence,
    list_indicators,
    log_variance,
    lorenz_curve,
    per_hundred_students,
    per_student,
    quantile_ratio,
    range_ratio,
    share,
    share_of_bottom,
    share_of_top,
    students_per_teacher,
    theil_l,
    theil_t,
    tipping_error,
    weighted_mean,
    weighted_std,
)
from junheng.reading import read_schools
from junheng.results import Evaluation
from junheng.schools import describe_columns, standardize_columns
from junheng.stages import check_schools, split_stages
from junheng.standards import Standard, list_standards, load_standard

__all__ = [
    "AlignmentError",
    "Evaluation",
    "InputDataError",
    "InputError",
    "JunhengError",
    "Problem",
    "ProblemCode",
    "Standard",
    "StandardDataError",
    "UnknownStandardError",
    "atkinson",
    "bootstrap_interval",
    "check_schools",
    "compliance",
    "composite_difference_coefficient",
    "concentration_curve",
    "concentration_index",
    "decompose",
    "describe_columns",
    "difference_coefficient",
    "evaluate",
    "generalized_entropy",
    "gini",
    "hoover",
    "influence",
    "list_indicators",
    "list_standards",
    "load_standard",
    "log_variance",
    "lorenz_curve",
    "per_hundred_students",
    "per_student",
    "quantile_ratio",
    "range_ratio",
    "read_schools",
    "share",
    "share_of_bottom",
    "share_of_top",
    "split_stages",
    "standardize_columns",
    "students_per_teacher",
    "synthetic",
    "theil_l",
    "theil_t",
    "tipping_error",
    "weighted_mean",
    "weighted_std",
]
