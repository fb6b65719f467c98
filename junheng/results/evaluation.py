"""What goes out: tidy frames built when first asked for, explanations, and a form that JSON can hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._data import STAGES, read_toml
from junheng._frames import Backend, Labels, Wholes, build_frame
from junheng._inclusion import LEFT_OUT
from junheng._labels import check_language, word
from junheng.errors import InputError
from junheng.facts import Facts
from junheng.indicators.catalog import Indicator, catalogue, county_catalogue
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS, compare
from junheng.judging.items import ItemResult, Places, Units, judge_items
from junheng.schools import ALL_STAGES, columns, parse_numbers
from junheng.stages import Sections, problems_frame
from junheng.standards.model import Limit, Standard, Threshold

__all__ = ["REASONS", "Data", "Evaluation"]

Codes = NDArray[np.int8]

#: Why a cell is undetermined, or does not count; position is the code kept in arrays.
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


#: In what a unit does not count.
LEFT_OUT_OF = ("all", "basic_standard", "coefficient")


@frozen(eq=False, kw_only=True, slots=False)
class Data:
    """The arrays behind an evaluation: (indicators, sections) school by school, (groups, indicators) by county.

    A section is a school's stage; a group is a county's stage. ``usable`` are the sections that are part of means and
    coefficients, ``judged`` those that are judged as schools: the same unless the standard asks two questions.
    ``by_classes`` is what is asked of each section, of the indicators whose thresholds depend on the size of the
    school.
    """

    standard: Standard
    indicators: tuple[Indicator, ...]
    backend: Backend
    by: tuple[str, ...]
    sections: Sections
    county: Ints
    county_words: list[tuple[str, list[Any]]]
    values: Floats
    by_classes: Mapping[int, Floats]
    verdicts: Codes
    floors: Codes
    reasons: Codes
    school: Codes
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
    facts: Facts

    @cached_property
    def required(self) -> Floats:
        """What is asked of each section (indicators, sections), NaN where nothing is, or it is not known what."""
        wanted = [[np.nan if t is None or t.value is None else float(t.value) for t in row] for row in self._thresholds]
        out = self._of_stages(np.array(wanted, dtype=np.float64), np.nan)
        for j, own in self.by_classes.items():
            out[j] = own
        return out

    @cached_property
    def applies(self) -> NDArray[np.bool_]:
        """Where a threshold is set (indicators, sections)."""
        return self._of_stages(np.array([[t is not None for t in row] for row in self._thresholds], dtype=bool), False)

    def _of_stages(self, table: NDArray[Any], senior: Any) -> NDArray[Any]:
        """Spread a table by indicator and stage over the sections; the law says nothing of a senior stage."""
        table = table.reshape(-1, len(STAGES))
        return np.insert(table, len(STAGES), senior, axis=1)[:, self.sections.stage]

    @property
    def n_counties(self) -> int:
        """Number of counties (and years)."""
        return len(self.county_words[0][1]) if self.county_words else 0

    def county_name(self, county: int) -> str:
        """Name a county in words."""
        return " / ".join(str(words[county]) for _, words in self.county_words)

    @cached_property
    def group_at(self) -> Ints:
        """Group of each county and stage, -1 where the table has no school of it that counts."""
        out = np.full((self.n_counties, len(STAGES)), -1, dtype=np.int64)
        out[self.group_county, self.group_stage] = np.arange(self.group_county.size)
        return out

    def threshold(self, indicator: int, stage: int) -> Threshold | None:
        """Return the threshold of an indicator in a stage, None where the standard sets none."""
        return self._thresholds[indicator][stage]

    @cached_property
    def _thresholds(self) -> list[list[Threshold | None]]:
        return [[self.standard.find(i.id, stage) for stage in STAGES] for i in self.indicators]

    @cached_property
    def failing(self) -> Places:
        """The sections that are judged and do not comply, or of which it is not known, by county and stage."""
        at = self.judged[self.school[self.judged] != MET]
        return Places.make(at, self._place[at])

    @cached_property
    def judged(self) -> Ints:
        """The sections of compulsory education that are judged as schools."""
        return np.flatnonzero(self.sections.counted & (self.sections.stage < len(STAGES)))

    @cached_property
    def _place(self) -> Ints:
        """County and stage of each section in one number, as :meth:`place` gives it."""
        return np.asarray(self.county * len(STAGES) + self.sections.stage)

    def place(self, county: int, stage: int) -> int:
        """Return the number of a county and stage, by which schools are looked up."""
        return county * len(STAGES) + stage

    @cached_property
    def judged_by_place(self) -> Places:
        """The sections that are judged as schools, by county and stage."""
        return Places.make(self.judged, self._place[self.judged])

    def is_about(self, result: ItemResult, county: int) -> bool:
        """Tell whether a county has a school that an item of a stage is about."""
        if result.item.rule == "every_school_complies":
            return bool(self.schools_by_verdict[county, result.stage].any())
        return bool(self.group_at[county, result.stage] >= 0)

    def has_stage(self, county: int, stage: int) -> bool:
        """Tell whether a county has a school of a stage that counts in any way."""
        return bool(self.group_at[county, stage] >= 0 or self.schools_by_verdict[county, stage].any())

    @cached_property
    def left_out(self) -> Places:
        """Positions in :attr:`leaving` of compulsory education, by county."""
        section = self.leaving[0]
        at = np.flatnonzero(self.sections.stage[section] < len(STAGES))
        return Places.make(at, self.county[section[at]])

    @cached_property
    def leaving(self) -> tuple[Ints, Codes, Codes]:
        """Who does not count: the section, why (position in LEFT_OUT), and in what (position in LEFT_OUT_OF).

        A section stands here twice where it counts in neither table for reasons that differ.
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
        """Say why a unit of :attr:`leaving` does not count, and in what, unless it is in everything."""
        reason = str(word("reason", LEFT_OUT[int(self.leaving[1][at])], language))
        of = LEFT_OUT_OF[int(self.leaving[2][at])]
        if of == "all":
            return reason
        said = str(word("left_out_of", of, language))
        return f"{said}：{reason}" if language == "zh" else f"{said}: {reason}"

    @cached_property
    def memory(self) -> dict[Any, Any]:
        """What explanations share, worked out once; nothing in it changes what is said."""
        return {}

    @cached_property
    def school_names(self) -> NDArray[np.object_]:
        """Name of the school of each row: its name, or its code."""
        reading = self.sections.reading
        name = "school" if "school" in reading.has else "school_code"
        return reading.table.objects(name)

    # -- the county's items

    @cached_property
    def schools_by_verdict(self) -> Ints:
        """Schools of each county and stage that are unmet, undetermined, met: (counties, stages, 3)."""
        shape = (self.n_counties, len(STAGES), 3)
        flat = self._place[self.judged] * 3 + self.school[self.judged]
        return np.bincount(flat, minlength=math.prod(shape)).reshape(shape).astype(np.int64)

    @cached_property
    def years(self) -> Floats:
        """Year of each county, NaN where the table has none."""
        for name, words in self.county_words:
            if name == "year":
                return parse_numbers(np.array([*words, None], dtype=object)[:-1])[0]
        return np.full(self.n_counties, np.nan)

    @cached_property
    def items(self) -> list[ItemResult]:
        """Every item (and stage) for all counties."""
        return judge_items(self)

    @cached_property
    def part_verdicts(self) -> dict[str, Codes]:
        """Verdict of every part, and overall, for all counties."""
        out: dict[str, Codes] = {}
        direct = []
        for part in (*self.standard.parts, "overall"):
            own = [r.verdict for r in self.items if r.item.part == part and r.item.rule != "scored"]
            if part == "overall":
                direct = own
            else:
                nothing = np.full(self.n_counties, UNDETERMINED, dtype=np.int8)
                out[part] = np.min(own, axis=0).astype(np.int8) if own else nothing
        out["overall"] = np.min([*out.values(), *direct], axis=0).astype(np.int8)
        return out


def _round_half_up(values: Floats, digits: int) -> Floats:
    """Round as forms print: half up, and 0.285 is a half although its double is a little less."""
    scaled = values * 10.0**digits
    return np.floor(np.nextafter(scaled, np.inf) + 0.5) / 10.0**digits


def _turns(values: Floats, required: Any, op: str, verdicts: Codes, digits: int) -> NDArray[np.bool_]:
    printed = compare(_round_half_up(values, digits), required, op)
    out: NDArray[np.bool_] = (printed != verdicts) & (verdicts != UNDETERMINED) & (printed != UNDETERMINED)
    return out


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class Evaluation:
    """Every figure, verdict and reason of one table under one standard; made by :func:`junheng.evaluate`.

    Frames are tidy and long, in the library of the input, and built when first asked for. Ids are English words;
    :meth:`relabel` turns headers and ids into Chinese or English labels.

    Attributes
    ----------
    provenance : dict
        Version, standard and digest, options, counts of rows, warnings. No clock: same input, same bytes.
    language : str or None
        Language of labels, None for ids.
    """

    data: Data = field(repr=False)
    provenance: Mapping[str, Any]
    language: str | None = None
    # how to judge another table in the same way; results know nothing of evaluating
    again: Callable[[Any], Evaluation] | None = field(default=None, repr=False, eq=False)

    @property
    def standard(self) -> Standard:
        """The standard judged by."""
        return self.data.standard

    def __repr__(self) -> str:
        p = self.provenance
        return (
            f"<Evaluation of {self.data.n_counties} counties, {p['sections_counted']} schools and stages "
            f"under {self.standard.id}>"
        )

    # ------------------------------------------------------------------------------------- frames

    @cached_property
    def schools(self) -> Any:
        """Every indicator of every school and stage: value, requirement, floor, verdict and the reason for it."""
        d = self.data
        n, k = d.sections.rows.size, len(d.indicators)
        judged = bool(d.standard.thresholds)
        use = d.applies if judged else np.broadcast_to(d.sections.stage < len(STAGES), (k, n))
        section, indicator = np.nonzero(use.T)
        stage = d.sections.stage[section]
        at = (indicator, section)
        floor, op, sensitive, clause = self._from_thresholds(use, section, indicator)
        reasons = d.reasons[at] if judged else np.where(d.reasons[at] == 0, -1, d.reasons[at])
        words = [*REASONS, "no_requirement"]
        out: dict[str, Any] = self._by_columns(d.county[section])
        out |= self._school_columns(section)
        out["row"] = d.sections.rows[section]
        out["stage"] = self._labels("stage", stage, ALL_STAGES)
        out["indicator"] = self._labels("indicator", indicator, [i.id for i in d.indicators])
        out["value"] = d.values[at]
        units, unit_codes = _unique([i.unit for i in d.indicators])
        out["unit"] = self._labels("unit", unit_codes[indicator], units)
        out["op"] = op
        out["required"] = d.required[at]
        out["floor"] = floor
        out["verdict"] = self._labels("verdict", d.verdicts[at], VERDICTS)
        out["floor_verdict"] = self._labels("verdict", np.where(np.isnan(floor), -1, d.floors[at]), VERDICTS)
        out["counted"] = d.sections.counted[section]
        out["rounding_sensitive"] = sensitive
        out["reason"] = self._labels("reason", reasons % len(words), words)
        out["clause"] = clause
        return self._frame(out)

    def _from_thresholds(self, use: NDArray[np.bool_], section: Ints, indicator: Ints) -> tuple[Any, ...]:
        d = self.data
        table = [[d.threshold(j, s) for s in range(len(STAGES))] for j in range(len(d.indicators))]
        stage = np.minimum(d.sections.stage[section], len(STAGES) - 1)
        floors = np.array([_float(t.floor if t else None) for row in table for t in row]).reshape(-1, len(STAGES))
        ops, op_codes = _unique([t.op if t else "" for row in table for t in row])
        clauses, clause_codes = _unique([t.clause if t else "" for row in table for t in row])
        flat = indicator * len(STAGES) + stage
        sensitive = np.zeros(section.size, dtype=bool)
        printing = d.standard.printing
        if printing is not None:
            for j, row in enumerate(table):
                for s, t in enumerate(row):
                    at = np.flatnonzero((indicator == j) & (stage == s))
                    if t is not None and at.size:
                        cell = (j, section[at])
                        sensitive[at] = _turns(
                            d.values[cell], d.required[cell], t.op, d.verdicts[cell], printing.school_value
                        )
        return (
            floors[indicator, stage],
            Labels(op_codes[flat], ops),
            sensitive,
            Labels(clause_codes[flat], clauses),
        )

    @cached_property
    def school_verdicts(self) -> Any:
        """One row per school and stage: how many indicators are met, and whether it complies."""
        d = self.data
        section = np.flatnonzero(d.sections.stage < len(STAGES))
        met = ((d.verdicts == MET) & d.applies)[:, section].sum(axis=0)
        unmet = ((d.verdicts == UNMET) & d.applies)[:, section].sum(axis=0)
        total = d.applies[:, section].sum(axis=0)
        # schools judged alike on every indicator share a sentence
        judged = np.where(d.applies, d.verdicts + np.int8(3) * d.floors, np.int8(-1))[:, section]
        first, pattern = _distinct(judged)
        said = [self._school_reason(judged[:, i].tolist()) for i in first.tolist()]
        out: dict[str, Any] = self._by_columns(d.county[section])
        out |= self._school_columns(section)
        out["row"] = d.sections.rows[section]
        out["stage"] = self._labels("stage", d.sections.stage[section], ALL_STAGES)
        out["students"] = d.sections.students[section]
        out["n_indicators"] = total
        out["n_met"] = met
        out["n_unmet"] = unmet
        out["n_undetermined"] = total - met - unmet
        out["verdict"] = self._labels("verdict", d.school[section], VERDICTS)
        out["counted"] = d.sections.counted[section]
        out_codes, first_out = np.unique(d.sections.out[section], return_index=True)
        left = out_codes[np.argsort(first_out)]
        left_code = np.zeros(len(LEFT_OUT), dtype=np.int64)
        left_code[left] = np.arange(left.size)
        words, codes = _unique([*said, *(word("reason", LEFT_OUT[c], self.language) for c in left.tolist())])
        counted = d.sections.counted[section]
        out["reason"] = Labels(codes[np.where(counted, pattern, len(said) + left_code[d.sections.out[section]])], words)
        return self._frame(out)

    def _school_reason(self, pattern: list[int]) -> str:
        from junheng.results.explain import school_reason

        return school_reason(self.data, pattern, self.language or "en")

    @cached_property
    def indicators(self) -> Any:
        """Every indicator of every county and stage: mean, deviation, coefficient, limit, verdict, counts.

        The composite stands in a row of its own where the standard limits it. Where the standard sets no limit the
        verdict is empty.
        """
        d = self.data
        n = d.mean.shape[0]
        composite = any(x.kind == "composite" for x in d.standard.limits)
        ids = [i.id for i in d.indicators] + (["composite"] if composite else [])
        # an indicator that no threshold names in a stage is not part of the stage
        named = {(t.indicator, t.stage) for t in d.standard.thresholds}
        use = np.array([[not named or (i, s) in named or i == "composite" for i in ids] for s in STAGES], dtype=bool)[
            d.group_stage
        ]
        # but whatever has a limit is judged, and so it is shown
        use[:, : d.limits.shape[1]] |= ~np.isnan(d.limits)
        group, indicator = np.nonzero(use) if n else (np.empty(0, np.int64), np.empty(0, np.int64))

        def wide(values: Any, last: Any) -> Any:
            full = np.concatenate([values, np.reshape(last, (n, 1))], axis=1) if composite else values
            return full[group, indicator]

        none = np.full(n, np.nan)
        verdicts = wide(d.coefficient_verdicts, d.composite_verdicts)
        limits = wide(d.limits, d.composite_limits)
        values = wide(d.coefficient, d.composite)
        missing = wide(d.n_missing, d.n_missing.max(axis=1, initial=0))
        unjudged = np.isnan(limits)
        ops, clauses = self._limit_words(group, indicator, ids)
        printing = d.standard.printing
        sensitive = np.zeros(group.size, dtype=bool)
        for code, op in enumerate(ops.words if printing is not None else ()):
            at = np.flatnonzero(ops.codes == code) if op else np.empty(0, np.int64)
            assert printing is not None
            sensitive[at] = _turns(values[at], limits[at], op, verdicts[at], printing.coefficient) if at.size else False
        reason = np.where(
            unjudged | (verdicts != UNDETERMINED),
            0,
            np.where(missing > 0, 2 if d.omitted else 1, 3),
        )
        out: dict[str, Any] = self._by_columns(d.group_county[group])
        out["stage"] = self._labels("stage", d.group_stage[group], STAGES)
        out["indicator"] = self._labels("indicator", indicator, ids)
        out["mean"] = wide(d.mean, none)
        out["std"] = wide(d.std, none)
        out["coefficient"] = values
        out["op"] = ops
        out["limit"] = limits
        out["verdict"] = self._labels("verdict", np.where(unjudged, -1, verdicts), VERDICTS)
        out["reason"] = self._labels("reason", reason, ["", "missing_value", "missing_omitted", "zero_mean"])
        out["n_schools"] = d.group_schools[group]
        out["n_missing"] = missing
        out["n_empty"] = d.n_empty[group]
        out["n_left_out"] = d.n_left_out[group]
        out["students"] = d.group_students[group]
        out["share_of_students_missing"] = wide(d.share_missing, d.share_missing.max(axis=1, initial=0.0))
        out["rounding_sensitive"] = sensitive
        out["clause"] = clauses
        return self._frame(out)

    def _limit_words(self, group: Ints, indicator: Ints, ids: list[str]) -> tuple[Labels, Labels]:
        d = self.data

        def limit(s: int, i: str) -> Limit | None:
            return d.standard.limit("composite" if i == "composite" else "each", stage=STAGES[s])

        found = [limit(s, i) for s in range(len(STAGES)) for i in ids]
        ops, op_codes = _unique([x.op if x else "" for x in found])
        clauses, clause_codes = _unique([x.clause if x else "" for x in found])
        flat = d.group_stage[group] * len(ids) + indicator
        return Labels(op_codes[flat], ops), Labels(clause_codes[flat], clauses)

    @cached_property
    def items(self) -> Any:
        """Every item a county is judged by: value, requirement, verdict, counts, clause, source and standing."""
        from junheng.results.explain import item_findings

        d, lang = self.data, self.language
        results = d.items
        m, n = len(results), d.n_counties
        county = np.repeat(np.arange(n), m)
        which = np.tile(np.arange(m), n)

        def each(words: list[Any]) -> Labels:
            unique, codes = _unique(words)
            return Labels(codes[which], unique)

        def stacked(name: str, dtype: Any) -> Any:
            return np.stack([getattr(r, name) for r in results], axis=1).reshape(n * m).astype(dtype) if m else []

        out: dict[str, Any] = self._by_columns(county)
        out["part"] = each([word("part", r.item.part, lang) for r in results])
        out["item"] = each([r.item.id if lang is None else getattr(r.item.label, lang) for r in results])
        out["number"] = Wholes([results[i].item.number for i in which.tolist()])
        out["stage"] = [None if results[i].stage < 0 else word("stage", STAGES[results[i].stage], lang) for i in which]
        out["value"] = stacked("value", np.float64)
        out["op"] = [
            results[i].op[results[i].condition[c]] for i, c in zip(which.tolist(), county.tolist(), strict=True)
        ]
        out["required"] = stacked("required", np.float64)
        out["verdict"] = self._labels("verdict", stacked("verdict", np.int64), VERDICTS)
        counts = np.stack([r.counts for r in results], axis=1).reshape(n * m, 3) if m else np.zeros((0, 3), np.int64)
        for i, name in enumerate(("n_met", "n_unmet", "n_undetermined")):
            out[name] = counts[:, i]
        out["reason"] = [
            word("reason", results[i].reason[c], lang) for i, c in zip(which.tolist(), county.tolist(), strict=True)
        ]
        out["finding"] = item_findings(d, lang or "en")
        out["reference"] = [
            d.facts.reference(results[i].item, c) for i, c in zip(which.tolist(), county.tolist(), strict=True)
        ]
        out["clause"] = each([r.item.clause for r in results])
        out["source"] = each([d.standard.sources[r.item.source].title for r in results])
        out["standing"] = each([word("standing", str(r.item.standing), lang) for r in results])
        return self._frame(out)

    @cached_property
    def item_schools(self) -> Any:
        """Every school (and stage) that fails a condition of an item, or of which it is not known."""
        d, lang = self.data, self.language
        parts: list[tuple[int, int, Any, Ints]] = []
        for r, result in enumerate(d.items):
            for c, found in enumerate(result.units):
                if found is not None:
                    parts.append((r, c, found, np.flatnonzero(found.verdict != MET)))
        section = np.concatenate([f.units.first[at] for _, _, f, at in parts]) if parts else np.empty(0, np.int64)
        which = np.concatenate([np.full(at.size, r) for r, _, _, at in parts]) if parts else np.empty(0, np.int64)
        stage = np.concatenate([f.units.stage[at] for _, _, f, at in parts]) if parts else np.empty(0, np.int64)

        def gathered(name: str) -> Any:
            return np.concatenate([getattr(f, name)[at] for _, _, f, at in parts]) if parts else np.empty(0)

        out: dict[str, Any] = self._by_columns(d.county[section])
        ids = [r.item.id if lang is None else getattr(r.item.label, lang) for r in d.items]
        unique, codes = _unique(ids)
        out["item"] = Labels(codes[which], unique)
        out |= self._school_columns(section)
        out["row"] = d.sections.rows[section]
        out["stage"] = self._labels("stage", stage, ALL_STAGES)
        out["value"] = gathered("value")
        out["required"] = gathered("required")
        out["verdict"] = self._labels("verdict", gathered("verdict").astype(np.int64), VERDICTS)
        return self._frame(out)

    @cached_property
    def verdicts(self) -> Any:
        """One row per county and part, and one for the whole: verdict and the reason in a sentence."""
        from junheng.results.explain import part_reasons

        d, lang = self.data, self.language
        parts = list(d.part_verdicts)
        n, m = d.n_counties, len(parts)
        county = np.repeat(np.arange(n), m)
        out: dict[str, Any] = self._by_columns(county)
        out["part"] = [word("part", p, lang) for _ in range(n) for p in parts]
        codes = np.stack([d.part_verdicts[p] for p in parts], axis=1).reshape(n * m)
        out["verdict"] = [word("verdict", VERDICTS[v], lang) for v in codes.tolist()]
        out["reason"] = part_reasons(d, lang or "en")
        return self._frame(out)

    @cached_property
    def county_indicators(self) -> Any:
        """Enrolment, retention, progression, funds of every county, from its facts; empty where they are not given."""
        d, lang = self.data, self.language
        known = list(county_catalogue().values())
        n, m = d.n_counties, len(known)
        values = np.full((n, m), np.nan)
        for j, ind in enumerate(known):
            top = d.facts.number(ind.numerator)
            bottom = np.ones(n) if ind.denominator is None else d.facts.number(ind.denominator)
            values[:, j] = np.divide(top, bottom, out=np.full(n, np.nan), where=bottom > 0)
        out: dict[str, Any] = self._by_columns(np.repeat(np.arange(n), m))
        which = np.tile(np.arange(m), n)
        out["indicator"] = Labels(which, [i.id if lang is None else getattr(i, lang) for i in known])
        out["value"] = values.reshape(n * m)
        units, codes = _unique([i.unit for i in known])
        out["unit"] = self._labels("unit", codes[which], units)
        return self._frame(out)

    @cached_property
    def grades(self) -> Any:
        """Count schools by the grades inspectors gave them: each item B1 to B13, and the conclusion.

        One row per county, graded column and grade: ``n_schools``, ``share`` of the schools that have a grade there.
        Empty where the table has no such columns. No conclusion is drawn from grades: the rule was not found.
        """
        d, lang = self.data, self.language
        reading = d.sections.reading
        units = Units.make(d.sections, d.county, whole=True, every=True)
        rows: list[tuple[int, str, str, int, float]] = []
        for name in (*(f"grade_b{i}" for i in range(1, 14)), "conditions_grade"):
            if name in reading.has:
                rows += _count_grades(name, units, d.n_counties)
        out: dict[str, Any] = self._by_columns(np.array([r[0] for r in rows], dtype=np.int64))
        out["item"] = [columns()[r[1]].zh if lang == "zh" else columns()[r[1]].en if lang else r[1] for r in rows]
        out["grade"] = [word("grade", r[2], lang) for r in rows]
        out["n_schools"] = np.array([r[3] for r in rows], dtype=np.int64)
        out["share"] = np.array([r[4] for r in rows], dtype=np.float64)
        return self._frame(out)

    @cached_property
    def problems(self) -> Any:
        """What was odd in the table but did not stop the evaluation, as :func:`junheng.check_schools` lists it."""
        return problems_frame(self.data.sections.reading)

    @cached_property
    def left_out(self) -> Any:
        """Every unit that does not count, by name, with the reason, and in what it does not count.

        ``left_out_of`` is ``all``; or, under a standard that asks apart, ``basic_standard`` (of schools) or
        ``coefficient``.
        """
        d = self.data
        section, why, of = d.leaving
        out: dict[str, Any] = self._by_columns(d.county[section])
        out |= self._school_columns(section)
        out["row"] = d.sections.rows[section]
        out["stage"] = self._labels("stage", d.sections.stage[section], ALL_STAGES)
        out["students"] = d.sections.students[section]
        reasons = [word("reason", r, self.language) for r in LEFT_OUT]
        out["reason"] = [reasons[c] for c in why.tolist()]
        kinds = [word("left_out_of", k, self.language) for k in LEFT_OUT_OF]
        out["left_out_of"] = [kinds[c] for c in of.tolist()]
        return self._frame(out)

    # ------------------------------------------------------------------------------------ helpers

    def _frame(self, out: dict[str, Any]) -> Any:
        if self.language is not None:
            out = {self.header(name): column for name, column in out.items()}
        return build_frame(out, self.data.backend)

    def header(self, name: str) -> str:
        """Return the label of a column in the language of the evaluation."""
        known = read_toml("labels.toml")["column"]
        if name in known or name not in columns():
            return str(word("column", name, self.language))
        return columns()[name].zh if self.language == "zh" else columns()[name].en

    def _labels(self, group: str, codes: Any, words: Any) -> Labels:
        lang = self.language
        if group == "indicator" and lang is not None:
            known = catalogue()
            named = [getattr(known[w], lang) if w in known else word("indicator", w, lang) for w in words]
            return Labels(codes, named)
        return Labels(codes, [word(group, w, lang) for w in words])

    def _by_columns(self, county: Ints) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for name, words in self.data.county_words:
            unique, codes = _unique(words)
            out[name] = Labels(codes[county], unique) if len(unique) else []
        return out

    def _school_columns(self, section: Ints) -> dict[str, Any]:
        reading = self.data.sections.reading
        rows = self.data.sections.rows[section]
        out: dict[str, Any] = {}
        for name in ("school_code", "school"):
            if name in reading.table.columns:
                codes, words = reading.codes(name)
                out[name] = Labels(codes[rows], words or [""])  # a column of text, also where nothing stands in it
        return out

    # ------------------------------------------------------------------------------------- words

    def explain(self, county: Any = None, *, stage: str | None = None, language: str | None = None) -> str:
        """Say why: which rule, which schools, which numbers, which clause.

        Parameters
        ----------
        county : object, optional
            A county as it stands in the table (with several ``by`` columns, a tuple of them); all without it.
        stage : {"primary", "junior"}, optional
            Only this stage.
        language : {"en", "zh"}, optional
            By default the language of :meth:`relabel`, or English.

        Returns
        -------
        str
            Plain text, a line a finding.

        Raises
        ------
        InputError
            When no such county was evaluated; near matches are named.

        Examples
        --------
        >>> import junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
        >>> print(ev.explain(language="zh").splitlines()[0])
        示例县 / 2025 · 义务教育优质均衡发展县（教督〔2017〕6号）
        """
        from junheng.results.explain import explain

        return explain(self.data, county, stage, check_language(language or self.language or "en"))

    def relabel(self, language: str) -> Evaluation:
        """Return the same evaluation with headers, ids and verdicts as labels of a language.

        Parameters
        ----------
        language : {"zh", "en"}
            Language of the labels.

        Returns
        -------
        Evaluation
            Sharing the figures; only words change.

        Raises
        ------
        InputError
            When there are no labels in that language.

        Examples
        --------
        >>> import junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
        >>> list(ev.relabel("zh").verdicts.columns)
        ['县（市、区）', '年度', '部分', '结论', '说明']
        """
        return attrs.evolve(self, language=check_language(language))

    def apply(self, changes: Any) -> Evaluation:
        """Judge the same schools after some changes: what if.

        Figures are added in decimals, as they were typed, so that a school brought exactly to a threshold meets it. The
        table given to :func:`junheng.evaluate` is not touched.

        Parameters
        ----------
        changes : frame, change or list of them
            A frame with ``column`` and ``change`` (added to the figure; negative to take away) and either ``row``
            (position in the table) or the school (``school`` or ``school_code``, with county, year and stage as far as
            needed); other columns are passed over. Or one of :mod:`junheng.changes`: ``Add``, ``Enrolment``,
            ``Cohorts``, ``Merge``, ``Open``, ``Close``. Or a list of these, made one after the other; rows are always
            those of the table as it is now.

        Returns
        -------
        Evaluation
            Under the same standard, options and county facts. ``provenance["changes"]`` has the number of cells changed
            and a digest, once for every call; :func:`junheng.changes.applied` lists the cells.

        Raises
        ------
        InputDataError
            When a change cannot be made (no such school, more than one, no such column, a figure that is missing or
            would turn negative); every problem is listed.
        InputError
            When ``changes`` is of the wrong kind.

        Examples
        --------
        >>> import junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
        >>> rooms = jh.changes.Add("multimedia_classrooms", 12, school="示例县第1小学")
        >>> fewer = jh.changes.Enrolment(factor=0.95, stage="primary")
        >>> ev.apply([rooms, fewer]).provenance["changes"][0]["cells"]
        42
        """
        from junheng.changes import change_table

        if self.again is None:
            raise InputError("this evaluation does not know how it was made; call junheng.evaluate on the table")
        changed = change_table(self.data, changes)
        new = self.again(changed.frame)
        before = list(self.provenance.get("changes", ()))
        provenance = {**new.provenance, "changes": [*before, changed.provenance()]}
        return attrs.evolve(new, provenance=provenance, language=self.language)

    def to_dict(self, *, schools: bool = True) -> dict[str, Any]:
        """Return everything as dicts, lists, strings, numbers, booleans and None: strict JSON, no NaN.

        Parameters
        ----------
        schools : bool
            Also the figures school by school; they are most of the bulk.

        Returns
        -------
        dict
            ``provenance``, ``standard``, ``verdicts``, ``items``, ``indicators``, ``left_out``, ``grades``, and with
            ``schools`` ``school_verdicts``, ``schools`` and ``item_schools``: each a list of rows.

        Examples
        --------
        >>> import json, junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
        >>> json.loads(json.dumps(ev.to_dict(), allow_nan=False))["verdicts"][0]["verdict"]
        'unmet'
        """
        std = self.standard
        names = ["verdicts", "items", "indicators", "left_out", "grades"]
        if schools:
            names += ["school_verdicts", "schools", "item_schools"]
        return {
            "provenance": dict(self.provenance),
            "standard": {
                "id": std.id,
                "label": {"zh": std.label.zh, "en": std.label.en},
                "document": std.document,
                "number": std.number,
            },
            **{name: records(getattr(self, name)) for name in names},
        }

    def _repr_html_(self) -> str:
        from junheng.results.card import card

        return card(self.data, self.language or "en")


def records(frame: Any) -> list[dict[str, Any]]:
    """Return the rows of a frame as dicts that strict JSON can hold."""
    from junheng._frames import Table

    table = Table(frame)
    names = table.columns
    lists = [[_plain(v) for v in table.objects(name).tolist()] for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True)]


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def _count_grades(name: str, units: Units, n: int) -> list[tuple[int, str, str, int, float]]:
    """Return county, item, grade, schools and share for each county and grade."""
    words = units.word(name)
    choices = list(dict.fromkeys(read_toml("columns.toml")["categories"][name]))
    counts = np.stack([np.bincount(units.county[words == c], minlength=n) for c in choices], axis=1)
    out = []
    for county in range(n):
        total = int(counts[county].sum())
        for choice, k in zip(choices, counts[county].tolist(), strict=True):
            out.append((county, name, choice, k, k / total if total else float("nan")))
    return out


def _distinct(columns: Codes) -> tuple[Ints, Ints]:
    """Return the first of each sort of equal columns, and which sort every column is of."""
    k, n = columns.shape
    if k > 18:  # too many digits for one integer
        _, first, which = np.unique(columns.T, axis=0, return_index=True, return_inverse=True)
        return first.astype(np.int64, copy=False), which.reshape(-1).astype(np.int64, copy=False)
    packed = np.zeros(n, dtype=np.int64)
    for row in columns:
        packed = packed * 10 + (row + 1)
    _, first, which = np.unique(packed, return_index=True, return_inverse=True)
    return first.astype(np.int64, copy=False), which.astype(np.int64, copy=False)


def _unique(words: list[Any]) -> tuple[list[Any], Ints]:
    unique = list(dict.fromkeys(words))
    where = {w: i for i, w in enumerate(unique)}
    return unique, np.array([where[w] for w in words], dtype=np.int64)


def _float(value: Decimal | float | None) -> float:
    return float("nan") if value is None else float(value)
