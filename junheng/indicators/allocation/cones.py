r"""Least cost under limits on difference coefficients, with whole or linked variables (private).

A coefficient within t is the cone :math:`N \sum y_i^2 / P_i \le (1 + t^2) A^2` with :math:`A = \sum y_i`. Written with
a part for each school, :math:`r_i \ge y_i^2 / (P_i A)` and :math:`N \sum r_i \le (1 + t^2) A`, every part is convex in
(y_i, A) and above its tangents :math:`P_i r_i \ge 2 s y_i - s^2 A`. The problem with some tangents is a
mixed-integer linear one, solved by HiGHS, and its value a lower bound; a tangent is added wherever its solution lies
outside a cone, until none does, or the gap between the bound and the best known solution is closed. Most tangents are
found without whole variables, which is a linear program and quick.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints

__all__ = ["Cone", "Program", "Row", "Solution", "clock"]

#: The only clock: nothing asks it unless a caller limits the time of a plan.
clock = time.monotonic

#: Variables, coefficients, low, high.
Row = tuple[Sequence[int], Sequence[float], float, float]

#: Status of ``milp`` if no solution satisfies rows and bounds.
_INFEASIBLE = 2

#: Status of ``milp`` if the nodes or the time are used up.
_LIMITED = (1, 4)

#: A round that raised the least cost by less than this share is the last, and so is one that leaves no more to gain.
_SMALL_RISE = 1e-5

#: Most rounds without whole variables, and how far outside a cone their solutions may be.
_RELAXED, _RELAXED_EXCESS = 30, 1e-7

#: Largest factor of a row of a cone where variables are whole. HiGHS repairs a solution that is
#: outside a row by more than 1e-6 once its own scaling is undone, and version 1.12 then prints a line whatever its
#: options say (ERGO-Code/HiGHS, issue 2783). Rounding is rarely outside rows as small as these; whether a solution
#: passes is not for the solver to say.
_SMALL_ROW = 1 / 16

#: How far a bound may exceed the cost of a known solution, relative to it, by rounding.
_TRUSTED = 1e-6


@frozen(eq=False)
class Cone:
    """One coefficient: amounts ``base + sum of step * z[variable]`` of schools with ``students``.

    ``school``, ``variable`` and ``step`` are parallel: which variable changes the amount of which school by how much.
    """

    base: Floats
    students: Floats
    school: Ints
    variable: Ints
    step: Floats
    t: float

    def amounts(self, z: Floats) -> Floats:
        """Return the amounts of the schools for variables z."""
        out = self.base.copy()
        np.add.at(out, self.school, self.step * z[self.variable])
        return out


@frozen(eq=False)
class Program:
    """Minimise ``cost @ z`` within bounds, rows ``low <= matrix @ z <= high``, and cones."""

    cost: Floats
    lower: Floats
    upper: Floats
    whole: NDArray[np.bool_]
    cones: Sequence[Cone]
    rows: list[Row] = field(factory=list)

    def solve(
        self,
        known: Floats | None = None,
        *,
        passes: Callable[[Floats], bool] | None = None,
        rounds: int = 40,
        nodes: int = 1000,
        gap: float = 1e-9,
        known_cost: float = math.inf,
        until: float = math.inf,
    ) -> Solution:
        """Return the best solution found and a lower bound of all solutions.

        ``known`` is a solution that passes, if any; ``passes`` checks whole solutions exactly. ``known_cost`` is the
        cost of a solution known elsewhere. Work is bounded by rounds and branch-and-bound nodes: the same problem has
        the same answer, unless the clock (:data:`clock`) reaches ``until``.
        """
        return _Search(self, known, passes, nodes, gap, known_cost, until).run(rounds)


@frozen(eq=False)
class Solution:
    """The result: the solution that passes (None if none did), the last trial, and the bound."""

    z: Floats | None
    trial: Floats | None
    bound: float
    rounds: int


class _Rows:
    """Rows of a sparse constraint matrix, added one by one."""

    def __init__(self) -> None:
        self.parts: list[tuple[Any, Any, float, float]] = []

    def add(self, variables: Any, factors: Any, low: float, high: float) -> None:
        self.parts.append((variables, factors, low, high))

    def copy(self) -> _Rows:
        """Return a copy of the rows."""
        out = _Rows()
        out.parts = list(self.parts)
        return out

    def scaled(self, cones: int) -> _Rows:
        """Return the rows, from the first cone on so small that rounding does not break them."""
        out = _Rows()
        out.parts = self.parts[:cones]
        for variables, factors, low, high in self.parts[cones:]:
            scale = _SMALL_ROW / max(1.0, float(np.abs(factors).max()))
            out.add(variables, scale * np.asarray(factors), scale * low, scale * high)
        return out

    def constraint(self, n: int) -> Any:
        from scipy.optimize import LinearConstraint
        from scipy.sparse import csr_array

        data = np.concatenate([np.asarray(f, dtype=np.float64) for _, f, _, _ in self.parts])
        indices = np.concatenate([np.asarray(v, dtype=np.int64) for v, _, _, _ in self.parts])
        indptr = np.cumsum([0, *(len(v) for v, _, _, _ in self.parts)])
        low, high = np.array([p[2] for p in self.parts]), np.array([p[3] for p in self.parts])
        return LinearConstraint(csr_array((data, indices, indptr), shape=(len(self.parts), n)), low, high)


class _Placed:
    """A cone and the position of its variables (one part per school, then the total) in the program."""

    def __init__(self, cone: Cone) -> None:
        self.cone = cone
        self.n = cone.base.size
        self.first = self.total = -1
        # scales figures of all sizes to about 1
        self.scale = float(cone.base.mean()) or float(np.abs(cone.step).max(initial=1.0))
        self.weight = cone.students.sum() / cone.students
        self.of = [np.flatnonzero(cone.school == i) for i in range(self.n)]

    def join(self, rows: _Rows, first: int, near: Sequence[Floats]) -> int:
        """Take variables from ``first`` on, with tangents at some solutions; return the next free position."""
        cone = self.cone
        self.first, self.total = first, first + self.n
        used, where = np.unique(cone.variable, return_inverse=True)
        sums = np.bincount(where, weights=cone.step, minlength=used.size) / self.scale
        at = float(cone.base.sum()) / self.scale
        rows.add([self.total, *used.tolist()], [1.0, *(-sums).tolist()], at, at)
        for shares in (cone.students / cone.students.sum(), *(self.shares(z) for z in near)):
            for factor in (0.7, 1.0, 1.4):
                self.touch(rows, shares * factor)
        return self.total + 1

    def limit(self, rows: _Rows, slack: float) -> None:
        """Require that the parts together are within the limit."""
        k = (1 + self.cone.t**2) * (1 - slack)
        rows.add([*range(self.first, self.total), self.total], [*([1.0] * self.n), -k], -np.inf, 0.0)

    def touch(self, rows: _Rows, shares: Floats) -> None:
        """Add the tangents at some shares of the total, one per school."""
        for i in range(self.n):
            s, w = float(shares[i]), float(self.weight[i])
            of = self.of[i]
            at = w * 2 * s / self.scale
            rows.add(
                [self.first + i, self.total, *self.cone.variable[of].tolist()],
                [1.0, w * s * s, *(-at * self.cone.step[of]).tolist()],
                at * float(self.cone.base[i]),
                np.inf,
            )

    def shares(self, z: Floats) -> Floats:
        y = self.cone.amounts(z)
        return np.asarray(y / y.sum()) if y.sum() > 0 else self.cone.students / self.cone.students.sum()

    def excess(self, z: Floats) -> float:
        """Return how far a solution is outside the cone, relative to the total."""
        s = self.shares(z)
        return float((self.weight * s * s).sum() - (1 + self.cone.t**2))


class _Search:
    """Rounds of a mixed-integer linear program; after each, tangents are added where the solution is outside a cone."""

    def __init__(
        self,
        program: Program,
        known: Floats | None,
        passes: Callable[[Floats], bool] | None,
        nodes: int,
        gap: float,
        known_cost: float,
        until: float,
    ) -> None:
        self.program, self.known, self.passes, self.nodes, self.gap = program, known, passes, nodes, gap
        self.best, self.best_cost = known, np.inf if known is None else float(program.cost @ known)
        self.known_cost, self.until = known_cost, until
        self.bound: float = -np.inf
        self.trial: Floats | None = None
        #: extra margin required of cones, against the tolerance of the solver
        self.slack = 0.0
        # a cone is added once a solution is outside it; most never are
        self.placed = [_Placed(cone) for cone in program.cones]
        self.inside: list[_Placed] = []
        self.n = program.cost.size
        self.rows = _Rows()
        for row in program.rows:
            self.rows.add(*row)
        for cone in program.cones:
            used = np.unique(cone.variable)
            if cone.base.sum() == 0 and program.whole[used].all():
                # all amounts 0 is the apex of the cone, where the coefficient is undefined
                self.rows.add(used, np.ones(used.size), 1.0, np.inf)
        self.own_rows = len(self.rows.parts)

    def run(self, rounds: int) -> Solution:
        """Search until a solution passes, or the gap between the bound and the best known solution is closed."""
        whole = bool(self.program.whole.any())
        if whole and self._find_tangents():
            return Solution(None, None, np.inf, 0)
        last: tuple[Floats, float] | None = None
        done = 0
        for done in range(1, rounds + 1):
            if self._out_of_time() or self._proven():
                break
            result = self._solved(self.program.whole)
            # the solver's bound is valid only without extra margins
            if not self.slack and result.status == _INFEASIBLE:
                return Solution(None, None, np.inf, done)
            if result.x is None:
                break
            if not self.slack:
                self._raise_bound(result.mip_dual_bound if whole else result.fun)
            trial = self.trial = self._rounded(result.x)
            outside = [p for p in self.placed if p.excess(trial) > 1e-10]
            if self._accept(trial, outside) or self._proven():
                break
            if outside and self._gains_little(result, trial, last):
                break
            self._tighten(trial, outside)
            last = trial, result.fun
        return Solution(self.best, self.trial, min(self.bound, self.best_cost), done)

    def _find_tangents(self) -> bool:
        """Add the tangents of the problem without whole variables; return whether even that has no solution."""
        before: float = -np.inf
        for _ in range(_RELAXED):
            if self._out_of_time():
                break
            result = self._solved(np.zeros_like(self.program.whole))
            if result.status == _INFEASIBLE:
                return True
            if result.x is None:
                break
            self._raise_bound(result.fun)
            trial = np.clip(result.x[: self.program.cost.size], self.program.lower, self.program.upper)
            outside = [p for p in self.placed if p.excess(trial) > _RELAXED_EXCESS]
            if not outside or self._proven() or self._still(result, before):
                break
            before = result.fun
            self._tighten(trial, outside)
        return False

    def _gains_little(self, result: Any, trial: Floats, last: tuple[Floats, float] | None) -> bool:
        """Return whether more tangents would change little."""
        if last is not None and np.array_equal(trial, last[0]):
            return True  # they do not cut this solution off within the tolerance of the solver
        if self.passes is not None or not self.program.whole.any():
            return False  # the solution counts, not only the bound
        # the tangents of the relaxed problem are there: another round would work as long for a few millionths
        cost = min(self.best_cost, self.known_cost)
        left = cost - self.bound if math.isfinite(cost) else math.inf
        risen = math.inf if last is None else result.fun - last[1]
        return result.status in _LIMITED or min(left, risen) <= _SMALL_RISE * abs(result.fun)

    def _still(self, result: Any, before: float) -> bool:
        """Return whether the least cost has not risen since the round before."""
        return bool(result.fun - before <= 0.01 * self.gap * max(1.0, abs(result.fun)))

    def _out_of_time(self) -> bool:
        return self.until < math.inf and clock() >= self.until

    def _solved(self, whole: NDArray[np.bool_]) -> Any:
        """Solve the program with the current tangents."""
        from scipy.optimize import Bounds, milp

        program, more = self.program, self.n - self.program.cost.size
        rows = self.rows.copy()
        for p in self.inside:
            p.limit(rows, self.slack)
        if whole.any():
            rows = rows.scaled(self.own_rows)
        nothing = np.zeros(more)
        options = {"node_limit": self.nodes, "mip_rel_gap": self.gap}
        if self.until < math.inf:
            options["time_limit"] = max(self.until - clock(), 0.01)
        return milp(
            np.concatenate([program.cost, nothing]),
            integrality=np.concatenate([whole, nothing]).astype(np.int64),
            bounds=Bounds(
                np.concatenate([program.lower, nothing]), np.concatenate([program.upper, np.full(more, np.inf)])
            ),
            constraints=rows.constraint(self.n) if rows.parts else (),
            options=options,
        )

    def _raise_bound(self, found: float | None) -> None:
        # a bound above the cost of a known solution is a failure of the solver's arithmetic
        if found is not None and found <= min(self.known_cost, self.best_cost) * (1 + _TRUSTED):
            self.bound = max(self.bound, self._next_cost(float(found)))

    def _next_cost(self, found: float) -> float:
        """Return a bound raised to the next cost that is possible: whole things of one price cost multiples of it."""
        price = float(self.program.cost[0])
        if price <= 0 or not self.program.whole.all() or (self.program.cost != price).any():
            return found
        count = found / price
        return max(found, math.ceil(count - _TRUSTED * max(1.0, count)) * price)

    def _rounded(self, x: Floats) -> Floats:
        program = self.program
        trial = np.array(x[: program.cost.size])
        trial[program.whole] = np.rint(trial[program.whole])
        return np.asarray(np.clip(trial, program.lower, program.upper))

    def _accept(self, trial: Floats, outside: list[_Placed]) -> bool:
        """Return whether a solution passes; keep it if it is the best so far."""
        good = not outside if self.passes is None else self.passes(trial)
        cost = float(self.program.cost @ trial)
        if good and cost < self.best_cost:
            self.best, self.best_cost = trial, cost
        return good

    def _proven(self) -> bool:
        """Return whether the gap between the bound and the best solution is closed."""
        cost = min(self.best_cost, self.known_cost)
        return math.isfinite(cost) and cost - self.bound <= self.gap * max(1.0, abs(cost))

    def _tighten(self, trial: Floats, outside: list[_Placed]) -> None:
        """Add tangents where a solution is outside; if it is outside by rounding only, increase the margin."""
        for p in outside:
            self._take_in(p, [np.zeros(trial.size), *([] if self.known is None else [self.known])])
            p.touch(self.rows, p.shares(trial))
        if not outside:  # the solver's own tolerance
            for p in self.placed:
                self._take_in(p, [trial])
            self.slack = max(self.slack * 4, 1e-11)

    def _take_in(self, p: _Placed, near: Sequence[Floats]) -> None:
        if p not in self.inside:
            self.n = p.join(self.rows, self.n, near)
            self.inside.append(p)
