"""Verdicts of items, parts and the whole."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np
from attrs import frozen

from junheng.indicators.compliance import UNDETERMINED
from junheng.judging.findings import Codes, Findings
from junheng.judging.items import ItemResult, judge_items

__all__ = ["Judgement", "judge"]


@frozen(eq=False, kw_only=True, slots=False)
class Judgement(Findings):
    """Findings with the results of items and the verdicts of parts, for all counties."""

    items: tuple[ItemResult, ...]
    part_verdicts: Mapping[str, Codes]


def judge(findings: Findings) -> Judgement:
    """Judge every item, then every part by its items, then the whole by its parts."""
    items = tuple(judge_items(findings))
    known = {name.name: getattr(findings, name.name) for name in attrs.fields(Findings)}
    return Judgement(**known, items=items, part_verdicts=_part_verdicts(findings, items))


def _part_verdicts(findings: Findings, items: tuple[ItemResult, ...]) -> dict[str, Codes]:
    """Return the verdict of each part and overall: the worst of its items, undetermined without items."""

    def verdicts_of(part: str) -> list[Codes]:
        return [r.verdict for r in items if r.item.part == part and r.item.rule != "scored"]

    nothing = np.full(findings.n_counties, UNDETERMINED, dtype=np.int8)
    out: dict[str, Codes] = {part: _worst(verdicts_of(part) or [nothing]) for part in findings.standard.parts}
    out["overall"] = _worst([*out.values(), *verdicts_of("overall")] or [nothing])
    return out


def _worst(verdicts: list[Codes]) -> Codes:
    return np.asarray(np.min(verdicts, axis=0), dtype=np.int8)
