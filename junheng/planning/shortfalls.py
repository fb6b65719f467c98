"""What each school lacks: how much of which thing brings it to its thresholds, and what that costs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal, localcontext
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
from attrs import frozen

from junheng._arrays import Ints
from junheng._data import STAGES
from junheng._frames import Labels, Table, build_frame, column_names
from junheng._labels import word
from junheng.errors import InputError, did_you_mean
from junheng.indicators.catalog import Indicator
from junheng.indicators.compliance import MET, UNMET
from junheng.items import Units, in_dates
from junheng.results import REASONS, Data, Evaluation
from junheng.schools import ALL_STAGES, columns
from junheng.standards.model import Threshold

__all__ = ["shortfall_totals", "shortfalls"]

#: Digits of the decimal that an amount without end is rounded up to, in places after the point.
_PLACES = 9
_AMOUNTS = ("has", "needs", "short", "short_school", "short_of_floor", "short_of_floor_school")
_KEYS = ("school_code", "school", "row", "stage", "indicator")


def shortfalls(ev: Evaluation, *, unit_costs: Mapping[str, Any] | None = None) -> Any:
    r"""List what each school lacks to reach its thresholds: one row a school, stage and indicator.

    Let x be the figure of a section (a school's stage), d what it is divided by and t the threshold. The section needs
    :math:`t \, d` (per hundred students :math:`t \, d / 100`) and is short of :math:`t \, d - x`. Where a threshold is
    "at most", as for students a teacher, more of the divisor is needed: :math:`x / t`. All is counted in exact
    fractions of the figures as they were typed. Things that come in wholes are rounded up to wholes; measured things
    are exact, or rounded up at the ninth decimal where they have no end.

    A resource that an integrated school has once is divided between its stages. The section then has a share s of it,
    and the school must add more than the section lacks: ``short_school`` is the least whole (or decimal) amount that is
    not below ``(needs - has) / s``. It is counted before the section's own amount is rounded up.

    Parameters
    ----------
    ev : Evaluation
        Under a standard with thresholds.
    unit_costs : dict of str to number, optional
        Cost of one unit, by column (``computers``) or by indicator, which comes first. Every column that something is
        short of must be named.

    Returns
    -------
    frame of the library of the input
        One row per counted section and indicator that is not met: the columns of ``by``, ``school_code``, ``school``,
        ``row`` (position in the table), ``stage``, ``indicator``, ``column`` (what to add), ``has`` and ``needs`` (of
        the section), ``short`` and ``short_school``, ``short_of_floor`` and ``short_of_floor_school`` (to reach the
        floor of the standard, such as 85 %; NaN where there is none, 0 where it is reached), ``unit``, ``shared``
        (whether the figure is the school's and divided), ``may_stay_at_floor``, ``reason``; with ``unit_costs`` also
        ``cost`` and ``cost_of_floor``, of the school's amounts.

        Where a verdict is undetermined, amounts are NaN and ``reason`` says why: it is not taken as no shortage. Where
        a size table names two numbers, ``needs`` is the stricter. A negative ``short`` is too much of a thing (only
        under "at most" an amount). ``may_stay_at_floor``: the rule lets this row, if it alone, stay at the floor;
        under 2017 that is one indicator a school, and which one is for you, or :func:`junheng.plan`, to choose.

    Raises
    ------
    InputError
        When the standard sets no thresholds, or a cost is missing, unknown, negative or no number: all are named.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> lacks = jh.shortfalls(ev)
    >>> lacks[["row", "column", "has", "needs", "short", "short_of_floor"]].values.tolist()[0]
    [1, 'multimedia_classrooms', 16.0, 19.608, 4.0, 1.0]
    """
    return _listed(ev, unit_costs)


def _listed(ev: Evaluation, unit_costs: Mapping[str, Any] | None, within: Sequence[int] | None = None) -> Any:
    """Return the frame of :func:`shortfalls`, of some counties only where they are given."""
    d = ev.data
    if not d.standard.thresholds:
        raise InputError(f"{d.standard.id} sets no thresholds for schools, so nothing can be short of them")
    costs = None if unit_costs is None else _read_costs(unit_costs, d)
    section, indicator = _open_cells(d, within)
    amounts = np.full((len(_AMOUNTS), section.size), np.nan)
    names, shared = [], np.zeros(section.size, dtype=bool)
    reasons = np.zeros(section.size, dtype=np.int64)
    things = [_Thing.make(d, j) for j in range(len(d.indicators))]
    thresholds = [[d.threshold(j, s) for s in range(len(STAGES))] for j in range(len(d.indicators))]
    stages = d.sections.stage[section].tolist()
    for n, (i, j, s) in enumerate(zip(section.tolist(), indicator.tolist(), stages, strict=True)):
        t = thresholds[j][s]
        assert t is not None
        thing = things[j]
        name = thing.column(t)
        names.append(name)
        shared[n] = thing.divided[name][i]
        if d.verdicts[j, i] == UNMET:
            amounts[:, n] = thing.lacks(t, i, bool(d.floors[j, i] == UNMET))
        else:
            amounts[0, n] = thing.has(name, i)
            reasons[n] = d.reasons[j, i] or REASONS.index("missing_value")
    if costs is not None:
        _require_costs(costs, names, indicator, amounts[3], d)
    words = list(dict.fromkeys(names))
    codes = np.array([words.index(n) for n in names], dtype=np.int64)
    out: dict[str, Any] = ev._by_columns(d.county[section])
    out |= ev._school_columns(section)
    out["row"] = d.sections.rows[section]
    out["stage"] = ev._labels("stage", d.sections.stage[section], ALL_STAGES)
    out["indicator"] = ev._labels("indicator", indicator, [i.id for i in d.indicators])
    out["column"] = Labels(codes, [ev.header(w) if ev.language else w for w in words])
    out |= dict(zip(_AMOUNTS, amounts, strict=True))
    units = [columns()[w].unit or "" for w in words]
    unique = list(dict.fromkeys(units))
    out["unit"] = ev._labels("unit", np.array([unique.index(u) for u in units], dtype=np.int64)[codes], unique)
    out["shared"] = shared
    out["may_stay_at_floor"] = _may_stay(d, section, indicator)
    out["reason"] = ev._labels("reason", reasons, REASONS)
    if costs is not None:
        each = [costs.of(d.indicators[j].id, name) for j, name in zip(indicator.tolist(), names, strict=True)]
        out["cost"] = _times(each, amounts[3])
        out["cost_of_floor"] = _times(each, amounts[5])
    return ev._frame(out)


def shortfall_totals(
    source: Any, *, by: Sequence[str] | str | None = None, unit_costs: Mapping[str, Any] | None = None
) -> Any:
    """Add shortfalls up: of each thing, how many schools are short, how much they need, what it costs.

    What one purchase covers is counted once: of several indicators that ask a section for the same thing, and of
    several stages that share a school's one figure, the largest amount. So totals over stages are less than the sum of
    totals stage by stage where schools share.

    Parameters
    ----------
    source : Evaluation or frame
        An evaluation, or what :func:`junheng.shortfalls` returned for it (with ids, not relabelled).
    by : str or sequence of str, optional
        Columns of the shortfalls to group by: by default those that make a county. Add ``stage`` for totals by stage.
    unit_costs : dict of str to number, optional
        As in :func:`junheng.shortfalls`; only with an evaluation.

    Returns
    -------
    frame of the library of the input
        One row per group and column that something is short of, or may be: the columns of ``by``, ``column``, ``unit``,
        ``n_schools`` (short of it), ``n_undetermined`` (of which it is not known), ``total`` (to reach the thresholds),
        ``total_of_floor`` (to reach the floors, where there are any); with costs also ``cost`` and ``cost_of_floor``.

    Raises
    ------
    InputError
        When a column of ``by`` is not there, the frame is not one of shortfalls, or costs come with a frame.

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
    if isinstance(source, Evaluation):
        ids = attrs.evolve(source, language=None)
        table, default = Table(shortfalls(ids, unit_costs=unit_costs)), list(source.data.by)
    else:
        if column_names(source) is None:
            raise InputError(
                f"shortfall_totals takes an evaluation or a frame of shortfalls, not {type(source).__name__}"
            )
        if unit_costs is not None:
            raise InputError("give unit_costs to shortfalls, which made this frame, or pass the evaluation")
        table = Table(source)
        lacking = [c for c in ("row", "stage", "column", "short_school", "shared") if c not in table.columns]
        if lacking:
            raise InputError(f"this is no frame of junheng.shortfalls (with ids): it has no {', '.join(lacking)}")
        default = list(table.columns[: min(table.columns.index(k) for k in _KEYS if k in table.columns)])
    chosen = default if by is None else [by] if isinstance(by, str) else list(by)
    unknown = [c for c in chosen if c not in table.columns]
    if unknown:
        raise InputError(f"the shortfalls have no column {', '.join(map(repr, unknown))} to group by")
    out = _totals(table, chosen, default)
    if not isinstance(source, Evaluation):
        return build_frame(out, table.backend)
    if source.language is not None:
        out["column"] = [source.header(c) for c in out["column"]]
        for name in {"unit", "stage"} & set(out):
            out[name] = [word(name, w, source.language) for w in out[name]]
    return source._frame(out)


def county_totals(ev: Evaluation, counties: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Return what some counties lack in all: county to rows like those of :func:`shortfall_totals`, with ids."""
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


@frozen
class _Sum:
    """What one group is short of, of one thing: amounts by purchase."""

    amounts: dict[Any, Decimal]
    floors: dict[Any, Decimal]
    costs: dict[Any, Decimal]
    floor_costs: dict[Any, Decimal]
    schools: set[Any]
    unknown: set[Any]


def _totals(table: Table, by: list[str], places: list[str]) -> dict[str, Any]:
    def lists(names: Iterable[str]) -> list[Any]:
        return [table.objects(n).tolist() for n in names]

    has_costs = "cost" in table.columns
    schools = [n for n in (*places, "school_code", "school") if n in table.columns]
    if not {"school", "school_code"} & set(schools):
        schools.append("row")
    keys = list(zip(*lists(by), strict=True)) if by else [()] * table.rows
    whose = list(zip(*lists(schools), strict=True))
    amounts = [table.floats(n).tolist() for n in ("short_school", "short_of_floor_school")]
    amounts += [table.floats(n).tolist() for n in ("cost", "cost_of_floor")] if has_costs else []
    sums: dict[Any, _Sum] = {}
    units: dict[str, Any] = {}
    rows = zip(keys, whose, *lists(("column", "unit", "row", "stage", "shared")), *amounts, strict=True)
    for key, school, column, unit, row, stage, shared, *figures in rows:
        units[column] = unit
        own = sums.setdefault((key, column), _Sum({}, {}, {}, {}, set(), set()))
        if math.isnan(figures[0]):
            own.unknown.add(school)
            continue
        own.schools.add(school)
        purchase = school if shared else (school, row, stage)
        for held, figure in zip((own.amounts, own.floors, own.costs, own.floor_costs), figures, strict=False):
            if not math.isnan(figure):
                amount = Decimal(repr(figure))
                held[purchase] = max(amount, held.get(purchase, amount))
    order = {k: n for n, k in enumerate(dict.fromkeys(keys))}
    found = sorted(sums.items(), key=lambda item: order[item[0][0]])
    out: dict[str, Any] = {n: [k[0][i] for k, _ in found] for i, n in enumerate(by)}
    out["column"] = [k[1] for k, _ in found]
    out["unit"] = [units[k[1]] for k, _ in found]
    out["n_schools"] = np.array([len(s.schools) for _, s in found], dtype=np.int64)
    out["n_undetermined"] = np.array([len(s.unknown) for _, s in found], dtype=np.int64)
    out["total"] = _added([s.amounts for _, s in found])
    # of what has no floor nothing may stay there
    out["total_of_floor"] = _added([s.floors for _, s in found], empty=math.nan)
    if has_costs:
        out["cost"] = _added([s.costs for _, s in found])
        out["cost_of_floor"] = _added([s.floor_costs for _, s in found], empty=math.nan)
    return out


def _added(parts: list[dict[Any, Decimal]], empty: float = 0.0) -> Any:
    return np.array([float(sum(p.values(), Decimal(0))) if p else empty for p in parts], dtype=np.float64)


# ------------------------------------------------------------------------------------------ cell by cell


def _open_cells(d: Data, within: Sequence[int] | None = None) -> tuple[Ints, Ints]:
    """Return section and indicator of every cell that is not met, school by school."""
    cells = d.applies & d.sections.counted & (d.verdicts != MET)
    if within is not None:
        cells &= np.isin(d.county, list(within))
    section, indicator = np.nonzero(cells.T)
    return section, indicator


def _may_stay(d: Data, section: Ints, indicator: Ints) -> Any:
    """Return where the school's rule would let an indicator, if it alone, stay at its floor."""
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


@frozen(eq=False)
class _Thing:
    """An indicator of every section, in exact figures."""

    data: Data
    indicator: Indicator
    numbers: dict[str, Any]
    divided: dict[str, Any]
    tops: Any
    bottoms: Any
    added: Any
    classes: Any

    @classmethod
    def make(cls, d: Data, j: int) -> _Thing:
        indicator, s = d.indicators[j], d.sections
        numbers, divided = {}, {}
        for name in indicator.columns:
            divided[name] = s.is_divided(name) & columns()[name].shared  # people never are
            numbers[name] = s.students if name == "students" else s.number(name)
            own = s.reading.number(name)
            if own is not None and divided[name].any():
                numbers[name] = np.where(divided[name], own[s.rows], numbers[name])
        sized = any(t.classes for t in d.standard.thresholds if t.indicator == indicator.id)
        return cls(
            data=d,
            indicator=indicator,
            numbers=numbers,
            divided=divided,
            tops=s.share_top,
            bottoms=s.share_bottom,
            added=_relaxed(d, indicator.id),
            classes=s.number("classes") if sized else None,
        )

    def column(self, t: Threshold) -> str:
        """Return what has to be added to reach a threshold: what is counted, or under "at most" what divides it."""
        bottom = self.indicator.denominator
        if t.op in ("<=", "<") and bottom not in (None, "students") and (t.value is None or t.value > 0):
            assert bottom is not None
            return bottom
        return self.indicator.numerator

    def share(self, name: str, i: int) -> Fraction:
        """Return the part of a school's figure that a section has."""
        if not self.divided[name][i]:
            return Fraction(1)
        return _exact(self.tops[i]) / _exact(self.bottoms[i])

    def has(self, name: str, i: int) -> float:
        """Return what a section has, NaN where it is not known."""
        figure = float(self.numbers[name][i])
        if math.isnan(figure) or (self.divided[name][i] and not math.isfinite(self.tops[i] / self.bottoms[i])):
            return math.nan
        return float(self.exactly(name, i))

    def exactly(self, name: str, i: int) -> Fraction:
        """Return what a section has as a fraction."""
        out = _exact(self.numbers[name][i]) * self.share(name, i)
        if self.added is not None and name == self.indicator.numerator:
            out += sum((_exact(a[i]) for a in self.added), Fraction(0))
        return out

    def lacks(self, t: Threshold, i: int, below_floor: bool) -> tuple[float, ...]:
        """Return has, needs, short, of the section and of its school, and the same for the floor."""
        name = self.column(t)
        plain = self.plainly(t, i, below_floor, name)
        if plain is not None:
            return plain
        has, share = self.exactly(name, i), self.share(name, i)
        typed, whole = _exact(self.numbers[name][i]), columns()[name].whole
        # what there is too much of is counted the other way round
        sign = -1 if t.op in ("<=", "<") and name == self.indicator.numerator else 1

        def amounts(gap: Fraction) -> list[float]:
            return [sign * _amount(sign * x, whole, t.op, sign * y) for x, y in ((gap, has), (gap / share, typed))]

        needs = self.needed(t, i, _required(t, None if self.classes is None else float(self.classes[i])))
        out = [float(has), float(needs), *amounts(needs - has)]
        if t.floor is None:
            return (*out, math.nan, math.nan)
        return (*out, *(amounts(self.needed(t, i, Fraction(t.floor)) - has) if below_floor else (0.0, 0.0)))

    def plainly(self, t: Threshold, i: int, below_floor: bool, name: str) -> tuple[float, ...] | None:
        """Return the same in decimals, for what is by far the most: one number, "at least", nothing shared."""
        bottom = self.indicator.denominator
        if t.value is None or t.op != ">=" or self.added is not None:
            return None
        if self.divided[name][i] or (bottom is not None and self.divided[bottom][i]):
            return None
        whole = columns()[name].whole
        with localcontext(prec=60):
            has = _decimal(self.numbers[name][i])
            times = Decimal(1) if bottom is None else _decimal(self.numbers[bottom][i])
            times = times.scaleb(-2) if self.indicator.scale == 100 else times / self.indicator.scale
            out = [float(has), float(t.value * times)]
            for number, below in ((t.value, True), (t.floor, below_floor)):
                if number is None:
                    out += [math.nan, math.nan]
                    continue
                needs = number * times
                gap = needs - has if below else Decimal(0)
                if whole:
                    gap = gap.to_integral_value(ROUND_CEILING)
                elif _decimal(float(gap)) != gap or _decimal(float(needs)) != needs:
                    return None
                out += [float(gap), float(gap)]
        return tuple(out)

    def needed(self, t: Threshold, i: int, required: Fraction) -> Fraction:
        """Return the amount at a requirement."""
        top, bottom, scale = self.indicator.numerator, self.indicator.denominator, self.indicator.scale
        if self.column(t) == bottom:
            return self.exactly(top, i) * scale / required
        return required / scale * (1 if bottom is None else self.exactly(bottom, i))


def _decimal(x: Any) -> Decimal:
    # the decimal that was typed, not the binary double behind it
    return Decimal(repr(float(x)))


def _exact(x: Any) -> Fraction:
    return Fraction(_decimal(x))


def _required(t: Threshold, classes: float | None) -> Fraction:
    """Return the requirement, of two that may hold the stricter, in the way of :func:`junheng.evaluate`."""
    if t.value is not None:
        return Fraction(t.value)
    assert classes is not None
    size = _exact(classes)
    above = min(sum(c < size for c in t.classes), len(t.classes) - 1)
    below = max(sum(c <= size for c in t.classes) - 1, 0)
    low, high = Fraction(t.values[below]), Fraction(t.values[above])
    if t.between == "smaller":
        return low
    if t.between == "larger" or above == below:
        return high
    if t.between == "linear":
        first, last = t.classes[below], t.classes[above]
        return low + (high - low) * (size - first) / (last - first)
    return max(low, high) if t.op in (">=", ">") else min(low, high)


def _amount(gap: Fraction, whole: bool, op: str, has: Fraction) -> float:
    """Return the least amount that closes a gap and that a table can hold: a whole number, or a decimal."""
    if op == "==":
        return math.nan if whole and gap.denominator != 1 else float(gap)
    strict = op in (">", "<")
    if not whole and _closes(gap, gap, strict, has):
        return float(gap)
    for places in (0,) if whole else range(_PLACES, -1, -1):
        scaled = gap * 10**places
        up = Fraction(math.floor(scaled) + 1 if strict else math.ceil(scaled), 10**places)
        if places == 0 or _closes(up, gap, strict, has):
            break
    return float(up)


def _closes(amount: Fraction, gap: Fraction, strict: bool, has: Fraction) -> bool:
    """Say whether a float holds an amount to the last digit, and the sum as a float holds it is enough."""
    if not _is_decimal(amount) or _exact(float(amount)) != amount:
        return False
    then = _exact(float(has + amount)) if _is_decimal(has) else has + amount
    return then > has + gap if strict else then >= has + gap


def _is_decimal(x: Fraction) -> bool:
    """Say whether a fraction is a decimal that ends."""
    d = x.denominator
    for p in (2, 5):
        while d % p == 0:
            d //= p
    return d == 1


def _relaxed(d: Data, indicator: str) -> Any:
    """Return the columns that a relaxation counts with the numerator of an indicator, where it holds; None for none."""
    out = []
    for r in d.standard.relaxations:
        if r.id in d.standard.applied and r.indicator == indicator:
            units = Units.make(d.sections, np.zeros(d.sections.rows.size, dtype=np.int64), whole=False, every=True)
            holds = (units.where(r.where) == MET) & in_dates(d.years[d.county], r)
            out += [np.where(holds, np.nan_to_num(d.sections.number(name)), 0.0) for name in r.add]
    return out or None


# ------------------------------------------------------------------------------------------------ costs


@frozen
class _Costs:
    """What a unit costs, by column or indicator."""

    each: dict[str, Decimal]

    def of(self, indicator: str, column: str) -> Decimal | None:
        """Return the cost of a unit; that of the indicator comes first."""
        return self.each.get(indicator, self.each.get(column))


def _read_costs(unit_costs: Mapping[str, Any], d: Data) -> _Costs:
    if not isinstance(unit_costs, Mapping):
        raise InputError(f"unit_costs maps a column or an indicator to a cost, not {type(unit_costs).__name__}")
    known = [i.id for i in d.indicators]
    known += [c for i in d.indicators for c in i.columns if c not in known]
    wrong, each = [], {}
    for name, cost in unit_costs.items():
        try:
            number = Decimal(repr(float(cost))) if isinstance(cost, (float, np.floating)) else Decimal(str(cost))
        except (ArithmeticError, TypeError, ValueError):
            number = Decimal("NaN")
        if name not in known and name not in columns():
            hint = did_you_mean(name, [*known, *columns()], most=2, show=repr)
            wrong.append(f"{name!r} is neither a column nor an indicator{hint}")
        elif isinstance(cost, bool) or not number.is_finite() or number < 0:
            wrong.append(f"the cost of {name} must be a number from 0 on, not {cost!r}")
        each[str(name)] = number
    if wrong:
        raise InputError("unit_costs: " + "; ".join(wrong))
    return _Costs(each)


def _require_costs(costs: _Costs, names: list[str], indicator: Ints, short: Any, d: Data) -> None:
    """Refuse where something is short that has no cost."""
    lacking: dict[str, None] = {}
    for name, j, amount in zip(names, indicator.tolist(), short.tolist(), strict=True):
        if amount > 0 and costs.of(d.indicators[j].id, name) is None:
            lacking[name] = None
    if lacking:
        raise InputError(
            f"unit_costs names no cost of {', '.join(lacking)}, of which schools are short; give the cost of one unit "
            "of each, 0 where it costs nothing"
        )


def _times(costs: list[Decimal | None], amounts: Any) -> Any:
    """Multiply in decimals; too much of a thing costs nothing."""
    out = np.full(amounts.size, np.nan)
    with localcontext(prec=50):
        for n, (cost, amount) in enumerate(zip(costs, amounts.tolist(), strict=True)):
            if not math.isnan(amount):
                out[n] = 0.0 if amount <= 0 or cost is None else float(cost * Decimal(repr(amount)))
    return out
