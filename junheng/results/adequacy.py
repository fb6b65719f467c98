"""How near the schools of a county are to each threshold (private)."""

from __future__ import annotations

from typing import Any

import numpy as np

from junheng._arrays import Floats, Groups, Ints, grouped_moments
from junheng._data import STAGES
from junheng._frames import Labels
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET
from junheng.judging.judgement import Judgement
from junheng.results.frames import Frames

__all__ = ["adequacy"]


def adequacy(frames: Frames[Any]) -> Any:
    """Return the frame of :meth:`junheng.Evaluation.adequacy`."""
    d = frames.found
    places, codes = np.unique(d.county[d.judged] * len(STAGES) + d.sections.stage[d.judged], return_inverse=True)
    groups = Groups.from_codes(codes.reshape(-1).astype(np.int64), places.size)
    stage = places % len(STAGES)
    use = np.array([[d.threshold(j, s) is not None for j in range(len(d.indicators))] for s in range(len(STAGES))])
    group, indicator = np.nonzero(use.reshape(len(STAGES), -1)[stage])
    cell = group, indicator
    counts, share, index, students = _figures(d, groups)
    table = [[d.threshold(j, s) for s in range(len(STAGES))] for j in range(len(d.indicators))]
    flat = indicator * len(STAGES) + stage[group]
    asked = [t for row in table for t in row]
    fixed = [float(t.value) if t and t.fixed and t.value is not None else np.nan for t in asked]
    out: dict[str, Any] = frames.by_columns(places[group] // len(STAGES))
    out["stage"] = frames.labels("stage", stage[group], STAGES)
    out["indicator"] = frames.labels("indicator", indicator, [i.id for i in d.indicators])
    out["op"] = _words([t.op if t else "" for t in asked], flat)
    out["required"] = np.array(fixed, dtype=np.float64)[flat]
    out["n_schools"] = np.diff(groups.starts)[group]
    out |= {name: counts[v][cell] for name, v in (("n_met", MET), ("n_unmet", UNMET), ("n_undetermined", UNDETERMINED))}
    out["students"] = students[group]
    out["share_adequate"] = share[cell]
    at_least = np.array([t is not None and t.op in (">=", ">") for t in asked], dtype=bool)[flat]
    out["adequacy_index"] = np.where(at_least, index[cell], np.nan)
    out["clause"] = _words([t.clause if t else "" for t in asked], flat)
    return frames.frame(out)


def _words(words: list[str], which: Ints) -> Labels:
    """Return a column of words, of text even if it is empty."""
    unique = list(dict.fromkeys(words)) or [""]
    codes = np.array([unique.index(word) for word in words], dtype=np.int64)
    return Labels(codes[which], unique)


def _figures(d: Judgement, groups: Groups) -> tuple[Ints, Floats, Floats, Floats]:
    """Return numbers of schools (by verdict), share of students and index, of each group and indicator; students."""
    students = d.sections.students[d.judged]
    met, reached, missing = [], [], []
    for j in range(len(d.indicators)):
        verdict = d.verdicts[j, d.judged]
        value, required = d.values[j, d.judged], d.required[j, d.judged]
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(value == 0, 0.0, np.minimum(value / required, 1.0))
        # a missing value may be omitted, if that was asked for; what is open for another reason may not
        unknown = np.where(np.isnan(value), np.nan, np.inf)
        open_ = verdict == UNDETERMINED
        met.append(np.where(open_, unknown, verdict == MET))
        reached.append(np.where(open_, unknown, np.where(verdict == MET, 1.0, part)))
        missing.append(verdict)
    k = len(met)
    moments = grouped_moments([*met, *reached], students, groups, omit_missing=d.omitted)
    counts = np.zeros((3, groups.n, k), dtype=np.int64)
    for j, verdict in enumerate(missing):
        flat = np.bincount(groups.codes * 3 + verdict, minlength=3 * groups.n)
        counts[:, :, j] = flat.reshape(groups.n, 3).T
    total = np.bincount(groups.codes, weights=students, minlength=groups.n).astype(np.float64)
    return counts, moments.mean[:, :k], moments.mean[:, k:], total
