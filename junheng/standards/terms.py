"""The words in which rules are said: ids of the vocabularies, fixed words, and which units are meant."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, NewType, get_args

from attrs import frozen

# checked by the loader against the shipped vocabularies
IndicatorId = NewType("IndicatorId", str)
ColumnId = NewType("ColumnId", str)
# a column of schools or a fact about the county; which of the two, the scope of a test says
FigureId = NewType("FigureId", str)
# words of the columns ``kind``, ``ownership`` and ``area_type``
Kind = NewType("Kind", str)
Ownership = NewType("Ownership", str)
AreaType = NewType("AreaType", str)

Stage = Literal["primary", "junior"]
Op = Literal[">=", "<=", ">", "<", "=="]
#: ``overall`` holds what no part does: prerequisites and vetoes count towards the overall verdict alone.
Part = Literal["basic_standard", "resources", "government", "quality", "recognition", "overall"]
Between = Literal["bracket", "linear", "smaller", "larger", "some"]
Ends = Literal["undetermined", "end", "some"]
#: The two questions on a unit, and the columns that answer them.
Answer = Literal["in_basic_standard", "in_coefficient"]
ANSWERS: tuple[Answer, ...] = get_args(Answer)
#: Who runs a school, by the ten codes of the declaration form; the words of the column ``owner_type``.
OwnerType = Literal[
    "central_education",
    "central_other",
    "provincial_education",
    "provincial_other",
    "prefectural_education",
    "prefectural_other",
    "county_education",
    "county_other",
    "enterprise",
    "private",
]


@frozen(kw_only=True)
class Label:
    """A name in both languages."""

    zh: str
    en: str


@frozen(kw_only=True)
class Filter:
    """Which units a test is about; every field that is given must hold."""

    kinds: tuple[Kind, ...] = ()
    not_kinds: tuple[Kind, ...] = ()
    stages: tuple[Stage, ...] = ()
    ownership: Ownership | None = None
    area_types: tuple[AreaType, ...] = ()
    students_below: int | None = None
    students_from: int | None = None
    classes_below: int | None = None
    largest_class_below: int | None = None
    built_by: int | None = None
    migrant_share_over: Decimal | None = None
    flags: tuple[ColumnId, ...] = ()
    not_flags: tuple[ColumnId, ...] = ()
