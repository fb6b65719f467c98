"""Yearly projection: enrolment changes, a budget is spent by the plan, the county is evaluated again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import attrs
import numpy as np

from junheng._data import STAGES, Number
from junheng._frames import FrameT, Wholes
from junheng._progress import Progress, reporting
from junheng._stages import find_stage
from junheng.changes import Enrolment
from junheng.errors import InputError
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.indicators.exact import typed_decimal
from junheng.planning._costs import UnitCosts
from junheng.planning.plan import plan
from junheng.results import Evaluation, Judgement, check_evaluation
from junheng.results.frames import Frames
from junheng.schools.editing import Change
from junheng.words import Quoted, message, sentences

__all__ = ["roll_forward"]

_RESOURCE_RULES = ("every_school_complies", "each_coefficient", "composite_coefficient")


def roll_forward(
    ev: Evaluation[FrameT],
    *,
    unit_costs: UnitCosts,
    yearly_budget: Number | Mapping[int, Number],
    until: int,
    enrolment: Number | Mapping[str, Number] | Change | Sequence[Change] | None = None,
    carry_over: bool = True,
    start: int | None = None,
    progress: Progress = None,
) -> FrameT:
    """Project counties to a target year: what a yearly budget can achieve.

    Each year, in this order: enrolment changes; :func:`junheng.plan` spends the budget of the year and what was left
    over; the plan takes effect at once; the counties are evaluated. Nothing else changes: there is no wear, nobody
    retires, prices and the facts of the county stay the same, and rules that depend on the year are applied as in the
    first year.

    Parameters
    ----------
    ev : Evaluation
        The initial state.
    unit_costs : dict of str to number
        As in :func:`junheng.plan`.
    yearly_budget : number or dict of int to number
        Yearly budget of the whole table, in yuan; or a mapping from year to budget (0 for years not given).
    until : int
        Last year.
    enrolment : number, dict or sequence of changes, optional
        Factor applied to enrolment every year; or a mapping from stage to factor; or changes of
        :mod:`junheng.changes` to apply every year.
    carry_over : bool
        Whether unspent money is available the next year.
    start : int, optional
        Year of the table; required if it has no column ``year``.
    progress : bool or callable, optional
        None: a progress bar on a terminal if tqdm is installed; False: none; or a function called with the number of
        years done and the total.

    Returns
    -------
    frame of the library of the input
        One row per year and county, starting with the initial state: the columns of ``by`` (without the year),
        ``year``; ``budget``, ``cost`` and ``left`` of the whole table, repeated for each county; ``students``;
        ``verdict`` on school resources (schools and coefficients, without the parts that depend on facts of the
        county); ``n_schools`` (counted schools and stages), of which ``n_met`` and ``n_undetermined``;
        ``n_coefficients`` with a limit, of which ``n_over`` exceed it and ``n_coefficients_open`` are undetermined.

    Raises
    ------
    InputError
        If the table has several years, or none and ``start`` is not given; ``until`` is not later; a budget is negative
        or not a number; or :func:`junheng.plan` or :meth:`junheng.Evaluation.apply` raises it.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> costs = dict.fromkeys(jh.shortfall_totals(ev)["column"], 0) | {"multimedia_classrooms": 30000}
    >>> jh.roll_forward(ev, unit_costs=costs, yearly_budget=600000, until=2028)["year"].tolist()
    [2025, 2026, 2027, 2028]
    """
    check_evaluation(ev)
    first = _first_year(ev.data, start)
    if isinstance(until, bool) or not isinstance(until, (int, np.integer)) or until <= first:
        raise InputError(message("planning.until", year=first, until=Quoted(until)))
    changes = _yearly_changes(enrolment)
    budgets = {year: _budget(yearly_budget, year) for year in range(first + 1, until + 1)}
    now, left = attrs.evolve(ev, language=None), Decimal(0)
    rows = [_State.at_end(now.data, first, Decimal(0), Decimal(0), left)]
    with reporting(len(budgets), sentences("planning", ev.language or "en")["years"], progress) as report:
        for done, (year, budget) in enumerate(budgets.items(), start=1):
            if changes:
                now = now.apply(changes)
            money = budget + (left if carry_over else 0)
            made = plan(now, unit_costs=unit_costs, budget=float(money), progress=False)
            cost = typed_decimal(made.cost)
            now = now.apply(made.changes)
            left = money - cost
            rows.append(_State.at_end(now.data, year, money, cost, left))
            report(done)
    frames: Frames[FrameT] = Frames(ev.data, ev.language)
    return frames.frame(_columns(ev, frames, rows))


def _first_year(d: Judgement, start: int | None) -> int:
    years = np.unique(d.years[np.isfinite(d.years)])
    if years.size > 1:
        raise InputError(message("planning.several_years", n=int(years.size)))
    if years.size == 0:
        if start is None:
            raise InputError(message("planning.no_year"))
        return int(start)
    year = int(years[0])
    if start is not None and year != start:
        raise InputError(message("planning.other_year", year=year, start=start))
    return year


def _yearly_changes(enrolment: Any) -> list[Any]:
    if enrolment is None:
        return []
    if isinstance(enrolment, Mapping):
        return [Enrolment(factor=factor, stage=find_stage(stage)) for stage, factor in enrolment.items()]
    if isinstance(enrolment, Sequence) and not isinstance(enrolment, str):
        return list(enrolment)
    return [enrolment if attrs.has(type(enrolment)) else Enrolment(factor=enrolment)]


def _budget(yearly: Any, year: int) -> Decimal:
    money = yearly.get(year, 0) if isinstance(yearly, Mapping) else yearly
    try:
        out = typed_decimal(money) if isinstance(money, (float, np.floating)) else Decimal(str(money))
    except (InvalidOperation, TypeError, ValueError):
        out = Decimal("NaN")
    if isinstance(money, bool) or not out.is_finite() or out < 0:
        raise InputError(message("planning.yearly_budget", year=year, value=Quoted(money)))
    return out


@attrs.frozen(eq=False)
class _State:
    """The counties of a table at the end of a year."""

    year: int
    money: Decimal
    cost: Decimal
    left: Decimal
    places: list[tuple[Any, ...]]
    students: Any
    verdict: Any
    counts: Any

    @classmethod
    def at_end(cls, d: Judgement, year: int, money: Decimal, cost: Decimal, left: Decimal) -> _State:
        """Count what is met in each county."""
        n = d.n_counties
        words = [w for name, w in d.county_words if name != "year"]
        places = list(zip(*words, strict=True)) if words else [()] * n
        own = [r.verdict for r in d.items if r.item.rule in _RESOURCE_RULES]
        verdict = np.min(own, axis=0) if own else np.full(n, UNDETERMINED)
        school, county = d.school[d.judged], d.county[d.judged]
        joint = np.isfinite(d.composite_limits)[:, None]
        limited = np.column_stack([np.isfinite(d.limits), joint])
        judged = np.column_stack([d.coefficient_verdicts, d.composite_verdicts])

        def per_county(mask: Any) -> Any:
            return np.bincount(d.group_county, weights=(limited & mask).sum(axis=1), minlength=n).astype(np.int64)

        counts = [
            np.bincount(county, minlength=n),
            np.bincount(county[school == MET], minlength=n),
            np.bincount(county[school == UNDETERMINED], minlength=n),
            per_county(True),
            per_county(judged == UNMET),
            per_county(judged == UNDETERMINED),
        ]
        there = np.flatnonzero(d.sections.counted_at_all & (d.sections.stage < len(STAGES)))
        students = np.bincount(d.county[there], weights=d.sections.students[there], minlength=n)
        return cls(year, money, cost, left, places, students, verdict, counts)


def _columns(ev: Evaluation, frames: Frames[Any], states: list[_State]) -> dict[str, Any]:
    names = [name for name, _ in ev.data.county_words if name != "year"]
    rows = [(s, i) for s in states for i in range(len(s.places))]
    out: dict[str, Any] = {name: [s.places[i][c] for s, i in rows] for c, name in enumerate(names)}
    out["year"] = np.array([s.year for s, _ in rows], dtype=np.int64)
    for name, field in (("budget", "money"), ("cost", "cost"), ("left", "left")):
        out[name] = np.array([float(getattr(s, field)) for s, _ in rows])
    out["students"] = np.array([s.students[i] for s, i in rows])
    out["verdict"] = frames.labels("verdict", np.array([s.verdict[i] for s, i in rows], dtype=np.int64), VERDICTS)
    counted = ("n_schools", "n_met", "n_undetermined", "n_coefficients", "n_over", "n_coefficients_open")
    for c, name in enumerate(counted):
        out[name] = Wholes([int(s.counts[c][i]) for s, i in rows])
    return out
