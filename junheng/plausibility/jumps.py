"""Figures that jump from one year to the next, far from the changes of the county's other schools.

A figure has jumped only if it changed both by itself and per student: where a school closes and another takes its
students, rooms and teachers, all its figures grow together; where students leave, only what is left per student grows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._data import read_toml
from junheng.plausibility.figures import Figures
from junheng.plausibility.findings import Finding
from junheng.plausibility.peers import AT_ONCE, FEWEST, Column, Peers, Units, dense, medians, spread_of
from junheng.plausibility.ranges import unit_factor
from junheng.schools.vocabulary import ALL_STAGES, base_column, columns
from junheng.words import Message, Name, message

__all__ = ["findings"]

#: A figure that came back lies within this factor of where it was, as a logarithm.
_BACK = 0.7


def findings(figures: Figures) -> list[Finding]:
    """Return the figures that jump from one year to the next."""
    if np.unique(figures.year[np.isfinite(figures.year)]).size < 2:
        return []
    rules, peers = read_toml("plausibility/rules.toml")["jump_over_years"], Peers(figures)
    found = [c[0] for c in map(base_column, figures.columns) if c is not None and c[0].id not in rules["without"]]
    names = dict.fromkeys(c.id for c in found)
    histories: dict[int, _History] = {}
    alike: dict[int, tuple[_Pairs, list[Column]]] = {}
    for column in map(peers.column, names):
        units = column.units
        if id(units) not in histories:
            histories[id(units)] = _History(units, figures)
        pairs = histories[id(units)].pairs(column.comparable)
        alike.setdefault(id(pairs), (pairs, []))[1].append(column)
    out: list[Finding] = []
    for pairs, own in alike.values():
        at_once = max(1, AT_ONCE // max(pairs.cell.size, 1))
        for i in range(0, len(own) if pairs.cell.size else 0, at_once):
            for column, jumps in _jumps(own[i : i + at_once], pairs, rules):
                out += _findings(column, jumps, figures)
    return out


@frozen(eq=False)
class _Pairs:
    """The units of two years in a row with figures, the cell of the county and the years, the size of each cell."""

    before: Ints
    after: Ints
    cell: Ints
    counts: Ints


class _History:
    """The units of some columns from year to year."""

    def __init__(self, units: Units, figures: Figures) -> None:
        year = figures.year[units.rows]
        school = figures.school[units.rows] * len(ALL_STAGES) + figures.sections.stage[units.sections]
        order = np.lexsort((year, school))
        self._order = order[np.isfinite(year[order])]
        self._school = school
        years, self._year = np.unique(year, return_inverse=True)
        # a change over two years is compared with changes over two years
        self._cell = figures.period[units.rows] * years.size
        self._known: dict[bytes, _Pairs] = {}

    def pairs(self, some: NDArray[np.bool_]) -> _Pairs:
        """Return the pairs among some units."""
        key = some.tobytes()
        if key not in self._known:
            self._known[key] = self._make(some)
        return self._known[key]

    def _make(self, some: NDArray[np.bool_]) -> _Pairs:
        known = self._order[some[self._order]]
        before, after = known[:-1], known[1:]
        same = (self._school[before] == self._school[after]) & (self._year[before] < self._year[after])
        before, after = before[same], after[same]
        cell, counts = dense(self._cell[after] + self._year[before])
        enough = (counts >= FEWEST)[cell]
        cell, counts = dense(cell[enough])
        return _Pairs(before[enough], after[enough], cell, counts)


@frozen
class _Jump:
    """A figure that jumped: the units of the earlier and the later year, and how."""

    before: int
    after: int
    #: What the figure would be if it had changed like the others.
    expected: float
    #: As logarithms: how far it is from that, and what one standard deviation is.
    by: float
    spread: float
    peers: int


def _jumps(alike: list[Column], pairs: _Pairs, rules: Mapping[str, Any]) -> Iterator[tuple[Column, list[_Jump]]]:
    """Return the jumps of columns with the same pairs, by school and year."""
    before, after, units = pairs.before, pairs.after, alike[0].units
    x, y = (np.array([column.values[at] for column in alike]) for at in (before, after))
    change = np.log(np.where(y > 0, y, 0.5)) - np.log(np.where(x > 0, x, 0.5))
    # students are compared by themselves only
    size = units.size[after] - units.size[before]
    per_student = change - np.array([[column.name != "students"] for column in alike]) * size
    whole = np.array([[column.whole] for column in alike])
    chance = np.where(whole, 1 / np.maximum(x, 1) + 1 / np.maximum(y, 1), 0.0)
    usual, by, spread, far = _beside(change, chance, pairs, rules)
    _, by_per_student, _, far_per_student = _beside(per_student, chance, pairs, rules)
    units_of = (columns()[column.name].unit for column in alike)
    least = np.log([[float(rules["least"].get(unit, rules["otherwise"]))] for unit in units_of])
    far &= far_per_student & (by * by_per_student > 0)
    far &= (np.abs(by) >= least) & (np.abs(by_per_student) >= least)
    for k, column in enumerate(alike):
        yield (
            column,
            [
                _Jump(
                    before=int(before[i]),
                    after=int(after[i]),
                    expected=float(f"{max(float(x[k, i]), 0.5) * float(np.exp(usual[k, i])):.4g}"),
                    by=float(by[k, i]),
                    spread=float(spread[k, i]),
                    peers=int(pairs.counts[pairs.cell[i]]),
                )
                for i in np.flatnonzero(far[k]).tolist()
            ],
        )


def _beside(
    change: Floats, chance: Floats, pairs: _Pairs, rules: Mapping[str, Any]
) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """Return the usual change, how far each one is from it, the spread of that, and which are far."""
    usual = medians(change, pairs.cell, pairs.counts)[:, pairs.cell]
    by = change - usual
    spread = spread_of(by, pairs.cell, pairs.counts, float(rules["least_spread"]))[:, pairs.cell]
    spread = np.sqrt(spread**2 + chance)
    return usual, by, spread, np.abs(by) > float(rules["cut"]) * spread


def _findings(column: Column, jumps: list[_Jump], figures: Figures) -> Iterator[Finding]:
    """Return a finding for each jump; a figure that jumps and comes back is one."""
    came_back: set[int] = set()
    for number, jump in enumerate(jumps):
        if number in came_back:
            continue
        following = jumps[number + 1] if number + 1 < len(jumps) else None
        if following is not None and (following.before != jump.after or abs(jump.by + following.by) > _BACK):
            following = None
        units = [jump.after, jump.before]
        if following is not None:
            came_back.add(number + 1)
            units.append(following.after)
        rows = [row for at in units for row in column.rows(at, figures)]
        yield figures.finding(
            "jump_over_years",
            rows,
            [column.cell(jump.after, figures)],
            _evidence(column, jump, following, figures),
            value=float(column.values[jump.after]),
            expected=jump.expected,
        )


def _evidence(column: Column, jump: _Jump, back: _Jump | None, figures: Figures) -> Message:
    years = figures.year[column.units.rows[[jump.before, jump.after]]]
    facts: dict[str, Any] = {
        "column": Name("column", column.cell(jump.after, figures)),
        "before": float(column.values[jump.before]),
        "after": float(column.values[jump.after]),
        "first": int(years[0]),
        "second": int(years[1]),
        "peers": jump.peers,
        "expected": jump.expected,
    }
    if back is not None:
        facts |= {"third": int(figures.year[column.units.rows[back.after]]), "last": float(column.values[back.after])}
        return message("plausibility.jump.back", **facts)
    factor = unit_factor(column.name, jump.by, min(2 * jump.spread, _BACK)) if column.values[jump.after] > 0 else None
    if factor is None:
        return message("plausibility.jump.jumped", **facts)
    return message(f"plausibility.jump.{'divided' if jump.by > 0 else 'multiplied'}", factor=factor, **facts)
