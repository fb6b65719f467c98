"""Contributions of schools to difference coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np

from junheng._arrays import Floats, Ints
from junheng._data import STAGES
from junheng._frames import FrameT
from junheng.errors import InputError
from junheng.indicators.inference import influence
from junheng.results import Evaluation, Judgement, check_evaluation
from junheng.results.frames import Frames
from junheng.words import message

__all__ = ["contributions"]


def contributions(ev: Evaluation[FrameT]) -> FrameT:
    r"""Return how much each school contributes to each difference coefficient of its county.

    The share of a school in the squared coefficient is

    .. math:: s_i = \frac{P_i (X_i - \bar X)^2}{\sum_k P_k (X_k - \bar X)^2}

    and its influence is the coefficient without the school minus the coefficient with it (:func:`junheng.influence`):
    negative if the county would be more equal without it. A large school far from the mean has a large share and
    influence. If the standard limits the mean of the coefficients, rows ``composite`` give the mean of the shares
    weighted by the coefficients and the mean of the influences.

    Parameters
    ----------
    ev : Evaluation
        Under a standard with indicators per student.

    Returns
    -------
    frame of the library of the input
        One row per counted school (stage) and indicator: the columns of ``by``, ``school_code``, ``school``, ``row``,
        ``stage``, ``indicator``, ``students``, ``value``, ``mean``, ``coefficient`` of the county, ``share`` (the sum
        over a county and stage is 1) and ``influence``. Both are NaN if the coefficient is undefined, ``share`` also
        if it is 0, and with ``missing="omit"`` both are NaN for a school without the figure.

    Raises
    ------
    InputError
        If the standard has no indicator per student.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> rows = jh.contributions(ev).query("stage == 'primary' and indicator == 'sports_area_per_student'")
    >>> rows.nlargest(1, "share")[["row", "share", "influence"]].round(3).values.tolist()
    [[6.0, 0.146, -0.014]]
    """
    check_evaluation(ev)
    d = ev.data
    weighted = [j for j, x in enumerate(d.indicators) if x.denominator == "students"]
    if not weighted:
        raise InputError(message("planning.no_coefficients", standard=d.standard.id))
    students, codes = d.sections.students[d.usable], d.group_codes
    values = np.stack([d.in_coefficient(j)[d.usable] for j in weighted], axis=1)
    mean, cv = d.mean[:, weighted][codes], d.coefficient[:, weighted][codes]
    gap = np.isnan(values)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # a square beyond floats is no share
        total = _per_group(np.where(gap & d.omitted, 0.0, students[:, None]), codes, len(d.group_county))[codes]
        share = students[:, None] * ((values - mean) / d.std[:, weighted][codes]) ** 2 / total
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
    frames: Frames[FrameT] = Frames(ev.data, ev.language)
    out_: dict[str, Any] = frames.by_columns(d.county[section])
    out_ |= frames.school_columns(section)
    out_["row"] = d.sections.rows[section]
    out_["stage"] = frames.labels("stage", d.sections.stage[section], STAGES)
    out_["indicator"] = frames.labels("indicator", np.tile(np.arange(k), n), names)
    out_["students"] = d.sections.students[section]
    columns = {"value": values, "mean": mean, "coefficient": cv, "share": share, "influence": moved}
    out_ |= {name: column.reshape(n * k) for name, column in columns.items()}
    return frames.frame(out_)


def _per_group(columns: Floats, codes: Ints, n: int) -> Floats:
    out = np.zeros((n, columns.shape[1]))
    np.add.at(out, codes, columns)
    return out


def _composite(d: Judgement, weighted: list[int], share: Floats, cv: Floats, moved: Floats) -> tuple[Floats, Floats]:
    """Return shares in, and influences on, the limited mean of coefficients."""
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
