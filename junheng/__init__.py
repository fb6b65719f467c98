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
    compliance,
    composite_difference_coefficient,
    difference_coefficient,
    list_indicators,
    per_hundred_students,
    per_student,
    share,
    students_per_teacher,
    weighted_mean,
    weighted_std,
)
from junheng.monitoring import evaluate_all, monitor
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
    "check_schools",
    "compliance",
    "composite_difference_coefficient",
    "describe_columns",
    "difference_coefficient",
    "evaluate",
    "evaluate_all",
    "list_indicators",
    "list_standards",
    "load_standard",
    "monitor",
    "per_hundred_students",
    "per_student",
    "read_schools",
    "share",
    "split_stages",
    "standardize_columns",
    "students_per_teacher",
    "synthetic",
    "weighted_mean",
    "weighted_std",
]
