"""The summary of an evaluation: one row per county and part (private)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from junheng._arrays import Ints
from junheng._data import STAGES
from junheng._frames import Wholes
from junheng.indicators.compliance import UNDETERMINED, UNMET, VERDICTS
from junheng.judging.items import ItemResult
from junheng.judging.judgement import Judgement
from junheng.results.frames import Frames
from junheng.words import sentences, word

__all__ = ["summary"]


def summary(frames: Frames[Any]) -> Any:
    """Return the frame of :meth:`junheng.Evaluation.summary`."""
    d, language = frames.found, frames.language
    parts = list(d.part_verdicts)
    rows = [(c, part) for c in range(d.n_counties) for part in parts]
    ruled = [r for r in d.items if r.item.rule != "scored"]
    short = {part: _schools_short(d, [r for r in ruled if part in ("overall", r.item.part)]) for part in parts}
    out: dict[str, Any] = frames.by_columns(np.array([c for c, _ in rows], dtype=np.int64))
    out["part"] = frames.labels("part", np.tile(np.arange(len(parts)), d.n_counties), parts)
    verdicts = np.array([d.part_verdicts[part][c] for c, part in rows], dtype=np.int64)
    out["verdict"] = frames.labels("verdict", verdicts, VERDICTS)
    unmet, open_ = ([list(_named(d, ruled, c, p, v, language)) for c, p in rows] for v in (UNMET, UNDETERMINED))
    out["n_unmet"] = np.array([len(names) for names in unmet], dtype=np.int64)
    out["n_undetermined"] = np.array([len(names) for names in open_], dtype=np.int64)
    out["unmet"] = [sentences("results", language or "en")["join"].join(names) for names in unmet]
    out["n_schools_short"] = Wholes([None if (n := short[part]) is None else int(n[c]) for c, part in rows])
    return frames.frame(out)


def _named(
    d: Judgement, ruled: list[ItemResult], county: int, part: str, verdict: int, language: str | None
) -> Iterator[str]:
    """Yield the items of a part with a verdict; of the overall verdict also the parts."""
    if part == "overall":
        for other, verdicts in d.part_verdicts.items():
            if other != "overall" and verdicts[county] == verdict:
                yield str(word("part", other, language))
    for result in ruled:
        if result.item.part == part and result.verdict[county] == verdict:
            name = result.item.id if language is None else getattr(result.item.label, language)
            stage = "" if result.stage < 0 else word("stage", STAGES[result.stage], language)
            yield name + (sentences("results", language or "en")["of_stage"].format(stage=stage) if stage else "")


def _schools_short(d: Judgement, results: list[ItemResult]) -> Ints | None:
    """Count for each county the schools that make an item fail; None if no item is about single schools."""
    asked = [found for r in results if (found := _failing(d, r)) is not None]
    if not asked:
        return None
    pairs = np.concatenate(asked, axis=1)
    return np.bincount(np.unique(pairs, axis=1)[0], minlength=d.n_counties)


def _failing(d: Judgement, result: ItemResult) -> Ints | None:
    """Return county and school of every school that makes an item fail; None if it is not about single schools."""
    if result.item.rule == "every_school_complies":
        sections = d.judged[d.school[d.judged] == UNMET]
        sections = sections[d.sections.stage[sections] == result.stage]
    else:
        units = [found for found in result.units if found is not None]
        if not units:
            return None
        sections = np.concatenate([f.units.first[f.concerned & (f.verdict == UNMET)] for f in units])
    county = d.county[sections].astype(np.int64)
    fails = result.verdict[county] == UNMET
    return np.stack([county[fails], d.sections.school[sections[fails]]])
