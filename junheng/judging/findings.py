"""The arrays of an evaluation: results of sections by indicator, and of counties and stages."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng._frames import Backend
from junheng.errors import Problem
from junheng.facts import Facts
from junheng.indicators.catalog import Indicator
from junheng.indicators.compliance import MET
from junheng.schools.inclusion import LEFT_OUT
from junheng.schools.sections import Sections
from junheng.standards.model import Standard, Threshold
from junheng.words import sentences, word

__all__ = [
    "LEFT_OUT_OF",
    "REASONS",
    "Codes",
    "CountyCoefficients",
    "Findings",
    "Places",
    "SchoolVerdicts",
    "reason_code",
]

Codes = NDArray[np.int8]

#: Why a result is undetermined or left out; arrays hold positions in this tuple.
REASONS = (
    "",
    "missing_value",
    "no_students",
    "not_included",
    "left_out_by_standard",
    "senior_stage",
    "zero_denominator",
    "missing_classes",
    "size_between",
    "size_outside",
    "no_split_rule",
    "rows_disagree",
    "special_open",
    "number_lost",
)


_CODES = {name: np.int8(i) for i, name in enumerate(REASONS)}


def reason_code(name: str) -> np.int8:
    """Return the code of a reason in arrays."""
    return _CODES[name]


#: What a unit is left out of.
LEFT_OUT_OF = ("all", "basic_standard", "coefficient")


@frozen(eq=False)
class Places:
    """Positions grouped by county (or county and stage), in their original order."""

    order: Ints
    of: Ints

    @classmethod
    def group(cls, positions: Ints, of: Ints) -> Places:
        """Group positions."""
        order = np.argsort(of, kind="stable")
        return cls(positions[order], of[order])

    def at(self, which: int) -> Ints:
        """Return the positions of one group."""
        first, last = np.searchsorted(self.of, (which, which + 1))
        return self.order[first:last]


@frozen(eq=False, slots=False)
class SchoolVerdicts:
    """Verdicts of sections: (indicators, sections), and ``school`` over all indicators.

    ``by_classes`` holds the requirements of indicators whose thresholds depend on the school.
    """

    verdicts: Codes
    floors: Codes
    reasons: Codes
    by_classes: Mapping[int, Floats]
    school: Codes


@frozen(eq=False, slots=False)
class CountyCoefficients:
    """Figures and verdicts of each county and stage with a counted section: (groups, indicators), or (groups,).

    ``usable`` are the counted sections, ``group_codes`` the group of each; ``unsettled`` are the sections with a value
    that does not count in a coefficient because a relaxation may add an unknown amount to it, by indicator.
    """

    group_county: Ints
    group_stage: Ints
    group_codes: Ints
    usable: Ints
    mean: Floats
    std: Floats
    coefficient: Floats
    limits: Floats
    coefficient_verdicts: Codes
    composite: Floats
    composite_limits: Floats
    composite_verdicts: Codes
    group_schools: Ints
    group_students: Floats
    n_missing: Ints
    share_missing: Floats
    n_empty: Ints
    n_left_out: Ints
    omitted: bool
    unsettled: Mapping[int, Ints]


@frozen(eq=False, kw_only=True, slots=False)
class Findings(SchoolVerdicts, CountyCoefficients):
    """The arrays behind an evaluation: what was found of schools and of counties, and what it was found of.

    A section is one stage of a school; a group is one stage of a county. ``usable`` are the sections in means and
    coefficients, ``judged`` those judged as schools: they differ only if the standard asks two questions.
    """

    standard: Standard
    indicators: tuple[Indicator, ...]
    backend: Backend
    by: tuple[str, ...]
    problems: tuple[Problem, ...]
    sections: Sections
    county: Ints
    county_words: list[tuple[str, list[Any]]]
    values: Floats
    facts: Facts

    @cached_property
    def required(self) -> Floats:
        """Requirement for each section (indicators, sections), NaN if there is none or it is unknown."""
        wanted = [[np.nan if t is None or t.value is None else float(t.value) for t in row] for row in self._thresholds]
        out = self._of_stages(np.array(wanted, dtype=np.float64), np.nan)
        for j, own in self.by_classes.items():
            out[j] = own
        return out

    @cached_property
    def applies(self) -> NDArray[np.bool_]:
        """Whether the standard sets a threshold (indicators, sections)."""
        return self._of_stages(np.array([[t is not None for t in row] for row in self._thresholds], dtype=bool), False)

    def _of_stages(self, table: NDArray[Any], senior: Any) -> NDArray[Any]:
        """Expand a table by indicator and stage to sections, with ``senior`` for the senior stage."""
        table = table.reshape(-1, len(STAGES))
        return np.insert(table, len(STAGES), senior, axis=1)[:, self.sections.stage]

    def in_coefficient(self, j: int) -> Floats:
        """Return the values of an indicator that its coefficient is computed from."""
        values: Floats = self.values[j]
        if j in self.unsettled:
            values = values.copy()
            values[self.unsettled[j]] = np.nan
        return values

    @property
    def n_counties(self) -> int:
        """Number of counties (and years)."""
        return len(self.county_words[0][1]) if self.county_words else 0

    def county_name(self, county: int) -> str:
        """Return the name of a county."""
        return " / ".join(str(words[county]) for _, words in self.county_words)

    @cached_property
    def group_at(self) -> Ints:
        """Group of each county and stage, -1 without a counted school."""
        out = np.full((self.n_counties, len(STAGES)), -1, dtype=np.int64)
        out[self.group_county, self.group_stage] = np.arange(self.group_county.size)
        return out

    def threshold(self, indicator: int, stage: int) -> Threshold | None:
        """Return the threshold of an indicator in a stage, None if the standard sets none."""
        return self._thresholds[indicator][stage]

    @cached_property
    def _thresholds(self) -> list[list[Threshold | None]]:
        return [[self.standard.find(i.id, stage) for stage in STAGES] for i in self.indicators]

    @cached_property
    def failing(self) -> Places:
        """Judged sections with an unmet or undetermined verdict, by county and stage."""
        at = self.judged[self.school[self.judged] != MET]
        return Places.group(at, self._place[at])

    @cached_property
    def judged(self) -> Ints:
        """Sections of compulsory education that are judged as schools."""
        return np.flatnonzero(self.sections.counted & (self.sections.stage < len(STAGES)))

    @cached_property
    def _place(self) -> Ints:
        """County and stage of each section as one number; see :meth:`place`."""
        return np.asarray(self.county * len(STAGES) + self.sections.stage)

    def place(self, county: int, stage: int) -> int:
        """Return the number of a county and stage."""
        return county * len(STAGES) + stage

    @cached_property
    def judged_by_place(self) -> Places:
        """Judged sections, by county and stage."""
        return Places.group(self.judged, self._place[self.judged])

    def has_stage(self, county: int, stage: int) -> bool:
        """Tell whether a county has a counted school of a stage."""
        return bool(self.group_at[county, stage] >= 0 or self.schools_by_verdict[county, stage].any())

    @cached_property
    def left_out(self) -> Places:
        """Positions in :attr:`leaving` of compulsory education, by county."""
        section = self.leaving[0]
        at = np.flatnonzero(self.sections.stage[section] < len(STAGES))
        return Places.group(at, self.county[section[at]])

    @cached_property
    def leaving(self) -> tuple[Ints, Codes, Codes]:
        """Left-out sections: the section, why (position in LEFT_OUT), and of what (position in LEFT_OUT_OF).

        A section appears twice if it is left out of both tables for different reasons.
        """
        one, other = self.sections.out, self.sections.out_of_coefficient
        whole = np.flatnonzero((one == other) & (one != 0))
        basic = np.flatnonzero((one != other) & (one != 0))
        balance = np.flatnonzero((one != other) & (other != 0))
        section = np.concatenate([whole, basic, balance])
        why = np.concatenate([one[whole], one[basic], other[balance]])
        of = np.repeat(np.arange(3, dtype=np.int8), [whole.size, basic.size, balance.size])
        order = np.lexsort((of, section))
        return section[order], why[order], of[order]

    def left_out_reason(self, at: int, language: str | None) -> str:
        """Return why a unit of :attr:`leaving` is left out, and of what, unless of everything."""
        reason = str(word("reason", LEFT_OUT[int(self.leaving[1][at])], language))
        of = LEFT_OUT_OF[int(self.leaving[2][at])]
        if of == "all":
            return reason
        template = sentences("facts", language or "en")["left_out"]
        return template.format(of=word("left_out_of", of, language), reason=reason)

    @cached_property
    def school_names(self) -> NDArray[np.object_]:
        """Name of the school in each row, or its code if there are no names."""
        schools = self.sections.schools
        name = "school" if "school" in schools.has else "school_code"
        return schools.frame.objects(name)

    @cached_property
    def schools_by_verdict(self) -> Ints:
        """Number of unmet, undetermined and met schools: (counties, stages, 3)."""
        shape = (self.n_counties, len(STAGES), 3)
        flat = self._place[self.judged] * 3 + self.school[self.judged]
        return np.bincount(flat, minlength=math.prod(shape)).reshape(shape).astype(np.int64)

    @property
    def years(self) -> Floats:
        """Year of each county, NaN without a year."""
        return self.sections.counties.years
