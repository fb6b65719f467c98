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
    """Sort by the p-value; findings without one come after, the furthest from what was expected first."""
    has_none = math.isnan(finding.p_value)
    ratio = finding.value / finding.expected if finding.expected else math.inf
    distance = abs(math.log(ratio)) if ratio > 0 and math.isfinite(ratio) else math.inf
    return has_none, 0.0 if has_none else finding.p_value, -distance


def kind_label(kind: str, language: Language) -> str:
    """Return the label of a kind."""
    return str(word("plausibility", kind, language))


def kinds_text(findings: Iterable[Finding], language: Language) -> str:
    """Say how many findings there are of each kind."""
    counts, text = Counter(f.kind for f in findings), sentences("worklist.summary", language)["kind_count"]
    comma = "、" if language == "zh" else ", "
    return comma.join(text.format(kind=kind_label(kind, language), n=counts[kind]) for kind in KINDS if counts[kind])
