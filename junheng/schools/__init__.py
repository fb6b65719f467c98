"""Tables of schools: canonical columns and units, sections by school and stage, and all problems of a table."""

from junheng.schools.cells import flag_advice, is_blank, near_twins, of_digits, parse_numbers, text_advice, twin_message
from junheng.schools.checks import check_schools
from junheng.schools.headers import (
    UNIT_IN_SIGHT,
    Found,
    missing_in_mapping,
    nearest_columns,
    recognise,
    resolve_mapping,
    understand,
    unit_above,
)
from junheng.schools.scale import scale_problems
from junheng.schools.sections import split_stages
from junheng.schools.standardize import describe_columns, finish_columns, standardize_columns
from junheng.schools.table import SchoolTable
from junheng.schools.vocabulary import (
    ALL_STAGES,
    Column,
    base_column,
    category_word,
    category_words,
    columns,
    every_unit,
    flag_words,
    fold,
    fold_word,
    is_grade,
    unit_factor,
    units_of,
)

__all__ = [
    "ALL_STAGES",
    "UNIT_IN_SIGHT",
    "Column",
    "Found",
    "SchoolTable",
    "base_column",
    "category_word",
    "category_words",
    "check_schools",
    "columns",
    "describe_columns",
    "every_unit",
    "finish_columns",
    "flag_advice",
    "flag_words",
    "fold",
    "fold_word",
    "is_blank",
    "is_grade",
    "missing_in_mapping",
    "near_twins",
    "nearest_columns",
    "of_digits",
    "parse_numbers",
    "recognise",
    "resolve_mapping",
    "scale_problems",
    "split_stages",
    "standardize_columns",
    "text_advice",
    "twin_message",
    "understand",
    "unit_above",
    "unit_factor",
    "units_of",
]


def __dir__() -> list[str]:
    return __all__
