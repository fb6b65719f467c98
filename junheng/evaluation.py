"""Where arithmetic and law meet: ``evaluate(schools, standard)`` → :class:`~junheng.results.Evaluation`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache, cached_property, partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

import attrs
import numpy as np
from attrs import define, frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Groups, Ints, coefficient, grouped_moments, over_columns
from junheng._data import STAGES
from junheng._inclusion import LEFT_OUT
from junheng.errors import InputDataError, InputError, ProblemCode
from junheng.facts import Facts
from junheng.indicators import exact
from junheng.indicators.catalog import Indicator, catalogue
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, all_of, at_least, compare, judged
from junheng.judging.items import Units, give_hints, in_dates, special_sections
from junheng.results import REASONS, Data, Evaluation
from junheng.schools import Reading, parse_numbers
from junheng.stages import Sections, check_all, check_for_standard, item_columns, needed_columns
from junheng.standards import Standard, load_standard
from junheng.standards.model import Limit, Relaxation, Threshold

__all__ = ["evaluate"]

Codes = NDArray[np.int8]
Missing = Literal["propagate", "omit", "raise"]

_REASON = {name: np.int8(i) for i, name in enumerate(REASONS)}


def evaluate(
    schools: Any,
    standard: Standard | str | os.PathLike[str],
    by: Sequence[str] | str | None = None,
    county_facts: Any = None,
    missing: Missing = "propagate",
) -> Evaluation:
    r"""Judge every school and county of a table by a standard, and keep what is needed to explain it.

    Per school and stage: each indicator, compared unrounded with its threshold and its floor; then the rule on how
    many must be met. Per county and stage: the mean :math:`\bar X = \sum x / \sum P`, the enrolment-weighted
    difference coefficient of each indicator and their mean, compared with their limits. Integrated schools are split
    first, as the standard says. What is missing is never a pass: verdicts are met, unmet or undetermined, combined by
    Kleene's logic.

    Parameters
    ----------
    schools : pandas, polars or pyarrow frame
        Canonical columns and units, one row a school, or a school and stage; see
        :func:`junheng.standardize_columns` and :func:`junheng.split_stages`.
    standard : Standard, str or path
        What to judge by: an id of :func:`junheng.list_standards`, a file of your own, or what
        :func:`junheng.load_standard` returned.
    by : str or sequence of str, optional
        Columns that make a county; by default ``county`` (``county_code`` where there is no ``county``). A column
        ``year``, where there is one, always belongs to it.
    county_facts : frame or mapping, optional
        Facts about the county itself, one row a county (and year), or county to facts: funds, exchange, surveys,
        documents attested (yes or no, with a reference in ``<fact>_reference``). What is not given is undetermined.
    missing : {"propagate", "omit", "raise"}
        What a missing figure does to a coefficient. ``propagate``: it is undefined, the verdict undetermined.
        ``omit``: it is taken over the schools with data, and shown, but never judged on. ``raise``: an error that
        lists every gap.

    Returns
    -------
    Evaluation
        Frames ``schools``, ``school_verdicts``, ``indicators``, ``items``, ``verdicts``, ``left_out`` in the library
        of the input; ``explain``, ``relabel``, ``to_dict``, ``provenance``.

    Raises
    ------
    InputDataError
        The table cannot be used; every problem is listed.
    UnknownStandardError, StandardDataError
        The standard cannot be used.
    InputError
        An argument is of the wrong kind.

    References
    ----------
    教督〔2012〕3号; 教督〔2017〕6号; 鲁教基字〔2008〕15号; for the coefficient
    义务教育均衡发展差异系数计算方法及数据来源.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> ev.verdicts[["part", "verdict"]].values.tolist()[0]
    ['resources', 'unmet']
    """
    std = standard if isinstance(standard, Standard) else load_standard(standard)
    if missing not in ("propagate", "omit", "raise"):
        raise InputError(f"missing must be 'propagate', 'omit' or 'raise', not {missing!r}")
    indicators = _indicators(std)
    needed = needed_columns(std)
    reading = Reading(schools, by=[by] if isinstance(by, str) else by, soon=(*needed, *item_columns(std)))
    for name in needed:
        reading.require(name)
    sections = check_all(reading, std, needed)
    if missing == "raise":
        _require_complete(reading, sections, needed)
    if any(p.code == ProblemCode.MISSING_COLUMN for p in reading.errors):
        raise InputDataError(reading.problems)
    facts = Facts(county_facts, sections.counties.words)
    facts.check_choices(std.items)
    check_for_standard(reading, std)
    give_hints(std, facts)
    reading.problems += facts.problems
    if reading.errors:
        raise InputDataError(reading.problems)
    ev = _evaluate(std, indicators, reading, sections, missing, facts)
    again = partial(evaluate, standard=std, by=by, county_facts=county_facts, missing=missing)
    return attrs.evolve(ev, again=again)


def _indicators(std: Standard) -> tuple[Indicator, ...]:
    return tuple(catalogue()[i] for i in std.indicators)


def _require_complete(reading: Reading, sections: Sections, needed: Sequence[str]) -> None:
    for name in needed:
        gaps = np.isnan(sections.number(name) if name != "students" else sections.students) & sections.counted_at_all
        for i in np.flatnonzero(gaps).tolist():
            reading.add(
                ProblemCode.MISSING_VALUE,
                f"{name} is missing for the {STAGES[int(sections.stage[i])]} stage; fill it in, "
                'or choose missing="propagate"',
                row=int(sections.rows[i]),
                column=name,
            )


# --------------------------------------------------------------------------------------- the whole


def _evaluate(
    std: Standard,
    indicators: tuple[Indicator, ...],
    reading: Reading,
    sections: Sections,
    missing: Missing,
    facts: Facts,
) -> Evaluation:
    n, k = sections.rows.size, len(indicators)
    values = np.empty((k, n))
    verdicts, floors = np.empty((k, n), dtype=np.int8), np.empty((k, n), dtype=np.int8)
    reasons = np.zeros((k, n), dtype=np.int8)
    by_classes: dict[int, Floats] = {}
    classes = sections.number("classes") if "classes" in needed_columns(std) else None
    out = np.flatnonzero(sections.out)
    why = np.array([_REASON[code] for code in LEFT_OUT], dtype=np.int8)[sections.out[out]]

    def work_out(j: int) -> _Cells:
        cell = _Cells.make(indicators[j], sections, std, values[j])
        found = [std.find(cell.indicator.id, stage) for stage in STAGES]
        judged = _Judged(verdicts[j], floors[j], reasons[j])
        if _is_plain(cell, found):
            _judge_plainly(cell, found, judged)
        else:
            judged.verdict.fill(UNDETERMINED)
            judged.floor.fill(UNDETERMINED)
            required = _judge_by_stage(cell, found, sections, classes, judged)
            if any(t is not None and not t.fixed for t in found):
                by_classes[j] = required
        for relaxation in std.relaxations:
            if relaxation.id in std.applied and relaxation.indicator == cell.indicator.id:
                # where it is not known whether it helps, or by how much, what falls short is open
                perhaps = _perhaps_relaxed(sections, relaxation)
                reasons[j, perhaps & (verdicts[j] == UNMET)] = _REASON["missing_value"]
                verdicts[j, perhaps & (verdicts[j] == UNMET)] = UNDETERMINED
                floors[j, perhaps & (floors[j] == UNMET)] = UNDETERMINED
        verdicts[j, out], floors[j, out], reasons[j, out] = UNDETERMINED, UNDETERMINED, why
        return cell

    # a relaxation may read columns of its own: one at a time, or two threads would read them at once
    at_once = 0 if std.applied or any(t.instead for t in std.thresholds) else n
    cells = over_columns(work_out, range(k), at_once)
    school = _school_verdicts(std, sections, verdicts, floors)
    groups = _coefficients(std, cells, sections, missing)
    data = Data(
        standard=std,
        indicators=indicators,
        backend=reading.table.backend,
        by=tuple(reading.by),
        sections=sections,
        county=sections.counties.codes,
        county_words=sections.counties.words,
        values=values,
        by_classes=by_classes,
        verdicts=verdicts,
        floors=floors,
        reasons=reasons,
        school=school,
        facts=facts,
        **groups,
    )
    return Evaluation(data=data, provenance=_provenance(std, reading, sections, missing))


@cache
def _release() -> str:
    try:
        return version("junheng")
    except PackageNotFoundError:  # pragma: no cover - run from a source tree that was never installed
        return "unknown"


def _provenance(std: Standard, reading: Reading, sections: Sections, missing: Missing) -> dict[str, Any]:
    left_out = {c: n for i, c in enumerate(LEFT_OUT) if i and (n := int(np.count_nonzero(sections.out == i)))}
    codes = [str(p.code) for p in reading.problems]
    return {
        "junheng": _release(),
        "standard": std.id,
        "standard_digest": std.digest,
        "extends": std.extends,
        "by": list(reading.by),
        "relaxations": list(std.applied),
        "readings_chosen": std.chosen,
        "missing": missing,
        "rows": reading.rows,
        "sections": int(sections.rows.size),
        "sections_counted": int(sections.counted.sum()),
        "sections_in_coefficient": int(sections.in_coefficient.sum()),
        "sections_left_out": {c: left_out[c] for c in sorted(left_out)},
        "sections_divided": int((sections.divides_any & sections.counted_at_all).sum()),
        "warnings": {c: codes.count(c) for c in sorted(set(codes))},
    }


# ------------------------------------------------------------------------------------ school by school


#: Sections worked on at a time: what lies between one step and the next stays in the cache.
_PIECE = 32_768


def _pieces(n: int) -> list[slice]:
    return [slice(i, min(i + _PIECE, n)) for i in range(0, n, _PIECE)]


@frozen(eq=False, slots=False)
class _Cells:
    """One indicator of every section, with what it was made of.

    ``top`` is the upper figure as it stands in the table; the sections ``whole`` are due their ``shares`` instead.
    ``gaps`` are the sections that have no value, ``relaxed`` where columns are added to the upper figure, and which.
    """

    indicator: Indicator
    value: Floats
    top: Floats
    whole: Ints
    shares: Floats
    denominator: Floats | None
    gaps: Ints
    sections: Sections
    relaxed: tuple[tuple[NDArray[np.bool_], tuple[str, ...]], ...]

    @classmethod
    def make(cls, indicator: Indicator, sections: Sections, std: Standard, value: Floats) -> _Cells:
        """Work out an indicator into ``value``."""
        top, whole, shares = sections.figures(indicator.numerator)
        relaxed = []
        for relaxation in std.relaxations:
            if relaxation.id in std.applied and relaxation.indicator == indicator.id:
                for more in _relaxed(sections, relaxation):
                    top, shares = top + more, shares + more[whole]
                relaxed.append((_relaxes(sections, relaxation), relaxation.add))
        bottom = None if indicator.denominator is None else _column(sections, indicator.denominator)
        gaps = []
        cuts = np.searchsorted(whole, np.arange(0, value.size + _PIECE, _PIECE)).tolist()
        with np.errstate(divide="ignore", invalid="ignore"):
            for piece, first, last in zip(_pieces(value.size), cuts, cuts[1:], strict=False):
                own = value[piece]
                np.multiply(top[piece], indicator.scale, out=own)
                if last > first:
                    own[whole[first:last] - piece.start] = shares[first:last] * indicator.scale
                if bottom is not None:
                    np.divide(own, bottom[piece], out=own)
                known = np.isfinite(own)
                if indicator.denominator != "students":  # what is divided by no students is no number
                    known &= sections.students[piece] != 0
                if not known.all():
                    gap = np.flatnonzero(~known)
                    own[gap] = np.nan
                    gaps.append(gap + piece.start)
        missing = np.concatenate(gaps) if gaps else np.empty(0, dtype=np.int64)
        return cls(indicator, value, top, whole, shares, bottom, missing, sections, tuple(relaxed))

    def numerator(self, at: Ints) -> Floats:
        """Return the upper figure of some sections."""
        out = self.top[at]
        if self.whole.size:
            place = np.minimum(np.searchsorted(self.whole, at), self.whole.size - 1)
            due = np.flatnonzero(self.whole[place] == at)
            out[due] = self.shares[place[due]]
        return np.asarray(out)

    def rounded(self, at: Ints) -> NDArray[np.bool_]:
        """Return where a figure in the table is itself a rounded part of a school's."""
        return np.asarray(np.any([self.sections.was_divided(name)[at] for name in self.indicator.columns], axis=0))

    def plain(self, at: Ints) -> NDArray[np.bool_]:
        """Return where the two figures are those of the table, neither divided nor added to."""
        out = ~self.rounded(at)
        for name in self.indicator.columns:
            out &= self.sections.as_typed(name, at)
        for applies, _ in self.relaxed:
            out &= ~applies[at]
        return out

    @cached_property
    def no_rule(self) -> NDArray[np.bool_]:
        """Where a figure would have to be divided, and the standard does not say how."""
        out = np.zeros(self.value.size, dtype=bool)
        for name in self.indicator.columns:
            out |= self.sections.is_divided(name) & ~self.sections.has_rule
        return out

    def exactly(self, at: Ints) -> tuple[list[Fraction], list[Fraction]]:
        """Return both figures of some sections as fractions of the figures as typed."""
        tops = self.sections.exactly(self.indicator.numerator, at)
        for applies, names in self.relaxed:
            for name in names:
                there = np.flatnonzero(applies[at] & np.isfinite(self.sections.number(name)[at]))
                for i, more in zip(there.tolist(), self.sections.exactly(name, at[there]), strict=True):
                    tops[i] += more
        below = self.indicator.denominator
        return tops, [Fraction(1)] * at.size if below is None else self.sections.exactly(below, at)


def _relaxes(sections: Sections, relaxation: Relaxation) -> NDArray[np.bool_]:
    """Return where a relaxation is known to apply."""
    units = Units.make(sections, np.zeros(sections.rows.size, dtype=np.int64), whole=False, every=True)
    return np.asarray((units.where(relaxation.where) == MET) & in_dates(_years(sections), relaxation), dtype=bool)


def _relaxed(sections: Sections, relaxation: Relaxation) -> list[Floats]:
    """Return the columns a relaxation adds to a numerator, 0 where it is not known to apply."""
    applies = _relaxes(sections, relaxation)
    return [np.where(applies, np.nan_to_num(sections.number(name)), 0.0) for name in relaxation.add]


def _perhaps_relaxed(sections: Sections, relaxation: Relaxation) -> NDArray[np.bool_]:
    units = Units.make(sections, np.zeros(sections.rows.size, dtype=np.int64), whole=False, every=True)
    applies = units.where(relaxation.where)
    gap = np.any([np.isnan(sections.number(name)) for name in relaxation.add], axis=0)
    possible = (applies == UNDETERMINED) | ((applies == MET) & gap)
    return np.asarray(possible & in_dates(_years(sections), relaxation), dtype=bool)


def _years(sections: Sections) -> Floats:
    reading = sections.reading
    if "year" not in reading.has:
        return np.full(sections.rows.size, np.nan)
    codes, words = reading.codes("year")
    known = parse_numbers(np.array([*words, None], dtype=object))[0]
    return np.asarray(known[codes][sections.rows])


def _column(sections: Sections, name: str) -> Floats:
    return sections.students if name == "students" else sections.number(name)


@frozen(eq=False)
class _Requirement:
    """What a threshold asks of each section: one number, or two where one of several may hold."""

    value: Floats
    stricter: Floats
    laxer: Floats
    reason: Codes
    exact: tuple[Fraction, ...]

    @property
    def lost(self) -> NDArray[np.bool_]:
        """Where the number was lost, and only that the thing is required is known."""
        return np.asarray(self.reason == _REASON["number_lost"])


#: What a verdict on "is this school meant" says: no, not known, yes.
MEANT = {UNMET: False, UNDETERMINED: None, MET: True}


def _require(t: Threshold, classes: Floats | None, value: Floats, special: Sequence[Codes] = ()) -> _Requirement:
    """Return what is asked of sections of so many ``classes``; ``special`` says for which ``t.instead`` is meant."""
    if t.fixed:
        assert t.value is not None
        number = np.full(value.size, float(t.value))
        return _Requirement(number, number, number, np.zeros(value.size, dtype=np.int8), (Fraction(t.value),))
    if t.classes:
        assert classes is not None
        kinds, at = np.unique(classes, return_inverse=True)
        found = [t.asked(exact.typed(k) if np.isfinite(k) else None) for k in kinds.tolist()]
    else:
        # schools that are alike in what they are share a number: their answers as one number to the base of three
        answers, at = np.unique(sum(c * 3**n for n, c in enumerate(special)), return_inverse=True)
        found = [t.asked(meant=[MEANT[a // 3**n % 3] for n in range(len(special))]) for a in answers.tolist()]
    strict, lax = (np.array([float(n[i]) if n else np.nan for n, _ in found])[at] for i in (-1, 0))
    reason = np.array([_REASON[why] for _, why in found], dtype=np.int8)[at]
    passed, failed = compare(value, strict, t.op) == MET, compare(value, lax, t.op) == UNMET
    shown = np.where((strict == lax) | passed, strict, np.where(failed, lax, np.nan))
    return _Requirement(shown, strict, lax, reason, tuple(x for n, _ in found for x in n))


def _judge_cells(cell: _Cells, at: Ints, t: Threshold, r: _Requirement) -> tuple[Codes, Codes]:
    written = _as_written(r.exact)
    strict = _compare_exactly(cell, at, r.stricter, t.op, written)
    if r.stricter is r.laxer:
        verdict = strict
    else:
        lax = _compare_exactly(cell, at, r.laxer, t.op, written)
        # met under both neighbouring sizes, or unmet under both: then the rule between them does not matter
        verdict = np.where(strict == lax, strict, np.int8(UNDETERMINED))
    value = cell.value[at]
    # where the number was lost, none at all is too little
    verdict = np.where(r.lost & (value == 0), np.int8(UNMET), verdict)
    reason = np.where((verdict == UNDETERMINED) | r.lost, r.reason, np.int8(0))
    gap = np.isnan(value)
    if t.op == ">=":
        # nothing is asked: whatever the school has is enough
        nothing = r.stricter == 0
        verdict = np.where(nothing, np.int8(MET), verdict)
        reason = np.where(nothing, np.int8(0), reason)
        gap &= ~nothing
    if cell.denominator is not None and cell.indicator.denominator != "students":
        # students but nobody to teach them: no ratio exists, and yet "at most 19 to one" is plainly not met
        nobody = gap & (cell.denominator[at] == 0) & (cell.numerator(at) > 0) & ~np.isnan(r.stricter)
        if t.op in ("<=", "<"):
            verdict = np.where(nobody, np.int8(UNMET), verdict)
        reason = np.where(nobody, _REASON["zero_denominator"], reason)
        gap &= ~nobody
    reason = np.where(gap, _REASON["missing_value"], reason)
    reason = np.where(gap & cell.no_rule[at], _REASON["no_split_rule"], reason)
    return verdict.astype(np.int8, copy=False), reason.astype(np.int8, copy=False)


def _as_written(numbers: Sequence[Decimal | Fraction]) -> Callable[[float], Fraction]:
    """Return a function from the float of a requirement to the number in the standard."""
    written = {float(d): Fraction(d) for d in numbers}
    return lambda required: written[required]


def _compare_exactly(cell: _Cells, at: Ints, required: Floats, op: str, limit_of: Callable[[float], Fraction]) -> Codes:
    """Compare values with requirements; what lies within rounding of one is compared again in fractions."""
    value = cell.value[at]
    out = compare(value, required, op)
    near = exact.near(value, required)
    if near.size:
        rows = at[near]

        def figures(which: Ints) -> tuple[list[Fraction], list[Fraction]]:
            tops, bottoms = cell.exactly(rows[which])
            return [x * cell.indicator.scale for x in tops], bottoms

        out[near] = judged(
            exact.quotient_signs(
                cell.numerator(rows) * cell.indicator.scale,
                np.ones(rows.size) if cell.denominator is None else cell.denominator[rows],
                required[near],
                limit_of,
                cell.plain(rows),
                figures,
                cell.rounded(rows),
            ),
            op,
        )
    return out


@frozen(eq=False)
class _Judged:
    """What is found of one indicator for every section; filled in place."""

    verdict: Codes
    floor: Codes
    reason: Codes


def _judge_by_stage(
    cell: _Cells, found: Sequence[Threshold | None], sections: Sections, classes: Floats | None, out: _Judged
) -> Floats:
    """Judge an indicator stage by stage, whatever its thresholds look like; return what is asked of each section."""
    required = np.full(cell.value.size, np.nan)
    for s, t in enumerate(found):
        at = np.flatnonzero(sections.stage == s)
        if t is None or not at.size:
            continue
        special = [codes[at] for codes in special_sections(sections, t)]
        requirement = _require(t, None if classes is None else classes[at], cell.value[at], special)
        required[at] = requirement.value
        out.verdict[at], out.reason[at] = _judge_cells(cell, at, t, requirement)
        if t.floor is not None:
            floor = np.full(at.size, float(t.floor))
            out.floor[at] = _compare_exactly(cell, at, floor, t.op, _as_written([t.floor]))
    return required


def _is_plain(cell: _Cells, found: Sequence[Threshold | None]) -> bool:
    """Tell whether a requirement is one number a stage, compared in one way, and without students is no value."""
    some = [t for t in found if t is not None]
    by_student = cell.denominator is None or cell.indicator.denominator == "students"
    return by_student and all(t.fixed for t in some) and len({t.op for t in some}) == 1


@define(eq=False)
class _Bars:
    """One number a stage that values are compared with; NaN where a stage has none, and for the senior stage.

    ``near`` collects the sections that lie so near to it that they have to be compared again.
    """

    verdict: Codes
    wanted: Floats
    exact: tuple[Decimal, ...]
    near: list[Ints] = attrs.field(factory=list, init=False)

    @classmethod
    def make(cls, verdict: Codes, asked: Sequence[Decimal | None]) -> _Bars:
        wanted = np.array([*(np.nan if d is None else float(d) for d in asked), np.nan])
        return cls(verdict, wanted, tuple(d for d in asked if d is not None))

    def compare(self, value: Floats, piece: slice, of_stage: Sequence[NDArray[np.bool_]], op: str) -> None:
        """Compare the values of a piece; what lies so near that rounding could decide is only noted down."""
        known = [s for s in range(len(STAGES)) if not np.isnan(self.wanted[s])]
        first = self.wanted[known[0]]
        not_below, above = _beside(value, first)
        for s in known[1:]:
            if self.wanted[s] != first:
                here = of_stage[s][piece]
                for all_, own in zip((not_below, above), _beside(value, self.wanted[s]), strict=True):
                    # all_ = own where the stage is: a ^ ((a ^ b) & here), which is much faster than choosing
                    own ^= all_
                    own &= here
                    all_ ^= own
        if op in (">=", ">"):
            holding = above
        elif op in ("<=", "<"):
            holding = ~not_below
        else:
            holding = np.zeros_like(above)
        np.multiply(holding, np.int8(MET), out=self.verdict[piece])
        # neither below nor above: so near that rounding could decide
        not_below ^= above
        if not_below.any():
            self.near.append(np.flatnonzero(not_below) + piece.start)


def _beside(value: Floats, wanted: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell where a value is not clearly below a number, and where it is clearly above."""
    hair = 2 * exact.NEAR * abs(wanted)
    return value >= wanted - hair, value > wanted + hair


def _judge_plainly(cell: _Cells, found: Sequence[Threshold | None], out: _Judged) -> None:
    """Judge an indicator of plain thresholds: every section at once, a piece at a time."""
    sections = cell.sections
    op = next(t.op for t in found if t is not None)
    bars = [_Bars.make(out.verdict, [None if t is None else t.value for t in found])]
    asked_floors = [None if t is None else t.floor for t in found]
    if any(f is not None for f in asked_floors):
        bars.append(_Bars.make(out.floor, asked_floors))
    else:
        out.floor.fill(UNDETERMINED)
    with np.errstate(invalid="ignore"):
        for piece in _pieces(cell.value.size):
            value = cell.value[piece]
            for bar in bars:
                bar.compare(value, piece, sections.of_stage, op)
    for bar in bars:
        if bar.near:
            near = np.concatenate(bar.near)
            required = bar.wanted[np.minimum(sections.stage[near], len(STAGES))]
            bar.verdict[near] = _compare_exactly(cell, near, required, op, _as_written(bar.exact))
        bar.verdict[cell.gaps] = UNDETERMINED
        for s, here in enumerate(sections.of_stage):
            if np.isnan(bar.wanted[s]):
                bar.verdict[np.flatnonzero(here)] = UNDETERMINED
        if sections.any_senior:
            bar.verdict[np.flatnonzero(sections.stage >= len(STAGES))] = UNDETERMINED
    # one place more than there are stages: nothing is asked of a senior stage
    applies = np.array([*(t is not None for t in found), False], dtype=bool)
    gaps = cell.gaps[applies[sections.stage[cell.gaps]]]
    if gaps.size:
        out.reason[gaps] = np.where(cell.no_rule[gaps], _REASON["no_split_rule"], _REASON["missing_value"])


def _school_verdicts(std: Standard, sections: Sections, verdicts: Codes, floors: Codes) -> Codes:
    """Return the verdict of each section over all its indicators, undetermined where it does not count."""
    out = np.full(sections.rows.size, UNDETERMINED, dtype=np.int8)
    rule = std.school_rule
    if rule is None or not std.thresholds:
        return out

    def judge(chosen: list[int], stages: list[int], piece: slice) -> None:
        block = verdicts[chosen, piece]
        if rule.kind == "all":
            found = all_of(block, axis=0)
        else:
            assert rule.k is not None
            rest = floors[chosen, piece] if rule.floor_ratio is not None else None
            found = at_least(block, rule.k, rest, axis=0)
        here = np.any([sections.of_stage[s][piece] for s in stages], axis=0)
        mine = np.flatnonzero(here & (sections.out[piece] == 0))
        out[piece][mine] = found[mine]

    for own, stages in _stages_alike(std).items():
        if own:
            over_columns(partial(judge, list(own), stages), _pieces(out.size), out.size)
    return out


def _stages_alike(std: Standard) -> dict[tuple[int, ...], list[int]]:
    """Return the stages by the indicators that have a threshold in them."""
    out: dict[tuple[int, ...], list[int]] = {}
    for s, stage in enumerate(STAGES):
        own = tuple(j for j, id_ in enumerate(std.indicators) if std.find(id_, stage) is not None)
        out.setdefault(own, []).append(s)
    return out


# ------------------------------------------------------------------------------------ county by county


def _coefficients(std: Standard, cells: Sequence[_Cells], sections: Sections, missing: Missing) -> dict[str, Any]:
    """Return means, coefficients and verdicts of every county and stage that has a section that counts."""
    by = sections.counties
    usable, codes, present, groups = by.usable, by.group_codes, by.present, by.groups
    k = len(cells)
    students = sections.students
    mean = np.full((groups.n, k), np.nan)
    std_ = np.full((groups.n, k), np.nan)
    weighted = [j for j, c in enumerate(cells) if c.indicator.denominator == "students"]
    omit = missing == "omit"
    moments = grouped_moments([cells[j].value for j in weighted], students, groups, omit_missing=omit)
    mean[:, weighted], std_[:, weighted] = moments.mean, moments.std
    for j, cell in enumerate(cells):
        if j not in weighted:
            # the ratio of the totals; an amount a school has no weight but the school
            mean[:, j] = grouped_moments([cell.value], cell.denominator, groups, omit_missing=omit).mean[:, 0]
    cv = coefficient(mean, std_)
    n_missing = np.zeros((groups.n, k), dtype=np.int64)
    lost = np.zeros((groups.n, k))
    for j, cell in enumerate(cells):
        gaps = cell.gaps[sections.out_of_coefficient[cell.gaps] == 0]
        if gaps.size:
            own = codes[np.searchsorted(usable, gaps)]
            n_missing[:, j] = np.bincount(own, minlength=groups.n)
            lost[:, j] = np.bincount(own, weights=np.nan_to_num(students[gaps]), minlength=groups.n)
    if weighted and not omit:
        total = moments.weight[:, 0]
    else:
        total = np.bincount(codes, weights=students[usable], minlength=groups.n).astype(np.float64)
    with np.errstate(invalid="ignore"):
        share_missing = np.where(np.isnan(total)[:, None], np.nan, lost / total[:, None])
    stage_of = present % len(STAGES)
    verdict = np.full((groups.n, k), UNDETERMINED, dtype=np.int8)
    limits = np.full((groups.n, k), np.nan)
    composite = cv.mean(axis=1) if k else np.full(groups.n, np.nan)
    composite_verdict = np.full(groups.n, UNDETERMINED, dtype=np.int8)
    composite_limit = np.full(groups.n, np.nan)
    for s, stage in enumerate(STAGES):
        at = np.flatnonzero(stage_of == s)
        each, joint = std.limit("each", stage=stage), std.limit("composite", stage=stage)
        if each is not None:
            own = [j for j in weighted if _limited(each, cells[j])]
            limits[np.ix_(at, np.array(own, dtype=np.int64))] = float(each.value)
            for j in own:
                verdict[at, j] = _judge_limit(each, cv[:, j], at, cells[j], usable, groups)
        if joint is not None:
            composite_limit[at] = float(joint.value)
            chosen = np.array([j for j in range(k) if _limited(joint, cells[j])], dtype=np.int64)
            composite[at] = cv[np.ix_(at, chosen)].mean(axis=1)
            meant = [cells[j] for j in chosen.tolist()]
            composite_verdict[at] = _judge_composite(joint, composite, at, meant, usable, groups)
            if omit:
                composite_verdict[at[(n_missing[np.ix_(at, chosen)] > 0).any(axis=1)]] = UNDETERMINED
    if omit:
        verdict[n_missing > 0] = UNDETERMINED
    out = np.flatnonzero(sections.out_of_coefficient)
    where = by.codes[out] * len(STAGES) + np.minimum(sections.stage[out], len(STAGES) - 1)
    n_all = (int(by.codes.max(initial=-1)) + 1) * len(STAGES)
    left = [np.bincount(where[sections.out_of_coefficient[out] == c], minlength=n_all) for c in _COUNTED_OUT]
    return {
        "group_county": present // len(STAGES),
        "group_stage": stage_of,
        "group_codes": codes,
        "usable": usable,
        "mean": mean,
        "std": std_,
        "coefficient": cv,
        "limits": limits,
        "coefficient_verdicts": verdict,
        "composite": composite,
        "composite_limits": composite_limit,
        "composite_verdicts": composite_verdict,
        "group_schools": np.diff(groups.starts),
        "group_students": total,
        "n_missing": n_missing,
        "share_missing": share_missing,
        "n_empty": left[0][present],
        "n_left_out": np.sum(left, axis=0)[present] if present.size else np.empty(0, np.int64),
        "omitted": omit,
    }


#: What keeps a section of compulsory education out.
_COUNTED_OUT = [LEFT_OUT.index(c) for c in ("no_students", "not_included", "left_out_by_standard")]


def _limited(limit: Limit, cell: _Cells) -> bool:
    return not limit.indicators or cell.indicator.id in limit.indicators


def _judge_limit(limit: Limit, cv: Floats, at: Ints, cell: _Cells, usable: Ints, groups: Groups) -> Codes:
    """Compare coefficients with a limit; one that lies within rounding of it is compared again in fractions."""
    wanted = float(limit.value)
    out = compare(cv[at], wanted, limit.op)
    for i in exact.near(cv[at], wanted).tolist():
        amounts, students, rounded = _of_group(cell, usable[groups.codes == at[i]])
        out[i] = judged(exact.coefficient_sign(amounts, students, Fraction(limit.value), rounded=rounded), limit.op)
    return out


def _of_group(cell: _Cells, rows: Ints) -> tuple[list[Fraction], list[Fraction], bool]:
    """Return amounts and students of some sections (those without data left out), and whether any is rounded."""
    rows = rows[np.isfinite(cell.value[rows])]
    return *cell.exactly(rows), bool(cell.rounded(rows).any())


def _judge_composite(
    limit: Limit, composite: Floats, at: Ints, cells: Sequence[_Cells], usable: Ints, groups: Groups
) -> Codes:
    wanted = float(limit.value)
    out = compare(composite[at], wanted, limit.op)
    for i in exact.near(composite[at], wanted).tolist():
        found = [_of_group(c, usable[groups.codes == at[i]]) for c in cells]
        rounded = any(r for _, _, r in found)
        signs = exact.mean_coefficient_sign([(x, p) for x, p, _ in found], Fraction(limit.value), rounded=rounded)
        out[i] = judged(signs, limit.op)
    return out
