"""Schools as dots along an axis (private)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints
from junheng.reports.plots._canvas import Pen, short, words
from junheng.reports.plots._picture import Entry, counted, no_mark
from junheng.reports.plots._subject import Sample, school_names, section_kinds
from junheng.words import Language

#: Up to so many schools are all named.
FEW = 12


def axis_end(values: Floats, lines: Iterable[float]) -> float:
    """Return how far an axis reaches, so that a few schools far out, such as tiny ones, do not squeeze the rest."""
    high = max([1e-9, *(x for x in lines if np.isfinite(x))])
    if values.size:
        bound = max(1.8 * float(np.quantile(values, 0.9)), 1.6 * high)
        high = max(high, min(float(values.max()), bound))
    return high * 1.04


@frozen
class Strip:
    """The schools of one picture along one axis: figures, kinds, and how far the axis reaches."""

    value: Floats
    required: Floats
    students: Floats
    kinds: NDArray[np.object_]
    names: list[str]
    missing: int
    low: float
    high: float
    downward: bool
    """Whether the requirement is an upper limit."""

    @classmethod
    def from_sections(cls, sample: Sample, sections: Ints, lines: Iterable[float]) -> Strip:
        """Take the sections that have a figure."""
        d, j = sample.d, sample.j
        value = d.values[j, sections]
        known = np.isfinite(value)
        at, value = sections[known], value[known]
        return cls(
            value=value,
            required=d.required[j, at],
            students=d.sections.students[at],
            kinds=section_kinds(d, j, at, sample.s),
            names=school_names(d, at),
            missing=int((~known).sum()),
            low=float(value.min(initial=0.0)),
            high=axis_end(value, lines),
            downward=sample.op in ("<=", "<"),
        )

    @property
    def few(self) -> bool:
        """Whether all schools are named."""
        return self.value.size <= FEW

    @property
    def shown(self) -> Floats:
        """Where the dots stand: those too far out stand on the edge."""
        return np.minimum(self.value, self.high)

    def per_point(self, pen: Pen) -> float:
        """Return what a point of the picture is in figures."""
        return (self.high - self.low) / pen.width

    def points(self, pen: Pen) -> Floats:
        """Return how many points from the left the dots stand."""
        return np.asarray((self.shown - self.low) / self.per_point(pen), dtype=np.float64)

    def legend(self, language: Language) -> list[Entry]:
        """Return the lines of the legend: the kinds of dots, what is further out, what has no figure."""
        entries = counted(self.kinds.tolist(), language)
        beyond = int((self.value > self.high).sum())
        if beyond:
            text = words("beyond", language, n=beyond, value=short(float(self.value.max())))
            entries.append((no_mark(), text))
        if self.missing:
            entries.append((no_mark(), words("no_value", language, n=self.missing)))
        return entries

    def worst_first(self) -> list[int]:
        """Return the schools in the order of how far they fall short of what they must reach."""
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = self.value / self.required
        reach = np.where(np.isfinite(reach), reach, np.nan)
        if np.isnan(reach).all():
            reach = self.value
        reach = np.where(np.isnan(reach), np.inf, -reach if self.downward else reach)
        return [int(i) for i in np.lexsort((self.value, reach))]

    def named(self) -> list[int]:
        """Return the schools to name, the worst first."""
        order = self.worst_first()
        if self.few:
            return order
        falling_short = [i for i in order if self.kinds[i] in ("below", "unmet", "floor")]
        return (falling_short or order[:1])[:3]
