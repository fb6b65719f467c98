"""What least additions and transfers are given: read, checked, laid out in batches, and put back (private)."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from attrs import frozen

from junheng._arrays import Floats, Ints, as_floats, require_aligned
from junheng._progress import Progress, reporting
from junheng.errors import InputError
from junheng.indicators._grouped import Block, Sample, blocks, read_sample
from junheng.planning.allocation._batch import Batch, Bools, Solver

__all__ = ["Task"]

#: Problems an error spells out.
_SHOWN = 20


@frozen(eq=False)
class Task:
    """What both problems are given, read and checked."""

    sample: Sample
    limits: tuple[tuple[float, str], ...]
    low: list[Floats] | None
    high: list[Floats] | None

    @classmethod
    def read(cls, amounts: Any, students: Any, limit: Any, by: Any, lowest: Any, highest: Any) -> Task:
        if students is None:
            raise InputError("students must be given: a difference coefficient is weighted by enrolment")
        if lowest is not None or highest is not None:  # amounts and students are compared below
            require_aligned(amounts=amounts, students=students, lowest=lowest, highest=highest)
        sample = read_sample(amounts, students, by, names=("amounts", "students"))
        problems: list[str] = []
        limits = _limits(limit, len(sample.columns), problems)
        low = _spread(lowest, "lowest", sample)
        high = _spread(highest, "highest", sample)
        task = cls(sample, limits, low, high)
        weights = sample.weight_array()
        if np.count_nonzero(weights) < weights.size:
            # an unknown enrolment is a gap, none at all an impossible demand
            there = np.bincount(sample.groups.codes, weights=weights != 0, minlength=sample.groups.n)
            for g in np.flatnonzero(there == 0).tolist():
                problems.append(
                    f"{task.group_name(g)}: no school has students, so there is no coefficient to bring down"
                )
        for j, column in enumerate(sample.columns):
            _point(
                problems,
                (column < 0) | np.isinf(column),
                task,
                j,
                "the amount is {:g}; amounts are not negative",
                column,
            )
            # a bound made of a gap is a gap too, and needs no complaint of its own
            known = None if low is None and high is None else ~np.isnan(column) & ~np.isnan(weights)
            if low is not None:
                _point(problems, np.isnan(low[j]) & known, task, j, "lowest is missing", low[j])
                _point(problems, low[j] == np.inf, task, j, "lowest is infinite", low[j])
            if high is not None:
                _point(problems, np.isnan(high[j]) & known, task, j, "highest is missing", high[j])
                _point(problems, high[j] < 0, task, j, "highest is {:g}, which nobody can come down to", high[j])
            if low is not None and high is not None:
                _point(problems, low[j] > high[j], task, j, "lowest is {:g}, above highest", low[j])
        _refuse(problems)
        return task

    def read_costs(self, unit_costs: Any) -> list[Floats]:
        costs = _spread(unit_costs, "unit_costs", self.sample)
        assert costs is not None
        problems: list[str] = []
        for j, cost in enumerate(costs):
            _point(problems, np.isnan(cost), self, j, "the unit cost is missing", cost)
            _point(problems, (cost <= 0) | np.isinf(cost), self, j, "the unit cost is {:g}; it must be above 0", cost)
        _refuse(problems)
        return costs

    def place(self, row: int, column: int) -> str:
        """Name a cell."""
        s = self.sample
        name = "" if s.flat else f", column {s.names[column] if s.names else column!r}"
        return f"position {row}{name}"

    def group_name(self, group: int) -> str:
        """Name a group by its label, or say that there is only one."""
        labels = self.sample.labels
        if labels is None:
            return "the schools"
        label = labels[group]
        return f"group {label.item() if isinstance(label, np.generic) else label!r}"

    def solve(
        self,
        solver: Solver,
        label: str,
        progress: Progress,
        costs: list[Floats] | None = None,
        *,
        whole: bool,
        refuse: bool = True,
    ) -> Floats:
        s = self.sample
        out = [np.zeros(s.rows) for _ in s.columns]
        stuck: list[str] = []
        with np.errstate(all="ignore"), reporting(s.rows * len(s.columns), label, progress) as report:
            done = 0
            for block in blocks(s.groups, s.weights):
                laid = Layout.lay_out(block, s)
                for j, column in enumerate(s.columns):
                    low = laid.cells(self.low, j)
                    one = Batch(
                        x=laid.lay(column),
                        p=laid.p,
                        per=laid.per,
                        n=laid.n,
                        low=None if low is None else np.maximum(low, 0.0),
                        high=laid.cells(self.high, j),
                        costs=laid.cells(costs, j, 1.0),
                        t=self.limits[j][0],
                        exact=self.limits[j][1],
                    )
                    change, none = laid.solve(one, solver)
                    laid.put(change, out[j])
                    stuck += [self._stuck(g, j, whole) for g in block.groups[none].tolist()]
                    done += block.rows.size
                    report(min(done, s.rows * len(s.columns)))
        if refuse:
            _refuse(stuck)
        return s.give_rows(out)

    def _stuck(self, group: int, column: int, whole: bool) -> str:
        s = self.sample
        name = "" if s.flat else f", column {s.names[column] if s.names else column!r}"
        bounds = " and ".join(n for n, b in (("lowest", self.low), ("highest", self.high)) if b is not None)
        why = "in whole units" if whole else "that floating-point numbers can hold"
        why = f"within the bounds ({bounds})" if bounds else why
        return f"{self.group_name(group)}{name}: no change {why} brings the coefficient to {self.limits[column][0]:g}"


class Layout(NamedTuple):
    """How the columns of a table are laid out as a block, and taken back; where nobody is missing there is no mask."""

    block: Block
    p: Floats
    per: Floats
    n: Floats
    absent: Bools | None
    #: Cells that are no fillers, and groups with an unknown enrolment.
    real: Ints
    unknown: Bools | None

    @classmethod
    def lay_out(cls, block: Block, sample: Sample) -> Layout:
        p = per = block.weights
        absent = unknown = None
        real = block.rows
        there = p > 0.0
        if np.count_nonzero(there) < there.size:
            absent = ~there
            p = np.where(absent, 0.0, p)
            per = np.where(absent, 1.0, p)
            unknown = np.asarray(np.isnan(block.weights).any(axis=1))
            sizes = np.diff(sample.groups.starts)[block.groups]
            real = np.flatnonzero(np.arange(p.shape[1]) < sizes[:, np.newaxis])
        return cls(block, p, per, np.add.reduce(p, 1, keepdims=True), absent, real, unknown)

    def lay(self, column: Floats, empty: float = 0.0) -> Floats:
        """Return the cells of a column, ``empty`` where nobody is."""
        cells = column[self.block.rows]
        return cells if self.absent is None else np.where(self.absent, empty, cells)

    def cells(self, columns: list[Floats] | None, j: int, empty: float = 0.0) -> Floats | None:
        return None if columns is None else self.lay(columns[j], empty)

    def solve(self, one: Batch, solver: Solver) -> tuple[Floats, Ints]:
        """Return the change of every cell, NaN where a group has a gap or no answer, and which have none."""
        gap = np.isnan(np.add.reduce(one.x, 1))
        if self.unknown is not None:
            gap |= self.unknown
        if np.count_nonzero(gap):
            known = np.flatnonzero(~gap)
            change, stuck = np.full(one.x.shape, np.nan), known
            if known.size:
                change[known], none = solver(one.part(known))
                stuck = known[none]
        else:
            change, none = solver(one)
            stuck = none.nonzero()[0]
        change[stuck] = np.nan
        return change, stuck

    def put(self, change: Floats, out: Floats) -> None:
        """Write a change where the schools stand in the table; where nobody is, nothing is given."""
        if self.absent is None:
            out[self.block.rows] = change
        else:
            change[self.block.weights == 0] = 0.0
            out[self.block.rows.take(self.real)] = change.take(self.real)


def _limits(limit: Any, k: int, problems: list[str]) -> tuple[tuple[float, str], ...]:
    """Return the limit of every column, as a number and as it was typed."""
    if isinstance(limit, Decimal):
        limit = [limit]
    texts = [str(v) for v in limit] if isinstance(limit, (list, tuple)) else None
    if isinstance(limit, float):
        values = [float(limit)]
    else:
        array = np.atleast_1d(as_floats(np.array([float(v) for v in limit]) if texts is not None else limit, "limit"))
        if array.ndim != 1 or array.size not in (1, k):
            said = f"one number, or one for each of the {k} indicators, not of shape {array.shape}"
            raise InputError(f"limit must be {said}")
        values = array.tolist()
    for i, t in enumerate(values):
        if not (t > 0 and math.isfinite(t)):
            which = f" of column {i}" if len(values) > 1 else ""
            problems.append(f"the limit{which} is {t:g}; it must be above 0")
    if problems:
        return ((1.0, "1"),) * k
    pairs = list(zip(values, texts if texts is not None else map(repr, values), strict=True))
    return tuple(pairs * k if len(pairs) == 1 else pairs)


def _spread(bound: Any, name: str, sample: Sample) -> list[Floats] | None:
    """Return a bound for every row of every column."""
    if bound is None:
        return None
    k = len(sample.columns)
    array = as_floats(bound, name)
    try:
        whole = np.broadcast_to(
            array[:, np.newaxis] if array.ndim == 1 and array.shape[0] == sample.rows else array, (sample.rows, k)
        )
    except ValueError:
        raise InputError(f"{name} has the shape {array.shape}; it must be one number or fit the amounts") from None
    return [np.ascontiguousarray(whole[:, j]) for j in range(k)]


def _point(problems: list[str], wrong: Bools, task: Task, column: int, text: str, values: Floats) -> None:
    for i in wrong.nonzero()[0].tolist():
        problems.append(f"{task.place(i, column)}: {text.format(float(values[i]))}")


def _refuse(problems: list[str]) -> None:
    if len(problems) == 1:
        raise InputError(problems[0])
    if problems:
        lines = [f"  {p}" for p in problems[:_SHOWN]]
        if len(problems) > _SHOWN:
            lines.append(f"  … and {len(problems) - _SHOWN} more")
        raise InputError("\n".join([f"{len(problems)} problems:", *lines]))
