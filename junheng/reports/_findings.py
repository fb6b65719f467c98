"""How findings are ordered, counted and named, in a worklist and in the report (private)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

from junheng.plausibility.findings import KINDS, Finding
from junheng.words import Language, key_text, sentences, word

__all__ = ["kind_label", "kinds_text", "place_text", "weight"]


def place_text(words: Iterable[Any]) -> str:
    """Return the words that identify a county as text."""
    return " / ".join("" if w is None else key_text(w) for w in words)


def weight(finding: Finding) -> tuple[Any, ...]:
    """Sort by the p-value; findings without one come after, by kind, the furthest from what was expected first."""
    if not math.isnan(finding.p_value):
        return False, finding.p_value, 0, 0.0
    return True, 0.0, KINDS.index(finding.kind), -_distance(finding.value, finding.expected)


def _distance(value: float, expected: float) -> float:
    """Return how many times a figure is what was expected, as a logarithm; 0 if nothing was."""
    if math.isnan(value) or math.isnan(expected) or value == expected:
        return 0.0
    ratio = value / expected if expected else math.inf
    return abs(math.log(ratio)) if 0 < ratio < math.inf else math.inf


def kind_label(kind: str, language: Language) -> str:
    """Return the label of a kind."""
    return str(word("plausibility", kind, language))


def kinds_text(findings: Iterable[Finding], language: Language) -> str:
    """Say how many findings there are of each kind."""
    counts, text = Counter(f.kind for f in findings), sentences("worklist.summary", language)["kind_count"]
    comma = "、" if language == "zh" else ", "
    return comma.join(text.format(kind=kind_label(kind, language), n=counts[kind]) for kind in KINDS if counts[kind])
