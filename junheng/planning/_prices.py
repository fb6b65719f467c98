r"""A price on coefficients separates a limited mean into one small problem per resource (private).

For prices :math:`\lambda_j \ge 0` on the coefficients, and the limit t on the mean of m of them,

.. math:: \min_{\sum c_j \le m t} \text{cost} \;\ge\; \sum_k \min_{z_k \ge 0}
          \big(\text{cost}_k(z_k) + \sum_{j \in k} \lambda_j c_j(z_k)\big) - \lambda m t .

A coefficient is :math:`c = s / \mu`, the standard deviation over the mean, both of the additions z; it is not convex.
But :math:`\sqrt s` lies above its chord :math:`\alpha + \beta s` over any interval of s, so that

.. math:: c(z) \;\ge\; (\alpha + \beta s(z))^2 / \mu(z) \quad\text{where s is in the interval},

which is convex, and below its tangents: :math:`(\alpha + \beta s)^2 / \mu \ge 2 \rho (\alpha + \beta s) - \rho^2 \mu`
and :math:`s \ge \sum w_i \omega_i (x_i - \mu)` if :math:`\sum w_i \omega_i^2 = 1`. At the minimum these tangents give a
bound that is linear in z, and valid whatever they were taken from. Intervals are split where the chord is far from the
coefficient, until the bound is near the best value found. The tangent of :math:`\sqrt s` lies above it instead; to
minimise with it again and again leads to the best value near a start.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from itertools import product

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints

__all__ = ["Priced", "Spread", "balance"]

#: Most boxes of standard deviations examined per resource.
_BOXES = 200
#: Softening of standard deviations, relative to the mean.
_SOFT = 1e-5
#: Newton steps, and how far the marginal cost of an addition may be from its marginal value, relative to its cost.
_NEWTON, _STATIONARY = 60, 1e-8
#: How often a search for a bound that has not ended goes on.
_GOES_ON = 4
#: Repetitions with a new tangent, and the relative decrease below which they end.
_REPEATED, _SETTLED = 30, 1e-10
#: A decrease in value below which a step is not worth taking, relative to the value.
_ROUNDING = 1e-15
#: By how much a Newton step is damped, in turn, if it does not lower the value.
_DAMPINGS = (1e-10, 1e-6, 1e-4, 1e-2, 1.0, 1e2, 1e4, 1e6)
#: Most steps of conjugate gradients.
_GRADIENTS = 40
#: Rounds over the stages, and prices tried per stage and round.
_ROUNDS, _TRIED = 12, 60

#: For each coefficient the chord, or tangent, of the root of its standard deviation: alpha and beta.
Lines = tuple[Floats, Floats]
#: For each coefficient an interval of its standard deviation.
Box = tuple[tuple[float, float], ...]


@frozen(eq=False)
class Spread:
    """A coefficient as a function of what is added to the units of a resource."""

    #: what each section has per student, and its share of the students
    have: Floats
    weight: Floats
    unit: Ints
    #: what a step at its unit adds per student, and to the mean
    rise: Floats
    pull: Floats
    #: added to the standard deviation at right angles, so that it is smooth where all are equal
    soft: float

    @classmethod
    def of(cls, amounts: Floats, students: Floats, unit: Ints, share: Floats) -> Spread:
        """Return the coefficient of amounts of sections; a step at a unit adds a share of it to each of its sections.

        Sections without students do not count.
        """
        there = students > 0
        amounts, students, unit, share = amounts[there], students[there], unit[there], share[there]
        n = students.sum()
        soft = _SOFT * float(amounts.sum() / n)
        return cls(amounts / students, students / n, unit, share / students, share / n, soft)

    def at(self, z: Floats) -> tuple[float, Floats, float]:
        """Return the mean, the deviations from it, and the standard deviation."""
        x = self.have + self.rise * z[self.unit]
        mean = float(self.weight @ x)
        apart = x - mean
        return mean, apart, math.sqrt(float(self.weight @ (apart * apart)))

    def coefficient(self, z: Floats) -> float:
        """Return the coefficient; NaN if the mean is 0."""
        mean, _, sd = self.at(z)
        return sd / mean if mean > 0 else math.nan


@frozen(eq=False)
class Priced:
    """A resource: what a step costs at each unit (infinite: nothing can be added), and its coefficients."""

    cost: Floats
    spreads: tuple[Spread, ...]
    free: NDArray[np.bool_] = field(init=False)

    @free.default
    def _find_free(self) -> NDArray[np.bool_]:
        return np.isfinite(self.cost)

    def gain(self, prices: Floats) -> Floats:
        """Return how much the first addition at each unit lowers the priced coefficients."""
        out, nothing = np.zeros(self.cost.size), np.zeros(self.cost.size)
        for p, s in zip(prices.tolist(), self.spreads, strict=True):
            mean, apart, sd = s.at(nothing)
            if p > 0 and sd > 0:
                np.add.at(out, s.unit, p * s.pull * (sd / mean - apart / sd) / mean)
        return out

    def money(self, z: Floats) -> float:
        """Return the cost of additions."""
        return float(self.cost[self.free] @ z[self.free])

    def value(self, prices: Floats, z: Floats) -> float:
        """Return the cost of additions and coefficients."""
        paid = (p * s.coefficient(z) for p, s in zip(prices.tolist(), self.spreads, strict=True) if p > 0)
        return self.money(z) + math.fsum(paid)

    def cheapest(self, prices: Floats, z: Floats) -> Floats:
        """Return the additions of least value near a start."""
        best, value = z, math.inf
        for _ in range(_REPEATED):
            roots = np.sqrt([max(s.at(z)[2], s.soft) for s in self.spreads])
            z = self._least(prices, (roots / 2, 0.5 / roots), z)
            new = self.value(prices, z)
            if new >= value * (1 - _SETTLED):
                break
            best, value = z, new
        return best

    def whole(self, prices: Floats, z: Floats) -> Floats:
        """Return whole additions near some, such that one more or less at any unit has no lower value."""
        z = np.rint(z)
        for _ in range(4 * z.size):
            changes = np.stack([self._changes(prices, z, by) for by in (1.0, -1.0)])
            best = int(np.argmin(changes))
            if not changes.flat[best] < -1e-9 * abs(self.value(prices, z)):
                break
            z[best % z.size] += 1.0 if best < z.size else -1.0
        return z

    def _changes(self, prices: Floats, z: Floats, by: float) -> Floats:
        """Return the change in value if one unit gets more or less, for each unit."""
        out = np.where(self.free & (z + by >= 0), np.where(self.free, self.cost, 0.0) * by, np.inf)
        for p, s in zip(prices.tolist(), self.spreads, strict=True):
            if p == 0:
                continue
            mean, apart, sd = s.at(z)
            means = mean + s.pull * by
            squares = sd * sd + s.weight * s.rise * by * (2 * apart + s.rise * by) - (means - mean) ** 2
            after = np.where(means > 0, np.sqrt(np.maximum(squares, 0.0)) / np.where(means > 0, means, 1.0), np.inf)
            np.add.at(out, s.unit, p * (after - sd / mean))
        return out

    def bound(self, prices: Floats, near: Floats, tolerance: float) -> float:
        """Return a lower bound on the value of all additions, close to that of some known ones."""
        if not prices.any():
            return 0.0
        best = self.value(prices, near)
        parts = [self._first_parts(p, s, near) for p, s in zip(prices, self.spreads, strict=True)]
        boxes: list[tuple[float, int, Box, Floats]] = []
        made, floor = 0, 0.0
        new: list[tuple[Box, Floats]] = [(box, near) for box in product(*parts)]
        while True:
            for box, start in new:
                below, z = self._bounded(prices, box, (start, near), floor)
                best = min(best, self.value(prices, z))
                heapq.heappush(boxes, (below, made, box, z))
                made += 1
            floor, _, box, z = boxes[0]
            j = self._farthest(prices, box, z)
            if floor >= best - tolerance or made >= _BOXES or j is None:
                return floor
            heapq.heappop(boxes)
            new = [(half, z) for half in _halves(box, j, self.spreads[j].at(z)[2])]

    @staticmethod
    def _first_parts(price: float, spread: Spread, near: Floats) -> Box:
        sd = spread.at(near)[2]
        return ((0.0, sd), (sd, math.inf)) if price > 0 and sd > spread.soft else ((0.0, math.inf),)

    def _bounded(self, prices: Floats, box: Box, starts: Sequence[Floats], floor: float) -> tuple[float, Floats]:
        """Return a bound over a box, at least that of the box it is part of, and where it was found."""
        lines = _chords(box)
        below, z = -math.inf, starts[0]
        # less than the whole box has shows that the search has not ended: it goes on where it is
        for start in (*starts, *[None] * _GOES_ON):
            if below < floor:
                z = self._least(prices, lines, z if start is None else start)
                below = self._below(prices, lines, z)
        return max(below, floor), z

    def _farthest(self, prices: Floats, box: Box, z: Floats) -> int | None:
        """Return the coefficient whose chord is farthest below it; None if none is."""
        gaps = [0.0] * len(box)
        for j, (p, s, (low, high), a, b) in enumerate(zip(prices, self.spreads, box, *_chords(box), strict=True)):
            mean, _, sd = s.at(z)
            if p > 0 and sd > low and high - low > s.soft:
                gaps[j] = float(p) * (sd - (a + b * sd) ** 2) / mean
        j = int(np.argmax(gaps))
        return j if gaps[j] > 0 else None

    # -- with a line in place of each root: a convex problem

    def _below(self, prices: Floats, lines: Lines, z: Floats) -> float:
        """Return a bound on the value of all additions, from the tangents at some."""
        base, slope = self._tangents(prices, lines, z)
        # if an addition still seems to be worth more than its cost, all costs are raised by that share, and the bound
        # is reduced by it
        lack = self.free & (slope < 0)
        with np.errstate(divide="ignore"):
            over = float((-slope[lack] / self.cost[lack]).max()) if lack.any() else 0.0
        return max(base, 0.0) / (1 + over)

    def _tangents(self, prices: Floats, lines: Lines, z: Floats) -> tuple[float, Floats]:
        """Return the value of the tangents without additions, rounded down, and their slope."""
        base, slope = 0.0, np.where(self.free, self.cost, 0.0)
        for p, s, a, b in self._priced(prices, lines):
            mean, apart, sd = s.at(z)
            # no longer than 1, so that their product with deviations is at most the standard deviation
            sd = math.hypot(sd, s.soft)
            omega, rho = apart / sd, (a + b * sd) / mean
            first = float(s.weight @ s.have)
            least = float(s.weight @ (omega * (s.have - first)))
            base += p * (2 * rho * (a + b * least) - rho * rho * first) - 1e-13 * p * rho * rho * mean
            np.add.at(slope, s.unit, p * s.pull * (2 * rho * b * omega - rho * rho))
        return base, slope

    def _priced(self, prices: Floats, lines: Lines) -> list[tuple[float, Spread, float, float]]:
        """Return the coefficients that have a price, with their prices and lines."""
        rows = zip(prices.tolist(), self.spreads, lines[0].tolist(), lines[1].tolist(), strict=True)
        return [row for row in rows if row[0] > 0]

    def _convex(self, prices: Floats, lines: Lines, z: Floats) -> float:
        """Return the value with lines in place of roots."""
        rows = [
            (p, a + b * math.hypot(sd, s.soft), mean)
            for p, s, a, b in self._priced(prices, lines)
            for mean, _, sd in (s.at(z),)
        ]
        return self.money(z) + math.fsum(p * root * root / mean for p, root, mean in rows)

    def _bend(self, prices: Floats, lines: Lines, z: Floats) -> Bend:
        """Return the second derivatives of that value."""
        n = self.cost.size
        diagonal, rows, factors = np.zeros(n), [], []
        for p, s, a, b in self._priced(prices, lines):
            mean, apart, sd = s.at(z)
            sd = math.hypot(sd, s.soft)
            rho = (a + b * sd) / mean
            of_sd = np.bincount(s.unit, s.pull * apart / sd, n)
            of_mean = np.bincount(s.unit, s.pull, n)
            curved = 2 * p * rho * b / sd
            diagonal += curved * np.bincount(s.unit, s.pull * s.rise, n)
            rows += [b * of_sd - rho * of_mean, of_sd, of_mean]
            factors += [2 * p / mean, -curved, -curved]
        return Bend(diagonal, np.array(rows), np.array(factors))

    def _least(self, prices: Floats, lines: Lines, z: Floats) -> Floats:
        """Return the additions of least value with lines in place of roots, by Newton steps from a start."""
        useful = np.zeros(self.cost.size, dtype=bool)
        for _, s, _, _ in self._priced(prices, lines):
            useful[s.unit] = True
        useful &= self.free
        z = np.where(useful, z, 0.0)
        for _ in range(_NEWTON):
            slope = self._tangents(prices, lines, z)[1]
            moving = np.flatnonzero(useful & ((z > 0) | (slope < 0)))
            if (np.abs(slope[moving]) <= _STATIONARY * self.cost[moving]).all():
                break
            new = self._step(prices, lines, z, slope, moving)
            if new is None:
                break
            z = new
        return z

    def _step(self, prices: Floats, lines: Lines, z: Floats, slope: Floats, moving: Ints) -> Floats | None:
        """Return better additions, None if there are none: the more a step is damped, the shorter it is."""
        value, bend = self._convex(prices, lines, z), self._bend(prices, lines, z).part(moving)
        for damping in _DAMPINGS:
            new = z.copy()
            new[moving] = np.maximum(z[moving] - bend.solve(slope[moving], damping), 0.0)
            expected = float(slope @ (new - z))
            if -_ROUNDING * value < expected <= 0:
                break
            if self._convex(prices, lines, new) < value + 1e-4 * expected:
                return new
        return None


@frozen(eq=False)
class Bend:
    """Second derivatives: a diagonal, and a few rows whose outer products are added with factors."""

    diagonal: Floats
    rows: Floats
    factors: Floats

    def part(self, at: Ints) -> Bend:
        """Return the derivatives of some variables."""
        return Bend(self.diagonal[at], self.rows[:, at], self.factors)

    def solve(self, right: Floats, damping: float) -> Floats:
        """Solve the equations with a diagonal raised by a part of it, by conjugate gradients.

        They need few steps here, and no library whose result depends on the number of threads.
        """
        whole = self.diagonal + (self.factors[:, np.newaxis] * self.rows * self.rows).sum(axis=0)
        whole = np.maximum(whole, 1e-12 * self.diagonal)
        whole[whole == 0] = 1.0
        out, rest = np.zeros_like(right), right.copy()
        scaled = rest / whole
        along, size = scaled, float((rest * scaled).sum())
        enough = 1e-24 * size
        for _ in range(_GRADIENTS):
            across = self.factors * (self.rows * along).sum(axis=1)
            image = (self.diagonal + damping * whole) * along + (across[:, np.newaxis] * self.rows).sum(axis=0)
            curved = float((along * image).sum())
            if not curved > 0:
                break
            out += size / curved * along
            rest -= size / curved * image
            scaled = rest / whole
            before, size = size, float((rest * scaled).sum())
            if size <= enough:
                break
            along = scaled + size / before * along
        return out


def _chords(box: Box) -> Lines:
    """Return the chord of the root over each interval; over one without end, the root at its start."""
    alpha, beta = np.zeros(len(box)), np.zeros(len(box))
    for j, (low, high) in enumerate(box):
        a, b = math.sqrt(low), math.sqrt(high)
        beta[j] = 1 / (a + b) if b > 0 else 0.0
        alpha[j] = a - beta[j] * low
    return alpha, beta


def _halves(box: Box, j: int, sd: float) -> list[Box]:
    """Split an interval of a box where its solution is, unless that is near an end."""
    low, high = box[j]
    if high < math.inf and not 0.1 < (sd - low) / (high - low) < 0.9:
        sd = (low + high) / 2
    return [(*box[:j], part, *box[j + 1 :]) for part in ((low, sd), (sd, high))]


@frozen(eq=False)
class Balance:
    """Prices of the coefficients of each stage at which their sums are within limits, and the additions."""

    prices: Floats
    additions: list[Floats]


def balance(resources: Sequence[Priced], stages: Sequence[Ints], limits: Floats, near: float) -> Balance | None:
    """Return the additions of least cost found so that the coefficients of each stage add up to no more than a limit.

    ``stages`` has the stage of each coefficient of each resource. A sum that has a price ends below its limit by about
    ``near``, relative to it. None if no price brings a sum within its limit.
    """
    search = _Search(resources, stages, limits, near)
    for _ in range(_ROUNDS):
        if search.settled():
            break
        if not all(search.settle(stage) for stage in range(limits.size)):
            return None
    return Balance(search.prices, search.z)


class _Search:
    """Finds the prices of the coefficients of each stage, one stage after another."""

    def __init__(self, resources: Sequence[Priced], stages: Sequence[Ints], limits: Floats, near: float) -> None:
        self.resources, self.stages, self.limits = resources, stages, limits
        self.near = near * limits
        self.z = [np.zeros(r.cost.size) for r in resources]
        self.prices = np.zeros(limits.size)

    def sums(self) -> Floats:
        """Return the sum of the coefficients of each stage."""
        out = np.zeros(self.limits.size)
        for r, stages, z in zip(self.resources, self.stages, self.z, strict=True):
            np.add.at(out, stages, [s.coefficient(z) for s in r.spreads])
        return out

    def settled(self) -> bool:
        """Return whether all sums are within their limits, and those with a price near them."""
        left = self.limits - self.sums()
        return bool(((left >= 0) & ((self.prices == 0) | (left <= 2 * self.near))).all())

    def settle(self, stage: int) -> bool:
        """Find the least price of a stage at which its sum is within the limit; return whether there is one."""
        if self.prices[stage] == 0 and self._over(stage) <= 0:
            return True
        first = self._first(stage)
        if not math.isfinite(first):
            return False
        root = _Root(self.prices[stage] or first, 1.02 if self.prices[stage] else 4.0)
        near = float(self.near[stage])
        kept: tuple[float, list[Floats]] | None = None
        for _ in range(_TRIED):
            self._set(stage, root.next)
            over = self._over(stage)
            if over <= 0:
                kept = root.next, list(self.z)
                if root.next < first:
                    break
            # as the additions for another stage will change this sum, it aims at a little below the limit
            if abs(over + near) <= near / 2 or not root.narrow(over + near):
                break
        if kept is None:
            return False
        self.prices[stage], self.z = kept
        return True

    def _over(self, stage: int) -> float:
        return float(self.sums()[stage] - self.limits[stage])

    def _set(self, stage: int, price: float) -> None:
        """Set the price of a stage, and change the additions accordingly."""
        self.prices[stage] = price
        for k, (r, stages) in enumerate(zip(self.resources, self.stages, strict=True)):
            if stage in stages:
                self.z[k] = r.cheapest(self.prices[stages], self.z[k])

    def _first(self, stage: int) -> float:
        """Return the price at which a first addition is worth its cost; infinite if there is none."""
        out = math.inf
        for r, stages in zip(self.resources, self.stages, strict=True):
            gain = r.gain((stages == stage).astype(np.float64))
            some = r.free & (gain > 0)
            if some.any():
                out = min(out, float((r.cost[some] / gain[some]).min()))
        return out


class _Root:
    """Narrows where a function that decreases with the logarithm of a positive number is 0."""

    def __init__(self, start: float, factor: float) -> None:
        self.next, self.factor = start, factor
        #: logarithm and value on each side of the root: where it is positive, and where not
        self.ends: dict[bool, tuple[float, float]] = {}
        self.last: bool | None = None

    def narrow(self, value: float) -> bool:
        """Take the value at ``next`` and set another ``next``; return False if the sides meet."""
        side = value > 0
        if side == self.last and (not side) in self.ends:
            # the other end has stayed: half its value brings the secant closer to it
            x, other = self.ends[not side]
            self.ends[not side] = x, other / 2
        self.ends[side], self.last = (math.log(self.next), value), side
        if len(self.ends) < 2:
            self.next *= self.factor if side else 1 / self.factor
            self.factor = min(self.factor**2, 1e6)
            return self.next < 1e300
        (a, over), (b, under) = self.ends[True], self.ends[False]
        if b - a < 1e-10:
            return False
        part = over / (over - under) if over > under else 0.5
        self.next = math.exp(a + (b - a) * min(max(part, 0.01), 0.99))
        return True
