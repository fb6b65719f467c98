"""Runs every kind and controls the share of false discoveries."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from junheng._arrays import Ints
from junheng._text import as_text
from junheng.errors import InputError
from junheng.plausibility import bunching, copies, frozen, jumps, parts, ranges, rounding
from junheng.plausibility.figures import Figures
from junheng.plausibility.findings import KINDS, Finding, Tests
from junheng.schools.sections import as_standard
from junheng.schools.table import SchoolTable
from junheng.standards import Standard
from junheng.words import Quoted, message

__all__ = ["find"]

#: The kinds with a p-value, and those without.
TESTS: tuple[Callable[[Figures], Tests], ...] = (frozen.tests, copies.tests, bunching.tests)
FINDINGS: tuple[Callable[[Figures], list[Finding]], ...] = (
    parts.findings,
    ranges.findings,
    jumps.findings,
    rounding.findings,
)


def find(
    schools: Any,
    *,
    by: Sequence[str] | str | None = None,
    standard: Standard | str | os.PathLike[str] | None = None,
    alpha: float = 0.05,
) -> tuple[SchoolTable, list[Finding]]:
    """Return the table, opened, and its findings in order; see :func:`junheng.plausibility`."""
    level = _checked(alpha)
    std = None if standard is None else as_standard(standard)
    figures = Figures.open(schools, [by] if isinstance(by, str) else by, std)
    found = [finding for kind in FINDINGS for finding in kind(figures)]
    found += discoveries([kind(figures) for kind in TESTS], level)
    return figures.table, sorted(found, key=lambda f: _place(figures, f))


def _checked(alpha: Any) -> float:
    is_number = isinstance(alpha, (Real, Decimal)) and not isinstance(alpha, bool)
    try:
        level = float(alpha) if is_number else math.nan
    except (TypeError, ValueError, OverflowError):
        level = math.nan
    if not 0 < level < 1:
        raise InputError(message("plausibility.alpha", given=Quoted(as_text(alpha))))
    return level


def discoveries(kinds: Sequence[Tests], alpha: float) -> list[Finding]:
    """Return the findings of the tests whose adjusted p-value is at most alpha.

    The family is all tests of one group. Groups whose least p-value exceeds alpha have no discovery.
    """
    group = np.concatenate([t.group for t in kinds] or [np.empty(0, np.int64)])
    p = np.concatenate([t.p for t in kinds] or [np.empty(0)])
    if not p.size:
        return []
    of_kind = np.repeat(np.arange(len(kinds)), [t.p.size for t in kinds])
    at = np.concatenate([np.arange(t.p.size) for t in kinds])
    hopeful = np.zeros(int(group.max()) + 1, dtype=bool)
    hopeful[group[p <= alpha]] = True
    some = np.flatnonzero(hopeful[group])
    some = some[np.argsort(group[some], kind="stable")]
    found: list[Finding] = []
    for family in _families(group[some], some):
        for i in family[_adjusted(p[family]) <= alpha].tolist():
            found += kinds[of_kind[i]].describe(int(at[i]))
    return found


def _families(group: Ints, tests: Ints) -> list[Ints]:
    """Return the tests of each group, which are adjacent."""
    return np.split(tests, np.flatnonzero(np.diff(group)) + 1) if tests.size else []


def _adjusted(p: Any) -> Any:
    from scipy.stats import false_discovery_control

    return false_discovery_control(p, method="bh")


def _place(figures: Figures, finding: Finding) -> tuple[Any, ...]:
    """Return what findings are sorted by: county, the whole county first, school, row, kind, columns."""
    head = finding.rows[0]
    school = -1 if finding.school is None else int(figures.school[head])
    kind = KINDS.index(finding.kind)
    return int(figures.group[head]), school, head, kind, finding.columns, finding.rows
