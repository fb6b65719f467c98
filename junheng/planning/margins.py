"""Distances of coefficients from their limits, and what would change verdicts."""

from __future__ import annotations

from typing import Any

import numpy as np

from junheng._arrays import Ints
from junheng._data import STAGES
from junheng._frames import FrameT, Wholes
from junheng.errors import InputError
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS, all_of, at_least
from junheng.results import Evaluation, Judgement, check_evaluation
from junheng.results.frames import Frames
from junheng.words import message

__all__ = ["margins"]


def margins(ev: Evaluation[FrameT]) -> FrameT:
    """Return how far each coefficient is from its limit, and how many schools depend on an indicator.

    Parameters
    ----------
    ev : Evaluation
        Under a standard with limits on coefficients or thresholds for schools.

    Returns
    -------
    frame of the library of the input
        One row per county, stage and indicator (and ``composite``, if limited): the columns of ``by``, ``stage``,
        ``indicator``, ``coefficient``, ``limit``, ``verdict``; ``margin`` = limit - coefficient, negative if the limit
        is exceeded; ``relative`` = margin / limit; ``nearest``: in each county and stage, the met coefficient with the
        smallest margin and the unmet one with the smallest excess. For the school rule: ``n_schools``; ``n_unmet``
        below the threshold; ``n_would_pass``: schools that do not comply but would if this indicator were met;
        ``n_would_fail``: schools that comply but would not if it were just below its threshold. Missing if there is no
        such limit or rule.

    Raises
    ------
    InputError
        If the standard has neither limits nor thresholds.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> near = jh.margins(ev).query("nearest")
    >>> near[["indicator", "verdict", "margin"]].round(3).values.tolist()
    [['backbone_teachers_per_hundred_students', 'met', 0.207],
     ['multimedia_classrooms_per_hundred_students', 'met', 0.143]]
    """
    check_evaluation(ev)
    d = ev.data
    if not d.standard.limits and not d.standard.thresholds:
        raise InputError(message("planning.no_limits", standard=d.standard.id))
    n, k = d.coefficient.shape
    limits, coefficients = d.limits, np.where(np.isnan(d.limits), np.nan, d.coefficient)
    verdicts = np.where(np.isnan(limits), -1, d.coefficient_verdicts).astype(np.int64)
    counts = _turning(d)
    shown = ~np.isnan(limits) | (counts[0] >= 0)
    names = [i.id for i in d.indicators]
    if any(x.kind == "composite" for x in d.standard.limits):
        names.append("composite")
        has = ~np.isnan(d.composite_limits)
        limits = np.column_stack([limits, d.composite_limits])
        coefficients = np.column_stack([coefficients, d.composite])
        verdicts = np.column_stack([verdicts, np.where(has, d.composite_verdicts, -1)])
        counts = np.concatenate([counts, np.full((4, n, 1), -1, dtype=np.int64)], axis=2)
        shown = np.column_stack([shown, has])
        k += 1
    margin = limits - coefficients
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = margin / limits
    nearest = np.zeros((n, k), dtype=bool)
    for code in (MET, UNMET):
        distance = np.where(verdicts == code, np.abs(relative), np.inf)
        least = distance.min(axis=1, initial=np.inf)
        nearest |= np.isfinite(distance) & (distance == least[:, None])
    group, indicator = np.nonzero(shown)
    frames: Frames[FrameT] = Frames(ev.data, ev.language)
    out: dict[str, Any] = frames.by_columns(d.group_county[group])
    out["stage"] = frames.labels("stage", d.group_stage[group], STAGES)
    out["indicator"] = frames.labels("indicator", indicator, names)
    out["coefficient"] = coefficients[group, indicator]
    out["limit"] = limits[group, indicator]
    out["verdict"] = frames.labels("verdict", verdicts[group, indicator], VERDICTS)
    out["margin"] = margin[group, indicator]
    out["relative"] = relative[group, indicator]
    out["nearest"] = nearest[group, indicator]
    for name, column in zip(("n_schools", "n_unmet", "n_would_pass", "n_would_fail"), counts, strict=True):
        out[name] = Wholes([None if c < 0 else c for c in column[group, indicator].tolist()])
    return frames.frame(out)


def _turning(d: Judgement) -> Ints:
    """Count schools, schools below the threshold, and those that would pass or fail; -1 if there is no rule."""
    n, k = d.coefficient.shape
    out = np.full((4, n, k), -1, dtype=np.int64)
    rule = d.standard.school_rule
    if rule is None:
        return out
    group = d.group_at[d.county[d.judged], d.sections.stage[d.judged]]
    for s in range(len(STAGES)):
        inside = np.flatnonzero((d.sections.stage[d.judged] == s) & (group >= 0))
        at, groups = d.judged[inside], group[inside]
        own = np.flatnonzero(d.applies[:, at[0]]) if at.size else np.empty(0, np.int64)
        if not own.size:
            continue
        verdicts, floors = d.verdicts[np.ix_(own, at)].T, d.floors[np.ix_(own, at)].T
        here = np.flatnonzero(d.group_stage == s)

        def judged(block: Any, floors: Any = floors) -> Any:
            if rule.kind == "all":
                return all_of(block)
            assert rule.k is not None
            return at_least(block, rule.k, floors if rule.floor_ratio is not None else None)

        now = d.school[at]
        for c, j in enumerate(own.tolist()):
            better, worse = verdicts.copy(), verdicts.copy()
            better[:, c] = MET
            worse[:, c] = np.where(verdicts[:, c] == UNDETERMINED, UNDETERMINED, UNMET)
            marks = (
                np.ones(at.size, dtype=bool),
                verdicts[:, c] == UNMET,
                (now != MET) & (judged(better) == MET),
                (now == MET) & (judged(worse) != MET),
            )
            for m, mark in enumerate(marks):
                out[m, here, j] = np.bincount(groups[mark], minlength=n)[here]
    return out
