"""Arguments of least additions and transfers: read, checked, laid out in batches, and put back (private)."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from attrs import evolve, frozen

from junheng._arrays import Floats, Ints, as_floats, require_aligned
from junheng._progress import Progress, reporting
from junheng._text import as_text
from junheng.errors import InputError
from junheng.indicators._grouped import Block, Sample, blocks, read_sample
from junheng.indicators.allocation._batch import Batch, Bools, Solver
from junheng.indicators.allocation._units import COUNTABLE
from junheng.words import Message, Quoted, listed, message, with_lines

__all__ = ["Task"]

#: Number of problems listed in an error.
_SHOWN = 20


@frozen(eq=False)
class Task:
    """The arguments of either problem, read and checked; bounds and costs one array per column."""

    sample: Sample
    limits: tuple[tuple[float, str], ...]
    low: list[Floats] | None
    high: list[Floats] | None
    costs: list[Floats] | None = None

    @classmethod
    def read(cls, amounts: Any, students: Any, limit: Any, by: Any, lowest: Any, highest: Any) -> Task:
        """Check the arguments; report everything that is wrong at once."""
        if students is None:
            raise InputError(message("arithmetic.no_students"))
        if lowest is not None or highest is not None:  # amounts and students are compared below
            require_aligned(amounts=amounts, students=students, lowest=lowest, highest=highest)
        sample = read_sample(amounts, students, by, names=("amounts", "students"))
        problems: list[Message] = []
        limits = _read_limits(limit, len(sample.columns), problems)
        task = cls(sample, limits, _per_row(lowest, "lowest", sample), _per_row(highest, "highest", sample))
        problems += task._groups_without_students()
        for j in range(len(sample.columns)):
            problems += task._wrong_amounts(j)
        _refuse(problems)
        return task

    def with_costs(self, unit_costs: Any) -> Task:
        """Return the task with the cost of a unit at each school."""
        costs = _per_row(unit_costs, "unit_costs", self.sample)
        problems: list[Message] = []
        for j, cost in enumerate(costs or ()):
            problems += self._complain(np.isnan(cost), j, "cost_missing")
            problems += self._complain((cost <= 0) | np.isinf(cost), j, "cost", cost)
        _refuse(problems)
        return evolve(self, costs=costs)

    def solve(self, solver: Solver, label: str, progress: Progress) -> tuple[list[Floats], list[tuple[int, int]]]:
        """Return the change of every row, one array per column, and the (group, column) pairs without a solution."""
        s = self.sample
        out = [np.zeros(s.rows) for _ in s.columns]
        stuck: list[tuple[int, int]] = []
        cells, done = s.rows * len(s.columns), 0
        with np.errstate(all="ignore"), reporting(cells, label, progress) as report:
            for block in blocks(s.groups, s.weights):
                layout = Layout.lay_out(block, s)
                for j in range(len(s.columns)):
                    change, none = layout.solve(self._batch(layout, j), solver)
                    layout.put(change, out[j])
                    stuck += [(g, j) for g in block.groups[none].tolist()]
                    done += block.rows.size
                    report(min(done, cells))
        return out, stuck

    def refuse(self, stuck: list[tuple[int, int]], whole: bool, adds: bool) -> None:
        """Raise an error that lists the groups and columns without a solution."""
        bounds = [n for n, b in (("lowest", self.low), ("highest", self.high)) if b is not None]
        why = message("arithmetic.in_whole_units") if whole else message("arithmetic.in_floats")
        if bounds:
            why = message("arithmetic.within_bounds", bounds=listed(bounds, "and"))
        problems = []
        for g, j in stuck:
            problem = message("arithmetic.impossible", why=why, limit=self.limits[j][0])
            if whole and not (total := self._total(g, j, adds and self.high is None)) <= COUNTABLE:
                problem = message("arithmetic.uncountable", total=total, most=int(COUNTABLE))
            problems.append(self._in_group(g, j, problem))
        _refuse(problems)

    def _total(self, group: int, j: int, raised: bool) -> float:
        """Return what a group has, or would have with all its schools ``raised`` to the highest level among them."""
        weights = self.sample.weight_array()
        there = (self.sample.groups.codes == group) & (weights > 0)
        x, p = self.sample.columns[j][there], weights[there]
        with np.errstate(over="ignore"):
            return float(np.max(x / p) * p.sum() if raised else x.sum())

    def _batch(self, layout: Layout, j: int) -> Batch:
        low = layout.cells(self.low, j)
        t, exact = self.limits[j]
        return Batch(
            x=layout.lay(self.sample.columns[j]),
            p=layout.p,
            per=layout.per,
            n=layout.n,
            low=None if low is None else np.maximum(low, 0.0),
            high=layout.cells(self.high, j),
            costs=layout.cells(self.costs, j, 1.0),
            t=t,
            exact=exact,
        )

    def _groups_without_students(self) -> list[Message]:
        weights, groups = self.sample.weight_array(), self.sample.groups
        if np.count_nonzero(weights) == weights.size:
            return []
        # a missing enrolment gives NaN; a group without students is an error
        there = np.bincount(groups.codes, weights=weights != 0, minlength=groups.n)
        problem = message("arithmetic.no_coefficient")
        return [self._in_group(g, None, problem) for g in np.flatnonzero(there == 0).tolist()]

    def _wrong_amounts(self, j: int) -> list[Message]:
        column = self.sample.columns[j]
        out = self._complain((column < 0) | np.isinf(column), j, "amount", column)
        if self.low is None and self.high is None:
            return out
        # a bound computed from a missing figure is missing too, and not reported separately
        known = ~np.isnan(column) & ~np.isnan(self.sample.weight_array())
        if self.low is not None:
            low = self.low[j]
            out += self._complain(np.isnan(low) & known, j, "bound_missing", name="lowest")
            out += self._complain(low == np.inf, j, "lowest_infinite")
        if self.high is not None:
            high = self.high[j]
            out += self._complain(np.isnan(high) & known, j, "bound_missing", name="highest")
            out += self._complain(high < 0, j, "highest_negative", high)
        if self.low is not None and self.high is not None:
            out += self._complain(self.low[j] > self.high[j], j, "lowest_above_highest", self.low[j])
        return out

    def _complain(
        self, wrong: Bools, j: int, key: str, values: Floats | None = None, **parameters: str
    ) -> list[Message]:
        """Return a problem for each wrong cell of a column; the sentence may need the values."""
        column, out = self._column_name(j), []
        for i in wrong.nonzero()[0].tolist():
            value = {} if values is None else {"value": float(values[i])}
            problem = message(f"arithmetic.{key}", **value, **parameters)
            out.append(message("arithmetic.at_position", position=i, column=column, problem=problem))
        return out

    def _column_name(self, j: int) -> Message | str:
        s = self.sample
        return "" if s.flat else message("arithmetic.in_column", column=Quoted(s.names[j] if s.names else j))

    def _in_group(self, group: int, j: int | None, problem: Message) -> Message:
        """Return the problem with the label of its group."""
        labels = self.sample.labels
        name = message("arithmetic.the_schools")
        if labels is not None:
            label = labels[group]
            name = message(
                "arithmetic.the_group", group=Quoted(label.item() if isinstance(label, np.generic) else label)
            )
        column = "" if j is None else self._column_name(j)
        return message("arithmetic.in_group", group=name, column=column, problem=problem)


class Layout(NamedTuple):
    """How the columns of a table are laid out as a block, and taken back; without absent schools there is no mask."""

    block: Block
    p: Floats
    per: Floats
    n: Floats
    absent: Bools | None
    #: Cells that are not fillers, and groups with an unknown enrolment.
    real: Ints
    unknown: Bools | None

    @classmethod
    def lay_out(cls, block: Block, sample: Sample) -> Layout:
        """Find the absent schools of a block."""
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
        """Return the cells of a column, ``empty`` for absent schools."""
        cells = column[self.block.rows]
        return cells if self.absent is None else np.where(self.absent, empty, cells)

    def cells(self, columns: list[Floats] | None, j: int, empty: float = 0.0) -> Floats | None:
        """Return the cells of one of several columns, None without columns."""
        return None if columns is None else self.lay(columns[j], empty)

    def solve(self, batch: Batch, solver: Solver) -> tuple[Floats, Ints]:
        """Return the change of every cell, NaN where a group has a gap or no answer, and which have none."""
        gap = np.isnan(np.add.reduce(batch.x, 1))
        if self.unknown is not None:
            gap |= self.unknown
        if np.count_nonzero(gap):
            known = np.flatnonzero(~gap)
            change, stuck = np.full(batch.x.shape, np.nan), known
            if known.size:
                change[known], none = solver(batch.part(known))
                stuck = known[none]
        else:
            change, none = solver(batch)
            stuck = none.nonzero()[0]
        change[stuck] = np.nan
        return change, stuck

    def put(self, change: Floats, out: Floats) -> None:
        """Write a change to the rows of the table; an absent school gets nothing."""
        if self.absent is None:
            out[self.block.rows] = change
        else:
            change[self.block.weights == 0] = 0.0
            out[self.block.rows.take(self.real)] = change.take(self.real)


def _read_limits(limit: Any, k: int, problems: list[Message]) -> tuple[tuple[float, str], ...]:
    """Return the limit of every column, as a number and as it was typed."""
    values, texts = _as_typed(limit, k)
    for i, t in enumerate(values):
        if not (t > 0 and math.isfinite(t)):
            column = message("arithmetic.of_column", column=i) if len(values) > 1 else ""
            problems.append(message("arithmetic.limit_positive", column=column, value=t))
    if problems:
        return ((1.0, "1"),) * k
    pairs = tuple(zip(values, texts, strict=True))
    return pairs * k if len(pairs) == 1 else pairs


def _as_typed(limit: Any, k: int) -> tuple[list[float], list[str]]:
    if isinstance(limit, float):
        return [float(limit)], [repr(float(limit))]
    given = [limit] if isinstance(limit, Decimal) else limit
    several = isinstance(given, (list, tuple))
    array = np.atleast_1d(as_floats(np.array(given, dtype=object) if several else given, "limit"))
    if array.ndim != 1 or array.size not in (1, k):
        raise InputError(message("arithmetic.limit_shape", indicators=k, shape=str(array.shape)))
    values = array.tolist()
    return values, [as_text(v) for v in given] if several else [repr(v) for v in values]


def _per_row(bound: Any, name: str, sample: Sample) -> list[Floats] | None:
    """Return a bound or cost for every row of every column."""
    if bound is None:
        return None
    k = len(sample.columns)
    array = as_floats(bound, name)
    try:
        whole = np.broadcast_to(
            array[:, np.newaxis] if array.ndim == 1 and array.shape[0] == sample.rows else array, (sample.rows, k)
        )
    except ValueError:
        raise InputError(message("arithmetic.bound_shape", name=name, shape=str(array.shape))) from None
    return [np.ascontiguousarray(whole[:, j]) for j in range(k)]


def _refuse(problems: list[Message]) -> None:
    if len(problems) == 1:
        raise InputError(problems[0])
    if problems:
        lines = problems[:_SHOWN]
        if len(problems) > _SHOWN:
            lines.append(message("arithmetic.more", n=len(problems) - _SHOWN))
        raise InputError(with_lines(message("arithmetic.problems", n=len(problems)), lines))
