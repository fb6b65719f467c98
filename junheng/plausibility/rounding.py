"""Schools whose figures end in more zeros than those of the county's other schools, column by column.

All schools round: areas to whole tens, money to 万元. The habit of the county in each column is taken from the other
schools: of those whose figure is long enough and ends in so many zeros, how many end in one more?
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import frozen

from junheng._arrays import Floats, Ints
from junheng._data import read_toml
from junheng.plausibility.figures import Figures
from junheng.plausibility.findings import Finding
from junheng.plausibility.peers import FEWEST, Column, Peers
from junheng.schools.vocabulary import base_column
from junheng.words import Name, listed, message

__all__ = ["findings"]

#: Figures are kept to hundredths: 6000 ends in five zeros.
_DECIMALS = 2
#: Larger figures are no whole number of hundredths any more.
_LARGEST = 1e13
#: A figure is rounder than usual if at most this share of the others is as round.
_RARE = 0.1


@frozen(eq=False)
class _Roundness:
    """How round the figures of a column are.

    ``at``: rows of the column; ``zeros`` at the end of the figure; ``surprise``: the negative logarithm of the share of
    the other schools that would be as round; ``usual`` zeros of the other schools, on average.
    """

    column: Column
    at: Ints
    zeros: Ints
    surprise: Floats
    usual: Floats


def findings(figures: Figures) -> list[Finding]:
    """Return the schools whose figures are rounder than those of the county."""
    rules = read_toml("plausibility/rules.toml")["round_figures"]
    peers = Peers(figures)
    known = [r for name in _looked_at(figures, rules) if (r := _roundness(peers.column(name), figures, rules))]
    n = figures.table.rows
    surprise, many = np.zeros(n), np.zeros(n, dtype=np.int64)
    for one in known:
        rows = one.column.units.rows[one.at]
        surprise[rows] += one.surprise
        many[rows] += 1
    unusual = _unusual(surprise, many, float(rules["tail"]))
    found: dict[int, list[tuple[_Roundness, int]]] = {row: [] for row in unusual}
    for one in known:
        of_table = one.column.units.rows[one.at]
        for i in np.flatnonzero(np.isin(of_table, unusual)).tolist():
            found[int(of_table[i])].append((one, i))
    return [f for row in unusual if (f := _finding(figures, row, found[row], rules)) is not None]


def _looked_at(figures: Figures, rules: Mapping[str, Any]) -> list[str]:
    found = [c[0] for c in map(base_column, figures.columns) if c is not None]
    return list(dict.fromkeys(c.id for c in found if c.id in rules["columns"]))


def _unusual(surprise: Floats, many: Ints, tail: float) -> list[int]:
    """Return the rows whose surprises add up to more than chance allows: each is exponential at most."""
    from scipy.special import gammaincc

    rows = np.flatnonzero((many > 0) & (surprise > many - np.log(tail) / 2))
    found: list[int] = rows[gammaincc(many[rows], surprise[rows]) <= tail].tolist()
    return found


def _roundness(column: Column, figures: Figures, rules: Mapping[str, Any]) -> _Roundness | None:
    """Return how round each figure of a column is beside those of the same county and year."""
    with np.errstate(invalid="ignore"):
        at = np.flatnonzero((column.values >= 1) & (column.values < _LARGEST))
    cell = figures.period[column.units.rows[at]]
    some = (np.bincount(cell, minlength=1) > FEWEST)[cell]
    at, cell = at[some], cell[some]
    if not at.size:
        return None
    whole = np.rint(column.values[at] * 10**_DECIMALS).astype(np.int64)
    return _compare(column, at, cell, whole, rules)


def _compare(column: Column, at: Ints, cell: Ints, whole: Ints, rules: Mapping[str, Any]) -> _Roundness:
    chance, worth = float(rules["chance"]), float(rules["worth"])
    n = int(cell.max()) + 1
    zeros = np.zeros(at.size, dtype=np.int64)
    surprise, as_round = np.zeros(at.size), np.zeros(at.size)
    risk, own, rest, power = np.arange(at.size), cell, whole, 1
    while risk.size:
        power *= 10
        long_enough = whole[risk] > power  # a last zero of a longer figure: 10 is 1 and a zero
        at_risk = np.bincount(own[long_enough], minlength=n)
        tenth = rest // 10
        round_ = long_enough & (10 * tenth == rest)
        risk, own, rest = risk[round_], own[round_], tenth[round_]
        rounder = np.bincount(own, minlength=n)
        # without the school itself
        share = (rounder - 1 + worth * chance) / np.maximum(at_risk - 1 + worth, 1)
        zeros[risk] += 1
        surprise[risk] -= np.log(np.where(rounder > 0, share, 1.0))[own]
        could = np.bincount(cell[whole > power], minlength=n)
        as_round[risk] = ((rounder - 1) / np.maximum(could - 1, 1))[own]
    # what many of the others do is a habit, however few they are: no opinion about one more zero makes it a surprise
    habit = as_round >= rules["habit"]
    surprise[habit] = np.minimum(surprise[habit], -np.log(as_round[habit]))
    # those that a reader sees, at the end of whole numbers
    zeros = np.maximum(zeros - _DECIMALS, 0)
    others = np.bincount(cell, minlength=n)[cell] - 1
    usual = (np.bincount(cell, weights=zeros, minlength=n)[cell] - zeros) / np.maximum(others, 1)
    return _Roundness(column, at, zeros, surprise, usual)


def _finding(figures: Figures, row: int, own: list[tuple[_Roundness, int]], rules: Mapping[str, Any]) -> Finding | None:
    """Return the finding of a row, None if too few of its figures are rounder than usual."""
    # 12 among 12.34 and 56.78 is rounder, but ends in no zero that could be shown
    rounder = [(one, i) for one, i in own if one.surprise[i] >= -np.log(_RARE) and one.zeros[i] > one.usual[i]]
    if len(rounder) < rules["fewest"]:
        return None
    names = [one.column.name for one, _ in rounder]
    zeros = sum(int(one.zeros[i]) for one, i in rounder)
    usual = sum(float(one.usual[i]) for one, i in rounder)
    shown = [
        message(
            "plausibility.rounding.figure",
            column=Name("column", one.column.name),
            figure=float(one.column.values[one.at[i]]),
        )
        for one, i in rounder
    ]
    facts = {"n": len(names), "of": len(own), "figures": listed(shown), "zeros": zeros, "usual": usual}
    rows = sorted({row for one, i in rounder for row in one.column.rows(int(one.at[i]), figures)})
    evidence = message("plausibility.rounding.round", **facts)
    return figures.finding("round_figures", rows, names, evidence, value=zeros, expected=usual)
