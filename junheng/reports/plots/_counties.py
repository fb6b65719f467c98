"""Counties by indicators: difference coefficients against their limits (private)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng.errors import InputError
from junheng.reports.plots._canvas import words
from junheng.reports.plots._cells import LIMIT_AT
from junheng.reports.plots._layout import Bars, Sum, Table
from junheng.reports.plots._subject import coefficient_kinds, coefficient_name, place_name
from junheng.results import Judgement
from junheng.words import Language, message, word

#: Counties that a picture shows at most.
MOST = 160


@frozen(eq=False)
class Coefficients:
    """Difference coefficients of places by indicators: figure, limit, kind of cell, and how far a bar reaches."""

    value: Floats
    limit: Floats
    kinds: NDArray[np.object_]

    @classmethod
    def take(cls, d: Judgement, groups: Ints, indicators: Sequence[int]) -> Coefficients:
        """Take some indicators (-1: the composite) of groups; -1 is a place without a school."""
        at = [len(d.indicators) if j < 0 else j for j in indicators]
        value = np.column_stack([d.coefficient, d.composite])[groups][:, at]
        limit = np.column_stack([d.limits, d.composite_limits])[groups][:, at]
        verdict = np.column_stack([d.coefficient_verdicts, d.composite_verdicts])[groups][:, at]
        kinds = coefficient_kinds(limit, verdict)
        kinds[groups < 0] = "out"
        value, limit = (np.where((groups < 0)[:, None], np.nan, x) for x in (value, limit))
        return cls(value, limit, kinds)

    def bars(self, rows: Ints | slice = slice(None)) -> Bars:
        """Return some places as rows of bars."""
        return Bars(self.kinds[rows], self.reach[rows], np.any(np.isfinite(self.limit), axis=0, keepdims=True)[0])

    @property
    def reach(self) -> Floats:
        """Part of a cell that the bar fills: :data:`LIMIT_AT` at the limit, 1 at the largest without a limit."""
        largest = np.nanmax(np.where(np.isfinite(self.value), self.value, 0.0), axis=0, initial=1e-12)
        whole = np.where(np.isfinite(self.limit), self.limit / LIMIT_AT, largest)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.clip(np.nan_to_num(self.value / whole, posinf=1.0), 0, 1), dtype=np.float64)


def share(n: int, total: int) -> str:
    """Write a share in whole per cent; never 0 or 100 % where it is not."""
    if not total:
        return "–"
    return f"{n * 100 // total if n in (0, total) else min(99, max(1, round(100 * n / total)))}%"


def county_tables(d: Judgement, counties: Sequence[int], stages: Sequence[int], lang: Language) -> list[Table]:
    """Return counties by difference coefficients, a table for each stage."""
    found = [t for s in stages if (t := _county_table(d, np.array(counties, dtype=np.int64), s, lang)) is not None]
    if not found:
        raise InputError(message("reports.error.no_county_coefficients", standard=d.standard.id))
    return found


def _county_table(d: Judgement, counties: Ints, s: int, lang: Language) -> Table | None:
    groups = d.group_at[counties, s]
    if not (groups >= 0).any():
        return None
    whole = Coefficients.take(d, groups, range(-1, len(d.indicators)))
    # without either it is an amount a school, of which no coefficient is taken
    valued = np.isfinite(whole.value) & (np.arange(whole.value.shape[1]) > 0)
    there = np.any(np.isfinite(whole.limit) | valued, axis=0)
    if not there.any():
        return None
    js = (np.flatnonzero(there) - 1).tolist()
    found = Coefficients.take(d, groups, js)
    history = len({place_name(d, c) for c in counties.tolist()}) == 1
    order, ranked = _order(found, groups, d.years[counties] if history else None)
    shown = order[:MOST]
    names = _names(d, counties[shown], history=history)
    left = counties.size - shown.size
    return Table(
        title=str(word("stage", STAGES[s], lang)),
        heads=tuple(coefficient_name(d, j, lang) for j in js),
        margin_head=words("schools_met", lang) if d.standard.thresholds else "",
        groups=_groups(ranked[shown], lang, ranks=not history and bool(np.isfinite(found.limit).any())),
        names=names,
        margin=_schools_met(d, counties[shown], s),
        cells=found.bars(shown),
        sums=_within(found, lang),
        note=words("counties_left", lang, n=left, shown=shown.size) if left else "",
    )


def _order(found: Coefficients, groups: Ints, years: Floats | None) -> tuple[Ints, Ints]:
    """Return the places with the most coefficients over their limits first, or years in order; and the rank of each.

    The rank is 0 where a coefficient exceeds its limit, 1 where one is undetermined, 2 where all are met, 3 without a
    school.
    """
    over = (found.kinds == "unmet").sum(axis=1)
    ranked = np.select([groups < 0, over > 0, (found.kinds == "open").any(axis=1)], [3, 0, 1], 2)
    if years is not None:
        return np.argsort(years, kind="stable"), ranked
    # how far they reach; without a limit a coefficient does not order the places, unless none has one
    far = np.where(np.isfinite(found.limit) if np.isfinite(found.limit).any() else True, found.reach, 0.0).sum(axis=1)
    return np.lexsort((np.arange(groups.size), -far, -over, ranked)), ranked


def _groups(ranked: Ints, lang: Language, *, ranks: bool) -> list[tuple[str, int]]:
    """Return the words of each rank that there is, and how many places have it."""
    if not ranks:
        return [("", ranked.size)]
    keys = ("some_over", "some_open", "none_over", "no_school")
    counts = [(key, int((ranked == i).sum())) for i, key in enumerate(keys)]
    return [(words("counted", lang, what=words(key, lang), n=n), n) for key, n in counts if n]


def _names(d: Judgement, counties: Ints, *, history: bool) -> list[str]:
    """Name places: by year if they are one county's, without the year if all have the same."""
    if history:
        return [f"{d.years[c]:g}" for c in counties.tolist()]
    one_year = np.unique(d.years[counties]).size <= 1
    return [place_name(d, c) if one_year else d.county_name(c) for c in counties.tolist()]


def _schools_met(d: Judgement, counties: Ints, s: int) -> list[str]:
    """Write how many schools of each place meet the standard, of how many."""
    if not d.standard.thresholds:
        return [""] * counties.size
    found = d.schools_by_verdict[counties, s]
    return [
        f"{met}/{met + rest}" for met, rest in zip(found[:, 2].tolist(), found[:, :2].sum(axis=1).tolist(), strict=True)
    ]


def _within(found: Coefficients, lang: Language) -> list[Sum]:
    """Return the share of all places within each limit, also of those that are not drawn."""
    limited = np.isfinite(found.limit)
    if not limited.any():
        return []
    met, total = ((found.kinds == "met") & limited).sum(axis=0), limited.sum(axis=0)
    texts = [share(a, b) for a, b in zip(met.tolist(), total.tolist(), strict=True)]
    return [Sum(label=words("share_within", lang), texts=texts)]
