"""What matters: which schools make a coefficient, how far each county is from its limits, what would turn."""

from __future__ import annotations

from typing import Any

import numpy as np

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng._frames import Wholes
from junheng.errors import InputError
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS, all_of, at_least
from junheng.indicators.inference import influence
from junheng.results import Data, Evaluation

__all__ = ["contributions", "margins"]


def contributions(ev: Evaluation) -> Any:
    r"""Tell how much each school matters to each difference coefficient of its county.

    The share of a school in the squared coefficient is

    .. math:: s_i = \frac{P_i (X_i - \bar X)^2}{\sum_k P_k (X_k - \bar X)^2}

    and its influence is the coefficient without the school, less that with it (:func:`junheng.influence`): negative
    where the county would be more equal without it. A large school far from the mean has both. Where the standard
    limits the mean of the coefficients, rows ``composite`` give the share as the mean of the shares weighted by the
    coefficients, and the influence as the mean of the influences.

    Parameters
    ----------
    ev : Evaluation
        Of any standard with indicators per student.

    Returns
    -------
    frame of the library of the input
        One row per counted school (stage) and indicator: the columns of ``by``, ``school_code``, ``school``, ``row``,
        ``stage``, ``indicator``, ``students``, ``value``, ``mean``, ``coefficient`` of the county, ``share`` (they add
        up to 1 in a county and stage) and ``influence``. NaN where the coefficient is undefined, where it is 0 (there
        is nothing to share) and, under ``missing="omit"``, for a school without the figure.

    Raises
    ------
    InputError
        When the standard has no indicator per student.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> rows = jh.contributions(ev).query("stage == 'primary' and indicator == 'sports_area_per_student'")
    >>> rows.nlargest(1, "share")[["row", "share", "influence"]].round(3).values.tolist()
    [[6.0, 0.146, -0.014]]
    """
    d = ev.data
    weighted = [j for j, x in enumerate(d.indicators) if x.denominator == "students"]
    if not weighted:
        raise InputError(f"{d.standard.id} has no indicator per student, so there are no coefficients")
    students, codes = d.sections.students[d.usable], d.group_codes
    values = d.values[weighted][:, d.usable].T
    mean, cv = d.mean[:, weighted][codes], d.coefficient[:, weighted][codes]
    gap = np.isnan(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = _per_group(np.where(gap & d.omitted, 0.0, students[:, None]), codes, len(d.group_county))[codes]
        share = students[:, None] * (values - mean) ** 2 / (total * d.std[:, weighted][codes] ** 2)
    share[~np.isfinite(share)] = np.nan
    moved = np.full(values.shape, np.nan)
    for k in range(len(weighted)):
        out = gap[:, k] & d.omitted
        moved[:, k] = influence(np.where(out, 0.0, values[:, k]), weights=np.where(out, 0.0, students), by=codes)
        moved[out, k] = np.nan
    names = [d.indicators[j].id for j in weighted]
    if any(x.kind == "composite" for x in d.standard.limits):
        names.append("composite")
        joint, also = _composite(d, weighted, share, cv, moved)
        nothing = np.full(students.size, np.nan)
        values, mean = np.column_stack([values, nothing]), np.column_stack([mean, nothing])
        cv = np.column_stack([cv, d.composite[codes]])
        share, moved = np.column_stack([share, joint]), np.column_stack([moved, also])
    n, k = share.shape
    section = np.repeat(d.usable, k)
    out_: dict[str, Any] = ev._by_columns(d.county[section])
    out_ |= ev._school_columns(section)
    out_["row"] = d.sections.rows[section]
    out_["stage"] = ev._labels("stage", d.sections.stage[section], STAGES)
    out_["indicator"] = ev._labels("indicator", np.tile(np.arange(k), n), names)
    out_["students"] = d.sections.students[section]
    columns = {"value": values, "mean": mean, "coefficient": cv, "share": share, "influence": moved}
    out_ |= {name: column.reshape(n * k) for name, column in columns.items()}
    return ev._frame(out_)


def _per_group(columns: Floats, codes: Ints, n: int) -> Floats:
    out = np.zeros((n, columns.shape[1]))
    np.add.at(out, codes, columns)
    return out


def _composite(d: Data, weighted: list[int], share: Floats, cv: Floats, moved: Floats) -> tuple[Floats, Floats]:
    """Return share in, and influence on, the mean of the coefficients that a limit means."""
    stages = d.group_stage[d.group_codes]
    joint, also = np.full(share.shape[0], np.nan), np.full(share.shape[0], np.nan)
    for s, stage in enumerate(STAGES):
        limit = d.standard.limit("composite", stage=stage)
        at = np.flatnonzero(stages == s)
        if limit is None or not at.size:
            continue
        own = [k for k, j in enumerate(weighted) if not limit.indicators or d.indicators[j].id in limit.indicators]
        block = np.ix_(at, np.array(own, dtype=np.int64))
        with np.errstate(divide="ignore", invalid="ignore"):
            # a coefficient of 0 has no shares, and adds nothing to the mean
            parts = np.where(cv[block] == 0, 0.0, cv[block] * share[block])
            joint[at] = parts.sum(axis=1) / cv[block].sum(axis=1)
        also[at] = moved[block].mean(axis=1)
    return joint, also


def margins(ev: Evaluation) -> Any:
    """Tell how far each coefficient is from its limit, and how many schools an indicator would turn.

    Parameters
    ----------
    ev : Evaluation
        Under a standard with limits on coefficients, or with thresholds for schools.

    Returns
    -------
    frame of the library of the input
        One row per county, stage and indicator (and ``composite``, where it is limited): the columns of ``by``,
        ``stage``, ``indicator``, ``coefficient``, ``limit``, ``verdict``; ``margin`` = limit - coefficient, negative
        when over it; ``relative`` = margin / limit; ``nearest``: of the county's stage, the met one with the least
        margin (the next to fail) and the unmet one with the least excess (the first to pass). For the rule on schools:
        ``n_schools``; ``n_unmet`` below the threshold; ``n_would_pass``: schools that do not comply and would, were
        this one indicator met; ``n_would_fail``: schools that comply and would not, were it to fall just short of its
        threshold. Empty where there is no such limit, or no such rule.

    Raises
    ------
    InputError
        When the standard has neither limits nor thresholds.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> near = jh.margins(ev).query("nearest")
    >>> near[["indicator", "verdict", "margin"]].round(3).values.tolist()
    [['backbone_teachers_per_hundred_students', 'met', 0.207],
     ['multimedia_classrooms_per_hundred_students', 'met', 0.143]]
    """
    d = ev.data
    if not d.standard.limits and not d.standard.thresholds:
        raise InputError(f"{d.standard.id} has neither limits on coefficients nor thresholds for schools")
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
    out: dict[str, Any] = ev._by_columns(d.group_county[group])
    out["stage"] = ev._labels("stage", d.group_stage[group], STAGES)
    out["indicator"] = ev._labels("indicator", indicator, names)
    out["coefficient"] = coefficients[group, indicator]
    out["limit"] = limits[group, indicator]
    out["verdict"] = ev._labels("verdict", verdicts[group, indicator], VERDICTS)
    out["margin"] = margin[group, indicator]
    out["relative"] = relative[group, indicator]
    out["nearest"] = nearest[group, indicator]
    for name, column in zip(("n_schools", "n_unmet", "n_would_pass", "n_would_fail"), counts, strict=True):
        out[name] = Wholes([None if c < 0 else c for c in column[group, indicator].tolist()])
    return ev._frame(out)


def _turning(d: Data) -> Ints:
    """Return schools, schools below the threshold, those that would turn either way; -1 where there is no rule."""
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
