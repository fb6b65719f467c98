"""What a picture shows: the stage, indicator, counties and schools its arguments select (private)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng import _stages
from junheng._arrays import Floats, Ints
from junheng._data import STAGES, CountyKey, Stage
from junheng.errors import InputError, check_language, did_you_mean
from junheng.indicators.catalog import Indicator
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET
from junheng.reports.plots._canvas import GREEN, ORANGE, ink, short, words
from junheng.reports.plots._picture import Line
from junheng.results import Evaluation, Judgement
from junheng.results.explain import find_county
from junheng.standards.model import Threshold
from junheng.words import SIGNS as OPS
from junheng.words import Language, Name, Quoted, message, word


def language_of(ev: Evaluation, language: Language | None) -> Language:
    """Return the language of a picture: the one given, that of the evaluation, or English."""
    return check_language(language or ev.language or "en")


def find_indicator(d: Judgement, indicator: str, *, composite: bool = False) -> int:
    """Return the position of an indicator, -1 for the composite."""
    if composite and indicator == "composite":
        return -1
    for j, known in enumerate(d.indicators):
        if indicator in (known.id, known.zh, known.en):
            return j
    ids = [i.id for i in d.indicators] + (["composite"] if composite else [])
    hint = did_you_mean(indicator, ids) or message("reports.error.indicators_there", names=ids)
    raise InputError(
        message("reports.error.no_indicator", standard=d.standard.id, indicator=Quoted(indicator), hint=hint)
    )


def find_stage(stage: Stage) -> int:
    """Return the position of a stage."""
    return STAGES.index(_stages.find_stage(stage))


def one_county(d: Judgement, county: CountyKey | None) -> int:
    """Return the only county that matches."""
    found = find_county(d, county)
    if len(found) == 1:
        return found[0]
    some, more = [d.county_name(c) for c in found[:5]], " …" if len(found) > 5 else ""
    raise InputError(message("reports.error.one_county", n=len(found), names=some, more=more))


def some_counties(d: Judgement, county: CountyKey | None) -> list[int]:
    """Return the counties that match, all of one year."""
    found = find_county(d, county)
    years = np.unique(d.years[found])
    if (~np.isnan(years)).sum() > 1:
        raise InputError(message("reports.error.one_year", years=[f"{y:g}" for y in years.tolist()]))
    return found


def county_names(county: CountyKey | None) -> tuple[str, ...]:
    """Return what names a county, as text; empty where all are meant."""
    return () if county is None else tuple(map(str, county if isinstance(county, (tuple, list)) else (county,)))


def place_name(d: Judgement, county: int) -> str:
    """Name a county without its year."""
    return " / ".join(str(w[county]) for name, w in d.county_words if name != "year")


def subtitle(d: Judgement, counties: Sequence[int], s: int | None, language: Language) -> str:
    """Return the second title: whose figures a picture shows."""
    name = d.county_name(counties[0]) if len(counties) == 1 else words("whole_table", language, n=len(counties))
    return name if s is None else f"{word('stage', STAGES[s], language)} · {name}"


def school_names(d: Judgement, sections: Ints) -> list[str]:
    """Name the schools of sections."""
    return [str(d.school_names[r]) for r in d.sections.rows[sections].tolist()]


# ------------------------------------------------------------------------------ schools and an indicator


@frozen
class Sample:
    """The schools of one picture and the indicator it shows of them."""

    d: Judgement
    language: Language
    j: int
    """Position of the indicator."""
    s: int
    """Position of the stage."""
    counties: list[int]
    sections: Ints
    """The sections that count."""

    @classmethod
    def choose(
        cls,
        ev: Evaluation,
        indicator: str,
        stage: Stage,
        county: CountyKey | None,
        language: Language | None,
        *,
        several: bool = False,
    ) -> Sample:
        """Choose the schools of one county, or of several counties in one year."""
        d, lang = ev.data, language_of(ev, language)
        j, s = find_indicator(d, indicator), find_stage(stage)
        counties = some_counties(d, county) if several else [one_county(d, county)]
        return cls(d, lang, j, s, counties, _counted_sections(d, counties, s))

    @property
    def indicator(self) -> Indicator:
        """The indicator."""
        return self.d.indicators[self.j]

    @property
    def threshold(self) -> Threshold | None:
        """The threshold of the stage, None where the standard has none."""
        return self.d.threshold(self.j, self.s)

    @property
    def required(self) -> float:
        """What every school must reach, NaN where that depends on the school or nothing is required."""
        t = self.threshold
        return float(t.value) if t is not None and t.fixed and t.value is not None else np.nan

    @property
    def floor(self) -> float:
        """The floor of the threshold, NaN without one."""
        t = self.threshold
        return float(t.floor) if t is not None and t.floor is not None else np.nan

    @property
    def op(self) -> str:
        """How a value is compared with the threshold."""
        return ">=" if self.threshold is None else self.threshold.op

    @property
    def by_size(self) -> bool:
        """Whether each school has a requirement of its own."""
        return self.threshold is not None and not self.threshold.fixed

    @property
    def unit(self) -> str:
        """The unit of the indicator, in words."""
        return str(word("unit", self.indicator.unit, self.language))

    @property
    def titles(self) -> tuple[str, str]:
        """What is shown, and of whom."""
        return getattr(self.indicator, self.language), subtitle(self.d, self.counties, self.s, self.language)

    @property
    def group(self) -> int:
        """The group of a picture of one county, of which means and coefficients are taken."""
        return int(self.d.group_at[self.counties[0], self.s])

    def lines(self, mean: float = np.nan) -> list[Line]:
        """Return the lines at the threshold, at its floor and at the mean, those that there are."""
        lang, required, found = self.language, self.required, []
        if np.isfinite(required):
            text = words("required_line", lang, op=OPS[self.op], value=short(required))
            found.append(Line(required, ink(), "-", text))
        if np.isfinite(self.floor):
            found.append(Line(self.floor, ORANGE, "--", words("floor_line", lang, value=short(self.floor))))
        if np.isfinite(mean):
            found.append(Line(mean, GREEN, ":", words("mean_line", lang, value=short(mean, required))))
        return found

    def weights(self, sections: Ints) -> Floats:
        """Return what sections weigh in means of the indicator: its denominator, so that means are ratios of totals."""
        bottom = self.indicator.denominator
        if bottom is None:
            return np.ones(sections.size)
        return self.d.sections.students[sections] if bottom == "students" else self.d.sections.number(bottom)[sections]

    def mean(self, sections: Ints) -> float:
        """Return the ratio of totals over the sections with a figure."""
        value, weight = self.d.values[self.j, sections], self.weights(sections)
        known = np.isfinite(value) & (weight > 0)
        return float((value[known] * weight[known]).sum() / weight[known].sum()) if known.any() else float("nan")


def _counted_sections(d: Judgement, counties: Sequence[int], s: int) -> Ints:
    groups = d.group_at[list(counties), s]
    rows = d.usable[np.isin(d.group_codes, groups[groups >= 0])]
    if not rows.size:
        county = d.county_name(counties[0])
        raise InputError(message("reports.error.no_school_here", stage=Name("stage", STAGES[s]), county=county))
    return rows


def section_kinds(d: Judgement, j: int, sections: Ints, s: int) -> NDArray[np.object_]:
    """Return which kind of dot each section is."""
    t = d.threshold(j, s)
    kinds = np.full(sections.size, "plain", dtype=object)
    if t is None:
        return kinds
    verdict, floor = d.verdicts[j, sections], d.floors[j, sections]
    kinds[verdict == MET] = "met"
    kinds[verdict == UNDETERMINED] = "open"
    kinds[verdict == UNMET] = "unmet" if t.floor is None else "below"
    if t.floor is not None:
        kinds[(verdict == UNMET) & (floor == MET)] = "floor"
        kinds[(verdict == UNMET) & (floor == UNDETERMINED)] = "open"
    return kinds


def worst_first(d: Judgement, sections: Ints) -> Ints:
    """Order sections by verdict of the school, then those that miss most, then by kind of school."""
    unmet = ((d.verdicts[:, sections] == UNMET) & d.applies[:, sections]).sum(axis=0)
    kinds = d.sections.kinds[sections]
    return sections[np.lexsort((np.arange(sections.size), kinds, -unmet, d.school[sections]))]


# ------------------------------------------------------------------------------------------ coefficients


def coefficient_of(d: Judgement, j: int, g: int) -> tuple[float, float, int]:
    """Return coefficient, limit and verdict of a group; the composite for -1."""
    if j < 0:
        return float(d.composite[g]), float(d.composite_limits[g]), int(d.composite_verdicts[g])
    return float(d.coefficient[g, j]), float(d.limits[g, j]), int(d.coefficient_verdicts[g, j])


def coefficient_kind(limit: float, verdict: int) -> str:
    """Return which kind of dot a coefficient is."""
    return str(coefficient_kinds(np.array([limit]), np.array([verdict]))[0])


def coefficient_kinds(limits: Floats, verdicts: NDArray[Any]) -> NDArray[np.object_]:
    """Return which kind each of many coefficients is."""
    kinds = np.select([np.isnan(limits), verdicts == MET, verdicts == UNMET], ["plain", "met", "unmet"], "open")
    return np.asarray(kinds, dtype=object)


def coefficient_name(d: Judgement, j: int, language: Language) -> str:
    """Name the indicator of a coefficient, or the composite for -1."""
    return str(word("indicator", "composite", language)) if j < 0 else str(getattr(d.indicators[j], language))
