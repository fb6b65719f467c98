"""The program of cones: against everything that is possible, and within its limits of work and time."""

from typing import Any

import numpy as np
import pytest

from junheng.indicators.allocation import cones
from junheng.indicators.allocation.cones import Cone, Program
from junheng.indicators.allocation.least import additions_where_possible, least_additions

N, MOST = 3, 6.0


def drawn(seed: int) -> Program:
    """A program of three whole variables, in one cone or two, some with schools that have nothing."""
    rng = np.random.default_rng(seed)
    costs, every = rng.choice([1.0, 1.5, 2.0, 3.25], N), np.arange(N)
    found = []
    for step in (1.0, 2.0)[: 1 + seed % 2]:
        base, students = rng.integers(0, 8, N).astype(float), rng.integers(5, 20, N).astype(float)
        found.append(Cone(base, students, every, every, np.full(N, step), float(rng.choice([0.15, 0.25, 0.4]))))
    return Program(costs, np.zeros(N), np.full(N, MOST), np.ones(N, dtype=bool), found)


def cheapest(program: Program) -> float:
    """Try everything."""
    grid = np.stack(np.meshgrid(*[np.arange(MOST + 1)] * N, indexing="ij"), axis=-1).reshape(-1, N)
    good = np.ones(len(grid), dtype=bool)
    for cone in program.cones:
        y = cone.base + cone.step * grid
        total = y.sum(axis=1)
        square = cone.students.sum() * (y**2 / cone.students).sum(axis=1)
        good &= (total > 0) & (square <= (1 + cone.t**2) * total**2 * (1 + 1e-12))
    return float((grid[good] @ program.cost).min()) if good.any() else np.inf


@pytest.mark.parametrize("seed", range(24))
def test_whole_solutions_are_the_cheapest_of_all(seed: int) -> None:
    program = drawn(seed)
    wanted, found = cheapest(program), program.solve()
    if found.z is None:
        assert wanted == np.inf
        return
    assert program.cost @ found.z == pytest.approx(wanted, rel=1e-12)
    assert wanted * (1 - 1e-6) - 1e-9 <= found.bound <= wanted * (1 + 1e-9)
    # a known solution is the answer if nothing is cheaper, and a cost known elsewhere ends the search
    again = program.solve(found.z)
    assert again.z is not None and program.cost @ again.z == pytest.approx(wanted, rel=1e-12)
    assert program.solve(known_cost=wanted).bound == pytest.approx(wanted, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("seed", range(0, 32, 2))
def test_whole_additions_at_costs_are_the_cheapest_of_all(seed: int) -> None:
    program = drawn(seed)
    (cone,) = program.cones
    got = least_additions(cone.base, students=cone.students, limit=cone.t, costs=program.cost, whole=True)
    wanted = cheapest(program)
    # more than was tried may be cheaper
    assert got @ program.cost == pytest.approx(wanted) if got.max() <= MOST else got @ program.cost <= wanted


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the solver is asked for, each time."""
    import scipy.optimize

    seen: list[dict[str, Any]] = []
    real = scipy.optimize.milp

    def milp(*args: Any, **more: Any) -> Any:
        seen.append(more | {"options": dict(more["options"])})  # from which it takes some out
        return real(*args, **more)

    monkeypatch.setattr(scipy.optimize, "milp", milp)
    return seen


def test_the_time_that_is_left_is_what_the_solver_may_take(
    monkeypatch: pytest.MonkeyPatch, asked: list[dict[str, Any]]
) -> None:
    monkeypatch.setattr(cones, "clock", lambda: 100.0)
    for until, wanted in ((107.0, 7.0), (100.001, 0.01)):
        asked.clear()
        drawn(0).solve(until=until)
        assert asked and [call["options"]["time_limit"] for call in asked] == pytest.approx([wanted] * len(asked))
    asked.clear()
    for until in (100.0, 99.0):  # the time is over
        found = drawn(0).solve(until=until)
        assert (found.z, found.bound, found.rounds) == (None, -np.inf, 1) and not asked
    drawn(0).solve()
    assert asked and all(call["options"] == {"node_limit": 1000, "mip_rel_gap": 1e-9} for call in asked)


@pytest.mark.parametrize("rounds", [1, 2, 40])
def test_so_many_rounds_are_made_at_most(rounds: int, asked: list[dict[str, Any]]) -> None:
    for seed in range(6):
        asked.clear()
        found = drawn(seed).solve(rounds=rounds)
        whole = sum(bool(call["integrality"].any()) for call in asked)
        assert found.rounds <= rounds and whole <= found.rounds <= whole + 1


def test_a_search_with_patience_goes_on_for_so_many_units() -> None:
    """Schools of one pupil beside a large one that may have no more: the answer in parts is far below the whole one."""
    for singles, first, steps in ((100, 667, range(20, 30)), (600, 4000, None)):
        amounts, students = np.array([first, *[0.0] * singles]), np.array([first, *[1.0] * singles])
        highest = np.array([first, *[np.inf] * singles])
        found = additions_where_possible(amounts, students, np.array([0.2]), highest)[:, 0]
        parts = least_additions(amounts, students=students, limit=0.2, highest=highest).sum()
        # with a unit to each of k of them the mean of the values is that of their squares, (first + k) / pupils
        wanted = np.ceil(students.sum() / 1.04 - first)
        if steps is None:
            assert wanted - parts > 31 and np.isnan(found).all()
        else:
            assert found.sum() == wanted and int(wanted - np.ceil(parts)) in steps


def test_only_what_passes_is_an_answer() -> None:
    asked: list[Any] = []

    def never(z: Any) -> bool:
        asked.append(z)
        return False

    for seed in range(4):
        asked.clear()
        assert drawn(seed).solve(passes=never, rounds=4).z is None
        assert asked or cheapest(drawn(seed)) == np.inf
        assert all((z == np.rint(z)).all() and z.min() >= 0 and z.max() <= MOST for z in asked)
