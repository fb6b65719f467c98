"""The frames of an evaluation: tidy and long, in the library of the input (private)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Generic

import numpy as np
from attrs import Factory, field, frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._data import STAGES, read_toml
from junheng._frames import FrameT, Labels, Table, Wholes, build_frame
from junheng.facts import fact_columns
from junheng.indicators.catalog import catalogue, county_catalogue
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS, compare
from junheng.judging.findings import LEFT_OUT_OF, REASONS, Codes
from junheng.judging.items import WHY_OPEN
from junheng.judging.judgement import Judgement
from junheng.judging.subjects import Subjects
from junheng.results.reasons import findings_of, part_reasons, school_reason
from junheng.schools import ALL_STAGES, columns
from junheng.schools.checks import problem_columns
from junheng.schools.inclusion import LEFT_OUT
from junheng.standards.model import Limit
from junheng.words import Language, word

__all__ = ["Frames", "id_records", "records", "round_half_up", "turns"]


@frozen(eq=False)
class Frames(Generic[FrameT]):
    """Makes the frames of an evaluation, with ids or with labels in a language; one method per frame.

    ``spoken`` is the language of sentences, if it is not that of the labels.
    """

    found: Judgement
    language: Language | None
    spoken: Language = field(default=Factory(lambda self: self.language or "en", takes_self=True))

    def schools(self) -> FrameT:
        """One row per school, stage and indicator: value, requirement, floor, verdict and reason."""
        d = self.found
        n, k = d.sections.rows.size, len(d.indicators)
        judged = bool(d.standard.thresholds)
        use = d.applies if judged else np.broadcast_to(d.sections.stage < len(STAGES), (k, n))
        section, indicator = np.nonzero(use.T)
        stage = d.sections.stage[section]
        at = (indicator, section)
        floor, op, sensitive, clause = self._from_thresholds(use, section, indicator)
        reasons = d.reasons[at] if judged else np.where(d.reasons[at] == 0, -1, d.reasons[at])
        words = [*REASONS, "no_requirement"]
        out: dict[str, Any] = self.by_columns(d.county[section])
        out |= self.school_columns(section)
        out["row"] = d.sections.rows[section]
        out["stage"] = self.labels("stage", stage, ALL_STAGES)
        out["indicator"] = self.labels("indicator", indicator, [i.id for i in d.indicators])
        out["value"] = d.values[at]
        units, unit_codes = _unique([i.unit for i in d.indicators])
        out["unit"] = self.labels("unit", unit_codes[indicator], units)
        out["op"] = op
        out["required"] = d.required[at]
        out["floor"] = floor
        out["verdict"] = self.labels("verdict", d.verdicts[at], VERDICTS)
        out["floor_verdict"] = self.labels("verdict", np.where(np.isnan(floor), -1, d.floors[at]), VERDICTS)
        out["counted"] = d.sections.counted[section]
        out["rounding_sensitive"] = sensitive
        out["reason"] = self.labels("reason", reasons % len(words), words)
        out["clause"] = clause
        return self.frame(out)

    def _from_thresholds(self, use: NDArray[np.bool_], section: Ints, indicator: Ints) -> tuple[Any, ...]:
        d = self.found
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
                        sensitive[at] = turns(
                            d.values[cell], d.required[cell], t.op, d.verdicts[cell], printing.school_value
                        )
        return (
            floors[indicator, stage],
            Labels(op_codes[flat], ops),
            sensitive,
            Labels(clause_codes[flat], clauses),
        )

    def school_verdicts(self) -> FrameT:
        """One row per school and stage: number of indicators met, and whether the school complies."""
        d = self.found
        section = np.flatnonzero(d.sections.stage < len(STAGES))
        met = ((d.verdicts == MET) & d.applies)[:, section].sum(axis=0)
        unmet = ((d.verdicts == UNMET) & d.applies)[:, section].sum(axis=0)
        total = d.applies[:, section].sum(axis=0)
        # schools judged alike on every indicator share a sentence
        judged = np.where(d.applies, d.verdicts + np.int8(3) * d.floors, np.int8(-1))[:, section]
        first, pattern = _distinct(judged)
        reasons = [school_reason(d, judged[:, i].tolist(), self.spoken) for i in first.tolist()]
        out: dict[str, Any] = self.by_columns(d.county[section])
        out |= self.school_columns(section)
        out["row"] = d.sections.rows[section]
        out["stage"] = self.labels("stage", d.sections.stage[section], ALL_STAGES)
        out["students"] = d.sections.students[section]
        out["n_indicators"] = total
        out["n_met"] = met
        out["n_unmet"] = unmet
        out["n_undetermined"] = total - met - unmet
        out["verdict"] = self.labels("verdict", d.school[section], VERDICTS)
        out["counted"] = d.sections.counted[section]
        out_codes, first_out = np.unique(d.sections.out[section], return_index=True)
        left = out_codes[np.argsort(first_out)]
        left_code = np.zeros(len(LEFT_OUT), dtype=np.int64)
        left_code[left] = np.arange(left.size)
        words, codes = _unique([*reasons, *(word("reason", LEFT_OUT[c], self.language) for c in left.tolist())])
        counted = d.sections.counted[section]
        out["reason"] = Labels(
            codes[np.where(counted, pattern, len(reasons) + left_code[d.sections.out[section]])], words
        )
        return self.frame(out)

    def indicators(self) -> FrameT:
        """One row per county, stage and indicator: mean, deviation, coefficient, limit, verdict, counts."""
        d = self.found
        n = d.mean.shape[0]
        composite = any(x.kind == "composite" for x in d.standard.limits)
        ids = [i.id for i in d.indicators] + (["composite"] if composite else [])
        # an indicator without a threshold in a stage is not part of that stage
        named = {(t.indicator, t.stage) for t in d.standard.thresholds}
        use = np.array([[not named or (i, s) in named or i == "composite" for i in ids] for s in STAGES], dtype=bool)[
            d.group_stage
        ]
        # whatever has a limit is judged and shown
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
            sensitive[at] = turns(values[at], limits[at], op, verdicts[at], printing.coefficient) if at.size else False
        reason = np.where(
            unjudged | (verdicts != UNDETERMINED),
            0,
            np.where(missing > 0, 2 if d.omitted else 1, 3),
        )
        out: dict[str, Any] = self.by_columns(d.group_county[group])
        out["stage"] = self.labels("stage", d.group_stage[group], STAGES)
        out["indicator"] = self.labels("indicator", indicator, ids)
        out["mean"] = wide(d.mean, none)
        out["std"] = wide(d.std, none)
        out["coefficient"] = values
        out["op"] = ops
        out["limit"] = limits
        out["verdict"] = self.labels("verdict", np.where(unjudged, -1, verdicts), VERDICTS)
        out["reason"] = self.labels("reason", reason, ["", "missing_value", "missing_omitted", "zero_mean"])
        out["n_schools"] = d.group_schools[group]
        out["n_missing"] = missing
        out["n_empty"] = d.n_empty[group]
        out["n_left_out"] = d.n_left_out[group]
        out["students"] = d.group_students[group]
        out["share_of_students_missing"] = wide(d.share_missing, d.share_missing.max(axis=1, initial=0.0))
        out["rounding_sensitive"] = sensitive
        out["clause"] = clauses
        return self.frame(out)

    def _limit_words(self, group: Ints, indicator: Ints, ids: list[str]) -> tuple[Labels, Labels]:
        d = self.found

        def limit(s: int, i: str) -> Limit | None:
            return d.standard.limit("composite" if i == "composite" else "each", stage=STAGES[s])

        found = [limit(s, i) for s in range(len(STAGES)) for i in ids]
        ops, op_codes = _unique([x.op if x else "" for x in found])
        clauses, clause_codes = _unique([x.clause if x else "" for x in found])
        flat = d.group_stage[group] * len(ids) + indicator
        return Labels(op_codes[flat], ops), Labels(clause_codes[flat], clauses)

    def items(self) -> FrameT:
        """One row per county and item: value, requirement, verdict, counts, clause, source and standing."""
        d, lang = self.found, self.language
        results = d.items
        m, n = len(results), d.n_counties
        county = np.repeat(np.arange(n), m)
        which = np.tile(np.arange(m), n)

        def each(words: list[Any]) -> Labels:
            unique, codes = _unique(words)
            return Labels(codes[which], unique)

        def stacked(name: str, dtype: Any) -> Any:
            return _by_county([getattr(r, name) for r in results], n, dtype)

        out: dict[str, Any] = self.by_columns(county)
        out["part"] = each([word("part", r.item.part, lang) for r in results])
        out["item"] = each([r.item.id if lang is None else getattr(r.item.label, lang) for r in results])
        out["number"] = Wholes([r.item.number for r in results], which)
        # what is mostly missing is text, not a category: users fill it in with words of their own
        out["stage"] = [None if r.stage < 0 else word("stage", STAGES[r.stage], lang) for r in results] * n
        out["value"] = stacked("value", np.float64)
        out["op"] = _labels_by_county([(r.op, r.condition) for r in results], n)
        out["required"] = stacked("required", np.float64)
        out["verdict"] = self.labels("verdict", stacked("verdict", np.int8), VERDICTS)
        for i, name in enumerate(("n_met", "n_unmet", "n_undetermined")):
            out[name] = _by_county([r.counts[:, i] for r in results], n, np.int64)
        out["reason"] = self.labels("reason", _by_county([r.reason.codes for r in results], n, np.int8), WHY_OPEN)
        out["finding"] = _labels_by_county([findings_of(d, r, self.spoken) for r in results], n)
        out["reference"] = _references(d)
        out["clause"] = each([r.item.clause for r in results])
        out["source"] = each([d.standard.sources[r.item.source].name(lang) for r in results])
        out["standing"] = each([word("standing", str(r.item.standing), lang) for r in results])
        return self.frame(out)

    def item_schools(self) -> FrameT:
        """Schools (and stages) that fail a condition of an item, or for which it is undetermined."""
        d, lang = self.found, self.language
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

        out: dict[str, Any] = self.by_columns(d.county[section])
        ids = [r.item.id if lang is None else getattr(r.item.label, lang) for r in d.items]
        unique, codes = _unique(ids)
        out["item"] = Labels(codes[which], unique)
        out |= self.school_columns(section)
        out["row"] = d.sections.rows[section]
        out["stage"] = self.labels("stage", stage, ALL_STAGES)
        out["value"] = gathered("value")
        out["required"] = gathered("required")
        out["verdict"] = self.labels("verdict", gathered("verdict").astype(np.int64), VERDICTS)
        return self.frame(out)

    def verdicts(self) -> FrameT:
        """One row per county and part, and one for the overall verdict, with the reason in a sentence."""
        d = self.found
        parts = list(d.part_verdicts)
        n, m = d.n_counties, len(parts)
        county = np.repeat(np.arange(n), m)
        out: dict[str, Any] = self.by_columns(county)
        out["part"] = self.labels("part", np.tile(np.arange(m), n), parts)
        codes = np.stack([d.part_verdicts[p] for p in parts], axis=1).reshape(n * m)
        out["verdict"] = self.labels("verdict", codes.astype(np.int64), VERDICTS)
        out["reason"] = part_reasons(d, self.spoken)
        return self.frame(out)

    def county_indicators(self) -> FrameT:
        """Enrolment, retention, progression and funds of every county, from its facts; empty if not given."""
        d, lang = self.found, self.language
        known = list(county_catalogue().values())
        n, m = d.n_counties, len(known)
        values = np.full((n, m), np.nan)
        for j, ind in enumerate(known):
            top = d.facts.number(ind.numerator)
            bottom = np.ones(n) if ind.denominator is None else d.facts.number(ind.denominator)
            values[:, j] = np.divide(top, bottom, out=np.full(n, np.nan), where=bottom > 0)
        out: dict[str, Any] = self.by_columns(np.repeat(np.arange(n), m))
        which = np.tile(np.arange(m), n)
        out["indicator"] = Labels(which, [i.id if lang is None else getattr(i, lang) for i in known])
        out["value"] = values.reshape(n * m)
        units, codes = _unique([i.unit for i in known])
        out["unit"] = self.labels("unit", codes[which], units)
        return self.frame(out)

    def grades(self) -> FrameT:
        """One row per county, graded column and grade: number and share of schools."""
        d, lang = self.found, self.language
        schools = d.sections.schools
        units = Subjects.make(d.sections, d.county, whole=True, every=True)
        rows: list[tuple[int, str, str, int, float]] = []
        for name in (*(f"grade_b{i}" for i in range(1, 14)), "conditions_grade"):
            if name in schools.has:
                rows += _count_grades(name, units, d.n_counties)
        out: dict[str, Any] = self.by_columns(np.array([r[0] for r in rows], dtype=np.int64))
        out["item"] = [columns()[r[1]].zh if lang == "zh" else columns()[r[1]].en if lang else r[1] for r in rows]
        out["grade"] = [word("grade", r[2], lang) for r in rows]
        out["n_schools"] = np.array([r[3] for r in rows], dtype=np.int64)
        out["share"] = np.array([r[4] for r in rows], dtype=np.float64)
        return self.frame(out)

    def facts(self) -> FrameT:
        """One row per county and fact that was given: value (yes is 1, no is 0), unit and reference."""
        d, lang = self.found, self.language
        given = [f for f in fact_columns().values() if f.id in d.facts.given]
        values = np.array([d.facts.number(f.id) for f in given]).reshape(len(given), d.n_counties)
        county, which = np.nonzero(~np.isnan(values.T))
        out: dict[str, Any] = self.by_columns(county)
        out["fact"] = Labels(which, [f.id if lang is None else getattr(f, lang) for f in given])
        out["value"] = values[which, county]
        units = [None if f.unit in (None, "1") else word("unit", f.unit, lang) for f in given]
        out["unit"] = [units[i] for i in which.tolist()]
        named = [d.facts.references.get(f.id, {}) for f in given]
        out["reference"] = [named[i].get(c) for i, c in zip(which.tolist(), county.tolist(), strict=True)]
        return self.frame(out)

    def left_out(self) -> FrameT:
        """Schools and stages that are not counted, with the reason and what they are left out of."""
        d = self.found
        section, why, of = d.leaving
        out: dict[str, Any] = self.by_columns(d.county[section])
        out |= self.school_columns(section)
        out["row"] = d.sections.rows[section]
        out["stage"] = self.labels("stage", d.sections.stage[section], ALL_STAGES)
        out["students"] = d.sections.students[section]
        reasons = [word("reason", r, self.language) for r in LEFT_OUT]
        out["reason"] = [reasons[c] for c in why.tolist()]
        kinds = [word("left_out_of", k, self.language) for k in LEFT_OUT_OF]
        out["left_out_of"] = [kinds[c] for c in of.tolist()]
        return self.frame(out)

    def problems(self) -> FrameT:
        """One row per problem that did not stop the evaluation."""
        lang = self.language
        out = problem_columns(self.found.problems, self.spoken)
        if lang is not None:
            out["code"] = [word("problem", c, lang) for c in out["code"]]
            out["severity"] = [word("severity", s, lang) for s in out["severity"]]
            out["column"] = [c and self.header(c) for c in out["column"]]
            out["key"] = [k and " / ".join(word("stage", part, lang) for part in k.split(" / ")) for k in out["key"]]
        return self.frame(out)

    # -------------------------------------------------------------------------------------------- columns

    def frame(self, out: dict[str, Any]) -> FrameT:
        """Return columns as a frame of the library of the input, with headers in the language."""
        if self.language is not None:
            out = {self.header(name): column for name, column in out.items()}
        built: FrameT = build_frame(out, self.found.backend)
        return built

    def header(self, name: str) -> str:
        """Return the label of a column in the language of the evaluation."""
        known = read_toml("words/labels.toml")["column"]
        if name in known or name not in columns():
            return str(word("column", name, self.language))
        return columns()[name].zh if self.language == "zh" else columns()[name].en

    def labels(self, group: str, codes: Any, words: Any) -> Labels:
        """Return codes with their words in the language."""
        lang = self.language
        if group == "indicator" and lang is not None:
            known = catalogue()
            named = [getattr(known[w], lang) if w in known else word("indicator", w, lang) for w in words]
            return Labels(codes, named)
        return Labels(codes, [word(group, w, lang) for w in words])

    def by_columns(self, county: Ints) -> dict[str, Any]:
        """Return the columns that name a county."""
        out: dict[str, Any] = {}
        for name, words in self.found.county_words:
            unique, codes = _unique(words)
            out[name] = Labels(codes[county], unique) if len(unique) else []
        return out

    def school_columns(self, section: Ints) -> dict[str, Any]:
        """Return the columns that name a school."""
        schools = self.found.sections.schools
        rows = self.found.sections.rows[section]
        out: dict[str, Any] = {}
        for name in ("school_code", "school"):
            if name in schools.frame.columns:
                codes, words = schools.codes(name)
                out[name] = Labels(codes[rows], words or [""])  # a column of text even if it is empty
        return out


def round_half_up(values: Floats, digits: int) -> Floats:
    """Round half up, as forms do; 0.285 counts as a half although its double is slightly less."""
    with np.errstate(over="ignore"):
        scaled = values * 10.0**digits
    rounded: Floats = np.floor(np.nextafter(scaled, np.inf) + 0.5) / 10.0**digits
    return np.where(np.isinf(scaled), values, rounded)  # a figure too large to have decimals


def turns(values: Floats, required: Any, op: str, verdicts: Codes, digits: int) -> NDArray[np.bool_]:
    """Return where rounding to the digits of a form would change a verdict."""
    printed = compare(round_half_up(values, digits), required, op)
    out: NDArray[np.bool_] = (printed != verdicts) & (verdicts != UNDETERMINED) & (printed != UNDETERMINED)
    return out


def id_records(found: Judgement, name: str, language: Language | None) -> list[dict[str, Any]]:
    """Return the rows of a frame with ids, for programs, and its sentences in a language."""
    frames: Frames[Any] = Frames(found, None, language or "en")
    return records(getattr(frames, name)())


def records(frame: Any) -> list[dict[str, Any]]:
    """Return the rows of a frame as dicts that strict JSON can hold."""
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


def _count_grades(name: str, units: Subjects, n: int) -> list[tuple[int, str, str, int, float]]:
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


def _by_county(of_items: Sequence[NDArray[Any]], n: int, dtype: Any) -> NDArray[Any]:
    """Return what items have for each of ``n`` counties, county by county."""
    out = np.empty((n, len(of_items)), dtype=dtype)
    for j, own in enumerate(of_items):
        out[:, j] = own
    return out.reshape(-1)


def _labels_by_county(of_items: Sequence[tuple[Sequence[str | None], NDArray[Any]]], n: int) -> Labels:
    """Return the words of items, and which is that of each county, as one column, county by county."""
    words = dict.fromkeys(w for own, _ in of_items for w in own if w is not None)
    place = {None: -1} | {w: i for i, w in enumerate(words)}
    codes = [np.array([place[w] for w in own], dtype=np.int32)[which] for own, which in of_items]
    return Labels(_by_county(codes, n, np.int32), [*words] or [""])  # a column of text even if it has no rows


def _references(d: Judgement) -> list[str | None]:
    """Return the documents named for every item, county by county."""
    out: list[str | None] = [None] * (d.n_counties * len(d.items))
    for j, result in enumerate(d.items):
        for county, documents in d.facts.documents(result.item).items():
            out[county * len(d.items) + j] = documents
    return out


def _distinct(columns: Codes) -> tuple[Ints, Ints]:
    """Return the first of each set of equal columns, and the set of every column."""
    k, n = columns.shape
    if k > 18:  # too many digits for one integer
        _, first, which = np.unique(columns.T, axis=0, return_index=True, return_inverse=True)
        return first.astype(np.int64, copy=False), which.reshape(-1).astype(np.int64, copy=False)
    packed = np.zeros(n, dtype=np.int64)
    for row in columns:
        packed = packed * 10 + (row + 1)
    _, first, which = np.unique(packed, return_index=True, return_inverse=True)
    return first.astype(np.int64, copy=False), which.astype(np.int64, copy=False)


def _unique(words: list[Any]) -> tuple[list[Any], NDArray[np.int32]]:
    unique = list(dict.fromkeys(words))
    where = {w: i for i, w in enumerate(unique)}
    return unique, np.array([where[w] for w in words], dtype=np.int32)


def _float(value: Decimal | float | None) -> float:
    return float("nan") if value is None else float(value)
