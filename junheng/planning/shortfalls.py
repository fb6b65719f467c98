"""Shortfalls: what each school needs to reach its thresholds, and the cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Any, overload

import attrs
import numpy as np
from attrs import field, frozen

from junheng._arrays import Ints
from junheng._data import STAGES
from junheng._deprecated import renamed
from junheng._frames import FrameT, Labels, Table, build_frame, column_names
from junheng.errors import InputError
from junheng.indicators.compliance import MET, UNMET
from junheng.planning._costs import Prices, UnitCosts
from junheng.planning._needs import Shortage, Shortages
from junheng.results import REASONS, Evaluation, Judgement, check_evaluation
from junheng.results.frames import Frames
from junheng.schools import ALL_STAGES, columns
from junheng.words import Name, listed, message, quoted, word

__all__ = ["shortfall_totals", "shortfalls"]

_AMOUNTS = ("has", "needs", "short", "short_school", "short_of_floor", "short_of_floor_school")
_UNKNOWN = (math.nan,) * (len(_AMOUNTS) - 1)
_KEYS = ("school_code", "school", "row", "stage", "indicator")


def shortfalls(ev: Evaluation[FrameT], *, unit_costs: UnitCosts | None = None) -> FrameT:
    r"""List what each school lacks to reach its thresholds: one row per school, stage and indicator.

    Let :math:`x` be the figure of a section (a school's stage), :math:`d` its divisor and :math:`t` the threshold. The
    section needs :math:`t \, d` (per hundred students :math:`t \, d / 100`) and is short of :math:`t \, d - x`. If the
    threshold is an upper limit, as for students per teacher, more of the divisor is needed: :math:`x / t`. Amounts are
    computed in exact fractions of the figures as typed. Countable things are rounded up to whole numbers; measured
    things are exact, or rounded up at the ninth decimal if they do not terminate.

    A resource shared by the stages of an integrated school is divided between them. If the section has a share
    :math:`s` of it, the school must add more than the section lacks: ``short_school`` is the least whole (or decimal)
    amount of at least :math:`(\text{needs} - \text{has}) / s`, computed before the section's own amount is rounded up.

    Parameters
    ----------
    ev : Evaluation
        Under a standard with thresholds.
    unit_costs : dict of str to number, optional
        Cost of one unit by column (``computers``) or by indicator, which takes precedence: a number, or a mapping from
        kind of school to a number. Required for every column with a shortfall.

    Returns
    -------
    frame of the library of the input
        One row per counted section and unmet or undetermined indicator: the columns of ``by``, ``school_code``,
        ``school``, ``row`` (position in the table), ``stage``, ``indicator``, ``column`` (what to add), ``has`` and
        ``needs`` (of the section), ``short`` and ``short_school``, ``short_of_floor`` and ``short_of_floor_school`` (to
        reach the floor of the standard, such as 85 %; NaN if there is none, 0 if it is reached), ``unit``, ``shared``
        (whether the figure belongs to the whole school and is divided), ``may_stay_at_floor``, ``reason``; with
        ``unit_costs`` also ``cost`` and ``cost_of_floor`` of the school's amounts.

        If a verdict is undetermined, amounts are NaN and ``reason`` says why; this does not mean there is no shortage.
        If a size table gives two numbers, ``needs`` uses the stricter one. A negative ``short`` is an excess (only for
        upper limits on amounts). ``may_stay_at_floor``: the school rule allows this row, if it is the only one, to stay
        at the floor. In 2017 that is one indicator per school; choose it yourself or use :func:`junheng.plan`.

    Raises
    ------
    InputError
        If the standard has no thresholds, or a cost is missing, unknown, negative or not a number; all are listed.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> lacks = jh.shortfalls(ev)
    >>> lacks[["row", "column", "has", "needs", "short", "short_of_floor"]].values.tolist()[0]
    [1, 'multimedia_classrooms', 16.0, 19.608, 4.0, 1.0]
    """
    check_evaluation(ev)
    return _listed(ev, unit_costs)


def _listed(ev: Evaluation[FrameT], unit_costs: UnitCosts | None, within: Sequence[int] | None = None) -> FrameT:
    """Return the frame of :func:`shortfalls`, of some counties only if ``within`` is given."""
    d = ev.data
    if not d.standard.thresholds:
        raise InputError(message("planning.no_thresholds", standard=d.standard.id))
    costs = None if unit_costs is None else Prices.read(unit_costs)
    section, indicator = _open_cells(d, within)
    unmet = d.verdicts[indicator, section] == UNMET
    reasons = np.where(
        d.reasons[indicator, section] == 0, REASONS.index("missing_value"), d.reasons[indicator, section]
    )
    reasons[unmet] = 0
    shortages = Shortages(d)
    names: list[str] = []
    figures: list[tuple[float, ...]] = []
    shared = np.zeros(section.size, dtype=bool)
    stages = d.sections.stage[section].tolist()
    rows = zip(section.tolist(), indicator.tolist(), stages, unmet.tolist(), strict=True)
    for n, (i, j, s, known) in enumerate(rows):
        ask = shortages.ask(j, s)
        assert ask is not None
        names.append(ask.column)
        shared[n] = ask.thing.divided[i]
        # if the standard's number was not found, the missing amount is unknown
        lack = ask.find(i) if known else None
        if known and lack is None:
            reasons[n] = d.reasons[j, i] or REASONS.index("missing_value")
        figures.append((ask.has(i), *_UNKNOWN) if lack is None else _amounts(lack))
    amounts = np.array(figures, dtype=np.float64).reshape(-1, len(_AMOUNTS)).T
    each = None if costs is None else _each(costs, names, section, indicator, amounts[3], d)
    words = list(dict.fromkeys(names))
    codes = np.array([words.index(n) for n in names], dtype=np.int64)
    frames: Frames[FrameT] = Frames(ev.data, ev.language)
    out: dict[str, Any] = frames.by_columns(d.county[section])
    out |= frames.school_columns(section)
    out["row"] = d.sections.rows[section]
    out["stage"] = frames.labels("stage", d.sections.stage[section], ALL_STAGES)
    out["indicator"] = frames.labels("indicator", indicator, [i.id for i in d.indicators])
    out["column"] = Labels(codes, [ev.header(w) if ev.language else w for w in words])
    out |= dict(zip(_AMOUNTS, amounts, strict=True))
    units = [columns()[w].unit or "" for w in words]
    unique = list(dict.fromkeys(units))
    out["unit"] = frames.labels("unit", np.array([unique.index(u) for u in units], dtype=np.int64)[codes], unique)
    out["shared"] = shared
    out["may_stay_at_floor"] = _may_stay(d, section, indicator)
    out["reason"] = frames.labels("reason", reasons, REASONS)
    if each is not None:
        out["cost"] = _times(each, amounts[3])
        out["cost_of_floor"] = _times(each, amounts[5])
    return frames.frame(out)


@overload
def shortfall_totals(
    shortfalls: Evaluation[FrameT], *, by: Sequence[str] | str | None = ..., unit_costs: UnitCosts | None = ...
) -> FrameT: ...
@overload
def shortfall_totals(shortfalls: FrameT, *, by: Sequence[str] | str | None = ..., unit_costs: None = ...) -> FrameT: ...
@renamed(source="shortfalls")
def shortfall_totals(
    shortfalls: Any, *, by: Sequence[str] | str | None = None, unit_costs: UnitCosts | None = None
) -> Any:
    """Total the shortfalls: for each column, how many schools are short, how much they need and what it costs.

    What one purchase covers is counted once: if several indicators require the same column of a section, or several
    stages share a figure, only the largest amount counts. Totals over stages are therefore less than the sum of totals
    by stage if stages share resources.

    Parameters
    ----------
    shortfalls : Evaluation or frame
        An evaluation, or its :func:`junheng.shortfalls` (with ids, not relabelled).
    by : str or sequence of str, optional
        Columns of the shortfalls to group by; default: those that identify a county. Add ``stage`` for totals by stage.
    unit_costs : dict of str to number, optional
        As in :func:`junheng.shortfalls`; only with an evaluation.

    Returns
    -------
    frame of the library of the input
        One row per group and column with certain or possible shortfalls: the columns of ``by``, ``column``, ``unit``,
        ``n_schools`` (short), ``n_undetermined`` (possibly short), ``total`` (to reach the thresholds),
        ``total_of_floor`` (to reach the floors, if any); with costs also ``cost`` and ``cost_of_floor``.

    Raises
    ------
    InputError
        If a column of ``by`` is missing, the frame does not contain shortfalls, or costs are given with a frame.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> lacks = jh.shortfall_totals(ev)
    >>> lacks[["column", "n_schools", "total", "total_of_floor"]].values.tolist()[0]
    ['multimedia_classrooms', 11, 93.0, 48.0]
    >>> costs = dict.fromkeys(lacks["column"], 0) | {"multimedia_classrooms": 30000}
    >>> float(jh.shortfall_totals(ev, unit_costs=costs)["cost"].iloc[0])
    2790000.0
    """
    table, default = _table_of(shortfalls, unit_costs)
    chosen = default if by is None else [by] if isinstance(by, str) else list(by)
    unknown = [c for c in chosen if c not in table.columns]
    if unknown:
        raise InputError(message("planning.no_such_columns", columns=quoted(unknown)))
    out = _totals(table, chosen, default)
    if not isinstance(shortfalls, Evaluation):
        return build_frame(out, table.backend)
    if shortfalls.language is not None:
        out["column"] = [shortfalls.header(c) for c in out["column"]]
        for name in {"unit", "stage"} & set(out):
            out[name] = [word(name, w, shortfalls.language) for w in out[name]]
    return Frames(shortfalls.data, shortfalls.language).frame(out)


def _table_of(source: Any, unit_costs: UnitCosts | None) -> tuple[Table, list[str]]:
    """Return the shortfalls, and the columns that identify a county."""
    if isinstance(source, Evaluation):
        ids = attrs.evolve(source, language=None)
        return Table(shortfalls(ids, unit_costs=unit_costs)), list(source.data.by)
    if column_names(source) is None:
        raise InputError(message("planning.not_shortfalls", kind=type(source).__name__))
    if unit_costs is not None:
        raise InputError(message("planning.costs_too_late"))
    table = Table(source)
    lacking = [c for c in ("row", "stage", "column", "short_school", "shared") if c not in table.columns]
    if lacking:
        raise InputError(message("planning.no_shortfalls", columns=listed(lacking)))
    return table, list(table.columns[: min(table.columns.index(k) for k in _KEYS if k in table.columns)])


def county_totals(ev: Evaluation, counties: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Return the rows of :func:`shortfall_totals` (with ids) of some counties."""
    d = ev.data
    if not d.standard.thresholds:
        return {c: [] for c in counties}
    table = Table(_listed(attrs.evolve(ev, language=None), None, counties))
    named = [name for name, _ in d.county_words]
    where = {tuple(str(w[c]) for _, w in d.county_words): c for c in counties}
    totals = _totals(table, named, named)
    out: dict[int, list[dict[str, Any]]] = {c: [] for c in counties}
    for i in range(len(totals["column"])):
        key = tuple(str(totals[n][i]) for n in named)
        out[where[key]].append({n: x[i] for n, x in totals.items() if n not in named})
    return out


#: Amounts to total, and the columns of the totals; those of floors may all be missing.
_SUMMED = {
    "short_school": "total",
    "short_of_floor_school": "total_of_floor",
    "cost": "cost",
    "cost_of_floor": "cost_of_floor",
}


@frozen
class _Sum:
    """Shortfalls of one group and column: for each amount, the largest amount required per purchase."""

    schools: set[Any] = field(factory=set)
    unknown: set[Any] = field(factory=set)
    amounts: dict[str, dict[Any, Decimal]] = field(factory=lambda: {name: {} for name in _SUMMED})

    def add(self, school: Any, purchase: Any, figures: Mapping[str, float]) -> None:
        """Count one row of shortfalls."""
        if math.isnan(figures["short_school"]):
            self.unknown.add(school)
            return
        self.schools.add(school)
        for name, figure in figures.items():
            if not math.isnan(figure):
                amount, held = Decimal(repr(figure)), self.amounts[name]
                held[purchase] = max(amount, held.get(purchase, amount))


def _totals(table: Table, by: list[str], places: list[str]) -> dict[str, Any]:
    """Return the columns of the totals by group; ``places`` are the columns that identify a county."""
    summed = [name for name in _SUMMED if "cost" in table.columns or "cost" not in name]
    keys, schools = _rows(table, by), _rows(table, _of_school(table, places))
    others = _rows(table, ("column", "unit", "row", "stage", "shared"))
    figures = zip(*(table.floats(n).tolist() for n in summed), strict=True)
    units: dict[str, Any] = {}
    sums: dict[tuple[Any, str], _Sum] = {}
    for key, school, (column, unit, row, stage, shared), amounts in zip(keys, schools, others, figures, strict=True):
        units[column] = unit
        purchase = school if shared else (school, row, stage)
        sums.setdefault((key, column), _Sum()).add(school, purchase, dict(zip(summed, amounts, strict=True)))
    order = {k: n for n, k in enumerate(dict.fromkeys(keys))}
    found = sorted(sums.items(), key=lambda item: order[item[0][0]])
    out: dict[str, Any] = {n: [key[i] for (key, _), _ in found] for i, n in enumerate(by)}
    out["column"] = [column for (_, column), _ in found]
    out["unit"] = [units[column] for (_, column), _ in found]
    out["n_schools"] = np.array([len(s.schools) for _, s in found], dtype=np.int64)
    out["n_undetermined"] = np.array([len(s.unknown) for _, s in found], dtype=np.int64)
    for name in summed:
        # without a floor there is no amount to reach it
        empty = math.nan if "floor" in name else 0.0
        out[_SUMMED[name]] = _added([s.amounts[name] for _, s in found], empty)
    return out


def _rows(table: Table, names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return some columns row by row."""
    return list(zip(*(table.objects(n).tolist() for n in names), strict=True)) if names else [()] * table.rows


def _of_school(table: Table, places: list[str]) -> list[str]:
    """Return the columns that identify a school."""
    names = [n for n in (*places, "school_code", "school") if n in table.columns]
    return names if {"school", "school_code"} & set(names) else [*names, "row"]


def _added(parts: list[dict[Any, Decimal]], empty: float) -> Any:
    return np.array([float(sum(p.values(), Decimal(0))) if p else empty for p in parts], dtype=np.float64)


# ------------------------------------------------------------------------------------------ cell by cell


def _open_cells(d: Judgement, within: Sequence[int] | None = None) -> tuple[Ints, Ints]:
    """Return section and indicator of every cell that is not met, ordered by school."""
    cells = d.applies & d.sections.counted & (d.verdicts != MET)
    if within is not None:
        cells &= np.isin(d.county, list(within))
    section, indicator = np.nonzero(cells.T)
    return section, indicator


def _may_stay(d: Judgement, section: Ints, indicator: Ints) -> Any:
    """Return where the school rule allows an indicator, if it is the only one, to stay at its floor."""
    rule = d.standard.school_rule
    if rule is None or rule.kind != "at_least" or rule.k is None:
        return np.zeros(section.size, dtype=bool)
    floors = np.array(
        [
            [(t := d.threshold(j, s)) is not None and t.floor is not None for s in range(len(STAGES))]
            for j in range(len(d.indicators))
        ]
    )
    spare = (d.applies.sum(axis=0) > rule.k)[section]
    return spare & floors[indicator, d.sections.stage[section]] & (d.verdicts[indicator, section] == UNMET)


def _amounts(lack: Shortage) -> tuple[float, ...]:
    """Return has, needs, the shortfall of section and school, and the same for the floor."""
    try:
        out = [float(lack.has), float(lack.needs)]
        for wanted in (lack.needs, lack.floor):
            own = math.nan if wanted is None else lack.amount(wanted, of_school=False)
            out += [own, lack.amount(wanted, of_school=True) if wanted is not None and lack.divided else own]
    except OverflowError:  # more than any float, for more pupils than there are people
        return (math.inf,) * 6
    return tuple(out)


# ------------------------------------------------------------------------------------------------ costs


def _each(
    costs: Prices, names: list[str], section: Ints, indicator: Ints, short: Any, d: Judgement
) -> list[Decimal | None]:
    """Return the unit cost of each row; raise an error if a shortfall has none."""
    kinds, ids = d.sections.kind[section].tolist(), [i.id for i in d.indicators]
    rows = list(zip(names, kinds, indicator.tolist(), strict=True))
    known = {row: costs.unit_cost(row[0], row[1], ids[row[2]]) for row in set(rows)}
    lacking = dict.fromkeys(row[0] for row, x in zip(rows, short.tolist(), strict=True) if x > 0 and known[row] is None)
    if lacking:
        columns_ = listed(Name("column", c) for c in lacking)
        raise InputError(message("planning.no_cost_of_short", columns=columns_))
    return [known[row] for row in rows]


def _times(costs: list[Decimal | None], amounts: Any) -> Any:
    """Multiply in decimals; an excess costs nothing."""
    out = np.full(amounts.size, np.nan)
    with localcontext(prec=50):
        for n, (cost, amount) in enumerate(zip(costs, amounts.tolist(), strict=True)):
            if not math.isnan(amount):
                out[n] = 0.0 if amount <= 0 or cost is None else float(cost * Decimal(repr(amount)))
    return out
